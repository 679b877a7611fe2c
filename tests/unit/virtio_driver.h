/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A driver of virtio devices on PCI, for tests: it finds a device by its configuration space, sets
 * its queues up in the guest's memory, and offers buffers. All through what a guest has: RTAS's
 * calls into the bridge, loads and stores.
 */
#ifndef TESTS_VIRTIO_DRIVER_H
#define TESTS_VIRTIO_DRIVER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>
#include "devices/virtio/virtio.h"
#include "platform/machine.h"
#include "platform/models.h"

/* In the guest: each queue's parts, then buffers. */
#define QUEUES	    0x100000u
#define QUEUE_STEP  0x10000u
#define AVAIL	    0x2000u
#define USED	    0x4000u
#define FAR_TABLE   0x8000u /* indirect descriptors */
#define BUFFERS	    0x200000u
#define BUFFER_STEP 0x10000u

#define DESC_NEXT     1
#define DESC_WRITE    2
#define DESC_INDIRECT 4

static struct machine *m;
static u64 bar;		     /* where the device's is in the guest */
static u32 function;	     /* its address, as RTAS's calls have it */
static u16 offered_index[4]; /* what avail's index is */
static u16 seen_index[4];    /* ... and of used what was looked at */
static unsigned size_of_queue;

static inline u32 config_read(unsigned at, unsigned bytes)
{
	u32 val;

	assert_true(m->pci->ops->read_config(m->pci, PCI_BUID, function | at, bytes, &val));
	return val;
}

static inline void config_write(unsigned at, unsigned bytes, u32 val)
{
	assert_true(m->pci->ops->write_config(m->pci, PCI_BUID, function | at, bytes, val));
}

static inline u64 load(u32 offset, unsigned bytes)
{
	u8 data[8];

	assert_true(m->pci->ops->load(m->pci, bar + offset, data, bytes));
	return get_le(data, bytes);
}

static inline void store(u32 offset, unsigned bytes, u64 val)
{
	u8 data[8];

	put_le(data, val, 8);
	assert_true(m->pci->ops->store(m->pci, bar + offset, data, bytes));
}

static inline u8 *memory(u64 gpa)
{
	return machine_ptr(m, gpa, 1);
}

static inline u8 *buffer(unsigned i)
{
	return memory(BUFFERS + i * BUFFER_STEP);
}

static inline void new_machine(void)
{
	struct machine_config cfg = {.model = machine_model_find("POWER8"),
				     .mem_bytes = 64 << 20,
				     .n_vcpus = 1,
				     .threads = 1,
				     .in_fd = -1,
				     .out_fd = -1};
	struct error err = {""};

	cfg.accel = accel_find("papyr", &err);
	m = machine_new(&cfg, &err);
	if (!m)
		fail_msg("%s", err.text);
}

/* The device of number @slot is the one that is driven from here on. */
static inline void choose(unsigned slot)
{
	function = slot << 11;
	machine_reset_devices(m);
	bar = PCI_WINDOW + config_read(PCI_BAR, 4);
	config_write(PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

static inline u64 queue_at(unsigned queue)
{
	return QUEUES + queue * QUEUE_STEP;
}

static inline void set_queue(unsigned queue, u16 vector)
{
	store(0x16, 2, queue);
	size_of_queue = load(0x18, 2);
	memset(memory(queue_at(queue)), 0, QUEUE_STEP);
	store(0x20, 8, queue_at(queue));
	store(0x28, 8, queue_at(queue) + AVAIL);
	store(0x30, 8, queue_at(queue) + USED);
	store(0x1a, 2, vector);
	store(0x1c, 2, 1);
	offered_index[queue] = seen_index[queue] = 0;
}

/* With all of its queues, and @features of those that are offered. */
static inline void start_driver(unsigned queues, u64 features)
{
	store(0x14, 1, 0);
	while (load(0x14, 1))
		usleep(100);
	store(0x14, 1, 3);
	for (unsigned half = 0; half < 2; half++) {
		store(0x08, 4, half);
		store(0x0c, 4, features >> 32 * half);
	}
	store(0x14, 1, 11);
	assert_int_equal(load(0x14, 1), 11);
	store(0x10, 2, 0);
	for (unsigned i = 0; i < queues; i++)
		set_queue(i, 1 + i);
	store(0x14, 1, 15);
	assert_int_equal(load(0x14, 1), 15);
}

static inline void put_desc(u8 *table, unsigned i, u64 gpa, u32 bytes, u16 flags, u16 next)
{
	put_le(table + 16 * i, gpa, 8);
	put_le(table + 16 * i + 8, bytes, 4);
	put_le(table + 16 * i + 12, flags, 2);
	put_le(table + 16 * i + 14, next, 2);
}

static inline u8 *descriptors(unsigned queue)
{
	return memory(queue_at(queue));
}

/* A word that the device's thread may be looking at. */
static inline void put_word(u8 *p, u16 val)
{
	u8 bytes[2] = {val, val >> 8};
	u16 v;

	memcpy(&v, bytes, sizeof(v));
	__atomic_store_n((u16 *)p, v, __ATOMIC_SEQ_CST);
}

static inline void offer(unsigned queue, u16 head)
{
	u8 *avail = memory(queue_at(queue) + AVAIL);

	put_word(avail + 4 + 2 * (offered_index[queue] % size_of_queue), head);
	put_word(avail + 2, ++offered_index[queue]);
}

static inline void notify(unsigned queue)
{
	store(0x3000 + 4 * queue, 2, queue);
}

static inline u16 used_index(unsigned queue)
{
	const u16 *index = (const u16 *)(memory(queue_at(queue) + USED) + 2);
	u16 v = __atomic_load_n(index, __ATOMIC_ACQUIRE);

	return get_le((const u8 *)&v, 2);
}

static inline bool has_used(unsigned queue)
{
	return used_index(queue) != seen_index[queue];
}

/* The next chain that comes back: its head, and how much was written. */
static inline u32 wait_used(unsigned queue, u32 *head)
{
	const u8 *entry =
	    memory(queue_at(queue) + USED) + 4 + 8 * (seen_index[queue] % size_of_queue);

	while (!has_used(queue))
		usleep(100);
	seen_index[queue]++;
	*head = get_le(entry, 4);
	return get_le(entry + 4, 4);
}

static inline bool needs_reset(void)
{
	return load(0x14, 1) & VIRTIO_STATUS_NEEDS_RESET;
}

#endif
