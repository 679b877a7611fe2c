/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Binary floating point against a reference of its own (fp_oracle.h), not against another emulator:
 * each row with operands that are likely to go wrong, then random programs.
 *
 * 	fp_oracle_test [-n operands per row] [-p programs] [-r pattern] [-s seed]
 */
#include <fnmatch.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "../isa/side.h"
#include "cpu/isa/isa.h"
#include "fp_operands.h"

#define VECTORS	      32 /* of one encoding */
#define REPORTS	      4	 /* of one row; then it is told how many more */
#define PROGRAM_WORDS 12

static struct options {
	unsigned long operands, programs;
	const char *pattern;
	u64 seed;
} options = {1500, 2000, "*", 1};

static unsigned long checks, open_cases, failures;
static bool big_endian;
static struct isa_batch batch;
static struct isa_state in[VECTORS];
static struct isa_result got[VECTORS];

/* --- which rows --- */

/* Does the row compute with binary floating point, or is it in its files at least? */
static bool floating(const struct insn_row *row)
{
	static const char *const vmx[] = {"v*fp", "vrfi?", "vct?xs", "vcf?x"};

	if (row->flags & (F_FP | F_VSX))
		return true;
	for (unsigned i = 0; i < ARRAY_SIZE(vmx); i++)
		if ((row->flags & F_VEC) && !fnmatch(vmx[i], row->mnemonic, 0))
			return true;
	return false;
}

/* Each row is checked or has its reason; none is left in our table that isn't in the product's. */
static void nothing_is_forgotten(void)
{
	unsigned known = 0, reasons = 0;

	for (unsigned i = 0; i < isa_rows; i++) {
		const char *name = isa_table[i].mnemonic;

		if (!floating(&isa_table[i]))
			continue;
		if (fp_row_find(name)) {
			known++;
		} else if (fp_unchecked(name)) {
			reasons++;
		} else {
			printf("%s: neither checked nor excused: give it a row in fp_rows.def\n",
			       name);
			failures++;
		}
	}
	for (unsigned i = 0; i < fp_rows_count; i++) {
		bool found = false;

		for (unsigned k = 0; k < isa_rows && !found; k++)
			found = !strcmp(isa_table[k].mnemonic, fp_rows[i].mnemonic);
		if (!found) {
			printf("%s: fp_rows.def has it, the instruction table doesn't\n",
			       fp_rows[i].mnemonic);
			failures++;
		}
	}
	printf("%u rows are checked, %u have their reason not to be\n", known, reasons);
}

/* --- registers before --- */

static void fill(struct random *r, struct isa_state *state)
{
	memset(state, 0, sizeof(*state));
	for (unsigned i = 0; i < 32; i++)
		state->gpr[i] = random_bits(r);
	for (unsigned i = 0; i < 64; i++)
		for (unsigned k = 0; k < 2; k++)
			state->vsr[i][k] = random_bits(r);
	state->cr = (u32)random_bits(r);
	state->lr = random_bits(r) & ~3ull;
	state->ctr = random_bits(r);
	state->fpscr = fp_fpscr(r);
	state->vscr = random_below(r, 2) * 0x10000u + random_below(r, 2);
}

static unsigned register_of(char name, const struct fp_fields *f)
{
	return name == 'A' ? f->a : name == 'B' ? f->b : name == 'C' ? f->c : f->t;
}

static unsigned long grid; /* how far a row's edges have been gone through */

static void place_operands(struct random *r, const struct fp_row *row, u32 insn,
			   struct isa_state *state)
{
	struct fp_fields f = fp_fields(row->shape, insn);
	unsigned lanes = row->shape == SHAPE_V ? 4 : fp_lanes(row);
	u64 operand[3];

	for (unsigned i = 0; i < lanes; i++) {
		fp_operands(r, row, grid++, operand);
		for (unsigned k = 0; row->operands[k]; k++)
			fp_lane_put(state, register_of(row->operands[k], &f), i, row->from, lanes,
				    operand[k]);
	}
}

static u32 encoding(struct random *r, const struct insn_row *isa)
{
	return isa->match | ((u32)random_bits(r) & ~(isa->mask | isa->reserved));
}

/* Loads and stores: two different registers that aren't 0, a word of the window. */
static u32 memory_encoding(struct random *r, u32 insn)
{
	unsigned ra = 1 + random_below(r, 31), rb = 1 + random_below(r, 31);

	if (rb == ra)
		rb = ra % 31 + 1;
	insn = (insn & ~(31u << 16)) | ra << 16;
	if (insn >> 26 == 31)
		insn = (insn & ~(31u << 11)) | rb << 11;
	return insn;
}

static bool reaches_memory(const struct fp_row *row)
{
	return row->run == run_load || row->run == run_store;
}

