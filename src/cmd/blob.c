/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/blob.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whoever made the layout could have others wait: for a pipe nobody writes to. */
int blob_open(struct blob *b, const char *path, struct error *err)
{
	struct stat st;

	sha256_init(&b->sum);
	snprintf(b->path, sizeof(b->path), "%s", path);
	b->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (b->fd < 0)
		return error_errno(err, "%s", path);
	if (!fstat(b->fd, &st) && S_ISREG(st.st_mode)) {
		b->bytes = (u64)st.st_size;
		return 0;
	}
	blob_drop(b);
	return error_set(err, "%s is no file", path);
}

ssize_t blob_read(struct blob *b, void *data, size_t bytes)
{
	ssize_t n = read(b->fd, data, bytes);

	if (n > 0)
		sha256_update(&b->sum, (size_t)n, data);
	return n;
}

int blob_end(struct blob *b, struct error *err)
{
	u8 data[16384], digest[SHA256_DIGEST_SIZE];
	char sum[BLOB_NAME_MAX];
	ssize_t n;

	do
		n = blob_read(b, data, sizeof(data));
	while (n > 0);
	blob_drop(b);
	if (n < 0)
		return error_set(err, "%s can't be read", b->path);
	sha256_digest(&b->sum, sizeof(digest), digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(sum + 2 * i, 3, "%02x", digest[i]);
	return strcmp(sum, strrchr(b->path, '/') + 1)
		   ? error_set(err, "%s is damaged: its sum is %s", b->path, sum)
		   : 0;
}

void blob_drop(struct blob *b)
{
	close(b->fd);
}
