/* SPDX-License-Identifier: Apache-2.0 */
/* Finding an instruction's rule. */
#include <pthread.h>
#include "cpu/jit/rules.h"

/* By function, hashed; made once. */
#define SLOTS 4096u

static struct rule slots[SLOTS];

static struct rule *slot_of(op_fn *fn)
{
	unsigned at = ((uintptr_t)fn >> 4 ^ (uintptr_t)fn >> 14) & (SLOTS - 1);

	while (slots[at].fn && slots[at].fn != fn)
		at = (at + 1) & (SLOTS - 1);
	return &slots[at];
}

static void add_row(const struct insn_row *row, op_fn *fn)
{
	bool vectors = row->flags & (F_FP | F_VEC | F_VSX);
	struct rule *r;

	if (!fn)
		return;
	r = slot_of(fn);
	r->fn = fn;
	r->leaves = row->flags & F_BR || row->format == FMT_B;
	r->calls = !(row->flags & F_END) && !r->leaves;
	r->changes_gprs = !vectors || (row->flags & F_UPD) || row->format == FMT_XX1R;
}

/* What the rows say is known already. */
static void add_rules(const struct rule *rules_of, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++) {
		struct rule *r = slot_of(rules_of[i].fn), known = *r;

		*r = rules_of[i];
		r->leaves = known.leaves;
		r->calls = known.calls;
		r->changes_gprs = known.changes_gprs;
	}
}

static void index_rules(void)
{
	for (unsigned i = 0; i < isa_rows; i++) {
		add_row(&isa_table[i], isa_table[i].fn);
		add_row(&isa_table[i], isa_table[i].fn_rc);
	}
	add_rules(fixed_rules, fixed_rules_nr);
	add_rules(memory_rules, memory_rules_nr);
	add_rules(branch_rules, branch_rules_nr);
	add_rules(system_rules, system_rules_nr);
	add_rules(vector_rules, vector_rules_nr);
	add_rules(fp_rules, fp_rules_nr);
}

void rules_prepare(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, index_rules);
}

const struct rule *rule_find(op_fn *fn)
{
	return slot_of(fn);
}
