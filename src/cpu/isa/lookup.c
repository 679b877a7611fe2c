/* SPDX-License-Identifier: Apache-2.0 */
/* The instruction table made of isa.def, and finding an instruction in it. */
#include <pthread.h>
#include "cpu/isa/ops.h"

#define ROW_FN_RC(name, flags) ((flags)&F_RC ? op_##name##_rc : NULL)

const struct insn_row isa_table[] = {
#define INSN(name, mnemonic, mask, match, format, level, flags)                                    \
	{mnemonic, (u32)(mask), match, (u32)((u64)(mask) >> 32), FMT_##format,                     \
	 level,	   flags,	op_##name, ROW_FN_RC(name, flags)},
#include "cpu/isa/isa.def"
#undef INSN
};

const unsigned isa_rows = ARRAY_SIZE(isa_table);

/*
 * Index: primary opcode and those of the low 11 bits that any of its rows looks at lead to a list
 * of candidate rows, most specific mask first. Lists end with NO_ROW and lie in one pool;
 * neighbours with the same list share it.
 */
#define NO_ROW	  0xffffu
#define LOW_BITS  11
#define LOW_MASK  ((1u << LOW_BITS) - 1)
#define BUCKETS	  (64u << LOW_BITS)
#define POOL_SIZE (BUCKETS * 3)

static u32 bucket[BUCKETS];
static u32 low_mask[64]; /* by primary opcode */
static u16 pool[POOL_SIZE];
static unsigned pool_used;

/* The rows of @among that an instruction with these primary opcode and low bits may be. */
static unsigned candidates(u32 key, const u16 *among, unsigned nr, u16 *list)
{
	u32 low = key & LOW_MASK;
	unsigned n = 0;

	for (unsigned i = 0; i < nr; i++) {
		const struct insn_row *row = &isa_table[among[i]];
		unsigned at;

		if ((low ^ row->match) & row->mask & LOW_MASK)
			continue;
		for (at = n++; at > 0; at--) {
			if (__builtin_popcount(isa_table[list[at - 1]].mask) >=
			    __builtin_popcount(row->mask))
				break;
			list[at] = list[at - 1];
		}
		list[at] = among[i];
	}
	list[n++] = NO_ROW;
	return n;
}

static void index_primary(u32 primary)
{
	static u16 among[ARRAY_SIZE(isa_table) + 1], list[ARRAY_SIZE(isa_table) + 1];
	unsigned nr = 0;
	u32 last = 0;

	for (unsigned i = 0; i < isa_rows; i++)
		if (isa_table[i].match >> 26 == primary) {
			among[nr++] = i;
			low_mask[primary] |= isa_table[i].mask & LOW_MASK;
		}
	for (u32 low = 0; low <= LOW_MASK; low++) {
		u32 key = primary << LOW_BITS | low;
		unsigned n;

		if (low & ~low_mask[primary])
			continue;
		n = candidates(key, among, nr, list);
		if (low == 0 || memcmp(&pool[last], list, n * sizeof(*list))) {
			if (pool_used + n > POOL_SIZE)
				__builtin_trap(); /* a table this dense needs a larger pool */
			memcpy(&pool[pool_used], list, n * sizeof(*list));
			last = pool_used;
			pool_used += n;
		}
		bucket[key] = last;
	}
}

static void build_index(void)
{
	for (u32 primary = 0; primary < 64; primary++)
		index_primary(primary);
}

void isa_prepare(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, build_index);
}

bool isa_has(enum isa_level level, const struct insn_row *row)
{
	if (level >= ISA_32)
		return row->level >= ISA_32 && row->level <= level;
	return row->level == ISA_32 || row->level == ISA_BOOKE || row->level == level ||
	       (row->flags & (level == ISA_440 ? F_440 : F_E500));
}

const struct insn_row *isa_lookup(u32 insn, enum isa_level level)
{
	u32 primary = insn >> 26;
	const u16 *list;

	isa_prepare();
	list = &pool[bucket[primary << LOW_BITS | (insn & low_mask[primary])]];
	for (; *list != NO_ROW; list++) {
		const struct insn_row *row = &isa_table[*list];

		if ((insn & row->mask) == row->match && isa_has(level, row))
			return row;
	}
	return NULL;
}
