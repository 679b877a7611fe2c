/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is in an image's sections: the table's stream, and machine, vcpus and interrupt controller
 * as bytes. What was not written so is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the above before it. */
#include <cmocka.h>

#include "image_build.h"
#include "migration/state/htab.h"
#include "migration/state/saved.h"

/* ---- The table's stream ---- */

static int count_bytes(void *opaque, const u8 *data, size_t bytes, struct error *err)
{
	*(size_t *)opaque += bytes;
	return 0;
}

static int walk(const struct htab_record *recs, unsigned n, size_t cut, struct error *err)
{
	struct section_reader *r;
	struct image *img;
	struct built b;
	size_t bytes = 0, got = 0;
	u8 *data;
	int ret;

	data = calloc(1, n * (8 + 0x10000 * 16));
	for (unsigned i = 0; i < n; i++) {
		htab_record_encode(data + bytes, recs[i], HTAB_BIG);
		bytes += 8 + recs[i].n_valid * 16;
	}
	b = build_image(IMAGE_HTAB, 0, 0, data, bytes - cut);
	reseal_image(b.data, b.bytes);
	img = image_open_fd(image_memfd(b.data, b.bytes), err);
	assert_non_null(img);
	r = section_open(img, image_section(img, 0), err);
	ret = htab_walk(r, 16384, HTAB_BIG, HTAB_LITTLE, count_bytes, &got, err);
	if (!ret)
		assert_int_equal(got, bytes);
	section_close(r);
	image_close(img);
	free(b.data);
	free(data);
	return ret;
}

static void test_stream(void **state)
{
	static const struct htab_record good[] = {{0, 100, 15900}, {16000, 0, 384}};
	static const struct htab_record gap[] = {{0, 100, 15900}, {16001, 0, 383}};
	static const struct htab_record back[] = {{0, 100, 15900}, {15999, 0, 385}};
	static const struct htab_record beyond[] = {{0, 16380, 5}};
	static const struct htab_record wrap[] = {{0, 100, 0}, {0xffffffff, 0xffff, 0xffff}};
	static const struct htab_record short_of[] = {{0, 0, 16383}};
	static const struct htab_record empty[] = {{0, 0, 0}, {0, 0, 16384}};
	struct error err;

	assert_int_equal(walk(good, 2, 0, &err), 0);
	assert_int_equal(walk(good, 2, 1, &err), -1);
	assert_int_equal(walk(good, 2, 8, &err), -1);
	assert_int_equal(walk(good, 2, 9, &err), -1);
	assert_int_equal(walk(gap, 2, 0, &err), -1);
	assert_int_equal(walk(back, 2, 0, &err), -1);
	assert_int_equal(walk(beyond, 1, 0, &err), -1);
	assert_int_equal(walk(wrap, 2, 0, &err), -1);
	assert_int_equal(walk(short_of, 1, 0, &err), -1);
	assert_int_equal(walk(empty, 2, 0, &err), -1);
}

