/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine as gdb's target, on a KVM that runs nothing: who runs and who stands still, stops of
 * several at once, beside pauses and migrations; and the way from effective addresses to memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_machine.h"
#include "gdb/guest.h"
#include "gdb/translate.h"
#include "hpt/hpt.h"
#include "platform/debug.h"
#include "platform/dirtylog.h"
#include "platform/events.h"

#define VCPUS 3
#define BREAK 0xc000000000001000ull
#define DATA  0x2000ull

#define MSR_SF (1ull << 63)
#define MSR_DR 0x10ull
#define MSR_LE 0x01ull

static const unsigned char all_go[VCPUS] = {GDB_GO, GDB_GO, GDB_GO};

static struct {
	struct machine *m;
	struct gdb_guest g;
	unsigned count[VCPUS]; /* exits of each vcpu */
	u32 exit_with[VCPUS];  /* KVMPPC_DEBUG_..., once, | ARMED */
	u64 exit_address;
} f;

#define ARMED (1u << 31)

static bool guest(void *opaque, unsigned id, struct kvm_run *run)
{
	unsigned i = id / FAKE_SMT;
	u32 status = __atomic_exchange_n(&f.exit_with[i], 0, __ATOMIC_SEQ_CST);

	__atomic_add_fetch(&f.count[i], 1, __ATOMIC_SEQ_CST);
	if (!status)
		return false;
	run->exit_reason = KVM_EXIT_DEBUG;
	run->debug.arch.status = status & ~ARMED;
	run->debug.arch.address = f.exit_address;
	return true;
}

static void start(bool threads)
{
	struct machine_config cfg = fake_config(VCPUS);
	struct error err;

	memset(&f, 0, sizeof(f));
	f.m = fake_machine_new(&cfg, guest, NULL);
	fake_machine_boot(f.m);
	if (threads)
		fake_machine_start(f.m);
	assert_int_equal(gdb_guest_attach(&f.g, f.m, &err), 0);
}

static int setup(void **state)
{
	start(true);
	return 0;
}

static int setup_still(void **state)
{
	start(false);
	return 0;
}

static int teardown(void **state)
{
	gdb_guest_detach(&f.g);
	machine_free(f.m);
	return 0;
}

static unsigned count(unsigned i)
{
	return __atomic_load_n(&f.count[i], __ATOMIC_SEQ_CST);
}

/* Each runs, or doesn't, as @runs says. */
static void expect_running(const unsigned char *runs)
{
	unsigned before[VCPUS];

	for (unsigned i = 0; i < VCPUS; i++)
		before[i] = count(i);
	for (unsigned i = 0; i < VCPUS; i++)
		while (runs[i] && count(i) == before[i])
			usleep(100);
	usleep(2000);
	for (unsigned i = 0; i < VCPUS; i++)
		assert_int_equal(count(i) != before[i], runs[i] != GDB_STAY);
}

static void expect_none_running(void)
{
	expect_running((unsigned char[VCPUS]){0});
}

/* The vcpu meets something; returns when the machine stands still for it. */
static void meet(unsigned i, u32 status, u64 address)
{
	f.exit_address = address;
	__atomic_store_n(&f.exit_with[i], ARMED | status, __ATOMIC_SEQ_CST);
	while (!machine_debug_holds(f.m))
		usleep(100);
	machine_debug_halt(f.m);
}

static bool next(struct gdb_stop *stop)
{
	return f.g.target.next_stop(&f.g, stop);
}

static int go(const unsigned char *runs)
{
	return f.g.target.run(&f.g, runs);
}

/* ---- Who runs ---- */

static void single_vcpus(void **state)
{
	static const unsigned char one[VCPUS] = {GDB_STAY, GDB_GO, GDB_STAY};

	expect_none_running();
	assert_string_equal(machine_status(f.m), "debug");
	go(all_go);
	expect_running(all_go);
	assert_string_equal(machine_status(f.m), "running");
	f.g.target.interrupt(&f.g);
	expect_none_running();
	go(one);
	expect_running(one);
}

