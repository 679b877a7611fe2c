/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/migrate.h"

#include <unistd.h>

#include "migration/live.h"

static int fail(struct qmp_result *result)
{
	result->error_class = QMP_GENERIC_ERROR;
	return -1;
}

bool migrate_guest_is_here(struct machine *m, enum migrate_claim claim, struct qmp_result *result)
{
	enum machine_place place;

	pthread_mutex_lock(&m->lock);
	place = m->place;
	pthread_mutex_unlock(&m->lock);
	if (place == PLACE_HERE || (place == PLACE_UNCERTAIN && claim >= CLAIM_LOOKED) ||
	    (place == PLACE_GONE && claim == CLAIM_FORCED))
		return true;
	fail(result);
	if (place == PLACE_COMING)
		error_set(&result->error, "the guest has not come yet");
	else if (place == PLACE_LEAVING)
		error_set(&result->error, "the guest is just being handed over");
	else if (place == PLACE_GONE)
		error_set(&result->error,
			  "the guest runs elsewhere now; 'papyr stop' ends this process. Only if "
			  "it is certain that the guest ended there, 'papyr resume --force' lets "
			  "it go on here from where it stopped: else it runs twice");
	else
		error_set(&result->error, "the guest may run elsewhere; look there first, and "
					  "'papyr resume' it here if it doesn't");
	return false;
}

/* fd:NAME with a name that getfd brought is that descriptor. */
static int start(struct qmp_client *c, json_t *args, struct qmp_result *result,
		 int (*fn)(struct live *l, const char *uri, int fd, struct error *err))
{
	const char *uri = json_string_value(json_object_get(args, "uri"));
	int fd = -1;

	if (!uri) {
		error_set(&result->error, "'uri' must say where");
		return fail(result);
	}
	if (!strncmp(uri, "fd:", 3)) {
		fd = qmp_take_fd(c, uri + 3);
		if (fd < 0) {
			error_set(&result->error, "'%.64s' is no descriptor that getfd brought",
				  uri + 3);
			return fail(result);
		}
	}
	if (!fn(qmp_machine(c)->live, uri, fd, &result->error))
		return 0;
	if (fd >= 0)
		close(fd);
	return fail(result);
}

void migrate_start(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	start(c, args, result, live_migrate);
}

void migrate_incoming(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	start(c, args, result, live_incoming);
}

void migrate_cancel(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	if (live_cancel(qmp_machine(c)->live, &result->error))
		fail(result);
}

/* ---- query-migrate ---- */

static json_t *ram(const struct live_status *s)
{
	return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:i,s:I,s:i,s:f,s:I}", "transferred",
			 (json_int_t)s->transferred, "remaining", (json_int_t)s->remaining, "total",
			 (json_int_t)s->total, "duplicate", (json_int_t)s->pages_zero, "normal",
			 (json_int_t)s->pages_sent, "normal-bytes",
			 (json_int_t)s->pages_sent * 4096, "dirty-sync-count", (int)s->pass,
			 "dirty-pages-rate", (json_int_t)s->dirty_rate, "page-size", 4096, "mbps",
			 s->bandwidth * 8 / 1e6, "skipped", (json_int_t)0);
}

static json_t *phases(const struct live_status *s)
{
	const double *ms = s->phase_ms;

	return json_pack("{s:f,s:f,s:f,s:f,s:f,s:f}", "stop", ms[LIVE_PHASE_STOP], "memory",
			 ms[LIVE_PHASE_MEMORY], "table", ms[LIVE_PHASE_TABLE], "state",
			 ms[LIVE_PHASE_STATE], "ready", ms[LIVE_PHASE_READY], "running",
			 ms[LIVE_PHASE_RUNNING]);
}

/* Our own: what QEMU's fields have no word for. Milliseconds there are whole numbers. */
static json_t *details(const struct live_status *s)
{
	return json_pack("{s:i,s:I,s:I,s:I,s:f,s:f,s:f,s:f,s:I,s:I,s:I,s:I}", "pass", (int)s->pass,
			 "dirty-pages", (json_int_t)s->dirty_pages, "table-bytes",
			 (json_int_t)s->table_bytes, "table-entries", (json_int_t)s->table_entries,
			 "bandwidth", s->bandwidth, "downtime-ms", s->downtime_ms,
			 "expected-downtime-ms", s->expected_downtime_ms, "zstd-ratio",
			 s->zstd_ratio, "final-bytes", (json_int_t)s->final_bytes, "final-pages",
			 (json_int_t)s->final_pages, "final-entries", (json_int_t)s->final_entries);
}

void migrate_query(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	struct live_status s;
	json_t *v;

	live_get_status(qmp_machine(c)->live, &s);
	result->value = v = json_object();
	if (s.state == LIVE_NONE)
		return;
	json_object_set_new(v, "status", json_string(live_state_name(s.state)));
	json_object_set_new(v, "total-time", json_integer(s.total_ms));
	if (s.message[0])
		json_object_set_new(v, "error-desc", json_string(s.message));
	if (s.incoming && s.downtime_ms)
		json_object_set_new(v, "x-papyr", json_pack("{s:f}", "downtime-ms", s.downtime_ms));
	if (s.incoming || s.state == LIVE_SETUP)
		return;
	json_object_set_new(v, "setup-time", json_integer(s.setup_ms));
	json_object_set_new(v, "ram", ram(&s));
	json_object_set_new(v, "x-papyr", details(&s));
	if (s.state == LIVE_COMPLETED) {
		json_object_set_new(v, "downtime", json_integer(s.downtime_ms + 0.5));
		json_object_set_new(v, "x-downtime-phases-ms", phases(&s));
	} else
		json_object_set_new(v, "expected-downtime",
				    json_integer(s.expected_downtime_ms + 0.5));
	if (s.throttle)
		json_object_set_new(v, "cpu-throttle-percentage", json_integer(s.throttle));
}

