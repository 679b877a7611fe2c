/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RTAS calls that read and write what the platform keeps: clock, NVRAM, system parameters, a
 * character for whoever watches.
 */
#include <stdio.h>
#include <time.h>

#include "platform/console.h"
#include "platform/exits.h"
#include "platform/hotplug.h"
#include "platform/rtas.h"
#include "platform/vcpu.h"

/* ---- Clock ---- */

/* get-time-of-day() -> status, year, month, day, hour, minute, second, nanoseconds; UTC */
s32 rtas_get_time_of_day(struct rtas_call *a)
{
	struct machine *m = a->vcpu->m;
	struct timespec now;
	struct tm tm;
	time_t t;

	clock_gettime(CLOCK_REALTIME, &now);
	lock_acquire(&m->lock);
	t = now.tv_sec + m->rtc_offset;
	lock_release(&m->lock);
	if (!gmtime_r(&t, &tm))
		return RTAS_HARDWARE;
	rtas_result(a, 1, tm.tm_year + 1900);
	rtas_result(a, 2, tm.tm_mon + 1);
	rtas_result(a, 3, tm.tm_mday);
	rtas_result(a, 4, tm.tm_hour);
	rtas_result(a, 5, tm.tm_min);
	rtas_result(a, 6, tm.tm_sec);
	rtas_result(a, 7, now.tv_nsec);
	return RTAS_SUCCESS;
}

/*
 * set-time-of-day(year, month, day, hour, minute, second, nanoseconds) -> status. The host's clock
 * stays as it is; how far the guest's is from it is kept. Status -3: no such time.
 */
s32 rtas_set_time_of_day(struct rtas_call *a)
{
	struct machine *m = a->vcpu->m;
	u32 year = rtas_arg(a, 0);
	struct tm tm;
	time_t t;

	if (year < 1970 || year > 9999 || rtas_arg(a, 1) - 1 > 11 || rtas_arg(a, 2) - 1 > 30 ||
	    rtas_arg(a, 3) > 23 || rtas_arg(a, 4) > 59 || rtas_arg(a, 5) > 59)
		return RTAS_PARAMETER;
	tm = (struct tm){
	    .tm_year = year - 1900,
	    .tm_mon = rtas_arg(a, 1) - 1,
	    .tm_mday = rtas_arg(a, 2),
	    .tm_hour = rtas_arg(a, 3),
	    .tm_min = rtas_arg(a, 4),
	    .tm_sec = rtas_arg(a, 5),
	};
	t = timegm(&tm);
	if (t == (time_t)-1)
		return RTAS_PARAMETER;
	lock_acquire(&m->lock);
	m->rtc_offset = t - time(NULL);
	lock_release(&m->lock);
	return RTAS_SUCCESS;
}

/* ---- NVRAM ---- */

/*
 * A partition's header: signature, checksum, length in blocks of 16 bytes, name of 12. The checksum
 * is the sum of the other bytes with the carries added in.
 */
static void nvram_partition(u8 *p, u8 signature, unsigned bytes, const char *name)
{
	unsigned sum = 0;

	memset(p, 0, 16);
	p[0] = signature;
	p[2] = bytes / 16 >> 8;
	p[3] = bytes / 16;
	memcpy(p + 4, name, strlen(name));
	for (unsigned i = 0; i < 16; i++)
		if (i != 1) {
			sum += p[i];
			sum = (sum & 0xff) + (sum >> 8);
		}
	p[1] = sum;
}

#define NVRAM_COMMON	   0x70
#define NVRAM_FREE	   0x7f
#define NVRAM_COMMON_BYTES 0x1000

/* As the factory leaves it: room for variables, the rest free. */
void nvram_format(u8 *nvram)
{
	memset(nvram, 0, NVRAM_BYTES);
	nvram_partition(nvram, NVRAM_COMMON, NVRAM_COMMON_BYTES, "common");
	nvram_partition(nvram + NVRAM_COMMON_BYTES, NVRAM_FREE, NVRAM_BYTES - NVRAM_COMMON_BYTES,
			"wwwwwwwwwwww");
}

