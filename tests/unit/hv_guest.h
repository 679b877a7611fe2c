/* SPDX-License-Identifier: Apache-2.0 */
/* Vcpus of the hypervisor's own interface that run a few instructions, up to a hypercall that
 * nobody knows. */
#ifndef TESTS_UNIT_HV_GUEST_H
#define TESTS_UNIT_HV_GUEST_H

#include "hv/memslot.h"
#include "hv/run.h"
#include "hv_common.h"

#define GUEST_BYTES (16 * MIB)
#define GUEST_CODE  0x3000
#define GUEST_ENDS  0xeffcull /* the hypercall: in r6 when the code begins */

static inline void guest_put(u8 *memory, u64 at, const u32 *code, unsigned words)
{
	for (unsigned i = 0; i < words; i++)
		store_be32(memory + at + 4 * i, code[i]);
}

/* Returns the VM's memory. */
static inline u8 *guest_memory(struct hv_vm *vm)
{
	u8 *memory = pages(GUEST_BYTES);
	struct kvm_userspace_memory_region r = {0, 0, 0, GUEST_BYTES, (uintptr_t)memory};

	assert_int_equal(hv_set_memory_region(vm, &r), 0);
	return memory;
}

static inline struct hv_vcpu *guest_vcpu(struct hv_vm *vm, unsigned id)
{
	struct hv_vcpu *vcpu = new_vcpu(vm, id);

	hv_vcpu_enable_papr(vcpu);
	cpu_set_msr(&vcpu->cpu, MSR_SF | MSR_ME);
	vcpu->cpu.nip = GUEST_CODE;
	vcpu->cpu.gpr[6] = GUEST_ENDS;
	return vcpu;
}

/* A thread's function too; @vcpu: to its end. */
static inline void *guest_run(void *vcpu)
{
	while (hv_vcpu_run(vcpu) == -EINTR)
		;
	return NULL;
}

static inline void guest_has_ended(const struct hv_vcpu *vcpu)
{
	assert_int_equal(vcpu->run->exit_reason, KVM_EXIT_PAPR_HCALL);
	assert_int_equal(vcpu->run->papr_hcall.nr, GUEST_ENDS);
}

static inline void guest_free(struct hv_vm *vm, u8 *memory)
{
	hv_vm_put(vm);
	munmap(memory, GUEST_BYTES);
}

#endif