static void one_debugger(void **state)
{
	struct gdb_guest other;
	struct error err;

	assert_int_equal(gdb_guest_attach(&other, f.m, &err), -1);
	assert_non_null(strstr(err.text, "another debugger"));
}

static void stops_have_reasons(void **state)
{
	struct gdb_stop stop;

	guest_set_point(&f.g, GDB_SOFT_BREAK, BREAK, 4);
	guest_set_point(&f.g, GDB_WATCH_ACCESS, DATA + 12, 2);
	go(all_go);
	meet(1, KVMPPC_DEBUG_BREAKPOINT, BREAK);
	expect_none_running();
	assert_true(next(&stop));
	assert_true(stop.thread == 1 && stop.why == GDB_MET && stop.kind == GDB_SOFT_BREAK);
	assert_false(next(&stop));
	go(all_go);
	meet(2, KVMPPC_DEBUG_WATCH_READ, DATA + 8);
	assert_true(next(&stop));
	assert_true(stop.thread == 2 && stop.kind == GDB_WATCH_ACCESS);
	assert_int_equal(stop.address, DATA + 12); /* what gdb watches, not the doubleword */
	go((unsigned char[]){GDB_STEP, GDB_STAY, GDB_STAY});
	meet(0, KVMPPC_DEBUG_NONE, BREAK + 4);
	assert_true(next(&stop));
	assert_true(stop.thread == 0 && stop.why == GDB_TRAPPED);
}

/* Two stop at once: one is told now, the other when it would go on. */
static void stops_at_once(void **state)
{
	struct gdb_stop stop;

	guest_set_point(&f.g, GDB_HARD_BREAK, BREAK, 4);
	go(all_go);
	f.exit_address = BREAK;
	f.m->vcpus[2].debug_stop = (struct debug_stop){DEBUG_BREAK, BREAK};
	meet(1, KVMPPC_DEBUG_BREAKPOINT, BREAK);
	assert_true(next(&stop));
	assert_int_equal(stop.thread, 1);
	/* Now without the second: nobody hears of it, and it isn't lost. */
	go((unsigned char[]){GDB_GO, GDB_STAY, GDB_STAY});
	f.g.target.interrupt(&f.g);
	assert_false(next(&stop));
	go(all_go);
	expect_none_running();
	assert_true(next(&stop));
	assert_int_equal(stop.thread, 2);
	go(all_go);
	expect_running(all_go);
}

/* What nobody wants to know any more is passed over. */
static void a_point_that_went(void **state)
{
	struct gdb_stop stop;

	guest_set_point(&f.g, GDB_HARD_BREAK, BREAK, 4);
	go(all_go);
	meet(1, KVMPPC_DEBUG_BREAKPOINT, BREAK);
	guest_clear_point(&f.g, GDB_HARD_BREAK, BREAK, 4);
	go(all_go);
	expect_running(all_go);
	f.g.target.interrupt(&f.g);
	assert_false(next(&stop));
}

/* ---- Points ---- */

static void points_of_kvm(void **state)
{
	const struct kvm_guest_debug *d = fake_guest_debug(FAKE_SMT);

	assert_int_equal(guest_set_point(&f.g, GDB_SOFT_BREAK, BREAK, 4), 0);
	assert_int_equal(guest_set_point(&f.g, GDB_SOFT_BREAK, BREAK, 4), 0);
	assert_int_equal(guest_set_point(&f.g, GDB_WATCH_WRITE, DATA + 7, 2), 0);
	go((unsigned char[]){GDB_GO, GDB_STEP, GDB_GO});
	assert_int_equal(d->control,
			 KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP | KVM_GUESTDBG_SINGLESTEP);
	assert_true(d->arch.bp[0].addr == BREAK && d->arch.bp[0].type == KVMPPC_DEBUG_BREAKPOINT);
	assert_true(d->arch.bp[1].addr == DATA && d->arch.bp[2].addr == DATA + 8);
	assert_int_equal(d->arch.bp[2].type, KVMPPC_DEBUG_WATCH_WRITE);
	assert_int_equal(d->arch.bp[3].type, KVMPPC_DEBUG_NONE);
	gdb_guest_detach(&f.g);
	assert_int_equal(d->control, 0);
	expect_running(all_go);
	machine_free(f.m);
	start(true);
}

