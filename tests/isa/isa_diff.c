/* SPDX-License-Identifier: Apache-2.0 */
/*
 * isa-diff [-e le|be] [-m MODEL] [-s SEED] [-n VECTORS] [-p PROGRAMS] [-r PATTERN]... [-v] --
 *	    PEER COMMAND
 *
 * Executes every instruction of the table that a user program may execute on Papyr's processor, one
 * at a time and by blocks, and on the peer, a runner under another implementation; then random
 * programs. All registers and memory must be the same. Instructions that came after the model's
 * level must be illegal. docs/debugging.md has the options.
 */
#include <errno.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "compare.h"
#include "cpu/cpu.h"
#include "cpu/isa/isa.h"
#include "generate.h"
#include "known_wrong.h"
#include "side.h"

#define PATTERNS_MAX 64
#define PRINT_A_ROW  2

static struct {
	bool little_endian;
	u64 seed;
	unsigned vectors, programs;
	const char *patterns[PATTERNS_MAX];
	unsigned nr_patterns;
	bool verbose;
	const struct cpu_model *model;
} options = {.model = &cpu_model_power8,
	     .little_endian = true,
	     .seed = 1,
	     .vectors = 1024,
	     .programs = 3000};

static struct {
	unsigned rows, skipped, tested, refused, later, failed_rows;
	unsigned long vectors, excused, alignment, differences, programs, failed_programs;
} totals;

static struct isa_batch batch;
static struct isa_state in[VECTORS_MAX];
static struct isa_result steps[VECTORS_MAX], blocks[VECTORS_MAX], peer[VECTORS_MAX];

static bool privileged(const struct insn_row *row)
{
	return row->flags & (F_PRIV | F_HV);
}

static bool chosen(const struct insn_row *row)
{
	for (unsigned i = 0; i < options.nr_patterns; i++)
		if (!fnmatch(options.patterns[i], row->mnemonic, 0))
			return true;
	return options.nr_patterns == 0;
}

static bool is_booke(void)
{
	return options.model->level < ISA_32;
}

/* A processor that has the row, the model itself if it can be. */
static enum isa_level home_of(const struct insn_row *row)
{
	if (isa_has(options.model->level, row))
		return options.model->level;
	return isa_has(ISA_207, row) ? ISA_207 : row->level;
}

/* Is there another meaning of all of the row's instructions, on the model? */
static bool is_hidden(const struct insn_row *row)
{
	const struct insn_row *other = isa_lookup(row->match, options.model->level);

	return other && other != row && (row->mask & other->mask) == other->mask;
}

/* Why the row is not compared at all; NULL: it is. */
static const char *left_out(const struct insn_row *row)
{
	if (!is_booke() && !isa_has(ISA_207, row))
		return "of BookE processors, which have tests of their own";
	if (is_booke() && is_hidden(row))
		return "another instruction of this processor";
	if ((row->flags & F_NOTEST) && !row_moves_special(row))
		return "not a function of registers and memory";
	if (!strcmp(row->mnemonic, "dcbz") && !strcmp(options.model->name, "970"))
		return "QEMU's user mode clears 32 bytes, as a setting of Apple's machines has it";
	if (!strcmp(row->mnemonic, "isel") && options.model->level == ISA_440)
		return "QEMU's 440EP lacks it";
	return NULL;
}

/*
 * Runs the peer on all vectors but those that end in an alignment interrupt on Papyr, since QEMU's
 * user mode dies of those. For them only what the interrupt must not do is compared: the result is
 * the input.
 */
static void run_peer(void)
{
	static struct isa_state state[VECTORS_MAX];
	static struct isa_result result[VECTORS_MAX];
	struct isa_batch some = batch;

	some.vectors = 0;
	for (unsigned i = 0; i < batch.vectors; i++)
		if (steps[i].signal != SIGBUS)
			state[some.vectors++] = in[i];
	if (some.vectors)
		peer_run(&some, state, result);
	for (unsigned i = 0, n = 0; i < batch.vectors; i++) {
		if (steps[i].signal != SIGBUS) {
			peer[i] = result[n++];
			continue;
		}
		totals.alignment++;
		peer[i] = (struct isa_result){.state = in[i], .signal = SIGBUS, .nip = TEST_CODE};
		if (batch.code_words > 1)
			peer[i] = steps[i];
	}
}

/* The row is newer than the model: illegal, and nothing else. The peer needn't be asked. */
static bool later(const struct insn_row *row)
{
	return !isa_has(options.model->level, row);
}

