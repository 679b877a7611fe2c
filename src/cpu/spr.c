/* SPDX-License-Identifier: Apache-2.0 */
/* Special purpose registers: one table (spr.def), and the registers that are more than a word. */
#include "cpu/mmu/tlb.h"
#include "cpu/pmu.h"
#include "cpu/spr.h"

static u64 get_xer(struct cpu *cpu)
{
	return cpu_get_xer(cpu);
}

static void set_xer(struct cpu *cpu, u64 v)
{
	cpu_set_xer(cpu, v);
}

static u64 get_udscr(struct cpu *cpu)
{
	return cpu->dscr;
}

static void set_udscr(struct cpu *cpu, u64 v)
{
	cpu->dscr = v;
}

/*
 * AMR, IAMR and UAMOR change only where the mask register above them has ones. What the caches
 * remember of permissions goes with it.
 */
static u64 get_amr(struct cpu *cpu)
{
	return cpu->amr;
}

static void set_amr(struct cpu *cpu, u64 v)
{
	u64 mask = cpu->msr & MSR_PR ? cpu->uamor & cpu->amor : cpu->amor;
	u64 amr = (cpu->amr & ~mask) | (v & mask);

	if (amr != cpu->amr) {
		cpu->amr = amr;
		tlb_new_generation(cpu);
	}
}

static u64 get_iamr(struct cpu *cpu)
{
	return cpu->iamr;
}

static void set_iamr(struct cpu *cpu, u64 v)
{
	if (v != cpu->iamr) {
		cpu->iamr = v;
		tlb_new_generation(cpu);
	}
}

static u64 get_uamor(struct cpu *cpu)
{
	return cpu->uamor;
}

static void set_uamor(struct cpu *cpu, u64 v)
{
	cpu->uamor = v & cpu->amor;
}

static u64 get_dec(struct cpu *cpu)
{
	return (u32)cpu_get_dec(cpu);
}

static void set_dec(struct cpu *cpu, u64 v)
{
	cpu_set_dec(cpu, (s32)v);
}

static u64 get_ctrl(struct cpu *cpu)
{
	return cpu->ctrl;
}

static void set_ctrl(struct cpu *cpu, u64 v)
{
	cpu->ctrl = v & 1;
}

static u64 get_tb(struct cpu *cpu)
{
	return cpu_timebase(cpu);
}

static u64 get_tbu(struct cpu *cpu)
{
	return cpu_timebase(cpu) >> 32;
}

static u64 get_pvr(struct cpu *cpu)
{
	return cpu->pvr;
}

static u64 get_dpdes(struct cpu *cpu)
{
	return cpu->host->doorbells(cpu);
}

static u64 run_time(struct cpu *cpu)
{
	if (cpu->host->clocks_read)
		cpu->host->clocks_read(cpu);
	return cpu_guest_time(cpu);
}

static u64 get_purr(struct cpu *cpu)
{
	return run_time(cpu) + cpu->purr_offset;
}

static u64 get_spurr(struct cpu *cpu)
{
	return run_time(cpu) + cpu->spurr_offset;
}

static u64 get_vtb(struct cpu *cpu)
{
	u64 now = run_time(cpu);

	return cpu->host->virtual_time ? cpu->host->virtual_time(cpu) : now;
}

static u64 get_pir(struct cpu *cpu)
{
	return cpu->pir;
}

/* BESCR by setting or resetting bits, whole or its upper word. */
static u64 get_bescr(struct cpu *cpu)
{
	return cpu->bescr;
}

static u64 get_bescr_upper(struct cpu *cpu)
{
	return cpu->bescr >> 32;
}

#define get_bescrs  get_bescr
#define get_bescrr  get_bescr
#define get_bescrsu get_bescr_upper
#define get_bescrru get_bescr_upper

static void set_bescrs(struct cpu *cpu, u64 v)
{
	cpu->bescr |= v;
}

static void set_bescrsu(struct cpu *cpu, u64 v)
{
	cpu->bescr |= v << 32;
}

static void set_bescrr(struct cpu *cpu, u64 v)
{
	cpu->bescr &= ~v;
}

static void set_bescrru(struct cpu *cpu, u64 v)
{
	cpu->bescr &= ~(v << 32);
}

