/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A board's vcpu: its registers as KVM makes it, which is what power-on finds, and as a kernel
 * finds them.
 */
#include <stdlib.h>
#include <string.h>

#include "platform/boot.h"
#include "platform/booke/board.h"
#include "platform/machine.h"
#include "platform/models.h"
#include "platform/vcpu.h"

#define EPAPR_MAGIC 0x45504150

#define TLB_ENTRIES_MAX 4160 /* of any processor; KVM_CONFIG_TLB isn't used here */

#define SPR(number, what)                                                                          \
	{                                                                                          \
		.id = KVM_REG_PPC_PAPYR_SPR(number), .name = what                                  \
	}

#define F(n)                                                                                       \
	{                                                                                          \
		.id = KVM_REG_PPC_FPR(n), .name = "FPR" #n                                         \
	}

/* What SREGS hasn't, of either processor: what one doesn't have is no loss. */
/* clang-format off */
const struct vcpu_reg board_regs[] = {
	{.id = KVM_REG_PPC_TB_OFFSET, .name = "TB_OFFSET", .flags = VCPU_REG_NO_RESET},
	SPR(318, "DVC1"), SPR(319, "DVC2"), SPR(512, "SPEFSCR"),
	/* Of a 440. */
	SPR(880, "INV0"), SPR(881, "INV1"), SPR(882, "INV2"), SPR(883, "INV3"), SPR(884, "ITV0"),
	SPR(885, "ITV1"), SPR(886, "ITV2"), SPR(887, "ITV3"), SPR(888, "CCR1"), SPR(912, "DNV0"),
	SPR(913, "DNV1"), SPR(914, "DNV2"), SPR(915, "DNV3"), SPR(916, "DTV0"), SPR(917, "DTV1"),
	SPR(918, "DTV2"), SPR(919, "DTV3"), SPR(920, "DVLIM"), SPR(921, "IVLIM"),
	SPR(946, "MMUCR"), SPR(947, "CCR0"),
	F(0), F(1), F(2), F(3), F(4), F(5), F(6), F(7), F(8), F(9), F(10), F(11), F(12), F(13),
	F(14), F(15), F(16), F(17), F(18), F(19), F(20), F(21), F(22), F(23), F(24), F(25), F(26),
	F(27), F(28), F(29), F(30), F(31), {.id = KVM_REG_PPC_FPSCR, .name = "FPSCR"},
	/* Of an e500; one of them is another register of a 440. */
	SPR(633, "PID1"), SPR(634, "PID2"), SPR(1008, "HID0"), SPR(1009, "HID1"),
	SPR(1010, "L1CSR0"), SPR(1011, "L1CSR1/DBDR"), SPR(1013, "BUCSR"),
	{.id = KVM_REG_PPC_PAPYR_TLB0_NEXT, .name = "TLB0_NEXT"},
	{.id = KVM_REG_PPC_PAPYR_ATB_AHEAD, .name = "ATB_AHEAD", .flags = VCPU_REG_NO_RESET},
};
/* clang-format on */
const unsigned n_board_regs = ARRAY_SIZE(board_regs);

#undef SPR
#undef F

static void keep_power_on(struct vcpu *vcpu, struct board *b)
{
	for (unsigned i = 0; i < n_board_regs; i++) {
		u64 val;

		if ((board_regs[i].flags & VCPU_REG_NO_RESET) ||
		    vcpu_get_reg(vcpu, board_regs[i].id, &val) < 0)
			continue;
		b->power_on_regs[b->n_power_on_regs].id = board_regs[i].id;
		b->power_on_regs[b->n_power_on_regs++].val = val;
	}
}

