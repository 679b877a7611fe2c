/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct cpu: one hardware thread of a Power processor, as a hypervisor sees it from outside.
 *
 * What is here is what silicon has: registers, translation, interrupts, time. It knows hash tables
 * (it walks them) and nothing of virtual machines: guest real addresses are turned into host
 * memory, hypercalls and hypervisor storage interrupts are served by the owner through struct
 * cpu_host.
 *
 * A struct cpu belongs to the thread that runs it (cpu_run). Other threads may only call the
 * functions that say so: they set bits of cpu->request, which is looked at on every block boundary.
 */
#ifndef PAPYR_CPU_CPU_H
#define PAPYR_CPU_CPU_H

#include <papyr/papyr.h>
#include "base/bits.h"
#include "cpu/booke/booke.h"
#include "cpu/counts.h"
#include "cpu/debug.h"
#include "cpu/fp/fpscr.h"
#include "cpu/isa/level.h"
#include "cpu/mmu/caches.h"
#include "cpu/msr.h"

struct cpu;
struct hpt;
struct op;
struct block;
struct code_cache;
struct jit;
struct tlbs;

/*
 * A vector-scalar register: 128 bits, kept as a host-order 128-bit number, so that vector code may
 * use the host's vectors. Power numbers elements from the most significant side: use VSR_D(),
 * VSR_W() ... for element i in Power's order. FPR n is doubleword 0 of VSR n; VR n is VSR 32 + n.
 */
union vsr {
	u128 q;
	u64 d[2];
	s64 sd[2];
	u32 w[4];
	s32 sw[4];
	u16 h[8];
	s16 sh[8];
	u8 b[16];
	s8 sb[16];
	double f64[2];
	float f32[4];
	u64 vd __attribute__((vector_size(16)));
	u32 vw __attribute__((vector_size(16)));
	u16 vh __attribute__((vector_size(16)));
	u8 vb __attribute__((vector_size(16)));
	s64 vsd __attribute__((vector_size(16)));
	s32 vsw __attribute__((vector_size(16)));
	s16 vsh __attribute__((vector_size(16)));
	s8 vsb __attribute__((vector_size(16)));
	float vf __attribute__((vector_size(16)));
	double vdf __attribute__((vector_size(16)));
};

/* Index of Power's element i in the arrays of union vsr that have n elements. */
#define VSR_IX(i, n) (BASE_HOST_LE ? (n)-1 - (i) : (i))
#define VSR_D(r, i)  ((r).d[VSR_IX(i, 2)])
#define VSR_W(r, i)  ((r).w[VSR_IX(i, 4)])
#define VSR_H(r, i)  ((r).h[VSR_IX(i, 8)])
#define VSR_B(r, i)  ((r).b[VSR_IX(i, 16)])
#define VSR_SD(r, i) ((r).sd[VSR_IX(i, 2)])
#define VSR_SW(r, i) ((r).sw[VSR_IX(i, 4)])
#define VSR_SH(r, i) ((r).sh[VSR_IX(i, 8)])
#define VSR_SB(r, i) ((r).sb[VSR_IX(i, 16)])

struct cpu_model {
	const char *name; /* "POWER8" */
	u32 pvr;
	enum isa_level level;
	unsigned slb_entries;
	unsigned pmcs;
	unsigned threads; /* in a core */
	bool has_vrma;	  /* real mode may go through the table, or ... */
	bool has_rma;	  /* ... by offset and limit into memory of its own; one of the two */
	u64 msr_mask;	  /* MSR bits that exist */
};

extern const struct cpu_model cpu_model_970, cpu_model_power7, cpu_model_power8;
extern const struct cpu_model cpu_model_440, cpu_model_e500v2; /* BookE */

/* By name, ignoring case; NULL when there is none such. */
const struct cpu_model *cpu_model_by_name(const char *name);
/* By processor version register (version half only); NULL when there is none such. */
const struct cpu_model *cpu_model_by_pvr(u32 pvr);

