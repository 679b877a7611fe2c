/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hypercalls about vcpus: sleeping and waking, virtual processor areas, modes and breakpoints; and
 * which of all numbers leave to the client.
 */
#include "machine.h"
#include "papr.h"
#include <pthread.h>
#include <signal.h>

#define VPA 0x40000ull
/* Each DTL has a place of its own: the log itself overwrites the length that is read. */
#define DTL 0x50000ull

static struct machine m;
static struct vcpu v, w; /* vcpu ids 0 and 8 */

static void call(const char *text, unsigned results, u64 nr, u64 a, u64 b, u64 c, u64 d)
{
	struct hcall h;

	HCALL(&v, &h, nr, a, b, c, d);
	say_hcall(text, &h, h.r[3] ? 0 : results);
}

/*
 * Every number up to the last that Linux knows, but those that stop the guest. Only multiples of 4
 * are hypercalls; Linux happens to take some of the numbers after each for it.
 */
static void numbers(const char *text)
{
	topic(text);
	for (u64 nr = 0; nr <= 0x480; nr += 4) {
		struct kvm_regs r;

		if (nr == H_CEDE || nr == H_CONFER || nr == H_PROD)
			continue;
		get_regs(&v, &r);
		r.gpr[3] = nr;
		for (int i = 4; i < 13; i++)
			r.gpr[i] = 0x7fff0000ffff0000ull;
		r.pc = GUEST_HCALL;
		r.msr = GUEST_MSR;
		set_regs(&v, &r);
		if (client_ioctl(v.fd, KVM_RUN, 0ul) < 0)
			die("KVM_RUN");
		if (v.run->exit_reason != KVM_EXIT_PAPR_HCALL)
			die("exit %u", v.run->exit_reason);
		get_regs(&v, &r);
		/* Others leave: only those that are answered here are told. */
		if (v.run->papr_hcall.nr == GUEST_EXIT)
			say("0x%llx: %s", nr, h_name(r.gpr[20]));
		v.run->papr_hcall.ret = H_FUNCTION;
		finish_exit(&v);
	}
	call("H_SET_DABR 0", 0, H_SET_DABR, 0, 0, 0, 0);
}

static void numbers_enabled(void)
{
	static const u64 more[] = {H_CLEAR_REF, H_CLEAR_MOD,	   H_PAGE_INIT,
				   H_SET_MODE,	H_LOGICAL_CI_LOAD, H_LOGICAL_CI_STORE};

	numbers("Hypercalls that KVM answers, asked with wrong arguments; the others leave to the "
		"client");
	for (size_t i = 0; i < ARRAY_SIZE(more); i++)
		enable_hcall(&m, more[i], true);
	numbers("The same with those enabled that a client may enable");
}

/* What the client sees and gives in an exit. */
static void the_exit(void)
{
	struct kvm_regs r;

	topic("KVM_EXIT_PAPR_HCALL");
	get_regs(&v, &r);
	r.gpr[3] = 0xf123;
	for (int i = 4; i < 32; i++)
		r.gpr[i] = 0x1000 + i;
	r.pc = GUEST_HCALL;
	r.msr = GUEST_MSR;
	set_regs(&v, &r);
	TRY(v.fd, KVM_RUN, 0);
	say("reason %u nr %llx ret %llx", v.run->exit_reason, v.run->papr_hcall.nr,
	    v.run->papr_hcall.ret);
	for (int i = 0; i < 9; i++)
		say("args[%d] %llx", i, v.run->papr_hcall.args[i]);
	get_regs(&v, &r);
	say("pc %llx msr %llx r3 %llx r4 %llx srr0 %llx srr1 %llx", r.pc, r.msr, r.gpr[3], r.gpr[4],
	    r.srr0, r.srr1);
	v.run->papr_hcall.ret = 0x123456789abcdef0ull;
	for (int i = 0; i < 9; i++)
		v.run->papr_hcall.args[i] = 0x2000 + i;
	TRY(v.fd, KVM_RUN, 0);
	get_regs(&v, &r);
	say("then nr %llx r20 %llx", v.run->papr_hcall.nr, r.gpr[20]);
	for (int i = 4; i < 14; i++)
		say("r%d %llx", i, r.gpr[i]);
	finish_exit(&v);
}