static void place_address(struct random *r, u32 insn, struct isa_state *state)
{
	u64 ea = WINDOW0 + random_below(r, WINDOW0_SIZE - 15);
	u64 *base = &state->gpr[insn_bits(insn, 11, 15)];

	if (insn >> 26 == 31)
		*base = ea - state->gpr[insn_bits(insn, 16, 20)];
	else
		*base = ea - (u64)(s16)insn;
}

/* --- registers after --- */

static void explain(const char *name, u64 expected, u64 found, u64 unknown)
{
	printf("    %-8s expected %016llx, is %016llx", name, (unsigned long long)expected,
	       (unsigned long long)found);
	if (unknown)
		printf("  (not compared: %016llx)", (unsigned long long)unknown);
	printf("\n");
}

static bool same(const char *name, u64 expected, u64 found, u64 unknown, bool tell)
{
	if (!((expected ^ found) & ~unknown))
		return true;
	if (tell)
		explain(name, expected, found, unknown);
	return false;
}

static bool same_registers(const struct fp_machine *m, const struct isa_state *found, bool tell)
{
	const struct isa_state *e = m->state;
	bool result = true;
	char name[16];

	for (unsigned i = 0; i < 64; i++)
		for (unsigned k = 0; k < 2; k++) {
			if (tell)
				snprintf(name, sizeof(name), "vsr%u.%u", i, k);
			result &=
			    same(name, e->vsr[i][k], found->vsr[i][k], m->vsr_unknown[i][k], tell);
		}
	for (unsigned i = 0; i < 32; i++) {
		if (tell)
			snprintf(name, sizeof(name), "r%u", i);
		result &= same(name, e->gpr[i], found->gpr[i], 0, tell);
	}
	result &= same("cr", e->cr, found->cr, m->cr_unknown, tell);
	result &= same("fpscr", e->fpscr, found->fpscr, m->fpscr_unknown, tell);
	result &= same("vscr", e->vscr, found->vscr, m->vscr_unknown, tell);
	result &= same("xer", e->xer, found->xer, 0, tell);
	result &= same("lr", e->lr, found->lr, 0, tell);
	result &= same("ctr", e->ctr, found->ctr, 0, tell);
	return result;
}

/* The windows: what a store should have changed, and nothing else. */
static bool same_memory(const struct fp_machine *m, const struct isa_result *result, bool tell)
{
	u64 found[WINDOW_WORDS];
	bool good = result->changes <= CHANGES_MAX;

	memcpy(found, batch.mem, sizeof(found));
	for (unsigned i = 0; i < result->changes && good; i++) {
		u64 word = (result->change[i].address - WINDOW0) / 8;

		good = word < WINDOW0_SIZE / 8;
		if (good)
			found[word] = result->change[i].value;
	}
	for (unsigned i = 0; i < WINDOW0_SIZE / 8; i++)
		good &= same("memory", m->memory[i], found[i], 0, tell);
	return good;
}

/* How a run ends: all @steps instructions carried out, or interrupted by the last of them. */
struct end {
	unsigned steps;
	bool interrupted;
};

static bool same_end(const struct end *end, const struct isa_result *result, bool tell)
{
	unsigned at = end->interrupted ? end->steps - 1 : end->steps;

	return same("signal", end->interrupted ? SIGFPE : 0, result->signal, 0, tell) &&
	       same("nip", TEST_CODE + 4 * at, result->nip, 0, tell);
}

/* With MSR[FE0, FE1], FEX is an interrupt. */
static bool is_due(const struct fp_machine *m, bool interrupts)
{
	return interrupts && (m->state->fpscr & S_FEX);
}

static void print_operands(const struct fp_row *row, u32 insn, const struct isa_state *state)
{
	struct fp_fields f = fp_fields(row->shape, insn);

	printf("  %s %08x fpscr %09llx vscr %05llx", row->mnemonic, insn,
	       (unsigned long long)state->fpscr, (unsigned long long)state->vscr);
	for (unsigned k = 0; row->operands[k]; k++) {
		unsigned reg = register_of(row->operands[k], &f);

		printf(" %c=vsr%u %016llx", row->operands[k], reg,
		       (unsigned long long)state->vsr[reg][0]);
		if (row->shape >= SHAPE_XV)
			printf(" %016llx", (unsigned long long)state->vsr[reg][1]);
	}
	printf(" T=vsr%u\n", f.t);
}

/* --- one row --- */