/*
 * Real mode by offset and limit (LPCR[VPM0] 0) reaches one of these sizes: the code that LPCR[RMLS]
 * has for it. -1: there is none for @bytes.
 */
int cpu_real_mode_limit_code(u64 bytes);

#define CPU_SLB_MAX 64

struct slb_entry {
	u64 esid; /* RB of slbmte: ESID, V (SLB_ESID_V), index bits clear */
	u64 vsid; /* RS of slbmte: B, VSID, Ks, Kp, N, L, C, LP */
};
#define SLB_ESID_V    0x0000000008000000ull
#define SLB_VSID_B    0xc000000000000000ull /* segment size: 0 is 256 MB */
#define SLB_VSID_B_1T 0x4000000000000000ull
#define SLB_VSID_KS   0x0000000000000800ull
#define SLB_VSID_KP   0x0000000000000400ull
#define SLB_VSID_N    0x0000000000000200ull
#define SLB_VSID_L    0x0000000000000100ull
#define SLB_VSID_C    0x0000000000000080ull
#define SLB_VSID_LP   0x0000000000000030ull

/*
 * Bits of cpu->request, set by other threads (and by the owner); looked at on every block boundary.
 */
#define CPU_REQ_EXIT	0x01u /* leave cpu_run() */
#define CPU_REQ_IRQ	0x02u /* cpu->pending changed */
#define CPU_REQ_FLUSH	0x04u /* invalidations wait in the owner's log: cpu_host.catch_up */
#define CPU_REQ_TIMER	0x08u /* look at the decrementers now */
#define CPU_REQ_FORGET	0x20u /* the owner's own: mmu/touched.h */
#define CPU_REQ_SPINS	0x40u /* the owner's own: cpu_host.spins */
#define CPU_REQ_UNITS	0x80u /* the owner's own: mmu/tlb.h */
#define CPU_REQ_RECHECK 0x10u /* memory may have been changed from outside: cpu_code_recheck() */

/* Bits of cpu->pending: interrupts that wait for MSR[EE]. Set atomically, by any thread. */
#define CPU_IRQ_EXTERNAL 0x01u /* external, level: cleared by whoever set it */
#define CPU_IRQ_DECR	 0x02u /* derived from the decrementer by the owner thread */
#define CPU_IRQ_DOORBELL 0x04u /* directed privileged doorbell (msgsndp) */
#define CPU_IRQ_PERFMON	 0x08u
/* BookE's; the critical ones wait for MSR[CE]. */
#define CPU_IRQ_CRITICAL 0x10u /* level, as the external one */
#define CPU_IRQ_WATCHDOG 0x20u /* derived from the timers, as the decrementer's */
#define CPU_IRQ_FIT	 0x40u

/* What cpu_run() came back for. */
enum cpu_exit {
	CPU_EXIT_REQUEST, /* CPU_REQ_EXIT was set */
	CPU_EXIT_HOST,	  /* a callback of struct cpu_host asked to leave */
};

enum cpu_access_kind { CPU_LOAD, CPU_STORE, CPU_FETCH };

/* An access that the hash table let through, but not to memory: what a hypervisor storage interrupt
 * tells. */
struct cpu_access {
	enum cpu_access_kind kind;
	u64 ea;
	u64 gpa;	/* guest real address */
	u64 hpte_index; /* of the entry, ~0 in real mode without a table */
	bool absent;	/* the entry's absent bit is set */
	unsigned size;	/* bytes, 1..8 (16-byte accesses come in two) */
	/*
	 * Bytes in address order, as the guest's instruction has them in memory. NULL: an
	 * instruction that works on memory alone (reservations, quadwords, dcbz): CPU_FAULT_DONE
	 * then says that there is none.
	 */
	void *data;
	/* A store of @data is all that the instruction does to memory: when it is carried out, so
	 * is the instruction. */
	bool sole;
};

