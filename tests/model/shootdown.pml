/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shoot-down of translations: once H_REMOVE has returned, no vcpu uses the dead translation, and nobody
 * waits for ever.
 *
 * Who stands for what (src/hv/shootdown.c unless said otherwise):
 *	table                a hash table entry: 0 is empty, else which entering of it this is
 *	cache[]              a vcpu's translation caches (src/cpu/)
 *	use_page             hpt_search() (src/hpt/search.c), what the processor keeps of it, an access
 *	request[]            CPU_REQ_FLUSH: set by cpu_request(), looked at at block boundaries
 *	catch_up             catch_up()
 *	touched[]            which pages a vcpu may have in its caches (src/cpu/mmu/touched.c): set before the table is
 *	                     searched, taken back only after the caches were emptied
 *	must[]               vcpu->must_reach: how far the vcpu has to come before a remover may go on
 *	locked               the log's lock
 *	awaited              awaited: the remover's own last entry for which somebody has to be waited for
 *	guest_enter, _leave  hv_guest_enter(), hv_guest_leave()
 *	remove               h_remove() (src/hv/hcall/mmu.c): hpt_remove(), hv_inval_log(),
 *	                     hv_shootdown_wait()
 *
 * Every vcpu runs any program: blocks that use the page, entering, removing, leaving the guest and coming
 * back, or a loop that only ends when it is asked to flush (spin): if a request gets lost while somebody
 * waits, nothing moves any more, which Spin finds as an invalid end state. The log is never longer than
 * its ring here; who is too far behind drops everything, which is more than is modelled.
 *
 * Each of these takes one step of the protocol away and must be caught:
 *	BROKEN_NO_WAIT        return before the others have caught up
 *	BROKEN_LOG_FIRST      log the removal before the table shows it
 *	BROKEN_ENTER_LATE     work through the log, then say in_guest
 *	BROKEN_REQUEST_LATE   at a boundary: catch up, then clear the request
 *	BROKEN_STAY           stay in the guest while waiting: two removers wait for each other
 *	BROKEN_STALE          come back into the guest after waiting without catching up
 *	BROKEN_TOUCH_LATE     search the table, then say so
 *	BROKEN_FORGET_ALONE   take back what was said, and keep the caches
 */

#ifndef VCPUS
#define VCPUS 2
#endif
#ifndef STEPS
#define STEPS 4 /* of each vcpu */
#endif
#ifndef GENERATIONS
#define GENERATIONS 2
#endif

byte table = 1;
byte entered = 1;  /* generations so far */
bool dead[GENERATIONS + 1]; /* H_REMOVE of that generation has returned */

bool locked;
byte tail; /* of the log */
byte cache[VCPUS];
byte seen[VCPUS];
bool in_guest[VCPUS];
bool request[VCPUS];
bool touched[VCPUS];
byte must[VCPUS];

inline catch_up()
{
	upto = tail;
	atomic { /* only this vcpu has to do with its cache */
		if
		:: upto == seen[me]
		:: else ->
			cache[me] = 0;
			seen[me] = upto
		fi;
		upto = 0
	}
}

inline boundary()
{
	if
	:: request[me] ->
#ifdef BROKEN_REQUEST_LATE
		catch_up();
		request[me] = false
#else
		request[me] = false;
		catch_up()
#endif
	:: else
	fi
}

/* A block that accesses the page. Its translation is looked up at most once, and used until the block's end. */
inline use_page()
{
	if
	:: !cache[me] ->
#ifdef BROKEN_TOUCH_LATE
		cache[me] = table;
		touched[me] = true
#else
		touched[me] = true;
		cache[me] = table
#endif
	:: else
	fi;
	assert(!cache[me] || !dead[cache[me]])
}

/* Too many pages were touched: begin anew, between two blocks. */
inline forget()
{
#ifndef BROKEN_FORGET_ALONE
	cache[me] = 0;
#endif
	touched[me] = false
}

inline guest_enter()
{
#ifdef BROKEN_ENTER_LATE
	catch_up();
	in_guest[me] = true
#else
	in_guest[me] = true;
	catch_up()
#endif
}

inline log_and_ask()
{
	atomic { !locked -> locked = true };
	tail++;
	other = 0;
	do
	:: atomic { other == VCPUS -> other = 0; break }
	:: other < VCPUS && (other == me || !in_guest[other]) -> other++
	:: other < VCPUS && other != me && in_guest[other] && !touched[other] -> other++
	:: other < VCPUS && other != me && in_guest[other] && touched[other] ->
		awaited = tail;
		must[other] = tail;
		atomic { request[other] = true; other++ }
	od;
	locked = false
}

inline wait_for_others()
{
	if
	:: !awaited -> catch_up()
	:: else ->
#ifndef BROKEN_STAY
		in_guest[me] = false;
#endif
		other = 0;
		do
		:: atomic { other == VCPUS -> other = 0; awaited = 0; break }
		:: atomic { other < VCPUS && (other == me || !in_guest[other]) -> other++ }
		:: atomic { other < VCPUS && other != me && (seen[other] >= awaited || seen[other] >= must[other]) -> other++ }
		od;
#ifdef BROKEN_STALE
		in_guest[me] = true
#else
		guest_enter()
#endif
	fi
}

inline remove()
{
#ifdef BROKEN_LOG_FIRST
	if
	:: table -> log_and_ask()
	:: else
	fi;
	atomic { victim = table; table = 0 }
	if
	:: victim ->
#else
	atomic { victim = table; table = 0 }
	if
	:: victim ->
		log_and_ask();
#endif
#ifndef BROKEN_NO_WAIT
		wait_for_others();
#endif
		atomic { dead[victim] = true; victim = 0 }
	:: else
	fi
}

proctype vcpu(byte me)
{
	byte step, other, upto, awaited, victim;

	guest_enter();
	for (step : 1 .. STEPS) {
		if
		:: true -> use_page()
		:: atomic { table == 0 && entered < GENERATIONS -> entered++; table = entered }
		:: true -> remove()
		:: in_guest[me] = false; guest_enter()
		:: must[me] > seen[me] -> (request[me]) /* spin: what somebody waits for must also be asked for */
		:: touched[me] -> forget()
		fi;
		boundary()
	}
	in_guest[me] = false
}

init {
	byte n;

	atomic {
		for (n : 0 .. VCPUS - 1) {
			run vcpu(n)
		}
	}
}
