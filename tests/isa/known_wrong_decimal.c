/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/dfp/number.h"
#include "cpu/isa/isa.h"
#include "known_wrong_decimal.h"

static bool is_quad(u32 insn)
{
	return insn >> 26 == 63;
}

static const struct dfp_format *format_of(u32 insn)
{
	return is_quad(insn) ? &dfp_extended : &dfp_long;
}

static u128 value(u32 insn, unsigned first, const struct isa_state *state)
{
	unsigned n = field(insn, first, first + 4);

	return is_quad(insn) ? (u128)state->vsr[n][0] << 64 | state->vsr[n + 1][0]
			     : state->vsr[n][0];
}

bool infinite_operand(u32 insn, unsigned first, const struct isa_state *in)
{
	return dfp_unpack(format_of(insn), value(insn, first, in)).class == DFP_INF;
}

bool same_recoded(u32 insn, const struct isa_result *ours, const struct isa_result *peer)
{
	const struct dfp_format *f = format_of(insn);
	struct dfp_num n = dfp_unpack(f, value(insn, 6, &peer->state));

	return dfp_pack(f, &n) == value(insn, 6, &ours->state);
}

bool bad_packed(u32 insn, const struct isa_state *in)
{
	u128 v = value(insn, 16, in);
	unsigned digits = is_quad(insn) ? 32 : 16, has_sign = field(insn, 11, 11);

	if (has_sign && ((unsigned)v & 15) < 10)
		return true;
	for (unsigned i = has_sign; i < digits; i++)
		if (((unsigned)(v >> (4 * i)) & 15) > 9)
			return true;
	return false;
}

bool long_nan(u32 insn, const struct isa_state *in)
{
	struct dfp_num n = dfp_unpack(format_of(insn), value(insn, 16, in));

	return dfp_is_nan(&n) && n.coeff >= dfp_ten_to(is_quad(insn) ? 15 : 6);
}

bool pair_swapped(u32 insn, const struct isa_result *ours, const struct isa_result *peer)
{
	u128 v = value(insn, 6, &ours->state);

	return value(insn, 6, &peer->state) == (v >> 64 | v << 64);
}
