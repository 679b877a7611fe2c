/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's names for files. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "devices/share/message.h"

static struct share_fid **place_of(const struct share *s, u32 number)
{
	struct share_fid **at = (struct share_fid **)&s->buckets[number % SHARE_BUCKETS];

	while (*at && (*at)->number != number)
		at = &(*at)->next;
	return at;
}

struct share_fid *share_fid(const struct share *s, u32 number)
{
	return *place_of(s, number);
}

int share_fid_add(struct share *s, u32 number, u32 uid, const char *path, struct share_fid **made)
{
	struct share_fid **at = place_of(s, number), *f;

	if (*at)
		return EEXIST;
	if (s->n_fids == SHARE_FIDS_MAX)
		return ENFILE;
	f = calloc(1, sizeof(*f));
	if (!f || !(f->path = strdup(path))) {
		free(f);
		return ENOMEM;
	}
	f->number = number;
	f->uid = uid;
	f->fd = -1;
	*at = f;
	s->n_fids++;
	*made = f;
	return 0;
}

void share_fid_remove(struct share *s, struct share_fid *f)
{
	*place_of(s, f->number) = f->next;
	if (f->fd >= 0)
		close(f->fd);
	share_value_free(s, f->value);
	share_forget_locks(s, f);
	free(f->path);
	free(f);
	s->n_fids--;
}

int share_fid_set_path(struct share_fid *f, const char *path)
{
	char *copy = strdup(path);

	if (!copy)
		return ENOMEM;
	free(f->path);
	f->path = copy;
	return 0;
}

int share_not_open(const struct share_fid *f)
{
	return f && f->open && f->fd < 0 ? ESTALE : EBADF;
}

/* Is it @above, or below that? */
static bool is_within(const char *path, const char *above)
{
	size_t bytes = strlen(above);

	return !strncmp(path, above, bytes) && (!path[bytes] || path[bytes] == '/');
}

int share_fids_moved(struct share *s, const char *from, const char *to)
{
	char path[2 * SHARE_PATH_MAX];
	int error = 0;

	for (unsigned i = 0; i < SHARE_BUCKETS; i++) {
		for (struct share_fid *f = s->buckets[i]; f; f = f->next) {
			if (!is_within(f->path, from))
				continue;
			strcpy(path, to);
			strcat(path, f->path + strlen(from));
			if (strlen(path) >= SHARE_PATH_MAX || share_fid_set_path(f, path))
				error = ENOMEM;
		}
	}
	return error;
}
