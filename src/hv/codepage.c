/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include "hv/codepage.h"
#include "hv/memslot.h"
#include "hv/shootdown.h"
#include "hv/vcpu.h"
#include "hv/vm.h"

#define LINE_SHIFT 7 /* 32 lines make a page */

/* A page's word: a bit for each of its lines, and above them */
#define LINES	   0xffffffffull
#define SETTLED	   (1ull << 32) /* of those that are marked: nobody writes them unseen */
#define CLEARING   (1ull << 33) /* how many cleared it and haven't logged that yet: 12 bits */
#define CLEARINGS  (0xfffull << 33)
#define GENERATION (1ull << 45) /* one more each time that the word is cleared */

#define MUCH (64ull << 20) /* bytes: rather than to look at all their marks, code is compared */

struct code_marks {
	u64 pages;
	_Atomic u64 words[];
};

struct code_marks *code_marks_new(u64 size)
{
	u64 pages = (size + HV_PAGE_SIZE - 1) >> HV_PAGE_SHIFT;
	struct code_marks *marks = calloc(1, sizeof(*marks) + pages * sizeof(marks->words[0]));

	if (marks)
		marks->pages = pages;
	return marks;
}

void code_marks_free(struct code_marks *marks)
{
	free(marks);
}

static _Atomic u64 *word_in(struct hv_memslot *slot, u64 gpa)
{
	return &slot->code->words[(gpa - slot->gpa) >> HV_PAGE_SHIFT];
}

/* The word of the page at @gpa, or NULL. */
static _Atomic u64 *page_word(struct cpu *cpu, u64 gpa)
{
	struct hv_memslot *slot = hv_memslot_find(hv_vcpu_of(cpu)->vm, gpa);

	return slot ? word_in(slot, gpa) : NULL;
}

/* Bits of the lines that [gpa, gpa + size) touches; it lies within a page. */
static u64 line_bits(u64 gpa, u64 size)
{
	unsigned first = (gpa & (HV_PAGE_SIZE - 1)) >> LINE_SHIFT;
	unsigned last = ((gpa & (HV_PAGE_SIZE - 1)) + size - 1) >> LINE_SHIFT;

	return (LINES >> (31 - (last - first))) << first;
}

/* Nobody writes the page at @gpa directly any more, or is about to. */
static void protect(struct hv_vcpu *self, u64 gpa)
{
	struct hv_vcpu *vcpu;
	bool any = false;

	hv_for_each_vcpu(vcpu, self->vm)
		any |= cpu_may_write(&vcpu->cpu, gpa);
	if (any)
		hv_shootdown(self->vm, self, (struct hv_inval){HV_INVAL_PROTECT, 0, gpa});
}

/* Marks lines; the new word. */
static u64 mark(_Atomic u64 *word, u64 bits)
{
	u64 was = atomic_load(word), now;

	do
		now = (was & bits) == bits ? was : (was | bits) & ~SETTLED;
	while (!atomic_compare_exchange_weak(word, &was, now));
	return now;
}

/*
 * After protect(), for a word that was @marked. False: it was cleared meanwhile. Who marked another
 * line meanwhile says it of both.
 */
static bool say_settled(_Atomic u64 *word, u64 marked)
{
	u64 now = atomic_load(word);

	while (!((now ^ marked) & ~(SETTLED | CLEARINGS)))
		if (atomic_compare_exchange_weak(word, &now, now | SETTLED))
			return true;
	return now / GENERATION == marked / GENERATION;
}

bool hv_code_read(struct cpu *cpu, u64 gpa, unsigned size)
{
	_Atomic u64 *word = page_word(cpu, gpa);
	u64 marked;

	if (!word)
		return true;
	marked = mark(word, line_bits(gpa, size));
	if (marked & SETTLED)
		return true;
	protect(hv_vcpu_of(cpu), gpa);
	/* Slots may be others now; the translation is no longer good then, and the caller looks. */
	word = page_word(cpu, gpa);
	return word && say_settled(word, marked);
}

