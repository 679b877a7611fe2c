/* SPDX-License-Identifier: Apache-2.0 */
/* What of the host's folders the command sees: its root, and others in it. */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/agent.h"

#define SHARE_OPTIONS "trans=virtio,version=9p2000.L,msize=262144,"
/* What others write is seen, and what is mapped can be written; nobody else writes a root. */
#define OTHERS_WRITE  SHARE_OPTIONS "cache=mmap"
#define NOBODY_WRITES SHARE_OPTIONS "cache=loose"

static const char *const moved[] = {"/proc", "/sys", "/dev", "/tmp", "/run"};

/* A virtio device's name for drivers begins with its kind. */
static bool is_share(const char *path)
{
	char name[32] = "";
	FILE *f = fopen(path, "re");

	if (!f)
		return false;
	if (!fgets(name, sizeof(name), f))
		*name = 0;
	fclose(f);
	return !strncmp(name, "virtio:d00000009", 16);
}

static int fail(char *why, size_t bytes, const char *what)
{
	snprintf(why, bytes, "%s: %s", what, strerror(errno));
	return -1;
}

/* A folder at @path, and those above it. */
static bool make_folder(char *path)
{
	for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = 0;
		if (mkdir(path, 0755) && errno != EEXIST)
			return false;
		*slash = '/';
	}
	return !mkdir(path, 0755) || errno == EEXIST;
}

/* Changes go to memory, and with it. */
static bool mount_over(const char *tag)
{
	mkdir("/lower", 0755);
	mkdir("/changes", 0755);
	return !mount(tag, "/lower", "9p", MS_RDONLY, NOBODY_WRITES) &&
	       !mount("tmpfs", "/changes", "tmpfs", 0, "mode=755") &&
	       !mkdir("/changes/upper", 0755) && !mkdir("/changes/work", 0755) &&
	       !mount("overlay", "/root.new", "overlay", 0,
		      "lowerdir=/lower,upperdir=/changes/upper,workdir=/changes/work");
}

static bool enter(void)
{
	char path[64];

	for (size_t i = 0; i < sizeof(moved) / sizeof(moved[0]); i++) {
		snprintf(path, sizeof(path), "/root.new%s", moved[i]);
		mkdir(path, 0755);
		if (mount(moved[i], path, NULL, MS_MOVE, NULL))
			return false;
	}
	return !chdir("/root.new") && !mount(".", "/", NULL, MS_MOVE, NULL) && !chroot(".") &&
	       !chdir("/");
}

static int use_root(const struct command *c, char *why, size_t bytes)
{
	mkdir("/root.new", 0755);
	if (c->root_is_kept ? mount(c->root, "/root.new", "9p", 0, OTHERS_WRITE)
			    : !mount_over(c->root))
		return fail(why, bytes, "the root folder can't be mounted");
	return enter() ? 0 : fail(why, bytes, "the root folder can't be used");
}

/* "TAG:PATH" */
static int use_folder(char *word, char *why, size_t bytes)
{
	char *path = strchr(word, ':');

	*path++ = 0;
	if (!make_folder(path) || mount(word, path, "9p", 0, OTHERS_WRITE))
		return fail(why, bytes, path);
	return 0;
}

void folders_prepare(void)
{
	glob_t found;
	bool any = false;

	if (glob("/sys/bus/virtio/devices/*/modalias", 0, NULL, &found))
		return;
	for (size_t i = 0; i < found.gl_pathc && !any; i++)
		any = is_share(found.gl_pathv[i]);
	globfree(&found);
	if (any)
		boot_load_drivers("/lib/folders/*.ko");
}

int folders_mount(const struct command *c, char *why, size_t bytes)
{
	if (c->root && use_root(c, why, bytes))
		return -1;
	for (unsigned i = 0; i < c->folders; i++)
		if (use_folder(c->folder[i], why, bytes))
			return -1;
	return 0;
}
