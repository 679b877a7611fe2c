/* SPDX-License-Identifier: Apache-2.0 */
/* The virtio disk, as its driver sees it; and a driver that asks for anything. */
#include <fcntl.h>
#include <stdio.h>

#include "devices/virtio/blk.h"
#include "virtio_driver.h"

#define DISK_BYTES (1u << 20)
#define ALL	   (VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT | VIRTIO_F_EVENT_IDX)
#define FLUSH	   (1ull << 9)

enum { IN, OUT, FLUSH_OUT = 4, GET_ID = 8, DISCARD = 11, ZEROES = 13 };

static char path[64];
static int disk;
static struct virtio_device *device;

static void make(bool read_only, u64 features)
{
	struct block_options o = {.path = path, .read_only = read_only};
	struct error err = {""};

	new_machine();
	if (virtio_blk_new(m, &o, "top-shelf", &err))
		fail_msg("%s", err.text);
	device = container_of(m->devices->next, struct virtio_device, pci.dev);
	choose(1);
	start_driver(1, features);
}

static int setup(void **state)
{
	strcpy(path, "/tmp/papyr-virtio-XXXXXX");
	disk = mkstemp(path);
	assert_int_equal(ftruncate(disk, DISK_BYTES), 0);
	make(false, ALL | FLUSH);
	return 0;
}

static int teardown(void **state)
{
	machine_free(m);
	close(disk);
	unlink(path);
	return 0;
}

/*
 * A request: its header at buffer 0, its status at buffer 1, @out bytes of data at buffer 2 and @in
 * at buffer 3, each in two pieces. Returns the status.
 */
static u8 request(u32 type, u64 sector, u32 out, u32 in, u32 *written)
{
	u8 *header = buffer(0), *status = buffer(1);
	unsigned n = 1;
	u32 head;

	put_le(header, type, 4);
	put_le(header + 8, sector, 8);
	*status = 0xee;
	put_desc(descriptors(0), 0, BUFFERS, 16, DESC_NEXT, 1);
	for (unsigned k = 0; k < 2 && out; k++, n++)
		put_desc(descriptors(0), n, BUFFERS + 2 * BUFFER_STEP + k * (out / 4),
			 k ? out - out / 4 : out / 4, DESC_NEXT, n + 1);
	for (unsigned k = 0; k < 2 && in; k++, n++)
		put_desc(descriptors(0), n, BUFFERS + 3 * BUFFER_STEP + k * (in / 4),
			 k ? in - in / 4 : in / 4, DESC_NEXT | DESC_WRITE, n + 1);
	put_desc(descriptors(0), n, BUFFERS + BUFFER_STEP, 1, DESC_WRITE, 0);
	offer(0, 0);
	notify(0);
	*written = wait_used(0, &head);
	assert_int_equal(head, 0);
	assert_false(needs_reset());
	return *status;
}

static void set_range(u64 sector, u32 sectors, u32 flags)
{
	u8 *range = buffer(2);

	put_le(range, sector, 8);
	put_le(range + 8, sectors, 4);
	put_le(range + 12, flags, 4);
}

static u8 on_disk(u64 at)
{
	u8 byte = 0;

	assert_int_equal(pread(disk, &byte, 1, at), 1);
	return byte;
}

