/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shoot-down of translations.
 *
 * Vcpus keep translations in caches of their own. What becomes invalid is written to a log of the
 * VM, entry after entry; each vcpu remembers how far it has worked through it (vcpu->seen).
 *
 *	the remover                            a vcpu
 *	changes the table                      in_guest = true
 *	appends to the log, tail = n           works through the log up to tail, seen = tail
 *	for each other that is in the guest    runs a block: says what it touches, then
 *	and may have touched the page:         searches the table
 *	must_reach = n, CPU_REQ_FLUSH          CPU_REQ_FLUSH: works through the log, seen = tail
 *	if there was one: leaves the guest,    in_guest = false
 *	waits until none of them is in the
 *	guest with seen < n, and enters again
 *
 * in_guest and tail are written and read in one total order: either the remover sees that a vcpu is
 * in the guest, and waits for it, or that vcpu sees the new tail on its way in. Who waits is out of
 * the guest, so two removers never wait for each other. Nobody waits for a vcpu
 * that has not touched the page (cpu/mmu/touched.h): what it looks up from now on, it finds in the
 * changed table. Such a vcpu works through the log later, before the ring overtakes it. A vcpu that
 * walks the table while an entry is removed may put the dead translation into its caches, but it
 * does so before its next block boundary, and drops it there. tests/model/ checks all this.
 *
 * The table as a whole is changed with no vcpu in the guest. A vcpu says in_guest and then looks
 * whether the VM is frozen; who changes it freezes and then looks whether the vcpu is in_guest
 * (hv_guests_out). One of them sees the other: the vcpu waits outside for vm->lock, and reads anew
 * which table there is, or is waited for until its next block boundary, where it does the same.
 * tests/model/resize.pml checks that.
 */
#include <sched.h>
#include "base/pause.h"
#include "hv/memslot.h"
#include "hv/shootdown.h"
#include "hv/vcpu.h"
#include "hv/vm.h"

#define KIND_BITS 8

static u64 pack(struct hv_inval inval)
{
	return (u64)inval.kind | (u64)inval.page_shift << KIND_BITS;
}

/* May @vcpu have in its caches what became invalid? */
static bool concerns(const struct hv_vcpu *vcpu, struct hv_inval inval)
{
	switch (inval.kind) {
	case HV_INVAL_PAGE:
		return cpu_may_translate(&vcpu->cpu, inval.addr, inval.page_shift);
	case HV_INVAL_PROTECT:
		return cpu_may_write(&vcpu->cpu, inval.addr);
	default:
		return true;
	}
}

/* This thread's: the vcpu that it has in the guest, and up to where others must come before what it
 * logged is gone. */
static __thread struct hv_vcpu *own;
static __thread u64 awaited;

/* True: it must be waited for. */
static bool ask(struct hv_vcpu *vcpu, struct hv_inval inval, u64 tail)
{
	bool must;

	if (!atomic_load(&vcpu->in_guest))
		return false;
	must = vcpu != own && concerns(vcpu, inval);
	if (must)
		atomic_store(&vcpu->must_reach, tail);
	if (must || tail - atomic_load(&vcpu->seen) >= HV_INVAL_LOG / 2)
		cpu_request(&vcpu->cpu, CPU_REQ_FLUSH);
	return must;
}

void hv_inval_log(struct hv_vm *vm, struct hv_inval inval)
{
	struct hv_shootdown_log *log = &vm->shootdown;
	struct hv_vcpu *vcpu;
	u64 tail;

	lock_acquire(&log->lock);
	tail = atomic_load_explicit(&log->tail, memory_order_relaxed);
	atomic_store_explicit(&log->ring[tail % HV_INVAL_LOG].what, pack(inval),
			      memory_order_relaxed);
	atomic_store_explicit(&log->ring[tail % HV_INVAL_LOG].addr, inval.addr,
			      memory_order_relaxed);
	atomic_store(&log->tail, ++tail);
	atomic_thread_fence(memory_order_seq_cst);
	hv_for_each_vcpu(vcpu, vm)
		if (ask(vcpu, inval, tail))
			awaited = tail;
	lock_release(&log->lock);
}

static void drop_everything(struct cpu *cpu)
{
	cpu_flush_all(cpu);
	cpu_flush_all_code(cpu);
}

static void drop(struct cpu *cpu, u64 what, u64 addr)
{
	switch (what & ((1u << KIND_BITS) - 1)) {
	case HV_INVAL_PAGE:
		if (cpu_may_translate(cpu, addr, what >> KIND_BITS))
			cpu_flush_page(cpu, addr, what >> KIND_BITS);
		break;
	case HV_INVAL_ALL:
		cpu_flush_all(cpu);
		break;
	case HV_INVAL_SLOTS:
		drop_everything(cpu);
		break;
	case HV_INVAL_CODE:
		cpu_flush_code(cpu, addr);
		break;
	case HV_INVAL_PROTECT:
		if (cpu_may_write(cpu, addr))
			cpu_protect_page(cpu, addr);
		break;
	case HV_INVAL_WRITES:
		cpu_protect_all(cpu);
		break;
	}
}

