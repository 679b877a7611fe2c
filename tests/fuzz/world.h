/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What devices are in, for fuzzers of them: a machine that is nothing but memory, a disk, a network
 * and an interrupt controller. Each does what it is asked, and aborts where that can't be meant.
 * And the fuzzer's input, taken apart.
 */
#ifndef PAPYR_TESTS_FUZZ_WORLD_H
#define PAPYR_TESTS_FUZZ_WORLD_H

#include <stdlib.h>

#include "devices/net/net.h"
#include "platform/machine.h"

#define WORLD_MEMORY 0x20000u
#define WORLD_DISK   (64u << 10)

extern struct machine world;
extern struct net_link world_link;
/* Requests that come to the disk wait for world_disk_works(). */
extern bool world_disk_waits;

static inline void must(bool good)
{
	if (!good)
		abort();
}

/* Makes the machine, without devices. */
void world_make(void);
/* It begins to run, with all devices that were added. */
void world_start(void);
/* Memory, disk and devices are as they were then. Nothing may be under way. */
void world_reset(void);
/* Carries out what waits for the disk. */
void world_disk_works(void);
/* A frame of @bytes, which begins with the @n ones at @head, comes to whoever has world_link. */
void world_receive(const u8 *head, size_t n, size_t bytes);
/* Saves and loads @d, with the byte @at of its state changed by @how. */
void world_save_and_load(struct machine_device *d, size_t at, u8 how);

struct world_input {
	const u8 *data;
	size_t left;
};

/* Little-endian; zeroes behind the input's end. */
u64 world_number(struct world_input *in, unsigned bytes);
/* Into the guest's memory: where (2), how many (1), they. */
void world_put_memory(struct world_input *in);
/* Carries out all of the input by @step, and what disks have left; the first time after @make. */
void world_run(struct world_input *in, void (*make)(void), void (*step)(struct world_input *in));

#endif
