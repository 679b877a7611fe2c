/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/htab_picture.h"

#include <cairo-svg.h>
#include <cairo.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define MAP_SIDE 512.0 /* a map's longer side */
#define MARGIN	 24.0
#define HEAD	 64.0
#define LEGEND	 56.0

struct colour {
	double r, g, b;
};

/* From empty to full; each step is darker than the one before, so that it can be told in grey. */
static const struct colour fill_colours[] = {
    {0.97, 0.97, 0.95}, {0.87, 0.92, 0.95}, {0.73, 0.85, 0.92},
    {0.56, 0.76, 0.87}, {0.38, 0.65, 0.82}, {0.22, 0.53, 0.75},
    {0.11, 0.40, 0.66}, {0.05, 0.28, 0.53}, {0.03, 0.15, 0.35},
};
static const struct colour heat_colours[] = {
    {0.97, 0.97, 0.95}, {1.00, 0.90, 0.70}, {0.99, 0.75, 0.45}, {0.97, 0.56, 0.28},
    {0.90, 0.36, 0.16}, {0.74, 0.19, 0.10}, {0.50, 0.06, 0.09},
};

struct map {
	const char *name;
	const struct colour *colours;
	unsigned n_colours;
	/* Of a cell, from 0 to 1. */
	double (*value)(const struct picture *p, const struct map *m, u64 cell);
	double most;
	char low[32], high[48];
};

/* ---- Values and colours ---- */

static double fill_value(const struct picture *p, const struct map *m, u64 cell)
{
	return p->filled[cell] / (8.0 * p->groups_per_cell);
}

/* By their logarithm: a few entries change far more often than all others. */
static double heat_value(const struct picture *p, const struct map *m, u64 cell)
{
	return m->most > 0 ? log1p(p->changes[cell]) / log1p(m->most) : 0;
}

static struct colour blend(const struct map *m, double value)
{
	double at = value * (m->n_colours - 1);
	unsigned i = at;
	const struct colour *a, *b;

	if (i > m->n_colours - 2)
		i = m->n_colours - 2;
	a = &m->colours[i];
	b = a + 1;
	at -= i;
	return (struct colour){a->r + (b->r - a->r) * at, a->g + (b->g - a->g) * at,
			       a->b + (b->b - a->b) * at};
}

static u32 pixel(struct colour c)
{
	return (u32)(c.r * 255 + 0.5) << 16 | (u32)(c.g * 255 + 0.5) << 8 | (u32)(c.b * 255 + 0.5);
}

static struct map fill_map(const struct picture *p)
{
	struct map m = {
	    .name = "entries in use",
	    .colours = fill_colours,
	    .n_colours = ARRAY_SIZE(fill_colours),
	    .value = fill_value,
	};

	strcpy(m.low, "0");
	strcpy(m.high, "8 a group");
	return m;
}

static struct map heat_map(const struct picture *p)
{
	struct map m = {
	    .name = "changes",
	    .colours = heat_colours,
	    .n_colours = ARRAY_SIZE(heat_colours),
	    .value = heat_value,
	};

	for (u64 i = 0; i < p->n_cells; i++)
		m.most = fmax(m.most, p->changes[i]);
	strcpy(m.low, "0");
	snprintf(m.high, sizeof(m.high), "%.0f in %llu s (log.)", m.most,
		 (unsigned long long)p->seconds);
	return m;
}

/* ---- Drawing ---- */

static void text(cairo_t *cr, double x, double y, double size, const char *s)
{
	cairo_set_source_rgb(cr, 0.13, 0.13, 0.13);
	cairo_set_font_size(cr, size);
	cairo_move_to(cr, x, y);
	cairo_show_text(cr, s);
}

/* One pixel a cell, blown up without smoothing: in an SVG it stays one small image. */
static void draw_cells(cairo_t *cr, const struct picture *p, const struct map *m, double x,
		       double y, double scale)
{
	cairo_surface_t *cells =
	    cairo_image_surface_create(CAIRO_FORMAT_RGB24, p->columns, p->rows);
	int stride = cairo_image_surface_get_stride(cells);
	u8 *data = cairo_image_surface_get_data(cells);

	if (data) {
		for (u64 i = 0; i < p->n_cells; i++) {
			u8 *row = data + (i / p->columns) * stride;

			((u32 *)row)[i % p->columns] = pixel(blend(m, m->value(p, m, i)));
		}
		cairo_surface_mark_dirty(cells);
		cairo_save(cr);
		cairo_translate(cr, x, y);
		cairo_scale(cr, scale, scale);
		cairo_set_source_surface(cr, cells, 0, 0);
		cairo_pattern_set_filter(cairo_get_source(cr), CAIRO_FILTER_NEAREST);
		cairo_paint(cr);
		cairo_restore(cr);
	}
	cairo_surface_destroy(cells);
	cairo_set_source_rgb(cr, 0.6, 0.6, 0.6);
	cairo_set_line_width(cr, 1);
	cairo_rectangle(cr, x - 0.5, y - 0.5, p->columns * scale + 1, p->rows * scale + 1);
	cairo_stroke(cr);
}

