/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/htab_live.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inspect/stream.h"

struct htab_live {
	struct control *control;
	unsigned order;
	u64 mem_bytes;
};

struct htab_live *htab_live_open(const char *name, struct error *err)
{
	struct control *c = control_open(name, err);
	struct htab_live *live;

	if (!c)
		return NULL;
	live = calloc(1, sizeof(*live));
	if (!live)
		abort();
	live->control = c;
	return live;
}

void htab_live_close(struct htab_live *live)
{
	if (!live)
		return;
	control_close(live->control);
	free(live);
}

/* Has the guest's process write a pass to @fd. */
static int ask(struct htab_live *live, int fd, struct error *err)
{
	json_t *value = NULL;
	unsigned order;

	if (control_send_fd(live->control, "htab", fd, err) == 0)
		value = control_execute(live->control, "x-htab",
					json_pack("{s:s,s:b}", "fdname", "htab", "follow", 1), err);
	if (!value)
		return -1;
	order = json_integer_value(json_object_get(value, "order"));
	if (live->order && live->order != order) {
		json_decref(value);
		return error_set(err,
				 "the guest resized its hash table from 2^%u bytes to 2^%u: begin "
				 "again",
				 live->order, order);
	}
	live->order = order;
	live->mem_bytes = json_integer_value(json_object_get(value, "memory"));
	json_decref(value);
	return 0;
}

int htab_live_pass(struct htab_live *live, htab_live_fn fn, void *opaque, struct error *err)
{
	int fd = memfd_create("htab", MFD_CLOEXEC), r;
	struct stat st;
	u8 *data;

	if (fd < 0)
		return error_errno(err, "cannot make a file in memory");
	r = ask(live, fd, err);
	if (!r && fstat(fd, &st) < 0)
		r = error_errno(err, "cannot read the table's stream");
	if (!r && st.st_size) {
		data = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (data == MAP_FAILED) {
			r = error_errno(err, "cannot read the table's stream");
		} else {
			r = fn(opaque, data, st.st_size, err);
			munmap(data, st.st_size);
		}
	}
	close(fd);
	return r;
}

struct load {
	struct htab_live *live;
	struct table *t;
	bool made;
};

static int take_first(void *opaque, const u8 *data, size_t len, struct error *err)
{
	struct load *l = opaque;

	if (table_init(l->t, l->live->order, err))
		return -1;
	l->made = true;
	return stream_apply(l->t, data, len, htab_host_order(), err);
}

int htab_live_table(struct htab_live *live, struct table *t, struct error *err)
{
	struct load l = {.live = live, .t = t};

	if (htab_live_pass(live, take_first, &l, err) ||
	    (!l.made && error_set(err, "the guest's process told nothing of its table"))) {
		if (l.made)
			table_free(t);
		return -1;
	}
	t->source = "running guest";
	t->mem_bytes = live->mem_bytes;
	return 0;
}
