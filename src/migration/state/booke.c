/* SPDX-License-Identifier: Apache-2.0 */
#include "migration/state/booke.h"

#include "migration/state/capture.h"
#include "platform/booke/board.h"

int capture_booke(struct vcpu *vcpu, struct saved_booke *b, struct error *err)
{
	struct papyr_tlb tlb;

	if (vcpu->m->accel->ioctl(vcpu->fd, KVM_GET_SREGS, &b->sregs) < 0)
		return error_errno(err, "cannot read the registers of vcpu %u", vcpu->index);
	if (board_get_tlb(vcpu, PAPYR_TLB_GUEST, &tlb, &b->entries, SAVED_TLB_MAX) < 0)
		return error_errno(err, "cannot read the TLB of vcpu %u", vcpu->index);
	b->cpu = tlb.cpu;
	b->n_entries = tlb.n;
	return 0;
}

u32 booke_dec_left(u32 dec, u64 passed)
{
	if (!dec)
		return 0;
	return passed < dec ? dec - (u32)passed : 1;
}

int apply_booke(struct vcpu *vcpu, const struct saved_booke *b, u64 stopped, struct error *err)
{
	const struct accel *a = vcpu->m->accel;
	struct kvm_sregs sregs = b->sregs;
	s64 passed;
	struct papyr_tlb tlb = {
	    .cpu = b->cpu,
	    .which = PAPYR_TLB_GUEST,
	    .n = b->n_entries,
	    .entries = (uintptr_t)&b->entries,
	};

	/* Else timers and what happened to the debugger stay as they are. */
	sregs.u.e.update_special = ~0u;
	if (a->ioctl(vcpu->fd, PAPYR_SET_TLB, &tlb) < 0)
		return error_errno(err, "vcpu %u doesn't take its TLB", vcpu->index);
	passed = capture_timebase(vcpu->m) - stopped;
	sregs.u.e.dec = booke_dec_left(sregs.u.e.dec, passed < 0 ? 0 : passed);
	if (a->ioctl(vcpu->fd, KVM_SET_SREGS, &sregs) < 0)
		return error_errno(err, "vcpu %u doesn't take its registers", vcpu->index);
	return 0;
}
