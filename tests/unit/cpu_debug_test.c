/* SPDX-License-Identifier: Apache-2.0 */
/* What a debugger asks of the processor, beyond what a client sees (tests/kvm/debug.c). */
#include "cpu_fixture.h"
#include "cpu/msr.h"

#define CODE 0x10000ull
#define DATA 0x20000ull

static struct {
	unsigned times;
	enum cpu_stop why;
	u64 ea;
} stop;

static void on_stop(struct cpu *cpu, enum cpu_stop why, u64 ea)
{
	stop.times++;
	stop.why = why;
	stop.ea = ea;
}

static struct cpu_host host;

/* A loop of r3 rounds that stores r5 to 0(r4), then a hypercall, which ends cpu_run(). */
static struct fixture *loop(u64 rounds)
{
	struct fixture *f = fixture_new();
	const u32 code[] = {
	    0x7c6903a6, /* mtctr r3 */
	    0x38a50001, /* addi r5,r5,1 */
	    0xf8a40000, /* std r5,0(r4) */
	    0x4200fff8, /* bdnz .-8 */
	    0x44000022, /* sc 1 */
	};

	host = *f->cpu.host;
	host.stopped = on_stop;
	f->cpu.host = &host;
	memset(&stop, 0, sizeof(stop));
	for (unsigned i = 0; i < ARRAY_SIZE(code); i++)
		put_insn(f, CODE + 4 * i, code[i]);
	cpu_set_msr(&f->cpu, MSR_SF | MSR_ME);
	f->cpu.nip = CODE;
	f->cpu.gpr[3] = rounds;
	f->cpu.gpr[4] = DATA;
	f->cpu.gpr[5] = 0;
	return f;
}

static void again(struct fixture *f, u64 rounds)
{
	f->cpu.nip = CODE;
	f->cpu.gpr[3] = rounds;
	f->cpu.gpr[5] = 0;
}

static void interrupts_wait_while_it_steps(void **state)
{
	struct fixture *f = loop(3);

	cpu_set_msr(&f->cpu, MSR_SF | MSR_ME | MSR_EE);
	cpu_irq_set(&f->cpu, CPU_IRQ_EXTERNAL);
	cpu_set_debug(&f->cpu, &(struct cpu_debug){.step = true});
	for (unsigned i = 1; i <= 3; i++) {
		assert_int_equal(cpu_run(&f->cpu), CPU_EXIT_HOST);
		assert_int_equal(f->cpu.nip, CODE + 4 * i);
	}
	cpu_set_debug(&f->cpu, &(struct cpu_debug){0});
	put_insn(f, VEC_EXTERNAL, 0x44000022);
	cpu_run(&f->cpu);
	assert_int_equal(f->cpu.srr0, VEC_EXTERNAL + 4); /* of the handler's hypercall */
	assert_int_equal(f->hcalls, 1);
	fixture_free(f);
}

static void a_step_may_be_an_interrupt(void **state)
{
	struct fixture *f = loop(3);

	put_insn(f, CODE, 0x44000002); /* sc */
	cpu_set_debug(&f->cpu, &(struct cpu_debug){.step = true});
	assert_int_equal(cpu_run(&f->cpu), CPU_EXIT_HOST);
	assert_int_equal(f->cpu.nip, VEC_SYSCALL);
	assert_int_equal(f->cpu.srr0, CODE + 4);
	assert_int_equal(f->cpu.msr & MSR_SE, 0);
	assert_int_equal(f->cpu.srr1 & MSR_SE, 0);
	fixture_free(f);
}

/* Ran 5,000 times, so that it is compiled where there is such a tier. */
static void a_breakpoint_stops_a_compiled_loop(void **state)
{
	struct fixture *f = loop(5000);
	struct cpu_debug d = {.n_breaks = 1, .breaks = {CODE + 8}};

	cpu_run(&f->cpu);
	assert_int_equal(f->cpu.gpr[5], 5000);
	cpu_set_debug(&f->cpu, &d);
	again(f, 5000);
	for (unsigned i = 1; i <= 400; i++) {
		assert_int_equal(cpu_run(&f->cpu), CPU_EXIT_HOST);
		assert_int_equal(stop.times, i);
		assert_int_equal(stop.why, CPU_STOP_BREAK);
		assert_int_equal(f->cpu.nip, CODE + 8);
		assert_int_equal(f->cpu.gpr[5], i);
	}
	cpu_set_debug(&f->cpu, &(struct cpu_debug){0});
	cpu_run(&f->cpu);
	assert_int_equal(stop.times, 400);
	assert_int_equal(f->cpu.gpr[5], 5000);
	fixture_free(f);
}

