/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Split virtqueues (virtio 1.2, 2.7). The guest may change all of a queue at any time: whatever is
 * looked at is copied first, and each address goes through machine_ptr() every time.
 *
 *   descriptors  16 bytes each: address (8), length (4), flags (2), next (2)
 *   avail        flags (2), index (2), heads (2 each), used_event (2)
 *   used         flags (2), index (2), head and length (4 + 4 each), avail_event (2)
 */
#include <stdatomic.h>

#include "base/racy.h"
#include "devices/virtio/virtio.h"
#include "platform/dirtylog.h"
#include "platform/machine.h"

#define DESC_BYTES    16u
#define DESC_NEXT     1
#define DESC_WRITE    2
#define DESC_INDIRECT 4
#define NO_INTERRUPT  1 /* in avail's flags */

struct descriptor {
	u64 address;
	u32 bytes;
	u16 flags, next;
};

static u64 avail_bytes(const struct virtqueue *q)
{
	return 6 + 2u * q->size;
}

static u64 used_bytes(const struct virtqueue *q)
{
	return 6 + 8u * q->size;
}

bool virtio_queue_is_good(struct virtio_device *v, const struct virtqueue *q)
{
	struct machine *m = v->pci.dev.m;

	return !(q->desc & 15) && !(q->avail & 1) && !(q->used & 3) &&
	       machine_ptr(m, q->desc, DESC_BYTES * q->size) &&
	       machine_ptr(m, q->avail, avail_bytes(q)) && machine_ptr(m, q->used, used_bytes(q));
}

/* A word of the guest's, which has an even address. */
static u16 read_word(const u8 *p)
{
	u16 v = __atomic_load_n((const u16 *)p, __ATOMIC_ACQUIRE);

	return get_le((const u8 *)&v, 2);
}

static void write_word(u8 *p, u16 val)
{
	u8 bytes[2] = {val, val >> 8};
	u16 v;

	memcpy(&v, bytes, sizeof(v));
	__atomic_store_n((u16 *)p, v, __ATOMIC_RELEASE);
}

static u8 *avail_of(struct virtio_device *v, const struct virtqueue *q)
{
	return machine_ptr(v->pci.dev.m, q->avail, avail_bytes(q));
}

static u8 *used_of(struct virtio_device *v, const struct virtqueue *q)
{
	return machine_ptr(v->pci.dev.m, q->used, used_bytes(q));
}

static void wrote(struct virtio_device *v, const void *p, u64 bytes)
{
	struct machine *m = v->pci.dev.m;

	machine_wrote(m, (const u8 *)p - m->mem.host, bytes);
}

static bool is_taken(const struct virtqueue *q, u16 head)
{
	return q->taken[head / 64] >> head % 64 & 1;
}

/* ---- Taking ---- */

static struct descriptor read_descriptor(const u8 *table, unsigned i)
{
	u8 d[DESC_BYTES];

	racy_copy_bytes(d, table + i * DESC_BYTES, sizeof(d));
	return (struct descriptor){
	    .address = get_le(d, 8),
	    .bytes = get_le(d + 8, 4),
	    .flags = get_le(d + 12, 2),
	    .next = get_le(d + 14, 2),
	};
}

/* One buffer; those of length 0 are none. False: it isn't memory, out of order, or one too many. */
static bool add_piece(struct virtio_device *v, struct virtio_chain *c, const struct descriptor *d)
{
	bool in = d->flags & DESC_WRITE;
	void *p;

	if (!d->bytes)
		return true;
	p = machine_ptr(v->pci.dev.m, d->address, d->bytes);
	if (!p || (!in && c->n_in) || c->n_out + c->n_in == VIRTIO_PIECES_MAX)
		return false;
	c->iov[c->n_out + c->n_in] = (struct iovec){p, d->bytes};
	if (in) {
		c->n_in++;
		c->in_bytes += d->bytes;
	} else {
		c->n_out++;
		c->out_bytes += d->bytes;
	}
	return true;
}

/* A chain in a table of @n, from @first on; no longer than the table, so that none is a circle. */
static bool walk(struct virtio_device *v, struct virtio_chain *c, const u8 *table, unsigned n,
		 unsigned first)
{
	unsigned at = first;

	for (unsigned count = 0; count < n; count++) {
		struct descriptor d;

		if (at >= n)
			return false;
		d = read_descriptor(table, at);
		if (d.flags & DESC_INDIRECT || !add_piece(v, c, &d))
			return false;
		if (!(d.flags & DESC_NEXT))
			return true;
		at = d.next;
	}
	return false;
}

