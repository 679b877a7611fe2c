/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PAPR machine on a KVM that runs nothing: loading, device tree, RTAS, hypercalls, pausing.
 */
#include <elf.h>
#include <fcntl.h>
#include <poll.h>
#include <libfdt.h>
#include <papyr/papr.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_machine.h"
#include "platform/console.h"
#include "platform/elf.h"
#include "platform/exits.h"
#include "platform/fdt.h"
#include "platform/fwnmi.h"
#include "platform/htab.h"
#include "platform/trace.h"
#include "platform/xics.h"

#define MIB (1ull << 20)

struct fixture {
	struct machine *m;
	int out[2]; /* the console's output: read from out[0] */
};

static struct machine *make(unsigned vcpus, unsigned threads, u64 mem, int out_fd)
{
	struct machine_config cfg = fake_config(vcpus);
	struct machine *m;

	cfg.cmdline = "quiet";
	cfg.mem_bytes = mem;
	cfg.threads = threads;
	cfg.out_fd = out_fd;
	m = fake_machine_new(&cfg, NULL, NULL);
	fake_machine_boot(m);
	return m;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_int_equal(pipe(f->out), 0);
	f->m = make(4, 2, 256 * MIB, f->out[1]);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	machine_free(f->m);
	close(f->out[0]);
	close(f->out[1]);
	free(f);
	return 0;
}

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
		assert_int_equal(kernel_load(&f->m->mem, &kernel_papr, 64 * MIB, image, n, "k",
					     true, &k, &err),
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

/* ---- RTAS ---- */

#define ARGS 0x100000
#define DATA 0x110000

/* Calls by token with the @n_in words that follow; the status, or the hypercall's code if that
 * isn't 0. */
static s32 call(struct fixture *f, u32 token, u32 n_in, u32 n_out, ...)
{
	u8 *p = f->m->mem.host + ARGS;
	va_list ap;
	s64 r;

	store_be32(p, token);
	store_be32(p + 4, n_in);
	store_be32(p + 8, n_out);
	va_start(ap, n_out);
	for (u32 i = 0; i < n_in; i++)
		store_be32(p + 12 + 4 * i, va_arg(ap, u32));
	va_end(ap);
	r = rtas_call(&f->m->vcpus[0], ARGS);
	return r ? r : (s32)load_be32(p + 12 + 4 * n_in);
}

static u32 result(struct fixture *f, u32 n_in, u32 i)
{
	return load_be32(f->m->mem.host + ARGS + 12 + 4 * (n_in + i));
}

static void rtas_clock(void **state)
{
	struct fixture *f = *state;
	time_t now = time(NULL);
	struct tm tm;

	assert_int_equal(call(f, token_of("get-time-of-day"), 0, 8), 0);
	gmtime_r(&now, &tm);
	assert_in_range(result(f, 0, 1), tm.tm_year + 1900, tm.tm_year + 1901);
	assert_int_equal(call(f, token_of("set-time-of-day"), 7, 1, 2001, 2, 3, 4, 5, 6, 0), 0);
	assert_int_equal(call(f, token_of("get-time-of-day"), 0, 8), 0);
	assert_int_equal(result(f, 0, 1), 2001);
	assert_int_equal(result(f, 0, 2), 2);
	assert_int_equal(result(f, 0, 3), 3);
	assert_int_equal(result(f, 0, 4), 4);
	assert_int_equal(result(f, 0, 5), 5);
	assert_int_equal(call(f, token_of("set-time-of-day"), 7, 1, 2001, 0, 3, 4, 5, 6, 0), -3);
	assert_int_equal(call(f, token_of("set-time-of-day"), 7, 1, 2001, 13, 3, 4, 5, 6, 0), -3);
	assert_int_equal(call(f, token_of("set-time-of-day"), 7, 1, 0xffffffff, 1, 1, 0, 0, 0, 0),
			 -3);
}

static void rtas_nvram(void **state)
{
	struct fixture *f = *state;
	u8 *data = f->m->mem.host + DATA;

	/* As new: two partitions. */
	assert_int_equal(call(f, token_of("nvram-fetch"), 3, 2, 0, DATA, 16), 0);
	assert_int_equal(data[0], 0x70);
	assert_memory_equal(data + 4, "common", 7);
	memset(data, 0x5a, 64);
	assert_int_equal(call(f, token_of("nvram-store"), 3, 2, NVRAM_BYTES - 64, DATA, 64), 0);
	assert_int_equal(result(f, 3, 1), 64);
	memset(data, 0, 64);
	assert_int_equal(call(f, token_of("nvram-fetch"), 3, 2, NVRAM_BYTES - 64, DATA, 64), 0);
	assert_int_equal(data[63], 0x5a);
	assert_int_equal(call(f, token_of("nvram-store"), 3, 2, NVRAM_BYTES - 63, DATA, 64), -3);
	assert_int_equal(call(f, token_of("nvram-store"), 3, 2, 0xffffffff, DATA, 2), -3);
	assert_int_equal(call(f, token_of("nvram-fetch"), 3, 2, 0, 0xfffffff0, 64), -3);
	assert_int_equal(call(f, token_of("nvram-fetch"), 3, 2, 0, DATA, 0xffffffff), -3);
}

static void rtas_parameters(void **state)
{
	struct fixture *f = *state;
	u8 *data = f->m->mem.host + DATA;
	u32 get = token_of("ibm,get-system-parameter");

	assert_int_equal(call(f, get, 3, 1, 20, DATA, 256), 0);
	assert_non_null(strstr((char *)data + 2, "DesMem=256,DesProcs=4"));
	assert_int_equal(call(f, get, 3, 1, 48, DATA, 256), 0);
	assert_int_equal(data[1], 16);
	assert_memory_equal(data + 2, f->m->uuid, 16);
	/* A short buffer gets what fits, and the whole length. */
	memset(data, 0xee, 16);
	assert_int_equal(call(f, get, 3, 1, 48, DATA, 6), 0);
	assert_int_equal(data[1], 16);
	assert_int_equal(data[6], 0xee);
	assert_int_equal(call(f, get, 3, 1, 48, DATA, 1), -9999);
	assert_int_equal(call(f, get, 3, 1, 48, 0xffffff00, 256), -9999);
	assert_int_equal(call(f, get, 3, 1, 1234, DATA, 256), -3);
	assert_int_equal(call(f, token_of("ibm,set-system-parameter"), 2, 1, 48, DATA), -9002);
	assert_int_equal(call(f, token_of("ibm,set-system-parameter"), 2, 1, 1234, DATA), -3);
}

static void rtas_cpus(void **state)
{
	struct fixture *f = *state;
	u32 query = token_of("query-cpu-stopped-state");
	struct kvm_regs regs;

	assert_int_equal(call(f, query, 1, 2, 9), 0);
	assert_int_equal(result(f, 1, 1), 0);
	assert_int_equal(call(f, token_of("start-cpu"), 3, 1, 9, 0x1234, 0x77), 0);
	assert_int_equal(call(f, query, 1, 2, 9), 0);
	assert_int_equal(result(f, 1, 1), 2);
	fake_accel.ioctl(f->m->vcpus[3].fd, KVM_GET_REGS, &regs);
	assert_int_equal(regs.pc, 0x1234);
	assert_int_equal(regs.gpr[3], 0x77);
	assert_true(regs.msr == (PPC_BIT(0) | PPC_BIT(51)));
	assert_int_equal(call(f, token_of("start-cpu"), 3, 1, 9, 0, 0), -1);
	assert_int_equal(call(f, token_of("start-cpu"), 3, 1, 5, 0, 0), -3);
	assert_int_equal(call(f, query, 1, 2, 0xffffffff), -3);
	assert_int_equal(call(f, token_of("stop-self"), 0, 1), 0);
	assert_false(f->m->vcpus[0].online);
}

static void rtas_events(void **state)
{
	struct fixture *f = *state;
	u8 *log = f->m->mem.host + DATA;
	u32 check = token_of("check-exception");
	struct error err;

	assert_int_equal(call(f, check, 6, 1, 0x500, 1, 0x40000000, 0, DATA, 2048), 1);
	assert_int_equal(machine_powerdown(f->m, &err), 0);
	assert_int_equal(fake_irq_count(IRQ_EPOW), 1);
	assert_int_equal(call(f, check, 6, 1, 0x500, 1, 0x80000000, 0, DATA, 2048), 1);
	assert_int_equal(call(f, check, 6, 1, 0x500, 1, 0x40000000, 0, DATA, 2048), 0);
	assert_int_equal(log[0], 6);
	assert_int_equal(log[3], 64);
	assert_memory_equal(log + 8 + 12, "IBM", 4);
	assert_int_equal(call(f, token_of("event-scan"), 4, 1, ~0u, 0, DATA, 2048), 1);
	/* A buffer outside memory; one too short for the log. */
	assert_int_equal(machine_powerdown(f->m, &err), 0);
	assert_int_equal(call(f, check, 6, 1, 0x500, 1, ~0u, 0, 0xfffff000, 2048), -3);
	memset(log, 0xee, 64);
	assert_int_equal(call(f, token_of("event-scan"), 4, 1, ~0u, 0, DATA, 10), 0);
	assert_int_equal(log[10], 0xee);
}

#define NOT_RECOVERED KVM_RUN_PPC_NMI_DISP_NOT_RECOV
#define HANDLER_RESET 0x4000
#define HANDLER_CHECK 0x4200

/* A vcpu leaves the guest by a machine check, as KVM has it do. */
static void machine_check(struct fixture *f, unsigned index, u64 srr1, u32 dsisr, u64 dar)
{
	struct vcpu *vcpu = &f->m->vcpus[index];
	struct kvm_regs regs = {.pc = 0x5000, .srr0 = 0x5000, .srr1 = srr1, .gpr[3] = 0x333};

	fake_accel.ioctl(vcpu->fd, KVM_SET_REGS, &regs);
	vcpu_set_reg(vcpu, KVM_REG_PPC_DAR, &dar);
	vcpu_set_reg(vcpu, KVM_REG_PPC_DSISR, &dsisr);
	vcpu->run->flags = NOT_RECOVERED;
	fwnmi_machine_check(vcpu);
}

static u64 pc_of(struct fixture *f, unsigned index)
{
	struct kvm_regs regs;

	fake_accel.ioctl(f->m->vcpus[index].fd, KVM_GET_REGS, &regs);
	return regs.pc;
}

static void rtas_handlers_are_registered(void **state)
{
	struct fixture *f = *state;
	u32 token = token_of("ibm,nmi-register");

	assert_int_equal(call(f, token_of("ibm,nmi-interlock"), 0, 1), -3);
	assert_int_equal(call(f, token, 2, 1, 32 << 20, HANDLER_CHECK), -3);
	assert_int_equal(call(f, token, 2, 1, HANDLER_RESET, 0xfffffffc), -3);
	assert_int_equal(call(f, token, 2, 1, HANDLER_RESET + 2, HANDLER_CHECK), -3);
	machine_check(f, 0, 0, 0, 0);
	assert_int_equal(pc_of(f, 0), 0x200);
	assert_int_equal(machine_nmi(f->m, NULL), 0);
	assert_int_equal(pc_of(f, 0), 0x100);
	assert_int_equal(call(f, token, 2, 1, HANDLER_RESET, HANDLER_CHECK), 0);
	assert_int_equal(machine_nmi(f->m, NULL), 0);
	assert_int_equal(pc_of(f, 0), HANDLER_RESET);
	/* Stopped processors stay so. */
	assert_int_equal(pc_of(f, 3), 0);
}

static void rtas_machine_check_has_a_log(void **state)
{
	static const struct {
		u64 srr1;
		u32 dsisr;
		u8 type, subtype, initiator;
	} rows[] = {
	    {0x200000, 0x8000, 0, 0x43, 0x40}, /* memory, by a load */
	    {0x200000, 0x4000, 0, 0x44, 0x40}, /* ... by the walk of its translation */
	    {0x040000, 0x8000, 0, 0x01, 0x40}, /* ... by a fetch */
	    {0x180000, 0, 0, 0x02, 0x40},
	    {0x200000, 0x0080, 1, 0x81, 0x10}, /* SLB, two entries */
	    {0x080000, 0, 1, 0x00, 0x10},      /* SLB, parity */
	    {0x200000, 0x0800, 2, 0x81, 0x10}, /* ERAT */
	    {0x140000, 0, 4, 0x01, 0x10},      /* TLB */
	    {0, 0, 0, 0x00, 0x40},	       /* not told */
	};
	struct fixture *f = *state;
	struct kvm_regs regs;

	call(f, token_of("ibm,nmi-register"), 2, 1, HANDLER_RESET, HANDLER_CHECK);
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		const u8 *save, *mc;

		machine_check(f, 0, rows[i].srr1, rows[i].dsisr, 0x123456789);
		fake_accel.ioctl(f->m->vcpus[0].fd, KVM_GET_REGS, &regs);
		assert_int_equal(regs.pc, HANDLER_CHECK);
		assert_int_equal(regs.srr0, 0x5000);
		assert_int_equal(regs.srr1, rows[i].srr1);
		assert_true(regs.msr == (PPC_BIT(0) | PPC_BIT(51)));
		assert_true(regs.gpr[3] >= f->m->fwnmi.rtas);
		save = f->m->mem.host + regs.gpr[3];
		assert_int_equal(load_be64(save), 0x333);
		assert_int_equal(save[8], 6);
		assert_int_equal(save[9], 3 << 5 | 2 << 3 | 1 << 2);
		assert_int_equal(save[10], rows[i].initiator);
		assert_int_equal(load_be32(save + 12), 16 + 48 + 24 + 40);
		mc = save + 8 + 8 + 16 + 48 + 24;
		assert_memory_equal(mc, "MC", 2);
		assert_int_equal(mc[3], 40);
		assert_int_equal(mc[16], rows[i].type);
		assert_int_equal(mc[17], rows[i].subtype);
		assert_int_equal(load_be64(mc + 24), mc[17] & 0xc0 ? 0x123456789 : 0);
		assert_int_equal(call(f, token_of("ibm,nmi-interlock"), 0, 1), 0);
		assert_int_equal(call(f, token_of("ibm,nmi-interlock"), 0, 1), -3);
	}
}

