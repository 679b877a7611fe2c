/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the engine keeps, and when it lets go of it: decoded blocks, generated code, translations,
 * and the index of the instruction table.
 */
#include <sched.h>
#include <stdio.h>
#include "cpu/engine/code.h"
#include "cpu/isa/isa.h"
#include "cpu/jit/jit.h"
#include "cpu/jit/orders.h"
#include "cpu/mmu/touched.h"
#include "cpu_fixture.h"

#define PAGE	  0x1000ull
#define CODE	  0x100000ull /* guest real */
#define CODE_EA	  0x10000000ull
#define CODE_VSID 0x111ull
#define DATA_EA	  0x20000000ull
#define DATA_VSID 0x222ull
#define REAL	  (MSR_SF | MSR_ME)
#define MAPPED	  (REAL | MSR_IR | MSR_DR | MSR_RI)
#define SC_1	  0x44000022u

static u64 seed = 4711;

static u64 rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

#define CODE_BYTES ((size_t)20 << 20)
#define JIT_BYTES  ((size_t)36 << 20)

/* In real mode, one to one. */
static struct fixture *machine(const char *engine, size_t blocks, size_t jit)
{
	struct fixture *f;

	setenv("PAPYR_ENGINE", engine, 1);
	f = fixture_new();
	code_fini(&f->cpu);
	assert_int_equal(code_init(&f->cpu, (struct code_room){blocks, jit}), 0);
	f->cpu.hpt = NULL;
	cpu_set_msr(&f->cpu, REAL);
	return f;
}

static void run_from(struct fixture *f, u64 nip)
{
	f->cpu.nip = nip;
	cpu_run(&f->cpu);
}

/* --- areas that are too small --- */

#define CHAIN  40 /* pages of code */
#define ADDS   60 /* instructions on each */
#define ROUNDS 30

/* Each page adds to r3 and goes to the next one; r4 counts rounds. */
static void put_chain(struct fixture *f)
{
	u64 at = CODE;

	for (unsigned page = 0; page < CHAIN; page++) {
		at = CODE + page * PAGE;
		for (unsigned i = 0; i < ADDS; i++, at += 4)
			put_insn(f, at, 0x38630001); /* addi r3, r3, 1 */
		if (page + 1 < CHAIN)
			put_insn(f, at, 0x48000000 | (u32)(PAGE - 4 * ADDS));
	}
	put_insn(f, at, 0x3884ffff);	 /* addi r4, r4, -1 */
	put_insn(f, at + 4, 0x2c240000); /* cmpdi r4, 0 */
	put_insn(f, at + 8, 0x41820008); /* beq over one */
	put_insn(f, at + 12, 0x48000000 | ((u32)(CODE - at - 12) & 0x03fffffc));
	put_insn(f, at + 16, SC_1);
}

static void run_chain(struct fixture *f)
{
	put_chain(f);
	f->cpu.gpr[3] = 0;
	f->cpu.gpr[4] = ROUNDS;
	run_from(f, CODE);
	assert_int_equal(f->cpu.gpr[3], CHAIN * ADDS * ROUNDS);
	assert_int_equal(f->hcalls, 1);
}

static void no_room_for_blocks(void **state)
{
	static const struct {
		const char *name;
		size_t blocks, jit;
	} engines[] = {{"portable", 2 * CODE_BYTES_MIN, 2 * CODE_BYTES_MIN},
		       {"eager", CODE_BYTES_MIN, JIT_BYTES}};

	for (unsigned i = 0; i < ARRAY_SIZE(engines); i++) {
		struct fixture *f = machine(engines[i].name, engines[i].blocks, engines[i].jit);

		run_chain(f);
		/* It doesn't hold a round, so each round makes room. */
		assert_in_range(f->cpu.counts.code_flushes, ROUNDS, CHAIN * ROUNDS);
		assert_in_range(f->cpu.counts.blocks_decoded, CHAIN * ROUNDS, 3 * CHAIN * ROUNDS);
		fixture_free(f);
	}
}

static void room_enough(void **state)
{
	struct fixture *f = machine("eager", CODE_BYTES, JIT_BYTES);

	run_chain(f);
	assert_int_equal(f->cpu.counts.code_flushes, 0);
	assert_in_range(f->cpu.counts.blocks_decoded, CHAIN, CHAIN + 3);
	fixture_free(f);
}

