/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include "cpu/booke/set.h"

static void set_440(struct booke_tlb *tlb, unsigned i, const union booke_entry *e)
{
	for (unsigned word = 0; word < TLB440_WORDS; word++)
		tlb440_write(tlb, i, word, e->ppc440.word[word], e->ppc440.tid);
}

static bool is_empty(const union booke_entry *e)
{
	return !e->e500.mas1 && !e->e500.mas2 && !e->e500.mas7_3;
}

/* As tlbwe does it, of which MAS2 chooses the set in TLB0; here the entry is known. */
static void set_e500(struct booke_tlb *tlb, unsigned i, const union booke_entry *e)
{
	bool tlb1 = i >= tlb->tlb0_entries;
	unsigned esel = tlb1 ? i - tlb->tlb0_entries : i % tlb->tlb0_ways, victim = tlb->victim;
	struct booke_mas mas = {
	    .mas0 = (tlb1 ? MAS0_TLBSEL : 0) | esel << MAS0_ESEL_SHIFT,
	    .mas1 = e->e500.mas1,
	    .mas2 = e->e500.mas2,
	    .mas3 = (u32)e->e500.mas7_3,
	    .mas7 = e->e500.mas7_3 >> 32,
	};

	/* An entry in the set of another address is never found: it may as well be empty. */
	if (is_empty(e) || tlb_e500_named(tlb, &mas) != i) {
		tlb->e[i] = (union booke_entry){0};
		tlb->changes++;
		return;
	}
	tlb_e500_write(tlb, &mas);
	tlb->victim = victim;
}

void booke_tlb_set(struct booke_tlb *tlb, unsigned i, const union booke_entry *e)
{
	if (tlb->kind == BOOKE_440)
		set_440(tlb, i, e);
	else
		set_e500(tlb, i, e);
}

/* Codes of page sizes, 4^n KiB; the 440 has no 4 MiB and no 64 MiB. */
#define SIZES_440  0x2bfu
#define SIZES_E500 0xffeu

/* -1: there is none. */
static int size_code(const struct booke_tlb *tlb, u64 bytes)
{
	u32 sizes = tlb->kind == BOOKE_440 ? SIZES_440 : SIZES_E500;

	for (int code = 0; code < 12; code++)
		if (sizes >> code & 1 && bytes == 1024ull << 2 * code)
			return code;
	return -1;
}

static bool overlap(const struct booke_page *a, const struct booke_page *b)
{
	if (a->space != b->space || (a->tid && b->tid && a->tid != b->tid))
		return false;
	return a->ea < b->ea + b->bytes && b->ea < a->ea + a->bytes;
}

static int find_room(const struct booke_tlb *tlb, const struct booke_page *page)
{
	struct booke_page other;
	int room = -ENOSPC;

	for (unsigned i = 0; i < tlb->entries; i++) {
		if (booke_tlb_page(tlb, i, &other)) {
			if (overlap(page, &other))
				return -EEXIST;
		} else if (room < 0 && i >= tlb->tlb0_entries) {
			room = (int)i;
		}
	}
	return room;
}

static union booke_entry entry_440(const struct booke_page *p, int code, u32 access)
{
	return (union booke_entry){
	    .ppc440 =
		{
		    .tid = p->tid,
		    .word =
			{
			    (u32)p->ea | (u32)code << 4 | TLB440_V | (p->space ? TLB440_TS : 0),
			    (u32)p->real | p->real >> 32,
			    access << 7 | p->user << 3 | p->supervisor,
			},
		},
	};
}

/* Read, write and execute are each a user's and a supervisor's bit. */
static u32 permissions_e500(unsigned user, unsigned supervisor)
{
	u32 bits = 0;

	for (unsigned i = 0; i < 3; i++)
		bits |= (user >> i & 1) << (2 * i + 1) | (supervisor >> i & 1) << 2 * i;
	return bits;
}

static union booke_entry entry_e500(const struct booke_page *p, int code, u32 access, bool protect)
{
	return (union booke_entry){
	    .e500 =
		{
		    .mas1 = MAS1_V | (protect ? MAS1_IPROT : 0) | p->tid << MAS1_TID_SHIFT |
			    (p->space ? MAS1_TS : 0) | (u32)code << MAS1_TSIZE_SHIFT,
		    .mas2 = (u32)p->ea | access,
		    .mas7_3 = p->real | permissions_e500(p->user, p->supervisor),
		},
	};
}

int booke_tlb_map(struct booke_tlb *tlb, const struct booke_page *page, u32 access, bool protect)
{
	int code = size_code(tlb, page->bytes), room;
	union booke_entry e;

	if (code < 0 || (access & ~BOOKE_ACCESS) || page->tid > 0xff ||
	    ((page->ea | page->real) & (page->bytes - 1)) || page->ea >> 32 || page->real >> 36)
		return -EINVAL;
	room = find_room(tlb, page);
	if (room < 0)
		return room;
	e = tlb->kind == BOOKE_440 ? entry_440(page, code, access)
				   : entry_e500(page, code, access, protect);
	booke_tlb_set(tlb, room, &e);
	return room;
}
