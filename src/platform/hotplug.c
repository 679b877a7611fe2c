/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/connectors.h"

#include <stdlib.h>

#include "platform/device.h"
#include "platform/internal.h"
#include "platform/vcpu.h"
#include "platform/xics.h"

/* What the guest calls connectors: a kind, and a number by which people know the thing. */
#define INDEX_CPU    0x10000000u
#define INDEX_MEMORY 0x80000000u

/* ---- What is behind a connector ---- */

static bool core_in_use(struct drc *d, void *opaque)
{
	const struct machine *m = opaque;
	unsigned first = (d - m->hotplug->rows[HOTPLUG_CPUS].drcs) * m->cfg.threads;

	for (unsigned i = first; i < first + m->cfg.threads; i++)
		if (m->vcpus[i].online || !m->vcpus[i].parked)
			return true;
	return false;
}

static int core_take(struct drc *d, void *opaque)
{
	return 0;
}

static void core_release(struct drc *d, void *opaque)
{
}

static u32 slot_of(const struct drc *d, const struct machine *m)
{
	return d - m->hotplug->rows[HOTPLUG_MEMORY].drcs + 1;
}

static bool block_in_use(struct drc *d, void *opaque)
{
	return false;
}

/* With what is in it. A count of writes (dirtylog.h) goes on with the new slot too. */
static int give_block(struct machine *m, const struct drc *d)
{
	u32 slot = slot_of(d, m);
	u64 gpa, bytes;

	machine_slot(m, slot, &gpa, &bytes);
	if (!guest_is_absent(&m->mem, gpa))
		return 0;
	guest_mem_set_block(&m->mem, gpa, true);
	if (machine_set_slot(m, slot, gpa, bytes, m->log_counted ? KVM_MEM_LOG_DIRTY_PAGES : 0) <
	    0) {
		guest_mem_set_block(&m->mem, gpa, false);
		return -1;
	}
	return 0;
}

static int block_take(struct drc *d, void *opaque)
{
	struct machine *m = opaque;
	u64 gpa, bytes;

	machine_slot(m, slot_of(d, m), &gpa, &bytes);
	/* A request to a disk may have ended after it went. */
	guest_mem_clear_block(&m->mem, gpa);
	return give_block(m, d);
}

static void block_release(struct drc *d, void *opaque)
{
	struct machine *m = opaque;
	u32 slot = slot_of(d, m);
	u64 gpa, bytes;

	machine_slot(m, slot, &gpa, &bytes);
	if (guest_is_absent(&m->mem, gpa))
		return;
	machine_set_slot(m, slot, gpa, 0, 0);
	guest_mem_set_block(&m->mem, gpa, false);
	guest_mem_clear_block(&m->mem, gpa);
}

const struct drc_ops hotplug_drc_ops[HOTPLUG_KINDS] = {
    [HOTPLUG_CPUS] = {.take = core_take, .release = core_release, .in_use = core_in_use},
    [HOTPLUG_MEMORY] = {.take = block_take, .release = block_release, .in_use = block_in_use},
};

/* ---- Towards what was wanted ---- */

static unsigned staying(const struct drc_row *r)
{
	unsigned n = 0;

	for (unsigned i = 0; i < r->n; i++)
		n += r->drcs[i].offered && !r->drcs[i].leaving;
	return n;
}

/* The lowest first: those that the guest was to let go, then others. */
static void grow(struct drc_row *r, unsigned have)
{
	for (unsigned i = 0; i < r->n && have < r->goal; i++)
		if (r->drcs[i].leaving) {
			drc_leave_alone(&r->drcs[i]);
			have++;
		}
	for (unsigned i = 0; i < r->n && have < r->goal; i++)
		if (!r->drcs[i].offered) {
			drc_offer(&r->drcs[i]);
			have++;
		}
}

