/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vcpu that naps in H_CEDE finds every register as it left it, whatever its core and the thread
 * that ran it were used for meanwhile: another vcpu computes with values of its own in all of them.
 */
#include "machine.h"
#include "papr.h"
#include <signal.h>

static struct machine m;
static struct vcpu napper, other; /* vcpu ids 0 and 8 */

/* What keeps what it is set to, and a mask of its bits that do; without those that forbid the guest
 * its own memory (storage key 0). */
#define R(name, mask)                                                                              \
	{                                                                                          \
#name, KVM_REG_PPC_##name, mask                                                    \
	}
static const struct {
	const char *name;
	u64 id, mask;
} words[] = {
    R(DSCR, 0x1ffffff),
    R(DAR, ~0ull),
    R(DSISR, 0xffffffff),
    R(AMR, ~0ull >> 2),
    R(UAMOR, ~0ull >> 2),
    R(IAMR, 0x1555555555555555),
    R(MMCR2, 0xffffffffffull << 24),
    R(SIAR, ~0ull),
    R(SDAR, ~0ull),
    R(PMC1, 0x7fffffff),
    R(PMC6, 0x7fffffff),
    R(FPSCR, 0xff),
    R(FSCR, 0x100),
    R(PSPB, 0xff),
    R(EBBHR, ~3ull),
    R(EBBRR, ~3ull),
    R(TAR, ~3ull),
    R(CIABR, 0xfff0),
    R(DAWR, ~7ull),
    R(VRSAVE, 0xffffffff),
    R(WORT, 0xffff),
    R(PID, 0xfffff),
};

struct all {
	struct kvm_regs regs;
	u64 fpr[32], vsr[32];
	u64 vr[32][2];
	u64 word[ARRAY_SIZE(words)];
};

static u64 seed = 88172645463325252ull;

static u64 next_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static int one_reg(struct vcpu *v, unsigned long request, u64 id, void *value)
{
	struct kvm_one_reg reg = {.id = id, .addr = (uintptr_t)value};

	return client_ioctl(v->fd, request, &reg);
}

/* Sets (KVM_SET_ONE_REG) or gets what isn't in struct kvm_regs. */
static void others(struct vcpu *v, unsigned long request, struct all *all)
{
	for (unsigned i = 0; i < 32; i++) {
		if (one_reg(v, request, KVM_REG_PPC_FPR(i), &all->fpr[i]) ||
		    one_reg(v, request, KVM_REG_PPC_VR(i), all->vr[i]))
			die("register %u", i);
	}
	/* A VSR is an FPR and, before it where the host is little-endian, a half of its own. */
	for (unsigned i = 0; i < 32; i++) {
		u64 vsr[2] = {all->vsr[i], all->fpr[i]};

		if (one_reg(v, request, KVM_REG_PPC_VSR(i), vsr))
			die("VSR%u", i);
		all->vsr[i] = vsr[0];
	}
	for (unsigned i = 0; i < ARRAY_SIZE(words); i++) {
		if (request == KVM_SET_ONE_REG)
			set_one(v, words[i].id, all->word[i]);
		else
			all->word[i] = get_one(v, words[i].id);
	}
}

static void fill(struct vcpu *v, struct all *all)
{
	u64 *p = (u64 *)all;

	for (size_t i = 0; i < sizeof(*all) / sizeof(*p); i++)
		p[i] = next_random();
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		all->word[i] &= words[i].mask;
	get_regs(v, &all->regs);
	for (unsigned i = 0; i < 32; i++)
		all->regs.gpr[i] = next_random();
	all->regs.xer = (u64)7 << 29;
	all->regs.lr = next_random() & ~3ull;
	all->regs.sprg0 = next_random();
	all->regs.sprg3 = next_random();
	all->regs.srr0 = next_random() & ~3ull;
	all->regs.msr = GUEST_MSR;
	set_regs(v, &all->regs);
	others(v, KVM_SET_ONE_REG, all);
}

static unsigned differ(const char *name, const u64 *before, const u64 *after, unsigned n)
{
	unsigned count = 0;

	for (unsigned i = 0; i < n; i++)
		count += before[i] != after[i];
	if (count)
		say("    %s: %u of %u differ", name, count, n);
	return count;
}

