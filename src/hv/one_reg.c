/* SPDX-License-Identifier: Apache-2.0 */
/* KVM_GET_ONE_REG, KVM_SET_ONE_REG. Most registers are a word of struct cpu: a table; the rest has
 * rules. */
#include <errno.h>
#include "hv/booke.h"
#include "hv/debug.h"
#include "hv/core.h"
#include "hv/doorbell.h"
#include "hv/regs.h"
#include "hv/standstill.h"
#include "hv/vcpu.h"
#include "hv/vm.h"
#include "hv/vpa.h"
#include "hv/xics/xics.h"

/* --- those that are a word --- */

struct word_reg {
	u64 id;
	size_t offset; /* in struct hv_vcpu */
	u8 bytes;      /* of the field */
	u8 after;
	u64 drop; /* bits that are not taken */
};

enum { NOTHING, TRANSLATION }; /* what a change makes stale */

#define FIELD(name, field)                                                                         \
	{                                                                                          \
		KVM_REG_PPC_##name, offsetof(struct hv_vcpu, field),                               \
		    sizeof(((struct hv_vcpu *)0)->field), NOTHING, 0                               \
	}
#define FIELD_TLB(name, field)                                                                     \
	{                                                                                          \
		KVM_REG_PPC_##name, offsetof(struct hv_vcpu, field),                               \
		    sizeof(((struct hv_vcpu *)0)->field), TRANSLATION, 0                           \
	}
#define FIELD_TLB_DROP(name, field, off)                                                           \
	{                                                                                          \
		KVM_REG_PPC_##name, offsetof(struct hv_vcpu, field),                               \
		    sizeof(((struct hv_vcpu *)0)->field), TRANSLATION, off                         \
	}
#define FIELD_DROP(name, field, off)                                                               \
	{                                                                                          \
		KVM_REG_PPC_##name, offsetof(struct hv_vcpu, field),                               \
		    sizeof(((struct hv_vcpu *)0)->field), NOTHING, off                             \
	}

#define PSSCR_GUEST 0xf0000000000003ffull
#define PID_BITS    0xffffffffull

static const struct word_reg words[] = {
    FIELD_TLB(DABR, cpu.dabr),
    FIELD_TLB_DROP(DABRX, cpu.dabrx, BREAK_HYPER),
    FIELD(DSCR, cpu.dscr),
    FIELD(PURR, purr),
    FIELD(SPURR, spurr),
    FIELD(DAR, cpu.dar),
    FIELD(DSISR, cpu.dsisr),
    FIELD_TLB(AMR, cpu.amr),
    FIELD_TLB(UAMOR, cpu.uamor),
    FIELD_TLB(IAMR, cpu.iamr),
    FIELD_DROP(PID, cpu.pid, ~PID_BITS),
    FIELD(ACOP, cpu.acop),
    FIELD(VRSAVE, cpu.vrsave),
    FIELD(PPR, cpu.ppr),
    FIELD_TLB(DAWR, cpu.dawr),
    FIELD_TLB_DROP(DAWRX, cpu.dawrx, BREAK_HYPER),
    FIELD(DAWR1, dawr1),
    FIELD_DROP(DAWRX1, dawrx1, BREAK_HYPER),
    FIELD(WORT, cpu.wort),
    FIELD(FSCR, cpu.fscr),
    FIELD(PSPB, cpu.pspb),
    FIELD(EBBHR, cpu.ebbhr),
    FIELD(EBBRR, cpu.ebbrr),
    FIELD(BESCR, cpu.bescr),
    FIELD(TAR, cpu.tar),
    FIELD(CSIGR, cpu.csigr),
    FIELD(TACR, cpu.tacr),
    FIELD(TCSCR, cpu.tcscr),
    FIELD(MMCR0, cpu.mmcr[0]),
    FIELD(MMCR1, cpu.mmcr[1]),
    FIELD(MMCRA, cpu.mmcra),
    FIELD(MMCR2, cpu.mmcr[2]),
    FIELD(MMCRS, cpu.mmcrs),
    FIELD_DROP(MMCR3, mmcr3, ~0ull),
    FIELD(SIAR, cpu.siar),
    FIELD(SDAR, cpu.sdar),
    FIELD(SIER, cpu.sier),
    FIELD(SIER2, sier2),
    FIELD(SIER3, sier3),
    FIELD(PMC1, cpu.pmc[0]),
    FIELD(PMC2, cpu.pmc[1]),
    FIELD(PMC3, cpu.pmc[2]),
    FIELD(PMC4, cpu.pmc[3]),
    FIELD(PMC5, cpu.pmc[4]),
    FIELD(PMC6, cpu.pmc[5]),
    FIELD(PMC7, cpu.pmc[6]),
    FIELD(PMC8, cpu.pmc[7]),
    FIELD(SPMC1, cpu.spmc[0]),
    FIELD(SPMC2, cpu.spmc[1]),
    FIELD(VSCR, cpu.vscr),
    FIELD(TIDR, tidr),
    FIELD_DROP(PSSCR, cpu.psscr, ~PSSCR_GUEST),
    FIELD(ONLINE, online),
    FIELD(PTCR, ptcr),
};

