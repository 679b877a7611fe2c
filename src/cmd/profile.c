/* SPDX-License-Identifier: Apache-2.0 */
/*
 * papyr profile: where a running guest spends its time.
 */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <papyr/papyr.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/samples.h"
#include "cmd/tracing.h"
#include "monitor/client.h"

static const char help[] =
    "Usage: papyr profile NAME [OPTION]...\n"
    "Looks for a while where a running guest's processors are, a thousand times a second each as\n"
    "long as they compute, and prints which functions that was in. Kernel functions have names\n"
    "if the kernel's file has symbols; user programs are told by address, in pieces of 1 KiB.\n"
    "Whatever else was traced of the guest is not any more.\n\n"
    "  -d, --duration SECONDS  how long, from 0.1 (5 if not given); Ctrl-C ends it before\n"
    "  -s, --symbols FILE      vmlinux or System.map (default: the kernel that the guest was\n"
    "                          started with)\n"
    "  -n, --lines N           print the N most frequent functions (default 30)\n"
    "      --folded            print stacks instead, \"caller;...;function COUNT\", as\n"
    "                          flamegraph.pl reads them\n"
    "      --json              all functions and stacks, for programs\n"
    "  -h, --help\n";

static const struct option options[] = {
    {"duration", required_argument, NULL, 'd'},
    {"symbols", required_argument, NULL, 's'},
    {"lines", required_argument, NULL, 'n'},
    {"folded", no_argument, NULL, 'f'},
    {"json", no_argument, NULL, 'j'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

#define DURATION_MIN 0.1
#define DURATION_MAX 86400

struct profile {
	const char *guest, *file;
	double duration;
	u64 lines;
	bool folded, json;
	unsigned vcpus; /* of the guest */
	double seconds; /* that it took */
	struct symbols *symbols;
	struct samples samples;
};

/* ---- Looking ---- */

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* Whole lines of @buf; what is left of the last one goes to its start. */
static bool take_lines(struct profile *p, char *buf, size_t *len)
{
	char *line = buf, *end;

	buf[*len] = 0;
	while ((end = strchr(line, '\n'))) {
		*end = 0;
		if (!samples_add(&p->samples, line))
			return false;
		line = end + 1;
	}
	*len -= line - buf;
	memmove(buf, line, *len);
	return true;
}

/* Until the time is over, Ctrl-C, or the guest's end. */
static int look(struct profile *p, int fd)
{
	static char buf[65536];
	double from = now();
	size_t len = 0;

	while (!stopped) {
		struct pollfd poll_fd = {fd, POLLIN, 0};
		double left = p->duration - (now() - from);
		ssize_t n;

		if (left <= 0)
			break;
		if (poll(&poll_fd, 1, left < 1 ? (int)(left * 1000) + 1 : 1000) <= 0)
			continue;
		n = read(fd, buf + len, sizeof(buf) - 1 - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += n;
		if (!take_lines(p, buf, &len))
			return cmd_error("no memory");
	}
	p->seconds = now() - from;
	return STATUS_OK;
}

/* ---- Printing ---- */

static const char *busy(const struct profile *p, char *buf, size_t size)
{
	snprintf(buf, size, "%.0f %%",
		 100 * p->samples.n / (p->seconds * p->vcpus * PAPYR_TRACE_SAMPLES_HZ));
	return buf;
}

static void print_functions(const struct profile *p)
{
	const struct samples *s = &p->samples;
	char buf[32];
	size_t n;
	struct tally **list = samples_functions(s, &n);

	printf("%.1f s, %u processor%s, busy for %s: %llu samples", p->seconds, p->vcpus,
	       p->vcpus == 1 ? "" : "s", busy(p, buf, sizeof(buf)), (unsigned long long)s->n);
	for (unsigned i = 0; i < SAMPLE_STATES; i++)
		printf(", %.0f %% %s", s->n ? 100.0 * s->by_state[i] / s->n : 0,
		       sample_state_names[i]);
	puts("\n\n share  samples  where   what");
	for (size_t i = 0; i < n && i < p->lines; i++)
		printf("%5.1f%% %8llu  %-6s  %s\n", 100.0 * list[i]->count / s->n,
		       (unsigned long long)list[i]->count, sample_state_names[list[i]->state],
		       list[i]->text);
	free(list);
}

static void print_folded(const struct profile *p)
{
	size_t n;
	struct tally **list = samples_stacks(&p->samples, &n);

	for (size_t i = 0; i < n; i++)
		printf("%s %llu\n", list[i]->text, (unsigned long long)list[i]->count);
	free(list);
}

static json_t *tallies(struct tally **list, size_t n)
{
	json_t *all = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(all, json_pack("{s:s,s:s,s:I}", "what", list[i]->text,
						     "where", sample_state_names[list[i]->state],
						     "samples", (json_int_t)list[i]->count));
	free(list);
	return all;
}

static void print_json(const struct profile *p)
{
	const struct samples *s = &p->samples;
	size_t n_functions, n_stacks;
	struct tally **functions = samples_functions(s, &n_functions);
	struct tally **stacks = samples_stacks(s, &n_stacks);
	json_t *all = json_pack("{s:s,s:f,s:i,s:I,s:I,s:o,s:o}", "name", p->guest, "seconds",
				p->seconds, "vcpus", p->vcpus, "samples", (json_int_t)s->n, "lost",
				(json_int_t)s->lost, "functions", tallies(functions, n_functions),
				"stacks", tallies(stacks, n_stacks));

	json_dumpf(all, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(all);
}

static int print(const struct profile *p)
{
	if (p->json)
		print_json(p);
	else if (p->folded)
		print_folded(p);
	else
		print_functions(p);
	if (p->samples.lost)
		cmd_note("%llu samples were lost: this command didn't get to read them in time",
			 (unsigned long long)p->samples.lost);
	return fflush(stdout) ? cmd_error("cannot write: %s", strerror(errno)) : STATUS_OK;
}

/* ---- The verb ---- */

/* Of the file that was given, or else of the guest's kernel, if that has any. */
static int find_symbols(struct profile *p, const char *kernel)
{
	const char *path = p->file ? p->file : kernel;
	struct error err;

	p->symbols = path ? symbols_open(path, &err) : NULL;
	p->samples.symbols = p->symbols;
	if (p->symbols || (!p->file && !kernel))
		return STATUS_OK;
	if (p->file)
		return cmd_error("%s", err.text);
	cmd_note("no names of kernel functions: %s (--symbols FILE)", err.text);
	return STATUS_OK;
}

static int profile(struct profile *p, json_t *info)
{
	struct error err;
	int fd, status = find_symbols(p, json_string_value(json_object_get(info, "kernel")));

	p->vcpus = json_array_size(json_object_get(info, "vcpus"));
	if (status != STATUS_OK)
		return status;
	fd = tracing_start(p->guest, "sample", &err);
	if (fd < 0)
		return cmd_error("%s", err.text);
	signal(SIGINT, stop);
	status = look(p, fd);
	close(fd);
	return status == STATUS_OK ? print(p) : status;
}

static int run(struct profile *p)
{
	struct error err;
	struct control *c = control_open(p->guest, &err);
	json_t *info = c ? control_execute(c, "x-info", NULL, &err) : NULL;
	int status = info ? profile(p, info) : cmd_error("%s", err.text);

	samples_free(&p->samples);
	symbols_close(p->symbols);
	json_decref(info);
	control_close(c);
	return status;
}

int cmd_profile(int argc, char **argv)
{
	struct profile p = {.duration = 5, .lines = 30};
	int opt;

	while ((opt = getopt_long(argc, argv, "d:s:n:h", options, NULL)) != -1) {
		switch (opt) {
		case 'd':
			if (!parse_number(optarg, DURATION_MIN, DURATION_MAX, &p.duration))
				return cmd_usage("profile",
						 "the duration must be from %.1f to %u seconds",
						 DURATION_MIN, DURATION_MAX);
			break;
		case 's':
			p.file = optarg;
			break;
		case 'n':
			if (!parse_uint(optarg, 1, UINT32_MAX, &p.lines))
				return cmd_usage("profile", "'%s' is not a number of lines",
						 optarg);
			break;
		case 'f':
			p.folded = true;
			break;
		case 'j':
			p.json = true;
			break;
		case 'h':
			fputs(help, stdout);
			return STATUS_OK;
		default:
			fprintf(stderr, "Try 'papyr profile --help'.\n");
			return STATUS_ERROR;
		}
	}
	if (optind + 1 != argc)
		return cmd_usage("profile", "wants one guest's name");
	p.guest = argv[optind];
	return run(&p);
}
