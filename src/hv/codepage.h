/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instruction caches of the software processor are coherent, as on hardware: a store to a page whose instructions some vcpu has
 * decoded must make it decode them anew. Each slot keeps a mark for every page that holds decoded code.
 */
#ifndef PAPYR_HV_CODEPAGE_H
#define PAPYR_HV_CODEPAGE_H

#include "hv/hv.h"

struct code_marks *code_marks_new(u64 size);
void code_marks_free(struct code_marks *marks);

/* The callbacks of struct cpu_host. */
bool hv_code_page(struct cpu *cpu, u64 gpa);
void hv_code_write(struct cpu *cpu, u64 gpa, unsigned size);
bool hv_is_code_page(struct cpu *cpu, u64 gpa);

#endif
