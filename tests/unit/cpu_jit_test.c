/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Generated code gives the same bits as the instructions' functions: random loops of the
 * instructions that it knows, with some that it does not know between them, run by both; registers,
 * CR, LR, CTR, CFAR and memory are compared. What it knows is asked of it and drawn from the table,
 * so a new rule is covered by being there.
 */
#include <stdio.h>
#include <unistd.h>
#include "cpu/fp/fpu.h"
#include "cpu/insn/op.h"
#include "cpu/jit/jit.h"
#include "cpu_fixture.h"

#define PAGE	  0x1000ull
#define CODE_GPA  0x100000ull
#define DATA_GPA  0x200000ull
#define CODE_EA	  0x10000000ull
#define DATA_EA	  0x20000000ull
#define CODE_VSID 0x111ull
#define DATA_VSID 0x222ull
#define MODE	  (MSR_SF | MSR_ME | MSR_IR | MSR_DR | MSR_RI | MSR_FP | MSR_VEC | MSR_VSX)
#define VSCR_NJ	  0x00010000u
#define FEW	  8  /* one program in so many lacks a facility */
#define LENGTH	  40 /* instructions of a loop's body, about */
#define PROGRAMS  6000
#define ROUNDS	  5 /* of a loop */

#define BASE	30 /* points into the data page; nobody's target */
#define INDEX	29 /* small, nobody's target */
#define MOVING	28 /* updated, set back to BASE at the loop's head, or walking on */
#define COUNTER 27 /* rounds that are left */
#define PROGRAM 26 /* points to the program */
#define TARGETS 24
#define SCRATCH 24 /* of what leads LR and CTR somewhere */

static u64 seed = 12345;

static u64 rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static u32 reg(void)
{
	return rnd() % TARGETS;
}

static u32 fields(u32 insn, u32 t, u32 a, u32 b)
{
	return insn | t << 21 | a << 16 | b << 11;
}

/* --- what is drawn from --- */

struct form {
	const struct insn_row *row;
	bool rc; /* the record form */
};

#define FORMS_MAX 4096

static struct form forms[FORMS_MAX];
static unsigned forms_nr;

/* By their functions, unless they got a rule since. */
static const char *const others[] = {"addc",	 "adde",      "slw",	"sld",
				     "sraw",	 "cntlzd",    "mulhwu", "crxor",
				     "vsum4ubs", "vmhaddshs", "vrfin",	"xvtsqrtsp"};

/* What looks at the FPSCR, and sets it: by their functions, too. */
static const char *const looks[] = {"mffs",   "mcrfs",	"mtfsf", "mtfsfi", "mtfsb0",
				    "mtfsb1", "fctidu", "fre",	 "dadd"};
static struct form fp_forms[FORMS_MAX], look_forms[ARRAY_SIZE(looks)];
static unsigned fp_forms_nr, look_forms_nr;

/* What long numbers are reckoned with: carries may wait in the host's flags. */
static const char *const carrying[] = {"addc",	 "adde",  "addze", "addme",  "subfc", "subfe",
				       "subfze", "addic", "mulld", "mulhdu", "mulhd", "sradi",
				       "nor",	 "or",	  "addi",  "ld",     "std"};
static struct form carry_forms[FORMS_MAX];
static unsigned carry_forms_nr;

static void add_form(const struct insn_row *row, bool rc)
{
	assert_true(forms_nr < FORMS_MAX);
	forms[forms_nr++] = (struct form){row, rc};
}

static bool is_of(const struct insn_row *row, const char *const *names, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (!strcmp(row->mnemonic, names[i]))
			return true;
	return false;
}

static void find_carry_forms(void)
{
	carry_forms_nr = 0;
	for (unsigned i = 0; i < isa_rows; i++)
		if (is_of(&isa_table[i], carrying, ARRAY_SIZE(carrying)))
			carry_forms[carry_forms_nr++] = (struct form){&isa_table[i], false};
	assert_true(carry_forms_nr >= ARRAY_SIZE(carrying));
}

