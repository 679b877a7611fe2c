/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads and stores where there is no memory: what KVM_EXIT_MMIO shows, what the registers are at
 * the exit and after it, for every kind of instruction; and what becomes of those that can't be
 * emulated.
 */
#include "machine.h"
#include "papr.h"
#include <signal.h>

#define DEVICE 0x40000000ull /* guest real address without memory */
#define EA     0x80000ull    /* where the guest sees it */

static struct machine m;
static struct vcpu v;

static void map_device(void)
{
	struct hcall h;

	map_low_memory(&v);
	if (HCALL(&v, &h, H_ENTER, 0, ((LOW_VSID ^ (EA >> 12)) & 0x3ff) * 8,
		  LOW_VSID << 12 | V_VALID, DEVICE | R_I | R_G | R_REF | R_CHANGED | 2))
		die("mapping the device: %s", h_name(h.r[3]));
}

static void prepare(struct kvm_regs *r)
{
	u64 value[2] = {0x1122334455667788ull, 0x99aabbccddeeff00ull};
	struct kvm_one_reg reg = {.addr = (uintptr_t)value};

	get_regs(&v, r);
	memset(r->gpr, 0, sizeof(r->gpr));
	r->gpr[4] = EA;
	r->gpr[5] = 0x5555555555555555ull;
	r->gpr[6] = 16;
	r->gpr[7] = 0x8182838485868788ull;
	r->gpr[8] = 0xa1a2a3a4a5a6a7a8ull;
	r->gpr[9] = 0xb1b2b3b4b5b6b7b8ull;
	r->gpr[30] = 0xc1c2c3c4c5c6c7c8ull;
	r->gpr[31] = 0xd1d2d3d4d5d6d7d8ull;
	r->cr = 0;
	r->xer = 8; /* byte count of lswx and stswx */
	r->pc = GUEST_INSN;
	r->msr = GUEST_MSR | MSR_DR | MSR_FP | MSR_VEC | MSR_VSX;
	set_regs(&v, r);
	/* Registers 3 of each kind are stored, 2 are loaded. 1.5 in FPR3, so that it can be made
	 * single. */
	reg.id = KVM_REG_PPC_VR(3);
	client_ioctl(v.fd, KVM_SET_ONE_REG, &reg);
	value[0] = 0x0102030405060708ull;
	value[1] = 0x3ff8000000000000ull;
	reg.id = KVM_REG_PPC_VSR(3);
	client_ioctl(v.fd, KVM_SET_ONE_REG, &reg);
	value[0] = value[1] = 0;
	reg.id = KVM_REG_PPC_VSR(2);
	client_ioctl(v.fd, KVM_SET_ONE_REG, &reg);
	reg.id = KVM_REG_PPC_VR(2);
	client_ioctl(v.fd, KVM_SET_ONE_REG, &reg);
}

static void say_wide(const char *name, u64 id)
{
	u64 value[2] = {0};
	struct kvm_one_reg reg = {.id = id, .addr = (uintptr_t)value};

	client_ioctl(v.fd, KVM_GET_ONE_REG, &reg);
	if (value[0] || value[1])
		say("    %s %016llx %016llx", name, value[1], value[0]);
}

/* Registers that differ from what they were. CR is left out: a hypercall may change it. */
static void say_changes(const struct kvm_regs *was)
{
	struct kvm_regs now;

	get_regs(&v, &now);
	for (int i = 0; i < 32; i++)
		if (i != 3 && i != 16 && i != 17 && i != 20 && i != 21 && now.gpr[i] != was->gpr[i])
			say("    r%d %016llx", i, now.gpr[i]);
	say_wide("vsr2", KVM_REG_PPC_VSR(2));
	say_wide("vr2", KVM_REG_PPC_VR(2));
}

#define LITTLE_AT 0x1200 /* where the guest has room for instructions in the other byte order */

static void store_le32(u8 *p, u32 value)
{
	for (int i = 0; i < 4; i++, value >>= 8)
		p[i] = value;
}

/* The instruction, then the way out, in little-endian mode. */
static void prepare_little(struct kvm_regs *r, u32 code)
{
	const u32 insns[] = {
	    code,
	    0x3aa00000,				   /* li 21,0 */
	    0x3c600000 | GUEST_EXIT >> 16,	   /* lis 3 */
	    0x60630000 | (GUEST_EXIT & 0xffff), /* ori 3,3 */
	    0x44000022,				   /* sc 1 */
	};

	for (size_t i = 0; i < ARRAY_SIZE(insns); i++)
		store_le32(m.memory + LITTLE_AT + 4 * i, insns[i]);
	r->pc = LITTLE_AT;
	r->msr |= MSR_LE;
	set_regs(&v, r);
}

