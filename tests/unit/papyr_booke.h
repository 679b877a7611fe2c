/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Book E vcpu and its client, for tests of the one and the other.
 */
#ifndef PAPYR_TESTS_PAPYR_BOOKE_H
#define PAPYR_TESTS_PAPYR_BOOKE_H

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <papyr/kvm.h>
#include <papyr/papyr.h>
#include "base/bits.h"

#define PVR_440	   0x42220000u
#define PVR_E500V2 0x80210030u

#define N_440  64
#define N_E500 (512 + 16)
#define TLB1   512

/* Whom a test is about. */
static int vm, vcpu;

static inline int start(u32 pvr)
{
	struct kvm_enable_cap cap = {.cap = PAPYR_CAP_PVR, .args = {pvr}};
	int kvm = papyr_open("/dev/kvm", O_RDWR);

	vm = papyr_ioctl(kvm, KVM_CREATE_VM, 0);
	papyr_close(kvm);
	if (vm < 0 || (pvr && papyr_ioctl(vm, KVM_ENABLE_CAP, &cap)))
		return -1;
	vcpu = papyr_ioctl(vm, KVM_CREATE_VCPU, 0);
	return vcpu < 0 ? -1 : 0;
}

static inline int start_440(void **state)
{
	return start(PVR_440);
}

static inline int start_e500(void **state)
{
	return start(PVR_E500V2);
}

static inline int start_book3s(void **state)
{
	return start(0);
}

static inline int end(void **state)
{
	return papyr_close(vcpu) || papyr_close(vm);
}

/* 0 or more, or errno negated. */
static inline int ask(unsigned long request, void *arg)
{
	int ret = papyr_ioctl(vcpu, request, arg);

	return ret < 0 ? -errno : ret;
}

static inline int tlb(unsigned long request, u32 cpu, u32 which, u32 n, void *entries)
{
	struct papyr_tlb t = {.cpu = cpu, .which = which, .n = n, .entries = (uintptr_t)entries};

	return ask(request, &t);
}

static inline int get_reg(u64 id, u64 *value)
{
	struct kvm_one_reg reg = {.id = id, .addr = (uintptr_t)value};

	*value = 0;
	return ask(KVM_GET_ONE_REG, &reg);
}

static inline int set_reg(u64 id, u64 value)
{
	struct kvm_one_reg reg = {.id = id, .addr = (uintptr_t)&value};

	return ask(KVM_SET_ONE_REG, &reg);
}

static inline int extension(long cap)
{
	return papyr_ioctl(vm, KVM_CHECK_EXTENSION, cap);
}

static inline int map_this(u64 ea, u64 gpa, u64 bytes, u32 flags, u32 pid)
{
	struct papyr_map map = {.ea = ea, .gpa = gpa, .bytes = bytes, .flags = flags, .pid = pid};

	return ask(PAPYR_MAP, &map);
}

static inline struct kvm_translation translate(u64 linear)
{
	struct kvm_translation tr = {.linear_address = linear};

	assert_int_equal(ask(KVM_TRANSLATE, &tr), 0);
	return tr;
}

static inline int config(struct kvm_config_tlb *c)
{
	struct kvm_enable_cap cap = {.cap = KVM_CAP_SW_TLB, .args = {(uintptr_t)c}};

	return ask(KVM_ENABLE_CAP, &cap);
}

#endif
