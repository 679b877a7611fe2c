/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resizing the hash table, in two steps: a thread makes the new table while the guest goes on; then
 * the vcpus are kept out of the guest for as long as it takes to fill it with what is bolted, and
 * to put it in the old one's place.
 *
 *	who has vm->lock                       the thread
 *	vm->resize = r, result = EBUSY;        makes the table, page after page
 *	  starts it                              looks at given_up now and then
 *	prepare: result?                       table = it; result = 0 (release), or why not
 *	commit: result 0 (acquire): keeps      ends
 *	  vcpus out, fills table, swaps
 *	gives up: given_up = true; joins it;
 *	  frees what there is
 *
 * The thread takes no lock, and writes nothing but table, before result, and result. So it can be
 * joined with the lock held, which is as long as a piece of memory takes (hpt_populate), and all
 * else of @vm->resize is the lock owner's.
 */
#include "hv/resize.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/own_thread.h"
#include "hv/table.h"
#include "hv/vm.h"

struct hv_resize {
	struct hv_vm *vm;
	unsigned order;
	pthread_t thread;
	atomic_bool given_up;
	atomic_int result; /* -EBUSY: not yet */
	struct hpt *table;
};

/*
 * Memory that the host could give without going short, in bytes; all there is, if it doesn't say.
 */
static u64 memory_available(void)
{
	unsigned long long kib = ~0ull >> 10;
	FILE *f = fopen("/proc/meminfo", "re");
	char line[128];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "MemAvailable: %llu", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib << 10;
}

/* The host would rather end us than say that it has no more: ask before. */
static int make(struct hv_resize *r)
{
	int ret;

	if (1ull << r->order > memory_available())
		return -ENOMEM;
	ret = hv_table_new(r->vm, r->order, &r->table);
	return ret ? ret : hpt_populate(r->table, &r->given_up);
}

static void *prepare_main(void *arg)
{
	struct hv_resize *r = arg;

	r->result = make(r);
	return NULL;
}

/* --- with vm->lock held --- */

static void give_up(struct hv_vm *vm)
{
	struct hv_resize *r = vm->resize;

	if (!r)
		return;
	vm->resize = NULL;
	r->given_up = true;
	pthread_join(r->thread, NULL);
	hpt_destroy(r->table);
	free(r);
}

/* A host finds some GiB in a second. */
static long milliseconds(unsigned order)
{
	return 1 + (1ull << order >> 22);
}

static long begin(struct hv_vm *vm, unsigned order)
{
	struct hv_resize *r = calloc(1, sizeof(*r));
	int ret;

	if (!r)
		return -ENOMEM;
	r->vm = vm;
	r->order = order;
	r->result = -EBUSY;
	ret = own_thread_start(&r->thread, "kvm-resize", prepare_main, r);
	if (ret) {
		free(r);
		return ret;
	}
	vm->resize = r;
	return milliseconds(order);
}

static long prepare(struct hv_vm *vm, unsigned order)
{
	int result;

	if (!vm->resize || vm->resize->order != order) {
		give_up(vm);
		return order ? begin(vm, order) : 0;
	}
	result = vm->resize->result;
	if (result == -EBUSY)
		return milliseconds(order);
	if (result)
		give_up(vm);
	return result;
}

static int ready(const struct hv_vm *vm, unsigned order)
{
	if (!vm->vrma_done)
		return -EIO;
	return vm->resize && vm->resize->order == order ? vm->resize->result : -ENXIO;
}

static int swap(struct hv_vm *vm)
{
	struct hv_resize *r = vm->resize;
	int ret;

	hv_table_keep_out(vm);
	ret = hpt_rehash(vm->hpt, r->table);
	if (!ret)
		ret = hv_table_install(vm, r->table);
	if (!ret)
		r->table = NULL; /* is the VM's */
	hv_table_let_in(vm);
	return ret;
}

/* --- the requests --- */

static bool valid(const struct kvm_ppc_resize_hpt *args)
{
	return !args->flags &&
	       (!args->shift || (args->shift >= HPT_ORDER_MIN && args->shift <= HPT_ORDER_MAX));
}

long hv_resize_prepare(struct hv_vm *vm, const struct kvm_ppc_resize_hpt *args)
{
	long ret;

	if (!valid(args))
		return -EINVAL;
	lock_acquire(&vm->lock);
	ret = prepare(vm, args->shift);
	lock_release(&vm->lock);
	return ret;
}

long hv_resize_commit(struct hv_vm *vm, const struct kvm_ppc_resize_hpt *args)
{
	int ret;

	if (!valid(args))
		return -EINVAL;
	lock_acquire(&vm->lock);
	ret = ready(vm, args->shift);
	if (!ret)
		ret = swap(vm);
	give_up(vm);
	lock_release(&vm->lock);
	return ret;
}

void hv_resize_end(struct hv_vm *vm)
{
	give_up(vm);
}
