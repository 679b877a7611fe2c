/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers of the KVM interface that Linux's depend on its host for, so that tests/kvm can't compare
 * them.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <papyr/kvm.h>
#include <papyr/papyr.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(speculation_is_known_not_to_happen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