static void find_fp_forms(void)
{
	fp_forms_nr = look_forms_nr = 0;
	for (unsigned i = 0; i < isa_rows; i++) {
		const struct insn_row *row = &isa_table[i];

		if (is_of(row, looks, ARRAY_SIZE(looks)))
			look_forms[look_forms_nr++] = (struct form){row, rnd() & 1};
		else if (jit_has_rule(row->fn) &&
			 ((row->flags & (F_FP | F_VSX)) || strstr(row->mnemonic, "fp")))
			fp_forms[fp_forms_nr++] = (struct form){row, false};
	}
}

#define VECTORS (F_VEC | F_VSX)

/* Of rows with one of @flags, if any are named. */
static void find_forms(u64 flags)
{
	find_fp_forms();
	find_carry_forms();
	forms_nr = 0;
	for (unsigned i = 0; i < isa_rows; i++) {
		const struct insn_row *row = &isa_table[i];

		if (flags && !(row->flags & flags) && row->format != FMT_B)
			continue;
		if (jit_has_rule(row->fn) || is_of(row, others, ARRAY_SIZE(others)))
			add_form(row, false);
		if (row->fn_rc && jit_has_rule(row->fn_rc))
			add_form(row, true);
	}
}

static bool is_branch(const struct insn_row *row)
{
	return row->format == FMT_I || row->format == FMT_B || (row->flags & F_BR);
}

/* The program is a short loop that walks through memory. */
static bool walks;

/* Storage access lies around BASE; accesses reach over the page's end. */
static u32 storage_fields(const struct insn_row *row)
{
	u32 target = row->flags & F_FP ? rnd() & 31 : reg();

	switch (row->format) {
	case FMT_D:
	case FMT_DS:
		return fields(rnd() & 0xc, target, MOVING, 0);
	case FMT_D0:
	case FMT_DS0:
		return fields(rnd() & 0xfc, target, walks ? MOVING : BASE, 0);
	default:
		return fields(rnd() & 1, target, row->flags & F_UPD ? MOVING : BASE, INDEX);
	}
}

/* Any fields, but that three registers are spared. */
static u32 plain_fields(const struct insn_row *row)
{
	u32 low = rnd() & 0xffff;

	if (row->format == FMT_X || row->format == FMT_X0 || row->format == FMT_CMP)
		low = (low & 0x7ff) | reg() << 11;
	return fields(low, reg(), reg(), 0);
}

/* No clocks, and nothing that changes the mode. */
static u32 spr_fields(void)
{
	static const u16 numbers[] = {1, 1, 18, 19, 26, 27, 28, 256, 259, 272, 273, 274, 275, 896};
	u32 n = numbers[rnd() % ARRAY_SIZE(numbers)];

	return fields(0, reg(), n & 31, n >> 5);
}

#define MTMSRD_L 0x10000u /* EE and RI are all that changes */

static u32 random_fields(const struct insn_row *row)
{
	if (row->flags & (F_LOAD | F_STORE))
		return storage_fields(row);
	if (row->fn == op_mfspr || row->fn == op_mtspr)
		return spr_fields();
	return is_branch(row)	      ? (u32)rnd()
	       : row->fn == op_mtmsrd ? fields(0, reg(), 0, 0) | MTMSRD_L
				      : plain_fields(row);
}

static u32 word(const struct form *form)
{
	const struct insn_row *row = form->row;
	u32 bits = random_fields(row);

	if (row->flags & F_RC)
		bits = (bits & ~RC_BIT) | (form->rc ? RC_BIT : 0);
	return row->match | (bits & ~row->mask);
}

/* --- programs --- */

#define BCCTR  0x00000400u /* tells bcctr from bclr */
#define NO_CTR 0x00800000u /* BO: CTR is not counted down */

struct program {
	u32 insn[LENGTH + 16];
	unsigned n;
	/* Where its items begin: an instruction, or a branch and what prepares it. */
	unsigned item[LENGTH + 16];
	unsigned items;
	/* The instruction's row if it is one, to be aimed. */
	const struct insn_row *branch[LENGTH + 16];
};

static void add(struct program *p, u32 insn)
{
	p->branch[p->n] = NULL;
	p->insn[p->n++] = insn;
}

