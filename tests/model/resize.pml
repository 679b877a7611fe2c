/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash table that takes another's place while vcpus run: none uses the old one once that is gone, none uses
 * a translation of it once KVM_PPC_RESIZE_HPT_COMMIT has returned, and nobody waits for ever.
 *
 * Who stands for what (src/hv/shootdown.c unless said otherwise):
 *	current              vm->hpt: which table it is
 *	mine[]               cpu->hpt: which one a vcpu uses
 *	cache[]              a vcpu's translations: of which table they are
 *	locked               vm->lock
 *	frozen               vm->frozen
 *	tail, seen[]         the log of what became invalid, and how far a vcpu has come in it
 *	request[]            CPU_REQ_FLUSH
 *	boundary             hv_catch_up(), between two blocks
 *	wait_for_other       hv_shootdown_wait(), of a vcpu that has removed an entry
 *	commit               hv_resize_commit() (src/hv/resize.c): hv_table_keep_out(), hv_table_install(),
 *	                     hv_table_let_in() (src/hv/table.c)
 *
 * Vcpus run any program: blocks that use the table, waiting for each other, leaving the guest and coming back, or
 * a loop that only ends when it is asked to. Tables that are gone are a bit each.
 *
 * Each of these takes one step of the protocol away and must be caught:
 *	BROKEN_FREEZE_LATE    look who is in the guest, then freeze
 *	BROKEN_LOOK_FIRST     look whether the VM is frozen, then say in_guest
 *	BROKEN_STAY           wait for the lock in the guest
 *	BROKEN_KEEP_TABLE     come back with the table of before
 *	BROKEN_KEEP_CACHE     come back with the translations of before
 *	BROKEN_REQUEST_LATE   at a boundary: catch up, then clear the request
 *	BROKEN_FLUSH_EARLY    log that translations are gone only before the vcpus are out: they make new ones
 *	BROKEN_NO_WAIT        replace the table before all have left
 */

#define VCPUS 2
#ifndef STEPS
#define STEPS 2 /* of each vcpu */
#endif
#ifndef COMMITS
#define COMMITS 1
#endif

byte current = 1;
bool gone[COMMITS + 2]; /* freed */
bool dead[COMMITS + 2]; /* and the request has returned */
bool locked, frozen;
byte tail;
byte mine[VCPUS];
byte cache[VCPUS];
byte seen[VCPUS];
bool in_guest[VCPUS];
bool request[VCPUS];

inline catch_up()
{
	upto = tail;
	atomic {
		if
		:: upto == seen[me]
		:: else ->
#ifndef BROKEN_KEEP_CACHE
			cache[me] = 0;
#endif
			seen[me] = upto
		fi;
		upto = 0
	}
}

inline lock_and_unlock()
{
	atomic { !locked -> locked = true };
	locked = false
}

inline guest_enter()
{
#ifdef BROKEN_LOOK_FIRST
	do
	:: frozen -> lock_and_unlock()
	:: else -> break
	od;
	in_guest[me] = true;
#else
	in_guest[me] = true;
	do
	:: frozen ->
#ifndef BROKEN_STAY
		in_guest[me] = false;
#endif
		lock_and_unlock();
		in_guest[me] = true
	:: else -> break
	od;
#endif
#ifdef BROKEN_KEEP_TABLE
	if
	:: !mine[me] -> mine[me] = current
	:: else
	fi;
#else
	mine[me] = current;
#endif
	catch_up()
}

inline boundary()
{
	if
	:: request[me] ->
#ifndef BROKEN_REQUEST_LATE
		request[me] = false;
#endif
		if
		:: frozen ->
#ifndef BROKEN_STAY
			in_guest[me] = false;
#endif
			guest_enter()
		:: else -> catch_up()
		fi;
#ifdef BROKEN_REQUEST_LATE
		request[me] = false
#endif
	:: else
	fi
}

inline use_table()
{
	assert(!gone[mine[me]]);
	if
	:: !cache[me] -> cache[me] = mine[me]
	:: else
	fi;
	assert(!dead[cache[me]])
}

/* Something else became invalid: the other one, if it is in the guest, must have come so far. */
inline wait_for_other()
{
	atomic { tail++; awaited = tail };
	if
	:: in_guest[1 - me] -> request[1 - me] = true
	:: else
	fi;
	in_guest[me] = false;
	!in_guest[1 - me] || seen[1 - me] >= awaited;
	awaited = 0;
	guest_enter()
}

proctype vcpu(byte me)
{
	byte step, upto, awaited;

	guest_enter();
	for (step : 1 .. STEPS) {
		if
		:: true -> use_table()
		:: in_guest[me] = false; guest_enter()
		:: tail < 2 * COMMITS + 1 -> wait_for_other()
		:: frozen -> (request[me]) /* a loop: what somebody waits for must also be asked for */
		fi;
		boundary()
	}
	in_guest[me] = false
}

inline ask()
{
	tail++;
	for (n : 0 .. VCPUS - 1) {
		if
		:: in_guest[n] -> request[n] = true
		:: else
		fi
	}
}

/* Of the client, by a thread that has no vcpu in the guest. */
proctype commit()
{
	byte round, n;

	for (round : 1 .. COMMITS) {
		atomic { !locked -> locked = true };
#ifdef BROKEN_FREEZE_LATE
		ask();
		for (n : 0 .. VCPUS - 1) {
			!in_guest[n]
		}
		frozen = true;
#else
		frozen = true;
		ask();
#ifndef BROKEN_NO_WAIT
		for (n : 0 .. VCPUS - 1) {
			!in_guest[n]
		}
#endif
#endif
		current = round + 1;
		gone[round] = true;
#ifndef BROKEN_FLUSH_EARLY
		tail++;
#endif
		frozen = false;
		locked = false;
		dead[round] = true
	}
}

init {
	byte n;

	atomic {
		for (n : 0 .. VCPUS - 1) {
			run vcpu(n)
		}
		run commit()
	}
}
