/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vcpu's thread: into the guest, answer what comes out, park when told to.
 */
#include "platform/vcpu.h"

#include <errno.h>
#include <papyr/papyr.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "platform/exits.h"
#include "platform/hotplug.h"
#include "platform/internal.h"
#include "platform/kind.h"
#include "platform/kvm_stats.h"
#include "platform/pci.h"
#include "platform/thread.h"
#include "platform/trace.h"

/*
 * Sent to a vcpu's thread to get it out of KVM_RUN. The thread has it blocked, and KVM lets it
 * through (KVM_SET_SIGNAL_MASK): it ends KVM_RUN and stays pending until take_kick(). The handler,
 * which has nothing to do, is for one that somebody sends to the process.
 */
#define SIG_KICK SIGUSR1

static void on_kick(int sig)
{
}

static void take_kick(void)
{
	static const struct timespec at_once;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIG_KICK);
	sigtimedwait(&set, NULL, &at_once);
}

/* Which signals end KVM_RUN: none but the kick and faults. */
static int set_signal_mask(struct vcpu *vcpu)
{
	enum { SET_BYTES = 8 }; /* the kernel's */
	union {
		struct kvm_signal_mask mask;
		u8 room[sizeof(struct kvm_signal_mask) + SET_BYTES];
	} arg = {.mask.len = SET_BYTES};
	sigset_t blocked = thread_blocked_signals();

	sigdelset(&blocked, SIG_KICK);
	memcpy(arg.room + offsetof(struct kvm_signal_mask, sigset), &blocked, SET_BYTES);
	return vcpu->m->accel->ioctl(vcpu->fd, KVM_SET_SIGNAL_MASK, &arg);
}

struct vcpu *vcpu_by_id(struct machine *m, u64 id)
{
	for (unsigned i = 0; i < m->n_vcpus; i++)
		if (m->vcpus[i].id == id)
			return &m->vcpus[i];
	return NULL;
}

int vcpu_new(struct machine *m, struct vcpu *vcpu, unsigned index, struct error *err)
{
	const struct accel *a = m->accel;
	struct kvm_enable_cap blocked = {.cap = PAPYR_CAP_SIGNALS_BLOCKED, .args = {1}};
	unsigned threads = m->cfg.threads;

	vcpu->m = m;
	vcpu->index = index;
	vcpu->id = index / threads * m->smt + index % threads;
	vcpu->parked = true;
	vcpu->fd = accel_ioctl_val(a, m->vm_fd, KVM_CREATE_VCPU, vcpu->id);
	if (vcpu->fd < 0)
		return error_errno(err, "cannot make vcpu %u of %u", index, m->n_vcpus);
	vcpu->run = a->mmap(m->run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd);
	if (vcpu->run == MAP_FAILED) {
		vcpu->run = NULL;
		return error_errno(err, "cannot map vcpu %u", index);
	}
	if (set_signal_mask(vcpu) < 0)
		return error_errno(err, "cannot set the signals that stop vcpu %u", index);
	/* Linux's KVM knows no such thing, and needs none. */
	a->ioctl(vcpu->fd, KVM_ENABLE_CAP, &blocked);
	return m->cfg.kind->make_vcpu(vcpu, err);
}

void vcpu_free(struct vcpu *vcpu)
{
	if (vcpu->run)
		vcpu->m->accel->munmap(vcpu->run, vcpu->m->run_bytes);
	kvm_stats_close(vcpu);
	if (vcpu->fd >= 0)
		vcpu->m->accel->close(vcpu->fd);
}

/* All of KVM_RUN but the guest. */
static void run_nothing(struct vcpu *vcpu)
{
	vcpu->run->immediate_exit = 1;
	accel_ioctl_val(vcpu->m->accel, vcpu->fd, KVM_RUN, 0);
}

/*
 * Lets KVM complete what the last exit left open (a hypercall's result, a load's register) without
 * entering the guest. From here on the registers say all there is.
 */
static void settle(struct vcpu *vcpu)
{
	if (!vcpu->unsettled)
		return;
	run_nothing(vcpu);
	vcpu->unsettled = false;
}

void vcpu_warm_up(struct vcpu *vcpu)
{
	run_nothing(vcpu);
}

