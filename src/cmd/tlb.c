/* SPDX-License-Identifier: Apache-2.0 */
/*
 * papyr tlb: the TLB that a Book E guest fills, of a running guest or out of a file.
 */
#include <getopt.h>

#include "cmd/tlb.h"

static const char help[] =
    "Usage: papyr tlb dump NAME|FILE [--shadow] [--all] [--json]\n"
    "       papyr tlb diff NAME|FILE NAME|FILE [--shadow] [--json]\n"
    "Shows the TLB of a running guest of -M bamboo or ppce500, or of FILE: one that papyr save\n"
    "wrote, or what dump --json printed. A running guest stands still for a moment.\n\n"
    "dump    every valid entry: its place, and what it says\n"
    "diff    entries added, removed, changed; exit status 0 if there are none, 4 if there are\n\n"
    "      --shadow  what hypervisor and processor really translate by at this moment, in place\n"
    "                of the guest's own entries; of a running guest, or of a dump of it\n"
    "      --all     dump: entries that aren't valid too\n"
    "      --json    for scripts\n"
    "  -h, --help\n";

enum { OPT_SHADOW = 256, OPT_ALL, OPT_JSON };

static const struct option options[] = {
    {"shadow", no_argument, NULL, OPT_SHADOW},
    {"all", no_argument, NULL, OPT_ALL},
    {"json", no_argument, NULL, OPT_JSON},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static int run_dump(const char *what, const struct tlb_options *o)
{
	struct guest_tlb t;
	int status;

	if (cmd_tlb_get(what, o->shadow, &t))
		return STATUS_ERROR;
	status = cmd_tlb_dump(&t, o);
	guest_tlb_free(&t);
	return status;
}

static int run_diff(const char *const *what, const struct tlb_options *o)
{
	struct guest_tlb a, b;
	int status = STATUS_ERROR;

	if (cmd_tlb_get(what[0], o->shadow, &a))
		return STATUS_ERROR;
	if (!cmd_tlb_get(what[1], o->shadow, &b)) {
		status = a.cpu == b.cpu
			     ? cmd_tlb_diff(&a, &b, o)
			     : cmd_error("%s is of a %s, %s of a %s: their TLBs can't be compared",
					 what[0], guest_tlb_cpu_name(a.cpu), what[1],
					 guest_tlb_cpu_name(b.cpu));
		guest_tlb_free(&b);
	}
	guest_tlb_free(&a);
	return status;
}

static int run_verb(const char *verb, const char *const *what, int n, const struct tlb_options *o)
{
	bool diff = !strcmp(verb, "diff");

	if (!diff && strcmp(verb, "dump"))
		return cmd_usage("tlb", "there is no '%s', but dump and diff", verb);
	if (diff && o->all)
		return cmd_usage("tlb", "--all is for dump");
	if (n < 1 + diff)
		return cmd_usage("tlb", "%s wants %s", verb,
				 diff ? "two TLBs" : "a guest's name, or a file");
	if (n > 1 + diff)
		return cmd_usage("tlb", "what is '%s'?", what[1 + diff]);
	return diff ? run_diff(what, o) : run_dump(what[0], o);
}

int cmd_tlb(int argc, char **argv)
{
	struct tlb_options o = {0};
	int opt;

	while ((opt = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (opt) {
		case OPT_SHADOW:
			o.shadow = true;
			break;
		case OPT_ALL:
			o.all = true;
			break;
		case OPT_JSON:
			o.json = true;
			break;
		case 'h':
			fputs(help, stdout);
			return STATUS_OK;
		default:
			fputs("Try 'papyr tlb --help'.\n", stderr);
			return STATUS_ERROR;
		}
	}
	if (optind == argc)
		return cmd_usage("tlb", "say what to do: dump or diff");
	return run_verb(argv[optind], (const char *const *)argv + optind + 1, argc - optind - 1,
			&o);
}
