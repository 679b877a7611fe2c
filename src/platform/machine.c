/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/machine.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "platform/console.h"

/* ---- Models ---- */

/*
 * ibm,pa-features, attribute type 0: a bit for each facility that a guest may use. What isn't done
 * (transactional memory: byte 22) stays 0, and the bytes must reach that far for Linux to believe
 * it.
 */
/* clang-format off */
static const u8 pa_features_206[] = { 6, 0, 0xf6, 0x1f, 0xc7, 0x00, 0x80, 0xc0 };
static const u8 pa_features_207[] = {
	24,   0,                                  /* bytes, type */
	0xf6, 0x3f, 0xc7, 0xc0, 0x80, 0xf0,       /* 0: MMU, FPU, ...; 1: ..., large cache-inhibited pages */
	0x80, 0x00, 0x00, 0x00, 0x00, 0x00,       /* 6 */
	0x00, 0x00, 0x00, 0x00, 0x80, 0x00,       /* 12; 16: VMX */
	0x80, 0x00, 0x80, 0x00, 0x00, 0x00,       /* 18: VSX; 20: extended PPR */
};
/* clang-format on */

static const struct cpu_model models[] = {
    {
	.name = "POWER8",
	.dt_name = "PowerPC,POWER8",
	.pvr = 0x004d0200,
	.logical_pvr = 0x0f000004,
	.has_modes = true,
	.pa_features = pa_features_207,
	.n_pa_features = sizeof(pa_features_207),
    },
    {
	.name = "POWER7",
	.dt_name = "PowerPC,POWER7",
	.pvr = 0x003f0203,
	.logical_pvr = 0x0f000003,
	.has_modes = false,
	.pa_features = pa_features_206,
	.n_pa_features = sizeof(pa_features_206),
    },
};

const struct cpu_model *cpu_model_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(models); i++)
		if (!strcmp(models[i].name, name))
			return &models[i];
	return NULL;
}

/* ---- Requests from vcpus to the main thread ---- */