#define JUMPS	    270000u /* one after another, each a block: they nearly fill memory */
#define JUMPS_BYTES ((size_t)24 << 20)

static void put_jumps(struct fixture *f, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		put_insn(f, CODE + 4 * i, 0x48000004); /* b to the next */
	put_insn(f, CODE + 4 * n, SC_1);
}

static void crowded_hash(void **state)
{
	struct fixture *f = machine("portable", JUMPS_BYTES, JUMPS_BYTES);
	const struct cpu_counts *n = &f->cpu.counts;

	put_jumps(f, JUMPS);
	run_from(f, CODE);
	assert_int_equal(n->blocks_decoded, JUMPS + 1);
	run_from(f, CODE);
	assert_int_equal(f->hcalls, 2);
	assert_int_equal(n->code_flushes, 0);
	/* None was dropped for others. */
	assert_int_equal(n->blocks_decoded, JUMPS + 1);
	fixture_free(f);
}

/* A line that is run in many modes has more blocks than are remembered of one. */
static void crowded_line(void **state)
{
	static const u64 bits[] = {MSR_FP, MSR_VEC, MSR_VSX, MSR_SF};
	static const char *const engines[] = {"portable", "eager"};
	const unsigned modes = 1u << ARRAY_SIZE(bits);

	for (unsigned i = 0; i < ARRAY_SIZE(engines); i++) {
		struct fixture *f = machine(engines[i], CODE_BYTES, JIT_BYTES);
		u64 msr = f->cpu.msr;

		put_jumps(f, 15);
		for (unsigned n = 0; n < 2 * modes; n++) {
			for (unsigned b = 0; b < ARRAY_SIZE(bits); b++)
				msr = n >> b & 1 ? msr | bits[b] : msr & ~bits[b];
			cpu_set_msr(&f->cpu, msr);
			run_from(f, CODE);
			assert_int_equal(f->hcalls, n + 1);
		}
		/* Those of the first modes were dropped for others. */
		assert_in_range(f->cpu.counts.blocks_decoded, 16 * modes + 16, 2 * 16 * modes);
		fixture_free(f);
	}
}

/* The counts say what happened: all is found once, and once more after it was forgotten. */
static void counted(void **state)
{
	struct fixture *f = machine("portable", CODE_BYTES, JIT_BYTES);
	const struct cpu_counts *n = &f->cpu.counts;
	struct cpu_counts before;
	u64 insns = cpu_insns(&f->cpu);

	run_chain(f);
	assert_in_range(cpu_insns(&f->cpu) - insns, CHAIN * ADDS * ROUNDS,
			CHAIN * (ADDS + 1) * ROUNDS + 4 * ROUNDS + 1);
	assert_in_range(n->jumps_missed, CHAIN, CHAIN + 3);
	assert_true(n->turns >= n->jumps_missed);
	assert_in_range(n->fetches_missed, CHAIN, CHAIN + 3);
	assert_true(n->decode_ns > 0);
	before = *n;
	f->hcalls = 0;
	run_chain(f);
	assert_int_equal(n->jumps_missed, before.jumps_missed);
	assert_int_equal(n->fetches_missed, before.fetches_missed);
	cpu_flush_all(&f->cpu);
	assert_int_equal(n->flushes_all, before.flushes_all + 1);
	assert_int_equal(n->flushes_jumps, before.flushes_jumps + 1);
	f->hcalls = 0;
	run_chain(f);
	assert_in_range(n->jumps_missed - before.jumps_missed, CHAIN, CHAIN + 3);
	assert_in_range(n->fetches_missed - before.fetches_missed, CHAIN, CHAIN + 3);
	assert_int_equal(n->blocks_decoded, before.blocks_decoded);
	fixture_free(f);
}

/* What has no translation is interpreted; branches are linked once, and then need nobody. */
static void share_translated(void **state)
{
	struct fixture *portable = machine("portable", CODE_BYTES, JIT_BYTES);
	struct fixture *eager = machine("eager", CODE_BYTES, JIT_BYTES);
	const struct cpu_counts *n = &eager->cpu.counts;
	u64 unlinked;

	run_chain(portable);
	run_chain(eager);
	assert_int_equal(portable->cpu.counts.interpreted, cpu_insns(&portable->cpu));
	if (jit_has_rule(isa_lookup(0x38630001, ISA_207)->fn)) {
		assert_in_range(n->interpreted, 0, 4 * ROUNDS + 1);
		unlinked = n->exits_unlinked;
		assert_in_range(unlinked, CHAIN, 3 * CHAIN);
		eager->hcalls = 0;
		run_chain(eager);
		assert_in_range(n->exits_unlinked - unlinked, 0, 4);
	}
	fixture_free(portable);
	fixture_free(eager);
}

