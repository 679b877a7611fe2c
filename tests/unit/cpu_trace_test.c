/* SPDX-License-Identifier: Apache-2.0 */
/* Translations that follow calls to another page and returns from there; what may go meanwhile. */
#include "cpu/jit/x86_64/jit.h"
#include "cpu/mmu/tlb.h"
#include "cpu_fixture.h"

#define PAGE	0x1000ull
#define EA	0x10000000ull
#define CALLEES (EA + PAGE)
#define CALLER	0x100000ull /* where the pages are */
#define FIRST	0x200000ull
#define SECOND	0x300000ull
#define STACK	0x20000000ull
#define VSID	0x1234ull

#define NEVER	   80 /* instructions into the caller's page */
#define MANY	   100000u
#define FEW	   500u	       /* too few for the clock to be looked at */
#define LEAVE	   0x44000022u /* sc 1 */
#define CALL(by)   (0x48000001u | ((u32)(by)&0x3fffffcu))
#define BLR	   0x4e800020u
#define ADD_R3_R4  0x7c632214u
#define ADDI(r, n) (0x38000000u | (r) << 21 | (r) << 16 | (n))

static const u32 caller[] = {
    CALL(PAGE), ADDI(5, 1u), CALL(PAGE + 0x100 - 8), 0x4200fff4, /* bdnz, to the first */
    LEAVE,
};

/* Their code, with @leaf in the one that calls nobody. */
static void put_callees(struct fixture *f, u64 gpa, u32 leaf)
{
	const u32 other[] = {
	    0x7c0802a6,				   /* mflr r0 */
	    0xf8060000,				   /* std r0, 0(r6) */
	    CALL(-0x108), ADDI(7, 3u), 0xe80c0000, /* ld r0, 0(r12) */
	    0x7c0803a6,				   /* mtlr r0 */
	    BLR,
	};

	put_insn(f, gpa, leaf);
	put_insn(f, gpa + 4, BLR);
	for (unsigned i = 0; i < ARRAY_SIZE(other); i++)
		put_insn(f, gpa + 0x100 + 4 * i, other[i]);
}

static u64 callees_index;

/* What is translated when depends on no other thread. */
static struct fixture *machine(void)
{
	struct fixture *f;

	setenv("PAPYR_ENGINE", "inline", 1);
	f = fixture_new();

	f->cpu.dec_expires = ~0ull >> 1;
	cpu_set_msr(&f->cpu, MSR_SF | MSR_ME | MSR_RI | MSR_IR | MSR_DR);
	map_segment(f, 0, EA >> 28, VSID, 0);
	map_segment(f, 1, STACK >> 28, VSID + 1, 0);
	map_page(f, VSID, EA, CALLER, 0x12);
	callees_index = map_page(f, VSID, CALLEES, FIRST, 0x12);
	map_page(f, VSID + 1, STACK, 0x400000, 0x12);
	for (unsigned i = 0; i < ARRAY_SIZE(caller); i++)
		put_insn(f, CALLER + 4 * i, caller[i]);
	put_insn(f, CALLER + 4 * NEVER, LEAVE);
	put_callees(f, FIRST, ADD_R3_R4);
	put_callees(f, SECOND, ADDI(3, 7u));
	return f;
}

static void run(struct fixture *f, unsigned rounds)
{
	f->cpu.ctr = rounds;
	f->cpu.gpr[3] = f->cpu.gpr[5] = f->cpu.gpr[7] = 0;
	f->cpu.gpr[4] = 10;
	f->cpu.gpr[6] = f->cpu.gpr[12] = STACK;
	f->cpu.nip = EA;
	cpu_run(&f->cpu);
}

/* Every round calls the leaf twice, which adds @by to r3. */
static void assert_run(struct fixture *f, unsigned rounds, u64 by)
{
	run(f, rounds);
	assert_int_equal(f->cpu.nip, EA + 4 * ARRAY_SIZE(caller));
	assert_int_equal(f->cpu.gpr[3], 2 * rounds * by);
	assert_int_equal(f->cpu.gpr[5], rounds);
	assert_int_equal(f->cpu.gpr[7], 3 * rounds);
	assert_int_equal(f->cpu.lr, EA + 12);
	assert_int_equal(f->cpu.cfar, CALLEES + 0x118);
}

/* Is what is called followed, as long as the present key stands? */
static bool is_followed(struct fixture *f)
{
	const struct jump *j = jump_slot(&f->cpu, CALLEES);
	const struct site *s = container_of((struct op *)j->ops, struct block, ops)->sites;

	for (; s; s = s->next)
		if (s->guards && s->key == f->cpu.jump_key && s->ea == CALLEES)
			return true;
	return false;
}

static struct fixture *following(void)
{
	struct fixture *f = machine();

	assert_run(f, MANY, 10);
	if (f->cpu.jit)
		assert_true(is_followed(f));
	return f;
}

static void calls_are_followed(void **state)
{
	fixture_free(following());
}

static void other_keys_are_learnt(void **state)
{
	struct fixture *f = following();

	cpu_slb_changed(&f->cpu);
	assert_run(f, FEW, 10);
	if (f->cpu.jit)
		assert_true(is_followed(f));
	fixture_free(f);
}

static void changed_code_is_not_followed(void **state)
{
	struct fixture *f = following();

	put_callees(f, FIRST, ADDI(3, 5u));
	cpu_flush_code(&f->cpu, FIRST);
	assert_run(f, FEW, 5);
	assert_run(f, MANY, 5);
	fixture_free(f);
}

static void other_pages_are_not_followed(void **state)
{
	struct fixture *f = following();
	u64 v, r;

	assert_int_equal(hpt_remove(f->hpt, callees_index, 0, 0, &v, &r), 0);
	map_page(f, VSID, CALLEES, SECOND, 0x12);
	cpu_flush_page(&f->cpu, (VSID << 28) + (CALLEES & 0xfffffff), 12);
	assert_run(f, FEW, 7);
	assert_run(f, MANY, 7);
	fixture_free(f);
}

/* Who returns to somewhere else does so. */
static void returns_go_where_lr_says(void **state)
{
	struct fixture *f = following();

	store_be64(f->ram + 0x400100, EA + 4 * NEVER);
	f->cpu.ctr = FEW;
	f->cpu.gpr[5] = 0;
	f->cpu.gpr[12] = STACK + 0x100;
	f->cpu.nip = EA;
	cpu_run(&f->cpu);
	assert_int_equal(f->cpu.nip, EA + 4 * NEVER + 4);
	assert_int_equal(f->cpu.gpr[5], 1);
	assert_int_equal(f->cpu.ctr, FEW);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(calls_are_followed),
	    cmocka_unit_test(other_keys_are_learnt),
	    cmocka_unit_test(changed_code_is_not_followed),
	    cmocka_unit_test(other_pages_are_not_followed),
	    cmocka_unit_test(returns_go_where_lr_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