/* Another waits at its instruction; the same can't be helped. */
static void rtas_one_machine_check_at_a_time(void **state)
{
	struct fixture *f = *state;

	call(f, token_of("ibm,nmi-register"), 2, 1, HANDLER_RESET, HANDLER_CHECK);
	machine_check(f, 1, 0x200000, 0x8000, 0);
	assert_int_equal(pc_of(f, 1), HANDLER_CHECK);
	assert_int_equal(call(f, token_of("ibm,nmi-interlock"), 0, 1), -3);
	f->m->quit = true; /* nobody waits long then */
	machine_check(f, 0, 0x200000, 0x8000, 0);
	assert_int_equal(pc_of(f, 0), 0x5000);
	assert_string_equal(machine_status(f->m), "running");
	machine_check(f, 1, 0x200000, 0x8000, 0);
	assert_string_equal(machine_status(f->m), "guest-panicked");
}

/* Whatever a block says, only the guest's memory is touched. */
static void rtas_hostile(void **state)
{
	struct fixture *f = *state;
	struct machine *m = f->m;
	u8 *p = m->mem.host + ARGS;
	u64 end = m->mem.bytes;
	u32 token;

	assert_int_equal(rtas_call(&m->vcpus[0], ~0ull), H_PARAMETER);
	assert_int_equal(rtas_call(&m->vcpus[0], end), H_PARAMETER);
	assert_int_equal(rtas_call(&m->vcpus[0], end - 8), H_PARAMETER);
	assert_int_equal(call(f, 0, 0, 1), H_PARAMETER);
	assert_int_equal(call(f, 0xffffffff, 0, 1), H_PARAMETER);
	/* A block whose words run out of memory. */
	store_be32(m->mem.host + end - 12, token_of("get-time-of-day"));
	store_be32(m->mem.host + end - 8, 0);
	store_be32(m->mem.host + end - 4, 8);
	assert_int_equal(rtas_call(&m->vcpus[0], end - 12), H_PARAMETER);
	for (unsigned i = 0; rtas_name(i, &token); i++)
		for (u32 n_in = 0; n_in < 20; n_in++)
			for (u32 n_out = 0; n_out < 20; n_out++) {
				for (int w = 0; w < 40; w++)
					store_be32(p + 4 * w, 0xfffffff0);
				store_be32(p, token);
				store_be32(p + 4, n_in);
				store_be32(p + 8, n_out);
				rtas_call(&m->vcpus[0], ARGS);
			}
	store_be32(p + 4, 0xffffffff);
	store_be32(p + 8, 1);
	assert_int_equal(rtas_call(&m->vcpus[0], ARGS), H_PARAMETER);
}

