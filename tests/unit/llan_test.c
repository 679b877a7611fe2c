/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The logical LAN adapter, by the hypercalls and the memory that a guest's driver uses, on a
 * network that keeps what is sent; TCP in frames; and a guest that does anything.
 */
#include <papyr/papr.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "devices/vio/llan.h"
#include "devices/vio/vio.h"
#include "platform/machine.h"
#include "platform/models.h"

#define UNIT	 0x71000010u
#define PAGE	 4096u
#define LIST	 0x0000u /* device's addresses: the list of buffers, */
#define FILTERS	 0x1000u
#define QUEUE	 0x2000u
#define ENTRIES	 16u
#define SENT	 0x10000u
#define BUFFERS	 0x20000u
#define MEMORY	 0x100000u /* where device's address 0 is in the guest */
#define WINDOW	 0x80000u  /* that is open */
#define OWN_MAC	 0x020000000007ull
#define VALID	 LLAN_BUF_VALID
#define IN_QUEUE (VALID | (u64)(ENTRIES * LLAN_RXQ_BYTES) << 32 | QUEUE)

static struct machine *m;
static struct vio_device *vio;
static struct net_link *network;

/* ---- A network that keeps what is sent ---- */

static u8 sent[NET_FRAME_MAX];
static struct net_frame sent_frame;
static unsigned n_sent;
static bool large, full;

static bool keep(struct net_link *l, const struct iovec *iov, unsigned n, const struct net_frame *f)
{
	size_t at = 0;

	if (full)
		return false;
	for (unsigned i = 0; i < n; at += iov[i++].iov_len) {
		assert_true(at + iov[i].iov_len <= sizeof(sent));
		memcpy(sent + at, iov[i].iov_base, iov[i].iov_len);
	}
	assert_int_equal(at, f->bytes);
	sent_frame = *f;
	n_sent++;
	return true;
}

static void set_large(struct net_link *l, bool on)
{
	large = on;
}

static int serve(struct net_link *l)
{
	return -1;
}

static void free_link(struct net_link *l)
{
	net_link_fini(l);
	free(l);
}

static const struct net_link_ops ops = {
    .kind = "test", .send = keep, .set_large = set_large, .serve = serve, .free = free_link};

static u8 *memory(u64 address)
{
	return machine_ptr(m, MEMORY + address, 1);
}

static s64 hcall9(u64 number, const u64 *args, u64 *r4)
{
	u64 a[9];
	s64 ret;

	memcpy(a, args, sizeof(a));
	a[0] = UNIT;
	assert_true(machine_device_hcall(m, number, a, &ret));
	if (r4)
		*r4 = a[0];
	return ret;
}

#define hcall(number, ...) hcall9(number, (const u64[9]){UNIT, ##__VA_ARGS__}, NULL)

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
	struct error err = {""};

	cfg.accel = accel_find("papyr", &err);
	m = machine_new(&cfg, &err);
	network = calloc(1, sizeof(*network));
	if (!m || net_link_init(network, &ops, &err) || llan_new(m, network, NULL, &err))
		fail_msg("%s", err.text);
	vio = container_of(m->devices, struct vio_device, dev);
	assert_int_equal(machine_start_devices(m, &err), 0);
	open_window();
	n_sent = 0;
	large = full = false;
	return 0;
}

static int teardown(void **state)
{
	machine_free(m);
	return 0;
}

static void open_card(void)
{
	assert_int_equal(hcall(H_REGISTER_LOGICAL_LAN, LIST, IN_QUEUE, FILTERS, OWN_MAC),
			 H_SUCCESS);
}

static void add_buffer(u32 address, u32 bytes, u64 handle)
{
	store_be64(memory(address), handle);
	assert_int_equal(hcall(H_ADD_LOGICAL_LAN_BUFFER, VALID | (u64)bytes << 32 | address),
			 H_SUCCESS);
}

