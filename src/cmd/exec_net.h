/* SPDX-License-Identifier: Apache-2.0 */
/* The network of papyr exec. All return 0 or, after a message, EXEC_FAILED. */
#ifndef PAPYR_CMD_EXEC_NET_H
#define PAPYR_CMD_EXEC_NET_H

#include "cmd/exec.h"

/* --net @words; the last one counts. */
int exec_net_take(const char *words);
/* -p @ports */
int exec_net_publish(const char *ports);
/* When all was taken: what papyr run's --net is given, NULL: nothing. It is static. */
int exec_net_words(const char **words);

#endif
