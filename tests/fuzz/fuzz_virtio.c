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
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "devices/net/net.h"
#include "devices/virtio/balloon.h"
#include "devices/virtio/blk.h"
#include "devices/virtio/net.h"
#include "devices/virtio/rng.h"
#include "devices/virtio/virtio.h"
#include "platform/balloon.h"
#include "platform/dirtylog.h"
#include "platform/machine.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define MEMORY	   0x20000u
#define QUEUE_STEP 0x8000u
#define DISK_BYTES (64u << 10)
#define DEVICES	   4

static struct machine m;
static struct machine_device *devices[DEVICES];
static struct net_link net_link;

static void must(bool good)
{
	if (!good)
		abort();
}

/* ---- What the devices want of a machine, a disk, and a network ---- */

int machine_add_device(struct machine *machine, struct machine_device *d, struct error *err)
{
	struct machine_device **at = &machine->devices;

	d->m = machine;
	while (*at)
		at = &(*at)->next;
	*at = d;
	return 0;
}

int xics_add_sources(struct machine *machine, unsigned n, bool level, u32 *first, struct error *err)
{
	*first = IRQ_FIRST + machine->n_irqs;
	machine->n_irqs += n;
	return 0;
}

void xics_pulse(struct machine *machine, unsigned irq)
{
	must(irq - IRQ_FIRST < machine->n_irqs);
}

void xics_set_line(struct machine *machine, unsigned irq, bool up)
{
}

void machine_io_begin(struct machine *machine)
{
	machine->io_pending++;
}

void machine_io_end(struct machine *machine)
{
	must(machine->io_pending--);
}

void machine_wrote(struct machine *machine, u64 gpa, u64 bytes)
{
	must(gpa <= MEMORY && bytes <= MEMORY - gpa);
}

/* The device tree is another's subject. */
void pci_describe(struct pci_bus *b, u32 liobn, u64 bytes, struct dt_tree *t)
{
}

static u8 disk[DISK_BYTES];

struct block_dev *block_open(const struct block_options *o, struct error *err)
{
	return (struct block_dev *)disk;
}

void block_close(struct block_dev *b)
{
}

u64 block_bytes(const struct block_dev *b)
{
	return DISK_BYTES;
}

bool block_read_only(const struct block_dev *b)
{
	return false;
}

bool block_discards(const struct block_dev *b)
{
	return true;
}

void block_submit(struct block_dev *b, struct block_request *r)
{
	u64 bytes = 0;

	must(r->offset <= DISK_BYTES && r->bytes <= DISK_BYTES - r->offset);
	for (unsigned i = 0; i < r->n_iov; i++) {
		u8 *p = r->iov[i].iov_base;

		if (r->op == BLOCK_READ)
			memmove(p, disk + r->offset + bytes, r->iov[i].iov_len);
		else if (r->op == BLOCK_WRITE)
			memmove(disk + r->offset + bytes, p, r->iov[i].iov_len);
		bytes += r->iov[i].iov_len;
	}
	must(bytes == (r->op == BLOCK_READ || r->op == BLOCK_WRITE ? r->bytes : 0));
	r->done(r, r->offset == 512 ? 5 : 0);
}

static bool send_frame(struct net_link *l, const struct iovec *iov, unsigned n,
		       const struct net_frame *f)
{
	u64 bytes = 0;
	volatile u8 sum = 0;

	for (unsigned i = 0; i < n; bytes += iov[i++].iov_len)
		for (size_t k = 0; k < iov[i].iov_len; k++)
			sum += ((u8 *)iov[i].iov_base)[k];
	must(bytes == f->bytes && bytes <= NET_FRAME_MAX);
	return true;
}

static const struct net_link_ops link_ops = {.kind = "fuzz", .send = send_frame};

void net_free(struct net_link *l)
{
}

int net_start(struct net_link *l, struct machine *machine, const struct net_card_ops *ops,
	      void *card, struct error *err)
{
	l->card_ops = ops;
	l->card = card;
	return 0;
}

void net_wake(struct net_link *l)
{
	l->card_ops->ready(l->card);
}

void net_announce(struct net_link *l, const u8 *mac)
{
}

void net_make_mac(const struct machine *machine, unsigned index, u8 *mac)
{
	memset(mac, 2, NET_MAC_BYTES);
}

void net_save(struct net_link *l, struct state_out *out)
{
}

int net_load(struct net_link *l, struct state_in *in)
{
	return 0;
}

static int fake_ioctl(int fd, unsigned long request, void *arg)
{
	return 0;
}

static void *fake_mmap(size_t bytes, int prot, int flags, int fd)
{
	return calloc(1, bytes);
}

static const struct accel accel = {.name = "fuzz", .ioctl = fake_ioctl, .mmap = fake_mmap};

static void make(void)
{
	struct block_options o = {0};
	struct machine_device *d;
	unsigned n = 0;
	struct error err;

	m.accel = &accel;
	m.mem.host = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(m.mem.host != MAP_FAILED);
	m.mem.bytes = m.mem.boot_bytes = MEMORY;
	lock_init(&m.lock, LOCK_MACHINE);
	net_link.ops = &link_ops;
	must(!virtio_rng_new(&m, &err) && !virtio_blk_new(&m, &o, "fuzz", &err) &&
	     !virtio_net_new(&m, &net_link, NULL, &err) && !virtio_balloon_new(&m, &err));
	for (d = m.devices; d; d = d->next) {
		if (d->ops->start)
			must(!d->ops->start(d, &err));
		if (strcmp(d->ops->name, "pci-host"))
			devices[n++] = d;
	}
	must(n == DEVICES);
}

