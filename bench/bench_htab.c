/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What reading the hash table's stream costs, against memcpy of the same bytes and against the
 * plain algorithm: walk every entry, look at its modified bit, lock it, copy it.
 *
 *     bench_htab [--json] [--rounds N] [--order N] [--check]
 *
 * Everything is run in turn in each round, so that a slow moment of the machine hits all alike; the
 * median and the spread (first to last quartile) are printed. --check: exit 1 if a ratio misses its
 * goal.
 */
#include "hpt/hpt.h"
#include "random.h"
#include "rounds.h"

#define BUFFER_BYTES (1u << 20) /* what a client reads at once */

/* ---- the plain algorithm -------------------------------------------------------------------- */

#define PLAIN_LOCK     0x40ull
#define PLAIN_MODIFIED (1ull << 62)

struct plain_entry {
	u64 v, r;
};

/* Beside each entry, as an implementation without bitmaps keeps it. */
struct plain_side {
	u64 guest_r;
	u32 next, prev;
};

struct plain {
	struct plain_entry *entries;
	struct plain_side *sides;
	u64 n;
};

static void plain_lock(struct plain_entry *e)
{
	u64 v;

	do {
		v = __atomic_load_n(&e->v, __ATOMIC_RELAXED) & ~PLAIN_LOCK;
	} while (!__atomic_compare_exchange_n(&e->v, &v, v | PLAIN_LOCK, false, __ATOMIC_ACQUIRE,
					      __ATOMIC_RELAXED));
}

/* One pass into @buf, used over and over; returns the bytes that went through it. */
static u64 plain_pass(struct plain *p, bool first, u8 *buf)
{
	u64 total = 0, used = 0;

	for (u64 i = 0; i < p->n; i++) {
		struct plain_entry *e = &p->entries[i];
		u64 v, r;

		if (!first &&
		    !(__atomic_load_n(&p->sides[i].guest_r, __ATOMIC_RELAXED) & PLAIN_MODIFIED))
			continue;
		plain_lock(e);
		v = e->v & ~PLAIN_LOCK;
		r = p->sides[i].guest_r & ~PLAIN_MODIFIED;
		p->sides[i].guest_r = r;
		r |= e->r & (HPT_R_R | HPT_R_C);
		__atomic_store_n(&e->v, v, __ATOMIC_RELEASE);
		if (used + HPT_STREAM_READ_MIN > BUFFER_BYTES) {
			total += used;
			used = 0;
		}
		store_be64(buf + used, v);
		store_be64(buf + used + 8, r);
		used += HPT_ENTRY_BYTES;
	}
	return total + used;
}

/* ---- tables --------------------------------------------------------------------------------- */

static void fill(struct hpt *hpt, struct plain *p)
{
	p->n = hpt_entries(hpt);
	p->entries = calloc(p->n, sizeof(*p->entries));
	p->sides = calloc(p->n, sizeof(*p->sides));
	if (!p->entries || !p->sides)
		exit(1);
	for (u64 i = 0; i < p->n; i++) {
		u64 v = (random_u64() & HPT_V_AVPN) | HPT_V_VALID;
		u64 r = (i << HPT_R_RPN_SHIFT) | HPT_R_R | HPT_R_M | 2;

		hpt_enter(hpt, i, HPT_EXACT, v, r, NULL);
		p->entries[i] = (struct plain_entry){v, r};
		p->sides[i].guest_r = r;
	}
}

static void change(struct hpt *hpt, struct plain *p, unsigned n)
{
	for (unsigned k = 0; k < n; k++) {
		u64 i = random_u64() % p->n;

		hpt_protect(hpt, i, 1u << HPT_ALWAYS, 0, HPT_R_PP, k & 3, NULL, NULL);
		p->sides[i].guest_r |= PLAIN_MODIFIED;
	}
}

/* ---- measuring ------------------------------------------------------------------------------- */

enum what {
	MEMCPY,
	PIECES,
	PLAIN_FIRST,
	FIRST,
	PLAIN_0,
	LATER_0,
	PLAIN_1K,
	LATER_1K,
	PLAIN_100K,
	LATER_100K,
	N_WHAT,
};