static void reads_and_writes(void **state)
{
	u32 written;

	assert_int_equal(load(0x2000, 8), DISK_BYTES / 512);
	memset(buffer(2), 0x11, 512);
	memset(buffer(2) + 512, 0x22, 1024);
	assert_int_equal(request(OUT, 5, 1536, 0, &written), 0);
	assert_int_equal(written, 1);
	assert_int_equal(on_disk(5 * 512), 0x11);
	assert_int_equal(on_disk(6 * 512), 0x22);
	assert_int_equal(request(FLUSH_OUT, 0, 0, 0, &written), 0);
	assert_int_equal(request(IN, 6, 0, 1024, &written), 0);
	assert_int_equal(written, 1025);
	assert_int_equal(buffer(3)[0], 0x22);
	assert_int_equal(buffer(3)[1023], 0x22);
	assert_int_equal(request(GET_ID, 0, 0, 20, &written), 0);
	assert_string_equal((char *)buffer(3), "top-shelf");
	/* Not within it, not sectors, nothing, too much, unknown. */
	assert_int_equal(request(IN, DISK_BYTES / 512, 0, 512, &written), 1);
	assert_int_equal(request(IN, DISK_BYTES / 512 - 1, 0, 1024, &written), 1);
	assert_int_equal(request(OUT, ~0ull, 512, 0, &written), 1);
	assert_int_equal(request(OUT, 0, 511, 0, &written), 1);
	assert_int_equal(request(IN, 0, 0, 0, &written), 1);
	assert_int_equal(request(IN, 0, 0, 32 << 20, &written), 1);
	assert_int_equal(request(99, 0, 512, 512, &written), 2);
	assert_int_equal(written, 1);
	/* A disk that gets shorter. */
	assert_int_equal(ftruncate(disk, 4096), 0);
	assert_int_equal(request(IN, 100, 0, 512, &written), 1);
}

static void gives_up(void **state)
{
	u32 written;

	memset(buffer(2), 0x33, 8192);
	assert_int_equal(request(OUT, 0, 8192, 0, &written), 0);
	set_range(2, 2, 0);
	assert_int_equal(request(ZEROES, 0, 16, 0, &written), 0);
	assert_int_equal(on_disk(1023), 0x33);
	assert_int_equal(on_disk(1024), 0);
	assert_int_equal(on_disk(2047), 0);
	assert_int_equal(on_disk(2048), 0x33);
	set_range(8, 8, 0);
	assert_int_equal(request(DISCARD, 0, 16, 0, &written), 0);
	assert_int_equal(on_disk(4096), 0);
	set_range(4, 1, 1);
	assert_int_equal(request(ZEROES, 0, 16, 0, &written), 0);
	assert_int_equal(on_disk(2048), 0);
	set_range(4, 1, 1);
	assert_int_equal(request(DISCARD, 0, 16, 0, &written), 2);
	set_range(4, 1, 2);
	assert_int_equal(request(ZEROES, 0, 16, 0, &written), 2);
	set_range(DISK_BYTES / 512, 1, 0);
	assert_int_equal(request(ZEROES, 0, 16, 0, &written), 1);
	set_range(0, 0, 0);
	assert_int_equal(request(DISCARD, 0, 16, 0, &written), 1);
	set_range(0, 0xffffffff, 0);
	assert_int_equal(request(DISCARD, 0, 16, 0, &written), 1);
	assert_int_equal(request(DISCARD, 0, 32, 0, &written), 1);
	assert_int_equal(request(ZEROES, 0, 12, 0, &written), 1);
}

static void read_only(void **state)
{
	u32 written;

	machine_free(m);
	make(true, ALL | FLUSH);
	assert_true(load(0x04, 4) & 1 << 5);
	assert_int_equal(request(OUT, 0, 512, 0, &written), 1);
	set_range(0, 1, 0);
	assert_int_equal(request(ZEROES, 0, 16, 0, &written), 1);
	assert_int_equal(request(IN, 0, 0, 512, &written), 0);
	/* Without flushes in the driver's list a write is on the medium when it ends. */
	machine_free(m);
	make(false, VIRTIO_F_VERSION_1);
	memset(buffer(2), 0x44, 512);
	assert_int_equal(request(OUT, 0, 512, 0, &written), 0);
	assert_int_equal(on_disk(0), 0x44);
}

