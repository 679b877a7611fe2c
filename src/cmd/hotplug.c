/* SPDX-License-Identifier: Apache-2.0 */
/*
 * papyr memory, papyr cpus: more or less of it for a guest that runs.
 */
#include <getopt.h>
#include <stdio.h>
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

struct wish {
	const char *name, *command, *key;
	u64 amount, timeout;
	bool json, no_wait, is_memory;
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
	if (optind + 2 != argc)
		return parsed_done(cmd_usage(verb, "wants a guest's name and how much"));
	w->name = argv[optind];
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
			 now > w->amount ? "the guest can't do without the rest, or is still at it"
			 : number(state, "pending") ? "the guest is still at it, or doesn't answer"
						    : "the guest did not take more");
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
	state = c ? ask_and_wait(c, w, &err) : NULL;
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
