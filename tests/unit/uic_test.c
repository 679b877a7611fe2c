/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The 4xx's interrupt controller as a guest's driver sees it, and a chain of two.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "platform/booke/uic.h"

#define BIT(n) (0x80000000u >> (n))

struct outputs {
	bool external, critical;
	unsigned told;
};

static void on_output(void *opaque, bool external, bool critical)
{
	struct outputs *o = opaque;

	o->external = external;
	o->critical = critical;
	o->told++;
}

static struct uic new_uic(struct outputs *o)
{
	struct uic u = {.output = on_output, .opaque = o};

	memset(o, 0, sizeof(*o));
	uic_reset(&u);
	return u;
}

static void levels(void **state)
{
	struct outputs o;
	struct uic u = new_uic(&o);

	uic_set_line(&u, 3, true);
	assert_int_equal(uic_read(&u, UIC_SR), BIT(3));
	assert_int_equal(uic_read(&u, UIC_MSR), 0);
	assert_int_equal(o.told, 0);
	uic_write(&u, UIC_ER, BIT(3));
	assert_true(o.external && !o.critical);
	assert_int_equal(uic_read(&u, UIC_MSR), BIT(3));
	/* Acknowledged too early, it is there again; and it stays until it is acknowledged. */
	uic_write(&u, UIC_SR, ~0u);
	assert_true(o.external);
	uic_set_line(&u, 3, false);
	assert_true(o.external);
	uic_write(&u, UIC_SR, BIT(4));
	assert_true(o.external);
	uic_write(&u, UIC_SR, BIT(3));
	assert_false(o.external);
	assert_int_equal(o.told, 2);
}

static void edges(void **state)
{
	struct outputs o;
	struct uic u = new_uic(&o);

	uic_write(&u, UIC_TR, BIT(31) | BIT(30));
	uic_write(&u, UIC_PR, ~BIT(30));
	uic_write(&u, UIC_SR, ~0u);
	uic_write(&u, UIC_ER, ~0u);
	uic_set_line(&u, 31, true);
	assert_int_equal(uic_read(&u, UIC_SR), BIT(31));
	uic_write(&u, UIC_SR, BIT(31));
	assert_false(o.external);
	/* The same level is no edge. */
	uic_set_line(&u, 31, true);
	uic_set_line(&u, 31, false);
	assert_int_equal(uic_read(&u, UIC_SR), 0);
	/* One that falls. */
	uic_set_line(&u, 30, true);
	assert_int_equal(uic_read(&u, UIC_SR), 0);
	uic_set_line(&u, 30, false);
	assert_int_equal(uic_read(&u, UIC_SR), BIT(30));
}

static void active_low(void **state)
{
	struct outputs o;
	struct uic u = new_uic(&o);

	uic_write(&u, UIC_PR, ~BIT(5));
	assert_int_equal(uic_read(&u, UIC_SR), BIT(5));
	uic_set_line(&u, 5, true);
	uic_write(&u, UIC_SR, BIT(5));
	assert_int_equal(uic_read(&u, UIC_SR), 0);
}

static void critical_ones(void **state)
{
	struct outputs o;
	struct uic u = new_uic(&o);

	uic_write(&u, UIC_ER, ~0u);
	uic_write(&u, UIC_CR, BIT(2) | BIT(9));
	uic_write(&u, UIC_VCR, 0x1000);
	assert_int_equal(uic_read(&u, UIC_VR), 0);
	/* By software, as no device is there to do it. */
	uic_write(&u, UIC_SRS, BIT(2) | BIT(9) | BIT(0));
	assert_true(o.external && o.critical);
	assert_int_equal(uic_read(&u, UIC_VR), 0x1000 + 22 * 512);
	uic_write(&u, UIC_VCR, 0x1001);
	assert_int_equal(uic_read(&u, UIC_VR), 0x1000 + 2 * 512);
	uic_write(&u, UIC_SR, BIT(2) | BIT(9));
	assert_true(o.external && !o.critical);
	/* What is read only. */
	uic_write(&u, UIC_VR, 5);
	uic_write(&u, UIC_MSR, 5);
	assert_int_equal(uic_read(&u, UIC_VR), 0);
	assert_int_equal(uic_read(&u, UIC_SR), BIT(0));
}

static void into_first(void *opaque, bool external, bool critical)
{
	uic_set_line(opaque, 30, external);
	uic_set_line(opaque, 31, critical);
}

static void chain(void **state)
{
	struct outputs o;
	struct uic first = new_uic(&o), second = {.output = into_first, .opaque = &first};

	uic_reset(&second);
	uic_write(&first, UIC_ER, BIT(30) | BIT(31));
	uic_write(&first, UIC_CR, BIT(31));
	uic_write(&second, UIC_ER, BIT(7));
	uic_set_line(&second, 7, true);
	assert_true(o.external && !o.critical);
	uic_write(&second, UIC_CR, BIT(7));
	assert_true(o.external && o.critical);
	uic_write(&first, UIC_SR, BIT(30));
	assert_true(!o.external && o.critical);
	uic_reset(&second);
	uic_reset(&first);
	assert_true(!o.external && !o.critical);
}

static void saved(void **state)
{
	struct outputs o, there;
	struct uic u = new_uic(&o), v = new_uic(&there);
	struct state_out out = {0};
	struct state_in in;

	for (unsigned reg = 0; reg < UIC_REGS; reg++)
		uic_write(&u, reg, 0x01234567u * (reg + 3));
	uic_set_line(&u, 1, true);
	uic_save(&u, &out);
	in = (struct state_in){.data = out.data, .len = out.len};
	uic_load(&v, &in);
	assert_true(state_ok(&in));
	for (unsigned reg = 0; reg < UIC_REGS; reg++)
		assert_int_equal(uic_read(&u, reg), uic_read(&v, reg));
	assert_int_equal(u.line, v.line);
	assert_true(o.external == there.external && o.critical == there.critical);
	state_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(levels),	     cmocka_unit_test(edges), cmocka_unit_test(active_low),
	    cmocka_unit_test(critical_ones), cmocka_unit_test(chain), cmocka_unit_test(saved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
