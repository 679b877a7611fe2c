/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Code that changes while it runs.
 *
 * One case in three is a guest that does it as the architecture asks, on two vcpus, so that what
 * comes out is known. Each owns a function, `li r3, N; blr`, both in one line of memory or on a
 * page each. It writes N + 1 into its own, makes that known, says so in memory, and then calls the
 * other's: that must be as new as what the other has said before. Then the client changes the
 * functions while nobody runs, and each must find that too.
 *
 * The others are random instructions that store into each other (hostile_insn.c).
 *
 * With `twice` all that is written is written through other pages than it runs on, of the same
 * memory.
 */
#include "../changing_code.h"
#include "hostile.h"

#define PROGRAM	      0x8000ull
#define CALL_ONCE     0x8800ull
#define FUNCTIONS     0x40000ull /* a page for each */
#define SAID	      0x50000ull
#define END_CALL      0x10000ull /* a hypercall that leaves to us */
#define ROUNDS	      400
#define PATIENCE_S    60
#define LI_R3	      0x38600000u
#define BLR	      0x4e800020u
#define HCALL	      0x44000022u
#define CLIENTS_TURNS 20

/* Calls the function at r11 a few times, so that it is surely decoded. */
static const u32 call_once[] = {
    0x38c00014, /* li r6, 20 */
    0x7d6903a6, /* mtctr r11 */
    0x4e800421, /* bctrl */
    0x38c6ffff, /* addi r6, r6, -1 */
    0x2c260000, /* cmpdi r6, 0 */
    0x4082fff0, /* bne to mtctr */
    0x7c671b78, /* mr r7, r3 */
    0x7dc37378, /* mr r3, r14 */
    HCALL,
};

/* Of the case. */
static bool le, twice;
static u64 function[VCPUS_MAX];

static void put_code(struct vm *vm, u64 at, const u32 *code, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		put_insn(vm, le, at + 4 * i, code[i]);
}

/* Where a function is called, and where it is written. */
static u64 called_at(unsigned which)
{
	return FUNCTIONS + function[which];
}

static u64 written_at(unsigned which)
{
	return (twice ? ALIAS_AT - CODE_AT : 0) + FUNCTIONS + function[which];
}

static bool at_end(struct vcpu *vcpu)
{
	return vcpu->run->exit_reason == KVM_EXIT_PAPR_HCALL &&
	       vcpu->run->papr_hcall.nr == END_CALL;
}

/* Until the program that ends at @end has done so. */
static void run_to(struct vcpu *vcpu, u64 end, struct kvm_regs *regs)
{
	time_t until = time(NULL) + PATIENCE_S;

	do {
		run_for(vcpu, 20000, ~0u, at_end);
		get_regs(vcpu, regs);
		if (time(NULL) > until)
			broken("a vcpu is at 0x%llx and doesn't get on",
			       (unsigned long long)regs->pc);
	} while (regs->pc != end);
}

static void begin(struct vcpu *vcpu, u64 pc, struct kvm_regs *regs)
{
	get_regs(vcpu, regs);
	regs->pc = pc;
	regs->msr = MSR_SF | MSR_ME | MSR_RI | MSR_IR | MSR_DR | (le ? MSR_LE : 0);
	regs->gpr[14] = END_CALL;
}

static void set_slb(struct vcpu *vcpu)
{
	struct kvm_sregs sregs;

	if (papyr_ioctl(vcpu->fd, KVM_GET_SREGS, &sregs) < 0)
		broken("KVM_GET_SREGS: %s", strerror(errno));
	memset(&sregs.u, 0, sizeof(sregs.u));
	sregs.u.s.ppc64.slb[0].slbe = 0x08000000;
	sregs.u.s.ppc64.slb[0].slbv = VSID << 12;
	if (papyr_ioctl(vcpu->fd, KVM_SET_SREGS, &sregs) < 0)
		broken("KVM_SET_SREGS: %s", strerror(errno));
}

static void write_and_call(struct vcpu *vcpu)
{
	unsigned own = vcpu->index;
	struct kvm_regs regs;

	set_slb(vcpu);
	begin(vcpu, PROGRAM, &regs);
	regs.gpr[5] = regs.gpr[7] = 0;
	regs.gpr[8] = LI_R3;
	regs.gpr[9] = ROUNDS;
	regs.gpr[10] = written_at(own);
	regs.gpr[11] = called_at(!own);
	regs.gpr[12] = SAID + 8 * own;
	regs.gpr[13] = SAID + 8 * !own;
	set_regs(vcpu, &regs);
	run_to(vcpu, PROGRAM + sizeof(changing_code), &regs);
	if (regs.gpr[5] != ROUNDS || regs.gpr[7])
		broken("in %llu rounds code was run %llu times that had been written over",
		       (unsigned long long)regs.gpr[5], (unsigned long long)regs.gpr[7]);
	progress->instructions += ROUNDS * (sizeof(changing_code) / 4);
}

static void call_what_the_client_wrote(struct vcpu *vcpu)
{
	for (unsigned i = 0; i < CLIENTS_TURNS; i++) {
		u32 n = 1 + below(&vcpu->rng, 0x7ffe);
		struct kvm_regs regs;

		put_insn(vcpu->vm, le, called_at(vcpu->index), LI_R3 | n);
		begin(vcpu, CALL_ONCE, &regs);
		regs.gpr[11] = called_at(vcpu->index);
		set_regs(vcpu, &regs);
		run_to(vcpu, CALL_ONCE + sizeof(call_once), &regs);
		if (regs.gpr[7] != n)
			broken("the client wrote %u, and %llu was run", n,
			       (unsigned long long)regs.gpr[7]);
	}
}

static void known_case(struct vm *vm)
{
	u64 at = below(&vm->rng, 0x1000 / 128) * 128 + below(&vm->rng, 14) * 8;
	bool apart = chance(&vm->rng, 50);

	le = !vm->power7 && chance(&vm->rng, 50);
	for (u64 page = 0; page < 0x100; page++)
		map_page(vm, page << 12, page << 12);
	for (u64 page = 0; page < VCPUS_MAX; page++)
		map_page(vm, ALIAS_AT - CODE_AT + FUNCTIONS + (page << 12),
			 FUNCTIONS + (page << 12));
	put_code(vm, PROGRAM, changing_code, ARRAY_SIZE(changing_code));
	put_code(vm, CALL_ONCE, call_once, ARRAY_SIZE(call_once));
	for (unsigned i = 0; i < VCPUS_MAX; i++) {
		function[i] = at + 8 * i + (apart ? i << 12 : 0);
		put_insn(vm, le, FUNCTIONS + function[i], LI_R3);
		put_insn(vm, le, FUNCTIONS + function[i] + 4, BLR);
	}
	on_all_vcpus(vm, write_and_call);
	on_all_vcpus(vm, call_what_the_client_wrote);
}

static void one_case(u64 seed, bool power7)
{
	struct vm vm;

	/* What is translated is to be changed: in half of the cases all is at once. */
	setenv("PAPYR_ENGINE", seed / 4 % 2 ? "eager" : "native", 1);
	if (seed % 3) {
		changing_insn_case(seed, power7, twice);
		return;
	}
	vm_new(&vm, seed, VCPUS_MAX, power7);
	known_case(&vm);
	vm_free(&vm);
}

void change_case(u64 seed, bool power7)
{
	twice = false;
	one_case(seed, power7);
}

void twice_case(u64 seed, bool power7)
{
	twice = true;
	one_case(seed, power7);
}
