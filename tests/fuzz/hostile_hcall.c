/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guests that make random hypercalls from two vcpus at once, while the client reads the table,
 * moves memory slots and raises interrupts.
 */
#include <papyr/papr.h>
#include "hostile.h"

#define ROUNDS	  4
#define ROUND_US  30000
#define CALLS	  256
#define CALL_REGS 10 /* r3 .. r12 */
#define CALL_SIZE (CALL_REGS * 8)
#define LIST_AT	  0x400000ull
#define LIST_STEP 0x10000ull
#define LIOBN	  1ull /* and the next: two tables of translations for devices */
#define END_CALL  0x10000ull /* no hypercall at all: it leaves to us */

/* ---- Which hypercall with which arguments ---- */

/*
 * Arguments: f flags, p an entry's number, v and r the words of an entry, a what H_AVPN compares, b
 * a request of H_BULK_REMOVE, g an address, s a vcpu, m a small number, l a bus, i an address of a
 * device, t what it leads to, x anything.
 */
static const struct {
	u16 nr;
	const char *args;
} calls[] = {
    {H_REMOVE, "fpa"},
    {H_ENTER, "fpvr"},
    {H_ENTER, "fpvr"},
    {H_READ, "fp"},
    {H_CLEAR_MOD, "fp"},
    {H_CLEAR_REF, "fp"},
    {H_PROTECT, "fpa"},
    {H_GET_TCE, "li"},
    {H_PUT_TCE, "lit"},
    {H_SET_SPRG0, "x"},
    {H_SET_DABR, "g"},
    {H_PAGE_INIT, "fgg"},
    {H_LOGICAL_CI_LOAD, "mg"},
    {H_LOGICAL_CI_STORE, "mgx"},
    {H_GET_TERM_CHAR, "x"},
    {H_PUT_TERM_CHAR, "xmxx"},
    {H_EOI, "x"},
    {H_CPPR, "m"},
    {H_IPI, "sm"},
    {H_IPOLL, "s"},
    {H_XIRR, "m"},
    {H_REGISTER_VPA, "ysg"},
    {H_CEDE, ""},
    {H_CONFER, "sx"},
    {H_PROD, "s"},
    {H_GET_PPP, ""},
    {H_BULK_REMOVE, "babababa"},
    {H_BULK_REMOVE, "babababa"},
    {H_SET_XDABR, "gm"},
    {H_STUFF_TCE, "litm"},
    {H_PUT_TCE_INDIRECT, "ligm"},
    {H_XIRR_X, "m"},
    {H_RANDOM, ""},
    {H_SET_MODE, "mmgx"},
    {H_RESIZE_HPT_PREPARE, "fm"},
    {H_RESIZE_HPT_COMMIT, "fm"},
    {H_RTAS, "g"},
    {H_RTAS + 1, "x"},
    {H_RTAS + 2, "gg"},
};

static u64 make_entry_number(struct rng *r)
{
	/* Slot 7 of the groups holds what real mode runs by: mostly leave it alone. */
	u64 index = below(r, ENTRIES);

	if (index % 8 == 7 && chance(r, 95))
		index--;
	if (chance(r, 60))
		index &= 0x3f; /* where the other vcpu is, too */
	return chance(r, 5) ? edge(r) : index;
}

static u64 make_address(struct rng *r)
{
	u64 gpa = below(r, RAM_BYTES);

	if (chance(r, 10))
		gpa = HIGH_GPA + below(r, HIGH_BYTES * 2);
	if (chance(r, 15))
		return edge(r);
	return chance(r, 70) ? gpa & ~0xfffull : gpa & ~0x3full;
}

static u64 make_first_word(struct rng *r)
{
	u64 page = below(r, 64);

	if (chance(r, 15))
		return edge(r);
	return (VSID << 5 | page >> 11) << 7 | (chance(r, 90) ? 1 : 0) |
	       (chance(r, 10) ? rnd(r) & 0x7f : 0);
}

