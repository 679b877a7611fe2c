/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A processor with a hash table and interrupt handlers, for random programs. Handlers note what
 * happened in memory and go on behind the instruction; sc changes between problem and supervisor
 * state.
 */
#ifndef TESTS_ISA_MACHINE_H
#define TESTS_ISA_MACHINE_H

#include "program.h"

struct machine;

enum machine_end {
	ENDED,
	ENDLESS, /* it ran for too long */
};

struct machine_options {
	const char *name;
	const char *engine, *host; /* as PAPYR_ENGINE and PAPYR_HOST have them; host may be NULL */
	/* The clock is looked at often, so that what is hot is soon translated again, and caches
	 * are emptied meanwhile, none of which a program may see. */
	bool disturbed;
	size_t code_bytes; /* room for translations beside the longest one; 0: plenty */
};

struct machine *machine_new(const struct machine_options *o);
void machine_free(struct machine *m);
const char *machine_name(const struct machine *m);

/* @steps: an instruction at a time, instead of by blocks. */
enum machine_end machine_run(struct machine *m, const struct program *p,
			     const struct program_state *state, u64 seed, bool steps);
/* Are registers and memory the same, where the program ended on both? @print what differs. */
bool machine_same(struct machine *a, struct machine *b, bool print);
/* The same as the peer would report it. */
void machine_result(struct machine *m, const struct program *p, struct isa_result *out);

#endif
