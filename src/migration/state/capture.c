/* SPDX-License-Identifier: Apache-2.0 */
#include "migration/state/capture.h"

#include <errno.h>
#include <papyr/papyr.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "migration/state/booke.h"
#include "migration/state/devices.h"
#include "migration/state/htab.h"
#include "platform/hotplug.h"
#include "platform/kind.h"
#include "platform/models.h"
#include "platform/vcpu.h"
#include "platform/xics.h"

/* ---- Out of the machine ---- */

u64 capture_timebase(const struct machine *m)
{
	u64 offset = 0;

	vcpu_get_reg(&m->vcpus[0], KVM_REG_PPC_TB_OFFSET, &offset);
	return m->accel->timebase() + offset;
}

/* Whoever restores may stand in another folder. */
static void copy_path(char *to, size_t size, const char *path)
{
	char *full = path ? realpath(path, NULL) : NULL;

	if (full)
		snprintf(to, size, "%s", full);
	else
		snprintf(to, size, "%s", path ? path : "");
	free(full);
}

static void capture_growth(struct machine *m, struct saved_machine *c)
{
	struct hotplug_look cpus, memory;

	if (!m->hotplug)
		return;
	hotplug_look(m, HOTPLUG_CPUS, &cpus);
	hotplug_look(m, HOTPLUG_MEMORY, &memory);
	c->boot_vcpus = m->cfg.n_vcpus;
	c->now_vcpus = cpus.now;
	c->max_mem_bytes = memory.max;
	c->now_mem_bytes = memory.now;
}

void capture_machine(struct machine *m, struct saved_machine *c)
{
	memset(c, 0, sizeof(*c));
	c->saved_at = time(NULL);
	snprintf(c->writer, sizeof(c->writer), "papyr " PAPYR_VERSION);
	snprintf(c->name, sizeof(c->name), "%s", m->cfg.name ? m->cfg.name : "");
	snprintf(c->model, sizeof(c->model), "%s", m->cfg.model->name);
	c->mem_bytes = m->mem.boot_bytes;
	c->rma_bytes = m->cfg.rma_bytes;
	c->n_vcpus = m->n_vcpus;
	capture_growth(m, c);
	c->threads = m->cfg.threads;
	c->htab_order = m->htab_order;
	c->boot_htab_order = m->htab_made != c->htab_order ? m->htab_made : 0;
	c->htab_byte_order = c->htab_order ? htab_host_order() : 0;
	memcpy(c->uuid, m->uuid, sizeof(c->uuid));
	c->rtc_offset = m->rtc_offset;
	copy_path(c->kernel, sizeof(c->kernel), m->cfg.kernel);
	copy_path(c->initrd, sizeof(c->initrd), m->cfg.initrd);
	snprintf(c->cmdline, sizeof(c->cmdline), "%s", m->cfg.cmdline ? m->cfg.cmdline : "");
}

static int read_segments(struct vcpu *vcpu, struct saved_vcpu *v)
{
	struct kvm_sregs sregs;

	if (vcpu->m->accel->ioctl(vcpu->fd, KVM_GET_SREGS, &sregs) < 0)
		return -1;
	v->pvr = sregs.pvr;
	for (unsigned i = 0; i < SAVED_SLB_MAX; i++) {
		u64 slbe = sregs.u.s.ppc64.slb[i].slbe, slbv = sregs.u.s.ppc64.slb[i].slbv;

		if (!slbe && !slbv)
			continue;
		v->slb[v->n_slb].slbe = slbe;
		v->slb[v->n_slb].slbv = slbv;
		v->n_slb++;
	}
	return 0;
}

/*
 * KVM's DPDES is the whole core's; a vcpu is saved with its own bit, as 1. The others save and
 * restore theirs.
 */
static u64 own_doorbell(const struct vcpu *vcpu)
{
	return 1ull << vcpu->index % vcpu->m->cfg.threads;
}

static void capture_doorbell(struct vcpu *vcpu, struct saved_reg *reg)
{
	if (reg->id == KVM_REG_PPC_DPDES)
		reg->val[0] = !!(reg->val[0] & own_doorbell(vcpu));
}

static void apply_doorbell(struct vcpu *vcpu, struct saved_reg *reg)
{
	u64 core = 0;

	if (reg->id != KVM_REG_PPC_DPDES)
		return;
	vcpu_get_reg(vcpu, reg->id, &core);
	reg->val[0] = reg->val[0] ? core | own_doorbell(vcpu) : core & ~own_doorbell(vcpu);
}

/* What is in place of segments, if it has none. */
static int read_translation(struct vcpu *vcpu, struct saved_vcpu *v, struct error *err)
{
	v->is_booke = !vcpu->m->cfg.kind->papr;
	if (v->is_booke)
		return capture_booke(vcpu, &v->booke, err);
	return read_segments(vcpu, v)
		   ? error_errno(err, "cannot read the segments of vcpu %u", vcpu->index)
		   : 0;
}

