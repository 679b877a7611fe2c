/* SPDX-License-Identifier: Apache-2.0 */
/* PAPYR_CAP_BREAKPOINTS: many of them, beside those of KVM_SET_GUEST_DEBUG. */
#include <errno.h>
#include "papyr_guest.h"

#define MOST 256

static const u32 loops[] = {
    0x38840001, /* 1: addi r4, r4, 1 */
    0x60000000, /*    nop */
    0x60000000, /*    nop */
    0x4bfffff4, /*    b 1b */
};

static int set(const struct guest *g, const u64 *addrs, u64 n)
{
	struct kvm_enable_cap cap = {.cap = PAPYR_CAP_BREAKPOINTS, .args = {(uintptr_t)addrs, n}};

	return papyr_ioctl(g->vcpu, KVM_ENABLE_CAP, &cap) ? errno : 0;
}

static void set_debug(const struct guest *g, u32 control, u64 point)
{
	struct kvm_guest_debug d = {.control = control};

	d.arch.bp[0].addr = point;
	d.arch.bp[0].type = point ? KVMPPC_DEBUG_BREAKPOINT : KVMPPC_DEBUG_NONE;
	assert_int_equal(papyr_ioctl(g->vcpu, KVM_SET_GUEST_DEBUG, &d), 0);
}

/* Runs until the next breakpoint; where that is. */
static u64 next(const struct guest *g)
{
	assert_int_equal(papyr_ioctl(g->vcpu, KVM_RUN, 0), 0);
	assert_int_equal(g->run->exit_reason, KVM_EXIT_DEBUG);
	assert_int_equal(g->run->debug.arch.status, KVMPPC_DEBUG_BREAKPOINT);
	return g->run->debug.arch.address - GUEST_CODE;
}

static void beside_those_of_kvm(void **state)
{
	const u32 on = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP;
	u64 addrs[MOST];
	struct guest g;

	guest_new(&g, loops, ARRAY_SIZE(loops));
	for (unsigned i = 0; i < MOST; i++)
		addrs[i] = 0x100000 + 4 * i;
	addrs[MOST - 1] = GUEST_CODE + 8;
	assert_int_equal(set(&g, addrs, MOST), 0);
	set_debug(&g, on, GUEST_CODE + 4);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(next(&g), 4);
		assert_int_equal(next(&g), 8);
	}
	/* Only when the debugger says so. */
	addrs[0] = GUEST_CODE + 12;
	assert_int_equal(set(&g, addrs, 1), 0);
	assert_int_equal(next(&g), 4);
	assert_int_equal(next(&g), 8);
	set_debug(&g, on, 0);
	assert_int_equal(next(&g), 12);
	assert_int_equal(next(&g), 12);
	guest_free(&g);
}

static void wrong_ones(void **state)
{
	u64 addrs[MOST + 1] = {0};
	struct guest g;

	guest_new(&g, loops, ARRAY_SIZE(loops));
	assert_int_equal(papyr_ioctl(g.vm, KVM_CHECK_EXTENSION, PAPYR_CAP_BREAKPOINTS), MOST);
	assert_int_equal(set(&g, addrs, MOST + 1), EINVAL);
	assert_int_equal(set(&g, addrs, ~0ull), EINVAL);
	assert_int_equal(set(&g, NULL, 1), EFAULT);
	assert_int_equal(set(&g, NULL, 0), 0);
	guest_free(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(beside_those_of_kvm),
	    cmocka_unit_test(wrong_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
