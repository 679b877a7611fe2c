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
#include "../changing_code.h"
#include "hv_common.h"

#define PROGRAM	 0x8000ull
#define FUNCTION 0x10000ull /* that of vcpu 0; vcpu 1's is behind it */
#define SAID	 0x20000ull
#define UNKNOWN	 0xeffcull /* a hypercall that leaves to the client */
#define ROUNDS	 3000

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
	for (unsigned i = 0; i < ARRAY_SIZE(changing_code); i++)
		put(memory, PROGRAM + 4 * i, changing_code[i]);
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
