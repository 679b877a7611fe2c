/* SPDX-License-Identifier: Apache-2.0 */
/* A command in a guest of papyr exec's that has an image's disk at /mnt, and what it reads. */
#ifndef PAPYR_CMD_ROOTFS_FILLER_H
#define PAPYR_CMD_ROOTFS_FILLER_H

#include <sys/types.h>

#include "platform/error.h"

struct filler {
	pid_t pid;
	int in; /* what is written there is its standard input */
};

/* Runs @script by the guest's shell; what it does to @disk stays. */
int filler_start(struct filler *f, const char *disk, const char *script, struct error *err);
/* Ends its input, and waits for it. -1: the guest couldn't, and has said why. */
int filler_end(struct filler *f, struct error *err);

#endif
