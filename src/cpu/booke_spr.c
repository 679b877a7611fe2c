/* SPDX-License-Identifier: Apache-2.0 */
/* Special purpose registers of BookE processors that are more than a word. */
#include "cpu/booke_debug.h"
#include "cpu/mmu/booke.h"
#include "cpu/spr.h"

static u64 get_xer(struct cpu *cpu)
{
	return cpu_get_xer(cpu);
}

static void set_xer(struct cpu *cpu, u64 v)
{
	cpu_set_xer(cpu, v);
}

/* --- time --- */

static u64 get_dec(struct cpu *cpu)
{
	return booke_get_dec(&cpu->booke.timers, cpu_timebase(cpu));
}

/* What waits because of the timers may wait no longer, or begin to. */
static void timers_changed(struct cpu *cpu)
{
	cpu_has_pending(cpu);
	cpu_request(cpu, CPU_REQ_TIMER);
}

static void set_dec(struct cpu *cpu, u64 v)
{
	booke_set_dec(&cpu->booke.timers, (u32)v, cpu_timebase(cpu));
	timers_changed(cpu);
}

static u64 get_decar(struct cpu *cpu)
{
	return cpu->booke.timers.decar;
}

static void set_decar(struct cpu *cpu, u64 v)
{
	booke_set_decar(&cpu->booke.timers, (u32)v, cpu_timebase(cpu));
	timers_changed(cpu);
}

static u64 get_tsr(struct cpu *cpu)
{
	return booke_get_tsr(&cpu->booke.timers, cpu_timebase(cpu));
}

static void set_tsr(struct cpu *cpu, u64 v)
{
	booke_write_tsr(&cpu->booke.timers, (u32)v, cpu_timebase(cpu));
	timers_changed(cpu);
}

static u64 get_tcr(struct cpu *cpu)
{
	return cpu->booke.timers.tcr;
}

static void set_tcr(struct cpu *cpu, u64 v)
{
	booke_write_tcr(&cpu->booke.timers, (u32)v, cpu_timebase(cpu));
	timers_changed(cpu);
}

static u64 get_tbl(struct cpu *cpu)
{
	return (u32)cpu_timebase(cpu);
}

static u64 get_tbu(struct cpu *cpu)
{
	return cpu_timebase(cpu) >> 32;
}

static void set_timebase(struct cpu *cpu, u64 old, u64 new)
{
	cpu->tb_offset += new - old;
	cpu->booke.atb_ahead -= new - old;
	booke_timers_moved(&cpu->booke.timers, old, new);
	timers_changed(cpu);
}

static void set_tbl(struct cpu *cpu, u64 v)
{
	u64 now = cpu_timebase(cpu);

	set_timebase(cpu, now, now >> 32 << 32 | (u32)v);
}

static void set_tbu(struct cpu *cpu, u64 v)
{
	u64 now = cpu_timebase(cpu);

	set_timebase(cpu, now, v << 32 | (u32)now);
}

/* The alternate timebase counts the core's clock, which is the timebase's here, and can't be
 * written. */
static u64 get_atbl(struct cpu *cpu)
{
	return (u32)(cpu_timebase(cpu) + cpu->booke.atb_ahead);
}

static u64 get_atbu(struct cpu *cpu)
{
	return (cpu_timebase(cpu) + cpu->booke.atb_ahead) >> 32;
}

/* --- translation --- */

#define PID_MASK 0xffu

static void set_pid(struct cpu *cpu, unsigned i, u64 v)
{
	if (cpu->booke.pid[i] == (v & PID_MASK))
		return;
	cpu->booke.pid[i] = v & PID_MASK;
	booke_pid_changed(cpu);
}

#define PID_REGISTER(i)                                                                            \
	static u64 get_pid##i(struct cpu *cpu)                                                     \
	{                                                                                          \
		return cpu->booke.pid[i];                                                          \
	}                                                                                          \
	static void set_pid##i(struct cpu *cpu, u64 v)                                             \
	{                                                                                          \
		set_pid(cpu, i, v);                                                                \
	}

PID_REGISTER(0)
PID_REGISTER(1)
PID_REGISTER(2)

