/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/vio/vscsi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/vio/srp.h"
#include "devices/vio/vio.h"
#include "platform/machine.h"

#define REQUESTS     128	   /* that the guest may have under way */
#define TRANSFER_MAX (1u << 20)	   /* bytes of one */
#define PIECES	     (2 * 256 + 8) /* of its buffer: each of its pages may be in two */

struct request {
	struct scsi_command command;
	struct vscsi *adapter;
	bool used;   /* under the device's lock */
	u64 address; /* where the information unit was, and the answer goes */
	u8 tag[8];
	struct iovec map[PIECES]; /* the buffer as it was mapped */
	struct iovec iov[PIECES]; /* what the command uses up */
	unsigned n_map;
};

struct vscsi {
	struct vio_device vio;
	struct scsi_disk disks[VSCSI_DISKS_MAX];
	unsigned n_disks;
	struct request *requests;
};

static struct vscsi *vscsi_of(struct vio_device *v)
{
	return container_of(v, struct vscsi, vio);
}

/* ---- Answers ---- */

/* The unit that was sent has been answered in its place, by @bytes. */
static void answer(struct vscsi *s, u8 format, u64 address, const u8 *tag, const u8 *iu,
		   size_t bytes)
{
	u8 message[CRQ_BYTES] = {CRQ_COMMAND, format};

	if (!dma_write(&s->vio, address, iu, bytes))
		message[CRQ_STATUS] = CRQ_ADAPTER_FAILED;
	message[CRQ_LENGTH] = bytes >> 8;
	message[CRQ_LENGTH + 1] = bytes;
	memcpy(message + CRQ_ADDRESS, tag, 8);
	crq_send(&s->vio, message);
}

/* SRP_RSP, which gives the guest one more request. @response: of task management, or -1. */
static void answer_srp(struct vscsi *s, u64 address, const u8 *tag, const struct scsi_command *c,
		       int response)
{
	u8 iu[RSP_BYTES + SCSI_SENSE_BYTES] = {SRP_RSP};
	size_t bytes = RSP_BYTES;

	store_be32(iu + RSP_CREDIT, 1);
	memcpy(iu + IU_TAG, tag, 8);
	if (response >= 0) {
		iu[RSP_FLAGS] = RSP_DATA_VALID;
		store_be32(iu + RSP_DATA_LENGTH, 4);
		store_be32(iu + bytes, response);
		bytes += 4;
	} else {
		u8 under = c->to_initiator ? RSP_IN_UNDER : RSP_OUT_UNDER;
		unsigned at = c->to_initiator ? RSP_IN_RESIDUAL : RSP_OUT_RESIDUAL;

		iu[RSP_STATUS] = c->status;
		if (c->moved < c->bytes) {
			iu[RSP_FLAGS] |= under;
			store_be32(iu + at, c->bytes - c->moved);
		}
		if (c->sense_bytes) {
			iu[RSP_FLAGS] |= RSP_SENSE_VALID;
			store_be32(iu + RSP_SENSE_LENGTH, c->sense_bytes);
			memcpy(iu + bytes, c->sense, c->sense_bytes);
			bytes += c->sense_bytes;
		}
	}
	answer(s, CRQ_FORMAT_SRP, address, tag, iu, bytes);
}

/* ---- Requests ---- */

static struct request *request_take(struct vscsi *s)
{
	struct request *r = NULL;

	lock_acquire(&s->vio.lock);
	for (unsigned i = 0; i < REQUESTS && !r; i++)
		if (!s->requests[i].used)
			r = &s->requests[i];
	if (r)
		r->used = true;
	lock_release(&s->vio.lock);
	return r;
}

static void request_give_back(struct request *r)
{
	struct vscsi *s = r->adapter;

	lock_acquire(&s->vio.lock);
	r->used = false;
	lock_release(&s->vio.lock);
}

/* Before the answer: with it the guest may send another. */
static void command_done(struct scsi_command *c)
{
	struct request *r = container_of(c, struct request, command);
	struct vscsi *s = r->adapter;
	struct scsi_command outcome = *c;
	u64 address = r->address;
	u8 tag[8];

	memcpy(tag, r->tag, sizeof(tag));
	if (c->to_initiator)
		dma_wrote(&s->vio, r->map, r->n_map);
	request_give_back(r);
	answer_srp(s, address, tag, &outcome, -1);
	vio_end(&s->vio);
}

