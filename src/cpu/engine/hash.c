/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks by guest real address and mode. */
#include <assert.h>
#include "cpu/engine/cache.h"

static u64 block_hash(u64 gpa, u32 mode)
{
	/* Fibonacci hashing: code lies close together, and the same places of many pages begin
	 * blocks. */
	return (gpa << 8 ^ mode) * 0x9e3779b97f4a7c15ull;
}

static struct bucket *hash_bucket(struct code_cache *c, u64 hash)
{
	return &c->hash[hash >> (64 - HASH_SHIFT)];
}

/* A block at place 0. */
static u32 ref_tag(u64 hash)
{
	return (u32)(hash >> (32 - HASH_SHIFT)) & ~0u << REF_PLACE_BITS;
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
	struct bucket *bucket = hash_bucket(c, block_hash(b->gpa, b->mode));
	unsigned last = bucket_used(bucket) - 1, i = 0;

	while (ref_block(c, bucket->refs[i]) != b) {
		i++;
		assert(i <= last);
	}
	bucket->refs[i] = bucket->refs[last];
	bucket->refs[last] = 0;
}

void hash_expect(struct code_cache *c, u64 gpa, u32 mode)
{
	__builtin_prefetch(hash_bucket(c, block_hash(gpa, mode)));
}

void hash_look(struct code_cache *c, u64 gpa, u32 mode, struct block *found[KINDS])
{
	u64 hash = block_hash(gpa, mode);
	const struct bucket *bucket = hash_bucket(c, hash);
	u32 tag = ref_tag(hash);

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
	const struct bucket *bucket = hash_bucket(c, block_hash(b->gpa, b->mode));

	return bucket->refs[BUCKET_REFS - 1] ? ref_block(c, bucket->refs[0]) : NULL;
}

/* A page lies before all blocks: none is at place 0. */
void hash_add(struct code_cache *c, const struct block *b)
{
	u64 hash = block_hash(b->gpa, b->mode);
	struct bucket *bucket = hash_bucket(c, hash);

	bucket->refs[bucket_used(bucket)] =
	    ref_tag(hash) | (u32)(((const u8 *)b - c->arena[KEPT].at) / 16);
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
	for (unsigned i = 0; i < HASH_BUCKETS; i++)
		bucket_forget_cold(c, &c->hash[i]);
}
