/* SPDX-License-Identifier: Apache-2.0 */
#include "gdb/translate.h"

#include "base/htab_record.h"
#include "platform/kind.h"
#include "platform/machine.h"
#include "platform/vcpu.h"

#define MSR_DR PPC_BIT(59)

#define REAL_BITS     0x0fffffffffffffffull
#define LPCR_VPM0     PPC_BIT(0)
#define LPCR_VRMA_L   PPC_BIT(12) /* [VRMASD]: L and LP of its segment */
#define LPCR_VRMA_LP1 PPC_BIT(15)
#define LPCR_VRMA_LP0 PPC_BIT(16)
#define VRMA_VSID     0x1ffffffull
#define VRMA_SHIFT    40 /* real mode has so many bits of an address */

#define SLBE_V	   0x08000000ull
#define SLB_B	   0xc000000000000000ull
#define SLB_B_1T   0x4000000000000000ull
#define SLB_LLP	   0x130u
#define SHIFT_256M 28
#define SHIFT_1T   40
#define VSID_SHIFT 12
#define VSID_1T	   24

#define HPTE_V_AVPN 0x3fffffffffffff80ull
#define HPTE_LARGE  0x4ull
#define HPTE_SECOND 0x2ull
#define HPTE_VALID  0x1ull
#define HPTE_RPN    0x0ffffffffffff000ull
#define AVPN_SHIFT  23
#define GROUP	    8u

/* ---- Segments ---- */

struct segment {
	u64 vsid;
	bool is_1t;
	const struct kvm_ppc_one_seg_page_size *sizes;
};

static const struct kvm_ppc_one_seg_page_size *sizes_of(const struct machine *m, u64 slbv)
{
	for (unsigned i = 0; i < ARRAY_SIZE(m->smmu.sps); i++)
		if (m->smmu.sps[i].page_shift && m->smmu.sps[i].slb_enc == (slbv & SLB_LLP))
			return &m->smmu.sps[i];
	return NULL;
}

static bool is_1t(u64 slbv)
{
	return (slbv & SLB_B) == SLB_B_1T;
}

/* The SLB's word for real-mode accesses. */
static u64 vrma_slbv(u64 lpcr)
{
	return SLB_B_1T | VRMA_VSID << VSID_1T | (lpcr & LPCR_VRMA_L ? 0x100 : 0) |
	       (lpcr & LPCR_VRMA_LP1 ? 0x20 : 0) | (lpcr & LPCR_VRMA_LP0 ? 0x10 : 0);
}

static bool find_slb(const struct kvm_sregs *sregs, u64 ea, u64 *slbv)
{
	for (unsigned i = 0; i < ARRAY_SIZE(sregs->u.s.ppc64.slb); i++) {
		u64 slbe = sregs->u.s.ppc64.slb[i].slbe;
		unsigned shift = is_1t(sregs->u.s.ppc64.slb[i].slbv) ? SHIFT_1T : SHIFT_256M;

		if ((slbe & SLBE_V) && slbe >> shift == ea >> shift) {
			*slbv = sregs->u.s.ppc64.slb[i].slbv;
			return true;
		}
	}
	return false;
}

/* ---- The table ---- */

#define GROUP_READ (GROUP * (HTAB_ENTRY_BYTES + HTAB_RECORD_HEADER))

