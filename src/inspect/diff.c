/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect/diff.h"

/* Which bits of the doublewords each word stands for. */
static const struct {
	const char *name;
	u64 v, r;
} parts[DIFF_BITS] = {
    {"page", ENTRY_V_AVPN, 0},
    {"size", ENTRY_V_B | ENTRY_V_LARGE, 0},
    {"address", 0, ENTRY_R_RPN},
    {"protection", 0, ENTRY_R_PP0 | ENTRY_R_PP | ENTRY_R_N},
    {"key", 0, ENTRY_R_KEY_HI | ENTRY_R_KEY_LO},
    {"wimg", 0, ENTRY_R_WIMG},
    {"R", 0, ENTRY_R_R},
    {"C", 0, ENTRY_R_C},
    {"bolted", ENTRY_V_BOLTED, 0},
    {"secondary", ENTRY_V_SECONDARY, 0},
    {"other", ENTRY_V_SOFTWARE | ENTRY_V_LOCK | ENTRY_V_VALID, 1ull << 62},
};

const char *diff_bit_name(unsigned n)
{
	return parts[n].name;
}

static unsigned what_differs(const struct table_word_pair *a, const struct table_word_pair *b)
{
	u64 v = a->v ^ b->v, r = a->r ^ b->r;
	unsigned what = 0;

	for (unsigned n = 0; n < DIFF_BITS; n++)
		if (v & parts[n].v || r & parts[n].r)
			what |= 1u << n;
	return what;
}

static void changed(struct table_diff *d, unsigned what)
{
	d->by_kind[DIFFERENCE_CHANGED]++;
	for (unsigned n = 0; n < DIFF_BITS; n++)
		d->by_bit[n] += what >> n & 1;
}

void table_compare(const struct table *a, const struct table *b, difference_fn fn, void *opaque,
		   struct table_diff *d)
{
	u64 i = 0, j = 0;
	const struct table_word_pair *e = table_next(a, &i), *f = table_next(b, &j);

	*d = (struct table_diff){0};
	while (e || f) {
		bool has_a = e && (!f || i <= j), has_b = f && (!e || j <= i);
		unsigned what = has_a && has_b ? what_differs(e, f) : 0;

		if (!has_b) {
			d->by_kind[DIFFERENCE_REMOVED]++;
			fn(opaque, DIFFERENCE_REMOVED, i, e, NULL, 0);
		} else if (!has_a) {
			d->by_kind[DIFFERENCE_ADDED]++;
			fn(opaque, DIFFERENCE_ADDED, j, NULL, f, 0);
		} else if (what) {
			changed(d, what);
			fn(opaque, DIFFERENCE_CHANGED, i, e, f, what);
		} else {
			d->same++;
		}
		if (has_a) {
			i++;
			e = table_next(a, &i);
		}
		if (has_b) {
			j++;
			f = table_next(b, &j);
		}
	}
}