static void draw_legend(cairo_t *cr, const struct map *m, double x, double y)
{
	const double width = 18, height = 12;
	unsigned n;

	text(cr, x, y + 11, 12, m->low);
	for (n = 0; n < m->n_colours; n++) {
		const struct colour *c = &m->colours[n];

		cairo_set_source_rgb(cr, c->r, c->g, c->b);
		cairo_rectangle(cr, x + 14 + n * width, y, width, height);
		cairo_fill(cr);
	}
	cairo_set_source_rgb(cr, 0.6, 0.6, 0.6);
	cairo_set_line_width(cr, 1);
	cairo_rectangle(cr, x + 13.5, y - 0.5, n * width + 1, height + 1);
	cairo_stroke(cr);
	text(cr, x + 20 + n * width, y + 11, 12, m->high);
}

static void draw_map(cairo_t *cr, const struct picture *p, const struct map *m, double x)
{
	double scale = MAP_SIDE / p->columns;

	text(cr, x, HEAD - 8, 13, m->name);
	draw_cells(cr, p, m, x, HEAD, scale);
	draw_legend(cr, m, x, HEAD + p->rows * scale + 14);
}

static void draw(cairo_t *cr, const struct picture *p)
{
	struct map map = fill_map(p);
	char line[256];

	cairo_set_source_rgb(cr, 1, 1, 1);
	cairo_paint(cr);
	cairo_select_font_face(cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
	snprintf(line, sizeof(line), "%.120s: 2^%u bytes, %llu groups, %llu entries in use",
		 p->title, p->order, (unsigned long long)p->groups, (unsigned long long)p->valid);
	if (p->groups_per_cell > 1)
		snprintf(line + strlen(line), sizeof(line) - strlen(line),
			 "; a cell is %llu groups", (unsigned long long)p->groups_per_cell);
	text(cr, MARGIN, 28, 15, line);
	draw_map(cr, p, &map, MARGIN);
	if (p->changes) {
		map = heat_map(p);
		draw_map(cr, p, &map, 2 * MARGIN + MAP_SIDE);
	}
}

/* ---- Files ---- */

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n > m && !strcmp(s + n - m, end);
}

bool picture_can_be(const char *path)
{
	return ends_with(path, ".png") || ends_with(path, ".svg");
}

/* Where cairo's bytes go. */
static cairo_status_t put(void *file, const unsigned char *data, unsigned bytes)
{
	return fwrite(data, 1, bytes, file) == bytes ? CAIRO_STATUS_SUCCESS
						     : CAIRO_STATUS_WRITE_ERROR;
}

static cairo_status_t write_to(FILE *file, const struct picture *p, bool svg)
{
	double width = MARGIN + (MAP_SIDE + MARGIN) * (p->changes ? 2 : 1);
	double height = HEAD + MAP_SIDE * p->rows / p->columns + LEGEND;
	cairo_surface_t *s = svg ? cairo_svg_surface_create_for_stream(put, file, width, height)
				 : cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
	cairo_t *cr = cairo_create(s);
	cairo_status_t status;

	draw(cr, p);
	status = cairo_status(cr);
	cairo_destroy(cr);
	if (!status && !svg)
		status = cairo_surface_write_to_png_stream(s, put, file);
	cairo_surface_finish(s);
	if (!status)
		status = cairo_surface_status(s);
	cairo_surface_destroy(s);
	return status;
}

int picture_write(const struct picture *p, const char *path, struct error *err)
{
	FILE *file = fopen(path, "we");
	cairo_status_t status;
	int r = 0;

	if (!file)
		return error_errno(err, "cannot write %s", path);
	errno = 0;
	status = write_to(file, p, ends_with(path, ".svg"));
	if (ferror(file) && errno)
		r = error_errno(err, "cannot write %s", path);
	else if (status)
		r = error_set(err, "cannot write %s: %s", path, cairo_status_to_string(status));
	if (fclose(file) && !r)
		r = error_errno(err, "cannot write %s", path);
	return r;
}
