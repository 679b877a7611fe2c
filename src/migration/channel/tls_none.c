/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In the place of tls.c where there is no GnuTLS: who wants TLS is told so, and never gets
 * a connection without it.
 */
#include <errno.h>

#include "migration/channel/internal.h"

static int refuse(struct error *err)
{
	return error_set(err, "this papyr was built without TLS");
}

int channel_tls_check(const struct tls_options *opts, bool server, struct error *err)
{
	return refuse(err);
}

int channel_tls_start(struct channel *ch, const struct tls_options *opts, bool server,
		      const char *host, struct error *err)
{
	return refuse(err);
}

ssize_t channel_tls_send(struct channel *ch, const void *data, size_t bytes, struct error *err)
{
	errno = EIO;
	return refuse(err);
}

ssize_t channel_tls_recv(struct channel *ch, void *buf, size_t bytes, struct error *err)
{
	errno = EIO;
	return refuse(err);
}

void channel_tls_end(struct channel *ch)
{
}
