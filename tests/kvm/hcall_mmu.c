/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hypercalls that work on the hash table, from a real-mode guest, with good and bad arguments:
 * return values, returned registers, and the entry as H_READ and the descriptor show it after.
 */
#include "machine.h"
#include "papr.h"

#define ORDER	18
#define ENTRIES ((1ull << ORDER) / 16)
#define GROUP	(8 * 16) /* an entry number; groups far from the VRMA's */
#define V4K	(AVPN_256M(0x111, 0) | V_VALID)
#define VLARGE	(V4K | V_LARGE)
#define RPN	(4 * MIB)

#define SLOT1	    0x10000000ull /* a second memory slot, of SLOT1_BYTES */
#define SLOT1_BYTES (4 * HOST_PAGE)
#define NOWHERE	    0x40000000ull /* no memory there */

static struct machine m;
static struct vcpu v;

static void show(u64 ptex)
{
	struct hcall h;
	struct htab_entry e;

	HCALL(&v, &h, H_READ, 0, ptex);
	if (h.r[3])
		say("    H_READ %s", h_name(h.r[3]));
	else if (h.r[4])
		say("    H_READ %016llx %016llx", h.r[4], h.r[5]);
	else
		say("    H_READ invalid");
	if (ptex < ENTRIES) {
		if (htab_entry(&m, ptex, &e))
			say("    stream %016llx %016llx", e.v & ~0x60ull, e.r);
		else
			say("    stream: invalid");
	}
}

static void enter(const char *text, u64 flags, u64 ptex, u64 pteh, u64 ptel)
{
	struct hcall h;

	HCALL(&v, &h, H_ENTER, flags, ptex, pteh, ptel);
	say("%s: flags %llx, %llx, %016llx %016llx", text, flags, ptex, pteh, ptel);
	if (h.r[3]) {
		say("    %s", h_name(h.r[3]));
		return;
	}
	say("    H_SUCCESS, entry %llx", h.r[4]);
	show(h.r[4]);
	HCALL(&v, &h, H_REMOVE, 0, h.r[4], 0);
}

/* Makes an entry that the rest of a test works on. */
static void make(u64 ptex, u64 pteh, u64 ptel)
{
	struct hcall h;

	if (HCALL(&v, &h, H_ENTER, H_EXACT, ptex, pteh, ptel))
		say("make %llx: %s", ptex, h_name(h.r[3]));
}

static void drop(u64 ptex)
{
	struct hcall h;

	HCALL(&v, &h, H_REMOVE, 0, ptex, 0);
}

