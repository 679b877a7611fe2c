/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QEMU's migration stream, as far as a hash table in it wants. Big-endian:
 *
 *	"QEVM" | version 3 | sections ... | 0 | 6, bytes, description in JSON
 *
 *	section start, or whole:  1 or 4 | id 4 | length 1, name | instance 4 | version 4 | data
 *	part, or end:             2 or 3 | id 4 | data
 *	after each of them:       0x7e | id 4
 *	configuration, once:      7 | bytes 4, machine | subsections ...
 *	each subsection:          5 | length 1, name | version 4 | data
 *
 * Sections don't tell their length. The table's ("spapr/htab") and the memory's ("ram") we know;
 * what is unknown is skipped by looking for its footer with something behind it that makes sense.
 * The table comes before the devices, so there is hardly ever anything to skip.
 */
#include "inspect/load.h"
#include "inspect/stream.h"

#define MAGIC	0x5145564du
#define VERSION 3

enum {
	MARK_EOF = 0x00,
	MARK_START = 0x01,
	MARK_PART = 0x02,
	MARK_END = 0x03,
	MARK_FULL = 0x04,
	MARK_SUBSECTION = 0x05,
	MARK_DESCRIPTION = 0x06,
	MARK_CONFIGURATION = 0x07,
	MARK_COMMAND = 0x08,
	MARK_FOOTER = 0x7e,
};

/* Flags in the low bits of a page's address. */
#define PAGE_BYTES	  4096
#define RAM_ZERO	  0x002
#define RAM_MEM_SIZE	  0x004
#define RAM_PAGE	  0x008
#define RAM_EOS		  0x010
#define RAM_CONTINUE	  0x020
#define RAM_XBZRLE	  0x040
#define RAM_HOOK	  0x080
#define RAM_COMPRESSED	  0x100
#define RAM_MULTIFD_FLUSH 0x200
#define RAM_FLAGS	  0xfffull

#define SECTIONS_MAX 256
#define NO_TABLE     0xffffffffu

enum section_kind { SECTION_OTHER, SECTION_RAM, SECTION_HTAB };

struct reader {
	const u8 *p;
	size_t left;
	bool cut; /* more was asked for than there was */
	struct table *t;
	bool has_table, ended;
	u64 mem_bytes;
	struct {
		u32 id;
		enum section_kind kind;
	} sections[SECTIONS_MAX];
	unsigned n_sections;
};

/* ---- Pieces ---- */

static const u8 *take(struct reader *q, size_t n)
{
	const u8 *p = q->p;

	if (q->cut || n > q->left) {
		q->cut = true;
		return NULL;
	}
	q->p += n;
	q->left -= n;
	return p;
}

static u8 take_byte(struct reader *q)
{
	const u8 *p = take(q, 1);

	return p ? *p : 0;
}

static u32 take_be16(struct reader *q)
{
	const u8 *p = take(q, 2);

	return p ? p[0] << 8 | p[1] : 0;
}

static u32 take_be32(struct reader *q)
{
	const u8 *p = take(q, 4);

	return p ? load_be32(p) : 0;
}

static u64 take_be64(struct reader *q)
{
	const u8 *p = take(q, 8);

	return p ? load_be64(p) : 0;
}

/* A counted name. */
static const char *take_name(struct reader *q, char name[256])
{
	u8 len = take_byte(q);
	const u8 *p = take(q, len);

	if (!p)
		len = 0;
	else
		memcpy(name, p, len);
	name[len] = 0;
	return name;
}

/* ---- Configuration ---- */

static int subsection(struct reader *q, struct error *err)
{
	char name[256];
	u32 n;

	take_byte(q);
	take_name(q, name);
	take_be32(q);
	if (!strcmp(name, "configuration/target-page-bits")) {
		take_be32(q);
	} else if (!strcmp(name, "configuration/capabilities")) {
		for (n = take_be32(q); n && !q->cut; n--)
			take(q, take_byte(q));
	} else if (!strcmp(name, "configuration/uuid")) {
		take(q, 16);
	} else {
		return error_set(err,
				 "the migration's configuration has a part that is unknown here");
	}
	return 0;
}

