/* SPDX-License-Identifier: Apache-2.0 */
/* A real-mode area's descriptor: its memory is the area, which the client maps. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>
#include "hv/rma.h"
#include "hv/vm.h"
#include "kvm/files.h"

static long rma_ioctl(struct file *file, unsigned long request, unsigned long arg)
{
	return -ENOTTY;
}

static void rma_release(struct file *file)
{
	hv_rma_put(file->data);
}

static const struct file_ops rma_ops = {
    .name = "kvm-rma",
    .ioctl = rma_ioctl,
    .release = rma_release,
    .mappable = true,
};

static int install(struct hv_rma *rma)
{
	int fd = memfd_new(rma_ops.name, hv_rma_bytes(rma), true);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st)) {
		int err = errno;

		close(fd);
		return -err;
	}
	hv_rma_is_file(rma, &st);
	return file_install(&rma_ops, rma, fd);
}

int rma_file_new(struct hv_vm *vm, struct kvm_allocate_rma *args)
{
	struct hv_rma *rma;
	int ret = hv_rma_take(vm, &rma);

	if (ret)
		return ret;
	args->rma_size = hv_rma_bytes(rma);
	ret = install(rma);
	if (ret < 0)
		hv_rma_put(rma);
	return ret;
}
