/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/rootfs_fill.h"

#include <archive.h>
#include <archive_entry.h>
#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/protocol.h"
#include "base/bits.h"
#include "cmd/blob.h"
#include "cmd/progress.h"
#include "cmd/rootfs_attributes.h"
#include "cmd/rootfs_filler.h"

#define BLOCK_BYTES (64u << 10)

/* In the guest, with the disk as its root, so that links lead where they do in the image. */
#define IN_IMAGE(what)                                                                             \
	"set -e; mkdir /mnt/.papyr; cp /bin/busybox /init /mnt/.papyr/; s=0;"                      \
	"chroot /mnt /.papyr/busybox sh -c 'b=/.papyr/busybox; " what "' || s=$?;"                 \
	"rm -rf /mnt/.papyr; rmdir /mnt/lost+found 2>/dev/null || true; exit $s"
#define ATTRIBUTES ".papyr/attributes" /* the last entry, if there is any */
static const char unpack[] = IN_IMAGE("$b tar -x -p -f - -C / || exit; [ ! -e /" ATTRIBUTES " ] || "
				      "/.papyr/init " ATTRIBUTES_WORD " </" ATTRIBUTES);
/*
 * Lines of a path each: what goes; of a folder, what is in it; and what goes if it isn't a folder,
 * or if it is one.
 */
static const char take_away[] =
    IN_IMAGE("real() { [ -d \"$1\" ] && [ ! -L \"$1\" ]; };"
	     "while IFS= read -r l; do p=\"/${l#?}\"; case $l in "
	     "r*) $b rm -rf -- \"$p\";; "
	     "o*) [ ! -d \"$p\" ] || $b find \"$p\" -mindepth 1 -maxdepth 1 "
	     "! -name .papyr -exec $b rm -rf -- {} +;; "
	     "d*) real \"$p\" || { [ ! -e \"$p\" ] && [ ! -L \"$p\" ]; } || $b rm -f -- \"$p\";; "
	     "f*) ! real \"$p\" || $b rm -rf -- \"$p\";; esac; done");

/* ---- Entries ---- */

/*
 * Without what leads to the root, "/" and "./": the root itself is "". NULL: it leads out of it.
 */
static const char *inside(const char *path)
{
	while (*path == '/' || (path[0] == '.' && (path[1] == '/' || !path[1])))
		path++;
	for (const char *at = path; *at; at += strcspn(at, "/"), at += *at == '/')
		if (!strncmp(at, "..", 2) && (at[2] == '/' || !at[2]))
			return NULL;
	return path;
}

/* For OCI's layers: ".wh.NAME" takes NAME away, ".wh..wh..opq" all that is in its folder. */
static const char *whiteout(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	return strncmp(name, ".wh.", 4) ? NULL : name;
}

/* No layer may hold anything below such a name; what older tools put there is theirs alone. */
static bool is_below_whiteout(const char *path)
{
	return !strncmp(path, ".wh.", 4) || strstr(path, "/.wh.");
}

/* One archive read, and, for a guest, another written. */
struct copying {
	struct archive *from, *to;
	struct progress progress;
	u64 bytes;	    /* of the file that is read; 0: not known */
	struct blob *blob;  /* that is the file, of a layer; NULL: none */
	char *block;	    /* of the blob's bytes */
	const char *folder; /* that is read instead; NULL: none */
	bool layer, machine_known;
	struct attributes attributes;
	struct error *err;
};

static int read_failed(struct copying *c)
{
	const char *why = archive_error_string(c->from);

	return error_set(c->err, "it can't be read: %s", why ? why : "it is no tar archive");
}

/* Of the first program: a system for another machine is noticed before a command of it fails. */
static int look_at_machine(struct copying *c, const struct archive_entry *e, const void *data,
			   size_t n)
{
	const Elf64_Ehdr *h = data;

	if (c->machine_known || n < sizeof(*h) || memcmp(h->e_ident, ELFMAG, SELFMAG) ||
	    !(archive_entry_mode((struct archive_entry *)e) & 0111))
		return 0;
	c->machine_known = true;
	if (h->e_ident[EI_CLASS] == ELFCLASS64 && h->e_ident[EI_DATA] == ELFDATA2LSB &&
	    le16toh(h->e_machine) == EM_PPC64)
		return 0;
	return error_set(c->err, "its programs aren't for ppc64le: %s",
			 archive_entry_pathname((struct archive_entry *)e));
}

