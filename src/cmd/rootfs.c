/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/rootfs.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

#include "cmd/cmd.h"
#include "platform/aside.h"

#define DISK	  "root.img"
#define INFO	  "image.json"
#define UNDER_WAY ".making-" /* no name begins so */

static bool is_letter(char c)
{
	return islower((unsigned char)c) || isdigit((unsigned char)c);
}

bool rootfs_name_ok(const char *name)
{
	size_t n = strlen(name);

	if (!n || n > IMAGE_NAME_MAX || !is_letter(name[0]) || !is_letter(name[n - 1]))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!is_letter(name[i]) && !strchr("._-", name[i]))
			return false;
	return true;
}

/* NULL: it can't be. The text lasts. */
static const char *store(struct error *err)
{
	static char folder[PATH_MAX - 256];

	if (cmd_user_folder(folder, sizeof(folder), "XDG_DATA_HOME", ".local/share", "papyr/images",
			    err))
		return NULL;
	if (!strchr(folder, ','))
		return folder;
	error_set(err,
		  "%s: a disk below a folder with a comma in its name can't be used "
		  "(XDG_DATA_HOME)",
		  folder);
	return NULL;
}

/* ---- Locks ---- */

/*
 * The store's, which whoever makes or removes folders in it has, and each name's, which who makes
 * its image has: bytes of one file, so that none is left behind.
 */
#define STORE_LOCK 0

static off_t name_lock(const char *name)
{
	/* Two names that share one would only wait for each other. */
	return 1 + (off_t)(XXH3_64bits(name, strlen(name)) >> 2);
}

