/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Table words to stream words, on any host.
 */
#include "base/racy.h"
#include "hpt/convert.h"

bool hpt_convert_portable(u8 *to, const struct hpt_entry *from, unsigned n)
{
	u64 every = HPT_V_VALID, some = 0;

	for (unsigned i = 0; i < n; i++) {
		u64 v = racy_read(&from[i].v);
		u64 used = v | v >> 5; /* the absent bit comes to where valid is */

		every &= used;
		some |= v;
		store_be64(to + HPT_ENTRY_BYTES * i, (v & ~HPT_V_OURS) | (used & HPT_V_VALID));
		store_be64(to + HPT_ENTRY_BYTES * i + sizeof(u64), racy_read(&from[i].r));
	}
	return every && !(some & HPT_V_LOCK);
}

bool hpt_convert(u8 *to, const struct hpt_entry *from, unsigned n)
{
#if defined(__x86_64__)
	/* Entries may change meanwhile (the caller looks again), which vector loads can't say. */
	if (!BASE_THREAD_SANITIZER && __builtin_cpu_supports("avx2"))
		return hpt_convert_x86_64(to, from, n);
#endif
	return hpt_convert_portable(to, from, n);
}
