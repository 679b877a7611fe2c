/* SPDX-License-Identifier: Apache-2.0 */
/* SCSI commands, on a disk that is a file. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "devices/scsi/scsi.h"

#define BLOCKS 64u

static char path[64];
static struct scsi_disk disk;

struct wait {
	struct scsi_command c;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool done;
};

static void on_done(struct scsi_command *c)
{
	struct wait *w = container_of(c, struct wait, c);

	pthread_mutex_lock(&w->lock);
	w->done = true;
	pthread_cond_signal(&w->cond);
	pthread_mutex_unlock(&w->lock);
}

static struct wait last; /* the last command's outcome */

/* Two pieces, so that buffers are taken apart. */
static u8 execute(struct scsi_disk *d, const u8 *cdb, size_t n, void *data, size_t bytes, bool in)
{
	struct iovec iov[2] = {{data, bytes / 3}, {(u8 *)data + bytes / 3, bytes - bytes / 3}};

	last = (struct wait){.lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};
	last.c.iov = iov;
	last.c.n_iov = bytes ? 2 : 0;
	last.c.bytes = bytes;
	last.c.to_initiator = in;
	last.c.done = on_done;
	memcpy(last.c.cdb, cdb, n);
	scsi_execute(d, &last.c);
	pthread_mutex_lock(&last.lock);
	while (!last.done)
		pthread_cond_wait(&last.cond, &last.lock);
	pthread_mutex_unlock(&last.lock);
	return last.c.status;
}

#define BYTES(...)	      ((const u8[]){__VA_ARGS__}), sizeof((const u8[]){__VA_ARGS__})
#define IN(data, bytes, ...)  execute(&disk, BYTES(__VA_ARGS__), data, bytes, true)
#define OUT(data, bytes, ...) execute(&disk, BYTES(__VA_ARGS__), data, bytes, false)

static void assert_failed(u8 key, u32 asc)
{
	assert_int_equal(last.c.status, SCSI_CHECK_CONDITION);
	assert_int_equal(last.c.sense_bytes, SCSI_SENSE_BYTES);
	assert_int_equal(last.c.sense[0], 0x70);
	assert_int_equal(last.c.sense[2], key);
	assert_int_equal(last.c.sense[12] << 8 | last.c.sense[13], asc);
}

static void open_disk(bool read_only, bool cd)
{
	struct error err;
	struct block_options o = {path, .read_only = read_only};
	struct block_dev *b = block_open(&o, &err);

	assert_non_null(b);
	scsi_disk_init(&disk, b, cd, "serial");
	IN(NULL, 0, 0x00);
	assert_failed(SENSE_UNIT_ATTENTION, ASC_POWER_ON);
	assert_int_equal(IN(NULL, 0, 0x00), SCSI_GOOD);
}

static int setup(void **state)
{
	int fd;

	strcpy(path, "/tmp/papyr-scsi-XXXXXX");
	fd = mkstemp(path);
	assert_int_equal(ftruncate(fd, BLOCKS * 512), 0);
	close(fd);
	open_disk(false, false);
	return 0;
}

static int teardown(void **state)
{
	scsi_disk_fini(&disk);
	unlink(path);
	return 0;
}

