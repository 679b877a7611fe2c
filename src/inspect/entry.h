/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the two doublewords of a hash table entry say, for those who look at tables from outside.
 * Written apart from the hypervisor's own code, so that one can find the other wrong.
 *
 *   first:   | B 63:62 | AVPN 61:7 | .. | bolted 4 | lock 3 | L 2 | H 1 | V 0 |
 *   second:  | pp0 63 | key 61:60 | RPN and size code 59:12 | key 11:9 | R 8 | C 7 | W 6 | I 5 |
 *            | M 4 | G 3 | N 2 | pp 1:0 |
 */
#ifndef PAPYR_INSPECT_ENTRY_H
#define PAPYR_INSPECT_ENTRY_H

#include "base/bits.h"

#define ENTRY_V_B	   0xc000000000000000ull /* 0: a segment of 256M, 1: of 1T */
#define ENTRY_V_B_SHIFT	   62
#define ENTRY_V_AVPN	   0x3fffffffffffff80ull
#define ENTRY_V_AVPN_SHIFT 7
#define ENTRY_V_SOFTWARE   0x60ull /* a hypervisor's own: no guest sees them */
#define ENTRY_V_BOLTED	   0x10ull
#define ENTRY_V_LOCK	   0x08ull
#define ENTRY_V_LARGE	   0x04ull
#define ENTRY_V_SECONDARY  0x02ull
#define ENTRY_V_VALID	   0x01ull

#define ENTRY_R_PP0    0x8000000000000000ull
#define ENTRY_R_KEY_HI 0x3000000000000000ull
#define ENTRY_R_RPN    0x0ffffffffffff000ull
#define ENTRY_R_KEY_LO 0x0e00ull
#define ENTRY_R_R      0x0100ull
#define ENTRY_R_C      0x0080ull
#define ENTRY_R_W      0x0040ull
#define ENTRY_R_I      0x0020ull
#define ENTRY_R_M      0x0010ull
#define ENTRY_R_G      0x0008ull
#define ENTRY_R_WIMG   0x0078ull
#define ENTRY_R_N      0x0004ull
#define ENTRY_R_PP     0x0003ull

#define ENTRIES_PER_GROUP 8

/* A virtual address: segment, and byte in it. */
struct entry_va {
	u64 vsid;
	u64 offset;
	bool is_1t;
};

/*
 * The segment's page size (by which is hashed) and the entry's own, as shifts. False: there is no
 * such size code.
 */
bool entry_page_shifts(u64 v, u64 r, unsigned *base, unsigned *actual);

/* "4K", "64K", "16M", "16G". */
const char *entry_size_name(unsigned shift);

/*
 * The base page that entry @index maps. The entry itself tells the address from bit 23 up; what
 * is below follows from the group it is in, if it is in the right one.
 */
struct entry_va entry_va(u64 index, u64 v, unsigned base_shift);

/* The hash of an address; its low bits are the primary group. */
u64 entry_hash(struct entry_va va, unsigned base_shift);

/* First guest real address, given the entry's own page size. */
static inline u64 entry_gpa(u64 r, unsigned actual_shift)
{
	return (r & ENTRY_R_RPN) & ~((1ull << actual_shift) - 1);
}

/* Page protection, three bits. */
static inline unsigned entry_pp(u64 r)
{
	return (r & ENTRY_R_PP0 ? 4 : 0) | (r & ENTRY_R_PP);
}

/* Storage key, five bits. */
static inline unsigned entry_key(u64 r)
{
	return (r & ENTRY_R_KEY_HI) >> 57 | (r & ENTRY_R_KEY_LO) >> 9;
}

/* "RCNWIMG", with '-' for each that is not set. */
const char *entry_flags(u64 r, char flags[8]);

#endif
