/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/virtio/balloon.h"

#include <stdlib.h>
#include <string.h>

#include "devices/virtio/virtio.h"
#include "platform/balloon.h"
#include "platform/dirtylog.h"
#include "platform/machine.h"

#define F_TELL	  (1ull << 0) /* pages are used only when the device knows of it */
#define F_STATS	  (1ull << 1)
#define F_OOM	  (1ull << 2) /* a guest without memory takes pages back unasked */
#define F_REPORTS (1ull << 5) /* it tells of free pages */

#define WANTED_AT    0 /* in its configuration, in pages of 4 KiB */
#define GIVEN_UP_AT  4
#define CONFIG_BYTES 8

/* Without statistics there is no such queue, and the one behind it has its number. */
enum { INFLATE, DEFLATE, STATISTICS, REPORTS, N_QUEUES };

#define PAGE_SHIFT	12
#define NUMBER_BYTES	4u	   /* of a page */
#define NUMBERS_AT_ONCE 256u	   /* read from the guest */
#define NUMBERS_MAX	0x40000u   /* in a chain: 1 GiB */
#define STATISTIC_BYTES 10u	   /* which (2), how much (8) */
#define STATISTICS_MAX	64u	   /* those that nobody knows yet included */
#define ROUNDED_TO	0x10000ull /* the largest page that guests count in */

/* All but the first two under the lock. */
struct virtio_balloon {
	struct virtio_device virtio;
	struct machine_balloon balloon;
	u64 told; /* how often; what was told before the guest was saved isn't kept */
	u64 statistics[BALLOON_STATISTICS];
	struct virtio_chain chain, last;
};

static struct virtio_balloon *balloon_of(struct virtio_device *v)
{
	return container_of(v, struct virtio_balloon, virtio);
}

/* ---- Pages ---- */

/*
 * The host has them back. They read as zeroes from here on: of what the guest had there neither a
 * migration nor code that was translated must keep anything.
 */
static void give_back(struct virtio_device *v, u64 gpa, u64 bytes)
{
	struct machine *m = v->pci.dev.m;

	if (machine_ptr(m, gpa, bytes) && guest_mem_give_back(&m->mem, gpa, bytes))
		machine_wrote(m, gpa, bytes);
}

/* A run of pages that follow each other, in the order that they are named, is one. */
static void inflate(struct virtio_device *v, const struct virtio_chain *c)
{
	u64 n = c->out_bytes / NUMBER_BYTES, first = 0, count = 0;
	u8 numbers[NUMBERS_AT_ONCE * NUMBER_BYTES];

	for (u64 i = 0; i < n; i++) {
		u64 at = i % NUMBERS_AT_ONCE, page;

		if (!at)
			virtio_read(c, i * NUMBER_BYTES, numbers, sizeof(numbers));
		page = get_le(numbers + at * NUMBER_BYTES, NUMBER_BYTES);
		if (count && page != first + count) {
			give_back(v, first << PAGE_SHIFT, count << PAGE_SHIFT);
			count = 0;
		}
		if (!count)
			first = page;
		count++;
	}
	if (count)
		give_back(v, first << PAGE_SHIFT, count << PAGE_SHIFT);
}

/* Free pages are named by buffers that are those pages; what is in them is nobody's. */
static void take_report(struct virtio_device *v, const struct virtio_chain *c)
{
	const u8 *memory = v->pci.dev.m->mem.host;

	for (unsigned i = c->n_out; i < c->n_out + c->n_in; i++)
		give_back(v, (const u8 *)c->iov[i].iov_base - memory, c->iov[i].iov_len);
}

/* ---- Statistics ---- */

/* The guest's buffer with them stays with it until they are asked for again. */
static void take_statistics(struct virtio_device *v)
{
	struct virtio_balloon *b = balloon_of(v);
	bool any = false;

	while (virtio_pop(v, STATISTICS, &b->chain)) {
		if (any)
			virtio_push(v, STATISTICS, &b->last, 0);
		b->last = b->chain;
		any = true;
	}
	if (!any || !virtio_runs(v))
		return;
	memset(b->statistics, 0xff, sizeof(b->statistics));
	for (unsigned i = 0; i < STATISTICS_MAX; i++) {
		u8 s[STATISTIC_BYTES];
		u64 which;

		if (virtio_read(&b->last, i * sizeof(s), s, sizeof(s)) < sizeof(s))
			break;
		which = get_le(s, 2);
		if (which < BALLOON_STATISTICS)
			b->statistics[which] = get_le(s + 2, 8);
	}
	b->told++;
	virtio_unpop(v, STATISTICS, &b->last, 1);
}

/* ---- The device ---- */

