/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/rootfs_acl.h"

#include <archive.h>
#include <endian.h>
#include <linux/posix_acl.h>

#include "base/bits.h"

/* In the order in which a list has them. */
static const struct {
	int archives;
	u16 linuxs;
} tags[] = {
    {ARCHIVE_ENTRY_ACL_USER_OBJ, ACL_USER_OBJ},	  {ARCHIVE_ENTRY_ACL_USER, ACL_USER},
    {ARCHIVE_ENTRY_ACL_GROUP_OBJ, ACL_GROUP_OBJ}, {ARCHIVE_ENTRY_ACL_GROUP, ACL_GROUP},
    {ARCHIVE_ENTRY_ACL_MASK, ACL_MASK},		  {ARCHIVE_ENTRY_ACL_OTHER, ACL_OTHER},
};

/* Adds the entries of one kind. */
static bool take_kind(struct acl_value *a, unsigned *n, struct archive_entry *e, int type,
		      size_t kind)
{
	bool is_named = tags[kind].linuxs == ACL_USER || tags[kind].linuxs == ACL_GROUP;
	int of, mode, tag, id;
	const char *name;

	archive_entry_acl_reset(e, type);
	while (archive_entry_acl_next(e, type, &of, &mode, &tag, &id, &name) == ARCHIVE_OK) {
		if (tag != tags[kind].archives)
			continue;
		if (*n == ACL_ENTRIES_MAX || (is_named && id < 0))
			return false;
		a->data.entries[(*n)++] = (struct posix_acl_xattr_entry){
		    .e_tag = htole16(tags[kind].linuxs),
		    .e_perm = htole16((u16)(mode & (ACL_READ | ACL_WRITE | ACL_EXECUTE))),
		    .e_id = htole32(is_named ? (u32)id : (u32)ACL_UNDEFINED_ID),
		};
	}
	return true;
}

bool acl_take(struct acl_value *a, struct archive_entry *e, int type)
{
	unsigned n = 0;

	a->bytes = 0;
	if (!(archive_entry_acl_types(e) & type))
		return true;
	a->data.head.a_version = htole32(POSIX_ACL_XATTR_VERSION);
	for (size_t kind = 0; kind < ARRAY_SIZE(tags); kind++)
		if (!take_kind(a, &n, e, type, kind))
			return false;
	a->bytes = n ? sizeof(a->data.head) + n * sizeof(a->data.entries[0]) : 0;
	return true;
}
