/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include "hv/broken.h"
#include "hv/fault.h"
#include "hv/ioeventfd.h"
#include "hv/memslot.h"
#include "hv/shootdown.h"
#include "hv/table.h"
#include "hv/vcpu.h"
#include "hv/vm.h"

#define NO_RA 32

int hv_mmio_init(struct hv_vcpu *vcpu)
{
	vcpu->mmio = calloc(1, sizeof(*vcpu->mmio));
	return vcpu->mmio ? 0 : -ENOMEM;
}

void hv_mmio_fini(struct hv_vcpu *vcpu)
{
	free(vcpu->mmio);
}

static enum cpu_fault_verdict emulated_access(struct hv_mmio *m, struct cpu_access *access)
{
	struct hv_mmio_access *a = &m->access[m->cursor];
	bool store = access->kind == CPU_STORE;

	if (m->cursor < m->known) {
		/* Told or read before: the instruction is begun anew. */
		m->cursor++;
		if (!store)
			memcpy(access->data, a->data, access->size);
		return CPU_FAULT_DONE;
	}
	if (m->cursor == HV_MMIO_MAX)
		return CPU_FAULT_REFLECT;
	*a = (struct hv_mmio_access){.gpa = access->gpa, .size = access->size, .store = store};
	if (!store)
		return CPU_FAULT_LEAVE;
	memcpy(a->data, access->data, access->size);
	m->cursor = ++m->known;
	return CPU_FAULT_DONE;
}

enum cpu_fault_verdict hv_fault(struct cpu *cpu, struct cpu_access *access)
{
	struct hv_vcpu *vcpu = hv_vcpu_of(cpu);
	struct hv_mmio *m = vcpu->mmio;

	if (hv_is_broken(&vcpu->vm->broken, access->gpa))
		return CPU_FAULT_BROKEN;
	if (access->absent && hv_memslot_find(vcpu->vm, access->gpa)) {
		u64 v, r;

		hpt_read(cpu->hpt, access->hpte_index, &v, &r);
		if (hpt_make_live(cpu->hpt, access->hpte_index, (v & ~HPT_V_USED) | HPT_V_ABSENT))
			return CPU_FAULT_RETRY;
		if (!(v & HPT_V_VALID))
			return CPU_FAULT_RETRY; /* removed meanwhile */
	}
	if (access->kind == CPU_FETCH)
		return CPU_FAULT_REFLECT;
	if (!access->data)
		return CPU_FAULT_DONE;
	if (m->state == HV_MMIO_EMULATE)
		return emulated_access(m, access);
	/* Others are looked at when the instruction is carried out, store by store. */
	if (access->sole &&
	    hv_ioeventfd_store(vcpu->vm, access->gpa, access->size, access->data))
		return CPU_FAULT_DONE;
	m->state = HV_MMIO_LEFT;
	return CPU_FAULT_LEAVE;
}

static void tell(struct hv_vcpu *vcpu, const struct hv_mmio_access *a)
{
	struct kvm_run *run = vcpu->run;

	run->exit_reason = KVM_EXIT_MMIO;
	run->mmio.phys_addr = a->gpa;
	run->mmio.len = a->size;
	run->mmio.is_write = a->store;
	memset(run->mmio.data, 0, sizeof(run->mmio.data));
	if (a->store)
		memcpy(run->mmio.data, a->data, a->size);
	vcpu->pending = HV_PENDING_MMIO;
}

/*
 * Tells the next store that is the client's to know and that it doesn't know; true if there was
 * one. In the guest.
 */
static bool tell_next_store(struct hv_vcpu *vcpu)
{
	struct hv_mmio *m = vcpu->mmio;

	while (m->told < m->known) {
		struct hv_mmio_access *a = &m->access[m->told++];

		if (!a->store || hv_ioeventfd_store(vcpu->vm, a->gpa, a->size, a->data))
			continue;
		tell(vcpu, a);
		return true;
	}
	return false;
}

