/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The user's terminal in raw mode, and back again whatever happens.
 */
#ifndef PAPYR_PLATFORM_TERM_H
#define PAPYR_PLATFORM_TERM_H

#include <stdbool.h>

/*
 * Makes @fd raw if it is a terminal that this process is in the foreground of; says whether it did.
 * One terminal at a time. Exit, and signals that end the process, restore it; so does
 * term_restore().
 */
bool term_raw(int fd);
void term_restore(void);

#endif