/* (index, buffer, length) -> status, bytes. Status -3: beyond the end, or no memory there. */
static s32 nvram_copy(struct rtas_call *a, bool store)
{
	struct machine *m = a->vcpu->m;
	u32 index = rtas_arg(a, 0), len = rtas_arg(a, 2);
	u8 *buf = rtas_buffer(a, rtas_arg(a, 1), len);

	if (index > NVRAM_BYTES || len > NVRAM_BYTES - index || !buf)
		return RTAS_PARAMETER;
	lock_acquire(&m->lock);
	if (store)
		memcpy(m->nvram + index, buf, len);
	else
		memcpy(buf, m->nvram + index, len);
	lock_release(&m->lock);
	rtas_result(a, 1, len);
	return RTAS_SUCCESS;
}

s32 rtas_nvram_fetch(struct rtas_call *a)
{
	return nvram_copy(a, false);
}

s32 rtas_nvram_store(struct rtas_call *a)
{
	return nvram_copy(a, true);
}

/* ---- System parameters ---- */

#define PARAM_SPLPAR	       20
#define PARAM_DIAGNOSTICS_MODE 42
#define PARAM_UUID	       48
#define DIAGNOSTICS_DISABLED   0

/* A parameter's value into @val; its length, or -1 if there is no such parameter. */
static int system_parameter(struct machine *m, u32 param, u8 *val, size_t size)
{
	struct hotplug_look cpus;

	switch (param) {
	case PARAM_SPLPAR:
		hotplug_look(m, HOTPLUG_CPUS, &cpus);
		return 1 + snprintf((char *)val, size,
				    "MaxEntCap=%u,DesMem=%llu,DesProcs=%u,MaxPlatProcs=%u",
				    m->n_vcpus * 100,
				    (unsigned long long)(guest_mem_present(&m->mem) >> 20),
				    (unsigned)cpus.now, m->n_vcpus);
	case PARAM_DIAGNOSTICS_MODE:
		val[0] = DIAGNOSTICS_DISABLED;
		return 1;
	case PARAM_UUID:
		memcpy(val, m->uuid, sizeof(m->uuid));
		return sizeof(m->uuid);
	default:
		return -1;
	}
}

/*
 * ibm,get-system-parameter(parameter, buffer, length) -> status. The buffer gets the value's length
 * in two bytes, then as much of the value as there is room for. Status -3: no such parameter,
 * -9999: the buffer. PAPR 7.3.16.
 */
s32 rtas_get_system_parameter(struct rtas_call *a)
{
	u32 len = rtas_arg(a, 2);
	u8 *buf = rtas_buffer(a, rtas_arg(a, 1), len);
	u8 val[128];
	int n;

	if (!buf || len < 2)
		return RTAS_PARAM_FORMAT;
	n = system_parameter(a->vcpu->m, rtas_arg(a, 0), val, sizeof(val));
	if (n < 0)
		return RTAS_NOT_SUPPORTED;
	buf[0] = n >> 8;
	buf[1] = n;
	memcpy(buf + 2, val, (u32)n < len - 2 ? (u32)n : len - 2);
	return RTAS_SUCCESS;
}

/* ibm,set-system-parameter(parameter, buffer) -> status. Those that exist can't be changed. */
s32 rtas_set_system_parameter(struct rtas_call *a)
{
	u8 val[128];

	if (system_parameter(a->vcpu->m, rtas_arg(a, 0), val, sizeof(val)) < 0)
		return RTAS_NOT_SUPPORTED;
	return RTAS_NOT_AUTHORIZED;
}

/* ---- Operator panel ---- */

/* display-character(c) -> status. The panel is the console. Status -2: try again. */
s32 rtas_display_character(struct rtas_call *a)
{
	u8 c = rtas_arg(a, 0);

	return console_write(a->vcpu->m->console, &c, 1) ? RTAS_SUCCESS : RTAS_BUSY;
}
