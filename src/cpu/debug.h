/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a debugger outside of the guest asks of a processor, without a register of the guest's: an
 * illegal instruction that stops, breakpoints and watchpoints by effective address, single steps.
 *
 * Who stops leaves cpu_run() with nip at the instruction, which hasn't begun: cpu_host.stopped was
 * told why. The next cpu_run() carries out the instruction that a breakpoint or watchpoint stopped,
 * if nip is still there.
 *
 * Nothing of it costs anything while it isn't asked for: cpu_run() has a second loop for it,
 * breakpoints are decoded into blocks, watched accesses keep out of the first translation cache.
 */
#ifndef PAPYR_CPU_DEBUG_H
#define PAPYR_CPU_DEBUG_H

#include "base/bits.h"

struct cpu;
struct op;

enum cpu_stop {
	CPU_STOP_INSN, /* cpu_debug.stop_insn */
	CPU_STOP_BREAK,
	CPU_STOP_READ, /* the first watchpoint that the access touches */
	CPU_STOP_WRITE,
};

#define CPU_POINTS	16
#define CPU_BREAKS	(CPU_POINTS + 256)
#define CPU_WATCH_BYTES 8 /* an aligned doubleword, as the processor's own watchpoints */

struct cpu_watch {
	u64 ea; /* anywhere in it */
	bool read, write;
};

struct cpu_debug {
	/* cpu_run() ends after an instruction; interrupts that MSR[EE] lets through wait. */
	bool step;
	u32 stop_insn; /* an illegal instruction; 0: none */
	unsigned n_breaks, n_watches;
	u64 breaks[CPU_BREAKS];
	struct cpu_watch watches[CPU_POINTS];

	/* The processor's own. */
	bool on;
	bool watching; /* in cpu_run(), and not at the instruction that may pass */
	bool passes;   /* once, when it is at pass_nip */
	u64 pass_nip;
};

/* From the next cpu_run() on. Own thread only, or while it isn't in cpu_run(). */
void cpu_set_debug(struct cpu *cpu, const struct cpu_debug *wanted);

/* For the engine: is there a breakpoint at @ea? One at @ea's place in its page? */
bool cpu_breakpoint_at(const struct cpu *cpu, u64 ea);
bool cpu_breakpoint_offset(const struct cpu *cpu, u64 ea);
/* Stops before the instruction at @nip, or at @op, and returns NULL. @ea: the point's. */
void cpu_stop_at(struct cpu *cpu, u64 nip, enum cpu_stop why, u64 ea);
const struct op *cpu_stop(struct cpu *cpu, const struct op *op, enum cpu_stop why, u64 ea);

#endif
