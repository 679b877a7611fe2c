/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Areas of guest memory that tell the hypervisor and the guest of each other (PAPR 14.11.3.2): the
 * virtual processor area (VPA), the SLB shadow buffer and the dispatch trace log.
 *
 * Where the VPA holds what:
 *	0x004  2 bytes  its length
 *	0x009  1 byte   0x02: the processor may be shared
 *	0x100  4 bytes  dispatch count: even while the vcpu runs, odd while it does not
 *	0x158  8 bytes  timebase ticks in which it could run and was not dispatched
 *	0x218  8 bytes  entries ever written to the trace log
 *
 * An area is registered, by H_REGISTER_VPA or KVM_REG_PPC_VPA_*, at any time and maybe by another
 * vcpu; it is taken into use the next time the vcpu enters the guest (hv_vpa_dispatch).
 */
#include <errno.h>
#include "hv/hcall/hcall.h"
#include "hv/memslot.h"
#include "hv/vcpu.h"
#include "hv/vm.h"
#include "hv/vpa.h"

#define VPA_BYTES	   640u
#define VPA_LENGTH	   0x004
#define VPA_STATUS	   0x009
#define VPA_STATUS_SHARED  0x02
#define VPA_DISPATCH_COUNT 0x100
#define VPA_WAITED	   0x158
#define VPA_DTL_INDEX	   0x218

#define DTL_ENTRY_BYTES 48u
#define DTL_REASON_ANY	7 /* why it was dispatched: unspecified */

#define AREA_ALIGN 128u
/* An area lies within a page of this size: that much the hypervisor looks up at once. */
#define AREA_PAGE 0x10000u

/* Bits of the flags' function field. */
#define FUNC_SHIFT 45
#define FUNC_MASK  7u
enum {
	FUNC_REG_VPA = 1,
	FUNC_REG_DTL,
	FUNC_REG_SLB,
	FUNC_DEREG_VPA = 5,
	FUNC_DEREG_DTL,
	FUNC_DEREG_SLB,
};

/* --- registering --- */

/*
 * The length that the guest wrote into the area it registers: 2 bytes at 4 in a VPA, 4 bytes there
 * in the others. 0: there is no such place, or it does not fit into its page.
 */
static u32 area_length(struct hv_vm *vm, u64 gpa, bool is_vpa)
{
	u64 space = AREA_PAGE - (gpa & (AREA_PAGE - 1));
	const u8 *area;
	u32 len;

	if (!gpa || (gpa & (AREA_ALIGN - 1)))
		return 0;
	area = hv_guest_ptr(vm, gpa, 2 * sizeof(u32), false);
	if (!area)
		return 0;
	len = load_be32(area + VPA_LENGTH);
	if (is_vpa)
		len >>= 16;
	return len <= space && hv_guest_ptr(vm, gpa, len, false) ? len : 0;
}

static void set_area(struct hv_vpa *area, u64 gpa, u32 len)
{
	area->gpa = gpa;
	area->len = gpa ? len : 0;
	area->fresh = true;
}

/* With @target's vpa_lock held. */
static long change_areas(struct hv_vcpu *target, unsigned func, u64 gpa, u32 len)
{
	switch (func) {
	case FUNC_REG_VPA:
		if (len < VPA_BYTES)
			return H_PARAMETER;
		set_area(&target->vpa, gpa, len);
		return H_SUCCESS;
	case FUNC_REG_DTL:
		if (len < DTL_ENTRY_BYTES)
			return H_PARAMETER;
		if (!target->vpa.gpa)
			return H_RESOURCE;
		set_area(&target->dtl, gpa, len - len % DTL_ENTRY_BYTES);
		return H_SUCCESS;
	case FUNC_REG_SLB:
		if (!target->vpa.gpa)
			return H_RESOURCE;
		set_area(&target->slb_shadow, gpa, len);
		return H_SUCCESS;
	case FUNC_DEREG_VPA:
		if (target->dtl.gpa || target->slb_shadow.gpa)
			return H_RESOURCE;
		set_area(&target->vpa, 0, 0);
		return H_SUCCESS;
	case FUNC_DEREG_DTL:
		set_area(&target->dtl, 0, 0);
		return H_SUCCESS;
	case FUNC_DEREG_SLB:
		set_area(&target->slb_shadow, 0, 0);
		return H_SUCCESS;
	default:
		return H_PARAMETER;
	}
}

