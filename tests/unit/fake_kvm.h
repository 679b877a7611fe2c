/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A KVM that runs nothing: it remembers registers, memory slots, interrupt sources and a hash
 * table, and what a vcpu "does" is a function of the test. For tests of KVM's client.
 */
#ifndef PAPYR_TESTS_FAKE_KVM_H
#define PAPYR_TESTS_FAKE_KVM_H

#include <papyr/kvm.h>

#include "platform/accel.h"

#define FAKE_SMT	 8
#define FAKE_POINTS	 16
#define FAKE_BREAKPOINTS 40

/*
 * Called in place of the guest, on the vcpu's thread: fills @run with an exit and returns true, or
 * returns false to have nothing happen for a while. @id is the vcpu's.
 */
typedef bool (*fake_guest_fn)(void *opaque, unsigned id, struct kvm_run *run);

extern const struct accel fake_accel;

/* Forgets everything, and sets what vcpus do (NULL: nothing). Between machines only. */
void fake_reset(fake_guest_fn guest, void *opaque);
/* Only what vcpus do. Before they have threads. */
void fake_set_guest(fake_guest_fn guest, void *opaque);

/* What KVM_PPC_GET_CPU_CHAR gives; not given (all 0): ENOTTY. */
void fake_set_cpu_char(const struct kvm_ppc_cpu_char *c);
/* What KVM_PPC_RESIZE_HPT_PREPARE and _COMMIT give: milliseconds, 0 or -errno. */
void fake_set_resize(long answer);
/* How often source @irq was driven. */
unsigned fake_irq_count(unsigned irq);
/* What KVM_SET_GUEST_DEBUG last said of the vcpu @id. */
const struct kvm_guest_debug *fake_guest_debug(unsigned id);
/* What KVM_INTERRUPT said last of the vcpu @id, and what its TLB maps. */
u32 fake_interrupt(unsigned id);
const struct papyr_map *fake_map(unsigned id);
/* It has PAPYR_CAP_BREAKPOINTS; and what that last said of the vcpu @id. */
void fake_has_breakpoints(void);
const u64 *fake_breakpoints(unsigned id, u64 *n);
/* The hash table's entries, two host-order doublewords each, and their number; the test may change
 * them. */
u64 *fake_htab(u64 *entries);

#endif
