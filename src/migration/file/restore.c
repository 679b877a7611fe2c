/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file into a machine that has not run yet.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "migration/file/file.h"
#include "migration/state/capture.h"
#include "migration/state/config.h"
#include "migration/state/devices.h"
#include "migration/state/htab.h"
#include "migration/state/memory.h"
#include "platform/kind.h"
#include "platform/dirtylog.h"
#include "platform/vcpu.h"

/* Host cores with more threads than that are not known. */
#define CORE_IDS_MAX 64

struct migration_image {
	struct image *file;
	struct saved_machine machine;
	unsigned core_ids; /* vcpu ids in a core; 0: there is but one core */
};

/* ---- Opening: all that can be known without a machine ---- */

/* A small section, ready to be unpacked. NULL: there is none, or it is damaged. */
static u8 *load_section(struct image *file, u32 type, u32 instance, struct state_in *in,
			struct error *err)
{
	struct image_section wanted = {.type = type, .instance = instance};
	const struct image_section *s = image_find(file, type, instance);
	char name[20];
	size_t bytes;
	u8 *data;

	if (!s) {
		error_set(err, "the image has no section %s", image_section_name(&wanted, name));
		return NULL;
	}
	data = section_load(file, s, SAVED_SECTION_MAX, &bytes, err);
	if (data)
		*in = (struct state_in){.data = data, .len = bytes};
	return data;
}

static int load_vcpu(struct image *file, unsigned i, struct saved_vcpu *v, struct error *err)
{
	struct state_in in;
	u8 *data = load_section(file, IMAGE_VCPU, i, &in, err);
	int r;

	if (!data)
		return -1;
	r = saved_vcpu_unpack(v, &in, err);
	free(data);
	return r;
}

static int load_xics(struct image *file, struct saved_xics *x, struct error *err)
{
	struct state_in in;
	u8 *data = load_section(file, IMAGE_XICS, 0, &in, err);
	int r;

	if (!data)
		return -1;
	r = saved_xics_unpack(x, &in, err);
	free(data);
	return r;
}

/* With @m NULL they are only looked at, of a partition or else of a board. */
static int load_devices(struct image *file, struct machine *m, bool papr, struct error *err)
{
	struct state_in in;
	u8 *data = load_section(file, IMAGE_DEVICES, 0, &in, err);
	int r;

	if (!data)
		return -1;
	r = devices_load(m, papr, &in, err);
	free(data);
	return r;
}

static int load_machine(struct migration_image *saved, struct error *err)
{
	struct state_in in;
	u8 *data = load_section(saved->file, IMAGE_MACHINE, 0, &in, err);
	int r;

	if (!data)
		return -1;
	r = saved_machine_unpack(&saved->machine, &in, err);
	free(data);
	return r;
}

/*
 * The guest knows its vcpus by their ids, and these depend on the cores of the host that it began
 * on. The second core's first vcpu tells how.
 */
static int check_id(struct migration_image *saved, unsigned i, u32 id, struct error *err)
{
	unsigned threads = saved->machine.threads;

	if (i == threads)
		saved->core_ids = id;
	if (saved->core_ids > CORE_IDS_MAX || (i == threads && id < threads) ||
	    id != i / threads * saved->core_ids + i % threads)
		return error_set(err, "vcpu %u can't have the number %u", i, id);
	return 0;
}

static int check_all_there(struct migration_image *saved, struct error *err)
{
	static const u32 known[] = {IMAGE_MACHINE, IMAGE_MEMORY,  IMAGE_HTAB, IMAGE_VCPU,
				    IMAGE_XICS,	   IMAGE_DEVICES, 0};
	bool has_table = saved->machine.htab_order;
	struct saved_vcpu *v = malloc(sizeof(*v));
	struct saved_xics x;
	int r = 0;

	if (!v)
		return error_nomem(err, "the vcpus' registers");
	for (unsigned i = 0; i < saved->machine.n_vcpus && !r; i++) {
		r = load_vcpu(saved->file, i, v, err);
		if (!r)
			r = check_id(saved, i, v->id, err);
	}
	free(v);
	if (r || (has_table && load_xics(saved->file, &x, err)) ||
	    load_devices(saved->file, NULL, has_table, err))
		return -1;
	if (!image_find(saved->file, IMAGE_MEMORY, 0) ||
	    has_table != !!image_find(saved->file, IMAGE_HTAB, 0))
		return error_set(err, "the image has no memory, or the table isn't as it says");
	return image_refuse_unknown(saved->file, known, err);
}

struct migration_image *migration_open(const char *path, progress_fn progress, void *opaque,
				       struct error *err)
{
	struct migration_image *saved = calloc(1, sizeof(*saved));
	struct error why = {""};

