/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real-mode areas: KVM_CAP_PPC_RMA, KVM_ALLOCATE_RMA with good and bad arguments, and real mode by
 * offset and limit. Linux's KVM had them up to 3.18, for the PPC970 and POWER7; since then it says
 * that there are none. Requests that only Papyr knows choose the processor and set the pool.
 */
#include "machine.h"
#include "papr.h"

#define CAP_PVR 0x50415002
#define CAP_RMA 0x50415005

#define PVR_970	   0x00390202
#define PVR_POWER7 0x003f0203

#define STW_0_R4 0x90640000 /* stw r3,0(r4) */
#define LWZ_0_R4 0x80640000

static int kvm;

static int enable(int vm, u32 cap, u64 a, u64 b)
{
	struct kvm_enable_cap ec = {.cap = cap, .args = {a, b}};

	return client_ioctl(vm, KVM_ENABLE_CAP, &ec);
}

static int new_vm(u64 pvr)
{
	int vm = client_ioctl(kvm, KVM_CREATE_VM, 0ul);

	if (vm < 0)
		die("KVM_CREATE_VM");
	if (pvr && enable(vm, CAP_PVR, pvr, 0)) {
		say("this processor can't be chosen");
		client_close(vm);
		return -1;
	}
	return vm;
}

static void say_cap(int vm)
{
	say("KVM_CAP_PPC_RMA = %d", client_ioctl(vm, KVM_CHECK_EXTENSION, (long)KVM_CAP_PPC_RMA));
}

/* Takes an area, and says so. */
static int take(const char *text, int vm)
{
	struct kvm_allocate_rma rma = {0};
	int fd = try_fd(text, vm, KVM_ALLOCATE_RMA, (uintptr_t)&rma);

	if (fd >= 0)
		say("    rma_size = %llu MiB", (u64)rma.rma_size / MIB);
	return fd;
}

/* A mapping keeps the second area though its descriptor is closed. */
static int pool_and_mapping(int vm, int fd)
{
	void *map = client_mmap(NULL, 64 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED)
		die("mmap of an area");
	say_bytes("it holds", map, 8);
	memset(map, 1, 8);
	client_close(fd);
	take("one that is mapped still", vm);
	munmap(map, 64 * MIB);
	return take("one that no longer is", vm);
}

static void pool(u64 pvr)
{
	int vm = new_vm(pvr), fd, second;

	if (vm < 0)
		return;
	say_cap(vm);
	fd = take("KVM_ALLOCATE_RMA", vm);
	try_fd("at NULL", vm, KVM_ALLOCATE_RMA, 0);
	if (fd < 0) {
		client_close(vm);
		return;
	}
	say_result("another pool while one is used", enable(vm, CAP_RMA, 64 * MIB, 2));
	client_close(fd);
	say_result("areas of 96 MiB", enable(vm, CAP_RMA, 96 * MIB, 2));
	say_result("of 0", enable(vm, CAP_RMA, 0, 2));
	say_result("2000 of 64 MiB", enable(vm, CAP_RMA, 64 * MIB, 2000));
	say_result("none of 64 MiB", enable(vm, CAP_RMA, 64 * MIB, 0));
	say_cap(vm);
	take("KVM_ALLOCATE_RMA", vm);
	say_result("2 of 64 MiB", enable(vm, CAP_RMA, 64 * MIB, 2));
	say_cap(vm);
	fd = take("the first", vm);
	second = take("the second", vm);
	take("the third", vm);
	client_close(second);
	second = take("one that was given back", vm);
	second = pool_and_mapping(vm, second);
	TRY_AS("KVM_RUN of an area", fd, KVM_RUN, 0);
	say_result("read", client_read(fd, &(u64){0}, 8));
	client_close(second);
	client_close(fd);
	client_close(vm);
}

