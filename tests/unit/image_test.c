/* SPDX-License-Identifier: Apache-2.0 */
/* The image file: what is written is read, and what was not written so is refused. */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <zstd.h>
/* cmocka wants the above before it. */
#include <cmocka.h>

#include "image_build.h"
#include "migration/state/memory.h"

#define TEST_A IMAGE_TYPE('T', 'E', 'S', 'A')
#define TEST_B IMAGE_TYPE('T', 'E', 'S', 'B')

static char dir[] = "/tmp/papyr-image-XXXXXX";
static char path[64];

static int make_dir(void **state)
{
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/image", dir);
	return 0;
}

static int remove_dir(void **state)
{
	unlink(path);
	return rmdir(dir);
}

static unsigned files_in_dir(void)
{
	DIR *d = opendir(dir);
	unsigned n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static u8 *slurp(size_t *bytes)
{
	int fd = open(path, O_RDONLY);
	struct stat st;
	u8 *p;

	assert_true(fd >= 0 && fstat(fd, &st) == 0);
	p = malloc(st.st_size + 1);
	assert_int_equal(read(fd, p, st.st_size), st.st_size);
	close(fd);
	*bytes = st.st_size;
	return p;
}

/* Opens and checks all that the container knows. */
static int try_image(const u8 *data, size_t bytes, struct error *err)
{
	struct image *img;
	int r;

	err->text[0] = 0;
	img = image_open_fd(image_memfd(data, bytes), err);
	if (!img)
		return -1;
	r = image_verify(img, NULL, NULL, err);
	image_close(img);
	return r;
}

static void assert_refused(const u8 *data, size_t bytes, const char *why)
{
	struct error err;

	assert_int_equal(try_image(data, bytes, &err), -1);
	assert_true(err.text[0]);
	if (why && !strstr(err.text, why))
		fail_msg("'%s' doesn't say '%s'", err.text, why);
}

/* ---- Round trips ---- */

static const size_t lengths[] = {0, 1, 4095, 262143, 262144, 262145, 3000001};

static void test_round_trip(void **state)
{
	struct image_writer *w;
	struct image *img;
	struct error err;
	u8 *data = malloc(3000001);

	w = image_create(path, &err);
	assert_non_null(w);
	for (unsigned i = 0; i < ARRAY_SIZE(lengths); i++) {
		fill(data, lengths[i], i);
		assert_int_equal(
		    image_add(w, TEST_A, i, IMAGE_NEEDED, IMAGE_PLAIN, data, lengths[i], &err), 0);
		assert_int_equal(image_add(w, TEST_B, i, 0, IMAGE_ZSTD, data, lengths[i], &err), 0);
	}
	assert_int_equal(image_commit(w, &err), 0);
	assert_int_equal(files_in_dir(), 1);

	img = image_open(path, &err);
	assert_non_null(img);
	assert_int_equal(image_verify(img, NULL, NULL, &err), 0);
	assert_int_equal(image_n_sections(img), 2 * ARRAY_SIZE(lengths));
	assert_null(image_find(img, TEST_A, ARRAY_SIZE(lengths)));
	for (unsigned i = 0; i < 2 * ARRAY_SIZE(lengths); i++) {
		const struct image_section *s = image_find(img, i % 2 ? TEST_B : TEST_A, i / 2);
		size_t bytes;
		u8 *got;

		assert_ptr_equal(s, image_section(img, i));
		fill(data, lengths[i / 2], i / 2);
		got = section_load(img, s, 4u << 20, &bytes, &err);
		assert_non_null(got);
		assert_int_equal(bytes, lengths[i / 2]);
		assert_memory_equal(got, data, bytes);
		free(got);
		assert_true(!lengths[i / 2] ||
			    !section_load(img, s, lengths[i / 2] - 1, &bytes, &err));
	}
	image_close(img);
	free(data);
}

static void test_pieces(void **state)
{
	struct image_writer *w;
	struct image *img;
	struct section_reader *r;
	struct error err;
	u8 *data = malloc(1000000), *got = malloc(1000000);
	size_t at = 0;

	fill(data, 1000000, 7);
	w = image_create(path, &err);
	assert_int_equal(image_begin(w, TEST_A, 0, 0, IMAGE_ZSTD, &err), 0);
	for (size_t n = 1; at < 1000000; n = n * 3 + 1) {
		size_t piece = n < 1000000 - at ? n : 1000000 - at;

		assert_int_equal(image_put(w, data + at, piece, &err), 0);
		at += piece;
	}
	assert_int_equal(image_end(w, &err), 0);
	assert_int_equal(image_commit(w, &err), 0);
	img = image_open(path, &err);
	r = section_open(img, image_find(img, TEST_A, 0), &err);
	at = 0;
	for (size_t n = 1; section_left(r); n = n * 2 + 1) {
		size_t piece = n < section_left(r) ? n : section_left(r);

		assert_int_equal(section_read(r, got + at, piece, &err), 0);
		at += piece;
	}
	assert_int_equal(section_read(r, got, 1, &err), -1);
	assert_int_equal(section_finish(r, &err), 0);
	section_close(r);
	image_close(img);
	assert_memory_equal(got, data, 1000000);
	free(data);
	free(got);
}

/* ---- Writing aside ---- */

static void put_old(void)
{
	FILE *f = fopen(path, "w");

	fputs("old", f);
	fclose(f);
}

static void assert_old(void)
{
	size_t bytes;
	u8 *p = slurp(&bytes);

	assert_int_equal(bytes, 3);
	free(p);
	assert_int_equal(files_in_dir(), 1);
}

static void test_writing_aside(void **state)
{
	struct image_writer *w;
	struct stat st;
	struct error err;

	put_old();
	w = image_create(path, &err);
	assert_int_equal(image_add(w, TEST_A, 0, 0, IMAGE_PLAIN, "x", 1, &err), 0);
	image_abort(w);
	assert_old();

	w = image_create(path, &err);
	assert_int_equal(image_add(w, TEST_A, 0, 0, IMAGE_PLAIN, "x", 1, &err), 0);
	assert_int_equal(image_commit(w, &err), 0);
	assert_int_equal(files_in_dir(), 1);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);

	assert_null(image_create("/dev/null", &err));
	assert_null(image_create(dir, &err));
	assert_null(image_create("/nonexistent/folder/image", &err));
	assert_true(strstr(err.text, "/nonexistent/folder/image"));
}