static void request_locked(struct machine *m, enum machine_request request)
{
	u64 one = 1;

	if (m->request == REQUEST_NONE)
		m->request = request;
	vcpu_kick_all(m);
	while (write(m->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

void machine_request(struct machine *m, enum machine_request request)
{
	pthread_mutex_lock(&m->lock);
	request_locked(m, request);
	pthread_mutex_unlock(&m->lock);
}

void machine_fail(struct machine *m, const char *fmt, ...)
{
	va_list ap;

	pthread_mutex_lock(&m->lock);
	if (m->request == REQUEST_NONE) {
		va_start(ap, fmt);
		vsnprintf(m->failure.text, sizeof(m->failure.text), fmt, ap);
		va_end(ap);
	}
	request_locked(m, REQUEST_ERROR);
	pthread_mutex_unlock(&m->lock);
}

/* With m->lock held. */
static void wait_parked(struct machine *m)
{
	for (unsigned i = 0; i < m->n_vcpus; i++)
		while (m->vcpus[i].has_thread && !m->vcpus[i].parked)
			pthread_cond_wait(&m->changed, &m->lock);
}

static void tell(struct machine *m, enum machine_event event)
{
	if (m->on_event)
		m->on_event(m, event, m->on_event_opaque);
}

void machine_pause(struct machine *m)
{
	bool was;

	pthread_mutex_lock(&m->lock);
	was = m->paused;
	m->paused = true;
	vcpu_kick_all(m);
	wait_parked(m);
	pthread_mutex_unlock(&m->lock);
	if (!was)
		tell(m, EVENT_STOP);
}

bool machine_resume(struct machine *m)
{
	bool here, was;

	pthread_mutex_lock(&m->lock);
	here = m->place == PLACE_HERE;
	was = m->paused;
	if (here)
		m->paused = false;
	pthread_cond_broadcast(&m->changed);
	pthread_mutex_unlock(&m->lock);
	if (here && was)
		tell(m, EVENT_RESUME);
	return here;
}

void machine_hold(struct machine *m)
{
	pthread_mutex_lock(&m->lock);
	m->holds++;
	vcpu_kick_all(m);
	wait_parked(m);
	pthread_mutex_unlock(&m->lock);
}

void machine_unhold(struct machine *m)
{
	pthread_mutex_lock(&m->lock);
	m->holds--;
	pthread_cond_broadcast(&m->changed);
	pthread_mutex_unlock(&m->lock);
}

void machine_unhold_at(struct machine *m, enum machine_place place)
{
	pthread_mutex_lock(&m->lock);
	m->holds--;
	m->paused = true;
	m->place = place;
	pthread_mutex_unlock(&m->lock);
}

void machine_set_place(struct machine *m, enum machine_place place)
{
	pthread_mutex_lock(&m->lock);
	m->place = place;
	pthread_cond_broadcast(&m->changed);
	pthread_mutex_unlock(&m->lock);
}

void machine_powerdown(struct machine *m)
{
	pthread_mutex_lock(&m->lock);
	m->powerdown_asked = true;
	pthread_mutex_unlock(&m->lock);
	tell(m, EVENT_POWERDOWN);
	xics_pulse(m, IRQ_EPOW);
}

const char *machine_status(struct machine *m)
{
	const char *s;

	pthread_mutex_lock(&m->lock);
	if (m->request == REQUEST_ERROR)
		s = "internal-error";
	else if (m->request == REQUEST_PANIC)
		s = "guest-panicked";
	else if (m->request != REQUEST_NONE && m->request != REQUEST_RESET)
		s = "shutdown";
	else if (m->place == PLACE_COMING)
		s = "inmigrate";
	else if (m->place == PLACE_LEAVING)
		s = "finish-migrate";
	else if (m->place != PLACE_HERE)
		s = "postmigrate";
	else
		s = m->paused ? "paused" : "running";
	pthread_mutex_unlock(&m->lock);
	return s;
}

/* ---- Making ---- */

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
	    0x10,  /* H_CLEAR_MOD */
	    0x14,  /* H_CLEAR_REF */
	    0x2c,  /* H_PAGE_INIT */
	    0x3c,  /* H_LOGICAL_CI_LOAD */
	    0x40,  /* H_LOGICAL_CI_STORE */
	    0x31c, /* H_SET_MODE */
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
 * page of 64 KiB, or as large as the host's if it is the host's MMU that reads the table.
 */
static u64 rma_for(const struct machine *m)
{
	bool host_mmu = m->smmu.flags & KVM_PPC_PAGE_SIZES_REAL;
	u64 page = host_mmu ? (u64)sysconf(_SC_PAGESIZE) : 0x10000;
	u64 reach = (1ull << (m->htab_order - 7)) * page;

	return reach < m->mem.bytes ? reach : m->mem.bytes;
}

/* Real mode must reach kernel, initrd and device tree: with less, a larger table is taken. */
#define RMA_WANTED (512ull << 20)

static int make_htab(struct machine *m, struct error *err)
{
	u32 order = m->cfg.htab_order;

	m->htab_order = order ? order : htab_order_for(m->mem.bytes);
	while (!order && m->htab_order < 46 && rma_for(m) < m->mem.bytes && rma_for(m) < RMA_WANTED)
		m->htab_order++;
	order = m->htab_order;
	if (m->accel->ioctl(m->vm_fd, KVM_PPC_ALLOCATE_HTAB, &order) < 0)
		return error_errno(err, "cannot get a hash table of 2^%u bytes (--htab-order)",
				   m->htab_order);
	m->htab_order = order ? order : m->htab_order;
	m->rma_bytes = rma_for(m);
	return 0;
}

static int set_slot(struct machine *m, u64 bytes, u32 flags)
{
	struct kvm_userspace_memory_region slot = {
	    .slot = 0,
	    .flags = flags,
	    .guest_phys_addr = 0,
	    .memory_size = bytes,
	    .userspace_addr = (uintptr_t)m->mem.host,
	};

	return m->accel->ioctl(m->vm_fd, KVM_SET_USER_MEMORY_REGION, &slot);
}

/* ---- What was written ---- */

#ifdef __powerpc64__
#define LINUX_KVM "kvm"
#else
#define LINUX_KVM "" /* whatever answers here as that, it isn't Linux */
#endif
#define PVR_VERSION_POWER9 0x4e

/*
 * Up to POWER8 Linux answers H_REMOVE and others in real mode. Since 5.18, and in older series that got
 * the change too, 5.10 the oldest, its record lies where real mode can't reach it.
 */
bool machine_log_is_whole(const struct machine *m)
{
	unsigned major = 0, minor = 0;
	struct utsname host;

	if (strcmp(m->accel->name, LINUX_KVM) || m->host_pvr >> 16 >= PVR_VERSION_POWER9)
		return true;
	if (uname(&host) || sscanf(host.release, "%u.%u", &major, &minor) != 2)
		return false;
	return major < 5 || (major == 5 && minor < 10);
}

static int log_writes(struct machine *m, bool on, struct error *err)
{
	if (set_slot(m, m->mem.bytes, on ? KVM_MEM_LOG_DIRTY_PAGES : 0) < 0)
		return error_errno(err, "the host's KVM cannot keep a record of written pages");
	machine_hold(m);
	free(m->written);
	m->written = on ? calloc((m->mem.bytes >> GUEST_PAGE_SHIFT) / 64 + 1, sizeof(u64)) : NULL;
	if (on && !m->written)
		abort();
	machine_unhold(m);
	m->log_kept = on;
	m->log_counted = false;
	return 0;
}

int machine_log_writes(struct machine *m, bool on, struct error *err)
{
	int r;

	pthread_mutex_lock(&m->log_lock);
	r = log_writes(m, on, err);
	pthread_mutex_unlock(&m->log_lock);
	return r;
}

/* Bytes of the pages that KVM's record names; -1: it has none. */
static s64 count_writes(struct machine *m)
{
	u64 page = sysconf(_SC_PAGESIZE), words = m->mem.bytes / page / 64 + 1;
	u64 *kvm = calloc(words, sizeof(u64)), n = 0;
	struct kvm_dirty_log log = {.slot = 0, .dirty_bitmap = kvm};
	int r;

	if (!kvm)
		abort();
	r = m->accel->ioctl(m->vm_fd, KVM_GET_DIRTY_LOG, &log);
	for (u64 i = 0; i < words; i++)
		n += __builtin_popcountll(kvm[i]);
	free(kvm);
	return r < 0 ? -1 : (s64)(n * page);
}

s64 machine_count_writes(struct machine *m)
{
	s64 bytes = -1;

	if (pthread_mutex_trylock(&m->log_lock))
		return -1;
	if (m->log_kept || !machine_log_is_whole(m)) {
		bytes = -1;
	} else if (m->log_counted) {
		bytes = count_writes(m);
	} else if (set_slot(m, m->mem.bytes, KVM_MEM_LOG_DIRTY_PAGES) >= 0) {
		m->log_counted = true;
		bytes = 0;
	}
	pthread_mutex_unlock(&m->log_lock);
	return bytes;
}

void machine_count_no_writes(struct machine *m)
{
	pthread_mutex_lock(&m->log_lock);
	if (m->log_counted)
		set_slot(m, m->mem.bytes, 0);
	m->log_counted = false;
	pthread_mutex_unlock(&m->log_lock);
}

void machine_wrote(struct machine *m, u64 gpa, u64 len)
{
	if (!m->written || !len || gpa >= m->mem.bytes || len > m->mem.bytes - gpa)
		return;
	for (u64 page = gpa >> GUEST_PAGE_SHIFT; page <= (gpa + len - 1) >> GUEST_PAGE_SHIFT;
	     page++)
		__atomic_fetch_or(&m->written[page / 64], 1ull << (page % 64), __ATOMIC_RELEASE);
}

/* KVM's bit stands for a page of the host, and bit 0 is the lowest of the first byte on every host.
 */
static void add_kvm_bits(const u64 *kvm, unsigned shift, u64 pages, u64 *bitmap)
{
	u64 words = ((pages - 1) >> shift) / 64 + 1;

	for (u64 i = 0; i < words; i++)
		for (u64 left = le64(kvm[i]); left; left &= left - 1) {
			u64 first = (i * 64 + __builtin_ctzll(left)) << shift;

			for (u64 page = first; page < pages && page < first + (1ull << shift);
			     page++)
				bitmap[page / 64] |= 1ull << (page % 64);
		}
}

int machine_get_writes(struct machine *m, u64 *bitmap, struct error *err)
{
	u64 pages = m->mem.bytes >> GUEST_PAGE_SHIFT;
	unsigned shift = __builtin_ctzl(sysconf(_SC_PAGESIZE)) - GUEST_PAGE_SHIFT;
	u64 *kvm = calloc((pages >> shift) / 64 + 1, sizeof(u64));
	struct kvm_dirty_log log = {.slot = 0, .dirty_bitmap = kvm};
	int r;

	if (!kvm)
		abort();
	r = m->accel->ioctl(m->vm_fd, KVM_GET_DIRTY_LOG, &log);
	if (r < 0)
		error_errno(err, "cannot learn which pages were written");
	else
		add_kvm_bits(kvm, shift, pages, bitmap);
	for (u64 i = 0; i <= pages / 64 && m->written; i++)
		if (m->written[i])
			bitmap[i] |= __atomic_exchange_n(&m->written[i], 0, __ATOMIC_ACQUIRE);
	free(kvm);
	return r < 0 ? -1 : 0;
}

/* ---- Making, continued ---- */

static int make_vm(struct machine *m, struct error *err)
{
	if (check_host(m, err) || guest_mem_alloc(&m->mem, m->cfg.mem_bytes, err))
		return -1;
	if (set_slot(m, m->mem.bytes, 0) < 0)
		return error_errno(err, "cannot give the guest its memory");
	enable_hcalls(m);
	if (make_htab(m, err) || xics_new(m, err) || rtas_define_tokens(m, err))
		return -1;
	m->vcpus = calloc(m->cfg.n_vcpus, sizeof(*m->vcpus));
	if (!m->vcpus)
		return error_errno(err, "no memory for %u vcpus", m->cfg.n_vcpus);
	for (unsigned i = 0; i < m->cfg.n_vcpus; i++)
		m->vcpus[i].fd = -1;
	m->n_vcpus = m->cfg.n_vcpus;
	for (unsigned i = 0; i < m->n_vcpus; i++)
		if (vcpu_new(m, &m->vcpus[i], i, err))
			return -1;
	return 0;
}

static void on_console_input(void *opaque)
{
	xics_pulse(opaque, IRQ_VTY);
}

static void on_console_quit(void *opaque)
{
	machine_request(opaque, REQUEST_QUIT);
}

static const struct console_ops console_ops = {
    .input = on_console_input,
    .quit = on_console_quit,
};

struct machine *machine_new(const struct machine_config *cfg, struct error *err)
{
	struct machine *m = calloc(1, sizeof(*m));

	if (!m)
		abort();
	m->cfg = *cfg;
	m->accel = cfg->accel;
	m->vm_fd = m->xics_fd = -1;
	pthread_mutex_init(&m->lock, NULL);
	pthread_mutex_init(&m->log_lock, NULL);
	pthread_cond_init(&m->changed, NULL);
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

static void end_threads(struct machine *m)
{
	pthread_mutex_lock(&m->lock);
	m->quit = true;
	vcpu_kick_all(m);
	pthread_mutex_unlock(&m->lock);
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
	end_threads(m);
	console_free(m->console);
	for (unsigned i = 0; i < m->n_vcpus; i++)
		vcpu_free(&m->vcpus[i]);
	free(m->vcpus);
	if (m->xics_fd >= 0)
		m->accel->close(m->xics_fd);
	if (m->vm_fd >= 0)
		m->accel->close(m->vm_fd);
	if (m->kvm_fd >= 0)
		m->accel->close(m->kvm_fd);
	guest_mem_free(&m->mem);
	free(m->written);
	if (m->wake_fd >= 0)
		close(m->wake_fd);
	loop_free(m->loop);
	pthread_cond_destroy(&m->changed);
	pthread_mutex_destroy(&m->log_lock);
	pthread_mutex_destroy(&m->lock);
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
	u32 order = m->htab_order;
	struct boot_entry entry;
	struct reset_args start = {.err = err};

	/*
	 * Taking the slot away and giving it back makes KVM forget all that it knows of the old
	 * contents, decoded instructions included.
	 */
	if (set_slot(m, 0, 0) < 0)
		return error_errno(err, "cannot take the guest's memory back");
	guest_mem_clear(&m->mem);
	if (set_slot(m, m->mem.bytes, 0) < 0)
		return error_errno(err, "cannot give the guest its memory");
	if (m->accel->ioctl(m->vm_fd, KVM_PPC_ALLOCATE_HTAB, &order) < 0)
		return error_errno(err, "cannot clear the hash table");
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
	start.entry = &entry;
	vcpu_run_on(&m->vcpus[0], start_first, &start);
	if (start.result)
		return -1;
	if (m->console)
		console_reset(m->console);
	m->powerdown_asked = false;
	return 0;
}

/* ---- The main thread ---- */

static void end_with(struct machine *m, int status)
{
	m->exit_status = status;
	tell(m, EVENT_SHUTDOWN);
	loop_stop(m->loop);
}

/* It may have been handed over between the wish for a reset and now; then there is nothing to do. */
static void do_reset(struct machine *m)
{
	struct error err;
	bool here;

	pthread_mutex_lock(&m->lock);
	here = m->place == PLACE_HERE;
	pthread_mutex_unlock(&m->lock);
	if (here && machine_boot(m, &err)) {
		fprintf(stderr, "papyr: cannot start the guest again: %s\r\n", err.text);
		end_with(m, 1);
		return;
	}
	if (here)
		tell(m, EVENT_RESET);
	pthread_mutex_lock(&m->lock);
	m->request = REQUEST_NONE;
	pthread_cond_broadcast(&m->changed);
	pthread_mutex_unlock(&m->lock);
}

static void on_wake(void *opaque, int fd, unsigned events)
{
	struct machine *m = opaque;
	enum machine_request request;
	u64 count;

	if (read(fd, &count, sizeof(count)) < 0)
		return;
	pthread_mutex_lock(&m->lock);
	request = m->request;
	if (request != REQUEST_NONE)
		wait_parked(m);
	pthread_mutex_unlock(&m->lock);
	m->ended_by = request;
	if (request != REQUEST_NONE && m->on_upheaval)
		m->on_upheaval(m, request == REQUEST_RESET ? "the guest was reset"
							   : "the guest ended");
	switch (request) {
	case REQUEST_NONE:
		break;
	case REQUEST_RESET:
		do_reset(m);
		break;
	case REQUEST_POWEROFF:
	case REQUEST_QUIT:
		end_with(m, 0);
		break;
	case REQUEST_PANIC:
		end_with(m, 3);
		break;
	case REQUEST_ERROR:
		end_with(m, 1);
		break;
	}
}

/* Signals that end the process are blocked while a guest runs: does one of them wait? */
static bool signal_waits(void)
{
	sigset_t set;

	sigpending(&set);
	return sigismember(&set, SIGINT) || sigismember(&set, SIGTERM) || sigismember(&set, SIGHUP);
}

/* A user who quits, by key or signal, doesn't wait for a terminal that stands still. */
static void drain(struct machine *m)
{
	bool patient = m->ended_by != REQUEST_QUIT && m->ended_by != REQUEST_ERROR;

	while (!console_drain(m->console, 1000) && patient && !signal_waits())
		;
}

int machine_run(struct machine *m)
{
	struct error err;

	loop_add(m->loop, m->wake_fd, POLLIN, on_wake, m);
	for (unsigned i = 0; i < m->n_vcpus; i++)
		if (vcpu_start_thread(&m->vcpus[i], &err)) {
			fprintf(stderr, "papyr: %s\r\n", err.text);
			return 1;
		}
	/* Input that a restored guest has not fetched yet wants its interrupt again. */
	if (console_has_input(m->console))
		xics_pulse(m, IRQ_VTY);
	loop_run(m->loop);
	end_threads(m);
	drain(m);
	return m->exit_status;
}
