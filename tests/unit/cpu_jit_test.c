/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Generated code gives the same bits as the instructions' functions: random loops of the
 * instructions that it knows, with some that it does not know between them, run by both; registers,
 * CR, LR, CTR and memory are compared.
 */
#include <stdio.h>
#include "cpu_fixture.h"

#define CODE_GPA  0x100000ull
#define DATA_GPA  0x200000ull
#define CODE_EA	  0x10000000ull
#define DATA_EA	  0x20000000ull
#define CODE_VSID 0x111ull
#define DATA_VSID 0x222ull
#define MODE	  (MSR_SF | MSR_ME | MSR_IR | MSR_DR | MSR_RI | MSR_FP)
#define LENGTH	  40 /* instructions of a loop's body */
#define PROGRAMS  3000
#define ROUNDS	  5 /* of a loop */

#define BASE	30 /* points into the data page; nobody's target */
#define INDEX	29 /* small, nobody's target */
#define MOVING	28 /* updated, set back to BASE at the loop's head */
#define TARGETS 24

static u64 seed = 12345;

static u64 rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static u32 reg(void)
{
	return rnd() % TARGETS;
}

/* Register-to-register forms: the bits but for RT/RS, RA, RB. */
static const u32 three[] = {
    0x7c000214, 0x7c000215, 0x7c000050, 0x7c000051, /* add, add., subf, subf. */
    0x7c0001d6, 0x7c0001d2, 0x7c000038, 0x7c000039,
    0x7c000378, 0x7c000379, /* mullw, mulld, and, and., or, or. */
    0x7c000278, 0x7c000078, 0x7c000338, 0x7c000238,
    0x7c0000f8, /* xor, andc, orc, eqv, nor */
    0x7c000014, 0x7c000114, 0x7c000030, 0x7c000036,
    0x7c000630, /* addc, adde, slw, sld, sraw: by their functions */
};

static const u32 two[] = {
    0x7c0000d0, 0x7c000774, 0x7c000734,
    0x7c0007b4, 0x7c0007b5, 0x7c000775, /* neg, extsb, extsh, extsw, extsw., extsb. */
};

static const u32 immediate[] = {
    0x38000000, 0x3c000000, 0x1c000000,					    /* addi, addis, mulli */
    0x60000000, 0x64000000, 0x68000000, 0x6c000000, 0x70000000, 0x74000000, /* ori ... andis. */
};

static const u32 rotates[] = {0x54000000, 0x54000001, 0x78000000,
			      0x78000001, 0x78000004, 0x78000005};

static const u32 compares[] = {0x7c000000, 0x7c200000, 0x7c000040, 0x7c200040};
static const u32 compares_imm[] = {0x2c000000, 0x2c200000, 0x28000000, 0x28200000};

/* D-forms, update forms last; ld, std and lwa have low bits of their own. */
static const u32 d_forms[] = {0x88000000, 0xa0000000, 0xa8000000, 0x80000000, 0xe8000000,
			      0xe8000002, 0x98000000, 0xb0000000, 0x90000000, 0xf8000000};
static const u32 update_forms[] = {0x8c000000, 0xa4000000, 0xac000000, 0x84000000, 0xe8000001,
				   0x9c000000, 0xb4000000, 0x94000000, 0xf8000001};
static const u32 x_forms[] = {0x7c0000ae, 0x7c00022e, 0x7c0002ae, 0x7c00002e, 0x7c00002a,
			      0x7c0002aa, 0x7c0001ae, 0x7c00032e, 0x7c00012e, 0x7c00012a};

/* Floating-point ones; any target. */
static const u32 fp_forms[] = {0xc8000000, 0xd8000000};
static const u32 fp_x_forms[] = {0x7c0004ae, 0x7c0005ae};
static const u32 fp_update_forms[] = {0xcc000000, 0xdc000000};

#define PICK(a) ((a)[rnd() % ARRAY_SIZE(a)])

static u32 fields(u32 insn, u32 t, u32 a, u32 b)
{
	return insn | t << 21 | a << 16 | b << 11;
}

static u32 random_insn(unsigned left)
{
	switch (rnd() % 17) {
	case 0:
	case 1:
	case 2:
		return fields(PICK(three), reg(), reg(), reg());
	case 3: {
		u32 insn = PICK(two);

		return fields(insn, reg(), reg(), 0);
	}
	case 4:
	case 5:
		return fields(PICK(immediate), reg(), reg(), 0) | (u16)rnd();
	case 6:
		return fields(PICK(rotates), reg(), reg(), rnd() & 31) | (rnd() & 0x7e0) |
		       (rnd() & 2);
	case 7:
		return fields(PICK(compares), (rnd() & 7) << 2, reg(), reg());
	case 8:
		return fields(PICK(compares_imm), (rnd() & 7) << 2, reg(), 0) | (u16)rnd();
	case 9:
		return fields(PICK(d_forms), reg(), BASE, 0) | (rnd() & 0xfc);
	case 10:
		return fields(PICK(update_forms), reg(), MOVING, 0) | (rnd() & 0xc);
	case 11:
		return fields(PICK(x_forms), reg(), BASE, INDEX);
	case 13:
		return fields(PICK(fp_forms), rnd() & 31, BASE, 0) | (rnd() & 0xff);
	case 14:
		return fields(PICK(fp_x_forms), rnd() & 31, BASE, INDEX);
	case 15:
		return fields(PICK(fp_update_forms), rnd() & 31, MOVING, 0) | (rnd() & 0xc);
	case 12: {
		u32 to = rnd() & 1 ? 0x7c0803a6 : 0x7c0802a6; /* mtlr, mflr */

		return to | reg() << 21;
	}
	default: /* a conditional branch over some of what is left */
		if (left < 2)
			return 0x60000000;
		return 0x40000000 | (rnd() & 1 ? 12 : 4) << 21 | (rnd() & 31) << 16 |
		       (1 + rnd() % (left - 1)) * 4;
	}
}

