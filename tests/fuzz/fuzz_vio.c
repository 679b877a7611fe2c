/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer target: nothing that a guest does with the SCSI adapter and the network card of the
 * virtual I/O bus makes the process crash, write beyond the guest's memory, or leave a command in
 * flight.
 *
 * Input: steps, each of a byte with what it does (its lower four bits) and to whom (bit 4: the
 * card; else the adapter), and what follows:
 *
 *   0     a hypercall: which (1), r5 and on, as many as it has (8 each)
 *   1     bytes into memory: address (2), how many (1), they
 *   2     TCEs: the first (1), how many (1), of which page (1), what it opens (1)
 *   3     a driver that does all right: queues, all of memory open
 *   4     a unit for the adapter, at its address (2): management or SRP, its bytes (1), how long it
 *         is said to be (2)
 *   5     a SCSI command for the adapter: target (1), its 10 bytes, a buffer of one descriptor:
 *         whether it is for writing (1), address (2), bytes (3)
 *   6     a buffer for the card to receive into: address (2), bytes (3)
 *   7     a frame to be sent: up to five pieces, of which the first is of few bytes
 *   8     a frame arrives, of bytes (2), that begins with 16 of the input
 *   9     saved and loaded
 *  10     the same with a byte of its state changed: which (2), how (1)
 *  11     the disk does what it was asked for, and from here on at once, or at the next 11 (1)
 */
#include <papyr/papr.h>
#include <string.h>

#include "devices/vio/llan.h"
#include "devices/vio/srp.h"
#include "devices/vio/vio.h"
#include "devices/vio/vscsi.h"
#include "world.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define DEVICES	     2
#define PAGE	     4096u
#define PAGES	     (WORLD_MEMORY / PAGE)
#define WINDOW_PAGES 64u /* that are used; all that lies behind is never open */

/* Where a driver that does all right has things. */
#define CRQ	0x1f000u
#define LIST	0x1e000u
#define FILTERS 0x1d000u
#define RXQ	0x1c000u

static struct vio_device *devices[DEVICES];

static const struct {
	u64 number;
	unsigned args;
} hcalls[] = {
    {H_REG_CRQ, 2},
    {H_FREE_CRQ, 0},
    {H_SEND_CRQ, 2},
    {H_ENABLE_CRQ, 0},
    {H_VIO_SIGNAL, 1},
    {H_PUT_TCE, 2},
    {H_REGISTER_LOGICAL_LAN, 4},
    {H_FREE_LOGICAL_LAN, 0},
    {H_ADD_LOGICAL_LAN_BUFFER, 1},
    {H_FREE_LOGICAL_LAN_BUFFER, 1},
    {H_SEND_LOGICAL_LAN, 8},
    {H_MULTICAST_CTRL, 2},
    {H_CHANGE_LOGICAL_LAN_MAC, 1},
    {H_ILLAN_ATTRIBUTES, 2},
};

static s64 hcall(unsigned who, u64 number, const u64 *more)
{
	struct machine_device *d = &devices[who]->dev;
	u64 args[9] = {devices[who]->unit};
	s64 ret = 0;

	memcpy(args + 1, more, 8 * sizeof(*more));
	d->ops->hcall(d, number, args, &ret);
	return ret;
}

static void any_hcall(unsigned who, struct world_input *in)
{
	unsigned which = world_number(in, 1) % ARRAY_SIZE(hcalls);
	u64 args[8] = {0};

	for (unsigned i = 0; i < hcalls[which].args; i++)
		args[i] = world_number(in, 8);
	hcall(who, hcalls[which].number, args);
}

static void put_tces(unsigned who, struct world_input *in)
{
	unsigned at = world_number(in, 1), n = world_number(in, 1) % WINDOW_PAGES;
	u64 page = world_number(in, 1), access = world_number(in, 1) % 4;

	for (unsigned i = 0; i < n; i++)
		devices[who]->window.tces[(at + i) % WINDOW_PAGES] = (page + i) * PAGE | access;
}

static void open_all(unsigned who)
{
	for (unsigned i = 0; i < PAGES; i++)
		devices[who]->window.tces[i] = i * PAGE | 3;
}

static void start_driver(unsigned who)
{
	open_all(who);
	if (!who) {
		hcall(who, H_REG_CRQ, (u64[8]){CRQ, PAGE});
		hcall(who, H_SEND_CRQ, (u64[8]){0xc001ull << 48, 0});
	} else {
		hcall(who, H_REGISTER_LOGICAL_LAN,
		      (u64[8]){LIST, LLAN_BUF_VALID | (u64)PAGE << 32 | RXQ, FILTERS,
			       0x020202020202});
	}
	hcall(who, H_VIO_SIGNAL, (u64[8]){1});
}

