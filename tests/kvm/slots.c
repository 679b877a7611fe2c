/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory slots: many of them, read-only ones, and such as come, go and move while vcpus load from
 * them and store to them.
 */
#include "machine.h"
#include "papr.h"
#include <pthread.h>
#include <stdatomic.h>

#define EA	0x80000ull
#define PTEX	(((LOW_VSID ^ (EA >> 12)) & 0x3ff) * 8)
#define SLOTS	0x100000000ull /* guest real address of slot 1 and those behind it */
#define GOOD	0x600dull
#define POISON	0xbadull
#define MMIO	0x3310ull /* what the client answers where there is no memory */
#define ALL	(R_REF | R_CHANGED | R_M | 2)
#define LOOKS	10000

static struct machine m;
static struct vcpu v;

static void map_page(u64 gpa)
{
	struct hcall h;

	HCALL(&v, &h, H_REMOVE, 0, PTEX, 0);
	if (HCALL(&v, &h, H_ENTER, H_EXACT, PTEX, LOW_VSID << 12 | V_VALID, gpa | ALL))
		die("mapping %llx: %s", gpa, h_name(h.r[3]));
}

/* ---- One access ---- */

static void access_page(const char *text, u32 code, u64 pc)
{
	struct kvm_regs r;

	get_regs(&v, &r);
	r.gpr[4] = EA;
	r.gpr[5] = 0x5555;
	r.pc = pc;
	r.msr = GUEST_MSR | MSR_DR | (pc == EA ? MSR_IR : 0);
	set_regs(&v, &r);
	store32(m.memory + GUEST_INSN_AT, code);
	if (client_ioctl(v.fd, KVM_RUN, 0ul)) {
		say("%s: KVM_RUN %s", text, errno_name(errno));
		return;
	}
	if (v.run->exit_reason == KVM_EXIT_MMIO) {
		printf("%s: MMIO, %s %llx", text, v.run->mmio.is_write ? "write" : "read",
		       v.run->mmio.phys_addr);
		for (u32 i = 0; v.run->mmio.is_write && i < v.run->mmio.len; i++)
			printf(" %02x", v.run->mmio.data[i]);
		printf("\n");
		memset(v.run->mmio.data, 0, 8);
	} else {
		get_regs(&v, &r);
		say("%s: r5 %llx, vector 0x%llx", text, r.gpr[5], r.gpr[21]);
	}
	finish_exit(&v);
}

#define load(text)  access_page(text, 0x80a40000, GUEST_INSN)
#define store(text) access_page(text, 0x90a40000, GUEST_INSN)

/* ---- Read-only ---- */

static void read_only(void)
{
	u8 *memory = slot_memory(HOST_PAGE);
	struct hcall h;

	topic("Read-only slots");
	say("KVM_CAP_READONLY_MEM = %d",
	    client_ioctl(m.vm, KVM_CHECK_EXTENSION, (unsigned long)KVM_CAP_READONLY_MEM));
	if (set_slot(m.vm, 1, KVM_MEM_READONLY, SLOTS, HOST_PAGE, memory)) {
		say("not here: %s", errno_name(errno));
		slot_memory_free(memory, HOST_PAGE);
		return;
	}
	store32(memory, 0x12345678);
	map_page(SLOTS);
	load("load");
	store("store");
	say("in memory: %08llx", load64(memory) >> 32);
	load("load");
	enable_hcall(&m, H_PAGE_INIT, true);
	HCALL(&v, &h, H_PAGE_INIT, H_ZERO_PAGE, SLOTS);
	say_hcall("H_PAGE_INIT", &h, 0);
	say_result("writable", set_slot(m.vm, 1, 0, SLOTS, HOST_PAGE, memory));
	say_result("with a log",
		   set_slot(m.vm, 1, KVM_MEM_READONLY | KVM_MEM_LOG_DIRTY_PAGES, SLOTS, HOST_PAGE,
			    memory));
	store("store");
	say_result("moved",
		   set_slot(m.vm, 1, KVM_MEM_READONLY, SLOTS + HOST_PAGE, HOST_PAGE, memory));
	store("store, where it was");
	map_page(SLOTS + HOST_PAGE);
	load("load, where it is");
	store("store, where it is");
	say_result("deleted", set_slot(m.vm, 1, 0, 0, 0, NULL));
	say_result("anew, writable",
		   set_slot(m.vm, 1, 0, SLOTS + HOST_PAGE, HOST_PAGE, memory));
	store("store");
	say("in memory: %08llx", load64(memory) >> 32);
	set_slot(m.vm, 1, 0, 0, 0, NULL);
	slot_memory_free(memory, HOST_PAGE);
}

