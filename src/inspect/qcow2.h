/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What QEMU's savevm keeps in a qcow2 disk image: the state of the machine, in the form of a
 * migration, behind the disk's end in the address space of a snapshot.
 */
#ifndef PAPYR_INSPECT_QCOW2_H
#define PAPYR_INSPECT_QCOW2_H

#include "base/bits.h"
#include "platform/error.h"

bool looks_like_qcow2(const u8 *data, size_t len);

/*
 * The state of the last snapshot that has one, to be freed. NULL: there is none, or it is damaged.
 */
u8 *qcow2_vm_state(const u8 *data, size_t len, size_t *state_len, struct error *err);

#endif
