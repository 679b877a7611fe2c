/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The boards of BookE processors on a KVM that runs nothing: what a kernel finds when it starts,
 * and devices by addresses and DCRs, up to the vcpu's interrupt line.
 */
#include <libfdt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_machine.h"
#include "platform/booke/board.h"
#include "platform/console.h"
#include "platform/kind.h"

#define MIB	   (1u << 20)
#define MAGIC	   0x45504150
#define UART_IER   1
#define UART_IIR   2
#define IER_THR	   2
#define BAMBOO	   0xef600300ull
#define UIC_DCR	   0xc0
#define CCSR	   0xfe0000000ull
#define MPIC	   (CCSR + 0x40000)
#define E500_UART  (CCSR + 0x4500)
#define SOURCE	   42
#define INITRD_LEN 1000
#define GPIO	   (CCSR + 0xff000)
#define GPIO_STATE 20

struct board_fixture {
	struct machine *m;
	int out[2];
	char kernel[32], initrd[32];
};

static void make_file(char *name, size_t bytes)
{
	static const u8 branch[] = {0x48, 0, 0, 0};
	int fd;

	strcpy(name, "/tmp/board_test.XXXXXX");
	fd = mkstemp(name);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, branch, sizeof(branch), 0), sizeof(branch));
	assert_int_equal(ftruncate(fd, bytes), 0);
	close(fd);
}

static int make(void **state, const struct machine_kind *kind)
{
	struct board_fixture *f = calloc(1, sizeof(*f));
	struct machine_config cfg = fake_config(1);

	assert_int_equal(pipe(f->out), 0);
	make_file(f->kernel, 4096);
	make_file(f->initrd, INITRD_LEN);
	cfg.kind = kind;
	cfg.model = machine_model_find(kind->model);
	cfg.kernel = f->kernel;
	cfg.initrd = f->initrd;
	cfg.cmdline = "quiet";
	cfg.mem_bytes = 128 * MIB;
	cfg.out_fd = f->out[1];
	f->m = fake_machine_new(&cfg, NULL, NULL);
	fake_machine_boot(f->m);
	*state = f;
	return 0;
}

static int make_bamboo(void **state)
{
	return make(state, &machine_bamboo);
}

static int make_ppce500(void **state)
{
	return make(state, &machine_ppce500);
}

static int teardown(void **state)
{
	struct board_fixture *f = *state;

	machine_free(f->m);
	unlink(f->kernel);
	unlink(f->initrd);
	close(f->out[0]);
	close(f->out[1]);
	free(f);
	return 0;
}

/* ---- What the guest does ---- */

static void access_at(struct board_fixture *f, u64 gpa, u8 *data, u32 len, bool write)
{
	struct kvm_run *run = f->m->vcpus[0].run;

	run->exit_reason = KVM_EXIT_MMIO;
	run->mmio.phys_addr = gpa;
	run->mmio.len = len;
	run->mmio.is_write = write;
	memcpy(run->mmio.data, data, len);
	assert_true(f->m->cfg.kind->exit(&f->m->vcpus[0]));
	memcpy(data, run->mmio.data, len);
}

static u8 get_byte(struct board_fixture *f, u64 gpa)
{
	u8 val = 0;

	access_at(f, gpa, &val, 1, false);
	return val;
}

static void set_byte(struct board_fixture *f, u64 gpa, u8 val)
{
	access_at(f, gpa, &val, 1, true);
}

static u32 get_word(struct board_fixture *f, u64 gpa)
{
	u8 data[4] = {0};

	access_at(f, gpa, data, 4, false);
	return load_be32(data);
}

static void set_word(struct board_fixture *f, u64 gpa, u32 val)
{
	u8 data[4];

	store_be32(data, val);
	access_at(f, gpa, data, 4, true);
}

static u32 dcr(struct board_fixture *f, u32 number, bool write, u32 val)
{
	struct kvm_run *run = f->m->vcpus[0].run;

	run->exit_reason = KVM_EXIT_DCR;
	run->dcr.dcrn = number;
	run->dcr.is_write = write;
	run->dcr.data = val;
	assert_true(f->m->cfg.kind->exit(&f->m->vcpus[0]));
	return run->dcr.data;
}

/* ---- What a kernel finds ---- */

static const void *tree(struct board_fixture *f)
{
	return f->m->mem.host + f->m->booted.fdt;
}