static void vpa(void)
{
	/* Function in bits 18..20 of the first argument: 1 VPA, 2 DTL, 3 SLB shadow, 5..7 the same
	 * away. */
	static const struct {
		const char *text;
		u64 flags, vcpu, address;
		u64 bytes; /* in the area's own length field */
	} rows[] = {
	    {"function 0", 0, 0, VPA, 1024},
	    {"function 4", 4ull << 45, 0, VPA, 1024},
	    {"DTL without a VPA", 2ull << 45, 0, VPA + 1024, 512},
	    {"SLB shadow without a VPA", 3ull << 45, 0, VPA + 1024, 640},
	    {"VPA away that isn't", 5ull << 45, 0, 0, 0},
	    {"DTL away that isn't", 6ull << 45, 0, 0, 0},
	    {"SLB shadow away that isn't", 7ull << 45, 0, 0, 0},
	    {"VPA", 1ull << 45, 0, VPA, 1024},
	    {"VPA of 640 bytes", 1ull << 45, 0, VPA, 640},
	    {"VPA of 639 bytes", 1ull << 45, 0, VPA, 639},
	    {"VPA of 0 bytes", 1ull << 45, 0, VPA, 0},
	    {"VPA of 4096 bytes at a page's start", 1ull << 45, 0, VPA, 4096},
	    {"VPA over a 4K boundary", 1ull << 45, 0, VPA + 4096 - 640, 1024},
	    {"VPA over a 64K boundary", 1ull << 45, 0, VPA + 65536 - 640, 1024},
	    {"VPA not on a cache line", 1ull << 45, 0, VPA + 64, 1024},
	    {"VPA on 8 bytes", 1ull << 45, 0, VPA + 8, 1024},
	    {"VPA where there is no memory", 1ull << 45, 0, 0x40000000, 1024},
	    {"VPA at 0", 1ull << 45, 0, 0, 1024},
	    {"other flags set", 1ull << 45 | 0xffffull, 0, VPA, 1024},
	    {"function in bits above", 9ull << 45, 0, VPA, 1024},
	    {"vcpu 8", 1ull << 45, 8, VPA + 0x1000, 1024},
	    {"vcpu 5, which isn't", 1ull << 45, 5, VPA, 1024},
	    {"vcpu -1", 1ull << 45, -1ull, VPA, 1024},
	    {"SLB shadow", 3ull << 45, 0, VPA + 1024, 640},
	    {"SLB shadow of 8 bytes", 3ull << 45, 0, VPA + 1024, 8},
	    {"SLB shadow of 0 bytes", 3ull << 45, 0, VPA + 1024, 0},
	    {"DTL", 2ull << 45, 0, DTL, 512},
	    {"DTL of 48 bytes", 2ull << 45, 0, DTL + 0x2000, 48},
	    {"DTL of 47 bytes", 2ull << 45, 0, DTL + 0x4000, 47},
	    {"DTL of 100 bytes", 2ull << 45, 0, DTL + 0x6000, 100},
	    {"DTL over a 4K boundary", 2ull << 45, 0, DTL + 0x8800, 2049},
	    {"DTL of 4096 bytes", 2ull << 45, 0, DTL + 0xb000, 4096},
	    {"DTL over a 64K boundary", 2ull << 45, 0, DTL + 0xf000, 4097},
	    {"VPA away with SLB shadow and DTL", 5ull << 45, 0, 0, 0},
	    {"DTL away", 6ull << 45, 0, 0, 0},
	    {"VPA away with SLB shadow", 5ull << 45, 0, 0, 0},
	    {"SLB shadow away", 7ull << 45, 0, 0, 0},
	    {"VPA away", 5ull << 45, 0, 0, 0},
	    {"VPA away with an address", 5ull << 45, 8, VPA, 0},
	};

	topic("H_REGISTER_VPA");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		u64 at = rows[i].address;

		/* The length: VPA 16 bits at 4; the others 32 bits at 4. */
		if (at < m.bytes - 8) {
			if ((rows[i].flags >> 45 & 3) == 1) {
				m.memory[at + 4] = rows[i].bytes >> 8;
				m.memory[at + 5] = rows[i].bytes;
			} else {
				store32(m.memory + at + 4, rows[i].bytes);
			}
		}
		call(rows[i].text, 0, H_REGISTER_VPA, rows[i].flags, rows[i].vcpu, at, 0);
	}
	say("regs %llx", get_one(&v, KVM_REG_PPC_VPA_ADDR));
}