/* A full disk: what is there fails to be written, and nothing is left. */
static void test_full_disk(void **state)
{
	struct image_writer *w;
	struct error err;
	u8 *data = malloc(1 << 20);
	int r = 0;

	if (access("/dev/full", W_OK))
		skip();
	fill(data, 1 << 20, 1);
	put_old();
	w = image_create(path, &err);
	assert_non_null(w);
	/* RLIMIT_FSIZE would do too; a signal comes with that. */
	for (int fd = 3; fd < 64; fd++) {
		char link[64], to[256] = "";

		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		if (readlink(link, to, sizeof(to) - 1) > 0 && strstr(to, "papyr-image-")) {
			int full = open("/dev/full", O_WRONLY);

			dup2(full, fd);
			close(full);
		}
	}
	for (int i = 0; i < 8 && !r; i++)
		r = image_add(w, TEST_A, i, 0, IMAGE_PLAIN, data, 1 << 20, &err);
	assert_int_equal(r, -1);
	image_abort(w);
	assert_old();
	free(data);
}

/* ---- Refusals ---- */

/* A small file with three sections, one of them compressed. */
static u8 *small_image(size_t *bytes)
{
	struct image_writer *w;
	struct error err;
	u8 data[300];

	fill(data, sizeof(data), 3);
	w = image_create(path, &err);
	assert_int_equal(image_add(w, TEST_A, 0, IMAGE_NEEDED, IMAGE_PLAIN, "hello", 5, &err), 0);
	assert_int_equal(
	    image_add(w, TEST_A, 1, IMAGE_NEEDED, IMAGE_ZSTD, data, sizeof(data), &err), 0);
	assert_int_equal(image_add(w, TEST_B, 0, 0, IMAGE_PLAIN, NULL, 0, &err), 0);
	assert_int_equal(image_commit(w, &err), 0);
	return slurp(bytes);
}

static void test_truncated(void **state)
{
	struct error err;
	size_t bytes;
	u8 *p = small_image(&bytes);

	assert_int_equal(try_image(p, bytes, &err), 0);
	for (size_t n = 0; n < bytes; n++)
		assert_refused(p, n, n < 8 ? "no saved guest" : "truncated");
	free(p);
}

static void test_extended(void **state)
{
	size_t bytes;
	u8 *p = small_image(&bytes);

	p = realloc(p, bytes + 1);
	p[bytes] = 0;
	assert_refused(p, bytes + 1, "behind its end");
	free(p);
}

static void test_every_bit(void **state)
{
	size_t bytes;
	u8 *p = small_image(&bytes);

	for (size_t i = 0; i < bytes * 8; i++) {
		p[i / 8] ^= 1 << i % 8;
		assert_refused(p, bytes, NULL);
		p[i / 8] ^= 1 << i % 8;
	}
	free(p);
}

