/* SPDX-License-Identifier: Apache-2.0 */
/* Vcpus: what the hypervisor knows of one beside its processor (cpu/cpu.h). */
#ifndef PAPYR_HV_VCPU_H
#define PAPYR_HV_VCPU_H

#include <stdatomic.h>
#include <papyr/kvm.h>
#include "base/bits.h"
#include "base/lock.h"
#include "base/trace_words.h"
#include "cpu/cpu.h"
#include "hv/codecheck.h"
#include "hv/debug.h"
#include "hv/clock.h"
#include "hv/regs.h"
#include "hv/stats.h"
#include "hv/vpa.h"

struct hv_core;
struct hv_vm;
struct hv_icp;

struct hv_vcpu {
	struct cpu cpu; /* first: container_of from callbacks */
	void *memory;	/* where it is */
	struct hv_vm *vm;
	unsigned id;
	struct hv_core *core;
	struct kvm_run *run; /* shared with the client by mmap of the descriptor */
	size_t run_bytes;
	struct lock mutex; /* of the thread that is in a request to the vcpu, KVM_RUN included */

	/* Shoot-down: written by the owner, read by those who wait. */
	_Atomic bool in_guest;
	_Atomic u64 seen; /* sequence number up to which the log has been worked through */
	/* ... and up to which others wait for it; written under the log's lock. */
	_Atomic u64 must_reach;

	/* Sets of signals: signals.h. */
#ifdef CODE_CHECKED
	struct hv_code_check code_check;
#endif
	bool signals_blocked; /* PAPYR_CAP_SIGNALS_BLOCKED */
	bool sigmask_set;     /* KVM_SET_SIGNAL_MASK */
	u64 sigmask;
	u64 client_mask; /* of the thread that is in KVM_RUN, which blocks all meanwhile */

	/* What must be finished by the next KVM_RUN; NOTHING: there was an exit all the same. */
	enum {
		HV_PENDING_NONE,
		HV_PENDING_HCALL,
		HV_PENDING_MMIO,
		HV_PENDING_DCR,
		HV_PENDING_NOTHING
	} pending;
	unsigned dcr_gpr;     /* where a device control register goes that the client reads */
	bool step_owed;	      /* a single step ended outside of the guest: debug.h */
	unsigned n_breakpoints;
	u64 breakpoints[HV_DEBUG_BREAKS]; /* from the next KVM_SET_GUEST_DEBUG on */
	struct hv_mmio *mmio; /* fault.c */

	/* Sleeping (H_CEDE): idle.c. */
	atomic_bool ceded; /* between H_CEDE and the event that ends it; survives KVM_RUN's end */
	atomic_bool prodded;
	atomic_bool asleep;	  /* its thread waits on wake_fd, or is about to */
	_Atomic u64 sleeps_until; /* by the host's timebase, if nobody wakes it */
	u64 rings_at;	/* when its decrementer, which is due, may wake it; 0: it isn't due */
	u64 poll_ticks; /* how long it looks for news before it sleeps */
	int wake_fd;	/* eventfd */
	int signal_fd; /* the signals that end KVM_RUN though the thread blocks them; -1 without
			  such a mask */

	u64 nip_at_tick; /* run.c: who stays there in real mode waits there */
	unsigned ticks;

	bool papr; /* KVM_ENABLE_CAP(KVM_CAP_PPC_PAPR) was given */
	struct lock vpa_lock;
	struct hv_vpa vpa, slb_shadow, dtl;
	u64 dtl_index;
	bool vpa_dispatched;
	u64 vpa_untold; /* ticks stolen that the VPA doesn't have yet */
	struct hv_steal steal;

	/* XICS presentation controller, NULL: the client models interrupts. */
	struct hv_icp *_Atomic icp;
	struct hv_icp *old_icp; /* dropped, freed with the vcpu */
	unsigned slot_hint;	/* where hv_cpu_ram() found its last slot */

	struct hv_vcpu_stats *stats; /* own_stats, or in stats_file */
	struct hv_vcpu_stats own_stats;
	struct hv_stats_file stats_file;
	struct traced_hcall traced_hcall; /* trace.c */
	u64 sampled;			  /* the same: when its place was last told, by the
						   time that it was awake */

	bool watchdog;	    /* KVM_CAP_PPC_BOOKE_WATCHDOG: the client wants to know of its end */
	bool watchdog_told; /* and knows; until it sets the timers */
	/* Book E: where the client has the TLBs (booke.h), and tlb->changes when last asked for. */
	u64 tlb_array, tlb_changes;

	/* Registers that only clients see. */
	u64 sprg_4_7[4];
	struct hv_kept kept_msr, kept_xer;
	struct hv_slb_list slb_set;
	u64 purr, spurr; /* as long as it isn't in the guest: clock.c */
	u32 online;
	u32 epr;
	u64 mmcr3, sier2, sier3, dawr1, dawrx1, tidr, ptcr;
};

static inline struct hv_vcpu *hv_vcpu_of(struct cpu *cpu)
{
	return container_of(cpu, struct hv_vcpu, cpu);
}

/* @run, @run_bytes: its shared page, unmapped when the vcpu goes; the caller's still on failure. */
int hv_vcpu_create(struct hv_vm *vm, unsigned id, struct kvm_run *run, size_t run_bytes,
		   struct hv_vcpu **vcpu);
void hv_vcpu_destroy(struct hv_vcpu *vcpu);

/*
 * A request to the vcpu, by whatever thread: one at a time, KVM_RUN included, so that it waits
 * until the vcpu is out of the guest. All below and in regs.h and run.h is done with it locked,
 * unless it says otherwise.
 */
void hv_vcpu_lock(struct hv_vcpu *vcpu);
void hv_vcpu_unlock(struct hv_vcpu *vcpu);

/* KVM_CAP_PPC_PAPR: without it KVM_RUN is refused. */
void hv_vcpu_enable_papr(struct hv_vcpu *vcpu);
bool hv_vcpu_has_papr(const struct hv_vcpu *vcpu);
/* From now on it counts in @file, at @offset; what it has counted goes there. Takes @file over. */
void hv_vcpu_publish_stats(struct hv_vcpu *vcpu, struct hv_stats_file file, size_t offset);
/* That file; its map is NULL before. */
const struct hv_stats_file *hv_vcpu_stats_file(const struct hv_vcpu *vcpu);

/* KVM_INTERRUPT (any thread, locked or not). */
void hv_vcpu_interrupt(struct hv_vcpu *vcpu, u32 irq);

/*
 * Descriptors that clients never see: @fd (or what failed) moved out of the way of theirs, as far
 * as the limit lets us.
 */
int hv_fd_hide(int fd);

#endif
