/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that get their name when they are complete: until then they lie beside it, under a name
 * that nobody asks for.
 */
#ifndef PAPYR_PLATFORM_ASIDE_H
#define PAPYR_PLATFORM_ASIDE_H

#include <stdbool.h>

#include "platform/error.h"

/*
 * An empty file that only its owner can use, in @path's folder. @temp gets its name, to be freed.
 * Returns a descriptor.
 */
int aside_create(const char *path, char **temp, struct error *err);
/* Gives it the name @path; a file of that name goes if @replace, else it is an error. */
int aside_rename(const char *temp, const char *path, bool replace, struct error *err);
/* The name lasts only when its folder is on the disk too. */
int aside_sync_folder(const char *path, struct error *err);

#endif
