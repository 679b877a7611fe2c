/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bridge's node and its functions', as PAPR's appendix B.6 and the binding of Open Firmware to
 * PCI have them. Linux makes its devices of these nodes and takes the addresses that they tell.
 */
#include <stdio.h>
#include <string.h>

#include "devices/pci/pci.h"
#include "platform/fdt.h"

#define HI(v) ((u32)((u64)(v) >> 32))
#define LO(v) ((u32)(v))

/* The first cell of an address: what space, which device, which register. */
#define SPACE_MEMORY	    0x02000000u
#define NOT_RELOCATABLE	    0x80000000u
#define PLACE(slot, offset) ((u32)(slot) << 11 | (offset))

#define MAP_CELLS 7

/* Pin A of each function leads to a source of its own. */
static void describe_interrupts(const struct pci_bus *b, struct dt_tree *t)
{
	u32 map[PCI_FUNCTIONS_MAX * MAP_CELLS], n = 0;
	const struct pci_function *f;

	for (unsigned slot = 1; slot <= PCI_FUNCTIONS_MAX; slot++) {
		f = pci_bus_function(b, slot);
		if (!f)
			continue;
		memcpy(map + n,
		       (const u32[]){PLACE(slot, 0), 0, 0, 1, FDT_PHANDLE_XICS, f->dev.irq, 1},
		       MAP_CELLS * sizeof(u32));
		n += MAP_CELLS;
	}
	dt_cells(t, "#interrupt-cells", 1);
	dt_cells(t, "interrupt-map-mask", PLACE(31, 0), 0, 0, 7);
	dt_cells_n(t, "interrupt-map", map, n);
}

static void describe_function(const struct pci_function *f, struct dt_tree *t)
{
	u32 place = PLACE(f->slot, 0), bar = SPACE_MEMORY | PLACE(f->slot, PCI_BAR);
	const u8 *c = f->config;
	char name[48];

	snprintf(name, sizeof(name), "%s@%x", f->ops->node, f->slot);
	dt_begin(t, name);
	dt_cells(t, "vendor-id", get_le(c + PCI_VENDOR, 2));
	dt_cells(t, "device-id", get_le(c + PCI_DEVICE, 2));
	dt_cells(t, "revision-id", c[PCI_REVISION]);
	dt_cells(t, "class-code", get_le(c + PCI_CLASS, 3));
	dt_cells(t, "subsystem-vendor-id", get_le(c + PCI_SUB_VENDOR, 2));
	dt_cells(t, "subsystem-id", get_le(c + PCI_SUB_DEVICE, 2));
	dt_cells(t, "interrupts", c[PCI_PIN]);
	dt_cells(t, "reg", place, 0, 0, 0, 0, bar, 0, 0, 0, PCI_BAR_BYTES);
	dt_cells(t, "assigned-addresses", NOT_RELOCATABLE | bar, 0,
		 PCI_MEMORY + f->slot * PCI_BAR_BYTES, 0, PCI_BAR_BYTES);
	dt_cells(t, "ibm,req#msi-x", f->n_vectors);
	dt_end(t);
}

static u32 all_messages(const struct pci_bus *b)
{
	u32 n = 0;

	for (unsigned slot = 1; slot <= PCI_FUNCTIONS_MAX; slot++)
		if (pci_bus_function(b, slot))
			n += pci_bus_function(b, slot)->n_vectors;
	return n;
}

void pci_describe(struct pci_bus *b, u32 liobn, u64 window_bytes, struct dt_tree *t)
{
	u64 memory = PCI_WINDOW + PCI_MEMORY;
	char name[48];

	snprintf(name, sizeof(name), "pci@%llx", PCI_BUID);
	dt_begin(t, name);
	dt_string(t, "device_type", "pci");
	dt_string(t, "compatible", "IBM,Logical_PHB");
	dt_cells(t, "#address-cells", 3);
	dt_cells(t, "#size-cells", 2);
	dt_cells(t, "reg", HI(PCI_BUID), LO(PCI_BUID), 0, 0x1000);
	dt_cells(t, "bus-range", 0, 0);
	dt_cells(t, "ranges", SPACE_MEMORY, 0, PCI_MEMORY, HI(memory), LO(memory), 0,
		 PCI_MEMORY_END - PCI_MEMORY);
	dt_empty(t, "used-by-rtas");
	dt_cells(t, "ibm,pci-config-space-type", 1);
	dt_cells(t, "ibm,#dma-address-cells", 2);
	dt_cells(t, "ibm,#dma-size-cells", 2);
	dt_cells(t, "ibm,dma-window", liobn, 0, 0, HI(window_bytes), LO(window_bytes));
	dt_cells(t, "ibm,pe-total-#msi", all_messages(b));
	dt_cells(t, "ibm,associativity", 4, 0, 0, 0, 0);
	describe_interrupts(b, t);
	for (unsigned slot = 1; slot <= PCI_FUNCTIONS_MAX; slot++)
		if (pci_bus_function(b, slot))
			describe_function(pci_bus_function(b, slot), t);
	dt_end(t);
}
