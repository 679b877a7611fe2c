/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resizing the hash table: arguments and their order, preparing, abandoning and committing; which
 * entries the new table has and where; a table that has no room; and vcpus that run meanwhile.
 */
#include "machine.h"
#include "papr.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#define MEMORY (16 * MIB)
#define DEVICE 0x40000000ull
#define LOOKS  10000

static struct machine m;
static struct vcpu v;

static long resize(unsigned long request, u64 flags, u32 shift)
{
	struct kvm_ppc_resize_hpt args = {.flags = flags, .shift = shift};

	return client_ioctl(m.vm, request, &args);
}

/* Milliseconds to wait are told as such: how many is the host's business. */
static long prepare(const char *text, u64 flags, u32 shift)
{
	long ret = resize(KVM_PPC_RESIZE_HPT_PREPARE, flags, shift);

	if (ret > 0)
		say("%s: ask again", text);
	else
		say_result(text, ret);
	return ret;
}

static long commit(const char *text, u64 flags, u32 shift)
{
	long ret = resize(KVM_PPC_RESIZE_HPT_COMMIT, flags, shift);

	say_result(text, ret);
	return ret;
}

/* Asks for a table until it is there, or there will be none. */
static long prepare_whole(u32 shift)
{
	long ret = 1;

	for (int looks = 0; looks < LOOKS && ret > 0; looks++) {
		ret = resize(KVM_PPC_RESIZE_HPT_PREPARE, 0, shift);
		if (ret > 0)
			usleep(1000);
	}
	return ret;
}

static void change(u32 shift)
{
	char text[32];

	say_result("prepared", prepare_whole(shift));
	snprintf(text, sizeof(text), "to 2^%u bytes", shift);
	commit(text, 0, shift);
}

/* ---- The table ---- */

static void make(u64 ptex, u64 pteh, u64 ptel)
{
	struct hcall h;

	if (HCALL(&v, &h, H_ENTER, H_EXACT, ptex, pteh, ptel))
		die("H_ENTER at %llx: %s", ptex, h_name(h.r[3]));
}

static bool is_vrma(u64 pteh)
{
	return (pteh & ~0xffffffull) == (V_1TB | VRMA_VSID << 24);
}

/* One pass over the table: the guest's entries as they are, of the VRMA how many there are. */
static void say_pass(int fd)
{
	static u8 buffer[65536];
	unsigned vrma = 0;
	u64 end = 0;
	ssize_t got;

	while ((got = client_read(fd, buffer, sizeof(buffer))) > 0) {
		for (ssize_t at = 0; at < got;) {
			struct kvm_get_htab_header h;

			memcpy(&h, buffer + at, sizeof(h));
			at += sizeof(h);
			for (u32 i = 0; i < h.n_valid; i++, at += 16) {
				u64 pteh = load64(buffer + at) & ~0x60ull;

				if (is_vrma(pteh))
					vrma++;
				else
					say("    %llx: %016llx %016llx", h.index + (u64)i, pteh,
					    load64(buffer + at + 8));
			}
			end = h.index + h.n_valid + h.n_invalid;
		}
	}
	say("    up to entry %llx, %u of real mode", end, vrma);
}

static int open_htab(void)
{
	struct kvm_get_htab_fd get = {0};
	int fd = client_ioctl(m.vm, KVM_PPC_GET_HTAB_FD, &get);

	if (fd < 0)
		die("KVM_PPC_GET_HTAB_FD");
	return fd;
}

static void say_table(const char *text)
{
	int fd = open_htab();

	say("%s", text);
	say_pass(fd);
	client_close(fd);
}

/* ---- Tests ---- */

static void arguments(const char *when)
{
	topic(when);
	prepare("prepare, flags 1", 1, 19);
	prepare("prepare, order 17", 0, 17);
	prepare("prepare, order 47", 0, 47);
	prepare("prepare, order 0", 0, 0);
	commit("commit, flags 1", 1, 19);
	commit("commit, order 17", 0, 17);
	commit("commit, order 47", 0, 47);
	commit("commit, order 0", 0, 0);
	commit("commit, nothing prepared", 0, 19);
	TRY_AS("prepare, nowhere", m.vm, KVM_PPC_RESIZE_HPT_PREPARE, 16);
	TRY_AS("commit, nowhere", m.vm, KVM_PPC_RESIZE_HPT_COMMIT, 16);
}