/* A group's entries, invalid ones as 0. False: KVM doesn't tell. */
static bool read_group(struct machine *m, u64 group, u64 entries[GROUP][2])
{
	struct kvm_get_htab_fd arg = {.start_index = group * GROUP};
	u8 buf[GROUP_READ];
	struct htab_cursor c = {buf, 0, htab_host_order()};
	struct htab_record rec;
	const u8 *data;
	ssize_t n;
	int fd;

	memset(entries, 0, GROUP * sizeof(entries[0]));
	/* A look would take a migration's changes away from it. */
	if (m->accel->one_reader && m->log_kept)
		return false;
	fd = m->accel->ioctl(m->vm_fd, KVM_PPC_GET_HTAB_FD, &arg);
	if (fd < 0)
		return false;
	n = m->accel->read(fd, buf, sizeof(buf));
	m->accel->close(fd);
	c.left = n > 0 ? n : 0;
	while (htab_next(&c, &rec, &data))
		for (unsigned i = 0; i < rec.n_valid; i++, data += HTAB_ENTRY_BYTES) {
			u64 at = (u64)rec.index + i - group * GROUP;

			if (at < GROUP) {
				entries[at][0] = load_be64(data);
				entries[at][1] = load_be64(data + 8);
			}
		}
	return n >= 0;
}

/* The page size that the entry's second half says, in a segment of these; 0: none of them. */
static unsigned page_shift(const struct kvm_ppc_one_seg_page_size *sizes, u64 v, u64 r)
{
	if (!(v & HPTE_LARGE))
		return sizes->page_shift == 12 ? 12 : 0;
	for (unsigned i = 0; i < ARRAY_SIZE(sizes->enc); i++) {
		unsigned shift = sizes->enc[i].page_shift;
		/* The code is in those bits of the page's number that lie within the page. */
		u64 within = shift > 12 ? ((1ull << shift) - 1) & 0xff000 : 0;

		if (shift > 12 && (r & within) == (u64)sizes->enc[i].pte_enc << 12)
			return shift;
	}
	return 0;
}

/* The entry's first half, as far as it tells whose it is. */
static u64 wanted_v(const struct segment *seg, u64 offset)
{
	unsigned segment_shift = seg->is_1t ? SHIFT_1T : SHIFT_256M;
	u64 page = offset & ~((1ull << seg->sizes->page_shift) - 1);
	u64 avpn = seg->vsid << (segment_shift - AVPN_SHIFT) | page >> AVPN_SHIFT;

	return (seg->is_1t ? SLB_B_1T : 0) | (avpn << 7 & HPTE_V_AVPN);
}

static bool search_group(const struct segment *seg, u64 group, u64 offset, u64 entries[GROUP][2],
			 u64 second, struct gdb_place *place)
{
	u64 compare = SLB_B | HPTE_V_AVPN | HPTE_SECOND | HPTE_VALID;
	u64 want = wanted_v(seg, offset) | second | HPTE_VALID;

	for (unsigned i = 0; i < GROUP; i++) {
		u64 v = entries[i][0], r = entries[i][1], mask;
		unsigned shift = page_shift(seg->sizes, v, r);

		if ((v & compare) != want || !shift)
			continue;
		mask = (1ull << shift) - 1;
		place->index = group * GROUP + i;
		place->v = v;
		place->r = r;
		place->gpa = (r & HPTE_RPN & ~mask) | (offset & mask);
		place->left = mask + 1 - (offset & mask);
		return true;
	}
	return false;
}

static enum gdb_missing search(struct machine *m, const struct segment *seg, u64 offset,
			       struct gdb_place *place)
{
	u64 groups = (1ull << (m->htab_order - 7)) - 1;
	u64 hash = seg->is_1t ? seg->vsid ^ seg->vsid << 25 : seg->vsid;
	u64 entries[GROUP][2];

	hash ^= offset >> seg->sizes->page_shift;
	for (unsigned second = 0; second < 2; second++, hash = ~hash) {
		if (!read_group(m, hash & groups, entries))
			return GDB_NO_ANSWER;
		if (search_group(seg, hash & groups, offset, entries, second ? HPTE_SECOND : 0,
				 place))
			return GDB_FOUND;
	}
	return GDB_NO_ENTRY;
}

