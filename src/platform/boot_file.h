/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file that a guest starts with, mapped to be read.
 */
#ifndef PAPYR_PLATFORM_BOOT_FILE_H
#define PAPYR_PLATFORM_BOOT_FILE_H

#include <stddef.h>

#include "platform/error.h"

struct boot_file {
	void *data;
	size_t bytes;
};

int boot_file_map(const char *path, struct boot_file *f, struct error *err);
void boot_file_unmap(struct boot_file *f);

#endif
