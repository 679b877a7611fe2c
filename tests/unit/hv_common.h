/* SPDX-License-Identifier: Apache-2.0 */
/* A VM of the hypervisor's own interface, for tests that run no guest. */
#ifndef TESTS_UNIT_HV_COMMON_H
#define TESTS_UNIT_HV_COMMON_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
#include "hv/vcpu.h"
#include "hv/vm.h"

#define PAGE 4096ull
#define MIB  0x100000ull

static inline void *pages(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(p != MAP_FAILED);
	return p;
}

static inline struct hv_vm *new_vm(void)
{
	struct hv_vm *vm;

	assert_int_equal(hv_vm_create(&vm), 0);
	return vm;
}

static inline struct hv_vcpu *new_vcpu(struct hv_vm *vm, unsigned id)
{
	struct hv_vcpu *vcpu;

	assert_int_equal(hv_vcpu_create(vm, id, pages(PAGE), PAGE, &vcpu), 0);
	return vcpu;
}

#endif
