/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer target: nothing that a guest does with PCI and virtio devices makes the process crash,
 * write beyond the guest's memory, or leave a request in flight.
 *
 * Input: steps, each of a byte with what it does (its lower four bits) and to whom (the upper
 * four), and what follows:
 *
 *   0, 1  a store to the BAR, or a load: offset (2), size (1: 1 << the lower two bits), value (8)
 *   2, 3  a write or a read of configuration space: offset (1), size (1), value (4)
 *   4     bytes into memory: address (2), how many (1), they
 *   5     a driver that does all right: its features (8)
 *   6     a chain is offered and told of: queue (1), head (1)
 *   7     ibm,change-msi: request (1), how many (1)
 *   8     something from outside: a frame arrives, of bytes (2)
 *   9     saved and loaded
 *  10     the same with a byte of its state changed: which (2), how (1)
 *  11     a descriptor: queue (1), which (1), address (3), bytes (2), flags (1), next (1)
 *  12     the balloon is asked for something from outside: how many MiB (1)
 *  13     the channel's socket, from outside: what (1), bytes (2); and the channel's thread looks
 *  14     the disk does what it was asked for, and from here on at once, or at the next 14 (1)
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "devices/virtio/balloon.h"
#include "devices/virtio/blk.h"
#include "devices/virtio/channel.h"
#include "devices/virtio/net.h"
#include "devices/virtio/p9.h"
#include "devices/virtio/rng.h"
#include "devices/virtio/virtio.h"
#include "platform/balloon.h"
#include "platform/thread.h"
#include "world.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define QUEUE_STEP 0x8000u
#define DEVICES	   6
#define CHANNEL	   4 /* among them */

static struct machine_device *devices[DEVICES];

/* ---- A folder, which is only read, and the socket of the channel ---- */

static char folder[] = "/tmp/papyr-fuzz-XXXXXX", socket_path[64];

static void clean_up(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	must(!system(command));
}

static void make_folder(void)
{
	char path[64];
	int fd;

	must(mkdtemp(folder));
	atexit(clean_up);
	snprintf(path, sizeof(path), "%s/file", folder);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	must(fd >= 0 && write(fd, path, sizeof(path)) == sizeof(path));
	close(fd);
	snprintf(path, sizeof(path), "%s/sub", folder);
	must(!mkdir(path, 0700));
	snprintf(socket_path, sizeof(socket_path), "%s/socket", folder);
}

/* ---- The channel's thread, which looks once whenever it is told to ---- */

static void *(*look)(void *arg);
static void *looks_at;
static unsigned looks;
static int host = -1; /* the other end of its socket */

static void *nothing(void *arg)
{
	return arg;
}

int thread_start(pthread_t *thread, void *(*fn)(void *), void *arg)
{
	look = fn;
	looks_at = arg;
	return pthread_create(thread, NULL, nothing, NULL);
}

bool machine_io_enter(struct machine *m)
{
	if (!looks)
		return false;
	looks--;
	m->io_pending++;
	return true;
}

/* Nothing has happened. */
int __wrap_poll(struct pollfd *fds, nfds_t n, int ms);
int __wrap_poll(struct pollfd *fds, nfds_t n, int ms)
{
	must(n == 2 && fds[0].fd >= 0);
	return 0;
}

static void let_look(void)
{
	looks = 2;
	look(looks_at);
}

static void connect_host(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (host >= 0)
		return;
	host = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	strcpy(address.sun_path, socket_path);
	must(host >= 0);
	/* Enough wait to be answered already. */
	if (connect(host, (struct sockaddr *)&address, sizeof(address))) {
		close(host);
		host = -1;
	}
}

static void hang_up_host(void)
{
	if (host >= 0)
		close(host);
	host = -1;
}

/* The host's end: it comes, goes, says nothing any more, says so many bytes, reads as many. */
static void host_does(unsigned what, size_t bytes)
{
	u8 buf[4096];

	memset(buf, what, sizeof(buf));
	bytes %= sizeof(buf);
	if (what % 5 == 0)
		connect_host();
	else if (what % 5 == 1)
		hang_up_host();
	else if (host >= 0 && what % 5 == 2)
		shutdown(host, SHUT_WR);
	else if (host >= 0 && what % 5 == 3)
		must(send(host, buf, bytes, MSG_NOSIGNAL) <= (ssize_t)bytes);
	else if (host >= 0)
		must(recv(host, buf, bytes, 0) <= (ssize_t)bytes);
	let_look();
}

static void make(void)
{
	struct block_options o = {0};
	unsigned n = 0;
	struct error err;

	make_folder();
	world_make();
	must(!virtio_rng_new(&world, &err) && !virtio_blk_new(&world, &o, "fuzz", &err) &&
	     !virtio_net_new(&world, &world_link, NULL, &err) &&
	     !virtio_balloon_new(&world, &err) &&
	     !virtio_channel_new(&world, "fuzz", socket_path, &err) &&
	     !virtio_p9_new(&world, folder, "fuzz", true, &err));
	for (struct machine_device *d = world.devices; d; d = d->next)
		if (strcmp(d->ops->name, "pci-host"))
			devices[n++] = d;
	must(n == DEVICES);
	world_start();
}

/* ---- Steps ---- */

static struct virtio_device *virtio(unsigned who)
{
	return container_of(devices[who], struct virtio_device, pci.dev);
}

