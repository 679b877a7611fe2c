/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interrupt controller in the hypervisor: its hypercalls, sources raised by the client, RTAS
 * calls handled in KVM, and how an interrupt reaches the guest.
 */
#include "machine.h"
#include "papr.h"

#define SOURCE 0x1001
#define ARGS   0x80000ull /* RTAS arguments */

static struct machine m;
static struct vcpu v, w; /* servers 0 and 8 */
static int xics;

static void call(const char *text, unsigned results, u64 nr, u64 a, u64 b, u64 c)
{
	struct hcall h;

	HCALL(&v, &h, nr, a, b, c);
	/* Of XIRR only the register itself: XIRR-X's time stamp follows. */
	say_hcall(text, &h, h.r[3] ? 0 : results);
}

static void say_icp(const char *text)
{
	say("%s: server 0 %016llx, server 8 %016llx", text, get_one(&v, KVM_REG_PPC_ICP_STATE),
	    get_one(&w, KVM_REG_PPC_ICP_STATE));
}

static void set_source(u64 value)
{
	struct kvm_device_attr a = {
	    .group = KVM_DEV_XICS_GRP_SOURCES, .attr = SOURCE, .addr = (uintptr_t)&value};

	if (client_ioctl(xics, KVM_SET_DEVICE_ATTR, &a))
		die("setting the source");
}

static void say_source(const char *text)
{
	u64 value = 0;
	struct kvm_device_attr a = {
	    .group = KVM_DEV_XICS_GRP_SOURCES, .attr = SOURCE, .addr = (uintptr_t)&value};

	if (client_ioctl(xics, KVM_GET_DEVICE_ATTR, &a))
		die("reading the source");
	say("%s: source %011llx", text, value);
}

static void line(u32 level)
{
	struct kvm_irq_level l = {.irq = SOURCE, .level = level};

	if (client_ioctl(m.vm, KVM_IRQ_LINE, &l))
		die("KVM_IRQ_LINE");
}

/* Runs with interrupts enabled and tells which came. */
static void enabled(const char *text)
{
	v.msr = GUEST_MSR | MSR_EE;
	store32(m.memory + GUEST_INSN_AT, 0x60000000);
	say("%s: vector 0x%x", text, guest_run(&v, GUEST_INSN));
	finish_exit(&v);
	v.msr = GUEST_MSR;
}

static void without(void)
{
	topic("Without a controller the hypercalls leave to the client");
	call("H_XIRR", 0, H_XIRR, 0, 0, 0);
	call("H_CPPR", 0, H_CPPR, 0xff, 0, 0);
	call("H_EOI", 0, H_EOI, 0, 0, 0);
	call("H_IPI", 0, H_IPI, 0, 4, 0);
	call("H_IPOLL", 0, H_IPOLL, 0, 0, 0);
	call("H_XIRR_X", 0, H_XIRR_X, 0, 0, 0);
}

static void ipis(void)
{
	topic("Inter-processor interrupts");
	call("H_XIRR, nothing there", 1, H_XIRR, 0, 0, 0);
	call("H_CPPR ff", 0, H_CPPR, 0xff, 0, 0);
	call("H_XIRR, nothing there", 1, H_XIRR, 0, 0, 0);
	call("H_IPI to oneself, priority 4", 0, H_IPI, 0, 4, 0);
	say_icp("    ");
	enabled("    enabled");
	call("H_IPOLL", 2, H_IPOLL, 0, 0, 0);
	call("H_XIRR", 1, H_XIRR, 0, 0, 0);
	say_icp("    ");
	call("H_XIRR again", 1, H_XIRR, 0, 0, 0);
	call("H_IPI off", 0, H_IPI, 0, 0xff, 0);
	call("H_EOI", 0, H_EOI, 0xff000002, 0, 0);
	say_icp("    ");
	call("H_XIRR after it", 1, H_XIRR, 0, 0, 0);
	call("H_IPI to server 8", 0, H_IPI, 8, 5, 0);
	say_icp("    ");
	call("H_IPOLL of server 8", 2, H_IPOLL, 8, 0, 0);
	call("H_IPI to no server", 0, H_IPI, 5, 5, 0);
	call("H_IPOLL of no server", 0, H_IPOLL, 5, 0, 0);
	call("H_IPI, priority above 8 bits", 0, H_IPI, 8, 0x1ff, 0);
	say_icp("    ");
	call("H_IPI at the processor's priority", 0, H_IPI, 0, 0xff, 0);
	call("H_CPPR 4", 0, H_CPPR, 4, 0, 0);
	call("H_IPI 4 with CPPR 4", 0, H_IPI, 0, 4, 0);
	call("H_XIRR", 1, H_XIRR, 0, 0, 0);
	call("H_IPI 3 with CPPR 4", 0, H_IPI, 0, 3, 0);
	call("H_XIRR_X", 1, H_XIRR_X, 0, 0, 0);
	say_icp("    ");
	call("H_IPI off", 0, H_IPI, 0, 0xff, 0);
	call("H_EOI", 0, H_EOI, 0x04000002, 0, 0);
	call("H_CPPR, bits above 8", 0, H_CPPR, 0x1ff, 0, 0);
	say_icp("    ");
	call("H_EOI of a source that isn't", 0, H_EOI, 0xff123456, 0, 0);
	say_icp("    ");
}

