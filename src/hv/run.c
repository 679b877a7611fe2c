/* SPDX-License-Identifier: Apache-2.0 */
/* KVM_RUN: into the guest and out again. */
#include <errno.h>
#include "hv/booke.h"
#include "hv/broken.h"
#include "hv/clock.h"
#include "hv/codecheck.h"
#include "hv/codepage.h"
#include "hv/core.h"
#include "hv/debug.h"
#include "hv/doorbell.h"
#include "hv/fault.h"
#include "hv/hcall/hcall.h"
#include "hv/idle.h"
#include "hv/memslot.h"
#include "hv/run.h"
#include "hv/shootdown.h"
#include "hv/signals.h"
#include "hv/standstill.h"
#include "hv/table.h"
#include "hv/trace.h"
#include "hv/vcpu.h"
#include "hv/vm.h"
#include "hv/vpa.h"
#include "hv/vrma.h"
#include "hv/xics/xics.h"

/* --- callbacks of the processor --- */

/* The client's: registers as they are, its answer comes with the next KVM_RUN. */
static bool hcall_to_client(struct hv_vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;

	run->exit_reason = KVM_EXIT_PAPR_HCALL;
	run->papr_hcall.nr = vcpu->cpu.gpr[3];
	for (unsigned i = 0; i < ARRAY_SIZE(run->papr_hcall.args); i++)
		run->papr_hcall.args[i] = vcpu->cpu.gpr[4 + i];
	run->papr_hcall.ret = 0;
	vcpu->pending = HV_PENDING_HCALL;
	return false;
}

static bool hv_hcall(struct cpu *cpu)
{
	struct hv_vcpu *vcpu = hv_vcpu_of(cpu);
	long ret;

	if (cpu_traces(cpu, PAPYR_TRACE_HCALL))
		hv_trace_hcall_begin(vcpu);
	ret = hcall_make(vcpu, cpu->gpr);
	vcpu->stats->hypercalls++;
	if (ret == H_TOO_HARD)
		return hcall_to_client(vcpu);
	cpu->gpr[3] = ret;
	if (cpu_traces(cpu, PAPYR_TRACE_HCALL))
		hv_trace_hcall_end(vcpu);
	return !vcpu->ceded;
}

/* What a vcpu waits for in a loop is often done by another, whose thread may have no processor. */
static void hv_spins(struct cpu *cpu)
{
	hv_vcpu_yield(hv_vcpu_of(cpu));
}

/* Other threads of the client write it while the vcpu runs. */
static bool immediate_exit(struct hv_vcpu *vcpu)
{
	return __atomic_load_n(&vcpu->run->immediate_exit, __ATOMIC_RELAXED);
}

static bool must_return(struct hv_vcpu *vcpu)
{
	return immediate_exit(vcpu) || hv_vcpu_signalled(vcpu);
}

#define PUBLISH(name) stats->name = counts->name;

/* What the engine counts, where others may read it. */
static void publish_counts(struct hv_vcpu *vcpu)
{
	const struct cpu_counts *counts = &vcpu->cpu.counts;
	struct hv_vcpu_stats *stats = vcpu->stats;

	stats->instructions = cpu_insns(&vcpu->cpu);
	CPU_COUNTS(PUBLISH, PUBLISH)
}

/*
 * In real mode, where kernels do little, one who is at the same place at two ticks waits there,
 * whether or not it says so by its priority: as the vcpus do that Linux keeps out of the way while
 * one of them changes the kernel's own mapping.
 */
static void look_for_spinning(struct hv_vcpu *vcpu)
{
	bool real_mode = !cpu_is_booke(&vcpu->cpu) && !(vcpu->cpu.msr & MSR_IR);

	if (real_mode && vcpu->cpu.nip == vcpu->nip_at_tick)
		hv_spins(&vcpu->cpu);
	vcpu->nip_at_tick = vcpu->cpu.nip;
}

/*
 * The system call takes as long as the guest takes for a thousand instructions, and few look at
 * counts: that is done at each fourth tick, some 80 microseconds apart.
 */
