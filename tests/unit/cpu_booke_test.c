/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BookE processors in the engine: guests that take TLB misses and fill the TLB themselves, with
 * pages of every size, process number and address space; what protection and byte order do; and the
 * interrupts. Both processors, with translated code and without.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "booke_insns.h"
#include "cpu_fixture.h"
#include "fpu_operands.h"

/* --- a machine: a page of its own at 0, which address space 1 has too --- */

#define KERNEL	   0x10000u /* bytes at 0 that the guest's own code and data have */
#define IVPR	   0u
#define IVOR(n)	   (0x1000u + 0x100u * (n))
#define MAIN	   0x3000u
#define FLUSH	   0x3800u
#define TABLE	   0x4000u
#define VISITS	   0x8000u
#define OUTSIDE	   0xf0000000u /* real address without memory: leaves */
#define OUTSIDE_EA 0xf0000000u
#define RAM_TAGGED 0x100000u /* from here on each KiB tells where it is */
#define PAGES	   200u
#define RECORD	   32u
#define VISIT	   16u
#define VISITS_MAX ((KERNEL - VISITS) / VISIT)

static bool is_440(const struct fixture *f)
{
	return f->cpu.booke.tlb->kind == BOOKE_440;
}

static void put(struct fixture *f, u32 *at, u32 insn)
{
	put_insn(f, *at, insn);
	*at += 4;
}

/* What every KiB of memory has: its address, and code that loads it into r7. */
static u32 tag_of(u64 gpa)
{
	return (u32)(gpa & ~1023ull) * 5 + 12345;
}

static void tag_memory(struct fixture *f)
{
	for (u32 at = RAM_TAGGED; at < RAM_BYTES; at += 1024) {
		u32 code = at + 16, tag = tag_of(at);

		store_be32(f->ram + at, tag);
		put(f, &code, LIS(7, tag >> 16));
		put(f, &code, ORI(7, 7, tag));
		put(f, &code, BLR);
	}
}

/* What the guest never loses: its own pages, and the one that has no memory, which ends it. */
static void map_fixed(struct fixture *f)
{
	struct booke_tlb *tlb = f->cpu.booke.tlb;
	struct booke_mas mas = {.mas0 = 1u << 28 | 15 << 16, .mas3 = 0x3f};

	for (unsigned space = 0; space < 2 && is_440(f); space++) {
		tlb440_write(tlb, 63 - space, 0, 0x230 | space << 8, 0);
		tlb440_write(tlb, 63 - space, 2, 0x3f, 0);
		tlb440_write(tlb, 61 - space, 0, OUTSIDE_EA | 0x210 | space << 8, 0);
		tlb440_write(tlb, 61 - space, 1, OUTSIDE, 0);
		tlb440_write(tlb, 61 - space, 2, 0x3f, 0);
	}
	for (unsigned space = 0; space < 2 && !is_440(f); space++, mas.mas0 -= 2u << 16) {
		mas.mas1 = 0xc0000300u | space << 12;
		mas.mas2 = mas.mas7 = 0;
		mas.mas3 = 0x3f;
		tlb_e500_write(tlb, &mas);
		mas.mas0 -= 1u << 16;
		mas.mas1 = 0xc0000100u | space << 12;
		mas.mas2 = OUTSIDE_EA;
		mas.mas3 = OUTSIDE | 0x3f;
		tlb_e500_write(tlb, &mas);
		mas.mas0 += 1u << 16;
	}
	cpu_booke_changed(&f->cpu);
}

#define FREE_440  60u /* entries that handlers fill */
#define FREE_E500 12u /* of TLB1 */

/* The part of a miss's handler that finds r20 in the table and has its record at r21. */
static void put_search(struct fixture *f, u32 *at)
{
	u32 loop;

	put(f, at, MFSPR(25, SRR1));
	put(f, at, ANDI_RC(25, 25, 0x10)); /* the address space */
	put(f, at, MFSPR(26, PID));
	put(f, at, LI(21, TABLE));
	loop = *at;
	put(f, at, LWZ(22, 0, 21)); /* first address */
	put(f, at, LWZ(23, 4, 21)); /* mask of it */
	put(f, at, AND(24, 20, 23));
	put(f, at, CMPLW(24, 22));
	put(f, at, BNE(8));
	put(f, at, LWZ(24, 12, 21)); /* space, as MSR has it */
	put(f, at, CMPLW(24, 25));
	put(f, at, BNE(5));
	put(f, at, LWZ(24, 8, 21)); /* process; 0: any */
	put(f, at, CMPWI(24, 0));
	put(f, at, BEQ(5));
	put(f, at, CMPLW(24, 26));
	put(f, at, BEQ(3));
	put(f, at, ADDI(21, 21, RECORD));
	put(f, at, B(-(s32)(*at - loop) / 4));
}

