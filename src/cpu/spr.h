/* SPDX-License-Identifier: Apache-2.0 */
/* What translations know of special purpose registers. */
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
extern const struct spr booke_sprs[SPR_NUMBERS];

/*
 * Where 64 bits in struct cpu are all there is to SPR @n, and no access by problem state (@user) or
 * a supervisor is refused, on a processor of @level: their offset. Else 0, and mfspr or mtspr
 * (@writes) is what its function does.
 */
unsigned spr_offset(unsigned n, enum isa_level level, bool user, bool writes);

#endif
