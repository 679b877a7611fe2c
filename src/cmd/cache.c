/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "cmd/cmd.h"

#define BOUND_BYTES (1ull << 30)
#define BOUND_DAYS  30

static const struct kind {
	const char *name, *before, *behind;
} kinds[CACHE_KINDS] = {
    [CACHE_GUEST] = {"guest", "warm-", ".img"},
    [CACHE_INITRD] = {"initrd", "exec-", ".cpio"},
};

const char *cache_kind_name(enum cache_kind kind)
{
	return kinds[kind].name;
}

const char *cache_folder(struct error *err)
{
	static char folder[PATH_MAX - 64];

	return cmd_user_folder(folder, sizeof(folder), "XDG_CACHE_HOME", ".cache", "papyr", err)
		   ? NULL
		   : folder;
}

int cache_path(enum cache_kind kind, const char *key, char path[PATH_MAX], struct error *err)
{
	const char *folder = cache_folder(err);

	if (!folder)
		return -1;
	snprintf(path, PATH_MAX, "%s/%s%.*s%s", folder, kinds[kind].before, CACHE_KEY_MAX - 1, key,
		 kinds[kind].behind);
	return 0;
}

void cache_key(const char *text, char key[CACHE_KEY_MAX])
{
	XXH128_hash_t sum = XXH3_128bits(text, strlen(text));

	snprintf(key, CACHE_KEY_MAX, "%016llx%016llx", (unsigned long long)sum.high64,
		 (unsigned long long)sum.low64);
}

/* ---- The entries ---- */

/* False: a file of this name is none. */
static bool read_name(const char *name, struct cache_entry *e)
{
	size_t bytes = strlen(name);

	for (unsigned i = 0; i < CACHE_KINDS; i++) {
		const struct kind *k = &kinds[i];
		size_t before = strlen(k->before), behind = strlen(k->behind);

		if (bytes <= before + behind || bytes - before - behind >= sizeof(e->key) ||
		    strncmp(name, k->before, before) || strcmp(name + bytes - behind, k->behind))
			continue;
		e->kind = i;
		memcpy(e->key, name + before, bytes - before - behind);
		e->key[bytes - before - behind] = 0;
		return true;
	}
	return false;
}

static bool look_at(DIR *dir, const char *name, struct cache_entry *e)
{
	struct stat st;

	if (!read_name(name, e) || fstatat(dirfd(dir), name, &st, AT_SYMLINK_NOFOLLOW) ||
	    !S_ISREG(st.st_mode))
		return false;
	e->bytes = (u64)st.st_blocks * 512;
	e->last_use = st.st_mtim;
	return true;
}

static int by_last_use(const void *a, const void *b)
{
	const struct timespec *x = &((const struct cache_entry *)a)->last_use;
	const struct timespec *y = &((const struct cache_entry *)b)->last_use;

	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? 1 : -1;
	return (x->tv_nsec < y->tv_nsec) - (x->tv_nsec > y->tv_nsec);
}

struct cache_entry *cache_list(size_t *n, struct error *err)
{
	const char *folder = cache_folder(err);
	DIR *dir = folder ? opendir(folder) : NULL;
	struct cache_entry *list = NULL, e = {0};
	const struct dirent *d;

	*n = 0;
	if (!dir) {
		if (folder)
			error_errno(err, "%s", folder);
		return NULL;
	}
	while ((d = readdir(dir))) {
		struct cache_entry *longer;

		if (!look_at(dir, d->d_name, &e))
			continue;
		longer = reallocarray(list, *n + 1, sizeof(*list));
		if (!longer)
			break;
		list = longer;
		list[(*n)++] = e;
	}
	closedir(dir);
	if (list)
		qsort(list, *n, sizeof(*list), by_last_use);
	return list;
}

void cache_used(const char *path)
{
	utimensat(AT_FDCWD, path, NULL, 0);
}

int cache_remove(const struct cache_entry *e, struct error *err)
{
	char path[PATH_MAX];

	if (cache_path(e->kind, e->key, path, err))
		return -1;
	if (unlink(path) && errno != ENOENT)
		return error_errno(err, "can't remove %s", path);
	return 0;
}

/* ---- Its bound ---- */

/* The folder's lock; -1: somebody has it otherwise. */
static int lock_folder(int how)
{
	struct error err;
	const char *folder = cache_folder(&err);
	int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd >= 0 && flock(fd, how)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

int cache_hold(void)
{
	return lock_folder(LOCK_SH | LOCK_NB);
}

u64 cache_bound(void)
{
	const char *word = getenv("PAPYR_CACHE_SIZE");
	u64 bytes;

	if (!word || !*word)
		return BOUND_BYTES;
	if (!strcmp(word, "0"))
		return 0;
	return parse_size(word, &bytes) ? bytes : BOUND_BYTES;
}

/* Files that lie beside an entry until it is whole (platform/aside.h). */
static void sweep(void)
{
	struct error err;
	int fd = lock_folder(LOCK_EX | LOCK_NB);
	DIR *dir = fd >= 0 ? opendir(cache_folder(&err)) : NULL;
	const struct dirent *d;

	while (dir && (d = readdir(dir)))
		for (unsigned i = 0; i < CACHE_KINDS; i++)
			if (d->d_name[0] == '.' &&
			    !strncmp(d->d_name + 1, kinds[i].before, strlen(kinds[i].before)))
				unlinkat(dirfd(dir), d->d_name, 0);
	if (dir)
		closedir(dir);
	if (fd >= 0)
		close(fd);
}

void cache_trim(void)
{
	struct error err;
	u64 bound = cache_bound(), sum = 0;
	time_t oldest = time(NULL) - BOUND_DAYS * 24 * 60 * 60;
	size_t n;
	struct cache_entry *list = cache_list(&n, &err);

	for (size_t i = 0; i < n; i++) {
		sum += list[i].bytes;
		if (sum > bound || list[i].last_use.tv_sec < oldest)
			cache_remove(&list[i], &err);
	}
	free(list);
	sweep();
}
