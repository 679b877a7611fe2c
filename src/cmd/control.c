/* SPDX-License-Identifier: Apache-2.0 */
/*
 * papyr pause, resume, nmi, stop: the verbs that are one request to the guest's control socket.
 */
#include <getopt.h>
#include <stdio.h>

#include "cmd/cmd.h"
#include "monitor/client.h"

static const char help_pause[] = "Usage: papyr pause NAME\n"
				 "Makes a running guest stand still until 'papyr resume NAME'.\n";

static const char help_nmi[] =
    "Usage: papyr nmi NAME\n"
    "Resets a guest's processors, as the button behind the front panel does: an interrupt that\n"
    "nothing can mask. Linux stops in its debugger, dumps itself by kdump, or prints where each\n"
    "processor was and panics. For a guest that hangs.\n";

static const char help_resume[] =
    "Usage: papyr resume NAME [--force]\n"
    "Lets a paused guest go on.\n\n"
    "      --force  even one that was moved away and is said to run elsewhere, or may still\n"
    "               start there: it goes on from where it stopped. Only for when it is certain\n"
    "               that the other side ended, for else it runs twice\n"
    "      --help\n";

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
	struct parsed p = parse_verb(argc, argv, help_pause, &name, 1);

	return p.done ? p.status : request(name, "stop", false);
}

int cmd_nmi(int argc, char **argv)
{
	const char *name;
	struct parsed p = parse_verb(argc, argv, help_nmi, &name, 1);

	return p.done ? p.status : request(name, "inject-nmi", false);
}

/* A verb with one option of its own, which stands for another command. */
static struct parsed switched(int argc, char **argv, const char *help, const char *option,
			      bool *given)
{
	const struct option options[] = {
	    {option, no_argument, NULL, 'o'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0},
	};
	const char *verb = strrchr(argv[0], ' ') + 1;
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'o':
			*given = true;
			break;
		case 'h':
			fputs(help, stdout);
			return parsed_done(STATUS_OK);
		default:
			fprintf(stderr, "Try 'papyr %s --help'.\n", verb);
			return parsed_done(STATUS_ERROR);
		}
	}
	if (optind + 1 != argc)
		return parsed_done(cmd_usage(verb, "wants one guest's name"));
	return (struct parsed){0};
}

int cmd_resume(int argc, char **argv)
{
	bool force = false;
	struct parsed p = switched(argc, argv, help_resume, "force", &force);

	return p.done ? p.status : request(argv[optind], force ? "x-cont-forced" : "cont", false);
}

int cmd_stop(int argc, char **argv)
{
	bool powerdown = false;
	struct parsed p = switched(argc, argv, help_stop, "powerdown", &powerdown);

	return p.done ? p.status
		      : request(argv[optind], powerdown ? "system_powerdown" : "quit", true);
}
