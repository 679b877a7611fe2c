/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PAPR machine on a KVM that runs nothing: loading, device tree, running, pausing. Its RTAS and
 * its hypercalls have files of their own.
 */
#include <elf.h>
#include <libfdt.h>
#include <papyr/papr.h>
#include <stdlib.h>
#include <unistd.h>

#include "platform/console.h"
#include "platform/elf.h"
#include "platform/fdt.h"
#include "platform_fixture.h"

/* ---- Kernel images ---- */

static u8 image[4096];

/* An ELF64 file with one segment of @filesz bytes for @memsz at @paddr. */
static void make_elf(unsigned class, unsigned machine, u64 paddr, u64 filesz, u64 memsz, u64 entry)
{
	Elf64_Ehdr *eh = (Elf64_Ehdr *)image;
	Elf64_Phdr *ph = (Elf64_Phdr *)(image + sizeof(*eh));

	memset(image, 0, sizeof(image));
	memcpy(eh->e_ident, ELFMAG, SELFMAG);
	eh->e_ident[EI_CLASS] = class;
	eh->e_ident[EI_DATA] = ELFDATA2LSB;
	eh->e_ident[EI_VERSION] = EV_CURRENT;
	eh->e_type = ET_EXEC;
	eh->e_machine = machine;
	eh->e_version = EV_CURRENT;
	eh->e_entry = entry;
	eh->e_phoff = sizeof(*eh);
	eh->e_ehsize = sizeof(*eh);
	eh->e_phentsize = sizeof(*ph);
	eh->e_phnum = 1;
	ph->p_type = PT_LOAD;
	ph->p_offset = 512;
	ph->p_vaddr = 0xc000000000000000 + paddr;
	ph->p_paddr = paddr;
	ph->p_filesz = filesz;
	ph->p_memsz = memsz;
	memset(image + 512, 0xab, 512);
}

static int load(struct fixture *f, u64 limit, size_t bytes, struct kernel_image *k)
{
	struct error err;

	return kernel_load(&f->m->mem, &kernel_papr, limit, image, bytes, "k", false, k, &err);
}

static void load_elf(void **state)
{
	struct fixture *f = *state;
	struct kernel_image k;
	u8 *at = f->m->mem.host + KERNEL_BASE + 0x1000;

	make_elf(ELFCLASS64, EM_PPC64, 0x1000, 512, 1024, 0xc000000000001010);
	memset(at, 0xff, 2048);
	assert_int_equal(load(f, 64 * MIB, sizeof(image), &k), 0);
	assert_int_equal(k.entry, KERNEL_BASE + 0x1010);
	assert_int_equal(k.end, KERNEL_BASE + 0x1000 + 1024);
	assert_int_equal(at[0], 0xab);
	assert_int_equal(at[511], 0xab);
	assert_int_equal(at[512], 0); /* .bss */
	assert_int_equal(at[1023], 0);
	assert_int_equal(at[1024], 0xff);
}

static void load_bad_elf(void **state)
{
	struct fixture *f = *state;
	struct kernel_image k;

	make_elf(ELFCLASS32, EM_PPC, 0, 512, 512, 0);
	assert_int_equal(load(f, 64 * MIB, sizeof(image), &k), -1);
	make_elf(ELFCLASS64, EM_X86_64, 0, 512, 512, 0);
	assert_int_equal(load(f, 64 * MIB, sizeof(image), &k), -1);
	/* A segment beyond the file, beyond memory, larger than what it takes; a file cut off. */
	make_elf(ELFCLASS64, EM_PPC64, 0, 8192, 8192, 0);
	assert_int_equal(load(f, 64 * MIB, sizeof(image), &k), -1);
	make_elf(ELFCLASS64, EM_PPC64, 0x0ff00000, 512, 1ull << 40, 0);
	assert_int_equal(load(f, 64 * MIB, sizeof(image), &k), -1);
	make_elf(ELFCLASS64, EM_PPC64, 0, 512, 256, 0);
	assert_int_equal(load(f, 64 * MIB, sizeof(image), &k), -1);
	make_elf(ELFCLASS64, EM_PPC64, 0, 512, 512, 0);
	for (size_t n = 0; n < 1024; n += 8) {
		int r = load(f, 64 * MIB, n, &k);

		assert_true(n < SELFMAG || r == -1);
	}
}

/* What is no ELF starts where it is loaded if it can be code, or somebody says that it is. */
static void load_raw_code(void **state)
{
	static const char *const refused[] = {"root:x:0:0:root:/root:/bin/bash\n", "\x1f\x8b\x08",
					      "070701", "b label\n", "\x03\x02\x01"};
	struct fixture *f = *state;
	struct kernel_image k;
	struct error err;

	memset(image, 0, sizeof(image));
	store_be32(image, 0x48000010); /* b .+16 */
	assert_int_equal(load(f, 64 * MIB, sizeof(image), &k), 0);
	assert_int_equal(k.entry, KERNEL_BASE);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		size_t n = strlen(refused[i]);

		memcpy(image, refused[i], n);
		assert_int_equal(load(f, 64 * MIB, n, &k), -1);
		assert_int_equal(
		    kernel_load(&f->m->mem, &kernel_papr, 64 * MIB, image, n, "k", true, &k, &err),
		    0);
	}
}

