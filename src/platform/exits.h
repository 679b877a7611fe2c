/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What leaves the guest for the machine to answer: hypercalls (hcall.c), RTAS calls (rtas.c), and
 * what a debugger waits for (debug.c).
 */
#ifndef PAPYR_PLATFORM_EXITS_H
#define PAPYR_PLATFORM_EXITS_H

#include <stdbool.h>

#include "base/bits.h"
#include "platform/error.h"

struct machine;
struct vcpu;

/* Handles KVM_EXIT_PAPR_HCALL in vcpu->run. */
void hcall_handle(struct vcpu *vcpu);
/* Handles KVM_EXIT_DEBUG: the guest stands still for its debugger. */
void debug_handle(struct vcpu *vcpu);
/* H_RTAS: @args_gpa is the guest's argument block. Returns the hypercall's code. */
s64 rtas_call(struct vcpu *vcpu, u64 args_gpa);
/* Tells KVM which calls it shall answer itself. */
int rtas_define_tokens(struct machine *m, struct error *err);

/* The calls by number, for the device tree; NULL behind the last. */
const char *rtas_name(unsigned i, u32 *token);
/* Is the call @i in this machine's tree? */
bool rtas_is_told(const struct machine *m, unsigned i);

void nvram_format(u8 *nvram);

#endif
