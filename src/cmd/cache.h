/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What papyr makes once and keeps for later commands, in files of
 * ${XDG_CACHE_HOME:-~/.cache}/papyr. All of it can be made again: losing an entry costs time only,
 * and removing one that somebody uses harms nobody, as they have it open.
 *
 * An entry's key says all that it was made of, so that an old one is never taken for a new one. Old
 * ones go when the bound is reached, those first whose last use is the longest ago.
 *
 * Several papyrs at once: entries appear whole, by a rename. Who makes one holds the cache
 * meanwhile (cache_hold()); what was begun and isn't held by anybody is swept away by cache_trim().
 */
#ifndef PAPYR_CMD_CACHE_H
#define PAPYR_CMD_CACHE_H

#include <limits.h>
#include <stddef.h>
#include <time.h>

#include "base/bits.h"
#include "platform/error.h"

enum cache_kind {
	CACHE_GUEST,  /* a guest of papyr exec's that waits for its command: warm-KEY.img */
	CACHE_INITRD, /* what such guests begin with: exec-KEY.cpio */
	CACHE_KINDS
};

#define CACHE_KEY_MAX 40

struct cache_entry {
	enum cache_kind kind;
	char key[CACHE_KEY_MAX];
	u64 bytes; /* on the disk */
	struct timespec last_use;
};

/* "guest" or "initrd", for people. */
const char *cache_kind_name(enum cache_kind kind);

/* The folder, which is made if it isn't there. NULL: it can't be; the text lasts. */
const char *cache_folder(struct error *err);

/* The file of an entry, whether it is there or not. -1: there is no folder for it. */
int cache_path(enum cache_kind kind, const char *key, char path[PATH_MAX], struct error *err);

/* A key out of a text that says all that matters. */
void cache_key(const char *text, char key[CACHE_KEY_MAX]);

/*
 * All entries, the one that was used last first; to be freed. NULL and @n of 0: there are none, or
 * they can't be read, and @err says why.
 */
struct cache_entry *cache_list(size_t *n, struct error *err);

/* Notes a use of it now. What isn't there, isn't. */
void cache_used(const char *path);

/* -1: it can't be removed. One that is gone already is removed. */
int cache_remove(const struct cache_entry *e, struct error *err);

/*
 * A descriptor to be closed when an entry is made. -1: there is no folder, or somebody clears it
 * just now.
 */
int cache_hold(void);

/* The bound: $PAPYR_CACHE_SIZE (as "512M"; 0: nothing is kept), or 1 GiB. */
u64 cache_bound(void);

/*
 * Has entries go until the others fit the bound, those that nobody used for 30 days, and what was
 * begun and never made whole.
 */
void cache_trim(void);

#endif