static void test_versions(void **state)
{
	size_t bytes;
	u8 *p = small_image(&bytes);

	put_le(p + HEADER_VERSION, IMAGE_VERSION + 1, 4);
	reseal_image(p, bytes);
	assert_refused(p, bytes, "of version 2");
	put_le(p + HEADER_VERSION, 0, 4);
	reseal_image(p, bytes);
	assert_refused(p, bytes, "no sense");
	memset(p, 0, IMAGE_HEADER_BYTES);
	assert_refused(p, bytes, "incomplete");
	free(p);
}

/*
 * Each field of the header and of an entry set to what it can't be, with the sums made right again.
 */
static void test_lies(void **state)
{
	static const struct {
		unsigned at, bytes;
	} header[] =
	    {
		{HEADER_BYTES, 4},	{HEADER_FILE_BYTES, 8},	 {HEADER_DIR_OFFSET, 8},
		{HEADER_N_SECTIONS, 4}, {HEADER_ENTRY_BYTES, 4}, {HEADER_RESERVED, 8},
	    },
	  entry[] = {
	      {ENTRY_CODING, 4},       {ENTRY_FLAGS, 4},     {ENTRY_OFFSET, 8},
	      {ENTRY_STORED_BYTES, 8}, {ENTRY_RAW_BYTES, 8}, {ENTRY_RESERVED, 8},
	  };
	static const u64 add[] = {
	    1, 2, 64, -1, -64, 1ull << 31, 1ull << 32, 1ull << 63, 0x7fffffffffffffff};
	size_t bytes;
	u8 *good = small_image(&bytes), *p = malloc(bytes);
	u64 dir_offset = get_le(good + HEADER_DIR_OFFSET, 8);

	for (unsigned f = 0; f < ARRAY_SIZE(header) + ARRAY_SIZE(entry); f++)
		for (unsigned i = 0; i < ARRAY_SIZE(add); i++) {
			bool in_header = f < ARRAY_SIZE(header);
			unsigned at = in_header ? header[f].at : entry[f - ARRAY_SIZE(header)].at;
			unsigned n =
			    in_header ? header[f].bytes : entry[f - ARRAY_SIZE(header)].bytes;
			u8 *field = p + at + (in_header ? 0 : dir_offset);

			if (n == 4 && !(u32)add[i])
				continue;
			/* What may be: no flag, and another coding, found out when it's decoded. */
			if (!in_header && ((at == ENTRY_FLAGS && (u32)add[i] == ~0u) ||
					   (at == ENTRY_CODING && (u32)add[i] == 1)))
				continue;
			memcpy(p, good, bytes);
			put_le(field, get_le(field, n) + add[i], n);
			reseal_image(p, bytes);
			assert_refused(p, bytes, NULL);
		}
	/* Twins. */
	memcpy(p, good, bytes);
	put_le(p + dir_offset + IMAGE_ENTRY_BYTES + ENTRY_INSTANCE, 0, 4);
	reseal_image(p, bytes);
	assert_refused(p, bytes, "twice");
	free(p);
	free(good);
}

static void test_unknown_sections(void **state)
{
	static const u32 known_a[] = {TEST_A, 0}, known_b[] = {TEST_B, 0};
	struct image *img;
	struct error err;
	size_t bytes;

	free(small_image(&bytes));
	img = image_open(path, &err);
	assert_int_equal(image_refuse_unknown(img, known_a, &err), 0);
	assert_int_equal(image_refuse_unknown(img, known_b, &err), -1);
	assert_true(strstr(err.text, "TESA 0"));
	image_close(img);
}

/* A compressed section that isn't what the directory says of it. */
static void try_coded(const u8 *stored, size_t stored_bytes, u64 raw_bytes, const char *why)
{
	struct built b = build_image(TEST_A, 0, 0, stored, stored_bytes);
	u8 *e = b.data + IMAGE_HEADER_BYTES + stored_bytes;
	struct image *img;
	struct error err = {""};
	size_t bytes;

	put_le(e + ENTRY_CODING, IMAGE_ZSTD, 4);
	put_le(e + ENTRY_RAW_BYTES, raw_bytes, 8);
	reseal_image(b.data, b.bytes);
	img = image_open_fd(image_memfd(b.data, b.bytes), &err);
	assert_non_null(img);
	assert_null(section_load(img, image_section(img, 0), 1 << 20, &bytes, &err));
	if (!strstr(err.text, why))
		fail_msg("'%s' doesn't say '%s'", err.text, why);
	image_close(img);
	free(b.data);
}

static void test_compressed_lies(void **state)
{
	u8 raw[1000] = {1}, frame[2000];
	size_t n = ZSTD_compress(frame, sizeof(frame), raw, sizeof(raw), 1);

	try_coded(frame, n, 999, "longer");
	try_coded(frame, n, 1001, "shorter");
	try_coded(frame, n, 1000, "checksum"); /* the raw sum is 0 */
	try_coded(frame, n - 1, 1000, "too early");
	try_coded(frame, n, 2 << 20, "larger than can be");
	frame[n] = 0;
	try_coded(frame, n + 1, 1000, "behind its end");
	try_coded(frame, 0, 1, "too early");
	frame[0] ^= 1;
	try_coded(frame, n, 1000, "decompressed");
}