static void a_watchpoint_stops_a_compiled_loop(void **state)
{
	struct fixture *f = loop(5000);
	struct cpu_debug d = {.n_watches = 1, .watches = {{DATA + 5, false, true}}};

	cpu_run(&f->cpu);
	cpu_set_debug(&f->cpu, &d);
	again(f, 300);
	for (unsigned i = 1; i <= 300; i++) {
		assert_int_equal(cpu_run(&f->cpu), CPU_EXIT_HOST);
		assert_int_equal(stop.times, i);
		assert_int_equal(stop.why, CPU_STOP_WRITE);
		assert_int_equal(stop.ea, DATA + 5);
		assert_int_equal(f->cpu.nip, CODE + 8);
		assert_int_equal(load_be64(f->ram + DATA), i == 1 ? 5000 : i - 1);
	}
	cpu_run(&f->cpu);
	assert_int_equal(stop.times, 300);
	assert_int_equal(f->hcalls, 2);
	fixture_free(f);
}

/* Where it stopped is passed once, and only if nobody moved it meanwhile. */
static void what_stopped_passes_once(void **state)
{
	struct fixture *f = loop(2);
	struct cpu_debug d = {.n_breaks = 2, .breaks = {CODE, CODE + 4}};

	cpu_set_debug(&f->cpu, &d);
	cpu_run(&f->cpu);
	assert_int_equal(f->cpu.nip, CODE);
	f->cpu.nip = CODE + 4;
	cpu_run(&f->cpu);
	assert_int_equal(f->cpu.nip, CODE + 4);
	assert_int_equal(stop.times, 2);
	f->cpu.nip = CODE;
	cpu_run(&f->cpu);
	assert_int_equal(f->cpu.nip, CODE);
	assert_int_equal(stop.times, 3);
	cpu_set_debug(&f->cpu, &d);
	cpu_run(&f->cpu);
	assert_int_equal(f->cpu.nip, CODE + 4);
	fixture_free(f);
}

/* The guest's own stepping and its own watchpoint go on as they were. */
static void the_guest_s_own_stay(void **state)
{
	struct fixture *f = loop(2);
	struct cpu_debug d = {.n_breaks = 1, .breaks = {CODE + 4}};

	f->cpu.dawr = DATA;
	f->cpu.dawrx = DAWRX_DW | DAWRX_WTI | BREAK_KERNEL;
	cpu_slb_changed(&f->cpu);
	cpu_set_debug(&f->cpu, &d);
	put_insn(f, VEC_DSI, 0x44000022);
	cpu_run(&f->cpu);
	assert_int_equal(f->cpu.nip, CODE + 4);
	cpu_run(&f->cpu);
	assert_int_equal(f->cpu.nip, VEC_DSI + 4);
	assert_int_equal(f->cpu.dar, DATA);
	cpu_set_msr(&f->cpu, MSR_SF | MSR_ME | MSR_SE);
	again(f, 2);
	put_insn(f, VEC_TRACE, 0x44000022);
	cpu_run(&f->cpu);
	assert_int_equal(f->cpu.nip, VEC_TRACE + 4);
	f->cpu.nip = CODE + 4;
	cpu_set_msr(&f->cpu, MSR_SF | MSR_ME | MSR_SE);
	cpu_run(&f->cpu);
	assert_int_equal(stop.times, 2);
	assert_int_equal(f->cpu.nip, CODE + 4);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(interrupts_wait_while_it_steps),
	    cmocka_unit_test(a_step_may_be_an_interrupt),
	    cmocka_unit_test(a_breakpoint_stops_a_compiled_loop),
	    cmocka_unit_test(a_watchpoint_stops_a_compiled_loop),
	    cmocka_unit_test(what_stopped_passes_once),
	    cmocka_unit_test(the_guest_s_own_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
