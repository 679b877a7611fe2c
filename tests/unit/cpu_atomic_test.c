/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reservations of processors that run at the same time: both add to the same numbers of all sizes,
 * and take turns at a lock. One's instructions are translated, the other's too, or functions.
 */
#include <pthread.h>
#include "cpu_fixture.h"

#define PAGE	  0x1000ull
#define CODE_GPA  0x300000ull
#define DATA_GPA  0x200000ull
#define CODE_EA	  0x10000000ull
#define DATA_EA	  0x20000000ull
#define CODE_VSID 0x111ull
#define DATA_VSID 0x222ull
#define ROUNDS	  300000ull

/* Of the data page. */
#define NUMBERS 0x00 /* a doubleword, a word, a halfword and two bytes, all of one line */
#define LOCK	0x80
#define GUARDED 0x88

struct program {
	u8 *at;
	bool le;
};

static void put(struct program *p, u32 insn)
{
	if (p->le)
		memcpy(p->at, &insn, 4);
	else
		store_be32(p->at, insn);
	p->at += 4;
}

static u32 x_form(unsigned xo, unsigned t, unsigned b)
{
	return 0x7c000000 | t << 21 | b << 11 | xo << 1;
}

#define LI(t, v)       (0x38000000u | (t) << 21 | (u32)(v))
#define ADDI(t, a, v)  (0x38000000u | (t) << 21 | (a) << 16 | (v))
#define BNE(distance)  (0x40820000u | ((u32)(distance)&0xfffc))
#define BDNZ(distance) (0x42000000u | ((u32)(distance)&0xfffc))
#define RC	       1u

/* Adds r9 to the number at @offset by load and reserve, store conditional. */
static void put_add(struct program *p, unsigned load, unsigned store, unsigned offset)
{
	put(p, ADDI(4u, 3u, offset));
	put(p, x_form(load, 5, 4));
	put(p, 0x7ca54a14); /* add r5, r5, r9 */
	put(p, x_form(store, 5, 4) | RC);
	put(p, BNE(-12));
}

static void put_locked_add(struct program *p)
{
	put(p, ADDI(4u, 3u, LOCK));
	put(p, x_form(20, 5, 4)); /* lwarx */
	put(p, 0x2c050000);	  /* cmpwi r5, 0 */
	put(p, BNE(-8));
	put(p, x_form(150, 9, 4) | RC); /* stwcx. */
	put(p, BNE(-16));
	put(p, 0x4c00012c);			 /* isync */
	put(p, 0xe8030000 | 5u << 21 | GUARDED); /* ld r5, GUARDED(r3) */
	put(p, ADDI(5u, 5u, 1u));
	put(p, 0xf8030000 | 5u << 21 | GUARDED); /* std */
	put(p, 0x7c2004ac);			 /* lwsync */
	put(p, 0x90030000 | 10u << 21 | LOCK);	 /* stw r10 */
}

static void put_program(struct fixture *f, bool le)
{
	struct program p = {f->ram + CODE_GPA, le};
	const u8 *loop;

	put(&p, LI(9u, 1));
	put(&p, LI(10u, 0));
	loop = p.at;
	put_add(&p, 84, 214, NUMBERS);
	put_add(&p, 20, 150, NUMBERS + 8);
	put_add(&p, 116, 726, NUMBERS + 12);
	put_add(&p, 52, 694, NUMBERS + 14);
	put_add(&p, 52, 694, NUMBERS + 15);
	put_locked_add(&p);
	put(&p, BDNZ(loop - p.at));
	put(&p, 0x44000022); /* sc 1: leaves */
}

static struct fixture *machine(const char *engine, bool le)
{
	struct fixture *f;

	setenv("PAPYR_ENGINE", engine, 1);
	f = fixture_new();
	map_segment(f, 0, CODE_EA >> 28, CODE_VSID, 0);
	map_segment(f, 1, DATA_EA >> 28, DATA_VSID, 0);
	map_page(f, CODE_VSID, CODE_EA, CODE_GPA, 0x12);
	map_page(f, DATA_VSID, DATA_EA, DATA_GPA, 0x12);
	cpu_set_msr(&f->cpu, MSR_SF | MSR_ME | MSR_IR | MSR_DR | (le ? MSR_LE : 0));
	f->cpu.gpr[3] = DATA_EA;
	f->cpu.ctr = ROUNDS;
	f->cpu.nip = CODE_EA;
	return f;
}

static void *run(void *fixture)
{
	struct fixture *f = fixture;

	cpu_run(&f->cpu);
	return NULL;
}

static u64 number(const struct fixture *f, unsigned offset, unsigned bytes, bool le)
{
	u64 v = 0;

	for (unsigned i = 0; i < bytes; i++)
		v = v << 8 | f->ram[DATA_GPA + offset + (le ? bytes - 1 - i : i)];
	return v;
}

static void add_together(const char *one, const char *other, bool le)
{
	struct fixture *a = machine(one, le), *b = machine(other, le);
	u8 *spare = b->ram;
	pthread_t thread;

	b->ram = a->ram;
	put_program(a, le);
	assert_int_equal(pthread_create(&thread, NULL, run, b), 0);
	run(a);
	pthread_join(thread, NULL);
	assert_int_equal(a->hcalls, 1);
	assert_int_equal(b->hcalls, 1);
	assert_int_equal(number(a, NUMBERS, 8, le), 2 * ROUNDS);
	assert_int_equal(number(a, NUMBERS + 8, 4, le), 2 * ROUNDS);
	assert_int_equal(number(a, NUMBERS + 12, 2, le), (u16)(2 * ROUNDS));
	assert_int_equal(number(a, NUMBERS + 14, 1, le), (u8)(2 * ROUNDS));
	assert_int_equal(number(a, NUMBERS + 15, 1, le), (u8)(2 * ROUNDS));
	assert_int_equal(number(a, GUARDED, 8, le), 2 * ROUNDS);
	b->ram = spare;
	fixture_free(a);
	fixture_free(b);
}

static void translations_add_together(void **state)
{
	add_together("eager", "eager", true);
	add_together("eager", "eager", false);
}

static void a_translation_and_functions_add_together(void **state)
{
	add_together("eager", "portable", true);
	add_together("eager", "portable", false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(translations_add_together),
	    cmocka_unit_test(a_translation_and_functions_add_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