/* The performance monitor. */
#define PMU_REGISTER(name, field, mask)                                                            \
	static u64 get_##name(struct cpu *cpu)                                                     \
	{                                                                                          \
		return pmu_get(cpu, &cpu->field);                                                  \
	}                                                                                          \
	static void set_##name(struct cpu *cpu, u64 v)                                             \
	{                                                                                          \
		pmu_set(cpu, &cpu->field, v & (mask));                                             \
	}

PMU_REGISTER(pmc1, pmc[0], 0xffffffff)
PMU_REGISTER(pmc2, pmc[1], 0xffffffff)
PMU_REGISTER(pmc3, pmc[2], 0xffffffff)
PMU_REGISTER(pmc4, pmc[3], 0xffffffff)
PMU_REGISTER(pmc5, pmc[4], 0xffffffff)
PMU_REGISTER(pmc6, pmc[5], 0xffffffff)
PMU_REGISTER(pmc7, pmc[6], 0xffffffff)
PMU_REGISTER(pmc8, pmc[7], 0xffffffff)
PMU_REGISTER(mmcr1, mmcr[1], ~0ull)
PMU_REGISTER(mmcr2, mmcr[2], ~0ull)

static u64 get_mmcr0(struct cpu *cpu)
{
	return pmu_get(cpu, &cpu->mmcr[0]);
}

static void set_mmcr0(struct cpu *cpu, u64 v)
{
	pmu_set_mmcr0(cpu, v);
}

static u64 get_ic(struct cpu *cpu)
{
	return cpu_get_ic(cpu);
}

#define set_ic NULL

static u64 get_ppr(struct cpu *cpu)
{
	return cpu->ppr;
}

/*
 * Priorities: 1 very low, 2 low, 3 medium low, 4 medium, 5 medium high, 6 high, 7 very high.
 * Problem state may have 2 to 4, supervisors 1 to 6; what isn't allowed changes nothing (ISA 2.07
 * Book III-S 4.3.6).
 */
void spr_set_priority(struct cpu *cpu, unsigned priority)
{
	bool user = cpu->msr & MSR_PR;

	if (priority >= (user ? 2 : 1) && priority <= (user ? 4 : 6))
		cpu->ppr = (u64)priority << PPR_PRI_SHIFT;
}

static void set_ppr(struct cpu *cpu, u64 v)
{
	spr_set_priority(cpu, v >> PPR_PRI_SHIFT & 7);
}

static u64 get_ppr32(struct cpu *cpu)
{
	return cpu->ppr >> 32;
}

static void set_ppr32(struct cpu *cpu, u64 v)
{
	set_ppr(cpu, v << 32);
}

#define set_tb	  NULL
#define set_tbu	  NULL
#define set_pvr	  NULL
#define set_dpdes NULL
#define set_purr  NULL
#define set_spurr NULL
#define set_vtb	  NULL
#define set_pir	  NULL

const struct spr book3s_sprs[SPR_NUMBERS] = {
#define SPR(n, u, s, l, field)	 [n] = {u, s, l, 64, offsetof(struct cpu, field), NULL, NULL},
#define SPR32(n, u, s, l, field) [n] = {u, s, l, 32, offsetof(struct cpu, field), NULL, NULL},
#define SPR_FN(n, u, s, l, name) [n] = {u, s, l, 0, 0, get_##name, set_##name},
#include "cpu/spr.def"
#undef SPR
#undef SPR32
#undef SPR_FN
};

#define SPR_LR	8
#define SPR_CTR 9
#define SPR_PPR 896

unsigned spr_offset(unsigned n, enum isa_level level, bool user, bool writes)
{
	const struct spr *s = spr_row(level, n);

	/* From these on some are the performance monitor's, or ask for a facility. */
	if (n >= 768 && n != SPR_PPR)
		return 0;
	if (!spr_of_level(s, level) || (user ? s->user : s->supervisor) < (writes ? RW : R_))
		return 0;
	if (n == SPR_LR || n == SPR_CTR)
		return 0; /* they have instructions of their own */
	if (n == SPR_PPR && !writes)
		return offsetof(struct cpu, ppr);
	return s->width == 64 || (s->width && !writes) ? s->offset : 0;
}
