/* SPDX-License-Identifier: Apache-2.0 */
/* What of the host's folders and disk the command sees: its root, and others in it. */
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

/* A file system of the host's. */
struct file_system {
	const char *what, *type, *options, *options_if_kept;
	const char *lower, *changes, *where; /* folders */
};

/* Changes go to memory, and with it. */
static bool mount_over(const struct file_system *s)
{
	char upper[64], work[64], layers[256];

	snprintf(upper, sizeof(upper), "%s/upper", s->changes);
	snprintf(work, sizeof(work), "%s/work", s->changes);
	snprintf(layers, sizeof(layers), "lowerdir=%s,upperdir=%s,workdir=%s", s->lower, upper,
		 work);
	mkdir(s->lower, 0755);
	mkdir(s->changes, 0755);
	return !mount(s->what, s->lower, s->type, MS_RDONLY, s->options) &&
	       !mount("tmpfs", s->changes, "tmpfs", 0, "mode=755") && !mkdir(upper, 0755) &&
	       !mkdir(work, 0755) && !mount("overlay", s->where, "overlay", 0, layers);
}

static bool mount_source(const struct file_system *s, bool kept)
{
	mkdir(s->where, 0755);
	return kept ? !mount(s->what, s->where, s->type, 0, s->options_if_kept) : mount_over(s);
}

static bool enter(const char *root)
{
	char path[64];

	for (size_t i = 0; i < sizeof(moved) / sizeof(moved[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", root, moved[i]);
		mkdir(path, 0755);
		if (mount(moved[i], path, NULL, MS_MOVE, NULL))
			return false;
	}
	return !chdir(root) && !mount(".", "/", NULL, MS_MOVE, NULL) && !chroot(".") && !chdir("/");
}

#define DISK	    "/dev/vda"
#define PATIENCE_MS 5000 /* for the disk to be there */

/* Its driver comes now: before, the guest may have been saved for other disks too. */
static int mount_disk(const struct command *c, char *why, size_t bytes)
{
	const struct file_system disk = {.what = DISK,
					 .type = "ext4",
					 .options = "",
					 .options_if_kept = "",
					 .lower = "/disk.lower",
					 .changes = "/disk.changes",
					 .where = "/disk"};

	boot_load_drivers("/lib/disks/*.ko");
	for (int waited = 0; access(DISK, F_OK) && waited < PATIENCE_MS; waited += 2)
		usleep(2000);
	if (mount_source(&disk, c->disk_is_kept))
		return 0;
	if (errno == EROFS)
		return snprintf(why, bytes,
				"the disk was in use when its guest ended: it has to be "
				"used once with --keep, for its journal to be read"),
		       -1;
	return fail(why, bytes, "the disk can't be mounted as ext4, without partitions");
}

static int mount_root(const struct command *c, char *why, size_t bytes)
{
	const struct file_system root = {.what = c->root,
					 .type = "9p",
					 .options = NOBODY_WRITES,
					 .options_if_kept = OTHERS_WRITE,
					 .lower = "/lower",
					 .changes = "/changes",
					 .where = "/root.new"};

	return mount_source(&root, c->root_is_kept)
		   ? 0
		   : fail(why, bytes, "the root folder can't be mounted");
}

/* The disk is mounted already: into what is below @root, while it can still be reached. */
static int place_disk(const struct command *c, const char *root, char *why, size_t bytes)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s%s", root, c->disk);
	return make_folder(path) && !mount("/disk", path, NULL, MS_MOVE, NULL)
		   ? 0
		   : fail(why, bytes, c->disk);
}

static int use_root_and_disk(const struct command *c, char *why, size_t bytes)
{
	bool disk_is_root = c->disk && !strcmp(c->disk, "/");
	const char *root = disk_is_root ? "/disk" : c->root ? "/root.new" : "";

	if (c->disk && mount_disk(c, why, bytes))
		return -1;
	if (c->root && mount_root(c, why, bytes))
		return -1;
	if (c->disk && !disk_is_root && place_disk(c, root, why, bytes))
		return -1;
	return !*root || enter(root) ? 0 : fail(why, bytes, "the root can't be used");
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
	if (use_root_and_disk(c, why, bytes))
		return -1;
	for (unsigned i = 0; i < c->folders; i++)
		if (use_folder(c->folder[i], why, bytes))
			return -1;
	return 0;
}

#define CLOSE_PATIENCE_MS 2000 /* for killed processes to be gone */

void folders_let_go(const struct command *c)
{
	if (!c->disk || !c->disk_is_kept)
		return;
	for (int waited = 0; waited < CLOSE_PATIENCE_MS; waited += 5) {
		if (!mount(NULL, c->disk, NULL, MS_REMOUNT | MS_RDONLY, NULL) || errno != EBUSY)
			break;
		usleep(5000);
	}
	sync();
}
