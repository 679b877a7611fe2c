/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stub: answers gdb's remote protocol for something that has threads, registers and memory.
 * What that is stands behind struct gdb_target; the bytes come and go by its user's hands.
 *
 * Threads are numbered from 0 here, from 1 in the protocol. All of them stand still or may run
 * (all-stop): while they run, gdb can do no more than interrupt, detach and kill.
 */
#ifndef PAPYR_GDB_STUB_H
#define PAPYR_GDB_STUB_H

#include "gdb/registers.h"

enum gdb_run { GDB_STAY, GDB_GO, GDB_STEP };

/* The numbers of Z packets. */
enum gdb_point {
	GDB_SOFT_BREAK,
	GDB_HARD_BREAK,
	GDB_WATCH_WRITE,
	GDB_WATCH_READ,
	GDB_WATCH_ACCESS
};
#define GDB_POINT_KINDS 5

enum gdb_why {
	GDB_INTERRUPTED,
	GDB_TRAPPED, /* a step is done */
	GDB_MET,     /* @kind, at @address */
};

struct gdb_stop {
	unsigned thread;
	enum gdb_why why;
	enum gdb_point kind;
	u64 address;
};

struct gdb_target {
	void *opaque;
	unsigned n_threads;
	bool little; /* registers' byte order; may change between two packets */

	/* Of a register's number in gdb_registers[]. -1: it can't be read, or set. */
	int (*read_register)(void *opaque, unsigned thread, unsigned reg, struct gdb_value *value);
	int (*write_register)(void *opaque, unsigned thread, unsigned reg, struct gdb_value value);
	/* How many bytes could be read from @address on. */
	size_t (*read_memory)(void *opaque, unsigned thread, u64 address, void *data, size_t len);
	/* -1: not all of it could be written. */
	int (*write_memory)(void *opaque, unsigned thread, u64 address, const void *data,
			    size_t len);
	/* The same point may be set twice, and then is one. -1: it can't be. */
	int (*set_point)(void *opaque, enum gdb_point kind, u64 address, u64 len);
	int (*clear_point)(void *opaque, enum gdb_point kind, u64 address, u64 len);

	/* @runs has a gdb_run for each thread. -1: they can't, and stand still. */
	int (*run)(void *opaque, const unsigned char *runs);
	/* They stand still when it returns; the stub asks why by last_stop(). */
	void (*interrupt)(void *opaque);
	/* A thread that stopped and was not told of; false: there is none, whatever is in @stop. */
	bool (*next_stop)(void *opaque, struct gdb_stop *stop);

	/* A word or two of what a thread does, for people. */
	void (*describe_thread)(void *opaque, unsigned thread, struct gdb_out *out);
	/* gdb's command "monitor": an answer for people. */
	void (*command)(void *opaque, unsigned thread, const char *text, struct gdb_out *out);
	/* Ends whatever it is. */
	void (*kill)(void *opaque);
};

struct gdb_stub;

/* @send: what goes to gdb. NULL: there is no memory. @target stays the caller's. */
struct gdb_stub *gdb_stub_new(struct gdb_target *target,
			      void (*send)(void *opaque, const char *data, size_t len),
			      void *opaque);
void gdb_stub_free(struct gdb_stub *s);
void gdb_stub_feed(struct gdb_stub *s, const char *data, size_t len);
/* A thread may have stopped: gdb is told, if it waits for that. */
void gdb_stub_look(struct gdb_stub *s);
/* The target ended; gdb is told. */
void gdb_stub_ended(struct gdb_stub *s, unsigned status);
/* gdb wants no more of it: nothing more is to be fed. */
bool gdb_stub_is_done(const struct gdb_stub *s);

#endif
