/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The receiving side: a machine that stands still until all of a guest has come into it, and the
 * source has let go of it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/htab_record.h"
#include "migration/live/apply.h"
#include "migration/live/internal.h"
#include "migration/state/capture.h"
#include "migration/state/devices.h"
#include "platform/dirtylog.h"
#include "platform/htab.h"
#include "platform/kind.h"
#include "platform/vcpu.h"

struct dest {
	struct live *l;
	struct machine *m;
	struct channel *ch;
	struct live_stream *stream;
	bool one_way;
	unsigned timeout_ms;
	int htab_fd;
	struct live_apply apply;
	struct saved_vcpu *reset; /* what each vcpu is before anything is applied */
	u64 answered_ns;	  /* when the source last heard of us, or later */
	bool started;
};

/* How much of the records one write may hold. */
static size_t in_one_write(const struct accel *a, const u8 *records, size_t bytes)
{
	struct htab_cursor c = {records, bytes, htab_host_order()};
	struct htab_record rec;

	return a->one_record && htab_next(&c, &rec, NULL) ? htab_record_bytes(rec) : bytes;
}

/*
 * The descriptor takes many records at once; where one is bad, those before it, and tells the next
 * time.
 */
static int write_table(void *opaque, const u8 *records, size_t bytes, struct error *err)
{
	struct dest *d = opaque;
	const struct accel *a = d->m->accel;

	while (bytes) {
		ssize_t n = a->write(d->htab_fd, records, in_one_write(a, records, bytes));

		if (n < 0)
			return error_errno(err, "the hash table refuses what came");
		if (!n)
			return error_set(err, "the hash table took but half a record");
		records += n;
		bytes -= n;
	}
	return 0;
}

static int take_order(void *opaque, unsigned order, struct error *err)
{
	struct dest *d = opaque;

	if (machine_allocate_htab(d->m, order) < 0)
		return error_errno(err, "cannot get a hash table of 2^%u bytes, as the guest has",
				   order);
	return 0;
}

/* A clock that goes on while the host sleeps. */
static u64 boot_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (u64)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int answer_number(struct dest *d, u32 type, u64 number, struct error *err)
{
	d->answered_ns = boot_ns();
	return live_send_number(d->stream, type, number, err);
}

static int receive_all(struct dest *d, struct error *err)
{
	struct live_record rec;
	u64 number;

	for (;;) {
		if (live_receive(d->stream, &rec, err))
			return -1;
		if (rec.type == LIVE_VCPU && !d->apply.n_seen)
			fault_point(d->ch, FAULT_DEST_FINAL);
		switch (live_apply_record(&d->apply, &rec, &number, err)) {
		case LIVE_STEP_BAD:
			return -1;
		case LIVE_STEP_PING:
			number = d->m->accel->timebase();
			if (answer_number(d, LIVE_PONG, number, err))
				return -1;
			break;
		case LIVE_STEP_SYNC:
			fault_point(d->ch, FAULT_DEST_SYNC);
			if (answer_number(d, LIVE_ACK, number, err))
				return -1;
			break;
		case LIVE_STEP_END:
			fault_point(d->ch, FAULT_DEST_END);
			return 0;
		default:
			fault_point(d->ch, FAULT_DEST_RECORD);
		}
	}
}

/*
 * Guest time goes on in real time where the clocks could be compared, else from where it stopped;
 * in no case does it go back.
 */
static u64 timebase_offset(const struct dest *d)
{
	const struct live_end *e = &d->apply.end;
	u64 host = d->m->accel->timebase(), now = host - e->host_timebase;

	if (!(e->flags & LIVE_END_CLOCK) || (s64)(now - e->timebase) < 0)
		return e->timebase - host;
	return -e->host_timebase;
}