int capture_vcpu(struct vcpu *vcpu, struct saved_vcpu *v, struct error *err)
{
	const struct machine_kind *kind = vcpu->m->cfg.kind;

	memset(v, 0, sizeof(*v));
	v->id = vcpu->id;
	v->online = vcpu->online;
	if (vcpu->m->accel->ioctl(vcpu->fd, KVM_GET_REGS, &v->regs) < 0)
		return error_errno(err, "cannot read the registers of vcpu %u", vcpu->index);
	if (read_translation(vcpu, v, err))
		return -1;
	for (unsigned i = 0; i < *kind->n_regs; i++) {
		struct saved_reg *reg = &v->one_regs[v->n_regs];

		if (v->n_regs == SAVED_REGS_MAX)
			return error_set(err, "vcpu %u has more registers than can be saved",
					 vcpu->index);
		memset(reg, 0, sizeof(*reg));
		reg->id = kind->regs[i].id;
		if (vcpu_get_reg(vcpu, reg->id, reg->val) == 0) {
			capture_doorbell(vcpu, reg);
			v->n_regs++;
		}
		/* What this processor doesn't have isn't there to be saved. */
		else if (errno != EINVAL && errno != ENOENT && errno != ENXIO)
			return error_errno(err, "cannot read register %s of vcpu %u",
					   kind->regs[i].name, vcpu->index);
	}
	return 0;
}

int capture_xics(struct machine *m, struct saved_xics *x, struct error *err)
{
	memset(x, 0, sizeof(*x));
	x->n = m->n_irqs;
	for (unsigned i = 0; i < x->n; i++) {
		struct kvm_device_attr attr = {
		    .group = KVM_DEV_XICS_GRP_SOURCES,
		    .attr = IRQ_FIRST + i,
		    .addr = (uintptr_t)&x->sources[i].state,
		};

		x->sources[i].irq = IRQ_FIRST + i;
		if (m->accel->ioctl(m->xics_fd, KVM_GET_DEVICE_ATTR, &attr) < 0)
			return error_errno(err, "cannot read interrupt source 0x%x", IRQ_FIRST + i);
	}
	return 0;
}

/* Gives @out to @sink, and frees it. */
static int hand_on(capture_sink sink, void *opaque, enum capture_part part, u32 instance,
		   struct state_out *out, struct error *err)
{
	int r = state_whole(out, err);

	if (!r)
		r = sink(opaque, part, instance, out, err);
	state_free(out);
	return r;
}

static int capture_vcpus(struct machine *m, capture_sink sink, void *opaque, struct error *err)
{
	struct saved_vcpu *v = malloc(sizeof(*v));
	int r = 0;

	if (!v)
		return error_nomem(err, "a vcpu's registers");
	for (unsigned i = 0; i < m->n_vcpus && !r; i++) {
		struct state_out out = {0};

		lock_acquire(&m->lock);
		r = capture_vcpu(&m->vcpus[i], v, err);
		lock_release(&m->lock);
		if (r)
			break;
		saved_vcpu_pack(v, &out);
		r = hand_on(sink, opaque, CAPTURE_VCPU, i, &out, err);
	}
	free(v);
	return r;
}

int capture_parts(struct machine *m, capture_sink sink, void *opaque, struct error *err)
{
	struct state_out out = {0};
	struct saved_xics x;

	if (capture_vcpus(m, sink, opaque, err))
		return -1;
	if (m->cfg.kind->papr) {
		if (capture_xics(m, &x, err))
			return -1;
		saved_xics_pack(&x, &out);
		if (hand_on(sink, opaque, CAPTURE_XICS, 0, &out, err))
			return -1;
	}
	lock_acquire(&m->lock);
	devices_save(m, &out);
	lock_release(&m->lock);
	return hand_on(sink, opaque, CAPTURE_DEVICES, 0, &out, err);
}

/* ---- Into a machine ---- */

static int set_segments(struct vcpu *vcpu, const struct saved_vcpu *v)
{
	const struct accel *a = vcpu->m->accel;
	struct kvm_sregs sregs;

	/* The PVR stays what vcpu_reset() could make it. */
	if (a->ioctl(vcpu->fd, KVM_GET_SREGS, &sregs) < 0)
		return -1;
	memset(&sregs.u, 0, sizeof(sregs.u));
	for (unsigned i = 0; i < v->n_slb; i++) {
		sregs.u.s.ppc64.slb[i].slbe = v->slb[i].slbe;
		sregs.u.s.ppc64.slb[i].slbv = v->slb[i].slbv;
	}
	return a->ioctl(vcpu->fd, KVM_SET_SREGS, &sregs);
}

