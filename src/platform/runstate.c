/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/runstate.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "platform/device.h"
#include "platform/events.h"
#include "platform/internal.h"
#include "platform/machine.h"
#include "platform/vcpu.h"

#define NS_PER_SECOND 1000000000ull
/* Most holds last for milliseconds; that of some migrations as long as these. */
#define HOLD_PATIENCE_S 1

/* All of it under m->lock. */
struct runstate {
	enum machine_place place;
	u64 doubt_until_ns; /* uncertain: the other side may start it until then */
	bool paused;
	unsigned holds;
	enum machine_request request; /* the first one counts until the main thread took it */
	struct error failure;	      /* with REQUEST_ERROR */
};

struct runstate *runstate_new(void)
{
	return calloc(1, sizeof(struct runstate));
}

void runstate_free(struct runstate *r)
{
	free(r);
}

/* ---- Places ---- */

bool machine_place_after(enum machine_place place, enum machine_move move,
			 enum machine_place *after)
{
	/* One more than the place; 0: refused. */
	static const unsigned char table[PLACES][MOVES] = {
#define MOVE(from, move, to) [PLACE_##from][MOVE_##move] = PLACE_##to + 1,
#include "platform/places.def"
#undef MOVE
	};

	if (!table[place][move])
		return false;
	*after = table[place][move] - 1;
	return true;
}

bool machine_may_run(const struct machine *m)
{
	const struct runstate *r = m->runstate;

	return r->place == PLACE_HERE && !r->paused && !r->holds && r->request == REQUEST_NONE;
}

void machine_wait_parked(struct machine *m)
{
	for (unsigned i = 0; i < m->n_vcpus; i++)
		while (m->vcpus[i].has_thread && !m->vcpus[i].parked)
			lock_wait(&m->lock, &m->changed);
}

/*
 * With m->lock held. The vcpus first: then nothing is begun any more that devices could be doing.
 */
static void wait_still(struct machine *m)
{
	machine_wait_parked(m);
	while (m->io_pending)
		lock_wait(&m->lock, &m->changed);
}

/* With m->lock held. Returns with every vcpu parked, if there was a reason to park. */
static void park(struct machine *m)
{
	vcpu_kick_all(m);
	wait_still(m);
}

/* With m->lock held. */
static bool move(struct machine *m, enum machine_move how)
{
	enum machine_place from = m->runstate->place;

	if (!machine_place_after(from, how, &m->runstate->place))
		return false;
	if (from != PLACE_HERE && m->runstate->place == PLACE_HERE)
		machine_come_devices(m);
	pthread_cond_broadcast(&m->changed);
	return true;
}

enum machine_place machine_where(struct machine *m)
{
	enum machine_place place;

	lock_acquire(&m->lock);
	place = m->runstate->place;
	lock_release(&m->lock);
	return place;
}

/* ---- Standing still ---- */

void machine_pause(struct machine *m)
{
	bool was;

	lock_acquire(&m->lock);
	was = m->runstate->paused;
	m->runstate->paused = true;
	park(m);
	lock_release(&m->lock);
	if (!was)
		machine_tell(m, EVENT_STOP);
}

bool machine_resume(struct machine *m)
{
	bool here, was;

	lock_acquire(&m->lock);
	here = move(m, MOVE_USE);
	was = m->runstate->paused;
	if (here)
		m->runstate->paused = false;
	lock_release(&m->lock);
	if (here && was)
		machine_tell(m, EVENT_RESUME);
	return here;
}

bool machine_is_paused(struct machine *m)
{
	bool paused;

	lock_acquire(&m->lock);
	paused = m->runstate->paused;
	lock_release(&m->lock);
	return paused;
}

void machine_hold(struct machine *m)
{
	lock_acquire(&m->lock);
	m->runstate->holds++;
	park(m);
	lock_release(&m->lock);
}

bool machine_may_change(struct machine *m)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += HOLD_PATIENCE_S;
	while (m->runstate->place == PLACE_HERE && m->runstate->holds)
		if (lock_wait_until(&m->lock, &m->changed, &until))
			return false;
	return m->runstate->place == PLACE_HERE;
}

void machine_unhold(struct machine *m)
{
	lock_acquire(&m->lock);
	m->runstate->holds--;
	pthread_cond_broadcast(&m->changed);
	lock_release(&m->lock);
}

/* ---- Coming and going ---- */

/* With m->lock held. How long the other side may still start an uncertain guest. */
static u64 doubt_left_ns(const struct runstate *r)
{
	struct timespec t;
	u64 now;

	clock_gettime(CLOCK_MONOTONIC, &t);
	now = (u64)t.tv_sec * NS_PER_SECOND + t.tv_nsec;
	if (r->place != PLACE_UNCERTAIN || now >= r->doubt_until_ns)
		return 0;
	return r->doubt_until_ns - now;
}

u32 machine_claim_seconds(struct machine *m)
{
	u64 left;

	lock_acquire(&m->lock);
	left = doubt_left_ns(m->runstate);
	lock_release(&m->lock);
	return left / NS_PER_SECOND + (left % NS_PER_SECOND != 0);
}