static void put_word(struct fixture *f, u64 gpa, u32 insn, bool le)
{
	if (le)
		memcpy(f->ram + gpa, &insn, 4);
	else
		store_be32(f->ram + gpa, insn);
}

static struct fixture *machine(const char *engine)
{
	struct fixture *f;

	setenv("PAPYR_ENGINE", engine, 1);
	f = fixture_new();
	map_segment(f, 0, CODE_EA >> 28, CODE_VSID, 0);
	map_segment(f, 1, DATA_EA >> 28, DATA_VSID, 0);
	map_page(f, CODE_VSID, CODE_EA, CODE_GPA, 0x12);
	map_page(f, DATA_VSID, DATA_EA, DATA_GPA, 0x12);
	map_page(f, DATA_VSID, DATA_EA + 0x1000, DATA_GPA + 0x1000, 0x12);
	return f;
}

static void run(struct fixture *f, const u32 *program, unsigned n, u64 state, bool le)
{
	u64 keep = seed;

	for (unsigned i = 0; i < n; i++)
		put_word(f, CODE_GPA + 4 * i, program[i], le);
	cpu_flush_all_code(&f->cpu);
	cpu_set_msr(&f->cpu, MODE | (le ? MSR_LE : 0));
	seed = state;
	for (unsigned i = 0; i < 0x2000; i += 8)
		store_be64(f->ram + DATA_GPA + i, rnd());
	for (unsigned i = 0; i < 32; i++)
		f->cpu.gpr[i] = rnd() & 3 ? rnd() : (u64)(s64)(s32)rnd() >> (rnd() & 31);
	for (unsigned i = 0; i < 32; i++)
		f->cpu.vsr[i] = (union vsr){.d = {rnd(), rnd()}};
	cpu_set_cr(&f->cpu, (u32)rnd());
	cpu_set_xer(&f->cpu, rnd() & 0xe0000000);
	seed = keep;
	f->cpu.gpr[BASE] = DATA_EA + 0xf80; /* accesses reach over the page's end */
	f->cpu.gpr[INDEX] = state & 0x7f;
	f->cpu.lr = 0x1234;
	f->cpu.ctr = ROUNDS;
	f->cpu.nip = CODE_EA;
	cpu_run(&f->cpu);
}

static void assert_same(struct fixture *a, struct fixture *b, unsigned program, bool le)
{
	for (unsigned i = 0; i < 32; i++)
		if (a->cpu.gpr[i] != b->cpu.gpr[i])
			fail_msg("program %u, %s-endian: r%u is %016lx by its functions, %016lx "
				 "generated",
				 program, le ? "little" : "big", i, a->cpu.gpr[i], b->cpu.gpr[i]);
	assert_int_equal(cpu_get_cr(&a->cpu), cpu_get_cr(&b->cpu));
	assert_int_equal(cpu_get_xer(&a->cpu), cpu_get_xer(&b->cpu));
	assert_int_equal(a->cpu.lr, b->cpu.lr);
	assert_int_equal(a->cpu.ctr, b->cpu.ctr);
	assert_int_equal(a->cpu.nip, b->cpu.nip);
	assert_int_equal(a->cpu.cfar, b->cpu.cfar);
	assert_memory_equal(a->cpu.vsr, b->cpu.vsr, sizeof(a->cpu.vsr));
	assert_memory_equal(a->ram + DATA_GPA, b->ram + DATA_GPA, 0x2000);
}

static void random_loops_agree(void **state)
{
	struct fixture *plain = machine("portable"), *generated = machine("eager");
	u32 program[LENGTH + 8];

	for (unsigned p = 0; p < PROGRAMS; p++) {
		unsigned n = 0;
		u64 start = rnd() | 1;
		bool le = rnd() & 1;

		program[n++] = fields(0x7c000378, BASE, MOVING, BASE); /* mr r28, r30 */
		while (n < LENGTH) {
			program[n] = random_insn(LENGTH - n);
			n++;
		}
		program[n] = 0x42000000 | (-(u32)(4 * n) & 0xfffc); /* bdnz to the head */
		n++;
		program[n++] = 0x48000009; /* bl over one */
		program[n++] = 0x44000022; /* sc 1: leaves */
		program[n++] = 0x38630001; /* addi r3, r3, 1 */
		program[n++] = 0x4e800020; /* blr */
		run(plain, program, n, start, le);
		run(generated, program, n, start, le);
		assert_same(plain, generated, p, le);
	}
	fixture_free(plain);
	fixture_free(generated);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(random_loops_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
