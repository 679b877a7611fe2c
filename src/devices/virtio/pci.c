/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtio on PCI (virtio 1.2, 4.1): what a driver finds in the BAR, and the capabilities that say
 * where it is.
 *
 *   0x0000 common registers    0x1000 why it interrupted    0x2000 the device's own
 *   0x3000 notifications, 4 bytes for each queue            0x8000 MSI-X
 *
 * A notification is carried out by the vcpu that stores it, as are the hypercalls of the virtual
 * I/O bus: an exit to here costs less than waking a thread.
 */
#include "devices/virtio/virtio.h"

#include <stdlib.h>
#include <string.h>

#include "platform/machine.h"

#define COMMON	    0x0000u
#define ISR	    0x1000u
#define OWN	    0x2000u
#define NOTIFY	    0x3000u
#define PART_BYTES  0x1000u
#define NOTIFY_STEP 4u

/* Common registers, virtio 1.2, 4.1.4.3. */
#define OFFERED_SELECT	0x00
#define OFFERED		0x04
#define ACCEPTED_SELECT 0x08
#define ACCEPTED	0x0c
#define CONFIG_VECTOR	0x10
#define N_QUEUES	0x12
#define STATUS		0x14
#define GENERATION	0x15
#define QUEUE_SELECT	0x16
#define QUEUE_SIZE	0x18
#define QUEUE_VECTOR	0x1a
#define QUEUE_ENABLE	0x1c
#define QUEUE_NOTIFY	0x1e
#define QUEUE_DESC	0x20
#define QUEUE_AVAIL	0x28
#define QUEUE_USED	0x30
#define COMMON_BYTES	0x38

/* Capabilities: 9, next, bytes, type, BAR, ..., 8: offset, 12: length. */
#define CAP_VENDOR 0x09
#define CAP_BYTES  16
#define CAP_OFFSET 8
#define CAP_LENGTH 12
#define CAP_MORE   16 /* the step between queues' notifications; a window's data */
#define CAP_COMMON 1
#define CAP_NOTIFY 2
#define CAP_ISR	   3
#define CAP_OWN	   4
#define CAP_WINDOW 5

static struct virtio_device *device_of(struct machine_device *d)
{
	return container_of(d, struct virtio_device, pci.dev);
}

bool virtio_runs(const struct virtio_device *v)
{
	return (v->status & VIRTIO_STATUS_DRIVER_OK) && !(v->status & VIRTIO_STATUS_NEEDS_RESET) &&
	       !v->resetting && pci_is_master(&v->pci);
}

/* ---- Reset ---- */

/* With the lock held; nothing is in flight. */
static void reset_device(struct virtio_device *v)
{
	v->accepted = 0;
	v->offered_select = v->accepted_select = 0;
	v->queue_select = 0;
	v->config_vector = VIRTIO_NO_VECTOR;
	v->status = v->isr = 0;
	v->resetting = false;
	memset(v->queues, 0, sizeof(v->queues));
	for (unsigned i = 0; i < v->ops->n_queues; i++)
		v->queues[i] =
		    (struct virtqueue){.size = v->ops->queue_size, .vector = VIRTIO_NO_VECTOR};
	if (v->ops->reset)
		v->ops->reset(v);
}

/* By its driver, which sees that it was done by the status it reads then. */
static void ask_for_reset(struct virtio_device *v)
{
	pci_set_line(&v->pci, false);
	v->isr = 0;
	v->resetting = true;
	if (!v->in_flight)
		reset_device(v);
}

/* ---- In flight ---- */

void virtio_begin(struct virtio_device *v)
{
	machine_io_begin(v->pci.dev.m);
	lock_acquire(&v->pci.lock);
	v->in_flight++;
	lock_release(&v->pci.lock);
}

void virtio_end(struct virtio_device *v)
{
	lock_acquire(&v->pci.lock);
	if (!--v->in_flight) {
		pthread_cond_broadcast(&v->idle);
		if (v->resetting)
			reset_device(v);
	}
	lock_release(&v->pci.lock);
	machine_io_end(v->pci.dev.m);
}

void virtio_wait_idle(struct virtio_device *v)
{
	lock_acquire(&v->pci.lock);
	while (v->in_flight)
		lock_wait(&v->pci.lock, &v->idle);
	lock_release(&v->pci.lock);
}

/* ---- Common registers ---- */

/* The queue that is selected, if there is one of that number. */
static struct virtqueue *selected(struct virtio_device *v)
{
	return v->queue_select < v->ops->n_queues ? &v->queues[v->queue_select] : NULL;
}

