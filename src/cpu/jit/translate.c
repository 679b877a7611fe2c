/* SPDX-License-Identifier: Apache-2.0 */
/* From a block to its translation, an instruction at a time. */
#include "cpu/jit/rules.h"

bool translate_block(struct tr *t)
{
	bool first = true, ends = false;

	for (; !ends; first = false) {
		const struct rule *rule;
		const struct op *op = b_next(t, &rule);

		if (rule->build && rule->build(t, op, &ends))
			continue;
		if (rule->calls) {
			b_call(t, rule->changes_gprs);
			continue;
		}
		if (first)
			return false;
		b_leave_to_function(t);
		ends = true;
	}
	return true;
}
