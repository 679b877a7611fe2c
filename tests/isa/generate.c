/* SPDX-License-Identifier: Apache-2.0 */
#include "generate.h"

/* Where the runner is linked. */
#define RUNNER_IMAGE	  0x10000000ull
#define RUNNER_IMAGE_SIZE 0x01000000ull

void rng_seed(struct rng *rng, u64 seed, const char *name)
{
	rng->state = seed * 0x9e3779b97f4a7c15ull + 1;
	for (; *name; name++)
		rng->state = (rng->state ^ (u8)*name) * 0x100000001b3ull;
}

u64 rng_next(struct rng *rng)
{
	u64 z = rng->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

unsigned rng_below(struct rng *rng, unsigned n)
{
	return (unsigned)(((rng_next(rng) >> 32) * n) >> 32);
}

static bool one_in(struct rng *rng, unsigned n)
{
	return rng_below(rng, n) == 0;
}

/* --- values --- */

static u64 integer(struct rng *rng)
{
	static const u64 edges[] = {
	    0,
	    1,
	    ~0ull,
	    2,
	    0x7fffffffffffffff,
	    0x8000000000000000,
	    0x8000000000000001,
	    0x7fffffff,
	    0x80000000,
	    0xffffffff,
	    0xffffffff80000000,
	    0xffffffff7fffffff,
	    0x100000000,
	    0x7fffffff00000000,
	    0x8000000000000000 >> 1,
	    0xff,
	    0x80,
	    0x7f,
	    0xffff,
	    0x8000,
	    0x7fff,
	    0xfffffffffffffffe,
	    10,
	    63,
	    64,
	    31,
	    32,
	    0x0123456789abcdef,
	    0x8000000080000000,
	    0x7fff7fff80008000,
	    0x9999999999999999,
	};

	switch (rng_below(rng, 6)) {
	case 0:
	case 1:
		return edges[rng_below(rng, ARRAY_SIZE(edges))];
	case 2:
		return rng_next(rng) >> rng_below(rng, 64);
	case 3:
		return (u64)((s64)rng_next(rng) >> rng_below(rng, 64));
	case 4:
		return edges[rng_below(rng, ARRAY_SIZE(edges))] + rng_below(rng, 5) - 2;
	}
	return rng_next(rng);
}

static u64 double_edge(struct rng *rng)
{
	static const u64 edges[] = {
	    0x0000000000000000, 0x0000000000000001, 0x0000000000000002, 0x000fffffffffffff,
	    0x0008000000000000, 0x0010000000000000, 0x0010000000000001, 0x7fefffffffffffff,
	    0x7fe0000000000000, 0x7ff0000000000000, 0x7ff8000000000000, 0x7ff8000000000123,
	    0x7ff0000000000001, 0x7ff4000000000000, 0x7fffffffffffffff, 0x7ff7ffffffffffff,
	    0x7ff0000020000000, 0x3ff0000000000000, 0x3ff0000000000001, 0x3fefffffffffffff,
	    0x3fe0000000000000, 0x3ff8000000000000, 0x4004000000000000, 0x4000000000000000,
	    0x4008000000000000, 0x400921fb54442d18, 0x41dfffffffc00000, 0x41e0000000000000,
	    0x41efffffffe00000, 0x41f0000000000000, 0x41dfffffffe00000, 0x43e0000000000000,
	    0x43dfffffffffffff, 0x43f0000000000000, 0x43efffffffffffff, 0x4340000000000000,
	    0x433fffffffffffff, 0x4330000000000001, 0x3ff0000010000000, 0x3ff0000010000001,
	    0x3ff0000030000000, 0x3fefffffe0000000, 0x3feffffff0000000, 0x47efffffe0000000,
	    0x47effffff0000000, 0x47efffffefffffff, 0x47f0000000000000, 0x3810000000000000,
	    0x380fffffe0000000, 0x380ffffff0000000, 0x36a0000000000000, 0x3690000000000000,
	    0x3690000000000001, 0x3680000000000000, 0x37f0000000000000, 0x3ca0000000000000,
	    0x3cb0000000000000, 0x0370000000000000, 0x0360000000000000, 0x1ff0000000000000,
	    0x5ff0000000000000, 0x2000000000000000, 0x6000000000000000, 0x40f0000000000000,
	    0x3fd5555555555555,
	};

	return edges[rng_below(rng, ARRAY_SIZE(edges))] ^ (rng_next(rng) & 1ull << 63);
}

static u64 double_value(struct rng *rng)
{
	u64 sign = rng_next(rng) & 1ull << 63, fraction = rng_next(rng) & 0xfffffffffffffull;

	switch (rng_below(rng, 8)) {
	case 0:
	case 1:
	case 2:
		return double_edge(rng);
	case 3: /* comparable in size */
		return sign | (u64)(1023 - 8 + rng_below(rng, 72)) << 52 | fraction;
	case 4: /* a single's value */
		return sign | (u64)(1023 - 155 + rng_below(rng, 290)) << 52 |
		       (fraction & ~0x1fffffffull);
	case 5: /* few bits, so that results are exact or ties */
		return sign | (u64)(1023 - 4 + rng_below(rng, 60)) << 52 |
		       (fraction & ~0ull << (20 + rng_below(rng, 32)));
	case 6: /* near the ends */
		return sign |
		       (u64)(one_in(rng, 2) ? rng_below(rng, 60) : 2047 - rng_below(rng, 60))
			   << 52 |
		       fraction;
	}
	return sign | (u64)rng_below(rng, 2047) << 52 | fraction;
}

static u32 single_value(struct rng *rng)
{
	static const u32 edges[] = {
	    0,		1,	    2,		0x007fffff, 0x00400000, 0x00800000, 0x00800001,
	    0x7f7fffff, 0x7f000000, 0x7f800000, 0x7fc00000, 0x7fc00123, 0x7f800001, 0x7fa00000,
	    0x7fffffff, 0x3f800000, 0x3f800001, 0x3f7fffff, 0x3f000000, 0x3fc00000, 0x40200000,
	    0x40000000, 0x4effffff, 0x4f000000, 0x4f7fffff, 0x4f800000, 0x5effffff, 0x5f000000,
	    0x5f7fffff, 0x5f800000, 0x4b000001, 0x4b7fffff, 0x42fe0000, 0xc2fc0000, 0x43000000,
	    0x34000000, 0x33800000,
	};
	u32 sign = (u32)rng_next(rng) & 1u << 31, fraction = (u32)rng_next(rng) & 0x7fffff;

	switch (rng_below(rng, 5)) {
	case 0:
	case 1:
		return edges[rng_below(rng, ARRAY_SIZE(edges))] ^ sign;
	case 2:
		return sign | (127 - 8 + rng_below(rng, 40)) << 23 | fraction;
	case 3:
		return sign | (127 - 4 + rng_below(rng, 30)) << 23 |
		       (fraction & ~0u << rng_below(rng, 23));
	}
	return sign | rng_below(rng, 255) << 23 | fraction;
}

static u64 decimal_digits(struct rng *rng)
{
	u64 v = 0;

	for (unsigned i = 0; i < 16; i++)
		v = v << 4 | rng_below(rng, 10);
	return one_in(rng, 3) ? v >> (4 * rng_below(rng, 16)) : v;
}

static u64 elements(struct rng *rng, unsigned bits)
{
	u64 v = 0, mask = ~0ull >> (64 - bits);

	for (unsigned i = 0; i < 64; i += bits)
		v |= (integer(rng) & mask) << i;
	return v;
}

/* One kind of contents for all vector registers of a test, so that operands fit each other; every
 * eighth one is anything. */
enum kind {
	KIND_DOUBLE,
	KIND_SINGLE,
	KIND_BYTES,
	KIND_HALVES,
	KIND_WORDS,
	KIND_INTEGER,
	KIND_DECIMAL,
	KIND_RANDOM,
	KINDS
};

static u64 half_of_kind(struct rng *rng, enum kind kind)
{
	switch (kind) {
	case KIND_DOUBLE:
		return double_value(rng);
	case KIND_SINGLE:
		return (u64)single_value(rng) << 32 | single_value(rng);
	case KIND_BYTES:
		return elements(rng, 8);
	case KIND_HALVES:
		return elements(rng, 16);
	case KIND_WORDS:
		return elements(rng, 32);
	case KIND_INTEGER:
		return integer(rng);
	case KIND_DECIMAL:
		return decimal_digits(rng);
	default:
		return rng_next(rng);
	}
}

static void decimal_quadword(struct rng *rng, u64 v[2])
{
	v[0] = one_in(rng, 2) ? 0 : decimal_digits(rng);
	v[1] = (decimal_digits(rng) & ~15ull) | (10 + rng_below(rng, 6));
	if (one_in(rng, 4)) {
		v[0] = 0x9999999999999999ull;
		v[1] |= 0x9999999999999990ull & ~0xeull;
		v[1] = 0x9999999999999990ull | (10 + rng_below(rng, 6));
	}
	if (one_in(rng, 8))
		v[rng_below(rng, 2)] ^= 0xfull << (4 * rng_below(rng, 16));
}

static void vector_registers(struct rng *rng, const struct insn_row *row, struct isa_state *state)
{
	bool fp = row && (row->flags & (F_FP | F_VSX));
	enum kind kind = fp && one_in(rng, 2) ? KIND_DOUBLE : (enum kind)rng_below(rng, KINDS);

	for (unsigned i = 0; i < 64; i++) {
		enum kind k = one_in(rng, 8) ? (enum kind)rng_below(rng, KINDS) : kind;

		if (k == KIND_DECIMAL) {
			decimal_quadword(rng, state->vsr[i]);
			continue;
		}
		state->vsr[i][0] = half_of_kind(rng, k);
		state->vsr[i][1] = half_of_kind(rng, k);
		if (i && one_in(rng, 12))
			memcpy(state->vsr[i], state->vsr[rng_below(rng, i)], sizeof(state->vsr[i]));
		if (i && one_in(rng, 16))
			state->vsr[i][0] = state->vsr[rng_below(rng, i)][0] ^ 1ull << 63;
	}
}

/* Sticky bits, classes and rounding at will; an exception that is enabled is not pending, so that
 * loading it does nothing. */
static u64 random_fpscr(struct rng *rng)
{
	const u64 sticky = 0x1ff80700, summary_vx = 0x20000000;
	u64 v = rng_below(rng, 4);

	if (one_in(rng, 2))
		v |= rng_next(rng) & (0x8007f000 | sticky);
	if (one_in(rng, 6))
		v |= rng_next(rng) & 0xf8;
	if (one_in(rng, 8))
		v |= 4; /* NI */
	v &= ~((v & 0xf8) << 22 & 0x1e000000);
	if (v & 0x80)
		v &= ~0x01f80700ull;
	if (v & 0x01f80700)
		v |= summary_vx;
	return v;
}

void generate_memory(struct rng *rng, u64 *words, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		words[i] = half_of_kind(rng, (enum kind)rng_below(rng, KINDS));
}

/* --- encodings --- */

bool row_accesses_memory(const struct insn_row *row)
{
	return row->flags & (F_LOAD | F_STORE);
}

bool row_branches(const struct insn_row *row)
{
	return (row->flags & F_BR) || row->format == FMT_B || row->format == FMT_I;
}

bool row_moves_several(const struct insn_row *row)
{
	static const char *const names[] = {"lmw", "stmw", "lswi", "lswx", "stswi", "stswx"};

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(row->mnemonic, names[i]))
			return true;
	return false;
}

