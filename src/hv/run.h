/* SPDX-License-Identifier: Apache-2.0 */
/* KVM_RUN, and what the processor calls meanwhile: run.c. */
#ifndef PAPYR_HV_RUN_H
#define PAPYR_HV_RUN_H

#include "cpu/cpu.h"

struct hv_vcpu;

/* What every vcpu's processor calls. */
extern const struct cpu_host hv_cpu_host;

/* KVM_RUN. 0 with run->exit_reason, or -EINTR and others. */
int hv_vcpu_run(struct hv_vcpu *vcpu);

#endif
