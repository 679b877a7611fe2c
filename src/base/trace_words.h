/* SPDX-License-Identifier: Apache-2.0 */
/* What traces tell of calls and exits, in words. */
#ifndef PAPYR_BASE_TRACE_WORDS_H
#define PAPYR_BASE_TRACE_WORDS_H

#include <papyr/kvm.h>
#include <papyr/papr.h>

#include "base/trace.h"

/* ---- Hypercalls ---- */

#define TRACE_ARGS 9 /* r4 .. r12 */

/* One that has begun; its results take its arguments' registers. */
struct traced_hcall {
	bool open;
	u64 number, args[TRACE_ARGS];
};

static inline void trace_list(struct trace_line *l, const u64 *values, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		trace_add(l, "%s0x%llx", i ? ", " : "", (unsigned long long)values[i]);
}

static inline void trace_hcall_name(struct trace_line *l, u64 number)
{
	const struct papr_hcall_row *row = papr_hcall_find(number);

	if (row)
		trace_add(l, "%s", row->name);
	else
		trace_add(l, "0x%llx", (unsigned long long)number);
}

/* NAME(arguments) = CODE results. Of one without a name four registers are shown. */
static inline void trace_hcall(struct trace_line *l, const struct traced_hcall *call, s64 ret,
			       const u64 *results)
{
	const struct papr_hcall_row *row = papr_hcall_find(call->number);
	const char *code = papr_code_name(ret);

	trace_hcall_name(l, call->number);
	trace_add(l, "(");
	trace_list(l, call->args, row ? row->args : 4);
	trace_add(l, ") = ");
	if (code)
		trace_add(l, "%s", code);
	else
		trace_add(l, "%lld", (long long)ret);
	if (row && row->results && ret == H_SUCCESS) {
		trace_add(l, " ");
		trace_list(l, results, row->results);
	}
}

/* ---- RTAS ---- */

static inline void trace_words_be(struct trace_line *l, const u8 *block, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		trace_add(l, "%s0x%x", i ? ", " : "", load_be32(block + 4 * i));
}

/*
 * NAME(arguments) = status results. @in, @out: words in guest memory. NULL for @name: by token.
 */
static inline void trace_rtas(struct trace_line *l, const char *name, u32 token, const u8 *in,
			      unsigned n_in, const u8 *out, unsigned n_out)
{
	if (name)
		trace_add(l, "%s(", name);
	else
		trace_add(l, "token 0x%x(", token);
	trace_words_be(l, in, n_in);
	trace_add(l, ")");
	if (!n_out)
		return;
	trace_add(l, " = %d%s", (s32)load_be32(out), n_out > 1 ? " " : "");
	trace_words_be(l, out + 4, n_out - 1);
}

/* ---- KVM_RUN's end ---- */

static inline void trace_mmio(struct trace_line *l, const struct kvm_run *run)
{
	trace_add(l, "MMIO %s of %u bytes at 0x%llx", run->mmio.is_write ? "store" : "load",
		  run->mmio.len, (unsigned long long)run->mmio.phys_addr);
	for (unsigned i = 0; run->mmio.is_write && i < run->mmio.len && i < 8; i++)
		trace_add(l, "%s%02x", i ? "" : ": ", run->mmio.data[i]);
}

/* @error: what KVM_RUN failed with, 0 if it didn't. */
static inline void trace_exit(struct trace_line *l, const struct kvm_run *run, int error)
{
	if (error && error != EINTR) {
		trace_add(l, "none: %s", strerror(error));
		return;
	}
	switch (error ? KVM_EXIT_INTR : run->exit_reason) {
	case KVM_EXIT_PAPR_HCALL:
		trace_add(l, "PAPR_HCALL ");
		trace_hcall_name(l, run->papr_hcall.nr);
		break;
	case KVM_EXIT_MMIO:
		trace_mmio(l, run);
		break;
	case KVM_EXIT_INTR:
		trace_add(l, "INTR");
		break;
	case KVM_EXIT_NMI:
		trace_add(l, "NMI, %s", (run->flags & KVM_RUN_PPC_NMI_DISP_MASK) ==
						KVM_RUN_PPC_NMI_DISP_FULLY_RECOV
					    ? "recovered"
					    : "not recovered");
		break;
	case KVM_EXIT_DEBUG:
		trace_add(l, "DEBUG at 0x%llx, status 0x%x",
			  (unsigned long long)run->debug.arch.address, run->debug.arch.status);
		break;
	case KVM_EXIT_SYSTEM_EVENT:
		trace_add(l, "SYSTEM_EVENT %u", run->system_event.type);
		break;
	case KVM_EXIT_FAIL_ENTRY:
		trace_add(l, "FAIL_ENTRY 0x%llx",
			  (unsigned long long)run->fail_entry.hardware_entry_failure_reason);
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		trace_add(l, "INTERNAL_ERROR %u", run->internal.suberror);
		break;
	default:
		trace_add(l, "reason %u", run->exit_reason);
	}
}

#endif