static void add_item(struct program *p, const struct form *form)
{
	const struct insn_row *row = form->row;

	p->item[p->items++] = p->n;
	if (is_branch(row) && row->format == FMT_XL) {
		add(p, fields(0x38000000, SCRATCH, PROGRAM, 0));	 /* addi: aimed below */
		add(p, row->match & BCCTR ? 0x7c0903a6 | SCRATCH << 21	 /* mtctr */
					  : 0x7c0803a6 | SCRATCH << 21); /* mtlr */
	}
	add(p, word(form));
	if (is_branch(row))
		p->branch[p->n - 1] = row;
}

/* Branches go forward, to the beginning of an item or to the loop's end. */
static void aim(struct program *p, unsigned at, unsigned next_item, unsigned end)
{
	unsigned first = next_item + rnd() % (p->items - next_item + 1);
	unsigned to = first < p->items ? p->item[first] : end;
	u32 distance = (to - at) * 4;

	switch (p->branch[at]->format) {
	case FMT_I:
		p->insn[at] = (p->insn[at] & ~0x03fffffcu) | distance;
		break;
	case FMT_B:
		p->insn[at] = (p->insn[at] & ~0xfffcu) | distance;
		break;
	default:
		/* What counts CTR down first, and then goes there, gets one more. */
		p->insn[at - 2] |=
		    to * 4 + (p->insn[at] & BCCTR && !(p->insn[at] & NO_CTR) ? 4 : 0);
	}
}

static void aim_all(struct program *p, unsigned end)
{
	for (unsigned i = 0; i < p->items; i++) {
		unsigned last = (i + 1 < p->items ? p->item[i + 1] : end) - 1;

		if (p->branch[last])
			aim(p, last, i + 1, end);
	}
}

/* What most of a program is. */
enum program_kind { MIXED, FLOATING, CARRYING };

static const struct form *random_form(enum program_kind kind)
{
	if (kind == FLOATING && !(rnd() & 15))
		return &look_forms[rnd() % look_forms_nr];
	if (kind == FLOATING && rnd() & 3)
		return &fp_forms[rnd() % fp_forms_nr];
	if (kind == CARRYING && rnd() & 7)
		return &carry_forms[rnd() % carry_forms_nr];
	return &forms[rnd() % forms_nr];
}

static const struct form *random_storage_form(void)
{
	const struct form *form;

	do
		form = &forms[rnd() % forms_nr];
	while (!(form->row->flags & (F_LOAD | F_STORE)));
	return form;
}

static void random_body(struct program *p, enum program_kind kind)
{
	unsigned length = walks ? 3 + rnd() % 10 : LENGTH;

	while (p->n < length) {
		if (walks && !(rnd() & 3)) {
			p->item[p->items++] = p->n;
			add(p, fields(0x38000000 | (rnd() & 0x18), MOVING, MOVING, 0)); /* addi */
		}
		if (walks && rnd() & 1)
			add_item(p, random_storage_form());
		else
			add_item(p, random_form(kind));
	}
}

static void random_program(struct program *p)
{
	static const enum program_kind kinds[] = {MIXED, FLOATING, FLOATING, CARRYING};
	enum program_kind kind = kinds[rnd() % ARRAY_SIZE(kinds)];
	unsigned end;

	p->n = p->items = 0;
	walks = !(rnd() & 3);
	add(p, fields(0x7c000378, BASE, MOVING, BASE)); /* mr MOVING, BASE */
	random_body(p, kind);
	end = p->n;
	add(p, fields(0x3800ffff, COUNTER, COUNTER, 0));     /* addi COUNTER, COUNTER, -1 */
	add(p, fields(0x2c200000, 0, COUNTER, 0));	     /* cmpdi COUNTER, 0 */
	add(p, 0x40820000 | (-4 * (p->n - walks) & 0xfffc)); /* bne to the head */
	add(p, 0x48000009);				     /* bl over one */
	add(p, 0x44000022);				     /* sc 1: leaves */
	add(p, 0x38630001);				     /* addi r3, r3, 1 */
	add(p, 0x4e800020);				     /* blr */
	aim_all(p, end);
}

static void put_word(struct fixture *f, u64 gpa, u32 insn, bool le)
{
	if (le)
		memcpy(f->ram + gpa, &insn, 4);
	else
		store_be32(f->ram + gpa, insn);
}

