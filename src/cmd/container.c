/* SPDX-License-Identifier: Apache-2.0 */
/* papyr oci, or papyr-oci: what managers of containers call (OCI runtime specification). */
#include "cmd/container.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <papyr/papyr.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "monitor/client.h"

static const char help[] =
    "Usage: papyr oci create [--bundle DIR] [--pid-file FILE] [--console-socket PATH] ID\n"
    "       papyr oci start ID\n"
    "       papyr oci state ID\n"
    "       papyr oci exec [--process FILE] [OPTION]... ID [COMMAND [ARGUMENT]...]\n"
    "       papyr oci pause|resume ID\n"
    "       papyr oci kill ID [SIGNAL]\n"
    "       papyr oci delete [--force] ID\n"
    "Runs containers of linux/ppc64le, each in a guest of its own, for a manager as podman:\n"
    "'podman --runtime papyr-oci run ...', where papyr-oci is another name for 'papyr oci'.\n\n"
    "      --root DIR           where it keeps what containers there are (default\n"
    "                           /run/papyr-oci, or papyr-oci in XDG_RUNTIME_DIR); nobody else\n"
    "                           may write there\n"
    "      --log FILE           errors go there, too\n"
    "      --log-format FORMAT  text (default) or json\n"
    "  -b, --bundle DIR         create: where config.json is (default: here)\n"
    "      --pid-file FILE      create, exec: the pid of the process is put there\n"
    "      --console-socket PATH\n"
    "                           create, exec: who listens there gets the terminal\n"
    "  -p, --process FILE       exec: what to run, as config.json's \"process\"; else COMMAND, as\n"
    "                           the container's own, but for the next four\n"
    "      --cwd DIR            exec: in this folder\n"
    "  -e, --env NAME=VALUE     exec: with this in its environment, too\n"
    "  -t, --tty                exec: on a terminal\n"
    "  -u, --user UID[:GID]     exec: as this user\n"
    "  -d, --detach             exec: end when it has begun\n"
    "  -f, --force              delete: kill it before\n"
    "  -a, --all                kill: all of its processes (which is what signals do)\n"
    "      --systemd-cgroup, --no-pivot, --no-new-keyring, --debug\n"
    "                           are for others: they change nothing\n"
    "      --version\n"
    "  -h, --help\n";

enum {
	OPT_ROOT = 256,
	OPT_LOG,
	OPT_LOG_FORMAT,
	OPT_PID_FILE,
	OPT_CONSOLE_SOCKET,
	OPT_CWD,
	OPT_NOTHING,
	OPT_VERSION
};

static const struct option options[] = {
    {"root", required_argument, NULL, OPT_ROOT},
    {"log", required_argument, NULL, OPT_LOG},
    {"log-format", required_argument, NULL, OPT_LOG_FORMAT},
    {"bundle", required_argument, NULL, 'b'},
    {"pid-file", required_argument, NULL, OPT_PID_FILE},
    {"console-socket", required_argument, NULL, OPT_CONSOLE_SOCKET},
    {"process", required_argument, NULL, 'p'},
    {"detach", no_argument, NULL, 'd'},
    {"tty", no_argument, NULL, 't'},
    {"env", required_argument, NULL, 'e'},
    {"user", required_argument, NULL, 'u'},
    {"cwd", required_argument, NULL, OPT_CWD},
    {"force", no_argument, NULL, 'f'},
    {"all", no_argument, NULL, 'a'},
    {"systemd-cgroup", no_argument, NULL, OPT_NOTHING},
    {"no-pivot", no_argument, NULL, OPT_NOTHING},
    {"no-new-keyring", no_argument, NULL, OPT_NOTHING},
    {"debug", no_argument, NULL, OPT_NOTHING},
    {"version", no_argument, NULL, OPT_VERSION},
    {"help", no_argument, NULL, 'h'},
    {0},
};

/* --- the verbs --- */

static int start(const struct container *c, struct error *err)
{
	char path[PATH_MAX];
	int fd, failed;

	if (c->status != CONTAINER_CREATED)
		return error_set(err, "container '%s' is %s, not created", c->id,
				 container_status_name(c->status));
	container_start_path(c, path);
	fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	/* One of two that start it at once removes it. */
	failed = fd < 0 || unlink(path) || write(fd, "", 1) != 1;
	if (failed)
		error_errno(err, "container '%s' can't be started", c->id);
	if (fd >= 0)
		close(fd);
	return failed ? -1 : 0;
}

static int state(const struct container *c)
{
	json_t *j = container_describe(c);
	char *text = json_dumps(j, JSON_INDENT(2));
	int status = STATUS_ERROR;

	if (text && puts(text) >= 0)
		status = STATUS_OK;
	free(text);
	json_decref(j);
	return status;
}