static void too_many_points(void **state)
{
	assert_int_equal(guest_set_point(&f.g, GDB_WATCH_WRITE, DATA, 8 * FAKE_POINTS), 0);
	assert_int_equal(guest_set_point(&f.g, GDB_SOFT_BREAK, BREAK, 4), -1);
	guest_clear_point(&f.g, GDB_WATCH_WRITE, DATA, 8 * FAKE_POINTS);
	assert_int_equal(guest_set_point(&f.g, GDB_WATCH_WRITE, DATA + 1, 8 * FAKE_POINTS), -1);
	assert_int_equal(guest_set_point(&f.g, GDB_WATCH_WRITE, DATA, ~0ull), -1);
	assert_int_equal(guest_set_point(&f.g, GDB_WATCH_WRITE, DATA, 0), -1);
	assert_int_equal(guest_set_point(&f.g, GDB_WATCH_WRITE, ~0ull, 2), -1);
	for (unsigned i = 0; i < FAKE_POINTS; i++)
		assert_int_equal(guest_set_point(&f.g, GDB_HARD_BREAK, BREAK + 4 * i, 4), 0);
	assert_int_equal(guest_set_point(&f.g, GDB_HARD_BREAK, BREAK + 0x100, 4), -1);
}

/* Breakpoints besides, which leave the points to watchpoints. */
static void many_breakpoints(void **state)
{
	struct gdb_stop stop;
	struct error err;
	const u64 *breaks;
	u64 n;

	gdb_guest_detach(&f.g);
	fake_has_breakpoints();
	assert_int_equal(gdb_guest_attach(&f.g, f.m, &err), 0);
	assert_int_equal(guest_set_point(&f.g, GDB_WATCH_WRITE, DATA, 8 * FAKE_POINTS), 0);
	for (unsigned i = 0; i < FAKE_BREAKPOINTS; i++)
		assert_int_equal(guest_set_point(&f.g, i & 1, BREAK + 4 * i, 4), 0);
	assert_int_equal(guest_set_point(&f.g, GDB_HARD_BREAK, BREAK + 0x1000, 4), -1);
	go(all_go);
	breaks = fake_breakpoints(2 * FAKE_SMT, &n);
	assert_int_equal(n, FAKE_BREAKPOINTS);
	assert_true(breaks[39] == BREAK + 4 * 39);
	meet(1, KVMPPC_DEBUG_BREAKPOINT, BREAK + 4 * 39);
	assert_true(next(&stop));
	assert_int_equal(stop.kind, GDB_HARD_BREAK);
	gdb_guest_detach(&f.g);
	fake_breakpoints(2 * FAKE_SMT, &n);
	assert_int_equal(n, 0);
	assert_int_equal(gdb_guest_attach(&f.g, f.m, &err), 0);
}

/* ---- Beside others ---- */

static void pauses(void **state)
{
	machine_pause(f.m);
	assert_string_equal(machine_status(f.m), "paused");
	go(all_go);
	expect_none_running();
	machine_resume(f.m);
	expect_running(all_go);
	machine_pause(f.m);
	f.g.target.interrupt(&f.g);
	machine_resume(f.m);
	expect_none_running();
	machine_debug_wait_no_longer(f.m); /* there is a debugger */
	expect_none_running();
}

