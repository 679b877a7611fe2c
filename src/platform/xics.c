/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interrupt controller: KVM's own XICS, with one source for each of the machine's interrupts.
 */
#include "platform/xics.h"

#include <errno.h>
#include <papyr/papyr.h>

#include "platform/vcpu.h"

/* As the guest finds a source: to server 0, lowest priority, masked. */
#define SOURCE_AT_RESET (KVM_XICS_MASKED | (0xffull << KVM_XICS_PRIORITY_SHIFT))

/* No vcpu's id. */
#define GLOBAL_SERVER 0xffffu

/* Linux sends a source that may go to any processor there, or, for want of it, to the first. */
static void have_global_server(struct machine *m)
{
	struct kvm_enable_cap cap = {.cap = PAPYR_CAP_XICS_GLOBAL, .args = {GLOBAL_SERVER}};

	if (accel_ioctl_val(m->accel, m->vm_fd, KVM_CHECK_EXTENSION, PAPYR_CAP_XICS_GLOBAL) > 0 &&
	    !m->accel->ioctl(m->vm_fd, KVM_ENABLE_CAP, &cap))
		m->xics_global = GLOBAL_SERVER;
}

int xics_new(struct machine *m, struct error *err)
{
	struct kvm_create_device dev = {.type = KVM_DEV_TYPE_XICS};

	if (m->accel->ioctl(m->vm_fd, KVM_CREATE_DEVICE, &dev) < 0)
		return error_errno(err, "cannot make the interrupt controller");
	m->xics_fd = dev.fd;
	have_global_server(m);
	return xics_reset(m, err);
}

/* One source, as the guest finds it; made if there is none. */
static int reset_source(struct machine *m, unsigned i, struct error *err)
{
	u64 state = SOURCE_AT_RESET | (m->irq_is_line[i] ? KVM_XICS_LEVEL_SENSITIVE : 0);
	struct kvm_device_attr attr = {.group = KVM_DEV_XICS_GRP_SOURCES,
				       .attr = IRQ_FIRST + i,
				       .addr = (uintptr_t)&state};

	if (m->accel->ioctl(m->xics_fd, KVM_SET_DEVICE_ATTR, &attr) < 0)
		return error_errno(err, "cannot set interrupt source 0x%x", IRQ_FIRST + i);
	return 0;
}

int xics_reset(struct machine *m, struct error *err)
{
	for (unsigned i = 0; i < m->n_irqs; i++)
		if (reset_source(m, i, err))
			return -1;
	return 0;
}

int xics_add_sources(struct machine *m, unsigned n, bool level, u32 *first, struct error *err)
{
	*first = IRQ_FIRST + m->n_irqs;
	if (n > XICS_SOURCES_MAX - m->n_irqs)
		return error_set(err, "a machine can have %u interrupt sources: leave out devices",
				 XICS_SOURCES_MAX);
	for (; n; n--) {
		m->irq_is_line[m->n_irqs++] = level;
		if (reset_source(m, m->n_irqs - 1, err))
			return -1;
	}
	return 0;
}

bool xics_lacks_global(const struct machine *m, u64 state)
{
	return !m->xics_global &&
	       (state >> KVM_XICS_DESTINATION_SHIFT & KVM_XICS_DESTINATION_MASK) == GLOBAL_SERVER;
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

void xics_set_line(struct machine *m, unsigned irq, bool up)
{
	struct kvm_irq_level level = {.irq = irq, .level = up};

	m->accel->ioctl(m->vm_fd, KVM_IRQ_LINE, &level);
}
