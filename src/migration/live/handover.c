/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stopped phase. Up to the moment in which GO (or an END that says as much) is handed to the
 * transport the guest is ours, and any fault lets it run on at once. From then on the other side
 * may have started it: it never runs here again by itself.
 */
#include <stdio.h>
#include <stdlib.h>

#include "migration/live/source.h"
#include "migration/state/capture.h"
#include "migration/state/devices.h"
#include "platform/device.h"
#include "platform/vcpu.h"

/*
 * Besides what has to be sent: stopping, and the guest's first steps on the other side, where
 * nothing is decoded and no translation is cached; reading and setting a vcpu's registers.
 */
#define STOP_NS 1.6e6
#define VCPU_NS 0.2e6
/* Bytes of the devices and of a vcpu, about. */
#define DEVICES_BYTES 2048
#define VCPU_BYTES    3072

double source_downtime_ns(const struct source *s)
{
	double bytes = s->n_dirty * s->bytes_per_page + DEVICES_BYTES + s->m->n_vcpus * VCPU_BYTES;
	double rtts = s->rtt_ns * 2e-6 > s->p.downtime_ms / 2 ? 1 : 2;

	bytes += s->table_rate * (live_now_ns() - s->table_ns) / 1e9;
	return STOP_NS + s->m->n_vcpus * VCPU_NS + rtts * s->rtt_ns +
	       (s->bandwidth ? bytes * 1e9 / s->bandwidth : 0);
}

static int send_part(void *opaque, enum capture_part part, u32 instance,
		     const struct state_out *out, struct error *err)
{
	static const u32 types[] = {
	    [CAPTURE_VCPU] = LIVE_VCPU,
	    [CAPTURE_XICS] = LIVE_XICS,
	    [CAPTURE_DEVICES] = LIVE_DEVICES,
	};
	struct source *s = opaque;

	return live_send(s->stream, types[part], out->data, out->len, part == CAPTURE_DEVICES, err);
}

/*
 * Past this the guest is not ours any more; a person who cancelled just before is heard. The
 * destination starts it within half a timeout of its last answer, which came before now, or never
 * (dest.c); what it does between the look at its clock and the guest's first step has the other
 * half.
 */
static int let_go(struct source *s, struct error *err)
{
	bool cancelled;

	s->doubt_until_ns = live_now_ns() + s->p.timeout_ms * 1000000ull;
	lock_acquire(&s->l->lock);
	cancelled = s->l->cancelled;
	s->l->handed_over = !cancelled;
	lock_release(&s->l->lock);
	if (cancelled)
		return error_of(ERROR_CANCELLED, err, "cancelled");
	/* Before the destination wants it; who gets the guest back takes it again. */
	lock_acquire(&s->m->lock);
	machine_leave_devices(s->m);
	lock_release(&s->m->lock);
	return 0;
}

/*
 * What said GO failed to be sent. A channel that failed delivers nothing more, so the record isn't
 * whole on the other side, and never will be: the guest is ours again.
 */
static int take_back(struct source *s)
{
	lock_acquire(&s->l->lock);
	s->l->handed_over = false;
	lock_release(&s->l->lock);
	return -1;
}

static int send_end(struct source *s, bool go, struct error *err)
{
	struct machine *m = s->m;
	struct state_out out = {0};
	struct live_end e = {.n_vcpus = m->n_vcpus, .flags = go ? LIVE_END_GO : 0};
	u64 offset = 0;

	lock_acquire(&m->lock);
	e.rtc_offset = m->rtc_offset;
	lock_release(&m->lock);
	/* Nobody there knows what the debugger wants, so that a person shall say it. */
	if (machine_is_paused(m) || machine_debug_holds(m))
		e.flags |= LIVE_END_PAUSED;
	vcpu_get_reg(&m->vcpus[0], KVM_REG_PPC_TB_OFFSET, &offset);
	e.timebase = s->stop_timebase;
	if (s->clock_known) {
		e.flags |= LIVE_END_CLOCK;
		e.host_timebase = s->clock_delta - offset;
	}
	live_end_pack(&e, &out);
	return live_send_state(s->stream, LIVE_END, &out, err);
}

/* What the destination says next must be @type; @refused: it said that it can't, and won't. */
static int expect(struct source *s, u32 type, bool *refused, struct error *err)
{
	struct live_record rec;
	u64 ns;

	if (live_receive(s->stream, &rec, err))
		return -1;
	if (rec.type == LIVE_RUNNING && type == rec.type && !live_number_unpack(&ns, &rec, err))
		s->stood_still_ns = ns;
	if (rec.type == type)
		return 0;
	*refused = rec.type == LIVE_REFUSED;
	return live_unexpected(&rec, err);
}

/* A part of the standstill is over. */
static void phase(struct source *s, enum live_phase phase)
{
	u64 now = live_now_ns();

	lock_acquire(&s->l->lock);
	s->l->status.phase_ms[phase] = (now - s->phase_ns) / 1e6;
	lock_release(&s->l->lock);
	s->phase_ns = now;
}