/* ---- Hypercalls ---- */

static s64 hcall(struct machine *m, u64 nr, u64 a, u64 b, u64 c, u64 d)
{
	struct kvm_run *run = m->vcpus[0].run;

	run->papr_hcall.nr = nr;
	run->papr_hcall.args[0] = a;
	run->papr_hcall.args[1] = b;
	run->papr_hcall.args[2] = c;
	run->papr_hcall.args[3] = d;
	hcall_handle(&m->vcpus[0]);
	return run->papr_hcall.ret;
}

/* Both are the client's: KVM has neither. */
static void hcall_sprg0_and_random(void **state)
{
	struct fixture *f = *state;
	const __u64 *args = f->m->vcpus[0].run->papr_hcall.args;
	struct kvm_regs regs;
	u64 first;

	assert_int_equal(hcall(f->m, H_SET_SPRG0, 0x123456789abcdef0, 0, 0, 0), H_SUCCESS);
	fake_accel.ioctl(f->m->vcpus[0].fd, KVM_GET_REGS, &regs);
	assert_int_equal(regs.sprg0, 0x123456789abcdef0);
	assert_int_equal(hcall(f->m, H_RANDOM, 0, 0, 0, 0), H_SUCCESS);
	first = args[0];
	assert_int_equal(hcall(f->m, H_RANDOM, 0, 0, 0, 0), H_SUCCESS);
	assert_int_not_equal(args[0], first);
}

