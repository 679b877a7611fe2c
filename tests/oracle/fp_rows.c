/* SPDX-License-Identifier: Apache-2.0 */
#include <fnmatch.h>

#include "fp_oracle.h"

const struct fp_row fp_rows[] = {
#define ROW(...) {__VA_ARGS__},
#define UNCHECKED(pattern, why)
#include "fp_rows.def"
#undef ROW
#undef UNCHECKED
};
const unsigned fp_rows_count = ARRAY_SIZE(fp_rows);

static const struct {
	const char *pattern, *why;
} unchecked[] = {
#define ROW(...)
#define UNCHECKED(pattern, why) {pattern, why},
#include "fp_rows.def"
#undef ROW
#undef UNCHECKED
};

const struct fp_row *fp_row_find(const char *mnemonic)
{
	for (unsigned i = 0; i < fp_rows_count; i++)
		if (!strcmp(fp_rows[i].mnemonic, mnemonic))
			return &fp_rows[i];
	return NULL;
}

const char *fp_unchecked(const char *mnemonic)
{
	for (unsigned i = 0; i < ARRAY_SIZE(unchecked); i++)
		if (!fnmatch(unchecked[i].pattern, mnemonic, 0))
			return unchecked[i].why;
	return NULL;
}
