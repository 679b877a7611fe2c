/* SPDX-License-Identifier: Apache-2.0 */
/* A TCE table's descriptor: its memory is the table, which the client maps. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "hv/tce.h"
#include "hv/vm.h"
#include "kvm/files.h"

struct tce_file {
	struct hv_vm *vm;
	struct hv_tce_table *table;
	void *entries;
	size_t bytes;
};

static void tce_free(struct tce_file *tce)
{
	if (tce->table)
		hv_tce_remove(tce->vm, tce->table);
	if (tce->entries)
		munmap(tce->entries, tce->bytes);
	free(tce);
}

static long tce_ioctl(struct file *file, unsigned long request, unsigned long arg)
{
	return -ENOTTY;
}

static void tce_release(struct file *file)
{
	struct tce_file *tce = file->data;
	struct hv_vm *vm = tce->vm;

	tce_free(tce);
	hv_vm_put(vm);
}

static const struct file_ops tce_ops = {
    .name = "kvm-spapr-tce",
    .ioctl = tce_ioctl,
    .release = tce_release,
    .mappable = true,
};

/* The table in memory of a new memfd, whose number is returned. */
static int tce_new(struct tce_file *tce, const struct kvm_create_spapr_tce_64 *args)
{
	int fd = memfd_new(tce_ops.name, tce->bytes, true), ret = -ENOMEM;
	void *entries;

	if (fd < 0)
		return fd;
	entries = mmap(NULL, tce->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (entries != MAP_FAILED) {
		tce->entries = entries;
		ret = hv_tce_add(tce->vm, args, entries, &tce->table);
	}
	if (!ret)
		return fd;
	close(fd);
	return ret;
}

int tce_file_new(struct hv_vm *vm, const struct kvm_create_spapr_tce_64 *args)
{
	struct tce_file *tce;
	size_t bytes, page = getpagesize();
	int ret = hv_tce_bytes(args, &bytes);

	if (ret)
		return ret;
	tce = calloc(1, sizeof(*tce));
	if (!tce)
		return -ENOMEM;
	tce->vm = vm;
	tce->bytes = (bytes + page - 1) & ~(page - 1);
	ret = tce_new(tce, args);
	if (ret >= 0) {
		hv_vm_get(vm);
		ret = file_install(&tce_ops, tce, ret);
		if (ret >= 0)
			return ret;
		hv_vm_put(vm);
	}
	tce_free(tce);
	return ret;
}
