/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupts that can't be masked, by way of RTAS (PAPR 7.3.14): the guest registers where system
 * resets and machine checks shall go, and a machine check brings an error log along.
 *
 * The log lies in RTAS's own memory, of which there is one for all processors: who took a machine
 * check has it until ibm,nmi-interlock. Another that meets one meanwhile waits at its instruction;
 * the same one can't be helped any more, and the guest has panicked.
 *
 *	RTAS + 0x1000   r3 of who took the machine check, then the log
 *	     + 0x2000   16 bytes for each vcpu: its r3 at a system reset
 *
 * In both cases the handler's r3 points there. Without handlers both go to their vectors.
 */
#ifndef PAPYR_PLATFORM_FWNMI_H
#define PAPYR_PLATFORM_FWNMI_H

#include "base/bits.h"
#include "platform/error.h"

struct machine;
struct vcpu;

/* KVM shall give us the machine checks. Where it can't, ibm,nmi-register says so. */
void fwnmi_enable(struct vcpu *vcpu);

/* As after power-on, RTAS being at @rtas. Vcpus are parked. */
void fwnmi_reset(struct machine *m, u64 rtas);

/* KVM_EXIT_NMI: this vcpu's thread. */
void fwnmi_machine_check(struct vcpu *vcpu);

/* A system reset of every processor that isn't stopped. Main thread. */
int machine_nmi(struct machine *m, struct error *err);

/*
 * The 4 KiB of the guest's memory around @gpa are broken until the machine starts anew: whoever in
 * the guest touches them has a machine check. Main thread.
 */
int machine_break_memory(struct machine *m, u64 gpa, struct error *err);

#endif