static void put_doubleword(struct fixture *f, u64 gpa, u64 v, bool le)
{
	if (le)
		memcpy(f->ram + gpa, &v, 8);
	else
		store_be64(f->ram + gpa, v);
}

static struct fixture *machine(const char *engine)
{
	struct fixture *f;

	setenv("PAPYR_ENGINE", engine, 1);
	f = fixture_new();
	f->cpu.dec_expires = ~0ull >> 1; /* no interrupt comes by itself */
	for (u64 vector = 0x100; vector < PAGE; vector += 0x20)
		put_insn(f, vector, 0x44000022); /* sc 1: interrupts end a program too */
	map_segment(f, 0, CODE_EA >> 28, CODE_VSID, 0);
	map_segment(f, 1, DATA_EA >> 28, DATA_VSID, 0);
	map_page(f, CODE_VSID, CODE_EA, CODE_GPA, 0x12);
	map_page(f, CODE_VSID, CODE_EA + PAGE, CODE_GPA + PAGE, 0x12);
	/* The page behind isn't where an access over the end would be without asking. */
	map_page(f, DATA_VSID, DATA_EA, DATA_GPA + PAGE, 0x12);
	map_page(f, DATA_VSID, DATA_EA + PAGE, DATA_GPA, 0x12);
	return f;
}

/* Of the facilities one may be off: what needs it is interrupted. */
static u64 random_msr(bool le)
{
	static const u64 facility[] = {MSR_FP, MSR_VEC, MSR_VSX};
	u64 off = rnd() % FEW ? 0 : facility[rnd() % ARRAY_SIZE(facility)];

	return (MODE & ~off) | (le ? MSR_LE : 0) | (rnd() & 7 ? 0 : MSR_FE0 | MSR_FE1);
}

/* A program's numbers are small integers, so that little is inexact. */
static bool small_numbers;

/* Numbers that arithmetic stays with, mostly. */
static u64 random_double(void)
{
	static const u64 special[] = {0x7ff0000000000000, 0x7ff8000000000001, 0x7ff4000000000000,
				      0x0000000000000001, 0x0010000000000000, 0x001fffffffffffff,
				      0x7fefffffffffffff, 0x3ff0000010000000, 0x380fffffffffffff,
				      0x47efffffefffffff, 0x3810000000000000, 0x43e0000000000000};
	u64 sign = rnd() & 1ull << 63, number = rnd() >> 12 | (1000 + rnd() % 48) << 52;

	if (small_numbers && rnd() & 63)
		return fpu_double_bits((double)(s8)rnd());
	switch (rnd() & 15) {
	case 0:
		return rnd();
	case 1:
	case 2:
		return sign;
	case 3:
		return sign | special[rnd() % ARRAY_SIZE(special)];
	case 4:
	case 5:
	case 6:
		return fpu_double_bits((double)(s8)rnd());
	case 7:
	case 8:
	case 9:
	case 10:
		return sign | (number & ~0x1fffffffull);
	default:
		return sign | number;
	}
}

static u64 random_singles(void)
{
	return (u64)fpu_store_single(random_double()) << 32 | fpu_store_single(random_double());
}

static u64 random_numbers(void)
{
	return rnd() & 3 ? random_double() : random_singles();
}

/* Most often as programs have it: to nearest, and an inexact result was seen. */
static u64 random_fpscr(void)
{
	u64 sticky = rnd() & (FPSCR_FX | FPSCR_FR | FPSCR_FI | FPSCR_FPRF);

	switch (rnd() & 7) {
	case 0:
		return fpu_summarize(rnd() & 0xfffff7ff & ~FPSCR_SUMMARIES);
	case 1:
		return sticky | (rnd() & FPSCR_RN);
	case 2:
		return sticky;
	case 3:
		return fpu_summarize(sticky | FPSCR_XX | (rnd() & FPSCR_ENABLES));
	default:
		return sticky | FPSCR_XX;
	}
}

/* Often with the limits of lanes, or much of what @other has. */
static union vsr random_vector(union vsr other)
{
	static const u8 limit[] = {0x00, 0x7f, 0x80, 0xff};
	union vsr v = {.d = {rnd(), rnd()}};
	u64 kind = rnd() % 4;