/* Fields that came after a row's first level: reserved on a model before. */
static u32 later_fields(const struct insn_row *row)
{
	if (options.model->level >= ISA_205)
		return 0;
	if (!strcmp(row->mnemonic, "mtfsf"))
		return 0x02010000; /* L and W */
	return !strcmp(row->mnemonic, "mtfsfi") ? 0x00010000 : 0;
}

static void be_illegal(void)
{
	for (unsigned i = 0; i < batch.vectors; i++)
		peer[i] = (struct isa_result){.state = in[i], .signal = SIGILL, .nip = TEST_CODE};
}

/*
 * A row's batch. Reserved fields, @reserved being their bits, mean nothing to Papyr (Book I 1.3.3);
 * QEMU takes many for illegal, so it gets the plain instruction.
 */
static void run_row(const struct insn_row *row, bool with_blocks, u32 reserved)
{
	u32 plain = batch.code[0];

	batch.code[0] |= reserved;
	papyr_side_run(&batch, in, false, steps);
	if (with_blocks)
		papyr_side_run(&batch, in, true, blocks);
	batch.code[0] = plain;
	if (later(row))
		be_illegal();
	else
		run_peer();
}

/* The architecture's word on alignment interrupts, which can't be had from the peer. */
static bool alignment_right(const struct insn_row *row, unsigned i)
{
	u32 insn = batch.code[0];
	unsigned size = reservation_size(row), ra = field(insn, 11, 15);
	u64 ea = (ra ? in[i].gpr[ra] : 0) + in[i].gpr[field(insn, 16, 20)];
	bool due = size ? ea % size : options.little_endian && row_moves_several(row);

	/* An invalid form may be found before or after. */
	return steps[i].signal == SIGILL || due == (steps[i].signal == SIGBUS);
}

static void print_vector(const char *what, unsigned i, const struct isa_result *ours,
			 const struct isa_result *other, const char *name)
{
	printf("%s differs:\n", what);
	print_difference(&batch, &in[i], ours, other, name);
}

/* Compares one batch of a row; returns how many vectors differ. */
static unsigned check_row_batch(const struct insn_row *row, u32 reserved, unsigned printed)
{
	bool with_blocks = !row_branches(row);
	unsigned bad = 0;

	run_row(row, with_blocks, reserved);
	for (unsigned i = 0; i < batch.vectors; i++) {
		enum verdict v;

		/* Where a branch led to is enough: that nothing is there to execute isn't the
		 * branch's doing. */
		if (peer[i].nip != TEST_CODE)
			peer[i].signal = 0;
		v = compare(row, batch.code[0], &in[i], &steps[i], &peer[i]);
		if (!later(row) && !alignment_right(row, i))
			v = DIFFERENT;
		totals.vectors++;
		totals.excused += v == EXCUSED;
		if (v == DIFFERENT && printed + bad++ < PRINT_A_ROW)
			print_vector(row->mnemonic, i, &steps[i], &peer[i], "peer");
		if (with_blocks && compare(NULL, 0, &in[i], &steps[i], &blocks[i]) != SAME &&
		    printed + bad++ < PRINT_A_ROW)
			print_vector("the block engine", i, &steps[i], &blocks[i], "blocks");
	}
	return bad;
}

/*
 * A branch to itself, or into the runner's own code, is no test. Nor is a bcctr that decrements
 * CTR: the form is invalid (Book I 2.4), and QEMU executes it in its own way.
 */
static bool leads_astray(const struct insn_row *row, u32 insn)
{
	u64 target;

	if (!strcmp(row->mnemonic, "bcctr"))
		return !(insn & 0x00800000);
	if (row->format != FMT_I && row->format != FMT_B)
		return false;
	target = (u64)isa_operands(row, insn).imm + (insn & 2 ? 0 : TEST_CODE);
	return target == TEST_CODE || (target >= TRAPS_TO && target < AREA_END);
}

/* What the model's decoder makes of the row's instructions, as long as no other row has them. */
static bool own_encoding(const struct insn_row *row, u32 insn)
{
	return isa_lookup(insn, home_of(row)) == row &&
	       isa_lookup(insn, options.model->level) == (later(row) ? NULL : row);
}

static bool encode(struct rng *rng, const struct insn_row *row)
{
	for (unsigned tries = 0; tries < 1000; tries++) {
		batch.code[0] = generate_insn(rng, row) & ~later_fields(row);
		if (own_encoding(row, batch.code[0]) && !leads_astray(row, batch.code[0]))
			return true;
	}
	printf("%s: no encoding of its own: another row hides it\n", row->mnemonic);
	return false;
}

