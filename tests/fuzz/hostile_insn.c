/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guests of random instructions: any bits at all, but more often ones that mean something. Of some
 * the instructions store into each other.
 */
#include "hostile.h"

#define ROUNDS	    16
#define ROUND_US    4000
#define ROUND_EXITS 200
#define BURST_MAX   512 /* instructions written before a round */
#define HCALL	    0x44000022u
#define BRANCH_MASK 0x03fffffcu

enum format {
#define FORMAT(name) FMT_##name,
#include "cpu/isa/formats.def"
#undef FORMAT
};

struct row {
	u32 mask, match;
	enum format format;
};

static const struct row rows[] = {
#define INSN(name, mnemonic, mask, match, format, level, flags) {(u32)(mask), match, FMT_##format},
#include "cpu/isa/isa.def"
#undef INSN
};

/* Short ways, so that programs stay where there is code; now and then to anywhere. */
static u32 tame_branch(struct rng *r, u32 insn, enum format format)
{
	u32 keep = format == FMT_I ? BRANCH_MASK : 0xfffcu;
	int distance = (int)below(r, 64) * 4 - (chance(r, 20) ? 128 : 0);

	insn = (insn & ~keep) | ((u32)distance & keep);
	return chance(r, 5) ? insn : insn & ~2u;
}

static u32 make_insn(struct rng *r)
{
	const struct row *row;
	u32 insn;

	if (chance(r, 8))
		return rnd(r);
	if (chance(r, 2))
		return HCALL;
	row = &rows[below(r, ARRAY_SIZE(rows))];
	insn = ((u32)rnd(r) & ~row->mask) | row->match;
	if (row->format == FMT_I || row->format == FMT_B)
		return tame_branch(r, insn, row->format);
	/* Small displacements reach memory through the registers' addresses. */
	if ((row->format == FMT_D || row->format == FMT_D0 || row->format == FMT_DS0) &&
	    chance(r, 50))
		insn &= ~(0x7f00u & ~row->mask);
	return insn;
}

/* Of the case: */
static bool changing; /* code is written to */
static bool twice;    /* it has another mapping */

static const u32 cache_insns[] = {
    0x7c00006c,		    /* dcbst */
    0x7c0000ac,		    /* dcbf */
    0x7c0007ac,		    /* icbi */
    0x7c0007ac, 0x7c0004ac, /* sync */
    0x4c00012c,		    /* isync */
    0x4c00012c,
};

/* Stores, what makes them known to those who fetch, and loops that run often enough for it to
 * matter. */
static u32 changing_insn(struct rng *r)
{
	static const u32 stores[] = {36u << 26, 37u << 26, 38u << 26, 44u << 26,
				     62u << 26, 36u << 26, 36u << 26};
	u32 registers = (u32)below(r, 32) << 21 | (u32)below(r, 32) << 16;
	u32 insn;

	switch (below(r, 8)) {
	case 0:
	case 1:
		return stores[below(r, ARRAY_SIZE(stores))] | registers | (u32)below(r, 64) * 4;
	case 2:
		insn = cache_insns[below(r, ARRAY_SIZE(cache_insns))];
		return insn >> 26 == 31 ? insn | (registers & 0x1f0000) >> 5 : insn;
	case 3:
		return 0x42000000 | (-4 * (1 + below(r, 24)) & 0xfffc); /* bdnz */
	default:
		return make_insn(r);
	}
}

static u32 next_insn(struct rng *r)
{
	return changing ? changing_insn(r) : make_insn(r);
}

static void write_code(struct vcpu *vcpu, bool le)
{
	struct rng *r = &vcpu->rng;
	u64 at = CODE_AT + below(r, CODE_BYTES / 4) * 4;
	unsigned n = 1 + below(r, BURST_MAX);

	for (unsigned i = 0; i < n; i++, at += 4) {
		if (at >= CODE_AT + CODE_BYTES)
			at = CODE_AT;
		put_insn(vcpu->vm, le, at, next_insn(r));
	}
	progress->instructions += n;
}

/* An address of code, by one mapping or the other. */
static u64 code_address(struct rng *r)
{
	u64 at = below(r, CODE_BYTES);

	if (twice && chance(r, 50))
		return (chance(r, 90) ? ALIAS_AT : ALIAS_GPA) + at;
	return CODE_AT + at;
}

static u64 make_register(struct rng *r)
{
	if (changing && chance(r, 70))
		return chance(r, 60) ? code_address(r)
				     : (u64)changing_insn(r) << 32 | changing_insn(r);
	switch (below(r, 6)) {
	case 0:
		return edge(r);
	case 1:
		return CODE_AT + below(r, CODE_BYTES);
	case 2:
		return below(r, RAM_BYTES + 0x1000);
	case 3:
		return (below(r, RAM_BYTES) | 0xfff) - below(r, 20); /* the end of a page */
	case 4:
		return HIGH_GPA + below(r, HIGH_BYTES + 0x1000);
	default:
		return below(r, 0x500) & ~3ull; /* a hypercall's number */
	}
}

static u64 make_msr(struct rng *r, bool le)
{
	u64 msr = MSR_ME | MSR_RI | (le ? MSR_LE : 0);

	if (chance(r, 80))
		msr |= MSR_SF;
	if (chance(r, 80))
		msr |= MSR_FP | MSR_VEC | MSR_VSX;
	if (chance(r, 40))
		msr |= MSR_PR;
	if (chance(r, 30))
		msr |= MSR_EE;
	if (chance(r, 50))
		msr |= MSR_IR | MSR_DR;
	if (chance(r, 10))
		msr ^= rnd(r) & rnd(r) & rnd(r);
	return msr;
}

