/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Doorbells between the threads of a virtual core: each thread sees the whole core's in DPDES, and
 * so does a client, by whichever of its vcpus it asks.
 */
#include "papyr_guest.h"

#define MSR_SF	     (1ull << 63)
#define MSR_EE	     (1ull << 15)
#define VEC_DOORBELL 0xa00

static const u32 tells_doorbells[] = {
    0x7c902aa6, /* 1: mfspr r4, DPDES */
    0x44000022, /*    sc 1 */
    0x4bfffff8, /*    b 1b */
};

static const u32 tells_thread[] = {
    0x7c9e6aa6, /* 1: mfspr r4, TIR */
    0x44000022, /*    sc 1 */
    0x4bfffff8, /*    b 1b */
};

static const u32 rings_and_tells[] = {
    0x7c00291c, /* 1: msgsndp r5 */
    0x7c902aa6, /*    mfspr r4, DPDES */
    0x44000022, /*    sc 1 */
    0x4bfffff4, /*    b 1b */
};

static const u32 handler[] = {
    0x38800a00, /* li r4, VEC_DOORBELL */
    0x44000022, /* sc 1 */
};

enum { FIRST, FOURTH, OTHER_CORE, VCPUS };

static void make(struct guest g[VCPUS], const u32 *code, unsigned words)
{
	static const unsigned ids[VCPUS] = {0, 3, 8};

	guest_vm(&g[0], code, words);
	for (unsigned i = 0; i < ARRAY_SIZE(handler); i++)
		store_be32(g->memory + VEC_DOORBELL + 4 * i, handler[i]);
	for (unsigned i = 0; i < VCPUS; i++) {
		g[i].vm = g->vm;
		guest_vcpu(&g[i], ids[i]);
	}
}

static void drop(struct guest g[VCPUS])
{
	for (unsigned i = 1; i < VCPUS; i++)
		guest_vcpu_free(&g[i]);
	guest_free(&g[0]);
}

static void all_have(struct guest g[VCPUS], u64 core)
{
	assert_int_equal(guest_get(&g[FIRST], KVM_REG_PPC_DPDES), core);
	assert_int_equal(guest_get(&g[FOURTH], KVM_REG_PPC_DPDES), core);
	assert_int_equal(guest_get(&g[OTHER_CORE], KVM_REG_PPC_DPDES), 0);
}

/* Interrupts are let through from the next instruction on, and that of the clock isn't due. */
static void enable_interrupts(struct guest *g)
{
	struct kvm_regs regs = {.pc = GUEST_CODE, .msr = MSR_SF | MSR_EE, .gpr[3] = GUEST_TELLS};

	guest_set(g, KVM_REG_PPC_DEC_EXPIRY, papyr_timebase() + (1u << 30));
	guest_set_regs(g, &regs);
}

/* The next doorbells of @g are for @thread. */
static void aim(struct guest *g, unsigned thread)
{
	struct kvm_regs regs = {.pc = GUEST_CODE, .msr = MSR_SF};

	regs.gpr[3] = GUEST_TELLS;
	regs.gpr[5] = 5 << 27 | thread;
	guest_set_regs(g, &regs);
}

static void a_thread_sees_its_core_s(void **state)
{
	struct guest g[VCPUS];

	make(g, rings_and_tells, ARRAY_SIZE(rings_and_tells));
	aim(&g[FIRST], 3);
	assert_int_equal(guest_told(&g[FIRST]), 0x8);
	all_have(g, 0x8);
	aim(&g[FOURTH], 0);
	assert_int_equal(guest_told(&g[FOURTH]), 0x9);
	all_have(g, 0x9);
	aim(&g[FOURTH], 7); /* nobody is there */
	assert_int_equal(guest_told(&g[FOURTH]), 0x9);
	/* Taken by one, it still waits for the other. */
	enable_interrupts(&g[FOURTH]);
	assert_int_equal(guest_told(&g[FOURTH]), VEC_DOORBELL);
	all_have(g, 0x1);
	drop(g);
}

static void a_client_rings_for_all(void **state)
{
	struct guest g[VCPUS];

	make(g, tells_doorbells, ARRAY_SIZE(tells_doorbells));
	guest_set(&g[FIRST], KVM_REG_PPC_DPDES, 0x8);
	all_have(g, 0x8);
	assert_int_equal(guest_told(&g[FOURTH]), 0x8);
	assert_int_equal(guest_told(&g[FIRST]), 0x8);
	assert_int_equal(guest_told(&g[OTHER_CORE]), 0);
	enable_interrupts(&g[FIRST]);
	assert_int_equal(guest_told(&g[FIRST]), 0x8);
	enable_interrupts(&g[FOURTH]);
	assert_int_equal(guest_told(&g[FOURTH]), VEC_DOORBELL);
	all_have(g, 0);
	/* What is no thread's is kept, and what is taken back isn't delivered. */
	aim(&g[FIRST], 0); /* and no interrupts */
	guest_set(&g[FOURTH], KVM_REG_PPC_DPDES, 0x123456789abcdef9);
	all_have(g, 0x123456789abcdef9);
	assert_int_equal(guest_told(&g[FIRST]), 0x9);
	guest_set(&g[FIRST], KVM_REG_PPC_DPDES, 0);
	all_have(g, 0);
	enable_interrupts(&g[FOURTH]);
	assert_int_equal(guest_told(&g[FOURTH]), 0);
	drop(g);
}

/* By the core that the VM has, not the processor's. */
static void threads_are_numbered_in_their_core(void **state)
{
	static const unsigned smt[] = {1, 4, 8}, number[] = {0, 3, 7};
	struct guest g;

	for (unsigned i = 0; i < ARRAY_SIZE(smt); i++) {
		struct kvm_enable_cap cap = {.cap = KVM_CAP_PPC_SMT, .args = {smt[i]}};

		guest_vm(&g, tells_thread, ARRAY_SIZE(tells_thread));
		assert_int_equal(papyr_ioctl(g.vm, KVM_ENABLE_CAP, &cap), 0);
		guest_vcpu(&g, 15);
		assert_int_equal(guest_told(&g), number[i]);
		guest_free(&g);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_thread_sees_its_core_s),
	    cmocka_unit_test(a_client_rings_for_all),
	    cmocka_unit_test(threads_are_numbered_in_their_core),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