static void test_row(const struct insn_row *row)
{
	unsigned bad = 0, vectors = privileged(row) ? VECTORS_MAX : options.vectors;
	struct rng rng;
	u32 reserved;

	rng_seed(&rng, options.seed, row->mnemonic);
	batch.vectors = VECTORS_MAX;
	batch.code_words = 1;
	batch.fall_through = !row_branches(row);
	for (unsigned n = 0; n < vectors; n += VECTORS_MAX) {
		if (!encode(&rng, row)) {
			bad++;
			break;
		}
		generate_memory(&rng, batch.mem, WINDOW_WORDS);
		for (unsigned i = 0; i < VECTORS_MAX; i++) {
			generate_state(&rng, row, batch.code[0], &in[i]);
			papyr_side_hide(&in[i]);
		}
		/* Every other batch with reserved bits, all of them at first. */
		reserved = n / VECTORS_MAX % 2 ? row->reserved | later_fields(row) : 0;
		if (n / VECTORS_MAX > 1)
			reserved &= (u32)rng_next(&rng);
		bad += check_row_batch(row, reserved, bad);
	}
	totals.differences += bad;
	totals.failed_rows += bad != 0;
	if (bad || options.verbose)
		printf("%-12s %u of %u vectors differ\n", row->mnemonic, bad, vectors);
}

static void test_rows(void)
{
	for (unsigned i = 0; i < isa_rows; i++) {
		const struct insn_row *row = &isa_table[i];

		if (!chosen(row))
			continue;
		totals.rows++;
		if (left_out(row)) {
			totals.skipped++;
			continue;
		}
		if (later(row))
			totals.later++;
		else if (privileged(row))
			totals.refused++;
		else
			totals.tested++;
		test_row(row);
	}
}

static bool in_programs(const struct insn_row *row)
{
	return chosen(row) && !left_out(row) && !later(row) && !later_fields(row) &&
	       !known_wrong_row(row->mnemonic);
}

static bool check_program(u64 number)
{
	unsigned bad = 0;

	papyr_side_run(&batch, in, false, steps);
	papyr_side_run(&batch, in, true, blocks);
	run_peer();
	for (unsigned i = 0; i < batch.vectors; i++) {
		totals.programs++;
		if (compare(NULL, 0, &in[i], &steps[i], &blocks[i]) != SAME && !bad++) {
			printf("program %llu, the block engine differs from single steps:\n",
			       (unsigned long long)number);
			print_difference(&batch, &in[i], &steps[i], &blocks[i], "blocks");
		}
		if (compare(NULL, 0, &in[i], &steps[i], &peer[i]) != SAME && !bad++) {
			printf("program %llu differs:\n", (unsigned long long)number);
			print_difference(&batch, &in[i], &steps[i], &peer[i], "peer");
		}
	}
	return bad == 0;
}

static void test_programs(void)
{
	unsigned usable = 0;

	for (unsigned i = 0; i < isa_rows; i++)
		usable += in_programs(&isa_table[i]);
	if (usable < 10)
		return;
	for (unsigned n = 0; n < options.programs && totals.failed_programs < 5; n++) {
		struct rng rng;

		rng_seed(&rng, options.seed + n, "program");
		batch.vectors = 2;
		batch.fall_through = 1;
		batch.code_words = generate_program(&rng, in_programs, batch.code, CODE_MAX - 1);
		generate_memory(&rng, batch.mem, WINDOW_WORDS);
		for (unsigned i = 0; i < batch.vectors; i++) {
			generate_program_state(&rng, &in[i]);
			papyr_side_hide(&in[i]);
		}
		totals.failed_programs += !check_program(options.seed + n);
	}
}

/* lqarx r6; r6 += 1; stqcx. r6: QEMU never stores, so Papyr alone is held against what must come
 * out. */