static void waiting(void **state)
{
	struct error err;

	gdb_guest_detach(&f.g);
	machine_debug_wait(f.m);
	machine_resume(f.m);
	expect_none_running();
	machine_debug_wait_no_longer(f.m);
	expect_running(all_go);
	assert_int_equal(gdb_guest_attach(&f.g, f.m, &err), 0);
}

/* Nothing changes of what was handed over, and it goes paused. */
static void moving(void **state)
{
	const unsigned pc = 32;
	struct error err;
	bool was_running;

	assert_int_equal(f.g.target.write_register(&f.g, 0, pc, (struct gdb_value){0, 8}), 0);
	machine_hold(f.m);
	assert_int_equal(f.g.target.write_register(&f.g, 0, pc, (struct gdb_value){0, 4}), -1);
	assert_int_equal(machine_hand_over(f.m, &was_running, &err), 0);
	assert_false(was_running);
	assert_int_equal(f.g.target.write_register(&f.g, 0, pc, (struct gdb_value){0, 4}), -1);
	assert_int_equal(f.g.target.write_memory(&f.g, 0, DATA, "x", 1), -1);
	assert_int_equal(guest_register(&f.g, 0, "pc"), 8);
	go(all_go);
	machine_let_go(f.m);
	machine_unhold(f.m);
	expect_none_running();
}

/* ---- Registers ---- */

static unsigned number(const char *name)
{
	for (unsigned i = 0; i < gdb_n_registers; i++)
		if (!strcmp(gdb_registers[i].name, name))
			return i;
	fail_msg("no register %s", name);
	return 0;
}

static void set_register(const char *name, u64 high, u64 low)
{
	assert_int_equal(
	    f.g.target.write_register(&f.g, 1, number(name), (struct gdb_value){high, low}), 0);
}

static void expect_register(const char *name, u64 high, u64 low)
{
	struct gdb_value v;

	assert_int_equal(f.g.target.read_register(&f.g, 1, number(name), &v), 0);
	assert_true(v.high == high && v.low == low);
}

static void registers(void **state)
{
	u64 wide[2] = {0};

	for (unsigned i = 0; i < gdb_n_registers; i++)
		set_register(gdb_registers[i].name, 0, i + 1);
	for (unsigned i = 0; i < gdb_n_registers; i++)
		expect_register(gdb_registers[i].name, 0, i + 1);
	set_register("vr31", 0x1122334455667788, 0x99aabbccddeeff00);
	expect_register("vr31", 0x1122334455667788, 0x99aabbccddeeff00);
	vcpu_get_reg(&f.m->vcpus[1], KVM_REG_PPC_VR(31), wide);
	assert_true(wide[BASE_HOST_LE] == 0x1122334455667788);
	/* The other half of a VSR is an FPR, and stays. */
	wide[0] = wide[1] = 7;
	vcpu_set_reg(&f.m->vcpus[1], KVM_REG_PPC_VSR(5), wide);
	set_register("vs5h", 0, 9);
	vcpu_get_reg(&f.m->vcpus[1], KVM_REG_PPC_VSR(5), wide);
	assert_true(wide[BASE_HOST_LE] == 7 && wide[!BASE_HOST_LE] == 9);
}

static void byte_orders(void **state)
{
	struct kvm_regs regs = {.msr = MSR_SF};
	struct error err;
	u64 lpcr = LPCR_ILE;

	assert_false(f.g.target.little);
	for (unsigned by_lpcr = 0; by_lpcr < 2; by_lpcr++) {
		gdb_guest_detach(&f.g);
		machine_pause(f.m);
		regs.msr = MSR_SF | (by_lpcr ? 0 : MSR_LE);
		f.m->accel->ioctl(f.m->vcpus[0].fd, KVM_SET_REGS, &regs);
		if (by_lpcr)
			vcpu_set_reg(&f.m->vcpus[0], KVM_REG_PPC_LPCR_64, &lpcr);
		assert_int_equal(gdb_guest_attach(&f.g, f.m, &err), 0);
		assert_true(f.g.target.little);
	}
}