static const struct word_reg *find_word(u64 id)
{
	for (unsigned i = 0; i < ARRAY_SIZE(words); i++) {
		if (words[i].id == id)
			return &words[i];
	}
	return NULL;
}

static unsigned bytes_of(u64 id)
{
	return 1u << ((id & KVM_REG_SIZE_MASK) >> KVM_REG_SIZE_SHIFT);
}

/* Client's values and fields, each of 4 or 8 bytes. */
static u64 load(const void *p, unsigned bytes)
{
	u32 w;
	u64 d;

	if (bytes == sizeof(w)) {
		memcpy(&w, p, sizeof(w));
		return w;
	}
	memcpy(&d, p, sizeof(d));
	return d;
}

static void store(void *p, unsigned bytes, u64 value)
{
	u32 w = value;

	if (bytes == sizeof(w))
		memcpy(p, &w, sizeof(w));
	else
		memcpy(p, &value, sizeof(value));
}

static void set_word(struct hv_vcpu *vcpu, const struct word_reg *reg, u64 value)
{
	store((char *)vcpu + reg->offset, reg->bytes, value & ~reg->drop);
	if (reg->after == TRANSLATION)
		cpu_slb_changed(&vcpu->cpu);
}

/* --- floating point and vectors: <papyr/kvm.h> numbers them one after another --- */

/* The register @id is in, and its bytes there; NULL: none of these. */
static void *vector_place(struct hv_vcpu *vcpu, u64 id)
{
	union vsr *vsr = vcpu->cpu.vsr;

	if (id >= KVM_REG_PPC_FPR0 && id <= KVM_REG_PPC_FPR31)
		return &VSR_D(vsr[id - KVM_REG_PPC_FPR0], 0);
	if (id >= KVM_REG_PPC_VR0 && id <= KVM_REG_PPC_VR31)
		return &vsr[32 + id - KVM_REG_PPC_VR0];
	if (id >= KVM_REG_PPC_VSR0 && id <= KVM_REG_PPC_VSR31)
		return &vsr[id - KVM_REG_PPC_VSR0];
	return NULL;
}

/* Linux has a code of its own for these on a processor without them. */
static bool lacks_vsx(const struct hv_vcpu *vcpu, u64 id)
{
	return vcpu->cpu.model->level < ISA_206 && id >= KVM_REG_PPC_VSR0 &&
	       id <= KVM_REG_PPC_VSR31;
}

/* --- time --- */

#define TB_OFFSET_STEP (1ull << 24) /* what hardware can move the timebase by */

/* The client sees one number, in which is what the guest stood still. */
static void set_tb_offset(struct hv_vcpu *vcpu, u64 offset)
{
	u64 old = cpu_timebase(&vcpu->cpu);

	vcpu->cpu.tb_offset = offset + hv_time_is_set(vcpu->vm);
	if (hv_is_booke(vcpu))
		booke_timers_moved(&vcpu->cpu.booke.timers, old, cpu_timebase(&vcpu->cpu));
	cpu_request(&vcpu->cpu, CPU_REQ_TIMER);
}

static u64 get_tb_offset(struct hv_vcpu *vcpu)
{
	return vcpu->cpu.tb_offset - hv_time_lag(vcpu->vm);
}

static void set_dec_expiry(struct hv_vcpu *vcpu, u64 timebase)
{
	vcpu->cpu.dec_expires = timebase;
	cpu_irq_clear(&vcpu->cpu, CPU_IRQ_DECR);
	cpu_request(&vcpu->cpu, CPU_REQ_TIMER);
}

