/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is in a board's memory when its processor starts: the kernel from address 0, and by the end
 * of the low 64 MiB an initrd and the device tree. An initrd that has no room there goes behind
 * them. The processor has one mapping at first, of the low memory, and is told where the device
 * tree is as ePAPR has it.
 */
#include <libfdt.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "platform/boot.h"
#include "platform/boot_file.h"
#include "platform/booke/board.h"
#include "platform/dirtylog.h"
#include "platform/dt_tree.h"
#include "platform/elf.h"
#include "platform/kind.h"
#include "platform/machine.h"
#include "platform/vcpu.h"

#define LOW_BYTES  (64ull << 20) /* mapped when the processor starts */
#define TREE_BYTES 0x10000

static int load_kernel(struct machine *m, u64 limit, struct kernel_image *image, struct error *err)
{
	struct boot_file f;
	int r;

	if (!m->cfg.kernel)
		return error_set(err, "a %s wants a kernel (-k)", m->cfg.kind->name);
	if (boot_file_map(m->cfg.kernel, &f, err))
		return -1;
	r = kernel_load(&m->mem, &kernel_booke, limit, f.data, f.bytes, m->cfg.kernel, m->cfg.raw,
			image, err);
	boot_file_unmap(&f);
	return r;
}

/* As far up below @limit as it goes, but behind @from; or behind the low memory. */
static int load_initrd(struct machine *m, u64 from, u64 limit, struct error *err)
{
	struct board *b = m->board;
	struct boot_file f;
	int r = 0;

	b->initrd = b->initrd_bytes = 0;
	if (!m->cfg.initrd)
		return 0;
	if (boot_file_map(m->cfg.initrd, &f, err))
		return -1;
	b->initrd = f.bytes < limit ? (limit - f.bytes) & ~(u64)0xffff : 0;
	if (b->initrd < from)
		b->initrd = LOW_BYTES;
	if (b->initrd > m->mem.bytes || f.bytes > m->mem.bytes - b->initrd) {
		r = error_set(err, "%s: no room for it: give the guest more memory (-m)",
			      m->cfg.initrd);
	} else {
		memcpy(m->mem.host + b->initrd, f.data, f.bytes);
		b->initrd_bytes = f.bytes;
	}
	boot_file_unmap(&f);
	return r;
}

void board_describe_uart(struct board *b, struct dt_tree *t, unsigned i, u32 offset, u32 irq,
			 u32 sense, u32 controller)
{
	char name[32];

	snprintf(name, sizeof(name), "serial@%x", offset);
	dt_begin(t, name);
	dt_string(t, "device_type", "serial");
	dt_string(t, "compatible", "ns16550");
	dt_cells(t, "reg", offset, UART_REGS);
	dt_cells(t, "cell-index", i);
	dt_cells(t, "clock-frequency", b->ops->clock_hz);
	dt_cells(t, "current-speed", 115200);
	dt_cells(t, "interrupts", irq, sense);
	dt_cells(t, "interrupt-parent", controller);
	dt_end(t);
}

static void describe_chosen(struct board *b, struct dt_tree *t)
{
	const char *cmdline = b->m->cfg.cmdline;
	u8 seed[32];

	dt_begin(t, "chosen");
	dt_string(t, "bootargs", cmdline ? cmdline : "");
	dt_string(t, "stdout-path", "serial0");
	if (b->initrd_bytes) {
		u64 end = b->initrd + b->initrd_bytes;

		dt_cells(t, "linux,initrd-start", b->initrd >> 32, b->initrd);
		dt_cells(t, "linux,initrd-end", end >> 32, end);
	}
	if (getrandom(seed, sizeof(seed), 0) == sizeof(seed))
		dt_prop(t, "rng-seed", seed, sizeof(seed));
	dt_end(t);
}

static int describe(struct board *b, void *buf, struct error *err)
{
	struct dt_tree t = {.fdt = buf};

	t.error = fdt_create(buf, TREE_BYTES);
	if (!t.error)
		t.error = fdt_finish_reservemap(buf);
	dt_begin(&t, "");
	b->ops->describe(b, &t);
	describe_chosen(b, &t);
	dt_end(&t);
	if (!t.error)
		t.error = fdt_finish(buf);
	return t.error ? error_set(err, "cannot make the device tree: %s", fdt_strerror(t.error))
		       : 0;
}

int board_load(struct machine *m, struct boot_entry *entry, struct error *err)
{
	u64 low = m->mem.bytes < LOW_BYTES ? m->mem.bytes : LOW_BYTES, tree = low - TREE_BYTES;
	struct kernel_image image;

	if (load_kernel(m, tree, &image, err) || load_initrd(m, image.end, tree, err) ||
	    describe(m->board, m->mem.host + tree, err))
		return -1;
	*entry = (struct boot_entry){.pc = image.entry, .fdt = tree};
	machine_wrote_all(m);
	return 0;
}
