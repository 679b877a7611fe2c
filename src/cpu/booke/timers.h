/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The timers of a Book E processor: the decrementer, the fixed-interval timer and the watchdog, and
 * TCR and TSR, by which they are controlled and tell of themselves.
 *
 * Nothing ticks here: what has happened since one last looked is worked out from the timebase,
 * which the caller passes as @now. It never goes back but by booke_timers_moved().
 */
#ifndef PAPYR_CPU_BOOKE_TIMERS_H
#define PAPYR_CPU_BOOKE_TIMERS_H

#include <stdbool.h>

#include "base/bits.h"

#define TCR_WP	  0xc0000000u /* watchdog's period */
#define TCR_WRC	  0x30000000u /* what its last timeout resets; once set it stays */
#define TCR_WIE	  0x08000000u
#define TCR_DIE	  0x04000000u
#define TCR_FP	  0x03000000u /* the fixed-interval timer's period */
#define TCR_FIE	  0x00800000u
#define TCR_ARE	  0x00400000u /* at zero the decrementer goes on with DECAR */
#define TCR_WPEXT 0x001e0000u /* e500: the upper bits of WP and FP */
#define TCR_FPEXT 0x0001e000u

#define TSR_ENW 0x80000000u /* the watchdog's first timeout was */
#define TSR_WIS 0x40000000u
#define TSR_WRS 0x30000000u /* the watchdog did what WRC said */
#define TSR_DIS 0x08000000u
#define TSR_FIS 0x04000000u

struct booke_timers {
	u32 tcr, tsr, decar;
	bool extended; /* FPEXT and WPEXT choose among all bits of the timebase: e500 */
	bool counts;   /* the decrementer isn't 0 */
	u64 zero;      /* timebase at which it gets there */
	u64 looked;    /* timebase up to which TSR is right */
	u64 next;      /* nothing happens before this timebase that anybody waits for */
};

/* What waits for MSR[EE] or MSR[CE], by booke_timers_look(). */
#define BOOKE_TIMER_DEC	     0x1u
#define BOOKE_TIMER_FIT	     0x2u
#define BOOKE_TIMER_WATCHDOG 0x4u
#define BOOKE_TIMER_RESET    0x8u /* the watchdog wants a reset: TSR[WRS] says which */

/* As after reset: the decrementer stands at 0. */
void booke_timers_reset(struct booke_timers *t, bool extended, u64 now);

/* Brings TSR up to @now; BOOKE_TIMER_* that are there. */
u32 booke_timers_look(struct booke_timers *t, u64 now);

u32 booke_get_dec(struct booke_timers *t, u64 now);
u32 booke_get_tsr(struct booke_timers *t, u64 now);
/* 0 stops it, without an exception. */
void booke_set_dec(struct booke_timers *t, u32 dec, u64 now);
void booke_set_decar(struct booke_timers *t, u32 decar, u64 now);
/* As a supervisor writes them: WRC can't be taken back, ones clear TSR. */
void booke_write_tcr(struct booke_timers *t, u32 tcr, u64 now);
void booke_write_tsr(struct booke_timers *t, u32 ones, u64 now);
/* As they shall be. */
void booke_set_tcr(struct booke_timers *t, u32 tcr, u64 now);
void booke_set_tsr(struct booke_timers *t, u32 tsr, u64 now);
/* The timebase, which was @old, is now @now: it was written. */
void booke_timers_moved(struct booke_timers *t, u64 old, u64 now);

#endif
