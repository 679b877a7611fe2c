/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instruction caches of the software processor are coherent, as on hardware: a store to
 * instructions that some vcpu has decoded must make it decode them anew. Each slot keeps one word
 * for every page, with a bit for each line, 128 bytes, that somebody decoded.
 *
 * A page with such bits is not written directly: stores take the slow way and come to
 * hv_code_write(). Who decodes lines that aren't marked, or for which another's waiting isn't over
 * yet (the word isn't settled), waits for who may be about to store there.
 *
 *	who decodes                            who stores: another vcpu
 *	marks the lines: not settled, if       says that it may write the page
 *	one of them is new                     (cpu_touch_writable())
 *	unless settled: waits until those      is the line marked? clears the word, which has
 *	that may write the page came to a      another generation then, and logs that the
 *	block boundary, and write it the       page's blocks go
 *	slow way from there on                 stores
 *	cleared since the marking? begins
 *	again; no other line marked since?     who writes: the client
 *	settled                                writes
 *	reads memory, decodes                  tells; is the line marked? clears, logs, as
 *	works through the log at its next      a vcpu does before its store
 *	block boundary
 *
 * The marking is before the reading, a client's write before its look for a mark, and both are in
 * one total order: either the new memory is read, or the mark is found. A vcpu's look is before its
 * store: hence the waiting. A clearing that comes after the last look at the generation is worked
 * through when the block is there. Between clearing and logging the word says so, and whoever finds
 * it thus clears and logs too: that the line isn't marked any more doesn't mean yet that every vcpu
 * was told. tests/model/codepage.pml has all this.
 */
#ifndef PAPYR_HV_CODEPAGE_H
#define PAPYR_HV_CODEPAGE_H

#include "cpu/cpu.h"

struct hv_vcpu;
struct hv_vm;

/* Marks for @size bytes of memory; NULL: no memory. */
struct code_marks *code_marks_new(u64 size);
void code_marks_free(struct code_marks *marks);

/*
 * What clients write is not caught. Where they promised to tell of it (PAPYR_CAP_TELLS_WRITES),
 * they do, by hv_told_written(). Else it is looked for where they hand over: when a vcpu enters
 * KVM_RUN, when a page is mapped anew, and here, when they raise an interrupt (which tells the
 * guest that something is in its memory): every vcpu compares what it decoded before it uses that
 * again. Any thread.
 */
void hv_client_wrote(struct hv_vm *vm);
void hv_client_tells(struct hv_vm *vm, bool tells);
/* The client wrote there; what of it is no memory doesn't matter. Any thread. */
void hv_told_written(struct hv_vm *vm, u64 gpa, u64 bytes);
/* The hypervisor wrote there on behalf of @vcpu, whose thread calls, in the guest. */
void hv_code_wrote(struct hv_vcpu *vcpu, u64 gpa, u64 bytes);
/* Every vcpu compares, whatever the client promised. Any thread. */
void hv_code_recheck(struct hv_vm *vm);

/* Callbacks of struct cpu_host. */
bool hv_code_read(struct cpu *cpu, u64 gpa, unsigned size);
void hv_code_write(struct cpu *cpu, u64 gpa, unsigned size);
/* The pages of @bytes are of one slot, or it is one page. */
bool hv_is_code(struct cpu *cpu, u64 gpa, u64 bytes);
bool hv_is_told(struct cpu *cpu);

#endif
