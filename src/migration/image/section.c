/* SPDX-License-Identifier: Apache-2.0 */
/* A section's contents, from front to back: decompressed, and held against the directory. */
#include <stdlib.h>
#include <zstd.h>

#include "migration/image/reading.h"

struct section_reader {
	struct image *img;
	const struct image_section *s;
	u64 stored_left, raw_left;
	XXH3_state_t *sum;
	ZSTD_DCtx *zstd;
	bool frame_done; /* zstd: the frame's end was seen */
	ZSTD_inBuffer in;
	u8 buffer[IMAGE_BUFFER_BYTES];
};

struct section_reader *section_open(struct image *img, const struct image_section *s,
				    struct error *err)
{
	struct section_reader *r = calloc(1, sizeof(*r));

	if (!r) {
		error_nomem(err, "reading the image");
		return NULL;
	}
	r->img = img;
	r->s = s;
	r->stored_left = s->stored_bytes;
	r->raw_left = s->raw_bytes;
	r->in.src = r->buffer;
	r->sum = XXH3_createState();
	if (!r->sum || (s->coding == IMAGE_ZSTD && !(r->zstd = ZSTD_createDCtx()))) {
		section_close(r);
		error_nomem(err, "reading the image");
		return NULL;
	}
	if (r->zstd)
		ZSTD_DCtx_setParameter(r->zstd, ZSTD_d_windowLogMax, IMAGE_ZSTD_WINDOW_LOG);
	XXH3_64bits_reset(r->sum);
	return r;
}

void section_close(struct section_reader *r)
{
	if (!r)
		return;
	XXH3_freeState(r->sum);
	ZSTD_freeDCtx(r->zstd);
	free(r);
}

u64 section_left(const struct section_reader *r)
{
	return r->raw_left;
}

static int not_decodable(const struct section_reader *r, const char *why, struct error *err)
{
	char name[20];

	return error_set(err, "section %s can't be decompressed: %s",
			 image_section_name(r->s, name), why);
}

static int refill(struct section_reader *r, struct error *err)
{
	size_t n = r->stored_left < IMAGE_BUFFER_BYTES ? r->stored_left : IMAGE_BUFFER_BYTES;

	if (image_read_at(r->img, r->s->offset + r->s->stored_bytes - r->stored_left, r->buffer, n,
			  err))
		return -1;
	r->stored_left -= n;
	r->in.size = n;
	r->in.pos = 0;
	return 0;
}

static int read_zstd(struct section_reader *r, void *buf, size_t bytes, struct error *err)
{
	ZSTD_outBuffer out = {buf, bytes, 0};

	while (out.pos < out.size) {
		size_t before = out.pos, n;

		if (r->frame_done)
			return not_decodable(r, "it is shorter than the directory says", err);
		if (r->in.pos == r->in.size && r->stored_left && refill(r, err))
			return -1;
		n = ZSTD_decompressStream(r->zstd, &out, &r->in);
		if (ZSTD_isError(n))
			return not_decodable(r, ZSTD_getErrorName(n), err);
		r->frame_done = !n;
		if (n && out.pos == before && r->in.pos == r->in.size && !r->stored_left)
			return not_decodable(r, "it ends too early", err);
	}
	return 0;
}

int section_read(struct section_reader *r, void *buf, size_t bytes, struct error *err)
{
	char name[20];

	if (bytes > r->raw_left)
		return error_set(err, "section %s is shorter than what it describes",
				 image_section_name(r->s, name));
	if (!bytes)
		return 0;
	if (r->s->coding == IMAGE_ZSTD) {
		if (read_zstd(r, buf, bytes, err))
			return -1;
	} else if (image_read_at(r->img, r->s->offset + r->s->raw_bytes - r->raw_left, buf, bytes,
				 err)) {
		return -1;
	}
	XXH3_64bits_update(r->sum, buf, bytes);
	r->raw_left -= bytes;
	return 0;
}

/* The frame's end is behind the last byte it decodes to, and nothing may be behind that. */
static int finish_zstd(struct section_reader *r, struct error *err)
{
	while (!r->frame_done) {
		u8 beyond;
		ZSTD_outBuffer out = {&beyond, 1, 0};
		size_t n;

		if (r->in.pos == r->in.size) {
			if (!r->stored_left)
				return not_decodable(r, "it ends too early", err);
			if (refill(r, err))
				return -1;
		}
		n = ZSTD_decompressStream(r->zstd, &out, &r->in);
		if (ZSTD_isError(n))
			return not_decodable(r, ZSTD_getErrorName(n), err);
		if (out.pos)
			return not_decodable(r, "it is longer than the directory says", err);
		r->frame_done = !n;
	}
	if (r->stored_left || r->in.pos != r->in.size)
		return not_decodable(r, "there is something behind its end", err);
	return 0;
}

int section_finish(struct section_reader *r, struct error *err)
{
	char name[20];

	if (r->raw_left)
		return error_set(err, "section %s is longer than what it describes",
				 image_section_name(r->s, name));
	if (r->zstd && finish_zstd(r, err))
		return -1;
	if (XXH3_64bits_digest(r->sum) != r->s->raw_sum)
		return image_section_damaged(r->s, err);
	return 0;
}

u8 *section_load(struct image *img, const struct image_section *s, u64 max, size_t *bytes,
		 struct error *err)
{
	struct section_reader *r;
	char name[20];
	u8 *data;

	if (s->raw_bytes > max) {
		error_set(err, "section %s is larger than can be: %llu bytes, at most %llu",
			  image_section_name(s, name), (unsigned long long)s->raw_bytes,
			  (unsigned long long)max);
		return NULL;
	}
	r = section_open(img, s, err);
	if (!r)
		return NULL;
	data = malloc(s->raw_bytes + 1);
	*bytes = s->raw_bytes;
	if (!data)
		error_nomem(err, "a section of the image");
	else if (section_read(r, data, s->raw_bytes, err) || section_finish(r, err)) {
		free(data);
		data = NULL;
	}
	section_close(r);
	return data;
}
