/* SPDX-License-Identifier: Apache-2.0 */
/* The host bridge: who is on its bus, and which accesses lead to whom. */
#include <papyr/papr.h>
#include <stdlib.h>
#include <string.h>

#include "devices/pci/pci.h"
#include "platform/machine.h"

#define LIOBN	     0x80000000u
#define WINDOW_BYTES (256u << 20)

struct pci_bus {
	struct machine_device dev; /* its source is never raised */
	struct machine_pci pci;
	struct tce_window window;
	/* By their numbers on the bus; the same as long as the machine runs. */
	struct pci_function *functions[PCI_FUNCTIONS_MAX + 1];
	unsigned n_functions;

	struct lock lock; /* what follows: BARs that can be reached, the lowest first */
	struct pci_bar {
		u32 address;
		struct pci_function *f;
	} bars[PCI_FUNCTIONS_MAX];
	unsigned n_bars;
};

static struct pci_bus *bus_of(struct machine_device *d)
{
	return container_of(d, struct pci_bus, dev);
}

static struct pci_bus *bus_of_pci(struct machine_pci *p)
{
	return container_of(p, struct pci_bus, pci);
}

struct pci_function *pci_bus_function(const struct pci_bus *b, unsigned slot)
{
	return b->functions[slot];
}

/* ---- Loads and stores ---- */

void pci_bus_moved(struct pci_function *f)
{
	u32 address = pci_bar_address(f);
	struct pci_bus *b = f->bus;
	unsigned n = 0, at;

	lock_acquire(&b->lock);
	for (unsigned i = 0; i < b->n_bars; i++)
		if (b->bars[i].f != f)
			b->bars[n++] = b->bars[i];
	if (address >= PCI_MEMORY && address < PCI_MEMORY_END) {
		for (at = n; at && b->bars[at - 1].address > address; at--)
			b->bars[at] = b->bars[at - 1];
		b->bars[at] = (struct pci_bar){address, f};
		n++;
	}
	b->n_bars = n;
	lock_release(&b->lock);
}

/* Whose the @bytes at @gpa are, which may be in one BAR only; and where in it. */
static struct pci_function *find(struct pci_bus *b, u64 gpa, unsigned bytes, u32 *offset)
{
	struct pci_function *f = NULL;
	unsigned low = 0, high;
	u64 address;

