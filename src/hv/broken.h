/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that is broken (PAPYR_CAP_BROKEN_MEMORY), and the machine checks that come of it.
 *
 * A vcpu looks when it fills a translation cache, so that memory costs nothing that is whole: the
 * caches are emptied whenever the list changes.
 */
#ifndef PAPYR_HV_BROKEN_H
#define PAPYR_HV_BROKEN_H

#include <stdatomic.h>
#include "base/bits.h"
#include "cpu/cpu.h"

struct hv_vm;

#define HV_BROKEN_MAX 64 /* pages of 4 KiB */

struct hv_broken {
	atomic_uint n;
	_Atomic u64 page[HV_BROKEN_MAX]; /* in no order; changed under vm->lock */
};

/*
 * The page at @gpa is @broken from now on, for every vcpu; or whole. -EINVAL: no memory. -ENOSPC:
 * too many are broken.
 */
int hv_break_memory(struct hv_vm *vm, u64 gpa, bool broken);

/* Other memory takes its place. Under vm->lock; every vcpu's translations are dropped next. */
void hv_broken_forget(struct hv_vm *vm, u64 gpa, u64 bytes);

bool hv_broken_find(const struct hv_broken *broken, u64 gpa);

static inline bool hv_any_broken(const struct hv_broken *broken)
{
	return unlikely(atomic_load_explicit(&broken->n, memory_order_relaxed));
}

static inline bool hv_is_broken(const struct hv_broken *broken, u64 gpa)
{
	return hv_any_broken(broken) && hv_broken_find(broken, gpa);
}

/* KVM_CAP_PPC_FWNMI: machine checks of all vcpus go to the client. */
void hv_vm_enable_fwnmi(struct hv_vm *vm);
/* struct cpu_host's: to the client, if it enabled KVM_CAP_PPC_FWNMI. */
bool hv_machine_check(struct cpu *cpu);

#endif
