/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <string.h>
#include <sys/mman.h>

#include "devices/block/block.h"
#include "devices/pci/pci.h"
#include "platform/device.h"
#include "platform/dirtylog.h"
#include "platform/dt_tree.h"

struct machine world;
struct net_link world_link;
bool world_disk_waits;

/* ---- The machine ---- */

int machine_add_device(struct machine *m, struct machine_device *d, struct error *err)
{
	struct machine_device **at = &m->devices;

	d->m = m;
	d->index = 0;
	for (; *at; at = &(*at)->next)
		d->index++;
	*at = d;
	return xics_add_sources(m, 1, d->level, &d->irq, err);
}

int xics_add_sources(struct machine *m, unsigned n, bool level, u32 *first, struct error *err)
{
	*first = IRQ_FIRST + m->n_irqs;
	m->n_irqs += n;
	return 0;
}

void xics_pulse(struct machine *m, unsigned irq)
{
	must(irq - IRQ_FIRST < m->n_irqs);
}

void xics_set_line(struct machine *m, unsigned irq, bool up)
{
	must(irq - IRQ_FIRST < m->n_irqs);
}

void machine_io_begin(struct machine *m)
{
	m->io_pending++;
}

void machine_io_end(struct machine *m)
{
	must(m->io_pending--);
}

void machine_wrote(struct machine *m, u64 gpa, u64 bytes)
{
	must(gpa <= WORLD_MEMORY && bytes <= WORLD_MEMORY - gpa);
}

/* The device tree is another's subject. */
void pci_describe(struct pci_bus *b, u32 liobn, u64 bytes, struct dt_tree *t)
{
}

void dt_begin(struct dt_tree *t, const char *name)
{
}

void dt_end(struct dt_tree *t)
{
}

void dt_prop(struct dt_tree *t, const char *name, const void *val, int len)
{
}

void dt_string(struct dt_tree *t, const char *name, const char *val)
{
}

void dt_cells_n(struct dt_tree *t, const char *name, const u32 *cells, unsigned n)
{
}

/* ---- A disk ---- */

static u8 disk[WORLD_DISK];
static struct block_request *waiting;

struct block_dev *block_open(const struct block_options *o, struct error *err)
{
	return (struct block_dev *)disk;
}

void block_close(struct block_dev *b)
{
	must(!waiting);
}

u64 block_bytes(const struct block_dev *b)
{
	return WORLD_DISK;
}

bool block_read_only(const struct block_dev *b)
{
	return false;
}

bool block_discards(const struct block_dev *b)
{
	return true;
}

static void carry_out(struct block_request *r)
{
	bool moves = r->op == BLOCK_READ || r->op == BLOCK_WRITE;
	u64 bytes = 0;

	must(r->offset <= WORLD_DISK && r->bytes <= WORLD_DISK - r->offset);
	for (unsigned i = 0; moves && i < r->n_iov; i++) {
		u8 *p = r->iov[i].iov_base;

		if (r->op == BLOCK_READ)
			memmove(p, disk + r->offset + bytes, r->iov[i].iov_len);
		else
			memmove(disk + r->offset + bytes, p, r->iov[i].iov_len);
		bytes += r->iov[i].iov_len;
	}
	must(!moves || bytes == r->bytes);
	/* One sector is bad. */
	r->done(r, r->offset == 512 ? 5 : 0);
}

void block_submit(struct block_dev *b, struct block_request *r)
{
	if (!world_disk_waits) {
		carry_out(r);
		return;
	}
	r->next = waiting;
	waiting = r;
}

void world_disk_works(void)
{
	while (waiting) {
		struct block_request *r = waiting;

		waiting = r->next;
		carry_out(r);
	}
}

/* ---- A network ---- */

static bool send_frame(struct net_link *l, const struct iovec *iov, unsigned n,
		       const struct net_frame *f)
{
	u64 bytes = 0;
	volatile u8 sum = 0;

	for (unsigned i = 0; i < n; bytes += iov[i++].iov_len)
		for (size_t k = 0; k < iov[i].iov_len; k++)
			sum += ((u8 *)iov[i].iov_base)[k];
	must(bytes == f->bytes && bytes <= NET_FRAME_MAX);
	return true;
}

static void set_large(struct net_link *l, bool large)
{
}

static const struct net_link_ops link_ops = {
    .kind = "fuzz", .send = send_frame, .set_large = set_large};