/* ---- Device tree ---- */

static u32 cell_of(const void *fdt, int node, const char *name, unsigned i)
{
	int len;
	const u8 *p = fdt_getprop(fdt, node, name, &len);

	assert_non_null(p);
	assert_true(len >= (int)(4 * (i + 1)));
	return load_be32(p + 4 * i);
}

static void device_tree(void **state)
{
	struct fixture *f = *state;
	struct fdt_places places = {
	    .rtas = 0x2000000, .rtas_bytes = 0x10000, .initrd = 0x1000000, .initrd_bytes = 0x12345};
	void *fdt = malloc(fdt_room(f->m));
	struct error err;
	int node;
	u32 token;

	assert_int_equal(fdt_build(f->m, &places, fdt, &err), 0);
	assert_int_equal(fdt_check_full(fdt, fdt_room(f->m)), 0);
	assert_string_equal(fdt_getprop(fdt, 0, "device_type", NULL), "chrp");
	node = fdt_path_offset(fdt, "/chosen");
	assert_string_equal(fdt_getprop(fdt, node, "bootargs", NULL), "quiet");
	assert_int_equal(cell_of(fdt, node, "linux,initrd-end", 1), 0x1012345);
	/* Two cores of two threads; ids are eight apart. */
	node = fdt_path_offset(fdt, "/cpus/PowerPC,POWER8@8");
	assert_true(node >= 0);
	assert_int_equal(cell_of(fdt, node, "ibm,ppc-interrupt-server#s", 0), 8);
	assert_int_equal(cell_of(fdt, node, "ibm,ppc-interrupt-server#s", 1), 9);
	assert_int_equal(cell_of(fdt, node, "ibm,pft-size", 1), f->m->htab_order);
	assert_int_equal(cell_of(fdt, node, "ibm,segment-page-sizes", 0), 12);
	assert_int_equal(cell_of(fdt, node, "ibm,segment-page-sizes", 2), 2);
	assert_true(fdt_path_offset(fdt, "/cpus/PowerPC,POWER8@10") < 0);
	node = fdt_path_offset(fdt, "/rtas");
	for (unsigned i = 0; rtas_name(i, &token); i++)
		if (rtas_is_told(f->m, i))
			assert_int_equal(cell_of(fdt, node, rtas_name(i, &token), 0), token);
		else
			assert_null(fdt_getprop(fdt, node, rtas_name(i, &token), NULL));
	node = fdt_path_offset(fdt, "/memory@0");
	assert_int_equal(cell_of(fdt, node, "reg", 3), 256 * MIB);
	/* RTAS is not the guest's to use. */
	assert_int_equal(fdt_num_mem_rsv(fdt), 1);
	free(fdt);
}

static void table_reaches_memory(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(f->m->rma_bytes, 256 * MIB);
	assert_true((1ull << (f->m->htab_order - 7)) * 0x10000 >= 256 * MIB);
	assert_true(f->m->htab_order >= 18);
}

/* ---- Running ---- */

/* A guest that makes one RTAS call after some output. */
struct one_call {
	struct machine *m;
	const char *name;
	u32 n_in;
	int step;
};

static bool guest_one_call(void *opaque, unsigned id, struct kvm_run *run)
{
	struct one_call *g = opaque;
	u8 *p = g->m->mem.host + ARGS;

	run->exit_reason = KVM_EXIT_PAPR_HCALL;
	if (g->step++ == 0) {
		run->papr_hcall.nr = H_PUT_TERM_CHAR;
		run->papr_hcall.args[0] = VTY_UNIT;
		run->papr_hcall.args[1] = 3;
		run->papr_hcall.args[2] = 0x4142430000000000;
		return true;
	}
	if (g->step == 2) {
		store_be32(p, token_of(g->name));
		store_be32(p + 4, g->n_in);
		store_be32(p + 8, 1);
		run->papr_hcall.nr = H_RTAS;
		run->papr_hcall.args[0] = ARGS;
		return true;
	}
	return false;
}

static int run_one_call(struct fixture *f, const char *name, u32 n_in)
{
	struct one_call g = {.m = f->m, .name = name, .n_in = n_in};
	char buf[4];
	int status;

	/* The machine was made before the guest was known. */
	fake_set_guest(guest_one_call, &g);
	status = machine_run(f->m);
	assert_int_equal(read(f->out[0], buf, sizeof(buf)), 3);
	assert_memory_equal(buf, "ABC", 3);
	return status;
}

