/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/machine.h"

#include <papyr/papr.h>
#include <stdio.h>
#include <papyr/papyr.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "platform/boot.h"
#include "platform/console.h"
#include "platform/device.h"
#include "platform/exits.h"
#include "platform/fwnmi.h"
#include "platform/hotplug.h"
#include "platform/htab.h"
#include "platform/internal.h"
#include "platform/models.h"
#include "platform/rma.h"
#include "platform/vcpu.h"
#include "platform/xics.h"

/* ---- Making ---- */

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

	if (accel_ioctl_val(a, m->kvm_fd, KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
		return error_set(err, "%s speaks another version of the KVM interface", a->name);
	m->vm_fd = accel_ioctl_val(a, m->kvm_fd, KVM_CREATE_VM, 0);
	if (m->vm_fd < 0)
		return error_errno(err, "cannot make a virtual machine");
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
	m->run_bytes = accel_ioctl_val(a, m->kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (a->ioctl(m->vm_fd, KVM_PPC_GET_SMMU_INFO, &m->smmu) < 0)
		return error_errno(err, "cannot learn the page sizes");
	return 0;
}

/* Hypercalls that KVM can do but leaves to the client unless asked. Those it can't do stay ours. */
static void enable_hcalls(struct machine *m)
{
	static const u32 hcalls[] = {
	    H_CLEAR_MOD,       H_CLEAR_REF,	   H_PAGE_INIT,
	    H_LOGICAL_CI_LOAD, H_LOGICAL_CI_STORE, H_SET_MODE,
	    H_STUFF_TCE,       H_PUT_TCE_INDIRECT,
	};

	for (size_t i = 0; i < ARRAY_SIZE(hcalls); i++) {
		struct kvm_enable_cap cap = {
		    .cap = KVM_CAP_PPC_ENABLE_HCALL,
		    .args = {hcalls[i], 1},
		};

		m->accel->ioctl(m->vm_fd, KVM_ENABLE_CAP, &cap);
	}
}

static void promise_to_tell(struct machine *m)
{
	struct kvm_enable_cap cap = {.cap = PAPYR_CAP_TELLS_WRITES, .args = {1}};

	m->tells_writes = m->accel->wrote && !m->accel->ioctl(m->vm_fd, KVM_ENABLE_CAP, &cap);
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
	while (!order && !m->cfg.rma_bytes && m->htab_made < 46 &&
	       rma_for(m) < m->mem.boot_bytes && rma_for(m) < RMA_WANTED)
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

bool machine_slot(const struct machine *m, u32 i, u64 *gpa, u64 *bytes)
{
	*gpa = i ? m->mem.boot_bytes + (i - 1) * GUEST_BLOCK : 0;
	*bytes = i ? GUEST_BLOCK : m->mem.boot_bytes;
	return *gpa < m->mem.bytes;
}

int machine_set_slot(struct machine *m, u32 i, u64 gpa, u64 bytes, u32 flags)
{
	struct kvm_userspace_memory_region slot = {
	    .slot = i,
	    .flags = flags,
	    .guest_phys_addr = gpa,
	    .memory_size = bytes,
	    .userspace_addr = (uintptr_t)m->mem.host + gpa,
	};

	return m->accel->ioctl(m->vm_fd, KVM_SET_USER_MEMORY_REGION, &slot);
}

int machine_set_slots(struct machine *m, bool give, u32 flags)
{
	u64 gpa, bytes;

	for (u32 i = 0; machine_slot(m, i, &gpa, &bytes); i++)
		if (!guest_is_absent(&m->mem, gpa) &&
		    machine_set_slot(m, i, gpa, give ? bytes : 0, flags) < 0)
			return -1;
	return 0;
}

static int make_vm(struct machine *m, struct error *err)
{
	if (hotplug_check(&m->cfg, err) || check_host(m, err) ||
	    guest_mem_alloc(&m->mem, m->cfg.mem_bytes, m->cfg.max_mem_bytes, err))
		return -1;
	if (rma_new(m, err))
		return -1;
	if (machine_set_slots(m, true, 0) < 0)
		return error_errno(err, "cannot give the guest its memory");
	enable_hcalls(m);
	promise_to_tell(m);
	if (make_htab(m, err) || xics_new(m, err) || rtas_define_tokens(m, err))
		return -1;
	m->vcpus = calloc(m->cfg.max_vcpus, sizeof(*m->vcpus));
	if (!m->vcpus)
		return error_errno(err, "no memory for %u vcpus", m->cfg.max_vcpus);
	for (unsigned i = 0; i < m->cfg.max_vcpus; i++)
		m->vcpus[i].fd = -1;
	m->n_vcpus = m->cfg.max_vcpus;
	for (unsigned i = 0; i < m->n_vcpus; i++)
		if (vcpu_new(m, &m->vcpus[i], i, err))
			return -1;
	return hotplug_new(m, err);
}

static void on_console_input(void *opaque)
{
	xics_pulse(opaque, IRQ_VTY);
}

static void on_console_quit(void *opaque)
{
	machine_request(opaque, REQUEST_QUIT);
}

/* The guest's work may matter more than what it prints: it goes on. */
static void on_console_lost(void *opaque, int error)
{
	const struct machine *m = opaque;

	fprintf(stderr,
		"papyr: the console's output is lost: %s; the guest goes on ('papyr stop %s' ends "
		"it)\r\n",
		strerror(error), m->cfg.name ? m->cfg.name : "NAME");
}

static const struct console_ops console_ops = {
    .input = on_console_input,
    .quit = on_console_quit,
    .lost = on_console_lost,
};

struct machine *machine_new(const struct machine_config *cfg, struct error *err)
{
	struct machine *m = calloc(1, sizeof(*m));

	if (!m)
		abort();
	m->cfg = *cfg;
	if (!cfg->max_mem_bytes)
		m->cfg.max_mem_bytes = cfg->mem_bytes;
	if (!cfg->max_vcpus)
		m->cfg.max_vcpus = cfg->n_vcpus;
	m->accel = cfg->accel;
	trace_sink_init(&m->trace);
	m->vm_fd = m->xics_fd = m->rma_fd = -1;
	m->n_irqs = IRQ_COUNT;
	lock_init(&m->lock, LOCK_MACHINE);
	lock_init(&m->log_lock, LOCK_MACHINE_LOG);
	pthread_cond_init(&m->changed, NULL);
	m->runstate = runstate_new();
	if (!m->runstate)
		abort();
	m->loop = loop_new();
	m->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	nvram_format(m->nvram);
	if (getrandom(m->uuid, sizeof(m->uuid), 0) != sizeof(m->uuid))
		memset(m->uuid, 0, sizeof(m->uuid));
	m->uuid[6] = (m->uuid[6] & 0x0f) | 0x40; /* version 4, variant 1: random */
	m->uuid[8] = (m->uuid[8] & 0x3f) | 0x80;
	m->kvm_fd = m->accel->open();
	if (m->kvm_fd < 0)
		error_errno(err, "cannot open /dev/kvm (--accel %s)", m->accel->name);
	if (m->kvm_fd < 0 || make_vm(m, err)) {
		machine_free(m);
		return NULL;
	}
	m->console = console_new(m->loop, cfg->in_fd, cfg->out_fd, &console_ops, m);
	return m;
}

void machine_end_threads(struct machine *m)
{
	lock_acquire(&m->lock);
	m->quit = true;
	vcpu_kick_all(m);
	lock_release(&m->lock);
	for (unsigned i = 0; i < m->n_vcpus; i++) {
		if (m->vcpus[i].has_thread)
			pthread_join(m->vcpus[i].thread, NULL);
		m->vcpus[i].has_thread =
		    false; /* a thread is joined once: running ends them, and freeing */
	}
}

void machine_free(struct machine *m)
{
	if (!m)
		return;
	machine_end_threads(m);
	machine_free_devices(m);
	console_free(m->console);
	for (unsigned i = 0; i < m->n_vcpus; i++)
		vcpu_free(&m->vcpus[i]);
	free(m->vcpus);
	if (m->xics_fd >= 0)
		m->accel->close(m->xics_fd);
	if (m->rma_fd >= 0)
		m->accel->close(m->rma_fd);
	if (m->vm_fd >= 0)
		m->accel->close(m->vm_fd);
	if (m->kvm_fd >= 0)
		m->accel->close(m->kvm_fd);
	guest_mem_free(&m->mem);
	free(m->written);
	if (m->wake_fd >= 0)
		close(m->wake_fd);
	loop_free(m->loop);
	runstate_free(m->runstate);
	pthread_cond_destroy(&m->changed);
	lock_destroy(&m->log_lock);
	lock_destroy(&m->lock);
	trace_sink_fini(&m->trace);
	free(m);
}

/* ---- Starting, and starting again ---- */

struct reset_args {
	struct error *err;
	int result;
	const struct boot_entry *entry;
};

static void reset_vcpu(struct vcpu *vcpu, void *arg)
{
	struct reset_args *args = arg;

	args->result = vcpu_reset(vcpu, args->err);
	/* All stand still, so it may be said of the whole core; who lacks it has no doorbells. */
	vcpu_set_reg(vcpu, KVM_REG_PPC_DPDES, &(u64){0});
	vcpu->online = false;
}

static void start_first(struct vcpu *vcpu, void *arg)
{
	struct reset_args *args = arg;

	args->result = vcpu_set_entry(vcpu, args->entry->pc, args->entry->fdt, args->err);
	vcpu->online = true;
}

int machine_boot(struct machine *m, struct error *err)
{
	struct boot_entry entry;
	struct reset_args start = {.err = err};

	/*
	 * Taking the slots away and giving them back makes KVM forget all that it knows of the old
	 * contents, decoded instructions included.
	 */
	if (machine_set_slots(m, false, 0) < 0)
		return error_errno(err, "cannot take the guest's memory back");
	guest_mem_clear(&m->mem);
	if (machine_set_slots(m, true, 0) < 0)
		return error_errno(err, "cannot give the guest its memory");
	if (machine_allocate_htab(m, m->htab_made) < 0)
		return error_errno(err, "cannot clear the hash table");
	machine_reset_devices(m);
	if (xics_reset(m, err))
		return -1;
	for (unsigned i = 0; i < m->n_vcpus; i++) {
		struct reset_args args = {.err = err};

		vcpu_run_on(&m->vcpus[i], reset_vcpu, &args);
		if (args.result)
			return -1;
	}
	if (boot_load(m, &entry, err))
		return -1;
	m->booted = entry;
	start.entry = &entry;
	vcpu_run_on(&m->vcpus[0], start_first, &start);
	if (start.result)
		return -1;
	if (m->console)
		console_reset(m->console);
	m->powerdown_asked = false;
	fwnmi_reset(m, entry.rtas);
	return 0;
}
