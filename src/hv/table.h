/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A VM's hash table as a whole: it may only be made, cleared or written by a stream while no vcpu
 * is in KVM_RUN, and replaced by one of another order (resize.h) while none is in the guest.
 *
 * A vcpu's thread says hv_run_begin() before it looks at the table, and hv_run_end() when it leaves
 * KVM_RUN. Whoever changes the table freezes it first, which fails with EBUSY while a vcpu runs; a
 * vcpu that would begin meanwhile waits for the thaw. To replace it, vcpus are kept out of the
 * guest, wherever they are in KVM_RUN (shootdown.c).
 */
#ifndef PAPYR_HV_TABLE_H
#define PAPYR_HV_TABLE_H

#include "base/bits.h"

#define HV_DEFAULT_HTAB_ORDER 24 /* of a VM that runs without KVM_PPC_ALLOCATE_HTAB */

struct hpt;
struct hv_vm;

/*
 * Somebody who reads or writes the table by itself, and must follow when another takes its place.
 */
struct hv_table_user {
	/* The VM has the table @hpt (or none) from now on; called before the old one goes. On an
	 * error that stays. */
	int (*replaced)(struct hv_table_user *user, struct hpt *hpt);
	struct hv_table_user *next;
};

/* KVM_PPC_ALLOCATE_HTAB: @order in: wanted, out: got. -EBUSY while vcpus run. */
int hv_vm_allocate_htab(struct hv_vm *vm, u32 *order);

/* 0 with vm->lock held, or -EBUSY. */
int hv_table_freeze(struct hv_vm *vm);
void hv_table_thaw(struct hv_vm *vm);

/*
 * With vm->lock held until they are let in again, by a thread that has no vcpu in the guest:
 * returns when none is there, and none comes in. They come back without any translation.
 */
void hv_table_keep_out(struct hv_vm *vm);
void hv_table_let_in(struct hv_vm *vm);

/* A table for @vm, of which nobody knows yet. */
int hv_table_new(struct hv_vm *vm, unsigned order, struct hpt **hpt);
/*
 * Frozen, or with vcpus kept out: puts @hpt in the place of the table, which goes, and tells the
 * users. -ENOMEM, and all stays as it was.
 */
int hv_table_install(struct hv_vm *vm, struct hpt *hpt);

/* Tells @user of the VM's table, now if there is one, and whenever there is another. */
int hv_table_join(struct hv_vm *vm, struct hv_table_user *user);
void hv_table_leave(struct hv_vm *vm, struct hv_table_user *user);

/* A stream wrote an entry of the VRMA: before the first run its page size becomes the VRMA's. Table
 * frozen. */
void hv_table_vrma_entered(struct hv_vm *vm, u64 v, u64 r);

void hv_run_begin(struct hv_vm *vm);
void hv_run_end(struct hv_vm *vm);

#endif