/* Where no memory is. If no device is there either, all ones come and nothing goes. */
static void handle_mmio(struct vcpu *vcpu)
{
	struct machine_pci *p = vcpu->m->pci;
	struct kvm_run *run = vcpu->run;
	u64 gpa = run->mmio.phys_addr;
	u32 len = run->mmio.len;
	u8 data[8];

	memcpy(data, run->mmio.data, sizeof(data));
	vcpu->unsettled = true;
	if (run->mmio.is_write) {
		if (p)
			p->ops->store(p, gpa, data, len);
		return;
	}
	if (!p || !p->ops->load(p, gpa, data, len))
		memset(data, 0xff, sizeof(data));
	memcpy(run->mmio.data, data, sizeof(data));
}

static void handle_system_event(struct vcpu *vcpu)
{
	switch (vcpu->run->system_event.type) {
	case KVM_SYSTEM_EVENT_SHUTDOWN:
		machine_request(vcpu->m, REQUEST_POWEROFF);
		break;
	case KVM_SYSTEM_EVENT_RESET:
		machine_request(vcpu->m, REQUEST_RESET);
		break;
	case KVM_SYSTEM_EVENT_CRASH:
		machine_panic(vcpu->m, "%s", "");
		break;
	default:
		machine_fail(vcpu->m, "vcpu %u: unknown system event %u", vcpu->index,
			     vcpu->run->system_event.type);
	}
}

/* Only the vcpu's thread counts, and others may look. */
static void count(u64 *counter)
{
	__atomic_store_n(counter, *counter + 1, __ATOMIC_RELAXED);
}

static void count_exit(struct vcpu *vcpu, u32 reason)
{
	enum vcpu_exit by = VCPU_EXIT_OTHER;

	if (reason == KVM_EXIT_PAPR_HCALL)
		by = VCPU_EXIT_HCALL;
	else if (reason == KVM_EXIT_MMIO)
		by = VCPU_EXIT_MMIO;
	else if (reason == KVM_EXIT_INTR)
		by = VCPU_EXIT_SIGNAL;
	count(&vcpu->exits_by[by]);
}

static void handle_exit(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;

	count(&vcpu->exits);
	count_exit(vcpu, run->exit_reason);
	if (vcpu->m->cfg.kind->exit(vcpu))
		return;
	switch (run->exit_reason) {
	case KVM_EXIT_MMIO:
		handle_mmio(vcpu);
		break;
	case KVM_EXIT_SYSTEM_EVENT:
		handle_system_event(vcpu);
		break;
	case KVM_EXIT_INTR:
		break;
	case KVM_EXIT_DEBUG:
		debug_handle(vcpu);
		break;
	case KVM_EXIT_FAIL_ENTRY:
		machine_fail(vcpu->m, "vcpu %u cannot enter the guest: reason 0x%llx", vcpu->index,
			     (unsigned long long)run->fail_entry.hardware_entry_failure_reason);
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		machine_fail(vcpu->m, "vcpu %u: internal error %u of the hypervisor%s", vcpu->index,
			     run->internal.suberror,
			     run->internal.suberror == KVM_INTERNAL_ERROR_EMULATION
				 ? " (an access outside memory by an instruction it cannot emulate)"
				 : "");
		break;
	default:
		machine_fail(vcpu->m, "vcpu %u left the guest for an unknown reason, %u",
			     vcpu->index, run->exit_reason);
	}
}

static void enter_guest(struct vcpu *vcpu)
{
	struct machine *m = vcpu->m;
	int r, error;

	vcpu->parked = false;
	vcpu->in_guest = true;
	vcpu->run->immediate_exit = 0;
	lock_release(&m->lock);

	r = accel_ioctl_val(m->accel, vcpu->fd, KVM_RUN, 0);
	error = errno;
	vcpu->unsettled = false;
	if (machine_traces(m, PAPYR_TRACE_EXIT))
		trace_vcpu_exit(vcpu, r < 0 ? error : 0);
	if (r >= 0)
		handle_exit(vcpu);
	else if (error == EINTR || error == EAGAIN) {
		take_kick();
		count_exit(vcpu, KVM_EXIT_INTR);
	} else
		machine_fail(m, "vcpu %u cannot run: %s", vcpu->index, strerror(error));

	lock_acquire(&m->lock);
	vcpu->in_guest = false;
}

