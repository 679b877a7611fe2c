/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/booke/gpio.h"

enum gpio_reg {
	GPIO_DIR = 0x00,
	GPIO_ODR = 0x04,
	GPIO_DAT = 0x08,
	GPIO_IER = 0x0c, /* events: there are none */
	GPIO_IMR = 0x10,
	GPIO_ICR = 0x14,
};

void gpio_reset(struct gpio *g)
{
	*g = (struct gpio){0};
}

u32 gpio_read(const struct gpio *g, u32 offset)
{
	switch (offset) {
	case GPIO_DIR:
		return g->dir;
	case GPIO_ODR:
		return g->odr;
	case GPIO_DAT:
		return g->data & g->dir;
	case GPIO_IMR:
		return g->imr;
	case GPIO_ICR:
		return g->icr;
	default:
		return 0;
	}
}

void gpio_write(struct gpio *g, u32 offset, u32 val)
{
	switch (offset) {
	case GPIO_DIR:
		g->dir = val;
		break;
	case GPIO_ODR:
		g->odr = val;
		break;
	case GPIO_DAT:
		g->data = val;
		break;
	case GPIO_IMR:
		g->imr = val;
		break;
	case GPIO_ICR:
		g->icr = val;
		break;
	}
}

bool gpio_is_high(const struct gpio *g, unsigned pin)
{
	return g->dir & ~g->odr & g->data & 0x80000000u >> pin;
}

void gpio_save(const struct gpio *g, struct state_out *out)
{
	put_u32(out, g->dir);
	put_u32(out, g->odr);
	put_u32(out, g->data);
	put_u32(out, g->imr);
	put_u32(out, g->icr);
}

void gpio_load(struct gpio *g, struct state_in *in)
{
	g->dir = get_u32(in);
	g->odr = get_u32(in);
	g->data = get_u32(in);
	g->imr = get_u32(in);
	g->icr = get_u32(in);
}