static void put_fill_440(struct fixture *f, u32 *at)
{
	put(f, at, ADDI(28, 28, 1)); /* round and round */
	put(f, at, CMPWI(28, FREE_440 - 1));
	put(f, at, D_FORM(16, 4, 1, 8)); /* ble over it */
	put(f, at, LI(28, 0));
	put(f, at, MTSPR(MMUCR, 24));
	for (unsigned word = 0; word < 3; word++) {
		put(f, at, LWZ(22, 16 + 4 * word, 21));
		put(f, at, TLBWE440(22, 28, word));
	}
}

/* What a miss leaves in MAS0 is good for 4 KiB pages. */
static void put_fill_e500(struct fixture *f, u32 *at)
{
	put(f, at, LWZ(22, 28, 21)); /* which TLB */
	put(f, at, CMPWI(22, 0));
	put(f, at, BEQ(8));
	put(f, at, ADDI(28, 28, 1));
	put(f, at, CMPWI(28, FREE_E500 - 1));
	put(f, at, D_FORM(16, 4, 1, 8));
	put(f, at, LI(28, 0));
	put(f, at, D_FORM(21, 28, 23, 0x8000 | 15 << 6 | 15 << 1)); /* r23 = r28 << 16 */
	put(f, at, X_FORM(22, 22, 23, 444u));			    /* or */
	put(f, at, MTSPR(MAS(0), 22));
	for (unsigned i = 1; i < 4; i++) {
		put(f, at, LWZ(22, 12 + 4 * i, 21));
		put(f, at, MTSPR(MAS(i), 22));
	}
	put(f, at, LI(22, 0));
	put(f, at, MTSPR(MAS7, 22));
	put(f, at, TLBWE);
}

static void put_handlers(struct fixture *f)
{
	u32 at = IVOR(13);

	put(f, &at, MFSPR(20, DEAR));
	put(f, &at, B((0x2800 - (s32)at) / 4));
	at = IVOR(14);
	put(f, &at, MFSPR(20, SRR0));
	put(f, &at, B((0x2800 - (s32)at) / 4));
	at = 0x2800;
	put(f, &at, ADDI(31, 31, 1)); /* misses */
	put_search(f, &at);
	if (is_440(f))
		put_fill_440(f, &at);
	else
		put_fill_e500(f, &at);
	put(f, &at, RFI);
}

/*
 * Visits all that r30 leads to: sets the PID, then MSR, loads a word or calls what is there, takes
 * MSR back and stores what it got. Ends at the first with MSR 0.
 */
static void put_main(struct fixture *f)
{
	u32 at = MAIN, loop;

	put(f, &at, LIS(29, OUTSIDE_EA >> 16));
	put(f, &at, LI(10, 0));
	put(f, &at, ORI(30, 10, VISITS));
	loop = at;
	put(f, &at, LWZ(3, 0, 30));
	put(f, &at, LWZ(4, 4, 30));
	put(f, &at, LWZ(5, 8, 30));
	put(f, &at, CMPWI(4, 0));
	put(f, &at, BEQ(17));
	put(f, &at, MTSPR(PID, 3));
	put(f, &at, ISYNC);
	put(f, &at, ANDI_RC(6, 4, 1)); /* call it? */
	put(f, &at, BNE(4));
	put(f, &at, MTMSR(4));
	put(f, &at, LWZ(7, 0, 5));
	put(f, &at, B(4));
	put(f, &at, MTCTR(5));
	put(f, &at, MTMSR(4));
	put(f, &at, BCTRL);
	put(f, &at, MTMSR(10));
	put(f, &at, STW(7, 12, 30));
	put(f, &at, ADDI(30, 30, VISIT));
	put(f, &at, B(-(s32)(at - loop) / 4));
	put(f, &at, ISYNC);
	put(f, &at, ISYNC);
	put(f, &at, STW(7, 0, 29));

	at = FLUSH;
	put(f, &at, LIS(29, OUTSIDE_EA >> 16));
	put(f, &at, LI(11, is_440(f) ? FREE_440 : 6));
	put(f, &at, LI(10, 0));
	loop = at;
	put(f, &at, ADDI(11, 11, -1));
	put(f, &at, is_440(f) ? TLBWE440(10, 11, 0) : MTSPR(MMUCSR0, 11));
	put(f, &at, CMPWI(11, 0));
	put(f, &at, BNE(-(s32)(at - loop) / 4));
	put(f, &at, STW(7, 0, 29));
}

