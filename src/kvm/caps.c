/* SPDX-License-Identifier: Apache-2.0 */
/* KVM_CHECK_EXTENSION: what this KVM can do. Whatever is not listed is 0. */
#include <papyr/papyr.h>
#include <sys/sysinfo.h>
#include "hv/booke.h"
#include "hv/debug.h"
#include "hv/memslot.h"
#include "hv/rma.h"
#include "hv/vm.h"
#include "kvm/files.h"

static const struct {
	u32 cap;
	u32 value;
} caps[] = {
    {KVM_CAP_USER_MEMORY, 1},
    {KVM_CAP_NR_MEMSLOTS, HV_MAX_MEMSLOTS},
    {KVM_CAP_SYNC_MMU, 1},
    {KVM_CAP_DESTROY_MEMORY_REGION_WORKS, 1},
    {KVM_CAP_JOIN_MEMORY_REGIONS_WORKS, 1},
    {KVM_CAP_SET_GUEST_DEBUG, 1},
    {KVM_CAP_IRQFD, 1},
    {KVM_CAP_IOEVENTFD, 1},
    {KVM_CAP_INTERNAL_ERROR_DATA, 1},
    {KVM_CAP_PPC_SEGSTATE, 1},
    {KVM_CAP_PPC_UNSET_IRQ, 1},
    {KVM_CAP_ENABLE_CAP, 1},
    {KVM_CAP_PPC_IRQ_LEVEL, 1},
    {KVM_CAP_PPC_SMT, HV_SMT_MAX},
    {KVM_CAP_MAX_VCPUS, HV_MAX_VCPUS},
    {KVM_CAP_PPC_HIOR, 1},
    {KVM_CAP_PPC_PAPR, 1},
    {KVM_CAP_ONE_REG, 1},
    {KVM_CAP_SPAPR_TCE, 1},
    {KVM_CAP_PPC_GET_SMMU_INFO, 1},
    {KVM_CAP_PPC_ALLOC_HTAB, 1},
    {KVM_CAP_READONLY_MEM, 1},
    {KVM_CAP_IRQFD_RESAMPLE, 1},
    {KVM_CAP_PPC_HTAB_FD, 1},
    {KVM_CAP_GUEST_DEBUG_HW_BPS, HV_DEBUG_POINTS},
    {KVM_CAP_GUEST_DEBUG_HW_WPS, HV_DEBUG_POINTS},
    {KVM_CAP_DEVICE_CTRL, 1},
    {KVM_CAP_SPAPR_MULTITCE, 1},
    {KVM_CAP_PPC_RTAS, 1},
    {KVM_CAP_IRQ_XICS, 1},
    {KVM_CAP_ENABLE_CAP_VM, 1},
    {KVM_CAP_IOEVENTFD_NO_LENGTH, 1},
    {KVM_CAP_PPC_FIXUP_HCALL, 1},
    {KVM_CAP_PPC_ENABLE_HCALL, 1},
    {KVM_CAP_CHECK_EXTENSION_VM, 1},
    {KVM_CAP_IOEVENTFD_ANY_LENGTH, 1},
    {KVM_CAP_SPAPR_TCE_64, 1},
    {KVM_CAP_MAX_VCPU_ID, HV_MAX_VCPU_ID},
    {KVM_CAP_SPAPR_RESIZE_HPT, 1},
    {KVM_CAP_IMMEDIATE_EXIT, 1},
    {KVM_CAP_PPC_FWNMI, 1},
    {KVM_CAP_PPC_SMT_POSSIBLE, 2 * HV_SMT_MAX - 1},
    {KVM_CAP_PPC_GET_CPU_CHAR, 1},
    {KVM_CAP_PPC_GUEST_DEBUG_SSTEP, 1},
    {KVM_CAP_BINARY_STATS_FD, 1},
    {KVM_CAP_PPC_AIL_MODE_3, 1},
    {PAPYR_CAP_SIGNALS_BLOCKED, 1},
    {PAPYR_CAP_BROKEN_MEMORY, HV_BROKEN_MAX},
    {PAPYR_CAP_PVR, 1},
    {PAPYR_CAP_BREAKPOINTS, HV_DEBUG_BREAKS},
    {PAPYR_CAP_TELLS_WRITES, 1},
    {PAPYR_CAP_XICS_GLOBAL, 1},
};

/* What only some processors have; a VM is made with none of these. */
static long booke_extension(const struct hv_vm *vm, unsigned long cap)
{
	u32 kind = vm ? hv_vm_tlb_kind(vm) : 0;

	switch (cap) {
	case PAPYR_CAP_TLB:
		return kind;
	case KVM_CAP_PPC_BOOKE_SREGS:
	case KVM_CAP_PPC_BOOKE_WATCHDOG:
		return kind != 0;
	case KVM_CAP_SW_TLB:
		return kind == KVM_CPU_E500V2;
	default:
		return 0;
	}
}

long check_extension(struct hv_vm *vm, unsigned long cap)
{
	if (vm && cap == KVM_CAP_PPC_SMT)
		return hv_vm_smt(vm);
	if (vm && cap == KVM_CAP_PPC_SMT_POSSIBLE)
		return hv_vm_smt_possible(vm);
	if (cap == KVM_CAP_PPC_RMA)
		return vm ? hv_rma_need(vm) : 0;
	if (cap == PAPYR_CAP_RMA)
		return hv_rma_free_count();
	/* How many vcpus make sense: as many as can run at once. */
	if (cap == KVM_CAP_NR_VCPUS)
		return get_nprocs();
	for (unsigned i = 0; i < ARRAY_SIZE(caps); i++) {
		if (caps[i].cap == cap)
			return caps[i].value;
	}
	return booke_extension(vm, cap);
}
