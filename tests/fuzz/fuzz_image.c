/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer target: no image file, however wrong, makes its reader crash, hang, allocate what no
 * file has, or write outside the guest's memory.
 *
 * Input: one byte that chooses, then
 *   0:    a file as it is
 *   1:    a file whose sums are made right first, so that what is behind them is reached
 *   2...: the contents of one section, with a right file made around them
 */
#include <stdio.h>

#include "../unit/image_build.h"
#include "migration/state/devices.h"
#include "migration/state/htab.h"
#include "migration/state/memory.h"
#include "migration/state/saved.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define MEM_BYTES  (2u << 20)
#define HTAB_ORDER 18

static int take_record(void *opaque, const u8 *data, size_t bytes, struct error *err)
{
	struct htab_record rec = htab_record_decode(data, HTAB_LITTLE);

	if (bytes != 8 + 16u * rec.n_valid ||
	    (u64)rec.index + rec.n_valid + rec.n_invalid > 1u << (HTAB_ORDER - 4))
		abort();
	return 0;
}

static void stream_section(struct image *img, const struct image_section *s)
{
	static struct guest_mem mem;
	struct section_reader *r;
	struct error err;

	if (!mem.host)
		mem = (struct guest_mem){.host = malloc(MEM_BYTES), .bytes = MEM_BYTES};
	r = section_open(img, s, &err);
	if (!r)
		return;
	if (s->type == IMAGE_MEMORY)
		memory_load(&mem, r, NULL, NULL, &err);
	else
		htab_walk(r, 1u << (HTAB_ORDER - 4), s->instance & 1, HTAB_LITTLE, take_record,
			  NULL, &err);
	section_close(r);
}

static void unpack_section(struct image *img, const struct image_section *s)
{
	static struct saved_machine machine;
	static struct saved_vcpu vcpu;
	static struct saved_xics xics;
	struct error err;
	size_t bytes;
	u8 *data = section_load(img, s, SAVED_SECTION_MAX, &bytes, &err);
	struct state_in in = {.data = data, .len = bytes};

	if (!data)
		return;
	if (s->type == IMAGE_MACHINE)
		saved_machine_unpack(&machine, &in, &err);
	else if (s->type == IMAGE_VCPU)
		saved_vcpu_unpack(&vcpu, &in, &err);
	else if (s->type == IMAGE_XICS)
		saved_xics_unpack(&xics, &in, &err);
	else if (s->type == IMAGE_DEVICES)
		devices_load(NULL, data[0] & 1, &in, &err);
	free(data);
}

static void read_image(const u8 *data, size_t size)
{
	struct error err;
	struct image *img = image_open_fd(image_memfd(data, size), &err);

	if (!img)
		return;
	image_verify(img, NULL, NULL, &err);
	for (unsigned i = 0; i < image_n_sections(img); i++) {
		const struct image_section *s = image_section(img, i);

		if (s->type == IMAGE_MEMORY || s->type == IMAGE_HTAB)
			stream_section(img, s);
		else
			unpack_section(img, s);
	}
	image_close(img);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static const u32 types[] = {IMAGE_MACHINE, IMAGE_MEMORY, IMAGE_HTAB,
				    IMAGE_VCPU,	   IMAGE_XICS,	 IMAGE_DEVICES};
	struct built b;
	unsigned how;

	if (!size)
		return 0;
	how = data[0] % (2 + ARRAY_SIZE(types));
	data++;
	size--;
	if (how >= 2) {
		b = build_image(types[how - 2], data[-1] / 16 & 1, 0, data, size);
	} else {
		b = (struct built){malloc(size + 1), size};
		memcpy(b.data, data, size);
	}
	if (how)
		reseal_image(b.data, b.bytes);
	read_image(b.data, b.bytes);
	free(b.data);
	return 0;
}
