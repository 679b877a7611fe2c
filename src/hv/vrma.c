/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real mode. By a real-mode area (rma.c), or by the virtual one: entries of the guest's own table,
 * in segment HPT_VRMA_VSID, through which its real-mode accesses go. They map the slot at guest
 * real address 0, bolted, one in the last place of each primary group.
 */
#include <errno.h>
#include "hv/memslot.h"
#include "hv/rma.h"
#include "hv/vcpu.h"
#include "hv/vm.h"
#include "hv/vrma.h"

#define VRMA_PAGE_SHIFT	 16 /* as on hosts with 64 KiB pages */
#define VRMA_SLB_LLP	 (HPT_SLB_L | 0x10u)
#define VRMA_LAST_PLACE	 7
#define VRMA_REACH_SHIFT 40

static void vrma_enter(struct hpt *hpt, u64 page)
{
	struct hpt_va va = {HPT_VRMA_VSID, page << VRMA_PAGE_SHIFT, true};
	u64 group = hpt_hash(va, VRMA_PAGE_SHIFT) & hpt_pteg_mask(hpt);
	u64 v = hpt_avpn(va, VRMA_PAGE_SHIFT) | HPT_V_BOLTED | HPT_V_LARGE | HPT_V_VALID;
	u64 r = page << VRMA_PAGE_SHIFT | 1ull << HPT_R_LP_SHIFT | HPT_R_R | HPT_R_C | HPT_R_M;

	/* A place that the guest's own entry has already (a restored table) stays the guest's. */
	hpt_enter(hpt, group << HPT_GROUP_SHIFT | VRMA_LAST_PLACE, HPT_EXACT, v, r, NULL);
}

static u64 llp_to_vrmasd(u64 slb_llp)
{
	return (slb_llp & HPT_SLB_L ? LPCR_VRMA_L : 0) | (slb_llp & 0x20 ? LPCR_VRMA_LP1 : 0) |
	       (slb_llp & 0x10 ? LPCR_VRMA_LP0 : 0);
}

void hv_set_lpcr(struct hv_vm *vm, u64 value, u64 mask)
{
	struct hv_vcpu *vcpu;

	vm->lpcr = (vm->lpcr & ~mask) | (value & mask);
	hv_for_each_vcpu(vcpu, vm)
		vcpu->cpu.lpcr = (vcpu->cpu.lpcr & ~mask) | (value & mask);
}

void hv_vrma_restore(struct hv_vm *vm, u64 slb_llp)
{
	hv_set_lpcr(vm, LPCR_VPM0 | llp_to_vrmasd(slb_llp), LPCR_VPM0 | LPCR_VRMASD | LPCR_RMLS);
	__atomic_store_n(&vm->vrma_done, true, __ATOMIC_RELEASE);
}

/* @bytes of the slot at guest real address 0. */
static void setup_by_table(struct hv_vm *vm, u64 bytes)
{
	u64 pages = bytes >> VRMA_PAGE_SHIFT;
	u64 most = hpt_pteg_mask(vm->hpt) + 1;

	if (pages > most)
		pages = most;
	if (pages > 1ull << (VRMA_REACH_SHIFT - VRMA_PAGE_SHIFT))
		pages = 1ull << (VRMA_REACH_SHIFT - VRMA_PAGE_SHIFT);
	for (u64 page = 0; page < pages; page++)
		vrma_enter(vm->hpt, page);
	hv_vrma_restore(vm, VRMA_SLB_LLP);
}

int hv_real_mode_setup(struct hv_vm *vm)
{
	struct hv_memslot *slot;
	u64 bytes = 0;
	void *host = NULL;
	int ret;

	hv_slots_hold(vm);
	slot = hv_memslot_find(vm, 0);
	if (slot) {
		bytes = slot->size;
		host = slot->host;
	}
	hv_slots_release(vm);
	if (!bytes)
		return -EINVAL;
	ret = hv_rma_use(vm, host, bytes);
	if (ret < 0)
		return ret;
	if (!ret && !vm->model->has_vrma)
		return -EPERM;
	if (ret)
		__atomic_store_n(&vm->vrma_done, true, __ATOMIC_RELEASE);
	else
		setup_by_table(vm, bytes);
	return 0;
}
