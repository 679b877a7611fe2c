/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/rtas_log.h"

#define VERSION_6 0x06
#define EXTENDED  (1 << 2) /* sections follow */

void rtas_log_begin(u8 *log, unsigned bytes, u8 severity, u8 initiator, u8 type)
{
	u8 *head = log + RTAS_LOG_FIXED_BYTES;

	memset(log, 0, bytes);
	log[0] = VERSION_6;
	log[1] = severity | EXTENDED;
	log[2] = initiator;
	log[3] = type;
	store_be32(log + 4, bytes - RTAS_LOG_FIXED_BYTES);
	head[0] = 0x80;	       /* the log is valid */
	head[2] = 0x80 | 0x0e; /* big-endian, PowerPC format */
	memcpy(head + 12, "IBM", 4);
}

u8 *rtas_log_section(u8 *p, const char *id, unsigned bytes)
{
	memset(p, 0, bytes);
	p[0] = id[0];
	p[1] = id[1];
	p[2] = bytes >> 8;
	p[3] = bytes;
	p[4] = 1;
	return p + RTAS_LOG_SECTION_HEAD;
}

u8 *rtas_log_common(u8 *p, unsigned sections, u8 severity)
{
	u8 *q = rtas_log_section(p, "PH", RTAS_LOG_MAIN_BYTES);

	q[16] = 'K'; /* created by the hypervisor */
	q[19] = sections;
	p += RTAS_LOG_MAIN_BYTES;
	q = rtas_log_section(p, "UH", RTAS_LOG_USER_BYTES);
	q[2] = severity;
	return p + RTAS_LOG_USER_BYTES;
}