/* A VM whose slot 0 has @bytes and begins at @offset of an area of 64 MiB, mapped by @flags. */
static bool start(struct machine *m, struct vcpu *v, u64 pvr, size_t bytes, u64 offset, int flags)
{
	struct kvm_allocate_rma rma;
	u8 *at;
	int fd;

	m->kvm = kvm;
	m->vm = new_vm(pvr);
	if (m->vm < 0)
		return false;
	fd = client_ioctl(m->vm, KVM_ALLOCATE_RMA, &rma);
	if (fd < 0)
		die("KVM_ALLOCATE_RMA");
	m->bytes = bytes;
	m->memory = slot_memory(bytes);
	at = client_mmap(m->memory, rma.rma_size - offset < bytes ? rma.rma_size - offset : bytes,
			 PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd, offset);
	if (at != m->memory)
		die("mmap of an area");
	client_close(fd);
	guest_load(m);
	if (set_slot(m->vm, 0, 0, 0, bytes, m->memory))
		die("slot 0");
	if (client_ioctl(m->vm, KVM_PPC_ALLOCATE_HTAB, &(u32){18}) < 0)
		die("KVM_PPC_ALLOCATE_HTAB");
	vcpu_new(v, m, 0);
	return true;
}

static void end(struct machine *m, struct vcpu *v)
{
	vcpu_free(v);
	client_close(m->vm);
	slot_memory_free(m->memory, m->bytes);
}

/* What becomes of @insn with r4 = @address and r3 = 0x12345678. False: of KVM_RUN. */
static bool touch(struct vcpu *v, const char *text, u32 insn, u64 address)
{
	struct kvm_regs regs;
	int vector;

	get_regs(v, &regs);
	regs.gpr[3] = 0x12345678;
	regs.gpr[4] = address;
	set_regs(v, &regs);
	store32(v->machine->memory + GUEST_INSN_AT, insn);
	vector = guest_run(v, GUEST_INSN);
	if (vector < 0)
		return false;
	finish_exit(v);
	if (vector)
		say("%s %llx: interrupt %x, dar %llx, dsisr %llx", text, address, vector,
		    get_one(v, KVM_REG_PPC_DAR), get_one(v, KVM_REG_PPC_DSISR));
	else
		say("%s %llx: done", text, address);
	return true;
}

/* A jump beyond the limit. */
static void fetch(struct vcpu *v, u64 address)
{
	struct kvm_regs regs;
	int vector = guest_run(v, address);

	if (vector < 0)
		return;
	get_regs(v, &regs);
	say("fetch %llx: interrupt %x, srr0 %llx, srr1 %llx", address, vector, (u64)regs.gpr[16],
	    (u64)regs.gpr[17]);
	finish_exit(v);
}

static void say_lpcr(struct vcpu *v)
{
	say("LPCR: VPM0 %d, RMLS %lld", (int)(get_one(v, KVM_REG_PPC_LPCR_64) >> 63),
	    get_one(v, KVM_REG_PPC_LPCR_64) >> 26 & 15);
}

#define MTMSRD_R3_1 0x7c610164

/* An external interrupt that waits until the guest lets it in. */
static void waiting_external(struct vcpu *v)
{
	struct kvm_interrupt irq = {KVM_INTERRUPT_SET_LEVEL};
	struct kvm_regs regs;
	int vector;

	TRY_AS("KVM_INTERRUPT", v->fd, KVM_INTERRUPT, &irq);
	get_regs(v, &regs);
	regs.gpr[3] = MSR_RI;
	set_regs(v, &regs);
	store32(v->machine->memory + GUEST_INSN_AT, MTMSRD_R3_1);
	vector = guest_run(v, GUEST_INSN);
	say("    with MSR[EE] = 0: %x", vector);
	finish_exit(v);
	get_regs(v, &regs);
	regs.gpr[3] = MSR_RI | MSR_EE;
	set_regs(v, &regs);
	vector = guest_run(v, GUEST_INSN);
	get_regs(v, &regs);
	say("    with MSR[EE] = 1: interrupt %x, srr0 %llx, srr1 %llx", vector, (u64)regs.gpr[16],
	    (u64)regs.gpr[17]);
	finish_exit(v);
	irq.irq = KVM_INTERRUPT_UNSET;
	TRY_AS("KVM_INTERRUPT", v->fd, KVM_INTERRUPT, &irq);
}

