/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/booke/uic.h"

/* Handlers are this far from each other (UIC_VR). */
#define VECTOR_BYTES	     512
#define VCR_INPUT_0_IS_FIRST 1u
#define VCR_BASE	     (~3u)

static u32 bit_of(unsigned input)
{
	return 0x80000000u >> input;
}

/* Inputs whose level is the active one. */
static u32 active(const struct uic *u)
{
	return ~(u->line ^ u->pr);
}

static void tell_outputs(struct uic *u)
{
	bool external = u->sr & u->er & ~u->cr, critical = u->sr & u->er & u->cr;

	if (external == u->external && critical == u->critical)
		return;
	u->external = external;
	u->critical = critical;
	u->output(u->opaque, external, critical);
}

/* The status of an input that is triggered by its level can't be cleared while it is active. */
static void update(struct uic *u)
{
	u->sr |= active(u) & ~u->tr;
	tell_outputs(u);
}

void uic_reset(struct uic *u)
{
	u->line = u->sr = u->er = u->cr = u->tr = u->vcr = 0;
	u->pr = ~0u;
	tell_outputs(u);
}

void uic_set_line(struct uic *u, unsigned input, bool high)
{
	u32 was = active(u), bit = bit_of(input);

	u->line = high ? u->line | bit : u->line & ~bit;
	u->sr |= active(u) & ~was & u->tr;
	update(u);
}

static u32 vector(const struct uic *u)
{
	u32 pending = u->sr & u->er & u->cr;
	bool from_0 = u->vcr & VCR_INPUT_0_IS_FIRST;

	if (!pending)
		return 0;
	return (u->vcr & VCR_BASE) +
	       VECTOR_BYTES * (from_0 ? __builtin_clz(pending) : __builtin_ctz(pending));
}

u32 uic_read(const struct uic *u, enum uic_reg reg)
{
	switch (reg) {
	case UIC_SR:
	case UIC_SRS:
		return u->sr;
	case UIC_ER:
		return u->er;
	case UIC_CR:
		return u->cr;
	case UIC_PR:
		return u->pr;
	case UIC_TR:
		return u->tr;
	case UIC_MSR:
		return u->sr & u->er;
	case UIC_VR:
		return vector(u);
	default:
		return u->vcr;
	}
}

void uic_write(struct uic *u, enum uic_reg reg, u32 val)
{
	switch (reg) {
	case UIC_SR:
		u->sr &= ~val;
		break;
	case UIC_SRS:
		u->sr |= val;
		break;
	case UIC_ER:
		u->er = val;
		break;
	case UIC_CR:
		u->cr = val;
		break;
	case UIC_PR:
		u->pr = val;
		break;
	case UIC_TR:
		u->tr = val;
		break;
	case UIC_VCR:
		u->vcr = val;
		break;
	default: /* the two that are read only */
		return;
	}
	update(u);
}

void uic_save(const struct uic *u, struct state_out *out)
{
	put_u32(out, u->line);
	put_u32(out, u->sr);
	put_u32(out, u->er);
	put_u32(out, u->cr);
	put_u32(out, u->pr);
	put_u32(out, u->tr);
	put_u32(out, u->vcr);
}

void uic_load(struct uic *u, struct state_in *in)
{
	u->line = get_u32(in);
	u->sr = get_u32(in);
	u->er = get_u32(in);
	u->cr = get_u32(in);
	u->pr = get_u32(in);
	u->tr = get_u32(in);
	u->vcr = get_u32(in);
	tell_outputs(u);
}
