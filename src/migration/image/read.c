/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading an image. The file is somebody else's word: each number is held against the file's size
 * and what it must agree with before anything is done by it. Sections lie one behind the other
 * without a gap, so there is no byte that no sum covers.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "migration/image/reading.h"

int image_read_at(const struct image *img, u64 offset, void *buf, size_t bytes, struct error *err)
{
	u8 *p = buf;

	while (bytes) {
		ssize_t n = pread(img->fd, p, bytes, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, "cannot read the image");
		if (!n)
			return error_set(err, "the image became shorter while it was read");
		p += n;
		offset += n;
		bytes -= n;
	}
	return 0;
}

/* ---- Header, directory, end mark ---- */

static int check_start(const u8 *h, u64 bytes, struct error *err)
{
	static const u8 zeroes[IMAGE_HEADER_BYTES];
	u64 version;

	if (bytes >= IMAGE_HEADER_BYTES && !memcmp(h, zeroes, sizeof(zeroes)))
		return error_set(err, "the image is incomplete: whoever wrote it did not finish");
	if (bytes >= IMAGE_HEADER_BYTES && !memcmp(h + STREAM_MAGIC_AT, STREAM_MAGIC, 8))
		return error_set(err, "it is a migration's stream: 'papyr run --incoming "
				      "file:PATH' goes on with it");
	if (bytes < 8 || memcmp(h + HEADER_MAGIC, IMAGE_MAGIC, 8))
		return error_set(err, "it is no saved guest of papyr's");
	if (bytes < IMAGE_HEADER_BYTES + IMAGE_END_BYTES)
		return error_set(err, "the image is truncated: it ends within its header");
	version = get_le(h + HEADER_VERSION, 4);
	if (version > IMAGE_VERSION)
		return error_set(
		    err,
		    "the image is of version %llu, this papyr reads up to %u: take the papyr "
		    "that wrote it, or a later one",
		    (unsigned long long)version, IMAGE_VERSION);
	if (get_le(h + HEADER_SUM, 8) != image_sum(h, HEADER_SUM))
		return error_set(err, "the image is damaged: its header's checksum is wrong");
	if (!version || get_le(h + HEADER_BYTES, 4) != IMAGE_HEADER_BYTES ||
	    get_le(h + HEADER_ENTRY_BYTES, 4) != IMAGE_ENTRY_BYTES ||
	    get_le(h + HEADER_RESERVED, 8))
		return error_set(err, "the image's header makes no sense");
	return 0;
}

static int check_sizes(const u8 *h, u64 bytes, struct error *err)
{
	u64 file_bytes = get_le(h + HEADER_FILE_BYTES, 8);
	u64 dir_offset = get_le(h + HEADER_DIR_OFFSET, 8);
	u64 n = get_le(h + HEADER_N_SECTIONS, 4);

	if (file_bytes > bytes)
		return error_set(err, "the image is truncated: %llu of its %llu bytes are there",
				 (unsigned long long)bytes, (unsigned long long)file_bytes);
	if (file_bytes < bytes)
		return error_set(err, "the image is damaged: there are %llu bytes behind its end",
				 (unsigned long long)(bytes - file_bytes));
	if (n > IMAGE_SECTIONS_MAX)
		return error_set(err, "the image has %llu sections, more than any papyr writes",
				 (unsigned long long)n);
	if (dir_offset < IMAGE_HEADER_BYTES || dir_offset > bytes ||
	    bytes - dir_offset != n * IMAGE_ENTRY_BYTES + IMAGE_END_BYTES)
		return error_set(err,
				 "the image's header makes no sense: the directory can't be where "
				 "it says");
	return 0;
}

static int check_end_mark(struct image *img, const u8 *h, struct error *err)
{
	u8 end[IMAGE_END_BYTES];

	if (image_read_at(img, img->bytes - IMAGE_END_BYTES, end, sizeof(end), err))
		return -1;
	if (memcmp(end + END_MAGIC, IMAGE_END_MAGIC, 8) ||
	    get_le(end + END_HEADER_SUM, 8) != image_sum(h, IMAGE_HEADER_BYTES))
		return error_set(err, "the image is damaged: its end mark is missing");
	return 0;
}

static int decode_entry(struct image_section *s, const u8 *e, u64 offset, u64 dir_offset,
			struct error *err)
{
	char name[20];

	s->type = get_le(e + ENTRY_TYPE, 4);
	s->instance = get_le(e + ENTRY_INSTANCE, 4);
	s->coding = get_le(e + ENTRY_CODING, 4);
	s->flags = get_le(e + ENTRY_FLAGS, 4);
	s->offset = get_le(e + ENTRY_OFFSET, 8);
	s->stored_bytes = get_le(e + ENTRY_STORED_BYTES, 8);
	s->raw_bytes = get_le(e + ENTRY_RAW_BYTES, 8);
	s->stored_sum = get_le(e + ENTRY_STORED_SUM, 8);
	s->raw_sum = get_le(e + ENTRY_RAW_SUM, 8);
	image_section_name(s, name);
	if (s->offset != offset || s->stored_bytes > dir_offset - offset)
		return error_set(err,
				 "the image's directory makes no sense: section %s can't be where "
				 "it says",
				 name);
	if (s->coding > IMAGE_ZSTD || (s->flags & ~IMAGE_NEEDED) || get_le(e + ENTRY_RESERVED, 8))
		return error_set(err, "section %s is stored in a way this papyr doesn't know",
				 name);
	if (s->coding == IMAGE_PLAIN &&
	    (s->raw_bytes != s->stored_bytes || s->raw_sum != s->stored_sum))
		return error_set(
		    err, "the image's directory makes no sense: section %s has two lengths", name);
	return 0;
}