static int configuration(struct reader *q, struct error *err)
{
	take(q, take_be32(q));
	while (q->left && *q->p == MARK_SUBSECTION)
		if (subsection(q, err))
			return -1;
	return 0;
}

/* ---- Memory ---- */

/* The blocks of memory and their sizes; the guest's own is at address 0. */
static int ram_blocks(struct reader *q, u64 total, struct error *err)
{
	char name[256];

	while (total && !q->cut) {
		u64 bytes;

		take_name(q, name);
		bytes = take_be64(q);
		if (bytes > total)
			return error_set(err, "the migration's list of memory is wrong");
		if (!strcmp(name, "ppc_spapr.ram"))
			q->mem_bytes = bytes;
		total -= bytes;
	}
	return 0;
}

static int ram(struct reader *q, struct error *err)
{
	char name[256];

	while (!q->cut) {
		u64 header = take_be64(q), flags = header & RAM_FLAGS;

		if (flags & RAM_HOOK)
			return error_set(err, "the migration was made for RDMA");
		if (flags & RAM_MEM_SIZE) {
			if (ram_blocks(q, header & ~RAM_FLAGS, err))
				return -1;
			continue;
		}
		if (flags & (RAM_ZERO | RAM_PAGE | RAM_XBZRLE | RAM_COMPRESSED) &&
		    !(flags & RAM_CONTINUE))
			take_name(q, name);
		switch (flags & ~(u64)RAM_CONTINUE) {
		case RAM_EOS:
			return 0;
		case RAM_ZERO:
			take_byte(q);
			break;
		case RAM_PAGE:
			take(q, PAGE_BYTES);
			break;
		case RAM_XBZRLE:
			take_byte(q);
			take(q, take_be16(q));
			break;
		case RAM_COMPRESSED:
			take(q, take_be32(q));
			break;
		case RAM_MULTIFD_FLUSH:
			break;
		default:
			if (!q->cut)
				return error_set(err,
						 "the migration's memory is in a form that is "
						 "unknown here (flags 0x%llx)",
						 (unsigned long long)flags);
		}
	}
	return 0;
}

/* ---- The table ---- */

/* Each piece begins with the table's order, or 0 when that was told. */
static int htab(struct reader *q, struct error *err)
{
	u32 order = take_be32(q);

	if (q->cut)
		return 0;
	if (order == NO_TABLE)
		return error_set(err, "the guest has no hash table: it uses the radix MMU");
	if (order) {
		if (q->has_table)
			table_free(q->t);
		q->has_table = false;
		if (table_init(q->t, order, err))
			return -1;
		q->has_table = true;
	} else if (!q->has_table) {
		return error_set(err, "the migration doesn't tell its table's size");
	}
	return 0;
}

static int htab_records(struct reader *q, struct error *err)
{
	while (!q->cut) {
		const u8 *at = q->p, *body;
		struct htab_record rec;
		size_t bytes;

		if (!take(q, HTAB_RECORD_HEADER))
			break;
		rec = htab_record_decode(at, HTAB_BIG);
		if (!rec.n_valid && !rec.n_invalid)
			return 0;
		bytes = (size_t)rec.n_valid * HTAB_ENTRY_BYTES;
		body = take(q, bytes);
		if (body && stream_apply(q->t, at, HTAB_RECORD_HEADER + bytes, HTAB_BIG, err))
			return -1;
	}
	return 0;
}

/* ---- Sections ---- */

/* What may stand behind a section's footer. */
static bool makes_sense(const u8 *p, size_t left)
{
	if (!left)
		return true;
	switch (p[0]) {
	case MARK_EOF:
		return left == 1 || p[1] == MARK_DESCRIPTION;
	case MARK_PART:
	case MARK_END:
		return left > 5;
	case MARK_START:
	case MARK_FULL:
		if (left < 7 || !p[5] || left < 6u + p[5])
			return false;
		for (unsigned i = 0; i < p[5]; i++)
			if (p[6 + i] <= ' ' || p[6 + i] > '~')
				return false;
		return true;
	default:
		return p[0] == MARK_COMMAND;
	}
}

