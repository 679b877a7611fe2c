/* SPDX-License-Identifier: Apache-2.0 */
/* Special purpose registers, the machine state, and what keeps an order. */
#include "cpu/isa/ops.h"
#include "cpu/jit/rules.h"
#include "cpu/spr.h"

static unsigned spr_place(const struct tr *t, const struct op *op, bool writes)
{
	return spr_offset((unsigned)op->imm, b_level(t), b_mode(t) & MODE_PR, writes);
}

RULE(mfspr)
{
	unsigned offset = spr_place(t, op, false);

	if (op->imm == SPR_XER)
		b_set_gpr(t, op->t, b_xer(t));
	else if (offset && op->imm == SPR_CFAR)
		b_set_gpr(t, op->t, b_cfar(t));
	else if (offset)
		b_set_gpr(t, op->t, b_load_field(t, offset));
	return op->imm == SPR_XER || offset;
}

RULE(mtspr)
{
	unsigned offset = spr_place(t, op, true);

	if (op->imm == SPR_XER) {
		b_set_xer(t, RS);
		return true;
	}
	if (!offset || op->imm == SPR_CFAR)
		return false;
	b_store_field(t, offset, RS);
	return true;
}

RULE(mfmsr)
{
	b_set_gpr(t, op->t, b_load_field(t, offsetof(struct cpu, msr)));
	return true;
}

#define MTMSR_L(op) ((op)->insn >> 16 & 1)

/* With L only EE and RI change, of which nothing that is translated depends. */
RULE(mtmsrd)
{
	const u64 changed = MSR_EE | MSR_RI;
	val new = RS;

	if (!MTMSR_L(op))
		return false;
	b_let_through(t, new);
	b_store_field(t, offsetof(struct cpu, msr),
		      b_or(t,
			   b_and(t, b_load_field(t, offsetof(struct cpu, msr)), b_const(~changed)),
			   b_and(t, new, b_const(changed))));
	b_leave(t, 4);
	*ends = true;
	return true;
}

#define PRIORITY_MEDIUM 4ull /* of which no loop is that waits */

RULE(priority)
{
	if (op->t != 2)
		return false;
	b_store_field(t, offsetof(struct cpu, ppr), b_const(PRIORITY_MEDIUM << PPR_PRI_SHIFT));
	return true;
}

RULE(mflr)
{
	b_set_gpr(t, op->t, b_get(t, GUEST_LR));
	return true;
}

RULE(mfctr)
{
	b_set_gpr(t, op->t, b_get(t, GUEST_CTR));
	return true;
}

RULE(mtlr)
{
	b_set(t, GUEST_LR, RS);
	return true;
}

RULE(mtctr)
{
	b_set(t, GUEST_CTR, RS);
	return true;
}

RULE(nothing)
{
	return true;
}

#define SYNC_LIGHT 1 /* L of lwsync */

RULE(sync)
{
	b_fence(t, field(op->insn, 9, 10) == SYNC_LIGHT ? B_FENCE_LIGHT : B_FENCE_FULL);
	return true;
}

RULE(isync)
{
	b_leave(t, 4);
	*ends = true;
	return true;
}

const struct rule system_rules[] = {
    SAME(mfspr),
    SAME(mtspr),
    SAME(mfmsr),
    SAME(mtmsrd),
    SAME(priority),
    SAME(mflr),
    SAME(mfctr),
    SAME(mtlr),
    SAME(mtctr),
    SAME(sync),
    SAME(isync),
    {op_dcbt, rule_nothing},
    {op_dcbtst, rule_nothing},
    {op_icbt, rule_nothing},
    {op_eieio, rule_nothing},
};
const unsigned system_rules_nr = ARRAY_SIZE(system_rules);
