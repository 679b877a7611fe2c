/* SPDX-License-Identifier: Apache-2.0 */
/* The instruction table made of isa.def, finding an instruction in it, and taking its fields apart.
 */
#include <pthread.h>
#include "cpu/insn/ops.h"

#define ROW_FN_RC(name, flags) ((flags)&F_RC ? op_##name##_rc : NULL)

const struct insn_row isa_table[] = {
#define INSN(name, mnemonic, mask, match, format, level, flags)                                    \
	{mnemonic, mask, match, FMT_##format, level, flags, op_##name, ROW_FN_RC(name, flags)},
#include "cpu/isa/isa.def"
#undef INSN
};

const unsigned isa_rows = ARRAY_SIZE(isa_table);

/*
 * Index: primary opcode and those of the low 11 bits that any of its rows looks at lead to a list of
 * candidate rows, most specific mask first. Lists end with NO_ROW and lie in one pool; neighbours with the
 * same list share it.
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

const struct insn_row *isa_lookup(u32 insn, enum isa_level level)
{
	u32 primary = insn >> 26;
	const u16 *list;

	isa_prepare();
	list = &pool[bucket[primary << LOW_BITS | (insn & low_mask[primary])]];
	for (; *list != NO_ROW; list++) {
		const struct insn_row *row = &isa_table[*list];

		if ((insn & row->mask) == row->match && row->level <= level)
			return row;
	}
	return NULL;
}

/* The mask of rlwinm and friends: ones from bit mb to bit me, wrapping; MASK(mb + 32, me + 32) of
 * the ISA, doubled. */
static u64 word_mask(unsigned mb, unsigned me)
{
	u32 from = ~0u >> mb, to = ~0u << (31 - me);
	u32 m = mb <= me ? from & to : from | to;

	/* A mask that wraps takes the upper word along: rotl32 doubles the word there. */
	return mb <= me ? m : 0xffffffff00000000ull | m;
}

static unsigned sh6(u32 insn)
{
	return field(insn, 16, 20) | field(insn, 30, 30) << 5;
}

static unsigned vsr6(u32 insn, unsigned first, unsigned high)
{
	return field(insn, first, first + 4) | field(insn, high, high) << 5;
}

static u8 or_zero(u8 ra)
{
	return ra ? ra : 32;
}

void isa_operands(const struct insn_row *row, u32 insn, struct op *op)
{
	op->insn = insn;
	op->t = field(insn, 6, 10);
	op->a = field(insn, 11, 15);
	op->b = field(insn, 16, 20);
	op->c = field(insn, 21, 25);
	op->imm = 0;
	op->link = NULL;
	switch (row->format) {
	case FMT_NONE:
	case FMT_X:
	case FMT_XL:
		break;
	case FMT_D0:
		op->a = or_zero(op->a);
		/* fallthrough */
	case FMT_D:
		op->imm = (s16)insn;
		break;
	case FMT_DS0:
		op->a = or_zero(op->a);
		/* fallthrough */
	case FMT_DS:
		op->imm = (s16)(insn & ~3u);
		break;
	case FMT_DU:
		op->imm = (u16)insn;
		break;
	case FMT_DIS0:
		op->a = or_zero(op->a);
		op->imm = (s64)(s16)insn * 65536;
		break;
	case FMT_DUS:
		op->imm = (s64)(u16)insn << 16;
		break;
	case FMT_X0:
		op->a = or_zero(op->a);
		break;
	case FMT_XSH:
		op->imm = op->b;
		break;
	case FMT_XS:
		op->imm = sh6(insn);
		break;
	case FMT_I:
		op->imm = (s64)(s32)((insn & 0x03fffffcu) << 6) >> 6;
		break;
	case FMT_B:
		op->c = op->a >> 2;
		op->b = 8 >> (op->a & 3);
		op->imm = (s16)(insn & 0xfffcu);
		break;
	case FMT_M:
		op->imm = (s64)word_mask(field(insn, 21, 25), field(insn, 26, 30));
		break;
	case FMT_MD:
		op->c = sh6(insn);
		/* fallthrough */
	case FMT_MDS:
		op->imm = field(insn, 21, 25) | field(insn, 26, 26) << 5;
		break;
	case FMT_XFX:
		op->imm = field(insn, 11, 15) | field(insn, 16, 20) << 5;
		break;
	case FMT_CMPI:
		op->imm = (s16)insn;
		op->c = op->t & 1;
		op->t >>= 2;
		break;
	case FMT_CMPLI:
		op->imm = (u16)insn;
		op->c = op->t & 1;
		op->t >>= 2;
		break;
	case FMT_CMP:
		op->c = op->t & 1;
		op->t >>= 2;
		break;
	case FMT_VX:
		op->imm = (s8)(op->a << 3) >> 3;
		break;
	case FMT_XX1:
		op->a = or_zero(op->a);
		op->t = vsr6(insn, 6, 31);
		break;
	case FMT_XX1R:
		op->t = vsr6(insn, 6, 31);
		break;
	case FMT_XX2:
		op->t = vsr6(insn, 6, 31);
		op->b = vsr6(insn, 16, 30);
		op->imm = field(insn, 11, 15);
		break;
	case FMT_XX3:
		op->t = vsr6(insn, 6, 31);
		op->a = vsr6(insn, 11, 29);
		op->b = vsr6(insn, 16, 30);
		op->imm = field(insn, 22, 23);
		break;
	case FMT_XX3C:
		op->t = field(insn, 6, 8);
		op->a = vsr6(insn, 11, 29);
		op->b = vsr6(insn, 16, 30);
		break;
	case FMT_XX2C:
		op->t = field(insn, 6, 8);
		op->b = vsr6(insn, 16, 30);
		break;
	case FMT_XX4:
		op->t = vsr6(insn, 6, 31);
		op->a = vsr6(insn, 11, 29);
		op->b = vsr6(insn, 16, 30);
		op->c = vsr6(insn, 21, 28);
		break;
	}
}
