/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory slots under a running guest: dirty log, moving, deleting, replacing what is behind one;
 * and how long things live: closing in every order, mappings, fork.
 */
#include "machine.h"
#include "papr.h"
#include <sys/wait.h>

#define MEMORY (4 * MIB)

static struct machine m;
static struct vcpu v;

/* One line: the 64K pages of slot 0 that are told dirty, whatever the host's page size is. */
static void say_dirty(const char *text, u32 slot, u64 bytes)
{
	size_t page = sysconf(_SC_PAGESIZE), pages = bytes / page;
	u8 *bits = calloc(1, pages / 8 + 8);
	struct kvm_dirty_log log = {.slot = slot, .dirty_bitmap = bits};

	if (client_ioctl(m.vm, KVM_GET_DIRTY_LOG, &log)) {
		say("%s: %s", text, errno_name(errno));
		free(bits);
		return;
	}
	printf("%s:", text);
	for (u64 at = 0; at < bytes; at += HOST_PAGE) {
		bool dirty = false;

		for (size_t i = at / page; i < (at + HOST_PAGE) / page; i++)
			dirty |= bits[i / 8] >> (i % 8) & 1;
		if (dirty)
			printf(" %llx", at);
	}
	printf("\n");
	fflush(stdout);
	free(bits);
}

/* The guest stores, in real mode, @count times to @address and on, @step apart. */
static void guest_stores(u64 address, u64 count, u64 step)
{
	struct kvm_regs r;
	int vector;

	get_regs(&v, &r);
	r.gpr[4] = count;
	r.gpr[5] = address;
	r.gpr[6] = 0x1234567890abcdefull;
	r.gpr[7] = step;
	set_regs(&v, &r);
	vector = guest_run(&v, GUEST_STORE);
	if (vector) {
		get_regs(&v, &r);
		say("    vector 0x%x, dar %llx", vector, get_one(&v, KVM_REG_PPC_DAR));
	}
	finish_exit(&v);
}

static void dirty_log(void)
{
	struct hcall h;

	topic("Dirty log");
	guest_stores(0x100000, 1, 8);
	if (set_slot(m.vm, 0, KVM_MEM_LOG_DIRTY_PAGES, 0, MEMORY, m.memory))
		die("turning the log on");
	say_dirty("just turned on", 0, MEMORY);
	say_dirty("again", 0, MEMORY);
	guest_stores(0x120000, 1, 8);
	say_dirty("a store to 120000", 0, MEMORY);
	say_dirty("again", 0, MEMORY);
	guest_stores(0x120000, 1, 8);
	say_dirty("the same store once more", 0, MEMORY);
	guest_stores(0x200000, 4, 0x20000);
	say_dirty("four stores, 20000 apart", 0, MEMORY);
	guest_stores(0x2ffff8, 2, 8);
	say_dirty("two on both sides of 300000", 0, MEMORY);
	guest_stores(0x15fffc, 1, 8);
	say_dirty("one over 160000", 0, MEMORY);
	m.memory[0x180000] = 1;
	say_dirty("a store by the client", 0, MEMORY);
	HCALL(&v, &h, H_READ, 0, 0);
	say_dirty("a hypercall", 0, MEMORY);
	enable_hcall(&m, H_PAGE_INIT, true);
	HCALL(&v, &h, H_PAGE_INIT, H_ZERO_PAGE, 0x1a0000);
	say("H_PAGE_INIT %s", h_name(h.r[3]));
	say_dirty("H_PAGE_INIT of 1a0000", 0, MEMORY);
	m.memory[0x1c0005] = 2;
	m.memory[0x1c0004] = 0x80;
	HCALL(&v, &h, H_REGISTER_VPA, 1ull << 45, 0, 0x1c0000);
	HCALL(&v, &h, H_READ, 0, 0);
	say("H_REGISTER_VPA %s", h_name(h.r[3]));
	HCALL(&v, &h, H_REGISTER_VPA, 5ull << 45, 0, 0);
	say_dirty("a VPA at 1c0000", 0, MEMORY);
	if (set_slot(m.vm, 0, 0, 0, MEMORY, m.memory))
		die("turning the log off");
	say_dirty("turned off", 0, MEMORY);
	set_slot(m.vm, 0, KVM_MEM_LOG_DIRTY_PAGES, 0, MEMORY, m.memory);
	say_dirty("turned on again", 0, MEMORY);
	set_slot(m.vm, 0, 0, 0, MEMORY, m.memory);
}

/* A page of slot 1 mapped at 80000 of segment 0, with translation for data on. */
static u64 map_slot1(u64 gpa)
{
	struct hcall h;
	u64 ptex = ((LOW_VSID ^ 0x80) & 0x3ff) * 8;

	map_low_memory(&v);
	if (HCALL(&v, &h, H_ENTER, H_EXACT, ptex, LOW_VSID << 12 | V_VALID,
		  gpa | R_REF | R_CHANGED | R_M | 2))
		die("mapping slot 1: %s", h_name(h.r[3]));
	return ptex;
}

