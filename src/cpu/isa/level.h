/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAPYR_CPU_LEVEL_H
#define PAPYR_CPU_LEVEL_H

/* Architecture levels: what a row of isa.def needs and a model has. */
enum isa_level {
	ISA_201, /* PPC970 */
	ISA_202,
	ISA_203,
	ISA_205,
	ISA_206, /* POWER7 */
	ISA_207, /* POWER8 */
};

#endif
