/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of a container between papyr oci's verbs. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/container.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.+-"

/* By what is written there processes are killed; in /tmp somebody else may have been first. */
static int check_root(const char *root, struct error *err)
{
	struct stat st;

	if (lstat(root, &st))
		return errno == ENOENT ? 0 : error_errno(err, "%s", root);
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 022))
		return error_set(err, "%s is not a folder of yours alone: remove it, or say --root",
				 root);
	return 0;
}

static int name_it(struct container *c, const struct container_options *o, const char *id,
		   struct error *err)
{
	size_t n = strlen(id);

	*c = (struct container){.id = id, .pid = -1, .status = CONTAINER_STOPPED};
	if (!n || n > 255 || strspn(id, LETTERS) != n || *id == '.')
		return error_set(err, "'%s' can't be a container's name", id);
	snprintf(c->folder, sizeof(c->folder), "%s/%s", o->root, id);
	return check_root(o->root, err);
}

static int make_root(const char *root, struct error *err)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/", root);
	for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = 0;
		if (mkdir(path, 0700) && errno != EEXIST)
			return error_errno(err, "%s", path);
		*slash = '/';
	}
	return 0;
}

int container_new(struct container *c, const struct container_options *o, const char *id,
		  struct error *err)
{
	/* Made first: somebody else's that comes meanwhile is noticed. */
	if (make_root(o->root, err) || name_it(c, o, id, err))
		return -1;
	if (!mkdir(c->folder, 0700))
		return 0;
	if (errno == EEXIST)
		return error_set(err, "there is a container '%s' already", id);
	return error_errno(err, "%s", c->folder);
}

/* When a process began, in the ticks that /proc counts. 0: it is gone. */
static u64 birth_of(pid_t pid)
{
	char path[64], text[1024], state;
	unsigned long long born = 0;
	const char *rest;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	text[fread(text, 1, sizeof(text) - 1, f)] = 0;
	fclose(f);
	/* The name, in brackets, may hold anything. */
	rest = strrchr(text, ')');
	if (!rest || sscanf(rest + 1,
			    " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
			    "%*d %*d %llu",
			    &state, &born) != 2)
		return 0;
	return state == 'Z' || state == 'X' ? 0 : born;
}

/* Once there is a descriptor of the process, its number can't become another's for it. */
int container_signal(const struct container *c, int number)
{
	int fd = c->pid > 0 ? pidfd_open(c->pid, 0) : -1, failed = -1;

	if (fd >= 0 && c->born && birth_of(c->pid) == c->born)
		failed = pidfd_send_signal(fd, number, NULL, 0);
	else
		errno = ESRCH;
	if (fd >= 0)
		close(fd);
	return failed;
}

void container_start_path(const struct container *c, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/start", c->folder);
}

void container_sessions_path(const struct container *c, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/exec", c->folder);
}

void container_paused_path(const struct container *c, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/paused", c->folder);
}

void container_look(struct container *c)
{
	char start[PATH_MAX], paused[PATH_MAX];

	container_start_path(c, start);
	container_paused_path(c, paused);
	if (c->pid <= 0 || birth_of(c->pid) != c->born || !c->born)
		c->status = CONTAINER_STOPPED;
	else if (!access(start, F_OK))
		c->status = CONTAINER_CREATED;
	else
		c->status = access(paused, F_OK) ? CONTAINER_RUNNING : CONTAINER_PAUSED;
}

static void state_path(const struct container *c, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/state.json", c->folder);
}

int container_find(struct container *c, const struct container_options *o, const char *id,
		   struct error *err)
{
	char path[PATH_MAX];

	if (name_it(c, o, id, err))
		return -1;
	if (access(c->folder, F_OK))
		return error_set(err, "there is no container '%s'", id);
	state_path(c, path);
	/* Without it, it is one whose making broke off. */
	c->record = json_load_file(path, 0, NULL);
	c->pid = (pid_t)json_integer_value(json_object_get(c->record, "pid"));
	c->born = (u64)json_integer_value(json_object_get(c->record, "born"));
	container_look(c);
	return 0;
}

int container_record(struct container *c, const char *bundle, const char *version,
		     json_t *annotations, struct error *err)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char path[PATH_MAX], new[PATH_MAX + 4];
	int failed;

	c->born = birth_of(c->pid);
	/* Managers give other verbs another environment: here is where its guest is found. */
	c->record =
	    json_pack("{s:s, s:s, s:I, s:I, s:s, s:s, s:O*}", "ociVersion", version, "id", c->id,
		      "pid", (json_int_t)c->pid, "born", (json_int_t)c->born, "bundle", bundle,
		      "runtime", runtime ? runtime : "", "annotations", annotations);
	state_path(c, path);
	snprintf(new, sizeof(new), "%s.new", path);
	failed = !c->record || json_dump_file(c->record, new, JSON_COMPACT) || rename(new, path);
	json_decref(c->record);
	c->record = NULL;
	return failed ? error_errno(err, "%s can't be written", path) : 0;
}

const char *container_status_name(enum container_status s)
{
	static const char *const names[] = {
	    [CONTAINER_CREATED] = "created",
	    [CONTAINER_RUNNING] = "running",
	    [CONTAINER_PAUSED] = "paused",
	    [CONTAINER_STOPPED] = "stopped",
	};

	return names[s];
}

json_t *container_describe(const struct container *c)
{
	json_t *j = c->record ? json_copy(c->record)
			      : json_pack("{s:s, s:s, s:s}", "ociVersion", CONTAINER_VERSION, "id",
					  c->id, "bundle", "");

	json_object_del(j, "born");
	json_object_del(j, "runtime");
	json_object_set_new(j, "status", json_string(container_status_name(c->status)));
	json_object_set_new(j, "pid", json_integer(c->status == CONTAINER_STOPPED ? 0 : c->pid));
	return j;
}

static void remove_sessions(const struct container *c)
{
	char folder[PATH_MAX], path[PATH_MAX], lock[PATH_MAX + 8];

	container_sessions_path(c, folder);
	for (unsigned i = 0; i < AGENT_SESSIONS_MAX; i++) {
		exec_session_path(path, folder, i);
		snprintf(lock, sizeof(lock), "%s.lock", path);
		unlink(path);
		unlink(lock);
	}
	rmdir(folder);
}

void container_remove(const struct container *c)
{
	static const char *const files[] = {"start", "paused", "state.json", "state.json.new"};
	char path[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", c->folder, files[i]);
		unlink(path);
	}
	remove_sessions(c);
	rmdir(c->folder);
}
