/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/booke_debug.h"
#include "cpu/isa/branch.h"
#include "cpu/isa/isa.h"

/* DBCR0; what it asks for has the same places in DBSR. */
#define DBCR0_IDM 0x40000000u
#define DBG_ICMP  0x08000000u
#define DBG_BRT	  0x04000000u
#define DBG_IRPT  0x02000000u
#define DBG_TRAP  0x01000000u
#define DBG_IAC1  0x00800000u /* the other three follow */
#define DBG_IACS  0x00f00000u
#define DBG_RET	  0x00008000u
#define DBG_ALL	  (DBG_ICMP | DBG_BRT | DBG_IRPT | DBG_TRAP | DBG_IACS | DBG_RET)
#define DBSR_IDE  0x80000000u /* MSR[DE] was 0 */

/* What is asked for, of @events. */
static u32 wanted(const struct cpu *cpu, u32 events)
{
	u32 dbcr0 = (u32)cpu->booke.dbcr[0];

	return dbcr0 & DBCR0_IDM ? dbcr0 & events : 0;
}

static bool is_due(const struct cpu *cpu)
{
	return (cpu->msr & MSR_DE) && (cpu->booke.dbcr[0] & DBCR0_IDM) &&
	       (cpu->booke.dbsr & DBG_ALL);
}

/* Those of an address or of a return are noted with MSR[DE] off too. */
bool booke_traces(const struct cpu *cpu)
{
	return wanted(cpu, DBG_IACS | DBG_RET) || is_due(cpu) ||
	       ((cpu->msr & MSR_DE) && wanted(cpu, DBG_ICMP | DBG_BRT));
}

void booke_debug_changed(struct cpu *cpu)
{
	cpu->traced_msr = booke_traces(cpu);
	/* Blocks that lead to each other end. */
	if (cpu->traced_msr)
		cpu_request(cpu, CPU_REQ_IRQ);
}

static void note(struct cpu *cpu, u32 events)
{
	if (!events)
		return;
	cpu->booke.dbsr |= events | (cpu->msr & MSR_DE ? 0 : DBSR_IDE);
	cpu->traced_msr = booke_traces(cpu);
}

bool booke_debug_due(struct cpu *cpu)
{
	if (!is_due(cpu))
		return false;
	cpu_interrupt(cpu, VEC_DEBUG, cpu->nip, 0);
	return true;
}

/* --- by address: DBCR1 says whose, in which address space, and whether two are a range --- */

#define ONLY_SUPERVISOR 2u /* US */
#define ONLY_USER	3u
#define ONLY_SPACE0	2u /* ER */
#define ONLY_SPACE1	3u
#define EXACT		0u /* M */
#define MASKED		1u
#define INSIDE		2u

static bool address_matches(const struct cpu *cpu, unsigned i, unsigned mode)
{
	u32 at = (u32)cpu->nip, first = (u32)cpu->booke.iac[i & ~1u] & ~3u,
	    second = (u32)cpu->booke.iac[i | 1u] & ~3u;
	bool inside = at >= first && at < second;

	switch (mode) {
	case EXACT:
		return at == (i & 1 ? second : first);
	case MASKED:
		return (at & second) == (first & second);
	case INSIDE:
		return inside;
	default:
		return !inside;
	}
}

static bool iac_matches(const struct cpu *cpu, unsigned i)
{
	u32 pair = (u32)cpu->booke.dbcr[1] >> (i < 2 ? 16 : 0), own = pair >> (i & 1 ? 0 : 4);
	unsigned us = own >> 10 & 3, er = own >> 8 & 3, mode = pair >> 6 & 3;
	bool user = cpu->msr & MSR_PR, space1 = cpu->msr & MSR_IS;

	if ((us == ONLY_SUPERVISOR && user) || (us == ONLY_USER && !user) ||
	    (er == ONLY_SPACE0 && space1) || (er == ONLY_SPACE1 && !space1))
		return false;
	return address_matches(cpu, i, mode);
}

static u32 matching_iacs(const struct cpu *cpu)
{
	u32 events = wanted(cpu, DBG_IACS);

	for (unsigned i = 0; i < ARRAY_SIZE(cpu->booke.iac); i++)
		if ((events & DBG_IAC1 >> i) && !iac_matches(cpu, i))
			events &= ~(DBG_IAC1 >> i);
	return events;
}

/* --- by what the instruction is --- */

#define XL(insn) ((insn) >> 1 & 0x3ff)
#define XL_BCLR	 16u
#define XL_BCCTR 528u
#define XL_RFI	 50u
#define XL_RFCI	 51u

static bool condition_holds(const struct cpu *cpu, u32 insn)
{
	unsigned bo = field(insn, 6, 10), bi = field(insn, 11, 15);
	bool cr = cpu->cr[bi >> 2] >> (3 - (bi & 3)) & 1, ctr_zero = (u32)cpu->ctr == 1;

	if (!(bo & BO_NO_CTR) && ctr_zero != !!(bo & BO_CTR_ZERO))
		return false;
	return (bo & BO_ANY_CR) || cr == !!(bo & BO_CR_SET);
}

static bool will_branch(const struct cpu *cpu, u32 insn)
{
	switch (insn >> 26) {
	case 18:
		return true;
	case 16:
		return condition_holds(cpu, insn);
	case 19:
		return (XL(insn) == XL_BCLR || XL(insn) == XL_BCCTR) && condition_holds(cpu, insn);
	default:
		return false;
	}
}

static bool returns(u32 insn)
{
	return insn >> 26 == 19 && (XL(insn) == XL_RFI || XL(insn) == XL_RFCI);
}

bool booke_debug_before(struct cpu *cpu, u32 insn)
{
	u32 events = matching_iacs(cpu);

	if (returns(insn) && !(cpu->msr & MSR_PR))
		events |= wanted(cpu, DBG_RET);
	if ((cpu->msr & MSR_DE) && will_branch(cpu, insn))
		events |= wanted(cpu, DBG_BRT);
	note(cpu, events);
	return events && booke_debug_due(cpu);
}

void booke_debug_after(struct cpu *cpu)
{
	note(cpu, wanted(cpu, DBG_ICMP));
}

/* --- by what an interrupt is --- */

bool booke_debug_trap(struct cpu *cpu)
{
	u32 events = wanted(cpu, DBG_TRAP);

	note(cpu, events);
	return events && (cpu->msr & MSR_DE);
}

void booke_debug_interrupt(struct cpu *cpu)
{
	note(cpu, wanted(cpu, DBG_IRPT));
}
