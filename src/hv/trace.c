/* SPDX-License-Identifier: Apache-2.0 */
#include "hv/trace.h"

#include <errno.h>

#include "base/trace_words.h"
#include "hv/vcpu.h"
#include "hv/vm.h"

void hv_trace_init(struct hv_vm *vm)
{
	trace_sink_init(&vm->trace);
}

void hv_trace_fini(struct hv_vm *vm)
{
	trace_sink_fini(&vm->trace);
}

/* With vm->lock held, or by a vcpu's thread: nobody hears its lines any more. */
static void set_events(struct hv_vm *vm, unsigned events)
{
	struct hv_vcpu *vcpu;

	vm->traced = events;
	hv_for_each_vcpu(vcpu, vm)
		__atomic_store_n(&vcpu->cpu.traced, events, __ATOMIC_RELAXED);
}

/* Out of the way of the client's descriptors, as far as the limit lets us. */
static int duplicate(int fd)
{
	int to = fcntl(fd, F_DUPFD_CLOEXEC, 800);

	if (to < 0 && (errno == EINVAL || errno == EMFILE))
		to = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return to < 0 ? -errno : to;
}

int hv_trace(struct hv_vm *vm, unsigned events, int fd)
{
	int to = -1;

	if (events & ~PAPYR_TRACE_ALL)
		return -EINVAL;
	if (events) {
		to = duplicate(fd);
		if (to < 0)
			return to;
		if (!trace_fd_is_good(to)) {
			close(to);
			return -EINVAL;
		}
	}
	lock_acquire(&vm->lock);
	trace_sink_set(&vm->trace, to);
	set_events(vm, events);
	lock_release(&vm->lock);
	return 0;
}

/* The reader went away: there is nothing to do for it from now on. */
static void put(struct hv_vcpu *vcpu, struct trace_line *l)
{
	if (!trace_write(&vcpu->vm->trace, l))
		__atomic_store_n(&vcpu->cpu.traced, 0, __ATOMIC_RELAXED);
}

/* ---- Hypercalls ---- */

void hv_trace_hcall_begin(struct hv_vcpu *vcpu)
{
	struct traced_hcall *call = &vcpu->traced_hcall;

	call->open = true;
	call->number = vcpu->cpu.gpr[3];
	memcpy(call->args, &vcpu->cpu.gpr[4], sizeof(call->args));
}

void hv_trace_hcall_end(struct hv_vcpu *vcpu)
{
	struct traced_hcall *call = &vcpu->traced_hcall;
	struct trace_line l;

	/* It began before anybody asked. */
	if (!call->open)
		return;
	call->open = false;
	trace_begin_vcpu(&l, vcpu->id, "hcall");
	trace_hcall(&l, call, vcpu->cpu.gpr[3], &vcpu->cpu.gpr[4]);
	put(vcpu, &l);
}

void hv_trace_exit(struct hv_vcpu *vcpu, int ret)
{
	struct trace_line l;

	trace_begin_vcpu(&l, vcpu->id, "exit");
	trace_exit(&l, vcpu->run, -ret);
	put(vcpu, &l);
}

void hv_trace_rtas(struct hv_vcpu *vcpu, const char *name, const u8 *in, unsigned n_in,
		   const u8 *out, unsigned n_out)
{
	struct trace_line l;

	trace_begin_vcpu(&l, vcpu->id, "rtas");
	trace_rtas(&l, name, 0, in, n_in, out, n_out);
	put(vcpu, &l);
}

/* ---- Interrupts and translations ---- */

static const char *vector_name(unsigned vector)
{
#define VECTOR_CASE(offset, name)                                                                  \
	case offset:                                                                               \
		return #name;
	switch (vector) {
		CPU_VECTORS(VECTOR_CASE)
	default:
		return "?";
	}
#undef VECTOR_CASE
}

static bool is_asynchronous(unsigned vector)
{
	switch (vector) {
	case VEC_RESET:
	case VEC_MACHINE_CHECK:
	case VEC_EXTERNAL:
	case VEC_DECREMENTER:
	case VEC_HDECREMENTER:
	case VEC_DOORBELL:
	case VEC_PERFMON:
		return true;
	default:
		return false;
	}
}

