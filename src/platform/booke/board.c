/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/booke/board.h"

#include <papyr/kvm.h>
#include <stdlib.h>
#include <string.h>

#include "platform/console.h"
#include "platform/internal.h"
#include "platform/kind.h"
#include "platform/machine.h"
#include "platform/models.h"
#include "platform/vcpu.h"

/* ---- UARTs ---- */

static bool is_console(const struct board_uart *u)
{
	return u == &u->board->uarts[0];
}

static unsigned uart_receive(void *opaque, u8 *buf, unsigned max)
{
	struct board_uart *u = opaque;

	return is_console(u) ? console_read(u->board->m->console, buf, max) : 0;
}

/* Nobody is at the other end of the second. */
static bool uart_send(void *opaque, u8 byte)
{
	struct board_uart *u = opaque;

	return !is_console(u) || console_write(u->board->m->console, &byte, 1);
}

static void uart_line(void *opaque, bool high)
{
	struct board_uart *u = opaque;

	u->board->ops->uart_line(u->board, u - u->board->uarts, high);
}

static const struct uart_ops uart_ops = {
    .receive = uart_receive,
    .send = uart_send,
    .line = uart_line,
};

static void service_console(struct machine *m)
{
	struct board *b = m->board;

	lock_acquire(&b->lock);
	uart_service(&b->uarts[0].uart);
	lock_release(&b->lock);
}

void board_input(struct machine *m)
{
	service_console(m);
}

void board_output_room(struct machine *m)
{
	service_console(m);
}

/* ---- Exits ---- */

void board_interrupt(struct board *b, unsigned cpu, bool high)
{
	struct kvm_interrupt irq = {high ? KVM_INTERRUPT_SET_LEVEL : KVM_INTERRUPT_UNSET};

	b->m->accel->ioctl(b->m->vcpus[cpu].fd, KVM_INTERRUPT, &irq);
}

/* The UART whose registers @len bytes at @gpa are; or NULL. */
static struct uart *uart_at(struct board *b, u64 gpa, u32 len, unsigned *reg)
{
	for (unsigned i = 0; i < BOARD_UARTS; i++)
		if (gpa - b->ops->uart_base[i] < UART_REGS &&
		    len <= UART_REGS - (gpa - b->ops->uart_base[i])) {
			*reg = gpa - b->ops->uart_base[i];
			return &b->uarts[i].uart;
		}
	return NULL;
}

/* Where nothing is, all ones come and nothing goes. */
static void load(struct board *b, u64 gpa, u8 *data, u32 len)
{
	unsigned reg;
	struct uart *u = uart_at(b, gpa, len, &reg);
	u32 val;

	if (u)
		for (u32 i = 0; i < len; i++)
			data[i] = uart_read(u, reg + i);
	else if (len == 4 && !(gpa & 3) && b->ops->read && b->ops->read(b, gpa, &val))
		store_be32(data, val);
	else
		memset(data, 0xff, len);
}

static void store(struct board *b, u64 gpa, const u8 *data, u32 len)
{
	unsigned reg;
	struct uart *u = uart_at(b, gpa, len, &reg);

	if (u)
		for (u32 i = 0; i < len; i++)
			uart_write(u, reg + i, data[i]);
	else if (len == 4 && !(gpa & 3) && b->ops->write)
		b->ops->write(b, gpa, load_be32(data));
}

/* One that isn't there reads as 0. */
static void handle_dcr(struct board *b, struct kvm_run *run)
{
	const struct board_ops *ops = b->ops;

	if (run->dcr.is_write && ops->write_dcr)
		ops->write_dcr(b, run->dcr.dcrn, run->dcr.data);
	else if (!run->dcr.is_write &&
		 !(ops->read_dcr && ops->read_dcr(b, run->dcr.dcrn, &run->dcr.data)))
		run->dcr.data = 0;
}

