/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the XICS share: icp.c (presentation), ics.c (sources), device.c
 * (the client's side). */
#ifndef PAPYR_HV_XICS_INTERNAL_H
#define PAPYR_HV_XICS_INTERNAL_H

#include <stdatomic.h>
#include "base/lock.h"
#include "hv/xics/xics.h"

#define ICS_SHIFT   10
#define ICS_SOURCES (1u << ICS_SHIFT) /* sources are made this many at a time */
#define ICS_COUNT   (XICS_SOURCE_LIMIT >> ICS_SHIFT)

/*
 * A presentation controller's state: one word, changed by compare and exchange.
 *
 * At most one interrupt is offered (xisr, with priority pri). It is offered to the processor while
 * pri < cppr; a more favoured one takes its place, and the source of the one before is told to try
 * again later (it is "rejected"). A source whose interrupt finds no place says so in need_resend,
 * and is tried again when cppr or mfrr make room.
 */
union icp_state {
	u64 word;
	struct {
		u32 xisr; /* 0: none */
		u8 cppr;
		u8 mfrr;
		u8 pri; /* of xisr, XICS_LEAST without one */
		u8 need_resend;
	};
};

struct hv_icp {
	struct hv_vcpu *vcpu;
	u32 server;
	_Atomic u64 state;
	/* Which ICSs have sources that wait for room here. */
	_Atomic u64 resend[ICS_COUNT / 64];
	struct hv_icp *next; /* of those that are no longer used */
};

/* An interrupt source; under its ICS's lock. */
struct ics_source {
	u32 server;
	u32 last; /* of those that the global server stands for: who had the last one */
	u8 priority;
	u8 saved_priority; /* while masked: what ibm,int-on brings back */
	bool exists;
	bool level;
	bool masked_pending; /* came while masked */
	/*
	 * P: sent to a server and not yet ended by H_EOI (level: the line is up).
	 * Q: came again meanwhile; sent once more at the end.
	 */
	bool p, q;
};

struct ics {
	struct lock lock;
	struct ics_source source[ICS_SOURCES];
	u64 waiting[ICS_SOURCES / 64]; /* a bit for each source that found no place at its server */
};

struct hv_xics {
	struct hv_vm *vm;
	struct ics *_Atomic ics[ICS_COUNT];
	struct hv_xics *next; /* of those that are no longer used */
};

static inline bool ics_waits(const struct ics *ics, u32 irq)
{
	u32 i = irq & (ICS_SOURCES - 1);

	return ics->waiting[i / 64] >> (i % 64) & 1;
}

static inline void ics_set_waiting(struct ics *ics, u32 irq, bool waits)
{
	u32 i = irq & (ICS_SOURCES - 1);
	u64 bit = 1ull << (i % 64);

	ics->waiting[i / 64] = waits ? ics->waiting[i / 64] | bit : ics->waiting[i / 64] & ~bit;
}

/* NULL: no such. */
struct ics *xics_ics(struct hv_xics *xics, u32 irq);
struct hv_icp *xics_server(struct hv_xics *xics, u32 server);
/* May a source be sent there? */
bool xics_has_server(struct hv_xics *xics, u32 server);

static inline struct ics_source *ics_source(struct ics *ics, u32 irq)
{
	return &ics->source[irq & (ICS_SOURCES - 1)];
}

/* --- icp.c --- */

enum icp_offer {
	ICP_TAKEN,
	ICP_NO_ROOM, /* need_resend is set */
};

/*
 * Offers interrupt @irq of priority @pri. Taken: *@rejected is the source whose place it took, 0 if
 * none (an inter-processor interrupt is no source: MFRR remembers it).
 */
enum icp_offer icp_offer(struct hv_icp *icp, u32 irq, u8 pri, u32 *rejected);
bool icp_wants_resend(struct hv_icp *icp);
/* Does its processor take interrupts of any priority at all? Kernels close those they take out. */
bool icp_is_open(struct hv_icp *icp);

/* --- ics.c --- */

/* Presents a source's interrupt, and those that it displaces. @only_resend: if it still waits for
 * room. */
void ics_deliver(struct hv_xics *xics, u32 irq, bool only_resend);
/* There may be room at @icp now: tries all that wait. */
void ics_resend(struct hv_xics *xics, struct hv_icp *icp);
/* The same at any of them. */
void ics_resend_all(struct hv_xics *xics);
/* H_EOI of a source. */
void ics_eoi(struct hv_xics *xics, u32 irq);

#endif
