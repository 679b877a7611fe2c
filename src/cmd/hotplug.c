/* SPDX-License-Identifier: Apache-2.0 */
/*
 * papyr memory, papyr cpus, papyr balloon: more or less of it for a guest that runs.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cmd/cmd.h"
#include "monitor/client.h"

#define TIMEOUT_SECONDS 30
#define TIMEOUT_MOST	86400

static const char help_memory[] =
    "Usage: papyr memory NAME SIZE [--timeout SECONDS|--no-wait] [--json]\n"
    "Gives a running guest more memory, or asks it to give some back, until it has SIZE: between\n"
    "what it started with and what 'papyr run -m SIZE,max=SIZE' allows, in steps of 256M. The\n"
    "guest gives back only what it can do without.\n\n"
    "      --timeout SECONDS  how long to wait until the guest has done it (default 30)\n"
    "      --no-wait          only ask the guest; it does it when it likes\n"
    "      --json             print what the guest has as JSON\n"
    "      --help\n\n"
    "Exit status: 0 the guest has SIZE, or was asked; 1 it has not, or an error.\n";

static const char help_cpus[] =
    "Usage: papyr cpus NAME N [--timeout SECONDS|--no-wait] [--json]\n"
    "Gives a running guest more processors, or takes some away, until it has N and has started\n"
    "those that came: from one core to what 'papyr run -c N,max=N' allows. The threads of a core\n"
    "come and go together.\n\n"
    "      --timeout SECONDS  how long to wait until the guest has done it (default 30)\n"
    "      --no-wait          only ask the guest; it does it when it likes\n"
    "      --json             print what the guest has as JSON\n"
    "      --help\n\n"
    "Exit status: 0 the guest has N, or was asked; 1 it has not, or an error.\n";

static const char help_balloon[] =
    "Usage: papyr balloon NAME [SIZE] [--timeout SECONDS|--no-wait] [--json]\n"
    "Has a running guest that was started with --balloon give up memory, page by page, until it\n"
    "uses no more than SIZE, or take it back. The guest gives up only what it can do without, and\n"
    "takes back by itself what it needs urgently. Without SIZE: shows what it uses.\n\n"
    "      --timeout SECONDS  how long to wait until the guest has done it (default 30)\n"
    "      --no-wait          only ask the guest; it does it when it likes\n"
    "      --json             print what the guest has, and what it tells of it, as JSON\n"
    "      --help\n\n"
    "Exit status: 0 the guest uses SIZE, or was asked; 1 it doesn't, or an error.\n";

#define STATISTICS_MS 2000 /* a guest that lives has told them long before */

struct wish {
	const char *name, *command, *key;
	u64 amount, timeout;
	bool json, no_wait, is_memory;
	bool may_ask; /* without an amount: how much is there? */
	bool asks;
};

static struct parsed parse(int argc, char **argv, const char *help, struct wish *w)
{
	static const struct option options[] = {
	    {"timeout", required_argument, NULL, 't'},
	    {"no-wait", no_argument, NULL, 'n'},
	    {"json", no_argument, NULL, 'j'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0},
	};
	const char *verb = strrchr(argv[0], ' ') + 1;
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 't':
			if (!parse_uint(optarg, 0, TIMEOUT_MOST, &w->timeout))
				return parsed_done(cmd_usage(verb,
							     "--timeout %s: not 0 to %u seconds",
							     optarg, TIMEOUT_MOST));
			break;
		case 'n':
			w->no_wait = true;
			break;
		case 'j':
			w->json = true;
			break;
		case 'h':
			fputs(help, stdout);
			return parsed_done(STATUS_OK);
		default:
			fprintf(stderr, "Try 'papyr %s --help'.\n", verb);
			return parsed_done(STATUS_ERROR);
		}
	}
	w->asks = w->may_ask && optind + 1 == argc;
	if (optind + 2 != argc && !w->asks)
		return parsed_done(cmd_usage(verb, "wants a guest's name and how much"));
	w->name = argv[optind];
	if (w->asks)
		return (struct parsed){0};
	if (w->is_memory ? !parse_size(argv[optind + 1], &w->amount)
			 : !parse_uint(argv[optind + 1], 1, 65536, &w->amount))
		return parsed_done(cmd_usage(verb, "'%s' is no %s", argv[optind + 1],
					     w->is_memory ? "size" : "number of processors"));
	return (struct parsed){0};
}

static u64 number(json_t *state, const char *key)
{
	return json_integer_value(json_object_get(state, key));
}

static u64 now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ull + t.tv_nsec / 1000000;
}

/* Says the wish, and looks until the guest has done all of it, or for too long. */
static json_t *ask_and_wait(struct control *c, const struct wish *w, struct error *err)
{
	const struct timespec pause = {.tv_nsec = 20000000};
	u64 end = now_ms() + w->timeout * 1000;
	json_t *state =
	    control_execute(c, w->command, json_pack("{s:I}", w->key, (json_int_t)w->amount), err);

	while (state && !w->no_wait && number(state, "pending") && now_ms() < end) {
		nanosleep(&pause, NULL);
		json_decref(state);
		state = control_execute(c, w->command, NULL, err);
	}
	return state;
}