	if (gpa < PCI_WINDOW + PCI_MEMORY || gpa >= PCI_WINDOW + PCI_MEMORY_END)
		return NULL;
	address = gpa - PCI_WINDOW;
	lock_acquire(&b->lock);
	/* The last that doesn't begin behind it is the one before @high. */
	for (high = b->n_bars; low < high;) {
		unsigned middle = (low + high) / 2;

		if (b->bars[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (high && address + bytes <= (u64)b->bars[high - 1].address + PCI_BAR_BYTES) {
		f = b->bars[high - 1].f;
		*offset = address - b->bars[high - 1].address;
	}
	lock_release(&b->lock);
	return f;
}

static bool bus_load(struct machine_pci *p, u64 gpa, u8 *data, unsigned bytes)
{
	u32 offset;
	struct pci_function *f = find(bus_of_pci(p), gpa, bytes, &offset);

	if (!f)
		return false;
	if (offset < PCI_MSIX_TABLE && offset + bytes <= PCI_MSIX_TABLE) {
		f->ops->load(f, offset, data, bytes);
		return true;
	}
	if (offset < PCI_MSIX_TABLE)
		return false;
	lock_acquire(&f->lock);
	pci_msix_load(f, offset, data, bytes);
	lock_release(&f->lock);
	return true;
}

static bool bus_store(struct machine_pci *p, u64 gpa, const u8 *data, unsigned bytes)
{
	u32 offset;
	struct pci_function *f = find(bus_of_pci(p), gpa, bytes, &offset);

	if (!f)
		return false;
	if (offset < PCI_MSIX_TABLE && offset + bytes <= PCI_MSIX_TABLE) {
		f->ops->store(f, offset, data, bytes);
		return true;
	}
	if (offset < PCI_MSIX_TABLE)
		return false;
	lock_acquire(&f->lock);
	pci_msix_store(f, offset, data, bytes);
	lock_release(&f->lock);
	return true;
}

/* ---- RTAS ---- */

/*
 * An address: bus 23:16, device 15:11, function 10:8, register 7:0 with its higher bits in 31:28.
 * @buid 0: of a call that names no bridge.
 */
static struct pci_function *addressed(struct machine_pci *p, u64 buid, u32 address)
{
	if ((buid && buid != PCI_BUID) || address & 0x00ff0700)
		return NULL;
	return bus_of_pci(p)->functions[address >> 11 & 31];
}

static bool good_place(u32 address, unsigned bytes)
{
	return !(address >> 28) && (bytes == 1 || bytes == 2 || bytes == 4) &&
	       !(address & (bytes - 1));
}

static bool bus_read_config(struct machine_pci *p, u64 buid, u32 address, unsigned bytes, u32 *val)
{
	struct pci_function *f = addressed(p, buid, address);

	if (!f || !good_place(address, bytes))
		return false;
	*val = pci_config_read(f, address & 0xff, bytes);
	return true;
}

static bool bus_write_config(struct machine_pci *p, u64 buid, u32 address, unsigned bytes, u32 val)
{
	struct pci_function *f = addressed(p, buid, address);

	if (!f || !good_place(address, bytes))
		return false;
	pci_config_write(f, address & 0xff, bytes, val);
	return true;
}

static int bus_change_msi(struct machine_pci *p, u64 buid, u32 address,
			  enum pci_msi_request request, u32 wanted)
{
	struct pci_function *f = addressed(p, buid, address);
	int have;

	if (!f)
		return -1;
	lock_acquire(&f->lock);
	have = pci_msix_change(f, request, wanted);
	lock_release(&f->lock);
	return have;
}

static bool bus_msi_source(struct machine_pci *p, u64 buid, u32 address, u32 i, u32 *irq)
{
	struct pci_function *f = addressed(p, buid, address);
	bool there;

	if (!f)
		return false;
	lock_acquire(&f->lock);
	there = i < f->handed_out;
	lock_release(&f->lock);
	*irq = f->first_source + i;
	return there;
}

static const struct machine_pci_ops bus_pci_ops = {
    .read_config = bus_read_config,
    .write_config = bus_write_config,
    .change_msi = bus_change_msi,
    .msi_source = bus_msi_source,
    .load = bus_load,
    .store = bus_store,
};

/* ---- The device ---- */

static void bus_describe(struct machine_device *d, struct dt_tree *t)
{
	pci_describe(bus_of(d), LIOBN, WINDOW_BYTES, t);
}

static bool bus_hcall(struct machine_device *d, u64 number, u64 *args, s64 *ret)
{
	return args[0] == LIOBN && tce_window_hcall(number, ret);
}

static void bus_reset(struct machine_device *d)
{
	tce_window_clear(&bus_of(d)->window);
}

static void bus_save(struct machine_device *d, struct state_out *out)
{
	struct pci_bus *b = bus_of(d);

	put_u32(out, b->n_functions);
	tce_window_save(&b->window, out);
}

static int bus_load_state(struct machine_device *d, struct state_in *in)
{
	struct pci_bus *b = bus_of(d);

	return get_u32(in) != b->n_functions || tce_window_load(&b->window, in) ? -1 : 0;
}

static void bus_free(struct machine_device *d)
{
	struct pci_bus *b = bus_of(d);

	d->m->pci = NULL;
	tce_window_free(&b->window);
	lock_destroy(&b->lock);
	free(b);
}

static const struct device_ops bus_device_ops = {
    .name = "pci-host",
    .version = 1,
    .describe_root = bus_describe,
    .hcall = bus_hcall,
    .reset = bus_reset,
    .save = bus_save,
    .load = bus_load_state,
    .free = bus_free,
};

/* The machine's, made if there is none. */
static struct pci_bus *pci_bus(struct machine *m, struct error *err)
{
	struct pci_bus *b;

	if (m->pci)
		return bus_of_pci(m->pci);
	b = calloc(1, sizeof(*b));
	if (!b) {
		error_nomem(err, "a PCI host bridge");
		return NULL;
	}
	b->dev.ops = &bus_device_ops;
	b->pci.ops = &bus_pci_ops;
	lock_init(&b->lock, LOCK_PCI_BUS);
	tce_window_init(&b->window, m);
	if (machine_add_device(m, &b->dev, err) ||
	    tce_window_make(&b->window, LIOBN, WINDOW_BYTES, err))
		return NULL; /* the machine's, which frees it */
	m->pci = &b->pci;
	return b;
}

static int bus_add(struct pci_bus *b, struct pci_function *f, struct error *err)
{
	if (b->n_functions == PCI_FUNCTIONS_MAX)
		return error_set(err, "a machine can have %u PCI devices", PCI_FUNCTIONS_MAX);
	f->bus = b;
	f->slot = ++b->n_functions;
	b->functions[f->slot] = f;
	return 0;
}

/* ---- A function's making and end ---- */

int pci_function_init(struct pci_function *f, struct machine *m, const struct pci_identity *id,
		      const struct pci_function_ops *ops, const struct device_ops *device_ops,
		      struct error *err)
{
	struct pci_bus *b = pci_bus(m, err);

	f->dev.ops = device_ops;
	f->dev.level = true;
	f->ops = ops;
	f->n_vectors = id->n_vectors;
	lock_init(&f->lock, LOCK_PCI);
	if (!b) {
		struct error second;

		machine_add_device(m, &f->dev, &second); /* who frees it */
		return -1;
	}
	if (machine_add_device(m, &f->dev, err) || bus_add(b, f, err) ||
	    xics_add_sources(m, f->n_vectors, false, &f->first_source, err))
		return -1;
	pci_config_init(f, id);
	pci_msix_init(f);
	return 0;
}

void pci_function_fini(struct pci_function *f)
{
	lock_destroy(&f->lock);
}
