/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transports: bytes to another process and back, over whatever a URI names:
 *
 *	tcp:HOST:PORT    a connection ([HOST] for an IPv6 address)
 *	unix:PATH        a socket in the file system
 *	fd:N             a descriptor that is open already: a socket, or a regular file
 *	exec:COMMAND     standard input and output of 'sh -c COMMAND'
 *	file:PATH        a regular file: one way only
 *
 * Between two processes nothing hangs: a transfer that makes no progress for the timeout fails, and
 * so does every one as soon as the cancelling descriptor is readable. A file takes as long as its
 * disk does.
 */
#ifndef PAPYR_MIGRATION_CHANNEL_H
#define PAPYR_MIGRATION_CHANNEL_H

#include <sys/types.h>

#include "base/bits.h"
#include "platform/error.h"

struct channel;
struct listener;

/* Who the other side must be. Both empty: no TLS. */
struct tls_options {
	char psk[4096];	    /* file of NAME:HEXKEY lines */
	char x509[4096];    /* folder with ca-cert.pem, server- and client-cert.pem, -key.pem */
	char hostname[256]; /* what the server's certificate must say; empty: the URI's host */
};

struct channel_options {
	unsigned timeout_ms;
	int cancel_fd; /* -1: none */
	int fd;	       /* for fd:NAME with a name that isn't a number; is taken over */
	const struct tls_options *tls; /* or NULL */
};

/* Is this a URI that we know? */
int channel_check_uri(const char *uri, struct error *err);

/* The sending end. */
struct channel *channel_connect(const char *uri, const struct channel_options *opts,
				struct error *err);
/* The receiving end; fd:, exec: and file: have but one connection. */
struct listener *channel_listen(const char *uri, const struct channel_options *opts,
				struct error *err);
/* May anybody connect again when this connection came to nothing? */
bool listener_lasts(const struct listener *l);
/*
 * Waits as long as it takes for somebody to come, that is for the first byte of his: only the
 * cancelling descriptor ends it. Who comes and goes without a byte is passed over, where others may
 * come.
 */
struct channel *channel_accept(struct listener *l, struct error *err);
/* Removes what listening made in the file system. */
void listener_close(struct listener *l);

/*
 * A channel on a connected socket, or on a regular file; takes over @fd. NULL: there is no memory
 * for it, and @fd is closed.
 */
struct channel *channel_from_fd(int fd, const struct channel_options *opts);
/*
 * What a command of exec: left behind goes with it: its process group has a second to end by
 * itself, and another after SIGTERM. A file that was not kept is removed.
 */
void channel_close(struct channel *ch);
/* Nothing comes back from a file. */
bool channel_one_way(const struct channel *ch);
/* All of @bytes; or -1, and whatever of them got out, the last one never will. */
int channel_write(struct channel *ch, const void *data, size_t bytes, struct error *err);
int channel_read(struct channel *ch, void *buf, size_t bytes, struct error *err);
/* A write failed: nothing more gets out. Something may still come in. */
bool channel_is_broken(const struct channel *ch);
/* Everything written to a file is on the disk. It still goes if it isn't kept. */
int channel_flush(struct channel *ch, struct error *err);
/* The file is complete: it gets its name. -1: it could not, and is nobody's. */
int channel_keep(struct channel *ch, struct error *err);
/* From now on @fd, when readable, ends all transfers; -1: nothing does. */
void channel_set_cancel(struct channel *ch, int fd);
/* What is said from now on is said in spite of cancellation, within a second or not at all. */
void channel_last_word(struct channel *ch);
/*
 * How long to wait without progress from now on. Before it is said, who connected to a listener
 * has ten seconds in all to say who he is: others may be waiting behind him.
 */
void channel_set_timeout(struct channel *ch, unsigned timeout_ms);
u64 channel_written(const struct channel *ch);

/* ---- Commands, which exec: starts ---- */

/* Both the command's standard input and output are one end of a pair of sockets; the other one. */
int channel_spawn(const char *command, pid_t *child, struct error *err);
/* Is it the command that ended? @err tells how. */
bool channel_command_ended(pid_t child, struct error *err);
/* Ends it, with all that it started and that has no session of its own. */
void channel_end_command(pid_t child);

#endif