static enum gdb_missing find_in_segment(struct machine *m, u64 ea, struct gdb_place *place)
{
	u64 slbv = place->slb_vsid;
	unsigned shift = is_1t(slbv) ? SHIFT_1T : SHIFT_256M;
	struct segment seg = {
	    .vsid = (slbv & ~SLB_B) >> (is_1t(slbv) ? VSID_1T : VSID_SHIFT),
	    .is_1t = is_1t(slbv),
	    .sizes = sizes_of(m, slbv),
	};

	if (!seg.sizes)
		return GDB_NO_ENTRY;
	return search(m, &seg, ea & ((1ull << shift) - 1), place);
}

/* ---- All of it ---- */

/* Mapped one to one. */
static enum gdb_missing real_place(const struct machine *m, u64 ea, struct gdb_place *place)
{
	if (ea >= m->rma_bytes)
		return GDB_NO_ENTRY;
	place->gpa = ea;
	place->left = GUEST_PAGE - (ea & (GUEST_PAGE - 1));
	return GDB_FOUND;
}

/*
 * Before the guest first runs the area has no entries yet. It maps one to one, so where one is
 * missing it is known all the same what it would say.
 */
static enum gdb_missing find_real(struct vcpu *vcpu, u64 ea, struct gdb_place *place)
{
	struct machine *m = vcpu->m;
	enum gdb_missing missing;
	u64 lpcr = 0;

	place->real = true;
	if (vcpu_get_reg(vcpu, KVM_REG_PPC_LPCR_64, &lpcr) < 0)
		return GDB_NO_ANSWER;
	if (!(lpcr & LPCR_VPM0)) /* by offset and limit */
		return real_place(m, ea & REAL_BITS, place);
	ea &= (1ull << VRMA_SHIFT) - 1;
	place->slb_vsid = vrma_slbv(lpcr);
	missing = find_in_segment(m, ea, place);
	return missing == GDB_NO_ENTRY ? real_place(m, ea, place) : missing;
}

static enum gdb_missing find_translated(struct vcpu *vcpu, u64 ea, struct gdb_place *place)
{
	struct kvm_sregs sregs;

	if (vcpu->m->accel->ioctl(vcpu->fd, KVM_GET_SREGS, &sregs) < 0)
		return GDB_NO_ANSWER;
	if (!find_slb(&sregs, ea, &place->slb_vsid))
		return GDB_NO_SEGMENT;
	return find_in_segment(vcpu->m, ea, place);
}

/*
 * Of a BookE processor, where the bit that is DR elsewhere is DS: which of two address spaces. Its
 * smallest page has so many bytes.
 */
#define SMALLEST_PAGE 1024

static enum gdb_missing find_by_kvm(struct vcpu *vcpu, const struct kvm_regs *regs, u64 ea,
				    struct gdb_place *place)
{
	/* With the process and the address space, as KVM_TRANSLATE has them. */
	struct kvm_translation t = {
	    .linear_address =
		(u32)ea | (regs->pid & 0xff) << 32 | (u64) !!(regs->msr & MSR_DR) << 40,
	};

	if (vcpu->m->accel->ioctl(vcpu->fd, KVM_TRANSLATE, &t) < 0)
		return GDB_NO_ANSWER;
	if (!t.valid)
		return GDB_NO_ENTRY;
	place->gpa = t.physical_address;
	place->left = SMALLEST_PAGE - (ea & (SMALLEST_PAGE - 1));
	return GDB_FOUND;
}

void gdb_translate(struct vcpu *vcpu, u64 ea, struct gdb_place *place)
{
	struct kvm_regs regs;

	memset(place, 0, sizeof(*place));
	if (vcpu->m->accel->ioctl(vcpu->fd, KVM_GET_REGS, &regs) < 0)
		place->missing = GDB_NO_ANSWER;
	else if (!vcpu->m->cfg.kind->papr)
		place->missing = find_by_kvm(vcpu, &regs, ea, place);
	else if (regs.msr & MSR_DR)
		place->missing = find_translated(vcpu, ea, place);
	else
		place->missing = find_real(vcpu, ea, place);
}
