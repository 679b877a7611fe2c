/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/fwnmi.h"

#include <papyr/papyr.h>

#include "platform/dirtylog.h"
#include "platform/internal.h"
#include "platform/rtas.h"
#include "platform/rtas_log.h"
#include "platform/vcpu.h"

/* In RTAS's memory. */
#define LOG_AT	   0x1000
#define RESET_AT   0x2000
#define RESET_EACH 16

#define VECTOR_RESET	     0x100
#define VECTOR_MACHINE_CHECK 0x200
#define HANDLERS_BELOW	     (32ull << 20)

#define MSR_SF	  (1ull << 63)
#define MSR_ME	  (1ull << 12)
#define MSR_LE	  (1ull << 0)
#define SRR1_INFO 0x783f0000ull /* bits that are the interrupt's, not the MSR's */

void fwnmi_enable(struct vcpu *vcpu)
{
	struct kvm_enable_cap cap = {.cap = KVM_CAP_PPC_FWNMI};

	vcpu->m->accel->ioctl(vcpu->fd, KVM_ENABLE_CAP, &cap);
}

void fwnmi_reset(struct machine *m, u64 rtas)
{
	m->fwnmi = (struct fwnmi){.rtas = rtas};
}

/* ---- What a machine check was ---- */

/* Numbers of section MC. */
enum { CHECK_UE = 0, CHECK_SLB = 1, CHECK_ERAT = 2, CHECK_TLB = 4 };
enum { UE_INDETERMINATE, UE_FETCH, UE_FETCH_WALK, UE_ACCESS, UE_ACCESS_WALK };
enum { PARITY, MULTIHIT, INDETERMINATE };

#define SRR1_LOAD_STORE	  0x200000ull
#define SRR1_FETCH	  0x1c0000ull
#define UE_ADDRESS_KNOWN  0x40
#define ANY_ADDRESS_KNOWN 0x80 /* of the other types */

struct check {
	u64 bits; /* of DSISR (loads and stores), or SRR1_FETCH's value */
	u8 type, subtype;
};

/* A load's or store's may be several: the first counts. */
static const struct check access_checks[] = {
    {0x8000, CHECK_UE, UE_ACCESS},     {0x4000, CHECK_UE, UE_ACCESS_WALK},
    {0x0800, CHECK_ERAT, MULTIHIT},    {0x0400, CHECK_TLB, MULTIHIT},
    {0x0080, CHECK_SLB, MULTIHIT},     {0x0100, CHECK_SLB, PARITY},
    {0x0040, CHECK_SLB, INDETERMINATE},
};
static const struct check fetch_checks[] = {
    {0x040000, CHECK_UE, UE_FETCH},    {0x080000, CHECK_SLB, PARITY},
    {0x0c0000, CHECK_SLB, MULTIHIT},   {0x100000, CHECK_ERAT, MULTIHIT},
    {0x140000, CHECK_TLB, MULTIHIT},   {0x180000, CHECK_UE, UE_FETCH_WALK},
};

static struct check classify(u64 srr1, u64 dsisr)
{
	if (srr1 & SRR1_LOAD_STORE) {
		for (unsigned i = 0; i < ARRAY_SIZE(access_checks); i++)
			if (dsisr & access_checks[i].bits)
				return access_checks[i];
	} else {
		for (unsigned i = 0; i < ARRAY_SIZE(fetch_checks); i++)
			if ((srr1 & SRR1_FETCH) == fetch_checks[i].bits)
				return fetch_checks[i];
	}
	return (struct check){.type = CHECK_UE, .subtype = UE_INDETERMINATE};
}

#define MC_BYTES  40 /* section MC */
#define LOG_BYTES                                                                                  \
	(RTAS_LOG_FIXED_BYTES + RTAS_LOG_HEAD_BYTES + RTAS_LOG_MAIN_BYTES + RTAS_LOG_USER_BYTES +  \
	 MC_BYTES)
#define USER_RECOVERED	   0x10
#define USER_UNRECOVERABLE 0x40