/* ---- Steps ---- */

struct input {
	const u8 *data;
	size_t left;
};

/* Zeroes behind its end. */
static u64 number(struct input *in, unsigned bytes)
{
	u64 val = 0;

	for (unsigned i = 0; i < bytes && in->left; i++, in->left--)
		val |= (u64)*in->data++ << 8 * i;
	return val;
}

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
	m.pci->ops->store(m.pci, bar(who) + offset, buf, bytes);
}

static void write_config(unsigned who, unsigned at, unsigned bytes, u32 val)
{
	m.pci->ops->write_config(m.pci, PCI_BUID, virtio(who)->pci.slot << 11 | at, bytes, val);
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
		memset(m.mem.host + q * QUEUE_STEP + 0x2000, 0, 0x2000);
	}
	store(who, 0x14, 1, 15);
}

static void offer(unsigned who, unsigned queue, u16 head)
{
	struct virtqueue *q = &virtio(who)->queues[queue % virtio(who)->ops->n_queues];
	u8 *avail = m.mem.host + queue % virtio(who)->ops->n_queues * QUEUE_STEP + 0x2000;
	u16 index = get_le(avail + 2, 2);

	put_le(avail + 4 + 2 * (index % q->size), head, 2);
	put_le(avail + 2, index + 1, 2);
	store(who, 0x3000 + 4 * (queue % virtio(who)->ops->n_queues), 2, 0);
}

static void receive(const u8 *data, size_t bytes)
{
	u8 *frame = calloc(1, bytes + 1);
	struct net_frame f = {.data = frame, .bytes = bytes, .checksum_good = bytes & 1};

	memcpy(frame, data, bytes < 64 ? bytes : 64);
	f.segment_bytes = bytes & 2 ? 1460 : 0;
	if (net_link.card_ops->ready(net_link.card) || bytes & 4)
		net_link.card_ops->receive(net_link.card, &f);
	free(frame);
}

/* With the byte @at changed by @how. */
static void save_and_load(unsigned who, size_t at, u8 how)
{
	struct machine_device *d = devices[who];
	struct state_out out = {0};
	struct state_in in;

	d->ops->save(d, &out);
	d->ops->reset(d);
	out.data[at % out.len] ^= how;
	in = (struct state_in){.data = out.data, .len = out.len};
	/* Nobody runs on with what couldn't be loaded. */
	if (d->ops->load(d, &in) || !state_ok(&in)) {
		must(how);
		d->ops->reset(d);
	}
	state_free(&out);
}

static void put_memory(struct input *in)
{
	u32 at = number(in, 2), bytes = number(in, 1);

	for (; bytes && in->left; bytes--, at++)
		m.mem.host[at % MEMORY] = number(in, 1);
}

static void put_descriptor(unsigned who, struct input *in)
{
	unsigned queue = number(in, 1) % virtio(who)->ops->n_queues;
	u8 *d = m.mem.host + queue * QUEUE_STEP + number(in, 1) * 16;

	put_le(d, number(in, 3), 8);
	put_le(d + 8, number(in, 2), 4);
	put_le(d + 12, number(in, 1), 2);
	put_le(d + 14, number(in, 1), 2);
}

static void ask_balloon(u64 mib)
{
	struct balloon_look look;

	m.balloon->ops->want(m.balloon, mib << 20);
	m.balloon->ops->ask(m.balloon);
	m.balloon->ops->look(m.balloon, &look);
}

static void step(struct input *in)
{
	u8 what = number(in, 1);
	unsigned who = (what >> 4) % DEVICES, at, bytes;
	u8 frame[64], buf[8];
	u32 val;

	switch (what & 15) {
	case 0:
		at = number(in, 2);
		bytes = 1u << (number(in, 1) & 3);
		store(who, at, bytes, number(in, 8));
		break;
	case 1:
		at = number(in, 2);
		m.pci->ops->load(m.pci, bar(who) + at, buf, 1u << (number(in, 1) & 3));
		break;
	case 2:
		at = number(in, 1);
		bytes = number(in, 1);
		write_config(who, at, bytes, number(in, 4));
		break;
	case 3:
		at = number(in, 1);
		m.pci->ops->read_config(m.pci, PCI_BUID, virtio(who)->pci.slot << 11 | at,
					number(in, 1), &val);
		break;
	case 4:
		put_memory(in);
		break;
	case 5:
		start_driver(who, number(in, 8));
		break;
	case 6:
		at = number(in, 1);
		offer(who, at, number(in, 1));
		break;
	case 7:
		at = number(in, 1);
		m.pci->ops->change_msi(m.pci, PCI_BUID, virtio(who)->pci.slot << 11, at % 7,
				       number(in, 1));
		break;
	case 8:
		bytes = number(in, 2);
		for (at = 0; at < sizeof(frame); at++)
			frame[at] = number(in, 1);
		receive(frame, bytes);
		break;
	case 9:
		save_and_load(who, 0, 0);
		break;
	case 10:
		at = number(in, 2);
		save_and_load(who, at, number(in, 1));
		break;
	case 11:
		put_descriptor(who, in);
		break;
	case 12:
		ask_balloon(number(in, 1));
		break;
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct input in = {data, size};

	if (!m.devices)
		make();
	memset(m.mem.host, 0, MEMORY);
	for (struct machine_device *d = m.devices; d; d = d->next)
		d->ops->reset(d);
	while (in.left)
		step(&in);
	must(!m.io_pending);
	for (unsigned i = 0; i < DEVICES; i++)
		must(!virtio(i)->in_flight);
	return 0;
}