/* All of them, as they are read. */
static void read_common(struct virtio_device *v, u8 *r)
{
	const struct virtqueue *q = selected(v);

	memset(r, 0, COMMON_BYTES);
	put_le(r + OFFERED_SELECT, v->offered_select, 4);
	if (v->offered_select < 2)
		put_le(r + OFFERED, v->offered >> 32 * v->offered_select, 4);
	put_le(r + ACCEPTED_SELECT, v->accepted_select, 4);
	if (v->accepted_select < 2)
		put_le(r + ACCEPTED, v->accepted >> 32 * v->accepted_select, 4);
	put_le(r + CONFIG_VECTOR, v->config_vector, 2);
	put_le(r + N_QUEUES, v->ops->n_queues, 2);
	r[STATUS] = v->status;
	r[GENERATION] = v->generation;
	put_le(r + QUEUE_SELECT, v->queue_select, 2);
	if (!q)
		return;
	put_le(r + QUEUE_SIZE, q->size, 2);
	put_le(r + QUEUE_VECTOR, q->vector, 2);
	r[QUEUE_ENABLE] = q->enabled;
	put_le(r + QUEUE_NOTIFY, v->queue_select, 2);
	put_le(r + QUEUE_DESC, q->desc, 8);
	put_le(r + QUEUE_AVAIL, q->avail, 8);
	put_le(r + QUEUE_USED, q->used, 8);
}

static void accept(struct virtio_device *v, u32 features)
{
	unsigned shift = 32 * v->accepted_select;

	if (v->accepted_select > 1 || v->status & VIRTIO_STATUS_FEATURES_OK)
		return;
	v->accepted = (v->accepted & ~(0xffffffffull << shift)) | (u64)features << shift;
}

/* A driver that wants what isn't offered, or the old interface, doesn't get FEATURES_OK. */
static void write_status(struct virtio_device *v, u8 status)
{
	if (!status) {
		ask_for_reset(v);
		return;
	}
	if (v->accepted & ~v->offered || !virtio_has(v, VIRTIO_F_VERSION_1))
		status &= ~VIRTIO_STATUS_FEATURES_OK;
	if (!(status & VIRTIO_STATUS_FEATURES_OK))
		status &= ~VIRTIO_STATUS_DRIVER_OK;
	v->status = status | (v->status & VIRTIO_STATUS_NEEDS_RESET);
}

/* A vector that there isn't reads back as none. */
static u16 good_vector(const struct virtio_device *v, u16 vector)
{
	return vector < v->pci.n_vectors ? vector : VIRTIO_NO_VECTOR;
}

static void enable(struct virtio_device *v, struct virtqueue *q)
{
	if (!virtio_queue_is_good(v, q)) {
		virtio_break(v);
		return;
	}
	q->enabled = true;
}

static void set_half(u64 *address, bool high, u32 val)
{
	*address =
	    high ? (*address & 0xffffffff) | (u64)val << 32 : (*address & ~0xffffffffull) | val;
}

/* Those of the selected queue; none can be changed when it is enabled but the vector. */
static void write_queue(struct virtio_device *v, struct virtqueue *q, u32 offset, u32 val)
{
	if (offset == QUEUE_VECTOR)
		q->vector = good_vector(v, val);
	if (q->enabled)
		return;
	switch (offset) {
	case QUEUE_SIZE:
		if (val && val <= v->ops->queue_size && !(val & (val - 1)))
			q->size = val;
		break;
	case QUEUE_ENABLE:
		if (val == 1)
			enable(v, q);
		break;
	case QUEUE_DESC:
	case QUEUE_DESC + 4:
		set_half(&q->desc, offset & 4, val);
		break;
	case QUEUE_AVAIL:
	case QUEUE_AVAIL + 4:
		set_half(&q->avail, offset & 4, val);
		break;
	case QUEUE_USED:
	case QUEUE_USED + 4:
		set_half(&q->used, offset & 4, val);
		break;
	}
}

static unsigned register_bytes(u32 offset)
{
	if (offset == STATUS || offset == GENERATION)
		return 1;
	return offset < CONFIG_VECTOR || offset >= QUEUE_DESC ? 4 : 2;
}

static void write_common(struct virtio_device *v, u32 offset, u32 val)
{
	struct virtqueue *q = selected(v);

	switch (offset) {
	case OFFERED_SELECT:
		v->offered_select = val;
		break;
	case ACCEPTED_SELECT:
		v->accepted_select = val;
		break;
	case ACCEPTED:
		accept(v, val);
		break;
	case CONFIG_VECTOR:
		v->config_vector = good_vector(v, val);
		break;
	case STATUS:
		write_status(v, val);
		break;
	case QUEUE_SELECT:
		v->queue_select = val;
		break;
	default:
		if (q)
			write_queue(v, q, offset, val);
	}
}

