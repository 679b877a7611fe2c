/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pins of a Freescale chip that software drives: 32 of them, as the registers' bits are numbered in
 * the chips' books, 0 the most significant. Nothing drives one from outside, so that an input reads
 * as 0 and never interrupts.
 *
 * No locks in here: whoever has the pins lets one thread at a time use them.
 */
#ifndef PAPYR_PLATFORM_BOOKE_GPIO_H
#define PAPYR_PLATFORM_BOOKE_GPIO_H

#include <stdbool.h>

#include "base/bits.h"
#include "platform/state.h"

#define GPIO_BYTES 0x1000 /* of addresses */

struct gpio {
	u32 dir;  /* 1: an output */
	u32 odr;  /* 1: it only pulls down */
	u32 data; /* what outputs are */
	u32 imr;  /* inputs that interrupt ... */
	u32 icr;  /* ... by their falling edges alone */
};

void gpio_reset(struct gpio *g);
/* @offset is a multiple of 4; where no register is, 0 comes and nothing goes. */
u32 gpio_read(const struct gpio *g, u32 offset);
void gpio_write(struct gpio *g, u32 offset, u32 val);
/* Does the chip drive it high? */
bool gpio_is_high(const struct gpio *g, unsigned pin);

void gpio_save(const struct gpio *g, struct state_out *out);
/* The caller looks whether the reader is still good. */
void gpio_load(struct gpio *g, struct state_in *in);

#endif
