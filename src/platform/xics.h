/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interrupt controller, KVM's, and the machine's own sources.
 */
#ifndef PAPYR_PLATFORM_XICS_H
#define PAPYR_PLATFORM_XICS_H

#include "base/bits.h"
#include "platform/error.h"

/* Interrupt sources of the machine. */
#define IRQ_FIRST 0x1000
#define IRQ_EPOW  0x1000
#define IRQ_VTY	  0x1001
#define IRQ_COUNT 2 /* those of devices follow */

struct machine;
struct vcpu;

int xics_new(struct machine *m, struct error *err);
int xics_reset(struct machine *m, struct error *err);
/* One source, as the guest finds it; made if there is none. */
int xics_reset_source(struct machine *m, u32 irq, struct error *err);
int xics_connect(struct vcpu *vcpu, struct error *err);
/* An edge of source @irq. */
void xics_pulse(struct machine *m, unsigned irq);

#endif
