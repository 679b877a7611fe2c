/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing an image: sections one after another behind room for the header, which goes in last. A
 * file whose writer died on the way begins with zeroes and is nothing to any reader; and it has
 * another name.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "migration/image/format.h"
#include "platform/aside.h"

#define BUFFER_BYTES (256u << 10)
/* Memory compresses nearly as well at the fastest level, and saving keeps up with the disk. */
#define ZSTD_LEVEL 1

struct image_writer {
	int fd;
	char *path, *temp;
	u64 offset; /* of the next byte stored */
	struct image_section sections[IMAGE_SECTIONS_MAX];
	unsigned n_sections;
	bool in_section; /* the last of them is being written */
	XXH3_state_t *raw_sum, *stored_sum;
	ZSTD_CCtx *zstd;
	u8 buffer[BUFFER_BYTES];
	size_t buffered;
};

const char *image_section_name(const struct image_section *s, char name[20])
{
	char type[5] = "";

	for (unsigned i = 0; i < 4; i++) {
		u8 c = s->type >> (8 * i);

		type[i] = c > ' ' && c < 0x7f ? c : '?';
	}
	snprintf(name, 20, "%s %u", type, s->instance);
	return name;
}

static void free_writer(struct image_writer *w)
{
	if (w->fd >= 0)
		close(w->fd);
	XXH3_freeState(w->raw_sum);
	XXH3_freeState(w->stored_sum);
	ZSTD_freeCCtx(w->zstd);
	free(w->path);
	free(w->temp);
	free(w);
}

void image_abort(struct image_writer *w)
{
	if (!w)
		return;
	if (w->fd >= 0)
		unlink(w->temp);
	free_writer(w);
}

u64 image_written(const struct image_writer *w)
{
	return w->offset;
}

static int write_all(struct image_writer *w, const void *data, size_t bytes, struct error *err)
{
	const u8 *p = data;

	while (bytes) {
		ssize_t n = write(w->fd, p, bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, "cannot write %s", w->temp);
		p += n;
		bytes -= n;
	}
	return 0;
}

/* The file to be replaced: behind a symbolic link it's the link's target. */
static char *final_path(const char *path, struct error *err)
{
	struct stat st;
	char *real;

	if (stat(path, &st) < 0) {
		if (errno != ENOENT) {
			error_errno(err, "cannot write %s", path);
			return NULL;
		}
		real = strdup(path);
		if (!real)
			error_nomem(err, "a file's name");
		return real;
	}
	if (!S_ISREG(st.st_mode)) {
		error_set(err, "%s is there and is no regular file; choose another name", path);
		return NULL;
	}
	real = realpath(path, NULL);
	if (!real)
		error_errno(err, "cannot find where %s leads", path);
	return real;
}

struct image_writer *image_create(const char *path, struct error *err)
{
	struct image_writer *w = calloc(1, sizeof(*w));
	static const u8 no_header[IMAGE_HEADER_BYTES];

	if (!w) {
		error_nomem(err, "the image");
		return NULL;
	}
	w->fd = -1;
	w->raw_sum = XXH3_createState();
	w->stored_sum = XXH3_createState();
	w->zstd = ZSTD_createCCtx();
	if (!w->raw_sum || !w->stored_sum || !w->zstd) {
		error_nomem(err, "the image");
		goto fail;
	}
	ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL);
	w->path = final_path(path, err);
	if (!w->path || (w->fd = aside_create(w->path, &w->temp, err)) < 0 ||
	    write_all(w, no_header, sizeof(no_header), err))
		goto fail;
	w->offset = IMAGE_HEADER_BYTES;
	return w;
fail:
	image_abort(w);
	return NULL;
}

/* ---- Sections ---- */

static struct image_section *current(struct image_writer *w)
{
	return &w->sections[w->n_sections];
}

static int flush(struct image_writer *w, struct error *err)
{
	struct image_section *s = current(w);

	XXH3_64bits_update(w->stored_sum, w->buffer, w->buffered);
	if (write_all(w, w->buffer, w->buffered, err))
		return -1;
	s->stored_bytes += w->buffered;
	w->offset += w->buffered;
	w->buffered = 0;
	return 0;
}

int image_begin(struct image_writer *w, u32 type, u32 instance, u32 flags, enum image_coding coding,
		struct error *err)
{
	struct image_section *s = current(w);

	if (w->in_section)
		return error_set(err, "a section of the image would lie within another");
	if (w->n_sections == IMAGE_SECTIONS_MAX)
		return error_set(err, "the image would have more than %u sections",
				 IMAGE_SECTIONS_MAX);
	*s = (struct image_section){
	    .type = type,
	    .instance = instance,
	    .coding = coding,
	    .flags = flags,
	    .offset = w->offset,
	};
	XXH3_64bits_reset(w->raw_sum);
	XXH3_64bits_reset(w->stored_sum);
	ZSTD_CCtx_reset(w->zstd, ZSTD_reset_session_only);
	w->in_section = true;
	return 0;
}

static int put_plain(struct image_writer *w, const u8 *data, size_t bytes, struct error *err)
{
	while (bytes) {
		size_t n = BUFFER_BYTES - w->buffered;

		if (n > bytes)
			n = bytes;
		memcpy(w->buffer + w->buffered, data, n);
		w->buffered += n;
		data += n;
		bytes -= n;
		if (w->buffered == BUFFER_BYTES && flush(w, err))
			return -1;
	}
	return 0;
}

static int cannot_compress(size_t code, struct error *err)
{
	bool no_memory = ZSTD_getErrorCode(code) == ZSTD_error_memory_allocation;

	return error_of(no_memory ? ERROR_NOMEM : ERROR_FAILED, err, "cannot compress: %s",
			ZSTD_getErrorName(code));
}

