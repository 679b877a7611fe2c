/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A debugger's client: KVM_SET_GUEST_DEBUG, the instruction that stops, single steps, and
 * breakpoints and watchpoints that are no instruction.
 */
#include "machine.h"
#include "papr.h"

#define NOP	    0x60000000
#define DEVICE	    0x40000000ull
#define DEVICE_EA   0x80000ull /* where the guest sees it */
#define MSR_SE	    0x400ull
#define EXITS_MAX   12
#define DATA	    0x8000ull

static struct machine m;
static struct vcpu v;

static int set_debug(u32 control)
{
	struct kvm_guest_debug d = {.control = control};

	return client_ioctl(v.fd, KVM_SET_GUEST_DEBUG, &d);
}

/* One break- or watchpoint. */
static int set_point(u32 control, u64 addr, u32 type)
{
	struct kvm_guest_debug d = {.control = KVM_GUESTDBG_ENABLE | control};

	d.arch.bp[3].addr = addr;
	d.arch.bp[3].type = type;
	return client_ioctl(v.fd, KVM_SET_GUEST_DEBUG, &d);
}

static void begin_at(u64 pc, u64 msr)
{
	struct kvm_regs r;

	get_regs(&v, &r);
	memset(r.gpr, 0, sizeof(r.gpr));
	r.gpr[4] = 3;
	r.gpr[5] = DATA;
	r.gpr[6] = 0x1122334455667788ull;
	r.gpr[7] = 8;
	r.cr = 0;
	r.pc = pc;
	r.msr = msr;
	set_regs(&v, &r);
	memset(&v.run->debug, 0, sizeof(v.run->debug));
}

/* Runs until the guest is through, or @exits were told. True: it is through. */
static bool run(int exits)
{
	struct kvm_regs r;

	for (; exits; exits--) {
		/* What Linux doesn't write shall not be what was there before. */
		if (v.run->exit_reason == KVM_EXIT_DEBUG)
			memset(&v.run->debug, 0, sizeof(v.run->debug));
		if (client_ioctl(v.fd, KVM_RUN, 0ul) < 0) {
			say("    KVM_RUN = %s", errno_name(errno));
			return false;
		}
		get_regs(&v, &r);
		if (v.run->exit_reason == KVM_EXIT_DEBUG) {
			say("    debug: address %llx status %x pc %llx msr %llx",
			    (u64)v.run->debug.arch.address, v.run->debug.arch.status, r.pc, r.msr);
		} else if (v.run->exit_reason == KVM_EXIT_MMIO) {
			say("    mmio %llx, pc %llx", v.run->mmio.phys_addr, r.pc);
			memset(v.run->mmio.data, 0x5a, 8);
		} else if (v.run->exit_reason != KVM_EXIT_PAPR_HCALL) {
			say("    exit %u, pc %llx", v.run->exit_reason, r.pc);
		} else if (v.run->papr_hcall.nr != GUEST_EXIT) {
			say("    hypercall %llx, pc %llx", v.run->papr_hcall.nr, r.pc);
			v.run->papr_hcall.ret = H_FUNCTION;
		} else {
			if (r.gpr[21])
				say("    vector 0x%llx srr0 %llx srr1 %llx", r.gpr[21], r.gpr[16],
				    r.gpr[17]);
			else
				say("    through");
			set_debug(0);
			finish_exit(&v);
			return true;
		}
	}
	return false;
}

static void insn(u32 code)
{
	store32(m.memory + GUEST_INSN_AT, code);
}

#define HAS(cap) TRY_AS(#cap, m.vm, KVM_CHECK_EXTENSION, cap)

static void capabilities(void)
{
	topic("Capabilities");
	HAS(KVM_CAP_SET_GUEST_DEBUG);
	HAS(KVM_CAP_PPC_GUEST_DEBUG_SSTEP);
	HAS(KVM_CAP_GUEST_DEBUG_HW_BPS);
	HAS(KVM_CAP_GUEST_DEBUG_HW_WPS);
	HAS(KVM_CAP_SET_GUEST_DEBUG2);
}

