/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory slots: which guest real addresses are memory, where it is, and what was written to.
 */
#ifndef PAPYR_HV_MEMSLOT_H
#define PAPYR_HV_MEMSLOT_H

#include <papyr/kvm.h>
#include "base/bits.h"
#include "cpu/cpu.h"
#include "hpt/hpt.h"

#define HV_PAGE_SHIFT 12
#define HV_PAGE_SIZE  (1ull << HV_PAGE_SHIFT)

#define HV_MAX_MEMSLOTS 32767 /* slot numbers are below this */

struct hv_vm;

/*
 * One memory slot. Immutable once published in a table, but for the atomically set bytes and bits.
 */
struct hv_memslot {
	u32 id;
	u32 flags; /* KVM_MEM_LOG_DIRTY_PAGES, KVM_MEM_READONLY */
	u64 gpa;   /* of the first byte */
	u64 size;  /* bytes */
	u8 *host;
	u64 *dirty; /* one bit a host page (getpagesize()), NULL without logging; atomic */
	struct code_marks *code; /* which pages hold decoded code (codepage.c) */
};

/*
 * The slots, sorted by address. Vcpus in the guest read vm->slots without a lock; a changed table
 * is published, then all vcpus are shot down (hv_shootdown_all), and then nobody uses the old one
 * any more and it is freed.
 */
struct hv_memslots {
	unsigned nr;
	bool logged; /* one of them has a dirty log */
	struct hv_memslot *slot[];
};

int hv_set_memory_region(struct hv_vm *vm, const struct kvm_userspace_memory_region *region);
/* How large a slot's bitmap is. -EINVAL: no slot has that number; -ENOENT: this one has no log. */
int hv_dirty_log_bytes(struct hv_vm *vm, u32 slot, size_t *bytes);
/* Moves it to @to, so that it is clear afterwards. -EAGAIN: it is no longer of that size. */
int hv_get_dirty_log(struct hv_vm *vm, u32 slot, void *to, size_t bytes);
/*
 * What these find stays valid while the caller is a vcpu's thread that is in the guest and does not
 * catch up with shoot-downs, or for others between hv_slots_hold() and hv_slots_release().
 */
void hv_slots_hold(struct hv_vm *vm);
void hv_slots_release(struct hv_vm *vm);
struct hv_memslot *hv_memslot_find(struct hv_vm *vm, u64 gpa);
/* struct cpu_host's ram, and struct hpt_ops's classify (@ctx is the VM). */
struct cpu_ram hv_cpu_ram(struct cpu *cpu, u64 gpa, enum cpu_ram_use use);
enum hpt_backing hv_classify(void *ctx, u64 gpa, u64 bytes);
/* Host memory of @len bytes at @gpa within one slot, or NULL; @write marks the pages dirty. */
void *hv_guest_ptr(struct hv_vm *vm, u64 gpa, u64 len, bool write);
bool hv_gpa_is_ram(struct hv_vm *vm, u64 gpa, u64 len);
void hv_mark_dirty(struct hv_memslot *slot, u64 gpa, u64 len);

#endif