	if (!saved) {
		error_nomem(err, "the saved guest");
		return NULL;
	}
	saved->file = image_open(path, err);
	if (!saved->file)
		goto fail;
	if (image_verify(saved->file, progress, opaque, &why) || load_machine(saved, &why) ||
	    check_all_there(saved, &why)) {
		error_wrap(err, &why, "%.200s", path);
		goto fail;
	}
	return saved;
fail:
	migration_close(saved);
	return NULL;
}

void migration_close(struct migration_image *saved)
{
	if (!saved)
		return;
	image_close(saved->file);
	free(saved);
}

const struct saved_machine *migration_machine(const struct migration_image *saved)
{
	return &saved->machine;
}

struct image *migration_file(const struct migration_image *saved)
{
	return saved->file;
}

int migration_config(const struct migration_image *saved, struct machine_config *cfg,
		     struct error *err)
{
	const struct saved_machine *c = &saved->machine;

	if (config_from_saved(cfg, c, saved->core_ids, err))
		return -1;
	if (!cfg->name)
		cfg->name = c->name;
	return 0;
}

/* ---- Filling the machine ---- */

struct restore {
	struct machine *m;
	struct migration_image *saved;
	progress_fn progress;
	void *opaque;
	u64 base, total;
	u64 tb_offset;
};

static void tell(void *opaque, u64 done, u64 total)
{
	struct restore *r = opaque;

	if (r->progress)
		r->progress(r->opaque, r->base + done < r->total ? r->base + done : r->total,
			    r->total);
}

static int restore_htab(struct restore *r, struct error *err)
{
	const struct image_section *s = image_find(r->saved->file, IMAGE_HTAB, 0);
	struct section_reader *in = section_open(r->saved->file, s, err);
	struct machine *m = r->m;
	int ret;

	if (!in)
		return -1;
	if (m->htab_order != r->saved->machine.htab_order)
		ret =
		    error_set(err,
			      "the host gives a hash table of 2^%u bytes, and the guest has one of "
			      "2^%u",
			      m->htab_order, r->saved->machine.htab_order);
	else
		ret = htab_write(m->accel, m->vm_fd, 1ull << (m->htab_order - 4), in,
				 r->saved->machine.htab_byte_order, tell, r, err);
	section_close(in);
	r->base += s->raw_bytes;
	return ret;
}

static int restore_memory(struct restore *r, struct error *err)
{
	struct section_reader *in =
	    section_open(r->saved->file, image_find(r->saved->file, IMAGE_MEMORY, 0), err);
	int ret;

	if (!in)
		return -1;
	ret = memory_load(&r->m->mem, in, tell, r, err);
	section_close(in);
	r->base += r->m->mem.bytes;
	return ret;
}

/* @v: room for what the vcpu is to be, and what it is after a reset. */
static int restore_vcpu(struct restore *r, struct vcpu *vcpu, struct saved_vcpu v[2],
			struct error *err)
{
	if (load_vcpu(r->saved->file, vcpu->index, &v[0], err) || prepare_vcpu(vcpu, &v[1], err))
		return -1;
	return apply_vcpu(vcpu, &v[0], &v[1], r->tb_offset, r->saved->machine.timebase, err);
}

static int restore_vcpus(struct restore *r, struct error *err)
{
	struct saved_vcpu *v = malloc(2 * sizeof(*v));
	int ret = 0;

	if (!v)
		return error_nomem(err, "the vcpus' registers");
	r->tb_offset = r->saved->machine.timebase - r->m->accel->timebase();
	for (unsigned i = 0; i < r->m->n_vcpus && !ret; i++)
		ret = restore_vcpu(r, &r->m->vcpus[i], v, err);
	free(v);
	return ret;
}

static int restore_xics(struct restore *r, struct error *err)
{
	struct saved_xics x;

	if (load_xics(r->saved->file, &x, err))
		return -1;
	return apply_xics(r->m, &x, err);
}

int migration_restore(struct machine *m, struct migration_image *saved, progress_fn progress,
		      void *opaque, struct error *err)
{
	struct restore r = {
	    .m = m,
	    .saved = saved,
	    .progress = progress,
	    .opaque = opaque,
	    .total = m->mem.bytes,
	};
	const struct image_section *table = image_find(saved->file, IMAGE_HTAB, 0);
	bool papr = m->cfg.kind->papr;

	if (table)
		r.total += table->raw_bytes;
	if (papr != !!table || m->mem.boot_bytes != saved->machine.mem_bytes ||
	    m->n_vcpus != saved->machine.n_vcpus)
		return error_set(err, "the machine is not as the image describes it");
	memcpy(m->uuid, saved->machine.uuid, sizeof(m->uuid));
	m->rtc_offset = saved->machine.rtc_offset;
	if ((papr && restore_htab(&r, err)) || restore_memory(&r, err) ||
	    load_devices(saved->file, m, papr, err) || restore_vcpus(&r, err) ||
	    (papr && restore_xics(&r, err)))
		return -1;
	machine_wrote_all(m);
	r.base = r.total;
	tell(&r, 0, 0);
	return 0;
}