void net_free(struct net_link *l)
{
}

int net_start(struct net_link *l, struct machine *m, const struct net_card_ops *ops, void *card,
	      struct error *err)
{
	l->card_ops = ops;
	l->card = card;
	return 0;
}

void net_wake(struct net_link *l)
{
	l->card_ops->ready(l->card);
}

void net_announce(struct net_link *l, const u8 *mac)
{
}

void net_make_mac(const struct machine *m, unsigned index, u8 *mac)
{
	memset(mac, 2, NET_MAC_BYTES);
}

void net_save(struct net_link *l, struct state_out *out)
{
}

int net_load(struct net_link *l, struct state_in *in)
{
	return 0;
}

void world_receive(const u8 *head, size_t n, size_t bytes)
{
	u8 *frame = calloc(1, bytes + 1);
	struct net_frame f = {.data = frame, .bytes = bytes, .checksum_good = bytes & 1};

	memcpy(frame, head, bytes < n ? bytes : n);
	f.segment_bytes = bytes & 2 ? 1460 : 0;
	if (world_link.card_ops->ready(world_link.card) || bytes & 4)
		world_link.card_ops->receive(world_link.card, &f);
	free(frame);
}

/* ---- A KVM for windows of TCEs ---- */

static int fake_ioctl(int fd, unsigned long request, void *arg)
{
	return 0;
}

static void *fake_mmap(size_t bytes, int prot, int flags, int fd)
{
	return mmap(NULL, bytes, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static int fake_close(int fd)
{
	return 0;
}

static const struct accel accel = {
    .name = "fuzz", .ioctl = fake_ioctl, .mmap = fake_mmap, .munmap = munmap, .close = fake_close};

/* ---- Life ---- */

/* Each device's state when it was new. */
static struct state_out new_states[DEVICES_MAX];

void world_make(void)
{
	world.mem.host =
	    mmap(NULL, WORLD_MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(world.mem.host != MAP_FAILED);
	world.mem.bytes = world.mem.boot_bytes = WORLD_MEMORY;
	world.accel = &accel;
	lock_init(&world.lock, LOCK_MACHINE);
	world_link.ops = &link_ops;
}

void world_start(void)
{
	struct error err;

	for (struct machine_device *d = world.devices; d; d = d->next) {
		d->ops->reset(d);
		d->ops->save(d, &new_states[d->index]);
		if (d->ops->start)
			must(!d->ops->start(d, &err));
	}
}

void world_reset(void)
{
	must(!world.io_pending);
	memset(world.mem.host, 0, WORLD_MEMORY);
	memset(disk, 0, sizeof(disk));
	world_disk_waits = false;
	for (struct machine_device *d = world.devices; d; d = d->next) {
		struct state_out *new = &new_states[d->index];
		struct state_in in = {.data = new->data, .len = new->len};

		/* Nobody can write to its window, which is large. */
		if (!strcmp(d->ops->name, "pci-host"))
			continue;
		d->ops->reset(d);
		must(!d->ops->load(d, &in) && state_ok(&in));
	}
}

void world_save_and_load(struct machine_device *d, size_t at, u8 how)
{
	struct state_out out = {0};
	struct state_in in;

	world_disk_works();
	d->ops->save(d, &out);
	if (d->ops->leave)
		d->ops->leave(d);
	d->ops->reset(d);
	out.data[at % out.len] ^= how;
	in = (struct state_in){.data = out.data, .len = out.len};
	/* Nobody runs on with what couldn't be loaded. */
	if (d->ops->load(d, &in) || !state_ok(&in)) {
		must(how);
		d->ops->reset(d);
	} else if (d->ops->come) {
		d->ops->come(d);
	}
	state_free(&out);
}

/* ---- Input ---- */

u64 world_number(struct world_input *in, unsigned bytes)
{
	u64 val = 0;

	for (unsigned i = 0; i < bytes && in->left; i++, in->left--)
		val |= (u64)*in->data++ << 8 * i;
	return val;
}

void world_put_memory(struct world_input *in)
{
	u32 at = world_number(in, 2), bytes = world_number(in, 1);

	for (; bytes && in->left; bytes--, at++)
		world.mem.host[at % WORLD_MEMORY] = world_number(in, 1);
}

void world_run(struct world_input *in, void (*make)(void), void (*step)(struct world_input *in))
{
	if (!world.devices)
		make();
	while (in->left)
		step(in);
	world_disk_works();
}
