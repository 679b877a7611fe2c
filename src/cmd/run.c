/* SPDX-License-Identifier: Apache-2.0 */
/*
 * papyr run: a guest from a kernel, from a saved image, or the built-in one.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cmd/demo.h"
#include "cmd/progress.h"
#include "cmd/run.h"
#include "migration/channel/fault.h"
#include "migration/file/file.h"
#include "migration/state/config.h"
#include "monitor/paths.h"
#include "monitor/qmp.h"
#include "platform/console.h"

static void on_signal(void *opaque, int fd, unsigned events)
{
	struct machine *m = opaque;
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) == sizeof(info))
		machine_fail(m, "ended by signal %u (%s)", info.ssi_signo,
			     strsignal(info.ssi_signo));
}

/* Signals that end the process end the guest in order instead. */
static int watch_signals(struct machine *m)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fd >= 0)
		loop_add(m->loop, fd, POLLIN, on_signal, m);
	signal(SIGPIPE, SIG_IGN);
	return fd;
}

/* Opens the saved guest and makes its machine the wanted one. */
static struct migration_image *open_saved(struct run_options *o, struct progress *bar,
					  struct error *err)
{
	struct machine_config asked = o->cfg;
	struct migration_image *saved;

	progress_begin(bar, "Checking");
	saved = migration_open(o->restore, progress_show, bar, err);
	progress_end(bar);
	if (saved && (migration_config(saved, &o->cfg, err) ||
		      config_agrees(&o->cfg, &asked, o->given, err))) {
		migration_close(saved);
		return NULL;
	}
	return saved;
}

static bool deferred(const struct run_options *o)
{
	return o->incoming && !strcmp(o->incoming, "defer");
}

static void complain(const char *why)
{
	cmd_error("%s; waiting for another", why);
}

/* A guest keeps its name, unless another has it here: as its source does on the same host. */
static void take_name(struct run_options *o, const char *name)
{
	if (!o->name_given && run_name_ok(name) && qmp_name_is_free(name))
		snprintf(o->name, sizeof(o->name), "%s", name);
}

static struct machine *new_machine(struct run_options *o, struct error *err)
{
	struct machine *m = machine_new(&o->cfg, err);

	if (m && (run_add_devices(m, o, err) ||
		  (o->trace.events && machine_trace(m, o->trace.events, o->trace_fd, err)))) {
		machine_free(m);
		return NULL;
	}
	return m;
}

/* Waits for the guest, and makes the machine as it is. */
static struct machine *machine_for_arrival(struct run_options *o, struct arrival **arrival,
					   struct error *err)
{
	struct machine_config asked = o->cfg;
	struct machine *m = NULL;
	struct arrival *a;

	a = *arrival = arrival_wait(o->incoming, &o->live, complain, err);
	if (!a)
		return NULL;
	take_name(o, arrival_machine(a)->name);
	if (!arrival_config(a, &o->cfg, err) && !config_agrees(&o->cfg, &asked, o->given, err))
		m = new_machine(o, err);
	if (!m)
		arrival_refuse(a, err->text);
	return m;
}

/* Puts the guest into the machine: saved or new. */
static int fill(struct machine *m, struct migration_image *saved, struct progress *bar,
		struct error *err)
{
	int r;

	if (!saved)
		return machine_boot(m, err);
	progress_begin(bar, "Restoring");
	r = migration_restore(m, saved, progress_show, bar, err);
	progress_end(bar);
	return r;
}

/* The guest's threads don't run yet. */
static int wait_for_gdb(struct run_options *o, struct machine *m, struct qmp *qmp,
			struct error *err)
{
	const char *address;

	if (!o->gdb)
		return 0;
	address = qmp_wait_for_gdb(qmp, o->gdb_where, err);
	if (!address)
		return -1;
	if (o->gdb_waits)
		machine_debug_wait(m);
	cmd_note("in gdb: target remote %s", address);
	return 0;
}

static void say_panic(const char *text)
{
	char words[600];

	snprintf(words, sizeof(words), "the guest panicked (ibm,os-term)%s%s", *text ? ": " : "",
		 text);
	cmd_last_words(words);
}

/* What the user is told at the end, besides the exit status. */
static void say_why(enum machine_request ended_by, const struct error *failure)
{
	if (ended_by == REQUEST_ERROR)
		cmd_last_words(failure->text);
	else if (ended_by == REQUEST_PANIC)
		say_panic(failure->text);
}

