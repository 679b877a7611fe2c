/* SPDX-License-Identifier: Apache-2.0 */
/*
 * papyr migrate: a running guest to another papyr, with what goes on shown on the way.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/migrate_show.h"
#include "migration/channel/channel.h"
#include "monitor/client.h"

static const char help[] =
    "Usage: papyr migrate NAME URI [OPTION]...\n"
    "Moves a running guest to the papyr that waits at URI ('papyr run --incoming URI'):\n"
    "tcp:HOST:PORT, unix:PATH, fd:N, exec:COMMAND, or file:PATH to be started from later.\n"
    "The guest runs on until little is left to send, and stands still for that only.\n"
    "Ctrl-C gives up: the guest then runs on here as if nothing had been.\n\n"
    "A terminal shows for each pass the memory that was to be sent and what is left of it,\n"
    "changed entries of the hash table, all that was sent, the rate, how long the guest\n"
    "would have stood still if it had been stopped before, and how much it is slowed down.\n\n"
    "      --downtime-ms N       stand still for at most so long (default 5)\n"
    "      --throttle PERCENT    if the guest changes faster than it can be sent, take up to\n"
    "                            so much of its time, step by step (default: none)\n"
    "      --max-bandwidth SIZE  bytes a second while it runs: 100M, ... (default: no limit)\n"
    "      --timeout SECONDS     fail when nothing moves for so long (default 30)\n"
    "      --no-compress         send everything as it is\n"
    "      --tls-psk FILE        encrypt; both sides show that they know this key (NAME:HEXKEY)\n"
    "      --tls-x509 DIR        encrypt; both sides show certificates of the authority in DIR\n"
    "      --tls-hostname NAME   what the other side's certificate says (default: URI's host)\n"
    "      --keep                leave this process behind when the guest is gone; should it\n"
    "                            end there at once, 'papyr resume --force' has it go on here\n"
    "      --json                print the result as JSON\n"
    "      --help\n\n"
    "Exit status: 0 the guest runs there, 1 it does not, or nobody knows; the message\n"
    "tells.\n";

struct options {
	json_t *params;
	bool throttle, keep, json;
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int sig)
{
	interrupted = 1;
}

static double number(json_t *v, const char *part, const char *name)
{
	json_t *o = part ? json_object_get(v, part) : v;

	return json_number_value(json_object_get(o, name));
}

/* ---- Talking to the guest's process ---- */

/* A path in a URI is the user's, the guest's process may stand in another folder. */
static char *absolute_uri(const char *uri)
{
	size_t scheme = !strncmp(uri, "unix:", 5) || !strncmp(uri, "file:", 5) ? 5 : 0;
	char cwd[PATH_MAX], *full;

	if (!scheme || uri[scheme] == '/' || !uri[scheme])
		return strdup(uri);
	if (!getcwd(cwd, sizeof(cwd)) ||
	    asprintf(&full, "%.*s%s/%s", (int)scheme, uri, cwd, uri + scheme) < 0)
		return NULL;
	return full;
}

/* A descriptor that we were started with; the guest's process gets it under the name "migrate". */
static char *hand_over_fd(struct control *c, const char *number, struct error *err)
{
	u64 fd;

	if (!parse_uint(number, 0, INT_MAX, &fd)) {
		error_set(err, "fd:%s: a descriptor's number must follow fd:", number);
		return NULL;
	}
	if (fcntl(fd, F_GETFD) < 0) {
		error_set(err, "fd:%s: there is no such descriptor open", number);
		return NULL;
	}
	return control_send_fd(c, "migrate", fd, err) ? NULL : strdup("fd:migrate");
}

/* A command is ours: the guest's process, which is fenced in, starts none. */
static char *hand_over_command(struct control *c, const char *line, pid_t *command,
			       struct error *err)
{
	int fd = channel_spawn(line, command, err), r;

	if (fd < 0)
		return NULL;
	r = control_send_fd(c, "migrate", fd, err);
	close(fd);
	return r ? NULL : strdup("fd:migrate");
}

/* The URI as the guest's process is to see it; NULL with @err. */
static char *uri_there(struct control *c, const char *uri, pid_t *command, struct error *err)
{
	char *full;

	if (!strncmp(uri, "fd:", 3))
		return hand_over_fd(c, uri + 3, err);
	if (!strncmp(uri, "exec:", 5) && uri[5])
		return hand_over_command(c, uri + 5, command, err);
	full = absolute_uri(uri);
	if (!full)
		error_errno(err, "%s", uri);
	return full;
}

