/* SPDX-License-Identifier: Apache-2.0 */
/*
 * papyr top: what its two files share.
 */
#ifndef PAPYR_CMD_TOP_H
#define PAPYR_CMD_TOP_H

#include "cmd/cmd.h"
#include "monitor/client.h"

/* What is shown, as rates of a time between two looks: docs/htab-tools.md has the fields. */
struct top;

/* Waits for the next look. NULL: the guest is gone, @err says so. To be released. */
json_t *top_next(struct top *top, struct error *err);

/* How long top_next() waits, in seconds. */
double *top_delay(struct top *top);

/* Shows @looks of them (0: until 'q' is pressed) on the terminal. Returns the exit status. */
int top_screen(struct top *top, u64 looks);

#endif
