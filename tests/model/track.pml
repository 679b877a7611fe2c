/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entry lock, change tracking and the stream's reader: no change is lost, and no entry is told with
 * words that never belonged together.
 *
 * Who stands for what:
 *	lock, unlock         hpt_entry_lock(), hpt_entry_unlock()              src/hpt/internal.h
 *	mark                 hpt_track_mark(), set_from()                      src/hpt/track.[ch]
 *	register             hpt_tracker_get()
 *	take_group           hpt_track_take_group(), clear_above()
 *	take, peek           hpt_track_take(), hpt_track_peek()
 *	read_entry           copy_block(), read_locked()                       src/hpt/reader.c
 *	proctype changer     any change: place(), hpt_remove(), hpt_set_rc()   src/hpt/entry.c
 *	proctype reader      hpt_reader_read(): first_pass(), later_pass()
 *
 * Two entries in two words of level 0, one word of level 1 above them, one bit of level 2 above that.
 * An entry's words are one number each, new with every change, so words belong together if they
 * are equal. Every statement is one atomic access, sequentially consistent as the C code's are.
 *
 * The reader may find its buffer full at any moment and give back what it took. Once the changers are
 * done and a whole pass told of nothing, what it told must be the table.
 *
 * Each of these takes one step of the reasoning away and must be caught:
 *	BROKEN_MARK_LATE    mark after the words are written and the lock is gone
 *	BROKEN_TOP_FIRST    set the upper bits before the lower
 *	BROKEN_CLEAR_LATE   read the entry, then clear its bit
 *	BROKEN_NO_PEEK      don't look at the bit again after reading
 *	BROKEN_NO_RECHECK   clear an upper bit without another look below
 */

#define CHANGERS 2
#define CHANGES	 2 /* of each changer */

byte v[2], r[2];
bool locked[2];

bool listening;   /* n_active */
bool level0[2]; /* one bit in each of the two words */
byte level1;   /* bit n: word n */
bool level2;

byte changes;  /* made so far: gives each a new number */
byte finished; /* changers */

/* ---- who changes ------------------------------------------------------------------------------ */

inline lock(i)
{
	atomic { !locked[i] -> locked[i] = true }
}

inline set_upper(n)
{
	if
	:: (level1 >> n) & 1
	:: else -> atomic { level1 = level1 | (1 << n) }
	fi;
	if
	:: level2
	:: else -> level2 = true
	fi
}

inline mark(i)
{
	if
	:: !listening
	:: else ->
#ifdef BROKEN_TOP_FIRST
		set_upper(i);
		level0[i] = true
#else
		if
		:: level0[i]
		:: else -> level0[i] = true
		fi;
		set_upper(i)
#endif
	fi
}

proctype changer()
{
	byte k, i, mine;

	for (k : 1 .. CHANGES) {
		if
		:: i = 0
		:: i = 1
		fi;
		lock(i);
#ifndef BROKEN_MARK_LATE
		mark(i);
#endif
		atomic { changes++; mine = changes }
		r[i] = mine;
		atomic { v[i] = mine; locked[i] = false }
#ifdef BROKEN_MARK_LATE
		mark(i);
#endif
	}
	finished++
}

/* ---- who reads -------------------------------------------------------------------------------- */

byte told[2]; /* the reader's copy */

inline read_locked(i)
{
	lock(i);
	copy_v = v[i];
	copy_r = r[i];
	locked[i] = false
}

/* What was taken is told: two plain reads, and a second look if somebody was, or came, in between. */
inline read_entry(i)
{
	atomic { copy_v = v[i]; saw_lock = locked[i] } /* one word in C */
	copy_r = r[i];
	if
	:: saw_lock -> read_locked(i)
#ifndef BROKEN_NO_PEEK
	:: !saw_lock && level0[i] -> read_locked(i)
	:: !saw_lock && !level0[i]
#else
	:: !saw_lock
#endif
	fi;
	assert(copy_v == copy_r);
	told[i] = copy_v
}

inline give_back(i)
{
	level0[i] = true;
	set_upper(i)
}

/* The bits above word 0 and 1 of level 0, taken; and the one above them cleared if that is right. */
inline take_group()
{
	atomic { group = level1; level1 = 0 }
	level2 = false;
#ifndef BROKEN_NO_RECHECK
	if
	:: level1 -> level2 = true
	:: else
	fi
#endif
}

proctype reader()
{
	byte i, copy_v, copy_r, group;
	bool saw_lock, taken, any, last;

	/* register */
	listening = true;

	/* The first pass reads every entry, and leaves the upper bits to later ones. */
	for (i : 0 .. 1) {
		level0[i] = false;
		read_entry(i)
	}

	/* Later passes, until the changers are done and there was nothing more. */
	do
	:: last = (finished == CHANGERS);
	   any = false;
	   if
	   :: !level2
	   :: else ->
		take_group();
		for (i : 0 .. 1) {
			if
			:: !((group >> i) & 1)
			:: else ->
#ifdef BROKEN_CLEAR_LATE
				taken = level0[i];
				if
				:: taken -> any = true; read_entry(i); level0[i] = false
				:: else
				fi
#else
				atomic { taken = level0[i]; level0[i] = false }
				if
				:: taken ->
					any = true;
					if
					:: read_entry(i)
					:: give_back(i) /* the buffer was full */
					fi
				:: else
				fi
#endif
			fi
		}
	   fi;
	   if
	   :: last && !any -> break
	   :: else
	   fi
	od;
	assert(told[0] == v[0] && told[1] == v[1])
}

init {
	byte n;

	atomic {
		for (n : 1 .. CHANGERS) {
			run changer()
		}
		run reader()
	}
}
