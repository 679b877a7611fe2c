/* SPDX-License-Identifier: Apache-2.0 */
/* Pages that code was decoded from, and what they held then. */
#include "base/racy.h"
#include "cpu/engine/cache.h"

#define PART_MASK ((1u << PART_LINES) - 1)

static unsigned page_bucket(u64 gpa)
{
	return (gpa >> CPU_PAGE_SHIFT ^ gpa >> 24) & (PAGE_BUCKETS - 1);
}

struct code_page *page_find(struct code_cache *c, u64 gpa)
{
	struct code_page *p = c->last_page;

	if (p && p->gpa == gpa)
		return p;
	p = c->pages[page_bucket(gpa)];
	while (p && p->gpa != gpa)
		p = p->next;
	if (p)
		c->last_page = p;
	return p;
}

struct block **page_blocks(const struct code_cache *c, struct code_page *p, enum code_kind kind)
{
	if (kind == COLD && p->round != c->round) {
		p->round = c->round;
		p->blocks[COLD] = NULL;
	}
	return &p->blocks[kind];
}

static struct code_page *page_new(struct code_cache *c, u64 gpa)
{
	struct code_page *p = arena_take(&c->arena[KEPT], sizeof(*p));

	if (!p)
		return NULL;
	p->gpa = gpa;
	p->checked = c->epoch;
	p->next = c->pages[page_bucket(gpa)];
	p->blocks[KEPT] = p->blocks[COLD] = NULL;
	p->round = c->round;
	p->lines = 0;
	memset(p->image, 0, sizeof(p->image));
	c->pages[page_bucket(gpa)] = p;
	return p;
}

/* How much page_note() would take. */
static size_t bytes_to_note(const struct code_page *p, unsigned offset, unsigned bytes)
{
	size_t n = 0;

	for (unsigned i = offset / PART_BYTES; i <= (offset + bytes - 1) / PART_BYTES; i++)
		n += p->image[i] ? 0 : PART_BYTES;
	return n;
}

struct code_page *page_get(struct code_cache *c, u64 gpa, unsigned bytes, enum code_kind kind)
{
	const struct arena *a = &c->arena[KEPT];
	struct code_page *p = page_find(c, gpa & CPU_PAGE_MASK);

	if (!p)
		p = page_new(c, gpa & CPU_PAGE_MASK);
	if (!p || kind == COLD)
		return p;
	return a->used + bytes_to_note(p, gpa & ~CPU_PAGE_MASK, bytes) <= a->bytes ? p : NULL;
}

void page_read(u8 *lines, unsigned offset, unsigned bytes, const u8 *host_page)
{
	unsigned first = offset & ~(LINE_BYTES - 1);
	unsigned end = (offset + bytes + LINE_BYTES - 1) & ~(LINE_BYTES - 1);

	racy_copy_bytes(lines, host_page + first, end - first);
}

static void note_line(struct code_cache *c, struct code_page *p, unsigned line, const u8 *from)
{
	u32 *part = &p->image[line / PART_LINES];

	if (!*part)
		*part = code_place(c, arena_take(&c->arena[KEPT], PART_BYTES));
	memcpy((u8 *)code_at_place(c, *part) + line % PART_LINES * LINE_BYTES, from, LINE_BYTES);
	p->lines |= 1ull << line;
}

void page_note(struct code_cache *c, struct code_page *p, unsigned offset, unsigned bytes,
	       const u8 *lines)
{
	unsigned first = offset >> LINE_SHIFT, last = (offset + bytes - 1) >> LINE_SHIFT;

	for (unsigned line = first; line <= last; line++)
		if (!(p->lines >> line & 1))
			note_line(c, p, line, lines + (line - first) * LINE_BYTES);
}

const u8 *page_noted(const struct code_cache *c, const struct code_page *p, unsigned offset)
{
	return (const u8 *)code_at_place(c, p->image[offset / PART_BYTES]) + offset % PART_BYTES;
}

/* The lines of @left, bits from 0 on, from @image and @host on. */
static bool lines_are_same(unsigned left, const u8 *image, const u8 *host)
{
	/* Neighbours at once: this is what each exit to the client costs. */
	for (; left; left &= left + (left & -left)) {
		unsigned first = (unsigned)__builtin_ctz(left);
		unsigned lines = (unsigned)__builtin_ctz(~(left >> first)), at = first * LINE_BYTES;

		if (!racy_same_bytes(image + at, host + at, lines * LINE_BYTES))
			return false;
	}
	return true;
}

/* Of what goes on elsewhere there is no need to know. */
static bool cold_is_same(const struct block *b, const u8 *host)
{
	if (!code_is_found(b))
		return true;
	for (unsigned n = 1; n <= b->count; n++)
		if (insn_fetch(host + (n - 1) * 4, b->mode) != b->ops[n].insn)
			return false;
	return true;
}

bool page_has_blocks(const struct code_cache *c, struct code_page *p)
{
	return p->lines || *page_blocks(c, p, COLD);
}

bool page_is_same(const struct code_cache *c, struct code_page *p, const u8 *host_page)
{
	for (unsigned i = 0; i < ARRAY_SIZE(p->image); i++)
		if (!lines_are_same(p->lines >> i * PART_LINES & PART_MASK,
				    code_at_place(c, p->image[i]), host_page + i * PART_BYTES))
			return false;
	for (const struct block *b = *page_blocks(c, p, COLD); b; b = b->page_next)
		if (!cold_is_same(b, host_page + (b->gpa & ~CPU_PAGE_MASK)))
			return false;
	return true;
}
