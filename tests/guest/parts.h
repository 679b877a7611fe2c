/* SPDX-License-Identifier: Apache-2.0 */
/* A list of things to do with files, in parts, each in a folder of its own. */
#ifndef PAPYR_GUEST_PARTS_H
#define PAPYR_GUEST_PARTS_H

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* In @folder, which is empty. What the program is to end with. */
static int do_parts(const char *folder, void (*const *parts)(void), unsigned n)
{
	char name[16];

	if (chdir(folder))
		return perror(folder), 1;
	umask(0);
	for (unsigned i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "part-%u", i);
		if (mkdir(name, 0777) || chdir(name))
			return perror(name), 1;
		parts[i]();
		if (chdir(".."))
			return perror(".."), 1;
	}
	printf("done\n");
	return 0;
}

#endif