static u32 load_be32(const u8 *p)
{
	return (u32)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

/* The dispatch count at 0x100: even while the vcpu runs, odd while it doesn't. */
static void dispatch_count(void)
{
	struct kvm_regs r;
	u32 count;

	topic("The VPA while the vcpu runs and after");
	memset(m.memory + VPA, 0, 4096);
	m.memory[VPA + 4] = 1024 >> 8;
	call("H_REGISTER_VPA", 0, H_REGISTER_VPA, 1ull << 45, 0, VPA, 0);
	count = load_be32(m.memory + VPA + 0x100);
	say("outside: %s", count & 1 ? "odd" : "even");
	get_regs(&v, &r);
	r.gpr[4] = VPA;
	set_regs(&v, &r);
	store32(m.memory + GUEST_INSN_AT, 0x80a40100); /* lwz r5,0x100(r4) */
	say("vector %d", guest_run(&v, GUEST_INSN));
	get_regs(&v, &r);
	finish_exit(&v);
	say("inside: %s", r.gpr[5] & 1 ? "odd" : "even");
	say("grew: %d", load_be32(m.memory + VPA + 0x100) > count);
	say("shared processor flag (byte 9): %02x", m.memory[VPA + 9]);
	say_bytes("first 32 bytes", m.memory + VPA, 32);
	call("away", 0, H_REGISTER_VPA, 5ull << 45, 0, 0, 0);
}

/* One dispatch trace entry: 48 bytes. Which fields are filled, not their times. */
static void dispatch_trace(void)
{
	topic("The dispatch trace log");
	memset(m.memory + VPA, 0, 4096);
	m.memory[VPA + 4] = 1024 >> 8;
	store32(m.memory + VPA + 2048 + 4, 480);
	call("VPA", 0, H_REGISTER_VPA, 1ull << 45, 0, VPA, 0);
	call("DTL", 0, H_REGISTER_VPA, 2ull << 45, 0, VPA + 2048, 0);
	call("another call", 0, 0xf123, 0, 0, 0, 0);
	call("another call", 0, 0xf123, 0, 0, 0, 0);
	say("index %llu", load64(m.memory + VPA + 0x118) > 0 ? 1ull : 0ull);
	say_bytes("the second entry's reason and first bytes", m.memory + VPA + 2048 + 48, 2);
	call("DTL away", 0, H_REGISTER_VPA, 6ull << 45, 0, 0, 0);
	call("VPA away", 0, H_REGISTER_VPA, 5ull << 45, 0, 0, 0);
}

static void set_mode(void)
{
	static const struct {
		const char *text;
		u64 mflags, resource, value1, value2;
	} rows[] = {
	    {"resource 0", 0, 0, 0, 0},
	    {"CIABR, 0", 0, 1, 0, 0},
	    {"CIABR", 0, 1, 0x1002, 0},
	    {"CIABR, hypervisor state", 0, 1, 0x1003, 0},
	    {"CIABR, second value", 0, 1, 0x1002, 1},
	    {"CIABR, flags", 1, 1, 0x1002, 0},
	    {"CIABR off", 0, 1, 0, 0},
	    {"DAWR", 0, 2, 0x8000, 0x73},
	    {"DAWR, hypervisor bit", 0, 2, 0x8000, 0x74},
	    {"DAWR, second value's high bits", 0, 2, 0x8000, 0xffffffffull << 32},
	    {"DAWR, flags", 1, 2, 0x8000, 1},
	    {"DAWR off", 0, 2, 0, 0},
	    {"little-endian", 1, 4, 0, 0},
	    {"big-endian", 0, 4, 0, 0},
	    {"endian, flags 2", 2, 4, 0, 0},
	    {"endian, value1", 0, 4, 1, 0},
	    {"endian, value2", 0, 4, 0, 1},
	    {"translation mode 0", 0, 3, 0, 0},
	    {"translation mode 1", 1, 3, 0, 0},
	    {"translation mode 2", 2, 3, 0, 0},
	    {"translation mode 3", 3, 3, 0, 0},
	    {"translation mode 4", 4, 3, 0, 0},
	    {"translation mode 3, value1", 3, 3, 1, 0},
	    {"translation mode 3, value2", 3, 3, 0, 1},
	    {"translation mode 0 again", 0, 3, 0, 0},
	    {"DAWR1", 0, 5, 0x8000, 0x73},
	    {"resource 6", 0, 6, 0, 0},
	    {"resource 2^32 + 4", 0, (1ull << 32) + 4, 0, 0},
	};

	topic("H_SET_MODE");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		call(rows[i].text, 0, H_SET_MODE, rows[i].mflags, rows[i].resource, rows[i].value1,
		     rows[i].value2);
		say("    LPCR %016llx CIABR %llx DAWR %llx DAWRX %llx",
		    get_one(&v, KVM_REG_PPC_LPCR_64), get_one(&v, KVM_REG_PPC_CIABR),
		    get_one(&v, KVM_REG_PPC_DAWR), get_one(&v, KVM_REG_PPC_DAWRX));
	}
}

