/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/rootfs_make.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/rootfs_fill.h"
#include "cmd/oci.h"

#define OCI "oci:"
/* Where ext4 says that it is there. */
#define MAGIC_AT 0x438
#define MAGIC	 "\x53\xef"

static bool is_disk(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	char magic[2] = "";
	bool is;

	if (fd < 0)
		return false;
	is = pread(fd, magic, sizeof(magic), MAGIC_AT) == sizeof(magic) &&
	     !memcmp(magic, MAGIC, sizeof(magic));
	close(fd);
	return is;
}

static int copy_disk(const char *from, const char *to, struct error *err)
{
	const char *const words[] = {"cp", "--reflink=auto", "--sparse=always", "--", from, to,
				     NULL};

	return cmd_run_program(words) ? 0 : error_set(err, "%s can't be copied (see above)", from);
}

static int fill(const char *disk, const char *source, struct error *err)
{
	struct stat st;

	if (stat(source, &st))
		return error_errno(err, "%s", source);
	if (S_ISDIR(st.st_mode))
		return rootfs_fill_from_folder(disk, source, err);
	if (is_disk(source))
		return copy_disk(source, disk, err);
	return rootfs_fill_from_archive(disk, source, WHOLE_ARCHIVE, err);
}

static int fill_from_oci(const char *disk, const struct oci_image *oci, struct error *err)
{
	for (unsigned i = 0; i < oci->layers; i++)
		if (rootfs_fill_from_archive(disk, oci->layer[i], i ? UPPER_LAYER : LOWEST_LAYER,
					     err))
			return -1;
	return 0;
}

/* @oci: what @source is; NULL: something else. */
static int make(const char *name, const char *source, const struct oci_image *oci, u64 bytes,
		struct error *err)
{
	struct rootfs_making m;
	json_t *info = oci ? json_deep_copy(oci->config) : json_object();
	int ret;

	json_object_set_new(info, "source", json_string(source));
	ret = rootfs_begin(&m, name, bytes, err);
	if (!ret)
		ret = oci ? fill_from_oci(m.disk, oci, err) : fill(m.disk, source, err);
	if (!ret)
		ret = rootfs_finish(&m, info, err);
	else
		json_decref(info);
	rootfs_drop(&m);
	return ret;
}

int rootfs_import(const char *name, const char *source, u64 bytes, struct error *err)
{
	struct oci_image oci;
	int ret;

	if (strncmp(source, OCI, strlen(OCI)))
		return make(name, source, NULL, bytes, err);
	ret = oci_open(&oci, source + strlen(OCI), err);
	if (!ret)
		ret = make(name, source, &oci, bytes, err);
	oci_free(&oci);
	return ret;
}

int rootfs_of_oci(const char *where, char name[IMAGE_NAME_MAX + 1], struct error *err)
{
	char source[PATH_MAX];
	struct oci_image oci;
	int ret = oci_open(&oci, where, err);

	if (!ret) {
		snprintf(name, IMAGE_NAME_MAX + 1, "oci-%.32s", oci.digest);
		snprintf(source, sizeof(source), OCI "%s", where);
		if (!rootfs_is_there(name)) {
			cmd_note("%s becomes image %s, once", source, name);
			/* Another papyr may have made it meanwhile. */
			ret = make(name, source, &oci, IMAGE_BYTES, err) && !rootfs_is_there(name)
				  ? -1
				  : 0;
		}
	}
	oci_free(&oci);
	return ret;
}
