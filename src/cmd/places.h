/* SPDX-License-Identifier: Apache-2.0 */
/* Where papyr and what belongs to it are: in the trees it was built in and from, or installed. */
#ifndef PAPYR_CMD_PLACES_H
#define PAPYR_CMD_PLACES_H

#include <limits.h>
#include <stdbool.h>

struct places {
	char papyr[PATH_MAX - 64]; /* this program */
	char tools[PATH_MAX];	   /* the folder of scripts */
	char agent[PATH_MAX];	   /* the first process of papyr exec's guests */
};

/* False, and errno: it can't be told. */
bool places_find(struct places *p);

#endif
