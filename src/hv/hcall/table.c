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
#define H_RTAS	    0xf000u /* the interface of RTAS stubs in guest memory: always on */

/* By number / 4, as all of them are multiples of 4. */
#define HCALL(number, fn, enabled) [(number) / 4] = {number, fn, enabled}

static const struct hcall hcalls[HCALL_LIMIT / 4] = {
    HCALL(0x004, h_remove, true),
    HCALL(0x008, h_enter, true),
    HCALL(0x00c, h_read, true),
    HCALL(0x010, h_clear_mod, false),
    HCALL(0x014, h_clear_ref, false),
    HCALL(0x018, h_protect, true),
    HCALL(0x01c, NULL, true), /* H_GET_TCE */
    HCALL(0x020, NULL, true), /* H_PUT_TCE */
    HCALL(0x028, h_set_dabr, true),
    HCALL(0x02c, h_page_init, false),
    HCALL(0x03c, NULL, false), /* H_LOGICAL_CI_LOAD */
    HCALL(0x040, NULL, false), /* H_LOGICAL_CI_STORE */
    HCALL(0x064, h_eoi, true),
    HCALL(0x068, h_cppr, true),
    HCALL(0x06c, h_ipi, true),
    HCALL(0x070, h_ipoll, true),
    HCALL(0x074, h_xirr, true),
    HCALL(0x0dc, h_register_vpa, true),
    HCALL(0x0e0, h_cede, true),
    HCALL(0x0e4, h_confer, true),
    HCALL(0x0e8, h_prod, true),
    HCALL(0x124, h_bulk_remove, true),
    HCALL(0x134, h_set_xdabr, true),
    HCALL(0x138, NULL, false), /* H_STUFF_TCE */
    HCALL(0x13c, NULL, false), /* H_PUT_TCE_INDIRECT */
    HCALL(0x2fc, h_xirr_x, true),
    HCALL(0x300, NULL, false), /* H_RANDOM */
    HCALL(0x31c, h_set_mode, false),
    HCALL(0x448, NULL, false), /* H_RPT_INVALIDATE */
};

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
