/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hpt - the hashed page table of a Book3S guest.
 *
 * A table of 2^order bytes: groups (PTEGs) of 8 entries, each entry two doublewords, v and r, kept
 * in host byte order. This room knows no VM and no vcpu: what it must ask (is there memory behind
 * this guest address?) or tell (this translation is gone) goes through struct hpt_ops.
 *
 * First doubleword, v:
 *
 *     63 62 61                                      7   6    5    4    3    2    1    0
 *    +-----+------------------------------------------+----+----+----+----+----+----+----+
 *    |  B  |                   AVPN                   |LOCK|ABS |BOLT| SW |  L |  H |  V |
 *    +-----+------------------------------------------+----+----+----+----+----+----+----+
 *
 * Second doubleword, r:
 *
 *     63  62 61 60 59                       12 11    9  8   7   6   5   4   3   2   1  0
 *    +---+---+----+---------------------------+-------+---+---+---+---+---+---+---+------+
 *    |pp0| - | kh |          RPN (and LP)     |  kl   | R | C | W | I | M | G | N |  pp  |
 *    +---+---+----+---------------------------+-------+---+---+---+---+---+---+---+------+
 *
 * LOCK and ABS(ent) are ours and never seen by guests or streams. An absent entry is one that the
 * guest made and that has no memory behind it (MMIO, or its memory slot is gone): V is clear and
 * ABS is set; guests and streams see it as valid.
 *
 * Locking, lowest last: entry lock (bit LOCK in v; one at a time, never two) -> reverse-map bucket
 * lock -> hpt_ops.classify. All are spin locks held for nanoseconds. A change of an entry goes
 *
 *     lock the entry; tell the trackers; write r; write v, which drops the lock
 *
 * in this order; readers rely on it (track.h says how).
 *
 * Unless said otherwise a function may be called from any thread at any time between hpt_create
 * and hpt_destroy; indexes must be below hpt_entries(). Errors are negative errno values.
 */
#ifndef PAPYR_HPT_HPT_H
#define PAPYR_HPT_HPT_H

#include <stdatomic.h>
#include <sys/types.h>
#include "base/bits.h"
#include "base/htab_record.h"

/* ---- layout ------------------------------------------------------------------------------- */

#define HPT_ORDER_MIN                                                                              \
	18 /* 256 KiB: 2^11 groups, the least for which an index and AVPN give the VA */
#define HPT_ORDER_MAX 46

#define HPT_ENTRY_BYTES	      16
#define HPT_ENTRIES_PER_GROUP 8
#define HPT_GROUP_SHIFT	      3 /* entry index -> group index */

#define HPT_V_B		 0xc000000000000000ull /* segment size: 0 = 256M, 1 = 1T */
#define HPT_V_B_1T	 0x4000000000000000ull
#define HPT_V_AVPN	 0x3fffffffffffff80ull /* VA bits from bit 23 up */
#define HPT_V_AVPN_SHIFT 7
#define HPT_V_CMP	 (HPT_V_B | HPT_V_AVPN) /* what H_AVPN compares */
#define HPT_V_LOCK	 0x40ull		/* ours: somebody changes this entry */
#define HPT_V_ABSENT	 0x20ull		/* ours: the guest's, but no memory behind it */
#define HPT_V_OURS	 (HPT_V_LOCK | HPT_V_ABSENT)
#define HPT_V_BOLTED	 0x10ull
#define HPT_V_SW_LOCK	 0x08ull /* the guest's own lock bit */
#define HPT_V_LARGE	 0x04ull
#define HPT_V_SECONDARY	 0x02ull
#define HPT_V_VALID	 0x01ull
#define HPT_V_USED	 (HPT_V_VALID | HPT_V_ABSENT)

#define HPT_R_PP0	0x8000000000000000ull
#define HPT_R_TS	0x4000000000000000ull /* reserved: H_ENTER drops it */
#define HPT_R_KEY_HI	0x3000000000000000ull
#define HPT_R_RPN	0x0ffffffffffff000ull
#define HPT_R_RPN_SHIFT 12
#define HPT_R_LP	0x00000000000ff000ull /* page size code, when L is set */
#define HPT_R_LP_SHIFT	12
#define HPT_R_KEY_LO	0x0e00ull
#define HPT_R_R		0x0100ull
#define HPT_R_C		0x0080ull
#define HPT_R_W		0x0040ull
#define HPT_R_I		0x0020ull
#define HPT_R_M		0x0010ull
#define HPT_R_G		0x0008ull
#define HPT_R_WIMG	0x0078ull
#define HPT_R_N		0x0004ull
#define HPT_R_PP	0x0003ull

