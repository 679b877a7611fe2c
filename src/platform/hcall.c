/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hypercalls that KVM passes on to its client. Arguments come in r4..r12 and results go back there;
 * the handler's return value goes to r3.
 */
#include <papyr/papr.h>
#include <sys/random.h>

#include "platform/console.h"
#include "platform/device.h"
#include "platform/dirtylog.h"
#include "platform/exits.h"
#include "platform/htab.h"
#include "platform/models.h"
#include "platform/pci.h"
#include "platform/trace.h"
#include "platform/vcpu.h"

/*
 * H_GET_TERM_CHAR - fetch input from a virtual terminal.
 *
 * r4: unit address. Returns the number of bytes, 0 .. 16, in r4 and the bytes in r5 and r6, the
 * first one topmost. H_PARAMETER: no such terminal. PAPR 16.6.
 */
static s64 h_get_term_char(struct vcpu *vcpu, u64 *args)
{
	u8 buf[16] = {0};

	if (args[0] != VTY_UNIT && args[0] != 0)
		return H_PARAMETER;
	args[0] = console_read(vcpu->m->console, buf, sizeof(buf));
	args[1] = load_be64(buf);
	args[2] = load_be64(buf + 8);
	return H_SUCCESS;
}

/*
 * H_PUT_TERM_CHAR - output to a virtual terminal.
 *
 * r4: unit address, r5: number of bytes, 0 .. 16, r6 and r7: the bytes. H_PARAMETER: no such
 * terminal, too many bytes. H_BUSY: no room, nothing was taken. PAPR 16.6.
 */
static s64 h_put_term_char(struct vcpu *vcpu, u64 *args)
{
	u8 buf[16];

	if ((args[0] != VTY_UNIT && args[0] != 0) || args[1] > sizeof(buf))
		return H_PARAMETER;
	store_be64(buf, args[2]);
	store_be64(buf + 8, args[3]);
	return console_write(vcpu->m->console, buf, args[1]) ? H_SUCCESS : H_BUSY;
}

/*
 * H_LOGICAL_CI_LOAD, H_LOGICAL_CI_STORE - cache-inhibited access for firmware in real mode.
 *
 * r4: bytes (1, 2, 4, 8), r5: guest real address, r6: the value to store. H_PARAMETER: neither
 * memory nor a PCI device is there.
 */
static s64 h_logical_ci_load(struct vcpu *vcpu, u64 *args)
{
	struct machine_pci *pci = vcpu->m->pci;
	u64 bytes = args[0], gpa = args[1];
	u8 buf[8] = {0};
	void *p;

	if ((bytes != 1 && bytes != 2 && bytes != 4 && bytes != 8) || (gpa & (bytes - 1)))
		return H_PARAMETER;
	p = machine_ptr(vcpu->m, gpa, bytes);
	if (p)
		memcpy(buf + 8 - bytes, p, bytes);
	else if (!pci || !pci->ops->load(pci, gpa, buf + 8 - bytes, bytes))
		return H_PARAMETER;
	args[0] = load_be64(buf);
	return H_SUCCESS;
}

static s64 h_logical_ci_store(struct vcpu *vcpu, u64 *args)
{
	struct machine_pci *pci = vcpu->m->pci;
	u64 bytes = args[0], gpa = args[1];
	u8 buf[8];
	void *p;

	if ((bytes != 1 && bytes != 2 && bytes != 4 && bytes != 8) || (gpa & (bytes - 1)))
		return H_PARAMETER;
	store_be64(buf, args[2]);
	p = machine_ptr(vcpu->m, gpa, bytes);
	if (!p)
		return pci && pci->ops->store(pci, gpa, buf + 8 - bytes, bytes) ? H_SUCCESS
										: H_PARAMETER;
	memcpy(p, buf + 8 - bytes, bytes);
	machine_wrote(vcpu->m, gpa, bytes);
	return H_SUCCESS;
}

#define LPCR_AIL_SHIFT 23
#define LPCR_AIL       (3ull << LPCR_AIL_SHIFT)

struct lpcr_change {
	u64 mask, bits;
	bool failed;
};

static void change_lpcr(struct vcpu *vcpu, void *arg)
{
	struct lpcr_change *c = arg;
	u64 lpcr;

	if (vcpu_get_reg(vcpu, KVM_REG_PPC_LPCR_64, &lpcr) < 0) {
		c->failed = true;
		return;
	}
	lpcr = (lpcr & ~c->mask) | c->bits;
	if (vcpu_set_reg(vcpu, KVM_REG_PPC_LPCR_64, &lpcr) < 0)
		c->failed = true;
}

static s64 change_all_lpcrs(struct machine *m, u64 mask, u64 bits)
{
	struct lpcr_change c = {.mask = mask, .bits = bits};

	for (unsigned i = 0; i < m->n_vcpus; i++)
		vcpu_run_on(&m->vcpus[i], change_lpcr, &c);
	return c.failed ? H_HARDWARE : H_SUCCESS;
}

/*
 * H_SET_MODE - the resources that KVM leaves to its client, for the whole partition.
 *
 * r4: mode, r5: resource, r6 and r7: 0 for these two. Resource 3 says where interrupts that find
 * translation on are taken (0: real mode, 2: 0x18000, 3: 0xc000000000004000), resource 4 in which
 * byte order (0: big, 1: little). H_P2: no such resource, or not on this processor; H_P3, H_P4: r6
 * or r7; H_UNSUPPORTED_FLAG: no such mode. PAPR 14.5.4.3.
 */
