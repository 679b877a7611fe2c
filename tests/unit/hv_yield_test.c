/* SPDX-License-Identifier: Apache-2.0 */
/* When a vcpu gives its turn on the host up: by H_CONFER, and in loops that say that they wait. */
#include "hv_guest.h"

#define CONFERS 10
#define TURNS	640
#define A_YIELD 64 /* turns of a loop */

/* H_CONFER with r8 and r9, CTR times; then r7 turns of a loop that waits. */
static const u32 program[] = {
    0x386000e4, /* 1: li r3, H_CONFER */
    0x7d044378, /*    mr r4, r8 */
    0x7d254b78, /*    mr r5, r9 */
    0x44000022, /*    sc 1 */
    0x4200fff0, /*    bdnz 1b */
    0x7ce903a6, /*    mtctr r7 */
    0x7c210b78, /* 1: or r1, r1, r1: low priority */
    0x7c421378, /*    or r2, r2, r2: medium */
    0x4200fff8, /*    bdnz 1b */
    0x7cc33378, /*    mr r3, r6 */
    0x44000022, /*    sc 1 */
};

/* Returns how often it gave its turn up, conferring to vcpu @to at its dispatch count @count. */
static u64 yields(u64 to, u64 count, unsigned turns)
{
	struct hv_vm *vm = new_vm();
	u8 *memory = guest_memory(vm);
	struct hv_vcpu *vcpu = guest_vcpu(vm, 0);
	u64 n;

	guest_put(memory, GUEST_CODE, program, ARRAY_SIZE(program));
	guest_vcpu(vm, 1);
	vcpu->cpu.ctr = CONFERS;
	vcpu->cpu.gpr[7] = turns;
	vcpu->cpu.gpr[8] = to;
	vcpu->cpu.gpr[9] = count;
	guest_run(vcpu);
	guest_has_ended(vcpu);
	n = vcpu->stats->yields;
	assert_true(!n == !vcpu->stats->yield_ns);
	guest_free(vm, memory);
	return n;
}

static void by_hypercall(void **state)
{
	assert_int_equal(yields(~0ull, 0, 1), CONFERS);
	assert_int_equal(yields(1, 0, 1), CONFERS);
	/* It has run since: without a VPA the count is 0 for ever. */
	assert_int_equal(yields(1, 1, 1), 0);
	/* There is none. */
	assert_int_equal(yields(5, 0, 1), 0);
}

static void in_a_loop(void **state)
{
	assert_int_equal(yields(5, 0, A_YIELD - 1), 0);
	/* What the last turn asks for comes in the next one. */
	assert_int_equal(yields(5, 0, TURNS + 1), TURNS / A_YIELD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(by_hypercall),
	    cmocka_unit_test(in_a_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