static void set_slb(struct vcpu *vcpu)
{
	struct rng *r = &vcpu->rng;
	struct kvm_sregs sregs;
	unsigned n = 0;

	if (papyr_ioctl(vcpu->fd, KVM_GET_SREGS, &sregs) < 0)
		broken("KVM_GET_SREGS: %s", strerror(errno));
	memset(&sregs.u, 0, sizeof(sregs.u));
	sregs.u.s.ppc64.slb[n].slbe = 0x08000000;
	sregs.u.s.ppc64.slb[n++].slbv = VSID << 12 | (chance(r, 10) ? edge(r) & 0xfff : 0);
	while (n < 6) {
		sregs.u.s.ppc64.slb[n].slbe = (edge(r) & ~0xfffull) | 0x08000000 | n;
		sregs.u.s.ppc64.slb[n++].slbv =
		    chance(r, 50) ? VSID << 12 | (edge(r) & 0xff0) : edge(r);
	}
	if (papyr_ioctl(vcpu->fd, KVM_SET_SREGS, &sregs) < 0)
		broken("KVM_SET_SREGS: %s", strerror(errno));
}

static void set_state(struct vcpu *vcpu, bool le)
{
	struct rng *r = &vcpu->rng;
	struct kvm_regs regs;

	get_regs(vcpu, &regs);
	regs.pc = code_address(r) & ~3ull;
	regs.msr = make_msr(r, le);
	regs.lr = code_address(r);
	regs.ctr = chance(r, 50) ? code_address(r) : changing ? below(r, 200) : edge(r);
	regs.cr = (u32)rnd(r);
	regs.xer = chance(r, 50) ? below(r, 128) : rnd(r);
	regs.srr0 = CODE_AT + below(r, CODE_BYTES);
	regs.srr1 = make_msr(r, le);
	for (int i = 0; i < 32; i++)
		regs.gpr[i] = make_register(r);
	set_regs(vcpu, &regs);
	set_slb(vcpu);
	for (int i = 0; i < 4; i++) {
		try_set_one(vcpu, KVM_REG_PPC_FPR(below(r, 32)), edge(r) << below(r, 53));
		try_set_one(vcpu, KVM_REG_PPC_VR(below(r, 32)), rnd(r));
		try_set_one(vcpu, KVM_REG_PPC_VSR(below(r, 32)), edge(r));
	}
	try_set_one(vcpu, KVM_REG_PPC_FPSCR, chance(r, 50) ? below(r, 4) : (u32)rnd(r));
	if (chance(r, 20))
		try_set_one(vcpu, KVM_REG_PPC_AMR, rnd(r));
	if (chance(r, 20))
		try_set_one(vcpu, KVM_REG_PPC_DAWR, make_register(r));
	if (chance(r, 20))
		try_set_one(vcpu, KVM_REG_PPC_DAWRX, rnd(r));
	if (chance(r, 20))
		try_set_one(vcpu, KVM_REG_PPC_CIABR, make_register(r));
	if (chance(r, 50))
		try_set_one(vcpu, KVM_REG_PPC_FSCR, rnd(r));
}

static void run_rounds(struct vcpu *vcpu)
{
	struct rng *r = &vcpu->rng;

	for (int i = 0; i < ROUNDS; i++) {
		bool le = !vcpu->vm->power7 && chance(r, 40);

		if (chance(r, 30))
			write_vectors(vcpu->vm);
		write_code(vcpu, le);
		set_state(vcpu, le);
		run_for(vcpu, ROUND_US, ROUND_EXITS, NULL);
	}
}

/* The code's pages once more, and as those of another slot. */
static void map_code_twice(struct vm *vm)
{
	if (set_slot(vm, 2, 0, ALIAS_GPA, CODE_BYTES, vm->ram + CODE_AT))
		broken("slot 2: %s", strerror(errno));
	for (u64 at = 0; at < CODE_BYTES; at += 0x1000)
		map_page(vm, ALIAS_AT + at, (chance(&vm->rng, 80) ? CODE_AT : ALIAS_GPA) + at);
}

static void run_case(u64 seed, unsigned n_vcpus, bool power7)
{
	struct vm vm;

	vm_new(&vm, seed, n_vcpus, power7);
	vm.le = !power7 && chance(&vm.rng, 40);
	try_set_one(&vm.vcpu[0], KVM_REG_PPC_LPCR_64,
		    (vm.le ? 1ull << 25 : 0) | (below(&vm.rng, 4) << 23));
	write_htab(&vm);
	if (twice)
		map_code_twice(&vm);
	write_vectors(&vm);
	for (u64 at = CODE_AT; at < CODE_AT + CODE_BYTES; at += 4)
		put_insn(&vm, vm.le, at, next_insn(&vm.rng));
	on_all_vcpus(&vm, run_rounds);
	check_htab(&vm);
	vm_free(&vm);
}

void insn_case(u64 seed, bool power7)
{
	changing = twice = false;
	run_case(seed, 1 + (seed % 4 == 0), power7);
}

void changing_insn_case(u64 seed, bool power7, bool mapped_twice)
{
	changing = true;
	twice = mapped_twice;
	run_case(seed, VCPUS_MAX, power7);
}
