/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Eventfds of the client. What identifies one is the number that the kernel gave it, which
 * /proc/self/fdinfo tells (Linux 5.2): descriptor numbers come, go and have twins.
 */
#ifndef PAPYR_HV_EVENTFD_H
#define PAPYR_HV_EVENTFD_H

#include "base/bits.h"

/* An eventfd to be told, by a descriptor of our own: it is there though the client closes its. */
struct hv_eventfd;

/*
 * The identity of the eventfd behind @fd. -EBADF: not open. -EINVAL: no eventfd, or no /proc that
 * says so.
 */
int hv_eventfd_id(int fd, u64 *id);

/*
 * A handle of the eventfd behind @fd, to be given back. Errors as above; -EMFILE, -ENOMEM. Any
 * thread; one eventfd is held by one descriptor, however many handles there are.
 */
int hv_eventfd_get(int fd, struct hv_eventfd **out);
void hv_eventfd_put(struct hv_eventfd *e);

/* Whether @e is the eventfd with that identity. */
bool hv_eventfd_is(const struct hv_eventfd *e, u64 id);

/*
 * Adds 1 to its count. Any thread, any lock; waits for nobody: one that is full stays so, and loses
 * it.
 */
void hv_eventfd_signal(struct hv_eventfd *e);

#endif