static u32 cell_of(const void *fdt, int node, const char *name, unsigned i)
{
	int len;
	const u8 *p = fdt_getprop(fdt, node, name, &len);

	assert_non_null(p);
	assert_true(len >= (int)(4 * (i + 1)));
	return load_be32(p + 4 * i);
}

static void starts(void **state)
{
	struct board_fixture *f = *state;
	struct kvm_regs regs;

	assert_int_equal(f->m->accel->ioctl(f->m->vcpus[0].fd, KVM_GET_REGS, &regs), 0);
	assert_int_equal(regs.pc, 0);
	assert_int_equal(regs.msr, 0);
	assert_int_equal(regs.gpr[3], f->m->booted.fdt);
	assert_int_equal(regs.gpr[6], MAGIC);
	/* One mapping, and the tree is in it. */
	assert_int_equal(fake_map(0)->ea, 0);
	assert_int_equal(fake_map(0)->gpa, 0);
	assert_int_equal(fake_map(0)->bytes, regs.gpr[7]);
	assert_int_equal(load_be32(f->m->mem.host), 0x48000000);
	assert_true(f->m->booted.fdt + fdt_totalsize(tree(f)) <= regs.gpr[7]);
}

static void has_tree(void **state)
{
	struct board_fixture *f = *state;
	const void *fdt = tree(f);
	int chosen, console, memory, len;
	u64 initrd;

	assert_int_equal(fdt_check_full(fdt, 0x10000), 0);
	chosen = fdt_path_offset(fdt, "/chosen");
	assert_string_equal(fdt_getprop(fdt, chosen, "bootargs", NULL), "quiet");
	console = fdt_path_offset(fdt, fdt_getprop(fdt, chosen, "stdout-path", &len));
	assert_true(console >= 0);
	assert_string_equal(fdt_getprop(fdt, console, "compatible", NULL), "ns16550");
	/* Its interrupts go to a controller that is there. */
	assert_true(fdt_node_offset_by_phandle(fdt, cell_of(fdt, console, "interrupt-parent", 0)) >=
		    0);
	memory = fdt_path_offset(fdt, "/memory");
	assert_non_null(fdt_getprop(fdt, memory, "reg", &len));
	assert_int_equal(cell_of(fdt, memory, "reg", len / 4 - 1), 128 * MIB);
	initrd = cell_of(fdt, chosen, "linux,initrd-start", 1);
	assert_int_equal(cell_of(fdt, chosen, "linux,initrd-end", 1), initrd + INITRD_LEN);
	assert_int_equal(load_be32(f->m->mem.host + initrd), 0x48000000);
	assert_true(initrd + INITRD_LEN <= f->m->booted.fdt);
}

/* ---- Devices ---- */

static void prints(struct board_fixture *f, u64 uart)
{
	char got[3] = "";

	set_byte(f, uart, 'o');
	set_byte(f, uart, 'k');
	for (unsigned n = 0; n < 2;) {
		ssize_t r = read(f->out[0], got + n, 2 - n);

		assert_true(r > 0);
		n += r;
	}
	assert_string_equal(got, "ok");
}

static void nothing_elsewhere(struct board_fixture *f)
{
	assert_int_equal(get_word(f, 0x70000000), 0xffffffff);
	set_word(f, 0x70000000, 1);
	assert_int_equal(get_byte(f, 0xfffffffff), 0xff);
	assert_int_equal(dcr(f, 0x3ff, false, 7), 0);
	dcr(f, 0x3ff, true, 7);
	/* Accesses that cross a device's end. */
	assert_int_equal(get_word(f, f->m->board->ops->uart_base[0] + 6), 0xffffffff);
}

static void bamboo_devices(void **state)
{
	struct board_fixture *f = *state;

	prints(f, BAMBOO);
	nothing_elsewhere(f);
	/* There is room to send: by the UIC's input 0, once that is enabled. */
	set_byte(f, BAMBOO + UART_IER, IER_THR);
	assert_int_not_equal(fake_interrupt(0), (u32)KVM_INTERRUPT_SET_LEVEL);
	dcr(f, UIC_DCR + UIC_ER, true, 0x80000000);
	assert_int_equal(fake_interrupt(0), (u32)KVM_INTERRUPT_SET_LEVEL);
	assert_int_equal(dcr(f, UIC_DCR + UIC_MSR, false, 0), 0x80000000);
	assert_int_equal(get_byte(f, BAMBOO + UART_IIR) & 0xf, 2);
	dcr(f, UIC_DCR + UIC_SR, true, 0x80000000);
	assert_int_equal(fake_interrupt(0), (u32)KVM_INTERRUPT_UNSET);
}