/* To the footer of a section that we don't know. */
static void skip(struct reader *q, u32 id)
{
	for (; q->left >= 5; q->p++, q->left--)
		if (q->p[0] == MARK_FOOTER && load_be32(q->p + 1) == id &&
		    makes_sense(q->p + 5, q->left - 5))
			return;
	q->cut = true;
}

static enum section_kind kind_of(const struct reader *q, u32 id)
{
	for (unsigned i = 0; i < q->n_sections; i++)
		if (q->sections[i].id == id)
			return q->sections[i].kind;
	return SECTION_OTHER;
}

static int begin_section(struct reader *q, u32 id, struct error *err)
{
	enum section_kind kind = SECTION_OTHER;
	char name[256];

	take_name(q, name);
	if (!strcmp(name, "ram"))
		kind = SECTION_RAM;
	else if (!strcmp(name, "spapr/htab"))
		kind = SECTION_HTAB;
	take_be32(q);
	take_be32(q);
	if (kind == SECTION_OTHER)
		return 0;
	if (q->n_sections == SECTIONS_MAX)
		return error_set(err, "the migration has too many sections");
	q->sections[q->n_sections].id = id;
	q->sections[q->n_sections++].kind = kind;
	return 0;
}

static int section(struct reader *q, u8 mark, struct error *err)
{
	bool begins = mark == MARK_START || mark == MARK_FULL;
	u32 id = take_be32(q);
	int r = begins ? begin_section(q, id, err) : 0;

	if (r || q->cut)
		return r;
	switch (kind_of(q, id)) {
	case SECTION_RAM:
		r = ram(q, err);
		break;
	case SECTION_HTAB:
		r = htab(q, err);
		if (!r && !begins)
			r = htab_records(q, err);
		q->ended = mark == MARK_END;
		break;
	case SECTION_OTHER:
		skip(q, id);
		break;
	}
	if (!r && q->left && *q->p == MARK_FOOTER) {
		take_byte(q);
		if (take_be32(q) != id && !q->cut)
			return error_set(err, "the migration has a section that ends as another");
	}
	return r;
}

/* Up to the table's end: what follows tells nothing of it. */
static int sections(struct reader *q, struct error *err)
{
	while (!q->ended && !q->cut) {
		u8 mark = take_byte(q);
		int r = 0;

		switch (mark) {
		case MARK_CONFIGURATION:
			r = configuration(q, err);
			break;
		case MARK_START:
		case MARK_PART:
		case MARK_END:
		case MARK_FULL:
			r = section(q, mark, err);
			break;
		case MARK_COMMAND:
			take_be16(q);
			take(q, take_be16(q));
			break;
		case MARK_EOF:
			if (!q->cut)
				return error_set(err, "there is no hash table in the migration: "
						      "it is no pseries guest's");
			break;
		default:
			return error_set(err, "the migration has a section of unknown kind 0x%02x",
					 mark);
		}
		if (r)
			return r;
	}
	return q->cut ? error_set(err, "the migration is cut off") : 0;
}

bool looks_like_qemu(const u8 *data, size_t len)
{
	return len >= 8 && load_be32(data) == MAGIC;
}

int load_qemu(struct table *t, const u8 *data, size_t len, struct error *err)
{
	struct reader q = {.p = data, .left = len, .t = t};
	u32 version;

	take_be32(&q);
	version = take_be32(&q);
	if (version != VERSION)
		return error_set(err, "a migration of QEMU in version %u of its format: 3 is known",
				 version);
	if (sections(&q, err)) {
		if (q.has_table)
			table_free(t);
		return -1;
	}
	t->source = "QEMU migration";
	t->mem_bytes = q.mem_bytes;
	return 0;
}
