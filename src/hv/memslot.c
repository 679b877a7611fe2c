/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory slots: which guest real addresses are memory, where it is, and what was written to.
 *
 * Vcpus read the table of slots without a lock. A change makes a new table, publishes it, has every
 * vcpu forget what it knew (after which none can still be using the old table) and frees the old
 * one.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/array.h"
#include "hv/broken.h"
#include "hv/codepage.h"
#include "hv/memslot.h"
#include "hv/shootdown.h"
#include "hv/vcpu.h"
#include "hv/vm.h"

#define SLOT_MAX_PAGES ((1ull << 31) - 1)
#define CLIENT_END     (1ull << 47) /* of addresses that a client can have */

static u64 page_bytes(void)
{
	static u64 bytes;

	if (!bytes)
		bytes = getpagesize();
	return bytes;
}

/* --- finding --- */

static bool slot_has(const struct hv_memslot *slot, u64 gpa)
{
	return gpa - slot->gpa < slot->size;
}

/* How many of them begin at @gpa or before. */
static unsigned up_to(const struct hv_memslots *slots, u64 gpa)
{
	unsigned low = 0, high = slots->nr;

	while (low < high) {
		unsigned mid = (low + high) / 2;

		if (slots->slot[mid]->gpa <= gpa)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct hv_memslot *find(const struct hv_memslots *slots, u64 gpa, unsigned *index)
{
	unsigned n = up_to(slots, gpa);

	if (!n || !slot_has(slots->slot[n - 1], gpa))
		return NULL;
	*index = n - 1;
	return slots->slot[n - 1];
}

struct hv_memslot *hv_memslot_find(struct hv_vm *vm, u64 gpa)
{
	unsigned index;

	return find(vm->slots, gpa, &index);
}

void hv_mark_dirty(struct hv_memslot *slot, u64 gpa, u64 len)
{
	u64 first, last;

	if (!slot->dirty || !len)
		return;
	first = (gpa - slot->gpa) / page_bytes();
	last = (gpa - slot->gpa + len - 1) / page_bytes();
	for (u64 page = first; page <= last; page++) {
		u64 *word = &slot->dirty[page / 64], bit = 1ull << (page % 64);

		/* Mostly it is set already: leave the cache line alone then. */
		if (!(__atomic_load_n(word, __ATOMIC_SEQ_CST) & bit))
			__atomic_fetch_or(word, bit, __ATOMIC_SEQ_CST);
	}
}

/* Is all of the unit at @gpa memory, in @slot, and whole? */
static bool has_unit(const struct hv_vm *vm, const struct hv_memslot *slot, u64 gpa)
{
	u64 first = gpa & ~(CPU_UNIT_BYTES - 1);

	return first >= slot->gpa && slot->size - (first - slot->gpa) >= CPU_UNIT_BYTES &&
	       !hv_any_broken(&vm->broken);
}

struct cpu_ram hv_cpu_ram(struct cpu *cpu, u64 gpa, enum cpu_ram_use use)
{
	struct hv_vcpu *vcpu = hv_vcpu_of(cpu);
	const struct hv_memslots *slots = vcpu->vm->slots;
	struct hv_memslot *slot = NULL;
	struct cpu_ram ram;

	if (vcpu->slot_hint < slots->nr)
		slot = slots->slot[vcpu->slot_hint];
	if (unlikely(!slot || !slot_has(slot, gpa)))
		slot = find(slots, gpa, &vcpu->slot_hint);
	if (!slot || hv_is_broken(&vcpu->vm->broken, gpa))
		return (struct cpu_ram){0};
	ram = (struct cpu_ram){.host = slot->host + (gpa - slot->gpa),
			       .writable = !(slot->flags & KVM_MEM_READONLY),
			       .whole = has_unit(vcpu->vm, slot, gpa)};
	if (use == CPU_RAM_STORE_UNIT && ram.whole && ram.writable)
		hv_mark_dirty(slot, gpa & ~(CPU_UNIT_BYTES - 1), CPU_UNIT_BYTES);
	else if (use != CPU_RAM_LOAD && ram.writable)
		hv_mark_dirty(slot, gpa, HV_PAGE_SIZE);
	return ram;
}

void *hv_guest_ptr(struct hv_vm *vm, u64 gpa, u64 len, bool write)
{
	struct hv_memslot *slot = hv_memslot_find(vm, gpa);

	if (!slot || len > slot->size - (gpa - slot->gpa))
		return NULL;
	if (write && (slot->flags & KVM_MEM_READONLY))
		return NULL;
	if (write)
		hv_mark_dirty(slot, gpa, len);
	return slot->host + (gpa - slot->gpa);
}

bool hv_gpa_is_ram(struct hv_vm *vm, u64 gpa, u64 len)
{
	while (len) {
		struct hv_memslot *slot = hv_memslot_find(vm, gpa);
		u64 here;

		if (!slot)
			return false;
		here = slot->size - (gpa - slot->gpa);
		if (here >= len)
			return true;
		gpa += here;
		len -= here;
	}
	return true;
}

enum hpt_backing hv_classify(void *ctx, u64 gpa, u64 bytes)
{
	struct hv_vm *vm = ctx;

	if (!hv_memslot_find(vm, gpa))
		return HPT_MMIO;
	return hv_gpa_is_ram(vm, gpa, bytes) ? HPT_RAM : HPT_REFUSED;
}

void hv_slots_hold(struct hv_vm *vm)
{
	atomic_fetch_add(&vm->slot_readers, 1);
}

void hv_slots_release(struct hv_vm *vm)
{
	atomic_fetch_sub(&vm->slot_readers, 1);
}

/* --- changing; all under vm->lock --- */

/* Every vcpu has dropped what @kind says, and nobody else holds a pointer of before. */
static void settle(struct hv_vm *vm, enum hv_inval_kind kind)
{
	hv_shootdown(vm, NULL, (struct hv_inval){kind, 0, 0});
	while (vm->slot_readers)
		sched_yield();
}

static struct hv_memslot *slot_by_id(const struct hv_vm *vm, u32 id)
{
	return id < vm->slot_ids ? vm->slot_by_id[id] : NULL;
}

/* Has room for a slot of that number. */
static int make_room(struct hv_vm *vm, u32 id)
{
	unsigned n = 2 * id + 1 < HV_MAX_MEMSLOTS ? 2 * id + 1 : HV_MAX_MEMSLOTS;
	struct hv_memslot **by_id;

	if (id < vm->slot_ids)
		return 0;
	by_id = realloc(vm->slot_by_id, n * sizeof(*by_id));
	if (!by_id)
		return -ENOMEM;
	memset(by_id + vm->slot_ids, 0, (n - vm->slot_ids) * sizeof(*by_id));
	vm->slot_by_id = by_id;
	vm->slot_ids = n;
	return 0;
}

/* Two of the table's don't overlap, so they end in the order in which they begin. */
static bool overlaps(const struct hv_memslots *slots, const struct hv_memslot *slot)
{
	for (unsigned i = up_to(slots, slot->gpa + slot->size - 1); i-- > 0;) {
		const struct hv_memslot *s = slots->slot[i];

		if (s->gpa + s->size <= slot->gpa)
			return false;
		if (s->id != slot->id)
			return true;
	}
	return false;
}

static size_t dirty_bytes(const struct hv_memslot *slot)
{
	return (slot->size / page_bytes() + 63) / 64 * sizeof(u64);
}

/*
 * A slot made of @region and of what is left as it was in @old (or NULL). It shares what it can
 * with @old, which must then be freed by free_replaced().
 */
static struct hv_memslot *slot_new(const struct kvm_userspace_memory_region *region,
				   const struct hv_memslot *old)
{
	struct hv_memslot *slot = calloc(1, sizeof(*slot));

	if (!slot)
		return NULL;
	slot->id = region->slot;
	slot->flags = region->flags;
	slot->gpa = region->guest_phys_addr;
	slot->size = region->memory_size;
	slot->host = (u8 *)(uintptr_t)region->userspace_addr;
	slot->code = old ? old->code : code_marks_new(slot->size);
	if (slot->flags & KVM_MEM_LOG_DIRTY_PAGES)
		slot->dirty = old && old->dirty ? old->dirty : calloc(1, dirty_bytes(slot));
	if (slot->code && (slot->dirty || !(slot->flags & KVM_MEM_LOG_DIRTY_PAGES)))
		return slot;
	if (!old)
		code_marks_free(slot->code);
	free(slot);
	return NULL;
}

/* What @slot (or NULL: nothing) took over stays. */
static void free_replaced(struct hv_memslot *old, const struct hv_memslot *slot)
{
	if (!slot || old->code != slot->code)
		code_marks_free(old->code);
	if (!slot || old->dirty != slot->dirty)
		free(old->dirty);
	free(old);
}

static bool any_logged(const struct hv_memslots *slots)
{
	for (unsigned i = 0; i < slots->nr; i++)
		if (slots->slot[i]->dirty)
			return true;
	return false;
}

/* @slot, or NULL: nothing, in the place of @gone, or NULL: of nothing. */
static int replace(struct hv_vm *vm, struct hv_memslot *gone, struct hv_memslot *slot)
{
	struct hv_memslots *old = vm->slots;
	struct hv_memslots *new = malloc(sizeof(*new) + (old->nr + 1) * sizeof(new->slot[0]));
	bool left = gone && (!slot || slot->gpa != gone->gpa); /* a place of the guest's */
	u32 id = gone ? gone->id : slot->id;

	if (!new)
		return -ENOMEM;
	new->nr = array_copy_changed(new->slot, old->slot, old->nr, sizeof(new->slot[0]),
				     gone ? up_to(old, gone->gpa) - 1 : ARRAY_NONE,
				     slot ? &slot : NULL, slot ? up_to(old, slot->gpa) : 0);
	new->logged = any_logged(new);
	vm->slots = new;
	vm->slot_by_id[id] = slot;
	/* From here on the table's entries for the old place say that there is no memory
	 * (hv_classify). */
	if (left) {
		if (vm->hpt)
			hpt_rmap_make_absent(vm->hpt, gone->gpa, gone->size);
		hv_broken_forget(vm, gone->gpa, gone->size);
	}
	/* Code was marked in a slot that goes, or stands for other addresses now. */
	settle(vm, left ? HV_INVAL_SLOTS : HV_INVAL_ALL);
	free(old);
	if (gone)
		free_replaced(gone, slot);
	return 0;
}

static int check(const struct kvm_userspace_memory_region *r)
{
	u64 align = page_bytes() - 1;

	if (r->flags & ~(u32)(KVM_MEM_LOG_DIRTY_PAGES | KVM_MEM_READONLY))
		return -EINVAL;
	if ((r->memory_size | r->guest_phys_addr | r->userspace_addr) & align)
		return -EINVAL;
	if (r->userspace_addr > CLIENT_END || r->memory_size > CLIENT_END - r->userspace_addr)
		return -EINVAL;
	if (r->slot >= HV_MAX_MEMSLOTS)
		return -EINVAL;
	if (r->guest_phys_addr + r->memory_size < r->guest_phys_addr)
		return -EINVAL;
	return r->memory_size / page_bytes() > SLOT_MAX_PAGES ? -EINVAL : 0;
}

/* Only its place and whether it logs may change while a slot lives. */
static bool may_become(const struct hv_memslot *slot, const struct kvm_userspace_memory_region *r)
{
	return r->memory_size == slot->size && r->userspace_addr == (uintptr_t)slot->host &&
	       !((r->flags ^ slot->flags) & KVM_MEM_READONLY);
}

static int set_region(struct hv_vm *vm, const struct kvm_userspace_memory_region *r)
{
	struct hv_memslot *old = slot_by_id(vm, r->slot), *slot;
	int ret;

	if (!r->memory_size)
		return old ? replace(vm, old, NULL) : -EINVAL;
	if (old && !may_become(old, r))
		return -EINVAL;
	if (old && old->gpa == r->guest_phys_addr && old->flags == r->flags)
		return 0;
	if (make_room(vm, r->slot))
		return -ENOMEM;
	slot = slot_new(r, old);
	if (!slot)
		return -ENOMEM;
	ret = overlaps(vm->slots, slot) ? -EEXIST : replace(vm, old, slot);
	if (ret && old && slot->dirty != old->dirty)
		free(slot->dirty);
	if (ret && old)
		free(slot);
	else if (ret)
		free_replaced(slot, NULL);
	return ret;
}

int hv_set_memory_region(struct hv_vm *vm, const struct kvm_userspace_memory_region *region)
{
	int ret = check(region);

	if (ret)
		return ret;
	lock_acquire(&vm->lock);
	ret = set_region(vm, region);
	lock_release(&vm->lock);
	return ret;
}

/* --- the dirty log --- */

static struct hv_memslot *logging_slot(struct hv_vm *vm, u32 id)
{
	struct hv_memslot *slot = slot_by_id(vm, id);

	return slot && slot->dirty ? slot : NULL;
}

#define GROUP 8u /* words looked at in one go */

static bool none_dirty(const u64 *words, size_t n)
{
	u64 any = 0;

	if (likely(n == GROUP)) {
#pragma GCC unroll 8
		for (size_t i = 0; i < GROUP; i++)
			any |= __atomic_load_n(&words[i], __ATOMIC_RELAXED);
		return !any;
	}
	for (size_t i = 0; i < n; i++)
		any |= __atomic_load_n(&words[i], __ATOMIC_RELAXED);
	return !any;
}

/* @to may lie anywhere. */
static void take_words(u64 *words, u8 *to, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		u64 word = __atomic_exchange_n(&words[i], 0, __ATOMIC_SEQ_CST);

		memcpy(to + i * sizeof(word), &word, sizeof(word));
	}
}

/*
 * The bits are cleared before the vcpus lose the right to store unseen. A store in between finds
 * its page among those told, and happens before the client, which has yet to return from here,
 * copies the page.
 */
static int take_bits(struct hv_vm *vm, u32 id, u8 *to, size_t bytes)
{
	struct hv_memslot *slot = logging_slot(vm, id);
	bool any = false;

	if (!slot)
		return -ENOENT;
	if (bytes != dirty_bytes(slot))
		return -EAGAIN;
	memset(to, 0, bytes);
	for (size_t i = 0, n, words = bytes / sizeof(u64); i < words; i += n) {
		n = words - i < GROUP ? words - i : GROUP;
		if (none_dirty(&slot->dirty[i], n))
			continue;
		take_words(&slot->dirty[i], to + i * sizeof(u64), n);
		any = true;
	}
	if (any)
		settle(vm, HV_INVAL_WRITES);
	return 0;
}

int hv_dirty_log_bytes(struct hv_vm *vm, u32 id, size_t *bytes)
{
	struct hv_memslot *slot;

	if (id >= HV_MAX_MEMSLOTS)
		return -EINVAL;
	lock_acquire(&vm->lock);
	slot = logging_slot(vm, id);
	if (slot)
		*bytes = dirty_bytes(slot);
	lock_release(&vm->lock);
	return slot ? 0 : -ENOENT;
}

int hv_get_dirty_log(struct hv_vm *vm, u32 id, void *to, size_t bytes)
{
	int ret;

	lock_acquire(&vm->lock);
	ret = take_bits(vm, id, to, bytes);
	lock_release(&vm->lock);
	return ret;
}