/* ---- Parameters ---- */

static bool take_number(json_t *args, const char *name, double min, double max, double *val,
			struct error *err)
{
	json_t *v = json_object_get(args, name);

	if (!v)
		return true;
	if (!json_is_number(v) || json_number_value(v) < min || json_number_value(v) > max) {
		error_set(err, "'%s' must be a number from %g to %g", name, min, max);
		return false;
	}
	*val = json_number_value(v);
	return true;
}

static bool take_string(json_t *args, const char *name, char *val, size_t size, struct error *err)
{
	json_t *v = json_object_get(args, name);
	const char *s = json_string_value(v);

	if (!v)
		return true;
	if (!s || strlen(s) >= size) {
		error_set(err, "'%s' must be a string of less than %zu characters", name, size);
		return false;
	}
	strcpy(val, s);
	return true;
}

void migrate_set_parameters(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	static const char *const known[] = {
	    "downtime-limit",	"x-downtime-ms",	"max-bandwidth",
	    "max-cpu-throttle", "cpu-throttle-initial", "cpu-throttle-increment",
	    "x-timeout",	"x-compress",		"x-tls-psk",
	    "x-tls-x509",	"tls-hostname",
	};
	struct error *err = &result->error;
	struct live_params p;
	double bandwidth, throttle, initial, increment, timeout;
	const char *key;
	json_t *v;

	live_get_params(qmp_machine(c)->live, &p);
	bandwidth = p.max_bandwidth;
	throttle = p.throttle_max;
	initial = p.throttle_initial;
	increment = p.throttle_increment;
	timeout = p.timeout_ms / 1000.0;
	json_object_foreach(args, key, v)
	{
		size_t i;

		for (i = 0; i < ARRAY_SIZE(known) && strcmp(known[i], key); i++)
			;
		if (i == ARRAY_SIZE(known)) {
			error_set(err, "there is no parameter '%.64s'", key);
			fail(result);
			return;
		}
	}
	if (!take_number(args, "downtime-limit", 0.1, 2000000, &p.downtime_ms, err) ||
	    !take_number(args, "x-downtime-ms", 0.1, 2000000, &p.downtime_ms, err) ||
	    !take_number(args, "max-bandwidth", 0, 1e15, &bandwidth, err) ||
	    !take_number(args, "max-cpu-throttle", 0, 99, &throttle, err) ||
	    !take_number(args, "cpu-throttle-initial", 1, 99, &initial, err) ||
	    !take_number(args, "cpu-throttle-increment", 1, 99, &increment, err) ||
	    !take_number(args, "x-timeout", 0.1, 86400, &timeout, err) ||
	    !take_string(args, "x-tls-psk", p.tls.psk, sizeof(p.tls.psk), err) ||
	    !take_string(args, "x-tls-x509", p.tls.x509, sizeof(p.tls.x509), err) ||
	    !take_string(args, "tls-hostname", p.tls.hostname, sizeof(p.tls.hostname), err)) {
		fail(result);
		return;
	}
	if (json_object_get(args, "x-compress"))
		p.compress = json_is_true(json_object_get(args, "x-compress"));
	p.max_bandwidth = bandwidth;
	p.throttle_max = throttle;
	p.throttle_initial = initial;
	p.throttle_increment = increment;
	p.timeout_ms = timeout * 1000;
	live_set_params(qmp_machine(c)->live, &p);
}

void migrate_query_parameters(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	struct live_params p;

	live_get_params(qmp_machine(c)->live, &p);
	result->value = json_pack(
	    "{s:I,s:f,s:I,s:i,s:i,s:i,s:f,s:b,s:s,s:s,s:s}", "downtime-limit",
	    (json_int_t)(p.downtime_ms + 0.5), "x-downtime-ms", p.downtime_ms, "max-bandwidth",
	    (json_int_t)p.max_bandwidth, "max-cpu-throttle", p.throttle_max, "cpu-throttle-initial",
	    p.throttle_initial, "cpu-throttle-increment", p.throttle_increment, "x-timeout",
	    p.timeout_ms / 1000.0, "x-compress", p.compress, "x-tls-psk", p.tls.psk, "x-tls-x509",
	    p.tls.x509, "tls-hostname", p.tls.hostname);
}

/* ---- Events ---- */

static void on_state(void *opaque, enum live_state state)
{
	qmp_event(opaque, "MIGRATION", json_pack("{s:s}", "status", live_state_name(state)));
}

void migrate_watch(struct qmp *qmp, struct machine *m)
{
	if (m->live)
		live_on_state(m->live, on_state, qmp);
}