/* A frame arrives. */
static void arrive(u64 to, size_t bytes, u16 segment_bytes)
{
	static u8 data[NET_FRAME_MAX];
	struct net_frame f = {
	    .data = data, .bytes = bytes, .checksum_good = true, .segment_bytes = segment_bytes};

	memset(data, 0x5a, sizeof(data));
	for (unsigned i = 0; i < 6; i++)
		data[i] = to >> (40 - 8 * i);
	network->card_ops->receive(network->card, &f);
}

static u64 entry(unsigned i)
{
	return load_be64(memory(QUEUE + i * LLAN_RXQ_BYTES));
}

static u64 dropped(void)
{
	return load_be64(memory(LIST + PAGE - 8));
}

/* ---- Opening ---- */

static void registering(void **state)
{
	u64 bytes = IN_QUEUE;

	assert_int_equal(hcall(H_SEND_LOGICAL_LAN, VALID | 64ull << 32 | SENT), H_DROPPED);
	assert_int_equal(hcall(H_ADD_LOGICAL_LAN_BUFFER, VALID | 2048ull << 32 | BUFFERS),
			 H_PARAMETER);
	assert_int_equal(hcall(H_REGISTER_LOGICAL_LAN, LIST + 8, bytes, FILTERS), H_PARAMETER);
	assert_int_equal(hcall(H_REGISTER_LOGICAL_LAN, LIST, bytes, FILTERS + 16), H_PARAMETER);
	assert_int_equal(hcall(H_REGISTER_LOGICAL_LAN, WINDOW, bytes, FILTERS), H_PARAMETER);
	assert_int_equal(hcall(H_REGISTER_LOGICAL_LAN, LIST, bytes, 1ull << 40), H_PARAMETER);
	assert_int_equal(hcall(H_REGISTER_LOGICAL_LAN, LIST, bytes & ~VALID, FILTERS), H_PARAMETER);
	assert_int_equal(hcall(H_REGISTER_LOGICAL_LAN, LIST, VALID | QUEUE, FILTERS), H_PARAMETER);
	assert_int_equal(hcall(H_REGISTER_LOGICAL_LAN, LIST, bytes + (8ull << 32), FILTERS),
			 H_PARAMETER);
	assert_int_equal(hcall(H_REGISTER_LOGICAL_LAN, LIST, bytes + 4, FILTERS), H_PARAMETER);
	assert_int_equal(hcall(H_REGISTER_LOGICAL_LAN, LIST, VALID | 0x100000ull << 32, FILTERS),
			 H_PARAMETER);
	vio->window.tces[FILTERS / PAGE] = (MEMORY + FILTERS) | 1; /* may only be read */
	assert_int_equal(hcall(H_REGISTER_LOGICAL_LAN, LIST, bytes, FILTERS), H_PARAMETER);
	open_window();
	open_card();
	assert_int_equal(load_be64(memory(LIST)), IN_QUEUE);
	assert_int_equal(hcall(H_REGISTER_LOGICAL_LAN, LIST, bytes, FILTERS), H_RESOURCE);
	assert_int_equal(hcall(H_FREE_LOGICAL_LAN), H_SUCCESS);
	open_card();
	/* It has no queue for messages. */
	assert_false(machine_device_hcall(m, H_REG_CRQ, (u64[9]){UNIT, QUEUE, PAGE}, &(s64){0}));
	assert_int_equal(hcall(H_VIO_SIGNAL, 2), H_PARAMETER);
	assert_int_equal(hcall(H_VIO_SIGNAL, 1), H_SUCCESS);
}

/* ---- Receiving ---- */

