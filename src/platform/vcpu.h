/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vcpu: its thread (vcpu.c), and its registers as KVM has them (vcpu_regs.c).
 */
#ifndef PAPYR_PLATFORM_VCPU_H
#define PAPYR_PLATFORM_VCPU_H

#include <papyr/kvm.h>
#include <pthread.h>

#include "base/bits.h"
#include "platform/machine.h"

/* Of KVM_REG_PPC_LPCR_64: interrupts are taken in little-endian mode. */
#define LPCR_ILE (1ull << 25)

/* A function to be run on a vcpu's own thread, by vcpu_run_on(). */
struct vcpu_work {
	void (*fn)(struct vcpu *vcpu, void *arg);
	void *arg;
	bool done;
};

/* Why vcpus come back from KVM_RUN, as far as it is counted. */
enum vcpu_exit { VCPU_EXIT_HCALL, VCPU_EXIT_MMIO, VCPU_EXIT_SIGNAL, VCPU_EXIT_OTHER, VCPU_EXITS };

struct vcpu {
	struct machine *m;
	unsigned index;
	unsigned id; /* KVM's vcpu id, interrupt server number and what the device tree calls it */
	int fd;
	struct kvm_run *run;
	pthread_t thread;
	bool has_thread; /* (L) */
	int tid;	 /* what the host calls the thread */

	bool online;		  /* (L) running by RTAS: not stopped by stop-self */
	bool parked;		  /* (L) */
	bool in_guest;		  /* (L) */
	bool halted;		  /* (L) a debugger has it stand still */
	bool unsettled;		  /* own thread only: the last exit wants completing */
	u64 exits;		  /* own thread writes; others vcpu_look() */
	int stats_fd;		  /* kvm_stats.c: 0 until somebody asks */
	u64 exits_by[VCPU_EXITS]; /* the same; a signal's are not in @exits */

	struct vcpu_work *work; /* (L) what another thread wants done here */

	struct debug_stop debug_stop; /* (L) what its debugger has yet to be told */
	struct debug_wish debug_set;  /* main thread: what KVM was told */
};

/* ---- vcpu.c ---- */

int vcpu_new(struct machine *m, struct vcpu *vcpu, unsigned index, struct error *err);
void vcpu_free(struct vcpu *vcpu);
/* With the machine's lock held: the thread waits for it. */
int vcpu_start_thread(struct vcpu *vcpu, struct error *err);
/*
 * KVM finds the memory for it now that its first KVM_RUN would take milliseconds for. For a vcpu
 * that has not run yet, and whose first run won't be soon but in a hurry.
 */
void vcpu_warm_up(struct vcpu *vcpu);
void vcpu_kick_all(struct machine *m); /* with m->lock held */
/*
 * Runs @fn on the vcpu's own thread (or here, while there are no threads) and waits for it.
 * @fn is called with m->lock held.
 */
void vcpu_run_on(struct vcpu *vcpu, void (*fn)(struct vcpu *vcpu, void *arg), void *arg);
struct vcpu *vcpu_by_id(struct machine *m, u64 id);

/*
 * What a vcpu is doing at this moment, for who looks at it from outside: any thread, without
 * m->lock.
 */
struct vcpu_look {
	bool present; /* the guest has it (hotplug.h) */
	bool online, parked;
	int tid; /* 0: it has no thread yet */
	u64 exits, exits_by[VCPU_EXITS];
};
void vcpu_look(struct vcpu *vcpu, struct vcpu_look *look);

/* ---- vcpu_regs.c ---- */

/* Registers as at power-on: big-endian real mode, nothing registered, no SLB. */
int vcpu_reset(struct vcpu *vcpu, struct error *err);
/* Where a fresh vcpu starts, and with what in r3. */
int vcpu_set_entry(struct vcpu *vcpu, u64 pc, u64 r3, struct error *err);
int vcpu_get_reg(struct vcpu *vcpu, u64 id, void *val);
int vcpu_set_reg(struct vcpu *vcpu, u64 id, const void *val);

/* The registers that make up a vcpu's state, in the order in which they must be set. */
struct vcpu_reg {
	u64 id;
	const char *name;
	u64 reset; /* value at power-on */
	u8 flags;
};
#define VCPU_REG_NO_RESET 1 /* not touched by a reset */
extern const struct vcpu_reg vcpu_regs[];
extern const unsigned n_vcpu_regs;

static inline unsigned vcpu_reg_bytes(u64 id)
{
	return 1u << ((id & KVM_REG_SIZE_MASK) >> KVM_REG_SIZE_SHIFT);
}

#endif
