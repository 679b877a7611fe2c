/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each register of <papyr/kvm.h> is had by KVM_GET_ONE_REG and taken back by KVM_SET_ONE_REG, or
 * stands below with the reason why not. What Linux answers is tests/kvm/registers.c's business;
 * this test is here so that no register is forgotten.
 */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <papyr/kvm.h>
#include <papyr/papyr.h>
#include "base/bits.h"

static const struct {
	const char *name;
	u64 id;
} regs[] = {
#define REG(name, id) {#name, id},
#include "one_reg_table.h"
#undef REG
};

/* A shell's pattern; what getting and setting answer; why. The first that fits counts. */
static const struct exception {
	const char *pattern;
	int get, set;
	const char *why;
} exceptions[] = {
    {"TM", EINVAL, EINVAL, "a base to which a number is added, no register"},
    {"TM_*", EINVAL, EINVAL, "there is no transactional memory"},
    {"TFHAR", EINVAL, EINVAL, "there is no transactional memory"},
    {"TFIAR", EINVAL, EINVAL, "there is no transactional memory"},
    {"TEXASR", EINVAL, EINVAL, "there is no transactional memory"},
    {"ICP_STATE", ENXIO, ENXIO, "there is no XICS: tests/kvm/xics.c has it"},
    {"VP_STATE", ENXIO, ENXIO, "there is no XIVE"},
    {"DEBUG_INST", 0, EINVAL, "the hypervisor's choice"},
    {"SPRG9", EINVAL, EINVAL, "BookE's"},
    {"PAPYR_SPR", EINVAL, EINVAL, "BookE's: papyr_booke has them"},
    {"PAPYR_TLB0_NEXT", EINVAL, EINVAL, "BookE's: papyr_booke has it"},
    {"PAPYR_ATB_AHEAD", EINVAL, EINVAL, "BookE's: papyr_booke_run has it"},
    {"DBSR", EINVAL, EINVAL, "BookE's"},
    {"[ID]AC[1-4]", EINVAL, EINVAL, "BookE's"},
    {"EPC*", EINVAL, EINVAL, "BookE's"},
    {"EP[RT]*", EINVAL, EINVAL, "BookE's"},
    {"T[CS]R", EINVAL, EINVAL, "BookE's"},
    {"OR_TSR", EINVAL, EINVAL, "BookE's"},
    {"CLEAR_TSR", EINVAL, EINVAL, "BookE's"},
    {"MAS*", EINVAL, EINVAL, "BookE's"},
    {"MMUCFG", EINVAL, EINVAL, "BookE's"},
    {"TLB?*", EINVAL, EINVAL, "BookE's"},
};
static bool used[ARRAY_SIZE(exceptions)];

static int vcpu;

static int one_reg(unsigned long request, u64 id, void *value)
{
	struct kvm_one_reg reg = {.id = id, .addr = (uintptr_t)value};

	return papyr_ioctl(vcpu, request, &reg) ? errno : 0;
}

static const struct exception *exception_of(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(exceptions); i++) {
		if (!fnmatch(exceptions[i].pattern, name, 0)) {
			used[i] = true;
			return &exceptions[i];
		}
	}
	return NULL;
}

/* Is the register as it should be? Says what is not. */
static bool as_it_should(const char *name, u64 id)
{
	static const struct exception none;
	const struct exception *e = exception_of(name);
	u64 value[32] = {0};
	int get = one_reg(KVM_GET_ONE_REG, id, value), set = one_reg(KVM_SET_ONE_REG, id, value);

	if (!e)
		e = &none;
	if (get == e->get && set == e->set)
		return true;
	print_error("KVM_REG_PPC_%s: get %s, set %s; expected %s, %s\n", name, strerror(get),
		    strerror(set), strerror(e->get), strerror(e->set));
	return false;
}

static void complete(void **state)
{
	unsigned wrong = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(regs); i++)
		wrong += !as_it_should(regs[i].name, regs[i].id);
	for (unsigned i = 0; i < ARRAY_SIZE(exceptions); i++) {
		if (!used[i]) {
			print_error("no register is %s any more\n", exceptions[i].pattern);
			wrong++;
		}
	}
	assert_true(ARRAY_SIZE(regs) > 100);
	assert_int_equal(wrong, 0);
}

static int setup(void **state)
{
	struct kvm_enable_cap papr = {.cap = KVM_CAP_PPC_PAPR};
	int kvm = papyr_open("/dev/kvm", O_RDWR), vm = papyr_ioctl(kvm, KVM_CREATE_VM, 0);

	vcpu = papyr_ioctl(vm, KVM_CREATE_VCPU, 0);
	return vcpu < 0 || papyr_ioctl(vcpu, KVM_ENABLE_CAP, &papr);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(complete)};

	return cmocka_run_group_tests(tests, setup, NULL);
}
