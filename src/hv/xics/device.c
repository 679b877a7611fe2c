/* SPDX-License-Identifier: Apache-2.0 */
/* The XICS as the client's device: made and dropped, connected to vcpus, its sources saved and
 * restored. */
#include <errno.h>
#include <stdlib.h>
#include "hv/vcpu.h"
#include "hv/vm.h"
#include "hv/xics/internal.h"

int hv_xics_create(struct hv_vm *vm)
{
	struct hv_xics *xics = calloc(1, sizeof(*xics));
	int ret = 0;

	if (!xics)
		return -ENOMEM;
	xics->vm = vm;
	lock_acquire(&vm->lock);
	if (vm->xics)
		ret = -EEXIST;
	else
		vm->xics = xics;
	lock_release(&vm->lock);
	if (ret)
		free(xics);
	return ret;
}

/*
 * Threads may be at work in it, in hypercalls and KVM_IRQ_LINE. So it is put aside and freed with
 * the VM. Each vcpu is waited for, so that none runs with half of a controller.
 */
void hv_xics_destroy(struct hv_vm *vm)
{
	struct hv_xics *xics;
	struct hv_vcpu *vcpu;

	lock_acquire(&vm->lock);
	xics = vm->xics;
	vm->xics = NULL;
	if (xics) {
		xics->next = vm->old_xics;
		vm->old_xics = xics;
	}
	lock_release(&vm->lock);
	hv_for_each_vcpu(vcpu, vm) {
		struct hv_icp *icp;

		hv_vcpu_lock(vcpu);
		icp = vcpu->icp;
		vcpu->icp = NULL;
		if (icp) {
			icp->next = vcpu->old_icp;
			vcpu->old_icp = icp;
			cpu_irq_clear(&vcpu->cpu, CPU_IRQ_EXTERNAL);
		}
		hv_vcpu_unlock(vcpu);
	}
}

static void free_one(struct hv_xics *xics)
{
	for (unsigned i = 0; i < ICS_COUNT; i++) {
		struct ics *ics = xics->ics[i];

		if (ics)
			lock_destroy(&ics->lock);
		free(ics);
	}
	free(xics);
}

void hv_xics_free(struct hv_vm *vm)
{
	if (vm->xics)
		free_one(vm->xics);
	while (vm->old_xics) {
		struct hv_xics *xics = vm->old_xics;

		vm->old_xics = xics->next;
		free_one(xics);
	}
}

void hv_xics_free_icp(struct hv_vcpu *vcpu)
{
	free(vcpu->icp);
	while (vcpu->old_icp) {
		struct hv_icp *icp = vcpu->old_icp;

		vcpu->old_icp = icp->next;
		free(icp);
	}
}

/* --- servers --- */

/* Mostly the server's number is the vcpu's id. */
struct hv_icp *xics_server(struct hv_xics *xics, u32 server)
{
	struct hv_vcpu *vcpu = hv_vcpu_by_id(xics->vm, server);
	struct hv_icp *icp = vcpu ? vcpu->icp : NULL;

	if (icp && icp->server == server)
		return icp;
	hv_for_each_vcpu(vcpu, xics->vm) {
		icp = vcpu->icp;
		if (icp && icp->server == server)
			return icp;
	}
	return NULL;
}

/* With connect_lock held. */
static int connect(struct hv_vcpu *vcpu, u32 server)
{
	struct hv_vm *vm = vcpu->vm;
	union icp_state first = {.mfrr = XICS_LEAST, .pri = XICS_LEAST};
	struct hv_icp *icp;

	if (!vm->xics)
		return -ENODEV;
	if (xics_has_server(vm->xics, server))
		return -EEXIST;
	icp = calloc(1, sizeof(*icp));
	if (!icp)
		return -ENOMEM;
	icp->vcpu = vcpu;
	icp->server = server;
	icp->state = first.word;
	cpu_irq_clear(&vcpu->cpu, CPU_IRQ_EXTERNAL);
	vcpu->cpu.external_edge = false;
	vcpu->icp = icp;
	return 0;
}

int hv_xics_connect(struct hv_vcpu *vcpu, u64 server)
{
	struct hv_vm *vm = vcpu->vm;
	int ret;

	/* The caller has the vcpu's mutex, so that its controller doesn't come or go meanwhile. */
	if (vcpu->icp)
		return -EBUSY;
	lock_acquire(&vm->connect_lock);
	ret = connect(vcpu, server);
	lock_release(&vm->connect_lock);
	return ret;
}

