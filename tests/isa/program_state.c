/* SPDX-License-Identifier: Apache-2.0 */
/* What random programs find in registers and memory. */
#include "cpu/cpu.h"
#include "program.h"

static u64 second_place(struct rng *rng, const struct program_kind *kind, u64 base)
{
	unsigned near = rng_below(rng, 0x100);

	if (kind->peer)
		return base + 16 * rng_below(rng, 8);
	switch (rng_below(rng, 6)) {
	case 0:
		return DATA_END - 0x20 - near; /* some reach over the end */
	case 1:
		return ALIAS_EA + WINDOW0 + near;
	case 2:
		return READ_ONLY_EA + near;
	case 3:
		return base + (1ull << 40); /* the same in 32-bit mode */
	default:
		return WINDOW0 + 0x100 + near;
	}
}

static u64 random_msr(struct rng *rng, const struct program_kind *kind)
{
	static const u64 facility[] = {MSR_FP, MSR_VEC, MSR_VSX};
	u64 msr = MSR_ME | MSR_RI | MSR_FP | MSR_VEC | MSR_VSX | MSR_IR | MSR_DR;

	msr |= kind->narrow ? 0 : MSR_SF;
	msr |= kind->little_endian ? MSR_LE : 0;
	if (kind->peer)
		return msr | MSR_PR | MSR_FE0 | MSR_FE1;
	if (!kind->supervisor || rng_below(rng, 4) == 0)
		msr |= MSR_PR;
	else if (rng_below(rng, 4) == 0)
		msr &= ~(MSR_IR | MSR_DR);
	if (rng_below(rng, 8) == 0)
		msr |= MSR_FE0 | MSR_FE1;
	if (rng_below(rng, 8) == 0)
		msr &= ~facility[rng_below(rng, ARRAY_SIZE(facility))];
	return msr;
}

void program_generate_state(struct rng *rng, const struct program *p, struct program_state *state)
{
	const struct program_kind *kind = &p->kind;
	u64 *gpr = state->user.gpr;
	u64 base = WINDOW0 + 0xc0 + 16 * rng_below(rng, 24);

	generate_program_state(rng, &state->user);
	if (!kind->peer && rng_below(rng, 4) == 0)
		base += rng_below(rng, 16);
	gpr[R_PROGRAM] = TEST_CODE + p->origin;
	gpr[R_ROUNDS] = rng_below(rng, 3) ? 1 + rng_below(rng, 8) : 1 + rng_below(rng, 60);
	gpr[R_MOVING] = base;
	gpr[R_INDEX] = rng_below(rng, 2) ? 8 * rng_below(rng, 8) : rng_below(rng, 64);
	gpr[R_BASE] = base;
	gpr[R_SECOND] = second_place(rng, kind, base);
	for (unsigned r = R_LOOP; r < R_PROGRAM; r++)
		gpr[r] = 0;
	if (upper_halves_vary(kind) && rng_below(rng, 2)) {
		gpr[R_PROGRAM] |= rng_next(rng) << 32;
		gpr[R_BASE] |= rng_next(rng) << 32;
		gpr[R_INDEX] |= rng_next(rng) << 32;
	}
	/* As most programs have it: to nearest, nothing enabled, and something was inexact. */
	if (kind->peer)
		state->user.fpscr = 0;
	else if (rng_below(rng, 4))
		state->user.fpscr = rng_below(rng, 4) ? FPSCR_FX | FPSCR_XX : 0;
	state->msr = random_msr(rng, kind);
	state->counts = !kind->peer && rng_below(rng, 6) == 0;
	generate_memory(rng, state->mem, WINDOW_WORDS);
}