enum cpu_fault_verdict {
	CPU_FAULT_RETRY, /* the entry was made live or memory appeared: walk again */
	CPU_FAULT_DONE,	 /* the access was carried out: data read into / taken from access->data */
	CPU_FAULT_LEAVE, /* leave cpu_run() (CPU_EXIT_HOST) with the instruction not begun */
	CPU_FAULT_REFLECT, /* give the guest its storage interrupt (no such translation) */
	CPU_FAULT_BROKEN,  /* there is memory, but it is broken: a machine check */
};

/* What the usual guest's pages are of, and translations and memory are kept by. */
#define CPU_UNIT_SHIFT 16
#define CPU_UNIT_BYTES (1ull << CPU_UNIT_SHIFT)

/* Memory behind one guest real page, as the owner finds it. */
struct cpu_ram {
	u8 *host;      /* of the page's first byte; NULL: no memory here */
	bool writable; /* false: stores go to cpu_host.fault */
	bool whole;    /* so is all of the unit that the page is of */
};

enum cpu_ram_use {
	CPU_RAM_LOAD,
	/* The page, or the unit that it is of if that is whole, is about to be written: the owner
	 * marks it in its dirty log. */
	CPU_RAM_STORE,
	CPU_RAM_STORE_UNIT,
};

#define TIMEBASE_HZ ((u64)PAPYR_TIMEBASE_HZ)

/*
 * The time that a guest has, shared by its cpus: the host's, less what it stood still. Written by
 * the owner alone, atomically, in this order.
 */
struct cpu_time {
	u64 lag;   /* ticks that it stood still */
	u64 alive; /* the host's timebase when the owner last saw that it goes on */
};
/* For so long after it was seen alive nobody asks whether it stood still. */
#define CPU_TIME_SURE (TIMEBASE_HZ / 4)

/* The owner's side: what hardware reaches by wires and interrupts. All called on the cpu's own
 * thread. */
