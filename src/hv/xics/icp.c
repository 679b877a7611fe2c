/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XICS presentation: what a vcpu sees of interrupts. State changes are single
 * compare-and-exchanges; what follows from them (the processor's interrupt line, sources that lost
 * their place or may have one now) is done after.
 */
#include <errno.h>
#include "hv/hcall/hcall.h"
#include "hv/idle.h"
#include "hv/irqfd.h"
#include "hv/vcpu.h"
#include "hv/vm.h"
#include "hv/xics/internal.h"

static union icp_state get(struct hv_icp *icp)
{
	return (union icp_state){.word = atomic_load(&icp->state)};
}

static bool asserted(union icp_state s)
{
	return s.xisr && s.pri < s.cppr;
}

/*
 * Makes the processor's interrupt line what the state says. Another thread may change both at the
 * same time: who changes the state last also looks last, so the line ends up right; a moment of it
 * being wrong gives at worst a spurious interrupt.
 */
static void update_line(struct hv_icp *icp)
{
	union icp_state s = get(icp), again;

	for (;;) {
		if (asserted(s)) {
			cpu_irq_set(&icp->vcpu->cpu, CPU_IRQ_EXTERNAL);
			hv_vcpu_wake(icp->vcpu);
		} else {
			cpu_irq_clear(&icp->vcpu->cpu, CPU_IRQ_EXTERNAL);
		}
		again = get(icp);
		if (asserted(again) == asserted(s))
			return;
		s = again;
	}
}

static bool try(struct hv_icp *icp, union icp_state *old, union icp_state new)
{
	if (!atomic_compare_exchange_weak(&icp->state, &old->word, new.word))
		return false;
	if (asserted(*old) != asserted(new) || asserted(new))
		update_line(icp);
	return true;
}

/* The interrupt that is no longer offered, if it is a source's: the others are in MFRR. */
static u32 source_of(u32 xisr)
{
	return xisr == XICS_IPI ? 0 : xisr;
}

enum icp_offer icp_offer(struct hv_icp *icp, u32 irq, u8 pri, u32 *rejected)
{
	union icp_state old = get(icp), new;
	bool room;

	do {
		new = old;
		room = pri < old.cppr && pri < old.mfrr && pri < old.pri;
		*rejected = 0;
		if (room) {
			*rejected = source_of(old.xisr);
			new.xisr = irq;
			new.pri = pri;
		} else {
			new.need_resend = 1;
		}
	} while (!try(icp, &old, new));
	return room ? ICP_TAKEN : ICP_NO_ROOM;
}

bool icp_wants_resend(struct hv_icp *icp)
{
	return get(icp).need_resend;
}

bool icp_is_open(struct hv_icp *icp)
{
	return get(icp).cppr;
}

/* What a change of state leaves to be done. */
struct aftermath {
	u32 rejected;
	bool resend;
	bool opened; /* or closed: what is sent to any server may go elsewhere now */
};

static void finish(struct hv_icp *icp, struct aftermath after)
{
	struct hv_xics *xics = icp->vcpu->vm->xics;

	if (!xics)
		return;
	if (after.rejected)
		ics_deliver(xics, after.rejected, false);
	if (after.opened && icp->vcpu->vm->xics_global)
		ics_resend_all(xics);
	else if (after.resend)
		ics_resend(xics, icp);
}

static void take_place(union icp_state *s, struct aftermath *after)
{
	after->rejected = source_of(s->xisr);
	s->xisr = XICS_IPI;
	s->pri = s->mfrr;
}

/* A less favoured CPPR: there may be room for an inter-processor interrupt, and then for others. */
static void lower_cppr(struct hv_icp *icp, u8 cppr)
{
	union icp_state old = get(icp), new;
	struct aftermath after;

	do {
		new = old;
		after = (struct aftermath){.resend = old.need_resend, .opened = !old.cppr};
		new.cppr = cppr;
		new.need_resend = 0;
		if (new.mfrr < cppr && new.mfrr <= new.pri)
			take_place(&new, &after);
	} while (!try(icp, &old, new));
	finish(icp, after);
}

