/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interrupt controller of Freescale's e500 systems: an OpenPIC, memory-mapped, with registers
 * of 32 bits in big-endian order. External and internal sources, interprocessor interrupts, an
 * output for each processor. There are no timers in it, no message interrupts and no critical
 * ones: their registers read as 0.
 *
 * No locks in here: whoever has the MPIC lets one thread at a time use it.
 */
#ifndef PAPYR_PLATFORM_BOOKE_MPIC_H
#define PAPYR_PLATFORM_BOOKE_MPIC_H

#include <stdbool.h>

#include "base/bits.h"
#include "platform/state.h"

#define MPIC_BYTES    0x40000
#define MPIC_CPUS_MAX 32
#define MPIC_SOURCES  80 /* as the device tree numbers them; the first 16 are external */
#define MPIC_EXTERNAL 16
#define MPIC_IPIS     4

struct mpic_source {
	u32 vector; /* the vector and priority register, but for ACT */
	u32 dest;   /* a bit for each processor; of several the first gets it */
	u32 edge;   /* by edge, or an IPI: the processors that have yet to take it */
	u32 served; /* the processors that took it, and haven't said its end */
	bool line;  /* its input is active */
};

struct mpic_cpu {
	u32 priority; /* sources must have a higher one */
	bool high;    /* the output */
};

struct mpic {
	unsigned n_cpus;
	u32 config, spurious;
	struct mpic_source sources[MPIC_SOURCES + MPIC_IPIS]; /* IPIs last */
	struct mpic_cpu cpus[MPIC_CPUS_MAX];
	/* Told when a processor's external interrupt line changes. */
	void (*output)(void *opaque, unsigned cpu, bool high);
	void *opaque;
};

/* Inputs stay as they are: they are the devices'. */
void mpic_reset(struct mpic *p);
/* @active is whatever the polarity that the guest sets calls so. */
void mpic_set_line(struct mpic *p, unsigned source, bool active);
/* By processor @cpu, at @offset, a multiple of 4 below MPIC_BYTES. */
u32 mpic_read(struct mpic *p, unsigned cpu, u32 offset);
void mpic_write(struct mpic *p, unsigned cpu, u32 offset, u32 val);

void mpic_save(const struct mpic *p, struct state_out *out);
/* Tells the outputs as they were. The caller looks whether the reader is still good. */
void mpic_load(struct mpic *p, struct state_in *in);

#endif
