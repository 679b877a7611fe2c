/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Image files: a header, sections, a directory of them and an end mark. docs/image-format.md has
 * every byte. What the sections hold is their owners' business (state/saved.h); here is only how
 * they are written so that nothing short of a complete file is ever found under its name, and read
 * so that nothing a file says is believed before it is checked.
 */
#ifndef PAPYR_MIGRATION_IMAGE_H
#define PAPYR_MIGRATION_IMAGE_H

#include "base/bits.h"
#include "platform/error.h"

#define IMAGE_VERSION	   1
#define IMAGE_HEADER_BYTES 64
#define IMAGE_ENTRY_BYTES  64
#define IMAGE_END_BYTES	   16
#define IMAGE_MAGIC	   "PAPYRIMG"
#define IMAGE_END_MAGIC	   "PAPYREND"
#define IMAGE_SECTIONS_MAX 4096

/*
 * A migration's stream has this behind its first record's header: neither is taken for the other.
 */
#define STREAM_MAGIC	"PAPYRMIG"
#define STREAM_MAGIC_AT 24

/* Section types are four letters. */
#define IMAGE_TYPE(a, b, c, d) ((u32)(a) | (u32)(b) << 8 | (u32)(c) << 16 | (u32)(d) << 24)
#define IMAGE_MACHINE	       IMAGE_TYPE('M', 'A', 'C', 'H')
#define IMAGE_MEMORY	       IMAGE_TYPE('M', 'E', 'M', 'O')
#define IMAGE_HTAB	       IMAGE_TYPE('H', 'T', 'A', 'B')
#define IMAGE_VCPU	       IMAGE_TYPE('V', 'C', 'P', 'U')
#define IMAGE_XICS	       IMAGE_TYPE('X', 'I', 'C', 'S')
#define IMAGE_DEVICES	       IMAGE_TYPE('D', 'E', 'V', 'S')

enum image_coding { IMAGE_PLAIN, IMAGE_ZSTD };

/* A reader that doesn't know the section's type must refuse the file. */
#define IMAGE_NEEDED 1u

struct image_section {
	u32 type;
	u32 instance; /* vcpu number; 0 where there is but one */
	u32 coding;
	u32 flags;
	u64 offset;	  /* in the file */
	u64 stored_bytes; /* in the file */
	u64 raw_bytes;	  /* decoded */
	u64 stored_sum;	  /* XXH3-64 of each */
	u64 raw_sum;
};

/* How far something is. Called often; who shows it thins it out. */
typedef void (*progress_fn)(void *opaque, u64 done, u64 total);

/* "MEMO 0", for messages. */
const char *image_section_name(const struct image_section *s, char name[20]);

/* ---- Writing (write.c) ---- */

struct image_writer;

/*
 * Starts a file that will be @path when it is complete: written aside in the same folder. Something
 * at @path that is no regular file is left alone, and an error.
 */
struct image_writer *image_create(const char *path, struct error *err);
/* One section at a time. */
int image_begin(struct image_writer *w, u32 type, u32 instance, u32 flags, enum image_coding coding,
		struct error *err);
int image_put(struct image_writer *w, const void *data, size_t bytes, struct error *err);
int image_end(struct image_writer *w, struct error *err);
/* All three in one. */
int image_add(struct image_writer *w, u32 type, u32 instance, u32 flags, enum image_coding coding,
	      const void *data, size_t bytes, struct error *err);
/*
 * Makes the file complete, durable and visible under its name, in this order, and frees @w. On
 * failure there is no new file, and an older one of that name is as it was.
 */
int image_commit(struct image_writer *w, struct error *err);
/* Gives up: no trace is left. NULL is fine. */
void image_abort(struct image_writer *w);
/* Bytes written so far. */
u64 image_written(const struct image_writer *w);

/* ---- Reading (read.c) ---- */

struct image;

/*
 * Opens a file and checks header, end mark and directory: complete, unaltered, of a version we
 * know, and every section where it can be. The second takes over @fd, also when it fails.
 */
struct image *image_open(const char *path, struct error *err);
struct image *image_open_fd(int fd, struct error *err);
void image_close(struct image *img);

/* Reads every section's stored bytes and checks their sums. */
int image_verify(struct image *img, progress_fn progress, void *opaque, struct error *err);

u32 image_version(const struct image *img);
u64 image_file_bytes(const struct image *img);
unsigned image_n_sections(const struct image *img);
const struct image_section *image_section(const struct image *img, unsigned i);
/* NULL: there is none. */
const struct image_section *image_find(const struct image *img, u32 type, u32 instance);
/* Is there a section that must be understood, of a type not in @known (0-terminated)? */
int image_refuse_unknown(const struct image *img, const u32 *known, struct error *err);

/* ---- A section's contents (section.c) ---- */

/* From front to back, decoded. */
struct section_reader;
struct section_reader *section_open(struct image *img, const struct image_section *s,
				    struct error *err);
/* Exactly @bytes; fewer left is an error. */
int section_read(struct section_reader *r, void *buf, size_t bytes, struct error *err);
u64 section_left(const struct section_reader *r);
/* After the last byte was read: checks that there is no more and that the sum is right. */
int section_finish(struct section_reader *r, struct error *err);
void section_close(struct section_reader *r);

/*
 * A section of at most @max bytes, whole: to be freed. NULL with @err set.
 */
u8 *section_load(struct image *img, const struct image_section *s, u64 max, size_t *bytes,
		 struct error *err);

#endif
