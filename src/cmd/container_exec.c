/* SPDX-License-Identifier: Apache-2.0 */
/* papyr oci exec: one more command in a container that runs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/container.h"
#include "platform/term.h"

/* What its process is made with. */
struct joining {
	char folder[PATH_MAX];
	const char *console_socket;
	json_t *json; /* the words of @exec are in it */
	struct exec_options exec;
	struct container_user user;
};

static json_t *load(const char *path, struct error *err)
{
	json_error_t wrong;
	json_t *j = json_load_file(path, JSON_REJECT_DUPLICATES, &wrong);

	if (!j)
		error_set(err, "%s: %s (line %d)", path, wrong.text, wrong.line);
	return j;
}

/* As the container's own process, but for what is said of it here. */
static int take_words(struct joining *j, const struct container *c,
		      const struct container_options *o, char **words, struct error *err)
{
	const char *bundle = json_string_value(json_object_get(c->record, "bundle"));
	struct exec_options *e = &j->exec;
	char path[PATH_MAX];
	unsigned n = 0, more = 0;
	char **all;

	snprintf(path, sizeof(path), "%s/config.json", bundle ? bundle : "");
	j->json = load(path, err);
	if (!j->json ||
	    container_take_process(e, &j->user, json_object_get(j->json, "process"), err))
		return -1;
	free(e->command);
	e->command = words;
	e->terminal = o->terminal;
	e->directory = o->directory ? o->directory : e->directory;
	e->user = o->user ? o->user : e->user;
	while (e->environment[n])
		n++;
	while (o->environment[more])
		more++;
	all = realloc(e->environment, (n + more + 1) * sizeof(char *));
	if (!all)
		return error_nomem(err, "an environment");
	/* The last of a name is what it gets. */
	memcpy(all + n, o->environment, (more + 1) * sizeof(char *));
	e->environment = all;
	return 0;
}

static int take_file(struct joining *j, const struct container_options *o, struct error *err)
{
	j->json = load(o->process, err);
	return j->json ? container_take_process(&j->exec, &j->user, j->json, err) : -1;
}

static void report_start(void)
{
	container_report("");
}

static _Noreturn void join(void *opaque)
{
	struct joining *j = opaque;
	struct error err = {0};
	int status = EXEC_FAILED;

	j->exec.started = report_start;
	if (!j->exec.terminal || !container_console(j->console_socket, &err))
		status = exec_session(j->folder, &j->exec, &err);
	if (!container_has_reported())
		container_report(*err.text ? err.text : "it ended before it began");
	else if (*err.text)
		cmd_error("oci: %s", err.text);
	_exit(status);
}

static int check_terminal(const struct joining *j, const struct container_options *o,
			  struct error *err)
{
	if (j->exec.terminal && !o->console_socket && (o->detach || !isatty(STDIN_FILENO)))
		return error_set(err, "it wants a terminal, and there is no --console-socket to "
				      "give it to");
	if (!j->exec.terminal && o->console_socket)
		return error_set(err, "--console-socket, and it wants no terminal");
	return 0;
}

static int run_here(const struct joining *j, const struct container_options *o, int *status,
		    struct error *err)
{
	if (o->console_socket)
		return error_set(err, "--console-socket is for --detach");
	if (container_write_pid(o->pid_file, getpid(), err))
		return -1;
	if (j->exec.terminal)
		term_raw(STDIN_FILENO);
	*status = exec_session(j->folder, &j->exec, err);
	if (j->exec.terminal)
		term_restore();
	return 0;
}

static int run_behind(struct joining *j, const struct container_options *o, struct error *err)
{
	pid_t pid = container_spawn(join, j, err);

	return *err->text ? -1 : container_write_pid(o->pid_file, pid, err);
}

static int run(struct joining *j, const struct container *c, const struct container_options *o,
	       char **words, int *status, struct error *err)
{
	if (o->process ? take_file(j, o, err) : take_words(j, c, o, words, err))
		return -1;
	if (check_terminal(j, o, err))
		return -1;
	container_sessions_path(c, j->folder);
	j->console_socket = o->console_socket;
	return o->detach ? run_behind(j, o, err) : run_here(j, o, status, err);
}

int container_exec(const struct container *c, const struct container_options *o, char **words,
		   int *status, struct error *err)
{
	static struct joining j;
	int ret;

	if (c->status != CONTAINER_RUNNING)
		return error_set(err, "container '%s' is %s, not running", c->id,
				 container_status_name(c->status));
	if (!o->process == !*words)
		return error_set(err, "the command is said by its words, or by --process");
	ret = run(&j, c, o, words, status, err);
	if (j.exec.command != words)
		free(j.exec.command);
	free(j.exec.environment);
	json_decref(j.json);
	return ret;
}