/* The SLB's second doubleword (VSID word), as slbmte takes it: B | VSID | Ks Kp N L C | LP. */
#define HPT_SLB_B	      0xc000000000000000ull
#define HPT_SLB_B_1T	      0x4000000000000000ull
#define HPT_SLB_VSID_SHIFT    12 /* 256M segments: 50 bits */
#define HPT_SLB_VSID_SHIFT_1T 24 /* 1T segments: 38 bits */
#define HPT_SLB_KS	      0x800ull
#define HPT_SLB_KP	      0x400ull
#define HPT_SLB_N	      0x200ull
#define HPT_SLB_L	      0x100ull
#define HPT_SLB_C	      0x080ull
#define HPT_SLB_LP	      0x030ull
#define HPT_SLB_LLP	      (HPT_SLB_L | HPT_SLB_LP)

#define HPT_VRMA_VSID 0x1ffffffull /* the 1T segment of real-mode accesses */

/* ---- page sizes --------------------------------------------------------------------------- */

/*
 * What KVM_PPC_GET_SMMU_INFO reports: base page sizes of segments with their SLB encoding (L||LP),
 * and for each the actual page sizes an entry may have, with the entry's LP code.
 */
struct hpt_actual_size {
	u32 page_shift;
	u32 pte_enc; /* goes into r at HPT_R_LP_SHIFT */
};

struct hpt_base_size {
	u32 page_shift;
	u32 slb_enc;	/* L||LP in the SLB's VSID word */
	unsigned count; /* actual sizes */
	struct hpt_actual_size actual[3];
};

#define HPT_BASE_SIZES 3
extern const struct hpt_base_size hpt_base_sizes[HPT_BASE_SIZES]; /* 4K, 64K, 16M */

/*
 * Base and actual page shift of an entry. False: no such page size code.
 * (4K; 64K; 16M; 16G; 64K and 16M in a 4K segment; 16M in a 64K segment.)
 */
bool hpt_page_shifts(u64 v, u64 r, unsigned *base_shift, unsigned *actual_shift);

/* Base page shift that an SLB's L||LP asks for; 0 if there is none (1M is not supported). */
unsigned hpt_slb_page_shift(u64 slb_vsid);

/* First guest real address an entry maps, given its actual page shift. */
static inline u64 hpt_entry_gpa(u64 r, unsigned actual_shift)
{
	return (r & HPT_R_RPN) & ~((1ull << actual_shift) - 1);
}

/* How guests and streams see the first doubleword: absent is valid, nothing of ours shows. */
static inline u64 hpt_guest_v(u64 v)
{
	return (v & ~(u64)HPT_V_OURS) | ((v & HPT_V_ABSENT) ? HPT_V_VALID : 0);
}

/* An entry of the VRMA (1T segment with its VSID)? */
static inline bool hpt_is_vrma(u64 v)
{
	return (v & ~0xffffffull) == (HPT_V_B_1T | HPT_VRMA_VSID << HPT_SLB_VSID_SHIFT_1T);
}

/* ---- virtual addresses -------------------------------------------------------------------- */

/* A 78-bit virtual address: segment and byte offset in it. */
struct hpt_va {
	u64 vsid;
	u64 offset; /* below 2^28 or 2^40; of an entry: that of its base page */
	bool is_1t;
};

struct hpt_va hpt_va_of_ea(u64 slb_vsid, u64 ea);

/*
 * The hash, not yet cut to a table's size: primary group = hash & mask, secondary = ~hash & mask.
 */
u64 hpt_hash(struct hpt_va va, unsigned base_shift);

/* The AVPN and B bits of v for an address (what the search compares). */
u64 hpt_avpn(struct hpt_va va, unsigned base_shift);

/*
 * The virtual address of the base page that entry @index maps: the AVPN's bits, and below bit 23
 * those that the group's number tells. Needs no table, only which group the entry is in.
 */
struct hpt_va hpt_entry_va(u64 index, u64 v, unsigned base_shift);

/* ---- the table ---------------------------------------------------------------------------- */

struct hpt;

enum hpt_backing {
	HPT_RAM,     /* memory behind all of it: the entry is made valid */
	HPT_MMIO,    /* none: the entry is made absent */
	HPT_REFUSED, /* can't be mapped so: the entry is refused (H_PARAMETER, EIO) */
};

/*
 * What the table asks and tells. Any pointer may be NULL: all is RAM, every size that has a code is
 * known, nobody is told.
 *
 * classify: called with an entry and a reverse-map bucket locked, so it must be quick, and call
 *   nothing of hpt. For a slot that goes away: first make classify say so, then call
 *   hpt_rmap_make_absent; an entry entered at the same time is then either found by that or sees
 *   the new answer.
 *
 * invalidated: a valid entry was removed, replaced, made absent, or lost rights or R or C;
 *   (@v, @r) are its words before. Called with no lock held, after the change can be seen by
 *   every search and before the changing function returns; the callee logs it (shoot-down), the
 *   hypercall waits afterwards, once. Called on the thread of the changing function.
 *
 * knows: whether the processor has such segments (B of @v) and pages; called with no lock held.
 */
