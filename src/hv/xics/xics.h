/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XICS, the interrupt controller of PAPR guests: interrupt sources (ICS) present to one
 * presentation controller (ICP) a vcpu.
 *
 * A source has a destination server, a priority (0 most favoured, 0xff masked) and whether it is
 * asserted. A server has CPPR: the priority that the processor works at, only more favoured ones
 * interrupt it; XISR: the interrupt that is offered to the processor, or is being worked on; PPRI
 * its priority; MFRR: the priority of its inter-processor interrupt, 0xff: none.
 *
 * icp.c and ics.c have the rules. Any thread may call any of these.
 */
#ifndef PAPYR_HV_XICS_H
#define PAPYR_HV_XICS_H

#include "base/bits.h"

struct hv_vm;
struct hv_vcpu;

#define XICS_IPI	  2u /* interrupt number of inter-processor interrupts */
#define XICS_SOURCE_MIN	  16u
#define XICS_SOURCE_LIMIT 0x100000u
#define XICS_MASKED	  0xffu /* priority */
#define XICS_LEAST	  0xffu

/* The device. -EEXIST: there is one. */
int hv_xics_create(struct hv_vm *vm);
/* The device's last descriptor was closed; every vcpu loses its presentation controller. */
void hv_xics_destroy(struct hv_vm *vm);
/* With the VM. */
void hv_xics_free(struct hv_vm *vm);
/* With the vcpu. */
void hv_xics_free_icp(struct hv_vcpu *vcpu);

/* Gives @vcpu the presentation controller with number @server. -EBUSY: it has one; -EEXIST: the
 * number is taken. */
int hv_xics_connect(struct hv_vcpu *vcpu, u64 server);

/* PAPYR_CAP_XICS_GLOBAL. -EINVAL, -EEXIST. */
int hv_xics_set_global(struct hv_vm *vm, u64 server);
/* What this thread raises is answered by @vcpu, which it is about to run. */
void hv_xics_runs_here(const struct hv_vcpu *vcpu);

bool hv_xics_has_source_number(u64 irq);
/*
 * KVM_DEV_XICS_GRP_SOURCES: the words of <papyr/kvm.h>. -ENOENT, -EINVAL (no such server), -ENOMEM.
 */
int hv_xics_set_source(struct hv_vm *vm, u64 irq, u64 value);
int hv_xics_get_source(struct hv_vm *vm, u64 irq, u64 *value);

/* KVM_IRQ_LINE. -ENXIO: no XICS; -EINVAL: no such source. */
int hv_xics_set_irq(struct hv_vm *vm, u32 irq, u32 level);

/* RTAS: what a source's destination and priority are. -EINVAL: no such source or server. */
int hv_xics_set_xive(struct hv_vm *vm, u32 irq, u32 server, u32 priority);
int hv_xics_get_xive(struct hv_vm *vm, u32 irq, u32 *server, u32 *priority);
int hv_xics_int_on(struct hv_vm *vm, u32 irq);
int hv_xics_int_off(struct hv_vm *vm, u32 irq);

/* KVM_REG_PPC_ICP_STATE. -ENXIO: no presentation controller. */
int hv_xics_get_icp(struct hv_vcpu *vcpu, u64 *value);
int hv_xics_set_icp(struct hv_vcpu *vcpu, u64 value);

#endif
