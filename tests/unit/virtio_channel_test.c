/* SPDX-License-Identifier: Apache-2.0 */
/* A channel, by a driver at one end and a program with a socket at the other. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "devices/virtio/channel.h"
#include "virtio_driver.h"

#define FEATURES (VIRTIO_F_VERSION_1 | 2)

enum { TO_GUEST, FROM_GUEST, SAID_TO_GUEST, SAID_BY_GUEST, QUEUES_OF_IT };
enum { DEVICE_READY, PORT_ADD, PORT_READY = 3, PORT_OPEN = 6, PORT_NAME = 7 };

static struct sockaddr_un address = {.sun_family = AF_UNIX};
static struct virtio_device *device;

/* Head @i of a queue's buffers, of which there are eight: 4 KiB each. */
static u64 piece_at(unsigned queue, unsigned i)
{
	return BUFFERS + queue * BUFFER_STEP + i * 4096;
}

static void give(unsigned queue, unsigned i)
{
	put_desc(descriptors(queue), i, piece_at(queue, i), 4096, DESC_WRITE, 0);
	offer(queue, i);
}

static void start(void)
{
	start_driver(QUEUES_OF_IT, FEATURES);
	for (unsigned i = 0; i < 8; i++) {
		give(TO_GUEST, i);
		give(SAID_TO_GUEST, i);
	}
	notify(TO_GUEST);
	notify(SAID_TO_GUEST);
}

static int setup(void **state)
{
	struct error err = {""};

	snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/papyr-channel-%d", getpid());
	new_machine();
	if (virtio_channel_new(m, "org.papyr.test", address.sun_path, &err) ||
	    machine_start_devices(m, &err))
		fail_msg("%s", err.text);
	device = container_of(m->devices->next, struct virtio_device, pci.dev);
	choose(1);
	start();
	return 0;
}

static int teardown(void **state)
{
	machine_free(m);
	assert_int_equal(access(address.sun_path, F_OK), -1);
	return 0;
}

static void send_out(unsigned queue, const void *data, u32 bytes)
{
	u32 head;

	memcpy(memory(piece_at(queue, 0)), data, bytes);
	put_desc(descriptors(queue), 0, piece_at(queue, 0), bytes, 0, 0);
	offer(queue, 0);
	notify(queue);
	wait_used(queue, &head);
}

static void say(u16 event, u16 value)
{
	u8 message[8] = {[4] = event, [6] = value};

	/* As Linux has it. */
	if (event == DEVICE_READY)
		memset(message, 0xff, 4);
	send_out(SAID_BY_GUEST, message, sizeof(message));
}

/* What comes next: 0-terminated if it is text. Its buffer is given back. */
static u32 take(unsigned queue, u8 *data)
{
	u32 head, bytes = wait_used(queue, &head);

	memcpy(data, memory(piece_at(queue, head)), bytes);
	data[bytes] = 0;
	give(queue, head);
	notify(queue);
	return bytes;
}

static void expect(u16 event, u16 value)
{
	u8 message[4097];

	assert_true(take(SAID_TO_GUEST, message) >= 8);
	assert_int_equal(get_le(message, 4), 0);
	assert_int_equal(get_le(message + 4, 2), event);
	assert_int_equal(get_le(message + 6, 2), value);
	if (event == PORT_NAME)
		assert_string_equal((char *)message + 8, "org.papyr.test");
}

