/* SPDX-License-Identifier: Apache-2.0 */
#include "migration/live/apply.h"

#include <stdlib.h>

#include "migration/state/devices.h"

int live_apply_init(struct live_apply *a, struct error *err)
{
	a->vcpus = calloc(a->n_vcpus, sizeof(*a->vcpus));
	return a->vcpus ? 0 : error_nomem(err, "the vcpus that come");
}

void live_apply_free(struct live_apply *a)
{
	free(a->vcpus);
	free(a->devices);
	a->vcpus = NULL;
	a->devices = NULL;
}

static int put_page(void *opaque, u64 gpa, const u8 *page, struct error *err)
{
	struct live_apply *a = opaque;
	u8 *to = a->mem->host + gpa;

	a->pages++;
	if (page)
		memcpy(to, page, GUEST_PAGE);
	/* Writing zeroes would only take memory from the host. */
	else if (!guest_page_is_zero(to))
		memset(to, 0, GUEST_PAGE);
	return 0;
}

/* The guest has resized its table: what is told from now on is of the new one. */
static int take_order(struct live_apply *a, const struct live_record *rec, struct error *err)
{
	u64 order;

	if (live_number_unpack(&order, rec, err))
		return -1;
	if (order < 18 || order > 46)
		return error_set(err, "a hash table of that order makes no sense");
	if (a->order(a->opaque, order, err))
		return -1;
	a->table_entries = 1ull << (order - 4);
	return 0;
}

static int keep_vcpu(struct live_apply *a, const struct live_record *rec, struct error *err)
{
	struct state_in in = {.data = rec->data, .len = rec->bytes};

	if (a->n_seen == a->n_vcpus)
		return error_set(err, "there are more vcpus than the guest has");
	return saved_vcpu_unpack(&a->vcpus[a->n_seen++], &in, err);
}

static int keep_xics(struct live_apply *a, const struct live_record *rec, struct error *err)
{
	struct state_in in = {.data = rec->data, .len = rec->bytes};

	if (a->has_xics)
		return error_set(err, "the interrupt sources come twice");
	a->has_xics = true;
	return saved_xics_unpack(&a->xics, &in, err);
}

static int keep_devices(struct live_apply *a, const struct live_record *rec, struct error *err)
{
	struct state_in in = {.data = rec->data, .len = rec->bytes};

	if (a->devices)
		return error_set(err, "the devices come twice");
	if (devices_load(NULL, a->papr, &in, err))
		return -1;
	a->devices = malloc(rec->bytes + 1);
	if (!a->devices)
		return error_nomem(err, "the devices that come");
	memcpy(a->devices, rec->data, rec->bytes);
	a->devices_bytes = rec->bytes;
	return 0;
}

static int keep_end(struct live_apply *a, const struct live_record *rec, struct error *err)
{
	if (live_end_unpack(&a->end, rec, err))
		return -1;
	if (a->end.n_vcpus != a->n_vcpus || a->n_seen != a->n_vcpus || a->has_xics != a->papr ||
	    !a->devices)
		return error_set(err, "the stream ends before all of the guest has come");
	a->has_end = true;
	return 0;
}

static bool is_of_partitions(u32 type)
{
	return type == LIVE_TABLE || type == LIVE_ORDER || type == LIVE_XICS;
}

enum live_step live_apply_record(struct live_apply *a, const struct live_record *rec, u64 *number,
				 struct error *err)
{
	int r;

	*number = 0;
	a->records++;
	if (a->has_end || (!a->papr && is_of_partitions(rec->type)))
		return live_unexpected(rec, err);
	switch (rec->type) {
	case LIVE_PING:
		return live_number_unpack(number, rec, err) ? LIVE_STEP_BAD : LIVE_STEP_PING;
	case LIVE_SYNC:
		return live_number_unpack(number, rec, err) ? LIVE_STEP_BAD : LIVE_STEP_SYNC;
	case LIVE_MEMORY:
		r = live_memory_walk(rec, a->mem->bytes, put_page, a, err);
		break;
	case LIVE_TABLE:
		r = live_table_take(rec, a->table_entries, a->table, a->opaque, err);
		break;
	case LIVE_ORDER:
		r = take_order(a, rec, err);
		break;
	case LIVE_VCPU:
		r = keep_vcpu(a, rec, err);
		break;
	case LIVE_XICS:
		r = keep_xics(a, rec, err);
		break;
	case LIVE_DEVICES:
		r = keep_devices(a, rec, err);
		break;
	case LIVE_END:
		r = keep_end(a, rec, err);
		return r ? LIVE_STEP_BAD : LIVE_STEP_END;
	default:
		r = live_unexpected(rec, err);
	}
	return r ? LIVE_STEP_BAD : LIVE_STEP_MORE;
}
