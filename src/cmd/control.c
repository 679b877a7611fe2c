/* SPDX-License-Identifier: Apache-2.0 */
/*
 * papyr pause, resume, stop: the verbs that are one request to the guest's control socket.
 */
#include <getopt.h>
#include <stdio.h>

#include "cmd/cmd.h"
#include "monitor/client.h"

static const char help_pause[] = "Usage: papyr pause NAME\n"
				 "Makes a running guest stand still until 'papyr resume NAME'.\n";

static const char help_resume[] = "Usage: papyr resume NAME\n"
				  "Lets a paused guest go on.\n";

static const char help_stop[] =
    "Usage: papyr stop NAME [--powerdown]\n"
    "Ends a guest at once, as pulling the plug does, and waits until it is gone.\n\n"
    "      --powerdown  ask the guest to power itself off instead; it may take its time\n"
    "      --help\n";

static int request(const char *name, const char *command, bool wait)
{
	struct error err;
	struct control *c = control_open(name, &err);
	json_t *value = c ? control_execute(c, command, NULL, &err) : NULL;
	int status = value ? STATUS_OK : cmd_error("%s", err.text);

	if (value && wait)
		control_wait_end(c);
	json_decref(value);
	control_close(c);
	return status;
}

int cmd_pause(int argc, char **argv)
{
	const char *name;
	int r = parse_verb(argc, argv, help_pause, &name, 1);

	return r > 1 ? r - 2 : request(name, "stop", false);
}

int cmd_resume(int argc, char **argv)
{
	const char *name;
	int r = parse_verb(argc, argv, help_resume, &name, 1);

	return r > 1 ? r - 2 : request(name, "cont", false);
}

int cmd_stop(int argc, char **argv)
{
	static const struct option options[] = {
	    {"powerdown", no_argument, NULL, 'p'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0},
	};
	bool powerdown = false;
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'p':
			powerdown = true;
			break;
		case 'h':
			fputs(help_stop, stdout);
			return STATUS_OK;
		default:
			fputs("Try 'papyr stop --help'.\n", stderr);
			return STATUS_ERROR;
		}
	}
	if (optind + 1 != argc)
		return cmd_usage("stop", "wants one guest's name");
	return request(argv[optind], powerdown ? "system_powerdown" : "quit", true);
}
