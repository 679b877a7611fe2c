/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RTAS calls that the hypervisor answers by itself: those of the interrupt controller. The client
 * gives each a token (KVM_PPC_RTAS_DEFINE_TOKEN); the guest's H_RTAS with that token is then not
 * seen by the client.
 */
#ifndef PAPYR_HV_RTAS_H
#define PAPYR_HV_RTAS_H

#include "base/bits.h"

struct hv_vm;

/*
 * Token @token means call @name (of @size bytes, ended by a 0 or not). Token 0: forget the call's
 * tokens. -ENOENT: no such call. -EEXIST: the token is taken.
 */
int hv_rtas_define_token(struct hv_vm *vm, const char *name, size_t size, u64 token);
void hv_rtas_free(struct hv_vm *vm);

#endif
