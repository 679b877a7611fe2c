/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual SCSI adapter, by the hypercalls and the memory that a guest's driver uses: its queue,
 * its login, commands with every form of buffer; and a guest that sends anything.
 */
#include <papyr/papr.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "devices/vio/srp.h"
#include "devices/vio/vio.h"
#include "devices/vio/vscsi.h"
#include "platform/machine.h"
#include "platform/models.h"

#define UNIT   0x71000010u
#define PAGE   4096u
#define QUEUE  0x0000u	/* device's addresses: the queue, */
#define UNITS  0x1000u	/* information units, */
#define BUFFER 0x10000u /* data */
#define TABLE  0x30000u
#define MEMORY 0x100000u /* where device's address 0 is in the guest */
#define WINDOW 0x40000u	 /* that is open */

static char path[64];
static struct machine *m;
static struct vio_device *vio;
static unsigned next; /* message of the queue */

static u8 *memory(u64 address)
{
	return machine_ptr(m, MEMORY + address, 1);
}

static s64 hcall(u64 number, u64 a, u64 b, u64 c)
{
	u64 args[9] = {a, b, c};
	s64 ret;

	assert_true(machine_device_hcall(m, number, args, &ret));
	return ret;
}

static void open_window(void)
{
	for (u64 page = 0; page < WINDOW / PAGE; page++)
		vio->window.tces[page] = (MEMORY + page * PAGE) | 3;
}

static int setup(void **state)
{
	struct machine_config cfg = {.model = machine_model_find("POWER8"),
				     .mem_bytes = 64 << 20,
				     .n_vcpus = 1,
				     .threads = 1,
				     .in_fd = -1,
				     .out_fd = -1};
	struct disk_options disk = {.block = {path}};
	struct error err = {""};
	int fd;

	strcpy(path, "/tmp/papyr-vscsi-XXXXXX");
	fd = mkstemp(path);
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	close(fd);
	cfg.accel = accel_find("papyr", &err);
	m = machine_new(&cfg, &err);
	if (!m || vscsi_new(m, &disk, 1, &err))
		fail_msg("%s", err.text);
	vio = container_of(m->devices, struct vio_device, dev);
	open_window();
	next = 0;
	return 0;
}

static int teardown(void **state)
{
	machine_free(m);
	unlink(path);
	return 0;
}

/* The adapter's next message, taken out of the queue. */
static void receive(u8 *message)
{
	u8 *place = memory(QUEUE + next * CRQ_BYTES);

	while (!(__atomic_load_n(place, __ATOMIC_ACQUIRE) & 0x80))
		usleep(100);
	memcpy(message, place, CRQ_BYTES);
	__atomic_store_n(place, 0, __ATOMIC_RELEASE);
	next = (next + 1) % (PAGE / CRQ_BYTES);
}

static u64 srp_message(unsigned format, size_t bytes)
{
	return (u64)CRQ_COMMAND << 56 | (u64)format << 48 | bytes;
}

static void connect_queue(void)
{
	u8 message[CRQ_BYTES];

	assert_int_equal(hcall(H_REG_CRQ, UNIT, QUEUE, PAGE), H_SUCCESS);
	assert_int_equal(hcall(H_SEND_CRQ, UNIT, 0xc001ull << 48, 0), H_SUCCESS);
	receive(message);
	assert_int_equal(message[0], CRQ_INIT);
	assert_int_equal(message[1], 2);
}

/* Sends a unit and waits for its answer, which is in its place then. */
static u8 *exchange(unsigned format, const u8 *iu, size_t bytes)
{
	u8 message[CRQ_BYTES], *unit = memory(UNITS);

	memcpy(unit, iu, bytes);
	memset(unit + IU_TAG, 0x5a, 8);
	assert_int_equal(hcall(H_SEND_CRQ, UNIT, srp_message(format, bytes), UNITS), H_SUCCESS);
	receive(message);
	assert_int_equal(message[0], CRQ_COMMAND);
	assert_int_equal(message[CRQ_FORMAT], format);
	assert_int_equal(message[CRQ_STATUS], 0);
	assert_memory_equal(message + CRQ_ADDRESS, "ZZZZZZZZ", 8);
	return unit;
}

