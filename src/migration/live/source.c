/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sending side: connects, describes the guest, and sends memory and table in passes until what
 * has changed since the last one is little enough for the guest to be stopped.
 */
#include "migration/live/source.h"

#include <stdio.h>
#include <stdlib.h>

#include "migration/state/capture.h"
#include "migration/state/devices.h"
#include "platform/dirtylog.h"
#include "platform/kind.h"
#include "platform/state.h"

#define PINGS 8
/* What is not measured yet: a link's speed, and a page's bytes. */
#define BANDWIDTH_GUESS	 (50e6)
#define PAGE_BYTES_GUESS (GUEST_PAGE + 8.0)
/* Enough bytes to tell a link's speed by. */
#define MEASURE_BYTES (128u << 10)
/* Memory of which less than this part isn't zero. */
#define SPARSE 8
/*
 * When does it not converge? The estimated downtime has not fallen for so many passes, and so long;
 * some passes without progress ask for the next step of throttling.
 */
#define FRUITLESS_PASSES 30
#define FRUITLESS_NS	 10000000000ull
#define THROTTLE_PASSES	 4
/* More than what may be on its way to us. */
#define LAST_RECORDS 16
/* How long a guest that was slowed down runs before it is stopped. */
#define BREATH_NS 1000000

/* ---- Getting to know each other ---- */

static int send_hello(struct source *s, struct error *err)
{
	struct live_hello *h = calloc(1, sizeof(*h));
	struct state_out out = {0};

	if (!h)
		return error_nomem(err, "the description of the guest");
	h->version = LIVE_VERSION;
	h->flags = s->one_way ? LIVE_HELLO_ONE_WAY : 0;
	h->capabilities = LIVE_CAPS;
	h->timeout_ms = s->p.timeout_ms;
	h->core_stride = s->m->smt;
	capture_machine(s->m, &h->machine);
	s->told_order = h->machine.htab_order;
	h->n_devices = devices_count(s->m->cfg.kind->papr);
	for (u32 i = 0; i < h->n_devices && i < LIVE_DEVICES_MAX; i++)
		snprintf(h->devices[i].name, sizeof(h->devices[i].name), "%s",
			 devices_name(s->m->cfg.kind->papr, i, &h->devices[i].version));
	live_hello_pack(h, &out);
	free(h);
	return live_send_state(s->stream, LIVE_HELLO, &out, err);
}

static int receive_answer(struct source *s, struct error *err)
{
	struct live_record rec;
	char text[256];

	if (live_receive(s->stream, &rec, err))
		return -1;
	if (rec.type != LIVE_ANSWER)
		return live_unexpected(&rec, err);
	if (live_text_unpack(text, &rec, err))
		return -1;
	return text[0] ? error_set(err, "the destination can't take the guest: %s", text) : 0;
}

/*
 * How far apart the clocks are: by the ping that came back soonest. Within its round trip the two
 * may as well be one clock; then they are taken as that, and the guest's time doesn't move at all.
 */
static int compare_clocks(struct source *s, struct error *err)
{
	u64 best = ~0ull, ticks_rtt = 0;

	for (unsigned i = 0; i < PINGS; i++) {
		u64 begin_ns = live_now_ns(), begin = s->m->accel->timebase(), end, theirs;
		struct live_record rec;

		if (live_send_number(s->stream, LIVE_PING, i, err) ||
		    live_receive(s->stream, &rec, err))
			return -1;
		if (rec.type != LIVE_PONG)
			return live_unexpected(&rec, err);
		end = s->m->accel->timebase();
		if (live_number_unpack(&theirs, &rec, err))
			return -1;
		if (live_now_ns() - begin_ns >= best)
			continue;
		best = live_now_ns() - begin_ns;
		ticks_rtt = end - begin;
		s->clock_delta = theirs - (begin + ticks_rtt / 2);
	}
	if (s->clock_delta <= (s64)ticks_rtt && s->clock_delta >= -(s64)ticks_rtt)
		s->clock_delta = 0;
	s->rtt_ns = best;
	s->clock_known = true;
	return 0;
}

static int handshake(struct source *s, struct error *err)
{
	struct channel_options opts = live_channel_options(s->l, &s->p);

	s->ch = channel_connect(s->l->uri, &opts, err);
	if (!s->ch)
		return -1;
	fault_point(s->ch, FAULT_SOURCE_CONNECTED);
	s->one_way = channel_one_way(s->ch);
	s->stream = live_stream_new(s->ch, err);
	if (!s->stream || send_hello(s, err))
		return -1;
	fault_point(s->ch, FAULT_SOURCE_HELLO);
	if (s->one_way)
		return 0;
	if (receive_answer(s, err))
		return -1;
	fault_point(s->ch, FAULT_SOURCE_ANSWER);
	return compare_clocks(s, err);
}

/* ---- Passes ---- */

/*
 * Where writes may go unnoticed the guest must not write. That takes long: it is for the user to
 * say.
 */
