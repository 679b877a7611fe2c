/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/dt_tree.h"

#include <libfdt.h>
#include <string.h>

void dt_begin(struct dt_tree *t, const char *name)
{
	if (!t->error)
		t->error = fdt_begin_node(t->fdt, name);
}

void dt_end(struct dt_tree *t)
{
	if (!t->error)
		t->error = fdt_end_node(t->fdt);
}

void dt_prop(struct dt_tree *t, const char *name, const void *val, int len)
{
	if (!t->error)
		t->error = fdt_property(t->fdt, name, val, len);
}

void dt_string(struct dt_tree *t, const char *name, const char *val)
{
	dt_prop(t, name, val, strlen(val) + 1);
}

void dt_empty(struct dt_tree *t, const char *name)
{
	dt_prop(t, name, NULL, 0);
}

void dt_cells_n(struct dt_tree *t, const char *name, const u32 *cells, unsigned n)
{
	u32 be[256];

	if (n > ARRAY_SIZE(be)) {
		t->error = -FDT_ERR_NOSPACE;
		return;
	}
	for (unsigned i = 0; i < n; i++)
		be[i] = be32(cells[i]);
	dt_prop(t, name, be, 4 * n);
}