/* ---- Memory ---- */

static struct guest_mem memory(u64 bytes)
{
	return (struct guest_mem){.host = calloc(1, bytes), .bytes = bytes};
}

static void test_memory(void **state)
{
	struct guest_mem mem = memory(8 << 20), back = memory(8 << 20);
	struct image_writer *w;
	struct section_reader *r;
	struct image *img;
	struct error err;

	fill(mem.host, 3 << 20, 5); /* more than one run */
	mem.host[(5 << 20) + 4095] = 1;
	mem.host[(8 << 20) - 1] = 1;
	w = image_create(path, &err);
	assert_int_equal(image_begin(w, IMAGE_MEMORY, 0, 0, IMAGE_PLAIN, &err), 0);
	assert_int_equal(memory_save(&mem, w, NULL, NULL, &err), 0);
	assert_int_equal(image_end(w, &err), 0);
	assert_int_equal(image_commit(w, &err), 0);
	img = image_open(path, &err);
	/* Zero pages are left out: 3 MiB but for the page that fill() leaves zero, two pages,
	 * headers. */
	assert_in_range(image_section(img, 0)->raw_bytes, (3 << 20) + 4096,
			(3 << 20) + 2 * 4096 + 7 * 16);
	r = section_open(img, image_section(img, 0), &err);
	assert_int_equal(memory_load(&back, r, NULL, NULL, &err), 0);
	assert_memory_equal(mem.host, back.host, mem.bytes);
	section_close(r);
	image_close(img);
	free(mem.host);
	free(back.host);
}

static int load_runs(const u64 (*runs)[2], unsigned n, struct error *err)
{
	struct guest_mem mem = memory(4 << 20);
	size_t bytes = n * 16, at = 0;
	struct section_reader *r;
	struct image *img;
	struct built b;
	u8 *data;
	int ret;

	for (unsigned i = 0; i < n; i++)
		bytes += runs[i][1] < 1 << 22 ? runs[i][1] : 0;
	data = calloc(1, bytes + 1);
	for (unsigned i = 0; i < n; i++) {
		put_le(data + at, runs[i][0], 8);
		put_le(data + at + 8, runs[i][1], 8);
		at += 16 + (runs[i][1] < 1 << 22 ? runs[i][1] : 0);
	}
	b = build_image(IMAGE_MEMORY, 0, 0, data, bytes);
	reseal_image(b.data, b.bytes);
	img = image_open_fd(image_memfd(b.data, b.bytes), err);
	assert_non_null(img);
	r = section_open(img, image_section(img, 0), err);
	ret = memory_load(&mem, r, NULL, NULL, err);
	section_close(r);
	image_close(img);
	free(b.data);
	free(data);
	free(mem.host);
	return ret;
}

#define END                                                                                        \
	{                                                                                          \
		4 << 20, 0                                                                         \
	}

static void test_memory_lies(void **state)
{
	static const struct {
		unsigned n;
		u64 runs[3][2];
	} bad[] = {
	    {1, {{0, 4096}}}, /* no end */
	    {2, {{1, 4096}, END}},
	    {2, {{0, 4097}, END}},
	    {2, {{4 << 20, 4096}, END}},
	    {2, {{(4 << 20) - 4096, 8192}, END}},
	    {2, {{-4096ull, 8192}, END}},
	    {2, {{0, (1 << 20) + 4096}, END}},
	    {2, {{0, -4096ull}, END}},
	    {3, {{8192, 4096}, {4096, 4096}, END}}, /* backwards */
	    {3, {{4096, 8192}, {8192, 4096}, END}}, /* overlapping */
	    {3, {END, {0, 4096}, END}},		    /* more behind the end */
	    {0, {{0}}},
	};
	static const u64 good[][2] = {{0, 4096}, {4096, 1 << 20}, END};
	struct error err;

	assert_int_equal(load_runs(good, 3, &err), 0);
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(load_runs(bad[i].runs, bad[i].n, &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_pieces),
	    cmocka_unit_test(test_writing_aside),
	    cmocka_unit_test(test_full_disk),
	    cmocka_unit_test(test_truncated),
	    cmocka_unit_test(test_extended),
	    cmocka_unit_test(test_every_bit),
	    cmocka_unit_test(test_versions),
	    cmocka_unit_test(test_lies),
	    cmocka_unit_test(test_unknown_sections),
	    cmocka_unit_test(test_compressed_lies),
	    cmocka_unit_test(test_memory),
	    cmocka_unit_test(test_memory_lies),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