struct cpu_host {
	/* Memory of the 4 KiB page at @gpa. */
	struct cpu_ram (*ram)(struct cpu *cpu, u64 gpa, enum cpu_ram_use use);
	/* sc with LEV 1 in supervisor state: registers are in cpu; false leaves cpu_run() with nip
	 * after the sc. */
	bool (*hcall)(struct cpu *cpu);
	/* An access through an absent entry, or to a place without memory. */
	enum cpu_fault_verdict (*fault)(struct cpu *cpu, struct cpu_access *access);
	/* msgsndp: a directed doorbell to thread @thread (TIR) of this cpu's core. */
	void (*doorbell)(struct cpu *cpu, unsigned thread);
	/* DPDES of this cpu's core: bit 1 << TIR of each thread for which a doorbell waits. */
	u64 (*doorbells)(struct cpu *cpu);
	/* Now and then, some ten thousand times a second: has anything come up? True: leave
	 * cpu_run(). */
	bool (*tick)(struct cpu *cpu);
	/* VTB of this cpu's core. May be NULL: it runs always. */
	u64 (*virtual_time)(struct cpu *cpu);
	/* PURR, SPURR or VTB is about to be read. May be NULL. */
	void (*clocks_read)(struct cpu *cpu);
	/* cpu->time->alive is long ago: makes it now, and lag what it should be. Any thread. */
	void (*was_alive)(struct cpu *cpu);
	/* CPU_REQ_FLUSH: work through the owner's log, calling cpu_flush_*(). */
	void (*catch_up)(struct cpu *cpu);
	/*
	 * @size bytes at @gpa, within a page, will be decoded: from now on no cpu may write them
	 * without telling (code_write). May work through the owner's log meanwhile. False: they
	 * were written, it is to be asked again, between two blocks.
	 */
	bool (*code_read)(struct cpu *cpu, u64 gpa, unsigned size);
	/* @size bytes at @gpa, on a page that holds code, are about to be written by this cpu. */
	void (*code_write)(struct cpu *cpu, u64 gpa, unsigned size);
	/* Is a page of @bytes at @gpa, which is memory, marked as holding code (its stores must go
	 * the slow way)? */
	bool (*is_code)(struct cpu *cpu, u64 gpa, u64 bytes);
	/*
	 * Is the owner told of all that others than processors write, and tells? Else, or if NULL,
	 * pages that are mapped anew are compared with what was decoded of them.
	 */
	bool (*is_told)(struct cpu *cpu);
	/*
	 * The guest waits in a loop: it said so in many turns, by lowering its priority. What it
	 * waits for may want this processor. Between blocks; may work through the owner's log.
	 */
	void (*spins)(struct cpu *cpu);
	/* cpu->traced asks for these. An interrupt was taken: SRR0, SRR1, nip, ... are its. */
	void (*took_interrupt)(struct cpu *cpu, unsigned vector);
	/* @access was translated; @vector isn't 0: it failed, @why being the interrupt's bits. */
	void (*translated)(struct cpu *cpu, const struct cpu_access *access, unsigned vector,
			   u64 why);
	/*
	 * A machine check is due; SRR0, SRR1 and, of loads and stores, DAR and DSISR are its.
	 * True: it was taken care of, cpu_run() ends with nip at the instruction. False: the guest
	 * has it.
	 */
	bool (*machine_check)(struct cpu *cpu);
	/*
	 * BookE: mtdcr (@write) or mfdcr of number @dcr, to or from general register @gpr. True:
	 * it is done. False: leave cpu_run() with nip after it; the owner sets the register.
	 */
	bool (*dcr)(struct cpu *cpu, unsigned dcr, bool write, unsigned gpr);
	/* BookE: MSR[WE] was set: the guest has nothing to do until an interrupt. May be NULL. */
	void (*waits)(struct cpu *cpu);
	/* BookE: the guest asks for a reset (DBCR0[RST]), or its watchdog did. May be NULL. */
	void (*reset)(struct cpu *cpu);
	/* What a debugger asked for (debug.h): cpu_run() ends, nip is at the instruction. */
	void (*stopped)(struct cpu *cpu, enum cpu_stop why, u64 ea);
};

struct cpu {
	/* --- the hot part: what every instruction touches --- */
	/* The first 256 bytes are what translations reach by short encodings. */
	u64 cfar;
	u64 jump_key;	  /* what an entry of jumps must have now: generation and mode */
	s32 budget;	  /* instructions until the next look at the clock */
	u32 request;	  /* CPU_REQ_*, atomic */
	u8 cr[8];	  /* one field a byte: LT 8, GT 4, EQ 2, SO 1 */
	u8 so, ov, ca;	  /* XER's bits, 0 or 1: cpu_set_so() */
	u8 equal;	  /* a field of CR after a comparison of equals: EQ and SO */
	u8 xer_len;	  /* XER's string length, 0..127 */
	u8 cr0_shift;	  /* 32 in 32-bit mode: results are compared after this left shift */
	u64 gpr[33];	  /* [32] is the constant 0, for RA|0 */
	u64 nip; /* of the running block's first instruction; CIA() gives the current one */
	const struct op *ops; /* the running block's first instruction */
	u64 host_stack;	      /* the host's, where translations are entered */
	u64 return_stack;     /* where they run (mmu/returns.h) */
	u64 lr, ctr;
	u64 ea_mask;	    /* 64-bit mode: all ones; 32-bit mode: the low word */
	bool swap;	    /* guest's byte order differs from the host's */
	bool big;	    /* MSR[LE] is 0 */
	u8 unit_shift;	    /* log 2 of the bytes that an entry of tlb[] is of (mmu/mem.h) */
	u32 pending;	    /* CPU_IRQ_*, atomic */
	struct tlb *dtlb; /* that of tlb[] which the current MSR[PR, DR] chooses */
	struct fpscr fpscr; /* by the functions of fp/fpscr.h alone */
	u32 vscr;
	u32 mode; /* MSR bits that decoding depends on (engine/block.h) */
	u64 msr;
	u64 traced_msr; /* MSR[SE, BE]; on BookE: are debug events looked for? (booke_debug.h) */
	u64 reserve_gpa; /* of the reservation, ~0: none */
	u64 reserve_value[2];
	u32 reserve_size;
	union vsr vsr[64] __attribute__((aligned(64)));

