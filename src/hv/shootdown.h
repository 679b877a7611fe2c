/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shoot-down of what vcpus keep in caches of their own: translations, decoded code, the right to
 * write a page unseen. shootdown.c has the protocol.
 */
#ifndef PAPYR_HV_SHOOTDOWN_H
#define PAPYR_HV_SHOOTDOWN_H

#include <stdatomic.h>
#include "base/bits.h"
#include "base/lock.h"
#include "cpu/cpu.h"

struct hv_vm;
struct hv_vcpu;

enum hv_inval_kind {
	HV_INVAL_PAGE,	  /* va, page_shift: cpu_flush_page() */
	HV_INVAL_ALL,	  /* every translation */
	HV_INVAL_SLOTS,	  /* every translation, and all decoded code */
	HV_INVAL_CODE,	  /* gpa: decoded code of that page */
	HV_INVAL_PROTECT, /* gpa: stores to that page must go the slow way */
	HV_INVAL_WRITES,  /* stores to any page must; translations stay */
	HV_INVAL_NOTHING, /* nothing; for who waits until what vcpus read of the VM is done with */
};

struct hv_inval {
	enum hv_inval_kind kind;
	u32 page_shift;
	u64 addr; /* va modulo 2^64, or gpa */
};

#define HV_INVAL_LOG 1024u /* entries that the log remembers; who is further behind flushes all */

struct hv_shootdown_log {
	struct lock lock; /* writers */
	_Atomic u64 tail;     /* sequence number of the next entry */
	struct {
		_Atomic u64 what, addr;
	} ring[HV_INVAL_LOG];
};

/*
 * Two steps. hv_inval_log() makes every vcpu drop a translation or page at its next block boundary,
 * or on its way in. May be called with any lock held. hv_shootdown_wait() returns when all that the
 * calling thread logged before has been dropped by every vcpu, so that none can use it any more.
 * @self: the vcpu whose thread calls, between two blocks (it drops what is its own, and is out of
 * the guest if there is somebody to wait for), or NULL for a thread that runs no vcpu. No entry
 * lock may be held.
 */
void hv_inval_log(struct hv_vm *vm, struct hv_inval inval);
void hv_shootdown_wait(struct hv_vm *vm, struct hv_vcpu *self);

static inline void hv_shootdown(struct hv_vm *vm, struct hv_vcpu *self, struct hv_inval inval)
{
	hv_inval_log(vm, inval);
	hv_shootdown_wait(vm, self);
}

/* struct hpt_ops' invalidated, @ctx being the VM: logs the entry's page. */
void hv_hpte_invalidated(void *ctx, u64 index, u64 v, u64 r);

/*
 * With the VM frozen (table.h), its lock held, by a thread that has no vcpu in the guest: returns
 * when none is, and none comes in before the lock is released.
 */
void hv_guests_out(struct hv_vm *vm);

/*
 * The vcpu's thread: may the table and translations be used from here on, until hv_guest_leave()?
 * Catches up. Waits while the VM is frozen, so nothing of the table may be kept over it, and
 * neither vm->lock nor any behind it be held.
 */
void hv_guest_enter(struct hv_vcpu *vcpu);
void hv_guest_leave(struct hv_vcpu *vcpu);

static inline void hv_shootdown_all(struct hv_vm *vm, struct hv_vcpu *self)
{
	hv_shootdown(vm, self, (struct hv_inval){HV_INVAL_ALL, 0, 0});
}

/* struct cpu_host's catch_up. */
void hv_catch_up(struct cpu *cpu);

#endif