static void hcall_cpu_characteristics(void **state)
{
	const u64 not_needed = 7ull << 54, security = KVM_PPC_CPU_BEHAV_FAVOUR_SECURITY;
	struct fixture *f = *state;
	const __u64 *args = f->m->vcpus[0].run->papr_hcall.args;
	struct kvm_ppc_cpu_char c = {.character = KVM_PPC_CPU_CHAR_SPEC_BAR_ORI31 | 1,
				     .character_mask = KVM_PPC_CPU_CHAR_SPEC_BAR_ORI31,
				     .behaviour_mask = KVM_PPC_CPU_BEHAV_L1D_FLUSH_PR |
						       KVM_PPC_CPU_BEHAV_BNDS_CHK_SPEC_BAR};

	assert_int_equal(hcall(f->m, H_GET_CPU_CHARACTERISTICS, 0, 0, 0, 0), H_FUNCTION);
	/* Known, and not needed. */
	fake_set_cpu_char(&c);
	assert_int_equal(hcall(f->m, H_GET_CPU_CHARACTERISTICS, 0, 0, 0, 0), H_SUCCESS);
	assert_int_equal(args[0], KVM_PPC_CPU_CHAR_SPEC_BAR_ORI31);
	assert_int_equal(args[1], security | not_needed);
	/* Needed. */
	c.behaviour = KVM_PPC_CPU_BEHAV_L1D_FLUSH_PR;
	fake_set_cpu_char(&c);
	assert_int_equal(hcall(f->m, H_GET_CPU_CHARACTERISTICS, 0, 0, 0, 0), H_SUCCESS);
	assert_int_equal(args[1], security | KVM_PPC_CPU_BEHAV_L1D_FLUSH_PR);
	/* Not known. */
	c.behaviour_mask = KVM_PPC_CPU_BEHAV_L1D_FLUSH_PR;
	c.behaviour = 0;
	fake_set_cpu_char(&c);
	assert_int_equal(hcall(f->m, H_GET_CPU_CHARACTERISTICS, 0, 0, 0, 0), H_SUCCESS);
	assert_int_equal(args[1], security | KVM_PPC_CPU_BEHAV_BNDS_CHK_SPEC_BAR);
}

