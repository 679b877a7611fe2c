/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PCI host bridge and what all virtio devices have in common, by way of the one that gives
 * random numbers: configuration space, the registers, queues, interrupts; and guests that do what
 * no driver does.
 */
#include <libfdt.h>

#include "devices/virtio/rng.h"
#include "platform/exits.h"
#include "platform/fdt.h"
#include "platform/vcpu.h"
#include "platform/xics.h"
#include "virtio_driver.h"

#define ALL (VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT | VIRTIO_F_EVENT_IDX)

static struct virtio_device *device;

static int setup(void **state)
{
	struct error err = {""};

	new_machine();
	if (virtio_rng_new(m, &err))
		fail_msg("%s", err.text);
	device = container_of(m->devices->next, struct virtio_device, pci.dev);
	choose(1);
	return 0;
}

static int teardown(void **state)
{
	machine_free(m);
	return 0;
}

static u64 source_state(u32 irq)
{
	u64 state = 0;
	struct kvm_device_attr attr = {
	    .group = KVM_DEV_XICS_GRP_SOURCES, .attr = irq, .addr = (uintptr_t)&state};

	assert_int_equal(m->accel->ioctl(m->xics_fd, KVM_GET_DEVICE_ATTR, &attr), 0);
	return state;
}

/* Has it been raised? Sources are masked, so that it waits. */
static bool raised(u32 irq)
{
	return source_state(irq) & KVM_XICS_PENDING;
}