unsigned reservation_size(const struct insn_row *row)
{
	static const char *const names[] = {"lbarx",  "lharx",	"lwarx",  "ldarx",  "lqarx",
					    "stbcx.", "sthcx.", "stwcx.", "stdcx.", "stqcx."};

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(row->mnemonic, names[i]))
			return 1u << i % 5;
	return 0;
}

static bool has_displacement(const struct insn_row *row)
{
	switch (row->format) {
	case FMT_D:
	case FMT_D0:
	case FMT_DS:
	case FMT_DS0:
		return true;
	default:
		return false;
	}
}

/*
 * Moves to and from special registers: only those whose contents the test loads (XER, TAR), and
 * supervisors' ones, which are refused. TAR isn't written, since the runner has no other place to
 * save a register in.
 */
static u32 special_move(struct rng *rng, const struct insn_row *row)
{
	static const u16 numbers[] = {1, 815, 18, 19, 22, 26, 27, 272, 275, 1, 815, 952};
	unsigned spr = numbers[rng_below(rng, ARRAY_SIZE(numbers))];

	if (spr == 815 && !strcmp(row->mnemonic, "mtspr"))
		spr = 1;
	return row->match | rng_below(rng, 32) << 21 | (spr & 31) << 16 | (spr >> 5) << 11;
}

