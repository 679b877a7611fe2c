/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interrupt controller: KVM's own XICS, with one source for each of the machine's interrupts.
 */
#include "platform/xics.h"

#include <errno.h>

#include "platform/vcpu.h"

/* As the guest finds a source: to server 0, lowest priority, masked. */
#define SOURCE_AT_RESET (KVM_XICS_MASKED | (0xffull << KVM_XICS_PRIORITY_SHIFT))

int xics_new(struct machine *m, struct error *err)
{
	struct kvm_create_device dev = {.type = KVM_DEV_TYPE_XICS};

	if (m->accel->ioctl(m->vm_fd, KVM_CREATE_DEVICE, &dev) < 0)
		return error_errno(err, "cannot make the interrupt controller");
	m->xics_fd = dev.fd;
	return xics_reset(m, err);
}

int xics_reset_source(struct machine *m, u32 irq, struct error *err)
{
	u64 state = SOURCE_AT_RESET;
	struct kvm_device_attr attr = {.group = KVM_DEV_XICS_GRP_SOURCES,
				       .attr = irq,
				       .addr = (uintptr_t)&state};

	if (m->accel->ioctl(m->xics_fd, KVM_SET_DEVICE_ATTR, &attr) < 0)
		return error_errno(err, "cannot set interrupt source 0x%x", irq);
	return 0;
}

int xics_reset(struct machine *m, struct error *err)
{
	for (unsigned i = 0; i < m->n_irqs; i++)
		if (xics_reset_source(m, IRQ_FIRST + i, err))
			return -1;
	return 0;
}

int xics_connect(struct vcpu *vcpu, struct error *err)
{
	struct kvm_enable_cap cap = {
	    .cap = KVM_CAP_IRQ_XICS,
	    .args = {vcpu->m->xics_fd, vcpu->id},
	};

	if (vcpu->m->accel->ioctl(vcpu->fd, KVM_ENABLE_CAP, &cap) < 0)
		return error_errno(err, "cannot connect vcpu %u to the interrupt controller",
				   vcpu->index);
	return 0;
}

void xics_pulse(struct machine *m, unsigned irq)
{
	struct kvm_irq_level level = {.irq = irq, .level = 1};

	m->accel->ioctl(m->vm_fd, KVM_IRQ_LINE, &level);
}