/* The highest first: those that the guest hasn't taken, then others that it may let go. */
static void shrink(struct drc_row *r, unsigned least, unsigned have)
{
	for (unsigned i = r->n; i-- > least && have > r->goal;)
		have -= r->drcs[i].offered && !r->drcs[i].leaving && drc_withdraw(&r->drcs[i]);
	for (unsigned i = r->n; i-- > least && have > r->goal;)
		if (r->drcs[i].offered && !r->drcs[i].leaving && !r->drcs[i].declined) {
			drc_ask_back(&r->drcs[i]);
			have--;
		}
}

bool hotplug_has_event(const struct hotplug *h)
{
	for (unsigned k = 0; k < HOTPLUG_KINDS; k++)
		for (unsigned i = 0; i < h->rows[k].n; i++)
			if (h->rows[k].drcs[i].event != DRC_NO_EVENT)
				return true;
	return false;
}

void hotplug_pursue(struct machine *m, enum hotplug_kind kind)
{
	struct drc_row *r = &m->hotplug->rows[kind];
	unsigned have = staying(r);

	if (have < r->goal)
		grow(r, have);
	else if (have > r->goal)
		shrink(r, kind == HOTPLUG_CPUS ? 1 : 0, have); /* a guest starts on core 0 */
	if (hotplug_has_event(m->hotplug))
		xics_pulse(m, m->hotplug->dev.irq);
}

static u64 unit_of(const struct machine *m, enum hotplug_kind kind)
{
	return kind == HOTPLUG_CPUS ? m->cfg.threads : GUEST_BLOCK;
}

/* What is there always. */
static u64 base_of(const struct machine *m, enum hotplug_kind kind)
{
	return kind == HOTPLUG_CPUS ? 0 : m->mem.boot_bytes;
}

static int check_wish(const struct machine *m, enum hotplug_kind kind, u64 amount,
		      struct error *err)
{
	u64 unit = unit_of(m, kind);

	if (kind == HOTPLUG_CPUS && (!amount || amount > m->n_vcpus))
		return error_set(
		    err,
		    "the guest can have 1 to %u vcpus; 'papyr run -c N,max=M' says how "
		    "many",
		    m->n_vcpus);
	if (kind == HOTPLUG_MEMORY && (amount < m->mem.boot_bytes || amount > m->mem.bytes))
		return error_set(
		    err,
		    "the guest can have %llu to %llu MiB, from what it started with to "
		    "what 'papyr run -m SIZE,max=SIZE' said",
		    (unsigned long long)(m->mem.boot_bytes >> 20),
		    (unsigned long long)(m->mem.bytes >> 20));
	if ((amount - base_of(m, kind)) % unit && kind == HOTPLUG_CPUS)
		return error_set(err, "vcpus come and go %u at a time, a whole core",
				 m->cfg.threads);
	if ((amount - base_of(m, kind)) % unit)
		return error_set(err, "memory comes and goes %u MiB at a time",
				 (unsigned)(unit >> 20));
	return 0;
}

/* Of a guest in which nothing comes and goes. */
static int check_fixed(const struct machine *m, enum hotplug_kind kind, u64 amount,
		       struct error *err)
{
	if (kind == HOTPLUG_CPUS && amount != m->n_vcpus)
		return error_set(err,
				 "the guest has its %u vcpus from start to end; 'papyr run -c "
				 "N,max=M' makes one to which they come and go",
				 m->n_vcpus);
	if (kind == HOTPLUG_MEMORY && amount != m->mem.bytes)
		return error_set(err,
				 "the guest has its %llu MiB from start to end; 'papyr run -m "
				 "SIZE,max=SIZE' makes one to which memory comes and goes",
				 (unsigned long long)(m->mem.bytes >> 20));
	return 0;
}

/* What the guest wouldn't, and what it didn't answer: Linux says nothing where it fails. */
static void ask_again(struct drc *d)
{
	if (d->declined && d->state == DRC_UNUSABLE)
		drc_offer(d);
	if (d->leaving)
		drc_ask_back(d);
	d->declined = false;
}