static void hcall_terminal(void **state)
{
	struct fixture *f = *state;
	char buf[32];

	assert_int_equal(hcall(f->m, H_PUT_TERM_CHAR, VTY_UNIT, 10, 0x68656c6c6f2c2077,
			       0x6f72000000000000),
			 0);
	assert_true(console_drain(f->m->console, 1000));
	assert_int_equal(read(f->out[0], buf, sizeof(buf)), 10);
	assert_memory_equal(buf, "hello, wor", 10);
	assert_int_equal(hcall(f->m, H_PUT_TERM_CHAR, VTY_UNIT, 17, 0, 0), H_PARAMETER);
	assert_int_equal(hcall(f->m, H_PUT_TERM_CHAR, VTY_UNIT, ~0ull, 0, 0), H_PARAMETER);
	assert_int_equal(hcall(f->m, H_PUT_TERM_CHAR, VTY_UNIT + 1, 1, 0, 0), H_PARAMETER);
	assert_int_equal(hcall(f->m, H_GET_TERM_CHAR, VTY_UNIT, 0, 0, 0), 0);
	assert_int_equal(f->m->vcpus[0].run->papr_hcall.args[0], 0);
	assert_int_equal(hcall(f->m, H_GET_TERM_CHAR, VTY_UNIT + 1, 0, 0, 0), H_PARAMETER);
}