static u64 make_argument(struct rng *r, char kind)
{
	switch (kind) {
	case 'f':
		return chance(r, 40) ? 0 : chance(r, 50) ? 1ull << below(r, 64) : edge(r);
	case 'p':
		return make_entry_number(r);
	case 'v':
		return make_first_word(r);
	case 'r':
		return make_address(r) | (chance(r, 80) ? 0x12 : rnd(r) & 0xfff);
	case 'a':
		return make_first_word(r) & (chance(r, 90) ? ~0x7full : ~0ull);
	case 'b':
		return (chance(r, 90) ? 1ull << 62 : rnd(r) << 62) | below(r, 4) << 56 |
		       make_entry_number(r);
	case 'g':
		return make_address(r);
	case 's':
		return chance(r, 90) ? below(r, 3) * 8 : edge(r);
	case 'y':
		return chance(r, 90) ? below(r, 16) << 45 : edge(r);
	case 'l':
		return chance(r, 95) ? LIOBN + below(r, 3) : edge(r);
	case 'i':
		return chance(r, 90) ? below(r, 0x20) << (chance(r, 50) ? 12 : 16) : edge(r);
	case 't':
		return make_address(r) | (chance(r, 70) ? below(r, 4) : 0);
	case 'm':
		return chance(r, 80) ? below(r, 64) : edge(r);
	default:
		return edge(r);
	}
}

static void make_call(struct rng *r, u64 *reg)
{
	unsigned i = below(r, ARRAY_SIZE(calls) + 8);
	const char *args = "xxxxxxxxx";

	if (i < ARRAY_SIZE(calls)) {
		reg[0] = calls[i].nr;
		args = calls[i].args;
		/* Who sleeps tries nothing. */
		if (reg[0] == H_CEDE && chance(r, 80))
			reg[0] = H_PROD;
	} else {
		reg[0] = chance(r, 70)	 ? below(r, 0x500) & ~3ull
			 : chance(r, 70) ? H_RTAS + below(r, 256)
					 : edge(r);
	}
	for (i = 1; i < CALL_REGS; i++)
		reg[i] = *args ? make_argument(r, *args++) : chance(r, 50) ? 0 : rnd(r);
}

/* ---- The guest: loads r3 .. r12 from a list, calls, goes on to the next ---- */

static u64 code_of(struct vcpu *vcpu)
{
	return CODE_AT + vcpu->index * 0x100;
}

static u64 list_of(struct vcpu *vcpu)
{
	return LIST_AT + vcpu->index * LIST_STEP;
}

static void write_program(struct vcpu *vcpu)
{
	struct vm *vm = vcpu->vm;
	u64 at = code_of(vcpu);

	/* ld r3..., CALL_REGS of them */
	for (unsigned i = 0; i < CALL_REGS; i++, at += 4)
		put_insn(vm, false, at, 0xe8000000u | (3 + i) << 21 | 31 << 16 | i * 8);
	put_insn(vm, false, at, 0x44000022);		     /* sc 1 */
	put_insn(vm, false, at + 4, 0x60000000);	     /* nop */
	put_insn(vm, false, at + 8, 0x3bff0000 + CALL_SIZE); /* addi r31,r31 */
	put_insn(vm, false, at + 12, 0x7c3ff040);	     /* cmpld r31,r30 */
	put_insn(vm, false, at + 16,
		 0x40820000 | ((code_of(vcpu) - at - 16) & 0xfffc)); /* bne to the start */
	put_insn(vm, false, at + 20, 0x3c600000 + (END_CALL >> 16)); /* lis r3 */
	put_insn(vm, false, at + 24, 0x44000022);
	put_insn(vm, false, at + 28, 0x48000000); /* b . */
}

static void write_calls(struct vcpu *vcpu)
{
	for (u64 i = 0; i < CALLS; i++) {
		u64 reg[CALL_REGS];

		make_call(&vcpu->rng, reg);
		for (u64 k = 0; k < CALL_REGS; k++)
			put_u64(vcpu->vm, false, list_of(vcpu) + i * CALL_SIZE + k * 8, reg[k]);
	}
}

static bool at_end(struct vcpu *vcpu)
{
	return vcpu->run->exit_reason == KVM_EXIT_PAPR_HCALL &&
	       vcpu->run->papr_hcall.nr == END_CALL;
}

static atomic_uint rounds_done;

static void run_rounds(struct vcpu *vcpu)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct kvm_regs regs;

		/* The last round's calls may have written over everything. */
		write_vectors(vcpu->vm);
		write_program(vcpu);
		write_calls(vcpu);
		get_regs(vcpu, &regs);
		regs.pc = code_of(vcpu);
		regs.msr = MSR_SF | MSR_ME | MSR_RI;
		regs.gpr[31] = list_of(vcpu);
		regs.gpr[30] = list_of(vcpu) + CALLS * CALL_SIZE;
		set_regs(vcpu, &regs);
		run_for(vcpu, ROUND_US, ~0u, at_end);
		get_regs(vcpu, &regs);
		if (regs.gpr[31] - list_of(vcpu) <= CALLS * CALL_SIZE)
			progress->hcalls += (regs.gpr[31] - list_of(vcpu)) / CALL_SIZE;
		rounds_done++;
	}
}