bool row_moves_special(const struct insn_row *row)
{
	return !strcmp(row->mnemonic, "mfspr") || !strcmp(row->mnemonic, "mtspr");
}

u32 generate_insn(struct rng *rng, const struct insn_row *row)
{
	static const u16 edges[] = {0,	    1, 0xffff, 0x8000, 0x7fff, 0x7ffc,
				    0x8004, 4, 8,      0xfff8, 0x100};
	u32 closed = row->mask | row->reserved, open = (u32)rng_next(rng) & ~closed;

	if (row_moves_special(row))
		return special_move(rng, row);
	/* A displacement from zero can only reach the windows by chance: see to it. */
	if (row_accesses_memory(row) && has_displacement(row)) {
		if (one_in(rng, 3))
			open = (open & ~0xffffu) |
			       (edges[rng_below(rng, ARRAY_SIZE(edges))] & ~closed);
		if (!field(open, 11, 15))
			open = (open & ~0xffffu) |
			       ((WINDOW0 + rng_below(rng, WINDOW0_SIZE)) & ~closed & 0xffff);
	} else if (!(closed & 0xfffe) && one_in(rng, 3)) {
		open = (open & ~0xffffu) | edges[rng_below(rng, ARRAY_SIZE(edges))];
	}
	/* Now and then the same register twice. */
	if (!(closed & 0x3ff0000) && one_in(rng, 8))
		open = (open & ~0x1f0000u) | (open >> 5 & 0x1f0000);
	return row->match | (open & ~closed);
}