/* Loads from 80000 with translation on; prints what came. */
static void load(const char *text)
{
	struct kvm_regs r;

	get_regs(&v, &r);
	r.gpr[4] = 0x80000;
	r.gpr[5] = 0;
	r.pc = GUEST_INSN;
	r.msr = GUEST_MSR | MSR_DR;
	set_regs(&v, &r);
	store32(m.memory + GUEST_INSN_AT, 0x80a40000); /* lwz r5,0(r4) */
	if (client_ioctl(v.fd, KVM_RUN, 0ul)) {
		say("%s: KVM_RUN %s", text, errno_name(errno));
		return;
	}
	if (v.run->exit_reason == KVM_EXIT_MMIO) {
		say("%s: MMIO of %llx", text, v.run->mmio.phys_addr);
		memset(v.run->mmio.data, 0, 8);
	} else {
		get_regs(&v, &r);
		say("%s: r5 %08llx, vector 0x%llx", text, r.gpr[5], r.gpr[21]);
	}
	finish_exit(&v);
}

static void slots(void)
{
	u8 *a = slot_memory(HOST_PAGE), *b = slot_memory(HOST_PAGE);
	u64 gpa = 0x10000000, ptex;
	struct hcall h;

	topic("Slots that change under the guest");
	memset(a, 0xaa, HOST_PAGE);
	memset(b, 0xbb, HOST_PAGE);
	ptex = map_slot1(gpa);
	load("no slot");
	set_slot(m.vm, 1, 0, gpa, HOST_PAGE, a);
	load("slot added");
	a[1] = 0x11;
	load("the client wrote");
	set_slot(m.vm, 1, 0, gpa, 0, NULL);
	load("slot deleted");
	HCALL(&v, &h, H_READ, 0, ptex);
	say_hcall("    H_READ", &h, 2);
	set_slot(m.vm, 1, 0, gpa, HOST_PAGE, b);
	load("slot with other memory");
	set_slot(m.vm, 1, 0, gpa + HOST_PAGE, HOST_PAGE, b);
	load("slot moved away");
	set_slot(m.vm, 1, 0, gpa, HOST_PAGE, b);
	load("slot moved back");
	if (mmap(b, HOST_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		 0) != b)
		die("mmap");
	load("other pages mapped there");
	madvise(b, HOST_PAGE, MADV_DONTNEED);
	b[3] = 0x33;
	load("pages dropped, one byte written");
	set_slot(m.vm, 1, 0, gpa, 0, NULL);
	HCALL(&v, &h, H_REMOVE, 0, ptex, 0);
	say_hcall("H_REMOVE in the end", &h, 2);
	slot_memory_free(a, HOST_PAGE);
	slot_memory_free(b, HOST_PAGE);
}

/* A page of slot 0 mapped at 80000, and stored to there. Returns its entry. */
static u64 store_through_entry(u64 gpa)
{
	struct hcall h;
	u64 ptex = ((LOW_VSID ^ 0x80) & 0x3ff) * 8;

	if (HCALL(&v, &h, H_ENTER, H_EXACT, ptex, LOW_VSID << 12 | V_VALID, gpa | R_M | 2))
		die("mapping %llx: %s", gpa, h_name(h.r[3]));
	v.msr |= MSR_DR;
	guest_stores(0x80000, 1, 8);
	v.msr &= ~MSR_DR;
	return ptex;
}

/* With low memory mapped already. */
static void dirty_log_of_removed(void)
{
	struct hcall h;
	u64 ptex;

	topic("Dirty log of pages whose entries go");
	if (set_slot(m.vm, 0, KVM_MEM_LOG_DIRTY_PAGES, 0, MEMORY, m.memory))
		die("turning the log on");
	say_dirty("just turned on", 0, MEMORY);
	ptex = store_through_entry(0x200000);
	HCALL(&v, &h, H_REMOVE, 0, ptex, 0);
	say_dirty("a store to 200000, H_REMOVE", 0, MEMORY);
	ptex = store_through_entry(0x210000);
	HCALL(&v, &h, H_BULK_REMOVE, 1ull << 62 | ptex, 0, 3ull << 62, 0);
	say_dirty("a store to 210000, H_BULK_REMOVE", 0, MEMORY);
	ptex = store_through_entry(0x220000);
	HCALL(&v, &h, H_PROTECT, 3, ptex, 0);
	say_dirty("a store to 220000, H_PROTECT", 0, MEMORY);
	HCALL(&v, &h, H_REMOVE, 0, ptex, 0);
	enable_hcall(&m, H_CLEAR_MOD, true);
	ptex = store_through_entry(0x230000);
	HCALL(&v, &h, H_CLEAR_MOD, 0, ptex);
	say_dirty("a store to 230000, H_CLEAR_MOD", 0, MEMORY);
	HCALL(&v, &h, H_REMOVE, 0, ptex, 0);
	set_slot(m.vm, 0, 0, 0, MEMORY, m.memory);
}