static void external(struct vcpu *v)
{
	struct kvm_interrupt irq = {KVM_INTERRUPT_SET_LEVEL};
	struct kvm_regs regs;
	int vector;

	TRY_AS("KVM_INTERRUPT", v->fd, KVM_INTERRUPT, &irq);
	v->msr = GUEST_MSR | MSR_EE;
	vector = guest_run(v, GUEST_INSN);
	v->msr = GUEST_MSR;
	if (vector < 0)
		return;
	get_regs(v, &regs);
	say("    interrupt %x, srr0 %llx, srr1 %llx", vector, (u64)regs.gpr[16],
	    (u64)regs.gpr[17]);
	finish_exit(v);
	irq.irq = KVM_INTERRUPT_UNSET;
	TRY_AS("KVM_INTERRUPT", v->fd, KVM_INTERRUPT, &irq);
}

static void one_reg(struct vcpu *v, const char *text, unsigned long request, u64 id)
{
	u64 value[2] = {0};
	struct kvm_one_reg reg = {.id = id, .addr = (uintptr_t)value};

	TRY_AS(text, v->fd, request, &reg);
}

static void vector_registers(struct vcpu *v)
{
	one_reg(v, "KVM_GET_ONE_REG of VSR0", KVM_GET_ONE_REG, KVM_REG_PPC_VSR0);
	one_reg(v, "of VSR31", KVM_GET_ONE_REG, KVM_REG_PPC_VSR31);
	one_reg(v, "of VR31", KVM_GET_ONE_REG, KVM_REG_PPC_VR31);
	one_reg(v, "of FPR31", KVM_GET_ONE_REG, KVM_REG_PPC_FPR31);
	one_reg(v, "KVM_SET_ONE_REG of VSR0", KVM_SET_ONE_REG, KVM_REG_PPC_VSR0);
	one_reg(v, "of VR31", KVM_SET_ONE_REG, KVM_REG_PPC_VR31);
}

/* The sizes of segments and pages that H_ENTER takes; the page at 16 MiB. */
static void entries(struct vcpu *v)
{
	static const struct {
		const char *what;
		u64 v, r;
	} entry[] = {
	    {"4K in 256M", 0x10, 0},	      {"16M in 256M", 0x14, 0},
	    {"64K in 256M", 0x14, 0x1000},    {"64K in 4K", 0x14, 0x7000},
	    {"16M in 64K", 0x14, 0x8000},     {"16M in 4K", 0x14, 0x38000},
	    {"4K in 1T", 1ull << 62 | 16, 0}, {"16M in 1T", 1ull << 62 | 0x14, 0},
	};
	struct hcall out;

	for (unsigned i = 0; i < ARRAY_SIZE(entry); i++)
		say("H_ENTER of %s = %lld", entry[i].what,
		    (long long)HCALL(v, &out, H_ENTER, 0, 8 * i, entry[i].v | 1,
				     16 * MIB | entry[i].r | 0x190));
}

/* What the processor's translation can do, its registers, and its interrupts. */
static void processor(u64 pvr)
{
	struct kvm_ppc_smmu_info info;
	struct hcall out;
	struct machine m;
	struct vcpu v;

	if (!start(&m, &v, pvr, 64 * MIB, 0, MAP_SHARED))
		return;
	TRY(m.vm, KVM_PPC_GET_SMMU_INFO, &info);
	say("flags %llx, SLB of %u, keys %u", (u64)info.flags, info.slb_size, info.data_keys);
	for (unsigned i = 0; i < KVM_PPC_PAGE_SIZES_MAX_SZ && info.sps[i].page_shift; i++)
		for (unsigned j = 0; info.sps[i].enc[j].page_shift; j++)
			say("segment of 2^%u, L and LP %x: pages of 2^%u, LP %x",
			    info.sps[i].page_shift, info.sps[i].slb_enc,
			    info.sps[i].enc[j].page_shift, info.sps[i].enc[j].pte_enc);
	TRY_AS("KVM_CAP_PPC_SMT", m.vm, KVM_CHECK_EXTENSION, KVM_CAP_PPC_SMT);
	external(&v);
	waiting_external(&v);
	vector_registers(&v);
	entries(&v);
	enable_hcall(&m, H_SET_MODE, true);
	say("H_SET_MODE of CIABR = %lld", (long long)HCALL(&v, &out, H_SET_MODE, 0, 1, 0, 0));
	end(&m, &v);
}