static void edges(void)
{
	topic("An edge source");
	set_source(5ull << 32);
	line(1);
	say_source("    raised");
	say_icp("    ");
	enabled("    enabled");
	call("H_XIRR", 1, H_XIRR, 0, 0, 0);
	say_source("    taken");
	line(1);
	say_source("    raised again");
	call("H_XIRR", 1, H_XIRR, 0, 0, 0);
	call("H_EOI", 0, H_EOI, 0xff000000 | SOURCE, 0, 0);
	say_source("    after H_EOI");
	call("H_XIRR", 1, H_XIRR, 0, 0, 0);
	call("H_EOI", 0, H_EOI, 0xff000000 | SOURCE, 0, 0);
	say_source("    after H_EOI");
	call("H_XIRR", 1, H_XIRR, 0, 0, 0);
	line(0);
	say_source("    lowered");
	topic("One of lower urgency waits");
	call("H_CPPR 5", 0, H_CPPR, 5, 0, 0);
	line(1);
	say_source("    raised");
	say_icp("    ");
	call("H_XIRR", 1, H_XIRR, 0, 0, 0);
	call("H_CPPR 6", 0, H_CPPR, 6, 0, 0);
	say_icp("    ");
	call("H_XIRR", 1, H_XIRR, 0, 0, 0);
	call("H_IPI 2 meanwhile", 0, H_IPI, 0, 2, 0);
	say_icp("    ");
	call("H_XIRR", 1, H_XIRR, 0, 0, 0);
	call("H_IPI off", 0, H_IPI, 0, 0xff, 0);
	call("H_EOI of the IPI", 0, H_EOI, 0x05000002, 0, 0);
	call("H_EOI of the source", 0, H_EOI, 0xff000000 | SOURCE, 0, 0);
	say_icp("    ");
	topic("One that is presented is pushed back by a more urgent one");
	line(1);
	say_icp("    ");
	call("H_IPI 2", 0, H_IPI, 0, 2, 0);
	say_icp("    ");
	say_source("    ");
	call("H_XIRR", 1, H_XIRR, 0, 0, 0);
	call("H_IPI off", 0, H_IPI, 0, 0xff, 0);
	call("H_EOI", 0, H_EOI, 0xff000002, 0, 0);
	say_icp("    ");
	call("H_XIRR", 1, H_XIRR, 0, 0, 0);
	call("H_EOI", 0, H_EOI, 0xff000000 | SOURCE, 0, 0);
	topic("Masked");
	set_source(5ull << 32 | KVM_XICS_MASKED);
	line(1);
	say_source("    raised");
	say_icp("    ");
	call("H_XIRR", 1, H_XIRR, 0, 0, 0);
}

