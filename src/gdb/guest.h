/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine as gdb's target: threads are vcpus, memory is what a vcpu's translation shows, points
 * are KVM's (KVM_SET_GUEST_DEBUG), so that nothing of a debugger is ever in the guest's memory.
 */
#ifndef PAPYR_GDB_GUEST_H
#define PAPYR_GDB_GUEST_H

#include <papyr/kvm.h>

#include "gdb/stub.h"
#include "platform/machine.h"
#include "platform/vcpu.h"

#define GUEST_POINTS (16 + DEBUG_BREAKS)

struct gdb_guest {
	struct machine *m;
	struct gdb_target target;
	bool physical;	       /* addresses are guest real ones: "monitor physical" */
	bool can_step;	       /* KVM steps, */
	unsigned n_max;	       /* and has so many points, a watched doubleword being one, */
	unsigned n_breaks_max; /* and so many breakpoints besides; 0: they are among the points */
	unsigned last;	       /* the thread that was told of last: the others' turn comes first */
	u8 *ran;	       /* what each thread last was let do: enum gdb_run */
	unsigned n_points;
	struct guest_point {
		enum gdb_point kind;
		u64 address, len;
	} points[GUEST_POINTS];
};

/* Takes @m, which stands still from now on. -1: another debugger has it. */
int gdb_guest_attach(struct gdb_guest *g, struct machine *m, struct error *err);
/* Leaves nothing behind; it goes on. */
void gdb_guest_detach(struct gdb_guest *g);
/* It started again: what its vcpus stopped for was before. */
void gdb_guest_was_reset(struct gdb_guest *g);

/* points.c: gdb_target's. */
int guest_set_point(void *opaque, enum gdb_point kind, u64 address, u64 len);
int guest_clear_point(void *opaque, enum gdb_point kind, u64 address, u64 len);
/* How many of KVM's points are taken, or of its breakpoints besides. */
unsigned guest_points_taken(const struct gdb_guest *g, bool besides);
/* As KVM wants them. */
void guest_fill_points(const struct gdb_guest *g, struct debug_wish *wish);
/* The kind of point that a vcpu met; false: it is gone meanwhile. */
bool guest_point_met(const struct gdb_guest *g, const struct debug_stop *stop, enum gdb_point *kind,
		     u64 *address);

/* memory.c: gdb_target's, too. */
size_t guest_read_memory(void *opaque, unsigned thread, u64 address, void *data, size_t len);
int guest_write_memory(void *opaque, unsigned thread, u64 address, const void *data, size_t len);

/* command.c */
void guest_command(void *opaque, unsigned thread, const char *text, struct gdb_out *out);
void guest_describe_vcpu(struct vcpu *vcpu, struct gdb_out *out);
/* guest.c: 0 if it can't be read. */
u64 guest_register(struct gdb_guest *g, unsigned thread, const char *name);

#endif
