/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A board that there isn't: an e500v2 with what Linux's qemu-e500 platform looks for, an MPIC, two
 * UARTs and the register by which the guest starts again, all in the configuration space that such
 * chips have.
 */
#include "platform/booke/board.h"
#include "platform/boot.h"
#include "platform/dt_tree.h"
#include "platform/kind.h"
#include "platform/machine.h"

/* The configuration space: where, and what in it. */
#define CCSR_BASE   0xfe0000000ull
#define CCSR_BYTES  0x100000
#define UART_OFFSET 0x4500
#define UART_BYTES  0x100
#define MPIC_OFFSET 0x40000
#define GUTS_OFFSET 0xe0000
#define GUTS_BYTES  0x1000
#define GUTS_RSTCR  0xb0
#define GPIO_OFFSET 0xff000
#define RESET_ASKED 2u

/* Both UARTs have it. The MPIC numbers internal sources from 16. */
#define UART_SOURCE (MPIC_EXTERNAL + 26)
#define LEVEL_HIGH  2 /* as OpenPICs' device trees number senses */

#define GPIO_SOURCE 47 /* which never interrupts */

#define PHANDLE_MPIC 1
#define PHANDLE_GPIO 2

#define POWEROFF_PIN 0

static bool any_uart(const struct board *b)
{
	for (unsigned i = 0; i < BOARD_UARTS; i++)
		if (b->uarts[i].uart.line)
			return true;
	return false;
}

static void e500_uart_line(struct board *b, unsigned i, bool high)
{
	mpic_set_line(&b->mpic, UART_SOURCE, any_uart(b));
}

static void mpic_output(void *opaque, unsigned cpu, bool high)
{
	board_interrupt(opaque, cpu, high);
}

static void e500_reset(struct board *b)
{
	mpic_reset(&b->mpic);
}

static bool e500_read(struct board *b, u64 gpa, u32 *val)
{
	u64 offset = gpa - CCSR_BASE;

	if (offset - MPIC_OFFSET < MPIC_BYTES)
		*val = mpic_read(&b->mpic, 0, offset - MPIC_OFFSET);
	else if (offset - GUTS_OFFSET < GUTS_BYTES)
		*val = 0;
	else if (offset - GPIO_OFFSET < GPIO_BYTES)
		*val = gpio_read(&b->gpio, offset - GPIO_OFFSET);
	else
		return false;
	return true;
}

/* Once the pin is high there is no way back. */
static void e500_write_gpio(struct board *b, u32 offset, u32 val)
{
	gpio_write(&b->gpio, offset, val);
	b->poweroff_asked = gpio_is_high(&b->gpio, POWEROFF_PIN);
}

static bool e500_write(struct board *b, u64 gpa, u32 val)
{
	u64 offset = gpa - CCSR_BASE;

	if (offset - MPIC_OFFSET < MPIC_BYTES)
		mpic_write(&b->mpic, 0, offset - MPIC_OFFSET, val);
	else if (offset == GUTS_OFFSET + GUTS_RSTCR)
		b->reset_asked = val & RESET_ASKED;
	else if (offset - GPIO_OFFSET < GPIO_BYTES)
		e500_write_gpio(b, offset - GPIO_OFFSET, val);
	else
		return false;
	return true;
}

static void describe_cpu(struct dt_tree *t)
{
	dt_begin(t, "cpus");
	dt_cells(t, "#address-cells", 1);
	dt_cells(t, "#size-cells", 0);
	dt_begin(t, "PowerPC,8544@0");
	dt_string(t, "device_type", "cpu");
	dt_cells(t, "reg", 0);
	dt_string(t, "status", "okay");
	dt_cells(t, "clock-frequency", PAPYR_TIMEBASE_HZ);
	dt_cells(t, "timebase-frequency", PAPYR_TIMEBASE_HZ);
	dt_cells(t, "bus-frequency", 0);
	dt_cells(t, "i-cache-line-size", 32);
	dt_cells(t, "d-cache-line-size", 32);
	dt_cells(t, "i-cache-size", 0x8000);
	dt_cells(t, "d-cache-size", 0x8000);
	dt_end(t);
	dt_end(t);
}

static void describe_mpic(struct dt_tree *t)
{
	dt_begin(t, "pic@40000");
	dt_string(t, "device_type", "open-pic");
	dt_string(t, "compatible", "fsl,mpic");
	dt_cells(t, "reg", MPIC_OFFSET, MPIC_BYTES);
	dt_cells(t, "#address-cells", 0);
	dt_cells(t, "#interrupt-cells", 2);
	dt_empty(t, "interrupt-controller");
	dt_cells(t, "phandle", PHANDLE_MPIC);
	dt_end(t);
}

