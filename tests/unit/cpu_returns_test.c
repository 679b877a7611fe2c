/* SPDX-License-Identifier: Apache-2.0 */
/* Calls come back to where LR says, whatever became of the caller meanwhile, on all engines. */
#include "cpu/mmu/returns.h"
#include "cpu_fixture.h"

#define PAGE   0x1000ull
#define EA     0x10000000ull
#define CALLED (EA + PAGE)
#define CALLER 0x100000ull /* where the pages are */
#define CALLEE 0x200000ull
#define OTHER  0x300000ull
#define VSID   0x1234ull

#define LEAVE	   0x44000022u /* sc 1 */
#define CALL(by)   (0x48000001u | ((u32)(by)&0x3fffffcu))
#define BLR	   0x4e800020u
#define ADDI(r, n) (0x38000000u | (r) << 21 | (r) << 16 | ((n)&0xffffu))
#define MFLR(r)	   (0x7c0802a6u | (r) << 21)
#define MTLR(r)	   (0x7c0803a6u | (r) << 21)
#define CMPDI(r)   (0x2c200000u | (r) << 16) /* with 0 */
#define BEQ(by)	   (0x41820000u | (by))
#define BNE(by)	   (0x40820000u | ((u32)(by)&0xfffcu))

struct machine {
	struct fixture *f;
	u64 caller; /* the index of its page's entry */
};

static void put(struct machine *m, u64 gpa, const u32 *code, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		put_insn(m->f, gpa + 4 * i, code[i]);
}

/* Calls; in the called function it stops, before that returns. Then adds @more to r3. */
static void put_caller(struct machine *m, u64 gpa, u32 more)
{
	const u32 code[] = {CALL(PAGE), ADDI(3, more), LEAVE};

	put(m, gpa, code, ARRAY_SIZE(code));
}

static struct machine machine(const char *engine)
{
	static const u32 callee[] = {ADDI(4, 1u), LEAVE, BLR};
	struct machine m;

	setenv("PAPYR_ENGINE", engine, 1);
	m.f = fixture_new();
	m.f->cpu.dec_expires = ~0ull >> 1;
	cpu_set_msr(&m.f->cpu, MSR_SF | MSR_ME | MSR_RI | MSR_IR | MSR_DR);
	map_segment(m.f, 0, EA >> 28, VSID, 0);
	m.caller = map_page(m.f, VSID, EA, CALLER, 0x12);
	map_page(m.f, VSID, CALLED, CALLEE, 0x12);
	put_caller(&m, CALLER, 1);
	put(&m, CALLEE, callee, ARRAY_SIZE(callee));
	return m;
}

static void run_at(struct machine *m, u64 at)
{
	m->f->cpu.nip = at;
	cpu_run(&m->f->cpu);
}

#define CALLS 100 /* after which all is translated, and all ways are made */

/* From the caller into the callee, which has returned but for the last time. */
static struct machine called(const char *engine)
{
	struct machine m = machine(engine);

	for (unsigned i = 0; i < CALLS; i++) {
		run_at(&m, EA);
		assert_int_equal(m.f->cpu.nip, CALLED + 8);
		if (i + 1 < CALLS)
			run_at(&m, CALLED + 8);
	}
	m.f->cpu.gpr[3] = 0;
	return m;
}

/* Back from there: to @at, where @more is added and it stops. */
static void assert_returns(struct machine *m, u64 at, u64 more)
{
	run_at(m, CALLED + 8);
	assert_int_equal(m->f->cpu.nip, at + 8);
	assert_int_equal(m->f->cpu.gpr[3], more);
	fixture_free(m->f);
}

static void calls_come_back(void **state)
{
	struct machine m = called(*state);

	assert_returns(&m, EA + 4, 1);
}

static void the_callers_code_may_change(void **state)
{
	struct machine m = called(*state);

	put_caller(&m, CALLER, 5);
	cpu_flush_code(&m.f->cpu, CALLER);
	assert_returns(&m, EA + 4, 5);
}

