/* SPDX-License-Identifier: Apache-2.0 */
#include "hv/codecheck.h"

#ifdef CODE_CHECKED

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "hv/vcpu.h"
#include "hv/vm.h"

#define RUNS_BETWEEN 64u
#define TOLERATED_NS (20ull * 1000000000)

static u64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

/* What didn't differ in the round before is no suspect any more. */
static void differs(struct cpu *cpu, u64 gpa)
{
	struct hv_code_check *c = &hv_vcpu_of(cpu)->code_check;
	unsigned unused = HV_CODE_SUSPECTS;
	u64 now = now_ns();

	for (unsigned i = 0; i < HV_CODE_SUSPECTS; i++) {
		if (c->suspect[i].round + 1 < c->round) {
			unused = i;
		} else if (c->suspect[i].gpa == gpa) {
			c->suspect[i].round = c->round;
			if (now - c->suspect[i].since_ns < TOLERATED_NS)
				return;
			fprintf(stderr, "papyr: instructions at 0x%llx changed, nobody told\n",
				(unsigned long long)gpa);
			abort();
		}
	}
	if (unused == HV_CODE_SUSPECTS)
		return;
	c->suspect[unused].gpa = gpa;
	c->suspect[unused].since_ns = now;
	c->suspect[unused].round = c->round;
}

void hv_code_check(struct hv_vcpu *vcpu)
{
	struct hv_code_check *c = &vcpu->code_check;

	if (!vcpu->vm->client_tells || c->runs++ % RUNS_BETWEEN)
		return;
	c->round += c->round ? 1 : 2; /* an empty place is of round 0 */
	cpu_code_compare(&vcpu->cpu, differs);
}

#endif