/* Lines of the page at @gpa were changed, or are about to be. False: nobody decoded them. */
static bool changed(struct hv_vm *vm, _Atomic u64 *word, u64 gpa, u64 bits)
{
	u64 now = atomic_load(word), cleared;

	do {
		if (!(now & (bits | CLEARINGS)))
			return false;
		cleared = (now & ~(LINES | SETTLED)) + CLEARING + GENERATION;
	} while (!atomic_compare_exchange_weak(word, &now, cleared));
	/*
	 * Nobody is waited for: instructions that another vcpu is to see need its context
	 * synchronization anyway, which comes after its next block boundary.
	 */
	hv_inval_log(vm, (struct hv_inval){HV_INVAL_CODE, 0, gpa});
	atomic_fetch_sub(word, CLEARING);
	return true;
}

void hv_code_write(struct cpu *cpu, u64 gpa, unsigned size)
{
	struct hv_vcpu *vcpu = hv_vcpu_of(cpu);
	_Atomic u64 *word = page_word(cpu, gpa);

	cpu_touch_writable(cpu, gpa);
	if (word && changed(vcpu->vm, word, gpa, line_bits(gpa, size)))
		cpu_flush_code(cpu, gpa);
}

bool hv_is_code(struct cpu *cpu, u64 gpa, u64 bytes)
{
	_Atomic u64 *word = page_word(cpu, gpa);

	for (u64 i = 0; word && i < bytes >> HV_PAGE_SHIFT; i++)
		if (atomic_load(&word[i]) & (LINES | CLEARINGS))
			return true;
	return false;
}

void hv_code_recheck(struct hv_vm *vm)
{
	struct hv_vcpu *vcpu;

	hv_for_each_vcpu(vcpu, vm)
		cpu_request(&vcpu->cpu, CPU_REQ_RECHECK);
}

bool hv_is_told(struct cpu *cpu)
{
	return hv_vcpu_of(cpu)->vm->client_tells;
}

void hv_client_wrote(struct hv_vm *vm)
{
	if (!vm->client_tells)
		hv_code_recheck(vm);
}

void hv_client_tells(struct hv_vm *vm, bool tells)
{
	vm->client_tells = tells;
	/* What it wrote before. */
	hv_code_recheck(vm);
}

/* A part of @slot. */
static void told_in_slot(struct hv_vm *vm, struct hv_memslot *slot, u64 gpa, u64 bytes)
{
	while (bytes) {
		u64 piece = HV_PAGE_SIZE - gpa % HV_PAGE_SIZE;

		if (piece > bytes)
			piece = bytes;
		changed(vm, word_in(slot, gpa), gpa, line_bits(gpa, piece));
		gpa += piece;
		bytes -= piece;
	}
}

void hv_told_written(struct hv_vm *vm, u64 gpa, u64 bytes)
{
	/* What was written is there before the marks are looked at. */
	atomic_thread_fence(memory_order_seq_cst);
	if (bytes >= MUCH) {
		hv_code_recheck(vm);
		return;
	}
	hv_slots_hold(vm);
	while (bytes) {
		struct hv_memslot *slot = hv_memslot_find(vm, gpa);
		u64 piece = slot ? slot->size - (gpa - slot->gpa)
				 : HV_PAGE_SIZE - gpa % HV_PAGE_SIZE;

		if (piece > bytes)
			piece = bytes;
		if (slot)
			told_in_slot(vm, slot, gpa, piece);
		gpa += piece;
		bytes -= piece;
	}
	hv_slots_release(vm);
}

void hv_code_wrote(struct hv_vcpu *vcpu, u64 gpa, u64 bytes)
{
	hv_told_written(vcpu->vm, gpa, bytes);
	for (u64 page = gpa & ~(HV_PAGE_SIZE - 1); page < gpa + bytes; page += HV_PAGE_SIZE)
		cpu_flush_code(&vcpu->cpu, page);
}
