/* SPDX-License-Identifier: Apache-2.0 */
/* Commands on blocks: reading, writing, making them last, giving them back. SBC-3. */
#include <errno.h>
#include <string.h>

#include "devices/scsi/scsi.h"

#define UNMAP_HEAD	 8
#define UNMAP_DESCRIPTOR 16
#define UNMAP_MAX	 255 /* as inquiry.c tells */

struct lba_range {
	u64 lba, count;
};

/* Where the command's length has them. */
static struct lba_range range_of(const u8 *cdb)
{
	u64 count;

	switch (cdb[0] >> 5) {
	case 0: /* 6 bytes: 0 blocks are 256 */
		count = cdb[4];
		return (struct lba_range){load_be32(cdb) & 0x1fffff, count ? count : 256};
	case 4: /* 16 */
		return (struct lba_range){load_be64(cdb + 2), load_be32(cdb + 10)};
	case 5: /* 12 */
		return (struct lba_range){load_be32(cdb + 2), load_be32(cdb + 6)};
	default:
		return (struct lba_range){load_be32(cdb + 2), (u64)cdb[7] << 8 | cdb[8]};
	}
}

/* False, and the command has failed. */
static bool in_range(const struct scsi_disk *d, struct scsi_command *c, struct lba_range r)
{
	if (r.lba <= d->blocks && r.count <= d->blocks - r.lba)
		return true;
	scsi_fail(c, SENSE_ILLEGAL_REQUEST, ASC_LBA_OUT_OF_RANGE);
	return false;
}

static bool writable(const struct scsi_disk *d, struct scsi_command *c)
{
	if (!block_read_only(d->block))
		return true;
	scsi_fail(c, SENSE_DATA_PROTECT, ASC_WRITE_PROTECTED);
	return false;
}

/* ---- The host's part ---- */

/* FUA: what was written shall last before its end is told. */
static bool wants_flush(const struct scsi_command *c)
{
	return c->io.op == BLOCK_WRITE && c->cdb[0] != 0x0a && (c->cdb[1] & 8);
}

static void io_failed(struct scsi_command *c, int error)
{
	if (error == ENOSPC || error == EDQUOT || error == EFBIG)
		scsi_fail(c, SENSE_DATA_PROTECT, ASC_SPACE_ALLOCATION);
	else
		scsi_fail(c, SENSE_MEDIUM_ERROR,
			  c->io.op == BLOCK_READ ? ASC_READ_ERROR : ASC_WRITE_ERROR);
}

static void io_done(struct block_request *req, int error)
{
	struct scsi_command *c = container_of(req, struct scsi_command, io);

	if (error) {
		io_failed(c, error);
	} else if (wants_flush(c)) {
		c->io.op = BLOCK_FLUSH;
		block_submit(c->disk->block, req);
	} else {
		scsi_good(c);
	}
}

static void submit_then(struct scsi_disk *d, struct scsi_command *c, enum block_op op,
			struct lba_range r, void (*done)(struct block_request *req, int error))
{
	c->io = (struct block_request){.op = op,
				       .offset = r.lba * d->block_bytes,
				       .bytes = r.count * d->block_bytes,
				       .iov = c->iov,
				       .n_iov = c->n_iov,
				       .done = done};
	block_submit(d->block, &c->io);
}

static void submit(struct scsi_disk *d, struct scsi_command *c, enum block_op op,
		   struct lba_range r)
{
	submit_then(d, c, op, r, io_done);
}

/* Cuts the buffer to @bytes, which it has. */
static void trim(struct scsi_command *c, u64 bytes)
{
	unsigned n = 0;

	for (; bytes; n++) {
		if (c->iov[n].iov_len > bytes)
			c->iov[n].iov_len = bytes;
		bytes -= c->iov[n].iov_len;
	}
	c->n_iov = n;
}

