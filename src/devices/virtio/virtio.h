/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtio 1.2 devices on PCI, of the kind that has no legacy registers: what all have in common
 * (pci.c), and their queues (queue.c), split ones with indirect descriptors and event indexes.
 * Each device is a file of its own.
 *
 * A guest is told nothing that it could do wrong: what makes no sense (a descriptor outside memory,
 * a chain without an end, a queue index from nowhere) breaks the device, which does nothing any
 * more, and says that it needs a reset (status bit 64).
 */
#ifndef PAPYR_DEVICES_VIRTIO_H
#define PAPYR_DEVICES_VIRTIO_H

#include <sys/uio.h>

#include "devices/pci/pci.h"

#define VIRTIO_VENDOR	   0x1af4
#define VIRTIO_DEVICE_BASE 0x1040 /* and the kind of device */

#define VIRTIO_F_INDIRECT  (1ull << 28)
#define VIRTIO_F_EVENT_IDX (1ull << 29)
#define VIRTIO_F_VERSION_1 (1ull << 32)

#define VIRTIO_STATUS_DRIVER_OK	  4
#define VIRTIO_STATUS_FEATURES_OK 8
#define VIRTIO_STATUS_NEEDS_RESET 64

#define VIRTIO_NO_VECTOR    0xffff
#define VIRTIO_QUEUES_MAX   4
#define VIRTIO_QUEUE_MAX    256 /* entries of one */
#define VIRTIO_PIECES_MAX   256 /* descriptors of a chain */
#define VIRTIO_CONFIG_BYTES 128

struct virtio_device;
struct virtqueue;

/* Buffers that the guest offered together: first those to be read, then those to be written. */
struct virtio_chain {
	u16 head;
	unsigned n_out, n_in;
	u64 out_bytes, in_bytes;
	struct iovec iov[VIRTIO_PIECES_MAX];
};

struct virtio_ops {
	u16 kind;
	u32 class_code;
	unsigned n_queues;
	unsigned n_polled;	     /* the last of these: drivers want no interrupts of them */
	u16 queue_size;		     /* a power of 2 */
	struct pci_function_ops pci; /* the name of its node; virtio_init() fills in the rest */
	struct device_ops device;    /* name, version, start; and what else differs */
	/*
	 * There may be something in a queue. On any thread, with the machine not standing still and
	 * nothing locked.
	 */
	void (*notified)(struct virtio_device *v, unsigned queue);
	/* The driver is there, and accepted what it accepted; unlocked. Or NULL. */
	void (*started)(struct virtio_device *v);
	/* The device's own; with the lock held. Or NULL. */
	void (*reset)(struct virtio_device *v);
	/* The driver wrote to config[]; unlocked. NULL: it can't be written. */
	void (*configured)(struct virtio_device *v, u32 offset, const u8 *data, unsigned bytes);
	void (*save)(struct virtio_device *v, struct state_out *out);
	int (*load)(struct virtio_device *v, struct state_in *in);
	/* Ends it, virtio_fini() included; nothing is in flight. */
	void (*free)(struct virtio_device *v);
};

struct virtqueue {
	u16 size, vector;
	bool enabled;
	u64 desc, avail, used; /* guest real addresses */
	u16 next_avail, next_used;
	/* Heads of chains that were taken and not given back. */
	u64 taken[VIRTIO_QUEUE_MAX / 64];
};

/* All but what is set once under pci.lock. */
struct virtio_device {
	struct pci_function pci;
	const struct virtio_ops *ops;
	u64 offered;			/* features; its own are set before virtio_init() */
	u64 can_offer;			/* what it offers but to a guest that began elsewhere */
	u8 config[VIRTIO_CONFIG_BYTES]; /* its own, little-endian */
	unsigned config_bytes;

	u64 accepted;
	u32 offered_select, accepted_select;
	u16 queue_select, config_vector;
	u8 status, isr;
	u8 generation; /* of config[]: who read parts of two reads again */
	bool resetting; /* asked for, as soon as nothing is in flight */
	struct virtqueue queues[VIRTIO_QUEUES_MAX];
	unsigned window_cap; /* the capability that is a window to the BAR */

	unsigned in_flight; /* what virtio_begin() began */
	pthread_cond_t idle;
};