static void describe_guts(struct dt_tree *t)
{
	dt_begin(t, "global-utilities@e0000");
	dt_string(t, "compatible", "fsl,mpc8544-guts");
	dt_cells(t, "reg", GUTS_OFFSET, GUTS_BYTES);
	dt_empty(t, "fsl,has-rstcr");
	dt_end(t);
}

/* By one of the pins the guest powers off. */
static void describe_gpio(struct dt_tree *t)
{
	dt_begin(t, "gpio@ff000");
	dt_string(t, "compatible", "fsl,qoriq-gpio");
	dt_cells(t, "reg", GPIO_OFFSET, GPIO_BYTES);
	dt_cells(t, "interrupts", GPIO_SOURCE, LEVEL_HIGH);
	dt_cells(t, "interrupt-parent", PHANDLE_MPIC);
	dt_cells(t, "#gpio-cells", 2);
	dt_empty(t, "gpio-controller");
	dt_cells(t, "phandle", PHANDLE_GPIO);
	dt_end(t);
	dt_begin(t, "power-off");
	dt_string(t, "compatible", "gpio-poweroff");
	dt_cells(t, "gpios", PHANDLE_GPIO, POWEROFF_PIN, 0);
	dt_end(t);
}

static void describe_soc(struct board *b, struct dt_tree *t)
{
	static const char compatible[] = "fsl,mpc8544-immr\0simple-bus";

	dt_begin(t, "soc@fe0000000");
	dt_string(t, "device_type", "soc");
	dt_prop(t, "compatible", compatible, sizeof(compatible));
	dt_cells(t, "#address-cells", 1);
	dt_cells(t, "#size-cells", 1);
	dt_cells(t, "ranges", 0, CCSR_BASE >> 32, (u32)CCSR_BASE, CCSR_BYTES);
	dt_cells(t, "bus-frequency", 0);
	for (unsigned i = 0; i < BOARD_UARTS; i++)
		board_describe_uart(b, t, i, UART_OFFSET + i * UART_BYTES, UART_SOURCE, LEVEL_HIGH,
				    PHANDLE_MPIC);
	describe_mpic(t);
	describe_guts(t);
	describe_gpio(t);
	dt_end(t);
}

static void e500_describe(struct board *b, struct dt_tree *t)
{
	u64 bytes = b->m->mem.bytes;

	dt_cells(t, "#address-cells", 2);
	dt_cells(t, "#size-cells", 2);
	dt_string(t, "model", "Papyr ppce500");
	dt_string(t, "compatible", "fsl,qemu-e500");
	dt_begin(t, "aliases");
	dt_string(t, "serial0", "/soc@fe0000000/serial@4500");
	dt_string(t, "serial1", "/soc@fe0000000/serial@4600");
	dt_end(t);
	dt_begin(t, "memory");
	dt_string(t, "device_type", "memory");
	dt_cells(t, "reg", 0, 0, bytes >> 32, bytes);
	dt_end(t);
	describe_cpu(t);
	describe_soc(b, t);
}

static void e500_save(struct board *b, struct state_out *out)
{
	mpic_save(&b->mpic, out);
}

static void e500_load(struct board *b, struct state_in *in)
{
	mpic_load(&b->mpic, in);
}

static const struct board_ops e500_ops = {
    .mem_max = 32ull << 30, /* half of the addresses, the upper one is devices' */
    .tlb_kind = KVM_CPU_E500V2,
    .first_map = 64 << 20,
    .uart_base = {CCSR_BASE + UART_OFFSET, CCSR_BASE + UART_OFFSET + UART_BYTES},
    .clock_hz = 400000000,
    .uart_line = e500_uart_line,
    .reset = e500_reset,
    .has_gpio = true,
    .read = e500_read,
    .write = e500_write,
    .describe = e500_describe,
    .save = e500_save,
    .load = e500_load,
};

static int e500_make(struct machine *m, struct error *err)
{
	if (board_make(m, &e500_ops, err))
		return -1;
	m->board->mpic.n_cpus = 1;
	m->board->mpic.output = mpic_output;
	m->board->mpic.opaque = m->board;
	return 0;
}

const struct machine_kind machine_ppce500 = {
    .name = "ppce500",
    .model = "e500v2",
    .make = e500_make,
    BOARD_KIND,
};
