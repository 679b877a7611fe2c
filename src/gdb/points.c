/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Breakpoints and watchpoints. KVM's watch an aligned doubleword each; breakpoints have a list of
 * their own where KVM has PAPYR_CAP_BREAKPOINTS.
 */
#include "gdb/guest.h"

#define DOUBLEWORD 8ull

static u64 first_doubleword(u64 address)
{
	return address & ~(DOUBLEWORD - 1);
}

static bool is_break(enum gdb_point kind)
{
	return kind == GDB_SOFT_BREAK || kind == GDB_HARD_BREAK;
}

/* How many of KVM's a point takes. */
static u64 cost(const struct guest_point *p)
{
	if (is_break(p->kind))
		return 1;
	return (p->address + p->len - 1) / DOUBLEWORD - p->address / DOUBLEWORD + 1;
}

static struct guest_point *find(struct gdb_guest *g, enum gdb_point kind, u64 address, u64 len)
{
	for (unsigned i = 0; i < g->n_points; i++) {
		struct guest_point *p = &g->points[i];

		if (p->kind == kind && p->address == address && p->len == len)
			return p;
	}
	return NULL;
}

static bool is_besides(const struct gdb_guest *g, const struct guest_point *p)
{
	return g->n_breaks_max && is_break(p->kind);
}

unsigned guest_points_taken(const struct gdb_guest *g, bool besides)
{
	u64 n = 0;

	for (unsigned i = 0; i < g->n_points; i++)
		if (is_besides(g, &g->points[i]) == besides)
			n += cost(&g->points[i]);
	return n;
}

static bool has_room(const struct gdb_guest *g, const struct guest_point *p)
{
	bool besides = is_besides(g, p);
	unsigned most = besides ? g->n_breaks_max : g->n_max;

	return g->n_points < GUEST_POINTS && guest_points_taken(g, besides) + cost(p) <= most;
}

int guest_set_point(void *opaque, enum gdb_point kind, u64 address, u64 len)
{
	struct guest_point p = {kind, address, len};
	struct gdb_guest *g = opaque;

	if (find(g, kind, address, len))
		return 0;
	if (!len || len > g->n_max * DOUBLEWORD || address + len - 1 < address || !has_room(g, &p))
		return -1;
	g->points[g->n_points++] = p;
	return 0;
}

int guest_clear_point(void *opaque, enum gdb_point kind, u64 address, u64 len)
{
	struct gdb_guest *g = opaque;
	struct guest_point *p = find(g, kind, address, len);

	if (p)
		*p = g->points[--g->n_points];
	return 0;
}

static u32 kvm_type(enum gdb_point kind)
{
	switch (kind) {
	case GDB_WATCH_WRITE:
		return KVMPPC_DEBUG_WATCH_WRITE;
	case GDB_WATCH_READ:
		return KVMPPC_DEBUG_WATCH_READ;
	case GDB_WATCH_ACCESS:
		return KVMPPC_DEBUG_WATCH_READ | KVMPPC_DEBUG_WATCH_WRITE;
	default:
		return KVMPPC_DEBUG_BREAKPOINT;
	}
}

/* A point of KVM's for each doubleword. */
static void fill_point(const struct guest_point *p, struct kvm_guest_debug_arch *arch, unsigned *n)
{
	u64 address = is_break(p->kind) ? p->address : first_doubleword(p->address);

	for (u64 left = cost(p); left && *n < ARRAY_SIZE(arch->bp); left--, address += DOUBLEWORD) {
		arch->bp[*n].addr = address;
		arch->bp[*n].type = kvm_type(p->kind);
		++*n;
	}
}

void guest_fill_points(const struct gdb_guest *g, struct debug_wish *wish)
{
	unsigned n = 0;

	for (unsigned i = 0; i < g->n_points; i++)
		if (is_besides(g, &g->points[i]))
			wish->breaks[wish->n_breaks++] = g->points[i].address;
		else
			fill_point(&g->points[i], &wish->kvm.arch, &n);
	if (g->n_points)
		wish->kvm.control |= KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP;
}

/* KVM tells the doubleword; gdb wants to hear an address within what it watches. */
static bool is_met(const struct guest_point *p, const struct debug_stop *stop)
{
	if (stop->why == DEBUG_BREAK)
		return is_break(p->kind) && p->address == stop->address;
	return (kvm_type(p->kind) &
		(stop->why == DEBUG_READ ? KVMPPC_DEBUG_WATCH_READ : KVMPPC_DEBUG_WATCH_WRITE)) &&
	       stop->address >= first_doubleword(p->address) && stop->address < p->address + p->len;
}

bool guest_point_met(const struct gdb_guest *g, const struct debug_stop *stop, enum gdb_point *kind,
		     u64 *address)
{
	for (unsigned i = 0; i < g->n_points; i++) {
		const struct guest_point *p = &g->points[i];

		if (!is_met(p, stop))
			continue;
		*kind = p->kind;
		*address = stop->address > p->address ? stop->address : p->address;
		return true;
	}
	return false;
}
