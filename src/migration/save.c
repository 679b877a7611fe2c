/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine that stands still into a file. No vcpu is in KVM_RUN and each has completed its last
 * exit, so the registers, the memory and the table are all there is.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "migration/devices.h"
#include "migration/htab.h"
#include "migration/memory.h"
#include "migration/migration.h"

#ifndef PAPYR_VERSION
#define PAPYR_VERSION "0"
#endif

struct save {
	struct machine *m;
	struct image_writer *w;
	progress_fn progress;
	void *opaque;
	u64 base, total;
};

static void tell(void *opaque, u64 done, u64 total)
{
	struct save *s = opaque;

	if (s->progress)
		s->progress(s->opaque, s->base + done < s->total ? s->base + done : s->total,
			    s->total);
}

static int add(struct save *s, u32 type, u32 instance, struct state_out *out, struct error *err)
{
	int r = image_add(s->w, type, instance, IMAGE_NEEDED, IMAGE_ZSTD, out->data, out->len, err);

	state_free(out);
	return r;
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

static int save_machine(struct save *s, struct error *err)
{
	struct machine *m = s->m;
	struct saved_machine *c = calloc(1, sizeof(*c));
	struct state_out out = {0};
	u64 tb_offset = 0;

	if (!c)
		abort();
	vcpu_get_reg(&m->vcpus[0], KVM_REG_PPC_TB_OFFSET, &tb_offset);
	c->timebase = m->accel->timebase() + tb_offset;
	c->saved_at = time(NULL);
	snprintf(c->writer, sizeof(c->writer), "papyr " PAPYR_VERSION);
	snprintf(c->name, sizeof(c->name), "%s", m->cfg.name ? m->cfg.name : "");
	snprintf(c->model, sizeof(c->model), "%s", m->cfg.model->name);
	c->mem_bytes = m->mem.bytes;
	c->n_vcpus = m->n_vcpus;
	c->threads = m->cfg.threads;
	c->htab_order = m->htab_order;
	c->htab_byte_order = htab_host_order();
	memcpy(c->uuid, m->uuid, sizeof(c->uuid));
	c->rtc_offset = m->rtc_offset;
	copy_path(c->kernel, sizeof(c->kernel), m->cfg.kernel);
	copy_path(c->initrd, sizeof(c->initrd), m->cfg.initrd);
	snprintf(c->cmdline, sizeof(c->cmdline), "%s", m->cfg.cmdline ? m->cfg.cmdline : "");
	saved_machine_pack(c, &out);
	free(c);
	return add(s, IMAGE_MACHINE, 0, &out, err);
}

static int save_memory(struct save *s, struct error *err)
{
	if (image_begin(s->w, IMAGE_MEMORY, 0, IMAGE_NEEDED, IMAGE_ZSTD, err) ||
	    memory_save(&s->m->mem, s->w, tell, s, err))
		return -1;
	s->base = s->m->mem.bytes;
	return image_end(s->w, err);
}

static int put_stream(void *opaque, const u8 *data, size_t bytes, struct error *err)
{
	struct save *s = opaque;

	s->base += bytes;
	tell(s, 0, 0);
	return image_put(s->w, data, bytes, err);
}

static u64 table_entries(const struct machine *m)
{
	return 1ull << (m->htab_order - 4);
}

static int save_htab(struct save *s, struct error *err)
{
	struct machine *m = s->m;

	if (image_begin(s->w, IMAGE_HTAB, 0, IMAGE_NEEDED, IMAGE_ZSTD, err) ||
	    htab_read(m->accel, m->vm_fd, table_entries(m), put_stream, s, err))
		return -1;
	return image_end(s->w, err);
}

/* ---- vcpus ---- */

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

static int read_vcpu(struct vcpu *vcpu, struct saved_vcpu *v, struct error *err)
{
	memset(v, 0, sizeof(*v));
	v->id = vcpu->id;
	v->online = vcpu->online;
	if (vcpu->m->accel->ioctl(vcpu->fd, KVM_GET_REGS, &v->regs) < 0 || read_segments(vcpu, v))
		return error_errno(err, "cannot read the registers of vcpu %u", vcpu->index);
	for (unsigned i = 0; i < n_vcpu_regs; i++) {
		struct saved_reg *reg = &v->one_regs[v->n_regs];

		if (v->n_regs == SAVED_REGS_MAX)
			abort();
		memset(reg, 0, sizeof(*reg));
		reg->id = vcpu_regs[i].id;
		if (vcpu_get_reg(vcpu, reg->id, reg->val) == 0)
			v->n_regs++;
		/* What this processor doesn't have isn't there to be saved. */
		else if (errno != EINVAL && errno != ENOENT && errno != ENXIO)
			return error_errno(err, "cannot read register %s of vcpu %u",
					   vcpu_regs[i].name, vcpu->index);
	}
	return 0;
}

static int save_vcpus(struct save *s, struct error *err)
{
	struct saved_vcpu *v = malloc(sizeof(*v));
	int r = 0;

	if (!v)
		abort();
	for (unsigned i = 0; i < s->m->n_vcpus && !r; i++) {
		struct state_out out = {0};

		r = read_vcpu(&s->m->vcpus[i], v, err);
		if (r)
			break;
		saved_vcpu_pack(v, &out);
		r = add(s, IMAGE_VCPU, i, &out, err);
	}
	free(v);
	return r;
}

/* ---- The rest ---- */

static int save_xics(struct save *s, struct error *err)
{
	struct machine *m = s->m;
	struct saved_xics x = {.n = IRQ_COUNT};
	struct state_out out = {0};

	for (unsigned i = 0; i < IRQ_COUNT; i++) {
		struct kvm_device_attr attr = {
		    .group = KVM_DEV_XICS_GRP_SOURCES,
		    .attr = IRQ_FIRST + i,
		    .addr = (uintptr_t)&x.sources[i].state,
		};

		x.sources[i].irq = IRQ_FIRST + i;
		if (m->accel->ioctl(m->xics_fd, KVM_GET_DEVICE_ATTR, &attr) < 0)
			return error_errno(err, "cannot read interrupt source 0x%x", IRQ_FIRST + i);
	}
	saved_xics_pack(&x, &out);
	return add(s, IMAGE_XICS, 0, &out, err);
}

static int save_devices(struct save *s, struct error *err)
{
	struct state_out out = {0};

	devices_save(s->m, &out);
	return add(s, IMAGE_DEVICES, 0, &out, err);
}

int migration_save(struct machine *m, const char *path, progress_fn progress, void *opaque,
		   struct error *err)
{
	struct save s = {
	    .m = m,
	    .progress = progress,
	    .opaque = opaque,
	    .total = m->mem.bytes + (1ull << m->htab_order),
	};

	s.w = image_create(path, err);
	if (!s.w)
		return -1;
	/* The machine first: that is when the guest's time stops. */
	if (save_machine(&s, err) || save_vcpus(&s, err) || save_xics(&s, err) ||
	    save_devices(&s, err) || save_htab(&s, err)) {
		image_abort(s.w);
		return -1;
	}
	s.base = 1ull << m->htab_order;
	if (save_memory(&s, err)) {
		image_abort(s.w);
		return -1;
	}
	s.base = s.total;
	tell(&s, 0, 0);
	return image_commit(s.w, err);
}

/* ---- The table alone ---- */

struct fd_sink {
	int fd;
};

static int to_fd(void *opaque, const u8 *data, size_t bytes, struct error *err)
{
	const struct fd_sink *sink = opaque;

	while (bytes) {
		ssize_t n = write(sink->fd, data, bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, "cannot write the hash table's stream");
		data += n;
		bytes -= n;
	}
	return 0;
}

int migration_stream_htab(struct machine *m, int fd, struct error *err)
{
	struct fd_sink sink = {fd};

	return htab_read(m->accel, m->vm_fd, table_entries(m), to_fd, &sink, err);
}

int migration_copy_htab(struct migration_image *saved, int fd, struct error *err)
{
	const struct saved_machine *c = migration_machine(saved);
	struct image *img = migration_file(saved);
	struct fd_sink sink = {fd};
	struct section_reader *r;
	int ret;

	r = section_open(img, image_find(img, IMAGE_HTAB, 0), err);
	if (!r)
		return -1;
	ret = htab_walk(r, 1ull << (c->htab_order - 4), c->htab_byte_order, c->htab_byte_order,
			to_fd, &sink, err);
	section_close(r);
	return ret;
}