static void enter_tests(void)
{
	struct hcall h;

	topic("H_ENTER: place");
	enter("4K, any free place", 0, GROUP, V4K, RPN | R_M | 2);
	enter("4K, place not the group's first", 0, GROUP + 5, V4K, RPN | R_M | 2);
	enter("4K, exact", H_EXACT, GROUP + 5, V4K, RPN | R_M | 2);
	enter("last entry", H_EXACT, ENTRIES - 2, V4K, RPN | R_M | 2);
	enter("beyond the table", H_EXACT, ENTRIES, V4K, RPN | R_M | 2);
	enter("beyond the table, any place", 0, ENTRIES, V4K, RPN | R_M | 2);
	enter("far beyond", H_EXACT, ~0ull, V4K, RPN | R_M | 2);
	make(GROUP + 3, V4K, RPN | R_M | 2);
	enter("exact, taken", H_EXACT, GROUP + 3, V4K, RPN | R_M | 2);
	for (u64 i = 0; i < 8; i++)
		if (i != 3)
			make(GROUP + i, V4K + (i << 7), RPN | R_M | 2);
	enter("group full", 0, GROUP, V4K, RPN | R_M | 2);
	drop(GROUP + 6);
	enter("group full but one", 0, GROUP, V4K, RPN | R_M | 2);
	for (u64 i = 0; i < 8; i++)
		if (i != 6)
			drop(GROUP + i);

	topic("H_ENTER: flags");
	enter("zero page", H_EXACT | H_ZERO_PAGE, GROUP, V4K, RPN | R_M | 2);
	enter("copy page", H_EXACT | H_COPY_PAGE, GROUP, V4K, RPN | R_M | 2);
	enter("icache", H_EXACT | H_ICACHE_INVALIDATE | H_ICACHE_SYNC, GROUP, V4K, RPN | R_M | 2);
	enter("all others", ~(H_EXACT | H_ZERO_PAGE | H_COPY_PAGE), GROUP, V4K, RPN | R_M | 2);
	memset(m.memory + RPN, 0x55, 4096);
	enter("zero page of a written page", H_EXACT | H_ZERO_PAGE, GROUP, V4K, RPN | R_M | 2);
	say("    byte 0 now %02x", m.memory[RPN]);

	topic("H_ENTER: first doubleword");
	enter("not valid", H_EXACT, GROUP, V4K & ~V_VALID, RPN | R_M | 2);
	enter("bolted", H_EXACT, GROUP, V4K | V_BOLTED, RPN | R_M | 2);
	enter("secondary", H_EXACT, GROUP, V4K | V_SECONDARY, RPN | R_M | 2);
	for (int bit = 3; bit <= 6; bit++)
		if (bit != 4)
			enter("software bit", H_EXACT, GROUP, V4K | 1ull << bit, RPN | R_M | 2);
	enter("1 TB", H_EXACT, GROUP, V4K | V_1TB, RPN | R_M | 2);
	enter("B = 2", H_EXACT, GROUP, V4K | 2ull << 62, RPN | R_M | 2);
	enter("B = 3", H_EXACT, GROUP, V4K | 3ull << 62, RPN | R_M | 2);
	enter("all of AVPN", H_EXACT, GROUP, 0x3fffffffffffff80ull | V_VALID, RPN | R_M | 2);

	topic("H_ENTER: page sizes");
	enter("64K", H_EXACT, GROUP, VLARGE, RPN | R_64K | R_M | 2);
	enter("64K, page number within", H_EXACT, GROUP, VLARGE, RPN | 0x2000 | R_64K | R_M | 2);
	enter("16M in a 16M segment", H_EXACT, GROUP, VLARGE, 0 | R_M | 2);
	enter("16M in a 64K segment (8)", H_EXACT, GROUP, VLARGE, 0x8000 | R_M | 2);
	enter("16M in a 4K segment (38)", H_EXACT, GROUP, VLARGE, 0x38000 | R_M | 2);
	enter("64K in a 4K segment (7)", H_EXACT, GROUP, VLARGE, RPN | 0x7000 | R_M | 2);
	for (u64 enc = 2; enc < 16; enc++)
		if (enc != 7 && enc != 8)
			enter("other encodings", H_EXACT, GROUP, VLARGE, RPN | enc << 12 | R_M | 2);
	enter("16G", H_EXACT, GROUP, VLARGE, 0x3000 | R_M | 2);
	enter("16M beyond the slot", H_EXACT, GROUP, VLARGE, 0x1000000 | R_M | 2);

	topic("H_ENTER: WIMG on memory");
	for (u64 wimg = 0; wimg < 16; wimg++)
		enter("wimg", H_EXACT, GROUP, V4K, RPN | wimg << 3 | 2);
	topic("H_ENTER: WIMG where there is no memory");
	for (u64 wimg = 0; wimg < 16; wimg++)
		enter("wimg", H_EXACT, GROUP, V4K, NOWHERE | wimg << 3 | 2);

	topic("H_ENTER: second doubleword");
	enter("pp0", H_EXACT, GROUP, V4K, R_PP0 | RPN | R_M | 2);
	enter("tag bit", H_EXACT, GROUP, V4K, R_TS | RPN | R_M | 2);
	enter("key", H_EXACT, GROUP, V4K, R_KEY_HI | R_KEY_LO | RPN | R_M | 2);
	enter("bits 61:60 of the second", H_EXACT, GROUP, V4K, (3ull << 60) | RPN | R_M | 2);
	enter("page number above 2^50", H_EXACT, GROUP, V4K, (1ull << 55) | RPN | R_M | 2);
	enter("R and C", H_EXACT, GROUP, V4K, RPN | R_REF | R_CHANGED | R_M | 2);
	enter("R", H_EXACT, GROUP, V4K, RPN | R_REF | R_M | 2);
	enter("C", H_EXACT, GROUP, V4K, RPN | R_CHANGED | R_M | 2);
	for (u64 pp = 0; pp < 8; pp++)
		enter("N, pp", H_EXACT, GROUP, V4K, RPN | R_M | pp);
	enter("all low bits", H_EXACT, GROUP, V4K, RPN | 0xfff);

	topic("H_ENTER: other memory");
	enter("slot 1, 4K", H_EXACT, GROUP, V4K, SLOT1 | R_M | 2);
	enter("slot 1, 64K", H_EXACT, GROUP, VLARGE, SLOT1 | R_64K | R_M | 2);
	enter("slot 1, 16M page over its end", H_EXACT, GROUP, VLARGE, SLOT1 | R_M | 2);
	enter("read-only slot", H_EXACT, GROUP, V4K, 0x20000000 | R_M | 2);
	enter("no memory, 64K", H_EXACT, GROUP, VLARGE, NOWHERE | R_64K | R_I | R_G | 2);
	enter("no memory, bolted", H_EXACT, GROUP, V4K | V_BOLTED, NOWHERE | R_I | R_G | 2);
	(void)h;
}