static void move(struct scsi_disk *d, struct scsi_command *c, enum block_op op)
{
	struct lba_range r = range_of(c->cdb);
	u64 bytes = r.count * d->block_bytes;

	if (!in_range(d, c, r))
		return;
	if (!bytes) {
		scsi_good(c);
		return;
	}
	if (c->bytes < bytes || c->to_initiator != (op == BLOCK_READ)) {
		scsi_fail(c, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
		return;
	}
	trim(c, bytes);
	c->moved = bytes;
	submit(d, c, op, r);
}

void scsi_read(struct scsi_disk *d, struct scsi_command *c)
{
	move(d, c, BLOCK_READ);
}

void scsi_write(struct scsi_disk *d, struct scsi_command *c)
{
	if (writable(d, c))
		move(d, c, BLOCK_WRITE);
}

/* Only that the blocks are there: to compare (BYTCHK) would want the data. */
void scsi_verify(struct scsi_disk *d, struct scsi_command *c)
{
	if (c->cdb[1] & 6)
		scsi_fail(c, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
	else if (in_range(d, c, range_of(c->cdb)))
		scsi_good(c);
}

void scsi_synchronize_cache(struct scsi_disk *d, struct scsi_command *c)
{
	struct lba_range r = range_of(c->cdb);

	if (!in_range(d, c, r))
		return;
	if (block_read_only(d->block))
		scsi_good(c);
	else
		submit(d, c, BLOCK_FLUSH, r); /* all of them */
}

/* ---- Giving blocks back ---- */

/*
 * One descriptor after another: the next one of UNMAP is taken when the last has ended. @moved
 * counts them, in bytes of the list.
 */
static void unmap_next(struct scsi_command *c);

static void unmap_done(struct block_request *req, int error)
{
	struct scsi_command *c = container_of(req, struct scsi_command, io);

	if (error)
		io_failed(c, error);
	else
		unmap_next(c);
}

static bool take_descriptor(struct scsi_command *c, struct lba_range *r)
{
	u8 list[UNMAP_HEAD + UNMAP_MAX * UNMAP_DESCRIPTOR];
	u64 at = c->moved;

	if (!scsi_take(c, list, at + UNMAP_DESCRIPTOR))
		return false;
	r->lba = load_be64(list + at);
	r->count = load_be32(list + at + 8);
	return true;
}

static void unmap_next(struct scsi_command *c)
{
	u8 head[UNMAP_HEAD];
	u64 at = c->moved, end;
	struct lba_range r = {0};

	if (!scsi_take(c, head, sizeof(head)))
		return;
	end = UNMAP_HEAD + (head[2] << 8 | head[3]) / UNMAP_DESCRIPTOR * UNMAP_DESCRIPTOR;
	if (end > UNMAP_HEAD + UNMAP_MAX * UNMAP_DESCRIPTOR) {
		scsi_fail(c, SENSE_ILLEGAL_REQUEST, ASC_INVALID_PARAMETER);
		return;
	}
	for (c->moved = at; c->moved < end && !r.count;)
		if (!take_descriptor(c, &r))
			return;
	if (!r.count) {
		scsi_good(c);
	} else if (in_range(c->disk, c, r)) {
		submit_then(c->disk, c, BLOCK_DISCARD, r, unmap_done);
	}
}

void scsi_unmap(struct scsi_disk *d, struct scsi_command *c)
{
	if (!writable(d, c))
		return;
	if (!(c->cdb[7] << 8 | c->cdb[8])) {
		scsi_good(c); /* no list is no error */
		return;
	}
	c->moved = UNMAP_HEAD;
	unmap_next(c);
}

/* Zeroes alone; NDOB (16 bytes only) says so without data. */
static bool wants_zeroes(struct scsi_disk *d, struct scsi_command *c)
{
	u8 block[BLOCK_SECTOR];

	if (c->cdb[0] == 0x93 && (c->cdb[1] & 1))
		return true;
	if (!scsi_take(c, block, sizeof(block)))
		return false;
	for (size_t i = 0; i < sizeof(block); i++) {
		if (block[i]) {
			scsi_fail(c, SENSE_ILLEGAL_REQUEST, ASC_INVALID_PARAMETER);
			return false;
		}
	}
	return true;
}

void scsi_write_same(struct scsi_disk *d, struct scsi_command *c)
{
	struct lba_range r = range_of(c->cdb);

	if (!writable(d, c) || !in_range(d, c, r))
		return;
	if (!r.count)
		scsi_fail(c, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
	else if (wants_zeroes(d, c))
		submit(d, c, c->cdb[1] & 8 ? BLOCK_DISCARD : BLOCK_ZERO, r);
}

/* ---- How many there are ---- */

void scsi_read_capacity_10(struct scsi_disk *d, struct scsi_command *c)
{
	u64 last = d->blocks - 1;
	u8 data[8];

	store_be32(data, last > ~0u ? ~0u : last);
	store_be32(data + 4, d->block_bytes);
	scsi_reply(c, data, sizeof(data), sizeof(data));
}

/* READ CAPACITY (16). */
void scsi_service_action_in(struct scsi_disk *d, struct scsi_command *c)
{
	u8 data[32] = {0};

	if ((c->cdb[1] & 0x1f) != 0x10) {
		scsi_fail(c, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
		return;
	}
	store_be64(data, d->blocks - 1);
	store_be32(data + 8, d->block_bytes);
	data[13] = 3; /* the host's own blocks are of 2^3 */
	if (block_discards(d->block))
		data[14] = 0xc0; /* can be given back, and read as zero then */
	scsi_reply(c, data, sizeof(data), load_be32(c->cdb + 10));
}
