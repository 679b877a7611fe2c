/* SPDX-License-Identifier: Apache-2.0 */
/* papyr exec's root out of an image: its disk, and what it says of commands. */
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/exec.h"
#include "cmd/rootfs_build.h"
#include "cmd/rootfs_make.h"

static const char *text(const json_t *info, const char *key)
{
	return json_string_value(json_object_get(info, key));
}

/* Is a variable of @pair's name among those that were asked for? */
static bool is_set(char *const *environment, const char *pair)
{
	size_t name = strcspn(pair, "=") + 1;

	for (; *environment; environment++)
		if (!strncmp(*environment, pair, name))
			return true;
	return false;
}

static void take_environment(struct exec_options *o, const json_t *pairs)
{
	const json_t *one;
	unsigned n = 0;
	size_t i;

	while (o->environment[n])
		n++;
	json_array_foreach(pairs, i, one) {
		const char *pair = json_string_value(one);

		if (pair && strchr(pair, '=') && !is_set(o->environment, pair) &&
		    n < EXEC_ENVIRONMENT_MAX)
			o->environment[n++] = (char *)pair;
	}
}

/* Its own, if none was asked for. */
static int take_command(struct exec_options *o, const json_t *words, struct error *err)
{
	static char **command; /* lasts as long as the process */
	size_t n = json_array_size(words);

	if (*o->command)
		return 0;
	if (!n)
		return error_set(err, "there is no command, and the image has none");
	command = calloc(n + 1, sizeof(command[0]));
	if (!command)
		return error_nomem(err, "a command");
	for (size_t i = 0; i < n; i++)
		command[i] = (char *)json_string_value(json_array_get(words, i));
	o->command = command;
	return 0;
}

int exec_use_image(struct exec_options *o, const char *name, struct error *err)
{
	static char disk[PATH_MAX];
	static json_t *info; /* what @o points to lasts as long as the process, and so does this */

	/* Another papyr may have built it meanwhile. */
	if (!rootfs_is_there(name) && !strcmp(name, IMAGE_BUILT_WHEN_USED) &&
	    rootfs_build_usual(err) && !rootfs_is_there(name))
		return -1;
	info = rootfs_info(name, err);
	if (!info || rootfs_disk(name, disk, err))
		return -1;
	o->disk = disk;
	o->disk_path = "/";
	take_environment(o, json_object_get(info, "environment"));
	if (!o->directory)
		o->directory = text(info, "directory");
	if (!o->user)
		o->user = text(info, "user");
	return take_command(o, json_object_get(info, "command"), err);
}

int exec_use_oci(struct exec_options *o, const char *where, struct error *err)
{
	char name[IMAGE_NAME_MAX + 1];

	return rootfs_of_oci(where, name, err) ? -1 : exec_use_image(o, name, err);
}
