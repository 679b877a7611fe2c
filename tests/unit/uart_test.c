/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A 16550 as a guest's driver sees it: at rest, by polling, by interrupts, looped, held up, saved.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "platform/booke/uart.h"

enum { DATA, IER, IIR, LCR, MCR, LSR, MSR, SCR };

/* The other end. */
struct end {
	char in[64], out[64];
	unsigned n_in, n_out, room;
	bool line;
};

static unsigned receive(void *opaque, u8 *buf, unsigned max)
{
	struct end *e = opaque;
	unsigned n = e->n_in < max ? e->n_in : max;

	memcpy(buf, e->in, n);
	memmove(e->in, e->in + n, e->n_in -= n);
	return n;
}

static bool send(void *opaque, u8 byte)
{
	struct end *e = opaque;

	if (!e->room)
		return false;
	e->room--;
	e->out[e->n_out++] = byte;
	return true;
}

static void set_line(void *opaque, bool high)
{
	((struct end *)opaque)->line = high;
}

static const struct uart_ops ops = {.receive = receive, .send = send, .line = set_line};

static struct uart new_uart(struct end *e)
{
	struct uart u = {.ops = &ops, .opaque = e};

	memset(e, 0, sizeof(*e));
	e->room = sizeof(e->out);
	uart_reset(&u);
	return u;
}

static void type(struct uart *u, struct end *e, const char *text)
{
	memcpy(e->in + e->n_in, text, strlen(text));
	e->n_in += strlen(text);
	uart_service(u);
}

static void at_rest(void **state)
{
	struct end e;
	struct uart u = new_uart(&e);

	assert_int_equal(uart_read(&u, LSR), 0x60);
	assert_int_equal(uart_read(&u, IIR), 0x01);
	assert_int_equal(uart_read(&u, MSR), 0xb0);
	assert_int_equal(uart_read(&u, DATA), 0);
	uart_write(&u, SCR, 0x5a);
	assert_int_equal(uart_read(&u, SCR), 0x5a);
	/* The divisor is there instead of two others. */
	uart_write(&u, LCR, 0x83);
	uart_write(&u, DATA, 0x12);
	uart_write(&u, IER, 0x34);
	assert_int_equal(uart_read(&u, DATA), 0x12);
	assert_int_equal(uart_read(&u, IER), 0x34);
	uart_write(&u, LCR, 0x03);
	assert_int_equal(uart_read(&u, IER), 0);
	assert_int_equal(e.n_out, 0);
	uart_write(&u, IER, 0xff);
	assert_int_equal(uart_read(&u, IER), 0x0f);
}

static void polled(void **state)
{
	struct end e;
	struct uart u = new_uart(&e);

	for (const char *s = "hello"; *s; s++) {
		assert_true(uart_read(&u, LSR) & 0x20);
		uart_write(&u, DATA, *s);
	}
	assert_memory_equal(e.out, "hello", e.n_out);
	type(&u, &e, "ab");
	assert_int_equal(uart_read(&u, LSR), 0x61);
	assert_int_equal(uart_read(&u, DATA), 'a');
	assert_int_equal(uart_read(&u, DATA), 'b');
	assert_int_equal(uart_read(&u, LSR), 0x60);
	assert_false(e.line);
}

static void received_by_interrupts(void **state)
{
	struct end e;
	struct uart u = new_uart(&e);

	uart_write(&u, IIR, 0x81); /* 8 bytes */
	uart_write(&u, IER, 1);
	assert_false(e.line);
	type(&u, &e, "1234567");
	assert_true(e.line);
	assert_int_equal(uart_read(&u, IIR), 0xcc);
	type(&u, &e, "8");
	assert_int_equal(uart_read(&u, IIR), 0xc4);
	for (unsigned i = 0; i < 8; i++) {
		assert_true(e.line);
		assert_int_equal(uart_read(&u, DATA), '1' + i);
	}
	assert_false(e.line);
	assert_int_equal(uart_read(&u, IIR), 0xc1);
	/* What doesn't fit stays where it is. */
	type(&u, &e, "abcdefghijklmnopqrst");
	assert_int_equal(e.n_in, 4);
	assert_int_equal(uart_read(&u, DATA), 'a');
	assert_int_equal(e.n_in, 3);
	uart_write(&u, IIR, 0x83);
	assert_int_equal(uart_read(&u, DATA), 'r');
}

