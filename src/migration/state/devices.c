/* SPDX-License-Identifier: Apache-2.0 */
#include "migration/state/devices.h"

#include <stdio.h>

#include "platform/booke/board.h"
#include "platform/console.h"
#include "platform/device.h"
#include "platform/exits.h"
#include "platform/kind.h"

static void save_console(struct machine *m, struct state_out *out)
{
	console_save(m->console, out);
}

static int load_console(struct machine *m, struct state_in *in)
{
	return console_load(m->console, in);
}

static void save_nvram(struct machine *m, struct state_out *out)
{
	put_bytes(out, m->nvram, NVRAM_BYTES);
}

static int load_nvram(struct machine *m, struct state_in *in)
{
	get_bytes(in, m->nvram, NVRAM_BYTES);
	return 0;
}

static void save_events(struct machine *m, struct state_out *out)
{
	const struct fwnmi *f = &m->fwnmi;

	put_u8(out, m->powerdown_asked);
	put_u64(out, f->rtas);
	put_u8(out, f->registered);
	put_u64(out, f->reset_pc);
	put_u64(out, f->check_pc);
	put_u8(out, f->held);
	put_u32(out, f->holder);
}

static int load_fwnmi(struct machine *m, struct state_in *in)
{
	u8 registered, held;

	m->fwnmi.rtas = get_u64(in);
	registered = get_u8(in);
	m->fwnmi.reset_pc = get_u64(in);
	m->fwnmi.check_pc = get_u64(in);
	held = get_u8(in);
	m->fwnmi.holder = get_u32(in);
	m->fwnmi.registered = registered;
	m->fwnmi.held = held;
	return registered > 1 || held > 1 ? -1 : 0;
}

static int load_events(struct machine *m, struct state_in *in)
{
	m->powerdown_asked = get_u8(in);
	/* Version 1 ends here: of a guest that could register nothing. */
	return state_left(in) ? load_fwnmi(m, in) : 0;
}

/* The guest learnt the calls' numbers from its device tree and goes on using them. */
static void save_rtas(struct machine *m, struct state_out *out)
{
	const char *name;
	u32 n = 0, token;

	for (unsigned i = 0; rtas_name(i, &token); i++)
		n += rtas_is_told(m, i);
	put_u32(out, n);
	for (unsigned i = 0; (name = rtas_name(i, &token)); i++) {
		if (!rtas_is_told(m, i))
			continue;
		put_string(out, name);
		put_u32(out, token);
	}
}

static bool same_call(const char *name, u32 token)
{
	const char *ours;
	u32 t;

	for (unsigned i = 0; (ours = rtas_name(i, &t)); i++)
		if (!strcmp(ours, name))
			return t == token;
	return false;
}

static int load_rtas(struct machine *m, struct state_in *in)
{
	u32 n = get_u32(in);

	for (u32 i = 0; i < n && !in->bad; i++) {
		char name[64];

		get_string(in, name, sizeof(name));
		if (!same_call(name, get_u32(in)))
			return -1;
	}
	return 0;
}

struct device {
	const char *name;
	u32 version;
	void (*save)(struct machine *m, struct state_out *out);
	int (*load)(struct machine *m, struct state_in *in);
};

static const struct device of_partition[] = {
    {"rtas", 1, save_rtas, load_rtas},
    {"nvram", 1, save_nvram, load_nvram},
    {"events", 2, save_events, load_events},
    {"console", 1, save_console, load_console},
};

/* The console first: a UART fetches what came by it. */
static const struct device of_board[] = {
    {"console", 1, save_console, load_console},
    {"board", 2, board_save, board_load_state},
};

static const struct device *devices_of(bool papr, unsigned *n)
{
	*n = papr ? ARRAY_SIZE(of_partition) : ARRAY_SIZE(of_board);
	return papr ? of_partition : of_board;
}

unsigned devices_count(bool papr)
{
	unsigned n;

	devices_of(papr, &n);
	return n;
}

const char *devices_name(bool papr, unsigned i, u32 *version)
{
	unsigned n;
	const struct device *devices = devices_of(papr, &n);

	*version = devices[i].version;
	return devices[i].name;
}

/* ---- Devices that a user chose ---- */

#define NAME_BYTES 32

static void name_of(const struct machine_device *d, char *name)
{
	snprintf(name, NAME_BYTES, "%s/%u", d->ops->name, d->index);
}

static struct machine_device *chosen(const struct machine *m, const char *wanted)
{
	char name[NAME_BYTES];

	for (struct machine_device *d = m->devices; d; d = d->next) {
		name_of(d, name);
		if (!strcmp(name, wanted))
			return d;
	}
	return NULL;
}

static unsigned count_chosen(const struct machine *m)
{
	unsigned n = 0;

	for (struct machine_device *d = m->devices; d; d = d->next)
		n++;
	return n;
}