int hotplug_want(struct machine *m, enum hotplug_kind kind, u64 amount, struct error *err)
{
	struct drc_row *r;

	if (!m->hotplug)
		return check_fixed(m, kind, amount, err);
	if (check_wish(m, kind, amount, err))
		return -1;
	r = &m->hotplug->rows[kind];
	lock_acquire(&m->lock);
	for (unsigned i = 0; i < r->n; i++)
		ask_again(&r->drcs[i]);
	r->goal = (amount - base_of(m, kind)) / unit_of(m, kind);
	hotplug_pursue(m, kind);
	lock_release(&m->lock);
	return 0;
}

static void look_at_row(const struct machine *m, enum hotplug_kind kind, struct hotplug_look *look)
{
	const struct drc_row *r = &m->hotplug->rows[kind];
	u64 unit = unit_of(m, kind), now = 0, pending = 0;

	for (unsigned i = 0; i < r->n; i++) {
		now += r->drcs[i].state != DRC_UNUSABLE;
		pending += drc_is_pending(&r->drcs[i]);
	}
	look->now = base_of(m, kind) + now * unit;
	look->wanted = base_of(m, kind) + r->goal * unit;
	look->pending = pending * unit;
}

static unsigned n_online(const struct machine *m)
{
	unsigned n = 0;

	for (unsigned i = 0; i < m->n_vcpus; i++)
		n += m->vcpus[i].online;
	return n;
}

void hotplug_look(struct machine *m, enum hotplug_kind kind, struct hotplug_look *look)
{
	look->now = look->max = kind == HOTPLUG_CPUS ? m->n_vcpus : m->mem.bytes;
	look->wanted = look->now;
	look->pending = 0;
	lock_acquire(&m->lock);
	if (m->hotplug)
		look_at_row(m, kind, look);
	look->online = kind == HOTPLUG_CPUS ? n_online(m) : look->now;
	lock_release(&m->lock);
}

/* ---- As one of the machine's devices ---- */

static struct hotplug *hotplug_of(struct machine_device *dev)
{
	return container_of(dev, struct hotplug, dev);
}

static void describe(struct machine_device *dev, struct dt_tree *t)
{
}

static bool no_hcall(struct machine_device *dev, u64 number, u64 *args, s64 *ret)
{
	return false;
}

/* Memory comes and goes as the connectors say, with what was loaded into it. */
static int follow(struct machine *m)
{
	struct drc_row *r = &m->hotplug->rows[HOTPLUG_MEMORY];
	int failed = 0;

	for (unsigned i = 0; i < r->n; i++)
		if (r->drcs[i].state == DRC_UNUSABLE) {
			block_release(&r->drcs[i], m);
		} else if (give_block(m, &r->drcs[i])) {
			r->drcs[i].offered = false;
			r->drcs[i].state = DRC_UNUSABLE;
			failed = -1;
		}
	for (unsigned k = 0; k < HOTPLUG_KINDS; k++)
		m->hotplug->rows[k].goal = staying(&m->hotplug->rows[k]);
	return failed;
}

/* What the guest was offered it finds when it starts, and what it was to let go is gone. */
static void reset(struct machine_device *dev)
{
	struct hotplug *h = hotplug_of(dev);

	for (unsigned k = 0; k < HOTPLUG_KINDS; k++)
		for (unsigned i = 0; i < h->rows[k].n; i++)
			drc_reset(&h->rows[k].drcs[i]);
	follow(dev->m);
}

static void save(struct machine_device *dev, struct state_out *out)
{
	struct hotplug *h = hotplug_of(dev);

	for (unsigned k = 0; k < HOTPLUG_KINDS; k++)
		for (unsigned i = 0; i < h->rows[k].n; i++)
			drc_save(&h->rows[k].drcs[i], out);
}

static int load(struct machine_device *dev, struct state_in *in)
{
	struct hotplug *h = hotplug_of(dev);

	for (unsigned k = 0; k < HOTPLUG_KINDS; k++)
		for (unsigned i = 0; i < h->rows[k].n; i++)
			if (drc_load(&h->rows[k].drcs[i], in))
				return -1;
	/* The next start is on it. */
	if (!h->rows[HOTPLUG_CPUS].drcs[0].offered)
		return -1;
	return follow(dev->m);
}