/* ---- Buffers ---- */

static bool add_descriptor(struct request *r, const u8 *d)
{
	u64 address = load_be64(d);
	u32 bytes = load_be32(d + 12);
	int n;

	if (bytes > TRANSFER_MAX || r->command.bytes + bytes > TRANSFER_MAX)
		return false;
	n = dma_map(&r->adapter->vio, address, bytes, r->command.to_initiator, r->map + r->n_map,
		    PIECES - r->n_map);
	if (n < 0)
		return false;
	r->n_map += n;
	r->command.bytes += bytes;
	return true;
}

/*
 * A table of descriptors: @here of them follow in the unit, or else all are where its own
 * descriptor says.
 */
static bool add_table(struct request *r, const u8 *table, unsigned here, const u8 *end)
{
	u64 address = load_be64(table);
	u32 n = load_be32(table + 12) / DESCRIPTOR_BYTES;
	const u8 *d = table + TABLE_BYTES;
	u8 far[DESCRIPTOR_BYTES];

	if (d > end || n > PIECES)
		return false;
	for (u32 i = 0; i < n; i++) {
		if (n <= here) {
			if (d + DESCRIPTOR_BYTES > end || !add_descriptor(r, d))
				return false;
			d += DESCRIPTOR_BYTES;
		} else if (!dma_read(&r->adapter->vio, address + i * DESCRIPTOR_BYTES, far,
				     sizeof(far)) ||
			   !add_descriptor(r, far)) {
			return false;
		}
	}
	return true;
}

/* What the descriptors of one direction take of a unit. */
static size_t descriptors_bytes(unsigned format, unsigned count)
{
	return format == FORMAT_INDIRECT ? TABLE_BYTES + count * DESCRIPTOR_BYTES
	       : format == FORMAT_DIRECT ? DESCRIPTOR_BYTES
					 : 0;
}

/* The command's buffer; a command has one, for data in or data out. */
static bool map_buffer(struct request *r, const u8 *iu, size_t bytes)
{
	unsigned out = iu[CMD_FORMATS] >> 4, in = iu[CMD_FORMATS] & 15, format = in ? in : out;
	unsigned count = in ? iu[CMD_IN_COUNT] : iu[CMD_OUT_COUNT];
	const u8 *at = iu + CMD_BUFFERS + (iu[CMD_MORE_CDB] & ~3u), *end = iu + bytes;

	r->n_map = 0;
	r->command.bytes = 0;
	r->command.to_initiator = in;
	if (out > FORMAT_INDIRECT || in > FORMAT_INDIRECT || (out && in))
		return false;
	if (at + descriptors_bytes(format, 0) > end)
		return !format;
	if (format == FORMAT_DIRECT)
		return add_descriptor(r, at);
	return format ? add_table(r, at, count, end) : true;
}

/* ---- SRP ---- */

/*
 * Two forms of a unit's number: by bus, target and unit (SAM's logical unit addressing), and 0,
 * the first.
 */
static struct scsi_disk *disk_at(struct vscsi *s, const u8 *lun)
{
	unsigned word = lun[0] << 8 | lun[1], target = word >> 8 & 0x3f;

	if (load_be64(lun) << 16 || (word && word >> 14 != 2))
		return NULL;
	if (word & 0xff || target >= s->n_disks) /* another bus, another unit */
		return NULL;
	return &s->disks[target];
}

static void srp_command(struct vscsi *s, u64 address, const u8 *iu, size_t bytes)
{
	struct request *r = bytes < CMD_BUFFERS ? NULL : request_take(s);
	struct scsi_command refused = {.status = SCSI_TASK_SET_FULL};

	if (!r) {
		answer_srp(s, address, iu + IU_TAG, &refused, -1);
		return;
	}
	vio_begin(&s->vio);
	r->address = address;
	memcpy(r->tag, iu + IU_TAG, sizeof(r->tag));
	r->command = (struct scsi_command){.done = command_done};
	memcpy(r->command.cdb, iu + CMD_CDB, SCSI_CDB_BYTES);
	if (!map_buffer(r, iu, bytes)) {
		r->command.bytes = 0;
		scsi_fail(&r->command, SENSE_ILLEGAL_REQUEST, ASC_INVALID_PARAMETER);
		return;
	}
	memcpy(r->iov, r->map, r->n_map * sizeof(r->iov[0]));
	r->command.iov = r->iov;
	r->command.n_iov = r->n_map;
	scsi_execute(disk_at(s, iu + CMD_LUN), &r->command);
}

