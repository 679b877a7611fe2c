/* SPDX-License-Identifier: Apache-2.0 */
/* Hypercalls, and the fields of a hash table entry, for the conformance programs. */
#ifndef TESTS_KVM_PAPR_H
#define TESTS_KVM_PAPR_H

#include <papyr/papr.h>

/* First doubleword of an entry: B 63:62, AVPN 61:7, then */
#define V_1TB	    (1ull << 62)
#define V_BOLTED    0x10ull
#define V_LARGE	    0x04ull
#define V_SECONDARY 0x02ull
#define V_VALID	    0x01ull

/* Second doubleword */
#define R_PP0	  (1ull << 63)
#define R_TS	  (1ull << 62)
#define R_KEY_HI  0x3000000000000000ull
#define R_REF	  0x100ull
#define R_CHANGED 0x080ull
#define R_W	  0x040ull
#define R_I	  0x020ull
#define R_M	  0x010ull
#define R_G	  0x008ull
#define R_N	  0x004ull
#define R_PP	  0x003ull
#define R_KEY_LO  0xe00ull
#define R_64K	  0x1000ull /* page number's low bits: 64K page in a 64K segment */

/*
 * The real-mode area: virtual segment 0x1ffffff of 1 TB, of pages of 64K where the host allows it.
 * Its entries stand in the last groups of a table, the programs use the first ones.
 */
#define VRMA_VSID 0x1ffffffull

/* First doubleword for page @ea of 256M segment @vsid: AVPN holds the address above 8M. */
#define AVPN_256M(vsid, ea) (((vsid) << 12) | (((ea) >> 16) & 0xf80))

#endif