static int put_zstd(struct image_writer *w, const void *data, size_t bytes, ZSTD_EndDirective end,
		    struct error *err)
{
	ZSTD_inBuffer in = {data, bytes, 0};
	size_t left;

	do {
		ZSTD_outBuffer out = {w->buffer, BUFFER_BYTES, w->buffered};

		left = ZSTD_compressStream2(w->zstd, &out, &in, end);
		if (ZSTD_isError(left))
			return cannot_compress(left, err);
		w->buffered = out.pos;
		if (w->buffered == BUFFER_BYTES && flush(w, err))
			return -1;
	} while (in.pos < in.size || (end == ZSTD_e_end && left));
	return 0;
}

int image_put(struct image_writer *w, const void *data, size_t bytes, struct error *err)
{
	struct image_section *s = current(w);

	if (!bytes)
		return 0;
	XXH3_64bits_update(w->raw_sum, data, bytes);
	s->raw_bytes += bytes;
	if (s->coding == IMAGE_ZSTD)
		return put_zstd(w, data, bytes, ZSTD_e_continue, err);
	return put_plain(w, data, bytes, err);
}

int image_end(struct image_writer *w, struct error *err)
{
	struct image_section *s = current(w);

	if (s->coding == IMAGE_ZSTD && put_zstd(w, NULL, 0, ZSTD_e_end, err))
		return -1;
	if (flush(w, err))
		return -1;
	s->raw_sum = XXH3_64bits_digest(w->raw_sum);
	s->stored_sum = XXH3_64bits_digest(w->stored_sum);
	w->in_section = false;
	w->n_sections++;
	return 0;
}

int image_add(struct image_writer *w, u32 type, u32 instance, u32 flags, enum image_coding coding,
	      const void *data, size_t bytes, struct error *err)
{
	if (image_begin(w, type, instance, flags, coding, err) || image_put(w, data, bytes, err))
		return -1;
	return image_end(w, err);
}

/* ---- The end ---- */

static void encode_entry(u8 *e, const struct image_section *s)
{
	put_le(e + ENTRY_TYPE, s->type, 4);
	put_le(e + ENTRY_INSTANCE, s->instance, 4);
	put_le(e + ENTRY_CODING, s->coding, 4);
	put_le(e + ENTRY_FLAGS, s->flags, 4);
	put_le(e + ENTRY_OFFSET, s->offset, 8);
	put_le(e + ENTRY_STORED_BYTES, s->stored_bytes, 8);
	put_le(e + ENTRY_RAW_BYTES, s->raw_bytes, 8);
	put_le(e + ENTRY_STORED_SUM, s->stored_sum, 8);
	put_le(e + ENTRY_RAW_SUM, s->raw_sum, 8);
	put_le(e + ENTRY_RESERVED, 0, 8);
}

static void encode_header(u8 *h, const struct image_writer *w, u64 dir_sum)
{
	u64 dir_bytes = (u64)w->n_sections * IMAGE_ENTRY_BYTES;

	memcpy(h + HEADER_MAGIC, IMAGE_MAGIC, 8);
	put_le(h + HEADER_VERSION, IMAGE_VERSION, 4);
	put_le(h + HEADER_BYTES, IMAGE_HEADER_BYTES, 4);
	put_le(h + HEADER_FILE_BYTES, w->offset + dir_bytes + IMAGE_END_BYTES, 8);
	put_le(h + HEADER_DIR_OFFSET, w->offset, 8);
	put_le(h + HEADER_N_SECTIONS, w->n_sections, 4);
	put_le(h + HEADER_ENTRY_BYTES, IMAGE_ENTRY_BYTES, 4);
	put_le(h + HEADER_DIR_SUM, dir_sum, 8);
	put_le(h + HEADER_RESERVED, 0, 8);
	put_le(h + HEADER_SUM, image_sum(h, HEADER_SUM), 8);
}

static int write_end(struct image_writer *w, struct error *err)
{
	size_t dir_bytes = (size_t)w->n_sections * IMAGE_ENTRY_BYTES;
	u8 *dir = malloc(dir_bytes + 1), header[IMAGE_HEADER_BYTES], end[IMAGE_END_BYTES];
	int r;

	if (!dir)
		return error_nomem(err, "the image's directory");
	for (unsigned i = 0; i < w->n_sections; i++)
		encode_entry(dir + i * IMAGE_ENTRY_BYTES, &w->sections[i]);
	encode_header(header, w, image_sum(dir, dir_bytes));
	memcpy(end + END_MAGIC, IMAGE_END_MAGIC, 8);
	put_le(end + END_HEADER_SUM, image_sum(header, sizeof(header)), 8);
	r = write_all(w, dir, dir_bytes, err) || write_all(w, end, sizeof(end), err);
	free(dir);
	if (r)
		return -1;
	/* The body must be on the disk before the header says that it is complete. */
	if (fdatasync(w->fd) < 0 || lseek(w->fd, 0, SEEK_SET) < 0)
		return error_errno(err, "cannot write %s", w->temp);
	if (write_all(w, header, sizeof(header), err))
		return -1;
	if (fsync(w->fd) < 0)
		return error_errno(err, "cannot write %s", w->temp);
	return 0;
}

int image_commit(struct image_writer *w, struct error *err)
{
	int r = w->in_section ? error_set(err, "a section of the image was not ended") : 0;

	if (r || write_end(w, err) || aside_rename(w->temp, w->path, true, err)) {
		image_abort(w);
		return -1;
	}
	r = aside_sync_folder(w->path, err);
	free_writer(w);
	return r;
}
