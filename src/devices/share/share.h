/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A folder of the host's for a guest: a server of 9P2000.L, which Linux's 9p file system speaks. It
 * knows nothing of what carries the messages.
 *
 * What a guest names by a fid is a path below the folder, looked up anew each time by openat2(),
 * with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS: no "..", link, rename or race leads out of it. Only
 * regular files and folders are ever opened, and no device nodes are made.
 *
 * Files belong to whom they belong on the host. What is made belongs to the process's user; to the
 * guest's, if that is root.
 */
#ifndef PAPYR_DEVICES_SHARE_H
#define PAPYR_DEVICES_SHARE_H

#include <sys/uio.h>

#include "platform/error.h"
#include "platform/state.h"

#define SHARE_MESSAGE_MAX (1u << 20) /* the largest that is agreed on */

struct share;

/* NULL: there is no such folder, or the host's kernel can't keep a guest in it. */
struct share *share_new(const char *folder, bool read_only, struct error *err);
void share_free(struct share *s);
/* Forgets all fids: as a guest that starts finds it. */
void share_reset(struct share *s);

/*
 * Carries out the message in @out, and writes the answer into @in: how long it is. 0: it is no
 * message, or there is no room for any answer. The pieces are only read. One at a time.
 */
u32 share_serve(struct share *s, const struct iovec *out, unsigned n_out, const struct iovec *in,
		unsigned n_in);

/*
 * The fids, by their paths, and their locks; files that were open are opened again, if they are
 * there. Locks are taken by share_come() only: until then they may be the source's.
 */
void share_save(const struct share *s, struct state_out *out);
int share_load(struct share *s, struct state_in *in);

/* The guest goes elsewhere: gives its locks up, and knows of them still. It stands still. */
void share_leave(struct share *s);
/*
 * The guest is here, and is about to run: takes the locks that it had. Where somebody else has one
 * meanwhile its file is gone for the guest, and @lost is told of its path.
 */
void share_come(struct share *s, void (*lost)(void *opaque, const char *path), void *opaque);

#endif