static s64 h_set_mode(struct vcpu *vcpu, u64 *args)
{
	struct machine *m = vcpu->m;
	u64 mode = args[0], resource = args[1];

	if (resource != H_SET_MODE_AIL && resource != H_SET_MODE_ILE)
		return H_P2;
	if (resource == H_SET_MODE_AIL && !m->cfg.model->has_modes)
		return H_P2;
	if (args[2])
		return H_P3;
	if (args[3])
		return H_P4;
	if (resource == H_SET_MODE_ILE) {
		if (mode > 1)
			return H_UNSUPPORTED_FLAG;
		return change_all_lpcrs(m, LPCR_ILE, mode ? LPCR_ILE : 0);
	}
	if (mode > 3 || mode == 1)
		return H_UNSUPPORTED_FLAG;
	return change_all_lpcrs(m, LPCR_AIL, mode << LPCR_AIL_SHIFT);
}

/* H_SET_SPRG0 - r4 into the vcpu's SPRG0. PAPR 14.5.4.2. */
static s64 h_set_sprg0(struct vcpu *vcpu, u64 *args)
{
	const struct accel *a = vcpu->m->accel;
	struct kvm_regs regs;

	if (a->ioctl(vcpu->fd, KVM_GET_REGS, &regs) < 0)
		return H_HARDWARE;
	regs.sprg0 = args[0];
	return a->ioctl(vcpu->fd, KVM_SET_REGS, &regs) < 0 ? H_HARDWARE : H_SUCCESS;
}

/* H_RANDOM - 64 random bits of the host's into r4. PAPR 14.15.1. */
static s64 h_random(struct vcpu *vcpu, u64 *args)
{
	return getrandom(&args[0], sizeof(args[0]), 0) == sizeof(args[0]) ? H_SUCCESS : H_HARDWARE;
}

#define BEHAV_NO_L1D_FLUSH_ENTRY  (1ull << 56)
#define BEHAV_NO_L1D_FLUSH_ACCESS (1ull << 55)
#define BEHAV_NO_STORE_BARRIER	  (1ull << 54)

/*
 * H_GET_CPU_CHARACTERISTICS - what the guest's kernel has to do about speculation.
 *
 * Returns in r4 which instructions of help there are, in r5 what is needed, as KVM tells: what it
 * doesn't know of is needed. H_FUNCTION: KVM knows nothing. PAPR 14.5.4.2.
 */
static s64 h_get_cpu_characteristics(struct vcpu *vcpu, u64 *args)
{
	const u64 needs = KVM_PPC_CPU_BEHAV_L1D_FLUSH_PR | KVM_PPC_CPU_BEHAV_BNDS_CHK_SPEC_BAR;
	struct kvm_ppc_cpu_char c;
	struct machine *m = vcpu->m;

	if (m->accel->ioctl(m->vm_fd, KVM_PPC_GET_CPU_CHAR, &c) < 0)
		return H_FUNCTION;
	args[0] = c.character & c.character_mask;
	args[1] = KVM_PPC_CPU_BEHAV_FAVOUR_SECURITY | (c.behaviour & c.behaviour_mask) |
		  (needs & ~c.behaviour_mask);
	/* KVM has no bits for these; where nothing is speculated they aren't needed either. */
	if (!(args[1] & needs))
		args[1] |= BEHAV_NO_L1D_FLUSH_ENTRY | BEHAV_NO_L1D_FLUSH_ACCESS |
			   BEHAV_NO_STORE_BARRIER;
	return H_SUCCESS;
}

/* H_RTAS - what our RTAS code in the guest makes of a call. r4: address of the argument block. */
static s64 h_rtas(struct vcpu *vcpu, u64 *args)
{
	return rtas_call(vcpu, args[0]);
}

static const struct {
	u64 nr;
	s64 (*fn)(struct vcpu *vcpu, u64 *args);
} hcalls[] = {
    {H_LOGICAL_CI_LOAD, h_logical_ci_load},
    {H_LOGICAL_CI_STORE, h_logical_ci_store},
    {H_GET_TERM_CHAR, h_get_term_char},
    {H_PUT_TERM_CHAR, h_put_term_char},
    {H_SET_MODE, h_set_mode},
    {H_SET_SPRG0, h_set_sprg0},
    {H_RANDOM, h_random},
    {H_GET_CPU_CHARACTERISTICS, h_get_cpu_characteristics},
    {H_RESIZE_HPT_PREPARE, h_resize_hpt_prepare},
    {H_RESIZE_HPT_COMMIT, h_resize_hpt_commit},
    {H_RTAS, h_rtas},
};

static s64 answer(struct vcpu *vcpu, u64 number, u64 *args)
{
	s64 ret;

	for (size_t i = 0; i < ARRAY_SIZE(hcalls); i++)
		if (hcalls[i].nr == number)
			return hcalls[i].fn(vcpu, args);
	return machine_device_hcall(vcpu->m, number, args, &ret) ? ret : H_FUNCTION;
}

static void answer_exit(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;
	u64 args[9];

	for (unsigned a = 0; a < ARRAY_SIZE(args); a++)
		args[a] = run->papr_hcall.args[a];
	run->papr_hcall.ret = answer(vcpu, run->papr_hcall.nr, args);
	for (unsigned a = 0; a < ARRAY_SIZE(args); a++)
		run->papr_hcall.args[a] = args[a];
}

void hcall_handle(struct vcpu *vcpu)
{
	struct traced_hcall call = {.number = vcpu->run->papr_hcall.nr};

	if (!machine_traces(vcpu->m, PAPYR_TRACE_HCALL)) {
		answer_exit(vcpu);
		return;
	}
	for (unsigned i = 0; i < TRACE_ARGS; i++)
		call.args[i] = vcpu->run->papr_hcall.args[i];
	answer_exit(vcpu);
	trace_vcpu_hcall(vcpu, &call);
}