	/* --- supervisor state --- */
	u64 srr0, srr1, dar, dsisr, sprg[4];
	u64 hsrr0, hsrr1; /* set by interrupts that the hypervisor directs there */
	u64 vrsave;
	u32 spin_turns; /* priorities lowered since cpu_host.spins() was called */
	u64 dscr, udscr, amr, uamor, iamr, amor, ctrl, ppr, fscr, tar, pspb;
	u64 dabr, dabrx, dawr, dawrx, ciabr;
	u64 ebbhr, ebbrr, bescr, csigr, tacr, tcscr, acop, pid, wort, psscr;
	u64 mmcr[4], mmcrs, mmcra, siar, sdar, sier, pmc[8], spmc[2];
	u64 lpcr, lpidr, rmor, hrmor, sdr1, hid[8], pir, pvr, purr_offset, spurr_offset, ic_offset;
	u64 tir;	       /* number of the thread in its core */
	u64 pmu_insns, pmu_tb; /* up to which PMCs have counted (pmu.h) */
	bool pmu_on;	       /* MMCR0[FC] is 0 */
	struct slb_entry slb[CPU_SLB_MAX];
	unsigned slb_nr;
	unsigned slb_last; /* where the last lookup hit */

	/* --- time --- */
	struct cpu_time *time;
	u64 tb_offset;	 /* guest timebase = host's 512 MHz clock - time->lag + this */
	u64 dec_expires; /* guest timebase at which the decrementer passes below zero */
	u64 dec_looked;	 /* guest timebase when the decrementer was set, or last seen to count */
	u64 hdec_expires;

	struct booke booke;

	/* --- machinery --- */
	const struct cpu_model *model;
	const struct cpu_host *host;
	struct hpt *hpt; /* NULL: real mode is mapped one to one, translation finds nothing */
	struct jit *jit; /* NULL: functions only */
	struct code_cache *code;
	struct tlbs *tlbs;
	struct returns returns;
	bool leave;	    /* a callback said so: cpu_run() returns CPU_EXIT_HOST */
	u32 left_insn;	    /* the instruction that CPU_FAULT_LEAVE stopped; nip is at it */
	bool external_edge; /* taking the external interrupt takes it back (KVM_INTERRUPT_SET) */
	bool interrupted;   /* an interrupt was taken (tells a traced instruction's end) */
	u64 insns;	    /* instructions begun, without those of the running budget */
	s32 given;	    /* what the budget was at the last look at the clock */
	u64 looked, pace;   /* guest timebase then; ticks that a thousand instructions took */
	u32 traced;	    /* PAPYR_TRACE_*: what the owner wants to be told of; atomic */
	const struct op *link_from; /* a branch whose target the dispatcher is about to find */
	struct cpu_counts counts;
	struct cpu_debug debug;

	/* --- large --- */
	struct tlb tlb[TLB_CONTEXTS];
	struct jump jump[JUMP_ENTRIES];
};

/*
 * Makes @cpu, which is zeroes, a processor of @model, in the state after reset: 64-bit big-endian
 * real mode. @host is kept, not copied. @first: of its machine; further ones keep half as much
 * code. Returns 0 or -ENOMEM. cpu_fini() frees what cpu_init() made.
 */
