/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/virtio/blk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/virtio/virtio.h"
#include "platform/machine.h"

#define REQUESTS      128	     /* that the guest may have under way: entries of the queue */
#define SEGMENTS      (REQUESTS - 2) /* a request's, beside its header and its status */
#define SEGMENT_BYTES (128u << 10)
#define TRANSFER_MAX  (16u << 20)
#define DISCARD_MAX   (1u << 22) /* sectors; zeroes may have to be written: */
#define ZEROES_MAX    (1u << 15)

#define F_SIZE_MAX     (1ull << 1)
#define F_SEG_MAX      (1ull << 2)
#define F_RO	       (1ull << 5)
#define F_BLK_SIZE     (1ull << 6)
#define F_FLUSH	       (1ull << 9)
#define F_DISCARD      (1ull << 13)
#define F_WRITE_ZEROES (1ull << 14)

/* Of its configuration. */
#define CAPACITY	 0
#define SIZE_MAX_AT	 8
#define SEG_MAX_AT	 12
#define BLK_SIZE	 20
#define DISCARD_SECTORS	 36
#define DISCARD_SEGMENTS 40
#define DISCARD_ALIGN	 44
#define ZEROES_SECTORS	 48
#define ZEROES_SEGMENTS	 52
#define ZEROES_UNMAP	 56
#define CONFIG_BYTES	 60

/* A request: type (4), 4 bytes, sector (8); data; and a byte for the status. */
#define HEADER_BYTES 16
#define T_IN	     0
#define T_OUT	     1
#define T_FLUSH	     4
#define T_GET_ID     8
#define T_DISCARD    11
#define T_ZEROES     13

#define S_OK	      0
#define S_IOERR	      1
#define S_UNSUPPORTED 2

/* What a request to discard or to zero has for data: sector (8), sectors (4), flags (4). */
#define RANGE_BYTES 16
#define RANGE_UNMAP 1

struct blk_request {
	struct block_request block;
	struct virtio_blk *disk;
	struct virtio_chain chain;
	struct iovec iov[VIRTIO_PIECES_MAX]; /* of the data, which the disk uses up */
	u32 written;	 /* of the data, into the guest's memory, if it ends well */
	bool flush_next; /* a write that a driver without flushes takes for safe */
};

struct virtio_blk {
	struct virtio_device virtio;
	struct block_dev *block;
	char serial[VIRTIO_BLK_SERIAL_MAX + 1];
	struct blk_request *requests;
	u8 free[REQUESTS]; /* those that aren't used; under the lock */
	unsigned n_free;
};

static struct virtio_blk *blk_of(struct virtio_device *v)
{
	return container_of(v, struct virtio_blk, virtio);
}

/* ---- The end of a request ---- */

/* @written: of the data. */
static void finish(struct blk_request *r, u8 status, u32 written)
{
	struct virtio_device *v = &r->disk->virtio;
	u64 last = r->chain.in_bytes - 1;

	virtio_wrote(v, &r->chain, written);
	virtio_write(v, &r->chain, last, &status, 1);
	lock_acquire(&v->pci.lock);
	virtio_push(v, 0, &r->chain, written + 1);
	r->disk->free[r->disk->n_free++] = r - r->disk->requests;
	lock_release(&v->pci.lock);
	virtio_end(v);
}

static void block_done(struct block_request *req, int error)
{
	struct blk_request *r = container_of(req, struct blk_request, block);

	if (!error && r->flush_next) {
		r->flush_next = false;
		req->op = BLOCK_FLUSH;
		req->n_iov = 0;
		block_submit(r->disk->block, req);
		return;
	}
	finish(r, error ? S_IOERR : S_OK, error ? 0 : r->written);
}

/* ---- Requests ---- */

static bool is_within(const struct virtio_blk *d, u64 sector, u64 bytes)
{
	u64 sectors = block_bytes(d->block) / BLOCK_SECTOR;

	return bytes && !(bytes % BLOCK_SECTOR) && sector <= sectors &&
	       bytes / BLOCK_SECTOR <= sectors - sector;
}

static void submit(struct blk_request *r, enum block_op op, u64 sector, u64 bytes)
{
	r->block = (struct block_request){.op = op,
					  .offset = sector * BLOCK_SECTOR,
					  .bytes = bytes,
					  .iov = r->iov,
					  .n_iov = r->block.n_iov,
					  .done = block_done};
	block_submit(r->disk->block, &r->block);
}