static int copy_data(struct copying *c, struct archive_entry *e)
{
	static char data[BLOCK_BYTES];
	la_int64_t left = archive_entry_size(e);
	la_ssize_t n = 1;

	for (bool first = true; left > 0 && n > 0; first = false, left -= n) {
		/* No more than there is: what pads it is the next entry's. */
		n = archive_read_data(c->from, data,
				      left < BLOCK_BYTES ? (size_t)left : sizeof(data));
		if (n > 0 && first && look_at_machine(c, e, data, (size_t)n))
			return -1;
		if (n > 0 && archive_write_data(c->to, data, (size_t)n) < 0)
			return error_set(c->err, "the guest takes no more (see above)");
		if (c->bytes)
			progress_show(&c->progress, (u64)archive_filter_bytes(c->from, -1),
				      c->bytes);
	}
	return n < 0 ? read_failed(c) : 0;
}

/* Owners are numbers: names are those of another system. */
static int write_entry(struct copying *c, struct archive_entry *e, const char *path)
{
	const char *to = archive_entry_hardlink(e);
	char name[PATH_MAX], other[PATH_MAX];

	if (snprintf(name, sizeof(name), "./%s", path) >= (int)sizeof(name))
		return error_set(c->err, "too long a name: %.40s...", path);
	to = to ? inside(to) : "";
	if (!to || snprintf(other, sizeof(other), "./%s", to) >= (int)sizeof(other))
		return error_set(c->err, "%s is a link to what is outside", path);
	archive_entry_copy_pathname(e, name);
	if (*to)
		archive_entry_copy_hardlink(e, other);
	archive_entry_set_uname(e, NULL);
	archive_entry_set_gname(e, NULL);
	if (attributes_take(&c->attributes, e, name, c->err))
		return -1;
	archive_entry_xattr_clear(e);
	if (archive_write_header(c->to, e) < ARCHIVE_WARN)
		return error_set(c->err, "%s: %s", name, archive_error_string(c->to));
	return archive_entry_size(e) > 0 ? copy_data(c, e) : 0;
}

static int copy_entry(struct copying *c, struct archive_entry *e)
{
	const char *path = archive_entry_pathname(e);

	path = path ? inside(path) : NULL;
	if (!path)
		return error_set(c->err, "it has a name that leads out of it");
	if (c->layer && is_below_whiteout(path))
		return 0;
	return write_entry(c, e, path);
}

/*
 * 1: there is an entry, 0: none any more. umoci writes layers that end without what pads the last
 * entry to a block: that they are whole is known by their sums.
 */
static int next_entry(struct copying *c, struct archive_entry **e)
{
	int ret = archive_read_next_header(c->from, e);
	bool ended;

	if (ret == ARCHIVE_EOF)
		return 0;
	if (ret >= ARCHIVE_WARN)
		return 1;
	/* That it ends early is one of these; what is no entry is EINVAL. */
	ended = archive_errno(c->from) == EILSEQ || archive_errno(c->from) == -1;
	return c->layer && ended ? 0 : read_failed(c);
}

static int copy_all(struct copying *c)
{
	struct archive_entry *e;
	int more;

	while ((more = next_entry(c, &e)) > 0)
		if (copy_entry(c, e))
			return -1;
	return more;
}

/* ---- Folders ---- */

/* Its names are whole ones, of which @above bytes lead to the folder. */
static int write_below(struct copying *c, struct archive_entry *e, size_t above)
{
	char path[PATH_MAX], to[PATH_MAX];

	snprintf(path, sizeof(path), "%s", archive_entry_pathname(e) + above);
	if (archive_entry_hardlink(e)) {
		snprintf(to, sizeof(to), "%s", archive_entry_hardlink(e) + above);
		archive_entry_copy_hardlink(e, to);
	}
	return write_entry(c, e, inside(path));
}

/* Several names of one file are links, as in archives. */
static int copy_folder_entries(struct copying *c, struct archive_entry_linkresolver *links,
			       struct archive_entry *e)
{
	int got;

	while ((got = archive_read_next_header2(c->from, e)) != ARCHIVE_EOF) {
		struct archive_entry *one = e, *other = NULL;

		if (got < ARCHIVE_WARN)
			return read_failed(c);
		archive_read_disk_descend(c->from);
		/* It means nothing without the process that made it. */
		if (archive_entry_filetype(e) == AE_IFSOCK)
			continue;
		archive_entry_linkify(links, &one, &other);
		if (write_below(c, one, strlen(c->folder)))
			return -1;
	}
	return 0;
}

