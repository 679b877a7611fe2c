/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Special purpose registers, for those who carry out what moves them: instructions (insn/spr.c) and
 * translations.
 */
#ifndef PAPYR_CPU_SPR_H
#define PAPYR_CPU_SPR_H

#include "cpu/cpu.h"

#define SPR_XER	 1
#define SPR_CFAR 28

enum spr_access { N, R_, RW };

/* A row of spr.def or booke/spr.def. */
struct spr {
	u8 user, supervisor; /* enum spr_access */
	u8 level;
	u8 width; /* bits; 0: through the functions */
	u16 offset;
	u64 (*get)(struct cpu *cpu);
	void (*set)(struct cpu *cpu, u64 value);
};

#define SPR_NUMBERS 1024u
extern const struct spr book3s_sprs[SPR_NUMBERS], booke_sprs[SPR_NUMBERS];

static inline const struct spr *spr_row(enum isa_level level, unsigned n)
{
	return level < ISA_32 ? &booke_sprs[n] : &book3s_sprs[n];
}

/* Has a processor of @level the register of this row? */
static inline bool spr_of_level(const struct spr *s, enum isa_level level)
{
	return level < ISA_32 ? s->level == ISA_BOOKE || s->level == level : s->level <= level;
}

/*
 * Sets the program priority (PPR), if the processor's state allows it: to 2 to 4 in problem state,
 * 1 to 6 in any other. Else nothing changes.
 */
void spr_set_priority(struct cpu *cpu, unsigned priority);

/*
 * Where 64 bits in struct cpu are all there is to SPR @n, and no access by problem state (@user) or
 * a supervisor is refused, on a processor of @level: their offset. Else 0, and mfspr or mtspr
 * (@writes) is what its function does.
 */
unsigned spr_offset(unsigned n, enum isa_level level, bool user, bool writes);

#endif
