/* SPDX-License-Identifier: Apache-2.0 */
/*
 * KVM_IOEVENTFD: stores of a guest that tell an eventfd: which places may be given, which are taken
 * away, what each kind of store does there, and that none is lost.
 */
#include "events.h"
#include "papr.h"
#include <signal.h>

#define DEVICE 0x40000000ull /* guest real address without memory */
#define MANY   0x50000000ull
#define EA     0x80000ull /* where the guest sees the device */

#define DATAMATCH KVM_IOEVENTFD_FLAG_DATAMATCH
#define PIO	  KVM_IOEVENTFD_FLAG_PIO
#define DEASSIGN  KVM_IOEVENTFD_FLAG_DEASSIGN
#define CCW	  KVM_IOEVENTFD_FLAG_VIRTIO_CCW_NOTIFY

static struct machine m;
static struct vcpu v, w;

static int doorbell(int fd, u64 addr, u32 len, u32 flags, u64 match)
{
	struct kvm_ioeventfd d = {
	    .addr = addr, .len = len, .fd = fd, .flags = flags, .datamatch = match};

	return client_ioctl(m.vm, KVM_IOEVENTFD, &d) ? errno : 0;
}

/* Takes what was assigned away again. */
static void try_doorbell(const char *text, int fd, u64 addr, u32 len, u32 flags, u64 match)
{
	int error = doorbell(fd, addr, len, flags, match);

	say_error(text, error);
	if (!error && !(flags & DEASSIGN))
		must(doorbell(fd, addr, len, flags | DEASSIGN, match), "deassigning");
}

static void doorbell_arguments(void)
{
	static const u32 lengths[] = {0, 1, 2, 3, 4, 5, 8, 16, 0x80000000, ~0u};
	int fd = new_eventfd(), ends[2];

	topic("KVM_IOEVENTFD: arguments");
	if (pipe(ends))
		die("pipe");
	TRY_AS("at NULL", m.vm, KVM_IOEVENTFD, 0);
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		say("length %u", lengths[i]);
		try_doorbell("    any value", fd, DEVICE, lengths[i], 0, 0);
		try_doorbell("    a value", fd, DEVICE, lengths[i], DATAMATCH, 5);
		try_doorbell("    PIO", fd, DEVICE, lengths[i], PIO, 5);
	}
	for (u32 bit = 0; bit < 32; bit += bit < 6 ? 1 : 5) {
		if (1u << bit == DEASSIGN)
			continue;
		say("flag 0x%x", 1u << bit);
		try_doorbell("    assign", fd, DEVICE, 4, 1u << bit, 0);
		try_doorbell("    deassign", fd, DEVICE, 4, 1u << bit | DEASSIGN, 0);
	}
	try_doorbell("PIO and CCW", fd, DEVICE, 4, PIO | CCW, 0);
	try_doorbell("address -4, length 4", fd, -4ull, 4, 0, 0);
	try_doorbell("address -4, length 8", fd, -4ull, 8, 0, 0);
	try_doorbell("address -1, length 0", fd, -1ull, 0, 0, 0);
	try_doorbell("address -1, length 1", fd, -1ull, 1, 0, 0);
	try_doorbell("unaligned", fd, DEVICE + 1, 4, 0, 0);
	try_doorbell("where memory is", fd, 0x10000, 4, 0, 0);
	try_doorbell("descriptor -1", -1, DEVICE, 4, 0, 0);
	try_doorbell("a pipe", ends[0], DEVICE, 4, 0, 0);
	try_doorbell("the VM", m.vm, DEVICE, 4, 0, 0);
	try_doorbell("length 3, descriptor -1", -1, DEVICE, 3, 0, 0);
	try_doorbell("deassign, descriptor -1", -1, DEVICE, 4, DEASSIGN, 0);
	try_doorbell("deassign, a pipe", ends[0], DEVICE, 4, DEASSIGN, 0);
	try_doorbell("deassign what isn't", fd, DEVICE, 4, DEASSIGN, 0);
	try_doorbell("deassign, length 3", fd, DEVICE, 3, DEASSIGN, 0);
	try_doorbell("deassign, unknown flags", fd, DEVICE, 4, DEASSIGN | 0x100, 0);
	close(ends[0]);
	close(ends[1]);
	close(fd);
}

