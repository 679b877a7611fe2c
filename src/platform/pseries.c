/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PAPR partition: what it has that other kinds of machines haven't, a hash table, an XICS, RTAS
 * and hypercalls.
 */
#include <papyr/papr.h>
#include <unistd.h>

#include "platform/boot.h"
#include "platform/exits.h"
#include "platform/fwnmi.h"
#include "platform/hotplug.h"
#include "platform/htab.h"
#include "platform/internal.h"
#include "platform/kind.h"
#include "platform/machine.h"
#include "platform/models.h"
#include "platform/rma.h"
#include "platform/vcpu.h"
#include "platform/xics.h"

/* Linux's KVM knows its host's processor alone: reset_segments() confines the guest there. */
static int choose_processor(struct machine *m, struct error *err)
{
	struct kvm_enable_cap cap = {.cap = PAPYR_CAP_PVR, .args = {m->cfg.model->pvr}};
	const struct accel *a = m->accel;

	if (accel_ioctl_val(a, m->vm_fd, KVM_CHECK_EXTENSION, cap.cap) <= 0)
		return m->cfg.model->no_level
			   ? error_set(err, "a host's own KVM cannot run a %s guest (--cpu)",
				       m->cfg.model->name)
			   : 0;
	if (a->ioctl(m->vm_fd, KVM_ENABLE_CAP, &cap) < 0)
		return error_errno(err, "the host cannot run a %s guest (--cpu)",
				   m->cfg.model->name);
	return 0;
}

static int check_host(struct machine *m, struct error *err)
{
	static const struct {
		int cap;
		const char *what;
	} needed[] = {
	    {KVM_CAP_PPC_PAPR, "pSeries guests"},
	    {KVM_CAP_PPC_ALLOC_HTAB, "allocation of hash tables"},
	    {KVM_CAP_PPC_HTAB_FD, "hash-table descriptors"},
	    {KVM_CAP_PPC_GET_SMMU_INFO, "page size information"},
	    {KVM_CAP_PPC_RTAS, "RTAS calls"},
	    {KVM_CAP_IRQ_XICS, "the XICS interrupt controller"},
	    {KVM_CAP_DEVICE_CTRL, "devices"},
	    {KVM_CAP_ONE_REG, "single registers"},
	    {KVM_CAP_IMMEDIATE_EXIT, "immediate_exit"},
	};
	const struct accel *a = m->accel;

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (accel_ioctl_val(a, m->vm_fd, KVM_CHECK_EXTENSION, needed[i].cap) <= 0)
			return error_set(err, "the host's KVM lacks %s", needed[i].what);
	if (choose_processor(m, err))
		return -1;
	m->smt = accel_ioctl_val(a, m->vm_fd, KVM_CHECK_EXTENSION, KVM_CAP_PPC_SMT);
	if ((int)m->smt < 1)
		m->smt = 1;
	if (m->cfg.threads > m->smt)
		return error_set(err, "a core has at most %u threads here (-c CPUS,threads=N)",
				 m->smt);
	if (m->cfg.core_ids)
		m->smt = m->cfg.core_ids;
	if (a->ioctl(m->vm_fd, KVM_PPC_GET_SMMU_INFO, &m->smmu) < 0)
		return error_errno(err, "cannot learn the page sizes");
	return 0;
}

/* Hypercalls that KVM can do but leaves to the client unless asked. Those it can't do stay ours. */
static void enable_hcalls(struct machine *m)
{
	static const u32 hcalls[] = {
	    H_CLEAR_MOD,	H_CLEAR_REF, H_PAGE_INIT, H_LOGICAL_CI_LOAD,
	    H_LOGICAL_CI_STORE, H_SET_MODE,  H_STUFF_TCE, H_PUT_TCE_INDIRECT,
	};

	for (size_t i = 0; i < ARRAY_SIZE(hcalls); i++) {
		struct kvm_enable_cap cap = {
		    .cap = KVM_CAP_PPC_ENABLE_HCALL,
		    .args = {hcalls[i], 1},
		};

		m->accel->ioctl(m->vm_fd, KVM_ENABLE_CAP, &cap);
	}
}

/* Log2 of the bytes: about 1/128 of memory, room for real mode, and what the interface allows. */
static unsigned htab_order_for(u64 mem_bytes)
{
	unsigned order = 18;

	while (order < 46 && (1ull << (order + 7)) < mem_bytes)
		order++;
	return order;
}

/*
 * Real mode reaches as far as the VRMA's entries: at most one in each group of 128 bytes, each a
 * page of 64 KiB, or as large as the host's if it is the host's MMU that reads the table. Or as
 * far as the area that the guest has instead.
 */
static u64 rma_for(const struct machine *m)
{
	bool host_mmu = m->smmu.flags & KVM_PPC_PAGE_SIZES_REAL;
	u64 page = host_mmu ? (u64)sysconf(_SC_PAGESIZE) : 0x10000;
	u64 reach = (1ull << (m->htab_made - 7)) * page;

	if (m->cfg.rma_bytes)
		return m->cfg.rma_bytes;
	return reach < m->mem.boot_bytes ? reach : m->mem.boot_bytes;
}

