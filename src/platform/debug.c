/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/debug.h"

#include <errno.h>
#include <papyr/papyr.h>
#include <unistd.h>

#include "platform/exits.h"
#include "platform/internal.h"
#include "platform/machine.h"
#include "platform/vcpu.h"

/* All of these with m->lock held. */

static void halt_all(struct machine *m)
{
	m->debug.stopped = true;
	for (unsigned i = 0; i < m->n_vcpus; i++)
		m->vcpus[i].halted = true;
	vcpu_kick_all(m);
}

static void release_all(struct machine *m)
{
	m->debug.stopped = m->debug.news = false;
	for (unsigned i = 0; i < m->n_vcpus; i++)
		m->vcpus[i].halted = false;
	pthread_cond_broadcast(&m->changed);
}

/* ---- Coming and going ---- */

void machine_debug_wait(struct machine *m)
{
	lock_acquire(&m->lock);
	halt_all(m);
	lock_release(&m->lock);
}

void machine_debug_wait_no_longer(struct machine *m)
{
	lock_acquire(&m->lock);
	if (m->debug.stopped && !m->debug.attached)
		release_all(m);
	lock_release(&m->lock);
}

int machine_debug_attach(struct machine *m, struct error *err)
{
	bool taken;

	lock_acquire(&m->lock);
	taken = m->debug.attached;
	m->debug.attached = true;
	lock_release(&m->lock);
	if (taken)
		return error_set(err, "another debugger has this guest");
	machine_debug_halt(m);
	return 0;
}

void machine_debug_detach(struct machine *m)
{
	static const struct debug_wish nothing;

	if (!m->debug.attached)
		return;
	machine_debug_halt(m);
	for (unsigned i = 0; i < m->n_vcpus; i++) {
		machine_debug_set(&m->vcpus[i], &nothing);
		machine_debug_forget_stop(&m->vcpus[i]);
	}
	lock_acquire(&m->lock);
	m->debug.attached = false;
	release_all(m);
	lock_release(&m->lock);
}

/* ---- Standing still ---- */

void machine_debug_halt(struct machine *m)
{
	lock_acquire(&m->lock);
	halt_all(m);
	machine_wait_parked(m);
	m->debug.news = false; /* who asks now sees it */
	lock_release(&m->lock);
}

bool machine_debug_take_news(struct machine *m)
{
	bool news;

	lock_acquire(&m->lock);
	news = m->debug.news;
	m->debug.news = false;
	if (news)
		machine_wait_parked(m);
	lock_release(&m->lock);
	return news;
}

static struct debug_stop stop_of(const struct kvm_run *run)
{
	struct debug_stop stop = {DEBUG_STEP, run->debug.arch.address};

	if (run->debug.arch.status & KVMPPC_DEBUG_BREAKPOINT)
		stop.why = DEBUG_BREAK;
	else if (run->debug.arch.status & KVMPPC_DEBUG_WATCH_WRITE)
		stop.why = DEBUG_WRITE;
	else if (run->debug.arch.status & KVMPPC_DEBUG_WATCH_READ)
		stop.why = DEBUG_READ;
	return stop;
}

void debug_handle(struct vcpu *vcpu)
{
	struct machine *m = vcpu->m;

	lock_acquire(&m->lock);
	/* Else it is gone meanwhile, and nobody wants to know. */
	if (m->debug.attached) {
		vcpu->debug_stop = stop_of(vcpu->run);
		m->debug.news = true;
		halt_all(m);
		machine_wake(m);
	}
	lock_release(&m->lock);
}

struct debug_stop machine_debug_stop_of(struct vcpu *vcpu)
{
	struct debug_stop stop;

	lock_acquire(&vcpu->m->lock);
	stop = vcpu->debug_stop;
	lock_release(&vcpu->m->lock);
	return stop;
}

void machine_debug_forget_stop(struct vcpu *vcpu)
{
	lock_acquire(&vcpu->m->lock);
	vcpu->debug_stop.why = DEBUG_NOTHING;
	lock_release(&vcpu->m->lock);
}

bool machine_debug_holds(struct machine *m)
{
	bool holds;

	lock_acquire(&m->lock);
	holds = m->debug.stopped;
	lock_release(&m->lock);
	return holds;
}

/* ---- Going on ---- */

int machine_debug_set(struct vcpu *vcpu, const struct debug_wish *wish)
{
	const struct accel *a = vcpu->m->accel;
	struct kvm_enable_cap breaks = {
	    .cap = PAPYR_CAP_BREAKPOINTS,
	    .args = {(uintptr_t)wish->breaks, wish->n_breaks},
	};

	if (!memcmp(&vcpu->debug_set, wish, sizeof(*wish)))
		return 0;
	if ((wish->n_breaks || vcpu->debug_set.n_breaks) &&
	    a->ioctl(vcpu->fd, KVM_ENABLE_CAP, &breaks) < 0)
		return -1;
	if (a->ioctl(vcpu->fd, KVM_SET_GUEST_DEBUG, (void *)&wish->kvm) < 0)
		return -1;
	vcpu->debug_set = *wish;
	return 0;
}

void machine_debug_go(struct machine *m, const u8 *run)
{
	lock_acquire(&m->lock);
	m->debug.stopped = false;
	for (unsigned i = 0; i < m->n_vcpus; i++)
		m->vcpus[i].halted = !run[i];
	pthread_cond_broadcast(&m->changed);
	lock_release(&m->lock);
}

int machine_debug_access(struct vcpu *vcpu, bool change, int (*fn)(struct vcpu *vcpu, void *arg),
			 void *arg)
{
	struct machine *m = vcpu->m;
	int r = -1;

	lock_acquire(&m->lock);
	if (!change || machine_may_change(m))
		r = fn(vcpu, arg);
	lock_release(&m->lock);
	return r;
}
