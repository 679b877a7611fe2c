/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Papyr's processor as a machine of its own: problem state in real mode over flat memory.
 * Interrupts lead to where no memory is, so that the engine leaves there.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "cpu/booke/set.h"
#include "cpu/cpu.h"
#include "side.h"

#define PAGE	  0x1000u
#define TRAP_WORD 0x7fe00008u
#define CODE_SIZE (TRAPS_TO - TRAPS_FROM)

static const struct cpu_model *model = &cpu_model_power8;
static struct cpu cpu;
static u64 msr;
static bool swap;
static u8 code_area[CODE_SIZE] __attribute__((aligned(4096)));
static u8 data_area[DATA_END - DATA_BASE] __attribute__((aligned(4096)));

static struct cpu_ram ram(struct cpu *c, u64 gpa, enum cpu_ram_use use)
{
	if (gpa >= TRAPS_FROM && gpa < TRAPS_TO)
		return (struct cpu_ram){&code_area[(gpa - TRAPS_FROM) & ~(u64)(PAGE - 1)], true,
					false};
	if (gpa >= DATA_BASE && gpa < DATA_END)
		return (struct cpu_ram){&data_area[(gpa - DATA_BASE) & ~(u64)(PAGE - 1)], true,
					false};
	return (struct cpu_ram){0};
}

static bool hcall(struct cpu *c)
{
	return false;
}

static enum cpu_fault_verdict fault(struct cpu *c, struct cpu_access *access)
{
	return access->kind == CPU_FETCH && !(c->msr & MSR_PR) ? CPU_FAULT_LEAVE
							       : CPU_FAULT_REFLECT;
}

static void catch_up(struct cpu *c)
{
}

static void doorbell(struct cpu *c, unsigned thread)
{
}

static u64 doorbells(struct cpu *c)
{
	return 0;
}

/* A program that doesn't end would be a difference of its own; there are no backward branches. */
static bool tick(struct cpu *c)
{
	return false;
}

static bool code_read(struct cpu *c, u64 gpa, unsigned size)
{
	return true;
}

static void code_write(struct cpu *c, u64 gpa, unsigned size)
{
}

static bool is_code(struct cpu *c, u64 gpa, u64 bytes)
{
	return false;
}

static const struct cpu_host host = {
    .ram = ram,
    .hcall = hcall,
    .fault = fault,
    .catch_up = catch_up,
    .code_read = code_read,
    .doorbell = doorbell,
    .doorbells = doorbells,
    .tick = tick,
    .spins = catch_up,
    .code_write = code_write,
    .is_code = is_code,
};

void papyr_side_model(const struct cpu_model *wanted)
{
	model = wanted;
}

#define MSR_USER (MSR_FP | MSR_PR | MSR_FE0 | MSR_FE1 | MSR_ME)

/* Interrupts of BookE lead to here, 0x100 bytes each: mapped, but to where no memory is. */
#define VECTORS	   0x03000000u
#define PAGE_16M   0x1000000u
#define IVORS_USED 16

/* One of 16 MiB at the same real address, for everybody and everything. */
static void map_same(unsigned i, u32 at)
{
	bool is_440 = model->level == ISA_440;
	union booke_entry e;

	if (is_440)
		e = (union booke_entry){.ppc440 = {0, {at | TLB440_V | 7 << 4, at, 0x3f}}};
	else
		e = (union booke_entry){.e500 = {MAS1_V | 7 << MAS1_TSIZE_SHIFT, at, at | 0x3f}};
	booke_tlb_set(cpu.booke.tlb, cpu.booke.tlb->tlb0_entries + i, &e);
}

static void init_booke(void)
{
	map_same(0, 0);
	map_same(1, PAGE_16M);
	map_same(2, VECTORS);
	cpu.booke.ivpr = VECTORS;
	for (unsigned i = 0; i < IVORS_USED; i++)
		cpu.booke.ivor[i] = i << 8;
	cpu_booke_changed(&cpu);
	msr = MSR_USER & model->msr_mask;
}

