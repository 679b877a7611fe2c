/* SPDX-License-Identifier: Apache-2.0 */
/*
 * papyr top's display.
 */
#include <ncurses.h>
#include <stdlib.h>

#include "cmd/top.h"

#define BAR 20

static const char *text(json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static double number(json_t *o, const char *key)
{
	return json_number_value(json_object_get(o, key));
}

/* "1.2k"; "-" for what isn't known. */
static const char *rate(json_t *o, const char *key, char buf[16])
{
	static const char units[] = " kMGT";
	json_t *n = json_object_get(o, key);
	double v = json_number_value(n);
	unsigned u = 0;

	if (!json_is_number(n))
		return "-";
	while (v >= 9999.5 && u < sizeof(units) - 2) {
		v /= 1000;
		u++;
	}
	if (u)
		snprintf(buf, 16, "%.1f%c", v, units[u]);
	else
		snprintf(buf, 16, "%.0f", v);
	return buf;
}

static void bar(int y, int x, double part)
{
	int full = part * BAR + 0.5;

	if (full > BAR)
		full = BAR;
	mvaddch(y, x, '[');
	for (int i = 0; i < BAR; i++)
		addch(i < full ? '|' : ' ');
	addch(']');
}

static void draw_vcpu(int y, json_t *vcpu)
{
	json_t *by = json_object_get(vcpu, "exits-by"), *nip = json_object_get(vcpu, "nip");
	char a[16], b[16], c[16], d[16], e[16];

	mvprintw(y, 0, "%4.0f  %-8s", number(vcpu, "id"), text(vcpu, "state"));
	bar(y, 15, number(vcpu, "busy"));
	printw(" %3.0f%%", 100 * number(vcpu, "busy"));
	printw("  %-16s", json_is_string(nip) ? json_string_value(nip) + 2 : "-");
	printw(" %9s %8s %8s %8s %8s", rate(vcpu, "hypercalls-per-s", a), rate(by, "hcall", b),
	       rate(by, "mmio", c), rate(by, "signal", d), rate(by, "other", e));
}

static void draw_engine(int y, json_t *vcpu)
{
	static const char *const keys[] = {"instructions-per-s",   "turns-per-s",
					   "jumps-missed-per-s",   "pages-missed-per-s",
					   "table-searches-per-s", "flushes-per-s",
					   "blocks-per-s"};
	json_t *engine = json_object_get(vcpu, "engine");
	char buf[16];

	mvprintw(y, 0, "%4.0f  %-8s", number(vcpu, "id"), text(vcpu, "state"));
	bar(y, 15, number(vcpu, "busy"));
	printw(" %3.0f%%", 100 * number(vcpu, "busy"));
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		printw(" %8s", rate(engine, keys[i], buf));
	printw(" %6.1f%%", 100 * number(engine, "translating"));
}

static void draw_core(int y, json_t *core)
{
	static const char *const keys[] = {"entries-per-s", "joins-per-s", "naps-per-s",
					   "blocks-per-s"};
	static const char *const wakes[] = {"dec", "ext", "dbell", "prod", "client"};
	char buf[16];

	mvprintw(y, 0, "%4.0f %6.0f", number(core, "id"), number(core, "vcpus"));
	bar(y, 12, number(core, "busy") / number(core, "vcpus"));
	printw(" %4.0f%% ", 100 * number(core, "busy"));
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		printw(" %8s", rate(core, keys[i], buf));
	for (size_t i = 0; i < ARRAY_SIZE(wakes); i++)
		printw(" %8s", rate(json_object_get(core, "wakes-by"), wakes[i], buf));
}

enum { VIEW_VCPUS, VIEW_CORES, VIEW_ENGINE };

/* What the lines are about, and how they are drawn. */
static const struct view {
	const char *key, *heading;
	void (*line)(int y, json_t *o);
	const char *explained;
} views[] = {
    {"vcpus",
     "VCPU  STATE    BUSY                         NIP               HCALLS/s  X:HCALL   X:MMIO "
     "X:SIGNAL  X:OTHER",
     draw_vcpu, "X: exits a second, by reason   c: cores   e: engine"},
    {"cores",
     "CORE  VCPUS BUSY                          ENTER/s   JOIN/s    NAP/s  BLOCK/s    W:DEC    "
     "W:EXT  W:DBELL   W:PROD W:CLIENT",
     draw_core, "W: what wakes their vcpus, a second   c: vcpus   e: engine"},
    {"vcpus",
     "VCPU  STATE    BUSY                         INSN/s   TURN/s X:JUMP/s X:PAGE/s SEARCH/s  "
     "FLUSH/s  BLOCK/s  TRANSL",
     draw_engine, "X: what the caches lacked   TRANSL: of the time   e: vcpus   c: cores"},
};

static void draw(json_t *all, double delay, const struct view *view)
{
	json_t *vcpus = json_object_get(all, "vcpus"), *lines = json_object_get(all, view->key);
	char a[16], b[16], c[16], d[16], size[32];
	size_t i;

	erase();
	attron(A_BOLD);
	mvprintw(0, 0, "%s", text(all, "name"));
	attroff(A_BOLD);
	printw(": %s, %zu processors, %s", text(all, "status"), json_array_size(vcpus),
	       format_size(number(all, "memory"), size, sizeof(size)));
	if (number(all, "htab-order") > 0)
		printw(", table of 2^%.0f bytes", number(all, "htab-order"));
	mvprintw(2, 0, "a second:  hypercalls %s   exits %s", rate(all, "hypercalls-per-s", a),
		 rate(all, "exits-per-s", b));
	if (number(all, "htab-order") > 0)
		printw("   table: entries changed %s, bytes told %s",
		       rate(all, "htab-changes-per-s", c), rate(all, "htab-bytes-per-s", d));
	printw("   memory written %s", rate(all, "dirty-bytes-per-s", a));
	attron(A_REVERSE);
	mvaddstr(4, 0, view->heading);
	attroff(A_REVERSE);
	for (i = 0; i < json_array_size(lines) && 5 + (int)i < LINES - 1; i++)
		view->line(5 + i, json_array_get(lines, i));
	mvprintw(LINES - 1, 0, "%s   q: end   +/-: look every %.1f s", view->explained, delay);
	refresh();
}

/* True: end. */
static bool keys(double *delay, unsigned *view)
{
	int key;

	while ((key = getch()) != ERR) {
		if (key == 'q' || key == 'Q')
			return true;
		if (key == 'c')
			*view = *view == VIEW_CORES ? VIEW_VCPUS : VIEW_CORES;
		if (key == 'e')
			*view = *view == VIEW_ENGINE ? VIEW_VCPUS : VIEW_ENGINE;
		if (key == '+' && *delay > 0.2)
			*delay /= 2;
		if (key == '-' && *delay < 30)
			*delay *= 2;
	}
	return false;
}

int top_screen(struct top *top, u64 looks)
{
	struct error err;
	unsigned view = VIEW_VCPUS;
	bool gone = false;

	if (!newterm(NULL, stdout, stdin))
		return cmd_error("this terminal can't be drawn on; --json writes lines");
	cbreak();
	noecho();
	curs_set(0);
	nodelay(stdscr, TRUE);
	for (u64 i = 0; !gone && (!looks || i < looks); i++) {
		json_t *all = top_next(top, &err);

		gone = !all;
		if (all)
			draw(all, *top_delay(top), &views[view]);
		json_decref(all);
		if (keys(top_delay(top), &view))
			break;
	}
	endwin();
	return gone ? cmd_error("%s", err.text) : STATUS_OK;
}