static int dial(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void introduce(void)
{
	say(DEVICE_READY, 1);
	expect(PORT_ADD, 1);
	say(PORT_READY, 1);
	expect(PORT_NAME, 1);
	expect(PORT_OPEN, 0);
}

static void talk(void **state)
{
	u8 data[4097];
	int fd;

	introduce();
	say(PORT_OPEN, 1);
	fd = dial();
	expect(PORT_OPEN, 1);
	assert_int_equal(write(fd, "hello", 5), 5);
	assert_int_equal(take(TO_GUEST, data), 5);
	assert_string_equal((char *)data, "hello");
	send_out(FROM_GUEST, "world", 5);
	assert_int_equal(read(fd, data, sizeof(data)), 5);
	assert_memory_equal(data, "world", 5);
	/* The host's end closes; then the guest's. */
	assert_int_equal(write(fd, "last", 4), 4);
	close(fd);
	assert_int_equal(take(TO_GUEST, data), 4);
	expect(PORT_OPEN, 0);
	fd = dial();
	expect(PORT_OPEN, 1);
	send_out(FROM_GUEST, "last", 4);
	say(PORT_OPEN, 0);
	assert_int_equal(read(fd, data, sizeof(data)), 4);
	assert_int_equal(read(fd, data, sizeof(data)), 0);
	expect(PORT_OPEN, 0);
	close(fd);
}

/* More than all buffers hold, both ways; and nothing for a guest that doesn't listen. */
static void much(void **state)
{
	static u8 sent[300000], got[300000];
	u8 data[4097];
	size_t n = 0;
	int fd;

	introduce();
	fd = dial();
	expect(PORT_OPEN, 1);
	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = i * 31 >> 3;
	assert_int_equal(write(fd, sent, 100000), 100000);
	usleep(2000);
	assert_false(has_used(TO_GUEST));
	say(PORT_OPEN, 1);
	while (n < 100000) {
		u32 bytes = take(TO_GUEST, data);

		memcpy(got + n, data, bytes);
		n += bytes;
	}
	assert_memory_equal(got, sent, 100000);
	for (size_t at = 0; at < sizeof(sent); at += 3000) {
		/* What the device keeps is less than what isn't read yet. */
		if (at >= 30000)
			assert_int_equal(recv(fd, got + at - 30000, 3000, MSG_WAITALL), 3000);
		send_out(FROM_GUEST, sent + at, 3000);
	}
	assert_int_equal(recv(fd, got + sizeof(got) - 30000, 30000, MSG_WAITALL), 30000);
	assert_memory_equal(got, sent, sizeof(sent));
	close(fd);
}

/* Until the device has all that was sent. */
static void wait_taken(int fd)
{
	int left = 1;

	while (left) {
		usleep(100);
		assert_int_equal(ioctl(fd, TIOCOUTQ, &left), 0);
	}
}

static void saved(void **state)
{
	struct machine_device *d = &device->pci.dev;
	struct state_out out = {0};
	struct state_in in;
	u8 data[4097];
	int fd;

	introduce();
	fd = dial();
	expect(PORT_OPEN, 1);
	assert_int_equal(write(fd, "waits", 5), 5);
	wait_taken(fd);
	machine_hold(m);
	d->ops->save(d, &out);
	machine_unhold(m);
	/* The process that had the connection has ended. */
	d->ops->reset(d);
	assert_int_equal(read(fd, data, sizeof(data)), 0);
	close(fd);
	machine_hold(m);
	in = (struct state_in){.data = out.data, .len = out.len};
	assert_int_equal(d->ops->load(d, &in), 0);
	assert_true(state_ok(&in));
	machine_unhold(m);
	say(PORT_OPEN, 1);
	assert_int_equal(take(TO_GUEST, data), 5);
	assert_string_equal((char *)data, "waits");
	expect(PORT_OPEN, 0);
	machine_hold(m);
	for (size_t cut = 0; cut < out.len; cut++) {
		d->ops->reset(d);
		in = (struct state_in){.data = out.data, .len = cut};
		assert_true(d->ops->load(d, &in) || !state_ok(&in));
	}
	machine_unhold(m);
	state_free(&out);
}

static void sockets(void **state)
{
	struct machine *first = m;
	struct error err = {""};

	new_machine();
	assert_int_equal(virtio_channel_new(m, "other", address.sun_path, &err), -1);
	machine_free(m);
	new_machine();
	assert_int_equal(virtio_channel_new(m, "other", "/nowhere/at/all", &err), -1);
	machine_free(m);
	m = first;
}

/* A machine whose channel is @fd, handed over; the driver began if that was good. */
static int take_over(int fd)
{
	struct error err = {""};
	char path[16];

	new_machine();
	snprintf(path, sizeof(path), "fd:%d", fd);
	if (virtio_channel_new(m, "org.papyr.test", path, &err))
		return -1;
	assert_int_equal(machine_start_devices(m, &err), 0);
	device = container_of(m->devices->next, struct virtio_device, pci.dev);
	choose(1);
	start();
	return 0;
}

/* The connection is there when the driver asks. */
static void handed_over(void **state)
{
	struct machine *first = m;
	u8 data[4097];
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(take_over(ends[1]), 0);
	say(DEVICE_READY, 1);
	expect(PORT_ADD, 1);
	say(PORT_READY, 1);
	expect(PORT_NAME, 1);
	expect(PORT_OPEN, 1);
	say(PORT_OPEN, 1);
	send_out(FROM_GUEST, "hello", 5);
	assert_int_equal(read(ends[0], data, sizeof(data)), 5);
	machine_free(m);
	assert_int_equal(read(ends[0], data, sizeof(data)), 0);
	close(ends[0]);
	/* Neither a socket, nor open, nor a number, nor what this process says. */
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(take_over(ends[0]), -1);
	machine_free(m);
	assert_int_equal(take_over(9999), -1);
	machine_free(m);
	assert_int_equal(take_over(2), -1);
	machine_free(m);
	close(ends[0]);
	close(ends[1]);
	m = first;
}

static void random_guest(void **state)
{
	int fd = -1;

	srandom(3);
	for (unsigned i = 0; i < 3000; i++) {
		unsigned queue = random() % 4;
		u8 message[8] = {random() % 8 ? 0 : 1, 0, 0, 0, random() % 9, 0, random() % 2};

		memcpy(memory(piece_at(SAID_BY_GUEST, 1)), message, sizeof(message));
		put_desc(descriptors(queue), random() % 8, piece_at(queue, random() % 8),
			 random() % 5000, random() % 2 ? queue % 2 ? 0 : DESC_WRITE : random() % 4,
			 random() % 8);
		offer(queue, random() % 8);
		notify(queue);
		/* Who isn't answered waits, unless too many do. */
		if (fd < 0 && !(random() % 16)) {
			fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
			connect(fd, (struct sockaddr *)&address, sizeof(address));
		}
		if (fd >= 0 && send(fd, message, random() % 8, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
		    errno != EAGAIN) {
			close(fd);
			fd = -1;
		}
		if (fd >= 0 && !(random() % 64)) {
			close(fd);
			fd = -1;
		}
		if (needs_reset() || !(random() % 256))
			start();
	}
	if (fd >= 0)
		close(fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(talk),	   TEST(much),	      TEST(saved),
	    TEST(sockets), TEST(handed_over), TEST(random_guest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
