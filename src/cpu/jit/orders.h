/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Translations by order: a thread makes them while the processor goes on with the functions of what
 * it wants translated, and takes over what is done when it looks at the clock or comes to its
 * dispatcher anyway.
 *
 * Orders are a ring, with three places in it that only grow:
 *
 *	taken <= done <= ordered <= taken + ORDERS
 *
 * [done, ordered) belongs to who translates, all else to the processor's thread: it writes
 * an order, then moves @ordered; it looks at @done, then takes the result and moves @taken. Who
 * translates has the lock meanwhile, and moves @done. Usually that is the thread of the orders.
 * It sleeps when it finds none, and is woken when the clock is looked at: seldom, for that costs as
 * much as a translation or two. If it does nothing for long, other threads have its host's
 * processor: then the processor's own thread takes the lock and does the work.
 *
 * Who wants all memory of translations back has the lock, and no order is left after that.
 *
 * A translation is made of what is in the order, and of its block what doesn't change: where it is
 * and its mode. tests/model/orders.pml shows that a block which was dropped meanwhile gets none,
 * that none is in memory which is used anew, and that each order is carried out in the end.
 */
#ifndef PAPYR_CPU_ORDERS_H
#define PAPYR_CPU_ORDERS_H

#include "cpu/jit/jit.h"

struct orders;

struct jit_order {
	struct block *block; /* the processor's; its gpa, mode and count are set */
	enum isa_level level;
	bool timed;		      /* how long it takes is wanted */
	struct op ops[BLOCK_MAX + 2]; /* as those of a block */
	/* What comes back. */
	enum jit_result result;
	const u8 *code; /* where it runs */
	u64 ticks;	/* of the host's timebase */
};

/* NULL: the host has one processor for all threads, or no memory. */
struct orders *orders_new(struct jit *jit);
void orders_free(struct orders *orders);

/* All by the processor's thread. */

/* It begins and ends to carry out instructions. */
void orders_begin_run(void);
void orders_end_run(void);
/*
 * Would a thread have a processor of the host's to itself? Where all run guests, it would only take
 * turns with them, and what it does is done sooner by who wants it.
 */
bool orders_pay(const struct orders *orders);

/* Where to write the next order; NULL: as many as there may be aren't done yet. */
struct jit_order *orders_room(struct orders *orders);
/* What is there is ordered. */
void orders_add(struct orders *orders);
/* Is the instruction at @gpa, of @mode, part of a block that was ordered and not taken yet? */
bool orders_have(const struct orders *orders, u64 gpa, u32 mode);
/* The oldest that is done and wasn't taken yet; NULL: there is none. */
const struct jit_order *orders_done(struct orders *orders);
void orders_take(struct orders *orders);
/* All are forgotten, done or not, and nothing is being translated. */
void orders_cancel(struct orders *orders);
/* The clock was looked at. */
void orders_tick(struct orders *orders);

/* Of jit.h's; by one thread at a time: carries @order out. */
void jit_compile_order(struct jit *jit, struct jit_order *order);

#endif
