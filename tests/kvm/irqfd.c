/* SPDX-License-Identifier: Apache-2.0 */
/*
 * KVM_IRQFD: eventfds that raise interrupts: which may be given to which source, what the guest and
 * its controller see, when the resample eventfd is told, and what becomes of them when a descriptor
 * is closed.
 */
#include "events.h"
#include "papr.h"

#define EDGE  0x1000
#define LEVEL 0x1001

#define OFF	 KVM_IRQFD_FLAG_DEASSIGN
#define RESAMPLE KVM_IRQFD_FLAG_RESAMPLE

static struct machine m;
static struct vcpu v, w; /* servers 0 and 8 */
static int xics = -1;

static int irqfd_of(int vm, int fd, u32 gsi, u32 flags, int resample)
{
	struct kvm_irqfd i = {.fd = fd, .gsi = gsi, .flags = flags, .resamplefd = resample};

	return client_ioctl(vm, KVM_IRQFD, &i) ? errno : 0;
}

static int irqfd(int fd, u32 gsi, u32 flags, int resample)
{
	return irqfd_of(m.vm, fd, gsi, flags, resample);
}

static void without_controller(void)
{
	int fd = new_eventfd();

	topic("KVM_IRQFD without a controller");
	TRY_AS("at NULL", m.vm, KVM_IRQFD, 0);
	say_error("assign", irqfd(fd, EDGE, 0, 0));
	say_error("unknown flags", irqfd(fd, EDGE, 4, 0));
	say_error("descriptor -1", irqfd(-1, EDGE, 0, 0));
	say_error("deassign", irqfd(fd, EDGE, OFF, 0));
	say_error("deassign, descriptor -1", irqfd(-1, EDGE, OFF, 0));
	close(fd);
}

static void connect(void)
{
	xics = xics_new(&m);
	xics_connect(xics, &v, 0);
	xics_connect(xics, &w, 8);
}

static void set_source(u64 number, u64 value)
{
	struct kvm_device_attr a = {
	    .group = KVM_DEV_XICS_GRP_SOURCES, .attr = number, .addr = (uintptr_t)&value};

	if (client_ioctl(xics, KVM_SET_DEVICE_ATTR, &a))
		die("setting a source");
}

static u64 get_source(u64 number)
{
	u64 value = 0;
	struct kvm_device_attr a = {
	    .group = KVM_DEV_XICS_GRP_SOURCES, .attr = number, .addr = (uintptr_t)&value};

	if (client_ioctl(xics, KVM_GET_DEVICE_ATTR, &a))
		die("reading a source");
	return value;
}

/* Waits until it shows all of @flags. */
static bool source_shows(u64 number, u64 flags)
{
	for (int looks = 0; looks < 10000; looks++) {
		if ((get_source(number) & flags) == flags)
			return true;
		usleep(1000);
	}
	return false;
}

static void say_source(const char *text, u64 number)
{
	say("%s: source %011llx", text, get_source(number));
}

/* What an eventfd causes isn't done when write() returns: time for it. */
static void settle(void)
{
	usleep(50000);
}

static void say_settled(const char *text, u64 number)
{
	settle();
	say_source(text, number);
}

static void lower(u32 number)
{
	struct kvm_irq_level l = {.irq = number};

	if (client_ioctl(m.vm, KVM_IRQ_LINE, &l))
		die("KVM_IRQ_LINE");
}

static void call(const char *text, unsigned results, u64 nr, u64 a)
{
	struct hcall h;

	HCALL(&v, &h, nr, a);
	say_hcall(text, &h, h.r[3] ? 0 : results);
}

/* Takes what is there and ends it, until nothing is. */
static void drain(u32 cppr)
{
	struct hcall h;

	for (int i = 0; i < 4; i++) {
		u64 xirr;

		HCALL(&v, &h, H_XIRR);
		xirr = h.r[4];
		say("    H_XIRR %08llx", xirr);
		if (!(xirr & 0xffffff))
			return;
		HCALL(&v, &h, H_EOI, (u64)cppr << 24 | (xirr & 0xffffff));
	}
}

