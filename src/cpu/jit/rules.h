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
	bool leaves;	   /* a branch: what is behind it may not come */
	bool calls;	   /* its function can be called from within a translation */
	bool changes_gprs; /* its function may change general registers, LR or CTR */
};

#define RULE(name)                                                                                 \
	static bool rule_##name(struct tr *t __attribute__((unused)),                              \
				const struct op *op __attribute__((unused)),                       \
				bool *ends __attribute__((unused)))

/* Operands that most rules have. */
#define RA  b_gpr(t, op->a)
#define RB  b_gpr(t, op->b)
#define RS  b_gpr(t, op->t)
#define IMM  b_const((u64)(s64)op->imm)
#define UIMM b_const((u64)(u32)op->imm)

/*
 * For tables of rules. Which general register an instruction sets is said where that is easy: rules
 * of others foresee it.
 */
#define SETS(to, name) {.fn = op_##name, .build = rule_##name, .stays = true, .sets = SETS_##to},
#define STAYS(name)    {.fn = op_##name, .build = rule_##name, .stays = true},
#define SAME(name)                                                                                 \
	{                                                                                          \
		op_##name, rule_##name                                                             \
	}

/*
 * What instructions are translated into, a file for each kind. The texts of insn/ (fixed.sem and so
 * on) are read there as calls of the builder, the rest is written out.
 */
extern const struct rule fixed_rules[], memory_rules[], branch_rules[], system_rules[];
extern const unsigned fixed_rules_nr, memory_rules_nr, branch_rules_nr, system_rules_nr;
extern const struct rule vector_rules[], fp_rules[];
extern const unsigned vector_rules_nr, fp_rules_nr;

/* Once before the others. */
void rules_prepare(void);
/* What is known of @fn; nothing (all 0) of what is no instruction. */
const struct rule *rule_find(op_fn *fn);

/* Builds the block that @t is for, and what follows it. False: it isn't worth it. */
bool translate_block(struct tr *t);

#endif
