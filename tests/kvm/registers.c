/* SPDX-License-Identifier: Apache-2.0 */
/*
 * KVM_GET_REGS, SREGS, FPU and ONE_REG: initial values, what can be set and what stays of it.
 */
#include "machine.h"

/* Linux's header has none. */
#ifndef KVM_REG_PPC_PAPYR_TB_OFFSET
#define KVM_REG_PPC_PAPYR_TB_OFFSET (KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xf000)
#endif

#define R(name)                                                                                    \
	{                                                                                          \
#name, KVM_REG_PPC_##name                                                          \
	}
static const struct {
	const char *name;
	u64 id;
} regs[] = {
    R(HIOR),
    R(IAC1),
    R(IAC2),
    R(IAC3),
    R(IAC4),
    R(DAC1),
    R(DAC2),
    R(DABR),
    R(DABRX),
    R(DSCR),
    R(PURR),
    R(SPURR),
    R(DAR),
    R(DSISR),
    R(AMR),
    R(UAMOR),
    R(IAMR),
    R(MMCR0),
    R(MMCR1),
    R(MMCRA),
    R(MMCR2),
    R(MMCRS),
    R(SIAR),
    R(SDAR),
    R(SIER),
    R(PMC1),
    R(PMC2),
    R(PMC3),
    R(PMC4),
    R(PMC5),
    R(PMC6),
    R(PMC7),
    R(PMC8),
    R(FPR0),
    R(FPR31),
    R(VR0),
    R(VR31),
    R(VSR0),
    R(VSR31),
    R(FPSCR),
    R(VSCR),
    R(VPA_ADDR),
    R(VPA_SLB),
    R(VPA_DTL),
    R(EPCR),
    R(EPR),
    R(OR_TSR),
    R(CLEAR_TSR),
    R(TCR),
    R(TSR),
    R(DEBUG_INST),
    R(ICP_STATE),
    R(VP_STATE),
    R(TB_OFFSET),
    R(SPMC1),
    R(SPMC2),
    R(TFHAR),
    R(TFIAR),
    R(TEXASR),
    R(FSCR),
    R(PSPB),
    R(EBBHR),
    R(EBBRR),
    R(BESCR),
    R(TAR),
    R(DPDES),
    R(DAWR),
    R(DAWRX),
    R(CIABR),
    R(IC),
    R(VTB),
    R(CSIGR),
    R(TACR),
    R(TCSCR),
    R(PID),
    R(ACOP),
    R(VRSAVE),
    R(LPCR),
    R(LPCR_64),
    R(PPR),
    R(ARCH_COMPAT),
    R(WORT),
    R(SPRG9),
    R(DBSR),
    R(TIDR),
    R(PSSCR),
    R(DEC_EXPIRY),
    R(ONLINE),
    R(PTCR),
    R(MMCR3),
    R(SIER2),
    R(SIER3),
    R(DAWR1),
    R(DAWRX1),
    R(TM_GPR0),
    R(TM_GPR31),
    R(TM_VSR0),
    R(TM_VSR63),
    R(TM_CR),
    R(TM_LR),
    R(TM_CTR),
    R(TM_FPSCR),
    R(TM_AMR),
    R(TM_PPR),
    R(TM_VRSAVE),
    R(TM_VSCR),
    R(TM_DSCR),
    R(TM_TAR),
    R(TM_XER),
    R(MAS0),
    R(MMUCFG),
    R(TLB0CFG),
    {"TM_VSR31", KVM_REG_PPC_TM_VSR(31)},
    {"beyond the last", KVM_REG_PPC | KVM_REG_SIZE_U64 | 0x123},
    {"PURR as 32 bits", KVM_REG_PPC | KVM_REG_SIZE_U32 | 0xa},
    {"DSISR as 64 bits", KVM_REG_PPC | KVM_REG_SIZE_U64 | 0xd},
    {"VR0 as 64 bits", KVM_REG_PPC | KVM_REG_SIZE_U64 | 0x40},
    {"DSCR as 8 bits", KVM_REG_PPC | KVM_REG_SIZE_U8 | 0x9},
    {"DSCR as 256 bits", KVM_REG_PPC | KVM_REG_SIZE_U256 | 0x9},
    {"DSCR of another architecture", KVM_REG_SIZE_U64 | 0x9},
};

/* Registers that count by themselves: only whether they can be read. */
static bool moves(u64 id)
{
	return id == KVM_REG_PPC_DEC_EXPIRY;
}

