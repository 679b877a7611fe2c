/* SPDX-License-Identifier: Apache-2.0 */
/* From a block to its translation, an instruction at a time. */
#include "cpu/jit/rules.h"

bool translate_block(struct tr *t, const struct block *b, const struct rule *const rules[])
{
	bool ends = false;

	for (unsigned n = 1; !ends; n++) {
		const struct op *op = &b->ops[n];
		const struct rule *rule = rules[n];

		b_begin(t, n, rule->stays);
		if (rule->build && rule->build(t, op, &ends))
			continue;
		if (rule->calls) {
			b_call(t, rule->changes_gprs);
			continue;
		}
		if (n == 1)
			return false;
		b_leave_to_function(t);
		ends = true;
	}
	return true;
}