static int request(struct control *c, const char *command, json_t *args, struct error *err)
{
	json_t *v = control_execute(c, command, args, err);

	json_decref(v);
	return v ? 0 : -1;
}

/* Else ours would take the other's parameters away before it is refused. */
static int check_idle(struct control *c, struct error *err)
{
	static const char *const moving[] = {"setup", "active", "device", "cancelling"};
	json_t *v = control_execute(c, "query-migrate", NULL, err);
	const char *status = json_string_value(json_object_get(v, "status"));
	int r = v ? 0 : -1;

	for (size_t i = 0; status && i < ARRAY_SIZE(moving); i++)
		if (!strcmp(status, moving[i]))
			r = error_set(err, "a migration is under way already");
	json_decref(v);
	return r;
}

static int begin(struct control *c, const char *uri, struct options *o, pid_t *command,
		 struct error *err)
{
	char *there = check_idle(c, err) ? NULL : uri_there(c, uri, command, err);
	int r = there ? 0 : -1;

	if (!r)
		r = request(c, "migrate-set-parameters", json_incref(o->params), err);
	if (!r)
		r = request(c, "migrate-set-capabilities",
			    json_pack("{s:[{s:s,s:b}]}", "capabilities", "capability",
				      "auto-converge", "state", o->throttle),
			    err);
	if (!r)
		r = request(c, "migrate", json_pack("{s:s}", "uri", there), err);
	free(there);
	return r;
}

static bool is_over(json_t *v)
{
	const char *status = json_string_value(json_object_get(v, "status"));

	return !status || !strcmp(status, "completed") || !strcmp(status, "failed") ||
	       !strcmp(status, "cancelled");
}

/* Looks every so often until it is over; the last answer. */
static json_t *follow(struct control *c, const char *uri, struct error *err)
{
	struct migrate_show shown;
	bool cancelled = false;
	json_t *v;

	migrate_show_begin(&shown, uri);
	for (;;) {
		v = control_execute(c, "query-migrate", NULL, err);
		if (!v)
			break;
		migrate_show(&shown, v);
		if (is_over(v))
			break;
		json_decref(v);
		if (interrupted && !cancelled) {
			cancelled = true;
			v = control_execute(c, "migrate_cancel", NULL, err);
			if (!v)
				cmd_error("%s", err->text);
			json_decref(v);
		}
		poll(NULL, 0, 20);
	}
	migrate_show_end(&shown);
	return v;
}