/* @ea: of the load or store; NULL: not known. */
static void write_log(u8 *log, const struct check *c, bool recovered, u32 cpu, const u64 *ea)
{
	bool memory = c->type == CHECK_UE;
	u8 *p;

	rtas_log_begin(log, LOG_BYTES,
		       RTAS_LOG_SEVERITY_ERROR_SYNC |
			   (recovered ? RTAS_LOG_RECOVERED : RTAS_LOG_NOT_RECOVERED),
		       memory ? RTAS_LOG_INITIATOR_MEMORY : RTAS_LOG_INITIATOR_CPU,
		       memory ? RTAS_LOG_TYPE_ECC : RTAS_LOG_TYPE_UNKNOWN);
	p = rtas_log_common(log + RTAS_LOG_FIXED_BYTES + RTAS_LOG_HEAD_BYTES, 3,
			    recovered ? USER_RECOVERED : USER_UNRECOVERABLE);
	p = rtas_log_section(p, "MC", MC_BYTES);
	store_be32(p + 4, cpu);
	p[8] = c->type;
	p[9] = c->subtype;
	if (!ea)
		return;
	p[9] |= memory ? UE_ADDRESS_KNOWN : ANY_ADDRESS_KNOWN;
	store_be64(p + 16, *ea);
}

/* ---- Into the guest's handlers ---- */

/* In real mode, in the byte order that the partition takes interrupts in. */
static int enter(struct vcpu *vcpu, struct kvm_regs *regs, u64 pc)
{
	u64 lpcr;

	if (vcpu_get_reg(vcpu, KVM_REG_PPC_LPCR_64, &lpcr) < 0)
		return -1;
	regs->pc = pc;
	regs->msr = MSR_SF | MSR_ME | (lpcr & LPCR_ILE ? MSR_LE : 0);
	return vcpu->m->accel->ioctl(vcpu->fd, KVM_SET_REGS, regs) < 0 ? -1 : 0;
}

/* KVM has put SRR0, SRR1, DAR and DSISR as hardware does. With m->lock held. */
static int deliver(struct vcpu *vcpu, bool recovered)
{
	struct machine *m = vcpu->m;
	u8 *save = machine_ptr(m, m->fwnmi.rtas + LOG_AT, 8 + LOG_BYTES);
	struct kvm_regs regs;
	struct check c;
	u32 dsisr;
	u64 dar;

	if (m->accel->ioctl(vcpu->fd, KVM_GET_REGS, &regs) < 0 ||
	    vcpu_get_reg(vcpu, KVM_REG_PPC_DAR, &dar) < 0 ||
	    vcpu_get_reg(vcpu, KVM_REG_PPC_DSISR, &dsisr) < 0)
		return -1;
	if (!m->fwnmi.registered || !save)
		return enter(vcpu, &regs, VECTOR_MACHINE_CHECK);
	c = classify(regs.srr1, dsisr);
	store_be64(save, regs.gpr[3]);
	write_log(save + 8, &c, recovered, vcpu->id,
		  (regs.srr1 & SRR1_LOAD_STORE) && c.bits ? &dar : NULL);
	machine_wrote(m, m->fwnmi.rtas + LOG_AT, 8 + LOG_BYTES);
	regs.gpr[3] = m->fwnmi.rtas + LOG_AT;
	m->fwnmi.held = true;
	m->fwnmi.holder = vcpu->id;
	return enter(vcpu, &regs, m->fwnmi.check_pc);
}

/*
 * Until something happens to the machine: then the vcpu parks if it must, or begins its instruction
 * anew, which comes back here if the log is still another's. With m->lock held.
 */
static void wait_a_turn(struct vcpu *vcpu)
{
	struct machine *m = vcpu->m;

	if (machine_may_run(m) && vcpu->online && !vcpu->work && !m->quit)
		lock_wait(&m->lock, &m->changed);
}

void fwnmi_machine_check(struct vcpu *vcpu)
{
	struct machine *m = vcpu->m;
	bool recovered = (vcpu->run->flags & KVM_RUN_PPC_NMI_DISP_MASK) ==
			 KVM_RUN_PPC_NMI_DISP_FULLY_RECOV;
	bool again = false;
	int r = 0;

	lock_acquire(&m->lock);
	if (!m->fwnmi.held)
		r = deliver(vcpu, recovered);
	else if (m->fwnmi.holder == vcpu->id)
		again = true;
	else
		wait_a_turn(vcpu);
	lock_release(&m->lock);
	if (again)
		machine_panic(m, "vcpu %u had a machine check while it handled another",
			      vcpu->index);
	if (r)
		machine_fail(m, "vcpu %u: cannot hand a machine check to the guest", vcpu->index);
}

