/* SPDX-License-Identifier: Apache-2.0 */
/* The dispatcher: finds the next block, runs it, and between blocks attends to requests, time and
 * interrupts. */
#include "cpu/booke_debug.h"
#include "cpu/engine/code.h"
#include "cpu/mmu/jumps.h"
#include "cpu/mmu/mem.h"
#include "cpu/mmu/returns.h"
#include "cpu/insn/op.h"
#include "cpu/jit/jit.h"
#include "cpu/jit/orders.h"
#include "cpu/engine/pseudo.h"
#include "cpu/mmu/tlb.h"
#include "cpu/mmu/touched.h"

/*
 * Instructions between looks at the clock: as many as take some 20 microseconds, within bounds; few
 * when the decrementer is due before. Each look takes a quarter of a microsecond. The largest
 * number is a prime, for what runs at a look is sampled: not the same part of a loop each time.
 */
#define LOOKS_APART	 (20 * (TIMEBASE_HZ / 1000000))
#define BUDGET_MIN	 16384
#define BUDGET_MAX	 49157
#define BUDGET_DUE_MIN	 1024
#define PACE_INSNS	 1024
#define FETCH_FAULT_COST 64 /* of the budget: about the instructions that one takes as long as */

OP_PSEUDO(enter)
{
	if (unlikely(cpu->budget < 0) || unlikely(__atomic_load_n(&cpu->request, __ATOMIC_RELAXED)))
		STOP;
	cpu->budget -= op->imm;
	cpu->counts.interpreted += (u64)op->imm;
	cpu->ops = op + 1;
	NEXT;
}

OP_PSEUDO(leave)
{
	u64 target = (cpu->nip + op->imm) & cpu->ea_mask;

	return cpu_goto_near(cpu, op, target - 4, target);
}

OP_PSEUDO(stale)
{
	STOP;
}

OP_PSEUDO(ripe)
{
	STOP;
}

OP_PSEUDO(ordered)
{
	STOP;
}

const struct op *cpu_goto(struct cpu *cpu, u64 target)
{
	const struct jump *j = jump_find(cpu, target);

	cpu->nip = target;
	return j ? j->ops : NULL;
}

/* A link holds as long as the page it is on is mapped where it is, so it may not leave the page. */
static bool same_page(u64 a, u64 b)
{
	return !((a ^ b) & CPU_PAGE_MASK);
}

const struct op *cpu_goto_near_slow(struct cpu *cpu, const struct op *op, u64 cia, u64 target)
{
	const struct op *ops = cpu_goto(cpu, target);

	if (!same_page(cia, target))
		return ops;
	if (ops) {
		code_link(cpu, op, container_of(ops, struct block, ops));
	} else {
		cpu->link_from = op;
	}
	return ops;
}

/* The block at nip: from the jump cache, or found and put there. */
static struct block *next_block(struct cpu *cpu)
{
	const struct jump *j;
	struct block *b;

	cpu->counts.turns++;
	code_take_translations(cpu);
	j = jump_find(cpu, cpu->nip);
	if (j && j->ops->fn != pseudo_ripe) {
		if (j->ops->fn != pseudo_stale)
			return container_of(j->ops, struct block, ops);
		cpu->counts.jumps_stale++;
	}
	cpu->counts.jumps_missed++;
	b = code_find(cpu);
	if (b) {
		jumps_add(cpu, cpu->nip, b->ops, jit_code(cpu->jit, b));
		if (cpu->link_from)
			code_link(cpu, cpu->link_from, b);
	}
	return b;
}

/* What runs when the budget is spent is where the time is spent. */
static void sample(struct cpu *cpu)
{
	const struct jump *j = cpu->jit ? jump_find(cpu, cpu->nip) : NULL;

	if (j && j->ops->fn != pseudo_stale)
		jit_sample(cpu, container_of(j->ops, struct block, ops));
}

/* So many instructions take @ticks, as it was lately; few, when nothing was yet. */
static s64 insns_in(const struct cpu *cpu, u64 ticks)
{
	return cpu->pace ? (s64)(ticks * PACE_INSNS / cpu->pace) : BUDGET_MIN;
}

