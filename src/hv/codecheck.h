/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Built with -Dcode_check=true (the sanitized builds of `make test` are), what vcpus have decoded
 * is compared with memory now and then as they enter KVM_RUN, although the client promised to tell
 * what it writes (PAPYR_CAP_TELLS_WRITES). A page may differ for as long as a disk's request is
 * under way that reads into it; if it does for longer than any of those, a writer has been
 * forgotten, and the process ends.
 */
#ifndef PAPYR_HV_CODECHECK_H
#define PAPYR_HV_CODECHECK_H

#include "base/bits.h"

struct hv_vcpu;

#ifdef CODE_CHECKED

#define HV_CODE_SUSPECTS 8

struct hv_code_check {
	unsigned runs;
	u64 round;
	struct {
		u64 gpa, since_ns, round;
	} suspect[HV_CODE_SUSPECTS];
};

/* The vcpu's thread, in the guest. */
void hv_code_check(struct hv_vcpu *vcpu);

#else

static inline void hv_code_check(struct hv_vcpu *vcpu)
{
}

#endif

#endif