static void another_page_may_be_there(void **state)
{
	struct machine m = called(*state);
	u64 v, r;

	put_caller(&m, OTHER, 7);
	assert_int_equal(hpt_remove(m.f->hpt, m.caller, 0, 0, &v, &r), 0);
	map_page(m.f, VSID, EA, OTHER, 0x12);
	cpu_flush_page(&m.f->cpu, (VSID << 28) + (EA & 0xfffffff), 12);
	assert_returns(&m, EA + 4, 7);
}

/* As another process, which has other pages at the same addresses. */
static void another_segment_may_be_there(void **state)
{
	struct machine m = called(*state);

	put_caller(&m, OTHER, 7);
	map_page(m.f, VSID + 1, EA, OTHER, 0x12);
	map_page(m.f, VSID + 1, CALLED, CALLEE, 0x12);
	map_segment(m.f, 0, EA >> 28, VSID + 1, 0);
	assert_returns(&m, EA + 4, 7);
}

/* In real mode the caller is where its address is, and there is nothing. */
static void the_mode_may_be_another(void **state)
{
	struct machine m = called(*state);

	put_caller(&m, CALLER + PAGE, 9);
	m.f->cpu.lr = CALLER + PAGE + 4;
	cpu_set_msr(&m.f->cpu, MSR_SF | MSR_ME | MSR_RI);
	run_at(&m, CALLEE + 8);
	assert_int_equal(m.f->cpu.nip, CALLER + PAGE + 12);
	assert_int_equal(m.f->cpu.gpr[3], 9);
	/* And back again: what was called there comes back. */
	cpu_set_msr(&m.f->cpu, MSR_SF | MSR_ME | MSR_RI | MSR_IR | MSR_DR);
	m.f->cpu.lr = EA + 4;
	m.f->cpu.gpr[3] = 0;
	assert_returns(&m, EA + 4, 1);
}

static void lr_may_be_another(void **state)
{
	static const u32 elsewhere[] = {ADDI(3, 3u), LEAVE};
	struct machine m = called(*state);

	put(&m, CALLER + 0x100, elsewhere, ARRAY_SIZE(elsewhere));
	m.f->cpu.lr = EA + 0x103; /* the low bits don't count */
	assert_returns(&m, EA + 0x100, 3);
	m = called(*state);
	m.f->cpu.lr |= 3;
	assert_returns(&m, EA + 4, 1);
}

/* Nobody called. What an empty stack has at its top is no address. */
static void returns_need_no_call(void **state)
{
	struct machine m = machine(*state);

	put_insn(m.f, 0x480, LEAVE); /* of the instruction segment interrupt */
	m.f->cpu.lr = 1;
	run_at(&m, CALLED + 8);
	assert_int_equal(m.f->cpu.nip, 0x484);
	fixture_free(m.f);
}

#define DEPTH 20000u

/* Of a function that calls itself all calls come back, however many of them were forgotten. */
static void calls_may_be_deep(void **state)
{
	static const u32 code[] = {
	    CMPDI(5),	BEQ(0x20), ADDI(5, -1u), CALL(-12), ADDI(3, 1u),
	    0x7c233000, /* cmpd r3, r6 */
	    BEQ(0x10),	MTLR(30),  BLR,		 BLR,	    LEAVE,
	};
	static const s32 budgets[] = {0, INT32_MAX};
	struct machine m = machine(*state);

	put(&m, OTHER, code, ARRAY_SIZE(code));
	map_page(m.f, VSID, EA + 2 * PAGE, OTHER, 0x12);
	for (unsigned i = 0; i < 8; i++) {
		m.f->cpu.budget = budgets[i % 2];
		m.f->cpu.gpr[3] = 0;
		m.f->cpu.gpr[5] = m.f->cpu.gpr[6] = DEPTH;
		m.f->cpu.gpr[30] = EA + 2 * PAGE + 0x10;
		run_at(&m, EA + 2 * PAGE);
		assert_int_equal(m.f->cpu.nip, EA + 2 * PAGE + 4 * ARRAY_SIZE(code));
		assert_int_equal(m.f->cpu.gpr[3], DEPTH);
	}
	fixture_free(m.f);
}

