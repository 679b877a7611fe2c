/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The e500's interrupt controller as a guest's driver sees it: levels, edges, priorities, two
 * processors, interrupts between them, and what is saved.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "platform/booke/mpic.h"

#define VECTOR(source) (0x10000 + 0x20 * (source))
#define DEST(source)   (VECTOR(source) + 0x10)
#define CPU(n)	       (0x20000 + 0x1000 * (n))
#define TASK	       0x80
#define ACK	       0xa0
#define EOI	       0xb0
#define INTERNAL       42 /* a source: the first UART's */
#define MASKED	       0x80000000u
#define ACTIVE	       0x40000000u
#define LEVEL	       0x00400000u
#define NOTHING	       0xffff

struct outputs {
	bool high[2];
	unsigned told;
};

static void on_output(void *opaque, unsigned cpu, bool high)
{
	struct outputs *o = opaque;

	assert_true(cpu < 2 && o->high[cpu] != high);
	o->high[cpu] = high;
	o->told++;
}

/* Both processors take anything. */
static struct mpic new_mpic(struct outputs *o)
{
	struct mpic p = {.n_cpus = 2, .output = on_output, .opaque = o};

	memset(o, 0, sizeof(*o));
	mpic_reset(&p);
	mpic_write(&p, 0, CPU(0) + TASK, 0);
	mpic_write(&p, 0, CPU(1) + TASK, 0);
	return p;
}

static void enable(struct mpic *p, unsigned source, unsigned priority, unsigned vector, u32 bits)
{
	mpic_write(p, 0, VECTOR(source), bits | priority << 16 | vector);
}

static u32 ack(struct mpic *p, unsigned cpu)
{
	return mpic_read(p, 0, CPU(cpu) + ACK);
}

static void eoi(struct mpic *p, unsigned cpu)
{
	mpic_write(p, 0, CPU(cpu) + EOI, 0);
}

static void at_rest(void **state)
{
	struct outputs o;
	struct mpic p = new_mpic(&o);

	assert_int_equal(mpic_read(&p, 0, 0x1000), 79 << 16 | 1 << 8 | 2);
	assert_int_equal(mpic_read(&p, 0, 0), 0x00400200);
	assert_int_equal(mpic_read(&p, 0, VECTOR(INTERNAL)), MASKED);
	assert_int_equal(mpic_read(&p, 1, 0x90), 1);
	assert_int_equal(mpic_read(&p, 1, CPU(0) + 0x90), 0);
	assert_int_equal(ack(&p, 0), NOTHING);
	mpic_write(&p, 0, 0x10e0, 0x1234);
	assert_int_equal(ack(&p, 0), 0x1234);
	mpic_write(&p, 0, 0x1020, 0x20000000);
	assert_int_equal(mpic_read(&p, 0, 0x1020), 0x20000000);
	mpic_write(&p, 0, 0x1020, MASKED);
	assert_int_equal(mpic_read(&p, 0, 0x1020), 0);
	assert_int_equal(mpic_read(&p, 0, CPU(1) + TASK), 15);
	/* Where nothing is. */
	for (u32 at = 0; at < MPIC_BYTES; at += 4)
		mpic_write(&p, 0, at, 0);
	for (u32 at = CPU(2); at < MPIC_BYTES; at += 4)
		assert_int_equal(mpic_read(&p, 0, at), 0);
}

static void levels(void **state)
{
	struct outputs o;
	struct mpic p = new_mpic(&o);

	mpic_set_line(&p, INTERNAL, true);
	assert_false(o.high[0]);
	enable(&p, INTERNAL, 8, 99, 0);
	assert_true(o.high[0] && !o.high[1]);
	assert_int_equal(mpic_read(&p, 0, VECTOR(INTERNAL)), ACTIVE | 8 << 16 | 99);
	assert_int_equal(ack(&p, 0), 99);
	assert_false(o.high[0]);
	assert_int_equal(ack(&p, 0), NOTHING);
	eoi(&p, 0);
	/* Nobody served the device. */
	assert_true(o.high[0]);
	assert_int_equal(ack(&p, 0), 99);
	mpic_set_line(&p, INTERNAL, false);
	eoi(&p, 0);
	assert_false(o.high[0]);
	assert_int_equal(mpic_read(&p, 0, VECTOR(INTERNAL)), 8 << 16 | 99);
	/* One that goes away by itself isn't delivered. */
	mpic_set_line(&p, INTERNAL, true);
	mpic_set_line(&p, INTERNAL, false);
	assert_int_equal(ack(&p, 0), NOTHING);
}

