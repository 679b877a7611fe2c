/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAPYR_CPU_LEVEL_H
#define PAPYR_CPU_LEVEL_H

/*
 * Architecture levels: what a row of isa.def needs and a model has. Those of servers (Book III-S)
 * follow each other, each having what the ones before it have. BookE's processors stand aside: they
 * have what all have (ISA_32), what only they have, and what F_440 and F_E500 mark in other rows.
 * They come first, so that who asks for a level at least gets an old one's behaviour from them.
 */
enum isa_level {
	ISA_BOOKE, /* of rows: all processors of BookE */
	ISA_440,
	ISA_E500,
	ISA_32,	 /* of rows: all processors */
	ISA_201, /* PPC970 */
	ISA_202,
	ISA_203,
	ISA_205,
	ISA_206, /* POWER7 */
	ISA_207, /* POWER8 */
};

#endif
