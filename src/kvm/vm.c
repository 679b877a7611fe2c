/* SPDX-License-Identifier: Apache-2.0 */
/* A VM's descriptor. */
#include <errno.h>
#include "hv/codepage.h"
#include "hv/hcall/hcall.h"
#include "hv/ioeventfd.h"
#include "hv/irqfd.h"
#include "hv/memslot.h"
#include "hv/resize.h"
#include "hv/rma.h"
#include "hv/table.h"
#include "hv/trace.h"
#include "hv/vm.h"
#include "hv/xics/rtas.h"
#include "hv/xics/xics.h"
#include "kvm/files.h"
#include "kvm/user.h"

static long set_memory_region(struct hv_vm *vm, unsigned long arg)
{
	struct kvm_userspace_memory_region region;

	if (user_read(&region, arg, sizeof(region)))
		return -EFAULT;
	return hv_set_memory_region(vm, &region);
}

/*
 * The client's memory is made writable first, since what was taken from the log can't be put back.
 */
static long get_dirty_log(struct hv_vm *vm, unsigned long arg)
{
	struct kvm_dirty_log log;
	size_t bytes;
	long ret;

	if (user_read(&log, arg, sizeof(log)))
		return -EFAULT;
	do {
		ret = hv_dirty_log_bytes(vm, log.slot, &bytes);
		if (!ret && user_populate((unsigned long)log.dirty_bitmap, bytes))
			ret = -EFAULT;
		if (!ret)
			ret = hv_get_dirty_log(vm, log.slot, log.dirty_bitmap, bytes);
	} while (ret == -EAGAIN);
	return ret;
}

static long irq_line(struct hv_vm *vm, unsigned long arg, bool status)
{
	struct kvm_irq_level level;
	u32 irq;

	if (user_read(&level, arg, sizeof(level)))
		return -EFAULT;
	irq = level.irq;
	level.status = hv_xics_set_irq(vm, irq, level.level);
	if (level.status == -ENXIO)
		return -ENXIO;
	/* A source that doesn't exist is told in the status alone. */
	return status ? user_write(arg, &level, sizeof(level)) : 0;
}

static long ioeventfd(struct hv_vm *vm, unsigned long arg)
{
	struct kvm_ioeventfd args;

	return user_read(&args, arg, sizeof(args)) ? -EFAULT : hv_ioeventfd(vm, &args);
}

static long irqfd(struct hv_vm *vm, unsigned long arg)
{
	struct kvm_irqfd args;

	return user_read(&args, arg, sizeof(args)) ? -EFAULT : hv_irqfd(vm, &args);
}

static long allocate_htab(struct hv_vm *vm, unsigned long arg)
{
	u32 order;

	if (user_read(&order, arg, sizeof(order)))
		return -EFAULT;
	return hv_vm_allocate_htab(vm, &order);
}

static long resize_htab(struct hv_vm *vm, unsigned long arg,
			long (*step)(struct hv_vm *vm, const struct kvm_ppc_resize_hpt *args))
{
	struct kvm_ppc_resize_hpt args;

	return user_read(&args, arg, sizeof(args)) ? -EFAULT : step(vm, &args);
}

static long get_htab_fd(struct hv_vm *vm, unsigned long arg)
{
	struct kvm_get_htab_fd ghf;

	if (user_read(&ghf, arg, sizeof(ghf)))
		return -EFAULT;
	return htab_file_new(vm, &ghf);
}

static long create_tce(struct hv_vm *vm, unsigned long arg)
{
	struct kvm_create_spapr_tce old;
	struct kvm_create_spapr_tce_64 args = {.page_shift = 12};

	if (user_read(&old, arg, sizeof(old)))
		return -EFAULT;
	args.liobn = old.liobn;
	args.size = old.window_size >> args.page_shift;
	return tce_file_new(vm, &args);
}

