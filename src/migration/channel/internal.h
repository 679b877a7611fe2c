/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the transports share.
 */
#ifndef PAPYR_MIGRATION_CHANNEL_IO_H
#define PAPYR_MIGRATION_CHANNEL_IO_H

#include <sys/types.h>

#include "migration/channel/channel.h"

struct channel_tls;

struct channel {
	int fd;
	pid_t child; /* of exec:, 0: none */
	bool one_way;
	bool server;
	bool is_socket;
	bool stalled; /* by fault_point() */
	bool broken;  /* a write failed: nothing more may get out */
	bool heard;   /* something came from the other side */
	int cancel_fd;
	unsigned timeout_ms;
	u64 meet_by_ms; /* until the other side has said who it is; 0: no such limit */
	u64 written;
	char *temp, *path; /* of a file that has no name yet, and shall have this; or */
	off_t cut_to;	   /* how long a file was that isn't ours to remove; -1: no such */
	struct channel_tls *tls;
};

#define NEVER_MS (~0ull)

u64 channel_now_ms(void);
/* Waits for poll()'s @events: 1; 0 at the time @until_ms; -1 if cancelled. */
int channel_poll(int fd, short events, int cancel_fd, u64 until_ms, struct error *err);
/* Waits for poll()'s @events; fails on timeout and cancellation. */
int channel_wait(struct channel *ch, short events, struct error *err);

/* ---- resolve.c ---- */

struct addrinfo;

/* Addresses for freeaddrinfo(), or NULL. */
struct addrinfo *channel_resolve(const char *host, const char *port, bool passive, int cancel_fd,
				 u64 until_ms, struct error *err);

/* ---- tls.c ---- */

/* Are the files of keys and certificates as they should be? */
int channel_tls_check(const struct tls_options *opts, bool server, struct error *err);
/* Shakes hands; @host is who the client wants to talk to. */
int channel_tls_start(struct channel *ch, const struct tls_options *opts, bool server,
		      const char *host, struct error *err);
/* As send() and recv(): -1 with errno EAGAIN, or with @err set. */
ssize_t channel_tls_send(struct channel *ch, const void *data, size_t bytes, struct error *err);
ssize_t channel_tls_recv(struct channel *ch, void *buf, size_t bytes, struct error *err);
void channel_tls_end(struct channel *ch);

static inline bool tls_wanted(const struct tls_options *opts)
{
	return opts && (opts->psk[0] || opts->x509[0]);
}

#endif