struct place {
	const char *text;
	u64 addr;
	u32 len, flags;
	u64 match;
};

static const struct place places[] = {
    {"length 4, any value", DEVICE, 4, 0, 0},
    {"length 4, value 1", DEVICE, 4, DATAMATCH, 1},
    {"length 4, value 2", DEVICE, 4, DATAMATCH, 2},
    {"length 2, any value", DEVICE, 2, 0, 0},
    {"any length", DEVICE, 0, 0, 0},
    {"length 4, two bytes on", DEVICE + 2, 4, 0, 0},
    {"length 4, PIO", DEVICE, 4, PIO, 0},
    {"length 4, CCW", DEVICE, 4, CCW, 0},
};

static void doorbell_pairs(void)
{
	int fd = new_eventfd(), other = new_eventfd();

	topic("KVM_IOEVENTFD: two at one address");
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		const struct place *p = &places[i];

		say("%s", p->text);
		if (doorbell(fd, p->addr, p->len, p->flags, p->match))
			continue;
		for (size_t j = 0; j < ARRAY_SIZE(places); j++) {
			const struct place *q = &places[j];
			int error = doorbell(other, q->addr, q->len, q->flags, q->match);

			say("    and %s = %s", q->text, errno_name(error));
			if (!error)
				must(doorbell(other, q->addr, q->len, q->flags | DEASSIGN,
					      q->match),
				     "deassigning");
		}
		must(doorbell(fd, p->addr, p->len, p->flags | DEASSIGN, p->match), "deassigning");
	}
	close(fd);
	close(other);
}

static void doorbell_deassigning(void)
{
	int fd = new_eventfd(), other = new_eventfd(), twin;

	topic("KVM_IOEVENTFD: which one is taken away");
	must(doorbell(fd, DEVICE, 4, DATAMATCH, 5), "assigning");
	say_error("another eventfd", doorbell(other, DEVICE, 4, DATAMATCH | DEASSIGN, 5));
	say_error("another address", doorbell(fd, DEVICE + 4, 4, DATAMATCH | DEASSIGN, 5));
	say_error("another length", doorbell(fd, DEVICE, 8, DATAMATCH | DEASSIGN, 5));
	say_error("another value", doorbell(fd, DEVICE, 4, DATAMATCH | DEASSIGN, 6));
	say_error("any value", doorbell(fd, DEVICE, 4, DEASSIGN, 5));
	say_error("PIO", doorbell(fd, DEVICE, 4, DATAMATCH | DEASSIGN | PIO, 5));
	twin = dup(fd);
	close(fd);
	say_error("by another number, unknown flags",
		  doorbell(twin, DEVICE, 4, DATAMATCH | DEASSIGN | 0x200, 5));
	say_error("again", doorbell(twin, DEVICE, 4, DATAMATCH | DEASSIGN, 5));
	/* This one stays. */
	must(doorbell(twin, DEVICE + 0x800, 4, 0, 0), "assigning");
	close(twin);
	say_error("the place after the eventfd was closed",
		  doorbell(other, DEVICE + 0x800, 4, 0, 0));
	say_error("deassign by another", doorbell(other, DEVICE + 0x800, 4, DEASSIGN, 0));
	close(other);
}

/* How many there can be, up to a bound, and what is said of one more. */
static void many(const char *text, u32 len)
{
	int fd = new_eventfd(), error = 0;
	u64 n;

	for (n = 0; n < 1200 && !error; n++)
		error = doorbell(fd, MANY + 8 * n, len, 0, 0);
	say("%s: %llu, then %s", text, error ? n - 1 : n, errno_name(error));
	n -= !!error;
	while (n-- > 0)
		must(doorbell(fd, MANY + 8 * n, len, DEASSIGN, 0), "deassigning");
	close(fd);
}

