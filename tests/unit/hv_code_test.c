/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Code that is changed while others run it, by two processors at once: marks of code pages, and
 * shoot-downs, between threads.
 *
 * Each of two vcpus owns a function, `li r3, N; blr`; both lie in one line of memory. It writes N +
 * 1 into its own, makes that known as the architecture asks, says so in memory, and then calls the
 * other's: that must be as new as what the other has said before.
 */
#include <pthread.h>
#include "hv/memslot.h"
#include "hv/run.h"
#include "hv/vcpu.h"
#include "hv_common.h"

#define PROGRAM	 0x8000ull
#define FUNCTION 0x10000ull /* that of vcpu 0; vcpu 1's is behind it */
#define SAID	 0x20000ull
#define UNKNOWN	 0xeffcull /* a hypercall that leaves to the client */
#define ROUNDS	 3000
#define AHEAD	 32

static const u32 program[] = {
    0x38a50001, /* addi r5, r5, 1 */
    0x7d062b78, /* or r6, r8, r5: li r3, N */
    0x90ca0000, /* stw r6, 0(r10) */
    0x7c00506c, /* dcbst 0, r10 */
    0x7c0004ac, /* sync */
    0x7c0057ac, /* icbi 0, r10 */
    0x7c0004ac, /* sync */
    0x4c00012c, /* isync */
    0xf8ac0000, /* std r5, 0(r12) */
    0xe8cd0000, /* ld r6, 0(r13) */
    0x7c0004ac, /* sync */
    0x4c00012c, /* isync */
    0x7d6903a6, /* mtctr r11 */
    0x4e800421, /* bctrl */
    0x7c233000, /* cmpd r3, r6 */
    0x40800008, /* bge over one */
    0x38e70001, /* addi r7, r7, 1 */
    0xe8cd0000, /* ld r6, 0(r13): the other one is waited for, if far behind */
    0x7cc62850, /* subf r6, r6, r5 */
    0x2c260020, /* cmpdi r6, AHEAD */
    0x4181fff4, /* bgt to the load */
    0x7c254800, /* cmpd r5, r9 */
    0x4082ffa8, /* bne to the beginning */
    0x7dc37378, /* mr r3, r14 */
    0x44000022, /* sc 1 */
};

static void put(u8 *memory, u64 gpa, u32 insn)
{
	store_be32(memory + gpa, insn);
}

static struct hv_vcpu *prepare(struct hv_vm *vm, unsigned id)
{
	struct hv_vcpu *vcpu = new_vcpu(vm, id);
	struct cpu *cpu = &vcpu->cpu;

	hv_vcpu_enable_papr(vcpu);
	cpu_set_msr(cpu, MSR_SF | MSR_ME);
	cpu->nip = PROGRAM;
	cpu->gpr[5] = cpu->gpr[7] = 0;
	cpu->gpr[8] = 0x38600000;
	cpu->gpr[9] = ROUNDS;
	cpu->gpr[10] = FUNCTION + 8 * id;
	cpu->gpr[11] = FUNCTION + 8 * !id;
	cpu->gpr[12] = SAID + 8 * id;
	cpu->gpr[13] = SAID + 8 * !id;
	cpu->gpr[14] = UNKNOWN;
	return vcpu;
}

static void *run(void *arg)
{
	struct hv_vcpu *vcpu = arg;

	while (hv_vcpu_run(vcpu) == -EINTR)
		;
	return NULL;
}

static void each_writes_what_the_other_runs(void **state)
{
	struct hv_vm *vm = new_vm();
	u8 *memory = pages(16 * MIB);
	struct kvm_userspace_memory_region r = {0, 0, 0, 16 * MIB, (uintptr_t)memory};
	struct hv_vcpu *vcpu[2];
	pthread_t thread[2];

	assert_int_equal(hv_set_memory_region(vm, &r), 0);
	for (unsigned i = 0; i < ARRAY_SIZE(program); i++)
		put(memory, PROGRAM + 4 * i, program[i]);
	for (unsigned id = 0; id < 2; id++) {
		put(memory, FUNCTION + 8 * id, 0x38600000);
		put(memory, FUNCTION + 8 * id + 4, 0x4e800020);
		vcpu[id] = prepare(vm, id);
	}
	for (unsigned id = 0; id < 2; id++)
		assert_int_equal(pthread_create(&thread[id], NULL, run, vcpu[id]), 0);
	for (unsigned id = 0; id < 2; id++) {
		pthread_join(thread[id], NULL);
		assert_int_equal(vcpu[id]->run->exit_reason, KVM_EXIT_PAPR_HCALL);
		assert_int_equal(vcpu[id]->run->papr_hcall.nr, UNKNOWN);
		assert_int_equal(vcpu[id]->cpu.gpr[5], ROUNDS);
		assert_int_equal(vcpu[id]->cpu.gpr[7], 0); /* old code was run */
		/* It was code that changed, and that as often as who is AHEAD allows at least. */
		assert_true(vcpu[id]->stats->blocks_decoded >= ROUNDS / AHEAD);
	}
	hv_vm_put(vm);
}

static void as_functions(void **state)
{
	setenv("PAPYR_ENGINE", "portable", 1);
	each_writes_what_the_other_runs(state);
}

static void as_generated(void **state)
{
	setenv("PAPYR_ENGINE", "eager", 1);
	each_writes_what_the_other_runs(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(as_functions),
	    cmocka_unit_test(as_generated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