/* Statistics are told soon after they were asked for. */
static json_t *ask_and_hear(struct control *c, const struct wish *w, struct error *err)
{
	const struct timespec pause = {.tv_nsec = 20000000};
	u64 end = now_ms() + STATISTICS_MS, told;
	json_t *state = control_execute(c, w->command, NULL, err);

	told = number(state, "told");
	while (state && json_is_true(json_object_get(state, "driver")) &&
	       number(state, "told") == told && now_ms() < end) {
		nanosleep(&pause, NULL);
		json_decref(state);
		state = control_execute(c, w->command, NULL, err);
	}
	return state;
}

static const char *amount(const struct wish *w, u64 n, char *buf, size_t size)
{
	if (w->is_memory)
		snprintf(buf, size, "%llu MiB", (unsigned long long)(n >> 20));
	else
		snprintf(buf, size, "%llu vcpus", (unsigned long long)n);
	return buf;
}

static int tell_what_lacks(const struct wish *w, json_t *state)
{
	u64 now = number(state, "now");
	char has[32], wanted[32];

	if (now == w->amount && !w->is_memory)
		return cmd_error("%s has %s, and has started %llu of them: the guest is still at "
				 "it, or leaves them off on purpose",
				 w->name, amount(w, now, has, sizeof(has)),
				 (unsigned long long)number(state, "online"));
	return cmd_error("%s has %s, not %s: %s", w->name, amount(w, now, has, sizeof(has)),
			 amount(w, w->amount, wanted, sizeof(wanted)),
			 json_is_false(json_object_get(state, "driver"))
			     ? "its kernel has no driver for the balloon, or hasn't loaded it"
			 : now > w->amount
			     ? "the guest can't do without the rest, or is still at it"
			 : number(state, "pending") ? "the guest is still at it, or doesn't answer"
						    : "the guest did not take more");
}

static int tell_use(const struct wish *w, json_t *state)
{
	json_t *statistics = json_object_get(state, "statistics"), *value;
	const char *key;

	printf("%s has %llu of %llu MiB\n", w->name,
	       (unsigned long long)(number(state, "now") >> 20),
	       (unsigned long long)(number(state, "max") >> 20));
	json_object_foreach(statistics, key, value) {
		u64 n = json_integer_value(value);
		/* Faults and huge pages are counted, all else is in bytes. */
		bool counted = strstr(key, "fault") || strstr(key, "huge");

		printf("  %-14s %llu%s\n", key, (unsigned long long)(counted ? n : n >> 20),
		       counted ? "" : " MiB");
	}
	return STATUS_OK;
}

static int tell(const struct wish *w, json_t *state)
{
	u64 now = number(state, "now");
	bool done = now == w->amount && !number(state, "pending");
	char has[32], wanted[32];

	amount(w, now, has, sizeof(has));
	if (w->json) {
		json_dumpf(state, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
		putchar('\n');
	}
	if (w->asks)
		return w->json ? STATUS_OK : tell_use(w, state);
	if (!done && !w->no_wait)
		return tell_what_lacks(w, state);
	if (!w->json && done)
		printf("%s has %s\n", w->name, has);
	else if (!w->json)
		printf("%s has %s, and was asked to have %s\n", w->name, has,
		       amount(w, w->amount, wanted, sizeof(wanted)));
	return STATUS_OK;
}

static int run(int argc, char **argv, const char *help, struct wish *w)
{
	struct parsed p = parse(argc, argv, help, w);
	struct control *c;
	struct error err;
	json_t *state;
	int status;

	if (p.done)
		return p.status;
	c = control_open(w->name, &err);
	state = !c ? NULL : w->asks ? ask_and_hear(c, w, &err) : ask_and_wait(c, w, &err);
	status = state ? tell(w, state) : cmd_error("%s", err.text);
	json_decref(state);
	control_close(c);
	return status;
}

int cmd_memory(int argc, char **argv)
{
	struct wish w = {
	    .command = "x-memory", .key = "size", .timeout = TIMEOUT_SECONDS, .is_memory = true};

	return run(argc, argv, help_memory, &w);
}

int cmd_cpus(int argc, char **argv)
{
	struct wish w = {.command = "x-cpus", .key = "count", .timeout = TIMEOUT_SECONDS};

	return run(argc, argv, help_cpus, &w);
}

int cmd_balloon(int argc, char **argv)
{
	struct wish w = {.command = "x-balloon",
			 .key = "size",
			 .timeout = TIMEOUT_SECONDS,
			 .is_memory = true,
			 .may_ask = true};

	return run(argc, argv, help_balloon, &w);
}