/* ---- The client meanwhile ---- */

static void read_some(struct vm *vm, int fd)
{
	static u8 buf[0x20000];

	if (papyr_read(fd, buf, 32 + below(&vm->rng, sizeof(buf) - 32)) < 0)
		broken("reading the table: %s", strerror(errno));
}

static void read_dirty_log(struct vm *vm)
{
	static u8 bits[RAM_BYTES / 4096 / 8 + 8];
	struct kvm_dirty_log log = {.slot = 0, .dirty_bitmap = bits};

	if (papyr_ioctl(vm->fd, KVM_GET_DIRTY_LOG, &log) < 0)
		broken("KVM_GET_DIRTY_LOG: %s", strerror(errno));
}

static void move_slot(struct vm *vm)
{
	if (set_slot(vm, 1, 0, HIGH_GPA, 0, vm->high) < 0)
		broken("deleting a slot: %s", strerror(errno));
	if (set_slot(vm, 1, 0, HIGH_GPA, HIGH_BYTES, vm->high) < 0)
		broken("adding a slot: %s", strerror(errno));
}

static int tce_table(struct vm *vm, bool large)
{
	struct kvm_create_spapr_tce_64 args = {.liobn = LIOBN + large,
					       .page_shift = large ? 16 : 12,
					       .offset = large ? 4 : 0,
					       .size = 16};
	int fd = papyr_ioctl(vm->fd, KVM_CREATE_SPAPR_TCE_64, &args);

	if (fd < 0)
		broken("KVM_CREATE_SPAPR_TCE_64: %s", strerror(errno));
	return fd;
}

/* One of the tables goes while vcpus fill it, and comes back. */
static void exchange_table(struct vm *vm, int *tables)
{
	unsigned i = below(&vm->rng, 2);

	papyr_close(tables[i]);
	tables[i] = tce_table(vm, i);
}

static void disturb(struct vm *vm, int htab, int *tables)
{
	struct rng *r = &vm->rng;
	struct kvm_irq_level irq = {.irq = 0x1000 + below(r, 18), .level = below(r, 2)};
	struct kvm_interrupt interrupt = {.irq = chance(r, 50) ? KVM_INTERRUPT_SET
							       : KVM_INTERRUPT_UNSET};
	u32 order = HTAB_ORDER;

	switch (below(r, 7)) {
	case 0:
		papyr_ioctl(vm->fd, KVM_IRQ_LINE, &irq);
		break;
	case 1:
		papyr_ioctl(vm->vcpu[below(r, vm->n_vcpus)].fd, KVM_INTERRUPT, &interrupt);
		break;
	case 2:
		read_dirty_log(vm);
		break;
	case 3:
		if (chance(r, 20))
			move_slot(vm);
		break;
	case 4:
		if (chance(r, 2))
			papyr_ioctl(vm->fd, KVM_PPC_ALLOCATE_HTAB,
				    &order); /* EBUSY while they run */
		break;
	case 5:
		exchange_table(vm, tables);
		break;
	default:
		read_some(vm, htab);
	}
}

static void *client(void *arg)
{
	struct vm *vm = arg;
	struct kvm_get_htab_fd want = {0};
	int htab = papyr_ioctl(vm->fd, KVM_PPC_GET_HTAB_FD, &want);
	int tables[] = {tce_table(vm, false), tce_table(vm, true)};

	if (htab < 0)
		broken("KVM_PPC_GET_HTAB_FD: %s", strerror(errno));
	while (rounds_done < ROUNDS * vm->n_vcpus) {
		disturb(vm, htab, tables);
		usleep(below(&vm->rng, 200));
	}
	papyr_close(htab);
	papyr_close(tables[0]);
	papyr_close(tables[1]);
	return NULL;
}

void hcall_case(u64 seed, bool power7)
{
	pthread_t thread;
	struct vm vm;

	vm_new(&vm, seed, VCPUS_MAX, power7);
	write_htab(&vm);
	rounds_done = 0;
	if (pthread_create(&thread, NULL, client, &vm))
		broken("no thread");
	on_all_vcpus(&vm, run_rounds);
	pthread_join(thread, NULL);
	check_htab(&vm);
	vm_free(&vm);
}
