/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fence around this process, for the case that a guest finds a hole in it: what it may ask of the
 * host's kernel from then on. docs/threat-model.md has what that is.
 *
 * In two steps. sandbox_begin() is called when there is one thread, and before anything is read
 * that others made: it gives up capabilities, and files. sandbox_close() is called when all is made
 * that the guest needs, and gives up system calls, in all threads. Neither can be undone, and both
 * hold for whatever this process should start.
 */
#ifndef PAPYR_SANDBOX_H
#define PAPYR_SANDBOX_H

#include <stdbool.h>

#include "platform/error.h"

enum sandbox_access {
	SANDBOX_READ,	/* a file, or what is in a folder */
	SANDBOX_WRITE,	/* ... and to write it, but nothing new is made */
	SANDBOX_CHANGE, /* a folder: all that can be done in it, but device nodes */
};

#define SANDBOX_PATHS_MAX 64

struct sandbox {
	bool tap;	/* an interface of the host's is to be opened */
	bool inet;	/* connections to others by the Internet's protocols */
	bool sockets;	/* connections to others on this host, after sandbox_close() */
	bool has_child; /* that it started, and has to end */
	bool tight;	/* no files but those of @paths, and what any papyr reads */
	unsigned n_paths;
	struct sandbox_path {
		const char *path;
		enum sandbox_access access;
	} paths[SANDBOX_PATHS_MAX];
};

/* What isn't there by sandbox_begin() isn't reachable later; a NULL is none. */
void sandbox_add_path(struct sandbox *s, const char *path, enum sandbox_access access);

int sandbox_begin(const struct sandbox *s, struct error *err);
int sandbox_close(struct error *err);

/* The part of sandbox_begin() that makes what sandbox_close() needs. */
int sandbox_calls(const struct sandbox *s, struct error *err);
/* The part of sandbox_begin() that gives up files. Linux before 5.13 can't, and they stay. */
int sandbox_files(const struct sandbox *s, struct error *err);

#endif
