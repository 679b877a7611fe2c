/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A VM's TCE tables: a list that vcpus walk without a lock. It is changed under vm->lock, and a
 * table that was taken out is freed after all vcpus were shot down.
 */
#include <errno.h>
#include <stdlib.h>
#include "hv/shootdown.h"
#include "hv/tce.h"
#include "hv/vm.h"

#define PAGE_SHIFT_MIN 12
#define PAGE_SHIFT_MAX 34

int hv_tce_bytes(const struct kvm_create_spapr_tce_64 *args, size_t *bytes)
{
	u64 last;

	if (args->flags || !args->size || args->page_shift < PAGE_SHIFT_MIN ||
	    args->page_shift > PAGE_SHIFT_MAX)
		return -EINVAL;
	if (__builtin_add_overflow(args->offset, args->size, &last) ||
	    last > ~0ull >> args->page_shift)
		return -EINVAL;
	*bytes = args->size * sizeof(u64);
	return 0;
}

struct hv_tce_table *hv_tce_find(struct hv_vm *vm, u64 liobn)
{
	struct hv_tce_table *t = vm->tce_tables;

	while (t && t->liobn != liobn)
		t = t->next;
	return t;
}

int hv_tce_add(struct hv_vm *vm, const struct kvm_create_spapr_tce_64 *args, u64 *entries,
	       struct hv_tce_table **table)
{
	struct hv_tce_table *t = malloc(sizeof(*t));
	int ret = 0;

	if (!t)
		return -ENOMEM;
	*t = (struct hv_tce_table){.liobn = args->liobn,
				   .page_shift = args->page_shift,
				   .offset = args->offset,
				   .size = args->size,
				   .entries = entries};
	lock_acquire(&vm->lock);
	if (hv_tce_find(vm, args->liobn)) {
		ret = -EBUSY;
	} else {
		t->next = vm->tce_tables;
		vm->tce_tables = t;
	}
	lock_release(&vm->lock);
	if (ret)
		free(t);
	else
		*table = t;
	return ret;
}

void hv_tce_remove(struct hv_vm *vm, struct hv_tce_table *table)
{
	struct hv_tce_table *_Atomic *at = &vm->tce_tables;

	lock_acquire(&vm->lock);
	while (*at != table)
		at = &(*at)->next;
	*at = table->next;
	lock_release(&vm->lock);
	hv_shootdown_all(vm, NULL);
	free(table);
}