bool board_exit(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;
	struct board *b = vcpu->m->board;
	bool reset, poweroff;

	if (run->exit_reason == KVM_EXIT_WATCHDOG) {
		machine_request(vcpu->m, REQUEST_RESET);
		return true;
	}
	if (run->exit_reason != KVM_EXIT_MMIO && run->exit_reason != KVM_EXIT_DCR)
		return false;
	vcpu->unsettled = true;
	lock_acquire(&b->lock);
	if (run->exit_reason == KVM_EXIT_DCR)
		handle_dcr(b, run);
	else if (run->mmio.is_write)
		store(b, run->mmio.phys_addr, run->mmio.data, run->mmio.len);
	else
		load(b, run->mmio.phys_addr, run->mmio.data, run->mmio.len);
	reset = b->reset_asked;
	poweroff = b->poweroff_asked;
	b->reset_asked = b->poweroff_asked = false;
	lock_release(&b->lock);
	if (poweroff)
		machine_request(vcpu->m, REQUEST_POWEROFF);
	else if (reset)
		machine_request(vcpu->m, REQUEST_RESET);
	return true;
}

/* ---- Life ---- */

static int check_host(struct machine *m, struct error *err)
{
	const struct machine_model *model = m->cfg.model;
	struct kvm_enable_cap pvr = {.cap = PAPYR_CAP_PVR, .args = {model->pvr}};
	const struct accel *a = m->accel;

	if (accel_ioctl_val(a, m->vm_fd, KVM_CHECK_EXTENSION, PAPYR_CAP_PVR) <= 0 ||
	    a->ioctl(m->vm_fd, KVM_ENABLE_CAP, &pvr) < 0)
		return error_set(err, "the host's own KVM cannot run a %s guest (--accel)",
				 model->name);
	return 0;
}

int board_make(struct machine *m, const struct board_ops *ops, struct error *err)
{
	struct board *b;

	if (m->cfg.max_vcpus > 1)
		return error_set(err, "a %s has one processor (-c)", m->cfg.kind->name);
	if (m->cfg.max_mem_bytes != m->cfg.mem_bytes)
		return error_set(err, "memory doesn't come later on a %s (-m)", m->cfg.kind->name);
	if (m->cfg.mem_bytes > ops->mem_max)
		return error_set(err, "a %s has at most %llu MiB of memory (-m)", m->cfg.kind->name,
				 (unsigned long long)(ops->mem_max >> 20));
	m->smt = 1;
	b = m->board = calloc(1, sizeof(*b));
	if (!b)
		return error_nomem(err, "the board");
	b->m = m;
	b->ops = ops;
	lock_init(&b->lock, LOCK_BOARD);
	for (unsigned i = 0; i < BOARD_UARTS; i++) {
		b->uarts[i].board = b;
		b->uarts[i].uart.ops = &uart_ops;
		b->uarts[i].uart.opaque = &b->uarts[i];
	}
	if (check_host(m, err) || guest_mem_alloc(&m->mem, m->cfg.mem_bytes, m->cfg.mem_bytes, err))
		return -1;
	if (machine_set_slots(m, true, 0) < 0)
		return error_errno(err, "cannot give the guest its memory");
	return 0;
}

int board_reset(struct machine *m, struct error *err)
{
	struct board *b = m->board;

	lock_acquire(&b->lock);
	b->ops->reset(b);
	gpio_reset(&b->gpio);
	for (unsigned i = 0; i < BOARD_UARTS; i++)
		uart_reset(&b->uarts[i].uart);
	b->reset_asked = b->poweroff_asked = false;
	lock_release(&b->lock);
	return 0;
}

void board_free(struct machine *m)
{
	if (!m->board)
		return;
	lock_destroy(&m->board->lock);
	free(m->board);
	m->board = NULL;
}

/* ---- State ---- */

void board_save(struct machine *m, struct state_out *out)
{
	struct board *b = m->board;

	lock_acquire(&b->lock);
	b->ops->save(b, out);
	for (unsigned i = 0; i < BOARD_UARTS; i++)
		uart_save(&b->uarts[i].uart, out);
	if (b->ops->has_gpio)
		gpio_save(&b->gpio, out);
	lock_release(&b->lock);
}

int board_load_state(struct machine *m, struct state_in *in)
{
	struct board *b = m->board;
	int r = 0;

	lock_acquire(&b->lock);
	b->ops->load(b, in);
	for (unsigned i = 0; i < BOARD_UARTS && !r; i++)
		r = uart_load(&b->uarts[i].uart, in);
	/* Those of version 1 had no pins. */
	if (!r && b->ops->has_gpio && state_left(in))
		gpio_load(&b->gpio, in);
	lock_release(&b->lock);
	return r;
}
