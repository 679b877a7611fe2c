/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The jump cache: where the decoded code at an effective address is. Like the other caches by
 * effective address it goes when translations change; what an entry leads to is not looked at here.
 */
#ifndef PAPYR_CPU_JUMPS_H
#define PAPYR_CPU_JUMPS_H

#include "cpu/cpu.h"

#define JUMP_UNIT_BITS 4096u

struct jumps {
	/* What keys are made of, a supervisor's and in problem state: segments differ. */
	u64 gen, user_gen;
	bool supervisor_low; /* entries of the supervisor's, translated, lie below the middle */
	u64 units[JUMP_UNIT_BITS / 64]; /* of 64 KiB, effective, that entries are of, hashed */
	u64 unit_words;			/* which of those words aren't 0 */
};

static inline struct jump *jump_slot(struct cpu *cpu, u64 ea)
{
	return &cpu->jump[ea >> 2 & (JUMP_ENTRIES - 1)];
}

/* The entry that says where @ea leads in the present mode; NULL: there is none. */
static inline struct jump *jump_find(struct cpu *cpu, u64 ea)
{
	struct jump *j = jump_slot(cpu, ea);

	return likely(j->ea == ea) && likely(j->key == cpu->jump_key) ? j : NULL;
}

/* cpu->mode changed. */
void jumps_select(struct cpu *cpu);
/* Keeps that @ea leads to @ops, and translations to @code, in the present mode. */
void jumps_add(struct cpu *cpu, u64 ea, const struct op *ops, const u8 *code);
/* Forgets all: effective addresses may mean something else now. */
void jumps_forget(struct cpu *cpu);
/* The same of translated addresses below the middle of all, a program's. */
void jumps_forget_low(struct cpu *cpu);
/*
 * The translation of the page at @ea, a power of two of bytes, goes, and no jump to it may be kept;
 * @real: that of real mode.
 */
void jumps_forget_range(struct cpu *cpu, u64 ea, u64 bytes, bool real);
/* Forgets all, and where it led: the memory there is used anew. */
void jumps_erase(struct cpu *cpu);
/* Those to ops in the @bytes at @at go. */
void jumps_forget_ops(struct cpu *cpu, const void *at, u64 bytes);

#endif
