/* SPDX-License-Identifier: Apache-2.0 */
/* Which paths lead to /dev/kvm, for the library that stands in front of libc. */
#ifndef PAPYR_KVM_PRELOAD_PATH_H
#define PAPYR_KVM_PRELOAD_PATH_H

#include <stdbool.h>

#define KVM_PATH "/dev/kvm"

/*
 * Does @path, relative to the folder @dir (AT_FDCWD: the current one), spell /dev/kvm? Slashes,
 * dots and the folder are looked through, links aren't. Changes neither errno nor anything else.
 */
bool path_is_kvm(int dir, const char *path);

#endif