#define TICKS_APART 4

static bool fourth_tick(struct hv_vcpu *vcpu)
{
	publish_counts(vcpu);
	return hv_vcpu_signalled(vcpu);
}

static bool hv_tick(struct cpu *cpu)
{
	struct hv_vcpu *vcpu = hv_vcpu_of(cpu);

	if (cpu_traces(cpu, PAPYR_TRACE_SAMPLE))
		hv_trace_sample(vcpu);
	look_for_spinning(vcpu);
	hv_clocks_look(cpu);
	return (++vcpu->ticks % TICKS_APART == 0 && fourth_tick(vcpu)) || immediate_exit(vcpu);
}

const struct cpu_host hv_cpu_host = {
    .ram = hv_cpu_ram,
    .hcall = hv_hcall,
    .fault = hv_fault,
    .doorbell = hv_doorbell,
    .doorbells = hv_doorbells,
    .spins = hv_spins,
    .tick = hv_tick,
    .was_alive = hv_was_alive,
    .virtual_time = hv_virtual_time,
    .clocks_read = hv_clocks_look,
    .catch_up = hv_catch_up,
    .code_read = hv_code_read,
    .code_write = hv_code_write,
    .is_code = hv_is_code,
    .is_told = hv_is_told,
    .took_interrupt = hv_trace_interrupt,
    .translated = hv_trace_translation,
    .machine_check = hv_machine_check,
    .dcr = hv_booke_dcr,
    .waits = hv_booke_waits,
    .reset = hv_booke_reset,
    .stopped = hv_debug_stopped,
};

/* --- KVM_RUN --- */

/* What the last exit left to be done. True: there is another exit for the client at once. */
static bool complete_pending(struct hv_vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;

	switch (vcpu->pending) {
	case HV_PENDING_NONE:
		return false;
	case HV_PENDING_NOTHING:
		vcpu->pending = HV_PENDING_NONE;
		return false;
	case HV_PENDING_HCALL:
		vcpu->pending = HV_PENDING_NONE;
		vcpu->step_owed = vcpu->cpu.debug.step;
		vcpu->cpu.gpr[3] = run->papr_hcall.ret;
		for (unsigned i = 0; i < ARRAY_SIZE(run->papr_hcall.args); i++)
			vcpu->cpu.gpr[4 + i] = run->papr_hcall.args[i];
		if (cpu_traces(&vcpu->cpu, PAPYR_TRACE_HCALL))
			hv_trace_hcall_end(vcpu);
		return false;
	case HV_PENDING_DCR:
		vcpu->pending = HV_PENDING_NONE;
		vcpu->step_owed = vcpu->cpu.debug.step;
		vcpu->cpu.gpr[vcpu->dcr_gpr] = run->dcr.data;
		return false;
	case HV_PENDING_MMIO:
		vcpu->pending = HV_PENDING_NONE;
		if (hv_mmio_complete(vcpu))
			return true;
		vcpu->step_owed = vcpu->cpu.debug.step;
		return false;
	}
	return false;
}

/* Table and real-mode area of a VM whose first vcpu runs. Called with the table in use
 * (hv_run_begin). */
static int prepare_table(struct hv_vm *vm)
{
	int ret = 0;

	/* It isn't undone while the table is in use. */
	if (!__atomic_load_n(&vm->vrma_done, __ATOMIC_ACQUIRE)) {
		lock_acquire(&vm->lock);
		if (!vm->vrma_done)
			ret = hv_real_mode_setup(vm);
		lock_release(&vm->lock);
	}
	return ret;
}

static int interrupted(struct hv_vcpu *vcpu)
{
	vcpu->run->exit_reason = KVM_EXIT_INTR;
	vcpu->stats->signal_exits++;
	return -EINTR;
}

/*
 * Entering the guest makes problem state imply interrupts and translation, whatever the client set.
 */