/* ---- Many ---- */

#define MANY 1000u

static u64 place(u32 slot)
{
	return SLOTS + slot * 7919 % MANY * HOST_PAGE;
}

static bool is_told(u32 slot)
{
	u64 bits[16] = {0};
	struct kvm_dirty_log log = {.slot = slot, .dirty_bitmap = bits};

	if (client_ioctl(m.vm, KVM_GET_DIRTY_LOG, &log))
		die("the log of slot %u", slot);
	return bits[0];
}

/* Its entry is there until the next one's: on a POWER8, Linux tells of no page whose entry goes. */
static void store_to(u32 slot)
{
	struct kvm_regs r;

	map_page(place(slot));
	get_regs(&v, &r);
	r.gpr[4] = 1;
	r.gpr[5] = EA;
	r.gpr[7] = 8;
	set_regs(&v, &r);
	v.msr |= MSR_DR;
	if (guest_run(&v, GUEST_STORE))
		die("a store to slot %u", slot);
	v.msr &= ~MSR_DR;
	finish_exit(&v);
}

static void many(void)
{
	u8 *memory = slot_memory(HOST_PAGE);
	u64 most = client_ioctl(m.vm, KVM_CHECK_EXTENSION, (unsigned long)KVM_CAP_NR_MEMSLOTS);
	unsigned wrong = 0;

	topic("Many slots");
	say("KVM_CAP_NR_MEMSLOTS = %llu", most);
	say_result("the last number", set_slot(m.vm, most - 1, 0, SLOTS, HOST_PAGE, memory));
	say_result("deleted", set_slot(m.vm, most - 1, 0, SLOTS, 0, NULL));
	say_result("one beyond", set_slot(m.vm, most, 0, SLOTS, HOST_PAGE, memory));
	for (u32 slot = 1; slot < MANY; slot++)
		if (set_slot(m.vm, slot, KVM_MEM_LOG_DIRTY_PAGES, place(slot), HOST_PAGE, memory))
			die("slot %u", slot);
	say_result("where one is", set_slot(m.vm, MANY, 0, place(17), HOST_PAGE, memory));
	for (u32 slot = 37; slot < MANY - 1; slot += 37) {
		store_to(slot);
		wrong += !is_told(slot) || is_told(slot - 1) || is_told(slot + 1);
	}
	say("told wrongly: %u", wrong);
	for (u32 slot = 1; slot < MANY; slot++)
		wrong += is_told(slot);
	say("told again: %u", wrong);
	for (u32 slot = 1; slot < MANY; slot += 2)
		if (set_slot(m.vm, slot, 0, 0, 0, NULL))
			die("deleting slot %u", slot);
	store32(memory, 0xabcd);
	map_page(place(500));
	load("one that is left");
	map_page(place(501));
	load("one that is gone");
	for (u32 slot = 2; slot < MANY; slot += 2)
		set_slot(m.vm, slot, 0, 0, 0, NULL);
	slot_memory_free(memory, HOST_PAGE);
}

/* ---- While a vcpu uses them ---- */

static struct vcpu user;
static atomic_bool stop;
static atomic_ulong mmio, whole; /* exits; runs of the guest's program that ended */
static unsigned long stale;

/* Runs the guest's program again and again, and answers where there is no memory. */
static void *use(void *arg)
{
	const u64 *regs = arg; /* pc, r4 .. r9 */
	struct kvm_regs r;

	while (!stop) {
		get_regs(&user, &r);
		r.pc = regs[0];
		r.msr = GUEST_MSR | MSR_DR;
		for (int i = 4; i < 10; i++)
			r.gpr[i] = regs[i - 3];
		set_regs(&user, &r);
		for (;;) {
			if (client_ioctl(user.fd, KVM_RUN, 0ul))
				die("KVM_RUN");
			if (user.run->exit_reason != KVM_EXIT_MMIO)
				break;
			store64(user.run->mmio.data, MMIO);
			mmio++;
		}
		get_regs(&user, &r);
		if (user.run->exit_reason != KVM_EXIT_PAPR_HCALL || r.gpr[21] > 1)
			die("exit %u, vector 0x%llx", user.run->exit_reason, r.gpr[21]);
		stale += r.gpr[21] == 1;
		whole++;
		finish_exit(&user);
	}
	return NULL;
}

