/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hypervisor: virtual machines, memory slots, vcpus. What src/kvm turns ioctls into.
 *
 * Locks, outermost first:
 *	vm->lock           the VM's shape: slots, vcpus, devices, hash table pointer
 *	vcpu->mutex        held by the thread that is in an ioctl of that vcpu (KVM_RUN included)
 *	vm->shootdown.lock the log's tail
 *	vcpu->idle_lock    sleeping and waking (H_CEDE)
 * Hash table entry locks and reverse-map locks (hpt.h) are leaves: nothing is waited for while one
 * is held.
 *
 * Errors are returned as negative errno values.
 */
#ifndef PAPYR_HV_HV_H
#define PAPYR_HV_HV_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <papyr/kvm.h>
#include "base/bits.h"
#include "cpu/cpu.h"
#include "hpt/hpt.h"
#include "hv/stats.h"

#define HV_PAGE_SHIFT 12
#define HV_PAGE_SIZE  (1ull << HV_PAGE_SHIFT)

#define HV_MAX_VCPUS	2048  /* of a VM */
#define HV_MAX_VCPU_ID	16384 /* vcpu ids are below this */
#define HV_MAX_MEMSLOTS 32767 /* slot numbers are below this */
#define HV_SMT_MAX	8     /* vcpus in a virtual core: ids core * 8 ... core * 8 + 7 */

#define HV_DEFAULT_HTAB_ORDER 24 /* of a VM that runs without KVM_PPC_ALLOCATE_HTAB */

struct hv_vm;
struct hv_vcpu;
struct hv_xics;
struct hv_icp;

/* One memory slot. Immutable once published in a table, but for the atomically set bytes and bits.
 */
struct hv_memslot {
	u32 id;
	u32 flags; /* KVM_MEM_LOG_DIRTY_PAGES, KVM_MEM_READONLY */
	u64 gpa;   /* of the first byte */
	u64 size;  /* bytes */
	u8 *host;
	u64 *dirty; /* one bit a host page (getpagesize()), NULL without logging; atomic */
	struct code_marks *code; /* which pages hold decoded code (codepage.c) */
};

/*
 * The slots, sorted by address. Vcpus in the guest read vm->slots without a lock; a changed table
 * is published, then all vcpus are shot down (hv_shootdown_all), and then nobody uses the old one
 * any more and it is freed.
 */
struct hv_memslots {
	unsigned nr;
	struct hv_memslot *slot[];
};

/* --- invalidations: shootdown.c has the protocol --- */

enum hv_inval_kind {
	HV_INVAL_PAGE,	  /* va, page_shift: cpu_flush_page() */
	HV_INVAL_ALL,	  /* every translation */
	HV_INVAL_CODE,	  /* gpa: decoded code of that page */
	HV_INVAL_PROTECT, /* gpa: stores to that page must go the slow way */
};

struct hv_inval {
	enum hv_inval_kind kind;
	u32 page_shift;
	u64 addr; /* va modulo 2^64, or gpa */
};

#define HV_INVAL_LOG 1024u /* entries that the log remembers; who is further behind flushes all */

struct hv_shootdown_log {
	pthread_mutex_t lock; /* writers */
	_Atomic u64 tail;     /* sequence number of the next entry */
	struct {
		_Atomic u64 what, addr;
	} ring[HV_INVAL_LOG];
};

/*
 * Two steps. hv_inval_log() makes every vcpu drop a translation or page at its next block boundary,
 * or on its way in. May be called with any lock held. hv_shootdown_wait() returns when all that was
 * logged before has been dropped by every vcpu, so that none can use it any more. @self: the vcpu
 * whose thread calls (it catches up itself while it waits), or NULL for a thread that runs no vcpu.
 * No entry lock may be held.
 */
void hv_inval_log(struct hv_vm *vm, struct hv_inval inval);
void hv_shootdown_wait(struct hv_vm *vm, struct hv_vcpu *self);

static inline void hv_shootdown(struct hv_vm *vm, struct hv_vcpu *self, struct hv_inval inval)
{
	hv_inval_log(vm, inval);
	hv_shootdown_wait(vm, self);
}

/* struct hpt_ops' invalidated, @ctx being the VM: logs the entry's page. */
void hv_hpte_invalidated(void *ctx, u64 index, u64 v, u64 r);

/* The vcpu's thread: may translations be used from here on, until hv_guest_leave()? Catches up. */
void hv_guest_enter(struct hv_vcpu *vcpu);
void hv_guest_leave(struct hv_vcpu *vcpu);

static inline void hv_shootdown_all(struct hv_vm *vm, struct hv_vcpu *self)
{
	hv_shootdown(vm, self, (struct hv_inval){HV_INVAL_ALL, 0, 0});
}

/* --- virtual processor areas --- */

