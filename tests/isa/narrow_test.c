/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 32-bit mode, which user-mode emulation of a 64-bit processor can't show. Carry, overflow and
 * comparison of the low word must be those that 64-bit mode, which is compared with the peer, finds
 * for the same operands one word further up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cpu/isa/isa.h"
#include "generate.h"
#include "side.h"

#define ROUNDS 400

static struct isa_batch batch;
static struct isa_state in;
static struct isa_result out;
static struct rng rng;

static const struct isa_result *run(bool narrow, u32 insn)
{
	batch.vectors = 1;
	batch.code_words = 1;
	batch.fall_through = 1;
	batch.code[0] = insn;
	papyr_side_narrow(narrow);
	papyr_side_run(&batch, &in, false, &out);
	assert_int_equal(out.signal, 0);
	return &out;
}

/*
 * XO-form arithmetic, and what the word below RA's shifted value must be for CA to pass through it.
 */
static const struct {
	u32 xo;
	u32 below;
	bool has_rb;
} arithmetic[] = {
    {266, 0, true},    /* add */
    {10, 0, true},     /* addc */
    {138, ~0u, true},  /* adde */
    {202, ~0u, false}, /* addze */
    {234, 0, false},   /* addme */
    {40, 0, true},     /* subf */
    {8, 0, true},      /* subfc */
    {136, 0, true},    /* subfe */
    {200, 0, false},   /* subfze */
    {232, ~0u, false}, /* subfme */
    {104, 0, false},   /* neg */
};

/* CR0's LT, GT, EQ. */
static unsigned sign_of(s32 v)
{
	return v < 0 ? 8 : v > 0 ? 4 : 2;
}

static void narrow_arithmetic_is_wide_arithmetic_higher_up(void **state)
{
	for (unsigned i = 0; i < ROUNDS * ARRAY_SIZE(arithmetic); i++) {
		unsigned which = i % ARRAY_SIZE(arithmetic);
		u32 insn = 31u << 26 | 3u << 21 | 4u << 16 |
			   (arithmetic[which].has_rb ? 5u << 11 : 0) | (i & 1024) |
			   arithmetic[which].xo << 1 | 1;
		struct isa_result narrow, wide;
		u64 a, b;

		generate_state(&rng, &isa_table[0], insn, &in);
		a = in.gpr[4];
		b = in.gpr[5];
		narrow = *run(true, insn);
		in.gpr[4] = a << 32 | arithmetic[which].below;
		in.gpr[5] = b << 32;
		wide = *run(false, insn);
		assert_int_equal(narrow.state.xer, wide.state.xer);
		assert_int_equal((u32)narrow.state.gpr[3], wide.state.gpr[3] >> 32);
		assert_int_equal(narrow.state.cr & 0x1fffffff, wide.state.cr & 0x1fffffff);
		assert_int_equal(narrow.state.cr >> 28 & 14, sign_of((s32)narrow.state.gpr[3]));
	}
}

/* All fixed-point rows with a record form: CR0 is of the low word. */
static void record_forms_compare_the_low_word(void **state)
{
	for (unsigned i = 0; i < isa_rows; i++) {
		const struct insn_row *row = &isa_table[i];
		bool to_ra;
		unsigned target;

		if (!(row->flags & F_RC) ||
		    (row->flags & (F_FP | F_VEC | F_VSX | F_BR | F_PRIV | F_HV)) ||
		    !isa_has(ISA_207, row))
			continue;
		/* Logical and shift instructions write RA, arithmetic ones RT: the one that changes
		 * tells. */
		for (unsigned n = 0; n < 20; n++) {
			u32 insn = generate_insn(&rng, row) | 1;
			const struct isa_result *r;
			s32 low;

			generate_state(&rng, row, insn, &in);
			r = run(true, insn);
			to_ra = memcmp(&r->state.gpr[field(insn, 11, 15)],
				       &in.gpr[field(insn, 11, 15)], 8);
			target = to_ra ? field(insn, 11, 15) : field(insn, 6, 10);
			if (!memcmp(r->state.gpr, in.gpr, sizeof(in.gpr)))
				continue;
			low = (s32)r->state.gpr[target];
			assert_int_equal(r->state.cr >> 28 & 14, sign_of(low));
		}
	}
}

static void addresses_wrap_at_a_word(void **state)
{
	generate_memory(&rng, batch.mem, WINDOW_WORDS);
	generate_state(&rng, &isa_table[0], 0, &in);
	in.gpr[4] = 0xabcdef0100000000 | (WINDOW0 + 8);
	in.gpr[5] = 0xffffffff00000010;
	/* ldux 3,4,5: the address goes to RA with its high word clear. */
	run(true, 31u << 26 | 3u << 21 | 4u << 16 | 5u << 11 | 53u << 1);
	assert_int_equal(out.state.gpr[3], batch.mem[3]);
	assert_int_equal(out.state.gpr[4], WINDOW0 + 0x18);
	/* ld 3,-8(4), from one word further than the top of the range */
	in.gpr[4] = 0x100000000ull + WINDOW0 + 16;
	run(true, 58u << 26 | 3u << 21 | 4u << 16 | 0xfff8u);
	assert_int_equal(out.state.gpr[3], batch.mem[1]);
}

static void branches_go_to_a_word(void **state)
{
	generate_state(&rng, &isa_table[0], 0, &in);
	in.lr = 0x1234567801010042;
	run(true, 0x4e800021); /* blrl */
	assert_int_equal(out.nip, 0x01010040);
	assert_int_equal(out.state.lr, TEST_CODE + 4);
	/* bdnz +8: only the low word of CTR counts. */
	in.ctr = 0x500000001;
	run(true, 0x42000008);
	assert_int_equal(out.nip, TEST_CODE + 4);
	in.ctr = 0x500000000;
	run(true, 0x42000008);
	assert_int_equal(out.nip, TEST_CODE + 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(narrow_arithmetic_is_wide_arithmetic_higher_up),
	    cmocka_unit_test(record_forms_compare_the_low_word),
	    cmocka_unit_test(addresses_wrap_at_a_word),
	    cmocka_unit_test(branches_go_to_a_word),
	};
	int failed;

	rng_seed(&rng, 1, "narrow");
	papyr_side_init(true);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	papyr_side_fini();
	return failed;
}
