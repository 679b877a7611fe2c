/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RTAS calls that tell of events. There is one kind of event here: somebody wants the machine off.
 */
#include "platform/rtas.h"

#include "platform/vcpu.h"
#include "platform/xics.h"

/* Bits of the mask that says which events are asked for. */
#define EVENT_MASK_EPOW 0x40000000

/* Fixed part of an error log: version 6, event, not recovered, extended log follows, type EPOW. */
#define LOG_VERSION_6	   0x06
#define LOG_SEVERITY_EVENT (1 << 5)
#define LOG_EXTENDED	   (1 << 2)
#define LOG_TYPE_EPOW	   64

/*
 * Sections of an extended log begin with two letters, their length, version, subtype, and creator.
 */
static u8 *log_section(u8 *p, const char *id, unsigned bytes)
{
	memset(p, 0, bytes);
	p[0] = id[0];
	p[1] = id[1];
	p[2] = bytes >> 8;
	p[3] = bytes;
	p[4] = 1;
	return p + 8;
}

#define FIXED_BYTES    8
#define EXT_BYTES      16 /* format and "IBM", ahead of the sections */
#define MAIN_BYTES     48 /* section PH */
#define USER_BYTES     24 /* section UH */
#define EPOW_BYTES     20 /* section EP */
#define EPOW_LOG_BYTES (FIXED_BYTES + EXT_BYTES + MAIN_BYTES + USER_BYTES + EPOW_BYTES)

#define EPOW_SYSTEM_SHUTDOWN 3
#define EPOW_NORMAL_SHUTDOWN 1

/* A log that asks for an orderly shutdown. PAPR 10.3.2. */
static void epow_log(u8 *log)
{
	u8 *p;

	memset(log, 0, EPOW_LOG_BYTES);
	log[0] = LOG_VERSION_6;
	log[1] = LOG_SEVERITY_EVENT | LOG_EXTENDED;
	log[3] = LOG_TYPE_EPOW;
	store_be32(log + 4, EPOW_LOG_BYTES - FIXED_BYTES);

	p = log + FIXED_BYTES;
	p[0] = 0x80;	    /* the log is valid */
	p[2] = 0x80 | 0x0e; /* big-endian, PowerPC format */
	memcpy(p + 12, "IBM", 4);

	p = log_section(log + FIXED_BYTES + EXT_BYTES, "PH", MAIN_BYTES);
	p[16] = 'K'; /* created by the hypervisor */
	p[19] = 3;   /* sections */
	p = log_section(log + FIXED_BYTES + EXT_BYTES + MAIN_BYTES, "UH", USER_BYTES);
	p[3] = 0; /* informational */
	p = log_section(log + FIXED_BYTES + EXT_BYTES + MAIN_BYTES + USER_BYTES, "EP", EPOW_BYTES);
	p[0] = EPOW_SYSTEM_SHUTDOWN;
	p[1] = EPOW_NORMAL_SHUTDOWN;
}

static s32 fetch_event(struct rtas_call *a, u32 mask, u32 buf_gpa, u32 len)
{
	struct machine *m = a->vcpu->m;
	u8 *buf = rtas_buffer(a, buf_gpa, len);
	u8 log[EPOW_LOG_BYTES];
	bool asked;

	if (!buf)
		return RTAS_PARAMETER;
	lock_acquire(&m->lock);
	asked = m->powerdown_asked && (mask & EVENT_MASK_EPOW);
	if (asked)
		m->powerdown_asked = false;
	lock_release(&m->lock);
	if (!asked)
		return RTAS_NO_ERROR_LOG;
	epow_log(log);
	memcpy(buf, log, len < sizeof(log) ? len : sizeof(log));
	return RTAS_SUCCESS;
}

/*
 * event-scan(mask, critical, buffer, length) -> status: 0 a log is in the buffer, 1 nothing to tell
 */
s32 rtas_event_scan(struct rtas_call *a)
{
	return fetch_event(a, rtas_arg(a, 0), rtas_arg(a, 2), rtas_arg(a, 3));
}

/*
 * check-exception(vector, information, mask, critical, buffer, length [, more information]) ->
 * status: as event-scan's.
 */
s32 rtas_check_exception(struct rtas_call *a)
{
	return fetch_event(a, rtas_arg(a, 2), rtas_arg(a, 4), rtas_arg(a, 5));
}

/* rtas-last-error(buffer, length) -> status. Our RTAS has no errors of its own to tell. */
s32 rtas_last_error(struct rtas_call *a)
{
	return RTAS_NO_ERROR_LOG;
}

#define SENSOR_EPOW 9

/* get-sensor-state(sensor, index) -> status, state. The one sensor says that power is as it should
 * be. */
s32 rtas_get_sensor_state(struct rtas_call *a)
{
	if (rtas_arg(a, 0) != SENSOR_EPOW || rtas_arg(a, 1) != 0)
		return RTAS_PARAMETER;
	rtas_result(a, 1, 0);
	return RTAS_SUCCESS;
}
