/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XICS sources: where each interrupt goes, and that none is lost.
 *
 * Locks: an ICS's lock guards its sources, one at a time. Offering to a presentation controller is
 * done with it held (that takes no lock); presenting a displaced source is not.
 */
#include <errno.h>
#include "hv/codepage.h"
#include "hv/vcpu.h"
#include "hv/vm.h"
#include "hv/xics/internal.h"

struct ics *xics_ics(struct hv_xics *xics, u32 irq)
{
	return irq < XICS_SOURCE_LIMIT ? xics->ics[irq >> ICS_SHIFT] : NULL;
}

static void mark_waiting(struct hv_icp *icp, u32 irq)
{
	u32 n = irq >> ICS_SHIFT;

	atomic_fetch_or(&icp->resend[n / 64], 1ull << (n % 64));
}

/* --- the global server --- */

#define NOBODY (~0u)

/*
 * The id of the vcpu that this thread ran last: a device's answer is mostly raised by the thread of
 * the vcpu that asked, which needn't be waked for it. A hint, since it may be gone.
 */
static _Thread_local u32 runs_here = NOBODY;

void hv_xics_runs_here(const struct hv_vcpu *vcpu)
{
	runs_here = vcpu->id;
}

static struct hv_icp *if_open(struct hv_icp *icp)
{
	return icp && icp_is_open(icp) ? icp : NULL;
}

static struct hv_icp *open_here(struct hv_xics *xics)
{
	struct hv_vcpu *vcpu = hv_vcpu_by_id(xics->vm, runs_here);

	return vcpu ? if_open(vcpu->icp) : NULL;
}

/* The first of all, or of those that are open. */
static struct hv_icp *first(struct hv_xics *xics, bool open)
{
	struct hv_vcpu *vcpu;

	hv_for_each_vcpu(vcpu, xics->vm) {
		struct hv_icp *icp = open ? if_open(vcpu->icp) : vcpu->icp;

		if (icp)
			return icp;
	}
	return NULL;
}

/* Which of all takes @s, with the lock held; where all are closed, it waits at some. */
static struct hv_icp *one_of_all(struct hv_xics *xics, struct ics_source *s)
{
	struct hv_icp *icp = open_here(xics);

	if (!icp)
		icp = if_open(xics_server(xics, s->last));
	if (!icp)
		icp = first(xics, true);
	if (!icp)
		icp = first(xics, false);
	if (icp)
		s->last = icp->server;
	return icp;
}

static bool is_global(const struct hv_xics *xics, u32 server)
{
	return server && server == xics->vm->xics_global;
}

bool xics_has_server(struct hv_xics *xics, u32 server)
{
	return is_global(xics, server) || xics_server(xics, server);
}

static struct hv_icp *destination(struct hv_xics *xics, struct ics_source *s)
{
	return is_global(xics, s->server) ? one_of_all(xics, s) : xics_server(xics, s->server);
}

/* --- presenting --- */

/* With the lock held. False: it was taken for a moment only, and must be offered again. */
static bool offer(struct hv_icp *icp, struct ics *ics, u32 irq, u32 *rejected)
{
	struct ics_source *s = ics_source(ics, irq);

	*rejected = 0;
	ics_set_waiting(ics, irq, false);
	if (s->priority == XICS_MASKED) {
		s->masked_pending = true;
		return true;
	}
	if (icp_offer(icp, irq, s->priority, rejected) == ICP_TAKEN)
		return true;
	/*
	 * No room. Who makes room takes need_resend back and then looks for those that wait; if it
	 * came between our offer and this mark, it hasn't seen us.
	 */
	mark_waiting(icp, irq);
	ics_set_waiting(ics, irq, true);
	atomic_thread_fence(memory_order_seq_cst);
	return icp_wants_resend(icp);
}

/*
 * After offer(): does it wait at a closed server, though another is open? Who closes or opens one
 * tries all that wait after that; if it came between our choice and the mark, it hasn't seen us.
 */
static bool stranded(struct hv_xics *xics, struct ics *ics, u32 irq, struct hv_icp *icp)
{
	return ics_waits(ics, irq) && is_global(xics, ics_source(ics, irq)->server) &&
	       !icp_is_open(icp) && first(xics, true);
}

/* One source; returns the one that lost its place, or 0. */
static u32 deliver_one(struct hv_xics *xics, u32 irq, bool only_resend)
{
	struct ics *ics = xics_ics(xics, irq);
	u32 rejected = 0;
	struct hv_icp *icp;

	if (!ics)
		return 0;
	lock_acquire(&ics->lock);
	if (!only_resend || ics_waits(ics, irq)) {
		do
			icp = destination(xics, ics_source(ics, irq));
		while (icp && (!offer(icp, ics, irq, &rejected) || stranded(xics, ics, irq, icp)));
	}
	lock_release(&ics->lock);
	return rejected;
}

void ics_deliver(struct hv_xics *xics, u32 irq, bool only_resend)
{
	/* Each one displaced is less favoured than the one before it, so this ends. */
	while (irq) {
		irq = deliver_one(xics, irq, only_resend);
		only_resend = false;
	}
}

static void resend_ics(struct hv_xics *xics, u32 n, const struct hv_icp *icp)
{
	struct ics *ics = xics->ics[n];
	u64 waiting[ICS_SOURCES / 64];

	if (!ics)
		return;
	lock_acquire(&ics->lock);
	memcpy(waiting, ics->waiting, sizeof(waiting));
	lock_release(&ics->lock);
	for (u32 w = 0; w < ARRAY_SIZE(waiting); w++) {
		for (u64 bits = waiting[w]; bits; bits &= bits - 1)
			ics_deliver(xics, (n << ICS_SHIFT) + w * 64 + __builtin_ctzll(bits), true);
	}
}

