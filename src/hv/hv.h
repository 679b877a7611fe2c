/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hypervisor: virtual machines, memory slots, vcpus. What src/kvm turns ioctls into.
 *
 * Locks, outermost first:
 *	vm->lock           the VM's shape: slots, vcpus, devices, hash table pointer
 *	vcpu->mutex        held by the thread that is in an ioctl of that vcpu (KVM_RUN included)
 *	vm->shootdown.lock the log's tail
 *	vcpu->idle_lock    sleeping and waking (H_CEDE)
 * Hash table entry locks and reverse-map locks (hpt.h) are leaves: nothing is waited for while one is held.
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

#define HV_PAGE_SHIFT 12
#define HV_PAGE_SIZE  (1ull << HV_PAGE_SHIFT)

#define HV_MAX_VCPUS     1024 /* vcpu ids are below this */
#define HV_MAX_MEMSLOTS  512
#define HV_SMT_MAX       8 /* vcpus in a virtual core: ids core * 8 ... core * 8 + 7 */

struct hv_vm;
struct hv_vcpu;
struct hv_xics;
struct hv_icp;

/* One memory slot. Immutable once published in a table, but for the atomically set bytes and bits. */
struct hv_memslot {
	u32 id;
	u32 flags;        /* KVM_MEM_LOG_DIRTY_PAGES, KVM_MEM_READONLY */
	u64 gpa;          /* of the first byte */
	u64 size;         /* bytes */
	u8 *host;
	u64 *dirty;       /* one bit a host page (getpagesize()), NULL without logging; atomic */
	struct code_marks *code; /* which pages hold decoded code (codepage.c) */
};

/*
 * The slots, sorted by address. Vcpus in the guest read vm->slots without a lock; a changed table is published, then all
 * vcpus are shot down (hv_shootdown_all), and then nobody uses the old one any more and it is freed.
 */
struct hv_memslots {
	unsigned nr;
	struct hv_memslot *slot[HV_MAX_MEMSLOTS];
};

/* --- invalidations: shootdown.c has the protocol --- */

enum hv_inval_kind {
	HV_INVAL_PAGE,    /* va, page_shift: cpu_flush_page() */
	HV_INVAL_ALL,     /* every translation */
	HV_INVAL_CODE,    /* gpa: decoded code of that page */
	HV_INVAL_PROTECT, /* gpa: stores to that page must go the slow way */
};

struct hv_inval {
	enum hv_inval_kind kind;
	u32 page_shift;
	u64 addr;
};

#define HV_INVAL_LOG 1024u /* entries that the log remembers; who is further behind flushes all */

struct hv_shootdown_log {
	pthread_mutex_t lock;
	_Atomic u64 tail; /* sequence number of the next entry */
	struct hv_inval ring[HV_INVAL_LOG];
};

/*
 * Makes @n translations or pages unusable on every vcpu of @vm; when it returns none can use them any more. @self: the vcpu
 * whose thread calls (it catches up itself while it waits), or NULL for a thread that runs no vcpu. No entry lock may be held.
 */
void hv_shootdown(struct hv_vm *vm, struct hv_vcpu *self, const struct hv_inval *inval, unsigned n);
/* The same without waiting: done at each vcpu's next block boundary. */
void hv_shootdown_async(struct hv_vm *vm, struct hv_vcpu *self, const struct hv_inval *inval, unsigned n);

static inline void hv_shootdown_page(struct hv_vm *vm, struct hv_vcpu *self, u64 va, unsigned page_shift)
{
	struct hv_inval i = { HV_INVAL_PAGE, page_shift, va };

	hv_shootdown(vm, self, &i, 1);
}

static inline void hv_shootdown_all(struct hv_vm *vm, struct hv_vcpu *self)
{
	struct hv_inval i = { HV_INVAL_ALL, 0, 0 };

	hv_shootdown(vm, self, &i, 1);
}

/* --- virtual processor areas --- */

struct hv_vpa {
	u64 gpa;   /* 0: none is registered */
	u32 len;
};

/* --- vcpus --- */

struct hv_vcpu {
	struct cpu cpu; /* first: container_of from callbacks */
	struct hv_vm *vm;
	unsigned id;
	struct kvm_run *run; /* shared with the client by mmap of the descriptor */
	pthread_mutex_t mutex;

	/* Shoot-down: written by the owner, read by those who wait. */
	_Atomic bool in_guest;
	_Atomic u64 seen; /* sequence number up to which the log has been worked through */

	/* KVM_SET_SIGNAL_MASK */
	bool sigmask_set;
	sigset_t sigmask;

	/* What must be finished by the next KVM_RUN. */
	enum { HV_PENDING_NONE, HV_PENDING_HCALL, HV_PENDING_MMIO } pending;
	struct hv_mmio *mmio; /* fault.c */

	/* Sleeping (H_CEDE). Under idle_lock. */
	pthread_mutex_t idle_lock;
	pthread_cond_t idle_cond;
	bool ceded;
	bool prodded;
	pthread_t thread; /* that is in KVM_RUN; valid while running */
	bool running;

	bool papr;                    /* KVM_ENABLE_CAP(KVM_CAP_PPC_PAPR) was given */
	struct hv_vpa vpa, slb_shadow, dtl;
	u64 dtl_index;
	u32 vpa_yield_count;
	bool vpa_dispatched;