	for (unsigned i = 0; kind && i < 16; i++)
		if (rnd() % 4)
			v.b[i] = kind == 1 ? other.b[i] : limit[rnd() % kind];
	return v;
}

/* Into the pages from BASE on; some reach over the end of what is mapped. */
static u64 random_index(u64 state)
{
	u64 near = state & (state & 0x80 ? 0x7f : 0x78); /* aligned too, to reserve */

	return state >> 8 & (FEW - 1) ? near : 0x1020 + near;
}

/* The program begins @offset into its two pages. */
static void run(struct fixture *f, const struct program *p, unsigned offset, u64 state, bool le)
{
	u64 keep = seed;

	for (unsigned i = 0; i < p->n; i++)
		put_word(f, CODE_GPA + offset + 4 * i, p->insn[i], le);
	cpu_flush_all_code(&f->cpu);
	seed = state;
	small_numbers = !(rnd() & 3);
	cpu_set_msr(&f->cpu, random_msr(le));
	for (unsigned i = 0; i < 0x2000; i += 8)
		put_doubleword(f, DATA_GPA + i, rnd() & 1 ? random_numbers() : rnd(), le);
	for (unsigned i = 0; i < 32; i++)
		f->cpu.gpr[i] = rnd() & 3 ? rnd() : (u64)(s64)(s32)rnd() >> (rnd() & 31);
	for (unsigned i = 0; i < 64; i++)
		f->cpu.vsr[i] = rnd() & 1
				    ? random_vector(i ? f->cpu.vsr[i - 1] : (union vsr){.q = 0})
				    : (union vsr){.d = {random_numbers(), random_numbers()}};
	fpscr_set(&f->cpu.fpscr, random_fpscr());
	f->cpu.vscr = rnd() & 1 ? VSCR_NJ : 0;
	cpu_set_cr(&f->cpu, (u32)rnd());
	cpu_set_xer(&f->cpu, rnd() & 0xe0000000);
	f->cpu.ctr = rnd() & 3;
	seed = keep;
	f->cpu.gpr[BASE] = DATA_EA + 0xf80; /* accesses reach over the page's end */
	f->cpu.gpr[INDEX] = random_index(state);
	f->cpu.gpr[COUNTER] = walks ? 4 * ROUNDS : ROUNDS;
	f->cpu.gpr[PROGRAM] = CODE_EA + offset;
	f->cpu.lr = 0x1234;
	f->cpu.reserve_gpa = ~0ull;
	f->cpu.reserve_size = 0;
	f->cpu.reserve_value[0] = 0;
	f->cpu.nip = CODE_EA + offset;
	cpu_run(&f->cpu);
}

static bool is_quiet(u64 fpscr)
{
	return fpscr & FPSCR_XX &&
	       !(fpscr & (FPSCR_FEX | FPSCR_XE | FPSCR_UE | FPSCR_OE | FPSCR_RN));
}

