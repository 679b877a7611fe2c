/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices of the virtual I/O bus (PAPR 17): a unit address, a window of the guest's memory that the
 * guest opens page by page (TCE table), an interrupt, and, if it wants one, a queue for messages to
 * the guest (CRQ).
 */
#ifndef PAPYR_DEVICES_VIO_H
#define PAPYR_DEVICES_VIO_H

#include <stdbool.h>
#include <sys/uio.h>

#include "base/lock.h"
#include "devices/tce/window.h"
#include "platform/device.h"
#include "platform/dt_tree.h"

#define CRQ_BYTES 16 /* of a message */

/* The first byte of a message: in the queue, a place without its top bit is free. */
#define CRQ_COMMAND 0x80
#define CRQ_INIT    0xc0

struct vio_device;

struct vio_ops {
	/* In its node, beside what each device of the bus has. */
	const char *node, *type, *compatible;
	/* More of its node; or NULL. */
	void (*describe)(struct vio_device *v, struct dt_tree *t);
	/*
	 * A message of the guest's other than the bus's own. On the vcpu's thread, unlocked. NULL:
	 * it has no queue.
	 */
	void (*receive)(struct vio_device *v, const u8 *message);
};

struct vio_device {
	struct machine_device dev;
	const struct vio_ops *ops;
	u32 unit;
	struct tce_window window;

	struct lock lock; /* what follows, and writing to the queue */
	pthread_cond_t idle;
	unsigned in_flight; /* commands that have not been answered */
	bool signal;	    /* interrupts are wanted */
	/* The queue in the window; 0 bytes: none is registered. */
	u64 crq_address, crq_bytes, crq_next;
};

/* Gets @v its unit, window and interrupt. It must be freed whether this fails or not. */
int vio_init(struct vio_device *v, struct machine *m, const struct vio_ops *ops,
	     const struct device_ops *device_ops, struct error *err);
void vio_fini(struct vio_device *v);
void vio_reset(struct vio_device *v);
void vio_save(struct vio_device *v, struct state_out *out);
int vio_load(struct vio_device *v, struct state_in *in);
void vio_describe(struct machine_device *d, struct dt_tree *t);
bool vio_hcall(struct machine_device *d, u64 number, u64 *args, s64 *ret);

/* ---- A command that is answered later: the machine doesn't stand still before its end ---- */

void vio_begin(struct vio_device *v);
void vio_end(struct vio_device *v);
/* Returns when all that were begun have ended. No more may be begun meanwhile. */
void vio_wait_idle(struct vio_device *v);

/* ---- crq.c ---- */

/* Puts a message into the guest's queue: false, there is no room, or no queue. */
bool crq_send(struct vio_device *v, const u8 *message);
/* H_REG_CRQ and the like, of @v: the hypercall's code. */
s64 crq_register(struct vio_device *v, u64 address, u64 bytes);
s64 crq_free(struct vio_device *v);
s64 crq_signal(struct vio_device *v, u64 mode);
s64 crq_receive(struct vio_device *v, u64 high, u64 low);

/* ---- dma.c: the guest's memory as the device sees it ---- */

/*
 * The memory behind @bytes at a device's address: @iov, of @room, gets its pieces; how many there
 * are is returned, or -1: not all of it is open to reading, or to writing if @write, or there are
 * more.
 */
int dma_map(struct vio_device *v, u64 address, u64 bytes, bool write, struct iovec *iov,
	    unsigned room);
/* Is all of it open? */
bool dma_open(struct vio_device *v, u64 address, u64 bytes, bool write);
/* After the device wrote to it. */
void dma_wrote(struct vio_device *v, const struct iovec *iov, unsigned n);
/* False: not all of it is open, and perhaps some was copied. */
bool dma_read(struct vio_device *v, u64 address, void *to, size_t bytes);
bool dma_write(struct vio_device *v, u64 address, const void *from, size_t bytes);

#endif
