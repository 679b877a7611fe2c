/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the next instructions will want: of host registers, those go whose contents are wanted last.
 * A guess for speed: operands that aren't general registers are taken for such, and behind the
 * block its start follows, as in loops, and behind a branch there that is followed. CA is used soon
 * or not at all.
 */
#include "cpu/jit/rules.h"
#include "cpu/jit/x86_64/tr.h"

static void windows_want(struct tr *t, const struct op *op, const struct rule *r, u8 wait)
{
	for (unsigned i = 0; r->bytes && i < WINDOWS; i++)
		if (t->windows[i].base == op->a &&
		    (r->stores ? t->windows[i].stores : t->windows[i].loads))
			t->waits[GUEST_WINDOWS + i] = wait;
}

/* The op that comes behind op @n. */
static unsigned behind(const struct tr *t, unsigned n)
{
	bool back = n >= t->b->count || (trace_leads_back(t, n) && trace_rounds_left(t, n));

	return back ? 1 : n + 1;
}

static void look_ahead(struct tr *t)
{
	unsigned next[USES_FAR] = {t->n};

	memset(t->waits, USES_FAR, sizeof(t->waits));
	t->waits[GUEST_CA] = 2;
	for (unsigned wait = 1; wait < USES_FAR; wait++)
		next[wait] = behind(t, next[wait - 1]);
	for (unsigned wait = USES_FAR - 1; wait; wait--) {
		unsigned n = next[wait];
		const struct op *op = &t->ops[n];
		const u8 operands[] = {op->t, op->a, op->b};

		for (unsigned i = 0; i < ARRAY_SIZE(operands); i++)
			if (operands[i] < 32)
				t->waits[operands[i]] = (u8)wait;
		if (t->rules[n]->branches)
			t->waits[GUEST_CTR] = (u8)wait;
		windows_want(t, op, t->rules[n], (u8)wait);
	}
	t->waits_at = t->clock;
}

unsigned uses_wait(struct tr *t, unsigned g)
{
	if (t->waits_at != t->clock)
		look_ahead(t);
	return t->waits[g];
}