/* The next budget, by how long it took to spend the last one, or enough of it to tell. */
static s32 next_budget(struct cpu *cpu)
{
	u64 now = cpu_timebase(cpu);
	s64 due = (s64)(cpu->dec_expires - now), budget;
	s32 spent = cpu->given - cpu->budget;

	if (spent >= BUDGET_MIN / 2)
		cpu->pace = (now - cpu->looked) * PACE_INSNS / (u64)spent;
	cpu->looked = now;
	budget = insns_in(cpu, LOOKS_APART);
	if (budget > BUDGET_MAX)
		budget = BUDGET_MAX;
	/* Loops that wait give way at each look. */
	if (budget < BUDGET_MIN || cpu_waits(cpu))
		budget = BUDGET_MIN;
	if (due > 0 && due < (s64)LOOKS_APART && insns_in(cpu, (u64)due) < budget)
		budget = insns_in(cpu, (u64)due) + BUDGET_DUE_MIN;
	return (s32)budget;
}

static void give_budget(struct cpu *cpu, s32 budget)
{
	cpu->insns += (u64)(s64)(budget - cpu->budget);
	cpu->budget = cpu->given = budget;
}

/* True: leave cpu_run(). */
static bool look_at_clock(struct cpu *cpu)
{
	code_tick(cpu);
	sample(cpu);
	tlb_tick(cpu);
	returns_tick(cpu);
	cpu->counts.turns_clock++;
	give_budget(cpu, next_budget(cpu));
	cpu_has_pending(cpu);
	/* Some loops lower their priority once, before they go round. */
	if (cpu_waits(cpu))
		cpu->host->spins(cpu);
	return cpu->host->tick(cpu);
}

/* Works through what other threads asked for. True: leave cpu_run(). */
static bool attend(struct cpu *cpu, u32 request)
{
	if (!request)
		return false;
	cpu->counts.turns_request++;
	__atomic_fetch_and(&cpu->request, ~request, __ATOMIC_SEQ_CST);
	if (request & CPU_REQ_FLUSH)
		cpu->host->catch_up(cpu);
	if (request & CPU_REQ_FORGET)
		touched_forget(cpu);
	if (request & CPU_REQ_UNITS)
		tlb_choose_units(cpu);
	if (request & CPU_REQ_SPINS)
		cpu->host->spins(cpu);
	if (request & CPU_REQ_RECHECK)
		cpu_code_recheck(cpu);
	if ((request & CPU_REQ_TIMER) && look_at_clock(cpu))
		return true;
	return request & CPU_REQ_EXIT;
}

/*
 * Interrupts were taken where an instruction was wanted. A guest whose handlers can't be fetched
 * either comes here for ever: the clock is looked at all the same.
 */
static void nothing_done(struct cpu *cpu)
{
	cpu->budget -= FETCH_FAULT_COST;
}

static void step_block(struct cpu *cpu, struct block *b)
{
	/* As pseudo_enter, but that nothing may hold it up. */
	cpu->ops = &b->ops[1];
	cpu->ops->fn(cpu, cpu->ops);
	cpu->link_from = NULL;
	cpu->budget--;
}

void cpu_step(struct cpu *cpu)
{
	struct block *b = code_single(cpu);

	if (b)
		step_block(cpu, b);
	else
		nothing_done(cpu);
}

void cpu_step_insn(struct cpu *cpu, u32 insn)
{
	step_block(cpu, code_single_insn(cpu, insn));
}

/* One instruction on BookE, and the debug events before, of and after it. */
static bool step_booke(struct cpu *cpu)
{
	struct block *b;
	bool noted;

	cpu->interrupted = false;
	b = booke_debug_due(cpu) ? NULL : code_single(cpu);
	if (!b || booke_debug_before(cpu, b->ops[1].insn)) {
		nothing_done(cpu);
		return cpu->interrupted || cpu->leave;
	}
	noted = cpu->msr & MSR_DE;
	step_block(cpu, b);
	if (noted && !cpu->interrupted && !cpu->leave)
		booke_debug_after(cpu);
	return true;
}

/*
 * One instruction, and after it the trace interrupt if MSR[SE] or MSR[BE] ask for it (ISA 2.07 Book
 * III-S 6.5.15). False: it couldn't be fetched yet, and nothing was done.
 */
