/* SPDX-License-Identifier: Apache-2.0 */
/* A function's configuration space: bytes, and which of their bits a guest may change. */
#include "devices/pci/pci.h"

static u16 word(const struct pci_function *f, unsigned at)
{
	return get_le(f->config + at, 2);
}

void pci_config_init(struct pci_function *f, const struct pci_identity *id)
{
	put_le(f->config + PCI_VENDOR, id->vendor, 2);
	put_le(f->config + PCI_DEVICE, id->device, 2);
	put_le(f->config + PCI_STATUS, PCI_STATUS_CAPS, 2);
	f->config[PCI_REVISION] = id->revision;
	put_le(f->config + PCI_CLASS, id->class_code, 3);
	put_le(f->config + PCI_SUB_VENDOR, id->vendor, 2);
	put_le(f->config + PCI_SUB_DEVICE, id->sub_device, 2);
	f->config[PCI_PIN] = 1;
	put_le(f->writable + PCI_COMMAND,
	       PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_NO_LINE, 2);
	put_le(f->writable + PCI_BAR, ~(PCI_BAR_BYTES - 1), 4);
	f->writable[PCI_LINE] = 0xff;
	f->caps_end = PCI_FIRST_CAP;
}

unsigned pci_add_capability(struct pci_function *f, u8 id, unsigned bytes)
{
	unsigned at = f->caps_end;

	f->config[at] = id;
	f->config[f->last_cap ? f->last_cap + 1 : PCI_CAPABILITIES] = at;
	f->last_cap = at;
	f->caps_end += (bytes + 3) & ~3u;
	return at;
}

/* Its place on the bus, as firmware gave it; nothing may be reached yet. */
void pci_function_reset(struct pci_function *f)
{
	lock_acquire(&f->lock);
	for (unsigned i = 0; i < PCI_CONFIG_BYTES; i++)
		f->config[i] &= ~f->writable[i];
	put_le(f->config + PCI_BAR, PCI_MEMORY + f->slot * PCI_BAR_BYTES, 4);
	pci_msix_change(f, PCI_MSI_RESET, 0);
	f->pending = 0;
	f->wants_line = false;
	pci_update_line(f);
	pci_bus_moved(f);
	lock_release(&f->lock);
}

u32 pci_bar_address(const struct pci_function *f)
{
	if (!(word(f, PCI_COMMAND) & PCI_COMMAND_MEMORY))
		return 0;
	return get_le(f->config + PCI_BAR, 4) & ~(PCI_BAR_BYTES - 1);
}

bool pci_is_master(const struct pci_function *f)
{
	return word(f, PCI_COMMAND) & PCI_COMMAND_MASTER;
}

u32 pci_config_read(struct pci_function *f, unsigned offset, unsigned bytes)
{
	u32 val = 0;

	if (f->ops->before_read)
		f->ops->before_read(f, offset);
	lock_acquire(&f->lock);
	for (unsigned i = 0; i < bytes; i++)
		val |= (u32)f->config[offset + i] << 8 * i;
	lock_release(&f->lock);
	return val;
}

void pci_config_write(struct pci_function *f, unsigned offset, unsigned bytes, u32 val)
{
	lock_acquire(&f->lock);
	for (unsigned i = 0; i < bytes; i++) {
		u8 may = f->writable[offset + i], *b = &f->config[offset + i];

		*b = (*b & ~may) | (val >> 8 * i & may);
	}
	pci_bus_moved(f);
	pci_msix_send_pending(f);
	pci_update_line(f);
	lock_release(&f->lock);
	if (f->ops->after_write)
		f->ops->after_write(f, offset);
}

/* ---- Saved state: what a guest can change ---- */

void pci_function_save(struct pci_function *f, struct state_out *out)
{
	put_u32(out, word(f, PCI_VENDOR) | (u32)word(f, PCI_DEVICE) << 16);
	put_u32(out, f->slot);
	put_bytes(out, f->config, PCI_CONFIG_BYTES);
	put_u32(out, f->n_vectors);
	put_u32(out, f->handed_out);
	put_bytes(out, f->table, f->n_vectors * PCI_MSIX_ENTRY);
	put_u32(out, f->pending);
	put_u8(out, f->wants_line);
	put_u8(out, f->line);
}

int pci_function_load(struct pci_function *f, struct state_in *in)
{
	u32 identity = get_u32(in), slot = get_u32(in), pending;
	u8 config[PCI_CONFIG_BYTES], wants, line;

	get_bytes(in, config, sizeof(config));
	if (identity != (word(f, PCI_VENDOR) | (u32)word(f, PCI_DEVICE) << 16) || slot != f->slot ||
	    get_u32(in) != f->n_vectors)
		return -1;
	f->handed_out = get_u32(in);
	get_bytes(in, f->table, f->n_vectors * PCI_MSIX_ENTRY);
	pending = get_u32(in);
	wants = get_u8(in);
	line = get_u8(in);
	if (in->bad || f->handed_out > f->n_vectors || pending >> f->n_vectors || wants > 1 ||
	    line > 1)
		return -1;
	lock_acquire(&f->lock);
	for (unsigned i = 0; i < PCI_CONFIG_BYTES; i++)
		f->config[i] = (f->config[i] & ~f->writable[i]) | (config[i] & f->writable[i]);
	f->pending = pending;
	f->wants_line = wants;
	f->line = line; /* the source's state says the same, and comes by itself */
	f->config[PCI_STATUS] = PCI_STATUS_CAPS | (line ? PCI_STATUS_LINE : 0);
	pci_bus_moved(f);
	lock_release(&f->lock);
	return 0;
}
