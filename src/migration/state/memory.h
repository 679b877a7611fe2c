/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory section: runs of pages that are not zero, in ascending order. Each run is
 *
 *   0         8         16
 *  +---------+---------+------------------+
 *  | address | bytes   | the pages ...    |   both multiples of 4096
 *  +---------+---------+------------------+
 *
 * and a run of 0 bytes, at the end of the memory, ends it.
 */
#ifndef PAPYR_MIGRATION_MEMORY_H
#define PAPYR_MIGRATION_MEMORY_H

#include "migration/image/image.h"
#include "platform/guestmem.h"

#define MEMORY_RUN_MAX (1u << 20)

/* @progress is told how much of the memory was looked at. */
int memory_save(const struct guest_mem *mem, struct image_writer *w, progress_fn progress,
		void *opaque, struct error *err);
/* Into memory that is all zero. @progress is told how much of the memory is done. */
int memory_load(const struct guest_mem *mem, struct section_reader *r, progress_fn progress,
		void *opaque, struct error *err);

#endif