struct hpt_ops {
	enum hpt_backing (*classify)(void *ctx, u64 gpa, u64 bytes);
	void (*invalidated)(void *ctx, u64 index, u64 v, u64 r);
	bool (*knows)(void *ctx, u64 v, unsigned base_shift, unsigned actual_shift);
};

/*
 * Makes an empty table. 18 <= order <= 46, else -EINVAL; -ENOMEM. Memory is mapped, its pages come
 * when touched.
 */
int hpt_create(struct hpt **hpt, unsigned order);

/* No reader may be left, no other thread inside. NULL is fine. */
void hpt_destroy(struct hpt *hpt);

/* Before the table is used. @ops must outlive it. */
void hpt_set_ops(struct hpt *hpt, const struct hpt_ops *ops, void *ctx);

/*
 * Invalidates every entry; readers will be told. Tells not @invalidated: flush everything yourself.
 */
void hpt_clear(struct hpt *hpt);

/*
 * Has the host find memory for all entries of a new table now, not when each is first used. May
 * take seconds; -ECANCELED soon after *@stop became true. -ENOMEM.
 */
int hpt_populate(struct hpt *hpt, const atomic_bool *stop);

/*
 * Makes the bolted entries of @from, R and C included, in the empty table @to as well; all others
 * stay behind. @from isn't changed, and may be read by anyone meanwhile, but nobody may change it;
 * of @to, whose ops are set, nobody else knows yet. -ENOSPC: two come to the same place, as they
 * may in a smaller table; @to is of no use then.
 */
int hpt_rehash(struct hpt *from, struct hpt *to);

unsigned hpt_order(const struct hpt *hpt);
u64 hpt_entries(const struct hpt *hpt);	  /* 2^(order - 4) */
u64 hpt_pteg_mask(const struct hpt *hpt); /* 2^(order - 7) - 1 */

/* ---- the processor's side ----------------------------------------------------------------- */

struct hpt_hit {
	u64 index;
	u64 v; /* without LOCK; ABSENT instead of VALID if it is absent */
	u64 r;
	unsigned base_shift;
	unsigned actual_shift;
};

/*
 * Looks for the entry that translates @ea in the segment @slb_vsid (the SLB's VSID word: B, VSID,
 * L||LP count), in the primary and then the secondary group. Takes no lock. An absent entry is a
 * hit; look at hit->v. No protection is checked, R and C are left alone.
 *
 * The real address is hpt_entry_gpa(r, actual_shift) | (ea & ((1 << actual_shift) - 1)).
 */
bool hpt_search(struct hpt *hpt, u64 slb_vsid, u64 ea, struct hpt_hit *hit);

/*
 * Sets R and/or C (@bits) of an entry found earlier. False, and nothing done, if its first
 * doubleword is no longer @v (as the search gave it), or its page or protection is no longer that
 * of @r (all but R and C): then search again. Nothing to do, and true, if @r has the bits already.
 */
bool hpt_set_rc(struct hpt *hpt, u64 index, u64 v, u64 r, u64 bits);

/*
 * An absent entry was used: if there is memory behind it now (classify), it becomes valid. True if
 * the entry, still @v but for that, is valid now. The guest sees no change.
 */
bool hpt_make_live(struct hpt *hpt, u64 index, u64 v);

/* ---- what hypercalls do ------------------------------------------------------------------- */

/* The guest's view of an entry, consistent in itself. An empty one reads 0, 0. */
void hpt_read(struct hpt *hpt, u64 index, u64 *v, u64 *r);

/* hpt_enter's flags */
#define HPT_EXACT   0x1u /* this slot, not the first free one of its group */
#define HPT_REPLACE 0x2u /* with HPT_EXACT: whatever is there goes (the stream writer) */

/*
 * Makes an entry. Of @v the bits LOCK and ABSENT, of @r the bit TS is dropped; VALID is implied.
 * 0 and *@slot (may be NULL); -ENOSPC: slot taken or group full; -EINVAL: no such page size code
 * or segment size, or the processor doesn't know it; -EPERM: refused by classify.
 */
int hpt_enter(struct hpt *hpt, u64 index, unsigned flags, u64 v, u64 r, u64 *slot);

/* Whether hpt_enter would refuse these words: 0, -EINVAL, -EPERM. */
int hpt_enter_check(struct hpt *hpt, u64 v, u64 r);

/* Conditions on an entry that is used; any other is -ENOENT to all of the following. */
enum hpt_cond {
	HPT_ALWAYS,
	HPT_IF_AVPN,	 /* v & ~0x7f == @avpn */
	HPT_IF_AND_ZERO, /* (v & @avpn) == 0 */
};