static int copy_folder(struct copying *c)
{
	struct archive_entry_linkresolver *links = archive_entry_linkresolver_new();
	struct archive_entry *e = archive_entry_new();
	int ret = error_nomem(c->err, "its names");

	if (links && e) {
		archive_entry_linkresolver_set_strategy(links, ARCHIVE_FORMAT_TAR_GNUTAR);
		ret = copy_folder_entries(c, links, e);
	}
	archive_entry_free(e);
	archive_entry_linkresolver_free(links);
	return ret;
}

/* Behind all files, which are there when they are set. */
static int write_attributes(struct copying *c)
{
	struct archive_entry *e;
	bool good;

	if (attributes_end(&c->attributes, c->err))
		return -1;
	if (!c->attributes.bytes)
		return 0;
	e = archive_entry_new();
	if (!e)
		return error_nomem(c->err, "attributes");
	archive_entry_set_pathname(e, "./" ATTRIBUTES);
	archive_entry_set_filetype(e, AE_IFREG);
	archive_entry_set_perm(e, 0600);
	archive_entry_set_size(e, (la_int64_t)c->attributes.bytes);
	good = archive_write_header(c->to, e) >= ARCHIVE_WARN &&
	       archive_write_data(c->to, c->attributes.data, c->attributes.bytes) >= 0;
	archive_entry_free(e);
	return good ? 0 : error_set(c->err, "the guest takes no more (see above)");
}

static int write_archive(struct copying *c, int fd)
{
	int ret;

	c->to = archive_write_new();
	if (!c->to)
		return error_nomem(c->err, "an archive");
	archive_write_set_format_gnutar(c->to);
	archive_write_set_bytes_in_last_block(c->to, 1);
	progress_begin(&c->progress, "unpacking");
	ret = archive_write_open_fd(c->to, fd) ? error_set(c->err, "can't write to the guest")
	      : c->folder		       ? copy_folder(c)
					       : copy_all(c);
	if (!ret)
		ret = write_attributes(c);
	attributes_free(&c->attributes);
	progress_end(&c->progress);
	if (ret)
		archive_write_fail(c->to);
	else if (archive_write_close(c->to))
		ret = error_set(c->err, "the guest takes no more (see above)");
	archive_write_free(c->to);
	return ret;
}

/* @c->from is open. What the guest says of a failure comes first. */
static int unpack_in_guest(struct copying *c, const char *disk)
{
	struct filler f;
	struct error none;
	int ret;

	signal(SIGPIPE, SIG_IGN); /* a guest that ends early is an error of writing */
	if (filler_start(&f, disk, unpack, c->err))
		return -1;
	ret = write_archive(c, f.in);
	return filler_end(&f, ret ? &none : c->err) || ret ? -1 : 0;
}

int rootfs_fill_from_folder(const char *disk, const char *folder, struct error *err)
{
	char path[PATH_MAX];
	struct copying c = {.folder = path, .err = err};
	int ret;

	if (!realpath(folder, path))
		return error_errno(err, "%s", folder);
	c.from = archive_read_disk_new();
	if (!c.from)
		return error_nomem(err, "reading a folder");
	archive_read_disk_set_symlink_physical(c.from);
	archive_read_disk_set_behavior(c.from, ARCHIVE_READDISK_NO_TRAVERSE_MOUNTS |
						   ARCHIVE_READDISK_NO_FFLAGS);
	ret = archive_read_disk_open(c.from, path) ? read_failed(&c) : unpack_in_guest(&c, disk);
	archive_read_free(c.from);
	return ret;
}

/* ---- Archives ---- */

static la_ssize_t read_blob(struct archive *a, void *opaque, const void **data)
{
	struct copying *c = opaque;

	*data = c->block;
	return blob_read(c->blob, c->block, BLOCK_BYTES);
}

/* A layer is read as it is summed, from its beginning to its end. */
static int open_layer(struct copying *c, const char *file)
{
	static char block[BLOCK_BYTES];
	static struct blob blob;

	if (blob_open(&blob, file, c->err))
		return -1;
	c->block = block;
	c->blob = &blob;
	c->bytes = blob.bytes;
	return archive_read_open(c->from, c, NULL, read_blob, NULL) ? read_failed(c) : 0;
}

