/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <papyr/papyr.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd/cmd.h"

static const struct verb verbs[] = {
    {"run", "[OPTION]...", "start a guest, or go on with a saved one", cmd_run},
    {"exec", "[OPTION]... COMMAND", "run one command on Power", cmd_exec},
    {"image", "VERB [ARGUMENT]...", "keep root file systems for papyr exec by name", cmd_image},
    {"oci", "VERB ID", "run containers, for a manager as podman", cmd_oci},
    {"list", "[--json]", "show the running guests", cmd_list},
    {"info", "NAME|FILE [--json]", "show one guest, running or saved", cmd_info},
    {"pause", "NAME", "make a guest stand still", cmd_pause},
    {"resume", "NAME [--force]", "let a paused guest go on", cmd_resume},
    {"nmi", "NAME", "reset a guest's processors, for its kernel to report", cmd_nmi},
    {"memory", "NAME SIZE", "give a guest more memory, or take some back", cmd_memory},
    {"cpus", "NAME N", "give a guest more processors, or take some back", cmd_cpus},
    {"balloon", "NAME [SIZE]", "have a guest give memory up, or say what it uses", cmd_balloon},
    {"stop", "NAME [--powerdown]", "end a guest", cmd_stop},
    {"migrate", "NAME URI [OPTION]...", "move a running guest to another papyr", cmd_migrate},
    {"save", "NAME FILE", "stop a guest into a file", cmd_save},
    {"htab", "VERB NAME|FILE", "look into a guest's hashed page table", cmd_htab},
    {"tlb", "VERB NAME|FILE", "look into the TLB of a Book E guest", cmd_tlb},
    {"top", "[NAME] [--json]", "watch what a guest does", cmd_top},
    {"profile", "NAME", "show where a guest spends its time", cmd_profile},
    {"trace", "NAME LIST", "print a guest's hypercalls, interrupts, ...", cmd_trace},
    {"gdb", "NAME [WHERE]", "have gdb debug a running guest", cmd_gdb},
};

static void usage(FILE *to)
{
	fprintf(to, "Usage: papyr VERB [ARGUMENT]...\n"
		    "Runs pSeries guests of 64-bit Power on any Linux host.\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		char head[64];

		snprintf(head, sizeof(head), "%s %s", verbs[i].name, verbs[i].args);
		fprintf(to, "  %-26s %s\n", head, verbs[i].summary);
	}
	fprintf(
	    to,
	    "\n'papyr VERB --help' tells more. 'papyr run' alone shows a small built-in guest.\n");
}

/* getopt_long() begins its messages with argv[0]. */
static int run_verb(const struct verb *verb, int argc, char **argv)
{
	char name[64];

	snprintf(name, sizeof(name), "papyr %s", verb->name);
	argv[0] = name;
	return verb->main(argc, argv);
}

/* Output that got lost is an error, whatever else went well. */
static int flushed(int status)
{
	int lost = fflush(stdout);

	if (!lost && !ferror(stdout))
		return status;
	return cmd_error("cannot write: %s", lost ? strerror(errno) : "output got lost");
}

/*
 * A descriptor that the caller left closed would be that of the first thing opened: the console
 * would read what is none.
 */
static void open_missing_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY);
}

int main(int argc, char **argv)
{
	open_missing_descriptors();
	if (!strcmp(basename(argv[0]), "papyr-oci")) /* a manager's config names a program alone */
		return flushed(cmd_oci(argc, argv));
	if (argc < 2) {
		usage(stderr);
		return STATUS_ERROR;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		usage(stdout);
		return flushed(STATUS_OK);
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		puts("papyr " PAPYR_VERSION);
		return flushed(STATUS_OK);
	}
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(argv[1], verbs[i].name))
			return flushed(run_verb(&verbs[i], argc - 1, argv + 1));
	cmd_error("there is no '%s'; 'papyr --help' lists what there is", argv[1]);
	return STATUS_ERROR;
}