static void doorbell_many(void)
{
	topic("KVM_IOEVENTFD: many");
	many("of length 4", 4);
	many("of any length", 0);
}

/* ---- Stores ---- */

static void map_device(void)
{
	struct hcall h;

	map_low_memory(&v);
	map_low_memory(&w);
	if (HCALL(&v, &h, H_ENTER, 0, ((LOW_VSID ^ (EA >> 12)) & 0x3ff) * 8,
		  LOW_VSID << 12 | V_VALID, DEVICE | R_I | R_G | R_REF | R_CHANGED | 2))
		die("mapping the device: %s", h_name(h.r[3]));
}

static void set_vector(void)
{
	u64 value[2] = {0x1122334455667788ull, 0x99aabbccddeeff00ull};
	struct kvm_one_reg reg = {.id = KVM_REG_PPC_VR(3), .addr = (uintptr_t)value};

	if (client_ioctl(v.fd, KVM_SET_ONE_REG, &reg))
		die("setting a vector register");
}

/* One instruction with the device's page in r4, 0x0102030405060708 in r7. */
static void one(const char *text, u32 code, int fd)
{
	struct kvm_regs r;

	get_regs(&v, &r);
	memset(r.gpr, 0, sizeof(r.gpr));
	r.gpr[4] = EA;
	r.gpr[6] = 16;
	r.gpr[7] = 0x0102030405060708ull;
	r.gpr[9] = EA - 16;
	r.gpr[30] = 0x1112131415161718ull;
	r.gpr[31] = 0x2122232425262728ull;
	r.cr = 0;
	r.pc = GUEST_INSN;
	r.msr = GUEST_MSR | MSR_DR | MSR_FP | MSR_VEC;
	set_regs(&v, &r);
	store32(m.memory + GUEST_INSN_AT, code);
	printf("%s:", text);
	for (;;) {
		alarm(2);
		if (client_ioctl(v.fd, KVM_RUN, 0ul) < 0) {
			say(" %s", errno == EINTR ? "repeats itself for ever" : errno_name(errno));
			return;
		}
		alarm(0);
		if (v.run->exit_reason != KVM_EXIT_MMIO)
			break;
		printf(" %s %llx/%u", v.run->mmio.is_write ? "write" : "read",
		       v.run->mmio.phys_addr, v.run->mmio.len);
		memset(v.run->mmio.data, 0, sizeof(v.run->mmio.data));
	}
	get_regs(&v, &r);
	if (v.run->exit_reason != KVM_EXIT_PAPR_HCALL)
		printf(" exit %u", v.run->exit_reason);
	else if (r.gpr[21])
		printf(" vector 0x%llx", r.gpr[21]);
	if (r.gpr[9] != EA - 16)
		printf(" r9 %llx", r.gpr[9]);
	say(" told %llu", told(fd));
	finish_exit(&v);
}

static void odd_stores(u32 len, int fd)
{
	/* Several accesses, which Linux doesn't emulate. */
	if (len != 1 && len != 2) {
		one("stmw 30,0(4)", 0xbfc40000, fd);
		one("stswi 7,4,4", 0x7ce425aa, fd);
	}
	one("stwu 7,16(9)", 0x94e90010, fd);
	one("stfdx 3,0,4", 0x7c6025ae, fd);
	one("stvx 3,0,4", 0x7c6021ce, fd);
	one("stvewx 3,0,4", 0x7c60218e, fd);
	one("stwcx. 7,0,4", 0x7ce0212d, fd);
	one("dcbz 0,4", 0x7c0027ec, fd);
	one("dcbf 0,4", 0x7c0020ac, fd);
	one("lwz 5,0(4)", 0x80a40000, fd);
}