/*
 * H_REGISTER_VPA - registers an area of a vcpu, or takes it back.
 *
 * @gpr[4]: bits 45..47: 1 VPA, 2 trace log, 3 SLB shadow; 5, 6, 7 take them back
 * @gpr[5]: vcpu id
 * @gpr[6]: guest real address, a multiple of 128; the length is in the area, at 4
 *
 * Returns H_SUCCESS, H_PARAMETER (no such vcpu, function or place; a length that is too short, or
 * leads beyond the 64K page), H_RESOURCE (a trace log or shadow needs a VPA, which can't go while
 * they are there).
 */
long h_register_vpa(struct hv_vcpu *vcpu, u64 *gpr)
{
	struct hv_vcpu *target = hv_vcpu_by_id(vcpu->vm, gpr[5]);
	unsigned func = gpr[4] >> FUNC_SHIFT & FUNC_MASK;
	u32 len = 0;
	long ret;

	if (!target)
		return H_PARAMETER;
	if (func >= FUNC_REG_VPA && func <= FUNC_REG_SLB) {
		len = area_length(vcpu->vm, gpr[6], func == FUNC_REG_VPA);
		if (len < 2 * sizeof(u32))
			return H_PARAMETER;
	}
	lock_acquire(&target->vpa_lock);
	ret = change_areas(target, func, gpr[6], len);
	if (!ret && target == vcpu)
		hv_vpa_refresh(vcpu);
	lock_release(&target->vpa_lock);
	return ret;
}

/* --- KVM_REG_PPC_VPA_* --- */

void hv_vpa_get(struct hv_vcpu *vcpu, enum hv_area area, u64 *gpa, u64 *len)
{
	const struct hv_vpa *a = area == HV_AREA_VPA   ? &vcpu->vpa
				 : area == HV_AREA_SLB ? &vcpu->slb_shadow
						       : &vcpu->dtl;

	lock_acquire(&vcpu->vpa_lock);
	*gpa = a->gpa;
	*len = a->len;
	lock_release(&vcpu->vpa_lock);
}

static int set_by_client(struct hv_vcpu *vcpu, enum hv_area area, u64 gpa, u64 len)
{
	switch (area) {
	case HV_AREA_VPA:
		if (!gpa && (vcpu->slb_shadow.gpa || vcpu->dtl.gpa))
			return -EINVAL;
		set_area(&vcpu->vpa, gpa, VPA_BYTES);
		return 0;
	case HV_AREA_SLB:
		if (gpa && !vcpu->vpa.gpa)
			return -EINVAL;
		set_area(&vcpu->slb_shadow, gpa, len);
		return 0;
	case HV_AREA_DTL:
		if (gpa && (len < DTL_ENTRY_BYTES || !vcpu->vpa.gpa))
			return -EINVAL;
		set_area(&vcpu->dtl, gpa, len - len % DTL_ENTRY_BYTES);
		return 0;
	}
	return -EINVAL;
}

int hv_vpa_set(struct hv_vcpu *vcpu, enum hv_area area, u64 gpa, u64 len)
{
	int ret;

	if (gpa & (AREA_ALIGN - 1))
		return -EINVAL;
	lock_acquire(&vcpu->vpa_lock);
	ret = set_by_client(vcpu, area, gpa, (u32)len);
	lock_release(&vcpu->vpa_lock);
	return ret;
}

/* --- as the vcpu enters and leaves the guest --- */

static u8 *vpa_memory(struct hv_vcpu *vcpu)
{
	return vcpu->vpa.gpa ? hv_guest_ptr(vcpu->vm, vcpu->vpa.gpa, VPA_BYTES, true) : NULL;
}

static void count_dispatch(u8 *vpa)
{
	store_be32(vpa + VPA_DISPATCH_COUNT, load_be32(vpa + VPA_DISPATCH_COUNT) + 1);
}

/* Areas that are new since the last time; vpa_lock held, in the guest. */
void hv_vpa_refresh(struct hv_vcpu *vcpu)
{
	u8 *vpa = vpa_memory(vcpu);

	if (vcpu->dtl.fresh)
		vcpu->dtl_index = 0;
	if (vcpu->vpa.fresh && vpa) {
		vpa[VPA_STATUS] |= VPA_STATUS_SHARED;
		/* As if it had just been dispatched for the first time, if it has been. */
		store_be32(vpa + VPA_DISPATCH_COUNT, vcpu->vpa_dispatched ? 2 : 1);
	}
	vcpu->vpa.fresh = vcpu->slb_shadow.fresh = vcpu->dtl.fresh = false;
}