static bool step_traced(struct cpu *cpu)
{
	u64 traced = cpu->traced_msr, nip = cpu->nip;
	const struct insn_row *row;
	struct block *b;
	u32 insn;

	if (cpu_is_booke(cpu))
		return step_booke(cpu);
	cpu->interrupted = false;
	b = code_single(cpu);
	if (b)
		step_block(cpu, b);
	else
		nothing_done(cpu);
	if (!b || cpu->interrupted || cpu->leave || !traced)
		return b || cpu->interrupted || cpu->leave;
	insn = cpu->ops->insn;
	row = isa_lookup(insn, cpu->model->level);
	if (!(traced & MSR_SE) && !(row && row->flags & F_BR))
		return true;
	if ((insn & 0xfc0007fe) == 0x4c000024) /* rfid is not traced */
		return true;
	cpu->siar = nip;
	cpu_interrupt(cpu, VEC_TRACE, cpu->nip, 0);
	return true;
}

static void run_blocks(struct cpu *cpu)
{
	struct block *b = next_block(cpu);
	const struct op *op;

	cpu->link_from = NULL;
	if (!b && cpu->tlbs->small_fetch) {
		cpu_step(cpu);
		return;
	}
	if (!b) {
		nothing_done(cpu);
		return;
	}
	op = b->ops;
	do
		op = op->fn(cpu, op);
	while (op);
}

/* What is due between two blocks. True: leave cpu_run(). */
static inline bool attend_all(struct cpu *cpu)
{
	return attend(cpu, __atomic_load_n(&cpu->request, __ATOMIC_ACQUIRE)) ||
	       (cpu->budget < 0 && look_at_clock(cpu));
}

/* A debugger's single step, or the way past where it stopped. False: nothing was done yet. */
static bool step_debugged(struct cpu *cpu)
{
	bool passes = cpu->debug.passes;

	cpu->debug.watching = !passes;
	cpu->debug.passes = false;
	if (step_traced(cpu))
		return true;
	cpu->debug.passes = passes;
	return false;
}

static void run_watched(struct cpu *cpu)
{
	cpu->debug.watching = true;
	if (unlikely(__atomic_load_n(&cpu->pending, __ATOMIC_RELAXED)))
		cpu_take_pending(cpu);
	if (!cpu->traced_msr)
		run_blocks(cpu);
	else if (!cpu_breakpoint_at(cpu, cpu->nip))
		step_traced(cpu);
	else
		cpu_stop_at(cpu, cpu->nip, CPU_STOP_BREAK, cpu->nip);
}

/* cpu_run() when a debugger wants more than an instruction that stops. */
static enum cpu_exit run_debugged(struct cpu *cpu)
{
	cpu->debug.passes &= cpu->nip == cpu->debug.pass_nip;
	while (!attend_all(cpu)) {
		if (cpu->debug.step || cpu->debug.passes) {
			if (step_debugged(cpu) && (cpu->debug.step || cpu->leave))
				return CPU_EXIT_HOST;
		} else {
			run_watched(cpu);
			if (cpu->leave)
				return CPU_EXIT_HOST;
		}
	}
	return CPU_EXIT_REQUEST;
}

static enum cpu_exit run(struct cpu *cpu)
{
	enum cpu_exit why;

	cpu->leave = false;
	cpu->link_from = NULL;
	if (unlikely(cpu->debug.on)) {
		why = run_debugged(cpu);
		cpu->debug.watching = false;
		return why;
	}
	for (;;) {
		if (attend_all(cpu))
			return CPU_EXIT_REQUEST;
		if (unlikely(__atomic_load_n(&cpu->pending, __ATOMIC_RELAXED)))
			cpu_take_pending(cpu);
		if (unlikely(cpu->traced_msr))
			step_traced(cpu);
		else
			run_blocks(cpu);
		if (cpu->leave)
			return CPU_EXIT_HOST;
	}
}

enum cpu_exit cpu_run(struct cpu *cpu)
{
	enum cpu_exit why;

	orders_begin_run();
	why = run(cpu);
	orders_end_run();
	fpscr_leave(&cpu->fpscr);
	return why;
}