/* A file that isn't complete, or not wanted any more, goes: nobody can start from it. */
static int leave_file(struct source *s, struct error *err)
{
	if (channel_flush(s->ch, err) || let_go(s, err))
		return -1;
	return channel_keep(s->ch, err) ? take_back(s) : 0;
}

/* -1 with s->l->handed_over telling whose the guest is. */
static int send_rest(struct source *s, struct error *err)
{
	struct live_status *st = &s->l->status;
	u64 before = channel_written(s->ch), pages = s->n_dirty, entries = 0;
	bool go = s->one_way || s->rtt_ns * 2e-6 > s->p.downtime_ms / 2, refused = false;

	fault_point(s->ch, FAULT_SOURCE_STOPPED);
	if (source_send_memory(s, true, err))
		return -1;
	phase(s, LIVE_PHASE_MEMORY);
	fault_point(s->ch, FAULT_SOURCE_FINAL_MEMORY);
	if (source_send_table(s, true, &entries, err))
		return -1;
	phase(s, LIVE_PHASE_TABLE);
	fault_point(s->ch, FAULT_SOURCE_FINAL_TABLE);
	if (capture_parts(s->m, send_part, s, err))
		return -1;
	fault_point(s->ch, FAULT_SOURCE_FINAL_STATE);
	if ((go && !s->one_way && let_go(s, err)) || send_end(s, go, err))
		return take_back(s);
	phase(s, LIVE_PHASE_STATE);
	fault_point(s->ch, FAULT_SOURCE_END);
	lock_acquire(&s->l->lock);
	st->transferred = channel_written(s->ch);
	st->final_bytes = st->transferred - before;
	st->final_pages = pages;
	st->final_entries = entries;
	lock_release(&s->l->lock);
	if (s->one_way)
		return leave_file(s, err);
	if (!go) {
		if (expect(s, LIVE_READY, &refused, err))
			return -1;
		phase(s, LIVE_PHASE_READY);
		fault_point(s->ch, FAULT_SOURCE_READY);
		if (let_go(s, err) || live_send(s->stream, LIVE_GO, NULL, 0, false, err))
			return take_back(s);
		fault_point(s->ch, FAULT_SOURCE_GO);
	}
	if (expect(s, LIVE_RUNNING, &refused, err)) {
		/* It is certain again: the destination itself says that it won't start. */
		lock_acquire(&s->l->lock);
		s->l->handed_over = !refused;
		lock_release(&s->l->lock);
		return -1;
	}
	phase(s, LIVE_PHASE_RUNNING);
	fault_point(s->ch, FAULT_SOURCE_RUNNING);
	return 0;
}

/* How long the guest stood still: its own clock knows best, where it could go on in real time. */
static void tell_downtime(struct source *s, u64 stop_ns)
{
	u64 ns = s->clock_known && s->stood_still_ns ? s->stood_still_ns : live_now_ns() - stop_ns;

	lock_acquire(&s->l->lock);
	s->l->status.downtime_ms = ns / 1e6;
	lock_release(&s->l->lock);
}

/* Sends the rest of a guest that stands still. */
static int hand_over(struct source *s, u64 stop_ns, struct error *err)
{
	bool was_running;
	int r;

	/* What the guest asked for with its last breath is not in what would be sent. */
	if (machine_hand_over(s->m, &was_running, err))
		return -1;
	if (was_running)
		live_tell(s->l, LIVE_EVENT_STOP);
	live_set_state(s->l, LIVE_DEVICE);
	r = send_rest(s, err);
	tell_downtime(s, stop_ns);
	if (!r) {
		machine_let_go(s->m);
	} else if (s->l->handed_over) {
		machine_doubt(s->m, s->doubt_until_ns);
	} else {
		machine_take_back(s->m);
		if (was_running)
			live_tell(s->l, LIVE_EVENT_RESUME);
	}
	return r;
}

enum handover source_hand_over(struct source *s, struct error *err)
{
	struct machine *m = s->m;
	u64 stop_ns;
	int r;

	stop_ns = s->phase_ns = live_now_ns();
	machine_hold(m);
	s->stop_timebase = capture_timebase(m);
	r = source_collect(s, err);
	/* A table that is new goes over while the guest runs. */
	if (!r && !s->one_way &&
	    (source_table_is_new(s) || source_downtime_ns(s) > s->p.downtime_ms * 1e6)) {
		machine_unhold(m);
		return HANDOVER_TOO_MUCH;
	}
	phase(s, LIVE_PHASE_STOP);
	lock_acquire(&s->l->lock);
	s->l->status.stop_timebase = s->stop_timebase;
	lock_release(&s->l->lock);
	if (!r)
		r = hand_over(s, stop_ns, err);
	machine_unhold(m);
	return r ? HANDOVER_FAILED : HANDOVER_DONE;
}
