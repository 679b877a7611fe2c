/* SPDX-License-Identifier: Apache-2.0 */
/* The timers of a Book E processor (Book E: Enhanced PowerPC Architecture, chapter 8). */
#include "cpu/booke/timers.h"

#define NEVER (~0ull)

/*
 * The bit of the timebase, numbered from its lowest, whose change from 0 to 1 is a timeout. Four
 * periods of a 440; on the e500, FPEXT or WPEXT before FP or WP number all bits from the highest.
 */
static unsigned timeout_bit(const struct booke_timers *t, u32 period, u32 ext, unsigned least)
{
	if (t->extended)
		return 63 - (ext << 2 | period);
	return least + 4 * period;
}

#define FIT_LEAST_440	   12
#define WATCHDOG_LEAST_440 20

static unsigned fit_bit(const struct booke_timers *t)
{
	return timeout_bit(t, (t->tcr & TCR_FP) >> 24, (t->tcr & TCR_FPEXT) >> 13, FIT_LEAST_440);
}

static unsigned watchdog_bit(const struct booke_timers *t)
{
	return timeout_bit(t, (t->tcr & TCR_WP) >> 30, (t->tcr & TCR_WPEXT) >> 17,
			   WATCHDOG_LEAST_440);
}

/* How often timebase bit @bit has become 1 from 0 to @now, modulo 2^(63 - @bit). */
static u64 rises(u64 now, unsigned bit)
{
	u64 half = 1ull << bit;

	/* Of the highest bit there is one period only. */
	return bit == 63 ? now >> 63 : (now + half) >> (bit + 1);
}

/* The first timebase after @now at which bit @bit becomes 1. */
static u64 next_rise(u64 now, unsigned bit)
{
	u64 half = 1ull << bit;

	if (bit == 63)
		return now < half ? half : NEVER;
	return (((now + half) >> (bit + 1)) << (bit + 1)) + half;
}

static void look_at_dec(struct booke_timers *t, u64 now)
{
	if (!t->counts || now < t->zero)
		return;
	t->tsr |= TSR_DIS;
	if ((t->tcr & TCR_ARE) && t->decar)
		t->zero += ((now - t->zero) / t->decar + 1) * t->decar;
	else
		t->counts = false;
}

static bool watchdog_is_done(const struct booke_timers *t)
{
	return (t->tsr & TSR_ENW) && (t->tsr & TSR_WIS) &&
	       (!(t->tcr & TCR_WRC) || (t->tsr & TSR_WRS));
}

static void watchdog_timeout(struct booke_timers *t)
{
	if (!(t->tsr & TSR_ENW))
		t->tsr |= TSR_ENW;
	else if (!(t->tsr & TSR_WIS))
		t->tsr |= TSR_WIS;
	else
		t->tsr |= t->tcr & TCR_WRC; /* the same places in both */
}

static void look_at_watchdog(struct booke_timers *t, u64 now)
{
	unsigned bit = watchdog_bit(t);
	u64 timeouts = rises(now, bit) - rises(t->looked, bit);

	for (; timeouts && !watchdog_is_done(t); timeouts--)
		watchdog_timeout(t);
}

static u64 least(u64 a, u64 b)
{
	return a < b ? a : b;
}

static u64 next_event(const struct booke_timers *t)
{
	u64 next = NEVER;

	if (t->counts && (t->tcr & TCR_DIE) && !(t->tsr & TSR_DIS))
		next = t->zero;
	if ((t->tcr & TCR_FIE) && !(t->tsr & TSR_FIS))
		next = least(next, next_rise(t->looked, fit_bit(t)));
	if ((t->tcr & (TCR_WIE | TCR_WRC)) && !watchdog_is_done(t))
		next = least(next, next_rise(t->looked, watchdog_bit(t)));
	return next;
}

static void catch_up(struct booke_timers *t, u64 now)
{
	unsigned bit = fit_bit(t);

	look_at_dec(t, now);
	if (rises(now, bit) != rises(t->looked, bit))
		t->tsr |= TSR_FIS;
	look_at_watchdog(t, now);
	t->looked = now;
	t->next = next_event(t);
}

static u32 pending(const struct booke_timers *t)
{
	bool dec = (t->tsr & TSR_DIS) && (t->tcr & TCR_DIE);
	bool fit = (t->tsr & TSR_FIS) && (t->tcr & TCR_FIE);
	bool watchdog = (t->tsr & TSR_WIS) && (t->tcr & TCR_WIE);

	return (dec ? BOOKE_TIMER_DEC : 0) | (fit ? BOOKE_TIMER_FIT : 0) |
	       (watchdog ? BOOKE_TIMER_WATCHDOG : 0) | (t->tsr & TSR_WRS ? BOOKE_TIMER_RESET : 0);
}

u32 booke_timers_look(struct booke_timers *t, u64 now)
{
	if (now >= t->next)
		catch_up(t, now);
	return pending(t);
}

void booke_timers_reset(struct booke_timers *t, bool extended, u64 now)
{
	*t = (struct booke_timers){.extended = extended, .looked = now, .next = NEVER};
}

u32 booke_get_dec(struct booke_timers *t, u64 now)
{
	catch_up(t, now);
	return t->counts ? t->zero - now : 0;
}

u32 booke_get_tsr(struct booke_timers *t, u64 now)
{
	catch_up(t, now);
	return t->tsr;
}

void booke_set_dec(struct booke_timers *t, u32 dec, u64 now)
{
	catch_up(t, now);
	t->counts = dec;
	t->zero = now + dec;
	t->next = next_event(t);
}

void booke_set_decar(struct booke_timers *t, u32 decar, u64 now)
{
	catch_up(t, now);
	t->decar = decar;
}

void booke_set_tcr(struct booke_timers *t, u32 tcr, u64 now)
{
	catch_up(t, now);
	t->tcr = tcr;
	t->next = next_event(t);
}

void booke_set_tsr(struct booke_timers *t, u32 tsr, u64 now)
{
	catch_up(t, now);
	t->tsr = tsr;
	t->next = next_event(t);
}

void booke_write_tcr(struct booke_timers *t, u32 tcr, u64 now)
{
	u32 kept = t->tcr & TCR_WRC;

	booke_set_tcr(t, kept ? (tcr & ~TCR_WRC) | kept : tcr, now);
}

void booke_write_tsr(struct booke_timers *t, u32 ones, u64 now)
{
	catch_up(t, now);
	booke_set_tsr(t, t->tsr & ~ones, now);
}

/* The decrementer doesn't care what time it is; the bits of the others are as they are now. */
void booke_timers_moved(struct booke_timers *t, u64 old, u64 now)
{
	catch_up(t, old);
	t->zero += now - old;
	t->looked = now;
	t->next = next_event(t);
}