static void send_unit(u8 format, u64 address, u16 bytes)
{
	hcall(0, H_SEND_CRQ, (u64[8]){(u64)CRQ_COMMAND << 56 | (u64)format << 48 | bytes, address});
}

static void any_unit(struct world_input *in)
{
	u64 address = world_number(in, 2), bytes = world_number(in, 1);
	u8 format = world_number(in, 1);
	u16 told = world_number(in, 2);

	for (unsigned i = 0; i < bytes; i++)
		world.mem.host[(address + i) % WORLD_MEMORY] = world_number(in, 1);
	send_unit(format % 4, address, told);
}

static void scsi_command(struct world_input *in)
{
	u8 iu[CMD_BUFFERS + DESCRIPTOR_BYTES] = {SRP_CMD}, writes;

	iu[CMD_LUN] = 0x80 | (world_number(in, 1) & 3);
	for (unsigned i = 0; i < 10; i++)
		iu[CMD_CDB + i] = world_number(in, 1);
	writes = world_number(in, 1);
	iu[CMD_FORMATS] = writes & 1 ? FORMAT_DIRECT << 4 : FORMAT_DIRECT;
	iu[CMD_OUT_COUNT] = iu[CMD_IN_COUNT] = 1;
	store_be64(iu + CMD_BUFFERS, world_number(in, 2));
	store_be32(iu + CMD_BUFFERS + 12, world_number(in, 3));
	memcpy(world.mem.host, iu, sizeof(iu));
	send_unit(CRQ_FORMAT_SRP, 0, sizeof(iu));
}

static void add_buffer(struct world_input *in)
{
	u64 address = world_number(in, 2), bytes = world_number(in, 3);

	hcall(1, H_ADD_LOGICAL_LAN_BUFFER, (u64[8]){LLAN_BUF_VALID | bytes << 32 | address});
}

/* The first piece has the headers, in most frames. */
static void send_frame(struct world_input *in)
{
	unsigned n = world_number(in, 1) % 5 + 1;
	u64 args[8] = {0};

	for (unsigned i = 0; i < n; i++) {
		u64 address = world_number(in, 2), bytes = world_number(in, i ? 2 : 1);

		args[i] = LLAN_BUF_VALID | bytes << 32 | address;
	}
	args[7] = world_number(in, 2);
	hcall(1, H_SEND_LOGICAL_LAN, args);
}

static void frame_comes(struct world_input *in)
{
	size_t bytes = world_number(in, 2);
	u8 head[16];

	for (unsigned i = 0; i < sizeof(head); i++)
		head[i] = world_number(in, 1);
	world_receive(head, sizeof(head), bytes);
}

static void step(struct world_input *in)
{
	u8 what = world_number(in, 1);
	unsigned who = what >> 4 & 1, at;

	switch (what & 15) {
	case 0:
		any_hcall(who, in);
		break;
	case 1:
		world_put_memory(in);
		break;
	case 2:
		put_tces(who, in);
		break;
	case 3:
		start_driver(who);
		break;
	case 4:
		any_unit(in);
		break;
	case 5:
		scsi_command(in);
		break;
	case 6:
		add_buffer(in);
		break;
	case 7:
		send_frame(in);
		break;
	case 8:
		frame_comes(in);
		break;
	case 9:
		world_save_and_load(&devices[who]->dev, 0, 0);
		break;
	case 10:
		at = world_number(in, 2);
		world_save_and_load(&devices[who]->dev, at, world_number(in, 1));
		break;
	case 11:
		world_disk_waits = world_number(in, 1) & 1;
		world_disk_works();
		break;
	}
}

/* A disk, a CD, and a card. */
static void make(void)
{
	static const struct disk_options disks[] = {{.serial = "fuzz"}, {.cd = true}};
	unsigned n = 0;
	struct error err;

	world_make();
	must(!vscsi_new(&world, disks, ARRAY_SIZE(disks), &err) &&
	     !llan_new(&world, &world_link, NULL, &err));
	for (struct machine_device *d = world.devices; d; d = d->next) {
		devices[n] = container_of(d, struct vio_device, dev);
		/* What lies behind is as what isn't open, and takes long to be looked through. */
		devices[n++]->window.bytes = WINDOW_PAGES * sizeof(u64);
	}
	must(n == DEVICES);
	world_start();
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct world_input in = {data, size};

	world_run(&in, make, step);
	for (unsigned i = 0; i < DEVICES; i++)
		must(!devices[i]->in_flight);
	world_reset();
	return 0;
}
