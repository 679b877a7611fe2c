/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks by guest real address and mode. */
#include <assert.h>
#include <errno.h>
#include <sys/mman.h>
#include "base/prefault.h"
#include "cpu/engine/cache.h"

#define BLOCKS_BYTES ((size_t)1 << 10) /* of the arenas, that there is a bucket for */

static size_t buckets(const struct code_cache *c)
{
	return (size_t)1 << c->hash_bits;
}

static size_t hash_bytes(const struct code_cache *c)
{
	return buckets(c) * sizeof(struct bucket);
}

int hash_init(struct code_cache *c, size_t bytes)
{
	while (buckets(c) * 2 * BLOCKS_BYTES <= bytes)
		c->hash_bits++;
	c->hash = pages_untouched(hash_bytes(c), 0);
	return c->hash ? 0 : -ENOMEM;
}

void hash_fini(struct code_cache *c)
{
	munmap(c->hash, hash_bytes(c));
}

/* Fibonacci hashing: code lies close together, and the same places of many pages begin blocks. */
static u64 spread(u64 key)
{
	return key * 0x9e3779b97f4a7c15ull;
}

static size_t first_bucket(const struct code_cache *c, u64 gpa)
{
	return spread(gpa >> LINE_SHIFT) >> 1 >> (63 - c->hash_bits);
}

/* The @nth that what begins at @gpa may be in. */
static struct bucket *hash_bucket(const struct code_cache *c, u64 gpa, unsigned nth)
{
	return &c->hash[(first_bucket(c, gpa) + nth) & (buckets(c) - 1)];
}

/* A block at place 0. */
static u32 ref_tag(u64 gpa, u32 mode)
{
	return (u32)(spread(gpa << 8 ^ mode) >> 32) & ~0u << REF_PLACE_BITS;
}

static struct block *ref_block(const struct code_cache *c, u32 ref)
{
	return code_at_place(c, ref & ~(~0u << REF_PLACE_BITS));
}

static unsigned bucket_used(const struct bucket *bucket)
{
	unsigned n = 0;

	while (n < BUCKET_REFS && bucket->refs[n])
		n++;
	return n;
}

static u32 *bucket_find(const struct code_cache *c, struct bucket *bucket, const struct block *b)
{
	for (unsigned i = 0; i < BUCKET_REFS && bucket->refs[i]; i++)
		if (ref_block(c, bucket->refs[i]) == b)
			return &bucket->refs[i];
	return NULL;
}

void hash_remove(struct code_cache *c, const struct block *b)
{
	struct bucket *bucket;
	u32 *ref = NULL;
	size_t behind;

	for (unsigned nth = 0; !ref; nth++) {
		assert(nth < BUCKETS_MAX);
		bucket = hash_bucket(c, b->gpa, nth);
		ref = bucket_find(c, bucket, b);
	}
	behind = (size_t)(&bucket->refs[BUCKET_REFS - 1] - ref);
	memmove(ref, ref + 1, behind * sizeof(*ref));
	bucket->refs[BUCKET_REFS - 1] = 0;
}

void hash_expect(struct code_cache *c, u64 gpa)
{
	__builtin_prefetch(hash_bucket(c, gpa, 0));
}

static void bucket_look(const struct code_cache *c, const struct bucket *bucket, u64 gpa, u32 mode,
			struct block *found[KINDS])
{
	u32 tag = ref_tag(gpa, mode);

	for (unsigned i = 0; i < BUCKET_REFS && bucket->refs[i]; i++) {
		struct block *b = ref_block(c, bucket->refs[i]);

		if (!((bucket->refs[i] ^ tag) >> REF_PLACE_BITS) && b->gpa == gpa &&
		    b->mode == mode)
			found[kind_of(c, b)] = b;
	}
}

void hash_look(struct code_cache *c, u64 gpa, u32 mode, struct block *found[KINDS])
{
	const struct bucket *bucket;
	unsigned nth = 0;

	found[KEPT] = found[COLD] = NULL;
	do {
		bucket = hash_bucket(c, gpa, nth);
		bucket_look(c, bucket, gpa, mode, found);
	} while (bucket->goes_on && ++nth < BUCKETS_MAX);
}

struct block *hash_find(struct code_cache *c, enum code_kind kind, u64 gpa, u32 mode)
{
	struct block *found[KINDS];

	hash_look(c, gpa, mode, found);
	return found[kind];
}

/* The bucket that has room for what begins at @gpa, which is looked for there now; NULL: none. */
static struct bucket *bucket_with_room(const struct code_cache *c, u64 gpa)
{
	for (unsigned nth = 0; nth < BUCKETS_MAX; nth++) {
		struct bucket *bucket = hash_bucket(c, gpa, nth);

		if (!bucket->refs[BUCKET_REFS - 1])
			return bucket;
		bucket->goes_on = true;
	}
	return NULL;
}

/* The oldest, so that what is new stays for a while: a cold block must come to its end. */
struct block *hash_in_the_way(struct code_cache *c, const struct block *b)
{
	if (bucket_with_room(c, b->gpa))
		return NULL;
	return ref_block(c, hash_bucket(c, b->gpa, c->hash_turn++ % BUCKETS_MAX)->refs[0]);
}

void hash_add(struct code_cache *c, const struct block *b)
{
	struct bucket *bucket = bucket_with_room(c, b->gpa);

	bucket->refs[bucket_used(bucket)] = ref_tag(b->gpa, b->mode) | code_place(c, b);
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

void hash_forget_all(struct code_cache *c)
{
	memset(c->hash, 0, hash_bytes(c));
}
