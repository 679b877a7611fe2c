/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest of a few instructions, made and run through <papyr/papyr.h> as its clients do, which
 * tells the test numbers by a hypercall.
 */
#ifndef PAPYR_TESTS_PAPYR_GUEST_H
#define PAPYR_TESTS_PAPYR_GUEST_H

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
#include <papyr/kvm.h>
#include <papyr/papyr.h>
#include "base/bits.h"

#define GUEST_MEMORY 0x1000000ull
#define GUEST_CODE   0x3000
/* The hypercall: it is in r3 when the code begins and after each call; the number goes to r4. */
#define GUEST_TELLS 0xf123

struct guest {
	int kvm, vm, vcpu;
	struct kvm_run *run;
	u8 *memory;
};

/* A vcpu of the VM in @g, to begin with the code. */
static inline void guest_vcpu(struct guest *g, unsigned id)
{
	struct kvm_enable_cap papr = {.cap = KVM_CAP_PPC_PAPR};
	struct kvm_regs regs = {.pc = GUEST_CODE, .msr = 1ull << 63, .gpr[3] = GUEST_TELLS};

	g->vcpu = papyr_ioctl(g->vm, KVM_CREATE_VCPU, id);
	g->run = papyr_mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE, MAP_SHARED, g->vcpu, 0);
	assert_true(g->run != MAP_FAILED);
	assert_int_equal(papyr_ioctl(g->vcpu, KVM_ENABLE_CAP, &papr), 0);
	assert_int_equal(papyr_ioctl(g->vcpu, KVM_SET_REGS, &regs), 0);
}

/* A VM without vcpus, to be added to by guest_vcpu(). */
static inline void guest_vm(struct guest *g, const u32 *code, unsigned words)
{
	struct kvm_userspace_memory_region slot = {.memory_size = GUEST_MEMORY};

	g->memory =
	    mmap(NULL, GUEST_MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(g->memory != MAP_FAILED);
	for (unsigned i = 0; i < words; i++)
		store_be32(g->memory + GUEST_CODE + 4 * i, code[i]);
	g->kvm = papyr_open("/dev/kvm", O_RDWR);
	g->vm = papyr_ioctl(g->kvm, KVM_CREATE_VM, 0);
	slot.userspace_addr = (uintptr_t)g->memory;
	assert_int_equal(papyr_ioctl(g->vm, KVM_SET_USER_MEMORY_REGION, &slot), 0);
}

static inline void guest_new(struct guest *g, const u32 *code, unsigned words)
{
	guest_vm(g, code, words);
	guest_vcpu(g, 0);
}

static inline void guest_vcpu_free(struct guest *g)
{
	munmap(g->run, getpagesize());
	papyr_close(g->vcpu);
}

/* The VM and the vcpu. */
static inline void guest_free(struct guest *g)
{
	guest_vcpu_free(g);
	papyr_close(g->vm);
	papyr_close(g->kvm);
	munmap(g->memory, GUEST_MEMORY);
}

/* Runs it until it tells a number. */
static inline u64 guest_told(struct guest *g)
{
	assert_int_equal(papyr_ioctl(g->vcpu, KVM_RUN, 0), 0);
	assert_int_equal(g->run->exit_reason, KVM_EXIT_PAPR_HCALL);
	assert_int_equal(g->run->papr_hcall.nr, GUEST_TELLS);
	g->run->papr_hcall.ret = GUEST_TELLS;
	return g->run->papr_hcall.args[0];
}

/* Sets registers, when what the last exit left open has been done. */
static inline void guest_set_regs(struct guest *g, const struct kvm_regs *regs)
{
	g->run->immediate_exit = 1;
	assert_int_equal(papyr_ioctl(g->vcpu, KVM_RUN, 0), -1);
	g->run->immediate_exit = 0;
	assert_int_equal(papyr_ioctl(g->vcpu, KVM_SET_REGS, regs), 0);
}

static inline u64 guest_get(struct guest *g, u64 id)
{
	u64 value;
	struct kvm_one_reg reg = {.id = id, .addr = (uintptr_t)&value};

	assert_int_equal(papyr_ioctl(g->vcpu, KVM_GET_ONE_REG, &reg), 0);
	return value;
}

static inline void guest_set(struct guest *g, u64 id, u64 value)
{
	struct kvm_one_reg reg = {.id = id, .addr = (uintptr_t)&value};

	assert_int_equal(papyr_ioctl(g->vcpu, KVM_SET_ONE_REG, &reg), 0);
}

#endif
