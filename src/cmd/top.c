/* SPDX-License-Identifier: Apache-2.0 */
/*
 * papyr top: what a guest does, as rates.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cmd/top.h"

static const char help[] =
    "Usage: papyr top [NAME] [--json] [-n LOOKS] [-d SECONDS]\n"
    "Shows what a running guest does: its processors (state, where they are, how busy their host\n"
    "threads are, exits a second by reason), hypercalls, changes of the hashed page table, memory\n"
    "written; and its virtual cores ('c' on the terminal): how often their processors enter the "
    "guest,\n"
    "alone or to join others, sleep, and what wakes them; and what it costs to carry out its\n"
    "instructions ('e'): how many, what the engine's caches lack, how often they are dropped,\n"
    "what it translates. Without NAME: the one guest that runs.\n\n"
    "      --json           one line of JSON for each look\n"
    "  -n, --looks N        end after N looks (without it: at 'q', or when the guest is gone)\n"
    "  -d, --delay SECONDS  time between looks, from 0.1 (1 if not given)\n"
    "  -h, --help\n";

static const struct option options[] = {
    {"json", no_argument, NULL, 'j'},
    {"looks", required_argument, NULL, 'n'},
    {"delay", required_argument, NULL, 'd'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

#define DELAY_MIN 0.1
#define DELAY_MAX 3600

struct top {
	struct control *control;
	json_t *last; /* the answer before */
	double delay;
};

/* ---- From counters to rates ---- */

static double number(json_t *o, const char *key)
{
	return json_number_value(json_object_get(o, key));
}

static json_t *rate(json_t *from, json_t *to, const char *key, double seconds)
{
	json_t *a = json_object_get(from, key), *b = json_object_get(to, key);

	if (!json_is_number(a) || !json_is_number(b))
		return json_null();
	return json_real((json_number_value(b) - json_number_value(a)) / seconds);
}

/* Every counter of an object, or only those that moved. */
static json_t *rates_of(json_t *from, json_t *to, double seconds, bool moved)
{
	json_t *all = json_object(), *value;
	const char *key;

	json_object_foreach(to, key, value) {
		if (!moved || !json_equal(value, json_object_get(from, key)))
			json_object_set_new(all, key, rate(from, to, key, seconds));
	}
	return all;
}

static const char *vcpu_state(json_t *vcpu, double busy)
{
	if (!json_is_true(json_object_get(vcpu, "online")))
		return "offline";
	if (json_is_true(json_object_get(vcpu, "parked")))
		return "paused";
	return number(json_object_get(vcpu, "kvm"), "blocking") || busy < 0.01 ? "idle" : "running";
}

/* ---- The engine: sums of KVM's counters (cpu/counts.h) ---- */

#define SUM_MAX 5

static const struct {
	const char *key;
	const char *counters[SUM_MAX]; /* up to the first NULL */
} engine_rows[] = {
    {"instructions-per-s", {"instructions"}},
    {"turns-per-s", {"turns"}},
    {"interpreted-per-s", {"interpreted"}},
    {"exits-per-s", {"exits_function", "exits_unlinked", "exits_cold"}},
    {"jumps-missed-per-s", {"jumps_missed"}},
    {"pages-missed-per-s", {"loads_missed", "fetches_missed"}},
    {"table-searches-per-s", {"table_searches"}},
    {"flushes-per-s",
     {"flushes_segments", "flushes_all", "flushes_page", "flushes_code", "code_flushes"}},
    {"blocks-per-s", {"blocks_decoded"}},
    {"translating", {"decode_ns", "compile_ns"}},
};

/* null: this KVM counts none of it. */
static json_t *engine_rates(json_t *kvm_from, json_t *kvm_to, double seconds)
{
	json_t *all;

	if (!json_object_get(kvm_to, engine_rows[0].counters[0]))
		return json_null();
	all = json_object();
	for (size_t i = 0; i < ARRAY_SIZE(engine_rows); i++) {
		const char *const *counters = engine_rows[i].counters;
		double moved = 0;

		for (size_t j = 0; j < SUM_MAX && counters[j]; j++)
			moved += number(kvm_to, counters[j]) - number(kvm_from, counters[j]);
		json_object_set_new(all, engine_rows[i].key, json_real(moved / seconds));
	}
	/* Nanoseconds a second: rather a share of a host processor. */
	json_object_set_new(all, "translating", json_real(number(all, "translating") / 1e9));
	return all;
}

