/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Translations by order (src/cpu/jit/orders.h): a processor orders them, drops blocks, and takes
 * back all memory of translations at any time, while a thread makes them. A block that was dropped
 * gets no translation; none is taken that lies in memory which is used anew, or written there; an
 * order is not changed while it is carried out; and all are carried out in the end.
 *
 * Who stands for what:
 *	ordered, done, taken  the ring's places
 *	ring[], made_in[]     the order's block; the area its translation was made in
 *	dropped[]	      ops[0].fn is pseudo_stale
 *	area		      how often the memory was used anew
 *	lock, asleep	      struct orders
 *	carry_out	      carry_out()
 *	order, take, flush, tick   code.c: order(), code_take_translations(),
 *			      cpu_flush_all_code(); orders_tick()
 *
 * Each of these takes one step of the protocol away and must be caught:
 *	BROKEN_NO_LOCK	    all is forgotten without the lock
 *	BROKEN_KEEP_DONE    what is done already is not forgotten
 *	BROKEN_NO_LOOK	    a translation is taken without a look at its block
 *	BROKEN_NO_ROOM	    orders are written without a look at what isn't taken
 *	BROKEN_DONE_FIRST   an order is called done before it is
 *	BROKEN_WAKE_ONCE    who sleeps is woken when something is ordered, and then no more
 */

#define ORDERS 2
#ifndef STEPS
#define STEPS 5 /* of the processor */
#endif
#ifndef BLOCKS
#define BLOCKS 4
#endif

byte ring[ORDERS], made_in[ORDERS];
byte ordered, done, taken, area, blocks;
bool dropped[BLOCKS], lock, asleep, signal, ends, translating;

inline acquire() { atomic { !lock -> lock = true } }

/* With the lock; here, what: the process's own. */
inline carry_out()
{
	what = ring[done % ORDERS];
	here = area;
#ifdef BROKEN_DONE_FIRST
	done++;
#endif
	translating = true;
	translating = false;
	assert(here == area);
#ifdef BROKEN_DONE_FIRST
	made_in[(done - 1) % ORDERS] = here;
#else
	assert(what == ring[done % ORDERS]);
	made_in[done % ORDERS] = here;
	done++;
#endif
}

active proctype Translator()
{
	byte here, what;

	acquire();
	do
	:: ends -> break
	:: else ->
		if
		:: ordered != done -> carry_out()
		:: else -> skip
		fi;
		lock = false;
		acquire();
		if
		:: ordered != done || ends -> skip
		:: else ->
			asleep = true;
			/* pthread_cond_wait(): from here on a signal is seen. */
			atomic { lock = false; signal = false }
			atomic { signal && !lock -> lock = true }
			asleep = false
		fi
	od;
	lock = false
}

inline wake()
{
	if
	:: atomic { !lock -> lock = true }
		signal = true;
		lock = false
	:: lock -> skip
	fi
}

inline order()
{
	if
#ifndef BROKEN_NO_ROOM
	:: ordered - taken == ORDERS || blocks == BLOCKS -> skip
#else
	:: blocks == BLOCKS -> skip
#endif
	:: else ->
		ring[ordered % ORDERS] = blocks;
		blocks++;
		ordered++;
#ifdef BROKEN_WAKE_ONCE
		if
		:: asleep -> wake()
		:: else -> skip
		fi
#endif
	fi
}

inline take()
{
	if
	:: done == taken -> skip
	:: else ->
		assert(made_in[taken % ORDERS] == area);
		if
#ifndef BROKEN_NO_LOOK
		:: dropped[ring[taken % ORDERS]] -> skip
#endif
		:: else -> assert(!dropped[ring[taken % ORDERS]])
		fi;
		taken++
	fi
}

inline flush()
{
#ifndef BROKEN_NO_LOCK
	acquire();
#endif
#ifndef BROKEN_KEEP_DONE
	taken = ordered;
#endif
	done = ordered;
	assert(!translating);
#ifndef BROKEN_NO_LOCK
	lock = false;
#endif
	area++
}

/* It wakes who sleeps, or, when that one has been slow, does its work. */
inline tick()
{
	if
	:: ordered == done -> skip
#ifndef BROKEN_WAKE_ONCE
	:: ordered != done && asleep -> wake()
	:: ordered != done ->
		if
		:: atomic { !lock -> lock = true }
			if
			:: ordered != done -> carry_out()
			:: else -> skip
			fi;
			lock = false
		:: skip
		fi
#else
	:: else -> skip
#endif
	fi
}

active proctype Processor()
{
	byte here, what, n;

	do
	:: n == STEPS -> break
	:: n < STEPS ->
		n++;
		if
		:: true -> order()
		:: true -> take()
		:: true -> flush()
		:: true -> tick()
		:: blocks > 0 -> dropped[blocks - 1] = true
		fi
	od;
	/* It goes on looking at the clock: all is made and taken. */
	do
	:: taken == ordered -> break
	:: done != taken -> take()
	:: done == taken && ordered != done ->
#ifdef BROKEN_WAKE_ONCE
		done != taken
#else
		if
		:: asleep -> wake()
		:: done != taken
		fi
#endif
	od;
	acquire();
	ends = true;
	signal = true;
	lock = false
}