/* ---- The section ---- */

static void put_device(struct state_out *out, const char *name, u32 version, struct state_out *one)
{
	put_string(out, name);
	put_u32(out, version);
	put_u32(out, one->len);
	put_bytes(out, one->data, one->len);
	out->failed |= one->failed;
	state_free(one);
}

void devices_save(struct machine *m, struct state_out *out)
{
	unsigned n;
	const struct device *devices = devices_of(m->cfg.kind->papr, &n);

	put_u32(out, n + count_chosen(m));
	for (unsigned i = 0; i < n; i++) {
		struct state_out one = {0};

		devices[i].save(m, &one);
		put_device(out, devices[i].name, devices[i].version, &one);
	}
	for (struct machine_device *d = m->devices; d; d = d->next) {
		struct state_out one = {0};
		char name[NAME_BYTES];

		name_of(d, name);
		d->ops->save(d, &one);
		put_device(out, name, d->ops->version, &one);
	}
}

/* A device's part of the section, and which have been seen. */
struct device_part {
	char name[NAME_BYTES];
	u32 version;
	struct state_in in;
};

struct seen {
	u64 devices; /* rows of the table */
	u64 chosen;  /* machine_device's index */
};

static int take_part(struct state_in *in, struct device_part *p, struct error *err)
{
	u32 len;

	get_string(in, p->name, sizeof(p->name));
	p->version = get_u32(in);
	len = get_u32(in);
	if (in->bad || len > state_left(in))
		return error_set(err, "the state of the devices is cut off");
	p->in = (struct state_in){.data = in->data + in->pos, .len = len};
	in->pos += len;
	return 0;
}

static int check_part(const struct device_part *p, u32 version, u64 *seen, unsigned bit,
		      struct error *err)
{
	if (!p->version || p->version > version)
		return error_set(
		    err,
		    "the state of device '%s' is of version %u, this papyr reads up to %u: "
		    "take a later one",
		    p->name, p->version, version);
	if (*seen & (1ull << bit))
		return error_set(err, "device '%s' is there twice", p->name);
	*seen |= 1ull << bit;
	return 0;
}

static int load_chosen(struct machine *m, struct device_part *p, struct seen *seen,
		       struct error *err)
{
	struct machine_device *d;

	if (!m)
		return 0;
	d = chosen(m, p->name);
	if (!d)
		return error_set(err,
				 "the guest has a device '%s', which this machine hasn't: give it "
				 "all that it had there (--disk, --net, --rng, --channel, --share)",
				 p->name);
	if (check_part(p, d->ops->version, &seen->chosen, d->index, err))
		return -1;
	if (d->ops->load(d, &p->in) || !state_ok(&p->in))
		return error_set(
		    err,
		    "the guest's device '%s' isn't as here: number, sizes, serial numbers and "
		    "modes of disks must be the same, names of channels and folders, and the "
		    "addresses of network cards, if given",
		    p->name);
	return 0;
}

static int load_device(struct machine *m, bool papr, struct state_in *in, struct seen *seen,
		       struct error *err)
{
	struct device_part p;
	unsigned i, n;
	const struct device *devices = devices_of(papr, &n);

	if (take_part(in, &p, err))
		return -1;
	if (strchr(p.name, '/'))
		return load_chosen(m, &p, seen, err);
	for (i = 0; i < n && strcmp(devices[i].name, p.name); i++)
		;
	if (i == n)
		return error_set(
		    err, "it has a device '%s', which this papyr doesn't know: take a later one",
		    p.name);
	if (check_part(&p, devices[i].version, &seen->devices, i, err))
		return -1;
	if (m && (devices[i].load(m, &p.in) || !state_ok(&p.in)))
		return error_set(err, "the state of device '%s' makes no sense here", p.name);
	return 0;
}

int devices_load(struct machine *m, bool papr, struct state_in *in, struct error *err)
{
	u32 n = get_u32(in);
	struct seen seen = {0};
	unsigned n_own;
	const struct device *own = devices_of(papr, &n_own);

	for (u32 i = 0; i < n; i++)
		if (load_device(m, papr, in, &seen, err))
			return -1;
	if (!state_ok(in))
		return error_set(err, "the state of the devices makes no sense");
	for (unsigned i = 0; i < n_own; i++)
		if (!(seen.devices & (1ull << i)))
			return error_set(err, "the state of device '%s' is missing", own[i].name);
	for (struct machine_device *d = m ? m->devices : NULL; d; d = d->next)
		if (!(seen.chosen & (1ull << d->index)))
			return error_set(err,
					 "the guest has no device '%s': leave out what it had not "
					 "(--disk, --net, --rng, --channel, --share)",
					 d->ops->name);
	return 0;
}
