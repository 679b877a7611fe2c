/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RTAS error logs (PAPR 10.3): a fixed part of 8 bytes, then, of version 6, a head of 16 and
 * sections.
 */
#ifndef PAPYR_PLATFORM_RTAS_LOG_H
#define PAPYR_PLATFORM_RTAS_LOG_H

#include <string.h>

#include "base/bits.h"

#define RTAS_LOG_FIXED_BYTES 8
#define RTAS_LOG_HEAD_BYTES  16 /* format and "IBM", ahead of the sections */

#define RTAS_LOG_SEVERITY_EVENT	     (1 << 5)
#define RTAS_LOG_SEVERITY_ERROR_SYNC (3 << 5)
#define RTAS_LOG_RECOVERED	     (0 << 3)
#define RTAS_LOG_NOT_RECOVERED	     (2 << 3)
#define RTAS_LOG_INITIATOR_CPU	     (1 << 4)
#define RTAS_LOG_INITIATOR_MEMORY    (4 << 4)
#define RTAS_LOG_TYPE_UNKNOWN	     0
#define RTAS_LOG_TYPE_ECC	     9 /* uncorrectable */
#define RTAS_LOG_TYPE_EPOW	     64
#define RTAS_LOG_TYPE_HOTPLUG	     0xe5

/*
 * A cleared log of @bytes in all: its fixed part and head. Sections follow.
 */
void rtas_log_begin(u8 *log, unsigned bytes, u8 severity, u8 initiator, u8 type);

/*
 * The section of @bytes at @p, cleared: sections begin with two letters, their length, version,
 * subtype, and creator. Returns what is behind that.
 */
u8 *rtas_log_section(u8 *p, const char *id, unsigned bytes);

#define RTAS_LOG_SECTION_HEAD 8
#define RTAS_LOG_MAIN_BYTES   48 /* section PH, */
#define RTAS_LOG_USER_BYTES   24 /* ... and UH, which come first */

/* The two sections that all logs have, of one with @sections sections. Returns what is behind. */
u8 *rtas_log_common(u8 *p, unsigned sections, u8 severity);

#endif
