/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels of 32 bits: ELF, uImages, plain code; whole ones, and those with something wrong. */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

#include <cmocka.h>

#include "platform/elf.h"
#include "platform/uimage.h"

#define MIB	 (1u << 20)
#define HEADER	 64 /* of a uImage */
#define CONTENTS 1024

static struct guest_mem mem;
static u8 image[4096];

static int setup(void **state)
{
	struct error err;

	return guest_mem_alloc(&mem, 64 * MIB, 64 * MIB, &err);
}

static int teardown(void **state)
{
	guest_mem_free(&mem);
	return 0;
}

static int load(u64 limit, size_t bytes, struct kernel_image *k)
{
	struct error err;

	return kernel_load(&mem, &kernel_booke, limit, image, bytes, "k", false, k, &err);
}

static void put16(void *at, u16 v)
{
	((u8 *)at)[0] = v >> 8;
	((u8 *)at)[1] = v;
}

/* Linked as Linux is: physical addresses from @paddr, virtual ones 3 GiB above. */
static void make_elf(u32 paddr, u32 filesz, u32 memsz, u32 entry)
{
	Elf32_Ehdr *eh = (Elf32_Ehdr *)image;
	Elf32_Phdr *ph = (Elf32_Phdr *)(image + sizeof(*eh));

	memset(image, 0, sizeof(image));
	memcpy(eh->e_ident, ELFMAG, SELFMAG);
	eh->e_ident[EI_CLASS] = ELFCLASS32;
	eh->e_ident[EI_DATA] = ELFDATA2MSB;
	eh->e_ident[EI_VERSION] = EV_CURRENT;
	put16(&eh->e_type, ET_EXEC);
	put16(&eh->e_machine, EM_PPC);
	store_be32(&eh->e_version, EV_CURRENT);
	store_be32(&eh->e_entry, entry);
	store_be32(&eh->e_phoff, sizeof(*eh));
	put16(&eh->e_ehsize, sizeof(*eh));
	put16(&eh->e_phentsize, sizeof(*ph));
	put16(&eh->e_phnum, 1);
	store_be32(&ph->p_type, PT_LOAD);
	store_be32(&ph->p_offset, 512);
	store_be32(&ph->p_vaddr, 0xc0000000 + paddr);
	store_be32(&ph->p_paddr, paddr);
	store_be32(&ph->p_filesz, filesz);
	store_be32(&ph->p_memsz, memsz);
	memset(image + 512, 0xab, 512);
}

static void sum_up(size_t size)
{
	store_be32(image + 24, crc32(0, image + HEADER, size));
	store_be32(image + 4, 0);
	store_be32(image + 4, crc32(0, image, HEADER));
}

/* Its size. */
static size_t make_uimage(u32 at, u32 entry, bool gzip)
{
	u8 contents[CONTENTS];
	size_t size = sizeof(contents);

	memset(image, 0, sizeof(image));
	for (unsigned i = 0; i < sizeof(contents); i++)
		contents[i] = i / 16;
	if (gzip) {
		z_stream z = {.next_in = contents,
			      .avail_in = sizeof(contents),
			      .next_out = image + HEADER,
			      .avail_out = sizeof(image) - HEADER};

		assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, MAX_WBITS + 16, 8, 0), Z_OK);
		assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
		size = z.total_out;
		deflateEnd(&z);
	} else {
		memcpy(image + HEADER, contents, size);
	}
	store_be32(image, 0x27051956);
	store_be32(image + 12, size);
	store_be32(image + 16, at);
	store_be32(image + 20, entry);
	image[28] = 5; /* Linux */
	image[29] = 7; /* PowerPC */
	image[30] = 2; /* a kernel */
	image[31] = gzip;
	sum_up(size);
	return HEADER + size;
}

static void elf32(void **state)
{
	struct kernel_image k;

	make_elf(0x1000, 512, 1024, 0xc0001010);
	memset(mem.host + 0x1000, 0xff, 2048);
	assert_int_equal(load(64 * MIB, sizeof(image), &k), 0);
	assert_int_equal(k.entry, 0x1010);
	assert_int_equal(k.end, 0x1400);
	assert_false(k.little_endian);
	assert_int_equal(mem.host[0x11ff], 0xab);
	assert_int_equal(mem.host[0x1200], 0); /* .bss */
	assert_int_equal(mem.host[0x1400], 0xff);
}