static void dabr(void)
{
	static const struct {
		const char *text;
		u64 nr, a, b;
	} rows[] = {
	    {"H_SET_DABR 0", H_SET_DABR, 0, 0},
	    {"H_SET_DABR", H_SET_DABR, 0x8007, 0},
	    {"H_SET_DABR, no translation bit", H_SET_DABR, 0x8003, 0},
	    {"H_SET_XDABR 0, 0", H_SET_XDABR, 0, 0},
	    {"H_SET_XDABR, user", H_SET_XDABR, 0x8007, 1},
	    {"H_SET_XDABR, kernel", H_SET_XDABR, 0x8007, 2},
	    {"H_SET_XDABR, hypervisor", H_SET_XDABR, 0x8007, 4},
	    {"H_SET_XDABR, all", H_SET_XDABR, 0x8007, 3},
	    {"H_SET_XDABR, no state", H_SET_XDABR, 0x8007, 0},
	    {"H_SET_XDABR, more bits", H_SET_XDABR, 0x8007, 0x11},
	};

	topic("H_SET_DABR, H_SET_XDABR");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		call(rows[i].text, 0, rows[i].nr, rows[i].a, rows[i].b, 0, 0);
		say("    DABR %llx DABRX %llx DAWR %llx DAWRX %llx", get_one(&v, KVM_REG_PPC_DABR),
		    get_one(&v, KVM_REG_PPC_DABRX), get_one(&v, KVM_REG_PPC_DAWR),
		    get_one(&v, KVM_REG_PPC_DAWRX));
	}
	set_one(&v, KVM_REG_PPC_DAWR, 0);
	set_one(&v, KVM_REG_PPC_DAWRX, 0);
	call("H_SET_SPRG0", 0, H_SET_SPRG0, 0x1234, 0, 0, 0);
	call("H_PERFMON", 0, H_PERFMON, 0, 0, 0, 0);
}

static void on_signal(int signal)
{
	(void)signal;
}

/* Starts @nr on @u in a thread of its own, and waits until it sleeps or is over. */
static void start(struct runner *s, struct vcpu *u, u64 nr)
{
	struct kvm_regs r;

	get_regs(u, &r);
	r.gpr[3] = nr;
	r.pc = GUEST_HCALL;
	r.msr = GUEST_MSR;
	set_regs(u, &r);
	runner_start(s, u);
	runner_asleep(s);
}

static void say_end(struct runner *s)
{
	struct kvm_regs r;

	pthread_join(s->thread, NULL);
	if (s->result) {
		say("    KVM_RUN = %s, reason %u", errno_name(s->error), s->vcpu->run->exit_reason);
		return;
	}
	get_regs(s->vcpu, &r);
	say("    KVM_RUN = 0, reason %u nr %llx, r20 %s, r21 %llx, msr %llx",
	    s->vcpu->run->exit_reason, s->vcpu->run->papr_hcall.nr, h_name(r.gpr[20]), r.gpr[21],
	    r.msr);
	if (s->vcpu->run->exit_reason == KVM_EXIT_PAPR_HCALL)
		finish_exit(s->vcpu);
}

/*
 * Takes what an earlier prod has left, so that the next H_CEDE sleeps: Linux remembers a prod even
 * when it woke somebody. Ends with the decrementer far away.
 */
static void absorb_prods(struct vcpu *u)
{
	struct runner s;
	struct kvm_regs r;

	for (int i = 0; i < 2; i++) {
		get_regs(u, &r);
		r.gpr[4] = 512 * 1000 * 20; /* 0.02 s */
		set_regs(u, &r);
		store32(m.memory + GUEST_INSN_AT, 0x7c9603a6);
		guest_run(u, GUEST_INSN);
		finish_exit(u);
		start(&s, u, H_CEDE);
		pthread_join(s.thread, NULL);
		finish_exit(u);
	}
	quiet_decrementer(u);
}