/* One of these stands for each sort of store. */
static void stores(const char *text, u32 len, u32 flags, u64 match)
{
	int fd = new_eventfd();

	topic(text);
	must(doorbell(fd, DEVICE, len, flags, match), "assigning");
	one("stb 7,0(4)", 0x98e40000, fd);
	one("sth 7,0(4)", 0xb0e40000, fd);
	one("stw 7,0(4)", 0x90e40000, fd);
	one("std 7,0(4)", 0xf8e40000, fd);
	one("stw 7,4(4)", 0x90e40004, fd);
	one("stwx 7,0,4", 0x7ce0212e, fd);
	one("sthbrx 7,0,4", 0x7ce0272c, fd);
	one("stwbrx 7,0,4", 0x7ce0252c, fd);
	one("stdbrx 7,0,4", 0x7ce02528, fd);
	if (!(flags & DATAMATCH))
		odd_stores(len, fd);
	must(doorbell(fd, DEVICE, len, flags | DEASSIGN, match), "deassigning");
	one("stw 7,0(4), deassigned", 0x90e40000, fd);
	close(fd);
}

static void all_stores(void)
{
	stores("Stores: length 1", 1, 0, 0);
	stores("Stores: length 2", 2, 0, 0);
	stores("Stores: length 4", 4, 0, 0);
	stores("Stores: length 8", 8, 0, 0);
	stores("Stores: any length", 0, 0, 0);
	stores("Stores: length 1, value 08", 1, DATAMATCH, 0x08);
	stores("Stores: length 1, value 108", 1, DATAMATCH, 0x108);
	stores("Stores: length 2, value 0708", 2, DATAMATCH, 0x0708);
	stores("Stores: length 2, value 0807", 2, DATAMATCH, 0x0807);
	stores("Stores: length 4, value 05060708", 4, DATAMATCH, 0x05060708);
	stores("Stores: length 4, value 08070605", 4, DATAMATCH, 0x08070605);
	stores("Stores: length 8, value 0102030405060708", 8, DATAMATCH, 0x0102030405060708);
	stores("Stores: length 8, value 0807060504030201", 8, DATAMATCH, 0x0807060504030201);
}

static void special_stores(void)
{
	int fd = new_eventfd(), a = new_eventfd(), b = new_eventfd();
	struct hcall h;

	topic("Stores: two values of one place");
	must(doorbell(a, DEVICE, 4, DATAMATCH, 0x08070605), "assigning");
	must(doorbell(b, DEVICE, 4, DATAMATCH, 0x05060708), "assigning");
	one("stw", 0x90e40000, a);
	say("the other: %llu", told(b));
	one("stwbrx", 0x7ce0252c, a);
	say("the other: %llu", told(b));
	one("stw of 0", 0x90040000, a);
	must(doorbell(a, DEVICE, 4, DATAMATCH | DEASSIGN, 0x08070605), "deassigning");
	must(doorbell(b, DEVICE, 4, DATAMATCH | DEASSIGN, 0x05060708), "deassigning");

	topic("Stores: the second half of a vector");
	must(doorbell(fd, DEVICE + 8, 8, 0, 0), "assigning");
	one("stvx", 0x7c6021ce, fd);
	must(doorbell(fd, DEVICE + 8, 8, DEASSIGN, 0), "deassigning");

	topic("Stores: where memory is");
	must(doorbell(fd, GUEST_MARK, 4, 0, 0), "assigning");
	store32(m.memory + GUEST_MARK, 0);
	one("stw 7,0x1380(0)", 0x90e01380, fd);
	say("memory %llx", load64(m.memory + GUEST_MARK) >> 32);
	must(doorbell(fd, GUEST_MARK, 4, DEASSIGN, 0), "deassigning");

	topic("Stores: an eventfd that is full");
	must(doorbell(fd, DEVICE, 4, 0, 0), "assigning");
	write_to(fd, -2ull);
	one("stw", 0x90e40000, fd);
	must(doorbell(fd, DEVICE, 4, DEASSIGN, 0), "deassigning");
	close(fd);
	fd = eventfd(0, EFD_CLOEXEC);
	must(doorbell(fd, DEVICE, 8, 0, 0), "assigning");
	write_to(fd, -2ull);
	one("std, one that waits", 0xf8e40000, fd);
	must(doorbell(fd, DEVICE, 8, DEASSIGN, 0), "deassigning");

	topic("H_LOGICAL_CI_STORE");
	must(doorbell(a, DEVICE + 16, 4, 0, 0), "assigning");
	must(doorbell(b, DEVICE + 24, 2, DATAMATCH, 0x0807), "assigning");
	HCALL(&v, &h, H_LOGICAL_CI_STORE, 4, DEVICE + 16, 5);
	say_hcall("not enabled", &h, 0);
	say("told %llu", told(a));
	enable_hcall(&m, H_LOGICAL_CI_STORE, true);
	HCALL(&v, &h, H_LOGICAL_CI_STORE, 4, DEVICE + 16, 5);
	say_hcall("length 4", &h, 0);
	say("told %llu", told(a));
	HCALL(&v, &h, H_LOGICAL_CI_STORE, 2, DEVICE + 16, 5);
	say_hcall("length 2", &h, 0);
	HCALL(&v, &h, H_LOGICAL_CI_STORE, 3, DEVICE + 16, 5);
	say_hcall("length 3", &h, 0);
	HCALL(&v, &h, H_LOGICAL_CI_STORE, 2, DEVICE + 24, 0xff0708);
	say_hcall("value 0708", &h, 0);
	say("told %llu", told(b));
	HCALL(&v, &h, H_LOGICAL_CI_STORE, 2, DEVICE + 24, 0x0807);
	say_hcall("value 0807", &h, 0);
	say("told %llu", told(b));
	enable_hcall(&m, H_LOGICAL_CI_STORE, false);
	must(doorbell(a, DEVICE + 16, 4, DEASSIGN, 0), "deassigning");
	must(doorbell(b, DEVICE + 24, 2, DATAMATCH | DEASSIGN, 0x0807), "deassigning");
	close(a);
	close(b);
}

