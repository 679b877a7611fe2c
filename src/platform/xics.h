/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interrupt controller, KVM's, and the machine's own sources.
 */
#ifndef PAPYR_PLATFORM_XICS_H
#define PAPYR_PLATFORM_XICS_H

#include <stdbool.h>

#include "base/bits.h"
#include "platform/error.h"

/* Interrupt sources of the machine. */
#define IRQ_FIRST 0x1000
#define IRQ_EPOW  0x1000
#define IRQ_VTY	  0x1001
#define IRQ_COUNT 2 /* those of devices follow */

/* Sources that a machine can have; saved state has as much room. */
#define XICS_SOURCES_MAX 256

struct machine;
struct vcpu;

int xics_new(struct machine *m, struct error *err);
int xics_reset(struct machine *m, struct error *err);
/*
 * @n more, the first of which is *@first: lines if @level, else of edges. Before the machine boots,
 * or is filled.
 */
int xics_add_sources(struct machine *m, unsigned n, bool level, u32 *first, struct error *err);
/* Does a source of this @state want the global server, and @m has none? */
bool xics_lacks_global(const struct machine *m, u64 state);
int xics_connect(struct vcpu *vcpu, struct error *err);
/* An edge of source @irq. */
void xics_pulse(struct machine *m, unsigned irq);
/* Of one that is a line. */
void xics_set_line(struct machine *m, unsigned irq, bool up);

#endif