static void remove_tests(void)
{
	struct hcall h;
	static const struct {
		const char *text;
		u64 flags, avpn;
		u64 entry_v, entry_r;
	} rows[] = {
	    {"plain", 0, 0, V4K, RPN | R_M | R_REF | 2},
	    {"bolted", 0, 0, V4K | V_BOLTED, RPN | R_M | 2},
	    {"AVPN, same", H_AVPN, V4K & ~0x7full, V4K, RPN | R_M | 2},
	    {"AVPN, same with low bits", H_AVPN, V4K | 0x7f, V4K, RPN | R_M | 2},
	    {"AVPN, other", H_AVPN, (V4K & ~0x7full) + 0x80, V4K, RPN | R_M | 2},
	    {"AVPN, same but B", H_AVPN, (V4K & ~0x7full) | V_1TB, V4K, RPN | R_M | 2},
	    {"ANDCOND, no common bit", H_ANDCOND, 0, V4K, RPN | R_M | 2},
	    {"ANDCOND, valid bit", H_ANDCOND, 1, V4K, RPN | R_M | 2},
	    {"ANDCOND, bolted bit, not bolted", H_ANDCOND, V_BOLTED, V4K, RPN | R_M | 2},
	    {"ANDCOND, bolted bit, bolted", H_ANDCOND, V_BOLTED, V4K | V_BOLTED, RPN | R_M | 2},
	    {"ANDCOND, absent bit 0x20", H_ANDCOND, 0x20, V4K, RPN | R_M | 2},
	    {"both", H_AVPN | H_ANDCOND, V4K & ~0x7full, V4K, RPN | R_M | 2},
	    {"all other flags", ~(H_AVPN | H_ANDCOND), 0, V4K, RPN | R_M | 2},
	    {"no memory", 0, 0, V4K, NOWHERE | R_I | R_G | 2},
	    {"no memory, ANDCOND valid", H_ANDCOND, 1, V4K, NOWHERE | R_I | R_G | 2},
	    {"no memory, ANDCOND 0x20", H_ANDCOND, 0x20, V4K, NOWHERE | R_I | R_G | 2},
	    {"64K", 0, 0, VLARGE, RPN | R_64K | R_M | R_CHANGED | R_REF | 2},
	    {"key and pp", 0, 0, V4K, R_PP0 | R_KEY_HI | R_KEY_LO | RPN | R_M | R_N | 3},
	};

	topic("H_REMOVE");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		make(GROUP, rows[i].entry_v, rows[i].entry_r);
		HCALL(&v, &h, H_REMOVE, rows[i].flags, GROUP, rows[i].avpn);
		say_hcall(rows[i].text, &h, h.r[3] ? 0 : 2);
		if (h.r[3]) {
			show(GROUP);
			drop(GROUP);
		}
	}
	HCALL(&v, &h, H_REMOVE, 0, GROUP, 0);
	say_hcall("empty", &h, 0);
	HCALL(&v, &h, H_REMOVE, 0, ENTRIES, 0);
	say_hcall("beyond the table", &h, 0);
	HCALL(&v, &h, H_REMOVE, 0, ~0ull, 0);
	say_hcall("far beyond", &h, 0);
	HCALL(&v, &h, H_REMOVE, 0, GROUP | 1ull << 32, 0);
	say_hcall("beyond 32 bits", &h, 0);
}

/* The second doubleword of an invalid entry is nobody's business: it is not printed. */
static void say_read(const char *text, struct hcall *h, unsigned entries)
{
	say("%s = %s", text, h_name(h->r[3]));
	for (unsigned i = 0; i < entries && !h->r[3]; i++)
		if (h->r[4 + 2 * i])
			say("    %016llx %016llx", h->r[4 + 2 * i], h->r[5 + 2 * i]);
		else
			say("    invalid");
}