static u64 get_tlb0cfg(struct cpu *cpu)
{
	return tlb_e500_config(cpu->booke.tlb, 0);
}

static u64 get_tlb1cfg(struct cpu *cpu)
{
	return tlb_e500_config(cpu->booke.tlb, 1);
}

static u64 get_mmucfg(struct cpu *cpu)
{
	return tlb_e500_mmucfg();
}

static u64 get_mmucsr0(struct cpu *cpu)
{
	return 0; /* invalidating takes no time */
}

static void set_mmucsr0(struct cpu *cpu, u64 v)
{
	tlb_e500_flash(cpu->booke.tlb, (u32)v, booke_page_gone, cpu);
}

/* --- interrupts and debugging --- */

static u64 get_ivpr(struct cpu *cpu)
{
	return cpu->booke.ivpr;
}

static void set_ivpr(struct cpu *cpu, u64 v)
{
	cpu->booke.ivpr = v & 0xffff0000u;
}

/* Ones take bits back. */
static u64 get_mcsr(struct cpu *cpu)
{
	return cpu->booke.mcsr;
}

static void set_mcsr(struct cpu *cpu, u64 v)
{
	cpu->booke.mcsr &= ~v;
}

static u64 get_dbsr(struct cpu *cpu)
{
	return cpu->booke.dbsr;
}

static void set_dbsr(struct cpu *cpu, u64 v)
{
	cpu->booke.dbsr &= ~v;
	booke_debug_changed(cpu);
}

#define DBCR0_RST 0x30000000u

static u64 get_dbcr0(struct cpu *cpu)
{
	return cpu->booke.dbcr[0];
}

static void set_dbcr0(struct cpu *cpu, u64 v)
{
	booke_debug_asks(cpu, (u32)v);
	if ((v & DBCR0_RST) && cpu->host->reset)
		cpu->host->reset(cpu);
}

/* --- caches that aren't there: invalidating them is done at once --- */

#define L1CSR_ACTS 0x102u  /* CLFC, CFI */
#define BUCSR_ACTS 0x200u  /* BBFI */
#define L1CFG	   0x3820u /* 8 ways, 32 KiB, lines of 32 bytes */

static u64 get_l1cfg(struct cpu *cpu)
{
	return L1CFG;
}

static u64 get_l1csr0(struct cpu *cpu)
{
	return cpu->booke.l1csr[0];
}

static void set_l1csr0(struct cpu *cpu, u64 v)
{
	cpu->booke.l1csr[0] = (u32)v & ~L1CSR_ACTS;
}

/* The number of a 440's debug data register and of the e500's other cache. */
static u64 *dbdr_l1csr1(struct cpu *cpu)
{
	return cpu->model->level == ISA_440 ? &cpu->booke.dbdr : &cpu->booke.l1csr[1];
}

static u64 get_dbdr_l1csr1(struct cpu *cpu)
{
	return *dbdr_l1csr1(cpu);
}

static void set_dbdr_l1csr1(struct cpu *cpu, u64 v)
{
	*dbdr_l1csr1(cpu) = (u32)v & ~(cpu->model->level == ISA_440 ? 0 : L1CSR_ACTS);
}

static u64 get_bucsr(struct cpu *cpu)
{
	return cpu->booke.bucsr;
}

static void set_bucsr(struct cpu *cpu, u64 v)
{
	cpu->booke.bucsr = (u32)v & ~BUCSR_ACTS;
}

static u64 get_pvr(struct cpu *cpu)
{
	return cpu->pvr;
}

#define set_atbl    NULL
#define set_atbu    NULL
#define set_pvr	    NULL
#define set_l1cfg   NULL
#define set_tlb0cfg NULL
#define set_tlb1cfg NULL
#define set_mmucfg  NULL

const struct spr booke_sprs[SPR_NUMBERS] = {
#define SPR(n, u, s, l, field)	 [n] = {u, s, l, 64, offsetof(struct cpu, field), NULL, NULL},
#define SPR_FN(n, u, s, l, name) [n] = {u, s, l, 0, 0, get_##name, set_##name},
#include "cpu/booke/spr.def"
#undef SPR
#undef SPR_FN
};
