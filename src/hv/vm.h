/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtual machines. What src/kvm turns ioctls into begins here.
 *
 * base/lock.h has the order of the locks, docs/threads.md what each guards and who may call what.
 *
 * Errors are returned as negative errno values.
 */
#ifndef PAPYR_HV_VM_H
#define PAPYR_HV_VM_H

#include <stdatomic.h>
#include <papyr/kvm.h>
#include "base/bits.h"
#include "base/lock.h"
#include "base/trace.h"
#include "cpu/cpu.h"
#include "hpt/hpt.h"
#include "hv/alarm.h"
#include "hv/broken.h"
#include "hv/core.h"
#include "hv/shootdown.h"

#define HV_MAX_VCPUS	2048  /* of a VM */
#define HV_MAX_VCPU_ID	16384 /* vcpu ids are below this */

struct hv_ioeventfds;
struct hv_irqfds;
struct hv_memslot;
struct hv_memslots;
struct hv_resize;
struct hv_rma;
struct hv_rtas_token;
struct hv_table_user;
struct hv_tce_table;
struct hv_vcpu;
struct hv_xics;

struct hv_vm {
	struct lock lock; /* the VM's shape: slots, vcpus, devices, hash table */
	atomic_uint refs;
	struct hpt *_Atomic hpt;
	struct hv_table_user *table_users; /* table.h */
	struct hv_resize *resize;	   /* resize.h; NULL: no table is being prepared */
	atomic_bool frozen; /* nobody may begin KVM_RUN, or enter the guest: the table is being
			       changed as a whole */
	bool vrma_done;	    /* VRMA entries are in the table, or a restore set LPCR's VRMASD; or
			       real mode goes by @rma */
	struct hv_rma *rma; /* rma.h; NULL: none is used */
	struct hv_memslots *_Atomic slots;
	struct hv_memslot **slot_by_id; /* of @slots, by number; under lock */
	unsigned slot_ids;		/* for how many it has room */
	struct hv_ioeventfds *_Atomic ioeventfds; /* NULL: none */
	struct hv_shootdown_log shootdown;
	atomic_uint vcpus_in_run; /* threads that are in KVM_RUN: tables may only be changed at 0;
				     see table.h */
	atomic_uint nr_vcpus;
	/* In order of creation; live as long as the VM. */
	struct hv_vcpu *_Atomic vcpus[HV_MAX_VCPUS];
	struct hv_vcpu *_Atomic by_id[HV_MAX_VCPU_ID];
	struct hv_core *cores[HV_MAX_VCPUS]; /* core.h; by number, made with their first vcpus */
	const struct cpu_model *model; /* of new vcpus */
	u32 pvr;		       /* the same */
	u64 lpcr;      /* of new vcpus */
	u64 tb_offset; /* of new vcpus */
	struct lock time_lock; /* who writes the next one: standstill.c */
	struct cpu_time time;
	struct hv_alarms alarms;
	u32 arch_compat;
	struct hv_tce_table *_Atomic tce_tables; /* tce.h */
	unsigned smt;		  /* vcpu ids in a virtual core */
	atomic_uint slot_readers; /* threads between hv_slots_hold() and hv_slots_release() */
	struct hv_xics *_Atomic xics;
	struct hv_xics *old_xics; /* dropped by the client, freed with the VM */
	struct lock connect_lock; /* of vcpus to the XICS: server numbers are unique */
	_Atomic u32 xics_global;  /* the number that stands for all of them; 0: none */
	struct lock irqfd_lock;
	struct hv_irqfds *irqfds; /* NULL: there was none yet */
	atomic_uint resampled;	  /* how many of them are told of H_EOI */
	/* KVM_CAP_PPC_ENABLE_HCALL: one bit an hcall number / 4. */
	u64 enabled_hcalls[0x1000 / 4 / 64 + 1];
	struct lock rtas_lock;
	struct hv_rtas_token *rtas_tokens;
	struct trace_sink trace;
	struct hv_broken broken;
	atomic_bool client_tells; /* PAPYR_CAP_TELLS_WRITES: codepage.h */
	atomic_bool fwnmi; /* KVM_CAP_PPC_FWNMI was enabled */
	unsigned traced; /* of new vcpus: PAPYR_TRACE_*; under lock */
};

static inline struct hv_vcpu *hv_vcpu_by_id(struct hv_vm *vm, u64 id)
{
	return id < HV_MAX_VCPU_ID ? vm->by_id[id] : NULL;
}

#define hv_for_each_vcpu(vcpu, vm)                                                                 \
	for (unsigned vcpu##_i = 0; vcpu##_i < (vm)->nr_vcpus; vcpu##_i++)                         \
		if (((vcpu) = (vm)->vcpus[vcpu##_i]))

int hv_vm_create(struct hv_vm **vm);
void hv_vm_get(struct hv_vm *vm);
void hv_vm_put(struct hv_vm *vm);
/* KVM_CAP_PPC_SMT on a VM without vcpus: @threads vcpu ids make a virtual core. */
int hv_vm_set_smt(struct hv_vm *vm, u64 threads, u64 flags);

/* PAPYR_CAP_PVR on a VM without vcpus: the processor of those that it will have, and as many vcpu
 * ids in a core as that has threads. */
int hv_vm_set_pvr(struct hv_vm *vm, u64 pvr);

/* How many vcpu ids make a virtual core. */
unsigned hv_vm_smt(const struct hv_vm *vm);
/* KVM_CAP_PPC_SMT_POSSIBLE: each number that there can be, added up. */
unsigned hv_vm_smt_possible(const struct hv_vm *vm);

/* smmu.c: KVM_PPC_GET_SMMU_INFO. */
void hv_get_smmu_info(struct hv_vm *vm, struct kvm_ppc_smmu_info *info);
/* struct hpt_ops' knows, @ctx being the VM: what that tells, and pages of 16G. */
bool hv_mmu_knows(void *ctx, u64 v, unsigned base_shift, unsigned actual_shift);

#endif