static size_t bytes_of(u64 id)
{
	size_t bytes = (size_t)1 << ((id & KVM_REG_SIZE_MASK) >> KVM_REG_SIZE_SHIFT);

	return bytes < 4 ? 4 : bytes;
}

static int one_reg(struct vcpu *v, unsigned long request, u64 id, void *value)
{
	struct kvm_one_reg reg = {.id = id, .addr = (uintptr_t)value};

	return client_ioctl(v->fd, request, &reg);
}

/* Values are shown as a number where they fit one, else as two 64-bit words in their order in
 * memory. */
static void say_value(const char *name, const char *what, int result, u64 id, const u64 *value)
{
	u32 w;

	if (result)
		say("%-12s %-10s %s", name, what, errno_name(errno));
	else if (moves(id))
		say("%-12s %-10s readable", name, what);
	else if (bytes_of(id) == 4) {
		memcpy(&w, value, 4);
		say("%-12s %-10s %08x", name, what, w);
	} else if (bytes_of(id) == 8)
		say("%-12s %-10s %016llx", name, what, value[0]);
	else
		say("%-12s %-10s %016llx %016llx", name, what, value[0], value[1]);
}

static void read_all(struct vcpu *v, const char *what)
{
	for (size_t i = 0; i < ARRAY_SIZE(regs); i++) {
		u64 value[8] = {0};
		int result = one_reg(v, KVM_GET_ONE_REG, regs[i].id, value);

		say_value(regs[i].name, what, result, regs[i].id, value);
	}
}

/* Writes @pattern to each, reads back, restores. */
static void write_all(struct vcpu *v, const char *what, u64 pattern)
{
	for (size_t i = 0; i < ARRAY_SIZE(regs); i++) {
		u64 old[8] = {0}, value[8];
		int had = one_reg(v, KVM_GET_ONE_REG, regs[i].id, old), result;

		for (size_t w = 0; w < ARRAY_SIZE(value); w++)
			value[w] = pattern ^ w;
		result = one_reg(v, KVM_SET_ONE_REG, regs[i].id, value);
		if (result) {
			say("%-12s %-10s %s", regs[i].name, what, errno_name(errno));
			continue;
		}
		memset(value, 0, sizeof(value));
		say_value(regs[i].name, what, one_reg(v, KVM_GET_ONE_REG, regs[i].id, value),
			  regs[i].id, value);
		if (!had)
			one_reg(v, KVM_SET_ONE_REG, regs[i].id, old);
	}
}

static void say_regs(struct vcpu *v)
{
	struct kvm_regs r;

	get_regs(v, &r);
#define SAY(x) say("%-6s %016llx", #x, r.x)
	SAY(pc);
	SAY(cr);
	SAY(ctr);
	SAY(lr);
	SAY(xer);
	SAY(msr);
	SAY(srr0);
	SAY(srr1);
	SAY(pid);
	SAY(sprg0);
	SAY(sprg1);
	SAY(sprg2);
	SAY(sprg3);
	SAY(sprg4);
	SAY(sprg5);
	SAY(sprg6);
	SAY(sprg7);
	SAY(gpr[0]);
	SAY(gpr[1]);
	SAY(gpr[31]);
}

static void say_sregs(struct vcpu *v)
{
	struct kvm_sregs s;

	memset(&s, 0x5a, sizeof(s));
	if (TRY(v->fd, KVM_GET_SREGS, &s))
		return;
	say("pvr %08x sdr1 %016llx", s.pvr, s.u.s.sdr1);
	for (int i = 0; i < 64; i++)
		if (s.u.s.ppc64.slb[i].slbe || s.u.s.ppc64.slb[i].slbv)
			say("slb[%d] %016llx %016llx", i, s.u.s.ppc64.slb[i].slbe,
			    s.u.s.ppc64.slb[i].slbv);
}

static void msr_bits(struct vcpu *v)
{
	static const u64 values[] = {0,
				     ~0ull,
				     MSR_SF,
				     MSR_HV | MSR_SF,
				     MSR_SF | MSR_PR,
				     0x0000000000000001,
				     0x0000000200000000};
	struct kvm_regs r;

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		get_regs(v, &r);
		r.msr = values[i];
		set_regs(v, &r);
		get_regs(v, &r);
		say("msr %016llx -> %016llx", values[i], r.msr);
	}
}

static void set_all_regs(struct vcpu *v)
{
	struct kvm_regs r, before;

	get_regs(v, &before);
	for (size_t i = 0; i < sizeof(r) / 8; i++)
		((u64 *)&r)[i] = 0xa5a5a5a500000000ull + i;
	r.msr = before.msr;
	set_regs(v, &r);
	say_regs(v);
	set_regs(v, &before);
}