/* --- registers for an encoding --- */

static u64 operand_address(struct rng *rng)
{
	static const u32 near[] = {WINDOW0 + 0x80, 0x5000, WINDOW1 + 0x40, DATA_END};
	static const u32 reach[] = {0x180, 0, 0xc0, 0};
	unsigned which = rng_below(rng, 8);
	u64 ea;

	which = which < 4 ? 0 : which < 5 ? 1 : which < 7 ? 2 : one_in(rng, 3) ? 3 : 1;
	ea = near[which] + (reach[which] ? rng_below(rng, reach[which]) : rng_below(rng, 48) - 40u);
	if (!one_in(rng, 3))
		ea &= ~(u64)(one_in(rng, 2) ? 15 : one_in(rng, 2) ? 7 : 3);
	return ea;
}

static void point_at_memory(struct rng *rng, const struct insn_row *row, u32 insn,
			    struct isa_state *state)
{
	unsigned ra = field(insn, 11, 15), rb = field(insn, 16, 20);
	u64 ea = operand_address(rng);

	if (has_displacement(row)) {
		s64 displacement = (s16)insn;

		if (row->format == FMT_DS || row->format == FMT_DS0)
			displacement &= ~3ll;
		state->gpr[ra] = ea - (u64)displacement;
	} else if (!strcmp(row->mnemonic, "lswi") || !strcmp(row->mnemonic, "stswi")) {
		state->gpr[ra] = ea;
	} else if (ra == 0 && !(row->flags & F_UPD)) {
		state->gpr[rb] = ea;
	} else if (ra == rb) {
		state->gpr[ra] = ea / 2;
	} else {
		state->gpr[rb] = integer(rng);
		state->gpr[ra] = ea - state->gpr[rb];
	}
}

