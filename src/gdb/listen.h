/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A socket that listens at a place of gdb_check_where().
 */
#ifndef PAPYR_GDB_LISTEN_H
#define PAPYR_GDB_LISTEN_H

#include "platform/error.h"

#define GDB_ADDRESS_MAX 128

struct gdb_listener {
	int fd;
	char address[GDB_ADDRESS_MAX]; /* for "target remote" */
	char path[GDB_ADDRESS_MAX];    /* to be removed; empty: none */
};

/* -1: it can't be listened at @where. */
int gdb_listen(struct gdb_listener *l, const char *where, struct error *err);
void gdb_listen_end(struct gdb_listener *l);

#endif
