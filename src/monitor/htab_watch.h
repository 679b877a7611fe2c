/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Somebody who looks at a guest's hash table again and again: at first at all of it, then at what
 * changed since. The guest may be running.
 */
#ifndef PAPYR_MONITOR_HTAB_WATCH_H
#define PAPYR_MONITOR_HTAB_WATCH_H

#include "migration/state/htab.h"
#include "platform/machine.h"

struct htab_watch;

struct htab_watch *htab_watch_new(struct machine *m, struct error *err);
/* NULL is fine. */
void htab_watch_free(struct htab_watch *w);

/* One pass, piece by piece, to @sink: whole records with headers in the host's byte order. */
int htab_watch_pass(struct htab_watch *w, htab_sink sink, void *opaque, struct error *err);

/* Passes done. */
u64 htab_watch_passes(const struct htab_watch *w);

#endif
