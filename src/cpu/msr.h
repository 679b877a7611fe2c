/* SPDX-License-Identifier: Apache-2.0 */
/* Machine state register, interrupt vectors and the bits that interrupts leave in SRR1 and DSISR
 * (Power ISA, Book III-S). */
#ifndef PAPYR_CPU_MSR_H
#define PAPYR_CPU_MSR_H

#define MSR_SF	(1ull << 63)
#define MSR_TA	(1ull << 62)
#define MSR_HV	(1ull << 60)
#define MSR_TS	(3ull << 33)
#define MSR_TM	(1ull << 32)
#define MSR_VEC (1ull << 25)
#define MSR_VSX (1ull << 23)
#define MSR_EE	(1ull << 15)
#define MSR_PR	(1ull << 14)
#define MSR_FP	(1ull << 13)
#define MSR_ME	(1ull << 12)
#define MSR_FE0 (1ull << 11)
#define MSR_SE	(1ull << 10)
#define MSR_BE	(1ull << 9)
#define MSR_FE1 (1ull << 8)
#define MSR_IR	(1ull << 5)
#define MSR_DR	(1ull << 4)
#define MSR_PMM (1ull << 2)
#define MSR_RI	(1ull << 1)
#define MSR_LE	(1ull << 0)

/* BookE's MSR has other bits, some in the same places. */
#define MSR_UCLE (1ull << 26)
#define MSR_SPE	 (1ull << 25)
#define MSR_WE	 (1ull << 18)
#define MSR_CE	 (1ull << 17)
#define MSR_DWE	 (1ull << 10)
#define MSR_DE	 (1ull << 9)
#define MSR_IS	 (1ull << 5)
#define MSR_DS	 (1ull << 4)

/* ESR of BookE: why. */
#define ESR_PIL 0x08000000u
#define ESR_PPR 0x04000000u
#define ESR_PTR 0x02000000u
#define ESR_FP	0x01000000u
#define ESR_ST	0x00800000u
#define ESR_DLK 0x00200000u
#define ESR_ILK 0x00100000u
#define ESR_BO	0x00020000u

/*
 * Interrupt vectors: VECTOR(offset, name). BookE's interrupts go where IVPR and IVORs say; those
 * that servers have too have their numbers here, the others some that are free.
 */
/* clang-format off */
#define CPU_VECTORS(VECTOR)                                                           \
	VECTOR(0x100, RESET)                                                           \
	VECTOR(0x200, MACHINE_CHECK)                                                   \
	VECTOR(0x300, DSI)                                                             \
	VECTOR(0x380, DSEGI)                                                           \
	VECTOR(0x400, ISI)                                                             \
	VECTOR(0x480, ISEGI)                                                           \
	VECTOR(0x500, EXTERNAL)                                                        \
	VECTOR(0x600, ALIGNMENT)                                                       \
	VECTOR(0x700, PROGRAM)                                                         \
	VECTOR(0x800, FP_UNAVAILABLE)                                                  \
	VECTOR(0x900, DECREMENTER)                                                     \
	VECTOR(0x980, HDECREMENTER)                                                    \
	VECTOR(0xa00, DOORBELL)                                                        \
	VECTOR(0xc00, SYSCALL)                                                         \
	VECTOR(0xd00, TRACE)                                                           \
	VECTOR(0xe00, HDSI)                                                            \
	VECTOR(0xe40, HEMU)                                                            \
	VECTOR(0xf00, PERFMON)                                                         \
	VECTOR(0xf20, VMX_UNAVAILABLE)                                                 \
	VECTOR(0xf40, VSX_UNAVAILABLE)                                                 \
	VECTOR(0xf60, FACILITY_UNAVAILABLE)                                            \
	VECTOR(0x1010, FIT)                                                            \
	VECTOR(0x1020, WATCHDOG)                                                       \
	VECTOR(0x1030, CRITICAL)                                                       \
	VECTOR(0x1040, DEBUG)                                                          \
	VECTOR(0x1100, DTLB)                                                           \
	VECTOR(0x1200, ITLB)                                                           \
	VECTOR(0x1500, DENORM)                                                         \
	VECTOR(0x1700, VMX_ASSIST)
