/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where gdb finds a guest: a socket that waits for it, and the connection, one at a time, that is
 * a debugger of the machine for as long as it lasts. Whoever can connect has the whole guest.
 *
 * Main thread only.
 */
#ifndef PAPYR_GDB_SERVER_H
#define PAPYR_GDB_SERVER_H

#include <stdbool.h>

#include "platform/error.h"

struct gdb_server;
struct machine;

/* Is it "tcp:[HOST:]PORT", with an address for HOST, or "unix:PATH"? */
int gdb_check_where(const char *where, struct error *err);

/* Waits for gdb there. NULL: it can't. Without HOST only this machine's users can connect. */
struct gdb_server *gdb_server_new(struct machine *m, const char *where, struct error *err);
/* Hangs up, which leaves nothing of the debugger behind in the guest. */
void gdb_server_free(struct gdb_server *s);
/* What gdb's command "target remote" takes. */
const char *gdb_server_address(const struct gdb_server *s);

#endif
