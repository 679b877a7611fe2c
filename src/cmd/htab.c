/* SPDX-License-Identifier: Apache-2.0 */
/*
 * papyr htab: a guest's hashed page table, of a running guest or a saved one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/htab_stream.h"
#include "migration/migration.h"
#include "monitor/client.h"

static const char help[] =
    "Usage: papyr htab stat NAME|FILE [--json]\n"
    "       papyr htab dump NAME|FILE\n"
    "Shows the hashed page table of a running guest, or of one that was saved to FILE.\n\n"
    "stat  how full it is, and with what\n"
    "dump  every valid entry, one a line: index, first and second doubleword, and what they say\n";

/* First doubleword. */
#define V_SSIZE_SHIFT 62
#define V_AVPN_SHIFT  7
#define V_BOLTED      0x10
#define V_LARGE	      0x04
#define V_SECONDARY   0x02
/* Second doubleword. */
#define R_PP0 (1ull << 63)
#define R_RPN 0x0ffffffffffff000ull
#define R_R   0x100
#define R_C   0x080
#define R_W   0x040
#define R_I   0x020
#define R_M   0x010
#define R_G   0x008
#define R_N   0x004
#define R_PP  0x003

/* ---- Getting the stream ---- */

struct table {
	unsigned order;
	u8 *stream; /* mapping of a file without a name */
	size_t bytes;
	enum saved_order byte_order; /* of the records' headers */
};

static int map_stream(struct table *t, int fd, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_errno(err, "cannot read the table's stream");
	t->bytes = st.st_size;
	if (!t->bytes)
		return 0;
	t->stream = mmap(NULL, t->bytes, PROT_READ, MAP_PRIVATE, fd, 0);
	if (t->stream == MAP_FAILED) {
		t->stream = NULL;
		return error_errno(err, "cannot read the table's stream");
	}
	return 0;
}

static int get_from_file(const char *path, int fd, struct table *t, struct error *err)
{
	struct migration_image *saved = migration_open(path, NULL, NULL, err);
	int r = -1;

	if (!saved)
		return -1;
	t->order = migration_machine(saved)->htab_order;
	t->byte_order = migration_machine(saved)->htab_byte_order;
	r = migration_copy_htab(saved, fd, err);
	migration_close(saved);
	return r;
}

static int get_from_guest(const char *name, int fd, struct table *t, struct error *err)
{
	struct control *c = control_open(name, err);
	json_t *value = NULL;

	if (c && control_send_fd(c, "htab", fd, err) == 0)
		value = control_execute(c, "x-htab", json_pack("{s:s}", "fdname", "htab"), err);
	control_close(c);
	if (!value)
		return -1;
	t->order = json_integer_value(json_object_get(value, "order"));
	t->byte_order = htab_host_order();
	json_decref(value);
	return 0;
}