/* @command: what was to carry it, or 0. */
static int report(json_t *v, const char *uri, pid_t command, bool json)
{
	const char *status = json_string_value(json_object_get(v, "status"));
	const char *why = json_string_value(json_object_get(v, "error-desc"));
	bool good = status && !strcmp(status, "completed");
	char size[32];
	struct error ended;

	if (json) {
		json_dumpf(v, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
		putchar('\n');
	} else if (good) {
		printf("The guest is at %s: %.1f s in all, %.1f ms standing still, %.0f passes, %s "
		       "sent.\n",
		       uri, number(v, NULL, "total-time") / 1000,
		       number(v, "x-papyr", "downtime-ms"), number(v, "x-papyr", "pass"),
		       format_size(number(v, "ram", "transferred"), size, sizeof(size)));
	}
	if (good)
		return STATUS_OK;
	if (channel_command_ended(command, &ended))
		why = ended.text;
	return cmd_error("the guest did not move: %s", why ? why : "unknown");
}

static int migrate(const char *name, const char *uri, struct options *o)
{
	struct sigaction act = {.sa_handler = on_interrupt, .sa_flags = SA_RESTART};
	struct error err;
	struct control *c = control_open(name, &err);
	json_t *v = NULL;
	pid_t command = 0;
	int status;

	if (!c)
		return cmd_error("%s", err.text);
	sigaction(SIGINT, &act, NULL);
	if (!begin(c, uri, o, &command, &err))
		v = follow(c, uri, &err);
	status = v ? report(v, uri, command, o->json) : cmd_error("%s", err.text);
	if (status == STATUS_OK && !o->keep) {
		json_decref(control_execute(c, "quit", NULL, &err));
		control_wait_end(c);
	}
	if (command)
		channel_end_command(command);
	json_decref(v);
	control_close(c);
	return status;
}

/* ---- The command line ---- */

enum {
	OPT_DOWNTIME = 256,
	OPT_THROTTLE,
	OPT_BANDWIDTH,
	OPT_TIMEOUT,
	OPT_PLAIN,
	OPT_PSK,
	OPT_X509,
	OPT_HOSTNAME,
	OPT_KEEP,
	OPT_JSON
};

static const struct option options[] = {
    {"downtime-ms", required_argument, NULL, OPT_DOWNTIME},
    {"throttle", required_argument, NULL, OPT_THROTTLE},
    {"max-bandwidth", required_argument, NULL, OPT_BANDWIDTH},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"no-compress", no_argument, NULL, OPT_PLAIN},
    {"tls-psk", required_argument, NULL, OPT_PSK},
    {"tls-x509", required_argument, NULL, OPT_X509},
    {"tls-hostname", required_argument, NULL, OPT_HOSTNAME},
    {"keep", no_argument, NULL, OPT_KEEP},
    {"json", no_argument, NULL, OPT_JSON},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static int set_number(struct options *o, const char *option, const char *name, double min,
		      double max)
{
	double n;

	if (!parse_number(optarg, min, max, &n))
		return cmd_usage("migrate", "--%s %s: not a number from %g to %g", option, optarg,
				 min, max);
	json_object_set_new(o->params, name, json_real(n));
	return 0;
}

/* The guest's process opens it. */
static int set_path(struct options *o, const char *name)
{
	char *full = realpath(optarg, NULL);

	if (!full)
		return cmd_error("%s: %s", optarg, strerror(errno));
	json_object_set_new(o->params, name, json_string(full));
	free(full);
	return 0;
}

static int set_throttle(struct options *o)
{
	u64 percent;

	if (!parse_uint(optarg, 0, 99, &percent))
		return cmd_usage("migrate", "--throttle %s: not a whole number from 0 to 99",
				 optarg);
	o->throttle = percent > 0;
	if (percent)
		json_object_set_new(o->params, "max-cpu-throttle", json_integer(percent));
	return 0;
}

static int set_bandwidth(struct options *o)
{
	u64 bytes;

	if (!parse_size(optarg, &bytes))
		return cmd_usage("migrate", "--max-bandwidth %s: not a size", optarg);
	json_object_set_new(o->params, "max-bandwidth", json_integer(bytes));
	return 0;
}

static int take(struct options *o, int c)
{
	switch (c) {
	case OPT_DOWNTIME:
		return set_number(o, "downtime-ms", "x-downtime-ms", 0.1, 2000000);
	case OPT_THROTTLE:
		return set_throttle(o);
	case OPT_BANDWIDTH:
		return set_bandwidth(o);
	case OPT_TIMEOUT:
		return set_number(o, "timeout", "x-timeout", 0.1, 86400);
	case OPT_PLAIN:
		json_object_set_new(o->params, "x-compress", json_false());
		return 0;
	case OPT_PSK:
		return set_path(o, "x-tls-psk");
	case OPT_X509:
		return set_path(o, "x-tls-x509");
	case OPT_HOSTNAME:
		json_object_set_new(o->params, "tls-hostname", json_string(optarg));
		return 0;
	case OPT_KEEP:
		o->keep = true;
		return 0;
	case OPT_JSON:
		o->json = true;
		return 0;
	default:
		fputs("Try 'papyr migrate --help'.\n", stderr);
		return STATUS_ERROR;
	}
}

/* What an earlier attempt asked for doesn't hold for this one. */
static json_t *default_params(void)
{
	return json_pack("{s:f,s:i,s:i,s:f,s:b,s:s,s:s,s:s}", "x-downtime-ms", 5.0,
			 "max-cpu-throttle", 99, "max-bandwidth", 0, "x-timeout", 30.0,
			 "x-compress", 1, "x-tls-psk", "", "x-tls-x509", "", "tls-hostname", "");
}

int cmd_migrate(int argc, char **argv)
{
	struct options o = {.params = default_params()};
	int c, status = 0;

	while (!status && (c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'h') {
			fputs(help, stdout);
			json_decref(o.params);
			return STATUS_OK;
		}
		status = take(&o, c);
	}
	if (!status && optind + 2 != argc)
		status = cmd_usage("migrate", "wants a guest's name and where it shall go");
	if (!status)
		status = migrate(argv[optind], argv[optind + 1], &o);
	json_decref(o.params);
	return status;
}