/*
 * What is under way with the host comes to its end, and nothing else can be aborted: the guest is
 * told that it couldn't, and may reset the adapter, which waits.
 */
static void srp_task_management(struct vscsi *s, u64 address, const u8 *iu)
{
	bool idle;

	lock_acquire(&s->vio.lock);
	idle = !s->vio.in_flight;
	lock_release(&s->vio.lock);
	answer_srp(s, address, iu + IU_TAG, NULL, idle ? TSK_COMPLETE : TSK_FAILED);
}

static void srp_login(struct vscsi *s, u64 address, const u8 *iu)
{
	u8 rsp[LOGIN_RSP_BYTES] = {SRP_LOGIN_RSP};

	store_be32(rsp + LOGIN_RSP_CREDIT, REQUESTS);
	memcpy(rsp + IU_TAG, iu + IU_TAG, 8);
	store_be32(rsp + LOGIN_RSP_REQUEST_MAX, IU_BYTES);
	store_be32(rsp + LOGIN_RSP_ANSWER_MAX, IU_BYTES);
	rsp[LOGIN_RSP_FORMATS + 1] = 1 << FORMAT_DIRECT | 1 << FORMAT_INDIRECT;
	answer(s, CRQ_FORMAT_SRP, address, iu + IU_TAG, rsp, sizeof(rsp));
}

static void receive_srp(struct vscsi *s, u64 address, const u8 *iu, size_t bytes)
{
	switch (iu[0]) {
	case SRP_LOGIN_REQ:
		srp_login(s, address, iu);
		break;
	case SRP_CMD:
		srp_command(s, address, iu, bytes);
		break;
	case SRP_TSK_MGMT:
		srp_task_management(s, address, iu);
		break;
	default:
		answer_srp(s, address, iu + IU_TAG, NULL, TSK_NOT_SUPPORTED);
	}
}

/* ---- Management ---- */

static u16 adapter_info(struct vscsi *s, u64 buffer)
{
	u8 info[INFO_BYTES] = {0};

	/* Up to 1.6a Linux takes short lists of buffers only. */
	memcpy(info + INFO_VERSION, "16.a", 5);
	snprintf((char *)info + INFO_PARTITION, 96, "%s",
		 s->vio.dev.m->cfg.name ? s->vio.dev.m->cfg.name : "papyr");
	store_be32(info + INFO_MAD_VERSION, 1);
	store_be32(info + INFO_OS, INFO_OS_LINUX);
	store_be32(info + INFO_TRANSFER_MAX, TRANSFER_MAX);
	return dma_write(&s->vio, buffer, info, sizeof(info)) ? MAD_SUCCESS : MAD_FAILED;
}

static void receive_mad(struct vscsi *s, u64 address, u8 *iu, size_t bytes)
{
	u16 status = MAD_NOT_SUPPORTED;

	if (bytes < MAD_BYTES)
		status = MAD_FAILED;
	else if (load_be32(iu + MAD_TYPE) == MAD_EMPTY)
		status = MAD_SUCCESS;
	else if (load_be32(iu + MAD_TYPE) == MAD_ADAPTER_INFO)
		status = adapter_info(s, load_be64(iu + MAD_BUFFER));
	iu[MAD_STATUS] = status >> 8;
	iu[MAD_STATUS + 1] = status;
	answer(s, CRQ_FORMAT_MAD, address, iu + IU_TAG, iu, bytes < MAD_BYTES ? bytes : MAD_BYTES);
}

static void receive(struct vio_device *v, const u8 *message)
{
	size_t bytes = message[CRQ_LENGTH] << 8 | message[CRQ_LENGTH + 1];
	u64 address = load_be64(message + CRQ_ADDRESS);
	struct vscsi *s = vscsi_of(v);
	u8 iu[IU_BYTES] = {0}, failed[CRQ_BYTES];

	if (bytes > sizeof(iu))
		bytes = sizeof(iu);
	if (dma_read(v, address, iu, bytes) && message[CRQ_FORMAT] == CRQ_FORMAT_SRP) {
		receive_srp(s, address, iu, bytes);
	} else if (message[CRQ_FORMAT] == CRQ_FORMAT_MAD) {
		receive_mad(s, address, iu, bytes);
	} else {
		memcpy(failed, message, sizeof(failed));
		failed[CRQ_STATUS] = CRQ_ADAPTER_FAILED;
		crq_send(v, failed);
	}
}