static void vcpu_mapping(void)
{
	size_t page = sysconf(_SC_PAGESIZE);
	struct kvm_run *again;
	void *p;

	topic("Mapping a vcpu");
	again = client_mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, v.fd, 0);
	if (again == MAP_FAILED)
		die("a second mapping");
	v.run->immediate_exit = 5;
	say("a second mapping shows the same: %d", again->immediate_exit);
	v.run->immediate_exit = 0;
	munmap(again, page);
	p = client_mmap(NULL, page, PROT_READ, MAP_SHARED, v.fd, 0);
	say("read-only = %s", p == MAP_FAILED ? errno_name(errno) : "ok");
	p = client_mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, v.fd, page / 2);
	say("offset of half a page = %s", p == MAP_FAILED ? errno_name(errno) : "ok");
	p = client_mmap(NULL, 0, PROT_READ | PROT_WRITE, MAP_SHARED, v.fd, 0);
	say("no length = %s", p == MAP_FAILED ? errno_name(errno) : "ok");
}

static void closing(void)
{
	struct machine n;
	struct vcpu a;
	struct kvm_get_htab_fd get = {0};
	struct hcall h;
	u8 buffer[64];
	int htab, fd;

	topic("Closing: /dev/kvm first, then the VM, the vcpu goes on");
	machine_new(&n, MIB, 18);
	vcpu_new(&a, &n, 0);
	htab = client_ioctl(n.vm, KVM_PPC_GET_HTAB_FD, &get);
	say_result("close /dev/kvm", client_close(n.kvm));
	say_result("close the VM", client_close(n.vm));
	HCALL(&a, &h, H_READ, 0, 0);
	say_hcall("H_READ", &h, 1);
	say_result("close the vcpu", client_close(a.fd));
	say("the mapping is still there: %u", a.run->exit_reason);
	munmap(a.run, a.run_bytes);
	say_result("the table is still there: read", client_read(htab, buffer, 25));
	say_result("close the table", client_close(htab));
	slot_memory_free(n.memory, n.bytes);

	topic("Descriptors are real");
	fd = client_open("/dev/kvm", O_RDWR | O_CLOEXEC);
	say("FD_CLOEXEC %d", fcntl(fd, F_GETFD) & FD_CLOEXEC);
	client_close(fd);
	fd = client_open("/dev/kvm", O_RDWR);
	say("FD_CLOEXEC %d", fcntl(fd, F_GETFD) & FD_CLOEXEC);
	machine_new(&n, MIB, 18);
	say("FD_CLOEXEC of a VM %d", fcntl(n.vm, F_GETFD) & FD_CLOEXEC);
	machine_free(&n);
	client_close(fd);
	say("the lowest number is used again: %d", client_open("/dev/kvm", O_RDWR) == fd);
	client_close(fd);
	say_result("open of another path", client_open("/dev/kvm-not", O_RDWR));
}

static void after_fork(void)
{
	pid_t child;
	int status;

	topic("fork");
	fflush(stdout);
	child = fork();
	if (!child) {
		struct kvm_regs r;
		u32 order = 18;

		say("in the child, KVM_GET_REGS = %s",
		    client_ioctl(v.fd, KVM_GET_REGS, &r) ? errno_name(errno) : "0");
		say("in the child, KVM_RUN = %s",
		    client_ioctl(v.fd, KVM_RUN, 0ul) ? errno_name(errno) : "0");
		say("in the child, KVM_PPC_ALLOCATE_HTAB = %s",
		    client_ioctl(m.vm, KVM_PPC_ALLOCATE_HTAB, &order) ? errno_name(errno) : "0");
		say("in the child, KVM_CREATE_VCPU = %s",
		    client_ioctl(m.vm, KVM_CREATE_VCPU, 1ul) < 0 ? errno_name(errno) : "fd");
		say("in the child, KVM_CREATE_VM = %s",
		    client_ioctl(m.kvm, KVM_CREATE_VM, 0ul) < 0 ? errno_name(errno) : "fd");
		_exit(0);
	}
	waitpid(child, &status, 0);
	say("the child ended with %d", WEXITSTATUS(status));
	guest_stores(0x100000, 1, 8);
	say("the parent goes on: %llx", load64(m.memory + 0x100000));
}

int main(void)
{
	machine_new(&m, MEMORY, 20);
	vcpu_new(&v, &m, 0);
	dirty_log();
	slots();
	dirty_log_of_removed();
	vcpu_mapping();
	closing();
	after_fork();
	vcpu_free(&v);
	machine_free(&m);
	return 0;
}