/* ---- Memory ---- */

static void set_msr(u64 msr)
{
	struct kvm_regs regs = {.msr = msr};

	f.m->accel->ioctl(f.m->vcpus[0].fd, KVM_SET_REGS, &regs);
}

static void set_slb(u64 slbe, u64 slbv)
{
	struct kvm_sregs sregs;

	f.m->accel->ioctl(f.m->vcpus[0].fd, KVM_GET_SREGS, &sregs);
	sregs.u.s.ppc64.slb[3].slbe = slbe;
	sregs.u.s.ppc64.slb[3].slbv = slbv;
	assert_int_equal(f.m->accel->ioctl(f.m->vcpus[0].fd, KVM_SET_SREGS, &sregs), 0);
}

static u64 draw(unsigned *seed, unsigned bits)
{
	u64 n = (u64)rand_r(seed) << 33 ^ (u64)rand_r(seed) << 16 ^ rand_r(seed);

	return n & ((1ull << bits) - 1);
}

/* Makes an entry as the hash table's own room would, for a page of memory; its address. */
static u64 make_page(unsigned *seed, u64 *gpa)
{
	static const struct {
		unsigned base, actual;
		u64 llp, code;
	} sizes[] = {{12, 12, 0, 0}, {12, 16, 0, 7}, {16, 16, 0x110, 1}, {24, 24, 0x100, 0}};
	const unsigned which = draw(seed, 2), segment = draw(seed, 1) ? 40 : 28;
	u64 ea = 0xc000000000000000 | draw(seed, 44), entries, *table, group, at;
	u64 slbv = draw(seed, 30) << (segment == 40 ? 24 : 12) | sizes[which].llp | 0x480 |
		   (segment == 40 ? HPT_SLB_B_1T : 0);
	struct hpt_va va = hpt_va_of_ea(slbv, ea);
	unsigned shift = sizes[which].actual;
	bool second = draw(seed, 1);

	table = fake_htab(&entries);
	group = hpt_hash(va, sizes[which].base);
	group = (second ? ~group : group) & (entries / 8 - 1);
	at = group * 8 + draw(seed, 3);
	*gpa = draw(seed, 26) & ~((1ull << shift) - 1);
	table[2 * at] = hpt_avpn(va, sizes[which].base) |
			(sizes[which].code || shift > 12 ? HPT_V_LARGE : 0) |
			(second ? HPT_V_SECONDARY : 0) | HPT_V_VALID;
	table[2 * at + 1] = *gpa | sizes[which].code << 12 | 0x192;
	*gpa |= ea & ((1ull << shift) - 1);
	set_slb((ea & ~((1ull << segment) - 1)) | 0x08000000 | 3, slbv);
	return ea;
}

static void pages_of_all_sizes(void **state)
{
	unsigned seed = 1;
	u64 entries, gpa;

	set_msr(MSR_SF | MSR_DR);
	for (unsigned i = 0; i < 500; i++) {
		struct gdb_place place;
		u64 ea = make_page(&seed, &gpa);

		gdb_translate(&f.m->vcpus[0], ea, &place);
		assert_int_equal(place.missing, GDB_FOUND);
		assert_true(place.gpa == gpa);
		gdb_translate(&f.m->vcpus[0], ea ^ 1ull << 45, &place);
		assert_int_equal(place.missing, GDB_NO_SEGMENT);
		memset(fake_htab(&entries), 0, 1ull << f.m->htab_order);
		gdb_translate(&f.m->vcpus[0], ea, &place);
		assert_int_equal(place.missing, GDB_NO_ENTRY);
	}
}

