/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for nbd.c where libnbd isn't. */
#include "devices/block/internal.h"

struct block_dev *block_open_nbd(const struct block_options *o, struct error *err)
{
	error_set(err, "disk %s: this papyr was built without NBD", o->path);
	return NULL;
}

struct block_dev *block_open_image(const struct block_options *o, struct error *err)
{
	error_set(err, "disk %s: this papyr was built without NBD, which qcow2 images go by",
		  o->path);
	return NULL;
}
