/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RTAS calls that tell of events: somebody wants the machine off, or other processors or memory in
 * it.
 */
#include "platform/hotplug.h"
#include "platform/rtas.h"
#include "platform/rtas_log.h"
#include "platform/vcpu.h"
#include "platform/xics.h"

/* Bits of the mask that says which events are asked for. */
#define EVENT_MASK_EPOW	   0x40000000
#define EVENT_MASK_HOTPLUG 0x10000000

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

#define HOTPLUG_BYTES 16 /* section HP */
#define HOTPLUG_LOG_BYTES                                                                          \
	(RTAS_LOG_FIXED_BYTES + RTAS_LOG_HEAD_BYTES + RTAS_LOG_MAIN_BYTES + RTAS_LOG_USER_BYTES +  \
	 HOTPLUG_BYTES)

#define HOTPLUG_CPU	 1
#define HOTPLUG_MEM	 2
#define HOTPLUG_ADD	 1
#define HOTPLUG_REMOVE	 2
#define HOTPLUG_BY_INDEX 2
#define HOTPLUG_BY_COUNT 3

/*
 * A log that asks for one thing to be added or removed. Which memory it can do without the guest
 * knows best: it goes through all that it has.
 */
static void hotplug_log(u8 *log, const struct hotplug_event *e)
{
	u8 *p;

	rtas_log_begin(log, HOTPLUG_LOG_BYTES, RTAS_LOG_SEVERITY_EVENT, 0, RTAS_LOG_TYPE_HOTPLUG);
	p = rtas_log_common(log + RTAS_LOG_FIXED_BYTES + RTAS_LOG_HEAD_BYTES, 3, 0);
	p = rtas_log_section(p, "HP", HOTPLUG_BYTES);
	p[0] = e->kind == HOTPLUG_CPUS ? HOTPLUG_CPU : HOTPLUG_MEM;
	p[1] = e->event == DRC_ADD ? HOTPLUG_ADD : HOTPLUG_REMOVE;
	if (e->kind == HOTPLUG_MEMORY && e->event == DRC_REMOVE) {
		p[2] = HOTPLUG_BY_COUNT;
		store_be32(p + 4, 1);
	} else {
		p[2] = HOTPLUG_BY_INDEX;
		store_be32(p + 4, e->index);
	}
}

#define LOG_BYTES_MAX (EPOW_LOG_BYTES > HOTPLUG_LOG_BYTES ? EPOW_LOG_BYTES : HOTPLUG_LOG_BYTES)

/* With m->lock held. The next event's log; its length, or 0: there is none. */
static u32 take_event(struct machine *m, u32 mask, u8 *log)
{
	struct hotplug_event e;

	if (m->powerdown_asked && (mask & EVENT_MASK_EPOW)) {
		m->powerdown_asked = false;
		epow_log(log);
		return EPOW_LOG_BYTES;
	}
	if ((mask & EVENT_MASK_HOTPLUG) && hotplug_next_event(m, &e)) {
		hotplug_log(log, &e);
		return HOTPLUG_LOG_BYTES;
	}
	return 0;
}

static s32 fetch_event(struct rtas_call *a, u32 mask, u32 buf_gpa, u32 len)
{
	struct machine *m = a->vcpu->m;
	u8 *buf = rtas_buffer(a, buf_gpa, len);
	u8 log[LOG_BYTES_MAX];
	u32 bytes;

	if (!buf)
		return RTAS_PARAMETER;
	lock_acquire(&m->lock);
	bytes = take_event(m, mask, log);
	lock_release(&m->lock);
	if (!bytes)
		return RTAS_NO_ERROR_LOG;
	memcpy(buf, log, len < bytes ? len : bytes);
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

#define SENSOR_EPOW	 9
#define SENSOR_CONNECTOR 9003

/*
 * get-sensor-state(sensor, index) -> status, state. One sensor says that power is as it should be,
 * the others what is behind connectors.
 */
s32 rtas_get_sensor_state(struct rtas_call *a)
{
	if (rtas_arg(a, 0) == SENSOR_CONNECTOR)
		return rtas_sense_connector(a);
	if (rtas_arg(a, 0) != SENSOR_EPOW || rtas_arg(a, 1) != 0)
		return RTAS_PARAMETER;
	rtas_result(a, 1, 0);
	return RTAS_SUCCESS;
}