static struct fixture *machine(const struct cpu_model *model, const char *engine)
{
	struct fixture *f;

	setenv("PAPYR_ENGINE", engine, 1);
	f = fixture_of_model(model);
	f->cpu.hpt = NULL;
	for (unsigned i = 0; i < 16; i++)
		f->cpu.booke.ivor[i] = IVOR(i);
	map_fixed(f);
	return f;
}

static void run(struct fixture *f, u32 from)
{
	cpu_set_msr(&f->cpu, 0);
	f->cpu.nip = from;
	assert_int_equal(cpu_run(&f->cpu), CPU_EXIT_HOST);
	assert_int_equal(f->cpu.left_insn, STW(7, 0, 29));
}

/* --- the guest's pages --- */

struct guest_page {
	u32 ea, kib, real;
	unsigned tid;
	bool space;
};

static struct guest_page pages[PAGES];
static unsigned n_pages;

static const struct {
	u32 kib, code;
} sizes_of_440[] = {{1, 0}, {4, 1}, {16, 2}, {64, 3}, {256, 4}, {1024, 5}, {16384, 7}, {262144, 9}};

static bool overlaps(const struct guest_page *a, const struct guest_page *b)
{
	bool apart = a->ea >= b->ea + (u64)b->kib * 1024 || b->ea >= a->ea + (u64)a->kib * 1024;

	return !apart && a->space == b->space && (!a->tid || !b->tid || a->tid == b->tid);
}

/* Somewhere in memory that is tagged, as far as the page isn't larger than that. */
static void place(struct guest_page *p)
{
	u32 bytes = p->kib * 1024;

	p->real =
	    bytes >= RAM_BYTES / 2 ? 0 : (u32)random64() % (RAM_BYTES / bytes - 1) * bytes + bytes;
	if (bytes < RAM_BYTES / 2 && p->real < RAM_TAGGED)
		p->real += (RAM_TAGGED + bytes - 1) / bytes * bytes;
	if (bytes < RAM_BYTES / 2 && p->real + bytes > RAM_BYTES)
		p->real = RAM_BYTES - bytes;
}

static u32 code_of(const struct fixture *f, unsigned i)
{
	return is_440(f) ? sizes_of_440[i % ARRAY_SIZE(sizes_of_440)].code : 1 + i % 11;
}

/* The guest's table has, of page @i, what its handler wants. */
static void put_record(struct fixture *f, unsigned i, u32 code)
{
	const struct guest_page *p = &pages[i];
	u32 mask = ~(u32)((u64)p->kib * 1024 - 1);
	u32 words[8] = {p->ea, mask, p->tid, p->space ? 0x10 : 0};

	if (is_440(f)) {
		words[4] = p->ea | 0x200 | (p->space ? 0x100 : 0) | code << 4;
		words[5] = p->real;
		words[6] = 0x3f;
	} else {
		words[4] = 0x80000000u | p->tid << 16 | (p->space ? 0x1000 : 0) | code << 8;
		words[5] = p->ea;
		words[6] = p->real | 0x3f;
		words[7] = p->kib > 4 ? 1u << 28 : 0;
	}
	for (unsigned j = 0; j < 8; j++)
		store_be32(f->ram + TABLE + RECORD * i + 4 * j, words[j]);
}

_Static_assert(TABLE + PAGES * RECORD <= VISITS, "the table ends before the visits");

