/* SPDX-License-Identifier: Apache-2.0 */
#include "migration/state/memory.h"

#define RUN_HEADER 16

static int put_run(const struct guest_mem *mem, struct image_writer *w, u64 gpa, u64 bytes,
		   struct error *err)
{
	u8 header[RUN_HEADER];

	put_le(header, gpa, 8);
	put_le(header + 8, bytes, 8);
	if (image_put(w, header, sizeof(header), err))
		return -1;
	return image_put(w, mem->host + gpa, bytes, err);
}

int memory_save(const struct guest_mem *mem, struct image_writer *w, progress_fn progress,
		void *opaque, struct error *err)
{
	u64 gpa = 0;

	while (gpa < mem->bytes) {
		u64 limit = mem->bytes - gpa, run = 0;

		if (guest_is_absent(mem, gpa)) {
			gpa = (gpa | (GUEST_BLOCK - 1)) + 1;
			continue;
		}
		if (limit > MEMORY_RUN_MAX)
			limit = MEMORY_RUN_MAX;
		while (run < limit && !guest_page_is_zero(mem->host + gpa + run))
			run += GUEST_PAGE;
		if (run && put_run(mem, w, gpa, run, err))
			return -1;
		gpa += run;
		while (run < limit && guest_page_is_zero(mem->host + gpa)) {
			run += GUEST_PAGE;
			gpa += GUEST_PAGE;
		}
		if (progress)
			progress(opaque, gpa, mem->bytes);
	}
	return put_run(mem, w, mem->bytes, 0, err);
}

int memory_load(const struct guest_mem *mem, struct section_reader *r, progress_fn progress,
		void *opaque, struct error *err)
{
	u64 end = 0;

	for (;;) {
		u8 header[RUN_HEADER];
		u64 gpa, bytes;

		if (section_read(r, header, sizeof(header), err))
			return -1;
		gpa = get_le(header, 8);
		bytes = get_le(header + 8, 8);
		if ((gpa | bytes) & (GUEST_PAGE - 1))
			return error_set(err, "a run of memory is no whole number of pages");
		if (gpa < end || gpa > mem->bytes || bytes > mem->bytes - gpa ||
		    bytes > MEMORY_RUN_MAX)
			return error_set(err,
					 "a run of memory lies outside the guest's memory, or over "
					 "another");
		if (!bytes)
			break;
		if (section_read(r, mem->host + gpa, bytes, err))
			return -1;
		end = gpa + bytes;
		if (progress)
			progress(opaque, end, mem->bytes);
	}
	return section_finish(r, err);
}
