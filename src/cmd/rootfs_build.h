/* SPDX-License-Identifier: Apache-2.0 */
/* Images out of a distribution's packages, which this machine gets and a guest configures. */
#ifndef PAPYR_CMD_ROOTFS_BUILD_H
#define PAPYR_CMD_ROOTFS_BUILD_H

#include "base/bits.h"
#include "cmd/rootfs.h"

/*
 * Image @name out of "debian[:SUITE]", with @packages, names with commas between, beside what is
 * essential; "": none. Takes minutes, and tells on stderr how far it is.
 */
int rootfs_build(const char *name, const char *source, const char *packages, u64 bytes,
		 struct error *err);

/*
 * The one that is built when it is asked for and isn't there: Debian, with what compiles a program.
 */
#define IMAGE_BUILT_WHEN_USED "debian"
int rootfs_build_usual(struct error *err);

#endif
