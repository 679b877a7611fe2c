/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's other trade: to set attributes of files (agent/protocol.h). */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include "agent/agent.h"

static bool read_text(char *text, uint32_t bytes, uint32_t most)
{
	if (!bytes || bytes > most || fread(text, 1, bytes, stdin) != bytes)
		return false;
	text[bytes] = 0;
	return strlen(text) == bytes;
}

int attributes_set(void)
{
	static char path[ATTRIBUTE_PATH_MAX + 1], name[ATTRIBUTE_NAME_MAX + 1];
	static char value[ATTRIBUTE_VALUE_MAX];
	struct attribute_head h;

	while (fread(&h, 1, sizeof(h), stdin) == sizeof(h)) {
		uint32_t bytes = le32toh(h.value_bytes);

		if (!read_text(path, le32toh(h.path_bytes), ATTRIBUTE_PATH_MAX) ||
		    !read_text(name, le32toh(h.name_bytes), ATTRIBUTE_NAME_MAX) ||
		    bytes > sizeof(value) || fread(value, 1, bytes, stdin) != bytes) {
			fputs("what sets attributes got something else\n", stderr);
			return 1;
		}
		if (lsetxattr(path, name, value, bytes, 0)) {
			fprintf(stderr, "%s: attribute %s: %s\n", path, name, strerror(errno));
			return 1;
		}
	}
	return 0;
}
