/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accesses that find no memory: absent entries come alive when memory has appeared, the others are
 * emulated by the client through KVM_EXIT_MMIO.
 *
 * The instruction is left before it did anything, and carried out by itself: its stores are taken
 * into a list, of which each becomes an exit; its loads stop it again for an exit, and it is begun
 * anew with the data that the client gave, until it gets through. What a client sees meanwhile is
 * what Linux shows: the program counter is past the instruction already, and an update form's
 * register is updated; only the target of a load comes with the next KVM_RUN.
 */
#ifndef PAPYR_HV_FAULT_H
#define PAPYR_HV_FAULT_H

#include "cpu/cpu.h"

struct hv_vcpu;

#define HV_MMIO_MAX 40 /* accesses of one instruction: lmw and stmw, 32 */

struct hv_mmio_access {
	u64 gpa;
	u8 size;
	bool store;
	u8 data[8];
};

struct hv_mmio {
	enum {
		HV_MMIO_IDLE,
		HV_MMIO_LEFT,	 /* an instruction was left at cpu->nip, it is to be emulated */
		HV_MMIO_EMULATE, /* it is being carried out */
		HV_MMIO_EXITS,	 /* stores wait to be told to the client */
		HV_MMIO_LOAD,	 /* the client has been asked for a load's data */
	} state;
	u32 insn;
	u64 nip;     /* of the instruction */
	unsigned ra; /* of an update form, else 32 */
	u64 ra_before;
	unsigned known;	 /* accesses whose data is there */
	unsigned cursor; /* of those, used up in this run of the instruction */
	unsigned told;	 /* stores that the client knows */
	struct hv_mmio_access access[HV_MMIO_MAX];
};

int hv_mmio_init(struct hv_vcpu *vcpu);
void hv_mmio_fini(struct hv_vcpu *vcpu);

/* struct cpu_host's fault. */
enum cpu_fault_verdict hv_fault(struct cpu *cpu, struct cpu_access *access);

/* After cpu_run() left with an instruction at hand: true if run->mmio is to go to the client. */
bool hv_mmio_emulate(struct hv_vcpu *vcpu);
/* The next KVM_RUN: takes the load's data. True if there is another exit for the client. */
bool hv_mmio_complete(struct hv_vcpu *vcpu);

#endif
