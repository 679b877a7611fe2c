/* SPDX-License-Identifier: Apache-2.0 */
/*
 * papyr oci: what its files share. A container is a folder below the root for them, which has the
 * container's name, with state.json, and start, a pipe that is there until it is started; and a
 * process, which makes the guest and has the command's streams and exit status: the one whose pid
 * is the container's.
 */
#ifndef PAPYR_CMD_CONTAINER_H
#define PAPYR_CMD_CONTAINER_H

#include <jansson.h>
#include <limits.h>
#include <sys/types.h>

#include "cmd/exec.h"

#define CONTAINER_VERSION "1.0.2" /* of the specification */

struct container_options {
	char root[PATH_MAX - 512]; /* for the containers */
	const char *bundle;	   /* NULL: here */
	const char *pid_file, *console_socket;
	const char *log;
	bool log_is_json, force;
	/* papyr oci exec: a file with the process, or what differs from the container's own */
	const char *process, *directory, *user;
	char *environment[EXEC_ENVIRONMENT_MAX + 1];
	bool terminal, detach;
};

/* --- container_state.c --- */

enum container_status { CONTAINER_CREATED, CONTAINER_RUNNING, CONTAINER_PAUSED, CONTAINER_STOPPED };

struct container {
	const char *id;
	char folder[PATH_MAX - 64];
	pid_t pid;
	u64 born;	/* when, as the host's kernel counts: another process may get its number */
	json_t *record; /* what state.json held when it was found, to be released */
	enum container_status status;
};

/* Makes its folder. -1: there is one, or @id can't be one's name. */
int container_new(struct container *c, const struct container_options *o, const char *id,
		  struct error *err);
/* -1: there is none. */
int container_find(struct container *c, const struct container_options *o, const char *id,
		   struct error *err);
/* Writes state.json. */
int container_record(struct container *c, const char *bundle, const char *version,
		     json_t *annotations, struct error *err);
/* What is in state.json now, as papyr oci state prints it; to be released. */
json_t *container_describe(const struct container *c);
const char *container_status_name(enum container_status s);
/* Looks again what has become of it. */
void container_look(struct container *c);
/* To its process, and to no other that got the same number. -1: errno says why not. */
int container_signal(const struct container *c, int number);
void container_remove(const struct container *c);
/* Where it waits until it is started. */
void container_start_path(const struct container *c, char path[PATH_MAX]);
/* Where the sockets for further commands are. */
void container_sessions_path(const struct container *c, char path[PATH_MAX]);
/* Is there while it is paused. */
void container_paused_path(const struct container *c, char path[PATH_MAX]);

/* --- container_config.c --- */

#define CONTAINER_MOUNTS_MAX 128

/* Who a process is of: texts that its exec_options have. */
struct container_user {
	char ids[32], groups[AGENT_GROUPS_MAX * 12], umask[8];
};

struct container_config {
	json_t *json; /* the words below are in it */
	const char *version;
	json_t *annotations; /* or NULL */
	struct exec_options exec;
	char root[PATH_MAX], memory[32], cpus[24];
	struct container_user user;
	struct container_mount {
		const char *what, *where; /* @what NULL: memory */
		bool read_only;
	} mounts[CONTAINER_MOUNTS_MAX];
	unsigned n_mounts;
	const char *network; /* the namespace that its network is in; NULL: the caller's */
};

/* Reads @bundle's config.json. What isn't done is said (docs/exec.md tells what is left out). */
int container_read_config(struct container_config *c, const char *bundle, struct error *err);

/* What a process of config.json says, of which @words and @user last as long as @process. */
int container_take_process(struct exec_options *e, struct container_user *user, json_t *process,
			   struct error *err);

/* --- container_mounts.c --- */

/* In a mount namespace of this process's own puts into the root what belongs there. */
int container_enter_mounts(const struct container_config *c, struct error *err);

/* --- container_network.c --- */

/* Enters the network's namespace, and has the guest get the address that is there. */
int container_enter_network(struct container_config *c, struct error *err);

/* --- container_process.c --- */

typedef void (*container_process)(void *opaque);

/*
 * Has @run, which doesn't come back, run by a process of a session of its own, with the caller's
 * streams and no other descriptors, and waits for what it reports. Its pid; in @err is what it
 * said, if that wasn't success.
 */
pid_t container_spawn(container_process run, void *opaque, struct error *err);
/* By the process: "" is success, else why not. Only the first is heard. */
void container_report(const char *text);
bool container_has_reported(void);
/* A terminal for this process, whose other end who listens at the socket gets. */
int container_console(const char *socket_path, struct error *err);
/* @path NULL: nobody wants to know. */
int container_write_pid(const char *path, pid_t pid, struct error *err);

/* --- container_exec.c --- */

/* One more command in it, of @words if not of a file. The exit status is put into @status. */
int container_exec(const struct container *c, const struct container_options *o, char **words,
		   int *status, struct error *err);

/* --- container_create.c --- */

int container_create(const struct container_options *o, const char *id, struct error *err);

#endif
