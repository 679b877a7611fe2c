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
struct vcpu;

struct machine_kind {
	const char *name; /* as for -M */
	/*
	 * With the VM made: its processor, memory and interrupt controller, all that must be there
	 * before its vcpus are.
	 */
	int (*make)(struct machine *m, struct error *err);
	/* One that KVM has just made, and its registers as at power-on. */
	int (*make_vcpu)(struct vcpu *vcpu, struct error *err);
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
	/* The user wants the guest to power off. Main thread. */
	void (*powerdown)(struct machine *m);
	void (*free)(struct machine *m);
};

extern const struct machine_kind machine_pseries;

#endif
