/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where running guests are found: one socket for each, named for the guest, in a directory that
 * only its owner can enter.
 */
#ifndef PAPYR_MONITOR_PATHS_H
#define PAPYR_MONITOR_PATHS_H

#include <stddef.h>

#include "platform/error.h"

#define CONTROL_PATH_MAX 108 /* what a socket's address holds */

/* ${XDG_RUNTIME_DIR:-/tmp/papyr-$UID}/papyr */
int control_dir(char *dir, size_t size, struct error *err);
/* The same with NAME.sock. A name is checked: it can't lead out of the directory. */
int control_path(const char *name, char *path, size_t size, struct error *err);
/* The same with NAME.gdb, where gdb is waited for if nobody says where else. */
int control_gdb_path(const char *name, char *path, size_t size, struct error *err);
/* Makes the directory, and refuses one that is somebody else's. */
int control_dir_make(struct error *err);

#endif
