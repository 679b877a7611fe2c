/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real-mode areas: memory for the first slot of guests whose real mode goes by offset and limit.
 *
 * On a POWER host they are pieces of contiguous memory, of which the kernel sets some aside when it
 * starts. Here any memory would do; the pool keeps to what clients know: areas of one size, which
 * is one that the processor has a limit for, and no more of them than there are. One is in
 * use as long as its descriptor, a mapping, or a VM that uses it is there.
 */
#ifndef PAPYR_HV_RMA_H
#define PAPYR_HV_RMA_H

#include <sys/stat.h>
#include "base/bits.h"

struct hv_rma;
struct hv_vm;

/*
 * PAPYR_CAP_RMA: from now on the process has @count areas of @bytes each. -EINVAL: no processor has
 * such a limit; -EBUSY: areas are in use.
 */
int hv_rma_set_pool(u64 bytes, u64 count);
/* How many are free. */
unsigned hv_rma_free_count(void);
/* KVM_CAP_PPC_RMA of @vm. 0: it has no use for an area, or there are none; 1: can use one; 2:
 * must. */
unsigned hv_rma_need(const struct hv_vm *vm);

/*
 * KVM_ALLOCATE_RMA: takes one for @vm's use, with the caller's reference to it. -ENOTTY: its
 * processor has no use for one; -EINVAL: there is no pool; -ENOMEM: all are in use.
 */
int hv_rma_take(struct hv_vm *vm, struct hv_rma **rma);
u64 hv_rma_bytes(const struct hv_rma *rma);
/* Its memory is this file's. */
void hv_rma_is_file(struct hv_rma *rma, const struct stat *st);
void hv_rma_put(struct hv_rma *rma);

/*
 * Real mode of @vm, whose first slot has @bytes at @host, by the area that is mapped there. 0: not
 * so, 1: done. -EINVAL: the processor has no limit of that size. Under vm->lock.
 */
int hv_rma_use(struct hv_vm *vm, const void *host, u64 bytes);

#endif