static void sent_by_interrupts(void **state)
{
	struct end e;
	struct uart u = new_uart(&e);

	uart_write(&u, IER, 2);
	assert_true(e.line);
	assert_int_equal(uart_read(&u, IIR), 0x02);
	assert_false(e.line);
	uart_write(&u, DATA, 'x');
	assert_true(e.line);
	uart_write(&u, IER, 0);
	assert_false(e.line);
	uart_write(&u, IER, 2);
	assert_true(e.line);
}

/* The console's reader stands still: the guest waits, and nothing is lost. */
static void held_up(void **state)
{
	struct end e;
	struct uart u = new_uart(&e);

	uart_write(&u, IIR, 1);
	uart_write(&u, IER, 2);
	e.room = 0;
	for (unsigned i = 0; i < UART_FIFO; i++)
		uart_write(&u, DATA, 'a' + i);
	assert_int_equal(uart_read(&u, LSR), 0);
	assert_false(e.line);
	e.room = 4;
	uart_service(&u);
	assert_int_equal(e.n_out, 4);
	assert_false(e.line);
	e.room = 60;
	uart_service(&u);
	assert_memory_equal(e.out, "abcdefghijklmnop", UART_FIFO);
	assert_int_equal(e.n_out, UART_FIFO);
	assert_true(e.line);
	assert_int_equal(uart_read(&u, LSR), 0x60);
}

/* As drivers look whether a UART is there. */
static void looped(void **state)
{
	struct end e;
	struct uart u = new_uart(&e);

	uart_write(&u, MCR, 0x10 | 0x0a);
	assert_int_equal(uart_read(&u, MSR) & 0xf0, 0x90);
	uart_write(&u, MCR, 0x10 | 0x05);
	assert_int_equal(uart_read(&u, MSR) & 0xf0, 0x60);
	type(&u, &e, "x");
	assert_int_equal(uart_read(&u, LSR), 0x60);
	uart_write(&u, IER, 4);
	uart_write(&u, DATA, 'l');
	uart_write(&u, DATA, 'm');
	assert_true(e.line);
	assert_int_equal(uart_read(&u, IIR), 0x06);
	assert_int_equal(uart_read(&u, LSR), 0x63);
	assert_false(e.line);
	assert_int_equal(uart_read(&u, DATA), 'l');
	assert_int_equal(e.n_out, 0);
	uart_write(&u, MCR, 0);
	assert_int_equal(uart_read(&u, DATA), 'x');
	uart_read(&u, MSR);
	uart_write(&u, IER, 8);
	assert_false(e.line);
	uart_write(&u, MCR, 0x10);
	assert_true(e.line);
	assert_int_equal(uart_read(&u, IIR), 0x00);
	assert_int_equal(uart_read(&u, MSR), 0x0b);
	assert_false(e.line);
}

static void saved(void **state)
{
	struct end e, there;
	struct uart u = new_uart(&e), v = new_uart(&there);
	struct state_out out = {0};
	struct state_in in;

	uart_write(&u, LCR, 0x83);
	uart_write(&u, DATA, 7);
	uart_write(&u, LCR, 0x03);
	uart_write(&u, IIR, 0xc1);
	uart_write(&u, IER, 3);
	type(&u, &e, "abc");
	e.room = 0;
	uart_write(&u, DATA, 'o');
	uart_save(&u, &out);
	in = (struct state_in){.data = out.data, .len = out.len};
	assert_int_equal(uart_load(&v, &in), 0);
	assert_true(state_ok(&in));
	assert_int_equal(there.line, e.line);
	assert_int_equal(uart_read(&v, LCR), 0x03);
	assert_int_equal(uart_read(&v, IIR), 0xcc);
	assert_int_equal(uart_read(&v, DATA), 'a');
	assert_int_equal(there.out[0], 'o');

	/* Without queues it can't have three bytes; and one cut off is none. */
	out.data[1] = 0;
	in = (struct state_in){.data = out.data, .len = out.len};
	assert_int_equal(uart_load(&v, &in), -1);
	out.data[1] = 0xc1;
	in = (struct state_in){.data = out.data, .len = out.len - 1};
	uart_load(&v, &in);
	assert_false(state_ok(&in));
	state_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(at_rest),
	    cmocka_unit_test(polled),
	    cmocka_unit_test(received_by_interrupts),
	    cmocka_unit_test(sent_by_interrupts),
	    cmocka_unit_test(held_up),
	    cmocka_unit_test(looped),
	    cmocka_unit_test(saved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