static void buffers(void **state)
{
	open_card();
	assert_int_equal(hcall(H_ADD_LOGICAL_LAN_BUFFER, 2048ull << 32 | BUFFERS), H_PARAMETER);
	assert_int_equal(hcall(H_ADD_LOGICAL_LAN_BUFFER, VALID | 15ull << 32 | BUFFERS),
			 H_PARAMETER);
	assert_int_equal(hcall(H_ADD_LOGICAL_LAN_BUFFER, VALID | 64ull << 32 | (BUFFERS + 2)),
			 H_PARAMETER);
	assert_int_equal(hcall(H_ADD_LOGICAL_LAN_BUFFER, VALID | 64ull << 32 | (WINDOW - 32)),
			 H_PARAMETER);
	for (unsigned size = 16; size < 16 + 8 * 4; size += 4)
		add_buffer(BUFFERS, size, 0);
	assert_int_equal(hcall(H_ADD_LOGICAL_LAN_BUFFER, VALID | 64ull << 32 | BUFFERS),
			 H_RESOURCE);
	for (unsigned i = 1; i < 4096; i++)
		add_buffer(BUFFERS, 16, 0);
	assert_int_equal(hcall(H_ADD_LOGICAL_LAN_BUFFER, VALID | 16ull << 32 | BUFFERS),
			 H_RESOURCE);
}

static void receiving(void **state)
{
	open_card();
	arrive(OWN_MAC, 60, 0);
	assert_int_equal(dropped(), 1);
	add_buffer(BUFFERS, 2048, 0x1111);
	add_buffer(BUFFERS + 0x1000, 512, 0x2222);
	arrive(OWN_MAC + 1, 60, 0); /* another's */
	assert_int_equal(entry(0), 0);
	/* The smallest that holds it, then the next, then none. */
	arrive(OWN_MAC, 60, 0);
	assert_int_equal(entry(0), LLAN_RXQ_TOGGLE | LLAN_RXQ_VALID | 8ull << 32 | 60);
	assert_int_equal(load_be64(memory(QUEUE + 8)), 0x2222);
	assert_int_equal(memory(BUFFERS + 0x1000)[8], OWN_MAC >> 40);
	assert_int_equal(memory(BUFFERS + 0x1000)[67], 0x5a);
	assert_int_equal(memory(BUFFERS + 0x1000)[68], 0);
	arrive(0xffffffffffff, 60, 0);
	assert_int_equal(load_be64(memory(QUEUE + 24)), 0x1111);
	arrive(OWN_MAC, 60, 0);
	assert_int_equal(dropped(), 2);
	/* The second time around the toggle is 0, and the list says so. */
	for (unsigned i = 2; i < ENTRIES + 1; i++) {
		add_buffer(BUFFERS, 2048, i);
		arrive(OWN_MAC, 1514, 0);
	}
	assert_int_equal(entry(ENTRIES - 1), LLAN_RXQ_TOGGLE | LLAN_RXQ_VALID | 8ull << 32 | 1514);
	assert_int_equal(entry(0), LLAN_RXQ_VALID | 8ull << 32 | 1514);
	assert_int_equal(load_be64(memory(LIST)), IN_QUEUE | LLAN_BUF_TOGGLE);
	/* A buffer that was closed in between. */
	add_buffer(BUFFERS, 2048, 0);
	vio->window.tces[BUFFERS / PAGE] = 0;
	arrive(OWN_MAC, 60, 0);
	assert_int_equal(dropped(), 3);
	open_window();
	/* One of another address. */
	assert_int_equal(hcall(H_CHANGE_LOGICAL_LAN_MAC, OWN_MAC + 1), H_SUCCESS);
	add_buffer(BUFFERS, 2048, 0);
	arrive(OWN_MAC + 1, 61, 0);
	assert_int_equal(entry(1), LLAN_RXQ_VALID | 8ull << 32 | 61);
	assert_int_equal(hcall(H_FREE_LOGICAL_LAN), H_SUCCESS);
	arrive(OWN_MAC + 1, 60, 0);
	assert_int_equal(dropped(), 3);
}