/* Whole registers only; one of 64 bits may be written at once. */
static void store_common(struct virtio_device *v, u32 offset, const u8 *data, unsigned bytes)
{
	bool started;

	lock_acquire(&v->pci.lock);
	started = virtio_runs(v);
	/* Until it has been reset nothing else is listened to. */
	if (!v->resetting && bytes == 8 && offset >= QUEUE_DESC && !(offset & 7)) {
		write_common(v, offset, get_le(data, 4));
		write_common(v, offset + 4, get_le(data + 4, 4));
	} else if (!v->resetting && bytes == register_bytes(offset)) {
		write_common(v, offset, get_le(data, bytes));
	}
	started = !started && virtio_runs(v);
	lock_release(&v->pci.lock);
	if (started && v->ops->started)
		v->ops->started(v);
	/* Buffers may have been offered before. */
	for (unsigned i = 0; started && i < v->ops->n_queues; i++)
		v->ops->notified(v, i);
}

/* ---- The BAR ---- */

static void load_part(u8 *data, unsigned bytes, const u8 *part, u32 part_bytes, u32 offset)
{
	memset(data, 0, bytes);
	for (unsigned i = 0; i < bytes && offset + i < part_bytes; i++)
		data[i] = part[offset + i];
}

void virtio_bar_load(struct pci_function *f, u32 offset, u8 *data, unsigned bytes)
{
	struct virtio_device *v = virtio_of(f);
	u32 part = offset & ~(PART_BYTES - 1);
	u8 common[COMMON_BYTES];

	lock_acquire(&f->lock);
	offset -= part;
	switch (part) {
	case COMMON:
		read_common(v, common);
		load_part(data, bytes, common, sizeof(common), offset);
		break;
	case ISR:
		load_part(data, bytes, &v->isr, 1, offset);
		if (!offset) {
			v->isr = 0;
			pci_set_line(f, false);
		}
		break;
	case OWN:
		load_part(data, bytes, v->config, v->config_bytes, offset);
		break;
	default:
		memset(data, 0, bytes);
	}
	lock_release(&f->lock);
}

void virtio_bar_store(struct pci_function *f, u32 offset, const u8 *data, unsigned bytes)
{
	struct virtio_device *v = virtio_of(f);
	u32 part = offset & ~(PART_BYTES - 1), queue;

	offset -= part;
	switch (part) {
	case COMMON:
		if (offset + bytes <= COMMON_BYTES)
			store_common(v, offset, data, bytes);
		break;
	case OWN:
		if (v->ops->configured && offset + bytes <= v->config_bytes)
			v->ops->configured(v, offset, data, bytes);
		break;
	case NOTIFY:
		queue = offset / NOTIFY_STEP;
		if (queue < v->ops->n_queues)
			v->ops->notified(v, queue);
		break;
	}
}

/* ---- The window in configuration space: for those who reach no BAR ---- */

/* Where it is set to, if that makes sense: 0 bytes, it doesn't. */
static unsigned window(struct virtio_device *v, u32 *offset)
{
	const u8 *cap = v->pci.config + v->window_cap;
	u32 at = get_le(cap + CAP_OFFSET, 4), bytes = get_le(cap + CAP_LENGTH, 4);

	*offset = at;
	if ((bytes != 1 && bytes != 2 && bytes != 4) || at & (bytes - 1) || cap[4])
		return 0;
	return at < PCI_MSIX_TABLE ? bytes : 0;
}

static bool is_window(const struct virtio_device *v, unsigned offset)
{
	return offset - (v->window_cap + CAP_MORE) < 4;
}

void virtio_before_read(struct pci_function *f, unsigned offset)
{
	struct virtio_device *v = virtio_of(f);
	unsigned bytes;
	u8 data[4];
	u32 at;

	if (!is_window(v, offset))
		return;
	lock_acquire(&f->lock);
	bytes = window(v, &at);
	lock_release(&f->lock);
	if (!bytes)
		return;
	virtio_bar_load(f, at, data, bytes);
	lock_acquire(&f->lock);
	memcpy(f->config + v->window_cap + CAP_MORE, data, bytes);
	lock_release(&f->lock);
}

void virtio_after_write(struct pci_function *f, unsigned offset)
{
	struct virtio_device *v = virtio_of(f);
	unsigned bytes;
	u8 data[4];
	u32 at;

	if (!is_window(v, offset))
		return;
	lock_acquire(&f->lock);
	bytes = window(v, &at);
	memcpy(data, f->config + v->window_cap + CAP_MORE, sizeof(data));
	lock_release(&f->lock);
	if (bytes)
		virtio_bar_store(f, at, data, bytes);
}

/* ---- Making, and the end ---- */

static unsigned add_cap(struct virtio_device *v, u8 type, u32 offset, u32 length, unsigned bytes)
{
	unsigned at = pci_add_capability(&v->pci, CAP_VENDOR, bytes);
	u8 *cap = v->pci.config + at;

	cap[2] = bytes;
	cap[3] = type;
	put_le(cap + CAP_OFFSET, offset, 4);
	put_le(cap + CAP_LENGTH, length, 4);
	return at;
}

