/* SPDX-License-Identifier: Apache-2.0 */
/* What translations know of special purpose registers. */
#ifndef PAPYR_CPU_SPR_H
#define PAPYR_CPU_SPR_H

#include "cpu/cpu.h"

#define SPR_XER	 1
#define SPR_CFAR 28

/*
 * Where 64 bits in struct cpu are all there is to SPR @n, and no access by problem state (@user) or
 * a supervisor is refused, on a processor of @level: their offset. Else 0, and mfspr or mtspr
 * (@writes) is what its function does.
 */
unsigned spr_offset(unsigned n, enum isa_level level, bool user, bool writes);

#endif