/* Puts @v on the bus. It is the machine's then, whether this fails or not. */
int virtio_init(struct virtio_device *v, struct machine *m, const struct virtio_ops *ops,
		struct error *err);

void virtio_fini(struct virtio_device *v);

/* For a device's struct device_ops; each calls the virtio_ops' own. */
void virtio_reset(struct machine_device *d);
void virtio_save(struct machine_device *d, struct state_out *out);
int virtio_load(struct machine_device *d, struct state_in *in);
void virtio_free(struct machine_device *d);
/* For its pci_function_ops. */
void virtio_bar_load(struct pci_function *f, u32 offset, u8 *data, unsigned bytes);
void virtio_bar_store(struct pci_function *f, u32 offset, const u8 *data, unsigned bytes);
void virtio_before_read(struct pci_function *f, unsigned offset);
void virtio_after_write(struct pci_function *f, unsigned offset);

/* What is the same in each device's ops. */
#define VIRTIO_PCI_OPS                                                                             \
	.load = virtio_bar_load, .store = virtio_bar_store, .before_read = virtio_before_read,     \
	.after_write = virtio_after_write
#define VIRTIO_DEVICE_OPS                                                                          \
	.reset = virtio_reset, .save = virtio_save, .load = virtio_load, .free = virtio_free

static inline bool virtio_has(const struct virtio_device *v, u64 feature)
{
	return v->accepted & feature;
}

static inline struct virtio_device *virtio_of(struct pci_function *f)
{
	return container_of(f, struct virtio_device, pci);
}

/*
 * Work that goes on without a vcpu and is answered later: the machine doesn't stand still before
 * its end, and a reset isn't done. With the lock not held.
 */
void virtio_begin(struct virtio_device *v);
void virtio_end(struct virtio_device *v);
void virtio_wait_idle(struct virtio_device *v);

/* ---- With the lock held ---- */

/* May it touch the guest's queues? */
bool virtio_runs(const struct virtio_device *v);
/* The guest broke the rules. */
void virtio_break(struct virtio_device *v);
/* config[] is another now. */
void virtio_config_changed(struct virtio_device *v);

/* ---- queue.c, with the lock held ---- */

/* The next chain that the guest offered; false: there is none. */
bool virtio_pop(struct virtio_device *v, unsigned queue, struct virtio_chain *c);
/*
 * The same, of a chain that is in flight from here on until a virtio_end() of its own. Called
 * between virtio_begin() and virtio_end(); before that one, without the lock, machine_io_begin() is
 * to be called for it.
 */
bool virtio_take(struct virtio_device *v, unsigned queue, struct virtio_chain *c);
/* The last that was taken isn't in flight after all; machine_io_begin() is not called for it. */
void virtio_drop(struct virtio_device *v);
/* Gives the last @n that were taken back, as if they hadn't been. */
void virtio_unpop(struct virtio_device *v, unsigned queue, const struct virtio_chain *c,
		  unsigned n);
/* Are there @wanted chains? If not, the guest will notify when there are more. */
bool virtio_has_room(struct virtio_device *v, unsigned queue, unsigned wanted);
/* Gives a chain back, of which @bytes were written, and interrupts if the guest wants that. */
void virtio_push(struct virtio_device *v, unsigned queue, const struct virtio_chain *c, u32 bytes);
/* The same of @n, which the guest sees at once. */
void virtio_push_all(struct virtio_device *v, unsigned queue, const struct virtio_chain *c,
		     const u32 *bytes, unsigned n);
/* All its parts, when the guest enables it: false, they make no sense. */
bool virtio_queue_is_good(struct virtio_device *v, const struct virtqueue *q);
void virtio_queue_save(const struct virtqueue *q, struct state_out *out);
int virtio_queue_load(struct virtqueue *q, struct state_in *in);

/* ---- Chains: the guest's memory ---- */

/* Copies out of what is to be read, or into what is to be written, from byte @at; how much. */
size_t virtio_read(const struct virtio_chain *c, u64 at, void *to, size_t bytes);
size_t virtio_write(struct virtio_device *v, const struct virtio_chain *c, u64 at, const void *from,
		    size_t bytes);
/* The first @bytes of what is to be written were written by others. */
void virtio_wrote(struct virtio_device *v, const struct virtio_chain *c, u64 bytes);

#endif