static void add_caps(struct virtio_device *v)
{
	unsigned at;

	add_cap(v, CAP_COMMON, COMMON, COMMON_BYTES, CAP_BYTES);
	add_cap(v, CAP_ISR, ISR, 1, CAP_BYTES);
	if (v->config_bytes)
		add_cap(v, CAP_OWN, OWN, v->config_bytes, CAP_BYTES);
	at = add_cap(v, CAP_NOTIFY, NOTIFY, v->ops->n_queues * NOTIFY_STEP, CAP_BYTES + 4);
	put_le(v->pci.config + at + CAP_MORE, NOTIFY_STEP, 4);
	at = v->window_cap = add_cap(v, CAP_WINDOW, 0, 0, CAP_BYTES + 4);
	v->pci.writable[at + 4] = 0xff;
	memset(v->pci.writable + at + CAP_OFFSET, 0xff, CAP_BYTES + 4 - CAP_OFFSET);
}

int virtio_init(struct virtio_device *v, struct machine *m, const struct virtio_ops *ops,
		struct error *err)
{
	struct pci_identity id = {
	    .vendor = VIRTIO_VENDOR,
	    .device = VIRTIO_DEVICE_BASE + ops->kind,
	    .sub_device = VIRTIO_DEVICE_BASE + ops->kind,
	    .revision = 1,
	    .class_code = ops->class_code,
	    .n_vectors = ops->n_queues - ops->n_polled + 1,
	};

	v->ops = ops;
	v->offered |= VIRTIO_F_INDIRECT | VIRTIO_F_EVENT_IDX | VIRTIO_F_VERSION_1;
	v->can_offer = v->offered;
	pthread_cond_init(&v->idle, NULL);
	if (pci_function_init(&v->pci, m, &id, &ops->pci, &ops->device, err))
		return -1;
	add_caps(v);
	lock_acquire(&v->pci.lock);
	reset_device(v);
	lock_release(&v->pci.lock);
	return 0;
}

void virtio_free(struct machine_device *d)
{
	struct virtio_device *v = device_of(d);

	virtio_wait_idle(v);
	v->ops->free(v);
}

void virtio_fini(struct virtio_device *v)
{
	pthread_cond_destroy(&v->idle);
	pci_function_fini(&v->pci);
}

void virtio_reset(struct machine_device *d)
{
	struct virtio_device *v = device_of(d);

	pci_function_reset(&v->pci);
	lock_acquire(&v->pci.lock);
	reset_device(v);
	lock_release(&v->pci.lock);
}

/* ---- Saved state ---- */

void virtio_save(struct machine_device *d, struct state_out *out)
{
	struct virtio_device *v = device_of(d);

	pci_function_save(&v->pci, out);
	put_u64(out, v->offered);
	put_u64(out, v->accepted);
	put_u32(out, v->offered_select);
	put_u32(out, v->accepted_select);
	put_u32(out, v->queue_select);
	put_u32(out, v->config_vector);
	put_u8(out, v->status);
	put_u8(out, v->isr);
	put_u32(out, v->ops->n_queues);
	for (unsigned i = 0; i < v->ops->n_queues; i++)
		virtio_queue_save(&v->queues[i], out);
	if (v->ops->save)
		v->ops->save(v, out);
}

static int load_queues(struct virtio_device *v, struct state_in *in)
{
	u32 n = get_u32(in);

	if (n > v->ops->n_queues)
		return -1;
	for (unsigned i = 0; i < n; i++) {
		struct virtqueue *q = &v->queues[i];

		q->size = v->ops->queue_size;
		if (virtio_queue_load(q, in) || (q->enabled && !virtio_queue_is_good(v, q)))
			return -1;
	}
	return 0;
}

/*
 * What was offered there has to be offered here. What wasn't, by an older papyr, the guest goes on
 * without, queues too.
 */
int virtio_load(struct machine_device *d, struct state_in *in)
{
	struct virtio_device *v = device_of(d);
	u32 select, vector;
	u64 offered;

	if (pci_function_load(&v->pci, in))
		return -1;
	offered = get_u64(in);
	if (offered & ~v->can_offer)
		return -1;
	v->offered = offered;
	v->accepted = get_u64(in);
	v->offered_select = get_u32(in);
	v->accepted_select = get_u32(in);
	select = get_u32(in);
	vector = get_u32(in);
	v->status = get_u8(in);
	v->isr = get_u8(in);
	if (in->bad || select > 0xffff || vector > 0xffff || load_queues(v, in))
		return -1;
	v->queue_select = select;
	v->config_vector = vector;
	return v->ops->load ? v->ops->load(v, in) : 0;
}
