/* SPDX-License-Identifier: Apache-2.0 */
/* A virtio network card between a driver and a link that keeps what is sent. */
#include <stdio.h>
#include <string.h>

#include "devices/virtio/net.h"
#include "virtio_driver.h"

#define BASE  (VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT | VIRTIO_F_EVENT_IDX)
#define SUMS  (3ull << 0)
#define LARGE (1ull << 7 | 1ull << 8 | 1ull << 11 | 1ull << 12)
#define MERGE (1ull << 15)
#define ALL   (BASE | SUMS | LARGE | MERGE)

#define HEADER	  12
#define ROOM	  2048 /* of a receive buffer */
#define FRAME_MAX 65550

#define CONTROLS (1ull << 17 | 1ull << 18 | 1ull << 19 | 1ull << 20 | 1ull << 21 | 1ull << 23)

enum { RECEIVE, SEND, CONTROL, QUEUES_OF_IT };

static struct net_link link_of_test;
static struct virtio_device *device;
static struct net_frame sent;
static u8 sent_data[NET_FRAME_MAX];
static unsigned n_sent;
static bool large;

static bool keep(struct net_link *l, const struct iovec *iov, unsigned n, const struct net_frame *f)
{
	size_t bytes = 0;

	sent = *f;
	n_sent++;
	for (unsigned i = 0; i < n; bytes += iov[i++].iov_len)
		memcpy(sent_data + bytes, iov[i].iov_base, iov[i].iov_len);
	assert_int_equal(bytes, f->bytes);
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

static void forget(struct net_link *l)
{
	net_link_fini(l);
}

static const struct net_link_ops ops = {
    .kind = "test", .send = keep, .set_large = set_large, .serve = serve, .free = forget};

static void give(unsigned i, u32 bytes)
{
	put_desc(descriptors(RECEIVE), i, BUFFERS + i * ROOM, bytes, DESC_WRITE, 0);
	offer(RECEIVE, i);
}

static void start(u64 features, unsigned buffers)
{
	start_driver(QUEUES_OF_IT, features);
	for (unsigned i = 0; i < buffers; i++)
		give(i, ROOM);
}

static int setup(void **state)
{
	static const u8 mac[] = {2, 0, 0, 0, 0, 7};
	struct error err = {""};

	new_machine();
	memset(&link_of_test, 0, sizeof(link_of_test));
	if (net_link_init(&link_of_test, &ops, &err) ||
	    virtio_net_new(m, &link_of_test, mac, &err) || machine_start_devices(m, &err))
		fail_msg("%s", err.text);
	device = container_of(m->devices->next, struct virtio_device, pci.dev);
	n_sent = 0;
	choose(1);
	return 0;
}

static int teardown(void **state)
{
	machine_free(m);
	return 0;
}

/* A packet of TCP by IPv4, or of UDP, with @bytes behind the headers. */
static size_t make_frame(u8 *frame, bool udp, size_t bytes)
{
	size_t header = udp ? 8 : 20, ip = 20 + header + bytes;

	memset(frame, 0, 34 + header);
	memset(frame, 2, 12);
	frame[12] = 8;
	frame[14] = 0x45;
	frame[16] = ip >> 8;
	frame[17] = ip;
	frame[22] = 64;
	frame[23] = udp ? 17 : 6;
	memset(frame + 26, 10, 8);
	frame[34 + 12] = 0x50;
	for (size_t i = 0; i < bytes; i++)
		frame[34 + header + i] = i * 7;
	return 14 + ip;
}

/* Sends in three pieces: the header, and the frame in two. */
static void transmit(const u8 *header, const u8 *frame, size_t bytes)
{
	u32 head;

	memcpy(memory(BUFFERS + 0x100000), header, HEADER);
	memcpy(memory(BUFFERS + 0x110000), frame, bytes);
	put_desc(descriptors(SEND), 0, BUFFERS + 0x100000, HEADER, DESC_NEXT, 1);
	put_desc(descriptors(SEND), 1, BUFFERS + 0x110000, bytes / 3, DESC_NEXT, 2);
	put_desc(descriptors(SEND), 2, BUFFERS + 0x110000 + bytes / 3, bytes - bytes / 3, 0, 0);
	offer(SEND, 0);
	notify(SEND);
	wait_used(SEND, &head);
}

static void sends(void **state)
{
	static u8 frame[FRAME_MAX];
	u8 header[HEADER] = {0};
	size_t bytes = make_frame(frame, false, 1000);

	assert_int_equal(load(0x2000, 6), 0x070000000002);
	assert_int_equal(load(0x2006, 2), 1);
	start(ALL, 0);
	assert_true(large);
	transmit(header, frame, bytes);
	assert_int_equal(n_sent, 1);
	assert_int_equal(sent.bytes, bytes);
	assert_false(sent.checksum_missing);
	assert_memory_equal(sent_data, frame, bytes);
	/* TCP's checksum is the link's to make; others are made before. */
	header[0] = 1;
	header[6] = 34;
	header[8] = 16;
	transmit(header, frame, bytes);
	assert_true(sent.checksum_missing);
	bytes = make_frame(frame, true, 501);
	header[8] = 6;
	transmit(header, frame, bytes);
	assert_int_equal(n_sent, 3);
	assert_false(sent.checksum_missing);
	assert_int_equal((u16)~inet_sum(sent_data + 34, bytes - 34, 0), 0);
	header[6] = 0xff;
	header[7] = 0xff;
	transmit(header, frame, bytes);
	assert_int_equal(n_sent, 3);
	/* Large ones. */
	bytes = make_frame(frame, false, 60000);
	memset(header, 0, sizeof(header));
	header[0] = header[1] = 1;
	header[4] = 0xb4;
	header[5] = 5;
	header[6] = 34;
	header[8] = 16;
	transmit(header, frame, bytes);
	assert_int_equal(n_sent, 4);
	assert_int_equal(sent.segment_bytes, 0x5b4);
	/* Nothing to cut by, nothing to cut, no frame. */
	header[4] = header[5] = 0;
	transmit(header, frame, bytes);
	header[4] = 0xff;
	transmit(header, frame, make_frame(frame, true, 1000));
	transmit((u8[HEADER]){0}, frame, 10);
	assert_int_equal(n_sent, 4);
	assert_false(needs_reset());
}

static void receive(const u8 *frame, size_t bytes, u16 segment, bool good)
{
	struct net_frame f = {
	    .data = (u8 *)frame, .bytes = bytes, .segment_bytes = segment, .checksum_good = good};

	link_of_test.card_ops->receive(link_of_test.card, &f);
}

/* The frame that came: its header, and how many bytes are behind it. */
static size_t take(u8 *header, u8 *frame)
{
	u32 head, bytes = wait_used(RECEIVE, &head);
	size_t total = bytes - HEADER;
	u16 more;

	memcpy(header, memory(BUFFERS + head * ROOM), HEADER);
	memcpy(frame, memory(BUFFERS + head * ROOM + HEADER), total);
	for (more = get_le(header + 10, 2); more > 1; more--) {
		/* All of them are there at once. */
		assert_true(has_used(RECEIVE));
		bytes = wait_used(RECEIVE, &head);
		memcpy(frame + total, memory(BUFFERS + head * ROOM), bytes);
		total += bytes;
	}
	return total;
}

static void receives(void **state)
{
	static u8 frame[FRAME_MAX], got[FRAME_MAX];
	size_t bytes = make_frame(frame, false, 1000);
	u8 header[HEADER];
	u16 sum;

	receive(frame, bytes, 0, true);
	start(ALL, 64);
	assert_false(has_used(RECEIVE));
	receive(frame, bytes, 0, true);
	assert_int_equal(take(header, got), bytes);
	assert_memory_equal(got, frame, bytes);
	assert_int_equal(header[0], 2);
	assert_int_equal(get_le(header + 10, 2), 1);
	receive(frame, bytes, 0, false);
	take(header, got);
	assert_int_equal(header[0], 0);
	/* A large one, in several buffers. */
	bytes = make_frame(frame, false, 60000);
	receive(frame, bytes, 1460, true);
	assert_int_equal(take(header, got), bytes);
	assert_memory_equal(got + 54, frame + 54, bytes - 54);
	assert_int_equal(header[0], 1);
	assert_int_equal(header[1], 1);
	assert_int_equal(get_le(header + 4, 2), 1460);
	assert_int_equal(get_le(header + 6, 2), 34);
	assert_int_equal(get_le(header + 10, 2), (bytes + HEADER + ROOM - 1) / ROOM);
	/* Whoever completes the sum makes a good checksum. */
	sum = ~inet_sum(got + 34, bytes - 34, 0);
	got[50] = sum >> 8;
	got[51] = sum;
	/* The addresses are 10.10.10.10. */
	assert_int_equal((u16)~inet_sum(got + 34, bytes - 34, 4 * 0x0a0a + 6 + bytes - 34), 0);
	/* What there is no room for is lost, and takes nothing. */
	receive(frame, bytes, 1460, true);
	assert_int_equal(take(header, got), bytes);
	receive(frame, bytes, 1460, true);
	assert_false(has_used(RECEIVE));
	assert_false(link_of_test.card_ops->ready(link_of_test.card));
	receive(frame, make_frame(frame, false, 100), 0, true);
	assert_int_equal(take(header, got), 154);
	/* A driver that takes no large ones, and whose buffers each hold one. */
	start(BASE | SUMS, 4);
	assert_false(large);
	assert_true(link_of_test.card_ops->ready(link_of_test.card));
	receive(frame, make_frame(frame, false, 3000), 1460, true);
	receive(frame, make_frame(frame, false, 3000), 0, true);
	assert_false(has_used(RECEIVE));
	receive(frame, make_frame(frame, false, 100), 0, true);
	assert_int_equal(take(header, got), 154);
	assert_false(needs_reset());
}

/* Says something by the control queue; the answer, 0: done. */
static u8 say(u8 class, u8 command, const void *data, size_t bytes)
{
	u8 *place = memory(BUFFERS + 0x100000);
	u32 head;

	place[0] = class;
	place[1] = command;
	memcpy(place + 2, data, bytes);
	place[0x1000] = 0xff;
	put_desc(descriptors(CONTROL), 0, BUFFERS + 0x100000, 2 + bytes, DESC_NEXT, 1);
	put_desc(descriptors(CONTROL), 1, BUFFERS + 0x101000, 1, DESC_WRITE, 0);
	offer(CONTROL, 0);
	notify(CONTROL);
	assert_int_equal(wait_used(CONTROL, &head), 1);
	return place[0x1000];
}

/* Does one to this address come, in a VLAN if it isn't 0? */
static bool hears(const u8 *to, unsigned vlan)
{
	u8 frame[200], header[HEADER], got[200];
	size_t bytes = make_frame(frame, true, 100);

	memcpy(frame, to, 6);
	if (vlan) {
		frame[12] = 0x81;
		frame[13] = 0;
		frame[14] = vlan >> 8;
		frame[15] = vlan;
	}
	receive(frame, bytes, 0, true);
	if (!has_used(RECEIVE))
		return false;
	assert_int_equal(take(header, got), bytes);
	assert_memory_equal(got, frame, bytes);
	return true;
}

static void hears_what_it_wants(void **state)
{
	static const u8 own[] = {2, 0, 0, 0, 0, 7}, other[] = {2, 0, 0, 0, 0, 8},
			all[] = {255, 255, 255, 255, 255, 255}, group[] = {1, 0, 0x5e, 0, 0, 1},
			on = 1, off = 0;
	u8 tables[4 + 6 + 4 + 6] = {1, 0, 0, 0, 2, 0, 0, 0, 0, 8, 1, 0, 0, 0, 1, 0, 0x5e, 0, 0, 1};
	u8 many[8 + 6 * 65] = {65};

	start(ALL | CONTROLS, 100);
	assert_true(hears(own, 0) && hears(other, 0) && hears(all, 0) && hears(group, 5));
	assert_int_equal(say(0, 0, &off, 1), 0);
	assert_true(hears(own, 0) && !hears(other, 0) && hears(all, 0) && !hears(group, 0));
	/* Modes. */
	assert_int_equal(say(0, 1, &on, 1), 0);
	assert_true(hears(group, 0) && !hears(other, 0));
	assert_int_equal(say(0, 3, &on, 1), 0);
	assert_false(hears(group, 0));
	assert_int_equal(say(0, 3, &off, 1) | say(0, 1, &off, 1) | say(0, 2, &on, 1), 0);
	assert_true(hears(other, 0) && !hears(group, 0));
	assert_int_equal(say(0, 4, &on, 1) | say(0, 5, &on, 1), 0);
	assert_false(hears(other, 0) || hears(own, 0) || hears(all, 0));
	assert_int_equal(say(0, 4, &off, 1) | say(0, 5, &off, 1) | say(0, 2, &off, 1), 0);
	/* Tables: also one that is too long, after which all of its kind are heard. */
	assert_int_equal(say(1, 0, tables, sizeof(tables)), 0);
	assert_true(hears(other, 0) && hears(group, 0) && !hears((u8[]){2, 0, 0, 0, 0, 9}, 0));
	assert_int_equal(say(1, 0, tables, sizeof(tables) - 1), 1);
	assert_true(hears(group, 0));
	assert_int_equal(say(1, 0, many, sizeof(many)), 0);
	assert_true(hears((u8[]){2, 0, 0, 0, 0, 9}, 0) && !hears(group, 0));
	assert_int_equal(say(1, 0, (u8[8]){0}, 8), 0);
	assert_false(hears(other, 0));
	/* VLANs. */
	assert_false(hears(own, 5));
	assert_int_equal(say(2, 0, (u8[]){5, 0}, 2), 0);
	assert_true(hears(own, 5) && !hears(own, 6) && hears(own, 0));
	assert_int_equal(say(2, 1, (u8[]){5, 0}, 2), 0);
	assert_false(hears(own, 5));
	/* Its address, until it is reset. */
	assert_int_equal(say(1, 1, other, 6), 0);
	assert_true(hears(other, 0) && !hears(own, 0));
	assert_int_equal(load(0x2000, 6), 0x080000000002);
	/* What makes no sense. */
	assert_int_equal(say(1, 1, group, 6) & say(1, 1, own, 5) & say(0, 6, &on, 1) &
			     say(0, 0, "2", 1) & say(2, 0, (u8[]){0, 16}, 2) &
			     say(2, 2, (u8[]){1, 0}, 2) & say(1, 2, own, 6) & say(7, 0, own, 6) &
			     say(3, 1, own, 0),
			 1);
	start(ALL, 8);
	assert_int_equal(load(0x2000, 6), 0x070000000002);
	assert_true(hears(other, 0));
	assert_false(needs_reset());
}

/* It goes elsewhere; @out: what was saved. */
static void move_card(struct state_out *out)
{
	struct machine_device *d = &device->pci.dev;
	struct state_in in;

	d->ops->save(d, out);
	d->ops->reset(d);
	in = (struct state_in){.data = out->data, .len = out->len};
	assert_int_equal(d->ops->load(d, &in), 0);
	assert_true(state_ok(&in));
}

/* What the driver said is so where the guest comes to; and it is asked to announce itself there. */
static void control_saved(void **state)
{
	static const u8 own[] = {2, 0, 0, 0, 0, 7}, other[] = {2, 0, 0, 0, 0, 8}, off = 0;
	struct state_out out = {0};
	u64 generation;

	start(ALL | CONTROLS, 8);
	assert_int_equal(say(0, 0, &off, 1) | say(1, 1, other, 6), 0);
	move_card(&out);
	assert_int_equal(load(0x2006, 2), 1);
	generation = load(0x15, 1);
	link_of_test.card_ops->ready(link_of_test.card);
	assert_int_equal(load(0x2006, 2), 3);
	assert_int_not_equal(load(0x15, 1), generation);
	assert_int_equal(say(3, 0, own, 0), 0);
	link_of_test.card_ops->ready(link_of_test.card);
	assert_int_equal(load(0x2006, 2), 1);
	assert_true(hears(other, 0) && !hears(own, 0));
	state_free(&out);
}

/* A guest that came from a papyr without control queues may go on to a third. */
static void comes_without_control(void **state)
{
	u8 frame[200];

	device->offered &= ~CONTROLS;
	start(ALL, 8);
	for (unsigned i = 0; i < 2; i++) {
		struct state_out out = {0};

		move_card(&out);
		state_free(&out);
	}
	receive(frame, make_frame(frame, false, 100), 0, true);
	assert_true(has_used(RECEIVE));
}

static void random_guest(void **state)
{
	static u8 frame[FRAME_MAX];

	srandom(9);
	start(ALL, 64);
	for (unsigned i = 0; i < 20000; i++) {
		u8 *header = memory(BUFFERS + 0x100000);
		unsigned queue = random() % QUEUES_OF_IT;

		for (unsigned k = 0; k < HEADER; k++)
			header[k] = random() & (random() & 1 ? 0xff : 1);
		memcpy(header + HEADER, frame, make_frame(frame, random() % 2, random() % 1400));
		for (unsigned k = 0; k < 3; k++)
			put_desc(descriptors(queue), random() % 8,
				 BUFFERS + 0x100000 + (random() % 4 ? 0 : random() % 0x10000),
				 random() % 3 ? random() % 3000 : random() % 80000,
				 random() % 8 ? random() % 2 | (queue == RECEIVE ? DESC_WRITE : 0)
					      : random() % 8,
				 random() % 8);
		offer(queue, random() % 8);
		notify(queue);
		if (random() % 2)
			receive(frame, make_frame(frame, random() % 2, random() % 60000),
				random() % 2 ? 1460 : 0, random() % 2);
		link_of_test.card_ops->ready(link_of_test.card);
		if (needs_reset() || !(random() % 200))
			start(random() % 2 ? ALL | CONTROLS : BASE, 64);
	}
	assert_int_equal(device->in_flight, 0);
	start(ALL, 64);
	receive(frame, make_frame(frame, false, 100), 0, true);
	assert_true(has_used(RECEIVE));
}

static void saved(void **state)
{
	struct machine_device *d = &device->pci.dev;
	struct state_out out = {0};
	struct state_in in;
	u8 frame[200];

	start(ALL, 8);
	large = false;
	move_card(&out);
	assert_true(large);
	receive(frame, make_frame(frame, false, 100), 0, true);
	assert_true(has_used(RECEIVE));
	for (size_t cut = 0; cut < out.len; cut++) {
		d->ops->reset(d);
		in = (struct state_in){.data = out.data, .len = cut};
		assert_true(d->ops->load(d, &in) || !state_ok(&in));
	}
	state_free(&out);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(sends),
	    TEST(receives),
	    TEST(hears_what_it_wants),
	    TEST(control_saved),
	    TEST(comes_without_control),
	    TEST(random_guest),
	    TEST(saved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
