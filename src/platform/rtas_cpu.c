/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RTAS calls that start and stop: single processors, and the whole machine.
 */
#include "platform/hotplug.h"
#include "platform/rtas.h"
#include "platform/vcpu.h"

#define CPU_STOPPED	0
#define CPU_NOT_STOPPED 2

/* The processor of that number, if the guest has it. With m->lock held. */
static struct vcpu *find(struct machine *m, u32 id)
{
	struct vcpu *vcpu = vcpu_by_id(m, id);

	return vcpu && hotplug_has_vcpu(m, vcpu) ? vcpu : NULL;
}

/*
 * query-cpu-stopped-state(server) -> status, state: 0 stopped, 2 not stopped.
 * Status -3: no such processor. PAPR 7.3.8.5.
 */
s32 rtas_query_cpu_stopped_state(struct rtas_call *a)
{
	struct machine *m = a->vcpu->m;
	struct vcpu *vcpu;
	bool stopped;

	lock_acquire(&m->lock);
	vcpu = find(m, rtas_arg(a, 0));
	/* Until it is parked, stop-self isn't through. */
	stopped = vcpu && !vcpu->online && vcpu->parked;
	lock_release(&m->lock);
	if (!vcpu)
		return RTAS_PARAMETER;
	rtas_result(a, 1, stopped ? CPU_STOPPED : CPU_NOT_STOPPED);
	return RTAS_SUCCESS;
}

struct start {
	u64 pc, r3;
	s32 status;
};

static void start(struct vcpu *vcpu, void *arg)
{
	struct start *s = arg;
	u64 lpcr = 0;
	bool has_lpcr;

	/* It may have been isolated while it was waited for. */
	if (!hotplug_has_vcpu(vcpu->m, vcpu)) {
		s->status = RTAS_PARAMETER;
		return;
	}
	if (vcpu->online) {
		s->status = RTAS_HARDWARE;
		return;
	}
	/* The partition's modes stay as H_SET_MODE left them; all else begins anew. */
	has_lpcr = vcpu_get_reg(vcpu, KVM_REG_PPC_LPCR_64, &lpcr) == 0;
	if (vcpu_reset(vcpu, NULL) || vcpu_set_entry(vcpu, s->pc, s->r3, NULL)) {
		s->status = RTAS_HARDWARE;
		return;
	}
	if (has_lpcr)
		vcpu_set_reg(vcpu, KVM_REG_PPC_LPCR_64, &lpcr);
	vcpu->online = true;
	hotplug_started(vcpu->m, vcpu);
}

/*
 * start-cpu(server, address, r3) -> status. The processor starts at the address in big-endian real
 * mode. Status -3: no such processor; -1: it runs already. PAPR 7.3.8.4.
 */
s32 rtas_start_cpu(struct rtas_call *a)
{
	struct vcpu *vcpu = vcpu_by_id(a->vcpu->m, rtas_arg(a, 0));
	struct start s = {.pc = rtas_arg(a, 1), .r3 = rtas_arg(a, 2)};

	if (!vcpu)
		return RTAS_PARAMETER;
	vcpu_run_on(vcpu, start, &s);
	return s.status;
}

/* stop-self() - returns only if it fails, and it does not. PAPR 7.3.8.3. */
s32 rtas_stop_self(struct rtas_call *a)
{
	struct machine *m = a->vcpu->m;

	lock_acquire(&m->lock);
	a->vcpu->online = false;
	lock_release(&m->lock);
	return RTAS_SUCCESS;
}

/* power-off(mask, mask) -> status. The masks name what may power the machine on again: nothing
 * here. */
s32 rtas_power_off(struct rtas_call *a)
{
	machine_request(a->vcpu->m, REQUEST_POWEROFF);
	return RTAS_SUCCESS;
}

/* system-reboot() -> status */
s32 rtas_system_reboot(struct rtas_call *a)
{
	machine_request(a->vcpu->m, REQUEST_RESET);
	return RTAS_SUCCESS;
}

/* A line of what a guest wrote, without what would play tricks on a terminal. */
static void copy_line(char *to, size_t size, const u8 *from, u64 left)
{
	size_t n = 0;

	for (; n + 1 < size && n < left && from[n] && from[n] != '\n'; n++)
		to[n] = from[n] >= ' ' && from[n] < 0x7f ? (char)from[n] : '?';
	to[n] = 0;
}

/*
 * ibm,os-term(message) -> status. The guest's system is at its end; it does not come back. The
 * message is a string in its memory. PAPR 7.3.9.1.
 */
s32 rtas_os_term(struct rtas_call *a)
{
	struct machine *m = a->vcpu->m;
	u64 at = rtas_arg(a, 0);
	char text[256] = "";

	if (at < m->mem.bytes)
		copy_line(text, sizeof(text), m->mem.host + at, m->mem.bytes - at);
	machine_panic(m, "%s", text);
	return RTAS_SUCCESS;
}