static void sregs(struct vcpu *v)
{
	struct kvm_sregs s;

	topic("SREGS: entries out of order, one twice, invalid ones, number beyond the SLB");
	memset(&s, 0, sizeof(s));
	if (client_ioctl(v->fd, KVM_GET_SREGS, &s))
		die("KVM_GET_SREGS");
	s.u.s.ppc64.slb[0].slbe = 0x0000000018000000ull | 3;
	s.u.s.ppc64.slb[0].slbv = 0x0000000000001510ull;
	s.u.s.ppc64.slb[1].slbe = 0x0000000010000000ull | 4; /* not valid */
	s.u.s.ppc64.slb[1].slbv = 0x0000000000002510ull;
	s.u.s.ppc64.slb[2].slbe = 0xc000000008000000ull | 1;
	s.u.s.ppc64.slb[2].slbv = 0x4000000000003500ull;
	s.u.s.ppc64.slb[5].slbe = 0xd000000008000000ull | 31;
	s.u.s.ppc64.slb[5].slbv = 0x0000000000004ff0ull;
	s.u.s.ppc64.slb[6].slbe = 0xe000000008000000ull | 32; /* beyond POWER8's 32 entries */
	s.u.s.ppc64.slb[6].slbv = 0x0000000000005500ull;
	s.u.s.ppc64.slb[63].slbe = 0xf000000008000fffull;
	s.u.s.ppc64.slb[63].slbv = 0xffffffffffffffffull;
	TRY(v->fd, KVM_SET_SREGS, &s);
	say_sregs(v);
	topic("SREGS: one entry twice");
	memset(&s.u, 0, sizeof(s.u));
	s.u.s.ppc64.slb[0].slbe = 0x0000000018000000ull | 3;
	s.u.s.ppc64.slb[0].slbv = 0x0000000000001510ull;
	s.u.s.ppc64.slb[1].slbe = 0x0000000028000000ull | 3;
	s.u.s.ppc64.slb[1].slbv = 0x0000000000002510ull;
	TRY(v->fd, KVM_SET_SREGS, &s);
	say_sregs(v);
	topic("SREGS: PVR of no processor, sdr1");
	memset(&s.u, 0, sizeof(s.u));
	u32 pvr = s.pvr;
	s.pvr = 0x12345678;
	s.u.s.sdr1 = 0x12345;
	TRY(v->fd, KVM_SET_SREGS, &s);
	say_sregs(v);
	topic("SREGS: PVR of a POWER7");
	s.pvr = 0x003f0201;
	TRY(v->fd, KVM_SET_SREGS, &s);
	topic("SREGS: PVR of another POWER8, and its own again");
	s.pvr = pvr + 1;
	TRY(v->fd, KVM_SET_SREGS, &s);
	s.pvr = pvr;
	TRY(v->fd, KVM_SET_SREGS, &s);
	TRY_AS("KVM_SET_SREGS at NULL", v->fd, KVM_SET_SREGS, 0);
	TRY_AS("KVM_GET_SREGS at 16", v->fd, KVM_GET_SREGS, 16);
}

static void fpu_and_others(struct vcpu *v)
{
	struct kvm_fpu fpu;
	struct kvm_mp_state mp = {.mp_state = 77};
	struct kvm_one_reg reg = {.id = KVM_REG_PPC_DSCR, .addr = 16};

	memset(&fpu, 0, sizeof(fpu));
	topic("FPU, MP_STATE, bad pointers");
	TRY(v->fd, KVM_GET_FPU, &fpu);
	TRY(v->fd, KVM_SET_FPU, &fpu);
	TRY(v->fd, KVM_GET_MP_STATE, &mp);
	TRY(v->fd, KVM_SET_MP_STATE, &mp);
	TRY_AS("KVM_GET_ONE_REG into 16", v->fd, KVM_GET_ONE_REG, &reg);
	TRY_AS("KVM_SET_ONE_REG from 16", v->fd, KVM_SET_ONE_REG, &reg);
	TRY_AS("KVM_GET_ONE_REG at 16", v->fd, KVM_GET_ONE_REG, 16);
	TRY_AS("KVM_SET_ONE_REG at 16", v->fd, KVM_SET_ONE_REG, 16);
	TRY_AS("KVM_GET_REGS at 16", v->fd, KVM_GET_REGS, 16);
	TRY_AS("KVM_SET_REGS at 16", v->fd, KVM_SET_REGS, 16);
}