static int get_table(const char *what, struct table *t, struct error *err)
{
	int fd = memfd_create("htab", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return error_errno(err, "cannot make a file in memory");
	r = names_file(what) ? get_from_file(what, fd, t, err) : get_from_guest(what, fd, t, err);
	if (!r)
		r = map_stream(t, fd, err);
	close(fd);
	return r;
}

static void free_table(struct table *t)
{
	if (t->stream)
		munmap(t->stream, t->bytes);
}

/* ---- What entries say ---- */

/*
 * Page size of an entry from the low bits of its page number, for the sizes that pSeries guests
 * have.
 */
static unsigned page_shift(u64 v, u64 r)
{
	unsigned lp = (r >> 12) & 0xff;

	if (!(v & V_LARGE))
		return 12;
	if ((lp & 0x0f) == 1 || (lp & 0x0f) == 7)
		return 16;
	return lp == 0 || lp == 8 || lp == 0x38 ? 24 : 34;
}

static const char *page_name(unsigned shift)
{
	return shift == 12 ? "4K" : shift == 16 ? "64K" : shift == 24 ? "16M" : "16G";
}

/* The virtual page number's part that the entry holds: without the bits that its place tells. */
static u64 avpn(u64 v)
{
	return (v & ~(3ull << V_SSIZE_SHIFT)) >> V_AVPN_SHIFT;
}

static void dump_entry(void *opaque, u64 index, u64 v, u64 r)
{
	u64 rpn = r & R_RPN;
	unsigned shift = page_shift(v, r);

	/* The page number's low bits of a large page say its size, not its place. */
	rpn &= ~((1ull << shift) - 1);
	printf("%08llx %016llx %016llx  avpn %014llx %s %-3s -> %012llx pp%u %s%s%s%s%s%s%s%s%s\n",
	       (unsigned long long)index, (unsigned long long)v, (unsigned long long)r,
	       (unsigned long long)avpn(v), v >> V_SSIZE_SHIFT ? "1T  " : "256M", page_name(shift),
	       (unsigned long long)rpn, (unsigned)((r & R_PP0 ? 4 : 0) | (r & R_PP)),
	       r & R_R ? "R" : "-", r & R_C ? "C" : "-", r & R_N ? "N" : "-", r & R_W ? "W" : "-",
	       r & R_I ? "I" : "-", r & R_M ? "M" : "-", r & R_G ? "G" : "-",
	       v & V_BOLTED ? " bolted" : "", v & V_SECONDARY ? " secondary" : "");
}

struct stat_counts {
	u64 valid, bolted, secondary, referenced, changed, huge_segment;
	u64 shift[64];
	u64 group, in_group; /* of the group that is being counted */
	u64 groups_with[9];  /* how many groups hold so many entries */
};

static void count_entry(void *opaque, u64 index, u64 v, u64 r)
{
	struct stat_counts *s = opaque;

	if (index / 8 != s->group) {
		s->groups_with[s->in_group]++;
		s->group = index / 8;
		s->in_group = 0;
	}
	s->in_group++;
	s->valid++;
	s->bolted += !!(v & V_BOLTED);
	s->secondary += !!(v & V_SECONDARY);
	s->huge_segment += v >> V_SSIZE_SHIFT == 1;
	s->referenced += !!(r & R_R);
	s->changed += !!(r & R_C);
	s->shift[page_shift(v, r)]++;
}

/* ---- The verbs ---- */

static double percent(u64 part, u64 whole)
{
	return whole ? 100.0 * part / whole : 0;
}

static void print_stat(const struct stat_counts *s, const struct table *t)
{
	u64 entries = 1ull << (t->order - 4);
	char size[32];

	printf("table:       2^%u bytes (%s), %llu entries in %llu groups\n", t->order,
	       format_size(1ull << t->order, size, sizeof(size)), (unsigned long long)entries,
	       (unsigned long long)entries / 8);
	printf("valid:       %llu (%.2f %%)\n", (unsigned long long)s->valid,
	       percent(s->valid, entries));
	printf("  bolted:    %llu\n", (unsigned long long)s->bolted);
	printf("  secondary: %llu\n", (unsigned long long)s->secondary);
	printf("  R set:     %llu, C set: %llu\n", (unsigned long long)s->referenced,
	       (unsigned long long)s->changed);
	printf("  segments:  %llu of 1T, %llu of 256M\n", (unsigned long long)s->huge_segment,
	       (unsigned long long)(s->valid - s->huge_segment));
	printf("  pages:    ");
	for (unsigned shift = 0; shift < 64; shift++)
		if (s->shift[shift])
			printf(" %llu of %s", (unsigned long long)s->shift[shift],
			       page_name(shift));
	printf("\ngroups by entries:\n");
	for (unsigned n = 0; n <= 8; n++)
		printf("  %u: %10llu  %5.1f %%\n", n, (unsigned long long)s->groups_with[n],
		       percent(s->groups_with[n], entries / 8));
	printf("stream:      %s\n", format_size(t->bytes, size, sizeof(size)));
}

static void print_stat_json(const struct stat_counts *s, const struct table *t)
{
	json_t *pages = json_object(), *groups = json_array(), *all;

	for (unsigned shift = 0; shift < 64; shift++)
		if (s->shift[shift])
			json_object_set_new(pages, page_name(shift), json_integer(s->shift[shift]));
	for (unsigned n = 0; n <= 8; n++)
		json_array_append_new(groups, json_integer(s->groups_with[n]));
	all = json_pack("{s:i,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:o,s:o,s:I}", "order", t->order,
			"entries", (json_int_t)1 << (t->order - 4), "valid", (json_int_t)s->valid,
			"bolted", (json_int_t)s->bolted, "secondary", (json_int_t)s->secondary,
			"referenced", (json_int_t)s->referenced, "changed", (json_int_t)s->changed,
			"segments-1t", (json_int_t)s->huge_segment, "pages", pages,
			"groups-by-entries", groups, "stream-bytes", (json_int_t)t->bytes);
	json_dumpf(all, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(all);
}

static int stat_table(const struct table *t, bool json, struct error *err)
{
	u64 entries = 1ull << (t->order - 4), counted = 0;
	struct stat_counts s = {0};

	if (htab_stream_parse(t->stream, t->bytes, t->byte_order, entries, count_entry, &s, err))
		return -1;
	s.groups_with[s.in_group]++;
	s.groups_with[0] = 0;
	for (unsigned n = 1; n <= 8; n++)
		counted += s.groups_with[n];
	s.groups_with[0] = entries / 8 - counted;
	if (json)
		print_stat_json(&s, t);
	else
		print_stat(&s, t);
	return 0;
}

int cmd_htab(int argc, char **argv)
{
	struct table t = {0};
	const char *args[2];
	struct error err;
	bool stat;
	int r = parse_verb(argc, argv, help, args, 2);

	if (r > 1)
		return r - 2;
	stat = !strcmp(args[0], "stat");
	if (!stat && strcmp(args[0], "dump"))
		return cmd_usage("htab", "there are 'stat' and 'dump', no '%s'", args[0]);
	if (get_table(args[1], &t, &err))
		return cmd_error("%s", err.text);
	if (stat)
		r = stat_table(&t, r, &err);
	else
		r = htab_stream_parse(t.stream, t.bytes, t.byte_order, 1ull << (t.order - 4),
				      dump_entry, NULL, &err);
	free_table(&t);
	if (r)
		return cmd_error("%s", err.text);
	return fflush(stdout) ? cmd_error("cannot write: %s", strerror(errno)) : STATUS_OK;
}
