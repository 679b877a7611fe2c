/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Bamboo board: a PowerPC 440EP with its interrupt controller and its UARTs. The rest of the
 * chip, and what is around it, isn't there, and the device tree doesn't tell of it.
 */
#include "platform/booke/board.h"
#include "platform/boot.h"
#include "platform/dt_tree.h"
#include "platform/kind.h"
#include "platform/machine.h"

#define UIC_DCR	    0xc0
#define PHANDLE_CPU 1
#define PHANDLE_UIC 2
#define LEVEL_HIGH  4 /* of an input of the UIC, as Linux numbers senses */

static void bamboo_uart_line(struct board *b, unsigned i, bool high)
{
	uic_set_line(&b->uic, i, high);
}

/* KVM_INTERRUPT knows no critical ones: that output goes nowhere. */
static void uic_output(void *opaque, bool external, bool critical)
{
	board_interrupt(opaque, 0, external);
}

static void bamboo_reset(struct board *b)
{
	uic_reset(&b->uic);
}

static bool bamboo_read_dcr(struct board *b, u32 number, u32 *val)
{
	if (number - UIC_DCR >= UIC_REGS)
		return false;
	*val = uic_read(&b->uic, number - UIC_DCR);
	return true;
}

static bool bamboo_write_dcr(struct board *b, u32 number, u32 val)
{
	if (number - UIC_DCR >= UIC_REGS)
		return false;
	uic_write(&b->uic, number - UIC_DCR, val);
	return true;
}

static void describe_cpu(struct dt_tree *t)
{
	dt_begin(t, "cpus");
	dt_cells(t, "#address-cells", 1);
	dt_cells(t, "#size-cells", 0);
	dt_begin(t, "cpu@0");
	dt_string(t, "device_type", "cpu");
	dt_string(t, "model", "PowerPC,440EP");
	dt_cells(t, "reg", 0);
	dt_cells(t, "clock-frequency", PAPYR_TIMEBASE_HZ);
	dt_cells(t, "timebase-frequency", PAPYR_TIMEBASE_HZ);
	dt_cells(t, "i-cache-line-size", 32);
	dt_cells(t, "d-cache-line-size", 32);
	dt_cells(t, "i-cache-size", 0x8000);
	dt_cells(t, "d-cache-size", 0x8000);
	dt_empty(t, "dcr-controller");
	dt_string(t, "dcr-access-method", "native");
	dt_cells(t, "phandle", PHANDLE_CPU);
	dt_end(t);
	dt_end(t);
}

static void describe_uic(struct dt_tree *t)
{
	static const char compatible[] = "ibm,uic-440ep\0ibm,uic";

	dt_begin(t, "interrupt-controller0");
	dt_prop(t, "compatible", compatible, sizeof(compatible));
	dt_empty(t, "interrupt-controller");
	dt_cells(t, "cell-index", 0);
	dt_cells(t, "dcr-reg", UIC_DCR, UIC_REGS);
	dt_cells(t, "#address-cells", 0);
	dt_cells(t, "#size-cells", 0);
	dt_cells(t, "#interrupt-cells", 2);
	dt_cells(t, "phandle", PHANDLE_UIC);
	dt_end(t);
}

/* The processor's bus, and behind it the one of slow devices. */
static void describe_buses(struct board *b, struct dt_tree *t)
{
	static const char plb[] = "ibm,plb-440ep\0ibm,plb4";
	static const char opb[] = "ibm,opb-440ep\0ibm,opb";

	dt_begin(t, "plb");
	dt_prop(t, "compatible", plb, sizeof(plb));
	dt_cells(t, "#address-cells", 2);
	dt_cells(t, "#size-cells", 1);
	dt_empty(t, "ranges");
	dt_begin(t, "opb");
	dt_prop(t, "compatible", opb, sizeof(opb));
	dt_cells(t, "#address-cells", 1);
	dt_cells(t, "#size-cells", 1);
	dt_cells(t, "ranges", 0x80000000, 0, 0x80000000, 0x80000000);
	for (unsigned i = 0; i < BOARD_UARTS; i++)
		board_describe_uart(b, t, i, b->ops->uart_base[i], i, LEVEL_HIGH, PHANDLE_UIC);
	dt_end(t);
	dt_end(t);
}

static void bamboo_describe(struct board *b, struct dt_tree *t)
{
	dt_cells(t, "#address-cells", 2);
	dt_cells(t, "#size-cells", 1);
	dt_string(t, "model", "amcc,bamboo");
	dt_string(t, "compatible", "amcc,bamboo");
	dt_cells(t, "dcr-parent", PHANDLE_CPU);
	dt_begin(t, "aliases");
	dt_string(t, "serial0", "/plb/opb/serial@ef600300");
	dt_string(t, "serial1", "/plb/opb/serial@ef600400");
	dt_end(t);
	dt_begin(t, "memory");
	dt_string(t, "device_type", "memory");
	dt_cells(t, "reg", 0, 0, b->m->mem.bytes);
	dt_end(t);
	describe_cpu(t);
	describe_uic(t);
	describe_buses(b, t);
}

static void bamboo_save(struct board *b, struct state_out *out)
{
	uic_save(&b->uic, out);
}

static void bamboo_load(struct board *b, struct state_in *in)
{
	uic_load(&b->uic, in);
}

static const struct board_ops bamboo_ops = {
    .mem_max = 2ull << 30, /* devices are above */
    .tlb_kind = KVM_CPU_440,
    .first_map = 256 << 20, /* it has nothing between 16 and 256 */
    .uart_base = {0xef600300, 0xef600400},
    .clock_hz = 11059200,
    .uart_line = bamboo_uart_line,
    .reset = bamboo_reset,
    .read_dcr = bamboo_read_dcr,
    .write_dcr = bamboo_write_dcr,
    .describe = bamboo_describe,
    .save = bamboo_save,
    .load = bamboo_load,
};

static int bamboo_make(struct machine *m, struct error *err)
{
	if (board_make(m, &bamboo_ops, err))
		return -1;
	m->board->uic.output = uic_output;
	m->board->uic.opaque = m->board;
	return 0;
}

const struct machine_kind machine_bamboo = {
    .name = "bamboo",
    .model = "440",
    .make = bamboo_make,
    BOARD_KIND,
};