void hv_trace_interrupt(struct cpu *cpu, unsigned vector)
{
	struct hv_vcpu *vcpu = hv_vcpu_of(cpu);
	bool irq = is_asynchronous(vector);
	struct trace_line l;

	if (!cpu_traces(cpu, irq ? PAPYR_TRACE_IRQ : PAPYR_TRACE_TRAP))
		return;
	trace_begin_vcpu(&l, vcpu->id, irq ? "irq" : "trap");
	trace_add(&l, "%s at 0x%llx, srr1 0x%llx, to 0x%llx", vector_name(vector),
		  (unsigned long long)cpu->srr0, (unsigned long long)cpu->srr1,
		  (unsigned long long)cpu->nip);
	if (vector == VEC_DSI || vector == VEC_DSEGI || vector == VEC_ALIGNMENT)
		trace_add(&l, ", dar 0x%llx", (unsigned long long)cpu->dar);
	if (vector == VEC_DSI)
		trace_add(&l, ", dsisr 0x%llx", (unsigned long long)cpu->dsisr);
	put(vcpu, &l);
}

/* Why a translation failed, by DSISR's bit (SRR1's of a fetch). */
static const char *failure(unsigned vector, u64 why)
{
	if (vector == VEC_DSEGI)
		return "no SLB entry";
	if (why & DSISR_NOHPTE)
		return "no entry";
	if (why & DSISR_PROT)
		return "protected";
	if (why & DSISR_KEY)
		return "closed by its class key";
	return why & SRR1_NOEXEC ? "not to be executed" : "refused";
}

void hv_trace_translation(struct cpu *cpu, const struct cpu_access *access, unsigned vector,
			  u64 why)
{
	static const char *const kinds[] = {
	    [CPU_LOAD] = "load", [CPU_STORE] = "store", [CPU_FETCH] = "fetch"};
	struct hv_vcpu *vcpu = hv_vcpu_of(cpu);
	struct trace_line l;

	trace_begin_vcpu(&l, vcpu->id, "mmu");
	trace_add(&l, "%s 0x%llx: ", kinds[access->kind], (unsigned long long)access->ea);
	if (vector)
		trace_add(&l, "%s", failure(vector, why));
	else if (access->hpte_index == ~0ull)
		trace_add(&l, "real, 0x%llx", (unsigned long long)access->gpa);
	else
		trace_add(&l, "entry 0x%llx, 0x%llx%s", (unsigned long long)access->hpte_index,
			  (unsigned long long)access->gpa, access->absent ? ", absent" : "");
	put(vcpu, &l);
}

/* ---- Samples ---- */

#define FRAMES 24

/* Where a frame keeps the address that its function returns to, in the ABIs of 64-bit programs. */
#define FRAME_LR 16

/* Frames lie one above the other; at the end, and where they lead elsewhere, there is no more. */
static void add_callers(struct trace_line *l, const struct cpu *cpu)
{
	u64 frame = cpu->gpr[1], above, caller;

	for (unsigned n = 0; n < FRAMES && cpu_peek(cpu, frame, &above) && above > frame; n++) {
		if (!cpu_peek(cpu, above + FRAME_LR, &caller))
			return;
		trace_add(l, " 0x%llx", (unsigned long long)caller);
		frame = above;
	}
}

void hv_trace_sample(struct hv_vcpu *vcpu)
{
	const struct cpu *cpu = &vcpu->cpu;
	u64 now = host_timebase();
	struct trace_line l;

	if (now - vcpu->sampled < TIMEBASE_HZ / PAPYR_TRACE_SAMPLES_HZ)
		return;
	vcpu->sampled = now;
	trace_begin_vcpu(&l, vcpu->id, "sample");
	trace_add(&l, "0x%llx, msr 0x%llx, lr 0x%llx, stack", (unsigned long long)cpu->nip,
		  (unsigned long long)cpu->msr, (unsigned long long)cpu->lr);
	if (cpu->msr & MSR_SF)
		add_callers(&l, cpu);
	put(vcpu, &l);
}
