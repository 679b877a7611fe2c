/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Live migration: a running guest to another process, and out of one. docs/migration.md has the
 * stream, the states and what is promised.
 *
 * A struct live stands beside a machine, which knows nothing of it. The work is done by a thread of
 * its own; these functions are for the main thread.
 */
#ifndef PAPYR_MIGRATION_LIVE_H
#define PAPYR_MIGRATION_LIVE_H

#include "migration/channel/channel.h"
#include "migration/state/saved.h"
#include "platform/machine.h"

struct live;

struct live_params {
	double downtime_ms;	     /* how long the guest may stand still */
	u64 max_bandwidth;	     /* bytes a second while it runs; 0: no limit */
	bool auto_converge;	     /* may the vcpus be slowed down? */
	unsigned throttle_max;	     /* percent of the vcpus' time that may be taken then */
	unsigned throttle_initial;   /* the first step */
	unsigned throttle_increment; /* each further one */
	unsigned timeout_ms;	     /* without any progress */
	bool compress;		     /* where it pays */
	struct tls_options tls;
};

/* QEMU's words for them: live_state_name(). */
enum live_state {
	LIVE_NONE,
	LIVE_SETUP,
	LIVE_ACTIVE,
	LIVE_DEVICE, /* the guest stands still */
	LIVE_COMPLETED,
	LIVE_FAILED,
	LIVE_CANCELLING,
	LIVE_CANCELLED,
	LIVE_STATES
};

/* The parts of the time in which the guest stands still, as the source sees it. */
enum live_phase {
	LIVE_PHASE_STOP, /* until every vcpu stood still and all that is dirty was known */
	LIVE_PHASE_MEMORY,
	LIVE_PHASE_TABLE,
	LIVE_PHASE_STATE,   /* vcpus and devices */
	LIVE_PHASE_READY,   /* until the destination had applied everything */
	LIVE_PHASE_RUNNING, /* until it said that the guest runs */
	LIVE_PHASES
};

struct live_status {
	enum live_state state;
	bool incoming;
	char message[512]; /* why it failed, or what a person must know */
	double total_ms, setup_ms;
	double downtime_ms; /* completed: how long the guest stood still, by its own clock */
	double expected_downtime_ms;
	unsigned pass;	   /* of memory and table, from 1 */
	unsigned throttle; /* percent */
	u64 transferred;   /* bytes of the stream */
	u64 total;	   /* bytes of memory */
	u64 remaining;	   /* of them, known to be sent still */
	u64 pages_sent, pages_zero;
	u64 dirty_pages;			     /* found at the beginning of this pass */
	double dirty_rate;			     /* pages a second */
	u64 table_bytes;			     /* all of the table's stream */
	u64 table_entries;			     /* told of in the last pass */
	u64 stop_timebase;			     /* the guest's, when it stood still */
	u64 final_bytes, final_pages, final_entries; /* what was sent while the guest stood still */
	double phase_ms[LIVE_PHASES];
	double bandwidth;  /* bytes a second, measured */
	double zstd_ratio; /* stored to raw; 0: not used */
};

const char *live_state_name(enum live_state state);

struct live *live_new(struct machine *m);
/* Ends what goes on, waiting for its thread. */
void live_free(struct live *l);
/* Told on the main thread of every new state. */
void live_on_state(struct live *l, void (*fn)(void *opaque, enum live_state state), void *opaque);
void live_default_params(struct live_params *p);
void live_get_params(struct live *l, struct live_params *p);
/* Take effect with the next pass; those of the connection with the next migration. */
void live_set_params(struct live *l, const struct live_params *p);
void live_get_status(struct live *l, struct live_status *s);

/* Sends the guest to @uri; @fd is taken over if it is not -1 (fd:NAME). */
int live_migrate(struct live *l, const char *uri, int fd, struct error *err);
/*
 * Gives up: before the handover the guest runs on as if nothing had been; after it, an error.
 * Doesn't wait.
 */
int live_cancel(struct live *l, struct error *err);

/* ---- The receiving end ---- */

/* A guest that wants to come: it was described, nothing else has moved. */
struct arrival;

/*
 * Waits at @uri until a guest wants to come; who is no guest, or shows no right key, is told off
 * by @complain, and another waited for.
 */
struct arrival *arrival_wait(const char *uri, const struct live_params *p,
			     void (*complain)(const char *why), struct error *err);
const struct saved_machine *arrival_machine(const struct arrival *a);
/* The guest's part of a config, which points into @a. -1: a guest that this papyr can't take. */
int arrival_config(const struct arrival *a, struct machine_config *cfg, struct error *err);
/* Tells the source why not. */
void arrival_refuse(struct arrival *a, const char *why);
void arrival_free(struct arrival *a);

/* The machine is to be filled by a migration: nothing runs until then. Before machine_run(). */
void live_expect(struct live *l);
/* The guest comes into the machine; @a stays the caller's, to be freed after the machine. */
int live_receive_guest(struct live *l, struct arrival *a, struct error *err);
/* The same from the beginning, for a machine that was told to live_expect(). */
int live_incoming(struct live *l, const char *uri, int fd, struct error *err);

#endif
