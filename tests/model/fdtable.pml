/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptor numbers looked up without a lock: who has a file has one that lives and that the number
 * named while it was looked up, and nothing is left over once every number is closed.
 *
 * Who stands for what (src/kvm/fdtable.c):
 *	slot[]               the table: 0 is empty, else which file (its memory) is there
 *	refs[], life[]       a file's count; which object it is at the time, new with each making
 *	alive[]              an object between file_install() and its release
 *	open[]               the kernel's table: the object whose memfd the number is, 0 is closed
 *	get                  file_get(): get_from_slot(), get_by_inode()
 *	put                  file_put(), destroy()
 *	install              file_new(): the number first, then install()
 *	close                file_close()
 *
 * There are two numbers and memory for three files. Makers open and close, users look up, use and give
 * back. The list that get_by_inode() searches is all files with a count.
 *
 * Each of these takes one step of the protocol away and must be caught:
 *	BROKEN_NO_RECHECK    don't look at the slot again after the count was raised
 *	BROKEN_REVIVE        raise a count of 0, too
 *	BROKEN_CLEAR_LATE    drop the references, then clear the slot
 *	BROKEN_CLOSE_LATE    close the number after the lock is given back
 */

#define NUMBERS 2
#define FILES	3
#define MAKERS	2
#define OBJECTS 3 /* two of the first maker, one of the second */
#ifndef USERS
#define USERS 1
#endif
#ifndef USES
#define USES 2 /* of each user */
#endif

byte slot[NUMBERS];
byte refs[FILES + 1];
byte life[FILES + 1];
bool free[FILES + 1];
byte open[NUMBERS];
bool alive[OBJECTS + 1];
bool named[OBJECTS * NUMBERS + NUMBERS]; /* at some time the number was the object's */
bool lock;
byte objects; /* made so far */
byte working; /* processes that aren't done */

inline take_lock()
{
	atomic { !lock -> lock = true }
}

inline put(f)
{
	atomic { refs[f]--; last = (refs[f] == 0) }
	if
	:: last ->
		atomic { alive[life[f]] = false }
		atomic { free[f] = true; last = false }
	:: else -> last = false
	fi
}

/* The list searched for the object that the number is, under the lock; mine: the file or 0. */
inline get_by_inode(n)
{
	take_lock();
	atomic {
		mine = 0;
		k = 1;
		do
		:: k > FILES -> break
		:: k <= FILES ->
			if
			:: open[n] && !free[k] && refs[k] && life[k] == open[n] -> mine = k
			:: else
			fi;
			k++
		od;
		k = 0;
		if
		:: mine -> refs[mine] = refs[mine] + 2
		:: else
		fi;
		stale = slot[n];
		slot[n] = mine
	}
	lock = false;
	if
	:: stale -> put(stale)
	:: else
	fi;
	stale = 0
}

inline get(n)
{
	mine = 0;
	do
	:: mine = slot[n];
	   if
	   :: !mine -> get_by_inode(n); break
	   :: else
	   fi;
#ifdef BROKEN_REVIVE
	   atomic { refs[mine]++; raised = true }
#else
	   atomic {
		if
		:: refs[mine] -> refs[mine]++; raised = true
		:: else
		fi
	   }
#endif
	   if
	   :: !raised -> skip
	   :: else ->
		raised = false;
#ifdef BROKEN_NO_RECHECK
		break
#else
		if
		:: slot[n] == mine -> break
		:: else -> put(mine)
		fi
#endif
	   fi
	od
}

/* The number is made first, and the slot filled in afterwards. */
inline install()
{
	atomic {
		if
		:: !open[0] -> mine_n = 0
		:: open[0] && !open[1] -> mine_n = 1
		fi;
		objects++;
		object = objects;
		open[mine_n] = object;
		named[object * NUMBERS + mine_n] = true
	}
	take_lock();
	atomic {
		if
		:: free[1] -> mine = 1
		:: !free[1] && free[2] -> mine = 2
		:: !free[1] && !free[2] -> mine = 3
		fi;
		free[mine] = false;
		life[mine] = object;
		alive[object] = true
	}
	refs[mine] = 1;
	atomic { stale = slot[mine_n]; slot[mine_n] = mine }
	lock = false;
	if
	:: stale -> put(stale)
	:: else
	fi;
	stale = 0
}

inline close()
{
	get(mine_n);
	assert(mine && life[mine] == object);
	take_lock();
	if
	:: slot[mine_n] == mine ->
#ifndef BROKEN_CLEAR_LATE
		slot[mine_n] = 0;
#endif
		stale = mine;
#ifdef BROKEN_CLOSE_LATE
		lock = false;
		open[mine_n] = 0
#else
		open[mine_n] = 0;
		lock = false
#endif
	:: else -> lock = false
	fi;
	if
	:: stale -> put(stale)
	:: else
	fi;
	stale = 0;
	put(mine);
#ifdef BROKEN_CLEAR_LATE
	slot[mine_n] = 0
#endif
}

proctype maker(byte times)
{
	byte k, mine, mine_n, object, stale;
	bool raised, last;

	do
	:: times -> install(); close(); times--
	:: else -> break
	od;
	atomic { working--; mine = 0 }
}

proctype user(byte n)
{
	byte k, mine, stale, step;
	bool raised, last;

	for (step : 1 .. USES) {
		get(n);
		if
		:: mine ->
			assert(alive[life[mine]] && named[life[mine] * NUMBERS + n]);
			put(mine)
		:: else
		fi
	}
	atomic { working--; mine = 0 }
}

init {
	byte n;

	atomic {
		for (n : 1 .. FILES) {
			free[n] = true
		}
		working = MAKERS + USERS;
		run maker(2);
		run maker(1);
		for (n : 1 .. USERS) {
			run user(0)
		}
	}
	working == 0;
	for (n : 1 .. FILES) {
		assert(!refs[n] && free[n])
	}
	assert(!slot[0] && !slot[1])
}
