/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RTAS: how a call's arguments are reached, and the calls themselves, one file a subject.
 *
 * A call's block in guest memory, all 32-bit big-endian words:
 *
 *   0      4       8      12                12 + 4 * nargs
 *  +-------+-------+------+---------------+---------------+
 *  | token | nargs | nret | arguments ... | results ...   |   results[0] is the status
 *  +-------+-------+------+---------------+---------------+
 */
#ifndef PAPYR_PLATFORM_RTAS_H
#define PAPYR_PLATFORM_RTAS_H

#include "platform/vcpu.h"

/* Status words common to all calls (PAPR 7.2.8) and some calls' own. */
#define RTAS_SUCCESS	      0
#define RTAS_NO_ERROR_LOG     1 /* event-scan, check-exception: nothing to tell */
#define RTAS_HARDWARE	      (-1)
#define RTAS_BUSY	      (-2)
#define RTAS_PARAMETER	      (-3)
#define RTAS_NOT_SUPPORTED    (-3) /* system parameters */
#define RTAS_NO_INDICATOR     (-3) /* indicators and sensors */
#define RTAS_IN_USE	      (-9001)
#define RTAS_NOT_AUTHORIZED   (-9002)
#define RTAS_NOT_CONFIGURABLE (-9003) /* ibm,configure-connector */
#define RTAS_BUSY_FOR_100MS   9902
#define RTAS_PARAM_FORMAT     (-9999) /* system parameters */

struct rtas_call {
	struct vcpu *vcpu;
	u8 *in;	 /* n_in words */
	u8 *out; /* n_out words */
	unsigned n_in, n_out;
	u32 buf_gpa, buf_len; /* of rtas_buffer(): maybe written when the call returns */
};

static inline u32 rtas_arg(const struct rtas_call *a, unsigned i)
{
	return load_be32(a->in + 4 * i);
}

/* The result @i; results[0], the status, is what the call's function returns. */
static inline void rtas_result(struct rtas_call *a, unsigned i, u32 val)
{
	store_be32(a->out + 4 * i, val);
}

/* A buffer that a call names, at most one each call; NULL if it is not all in memory. */
static inline u8 *rtas_buffer(struct rtas_call *a, u32 gpa, u32 len)
{
	a->buf_gpa = gpa;
	a->buf_len = len;
	return machine_ptr(a->vcpu->m, gpa, len);
}

/* fwnmi.c */
s32 rtas_nmi_register(struct rtas_call *a);
s32 rtas_nmi_interlock(struct rtas_call *a);

/* rtas_cpu.c */
s32 rtas_query_cpu_stopped_state(struct rtas_call *a);
s32 rtas_start_cpu(struct rtas_call *a);
s32 rtas_stop_self(struct rtas_call *a);
s32 rtas_power_off(struct rtas_call *a);
s32 rtas_system_reboot(struct rtas_call *a);
s32 rtas_os_term(struct rtas_call *a);

/* rtas_data.c */
s32 rtas_get_time_of_day(struct rtas_call *a);
s32 rtas_set_time_of_day(struct rtas_call *a);
s32 rtas_get_system_parameter(struct rtas_call *a);
s32 rtas_set_system_parameter(struct rtas_call *a);
s32 rtas_nvram_fetch(struct rtas_call *a);
s32 rtas_nvram_store(struct rtas_call *a);
s32 rtas_display_character(struct rtas_call *a);

/* rtas_event.c */
s32 rtas_event_scan(struct rtas_call *a);
s32 rtas_check_exception(struct rtas_call *a);
s32 rtas_last_error(struct rtas_call *a);
s32 rtas_get_sensor_state(struct rtas_call *a);

/* rtas_dr.c */
s32 rtas_set_indicator(struct rtas_call *a);
s32 rtas_configure_connector(struct rtas_call *a);
/* get-sensor-state's sensor dr-entity-sense */
s32 rtas_sense_connector(struct rtas_call *a);

/* rtas_pci.c */
s32 rtas_read_pci_config(struct rtas_call *a);
s32 rtas_write_pci_config(struct rtas_call *a);
s32 rtas_ibm_read_pci_config(struct rtas_call *a);
s32 rtas_ibm_write_pci_config(struct rtas_call *a);
s32 rtas_ibm_change_msi(struct rtas_call *a);
s32 rtas_ibm_query_interrupt_source_number(struct rtas_call *a);

#endif