/* Until @count has counted @n more. */
static bool counts(atomic_ulong *count, unsigned long n)
{
	unsigned long end = *count + n;

	for (int looks = 0; looks < LOOKS; looks++) {
		if (*count >= end)
			return true;
		usleep(1000);
	}
	return false;
}

#define ROUNDS 20

/* What was behind a slot is poisoned as soon as the slot is gone: nobody may see that. */
static void loads(bool move)
{
	const u64 regs[] = {GUEST_WATCH, 2000, 0, 0, 0, EA, POISON};
	u8 *memory = slot_memory(HOST_PAGE);
	unsigned not_gone = 0, not_back = 0;
	pthread_t thread;

	topic(move ? "A slot that moves under a vcpu that loads"
		   : "A slot that goes and comes under a vcpu that loads");
	stale = 0;
	stop = false;
	store64(memory, GOOD);
	map_page(SLOTS);
	set_slot(m.vm, 1, 0, SLOTS, HOST_PAGE, memory);
	pthread_create(&thread, NULL, use, (void *)regs);
	for (int round = 0; round < ROUNDS; round++) {
		if (move)
			set_slot(m.vm, 1, 0, SLOTS + HOST_PAGE, HOST_PAGE, memory);
		else
			set_slot(m.vm, 1, 0, 0, 0, NULL);
		store64(memory, POISON);
		not_gone += !counts(&mmio, 2);
		store64(memory, GOOD);
		if (set_slot(m.vm, 1, 0, SLOTS, HOST_PAGE, memory))
			die("the slot again");
		not_back += !counts(&whole, 2);
	}
	stop = true;
	pthread_join(thread, NULL);
	set_slot(m.vm, 1, 0, 0, 0, NULL);
	say("loads of what was taken away: %lu; not gone: %u, not back: %u", stale, not_gone,
	    not_back);
	slot_memory_free(memory, HOST_PAGE);
}

/* A log that is turned on and off, beside other slots that come and go. */
static void stores(void)
{
	const u64 regs[] = {GUEST_STORE, 1000, EA, 0x1234, 0, 0, 0};
	u8 *memory = slot_memory(HOST_PAGE), *other = slot_memory(HOST_PAGE);
	unsigned lost = 0, gone = 0;
	pthread_t thread;

	topic("Logs that come and go under a vcpu that stores");
	stop = false;
	map_page(SLOTS);
	set_slot(m.vm, 1, 0, SLOTS, HOST_PAGE, memory);
	pthread_create(&thread, NULL, use, (void *)regs);
	for (int round = 0; round < ROUNDS; round++) {
		set_slot(m.vm, 1, KVM_MEM_LOG_DIRTY_PAGES, SLOTS, HOST_PAGE, memory);
		counts(&whole, 2);
		lost += !is_told(1);
		counts(&whole, 2);
		if (set_slot(m.vm, 2 + round % 3, 0, SLOTS + HOST_PAGE * (1 + round % 3), HOST_PAGE,
			     other))
			die("another slot");
		lost += !is_told(1);
		counts(&whole, 2);
		lost += !is_told(1);
		store64(memory, 0);
		set_slot(m.vm, 1, 0, SLOTS, HOST_PAGE, memory);
		set_slot(m.vm, 2 + round % 3, 0, 0, 0, NULL);
		counts(&whole, 2);
		gone += load64(memory) != 0x1234;
	}
	stop = true;
	pthread_join(thread, NULL);
	set_slot(m.vm, 1, 0, 0, 0, NULL);
	say("stores that no log told of: %u; that are not in memory: %u", lost, gone);
	slot_memory_free(memory, HOST_PAGE);
	slot_memory_free(other, HOST_PAGE);
}

int main(void)
{
	machine_new(&m, MIB, 18);
	vcpu_new(&v, &m, 0);
	vcpu_new(&user, &m, 8);
	map_low_memory(&v);
	map_low_memory(&user);
	read_only();
	many();
	loads(false);
	loads(true);
	stores();
	vcpu_free(&user);
	vcpu_free(&v);
	machine_free(&m);
	return 0;
}