static void read_tests(void)
{
	struct hcall h;

	topic("H_READ");
	make(GROUP, V4K, RPN | R_M | R_REF | 2);
	make(GROUP + 2, V4K | V_BOLTED, R_PP0 | R_KEY_HI | R_KEY_LO | RPN | R_M | R_N | 3);
	make(GROUP + 3, V4K, NOWHERE | R_I | R_G | 2);
	HCALL(&v, &h, H_READ, 0, GROUP);
	say_read("one", &h, 1);
	HCALL(&v, &h, H_READ, 0, GROUP + 1);
	say_read("one, empty", &h, 1);
	HCALL(&v, &h, H_READ, 0, GROUP + 3);
	say_read("one, absent", &h, 1);
	HCALL(&v, &h, H_READ, H_READ_4, GROUP);
	say_read("four", &h, 4);
	HCALL(&v, &h, H_READ, H_READ_4, GROUP + 3);
	say_read("four, index not a multiple", &h, 4);
	HCALL(&v, &h, H_READ, ~H_READ_4, GROUP);
	say_read("all other flags", &h, 1);
	HCALL(&v, &h, H_READ, 0, ENTRIES);
	say_read("beyond the table", &h, 0);
	HCALL(&v, &h, H_READ, H_READ_4, ENTRIES);
	say_read("four, beyond the table", &h, 0);
	HCALL(&v, &h, H_READ, H_READ_4, ENTRIES + 3);
	say_read("four, just beyond the table", &h, 0);
	HCALL(&v, &h, H_READ, H_READ_4, ENTRIES - 1);
	say_read("four, from the last", &h, 0);
	HCALL(&v, &h, H_READ, H_READ_4, ~0ull);
	say_read("four, far beyond", &h, 0);
	drop(GROUP);
	drop(GROUP + 2);
	drop(GROUP + 3);
	HCALL(&v, &h, H_READ, 0, GROUP);
	say_read("removed", &h, 1);
}

static void protect_tests(void)
{
	struct hcall h;
	static const struct {
		const char *text;
		u64 flags, avpn;
		u64 entry_v, entry_r;
	} rows[] = {
	    {"pp 1", 1, 0, V4K, RPN | R_M | 2},
	    {"pp 3", 3, 0, V4K, RPN | R_M | 2},
	    {"pp 0", 0, 0, V4K, RPN | R_M | 3},
	    {"N", 4 | 2, 0, V4K, RPN | R_M | 2},
	    {"pp0, flag 0x100", 0x100 | 2, 0, V4K, RPN | R_M | 2},
	    {"flag 2^63", 1ull << 63 | 2, 0, V4K, RPN | R_M | 2},
	    {"pp0 off", 2, 0, V4K, R_PP0 | RPN | R_M | 2},
	    {"key low", 0xe00 | 2, 0, V4K, RPN | R_M | 2},
	    {"key high, flags 0x3000", 0x3000 | 2, 0, V4K, RPN | R_M | 2},
	    {"flags 0x4000 and up", 0x03ffff3fffffc000ull & ~H_AVPN, 0, V4K, RPN | R_M | 2},
	    {"flags 0x0f8: R, C, WIMG", 0x1f8 & ~0x100, 0, V4K, RPN | R_M | 2},
	    {"key off", 2, 0, V4K, R_KEY_HI | R_KEY_LO | RPN | R_M | 2},
	    {"AVPN, same", H_AVPN | 1, V4K & ~0x7full, V4K, RPN | R_M | 2},
	    {"AVPN, same with low bits", H_AVPN | 1, V4K | 0x7f, V4K, RPN | R_M | 2},
	    {"AVPN, other", H_AVPN | 1, (V4K & ~0x7full) + 0x80, V4K, RPN | R_M | 2},
	    {"ANDCOND", H_ANDCOND | 1, 1, V4K, RPN | R_M | 2},
	    {"all flags but AVPN", ~H_AVPN, 0, V4K, RPN | R_M | 2},
	    {"with R and C", 1, 0, V4K, RPN | R_M | R_REF | R_CHANGED | 2},
	    {"bolted", 1, 0, V4K | V_BOLTED, RPN | R_M | 2},
	    {"no memory", 1, 0, V4K, NOWHERE | R_I | R_G | 2},
	    {"64K", 1, 0, VLARGE, RPN | R_64K | R_M | 2},
	    {"read-only, to writable", 2, 0, V4K, RPN | R_M | 3},
	};

	topic("H_PROTECT");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		make(GROUP, rows[i].entry_v, rows[i].entry_r);
		HCALL(&v, &h, H_PROTECT, rows[i].flags, GROUP, rows[i].avpn);
		say_hcall(rows[i].text, &h, 0);
		show(GROUP);
		drop(GROUP);
	}
	HCALL(&v, &h, H_PROTECT, 1, GROUP, 0);
	say_hcall("empty", &h, 0);
	HCALL(&v, &h, H_PROTECT, H_AVPN | 1, GROUP, 0);
	say_hcall("empty, AVPN", &h, 0);
	HCALL(&v, &h, H_PROTECT, 1, ENTRIES, 0);
	say_hcall("beyond the table", &h, 0);
	HCALL(&v, &h, H_PROTECT, 1, ~0ull, 0);
	say_hcall("far beyond", &h, 0);
}

