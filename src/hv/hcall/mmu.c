/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hypercalls on the hash table: PAPR's names, flags and codes in front of what hpt.h does.
 *
 * Whatever takes a translation or a right away returns only when no vcpu can use it any more: the
 * table's ops log the page (hv_hpte_invalidated), and each handler waits once, at its end, with
 * nothing locked. An absent entry (no memory behind it) is valid to all of them.
 *
 * @ptex is an entry's index, 0 .. hpt_entries() - 1; anything else is H_PARAMETER.
 */
#include <errno.h>
#include "hv/codepage.h"
#include "hv/hcall/hcall.h"
#include "hv/memslot.h"
#include "hv/shootdown.h"
#include "hv/vcpu.h"
#include "hv/vm.h"

/* H_PROTECT's flags are where the second doubleword has them, but for the two highest fields. */
#define PROTECT_LOW	     (HPT_R_KEY_LO | HPT_R_N | HPT_R_PP)
#define PROTECT_PP0	     0x0100ull /* -> bit 63 */
#define PROTECT_PP0_SHIFT    55
#define PROTECT_KEY_HI	     0x3000ull /* -> bits 61:60 */
#define PROTECT_KEY_HI_SHIFT 48
#define PROTECT_MASK	     (HPT_R_PP0 | HPT_R_KEY_HI | PROTECT_LOW)

static struct hpt *table_of(struct hv_vcpu *vcpu)
{
	return vcpu->vm->hpt;
}

static bool beyond(struct hpt *hpt, u64 ptex)
{
	return ptex >= hpt_entries(hpt);
}

/* H_AVPN and H_ANDCOND as hpt.h's conditions. */
static unsigned conditions(u64 flags)
{
	return (flags & H_AVPN ? 1u << HPT_IF_AVPN : 0) |
	       (flags & H_ANDCOND ? 1u << HPT_IF_AND_ZERO : 0);
}

/*
 * H_ENTER - make an entry.
 *
 * r4 flags: H_EXACT; all others are accepted and, as in Linux, without effect
 * r5 ptex:  the entry, or without H_EXACT any of its group (the first free one is taken)
 * r6, r7:   the entry; its valid bit is implied, bits 0x60 and the tag bit (1 << 62) are dropped
 *
 * Returns H_SUCCESS and r4 = the entry taken; H_PTEG_FULL: it, or all of the group, is in use;
 * H_PARAMETER: no such ptex, page size code or segment size (a PPC970 has pages of 4K and 16M and
 * segments of 256M only), or a page that only starts in memory.
 * A page without any memory becomes an absent entry. PAPR 14.5.4.1.
 */
long h_enter(struct hv_vcpu *vcpu, u64 *gpr)
{
	struct hpt *hpt = table_of(vcpu);
	u64 slot;

	if (beyond(hpt, gpr[5]))
		return H_PARAMETER;
	switch (hpt_enter(hpt, gpr[5], gpr[4] & H_EXACT ? HPT_EXACT : 0, gpr[6], gpr[7], &slot)) {
	case 0:
		gpr[4] = slot;
		return H_SUCCESS;
	case -ENOSPC:
		return H_PTEG_FULL;
	}
	return H_PARAMETER;
}

/*
 * H_REMOVE - invalidate one entry.
 *
 * r4 flags: H_AVPN, H_ANDCOND (or both), others without effect
 * r5 ptex
 * r6:       what the flags compare with
 *
 * Returns H_SUCCESS, r4 and r5 = the entry as it was; H_NOT_FOUND: empty, or a condition does not
 * hold; H_PARAMETER: no such ptex. PAPR 14.5.4.1.
 */
long h_remove(struct hv_vcpu *vcpu, u64 *gpr)
{
	struct hpt *hpt = table_of(vcpu);

	if (beyond(hpt, gpr[5]))
		return H_PARAMETER;
	if (hpt_remove(hpt, gpr[5], conditions(gpr[4]), gpr[6], &gpr[4], &gpr[5]))
		return H_NOT_FOUND;
	hv_shootdown_wait(vcpu->vm, vcpu);
	return H_SUCCESS;
}

/*
 * H_READ - read one entry, or four.
 *
 * r4 flags: H_READ_4: the four of which @ptex, rounded down, is the first
 * r5 ptex
 *
 * Returns H_SUCCESS, r4, r5, ... = the entries (each consistent in itself), an empty one as 0, 0;
 * H_PARAMETER: no such ptex. PAPR 14.5.4.1.
 */