static void irqfd_arguments(void)
{
	static const u32 gsis[] = {0, 2, 15, 16, EDGE, 0xfffff, 0x100000, ~0u};
	int fd = new_eventfd(), other = new_eventfd(), twin = dup(fd), ends[2];

	topic("KVM_IRQFD: arguments");
	if (pipe(ends))
		die("pipe");
	TRY_AS("at NULL", m.vm, KVM_IRQFD, 0);
	for (u32 bit = 2; bit < 32; bit += 3)
		say("flag 0x%x = %s", 1u << bit, errno_name(irqfd(fd, EDGE, 1u << bit, 0)));
	say_error("deassign, unknown flags", irqfd(fd, EDGE, OFF | 4, 0));
	for (size_t i = 0; i < ARRAY_SIZE(gsis); i++) {
		say("number 0x%x", gsis[i]);
		say_error("    assign", irqfd(fd, gsis[i], 0, 0));
		say_error("    deassign", irqfd(fd, gsis[i], OFF, 0));
		say_error("    assign, resampling", irqfd(fd, gsis[i], RESAMPLE, other));
		say_error("    deassign", irqfd(fd, gsis[i], OFF, 0));
	}
	say_error("descriptor -1", irqfd(-1, EDGE, 0, 0));
	say_error("a pipe", irqfd(ends[0], EDGE, 0, 0));
	say_error("the VM", irqfd(m.vm, EDGE, 0, 0));
	say_error("resampling, descriptor -1", irqfd(fd, EDGE, RESAMPLE, -1));
	say_error("resampling, a pipe", irqfd(fd, EDGE, RESAMPLE, ends[0]));
	say_error("resampling by itself", irqfd(fd, EDGE, RESAMPLE, fd));
	say_error("    deassign", irqfd(fd, EDGE, OFF | RESAMPLE, -1));
	say_error("deassign what isn't", irqfd(fd, EDGE, OFF, 0));
	say_error("deassign, descriptor -1", irqfd(-1, EDGE, OFF, 0));
	say_error("deassign, a pipe", irqfd(ends[0], EDGE, OFF, 0));
	say_error("assign", irqfd(fd, EDGE, 0, 0));
	say_error("again", irqfd(fd, EDGE, 0, 0));
	say_error("another source", irqfd(fd, LEVEL, 0, 0));
	say_error("by another number", irqfd(twin, LEVEL, 0, 0));
	say_error("resampling", irqfd(fd, EDGE, RESAMPLE, other));
	say_error("another eventfd, same source", irqfd(other, EDGE, 0, 0));
	say_error("    deassign", irqfd(other, EDGE, OFF, 0));
	say_error("deassign, another source", irqfd(fd, LEVEL, OFF, 0));
	say_error("assigned still", irqfd(fd, EDGE, 0, 0));
	say_error("deassign by another number", irqfd(twin, EDGE, OFF, 0));
	say_error("assign", irqfd(fd, EDGE, 0, 0));
	close(ends[0]);
	close(ends[1]);
	close(fd);
	say_error("one number closed, assigned still", irqfd(twin, EDGE, 0, 0));
	close(twin);
	fd = new_eventfd();
	say_error("closed, a new one", irqfd(fd, EDGE, 0, 0));
	say_error("    deassign", irqfd(fd, EDGE, OFF, 0));
	close(fd);
	close(other);
}

static void edges(void)
{
	int fd = new_eventfd(), other = new_eventfd();
	struct hcall h;

	topic("KVM_IRQFD: an edge");
	set_source(EDGE, 5ull << 32);
	HCALL(&v, &h, H_CPPR, 0xff);
	must(irqfd(fd, EDGE, 0, 0), "KVM_IRQFD");
	say_settled("assigned", EDGE);
	write_to(fd, 1);
	say("presented: %d", source_shows(EDGE, KVM_XICS_PRESENTED));
	write_to(fd, 1);
	say("queued: %d", source_shows(EDGE, KVM_XICS_QUEUED));
	write_to(fd, 7);
	settle();
	drain(0xff);
	say_settled("ended", EDGE);
	say("the eventfd's count: %llu", told(fd));
	must(irqfd(fd, EDGE, OFF, 0), "KVM_IRQFD");
	write_to(fd, 1);
	say_settled("deassigned, written", EDGE);
	say("the eventfd's count: %llu", told(fd));
	must(irqfd(fd, EDGE, 0, 0), "KVM_IRQFD");
	write_to(fd, 1);
	say("presented: %d", source_shows(EDGE, KVM_XICS_PRESENTED));
	must(irqfd(fd, EDGE, OFF, 0), "KVM_IRQFD");
	say("the eventfd's count after deassigning: %llu", told(fd));
	drain(0xff);
	write_to(fd, 3);
	must(irqfd(fd, EDGE, 0, 0), "KVM_IRQFD");
	say("written before it was assigned, presented: %d",
	    source_shows(EDGE, KVM_XICS_PRESENTED));
	drain(0xff);
	must(irqfd(other, EDGE, 0, 0), "KVM_IRQFD");
	write_to(other, 1);
	say("another one of the same source, presented: %d",
	    source_shows(EDGE, KVM_XICS_PRESENTED));
	drain(0xff);
	must(irqfd(fd, EDGE, OFF, 0), "KVM_IRQFD");
	must(irqfd(other, EDGE, OFF, 0), "KVM_IRQFD");
	topic("KVM_IRQFD: a level source without resampling");
	set_source(LEVEL, 5ull << 32 | KVM_XICS_LEVEL_SENSITIVE);
	must(irqfd(fd, LEVEL, 0, 0), "KVM_IRQFD");
	write_to(fd, 1);
	say_settled("written", LEVEL);
	drain(0xff);
	lower(LEVEL);
	drain(0xff);
	must(irqfd(fd, LEVEL, OFF, 0), "KVM_IRQFD");
	topic("KVM_IRQFD: a source that isn't");
	must(irqfd(fd, 0x9999, 0, 0), "KVM_IRQFD");
	write_to(fd, 1);
	settle();
	drain(0xff);
	must(irqfd(fd, 0x9999, OFF, 0), "KVM_IRQFD");
	close(fd);
	close(other);
}