/* Carries the instruction out as far as it gets. True: there is an exit for the client. */
static bool attempt(struct hv_vcpu *vcpu)
{
	struct hv_mmio *m = vcpu->mmio;
	struct cpu *cpu = &vcpu->cpu;

	m->state = HV_MMIO_EMULATE;
	m->cursor = 0;
	cpu->leave = false;
	cpu_step_insn(cpu, m->insn);
	if (vcpu->pending == HV_PENDING_NOTHING) {
		/* Part of it had a machine check. */
		cpu->leave = false;
		m->state = HV_MMIO_IDLE;
		return true;
	}
	if (!cpu->leave) {
		m->state = HV_MMIO_EXITS;
		if (tell_next_store(vcpu))
			return true;
		m->state = HV_MMIO_IDLE;
		return false;
	}
	/* A load without data: ask for it. */
	cpu->leave = false;
	m->state = HV_MMIO_LOAD;
	tell(vcpu, &m->access[m->known]);
	return true;
}

/* What a client sees while a load waits: the instruction done, but for its target. */
static void show_done(struct hv_vcpu *vcpu, u64 ea)
{
	struct cpu *cpu = &vcpu->cpu;

	cpu->nip = (vcpu->mmio->nip + 4) & cpu->ea_mask;
	if (vcpu->mmio->ra != NO_RA)
		cpu->gpr[vcpu->mmio->ra] = ea;
}

bool hv_mmio_emulate(struct hv_vcpu *vcpu)
{
	struct hv_mmio *m = vcpu->mmio;
	struct cpu *cpu = &vcpu->cpu;
	u64 ea = 0;

	if (m->state != HV_MMIO_LEFT)
		return false;
	m->insn = cpu->left_insn;
	m->nip = cpu->nip;
	m->known = m->told = 0;
	if (!cpu_update_form(cpu, m->insn, &m->ra, &ea))
		m->ra = NO_RA;
	m->ra_before = cpu->gpr[m->ra];
	if (!attempt(vcpu))
		return false;
	if (m->state == HV_MMIO_LOAD)
		show_done(vcpu, ea);
	return true;
}

/* Begins the instruction anew with the data that the client gave. In the guest. */
static bool complete_load(struct hv_vcpu *vcpu)
{
	struct hv_mmio *m = vcpu->mmio;
	struct cpu *cpu = &vcpu->cpu;
	struct hv_mmio_access *a = &m->access[m->known++];
	u64 nip, ra;

	memcpy(a->data, vcpu->run->mmio.data, a->size);
	/* The client may have changed what it was shown: that stays, the target alone is the
	 * instruction's. */
	nip = cpu->nip;
	ra = cpu->gpr[m->ra];
	cpu->nip = m->nip;
	cpu->gpr[m->ra] = m->ra_before;
	cpu->interrupted = false;
	if (attempt(vcpu) && m->state == HV_MMIO_LOAD) {
		cpu->nip = nip;
		cpu->gpr[m->ra] = ra;
		return true;
	}
	if (!cpu->interrupted && vcpu->pending != HV_PENDING_NOTHING) {
		cpu->nip = nip;
		cpu->gpr[m->ra] = ra;
	}
	return vcpu->pending != HV_PENDING_NONE;
}

static bool complete(struct hv_vcpu *vcpu)
{
	struct hv_mmio *m = vcpu->mmio;

	if (m->state == HV_MMIO_LOAD)
		return complete_load(vcpu);
	if (m->state == HV_MMIO_EXITS && tell_next_store(vcpu))
		return true;
	m->state = HV_MMIO_IDLE;
	return false;
}

bool hv_mmio_complete(struct hv_vcpu *vcpu)
{
	struct hv_mmio *m = vcpu->mmio;
	bool exit;

	if (m->state == HV_MMIO_EXITS && m->told == m->known) {
		m->state = HV_MMIO_IDLE;
		return false;
	}
	/* What is left may look at the table and the slots, which others change meanwhile. */
	hv_run_begin(vcpu->vm);
	hv_guest_enter(vcpu);
	exit = complete(vcpu);
	hv_guest_leave(vcpu);
	hv_run_end(vcpu->vm);
	return exit;
}
