/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sending side of a live migration: what its files share.
 */
#ifndef PAPYR_MIGRATION_LIVE_SOURCE_H
#define PAPYR_MIGRATION_LIVE_SOURCE_H

#include "migration/live/internal.h"
#include "migration/live/throttle.h"
#include "platform/htab.h"

struct source {
	struct live *l;
	struct machine *m;
	bool stands_still; /* throughout */
	struct live_params p;
	struct channel *ch;
	struct live_stream *stream;
	bool one_way;
	struct throttle *throttle;

	/*
	 * Clocks: the destination's is ours + clock_delta ticks, give or take half the round trip.
	 */
	u64 rtt_ns;
	s64 clock_delta;
	bool clock_known;

	u64 pages, words; /* of memory; of the bitmap */
	u64 *dirty;	  /* to be sent */
	u64 n_dirty;
	int htab_fd;
	struct htab_seen htab; /* which table it is of */
	unsigned told_order;   /* which the destination has */
	u8 *table_buf;
	bool table_told; /* a whole first pass */
	unsigned chunk;	 /* numbers the chunks, to try compression now and then */

	/* Measured. */
	double bandwidth;	  /* bytes a second on the wire */
	u64 burst_from, burst_ns; /* since the last pause for the limit: bytes written then; when */
	u64 due_ns;		  /* when the limit allows more than that burst */
	u64 waited_ns;		  /* pauses in this pass */
	u64 n_first;		  /* pages that the first pass looks at */
	u64 n_left_out;		  /* pages of zeroes, on the first pass */
	double bytes_per_page;	  /* on the wire, of a page found dirty */
	double table_rate;	  /* bytes a second that the table changes make */
	double page_rate;	  /* pages a second found dirty */
	u64 collected_ns, table_ns; /* when each was last looked at */
	u64 stood_still_ns;	    /* by the guest's clock, as the destination told */
	u64 phase_ns;		    /* when the present part of the standstill began */
	u64 stop_timebase;	    /* the guest's, when it stood still */
	u64 doubt_until_ns;	    /* handed over: the destination may start it until then */

	unsigned throttled; /* percent */
	u64 best_ns;	    /* lowest estimate so far */
	unsigned fruitless; /* passes since it fell */
	u64 first_done_ns;  /* when the first pass was over */
};

/* ---- send.c: memory and table ---- */

/* Finds what was written since, adding to what is to be sent. */
int source_collect(struct source *s, struct error *err);
/* All that is known dirty; with @final the guest stands still, and no bandwidth limit holds. */
int source_send_memory(struct source *s, bool final, struct error *err);
/*
 * How fast is the link? Some of memory is sent as it is for that, zero or not, and waited for.
 */
int source_measure_link(struct source *s, struct error *err);
/*
 * The table's descriptor, from a first pass on; tells the destination of which order it is. A board
 * has none, and nothing of it is sent.
 */
int source_open_table(struct source *s, struct error *err);
/* Has the guest another table than that? */
bool source_table_is_new(const struct source *s);
/* One pass over what changed; with @final the guest stands still, and that was all. */
int source_send_table(struct source *s, bool final, u64 *entries, struct error *err);
/*
 * Pauses after each @burst bytes at least, so that the migration takes no more of the link than the
 * user allows. Each burst goes at full speed: so the link's own is known, at which the last part
 * will be sent.
 */
int source_keep_limit(struct source *s, u64 burst, struct error *err);
/* Waits until the other side has taken all that was sent. */
int source_sync(struct source *s, struct error *err);

/* ---- handover.c ---- */

enum handover { HANDOVER_DONE, HANDOVER_FAILED, HANDOVER_TOO_MUCH };

/*
 * Stops the guest, sends the rest and hands it over. TOO_MUCH: the guest wrote a lot in the last
 * moment; it runs on, nothing is lost. FAILED: the guest runs on here, or machine_where() says
 * otherwise.
 */
enum handover source_hand_over(struct source *s, struct error *err);
/* How long the guest would stand still if it were stopped now. */
double source_downtime_ns(const struct source *s);

#endif