/* By the queue, with its handle: Linux's driver takes such an entry for one to be recycled. */
static void buffers_given_back(void **state)
{
	static const u64 none[] = {0, 2047, 65536, 1ull << 32 | 2048};

	assert_int_equal(hcall(H_FREE_LOGICAL_LAN_BUFFER, 2048), H_PARAMETER);
	open_card();
	assert_int_equal(hcall(H_FREE_LOGICAL_LAN_BUFFER, 2048), H_NOT_FOUND);
	add_buffer(BUFFERS, 2048, 0x1111);
	add_buffer(BUFFERS + 0x1000, 2048, 0x2222);
	add_buffer(BUFFERS + 0x2000, 512, 0x3333);
	for (unsigned i = 0; i < ARRAY_SIZE(none); i++)
		assert_int_equal(hcall(H_FREE_LOGICAL_LAN_BUFFER, none[i]), H_NOT_FOUND);
	assert_int_equal(hcall(H_FREE_LOGICAL_LAN_BUFFER, 2048), H_SUCCESS);
	assert_int_equal(entry(0), LLAN_RXQ_TOGGLE);
	assert_int_equal(load_be64(memory(QUEUE + 8)), 0x1111);
	/* What is left receives. */
	arrive(OWN_MAC, 1514, 0);
	assert_int_equal(load_be64(memory(QUEUE + 24)), 0x2222);
	assert_int_equal(hcall(H_FREE_LOGICAL_LAN_BUFFER, 2048), H_NOT_FOUND);
	vio->window.tces[(BUFFERS + 0x2000) / PAGE] = 0;
	assert_int_equal(hcall(H_FREE_LOGICAL_LAN_BUFFER, 512), H_HARDWARE);
	open_window();
	assert_int_equal(hcall(H_FREE_LOGICAL_LAN_BUFFER, 512), H_SUCCESS);
	assert_int_equal(entry(2), LLAN_RXQ_TOGGLE);
	assert_int_equal(load_be64(memory(QUEUE + 40)), 0x3333);
}

static void multicast(void **state)
{
	const u64 group = 0x3333000000fb;
	u64 r4;

	open_card();
	for (unsigned i = 0; i < 8; i++)
		add_buffer(BUFFERS, 2048, 0);
	assert_int_equal(hcall(H_MULTICAST_CTRL, 1ull << 32), H_PARAMETER);
	assert_int_equal(hcall(H_MULTICAST_CTRL, LLAN_MCAST_ADD, 1ull << 48), H_PARAMETER);
	arrive(group, 60, 0);
	assert_int_equal(entry(0), 0);
	assert_int_equal(hcall(H_MULTICAST_CTRL, LLAN_MCAST_SET_RECEIVE | LLAN_MCAST_RECEIVE),
			 H_SUCCESS);
	arrive(group, 60, 0);
	assert_int_not_equal(entry(0), 0);
	assert_int_equal(hcall(H_MULTICAST_CTRL, LLAN_MCAST_SET_FILTER | LLAN_MCAST_FILTER),
			 H_SUCCESS);
	arrive(group, 60, 0);
	assert_int_equal(entry(1), 0);
	assert_int_equal(hcall(H_MULTICAST_CTRL, LLAN_MCAST_ADD, group), H_SUCCESS);
	assert_int_equal(hcall9(H_MULTICAST_CTRL, (const u64[9]){0, LLAN_MCAST_ADD, group}, &r4),
			 H_SUCCESS);
	assert_int_equal(r4, LLAN_MCAST_RECEIVE | LLAN_MCAST_FILTER | 1);
	arrive(group, 60, 0);
	assert_int_not_equal(entry(1), 0);
	assert_int_equal(hcall(H_MULTICAST_CTRL, LLAN_MCAST_REMOVE, group + 1), H_NOT_FOUND);
	assert_int_equal(hcall(H_MULTICAST_CTRL, LLAN_MCAST_REMOVE, group), H_SUCCESS);
	for (unsigned i = 0; i < LLAN_FILTERS; i++)
		assert_int_equal(hcall(H_MULTICAST_CTRL, LLAN_MCAST_ADD, group + i), H_SUCCESS);
	assert_int_equal(hcall(H_MULTICAST_CTRL, LLAN_MCAST_ADD, group - 1), H_CONSTRAINED);
	assert_int_equal(hcall9(H_MULTICAST_CTRL, (const u64[9]){0, LLAN_MCAST_CLEAR}, &r4),
			 H_SUCCESS);
	assert_int_equal(r4, LLAN_MCAST_RECEIVE | LLAN_MCAST_FILTER);
}