static void balloon_notified(struct virtio_device *v, unsigned queue)
{
	struct virtio_balloon *b = balloon_of(v);
	unsigned what = queue == STATISTICS && !virtio_has(v, F_STATS) ? REPORTS : queue;

	lock_acquire(&v->pci.lock);
	if (what == STATISTICS) {
		take_statistics(v);
	} else {
		while (virtio_pop(v, queue, &b->chain)) {
			if (b->chain.out_bytes / NUMBER_BYTES > NUMBERS_MAX) {
				virtio_break(v);
				break;
			}
			/* What comes back needs nothing: the guest's first use gets it. */
			if (what == INFLATE)
				inflate(v, &b->chain);
			else if (what == REPORTS)
				take_report(v, &b->chain);
			virtio_push(v, queue, &b->chain, 0);
		}
	}
	lock_release(&v->pci.lock);
}

static void balloon_configured(struct virtio_device *v, u32 offset, const u8 *data, unsigned bytes)
{
	lock_acquire(&v->pci.lock);
	if (offset >= GIVEN_UP_AT)
		memcpy(v->config + offset, data, bytes);
	lock_release(&v->pci.lock);
	balloon_moved(v->pci.dev.m);
}

static void balloon_reset(struct virtio_device *v)
{
	if (get_le(v->config + GIVEN_UP_AT, 4))
		balloon_moved(v->pci.dev.m);
	put_le(v->config + GIVEN_UP_AT, 0, 4);
	balloon_of(v)->told = 0;
}

static void balloon_save(struct virtio_device *v, struct state_out *out)
{
	put_bytes(out, v->config, CONFIG_BYTES);
}

static int balloon_load(struct virtio_device *v, struct state_in *in)
{
	get_bytes(in, v->config, CONFIG_BYTES);
	return in->bad ? -1 : 0;
}

static void balloon_free(struct virtio_device *v)
{
	v->pci.dev.m->balloon = NULL;
	virtio_fini(v);
	free(balloon_of(v));
}

static const struct virtio_ops balloon_device_ops = {
    .kind = 5,
    .class_code = 0x00ff00,
    .n_queues = N_QUEUES,
    .queue_size = 128,
    .pci = {.node = "balloon", VIRTIO_PCI_OPS},
    .device = {.name = "virtio-balloon", .version = 1, VIRTIO_DEVICE_OPS},
    .notified = balloon_notified,
    .reset = balloon_reset,
    .configured = balloon_configured,
    .save = balloon_save,
    .load = balloon_load,
    .free = balloon_free,
};

/* ---- What is asked of it from outside ---- */

static struct virtio_balloon *of_machine(struct machine_balloon *b)
{
	return container_of(b, struct virtio_balloon, balloon);
}

static void want(struct machine_balloon *balloon, u64 bytes)
{
	struct virtio_device *v = &of_machine(balloon)->virtio;

	lock_acquire(&v->pci.lock);
	put_le(v->config + WANTED_AT, (bytes & ~(ROUNDED_TO - 1)) >> PAGE_SHIFT, 4);
	virtio_config_changed(v);
	lock_release(&v->pci.lock);
}

/* It fills the buffer again as soon as it has it back. */
static void ask(struct machine_balloon *balloon)
{
	struct virtio_balloon *b = of_machine(balloon);
	struct virtio_device *v = &b->virtio;

	lock_acquire(&v->pci.lock);
	if (virtio_has(v, F_STATS) && virtio_pop(v, STATISTICS, &b->chain))
		virtio_push(v, STATISTICS, &b->chain, 0);
	lock_release(&v->pci.lock);
}

static void look(struct machine_balloon *balloon, struct balloon_look *l)
{
	struct virtio_balloon *b = of_machine(balloon);
	struct virtio_device *v = &b->virtio;

	lock_acquire(&v->pci.lock);
	l->wanted = get_le(v->config + WANTED_AT, 4) << PAGE_SHIFT;
	l->given_up = get_le(v->config + GIVEN_UP_AT, 4) << PAGE_SHIFT;
	l->driven = virtio_runs(v);
	l->told = b->told;
	memcpy(l->statistics, b->statistics, sizeof(l->statistics));
	lock_release(&v->pci.lock);
}

static const struct machine_balloon_ops outside_ops = {.want = want, .ask = ask, .look = look};

int virtio_balloon_new(struct machine *m, struct error *err)
{
	struct virtio_balloon *b = calloc(1, sizeof(*b));

	if (!b)
		return error_nomem(err, "a balloon");
	b->balloon.ops = &outside_ops;
	b->virtio.offered = F_TELL | F_STATS | F_OOM | F_REPORTS;
	b->virtio.config_bytes = CONFIG_BYTES;
	m->balloon = &b->balloon;
	return virtio_init(&b->virtio, m, &balloon_device_ops, err);
}