/*
 * Adds an entry to the trace log:
 *	 0  1 byte   reason of dispatch
 *	 1  1 byte   reason of preemption
 *	 2  2 bytes  processor
 *	 4  4 bytes  from enqueued to dispatched
 *	 8  4 bytes  from ready to waiting
 *	12  4 bytes  from waiting to ready
 *	16  8 bytes  timebase
 *	24  8 bytes  fault address
 *	32  8 bytes  SRR0: where it goes on
 *	40  8 bytes  SRR1: MSR
 */
static void log_dispatch(struct hv_vcpu *vcpu, u8 *vpa, u32 waited)
{
	u64 entries = vcpu->dtl.len / DTL_ENTRY_BYTES;
	u8 *log =
	    vcpu->dtl.gpa ? hv_guest_ptr(vcpu->vm, vcpu->dtl.gpa, vcpu->dtl.len, false) : NULL;
	u64 offset;
	u8 *entry;

	if (!log || !entries)
		return;
	offset = vcpu->dtl_index % entries * DTL_ENTRY_BYTES;
	entry = hv_guest_ptr(vcpu->vm, vcpu->dtl.gpa + offset, DTL_ENTRY_BYTES, true);
	if (!entry)
		return;
	memset(entry, 0, DTL_ENTRY_BYTES);
	entry[0] = DTL_REASON_ANY;
	store_be32(entry + 4, waited);
	store_be64(entry + 16, cpu_timebase(&vcpu->cpu));
	store_be64(entry + 32, vcpu->cpu.nip);
	store_be64(entry + 40, vcpu->cpu.msr);
	/* The guest reads the index first. */
	atomic_thread_fence(memory_order_release);
	store_be64(vpa + VPA_DTL_INDEX, ++vcpu->dtl_index);
}

void hv_vpa_dispatch(struct hv_vcpu *vcpu)
{
	u8 *vpa;

	lock_acquire(&vcpu->vpa_lock);
	hv_vpa_refresh(vcpu);
	vpa = vpa_memory(vcpu);
	if (vpa) {
		count_dispatch(vpa);
		log_dispatch(vcpu, vpa, 0);
	}
	vcpu->vpa_dispatched = true;
	lock_release(&vcpu->vpa_lock);
}

void hv_vpa_preempt(struct hv_vcpu *vcpu)
{
	u8 *vpa;

	lock_acquire(&vcpu->vpa_lock);
	vpa = vpa_memory(vcpu);
	if (vpa && !vcpu->vpa.fresh)
		count_dispatch(vpa);
	vcpu->vpa_dispatched = false;
	lock_release(&vcpu->vpa_lock);
}

/* Shorter ones are told together. */
#define WAIT_TOLD (TIMEBASE_HZ / 10000)

/* As if it had been preempted by the host, which gave it its processor back just now. */
void hv_vpa_stolen(struct hv_vcpu *vcpu, u64 ticks)
{
	u8 *vpa;

	vcpu->vpa_untold += ticks;
	if (vcpu->vpa_untold < WAIT_TOLD)
		return;
	lock_acquire(&vcpu->vpa_lock);
	vpa = vpa_memory(vcpu);
	if (vpa && !vcpu->vpa.fresh) {
		u64 waited = load_be64(vpa + VPA_WAITED) + vcpu->vpa_untold;

		count_dispatch(vpa);
		count_dispatch(vpa);
		store_be64(vpa + VPA_WAITED, waited);
		log_dispatch(vcpu, vpa, vcpu->vpa_untold < ~0u ? vcpu->vpa_untold : ~0u);
	}
	vcpu->vpa_untold = 0;
	lock_release(&vcpu->vpa_lock);
}

u32 hv_vpa_yield_count(struct hv_vcpu *vcpu)
{
	u32 count = 0;
	u8 *vpa;

	lock_acquire(&vcpu->vpa_lock);
	vpa = vcpu->vpa.gpa ? hv_guest_ptr(vcpu->vm, vcpu->vpa.gpa, VPA_BYTES, false) : NULL;
	if (vpa)
		count = load_be32(vpa + VPA_DISPATCH_COUNT);
	lock_release(&vcpu->vpa_lock);
	return count;
}
