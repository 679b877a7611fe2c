/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device tree while it is written, node by node. libfdt's errors are collected: a full buffer
 * shows at the end, not at each of a hundred lines.
 */
#ifndef PAPYR_PLATFORM_DT_TREE_H
#define PAPYR_PLATFORM_DT_TREE_H

#include "base/bits.h"

struct dt_tree {
	void *fdt;
	int error;
};

void dt_begin(struct dt_tree *t, const char *name);
void dt_end(struct dt_tree *t);
/* A property of the node that was begun last. */
void dt_prop(struct dt_tree *t, const char *name, const void *val, int len);
void dt_string(struct dt_tree *t, const char *name, const char *val);
void dt_empty(struct dt_tree *t, const char *name);
/* Of numbers of 32 bits, 256 at most. */
void dt_cells_n(struct dt_tree *t, const char *name, const u32 *cells, unsigned n);

#define dt_cells(t, name, ...)                                                                     \
	dt_cells_n(t, name, (const u32[]){__VA_ARGS__},                                            \
		   sizeof((const u32[]){__VA_ARGS__}) / sizeof(u32))

#endif
