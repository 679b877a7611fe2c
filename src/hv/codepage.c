/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include "hv/codepage.h"
#include "hv/memslot.h"
#include "hv/shootdown.h"
#include "hv/vcpu.h"
#include "hv/vm.h"

#define LINE_SHIFT 6 /* 64 lines make a page */

struct code_marks {
	u64 pages;
	_Atomic u64 lines[];
};

struct code_marks *code_marks_new(u64 size)
{
	u64 pages = (size + HV_PAGE_SIZE - 1) >> HV_PAGE_SHIFT;
	struct code_marks *marks = calloc(1, sizeof(*marks) + pages * sizeof(marks->lines[0]));

	if (marks)
		marks->pages = pages;
	return marks;
}

void code_marks_free(struct code_marks *marks)
{
	free(marks);
}

/* The word of the page at @gpa, or NULL. */
static _Atomic u64 *page_word(struct cpu *cpu, u64 gpa)
{
	struct hv_memslot *slot = hv_memslot_find(hv_vcpu_of(cpu)->vm, gpa);

	return slot ? &slot->code->lines[(gpa - slot->gpa) >> HV_PAGE_SHIFT] : NULL;
}

/* Bits of the lines that [gpa, gpa + size) touches; it lies within a page. */
static u64 line_bits(u64 gpa, unsigned size)
{
	unsigned first = (gpa & (HV_PAGE_SIZE - 1)) >> LINE_SHIFT;
	unsigned last = ((gpa & (HV_PAGE_SIZE - 1)) + size - 1) >> LINE_SHIFT;

	return (~0ull >> (63 - (last - first))) << first;
}

void hv_code_read(struct cpu *cpu, u64 gpa, unsigned size)
{
	struct hv_vcpu *vcpu = hv_vcpu_of(cpu);
	_Atomic u64 *word = page_word(cpu, gpa);

	if (word && !atomic_fetch_or(word, line_bits(gpa, size)))
		hv_shootdown(vcpu->vm, vcpu, (struct hv_inval){HV_INVAL_PROTECT, 0, gpa});
}

void hv_code_write(struct cpu *cpu, u64 gpa, unsigned size)
{
	struct hv_vcpu *vcpu = hv_vcpu_of(cpu);
	_Atomic u64 *word = page_word(cpu, gpa);

	cpu_touch_writable(cpu, gpa);
	if (!word || !(atomic_load(word) & line_bits(gpa, size)))
		return;
	/*
	 * Nobody is waited for: instructions that another vcpu is to see need its context
	 * synchronization anyway, which comes after its next block boundary.
	 */
	atomic_store(word, 0);
	hv_inval_log(vcpu->vm, (struct hv_inval){HV_INVAL_CODE, 0, gpa});
	cpu_flush_code(cpu, gpa);
}

bool hv_is_code_page(struct cpu *cpu, u64 gpa)
{
	_Atomic u64 *word = page_word(cpu, gpa);

	return word && atomic_load(word);
}

void hv_client_wrote(struct hv_vm *vm)
{
	struct hv_vcpu *vcpu;

	hv_for_each_vcpu(vcpu, vm)
		cpu_request(&vcpu->cpu, CPU_REQ_RECHECK);
}