/*
 * An area that the guest registered (H_REGISTER_VPA). Other vcpus of the guest may register for
 * this one, while it runs: hv_vcpu.vpa_lock guards the structs. Its memory is looked up at each
 * use: slots come and go.
 */
struct hv_vpa {
	u64 gpa; /* 0: none is registered */
	u32 len;
	bool fresh; /* since the vcpu last looked */
};

/* --- vcpus --- */

/* A register that the client set to more than the processor has room for (regs.c). */
struct hv_kept {
	u64 real, rest;
};

/* The SLB as KVM_SET_SREGS listed it, in the array's order. */
struct hv_slb_pair {
	u64 slbe, slbv;
};

struct hv_slb_list {
	unsigned nr;
	struct hv_slb_pair entry[CPU_SLB_MAX];
};

struct hv_vcpu {
	struct cpu cpu; /* first: container_of from callbacks */
	struct hv_vm *vm;
	unsigned id;
	struct kvm_run *run; /* shared with the client by mmap of the descriptor */
	size_t run_bytes;
	pthread_mutex_t mutex;

	/* Shoot-down: written by the owner, read by those who wait. */
	_Atomic bool in_guest;
	_Atomic u64 seen; /* sequence number up to which the log has been worked through */
	_Atomic u64
	    must_reach; /* ... and up to which others wait for it; written under the log's lock */

	/* KVM_SET_SIGNAL_MASK */
	bool sigmask_set;
	sigset_t sigmask;
	sigset_t
	    client_mask; /* of the thread that is in KVM_RUN, which blocks all meanwhile: run.c */

	/* What must be finished by the next KVM_RUN. */
	enum { HV_PENDING_NONE, HV_PENDING_HCALL, HV_PENDING_MMIO } pending;
	struct hv_mmio *mmio; /* fault.c */

	/* Sleeping (H_CEDE): idle.c. */
	atomic_bool ceded; /* between H_CEDE and the event that ends it; survives KVM_RUN's end */
	atomic_bool prodded;
	atomic_bool asleep; /* its thread waits on wake_fd, or is about to */
	int wake_fd;	    /* eventfd */
	int signal_fd; /* the signals that end KVM_RUN though the thread blocks them; -1 without
			  such a mask */

	bool papr; /* KVM_ENABLE_CAP(KVM_CAP_PPC_PAPR) was given */
	pthread_mutex_t vpa_lock;
	struct hv_vpa vpa, slb_shadow, dtl;
	u64 dtl_index;
	bool vpa_dispatched;

	struct hv_icp
	    *_Atomic icp; /* XICS presentation controller, NULL: the client models interrupts */
	struct hv_icp *old_icp; /* dropped, freed with the vcpu */
	unsigned slot_hint;	/* where hv_cpu_ram() found its last slot */

	struct hv_vcpu_stats *stats; /* own_stats, or in stats_file */
	struct hv_vcpu_stats own_stats;
	struct hv_stats_file stats_file;

	/* Registers that only clients see. */
	u32 guest_debug; /* KVM_SET_GUEST_DEBUG's control */
	u64 sprg_4_7[4];
	struct hv_kept kept_msr, kept_xer;
	struct hv_slb_list slb_set;
	u64 purr, spurr, vtb; /* as long as it isn't in the guest: clock.c */
	u32 online;
	u64 mmcr3, sier2, sier3, dawr1, dawrx1, tidr, ptcr;
};

static inline struct hv_vcpu *hv_vcpu_of(struct cpu *cpu)
{
	return container_of(cpu, struct hv_vcpu, cpu);
}

/* --- virtual machines --- */

struct hv_vm {
	pthread_mutex_t lock;
	atomic_uint refs;
	struct hpt *_Atomic hpt;
	struct hv_table_user *table_users; /* table.h */
	atomic_bool frozen; /* nobody may begin KVM_RUN: the table is being changed as a whole */
	bool vrma_done;	    /* VRMA entries are in the table, or a restore set LPCR's VRMASD */
	struct hv_memslots *_Atomic slots;
	struct hv_shootdown_log shootdown;
	atomic_uint vcpus_in_run; /* threads that are in KVM_RUN: tables may only be changed at 0;
				     see table.h */
	atomic_uint nr_vcpus;
	struct hv_vcpu
	    *_Atomic vcpus[HV_MAX_VCPUS]; /* in order of creation; live as long as the VM */
	struct hv_vcpu *_Atomic by_id[HV_MAX_VCPU_ID];
	u64 lpcr;      /* of new vcpus */
	u64 tb_offset; /* of new vcpus */
	u32 arch_compat;
	unsigned smt;		  /* vcpu ids in a virtual core */
	atomic_uint slot_readers; /* threads between hv_slots_hold() and hv_slots_release() */
	struct hv_xics *_Atomic xics;
	struct hv_xics *old_xics; /* dropped by the client, freed with the VM */
	pthread_mutex_t
	    connect_lock; /* of vcpus to the XICS: server numbers are unique; within vcpu->mutex */
	u64 enabled_hcalls[0x1000 / 4 / 64 +
			   1]; /* KVM_CAP_PPC_ENABLE_HCALL: one bit an hcall number / 4 */
	pthread_mutex_t rtas_lock;
	struct hv_rtas_token *rtas_tokens;
};

