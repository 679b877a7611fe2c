/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device tree: how the guest learns what machine it is on.
 */
#ifndef PAPYR_PLATFORM_FDT_H
#define PAPYR_PLATFORM_FDT_H

#include "platform/hotplug.h"
#include "platform/machine.h"

/* The interrupt controller's, for nodes that map interrupts to it: two cells each, a source and 1
 * for a line, 0 for edges. */
#define FDT_PHANDLE_XICS 1

struct fdt_places {
	u64 rtas;
	u32 rtas_bytes;
	u64 initrd, initrd_bytes; /* 0: none */
};

/* Room that the tree needs at most. */
u64 fdt_room(const struct machine *m);

/* Writes the tree to @buf of fdt_room() bytes. */
int fdt_build(const struct machine *m, const struct fdt_places *places, void *buf,
	      struct error *err);

/*
 * A tree with nothing but what the whole one says, or would, of a core or a block of memory that
 * may come (hotplug.h). -1: @bytes aren't enough; FDT_BRANCH_ROOM are.
 */
#define FDT_BRANCH_ROOM 8192
int fdt_build_branch(const struct machine *m, enum hotplug_kind kind, unsigned number, void *buf,
		     size_t bytes);

#endif
