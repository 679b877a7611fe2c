/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instruction caches of the software processor are coherent, as on hardware: a store to
 * instructions that some vcpu has decoded must make it decode them anew. Each slot keeps one word
 * for every page, with a bit for each 64 bytes that somebody decoded.
 *
 * A page with such bits is not written directly: stores take the slow way and come to
 * hv_code_write(). The first bit of a page is set before the page is decoded, and a shoot-down
 * takes away every vcpu's right to write it directly.
 */
#ifndef PAPYR_HV_CODEPAGE_H
#define PAPYR_HV_CODEPAGE_H

#include "cpu/cpu.h"

struct hv_vm;

/* Marks for @size bytes of memory; NULL: no memory. */
struct code_marks *code_marks_new(u64 size);
void code_marks_free(struct code_marks *marks);

/*
 * What clients write is not caught. It is looked for where they hand over: when a vcpu enters
 * KVM_RUN, when a page is mapped anew, and here, when they raise an interrupt (which tells the
 * guest that something is in its memory): every vcpu compares what it decoded before it uses that
 * again. Any thread.
 */
void hv_client_wrote(struct hv_vm *vm);

/* Callbacks of struct cpu_host. */
void hv_code_read(struct cpu *cpu, u64 gpa, unsigned size);
void hv_code_write(struct cpu *cpu, u64 gpa, unsigned size);
bool hv_is_code_page(struct cpu *cpu, u64 gpa);

#endif