static void test_quadword_pair(void)
{
	/* lqarx 6,0,3; addi 6,6,1; stqcx. 6,0,3 */
	static const u32 code[] = {0x7cc01a28, 0x38c60001, 0x7cc0196d};
	u64 *quad = &batch.mem[8], high_at = options.little_endian ? 1 : 0;
	struct rng rng;

	rng_seed(&rng, options.seed, "lqarx");
	batch = (struct isa_batch){.vectors = 1, .code_words = ARRAY_SIZE(code), .fall_through = 1};
	memcpy(batch.code, code, sizeof(code));
	generate_memory(&rng, batch.mem, WINDOW_WORDS);
	generate_program_state(&rng, &in[0]);
	in[0].gpr[3] = WINDOW0 + 64;
	for (unsigned with_blocks = 0; with_blocks < 2; with_blocks++) {
		const struct isa_result *r = &steps[0];

		papyr_side_run(&batch, in, with_blocks, steps);
		if (r->signal == 0 && r->changes == 1 &&
		    r->change[0].address == WINDOW0 + 64 + 8 * high_at &&
		    r->change[0].value == quad[high_at] + 1 &&
		    r->state.gpr[6] == quad[high_at] + 1 && r->state.gpr[7] == quad[!high_at] &&
		    (r->state.cr >> 28 & 14) == 2)
			continue;
		printf("lqarx and stqcx. do not store what they must\n");
		totals.differences++;
	}
}

static void print_left_out(void)
{
	const char *last = NULL;

	for (unsigned i = 0; i < isa_rows; i++) {
		const char *why = chosen(&isa_table[i]) ? left_out(&isa_table[i]) : NULL;

		if (!why)
			continue;
		if (why != last)
			printf("%s  not compared, %s:", last ? "\n" : "", why);
		printf(" %s", isa_table[i].mnemonic);
		last = why;
	}
	printf("%s", last ? "\n" : "");
}

static void report(void)
{
	printf("%s, byte order %s, seed %llu\n", options.model->name,
	       options.little_endian ? "little" : "big", (unsigned long long)options.seed);
	printf("%u rows: %u for user programs compared, %u privileged ones refused alike, %u of "
	       "later processors illegal, %u not compared\n",
	       totals.rows, totals.tested, totals.refused, totals.later, totals.skipped);
	print_left_out();
	printf("%lu vectors, %lu differ (%u rows); %lu excused; %lu ended in an alignment "
	       "interrupt, as they must\n",
	       totals.vectors, totals.differences, totals.failed_rows, totals.excused,
	       totals.alignment);
	known_wrong_report();
	printf("%lu runs of random programs, %lu programs differ\n", totals.programs,
	       totals.failed_programs);
}

static void usage(void)
{
	fprintf(stderr,
		"usage: isa-diff [-e le|be] [-m MODEL] [-s SEED] [-n VECTORS] [-p PROGRAMS] [-r "
		"PATTERN]... [-v] -- "
		"PEER [ARGUMENT]...\n");
	exit(2);
}

static void parse(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "+e:m:s:n:p:r:v")) != -1) {
		switch (c) {
		case 'e':
			if (strcmp(optarg, "le") && strcmp(optarg, "be"))
				usage();
			options.little_endian = !strcmp(optarg, "le");
			break;
		case 'm':
			options.model = cpu_model_by_name(optarg);
			if (!options.model)
				usage();
			break;
		case 's':
			options.seed = strtoull(optarg, NULL, 0);
			break;
		case 'n':
			options.vectors = (unsigned)strtoul(optarg, NULL, 0);
			break;
		case 'p':
			options.programs = (unsigned)strtoul(optarg, NULL, 0);
			break;
		case 'r':
			if (options.nr_patterns < PATTERNS_MAX)
				options.patterns[options.nr_patterns++] = optarg;
			break;
		case 'v':
			options.verbose = true;
			break;
		default:
			usage();
		}
	}
	if (optind == argc)
		usage();
}

/* A pattern without a row would compare nothing and call it good. */
static void check_patterns(void)
{
	for (unsigned i = 0; i < options.nr_patterns; i++) {
		bool found = false;

		for (unsigned row = 0; row < isa_rows; row++)
			found |= !fnmatch(options.patterns[i], isa_table[row].mnemonic, 0);
		if (found)
			continue;
		fprintf(stderr, "isa-diff: -r %s: there is no such instruction\n",
			options.patterns[i]);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	parse(argc, argv);
	check_patterns();
	setvbuf(stdout, NULL, _IOLBF, 0);
	papyr_side_model(options.model);
	generate_level(is_booke() ? options.model->level : ISA_207);
	papyr_side_init(options.little_endian);
	peer_start(argv + optind, options.little_endian);
	test_rows();
	test_programs();
	if (options.model->level >= ISA_207)
		test_quadword_pair();
	peer_stop();
	papyr_side_fini();
	report();
	return totals.differences || totals.failed_programs;
}