static void levels(void)
{
	topic("A level source");
	set_source(5ull << 32 | KVM_XICS_LEVEL_SENSITIVE);
	line(1);
	say_source("    raised");
	call("H_XIRR", 1, H_XIRR, 0, 0, 0);
	say_source("    taken");
	call("H_EOI, still raised", 0, H_EOI, 0xff000000 | SOURCE, 0, 0);
	say_source("    ");
	call("H_XIRR", 1, H_XIRR, 0, 0, 0);
	line(0);
	call("H_EOI, lowered", 0, H_EOI, 0xff000000 | SOURCE, 0, 0);
	say_source("    ");
	call("H_XIRR", 1, H_XIRR, 0, 0, 0);
	line(1);
	line(0);
	say_source("    raised and lowered");
	call("H_XIRR", 1, H_XIRR, 0, 0, 0);
	call("H_EOI", 0, H_EOI, 0xff000000 | SOURCE, 0, 0);
}

/* Arguments in guest memory: token, nargs, nret, args, results; big-endian words. */
static void rtas(const char *text, u32 token, u32 nargs, u32 nret, u32 a, u32 b, u32 c,
		 unsigned results)
{
	u8 *args = m.memory + ARGS;
	struct hcall h;

	memset(args, 0xee, 64);
	store32(args, token);
	store32(args + 4, nargs);
	store32(args + 8, nret);
	store32(args + 12, a);
	store32(args + 16, b);
	store32(args + 20, c);
	HCALL(&v, &h, H_RTAS, ARGS);
	say_hcall(text, &h, 0);
	if (!h.r[3])
		say_bytes("    results", args + 12 + 4 * nargs, 4 * results);
}

static void rtas_calls(void)
{
	static const char *const names[] = {"ibm,set-xive", "ibm,get-xive", "ibm,int-off",
					    "ibm,int-on"};

	topic("RTAS calls");
	rtas("not defined", 0x2001, 3, 1, SOURCE, 0, 5, 1);
	for (u32 i = 0; i < ARRAY_SIZE(names); i++) {
		struct kvm_rtas_token_args token = {.token = 0x2001 + i};

		strcpy(token.name, names[i]);
		if (client_ioctl(m.vm, KVM_PPC_RTAS_DEFINE_TOKEN, &token))
			die("%s", names[i]);
	}
	rtas("set-xive to server 8, priority 3", 0x2001, 3, 1, SOURCE, 8, 3, 1);
	say_source("    ");
	rtas("get-xive", 0x2002, 1, 3, SOURCE, 0, 0, 3);
	rtas("set-xive to no server", 0x2001, 3, 1, SOURCE, 5, 3, 1);
	rtas("set-xive of no source", 0x2001, 3, 1, 0x9999, 0, 3, 1);
	rtas("set-xive, wrong count of arguments", 0x2001, 2, 1, SOURCE, 0, 3, 1);
	rtas("set-xive, wrong count of results", 0x2001, 3, 2, SOURCE, 0, 3, 1);
	rtas("int-off", 0x2003, 1, 1, SOURCE, 0, 0, 1);
	say_source("    ");
	rtas("int-off again", 0x2003, 1, 1, SOURCE, 0, 0, 1);
	rtas("get-xive", 0x2002, 1, 3, SOURCE, 0, 0, 3);
	rtas("int-on", 0x2004, 1, 1, SOURCE, 0, 0, 1);
	say_source("    ");
	rtas("int-off of no source", 0x2003, 1, 1, 0x9999, 0, 0, 1);
	rtas("set-xive, priority ff", 0x2001, 3, 1, SOURCE, 8, 0xff, 1);
	say_source("    ");
	rtas("int-on", 0x2004, 1, 1, SOURCE, 0, 0, 1);
	say_source("    ");
	rtas("a token of nobody", 0x3000, 1, 1, SOURCE, 0, 0, 1);
}

int main(void)
{
	machine_new(&m, 16 * MIB, 18);
	vcpu_new(&v, &m, 0);
	vcpu_new(&w, &m, 8);
	without();
	xics = xics_new(&m);
	xics_connect(xics, &v, 0);
	xics_connect(xics, &w, 8);
	/* No timer may be among the interrupts. */
	quiet_decrementer(&v);
	ipis();
	quiet_decrementer(&v);
	edges();
	levels();
	rtas_calls();
	client_close(xics);
	vcpu_free(&v);
	vcpu_free(&w);
	machine_free(&m);
	return 0;
}