static void sleeping(void)
{
	struct runner s;
	struct kvm_regs r;
	struct kvm_interrupt set = {KVM_INTERRUPT_SET_LEVEL}, unset = {KVM_INTERRUPT_UNSET};

	sigaction(SIGUSR1, &(struct sigaction){.sa_handler = on_signal}, NULL);
	topic("H_CEDE, H_PROD, H_CONFER");
	quiet_decrementer(&v);
	quiet_decrementer(&w);
	call("H_PROD of oneself", 0, H_PROD, 0, 0, 0, 0);
	start(&s, &v, H_CEDE);
	say("H_CEDE after a prod");
	say_end(&s);
	call("H_PROD of no vcpu", 0, H_PROD, 5, 0, 0, 0);
	call("H_PROD of -1", 0, H_PROD, -1ull, 0, 0, 0);
	call("H_CONFER to all", 0, H_CONFER, -1ull, 0, 0, 0);
	call("H_CONFER to oneself", 0, H_CONFER, 0, 0, 0, 0);
	call("H_CONFER to vcpu 8", 0, H_CONFER, 8, 0, 0, 0);
	call("H_CONFER to no vcpu", 0, H_CONFER, 5, 0, 0, 0);
	say("vcpu 8 cedes, vcpu 0 prods it");
	start(&s, &w, H_CEDE);
	call("    H_PROD of vcpu 8", 0, H_PROD, 8, 0, 0, 0);
	say_end(&s);
	say("vcpu 8 cedes, gets a signal");
	absorb_prods(&w);
	start(&s, &w, H_CEDE);
	pthread_kill(s.thread, SIGUSR1);
	say_end(&s);
	say("and goes on");
	get_regs(&w, &r);
	say("    pc %llx msr %llx r3 %llx", r.pc, r.msr, r.gpr[3]);
	runner_start(&s, &w);
	runner_asleep(&s);
	call("    H_PROD of vcpu 8", 0, H_PROD, 8, 0, 0, 0);
	say_end(&s);
	say("vcpu 8 cedes, an external interrupt comes");
	absorb_prods(&w);
	start(&s, &w, H_CEDE);
	say_result("    KVM_INTERRUPT set", client_ioctl(w.fd, KVM_INTERRUPT, &set));
	say_end(&s);
	say_result("    KVM_INTERRUPT unset", client_ioctl(w.fd, KVM_INTERRUPT, &unset));
	say("vcpu 8 cedes, its decrementer runs out");
	absorb_prods(&w);
	get_regs(&w, &r);
	r.gpr[4] = 512 * 1000 * 100; /* 0.1 s */
	set_regs(&w, &r);
	store32(m.memory + GUEST_INSN_AT, 0x7c9603a6);
	guest_run(&w, GUEST_INSN);
	finish_exit(&w);
	start(&s, &w, H_CEDE);
	say_end(&s);
}

/* Interrupts from the client: KVM_INTERRUPT on a vcpu with and without MSR[EE]. */
static void interrupts(void)
{
	static const u32 values[] = {0, 1, KVM_INTERRUPT_SET, KVM_INTERRUPT_SET_LEVEL,
				     KVM_INTERRUPT_UNSET};
	struct kvm_regs r;
	struct hcall h;

	topic("KVM_INTERRUPT");
	quiet_decrementer(&v);
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		struct kvm_interrupt irq = {values[i]};

		say("irq %d = %s", (int)values[i],
		    client_ioctl(v.fd, KVM_INTERRUPT, &irq) ? errno_name(errno) : "0");
		HCALL(&v, &h, 0xf123, 0);
		v.msr = GUEST_MSR | MSR_EE;
		store32(m.memory + GUEST_INSN_AT, 0x60000000);
		say("    with EE: vector 0x%x", guest_run(&v, GUEST_INSN));
		get_regs(&v, &r);
		say("    srr0 %llx srr1 %llx", r.gpr[16], r.gpr[17]);
		finish_exit(&v);
		say("    again: vector 0x%x", guest_run(&v, GUEST_INSN));
		finish_exit(&v);
		v.msr = GUEST_MSR;
	}
	TRY_AS("at NULL", v.fd, KVM_INTERRUPT, 0);
}

