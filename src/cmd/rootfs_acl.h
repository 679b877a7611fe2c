/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Access lists, as POSIX.1e has them, of what becomes an image, in the form that Linux's file
 * systems take.
 */
#ifndef PAPYR_CMD_ROOTFS_ACL_H
#define PAPYR_CMD_ROOTFS_ACL_H

#include <archive_entry.h>
#include <linux/posix_acl_xattr.h>
#include <stdbool.h>

#define ACL_ENTRIES_MAX 256

struct acl_value {
	size_t bytes; /* 0: there is no such list */
	struct {
		struct posix_acl_xattr_header head;
		struct posix_acl_xattr_entry entries[ACL_ENTRIES_MAX];
	} data;
};

/*
 * The list of @e for access, or, of a folder, for what is made in it:
 * ARCHIVE_ENTRY_ACL_TYPE_ACCESS, _DEFAULT. False: it has one that can't be kept, as it names
 * somebody without a number, or too many.
 */
bool acl_take(struct acl_value *a, struct archive_entry *e, int type);

#endif
