/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arrays that are never changed, as others read them without a lock: a change is a copy.
 */
#ifndef PAPYR_BASE_ARRAY_H
#define PAPYR_BASE_ARRAY_H

#include <string.h>
#include "base/bits.h"

#define ARRAY_NONE (~0u)

/*
 * Copies @nr items of @bytes each to @to, where there is room for one more: without the @without'th
 * (or ARRAY_NONE), and with @item (or NULL) ahead of the @at'th, counted as they are in @from.
 * Returns how many there are then.
 */
static inline unsigned array_copy_changed(void *to, const void *from, unsigned nr, size_t bytes,
					  unsigned without, const void *item, unsigned at)
{
	unsigned n = 0;

	for (unsigned i = 0; i <= nr; i++) {
		if (item && i == at)
			memcpy((u8 *)to + n++ * bytes, item, bytes);
		if (i < nr && i != without)
			memcpy((u8 *)to + n++ * bytes, (const u8 *)from + i * bytes, bytes);
	}
	return n;
}

#endif
