/* SPDX-License-Identifier: Apache-2.0 */
/*
 * papyr gdb: has a running guest wait for gdb.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "gdb/server.h"
#include "monitor/client.h"

static const char help[] =
    "Usage: papyr gdb NAME [WHERE]\n"
    "Has a running guest wait for gdb at WHERE: tcp:[HOST:]PORT or unix:PATH (default: a socket\n"
    "beside the control socket), and prints what to tell gdb. The guest runs on until gdb\n"
    "connects. 'none': gdb is waited for no more, and who is connected is hung up on.\n"
    "'papyr run --gdb' is the same from the start.\n\n"
    "      --help\n";

static int request(const char *name, const char *where)
{
	json_t *args = where ? json_pack("{s:s}", "where", where) : NULL, *value;
	struct control *c;
	const char *address;
	struct error err;

	c = control_open(name, &err);
	if (!c) {
		json_decref(args);
		return cmd_error("%s", err.text);
	}
	value = control_execute(c, "x-gdb", args, &err);
	control_close(c);
	if (!value)
		return cmd_error("%s", err.text);
	address = json_string_value(json_object_get(value, "address"));
	if (address)
		printf("target remote %s\n", address);
	json_decref(value);
	return STATUS_OK;
}

int cmd_gdb(int argc, char **argv)
{
	static const struct option options[] = {
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0},
	};
	const char *where;
	struct error err;
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'h') {
			fputs(help, stdout);
			return STATUS_OK;
		}
		fprintf(stderr, "Try 'papyr gdb --help'.\n");
		return STATUS_ERROR;
	}
	if (optind == argc || optind + 2 < argc)
		return cmd_usage("gdb", "wants one guest's name, and maybe where to wait");
	where = argv[optind + 1];
	if (where && strcmp(where, "none") && gdb_check_where(where, &err))
		return cmd_usage("gdb", "%s", err.text);
	/* The guest's process may stand in another folder. */
	if (where && !strncmp(where, "unix:", 5) && where[5] != '/')
		return cmd_usage("gdb", "%s: the path must begin with a slash", where);
	return request(argv[optind], where);
}