/* @bytes of @n pieces, from byte @skip on, are the data. */
static void set_data(struct blk_request *r, const struct iovec *iov, unsigned n, u64 skip,
		     u64 bytes)
{
	r->block.n_iov = 0;
	for (unsigned i = 0; i < n && bytes; i++) {
		u64 piece = iov[i].iov_len;

		if (skip >= piece) {
			skip -= piece;
			continue;
		}
		piece -= skip;
		if (piece > bytes)
			piece = bytes;
		r->iov[r->block.n_iov++] = (struct iovec){(u8 *)iov[i].iov_base + skip, piece};
		skip = 0;
		bytes -= piece;
	}
}

static void transfer(struct blk_request *r, bool write, u64 sector)
{
	struct virtio_chain *c = &r->chain;
	u64 bytes = write ? c->out_bytes - HEADER_BYTES : c->in_bytes - 1;

	if (bytes > TRANSFER_MAX || !is_within(r->disk, sector, bytes) ||
	    (write && block_read_only(r->disk->block))) {
		finish(r, S_IOERR, 0);
		return;
	}
	if (write)
		set_data(r, c->iov, c->n_out, HEADER_BYTES, bytes);
	else
		set_data(r, c->iov + c->n_out, c->n_in, 0, bytes);
	r->written = write ? 0 : bytes;
	r->flush_next = write && !virtio_has(&r->disk->virtio, F_FLUSH);
	submit(r, write ? BLOCK_WRITE : BLOCK_READ, sector, bytes);
}

static void send_serial(struct blk_request *r)
{
	u64 room = r->chain.in_bytes - 1;
	u8 serial[VIRTIO_BLK_SERIAL_MAX] = {0};

	memcpy(serial, r->disk->serial, strlen(r->disk->serial));
	if (room > sizeof(serial))
		room = sizeof(serial);
	virtio_write(&r->disk->virtio, &r->chain, 0, serial, room);
	finish(r, S_OK, room);
}

/* One range, as the configuration says. */
static void give_up(struct blk_request *r, u32 type)
{
	struct virtio_blk *d = r->disk;
	u8 range[RANGE_BYTES];
	u64 sector, bytes;
	u32 flags;

	if (r->chain.out_bytes != HEADER_BYTES + RANGE_BYTES || block_read_only(d->block)) {
		finish(r, S_IOERR, 0);
		return;
	}
	virtio_read(&r->chain, HEADER_BYTES, range, sizeof(range));
	sector = get_le(range, 8);
	bytes = get_le(range + 8, 4) * BLOCK_SECTOR;
	flags = get_le(range + 12, 4);
	if (flags & ~(type == T_ZEROES ? RANGE_UNMAP : 0u) ||
	    (type == T_DISCARD && !block_discards(d->block))) {
		finish(r, S_UNSUPPORTED, 0);
		return;
	}
	if (!is_within(d, sector, bytes) ||
	    bytes > (u64)(type == T_ZEROES ? ZEROES_MAX : DISCARD_MAX) * BLOCK_SECTOR) {
		finish(r, S_IOERR, 0);
		return;
	}
	if (type == T_ZEROES && !(flags & RANGE_UNMAP && block_discards(d->block)))
		submit(r, BLOCK_ZERO, sector, bytes);
	else
		submit(r, BLOCK_DISCARD, sector, bytes);
}

static void carry_out(struct blk_request *r)
{
	u8 header[HEADER_BYTES];
	u32 type;
	u64 sector;

	r->written = 0;
	r->flush_next = false;
	r->block.n_iov = 0;
	if (virtio_read(&r->chain, 0, header, sizeof(header)) != sizeof(header)) {
		finish(r, S_IOERR, 0);
		return;
	}
	type = get_le(header, 4);
	sector = get_le(header + 8, 8);
	switch (type) {
	case T_IN:
	case T_OUT:
		transfer(r, type == T_OUT, sector);
		break;
	case T_FLUSH:
		submit(r, BLOCK_FLUSH, 0, 0);
		break;
	case T_GET_ID:
		send_serial(r);
		break;
	case T_DISCARD:
	case T_ZEROES:
		give_up(r, type);
		break;
	default:
		finish(r, S_UNSUPPORTED, 0);
	}
}

/* The next that the guest wants; a chain without room for the status is none. */
static struct blk_request *take(struct virtio_blk *d)
{
	struct virtio_device *v = &d->virtio;
	struct blk_request *r = NULL;

