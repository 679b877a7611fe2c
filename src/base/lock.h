/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mutexes with ranks. A thread that has one may only take others of a higher rank: then no two
 * threads can wait for each other. docs/threads.md says what each mutex guards.
 *
 * Built with -Dlock_ranks=true (the sanitized builds of `make test` are), each thread keeps a list
 * of what it has, and one taken in the wrong order, or twice, ends the process with both names.
 * Otherwise all this is the C library's mutex and nothing else.
 */
#ifndef PAPYR_BASE_LOCK_H
#define PAPYR_BASE_LOCK_H

#include <pthread.h>
#include <stdbool.h>

/*
 * All mutexes of the project, outermost first: LOCK(rank, how the code calls it). The monitor's
 * come before the hypervisor's, since the one calls the other and never the reverse. What stands
 * beside each is why it can't be further down.
 */
#define LOCK_RANKS(LOCK)                                                                           \
	/* Held over machine_hold(), which takes the next one. */                                  \
	LOCK(MACHINE_LOG, "machine->log_lock")                                                     \
	/* Held while the vcpus are let go, by machine_unhold(). */                                \
	LOCK(THROTTLE, "throttle->lock")                                                           \
	/* Held over ioctls that kick vcpus and raise interrupts. */                               \
	LOCK(MACHINE, "machine->lock")                                                             \
	/* Held over all that a board's devices do: console output, and interrupts. */            \
	LOCK(BOARD, "board->lock")                                                                 \
	LOCK(CONSOLE, "console->lock")                                                             \
	LOCK(LIVE, "live->lock")                                                                   \
	/* Held while frames are given to cards. */                                                \
	LOCK(NET, "user_link->lock")                                                               \
	/* Held over requests to disks, and over interrupts. */                                    \
	LOCK(VIO, "vio_device->lock")                                                              \
	/* Held over all that a guest asks of a shared folder. */                                  \
	LOCK(SHARE, "virtio_p9->serving")                                                          \
	/* As that of the other bus's devices. */                                                  \
	LOCK(PCI, "pci_function->lock")                                                            \
	/* A function's place on the bus changes with its lock held. */                            \
	LOCK(PCI_BUS, "pci_bus->lock")                                                             \
	LOCK(BLOCK, "block_dev->lock")                                                             \
	/* A card's frames may be sent with none of its locks held, or that of the link. */        \
	LOCK(NET_SEND, "user_link->send_lock")                                                     \
	/* Held over each request to a vcpu, KVM_RUN too, so over all that a guest can cause. */   \
	LOCK(VCPU, "hv_vcpu->mutex")                                                               \
	/* Held while a hash table, a slot or a vcpu comes or goes. */                             \
	LOCK(VM, "hv_vm->lock")                                                                    \
	/* Taken for a moment, when a VM first runs and when it ends. */                           \
	LOCK(RMA, "the pool of real-mode areas' lock")                                             \
	/* Readers of a table are told under the VM's lock that there is another. */               \
	LOCK(HTAB_FILE, "htab_file->lock")                                                         \
	LOCK(XICS_CONNECT, "hv_vm->connect_lock")                                                  \
	LOCK(RTAS, "hv_vm->rtas_lock")                                                             \
	LOCK(VPA, "hv_vcpu->vpa_lock")                                                             \
	/* Held while an eventfd's interrupt is raised. */                                        \
	LOCK(IRQFD, "hv_vm->irqfd_lock")                                                           \
	LOCK(ICS, "ics->lock")                                                                     \
	LOCK(TRACKERS, "hpt_trackers->lock")                                                       \
	/* Anything may make translations invalid. */                                              \
	LOCK(SHOOTDOWN, "hv_shootdown_log->lock")                                                  \
	/* Taken for a moment, within which eventfds are closed. */                                \
	LOCK(EVENTFDS, "the eventfds' lock")                                                       \
	/* The guest's time is read with any of the above held. */                                \
	LOCK(TIME, "hv_vm->time_lock")                                                             \
	/* Descriptors are made and looked up with any of the above held. */                       \
	LOCK(FILES, "the descriptors' lock")                                                       \
	/* Translations are made, and all are dropped, with any of the above held. */              \
	LOCK(ORDERS, "orders->lock")                                                               \
	LOCK(CODE, "jit->lock")                                                                    \
	/* Lines may be written with any of the above held. */                                     \
	LOCK(TRACE, "trace_sink->lock")

