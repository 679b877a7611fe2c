/* SPDX-License-Identifier: Apache-2.0 */
/* The command/response queue: messages of 16 bytes to and from the guest. PAPR 17.2.3. */
#include <papyr/papr.h>
#include <string.h>

#include "devices/vio/vio.h"
#include "platform/dirtylog.h"
#include "platform/machine.h"
#include "platform/xics.h"

#define QUEUE_PAGE	 4096
#define FORMAT_INIT	 1 /* of CRQ_INIT: a side is there */
#define FORMAT_INIT_DONE 2 /* and the other saw it */

/* The place of the next message, if it is free. */
static u8 *free_place(struct vio_device *v)
{
	struct iovec place;

	if (!v->crq_bytes)
		return NULL;
	if (dma_map(v, v->crq_address + v->crq_next, CRQ_BYTES, true, &place, 1) != 1)
		return NULL;
	if (__atomic_load_n((u8 *)place.iov_base, __ATOMIC_ACQUIRE) & CRQ_COMMAND)
		return NULL;
	return place.iov_base;
}

bool crq_send(struct vio_device *v, const u8 *message)
{
	bool signal = false;
	u64 words[2];
	u8 *place;

	memcpy(words, message, sizeof(words));
	lock_acquire(&v->lock);
	place = free_place(v);
	if (place) {
		/* The half with the byte that makes it valid comes last. */
		__atomic_store_n((u64 *)place + 1, words[1], __ATOMIC_RELAXED);
		__atomic_store_n((u64 *)place, words[0], __ATOMIC_RELEASE);
		machine_wrote(v->dev.m, place - v->dev.m->mem.host, CRQ_BYTES);
		v->crq_next = (v->crq_next + CRQ_BYTES) % v->crq_bytes;
		signal = v->signal;
	}
	lock_release(&v->lock);
	if (signal)
		xics_pulse(v->dev.m, v->dev.irq);
	return place;
}

/*
 * H_REG_CRQ - registers a queue of whole pages in the window, all of it open to the device.
 *
 * H_RESOURCE: there is one. H_PARAMETER: not whole pages, or not in the window.
 */
s64 crq_register(struct vio_device *v, u64 address, u64 bytes)
{
	s64 ret = H_SUCCESS;

	if (!bytes || (address | bytes) % QUEUE_PAGE || address >= tce_window_size(&v->window) ||
	    bytes > tce_window_size(&v->window) - address)
		return H_PARAMETER;
	lock_acquire(&v->lock);
	if (v->crq_bytes) {
		ret = H_RESOURCE;
	} else {
		v->crq_address = address;
		v->crq_bytes = bytes;
		v->crq_next = 0;
		v->signal = true;
	}
	lock_release(&v->lock);
	return ret;
}

/*
 * H_FREE_CRQ. H_BUSY: something is in flight, and may use the guest's memory until it has ended;
 * the guest asks again. To wait here would stop a processor for as long as a host's disk hangs.
 */
s64 crq_free(struct vio_device *v)
{
	bool busy;

	lock_acquire(&v->lock);
	busy = v->in_flight;
	if (!busy) {
		v->crq_bytes = 0;
		v->signal = false;
	}
	lock_release(&v->lock);
	return busy ? H_BUSY : H_SUCCESS;
}

/* H_VIO_SIGNAL - interrupts for new messages: 1, or none: 0. */
s64 crq_signal(struct vio_device *v, u64 mode)
{
	if (mode > 1)
		return H_PARAMETER;
	lock_acquire(&v->lock);
	v->signal = mode;
	lock_release(&v->lock);
	return H_SUCCESS;
}

/* H_SEND_CRQ. H_CLOSED: the guest has no queue for the answer. */
s64 crq_receive(struct vio_device *v, u64 high, u64 low)
{
	u8 message[CRQ_BYTES], answer[CRQ_BYTES] = {CRQ_INIT, FORMAT_INIT_DONE};
	bool open;

	store_be64(message, high);
	store_be64(message + 8, low);
	lock_acquire(&v->lock);
	open = v->crq_bytes;
	lock_release(&v->lock);
	if (!open)
		return H_CLOSED;
	if (message[0] == CRQ_INIT) {
		if (message[1] == FORMAT_INIT)
			crq_send(v, answer);
		return H_SUCCESS;
	}
	if (message[0] != CRQ_COMMAND)
		return H_PARAMETER;
	v->ops->receive(v, message);
	return H_SUCCESS;
}