/* Its guest stands still, and nothing in it notices. */
static int stand_still(const struct container *c, bool still, struct error *err)
{
	enum container_status from = still ? CONTAINER_RUNNING : CONTAINER_PAUSED;
	const char *runtime = json_string_value(json_object_get(c->record, "runtime"));
	char guest[32], path[PATH_MAX];
	struct control *control;
	json_t *value;
	int fd;

	if (c->status != from)
		return error_set(err, "container '%s' is %s, not %s", c->id,
				 container_status_name(c->status), container_status_name(from));
	setenv("XDG_RUNTIME_DIR", runtime ? runtime : "", 1); /* as its create had it */
	exec_guest_name(guest, c->pid);
	container_paused_path(c, path);
	control = control_open(guest, err);
	if (!control)
		return -1;
	value = control_execute(control, still ? "stop" : "cont", NULL, err);
	control_close(control);
	if (!value)
		return -1;
	json_decref(value);
	if (!still)
		return unlink(path) ? error_errno(err, "%s", path) : 0;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_errno(err, "%s", path);
	close(fd);
	return 0;
}

/* "15", "TERM", "SIGTERM"; 0: none. */
static int signal_number(const char *name)
{
	u64 n;

	if (parse_uint(name, 1, 64, &n))
		return (int)n;
	if (!strncmp(name, "SIG", 3))
		name += 3;
	for (int i = 1; i < NSIG; i++) {
		const char *known = sigabbrev_np(i);

		if (known && !strcmp(known, name))
			return i;
	}
	return 0;
}

/* The container's process passes on what it can, and ends by SIGKILL, and the guest with it. */
static int send_signal(const struct container *c, const char *name, struct error *err)
{
	int number = signal_number(name);

	if (!number)
		return error_set(err, "there is no signal '%s'", name);
	if (c->status == CONTAINER_STOPPED)
		return error_set(err, "container '%s' is not running", c->id);
	if (number != SIGKILL && !exec_passes_signal(number))
		return error_set(err, "SIG%s can't be sent into a guest", sigabbrev_np(number));
	if (container_signal(c, number))
		return error_errno(err, "container '%s'", c->id);
	return 0;
}

#define PATIENCE_MS 10000

static int delete_it(struct container *c, bool force, struct error *err)
{
	if (c->status != CONTAINER_STOPPED && !force)
		return error_set(err, "container '%s' is %s: kill it, or delete --force", c->id,
				 container_status_name(c->status));
	if (c->status != CONTAINER_STOPPED)
		container_signal(c, SIGKILL);
	for (int waited = 0; c->status != CONTAINER_STOPPED && waited < PATIENCE_MS; waited += 5) {
		usleep(5000);
		container_look(c);
	}
	if (c->status != CONTAINER_STOPPED)
		return error_set(err, "container '%s' doesn't end", c->id);
	container_remove(c);
	return 0;
}

static int act_on(struct container *c, const struct container_options *o, int n, char **words,
		  int *status, struct error *err)
{
	const char *verb = words[0];

	if (!strcmp(verb, "delete"))
		return delete_it(c, o->force, err);
	if (!strcmp(verb, "start"))
		return start(c, err);
	if (!strcmp(verb, "exec"))
		return container_exec(c, o, words + 2, status, err);
	if (!strcmp(verb, "pause") || !strcmp(verb, "resume"))
		return stand_still(c, !strcmp(verb, "pause"), err);
	if (!strcmp(verb, "kill"))
		return send_signal(c, n > 2 ? words[2] : "TERM", err);
	return state(c);
}

/* @status: what to end with if that isn't 0 and nothing failed. */
static int act(const struct container_options *o, int n, char **words, int *status,
	       struct error *err)
{
	struct container c;
	int failed;

	if (!strcmp(words[0], "create"))
		return container_create(o, words[1], err);
	if (container_find(&c, o, words[1], err)) {
		if (strcmp(words[0], "delete") || !o->force)
			return -1;
		*err = (struct error){0}; /* it is gone already */
		return 0;
	}
	failed = act_on(&c, o, n, words, status, err);
	json_decref(c.record);
	return failed;
}

/* --- the command line --- */

static bool is_known(int n, char **words)
{
	static const char *const verbs[] = {"create", "start",	"state", "exec",
					    "pause",  "resume", "kill",	 "delete"};

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(words[0], verbs[i]))
			return n == 2 || (n == 3 && !strcmp(verbs[i], "kill")) ||
			       (n > 2 && !strcmp(verbs[i], "exec"));
	return false;
}

