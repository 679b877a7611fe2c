/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PCI host bridge of a PAPR machine, and functions on its one bus, each the only one of its
 * device. A bridge is there as soon as there is a function; a machine without has none, and its
 * device tree says nothing of PCI.
 *
 *   bus's addresses   memory space, 32 bits    what a guest's loads and stores use
 *   0x80000000 ...    <- functions' BARs  <-   PCI_WINDOW + 0x80000000 ...
 *   PCI_MSI_ADDRESS   <- messages              (no guest's)
 *   0 ... 256M        the DMA window (TCEs), for functions that go through it
 *
 * Virtio's functions go by guest real addresses and not through the window, as their drivers do
 * unless VIRTIO_F_ACCESS_PLATFORM is offered. The window is there because guests take a bridge
 * without one for broken.
 *
 * Firmware's part is done when a guest starts: BARs have addresses, which the tree tells. The guest
 * may choose others.
 */
#ifndef PAPYR_DEVICES_PCI_H
#define PAPYR_DEVICES_PCI_H

#include "base/lock.h"
#include "devices/tce/window.h"
#include "platform/device.h"
#include "platform/dt_tree.h"
#include "platform/pci.h"

#define PCI_BUID	0x800000020000000ull
#define PCI_WINDOW	(1ull << 46) /* behind all memory that a guest can have */
#define PCI_MEMORY	0x80000000u
#define PCI_MEMORY_END	0xff000000u
#define PCI_MSI_ADDRESS 0xffff0000u

#define PCI_FUNCTIONS_MAX 31 /* devices of a bus; the first number is left free */
#define PCI_CONFIG_BYTES  256
#define PCI_BAR_BYTES	  0x10000u
#define PCI_VECTORS_MAX	  16

/* Places in configuration space. */
#define PCI_VENDOR	 0x00
#define PCI_DEVICE	 0x02
#define PCI_COMMAND	 0x04
#define PCI_STATUS	 0x06
#define PCI_REVISION	 0x08
#define PCI_CLASS	 0x09 /* three bytes */
#define PCI_BAR		 0x10
#define PCI_SUB_VENDOR	 0x2c
#define PCI_SUB_DEVICE	 0x2e
#define PCI_CAPABILITIES 0x34
#define PCI_LINE	 0x3c
#define PCI_PIN		 0x3d
#define PCI_FIRST_CAP	 0x40

#define PCI_COMMAND_MEMORY  0x0002
#define PCI_COMMAND_MASTER  0x0004
#define PCI_COMMAND_NO_LINE 0x0400
#define PCI_STATUS_LINE	    0x0008
#define PCI_STATUS_CAPS	    0x0010

/* MSI-X in a BAR: its table and pending bits take the upper half. */
#define PCI_MSIX_TABLE	 0x8000u
#define PCI_MSIX_PENDING 0xc000u
#define PCI_MSIX_ENTRY	 16u

struct pci_bus;
struct pci_function;

struct pci_function_ops {
	const char *node; /* its node's name in the tree, without the place */
	/* An access to the lower half of its BAR, 1 to 8 bytes. Unlocked. */
	void (*load)(struct pci_function *f, u32 offset, u8 *data, unsigned bytes);
	void (*store)(struct pci_function *f, u32 offset, const u8 *data, unsigned bytes);
	/*
	 * Configuration space is about to be read, or was written, at @offset: for places behind
	 * which there is more than the bytes. Unlocked.
	 */
	void (*before_read)(struct pci_function *f, unsigned offset);
	void (*after_write)(struct pci_function *f, unsigned offset);
};

struct pci_function {
	struct machine_device dev; /* its source is the line, pin A */
	const struct pci_function_ops *ops;
	struct pci_bus *bus;
	unsigned slot;

	struct lock lock; /* what follows, and all that is the device's own */
	u8 config[PCI_CONFIG_BYTES];
	u8 writable[PCI_CONFIG_BYTES]; /* bits that the guest may change */
	unsigned caps_end;	       /* where the next capability goes */
	unsigned last_cap;
	bool wants_line; /* the device does; whether it gets it is a matter of configuration */
	bool line;

	/* MSI-X: @n_vectors messages, each with a source of its own from @first_source on. */
	unsigned n_vectors, msix_cap;
	u32 first_source;
	unsigned handed_out; /* by ibm,change-msi */
	u8 table[PCI_VECTORS_MAX * PCI_MSIX_ENTRY];
	u16 pending; /* a bit for each: raised while it was masked */
};

/* What a function is, for pci_function_init(). */
struct pci_identity {
	u16 vendor, device, sub_device;
	u8 revision;
	u32 class_code;
	unsigned n_vectors; /* up to PCI_VECTORS_MAX */
};

/*
 * Puts @f on the machine's bus, which is made for the first. It must be freed whether this fails or
 * not, by the ops' free().
 */
int pci_function_init(struct pci_function *f, struct machine *m, const struct pci_identity *id,
		      const struct pci_function_ops *ops, const struct device_ops *device_ops,
		      struct error *err);
void pci_function_fini(struct pci_function *f);
/* As firmware leaves it: what pci_function_init() and pci_add_capability() made of it. */
void pci_function_reset(struct pci_function *f);
void pci_function_save(struct pci_function *f, struct state_out *out);
int pci_function_load(struct pci_function *f, struct state_in *in);

/* A capability of @bytes, of which the first two are written here; returns its place. */
unsigned pci_add_capability(struct pci_function *f, u8 id, unsigned bytes);
/* May it reach memory and send messages? With the lock held. */
bool pci_is_master(const struct pci_function *f);

/* ---- msi.c: all with the lock held ---- */

void pci_msix_init(struct pci_function *f);
bool pci_msix_is_on(const struct pci_function *f);
/* Message @vector, or if it is masked as soon as it isn't. */
void pci_msix_raise(struct pci_function *f, unsigned vector);
/* Sends what waits and may go now: after anything changed. */
void pci_msix_send_pending(struct pci_function *f);
/* The device's wish for its line. */
void pci_set_line(struct pci_function *f, bool up);
/* After configuration changed. */
void pci_update_line(struct pci_function *f);
void pci_msix_load(struct pci_function *f, u32 offset, u8 *data, unsigned bytes);
void pci_msix_store(struct pci_function *f, u32 offset, const u8 *data, unsigned bytes);
int pci_msix_change(struct pci_function *f, enum pci_msi_request request, u32 wanted);

/* ---- config.c ---- */

void pci_config_init(struct pci_function *f, const struct pci_identity *id);
u32 pci_config_read(struct pci_function *f, unsigned offset, unsigned bytes);
void pci_config_write(struct pci_function *f, unsigned offset, unsigned bytes, u32 val);
/* Where its BAR is on the bus; 0: nowhere. With the lock held. */
u32 pci_bar_address(const struct pci_function *f);

/* ---- bus.c ---- */

/* Its BAR may be elsewhere now. With its lock held. */
void pci_bus_moved(struct pci_function *f);
/* The function of a number, 1 .. PCI_FUNCTIONS_MAX; NULL: none. */
struct pci_function *pci_bus_function(const struct pci_bus *b, unsigned slot);

/* ---- tree.c ---- */

void pci_describe(struct pci_bus *b, u32 liobn, u64 window_bytes, struct dt_tree *t);

#endif
