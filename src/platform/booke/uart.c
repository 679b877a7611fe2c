/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/booke/uart.h"

#include <string.h>

enum { RBR_THR, IER, IIR_FCR, LCR, MCR, LSR, MSR, SCR };

#define IER_RX	   0x01
#define IER_THR	   0x02
#define IER_STATUS 0x04
#define IER_MODEM  0x08
#define IER_ALL	   0x0f

#define IIR_NONE    0x01
#define IIR_MODEM   0x00
#define IIR_THR	    0x02
#define IIR_RX	    0x04
#define IIR_STATUS  0x06
#define IIR_TIMEOUT 0x0c /* fewer bytes than the guest asked for, but no more come */
#define IIR_FIFO    0xc0

#define FCR_ENABLE	  0x01
#define FCR_CLEAR_IN	  0x02
#define FCR_CLEAR_OUT	  0x04
#define FCR_TRIGGER_SHIFT 6

#define LCR_DIVISOR 0x80 /* the first two registers are the baud rate's */

#define MCR_DTR	 0x01
#define MCR_RTS	 0x02
#define MCR_OUT1 0x04
#define MCR_OUT2 0x08
#define MCR_LOOP 0x10
#define MCR_ALL	 0x1f

#define LSR_DATA    0x01
#define LSR_OVERRUN 0x02
#define LSR_THR	    0x20 /* room to send */
#define LSR_IDLE    0x40 /* ... and all is sent */

#define MSR_CTS	      0x10
#define MSR_DSR	      0x20
#define MSR_RI	      0x40
#define MSR_DCD	      0x80
#define MSR_TO_CHANGE 4

static bool has_fifo(const struct uart *u)
{
	return u->fcr & FCR_ENABLE;
}

static unsigned depth(const struct uart *u)
{
	return has_fifo(u) ? UART_FIFO : 1;
}

/* How many bytes are worth an interrupt. */
static unsigned trigger(const struct uart *u)
{
	static const u8 levels[] = {1, 4, 8, 14};

	return has_fifo(u) ? levels[u->fcr >> FCR_TRIGGER_SHIFT] : 1;
}

static u8 take_first(struct uart_queue *q)
{
	u8 first = q->bytes[0];

	memmove(q->bytes, q->bytes + 1, --q->n);
	return first;
}

/* At the other end of the cable somebody is always ready; a looped one ends here. */
static u8 modem_lines(const struct uart *u)
{
	u8 lines = 0;

	if (!(u->mcr & MCR_LOOP))
		return MSR_CTS | MSR_DSR | MSR_DCD;
	if (u->mcr & MCR_RTS)
		lines |= MSR_CTS;
	if (u->mcr & MCR_DTR)
		lines |= MSR_DSR;
	if (u->mcr & MCR_OUT1)
		lines |= MSR_RI;
	if (u->mcr & MCR_OUT2)
		lines |= MSR_DCD;
	return lines;
}

/* The most urgent reason for an interrupt. */
static u8 reason(const struct uart *u)
{
	if ((u->ier & IER_STATUS) && u->lsr_errors)
		return IIR_STATUS;
	if ((u->ier & IER_RX) && u->in.n)
		return u->in.n >= trigger(u) ? IIR_RX : IIR_TIMEOUT;
	if ((u->ier & IER_THR) && u->thr_pending)
		return IIR_THR;
	if ((u->ier & IER_MODEM) && u->msr_changes)
		return IIR_MODEM;
	return IIR_NONE;
}

static void tell_line(struct uart *u)
{
	bool high = reason(u) != IIR_NONE;

	if (high == u->line)
		return;
	u->line = high;
	u->ops->line(u->opaque, high);
}

static void loop_byte(struct uart *u, u8 byte)
{
	if (u->in.n == depth(u)) {
		u->lsr_errors |= LSR_OVERRUN;
		return;
	}
	u->in.bytes[u->in.n++] = byte;
}

static void send(struct uart *u)
{
	bool had = u->out.n;

	while (u->out.n) {
		if (u->mcr & MCR_LOOP)
			loop_byte(u, u->out.bytes[0]);
		else if (!u->ops->send(u->opaque, u->out.bytes[0]))
			break;
		take_first(&u->out);
	}
	if (had && !u->out.n)
		u->thr_pending = true;
}

void uart_service(struct uart *u)
{
	send(u);
	if (!(u->mcr & MCR_LOOP) && u->in.n < depth(u))
		u->in.n += u->ops->receive(u->opaque, u->in.bytes + u->in.n, depth(u) - u->in.n);
	tell_line(u);
}

void uart_reset(struct uart *u)
{
	u->ier = u->fcr = u->lcr = u->mcr = u->lsr_errors = u->scr = u->dll = u->dlm = 0;
	u->msr_changes = 0;
	u->thr_pending = false;
	u->in.n = u->out.n = 0;
	tell_line(u);
}