static void attributes(void **state)
{
	u64 r4;

	assert_int_equal(hcall9(H_ILLAN_ATTRIBUTES, (const u64[9]){0}, &r4), H_SUCCESS);
	assert_int_equal(r4, LLAN_ATTR_FIXED);
	assert_int_equal(hcall9(H_ILLAN_ATTRIBUTES, (const u64[9]){0, 0, ~0ull}, &r4), H_SUCCESS);
	assert_int_equal(r4, LLAN_ATTR_FIXED | LLAN_ATTR_CHANGES);
	assert_int_equal(hcall9(H_ILLAN_ATTRIBUTES, (const u64[9]){0, LLAN_ATTR_FIXED}, &r4),
			 H_CONSTRAINED);
	assert_int_equal(r4, LLAN_ATTR_FIXED | LLAN_ATTR_CHANGES);
	open_card();
	assert_true(large);
	assert_int_equal(hcall(H_ILLAN_ATTRIBUTES, LLAN_ATTR_LARGE), H_CONSTRAINED);
	assert_int_equal(hcall(H_ILLAN_ATTRIBUTES, 0, LLAN_ATTR_LARGE), H_SUCCESS);
	/* Large ones, and whether their checksums are to be looked at. */
	add_buffer(BUFFERS, 0x8000, 0x77);
	arrive(OWN_MAC, 20000, 1448);
	assert_int_equal(entry(0), LLAN_RXQ_TOGGLE | LLAN_RXQ_VALID | LLAN_RXQ_LARGE |
				       LLAN_RXQ_CSUM_GOOD | 16ull << 32 | 20000);
	assert_int_equal(load_be64(memory(BUFFERS + 8)), 1448);
	assert_int_equal(memory(BUFFERS)[16 + 19999], 0x5a);
}

/* ---- Sending ---- */

static size_t make_tcp(u8 *frame, bool v6, u8 flags, size_t payload)
{
	static const u8 options[8] = {1, 1, 1, 2, 4, 0x05, 0xb4, 0}; /* at an odd place */
	size_t ip = v6 ? 40 : 20, total = 14 + ip + 28 + payload;

	memset(frame, 0x42, total);
	frame[12] = v6 ? 0x86 : 0x08;
	frame[13] = v6 ? 0xdd : 0x00;
	memset(frame + 14, 0, ip);
	frame[14] = v6 ? 0x60 : 0x45;
	frame[v6 ? 18 : 16] = (28 + payload + (v6 ? 0 : 20)) >> 8;
	frame[v6 ? 19 : 17] = 28 + payload + (v6 ? 0 : 20);
	frame[v6 ? 20 : 23] = 6;
	frame[30] = 10;
	memset(frame + 14 + ip, 0, 20);
	frame[14 + ip + 12] = 7 << 4;
	frame[14 + ip + 13] = flags;
	memcpy(frame + 14 + ip + 20, options, 8);
	return total;
}

/* With the addresses and all, the sum is 0xffff. */
static bool checksum_holds(const u8 *frame, const struct tcp_place *p)
{
	u32 sum = 6 + (u32)(p->end - p->tcp);

	sum = inet_sum(frame + p->ip + (p->v6 ? 8 : 12), p->v6 ? 32 : 8, sum);
	return inet_sum(frame + p->tcp, p->end - p->tcp, sum) == 0xffff;
}