static void one(const char *text, u32 code, bool little)
{
	struct kvm_regs before, now;

	say(little ? "# little-endian: %s" : "# %s", text);
	prepare(&before);
	if (little)
		prepare_little(&before, code);
	else
		store32(m.memory + GUEST_INSN_AT, code);
	for (int exits = 0; exits < 20; exits++) {
		struct kvm_run *run = v.run;

		alarm(1);
		if (client_ioctl(v.fd, KVM_RUN, 0ul) < 0) {
			say("    %s",
			    errno == EINTR ? "repeats itself for ever" : errno_name(errno));
			return;
		}
		alarm(0);
		get_regs(&v, &now);
		if (run->exit_reason == KVM_EXIT_PAPR_HCALL) {
			if (now.gpr[21])
				say("    vector 0x%llx srr0 %llx srr1 %llx dar %llx dsisr %llx",
				    now.gpr[21], now.gpr[16], now.gpr[17],
				    get_one(&v, KVM_REG_PPC_DAR), get_one(&v, KVM_REG_PPC_DSISR));
			break;
		}
		if (run->exit_reason != KVM_EXIT_MMIO) {
			say("    exit %u, pc %llx", run->exit_reason, now.pc);
			if (run->exit_reason == KVM_EXIT_INTERNAL_ERROR)
				say("    suberror %u", run->internal.suberror);
			return;
		}
		if (run->mmio.is_write) {
			printf("    write %llx:", run->mmio.phys_addr);
			for (u32 i = 0; i < run->mmio.len && i < 8; i++)
				printf(" %02x", run->mmio.data[i]);
			printf(", pc %llx, r4 %llx\n", now.pc, now.gpr[4]);
		} else {
			printf("    read %llx, %u bytes, pc %llx, r4 %llx, r5 %llx\n",
			       run->mmio.phys_addr, run->mmio.len, now.pc, now.gpr[4], now.gpr[5]);
			for (u32 i = 0; i < 8; i++)
				run->mmio.data[i] =
				    i < run->mmio.len ? 0x81 + 0x10 * exits + i : 0xee;
			/* A single that can be made a double. */
			if (strncmp(text, "lf", 2) == 0 || strncmp(text, "lxss", 4) == 0)
				memcpy(run->mmio.data, "\x3f\xc0\0\0\0\0\0", 8);
		}
		fflush(stdout);
	}
	say_changes(&before);
	if (v.run->exit_reason == KVM_EXIT_PAPR_HCALL)
		finish_exit(&v);
}

static void all_instructions(bool little)
{
	char text[ROW_TEXT];

	for (u32 at = GUEST_ROWS; at < GUEST_SIZE; at += ROW_SIZE) {
		u32 code = load64(m.memory + at + ROW_TEXT - 4);

		memcpy(text, m.memory + at, sizeof(text));
		if (!text[0])
			break;
		one(text, code, little);
	}
}

/* The exit is completed by the next KVM_RUN even if that one doesn't enter the guest. */
static void completion(void)
{
	struct kvm_regs r;

	topic("Completion with immediate_exit");
	prepare(&r);
	store32(m.memory + GUEST_INSN_AT, 0x80a40004); /* lwz r5,4(r4) */
	TRY(v.fd, KVM_RUN, 0);
	memcpy(v.run->mmio.data, "\x11\x22\x33\x44", 4);
	get_regs(&v, &r);
	say("before: pc %llx r5 %llx", r.pc, r.gpr[5]);
	finish_exit(&v);
	get_regs(&v, &r);
	say("after: pc %llx r5 %llx", r.pc, r.gpr[5]);
}