static const struct vcpu_reg *find_reg(const struct vcpu *vcpu, u64 id)
{
	const struct machine_kind *kind = vcpu->m->cfg.kind;

	for (unsigned i = 0; i < *kind->n_regs; i++)
		if (kind->regs[i].id == id)
			return &kind->regs[i];
	return NULL;
}

/* Most registers hold what they hold after a reset: setting the others only halves the time. */
static bool is_as_reset(const struct vcpu *vcpu, const struct saved_reg *reg,
			const struct saved_vcpu *reset, unsigned hint)
{
	const struct saved_reg *r = &reset->one_regs[hint];
	const struct vcpu_reg *known;

	if (hint >= reset->n_regs || r->id != reg->id || memcmp(r->val, reg->val, sizeof(r->val)))
		return false;
	/* What a reset leaves alone may mean something else after those before it were set. */
	known = find_reg(vcpu, reg->id);
	return known && !(known->flags & VCPU_REG_NO_RESET);
}

static int set_one_regs(struct vcpu *vcpu, const struct saved_vcpu *v,
			const struct saved_vcpu *reset, u64 tb_offset, struct error *err)
{
	for (unsigned i = 0; i < v->n_regs; i++) {
		struct saved_reg reg = v->one_regs[i];
		const struct vcpu_reg *known;

		if (is_as_reset(vcpu, &reg, reset, i))
			continue;

		/* Guest time goes on where it stopped, whatever this host's clock says. */
		if (reg.id == KVM_REG_PPC_TB_OFFSET)
			reg.val[0] = tb_offset;
		if (reg.id == KVM_REG_PPC_TB_OFFSET &&
		    vcpu_set_reg(vcpu, KVM_REG_PPC_PAPYR_TB_OFFSET, reg.val) == 0)
			continue;
		apply_doorbell(vcpu, &reg);
		/* A register that isn't here is no loss if nothing was in it. */
		if (vcpu_set_reg(vcpu, reg.id, reg.val) < 0 && (reg.val[0] || reg.val[1])) {
			known = find_reg(vcpu, reg.id);
			return error_errno(err, "vcpu %u doesn't take register %s (0x%llx)",
					   vcpu->index, known ? known->name : "of unknown name",
					   (unsigned long long)reg.id);
		}
	}
	return 0;
}

int prepare_vcpu(struct vcpu *vcpu, struct saved_vcpu *reset, struct error *err)
{
	const struct machine_kind *kind = vcpu->m->cfg.kind;

	/* A partition's own would take the doorbells of the core's other threads too. */
	if (kind->papr ? vcpu_reset(vcpu, err) : kind->reset_vcpu(vcpu, err))
		return -1;
	return capture_vcpu(vcpu, reset, err);
}

int apply_vcpu(struct vcpu *vcpu, const struct saved_vcpu *v, const struct saved_vcpu *reset,
	       u64 tb_offset, u64 stopped, struct error *err)
{
	struct kvm_regs regs;

	if (v->id != vcpu->id)
		return error_set(err, "vcpu %u was number %u and would be %u here", vcpu->index,
				 v->id, vcpu->id);
	if (v->is_booke == vcpu->m->cfg.kind->papr)
		return error_set(err, "vcpu %u was one of another kind of machine", vcpu->index);
	regs = v->regs;
	if ((!v->is_booke && set_segments(vcpu, v) < 0) ||
	    vcpu->m->accel->ioctl(vcpu->fd, KVM_SET_REGS, &regs) < 0)
		return error_errno(err, "vcpu %u doesn't take its registers", vcpu->index);
	vcpu->online = v->online;
	if (set_one_regs(vcpu, v, reset, tb_offset, err))
		return -1;
	return v->is_booke ? apply_booke(vcpu, &v->booke, stopped, err) : 0;
}

int apply_xics(struct machine *m, const struct saved_xics *x, struct error *err)
{
	for (unsigned i = 0; i < x->n; i++) {
		u32 irq = x->sources[i].irq;
		u64 state = x->sources[i].state;
		struct kvm_device_attr attr = {
		    .group = KVM_DEV_XICS_GRP_SOURCES,
		    .attr = irq,
		    .addr = (uintptr_t)&state,
		};

		if (irq < IRQ_FIRST || irq >= IRQ_FIRST + m->n_irqs)
			return error_set(err, "this machine has no interrupt source 0x%x", irq);
		if (!m->accel->ioctl(m->xics_fd, KVM_SET_DEVICE_ATTR, &attr))
			continue;
		if (xics_lacks_global(m, state))
			return error_set(err, "the guest was started with --global-irqs, and "
					      "interrupt sources of this KVM's go to one vcpu "
					      "each: restore it without --accel kvm");
		return error_errno(err, "cannot set interrupt source 0x%x", irq);
	}
	return 0;
}
