/* SPDX-License-Identifier: Apache-2.0 */
/* What the processor's translation can do: KVM_PPC_GET_SMMU_INFO, and what H_ENTER takes. */
#include "hv/vm.h"

#define STORAGE_KEYS 32
#define SHIFT_4K     12
#define SHIFT_64K    16
#define SHIFT_16M    24

/* Before ISA 2.06: small and large pages, and segments of one size, of one size of page. */
static bool mmu_is_plain(const struct cpu_model *model)
{
	return model->level < ISA_206;
}

bool hv_mmu_knows(void *ctx, u64 v, unsigned base_shift, unsigned actual_shift)
{
	const struct hv_vm *vm = ctx;

	if (!mmu_is_plain(vm->model))
		return true;
	return !(v & HPT_V_B) && base_shift == actual_shift &&
	       (base_shift == SHIFT_4K || base_shift == SHIFT_16M);
}

void hv_get_smmu_info(struct hv_vm *vm, struct kvm_ppc_smmu_info *info)
{
	const struct cpu_model *model = vm->model;
	struct kvm_ppc_one_seg_page_size *sps = info->sps;

	memset(info, 0, sizeof(*info));
	info->slb_size = model->slb_entries;
	if (!mmu_is_plain(model)) {
		info->flags = KVM_PPC_1T_SEGMENTS;
		info->data_keys = STORAGE_KEYS;
	}
	info->instr_keys = model->level >= ISA_207 ? STORAGE_KEYS : 0;
	for (unsigned i = 0; i < HPT_BASE_SIZES; i++) {
		const struct hpt_base_size *base = &hpt_base_sizes[i];
		bool mixed = !mmu_is_plain(model);

		if (!mixed && base->page_shift == SHIFT_64K)
			continue;
		sps->page_shift = base->page_shift;
		sps->slb_enc = base->slb_enc;
		for (unsigned j = 0; j < (mixed ? base->count : 1); j++) {
			sps->enc[j].page_shift = base->actual[j].page_shift;
			sps->enc[j].pte_enc = base->actual[j].pte_enc;
		}
		sps++;
	}
}