static json_t *vcpu_rates(json_t *from, json_t *to, double seconds)
{
	json_t *kvm_from = json_object_get(from, "kvm"), *kvm_to = json_object_get(to, "kvm");
	double busy = (number(to, "cpu-ns") - number(from, "cpu-ns")) / 1e9 / seconds;
	json_t *all =
	    json_pack("{s:O,s:O,s:s,s:f}", "id", json_object_get(to, "id"), "core",
		      json_object_get(to, "core"), "state", vcpu_state(to, busy), "busy", busy);
	json_t *nip = json_object_get(to, "nip");

	json_object_set(all, "nip", nip ? nip : json_null());
	json_object_set_new(all, "hypercalls-per-s", rate(kvm_from, kvm_to, "hypercalls", seconds));
	json_object_set_new(all, "exits-per-s", rate(from, to, "exits", seconds));
	json_object_set_new(all, "exits-by",
			    rates_of(json_object_get(from, "exits-by"),
				     json_object_get(to, "exits-by"), seconds, false));
	json_object_set_new(all, "engine", engine_rates(kvm_from, kvm_to, seconds));
	json_object_set_new(all, "kvm-per-s", rates_of(kvm_from, kvm_to, seconds, true));
	return all;
}

static void add_total(json_t *all, json_t *vcpus, const char *key)
{
	double total = 0;
	bool known = false;
	json_t *vcpu;
	size_t i;

	json_array_foreach(vcpus, i, vcpu) {
		if (json_is_number(json_object_get(vcpu, key))) {
			total += number(vcpu, key);
			known = true;
		}
	}
	json_object_set_new(all, key, known ? json_real(total) : json_null());
}

/* ---- Cores: the sums of their vcpus ---- */

static void add(json_t *sums, const char *key, double n)
{
	json_object_set_new(sums, key, json_real(number(sums, key) + n));
}

/* The counters of cores among KVM's own (hv/stats.h); KVMs that lack them leave @core without. */
static void add_to_core(json_t *core, json_t *kvm_from, json_t *kvm_to, double seconds)
{
	static const struct {
		const char *counter, *rate;
	} rows[] = {
	    {"core_entries", "entries-per-s"},
	    {"core_joins", "joins-per-s"},
	    {"core_naps", "naps-per-s"},
	    {"core_blocks", "blocks-per-s"},
	};
	static const char *const wakes[] = {"dec", "ext", "dbell", "prod", "pmu", "client"};
	json_t *by = json_object_get(core, "wakes-by");
	char counter[32];

	if (!json_object_get(kvm_to, rows[0].counter))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		add(core, rows[i].rate,
		    (number(kvm_to, rows[i].counter) - number(kvm_from, rows[i].counter)) /
			seconds);
	for (size_t i = 0; i < ARRAY_SIZE(wakes); i++) {
		snprintf(counter, sizeof(counter), "wakes_%s", wakes[i]);
		add(by, wakes[i], (number(kvm_to, counter) - number(kvm_from, counter)) / seconds);
	}
}

static json_t *core_of(json_t *cores, json_t *id)
{
	json_t *core;
	size_t i;

	json_array_foreach(cores, i, core) {
		if (json_equal(json_object_get(core, "id"), id))
			return core;
	}
	core = json_pack("{s:O,s:f,s:f,s:{}}", "id", id, "vcpus", 0.0, "busy", 0.0, "wakes-by");
	json_array_append_new(cores, core);
	return core;
}

/* @vcpus: their rates. */
static json_t *core_rates(json_t *from, json_t *to, json_t *vcpus, double seconds)
{
	json_t *cores = json_array(), *vcpu;
	size_t i;

	json_array_foreach(to, i, vcpu) {
		json_t *core = core_of(cores, json_object_get(vcpu, "core"));

		add(core, "vcpus", 1);
		add(core, "busy", number(json_array_get(vcpus, i), "busy"));
		add_to_core(core, json_object_get(json_array_get(from, i), "kvm"),
			    json_object_get(vcpu, "kvm"), seconds);
	}
	return cores;
}

/* A count since the look before. */
static json_t *per_second(json_t *o, const char *key, double seconds)
{
	json_t *n = json_object_get(o, key);

	return json_is_number(n) ? json_real(json_number_value(n) / seconds) : json_null();
}

