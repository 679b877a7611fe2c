/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/trace.h"

/* What the machine sees of its own. */
#define TRACE_OURS (PAPYR_TRACE_HCALL | PAPYR_TRACE_EXIT | PAPYR_TRACE_RTAS)

static int start_ours(struct machine *m, unsigned events, int fd, struct error *err)
{
	int to = -1;

	if (events) {
		to = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		if (to < 0)
			return error_errno(err, "cannot trace");
	}
	trace_sink_set(&m->trace, to);
	__atomic_store_n(&m->traced, events, __ATOMIC_RELAXED);
	return 0;
}

int machine_trace(struct machine *m, unsigned events, int fd, struct error *err)
{
	unsigned ours = events & TRACE_OURS;

	if (m->accel->trace) {
		if (m->accel->trace(m->vm_fd, events, fd) < 0)
			return error_errno(err, "cannot trace");
		ours &= PAPYR_TRACE_RTAS;
	} else if (events & ~TRACE_OURS) {
		return error_set(err,
				 "with --accel %s interrupts and translations are Linux's to tell "
				 "of (perf kvm, or ftrace's kvm_hv events): here are hcall, exit "
				 "and rtas",
				 m->accel->name);
	}
	return start_ours(m, ours, fd, err);
}

/* Nobody reads any more: no more lines. */
static void put(struct machine *m, struct trace_line *l)
{
	if (!trace_write(&m->trace, l))
		__atomic_store_n(&m->traced, 0, __ATOMIC_RELAXED);
}

void trace_vcpu_exit(struct vcpu *vcpu, int error)
{
	struct trace_line l;

	trace_begin_vcpu(&l, vcpu->id, "exit");
	trace_exit(&l, vcpu->run, error);
	put(vcpu->m, &l);
}

void trace_vcpu_hcall(struct vcpu *vcpu, const struct traced_hcall *call)
{
	u64 results[TRACE_ARGS];
	struct trace_line l;

	for (unsigned i = 0; i < TRACE_ARGS; i++)
		results[i] = vcpu->run->papr_hcall.args[i];
	trace_begin_vcpu(&l, vcpu->id, "hcall");
	trace_hcall(&l, call, vcpu->run->papr_hcall.ret, results);
	put(vcpu->m, &l);
}

void trace_vcpu_rtas(struct vcpu *vcpu, const char *name, u32 token, const u8 *in, unsigned n_in,
		     const u8 *out, unsigned n_out)
{
	struct trace_line l;

	trace_begin_vcpu(&l, vcpu->id, "rtas");
	trace_rtas(&l, name, token, in, n_in, out, n_out);
	put(vcpu->m, &l);
}