/* An address among the traps, for LR, CTR and TAR, not of the test itself; the low bits are
 * ignored. */
static u64 branch_target(struct rng *rng)
{
	u64 target = TRAPS_FROM + rng_below(rng, TRAPS_TO - TRAPS_FROM - 16);

	return (target & ~3ull) == TEST_CODE ? TRAPS_FROM : target;
}

static void special_registers(struct rng *rng, struct isa_state *state)
{
	state->cr = (u32)rng_next(rng);
	state->xer = (rng_next(rng) & 0xe0000000) | rng_below(rng, 128);
	state->fpscr = random_fpscr(rng);
	state->vscr = rng_below(rng, 4) ? rng_next(rng) & 1 : rng_next(rng) & 0x10001;
}

void generate_state(struct rng *rng, const struct insn_row *row, u32 insn, struct isa_state *state)
{
	bool branches = row_branches(row);

	for (unsigned i = 0; i < 32; i++) {
		state->gpr[i] = integer(rng);
		if (i && one_in(rng, 6))
			state->gpr[i] = state->gpr[rng_below(rng, i)];
	}
	/*
	 * A signal frame is put below r1 when that lies in the runner's alternate stack: not there.
	 */
	if (state->gpr[1] - RUNNER_IMAGE < RUNNER_IMAGE_SIZE)
		state->gpr[1] += RUNNER_IMAGE_SIZE;
	special_registers(rng, state);
	state->unused = 0;
	state->lr = branches ? branch_target(rng) : integer(rng);
	state->ctr = !branches	      ? integer(rng)
		     : one_in(rng, 2) ? rng_below(rng, 3)
				      : branch_target(rng);
	state->tar = branches ? branch_target(rng) : integer(rng);
	vector_registers(rng, row, state);
	if (row_is_decimal(row))
		decimal_registers(rng, row, state);
	if (row_accesses_memory(row))
		point_at_memory(rng, row, insn, state);
}

/* --- programs --- */

static enum isa_level programs_level = ISA_207;

void generate_level(enum isa_level level)
{
	programs_level = level;
}

#define FIRST_FIXED 24u /* registers from here on hold addresses and offsets */

static bool writes_fixed_register(const struct insn_row *row, u32 insn)
{
	unsigned t = field(insn, 6, 10), a = field(insn, 11, 15);

	return t >= FIRST_FIXED || a >= FIRST_FIXED || !strcmp(row->mnemonic, "lmw") ||
	       !strcmp(row->mnemonic, "lswx") || !strcmp(row->mnemonic, "lswi") ||
	       (t & ~1u) == FIRST_FIXED - 2;
}

/* Gives a storage access a base that holds an address, and an offset that stays near. */
static u32 aim(struct rng *rng, const struct insn_row *row, u32 insn)
{
	insn = (insn & ~0x1f0000u) | (28 + rng_below(rng, 4)) << 16;
	if (has_displacement(row))
		return (insn & ~(0xffffu & ~row->mask)) |
		       ((rng_below(rng, 64) * 4) & 0xffff & ~row->mask);
	return (insn & ~0xf800u) | (FIRST_FIXED + rng_below(rng, 4)) << 11;
}