long h_read(struct hv_vcpu *vcpu, u64 *gpr)
{
	struct hpt *hpt = table_of(vcpu);
	u64 first = gpr[5];
	unsigned n = 1;

	if (gpr[4] & H_READ_4) {
		first &= ~3ull;
		n = 4;
	}
	if (beyond(hpt, first))
		return H_PARAMETER;
	for (unsigned i = 0; i < n; i++)
		hpt_read(hpt, first + i, &gpr[4 + 2 * i], &gpr[5 + 2 * i]);
	return H_SUCCESS;
}

/*
 * H_PROTECT - set an entry's pp0, key, N and pp; R, C and WIMG stay.
 *
 * r4 flags: 0x0e07 key bits 2..0, N and pp; 0x0100 pp0; 0x3000 key bits 4..3; H_AVPN; others
 *           without effect
 * r5 ptex
 * r6:       what H_AVPN compares with
 *
 * Returns H_SUCCESS; H_NOT_FOUND: empty, or H_AVPN and another page; H_PARAMETER: no such ptex.
 * PAPR 14.5.4.1.
 */
long h_protect(struct hv_vcpu *vcpu, u64 *gpr)
{
	struct hpt *hpt = table_of(vcpu);
	u64 flags = gpr[4];
	u64 bits = (flags & PROTECT_LOW) | (flags & PROTECT_PP0) << PROTECT_PP0_SHIFT |
		   (flags & PROTECT_KEY_HI) << PROTECT_KEY_HI_SHIFT;

	if (beyond(hpt, gpr[5]))
		return H_PARAMETER;
	if (hpt_protect(hpt, gpr[5], conditions(flags & H_AVPN), gpr[6], PROTECT_MASK, bits, NULL,
			NULL))
		return H_NOT_FOUND;
	hv_shootdown_wait(vcpu->vm, vcpu);
	return H_SUCCESS;
}

static long clear_rc(struct hv_vcpu *vcpu, u64 *gpr, u64 bit)
{
	struct hpt *hpt = table_of(vcpu);
	u64 old_r;

	if (beyond(hpt, gpr[5]))
		return H_PARAMETER;
	if (hpt_clear_rc(hpt, gpr[5], bit, NULL, &old_r))
		return H_NOT_FOUND;
	gpr[4] = old_r;
	if (old_r & bit)
		hv_shootdown_wait(vcpu->vm, vcpu);
	return H_SUCCESS;
}

/*
 * H_CLEAR_REF - clear an entry's R, so that the next access to the page sets it anew.
 *
 * r4 flags: without effect
 * r5 ptex
 *
 * Returns H_SUCCESS, r4 = the second doubleword as it was; H_NOT_FOUND: empty; H_PARAMETER: no such
 * ptex. PAPR 14.5.4.1.
 */
long h_clear_ref(struct hv_vcpu *vcpu, u64 *gpr)
{
	return clear_rc(vcpu, gpr, HPT_R_R);
}

/* H_CLEAR_MOD - clear an entry's C. All else is as with H_CLEAR_REF. PAPR 14.5.4.1. */
long h_clear_mod(struct hv_vcpu *vcpu, u64 *gpr)
{
	return clear_rc(vcpu, gpr, HPT_R_C);
}

/* ---- H_BULK_REMOVE ------------------------------------------------------------------------- */

/*
 * The first word of each pair, r4, r6, r8, r10; the second, r5 ..., is what a condition compares
 * with.
 *
 *       63 62 61  60 59 58 57 56 55                                                       0
 *      +-----+------+--+--+-----+-----------------------------------------------------------+
 *      |type | code |R |C | cond|                          ptex                             |
 *      +-----+------+--+--+-----+-----------------------------------------------------------+
 */
#define BULK_TYPE	  0xc000000000000000ull
#define BULK_REQUEST	  0x4000000000000000ull
#define BULK_RESPONSE	  0x8000000000000000ull
#define BULK_END	  0xc000000000000000ull
#define BULK_SUCCESS	  0x0000000000000000ull
#define BULK_NOT_FOUND	  0x1000000000000000ull
#define BULK_PARAMETER	  0x2000000000000000ull
#define BULK_R		  0x0800000000000000ull
#define BULK_C		  0x0400000000000000ull
#define BULK_COND	  0x0300000000000000ull
#define BULK_COND_ANDCOND 0x0100000000000000ull
#define BULK_COND_AVPN	  0x0200000000000000ull
#define BULK_PTEX	  0x00ffffffffffffffull
#define BULK_PAIRS	  4u