/* Code for a few pages fits: it is made room for, again and again, and goes on being generated. */
static void no_room_for_code(void **state)
{
	struct fixture *f = machine("eager", CODE_BYTES, 4096);

	if (!jit_has_rule(isa_lookup(0x38630001, ISA_207)->fn)) {
		fixture_free(f);
		skip();
	}
	run_chain(f);
	assert_in_range(f->cpu.counts.code_flushes, ROUNDS, CHAIN * ROUNDS);
	assert_in_range(f->cpu.counts.blocks_compiled, CHAIN * ROUNDS - ROUNDS, 3 * CHAIN * ROUNDS);
	fixture_free(f);
}

/* Room for one at a time, but for what lies in a page's rest. */
static void hardly_room_for_code(void **state)
{
	for (size_t bytes = 1; bytes <= 64; bytes += 9) {
		struct fixture *f = machine("eager", CODE_BYTES, bytes);

		run_chain(f);
		if (jit_has_rule(isa_lookup(0x38630001, ISA_207)->fn))
			assert_in_range(f->cpu.counts.code_flushes, ROUNDS, CHAIN * ROUNDS);
		fixture_free(f);
	}
}

/*
 * Ways out of translations that are gone when there is no room left for their code: pages of
 * stores, each to a page of its own, are translated while all can be stored to, and each finds one
 * of them afterwards that can't.
 */
#define STORERS	    1500u
#define STORES	    24u /* of r5, by r8 and what follows it */
#define STORED	    (CODE + STORERS * PAGE)
#define STORER_ROOM ((size_t)3200 << 10)
/* What goes on behind exits is dropped before it is worth a translation, which would take room. */
#define STORER_BLOCKS ((size_t)7 << 20)

static void put_storers(struct fixture *f)
{
	for (u64 at = CODE; at < CODE + STORERS * PAGE; at += PAGE) {
		for (u32 i = 0; i < STORES; i++)
			put_insn(f, at + 4 * i, 0xf8a00000 | (8 + i) << 16); /* std r5, 0(r) */
		put_insn(f, at + 4 * STORES, SC_1);
	}
	for (u32 i = 0; i < STORES; i++)
		f->cpu.gpr[8 + i] = STORED + i * PAGE;
}

/* @missed: the store that finds its page missing; STORES: none does. */
static void run_storers(struct fixture *f, u32 missed)
{
	for (u64 at = CODE; at < CODE + STORERS * PAGE; at += PAGE) {
		if (missed < STORES)
			cpu_protect_page(&f->cpu, STORED + missed * PAGE);
		f->cpu.gpr[5]++;
		run_from(f, at);
		assert_int_equal(f->cpu.nip, at + 4 * STORES + 4);
		for (u32 i = 0; i < STORES; i++)
			assert_int_equal(load_be64(f->ram + STORED + i * PAGE), f->cpu.gpr[5]);
	}
}

static void no_room_for_exits(void **state)
{
	struct fixture *f = machine("inline", STORER_BLOCKS, STORER_ROOM);

	put_storers(f);
	/* The clock isn't looked at: what was found running then would be translated again. */
	f->cpu.budget = INT32_MAX;
	for (unsigned i = 0; i < 40; i++)
		run_storers(f, STORES);
	for (u32 missed = 0; missed < STORES; missed++)
		run_storers(f, missed);
	if (f->cpu.jit)
		assert_in_range(f->cpu.counts.exits_function, STORERS * STORES, ~0u);
	/* It would have made room for exits. */
	assert_int_equal(f->cpu.counts.code_flushes, 0);
	fixture_free(f);
}

/* More than they have at first, which cold ones give way for, and less than all. */
static void kept_blocks_get_room(void **state)
{
	struct fixture *f = machine("inline", (size_t)1280 << 10, JIT_BYTES);

	put_storers(f);
	f->cpu.budget = INT32_MAX;
	for (u64 i = 0; i < STORERS * 40; i++)
		run_from(f, CODE + i / 40 * PAGE);
	run_storers(f, STORES);
	if (f->cpu.jit) {
		assert_in_range(f->cpu.counts.blocks_compiled, STORERS, ~0u);
		assert_in_range(f->cpu.counts.cold_flushes, 2, ~0u);
	}
	assert_int_equal(f->cpu.counts.code_flushes, 0);
	fixture_free(f);
}

