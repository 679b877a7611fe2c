/* SPDX-License-Identifier: Apache-2.0 */
/* H_SET_MODE and the hypercalls that set a data breakpoint (PAPR 14.5.4.3, 14.5.4.3.5). */
#include "hv/hcall/hcall.h"
#include "hv/vcpu.h"

#define DABR_RW	     (DABR_DW | DABR_DR)
#define DABR_ADDRESS (~7ull)
#define BREAK_MODES  (BREAK_USER | BREAK_KERNEL)

/* From DABR to DAWRX. */
#define DAWRX_RW_SHIFT 5
#define DAWRX_WT_SHIFT 2

static bool has_dawr(const struct hv_vcpu *vcpu)
{
	return vcpu->cpu.model->level >= ISA_207;
}

/* Translations that were cached don't know of the breakpoint. */
static void watchpoint_changed(struct hv_vcpu *vcpu)
{
	cpu_slb_changed(&vcpu->cpu);
}

static long set_ciabr(struct hv_vcpu *vcpu, u64 flags, u64 ciabr, u64 value2)
{
	if (!has_dawr(vcpu))
		return H_P2;
	if (value2)
		return H_P4;
	if (flags)
		return H_UNSUPPORTED_FLAG;
	/* A guest may not stop in its hypervisor. */
	if ((ciabr & CIABR_PRIV) == CIABR_PRIV_HYPER)
		return H_P3;
	vcpu->cpu.ciabr = ciabr;
	return H_SUCCESS;
}

static long set_dawr(struct hv_vcpu *vcpu, u64 flags, u64 dawr, u64 dawrx)
{
	if (!has_dawr(vcpu))
		return H_P2;
	if (flags)
		return H_UNSUPPORTED_FLAG;
	if (dawrx & BREAK_HYPER)
		return H_P4;
	vcpu->cpu.dawr = dawr;
	vcpu->cpu.dawrx = dawrx;
	watchpoint_changed(vcpu);
	return H_SUCCESS;
}

/*
 * H_SET_MODE - sets a mode of this vcpu, or of all.
 *
 * @gpr[4]: flags
 * @gpr[5]: resource: 1 CIABR, 2 DAWR, 3 address translation on interrupts, 4 byte order on
 *          interrupts, 5 second DAWR
 * @gpr[6], @gpr[7]: values
 *
 * Three and four concern every vcpu: they are the client's, who stops them and sets each one's
 * LPCR.
 *
 * Returns H_SUCCESS, H_P2 (no such resource in this processor), H_P3, H_P4 (bad values),
 * H_UNSUPPORTED_FLAG, H_TOO_HARD (the client's).
 */
long h_set_mode(struct hv_vcpu *vcpu, u64 *gpr)
{
	switch (gpr[5]) {
	case H_SET_MODE_CIABR:
		return set_ciabr(vcpu, gpr[4], gpr[6], gpr[7]);
	case H_SET_MODE_DAWR:
		return set_dawr(vcpu, gpr[4], gpr[6], gpr[7]);
	case H_SET_MODE_DAWR1:
		return H_P2; /* POWER10's */
	case H_SET_MODE_AIL:
	case H_SET_MODE_ILE:
	default:
		return H_TOO_HARD;
	}
}

/* Where there is a DAWR, it serves: a guest in an older processor's mode knows no other. */
static long set_breakpoint(struct hv_vcpu *vcpu, u64 dabr, u64 dabrx)
{
	struct cpu *cpu = &vcpu->cpu;

	if (has_dawr(vcpu)) {
		cpu->dawr = dabr & DABR_ADDRESS;
		cpu->dawrx = (dabrx & ~((DABR_RW << DAWRX_RW_SHIFT) | DAWRX_WT)) |
			     (dabr & DABR_RW) << DAWRX_RW_SHIFT |
			     ((dabr & DABR_BT) << DAWRX_WT_SHIFT & DAWRX_WT);
	} else {
		cpu->dabr = dabr;
		cpu->dabrx = dabrx;
	}
	watchpoint_changed(vcpu);
	return H_SUCCESS;
}

/*
 * H_SET_DABR - the data address breakpoint, in problem and supervisor state.
 *
 * @gpr[4]: DABR
 *
 * Returns H_SUCCESS.
 */
long h_set_dabr(struct hv_vcpu *vcpu, u64 *gpr)
{
	return set_breakpoint(vcpu, gpr[4], BREAK_MODES);
}

/*
 * H_SET_XDABR - the data address breakpoint, and where it counts.
 *
 * @gpr[4]: DABR
 * @gpr[5]: DABRX; problem or supervisor state or both must be in it, the hypervisor's must not
 *
 * Returns H_SUCCESS, H_PARAMETER.
 */
long h_set_xdabr(struct hv_vcpu *vcpu, u64 *gpr)
{
	if (!(gpr[5] & BREAK_MODES) || (gpr[5] & ~(BREAK_MODES | DABRX_BTI)))
		return H_PARAMETER;
	return set_breakpoint(vcpu, gpr[4], gpr[5]);
}
