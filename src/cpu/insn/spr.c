/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instructions that move special purpose registers: who may read and write which (ISA 2.07
 * Book III-S 4.4.4), and facilities that are switched off. What the registers are is in cpu/spr.c.
 */
#include "cpu/insn/op.h"
#include "cpu/spr.h"

static bool spr_is_pmc_7_or_8(unsigned n)
{
	return n == 777 || n == 778 || n == 793 || n == 794;
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

/*
 * ---- Facilities: FSCR and MMCR0 say what problem state may use ----
 *
 * ISA 2.07 Book III-S 6.2.10, 9.4.4.
 */

#define FACILITY_DSCR	 2
#define FACILITY_PMU	 3
#define FACILITY_EBB	 7
#define FACILITY_TAR	 8
#define MMCR0_PMCC_SHIFT 18

/*
 * Problem-state access to the performance monitor by MMCR0[PMCC]: 0 read only, 1 none, 2 all, 3 all
 * but PMC5 and 6.
 */
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

#define SPR_SDR1 25
#define SPR_DABR 1013

/*
 * These two are the hypervisor's to write; a supervisor could read them until ISA 2.06 (Book III
 * 2.01 has a column for each of the two instructions). SDR1 says nothing: the table isn't in the
 * guest's memory.
 */
static bool supervisor_reads(const struct cpu *cpu, unsigned n)
{
	return (n == SPR_SDR1 || n == SPR_DABR) && cpu->model->level < ISA_206 &&
	       !(cpu->msr & MSR_PR);
}

/* ---- The instructions ---- */

OP(mfspr)
{
	unsigned n = op->imm, facility;

	if (unlikely(!allowed(cpu, n, R_) && !supervisor_reads(cpu, n)))
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

	spr_set_priority(cpu, priorities[op->t]);
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