static void judge(const struct fp_row *row, u32 insn, unsigned i, bool interrupts, unsigned *wrong)
{
	static struct fp_machine m;
	struct isa_state expected = in[i];
	struct end end = {1, false};
	u64 memory[WINDOW_WORDS];
	bool good;

	memset(&m, 0, sizeof(m));
	m.state = &expected;
	m.got = &got[i].state;
	m.memory = memcpy(memory, batch.mem, sizeof(memory));
	m.big = big_endian;
	row->run(row, insn, &m);
	end.interrupted = is_due(&m, interrupts);
	if (m.unknown || (interrupts && (m.fpscr_unknown & S_FEX))) {
		open_cases++;
		return;
	}
	checks++;
	good = same_registers(&m, &got[i].state, false) && same_memory(&m, &got[i], false) &&
	       same_end(&end, &got[i], false);
	if (good)
		return;
	failures++;
	if ((*wrong)++ >= REPORTS)
		return;
	print_operands(row, insn, &in[i]);
	same_registers(&m, &got[i].state, true);
	same_memory(&m, &got[i], true);
	same_end(&end, &got[i], true);
}

static void one_encoding(struct random *r, const struct fp_row *row, const struct insn_row *isa,
			 unsigned *wrong)
{
	bool interrupts = random_below(r, 4) == 0;
	u32 insn = encoding(r, isa);

	if (reaches_memory(row))
		insn = memory_encoding(r, insn);
	memset(&batch, 0, sizeof(batch));
	batch.vectors = VECTORS;
	batch.code_words = 1;
	batch.fall_through = 1;
	batch.code[0] = insn;
	for (unsigned i = 0; i < WINDOW_WORDS; i++)
		batch.mem[i] = fp_value(r, E_SINGLE) << 32 | fp_value(r, E_SINGLE);
	for (unsigned i = 0; i < VECTORS; i++) {
		fill(r, &in[i]);
		place_operands(r, row, insn, &in[i]);
		if (reaches_memory(row))
			place_address(r, insn, &in[i]);
		/* An interrupt that was due before is no matter of this instruction. */
		while (interrupts && (in[i].fpscr & S_FEX))
			in[i].fpscr = fp_fpscr(r);
	}
	papyr_side_fp_interrupts(interrupts);
	papyr_side_run(&batch, in, true, got);
	for (unsigned i = 0; i < VECTORS; i++)
		judge(row, insn, i, interrupts, wrong);
}

static void one_row(const struct fp_row *row, const struct insn_row *isa)
{
	struct random r = {options.seed};
	unsigned wrong = 0;

	grid = 0;

	for (const char *c = row->mnemonic; *c; c++)
		r.state = (r.state ^ (u8)*c) * 0x100000001b3ull;
	for (unsigned long done = 0; done < options.operands; done += VECTORS)
		one_encoding(&r, row, isa, &wrong);
	if (wrong)
		printf("%s: %u wrong\n", row->mnemonic, wrong);
}

/* --- programs --- */

/*
 * Straight-line code that reads no register with undefined parts: what the generated code keeps
 * from one instruction to the next must be what the instructions make one by one.
 */
static struct step {
	const struct fp_row *row;
	const struct insn_row *isa;
} step[256];
static unsigned steps;

static void find_steps(void)
{
	for (unsigned i = 0; i < isa_rows; i++) {
		const struct fp_row *row = fp_row_find(isa_table[i].mnemonic);

		if (row && !row->alone && steps < ARRAY_SIZE(step) &&
		    !fnmatch(options.pattern, row->mnemonic, 0))
			step[steps++] = (struct step){row, &isa_table[i]};
	}
}

/* Which doublewords of a register may have become undefined. */
enum { LEFT_OPEN = 1, RIGHT_OPEN = 2 };

static bool operands_known(const u8 *open, const struct fp_row *row, u32 insn)
{
	struct fp_fields f = fp_fields(row->shape, insn);
	u8 read = row->shape < SHAPE_XV ? LEFT_OPEN : LEFT_OPEN | RIGHT_OPEN;

	for (unsigned k = 0; row->operands[k]; k++)
		if (open[register_of(row->operands[k], &f)] & read)
			return false;
	return true;
}

/*
 * Conservative: an enabled exception may have kept the target, so that nothing becomes known again.
 */
static void note_target(u8 *open, const struct fp_row *row, u32 insn)
{
	u8 *t = &open[fp_fields(row->shape, insn).t];
	bool halves = row->to == E_WORD || row->to == E_SINGLE;

	if (row->run == run_mffs) {
		*t = LEFT_OPEN | RIGHT_OPEN;
	} else if (row->run == run_lanes && fp_lanes(row) < 4) {
		if (row->shape < SHAPE_XV)
			*t |= RIGHT_OPEN;
		if (halves)
			*t |= row->shape < SHAPE_XV ? LEFT_OPEN : LEFT_OPEN | RIGHT_OPEN;
	}
}

/* Few registers, so that results are used. */
static u32 narrow_encoding(struct random *r, const struct insn_row *isa)
{
	u32 high = 1u << 25 | 1u << 20 | 1u << 15 | 1u << 10;

	return encoding(r, isa) & (~high | isa->mask);
}

