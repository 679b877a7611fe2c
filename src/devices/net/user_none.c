/* SPDX-License-Identifier: Apache-2.0 */
/* Of a papyr that was built without libslirp. */
#include <stddef.h>

#include "devices/net/net.h"

struct net_link *user_open(const struct net_options *o, struct error *err)
{
	error_set(err, "--net user: this papyr was built without libslirp: build it anew with "
		       "-Dslirp=enabled (Debian: libslirp-dev), or take --net tap:NAME");
	return NULL;
}