static void clear_tests(void)
{
	static const u64 calls[] = {H_CLEAR_REF, H_CLEAR_MOD};
	static const char *const names[] = {"H_CLEAR_REF", "H_CLEAR_MOD"};
	struct hcall h;

	for (int c = 0; c < 2; c++) {
		topic(names[c]);
		HCALL(&v, &h, calls[c], 0, GROUP);
		say_hcall("not enabled", &h, 0);
		enable_hcall(&m, calls[c], true);
		for (u64 rc = 0; rc < 4; rc++) {
			make(GROUP, V4K, RPN | R_M | rc << 7 | 2);
			HCALL(&v, &h, calls[c], 0, GROUP);
			say("RC %llu", rc);
			say_hcall("    first", &h, 1);
			show(GROUP);
			HCALL(&v, &h, calls[c], 0, GROUP);
			say_hcall("    again", &h, 1);
			drop(GROUP);
		}
		make(GROUP, V4K | V_BOLTED,
		     R_PP0 | R_KEY_HI | R_KEY_LO | RPN | R_M | R_REF | R_CHANGED | 2);
		HCALL(&v, &h, calls[c], ~0ull, GROUP);
		say_hcall("all flags, bolted, key", &h, 1);
		show(GROUP);
		drop(GROUP);
		make(GROUP, V4K, NOWHERE | R_I | R_G | R_REF | R_CHANGED | 2);
		HCALL(&v, &h, calls[c], 0, GROUP);
		say_hcall("no memory", &h, 1);
		show(GROUP);
		drop(GROUP);
		HCALL(&v, &h, calls[c], 0, GROUP);
		say_hcall("empty", &h, 0);
		HCALL(&v, &h, calls[c], 0, ENTRIES);
		say_hcall("beyond the table", &h, 0);
		HCALL(&v, &h, calls[c], 0, ~0ull);
		say_hcall("far beyond", &h, 0);
	}
}

static void bulk(const char *text, const u64 *args, unsigned count)
{
	struct hcall h;

	hcall(&v, &h, H_BULK_REMOVE, args, count);
	say("%s = %s", text, h_name(h.r[3]));
	for (unsigned i = 0; i < 4; i++)
		if (2 * i < count)
			say("    %016llx %016llx", h.r[4 + 2 * i], h.r[5 + 2 * i]);
}

#define BULK(text, ...) bulk(text, (const u64[]){__VA_ARGS__}, ARRAY_SIZE(((u64[]){__VA_ARGS__})))
#define REQUEST		(1ull << 62)
#define RESPONSE	(2ull << 62)
#define END		(3ull << 62)
#define ANDCOND		(1ull << 56)
#define AVPN		(2ull << 56)