/* Real mode must reach kernel, initrd and device tree: with less, a larger table is taken. */
#define RMA_WANTED (512ull << 20)

static int make_htab(struct machine *m, struct error *err)
{
	u32 order = m->cfg.htab_order;

	m->htab_made = order ? order : htab_order_for(m->mem.bytes);
	while (!order && !m->cfg.rma_bytes && m->htab_made < 46 && rma_for(m) < m->mem.boot_bytes &&
	       rma_for(m) < RMA_WANTED)
		m->htab_made++;
	order = m->cfg.htab_now ? m->cfg.htab_now : m->htab_made;
	m->htab_order = order;
	if (m->accel->ioctl(m->vm_fd, KVM_PPC_ALLOCATE_HTAB, &order) < 0)
		return error_errno(err, "cannot get a hash table of 2^%u bytes (--htab-order)",
				   m->htab_order);
	m->htab_order = order ? order : m->htab_order;
	if (!m->cfg.htab_now)
		m->htab_made = m->htab_order;
	m->htab_order_max = htab_order_for(m->mem.bytes) + 1;
	if (m->htab_order_max < m->htab_made)
		m->htab_order_max = m->htab_made;
	m->rma_bytes = rma_for(m);
	return 0;
}

static int pseries_make(struct machine *m, struct error *err)
{
	m->n_irqs = IRQ_COUNT;
	nvram_format(m->nvram);
	if (hotplug_check(&m->cfg, err) || check_host(m, err) ||
	    guest_mem_alloc(&m->mem, m->cfg.mem_bytes, m->cfg.max_mem_bytes, err))
		return -1;
	if (rma_new(m, err))
		return -1;
	if (machine_set_slots(m, true, 0) < 0)
		return error_errno(err, "cannot give the guest its memory");
	enable_hcalls(m);
	return make_htab(m, err) || xics_new(m, err) || rtas_define_tokens(m, err) ? -1 : 0;
}

static int pseries_make_vcpu(struct vcpu *vcpu, struct error *err)
{
	struct kvm_enable_cap papr = {.cap = KVM_CAP_PPC_PAPR};

	if (vcpu->m->accel->ioctl(vcpu->fd, KVM_ENABLE_CAP, &papr) < 0)
		return error_errno(err, "vcpu %u cannot be one of a pSeries guest", vcpu->index);
	fwnmi_enable(vcpu);
	return xics_connect(vcpu, err);
}

static int pseries_reset_vcpu(struct vcpu *vcpu, struct error *err)
{
	int r = vcpu_reset(vcpu, err);

	/* All stand still, so it may be said of the whole core; who lacks it has no doorbells. */
	vcpu_set_reg(vcpu, KVM_REG_PPC_DPDES, &(u64){0});
	return r;
}

static int pseries_reset(struct machine *m, struct error *err)
{
	if (machine_allocate_htab(m, m->htab_made) < 0)
		return error_errno(err, "cannot clear the hash table");
	m->powerdown_asked = false;
	return xics_reset(m, err);
}

static int pseries_load(struct machine *m, struct boot_entry *entry, struct error *err)
{
	if (boot_load(m, entry, err))
		return -1;
	fwnmi_reset(m, entry->rtas);
	return 0;
}

static int pseries_start(struct vcpu *vcpu, const struct boot_entry *entry, struct error *err)
{
	return vcpu_set_entry(vcpu, entry->pc, entry->fdt, err);
}

static bool pseries_exit(struct vcpu *vcpu)
{
	switch (vcpu->run->exit_reason) {
	case KVM_EXIT_PAPR_HCALL:
		vcpu->unsettled = true;
		hcall_handle(vcpu);
		return true;
	case KVM_EXIT_NMI:
		fwnmi_machine_check(vcpu);
		return true;
	default:
		return false;
	}
}

static void pseries_input(struct machine *m)
{
	xics_pulse(m, IRQ_VTY);
}

static void pseries_powerdown(struct machine *m)
{
	lock_acquire(&m->lock);
	m->powerdown_asked = true;
	lock_release(&m->lock);
	xics_pulse(m, IRQ_EPOW);
}

static void pseries_free(struct machine *m)
{
	if (m->xics_fd >= 0)
		m->accel->close(m->xics_fd);
	if (m->rma_fd >= 0)
		m->accel->close(m->rma_fd);
}

const struct machine_kind machine_pseries = {
    .name = "pseries",
    .model = "POWER8",
    .papr = true,
    .make = pseries_make,
    .make_vcpu = pseries_make_vcpu,
    .regs = vcpu_regs,
    .n_regs = &n_vcpu_regs,
    .reset_vcpu = pseries_reset_vcpu,
    .reset = pseries_reset,
    .load = pseries_load,
    .start = pseries_start,
    .exit = pseries_exit,
    .input = pseries_input,
    .powerdown = pseries_powerdown,
    .free = pseries_free,
};
