/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/virtio/rng.h"

#include <stdlib.h>
#include <sys/random.h>

#include "devices/virtio/virtio.h"

#define AT_ONCE 256u /* what getrandom() gives whole, whatever signal comes */

struct virtio_rng {
	struct virtio_device virtio;
	struct virtio_chain chain; /* under the lock */
};

static u32 fill(struct virtio_device *v, const struct virtio_chain *c)
{
	u64 done = 0, want = c->in_bytes < 0x10000 ? c->in_bytes : 0x10000;
	u8 random[AT_ONCE];

	while (done < want) {
		size_t piece = want - done < AT_ONCE ? want - done : AT_ONCE;

		if (getrandom(random, piece, 0) != (ssize_t)piece)
			break;
		virtio_write(v, c, done, random, piece);
		done += piece;
	}
	return done;
}

static void rng_notified(struct virtio_device *v, unsigned queue)
{
	struct virtio_rng *r = container_of(v, struct virtio_rng, virtio);

	lock_acquire(&v->pci.lock);
	while (virtio_pop(v, queue, &r->chain))
		virtio_push(v, queue, &r->chain, fill(v, &r->chain));
	lock_release(&v->pci.lock);
}

static void rng_free(struct virtio_device *v)
{
	virtio_fini(v);
	free(container_of(v, struct virtio_rng, virtio));
}

static const struct virtio_ops rng_ops = {
    .kind = 4,
    .class_code = 0x00ff00,
    .n_queues = 1,
    .queue_size = 8,
    .pci = {.node = "rng", VIRTIO_PCI_OPS},
    .device = {.name = "virtio-rng", .version = 1, VIRTIO_DEVICE_OPS},
    .notified = rng_notified,
    .free = rng_free,
};

int virtio_rng_new(struct machine *m, struct error *err)
{
	struct virtio_rng *r = calloc(1, sizeof(*r));

	if (!r)
		return error_nomem(err, "a source of random numbers");
	return virtio_init(&r->virtio, m, &rng_ops, err);
}
