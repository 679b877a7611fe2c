/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers of the KVM interface that Linux's depend on its host for, so that tests/kvm can't compare
 * them.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <papyr/kvm.h>
#include <papyr/papyr.h>
#include "base/bits.h"

/* QEMU's machines take what isn't known for vulnerable, and refuse to start. */
static void speculation_is_known_not_to_happen(void **state)
{
	struct kvm_ppc_cpu_char c;
	int kvm = papyr_open("/dev/kvm", O_RDWR), vm = papyr_ioctl(kvm, KVM_CREATE_VM, 0);

	assert_true(vm >= 0);
	assert_int_equal(papyr_ioctl(vm, KVM_PPC_GET_CPU_CHAR, &c), 0);
	assert_int_equal(c.character | c.behaviour, 0);
	assert_int_equal(c.behaviour_mask, KVM_PPC_CPU_BEHAV_L1D_FLUSH_PR |
					       KVM_PPC_CPU_BEHAV_BNDS_CHK_SPEC_BAR |
					       KVM_PPC_CPU_BEHAV_FLUSH_COUNT_CACHE);
	assert_int_equal(c.character_mask, KVM_PPC_CPU_CHAR_COUNT_CACHE_DIS |
					       KVM_PPC_CPU_CHAR_BCCTRL_SERIALISED);
	papyr_close(vm);
	papyr_close(kvm);
}

static int choose(int vm, u64 pvr)
{
	struct kvm_enable_cap cap = {.cap = PAPYR_CAP_PVR, .args = {pvr}};

	return papyr_ioctl(vm, KVM_ENABLE_CAP, &cap) ? errno : 0;
}

static u32 pvr_of(int vcpu)
{
	struct kvm_sregs sregs;

	assert_int_equal(papyr_ioctl(vcpu, KVM_GET_SREGS, &sregs), 0);
	return sregs.pvr;
}

static int set_pvr(int vcpu, u32 pvr)
{
	struct kvm_sregs sregs = {.pvr = pvr};

	return papyr_ioctl(vcpu, KVM_SET_SREGS, &sregs) ? errno : 0;
}

/* Does it take POWER8's logical version? */
static bool is_power8(int vcpu)
{
	struct kvm_enable_cap papr = {.cap = KVM_CAP_PPC_PAPR};
	u32 compat = 0x0f000004;
	struct kvm_one_reg reg = {.id = KVM_REG_PPC_ARCH_COMPAT, .addr = (uintptr_t)&compat};

	assert_int_equal(papyr_ioctl(vcpu, KVM_ENABLE_CAP, &papr), 0);
	return !papyr_ioctl(vcpu, KVM_SET_ONE_REG, &reg);
}

static int smt_of(int vm)
{
	return papyr_ioctl(vm, KVM_CHECK_EXTENSION, KVM_CAP_PPC_SMT);
}

static void the_processor_is_chosen_before_there_is_one(void **state)
{
	/* No processor, more than a PVR. */
	static const u64 wrong[] = {0, 0x12345678, 0x004d0200 | 1ull << 32};
	int kvm = papyr_open("/dev/kvm", O_RDWR), vm = papyr_ioctl(kvm, KVM_CREATE_VM, 0), vcpu;

	assert_int_equal(papyr_ioctl(vm, KVM_CHECK_EXTENSION, PAPYR_CAP_PVR), 1);
	assert_int_equal(choose(vm, 0x004b0201), 0);
	assert_int_equal(smt_of(vm), 8);
	assert_int_equal(choose(vm, 0x00390202), 0);
	assert_int_equal(smt_of(vm), 1);
	assert_int_equal(choose(vm, 0x003f0201), 0);
	assert_int_equal(smt_of(vm), 4);
	for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(choose(vm, wrong[i]), EINVAL);
	vcpu = papyr_ioctl(vm, KVM_CREATE_VCPU, 0);
	assert_int_equal(pvr_of(vcpu), 0x003f0201);
	assert_false(is_power8(vcpu));
	assert_int_equal(choose(vm, 0x004d0200), EBUSY);
	assert_int_equal(set_pvr(vcpu, 0x004d0200), EINVAL);
	assert_int_equal(set_pvr(vcpu, 0x003f0203), EINVAL);
	assert_int_equal(set_pvr(vcpu, 0x003f0201), 0);
	assert_int_equal(pvr_of(vcpu), 0x003f0201);
	papyr_close(vcpu);
	papyr_close(vm);

	vm = papyr_ioctl(kvm, KVM_CREATE_VM, 0);
	vcpu = papyr_ioctl(vm, KVM_CREATE_VCPU, 0);
	assert_int_equal(pvr_of(vcpu), 0x004d0200);
	assert_true(is_power8(vcpu));
	papyr_close(vcpu);
	papyr_close(vm);
	papyr_close(kvm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(speculation_is_known_not_to_happen),
	    cmocka_unit_test(the_processor_is_chosen_before_there_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
