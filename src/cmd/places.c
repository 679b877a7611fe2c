/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/places.h"

#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool places_find(struct places *p)
{
	ssize_t n = readlink("/proc/self/exe", p->papyr, sizeof(p->papyr) - 1);
	size_t root = strlen(PAPYR_BUILD_ROOT);
	char exe[sizeof(p->papyr)], *prefix;

	if (n < 0)
		return false;
	p->papyr[n] = 0;
	if (!strncmp(p->papyr, PAPYR_BUILD_ROOT "/", root + 1)) {
		snprintf(p->tools, sizeof(p->tools), "%s/tools", PAPYR_SOURCE_ROOT);
		snprintf(p->agent, sizeof(p->agent), "%s/src/agent/papyr-agent", PAPYR_BUILD_ROOT);
		return true;
	}
	strcpy(exe, p->papyr);
	prefix = dirname(dirname(exe));
	snprintf(p->tools, sizeof(p->tools), "%s/libexec/papyr", prefix);
	snprintf(p->agent, sizeof(p->agent), "%s/libexec/papyr/papyr-agent", prefix);
	return true;
}