struct nmi {
	bool failed;
};

static void system_reset(struct vcpu *vcpu, void *arg)
{
	struct machine *m = vcpu->m;
	u64 at = m->fwnmi.rtas + RESET_AT + (u64)vcpu->index * RESET_EACH;
	u8 *save = machine_ptr(m, at, RESET_EACH);
	struct nmi *nmi = arg;
	struct kvm_regs regs;

	if (!vcpu->online)
		return;
	if (m->accel->ioctl(vcpu->fd, KVM_GET_REGS, &regs) < 0) {
		nmi->failed = true;
		return;
	}
	regs.srr0 = regs.pc;
	regs.srr1 = regs.msr & ~SRR1_INFO;
	if (m->fwnmi.registered && save) {
		store_be64(save, regs.gpr[3]);
		machine_wrote(m, at, RESET_EACH);
		regs.gpr[3] = at;
	}
	if (enter(vcpu, &regs, m->fwnmi.registered ? m->fwnmi.reset_pc : VECTOR_RESET))
		nmi->failed = true;
}

int machine_nmi(struct machine *m, struct error *err)
{
	struct nmi nmi = {0};

	for (unsigned i = 0; i < m->n_vcpus; i++)
		vcpu_run_on(&m->vcpus[i], system_reset, &nmi);
	return nmi.failed ? error_set(err, "cannot reset the guest's processors") : 0;
}

int machine_break_memory(struct machine *m, u64 gpa, struct error *err)
{
	struct kvm_enable_cap cap = {.cap = PAPYR_CAP_BROKEN_MEMORY, .args = {gpa, 1}};

	if (!machine_ptr(m, gpa, 1))
		return error_set(err, "the guest has no memory at 0x%llx", (unsigned long long)gpa);
	if (accel_ioctl_val(m->accel, m->vm_fd, KVM_CHECK_EXTENSION, PAPYR_CAP_BROKEN_MEMORY) <= 0)
		return error_set(err, "only Papyr's own KVM can break memory (--accel papyr)");
	if (m->accel->ioctl(m->vm_fd, KVM_ENABLE_CAP, &cap) < 0)
		return error_errno(err, "cannot break memory at 0x%llx", (unsigned long long)gpa);
	return 0;
}

/* ---- RTAS calls ---- */

static bool good_handler(const struct machine *m, u64 pc)
{
	return pc < HANDLERS_BELOW && pc < m->rma_bytes && !(pc & 3);
}

/*
 * ibm,nmi-register(system reset handler, machine check handler) -> status. Both in the first 32 MiB
 * of real mode, else -3. -1: this KVM gives its client no machine checks. PAPR 7.3.14.1.
 */
s32 rtas_nmi_register(struct rtas_call *a)
{
	struct machine *m = a->vcpu->m;
	u64 reset = rtas_arg(a, 0), check = rtas_arg(a, 1);

	if (!good_handler(m, reset) || !good_handler(m, check))
		return RTAS_PARAMETER;
	if (accel_ioctl_val(m->accel, m->vm_fd, KVM_CHECK_EXTENSION, KVM_CAP_PPC_FWNMI) <= 0)
		return RTAS_HARDWARE;
	lock_acquire(&m->lock);
	m->fwnmi.registered = true;
	m->fwnmi.reset_pc = reset;
	m->fwnmi.check_pc = check;
	lock_release(&m->lock);
	return RTAS_SUCCESS;
}

/*
 * ibm,nmi-interlock() -> status: the caller has read the log of its machine check. -3: it has none.
 * PAPR 7.3.14.2.
 */
s32 rtas_nmi_interlock(struct rtas_call *a)
{
	struct machine *m = a->vcpu->m;
	bool holds;

	lock_acquire(&m->lock);
	holds = m->fwnmi.held && m->fwnmi.holder == a->vcpu->id;
	if (holds) {
		m->fwnmi.held = false;
		pthread_cond_broadcast(&m->changed);
	}
	lock_release(&m->lock);
	return holds ? RTAS_SUCCESS : RTAS_PARAMETER;
}