/*
 * A more favoured one: what is offered may have to go. An inter-processor interrupt stays in MFRR.
 */
static void raise_cppr(struct hv_icp *icp, u8 cppr)
{
	union icp_state old = get(icp), new;
	struct aftermath after;

	do {
		new = old;
		after = (struct aftermath){.opened = !cppr};
		new.cppr = cppr;
		if (new.pri >= cppr) {
			after.rejected = source_of(new.xisr);
			new.xisr = 0;
			new.pri = XICS_LEAST;
		}
	} while (!try(icp, &old, new));
	finish(icp, after);
}

/* --- hypercalls (PAPR 14.10.4) --- */

static u32 accept(struct hv_icp *icp)
{
	union icp_state old = get(icp), new;

	do {
		if (!old.xisr)
			return (u32)old.cppr << 24;
		new = old;
		new.cppr = old.pri;
		new.xisr = 0;
		new.pri = XICS_LEAST;
	} while (!try(icp, &old, new));
	return (u32)old.cppr << 24 | old.xisr;
}

/*
 * H_XIRR - takes the interrupt that is offered; CPPR becomes its priority.
 *
 * Returns H_SUCCESS and in gpr[4] CPPR as it was (bits 31:24) and the interrupt's number, 0: none.
 * H_TOO_HARD: the vcpu has no presentation controller here.
 */
long h_xirr(struct hv_vcpu *vcpu, u64 *gpr)
{
	if (!vcpu->icp)
		return H_TOO_HARD;
	gpr[4] = accept(vcpu->icp);
	/* A line that was up for nothing goes down. */
	update_line(vcpu->icp);
	return H_SUCCESS;
}

/* H_XIRR_X - the same, and in gpr[5] the timebase. */
long h_xirr_x(struct hv_vcpu *vcpu, u64 *gpr)
{
	long ret = h_xirr(vcpu, gpr);

	if (ret == H_SUCCESS)
		gpr[5] = cpu_timebase(&vcpu->cpu);
	return ret;
}

/*
 * H_CPPR - sets the priority that the processor works at.
 *
 * @gpr[4]: 0 .. 255
 *
 * Returns H_SUCCESS, H_TOO_HARD (no presentation controller).
 */
long h_cppr(struct hv_vcpu *vcpu, u64 *gpr)
{
	u8 cppr = gpr[4], now;

	if (!vcpu->icp)
		return H_TOO_HARD;
	now = get(vcpu->icp).cppr; /* no one else changes it */
	if (cppr > now)
		lower_cppr(vcpu->icp, cppr);
	else if (cppr < now)
		raise_cppr(vcpu->icp, cppr);
	return H_SUCCESS;
}

/*
 * H_EOI - the end of an interrupt's work: back to the CPPR before, and the source may fire again.
 *
 * @gpr[4]: what H_XIRR gave
 *
 * Returns H_SUCCESS, of a source that isn't too; H_TOO_HARD (no presentation controller).
 */
long h_eoi(struct hv_vcpu *vcpu, u64 *gpr)
{
	u32 irq = gpr[4] & 0xffffff;
	struct hv_xics *xics = vcpu->vm->xics;

	if (!vcpu->icp || !xics)
		return H_TOO_HARD;
	lower_cppr(vcpu->icp, gpr[4] >> 24);
	if (irq != XICS_IPI) {
		ics_eoi(xics, irq);
		hv_irqfd_eoi(vcpu->vm, irq);
	}
	return H_SUCCESS;
}

static void set_mfrr(struct hv_icp *icp, u8 mfrr)
{
	union icp_state old = get(icp), new;
	struct aftermath after;

	do {
		new = old;
		after = (struct aftermath){0};
		new.mfrr = mfrr;
		if (mfrr < new.cppr && mfrr <= new.pri)
			take_place(&new, &after);
		/* Less favoured than before: it may have kept somebody out. */
		if (mfrr > old.mfrr) {
			after.resend = old.need_resend;
			new.need_resend = 0;
		}
	} while (!try(icp, &old, new));
	finish(icp, after);
}