/* --- translations that another thread makes --- */

/* Runs the chain until all of it is translated. */
static void run_until_translated(struct fixture *f)
{
	for (unsigned i = 0; i < 1000 && f->cpu.counts.blocks_compiled < CHAIN; i++) {
		f->hcalls = 0;
		run_chain(f);
	}
	assert_in_range(f->cpu.counts.blocks_compiled, CHAIN, 3 * CHAIN);
}

static u64 interpreted_in_a_run(struct fixture *f)
{
	u64 before = f->cpu.counts.interpreted;

	f->hcalls = 0;
	run_chain(f);
	return f->cpu.counts.interpreted - before;
}

static void translated_by_order(void **state)
{
	struct fixture *f = machine("native", CODE_BYTES, JIT_BYTES);

	if (!jit_orders(f->cpu.jit)) {
		fixture_free(f);
		skip();
	}
	run_until_translated(f);
	assert_in_range(interpreted_in_a_run(f), 0, CHAIN * ADDS);
	/* What led to cold blocks has learnt that they moved. */
	assert_int_equal(interpreted_in_a_run(f), interpreted_in_a_run(f));
	assert_in_range(interpreted_in_a_run(f), 0, 2 * ADDS);
	assert_true(f->cpu.counts.compile_ns > 0);
	fixture_free(f);
}

static void how_much_room(void **state)
{
	static const struct {
		const char *wanted; /* in PAPYR_CODE_MEMORY */
		size_t first, further;
	} mib[] = {{NULL, 56, 26}, {"", 56, 26},      {"many", 56, 26},	    {"100", 100, 100},
		   {"1", 16, 16},  {"0x100", 56, 26}, {"99999", 1024, 1024}};

	for (unsigned i = 0; i < ARRAY_SIZE(mib); i++) {
		struct code_room first, further;

		if (mib[i].wanted)
			setenv("PAPYR_CODE_MEMORY", mib[i].wanted, 1);
		first = code_room(true);
		further = code_room(false);
		assert_int_equal(first.blocks + first.jit, mib[i].first << 20);
		assert_int_equal(further.blocks + further.jit, mib[i].further << 20);
		unsetenv("PAPYR_CODE_MEMORY");
	}
}

/* Each engine works with the most that can be asked for. */
static void most_room(void **state)
{
	static const char *const engines[] = {"portable", "native"};
	struct code_room most;

	setenv("PAPYR_CODE_MEMORY", "99999", 1);
	most = code_room(true);
	unsetenv("PAPYR_CODE_MEMORY");
	for (unsigned i = 0; i < ARRAY_SIZE(engines); i++) {
		struct fixture *f = machine(engines[i], most.blocks, most.jit);

		run_chain(f);
		fixture_free(f);
	}
}

/* Where the host's processors all run guests, who wants a translation makes it, at once. */
static void translated_without_a_thread(void **state)
{
	struct fixture *f = machine("native", CODE_BYTES, JIT_BYTES);
	struct orders *orders = jit_orders(f->cpu.jit);
	const struct jit_order *next;

	if (!orders) {
		fixture_free(f);
		skip();
	}
	next = orders_room(orders);
	for (unsigned i = 0; i < CPU_SETSIZE; i++)
		orders_begin_run();
	for (unsigned i = 0; i <= jit_threshold(f->cpu.jit); i++) {
		f->hcalls = 0;
		run_chain(f);
	}
	for (unsigned i = 0; i < CPU_SETSIZE; i++)
		orders_end_run();
	assert_in_range(interpreted_in_a_run(f), 0, 2 * ADDS);
	assert_ptr_equal(orders_room(orders), next);
	fixture_free(f);
}

/* Pages go and all goes while translations are being made. */
static void dropped_while_ordered(void **state)
{
	struct fixture *f = machine("native", CODE_BYTES, 4096);

	for (unsigned i = 0; i < 200; i++) {
		f->hcalls = 0;
		run_chain(f);
		if (i % 8 == 0)
			cpu_flush_all_code(&f->cpu);
		else
			cpu_flush_code(&f->cpu, CODE + i % CHAIN * PAGE);
	}
	fixture_free(f);
}