static int add_paths(const struct run_options *o, struct sandbox *s, struct error *err)
{
	static char control[CONTROL_PATH_MAX];

	if (control_dir_make(err) || control_dir(control, sizeof(control), err))
		return -1;
	sandbox_add_path(s, control, SANDBOX_CHANGE);
	sandbox_add_path(s, o->cfg.kernel, SANDBOX_READ);
	sandbox_add_path(s, o->cfg.initrd, SANDBOX_READ);
	sandbox_add_path(s, o->restore, SANDBOX_READ);
	sandbox_add_path(s, o->saves, SANDBOX_CHANGE);
	run_add_device_paths(o, s);
	return 0;
}

/* What this guest needs of the host: the rest is given up. */
static int begin_sandbox(struct run_options *o, struct error *err)
{
	struct sandbox *s = &o->sandbox;

	s->tight = o->tight;
	/* Its user may say at any time where a guest goes, and who may debug it. */
	s->inet = s->sockets = !o->tight;
	s->has_child = o->incoming;
	for (unsigned i = 0; i < o->n_nets; i++) {
		s->inet |= o->nets[i].kind == NET_USER;
		s->tap |= o->nets[i].kind == NET_TAP;
	}
	for (unsigned i = 0; i < o->n_disks; i++)
		s->has_child |= o->disks[i].block.format == BLOCK_QCOW2;
	if (o->tight && add_paths(o, s, err))
		return -1;
	return sandbox_begin(s, err);
}

static int run(struct run_options *o)
{
	struct migration_image *saved = NULL;
	struct progress bar;
	struct error err = {""};
	struct machine *m = NULL;
	struct live *live = NULL;
	struct arrival *arrival = NULL;
	struct qmp *qmp = NULL;
	enum machine_request ended_by = REQUEST_ERROR;
	int status = STATUS_ERROR, fd = -1;

	if (!o->no_sandbox && begin_sandbox(o, &err))
		return cmd_error("%s", err.text);
	if (o->restore && !(saved = open_saved(o, &bar, &err)))
		return cmd_error("%s", err.text);
	if (o->incoming && !deferred(o))
		m = machine_for_arrival(o, &arrival, &err);
	else
		m = new_machine(o, &err);
	if (!m)
		goto out;
	live = live_new(m);
	live_set_params(live, &o->live);
	fd = watch_signals(m);
	qmp = qmp_new(m, live, &err);
	if (!qmp || wait_for_gdb(o, m, qmp, &err) ||
	    (!o->no_sandbox && sandbox_close(&err)))
		goto out;
	if (o->incoming) {
		live_expect(live);
		if (arrival && live_receive_guest(live, arrival, &err))
			goto out;
	} else {
		if (fill(m, saved, &bar, &err))
			goto out;
		console_start(m->console);
	}
	status = machine_run(m);
	err = *machine_failure(m);
	ended_by = m->ended_by;
out:
	/* The terminal is the user's again before anything is said. */
	qmp_free(qmp);
	live_free(live);
	machine_free(m);
	arrival_free(arrival);
	migration_close(saved);
	if (fd >= 0)
		close(fd);
	say_why(ended_by, &err);
	return status;
}

int cmd_run(int argc, char **argv)
{
	struct run_options o = {
	    .cfg =
		{
		    .mem_bytes = 1ull << 30,
		    .n_vcpus = 1,
		    .threads = 1,
		    .rma_count = 1,
		    .builtin = demo_guest,
		    .builtin_bytes = demo_guest_bytes,
		    .in_fd = STDIN_FILENO,
		    .out_fd = STDOUT_FILENO,
		},
	    .accel = "papyr",
	};
	char why[TRACE_WHY];
	struct parsed parsed;
	struct error err;

	live_default_params(&o.live);
	snprintf(o.name, sizeof(o.name), "papyr-%d", getpid());
	parsed = run_parse(argc, argv, &o);
	if (parsed.done)
		return parsed.status;
	if (o.trace.events && (o.trace_fd = trace_open(&o.trace, why)) < 0)
		return cmd_error("--trace: %s", why);
	o.cfg.name = o.name;
	o.cfg.accel = accel_find(o.accel, &err);
	if (!o.cfg.accel || fault_order(getenv("PAPYR_FAULT"), &err))
		return cmd_error("%s", err.text);
	return run(&o);
}
