/* SPDX-License-Identifier: Apache-2.0 */
/* How a function interrupts: by messages (MSI-X), or if they are off by its line. */
#include <string.h>

#include "devices/pci/pci.h"
#include "platform/xics.h"

#define CAP_MSIX      0x11
#define CONTROL	      2 /* in the capability: a word */
#define CONTROL_ON    0x8000
#define CONTROL_MASK  0x4000
#define TABLE	      4
#define PENDING	      8
#define CAP_BYTES     12
#define ENTRY_ADDRESS 0 /* in an entry: 8 bytes, */
#define ENTRY_DATA    8 /* 4 and 4 */
#define ENTRY_CONTROL 12
#define ENTRY_MASKED  1

void pci_msix_init(struct pci_function *f)
{
	unsigned at = pci_add_capability(f, CAP_MSIX, CAP_BYTES);

	f->msix_cap = at;
	f->config[at + CONTROL] = f->n_vectors - 1;
	f->writable[at + CONTROL + 1] = (CONTROL_ON | CONTROL_MASK) >> 8;
	f->config[at + TABLE + 1] = PCI_MSIX_TABLE >> 8;
	f->config[at + PENDING + 1] = PCI_MSIX_PENDING >> 8;
}

static u16 control(const struct pci_function *f)
{
	return f->config[f->msix_cap + CONTROL + 1] << 8;
}

bool pci_msix_is_on(const struct pci_function *f)
{
	return control(f) & CONTROL_ON;
}

/* A store to where messages go; anywhere else there is nobody. */
static void send(struct pci_function *f, unsigned vector)
{
	const u8 *e = f->table + vector * PCI_MSIX_ENTRY;
	u32 data = get_le(e + ENTRY_DATA, 4);

	if (get_le(e + ENTRY_ADDRESS, 8) != PCI_MSI_ADDRESS)
		return;
	if (data - f->first_source < f->n_vectors)
		xics_pulse(f->dev.m, data);
}

static bool may_send(const struct pci_function *f, unsigned vector)
{
	return pci_msix_is_on(f) && !(control(f) & CONTROL_MASK) && pci_is_master(f) &&
	       !(f->table[vector * PCI_MSIX_ENTRY + ENTRY_CONTROL] & ENTRY_MASKED);
}

void pci_msix_raise(struct pci_function *f, unsigned vector)
{
	if (vector >= f->n_vectors)
		return;
	if (may_send(f, vector))
		send(f, vector);
	else
		f->pending |= 1u << vector;
}

void pci_msix_send_pending(struct pci_function *f)
{
	for (unsigned i = 0; f->pending >> i; i++) {
		if (!(f->pending >> i & 1) || !may_send(f, i))
			continue;
		f->pending &= ~(1u << i);
		send(f, i);
	}
}

void pci_set_line(struct pci_function *f, bool up)
{
	f->wants_line = up;
	pci_update_line(f);
}

void pci_update_line(struct pci_function *f)
{
	bool allowed = !(f->config[PCI_COMMAND + 1] & PCI_COMMAND_NO_LINE >> 8);
	bool up = f->wants_line && allowed && !pci_msix_is_on(f);

	f->config[PCI_STATUS] = PCI_STATUS_CAPS | (f->wants_line ? PCI_STATUS_LINE : 0);
	if (up == f->line)
		return;
	f->line = up;
	xics_set_line(f->dev.m, f->dev.irq, up);
}

/* ---- The table and the pending bits, as a guest finds them in the BAR ---- */

void pci_msix_load(struct pci_function *f, u32 offset, u8 *data, unsigned bytes)
{
	u8 pending[8] = {f->pending, f->pending >> 8};

	memset(data, 0, bytes);
	if (offset >= PCI_MSIX_PENDING) {
		if (offset - PCI_MSIX_PENDING <= sizeof(pending) - bytes)
			memcpy(data, pending + (offset - PCI_MSIX_PENDING), bytes);
		return;
	}
	if (offset - PCI_MSIX_TABLE + bytes <= f->n_vectors * PCI_MSIX_ENTRY)
		memcpy(data, f->table + (offset - PCI_MSIX_TABLE), bytes);
}

void pci_msix_store(struct pci_function *f, u32 offset, const u8 *data, unsigned bytes)
{
	if (offset - PCI_MSIX_TABLE + bytes > f->n_vectors * PCI_MSIX_ENTRY)
		return;
	memcpy(f->table + (offset - PCI_MSIX_TABLE), data, bytes);
	pci_msix_send_pending(f);
}

/* ---- ibm,change-msi ---- */

/* Messages lead to the function's own sources; those that it doesn't get lead nowhere. */
int pci_msix_change(struct pci_function *f, enum pci_msi_request request, u32 wanted)
{
	if (request == PCI_MSI_COUNT)
		return f->handed_out;
	if (request == PCI_MSI_PLAIN || request == PCI_MSI_PLAIN_32)
		return -1;
	if (request == PCI_MSI_RESET)
		wanted = 0;
	f->handed_out = wanted < f->n_vectors ? wanted : f->n_vectors;
	memset(f->table, 0, sizeof(f->table));
	for (unsigned i = 0; i < f->n_vectors; i++) {
		u8 *e = f->table + i * PCI_MSIX_ENTRY;

		e[ENTRY_CONTROL] = ENTRY_MASKED;
		if (i >= f->handed_out)
			continue;
		put_le(e + ENTRY_ADDRESS, PCI_MSI_ADDRESS, 8);
		put_le(e + ENTRY_DATA, f->first_source + i, 4);
	}
	return f->handed_out;
}
