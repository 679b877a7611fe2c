/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kinds of machines: what a PAPR partition and a board of a BookE processor do differently. What
 * they have in common, memory, vcpus' threads, console, pausing and ending, is the machine's own.
 */
#ifndef PAPYR_PLATFORM_KIND_H
#define PAPYR_PLATFORM_KIND_H

#include <stdbool.h>

#include "base/bits.h"
#include "platform/error.h"

struct boot_entry;
struct machine;
struct machine_model;
struct vcpu;
struct vcpu_reg;

struct machine_kind {
	const char *name;  /* as for -M */
	const char *model; /* the processor that it has if nothing else is said, as for --cpu */
	/*
	 * A PAPR partition: it has a hash table, hypercalls, RTAS, devices that a user chooses, and
	 * what comes and goes while it runs.
	 */
	bool papr;
	/*
	 * With the VM made: its processor, memory and interrupt controller, all that must be there
	 * before its vcpus are.
	 */
	int (*make)(struct machine *m, struct error *err);
	/* One that KVM has just made, and its registers as at power-on. */
	int (*make_vcpu)(struct vcpu *vcpu, struct error *err);
	const struct vcpu_reg *regs; /* vcpu.h: what make up its state, but for REGS and SREGS */
	const unsigned *n_regs;
	int (*reset_vcpu)(struct vcpu *vcpu, struct error *err);
	/* What isn't vcpus, devices and memory, as at power-on. */
	int (*reset)(struct machine *m, struct error *err);
	/* What is in memory when the first vcpu starts; and has that vcpu start there. */
	int (*load)(struct machine *m, struct boot_entry *entry, struct error *err);
	int (*start)(struct vcpu *vcpu, const struct boot_entry *entry, struct error *err);
	/* An exit that isn't the machine's to handle; false: nor is it this kind's. */
	bool (*exit)(struct vcpu *vcpu);
	/* The console has input. Main thread. */
	void (*input)(struct machine *m);
	/* The console has room for output again, after none. The console's thread; or NULL. */
	void (*output_room)(struct machine *m);
	/* The user wants the guest to power off. Main thread. NULL: there is no way to tell it. */
	void (*powerdown)(struct machine *m);
	void (*free)(struct machine *m);
};

extern const struct machine_kind machine_pseries, machine_bamboo, machine_ppce500;

/* NULL: there is none of that name. */
const struct machine_kind *machine_kind_find(const char *name);
/* The one that has such a processor. */
const struct machine_kind *machine_kind_of(const struct machine_model *model);
/* -1: the machine is no partition, and so has no @what. */
int machine_is_papr(const struct machine *m, const char *what, struct error *err);

#endif