static long create_tce_64(struct hv_vm *vm, unsigned long arg)
{
	struct kvm_create_spapr_tce_64 args;

	if (user_read(&args, arg, sizeof(args)))
		return -EFAULT;
	return tce_file_new(vm, &args);
}

static long allocate_rma(struct hv_vm *vm, unsigned long arg)
{
	struct kvm_allocate_rma args;
	long fd = rma_file_new(vm, &args);

	if (fd >= 0 && user_write(arg, &args, sizeof(args))) {
		file_close(fd);
		return -EFAULT;
	}
	return fd;
}

static long get_smmu_info(struct hv_vm *vm, unsigned long arg)
{
	struct kvm_ppc_smmu_info info;

	hv_get_smmu_info(vm, &info);
	return user_write(arg, &info, sizeof(info));
}

/* The paravirtual interface's hypercall, for guests that ask their hypervisor for it: "KV" "M!" in
 * r0, then sc. */
static long get_pvinfo(unsigned long arg)
{
	struct kvm_ppc_pvinfo info = {
	    .flags = KVM_PPC_PVINFO_FLAGS_EV_IDLE,
	    .hcall =
		{
		    be32(0x3c004b56), /* lis r0, "KV" */
		    be32(0x60004d21), /* ori r0, r0, "M!" */
		    be32(0x44000002), /* sc */
		    be32(0x60000000), /* nop */
		},
	};

	return user_write(arg, &info, sizeof(info));
}

/* No speculation happens here: what would have to be done about it isn't, and that is known. */
static long get_cpu_char(unsigned long arg)
{
	struct kvm_ppc_cpu_char info = {
	    .character_mask =
		KVM_PPC_CPU_CHAR_COUNT_CACHE_DIS | KVM_PPC_CPU_CHAR_BCCTRL_SERIALISED,
	    .behaviour_mask = KVM_PPC_CPU_BEHAV_L1D_FLUSH_PR |
			      KVM_PPC_CPU_BEHAV_BNDS_CHK_SPEC_BAR |
			      KVM_PPC_CPU_BEHAV_FLUSH_COUNT_CACHE,
	};

	return user_write(arg, &info, sizeof(info));
}

static long define_token(struct hv_vm *vm, unsigned long arg)
{
	struct kvm_rtas_token_args args;

	if (user_read(&args, arg, sizeof(args)))
		return -EFAULT;
	return hv_rtas_define_token(vm, args.name, sizeof(args.name), args.token);
}

static long create_device(struct hv_vm *vm, unsigned long arg)
{
	struct kvm_create_device cd;
	long ret;

	if (user_read(&cd, arg, sizeof(cd)))
		return -EFAULT;
	ret = device_create(vm, &cd);
	if (ret || (cd.flags & KVM_CREATE_DEVICE_TEST))
		return ret;
	if (user_write(arg, &cd, sizeof(cd))) {
		file_close(cd.fd);
		return -EFAULT;
	}
	return 0;
}

static long vm_enable_cap(struct hv_vm *vm, unsigned long arg)
{
	struct kvm_enable_cap cap;

	if (user_read(&cap, arg, sizeof(cap)))
		return -EFAULT;
	if (cap.flags)
		return -EINVAL;
	switch (cap.cap) {
	case KVM_CAP_PPC_ENABLE_HCALL:
		return hv_vm_enable_hcall(vm, cap.args[0], cap.args[1]);
	case KVM_CAP_PPC_SMT:
		return hv_vm_set_smt(vm, cap.args[0], cap.args[1]);
	case PAPYR_CAP_PVR:
		return hv_vm_set_pvr(vm, cap.args[0]);
	case PAPYR_CAP_RMA:
		return hv_rma_set_pool(cap.args[0], cap.args[1]);
	case PAPYR_CAP_TELLS_WRITES:
		if (cap.args[0] > 1)
			return -EINVAL;
		hv_client_tells(vm, cap.args[0]);
		return 0;
	case PAPYR_CAP_XICS_GLOBAL:
		return hv_xics_set_global(vm, cap.args[0]);
	case PAPYR_CAP_BROKEN_MEMORY:
		return cap.args[1] > 1 ? -EINVAL
				       : hv_break_memory(vm, cap.args[0], cap.args[1]);
	case KVM_CAP_PPC_NESTED_HV:
	case KVM_CAP_PPC_DAWR1:
		return -ENODEV; /* not on these processors */
	default:
		return -EINVAL;
	}
}