/* ---- The device ---- */

static void reset(struct machine_device *d)
{
	struct vscsi *s = container_of(d, struct vscsi, vio.dev);

	vio_reset(&s->vio);
	for (unsigned i = 0; i < s->n_disks; i++)
		scsi_disk_reset(&s->disks[i]);
}

static void save(struct machine_device *d, struct state_out *out)
{
	struct vscsi *s = container_of(d, struct vscsi, vio.dev);

	put_u32(out, s->n_disks);
	for (unsigned i = 0; i < s->n_disks; i++) {
		put_u8(out, s->disks[i].cd);
		put_u8(out, block_read_only(s->disks[i].block));
		put_u64(out, block_bytes(s->disks[i].block));
		put_string(out, s->disks[i].serial);
		put_u32(out, s->disks[i].attention);
	}
	vio_save(&s->vio, out);
}

/* The disks must be those that the guest had. */
static int load(struct machine_device *d, struct state_in *in)
{
	struct vscsi *s = container_of(d, struct vscsi, vio.dev);

	if (get_u32(in) != s->n_disks)
		return -1;
	for (unsigned i = 0; i < s->n_disks; i++) {
		struct scsi_disk *disk = &s->disks[i];
		bool cd = get_u8(in), read_only = get_u8(in);
		u64 bytes = get_u64(in);
		char serial[SCSI_SERIAL_MAX + 1];

		get_string(in, serial, sizeof(serial));
		if (in->bad || cd != disk->cd || read_only != block_read_only(disk->block) ||
		    bytes != block_bytes(disk->block) || strcmp(serial, disk->serial))
			return -1;
		disk->attention = get_u32(in);
	}
	return vio_load(&s->vio, in);
}

static void vscsi_free(struct machine_device *d)
{
	struct vscsi *s = container_of(d, struct vscsi, vio.dev);

	vio_wait_idle(&s->vio);
	for (unsigned i = 0; i < s->n_disks; i++)
		scsi_disk_fini(&s->disks[i]);
	vio_fini(&s->vio);
	free(s->requests);
	free(s);
}

static const struct vio_ops vscsi_ops = {
    .node = "v-scsi",
    .type = "vscsi",
    .compatible = "IBM,v-scsi",
    .receive = receive,
};

static const struct device_ops vscsi_device_ops = {
    .name = "v-scsi",
    .version = 1,
    .describe = vio_describe,
    .hcall = vio_hcall,
    .reset = reset,
    .save = save,
    .load = load,
    .free = vscsi_free,
};

static int add_disk(struct vscsi *s, const struct disk_options *o, struct error *err)
{
	struct block_options what = o->block;
	char serial[SCSI_SERIAL_MAX + 1];
	struct block_dev *block;

	what.read_only |= o->cd;
	block = block_open(&what, err);
	if (!block)
		return -1;
	snprintf(serial, sizeof(serial), "papyr-%u", s->n_disks);
	scsi_disk_init(&s->disks[s->n_disks++], block, o->cd, *o->serial ? o->serial : serial);
	return 0;
}

int vscsi_new(struct machine *m, const struct disk_options *disks, unsigned n, struct error *err)
{
	struct vscsi *s = calloc(1, sizeof(*s));
	struct request *requests = calloc(REQUESTS, sizeof(*requests));

	if (!s || !requests) {
		free(s);
		free(requests);
		return error_nomem(err, "a SCSI adapter");
	}
	s->requests = requests;
	for (unsigned i = 0; i < REQUESTS; i++)
		requests[i].adapter = s;
	if (vio_init(&s->vio, m, &vscsi_ops, &vscsi_device_ops, err))
		return -1; /* the machine's, which frees it */
	for (unsigned i = 0; i < n; i++)
		if (add_disk(s, &disks[i], err))
			return -1;
	return 0;
}