static void arguments(void)
{
	topic("KVM_SET_GUEST_DEBUG: arguments");
	say("the instruction that stops: %llx", get_one(&v, KVM_REG_PPC_DEBUG_INST));
	TRY_AS("at NULL", v.fd, KVM_SET_GUEST_DEBUG, 0);
	say_result("nothing", set_debug(0));
	say_result("ENABLE", set_debug(KVM_GUESTDBG_ENABLE));
	say_result("USE_SW_BP", set_debug(KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP));
	say_result("SINGLESTEP", set_debug(KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP));
	say_result("USE_HW_BP, none", set_debug(KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP));
	say_result("a breakpoint",
		   set_point(KVM_GUESTDBG_USE_HW_BP, GUEST_INSN, KVMPPC_DEBUG_BREAKPOINT));
	say_result("a watchpoint", set_point(KVM_GUESTDBG_USE_HW_BP, DATA,
					     KVMPPC_DEBUG_WATCH_READ | KVMPPC_DEBUG_WATCH_WRITE));
	say_result("a flag that nobody knows", set_debug(KVM_GUESTDBG_ENABLE | 0x800000));
	say_result("a kind of point that nobody knows",
		   set_point(KVM_GUESTDBG_USE_HW_BP, DATA, 0x40));
	say_result("nothing", set_debug(0));
}

static void stopping_instruction(void)
{
	topic("The instruction that stops");
	say("not decoded before, not asked for");
	insn(0x00dddd00);
	begin_at(GUEST_INSN, GUEST_MSR);
	run(1);
	say("decoded before as a nop, then asked for");
	insn(NOP);
	begin_at(GUEST_INSN, GUEST_MSR);
	run(1);
	set_debug(KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP);
	insn(0x00dddd00);
	begin_at(GUEST_INSN, GUEST_MSR);
	run(1);
	say("again, with nothing done about it");
	run(1);
	say("with the guest's instruction put back");
	insn(NOP);
	run(1);
	say("decoded as what stops before it was asked for");
	insn(0x00dddd00);
	begin_at(GUEST_INSN, GUEST_MSR);
	run(1);
	set_debug(KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP);
	begin_at(GUEST_INSN, GUEST_MSR);
	run(1);
	say("with the other flag alone");
	set_debug(KVM_GUESTDBG_USE_SW_BP);
	run(1);
	say("not asked for any more");
	set_debug(KVM_GUESTDBG_ENABLE);
	run(1);
}

static void stopping_elsewhere(void)
{
	topic("The instruction that stops: in other states");
	say("another illegal instruction");
	set_debug(KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP);
	insn(0x00dddd04);
	begin_at(GUEST_INSN, GUEST_MSR);
	run(1);
	say("little-endian");
	set_debug(KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP);
	insn(0x00dddd00);
	begin_at(GUEST_INSN_AT, GUEST_MSR | MSR_LE);
	run(1);
	say("problem state");
	quiet_decrementer(&v);
	insn(0x00dddd00);
	begin_at(GUEST_INSN, GUEST_MSR | MSR_PR | MSR_IR | MSR_DR | MSR_EE);
	run(1);
	set_debug(0);
	insn(NOP);
}

static void step_from(u64 pc, u64 msr, int exits)
{
	begin_at(pc, msr);
	set_debug(KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP);
	if (run(exits))
		return;
	set_debug(0);
	run(EXITS_MAX);
}

static void single_steps(void)
{
	struct kvm_regs r;
	struct hcall h;

	topic("KVM_GUESTDBG_SINGLESTEP");
	say("to the end");
	insn(NOP);
	step_from(GUEST_INSN, GUEST_MSR, EXITS_MAX);
	say("a system call");
	insn(0x44000002);
	step_from(GUEST_INSN_AT, GUEST_MSR, 2);
	say("a hypercall that KVM answers");
	insn(0x44000022);
	begin_at(GUEST_INSN_AT, GUEST_MSR);
	get_regs(&v, &r);
	r.gpr[3] = H_READ;
	r.gpr[4] = r.gpr[5] = 0;
	set_regs(&v, &r);
	set_debug(KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP);
	if (!run(1)) {
		set_debug(0);
		run(1);
	}
	say("a hypercall that the client answers");
	step_from(GUEST_INSN_AT, GUEST_MSR, 2);
	say("a load that the client answers");
	HCALL(&v, &h, H_ENTER, 0, ((LOW_VSID ^ (DEVICE_EA >> 12)) & 0x3ff) * 8,
	      LOW_VSID << 12 | V_VALID, DEVICE | R_I | R_G | R_REF | R_CHANGED | 2);
	begin_at(GUEST_INSN_AT, GUEST_MSR | MSR_DR);
	get_regs(&v, &r);
	r.gpr[9] = DEVICE_EA;
	set_regs(&v, &r);
	insn(0x81290000); /* lwz r9,0(r9) */
	set_debug(KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP);
	if (!run(2)) {
		set_debug(0);
		run(1);
	}
	get_regs(&v, &r);
	say("    r9 %llx", r.gpr[9]);
	say("where the guest traces itself");
	insn(NOP);
	step_from(GUEST_INSN_AT, GUEST_MSR | MSR_SE, 1);
}

