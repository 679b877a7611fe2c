/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The transport of 9P by virtio: a chain has a message to be read, and room for its answer.
 *
 * They are carried out one after another by the vcpus that ask: what a guest mostly wants is in the
 * host's caches, and had sooner than another thread is waked.
 */
#include "devices/virtio/p9.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/share/share.h"
#include "devices/virtio/virtio.h"

#define F_TAG 1ull

struct virtio_p9 {
	struct virtio_device virtio;
	struct share *share;
	char tag[VIRTIO_P9_TAG_MAX + 1];
	struct lock serving; /* one vcpu at a time */
	struct virtio_chain chain;
};

static struct virtio_p9 *p9_of(struct virtio_device *v)
{
	return container_of(v, struct virtio_p9, virtio);
}

/* False: there is nothing more. */
static bool serve_one(struct virtio_p9 *p)
{
	struct virtio_device *v = &p->virtio;
	struct virtio_chain *c = &p->chain;
	bool more;
	u32 bytes;

	lock_acquire(&v->pci.lock);
	more = virtio_pop(v, 0, c);
	lock_release(&v->pci.lock);
	if (!more)
		return false;
	bytes = share_serve(p->share, c->iov, c->n_out, c->iov + c->n_out, c->n_in);
	virtio_wrote(v, c, bytes);
	lock_acquire(&v->pci.lock);
	if (bytes)
		virtio_push(v, 0, c, bytes);
	else
		virtio_break(v);
	lock_release(&v->pci.lock);
	return true;
}

static void p9_notified(struct virtio_device *v, unsigned queue)
{
	struct virtio_p9 *p = p9_of(v);

	virtio_begin(v);
	lock_acquire(&p->serving);
	while (serve_one(p))
		;
	lock_release(&p->serving);
	virtio_end(v);
}

/* Nothing is in flight, so nobody serves. */
static void p9_reset(struct virtio_device *v)
{
	share_reset(p9_of(v)->share);
}

static void p9_save(struct virtio_device *v, struct state_out *out)
{
	put_string(out, p9_of(v)->tag);
	share_save(p9_of(v)->share, out);
}

static int p9_load(struct virtio_device *v, struct state_in *in)
{
	char tag[VIRTIO_P9_TAG_MAX + 1];

	get_string(in, tag, sizeof(tag));
	if (in->bad || strcmp(tag, p9_of(v)->tag))
		return -1;
	return share_load(p9_of(v)->share, in);
}

static struct virtio_p9 *p9_of_machine(struct machine_device *d)
{
	return p9_of(container_of(d, struct virtio_device, pci.dev));
}

static void p9_leave(struct machine_device *d)
{
	share_leave(p9_of_machine(d)->share);
}

/* The path is the guest's choice, and no order to a terminal. */
static void tell_lost(void *opaque, const char *path)
{
	const struct virtio_p9 *p = opaque;
	char name[256];

	snprintf(name, sizeof(name), "%s", path);
	for (char *s = name; *s; s++)
		if (*s < ' ' || *s > '~')
			*s = '?';
	fprintf(stderr,
		"papyr: another program has locked '%s' of the shared folder '%s' meanwhile: it is "
		"stale for the guest's process that had locked it\r\n",
		name, p->tag);
}

static void p9_come(struct machine_device *d)
{
	struct virtio_p9 *p = p9_of_machine(d);

	share_come(p->share, tell_lost, p);
}

static void p9_free(struct virtio_device *v)
{
	struct virtio_p9 *p = p9_of(v);

	share_free(p->share);
	lock_destroy(&p->serving);
	virtio_fini(v);
	free(p);
}

static const struct virtio_ops p9_ops = {
    .kind = 9,
    .class_code = 0x018000,
    .n_queues = 1,
    .queue_size = 128,
    .pci = {.node = "share", VIRTIO_PCI_OPS},
    .device =
	{.name = "virtio-9p", .version = 3, VIRTIO_DEVICE_OPS, .leave = p9_leave, .come = p9_come},
    .notified = p9_notified,
    .reset = p9_reset,
    .save = p9_save,
    .load = p9_load,
    .free = p9_free,
};

int virtio_p9_new(struct machine *m, const char *folder, const char *tag, bool read_only,
		  struct error *err)
{
	struct virtio_p9 *p = calloc(1, sizeof(*p));

	if (!p)
		return error_nomem(err, "a shared folder");
	p->share = share_new(folder, read_only, err);
	if (!p->share) {
		free(p);
		return -1;
	}
	snprintf(p->tag, sizeof(p->tag), "%s", tag);
	lock_init(&p->serving, LOCK_SHARE);
	p->virtio.offered = F_TAG;
	put_le(p->virtio.config, strlen(p->tag), 2);
	memcpy(p->virtio.config + 2, p->tag, strlen(p->tag));
	p->virtio.config_bytes = 2 + strlen(p->tag);
	return virtio_init(&p->virtio, m, &p9_ops, err);
}
