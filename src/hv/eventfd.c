/* SPDX-License-Identifier: Apache-2.0 */
#include "hv/eventfd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/lock.h"
#include "hv/vcpu.h"

struct hv_eventfd {
	int fd;
	bool waits; /* write() would wait while it is full */
	u64 id;
	unsigned handles; /* under @lock, as the list */
	struct hv_eventfd *next;
};

static struct lock lock = LOCK_STATIC(EVENTFDS);
static struct hv_eventfd *eventfds;

int hv_eventfd_id(int fd, u64 *id)
{
	char path[40], text[512];
	const char *at;
	ssize_t bytes;
	int info;

	if (fcntl(fd, F_GETFD) < 0)
		return -EBADF;
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = open(path, O_RDONLY | O_CLOEXEC);
	if (info < 0)
		return -EINVAL;
	bytes = read(info, text, sizeof(text) - 1);
	close(info);
	text[bytes < 0 ? 0 : bytes] = 0;
	at = strstr(text, "\neventfd-id:");
	return at && sscanf(at, "\neventfd-id:%llu", (unsigned long long *)id) == 1 ? 0 : -EINVAL;
}

/* Takes @fd over. */
static struct hv_eventfd *make(int fd, u64 id)
{
	struct hv_eventfd *e = malloc(sizeof(*e));

	if (!e)
		return NULL;
	*e = (struct hv_eventfd){
	    .fd = fd, .waits = !(fcntl(fd, F_GETFL) & O_NONBLOCK), .id = id, .next = eventfds};
	eventfds = e;
	return e;
}

static struct hv_eventfd *find(u64 id)
{
	struct hv_eventfd *e = eventfds;

	while (e && e->id != id)
		e = e->next;
	return e;
}

/* By the descriptor of our own, which nobody exchanges for another file meanwhile. */
static int get(int own, struct hv_eventfd **out)
{
	struct hv_eventfd *e;
	u64 id;
	int ret = hv_eventfd_id(own, &id);

	if (ret) {
		close(own);
		return ret;
	}
	lock_acquire(&lock);
	e = find(id);
	if (e)
		close(own);
	else
		e = make(own, id);
	if (e)
		e->handles++;
	lock_release(&lock);
	if (!e)
		close(own);
	*out = e;
	return e ? 0 : -ENOMEM;
}

int hv_eventfd_get(int fd, struct hv_eventfd **out)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	return own < 0 ? -errno : get(hv_fd_hide(own), out);
}

void hv_eventfd_put(struct hv_eventfd *e)
{
	struct hv_eventfd **p = &eventfds;
	bool last;

	lock_acquire(&lock);
	last = !--e->handles;
	while (last && *p != e)
		p = &(*p)->next;
	if (last)
		*p = e->next;
	lock_release(&lock);
	if (!last)
		return;
	close(e->fd);
	free(e);
}

bool hv_eventfd_is(const struct hv_eventfd *e, u64 id)
{
	return e->id == id;
}

/* The system call itself: libc's function is where a thread that is cancelled ends. */
void hv_eventfd_signal(struct hv_eventfd *e)
{
	struct pollfd room = {e->fd, POLLOUT, 0};
	u64 one = 1;

	if (e->waits && poll(&room, 1, 0) != 1)
		return;
	syscall(SYS_write, e->fd, &one, sizeof(one));
}