/* Pages of all sizes in turn, where they don't meet each other or the guest's own. */
static void make_pages(struct fixture *f, unsigned wanted)
{
	const struct guest_page own = {.kib = KERNEL / 1024},
				outside = {.ea = OUTSIDE_EA, .kib = 4};

	n_pages = 0;
	for (unsigned i = 0; n_pages < wanted && i < 40 * wanted; i++) {
		u32 code = code_of(f, i);
		struct guest_page p = {.kib = 1u << 2 * code,
				       .tid = (unsigned)random64() % 5,
				       .space = random64() % 3 == 0};
		bool good = p.kib <= 262144;

		if (!good)
			continue;
		p.ea = (u32)(random64() & (p.kib > 1024 ? ~0u : 0x3fffff)) & ~(p.kib * 1024 - 1);
		for (unsigned space = 0; space < 2; space++) {
			struct guest_page o = own, e = outside;

			o.space = e.space = space;
			good &= !overlaps(&p, &o) && !overlaps(&p, &e);
		}
		for (unsigned j = 0; j < n_pages; j++)
			good &= !overlaps(&p, &pages[j]);
		if (!good)
			continue;
		place(&p);
		pages[n_pages] = p;
		put_record(f, n_pages++, code);
	}
}

static u32 code_of_page(const struct guest_page *p)
{
	return (u32)__builtin_ctz(p->kib) / 2;
}

static struct {
	u32 pid, msr, ea, want;
} visits[VISITS_MAX];

/* Random places of random pages, loaded from or called. */
static void visit_pages(struct fixture *f)
{
	for (unsigned i = 0; i < VISITS_MAX - 1; i++) {
		const struct guest_page *p = &pages[random64() % n_pages];
		u64 offset = random64() % ((u64)p->kib * 1024) & ~1023ull;
		bool call = random64() & 1;

		if (p->real + offset >= RAM_BYTES || p->real + offset < RAM_TAGGED)
			offset = (RAM_TAGGED + 1024 * (random64() & 255)) % ((u64)p->kib * 1024);
		visits[i].pid = p->tid ? p->tid : (u32)(random64() % 6);
		visits[i].msr = 0x40000000u | (p->space ? 0x30 : 0) | call;
		visits[i].ea = p->ea + (u32)offset + (call ? 16 : 0);
		visits[i].want = tag_of(p->real + offset);
		store_be32(f->ram + VISITS + VISIT * i, visits[i].pid);
		store_be32(f->ram + VISITS + VISIT * i + 4, visits[i].msr);
		store_be32(f->ram + VISITS + VISIT * i + 8, visits[i].ea);
	}
	memset(f->ram + VISITS + VISIT * (VISITS_MAX - 1), 0, VISIT);
	run(f, MAIN);
	for (unsigned i = 0; i < VISITS_MAX - 1; i++) {
		if (load_be32(f->ram + VISITS + VISIT * i + 12) != visits[i].want)
			print_error("visit %u: pid %u msr %x ea %x\n", i, visits[i].pid,
				    visits[i].msr, visits[i].ea);
		assert_int_equal(load_be32(f->ram + VISITS + VISIT * i + 12), visits[i].want);
	}
}

#define ROUNDS 12

static void fills_its_tlb(const struct cpu_model *model, const char *engine)
{
	struct fixture *f = machine(model, engine);

	tag_memory(f);
	put_handlers(f);
	put_main(f);
	make_pages(f, PAGES);
	assert_true(n_pages > PAGES / 2);
	for (unsigned round = 0; round < ROUNDS; round++) {
		u64 misses = f->cpu.gpr[31];

		visit_pages(f);
		assert_true((u32)f->cpu.gpr[31] > (u32)misses);
		/* Some pages move: the guest invalidates what it has. */
		for (unsigned i = round % 3; i < n_pages; i += 3) {
			place(&pages[i]);
			put_record(f, i, code_of_page(&pages[i]));
		}
		run(f, FLUSH);
	}
	print_message("%s, %s: %u pages, %u misses, %llu instructions\n", model->name, engine,
		      n_pages, (u32)f->cpu.gpr[31], (unsigned long long)cpu_insns(&f->cpu));
	fixture_free(f);
}

static void test_440_portable(void **state)
{
	fills_its_tlb(&cpu_model_440, "portable");
}

static void test_440_translated(void **state)
{
	fills_its_tlb(&cpu_model_440, "eager");
}

static void test_e500_portable(void **state)
{
	fills_its_tlb(&cpu_model_e500v2, "portable");
}

static void test_e500_translated(void **state)
{
	fills_its_tlb(&cpu_model_e500v2, "eager");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_440_portable),
	    cmocka_unit_test(test_440_translated),
	    cmocka_unit_test(test_e500_portable),
	    cmocka_unit_test(test_e500_translated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