void papyr_side_init(bool little_endian)
{
	memset(&cpu, 0, sizeof(cpu));
	if (cpu_init(&cpu, model, &host, true)) {
		fprintf(stderr, "cpu_init failed\n");
		exit(2);
	}
	swap = little_endian != BASE_HOST_LE;
	msr = MSR_USER | MSR_SF | MSR_VEC | MSR_VSX | MSR_RI | (little_endian ? MSR_LE : 0);
	if (cpu_is_booke(&cpu))
		init_booke();
}

void papyr_side_narrow(bool narrow)
{
	msr = narrow ? msr & ~MSR_SF : msr | MSR_SF;
}

void papyr_side_fp_interrupts(bool on)
{
	msr = on ? msr | MSR_FE0 | MSR_FE1 : msr & ~(MSR_FE0 | MSR_FE1);
}

void papyr_side_fini(void)
{
	cpu_fini(&cpu);
}

static void put_code(unsigned index, u32 word)
{
	word = swap ? __builtin_bswap32(word) : word;
	memcpy(&code_area[TEST_CODE - TRAPS_FROM + 4 * index], &word, 4);
}

static u8 *window_word(unsigned i)
{
	if (i < WINDOW0_SIZE / 8)
		return &data_area[WINDOW0 - DATA_BASE + 8 * i];
	return &data_area[WINDOW1 - DATA_BASE + 8 * i - WINDOW0_SIZE];
}

static u64 window_address(unsigned i)
{
	return i < WINDOW0_SIZE / 8 ? WINDOW0 + 8 * i : WINDOW1 + 8 * i - WINDOW0_SIZE;
}

static u64 guest_order(u64 v)
{
	return swap ? __builtin_bswap64(v) : v;
}

static void place_batch(const struct isa_batch *batch)
{
	for (unsigned i = 0; i < CODE_SIZE; i += 4)
		store_be32(&code_area[i],
			   swap == BASE_HOST_LE ? TRAP_WORD : __builtin_bswap32(TRAP_WORD));
	for (unsigned i = 0; i < batch->code_words; i++)
		put_code(i, batch->code[i]);
	for (unsigned i = 0; i < WINDOW_WORDS; i++) {
		u64 v = guest_order(batch->mem[i]);

		memcpy(window_word(i), &v, 8);
	}
	cpu_flush_all_code(&cpu);
}

static void load_state(const struct isa_state *in)
{
	cpu_set_msr(&cpu, msr);
	memcpy(cpu.gpr, in->gpr, sizeof(in->gpr));
	cpu_set_cr(&cpu, (u32)in->cr);
	cpu_set_xer(&cpu, in->xer);
	cpu.lr = in->lr;
	cpu.ctr = in->ctr;
	cpu.tar = in->tar;
	fpscr_set(&cpu.fpscr, in->fpscr);
	cpu.vscr = (u32)in->vscr;
	for (unsigned i = 0; i < 64; i++) {
		VSR_D(cpu.vsr[i], 0) = in->vsr[i][0];
		VSR_D(cpu.vsr[i], 1) = in->vsr[i][1];
	}
	cpu.fscr = ~0ull;
	cpu.reserve_gpa = ~0ull;
	cpu.nip = TEST_CODE;
	cpu.srr0 = cpu.srr1 = 0;
}

/* Of registers of 32 bits, what the engine has beside them; and what BookE's haven't. */
static void hide_booke(struct isa_state *state)
{
	for (unsigned i = 0; i < 32; i++)
		state->gpr[i] = (u32)state->gpr[i];
	state->lr = (u32)state->lr;
	state->ctr = (u32)state->ctr;
	state->vscr = 0;
	memset(&state->vsr[32], 0, 32 * sizeof(state->vsr[0]));
}

static void hide_floating_point(struct isa_state *state)
{
	state->fpscr = 0;
	memset(state->vsr, 0, 32 * sizeof(state->vsr[0]));
}

/* What no program can see on the model. */
void papyr_side_hide(struct isa_state *state)
{
	if (model->level < ISA_32)
		hide_booke(state);
	if (!(model->msr_mask & MSR_FP))
		hide_floating_point(state);
	if (model->level >= ISA_206)
		return;
	for (unsigned i = 0; i < 32; i++)
		state->vsr[i][1] = 0;
	state->fpscr &= 0xffffffffu;
	state->tar = 0;
}

