/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client may set for a migration: parameters, and capabilities that are on or off.
 */
#include "migration/live/live.h"
#include "monitor/args.h"
#include "monitor/migrate.h"

/* ---- Parameters ---- */

static bool take_number(json_t *args, const char *name, double min, double max, double *val,
			struct error *err)
{
	json_t *v = json_object_get(args, name);
	double n = json_number_value(v);

	if (!v)
		return true;
	if (n < min || n > max) {
		error_set(err, "Parameter '%s' must be a number from %g to %g", name, min, max);
		return false;
	}
	*val = n;
	return true;
}

static bool take_percent(json_t *args, const char *name, unsigned *val, struct error *err)
{
	double n = *val;

	if (!take_number(args, name, 1, 99, &n, err))
		return false;
	*val = n;
	return true;
}

static bool take_string(json_t *args, const char *name, char *val, size_t size, struct error *err)
{
	const char *s = json_string_value(json_object_get(args, name));

	if (!s)
		return true;
	if (strlen(s) >= size) {
		error_set(err, "Parameter '%s' must have less than %zu characters", name, size);
		return false;
	}
	strcpy(val, s);
	return true;
}

/* QEMU's names of objects, which we haven't got: only that there is to be none. */
static bool take_none(json_t *args, const char *name, struct error *err)
{
	const char *s = json_string_value(json_object_get(args, name));

	if (!s || !s[0])
		return true;
	error_set(err,
		  "Parameter '%s': there are no objects here; x-tls-psk and x-tls-x509 name "
		  "files",
		  name);
	return false;
}

void migrate_set_parameters(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	struct error *err = &result->error;
	double bandwidth, timeout;
	struct live_params p;

	live_get_params(qmp_live(c), &p);
	bandwidth = p.max_bandwidth;
	timeout = p.timeout_ms / 1000.0;
	if (!take_number(args, "downtime-limit", 1, 2000000, &p.downtime_ms, err) ||
	    !take_number(args, "x-downtime-ms", 0.1, 2000000, &p.downtime_ms, err) ||
	    !take_number(args, "max-bandwidth", 0, 1e15, &bandwidth, err) ||
	    !take_percent(args, "max-cpu-throttle", &p.throttle_max, err) ||
	    !take_percent(args, "cpu-throttle-initial", &p.throttle_initial, err) ||
	    !take_percent(args, "cpu-throttle-increment", &p.throttle_increment, err) ||
	    !take_number(args, "x-timeout", 0.1, 86400, &timeout, err) ||
	    !take_none(args, "tls-creds", err) || !take_none(args, "tls-authz", err) ||
	    !take_string(args, "x-tls-psk", p.tls.psk, sizeof(p.tls.psk), err) ||
	    !take_string(args, "x-tls-x509", p.tls.x509, sizeof(p.tls.x509), err) ||
	    !take_string(args, "tls-hostname", p.tls.hostname, sizeof(p.tls.hostname), err)) {
		qmp_fail(result);
		return;
	}
	if (json_object_get(args, "x-compress"))
		p.compress = json_is_true(json_object_get(args, "x-compress"));
	p.max_bandwidth = bandwidth;
	p.timeout_ms = timeout * 1000;
	live_set_params(qmp_live(c), &p);
}

void migrate_query_parameters(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	struct live_params p;

	live_get_params(qmp_live(c), &p);
	result->value = json_pack(
	    "{s:I,s:f,s:I,s:i,s:i,s:i,s:f,s:b,s:s,s:s,s:s}", "downtime-limit",
	    (json_int_t)(p.downtime_ms + 0.5), "x-downtime-ms", p.downtime_ms, "max-bandwidth",
	    (json_int_t)p.max_bandwidth, "max-cpu-throttle", p.throttle_max, "cpu-throttle-initial",
	    p.throttle_initial, "cpu-throttle-increment", p.throttle_increment, "x-timeout",
	    p.timeout_ms / 1000.0, "x-compress", p.compress, "x-tls-psk", p.tls.psk, "x-tls-x509",
	    p.tls.x509, "tls-hostname", p.tls.hostname);
}

/* ---- Capabilities ---- */

/* Those that QEMU has and we haven't: a client may say that it does without. */
static const char *const unsupported[] = {
    "background-snapshot",
    "block",
    "compress",
    "dirty-bitmaps",
    "dirty-limit",
    "late-block-activate",
    "mapped-ram",
    "multifd",
    "pause-before-switchover",
    "postcopy-blocktime",
    "postcopy-preempt",
    "postcopy-ram",
    "rdma-pin-all",
    "release-ram",
    "switchover-ack",
    "validate-uuid",
    "x-colo",
    "x-ignore-shared",
    "xbzrle",
    "zero-blocks",
    "zero-copy-send",
};

struct wishes {
	bool auto_converge, events;
};

static int take_capability(struct wishes *w, json_t *item, struct error *err)
{
	const char *name = json_string_value(json_object_get(item, "capability"));
	bool on = json_is_true(json_object_get(item, "state"));

	if (!json_is_object(item))
		return error_set(err, "a capability must be {capability, state}");
	if (qmp_check_args("capability:str state:bool", item, err))
		return -1;
	if (!strcmp(name, "auto-converge")) {
		w->auto_converge = on;
		return 0;
	}
	if (!strcmp(name, "events")) {
		w->events = on;
		return 0;
	}
	if (!strcmp(name, "return-path"))
		return on ? 0 : error_set(err, "Capability 'return-path' is always on");
	for (size_t i = 0; i < ARRAY_SIZE(unsupported); i++)
		if (!strcmp(name, unsupported[i]))
			return on ? error_set(err, "Capability '%s' is not supported", name) : 0;
	return error_set(err, "Parameter 'capability' does not accept value '%.64s'", name);
}

/* All of them, or none if one is wrong. */
void migrate_set_capabilities(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	bool *events = qmp_migration_events(qmp_of(c));
	struct live *l = qmp_live(c);
	struct live_params p;
	struct wishes w;
	size_t i;
	json_t *item;

	live_get_params(l, &p);
	w = (struct wishes){.auto_converge = p.auto_converge, .events = *events};
	if (migrate_under_way(l)) {
		error_set(&result->error, "a migration is under way");
		qmp_fail(result);
		return;
	}
	json_array_foreach(json_object_get(args, "capabilities"), i, item) {
		if (take_capability(&w, item, &result->error)) {
			qmp_fail(result);
			return;
		}
	}
	p.auto_converge = w.auto_converge;
	*events = w.events;
	live_set_params(l, &p);
}

void migrate_query_capabilities(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	struct live_params p;

	live_get_params(qmp_live(c), &p);
	result->value =
	    json_pack("[{s:s,s:b},{s:s,s:b},{s:s,s:b}]", "capability", "auto-converge", "state",
		      p.auto_converge, "capability", "events", "state",
		      *qmp_migration_events(qmp_of(c)), "capability", "return-path", "state", 1);
}