/* With m->lock held; every vcpu is parked. */
static int fill_machine(struct dest *d, struct error *err)
{
	struct live_apply *a = &d->apply;
	struct state_in in = {.data = a->devices, .len = a->devices_bytes};
	u64 offset = timebase_offset(d);

	d->m->rtc_offset = a->end.rtc_offset;
	if (devices_load(d->m, a->papr, &in, err))
		return -1;
	for (u32 i = 0; i < a->n_vcpus; i++)
		if (apply_vcpu(&d->m->vcpus[i], &a->vcpus[i], &d->reset[i], offset, a->end.timebase,
			       err))
			return -1;
	return a->papr ? apply_xics(d->m, &a->xics, err) : 0;
}

static int wait_go(struct dest *d, struct error *err)
{
	struct live_record rec;

	d->answered_ns = boot_ns();
	if (live_send(d->stream, LIVE_READY, NULL, 0, false, err))
		return -1;
	fault_point(d->ch, FAULT_DEST_READY);
	channel_set_timeout(d->ch, d->timeout_ms / 2);
	if (live_receive(d->stream, &rec, err))
		return -1;
	if (rec.type != LIVE_GO || rec.bytes)
		return live_unexpected(&rec, err);
	fault_point(d->ch, FAULT_DEST_GO);
	return 0;
}

/*
 * For a whole timeout after its last word, which came after it had heard of us, the source takes no
 * person's claim. Started within half of that, the guest runs here before anybody can have it
 * there; later it never is, whatever has kept us: a stopped process, a host that slept.
 */
static int in_time(const struct dest *d, struct error *err)
{
	if (d->one_way || boot_ns() - d->answered_ns <= d->timeout_ms * 500000ull)
		return 0;
	return error_set(err, "the source's word came too late: it may have given up by now");
}

/* How long the guest stood still by its own clock. */
static double stood_still_ms(const struct dest *d)
{
	return (s64)(capture_timebase(d->m) - d->apply.end.timebase) / 512000.0;
}

/* From here on nobody can take the guest back; a person who cancelled just before is heard. */
static int take_over(struct dest *d, struct error *err)
{
	bool cancelled;

	if (in_time(d, err))
		return -1;
	lock_acquire(&d->l->lock);
	cancelled = d->l->cancelled;
	d->l->handed_over = !cancelled;
	d->l->status.downtime_ms = stood_still_ms(d);
	lock_release(&d->l->lock);
	return cancelled ? error_of(ERROR_CANCELLED, err, "cancelled") : 0;
}

static void start_guest(struct dest *d)
{
	bool paused = d->apply.end.flags & LIVE_END_PAUSED;

	machine_wrote_all(d->m);
	machine_arrive(d->m, &paused);
	d->started = true;
	if (!paused)
		live_tell(d->l, LIVE_EVENT_RESUME);
	live_tell(d->l, LIVE_EVENT_ARRIVED);
}

static bool cancelled(struct dest *d)
{
	bool r;

	lock_acquire(&d->l->lock);
	r = d->l->cancelled;
	lock_release(&d->l->lock);
	return r;
}

/* What can be done before the guest stands still. */
static int prepare_machine(struct dest *d, struct error *err)
{
	struct kvm_get_htab_fd args = {.flags = KVM_GET_HTAB_WRITE};
	struct machine *m = d->m;
	int r = 0;

	if (d->apply.papr)
		d->htab_fd = m->accel->ioctl(m->vm_fd, KVM_PPC_GET_HTAB_FD, &args);
	if (d->apply.papr && d->htab_fd < 0)
		return error_errno(err, "cannot get the hash table's descriptor");
	d->reset = calloc(m->n_vcpus, sizeof(*d->reset));
	if (!d->reset)
		return error_nomem(err, "the vcpus' registers");
	lock_acquire(&m->lock);
	for (unsigned i = 0; i < m->n_vcpus && !r; i++) {
		r = prepare_vcpu(&m->vcpus[i], &d->reset[i], err);
		vcpu_warm_up(&m->vcpus[i]);
	}
	lock_release(&m->lock);
	return r;
}