/*
 * H_IPI - sets the priority of a server's inter-processor interrupt.
 *
 * @gpr[4]: server
 * @gpr[5]: priority, 255: none
 *
 * Returns H_SUCCESS, H_PARAMETER (no such server), H_TOO_HARD (no presentation controller).
 */
long h_ipi(struct hv_vcpu *vcpu, u64 *gpr)
{
	struct hv_xics *xics = vcpu->vm->xics;
	struct hv_icp *icp;

	if (!vcpu->icp || !xics)
		return H_TOO_HARD;
	icp = gpr[4] == vcpu->icp->server ? vcpu->icp : xics_server(xics, gpr[4]);
	if (!icp)
		return H_PARAMETER;
	set_mfrr(icp, gpr[5]);
	return H_SUCCESS;
}

/*
 * H_IPOLL - looks at a server without taking anything.
 *
 * @gpr[4]: server
 *
 * Returns H_SUCCESS, in gpr[4] what H_XIRR would give, in gpr[5] MFRR; H_PARAMETER (no such
 * server), H_TOO_HARD (no presentation controller).
 */
long h_ipoll(struct hv_vcpu *vcpu, u64 *gpr)
{
	struct hv_xics *xics = vcpu->vm->xics;
	union icp_state s;
	struct hv_icp *icp;

	if (!vcpu->icp || !xics)
		return H_TOO_HARD;
	icp = gpr[4] == vcpu->icp->server ? vcpu->icp : xics_server(xics, gpr[4]);
	if (!icp)
		return H_PARAMETER;
	s = get(icp);
	gpr[4] = (u32)s.cppr << 24 | s.xisr;
	gpr[5] = s.mfrr;
	return H_SUCCESS;
}

/* --- KVM_REG_PPC_ICP_STATE --- */

int hv_xics_get_icp(struct hv_vcpu *vcpu, u64 *value)
{
	union icp_state s;

	if (!vcpu->icp)
		return -ENXIO;
	s = get(vcpu->icp);
	*value =
	    (u64)s.cppr << KVM_REG_PPC_ICP_CPPR_SHIFT | (u64)s.xisr << KVM_REG_PPC_ICP_XISR_SHIFT |
	    (u64)s.mfrr << KVM_REG_PPC_ICP_MFRR_SHIFT | (u64)s.pri << KVM_REG_PPC_ICP_PPRI_SHIFT;
	return 0;
}

/* Could the rules have led to this state? */
static bool consistent(struct hv_xics *xics, union icp_state s)
{
	if (!s.xisr)
		return s.pri == XICS_LEAST;
	if (s.xisr == XICS_IPI)
		return s.pri == s.mfrr && s.pri < s.cppr;
	return s.pri < s.mfrr && s.pri < s.cppr && xics_ics(xics, s.xisr);
}

int hv_xics_set_icp(struct hv_vcpu *vcpu, u64 value)
{
	struct hv_icp *icp = vcpu->icp;
	struct hv_xics *xics = vcpu->vm->xics;
	union icp_state old, new = {0};
	bool resend;

	if (!icp || !xics)
		return -ENXIO;
	new.cppr = value >> KVM_REG_PPC_ICP_CPPR_SHIFT &KVM_REG_PPC_ICP_CPPR_MASK;
	new.xisr = value >> KVM_REG_PPC_ICP_XISR_SHIFT &KVM_REG_PPC_ICP_XISR_MASK;
	new.mfrr = value >> KVM_REG_PPC_ICP_MFRR_SHIFT &KVM_REG_PPC_ICP_MFRR_MASK;
	new.pri = value >> KVM_REG_PPC_ICP_PPRI_SHIFT &KVM_REG_PPC_ICP_PPRI_MASK;
	if (!consistent(xics, new))
		return -EINVAL;
	old = get(icp);
	do {
		/* Sources may have tried before, in whatever order a machine is restored. */
		resend = old.need_resend;
	} while (!try(icp, &old, new));
	update_line(icp);
	if (resend)
		ics_resend(xics, icp);
	return 0;
}