static void queue(void **state)
{
	assert_int_equal(hcall(H_SEND_CRQ, UNIT, 0xc001ull << 48, 0), H_CLOSED);
	assert_int_equal(hcall(H_REG_CRQ, UNIT, QUEUE + 16, PAGE), H_PARAMETER);
	assert_int_equal(hcall(H_REG_CRQ, UNIT, QUEUE, 0), H_PARAMETER);
	assert_int_equal(hcall(H_REG_CRQ, UNIT, QUEUE, PAGE + 16), H_PARAMETER);
	assert_int_equal(hcall(H_REG_CRQ, UNIT, 256 << 20, PAGE), H_PARAMETER);
	assert_int_equal(hcall(H_REG_CRQ, UNIT, 0, ~0xfffull), H_PARAMETER);
	connect_queue();
	assert_int_equal(hcall(H_REG_CRQ, UNIT, QUEUE, PAGE), H_RESOURCE);
	assert_int_equal(hcall(H_VIO_SIGNAL, UNIT, 2, 0), H_PARAMETER);
	assert_int_equal(hcall(H_VIO_SIGNAL, UNIT, 1, 0), H_SUCCESS);
	assert_int_equal(hcall(H_SEND_CRQ, UNIT, 0x12ull << 56, 0), H_PARAMETER);
	/* Not while a command may still use the guest's memory. */
	vio_begin(vio);
	assert_int_equal(hcall(H_FREE_CRQ, UNIT, 0, 0), H_BUSY);
	assert_int_equal(hcall(H_REG_CRQ, UNIT, QUEUE, PAGE), H_RESOURCE);
	vio_end(vio);
	assert_int_equal(hcall(H_FREE_CRQ, UNIT, 0, 0), H_SUCCESS);
	next = 0;
	connect_queue();
}

static void management(void **state)
{
	u8 iu[MAD_BYTES] = {[3] = MAD_ADAPTER_INFO, [22] = BUFFER >> 8 & 0xff, [21] = BUFFER >> 16};

	connect_queue();
	exchange(CRQ_FORMAT_MAD, iu, sizeof(iu));
	assert_int_equal(memory(UNITS)[MAD_STATUS + 1], MAD_SUCCESS);
	assert_string_equal((char *)memory(BUFFER), "16.a");
	iu[3] = 0x77;
	exchange(CRQ_FORMAT_MAD, iu, sizeof(iu));
	assert_int_equal(memory(UNITS)[MAD_STATUS + 1], MAD_NOT_SUPPORTED);
	iu[3] = MAD_ADAPTER_INFO;
	iu[16] = 0xff; /* a buffer beyond the window */
	exchange(CRQ_FORMAT_MAD, iu, sizeof(iu));
	assert_int_equal(memory(UNITS)[MAD_STATUS + 1], MAD_FAILED);
}

static void put_descriptor(u8 *d, u64 address, u32 bytes)
{
	store_be64(d, address);
	store_be32(d + 8, 0);
	store_be32(d + 12, bytes);
}

/* A command for the first disk; @format as in its unit, with what follows already in @iu. */
static u8 *command(u8 *iu, u8 format, u8 count, size_t bytes)
{
	iu[0] = SRP_CMD;
	iu[CMD_FORMATS] = format;
	iu[format > 0xf ? CMD_OUT_COUNT : CMD_IN_COUNT] = count;
	return exchange(CRQ_FORMAT_SRP, iu, bytes);
}

static void attention(void)
{
	u8 iu[CMD_BUFFERS] = {0};

	assert_int_equal(command(iu, 0, 0, sizeof(iu))[RSP_STATUS], SCSI_CHECK_CONDITION);
}

static void commands(void **state)
{
	u8 iu[IU_BYTES] = {0}, *rsp;

	connect_queue();
	iu[0] = SRP_LOGIN_REQ;
	rsp = exchange(CRQ_FORMAT_SRP, iu, 64);
	assert_int_equal(rsp[0], SRP_LOGIN_RSP);
	assert_true(load_be32(rsp + LOGIN_RSP_CREDIT) > 0);
	attention();
	/* WRITE (10) of three blocks, by a table in the unit; READ (10) by one elsewhere. */
	memset(memory(BUFFER), 0x11, 512);
	memset(memory(BUFFER + PAGE), 0x22, 1024);
	memcpy(iu + CMD_CDB, (const u8[]){0x2a, 0, 0, 0, 0, 5, 0, 0, 3}, 9);
	put_descriptor(iu + CMD_BUFFERS, 0, 2 * DESCRIPTOR_BYTES);
	store_be32(iu + CMD_BUFFERS + 16, 1536);
	put_descriptor(iu + CMD_BUFFERS + TABLE_BYTES, BUFFER, 512);
	put_descriptor(iu + CMD_BUFFERS + TABLE_BYTES + 16, BUFFER + PAGE, 1024);
	rsp = command(iu, FORMAT_INDIRECT << 4, 2, CMD_BUFFERS + TABLE_BYTES + 32);
	assert_int_equal(rsp[0], SRP_RSP);
	assert_int_equal(rsp[RSP_STATUS], SCSI_GOOD);
	memset(iu, 0, sizeof(iu));
	memcpy(iu + CMD_CDB, (const u8[]){0x28, 0, 0, 0, 0, 5, 0, 0, 3}, 9);
	put_descriptor(iu + CMD_BUFFERS, TABLE, 3 * DESCRIPTOR_BYTES);
	store_be32(iu + CMD_BUFFERS + 16, 2048);
	for (unsigned i = 0; i < 3; i++)
		put_descriptor(memory(TABLE) + 16 * i, BUFFER + 0x4000 + 0x1000 * i,
			       i ? 512 : 1024);
	rsp = command(iu, FORMAT_INDIRECT, 1, CMD_BUFFERS + TABLE_BYTES + 16);
	assert_int_equal(rsp[RSP_STATUS], SCSI_GOOD);
	assert_int_equal(rsp[RSP_FLAGS], RSP_IN_UNDER);
	assert_int_equal(load_be32(rsp + RSP_IN_RESIDUAL), 512);
	assert_int_equal(memory(BUFFER + 0x4000)[511], 0x11);
	assert_int_equal(memory(BUFFER + 0x4000)[1023], 0x22);
	assert_int_equal(memory(BUFFER + 0x5000)[511], 0x22);
	/* INQUIRY by one descriptor; the same of a disk that isn't there. */
	memset(iu, 0, sizeof(iu));
	memcpy(iu + CMD_CDB, (const u8[]){0x12, 0, 0, 0, 36}, 5);
	put_descriptor(iu + CMD_BUFFERS, BUFFER, 36);
	rsp = command(iu, FORMAT_DIRECT, 1, CMD_BUFFERS + 16);
	assert_int_equal(rsp[RSP_STATUS], SCSI_GOOD);
	assert_int_equal(memory(BUFFER)[0], 0);
	iu[CMD_LUN] = 0x81;
	command(iu, FORMAT_DIRECT, 1, CMD_BUFFERS + 16);
	assert_int_equal(memory(BUFFER)[0], 0x7f);
	/* A buffer that the guest has not opened, or not for writing. */
	iu[CMD_LUN] = 0x80;
	vio->window.tces[BUFFER / PAGE] &= ~2ull;
	rsp = command(iu, FORMAT_DIRECT, 1, CMD_BUFFERS + 16);
	assert_int_equal(rsp[RSP_STATUS], SCSI_CHECK_CONDITION);
}