static void limits(u64 pvr, size_t bytes)
{
	struct machine m;
	struct vcpu v;
	u64 limit = bytes < 64 * MIB ? bytes : 64 * MIB;

	if (!start(&m, &v, pvr, bytes, 0, MAP_SHARED))
		return;
	if (touch(&v, "store", STW_0_R4, 0x100000)) {
		say_bytes("the client reads", m.memory + 0x100000, 4);
		say_lpcr(&v);
		touch(&v, "store", STW_0_R4, limit - 4);
		touch(&v, "store", STW_0_R4, limit);
		touch(&v, "store", STW_0_R4, limit - 2);
		touch(&v, "load", LWZ_0_R4, limit);
		touch(&v, "load", LWZ_0_R4, 0xf000000000100000);
		touch(&v, "load", LWZ_0_R4, 0x4000000000);
		fetch(&v, limit);
		fetch(&v, 0x0100000000001100);
	}
	end(&m, &v);
}

/* After KVM_PPC_ALLOCATE_HTAB KVM looks anew what slot 0 is. */
static void other_memory(u64 pvr)
{
	struct machine m;
	struct vcpu v;
	u8 *plain;

	if (!start(&m, &v, pvr, 64 * MIB, 0, MAP_SHARED))
		return;
	touch(&v, "store", STW_0_R4, 0x100000);
	plain = slot_memory(m.bytes);
	set_slot(m.vm, 0, 0, 0, 0, m.memory);
	slot_memory_free(m.memory, m.bytes);
	m.memory = plain;
	guest_load(&m);
	set_slot(m.vm, 0, 0, 0, m.bytes, m.memory);
	TRY(m.vm, KVM_PPC_ALLOCATE_HTAB, &(u32){18});
	if (touch(&v, "store", STW_0_R4, 0x100000)) {
		say_lpcr(&v);
		touch(&v, "store", STW_0_R4, 64 * MIB);
	}
	end(&m, &v);
}

static void not_an_area(u64 pvr, size_t bytes, u64 offset, int flags)
{
	struct machine m;
	struct vcpu v;

	if (!start(&m, &v, pvr, bytes, offset, flags))
		return;
	if (touch(&v, "store", STW_0_R4, 0x100000))
		say_lpcr(&v);
	end(&m, &v);
}

int main(void)
{
	kvm = client_open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm < 0)
		die("/dev/kvm");
	topic("Any VM");
	say_cap(kvm);
	pool(0);
	topic("POWER7");
	pool(PVR_POWER7);
	topic("PPC970");
	pool(PVR_970);
	topic("POWER7: real mode in an area of 64 MiB");
	limits(PVR_POWER7, 128 * MIB);
	topic("PPC970: real mode in an area of 64 MiB");
	limits(PVR_970, 64 * MIB);
	topic("POWER7: real mode in a slot of 32 MiB");
	limits(PVR_POWER7, 32 * MIB);
	topic("PPC970: a slot of 32 MiB");
	not_an_area(PVR_970, 32 * MIB, 0, MAP_SHARED);
	topic("A slot of 48 MiB");
	not_an_area(PVR_POWER7, 48 * MIB, 0, MAP_SHARED);
	topic("POWER7: not from the area's beginning, or private");
	not_an_area(PVR_POWER7, 32 * MIB, 32 * MIB, MAP_SHARED);
	not_an_area(PVR_POWER7, 64 * MIB, 0, MAP_PRIVATE);
	topic("PPC970: not from the area's beginning, or private");
	not_an_area(PVR_970, 32 * MIB, 32 * MIB, MAP_SHARED);
	not_an_area(PVR_970, 64 * MIB, 0, MAP_PRIVATE);
	topic("PPC970: translation and interrupts");
	processor(PVR_970);
	topic("POWER7: translation and interrupts");
	processor(PVR_POWER7);
	topic("Other memory, after KVM_PPC_ALLOCATE_HTAB");
	other_memory(PVR_POWER7);
	other_memory(PVR_970);
	client_close(kvm);
	return 0;
}
