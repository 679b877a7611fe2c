/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/booke_debug.h"
#include "cpu/insn/op.h"
#include "cpu/isa/branch.h"
#include "cpu/isa/isa.h"
#include "cpu/raise.h"

#define DBG_ICMP  0x08000000u
#define DBG_BRT	  0x04000000u
#define DBG_IRPT  0x02000000u
#define DBG_TRAP  0x01000000u
#define DBG_IAC1  0x00800000u /* the other three follow */
#define DBG_IACS  0x00f00000u
#define DBG_IAC34 0x00300000u
#define DBG_DAC1  0x000c0000u /* reads and writes; DAC2's follow */
#define DBG_READ  0x000a0000u
#define DBG_WRITE 0x00050000u
#define DBG_RET	  0x00008000u
#define DBG_ALL	  (DBG_ICMP | DBG_BRT | DBG_IRPT | DBG_TRAP | DBG_IACS | DBG_DACS | DBG_RET)
#define DBSR_IDE  0x80000000u /* MSR[DE] was 0 */

unsigned booke_iacs(const struct cpu *cpu)
{
	return cpu->model->level == ISA_440 ? 4 : 2;
}

/* Where there is no IAC3 and IAC4 their bits are reserved. */
static u32 known_events(const struct cpu *cpu)
{
	return booke_iacs(cpu) > 2 ? DBG_ALL : DBG_ALL & ~DBG_IAC34;
}

/* What is asked for, of @events. */
static u32 wanted(const struct cpu *cpu, u32 events)
{
	u32 dbcr0 = (u32)cpu->booke.dbcr[0];

	return dbcr0 & DBCR0_IDM ? dbcr0 & events & known_events(cpu) : 0;
}