	lock_acquire(&v->pci.lock);
	if (d->n_free) {
		r = &d->requests[d->free[d->n_free - 1]];
		if (!virtio_take(v, 0, &r->chain)) {
			r = NULL;
		} else if (!r->chain.in_bytes) {
			virtio_break(v);
			virtio_drop(v);
			r = NULL;
		} else {
			d->n_free--;
		}
	}
	lock_release(&v->pci.lock);
	return r;
}

static void blk_notified(struct virtio_device *v, unsigned queue)
{
	struct blk_request *r;

	virtio_begin(v);
	while ((r = take(blk_of(v)))) {
		machine_io_begin(v->pci.dev.m);
		carry_out(r);
	}
	virtio_end(v);
}

/* ---- The device ---- */

/* The disk must be the one that the guest had. */
static void blk_save(struct virtio_device *v, struct state_out *out)
{
	struct virtio_blk *d = blk_of(v);

	put_u8(out, block_read_only(d->block));
	put_u64(out, block_bytes(d->block));
	put_string(out, d->serial);
}

static int blk_load(struct virtio_device *v, struct state_in *in)
{
	struct virtio_blk *d = blk_of(v);
	char serial[VIRTIO_BLK_SERIAL_MAX + 1];
	bool read_only = get_u8(in);
	u64 bytes = get_u64(in);

	get_string(in, serial, sizeof(serial));
	return in->bad || read_only != block_read_only(d->block) ||
		       bytes != block_bytes(d->block) || strcmp(serial, d->serial)
		   ? -1
		   : 0;
}

static void blk_free(struct virtio_device *v)
{
	struct virtio_blk *d = blk_of(v);

	if (d->block)
		block_close(d->block);
	virtio_fini(v);
	free(d->requests);
	free(d);
}

static const struct virtio_ops blk_ops = {
    .kind = 2,
    .class_code = 0x010000,
    .n_queues = 1,
    .queue_size = REQUESTS,
    .pci = {.node = "block", VIRTIO_PCI_OPS},
    .device = {.name = "virtio-blk", .version = 1, VIRTIO_DEVICE_OPS},
    .notified = blk_notified,
    .save = blk_save,
    .load = blk_load,
    .free = blk_free,
};

static void describe(struct virtio_blk *d)
{
	u8 *c = d->virtio.config;

	d->virtio.offered = F_SIZE_MAX | F_SEG_MAX | F_BLK_SIZE | F_FLUSH;
	put_le(c + CAPACITY, block_bytes(d->block) / BLOCK_SECTOR, 8);
	put_le(c + SIZE_MAX_AT, SEGMENT_BYTES, 4);
	put_le(c + SEG_MAX_AT, SEGMENTS, 4);
	put_le(c + BLK_SIZE, BLOCK_SECTOR, 4);
	d->virtio.config_bytes = CONFIG_BYTES;
	if (block_read_only(d->block)) {
		d->virtio.offered |= F_RO;
		return;
	}
	d->virtio.offered |= F_WRITE_ZEROES;
	put_le(c + ZEROES_SECTORS, ZEROES_MAX, 4);
	put_le(c + ZEROES_SEGMENTS, 1, 4);
	if (!block_discards(d->block))
		return;
	d->virtio.offered |= F_DISCARD;
	c[ZEROES_UNMAP] = 1;
	put_le(c + DISCARD_SECTORS, DISCARD_MAX, 4);
	put_le(c + DISCARD_SEGMENTS, 1, 4);
	put_le(c + DISCARD_ALIGN, 1, 4);
}

int virtio_blk_new(struct machine *m, const struct block_options *o, const char *serial,
		   struct error *err)
{
	struct virtio_blk *d = calloc(1, sizeof(*d));
	struct blk_request *requests = calloc(REQUESTS, sizeof(*requests));
	struct block_dev *block = d && requests ? block_open(o, err) : NULL;

	if (!block) {
		if (!d || !requests)
			error_nomem(err, "a disk");
		free(requests);
		free(d);
		return -1;
	}
	d->block = block;
	d->requests = requests;
	snprintf(d->serial, sizeof(d->serial), "%s", serial);
	for (unsigned i = 0; i < REQUESTS; i++) {
		requests[i].disk = d;
		d->free[d->n_free++] = i;
	}
	describe(d);
	return virtio_init(&d->virtio, m, &blk_ops, err);
}
