/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An interrupt that is sent to the XICS' global server reaches a processor that takes interrupts, if
 * there is one in the end, while processors open and close (H_CPPR).
 *
 * Who stands for what (src/hv/xics/ics.c, icp.c):
 *	open[], busy[]       a server's state: cppr isn't 0; it is more favoured than the source
 *	offered[]            the source is in xisr
 *	need[]               need_resend
 *	mark[]               hv_icp.resend: sources may wait there
 *	waits                the source's bit in ics.waiting
 *	lock                 the ICS's
 *	deliver              deliver_one(), with offer() and stranded()
 *	resend_all           ics_resend_all()
 *	Server               lower_cppr(), raise_cppr(), H_XIRR
 *
 * Each of these takes one step of the protocol away and must be caught:
 *	BROKEN_NO_LOOK       don't look after the mark whether another one is open
 *	BROKEN_ALONE         who opens tries only what waits at itself
 *	BROKEN_CLOSE_SILENTLY  who closes tries nothing
 *	BROKEN_LOOK_FIRST    try what waits before the state is changed
 *	BROKEN_KEEP          who closes keeps what it was offered
 */

#define SERVERS 2
#ifndef CHANGES
#define CHANGES 2 /* of each server's state */
#endif

bool open[SERVERS], busy[SERVERS], offered[SERVERS], need[SERVERS], mark[SERVERS];
bool waits, lock, sent, seen;
byte working = SERVERS + 1;

/* With @here as the vcpu that the thread ran; d, taken: the process's own. */
inline deliver(here, only_resend)
{
	atomic { !lock -> lock = true }
	if
	:: !only_resend || waits ->
		do
		:: true ->
			/* one_of_all() looks at one after the other, and may find what was. */
			d = here;
			if
			:: open[d] -> skip
			:: else ->
				d = 1 - here;
				if
				:: open[d] -> skip
				:: else -> d = 0
				fi
			fi;
			waits = false;
			atomic {
				taken = open[d] && !busy[d];
				if
				:: taken -> offered[d] = true
				:: else -> need[d] = true
				fi
			}
			if
			:: taken -> break
			:: else
			fi;
			mark[d] = true;
			waits = true;
			if
			:: !need[d] -> skip /* there was room for a moment */
			:: else ->
#ifdef BROKEN_NO_LOOK
				break
#else
				if
				:: open[d] -> break
				:: else ->
					if
					:: open[0] -> skip
					:: else ->
						if
						:: open[1] -> skip
						:: else -> break
						fi
					fi
				fi
#endif
			fi
		od
	:: else
	fi;
	lock = false
}

inline resend(mine, at)
{
	atomic { marked = mark[at]; mark[at] = false }
	if
	:: marked -> deliver(mine, true)
	:: else
	fi
}

inline resend_all(me)
{
	resend(me, 0);
	resend(me, 1)
}

/* H_EOI: room for what waits here. */
inline ended(mine)
{
	atomic { busy[mine] = false; again = need[mine]; need[mine] = false }
	if
	:: again -> resend(mine, mine)
	:: else
	fi
}

proctype Device()
{
	byte d;
	bool taken;

	/* The thread of either. */
	if
	:: deliver(0, false)
	:: deliver(1, false)
	fi;
	sent = true;
	working--
}

proctype Server(byte me)
{
	byte d, changes = 0;
	bool taken, marked, rejected, again;

	do
	:: atomic { offered[me] && open[me] -> offered[me] = false; seen = true }
	:: changes < CHANGES ->
		changes++;
		if
		:: open[me] && !busy[me] && !offered[me] -> busy[me] = true
		:: open[me] ->
#ifdef BROKEN_LOOK_FIRST
			resend_all(me);
#endif
			atomic {
				open[me] = false;
				busy[me] = false;
#ifndef BROKEN_KEEP
				rejected = offered[me];
				offered[me] = false
#endif
			}
			if
			:: rejected -> deliver(me, false); rejected = false
			:: else
			fi;
#if !defined(BROKEN_CLOSE_SILENTLY) && !defined(BROKEN_LOOK_FIRST)
			resend_all(me)
#endif
		:: !open[me] ->
			atomic { open[me] = true; need[me] = false }
#ifdef BROKEN_ALONE
			resend(me, me)
#else
			resend_all(me)
#endif
		fi
	:: busy[me] -> ended(me)
	:: changes == CHANGES && !offered[me] && !busy[me] -> break
	od;
	working--;
	/* What comes later is taken, too. */
end:
	do
	:: atomic { offered[me] && open[me] -> offered[me] = false; seen = true }
	:: atomic { working == 0 && sent && !offered[0] && !offered[1] ->
		assert(seen || !(open[0] || open[1])); break }
	:: working == 0 && offered[me] && !open[me] -> assert(false)
	od
}

init
{
	atomic {
		if
		:: open[0] = true
		:: skip
		fi;
		if
		:: open[1] = true
		:: skip
		fi;
		run Device();
		run Server(0);
		run Server(1)
	}
}