/* clang-format on */

#define CPU_VECTOR_ENUM(offset, name) VEC_##name = offset,
enum cpu_vector { CPU_VECTORS(CPU_VECTOR_ENUM) };
#undef CPU_VECTOR_ENUM

/* SRR1 of a program interrupt: why. */
#define SRR1_PROG_FP	  (1ull << 20)
#define SRR1_PROG_ILLEGAL (1ull << 19)
#define SRR1_PROG_PRIV	  (1ull << 18)
#define SRR1_PROG_TRAP	  (1ull << 17)
#define SRR1_PROG_NEXT	  (1ull << 16) /* SRR0 is not the instruction that caused it */

/* DSISR of a data storage interrupt (the same positions in SRR1 of an instruction storage
 * interrupt). */
#define DSISR_NOHPTE  0x40000000ull /* no entry translates the address */
#define SRR1_NOEXEC   0x10000000ull /* SRR1 only: no-execute or guarded */
#define DSISR_PROT    0x08000000ull /* protection */
#define DSISR_BADATTR 0x04000000ull /* lwarx and friends on storage that can't */
#define DSISR_STORE   0x02000000ull /* a store */
#define DSISR_DABR    0x00400000ull /* data address watchpoint */
#define DSISR_KEY     0x00200000ull /* virtual page class key */

/* A machine check: in SRR1 what it came of, and in DSISR more of a load's or store's (POWER8). */
#define SRR1_MC_LOAD_STORE 0x200000ull
#define SRR1_MC_FETCH_UE   0x040000ull /* instructions from broken memory */
#define DSISR_MC_UE	   0x8000ull   /* data from, or to it */

#define LPCR_VPM0	  (1ull << 63)
#define LPCR_VPM1	  (1ull << 62)
#define LPCR_ISL	  (1ull << 61)
#define LPCR_DPFD	  (7ull << 52)
#define LPCR_VRMASD	  (0x1full << 47)
#define LPCR_VRMA_L	  (1ull << 51)
#define LPCR_VRMA_LP1	  (1ull << 48)
#define LPCR_VRMA_LP0	  (1ull << 47)
#define LPCR_VRMASD_SHIFT 47
#define LPCR_RMLS	  (15ull << 26)
#define LPCR_RMLS_SHIFT	  26
#define LPCR_ILE	  (1ull << 25)
#define LPCR_AIL	  (3ull << 23)
#define LPCR_AIL_0	  (1ull << 23)
#define LPCR_AIL_3	  (3ull << 23)
#define LPCR_ONL	  (1ull << 18)
#define LPCR_PECE	  (7ull << 12)
#define LPCR_PECE0	  (1ull << 14)
#define LPCR_PECE1	  (1ull << 13)
#define LPCR_MER	  (1ull << 11)
#define LPCR_TC		  (1ull << 9)
#define LPCR_LPES	  (3ull << 2)
#define LPCR_LPES0	  (1ull << 3)
#define LPCR_LPES1	  (1ull << 2)
#define LPCR_HDICE	  (1ull << 0)

/* Data address breakpoints: DAWRX (a range of doublewords), DABR and DABRX (one doubleword). */
#define DAWRX_MRD    0xfc00ull
#define DAWRX_DW     0x40ull
#define DAWRX_DR     0x20ull
#define DAWRX_WT     0x10ull
#define DAWRX_WTI    0x08ull
#define DABR_BT	    0x4ull
#define DABR_DW	    0x2ull
#define DABR_DR	    0x1ull
#define DABRX_BTI    0x8ull
#define BREAK_HYPER  0x4ull /* of DAWRX and DABRX: in which states */
#define BREAK_KERNEL 0x2ull
#define BREAK_USER   0x1ull

/* CIABR: in which state; the address is above. */
#define CIABR_PRIV	 3ull
#define CIABR_PRIV_HYPER 3ull

#endif