static void compare(struct all *before, struct all *after)
{
	unsigned count = 0;

	/* The way out of the guest: r3 is the hypercall's, r20 and r21 the guest's own. A hypercall
	 * may change CR and CTR. */
	before->regs.gpr[3] = after->regs.gpr[3];
	before->regs.gpr[20] = after->regs.gpr[20];
	before->regs.gpr[21] = after->regs.gpr[21];
	count += differ("GPRs", (const u64 *)before->regs.gpr, (const u64 *)after->regs.gpr, 32);
	count += differ("XER", (const u64[]){before->regs.xer}, (const u64[]){after->regs.xer}, 1);
	count += differ("LR", (const u64[]){before->regs.lr}, (const u64[]){after->regs.lr}, 1);
	count += differ("SPRGs", (const u64[]){before->regs.sprg0, before->regs.sprg3},
			(const u64[]){after->regs.sprg0, after->regs.sprg3}, 2);
	count += differ("FPRs", before->fpr, after->fpr, 32);
	count += differ("VSRs", before->vsr, after->vsr, 32);
	count += differ("VRs", before->vr[0], after->vr[0], 64);
	for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
		count += differ(words[i].name, &before->word[i], &after->word[i], 1);
	say("    all as before: %d", !count);
}

static void on_signal(int signal)
{
	(void)signal;
}

/* The other computes until it gets a signal, with registers of its own. */
static void compute(void)
{
	struct all values;
	struct runner s;

	fill(&other, &values);
	runner_start_spinning(&s, &m, &other);
	pthread_kill(s.thread, SIGUSR1);
	pthread_join(s.thread, NULL);
}

/* The prod comes last: Linux remembers one even when it woke somebody. */
enum way { INTERRUPT, SIGNAL_AND_INTERRUPT, PROD, WAYS };

static const char *const way_text[WAYS] = {
    "an external interrupt wakes it",
    "a signal ends KVM_RUN, its registers are read, it goes on, and an interrupt wakes it",
    "a prod wakes it",
};

static void prod(void)
{
	struct hcall h;

	HCALL(&other, &h, H_PROD, 0);
	finish_exit(&other);
}

static void wake(enum way way, struct runner *s)
{
	struct kvm_interrupt set = {KVM_INTERRUPT_SET_LEVEL};
	struct all between;

	if (way == SIGNAL_AND_INTERRUPT) {
		pthread_kill(s->thread, SIGUSR1);
		pthread_join(s->thread, NULL);
		others(&napper, KVM_GET_ONE_REG, &between);
		runner_start(s, &napper);
		runner_asleep(s);
		compute();
	}
	if (way == PROD)
		prod();
	else
		client_ioctl(napper.fd, KVM_INTERRUPT, &set);
	pthread_join(s->thread, NULL);
}

static void nap(enum way way)
{
	struct kvm_interrupt unset = {KVM_INTERRUPT_UNSET};
	struct all before, after;
	struct runner s;

	say("%s", way_text[way]);
	fill(&napper, &before);
	before.regs.gpr[3] = H_CEDE;
	before.regs.pc = GUEST_HCALL;
	set_regs(&napper, &before.regs);
	runner_start(&s, &napper);
	runner_asleep(&s);
	compute();
	wake(way, &s);
	get_regs(&napper, &after.regs);
	say("    KVM_RUN = %d, reason %u, vector 0x%llx", s.result, napper.run->exit_reason,
	    after.regs.gpr[21]);
	/* An interrupt overwrites these. */
	if (way != PROD) {
		before.regs.gpr[16] = after.regs.gpr[16];
		before.regs.gpr[17] = after.regs.gpr[17];
		client_ioctl(napper.fd, KVM_INTERRUPT, &unset);
	}
	others(&napper, KVM_GET_ONE_REG, &after);
	compare(&before, &after);
	finish_exit(&napper);
}

int main(void)
{
	sigaction(SIGUSR1, &(struct sigaction){.sa_handler = on_signal}, NULL);
	machine_new(&m, MIB, 18);
	vcpu_new(&napper, &m, 0);
	vcpu_new(&other, &m, 8);
	quiet_decrementer(&napper);
	quiet_decrementer(&other);
	topic("A nap");
	for (enum way way = 0; way < WAYS; way++)
		nap(way);
	vcpu_free(&napper);
	vcpu_free(&other);
	machine_free(&m);
	return 0;
}
