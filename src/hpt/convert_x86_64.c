/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Table words to stream words with AVX2: two entries at a time.
 */
#if defined(__x86_64__)

#include <immintrin.h>
#include "hpt/convert.h"

_Static_assert(HPT_V_ABSENT >> 5 == HPT_V_VALID, "a shift by 5 takes absent to valid");

__attribute__((target("avx2"))) bool hpt_convert_x86_64(u8 *to, const struct hpt_entry *from,
							unsigned n)
{
	const __m256i swap = _mm256_setr_epi8(7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8,
					      7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8);
	const __m256i keep = _mm256_setr_epi64x((s64)~HPT_V_OURS, -1, (s64)~HPT_V_OURS, -1);
	const __m256i valid = _mm256_setr_epi64x(HPT_V_VALID, 0, HPT_V_VALID, 0);
	__m256i every = valid, some = _mm256_setzero_si256();
	unsigned i;

	for (i = 0; i + 2 <= n; i += 2) {
		__m256i x = _mm256_loadu_si256((const __m256i *)&from[i]);
		__m256i used = _mm256_or_si256(x, _mm256_srli_epi64(x, 5));

		every = _mm256_and_si256(every, used);
		some = _mm256_or_si256(some, x);
		x = _mm256_or_si256(_mm256_and_si256(x, keep), _mm256_and_si256(used, valid));
		_mm256_storeu_si256((__m256i *)(to + HPT_ENTRY_BYTES * i),
				    _mm256_shuffle_epi8(x, swap));
	}
	if (i < n && !hpt_convert_portable(to + HPT_ENTRY_BYTES * i, &from[i], n - i))
		return false;
	/* In the v lanes only: every entry valid, and no lock seen. */
	return _mm256_testc_si256(every, valid) &&
	       _mm256_testz_si256(some, _mm256_setr_epi64x(HPT_V_LOCK, 0, HPT_V_LOCK, 0));
}

#endif