static u64 random64(void)
{
	return (u64)random() << 42 ^ (u64)random() << 21 ^ random();
}

/* Units, buffers and hypercalls of any kind: each command is answered or refused, and the disk's
 * and our memory stay whole (sanitizers look on). */
static void hostile(void **state)
{
	srandom(7);
	connect_queue();
	for (int i = 0; i < 20000; i++) {
		u8 *unit = memory(UNITS + random() % 64 * 64);

		for (unsigned k = 0; k < IU_BYTES; k++)
			unit[k] = random() & (random() & 1 ? 0xff : random() & 1 ? 0x03 : 0);
		if (random() % 4)
			unit[0] = SRP_CMD;
		if (random() % 2)
			put_descriptor(unit + CMD_BUFFERS, random() % WINDOW, random() % 8192);
		if (random() % 3)
			unit[CMD_FORMATS] = random() % 3 << (random() & 1 ? 4 : 0);
		vio->window.tces[random() % (WINDOW / PAGE - 2) + 2] =
		    random() % 8 ? (u64)((MEMORY + random() % WINDOW / PAGE * PAGE) | random() % 4)
				 : random64();
		open_window();
		hcall(H_SEND_CRQ, UNIT, srp_message(1 + random() % 3, random() % 512),
		      random() % 8 ? (u64)(unit - memory(0)) : random64());
		if (!(random() % 500)) {
			hcall(H_FREE_CRQ, UNIT, 0, 0);
			hcall(H_REG_CRQ, UNIT, QUEUE, PAGE);
		}
		memset(memory(QUEUE), 0, PAGE);
	}
	vio_wait_idle(vio);
	assert_int_equal(hcall(H_FREE_CRQ, UNIT, 0, 0), H_SUCCESS);
	assert_int_equal(vio->in_flight, 0);
	assert_int_equal(m->io_pending, 0);
}

/* Into bytes and back, with a window of holes. */
static void saved(void **state)
{
	struct state_out out = {0};
	struct state_in in;

	connect_queue();
	vio->window.tces[5] = vio->window.tces[9] = 0;
	vio->dev.ops->save(&vio->dev, &out);
	vio->dev.ops->reset(&vio->dev);
	assert_int_equal(vio->window.tces[4], 0);
	in = (struct state_in){.data = out.data, .len = out.len};
	assert_int_equal(vio->dev.ops->load(&vio->dev, &in), 0);
	assert_true(state_ok(&in));
	assert_int_equal(vio->window.tces[4], (MEMORY + 4 * PAGE) | 3);
	assert_int_equal(vio->window.tces[5], 0);
	assert_int_equal(vio->window.tces[10], (MEMORY + 10 * PAGE) | 3);
	assert_int_equal(vio->crq_bytes, PAGE);
	assert_int_equal(vio->crq_next, CRQ_BYTES);
	for (size_t cut = 0; cut < out.len; cut++) {
		vio->dev.ops->reset(&vio->dev);
		in = (struct state_in){.data = out.data, .len = cut};
		assert_true(vio->dev.ops->load(&vio->dev, &in) || !state_ok(&in));
	}
	state_free(&out);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(queue), TEST(management), TEST(commands), TEST(hostile), TEST(saved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