/* More calls than the stack has room for, by which a program finds its own address. */
static void calls_may_never_come_back(void **state)
{
	static const u32 code[] = {CALL(4), ADDI(5, -1u), CMPDI(5), BNE(-12), LEAVE};
	struct machine m = machine(*state);

	put(&m, OTHER, code, ARRAY_SIZE(code));
	map_page(m.f, VSID, EA + 2 * PAGE, OTHER, 0x12);
	m.f->cpu.gpr[5] = 1000000;
	run_at(&m, EA + 2 * PAGE);
	assert_int_equal(m.f->cpu.nip, EA + 2 * PAGE + 4 * ARRAY_SIZE(code));
	assert_int_equal(m.f->cpu.gpr[5], 0);
	fixture_free(m.f);
}

/*
 * From the last of functions that call each other to its caller or that of an earlier one: more
 * frames than are looked at were left behind, or fewer. Then who called the first returns as well.
 */
static void functions_may_be_left_at_once(void **state)
{
	enum { OUTER = 0, MAIN = 0x40, FIRST = 0x80, SECOND = 0xc0, THIRD = 0x100, LAST = 0x140 };
	static const u32 outer[] = {CALL(MAIN - OUTER), ADDI(3, 1u), LEAVE};
	static const u32 main_[] = {MFLR(20), CALL(FIRST - MAIN - 4), ADDI(3, 2u), MTLR(20), BLR};
	static const u32 first[] = {MFLR(21), CALL(SECOND - FIRST - 4), ADDI(3, 4u), MTLR(21), BLR};
	static const u32 second[] = {MFLR(22), CALL(THIRD - SECOND - 4), ADDI(3, 8u), MTLR(22),
				     BLR};
	static const u32 third[] = {MFLR(23), CALL(LAST - THIRD - 4), ADDI(3, 16u), MTLR(23), BLR};
	static const u32 last[] = {MTLR(24), BLR};
	/* Where the last one returns to: its own caller or a farther one. */
	static const u64 to[] = {THIRD + 8, SECOND + 8, FIRST + 8, MAIN + 8, OUTER + 4};
	static const u64 sum[] = {1 + 2 + 4 + 8 + 16, 1 + 2 + 4 + 8, 1 + 2 + 4, 1 + 2, 1};

	struct machine m = machine(*state);
	const u64 at = EA + 2 * PAGE;

	put(&m, OTHER + OUTER, outer, ARRAY_SIZE(outer));
	put(&m, OTHER + MAIN, main_, ARRAY_SIZE(main_));
	put(&m, OTHER + FIRST, first, ARRAY_SIZE(first));
	put(&m, OTHER + SECOND, second, ARRAY_SIZE(second));
	put(&m, OTHER + THIRD, third, ARRAY_SIZE(third));
	put(&m, OTHER + LAST, last, ARRAY_SIZE(last));
	map_page(m.f, VSID, at, OTHER, 0x12);
	for (unsigned left = 0; left < ARRAY_SIZE(sum); left++) {
		for (unsigned i = 0; i < CALLS; i++) {
			u64 top = m.f->cpu.return_stack;

			m.f->cpu.gpr[3] = 0;
			m.f->cpu.gpr[24] = at + to[left];
			run_at(&m, at);
			assert_int_equal(m.f->cpu.nip, at + 4 * ARRAY_SIZE(outer));
			assert_int_equal(m.f->cpu.gpr[3], sum[left]);
			/* All frames were found, once there are any. */
			if (left <= RETURN_FRAMES_MORE && i + 1 == CALLS)
				assert_int_equal(m.f->cpu.return_stack, top);
		}
	}
	fixture_free(m.f);
}

/* The last one translates what ran often, and follows no calls before it is hot. */
#define ON_ALL(test)                                                                               \
	cmocka_unit_test_prestate(test, "portable"), cmocka_unit_test_prestate(test, "eager"),     \
	    cmocka_unit_test_prestate(test, "inline")

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_ALL(calls_come_back),	       ON_ALL(the_callers_code_may_change),
	    ON_ALL(another_page_may_be_there), ON_ALL(another_segment_may_be_there),
	    ON_ALL(the_mode_may_be_another),   ON_ALL(lr_may_be_another),
	    ON_ALL(returns_need_no_call),      ON_ALL(calls_may_be_deep),
	    ON_ALL(calls_may_never_come_back), ON_ALL(functions_may_be_left_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
