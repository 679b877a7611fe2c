/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where an effective address of a vcpu leads, by what KVM tells of its registers and of the hash
 * table: nothing in the guest learns of the look, R and C stay as they are. Protection and storage
 * keys don't count; what they forbid the guest, a debugger may see.
 */
#ifndef PAPYR_GDB_TRANSLATE_H
#define PAPYR_GDB_TRANSLATE_H

#include "base/bits.h"

struct vcpu;

enum gdb_missing {
	GDB_FOUND,
	GDB_NO_SEGMENT, /* the SLB has none */
	GDB_NO_ENTRY,	/* the table has none */
	GDB_NO_ANSWER,	/* KVM didn't tell */
};

struct gdb_place {
	enum gdb_missing missing;
	bool real;	 /* without translation: the next three are those of the real-mode area */
	u64 slb_vsid;	 /* VSID and flags, as the SLB has them */
	u64 index, v, r; /* the table's entry */
	u64 gpa;
	u64 left; /* bytes from there to the end of the page */
};

/* As the vcpu's loads and stores go, by MSR[DR]. With m->lock held, the vcpu parked. */
void gdb_translate(struct vcpu *vcpu, u64 ea, struct gdb_place *place);

#endif