static void run_power_off(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(run_one_call(f, "power-off", 2), 0);
	assert_int_equal(f->m->ended_by, REQUEST_POWEROFF);
}

static void run_panic(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(run_one_call(f, "ibm,os-term", 1), 3);
}

/* Reads where there is nothing, then an exit that nobody knows. */
static bool guest_mmio(void *opaque, unsigned id, struct kvm_run *run)
{
	int *step = opaque;

	switch ((*step)++) {
	case 0:
		run->exit_reason = KVM_EXIT_MMIO;
		run->mmio.phys_addr = 1ull << 40;
		run->mmio.len = 8;
		run->mmio.is_write = 0;
		memset(run->mmio.data, 0, 8);
		return true;
	case 1:
		for (int i = 0; i < 8; i++)
			assert_int_equal(run->mmio.data[i], 0xff);
		run->exit_reason = 99;
		return true;
	default:
		return false;
	}
}

static void run_mmio(void **state)
{
	struct fixture *f = *state;
	int step = 0;

	fake_set_guest(guest_mmio, &step);
	assert_int_equal(machine_run(f->m), 1);
	assert_non_null(strstr(machine_failure(f->m)->text, "unknown reason, 99"));
}

/* ---- Pausing ---- */

static bool guest_hcalls(void *opaque, unsigned id, struct kvm_run *run)
{
	__atomic_add_fetch((unsigned *)opaque, 1, __ATOMIC_SEQ_CST);
	run->exit_reason = KVM_EXIT_PAPR_HCALL;
	run->papr_hcall.nr = 0x9999;
	run->papr_hcall.args[0] = 0;
	return true;
}

static void set_marker(struct vcpu *vcpu, void *arg)
{
	*(unsigned *)arg += 1;
}

static void pause_and_resume(void **state)
{
	struct fixture *f = *state;
	struct machine *m = f->m;
	unsigned count = 0, marker = 0;
	struct error err;

	fake_set_guest(guest_hcalls, &count);
	m->vcpus[1].online = true;
	for (unsigned i = 0; i < m->n_vcpus; i++)
		assert_int_equal(vcpu_start_thread(&m->vcpus[i], &err), 0);
	for (unsigned round = 0; round < 200; round++) {
		struct kvm_regs regs;
		unsigned seen;

		/* Something is done on each vcpu's thread, running or not. */
		vcpu_run_on(&m->vcpus[round % m->n_vcpus], set_marker, &marker);
		machine_pause(m);
		seen = __atomic_load_n(&count, __ATOMIC_SEQ_CST);
		for (unsigned i = 0; i < m->n_vcpus; i++) {
			assert_true(m->vcpus[i].parked);
			assert_false(m->vcpus[i].unsettled);
		}
		/* The result of the last hypercall is in r3 already. */
		if (m->vcpus[0].exits) {
			fake_accel.ioctl(m->vcpus[0].fd, KVM_GET_REGS, &regs);
			assert_true(regs.gpr[3] == (u64)H_FUNCTION);
		}
		/* Nothing happens, for as long as it takes a vcpu to do something. */
		usleep(100);
		assert_int_equal(seen, __atomic_load_n(&count, __ATOMIC_SEQ_CST));
		assert_string_equal(machine_status(m), "paused");
		machine_resume(m);
		assert_string_equal(machine_status(m), "running");
		/* So that the next pause finds vcpus at work, often. */
		usleep(100);
	}
	/* The guest counts on this function's stack. */
	machine_pause(m);
	assert_int_equal(marker, 200);
	assert_true(count > 0);
}

/* ---- State ---- */

static void state_bounds(void **state)
{
	struct state_out out = {0};
	struct state_in in;
	char s[8];

	put_u8(&out, 1);
	put_u32(&out, 0x12345678);
	put_u64(&out, 0x1122334455667788);
	put_string(&out, "hello");
	in = (struct state_in){.data = out.data, .len = out.len};
	assert_int_equal(get_u8(&in), 1);
	assert_int_equal(get_u32(&in), 0x12345678);
	assert_true(get_u64(&in) == 0x1122334455667788);
	get_string(&in, s, sizeof(s));
	assert_string_equal(s, "hello");
	assert_true(state_ok(&in));
	assert_int_equal(get_u32(&in), 0);
	assert_false(state_ok(&in));
	/* A string for which there is no room, and one that is cut off. */
	in = (struct state_in){.data = out.data, .len = out.len, .pos = 13};
	get_string(&in, s, 5);
	assert_true(in.bad);
	in = (struct state_in){.data = out.data, .len = out.len - 1, .pos = 13};
	get_string(&in, s, sizeof(s));
	assert_true(in.bad);
	state_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(load_elf),
	    T(load_bad_elf),
	    T(load_raw_code),
	    T(device_tree),
	    T(table_reaches_memory),
	    T(run_power_off),
	    T(run_panic),
	    T(run_mmio),
	    T(pause_and_resume),
	    cmocka_unit_test(state_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