/* --- modes --- */

static void set_lpcr(struct hv_vcpu *vcpu, u64 value, u64 reach)
{
	u64 mask = LPCR_DPFD | LPCR_ILE | LPCR_TC;

	if (vcpu->cpu.model->level >= ISA_207)
		mask |= LPCR_AIL;
	mask &= reach;
	vcpu->cpu.lpcr = (vcpu->cpu.lpcr & ~mask) | (value & mask);
	cpu_slb_changed(&vcpu->cpu);
}

/* Logical processor versions, in order of what they can do. */
static const struct {
	u32 pvr;
	enum isa_level level;
} compat_modes[] = {
    {0, ISA_201}, /* none: all that the processor can do */
    {0x0f000002, ISA_205}, {0x0f000003, ISA_206}, {0x0f100003, ISA_206}, {0x0f000004, ISA_207},
};

static int set_arch_compat(struct hv_vcpu *vcpu, u32 pvr)
{
	for (unsigned i = 0; i < ARRAY_SIZE(compat_modes); i++) {
		if (compat_modes[i].pvr == pvr && compat_modes[i].level <= vcpu->cpu.model->level) {
			vcpu->vm->arch_compat = pvr;
			return 0;
		}
	}
	return -EINVAL;
}

static void set_ciabr(struct hv_vcpu *vcpu, u64 ciabr)
{
	if ((ciabr & CIABR_PRIV) == CIABR_PRIV_HYPER)
		ciabr &= ~CIABR_PRIV;
	vcpu->cpu.ciabr = ciabr;
}

/* --- the two requests --- */

static int area_of(u64 id, enum hv_area *area)
{
	switch (id) {
	case KVM_REG_PPC_VPA_ADDR:
		*area = HV_AREA_VPA;
		return 0;
	case KVM_REG_PPC_VPA_SLB:
		*area = HV_AREA_SLB;
		return 0;
	case KVM_REG_PPC_VPA_DTL:
		*area = HV_AREA_DTL;
		return 0;
	default:
		return -EINVAL;
	}
}

static int get_area(struct hv_vcpu *vcpu, u64 id, u64 *value)
{
	enum hv_area area;
	u64 gpa, len;

	if (area_of(id, &area))
		return -EINVAL;
	hv_vpa_get(vcpu, area, &gpa, &len);
	value[0] = gpa;
	if (area != HV_AREA_VPA)
		value[1] = len;
	return 0;
}

static int set_area(struct hv_vcpu *vcpu, u64 id, const u64 *value)
{
	enum hv_area area;

	if (area_of(id, &area))
		return -EINVAL;
	return hv_vpa_set(vcpu, area, value[0], area == HV_AREA_VPA ? 0 : value[1]);
}

static int get_special(struct hv_vcpu *vcpu, u64 id, u64 *value)
{
	switch (id) {
	case KVM_REG_PPC_HIOR:
		*value = 0;
		return 0;
	case KVM_REG_PPC_DEBUG_INST:
		*value = HV_DEBUG_INST;
		return 0;
	case KVM_REG_PPC_CIABR:
		*value = vcpu->cpu.ciabr;
		return 0;
	case KVM_REG_PPC_FPSCR:
		*value = fpscr_get(&vcpu->cpu.fpscr);
		return 0;
	case KVM_REG_PPC_DPDES:
		*value = hv_get_dpdes(vcpu);
		return 0;
	case KVM_REG_PPC_VTB:
		*value = hv_get_vtb(vcpu);
		return 0;
	case KVM_REG_PPC_IC:
		*value = cpu_get_ic(&vcpu->cpu);
		return 0;
	case KVM_REG_PPC_TB_OFFSET:
	case KVM_REG_PPC_PAPYR_TB_OFFSET:
		*value = get_tb_offset(vcpu);
		return 0;
	case KVM_REG_PPC_DEC_EXPIRY:
		*value = vcpu->cpu.dec_expires;
		return 0;
	case KVM_REG_PPC_LPCR:
	case KVM_REG_PPC_LPCR_64:
		*value = vcpu->cpu.lpcr;
		return 0;
	case KVM_REG_PPC_ARCH_COMPAT:
		*value = vcpu->vm->arch_compat;
		return 0;
	case KVM_REG_PPC_ICP_STATE:
		return hv_xics_get_icp(vcpu, value);
	case KVM_REG_PPC_VP_STATE:
		return -ENXIO; /* XIVE's */
	default:
		return -EINVAL;
	}
}

