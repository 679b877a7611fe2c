/* SPDX-License-Identifier: Apache-2.0 */
/* Which commands there are, and how one ends. */
#include <stdio.h>
#include <string.h>

#include "devices/scsi/scsi.h"

#define SENSE_FIXED_CURRENT 0x70

/* ---- Ends ---- */

void scsi_good(struct scsi_command *c)
{
	c->status = SCSI_GOOD;
	c->sense_bytes = 0;
	c->done(c);
}

static void write_sense(u8 *sense, u8 key, u32 asc)
{
	memset(sense, 0, SCSI_SENSE_BYTES);
	sense[0] = SENSE_FIXED_CURRENT;
	sense[2] = key;
	sense[7] = SCSI_SENSE_BYTES - 8;
	sense[12] = asc >> 8;
	sense[13] = asc;
}

void scsi_fail(struct scsi_command *c, u8 key, u32 asc)
{
	write_sense(c->sense, key, asc);
	c->sense_bytes = SCSI_SENSE_BYTES;
	c->status = SCSI_CHECK_CONDITION;
	c->moved = 0;
	c->done(c);
}

/* Between the initiator's buffer and @data; as many bytes as both have. */
static size_t copy(struct scsi_command *c, u8 *data, size_t bytes, bool to_initiator)
{
	size_t done = 0;

	for (unsigned i = 0; i < c->n_iov && done < bytes; i++) {
		size_t n = c->iov[i].iov_len < bytes - done ? c->iov[i].iov_len : bytes - done;

		if (to_initiator)
			memcpy(c->iov[i].iov_base, data + done, n);
		else
			memcpy(data + done, c->iov[i].iov_base, n);
		done += n;
	}
	return done;
}

void scsi_reply(struct scsi_command *c, const u8 *data, size_t bytes, u64 want)
{
	if (bytes > want)
		bytes = want;
	c->moved = c->to_initiator ? copy(c, (u8 *)data, bytes, true) : 0;
	scsi_good(c);
}

bool scsi_take(struct scsi_command *c, u8 *data, size_t bytes)
{
	if (!c->to_initiator && copy(c, data, bytes, false) == bytes) {
		c->moved = bytes;
		return true;
	}
	scsi_fail(c, SENSE_ILLEGAL_REQUEST, ASC_PARAMETER_LENGTH);
	return false;
}

/* ---- Small commands ---- */

static void nothing_to_do(struct scsi_disk *d, struct scsi_command *c)
{
	scsi_good(c);
}

static void request_sense(struct scsi_disk *d, struct scsi_command *c)
{
	u32 attention = __atomic_exchange_n(&d->attention, 0, __ATOMIC_RELAXED);
	u8 sense[SCSI_SENSE_BYTES];

	write_sense(sense, attention ? SENSE_UNIT_ATTENTION : 0, attention);
	scsi_reply(c, sense, sizeof(sense), c->cdb[4]);
}

static void report_luns(struct scsi_disk *d, struct scsi_command *c)
{
	u8 list[16] = {[3] = 8}; /* one: number 0 */

	scsi_reply(c, list, sizeof(list), load_be32(&c->cdb[6]));
}

/* ---- The commands ---- */

typedef void command_fn(struct scsi_disk *d, struct scsi_command *c);

#define DISK 1
#define CD   2
#define BOTH (DISK | CD)

static const struct {
	u8 opcode, on;
	bool even_then; /* told of no attention, and doesn't end it. SAM-5 5.14 */
	command_fn *fn;
} commands[] = {
    {0x00, BOTH, false, nothing_to_do}, /* TEST UNIT READY */
    {0x03, BOTH, true, request_sense},
    {0x08, BOTH, false, scsi_read}, /* READ (6) */
    {0x0a, DISK, false, scsi_write},
    {0x12, BOTH, true, scsi_inquiry},
    {0x16, BOTH, false, nothing_to_do}, /* RESERVE (6): there is one initiator */
    {0x17, BOTH, false, nothing_to_do}, /* RELEASE (6) */
    {0x1a, BOTH, false, scsi_mode_sense},
    {0x1b, BOTH, false, nothing_to_do}, /* START STOP UNIT */
    {0x1e, BOTH, false, nothing_to_do}, /* PREVENT ALLOW MEDIUM REMOVAL */
    {0x25, BOTH, false, scsi_read_capacity_10},
    {0x28, BOTH, false, scsi_read}, /* READ (10) */
    {0x2a, DISK, false, scsi_write},
    {0x2f, BOTH, false, scsi_verify},
    {0x35, BOTH, false, scsi_synchronize_cache},
    {0x41, DISK, false, scsi_write_same},
    {0x42, DISK, false, scsi_unmap},
    {0x43, CD, false, scsi_read_toc},
    {0x46, CD, true, scsi_get_configuration},
    {0x4a, CD, true, scsi_get_event_status},
    {0x5a, BOTH, false, scsi_mode_sense},
    {0x88, DISK, false, scsi_read}, /* READ (16) */
    {0x8a, DISK, false, scsi_write},
    {0x8f, DISK, false, scsi_verify},
    {0x91, DISK, false, scsi_synchronize_cache},
    {0x93, DISK, false, scsi_write_same},
    {0x9e, DISK, false, scsi_service_action_in},
    {0xa0, BOTH, true, report_luns},
    {0xa8, BOTH, false, scsi_read}, /* READ (12) */
    {0xaa, DISK, false, scsi_write},
    {0xaf, DISK, false, scsi_verify},
};

/* INQUIRY tells of a unit that isn't there, others fail. SPC-4 6.6. */
static void no_disk(struct scsi_command *c)
{
	static const u8 none[36] = {0x7f, 0, 6, 2, 31};

	if (c->cdb[0] == 0x12)
		scsi_reply(c, none, sizeof(none), c->cdb[3] << 8 | c->cdb[4]);
	else
		scsi_fail(c, SENSE_ILLEGAL_REQUEST, ASC_NO_SUCH_LUN);
}

void scsi_execute(struct scsi_disk *d, struct scsi_command *c)
{
	u32 attention;

	c->moved = 0;
	c->disk = d;
	if (!d) {
		no_disk(c);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (commands[i].opcode != c->cdb[0] || !(commands[i].on & (d->cd ? CD : DISK)))
			continue;
		attention = commands[i].even_then
				? 0
				: __atomic_exchange_n(&d->attention, 0, __ATOMIC_RELAXED);
		if (attention)
			scsi_fail(c, SENSE_UNIT_ATTENTION, attention);
		else
			commands[i].fn(d, c);
		return;
	}
	scsi_fail(c, SENSE_ILLEGAL_REQUEST, ASC_INVALID_OPCODE);
}

/* ---- Disks ---- */

void scsi_disk_init(struct scsi_disk *d, struct block_dev *block, bool cd, const char *serial)
{
	memset(d, 0, sizeof(*d));
	d->block = block;
	d->cd = cd;
	d->block_bytes = cd ? 2048 : BLOCK_SECTOR;
	d->blocks = block_bytes(block) / d->block_bytes;
	snprintf(d->serial, sizeof(d->serial), "%s", serial);
	scsi_disk_reset(d);
}

void scsi_disk_fini(struct scsi_disk *d)
{
	block_close(d->block);
}

void scsi_disk_reset(struct scsi_disk *d)
{
	__atomic_store_n(&d->attention, ASC_POWER_ON, __ATOMIC_RELAXED);
}
