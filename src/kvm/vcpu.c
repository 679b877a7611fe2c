/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vcpu's descriptor. The vcpu itself belongs to its VM; the descriptor holds a reference to that.
 */
#include <errno.h>
#include <papyr/papyr.h>
#include <sys/mman.h>
#include <unistd.h>
#include "hv/booke.h"
#include "hv/debug.h"
#include "hv/regs.h"
#include "hv/run.h"
#include "hv/signals.h"
#include "hv/vcpu.h"
#include "hv/vm.h"
#include "kvm/files.h"
#include "kvm/tlb.h"
#include "kvm/user.h"

/* KVM_RUN's page as the client sees it is a page of the host. */
size_t vcpu_mmap_bytes(void)
{
	size_t page = getpagesize();

	return (sizeof(struct kvm_run) + page - 1) & ~(page - 1);
}

static long get_regs(struct hv_vcpu *vcpu, unsigned long arg)
{
	struct kvm_regs regs;

	hv_get_regs(vcpu, &regs);
	return user_write(arg, &regs, sizeof(regs));
}

static long set_regs(struct hv_vcpu *vcpu, unsigned long arg)
{
	struct kvm_regs regs;

	if (user_read(&regs, arg, sizeof(regs)))
		return -EFAULT;
	hv_set_regs(vcpu, &regs);
	return 0;
}

static long get_sregs(struct hv_vcpu *vcpu, unsigned long arg)
{
	struct kvm_sregs sregs;

	hv_get_sregs(vcpu, &sregs);
	return user_write(arg, &sregs, sizeof(sregs));
}

static long set_sregs(struct hv_vcpu *vcpu, unsigned long arg)
{
	struct kvm_sregs sregs;

	if (user_read(&sregs, arg, sizeof(sregs)))
		return -EFAULT;
	return hv_set_sregs(vcpu, &sregs);
}

static size_t reg_bytes(u64 id)
{
	return (size_t)1 << ((id & KVM_REG_SIZE_MASK) >> KVM_REG_SIZE_SHIFT);
}

/* The widest register has 16 bytes. */
static long one_reg(struct hv_vcpu *vcpu, unsigned long arg, bool set)
{
	struct kvm_one_reg reg;
	u64 value[2] = {0};
	long ret;

	if (user_read(&reg, arg, sizeof(reg)))
		return -EFAULT;
	if (reg_bytes(reg.id) > sizeof(value))
		return -EINVAL;
	if (set) {
		if (user_read(value, reg.addr, reg_bytes(reg.id)))
			return -EFAULT;
		return hv_set_one_reg(vcpu, reg.id, value);
	}
	ret = hv_get_one_reg(vcpu, reg.id, value);
	return ret ? ret : user_write(reg.addr, value, reg_bytes(reg.id));
}

static long set_signal_mask(struct hv_vcpu *vcpu, unsigned long arg)
{
	struct kvm_signal_mask head;
	u64 mask;

	if (!arg)
		return hv_vcpu_set_sigmask(vcpu, NULL);
	if (user_read(&head, arg, sizeof(head)))
		return -EFAULT;
	if (head.len != sizeof(mask))
		return -EINVAL;
	if (user_read(&mask, arg + offsetof(struct kvm_signal_mask, sigset), sizeof(mask)))
		return -EFAULT;
	return hv_vcpu_set_sigmask(vcpu, &mask);
}

static long set_guest_debug(struct hv_vcpu *vcpu, unsigned long arg)
{
	struct kvm_guest_debug debug;

	if (user_read(&debug, arg, sizeof(debug)))
		return -EFAULT;
	return hv_set_guest_debug(vcpu, &debug);
}

static long translate(struct hv_vcpu *vcpu, unsigned long arg)
{
	/* Book3S' KVM fills in nothing, and says it did. */
	return hv_is_booke(vcpu) ? tlb_translate(vcpu, arg) : 0;
}

static long answer_after_reading(unsigned long arg, size_t bytes, long answer)
{
	u8 buf[512];

	return user_read(buf, arg, bytes) ? -EFAULT : answer;
}

static long set_breakpoints(struct hv_vcpu *vcpu, u64 from, u64 n)
{
	u64 addrs[HV_DEBUG_BREAKS];

	if (n > HV_DEBUG_BREAKS)
		return -EINVAL;
	if (user_read(addrs, from, n * sizeof(*addrs)))
		return -EFAULT;
	hv_set_breakpoints(vcpu, addrs, n);
	return 0;
}

static long enable(struct hv_vcpu *vcpu, const struct kvm_enable_cap *cap)
{
	switch (cap->cap) {
	case KVM_CAP_PPC_PAPR:
		hv_vcpu_enable_papr(vcpu);
		return 0;
	case KVM_CAP_PPC_FWNMI:
		hv_vm_enable_fwnmi(vcpu->vm);
		return 0;
	case KVM_CAP_PPC_OSI:
	case KVM_CAP_PPC_EPR:
		return 0; /* taken, as Linux does; what they announce never happens here */
	case PAPYR_CAP_SIGNALS_BLOCKED:
		if (cap->args[0] > 1)
			return -EINVAL;
		hv_signals_promised(vcpu, cap->args[0]);
		return 0;
	case PAPYR_CAP_BREAKPOINTS:
		return set_breakpoints(vcpu, cap->args[0], cap->args[1]);
	case KVM_CAP_IRQ_XICS:
		return device_connect_xics(vcpu, cap->args[0], cap->args[1]);
	default:
		return -EINVAL;
	}
}