static inline struct hv_vcpu *hv_vcpu_by_id(struct hv_vm *vm, u64 id)
{
	return id < HV_MAX_VCPU_ID ? vm->by_id[id] : NULL;
}

#define hv_for_each_vcpu(vcpu, vm)                                                                 \
	for (unsigned vcpu##_i = 0; vcpu##_i < (vm)->nr_vcpus; vcpu##_i++)                         \
		if (((vcpu) = (vm)->vcpus[vcpu##_i]))

/* vm.c */
int hv_vm_create(struct hv_vm **vm);
void hv_vm_get(struct hv_vm *vm);
void hv_vm_put(struct hv_vm *vm);
/* KVM_PPC_ALLOCATE_HTAB: @order in: wanted, out: got. -EBUSY while vcpus run. */
int hv_vm_allocate_htab(struct hv_vm *vm, u32 *order);
/* KVM_CAP_PPC_SMT on a VM without vcpus: @threads vcpu ids make a virtual core. */
int hv_vm_set_smt(struct hv_vm *vm, u64 threads, u64 flags);
/* KVM_CAP_PPC_ENABLE_HCALL. -EINVAL: not one that the hypervisor has. */
int hv_vm_enable_hcall(struct hv_vm *vm, u64 number, u64 enable);

/* smmu.c */
void hv_get_smmu_info(const struct cpu_model *model, struct kvm_ppc_smmu_info *info);

/* vcpu.c */
/* @run, @run_bytes: its shared page, unmapped when the vcpu goes; the caller's still on failure. */
int hv_vcpu_create(struct hv_vm *vm, unsigned id, struct kvm_run *run, size_t run_bytes,
		   struct hv_vcpu **vcpu);
void hv_vcpu_destroy(struct hv_vcpu *vcpu);
/* KVM_INTERRUPT (any thread). */
void hv_vcpu_interrupt(struct hv_vcpu *vcpu, u32 irq);
/* KVM_SET_SIGNAL_MASK; NULL takes it away. */
int hv_vcpu_set_sigmask(struct hv_vcpu *vcpu, const sigset_t *mask);

/* clock.c: as the vcpu enters and leaves the guest. */
void hv_clocks_start(struct hv_vcpu *vcpu);
void hv_clocks_stop(struct hv_vcpu *vcpu);

/* regs.c, one_reg.c. @value is of the size that @id says, in the host's byte order. */
void hv_get_regs(struct hv_vcpu *vcpu, struct kvm_regs *regs);
void hv_set_regs(struct hv_vcpu *vcpu, const struct kvm_regs *regs);
void hv_get_sregs(struct hv_vcpu *vcpu, struct kvm_sregs *sregs);
int hv_set_sregs(struct hv_vcpu *vcpu, const struct kvm_sregs *sregs);
int hv_get_one_reg(struct hv_vcpu *vcpu, u64 id, void *value);
int hv_set_one_reg(struct hv_vcpu *vcpu, u64 id, const void *value);

/* What every vcpu's processor calls (run.c). */
extern const struct cpu_host hv_cpu_host;
void hv_catch_up(struct cpu *cpu); /* shootdown.c */

/* run.c: KVM_RUN. 0 with run->exit_reason, or -EINTR and others. */
int hv_vcpu_run(struct hv_vcpu *vcpu);

/*
 * idle.c. Sleeps while vcpu->ceded, until an interrupt can be taken, somebody prods, or KVM_RUN
 * must end. True: awake, no longer ceded, go on. False: a signal, immediate_exit or CPU_REQ_EXIT
 * wants KVM_RUN to return; still ceded. The caller is the vcpu's thread, in or out of the guest;
 * while it sleeps shoot-downs don't wait for it.
 */
bool hv_vcpu_idle(struct hv_vcpu *vcpu);
/* Makes @vcpu look around if it sleeps (any thread). */
void hv_vcpu_wake(struct hv_vcpu *vcpu);
/* Is a signal pending that must end KVM_RUN, though no handler runs (KVM_SET_SIGNAL_MASK)? */
bool hv_vcpu_signalled(struct hv_vcpu *vcpu);

/* memslot.c */
int hv_set_memory_region(struct hv_vm *vm, const struct kvm_userspace_memory_region *region);
/* The slot's bitmap as it was, to be freed by the caller, and now clear. */
int hv_get_dirty_log(struct hv_vm *vm, u32 slot, u64 **bits, size_t *bytes);
/* The caller couldn't pass them on: they are dirty again. */
void hv_put_back_dirty_log(struct hv_vm *vm, u32 slot, const u64 *bits, size_t bytes);
/*
 * What these find stays valid while the caller is a vcpu's thread that is in the guest and does not
 * catch up with shoot-downs, or for others between hv_slots_hold() and hv_slots_release().
 */
void hv_slots_hold(struct hv_vm *vm);
void hv_slots_release(struct hv_vm *vm);
struct hv_memslot *hv_memslot_find(struct hv_vm *vm, u64 gpa);
/* struct cpu_host's ram, and struct hpt_ops's classify (@ctx is the VM). */
struct cpu_ram hv_cpu_ram(struct cpu *cpu, u64 gpa, bool store);
enum hpt_backing hv_classify(void *ctx, u64 gpa, u64 bytes);
/* Host memory of @len bytes at @gpa within one slot, or NULL; @write marks the pages dirty. */
void *hv_guest_ptr(struct hv_vm *vm, u64 gpa, u64 len, bool write);
bool hv_gpa_is_ram(struct hv_vm *vm, u64 gpa, u64 len);
void hv_mark_dirty(struct hv_memslot *slot, u64 gpa, u64 len);

/* vrma.c: puts the real-mode area's entries into the table before the first run. */
int hv_vrma_setup(struct hv_vcpu *vcpu);
/* The stream's writer saw the first VRMA entry: @slb_lp is its page size's SLB encoding (L, LP). */
void hv_vrma_restore(struct hv_vm *vm, u64 slb_lp);
void hv_set_lpcr(struct hv_vm *vm, u64 value, u64 mask);

/* --- hypercalls --- */

#define H_SUCCESS		 0
#define H_BUSY			 1
#define H_CLOSED		 2
#define H_NOT_AVAILABLE		 3
#define H_PARTIAL		 5
#define H_PAGE_REGISTERED	 15
#define H_TOO_HARD		 9999
#define H_HARDWARE		 (-1)
#define H_FUNCTION		 (-2)
#define H_PRIVILEGE		 (-3)
#define H_PARAMETER		 (-4)
#define H_BAD_MODE		 (-5)
#define H_PTEG_FULL		 (-6)
#define H_NOT_FOUND		 (-7)
#define H_RESERVED_DABR		 (-8)
#define H_NO_MEM		 (-9)
#define H_AUTHORITY		 (-10)
#define H_PERMISSION		 (-11)
#define H_RESOURCE		 (-16)
#define H_P2			 (-55)
#define H_P3			 (-56)
#define H_P4			 (-57)
#define H_P5			 (-58)
#define H_UNSUPPORTED		 (-67)
#define H_UNSUPPORTED_FLAG_START (-256)

/*
 * A hypercall's handler: arguments in gpr[4]..., results into gpr[4]..., the return value goes into
 * gpr[3]. Runs in the engine's loop, on the vcpu's thread. H_TOO_HARD: the client's business
 * (KVM_EXIT_PAPR_HCALL).
 */
typedef long hcall_fn(struct hv_vcpu *vcpu, u64 *gpr);

struct hcall {
	u32 number;
	hcall_fn *fn; /* NULL: known by name only, the client's business */
	bool enabled_by_default;
};

/* hcall/table.c: NULL when there is no such. */
const struct hcall *hcall_find(u64 number);
void hcall_enable_defaults(struct hv_vm *vm);
/*
 * Makes the hypercall in gpr[3] if it is one of ours and enabled: the return value, or H_TOO_HARD.
 */
long hcall_make(struct hv_vcpu *vcpu, u64 *gpr);

/* hcall/mmu.c */
hcall_fn h_enter, h_remove, h_read, h_protect, h_bulk_remove, h_clear_ref, h_clear_mod, h_page_init;
/* hcall/sched.c */
hcall_fn h_cede, h_prod, h_confer;
/* hcall/vpa.c */
hcall_fn h_register_vpa;
/* hcall/mode.c */
hcall_fn h_set_mode, h_set_dabr, h_set_xdabr;
/* xics/icp.c */
hcall_fn h_xirr, h_xirr_x, h_cppr, h_eoi, h_ipi, h_ipoll;
/* xics/rtas.c: 0xf000; calls whose token is not the hypervisor's go to the client. */
hcall_fn h_rtas;

/* hcall/vpa.c: the dispatch count, as the vcpu enters and leaves the guest. */
void hv_vpa_dispatch(struct hv_vcpu *vcpu);
void hv_vpa_preempt(struct hv_vcpu *vcpu);
/* The dispatch count, 0 without a VPA (any vcpu's thread). */
u32 hv_vpa_yield_count(struct hv_vcpu *vcpu);

#endif
