/* SPDX-License-Identifier: Apache-2.0 */
/*
 * papyr oci: what its files share. A container is a folder below the root for them, which has the
 * container's name, with state.json, and start, a pipe that is there until it is started; and a
 * process, which makes the guest and has the command's streams and exit status: the one whose pid
 * is the container's.
 */
#ifndef PAPYR_CMD_OCI_H
#define PAPYR_CMD_OCI_H

#include <jansson.h>
#include <limits.h>
#include <sys/types.h>

#include "cmd/exec.h"

#define OCI_VERSION "1.0.2" /* of the specification */

struct oci_options {
	char root[PATH_MAX - 512]; /* for the containers */
	const char *bundle;	   /* NULL: here */
	const char *pid_file, *console_socket;
	const char *log;
	bool log_is_json, force;
};

/* --- oci_state.c --- */

enum oci_status { OCI_CREATED, OCI_RUNNING, OCI_STOPPED };

struct oci_container {
	const char *id;
	char folder[PATH_MAX - 64];
	pid_t pid;
	u64 born;	/* when, as the host's kernel counts: another process may get its number */
	json_t *record; /* what state.json holds */
	enum oci_status status;
};

/* Makes its folder. -1: there is one, or @id can't be one's name. */
int oci_new(struct oci_container *c, const struct oci_options *o, const char *id,
	    struct error *err);
/* -1: there is none. */
int oci_find(struct oci_container *c, const struct oci_options *o, const char *id,
	     struct error *err);
/* Writes state.json. */
int oci_record(struct oci_container *c, const char *bundle, const char *version,
	       json_t *annotations, struct error *err);
/* What is in state.json now, as papyr oci state prints it; to be released. */
json_t *oci_describe(const struct oci_container *c);
const char *oci_status_name(enum oci_status s);
/* Looks again what has become of it. */
void oci_look(struct oci_container *c);
void oci_remove(const struct oci_container *c);
/* Where it waits until it is started. */
void oci_start_path(const struct oci_container *c, char path[PATH_MAX]);

/* --- oci_config.c --- */

#define OCI_MOUNTS_MAX 128

struct oci_config {
	json_t *json; /* the words below are in it */
	const char *version;
	json_t *annotations; /* or NULL */
	struct exec_options exec;
	char root[PATH_MAX], memory[32], cpus[24], user[32];
	struct oci_mount {
		const char *what, *where; /* @what NULL: memory */
		bool read_only;
	} mounts[OCI_MOUNTS_MAX];
	unsigned n_mounts;
	const char *network; /* the namespace that its network is in; NULL: the caller's */
};

/* Reads @bundle's config.json. What isn't done is said (docs/exec.md tells what is left out). */
int oci_read_config(struct oci_config *c, const char *bundle, struct error *err);

/* --- oci_mounts.c --- */

/*
 * In a mount namespace of this process's own puts into the root what belongs there, and enters the
 * network's namespace.
 */
int oci_enter(const struct oci_config *c, struct error *err);

/* --- oci_create.c --- */

int oci_create(const struct oci_options *o, const char *id, struct error *err);

#endif
