/* SPDX-License-Identifier: Apache-2.0 */
/* Translations that follow calls to another page and returns from there; what may go meanwhile. */
#include "cpu/engine/code.h"
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
#define ROUNDS	   500u
#define LEAVE	   0x44000022u /* sc 1 */
#define CALL(by)   (0x48000001u | ((u32)(by)&0x3fffffcu))
#define BLR	   0x4e800020u
#define ADD_R3_R4  0x7c632214u
#define ADDI(r, n) (0x38000000u | (r) << 21 | (r) << 16 | (n))

#define TWIN (EA + 0x10000) /* the caller's page once more */

/* Who calls both functions in each round, of which r15 says how many: directly, and by CTR. */
static const u32 direct[] = {
    CALL(PAGE), ADDI(5, 1u), CALL(PAGE + 0x100 - 8), 0x7c257800, /* cmpd r5, r15 */
    0x4180fff0,							 /* blt, to the first */
    LEAVE,
};
static const u32 by_ctr[] = {
    0x7da903a6,		     /* mtctr r13 */
    0x4e800421,		     /* bctrl */
    ADDI(5, 1u), 0x7dc903a6, /* mtctr r14 */
    0x4e800421,		     /* bctrl */
    0x7c257800,		     /* cmpd r5, r15 */
    0x4180ffe8,		     /* blt, to the first */
    LEAVE,
};
static const struct caller {
	const u32 *code;
	unsigned n, lr; /* instructions; which one the last call returns to */
} callers[] = {{direct, ARRAY_SIZE(direct), 3}, {by_ctr, ARRAY_SIZE(by_ctr), 5}};

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
static struct fixture *machine(const struct caller *c)
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
	map_page(f, VSID, TWIN, CALLER, 0x12);
	for (unsigned i = 0; i < c->n; i++)
		put_insn(f, CALLER + 4 * i, c->code[i]);
	put_insn(f, CALLER + 4 * NEVER, LEAVE);
	put_callees(f, FIRST, ADD_R3_R4);
	put_callees(f, SECOND, ADDI(3, 7u));
	return f;
}

/* The clock isn't looked at: what would be found running then depends on the time. */
static void run(struct fixture *f, u64 at)
{
	f->cpu.budget = INT32_MAX;
	f->cpu.gpr[13] = CALLEES;
	f->cpu.gpr[14] = CALLEES + 0x100;
	f->cpu.gpr[15] = ROUNDS;
	f->cpu.gpr[3] = f->cpu.gpr[5] = f->cpu.gpr[7] = 0;
	f->cpu.gpr[4] = 10;
	f->cpu.gpr[6] = f->cpu.gpr[12] = STACK;
	f->cpu.nip = at;
	cpu_run(&f->cpu);
}

/* Every round calls the leaf twice, which adds @by to r3. */
static void assert_run_at(struct fixture *f, const struct caller *c, u64 at, u64 by)
{
	run(f, at);
	assert_int_equal(f->cpu.nip, at + 4 * c->n);
	assert_int_equal(f->cpu.gpr[3], 2 * ROUNDS * by);
	assert_int_equal(f->cpu.gpr[5], ROUNDS);
	assert_int_equal(f->cpu.gpr[7], 3 * ROUNDS);
	assert_int_equal(f->cpu.lr, at + 4 * c->lr);
	assert_int_equal(f->cpu.cfar, CALLEES + 0x118);
}

static void assert_run(struct fixture *f, const struct caller *c, u64 by)
{
	assert_run_at(f, c, EA, by);
}

