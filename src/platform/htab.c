/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/htab.h"

#include <errno.h>
#include <papyr/papr.h>

#include "platform/machine.h"
#include "platform/vcpu.h"

struct htab_seen machine_htab(struct machine *m)
{
	struct htab_seen seen;

	lock_acquire(&m->lock);
	seen = (struct htab_seen){m->htab_order, m->htab_number};
	lock_release(&m->lock);
	return seen;
}

/* KVM has another table. With m->lock held since before it had. */
static void is_replaced(struct machine *m, unsigned order)
{
	m->htab_order = order;
	m->htab_number++;
}

int machine_allocate_htab(struct machine *m, unsigned order)
{
	u32 wanted = order;
	int ret;

	lock_acquire(&m->lock);
	ret = m->accel->ioctl(m->vm_fd, KVM_PPC_ALLOCATE_HTAB, &wanted);
	if (ret >= 0 && order != m->htab_order)
		is_replaced(m, order);
	lock_release(&m->lock);
	return ret;
}

bool machine_resizes_htab(const struct machine *m)
{
	return accel_ioctl_val(m->accel, m->vm_fd, KVM_CHECK_EXTENSION, KVM_CAP_SPAPR_RESIZE_HPT) >
	       0;
}

/* ---- Hypercalls ---- */

static s64 wait_code(long ms)
{
	if (ms >= 100000)
		return H_LONG_BUSY_ORDER_100_SEC;
	if (ms >= 10000)
		return H_LONG_BUSY_ORDER_10_SEC;
	if (ms >= 1000)
		return H_LONG_BUSY_ORDER_1_SEC;
	if (ms >= 100)
		return H_LONG_BUSY_ORDER_100_MSEC;
	return ms >= 10 ? H_LONG_BUSY_ORDER_10_MSEC : H_LONG_BUSY_ORDER_1_MSEC;
}

/* What an ioctl returned, with errno. */
static s64 code_of(long ret)
{
	if (ret >= 0)
		return ret ? wait_code(ret) : H_SUCCESS;
	switch (errno) {
	case EINVAL:
		return H_PARAMETER;
	case ENXIO:
		return H_CLOSED;
	case ENOSPC:
		return H_PTEG_FULL;
	case EBUSY:
		return H_BUSY;
	case ENOMEM:
		return H_NO_MEM;
	default:
		return H_HARDWARE;
	}
}

/*
 * H_RESIZE_HPT_PREPARE - have another hash table made.
 *
 * r4 flags: 0
 * r5 order: log2 of its bytes, 18 .. 46; 0: what is being made is given up
 *
 * Returns H_SUCCESS: it is ready, or was given up; H_LONG_BUSY_ORDER_*: ask again in so long;
 * H_PARAMETER: flags or order; H_RESOURCE: more than twice what the guest's memory is worth;
 * H_NO_MEM: the host has no memory for it; H_FUNCTION: KVM can't. PAPR 14.5.4.1.
 */
s64 h_resize_hpt_prepare(struct vcpu *vcpu, u64 *args)
{
	struct machine *m = vcpu->m;
	struct kvm_ppc_resize_hpt resize = {.flags = args[0], .shift = args[1]};

	if (!machine_resizes_htab(m))
		return H_FUNCTION;
	if (args[0] || args[1] > 46)
		return H_PARAMETER;
	if (args[1] > m->htab_order_max)
		return H_RESOURCE;
	return code_of(m->accel->ioctl(m->vm_fd, KVM_PPC_RESIZE_HPT_PREPARE, &resize));
}

/*
 * H_RESIZE_HPT_COMMIT - go over to the table that was made, in which bolted entries are.
 *
 * r4 flags: 0
 * r5 order: as it was prepared
 *
 * Returns H_SUCCESS; H_PARAMETER: flags or order; H_CLOSED: nothing of that order is prepared;
 * H_BUSY: it isn't ready; H_PTEG_FULL: it hasn't room for what is bolted; H_FUNCTION: KVM can't. On
 * an error what was prepared is given up. PAPR 14.5.4.1.
 */
s64 h_resize_hpt_commit(struct vcpu *vcpu, u64 *args)
{
	struct machine *m = vcpu->m;
	struct kvm_ppc_resize_hpt resize = {.flags = args[0], .shift = args[1]};
	s64 ret;

	if (!machine_resizes_htab(m))
		return H_FUNCTION;
	if (args[0] || args[1] > 46)
		return H_PARAMETER;
	/* Who asks which table there is, while KVM changes it, hears of it afterwards. */
	lock_acquire(&m->lock);
	ret = code_of(m->accel->ioctl(m->vm_fd, KVM_PPC_RESIZE_HPT_COMMIT, &resize));
	if (ret == H_SUCCESS)
		is_replaced(m, args[1]);
	lock_release(&m->lock);
	return ret;
}