static int stand_still(struct source *s, struct error *err)
{
	machine_hold(s->m);
	s->stands_still = true;
	if (machine_is_paused(s->m))
		return 0;
	return error_set(err,
			 "this kernel's KVM, on a POWER8, doesn't record all that a running guest "
			 "writes: 'papyr pause' it, migrate, and 'papyr resume' it there");
}

static int begin(struct source *s, struct error *err)
{
	if (!machine_log_is_whole(s->m) && stand_still(s, err))
		return -1;
	if (machine_log_writes(s->m, true, err))
		return -1;
	if (source_open_table(s, err))
		return -1;
	s->pages = s->m->mem.bytes >> GUEST_PAGE_SHIFT;
	s->words = s->pages / 64 + 1;
	s->dirty = calloc(s->words, sizeof(u64));
	s->table_buf = malloc(4 + (256u << 10));
	if (!s->dirty || !s->table_buf)
		return error_nomem(err, "what was written and what is read of the guest");
	/* None comes or goes while writes are recorded. */
	for (u64 page = 0; page < s->pages; page++)
		if (!guest_is_absent(&s->m->mem, page << GUEST_PAGE_SHIFT)) {
			s->dirty[page / 64] |= 1ull << (page % 64);
			s->n_dirty++;
		}
	s->n_first = s->n_dirty;
	s->collected_ns = s->table_ns = live_now_ns();
	s->bandwidth = BANDWIDTH_GUESS;
	s->bytes_per_page = PAGE_BYTES_GUESS;
	s->best_ns = ~0ull;
	return 0;
}

/* Parameters that may change on the way. */
static void refresh_params(struct source *s)
{
	struct live_params p;

	live_get_params(s->l, &p);
	s->p.downtime_ms = p.downtime_ms;
	s->p.max_bandwidth = p.max_bandwidth;
	s->p.auto_converge = p.auto_converge;
	s->p.throttle_max = p.throttle_max;
	s->p.throttle_initial = p.throttle_initial;
	s->p.throttle_increment = p.throttle_increment;
}

/*
 * The first pass looks at all of memory. Where most is sent it shows what the link can do at least;
 * where most is zero, how long that takes to see.
 */
static int learn_bandwidth(struct source *s, u64 bytes, u64 ns, struct error *err)
{
	if (!s->one_way && s->n_first - s->n_left_out < s->n_first / SPARSE)
		return source_measure_link(s, err);
	if (bytes >= MEASURE_BYTES && ns)
		s->bandwidth = bytes * 1e9 / ns;
	return 0;
}

static int send_pass(struct source *s, struct error *err)
{
	u64 begin_ns, before, bytes, ns, entries;
	bool first = !s->first_done_ns;

	lock_acquire(&s->l->lock);
	s->l->status.pass++;
	s->l->status.dirty_pages = s->n_dirty;
	lock_release(&s->l->lock);
	fault_point(s->ch, first ? FAULT_SOURCE_FIRST_PASS : FAULT_SOURCE_PASS);
	if (source_keep_limit(s, 1, err))
		return -1;
	s->waited_ns = 0;
	begin_ns = live_now_ns();
	before = channel_written(s->ch);
	if (source_send_table(s, false, &entries, err) || source_send_memory(s, false, err) ||
	    source_sync(s, err))
		return -1;
	ns = live_now_ns() - begin_ns - s->waited_ns;
	bytes = channel_written(s->ch) - before;
	if (first) {
		s->first_done_ns = live_now_ns();
		return learn_bandwidth(s, bytes, ns, err);
	}
	if (bytes >= MEASURE_BYTES && ns)
		s->bandwidth += 0.5 * (bytes * 1e9 / ns - s->bandwidth);
	return 0;
}

static void show(struct source *s, double downtime_ns)
{
	const struct live_zstd *z = live_zstd(s->stream);
	struct live_status *st = &s->l->status;

	lock_acquire(&s->l->lock);
	st->expected_downtime_ms = downtime_ns / 1e6;
	st->remaining = s->n_dirty * GUEST_PAGE;
	st->dirty_rate = s->page_rate;
	st->bandwidth = s->bandwidth;
	st->throttle = s->throttled;
	st->zstd_ratio = z->raw ? (double)z->stored / z->raw : 0;
	st->transferred = channel_written(s->ch);
	lock_release(&s->l->lock);
}

/* The next step of slowing the guest down, as far as the user allows. False: no more to be had. */
static bool throttle_more(struct source *s)
{
	unsigned next =
	    s->throttled ? s->throttled + s->p.throttle_increment : s->p.throttle_initial;

	if (next > s->p.throttle_max)
		next = s->p.throttle_max;
	if (!s->p.auto_converge || next <= s->throttled)
		return false;
	if (!s->throttle && !(s->throttle = throttle_new(s->m)))
		return false;
	s->throttled = next;
	throttle_set(s->throttle, next);
	return true;
}

