/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The main thread while a guest runs: acts on what vcpus and the user request.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "platform/balloon.h"
#include "platform/console.h"
#include "platform/device.h"
#include "platform/events.h"
#include "platform/internal.h"
#include "platform/kind.h"
#include "platform/machine.h"
#include "platform/vcpu.h"

static void end_with(struct machine *m, int status)
{
	m->exit_status = status;
	machine_tell(m, EVENT_SHUTDOWN);
	loop_stop(m->loop);
}

int machine_powerdown(struct machine *m, struct error *err)
{
	if (!m->cfg.kind->powerdown)
		return error_set(err,
				 "a %s has no way to tell its guest: say it there ('poweroff'), or "
				 "end it without --powerdown",
				 m->cfg.kind->name);
	machine_tell(m, EVENT_POWERDOWN);
	m->cfg.kind->powerdown(m);
	return 0;
}

/*
 * It may have been handed over between the wish for a reset and now; then there is nothing to do.
 */
static void do_reset(struct machine *m)
{
	bool here = machine_claim(m, MOVE_USE) == PLACE_HERE;
	struct error err;

	if (here && machine_boot(m, &err)) {
		fprintf(stderr, "papyr: cannot start the guest again: %s\r\n", err.text);
		end_with(m, 1);
		return;
	}
	if (here)
		machine_tell(m, EVENT_RESET);
	machine_end_request(m);
}

static void on_wake(void *opaque, int fd, unsigned events)
{
	struct machine *m = opaque;
	enum machine_request request;
	u64 count;

	if (read(fd, &count, sizeof(count)) < 0)
		return;
	if (machine_debug_take_news(m))
		machine_tell(m, EVENT_DEBUG);
	if (balloon_take_news(m))
		machine_tell(m, EVENT_BALLOON);
	request = machine_take_request(m);
	m->ended_by = request;
	if (request != REQUEST_NONE)
		machine_tell(m, EVENT_RESET_OR_END);
	switch (request) {
	case REQUEST_NONE:
		break;
	case REQUEST_RESET:
		do_reset(m);
		break;
	case REQUEST_POWEROFF:
	case REQUEST_QUIT:
		end_with(m, 0);
		break;
	case REQUEST_PANIC:
		end_with(m, 3);
		break;
	case REQUEST_ERROR:
		end_with(m, 1);
		break;
	}
}

/* Signals that end the process are blocked while a guest runs: does one of them wait? */
static bool signal_waits(void)
{
	sigset_t set;

	sigpending(&set);
	return sigismember(&set, SIGINT) || sigismember(&set, SIGTERM) || sigismember(&set, SIGHUP);
}

/* A user who quits, by key or signal, doesn't wait for a terminal that stands still. */
static void drain(struct machine *m)
{
	bool patient = m->ended_by != REQUEST_QUIT && m->ended_by != REQUEST_ERROR;

	while (!console_drain(m->console, 1000) && patient && !signal_waits())
		;
}

/*
 * None enters the guest before all are there: the first one's guest may want something of the
 * others at once, and would do it by itself for one whose thread just begins (vcpu_run_on).
 */
static int start_threads(struct machine *m, struct error *err)
{
	bool here = machine_where(m) == PLACE_HERE;
	int r = 0;

	lock_acquire(&m->lock);
	/* A guest that was restored is here from the beginning. */
	if (here)
		machine_come_devices(m);
	for (unsigned i = 0; i < m->n_vcpus && !r; i++)
		r = vcpu_start_thread(&m->vcpus[i], err);
	lock_release(&m->lock);
	return r;
}

int machine_run(struct machine *m)
{
	struct error err;

	loop_add(m->loop, m->wake_fd, POLLIN, on_wake, m);
	if (start_threads(m, &err) || machine_start_devices(m, &err)) {
		fprintf(stderr, "papyr: %s\r\n", err.text);
		return 1;
	}
	/* Input that a restored guest has not fetched yet wants its interrupt again. */
	if (console_has_input(m->console))
		m->cfg.kind->input(m);
	loop_run(m->loop);
	machine_end_threads(m);
	drain(m);
	return m->exit_status;
}