static void lpcr(struct vcpu *v)
{
	static const u64 values[] = {0, ~0ull, 0x0000000002000000, 0x0070000000000000,
				     0x0180000000000000};

	topic("LPCR: which bits can be set");
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		u64 value = values[i], now[2] = {0};
		int result = one_reg(v, KVM_SET_ONE_REG, KVM_REG_PPC_LPCR_64, &value);

		one_reg(v, KVM_GET_ONE_REG, KVM_REG_PPC_LPCR_64, now);
		say("LPCR_64 %016llx: %d -> %016llx", values[i], result, now[0]);
		result = one_reg(v, KVM_SET_ONE_REG, KVM_REG_PPC_LPCR, &value);
		one_reg(v, KVM_GET_ONE_REG, KVM_REG_PPC_LPCR_64, now);
		say("LPCR    %08x: %d -> %016llx", (u32)values[i], result, now[0]);
	}
}

static void arch_compat(struct vcpu *v)
{
	static const u32 values[] = {0,		 0x0f000001, 0x0f000002, 0x0f000003, 0x0f100003,
				     0x0f000004, 0x0f000005, 0x0f000006, 0x12345678};

	topic("ARCH_COMPAT: which logical PVRs are taken");
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		u32 value = values[i], now = 0;
		int result = one_reg(v, KVM_SET_ONE_REG, KVM_REG_PPC_ARCH_COMPAT, &value);
		int error = errno;

		one_reg(v, KVM_GET_ONE_REG, KVM_REG_PPC_ARCH_COMPAT, &now);
		say("%08x: %s -> %08x", values[i], result ? errno_name(error) : "0", now);
	}
	one_reg(v, KVM_SET_ONE_REG, KVM_REG_PPC_ARCH_COMPAT, &(u32){0});
}

static void tb_offset(struct vcpu *v)
{
	static const u64 values[] = {0,	   1, 0xffffff, 0x1000000, 0x1000001, 0x123456789abcdef,
				     ~0ull};

	topic("TB_OFFSET is rounded up");
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		set_one(v, KVM_REG_PPC_TB_OFFSET, values[i]);
		say("%016llx -> %016llx", values[i], get_one(v, KVM_REG_PPC_TB_OFFSET));
	}
	set_one(v, KVM_REG_PPC_TB_OFFSET, 0);
}

static void exact_tb_offset(struct vcpu *v)
{
	u64 value = 0x123456789abcdef;

	topic("TB_OFFSET to the tick, of Papyr only");
	say("set: %s", one_reg(v, KVM_SET_ONE_REG, KVM_REG_PPC_PAPYR_TB_OFFSET, &value)
			   ? errno_name(errno)
			   : "0");
	value = 0;
	if (one_reg(v, KVM_GET_ONE_REG, KVM_REG_PPC_PAPYR_TB_OFFSET, &value))
		say("get: %s", errno_name(errno));
	else
		say("get: %016llx, TB_OFFSET %016llx", value, get_one(v, KVM_REG_PPC_TB_OFFSET));
	set_one(v, KVM_REG_PPC_TB_OFFSET, 0);
}

static int set_area(struct vcpu *v, u64 id, u64 address, u64 bytes)
{
	u64 value[2] = {address, bytes};

	return one_reg(v, KVM_SET_ONE_REG, id, value);
}

static void vpa(struct vcpu *v)
{
	static const struct {
		const char *text;
		u64 id, address, bytes;
	} steps[] = {
	    {"SLB without a VPA", KVM_REG_PPC_VPA_SLB, 0x10000, 0x280},
	    {"DTL without a VPA", KVM_REG_PPC_VPA_DTL, 0x10000, 0x300},
	    {"no SLB without a VPA", KVM_REG_PPC_VPA_SLB, 0, 0},
	    {"VPA", KVM_REG_PPC_VPA_ADDR, 0x20000, 0},
	    {"SLB", KVM_REG_PPC_VPA_SLB, 0x20400, 0x280},
	    {"DTL of 47 bytes", KVM_REG_PPC_VPA_DTL, 0x20800, 47},
	    {"DTL of 48 bytes", KVM_REG_PPC_VPA_DTL, 0x20800, 48},
	    {"DTL of 100 bytes", KVM_REG_PPC_VPA_DTL, 0x20800, 100},
	    {"VPA away with SLB and DTL", KVM_REG_PPC_VPA_ADDR, 0, 0},
	    {"SLB of 0 bytes", KVM_REG_PPC_VPA_SLB, 0x20400, 0},
	    {"SLB away", KVM_REG_PPC_VPA_SLB, 0, 0},
	    {"VPA away with DTL", KVM_REG_PPC_VPA_ADDR, 0, 0},
	    {"DTL away", KVM_REG_PPC_VPA_DTL, 0, 0},
	    {"VPA away", KVM_REG_PPC_VPA_ADDR, 0, 0},
	    {"VPA not aligned", KVM_REG_PPC_VPA_ADDR, 0x20004, 0},
	    {"VPA beyond memory", KVM_REG_PPC_VPA_ADDR, 0x7fffffff0000, 0},
	    {"VPA away", KVM_REG_PPC_VPA_ADDR, 0, 0},
	};

	topic("VPA registers");
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		u64 now[2] = {0};
		int result = set_area(v, steps[i].id, steps[i].address, steps[i].bytes);
		int error = errno;

		one_reg(v, KVM_GET_ONE_REG, steps[i].id, now);
		say("%-26s %s -> %llx %llx", steps[i].text, result ? errno_name(error) : "0",
		    now[0], now[1]);
	}
}