static void free_hotplug(struct machine_device *dev)
{
	struct hotplug *h = hotplug_of(dev);

	for (unsigned k = 0; k < HOTPLUG_KINDS; k++)
		free(h->rows[k].drcs);
	dev->m->hotplug = NULL;
	free(h);
}

static const struct device_ops device = {
    .name = "hotplug",
    .version = 1,
    .describe = describe,
    .hcall = no_hcall,
    .reset = reset,
    .save = save,
    .load = load,
    .free = free_hotplug,
};

/* The first @offered of them the guest finds when it starts. */
static int make_row(struct drc_row *r, unsigned n, unsigned offered)
{
	r->drcs = calloc(n ? n : 1, sizeof(*r->drcs));
	if (!r->drcs)
		return -1;
	r->n = n;
	r->goal = offered;
	for (unsigned i = 0; i < offered; i++) {
		r->drcs[i].offered = true;
		r->drcs[i].state = DRC_CONFIGURED;
	}
	return 0;
}

static void name_connectors(struct machine *m, struct hotplug *h)
{
	struct drc_row *cpus = &h->rows[HOTPLUG_CPUS], *memory = &h->rows[HOTPLUG_MEMORY];

	for (unsigned i = 0; i < cpus->n; i++)
		cpus->drcs[i].index = INDEX_CPU | m->vcpus[i * m->cfg.threads].id;
	for (unsigned i = 0; i < memory->n; i++)
		memory->drcs[i].index =
		    INDEX_MEMORY | (u32)((m->mem.boot_bytes >> GUEST_BLOCK_SHIFT) + i);
}

static bool nothing_comes(const struct machine_config *c)
{
	return c->max_mem_bytes == c->mem_bytes && c->max_vcpus == c->n_vcpus;
}

int hotplug_check(const struct machine_config *c, struct error *err)
{
	u64 more = c->max_mem_bytes - c->mem_bytes;

	if (nothing_comes(c))
		return 0;
	if (c->max_mem_bytes < c->mem_bytes || c->max_vcpus < c->n_vcpus)
		return error_set(err, "the guest starts with more than it may have");
	if (more && (c->mem_bytes % GUEST_BLOCK || more % GUEST_BLOCK))
		return error_set(err,
				 "memory comes and goes %u MiB at a time: what the guest starts "
				 "with and what it may get must be whole multiples of that",
				 (unsigned)(GUEST_BLOCK >> 20));
	if (more / GUEST_BLOCK > GUEST_BLOCKS_MAX)
		return error_set(err, "a guest can get %u GiB more than it starts with",
				 (unsigned)(GUEST_BLOCKS_MAX * (GUEST_BLOCK >> 20) >> 10));
	if (c->n_vcpus % c->threads || c->max_vcpus % c->threads)
		return error_set(err,
				 "vcpus come and go by cores of %u: what the guest starts with "
				 "and what it may get must be whole cores",
				 c->threads);
	return 0;
}

int hotplug_new(struct machine *m, struct error *err)
{
	const struct machine_config *c = &m->cfg;
	struct hotplug *h;

	if (nothing_comes(c))
		return 0;
	h = calloc(1, sizeof(*h));
	if (!h)
		return error_nomem(err, "the guest's connectors");
	h->dev.ops = &device;
	m->hotplug = h;
	if (make_row(&h->rows[HOTPLUG_CPUS], c->max_vcpus / c->threads, c->n_vcpus / c->threads) ||
	    make_row(&h->rows[HOTPLUG_MEMORY], (c->max_mem_bytes - c->mem_bytes) / GUEST_BLOCK,
		     0)) {
		h->dev.m = m;
		free_hotplug(&h->dev);
		return error_nomem(err, "the guest's connectors");
	}
	name_connectors(m, h);
	return machine_add_device(m, &h->dev, err);
}
