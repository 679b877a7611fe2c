/* SPDX-License-Identifier: Apache-2.0 */
/* KVM_PPC_GET_SMMU_INFO: what the processor's translation can do. */
#include "hv/vcpu.h"
#include "hv/vm.h"

#define STORAGE_KEYS 32

void hv_get_smmu_info(struct hv_vm *vm, struct kvm_ppc_smmu_info *info)
{
	struct hv_vcpu *vcpu = vm->vcpus[0];
	const struct cpu_model *model = vcpu ? vcpu->cpu.model : &cpu_model_power8;

	memset(info, 0, sizeof(*info));
	info->flags = KVM_PPC_1T_SEGMENTS;
	info->slb_size = model->slb_entries;
	info->data_keys = STORAGE_KEYS;
	info->instr_keys = model->level >= ISA_207 ? STORAGE_KEYS : 0;
	for (unsigned i = 0; i < HPT_BASE_SIZES; i++) {
		struct kvm_ppc_one_seg_page_size *sps = &info->sps[i];
		const struct hpt_base_size *base = &hpt_base_sizes[i];

		sps->page_shift = base->page_shift;
		sps->slb_enc = base->slb_enc;
		for (unsigned j = 0; j < base->count; j++) {
			sps->enc[j].page_shift = base->actual[j].page_shift;
			sps->enc[j].pte_enc = base->actual[j].pte_enc;
		}
	}
}