/* What Book E's KVM takes. */
static long enable_booke(struct hv_vcpu *vcpu, const struct kvm_enable_cap *cap)
{
	switch (cap->cap) {
	case KVM_CAP_SW_TLB:
		return tlb_config(vcpu, cap->args[0]);
	case KVM_CAP_PPC_BOOKE_WATCHDOG:
		hv_booke_enable_watchdog(vcpu);
		return 0;
	case KVM_CAP_PPC_PAPR:
	case KVM_CAP_PPC_FWNMI:
	case KVM_CAP_IRQ_XICS:
		return -EINVAL;
	default:
		return enable(vcpu, cap);
	}
}

static long vcpu_enable_cap(struct hv_vcpu *vcpu, unsigned long arg)
{
	struct kvm_enable_cap cap;
	long ret;

	if (user_read(&cap, arg, sizeof(cap)))
		return -EFAULT;
	if (cap.flags)
		return -EINVAL;
	if (hv_is_booke(vcpu))
		return enable_booke(vcpu, &cap);
	ret = enable(vcpu, &cap);
	/* Before PAPR nothing makes sense; it has been done all the same, as in Linux. */
	return !ret && !hv_vcpu_has_papr(vcpu) ? -EINVAL : ret;
}

static long run(struct hv_vcpu *vcpu, unsigned long arg)
{
	long ret, shared;

	if (arg)
		return -EINVAL;
	ret = hv_vcpu_run(vcpu);
	shared = tlb_share(vcpu);
	return shared ? shared : ret;
}

static long locked_ioctl(struct hv_vcpu *vcpu, unsigned long request, unsigned long arg)
{
	switch (request) {
	case KVM_RUN:
		return run(vcpu, arg);
	case KVM_GET_REGS:
		return get_regs(vcpu, arg);
	case KVM_SET_REGS:
		return set_regs(vcpu, arg);
	case KVM_GET_SREGS:
		return get_sregs(vcpu, arg);
	case KVM_SET_SREGS:
		return set_sregs(vcpu, arg);
	case KVM_GET_ONE_REG:
		return one_reg(vcpu, arg, false);
	case KVM_SET_ONE_REG:
		return one_reg(vcpu, arg, true);
	case KVM_ENABLE_CAP:
		return vcpu_enable_cap(vcpu, arg);
	case KVM_SET_SIGNAL_MASK:
		return set_signal_mask(vcpu, arg);
	case KVM_SET_GUEST_DEBUG:
		return set_guest_debug(vcpu, arg);
	case KVM_GET_FPU:
		return -EOPNOTSUPP;
	case KVM_SET_FPU:
		return answer_after_reading(arg, sizeof(struct kvm_fpu), -EOPNOTSUPP);
	case KVM_SET_MP_STATE:
		return answer_after_reading(arg, sizeof(struct kvm_mp_state), -EINVAL);
	case KVM_TRANSLATE:
		return translate(vcpu, arg);
	case KVM_DIRTY_TLB:
		return tlb_dirty(vcpu, arg);
	case PAPYR_GET_TLB:
		return tlb_get(vcpu, arg);
	case PAPYR_SET_TLB:
		return tlb_set(vcpu, arg);
	case PAPYR_MAP:
		return tlb_map(vcpu, arg);
	case KVM_GET_STATS_FD:
		return stats_file_of_vcpu(vcpu);
	default:
		return -EINVAL;
	}
}

static long vcpu_ioctl(struct file *file, unsigned long request, unsigned long arg)
{
	struct hv_vcpu *vcpu = file->data;
	long ret;

	/* The one request that another thread may make while the vcpu runs. */
	if (request == KVM_INTERRUPT) {
		struct kvm_interrupt irq;

		if (user_read(&irq, arg, sizeof(irq)))
			return -EFAULT;
		hv_vcpu_interrupt(vcpu, irq.irq);
		return 0;
	}
	hv_vcpu_lock(vcpu);
	ret = locked_ioctl(vcpu, request, arg);
	hv_vcpu_unlock(vcpu);
	return ret;
}

static void vcpu_release(struct file *file)
{
	struct hv_vcpu *vcpu = file->data;

	hv_vm_put(vcpu->vm);
}

static const struct file_ops vcpu_ops = {
    .name = "kvm-vcpu",
    .ioctl = vcpu_ioctl,
    .release = vcpu_release,
    .mappable = true,
};

int vcpu_file_new(struct hv_vm *vm, u32 id)
{
	size_t bytes = vcpu_mmap_bytes();
	struct hv_vcpu *vcpu;
	struct kvm_run *run;
	int fd, ret;

	if (id >= HV_MAX_VCPU_ID)
		return -EINVAL;
	fd = memfd_new(vcpu_ops.name, bytes, true);
	if (fd < 0)
		return fd;
	run = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (run == MAP_FAILED) {
		close(fd);
		return -ENOMEM;
	}
	ret = hv_vcpu_create(vm, id, run, bytes, &vcpu);
	if (ret) {
		munmap(run, bytes);
		close(fd);
		return ret;
	}
	/* The vcpu is the VM's from here on, whether its descriptor lives or not. */
	hv_vm_get(vm);
	ret = file_install(&vcpu_ops, vcpu, fd);
	if (ret < 0)
		hv_vm_put(vm);
	return ret;
}