static void memory_that_is_translated(void **state)
{
	unsigned seed = 2;
	char back[8] = "";
	u64 gpa, ea, entries;

	set_msr(MSR_SF | MSR_DR);
	do {
		memset(fake_htab(&entries), 0, 1ull << f.m->htab_order);
		ea = make_page(&seed, &gpa);
	} while ((ea & 0xfff) > 0xff0 || gpa >= f.m->mem.bytes);
	assert_int_equal(f.g.target.write_memory(&f.g, 0, ea, "papyr", 6), 0);
	assert_string_equal((char *)machine_ptr(f.m, gpa, 6), "papyr");
	assert_int_equal(f.g.target.read_memory(&f.g, 0, ea, back, 6), 6);
	assert_string_equal(back, "papyr");
	f.g.physical = true;
	assert_int_equal(f.g.target.read_memory(&f.g, 0, gpa + 2, back, 3), 3);
	assert_string_equal(back, "pyryr");
	assert_int_equal(f.g.target.read_memory(&f.g, 0, f.m->mem.bytes - 2, back, 8), 2);
	assert_int_equal(f.g.target.write_memory(&f.g, 0, f.m->mem.bytes - 2, back, 8), -1);
}

static void memory_in_real_mode(void **state)
{
	char back[8] = "";

	set_msr(MSR_SF);
	strcpy(machine_ptr(f.m, DATA, 8), "real");
	assert_int_equal(f.g.target.read_memory(&f.g, 0, 0xc000000000000000 | DATA, back, 5), 5);
	assert_string_equal(back, "real");
	assert_int_equal(f.g.target.read_memory(&f.g, 0, f.m->rma_bytes, back, 5), 0);
}

/* What is written is sent once more. */
static void writes_are_told(void **state)
{
	struct error err;

	assert_int_equal(machine_log_writes(f.m, true, &err), 0);
	f.g.physical = true;
	assert_int_equal(f.g.target.write_memory(&f.g, 0, 0x5ffe, "1234", 4), 0);
	assert_int_equal(f.m->written[0], 1ull << 5 | 1ull << 6);
}

/* ---- Commands ---- */

static void expect_said(const char *command, const char *word)
{
	static struct gdb_out out;

	out.len = 0;
	f.g.target.command(&f.g, 0, command, &out);
	if (!memmem(out.body, out.len, word, strlen(word)))
		fail_msg("monitor %s: %.*s", command, (int)out.len, out.body);
}

static void commands(void **state)
{
	unsigned seed = 3;
	char text[64];
	u64 gpa, ea;

	set_msr(MSR_SF | MSR_DR);
	ea = make_page(&seed, &gpa);
	snprintf(text, sizeof(text), "translate 0x%llx", (unsigned long long)ea);
	expect_said(text, "guest real 0x");
	expect_said("translate", "wants an address");
	expect_said("translate 12345678901234567890", "wants an address");
	expect_said("translate 0", "no segment");
	expect_said("info", "test: POWER8, 3 vcpus");
	expect_said("registers", "SLB 3");
	expect_said("physical on", "guest real ones now");
	expect_said("physical 1", "takes on or off");
	expect_said("byte-order little", "little-endian now");
	assert_true(f.g.target.little);
	expect_said("help", "monitor translate");
	expect_said("", "there is no 'monitor '");
	expect_said("information", "there is no 'monitor information'");
}

#define TEST(name)  cmocka_unit_test_setup_teardown(name, setup, teardown)
#define STILL(name) cmocka_unit_test_setup_teardown(name, setup_still, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(single_vcpus),
	    TEST(one_debugger),
	    TEST(stops_have_reasons),
	    TEST(stops_at_once),
	    TEST(a_point_that_went),
	    TEST(points_of_kvm),
	    STILL(too_many_points),
	    TEST(many_breakpoints),
	    TEST(pauses),
	    TEST(waiting),
	    TEST(moving),
	    STILL(registers),
	    STILL(byte_orders),
	    STILL(pages_of_all_sizes),
	    STILL(memory_that_is_translated),
	    STILL(memory_in_real_mode),
	    STILL(writes_are_told),
	    STILL(commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
