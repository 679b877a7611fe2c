/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A 16550 UART: eight registers of a byte each, queues of 16 bytes, one interrupt line. What it
 * sends goes to a console at once, whatever baud rate is set; what it receives is fetched from
 * there as it has room.
 *
 * No locks in here: whoever has the UART lets one thread at a time use it.
 */
#ifndef PAPYR_PLATFORM_BOOKE_UART_H
#define PAPYR_PLATFORM_BOOKE_UART_H

#include <stdbool.h>

#include "base/bits.h"
#include "platform/state.h"

#define UART_REGS 8
#define UART_FIFO 16

struct uart_queue {
	u8 bytes[UART_FIFO];
	unsigned n;
};

struct uart_ops {
	/* Up to @max bytes that came; how many. */
	unsigned (*receive)(void *opaque, u8 *buf, unsigned max);
	/* False: there is no room now. */
	bool (*send)(void *opaque, u8 byte);
	/* Told when the interrupt line changes. */
	void (*line)(void *opaque, bool high);
};

struct uart {
	u8 ier, fcr, lcr, mcr, lsr_errors, scr, dll, dlm;
	u8 msr_changes;	  /* since the last time that the guest read MSR */
	bool thr_pending; /* an interrupt says that there is room to send */
	bool line;	  /* the interrupt's */
	struct uart_queue in, out;
	const struct uart_ops *ops;
	void *opaque;
};

void uart_reset(struct uart *u);
/* @reg is below UART_REGS. */
u8 uart_read(struct uart *u, unsigned reg);
void uart_write(struct uart *u, unsigned reg, u8 val);
/* The console has something, or room again. */
void uart_service(struct uart *u);

void uart_save(const struct uart *u, struct state_out *out);
/* -1: no UART can be in such a state. Tells the line as it was. */
int uart_load(struct uart *u, struct state_in *in);

#endif
