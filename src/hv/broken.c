/* SPDX-License-Identifier: Apache-2.0 */
#include "hv/broken.h"
#include <errno.h>
#include "cpu/msr.h"
#include "hv/memslot.h"
#include "hv/vcpu.h"
#include "hv/vm.h"

bool hv_broken_find(const struct hv_broken *broken, u64 gpa)
{
	unsigned n = broken->n;

	for (unsigned i = 0; i < n; i++)
		if (broken->page[i] == (gpa & ~(HV_PAGE_SIZE - 1)))
			return true;
	return false;
}

/* A vcpu that searches meanwhile may miss another page: its caches are emptied afterwards. */
static void remove_at(struct hv_broken *broken, unsigned i)
{
	broken->page[i] = broken->page[broken->n - 1];
	broken->n--;
}

void hv_broken_forget(struct hv_vm *vm, u64 gpa, u64 bytes)
{
	struct hv_broken *broken = &vm->broken;

	for (unsigned i = broken->n; i-- > 0;)
		if (broken->page[i] - gpa < bytes)
			remove_at(broken, i);
}

static int add(struct hv_vm *vm, u64 page)
{
	struct hv_broken *broken = &vm->broken;

	if (!hv_gpa_is_ram(vm, page, HV_PAGE_SIZE))
		return -EINVAL;
	if (hv_broken_find(broken, page))
		return 0;
	if (broken->n == HV_BROKEN_MAX)
		return -ENOSPC;
	broken->page[broken->n] = page;
	broken->n++;
	return 0;
}

int hv_break_memory(struct hv_vm *vm, u64 gpa, bool broken)
{
	u64 page = gpa & ~(HV_PAGE_SIZE - 1);
	int ret = 0;

	lock_acquire(&vm->lock);
	if (broken)
		ret = add(vm, page);
	else
		hv_broken_forget(vm, page, HV_PAGE_SIZE);
	hv_shootdown_all(vm, NULL);
	lock_release(&vm->lock);
	return ret;
}

void hv_vm_enable_fwnmi(struct hv_vm *vm)
{
	vm->fwnmi = true;
}

/* What became of it, and where: as Linux tells. SRR0, SRR1, DAR and DSISR are the interrupt's. */
bool hv_machine_check(struct cpu *cpu)
{
	struct hv_vcpu *vcpu = hv_vcpu_of(cpu);
	struct kvm_run *run = vcpu->run;

	if (!vcpu->vm->fwnmi)
		return false;
	run->exit_reason = KVM_EXIT_NMI;
	run->hw.hardware_exit_reason = VEC_MACHINE_CHECK;
	run->flags = (run->flags & ~KVM_RUN_PPC_NMI_DISP_MASK) | KVM_RUN_PPC_NMI_DISP_NOT_RECOV;
	vcpu->pending = HV_PENDING_NOTHING;
	return true;
}
