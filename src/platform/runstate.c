/* SPDX-License-Identifier: Apache-2.0 */
/*
 * May the guest run? What keeps it from it: the user's pause, holds, where it lives, a request that
 * the main thread has yet to act on.
 */
#include "platform/runstate.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "platform/internal.h"
#include "platform/machine.h"
#include "platform/vcpu.h"

static void request_locked(struct machine *m, enum machine_request request)
{
	u64 one = 1;

	if (m->request == REQUEST_NONE)
		m->request = request;
	vcpu_kick_all(m);
	while (write(m->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

void machine_request(struct machine *m, enum machine_request request)
{
	pthread_mutex_lock(&m->lock);
	request_locked(m, request);
	pthread_mutex_unlock(&m->lock);
}

void machine_fail(struct machine *m, const char *fmt, ...)
{
	va_list ap;

	pthread_mutex_lock(&m->lock);
	if (m->request == REQUEST_NONE) {
		va_start(ap, fmt);
		vsnprintf(m->failure.text, sizeof(m->failure.text), fmt, ap);
		va_end(ap);
	}
	request_locked(m, REQUEST_ERROR);
	pthread_mutex_unlock(&m->lock);
}

void machine_wait_parked(struct machine *m)
{
	for (unsigned i = 0; i < m->n_vcpus; i++)
		while (m->vcpus[i].has_thread && !m->vcpus[i].parked)
			pthread_cond_wait(&m->changed, &m->lock);
}

void machine_tell(struct machine *m, enum machine_event event)
{
	if (m->on_event)
		m->on_event(m, event, m->on_event_opaque);
}

void machine_pause(struct machine *m)
{
	bool was;

	pthread_mutex_lock(&m->lock);
	was = m->paused;
	m->paused = true;
	vcpu_kick_all(m);
	machine_wait_parked(m);
	pthread_mutex_unlock(&m->lock);
	if (!was)
		machine_tell(m, EVENT_STOP);
}

bool machine_resume(struct machine *m)
{
	bool here, was;

	pthread_mutex_lock(&m->lock);
	here = m->place == PLACE_HERE;
	was = m->paused;
	if (here)
		m->paused = false;
	pthread_cond_broadcast(&m->changed);
	pthread_mutex_unlock(&m->lock);
	if (here && was)
		machine_tell(m, EVENT_RESUME);
	return here;
}

void machine_hold(struct machine *m)
{
	pthread_mutex_lock(&m->lock);
	m->holds++;
	vcpu_kick_all(m);
	machine_wait_parked(m);
	pthread_mutex_unlock(&m->lock);
}

void machine_unhold(struct machine *m)
{
	pthread_mutex_lock(&m->lock);
	m->holds--;
	pthread_cond_broadcast(&m->changed);
	pthread_mutex_unlock(&m->lock);
}

void machine_unhold_at(struct machine *m, enum machine_place place)
{
	pthread_mutex_lock(&m->lock);
	m->holds--;
	m->paused = true;
	m->place = place;
	pthread_mutex_unlock(&m->lock);
}

void machine_set_place(struct machine *m, enum machine_place place)
{
	pthread_mutex_lock(&m->lock);
	m->place = place;
	pthread_cond_broadcast(&m->changed);
	pthread_mutex_unlock(&m->lock);
}

const char *machine_status(struct machine *m)
{
	const char *s;

	pthread_mutex_lock(&m->lock);
	if (m->request == REQUEST_ERROR)
		s = "internal-error";
	else if (m->request == REQUEST_PANIC)
		s = "guest-panicked";
	else if (m->request != REQUEST_NONE && m->request != REQUEST_RESET)
		s = "shutdown";
	else if (m->place == PLACE_COMING)
		s = "inmigrate";
	else if (m->place == PLACE_LEAVING)
		s = "finish-migrate";
	else if (m->place != PLACE_HERE)
		s = "postmigrate";
	else
		s = m->paused ? "paused" : "running";
	pthread_mutex_unlock(&m->lock);
	return s;
}