static void preparing(void)
{
	topic("Preparing");
	prepare("first", 0, 19);
	say_result("in the end", prepare_whole(19));
	prepare("once more", 0, 19);
	prepare("another order instead", 0, 20);
	prepare("the first order again", 0, 19);
	say_result("in the end", prepare_whole(19));
	prepare("given up", 0, 0);
	commit("commit of what was given up", 0, 19);
	say_result("prepared", prepare_whole(19));
	commit("commit of another order", 0, 20);
	commit("commit of the right one", 0, 19);
	prepare("an order that no memory is enough for", 0, 46);
	say_result("in the end", prepare_whole(46));
	prepare("once more", 0, 46);
	prepare("given up", 0, 0);
}

#define VSID  0x2345ull
#define HASH  (VSID ^ 0) /* of page 0 */
#define GROUP (HASH & 0x7ff)
#define ALL   (R_REF | R_CHANGED | R_M | 2)

static void entries_up(void)
{
	u64 secondary = ~HASH & 0x7ff, hash_1t = 0x77ull ^ 0x77ull << 25 ^ 0x3;

	topic("Which entries go along, upwards");
	make(GROUP * 8 + 2, AVPN_256M(VSID, 0) | V_VALID | V_BOLTED, 0x40000 | ALL);
	make(GROUP * 8 + 3, AVPN_256M(VSID, 0) | V_VALID, 0x50000 | ALL);
	make(secondary * 8 + 4, AVPN_256M(VSID, 0) | V_VALID | V_BOLTED | V_SECONDARY,
	     0x60000 | R_M | R_KEY_LO | 2);
	make(GROUP * 8 + 5, AVPN_256M(VSID, 0) | V_VALID | V_BOLTED | V_LARGE,
	     0x70000 | R_64K | R_REF | R_M | 2);
	make(GROUP * 8 + 6, AVPN_256M(VSID, 0) | V_VALID | V_BOLTED | V_LARGE, ALL);
	make(GROUP * 8 + 0, AVPN_256M(VSID, 0x800000) | V_VALID | V_BOLTED,
	     DEVICE | R_I | R_G | R_REF | R_CHANGED | 2);
	make(GROUP * 8 + 1, AVPN_256M(VSID, 0x1000000) | V_VALID, DEVICE | R_I | R_G | 2);
	make((hash_1t & 0x7ff) * 8 + 1, V_1TB | 0x77ull << 24 | V_VALID | V_BOLTED, 0x80000 | ALL);
	say_table("before");
	change(20);
	say_table("after");
	change(20);
	say_table("to the same order");
}

/* Two bolted entries that would come to the same place, then one of them isn't bolted. */
static void entries_down(void)
{
	u64 other = ((HASH ^ 0x1000) & 0x1fff) * 8 + 2;
	struct hcall h;

	topic("Downwards: no room for what is bolted");
	make(other, AVPN_256M(VSID ^ 0x1000, 0) | V_VALID | V_BOLTED, 0x90000 | ALL);
	change(18);
	say_table("after");
	commit("once more", 0, 18);
	HCALL(&v, &h, H_REMOVE, 0, other, 0);
	say_hcall("H_REMOVE", &h, 2);
	topic("Downwards: what isn't bolted goes");
	make(other, AVPN_256M(VSID ^ 0x1000, 0) | V_VALID, 0x90000 | ALL);
	change(18);
	say_table("after");
}

static void use_after(void)
{
	struct hcall h;
	u64 hash = HASH & 0x7ff;

	topic("The guest's use of the new table");
	HCALL(&v, &h, H_READ, 0, hash * 8 + 2);
	say_hcall("H_READ", &h, 2);
	HCALL(&v, &h, H_READ, 0, 0x4000);
	say_hcall("H_READ beyond it", &h, 0);
	HCALL(&v, &h, H_REMOVE, 0, hash * 8 + 2, 0);
	say_hcall("H_REMOVE", &h, 2);
	HCALL(&v, &h, H_ENTER, H_EXACT, hash * 8 + 2, AVPN_256M(VSID, 0) | V_VALID, 0x40000 | ALL);
	say_hcall("H_ENTER", &h, 1);
}

static void readers(void)
{
	int fd;

	topic("A descriptor that is open meanwhile");
	fd = open_htab();
	say("before");
	say_pass(fd);
	change(19);
	say("the next pass");
	say_pass(fd);
	client_close(fd);
}

/* A table of its own in between is the one that is resized. */
static void allocated(void)
{
	u32 order = 20;

	topic("KVM_PPC_ALLOCATE_HTAB in between");
	say_result("prepared", prepare_whole(18));
	TRY(m.vm, KVM_PPC_ALLOCATE_HTAB, &order);
	commit("before a vcpu ran", 0, 18);
	prepare("prepare", 0, 0);
	if (guest_run(&v, GUEST_LEAVE) == 0)
		finish_exit(&v);
	change(18);
	say_table("after");
}

