/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Book E's timers: what each does, and random programs against a model that counts every tick.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cpu/booke/timers.h"

static void the_decrementer_stops_at_zero(void **state)
{
	struct booke_timers t;

	booke_timers_reset(&t, false, 1000);
	booke_set_tcr(&t, TCR_DIE, 1000);
	assert_int_equal(booke_timers_look(&t, 1ull << 40), 0);
	booke_set_dec(&t, 100, 2000);
	assert_int_equal(booke_get_dec(&t, 2001), 99);
	assert_int_equal(booke_timers_look(&t, 2099), 0);
	assert_int_equal(booke_timers_look(&t, 2100), BOOKE_TIMER_DEC);
	assert_int_equal(booke_get_dec(&t, 5000), 0);
	booke_write_tsr(&t, TSR_DIS, 5000);
	assert_int_equal(booke_timers_look(&t, 1ull << 40), 0);
	/* Who writes 0 has no exception. */
	booke_set_dec(&t, 7, 1ull << 41);
	booke_set_dec(&t, 0, (1ull << 41) + 6);
	assert_int_equal(booke_timers_look(&t, 1ull << 42), 0);
}

static void it_reloads_itself(void **state)
{
	struct booke_timers t;

	booke_timers_reset(&t, false, 0);
	booke_set_decar(&t, 10, 0);
	booke_write_tcr(&t, TCR_DIE | TCR_ARE, 0);
	booke_set_dec(&t, 25, 0);
	assert_int_equal(booke_timers_look(&t, 25), BOOKE_TIMER_DEC);
	assert_int_equal(booke_get_dec(&t, 25), 10);
	booke_write_tsr(&t, TSR_DIS, 25);
	assert_int_equal(booke_timers_look(&t, 34), 0);
	assert_int_equal(booke_timers_look(&t, 35), BOOKE_TIMER_DEC);
	/* Nobody looked for long: the period stays. */
	assert_int_equal(booke_get_dec(&t, 1000006), 9);
}

static void periods_of_a_440(void **state)
{
	static const unsigned fit[] = {13, 17, 21, 25};
	struct booke_timers t;

	for (unsigned fp = 0; fp < 4; fp++) {
		u64 first = 1ull << (fit[fp] - 1);

		booke_timers_reset(&t, false, 0);
		booke_write_tcr(&t, TCR_FIE | fp << 24, 0);
		assert_int_equal(booke_timers_look(&t, first - 1), 0);
		assert_int_equal(booke_timers_look(&t, first), BOOKE_TIMER_FIT);
		booke_write_tsr(&t, TSR_FIS, first);
		assert_int_equal(booke_timers_look(&t, first + (1ull << fit[fp]) - 1), 0);
		assert_int_equal(booke_timers_look(&t, first + (1ull << fit[fp])), BOOKE_TIMER_FIT);
	}
}

static void the_watchdog_bites_at_last(void **state)
{
	u64 period = 1ull << 21, at = 1ull << 20;
	struct booke_timers t;

	booke_timers_reset(&t, false, 0);
	booke_write_tcr(&t, TCR_WIE | 1u << 28, 0);
	/* What resets can't be taken back. */
	booke_write_tcr(&t, TCR_WIE | 2u << 28, 0);
	assert_int_equal(t.tcr & TCR_WRC, 1u << 28);
	assert_int_equal(booke_timers_look(&t, at), 0);
	assert_int_equal(booke_get_tsr(&t, at) & (TSR_ENW | TSR_WIS), TSR_ENW);
	assert_int_equal(booke_timers_look(&t, at + period), BOOKE_TIMER_WATCHDOG);
	/* Served in time, it begins again. */
	booke_write_tsr(&t, TSR_ENW | TSR_WIS, at + period);
	assert_int_equal(booke_timers_look(&t, at + 3 * period), BOOKE_TIMER_WATCHDOG);
	assert_int_equal(booke_timers_look(&t, at + 4 * period),
			 BOOKE_TIMER_WATCHDOG | BOOKE_TIMER_RESET);
	assert_int_equal(t.tsr & TSR_WRS, 1u << 28);
}

/* Moved on to where a timeout would have been passed over, and back. */
static void the_timebase_is_written(void **state)
{
	struct booke_timers t;

	booke_timers_reset(&t, false, 0);
	booke_write_tcr(&t, TCR_FIE | TCR_DIE, 0);
	booke_set_dec(&t, 500, 0);
	booke_timers_moved(&t, 100, 1ull << 30);
	assert_int_equal(booke_timers_look(&t, 1ull << 30), 0);
	assert_int_equal(booke_get_dec(&t, (1ull << 30) + 1), 399);
	booke_timers_moved(&t, (1ull << 30) + 100, 10);
	assert_int_equal(booke_timers_look(&t, 10 + 299), 0);
	assert_int_equal(booke_timers_look(&t, 10 + 300), BOOKE_TIMER_DEC);
	assert_int_equal(booke_timers_look(&t, 1u << 12), BOOKE_TIMER_DEC | BOOKE_TIMER_FIT);
}