/*
 * What is asked of the owner before a block is decoded may take time, in which all is dropped: here
 * each time that a block is decoded once more, to be kept.
 */
static u8 decoded[CHAIN * PAGE / 4];
static unsigned dropped;

static bool read_and_drop_all(struct cpu *cpu, u64 gpa, unsigned size)
{
	u8 *times = &decoded[(gpa - CODE) / 4];

	if (++*times > 1 && gpa != CODE) {
		memset(decoded, 0, sizeof(decoded));
		dropped++;
		cpu_flush_all_code(cpu);
	}
	return true;
}

static void emptied_while_promoted(void **state)
{
	static const char *const engines[] = {"native", "inline"};

	for (unsigned i = 0; i < ARRAY_SIZE(engines); i++) {
		struct fixture *f = machine(engines[i], CODE_BYTES, JIT_BYTES);
		struct cpu_host host = *f->cpu.host;

		host.code_read = read_and_drop_all;
		f->cpu.host = &host;
		dropped = 0;
		for (unsigned n = 0; n < 100; n++) {
			f->hcalls = 0;
			run_chain(f);
		}
		assert_true(!f->cpu.jit || dropped > 10);
		fixture_free(f);
	}
}

/* Each of many that come and go has a thread; none is left behind, nor waited for in vain. */
static void come_and_go(void **state)
{
	for (unsigned i = 0; i < 50; i++) {
		struct fixture *f = machine("native", CODE_BYTES, JIT_BYTES);

		run_chain(f);
		fixture_free(f);
	}
}

/* --- memory that changes under decoded code --- */

static u64 answer(struct fixture *f)
{
	f->cpu.gpr[3] = 0;
	run_from(f, CODE);
	return f->cpu.gpr[3];
}

static void changes_from_outside(const char *engine)
{
	struct fixture *f = machine(engine, CODE_BYTES, JIT_BYTES);
	u64 decoded;

	put_insn(f, CODE, 0x38600001); /* li r3, 1 */
	put_insn(f, CODE + 4, SC_1);
	assert_int_equal(answer(f), 1);
	put_insn(f, CODE, 0x38600002);
	assert_int_equal(answer(f), 1); /* nobody told */
	cpu_request(&f->cpu, CPU_REQ_RECHECK);
	assert_int_equal(answer(f), 2);
	/* Elsewhere on the page: nothing is decoded anew. */
	decoded = f->cpu.counts.blocks_decoded;
	put_insn(f, CODE + 0x800, 0x12345678);
	cpu_request(&f->cpu, CPU_REQ_RECHECK);
	assert_int_equal(answer(f), 2);
	assert_int_equal(f->cpu.counts.blocks_decoded, decoded);
	fixture_free(f);
}

/* Blocks that are translated, that stay cold, and that are kept with their ops. */
static void changed_from_outside(void **state)
{
	changes_from_outside("eager");
	changes_from_outside("inline");
	changes_from_outside("portable");
}

/*
 * A block that writes over itself, without isync, goes on as it was decoded or, where the store
 * left a translation, as it is; and is another one the next time.
 */
static void changed_by_itself(void **state)
{
	static const char *const engines[] = {"portable", "eager"};

	for (unsigned i = 0; i < ARRAY_SIZE(engines); i++) {
		struct fixture *f = machine(engines[i], CODE_BYTES, JIT_BYTES);

		put_insn(f, CODE, 0x90a60000);	   /* stw r5, 0(r6) */
		put_insn(f, CODE + 4, 0x38600001); /* li r3, 1 */
		put_insn(f, CODE + 8, SC_1);
		f->cpu.gpr[5] = 0x38600002;
		f->cpu.gpr[6] = CODE + 4;
		assert_in_range(answer(f), 1, 2);
		assert_int_equal(f->code_writes, 1);
		assert_int_equal(answer(f), 2);
		fixture_free(f);
	}
}

/* --- translations --- */

struct mapping {
	u64 ea, index, v, flags;
	const struct hpt_base_size *base;
};

static void enter(struct fixture *f, const struct mapping *m, u64 gpa)
{
	assert_int_equal(hpt_enter(f->hpt, m->index, 0, m->v, gpa | m->flags, NULL), 0);
}