static struct bench_row rows[N_WHAT] = {
    [MEMCPY] = {"memcpy of the table", "memcpy", MEMCPY, 0},
    [PIECES] = {"memcpy in 1 MiB pieces", "memcpy_pieces", MEMCPY, 0},
    [PLAIN_FIRST] = {"plain: first pass", "plain_first", MEMCPY, 0},
    [FIRST] = {"papyr: first pass", "first", MEMCPY, 1.5},
    [PLAIN_0] = {"plain: nothing changed", "plain_0", PLAIN_0, 0},
    [LATER_0] = {"papyr: nothing changed", "later_0", PLAIN_0, 0.01},
    [PLAIN_1K] = {"plain: 1,000 changes", "plain_1000", PLAIN_0, 0},
    [LATER_1K] = {"papyr: 1,000 changes", "later_1000", PLAIN_0, 0.1},
    [PLAIN_100K] = {"plain: 100,000 changes", "plain_100000", PLAIN_0, 0},
    [LATER_100K] = {"papyr: 100,000 changes", "later_100000", PLAIN_100K, 0},
};

static void read_pass(struct hpt_reader *rd, u8 *buf)
{
	ssize_t got;

	do {
		got = hpt_reader_read(rd, buf, BUFFER_BYTES);
	} while (got > 0 && (u64)got > BUFFER_BYTES - 2 * HPT_STREAM_READ_MIN);
}

/* What a client that reads into one buffer again and again would see if reading were memcpy. */
static void copy_in_pieces(u8 *buf, const struct plain *p)
{
	u64 bytes = p->n * sizeof(*p->entries), piece = BUFFER_BYTES;

	for (u64 at = 0; at < bytes; at += piece) {
		piece = bytes - at < piece ? bytes - at : piece;
		memcpy(buf, (const u8 *)p->entries + at, piece);
		__asm__ volatile("" ::"r"(buf) : "memory");
	}
}

static void one_round(struct hpt *hpt, struct plain *p, u8 *copy, unsigned round)
{
	static const unsigned changes[] = {0, 1000, 100000};
	static u8 buf[BUFFER_BYTES];
	struct hpt_reader *rd;
	double t;

#define MEASURE(what, code)                                                                        \
	do {                                                                                       \
		t = now_us();                                                                      \
		code;                                                                              \
		rows[what].us[round] = now_us() - t;                                              \
	} while (0)

	MEASURE(MEMCPY, memcpy(copy, p->entries, p->n * sizeof(*p->entries)));
	__asm__ volatile("" ::"r"(copy) : "memory");
	MEASURE(PIECES, copy_in_pieces(buf, p));
	MEASURE(PLAIN_FIRST, plain_pass(p, true, buf));
	if (hpt_reader_create(&rd, hpt, 0, 0))
		exit(1);
	MEASURE(FIRST, read_pass(rd, buf));
	for (unsigned i = 0; i < ARRAY_SIZE(changes); i++) {
		change(hpt, p, changes[i]);
		MEASURE(PLAIN_0 + 2 * i, plain_pass(p, false, buf));
		MEASURE(LATER_0 + 2 * i, read_pass(rd, buf));
	}
	hpt_reader_destroy(rd);
#undef MEASURE
}

int main(int argc, char **argv)
{
	bool json = false, check = false;
	unsigned rounds = 21, order = 24;
	struct plain plain;
	struct hpt *hpt;
	u8 *copy;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--json")) {
			json = true;
		} else if (!strcmp(argv[i], "--check")) {
			check = true;
		} else if (!strcmp(argv[i], "--rounds") && i + 1 < argc) {
			rounds = (unsigned)atoi(argv[++i]);
		} else if (!strcmp(argv[i], "--order") && i + 1 < argc) {
			order = (unsigned)atoi(argv[++i]);
		} else {
			fprintf(stderr, "usage: %s [--json] [--check] [--rounds N] [--order N]\n",
				argv[0]);
			return 1;
		}
	}
	if (rounds < 1 || rounds > ROUNDS_MAX || hpt_create(&hpt, order)) {
		fprintf(stderr, "rounds must be 1 .. %d, order 18 .. 46\n", ROUNDS_MAX);
		return 1;
	}
	copy = malloc(hpt_entries(hpt) * HPT_ENTRY_BYTES);
	if (!copy)
		return 1;
	memset(copy, 1, hpt_entries(hpt) * HPT_ENTRY_BYTES);
	fill(hpt, &plain);
	for (unsigned round = 0; round < rounds; round++)
		one_round(hpt, &plain, copy, round);
	return bench_report(rows, N_WHAT, rounds, json) && check;
}
