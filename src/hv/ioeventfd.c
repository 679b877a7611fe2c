/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The places where a store tells an eventfd.
 *
 * As with memory slots, vcpus read the table without a lock. A change makes a new table, publishes
 * it, and frees the old one when every vcpu that was in the guest has come to its next block
 * boundary or out: none can be using it then.
 */
#include "hv/ioeventfd.h"

#include <errno.h>
#include <stdlib.h>
#include "base/array.h"
#include "hv/eventfd.h"
#include "hv/shootdown.h"
#include "hv/vm.h"

/* By the last two nothing comes on Power, but places of theirs can be given. */
enum bus { BUS_MMIO, BUS_PIO, BUS_CCW };

struct place {
	u64 addr;
	u64 match;
	u32 len; /* 0: any, and any value */
	bool any_value;
	enum bus bus;
	struct hv_eventfd *to;
};

struct hv_ioeventfds {
	unsigned nr, nr_mmio;
	struct place place[]; /* by bus, then by address */
};

/* --- telling --- */

static bool in_order(const struct place *a, const struct place *b)
{
	return a->bus != b->bus ? a->bus < b->bus : a->addr <= b->addr;
}

/* The first place of memory's at or behind @addr. */
static unsigned first_at(const struct hv_ioeventfds *t, u64 addr)
{
	unsigned low = 0, high = t->nr_mmio;

	while (low < high) {
		unsigned mid = (low + high) / 2;

		if (t->place[mid].addr < addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* As the host's processor would read it from memory. */
static u64 value_of(unsigned size, const void *data)
{
	u16 half;
	u32 word;
	u64 value;

	switch (size) {
	case 1:
		return *(const u8 *)data;
	case 2:
		memcpy(&half, data, 2);
		return half;
	case 4:
		memcpy(&word, data, 4);
		return word;
	default:
		memcpy(&value, data, 8);
		return value;
	}
}

static bool hits(const struct place *p, unsigned size, const void *data)
{
	if (!p->len)
		return true;
	return p->len == size && (p->any_value || p->match == value_of(size, data));
}

bool hv_ioeventfd_store(struct hv_vm *vm, u64 gpa, unsigned size, const void *data)
{
	const struct hv_ioeventfds *t = vm->ioeventfds;

	if (!t)
		return false;
	for (unsigned i = first_at(t, gpa); i < t->nr_mmio && t->place[i].addr == gpa; i++) {
		if (hits(&t->place[i], size, data)) {
			hv_eventfd_signal(t->place[i].to);
			return true;
		}
	}
	return false;
}

/* --- changing; under vm->lock --- */

/*
 * The one in which @place comes, if that is not NULL, and the @without'th is not, if there is one.
 */
static int replace(struct hv_vm *vm, unsigned without, const struct place *place)
{
	struct hv_ioeventfds *old = vm->ioeventfds, *new;
	unsigned nr = old ? old->nr : 0, at = 0;

	new = malloc(sizeof(*new) + (nr + 1) * sizeof(new->place[0]));
	if (!new)
		return -ENOMEM;
	while (place && at < nr && in_order(&old->place[at], place))
		at++;
	new->nr = array_copy_changed(new->place, old ? old->place : NULL, nr,
				     sizeof(new->place[0]), without, place, at);
	new->nr_mmio = 0;
	while (new->nr_mmio < new->nr && new->place[new->nr_mmio].bus == BUS_MMIO)
		new->nr_mmio++;
	vm->ioeventfds = new;
	hv_shootdown(vm, NULL, (struct hv_inval){HV_INVAL_NOTHING, 0, 0});
	free(old);
	return 0;
}

/* Could one store hit both? */
static bool collide(const struct place *a, const struct place *b)
{
	if (a->bus != b->bus || a->addr != b->addr)
		return false;
	if (!a->len || !b->len)
		return true;
	return a->len == b->len && (a->any_value || b->any_value || a->match == b->match);
}

static int add(struct hv_vm *vm, const struct place *place)
{
	const struct hv_ioeventfds *t = vm->ioeventfds;

	for (unsigned i = 0; t && i < t->nr; i++) {
		if (collide(&t->place[i], place))
			return -EEXIST;
	}
	return replace(vm, ARRAY_NONE, place);
}

static bool same(const struct place *a, const struct place *b)
{
	return a->bus == b->bus && a->addr == b->addr && a->len == b->len &&
	       a->any_value == b->any_value && (a->any_value || a->match == b->match);
}

/* *@to: the eventfd's handle that was the place's. */
static int take_away(struct hv_vm *vm, const struct place *place, u64 id, struct hv_eventfd **to)
{
	const struct hv_ioeventfds *t = vm->ioeventfds;

	for (unsigned i = 0; t && i < t->nr; i++) {
		if (same(&t->place[i], place) && hv_eventfd_is(t->place[i].to, id)) {
			*to = t->place[i].to;
			return replace(vm, i, NULL);
		}
	}
	return -ENOENT;
}

/* --- KVM_IOEVENTFD --- */

static enum bus bus_of(u32 flags)
{
	if (flags & KVM_IOEVENTFD_FLAG_PIO)
		return BUS_PIO;
	return flags & KVM_IOEVENTFD_FLAG_VIRTIO_CCW_NOTIFY ? BUS_CCW : BUS_MMIO;
}

static struct place place_of(const struct kvm_ioeventfd *args)
{
	return (struct place){
	    .addr = args->addr,
	    .match = args->datamatch,
	    .len = args->len,
	    .any_value = !(args->flags & KVM_IOEVENTFD_FLAG_DATAMATCH),
	    .bus = bus_of(args->flags),
	};
}

static bool valid(const struct kvm_ioeventfd *args)
{
	u32 len = args->len, flags = args->flags;

	if (len && len != 1 && len != 2 && len != 4 && len != 8)
		return false;
	if (args->addr + len < args->addr || (flags & ~(u32)KVM_IOEVENTFD_VALID_FLAG_MASK))
		return false;
	return len || !(flags & KVM_IOEVENTFD_FLAG_DATAMATCH);
}

static int assign(struct hv_vm *vm, const struct kvm_ioeventfd *args)
{
	struct place place = place_of(args);
	int ret;

	if (!valid(args))
		return -EINVAL;
	ret = hv_eventfd_get(args->fd, &place.to);
	if (ret)
		return ret;
	lock_acquire(&vm->lock);
	ret = add(vm, &place);
	lock_release(&vm->lock);
	if (ret)
		hv_eventfd_put(place.to);
	return ret;
}

static int deassign(struct hv_vm *vm, const struct kvm_ioeventfd *args)
{
	struct place place = place_of(args);
	u64 id;
	int ret = hv_eventfd_id(args->fd, &id);

	if (ret)
		return ret;
	lock_acquire(&vm->lock);
	ret = take_away(vm, &place, id, &place.to);
	lock_release(&vm->lock);
	if (!ret)
		hv_eventfd_put(place.to);
	return ret;
}

int hv_ioeventfd(struct hv_vm *vm, const struct kvm_ioeventfd *args)
{
	return args->flags & KVM_IOEVENTFD_FLAG_DEASSIGN ? deassign(vm, args) : assign(vm, args);
}

void hv_ioeventfd_free(struct hv_vm *vm)
{
	struct hv_ioeventfds *t = vm->ioeventfds;

	for (unsigned i = 0; t && i < t->nr; i++)
		hv_eventfd_put(t->place[i].to);
	free(t);
}