/* A descriptor to close; -1: @wait is false and somebody has it, or it can't be had. */
static int lock_byte(off_t byte, bool wait, struct error *err)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
	const char *folder = store(err);
	char path[PATH_MAX];
	int fd;

	if (!folder)
		return -1;
	snprintf(path, sizeof(path), "%s.lock", folder);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0 || fcntl(fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &lock)) {
		error_errno(err, "%s", path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

static int lock_name(const char *name, struct error *err)
{
	int fd = lock_byte(name_lock(name), false, NULL);

	if (fd >= 0)
		return fd;
	if (errno == EAGAIN)
		cmd_note("image %s is being made by another papyr: waiting for that", name);
	return lock_byte(name_lock(name), true, err);
}

static int file_of(const char *name, const char *file, char path[PATH_MAX], struct error *err)
{
	const char *folder = store(err);

	if (!folder)
		return -1;
	if (!rootfs_name_ok(name))
		return error_set(err,
				 "'%s' is no image's name: 1 to %d small letters and digits, and "
				 "'.', '_', '-' between them",
				 name, IMAGE_NAME_MAX);
	snprintf(path, PATH_MAX, "%s/%s%s%s", folder, name, *file ? "/" : "", file);
	return 0;
}

int rootfs_disk(const char *name, char path[PATH_MAX], struct error *err)
{
	return file_of(name, DISK, path, err);
}

bool rootfs_is_there(const char *name)
{
	char path[PATH_MAX];

	return !file_of(name, INFO, path, NULL) && !access(path, R_OK);
}

json_t *rootfs_info(const char *name, struct error *err)
{
	char path[PATH_MAX], disk[PATH_MAX];
	json_error_t why;
	struct stat st;
	json_t *info;

	if (file_of(name, INFO, path, err) || file_of(name, DISK, disk, err))
		return NULL;
	if (access(path, F_OK) || stat(disk, &st)) {
		error_set(err, "there is no image %s; 'papyr image list' shows what there is",
			  name);
		return NULL;
	}
	info = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
	if (!json_is_object(info)) {
		error_set(err, "image %s can't be read (%s); 'papyr image remove' and make it anew",
			  name, info ? "no object" : why.text);
		json_decref(info);
		return NULL;
	}
	json_object_set_new(info, "name", json_string(name));
	json_object_set_new(info, "bytes", json_integer((json_int_t)st.st_blocks * 512));
	return info;
}

static int is_name(const struct dirent *e)
{
	return rootfs_name_ok(e->d_name);
}

json_t *rootfs_list(struct error *err)
{
	const char *folder = store(err);
	struct dirent **found;
	json_t *all;
	int n;

	if (!folder)
		return NULL;
	n = scandir(folder, &found, is_name, alphasort);
	if (n < 0) {
		error_errno(err, "%s", folder);
		return NULL;
	}
	all = json_array();
	for (int i = 0; i < n; i++) {
		json_t *info = rootfs_info(found[i]->d_name, NULL);

		if (info)
			json_array_append_new(all, info);
		free(found[i]);
	}
	free(found);
	return all;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	return remove(path);
}

static int remove_folder(const char *path)
{
	return nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* At once, under a name that is none. */
static int remove_image(const char *name, const char *path, struct error *err)
{
	char gone[PATH_MAX];

	if (snprintf(gone, sizeof(gone), "%s/%s%d", store(err), UNDER_WAY, getpid()) >=
		(int)sizeof(gone) ||
	    rename(path, gone))
		return errno == ENOENT ? error_set(err, "there is no image %s", name)
				       : error_errno(err, "image %s", name);
	return remove_folder(gone) ? error_errno(err, "%s", gone) : 0;
}

int rootfs_remove(const char *name, struct error *err)
{
	char path[PATH_MAX];
	int lock, ret;

	if (file_of(name, "", path, err))
		return -1;
	lock = lock_byte(STORE_LOCK, true, err);
	if (lock < 0)
		return -1;
	ret = remove_image(name, path, err);
	close(lock);
	return ret;
}

/* ---- Making one ---- */

/* What somebody began who is gone. */
static void sweep(const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *e;

	while (dir && (e = readdir(dir))) {
		char path[PATH_MAX];
		int fd;

		if (strncmp(e->d_name, UNDER_WAY, strlen(UNDER_WAY)))
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB))
			remove_folder(path);
		if (fd >= 0)
			close(fd);
	}
	if (dir)
		closedir(dir);
}

/* Its inode tables and journal are written when they are used: a large one takes little room. */
static int make_file_system(const char *disk, u64 bytes, struct error *err)
{
	const char *const words[] = {
	    "mke2fs",
	    "-q",
	    "-F",
	    "-t",
	    "ext4",
	    "-J",
	    "size=16",
	    "-m",
	    "0",
	    "-E",
	    "lazy_itable_init=1,lazy_journal_init=1,nodiscard,root_owner=0:0",
	    disk,
	    NULL};
	int fd = open(disk, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0 || ftruncate(fd, (off_t)bytes)) {
		error_errno(err, "%s", disk);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	close(fd);
	if (!cmd_run_program(words))
		return error_set(err, "mke2fs failed (apt-get install e2fsprogs)");
	return 0;
}

/* Its folder, which nobody else sweeps away: not even before it has a lock of its own. */
static int begin_folder(struct rootfs_making *m, const char *folder, struct error *err)
{
	int lock = lock_byte(STORE_LOCK, true, err);

	if (lock < 0)
		return -1;
	sweep(folder);
	snprintf(m->folder, sizeof(m->folder), "%s/%sXXXXXX", folder, UNDER_WAY);
	if (!mkdtemp(m->folder))
		*m->folder = 0;
	else
		m->lock = open(m->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (m->lock < 0 || flock(m->lock, LOCK_EX | LOCK_NB))
		error_errno(err, "%s", folder);
	close(lock);
	return m->lock < 0 ? -1 : 0;
}

int rootfs_begin(struct rootfs_making *m, const char *name, u64 bytes, struct error *err)
{
	const char *folder = store(err);
	char path[PATH_MAX];

	*m = (struct rootfs_making){.name = name, .lock = -1, .name_lock = -1};
	if (!folder || file_of(name, "", path, err))
		return -1;
	m->name_lock = lock_name(name, err);
	if (m->name_lock < 0)
		return -1;
	if (!access(path, F_OK))
		return error_set(err, "there is an image %s already ('papyr image remove %s')",
				 name, name);
	if (begin_folder(m, folder, err))
		return -1;
	snprintf(m->disk, sizeof(m->disk), "%s/%s", m->folder, DISK);
	return make_file_system(m->disk, bytes, err);
}

static void put_date(json_t *info)
{
	time_t now = time(NULL);
	struct tm tm;
	char text[32];

	gmtime_r(&now, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	json_object_set_new(info, "made", json_string(text));
}

/* What it holds is on the disk. */
static int sync_path(const char *path, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), r;

	r = fd < 0 || fsync(fd) ? error_errno(err, "%s", path) : 0;
	if (fd >= 0)
		close(fd);
	return r;
}

int rootfs_finish(struct rootfs_making *m, json_t *info, struct error *err)
{
	char path[PATH_MAX];
	int failed;

	put_date(info);
	snprintf(path, sizeof(path), "%s/%s", m->folder, INFO);
	failed = json_dump_file(info, path, JSON_INDENT(2) | JSON_SORT_KEYS);
	json_decref(info);
	if (failed)
		return error_errno(err, "%s", path);
	chmod(m->folder, 0755);
	/* After a power failure it is there whole, or not at all. */
	if (sync_path(m->disk, err) || sync_path(path, err) || sync_path(m->folder, err))
		return -1;
	if (file_of(m->name, "", path, err))
		return -1;
	if (rename(m->folder, path))
		return error_errno(err, "image %s: %s", m->name, path);
	*m->folder = 0;
	return aside_sync_folder(path, err);
}

void rootfs_drop(struct rootfs_making *m)
{
	if (*m->folder)
		remove_folder(m->folder);
	if (m->lock >= 0)
		close(m->lock);
	if (m->name_lock >= 0)
		close(m->name_lock);
	*m->folder = 0;
	m->lock = m->name_lock = -1;
}
