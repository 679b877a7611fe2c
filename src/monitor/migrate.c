/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/migrate.h"

#include <unistd.h>

#include "migration/live/live.h"

bool migrate_under_way(struct live *live)
{
	struct live_status s;

	live_get_status(live, &s);
	return !s.incoming && (s.state == LIVE_SETUP || s.state == LIVE_ACTIVE ||
			       s.state == LIVE_DEVICE || s.state == LIVE_CANCELLING);
}

static void fail_uncertain(u32 seconds, struct error *err)
{
	if (seconds)
		error_set(
		    err,
		    "the guest may run elsewhere, or still start there within %u s: look "
		    "there when they are over, and 'papyr resume' it here if it hasn't come "
		    "there. Before that 'papyr resume --force' has it go on here, only for who "
		    "is certain that the other side is dead: else it runs twice",
		    seconds);
	else
		error_set(err, "the guest may run elsewhere; look there first, and 'papyr resume' "
			       "it here if it hasn't come there");
}

bool migrate_claim_guest(struct machine *m, enum machine_move how, struct qmp_result *result)
{
	enum machine_place place = machine_claim(m, how);

	if (place == PLACE_HERE)
		return true;
	qmp_fail(result);
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
		fail_uncertain(machine_claim_seconds(m), &result->error);
	return false;
}

/* fd:NAME with a name that getfd brought is that descriptor. */
static int start(struct qmp_client *c, json_t *args, struct qmp_result *result,
		 int (*fn)(struct live *l, const char *uri, int fd, struct error *err))
{
	const char *uri = json_string_value(json_object_get(args, "uri"));
	int fd = -1;

	if (!strncmp(uri, "fd:", 3)) {
		fd = qmp_take_fd(c, uri + 3);
		if (fd < 0) {
			error_set(&result->error, "'%.64s' is no descriptor that getfd brought",
				  uri + 3);
			return qmp_fail(result);
		}
	}
	if (!fn(qmp_live(c), uri, fd, &result->error))
		return 0;
	if (fd >= 0)
		close(fd);
	return qmp_fail(result);
}

/* QEMU's clients may say that they don't want what we haven't got. */
static bool wants_too_much(json_t *args, struct error *err)
{
	static const struct {
		const char *name, *why;
	} wishes[] = {
	    {"blk", "there are no disks to be moved"},
	    {"inc", "there are no disks to be moved"},
	    {"resume", "a migration that broke off begins anew"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(wishes); i++)
		if (json_is_true(json_object_get(args, wishes[i].name)))
			return error_set(err, "Parameter '%s' can't be true: %s", wishes[i].name,
					 wishes[i].why);
	return false;
}

void migrate_start(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	if (wants_too_much(args, &result->error)) {
		qmp_fail(result);
		return;
	}
	start(c, args, result, live_migrate);
}

void migrate_incoming(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	start(c, args, result, live_incoming);
}

void migrate_cancel(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	if (live_cancel(qmp_live(c), &result->error))
		qmp_fail(result);
}

/* ---- query-migrate ---- */

/* Fields of QEMU's that say nothing here are there too: some clients can't do without. */
static json_t *ram(const struct live_status *s)
{
	static const char *const nothing[] = {
	    "skipped",	     "postcopy-requests",	    "postcopy-bytes",
	    "multifd-bytes", "dirty-sync-missed-zero-copy",
	};
	u64 pages = s->pages_sent + s->pages_zero, left = s->remaining;
	double seconds = (s->total_ms - s->setup_ms) / 1000;
	json_t *v;

	if (s->state == LIVE_COMPLETED)
		left = 0;
	v = json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:i,s:I,s:i,s:f,s:I,s:I}", "transferred",
		      (json_int_t)s->transferred, "remaining", (json_int_t)left, "total",
		      (json_int_t)s->total, "duplicate", (json_int_t)s->pages_zero, "normal",
		      (json_int_t)s->pages_sent, "normal-bytes", (json_int_t)s->pages_sent * 4096,
		      "dirty-sync-count", (int)s->pass, "dirty-pages-rate",
		      (json_int_t)s->dirty_rate, "page-size", 4096, "mbps", s->bandwidth * 8 / 1e6,
		      "pages-per-second", (json_int_t)(seconds > 0 ? pages / seconds : 0),
		      "downtime-bytes", (json_int_t)s->final_bytes);
	for (size_t i = 0; i < ARRAY_SIZE(nothing); i++)
		json_object_set_new(v, nothing[i], json_integer(0));
	json_object_set_new(v, "precopy-bytes", json_integer(s->transferred - s->final_bytes));
	return v;
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
			 (json_int_t)s->final_pages, "final-entries", (json_int_t)s->final_entries,
			 "stop-timebase", (json_int_t)s->stop_timebase);
}

void migrate_query(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	struct live_status s;
	json_t *v;

	live_get_status(qmp_live(c), &s);
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

/* ---- Events ---- */

static void on_state(void *opaque, enum live_state state)
{
	struct qmp *qmp = opaque;

	if (*qmp_migration_events(qmp))
		qmp_event(qmp, "MIGRATION", json_pack("{s:s}", "status", live_state_name(state)));
}

void migrate_watch(struct qmp *qmp, struct live *live)
{
	live_on_state(live, on_state, qmp);
}