static int set_special(struct hv_vcpu *vcpu, u64 id, u64 value)
{
	switch (id) {
	case KVM_REG_PPC_HIOR:
		return value ? -EINVAL : 0;
	case KVM_REG_PPC_CIABR:
		set_ciabr(vcpu, value);
		return 0;
	case KVM_REG_PPC_FPSCR:
		fpscr_set(&vcpu->cpu.fpscr, value);
		return 0;
	case KVM_REG_PPC_DPDES:
		hv_set_dpdes(vcpu, value);
		return 0;
	case KVM_REG_PPC_VTB:
		hv_set_vtb(vcpu, value);
		return 0;
	case KVM_REG_PPC_IC:
		cpu_set_ic(&vcpu->cpu, value);
		return 0;
	case KVM_REG_PPC_TB_OFFSET:
		set_tb_offset(vcpu, (value + TB_OFFSET_STEP - 1) & ~(TB_OFFSET_STEP - 1));
		return 0;
	case KVM_REG_PPC_PAPYR_TB_OFFSET:
		set_tb_offset(vcpu, value);
		return 0;
	case KVM_REG_PPC_DEC_EXPIRY:
		set_dec_expiry(vcpu, value);
		return 0;
	case KVM_REG_PPC_LPCR:
		set_lpcr(vcpu, value, 0xffffffffull);
		return 0;
	case KVM_REG_PPC_LPCR_64:
		set_lpcr(vcpu, value, ~0ull);
		return 0;
	case KVM_REG_PPC_ARCH_COMPAT:
		return set_arch_compat(vcpu, value);
	case KVM_REG_PPC_ICP_STATE:
		return hv_xics_set_icp(vcpu, value);
	case KVM_REG_PPC_VP_STATE:
		return -ENXIO;
	default:
		return -EINVAL;
	}
}

static bool is_word(u64 id)
{
	return bytes_of(id) == 4 || bytes_of(id) == 8;
}

/* Those that all processors have. */
static bool is_common(u64 id)
{
	return (id >= KVM_REG_PPC_FPR0 && id <= KVM_REG_PPC_FPR31) || id == KVM_REG_PPC_FPSCR ||
	       id == KVM_REG_PPC_TB_OFFSET || id == KVM_REG_PPC_PAPYR_TB_OFFSET;
}

int hv_get_one_reg(struct hv_vcpu *vcpu, u64 id, void *value)
{
	const struct word_reg *word = find_word(id);
	void *place = vector_place(vcpu, id);
	u64 special;
	int ret;

	if (hv_is_booke(vcpu) && !is_common(id)) {
		ret = is_word(id) ? hv_booke_get_one_reg(vcpu, id, &special) : -EINVAL;
		if (!ret)
			store(value, bytes_of(id), special);
		return ret;
	}
	if (lacks_vsx(vcpu, id))
		return -ENXIO;
	if (word) {
		store(value, bytes_of(id), load((char *)vcpu + word->offset, word->bytes));
		return 0;
	}
	if (place) {
		memcpy(value, place, bytes_of(id));
		return 0;
	}
	ret = get_area(vcpu, id, value);
	if (ret != -EINVAL)
		return ret;
	ret = get_special(vcpu, id, &special);
	if (!ret)
		store(value, bytes_of(id), special);
	return ret;
}

int hv_set_one_reg(struct hv_vcpu *vcpu, u64 id, const void *value)
{
	const struct word_reg *word = find_word(id);
	void *place = vector_place(vcpu, id);
	enum hv_area area;

	if (hv_is_booke(vcpu) && !is_common(id))
		return is_word(id) ? hv_booke_set_one_reg(vcpu, id, load(value, bytes_of(id)))
				   : -EINVAL;
	if (lacks_vsx(vcpu, id))
		return -ENXIO;
	if (word) {
		set_word(vcpu, word, load(value, bytes_of(id)));
		return 0;
	}
	if (place) {
		memcpy(place, value, bytes_of(id));
		return 0;
	}
	if (!area_of(id, &area))
		return set_area(vcpu, id, value);
	return is_word(id)		    ? set_special(vcpu, id, load(value, bytes_of(id)))
	       : id == KVM_REG_PPC_VP_STATE ? -ENXIO
					    : -EINVAL;
}
