/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCE tables: what a device of a bus sees of the guest's memory. The guest fills them by hypercalls
 * (hcall/tce.c), the client reads and writes them through a mapping of its own. PAPR 14.5.4.2.
 */
#ifndef PAPYR_HV_TCE_H
#define PAPYR_HV_TCE_H

#include <papyr/kvm.h>
#include "base/bits.h"

struct hv_vm;

/* Immutable while it is the VM's, but for the entries and @next. */
struct hv_tce_table {
	struct hv_tce_table *_Atomic next;
	u64 liobn;	     /* the bus's number */
	unsigned page_shift; /* of the pages of the window and of memory that entries lead to */
	u64 offset, size;    /* the window, in its pages */
	u64 *entries; /* of the window's pages, host byte order; the client reads and writes them */
};

/* The bytes of a table of @args, which -EINVAL says can't be. */
int hv_tce_bytes(const struct kvm_create_spapr_tce_64 *args, size_t *bytes);
/* Makes it the VM's. @entries is the caller's, and stays till hv_tce_remove(). -EBUSY: the bus has
 * one; -ENOMEM. */
int hv_tce_add(struct hv_vm *vm, const struct kvm_create_spapr_tce_64 *args, u64 *entries,
	       struct hv_tce_table **table);
/* When it returns no vcpu uses the table, and it is freed. Waits for vcpus: no lock may be held. */
void hv_tce_remove(struct hv_vm *vm, struct hv_tce_table *table);

/* A vcpu's thread in the guest: the table of a bus, or NULL, until it catches up. */
struct hv_tce_table *hv_tce_find(struct hv_vm *vm, u64 liobn);

#endif
