/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hypercalls that KVM knows, by number. Those that are not enabled for a VM, or have no handler
 * here, are the client's: KVM_EXIT_PAPR_HCALL. KVM_CAP_PPC_ENABLE_HCALL changes what is enabled.
 */
#include <errno.h>
#include "hv/hcall/hcall.h"
#include "hv/vcpu.h"
#include "hv/vm.h"

#define HCALL_LIMIT 0x1000u /* numbers of the PAPR range are below */

/* By number / 4, as all of them are multiples of 4. */
#define HCALL(number, fn, enabled) [(number) / 4] = {number, fn, enabled}

static const struct hcall hcalls[HCALL_LIMIT / 4] = {
    HCALL(H_REMOVE, h_remove, true),
    HCALL(H_ENTER, h_enter, true),
    HCALL(H_READ, h_read, true),
    HCALL(H_CLEAR_MOD, h_clear_mod, false),
    HCALL(H_CLEAR_REF, h_clear_ref, false),
    HCALL(H_PROTECT, h_protect, true),
    HCALL(H_GET_TCE, h_get_tce, true),
    HCALL(H_PUT_TCE, h_put_tce, true),
    HCALL(H_SET_DABR, h_set_dabr, true),
    HCALL(H_PAGE_INIT, h_page_init, false),
    HCALL(H_LOGICAL_CI_LOAD, NULL, false),
    HCALL(H_LOGICAL_CI_STORE, h_logical_ci_store, false),
    HCALL(H_EOI, h_eoi, true),
    HCALL(H_CPPR, h_cppr, true),
    HCALL(H_IPI, h_ipi, true),
    HCALL(H_IPOLL, h_ipoll, true),
    HCALL(H_XIRR, h_xirr, true),
    HCALL(H_REGISTER_VPA, h_register_vpa, true),
    HCALL(H_CEDE, h_cede, true),
    HCALL(H_CONFER, h_confer, true),
    HCALL(H_PROD, h_prod, true),
    HCALL(H_BULK_REMOVE, h_bulk_remove, true),
    HCALL(H_SET_XDABR, h_set_xdabr, true),
    HCALL(H_STUFF_TCE, h_stuff_tce, false),
    HCALL(H_PUT_TCE_INDIRECT, h_put_tce_indirect, false),
    HCALL(H_XIRR_X, h_xirr_x, true),
    HCALL(H_RANDOM, NULL, false),
    HCALL(H_SET_MODE, h_set_mode, false),
    HCALL(H_RPT_INVALIDATE, NULL, false),
};

/* The interface of RTAS stubs in guest memory: always on. */
static const struct hcall rtas = {H_RTAS, h_rtas, true};

const struct hcall *hcall_find(u64 number)
{
	if (number == H_RTAS)
		return &rtas;
	if (number >= HCALL_LIMIT || (number & 3))
		return NULL;
	/* A place without a row has number 0, which is none. */
	return hcalls[number / 4].number ? &hcalls[number / 4] : NULL;
}

static bool enabled(const struct hv_vm *vm, u64 number)
{
	if (number >= HCALL_LIMIT)
		return true;
	return __atomic_load_n(&vm->enabled_hcalls[number / 4 / 64], __ATOMIC_RELAXED) >>
		   (number / 4 % 64) &
	       1;
}

static void enable(struct hv_vm *vm, u64 number, bool on)
{
	u64 *word = &vm->enabled_hcalls[number / 4 / 64], bit = 1ull << (number / 4 % 64);

	if (on)
		__atomic_fetch_or(word, bit, __ATOMIC_RELAXED);
	else
		__atomic_fetch_and(word, ~bit, __ATOMIC_RELAXED);
}

void hcall_enable_defaults(struct hv_vm *vm)
{
	for (unsigned i = 0; i < ARRAY_SIZE(hcalls); i++) {
		if (hcalls[i].enabled_by_default)
			enable(vm, hcalls[i].number, true);
	}
}

int hv_vm_enable_hcall(struct hv_vm *vm, u64 number, u64 on)
{
	if (number >= HCALL_LIMIT || !hcall_find(number) || on > 1)
		return -EINVAL;
	enable(vm, number, on);
	return 0;
}

long hcall_make(struct hv_vcpu *vcpu, u64 *gpr)
{
	u64 number = gpr[3];
	const struct hcall *h = hcall_find(number);

	if (!h || !h->fn || !enabled(vcpu->vm, number))
		return H_TOO_HARD;
	return h->fn(vcpu, gpr);
}