static bool take_chain(struct virtio_device *v, const struct virtqueue *q, struct virtio_chain *c)
{
	const u8 *table = machine_ptr(v->pci.dev.m, q->desc, DESC_BYTES * q->size), *far;
	struct descriptor d;
	unsigned n;

	c->n_out = c->n_in = 0;
	c->out_bytes = c->in_bytes = 0;
	if (!table || c->head >= q->size || is_taken(q, c->head))
		return false;
	d = read_descriptor(table, c->head);
	if (!(d.flags & DESC_INDIRECT))
		return walk(v, c, table, q->size, c->head);
	n = d.bytes / DESC_BYTES;
	far = machine_ptr(v->pci.dev.m, d.address, d.bytes);
	if (!virtio_has(v, VIRTIO_F_INDIRECT) || d.flags & DESC_NEXT || !n ||
	    n > VIRTIO_PIECES_MAX || d.bytes % DESC_BYTES || !far)
		return false;
	return walk(v, c, far, n, 0);
}

/* Has the guest notify when its index goes beyond @index; what it is after that was said. */
static bool ask_for_notice(struct virtio_device *v, struct virtqueue *q, const u8 *avail,
			   u16 *index)
{
	u8 *used = used_of(v, q);

	if (!used)
		return false;
	write_word(used + used_bytes(q) - 2, *index);
	wrote(v, used + used_bytes(q) - 2, 2);
	/* It may have looked before that, and after we did. */
	atomic_thread_fence(memory_order_seq_cst);
	*index = read_word(avail + 2);
	return true;
}

/* How many there are; of fewer than @wanted the guest will say when there are more. -1: bad. */
static int count(struct virtio_device *v, struct virtqueue *q, unsigned wanted)
{
	const u8 *avail = avail_of(v, q);
	u16 index;

	if (!avail)
		return -1;
	index = read_word(avail + 2);
	if ((u16)(index - q->next_avail) < wanted && virtio_has(v, VIRTIO_F_EVENT_IDX) &&
	    !ask_for_notice(v, q, avail, &index))
		return -1;
	index -= q->next_avail;
	return index > q->size ? -1 : index;
}

bool virtio_has_room(struct virtio_device *v, unsigned queue, unsigned wanted)
{
	struct virtqueue *q = &v->queues[queue];
	int n;

	if (!virtio_runs(v) || !q->enabled)
		return false;
	n = count(v, q, wanted);
	if (n < 0)
		virtio_break(v);
	return n >= (int)wanted;
}

bool virtio_pop(struct virtio_device *v, unsigned queue, struct virtio_chain *c)
{
	struct virtqueue *q = &v->queues[queue];
	int n;

	if (!virtio_runs(v) || !q->enabled)
		return false;
	n = count(v, q, 1);
	if (!n)
		return false;
	if (n > 0)
		c->head = read_word(avail_of(v, q) + 4 + 2 * (q->next_avail % q->size));
	if (n < 0 || !take_chain(v, q, c)) {
		virtio_break(v);
		return false;
	}
	q->next_avail++;
	q->taken[c->head / 64] |= 1ull << c->head % 64;
	return true;
}

bool virtio_take(struct virtio_device *v, unsigned queue, struct virtio_chain *c)
{
	if (!virtio_pop(v, queue, c))
		return false;
	v->in_flight++;
	return true;
}

void virtio_unpop(struct virtio_device *v, unsigned queue, const struct virtio_chain *c, unsigned n)
{
	struct virtqueue *q = &v->queues[queue];

	q->next_avail -= n;
	for (unsigned i = 0; i < n; i++)
		q->taken[c[i].head / 64] &= ~(1ull << c[i].head % 64);
}

void virtio_drop(struct virtio_device *v)
{
	v->in_flight--;
}

/* ---- Giving back ---- */

/* Does the guest want to know that the index came from @before to where it is? */
static bool wants_interrupt(struct virtio_device *v, const struct virtqueue *q, u16 before)
{
	const u8 *avail = avail_of(v, q);
	u16 event;

	if (!avail)
		return false;
	if (!virtio_has(v, VIRTIO_F_EVENT_IDX))
		return !(read_word(avail) & NO_INTERRUPT);
	event = read_word(avail + avail_bytes(q) - 2);
	return (u16)(q->next_used - event - 1) < (u16)(q->next_used - before);
}

static void interrupt(struct virtio_device *v, u16 vector, u8 why)
{
	if (pci_msix_is_on(&v->pci)) {
		pci_msix_raise(&v->pci, vector);
		return;
	}
	v->isr |= why;
	pci_set_line(&v->pci, true);
}

