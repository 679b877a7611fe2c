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

#include "migration/file/file.h"
#include "migration/state/capture.h"
#include "migration/state/devices.h"
#include "migration/state/htab.h"
#include "platform/htab.h"
#include "platform/kind.h"
#include "migration/state/memory.h"
#include "platform/vcpu.h"

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

static int save_machine(struct save *s, struct error *err)
{
	struct saved_machine *c = calloc(1, sizeof(*c));
	struct state_out out = {0};
	int r;

	if (!c)
		return error_nomem(err, "the description of the guest");
	capture_machine(s->m, c);
	c->timebase = capture_timebase(s->m);
	saved_machine_pack(c, &out);
	free(c);
	r = state_whole(&out, err);
	if (!r)
		r = image_add(s->w, IMAGE_MACHINE, 0, IMAGE_NEEDED, IMAGE_ZSTD, out.data, out.len,
			      err);
	state_free(&out);
	return r;
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

static u64 table_bytes(const struct machine *m)
{
	return m->htab_order ? 1ull << m->htab_order : 0;
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

static int add_part(void *opaque, enum capture_part part, u32 instance,
		    const struct state_out *out, struct error *err)
{
	static const u32 types[] = {
	    [CAPTURE_VCPU] = IMAGE_VCPU,
	    [CAPTURE_XICS] = IMAGE_XICS,
	    [CAPTURE_DEVICES] = IMAGE_DEVICES,
	};
	struct save *s = opaque;

	return image_add(s->w, types[part], instance, IMAGE_NEEDED, IMAGE_ZSTD, out->data, out->len,
			 err);
}

int migration_save(struct machine *m, const char *path, progress_fn progress, void *opaque,
		   struct error *err)
{
	struct save s = {
	    .m = m,
	    .progress = progress,
	    .opaque = opaque,
	    .total = m->mem.bytes + table_bytes(m),
	};

	s.w = image_create(path, err);
	if (!s.w)
		return -1;
	/* The machine first: that is when the guest's time stops. */
	if (save_machine(&s, err) || capture_parts(m, add_part, &s, err) ||
	    (m->cfg.kind->papr && save_htab(&s, err))) {
		image_abort(s.w);
		return -1;
	}
	s.base = table_bytes(m);
	if (save_memory(&s, err)) {
		image_abort(s.w);
		return -1;
	}
	s.base = s.total;
	tell(&s, 0, 0);
	return image_commit(s.w, err);
}

/* ---- The table alone ---- */

int migration_stream_htab(struct machine *m, int fd, unsigned *order, struct error *err)
{
	struct htab_seen table = machine_htab(m);
	int r = htab_read(m->accel, m->vm_fd, 1ull << (table.order - 4), htab_to_fd, &fd, err);

	*order = table.order;
	return machine_htab(m).number == table.number
		   ? r
		   : error_set(err, "the guest resized its hash table meanwhile: ask again");
}

int migration_copy_htab(struct migration_image *saved, int fd, struct error *err)
{
	const struct saved_machine *c = migration_machine(saved);
	struct image *img = migration_file(saved);
	struct section_reader *r;
	int ret;

	r = section_open(img, image_find(img, IMAGE_HTAB, 0), err);
	if (!r)
		return -1;
	ret = htab_walk(r, 1ull << (c->htab_order - 4), c->htab_byte_order, c->htab_byte_order,
			htab_to_fd, &fd, err);
	section_close(r);
	return ret;
}