int hv_xics_set_global(struct hv_vm *vm, u64 server)
{
	int ret = 0;

	if (!server || server >> 32)
		return -EINVAL;
	lock_acquire(&vm->connect_lock);
	if (vm->xics && xics_server(vm->xics, server))
		ret = -EEXIST;
	else
		vm->xics_global = server;
	lock_release(&vm->connect_lock);
	return ret;
}

/* --- sources --- */

bool hv_xics_has_source_number(u64 irq)
{
	return irq >= XICS_SOURCE_MIN && irq < XICS_SOURCE_LIMIT;
}

static struct ics *make_ics(struct hv_xics *xics, u32 irq)
{
	struct ics *ics = xics_ics(xics, irq), *other = NULL;

	if (ics)
		return ics;
	ics = calloc(1, sizeof(*ics));
	if (!ics)
		return NULL;
	lock_init(&ics->lock, LOCK_ICS);
	for (unsigned i = 0; i < ICS_SOURCES; i++)
		ics->source[i].priority = ics->source[i].saved_priority = XICS_MASKED;
	if (atomic_compare_exchange_strong(&xics->ics[irq >> ICS_SHIFT], &other, ics))
		return ics;
	lock_destroy(&ics->lock);
	free(ics);
	return other;
}

int hv_xics_set_source(struct hv_vm *vm, u64 irq, u64 value)
{
	u32 server = value >> KVM_XICS_DESTINATION_SHIFT & KVM_XICS_DESTINATION_MASK;
	u8 priority = value >> KVM_XICS_PRIORITY_SHIFT & KVM_XICS_PRIORITY_MASK;
	struct hv_xics *xics = vm->xics;
	struct ics *ics;

	if (!xics || !hv_xics_has_source_number(irq))
		return -ENOENT;
	if (priority != XICS_MASKED && !xics_has_server(xics, server))
		return -EINVAL;
	ics = make_ics(xics, irq);
	if (!ics)
		return -ENOMEM;
	lock_acquire(&ics->lock);
	*ics_source(ics, irq) = (struct ics_source){
	    .exists = true,
	    .server = server,
	    .saved_priority = priority,
	    .priority = value & KVM_XICS_MASKED ? XICS_MASKED : priority,
	    .level = value & KVM_XICS_LEVEL_SENSITIVE,
	    .p = value & (KVM_XICS_PRESENTED | KVM_XICS_PENDING),
	    .q = value & KVM_XICS_QUEUED,
	};
	ics_set_waiting(ics, irq, false);
	lock_release(&ics->lock);
	if (value & KVM_XICS_PENDING)
		ics_deliver(xics, irq, false);
	return 0;
}

static u64 source_word(const struct ics *ics, u32 irq)
{
	const struct ics_source *s = &ics->source[irq & (ICS_SOURCES - 1)];
	u64 value = (u64)s->server << KVM_XICS_DESTINATION_SHIFT;

	if (s->priority == XICS_MASKED)
		value |= KVM_XICS_MASKED | (u64)s->saved_priority << KVM_XICS_PRIORITY_SHIFT;
	else
		value |= (u64)s->priority << KVM_XICS_PRIORITY_SHIFT;
	if (s->level)
		value |= KVM_XICS_LEVEL_SENSITIVE | (s->p ? KVM_XICS_PENDING : 0);
	else if (s->masked_pending || ics_waits(ics, irq))
		value |= KVM_XICS_PENDING;
	return value | (s->p ? KVM_XICS_PRESENTED : 0) | (s->q ? KVM_XICS_QUEUED : 0);
}

int hv_xics_get_source(struct hv_vm *vm, u64 irq, u64 *value)
{
	struct hv_xics *xics = vm->xics;
	struct ics *ics = xics && hv_xics_has_source_number(irq) ? xics_ics(xics, irq) : NULL;
	int ret = -ENOENT;

	if (!ics)
		return -ENOENT;
	lock_acquire(&ics->lock);
	if (ics_source(ics, irq)->exists) {
		*value = source_word(ics, irq);
		ret = 0;
	}
	lock_release(&ics->lock);
	return ret;
}