static bool program_row(const struct insn_row *row)
{
	return !(row->flags & (F_PRIV | F_HV | F_NOTEST | F_BR)) && isa_has(programs_level, row) &&
	       row->format != FMT_I && row->format != FMT_B && row->format != FMT_XFX &&
	       !reservation_size(row);
}

static u32 program_insn(struct rng *rng, bool (*wanted)(const struct insn_row *))
{
	for (;;) {
		const struct insn_row *row = &isa_table[rng_below(rng, isa_rows)];
		u32 insn;

		if (!program_row(row) || !wanted(row))
			continue;
		insn = generate_insn(rng, row);
		if (isa_lookup(insn, programs_level) != row)
			continue;
		if (row_accesses_memory(row)) {
			if (row->flags & F_UPD || writes_fixed_register(row, insn & ~0x1f0000u))
				continue;
			return aim(rng, row, insn);
		}
		if (!(row->flags & (F_FP | F_VEC | F_VSX)) && writes_fixed_register(row, insn))
			continue;
		if ((row->flags & F_VSX) && row->format == FMT_XX1R &&
		    field(insn, 11, 15) >= FIRST_FIXED)
			continue;
		return insn;
	}
}

/* lwarx and its like, something, and the store-conditional that belongs to it. Not lqarx: QEMU's
 * stqcx. never stores. */
static unsigned reservation_pair(struct rng *rng, u32 *code)
{
	static const struct {
		u32 load, store;
	} pairs[] = {{20, 150}, {84, 214}, {52, 694}, {116, 726}};
	/* Those of 32 bits have the first. */
	unsigned which = rng_below(rng, programs_level < ISA_32 ? 1 : ARRAY_SIZE(pairs));
	u32 operands = 2 * rng_below(rng, 11) << 21 | (28 + rng_below(rng, 4)) << 16 | 24u << 11;

	code[0] = 31u << 26 | operands | pairs[which].load << 1;
	code[1] = 14u << 26 | (operands & 0x03e00000) | (operands & 0x03e00000) >> 5 | 1;
	code[2] = 31u << 26 | operands | pairs[which].store << 1 | 1;
	return 3;
}

unsigned generate_program(struct rng *rng, bool (*wanted)(const struct insn_row *), u32 *code,
			  unsigned max)
{
	unsigned length = 30 + rng_below(rng, 31), n = 0;
	unsigned target = 0; /* the last one of branches so far */

	if (length > max - 4)
		length = max - 4;
	while (n < length) {
		if (one_in(rng, 10) && n + 2 < length) { /* bc forward, within the program */
			unsigned to = 1 + rng_below(rng, length - n < 8 ? length - n : 8);

			target = n + to > target ? n + to : target;
			code[n++] = 16u << 26 | rng_below(rng, 32) << 21 |
				    rng_below(rng, 32) << 16 | to << 2;
		} else if (one_in(rng, 12) && target <= n) { /* none leads into the pair */
			n += reservation_pair(rng, &code[n]);
		} else {
			code[n++] = program_insn(rng, wanted);
		}
	}
	return n;
}

void generate_program_state(struct rng *rng, struct isa_state *state)
{
	for (unsigned i = 0; i < FIRST_FIXED; i++)
		state->gpr[i] = integer(rng);
	for (unsigned i = 24; i < 28; i++)
		state->gpr[i] = i == 24 ? 0 : rng_below(rng, 64) * (one_in(rng, 2) ? 4 : 1);
	for (unsigned i = 28; i < 32; i++)
		state->gpr[i] = WINDOW0 + 0x40 + 16 * rng_below(rng, 32);
	special_registers(rng, state);
	state->unused = 0;
	state->lr = integer(rng);
	state->ctr = rng_below(rng, 8);
	state->tar = integer(rng);
	vector_registers(rng, NULL, state);
}
