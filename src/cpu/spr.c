/* SPDX-License-Identifier: Apache-2.0 */
/* Special purpose registers: one table (spr.def), the registers that are more than a word, mfspr
 * and mtspr. */
#include "cpu/insn/op.h"
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
static void set_priority(struct cpu *cpu, unsigned priority)
{
	bool user = cpu->msr & MSR_PR;

	if (priority >= (user ? 2 : 1) && priority <= (user ? 4 : 6))
		cpu->ppr = (u64)priority << PPR_PRI_SHIFT;
}

static void set_ppr(struct cpu *cpu, u64 v)
{
	set_priority(cpu, v >> PPR_PRI_SHIFT & 7);
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

static const struct spr sprs[SPR_NUMBERS] = {
#define SPR(n, u, s, l, field)	 [n] = {u, s, l, 64, offsetof(struct cpu, field), NULL, NULL},
#define SPR32(n, u, s, l, field) [n] = {u, s, l, 32, offsetof(struct cpu, field), NULL, NULL},
#define SPR_FN(n, u, s, l, name) [n] = {u, s, l, 0, 0, get_##name, set_##name},
#include "cpu/spr.def"
#undef SPR
#undef SPR32
#undef SPR_FN
};

static bool spr_is_pmc_7_or_8(unsigned n)
{
	return n == 777 || n == 778 || n == 793 || n == 794;
}

static const struct spr *spr_row(enum isa_level level, unsigned n)
{
	return level < ISA_32 ? &booke_sprs[n] : &sprs[n];
}

static bool spr_of_level(const struct spr *s, enum isa_level level)
{
	return level < ISA_32 ? s->level == ISA_BOOKE || s->level == level : s->level <= level;
}

static bool spr_exists(const struct cpu *cpu, unsigned n)
{
	const struct spr *s = spr_row(cpu->model->level, n);

	if (spr_is_pmc_7_or_8(n) && cpu->model->pmcs < 8)
		return false;
	return (s->width || s->get) && spr_of_level(s, cpu->model->level);
}

static u64 spr_read(struct cpu *cpu, const struct spr *s)
{
	return s->width ? *(u64 *)((char *)cpu + s->offset) : s->get(cpu);
}

static void spr_write(struct cpu *cpu, const struct spr *s, u64 v)
{
	if (s->width)
		*(u64 *)((char *)cpu + s->offset) = s->width == 32 ? (u32)v : v;
	else if (s->set)
		s->set(cpu, v);
}

/* --- facilities: FSCR and MMCR0 say what problem state may use (ISA 2.07 Book III-S 6.2.10, 9.4.4)
 * --- */

#define FACILITY_DSCR	 2
#define FACILITY_PMU	 3
#define FACILITY_EBB	 7
#define FACILITY_TAR	 8
#define MMCR0_PMCC_SHIFT 18

/* Problem-state access to the performance monitor by MMCR0[PMCC]: 0 read only, 1 none, 2 all, 3 all
 * but PMC5 and 6. */
static bool pmu_access(const struct cpu *cpu, unsigned n, bool write)
{
	switch (cpu->mmcr[0] >> MMCR0_PMCC_SHIFT & 3) {
	case 0:
		return !write;
	case 1:
		return false;
	case 2:
		return true;
	default:
		return n != 775 && n != 776;
	}
}

/*
 * The facility that stands in the way of an access to SPR @n, or 0; only problem state asks for
 * any.
 */
static unsigned missing_facility(const struct cpu *cpu, unsigned n, bool write)
{
	if (cpu->model->level < ISA_207 || !(cpu->msr & MSR_PR))
		return 0;
	if (n == 3)
		return cpu->fscr >> FACILITY_DSCR & 1 ? 0 : FACILITY_DSCR;
	if (n == 815)
		return cpu->fscr >> FACILITY_TAR & 1 ? 0 : FACILITY_TAR;
	if (n >= 800 && n <= 806)
		return cpu->fscr >> FACILITY_EBB & 1 ? 0 : FACILITY_EBB;
	if (n >= 768 && n <= 782)
		return pmu_access(cpu, n, write) ? 0 : FACILITY_PMU;
	return 0;
}

#define SPR_PRIVILEGED 0x10u /* this bit of a number marks registers of the supervisor */

/* Reserved for hints: no operation in any state, RT keeps its value (ISA 2.07 Book I 3.3.17). */
static bool spr_is_hint(const struct cpu *cpu, unsigned n)
{
	return n >= 808 && n <= 811 && cpu->model->level >= ISA_205;
}

/*
 * An access that is not allowed. Numbers that no register has are no operation in supervisor state,
 * but for 0, 4, 5 and 6 (ISA 2.07 Book III-S 4.4.4).
 */
static const struct op *spr_refuse(struct cpu *cpu, const struct op *op)
{
	unsigned n = op->imm;

	if (spr_is_hint(cpu, n))
		NEXT;
	if (cpu->msr & MSR_PR)
		return cpu_raise_program(cpu, op,
					 n & SPR_PRIVILEGED ? SRR1_PROG_PRIV : SRR1_PROG_ILLEGAL);
	if (spr_exists(cpu, n))
		return cpu_raise_program(cpu, op, SRR1_PROG_PRIV);
	if (n == 0 || (n >= 4 && n <= 6))
		return cpu_raise_program(cpu, op, SRR1_PROG_ILLEGAL);
	NEXT;
}

/* The performance monitor's registers were none to be written by problem state before ISA 2.07. */
static bool pmu_only_read(const struct cpu *cpu, unsigned n)
{
	return n >= 768 && n <= 782 && (cpu->msr & MSR_PR) && cpu->model->level < ISA_207;
}

static bool allowed(const struct cpu *cpu, unsigned n, enum spr_access want)
{
	const struct spr *s = spr_row(cpu->model->level, n);

	return spr_exists(cpu, n) && !(want == RW && pmu_only_read(cpu, n)) &&
	       (cpu->msr & MSR_PR ? s->user : s->supervisor) >= want;
}

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

OP(mfspr)
{
	unsigned n = op->imm, facility;

	if (unlikely(!allowed(cpu, n, R_)))
		return spr_refuse(cpu, op);
	facility = missing_facility(cpu, n, false);
	if (unlikely(facility))
		return cpu_raise_facility(cpu, op, facility);
	cpu->gpr[op->t] = spr_read(cpu, spr_row(cpu->model->level, n));
	NEXT;
}

OP(mtspr)
{
	unsigned n = op->imm, facility;
	u32 mode;

	if (unlikely(!allowed(cpu, n, RW)))
		return spr_refuse(cpu, op);
	facility = missing_facility(cpu, n, true);
	if (unlikely(facility))
		return cpu_raise_facility(cpu, op, facility);
	mode = cpu->mode;
	spr_write(cpu, spr_row(cpu->model->level, n), cpu->gpr[op->t]);
	if (unlikely(cpu->mode != mode)) {
		cpu->nip = NIA();
		STOP;
	}
	NEXT;
}

/* The branch history, which is empty: no branch is recorded. Problem state: MMCR0[BHRBA]. */
#define MMCR0_BHRBA   0x00200000u
#define FACILITY_BHRB 4

static bool bhrb_denied(const struct cpu *cpu)
{
	return (cpu->msr & MSR_PR) && !(cpu->mmcr[0] & MMCR0_BHRBA);
}

OP(mfbhrbe)
{
	if (bhrb_denied(cpu))
		return cpu_raise_facility(cpu, op, FACILITY_BHRB);
	cpu->gpr[op->t] = 0;
	NEXT;
}

OP(clrbhrb)
{
	if (bhrb_denied(cpu))
		return cpu_raise_facility(cpu, op, FACILITY_BHRB);
	NEXT;
}

/* Turns of a loop that waits: a microsecond or two, longer than who runs holds a lock. */
#define SPIN_TURNS 64

/* or r,r,r. Loops that wait lower their priority in each turn; little else does. */
OP(priority)
{
	static const u8 priorities[32] = {[31] = 1, [1] = 2, [6] = 3, [2] = 4, [5] = 5, [3] = 6};

	set_priority(cpu, priorities[op->t]);
	if (cpu_waits(cpu) && ++cpu->spin_turns >= SPIN_TURNS) {
		cpu->spin_turns = 0;
		cpu_request(cpu, CPU_REQ_SPINS);
	}
	NEXT;
}

OP(mftb)
{
	return op_mfspr(cpu, op);
}

/* The registers that every function saves and restores, without the table's detour. */
OP(mflr)
{
	cpu->gpr[op->t] = cpu->lr;
	NEXT;
}

OP(mtlr)
{
	cpu->lr = cpu->gpr[op->t];
	NEXT;
}

OP(mfctr)
{
	cpu->gpr[op->t] = cpu->ctr;
	NEXT;
}

OP(mtctr)
{
	cpu->ctr = cpu->gpr[op->t];
	NEXT;
}