/* All of the queue at once, and a reset in the middle: its end is when nothing is used any more. */
static void many(void **state)
{
	u32 head;

	for (unsigned round = 0; round < 20; round++) {
		for (unsigned i = 0; i < 32; i++) {
			u8 *header = buffer(0) + 16 * i;

			put_le(header, i & 1 ? OUT : IN, 4);
			put_le(header + 8, i * 8, 8);
			put_desc(descriptors(0), 3 * i, BUFFERS + 16 * i, 16, DESC_NEXT, 3 * i + 1);
			put_desc(descriptors(0), 3 * i + 1, BUFFERS + 2 * BUFFER_STEP + 4096 * i,
				 4096, DESC_NEXT | (i & 1 ? 0 : DESC_WRITE), 3 * i + 2);
			put_desc(descriptors(0), 3 * i + 2, BUFFERS + BUFFER_STEP + i, 1,
				 DESC_WRITE, 0);
			offer(0, 3 * i);
		}
		notify(0);
		if (round % 4 == 3) {
			start_driver(1, ALL | FLUSH);
			assert_int_equal(device->in_flight, 0);
			continue;
		}
		for (unsigned i = 0; i < 32; i++)
			wait_used(0, &head);
		for (unsigned i = 0; i < 32; i++)
			assert_int_equal(buffer(1)[i], 0);
	}
	virtio_wait_idle(device);
	assert_int_equal(m->io_pending, 0);
}

/* No place for the status; a head that is under way still. */
static void breaks(void **state)
{
	put_desc(descriptors(0), 0, BUFFERS, 16, 0, 0);
	offer(0, 0);
	notify(0);
	assert_true(needs_reset());
	start_driver(1, ALL | FLUSH);
	put_desc(descriptors(0), 0, BUFFERS + BUFFER_STEP, 1, DESC_WRITE, 0);
	offer(0, 0);
	notify(0);
	assert_false(needs_reset());
	assert_int_equal(*buffer(1), 1);
}

static void random_requests(void **state)
{
	u32 head;

	srandom(5);
	for (unsigned i = 0; i < 20000; i++) {
		u8 *header = buffer(0);
		unsigned n = random() % 6;

		put_le(header, random() % 15, 4);
		put_le(header + 8, random() % 4 ? random() % 3000 : random() * random(), 8);
		set_range(random() % 3000, random() % 3000, random() % 3);
		put_desc(descriptors(0), 0, BUFFERS, random() % 32, DESC_NEXT, 1);
		for (unsigned k = 1; k <= n; k++)
			put_desc(descriptors(0), k, BUFFERS + random() % 5 * BUFFER_STEP,
				 random() % 3 ? random() % 9 * 512 : random() % 600,
				 DESC_NEXT | (random() % (n - k + 1) ? 0 : DESC_WRITE), k + 1);
		put_desc(descriptors(0), n + 1, BUFFERS + BUFFER_STEP, 1, DESC_WRITE, 0);
		offer(0, 0);
		notify(0);
		if (needs_reset() || !(random() % 100))
			start_driver(1, random() % 2 ? ALL | FLUSH : VIRTIO_F_VERSION_1);
		else
			wait_used(0, &head);
	}
	virtio_wait_idle(device);
	assert_int_equal(m->io_pending, 0);
	assert_int_equal(lseek(disk, 0, SEEK_END), DISK_BYTES);
}

static void saved(void **state)
{
	struct machine_device *d = &device->pci.dev;
	struct state_out out = {0};
	struct state_in in;
	u32 written;

	memset(buffer(2), 0x55, 512);
	assert_int_equal(request(OUT, 0, 512, 0, &written), 0);
	d->ops->save(d, &out);
	d->ops->reset(d);
	in = (struct state_in){.data = out.data, .len = out.len};
	assert_int_equal(d->ops->load(d, &in), 0);
	assert_true(state_ok(&in));
	assert_int_equal(request(IN, 0, 0, 512, &written), 0);
	assert_int_equal(buffer(3)[511], 0x55);
	/* Another disk: another serial number. */
	out.data[out.len - 1] ^= 1;
	in = (struct state_in){.data = out.data, .len = out.len};
	assert_int_equal(d->ops->load(d, &in), -1);
	state_free(&out);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(reads_and_writes), TEST(gives_up),	   TEST(read_only), TEST(many),
	    TEST(breaks),	    TEST(random_requests), TEST(saved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