static void tcp(void **state)
{
	static u8 frame[4096];
	struct tcp_place p;

	for (unsigned v6 = 0; v6 < 2; v6++)
		for (size_t payload = 0; payload < 9; payload++) {
			size_t bytes = make_tcp(frame, v6, 2, payload);

			assert_true(tcp_find(frame, bytes, &p));
			assert_int_equal(p.end, bytes);
			assert_int_equal(p.end - p.payload, payload);
			tcp_fill_checksum(frame, &p);
			assert_true(checksum_holds(frame, &p));
			tcp_offer_segments(frame, &p, 0xfedc);
			assert_int_equal(frame[p.tcp + 25] << 8 | frame[p.tcp + 26], 0xfedc);
			assert_true(checksum_holds(frame, &p));
			tcp_fill_pseudo_checksum(frame, &p);
			assert_true(tcp_find(frame, bytes + 3, &p)); /* padding */
			for (size_t cut = 0; cut < bytes; cut++)
				assert_false(tcp_find(frame, cut, &p));
		}
	/* No offer but at the beginning; no parts of packets; no UDP. */
	make_tcp(frame, false, 0x10, 0);
	assert_true(tcp_find(frame, 62, &p));
	tcp_offer_segments(frame, &p, 0xfedc);
	assert_int_equal(frame[p.tcp + 25], 0x05);
	frame[20] = 0x20;
	assert_false(tcp_find(frame, 62, &p));
	frame[20] = 0x40;
	assert_true(tcp_find(frame, 62, &p));
	frame[23] = 17;
	assert_false(tcp_find(frame, 62, &p));
	assert_int_equal(inet_sum("\x01\x02\x03", 3, 0), 0x0402);
	assert_int_equal(inet_sum("\xff\xff\x00\x01", 4, 0xffff), 1);
}

static unsigned asked[2];

static ssize_t question(const void *data, size_t bytes, void *opaque)
{
	const u8 *frame = data;
	struct tcp_place p;

	assert_ptr_equal(opaque, asked);
	assert_true(tcp_find(frame, bytes, &p));
	assert_int_equal(p.payload, bytes);
	assert_true(checksum_holds(frame, &p));
	assert_true(p.v6 || inet_sum(frame + p.ip, 20, 0) == 0xffff);
	/* The other way around. */
	assert_memory_equal(frame, "guest!server", 12);
	assert_int_equal(frame[p.tcp + 1], 1);
	assert_int_equal(frame[p.tcp + 3], 2);
	asked[p.v6]++;
	return bytes;
}

/* Connections that began, saved, loaded and asked after. */
static void flows(void **state)
{
	static struct net_flows flows;
	static u8 frame[4096];
	struct state_out out = {0};
	struct state_in in;
	struct tcp_place p;

	for (unsigned i = 0; i < 2000; i++) {
		size_t bytes = make_tcp(frame, i % 2, i % 4 < 2 ? 0x02 : 0x10, 0);

		memcpy(frame, "serverguest!", 12);
		assert_true(tcp_find(frame, bytes, &p));
		memcpy(frame + p.tcp, (const u8[]){i >> 8, 2, 0, 1}, 4);
		net_flows_note(&flows, frame, &p);
	}
	assert_int_equal(flows.next, 16); /* the same ones again and again, and no others */
	net_flows_save(&flows, &out);
	for (size_t cut = 0; cut <= out.len; cut++) {
		memset(&flows, 0, sizeof(flows));
		in = (struct state_in){.data = out.data, .len = cut};
		net_flows_load(&flows, &in);
		assert_int_equal(flows.next, cut == out.len ? 16 : 0);
	}
	net_flows_ask(&flows, question, asked);
	assert_int_equal(asked[0], 8);
	assert_int_equal(asked[1], 8);
	net_flows_ask(&flows, question, asked);
	assert_int_equal(asked[0], 8);
	state_free(&out);
}