int cpu_init(struct cpu *cpu, const struct cpu_model *model, const struct cpu_host *host,
	     bool first);
void cpu_fini(struct cpu *cpu);

/*
 * Before it runs for the first time: finds memory that it wants soon, which takes milliseconds and
 * isn't done before since a processor may never run. Nothing can fail: all was reserved by
 * cpu_init(). Later calls do nothing.
 */
void cpu_warm_up(struct cpu *cpu);
/* Runs until something asks to leave, or an instruction was carried out (debug.step). */
enum cpu_exit cpu_run(struct cpu *cpu);
/*
 * Carries out one instruction, or takes the interrupt it causes; no pending interrupt is taken and
 * no request looked at. cpu->leave is set if a callback asked to leave instead.
 */
void cpu_step(struct cpu *cpu);
/* The same with the instruction word @insn instead of what memory holds at nip. */
void cpu_step_insn(struct cpu *cpu, u32 insn);

/*
 * Does @insn, an access to memory, put the address into a register (an update form)? Then which,
 * and the address that registers as they are now make.
 */
bool cpu_update_form(const struct cpu *cpu, u32 insn, unsigned *ra, u64 *ea);

/* A BookE processor, with a TLB of its own instead of segments and a table? */
static inline bool cpu_is_booke(const struct cpu *cpu)
{
	return cpu->booke.tlb;
}

/* MSR written by anything but an instruction: keeps the derived fields (mode, caches) right. */
void cpu_set_msr(struct cpu *cpu, u64 msr);

/* Does the owner want to be told of this? To be asked in slow paths only. */
static inline bool cpu_traces(const struct cpu *cpu, u32 events)
{
	return unlikely(__atomic_load_n(&cpu->traced, __ATOMIC_RELAXED) & events);
}

/* Very low or low priority: the guest waits in a loop. */
#define PPR_PRI_SHIFT 50
static inline bool cpu_waits(const struct cpu *cpu)
{
	unsigned priority = cpu->ppr >> PPR_PRI_SHIFT & 7;

	return priority == 1 || priority == 2;
}

/* Any thread. */
void cpu_request(struct cpu *cpu, u32 bits);
void cpu_irq_set(struct cpu *cpu, u32 bits);
void cpu_irq_clear(struct cpu *cpu, u32 bits);

/* CR and XER as the architecture's words. */
static inline void cpu_set_so(struct cpu *cpu, bool so)
{
	cpu->so = so;
	cpu->equal = 2u | so;
}

u32 cpu_get_cr(const struct cpu *cpu);
void cpu_set_cr(struct cpu *cpu, u32 cr);
u64 cpu_get_xer(const struct cpu *cpu);
void cpu_set_xer(struct cpu *cpu, u64 xer);

/* Instructions begun since cpu_init(), those of the running block included. */
static inline u64 cpu_insns(const struct cpu *cpu)
{
	return cpu->insns - (u64)(s64)cpu->budget;
}

/* IC: instructions counted since it was set, for the supervisor to take differences of. */
static inline u64 cpu_get_ic(const struct cpu *cpu)
{
	return cpu->ic_offset + cpu_insns(cpu);
}

static inline void cpu_set_ic(struct cpu *cpu, u64 ic)
{
	cpu->ic_offset = ic - cpu_insns(cpu);
}

/* Time. Timebase ticks at TIMEBASE_HZ. */
u64 cpu_timebase(struct cpu *cpu);
/* The same without the offset: the host's, less what the guest stood still. */
u64 cpu_guest_time(struct cpu *cpu);
s64 cpu_get_dec(struct cpu *cpu);
void cpu_set_dec(struct cpu *cpu, s64 dec);
u64 host_timebase(void);
/* Processor time of the calling thread, in ticks too. */
u64 host_thread_time(void);

/*
 * The performance monitor counts from here on, or has counted so far: where the vcpu enters and
 * leaves the guest, or sleeps. Registers may have been set from outside between the two. Own thread
 * only.
 */