static int take_guest(struct dest *d, struct error *err)
{
	struct machine *m = d->m;
	int r;

	d->answered_ns = boot_ns();
	if (prepare_machine(d, err) || receive_all(d, err))
		return -1;
	live_set_state(d->l, LIVE_DEVICE);
	lock_acquire(&m->lock);
	r = fill_machine(d, err);
	lock_release(&m->lock);
	if (r)
		return -1;
	fault_point(d->ch, FAULT_DEST_APPLIED);
	if (!(d->apply.end.flags & LIVE_END_GO) && wait_go(d, err))
		return -1;
	if (take_over(d, err))
		return -1;
	start_guest(d);
	fault_point(d->ch, FAULT_DEST_STARTED);
	if (d->one_way)
		return 0;
	if (live_send_number(d->stream, LIVE_RUNNING, d->l->status.downtime_ms * 1e6, err))
		return -1;
	fault_point(d->ch, FAULT_DEST_RUNNING);
	return 0;
}

/* Says that the guest did not start here, and never will. */
static void send_refused(struct dest *d, const char *why)
{
	struct state_out out = {0};
	struct error ignored;

	channel_last_word(d->ch);
	live_text_pack(why, &out);
	live_send_state(d->stream, LIVE_REFUSED, &out, &ignored);
}

static int handshake(struct dest *d, struct error *err)
{
	struct live *l = d->l;
	struct arrival *a = l->arrival;

	if (l->own_arrival && arrival_receive(a, NULL, err))
		return -1;
	d->ch = a->ch;
	d->stream = a->stream;
	d->one_way = channel_one_way(a->ch);
	/* Who waited before there was a machine could not be cancelled. */
	channel_set_cancel(d->ch, l->cancel_fd);
	/* Patience is the source's to say. */
	d->timeout_ms = a->hello.timeout_ms;
	if (d->timeout_ms < 100 || d->timeout_ms > 24 * 3600 * 1000)
		d->timeout_ms = 30000;
	channel_set_timeout(d->ch, d->timeout_ms);
	if (live_check_hello(d->m, &a->hello, err)) {
		arrival_refuse(a, err->text);
		d->ch = NULL;
		d->stream = NULL;
		return -1;
	}
	memcpy(d->m->uuid, a->hello.machine.uuid, sizeof(d->m->uuid));
	if (d->one_way)
		return 0;
	if (arrival_answer(d->stream, "", err))
		return -1;
	fault_point(d->ch, FAULT_DEST_ANSWER);
	return 0;
}

static void finish(struct dest *d, int r, const char *why)
{
	struct live *l = d->l;

	if (d->htab_fd >= 0)
		d->m->accel->close(d->htab_fd);
	live_apply_free(&d->apply);
	free(d->reset);
	if (l->arrival)
		arrival_hang_up(l->arrival);
	/* A guest that runs here runs here, whether or not the source has heard of it. */
	if (!r || d->started) {
		live_end(l, LIVE_COMPLETED, r ? why : "");
		return;
	}
	live_end(l, cancelled(d) ? LIVE_CANCELLED : LIVE_FAILED, why);
	machine_fail(d->m, "the guest did not come: %s", why);
}

void *live_dest_main(void *arg)
{
	struct live *l = arg;
	struct machine *m = l->m;
	struct dest d = {
	    .l = l,
	    .m = m,
	    .htab_fd = -1,
	    .apply =
		{
		    .mem = &m->mem,
		    .papr = m->cfg.kind->papr,
		    .table_entries = m->cfg.kind->papr ? 1ull << (m->htab_order - 4) : 0,
		    .table = write_table,
		    .order = take_order,
		    .opaque = &d,
		    .n_vcpus = m->n_vcpus,
		},
	};
	struct error err = {"unknown"};
	int r;

	r = live_apply_init(&d.apply, &err);
	if (!r)
		r = handshake(&d, &err);
	if (!r) {
		live_set_state(l, LIVE_ACTIVE);
		r = take_guest(&d, &err);
		if (r && !d.started && !d.one_way)
			send_refused(&d, err.text);
	}
	finish(&d, r, err.text);
	return NULL;
}