/* The machine that Linux runs on is an emulated one. */
#ifdef __powerpc64__
#define STORM 2000
#else
#define STORM 500000
#endif

static void storm_of(struct vcpu *x)
{
	struct kvm_regs r;

	get_regs(x, &r);
	r.gpr[4] = STORM;
	r.gpr[5] = EA;
	r.gpr[7] = 0;
	r.pc = GUEST_STORE;
	r.msr = GUEST_MSR | MSR_DR;
	set_regs(x, &r);
}

/* Others come and go meanwhile, next to it. */
static void storm(void)
{
	struct runner a, b;
	int fd = new_eventfd(), other = new_eventfd();

	topic("Two vcpus at one place");
	must(doorbell(fd, DEVICE, 8, 0, 0), "assigning");
	storm_of(&v);
	storm_of(&w);
	runner_start(&a, &v);
	runner_start(&b, &w);
	while (!a.ended || !b.ended) {
		must(doorbell(other, DEVICE + 8, 8, 0, 0), "assigning");
		must(doorbell(other, DEVICE + 8, 8, DEASSIGN, 0), "deassigning");
		usleep(100);
	}
	pthread_join(a.thread, NULL);
	pthread_join(b.thread, NULL);
	say("exits %u and %u, each store told once: %d", v.run->exit_reason, w.run->exit_reason,
	    told(fd) == 2ull * STORM);
	finish_exit(&v);
	finish_exit(&w);
	must(doorbell(fd, DEVICE, 8, DEASSIGN, 0), "deassigning");
	close(fd);
	close(other);
}

/* What was assigned stays so while a vcpu's descriptor is open. */
static void vm_closed(void)
{
	int fd = new_eventfd();

	topic("The VM's descriptor is closed, a vcpu's isn't");
	must(doorbell(fd, DEVICE, 4, 0, 0), "assigning");
	client_close(m.vm);
	one("stw", 0x90e40000, fd);
	close(fd);
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
	vcpu_new(&w, &m, 8);
	map_device();
	set_vector();
	doorbell_arguments();
	doorbell_pairs();
	doorbell_deassigning();
	doorbell_many();
	all_stores();
	special_stores();
	storm();
	vm_closed();
	vcpu_free(&v);
	vcpu_free(&w);
	client_close(m.kvm);
	slot_memory_free(m.memory, m.bytes);
	return 0;
}
