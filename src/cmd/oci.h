/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images as the Open Container Initiative's image specification lays them out in a folder
 * (oci-layout, index.json, blobs/), read. Nothing in them is trusted: blobs are found by their
 * sums alone, which are compared: the layers' by who reads them (blob.h).
 */
#ifndef PAPYR_CMD_OCI_H
#define PAPYR_CMD_OCI_H

#include <jansson.h>
#include <limits.h>

#include "platform/error.h"

#define OCI_LAYERS_MAX 256
#define OCI_DIGEST_MAX 65

struct oci_image {
	char digest[OCI_DIGEST_MAX]; /* of its manifest: sha256, in hex */
	char (*layer)[PATH_MAX];     /* files, from the lowest up */
	unsigned layers;
	json_t *config; /* as rootfs_info() has it: environment, command, directory, user */
};

/*
 * The image for ppc64le of @where, "FOLDER[:TAG]"; without a tag the only one. To be freed by
 * oci_free(), whatever was returned.
 */
int oci_open(struct oci_image *image, const char *where, struct error *err);
void oci_free(struct oci_image *image);

#endif