/* Nobody reads: what is accepted waits, then the guest is told to wait. */
static void hcall_terminal_full(void **state)
{
	struct fixture *f = *state;
	unsigned long accepted = 0, got = 0;
	char buf[4096];
	ssize_t n;

	while (hcall(f->m, H_PUT_TERM_CHAR, VTY_UNIT, 16, 0x3031323334353637,
		     0x3839616263646566) == 0)
		accepted += 16;
	assert_true(accepted >= 65536);
	fcntl(f->out[0], F_SETFL, O_NONBLOCK);
	while (got < accepted) {
		assert_int_equal(poll(&(struct pollfd){f->out[0], POLLIN, 0}, 1, 30000), 1);
		n = read(f->out[0], buf, sizeof(buf));
		assert_true(n > 0);
		got += n;
	}
	assert_true(console_drain(f->m->console, 1000));
	assert_int_equal(got, accepted);
	assert_int_equal(read(f->out[0], buf, 1), -1);
}

static void hcall_resize(void **state)
{
	static const struct {
		long answer;
		s64 code;
	} answers[] = {
	    {1, H_LONG_BUSY_ORDER_1_MSEC},	 {9, H_LONG_BUSY_ORDER_1_MSEC},
	    {10, H_LONG_BUSY_ORDER_10_MSEC},	 {100, H_LONG_BUSY_ORDER_100_MSEC},
	    {999, H_LONG_BUSY_ORDER_100_MSEC},	 {1000, H_LONG_BUSY_ORDER_1_SEC},
	    {10000, H_LONG_BUSY_ORDER_10_SEC},	 {100000, H_LONG_BUSY_ORDER_100_SEC},
	    {-EINVAL, H_PARAMETER},		 {-ENXIO, H_CLOSED},
	    {-ENOSPC, H_PTEG_FULL},		 {-EBUSY, H_BUSY},
	    {-ENOMEM, H_NO_MEM},		 {-EIO, H_HARDWARE},
	};
	struct fixture *f = *state;
	struct htab_seen before = machine_htab(f->m);

	for (unsigned i = 0; i < ARRAY_SIZE(answers); i++) {
		fake_set_resize(answers[i].answer);
		assert_int_equal(hcall(f->m, H_RESIZE_HPT_PREPARE, 0, 19, 0, 0), answers[i].code);
		if (answers[i].answer < 0)
			assert_int_equal(hcall(f->m, H_RESIZE_HPT_COMMIT, 0, 19, 0, 0),
					 answers[i].code);
	}
	fake_set_resize(0);
	assert_int_equal(hcall(f->m, H_RESIZE_HPT_PREPARE, 1, 19, 0, 0), H_PARAMETER);
	assert_int_equal(hcall(f->m, H_RESIZE_HPT_PREPARE, 0, (1ull << 32) + 19, 0, 0),
			 H_PARAMETER);
	assert_int_equal(hcall(f->m, H_RESIZE_HPT_COMMIT, 1, 19, 0, 0), H_PARAMETER);
	assert_int_equal(hcall(f->m, H_RESIZE_HPT_PREPARE, 0, 46, 0, 0), H_RESOURCE);
	assert_int_equal(machine_htab(f->m).number, before.number);
	assert_int_equal(hcall(f->m, H_RESIZE_HPT_PREPARE, 0, 19, 0, 0), H_SUCCESS);
	assert_int_equal(hcall(f->m, H_RESIZE_HPT_COMMIT, 0, 19, 0, 0), H_SUCCESS);
	assert_int_equal(machine_htab(f->m).order, 19);
	assert_int_not_equal(machine_htab(f->m).number, before.number);
}

