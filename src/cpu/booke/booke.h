/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registers that Book E processors have of their own: part of struct cpu, all zeroes on others.
 */
#ifndef PAPYR_CPU_BOOKE_BOOKE_H
#define PAPYR_CPU_BOOKE_BOOKE_H

#include "cpu/booke/timers.h"
#include "cpu/booke/tlb.h"

/* Registers are of 32 bits, kept as struct cpu keeps its own. */
struct booke {
	struct booke_tlb *tlb; /* NULL: no Book E processor */
	struct booke_timers timers;
	u64 atb_ahead; /* e500: of the timebase, the alternate one, which mttb leaves alone */
	u64 csrr0, csrr1, mcsrr0, mcsrr1, mcsr, mcar, esr, dear;
	u64 ivpr, ivor[64];
	u64 sprg[8], usprg0;
	u64 pid[3]; /* a 440 has the first */
	u64 mmucr;  /* 440 */
	u64 mas[8]; /* e500; [5] isn't there, [7] has the upper bits of real addresses */
	u64 dbcr[3], dbsr, iac[4], dac[2], dvc[2];
	u64 svr, hid[2], l1csr[2], bucsr, spefscr; /* e500 */
	u64 ccr[2], dbdr, rstcfg;		   /* 440 */
	u64 inv[4], itv[4], dnv[4], dtv[4], ivlim, dvlim; /* the same: its caches */
};

#endif
