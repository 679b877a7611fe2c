/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of translating an instruction, by the function that carries it out. */
#ifndef PAPYR_CPU_JIT_RULES_H
#define PAPYR_CPU_JIT_RULES_H

#include "cpu/jit/builder.h"

/*
 * Builds the meaning of @op at the current place; false: nothing was built, the builder can't do
 * this form. *@ends: nothing of the block comes after it.
 */
typedef bool rule_fn(struct tr *t, const struct op *op, bool *ends);

enum { SETS_NONE, SETS_T, SETS_A };

struct rule {
	op_fn *fn;
	rule_fn *build; /* NULL: its function does it */
	/* Storage at op.imm behind register op.a: bytes; 0 is what isn't that. Foreseen by it. */
	u8 bytes;
	bool stores, updates;
	bool branches;	   /* to op.imm behind itself, perhaps */
	u8 sets;	   /* a general register: SETS_T, op.t; SETS_A, op.a */
	bool stays;	   /* as b_next() says */
	bool calls;	   /* its function can be called from within a translation */
	bool changes_gprs; /* its function may change general registers, LR or CTR */
};

#define RULE(name)                                                                                 \
	static bool rule_##name(struct tr *t __attribute__((unused)),                              \
				const struct op *op __attribute__((unused)),                       \
				bool *ends __attribute__((unused)))

/* Those of vectors (vector_rules.c), and of floating point (fp_rules.c). */
extern const struct rule vector_rules[], fp_rules[];
extern const unsigned vector_rules_nr, fp_rules_nr;

/* Once before the others. */
void rules_prepare(void);
/* What is known of @fn; nothing (all 0) of what is no instruction. */
const struct rule *rule_find(op_fn *fn);

/* Builds the block that @t is for, and what follows it. False: it isn't worth it. */
bool translate_block(struct tr *t);

#endif
