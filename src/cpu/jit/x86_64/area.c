/* SPDX-License-Identifier: Apache-2.0 */
/* The memory that translations lie in. */
#include "cpu/jit/jit.h"

#if defined(__x86_64__) && !defined(__ILP32__)

#include <assert.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/prefault.h"
#include "cpu/jit/x86_64/jit.h"

#define CODE_FIRST ((size_t)512 << 10) /* what a guest needs soon */
/* What those who translate take at a time, beyond what they must have. */
#define ROOM_MORE ((size_t)1 << 20)
/* Where that begins: a line of the host's cache. */
#define ALIGNED ((size_t)64)
/* What translations leave for exits that are made later. */
#define EXITS_ROOM ((size_t)256 << 10)

#define PAGE		 ((size_t)4096)
#define THUNKS_BYTES_MAX ((size_t)4096) /* constants too */

static size_t room_left(const struct room *r)
{
	return r->end - r->at;
}

/*
 * @room has @bytes then: it gets more of @free, where @left stay. What lies behind it continues it;
 * else it begins elsewhere, and what it had is lost until all is.
 */
static bool room_grows(struct room *room, struct room *free, size_t bytes, size_t left)
{
	size_t lacks, more;
	bool found;

	if (room->end != free->at)
		*room = (struct room){free->at, free->at};
	lacks = (bytes - room_left(room) + ALIGNED - 1) & ~(ALIGNED - 1);
	found = room_left(free) >= lacks + left;
	if (found) {
		more = (room_left(free) - lacks - left) / 8;
		free->at += lacks + (more < ROOM_MORE ? more & ~(ALIGNED - 1) : ROOM_MORE);
		room->end = free->at;
	}
	return found;
}

/* It has, or grows. */
static bool room_has(struct jit *jit, struct room *room, struct room *free, size_t bytes,
		     size_t left)
{
	bool found;

	if (room_left(room) >= bytes)
		return true;
	if (!jit->orders)
		return room_grows(room, free, bytes, left);
	lock_acquire(&jit->lock);
	found = room_grows(room, free, bytes, left);
	lock_release(&jit->lock);
	return found;
}

bool area_has_translation(struct tr *t)
{
	struct jit *jit = t->jit;

	return room_has(jit, &t->often, &jit->often, TR_BYTES_MAX, EXITS_ROOM) &&
	       room_has(jit, &t->seldom, &jit->seldom, TR_BYTES_MAX, EXITS_ROOM) &&
	       room_has(jit, &t->data, &jit->seldom, DATA_BYTES_MAX, EXITS_ROOM);
}

bool area_has_data(struct tr *t, size_t bytes)
{
	return room_has(t->jit, &t->data, &t->jit->seldom, bytes, EXITS_ROOM);
}

bool area_has_exit(struct tr *t)
{
	struct jit *jit = t->jit;

	return room_has(jit, &t->often, &jit->often, EXIT_BYTES_MAX, 0) &&
	       room_has(jit, &t->seldom, &jit->seldom, EXIT_BYTES_MAX, 0) &&
	       room_has(jit, &t->data, &jit->seldom, EXIT_BYTES_MAX, 0);
}

void *jit_take(struct tr *t, size_t bytes)
{
	u8 *at = t->jit->write + t->data.at;

	t->data.at += bytes;
	assert(t->data.at <= t->data.end);
	return at;
}

/* Of whole pages. */
static size_t part(size_t bytes)
{
	return (bytes + PAGE - 1) & ~(PAGE - 1);
}

static bool map_both(struct jit *jit, int fd)
{
	if (fd < 0 || ftruncate(fd, (off_t)jit->bytes))
		return false;
	jit->write = mmap(NULL, jit->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (jit->write == MAP_FAILED)
		return false;
	jit->run = mmap(NULL, jit->bytes, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	if (jit->run != MAP_FAILED)
		return true;
	munmap(jit->write, jit->bytes);
	return false;
}

bool area_init(struct jit *jit, size_t bytes)
{
	int fd = memfd_create("papyr code", MFD_CLOEXEC);
	bool mapped;

	jit->aside =
	    part(bytes / 4 * 3 + jit->translators * TR_BYTES_MAX + EXITS_ROOM + THUNKS_BYTES_MAX);
	jit->seldom_first = part(jit->aside + EXIT_BYTES_MAX);
	jit->bytes = jit->seldom_first +
		     part(bytes / 4 + ALIGNED + jit->translators * (TR_BYTES_MAX + DATA_BYTES_MAX) +
			  TR_RECORDS_BYTES_MAX + EXITS_ROOM);
	mapped = map_both(jit, fd);
	if (fd >= 0)
		close(fd);
	if (mapped)
		lock_init(&jit->lock, LOCK_CODE);
	return mapped;
}

void area_fini(struct jit *jit)
{
	munmap(jit->write, jit->bytes);
	munmap(jit->run, jit->bytes);
	lock_destroy(&jit->lock);
}

void jit_warm_up(struct jit *jit)
{
	size_t first;

	if (!jit)
		return;
	first = jit->bytes < CODE_FIRST ? jit->bytes : CODE_FIRST;
	prefault_write(jit->write, first);
	prefault_read(jit->run, first);
}

void area_begins(struct jit *jit, const u8 *at)
{
	jit->once = (struct op *)(jit->write + jit->seldom_first);
	jit->first = (size_t)(at - jit->write + ALIGNED - 1) & ~(ALIGNED - 1);
	assert(jit->first <= THUNKS_BYTES_MAX);
	area_reset(jit);
}

void area_reset(struct jit *jit)
{
	jit->often = (struct room){jit->first, jit->aside};
	/* Behind what jit->once leads to. */
	jit->seldom = (struct room){jit->seldom_first + ALIGNED, jit->bytes};
	for (unsigned i = 0; i < jit->translators; i++) {
		struct tr *t = &jit->tr[i];

		t->often = t->seldom = t->data = (struct room){0, 0};
	}
}

#endif