/* The same before and after the loop is found to be hot. */
static void assert_run_hot(struct fixture *f, const struct caller *c, u64 at, u64 by)
{
	assert_run_at(f, c, at, by);
	f->cpu.nip = at;
	for (unsigned i = 0; f->cpu.jit && i < JIT_HOT; i++)
		jit_sample(&f->cpu, code_kept(&f->cpu, CALLER, f->cpu.mode));
	assert_run_at(f, c, at, by);
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

static struct fixture *following(const struct caller *c)
{
	struct fixture *f = machine(c);

	assert_run_hot(f, c, EA, 10);
	if (f->cpu.jit)
		assert_true(is_followed(f));
	return f;
}

static void calls_are_followed(void **state)
{
	fixture_free(following(*state));
}

static void other_keys_are_learnt(void **state)
{
	const struct caller *c = *state;
	struct fixture *f = following(c);

	cpu_slb_changed(&f->cpu);
	assert_run(f, c, 10);
	if (f->cpu.jit)
		assert_true(is_followed(f));
	fixture_free(f);
}

static void changed_code_is_not_followed(void **state)
{
	const struct caller *c = *state;
	struct fixture *f = following(c);

	put_callees(f, FIRST, ADDI(3, 5u));
	cpu_flush_code(&f->cpu, FIRST);
	assert_run_hot(f, c, EA, 5);
	fixture_free(f);
}

static void other_pages_are_not_followed(void **state)
{
	const struct caller *c = *state;
	struct fixture *f = following(c);
	u64 v, r;

	assert_int_equal(hpt_remove(f->hpt, callees_index, 0, 0, &v, &r), 0);
	map_page(f, VSID, CALLEES, SECOND, 0x12);
	cpu_flush_page(&f->cpu, (VSID << 28) + (CALLEES & 0xfffffff), 12);
	assert_run_hot(f, c, EA, 7);
	fixture_free(f);
}

/* Who returns to somewhere else does so. */
static void returns_go_where_lr_says(void **state)
{
	const struct caller *c = *state;
	struct fixture *f = following(c);

	store_be64(f->ram + 0x400100, EA + 4 * NEVER);
	f->cpu.gpr[5] = 0;
	f->cpu.gpr[15] = ROUNDS;
	f->cpu.gpr[12] = STACK + 0x100;
	f->cpu.nip = EA;
	cpu_run(&f->cpu);
	assert_int_equal(f->cpu.nip, EA + 4 * NEVER + 4);
	assert_int_equal(f->cpu.gpr[5], 1);
	fixture_free(f);
}

/* Who is called by CTR, but another one than always before, is. */
static void calls_go_where_ctr_says(void **state)
{
	struct fixture *f = following(&callers[1]);

	put_insn(f, FIRST + 0x200, ADDI(3, 9u));
	put_insn(f, FIRST + 0x204, BLR);
	f->cpu.gpr[3] = f->cpu.gpr[5] = 0;
	f->cpu.gpr[13] = CALLEES + 0x200;
	f->cpu.gpr[15] = ROUNDS;
	f->cpu.nip = EA;
	cpu_run(&f->cpu);
	assert_int_equal(f->cpu.nip, EA + 4 * ARRAY_SIZE(by_ctr));
	/* The other function calls the leaf. */
	assert_int_equal(f->cpu.gpr[3], ROUNDS * (9 + 10));
	assert_int_equal(f->cpu.gpr[5], ROUNDS);
	fixture_free(f);
}

/* The caller's page is at two addresses: it is returned to the one that called. */
static void callers_are_at_several_addresses(void **state)
{
	struct fixture *f = following(&callers[1]);

	assert_run_hot(f, &callers[1], TWIN, 10);
	assert_run_at(f, &callers[1], EA, 10);
	fixture_free(f);
}

#define OF_BOTH(test)                                                                              \
	cmocka_unit_test_prestate(test, (void *)&callers[0]),                                      \
	    cmocka_unit_test_prestate(test, (void *)&callers[1])

int main(void)
{
	const struct CMUnitTest tests[] = {
	    OF_BOTH(calls_are_followed),
	    OF_BOTH(other_keys_are_learnt),
	    OF_BOTH(changed_code_is_not_followed),
	    OF_BOTH(other_pages_are_not_followed),
	    OF_BOTH(returns_go_where_lr_says),
	    cmocka_unit_test(calls_go_where_ctr_says),
	    cmocka_unit_test(callers_are_at_several_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