static void hcall_modes(void **state)
{
	struct fixture *f = *state;
	u64 lpcr;

	assert_int_equal(hcall(f->m, H_SET_MODE, 1, H_SET_MODE_ILE, 0, 0), 0);
	for (unsigned i = 0; i < f->m->n_vcpus; i++) {
		vcpu_get_reg(&f->m->vcpus[i], KVM_REG_PPC_LPCR_64, &lpcr);
		assert_int_equal(lpcr, 0x02000000);
	}
	assert_int_equal(hcall(f->m, H_SET_MODE, 3, H_SET_MODE_AIL, 0, 0), 0);
	vcpu_get_reg(&f->m->vcpus[2], KVM_REG_PPC_LPCR_64, &lpcr);
	assert_int_equal(lpcr, 0x03800000);
	assert_int_equal(hcall(f->m, H_SET_MODE, 0, H_SET_MODE_ILE, 0, 0), 0);
	vcpu_get_reg(&f->m->vcpus[2], KVM_REG_PPC_LPCR_64, &lpcr);
	assert_int_equal(lpcr, 0x01800000);
	assert_int_equal(hcall(f->m, H_SET_MODE, 2, H_SET_MODE_ILE, 0, 0), H_UNSUPPORTED_FLAG);
	assert_int_equal(hcall(f->m, H_SET_MODE, 1, H_SET_MODE_AIL, 0, 0), H_UNSUPPORTED_FLAG);
	assert_int_equal(hcall(f->m, H_SET_MODE, 1, H_SET_MODE_ILE, 1, 0), H_P3);
	assert_int_equal(hcall(f->m, H_SET_MODE, 1, H_SET_MODE_ILE, 0, 1), H_P4);
	assert_int_equal(hcall(f->m, H_SET_MODE, 1, 7, 0, 0), H_P2);
}

