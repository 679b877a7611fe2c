/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual SCSI adapter: its disks are targets 0, 1, ... of its first bus, unit 0 of each. */
#ifndef PAPYR_DEVICES_VSCSI_H
#define PAPYR_DEVICES_VSCSI_H

#include "devices/scsi/scsi.h"

#define VSCSI_DISKS_MAX 64

struct machine;

/* What a user says of a disk. */
struct disk_options {
	struct block_options block;
	bool cd;			  /* read-only, blocks of 2 KiB */
	char serial[SCSI_SERIAL_MAX + 1]; /* empty: "papyr-N", N its number */
};

/* Adds an adapter with @n disks to a machine that hasn't been booted. */
int vscsi_new(struct machine *m, const struct disk_options *disks, unsigned n, struct error *err);

#endif