/* Of another processor, or byte order; and where a partition is wanted, the reverse. */
static void elf_of_others(void **state)
{
	struct kernel_image k;
	struct error err;

	make_elf(0, 512, 512, 0);
	assert_int_equal(
	    kernel_load(&mem, &kernel_papr, 64 * MIB, image, sizeof(image), "k", true, &k, &err),
	    -1);
	put16(image + 18, EM_MIPS);
	assert_int_equal(load(64 * MIB, sizeof(image), &k), -1);
	make_elf(0, 512, 512, 0);
	image[EI_DATA] = ELFDATA2LSB;
	assert_int_equal(load(64 * MIB, sizeof(image), &k), -1);
	make_elf(0, 512, 512, 0);
	image[EI_CLASS] = ELFCLASS64;
	assert_int_equal(load(64 * MIB, sizeof(image), &k), -1);
}

static void elf_without_room(void **state)
{
	struct kernel_image k;

	make_elf(0x1000, 512, 64 * MIB, 0);
	assert_int_equal(load(64 * MIB, sizeof(image), &k), -1);
	make_elf(0xfffff000, 512, 0x1000, 0);
	assert_int_equal(load(64 * MIB, sizeof(image), &k), -1);
	make_elf(0, 8192, 8192, 0);
	assert_int_equal(load(64 * MIB, sizeof(image), &k), -1);
}

static void uimages(void **state)
{
	for (unsigned gzip = 0; gzip < 2; gzip++) {
		size_t n = make_uimage(0x2000, 0x2004, gzip);
		struct kernel_image k;

		memset(mem.host + 0x2000, 0xff, 2048);
		assert_int_equal(load(64 * MIB, n, &k), 0);
		assert_int_equal(k.entry, 0x2004);
		assert_int_equal(k.end, 0x2000 + CONTENTS);
		assert_int_equal(mem.host[0x2000 + CONTENTS - 1], (CONTENTS - 1) / 16);
		assert_int_equal(mem.host[0x2000 + CONTENTS], 0xff);
		/* No byte more than there is room for. */
		assert_int_equal(load(0x2000 + CONTENTS, n, &k), 0);
		assert_int_equal(load(0x2000 + CONTENTS - 1, n, &k), -1);
		assert_int_equal(load(0x1000, n, &k), -1);
		/* Cut off; a bit that fell over. */
		assert_int_equal(load(64 * MIB, n - 1, &k), -1);
		image[HEADER + 20] ^= 1;
		assert_int_equal(load(64 * MIB, n, &k), -1);
		image[HEADER + 20] ^= 1;
		image[16] ^= 1;
		assert_int_equal(load(64 * MIB, n, &k), -1);
	}
}

/* Neither is it taken for code by a machine that has no use for it. */
static void uimage_refused(void **state)
{
	size_t n = make_uimage(0, 0, false);
	struct kernel_image k;
	struct error err;

	assert_int_equal(kernel_load(&mem, &kernel_papr, 64 * MIB, image, n, "k", false, &k, &err),
			 -1);
	image[29] = 2; /* of an ARM */
	sum_up(n - HEADER);
	assert_int_equal(load(64 * MIB, n, &k), -1);
	make_uimage(0, 0, false);
	image[31] = 2; /* bzip2 */
	sum_up(n - HEADER);
	assert_int_equal(load(64 * MIB, n, &k), -1);
}

static void plain_code(void **state)
{
	struct kernel_image k;

	memset(image, 0, sizeof(image));
	store_be32(image, 0x48000010); /* b .+16 */
	assert_int_equal(load(64 * MIB, sizeof(image), &k), 0);
	assert_int_equal(k.entry, 0);
	assert_int_equal(k.end, sizeof(image));
	assert_int_equal(load(sizeof(image) - 1, sizeof(image), &k), -1);
}

/* Whatever is loaded is in memory, and below the limit. */
static void anything(void **state)
{
	unsigned seed = 1;

	for (unsigned i = 0; i < 6000; i++) {
		unsigned kind = i % 3, changes = 1 + rand_r(&seed) % 4;
		size_t n = kind ? make_uimage(0x2000, 0, kind == 2) : sizeof(image);
		struct kernel_image k;

		if (!kind)
			make_elf(0x1000, 512, 1024, 0);
		/* Headers more than what is behind them. */
		while (changes--)
			image[rand_r(&seed) % (rand_r(&seed) % 4 ? 100 : n)] =
			    rand_r(&seed) % 3 ? rand_r(&seed) : 0xff;
		if (kind && n > HEADER)
			sum_up(n - HEADER);
		if (rand_r(&seed) % 8 == 0)
			n = rand_r(&seed) % n + 1;
		if (!load(MIB, n, &k))
			assert_true(k.end <= MIB);
	}
	assert_true(guest_page_is_zero(mem.host + MIB));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(elf32),
	    cmocka_unit_test(elf_of_others),
	    cmocka_unit_test(elf_without_room),
	    cmocka_unit_test(uimages),
	    cmocka_unit_test(uimage_refused),
	    cmocka_unit_test(plain_code),
	    cmocka_unit_test(anything),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