static void ppce500_devices(void **state)
{
	struct board_fixture *f = *state;

	prints(f, E500_UART);
	nothing_elsewhere(f);
	/* Source 42: vector 99, priority 5, to processor 0, which takes all. */
	set_word(f, MPIC + 0x10000 + SOURCE * 0x20, 5 << 16 | 99);
	set_word(f, MPIC + 0x10010 + SOURCE * 0x20, 1);
	set_word(f, MPIC + 0x20080, 0);
	set_byte(f, E500_UART + UART_IER, IER_THR);
	assert_int_equal(fake_interrupt(0), (u32)KVM_INTERRUPT_SET_LEVEL);
	assert_int_equal(get_word(f, MPIC + 0x200a0), 99);
	assert_int_equal(fake_interrupt(0), (u32)KVM_INTERRUPT_UNSET);
	/* The second UART has the same source: the line stays up when the first is content. */
	set_byte(f, E500_UART + 0x100 + UART_IER, IER_THR);
	get_byte(f, E500_UART + UART_IIR);
	set_word(f, MPIC + 0x200b0, 0);
	assert_int_equal(fake_interrupt(0), (u32)KVM_INTERRUPT_SET_LEVEL);
}

/* Only an output that is driven high powers off. */
static void ppce500_powers_off(void **state)
{
	struct board_fixture *f = *state;

	set_word(f, GPIO + 8, 0x80000000);
	assert_int_equal(get_word(f, GPIO + 8), 0);
	assert_string_not_equal(machine_status(f->m), "shutdown");
	set_word(f, GPIO, 0x80000001);
	assert_int_equal(get_word(f, GPIO), 0x80000001);
	assert_string_equal(machine_status(f->m), "shutdown");
}

/* Interrupts that wait, and half of what the UARTs know, in another machine of the kind. */
static void state_moves(void **state)
{
	struct board_fixture *f = *state;
	struct state_out out = {0}, again = {0};
	struct state_in in;

	set_byte(f, f->m->board->ops->uart_base[0] + UART_IER, IER_THR);
	set_byte(f, f->m->board->ops->uart_base[1] + 7, 0x5a);
	board_save(f->m, &out);
	fake_machine_boot(f->m);
	in = (struct state_in){.data = out.data, .len = out.len};
	assert_int_equal(board_load_state(f->m, &in), 0);
	assert_true(state_ok(&in));
	board_save(f->m, &again);
	assert_int_equal(out.len, again.len);
	assert_memory_equal(out.data, again.data, out.len);
	assert_int_equal(get_byte(f, f->m->board->ops->uart_base[1] + 7), 0x5a);
	/* Cut off: refused, or found bad by who reads it. */
	for (size_t n = 0; n < out.len; n++) {
		bool as_version_1 = f->m->board->ops->has_gpio && n == out.len - GPIO_STATE;

		in = (struct state_in){.data = out.data, .len = n};
		assert_int_equal(!board_load_state(f->m, &in) && state_ok(&in), as_version_1);
	}
	state_free(&out);
	state_free(&again);
}

/* ---- What can't be made ---- */

static void refused(void **state)
{
	struct machine_config cfg = fake_config(1);
	struct error err;

	cfg.kind = &machine_bamboo;
	cfg.model = machine_model_find("440");
	cfg.mem_bytes = 4ull << 30;
	assert_null(machine_new(&cfg, &err));
	cfg.mem_bytes = 64 * MIB;
	cfg.n_vcpus = 2;
	assert_null(machine_new(&cfg, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(starts, make_bamboo, teardown),
	    cmocka_unit_test_setup_teardown(starts, make_ppce500, teardown),
	    cmocka_unit_test_setup_teardown(has_tree, make_bamboo, teardown),
	    cmocka_unit_test_setup_teardown(has_tree, make_ppce500, teardown),
	    cmocka_unit_test_setup_teardown(bamboo_devices, make_bamboo, teardown),
	    cmocka_unit_test_setup_teardown(ppce500_devices, make_ppce500, teardown),
	    cmocka_unit_test_setup_teardown(ppce500_powers_off, make_ppce500, teardown),
	    cmocka_unit_test_setup_teardown(state_moves, make_bamboo, teardown),
	    cmocka_unit_test_setup_teardown(state_moves, make_ppce500, teardown),
	    cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
