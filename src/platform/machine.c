/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/machine.h"

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
#include "platform/hotplug.h"
#include "platform/internal.h"
#include "platform/kind.h"
#include "platform/vcpu.h"

/* ---- Making ---- */

static void promise_to_tell(struct machine *m)
{
	struct kvm_enable_cap cap = {.cap = PAPYR_CAP_TELLS_WRITES, .args = {1}};

	m->tells_writes = m->accel->wrote && !m->accel->ioctl(m->vm_fd, KVM_ENABLE_CAP, &cap);
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
	const struct accel *a = m->accel;

	if (accel_ioctl_val(a, m->kvm_fd, KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
		return error_set(err, "%s speaks another version of the KVM interface", a->name);
	m->vm_fd = accel_ioctl_val(a, m->kvm_fd, KVM_CREATE_VM, 0);
	if (m->vm_fd < 0)
		return error_errno(err, "cannot make a virtual machine");
	m->run_bytes = accel_ioctl_val(a, m->kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (m->cfg.kind->make(m, err))
		return -1;
	promise_to_tell(m);
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
	struct machine *m = opaque;

	m->cfg.kind->input(m);
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

static void on_console_room(void *opaque)
{
	struct machine *m = opaque;

	if (m->cfg.kind->output_room)
		m->cfg.kind->output_room(m);
}

static const struct console_ops console_ops = {
    .input = on_console_input,
    .room = on_console_room,
    .quit = on_console_quit,
    .lost = on_console_lost,
};

struct machine *machine_new(const struct machine_config *cfg, struct error *err)
{
	struct machine *m = calloc(1, sizeof(*m));

	if (!m)
		abort();
	m->cfg = *cfg;
	if (!cfg->kind)
		m->cfg.kind = &machine_pseries;
	if (!cfg->max_mem_bytes)
		m->cfg.max_mem_bytes = cfg->mem_bytes;
	if (!cfg->max_vcpus)
		m->cfg.max_vcpus = cfg->n_vcpus;
	m->accel = cfg->accel;
	trace_sink_init(&m->trace);
	m->vm_fd = m->xics_fd = m->rma_fd = -1;
	lock_init(&m->lock, LOCK_MACHINE);
	lock_init(&m->log_lock, LOCK_MACHINE_LOG);
	pthread_cond_init(&m->changed, NULL);
	m->runstate = runstate_new();
	if (!m->runstate)
		abort();
	m->loop = loop_new();
	m->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
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
	m->cfg.kind->free(m);
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

	args->result = vcpu->m->cfg.kind->reset_vcpu(vcpu, args->err);
	vcpu->online = false;
}

static void start_first(struct vcpu *vcpu, void *arg)
{
	struct reset_args *args = arg;

	args->result = vcpu->m->cfg.kind->start(vcpu, args->entry, args->err);
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
	machine_reset_devices(m);
	if (m->cfg.kind->reset(m, err))
		return -1;
	for (unsigned i = 0; i < m->n_vcpus; i++) {
		struct reset_args args = {.err = err};

		vcpu_run_on(&m->vcpus[i], reset_vcpu, &args);
		if (args.result)
			return -1;
	}
	if (m->cfg.kind->load(m, &entry, err))
		return -1;
	m->booted = entry;
	start.entry = &entry;
	vcpu_run_on(&m->vcpus[0], start_first, &start);
	if (start.result)
		return -1;
	if (m->console)
		console_reset(m->console);
	return 0;
}