	struct hv_icp *icp;           /* XICS presentation controller, NULL: the client models interrupts */
	bool ext_oneshot;             /* KVM_INTERRUPT_SET: taken once, then cleared */
};

static inline struct hv_vcpu *hv_vcpu_of(struct cpu *cpu)
{
	return container_of(cpu, struct hv_vcpu, cpu);
}

/* --- virtual machines --- */

struct hv_vm {
	pthread_mutex_t lock;
	atomic_uint refs;
	pid_t owner; /* the process that made it; others get -EIO */
	struct hpt *_Atomic hpt;
	bool vrma_done; /* VRMA entries are in the table, or a restore set LPCR's VRMASD */
	bool rma_setup_tried;
	struct hv_memslots *_Atomic slots;
	struct hv_shootdown_log shootdown;
	atomic_uint vcpus_in_run; /* threads that are in KVM_RUN: tables may only be changed at 0 */
	unsigned nr_vcpus;
	struct hv_vcpu *_Atomic vcpus[HV_MAX_VCPUS]; /* by id */
	u64 lpcr;       /* of new vcpus */
	u64 tb_offset;  /* of new vcpus */
	struct hv_xics *xics;
	u64 enabled_hcalls[0x1000 / 4 / 64 + 1]; /* KVM_CAP_PPC_ENABLE_HCALL: one bit an hcall number / 4 */
	struct hv_rtas_token *rtas_tokens;
};

/* vm.c */
int hv_vm_create(struct hv_vm **vm);
void hv_vm_get(struct hv_vm *vm);
void hv_vm_put(struct hv_vm *vm);
/* KVM_PPC_ALLOCATE_HTAB: @order in: wanted, out: got. -EBUSY while vcpus run. */
int hv_vm_allocate_htab(struct hv_vm *vm, u32 *order);

/* vcpu.c */
int hv_vcpu_create(struct hv_vm *vm, unsigned id, struct kvm_run *run, struct hv_vcpu **vcpu);
void hv_vcpu_destroy(struct hv_vcpu *vcpu);

/* run.c: KVM_RUN. 0 with run->exit_reason, or -EINTR and others. */
int hv_vcpu_run(struct hv_vcpu *vcpu);
/* Makes @vcpu leave the guest and look around (any thread). */
void hv_vcpu_kick(struct hv_vcpu *vcpu);
/* Wakes @vcpu out of H_CEDE (any thread). */
void hv_vcpu_wake(struct hv_vcpu *vcpu);

/* memslot.c */
int hv_set_memory_region(struct hv_vm *vm, const struct kvm_userspace_memory_region *region);
int hv_get_dirty_log(struct hv_vm *vm, struct kvm_dirty_log *log);
struct hv_memslot *hv_memslot_find(struct hv_vm *vm, u64 gpa);
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

#define H_SUCCESS   0
#define H_BUSY      1
#define H_CLOSED    2
#define H_NOT_AVAILABLE 3
#define H_PARTIAL   5
#define H_PAGE_REGISTERED 15
#define H_TOO_HARD  9999
#define H_HARDWARE  (-1)
#define H_FUNCTION  (-2)
#define H_PRIVILEGE (-3)
#define H_PARAMETER (-4)
#define H_BAD_MODE  (-5)
#define H_PTEG_FULL (-6)
#define H_NOT_FOUND (-7)
#define H_RESERVED_DABR (-8)
#define H_NO_MEM    (-9)
#define H_AUTHORITY (-10)
#define H_PERMISSION (-11)
#define H_RESOURCE  (-16)
#define H_P2 (-55)
#define H_P3 (-56)
#define H_P4 (-57)
#define H_P5 (-58)
#define H_UNSUPPORTED (-67)
#define H_UNSUPPORTED_FLAG_START (-256)

/*
 * A hypercall's handler: arguments in gpr[4]..., results into gpr[4]..., the return value goes into gpr[3]. Runs in the engine's
 * loop, on the vcpu's thread. H_TOO_HARD: the client's business (KVM_EXIT_PAPR_HCALL).
 */
typedef long hcall_fn(struct hv_vcpu *vcpu, u64 *gpr);

struct hcall {
	hcall_fn *fn;
	bool enabled_by_default;
};

/* hcall.c: the table by number / 4; NULL when there is no such. */
const struct hcall *hcall_find(u64 number);

/* hcall_mmu.c */
hcall_fn h_enter, h_remove, h_read, h_protect, h_bulk_remove, h_clear_ref, h_clear_mod, h_page_init;
/* hcall_sched.c */
hcall_fn h_cede, h_prod, h_confer, h_join;
/* hcall_vpa.c */
hcall_fn h_register_vpa;
/* hcall_mode.c */
hcall_fn h_set_mode, h_set_dabr, h_set_xdabr, h_set_sprg0, h_random, h_logical_ci_load, h_logical_ci_store;
/* hcall_xics.c */
hcall_fn h_xirr, h_xirr_x, h_cppr, h_eoi, h_ipi, h_ipoll;

/* hcall_vpa.c: the dispatch count, as the vcpu enters and leaves the guest. */
void hv_vpa_dispatch(struct hv_vcpu *vcpu);
void hv_vpa_preempt(struct hv_vcpu *vcpu);

#endif
