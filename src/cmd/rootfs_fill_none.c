/* SPDX-License-Identifier: Apache-2.0 */
/* Where there is no libarchive: disks alone become images. */
#include "cmd/rootfs_fill.h"

static int no_archives(struct error *err)
{
	return error_set(err, "this papyr was built without libarchive (-Darchives=disabled): it "
			      "makes images of disks only");
}

int rootfs_fill_from_folder(const char *disk, const char *folder, struct error *err)
{
	return no_archives(err);
}

int rootfs_fill_from_archive(const char *disk, const char *file, enum archive_use use,
			     struct error *err)
{
	return no_archives(err);
}
