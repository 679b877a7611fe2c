/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks by guest real address and mode. */
#include <assert.h>
#include <sys/mman.h>
#include "base/prefault.h"
#include "cpu/engine/cache.h"

#define BUCKET_BLOCKS ((size_t)1 << 10) /* bytes of memory for blocks that a bucket is for */

static size_t buckets(const struct code_cache *c)
{
	return (size_t)1 << (64 - c->hash_shift);
}

static size_t hash_bytes(const struct code_cache *c)
{
	return buckets(c) * sizeof(struct bucket);
}

bool hash_init(struct code_cache *c, size_t bytes)
{
	c->hash_shift = 1 + (unsigned)__builtin_clzll(bytes / BUCKET_BLOCKS);
	c->hash = pages_untouched(hash_bytes(c), 0);
	return c->hash;
}

void hash_fini(struct code_cache *c)
{
	munmap(c->hash, hash_bytes(c));
}

void hash_forget_all(struct code_cache *c)
{
	memset(c->hash, 0, hash_bytes(c));
}

/* Fibonacci hashing: code lies close together, and the same places of many pages begin blocks. */
static u64 spread(u64 key)
{
	return key * 0x9e3779b97f4a7c15ull;
}

/* What begins in one line shares a bucket, which is near when code runs through the line. */
static struct bucket *hash_bucket(struct code_cache *c, u64 gpa)
{
	return &c->hash[spread(gpa >> LINE_SHIFT) >> c->hash_shift];
}

/* A block at place 0. */
static u32 ref_tag(u64 gpa, u32 mode)
{
	return (u32)(spread(gpa << 8 ^ mode) >> 32) & ~0u << REF_PLACE_BITS;
}

static struct block *ref_block(const struct code_cache *c, u32 ref)
{
	return (void *)(c->arena[KEPT].at + (size_t)(ref & ~(~0u << REF_PLACE_BITS)) * 16);
}

static unsigned bucket_used(const struct bucket *bucket)
{
	unsigned n = 0;

	while (n < BUCKET_REFS && bucket->refs[n])
		n++;
	return n;
}

void hash_remove(struct code_cache *c, const struct block *b)
{
	struct bucket *bucket = hash_bucket(c, b->gpa);
	unsigned last = bucket_used(bucket) - 1, i = 0;

	while (ref_block(c, bucket->refs[i]) != b) {
		i++;
		assert(i <= last);
	}
	bucket->refs[i] = bucket->refs[last];
	bucket->refs[last] = 0;
}

void hash_expect(struct code_cache *c, u64 gpa)
{
	__builtin_prefetch(hash_bucket(c, gpa));
}

void hash_look(struct code_cache *c, u64 gpa, u32 mode, struct block *found[KINDS])
{
	const struct bucket *bucket = hash_bucket(c, gpa);
	u32 tag = ref_tag(gpa, mode);

	found[KEPT] = found[COLD] = NULL;
	for (unsigned i = 0; i < BUCKET_REFS && bucket->refs[i]; i++) {
		struct block *b = ref_block(c, bucket->refs[i]);

		if (!((bucket->refs[i] ^ tag) >> REF_PLACE_BITS) && b->gpa == gpa &&
		    b->mode == mode)
			found[kind_of(c, b)] = b;
	}
}

struct block *hash_find(struct code_cache *c, enum code_kind kind, u64 gpa, u32 mode)
{
	struct block *found[KINDS];

	hash_look(c, gpa, mode, found);
	return found[kind];
}

struct block *hash_in_the_way(struct code_cache *c, const struct block *b)
{
	const struct bucket *bucket = hash_bucket(c, b->gpa);

	if (!bucket->refs[BUCKET_REFS - 1])
		return NULL;
	for (unsigned i = 0; i < BUCKET_REFS; i++) {
		struct block *old = ref_block(c, bucket->refs[i]);

		if (kind_of(c, old) == COLD)
			return old;
	}
	return ref_block(c, bucket->refs[0]);
}

/* A page lies before all blocks: none is at place 0. */
void hash_add(struct code_cache *c, const struct block *b)
{
	struct bucket *bucket = hash_bucket(c, b->gpa);

	bucket->refs[bucket_used(bucket)] =
	    ref_tag(b->gpa, b->mode) | (u32)(((const u8 *)b - c->arena[KEPT].at) / 16);
}

static void bucket_forget_cold(const struct code_cache *c, struct bucket *bucket)
{
	unsigned used = 0;

	for (unsigned i = 0; i < BUCKET_REFS && bucket->refs[i]; i++) {
		u32 ref = bucket->refs[i];

		bucket->refs[i] = 0;
		if (kind_of(c, ref_block(c, ref)) == KEPT)
			bucket->refs[used++] = ref;
	}
}

void hash_forget_cold(struct code_cache *c)
{
	for (size_t i = 0; i < buckets(c); i++)
		bucket_forget_cold(c, &c->hash[i]);
}
