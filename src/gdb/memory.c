/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's memory, as one of its vcpus sees it at this moment, or by guest real address.
 */
#include "gdb/guest.h"
#include "gdb/translate.h"
#include "platform/debug.h"
#include "platform/dirtylog.h"

struct access {
	bool physical, write;
	u64 address;
	u8 *data;
	size_t left;
};

/* A piece that lies together. With m->lock held. */
static int access_piece(struct vcpu *vcpu, void *arg)
{
	struct gdb_place place = {.gpa = 0, .left = GUEST_PAGE};
	struct access *a = arg;
	size_t n = a->left;
	void *p;

	if (a->physical) {
		place.gpa = a->address;
		place.left = GUEST_PAGE - (a->address & (GUEST_PAGE - 1));
	} else {
		gdb_translate(vcpu, a->address, &place);
	}
	if (place.missing)
		return -1;
	if (n > place.left)
		n = place.left;
	p = machine_ptr(vcpu->m, place.gpa, n);
	if (!p)
		return -1;
	if (a->write) {
		memcpy(p, a->data, n);
		machine_wrote(vcpu->m, place.gpa, n);
	} else {
		memcpy(a->data, p, n);
	}
	a->address += n;
	a->data += n;
	a->left -= n;
	return 0;
}

size_t guest_read_memory(void *opaque, unsigned thread, u64 address, void *data, size_t len)
{
	struct gdb_guest *g = opaque;
	struct access a = {g->physical, false, address, data, len};

	while (a.left && !machine_debug_access(&g->m->vcpus[thread], false, access_piece, &a))
		;
	return len - a.left;
}

int guest_write_memory(void *opaque, unsigned thread, u64 address, const void *data, size_t len)
{
	struct gdb_guest *g = opaque;
	struct access a = {g->physical, true, address, (void *)data, len};

	while (a.left)
		if (machine_debug_access(&g->m->vcpus[thread], true, access_piece, &a))
			return -1;
	return 0;
}