static void test_record_order(void **state)
{
	static const u8 little[8] = {4, 3, 2, 1, 6, 5, 8, 7}, big[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	struct htab_record a = htab_record_decode(little, HTAB_LITTLE);
	struct htab_record b = htab_record_decode(big, HTAB_BIG);
	u8 out[8];

	assert_memory_equal(&a, &b, sizeof(a));
	assert_int_equal(a.index, 0x01020304);
	assert_int_equal(a.n_valid, 0x0506);
	assert_int_equal(a.n_invalid, 0x0708);
	htab_record_encode(out, a, HTAB_LITTLE);
	assert_memory_equal(out, little, 8);
	htab_record_encode(out, a, HTAB_BIG);
	assert_memory_equal(out, big, 8);
}

/* ---- The small sections ---- */

static struct saved_machine sample_machine(void)
{
	struct saved_machine c = {
	    .writer = "papyr x",
	    .name = "a",
	    .model = "POWER8",
	    .mem_bytes = 1 << 30,
	    .n_vcpus = 2,
	    .threads = 1,
	    .htab_order = 24,
	    .timebase = 12345,
	    .saved_at = 1,
	    .rtc_offset = -5,
	    .kernel = "/k",
	    .cmdline = "quiet",
	};

	return c;
}

static void test_machine(void **state)
{
	struct saved_machine c = sample_machine(), back;
	struct state_out out = {0};
	struct error err;

	saved_machine_pack(&c, &out);
	for (size_t n = 0; n <= out.len; n++) {
		struct state_in in = {.data = out.data, .len = n};

		memset(&back, 0, sizeof(back));
		assert_int_equal(saved_machine_unpack(&back, &in, &err), n == out.len ? 0 : -1);
	}
	assert_memory_equal(&c, &back, sizeof(c));
	state_free(&out);
}

/* A guest that may get more says so at the end, where older images stop. */
static void test_machine_that_grows(void **state)
{
	struct saved_machine c = sample_machine(), back;
	struct state_out old = {0}, out = {0};
	struct error err;

	saved_machine_pack(&c, &old);
	c.boot_vcpus = 1;
	c.now_vcpus = 2;
	c.max_mem_bytes = 4ull << 30;
	c.now_mem_bytes = 2ull << 30;
	saved_machine_pack(&c, &out);
	assert_true(out.len > old.len);
	for (size_t n = 0; n <= out.len; n++) {
		struct state_in in = {.data = out.data, .len = n};
		bool whole = n == out.len || n == old.len;

		memset(&back, 0, sizeof(back));
		assert_int_equal(saved_machine_unpack(&back, &in, &err), whole ? 0 : -1);
		assert_true(n != old.len || !back.boot_vcpus);
	}
	assert_memory_equal(&c, &back, sizeof(c));
	state_free(&old);
	state_free(&out);
}

static void assert_machine_refused(struct saved_machine c)
{
	struct state_out out = {0};
	struct state_in in;
	struct error err;

	saved_machine_pack(&c, &out);
	in = (struct state_in){.data = out.data, .len = out.len};
	assert_int_equal(saved_machine_unpack(&c, &in, &err), -1);
	state_free(&out);
}

/* An area of a guest that can't grow stands behind numbers that are 0. */
static void test_machine_with_area(void **state)
{
	struct saved_machine c = sample_machine(), back = {.rma_bytes = 1};
	struct state_out out = {0};
	struct state_in in;
	struct error err;

	c.rma_bytes = 256 << 20;
	saved_machine_pack(&c, &out);
	in = (struct state_in){.data = out.data, .len = out.len};
	assert_int_equal(saved_machine_unpack(&back, &in, &err), 0);
	assert_int_equal(back.rma_bytes, c.rma_bytes);
	assert_int_equal(back.boot_vcpus, 0);
	in = (struct state_in){.data = out.data, .len = out.len - 8};
	assert_int_equal(saved_machine_unpack(&back, &in, &err), -1);
	state_free(&out);
}

/* A resized table stands behind an area that may be none. */
static void test_machine_with_resized_table(void **state)
{
	struct saved_machine c = sample_machine(), back = {.boot_htab_order = 1};
	struct state_out plain = {0}, out = {0};
	struct state_in in;
	struct error err;

	saved_machine_pack(&c, &plain);
	c.boot_htab_order = 20;
	saved_machine_pack(&c, &out);
	in = (struct state_in){.data = out.data, .len = out.len};
	assert_int_equal(saved_machine_unpack(&back, &in, &err), 0);
	assert_int_equal(back.boot_htab_order, 20);
	assert_int_equal(back.htab_order, c.htab_order);
	assert_int_equal(back.rma_bytes, 0);
	for (size_t n = plain.len + 1; n < out.len; n++) {
		in = (struct state_in){.data = out.data, .len = n};
		assert_int_equal(saved_machine_unpack(&back, &in, &err), -1);
	}
	in = (struct state_in){.data = plain.data, .len = plain.len};
	assert_int_equal(saved_machine_unpack(&back, &in, &err), 0);
	assert_int_equal(back.boot_htab_order, 0);
	state_free(&plain);
	state_free(&out);
}

static void test_machine_lies(void **state)
{
	struct saved_machine c = sample_machine();

#define BAD(field, value)                                                                          \
	do {                                                                                       \
		struct saved_machine b = c;                                                        \
		b.field = value;                                                                   \
		assert_machine_refused(b);                                                         \
	} while (0)
	BAD(mem_bytes, 0);
	BAD(mem_bytes, 4096);
	BAD(boot_htab_order, 17);
	BAD(boot_htab_order, 47);
	BAD(mem_bytes, 1ull << 62);
	BAD(n_vcpus, 0);
	BAD(n_vcpus, 1025);
	BAD(threads, 0);
	BAD(threads, 3);
	BAD(threads, 16);
	BAD(htab_order, 17);
	BAD(htab_order, 64);
	BAD(htab_byte_order, 2);
	BAD(rma_bytes, 2ull << 40);
	c.boot_vcpus = 1;
	c.now_vcpus = 2;
	c.max_mem_bytes = c.now_mem_bytes = 2ull << 30;
	BAD(boot_vcpus, 3);
	BAD(now_vcpus, 0);
	BAD(now_vcpus, 3);
	BAD(max_mem_bytes, 1 << 30);
	BAD(max_mem_bytes, 1ull << 62);
	BAD(now_mem_bytes, 1 << 29);
#undef BAD
}

static void test_vcpu(void **state)
{
	struct saved_vcpu *v = calloc(1, sizeof(*v)), *back = calloc(1, sizeof(*v));
	struct state_out out = {0};
	struct error err;

	v->id = 8;
	v->online = true;
	v->pvr = 0x4d0200;
	fill((u8 *)&v->regs, sizeof(v->regs), 1);
	v->n_slb = 32;
	for (unsigned i = 0; i < 32; i++) {
		v->slb[i].slbe = i | 0x08000000;
		v->slb[i].slbv = i << 12;
	}
	v->n_regs = 3;
	v->one_regs[0] = (struct saved_reg){KVM_REG_PPC_DSCR, {5, 0}};
	memcpy(v->one_regs[1].val, &(u32){0x12345678}, 4);
	v->one_regs[1].id = KVM_REG_PPC_VSCR;
	v->one_regs[2] = (struct saved_reg){KVM_REG_PPC_VR(3), {1, 2}};
	saved_vcpu_pack(v, &out);
	for (size_t n = 0; n <= out.len; n++) {
		struct state_in in = {.data = out.data, .len = n};

		assert_int_equal(saved_vcpu_unpack(back, &in, &err), n == out.len ? 0 : -1);
	}
	assert_memory_equal(v, back, sizeof(*v));
	state_free(&out);
	free(v);
	free(back);
}

static void test_xics(void **state)
{
	struct saved_xics x = {.n = 2, .sources = {{0x1000, 5}, {0x1001, 1ull << 42}}}, back;
	struct state_out out = {0};
	struct error err;

	saved_xics_pack(&x, &out);
	for (size_t n = 0; n <= out.len; n++) {
		struct state_in in = {.data = out.data, .len = n};

		assert_int_equal(saved_xics_unpack(&back, &in, &err), n == out.len ? 0 : -1);
	}
	assert_memory_equal(&x, &back, sizeof(x));
	out.data[0] = 65;
	struct state_in in = {.data = out.data, .len = out.len};
	assert_int_equal(saved_xics_unpack(&back, &in, &err), -1);
	state_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_stream),
	    cmocka_unit_test(test_record_order),
	    cmocka_unit_test(test_machine),
	    cmocka_unit_test(test_machine_that_grows),
	    cmocka_unit_test(test_machine_with_area),
	    cmocka_unit_test(test_machine_with_resized_table),
	    cmocka_unit_test(test_machine_lies),
	    cmocka_unit_test(test_vcpu),
	    cmocka_unit_test(test_xics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
