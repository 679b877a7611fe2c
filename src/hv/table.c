/* SPDX-License-Identifier: Apache-2.0 */
/* The VM's hash table as a whole: table.h says who may touch it when. */
#include "hv/table.h"

#include <errno.h>
#include <stdlib.h>
#include "hv/memslot.h"
#include "hv/shootdown.h"
#include "hv/vm.h"
#include "hv/vrma.h"

int hv_table_freeze(struct hv_vm *vm)
{
	lock_acquire(&vm->lock);
	/* Sequentially consistent, both: either we see the vcpu, or it sees that it must wait
	 * (hv_run_begin). */
	vm->frozen = true;
	if (!vm->vcpus_in_run)
		return 0;
	vm->frozen = false;
	lock_release(&vm->lock);
	return -EBUSY;
}

void hv_table_keep_out(struct hv_vm *vm)
{
	vm->frozen = true;
	hv_guests_out(vm);
}

void hv_table_let_in(struct hv_vm *vm)
{
	/* Not before: until they were out, they looked pages up in the table of before. */
	hv_inval_log(vm, (struct hv_inval){HV_INVAL_ALL, 0, 0});
	vm->frozen = false;
}

void hv_table_thaw(struct hv_vm *vm)
{
	vm->frozen = false;
	lock_release(&vm->lock);
}

void hv_run_begin(struct hv_vm *vm)
{
	for (;;) {
		atomic_fetch_add(&vm->vcpus_in_run, 1);
		if (!vm->frozen)
			return;
		atomic_fetch_sub(&vm->vcpus_in_run, 1);
		lock_acquire(&vm->lock);
		lock_release(&vm->lock);
	}
}

void hv_run_end(struct hv_vm *vm)
{
	atomic_fetch_sub(&vm->vcpus_in_run, 1);
}

int hv_table_join(struct hv_vm *vm, struct hv_table_user *user)
{
	int ret = 0;

	lock_acquire(&vm->lock);
	if (vm->hpt)
		ret = user->replaced(user, vm->hpt);
	if (!ret) {
		user->next = vm->table_users;
		vm->table_users = user;
	}
	lock_release(&vm->lock);
	return ret;
}

void hv_table_leave(struct hv_vm *vm, struct hv_table_user *user)
{
	lock_acquire(&vm->lock);
	for (struct hv_table_user **p = &vm->table_users; *p; p = &(*p)->next) {
		if (*p == user) {
			*p = user->next;
			break;
		}
	}
	lock_release(&vm->lock);
}

static const struct hpt_ops table_ops = {
    .classify = hv_classify,
    .invalidated = hv_hpte_invalidated,
    .knows = hv_mmu_knows,
};

int hv_table_new(struct hv_vm *vm, unsigned order, struct hpt **hpt)
{
	int ret = hpt_create(hpt, order);

	if (!ret)
		hpt_set_ops(*hpt, &table_ops, vm);
	return ret;
}

int hv_table_install(struct hv_vm *vm, struct hpt *hpt)
{
	struct hpt *old = vm->hpt;
	struct hv_table_user *user, *undo;
	int ret;

	for (user = vm->table_users; user; user = user->next) {
		ret = user->replaced(user, hpt);
		if (ret)
			goto back;
	}
	vm->hpt = hpt;
	hpt_destroy(old);
	return 0;

back:
	/* Back to the old one, or to none: that needs no more memory than they had. */
	for (undo = vm->table_users; undo != user; undo = undo->next)
		undo->replaced(undo, old);
	return ret;
}

static int make(struct hv_vm *vm, unsigned order)
{
	struct hpt *hpt;
	int ret = hv_table_new(vm, order, &hpt);

	if (ret)
		return ret;
	ret = hv_table_install(vm, hpt);
	if (ret)
		hpt_destroy(hpt);
	return ret;
}

int hv_vm_allocate_htab(struct hv_vm *vm, u32 *order)
{
	int ret;

	if (*order < HPT_ORDER_MIN || *order > HPT_ORDER_MAX)
		return -EINVAL;
	ret = hv_table_freeze(vm);
	if (ret)
		return ret;
	if (vm->hpt && hpt_order(vm->hpt) == *order)
		hpt_clear(vm->hpt);
	else
		ret = make(vm, *order);
	if (!ret) {
		vm->vrma_done = false;
		hv_shootdown_all(vm, NULL);
	}
	hv_table_thaw(vm);
	return ret;
}

void hv_table_vrma_entered(struct hv_vm *vm, u64 v, u64 r)
{
	unsigned base_shift, actual_shift;

	if (vm->vrma_done || !vm->model->has_vrma ||
	    !hpt_page_shifts(v, r, &base_shift, &actual_shift))
		return;
	for (unsigned i = 0; i < HPT_BASE_SIZES; i++) {
		if (hpt_base_sizes[i].page_shift == base_shift)
			hv_vrma_restore(vm, hpt_base_sizes[i].slb_enc);
	}
}