/* Instructions from where there is no memory; translation missing; protection. */
static void faults(void)
{
	static const struct {
		const char *text;
		u64 ea, ptel;
		u64 msr;
	} rows[] = {
	    {"no entry", 0x90000, 0, 0},
	    {"read-only page, no memory", 0x90000, DEVICE | R_I | R_G | R_REF | R_CHANGED | 3, 0},
	    {"no access, problem state's key", 0x90000, DEVICE | R_I | R_G | R_REF | R_CHANGED | 0,
	     0},
	    {"read-only page, memory", 0x90000, 0x20000 | R_M | R_REF | R_CHANGED | 3, 0},
	    {"no segment", 0x10000000, 0, 0},
	};
	struct hcall h;
	struct kvm_regs r;

	topic("Faults: store, load, fetch");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		u64 ptex = ((LOW_VSID ^ (rows[i].ea >> 12)) & 0x3ff) * 8;

		say("%s", rows[i].text);
		if (rows[i].ptel)
			HCALL(&v, &h, H_ENTER, H_EXACT, ptex, LOW_VSID << 12 | V_VALID,
			      rows[i].ptel);
		for (int access = 0; access < 3; access++) {
			static const char *const names[] = {"store", "load", "fetch"};

			prepare(&r);
			r.gpr[4] = rows[i].ea;
			r.msr = GUEST_MSR | (access == 2 ? MSR_IR | MSR_DR : MSR_DR);
			if (access == 2)
				r.pc = rows[i].ea;
			set_regs(&v, &r);
			store32(m.memory + GUEST_INSN_AT,
				access ? 0x80a40000 : 0x90a40000); /* lwz, stw */
			if (client_ioctl(v.fd, KVM_RUN, 0ul) < 0) {
				say("    %s: KVM_RUN %s", names[access], errno_name(errno));
				continue;
			}
			get_regs(&v, &r);
			if (v.run->exit_reason == KVM_EXIT_PAPR_HCALL)
				say("    %s: vector 0x%llx srr0 %llx srr1 %llx dar %llx dsisr %llx",
				    names[access], r.gpr[21], r.gpr[16], r.gpr[17],
				    get_one(&v, KVM_REG_PPC_DAR), get_one(&v, KVM_REG_PPC_DSISR));
			else if (v.run->exit_reason == KVM_EXIT_MMIO)
				say("    %s: mmio %llx", names[access], v.run->mmio.phys_addr);
			else
				say("    %s: exit %u", names[access], v.run->exit_reason);
			if (v.run->exit_reason == KVM_EXIT_PAPR_HCALL ||
			    v.run->exit_reason == KVM_EXIT_MMIO)
				finish_exit(&v);
			set_one(&v, KVM_REG_PPC_DAR, 0);
			set_one(&v, KVM_REG_PPC_DSISR, 0);
		}
		if (rows[i].ptel)
			HCALL(&v, &h, H_REMOVE, 0, ptex, 0);
	}
}

/* H_LOGICAL_CI_LOAD and _STORE reach the device in real mode. */
static void logical_ci(void)
{
	struct hcall h;

	topic("H_LOGICAL_CI_LOAD, H_LOGICAL_CI_STORE, not enabled");
	HCALL(&v, &h, H_LOGICAL_CI_LOAD, 4, DEVICE);
	say_hcall("load", &h, 0);
	HCALL(&v, &h, H_LOGICAL_CI_STORE, 4, DEVICE, 5);
	say_hcall("store", &h, 0);
}

/* An access in real mode beyond the real-mode area. */
static void beyond_real_mode(void)
{
	struct kvm_regs r;

	topic("Real mode, beyond memory");
	prepare(&r);
	r.msr = GUEST_MSR;
	r.gpr[4] = DEVICE;
	set_regs(&v, &r);
	store32(m.memory + GUEST_INSN_AT, 0x80a40004);
	TRY(v.fd, KVM_RUN, 0);
	get_regs(&v, &r);
	say("reason %u, vector 0x%llx srr0 %llx srr1 %llx dar %llx dsisr %llx", v.run->exit_reason,
	    r.gpr[21], r.gpr[16], r.gpr[17], get_one(&v, KVM_REG_PPC_DAR),
	    get_one(&v, KVM_REG_PPC_DSISR));
	finish_exit(&v);
}

static void on_alarm(int signal)
{
	(void)signal;
}

int main(void)
{
	sigaction(SIGALRM, &(struct sigaction){.sa_handler = on_alarm}, NULL);
	machine_new(&m, MIB, 18);
	vcpu_new(&v, &m, 0);
	map_device();
	all_instructions(false);
	all_instructions(true);
	completion();
	faults();
	logical_ci();
	beyond_real_mode();
	vcpu_free(&v);
	machine_free(&m);
	return 0;
}