static int check_twins(const struct image *img, struct error *err)
{
	char name[20];

	for (unsigned i = 0; i < img->n_sections; i++)
		if (image_find(img, img->sections[i].type, img->sections[i].instance) !=
		    &img->sections[i])
			return error_set(err, "the image has section %s twice",
					 image_section_name(&img->sections[i], name));
	return 0;
}

static int load_directory(struct image *img, const u8 *h, struct error *err)
{
	u64 dir_offset = get_le(h + HEADER_DIR_OFFSET, 8), offset = IMAGE_HEADER_BYTES;
	unsigned n = get_le(h + HEADER_N_SECTIONS, 4);
	u8 *dir = malloc((size_t)n * IMAGE_ENTRY_BYTES + 1);
	int r = -1;

	img->sections = calloc(n + 1, sizeof(*img->sections));
	if (!dir || !img->sections) {
		error_nomem(err, "the image's directory");
		goto out;
	}
	if (image_read_at(img, dir_offset, dir, (size_t)n * IMAGE_ENTRY_BYTES, err))
		goto out;
	if (get_le(h + HEADER_DIR_SUM, 8) != image_sum(dir, (size_t)n * IMAGE_ENTRY_BYTES)) {
		error_set(err, "the image is damaged: its directory's checksum is wrong");
		goto out;
	}
	for (unsigned i = 0; i < n; i++) {
		if (decode_entry(&img->sections[i], dir + i * IMAGE_ENTRY_BYTES, offset, dir_offset,
				 err))
			goto out;
		offset += img->sections[i].stored_bytes;
	}
	img->n_sections = n;
	if (offset != dir_offset)
		error_set(err,
			  "the image's directory makes no sense: there are bytes of no section");
	else
		r = check_twins(img, err);
out:
	free(dir);
	return r;
}

static int load(struct image *img, struct error *err)
{
	u8 header[IMAGE_HEADER_BYTES] = {0};
	struct stat st;

	if (fstat(img->fd, &st) < 0)
		return error_errno(err, "cannot read the image");
	if (!S_ISREG(st.st_mode))
		return error_set(err, "it is no regular file");
	img->bytes = st.st_size;
	if (image_read_at(img, 0, header, img->bytes < sizeof(header) ? img->bytes : sizeof(header),
			  err))
		return -1;
	if (check_start(header, img->bytes, err) || check_sizes(header, img->bytes, err) ||
	    check_end_mark(img, header, err))
		return -1;
	img->version = get_le(header + HEADER_VERSION, 4);
	return load_directory(img, header, err);
}

struct image *image_open_fd(int fd, struct error *err)
{
	struct image *img = calloc(1, sizeof(*img));

	if (!img) {
		close(fd);
		error_nomem(err, "the image");
		return NULL;
	}
	img->fd = fd;
	if (load(img, err)) {
		image_close(img);
		return NULL;
	}
	return img;
}

struct image *image_open(const char *path, struct error *err)
{
	/* Not to wait for the other end of what turns out to be a pipe. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct error why = {""};
	struct image *img;

	if (fd < 0) {
		error_errno(err, "cannot open %s", path);
		return NULL;
	}
	img = image_open_fd(fd, &why);
	if (!img)
		error_wrap(err, &why, "%.200s", path);
	return img;
}

void image_close(struct image *img)
{
	if (!img)
		return;
	close(img->fd);
	free(img->sections);
	free(img);
}

u32 image_version(const struct image *img)
{
	return img->version;
}

u64 image_file_bytes(const struct image *img)
{
	return img->bytes;
}

unsigned image_n_sections(const struct image *img)
{
	return img->n_sections;
}

const struct image_section *image_section(const struct image *img, unsigned i)
{
	return &img->sections[i];
}

const struct image_section *image_find(const struct image *img, u32 type, u32 instance)
{
	for (unsigned i = 0; i < img->n_sections; i++)
		if (img->sections[i].type == type && img->sections[i].instance == instance)
			return &img->sections[i];
	return NULL;
}

int image_refuse_unknown(const struct image *img, const u32 *known, struct error *err)
{
	char name[20];

	for (unsigned i = 0; i < img->n_sections; i++) {
		const struct image_section *s = &img->sections[i];
		const u32 *k = known;

		while (*k && *k != s->type)
			k++;
		if (!*k && (s->flags & IMAGE_NEEDED))
			return error_set(
			    err,
			    "section %s is needed, and this papyr doesn't know what it "
			    "is: take a later one",
			    image_section_name(s, name));
	}
	return 0;
}

int image_section_damaged(const struct image_section *s, struct error *err)
{
	char name[20];

	return error_set(err, "the image is damaged: the checksum of section %s is wrong",
			 image_section_name(s, name));
}

int image_verify(struct image *img, progress_fn progress, void *opaque, struct error *err)
{
	XXH3_state_t *sum = XXH3_createState();
	u8 *buf = malloc(IMAGE_BUFFER_BYTES);
	int r = 0;

	if (!sum || !buf)
		r = error_nomem(err, "checking the image");
	for (unsigned i = 0; i < img->n_sections && !r; i++) {
		const struct image_section *s = &img->sections[i];

		XXH3_64bits_reset(sum);
		for (u64 done = 0; done < s->stored_bytes && !r;) {
			u64 n = s->stored_bytes - done;

			if (n > IMAGE_BUFFER_BYTES)
				n = IMAGE_BUFFER_BYTES;
			r = image_read_at(img, s->offset + done, buf, n, err);
			if (!r)
				XXH3_64bits_update(sum, buf, n);
			done += n;
			if (progress)
				progress(opaque, s->offset + done, img->bytes);
		}
		if (!r && XXH3_64bits_digest(sum) != s->stored_sum)
			r = image_section_damaged(s, err);
	}
	XXH3_freeState(sum);
	free(buf);
	return r;
}