static void bulk_tests(void)
{
	topic("H_BULK_REMOVE");
	for (u64 i = 0; i < 4; i++)
		make(GROUP + i, V4K + (i << 7), RPN | R_M | i << 7 | 2);
	BULK("four, R and C", REQUEST | GROUP, 0, REQUEST | (GROUP + 1), 0, REQUEST | (GROUP + 2),
	     0, REQUEST | (GROUP + 3), 0);
	BULK("four empty", REQUEST | GROUP, 0, REQUEST | (GROUP + 1), 0, REQUEST | (GROUP + 2), 0,
	     REQUEST | (GROUP + 3), 0);
	make(GROUP, V4K, RPN | R_M | 2);
	make(GROUP + 1, V4K, RPN | R_M | 2);
	make(GROUP + 2, V4K, RPN | R_M | 2);
	BULK("two, then end", REQUEST | GROUP, 0, REQUEST | (GROUP + 1), 0, END, 0,
	     REQUEST | (GROUP + 2), 0);
	show(GROUP + 2);
	BULK("end with other bits", END | 0x123456789abcdefull, 0x55, 0, 0, 0, 0, 0, 0);
	BULK("AVPN same, other; ANDCOND same, none", REQUEST | AVPN | (GROUP + 2), V4K & ~0x7full,
	     REQUEST | AVPN | (GROUP + 2), V4K, REQUEST | ANDCOND | (GROUP + 2), 1,
	     REQUEST | ANDCOND | (GROUP + 2), 0);
	make(GROUP, V4K, RPN | R_M | 2);
	BULK("AVPN: high bits of the second word", REQUEST | AVPN | GROUP, (V4K & ~0x7full) | V_1TB,
	     END, 0, 0, 0, 0, 0);
	BULK("AVPN with low bits", REQUEST | AVPN | GROUP, V4K | 0x7f, END, 0, 0, 0, 0, 0);
	make(GROUP, V4K, RPN | R_M | 2);
	BULK("AVPN, other page", REQUEST | AVPN | GROUP, V4K + 0x80, END, 0, 0, 0, 0, 0);
	BULK("ANDCOND, matches", REQUEST | ANDCOND | GROUP, 1, END, 0, 0, 0, 0, 0);
	BULK("ANDCOND, doesn't", REQUEST | ANDCOND | GROUP, 0x10, END, 0, 0, 0, 0, 0);
	BULK("both conditions", REQUEST | ANDCOND | AVPN | GROUP, V4K, END, 0, 0, 0, 0, 0);
	show(GROUP);
	BULK("no request: 0", GROUP, 0, END, 0, 0, 0, 0, 0);
	BULK("no request: a response", RESPONSE | GROUP, 0, REQUEST | GROUP, 0, END, 0, 0, 0);
	show(GROUP);
	BULK("good, then no request, then good", REQUEST | GROUP, 0, 0, 0, REQUEST | (GROUP + 1), 0,
	     END, 0);
	make(GROUP, V4K, RPN | R_M | 2);
	BULK("beyond the table, then good", REQUEST | ENTRIES, 0, REQUEST | GROUP, 0, END, 0, 0, 0);
	show(GROUP);
	BULK("good, then beyond the table", REQUEST | GROUP, 0, REQUEST | ENTRIES, 0, END, 0, 0, 0);
	make(GROUP, V4K, RPN | R_M | 2);
	BULK("entry number with bits 55:32", REQUEST | 1ull << 40 | GROUP, 0, END, 0, 0, 0, 0, 0);
	BULK("old response bits set", REQUEST | 0x3full << 56 | GROUP, 0, END, 0, 0, 0, 0, 0);
	BULK("response bits 61:58 set", REQUEST | 0x3cull << 56 | GROUP, 0, END, 0, 0, 0, 0, 0);
	drop(GROUP);
	make(GROUP, V4K | V_BOLTED, RPN | R_M | R_REF | 2);
	make(GROUP + 1, V4K, NOWHERE | R_I | R_G | R_REF | R_CHANGED | 2);
	make(GROUP + 2, VLARGE, RPN | R_64K | R_M | R_CHANGED | 2);
	BULK("bolted, absent, 64K, empty", REQUEST | GROUP, 0, REQUEST | (GROUP + 1), 0,
	     REQUEST | (GROUP + 2), 0, REQUEST | (GROUP + 3), 0);
	make(GROUP, V4K, RPN | R_M | 2);
	BULK("one twice", REQUEST | GROUP, 0, REQUEST | GROUP, 0, END, 0, 0, 0);
}

static void page_init(const char *text, u64 flags, u64 to, u64 from)
{
	struct hcall h;

	memset(m.memory + RPN, 0x11, HOST_PAGE);
	memset(m.memory + RPN + HOST_PAGE, 0x22, HOST_PAGE);
	HCALL(&v, &h, H_PAGE_INIT, flags, to, from);
	say("%s = %s: %02x %02x %02x %02x", text, h_name(h.r[3]), m.memory[RPN],
	    m.memory[RPN + 4095], m.memory[RPN + 4096], m.memory[RPN + HOST_PAGE]);
}

