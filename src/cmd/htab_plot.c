/* SPDX-License-Identifier: Apache-2.0 */
/*
 * papyr htab plot: the table as a picture. The table runs in lines from the upper left; each cell
 * is one group, or as many as fit.
 */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cmd/htab.h"
#include "cmd/htab_live.h"
#include "cmd/htab_picture.h"
#include "inspect/stream.h"

#define CELLS_MAX (256u * 256)

static void *zeroed(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p)
		abort();
	return p;
}

/* As square as can be, cells a power of two groups. */
static void lay_out(struct picture *p, const struct table *t)
{
	u64 groups = table_groups(t);

	p->groups = groups;
	p->groups_per_cell = groups > CELLS_MAX ? groups / CELLS_MAX : 1;
	p->n_cells = groups / p->groups_per_cell;
	for (p->columns = 1; p->columns * p->columns < p->n_cells; p->columns *= 2)
		;
	p->rows = p->n_cells / p->columns;
	p->filled = zeroed(p->n_cells, sizeof(p->filled[0]));
	p->order = t->order;
}

static void count_filled(struct picture *p, const struct table *t)
{
	for (u64 i = 0; table_next(t, &i); i++) {
		p->filled[i / ENTRIES_PER_GROUP / p->groups_per_cell]++;
		p->valid++;
	}
}

static void count_run(void *opaque, u64 index, u64 n)
{
	struct picture *p = opaque;

	for (u64 i = index; i < index + n; i++)
		p->changes[i / ENTRIES_PER_GROUP / p->groups_per_cell]++;
	p->changed += n;
}

static int take_changes(void *opaque, const u8 *data, size_t len, struct error *err)
{
	struct picture *p = opaque;

	return stream_runs(data, len, htab_host_order(), p->groups * ENTRIES_PER_GROUP, count_run,
			   p, err);
}

/* Ten looks a second: an entry that changes twice between two of them counts once. */
static int watch(struct picture *p, struct htab_live *live, u64 seconds, struct error *err)
{
	struct timespec tick = {.tv_nsec = 100000000};

	if (!seconds)
		return 0;
	p->changes = zeroed(p->n_cells, sizeof(p->changes[0]));
	p->seconds = seconds;
	for (u64 i = 0; i < seconds * 10; i++) {
		nanosleep(&tick, NULL);
		if (htab_live_pass(live, take_changes, p, err))
			return -1;
	}
	return 0;
}

static int plot_guest(struct picture *p, const char *name, u64 seconds, struct error *err)
{
	struct htab_live *live = htab_live_open(name, err);
	struct table t;
	int r = live ? htab_live_table(live, &t, err) : -1;

	if (!r) {
		lay_out(p, &t);
		count_filled(p, &t);
		table_free(&t);
		r = watch(p, live, seconds, err);
	}
	htab_live_close(live);
	return r;
}

static int plot_file(struct picture *p, const char *path, const struct htab_options *o)
{
	struct table t;

	if (htab_get(path, o, &t))
		return -1;
	lay_out(p, &t);
	count_filled(p, &t);
	table_free(&t);
	return 0;
}

/* Where pictures go if nobody says it: here, named after the guest or file. */
static int write_both(const struct picture *p, const char *what, struct error *err)
{
	static const char *const kinds[] = {"png", "svg"};
	const char *base = strrchr(what, '/') ? strrchr(what, '/') + 1 : what;
	char *path;
	int r = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(kinds) && !r; i++) {
		if (asprintf(&path, "%s-htab.%s", base, kinds[i]) < 0)
			abort();
		r = picture_write(p, path, err);
		if (!r)
			puts(path);
		free(path);
	}
	return r;
}

static int write_pictures(const struct picture *p, const char *what, const struct htab_options *o,
			  struct error *err)
{
	if (!o->n_out)
		return write_both(p, what, err);
	for (unsigned i = 0; i < o->n_out; i++)
		if (picture_write(p, o->out[i], err))
			return -1;
	return 0;
}

int htab_plot(const char *what, const struct htab_options *o)
{
	struct picture p = {.title = what};
	struct error err;
	int status = STATUS_OK;

	for (unsigned i = 0; i < o->n_out; i++)
		if (!picture_can_be(o->out[i]))
			return cmd_usage("htab", "'%s' must end with .png or .svg", o->out[i]);
	if (names_file(what) ? plot_file(&p, what, o) : 0)
		return STATUS_ERROR;
	if (!p.filled && plot_guest(&p, what, o->seconds, &err))
		status = cmd_error("%s: %s", what, err.text);
	else if (write_pictures(&p, what, o, &err))
		status = cmd_error("%s", err.text);
	free(p.filled);
	free(p.changes);
	return status;
}
