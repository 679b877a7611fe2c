/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interrupt controller of the PowerPC 4xx, a UIC: 32 inputs, two outputs (external and critical
 * interrupts), nine registers that are DCRs. Several are chained: one's outputs are inputs of the
 * one before.
 *
 * Inputs are numbered as registers' bits are in the processor's books: 0 is the most significant.
 *
 * No locks in here: whoever has the UIC lets one thread at a time use it.
 */
#ifndef PAPYR_PLATFORM_BOOKE_UIC_H
#define PAPYR_PLATFORM_BOOKE_UIC_H

#include <stdbool.h>

#include "base/bits.h"
#include "platform/state.h"

#define UIC_INPUTS 32

/* Registers, as offsets from the first DCR. */
enum uic_reg {
	UIC_SR,	 /* status: writing 1 clears */
	UIC_SRS, /* the same register: writing 1 sets */
	UIC_ER,	 /* enabled inputs */
	UIC_CR,	 /* which are critical */
	UIC_PR,	 /* polarity: 1 is active high, or a rising edge */
	UIC_TR,	 /* trigger: 1 is by edge */
	UIC_MSR, /* read only: what is both in SR and in ER */
	UIC_VR,	 /* read only: where the handler of the first critical one is */
	UIC_VCR, /* ... where handlers begin, and bit 31: is input 0 the first, or 31? */
	UIC_REGS
};

struct uic {
	u32 line; /* the inputs' levels: 1 is high */
	u32 sr, er, cr, pr, tr, vcr;
	bool external, critical; /* the outputs */
	/* Told when an output changes. */
	void (*output)(void *opaque, bool external, bool critical);
	void *opaque;
};

/* All inputs are low, and as they will be once the guest has set their polarity: active high. */
void uic_reset(struct uic *u);
void uic_set_line(struct uic *u, unsigned input, bool high);
/* @reg is below UIC_REGS. */
u32 uic_read(const struct uic *u, enum uic_reg reg);
void uic_write(struct uic *u, enum uic_reg reg, u32 val);

void uic_save(const struct uic *u, struct state_out *out);
/* Tells the outputs as they were. The caller looks whether the reader is still good. */
void uic_load(struct uic *u, struct state_in *in);

#endif