static void breakpoints(void)
{
	struct kvm_regs r;

	topic("KVM_GUESTDBG_USE_HW_BP: breakpoints");
	say("in code that was decoded before");
	insn(NOP);
	begin_at(GUEST_INSN, GUEST_MSR);
	run(1);
	begin_at(GUEST_INSN, GUEST_MSR);
	set_point(KVM_GUESTDBG_USE_HW_BP, GUEST_INSN_AT, KVMPPC_DEBUG_BREAKPOINT);
	run(2);
	say("in a loop, which ran often before");
	begin_at(GUEST_STORE, GUEST_MSR);
	get_regs(&v, &r);
	r.gpr[4] = 2000;
	r.gpr[7] = 0;
	set_regs(&v, &r);
	run(1);
	begin_at(GUEST_STORE, GUEST_MSR);
	set_point(KVM_GUESTDBG_USE_HW_BP, GUEST_STORE + 8, KVMPPC_DEBUG_BREAKPOINT);
	run(EXITS_MAX);
	say("where another page has its offset");
	begin_at(GUEST_STORE, GUEST_MSR);
	set_point(KVM_GUESTDBG_USE_HW_BP, GUEST_STORE + 8 + 0x10000, KVMPPC_DEBUG_BREAKPOINT);
	run(EXITS_MAX);
	say("single steps over it");
	begin_at(GUEST_INSN, GUEST_MSR);
	set_point(KVM_GUESTDBG_USE_HW_BP | KVM_GUESTDBG_SINGLESTEP, GUEST_INSN_AT,
		  KVMPPC_DEBUG_BREAKPOINT);
	run(EXITS_MAX);
}

static void watch(const char *text, u64 addr, u32 type)
{
	say("%s", text);
	memset(m.memory + DATA, 0, 64);
	begin_at(GUEST_STORE, GUEST_MSR);
	set_point(KVM_GUESTDBG_USE_HW_BP, addr, type);
	if (!run(1)) {
		say("    in memory: %llx %llx %llx", load64(m.memory + DATA),
		    load64(m.memory + DATA + 8), load64(m.memory + DATA + 16));
		run(EXITS_MAX);
	}
}

static void watchpoints(void)
{
	struct kvm_regs r;

	topic("KVM_GUESTDBG_USE_HW_BP: watchpoints");
	watch("a store", DATA + 8, KVMPPC_DEBUG_WATCH_WRITE);
	watch("part of what is stored", DATA + 13, KVMPPC_DEBUG_WATCH_WRITE);
	watch("beside it", DATA + 24, KVMPPC_DEBUG_WATCH_WRITE);
	watch("loads, where only stores are", DATA + 8, KVMPPC_DEBUG_WATCH_READ);
	say("a load");
	begin_at(GUEST_WATCH, GUEST_MSR);
	get_regs(&v, &r);
	r.gpr[4] = 2;
	r.gpr[8] = DATA;
	r.gpr[9] = 1;
	set_regs(&v, &r);
	set_point(KVM_GUESTDBG_USE_HW_BP, DATA,
		  KVMPPC_DEBUG_WATCH_READ | KVMPPC_DEBUG_WATCH_WRITE);
	run(EXITS_MAX);
}

int main(void)
{
	machine_new(&m, MIB, 18);
	vcpu_new(&v, &m, 0);
	capabilities();
	arguments();
	stopping_instruction();
	map_low_memory(&v);
	stopping_elsewhere();
	single_steps();
	breakpoints();
	watchpoints();
	vcpu_free(&v);
	machine_free(&m);
	return 0;
}
