/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oracle-side le|be
 *
 * Papyr's processor for references that are no C: takes requests from standard input, carries
 * instructions out and writes what changed to standard output. Numbers are the host's own;
 * oracle.py is the other end.
 *
 *	u32 kind, and what follows it:
 *	  TABLE	 nothing
 *	  BASE	 struct isa_state, the windows' doublewords: what vectors begin with
 *	  RUN	 u32 narrow, u32 words, u32 vectors, the instruction words, and for each vector
 *		 u32 n, n times (u32 index, u64 value): doublewords that differ from the base
 *
 * Answers: to TABLE a line of text for each instruction and an empty one; to RUN for each vector
 * what the instructions' functions did, and what blocks did: u32 0 if that is the same, else u32 1
 * and the outcome. An outcome is u32 signal, u32 n, u32 m, u64 nip, n times (u32 index, u64 value),
 * m times (u64 address, u64 value).
 */
#include <stdio.h>
#include <stdlib.h>

#include "cpu/isa/isa.h"
#include "side.h"

enum request { TABLE, BASE, RUN };

#define BATCH_MAX 256
#define STATE_WORDS (sizeof(struct isa_state) / 8)

static struct isa_state base;
static struct isa_batch batch;
static struct isa_state in[BATCH_MAX];
static struct isa_result functions[BATCH_MAX], blocks[BATCH_MAX];

static void fail(const char *why)
{
	fprintf(stderr, "oracle-side: %s\n", why);
	exit(2);
}

static void take(void *to, size_t bytes)
{
	if (fread(to, 1, bytes, stdin) != bytes)
		fail("the request ends too early");
}

static u32 take32(void)
{
	u32 v;

	take(&v, sizeof(v));
	return v;
}

static void give(const void *from, size_t bytes)
{
	if (fwrite(from, 1, bytes, stdout) != bytes)
		fail("nobody takes the answer");
}

static void give32(u32 v)
{
	give(&v, sizeof(v));
}

static void give_table(void)
{
	for (unsigned i = 0; i < isa_rows; i++) {
		const struct insn_row *row = &isa_table[i];

		printf("%s %x %x %x %x\n", row->mnemonic, row->mask, row->match, row->reserved,
		       row->flags);
	}
	printf("\n");
}

static void take_base(void)
{
	take(&base, sizeof(base));
	take(batch.mem, sizeof(batch.mem));
}

static void take_vector(struct isa_state *state)
{
	*state = base;
	for (u32 n = take32(); n; n--) {
		u32 index = take32();

		if (index >= STATE_WORDS)
			fail("there is no such register");
		take((u64 *)state + index, 8);
	}
}

static void give_outcome(const struct isa_state *before, const struct isa_result *after)
{
	const u64 *was = (const u64 *)before, *is = (const u64 *)&after->state;
	u32 n = 0, m = (u32)(after->changes < CHANGES_MAX ? after->changes : CHANGES_MAX);

	for (u32 i = 0; i < STATE_WORDS; i++)
		n += was[i] != is[i];
	give32((u32)after->signal);
	give32(n);
	give32(m);
	give(&after->nip, 8);
	for (u32 i = 0; i < STATE_WORDS; i++) {
		if (was[i] == is[i])
			continue;
		give32(i);
		give(&is[i], 8);
	}
	give(after->change, m * sizeof(after->change[0]));
}

static void run(void)
{
	papyr_side_narrow(take32());
	batch.code_words = take32();
	batch.vectors = take32();
	batch.fall_through = 1;
	if (batch.code_words > CODE_MAX || batch.vectors > BATCH_MAX)
		fail("the request is too long");
	take(batch.code, 4 * batch.code_words);
	for (unsigned i = 0; i < batch.vectors; i++)
		take_vector(&in[i]);
	papyr_side_run(&batch, in, false, functions);
	papyr_side_run(&batch, in, true, blocks);
	for (unsigned i = 0; i < batch.vectors; i++) {
		bool differ;

		functions[i].state.unused = blocks[i].state.unused = in[i].unused;
		differ = memcmp(&functions[i], &blocks[i], sizeof(functions[i]));
		give_outcome(&in[i], &functions[i]);
		give32(differ);
		if (differ)
			give_outcome(&in[i], &blocks[i]);
	}
}

int main(int argc, char **argv)
{
	u32 kind;

	if (argc != 2 || (strcmp(argv[1], "le") && strcmp(argv[1], "be"))) {
		fprintf(stderr, "usage: oracle-side le|be\n");
		return 2;
	}
	papyr_side_init(!strcmp(argv[1], "le"));
	while (fread(&kind, 1, sizeof(kind), stdin) == sizeof(kind)) {
		if (kind == TABLE)
			give_table();
		else if (kind == BASE)
			take_base();
		else if (kind == RUN)
			run();
		else
			fail("there is no such request");
		fflush(stdout);
	}
	papyr_side_fini();
	return 0;
}
