/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that a guest gives up for a while, page by page, because it was asked to: a balloon in the
 * guest grows. Unlike hot-plug it needs no free blocks, and what the guest gave up it may take back
 * by itself. The device that the guest knows it by is one that a user chose (devices/virtio).
 */
#ifndef PAPYR_PLATFORM_BALLOON_H
#define PAPYR_PLATFORM_BALLOON_H

#include <stdbool.h>

#include "base/bits.h"
#include "platform/error.h"

struct machine;
struct machine_balloon;

/* What guests tell of their memory, in the device's order. */
enum balloon_statistic {
	BALLOON_SWAP_IN,
	BALLOON_SWAP_OUT,
	BALLOON_MAJOR_FAULTS,
	BALLOON_MINOR_FAULTS,
	BALLOON_FREE,
	BALLOON_TOTAL,
	BALLOON_AVAILABLE,
	BALLOON_CACHES,
	BALLOON_HUGE_PAGES,
	BALLOON_HUGE_FAILURES,
	BALLOON_STATISTICS
};

struct balloon_look {
	u64 memory;			    /* the guest's, with what it gave up */
	u64 given_up;			    /* by its own account */
	u64 actual;			    /* memory but for that */
	u64 wanted;			    /* it shall give up */
	bool driven;			    /* it has a driver for it */
	u64 told;			    /* how often it told: 0: nothing here holds */
	u64 statistics[BALLOON_STATISTICS]; /* ~0: it doesn't say */
};

/* With m->lock held, and the guest's memory free to be written. */
struct machine_balloon_ops {
	void (*want)(struct machine_balloon *b, u64 bytes);
	/* The guest is asked for new statistics. */
	void (*ask)(struct machine_balloon *b);
	void (*look)(struct machine_balloon *b, struct balloon_look *look);
};

struct machine_balloon {
	const struct machine_balloon_ops *ops;
	bool news; /* atomic */
};

/* The guest gave up more, or less: EVENT_BALLOON follows. Of the device, on any thread. */
void balloon_moved(struct machine *m);

/* ---- Main thread ---- */

/*
 * The guest shall have @bytes of its memory, and give up the rest; it does so when it likes. -1: it
 * has no balloon, or isn't here.
 */
int balloon_want(struct machine *m, u64 bytes, struct error *err);
/* How far it is; and asks for new statistics, which come later. -1: it has no balloon. */
int balloon_look(struct machine *m, struct balloon_look *look, struct error *err);
/* How much memory the guest of a machine with a balloon has. */
u64 balloon_actual(struct machine *m);
/* Has anything moved since the last time? */
bool balloon_take_news(struct machine *m);

#endif