/* A page of its segment's base size. */
static struct mapping map(struct fixture *f, u64 ea, u64 gpa, const struct hpt_base_size *base)
{
	struct hpt_va va = hpt_va_of_ea(DATA_VSID << 12 | base->slb_enc, ea);
	u64 group = hpt_hash(va, base->page_shift) & hpt_pteg_mask(f->hpt);
	struct mapping m = {ea, group << 3, hpt_avpn(va, base->page_shift), 0x12, base};

	if (base->page_shift != 12)
		m.v |= HPT_V_LARGE;
	m.flags |= (u64)base->actual[0].pte_enc << HPT_R_LP_SHIFT;
	assert_int_equal(base->actual[0].page_shift, base->page_shift);
	assert_int_equal(hpt_enter(f->hpt, m.index, 0, m.v, gpa | m.flags, &m.index), 0);
	return m;
}

static void move(struct fixture *f, const struct mapping *m, u64 gpa)
{
	assert_int_equal(hpt_remove(f->hpt, m->index, HPT_ALWAYS, 0, NULL, NULL), 0);
	enter(f, m, gpa);
}

static u64 load(struct fixture *f, u64 ea)
{
	f->cpu.gpr[5] = ea;
	step_insn(f, CODE_EA, CODE, 0xe8650000); /* ld r3, 0(r5) */
	assert_int_equal(f->cpu.nip, CODE_EA + 4);
	return f->cpu.gpr[3];
}

static u64 va_of(u64 ea)
{
	return (DATA_VSID << 28) + (ea & 0xfffffff);
}

/* Fills a page of memory with where it is. */
static void mark(struct fixture *f, u64 gpa, u64 bytes)
{
	for (u64 at = gpa; at < gpa + bytes; at += PAGE)
		store_be64(f->ram + at, at);
}

static void each_piece_leads_to(struct fixture *f, const struct mapping *m, u64 gpa)
{
	u64 bytes = 1ull << m->base->page_shift;

	for (u64 at = 0; at < bytes; at += PAGE)
		assert_int_equal(load(f, m->ea + at), gpa + at);
}

static void flush_one(const struct hpt_base_size *base, struct fixture *f)
{
	u64 bytes = 1ull << base->page_shift;
	struct mapping m, neighbour;

	cpu_set_msr(&f->cpu, MAPPED);
	map_segment(f, 0, CODE_EA >> 28, CODE_VSID, 0);
	map_page(f, CODE_VSID, CODE_EA, CODE, 0x12);
	map_segment(f, 1, DATA_EA >> 28, DATA_VSID, base->slb_enc);
	mark(f, 16u << 20, 48u << 20);
	m = map(f, DATA_EA, 16u << 20, base);
	neighbour = map(f, DATA_EA + bytes, 32u << 20, base);
	each_piece_leads_to(f, &m, 16u << 20);
	each_piece_leads_to(f, &neighbour, 32u << 20);
	move(f, &m, 48u << 20);
	move(f, &neighbour, 48u << 20);
	assert_int_equal(load(f, m.ea), 16u << 20); /* nobody told */
	assert_int_equal(load(f, neighbour.ea), 32u << 20);
	cpu_flush_page(&f->cpu, va_of(m.ea), base->page_shift);
	each_piece_leads_to(f, &m, 48u << 20);
	if (base->page_shift < 24) /* so large a page takes all others along */
		each_piece_leads_to(f, &neighbour, 32u << 20);
	cpu_flush_page(&f->cpu, va_of(neighbour.ea), base->page_shift);
	each_piece_leads_to(f, &neighbour, 48u << 20);
	fixture_free(f);
}

static void pages_of_all_sizes(void **state)
{
	for (unsigned i = 0; i < HPT_BASE_SIZES; i++) {
		flush_one(&hpt_base_sizes[i], fixture_new());
		flush_one(&hpt_base_sizes[i], fixture_new_wide());
	}
}

static void touched_sets_are_emptied(void **state)
{
	struct fixture *f = machine("portable", CODE_BYTES, JIT_BYTES);
	u64 page = 0x70000000, other = page - CPU_UNIT_BYTES;

	put_insn(f, CODE, SC_1);
	for (unsigned i = 0; i + 1 < TOUCHED_FULL; i++)
		cpu_touch_writable(&f->cpu, page + i * CPU_UNIT_BYTES);
	run_from(f, CODE);
	assert_true(cpu_may_write(&f->cpu, page));
	assert_false(cpu_may_write(&f->cpu, other));
	cpu_touch_writable(&f->cpu, other);
	assert_true(cpu_may_write(&f->cpu, other));
	run_from(f, CODE);
	assert_false(cpu_may_write(&f->cpu, page));
	assert_false(cpu_may_write(&f->cpu, other));
	fixture_free(f);
}