void cpu_pmu_start(struct cpu *cpu);
void cpu_pmu_stop(struct cpu *cpu);

/* The SLB, AMR, a watchpoint or LPCR changed by something but an instruction. Own thread only. */
void cpu_slb_changed(struct cpu *cpu);

/*
 * BookE: entries of the TLB, PIDs or anything else in cpu->booke changed, but not by an
 * instruction. Own thread only.
 */
void cpu_booke_changed(struct cpu *cpu);

/* Translation caches: one page of the table (its virtual page, segment size and page shift), or
 * all. Own thread only. */
void cpu_flush_page(struct cpu *cpu, u64 vpn_va, unsigned page_shift);
void cpu_flush_all(struct cpu *cpu);
/*
 * The doubleword at @ea as the guest would load it now, if the translation is at hand: nothing is
 * looked up, marked or raised. Own thread only.
 */
bool cpu_peek(const struct cpu *cpu, u64 ea, u64 *value);
/*
 * Each page that this processor has at hand, by effective address: one entry for its data and one
 * for its instructions. Of BookE, TLB_REAL is address space 1, of the supervisor or of users. Own
 * thread only.
 */
struct cpu_shadow {
	u64 ea, gpa;
	enum tlb_context context;
	bool read, write, execute;
};
typedef void cpu_shadow_fn(void *of, const struct cpu_shadow *page);
void cpu_each_shadow(const struct cpu *cpu, cpu_shadow_fn *tell, void *of);
bool cpu_space1_is_users(const struct cpu *cpu);
/*
 * Any thread: may this processor have the translation of a page, or the right to write a guest real
 * page directly, in its caches? After what it would find in memory was changed, and a full fence,
 * false is certain, and stays so for what it was asked for.
 */
bool cpu_may_translate(const struct cpu *cpu, u64 va, unsigned page_shift);
bool cpu_may_write(const struct cpu *cpu, u64 gpa);
/*
 * Own thread: does the owner want to know of stores by pages, rather than by units? It costs time:
 * what is translated is so for the one or for the other.
 */
void cpu_log_pages(struct cpu *cpu, bool on);
/* Own thread: is about to write to the page at @gpa; to be called before is_code is asked. */
void cpu_touch_writable(struct cpu *cpu, u64 gpa);
/* Decoded code of the 4 KiB page at @gpa, or all. Own thread only. */
void cpu_flush_code(struct cpu *cpu, u64 gpa);
void cpu_flush_all_code(struct cpu *cpu);
/* Stores to the page at @gpa, or to any, must go the slow way: cpu_host.ram and .is_code are
 * asked again before the next one. Own thread only. */
void cpu_protect_page(struct cpu *cpu, u64 gpa);
void cpu_protect_all(struct cpu *cpu);
/* Memory may have been changed from outside: decoded code is compared before its next use. Own
 * thread only. */
void cpu_code_recheck(struct cpu *cpu);
/* Calls @differs for each page that doesn't hold what was decoded. Own thread only. */
void cpu_code_compare(struct cpu *cpu, void (*differs)(struct cpu *cpu, u64 gpa));

/*
 * Takes an interrupt now: SRR0 = @nip, SRR1 = MSR and @srr1_bits, then vector @vector in the mode
 * LPCR says.
 */
void cpu_interrupt(struct cpu *cpu, unsigned vector, u64 nip, u64 srr1_bits);
/* A machine check of the instruction at @nip: the owner has it, or it is taken. */
void cpu_machine_check(struct cpu *cpu, u64 nip, u64 srr1_bits);
/* Takes the most important pending interrupt that MSR[EE] lets through; false: none. */
bool cpu_take_pending(struct cpu *cpu);
/* Would cpu_take_pending() find one if MSR[EE] were set? Looks at the clock too. */
bool cpu_has_pending(struct cpu *cpu);

#endif
