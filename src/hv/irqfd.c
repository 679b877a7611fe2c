/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Eventfds that raise interrupts.
 *
 * One thread a VM waits for all of them by epoll, edge-triggered: each write() to one is an event,
 * whatever its count was. Nothing is read meanwhile, and no descriptor of the eventfds is kept: the
 * set doesn't hold a file. So what the client closes is really closed, and drops out of the set by
 * itself, as Linux deassigns it then. Of that nobody is told; the set's own fdinfo lists what is
 * still in it, and it is looked at when it matters (forget_closed()).
 *
 * vm->irqfd_lock is held while an interrupt is raised, so that none comes once deassigning is done.
 */
#include "hv/irqfd.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <unistd.h>
#include "base/own_thread.h"
#include "hv/eventfd.h"
#include "hv/vcpu.h"
#include "hv/vm.h"
#include "hv/xics/xics.h"

#define END 0 /* in the place of a serial number */

struct irqfd {
	u64 serial; /* what the set calls it; never used again */
	u64 id;	    /* hv_eventfd_id() */
	int fd;	    /* the number it was given by; -1: known to name something else by now */
	u32 irq;
	bool open;		     /* forget_closed() has found it in the set */
	struct hv_eventfd *resample; /* NULL: none */
	struct irqfd *next;
};

struct hv_irqfds {
	pthread_t thread;
	int set; /* epoll */
	int end; /* eventfd that ends the thread */
	u64 serials;
	struct irqfd *list;
};

/* --- the thread --- */

static void raise_irq(struct hv_vm *vm, u64 serial)
{
	struct irqfd *i;

	lock_acquire(&vm->irqfd_lock);
	for (i = vm->irqfds->list; i; i = i->next) {
		if (i->serial == serial)
			hv_xics_set_irq(vm, i->irq, 1);
	}
	lock_release(&vm->irqfd_lock);
}

static void *watch(void *arg)
{
	struct hv_vm *vm = arg;
	struct epoll_event events[16];

	for (;;) {
		int n = epoll_wait(vm->irqfds->set, events, ARRAY_SIZE(events), -1);

		if (n < 0 && errno != EINTR)
			return NULL; /* the client has closed the set */
		for (int i = 0; i < n; i++) {
			if (events[i].data.u64 == END)
				return NULL;
			raise_irq(vm, events[i].data.u64);
		}
	}
}

static int watch_fd(const struct hv_irqfds *all, int fd, u32 events, u64 serial)
{
	struct epoll_event e = {.events = events, .data.u64 = serial};

	if (!epoll_ctl(all->set, EPOLL_CTL_ADD, fd, &e))
		return 0;
	/* Deassigned by another number, when this one was closed; which is back now. */
	if (errno == EEXIST && !epoll_ctl(all->set, EPOLL_CTL_MOD, fd, &e))
		return 0;
	return -errno;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void free_all(struct hv_irqfds *all)
{
	close_fd(all->set);
	close_fd(all->end);
	free(all);
}

/* Under irqfd_lock, as all below. */
static int start(struct hv_vm *vm)
{
	struct hv_irqfds *all = calloc(1, sizeof(*all));
	int ret;

	if (!all)
		return -ENOMEM;
	all->set = hv_fd_hide(epoll_create1(EPOLL_CLOEXEC));
	all->end = hv_fd_hide(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	ret = all->set < 0 || all->end < 0 ? -errno : watch_fd(all, all->end, EPOLLIN, END);
	vm->irqfds = all;
	if (!ret)
		ret = own_thread_start(&all->thread, "kvm-irqfd", watch, vm);
	if (ret) {
		vm->irqfds = NULL;
		free_all(all);
	}
	return ret;
}

/* --- the list --- */

static bool is_resampled(const struct hv_irqfds *all, u32 irq)
{
	for (const struct irqfd *i = all->list; i; i = i->next) {
		if (i->resample && i->irq == irq)
			return true;
	}
	return false;
}

/* Takes *@at out of the list, and out of the set if it may be there. */
static void drop(struct hv_vm *vm, struct irqfd **at)
{
	struct irqfd *i = *at;

	*at = i->next;
	if (i->fd >= 0)
		epoll_ctl(vm->irqfds->set, EPOLL_CTL_DEL, i->fd, NULL);
	if (i->resample) {
		vm->resampled--;
		if (!is_resampled(vm->irqfds, i->irq))
			hv_xics_set_irq(vm, i->irq, 0);
		hv_eventfd_put(i->resample);
	}
	free(i);
}

static void mark_open(struct hv_irqfds *all, u64 serial)
{
	for (struct irqfd *i = all->list; i; i = i->next) {
		if (i->serial == serial)
			i->open = true;
	}
}

/* Drops those whose eventfd was closed. */
static void forget_closed(struct hv_vm *vm)
{
	struct hv_irqfds *all = vm->irqfds;
	unsigned long long serial;
	char line[256];
	FILE *f;

	snprintf(line, sizeof(line), "/proc/self/fdinfo/%d", all->set);
	f = fopen(line, "re");
	if (!f)
		return;
	for (struct irqfd *i = all->list; i; i = i->next)
		i->open = false;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "tfd: %*d events: %*x data: %llx", &serial) == 1)
			mark_open(all, serial);
	}
	fclose(f);
	for (struct irqfd **at = &all->list; *at;) {
		if ((*at)->open) {
			at = &(*at)->next;
			continue;
		}
		(*at)->fd = -1;
		drop(vm, at);
	}
}

