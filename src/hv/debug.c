/* SPDX-License-Identifier: Apache-2.0 */
#include "hv/debug.h"
#include <errno.h>
#include "hv/codepage.h"
#include "hv/vcpu.h"

#define FLAGS                                                                                      \
	(KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP | KVM_GUESTDBG_USE_SW_BP |                  \
	 KVM_GUESTDBG_USE_HW_BP)
#define WATCH (KVMPPC_DEBUG_WATCH_READ | KVMPPC_DEBUG_WATCH_WRITE)

static void add_point(struct cpu_debug *d, u64 addr, u32 type)
{
	if (type & KVMPPC_DEBUG_BREAKPOINT)
		d->breaks[d->n_breaks++] = addr & ~3ull;
	if (type & WATCH)
		d->watches[d->n_watches++] = (struct cpu_watch){
		    .ea = addr,
		    .read = type & KVMPPC_DEBUG_WATCH_READ,
		    .write = type & KVMPPC_DEBUG_WATCH_WRITE,
		};
}

static int add_points(struct hv_vcpu *vcpu, struct cpu_debug *d,
		      const struct kvm_guest_debug_arch *arch)
{
	_Static_assert(ARRAY_SIZE(arch->bp) == CPU_POINTS, "room for all of a kind");

	for (unsigned i = 0; i < ARRAY_SIZE(arch->bp); i++) {
		if (arch->bp[i].type & ~(KVMPPC_DEBUG_BREAKPOINT | WATCH))
			return -EINVAL;
		add_point(d, arch->bp[i].addr, arch->bp[i].type);
	}
	for (unsigned i = 0; i < vcpu->n_breakpoints; i++)
		add_point(d, vcpu->breakpoints[i], KVMPPC_DEBUG_BREAKPOINT);
	return 0;
}

void hv_set_breakpoints(struct hv_vcpu *vcpu, const u64 *addrs, unsigned n)
{
	memcpy(vcpu->breakpoints, addrs, n * sizeof(*addrs));
	vcpu->n_breakpoints = n;
}

int hv_set_guest_debug(struct hv_vcpu *vcpu, const struct kvm_guest_debug *debug)
{
	u32 control = debug->control;
	struct cpu_debug d = {0};

	if (control & ~(u32)FLAGS)
		return -EINVAL;
	/* Linux looks at this flag alone. */
	if (control & KVM_GUESTDBG_USE_SW_BP)
		d.stop_insn = HV_DEBUG_INST;
	if (!(control & KVM_GUESTDBG_ENABLE))
		control = 0;
	d.step = control & KVM_GUESTDBG_SINGLESTEP;
	if ((control & KVM_GUESTDBG_USE_HW_BP) && add_points(vcpu, &d, &debug->arch))
		return -EINVAL;
	cpu_set_debug(&vcpu->cpu, &d);
	vcpu->step_owed = false;
	/* Who debugs changes instructions. */
	hv_code_recheck(vcpu->vm);
	return 0;
}

static void tell(struct hv_vcpu *vcpu, u64 address, u32 status)
{
	struct kvm_run *run = vcpu->run;

	run->exit_reason = KVM_EXIT_DEBUG;
	run->debug.arch.address = address;
	run->debug.arch.status = status;
	run->debug.arch.reserved = 0;
}

void hv_debug_stopped(struct cpu *cpu, enum cpu_stop why, u64 ea)
{
	static const u32 status[] = {
	    [CPU_STOP_INSN] = KVMPPC_DEBUG_NONE,
	    [CPU_STOP_BREAK] = KVMPPC_DEBUG_BREAKPOINT,
	    [CPU_STOP_READ] = KVMPPC_DEBUG_WATCH_READ,
	    [CPU_STOP_WRITE] = KVMPPC_DEBUG_WATCH_WRITE,
	};
	struct hv_vcpu *vcpu = hv_vcpu_of(cpu);

	tell(vcpu, why == CPU_STOP_INSN ? cpu->nip : ea, status[why]);
	vcpu->pending = HV_PENDING_NOTHING;
}

void hv_debug_stepped(struct hv_vcpu *vcpu)
{
	vcpu->step_owed = false;
	tell(vcpu, vcpu->cpu.nip, KVMPPC_DEBUG_NONE);
}
