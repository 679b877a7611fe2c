/* SPDX-License-Identifier: Apache-2.0 */
/*
 * papyr htab: a guest's hashed page table, of a running guest or out of a file.
 */
#include <getopt.h>
#include <stdlib.h>

#include "cmd/htab.h"

static const char help[] =
    "Usage: papyr htab stat NAME|FILE [--json]\n"
    "       papyr htab dump NAME|FILE [--json|--csv]\n"
    "       papyr htab verify NAME|FILE [--json]\n"
    "       papyr htab diff NAME|FILE NAME|FILE [--json]\n"
    "       papyr htab plot NAME|FILE [-o OUT.png|OUT.svg]... [--seconds N]\n"
    "Shows the hashed page table of a running guest, or of FILE: one that papyr save wrote, a raw\n"
    "stream of a table's descriptor (KVM_PPC_GET_HTAB_FD) of either byte order, or a migration of\n"
    "QEMU's pseries machine, also inside a qcow2 image by savevm.\n\n"
    "stat    how full it is, and with what\n"
    "dump    every valid entry: its place, its doublewords, and what they say\n"
    "verify  whether every entry can be right and is where it belongs; exit status 4 if not\n"
    "diff    entries added, removed, changed; exit status 0 if there are none, 4 if there are\n"
    "plot    a picture of how full each part of the table is; of a running guest also of how "
    "often\n"
    "        its entries change, for --seconds (5; 0: not at all). Without -o: NAME-htab.png\n"
    "        and NAME-htab.svg\n\n"
    "      --json         for scripts; dump: one entry a line\n"
    "      --csv          dump: commas between, a line of names first\n"
    "  -o, --output FILE  plot: may be given twice\n"
    "      --seconds N    plot: how long to watch\n"
    "  -m, --memory SIZE  the guest's memory, where FILE doesn't say it (for pages without "
    "memory)\n"
    "      --order N      the table takes 2^N bytes, where a raw stream tells only part of it\n"
    "  -h, --help\n";

enum { OPT_JSON = 256, OPT_CSV, OPT_SECONDS, OPT_ORDER };

static const struct option options[] = {
    {"json", no_argument, NULL, OPT_JSON},    {"csv", no_argument, NULL, OPT_CSV},
    {"output", required_argument, NULL, 'o'}, {"seconds", required_argument, NULL, OPT_SECONDS},
    {"memory", required_argument, NULL, 'm'}, {"order", required_argument, NULL, OPT_ORDER},
    {"help", no_argument, NULL, 'h'},	      {0},
};

#define WATCH_MAX 86400

static int set_form(struct htab_options *o, enum htab_form form)
{
	if (o->form != FORM_TEXT && o->form != form)
		return cmd_usage("htab", "--json or --csv, not both");
	o->form = form;
	return 0;
}

/* 0: an option; 1: a wrong one, said; 2: nothing left to do. */
static int take_option(int opt, struct htab_options *o)
{
	u64 n;

	switch (opt) {
	case OPT_JSON:
		return set_form(o, FORM_JSON);
	case OPT_CSV:
		return set_form(o, FORM_CSV);
	case 'o':
		if (o->n_out == ARRAY_SIZE(o->out))
			return cmd_usage("htab", "-o can be given twice, not more");
		o->out[o->n_out++] = optarg;
		return 0;
	case OPT_SECONDS:
		if (!parse_uint(optarg, 0, WATCH_MAX, &o->seconds))
			return cmd_usage("htab", "--seconds must be a number up to %u", WATCH_MAX);
		return 0;
	case 'm':
		if (!parse_size(optarg, &o->mem_bytes))
			return cmd_usage("htab", "'%s' is not a size", optarg);
		return 0;
	case OPT_ORDER:
		if (!parse_uint(optarg, TABLE_ORDER_MIN, TABLE_ORDER_MAX, &n))
			return cmd_usage("htab", "--order must be from %u to %u", TABLE_ORDER_MIN,
					 TABLE_ORDER_MAX);
		o->order = n;
		return 0;
	case 'h':
		fputs(help, stdout);
		return 2;
	default:
		fputs("Try 'papyr htab --help'.\n", stderr);
		return 1;
	}
}

static int run_one(const char *what, const struct htab_options *o,
		   int (*verb)(const struct table *t, const struct htab_options *o))
{
	struct table t;
	int status;

	if (htab_get(what, o, &t))
		return STATUS_ERROR;
	status = verb(&t, o);
	table_free(&t);
	return status;
}

static int run_diff(const char *const *what, const struct htab_options *o)
{
	struct table a, b;
	int status = STATUS_ERROR;

	if (htab_get(what[0], o, &a))
		return STATUS_ERROR;
	if (!htab_get(what[1], o, &b)) {
		status = htab_diff(&a, &b, o);
		table_free(&b);
	}
	table_free(&a);
	return status;
}

static int run_verb(const char *verb, const char *const *what, int n, const struct htab_options *o)
{
	static const char *const verbs[] = {"stat", "dump", "verify", "diff", "plot"};
	bool diff = !strcmp(verb, "diff"), dump = !strcmp(verb, "dump");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(verbs) && strcmp(verb, verbs[i]); i++)
		;
	if (i == ARRAY_SIZE(verbs))
		return cmd_usage("htab", "there is no '%s', but stat, dump, verify, diff and plot",
				 verb);
	if (o->form == FORM_CSV && !dump)
		return cmd_usage("htab", "--csv is for dump");
	if (n < 1 + diff)
		return cmd_usage("htab", "%s wants %s", verb,
				 diff ? "two tables" : "a guest's name, or a file");
	if (n > 1 + diff)
		return cmd_usage("htab", "what is '%s'?", what[1 + diff]);
	if (diff)
		return run_diff(what, o);
	if (!strcmp(verb, "plot"))
		return htab_plot(what[0], o);
	if (dump)
		return run_one(what[0], o, htab_dump);
	return run_one(what[0], o, !strcmp(verb, "stat") ? htab_stat : htab_verify);
}

int cmd_htab(int argc, char **argv)
{
	struct htab_options o = {.seconds = 5};
	int opt, status;

	while ((opt = getopt_long(argc, argv, "o:m:h", options, NULL)) != -1) {
		status = take_option(opt, &o);
		if (status)
			return status == 2 ? STATUS_OK : STATUS_ERROR;
	}
	if (optind == argc)
		return cmd_usage("htab", "say what to do: stat, dump, verify, diff or plot");
	return run_verb(argv[optind], (const char *const *)argv + optind + 1, argc - optind - 1,
			&o);
}
