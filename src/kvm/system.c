/* SPDX-License-Identifier: Apache-2.0 */
/* /dev/kvm itself. */
#include <errno.h>
#include "hv/vm.h"
#include "kvm/files.h"

static long create_vm(unsigned long type)
{
	struct hv_vm *vm;
	int ret;

	if (type != 0 && type != KVM_VM_PPC_HV)
		return -EINVAL;
	ret = hv_vm_create(&vm);
	return ret ? ret : vm_file_new(vm);
}

static long system_ioctl(struct file *file, unsigned long request, unsigned long arg)
{
	switch (request) {
	case KVM_GET_API_VERSION:
		return arg ? -EINVAL : KVM_API_VERSION;
	case KVM_CREATE_VM:
		return create_vm(arg);
	case KVM_CHECK_EXTENSION:
		return check_extension(NULL, arg);
	case KVM_GET_VCPU_MMAP_SIZE:
		return arg ? -EINVAL : (long)vcpu_mmap_bytes();
	default:
		return -EINVAL; /* Power's KVM, unlike others', has no ENOTTY here */
	}
}

static void system_release(struct file *file)
{
}

static const struct file_ops system_ops = {
    .name = "kvm",
    .ioctl = system_ioctl,
    .release = system_release,
    .shared = true,
};

int system_file_new(bool cloexec)
{
	return file_new(&system_ops, NULL, cloexec);
}
