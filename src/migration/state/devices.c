/* SPDX-License-Identifier: Apache-2.0 */
#include "migration/state/devices.h"

#include "platform/console.h"
#include "platform/exits.h"

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
	put_u8(out, m->powerdown_asked);
}

static int load_events(struct machine *m, struct state_in *in)
{
	m->powerdown_asked = get_u8(in);
	return 0;
}

/* The guest learnt the calls' numbers from its device tree and goes on using them. */
static void save_rtas(struct machine *m, struct state_out *out)
{
	const char *name;
	u32 n = 0, token;

	while (rtas_name(n, &token))
		n++;
	put_u32(out, n);
	for (u32 i = 0; i < n; i++) {
		name = rtas_name(i, &token);
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

static const struct device {
	const char *name;
	u32 version;
	void (*save)(struct machine *m, struct state_out *out);
	int (*load)(struct machine *m, struct state_in *in);
} devices[] = {
    {"rtas", 1, save_rtas, load_rtas},
    {"nvram", 1, save_nvram, load_nvram},
    {"events", 1, save_events, load_events},
    {"console", 1, save_console, load_console},
};

unsigned devices_count(void)
{
	return ARRAY_SIZE(devices);
}

const char *devices_name(unsigned i, u32 *version)
{
	*version = devices[i].version;
	return devices[i].name;
}

void devices_save(struct machine *m, struct state_out *out)
{
	put_u32(out, ARRAY_SIZE(devices));
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		struct state_out one = {0};

		devices[i].save(m, &one);
		put_string(out, devices[i].name);
		put_u32(out, devices[i].version);
		put_u32(out, one.len);
		put_bytes(out, one.data, one.len);
		out->failed |= one.failed;
		state_free(&one);
	}
}

static int load_device(struct machine *m, struct state_in *in, u64 *seen, struct error *err)
{
	struct state_in one;
	char name[32];
	u32 version, len;
	size_t i;

	get_string(in, name, sizeof(name));
	version = get_u32(in);
	len = get_u32(in);
	if (in->bad || len > state_left(in))
		return error_set(err, "the state of the devices is cut off");
	one = (struct state_in){.data = in->data + in->pos, .len = len};
	in->pos += len;
	for (i = 0; i < ARRAY_SIZE(devices) && strcmp(devices[i].name, name); i++)
		;
	if (i == ARRAY_SIZE(devices))
		return error_set(
		    err, "it has a device '%s', which this papyr doesn't know: take a later one",
		    name);
	if (!version || version > devices[i].version)
		return error_set(
		    err,
		    "the state of device '%s' is of version %u, this papyr reads up to %u: "
		    "take a later one",
		    name, version, devices[i].version);
	if (*seen & (1ull << i))
		return error_set(err, "device '%s' is there twice", name);
	*seen |= 1ull << i;
	if (m && (devices[i].load(m, &one) || !state_ok(&one)))
		return error_set(err, "the state of device '%s' makes no sense here", name);
	return 0;
}

int devices_load(struct machine *m, struct state_in *in, struct error *err)
{
	u32 n = get_u32(in);
	u64 seen = 0;

	for (u32 i = 0; i < n; i++)
		if (load_device(m, in, &seen, err))
			return -1;
	if (!state_ok(in))
		return error_set(err, "the state of the devices makes no sense");
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
		if (!(seen & (1ull << i)))
			return error_set(err, "the state of device '%s' is missing",
					 devices[i].name);
	return 0;
}