static void signals(void)
{
	u32 words[5] = {8}; /* a length and up to 16 bytes of signals */
	struct kvm_signal_mask *mask = (struct kvm_signal_mask *)words;
	sigset_t blocked;
	struct kvm_regs r;

	topic("KVM_SET_SIGNAL_MASK, immediate_exit");
	for (u32 len = 0; len <= 16; len += 4) {
		mask->len = len;
		say("length %u = %s", len,
		    client_ioctl(v.fd, KVM_SET_SIGNAL_MASK, mask) ? errno_name(errno) : "0");
	}
	say("NULL = %s", client_ioctl(v.fd, KVM_SET_SIGNAL_MASK, 0ul) ? errno_name(errno) : "0");
	TRY_AS("at 16", v.fd, KVM_SET_SIGNAL_MASK, 16);
	sigaction(SIGUSR1, &(struct sigaction){.sa_handler = on_signal}, NULL);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &blocked, NULL);
	pthread_kill(pthread_self(), SIGUSR1);
	say("blocked and pending, no mask: vector %d", guest_run(&v, GUEST_LEAVE) < 0);
	finish_exit(&v);
	mask->len = 8;
	client_ioctl(v.fd, KVM_SET_SIGNAL_MASK, mask);
	get_regs(&v, &r);
	r.pc = GUEST_LEAVE;
	r.msr = GUEST_MSR;
	set_regs(&v, &r);
	TRY_AS("unblocked by the mask: KVM_RUN", v.fd, KVM_RUN, 0);
	say("reason %u", v.run->exit_reason);
	get_regs(&v, &r);
	say("pc %llx", r.pc);
	TRY_AS("the signal is still pending: KVM_RUN", v.fd, KVM_RUN, 0);
	sigpending(&blocked);
	say("pending: %d", sigismember(&blocked, SIGUSR1));
	client_ioctl(v.fd, KVM_SET_SIGNAL_MASK, 0ul);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	pthread_sigmask(SIG_UNBLOCK, &blocked, NULL);
	v.run->immediate_exit = 1;
	v.run->exit_reason = 99;
	TRY_AS("immediate_exit: KVM_RUN", v.fd, KVM_RUN, 0);
	say("reason %u", v.run->exit_reason);
	v.run->immediate_exit = 0;
	TRY_AS("KVM_RUN", v.fd, KVM_RUN, 0);
	say("reason %u nr %llx", v.run->exit_reason, v.run->papr_hcall.nr);
	finish_exit(&v);
}

/* A guest that computes and never leaves. */
static void signal_while_computing(int signal)
{
	struct timespec until;
	struct runner s;
	bool ended;

	sigaction(signal, &(struct sigaction){.sa_handler = on_signal}, NULL);
	runner_start_spinning(&s, &m, &v);
	pthread_kill(s.thread, signal);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 10;
	ended = !pthread_timedjoin_np(s.thread, NULL, &until);
	if (!ended) {
		pthread_kill(s.thread, SIGUSR1);
		pthread_join(s.thread, NULL);
	}
	say("signal %d: KVM_RUN = %s, reason %u%s", signal, s.result ? errno_name(s.error) : "0",
	    v.run->exit_reason, ended ? "" : ", but not by this signal");
}

static void real_time_signals(void)
{
	topic("Signals to a vcpu that computes");
	quiet_decrementer(&v);
	signal_while_computing(SIGUSR1);
	signal_while_computing(34);
	signal_while_computing(36);
	signal_while_computing(64);
}

static void without_papr(void)
{
	struct machine other;
	int fd;

	topic("A vcpu that isn't PAPR");
	machine_new(&other, MIB, 18);
	fd = client_ioctl(other.vm, KVM_CREATE_VCPU, 0ul);
	TRY_AS("KVM_RUN", fd, KVM_RUN, 0);
	client_close(fd);
	machine_free(&other);
}

int main(void)
{
	machine_new(&m, 16 * MIB, 18);
	vcpu_new(&v, &m, 0);
	vcpu_new(&w, &m, 8);
	the_exit();
	numbers_enabled();
	vpa();
	dispatch_count();
	dispatch_trace();
	set_mode();
	dabr();
	sleeping();
	interrupts();
	signals();
	real_time_signals();
	without_papr();
	vcpu_free(&v);
	vcpu_free(&w);
	machine_free(&m);
	return 0;
}
