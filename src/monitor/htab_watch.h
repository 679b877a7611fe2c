/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Somebody who looks at a guest's hash table again and again: at first at all of it, then at what
 * changed since. The guest may be running.
 */
#ifndef PAPYR_MONITOR_HTAB_WATCH_H
#define PAPYR_MONITOR_HTAB_WATCH_H

#include "migration/state/htab.h"
#include "platform/htab.h"
#include "platform/machine.h"

struct htab_watch;

struct htab_watch *htab_watch_new(struct machine *m, struct error *err);
/* NULL is fine. */
void htab_watch_free(struct htab_watch *w);

/*
 * One pass, piece by piece, to @sink: whole records with headers in the host's byte order. 0, or -1
 * with @err; or HTAB_RESIZED: the guest went over to another table meanwhile, and @sink was told of
 * the old one. The next pass is then the first one over the new.
 */
#define HTAB_RESIZED 1
int htab_watch_pass(struct htab_watch *w, htab_sink sink, void *opaque, struct error *err);

/* Passes done over this table, and of which order that is. */
u64 htab_watch_passes(const struct htab_watch *w);
unsigned htab_watch_order(const struct htab_watch *w);

#endif
