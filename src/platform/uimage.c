/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/uimage.h"

#include <zlib.h>

#define UIMAGE_MAGIC 0x27051956u
#define HEADER_BYTES 64

/* Where in the header: numbers are big-endian. */
enum { AT_HEADER_SUM = 4, AT_SIZE = 12, AT_LOAD = 16, AT_ENTRY = 20, AT_DATA_SUM = 24 };
enum { AT_ARCH = 29, AT_TYPE = 30, AT_COMPRESSION = 31 };

#define ARCH_POWERPC	 7
#define TYPE_KERNEL	 2
#define COMPRESSION_NONE 0
#define COMPRESSION_GZIP 1

bool is_uimage(const void *data, size_t bytes)
{
	return bytes >= HEADER_BYTES && load_be32(data) == UIMAGE_MAGIC;
}

/* The header's sum is made with its own field 0. */
static u32 header_sum(const u8 *data)
{
	u8 header[HEADER_BYTES];

	memcpy(header, data, sizeof(header));
	store_be32(header + AT_HEADER_SUM, 0);
	return crc32(0, header, sizeof(header));
}

static int check(const u8 *data, size_t bytes, const char *name, struct error *err)
{
	u32 size = load_be32(data + AT_SIZE);

	if (load_be32(data + AT_HEADER_SUM) != header_sum(data))
		return error_set(err, "%s: a uImage whose header is damaged", name);
	if (data[AT_ARCH] != ARCH_POWERPC || data[AT_TYPE] != TYPE_KERNEL)
		return error_set(err,
				 "%s: a uImage, but of no kernel for PowerPC (processor %u, type "
				 "%u)",
				 name, data[AT_ARCH], data[AT_TYPE]);
	if (size > bytes - HEADER_BYTES)
		return error_set(err, "%s: a uImage that is cut off", name);
	if (load_be32(data + AT_DATA_SUM) != crc32(0, data + HEADER_BYTES, size))
		return error_set(err, "%s: a uImage whose contents are damaged", name);
	return 0;
}

/* From @from to @to, where there is @room; how much came, or -1: it's damaged, or too large. */
static s64 unpack(const u8 *from, u32 bytes, u8 *to, u32 room)
{
	z_stream z = {
	    .next_in = (u8 *)(uintptr_t)from, .avail_in = bytes, .next_out = to, .avail_out = room};
	int r;

	if (inflateInit2(&z, MAX_WBITS + 16) != Z_OK)
		return -1;
	r = inflate(&z, Z_FINISH);
	inflateEnd(&z);
	return r == Z_STREAM_END ? (s64)z.total_out : -1;
}

int uimage_load(const struct guest_mem *mem, u64 limit, const void *data, size_t bytes,
		const char *name, struct kernel_image *image, struct error *err)
{
	const u8 *header = data, *from = header + HEADER_BYTES;
	u32 size, load;
	s64 n = -1;
	u64 room;
	u8 *to;

	if (check(header, bytes, name, err))
		return -1;
	size = load_be32(header + AT_SIZE);
	load = load_be32(header + AT_LOAD);
	room = load < limit ? limit - load : 0;
	to = guest_ptr(mem, load, room);
	if (header[AT_COMPRESSION] == COMPRESSION_NONE) {
		if (to && size <= room) {
			memcpy(to, from, size);
			n = size;
		}
	} else if (header[AT_COMPRESSION] == COMPRESSION_GZIP) {
		if (to)
			n = unpack(from, size, to, room < UINT32_MAX ? room : UINT32_MAX);
	} else {
		return error_set(err, "%s: a uImage compressed in a way that isn't known (%u)",
				 name, header[AT_COMPRESSION]);
	}
	if (n <= 0)
		return error_set(err,
				 "%s: what is in this uImage is damaged, or has no room from 0x%x "
				 "on (-m)",
				 name, load);
	image->entry = load_be32(header + AT_ENTRY);
	image->end = load + (u64)n;
	return 0;
}