static json_t *rates(json_t *from, json_t *to)
{
	double seconds = (number(to, "ns") - number(from, "ns")) / 1e9;
	json_t *vcpus = json_array(), *vcpu, *all;
	size_t i;

	if (seconds <= 0)
		seconds = 1e-9;
	json_array_foreach(json_object_get(to, "vcpus"), i, vcpu) {
		json_t *before = json_array_get(json_object_get(from, "vcpus"), i);

		json_array_append_new(vcpus, vcpu_rates(before, vcpu, seconds));
	}
	all = json_pack("{s:O,s:O,s:f,s:O,s:O}", "name", json_object_get(to, "name"), "status",
			json_object_get(to, "status"), "seconds", seconds, "memory",
			json_object_get(to, "memory"), "htab-order",
			json_object_get(to, "htab-order"));
	add_total(all, vcpus, "exits-per-s");
	add_total(all, vcpus, "hypercalls-per-s");
	json_object_set_new(all, "htab-changes-per-s", per_second(to, "htab-changed", seconds));
	json_object_set_new(all, "htab-bytes-per-s", per_second(to, "htab-bytes", seconds));
	json_object_set_new(all, "dirty-bytes-per-s", per_second(to, "dirty-bytes", seconds));
	json_object_set_new(all, "vcpus", vcpus);
	json_object_set_new(all, "cores",
			    core_rates(json_object_get(from, "vcpus"), json_object_get(to, "vcpus"),
				       vcpus, seconds));
	return all;
}

/* ---- Looks ---- */

static json_t *look(struct top *top, struct error *err)
{
	return control_execute(top->control, "x-stats", json_pack("{s:b}", "registers", 1), err);
}

json_t *top_next(struct top *top, struct error *err)
{
	struct timespec t = {.tv_sec = top->delay,
			     .tv_nsec = (top->delay - (time_t)top->delay) * 1e9};
	json_t *now, *all;

	nanosleep(&t, NULL);
	now = look(top, err);
	if (!now)
		return NULL;
	all = rates(top->last, now);
	json_decref(top->last);
	top->last = now;
	return all;
}

double *top_delay(struct top *top)
{
	return &top->delay;
}

/* ---- The verb ---- */

static int print_lines(struct top *top, u64 looks)
{
	struct error err;

	for (u64 i = 0; !looks || i < looks; i++) {
		json_t *all = top_next(top, &err);

		if (!all)
			return cmd_error("%s", err.text);
		json_dumpf(all, stdout,
			   JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(6));
		json_decref(all);
		putchar('\n');
		if (fflush(stdout))
			return cmd_error("cannot write");
	}
	return STATUS_OK;
}

/* The name of the only guest that runs, to be freed; NULL: there is none, or it can't be told. */
static char *only_guest(void)
{
	size_t n, running = 0;
	char **names = control_names(&n), *found = NULL;

	for (size_t i = 0; i < n; i++) {
		struct control *c = control_open(names[i], NULL);

		if (c && !running++)
			found = strdup(names[i]);
		control_close(c);
		free(names[i]);
	}
	free(names);
	if (running == 1)
		return found;
	free(found);
	cmd_error(running ? "%zu guests are running: say which"
			  : "no guests are running (%zu); 'papyr run' starts one",
		  running);
	return NULL;
}

static int run(const char *name, double delay, bool json, u64 looks)
{
	struct top top = {.delay = delay};
	struct error err;
	int status;

	top.control = control_open(name, &err);
	top.last = top.control ? look(&top, &err) : NULL;
	if (!top.last)
		status = cmd_error("%s", err.text);
	else
		status = json ? print_lines(&top, looks) : top_screen(&top, looks);
	json_decref(top.last);
	control_close(top.control);
	return status;
}

int cmd_top(int argc, char **argv)
{
	double delay = 1;
	bool json = false;
	u64 looks = 0;
	char *only = NULL;
	int opt, status;

	while ((opt = getopt_long(argc, argv, "n:d:h", options, NULL)) != -1) {
		switch (opt) {
		case 'j':
			json = true;
			break;
		case 'n':
			if (!parse_uint(optarg, 1, UINT32_MAX, &looks))
				return cmd_usage("top", "'%s' is not a number of looks", optarg);
			break;
		case 'd':
			if (!parse_number(optarg, DELAY_MIN, DELAY_MAX, &delay))
				return cmd_usage("top", "the delay must be from %.1f to %u seconds",
						 DELAY_MIN, DELAY_MAX);
			break;
		case 'h':
			fputs(help, stdout);
			return STATUS_OK;
		default:
			fputs("Try 'papyr top --help'.\n", stderr);
			return STATUS_ERROR;
		}
	}
	if (argc - optind > 1)
		return cmd_usage("top", "what is '%s'?", argv[optind + 1]);
	if (!json && !isatty(STDOUT_FILENO))
		return cmd_usage("top", "this is no terminal; --json writes lines");
	if (optind == argc && !(only = only_guest()))
		return STATUS_ERROR;
	status = run(only ? only : argv[optind], delay, json, looks);
	free(only);
	return status;
}
