/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/json_memory.h"

#include <jansson.h>
#include <stdlib.h>

static __thread bool was_short;

static void *allocate(size_t bytes)
{
	void *p = malloc(bytes);

	if (!p)
		was_short = true;
	return p;
}

void json_memory_watch(void)
{
	json_set_alloc_funcs(allocate, free);
}

bool json_memory_was_short(void)
{
	bool r = was_short;

	was_short = false;
	return r;
}
