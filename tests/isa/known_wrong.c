/* SPDX-License-Identifier: Apache-2.0 */
#include <fnmatch.h>
#include <signal.h>
#include <stdio.h>

#include "cpu/op.h"
#include "known_wrong.h"

/* Is the quotient of divde too wide, or its divisor zero? */
static bool divde_overflows(u32 insn, const struct isa_state *in)
{
	s64 a = (s64)in->gpr[field(insn, 11, 15)], b = (s64)in->gpr[field(insn, 16, 20)];
	s128 quotient;

	if (b == 0 || (a == INT64_MIN && b == -1))
		return true;
	quotient = (s128)((u128)(u64)a << 64) / b;
	return quotient != (s64)quotient;
}

/* Each entry's condition as a function, named by the entry's line. */
#define NAME2(line) condition_##line
#define NAME(line)  NAME2(line)
#define WRONG(pattern, what, mask, condition, reason)                                                                 \
	static bool NAME(__LINE__)(u32 insn, const struct isa_state *in, const struct isa_result *ours,                \
				   const struct isa_result *peer)                                              \
	{                                                                                                              \
		return condition;                                                                                      \
	}
#include "known_wrong.def"
#undef WRONG

static struct {
	const char *pattern;
	unsigned what;
	u64 mask;
	bool (*condition)(u32 insn, const struct isa_state *in, const struct isa_result *ours,
			  const struct isa_result *peer);
	const char *reason;
	unsigned long used;
} entries[] = {
#define WRONG(pattern, what, mask, condition, reason) { pattern, what, mask, NAME(__LINE__), reason, 0 },
#include "known_wrong.def"
#undef WRONG
	{ NULL, 0, 0, NULL, NULL, 0 },
};

const char *known_wrong_reason(const char *mnemonic, u32 insn, unsigned what, u64 differing, const struct isa_state *in,
			       const struct isa_result *ours, const struct isa_result *peer)
{
	for (unsigned i = 0; entries[i].pattern; i++) {
		if (!(entries[i].what & what) || (differing & ~entries[i].mask) ||
		    fnmatch(entries[i].pattern, mnemonic, 0) || !entries[i].condition(insn, in, ours, peer))
			continue;
		entries[i].used++;
		return entries[i].reason;
	}
	return NULL;
}

bool known_wrong_row(const char *mnemonic)
{
	for (unsigned i = 0; entries[i].pattern; i++)
		if (!fnmatch(entries[i].pattern, mnemonic, 0))
			return true;
	return false;
}

void known_wrong_report(void)
{
	for (unsigned i = 0; entries[i].pattern; i++)
		if (entries[i].used)
			printf("  excused %8lu times: %s: %s\n", entries[i].used, entries[i].pattern,
			       entries[i].reason);
}
