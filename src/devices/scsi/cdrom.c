/* SPDX-License-Identifier: Apache-2.0 */
/* What CD-ROMs have beside disks' commands: a disc of one data track. MMC-5. */
#include "devices/scsi/scsi.h"

#define LEAD_OUT   0xaa
#define DATA_TRACK 0x14

/* A position as the initiator wants it: block, or minute, second and frame. */
static void put_position(u8 *p, u64 block, bool msf)
{
	store_be32(p, block);
	if (!msf)
		return;
	block += 150; /* two seconds of lead-in */
	p[1] = block / 75 / 60;
	p[2] = block / 75 % 60;
	p[3] = block % 75;
}

static size_t put_track(u8 *p, u8 number, u64 block, bool msf)
{
	p[1] = DATA_TRACK;
	p[2] = number;
	put_position(p + 4, block, msf);
	return 8;
}

/* Formats 0, all tracks, and 1, the sessions. MMC-5 6.26. */
void scsi_read_toc(struct scsi_disk *d, struct scsi_command *c)
{
	bool msf = c->cdb[1] & 2;
	u8 data[4 + 2 * 8] = {[2] = 1, [3] = 1}, format = c->cdb[2] & 0xf, first = c->cdb[6];
	size_t n = 4;

	if (!format)
		format = c->cdb[9] >> 6; /* where older initiators say it */
	if (format > 1 || (!format && first > 1 && first != LEAD_OUT)) {
		scsi_fail(c, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
		return;
	}
	if (format || first != LEAD_OUT)
		n += put_track(data + n, 1, 0, msf);
	if (!format)
		n += put_track(data + n, LEAD_OUT, d->blocks, msf);
	data[1] = n - 2;
	scsi_reply(c, data, n, c->cdb[7] << 8 | c->cdb[8]);
}

/* The profile of a CD-ROM, and no features. MMC-5 6.6. */
void scsi_get_configuration(struct scsi_disk *d, struct scsi_command *c)
{
	u8 data[8] = {[3] = 4, [7] = 0x08};

	scsi_reply(c, data, sizeof(data), c->cdb[7] << 8 | c->cdb[8]);
}

/* Nothing ever happens: the disc stays in. MMC-5 6.7. */
void scsi_get_event_status(struct scsi_disk *d, struct scsi_command *c)
{
	u8 data[8] = {[1] = 6, [2] = 4, [3] = 0x10, [5] = 0x02};

	if (!(c->cdb[1] & 1)) /* to be told when there is one */
		scsi_fail(c, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
	else if (c->cdb[4] & 0x10)
		scsi_reply(c, data, sizeof(data), c->cdb[7] << 8 | c->cdb[8]);
	else
		scsi_reply(c, (const u8[]){0, 2, 0x80, 0x10}, 4, c->cdb[7] << 8 | c->cdb[8]);
}
