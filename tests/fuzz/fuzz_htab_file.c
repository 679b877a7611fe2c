/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer target: no file given to papyr htab, however wrong, makes it crash or hang.
 *
 * Input: one byte that chooses, then
 *   0: a file as it is: image, raw stream, migration of QEMU
 *   1: what follows the header of a migration
 *   2: records of a table, inside a migration
 *   3: a raw stream of a table whose size is told
 *   4: an image with its sums made right
 */
#include <stdlib.h>

#include "../unit/image_build.h"
#include "inspect/diff.h"
#include "inspect/load.h"
#include "inspect/stat.h"
#include "inspect/verify.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static const u8 qemu_head[] = {'Q', 'E', 'V', 'M', 0, 0, 0, 3};
static const u8 htab_head[] = {
    'Q', 'E', 'V', 'M', 0, 0, 0, 3, /* version */
    1, 0, 0, 0, 1, 10, 's', 'p', 'a', 'p', 'r', '/', 'h', 't', 'a', 'b', 0, 0, 0, 0, 0, 0, 0, 1,
    0, 0, 0, 18, /* order */
    0x7e, 0, 0, 0, 1, /* the section's end */
    3, 0, 0, 0, 1, 0, 0, 0, 0, /* the last one's beginning */
};

static void ignore_violation(void *opaque, enum violation kind, u64 index, u64 v, u64 r, u64 other)
{
	violation_name(kind);
}

static void ignore_difference(void *opaque, enum difference kind, u64 index,
			      const struct table_word_pair *a, const struct table_word_pair *b,
			      unsigned what)
{
}

static void use(struct table *t)
{
	struct table_check check;
	struct table_stat stat;
	struct table_diff diff;

	t->mem_bytes = 1 << 20;
	table_count(t, &stat);
	table_verify(t, ignore_violation, NULL, &check);
	table_compare(t, t, ignore_difference, NULL, &diff);
	if (stat.valid != check.entries || diff.same != stat.valid)
		abort();
	table_free(t);
}

static void read_behind(const u8 *head, size_t head_len, const u8 *data, size_t size)
{
	u8 *all = malloc(head_len + size);
	struct error err;
	struct table t;

	if (!all)
		abort();
	if (head_len)
		memcpy(all, head, head_len);
	memcpy(all + head_len, data, size);
	if (!load_bytes(&t, all, head_len + size, 0, &err))
		use(&t);
	free(all);
}

static void read_image(const u8 *data, size_t size, bool reseal)
{
	u8 *copy = malloc(size + 1);
	struct error err;
	struct table t;

	if (!copy)
		abort();
	memcpy(copy, data, size);
	if (reseal)
		reseal_image(copy, size);
	if (!load_image(&t, image_memfd(copy, size), &err))
		use(&t);
	free(copy);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct error err;
	struct table t;

	if (!size)
		return 0;
	size--;
	switch (*data++ % 5) {
	case 0:
		read_behind(NULL, 0, data, size);
		read_image(data, size, false);
		break;
	case 1:
		read_behind(qemu_head, sizeof(qemu_head), data, size);
		break;
	case 2:
		read_behind(htab_head, sizeof(htab_head), data, size);
		break;
	case 3:
		if (!load_bytes(&t, data, size, 18, &err))
			use(&t);
		break;
	case 4:
		read_image(data, size, true);
		break;
	}
	return 0;
}