static void assert_same(struct fixture *a, struct fixture *b, unsigned program, bool le)
{
	for (unsigned i = 0; i < 32; i++)
		if (a->cpu.gpr[i] != b->cpu.gpr[i])
			fail_msg("program %u, %s-endian: r%u is %016lx by its functions, %016lx "
				 "generated",
				 program, le ? "little" : "big", i, a->cpu.gpr[i], b->cpu.gpr[i]);
	assert_int_equal(cpu_get_cr(&a->cpu), cpu_get_cr(&b->cpu));
	assert_int_equal(cpu_get_xer(&a->cpu), cpu_get_xer(&b->cpu));
	assert_int_equal(a->cpu.lr, b->cpu.lr);
	assert_int_equal(a->cpu.ctr, b->cpu.ctr);
	assert_int_equal(a->cpu.nip, b->cpu.nip);
	assert_int_equal(a->cpu.cfar, b->cpu.cfar);
	assert_int_equal(a->cpu.srr0, b->cpu.srr0);
	assert_int_equal(a->cpu.srr1, b->cpu.srr1);
	assert_int_equal(a->cpu.dar, b->cpu.dar);
	assert_int_equal(a->cpu.dsisr, b->cpu.dsisr);
	assert_int_equal(a->cpu.vscr, b->cpu.vscr);
	assert_int_equal(a->cpu.msr, b->cpu.msr);
	assert_int_equal(a->cpu.ppr, b->cpu.ppr);
	assert_int_equal(a->cpu.vrsave, b->cpu.vrsave);
	assert_memory_equal(a->cpu.sprg, b->cpu.sprg, sizeof(a->cpu.sprg));
	assert_int_equal(a->cpu.reserve_gpa, b->cpu.reserve_gpa);
	assert_int_equal(a->cpu.reserve_size, b->cpu.reserve_size);
	assert_int_equal(a->cpu.reserve_value[0], b->cpu.reserve_value[0]);
	for (unsigned i = 0; i < 64; i++)
		if (memcmp(&a->cpu.vsr[i], &b->cpu.vsr[i], sizeof(union vsr)))
			fail_msg("program %u, %s-endian: vs%u is %016lx %016lx by its functions, "
				 "%016lx %016lx generated",
				 program, le ? "little" : "big", i, a->cpu.vsr[i].d[1],
				 a->cpu.vsr[i].d[0], b->cpu.vsr[i].d[1], b->cpu.vsr[i].d[0]);
	assert_int_equal(fpscr_get(&a->cpu.fpscr), fpscr_get(&b->cpu.fpscr));
	assert_true(!b->cpu.fpscr.quiet || is_quiet(b->cpu.fpscr.bits));
	assert_memory_equal(a->ram + DATA_GPA, b->ram + DATA_GPA, 0x2000);
}

/* Half of the programs lie across a page's end, where no branch is linked. */
static unsigned random_offset(const struct program *p)
{
	return rnd() & 1 ? 0 : PAGE - 4 * (1 + rnd() % p->n);
}

static void random_loops_agree(const char *host, u64 flags)
{
	struct fixture *plain = machine("portable"), *generated;

	setenv("PAPYR_HOST", host, 1);
	generated = machine("eager");
	find_forms(flags);
	for (unsigned i = 0; i < PROGRAMS; i++) {
		u64 start = rnd() | 1;
		bool le = rnd() & 1;
		struct program p;
		unsigned offset;

		random_program(&p);
		offset = random_offset(&p);
		run(plain, &p, offset, start, le);
		run(generated, &p, offset, start, le);
		assert_same(plain, generated, i, le);
	}
	fixture_free(plain);
	fixture_free(generated);
	unsetenv("PAPYR_HOST");
}

static void agree_as_host_is(void **state)
{
	random_loops_agree("", 0);
	random_loops_agree("", VECTORS);
}

/* What the host's processor has is used; as if it were older: */
static void agree_with_avx2(void **state)
{
	random_loops_agree("avx2", 0);
	random_loops_agree("avx2", VECTORS);
}

static void agree_with_avx(void **state)
{
	random_loops_agree("avx", 0);
	random_loops_agree("avx", VECTORS);
}

static void agree_with_sse(void **state)
{
	random_loops_agree("sse", 0);
	random_loops_agree("sse", VECTORS);
}

/* A block's place, mode and instructions are what tools/show-translations looks for. */
static void translations_are_dumped_where_asked(void **state)
{
	char path[] = "/tmp/papyr-dump-XXXXXX", line[4096], mode[16];
	struct program p = {.n = 0};
	struct fixture *f;
	FILE *dump;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	setenv("PAPYR_ENGINE_DUMP", path, 1);
	f = machine("eager");
	unsetenv("PAPYR_ENGINE_DUMP");
	add(&p, 0x38630001); /* addi r3, r3, 1 */
	add(&p, 0x7c852214); /* add r4, r5, r4 */
	add(&p, 0x44000022); /* sc 1: leaves */
	run(f, &p, 0, 1, true);
	fixture_free(f);
	dump = fdopen(fd, "r");
	assert_non_null(fgets(line, sizeof(line), dump));
	assert_int_equal(sscanf(line, "100000 %15s 38630001 7c852214 44000022 : ", mode), 1);
	assert_non_null(strstr(line, " : "));
	assert_null(fgets(line, sizeof(line), dump));
	fclose(dump);
	unlink(path);
}

