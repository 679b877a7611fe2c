/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/drc.h"

#include "platform/rtas.h"

#define SENSE_PRESENT  1
#define SENSE_UNUSABLE 2

/* ---- What the platform does ---- */

void drc_offer(struct drc *d)
{
	d->offered = true;
	d->declined = false;
	d->event = DRC_ADD;
}

bool drc_withdraw(struct drc *d)
{
	if (d->state != DRC_UNUSABLE)
		return false;
	d->offered = false;
	d->leaving = false;
	d->event = DRC_NO_EVENT;
	return true;
}

void drc_ask_back(struct drc *d)
{
	d->leaving = true;
	d->declined = false;
	d->event = DRC_REMOVE;
}

void drc_leave_alone(struct drc *d)
{
	d->leaving = false;
	if (d->event == DRC_REMOVE)
		d->event = DRC_NO_EVENT;
}

void drc_started(struct drc *d)
{
	d->idle = false;
}

bool drc_is_pending(const struct drc *d)
{
	if (d->declined)
		return false;
	return d->leaving || (d->offered && (d->state != DRC_CONFIGURED || d->idle));
}

void drc_reset(struct drc *d)
{
	d->offered = d->offered && !d->leaving;
	d->state = d->offered ? DRC_CONFIGURED : DRC_UNUSABLE;
	d->leaving = false;
	d->declined = false;
	d->idle = false;
	d->event = DRC_NO_EVENT;
}

/* ---- What the guest does ---- */

static s32 allocate(struct drc *d, const struct drc_ops *ops, void *opaque)
{
	if (d->state != DRC_UNUSABLE)
		return RTAS_SUCCESS;
	if (!d->offered)
		return RTAS_NO_INDICATOR;
	if (ops->take(d, opaque))
		return RTAS_HARDWARE;
	d->state = DRC_ISOLATED;
	d->declined = false;
	return RTAS_SUCCESS;
}

static s32 release(struct drc *d, const struct drc_ops *ops, void *opaque)
{
	if (d->state == DRC_UNUSABLE)
		return RTAS_SUCCESS;
	if (d->state != DRC_ISOLATED)
		return RTAS_NO_INDICATOR;
	ops->release(d, opaque);
	d->state = DRC_UNUSABLE;
	/* What it wasn't asked for it may take again. */
	if (d->leaving)
		d->offered = false;
	else
		d->declined = true;
	d->leaving = false;
	d->event = DRC_NO_EVENT;
	return RTAS_SUCCESS;
}

s32 drc_set_allocation(struct drc *d, u32 state, const struct drc_ops *ops, void *opaque)
{
	if (state > DRC_USABLE)
		return RTAS_PARAMETER;
	return state == DRC_USABLE ? allocate(d, ops, opaque) : release(d, ops, opaque);
}

static s32 unisolate(struct drc *d)
{
	if (d->state == DRC_UNUSABLE)
		return RTAS_NO_INDICATOR;
	if (d->state == DRC_ISOLATED) {
		d->state = DRC_UNISOLATED;
	} else if (d->leaving && d->event == DRC_NO_EVENT) {
		/* It is so already: that is how a guest says that it won't let go. */
		d->leaving = false;
		d->declined = true;
	}
	return RTAS_SUCCESS;
}

s32 drc_set_isolation(struct drc *d, u32 state, const struct drc_ops *ops, void *opaque)
{
	if (state > DRC_OPEN)
		return RTAS_PARAMETER;
	if (state == DRC_OPEN)
		return unisolate(d);
	if (d->state == DRC_UNUSABLE)
		return RTAS_NO_INDICATOR;
	if (d->state == DRC_ISOLATED)
		return RTAS_SUCCESS;
	if (ops->in_use(d, opaque))
		return RTAS_IN_USE;
	d->state = DRC_ISOLATED;
	d->idle = false;
	return RTAS_SUCCESS;
}

u32 drc_sense(const struct drc *d)
{
	return d->state == DRC_UNUSABLE ? SENSE_UNUSABLE : SENSE_PRESENT;
}

bool drc_may_configure(const struct drc *d)
{
	return d->state == DRC_UNISOLATED || d->state == DRC_CONFIGURED;
}

void drc_configure(struct drc *d, bool starts)
{
	if (d->state != DRC_CONFIGURED)
		d->idle = starts;
	d->state = DRC_CONFIGURED;
}

/* ---- Saved with the guest ---- */

#define SAVED_OFFERED  1
#define SAVED_LEAVING  2
#define SAVED_DECLINED 4
#define SAVED_IDLE     8

void drc_save(const struct drc *d, struct state_out *out)
{
	put_u32(out, d->index);
	put_u8(out, d->state);
	put_u8(out, (d->offered ? SAVED_OFFERED : 0) | (d->leaving ? SAVED_LEAVING : 0) |
			(d->declined ? SAVED_DECLINED : 0) | (d->idle ? SAVED_IDLE : 0));
	put_u8(out, d->event);
}

int drc_load(struct drc *d, struct state_in *in)
{
	u32 index = get_u32(in);
	u8 state = get_u8(in), flags = get_u8(in), event = get_u8(in);

	if (in->bad || index != d->index || state > DRC_CONFIGURED || event > DRC_REMOVE ||
	    flags > (SAVED_OFFERED | SAVED_LEAVING | SAVED_DECLINED | SAVED_IDLE) ||
	    (flags & SAVED_IDLE && state != DRC_CONFIGURED))
		return -1;
	d->state = state;
	d->event = event;
	d->offered = flags & SAVED_OFFERED;
	d->leaving = flags & SAVED_LEAVING;
	d->declined = flags & SAVED_DECLINED;
	d->idle = flags & SAVED_IDLE;
	/* The guest has nothing that it wasn't offered. */
	return d->offered || (state == DRC_UNUSABLE && !d->leaving && !event) ? 0 : -1;
}