static void page_init_tests(void)
{
	u64 from = RPN + HOST_PAGE;

	topic("H_PAGE_INIT");
	page_init("not enabled", H_ZERO_PAGE, RPN, from);
	enable_hcall(&m, H_PAGE_INIT, true);
	page_init("nothing", 0, RPN, from);
	page_init("zero", H_ZERO_PAGE, RPN, from);
	page_init("copy", H_COPY_PAGE, RPN, from);
	page_init("zero and copy", H_ZERO_PAGE | H_COPY_PAGE, RPN, from);
	page_init("icache", H_ICACHE_INVALIDATE | H_ICACHE_SYNC, RPN, from);
	page_init("icache and copy", H_ICACHE_INVALIDATE | H_ICACHE_SYNC | H_COPY_PAGE, RPN, from);
	page_init("unknown flag 1", 1, RPN, from);
	page_init("unknown flag 1 and zero", 1 | H_ZERO_PAGE, RPN, from);
	page_init("unknown flag 2^62 and zero", 1ull << 62 | H_ZERO_PAGE, RPN, from);
	page_init("page in/out flags and zero", 3ull << 20 | H_ZERO_PAGE, RPN, from);
	page_init("destination not aligned", H_ZERO_PAGE, RPN + 8, from);
	page_init("source not aligned, copy", H_COPY_PAGE, RPN, from + 8);
	page_init("source not aligned, zero", H_ZERO_PAGE, RPN, from + 8);
	page_init("no memory at the destination", H_ZERO_PAGE, NOWHERE, from);
	page_init("no memory at the destination, no flags", 0, NOWHERE, from);
	page_init("no memory at the source, copy", H_COPY_PAGE, RPN, NOWHERE);
	page_init("no memory at the source, zero", H_ZERO_PAGE, RPN, NOWHERE);
	page_init("destination beyond everything", H_ZERO_PAGE, ~0ull << 12, from);
	page_init("read-only destination", H_ZERO_PAGE, 0x20000000, from);
	page_init("onto itself", H_COPY_PAGE, RPN, RPN);
}

static void others(void)
{
	struct hcall h;

	topic("Others of the group");
	HCALL(&v, &h, H_BLOCK_REMOVE, 0, 0);
	say_hcall("H_BLOCK_REMOVE", &h, 0);
	HCALL(&v, &h, H_RESIZE_HPT_PREPARE, 0, 19);
	say_hcall("H_RESIZE_HPT_PREPARE", &h, 0);
	HCALL(&v, &h, H_RESIZE_HPT_COMMIT, 0, 19);
	say_hcall("H_RESIZE_HPT_COMMIT", &h, 0);
	topic("Disabled by the client");
	enable_hcall(&m, H_READ, false);
	HCALL(&v, &h, H_READ, 0, GROUP);
	say_hcall("H_READ", &h, 0);
	enable_hcall(&m, H_READ, true);
	HCALL(&v, &h, H_READ, 0, GROUP);
	say_hcall("H_READ, enabled again", &h, 0);
	topic("From problem state");
	map_low_memory(&v);
	quiet_decrementer(&v);
	v.msr |= MSR_PR | MSR_IR | MSR_DR;
	HCALL(&v, &h, H_READ, 0, GROUP);
	say_hcall("H_READ", &h, 0);
	topic("With translation on");
	v.msr &= ~MSR_PR;
	HCALL(&v, &h, H_READ, 0, GROUP);
	say_hcall("H_READ", &h, 0);
	v.msr = GUEST_MSR;
}

int main(void)
{
	void *slot1 = slot_memory(SLOT1_BYTES), *slot2 = slot_memory(HOST_PAGE);

	machine_new(&m, 16 * MIB, ORDER);
	if (set_slot(m.vm, 1, 0, SLOT1, SLOT1_BYTES, slot1))
		die("slot 1");
	say("read-only slot: %d",
	    set_slot(m.vm, 2, KVM_MEM_READONLY, 0x20000000, HOST_PAGE, slot2));
	vcpu_new(&v, &m, 0);
	enter_tests();
	remove_tests();
	read_tests();
	protect_tests();
	clear_tests();
	bulk_tests();
	page_init_tests();
	others();
	vcpu_free(&v);
	machine_free(&m);
	return 0;
}