static void hcall_others(void **state)
{
	struct fixture *f = *state;
	struct machine *m = f->m;

	assert_int_equal(hcall(m, H_LOGICAL_CI_STORE, 4, DATA, 0x11223344, 0), 0);
	assert_int_equal(load_be32(m->mem.host + DATA), 0x11223344);
	assert_int_equal(hcall(m, H_LOGICAL_CI_LOAD, 2, DATA + 2, 0, 0), 0);
	assert_int_equal(m->vcpus[0].run->papr_hcall.args[0], 0x3344);
	assert_int_equal(hcall(m, H_LOGICAL_CI_LOAD, 3, DATA, 0, 0), H_PARAMETER);
	assert_int_equal(hcall(m, H_LOGICAL_CI_LOAD, 4, DATA + 2, 0, 0), H_PARAMETER);
	assert_int_equal(hcall(m, H_LOGICAL_CI_LOAD, 8, m->mem.bytes, 0, 0), H_PARAMETER);
	assert_int_equal(hcall(m, H_LOGICAL_CI_STORE, 8, ~7ull, 0, 0), H_PARAMETER);
	assert_int_equal(hcall(m, H_RTAS, ~0ull, 0, 0, 0), H_PARAMETER);
	assert_int_equal(hcall(m, 0x1234, 0, 0, 0, 0), H_FUNCTION);
	assert_int_equal(hcall(m, ~0ull, 0, 0, 0, 0), H_FUNCTION);
}

/* A KVM that tells nothing of what it does: the machine tells what it sees itself. */
static void hcall_traced(void **state)
{
	struct fixture *f = *state;
	struct machine *m = f->m;
	struct error err = {""};
	char text[1024];
	ssize_t n;
	int fd[2];

	assert_int_equal(pipe2(fd, O_NONBLOCK), 0);
	assert_int_equal(machine_trace(m, PAPYR_TRACE_IRQ, fd[1], &err), -1);
	assert_non_null(strstr(err.text, "hcall, exit and rtas"));
	assert_int_equal(machine_trace(m, PAPYR_TRACE_HCALL | PAPYR_TRACE_RTAS, fd[1], &err), 0);
	hcall(m, H_SET_MODE, 1, H_SET_MODE_ILE, 0, 0);
	call(f, token_of("query-cpu-stopped-state"), 1, 2, 9);
	call(f, 0x2abc, 0, 1);
	assert_int_equal(machine_trace(m, 0, -1, &err), 0);
	hcall(m, H_SET_MODE, 0, H_SET_MODE_ILE, 0, 0);
	n = read(fd[0], text, sizeof(text) - 1);
	assert_true(n > 0);
	text[n] = 0;
	assert_non_null(strstr(text, " vcpu 0 hcall H_SET_MODE(0x1, 0x4, 0x0, 0x0) = H_SUCCESS\n"));
	assert_non_null(strstr(text, " vcpu 0 rtas query-cpu-stopped-state(0x9) = 0 0x0\n"));
	assert_non_null(strstr(text, " vcpu 0 rtas token 0x2abc() = -3\n"));
	assert_null(strstr(text, "H_SET_MODE(0x0"));
	close(fd[0]);
	close(fd[1]);
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

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(load_elf),
	    T(load_bad_elf),
	    T(load_raw_code),
	    T(device_tree),
	    T(table_reaches_memory),
	    T(rtas_clock),
	    T(rtas_nvram),
	    T(rtas_parameters),
	    T(rtas_cpus),
	    T(rtas_events),
	    T(rtas_handlers_are_registered),
	    T(rtas_machine_check_has_a_log),
	    T(rtas_one_machine_check_at_a_time),
	    T(rtas_hostile),
	    T(hcall_sprg0_and_random),
	    T(hcall_cpu_characteristics),
	    T(hcall_terminal),
	    T(hcall_terminal_full),
	    T(hcall_resize),
	    T(hcall_modes),
	    T(hcall_others),
	    T(hcall_traced),
	    T(run_power_off),
	    T(run_panic),
	    T(run_mmio),
	    T(pause_and_resume),
	    cmocka_unit_test(state_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