/* A product half-way between two numbers: a denormal addend decides, unless it is a zero. */
static void denormal_addends_decide_without_nj(void **state)
{
	static const char *const engines[] = {"portable", "eager"};
	static const struct {
		u32 insn, addend;
		u32 result[2]; /* with VSCR[NJ] off, and on */
	} cases[] = {
	    {0x1061112e, 0x80000001, {0x3fc00001, 0x3fc00002}}, /* vmaddfp v3,v1,v4,v2 */
	    {0x1061112f, 0x00000001, {0xbfc00001, 0xbfc00002}}, /* vnmsubfp v3,v1,v4,v2 */
	};

	for (unsigned i = 0; i < 8; i++) {
		struct fixture *f = machine(engines[i & 1]);
		unsigned nj = i >> 1 & 1, which = i >> 2;

		put_insn(f, CODE_GPA, cases[which].insn);
		put_insn(f, CODE_GPA + 4, 0x38630001); /* addi r3, r3, 1 */
		put_insn(f, CODE_GPA + 8, 0x44000022); /* sc 1: leaves */
		for (unsigned lane = 0; lane < 4; lane++) {
			VSR_W(f->cpu.vsr[33], lane) = 0x3f800001;
			VSR_W(f->cpu.vsr[36], lane) = 0x3fc00000;
			VSR_W(f->cpu.vsr[34], lane) = cases[which].addend;
		}
		f->cpu.vscr = nj ? VSCR_NJ : 0;
		fpscr_set(&f->cpu.fpscr, FPSCR_XX); /* or all is called on the side */
		cpu_set_msr(&f->cpu, MODE);
		f->cpu.nip = CODE_EA;
		cpu_run(&f->cpu);
		for (unsigned lane = 0; lane < 4; lane++)
			assert_int_equal(VSR_W(f->cpu.vsr[35], lane), cases[which].result[nj]);
		fixture_free(f);
	}
}

/* In 32-bit mode 0 comes behind the last word: for what falls through, branches and returns. */
static void addresses_of_code_wrap_at_a_word(void **state)
{
	static const char *const engines[] = {"portable", "eager"};
	const u64 last = 0xfffff000, vsid = 0x333;

	for (unsigned i = 0; i < ARRAY_SIZE(engines); i++) {
		struct fixture *f = machine(engines[i]);

		map_segment(f, 2, 0, vsid, 0);
		map_page(f, vsid, 0, DATA_GPA, 0x12);
		map_segment(f, 3, last >> 28, vsid + 1, 0);
		map_page(f, vsid + 1, last, CODE_GPA, 0x12);
		put_insn(f, CODE_GPA, 0x38630001);	   /* addi r3, r3, 1 */
		put_insn(f, CODE_GPA + 4, 0x48000ff4);	   /* b to the last but one */
		put_insn(f, CODE_GPA + 0xff8, 0x4800000d); /* bl to 4 */
		put_insn(f, CODE_GPA + 0xffc, 0x48000005); /* bl to 0 */
		put_insn(f, DATA_GPA, 0x44000022);	   /* sc 1: leaves */
		put_insn(f, DATA_GPA + 4, 0x7ca802a6);	   /* mflr r5 */
		put_insn(f, DATA_GPA + 8, 0x4e800020);	   /* blr */
		cpu_set_msr(&f->cpu, MODE & ~MSR_SF);
		f->cpu.nip = last;
		cpu_run(&f->cpu);
		assert_int_equal(f->cpu.nip, 4);
		assert_int_equal(f->cpu.gpr[5], 0xfffffffc);
		assert_int_equal(f->cpu.lr, 0);
		assert_int_equal(f->cpu.cfar, 0xfffffffc);
		fixture_free(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(agree_as_host_is),
	    cmocka_unit_test(agree_with_avx2),
	    cmocka_unit_test(agree_with_avx),
	    cmocka_unit_test(agree_with_sse),
	    cmocka_unit_test(translations_are_dumped_where_asked),
	    cmocka_unit_test(denormal_addends_decide_without_nj),
	    cmocka_unit_test(addresses_of_code_wrap_at_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
