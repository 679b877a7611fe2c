/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers that look random, and are the same in every run.
 */
#ifndef PAPYR_BENCH_RANDOM_H
#define PAPYR_BENCH_RANDOM_H

#include "base/bits.h"

static inline u64 random_u64(void)
{
	static u64 state = 88172645463325252ull;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

#endif
