/* SPDX-License-Identifier: Apache-2.0 */
/* Devices that are part of a VM (KVM_CREATE_DEVICE): so far the XICS interrupt controller. */
#include <errno.h>
#include <fcntl.h>
#include "hv/vcpu.h"
#include "hv/vm.h"
#include "hv/xics/xics.h"
#include "kvm/files.h"
#include "kvm/user.h"

static long xics_attr(struct hv_vm *vm, unsigned long request, unsigned long arg)
{
	struct kvm_device_attr attr;
	u64 value;
	long ret;

	if (user_read(&attr, arg, sizeof(attr)))
		return -EFAULT;
	if (attr.group != KVM_DEV_XICS_GRP_SOURCES)
		return -ENXIO;

	switch (request) {
	case KVM_HAS_DEVICE_ATTR:
		return hv_xics_has_source_number(attr.attr) ? 0 : -ENXIO;
	case KVM_SET_DEVICE_ATTR:
		if (!hv_xics_has_source_number(attr.attr))
			return -ENOENT;
		if (user_read(&value, attr.addr, sizeof(value)))
			return -EFAULT;
		return hv_xics_set_source(vm, attr.attr, value);
	default:
		ret = hv_xics_get_source(vm, attr.attr, &value);
		return ret ? ret : user_write(attr.addr, &value, sizeof(value));
	}
}

static long xics_ioctl(struct file *file, unsigned long request, unsigned long arg)
{
	switch (request) {
	case KVM_SET_DEVICE_ATTR:
	case KVM_GET_DEVICE_ATTR:
	case KVM_HAS_DEVICE_ATTR:
		return xics_attr(file->data, request, arg);
	default:
		return -ENOTTY;
	}
}

static void xics_release(struct file *file)
{
	struct hv_vm *vm = file->data;

	hv_xics_destroy(vm);
	hv_vm_put(vm);
}

static const struct file_ops xics_ops = {
    .name = "kvm-xics",
    .ioctl = xics_ioctl,
    .release = xics_release,
};

int device_create(struct hv_vm *vm, struct kvm_create_device *cd)
{
	int ret, fd;

	if (cd->type != KVM_DEV_TYPE_XICS)
		return -ENODEV;
	if (cd->flags & KVM_CREATE_DEVICE_TEST)
		return 0;
	ret = hv_xics_create(vm);
	if (ret)
		return ret;
	hv_vm_get(vm);
	fd = file_new(&xics_ops, vm, true);
	if (fd < 0) {
		hv_xics_destroy(vm);
		hv_vm_put(vm);
		return fd;
	}
	cd->fd = fd;
	return 0;
}

int device_connect_xics(struct hv_vcpu *vcpu, unsigned long device_fd, unsigned long server)
{
	struct file *file = file_get_checked(device_fd);
	int ret = -EPERM;

	/* Open, but no device of ours: EPERM. Not open at all: EBADF. */
	if (!file)
		return fcntl(device_fd, F_GETFD) < 0 ? -EBADF : -EPERM;
	if (file->ops == &xics_ops && file->data == vcpu->vm)
		ret = hv_xics_connect(vcpu, server);
	file_put(file);
	return ret;
}
