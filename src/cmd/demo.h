/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest inside the binary, built from demo_guest/: an ELF image for kernel_load().
 */
#ifndef PAPYR_CMD_DEMO_H
#define PAPYR_CMD_DEMO_H

#include <stddef.h>

extern const unsigned char demo_guest[];
extern const size_t demo_guest_bytes;

#endif