void ics_resend(struct hv_xics *xics, struct hv_icp *icp)
{
	for (unsigned w = 0; w < ARRAY_SIZE(icp->resend); w++) {
		u64 bits = atomic_load(&icp->resend[w]) ? atomic_exchange(&icp->resend[w], 0) : 0;

		for (; bits; bits &= bits - 1)
			resend_ics(xics, w * 64 + __builtin_ctzll(bits), icp);
	}
}

void ics_resend_all(struct hv_xics *xics)
{
	struct hv_vcpu *vcpu;

	hv_for_each_vcpu(vcpu, xics->vm) {
		struct hv_icp *icp = vcpu->icp;

		if (icp)
			ics_resend(xics, icp);
	}
}

void ics_eoi(struct hv_xics *xics, u32 irq)
{
	struct ics *ics = xics_ics(xics, irq);
	struct ics_source *s;
	bool again;

	if (!ics)
		return;
	lock_acquire(&ics->lock);
	s = ics_source(ics, irq);
	/* A line that is still up fires again; an edge only if another came. */
	if (!s->level) {
		s->p = s->q;
		s->q = false;
	}
	again = s->p;
	lock_release(&ics->lock);
	if (again)
		ics_deliver(xics, irq, false);
}

/* With the lock held. True: it is to be presented. */
static bool line_changed(struct ics_source *s, bool up)
{
	if (s->level) {
		bool was_up = s->p;

		s->p = up;
		s->q = false;
		return up && !was_up;
	}
	if (!up)
		return false;
	s->q = s->p;
	s->p = true;
	return !s->q;
}

int hv_xics_set_irq(struct hv_vm *vm, u32 irq, u32 level)
{
	struct hv_xics *xics = vm->xics;
	struct ics *ics;
	struct ics_source *s;
	bool exists, present = false;

	if (!xics)
		return -ENXIO;
	ics = xics_ics(xics, irq);
	if (!ics)
		return -EINVAL;
	hv_client_wrote(vm);
	lock_acquire(&ics->lock);
	s = ics_source(ics, irq);
	exists = s->exists;
	if (exists)
		present = line_changed(s, level && level != KVM_INTERRUPT_UNSET);
	lock_release(&ics->lock);
	if (present)
		ics_deliver(xics, irq, false);
	return exists ? 0 : -EINVAL;
}

/* --- RTAS --- */

/* Another server or priority. What came while it was masked, or found no room, is tried there. */
static void redirect(struct hv_xics *xics, struct ics *ics, u32 irq, u32 server, u8 priority,
		     u8 saved)
{
	struct ics_source *s = ics_source(ics, irq);
	bool present;

	lock_acquire(&ics->lock);
	s->server = server;
	s->priority = priority;
	s->saved_priority = saved;
	present = priority != XICS_MASKED && (s->masked_pending || ics_waits(ics, irq));
	if (present) {
		s->masked_pending = false;
		ics_set_waiting(ics, irq, false);
	}
	lock_release(&ics->lock);
	if (present)
		ics_deliver(xics, irq, false);
}

int hv_xics_set_xive(struct hv_vm *vm, u32 irq, u32 server, u32 priority)
{
	struct hv_xics *xics = vm->xics;
	struct ics *ics = xics ? xics_ics(xics, irq) : NULL;

	if (!ics || !xics_has_server(xics, server))
		return -EINVAL;
	redirect(xics, ics, irq, server, priority, priority);
	return 0;
}

/*
 * How a source is set up now; -EINVAL: no such. Guests don't change one from two vcpus at a time.
 */
static int look(struct hv_xics *xics, u32 irq, struct ics **ics, struct ics_source *s)
{
	*ics = xics ? xics_ics(xics, irq) : NULL;
	if (!*ics)
		return -EINVAL;
	lock_acquire(&(*ics)->lock);
	*s = *ics_source(*ics, irq);
	lock_release(&(*ics)->lock);
	return 0;
}

int hv_xics_get_xive(struct hv_vm *vm, u32 irq, u32 *server, u32 *priority)
{
	struct hv_xics *xics = vm->xics;
	struct ics_source s;
	struct ics *ics;
	int ret = look(xics, irq, &ics, &s);

	if (!ret) {
		*server = s.server;
		*priority = s.priority;
	}
	return ret;
}

int hv_xics_int_on(struct hv_vm *vm, u32 irq)
{
	struct hv_xics *xics = vm->xics;
	struct ics_source s;
	struct ics *ics;
	int ret = look(xics, irq, &ics, &s);

	if (!ret && !xics_has_server(xics, s.server))
		ret = -EINVAL;
	if (!ret && s.saved_priority != XICS_MASKED)
		redirect(xics, ics, irq, s.server, s.saved_priority, s.saved_priority);
	return ret;
}

int hv_xics_int_off(struct hv_vm *vm, u32 irq)
{
	struct hv_xics *xics = vm->xics;
	struct ics_source s;
	struct ics *ics;
	int ret = look(xics, irq, &ics, &s);

	/* Twice off forgets what it was before, as in Linux: guests then set both anew. */
	if (!ret)
		redirect(xics, ics, irq, s.server, XICS_MASKED, s.priority);
	return ret;
}
