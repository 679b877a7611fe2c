/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who wants to come: waits for a guest, hears what it is, and answers whether it can be taken. The
 * rest of its way is dest.c's.
 */
#include <stdlib.h>
#include <string.h>

#include "migration/live/internal.h"
#include "migration/state/config.h"
#include "migration/state/devices.h"

int live_check_hello(const struct machine *m, const struct live_hello *h, struct error *err)
{
	struct machine_config guest = {0}, here = m->cfg;

	/* What it has, where it asked for something else or left it open. */
	here.mem_bytes = m->mem.boot_bytes;
	here.htab_order = m->htab_made;
	if (config_from_saved(&guest, &h->machine, h->core_stride, err) ||
	    config_agrees(&guest, &here, CONFIG_ALL, err))
		return -1;
	if (h->machine.htab_order != m->htab_order)
		return error_set(err, "the guest's hash table has 2^%u bytes, the one here 2^%u",
				 h->machine.htab_order, m->htab_order);
	if (guest.core_ids && guest.core_ids != m->smt)
		return error_set(err, "the guest numbers its cores' vcpus by %u, this host by %u",
				 guest.core_ids, m->smt);
	return 0;
}

static int check_devices(const struct live_hello *h, struct error *err)
{
	bool papr = h->machine.htab_order;

	for (u32 i = 0; i < h->n_devices; i++) {
		u32 version = 0;
		unsigned k;

		for (k = 0; k < devices_count(papr); k++)
			if (!strcmp(devices_name(papr, k, &version), h->devices[i].name))
				break;
		if (k == devices_count(papr))
			return error_set(err, "the guest has a device '%s', which isn't here",
					 h->devices[i].name);
		if (h->devices[i].version > version)
			return error_set(err,
					 "the guest's device '%s' is of version %u, here are "
					 "versions up to %u",
					 h->devices[i].name, h->devices[i].version, version);
	}
	if (h->n_devices != devices_count(papr))
		return error_set(err, "the guest has %u devices, here are %u", h->n_devices,
				 devices_count(papr));
	return 0;
}

int arrival_answer(struct live_stream *stream, const char *why, struct error *err)
{
	struct state_out out = {0};

	live_text_pack(why, &out);
	return live_send_state(stream, LIVE_ANSWER, &out, err);
}

void arrival_hang_up(struct arrival *a)
{
	live_stream_free(a->stream);
	channel_close(a->ch);
	a->stream = NULL;
	a->ch = NULL;
}

void arrival_refuse(struct arrival *a, const char *why)
{
	struct error ignored;

	if (a->stream && !channel_one_way(a->ch))
		arrival_answer(a->stream, why[0] ? why : "it refuses", &ignored);
	arrival_hang_up(a);
}

void arrival_free(struct arrival *a)
{
	if (!a)
		return;
	arrival_hang_up(a);
	listener_close(a->listener);
	free(a);
}

/* The next one who comes, and describes a guest that this papyr could take. */
static int receive_hello(struct arrival *a, struct error *err)
{
	struct live_record rec;

	a->ch = channel_accept(a->listener, err);
	if (!a->ch)
		return -1;
	fault_point(a->ch, FAULT_DEST_CONNECTED);
	a->stream = live_stream_new(a->ch, err);
	if (!a->stream || live_receive(a->stream, &rec, err))
		return -1;
	fault_point(a->ch, FAULT_DEST_HELLO);
	if (!live_hello_unpack(&a->hello, &rec, err) && !check_devices(&a->hello, err))
		return 0;
	/* Whatever it is, it speaks records. */
	arrival_refuse(a, err->text);
	return -1;
}

struct arrival *arrival_listen(const char *uri, struct live *l, const struct live_params *p,
			       struct error *err)
{
	struct arrival *a = calloc(1, sizeof(*a));
	struct channel_options opts;

	if (!a) {
		error_nomem(err, "who comes");
		return NULL;
	}
	a->params = *p;
	opts = live_channel_options(l, &a->params);
	a->listener = channel_listen(uri, &opts, err);
	if (a->listener)
		return a;
	free(a);
	return NULL;
}

int arrival_receive(struct arrival *a, void (*complain)(const char *why), struct error *err)
{
	while (receive_hello(a, err)) {
		arrival_hang_up(a);
		if (!listener_lasts(a->listener) || err->kind == ERROR_CANCELLED)
			return -1;
		if (complain)
			complain(err->text);
	}
	/* One guest comes; others may be waited for at the same place. */
	listener_close(a->listener);
	a->listener = NULL;
	return 0;
}

struct arrival *arrival_wait(const char *uri, const struct live_params *p,
			     void (*complain)(const char *why), struct error *err)
{
	struct arrival *a = arrival_listen(uri, NULL, p, err);

	if (!a || !arrival_receive(a, complain, err))
		return a;
	arrival_free(a);
	return NULL;
}

const struct saved_machine *arrival_machine(const struct arrival *a)
{
	return &a->hello.machine;
}

int arrival_config(const struct arrival *a, struct machine_config *cfg, struct error *err)
{
	return config_from_saved(cfg, &a->hello.machine, a->hello.core_stride, err);
}
