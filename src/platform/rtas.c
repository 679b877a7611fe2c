/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of RTAS calls, and the way from the hypercall to one of them.
 */
#include "platform/rtas.h"

#include <errno.h>
#include <papyr/papr.h>
#include <stdio.h>

#include "platform/dirtylog.h"
#include "platform/exits.h"
#include "platform/trace.h"
#include "platform/vcpu.h"

#define TOKEN_BASE 0x2000

/* Most words that a call may have together. */
#define WORDS_MAX 16

/* A call without a function is answered by KVM. */
static const struct rtas_def {
	const char *name;
	s32 (*fn)(struct rtas_call *a);
	u8 min_in, max_in, min_out;
	bool pci; /* told to guests that have such a bus */
} calls[] = {
    {"display-character", rtas_display_character, 1, 1, 1},
    {"get-time-of-day", rtas_get_time_of_day, 0, 0, 8},
    {"set-time-of-day", rtas_set_time_of_day, 7, 7, 1},
    {"power-off", rtas_power_off, 2, 2, 1},
    {"system-reboot", rtas_system_reboot, 0, 0, 1},
    {"query-cpu-stopped-state", rtas_query_cpu_stopped_state, 1, 1, 2},
    {"start-cpu", rtas_start_cpu, 3, 3, 1},
    {"stop-self", rtas_stop_self, 0, 0, 1},
    {"ibm,get-system-parameter", rtas_get_system_parameter, 3, 3, 1},
    {"ibm,set-system-parameter", rtas_set_system_parameter, 2, 2, 1},
    {"nvram-fetch", rtas_nvram_fetch, 3, 3, 2},
    {"nvram-store", rtas_nvram_store, 3, 3, 2},
    {"event-scan", rtas_event_scan, 4, 4, 1},
    {"check-exception", rtas_check_exception, 6, 7, 1},
    {"rtas-last-error", rtas_last_error, 2, 2, 1},
    {"get-sensor-state", rtas_get_sensor_state, 2, 2, 2},
    {"ibm,os-term", rtas_os_term, 1, 1, 1},
    {"ibm,set-xive", NULL, 3, 3, 1},
    {"ibm,get-xive", NULL, 1, 1, 3},
    {"ibm,int-off", NULL, 1, 1, 1},
    {"ibm,int-on", NULL, 1, 1, 1},
    {"ibm,nmi-register", rtas_nmi_register, 2, 2, 1},
    {"ibm,nmi-interlock", rtas_nmi_interlock, 0, 0, 1},
    {"set-indicator", rtas_set_indicator, 3, 3, 1},
    {"ibm,configure-connector", rtas_configure_connector, 2, 2, 1},
    {"read-pci-config", rtas_read_pci_config, 2, 2, 2, true},
    {"write-pci-config", rtas_write_pci_config, 3, 3, 1, true},
    {"ibm,read-pci-config", rtas_ibm_read_pci_config, 4, 4, 2, true},
    {"ibm,write-pci-config", rtas_ibm_write_pci_config, 5, 5, 1, true},
    {"ibm,change-msi", rtas_ibm_change_msi, 6, 6, 3, true},
    {"ibm,query-interrupt-source-number", rtas_ibm_query_interrupt_source_number, 4, 4, 3, true},
};

const char *rtas_name(unsigned i, u32 *token)
{
	if (i >= ARRAY_SIZE(calls))
		return NULL;
	*token = TOKEN_BASE + i;
	return calls[i].name;
}

bool rtas_is_told(const struct machine *m, unsigned i)
{
	return !calls[i].pci || m->pci;
}

int rtas_define_tokens(struct machine *m, struct error *err)
{
	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
		struct kvm_rtas_token_args args = {.token = TOKEN_BASE + i};

		if (calls[i].fn)
			continue;
		snprintf(args.name, sizeof(args.name), "%s", calls[i].name);
		if (m->accel->ioctl(m->vm_fd, KVM_PPC_RTAS_DEFINE_TOKEN, &args) < 0)
			return error_errno(err, "KVM does not answer the RTAS call %s", args.name);
	}
	return 0;
}

static void trace_call(const struct rtas_call *a, const struct rtas_def *def, u32 token)
{
	if (machine_traces(a->vcpu->m, PAPYR_TRACE_RTAS))
		trace_vcpu_rtas(a->vcpu, def ? def->name : NULL, token, a->in, a->n_in, a->out,
				a->n_out);
}

s64 rtas_call(struct vcpu *vcpu, u64 args_gpa)
{
	struct machine *m = vcpu->m;
	struct rtas_call a = {.vcpu = vcpu};
	const struct rtas_def *def;
	u32 token, copy[3];
	u8 *block;

	block = machine_ptr(m, args_gpa, 12);
	if (!block)
		return H_PARAMETER;
	/* Copied first: another vcpu may be changing the block while we look at it. */
	memcpy(copy, block, sizeof(copy));
	token = be32(copy[0]);
	a.n_in = be32(copy[1]);
	a.n_out = be32(copy[2]);
	if (a.n_in > WORDS_MAX || a.n_out > WORDS_MAX || a.n_in + a.n_out > WORDS_MAX || !a.n_out)
		return H_PARAMETER;
	block = machine_ptr(m, args_gpa, 12 + 4 * (a.n_in + a.n_out));
	if (!block)
		return H_PARAMETER;
	a.in = block + 12;
	a.out = a.in + 4 * a.n_in;

	def = token - TOKEN_BASE < ARRAY_SIZE(calls) ? &calls[token - TOKEN_BASE] : NULL;
	if (!def || !def->fn || a.n_in < def->min_in || a.n_in > def->max_in ||
	    a.n_out < def->min_out) {
		rtas_result(&a, 0, RTAS_PARAMETER);
		trace_call(&a, def, token);
		machine_wrote(m, args_gpa, 12 + 4 * (a.n_in + a.n_out));
		return H_PARAMETER;
	}
	rtas_result(&a, 0, def->fn(&a));
	trace_call(&a, def, token);
	machine_wrote(m, a.buf_gpa, a.buf_len);
	machine_wrote(m, args_gpa, 12 + 4 * (a.n_in + a.n_out));
	return H_SUCCESS;
}
