/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/rootfs_attributes.h"

#include <archive.h>
#include <endian.h>
#include <linux/xattr.h>
#include <stdlib.h>
#include <string.h>

#include "agent/protocol.h"
#include "base/bits.h"
#include "cmd/cmd.h"
#include "cmd/rootfs_acl.h"

static bool begins(const char *name, const char *with)
{
	return !strncmp(name, with, strlen(with));
}

/*
 * Labels and sums of this machine's security modules, and what an overlay keeps for itself, mean
 * nothing in another system. Access lists may be among these, too, as Linux has them.
 */
static bool is_kept(const char *name)
{
	return begins(name, "user.") || !strcmp(name, "security.capability") ||
	       (begins(name, "trusted.") && !begins(name, "trusted.overlay.")) ||
	       !strcmp(name, XATTR_NAME_POSIX_ACL_ACCESS) ||
	       !strcmp(name, XATTR_NAME_POSIX_ACL_DEFAULT);
}

static int put(struct attributes *a, const char *path, const char *name, const void *value,
	       size_t bytes, struct error *err)
{
	struct attribute_head h = {htole32((u32)strlen(path)), htole32((u32)strlen(name)),
				   htole32((u32)bytes)};

	if (strlen(path) > ATTRIBUTE_PATH_MAX || strlen(name) > ATTRIBUTE_NAME_MAX ||
	    bytes > ATTRIBUTE_VALUE_MAX)
		return error_set(err, "%.40s: attribute %.40s is too long", path, name);
	if (!a->to)
		a->to = open_memstream(&a->data, &a->bytes);
	if (!a->to)
		return error_nomem(err, "attributes");
	if ((size_t)ftell(a->to) + bytes > ATTRIBUTES_BYTES_MAX)
		return error_set(err, "its files have more than %zu MiB of attributes",
				 ATTRIBUTES_BYTES_MAX >> 20);
	fwrite(&h, sizeof(h), 1, a->to);
	fputs(path, a->to);
	fputs(name, a->to);
	fwrite(value, 1, bytes, a->to);
	return ferror(a->to) ? error_nomem(err, "attributes") : 0;
}

static int take_lists(struct attributes *a, struct archive_entry *e, const char *path,
		      struct error *err)
{
	static const struct {
		int type;
		const char *name;
	} lists[] = {{ARCHIVE_ENTRY_ACL_TYPE_ACCESS, XATTR_NAME_POSIX_ACL_ACCESS},
		     {ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, XATTR_NAME_POSIX_ACL_DEFAULT}};
	struct acl_value value;
	bool lost = archive_entry_acl_types(e) & ARCHIVE_ENTRY_ACL_TYPE_NFS4;

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		lost |= !acl_take(&value, e, lists[i].type);
		if (value.bytes && put(a, path, lists[i].name, &value.data, value.bytes, err))
			return -1;
	}
	a->lists_lost += lost;
	archive_entry_acl_clear(e);
	return 0;
}

int attributes_take(struct attributes *a, struct archive_entry *e, const char *path,
		    struct error *err)
{
	const char *name;
	const void *value;
	size_t bytes;

	archive_entry_xattr_reset(e);
	while (archive_entry_xattr_next(e, &name, &value, &bytes) == ARCHIVE_OK)
		if (name && is_kept(name) && put(a, path, name, value, bytes, err))
			return -1;
	return take_lists(a, e, path, err);
}

int attributes_end(struct attributes *a, struct error *err)
{
	FILE *f = a->to;

	if (a->lists_lost)
		cmd_note("access lists are left out of %u files: they name users without their "
			 "numbers, or are not POSIX's",
			 a->lists_lost);
	a->to = NULL;
	return f && fclose(f) ? error_nomem(err, "attributes") : 0;
}

void attributes_free(struct attributes *a)
{
	if (a->to)
		fclose(a->to);
	free(a->data);
	*a = (struct attributes){0};
}