static void sending(void **state)
{
	u8 *frame = memory(SENT);
	size_t bytes;

	assert_int_equal(hcall(H_ILLAN_ATTRIBUTES, 0, ~0ull), H_SUCCESS);
	open_card();
	bytes = make_tcp(frame, false, 0x10, 3000);
	/* In pieces, over pages; a length of 0 ends them, and so does one that isn't valid. */
	assert_int_equal(
	    hcall(H_SEND_LOGICAL_LAN, VALID | 20ull << 32 | SENT, VALID | 42ull << 32 | (SENT + 20),
		  VALID | (bytes - 62) << 32 | (SENT + 62), VALID, VALID | 64ull << 32 | SENT),
	    H_SUCCESS);
	assert_int_equal(sent_frame.bytes, bytes);
	assert_memory_equal(sent, frame, bytes);
	assert_false(sent_frame.checksum_missing);
	assert_int_equal(hcall(H_SEND_LOGICAL_LAN,
			       VALID | LLAN_BUF_NO_CSUM | (u64)bytes << 32 | SENT, 0, 0, 0, 0, 0, 0,
			       1448),
			 H_SUCCESS);
	assert_true(sent_frame.checksum_missing);
	assert_int_equal(sent_frame.segment_bytes, 1448);
	assert_int_equal(n_sent, 2);
	/* Segments that are too small or large, or of what is no TCP. */
	assert_int_equal(
	    hcall(H_SEND_LOGICAL_LAN, VALID | (u64)bytes << 32 | SENT, 0, 0, 0, 0, 0, 0, 15),
	    H_PARAMETER);
	assert_int_equal(
	    hcall(H_SEND_LOGICAL_LAN, VALID | (u64)bytes << 32 | SENT, 0, 0, 0, 0, 0, 0, 0x10000),
	    H_PARAMETER);
	frame[23] = 17;
	assert_int_equal(
	    hcall(H_SEND_LOGICAL_LAN, VALID | (u64)bytes << 32 | SENT, 0, 0, 0, 0, 0, 0, 1448),
	    H_PARAMETER);
	assert_int_equal(hcall(H_SEND_LOGICAL_LAN, VALID | (u64)bytes << 32 | SENT), H_SUCCESS);
	/* Nothing, too little, too much, what isn't open. */
	assert_int_equal(hcall(H_SEND_LOGICAL_LAN, 64ull << 32 | SENT), H_PARAMETER);
	assert_int_equal(hcall(H_SEND_LOGICAL_LAN, VALID | 13ull << 32 | SENT), H_PARAMETER);
	assert_int_equal(
	    hcall(H_SEND_LOGICAL_LAN, VALID | 0xffffull << 32 | SENT, VALID | 64ull << 32 | SENT),
	    H_PARAMETER);
	assert_int_equal(hcall(H_SEND_LOGICAL_LAN, VALID | 64ull << 32 | (WINDOW - 32)),
			 H_PARAMETER);
	assert_int_equal(hcall(H_SEND_LOGICAL_LAN, VALID | 64ull << 32 | 0xffffffff), H_PARAMETER);
	full = true;
	assert_int_equal(hcall(H_SEND_LOGICAL_LAN, VALID | 64ull << 32 | SENT), H_DROPPED);
}

/* ---- Anything ---- */

static u64 random64(void)
{
	return (u64)random() << 42 ^ (u64)random() << 21 ^ random();
}

static u64 random_descriptor(void)
{
	u64 bytes = random() % 3 ? random() % 70000 : random() % 64;

	return random() % 8 ? VALID | bytes << 32 | (u64)random() % WINDOW / 4 * 4 : random64();
}

