/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handing a guest over: two processes never run it at the same time, whatever is lost on the way, whichever of them
 * dies, and whatever a person says who keeps to the manual; and when all is still, a process that has the guest and
 * lives runs it, or can be told to.
 *
 * Who stands for what:
 *	place[], move        where the guest is for each side: src/platform/places.def itself
 *	paused[], held       src/platform/runstate.c
 *	source               hand_over(), send_rest() (src/migration/live/handover.c)
 *	handed               live->handed_over: GO, or an END that says as much, was given to the transport
 *	destination          take_guest(), take_over() (src/migration/live/dest.c)
 *	now                  half timeouts since the destination's last answer: it starts within the first one, or never
 *	until                machine_doubt()'s: the source, which counts a whole timeout from GO on, takes no claim before
 *	                     both are over
 *	starting             between the destination's look at its clock and the guest's first step, which takes it no
 *	                     half timeout
 *	network              loses any message, or breaks the connection: nothing can be sent then, what is under way
 *	                     arrives or doesn't
 *	reaper               kills either process at any time
 *	person               cancels; resumes; resumes after having looked at the other side; insists
 *
 * A person who looks sees whether the destination runs the guest, and says at once what he wants: whether it never will is
 * not his to know. Who insists knows that the destination's process is gone. The source gives up waiting whenever it likes.
 *
 * Each of these takes one step of the protocol, or a rule of the manual, away and must be caught:
 *	BROKEN_GO_UNSURE     what couldn't be sent may have arrived all the same
 *	BROKEN_TAKE_BACK     no word that it runs there: it runs on here
 *	BROKEN_CANCEL_LATE   a migration can be cancelled after GO
 *	BROKEN_NO_DEADLINE   the destination starts the guest whenever GO comes
 *	BROKEN_NO_WAIT       a person's claim is taken at once: "not yet" for "never"
 *	BROKEN_SHORT_WAIT    it is taken after half the time, when the destination may be about to start
 *	BROKEN_START_EARLY   the destination starts when it has everything, without GO
 *	BROKEN_REFUSE_START  it says that it won't, and does
 *	BROKEN_USE_ANYWHERE  a guest is resumed wherever it is
 *	BROKEN_STAY_LEAVING  the source dies of a fault in its thread, and says nothing: the guest is nowhere
 *	BROKEN_INSIST        a person insists without knowing
 */

#define S 0 /* source */
#define D 1 /* destination */

#define PLACE_HERE	0
#define PLACE_COMING	1
#define PLACE_LEAVING	2
#define PLACE_UNCERTAIN 3
#define PLACE_GONE	4

#define MOVE_USE       0
#define MOVE_CLAIM     1
#define MOVE_FORCE     2
#define MOVE_EXPECT    3
#define MOVE_HAND_OVER 4
#define MOVE_ARRIVE    5
#define MOVE_TAKE_BACK 6
#define MOVE_DOUBT     7
#define MOVE_LET_GO    8

mtype = { END, END_GO, READY, GO, RUNS, FAIL };

chan to_dest = [2] of { mtype };
chan to_source = [2] of { mtype };
bool broken; /* the connection */

bool up[2];
byte place[2]; /* HERE */
bool paused[2], held;
bool handed, cancelled;
bool started; /* the destination ran the guest at some time */
bool answered, starting;
byte now, until;

#if defined(BROKEN_NO_WAIT)
#define WAIT 0
#elif defined(BROKEN_SHORT_WAIT)
#define WAIT 1
#else
#define WAIT 2
#endif

#define RUNNING(p) (up[p] && place[p] == PLACE_HERE && !paused[p] && !(p == S && held))

/* Only by the table: @done says whether it has the pair. */
inline move(p, how)
{
	if
#define MOVE(from, what, to) :: how == MOVE_##what && place[p] == PLACE_##from -> place[p] = PLACE_##to; done = true
#include "../../src/platform/places.def"
#ifdef BROKEN_USE_ANYWHERE
	MOVE(LEAVING, USE, HERE)
	MOVE(UNCERTAIN, USE, HERE)
	MOVE(GONE, USE, HERE)
#endif
#undef MOVE
	:: else -> done = false
	fi
}

inline send(where, what)
{
	if
	:: atomic { !broken -> where!what; done = true }
	:: atomic {
		broken ->
		done = false
#ifdef BROKEN_GO_UNSURE
		;
		if
		:: what == GO || what == END_GO -> where!what
		:: true
		fi
#endif
	}
	fi
}

/* Past this the guest is not the source's any more. */
inline let_go()
{
	atomic {
		if
		:: cancelled -> goto take_back
		:: else -> handed = true
		fi
	}
}