static void make_program(struct random *r, const struct fp_row **row)
{
	u8 open[64] = {0};

	memset(&batch, 0, sizeof(batch));
	batch.fall_through = 1;
	batch.code_words = 2 + random_below(r, PROGRAM_WORDS - 1);
	for (unsigned i = 0; i < batch.code_words;) {
		const struct step *s = &step[random_below(r, steps)];
		u32 insn = narrow_encoding(r, s->isa);

		if (!operands_known(open, s->row, insn))
			continue;
		note_target(open, s->row, insn);
		batch.code[i] = insn;
		row[i++] = s->row;
	}
}

/* The reference, one instruction after the other; false: something is undefined. */
static bool follow(struct fp_machine *m, const struct fp_row *const *row, bool interrupts,
		   struct end *end)
{
	for (unsigned i = 0; i < batch.code_words && !end->interrupted; i++) {
		row[i]->run(row[i], batch.code[i], m);
		if (m->unknown)
			return false;
		end->steps = i + 1;
		end->interrupted = is_due(m, interrupts);
	}
	return true;
}

static void print_program(const struct fp_row *const *row, const struct isa_state *state)
{
	printf("  program, fpscr %09llx vscr %05llx:\n", (unsigned long long)state->fpscr,
	       (unsigned long long)state->vscr);
	for (unsigned i = 0; i < batch.code_words; i++)
		print_operands(row[i], batch.code[i], state);
}

static void judge_program(const struct fp_row *const *row, unsigned i, bool interrupts)
{
	static struct fp_machine m;
	struct isa_state expected = in[i];
	struct end end = {0, false};

	memset(&m, 0, sizeof(m));
	m.state = &expected;
	if (!follow(&m, row, interrupts, &end)) {
		open_cases++;
		return;
	}
	checks++;
	if (same_registers(&m, &got[i].state, false) && same_end(&end, &got[i], false))
		return;
	if (failures++ >= 4 * REPORTS)
		return;
	print_program(row, &in[i]);
	same_registers(&m, &got[i].state, true);
	same_end(&end, &got[i], true);
}

static void one_program(struct random *r)
{
	const struct fp_row *row[PROGRAM_WORDS];
	bool interrupts = random_below(r, 4) == 0;

	make_program(r, row);
	batch.vectors = VECTORS / 8;
	for (unsigned i = 0; i < batch.vectors; i++) {
		fill(r, &in[i]);
		for (unsigned k = 0; k < 64; k++)
			for (unsigned d = 0; d < 2; d++)
				in[i].vsr[k][d] = random_below(r, 4) ? fp_value(r, E_DOUBLE)
								     : fp_value(r, E_SINGLE) << 32 |
									   fp_value(r, E_SINGLE);
		while (interrupts && (in[i].fpscr & S_FEX))
			in[i].fpscr = fp_fpscr(r);
	}
	papyr_side_fp_interrupts(interrupts);
	papyr_side_run(&batch, in, true, got);
	for (unsigned i = 0; i < batch.vectors; i++)
		judge_program(row, i, interrupts);
}

/* --- */

static void parse(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "n:p:r:s:")) != -1) {
		if (option == 'n') {
			options.operands = strtoul(optarg, NULL, 0);
		} else if (option == 'p') {
			options.programs = strtoul(optarg, NULL, 0);
		} else if (option == 'r') {
			options.pattern = optarg;
		} else if (option == 's') {
			options.seed = strtoull(optarg, NULL, 0);
		} else {
			fprintf(stderr, "usage: fp_oracle_test [-n operands] [-p programs] "
					"[-r pattern] [-s seed]\n");
			exit(2);
		}
	}
}

static void each_row(bool memory_only)
{
	for (unsigned i = 0; i < isa_rows; i++) {
		const struct fp_row *row = fp_row_find(isa_table[i].mnemonic);

		if (row && !fnmatch(options.pattern, row->mnemonic, 0) &&
		    (reaches_memory(row) || !memory_only))
			one_row(row, &isa_table[i]);
	}
}

int main(int argc, char **argv)
{
	struct random r;
	clock_t start = clock();

	parse(argc, argv);
	r.state = options.seed;
	papyr_side_init(true);
	nothing_is_forgotten();
	each_row(false);
	find_steps();
	for (unsigned long i = 0; i < options.programs && steps; i++)
		one_program(&r);
	papyr_side_fini();
	/* Registers know no byte order. */
	big_endian = true;
	papyr_side_init(false);
	each_row(true);
	papyr_side_fini();
	printf("%lu checks, %lu cases that the architecture leaves open, %lu failures; %.1f s\n",
	       checks, open_cases, failures, (double)(clock() - start) / CLOCKS_PER_SEC);
	return failures != 0;
}