/* Hypercalls of any kind, and frames that arrive: sanitizers look on. */
static void hostile(void **state)
{
	static const u64 numbers[] = {H_REGISTER_LOGICAL_LAN,
				      H_FREE_LOGICAL_LAN,
				      H_ADD_LOGICAL_LAN_BUFFER,
				      H_ADD_LOGICAL_LAN_BUFFER,
				      H_ADD_LOGICAL_LAN_BUFFER,
				      H_SEND_LOGICAL_LAN,
				      H_SEND_LOGICAL_LAN,
				      H_FREE_LOGICAL_LAN_BUFFER,
				      H_MULTICAST_CTRL,
				      H_CHANGE_LOGICAL_LAN_MAC,
				      H_ILLAN_ATTRIBUTES,
				      H_VIO_SIGNAL};

	srandom(7);
	for (int i = 0; i < 50000; i++) {
		u64 number = numbers[random() % ARRAY_SIZE(numbers)], args[9];

		for (unsigned k = 0; k < 9; k++)
			args[k] = random() % 4	 ? random_descriptor()
				  : random() % 2 ? (u64)random() % WINDOW / PAGE * PAGE
						 : random64() >> random() % 64;
		if (number == H_REGISTER_LOGICAL_LAN && random() % 4) {
			args[1] = LIST;
			args[2] = IN_QUEUE;
			args[3] = FILTERS;
			args[4] = OWN_MAC;
		}
		if (number == H_FREE_LOGICAL_LAN && random() % 16)
			continue;
		hcall9(number, args, NULL);
		vio->window.tces[random() % (WINDOW / PAGE)] =
		    random() % 8 ? (u64)((MEMORY + random() % WINDOW / PAGE * PAGE) | random() % 4)
				 : random64();
		if (!(random() % 16))
			open_window();
		arrive(random() % 4 ? OWN_MAC : random64() >> 16, random() % 70000,
		       random() % 2 ? random() : 0);
		network->card_ops->ready(network->card);
	}
}

/* Into bytes and back. */
static void saved(void **state)
{
	struct state_out out = {0};
	struct state_in in;

	hcall(H_ILLAN_ATTRIBUTES, 0, LLAN_ATTR_LARGE);
	open_card();
	hcall(H_VIO_SIGNAL, 1);
	hcall(H_MULTICAST_CTRL, LLAN_MCAST_SET_RECEIVE | LLAN_MCAST_RECEIVE);
	hcall(H_MULTICAST_CTRL, LLAN_MCAST_SET_FILTER | LLAN_MCAST_FILTER | LLAN_MCAST_ADD,
	      0x333300000001);
	add_buffer(BUFFERS, 2048, 1);
	add_buffer(BUFFERS + 0x1000, 512, 2);
	arrive(OWN_MAC, 600, 0);
	add_buffer(BUFFERS + 0x2000, 2048, 3);
	vio->dev.ops->save(&vio->dev, &out);
	vio->dev.ops->reset(&vio->dev);
	assert_int_equal(hcall(H_SEND_LOGICAL_LAN, VALID | 64ull << 32 | SENT), H_DROPPED);
	large = false;
	in = (struct state_in){.data = out.data, .len = out.len};
	assert_int_equal(vio->dev.ops->load(&vio->dev, &in), 0);
	assert_true(state_ok(&in));
	assert_true(large);
	assert_true(vio->signal);
	arrive(OWN_MAC, 600, 0);
	arrive(0x333300000001, 60, 0);
	arrive(0x333300000002, 60, 0);
	assert_int_equal(load_be64(memory(QUEUE + 24)), 3);
	assert_int_equal(load_be64(memory(QUEUE + 40)), 2);
	assert_int_equal(entry(3), 0);
	for (size_t cut = 0; cut < out.len; cut++) {
		vio->dev.ops->reset(&vio->dev);
		in = (struct state_in){.data = out.data, .len = cut};
		assert_true(vio->dev.ops->load(&vio->dev, &in) || !state_ok(&in));
	}
	/* Any byte may be wrong. */
	for (size_t at = 0; at < out.len; at++) {
		out.data[at] ^= 0x81;
		vio->dev.ops->reset(&vio->dev);
		in = (struct state_in){.data = out.data, .len = out.len};
		vio->dev.ops->load(&vio->dev, &in);
		arrive(OWN_MAC, 600, 0);
		out.data[at] ^= 0x81;
	}
	state_free(&out);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(registering), TEST(buffers), TEST(receiving), TEST(multicast), TEST(attributes),
	    TEST(tcp),	       TEST(flows),   TEST(sending),   TEST(hostile),	TEST(saved),
	    TEST(buffers_given_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