enum machine_place machine_claim(struct machine *m, enum machine_move how)
{
	enum machine_place place;

	lock_acquire(&m->lock);
	/* Who looked at the other side saw "not yet", which isn't "never". */
	if (how != MOVE_CLAIM || !doubt_left_ns(m->runstate))
		move(m, how);
	place = m->runstate->place;
	lock_release(&m->lock);
	return place;
}

bool machine_expect(struct machine *m)
{
	bool done;

	lock_acquire(&m->lock);
	done = move(m, MOVE_EXPECT);
	if (done)
		park(m);
	lock_release(&m->lock);
	return done;
}

bool machine_arrive(struct machine *m, bool *paused)
{
	bool done;

	lock_acquire(&m->lock);
	done = move(m, MOVE_ARRIVE);
	/* Paused there, or told here that it shall not run. */
	if (done)
		*paused = m->runstate->paused = m->runstate->paused || *paused;
	lock_release(&m->lock);
	return done;
}

int machine_hand_over(struct machine *m, bool *was_running, struct error *err)
{
	int r = 0;

	lock_acquire(&m->lock);
	*was_running = !m->runstate->paused && !m->debug.stopped;
	if (m->runstate->request != REQUEST_NONE)
		r = error_set(err, "the guest ends, or starts anew");
	else if (!move(m, MOVE_HAND_OVER))
		r = error_set(err, "the guest isn't here any more");
	else
		park(m);
	lock_release(&m->lock);
	return r;
}

bool machine_take_back(struct machine *m)
{
	bool done;

	lock_acquire(&m->lock);
	done = move(m, MOVE_TAKE_BACK);
	lock_release(&m->lock);
	return done;
}

/* It is not ours, or may not be: who gets it back has to say so, and then to resume it. */
static bool leave(struct machine *m, enum machine_move how, u64 doubt_until_ns)
{
	bool done;

	lock_acquire(&m->lock);
	done = move(m, how);
	if (done) {
		m->runstate->paused = true;
		m->runstate->doubt_until_ns = doubt_until_ns;
	}
	lock_release(&m->lock);
	return done;
}

bool machine_doubt(struct machine *m, u64 until_ns)
{
	return leave(m, MOVE_DOUBT, until_ns);
}

bool machine_let_go(struct machine *m)
{
	return leave(m, MOVE_LET_GO, 0);
}

/* ---- Requests to the main thread ---- */

void machine_wake(struct machine *m)
{
	u64 one = 1;

	while (write(m->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static void request_locked(struct machine *m, enum machine_request request)
{
	if (m->runstate->request == REQUEST_NONE)
		m->runstate->request = request;
	vcpu_kick_all(m);
	machine_wake(m);
}

void machine_request(struct machine *m, enum machine_request request)
{
	lock_acquire(&m->lock);
	request_locked(m, request);
	lock_release(&m->lock);
}

static void request_saying(struct machine *m, enum machine_request request, const char *fmt,
			   va_list ap)
{
	struct runstate *r = m->runstate;

	lock_acquire(&m->lock);
	if (r->request == REQUEST_NONE)
		vsnprintf(r->failure.text, sizeof(r->failure.text), fmt, ap);
	request_locked(m, request);
	lock_release(&m->lock);
}

void machine_fail(struct machine *m, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	request_saying(m, REQUEST_ERROR, fmt, ap);
	va_end(ap);
}

void machine_panic(struct machine *m, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	request_saying(m, REQUEST_PANIC, fmt, ap);
	va_end(ap);
}

const struct error *machine_failure(const struct machine *m)
{
	return &m->runstate->failure;
}

enum machine_request machine_take_request(struct machine *m)
{
	enum machine_request request;

	lock_acquire(&m->lock);
	request = m->runstate->request;
	if (request != REQUEST_NONE)
		wait_still(m);
	lock_release(&m->lock);
	return request;
}

void machine_end_request(struct machine *m)
{
	lock_acquire(&m->lock);
	m->runstate->request = REQUEST_NONE;
	pthread_cond_broadcast(&m->changed);
	lock_release(&m->lock);
}

/* ---- In QMP's words ---- */

static const char *status(const struct machine *m)
{
	static const char *const elsewhere[PLACES] = {
	    [PLACE_COMING] = "inmigrate",
	    [PLACE_LEAVING] = "finish-migrate",
	    [PLACE_UNCERTAIN] = "postmigrate",
	    [PLACE_GONE] = "postmigrate",
	};

	const struct runstate *r = m->runstate;

	if (r->request == REQUEST_ERROR)
		return "internal-error";
	if (r->request == REQUEST_PANIC)
		return "guest-panicked";
	if (r->request != REQUEST_NONE && r->request != REQUEST_RESET)
		return "shutdown";
	if (elsewhere[r->place])
		return elsewhere[r->place];
	if (r->paused)
		return "paused";
	return m->debug.stopped ? "debug" : "running";
}

const char *machine_status(struct machine *m)
{
	const char *s;

	lock_acquire(&m->lock);
	s = status(m);
	lock_release(&m->lock);
	return s;
}