static void put_entry(struct virtio_device *v, struct virtqueue *q, u8 *used, u16 head, u32 bytes)
{
	u8 *place = used + 4 + 8 * (q->next_used % q->size), entry[8];

	put_le(entry, head, 4);
	put_le(entry + 4, bytes, 4);
	racy_copy_bytes(place, entry, sizeof(entry));
	wrote(v, place, sizeof(entry));
	q->next_used++;
}

void virtio_push_all(struct virtio_device *v, unsigned queue, const struct virtio_chain *c,
		     const u32 *bytes, unsigned n)
{
	struct virtqueue *q = &v->queues[queue];
	u16 before = q->next_used;
	u8 *used;

	for (unsigned i = 0; i < n; i++)
		q->taken[c[i].head / 64] &= ~(1ull << c[i].head % 64);
	if (!virtio_runs(v) || !q->enabled)
		return;
	used = used_of(v, q);
	if (!used) {
		virtio_break(v);
		return;
	}
	for (unsigned i = 0; i < n; i++)
		put_entry(v, q, used, c[i].head, bytes[i]);
	write_word(used + 2, q->next_used);
	wrote(v, used + 2, 2);
	atomic_thread_fence(memory_order_seq_cst);
	if (wants_interrupt(v, q, before))
		interrupt(v, q->vector, 1);
}

void virtio_push(struct virtio_device *v, unsigned queue, const struct virtio_chain *c, u32 bytes)
{
	virtio_push_all(v, queue, c, &bytes, 1);
}

void virtio_break(struct virtio_device *v)
{
	v->status |= VIRTIO_STATUS_NEEDS_RESET;
	if (v->status & VIRTIO_STATUS_DRIVER_OK)
		interrupt(v, v->config_vector, 2);
}

void virtio_config_changed(struct virtio_device *v)
{
	v->generation++;
	if (virtio_runs(v))
		interrupt(v, v->config_vector, 2);
}

/* ---- Chains ---- */

/* @v: it is written to; NULL: it is read. */
static size_t copy(struct virtio_device *v, const struct iovec *iov, unsigned n, u64 at, u8 *data,
		   size_t bytes)
{
	size_t done = 0;

	for (unsigned i = 0; i < n && done < bytes; i++) {
		size_t piece = iov[i].iov_len;
		u8 *p = iov[i].iov_base;

		if (at >= piece) {
			at -= piece;
			continue;
		}
		p += at;
		piece -= at;
		at = 0;
		if (piece > bytes - done)
			piece = bytes - done;
		if (v) {
			racy_copy_bytes(p, data + done, piece);
			wrote(v, p, piece);
		} else {
			racy_copy_bytes(data + done, p, piece);
		}
		done += piece;
	}
	return done;
}

size_t virtio_read(const struct virtio_chain *c, u64 at, void *to, size_t bytes)
{
	return copy(NULL, c->iov, c->n_out, at, to, bytes);
}

size_t virtio_write(struct virtio_device *v, const struct virtio_chain *c, u64 at, const void *from,
		    size_t bytes)
{
	return copy(v, c->iov + c->n_out, c->n_in, at, (u8 *)from, bytes);
}

void virtio_wrote(struct virtio_device *v, const struct virtio_chain *c, u64 bytes)
{
	for (unsigned i = c->n_out; i < c->n_out + c->n_in && bytes; i++) {
		u64 piece = c->iov[i].iov_len < bytes ? c->iov[i].iov_len : bytes;

		wrote(v, c->iov[i].iov_base, piece);
		bytes -= piece;
	}
}

/* ---- Saved state; nothing is taken then ---- */

void virtio_queue_save(const struct virtqueue *q, struct state_out *out)
{
	put_u32(out, q->size);
	put_u32(out, q->vector);
	put_u8(out, q->enabled);
	put_u64(out, q->desc);
	put_u64(out, q->avail);
	put_u64(out, q->used);
	put_u32(out, q->next_avail);
	put_u32(out, q->next_used);
}

int virtio_queue_load(struct virtqueue *q, struct state_in *in)
{
	u32 max = q->size, size = get_u32(in), vector = get_u32(in), avail, used;
	u8 enabled = get_u8(in);

	q->desc = get_u64(in);
	q->avail = get_u64(in);
	q->used = get_u64(in);
	avail = get_u32(in);
	used = get_u32(in);
	if (in->bad || !size || size > max || size & (size - 1) || vector > 0xffff || enabled > 1 ||
	    avail > 0xffff || used > 0xffff)
		return -1;
	q->size = size;
	q->vector = vector;
	q->enabled = enabled;
	q->next_avail = avail;
	q->next_used = used;
	return 0;
}