static int open_file(struct copying *c, const char *file)
{
	struct stat st;

	if (stat(file, &st))
		return error_errno(c->err, "%s", file);
	c->bytes = (u64)st.st_size;
	return archive_read_open_filename(c->from, file, BLOCK_BYTES) ? read_failed(c) : 0;
}

/* Behind it comes close_archive(), whatever is returned. */
static int open_archive(struct copying *c, const char *file)
{
	c->from = archive_read_new();
	if (!c->from)
		return error_nomem(c->err, "reading an archive");
	/* Not all that there are: some of those run programs. */
	archive_read_support_filter_bzip2(c->from);
	archive_read_support_filter_gzip(c->from);
	archive_read_support_filter_lzma(c->from);
	archive_read_support_filter_xz(c->from);
	archive_read_support_filter_zstd(c->from);
	archive_read_support_format_tar(c->from);
	return c->layer ? open_layer(c, file) : open_file(c, file);
}

/* @ret, or -1: what was read wasn't the layer, which is why all else went wrong. */
static int close_archive(struct copying *c, int ret)
{
	struct error damaged = {0};

	archive_read_free(c->from);
	if (c->blob && blob_end(c->blob, &damaged)) {
		*c->err = damaged;
		return -1;
	}
	return ret;
}

/* Only what is of another kind than what was there replaces it: in a folder may be much. */
static void put_replaced(FILE *lines, struct archive_entry *e, const char *path)
{
	bool is_folder = archive_entry_filetype(e) == AE_IFDIR && !archive_entry_hardlink(e);
	size_t bytes = strlen(path);

	while (bytes && path[bytes - 1] == '/') /* a link to a folder is none */
		bytes--;
	fprintf(lines, "%c%.*s\n", is_folder ? 'd' : 'f', (int)bytes, path);
}

/* A line for the guest. */
static int put_line(FILE *lines, struct copying *c, struct archive_entry *e)
{
	const char *path = archive_entry_pathname(e), *name;
	int above;

	path = path ? inside(path) : NULL;
	if (!path || !*path)
		return 0;
	if (strchr(path, '\n'))
		return error_set(c->err, "a layer has a name with a line break");
	name = whiteout(path);
	if (!name) {
		if (!is_below_whiteout(path))
			put_replaced(lines, e, path);
		return 0;
	}
	above = (int)(name - path);
	if (!strcmp(name, ".wh..wh..opq"))
		fprintf(lines, "o%.*s\n", above, path);
	else if (!strcmp(name, ".wh.") || !strcmp(name, ".wh..") || !strcmp(name, ".wh..."))
		return error_set(c->err, "a layer takes away what has no name: %s", path);
	else
		fprintf(lines, "r%.*s%s\n", above, path, name + 4);
	return 0;
}

/* What a layer takes away or replaces, which is of those below it: before it is unpacked. */
static int find_whiteouts(struct copying *c, FILE *lines)
{
	struct archive_entry *e;
	int more;

	while ((more = next_entry(c, &e)) > 0)
		if (put_line(lines, c, e))
			return -1;
	return more;
}

static int send_lines(const char *disk, const char *text, size_t bytes, struct error *err)
{
	struct filler f;
	ssize_t n = 0;

	signal(SIGPIPE, SIG_IGN);
	if (filler_start(&f, disk, take_away, err))
		return -1;
	for (size_t at = 0; at < bytes && n >= 0; at += (size_t)n)
		n = write(f.in, text + at, bytes - at);
	return filler_end(&f, err);
}

static int apply_whiteouts(const char *disk, const char *file, struct error *err)
{
	struct copying c = {.layer = true, .err = err};
	char *text = NULL;
	size_t bytes = 0;
	FILE *lines = open_memstream(&text, &bytes);
	int ret = lines ? 0 : error_nomem(err, "a layer's names");

	if (!ret)
		ret = close_archive(&c, open_archive(&c, file) || find_whiteouts(&c, lines));
	if (lines && fclose(lines))
		ret = error_nomem(err, "a layer's names");
	if (!ret && bytes)
		ret = send_lines(disk, text, bytes, err);
	free(text);
	return ret ? -1 : 0;
}

int rootfs_fill_from_archive(const char *disk, const char *file, enum archive_use use,
			     struct error *err)
{
	struct copying c = {.layer = use != WHOLE_ARCHIVE, .err = err};

	if (use == UPPER_LAYER && apply_whiteouts(disk, file, err))
		return -1;
	return close_archive(&c, open_archive(&c, file) || unpack_in_guest(&c, disk)) ? -1 : 0;
}