static void edges(void **state)
{
	struct outputs o;
	struct mpic p = new_mpic(&o);

	enable(&p, 3, 5, 7, 0);
	mpic_set_line(&p, 3, true);
	mpic_set_line(&p, 3, false);
	assert_true(o.high[0]);
	assert_int_equal(ack(&p, 0), 7);
	/* Another while the first is served waits for its end. */
	mpic_set_line(&p, 3, true);
	assert_false(o.high[0]);
	eoi(&p, 0);
	assert_int_equal(ack(&p, 0), 7);
	eoi(&p, 0);
	assert_false(o.high[0]);
	/* The same source by its level. */
	enable(&p, 3, 5, 7, LEVEL);
	assert_true(o.high[0]);
	mpic_set_line(&p, 3, false);
	assert_false(o.high[0]);
}

static void priorities(void **state)
{
	struct outputs o;
	struct mpic p = new_mpic(&o);

	enable(&p, INTERNAL, 4, 40, 0);
	enable(&p, INTERNAL + 1, 6, 60, 0);
	enable(&p, INTERNAL + 2, 0, 10, 0);
	for (unsigned i = 0; i < 3; i++)
		mpic_set_line(&p, INTERNAL + i, i != 1);
	assert_int_equal(ack(&p, 0), 40);
	assert_false(o.high[0]);
	mpic_set_line(&p, INTERNAL + 1, true);
	assert_true(o.high[0]);
	assert_int_equal(ack(&p, 0), 60);
	mpic_set_line(&p, INTERNAL + 1, false);
	mpic_set_line(&p, INTERNAL, false);
	eoi(&p, 0);
	/* That was the second's: the first is still served. */
	assert_int_equal(mpic_read(&p, 0, VECTOR(INTERNAL)), ACTIVE | 4 << 16 | 40);
	eoi(&p, 0);
	/* Priority 0 is never delivered, and a task's priority holds others back. */
	assert_int_equal(ack(&p, 0), NOTHING);
	mpic_write(&p, 0, CPU(0) + TASK, 6);
	mpic_set_line(&p, INTERNAL + 1, true);
	assert_false(o.high[0]);
	mpic_write(&p, 0, CPU(0) + TASK, 5);
	assert_true(o.high[0]);
	enable(&p, INTERNAL + 1, 6, 60, MASKED);
	assert_false(o.high[0]);
}

static void processors(void **state)
{
	struct outputs o;
	struct mpic p = new_mpic(&o);

	enable(&p, INTERNAL, 4, 40, 0);
	mpic_write(&p, 0, DEST(INTERNAL), 0xfe);
	assert_int_equal(mpic_read(&p, 0, DEST(INTERNAL)), 2);
	mpic_set_line(&p, INTERNAL, true);
	assert_true(!o.high[0] && o.high[1]);
	assert_int_equal(ack(&p, 1), 40);
	mpic_set_line(&p, INTERNAL, false);
	eoi(&p, 1);

	/* The second kind of interrupt between processors, to both, by the private view. */
	mpic_write(&p, 0, 0x10b0, 9 << 16 | 200);
	mpic_write(&p, 1, 0x50, 3);
	assert_true(o.high[0] && o.high[1]);
	assert_int_equal(mpic_read(&p, 1, 0xa0), 200);
	assert_true(o.high[0] && !o.high[1]);
	assert_int_equal(mpic_read(&p, 0, 0xa0), 200);
	mpic_write(&p, 1, 0xb0, 0);
	assert_int_equal(mpic_read(&p, 0, 0x10b0), ACTIVE | 9 << 16 | 200);
	mpic_write(&p, 0, 0xb0, 0);
	assert_int_equal(mpic_read(&p, 0, 0x10b0), 9 << 16 | 200);
}

static void saved(void **state)
{
	struct outputs o, there = {0};
	struct mpic p = new_mpic(&o), q = {.n_cpus = 2, .output = on_output, .opaque = &there};
	struct state_out out = {0};
	struct state_in in;

	enable(&p, 3, 5, 7, 0);
	enable(&p, INTERNAL, 4, 40, 0);
	mpic_write(&p, 0, DEST(INTERNAL), 2);
	mpic_set_line(&p, 3, true);
	mpic_set_line(&p, INTERNAL, true);
	assert_int_equal(ack(&p, 0), 7);
	mpic_save(&p, &out);
	in = (struct state_in){.data = out.data, .len = out.len};
	mpic_load(&q, &in);
	assert_true(state_ok(&in));
	assert_true(!there.high[0] && there.high[1]);
	for (u32 at = 0; at < CPU(0); at += 4)
		if (at != ACK)
			assert_int_equal(mpic_read(&p, 0, at), mpic_read(&q, 0, at));
	assert_int_equal(ack(&q, 1), 40);
	/* The edge was taken there; its end lets the next one in. */
	mpic_set_line(&q, 3, false);
	mpic_set_line(&q, 3, true);
	assert_false(there.high[0]);
	eoi(&q, 0);
	assert_true(there.high[0]);
	state_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(at_rest),	  cmocka_unit_test(levels),	cmocka_unit_test(edges),
	    cmocka_unit_test(priorities), cmocka_unit_test(processors), cmocka_unit_test(saved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