/* --- loops that wait --- */

#define LOW    0x7c210b78u /* or r1, r1, r1 */
#define MEDIUM 0x7c421378u /* or r2, r2, r2 */
#define NOP    0x60000000u

/* How often a loop gave way: @before it, then @rounds of @begin and @end. */
static unsigned yields_of_loop(const char *engine, u32 before, u32 begin, u32 end, u64 rounds)
{
	struct fixture *f = machine(engine, CODE_BYTES, JIT_BYTES);
	unsigned yields;

	put_insn(f, CODE, before);
	put_insn(f, CODE + 4, begin);
	put_insn(f, CODE + 8, end);
	put_insn(f, CODE + 12, 0x4200fff8); /* bdnz to @begin */
	put_insn(f, CODE + 16, SC_1);
	f->cpu.ctr = rounds;
	run_from(f, CODE);
	yields = f->spins;
	fixture_free(f);
	return yields;
}

static void waiting_loops_give_way(void **state)
{
	static const char *const engines[] = {"portable", "eager"};

	for (unsigned i = 0; i < ARRAY_SIZE(engines); i++) {
		/* Low and back each time round, low once for all, and never. */
		assert_in_range(yields_of_loop(engines[i], NOP, LOW, MEDIUM, 1000), 15, 16);
		assert_int_equal(yields_of_loop(engines[i], NOP, LOW, MEDIUM, 60), 0);
		assert_in_range(yields_of_loop(engines[i], LOW, NOP, NOP, 100000), 10, 40);
		assert_int_equal(yields_of_loop(engines[i], MEDIUM, NOP, NOP, 100000), 0);
	}
}

/* --- the table's index --- */

/* The row with the most specific mask, found by looking at them all. */
static const struct insn_row *plain_lookup(u32 insn, enum isa_level level)
{
	const struct insn_row *best = NULL;

	for (unsigned i = 0; i < isa_rows; i++) {
		const struct insn_row *row = &isa_table[i];

		if ((insn & row->mask) == row->match && isa_has(level, row) &&
		    (!best || __builtin_popcount(row->mask) > __builtin_popcount(best->mask)))
			best = row;
	}
	return best;
}

static void compare_lookup(u32 insn)
{
	static const enum isa_level levels[] = {ISA_201, ISA_206, ISA_207, ISA_440, ISA_E500};

	for (unsigned i = 0; i < ARRAY_SIZE(levels); i++)
		if (isa_lookup(insn, levels[i]) != plain_lookup(insn, levels[i]))
			fail_msg("%08x: the index finds another row than a search", insn);
}

static void index_finds_what_a_search_finds(void **state)
{
	for (unsigned i = 0; i < isa_rows; i++)
		for (unsigned n = 0; n < 20; n++)
			compare_lookup(isa_table[i].match | ((u32)rnd() & ~isa_table[i].mask));
	for (unsigned n = 0; n < 20000; n++)
		compare_lookup((u32)rnd());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_room_for_blocks),
	    cmocka_unit_test(room_enough),
	    cmocka_unit_test(crowded_hash),
	    cmocka_unit_test(crowded_line),
	    cmocka_unit_test(counted),
	    cmocka_unit_test(share_translated),
	    cmocka_unit_test(no_room_for_code),
	    cmocka_unit_test(hardly_room_for_code),
	    cmocka_unit_test(no_room_for_exits),
	    cmocka_unit_test(kept_blocks_get_room),
	    cmocka_unit_test(translated_by_order),
	    cmocka_unit_test(how_much_room),
	    cmocka_unit_test(most_room),
	    cmocka_unit_test(translated_without_a_thread),
	    cmocka_unit_test(dropped_while_ordered),
	    cmocka_unit_test(emptied_while_promoted),
	    cmocka_unit_test(come_and_go),
	    cmocka_unit_test(changed_from_outside),
	    cmocka_unit_test(changed_by_itself),
	    cmocka_unit_test(pages_of_all_sizes),
	    cmocka_unit_test(touched_sets_are_emptied),
	    cmocka_unit_test(waiting_loops_give_way),
	    cmocka_unit_test(index_finds_what_a_search_finds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
