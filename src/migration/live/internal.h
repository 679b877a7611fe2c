/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of live migration share.
 */
#ifndef PAPYR_MIGRATION_LIVE_INTERNAL_H
#define PAPYR_MIGRATION_LIVE_INTERNAL_H

#include <pthread.h>

#include "base/lock.h"
#include "migration/channel/fault.h"
#include "migration/live/live.h"
#include "migration/live/protocol.h"
#include "platform/events.h"

struct arrival {
	struct live_params params;
	struct listener *listener;
	struct channel *ch;
	struct live_stream *stream;
	struct live_hello hello;
};

#define LIVE_EVENTS_MAX 32

struct live {
	struct machine *m;
	struct machine_observer observer;
	int cancel_fd; /* eventfd: readable from cancellation on */
	int event_fd;  /* eventfd: the main thread has something to do */
	pthread_t thread;
	bool has_thread; /* main thread's */
	bool expecting;	 /* main thread's: the machine waits for a guest */
	void (*on_state)(void *opaque, enum live_state state);
	void *on_state_opaque;

	/* The thread's own, set before it starts. */
	char *uri;
	int fd;
	struct arrival *arrival;
	bool own_arrival;

	struct lock lock; /* guards all below */
	struct live_params params;
	struct live_status status;
	u64 begin_ns;
	bool cancelled;	  /* by a person or the guest's end */
	bool handed_over; /* the other side may have started the guest: no cancelling any more */
	char cancel_why[128];
	bool done; /* the thread is at its end */
	struct live_event {
		enum {
			LIVE_EVENT_STATE,
			LIVE_EVENT_STOP,
			LIVE_EVENT_RESUME,
			LIVE_EVENT_ARRIVED
		} what;
		enum live_state state;
	} events[LIVE_EVENTS_MAX];
	unsigned n_events;
};

u64 live_now_ns(void);
/* Any thread: the main one is to know. */
void live_tell(struct live *l, int what);
void live_set_state(struct live *l, enum live_state state);
/* The last state, with its reason if there is one. */
void live_end(struct live *l, enum live_state state, const char *why);
struct channel_options live_channel_options(struct live *l, const struct live_params *p);

void *live_source_main(void *live);
void *live_dest_main(void *live);

/* Nobody has come yet. NULL: nothing can be waited for there. @l is who can cancel it, or NULL. */
struct arrival *arrival_listen(const char *uri, struct live *l, const struct live_params *p,
			       struct error *err);
/* Tells the source why the guest isn't taken; "": it is. */
int arrival_answer(struct live_stream *stream, const char *why, struct error *err);
void arrival_hang_up(struct arrival *a);
/* Waits as arrival_wait() does. */
int arrival_receive(struct arrival *a, void (*complain)(const char *why), struct error *err);

/* Can the machine take what @h describes? */
int live_check_hello(const struct machine *m, const struct live_hello *h, struct error *err);

#endif
