/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer target: no disk image of QEMU's, however wrong, makes papyr htab crash, hang or take
 * more memory than the image is long.
 *
 * Input: a byte that chooses the version (2, 3) and whether the features are put right, then a disk
 * image, whose magic is put right, and clusters made small so that many fit.
 */
#include <stdlib.h>

#include "inspect/load.h"
#include "inspect/qcow2.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define MAGIC		 0x514649fbu
#define HEADER_BYTES	 72u
#define FEATURES_AT	 72u
#define CLUSTER_BITS_AT	 20u
#define CLUSTER_BITS_MIN 9u

static void put_right(u8 *image, size_t size, u8 how)
{
	store_be32(image, MAGIC);
	store_be32(image + 4, 2 + (how & 1));
	/* Of 512 bytes to 4 KiB. */
	store_be32(image + CLUSTER_BITS_AT,
		   CLUSTER_BITS_MIN + ((image[CLUSTER_BITS_AT + 3] - CLUSTER_BITS_MIN) & 3));
	if ((how & 2) && size >= FEATURES_AT + 8)
		memset(image + FEATURES_AT, 0, 8);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct error err;
	struct table t;
	size_t bytes;
	u8 *image, *state;

	if (size < 1 + HEADER_BYTES)
		return 0;
	image = malloc(size - 1);
	if (!image)
		abort();
	memcpy(image, data + 1, size - 1);
	put_right(image, size - 1, data[0]);
	state = qcow2_vm_state(image, size - 1, &bytes, &err);
	if (state && (!bytes || bytes > size - 1))
		abort();
	free(state);
	if (!load_bytes(&t, image, size - 1, 0, &err))
		table_free(&t);
	free(image);
	return 0;
}