/* Is there progress? -1: it won't converge. */
static int check_convergence(struct source *s, double downtime_ns, struct error *err)
{
	if (downtime_ns < s->best_ns * 0.95) {
		s->best_ns = downtime_ns;
		s->fruitless = 0;
		return 0;
	}
	s->fruitless++;
	if (s->fruitless >= THROTTLE_PASSES && throttle_more(s)) {
		s->fruitless = 0;
		s->best_ns = ~0ull;
		return 0;
	}
	if (s->fruitless < FRUITLESS_PASSES || live_now_ns() - s->first_done_ns < FRUITLESS_NS)
		return 0;
	return error_set(err,
			 "it won't converge: the guest changes %.1f MB/s and the link carries %.1f "
			 "MB/s, so it would stand still for %.1f ms instead of %g. Allow more "
			 "(--downtime-ms)%s",
			 (s->page_rate * s->bytes_per_page + s->table_rate) / 1e6,
			 s->bandwidth / 1e6, downtime_ns / 1e6, s->p.downtime_ms,
			 s->throttled ? "" : ", or slow the guest down (--throttle)");
}

/*
 * It may just be resting, for its slowness' sake: that and the standstill would be one for it.
 */
static void unthrottle_before_stop(struct source *s)
{
	const struct timespec breath = {.tv_nsec = BREATH_NS};

	throttle_set(s->throttle, 0);
	nanosleep(&breath, NULL);
}

/*
 * Passes until what is left fits. A file has no clock that it must beat: one pass while the guest
 * runs, then the rest.
 */
static int converge(struct source *s, struct error *err)
{
	for (;;) {
		double downtime_ns;

		refresh_params(s);
		if (send_pass(s, err) || source_collect(s, err))
			return -1;
		downtime_ns = source_downtime_ns(s);
		show(s, downtime_ns);
		if (s->one_way || downtime_ns <= s->p.downtime_ms * 1e6) {
			enum handover h;

			if (s->throttle)
				unthrottle_before_stop(s);
			h = source_hand_over(s, err);
			if (h != HANDOVER_TOO_MUCH)
				return h == HANDOVER_DONE ? 0 : -1;
			if (s->throttle)
				throttle_set(s->throttle, s->throttled);
		}
		if (check_convergence(s, downtime_ns, err))
			return -1;
	}
}

/* ---- The thread ---- */

/*
 * Who hangs up has often said why, which tells more than that the connection is broken.
 */
static void receive_reason(struct source *s, struct error *err)
{
	struct live_record rec;
	struct error ignored;
	bool cancelled;

	lock_acquire(&s->l->lock);
	cancelled = s->l->cancelled;
	lock_release(&s->l->lock);
	if (cancelled || !s->stream || s->one_way || !channel_is_broken(s->ch))
		return;
	channel_last_word(s->ch);
	for (unsigned i = 0; i < LAST_RECORDS && !live_receive(s->stream, &rec, &ignored); i++)
		if (rec.type == LIVE_REFUSED) {
			live_unexpected(&rec, err);
			return;
		}
}

static void finish(struct source *s)
{
	struct error ignored;

	throttle_free(s->throttle);
	if (s->htab_fd >= 0)
		s->m->accel->close(s->htab_fd);
	if (s->m->written)
		machine_log_writes(s->m, false, &ignored);
	live_stream_free(s->stream);
	channel_close(s->ch);
	free(s->dirty);
	free(s->table_buf);
	if (s->stands_still)
		machine_unhold(s->m);
}

static void say_uncertain(char *text, size_t bytes, const char *why, u32 seconds)
{
	if (seconds)
		snprintf(text, bytes,
			 "%.200s. The destination may have started the guest, or may still do so "
			 "within %u s, so it stands still here: look there when they are over, and "
			 "only if it hasn't come there, 'papyr resume' it; before that 'papyr "
			 "resume --force' does, for who is certain that the destination is dead",
			 why, seconds);
	else
		snprintf(text, bytes,
			 "%.250s. The destination may have started the guest, so it stands still "
			 "here: look there, and only if it hasn't come there, 'papyr resume' it",
			 why);
}

static void fail(struct source *s, const char *why)
{
	struct live *l = s->l;
	bool cancelled, uncertain;
	char text[512];

	lock_acquire(&l->lock);
	cancelled = l->cancelled;
	uncertain = l->handed_over;
	snprintf(text, sizeof(text), "%.400s", cancelled ? l->cancel_why : why);
	lock_release(&l->lock);
	if (uncertain)
		say_uncertain(text, sizeof(text), why, machine_claim_seconds(l->m));
	live_end(l, cancelled && !uncertain ? LIVE_CANCELLED : LIVE_FAILED, text);
}

void *live_source_main(void *arg)
{
	struct live *l = arg;
	struct source s = {.l = l, .m = l->m, .htab_fd = -1};
	struct error err = {"unknown"};
	int r;

	live_get_params(l, &s.p);
	r = handshake(&s, &err);
	if (!r) {
		lock_acquire(&l->lock);
		l->status.setup_ms = (live_now_ns() - l->begin_ns) / 1e6;
		lock_release(&l->lock);
		live_set_state(l, LIVE_ACTIVE);
		r = begin(&s, &err);
	}
	if (!r)
		r = converge(&s, &err);
	if (r)
		receive_reason(&s, &err);
	finish(&s);
	if (r)
		fail(&s, err.text);
	else
		live_end(l, LIVE_COMPLETED, "");
	return NULL;
}
