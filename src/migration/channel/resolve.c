/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses of names. The C library asks name servers for as long as it likes: so a thread does it,
 * which is left to itself when it takes too long.
 */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "migration/channel/internal.h"
#include "platform/thread.h"

struct lookup {
	char host[256];
	char port[8];
	struct addrinfo hints;
	struct addrinfo *list;
	int error;	  /* of getaddrinfo() */
	int done_fd;	  /* eventfd: list and error are there */
	atomic_int users; /* the last one frees it */
};

static void put(struct lookup *k)
{
	if (atomic_fetch_sub(&k->users, 1) > 1)
		return;
	if (k->list)
		freeaddrinfo(k->list);
	close(k->done_fd);
	free(k);
}

static int look_up(struct lookup *k)
{
	k->error = getaddrinfo(k->host[0] ? k->host : NULL, k->port, &k->hints, &k->list);
	if (k->error)
		k->list = NULL;
	return k->error;
}

static void *look_up_main(void *arg)
{
	struct lookup *k = arg;
	u64 one = 1;

	look_up(k);
	while (write(k->done_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	put(k);
	return NULL;
}

static int wait_for(struct lookup *k, int cancel_fd, u64 until_ms, struct error *err)
{
	pthread_t thread;
	u64 done;
	int r;

	atomic_store(&k->users, 2);
	if (thread_start(&thread, look_up_main, k)) {
		put(k);
		return error_set(err, "cannot start a thread that looks for %s", k->host);
	}
	pthread_detach(thread);
	r = channel_poll(k->done_fd, POLLIN, cancel_fd, until_ms, err);
	/* What the thread wrote before is seen from here on. */
	if (r > 0 && read(k->done_fd, &done, sizeof(done)) < 0)
		return error_errno(err, "looking a host up");
	if (!r)
		error_of(ERROR_TIMEOUT, err, "there is no answer yet to where %s is", k->host);
	return r > 0 ? 0 : -1;
}

struct addrinfo *channel_resolve(const char *host, const char *port, bool passive, int cancel_fd,
				 u64 until_ms, struct error *err)
{
	struct lookup *k = calloc(1, sizeof(*k));
	struct addrinfo *list = NULL;
	int flags = AI_NUMERICSERV | (passive ? AI_PASSIVE : 0);

	if (!k) {
		error_nomem(err, "looking a host up");
		return NULL;
	}
	k->users = 1;
	k->done_fd = eventfd(0, EFD_CLOEXEC);
	snprintf(k->host, sizeof(k->host), "%s", host);
	snprintf(k->port, sizeof(k->port), "%s", port);
	k->hints.ai_socktype = SOCK_STREAM;
	/* Numbers need nobody to be asked. */
	k->hints.ai_flags = flags | AI_NUMERICHOST;
	if (look_up(k) == EAI_NONAME) {
		k->hints.ai_flags = flags;
		if (wait_for(k, cancel_fd, until_ms, err))
			goto out;
	}
	list = k->list;
	k->list = NULL;
	if (!list)
		error_of(k->error == EAI_MEMORY ? ERROR_NOMEM : ERROR_FAILED, err,
			 "there is no address for %s: %s", host, gai_strerror(k->error));
out:
	put(k);
	return list;
}