static void store_state(struct isa_state *out)
{
	memcpy(out->gpr, cpu.gpr, sizeof(out->gpr));
	out->cr = cpu_get_cr(&cpu);
	out->xer = cpu_get_xer(&cpu);
	out->lr = cpu.lr;
	out->ctr = cpu.ctr;
	out->tar = cpu.tar;
	out->fpscr = fpscr_get(&cpu.fpscr);
	out->vscr = cpu.vscr;
	for (unsigned i = 0; i < 64; i++) {
		out->vsr[i][0] = VSR_D(cpu.vsr[i], 0);
		out->vsr[i][1] = VSR_D(cpu.vsr[i], 1);
	}
	papyr_side_hide(out);
}

/* What Linux would make of the interrupt that led to @vector; 1000 + the vector for others. */
static u64 signal_of(u64 vector)
{
	switch (vector) {
	case VEC_DSI:
	case VEC_DSEGI:
	case VEC_ISI:
	case VEC_ISEGI:
		return SIGSEGV;
	case VEC_ALIGNMENT:
		return SIGBUS;
	case VEC_PROGRAM:
		if (cpu.srr1 & SRR1_PROG_TRAP)
			return SIGTRAP;
		return cpu.srr1 & SRR1_PROG_FP ? SIGFPE : SIGILL;
	case VEC_FACILITY_UNAVAILABLE:
		if (model->level >= ISA_207)
			return SIGILL;
	}
	return 1000 + vector;
}

static u64 signal_of_booke(u64 vector)
{
	unsigned ivor = vector >> 8 & 15;

	switch (vector - VECTORS < IVORS_USED << 8 ? ivor : IVORS_USED) {
	case 2:	 /* data storage */
	case 3:	 /* instruction storage */
	case 13: /* the TLB's */
	case 14:
		return SIGSEGV;
	case 5:
		return SIGBUS;
	case 6:
		if (cpu.booke.esr & ESR_PTR)
			return SIGTRAP;
		return cpu.booke.esr & ESR_FP ? SIGFPE : SIGILL;
	case 7: /* there is no floating-point unit */
		return SIGILL;
	}
	return 1000 + vector;
}

static void note_end(const struct isa_batch *batch, struct isa_result *out)
{
	u64 end = TEST_CODE + 4 * batch->code_words;

	out->nip = cpu.nip;
	if (cpu.msr & MSR_PR)
		return;
	out->signal = cpu_is_booke(&cpu) ? signal_of_booke(cpu.nip) : signal_of(cpu.nip);
	out->nip = cpu.srr0;
	if (batch->fall_through && out->nip == end)
		out->signal = 0;
}

static void note_memory(const struct isa_batch *batch, struct isa_result *out)
{
	for (unsigned i = 0; i < WINDOW_WORDS; i++) {
		u64 v;

		memcpy(&v, window_word(i), 8);
		v = guest_order(v);
		if (v == batch->mem[i])
			continue;
		if (out->changes < CHANGES_MAX) {
			out->change[out->changes].address = window_address(i);
			out->change[out->changes].value = v;
		}
		out->changes++;
		v = guest_order(batch->mem[i]);
		memcpy(window_word(i), &v, 8);
	}
}

static void step_to_end(const struct isa_batch *batch)
{
	u64 end = TEST_CODE + 4 * batch->code_words;

	for (unsigned steps = 0; steps < 10000; steps++) {
		cpu_step(&cpu);
		if (!(cpu.msr & MSR_PR) || cpu.nip == end || batch->code_words == 1)
			return;
	}
}

void papyr_side_run(const struct isa_batch *batch, const struct isa_state *in, bool blocks,
		    struct isa_result *out)
{
	memset(out, 0, batch->vectors * sizeof(*out));
	place_batch(batch);
	cpu_flush_all(&cpu);
	for (u64 i = 0; i < batch->vectors; i++) {
		load_state(&in[i]);
		if (blocks)
			cpu_run(&cpu);
		else
			step_to_end(batch);
		store_state(&out[i].state);
		note_end(batch, &out[i]);
		note_memory(batch, &out[i]);
	}
}