proctype source()
{
	bool done, go;
	mtype word;

	{
		held = true;
		atomic { move(S, MOVE_HAND_OVER); assert(done) }
		go = answered; /* by the last pass */
		if
		:: go ->
			let_go();
			send(to_dest, END_GO)
		:: else ->
			send(to_dest, END);
			if
			:: !done -> goto take_back
			:: else
			fi;
			if
			:: to_source?word ->
				if
				:: word == READY
				:: else -> goto take_back
				fi
			:: true -> goto take_back /* the connection broke, or it took too long */
			fi;
			let_go();
			send(to_dest, GO)
		fi;
		if
		:: !done -> goto take_back
		:: else
		fi;
		if
		:: to_source?RUNS -> goto gone
		:: to_source?FAIL -> goto take_back
		:: true /* the connection broke, or it took too long */
#ifdef BROKEN_CANCEL_LATE
		:: cancelled -> goto take_back
#endif
		fi;
#ifdef BROKEN_TAKE_BACK
		goto take_back;
#endif
#ifdef BROKEN_STAY_LEAVING
		goto over;
#endif
		atomic { move(S, MOVE_DOUBT); assert(done); paused[S] = true; until = WAIT };
		goto over;
gone:
		atomic { move(S, MOVE_LET_GO); assert(done); paused[S] = true };
		goto over;
take_back:
		atomic { handed = false; move(S, MOVE_TAKE_BACK) };
over:
		held = false
	} unless { !up[S] }
}

proctype destination()
{
	bool done;
	mtype word;

	{
		if
		:: to_dest?word
		:: true -> goto refuse /* cut, too late, or it can't be applied */
		fi;
		if
		:: word == END_GO
		:: else ->
#ifdef BROKEN_START_EARLY
			goto start;
#endif
			answered = true;
			send(to_source, READY);
			if
			:: to_dest?word
			:: now >= 1 || broken -> goto refuse
			fi
		fi;
start:
		atomic {
			if
#ifndef BROKEN_NO_DEADLINE
			:: now >= 1 -> goto refuse
#endif
			:: else -> starting = true
			fi
		};
		atomic { move(D, MOVE_ARRIVE); assert(done); starting = false; started = true };
		send(to_source, RUNS);
		goto over;
refuse:
		send(to_source, FAIL);
#ifdef BROKEN_REFUSE_START
		goto start;
#endif
		up[D] = false;
		broken = true;
over:
		skip
	} unless { !up[D] -> starting = false }
}

active proctype clock()
{
end:	answered -> now = 1;
	atomic { !starting -> now = 2 }
}

active proctype network()
{
	if
	:: to_dest?_
	:: to_source?_
	:: true
	fi;
	if
	:: broken = true;
		if
		:: to_dest?_
		:: to_source?_
		:: true
		fi
	:: true
	fi
}

active proctype reaper()
{
	if
	:: atomic { up[S] = false; broken = true }
	:: atomic { up[D] = false; broken = true }
	:: true
	fi
}

/* Each of these at any time, and again: all that a person can know is looked at when it is done. */
#define RESUME(how) \
	atomic { \
		move(S, how); \
		if \
		:: done -> paused[S] = false \
		:: else \
		fi \
	}

#define LOOKED (!RUNNING(D))
#define TAKEN  (place[S] != PLACE_UNCERTAIN || now >= until)
#ifdef BROKEN_INSIST
#define KNOWS true
#else
#define KNOWS (!up[D])
#endif

active proctype person()
{
	byte tries;
	bool done;

	for (tries : 1 .. 3) {
		if
		:: cancelled = true
		:: RESUME(MOVE_USE)
		:: atomic { LOOKED && TAKEN -> RESUME(MOVE_CLAIM) }
		:: atomic { KNOWS -> RESUME(MOVE_FORCE) }
		:: true
		fi
	}
}

/* At any moment. */
active proctype never_twice()
{
	assert(!(RUNNING(S) && RUNNING(D)))
}

/* When nothing moves any more. */
active proctype at_rest()
{
	timeout;
	assert(!up[S] || place[S] != PLACE_LEAVING);
	/* It is given up only for another that runs it, or did. */
	assert(!up[S] || place[S] != PLACE_GONE || started);
	/* In doubt a person can have it, and otherwise it runs. */
	assert(!up[S] || TAKEN);
	assert(!up[S] || started || place[S] == PLACE_UNCERTAIN || RUNNING(S))
}

init
{
	bool done;

	atomic {
		move(D, MOVE_EXPECT);
		up[S] = true;
		up[D] = true;
		if
		:: answered = true
		:: true
		fi;
		run source();
		run destination()
	}
}
