/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RTAS calls that tell of events. There is one kind of event here: somebody wants the machine off.
 */
#include "platform/rtas.h"
#include "platform/rtas_log.h"

#include "platform/vcpu.h"
#include "platform/xics.h"

/* Bits of the mask that says which events are asked for. */
#define EVENT_MASK_EPOW 0x40000000

#define EPOW_BYTES 20 /* section EP */
#define EPOW_LOG_BYTES                                                                             \
	(RTAS_LOG_FIXED_BYTES + RTAS_LOG_HEAD_BYTES + RTAS_LOG_MAIN_BYTES + RTAS_LOG_USER_BYTES +  \
	 EPOW_BYTES)

#define EPOW_SYSTEM_SHUTDOWN 3
#define EPOW_NORMAL_SHUTDOWN 1

/* A log that asks for an orderly shutdown. PAPR 10.3.2. */
static void epow_log(u8 *log)
{
	u8 *p;

	rtas_log_begin(log, EPOW_LOG_BYTES, RTAS_LOG_SEVERITY_EVENT, 0, RTAS_LOG_TYPE_EPOW);
	p = rtas_log_common(log + RTAS_LOG_FIXED_BYTES + RTAS_LOG_HEAD_BYTES, 3, 0);
	p = rtas_log_section(p, "EP", EPOW_BYTES);
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