static bool is_due(const struct cpu *cpu)
{
	return (cpu->msr & MSR_DE) && (cpu->booke.dbcr[0] & DBCR0_IDM) &&
	       (cpu->booke.dbsr & known_events(cpu));
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

void booke_debug_asks(struct cpu *cpu, u32 dbcr0)
{
	bool watched = booke_watches(cpu);

	cpu->booke.dbcr[0] = dbcr0;
	if (!watched && booke_watches(cpu))
		cpu_booke_changed(cpu);
	booke_debug_changed(cpu);
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

/*
 * --- by address: the upper half of DBCR1 and DBCR2, of IAC3 and IAC4 the lower one of DBCR1, says
 * of a pair of registers whose, in which address space, and whether the two are a range ---
 */

#define ONLY_SUPERVISOR 2u /* US */
#define ONLY_USER	3u
#define ONLY_SPACE0	2u /* ER */
#define ONLY_SPACE1	3u
#define EXACT		0u /* M */
#define MASKED		1u
#define INSIDE		2u

struct address_pair {
	u32 first, second;
	u32 control; /* in its lower half */
};

static bool address_matches(const struct address_pair *pair, bool is_second, u32 at)
{
	bool inside = at >= pair->first && at < pair->second;

	switch (pair->control >> 6 & 3) {
	case EXACT:
		return at == (is_second ? pair->second : pair->first);
	case MASKED:
		return (at & pair->second) == (pair->first & pair->second);
	case INSIDE:
		return inside;
	default:
		return !inside;
	}
}

static bool state_matches(const struct cpu *cpu, const struct address_pair *pair, bool is_second,
			  bool space1)
{
	u32 own = pair->control >> (is_second ? 0 : 4);
	unsigned us = own >> 10 & 3, er = own >> 8 & 3;
	bool user = cpu->msr & MSR_PR;

	return !((us == ONLY_SUPERVISOR && user) || (us == ONLY_USER && !user) ||
		 (er == ONLY_SPACE0 && space1) || (er == ONLY_SPACE1 && !space1));
}

static bool iac_matches(const struct cpu *cpu, unsigned i)
{
	struct address_pair pair = {.first = (u32)cpu->booke.iac[i & ~1u] & ~3u,
				    .second = (u32)cpu->booke.iac[i | 1u] & ~3u,
				    .control = (u32)cpu->booke.dbcr[1] >> (i < 2 ? 16 : 0)};

	return state_matches(cpu, &pair, i & 1, cpu->msr & MSR_IS) &&
	       address_matches(&pair, i & 1, (u32)cpu->nip);
}

static u32 matching_iacs(const struct cpu *cpu)
{
	u32 events = wanted(cpu, DBG_IACS);

	for (unsigned i = 0; i < booke_iacs(cpu); i++)
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
	bool ctr_zero = (u32)cpu->ctr == 1;

	if (!(bo & BO_NO_CTR) && ctr_zero != !!(bo & BO_CTR_ZERO))
		return false;
	return cpu_cr_allows(cpu, bo, bi);
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

/* --- by the data that an instruction loads or stores --- */

struct data_access {
	u32 at, n;
	const u8 *bytes; /* NULL: not known */
};

#define ALL_OF	   1u /* DVC1M, DVC2M */
#define ANY_OF	   2u
#define HALF_OF	   3u /* all of the first two or of the last two */
#define FIRST_HALF 12u
#define LAST_HALF  3u

/* Which bytes of DVC1 or DVC2 (DVC1BE, DVC2BE) are compared; on a 440 alone. */
static u32 compared_bytes(const struct cpu *cpu, unsigned i)
{
	return cpu->model->level == ISA_440 ? (u32)cpu->booke.dbcr[2] >> (i ? 0 : 8) & 15 : 0;
}

bool booke_compares_values(const struct cpu *cpu)
{
	return compared_bytes(cpu, 0) || compared_bytes(cpu, 1);
}

static bool all_met(u32 met, u32 asked)
{
	return asked && (met & asked) == asked;
}

static bool value_matches(const struct cpu *cpu, unsigned i, const struct data_access *access)
{
	u32 asked = compared_bytes(cpu, i), met = 0;

	if (!asked)
		return true;
	/* Each stands for a place in an aligned word. */
	for (u32 j = 0; access->bytes && j < access->n; j++) {
		u32 place = (access->at + j) & 3;

		if (access->bytes[j] == (u8)(cpu->booke.dvc[i] >> (24 - 8 * place)))
			met |= 8u >> place;
	}
	switch (cpu->booke.dbcr[2] >> (i ? 16 : 18) & 3) {
	case ALL_OF:
		return all_met(met, asked);
	case ANY_OF:
		return met & asked;
	case HALF_OF:
		return all_met(met, asked & FIRST_HALF) || all_met(met, asked & LAST_HALF);
	default:
		return true;
	}
}

/* Those of @events that it meets. */
static u32 matching_dacs(const struct cpu *cpu, u32 events, const struct data_access *access)
{
	struct address_pair pair = {.first = (u32)cpu->booke.dac[0],
				    .second = (u32)cpu->booke.dac[1],
				    .control = (u32)cpu->booke.dbcr[2] >> 16};

	for (unsigned i = 0; i < ARRAY_SIZE(cpu->booke.dac); i++)
		if (!state_matches(cpu, &pair, i, cpu->msr & MSR_DS) ||
		    !address_matches(&pair, i, access->at) || !value_matches(cpu, i, access))
			events &= ~(DBG_DAC1 >> 2 * i);
	return events;
}

#define X(insn) ((insn) >> 26 == 31 ? (insn) >> 1 & 0x3ff : 0)
#define X_STWCX 150u
#define X_LSWX	533u
#define X_LSWI	597u
#define X_STSWX 661u
#define X_STSWI 725u
#define X_DCBZ	1014u
#define D_LMW	46u
#define D_STMW	47u

static bool is_multiple(u32 insn)
{
	u32 d = insn >> 26, x = X(insn);

	return d == D_LMW || d == D_STMW || x == X_LSWX || x == X_LSWI || x == X_STSWX ||
	       x == X_STSWI;
}

/* The bytes from @at on that are one access at most: the path to the cache is so wide, and of
 * several registers each has its own. */
static u32 access_most(const struct cpu *cpu, const struct op *op, u32 at)
{
	u32 wide = cpu->model->level == ISA_440 ? 16 : 8, left = wide - at % wide;

	return is_multiple(op->insn) && left > 4 ? 4 : left;
}

static u32 meets_dacs(const struct cpu *cpu, const struct op *op, u32 asked, struct data_access all)
{
	u32 events = 0, n;

	for (; asked && all.n; all.at += n, all.n -= n) {
		struct data_access one = all;

		n = access_most(cpu, op, all.at);
		n = n < all.n ? n : all.n;
		one.n = n;
		events |= matching_dacs(cpu, asked, &one);
		if (all.bytes)
			all.bytes += n;
	}
	return events;
}

/* What is compared is where each access begins, not what else it reaches. */
bool booke_debug_data(struct cpu *cpu, const struct op *op, u64 ea, unsigned size, bool store,
		      const u8 *bytes)
{
	static const u8 zeroes[4];
	struct data_access access = {.at = (u32)ea, .n = size, .bytes = bytes};
	u32 events = wanted(cpu, store ? DBG_WRITE : DBG_READ), word = be32((u32)cpu->gpr[op->t]);

	/* These store what isn't in @bytes. A line is one access, and begins where the instruction
	 * says, aligned or not. */
	if (X(op->insn) == X_STWCX)
		access.bytes = (const u8 *)&word;
	if (X(op->insn) == X_DCBZ) {
		access = (struct data_access){(u32)EA_X_OF(cpu, op), sizeof(zeroes), zeroes};
		events = matching_dacs(cpu, events, &access);
	} else {
		events = meets_dacs(cpu, op, events, access);
	}
	note(cpu, events);
	if (!events || !(cpu->msr & MSR_DE))
		return false;
	cpu_raise(cpu, op, VEC_DEBUG, 0);
	return true;
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
