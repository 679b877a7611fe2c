/* SPDX-License-Identifier: Apache-2.0 */
/*
 * papyr_timebase(): a guest reads it plus TB_OFFSET, and a client can move a guest by it without
 * time going back or jumping.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include <papyr/kvm.h>
#include <papyr/papyr.h>
#include "base/bits.h"

#define MEMORY 0x1000000ull
#define CODE   0x3000
#define H_OURS 0xf123

/* Tells its timebase. */
static const u32 tells[] = {
    0x7c8c42a6, /* 1: mftb r4 */
    0x44000022, /*    sc 1 */
    0x4bfffff8, /*    b 1b */
};

struct guest {
	int kvm, vm, vcpu;
	struct kvm_run *run;
	u8 *memory;
};

static void guest_new(struct guest *g)
{
	struct kvm_enable_cap papr = {.cap = KVM_CAP_PPC_PAPR};
	struct kvm_userspace_memory_region slot = {.memory_size = MEMORY};
	struct kvm_regs regs = {.pc = CODE, .msr = 1ull << 63, .gpr[3] = H_OURS};

	g->memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(g->memory != MAP_FAILED);
	for (unsigned i = 0; i < ARRAY_SIZE(tells); i++)
		store_be32(g->memory + CODE + 4 * i, tells[i]);
	g->kvm = papyr_open("/dev/kvm", O_RDWR);
	g->vm = papyr_ioctl(g->kvm, KVM_CREATE_VM, 0);
	slot.userspace_addr = (uintptr_t)g->memory;
	assert_int_equal(papyr_ioctl(g->vm, KVM_SET_USER_MEMORY_REGION, &slot), 0);
	g->vcpu = papyr_ioctl(g->vm, KVM_CREATE_VCPU, 0);
	g->run = papyr_mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE, MAP_SHARED, g->vcpu, 0);
	assert_true(g->run != MAP_FAILED);
	assert_int_equal(papyr_ioctl(g->vcpu, KVM_ENABLE_CAP, &papr), 0);
	assert_int_equal(papyr_ioctl(g->vcpu, KVM_SET_REGS, &regs), 0);
}

static void guest_free(struct guest *g)
{
	munmap(g->run, getpagesize());
	papyr_close(g->vcpu);
	papyr_close(g->vm);
	papyr_close(g->kvm);
	munmap(g->memory, MEMORY);
}

/* What the guest reads. */
static u64 timebase_of(struct guest *g)
{
	assert_int_equal(papyr_ioctl(g->vcpu, KVM_RUN, 0), 0);
	assert_int_equal(g->run->exit_reason, KVM_EXIT_PAPR_HCALL);
	assert_int_equal(g->run->papr_hcall.nr, H_OURS);
	g->run->papr_hcall.ret = H_OURS; /* in r3 once more */
	return g->run->papr_hcall.args[0];
}

static u64 get_offset(struct guest *g)
{
	u64 offset;
	struct kvm_one_reg reg = {.id = KVM_REG_PPC_TB_OFFSET, .addr = (uintptr_t)&offset};

	assert_int_equal(papyr_ioctl(g->vcpu, KVM_GET_ONE_REG, &reg), 0);
	return offset;
}

static void set_offset(struct guest *g, u64 offset)
{
	struct kvm_one_reg reg = {.id = KVM_REG_PPC_PAPYR_TB_OFFSET, .addr = (uintptr_t)&offset};

	assert_int_equal(papyr_ioctl(g->vcpu, KVM_SET_ONE_REG, &reg), 0);
}

static void is_the_clock(void **state)
{
	struct timespec t;
	u64 before = papyr_timebase(), after, clock;

	clock_gettime(CLOCK_MONOTONIC, &t);
	after = papyr_timebase();
	clock = (u64)t.tv_sec * PAPYR_TIMEBASE_HZ + (u64)t.tv_nsec * 512 / 1000;
	assert_in_range(clock, before, after);
}

static void is_what_the_guest_reads(void **state)
{
	static const u64 offsets[] = {0, 1, 0x123456789abcdef, -(1ull << 40)};
	u64 before, seen;
	struct guest g;

	guest_new(&g);
	for (unsigned i = 0; i < ARRAY_SIZE(offsets); i++) {
		set_offset(&g, offsets[i]);
		before = papyr_timebase();
		seen = timebase_of(&g) - offsets[i];
		assert_in_range(seen, before, papyr_timebase());
	}
	guest_free(&g);
}

/* As a client does that moves a guest. */
static void time_goes_on_elsewhere(void **state)
{
	u64 stopped, last, first, began;
	struct guest from, to;

	guest_new(&from);
	set_offset(&from, 77777);
	last = timebase_of(&from);
	stopped = papyr_timebase() + get_offset(&from);
	guest_free(&from);

	guest_new(&to);
	began = papyr_timebase();
	set_offset(&to, stopped - began);
	first = timebase_of(&to);
	assert_true(last <= stopped);
	assert_in_range(first - stopped, 0, papyr_timebase() - began);
	guest_free(&to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(is_the_clock),
	    cmocka_unit_test(is_what_the_guest_reads),
	    cmocka_unit_test(time_goes_on_elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