static void do_work(struct vcpu *vcpu)
{
	struct vcpu_work *work = vcpu->work;

	work->fn(vcpu, work->arg);
	work->done = true;
	vcpu->work = NULL;
	pthread_cond_broadcast(&vcpu->m->changed);
}

static bool must_park(const struct vcpu *vcpu)
{
	return !vcpu->online || vcpu->halted || !machine_may_run(vcpu->m);
}

static void *vcpu_main(void *arg)
{
	struct vcpu *vcpu = arg;
	struct machine *m = vcpu->m;
	char name[16];

	snprintf(name, sizeof(name), "vcpu %u", vcpu->index);
	pthread_setname_np(pthread_self(), name);

	lock_acquire(&m->lock);
	vcpu->tid = gettid();
	while (!m->quit) {
		if (must_park(vcpu) || vcpu->work)
			settle(vcpu);
		if (vcpu->work) {
			do_work(vcpu);
		} else if (must_park(vcpu)) {
			if (!vcpu->parked) {
				vcpu->parked = true;
				pthread_cond_broadcast(&m->changed);
			}
			lock_wait(&m->lock, &m->changed);
		} else {
			enter_guest(vcpu);
		}
	}
	settle(vcpu);
	vcpu->parked = true;
	pthread_cond_broadcast(&m->changed);
	lock_release(&m->lock);
	return NULL;
}

int vcpu_start_thread(struct vcpu *vcpu, struct error *err)
{
	struct sigaction kick = {.sa_handler = on_kick};

	sigaction(SIG_KICK, &kick, NULL);
	if (thread_start(&vcpu->thread, vcpu_main, vcpu))
		return error_errno(err, "cannot start the thread of vcpu %u", vcpu->index);
	vcpu->has_thread = true;
	return 0;
}

void vcpu_look(struct vcpu *vcpu, struct vcpu_look *look)
{
	struct machine *m = vcpu->m;

	lock_acquire(&m->lock);
	look->present = hotplug_has_vcpu(m, vcpu);
	look->online = vcpu->online;
	look->parked = vcpu->parked;
	look->tid = vcpu->tid;
	lock_release(&m->lock);
	look->exits = __atomic_load_n(&vcpu->exits, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < VCPU_EXITS; i++)
		look->exits_by[i] = __atomic_load_n(&vcpu->exits_by[i], __ATOMIC_RELAXED);
}

static void kick(struct vcpu *vcpu)
{
	if (!vcpu->in_guest)
		return;
	/* KVM reads it while we write. */
	__atomic_store_n(&vcpu->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
	pthread_kill(vcpu->thread, SIG_KICK);
}

void vcpu_kick_all(struct machine *m)
{
	for (unsigned i = 0; i < m->n_vcpus; i++)
		kick(&m->vcpus[i]);
	pthread_cond_broadcast(&m->changed);
}

/* The vcpu that the calling thread is, or NULL. With the machine's lock held. */
static struct vcpu *current_vcpu(struct machine *m)
{
	for (unsigned i = 0; i < m->n_vcpus; i++)
		if (m->vcpus[i].has_thread && pthread_equal(m->vcpus[i].thread, pthread_self()))
			return &m->vcpus[i];
	return NULL;
}

void vcpu_run_on(struct vcpu *vcpu, void (*fn)(struct vcpu *vcpu, void *arg), void *arg)
{
	struct machine *m = vcpu->m;
	struct vcpu_work work = {.fn = fn, .arg = arg};
	struct vcpu *self;
	bool queued = false;

	lock_acquire(&m->lock);
	self = current_vcpu(m);
	if (self == vcpu || !vcpu->has_thread) {
		fn(vcpu, arg);
		work.done = true;
	}
	while (!work.done && !m->quit) {
		/* Two vcpus may want something of each other. */
		if (self && self->work)
			do_work(self);
		if (!queued && !vcpu->work) {
			vcpu->work = &work;
			queued = true;
			kick(vcpu);
			pthread_cond_broadcast(&m->changed);
		}
		if (!work.done)
			lock_wait(&m->lock, &m->changed);
	}
	if (vcpu->work == &work)
		vcpu->work = NULL;
	lock_release(&m->lock);
}