/* Writers may overtake: what was read of the ring counts only if it can't have been overwritten
 * meanwhile. */
static void catch_up(struct hv_vcpu *vcpu)
{
	struct hv_shootdown_log *log = &vcpu->vm->shootdown;
	u64 seen = atomic_load_explicit(&vcpu->seen, memory_order_relaxed);
	u64 tail = atomic_load(&log->tail);

	for (; seen != tail && tail - seen < HV_INVAL_LOG; seen++) {
		u64 what = atomic_load_explicit(&log->ring[seen % HV_INVAL_LOG].what,
						memory_order_relaxed);
		u64 addr = atomic_load_explicit(&log->ring[seen % HV_INVAL_LOG].addr,
						memory_order_relaxed);

		atomic_thread_fence(memory_order_acquire);
		if (atomic_load(&log->tail) - seen >= HV_INVAL_LOG)
			break;
		drop(&vcpu->cpu, what, addr);
	}
	if (seen != tail)
		drop_everything(&vcpu->cpu);
	cpu_log_pages(&vcpu->cpu, vcpu->vm->slots->logged);
	atomic_store(&vcpu->seen, tail);
}

/* Between two blocks. */
void hv_catch_up(struct cpu *cpu)
{
	struct hv_vcpu *vcpu = hv_vcpu_of(cpu);

	if (!vcpu->vm->frozen) {
		catch_up(vcpu);
		return;
	}
	hv_guest_leave(vcpu);
	hv_guest_enter(vcpu);
}

#define SPINS_BEFORE_YIELD 200

static bool must_wait_for(struct hv_vcpu *vcpu, u64 tail)
{
	u64 seen = atomic_load(&vcpu->seen);

	return atomic_load(&vcpu->in_guest) && seen < tail && seen < atomic_load(&vcpu->must_reach);
}

static void wait_for(struct hv_vcpu *vcpu, u64 tail)
{
	for (unsigned spins = 0; must_wait_for(vcpu, tail); spins++)
		if (spins >= SPINS_BEFORE_YIELD)
			sched_yield();
		else
			spin_pause();
}

static void wait_for_others(struct hv_vm *vm, struct hv_vcpu *self, u64 tail)
{
	struct hv_vcpu *vcpu;

	hv_for_each_vcpu(vcpu, vm)
		if (vcpu != self)
			wait_for(vcpu, tail);
}

void hv_shootdown_wait(struct hv_vm *vm, struct hv_vcpu *self)
{
	u64 tail = awaited;
	bool in_guest = self && self->in_guest;

	awaited = 0;
	if (!tail) {
		if (self)
			catch_up(self);
		return;
	}
	if (in_guest)
		hv_guest_leave(self);
	wait_for_others(vm, self, tail);
	if (in_guest)
		hv_guest_enter(self);
}

void hv_guests_out(struct hv_vm *vm)
{
	struct hv_vcpu *vcpu;

	hv_inval_log(vm, (struct hv_inval){HV_INVAL_NOTHING, 0, 0});
	awaited = 0; /* all of them, whatever they have seen */
	hv_for_each_vcpu(vcpu, vm)
		while (vcpu->in_guest)
			sched_yield();
}

void hv_hpte_invalidated(void *ctx, u64 index, u64 v, u64 r)
{
	unsigned base_shift, actual_shift;
	struct hpt_va va;

	if (!hpt_page_shifts(v, r, &base_shift, &actual_shift))
		return;
	va = hpt_entry_va(index, v, base_shift);
	hv_inval_log(ctx, (struct hv_inval){HV_INVAL_PAGE, actual_shift,
					    (va.vsid << (va.is_1t ? 40 : 28)) + va.offset});
}

void hv_guest_enter(struct hv_vcpu *vcpu)
{
	struct hv_vm *vm = vcpu->vm;

	own = vcpu;
	atomic_store(&vcpu->in_guest, true);
	while (unlikely(vm->frozen)) {
		atomic_store(&vcpu->in_guest, false);
		lock_acquire(&vm->lock);
		lock_release(&vm->lock);
		atomic_store(&vcpu->in_guest, true);
	}
	vcpu->cpu.hpt = vm->hpt;
	catch_up(vcpu);
}

void hv_guest_leave(struct hv_vcpu *vcpu)
{
	own = NULL;
	atomic_store(&vcpu->in_guest, false);
}