static void reads_and_writes(void **state)
{
	u8 out[1024], in[2048];

	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = i * 7;
	/* WRITE (6), (10), (12), (16) of two blocks each, and what READ finds there. */
	assert_int_equal(OUT(out, 1024, 0x0a, 0, 0, 2, 2), SCSI_GOOD);
	assert_int_equal(OUT(out, 1024, 0x2a, 0, 0, 0, 0, 4, 0, 0, 2), SCSI_GOOD);
	assert_int_equal(OUT(out, 1024, 0xaa, 0, 0, 0, 0, 6, 0, 0, 0, 2), SCSI_GOOD);
	assert_int_equal(OUT(out, 1024, 0x8a, 8, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 2), SCSI_GOOD);
	for (u8 lba = 2; lba <= 8; lba += 2) {
		assert_int_equal(IN(in, 1024, 0x28, 0, 0, 0, 0, lba, 0, 0, 2), SCSI_GOOD);
		assert_int_equal(last.c.moved, 1024);
		assert_memory_equal(in, out, 1024);
	}
	/* A buffer longer than the command, and one that is too short. */
	memset(in, 0xee, sizeof(in));
	assert_int_equal(IN(in, 2048, 0x08, 0, 0, 2, 2), SCSI_GOOD);
	assert_int_equal(last.c.moved, 1024);
	assert_int_equal(in[1024], 0xee);
	IN(in, 1023, 0x08, 0, 0, 2, 2);
	assert_failed(SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
	/* Data for the wrong direction. */
	OUT(in, 1024, 0x08, 0, 0, 2, 2);
	assert_failed(SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
	assert_int_equal(IN(NULL, 0, 0x28, 0, 0, 0, 0, 2, 0, 0, 0), SCSI_GOOD);
	assert_int_equal(OUT(NULL, 0, 0x35), SCSI_GOOD);
	assert_int_equal(OUT(NULL, 0, 0x91), SCSI_GOOD);
}

static void up_to_the_last_block(void **state)
{
	u8 data[1024];

	assert_int_equal(IN(data, 512, 0x28, 0, 0, 0, 0, BLOCKS - 1, 0, 0, 1), SCSI_GOOD);
	IN(data, 1024, 0x28, 0, 0, 0, 0, BLOCKS - 1, 0, 0, 2);
	assert_failed(SENSE_ILLEGAL_REQUEST, ASC_LBA_OUT_OF_RANGE);
	OUT(data, 512, 0x2a, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 1);
	assert_failed(SENSE_ILLEGAL_REQUEST, ASC_LBA_OUT_OF_RANGE);
	OUT(data, 512, 0x8a, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1);
	assert_failed(SENSE_ILLEGAL_REQUEST, ASC_LBA_OUT_OF_RANGE);
	IN(data, 512, 0x2f, 0, 0, 0, 0, BLOCKS, 0, 0, 1);
	assert_failed(SENSE_ILLEGAL_REQUEST, ASC_LBA_OUT_OF_RANGE);
	assert_int_equal(IN(NULL, 0, 0x2f, 0, 0, 0, 0, 0, 0, 0, BLOCKS), SCSI_GOOD);
	IN(NULL, 0, 0x2f, 2, 0, 0, 0, 0, 0, 0, 1);
	assert_failed(SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
}

static void sizes(void **state)
{
	u8 data[32];

	assert_int_equal(IN(data, 8, 0x25), SCSI_GOOD);
	assert_int_equal(load_be32(data), BLOCKS - 1);
	assert_int_equal(load_be32(data + 4), 512);
	assert_int_equal(IN(data, 32, 0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32), SCSI_GOOD);
	assert_int_equal(load_be64(data), BLOCKS - 1);
	assert_int_equal(data[14], 0xc0);
	IN(data, 32, 0x9e, 0x12);
	assert_failed(SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
	assert_int_equal(IN(data, 16, 0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 16), SCSI_GOOD);
	assert_int_equal(load_be32(data), 8);
}

static void identity(void **state)
{
	u8 data[255] = {0}, pages[8];

	assert_int_equal(IN(data, 255, 0x12, 0, 0, 0, 255), SCSI_GOOD);
	assert_int_equal(last.c.moved, 36);
	assert_memory_equal(data + 8, "PAPYR   DISK            ", 24);
	assert_int_equal(IN(data, 255, 0x12, 0, 0, 0, 5), SCSI_GOOD);
	assert_int_equal(last.c.moved, 5);
	assert_int_equal(IN(data, 255, 0x12, 1, 0, 0, 255), SCSI_GOOD);
	memcpy(pages, data, sizeof(pages));
	assert_int_equal(data[3], 6);
	for (int i = 0; i < 6; i++) {
		u8 page = i < 4 ? pages[4 + i] : 0xb1 + i - 4;

		assert_int_equal(IN(data, 255, 0x12, 1, page, 0, 255), SCSI_GOOD);
		assert_int_equal(data[1], page);
		assert_int_equal(last.c.moved, 4 + data[3]);
	}
	assert_int_equal(IN(data, 255, 0x12, 1, 0x80, 0, 255), SCSI_GOOD);
	assert_memory_equal(data + 4, "serial", 6);
	IN(data, 255, 0x12, 1, 0x99, 0, 255);
	assert_failed(SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
	IN(data, 255, 0x12, 0, 0x80, 0, 255);
	assert_failed(SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
}

static void modes(void **state)
{
	u8 data[255];

	assert_int_equal(IN(data, 255, 0x1a, 0, 0x08, 0, 255), SCSI_GOOD);
	assert_int_equal(last.c.moved, 4 + 8 + 20);
	assert_int_equal(data[0], last.c.moved - 1);
	assert_int_equal(data[12], 0x08);
	assert_int_equal(data[14], 0x04);
	assert_int_equal(IN(data, 255, 0x5a, 8, 0x3f, 0, 0, 0, 0, 0, 255), SCSI_GOOD);
	assert_int_equal(last.c.moved, 8 + 12 + 20 + 12);
	/* What could be changed: nothing. What is saved: can't be. */
	assert_int_equal(IN(data, 255, 0x1a, 8, 0x48, 0, 255), SCSI_GOOD);
	assert_int_equal(data[6], 0);
	IN(data, 255, 0x1a, 8, 0xc8, 0, 255);
	assert_failed(SENSE_ILLEGAL_REQUEST, ASC_SAVING_NOT_SUPPORTED);
	IN(data, 255, 0x1a, 8, 0x1d, 0, 255);
	assert_failed(SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD_IN_CDB);
}

static void giving_back(void **state)
{
	u8 ones[512 * 8], in[512 * 8], list[8 + 3 * 16] = {0, 54, 0, 48}, zeroes[512 * 8] = {0};

	memset(ones, 1, sizeof(ones));
	for (u8 lba = 0; lba < BLOCKS; lba += 8)
		assert_int_equal(OUT(ones, 4096, 0x2a, 0, 0, 0, 0, lba, 0, 0, 8), SCSI_GOOD);
	store_be64(list + 8, 8);
	store_be32(list + 16, 8);
	store_be64(list + 24, 1); /* of no blocks */
	store_be64(list + 40, 24);
	store_be32(list + 48, 16);
	assert_int_equal(OUT(list, sizeof(list), 0x42, 0, 0, 0, 0, 0, 0, 0, sizeof(list)),
			 SCSI_GOOD);
	for (u8 lba = 0; lba < BLOCKS; lba += 8) {
		bool gone = lba == 8 || lba == 24 || lba == 32;

		assert_int_equal(IN(in, 4096, 0x28, 0, 0, 0, 0, lba, 0, 0, 8), SCSI_GOOD);
		assert_memory_equal(in, gone ? zeroes : ones, 4096);
	}
	/* A list cut off, a range too long; nothing at all. */
	OUT(list, 30, 0x42, 0, 0, 0, 0, 0, 0, 0, 30);
	assert_failed(SENSE_ILLEGAL_REQUEST, ASC_PARAMETER_LENGTH);
	store_be32(list + 16, BLOCKS);
	OUT(list, sizeof(list), 0x42, 0, 0, 0, 0, 0, 0, 0, sizeof(list));
	assert_failed(SENSE_ILLEGAL_REQUEST, ASC_LBA_OUT_OF_RANGE);
	assert_int_equal(OUT(NULL, 0, 0x42), SCSI_GOOD);
	/* WRITE SAME: zeroes, with data and without; another pattern. */
	assert_int_equal(OUT(zeroes, 512, 0x41, 0, 0, 0, 0, 40, 0, 0, 8), SCSI_GOOD);
	assert_int_equal(OUT(NULL, 0, 0x93, 9, 0, 0, 0, 0, 0, 0, 0, 48, 0, 0, 0, 8), SCSI_GOOD);
	for (u8 lba = 40; lba <= 48; lba += 8) {
		assert_int_equal(IN(in, 4096, 0x28, 0, 0, 0, 0, lba, 0, 0, 8), SCSI_GOOD);
		assert_memory_equal(in, zeroes, 4096);
	}
	OUT(ones, 512, 0x41, 0, 0, 0, 0, 40, 0, 0, 8);
	assert_failed(SENSE_ILLEGAL_REQUEST, ASC_INVALID_PARAMETER);
}

static void read_only(void **state)
{
	u8 data[512] = {0};

	scsi_disk_fini(&disk);
	open_disk(true, false);
	OUT(data, 512, 0x2a, 0, 0, 0, 0, 0, 0, 0, 1);
	assert_failed(SENSE_DATA_PROTECT, ASC_WRITE_PROTECTED);
	OUT(data, 512, 0x41, 0, 0, 0, 0, 0, 0, 0, 1);
	assert_failed(SENSE_DATA_PROTECT, ASC_WRITE_PROTECTED);
	OUT(data, 24, 0x42, 0, 0, 0, 0, 0, 0, 0, 24);
	assert_failed(SENSE_DATA_PROTECT, ASC_WRITE_PROTECTED);
	assert_int_equal(OUT(NULL, 0, 0x35), SCSI_GOOD);
	assert_int_equal(IN(data, 255, 0x1a, 8, 0x08, 0, 255), SCSI_GOOD);
	assert_int_equal(data[2], 0x80);
}

static void cd_rom(void **state)
{
	u8 data[2048] = {0};

	scsi_disk_fini(&disk);
	open_disk(true, true);
	assert_int_equal(IN(data, 8, 0x25), SCSI_GOOD);
	assert_int_equal(load_be32(data), BLOCKS / 4 - 1);
	assert_int_equal(load_be32(data + 4), 2048);
	assert_int_equal(IN(data, 2048, 0x28, 0, 0, 0, 0, BLOCKS / 4 - 1, 0, 0, 1), SCSI_GOOD);
	OUT(data, 2048, 0x2a, 0, 0, 0, 0, 0, 0, 0, 1);
	assert_failed(SENSE_ILLEGAL_REQUEST, ASC_INVALID_OPCODE);
	assert_int_equal(IN(data, 20, 0x43, 0, 0, 0, 0, 0, 0, 0, 20), SCSI_GOOD);
	assert_int_equal(data[1], 18);
	assert_int_equal(data[14], 0xaa);
	assert_int_equal(load_be32(data + 16), BLOCKS / 4);
	assert_int_equal(IN(data, 20, 0x43, 2, 0, 0, 0, 0, 0xaa, 0, 20), SCSI_GOOD);
	assert_int_equal(load_be32(data + 8), 2 << 8 | 16); /* two seconds and 16 frames */
	assert_int_equal(IN(data, 8, 0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8), SCSI_GOOD);
	assert_int_equal(data[5], 2);
}

static void errors_of_the_host(void **state)
{
	u8 data[512];

	assert_int_equal(truncate(path, 512), 0);
	IN(data, 512, 0x28, 0, 0, 0, 0, 8, 0, 0, 1);
	assert_failed(SENSE_MEDIUM_ERROR, ASC_READ_ERROR);
	assert_int_equal(IN(data, 512, 0x28, 0, 0, 0, 0, 0, 0, 0, 1), SCSI_GOOD);
}

static void what_is_not_there(void **state)
{
	u8 data[36];

	IN(data, 36, 0xff);
	assert_failed(SENSE_ILLEGAL_REQUEST, ASC_INVALID_OPCODE);
	assert_int_equal(execute(NULL, BYTES(0x12, 0, 0, 0, 36), data, 36, true), SCSI_GOOD);
	assert_int_equal(data[0], 0x7f);
	execute(NULL, BYTES(0x00), NULL, 0, true);
	assert_failed(SENSE_ILLEGAL_REQUEST, ASC_NO_SUCH_LUN);
}

/* Random commands in random buffers: every one ends, and what they write stays in the disk. */
static void hostile(void **state)
{
	static u8 data[8192];
	struct stat st;

	srandom(1);
	for (int i = 0; i < 20000; i++) {
		u8 cdb[SCSI_CDB_BYTES];

		for (size_t k = 0; k < sizeof(cdb); k++)
			cdb[k] = random() & (random() & 1 ? 0xff : 0x03);
		for (size_t k = 0; k < 64; k++)
			data[k] = random();
		execute(random() % 8 ? &disk : NULL, cdb, sizeof(cdb), data,
			random() % 2 ? random() % sizeof(data) : 0, random() & 1);
	}
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, BLOCKS * 512);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(reads_and_writes),
	    TEST(up_to_the_last_block),
	    TEST(sizes),
	    TEST(identity),
	    TEST(modes),
	    TEST(giving_back),
	    TEST(read_only),
	    TEST(cd_rom),
	    TEST(errors_of_the_host),
	    TEST(what_is_not_there),
	    TEST(hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
