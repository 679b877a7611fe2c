/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hypercalls: their table (table.c), and the functions in it, a file for each group.
 */
#ifndef PAPYR_HV_HCALL_H
#define PAPYR_HV_HCALL_H

#include <papyr/papr.h>
#include "base/bits.h"

struct hv_vm;
struct hv_vcpu;

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

/* table.c: NULL when there is no such. */
const struct hcall *hcall_find(u64 number);
void hcall_enable_defaults(struct hv_vm *vm);
/*
 * Makes the hypercall in gpr[3] if it is one of ours and enabled: the return value, or H_TOO_HARD.
 */
long hcall_make(struct hv_vcpu *vcpu, u64 *gpr);
/* KVM_CAP_PPC_ENABLE_HCALL. -EINVAL: not one that the hypervisor has. */
int hv_vm_enable_hcall(struct hv_vm *vm, u64 number, u64 enable);

/* logical.c */
hcall_fn h_logical_ci_store;
/* mmu.c */
hcall_fn h_enter, h_remove, h_read, h_protect, h_bulk_remove, h_clear_ref, h_clear_mod, h_page_init;
/* tce.c */
hcall_fn h_put_tce, h_get_tce, h_stuff_tce, h_put_tce_indirect;
/* sched.c */
hcall_fn h_cede, h_prod, h_confer;
/* vpa.c */
hcall_fn h_register_vpa;
/* mode.c */
hcall_fn h_set_mode, h_set_dabr, h_set_xdabr;
/* xics/icp.c */
hcall_fn h_xirr, h_xirr_x, h_cppr, h_eoi, h_ipi, h_ipoll;
/* xics/rtas.c: calls whose token is not the hypervisor's go to the client. */
hcall_fn h_rtas;

#endif