/* --- the model: one tick after the other --- */

struct model {
	u64 tb;
	u32 dec, decar, tcr, tsr;
};

static bool rose(const struct model *m, unsigned from_top)
{
	u64 bit = 1ull << (63 - from_top);

	return (m->tb & bit) && !((m->tb - 1) & bit);
}

static void tick(struct model *m)
{
	m->tb++;
	if (m->dec && !--m->dec) {
		m->tsr |= TSR_DIS;
		if (m->tcr & TCR_ARE)
			m->dec = m->decar;
	}
	if (rose(m, (m->tcr >> 13 & 15) << 2 | (m->tcr >> 24 & 3)))
		m->tsr |= TSR_FIS;
	if (rose(m, (m->tcr >> 17 & 15) << 2 | m->tcr >> 30)) {
		if (!(m->tsr & TSR_ENW))
			m->tsr |= TSR_ENW;
		else if (!(m->tsr & TSR_WIS))
			m->tsr |= TSR_WIS;
		else if (!(m->tsr & TSR_WRS))
			m->tsr |= m->tcr & TCR_WRC;
	}
}

static u32 model_pending(const struct model *m)
{
	u32 on = m->tsr & m->tcr << 1 & TSR_DIS ? BOOKE_TIMER_DEC : 0;

	on |= m->tsr & m->tcr << 3 & TSR_FIS ? BOOKE_TIMER_FIT : 0;
	on |= m->tsr & m->tcr << 3 & TSR_WIS ? BOOKE_TIMER_WATCHDOG : 0;
	return on | (m->tsr & TSR_WRS ? BOOKE_TIMER_RESET : 0);
}

/* Periods of 8 to 64 ticks, whatever else. */
static u32 random_tcr(void)
{
	u32 fp = 63 - (3 + rand() % 3), wp = 63 - (3 + rand() % 3);
	u32 flags = (u32)rand() << 4 & (TCR_WRC | TCR_WIE | TCR_DIE | TCR_FIE | TCR_ARE);

	return flags | (fp & 3) << 24 | fp >> 2 << 13 | wp << 30 | wp >> 2 << 17;
}

static void do_something(struct booke_timers *t, struct model *m)
{
	u32 tsr = (u32)rand() << 8 & (TSR_ENW | TSR_WIS | TSR_WRS | TSR_DIS | TSR_FIS);

	switch (rand() % 6) {
	case 0:
		m->dec = rand() % 60;
		booke_set_dec(t, m->dec, m->tb);
		return;
	case 1:
		m->decar = rand() % 40;
		booke_set_decar(t, m->decar, m->tb);
		return;
	case 2:
		m->tcr = random_tcr();
		booke_set_tcr(t, m->tcr, m->tb);
		return;
	case 3:
		m->tsr &= ~tsr;
		booke_write_tsr(t, tsr, m->tb);
		return;
	case 4:
		m->tsr = tsr;
		booke_set_tsr(t, tsr, m->tb);
		return;
	default:
		if (rand() % 8)
			return;
		booke_timers_moved(t, m->tb, m->tb ^ 0x1234567);
		m->tb ^= 0x1234567;
	}
}

static void random_programs(void **state)
{
	for (unsigned seed = 0; seed < 2000; seed++) {
		struct model m = {.tb = seed * 1000003ull};
		struct booke_timers t;

		srand(seed);
		booke_timers_reset(&t, true, m.tb);
		for (unsigned step = 0; step < 200; step++) {
			do_something(&t, &m);
			for (unsigned n = rand() % 80; n; n--)
				tick(&m);
			/* Sometimes many steps pass before anybody looks at all of it. */
			assert_int_equal(booke_timers_look(&t, m.tb), model_pending(&m));
			if (rand() % 3)
				continue;
			assert_int_equal(booke_get_tsr(&t, m.tb), m.tsr);
			assert_int_equal(booke_get_dec(&t, m.tb), m.dec);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_decrementer_stops_at_zero),
	    cmocka_unit_test(it_reloads_itself),
	    cmocka_unit_test(periods_of_a_440),
	    cmocka_unit_test(the_watchdog_bites_at_last),
	    cmocka_unit_test(the_timebase_is_written),
	    cmocka_unit_test(random_programs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