static void resampling(void)
{
	int fd = new_eventfd(), again = new_eventfd(), fd2 = new_eventfd(), again2 = new_eventfd();

	topic("KVM_IRQFD: a level, resampled");
	set_source(LEVEL, 5ull << 32 | KVM_XICS_LEVEL_SENSITIVE);
	must(irqfd(fd, LEVEL, RESAMPLE, again), "KVM_IRQFD");
	say_settled("assigned", LEVEL);
	write_to(fd, 1);
	say("presented: %d", source_shows(LEVEL, KVM_XICS_PRESENTED));
	say("resample told %llu", told(again));
	call("H_XIRR", 1, H_XIRR, 0);
	say_settled("taken", LEVEL);
	say("resample told %llu", told(again));
	call("H_EOI", 0, H_EOI, 0xff000000 | LEVEL);
	say("resample told %llu", told(again));
	say_source("ended", LEVEL);
	drain(0xff);
	say("resample told %llu", told(again));
	say_source("ended", LEVEL);
	topic("KVM_IRQFD: two that are resampled together");
	must(irqfd(fd2, LEVEL, RESAMPLE, again2), "KVM_IRQFD");
	write_to(fd, 1);
	say("presented: %d", source_shows(LEVEL, KVM_XICS_PRESENTED));
	call("H_XIRR", 1, H_XIRR, 0);
	call("H_EOI", 0, H_EOI, 0xff000000 | LEVEL);
	say("resample told %llu, the other %llu", told(again), told(again2));
	drain(0xff);
	say("resample told %llu, the other %llu", told(again), told(again2));
	topic("KVM_IRQFD: one of them is closed while the line is up");
	write_to(fd, 1);
	say("presented: %d", source_shows(LEVEL, KVM_XICS_PRESENTED));
	close(fd);
	say_settled("closed", LEVEL);
	call("H_XIRR", 1, H_XIRR, 0);
	call("H_EOI", 0, H_EOI, 0xff000000 | LEVEL);
	say("resample told %llu, the other %llu", told(again), told(again2));
	drain(0xff);
	say("resample told %llu, the other %llu", told(again), told(again2));
	topic("KVM_IRQFD: the last one is closed while the line is up");
	write_to(fd2, 1);
	say("presented: %d", source_shows(LEVEL, KVM_XICS_PRESENTED));
	close(fd2);
	say_settled("closed", LEVEL);
	drain(0xff);
	say("resample told %llu, the other %llu", told(again), told(again2));
	say_settled("ended", LEVEL);
	topic("KVM_IRQFD: the last one is deassigned while the line is up");
	fd = new_eventfd();
	set_source(LEVEL, 5ull << 32 | KVM_XICS_LEVEL_SENSITIVE);
	must(irqfd(fd, LEVEL, RESAMPLE, again), "KVM_IRQFD");
	write_to(fd, 1);
	say("presented: %d", source_shows(LEVEL, KVM_XICS_PRESENTED));
	must(irqfd(fd, LEVEL, OFF, 0), "KVM_IRQFD");
	say_source("deassigned", LEVEL);
	drain(0xff);
	say("resample told %llu", told(again));
	topic("KVM_IRQFD: an edge, resampled");
	set_source(EDGE, 5ull << 32);
	must(irqfd(fd, EDGE, RESAMPLE, again), "KVM_IRQFD");
	write_to(fd, 1);
	say("presented: %d", source_shows(EDGE, KVM_XICS_PRESENTED));
	drain(0xff);
	say("resample told %llu", told(again));
	say_source("ended", EDGE);
	topic("KVM_IRQFD: H_EOI of what wasn't raised");
	call("H_EOI", 0, H_EOI, 0xff000000 | EDGE);
	say("resample told %llu", told(again));
	must(irqfd(fd, EDGE, OFF, 0), "KVM_IRQFD");
	close(fd);
	close(again);
	close(again2);
}

