/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the machine asks of its PCI host bridge, if it has one: RTAS's calls and the guest's loads
 * and stores lead there. The bridge itself is a device that a user chose something for
 * (devices/pci). All of this on vcpus' threads, without m->lock.
 */
#ifndef PAPYR_PLATFORM_PCI_H
#define PAPYR_PLATFORM_PCI_H

#include <stdbool.h>

#include "base/bits.h"

struct machine;
struct machine_pci;

/* What change_msi() is asked for: the third number of ibm,change-msi. */
enum pci_msi_request {
	PCI_MSI_COUNT, /* nothing: how many are there now? */
	PCI_MSI_ANY,   /* messages of either kind */
	PCI_MSI_RESET, /* what firmware leaves behind: none */
	PCI_MSI_PLAIN, /* MSI only, */
	PCI_MSI_X,     /* MSI-X only; the same to addresses of 32 bits: */
	PCI_MSI_PLAIN_32,
	PCI_MSI_X_32,
};

/* @address is RTAS's of a function's configuration space, @buid the bridge's number. */
struct machine_pci_ops {
	/* False: there is no such function, or the place isn't one for so many bytes. */
	bool (*read_config)(struct machine_pci *p, u64 buid, u32 address, unsigned bytes, u32 *val);
	bool (*write_config)(struct machine_pci *p, u64 buid, u32 address, unsigned bytes, u32 val);
	/* How many messages it has then; -1: no such function, or nothing of that kind. */
	int (*change_msi)(struct machine_pci *p, u64 buid, u32 address,
			  enum pci_msi_request request, u32 wanted);
	/* The source that the message @i of a function raises. False: there is none. */
	bool (*msi_source)(struct machine_pci *p, u64 buid, u32 address, u32 i, u32 *irq);
	/* A load or store beside memory; @data as in memory. False: nothing is there. */
	bool (*load)(struct machine_pci *p, u64 gpa, u8 *data, unsigned bytes);
	bool (*store)(struct machine_pci *p, u64 gpa, const u8 *data, unsigned bytes);
};

struct machine_pci {
	const struct machine_pci_ops *ops;
};

#endif
