/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/htab_watch.h"

#include <stdlib.h>

#define READ_BYTES (1u << 20)
/* A read that leaves more of the buffer than this had no more to tell. */
#define FULL_SLACK 64

struct htab_watch {
	const struct accel *accel;
	struct machine *m;
	struct htab_seen table;
	int fd;
	u64 entries, passes;
	u8 buf[READ_BYTES];
};

/* From a first pass on, over the table that the guest has now. */
static int open_table(struct htab_watch *w, struct error *err)
{
	struct kvm_get_htab_fd args = {0};

	if (w->fd >= 0)
		w->accel->close(w->fd);
	w->table = machine_htab(w->m);
	w->entries = 1ull << (w->table.order - 4);
	w->passes = 0;
	w->fd = w->accel->ioctl(w->m->vm_fd, KVM_PPC_GET_HTAB_FD, &args);
	return w->fd < 0 ? error_errno(err, "cannot get the hash table's descriptor") : 0;
}

static bool is_resized(const struct htab_watch *w)
{
	return machine_htab(w->m).number != w->table.number;
}

struct htab_watch *htab_watch_new(struct machine *m, struct error *err)
{
	struct htab_watch *w = calloc(1, sizeof(*w));

	if (!w) {
		error_nomem(err, "reading the hash table");
		return NULL;
	}
	w->accel = m->accel;
	w->m = m;
	w->fd = -1;
	if (!open_table(w, err))
		return w;
	free(w);
	return NULL;
}

void htab_watch_free(struct htab_watch *w)
{
	if (!w)
		return;
	if (w->fd >= 0)
		w->accel->close(w->fd);
	free(w);
}

u64 htab_watch_passes(const struct htab_watch *w)
{
	return w->passes;
}

unsigned htab_watch_order(const struct htab_watch *w)
{
	return w->table.order;
}

/* The number of the first entry behind those that whole records tell of. */
static u64 told_up_to(const u8 *data, size_t bytes)
{
	struct htab_cursor c = {data, bytes, htab_host_order()};
	struct htab_record rec;
	u64 end = 0;

	while (htab_next(&c, &rec, NULL))
		end = htab_record_end(rec);
	return end;
}

/*
 * The first pass ends at the table's end. Later ones end where nothing is left to tell; a guest
 * that changes faster than we read doesn't keep us: we stop when it starts again from the front.
 */
int htab_watch_pass(struct htab_watch *w, htab_sink sink, void *opaque, struct error *err)
{
	u64 end = 0, before;
	ssize_t n;

	if ((w->fd < 0 || is_resized(w)) && open_table(w, err))
		return -1;
	do {
		n = w->accel->read(w->fd, w->buf, sizeof(w->buf));
		if (n < 0)
			return error_errno(err, "cannot read the hash table");
		if (is_resized(w))
			return HTAB_RESIZED;
		if (n && sink(opaque, w->buf, n, err))
			return -1;
		before = end;
		end = told_up_to(w->buf, n);
	} while (n && end > before && end < w->entries &&
		 (!w->passes || n > (ssize_t)sizeof(w->buf) - FULL_SLACK));
	w->passes++;
	return 0;
}
