/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions and special register numbers for the tests of BookE processors. */
#ifndef PAPYR_TESTS_BOOKE_INSNS_H
#define PAPYR_TESTS_BOOKE_INSNS_H

#include "base/bits.h"

#define D_FORM(op, t, a, d) ((u32)(op) << 26 | (u32)(t) << 21 | (u32)(a) << 16 | ((u32)(d)&0xffff))
#define X_FORM(t, a, b, xo)                                                                        \
	(31u << 26 | (u32)(t) << 21 | (u32)(a) << 16 | (u32)(b) << 11 | (xo) << 1)
#define SPR_FORM(t, n, xo)                                                                         \
	(31u << 26 | (u32)(t) << 21 | ((n)&31u) << 16 | ((n) >> 5) << 11 | (xo) << 1)
#define LI(t, v)	  D_FORM(14, t, 0, v)
#define ADDI(t, a, v)	  D_FORM(14, t, a, v)
#define LIS(t, v)	  D_FORM(15, t, 0, v)
#define ORI(a, s, v)	  D_FORM(24, s, a, v)
#define LWZ(t, d, a)	  D_FORM(32, t, a, d)
#define STW(t, d, a)	  D_FORM(36, t, a, d)
#define AND(a, s, b)	  X_FORM(s, a, b, 28u)
#define CMPLW(a, b)	  X_FORM(0, a, b, 32u)
#define CMPWI(a, v)	  D_FORM(11, 0, a, v)
#define ANDI_RC(a, s, v)  D_FORM(28, s, a, v)
#define BEQ(words)	  (0x41820000u | (((words)*4) & 0xfffc))
#define BNE(words)	  (0x40820000u | (((words)*4) & 0xfffc))
#define B(words)	  (0x48000000u | (((words)*4) & 0x03fffffc))
#define BLR		  0x4e800020u
#define BCTRL		  0x4e800421u
#define MTCTR(s)	  SPR_FORM(s, 9u, 467u)
#define MFSPR(t, n)	  SPR_FORM(t, n, 339u)
#define MTSPR(n, s)	  SPR_FORM(s, n, 467u)
#define MTMSR(s)	  X_FORM(s, 0, 0, 146u)
#define RFI		  0x4c000064u
#define RFCI		  0x4c000066u
#define SC		  0x44000002u
#define ISYNC		  0x4c00012cu
#define TLBWE440(s, a, w) X_FORM(s, a, w, 978u)
#define TLBWE		  X_FORM(0, 0, 0, 978u)

#define PID		  48u
#define SRR0		  26u
#define SRR1		  27u
#define DEAR		  61u
#define MMUCR		  946u
#define MMUCSR0		  1012u
#define MAS(n)		  (624u + (n))
#define MAS7		  944u
#define LHZ(t, d, a)	  D_FORM(40, t, a, d)
#define LMW(t, d, a)	  D_FORM(46, t, a, d)
#define LWARX(t, a, b)	  X_FORM(t, a, b, 20u)
#define TLBRE440(t, a, w) X_FORM(t, a, w, 946u)
#define TLBSX_RC(t, a, b) (X_FORM(t, a, b, 914u) | 1)
#define TLBRE		  X_FORM(0, 0, 0, 946u)
#define TLBIVAX(a, b)	  X_FORM(0, a, b, 786u)
#define WRTEEI(e)	  (X_FORM(0, 0, 0, 163u) | (e) << 15)
#define DCBI(a, b)	  X_FORM(0, a, b, 470u)
#define DCBTLS(a, b)	  X_FORM(0, a, b, 166u)
#define ICBTLS(a, b)	  X_FORM(0, a, b, 486u)
#define TRAP		  0x7fe00008u
#define ILLEGAL		  0x00000000u

#endif