static void kick(int signal)
{
	(void)signal;
}

static void running(void)
{
	volatile u32 *mark = (void *)(m.memory + GUEST_MARK);
	struct runner s;
	struct vcpu w;

	topic("A vcpu in the guest");
	vcpu_new(&w, &m, 8);
	runner_start_spinning(&s, &m, &w);
	change(19);
	*mark = 0;
	for (int looks = 0; !*mark && looks < LOOKS && !s.ended; looks++)
		usleep(1000);
	say("it runs on: %s", *mark && !s.ended ? "yes" : "no");
	change(18);
	*mark = 0;
	for (int looks = 0; !*mark && looks < LOOKS && !s.ended; looks++)
		usleep(1000);
	say("it runs on: %s", *mark && !s.ended ? "yes" : "no");
	pthread_kill(s.thread, SIGUSR1);
	pthread_join(s.thread, NULL);
	say("KVM_RUN: %s", s.result ? errno_name(s.error) : "0");
	say_table("the table");
	vcpu_free(&w);
}

/* ---- Vcpus that use the table ---- */

#define EA     0x80000ull
#define GOOD   0x600dull
#define POISON 0xbadull
#define PTEX   (((LOW_VSID ^ (EA >> 12)) & 0x3ff) * 8) /* in tables of every order */

static struct vcpu churner;
static atomic_bool stop;

/* Makes and removes entries until told to stop. */
static void *churn(void *arg)
{
	struct kvm_regs r;

	(void)arg;
	while (!stop) {
		get_regs(&churner, &r);
		r.gpr[4] = 1000;
		r.gpr[25] = 0x1000;
		r.gpr[26] = AVPN_256M(0x777, 0) | V_VALID;
		r.gpr[27] = 0x200000 | ALL;
		r.gpr[28] = 0xfff;
		set_regs(&churner, &r);
		if (guest_run(&churner, GUEST_CHURN))
			die("the churning vcpu");
		finish_exit(&churner);
	}
	return NULL;
}

static void one_round(u64 page, u32 order)
{
	struct hcall h;

	store64(m.memory + page, GOOD);
	if (HCALL(&v, &h, H_ENTER, H_EXACT, PTEX, LOW_VSID << 12 | V_VALID, page | ALL))
		die("H_ENTER: %s", h_name(h.r[3]));
	usleep(1000);
	if (prepare_whole(order) || resize(KVM_PPC_RESIZE_HPT_COMMIT, 0, order))
		die("to 2^%u bytes", order);
	store64(m.memory + page, POISON);
	usleep(1000);
}

/* A translation that didn't go along must be used by nobody when the table has been changed. */
static void in_use(void)
{
	struct watch watch = {.ea = EA, .poison = POISON};
	pthread_t churning;

	topic("Vcpus that use the table");
	vcpu_new(&watch.vcpu, &m, 16);
	vcpu_new(&churner, &m, 24);
	map_low_memory(&watch.vcpu);
	watch.vcpu.msr |= MSR_DR;
	watch_start(&watch);
	pthread_create(&churning, NULL, churn, NULL);
	for (unsigned round = 0; round < 30; round++)
		one_round(round % 2 ? 0x90000 : 0xa0000, 18 + (round + 1) % 4);
	stop = true;
	watch_stop(&watch);
	pthread_join(churning, NULL);
	say("loads of what didn't go along: %lu", watch.stale);
	vcpu_free(&churner);
	vcpu_free(&watch.vcpu);
}

int main(void)
{
	sigaction(SIGUSR1, &(struct sigaction){.sa_handler = kick}, NULL);
	machine_new(&m, MEMORY, 18);
	say("KVM_CAP_SPAPR_RESIZE_HPT = %d",
	    client_ioctl(m.vm, KVM_CHECK_EXTENSION, (unsigned long)KVM_CAP_SPAPR_RESIZE_HPT));
	arguments("Arguments, before a vcpu ran");
	vcpu_new(&v, &m, 0);
	if (guest_run(&v, GUEST_LEAVE) == 0)
		finish_exit(&v);
	arguments("Arguments");
	preparing();
	entries_up();
	entries_down();
	use_after();
	readers();
	allocated();
	running();
	in_use();
	vcpu_free(&v);
	machine_free(&m);
	return 0;
}