static bool all_zero(const u8 *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

/* ---- The bridge ---- */

static void configuration(void **state)
{
	u32 val;

	assert_int_equal(config_read(PCI_VENDOR, 2), VIRTIO_VENDOR);
	assert_int_equal(config_read(PCI_DEVICE, 2), VIRTIO_DEVICE_BASE + 4);
	assert_int_equal(config_read(PCI_REVISION, 1), 1);
	/* Nobody there; another bridge; places that aren't. */
	assert_false(m->pci->ops->read_config(m->pci, PCI_BUID, 2 << 11, 4, &val));
	assert_false(m->pci->ops->read_config(m->pci, PCI_BUID, function | 1 << 8, 4, &val));
	assert_false(m->pci->ops->read_config(m->pci, PCI_BUID, function | 1 << 16, 4, &val));
	assert_false(m->pci->ops->read_config(m->pci, PCI_BUID + 1, function, 4, &val));
	assert_false(m->pci->ops->read_config(m->pci, PCI_BUID, function | 2, 4, &val));
	assert_false(m->pci->ops->read_config(m->pci, PCI_BUID, function, 3, &val));
	assert_false(m->pci->ops->read_config(m->pci, PCI_BUID, function | 1u << 28, 4, &val));
	assert_false(m->pci->ops->write_config(m->pci, PCI_BUID, 3 << 11, 4, 0));
	/* What is read-only stays. */
	config_write(PCI_VENDOR, 4, 0);
	assert_int_equal(config_read(PCI_VENDOR, 2), VIRTIO_VENDOR);
	config_write(PCI_BAR, 4, 0xffffffff);
	assert_int_equal(config_read(PCI_BAR, 4), ~(PCI_BAR_BYTES - 1));
	/* The list of capabilities has an end, and MSI-X in it. */
	val = config_read(PCI_CAPABILITIES, 1);
	for (unsigned n = 0, msix = 0; val; val = config_read(val + 1, 1)) {
		assert_true(n++ < 16);
		msix += config_read(val, 1) == 0x11;
		assert_true(msix || config_read(val + 1, 1));
	}
}

static void bars(void **state)
{
	u8 data[8];

	assert_int_equal(load(0x12, 2), 1);
	/* Elsewhere, in an order of its own with another; nowhere; off. */
	config_write(PCI_BAR, 4, 0xa0000000);
	assert_false(m->pci->ops->load(m->pci, bar + 0x12, data, 2));
	bar = PCI_WINDOW + 0xa0000000;
	assert_int_equal(load(0x12, 2), 1);
	assert_false(m->pci->ops->load(m->pci, bar - 1, data, 2));
	assert_false(m->pci->ops->load(m->pci, bar + PCI_BAR_BYTES - 1, data, 2));
	assert_false(m->pci->ops->load(m->pci, bar + PCI_MSIX_TABLE - 1, data, 2));
	config_write(PCI_BAR, 4, 0x1000000);
	assert_false(m->pci->ops->load(m->pci, PCI_WINDOW + 0x1000012, data, 2));
	assert_false(m->pci->ops->load(m->pci, 0x1000012, data, 2));
	config_write(PCI_BAR, 4, 0xa0000000);
	config_write(PCI_COMMAND, 2, PCI_COMMAND_MASTER);
	assert_false(m->pci->ops->load(m->pci, bar + 0x12, data, 2));
	assert_false(m->pci->ops->store(m->pci, ~0ull - 3, data, 8));
}

/* The same registers through configuration space. */
static void window(void **state)
{
	unsigned at = device->window_cap;

	config_write(at + 8, 4, 0x12);
	config_write(at + 12, 4, 2);
	assert_int_equal(config_read(at + 16, 2), 1);
	config_write(at + 8, 4, 0x14);
	config_write(at + 12, 4, 1);
	config_write(at + 16, 4, 3);
	assert_int_equal(load(0x14, 1), 3);
	/* Lengths, places and BARs that there aren't. */
	config_write(at + 12, 4, 3);
	config_write(at + 16, 4, 0);
	config_write(at + 12, 4, 1);
	config_write(at + 8, 4, 0xfffffff0);
	config_write(at + 16, 4, 0);
	config_read(at + 16, 4);
	config_write(at + 8, 4, 0x14);
	config_write(at + 4, 1, 1);
	config_write(at + 16, 4, 0);
	assert_int_equal(load(0x14, 1), 3);
}

static int node_of(const void *fdt, const char *path)
{
	return fdt_path_offset(fdt, path);
}

static u32 cell_of(const void *fdt, int node, const char *name, unsigned i)
{
	int len;
	const u8 *p = fdt_getprop(fdt, node, name, &len);

	assert_true(p && (int)(4 * i + 4) <= len);
	return load_be32(p + 4 * i);
}

static void tree(void **state)
{
	struct fdt_places places = {.rtas = 0x2000000, .rtas_bytes = 0x10000};
	struct error err = {""};
	void *fdt = malloc(fdt_room(m));
	int node;

	assert_int_equal(fdt_build(m, &places, fdt, &err), 0);
	node = node_of(fdt, "/pci@800000020000000");
	assert_true(node >= 0);
	assert_int_equal(cell_of(fdt, node, "ranges", 3) | cell_of(fdt, node, "ranges", 4),
			 (u32)(PCI_WINDOW >> 32) | PCI_MEMORY);
	assert_int_equal(cell_of(fdt, node, "ibm,pe-total-#msi", 0), 2);
	assert_int_equal(cell_of(fdt, node, "interrupt-map", 5), device->pci.dev.irq);
	node = node_of(fdt, "/pci@800000020000000/rng@1");
	assert_true(node >= 0);
	assert_int_equal(PCI_WINDOW + cell_of(fdt, node, "assigned-addresses", 2), bar);
	assert_true(fdt_getprop(fdt, node_of(fdt, "/rtas"), "ibm,read-pci-config", NULL));
	/* Without a device there is nothing of it. */
	machine_free(m);
	new_machine();
	assert_int_equal(fdt_build(m, &places, fdt, &err), 0);
	assert_true(node_of(fdt, "/pci@800000020000000") < 0);
	assert_null(fdt_getprop(fdt, node_of(fdt, "/rtas"), "ibm,read-pci-config", NULL));
	free(fdt);
}

static s32 rtas(const char *name, const u32 *in, unsigned n_in, unsigned n_out, u32 *out)
{
	const char *have;
	u8 *p = memory(0x1000);
	u32 token;

	for (unsigned i = 0; (have = rtas_name(i, &token)) && strcmp(have, name); i++)
		;
	assert_non_null(have);
	store_be32(p, token);
	store_be32(p + 4, n_in);
	store_be32(p + 8, n_out);
	for (unsigned i = 0; i < n_in; i++)
		store_be32(p + 12 + 4 * i, in[i]);
	rtas_call(&m->vcpus[0], 0x1000);
	for (unsigned i = 0; i < n_out; i++)
		out[i] = load_be32(p + 12 + 4 * (n_in + i));
	return out[0];
}

#define BUID (u32)(PCI_BUID >> 32), (u32)PCI_BUID

/* What firmware does for message signalled interrupts. */
static void messages(void **state)
{
	u32 out[4], first;

	assert_int_equal(rtas("ibm,read-pci-config", (u32[]){function, BUID, 2}, 4, 2, out), 0);
	assert_int_equal(out[1], VIRTIO_VENDOR);
	assert_int_equal(rtas("ibm,read-pci-config", (u32[]){5 << 11, BUID, 2}, 4, 2, out), -1);
	assert_int_equal(out[1], 0xffffffff);
	assert_int_equal(
	    rtas("ibm,write-pci-config", (u32[]){function | PCI_LINE, BUID, 1, 9}, 5, 1, out), 0);
	assert_int_equal(rtas("read-pci-config", (u32[]){function | PCI_LINE, 1}, 2, 2, out), 0);
	assert_int_equal(out[1], 9);
	assert_int_equal(rtas("write-pci-config", (u32[]){function | PCI_LINE, 1, 0}, 3, 1, out),
			 0);
	/* None yet; two of three; not of the other kind; none again. */
	assert_int_equal(
	    rtas("ibm,query-interrupt-source-number", (u32[]){function, BUID, 0}, 4, 3, out), -3);
	assert_int_equal(rtas("ibm,change-msi", (u32[]){function, BUID, 4, 3, 1}, 6, 4, out), 0);
	assert_int_equal(out[1], 2);
	assert_int_equal(out[3], 2);
	assert_int_equal(
	    rtas("ibm,query-interrupt-source-number", (u32[]){function, BUID, 1}, 4, 3, out), 0);
	first = out[1] - 1;
	assert_int_equal(out[2], 1);
	assert_int_equal(
	    rtas("ibm,query-interrupt-source-number", (u32[]){function, BUID, 2}, 4, 3, out), -3);
	assert_int_equal(rtas("ibm,change-msi", (u32[]){function, BUID, 3, 1, 1}, 6, 4, out), -3);
	assert_int_equal(rtas("ibm,change-msi", (u32[]){function, BUID, 77, 1, 1}, 6, 4, out), -3);
	assert_int_equal(rtas("ibm,change-msi", (u32[]){9 << 11, BUID, 1, 1, 1}, 6, 3, out), -3);
	assert_int_equal(rtas("ibm,change-msi", (u32[]){function, BUID, 0, 0, 1}, 6, 3, out), 0);
	assert_int_equal(out[1], 2);
	/* The table says where they go. */
	assert_int_equal(load(PCI_MSIX_TABLE + 16, 8), PCI_MSI_ADDRESS);
	assert_int_equal(load(PCI_MSIX_TABLE + 24, 4), first + 1);
	assert_int_equal(load(PCI_MSIX_TABLE + 28, 4), 1);
	assert_int_equal(rtas("ibm,change-msi", (u32[]){function, BUID, 2, 0, 1}, 6, 3, out), 0);
	assert_int_equal(load(PCI_MSIX_TABLE + 16, 8), 0);
}

/* ---- The registers ---- */

static void features(void **state)
{
	u64 offered = load(0x04, 4);

	store(0x00, 4, 1);
	offered |= load(0x04, 4) << 32;
	assert_int_equal(offered, ALL);
	store(0x00, 4, 2);
	assert_int_equal(load(0x04, 4), 0);
	/* Not those of the old interface, nor what isn't offered. */
	store(0x14, 1, 11);
	assert_int_equal(load(0x14, 1), 3);
	store(0x08, 4, 1);
	store(0x0c, 4, 3);
	store(0x14, 1, 11);
	assert_int_equal(load(0x14, 1), 3);
	store(0x0c, 4, 1);
	store(0x14, 1, 15);
	assert_int_equal(load(0x14, 1), 15);
	/* Too late. */
	store(0x0c, 4, 3);
	assert_int_equal(load(0x0c, 4), 1);
	/* Registers that no driver of ours needs have no side effects. */
	assert_int_equal(load(0x15, 1), 0);
	assert_int_equal(load(0x1000, 1), 0);
	assert_int_equal(load(0x2000, 4), 0);
	assert_int_equal(load(0x7000, 8), 0);
	store(0x16, 2, 77);
	assert_int_equal(load(0x18, 2), 0);
	store(0x20, 8, ~0ull);
	store(0x14, 4, 0);
	assert_int_equal(load(0x14, 1), 15);
	store(0x14, 1, 0);
	assert_int_equal(load(0x14, 1), 0);
}

static void queue_registers(void **state)
{
	store(0x16, 2, 0);
	assert_int_equal(load(0x18, 2), 8);
	store(0x18, 2, 16);
	store(0x18, 2, 3);
	store(0x18, 2, 0);
	assert_int_equal(load(0x18, 2), 8);
	store(0x18, 2, 4);
	assert_int_equal(load(0x18, 2), 4);
	store(0x1a, 2, 7);
	assert_int_equal(load(0x1a, 2), VIRTIO_NO_VECTOR);
	store(0x20, 4, 0x300000);
	store(0x24, 4, 1);
	assert_int_equal(load(0x20, 8), 0x100300000);
	/* Beyond memory. */
	store(0x1c, 2, 1);
	assert_true(needs_reset());
	assert_int_equal(load(0x1c, 2), 0);
	store(0x14, 1, 0);
	assert_int_equal(load(0x20, 8), 0);
}

/* ---- Queues ---- */

static void fills(void **state)
{
	u8 *far = memory(QUEUES + FAR_TABLE);
	u32 head;

	start_driver(1, ALL);
	memset(buffer(0), 0, 4096);
	put_desc(descriptors(0), 5, BUFFERS, 100, DESC_WRITE | DESC_NEXT, 2);
	put_desc(descriptors(0), 2, BUFFERS + 1000, 1000, DESC_WRITE, 0);
	offer(0, 5);
	notify(0);
	assert_int_equal(wait_used(0, &head), 1100);
	assert_int_equal(head, 5);
	assert_false(all_zero(buffer(0) + 84, 16));
	assert_true(all_zero(buffer(0) + 100, 900));
	assert_false(all_zero(buffer(0) + 1984, 16));
	assert_true(all_zero(buffer(0) + 2000, 100));
	/* Elsewhere, with what is to be read ahead and empty ones between. */
	put_desc(far, 0, BUFFERS, 8, DESC_NEXT, 2);
	put_desc(far, 2, 0, 0, DESC_WRITE | DESC_NEXT, 1);
	put_desc(far, 1, BUFFERS + 3000, 16, DESC_WRITE, 0);
	put_desc(descriptors(0), 0, QUEUES + FAR_TABLE, 48, DESC_INDIRECT, 0);
	offer(0, 0);
	notify(0);
	assert_int_equal(wait_used(0, &head), 16);
	assert_int_equal(head, 0);
	assert_false(all_zero(buffer(0) + 3000, 16));
	/* Nobody may write without being a master. */
	config_write(PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	offer(0, 0);
	notify(0);
	assert_false(has_used(0));
	config_write(PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	notify(0);
	assert_int_equal(wait_used(0, &head), 16);
	/* Often enough for the indexes to go round. */
	for (unsigned i = 0; i < 70000; i++) {
		offer(0, 0);
		notify(0);
		assert_int_equal(wait_used(0, &head), 16);
	}
	assert_false(needs_reset());
}

static void once(void)
{
	u32 head;

	put_desc(descriptors(0), 0, BUFFERS, 16, DESC_WRITE, 0);
	offer(0, 0);
	notify(0);
	wait_used(0, &head);
}

static void interrupts(void **state)
{
	u32 line = device->pci.dev.irq, first = device->pci.first_source, out[4];
	unsigned control = device->pci.msix_cap + 2;
	u8 *avail, *used;

	/* By its line, until somebody looks. */
	start_driver(1, VIRTIO_F_VERSION_1);
	avail = memory(QUEUES + AVAIL);
	used = memory(QUEUES + USED);
	assert_true(source_state(line) & KVM_XICS_LEVEL_SENSITIVE);
	once();
	assert_true(device->pci.line);
	assert_true(config_read(PCI_STATUS, 2) & PCI_STATUS_LINE);
	config_write(PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_NO_LINE);
	assert_false(device->pci.line);
	config_write(PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	assert_true(device->pci.line);
	assert_int_equal(load(0x1000, 1), 1);
	assert_false(device->pci.line);
	avail[0] = 1; /* not wanted */
	once();
	assert_false(device->pci.line);
	/* By messages, which wait as long as they are masked. */
	avail[0] = 0;
	rtas("ibm,change-msi", (u32[]){function, BUID, 4, 2, 1}, 6, 4, out);
	config_write(control, 2, 0x8000);
	once();
	assert_false(device->pci.line);
	assert_int_equal(load(PCI_MSIX_PENDING, 4), 2);
	assert_false(raised(first + 1));
	store(PCI_MSIX_TABLE + 16 + 12, 4, 0);
	assert_int_equal(load(PCI_MSIX_PENDING, 4), 0);
	assert_true(raised(first + 1));
	assert_false(raised(first));
	config_write(control, 2, 0xc000);
	once();
	assert_int_equal(load(PCI_MSIX_PENDING, 4), 2);
	config_write(control, 2, 0x8000);
	assert_int_equal(load(PCI_MSIX_PENDING, 4), 0);
	/* Messages to others' sources, or elsewhere, reach nobody. */
	store(PCI_MSIX_TABLE + 12, 4, 0);
	store(PCI_MSIX_TABLE, 8, PCI_MSI_ADDRESS);
	store(PCI_MSIX_TABLE + 8, 4, IRQ_VTY);
	put_le(avail + 2, 0x4000, 2);
	notify(0);
	assert_true(needs_reset());
	assert_false(raised(IRQ_VTY));
	assert_false(raised(first));
	/* Only where the guest wants to know of it. */
	start_driver(1, ALL);
	avail[4 + 2 * size_of_queue] = 1;
	config_write(control, 2, 0);
	once();
	assert_false(device->pci.line);
	assert_int_equal(used[4 + 8 * size_of_queue], 1);
	once();
	assert_true(device->pci.line);
	assert_int_equal(used[4 + 8 * size_of_queue], 2);
}

/* ---- Guests that do what no driver does ---- */

static void attack(u64 features, u16 head, u16 flags, u64 address, u32 bytes, u16 next)
{
	u32 used_head;

	put_desc(descriptors(0), 0, address, bytes, flags, next);
	offer(0, head);
	notify(0);
	if (!needs_reset())
		fail_msg("head %u, flags %u, address 0x%llx, %u bytes, next %u", head, flags,
			 (unsigned long long)address, bytes, next);
	assert_false(has_used(0));
	/* It does nothing any more, and all again after a reset. */
	put_desc(descriptors(0), 0, BUFFERS, 16, DESC_WRITE, 0);
	offer(0, 0);
	notify(0);
	assert_false(has_used(0));
	start_driver(1, features);
	put_desc(descriptors(0), 0, BUFFERS, 16, DESC_WRITE, 0);
	offer(0, 0);
	notify(0);
	assert_int_equal(wait_used(0, &used_head), 16);
}

static void attacks(void **state)
{
	u8 *far = memory(QUEUES + FAR_TABLE);
	u64 end = m->mem.bytes;

	start_driver(1, ALL);
	attack(ALL, 8, 0, 0, 0, 0); /* a head that there isn't */
	attack(ALL, 0xffff, 0, 0, 0, 0);
	attack(ALL, 0, DESC_NEXT, BUFFERS, 1, 0); /* a circle, also of empty ones */
	attack(ALL, 0, DESC_NEXT, 0, 0, 0);
	attack(ALL, 0, DESC_NEXT, BUFFERS, 1, 8);
	attack(ALL, 0, DESC_WRITE, end - 8, 16, 0); /* not memory */
	attack(ALL, 0, DESC_WRITE, ~0ull - 8, 16, 0);
	attack(ALL, 0, DESC_WRITE, PCI_WINDOW + PCI_MEMORY, 16, 0);
	attack(ALL, 0, 0, 0, 0xffffffff, 0);
	attack(ALL, 0, DESC_INDIRECT, QUEUES + FAR_TABLE, 0, 0);
	attack(ALL, 0, DESC_INDIRECT, QUEUES + FAR_TABLE, 17, 0);
	attack(ALL, 0, DESC_INDIRECT, QUEUES + FAR_TABLE, 16 * (VIRTIO_PIECES_MAX + 1), 0);
	attack(ALL, 0, DESC_INDIRECT, end - 16, 32, 0);
	attack(ALL, 0, DESC_INDIRECT, 0, 0xfffffff0, 0);
	put_desc(far, 0, BUFFERS, 16, DESC_WRITE, 0);
	attack(ALL, 0, DESC_INDIRECT | DESC_NEXT, QUEUES + FAR_TABLE, 16, 1);
	put_desc(far, 0, QUEUES + FAR_TABLE, 16, DESC_INDIRECT, 0);
	attack(ALL, 0, DESC_INDIRECT, QUEUES + FAR_TABLE, 16, 0);
	put_desc(far, 0, BUFFERS, 16, DESC_WRITE | DESC_NEXT, 1);
	put_desc(far, 1, BUFFERS, 16, 0, 0); /* to be read behind what is to be written */
	attack(ALL, 0, DESC_INDIRECT, QUEUES + FAR_TABLE, 32, 0);
	put_desc(far, 0, BUFFERS, 16, DESC_WRITE, 0);
	start_driver(1, VIRTIO_F_VERSION_1);
	attack(VIRTIO_F_VERSION_1, 0, DESC_INDIRECT, QUEUES + FAR_TABLE, 16, 0);
}

static void random_guest(void **state)
{
	srandom(11);
	start_driver(1, ALL);
	for (unsigned i = 0; i < 50000; i++) {
		u8 *table = descriptors(0);

		for (unsigned k = 0; k < 4; k++)
			put_desc(table, random() % 8,
				 random() % 4 ? (u64)(QUEUES + random() % 0x20000)
					      : (u64)random() << random() % 34,
				 random() % 3 ? random() % 200 : random(), random() % 8,
				 random() % 9);
		offer(0, random() % 9);
		if (random() % 4)
			notify(0);
		switch (random() % 16) {
		case 0:
			store(random() % 0x40, 1 << random() % 4, random());
			break;
		case 1:
			load(random() % 0x8000 & ~7u, 8);
			break;
		case 2:
			config_write(random() % 64 * 4, 4, random());
			config_write(PCI_BAR, 4, bar - PCI_WINDOW);
			break;
		case 3:
			store(PCI_MSIX_TABLE + random() % 0x40 * 4, 4, random());
			break;
		}
		config_write(PCI_COMMAND, 2, random() % 8 ? 6 : random() % 8 | 2);
		if (needs_reset() || !(random() % 64))
			start_driver(1, random() % 2 ? ALL : VIRTIO_F_VERSION_1);
	}
	config_write(PCI_COMMAND, 2, 6);
	start_driver(1, ALL);
	once();
	assert_int_equal(m->io_pending, 0);
}

/* ---- Saved state ---- */

static void saved(void **state)
{
	struct machine_device *d = &device->pci.dev;
	struct state_out out = {0};
	struct state_in in;
	u32 answer[4];

	config_write(PCI_BAR, 4, 0xa0000000);
	bar = PCI_WINDOW + 0xa0000000;
	start_driver(1, ALL);
	rtas("ibm,change-msi", (u32[]){function, BUID, 4, 2, 1}, 6, 4, answer);
	config_write(device->pci.msix_cap + 2, 2, 0x8000);
	once();
	d->ops->save(d, &out);
	d->ops->reset(d);
	in = (struct state_in){.data = out.data, .len = out.len};
	assert_int_equal(d->ops->load(d, &in), 0);
	assert_true(state_ok(&in));
	assert_int_equal(load(0x14, 1), 15);
	assert_int_equal(load(PCI_MSIX_PENDING, 4), 2);
	assert_int_equal(load(PCI_MSIX_TABLE + 16, 8), PCI_MSI_ADDRESS);
	once();
	assert_false(needs_reset());
	for (size_t cut = 0; cut < out.len; cut++) {
		d->ops->reset(d);
		in = (struct state_in){.data = out.data, .len = cut};
		assert_true(d->ops->load(d, &in) || !state_ok(&in));
	}
	/* State that was changed does no harm, whatever it says. */
	for (unsigned i = 0; i < 20000; i++) {
		u8 *p = &out.data[random() % out.len], was = *p;

		*p ^= 1 << random() % 8;
		d->ops->reset(d);
		in = (struct state_in){.data = out.data, .len = out.len};
		d->ops->load(d, &in);
		device->ops->notified(device, 0);
		*p = was;
	}
	state_free(&out);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(configuration), TEST(bars),	 TEST(window),		TEST(tree),
	    TEST(messages),	 TEST(features), TEST(queue_registers), TEST(fills),
	    TEST(interrupts),	 TEST(attacks),	 TEST(random_guest),	TEST(saved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
