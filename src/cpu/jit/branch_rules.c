/* SPDX-License-Identifier: Apache-2.0 */
/* Branches, and the end of a block. */
#include "cpu/engine/pseudo.h"
#include "cpu/isa/branch.h"
#include "cpu/isa/ops.h"
#include "cpu/jit/rules.h"

static void set_lr(struct tr *t)
{
	b_set(t, GUEST_LR, b_cia(t, 4));
}

/* To the instruction at @distance from here, in this translation or another. */
static bool go(struct tr *t, s32 distance, bool *ends)
{
	struct block *next = b_may_follow(t, distance);

	if (next) {
		b_follow(t, next, distance);
	} else {
		b_leave(t, distance);
		*ends = true;
	}
	return true;
}

static bool branch(struct tr *t, const struct op *op, bool *ends)
{
	b_branched(t);
	return go(t, (s32)op->imm, ends);
}

RULE(b)
{
	return branch(t, op, ends);
}

RULE(bl)
{
	s32 distance = (s32)op->imm;
	struct block *next;

	set_lr(t);
	b_calls(t);
	b_branched(t);
	next = b_may_follow(t, distance);
	if (next)
		b_follow(t, next, distance);
	else
		b_leave_calling(t, distance);
	*ends = !next;
	return true;
}

static bool always(const struct op *op)
{
	return (op->t & BO_ANY_CR) && (op->t & BO_NO_CTR);
}

/* Where a loop may go round in the same translation, the taken way is followed. */
static void leave_if(struct tr *t, const struct op *op, cond c, struct block *next)
{
	s32 distance = (s32)op->imm;

	if (!next) {
		b_leave_if(t, c, distance);
		b_cr_told(t, op, false);
		return;
	}
	b_leave_behind_unless(t, c);
	b_cr_told(t, op, true);
	b_branched(t);
	b_follow(t, next, distance);
}

RULE(bc)
{
	bool counts = !(op->t & BO_NO_CTR), tests = !(op->t & BO_ANY_CR);
	s32 distance = (s32)op->imm;

	if (always(op))
		return branch(t, op, ends);
	if (counts && tests) {
		skip other;

		b_cr_prepare(t, op->a);
		other = b_skip_if(t, b_count_down(t, !(op->t & BO_CTR_ZERO)));
		b_leave_if(t, b_cr_is(t, op->a, op->t & BO_CR_SET), distance);
		b_land(t, other);
	} else {
		struct block *next = distance < 0 ? b_may_follow(t, distance) : NULL;

		leave_if(t, op,
			 counts ? b_count_down(t, op->t & BO_CTR_ZERO)
				: b_cr_is(t, op->a, op->t & BO_CR_SET),
			 next);
	}
	return true;
}

/* What finds its own address: always taken. */
RULE(bcl)
{
	if (!always(op))
		return false;
	set_lr(t);
	return branch(t, op, ends);
}

/* To LR or CTR. */
static bool branch_to(struct tr *t, const struct op *op, bool *ends, enum guest to, bool links)
{
	val target;
	bool conditional = !always(op);
	enum b_way way = links ? B_CALLS : to == GUEST_LR ? B_RETURNS : B_JUMPS;

	if (!(op->t & BO_NO_CTR) || (conditional && links))
		return false;
	target = b_get(t, to);
	if (!(b_mode(t) & MODE_SF))
		target = b_extend(t, target, 32, false);
	if (conditional) {
		b_leave_to_if(t, op->a, op->t & BO_CR_SET, target, way);
		b_cr_told(t, op, false);
		return true;
	}
	if (links)
		set_lr(t);
	b_branched(t);
	if (to == GUEST_CTR && links)
		b_calls(t);
	if (to == GUEST_CTR && b_jump(t, target))
		return true;
	b_leave_to(t, target, way);
	*ends = true;
	return true;
}

RULE(bclr)
{
	if (always(op) && b_return(t))
		return true;
	return branch_to(t, op, ends, GUEST_LR, false);
}

RULE(bclr_rc)
{
	return branch_to(t, op, ends, GUEST_LR, true);
}

RULE(bcctr)
{
	return branch_to(t, op, ends, GUEST_CTR, false);
}

RULE(bcctr_rc)
{
	return branch_to(t, op, ends, GUEST_CTR, true);
}

RULE(leave)
{
	return go(t, 0, ends);
}

const struct rule branch_rules[] = {
    {op_b, rule_b, .branches = true},
    SAME(bl),
    SAME(bc),
    SAME(bcl),
    SAME(bclr),
    SAME(bclr_rc),
    SAME(bcctr),
    SAME(bcctr_rc),
    {op_bt, rule_bc, .branches = true},
    {op_bf, rule_bc, .branches = true},
    {op_bdnz, rule_bc, .branches = true},
    {op_bdz, rule_bc, .branches = true},
    {op_blr, rule_bclr},
    {op_bctr, rule_bcctr},
    {op_bctrl, rule_bcctr_rc},
    {pseudo_leave, rule_leave},
};
const unsigned branch_rules_nr = ARRAY_SIZE(branch_rules);