/* In a user namespace root isn't root: /run isn't its own. */
static void default_root(struct container_options *o)
{
	const char *folder =
	    !getuid() && !access("/run", W_OK) ? "/run" : getenv("XDG_RUNTIME_DIR");

	if (folder && *folder)
		snprintf(o->root, sizeof(o->root), "%s/papyr-oci", folder);
	else
		snprintf(o->root, sizeof(o->root), "/tmp/papyr-oci-%u", getuid());
}

static int take_environment(struct container_options *o, char *pair)
{
	unsigned n = 0;

	while (o->environment[n])
		n++;
	if (strchr(pair, '=') && n < EXEC_ENVIRONMENT_MAX) {
		o->environment[n] = pair;
		return 0;
	}
	cmd_usage("oci", "--env %s: not NAME=VALUE, or there are too many", pair);
	return 1;
}

/* 0: go on; else 1 and an exit status. */
static int take(struct container_options *o, int opt, int *status)
{
	*status = STATUS_ERROR;
	switch (opt) {
	case OPT_ROOT:
		if (snprintf(o->root, sizeof(o->root), "%s", optarg) >= (int)sizeof(o->root)) {
			cmd_usage("oci", "--root: too long");
			return 1;
		}
		return 0;
	case OPT_LOG:
		o->log = optarg;
		return 0;
	case OPT_LOG_FORMAT:
		o->log_is_json = !strcmp(optarg, "json");
		if (o->log_is_json || !strcmp(optarg, "text"))
			return 0;
		cmd_usage("oci", "--log-format %s: there are text and json", optarg);
		return 1;
	case 'b':
		o->bundle = optarg;
		return 0;
	case OPT_PID_FILE:
		o->pid_file = optarg;
		return 0;
	case OPT_CONSOLE_SOCKET:
		o->console_socket = optarg;
		return 0;
	case 'p':
		o->process = optarg;
		return 0;
	case 'd':
		o->detach = true;
		return 0;
	case 't':
		o->terminal = true;
		return 0;
	case 'e':
		return take_environment(o, optarg);
	case 'u':
		o->user = optarg;
		return 0;
	case OPT_CWD:
		o->directory = optarg;
		return 0;
	case 'f':
		o->force = true;
		return 0;
	case 'a':
	case OPT_NOTHING:
		return 0;
	case OPT_VERSION:
		puts("papyr oci " PAPYR_VERSION "\nspec: " CONTAINER_VERSION);
		*status = STATUS_OK;
		return 1;
	case 'h':
		fputs(help, stdout);
		*status = STATUS_OK;
		return 1;
	default:
		fprintf(stderr, "Try 'papyr oci --help'.\n");
		return 1;
	}
}

/* For the manager, which shows it to its user. */
static void note(const struct container_options *o, const char *text)
{
	FILE *f = o->log ? fopen(o->log, "ae") : NULL;
	char when[32];
	time_t now = time(NULL);
	json_t *line;

	if (!f)
		return;
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
	line = json_pack("{s:s, s:s, s:s}", "level", "error", "msg", text, "time", when);
	if (!o->log_is_json)
		fprintf(f, "%s papyr: %s\n", when, text);
	else if (line && !json_dumpf(line, f, JSON_COMPACT))
		fputc('\n', f);
	json_decref(line);
	fclose(f);
}

/*
 * Options may be between the words, which come first in @argv then; but what is behind the ID of
 * exec is the command's. -1, or an exit status.
 */
static int parse(int argc, char **argv, struct container_options *o, int *n_words)
{
	int opt, status, n = 0;

	optind = 1;
	while (optind < argc) {
		if (n == 2 && !strcmp(argv[0], "exec"))
			break;
		opt = getopt_long(argc, argv, "+b:p:dte:u:fah", options, NULL);
		if (opt == -1 && optind < argc)
			argv[n++] = argv[optind++];
		else if (opt != -1 && take(o, opt, &status))
			return status;
	}
	while (optind < argc)
		argv[n++] = argv[optind++];
	argv[n] = NULL;
	*n_words = n;
	return -1;
}

int cmd_oci(int argc, char **argv)
{
	static struct container_options o;
	struct error err = {0};
	int n, status;

	default_root(&o);
	status = parse(argc, argv, &o, &n);
	if (status >= 0)
		return status;
	if (!n)
		return cmd_usage("oci", "there is no verb");
	if (!is_known(n, argv)) {
		snprintf(err.text, sizeof(err.text), "'%s' with %d words behind it is not known",
			 argv[0], n - 1);
		note(&o, err.text);
		return cmd_usage("oci", "%s", err.text);
	}
	status = STATUS_OK;
	if (act(&o, n, argv, &status, &err) && !status)
		status = STATUS_ERROR;
	if (*err.text) {
		note(&o, err.text);
		cmd_error("oci: %s", err.text);
	}
	return status;
}