static u64 bar(unsigned who)
{
	return PCI_WINDOW + pci_bar_address(&virtio(who)->pci);
}

static void store(unsigned who, u32 offset, unsigned bytes, u64 val)
{
	u8 buf[8];

	put_le(buf, val, 8);
	world.pci->ops->store(world.pci, bar(who) + offset, buf, bytes);
}

static void write_config(unsigned who, unsigned at, unsigned bytes, u32 val)
{
	world.pci->ops->write_config(world.pci, PCI_BUID, virtio(who)->pci.slot << 11 | at, bytes,
				     val);
}

static void start_driver(unsigned who, u64 features)
{
	write_config(who, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	store(who, 0x14, 1, 0);
	store(who, 0x14, 1, 3);
	features = (features & virtio(who)->offered) | VIRTIO_F_VERSION_1;
	for (unsigned half = 0; half < 2; half++) {
		store(who, 0x08, 4, half);
		store(who, 0x0c, 4, features >> 32 * half);
	}
	store(who, 0x14, 1, 11);
	for (unsigned q = 0; q < virtio(who)->ops->n_queues; q++) {
		store(who, 0x16, 2, q);
		store(who, 0x20, 8, q * QUEUE_STEP);
		store(who, 0x28, 8, q * QUEUE_STEP + 0x2000);
		store(who, 0x30, 8, q * QUEUE_STEP + 0x3000);
		store(who, 0x1c, 2, 1);
		memset(world.mem.host + q * QUEUE_STEP + 0x2000, 0, 0x2000);
	}
	store(who, 0x14, 1, 15);
}

static void offer(unsigned who, unsigned queue, u16 head)
{
	struct virtqueue *q = &virtio(who)->queues[queue % virtio(who)->ops->n_queues];
	u8 *avail = world.mem.host + queue % virtio(who)->ops->n_queues * QUEUE_STEP + 0x2000;
	u16 index = get_le(avail + 2, 2);

	put_le(avail + 4 + 2 * (index % q->size), head, 2);
	put_le(avail + 2, index + 1, 2);
	store(who, 0x3000 + 4 * (queue % virtio(who)->ops->n_queues), 2, 0);
}

static void put_descriptor(unsigned who, struct world_input *in)
{
	unsigned queue = world_number(in, 1) % virtio(who)->ops->n_queues;
	u8 *d = world.mem.host + queue * QUEUE_STEP + world_number(in, 1) * 16;

	put_le(d, world_number(in, 3), 8);
	put_le(d + 8, world_number(in, 2), 4);
	put_le(d + 12, world_number(in, 1), 2);
	put_le(d + 14, world_number(in, 1), 2);
}

void balloon_moved(struct machine *m)
{
	must(m->balloon);
}

static void ask_balloon(u64 mib)
{
	struct balloon_look now;

	world.balloon->ops->want(world.balloon, mib << 20);
	world.balloon->ops->ask(world.balloon);
	world.balloon->ops->look(world.balloon, &now);
}

static void step(struct world_input *in)
{
	u8 what = world_number(in, 1);
	unsigned who = (what >> 4) % DEVICES, at, bytes;
	u8 frame[64], buf[8];
	u32 val;

	switch (what & 15) {
	case 0:
		at = world_number(in, 2);
		bytes = 1u << (world_number(in, 1) & 3);
		store(who, at, bytes, world_number(in, 8));
		break;
	case 1:
		at = world_number(in, 2);
		world.pci->ops->load(world.pci, bar(who) + at, buf,
				     1u << (world_number(in, 1) & 3));
		break;
	case 2:
		at = world_number(in, 1);
		bytes = world_number(in, 1);
		write_config(who, at, bytes, world_number(in, 4));
		break;
	case 3:
		at = world_number(in, 1);
		world.pci->ops->read_config(world.pci, PCI_BUID, virtio(who)->pci.slot << 11 | at,
					    world_number(in, 1), &val);
		break;
	case 4:
		world_put_memory(in);
		break;
	case 5:
		start_driver(who, world_number(in, 8));
		break;
	case 6:
		at = world_number(in, 1);
		offer(who, at, world_number(in, 1));
		break;
	case 7:
		at = world_number(in, 1);
		world.pci->ops->change_msi(world.pci, PCI_BUID, virtio(who)->pci.slot << 11, at % 7,
					   world_number(in, 1));
		break;
	case 8:
		bytes = world_number(in, 2);
		for (at = 0; at < sizeof(frame); at++)
			frame[at] = world_number(in, 1);
		world_receive(frame, sizeof(frame), bytes);
		break;
	case 9:
		world_save_and_load(devices[who], 0, 0);
		break;
	case 10:
		at = world_number(in, 2);
		world_save_and_load(devices[who], at, world_number(in, 1));
		break;
	case 11:
		put_descriptor(who, in);
		break;
	case 12:
		ask_balloon(world_number(in, 1));
		break;
	case 13:
		at = world_number(in, 1);
		host_does(at, world_number(in, 2));
		break;
	case 14:
		world_disk_waits = world_number(in, 1) & 1;
		world_disk_works();
		break;
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct world_input in = {data, size};

	world_run(&in, make, step);
	for (unsigned i = 0; i < DEVICES; i++)
		must(!virtio(i)->in_flight);
	/* The channel notices that its connection has ended when nothing of it is left. */
	hang_up_host();
	world_reset();
	let_look();
	devices[CHANNEL]->ops->reset(devices[CHANNEL]);
	return 0;
}