#define LOCK_ENUM(rank, name) LOCK_##rank,
enum lock_rank { LOCK_RANKS(LOCK_ENUM) LOCK_RANK_COUNT };
#undef LOCK_ENUM

struct lock {
	pthread_mutex_t mutex;
#ifdef LOCK_RANKS_CHECKED
	enum lock_rank rank;
#endif
};

#ifdef LOCK_RANKS_CHECKED

#include <stdio.h>
#include <stdlib.h>

#define LOCK_STATIC(r)                                                                             \
	{                                                                                          \
		.mutex = PTHREAD_MUTEX_INITIALIZER, .rank = LOCK_##r                               \
	}

/* What the thread has. One for the whole program, though every file that includes this has it. */
struct lock_list {
	unsigned n;
	struct lock *lock[LOCK_RANK_COUNT];
};
__attribute__((weak, visibility("hidden"))) __thread struct lock_list locks_held;

static inline const char *lock_name(const struct lock *l)
{
#define LOCK_NAME(rank, name) name,
	static const char *const names[] = {LOCK_RANKS(LOCK_NAME)};
#undef LOCK_NAME

	return names[l->rank];
}

static inline void lock_set_rank(struct lock *l, enum lock_rank rank)
{
	l->rank = rank;
}

/* Two of one rank are out of order too: another thread may take them the other way round. */
static inline void lock_check_order(const struct lock *l)
{
	for (unsigned i = 0; i < locks_held.n; i++) {
		const struct lock *held = locks_held.lock[i];

		if (held->rank < l->rank)
			continue;
		fprintf(stderr,
			"papyr: %s is taken while %s is held%s; base/lock.h has the order\n",
			lock_name(l), lock_name(held), held == l ? ", by the same thread" : "");
		abort();
	}
}

static inline void lock_note(struct lock *l)
{
	if (locks_held.n < LOCK_RANK_COUNT)
		locks_held.lock[locks_held.n++] = l;
}

static inline void lock_unnote(const struct lock *l)
{
	for (unsigned i = locks_held.n; i-- > 0;) {
		if (locks_held.lock[i] != l)
			continue;
		locks_held.lock[i] = locks_held.lock[--locks_held.n];
		return;
	}
	fprintf(stderr, "papyr: %s is released by a thread that doesn't have it\n", lock_name(l));
	abort();
}

#else

#define LOCK_STATIC(r)                                                                             \
	{                                                                                          \
		.mutex = PTHREAD_MUTEX_INITIALIZER                                                 \
	}

static inline void lock_set_rank(struct lock *l, enum lock_rank rank)
{
}

static inline void lock_check_order(const struct lock *l)
{
}

static inline void lock_note(struct lock *l)
{
}

static inline void lock_unnote(const struct lock *l)
{
}

#endif

static inline void lock_init(struct lock *l, enum lock_rank rank)
{
	pthread_mutex_init(&l->mutex, NULL);
	lock_set_rank(l, rank);
}

static inline void lock_destroy(struct lock *l)
{
	pthread_mutex_destroy(&l->mutex);
}

static inline void lock_acquire(struct lock *l)
{
	lock_check_order(l);
	pthread_mutex_lock(&l->mutex);
	lock_note(l);
}

/* False: another thread has it. Any order will do, as nothing is waited for. */
static inline bool lock_try(struct lock *l)
{
	if (pthread_mutex_trylock(&l->mutex))
		return false;
	lock_note(l);
	return true;
}

static inline void lock_release(struct lock *l)
{
	lock_unnote(l);
	pthread_mutex_unlock(&l->mutex);
}

/* Gives the lock up, waits until @cond is signalled, and has it again. */
static inline void lock_wait(struct lock *l, pthread_cond_t *cond)
{
	lock_unnote(l);
	lock_check_order(l);
	pthread_cond_wait(cond, &l->mutex);
	lock_note(l);
}

/* 0, or ETIMEDOUT at @until (of the clock that @cond was made with). */
static inline int lock_wait_until(struct lock *l, pthread_cond_t *cond,
				  const struct timespec *until)
{
	int ret;

	lock_unnote(l);
	lock_check_order(l);
	ret = pthread_cond_timedwait(cond, &l->mutex, until);
	lock_note(l);
	return ret;
}

#endif
