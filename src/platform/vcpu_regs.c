/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vcpu's registers: which there are, what they are at power-on, how they are read and set.
 */
#include "platform/vcpu.h"

#include <errno.h>

#include "platform/models.h"

#define MSR_SF PPC_BIT(0)
#define MSR_ME PPC_BIT(51)

#define R(reg, ...)                                                                                \
	{                                                                                          \
		.id = KVM_REG_PPC_##reg, .name = #reg, __VA_ARGS__                                 \
	}

/*
 * Order matters where it is said. Not listed: what KVM_GET_REGS and _SREGS have; those of
 * transactional memory, which no guest is offered.
 */
/* clang-format off */
const struct vcpu_reg vcpu_regs[] = {
	R(ARCH_COMPAT, .flags = VCPU_REG_NO_RESET), /* before what depends on the level */
	R(LPCR_64, .flags = VCPU_REG_NO_RESET),     /* of the whole VM */
	R(TB_OFFSET, .flags = VCPU_REG_NO_RESET),   /* before the times that it moves */
	R(DABR), R(DABRX), R(DSCR), R(PURR), R(SPURR), R(DAR), R(DSISR),
	R(AMR), R(UAMOR), R(IAMR), R(PID), R(ACOP), R(VRSAVE), R(PPR), R(CIABR), R(DAWR), R(DAWRX),
	R(IC), R(VTB), R(WORT), R(FSCR), R(PSPB), R(EBBHR), R(EBBRR), R(BESCR), R(TAR),
	R(DPDES, .flags = VCPU_REG_NO_RESET),       /* of the core: its other threads may run */
	R(CSIGR), R(TACR), R(TCSCR),
	R(MMCR0, .reset = 0x80000000), R(MMCR1), R(MMCRA), R(MMCR2), R(MMCRS),
	R(SIAR), R(SDAR), R(SIER), R(SPMC1), R(SPMC2),
	R(PMC1), R(PMC2), R(PMC3), R(PMC4), R(PMC5), R(PMC6), R(PMC7), R(PMC8),
	/* The first halves of VSR(n), which not every processor has. */
	R(FPR(0)), R(FPR(1)), R(FPR(2)), R(FPR(3)), R(FPR(4)), R(FPR(5)), R(FPR(6)), R(FPR(7)),
	R(FPR(8)), R(FPR(9)), R(FPR(10)), R(FPR(11)), R(FPR(12)), R(FPR(13)), R(FPR(14)),
	R(FPR(15)), R(FPR(16)), R(FPR(17)), R(FPR(18)), R(FPR(19)), R(FPR(20)), R(FPR(21)),
	R(FPR(22)), R(FPR(23)), R(FPR(24)), R(FPR(25)), R(FPR(26)), R(FPR(27)), R(FPR(28)),
	R(FPR(29)), R(FPR(30)), R(FPR(31)),
	R(VSR(0)), R(VSR(1)), R(VSR(2)), R(VSR(3)), R(VSR(4)), R(VSR(5)), R(VSR(6)), R(VSR(7)),
	R(VSR(8)), R(VSR(9)), R(VSR(10)), R(VSR(11)), R(VSR(12)), R(VSR(13)), R(VSR(14)),
	R(VSR(15)), R(VSR(16)), R(VSR(17)), R(VSR(18)), R(VSR(19)), R(VSR(20)), R(VSR(21)),
	R(VSR(22)), R(VSR(23)), R(VSR(24)), R(VSR(25)), R(VSR(26)), R(VSR(27)), R(VSR(28)),
	R(VSR(29)), R(VSR(30)), R(VSR(31)),
	R(VR(0)), R(VR(1)), R(VR(2)), R(VR(3)), R(VR(4)), R(VR(5)), R(VR(6)), R(VR(7)),
	R(VR(8)), R(VR(9)), R(VR(10)), R(VR(11)), R(VR(12)), R(VR(13)), R(VR(14)), R(VR(15)),
	R(VR(16)), R(VR(17)), R(VR(18)), R(VR(19)), R(VR(20)), R(VR(21)), R(VR(22)), R(VR(23)),
	R(VR(24)), R(VR(25)), R(VR(26)), R(VR(27)), R(VR(28)), R(VR(29)), R(VR(30)), R(VR(31)),
	R(FPSCR), R(VSCR, .reset = 0x00010000),
	R(VPA_ADDR, .flags = VCPU_REG_NO_RESET), /* before the two that need it */
	R(VPA_SLB, .flags = VCPU_REG_NO_RESET),
	R(VPA_DTL, .flags = VCPU_REG_NO_RESET),
	R(DEC_EXPIRY, .flags = VCPU_REG_NO_RESET),
	R(ICP_STATE, .flags = VCPU_REG_NO_RESET),
};
/* clang-format on */
const unsigned n_vcpu_regs = ARRAY_SIZE(vcpu_regs);

