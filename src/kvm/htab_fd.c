/* SPDX-License-Identifier: Apache-2.0 */
/* The hash table's descriptor: docs/htab-descriptor.md is its manual. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include "base/lock.h"
#include "hv/table.h"
#include "hv/vm.h"
#include "kvm/files.h"
#include "kvm/user.h"

/* As much of a write is copied in at once: a whole record at its longest, and more. */
#define WRITE_CHUNK (4u << 20)

struct htab_file {
	struct hv_vm *vm;
	struct hv_table_user user; /* told when the table is replaced */
	struct lock lock;	   /* one call at a time */
	bool write;
	unsigned flags;
	u64 start_index;
	struct hpt_reader *reader; /* NULL until there is a table */
	struct hpt_writer writer;
};

static int table_replaced(struct hv_table_user *user, struct hpt *hpt)
{
	struct htab_file *htab = container_of(user, struct htab_file, user);
	int ret = 0;

	/* Under vm->lock, which htab_read() doesn't take: wait for it to come out. */
	lock_acquire(&htab->lock);
	if (!hpt) {
		hpt_reader_destroy(htab->reader);
		htab->reader = NULL;
	} else if (!htab->write && htab->reader) {
		ret = hpt_reader_rebind(htab->reader, hpt);
	} else if (!htab->write) {
		ret = hpt_reader_create(&htab->reader, hpt, htab->flags, htab->start_index);
	}
	htab->writer.hpt = hpt;
	lock_release(&htab->lock);
	return ret;
}

/* The first page of the VRMA tells its page size to a guest that is being restored. */
static void entered(void *ctx, u64 index, u64 v, u64 r)
{
	struct htab_file *htab = ctx;

	if (hpt_is_vrma(v))
		hv_table_vrma_entered(htab->vm, v, r);
}

static ssize_t htab_read(struct file *file, unsigned long buf, size_t count)
{
	struct htab_file *htab = file->data;
	ssize_t ret = 0;

	if (htab->write)
		return -EBADF;
	if (count > SSIZE_MAX)
		return -EINVAL;
	if (user_populate(buf, count))
		return -EFAULT;
	lock_acquire(&htab->lock);
	if (htab->reader)
		ret = hpt_reader_read(htab->reader, (void *)buf, count);
	lock_release(&htab->lock);
	return ret;
}

/*
 * The writer wants memory that nobody changes meanwhile, so the records come in by way of a copy. A
 * record cut off by the copy's end is taken with the next piece.
 */
static ssize_t write_pieces(struct htab_file *htab, unsigned long buf, size_t count, u8 *copy)
{
	size_t done = 0;

	while (done < count) {
		size_t piece = count - done < WRITE_CHUNK ? count - done : WRITE_CHUNK;
		ssize_t ret;

		if (user_read(copy, buf + done, piece))
			return done ? (ssize_t)done : -EFAULT;
		ret = hpt_writer_write(&htab->writer, copy, piece);
		if (ret < 0 && done)
			htab->writer.deferred = ret;
		if (ret < 0)
			return done ? (ssize_t)done : ret;
		done += ret;
		/* Nothing but a cut-off record is left, or a bad one that the next write will hear
		 * of. */
		if (!ret || htab->writer.deferred)
			break;
	}
	return done;
}

static ssize_t htab_write(struct file *file, unsigned long buf, size_t count)
{
	struct htab_file *htab = file->data;
	ssize_t ret;
	u8 *copy;

	if (!htab->write)
		return -EBADF;
	if (count > SSIZE_MAX)
		return -EINVAL;
	copy = malloc(count < WRITE_CHUNK ? count + !count : WRITE_CHUNK);
	if (!copy)
		return -ENOMEM;
	ret = hv_table_freeze(htab->vm);
	if (!ret) {
		lock_acquire(&htab->lock);
		ret = htab->writer.hpt ? write_pieces(htab, buf, count, copy) : -EINVAL;
		lock_release(&htab->lock);
		hv_table_thaw(htab->vm);
	}
	free(copy);
	return ret;
}

static long htab_ioctl(struct file *file, unsigned long request, unsigned long arg)
{
	return -ENOTTY;
}

static void htab_free(struct htab_file *htab)
{
	hpt_reader_destroy(htab->reader);
	lock_destroy(&htab->lock);
	free(htab);
}

static void htab_release(struct file *file)
{
	struct htab_file *htab = file->data;
	struct hv_vm *vm = htab->vm;

	hv_table_leave(vm, &htab->user);
	htab_free(htab);
	hv_vm_put(vm);
}

static const struct file_ops htab_ops = {
    .name = "kvm-htab",
    .ioctl = htab_ioctl,
    .read = htab_read,
    .write = htab_write,
    .release = htab_release,
};

int htab_file_new(struct hv_vm *vm, const struct kvm_get_htab_fd *ghf)
{
	struct htab_file *htab;
	int ret;

	if (ghf->flags & ~(KVM_GET_HTAB_BOLTED_ONLY | KVM_GET_HTAB_WRITE))
		return -EINVAL;
	htab = calloc(1, sizeof(*htab));
	if (!htab)
		return -ENOMEM;
	htab->vm = vm;
	htab->write = ghf->flags & KVM_GET_HTAB_WRITE;
	htab->flags = ghf->flags & KVM_GET_HTAB_BOLTED_ONLY ? HPT_READ_BOLTED_ONLY : 0;
	htab->start_index = ghf->start_index;
	htab->writer.entered = entered;
	htab->writer.ctx = htab;
	htab->user.replaced = table_replaced;
	lock_init(&htab->lock, LOCK_HTAB_FILE);
	ret = hv_table_join(vm, &htab->user);
	if (ret) {
		htab_free(htab);
		return ret;
	}
	hv_vm_get(vm);
	ret = file_new(&htab_ops, htab, true);
	if (ret < 0) {
		hv_table_leave(vm, &htab->user);
		htab_free(htab);
		hv_vm_put(vm);
	}
	return ret;
}