/* How the halves of VSX registers relate to FPRs and VRs, in the client's memory. */
static void vsx(struct vcpu *v)
{
	u64 value[2] = {0x1111222233334444ull, 0x5555666677778888ull}, now[2] = {0};

	topic("VSR, FPR, VR");
	say("set VSR1 %d", one_reg(v, KVM_SET_ONE_REG, KVM_REG_PPC_VSR(1), value));
	one_reg(v, KVM_GET_ONE_REG, KVM_REG_PPC_FPR(1), now);
	say("FPR1 %016llx", now[0]);
	one_reg(v, KVM_GET_ONE_REG, KVM_REG_PPC_VSR(1), now);
	say_bytes("VSR1", now, 16);
	value[0] = 0x9999aaaabbbbccccull;
	say("set FPR1 %d", one_reg(v, KVM_SET_ONE_REG, KVM_REG_PPC_FPR(1), value));
	one_reg(v, KVM_GET_ONE_REG, KVM_REG_PPC_VSR(1), now);
	say("VSR1 %016llx %016llx", now[0], now[1]);
	/* The guest stores VR2, so that the order of its bytes shows. */
	for (int i = 0; i < 16; i++)
		((u8 *)value)[i] = i;
	say("set VR2 %d", one_reg(v, KVM_SET_ONE_REG, KVM_REG_PPC_VR(2), value));
	one_reg(v, KVM_GET_ONE_REG, KVM_REG_PPC_VR(2), now);
	say_bytes("VR2 in the client", now, 16);
	say("set VSR2 %d", one_reg(v, KVM_SET_ONE_REG, KVM_REG_PPC_VSR(2), value));
	struct kvm_regs r;
	get_regs(v, &r);
	r.gpr[4] = 0x8000;
	r.gpr[6] = 0;
	set_regs(v, &r);
	v->msr |= MSR_VEC | MSR_VSX | MSR_FP;
	store32(v->machine->memory + GUEST_INSN_AT, 0x7c4431ce); /* stvx 2,4,6 */
	say("stvx: vector %d", guest_run(v, GUEST_INSN));
	finish_exit(v);
	say_bytes("VR2 in the guest", v->machine->memory + 0x8000, 16);
	store32(v->machine->memory + GUEST_INSN_AT, 0x7c443798); /* stxvd2x 2,4,6 */
	say("stxvd2x: vector %d", guest_run(v, GUEST_INSN));
	finish_exit(v);
	say_bytes("VSR2 in the guest", v->machine->memory + 0x8000, 16);
	v->msr = GUEST_MSR;
}

int main(void)
{
	struct machine m;
	struct vcpu v;

	machine_new(&m, 16 * MIB, 18);
	m.memory[0] = 0;
	vcpu_new(&v, &m, 0);
	topic("REGS of a new vcpu");
	say_regs(&v);
	topic("SREGS of a new vcpu");
	say_sregs(&v);
	topic("ONE_REG of a new vcpu");
	read_all(&v, "initial");
	topic("ONE_REG written with a pattern");
	write_all(&v, "pattern", 0x0123456789abcdefull);
	topic("ONE_REG written with ones");
	write_all(&v, "ones", ~0ull);
	lpcr(&v);
	arch_compat(&v);
	tb_offset(&v);
	exact_tb_offset(&v);
	vpa(&v);
	topic("REGS all set");
	set_all_regs(&v);
	topic("MSR");
	msr_bits(&v);
	sregs(&v);
	fpu_and_others(&v);
	vsx(&v);
	vcpu_free(&v);
	machine_free(&m);
	return 0;
}