static struct irqfd *find(const struct hv_irqfds *all, u64 id)
{
	struct irqfd *i = all->list;

	while (i && i->id != id)
		i = i->next;
	return i;
}

/* --- KVM_IRQFD --- */

/* Is the eventfd an interrupt's already? The kernel gives identities out again. */
static bool taken(struct hv_vm *vm, u64 id)
{
	if (!find(vm->irqfds, id))
		return false;
	forget_closed(vm);
	return find(vm->irqfds, id);
}

static int add(struct hv_vm *vm, struct irqfd *new)
{
	struct hv_irqfds *all = vm->irqfds;
	int ret;

	if (taken(vm, new->id))
		return -EBUSY;
	new->serial = ++all->serials;
	ret = watch_fd(all, new->fd, EPOLLIN | EPOLLET, new->serial);
	if (ret)
		return ret;
	for (struct irqfd *i = all->list; i; i = i->next) {
		if (i->fd == new->fd)
			i->fd = -1;
	}
	new->next = all->list;
	all->list = new;
	vm->resampled += !!new->resample;
	return 0;
}

static int add_new(struct hv_vm *vm, const struct irqfd *wanted)
{
	struct irqfd *new = malloc(sizeof(*new));
	int ret;

	if (!new)
		return -ENOMEM;
	*new = *wanted;
	lock_acquire(&vm->irqfd_lock);
	ret = vm->irqfds ? 0 : start(vm);
	if (!ret)
		ret = add(vm, new);
	lock_release(&vm->irqfd_lock);
	if (ret)
		free(new);
	return ret;
}

static int assign(struct hv_vm *vm, const struct kvm_irqfd *args)
{
	struct irqfd new = {.fd = args->fd, .irq = args->gsi};
	int ret;

	if (!vm->xics)
		return -EAGAIN;
	ret = hv_eventfd_id(args->fd, &new.id);
	if (!ret && (args->flags & KVM_IRQFD_FLAG_RESAMPLE))
		ret = hv_eventfd_get(args->resamplefd, &new.resample);
	if (ret)
		return ret;
	ret = add_new(vm, &new);
	if (ret && new.resample)
		hv_eventfd_put(new.resample);
	return ret;
}

/* What was written is done with: who reads the eventfd next is not to find it. */
static void take_count(int fd)
{
	u64 count;
	struct iovec to = {&count, sizeof(count)};

	if (preadv2(fd, &to, 1, -1, RWF_NOWAIT) < 0)
		return; /* there was nothing */
}

static int deassign(struct hv_vm *vm, const struct kvm_irqfd *args)
{
	struct irqfd **at;
	bool found = false;
	u64 id;
	int ret = hv_eventfd_id(args->fd, &id);

	if (ret)
		return ret;
	lock_acquire(&vm->irqfd_lock);
	for (at = vm->irqfds ? &vm->irqfds->list : NULL; at && *at;) {
		if ((*at)->id == id && (*at)->irq == args->gsi) {
			drop(vm, at);
			found = true;
		} else {
			at = &(*at)->next;
		}
	}
	lock_release(&vm->irqfd_lock);
	if (found)
		take_count(args->fd);
	return 0;
}

int hv_irqfd(struct hv_vm *vm, const struct kvm_irqfd *args)
{
	if (args->flags & ~(u32)(KVM_IRQFD_FLAG_DEASSIGN | KVM_IRQFD_FLAG_RESAMPLE))
		return -EINVAL;
	return args->flags & KVM_IRQFD_FLAG_DEASSIGN ? deassign(vm, args) : assign(vm, args);
}

/* --- what else happens to them --- */

static void resample(struct hv_vm *vm, u32 irq)
{
	hv_xics_set_irq(vm, irq, 0);
	for (struct irqfd *i = vm->irqfds->list; i; i = i->next) {
		if (i->resample && i->irq == irq)
			hv_eventfd_signal(i->resample);
	}
}

void hv_irqfd_eoi(struct hv_vm *vm, u32 irq)
{
	if (likely(!vm->resampled))
		return;
	lock_acquire(&vm->irqfd_lock);
	if (vm->irqfds && is_resampled(vm->irqfds, irq)) {
		forget_closed(vm);
		if (is_resampled(vm->irqfds, irq))
			resample(vm, irq);
	}
	lock_release(&vm->irqfd_lock);
}

void hv_irqfd_end(struct hv_vm *vm)
{
	struct hv_irqfds *all = vm->irqfds;

	if (!all)
		return;
	eventfd_write(all->end, 1);
	pthread_join(all->thread, NULL);
	lock_acquire(&vm->irqfd_lock);
	while (all->list)
		drop(vm, &all->list);
	vm->irqfds = NULL;
	lock_release(&vm->irqfd_lock);
	free_all(all);
}