#undef R

int vcpu_get_reg(struct vcpu *vcpu, u64 id, void *val)
{
	struct kvm_one_reg reg = {.id = id, .addr = (uintptr_t)val};

	return vcpu->m->accel->ioctl(vcpu->fd, KVM_GET_ONE_REG, &reg);
}

int vcpu_set_reg(struct vcpu *vcpu, u64 id, const void *val)
{
	struct kvm_one_reg reg = {.id = id, .addr = (uintptr_t)val};

	return vcpu->m->accel->ioctl(vcpu->fd, KVM_SET_ONE_REG, &reg);
}

/*
 * No segments. And the model, where the processor isn't the one that choose_processor() asked for:
 * a real host has but its own, and confines the guest to a level.
 */
static int reset_segments(struct vcpu *vcpu, struct error *err)
{
	struct machine *m = vcpu->m;
	const struct machine_model *model = m->cfg.model;
	struct kvm_sregs sregs;

	if (m->accel->ioctl(vcpu->fd, KVM_GET_SREGS, &sregs) < 0)
		return error_errno(err, "cannot read the segment registers of vcpu %u",
				   vcpu->index);
	if (!m->host_pvr)
		m->host_pvr = sregs.pvr;
	memset(&sregs.u, 0, sizeof(sregs.u));
	if (m->accel->ioctl(vcpu->fd, KVM_SET_SREGS, &sregs) < 0)
		return error_errno(err, "cannot set the segment registers of vcpu %u", vcpu->index);
	if (sregs.pvr != model->pvr &&
	    vcpu_set_reg(vcpu, KVM_REG_PPC_ARCH_COMPAT, &model->logical_pvr) < 0)
		return error_errno(err, "the host cannot run a %s guest (--cpu)", model->name);
	return 0;
}

/*
 * The areas that the guest registered are forgotten; the VPA last, it can't go before the others.
 */
static void forget_areas(struct vcpu *vcpu)
{
	u64 none[2] = {0, 0};

	vcpu_set_reg(vcpu, KVM_REG_PPC_VPA_DTL, none);
	vcpu_set_reg(vcpu, KVM_REG_PPC_VPA_SLB, none);
	vcpu_set_reg(vcpu, KVM_REG_PPC_VPA_ADDR, none);
}

#define LPCR_GUEST_BITS (0x02000000ull | 0x01800000ull) /* ILE, AIL */
#define ICP_AT_RESET                                                                               \
	((0xffull << KVM_REG_PPC_ICP_MFRR_SHIFT) | (0xffull << KVM_REG_PPC_ICP_PPRI_SHIFT))

int vcpu_reset(struct vcpu *vcpu, struct error *err)
{
	struct kvm_regs regs = {.msr = MSR_SF | MSR_ME};
	u64 lpcr, icp = ICP_AT_RESET;

	if (reset_segments(vcpu, err))
		return -1;
	if (vcpu->m->accel->ioctl(vcpu->fd, KVM_SET_REGS, &regs) < 0)
		return error_errno(err, "cannot set the registers of vcpu %u", vcpu->index);
	for (unsigned i = 0; i < n_vcpu_regs; i++) {
		const struct vcpu_reg *r = &vcpu_regs[i];
		u8 val[16] = {0};

		if (r->flags & VCPU_REG_NO_RESET)
			continue;
		if (vcpu_reg_bytes(r->id) == 4)
			memcpy(val, &(u32){r->reset}, 4);
		else
			memcpy(val, &r->reset, 8);
		/* One that this processor doesn't have is no loss. */
		vcpu_set_reg(vcpu, r->id, val);
	}
	forget_areas(vcpu);
	if (vcpu_get_reg(vcpu, KVM_REG_PPC_LPCR_64, &lpcr) == 0 && (lpcr & LPCR_GUEST_BITS)) {
		lpcr &= ~LPCR_GUEST_BITS;
		vcpu_set_reg(vcpu, KVM_REG_PPC_LPCR_64, &lpcr);
	}
	if (vcpu_set_reg(vcpu, KVM_REG_PPC_ICP_STATE, &icp) < 0)
		return error_errno(err, "cannot reset the interrupts of vcpu %u", vcpu->index);
	return 0;
}

int vcpu_set_entry(struct vcpu *vcpu, u64 pc, u64 r3, struct error *err)
{
	struct kvm_regs regs = {.pc = pc, .msr = MSR_SF | MSR_ME};

	regs.gpr[3] = r3;
	if (vcpu->m->accel->ioctl(vcpu->fd, KVM_SET_REGS, &regs) < 0)
		return error_errno(err, "cannot set the registers of vcpu %u", vcpu->index);
	return 0;
}