static long vm_ioctl(struct file *file, unsigned long request, unsigned long arg)
{
	struct hv_vm *vm = file->data;

	switch (request) {
	case KVM_CREATE_VCPU:
		return vcpu_file_new(vm, (u32)arg);
	case KVM_CHECK_EXTENSION:
		return check_extension(vm, arg);
	case KVM_ENABLE_CAP:
		return vm_enable_cap(vm, arg);
	case KVM_SET_USER_MEMORY_REGION:
		return set_memory_region(vm, arg);
	case KVM_GET_DIRTY_LOG:
		return get_dirty_log(vm, arg);
	case KVM_IRQ_LINE:
		return irq_line(vm, arg, false);
	case KVM_IRQ_LINE_STATUS:
		return irq_line(vm, arg, true);
	case KVM_IRQFD:
		return irqfd(vm, arg);
	case KVM_IOEVENTFD:
		return ioeventfd(vm, arg);
	case KVM_CREATE_DEVICE:
		return create_device(vm, arg);
	case KVM_PPC_ALLOCATE_HTAB:
		return allocate_htab(vm, arg);
	case KVM_PPC_RESIZE_HPT_PREPARE:
		return resize_htab(vm, arg, hv_resize_prepare);
	case KVM_PPC_RESIZE_HPT_COMMIT:
		return resize_htab(vm, arg, hv_resize_commit);
	case KVM_PPC_GET_HTAB_FD:
		return get_htab_fd(vm, arg);
	case KVM_CREATE_SPAPR_TCE:
		return create_tce(vm, arg);
	case KVM_CREATE_SPAPR_TCE_64:
		return create_tce_64(vm, arg);
	case KVM_ALLOCATE_RMA:
		return allocate_rma(vm, arg);
	case KVM_GET_STATS_FD:
		return stats_file_of_vm(vm);
	case KVM_PPC_GET_SMMU_INFO:
		return get_smmu_info(vm, arg);
	case KVM_PPC_GET_PVINFO:
		return get_pvinfo(arg);
	case KVM_PPC_GET_CPU_CHAR:
		return get_cpu_char(arg);
	case KVM_PPC_RTAS_DEFINE_TOKEN:
		return define_token(vm, arg);
	case KVM_PPC_CONFIGURE_V3_MMU:
		return -ENODEV; /* POWER9's */
	case KVM_PPC_GET_RMMU_INFO:
		return -EINVAL; /* there is no radix tree to tell of */
	case KVM_PPC_SVM_OFF:
		return 0; /* is never on */
	default:
		return -ENOTTY;
	}
}

/* Vcpus and devices may have descriptors still; nobody interrupts them from outside any more. */
static void vm_release(struct file *file)
{
	hv_irqfd_end(file->data);
	hv_vm_put(file->data);
}

static const struct file_ops vm_ops = {
    .name = "kvm-vm",
    .ioctl = vm_ioctl,
    .release = vm_release,
};

int vm_file_trace(struct file *file, unsigned events, int fd)
{
	return file->ops == &vm_ops ? hv_trace(file->data, events, fd) : -EBADF;
}

int vm_file_wrote(struct file *file, u64 gpa, u64 bytes)
{
	if (file->ops != &vm_ops)
		return -EBADF;
	hv_told_written(file->data, gpa, bytes);
	return 0;
}

int vm_file_new(struct hv_vm *vm)
{
	int fd = file_new(&vm_ops, vm, true);

	if (fd < 0)
		hv_vm_put(vm);
	return fd;
}
