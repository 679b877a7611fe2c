/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dynamic reconfiguration connectors (PAPR 13): one for each thing that a guest may get or give
 * back while it runs, here a core or a block of memory. The platform offers a thing and asks for it
 * back; the guest takes it and lets go of it by RTAS calls, in these steps:
 *
 *	unusable -- allocate --> isolated -- unisolate --> unisolated -- configure --> configured
 *	unusable <-- release --- isolated <-------- isolate --------------------------
 *
 * A guest can make any call at any time. What is out of order is refused, and changes nothing.
 */
#ifndef PAPYR_PLATFORM_DRC_H
#define PAPYR_PLATFORM_DRC_H

#include "base/bits.h"
#include "platform/state.h"

enum drc_state { DRC_UNUSABLE, DRC_ISOLATED, DRC_UNISOLATED, DRC_CONFIGURED };

/* What the guest is still to be told. */
enum drc_event { DRC_NO_EVENT, DRC_ADD, DRC_REMOVE };

struct drc {
	u32 index; /* what the guest calls it */
	enum drc_state state;
	bool offered;  /* the platform has it for the guest */
	bool leaving;  /* the platform wants it back */
	bool idle;     /* the guest has it, and is still to start what is in it */
	bool declined; /* the guest wouldn't take it, or let go of it, when it was last asked */
	enum drc_event event;
};

/* The thing behind a connector. */
struct drc_ops {
	/* The guest takes it. -1: it can't be had. */
	int (*take)(struct drc *d, void *opaque);
	/* The guest has let go of it. */
	void (*release)(struct drc *d, void *opaque);
	/* Does the guest use it, so that it can't be isolated? */
	bool (*in_use)(struct drc *d, void *opaque);
};

/* ---- What the platform does ---- */

void drc_offer(struct drc *d);
/* Takes an offer back that the guest hasn't taken up. False: it has. */
bool drc_withdraw(struct drc *d);
/* Wants back what the guest has. */
void drc_ask_back(struct drc *d);
/* Doesn't want it back any more, whatever the guest was told: it may let go of it all the same. */
void drc_leave_alone(struct drc *d);
/* What is behind it runs. */
void drc_started(struct drc *d);
/* Is the guest still to answer an offer or a wish? */
bool drc_is_pending(const struct drc *d);
/*
 * A guest starts: with all that is offered, but for what is wanted back. The caller sees by the
 * state what has come or gone.
 */
void drc_reset(struct drc *d);

/* ---- What the guest does: the status words of its RTAS calls ---- */

#define DRC_USABLE 1 /* allocation state; 0: unusable */
#define DRC_OPEN   1 /* isolation state: unisolated; 0: isolated */

s32 drc_set_allocation(struct drc *d, u32 state, const struct drc_ops *ops, void *opaque);
s32 drc_set_isolation(struct drc *d, u32 state, const struct drc_ops *ops, void *opaque);
/* dr-entity-sense: is the thing there? */
u32 drc_sense(const struct drc *d);
/* May ibm,configure-connector hand out what is behind it? */
bool drc_may_configure(const struct drc *d);
/* It did. @starts: of a thing that the guest starts then, drc_started(). */
void drc_configure(struct drc *d, bool starts);

/* ---- Saved with the guest ---- */

void drc_save(const struct drc *d, struct state_out *out);
/* -1: no connector can be so. */
int drc_load(struct drc *d, struct state_in *in);

#endif