/*
 * Each returns 0 or -ENOENT, and the guest's view of the entry as it was, R and C included, in
 * *@old_v and *@old_r (each may be NULL, both are left alone on error).
 *
 * H_REMOVE may carry both conditions: @conds is a mask of 1 << enum hpt_cond.
 */
int hpt_remove(struct hpt *hpt, u64 index, unsigned conds, u64 avpn, u64 *old_v, u64 *old_r);

/* r = (r & ~@mask) | (@bits & @mask) */
int hpt_protect(struct hpt *hpt, u64 index, unsigned conds, u64 avpn, u64 mask, u64 bits,
		u64 *old_v, u64 *old_r);

/* Clears R and/or C. No change, no invalidation if they are clear already. */
int hpt_clear_rc(struct hpt *hpt, u64 index, u64 bits, u64 *old_v, u64 *old_r);

/* ---- the reverse map ---------------------------------------------------------------------- */

/*
 * Every valid (not absent) entry is on a chain found by the guest page frame it maps. Nothing need
 * be registered. A range may be of any size; above a certain one all chains are walked.
 */

/* Slot gone: every valid entry that maps any byte of the range becomes absent. Returns how many. */
u64 hpt_rmap_make_absent(struct hpt *hpt, u64 gpa, u64 bytes);

/*
 * Calls @fn for each valid entry that maps any byte of the range; may call it twice for one that
 * is changed meanwhile. No lock is held then: (@index, @v, @r) is what was seen.
 */
typedef void hpt_rmap_fn(void *ctx, u64 index, u64 v, u64 r);
void hpt_rmap_walk(struct hpt *hpt, u64 gpa, u64 bytes, hpt_rmap_fn *fn, void *ctx);

/* For each valid entry of the range: clears @bits of R and C; returns which were set in any. */
u64 hpt_rmap_clear_rc(struct hpt *hpt, u64 gpa, u64 bytes, u64 bits);

/* ---- the stream (KVM_PPC_GET_HTAB_FD) ------------------------------------------------------ */

/* Records of base/htab_record.h, in the host's byte order. */
#define HPT_STREAM_READ_MIN (HTAB_RECORD_HEADER + HPT_ENTRY_BYTES)
#define HPT_STREAM_INDEX_MAX                                                                       \
	0xffffffffull /* entries above can't be told; order 36 is the last without */

/*
 * A reader: its own record of changes since it last told of an entry. Making one starts the
 * recording. Calls for one reader must not overlap; different readers do not disturb each other.
 */
struct hpt_reader;

#define HPT_READ_BOLTED_ONLY 0x1u /* entries not bolted count as invalid */

/* 0 or -ENOMEM. @start_index is for the first pass only; beyond the table: nothing in that pass. */
int hpt_reader_create(struct hpt_reader **reader, struct hpt *hpt, unsigned flags, u64 start_index);
void hpt_reader_destroy(struct hpt_reader *reader); /* NULL is fine */

/*
 * The table was replaced by @hpt (another order): go on with that, from a first pass. Call it
 * before the old one is destroyed. On -ENOMEM the reader stays with the old table.
 */
int hpt_reader_rebind(struct hpt_reader *reader, struct hpt *hpt);

/*
 * Fills @buf with whole records. First pass: every entry from start_index on; it ends at the
 * table's end and so does that read. Later passes: each from entry 0, the changed entries only.
 *
 * Returns the bytes used; 0 only if the whole table was looked at and nothing has changed since it
 * was told; -EINVAL if bytes < HPT_STREAM_READ_MIN. Never blocks. @buf needs no alignment.
 */
ssize_t hpt_reader_read(struct hpt_reader *reader, void *buf, size_t bytes);

/*
 * A writer. @entered (may be NULL) is called for each entry made, with the words of the stream (for
 * the VRMA's page size), no lock held.
 */
struct hpt_writer {
	struct hpt *hpt;
	void (*entered)(void *ctx, u64 index, u64 v, u64 r);
	void *ctx;
	int deferred; /* error of a record whose predecessors were taken; the next write's result */
};

/*
 * Takes whole records and applies them; each is checked whole before any of it is applied.
 *
 * Returns the bytes taken (a record cut off by the end of @buf is left for the next write), or
 * -EINVAL: index or counts beyond the table, an entry without VALID among the valid ones, a
 * page size code that doesn't exist;
 * -EIO: an entry that hpt_enter refuses. If records before the bad one were taken, their bytes
 * are returned, and the error by the next call, which takes nothing.
 *
 * @buf must not be changed by anyone meanwhile (copy it in first). No vcpu should run.
 */
ssize_t hpt_writer_write(struct hpt_writer *writer, const void *buf, size_t bytes);

#endif