static u8 read_iir(struct uart *u)
{
	u8 why = reason(u);

	/* To be told of it is to have it answered. */
	if (why == IIR_THR)
		u->thr_pending = false;
	return why | (has_fifo(u) ? IIR_FIFO : 0);
}

static u8 read_lsr(struct uart *u)
{
	u8 lsr = u->lsr_errors | (u->in.n ? LSR_DATA : 0) | (u->out.n ? 0 : LSR_THR | LSR_IDLE);

	u->lsr_errors = 0;
	return lsr;
}

static u8 read_msr(struct uart *u)
{
	u8 msr = modem_lines(u) | u->msr_changes;

	u->msr_changes = 0;
	return msr;
}

static u8 read_register(struct uart *u, unsigned reg)
{
	switch (reg) {
	case RBR_THR:
		if (u->lcr & LCR_DIVISOR)
			return u->dll;
		return u->in.n ? take_first(&u->in) : 0;
	case IER:
		return u->lcr & LCR_DIVISOR ? u->dlm : u->ier;
	case IIR_FCR:
		return read_iir(u);
	case LCR:
		return u->lcr;
	case MCR:
		return u->mcr;
	case LSR:
		return read_lsr(u);
	case MSR:
		return read_msr(u);
	default:
		return u->scr;
	}
}

u8 uart_read(struct uart *u, unsigned reg)
{
	u8 val;

	/* What a guest that polls looks for may just have come. */
	uart_service(u);
	val = read_register(u, reg);
	uart_service(u);
	return val;
}

static void write_thr(struct uart *u, u8 val)
{
	u->thr_pending = false;
	/* What is sent though there is no room takes the last one's place. */
	if (u->out.n == depth(u))
		u->out.n--;
	u->out.bytes[u->out.n++] = val;
}

static void write_ier(struct uart *u, u8 val)
{
	if ((val & ~u->ier & IER_THR) && !u->out.n)
		u->thr_pending = true;
	u->ier = val & IER_ALL;
}

static void write_fcr(struct uart *u, u8 val)
{
	bool other = (val ^ u->fcr) & FCR_ENABLE;

	if (other || (val & FCR_CLEAR_IN))
		u->in.n = 0;
	if (other || (val & FCR_CLEAR_OUT))
		u->out.n = 0;
	u->fcr = val & FCR_ENABLE ? val & ~(FCR_CLEAR_IN | FCR_CLEAR_OUT) : 0;
}

static void write_mcr(struct uart *u, u8 val)
{
	u8 was = modem_lines(u), changed;

	u->mcr = val & MCR_ALL;
	changed = was ^ modem_lines(u);
	if (!(was & MSR_RI))
		changed &= ~MSR_RI;
	u->msr_changes |= changed >> MSR_TO_CHANGE;
}

void uart_write(struct uart *u, unsigned reg, u8 val)
{
	bool divisor = u->lcr & LCR_DIVISOR;

	switch (reg) {
	case RBR_THR:
		if (divisor)
			u->dll = val;
		else
			write_thr(u, val);
		break;
	case IER:
		if (divisor)
			u->dlm = val;
		else
			write_ier(u, val);
		break;
	case IIR_FCR:
		write_fcr(u, val);
		break;
	case LCR:
		u->lcr = val;
		break;
	case MCR:
		write_mcr(u, val);
		break;
	case SCR:
		u->scr = val;
		break;
	default: /* LSR and MSR are read only */
		break;
	}
	uart_service(u);
}

/* ---- State ---- */

static void save_queue(const struct uart_queue *q, struct state_out *out)
{
	put_u8(out, q->n);
	put_bytes(out, q->bytes, q->n);
}

static int load_queue(struct uart_queue *q, unsigned max, struct state_in *in)
{
	u8 n = get_u8(in);

	if (n > max)
		return -1;
	q->n = n;
	get_bytes(in, q->bytes, n);
	return 0;
}

void uart_save(const struct uart *u, struct state_out *out)
{
	const u8 regs[] = {u->ier, u->fcr, u->lcr, u->mcr,	   u->lsr_errors,
			   u->scr, u->dll, u->dlm, u->msr_changes, u->thr_pending};

	put_bytes(out, regs, sizeof(regs));
	save_queue(&u->in, out);
	save_queue(&u->out, out);
}

int uart_load(struct uart *u, struct state_in *in)
{
	u->ier = get_u8(in) & IER_ALL;
	u->fcr = get_u8(in);
	u->lcr = get_u8(in);
	u->mcr = get_u8(in) & MCR_ALL;
	u->lsr_errors = get_u8(in) & LSR_OVERRUN;
	u->scr = get_u8(in);
	u->dll = get_u8(in);
	u->dlm = get_u8(in);
	u->msr_changes = get_u8(in) & 0x0f;
	u->thr_pending = get_u8(in);
	if (load_queue(&u->in, depth(u), in) || load_queue(&u->out, depth(u), in))
		return -1;
	tell_line(u);
	return 0;
}