/* Deals with one request: the code to answer with, and R and C of the entry. */
static u64 bulk_remove_one(struct hpt *hpt, u64 request, u64 avpn)
{
	u64 ptex = request & BULK_PTEX, r;
	unsigned conds = 1u << HPT_ALWAYS;

	if ((request & BULK_TYPE) != BULK_REQUEST || beyond(hpt, ptex))
		return BULK_PARAMETER;
	switch (request & BULK_COND) {
	case BULK_COND_ANDCOND:
		conds = 1u << HPT_IF_AND_ZERO;
		break;
	case BULK_COND_AVPN:
		conds = 1u << HPT_IF_AVPN;
		break;
	case BULK_COND:
		return BULK_PARAMETER;
	}
	if (hpt_remove(hpt, ptex, conds, avpn, NULL, &r))
		return BULK_NOT_FOUND;
	return BULK_SUCCESS | (r & HPT_R_R ? BULK_R : 0) | (r & HPT_R_C ? BULK_C : 0);
}

/*
 * H_BULK_REMOVE - invalidate up to four entries.
 *
 * r4 .. r11: four pairs as drawn above; the first of type END ends the list and is left alone
 *
 * Each request done becomes a response with its own code: success with the entry's R and C, not
 * found (empty, or a condition does not hold), or parameter (no request, both conditions, no such
 * ptex). The last ends the call, and those before it stay done.
 *
 * Returns H_SUCCESS, or H_PARAMETER if an answer was parameter. PAPR 14.5.4.1.
 */
long h_bulk_remove(struct hv_vcpu *vcpu, u64 *gpr)
{
	struct hpt *hpt = table_of(vcpu);
	long ret = H_SUCCESS;

	for (unsigned i = 0; i < BULK_PAIRS && ret == H_SUCCESS; i++) {
		u64 *pair = &gpr[4 + 2 * i], code;

		if ((pair[0] & BULK_TYPE) == BULK_END)
			break;
		code = bulk_remove_one(hpt, pair[0], pair[1]);
		pair[0] = BULK_RESPONSE | code | (pair[0] & (BULK_COND | BULK_PTEX));
		if (code == BULK_PARAMETER)
			ret = H_PARAMETER;
	}
	hv_shootdown_wait(vcpu->vm, vcpu);
	return ret;
}

/* ---- H_PAGE_INIT --------------------------------------------------------------------------- */

#define PAGE_INIT_FLAGS (H_ICACHE_INVALIDATE | H_ICACHE_SYNC | H_ZERO_PAGE | H_COPY_PAGE)

/*
 * H_PAGE_INIT - zero or fill a 4K page of guest memory.
 *
 * r4 flags: H_COPY_PAGE, else H_ZERO_PAGE; H_ICACHE_INVALIDATE and H_ICACHE_SYNC, without effect,
 *           as instruction caches are coherent
 * r5:       guest real address of the page
 * r6:       and of the one to copy
 *
 * Returns H_SUCCESS; H_PARAMETER: another flag, an address that is not a multiple of 4K, or without
 * (writable) memory. PAPR 14.5.4.
 */
long h_page_init(struct hv_vcpu *vcpu, u64 *gpr)
{
	u64 flags = gpr[4], to = gpr[5], from = gpr[6];
	bool copy = flags & H_COPY_PAGE;
	const u8 *from_host = NULL;
	u8 *to_host;

	if ((flags & ~PAGE_INIT_FLAGS) || to % HV_PAGE_SIZE || (copy && from % HV_PAGE_SIZE))
		return H_PARAMETER;
	if (!(flags & (H_COPY_PAGE | H_ZERO_PAGE)))
		return H_SUCCESS;
	if (copy) {
		from_host = hv_guest_ptr(vcpu->vm, from, HV_PAGE_SIZE, false);
		if (!from_host)
			return H_PARAMETER;
	}
	to_host = hv_guest_ptr(vcpu->vm, to, HV_PAGE_SIZE, true);
	if (!to_host)
		return H_PARAMETER;
	if (copy)
		memmove(to_host, from_host, HV_PAGE_SIZE);
	else
		memset(to_host, 0, HV_PAGE_SIZE);
	hv_code_wrote(vcpu, to, HV_PAGE_SIZE);
	return H_SUCCESS;
}