/* A vcpu that sleeps with interrupts enabled is waked by one. */
static void interrupts(void)
{
	int fd = new_eventfd();
	struct kvm_regs r;
	struct runner s;

	topic("An interrupt for a vcpu that sleeps");
	set_source(EDGE, 5ull << 32 | 8);
	must(irqfd(fd, EDGE, 0, 0), "KVM_IRQFD");
	quiet_decrementer(&w);
	get_regs(&w, &r);
	r.gpr[3] = H_CPPR;
	r.gpr[4] = 0xff;
	r.pc = GUEST_HCALL;
	r.msr = GUEST_MSR;
	set_regs(&w, &r);
	if (client_ioctl(w.fd, KVM_RUN, 0ul))
		die("H_CPPR");
	finish_exit(&w);
	get_regs(&w, &r);
	r.gpr[3] = H_CEDE;
	r.pc = GUEST_HCALL;
	r.msr = GUEST_MSR;
	set_regs(&w, &r);
	runner_start(&s, &w);
	runner_asleep(&s);
	write_to(fd, 1);
	pthread_join(s.thread, NULL);
	get_regs(&w, &r);
	say("result %d, exit %u, vector 0x%llx", s.result, w.run->exit_reason, r.gpr[21]);
	finish_exit(&w);
	must(irqfd(fd, EDGE, OFF, 0), "KVM_IRQFD");
	close(fd);
}

/* What else speaks of interrupts: a XICS has no routes. */
static void routing(void)
{
	u64 none[4] = {0};

	topic("Routes and messages");
	TRY_AS("KVM_SET_GSI_ROUTING", m.vm, _IOW(KVMIO, 0x6a, u64), none);
	TRY_AS("KVM_SIGNAL_MSI", m.vm, _IOW(KVMIO, 0xa5, u64[4]), none);
	TRY_AS("KVM_REGISTER_COALESCED_MMIO", m.vm, _IOW(KVMIO, 0x67, u64[2]), none);
}

static void controller_closed(void)
{
	int fd = new_eventfd(), other = new_eventfd();

	topic("The controller is closed");
	set_source(EDGE, 5ull << 32);
	must(irqfd(fd, EDGE, 0, 0), "KVM_IRQFD");
	client_close(xics);
	write_to(fd, 1);
	settle();
	say_error("assign", irqfd(other, EDGE, 0, 0));
	say_error("assigned still", irqfd(fd, EDGE, 0, 0));
	say_error("deassign", irqfd(fd, EDGE, OFF, 0));
	close(fd);
	close(other);
}

/* The VM's descriptor is closed while others of it are open: nobody is interrupted any more. */
static void vm_closed(void)
{
	int fd = new_eventfd();

	topic("The VM's descriptor is closed, a vcpu's isn't");
	connect();
	set_source(EDGE, 5ull << 32);
	call("H_CPPR", 0, H_CPPR, 0xff);
	must(irqfd(fd, EDGE, 0, 0), "KVM_IRQFD");
	client_close(m.vm);
	write_to(fd, 1);
	say_settled("written", EDGE);
	drain(0xff);
	client_close(xics);
	close(fd);
}

int main(void)
{
	machine_new(&m, MIB, 18);
	vcpu_new(&v, &m, 0);
	vcpu_new(&w, &m, 8);
	without_controller();
	connect();
	quiet_decrementer(&v);
	irqfd_arguments();
	quiet_decrementer(&v);
	edges();
	quiet_decrementer(&v);
	resampling();
	interrupts();
	routing();
	controller_closed();
	vm_closed();
	vcpu_free(&v);
	vcpu_free(&w);
	client_close(m.kvm);
	slot_memory_free(m.memory, m.bytes);
	return 0;
}