static void sanitize_msr(struct cpu *cpu)
{
	if (!cpu_is_booke(cpu) && (cpu->msr & MSR_PR))
		cpu_set_msr(cpu, cpu->msr | MSR_EE | MSR_IR | MSR_DR);
}

/* In the guest until there is an exit for the client (0), or KVM_RUN must return (-EINTR). */
static int run_guest(struct hv_vcpu *vcpu)
{
	/*
	 * What was pending and not blocked was delivered before the signals were blocked, but for
	 * those of a mask of its own. Who has them blocked for good uses immediate_exit as well,
	 * and is spared a system call.
	 */
	bool look = vcpu->sigmask_set && !vcpu->signals_blocked;
	bool stepped;

	for (;; look = true) {
		if ((look && must_return(vcpu)) || (vcpu->ceded && !hv_vcpu_idle(vcpu)))
			return vcpu->pending == HV_PENDING_NONE ? interrupted(vcpu) : 0;
		/* Time first: that the guest stood still is seen by nobody being in it. */
		hv_clocks_start(vcpu);
		hv_guest_enter(vcpu);
		hv_code_check(vcpu);
		hv_vpa_dispatch(vcpu);
		stepped = cpu_run(&vcpu->cpu) == CPU_EXIT_HOST && vcpu->cpu.debug.step;
		if (vcpu->pending == HV_PENDING_NONE && hv_mmio_emulate(vcpu))
			vcpu->cpu.leave = false;
		hv_clocks_stop(vcpu);
		hv_vpa_preempt(vcpu);
		hv_guest_leave(vcpu);
		publish_counts(vcpu);
		vcpu->stats->sum_exits++;
		vcpu->stats->mmio_exits += vcpu->pending == HV_PENDING_MMIO;
		if (vcpu->pending != HV_PENDING_NONE)
			return 0;
		if (stepped) {
			hv_debug_stepped(vcpu);
			return 0;
		}
	}
}

/* A Book E VM has no table; the same holds its slots still. */
static int run_with_table(struct hv_vcpu *vcpu)
{
	bool booke = cpu_is_booke(&vcpu->cpu);
	int ret;

	if (!booke && !vcpu->vm->hpt) {
		u32 order = HV_DEFAULT_HTAB_ORDER;

		ret = hv_vm_allocate_htab(vcpu->vm, &order);
		if (ret && ret != -EBUSY)
			return ret;
	}
	hv_run_begin(vcpu->vm);
	ret = booke ? 0 : prepare_table(vcpu->vm);
	if (!ret) {
		/* The client may have written memory: code is compared before it is used again. */
		if (!vcpu->vm->client_tells)
			cpu_code_recheck(&vcpu->cpu);
		sanitize_msr(&vcpu->cpu);
		ret = run_guest(vcpu);
	}
	hv_run_end(vcpu->vm);
	return ret;
}

static int run_or_return(struct hv_vcpu *vcpu)
{
	/* It leaves exit_reason as it is. */
	if (immediate_exit(vcpu))
		return -EINTR;
	if (!vcpu->step_owed)
		return run_with_table(vcpu);
	hv_debug_stepped(vcpu);
	return 0;
}

int hv_vcpu_run(struct hv_vcpu *vcpu)
{
	int ret = 0;

	if (!vcpu->papr && !cpu_is_booke(&vcpu->cpu)) {
		vcpu->run->exit_reason = KVM_EXIT_INTERNAL_ERROR;
		return -EINVAL;
	}
	cpu_warm_up(&vcpu->cpu);
	hv_xics_runs_here(vcpu);
	hv_signals_block(vcpu);
	if (!complete_pending(vcpu))
		ret = run_or_return(vcpu);
	/* As Linux's on Power: KVM_INTERRUPT keeps what can't be taken yet; nobody has to wait. */
	vcpu->run->ready_for_interrupt_injection = 1;
	if (cpu_traces(&vcpu->cpu, PAPYR_TRACE_EXIT))
		hv_trace_exit(vcpu, ret);
	hv_signals_restore(vcpu);
	return ret;
}
