/* SPDX-License-Identifier: Apache-2.0 */
/*
 * papyr save: a running guest into a file.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/progress.h"
#include "monitor/client.h"

static const char help[] =
    "Usage: papyr save NAME FILE\n"
    "Stops a running guest and writes all of it to FILE; 'papyr run --restore FILE' goes on with\n"
    "it. The guest's process ends when FILE is complete; if it can't be written, the guest goes "
    "on.\n\n"
    "      --keep-running  let the guest go on when FILE is complete\n"
    "      --help\n";

static void on_event(void *opaque, const char *name, json_t *data)
{
	if (!strcmp(name, "X_PROGRESS"))
		progress_show(opaque, json_integer_value(json_object_get(data, "done")),
			      json_integer_value(json_object_get(data, "total")));
}

/* The guest's process has another working directory. */
static char *absolute(const char *path)
{
	char cwd[PATH_MAX], *full;

	if (path[0] == '/')
		return strdup(path);
	if (!getcwd(cwd, sizeof(cwd)) || asprintf(&full, "%s/%s", cwd, path) < 0)
		return NULL;
	return full;
}

static int save(const char *name, const char *file, bool keep_running)
{
	struct error err;
	char *path = absolute(file);
	struct control *c = path ? control_open(name, &err) : NULL;
	struct progress bar;
	json_t *value = NULL;
	int status = STATUS_ERROR;

	if (!path)
		return cmd_error("%s: %s", file, strerror(errno));
	if (c) {
		progress_begin(&bar, "Saving");
		control_on_event(c, on_event, &bar);
		value = control_execute(
		    c, "x-save", json_pack("{s:s,s:b}", "path", path, "quit", !keep_running), &err);
		progress_end(&bar);
	}
	if (value) {
		status = STATUS_OK;
		if (!keep_running)
			control_wait_end(c);
	} else {
		cmd_error("%s", err.text);
	}
	json_decref(value);
	control_close(c);
	free(path);
	return status;
}

int cmd_save(int argc, char **argv)
{
	static const struct option options[] = {
	    {"keep-running", no_argument, NULL, 'k'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0},
	};
	bool keep_running = false;
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'k':
			keep_running = true;
			break;
		case 'h':
			fputs(help, stdout);
			return STATUS_OK;
		default:
			fputs("Try 'papyr save --help'.\n", stderr);
			return STATUS_ERROR;
		}
	}
	if (optind + 2 != argc)
		return cmd_usage("save", "wants a guest's name and a file");
	return save(argv[optind], argv[optind + 1], keep_running);
}