int board_make_vcpu(struct vcpu *vcpu, struct error *err)
{
	struct kvm_enable_cap watchdog = {.cap = KVM_CAP_PPC_BOOKE_WATCHDOG};
	struct board *b = vcpu->m->board;

	if (vcpu->m->accel->ioctl(vcpu->fd, KVM_ENABLE_CAP, &watchdog) < 0)
		return error_errno(err, "vcpu %u has no watchdog", vcpu->index);
	if (vcpu->m->accel->ioctl(vcpu->fd, KVM_GET_SREGS, &b->power_on) < 0)
		return error_errno(err, "cannot read the registers of vcpu %u", vcpu->index);
	/* Else timers and what happened to the debugger stay as they are. */
	b->power_on.u.e.update_special = ~0u;
	keep_power_on(vcpu, b);
	return 0;
}

int board_get_tlb(struct vcpu *vcpu, u32 which, struct papyr_tlb *tlb, void *entries, u32 max)
{
	*tlb = (struct papyr_tlb){
	    .cpu = vcpu->m->board->ops->tlb_kind,
	    .which = which,
	    .n = max,
	    .entries = (uintptr_t)entries,
	};
	return vcpu->m->accel->ioctl(vcpu->fd, PAPYR_GET_TLB, tlb);
}

/* Nothing is mapped. */
static int clear_tlb(struct vcpu *vcpu, struct error *err)
{
	void *entries = calloc(TLB_ENTRIES_MAX, sizeof(struct kvm_book3e_206_tlb_entry));
	struct papyr_tlb tlb;
	int r = 0;

	if (!entries)
		return error_nomem(err, "a vcpu's TLB");
	if (board_get_tlb(vcpu, PAPYR_TLB_GUEST, &tlb, entries, TLB_ENTRIES_MAX) < 0)
		r = error_errno(err, "cannot read the TLB of vcpu %u", vcpu->index);
	memset(entries, 0, TLB_ENTRIES_MAX * sizeof(struct kvm_book3e_206_tlb_entry));
	if (!r && vcpu->m->accel->ioctl(vcpu->fd, PAPYR_SET_TLB, &tlb) < 0)
		r = error_errno(err, "cannot clear the TLB of vcpu %u", vcpu->index);
	free(entries);
	return r;
}

int board_reset_vcpu(struct vcpu *vcpu, struct error *err)
{
	struct board *b = vcpu->m->board;
	const struct accel *a = vcpu->m->accel;
	struct kvm_regs regs = {0};

	if (a->ioctl(vcpu->fd, KVM_SET_REGS, &regs) < 0 ||
	    a->ioctl(vcpu->fd, KVM_SET_SREGS, &b->power_on) < 0)
		return error_errno(err, "cannot set the registers of vcpu %u", vcpu->index);
	for (unsigned i = 0; i < b->n_power_on_regs; i++)
		if (vcpu_set_reg(vcpu, b->power_on_regs[i].id, &b->power_on_regs[i].val) < 0)
			return error_errno(err, "cannot set register 0x%llx of vcpu %u",
					   (unsigned long long)b->power_on_regs[i].id, vcpu->index);
	return clear_tlb(vcpu, err);
}

int board_start(struct vcpu *vcpu, const struct boot_entry *entry, struct error *err)
{
	u64 bytes = vcpu->m->board->ops->first_map;
	struct papyr_map map = {
	    .bytes = bytes,
	    .flags = PAPYR_MAP_READ | PAPYR_MAP_WRITE | PAPYR_MAP_EXECUTE,
	};
	struct kvm_regs regs = {.pc = entry->pc};

	regs.gpr[3] = entry->fdt;
	regs.gpr[6] = EPAPR_MAGIC;
	regs.gpr[7] = bytes;
	if (vcpu->m->accel->ioctl(vcpu->fd, PAPYR_MAP, &map) < 0)
		return error_errno(err, "cannot map the kernel of vcpu %u", vcpu->index);
	if (vcpu->m->accel->ioctl(vcpu->fd, KVM_SET_REGS, &regs) < 0)
		return error_errno(err, "cannot set the registers of vcpu %u", vcpu->index);
	return 0;
}
