/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stream of a live migration: records, and what is in them. docs/migration.md has every byte.
 *
 *   0      4       8        12      16       24
 *  +------+-------+--------+-------+--------+------------------+
 *  | type | flags | stored | raw   | sum    | stored bytes ... |   little-endian
 *  +------+-------+--------+-------+--------+------------------+
 *
 * The sum is XXH3-64 of the stored bytes, seeded with that of the first 16 bytes, which is seeded
 * with the record's number in its direction: nothing altered, lost, repeated or moved gets by.
 *
 * What is unpacked here is checked as far as that goes without a machine.
 */
#ifndef PAPYR_MIGRATION_LIVE_PROTOCOL_H
#define PAPYR_MIGRATION_LIVE_PROTOCOL_H

#include "migration/channel/channel.h"
#include "migration/state/saved.h"
#include "platform/guestmem.h"

#define LIVE_VERSION	  1
#define LIVE_HEADER_BYTES 24
#define LIVE_RECORD_MAX	  (2u << 20) /* stored or raw */
#define LIVE_CHUNK_PAGES  32u	     /* in a memory record */

#define LIVE_TYPE(a, b, c, d) ((u32)(a) | (u32)(b) << 8 | (u32)(c) << 16 | (u32)(d) << 24)
/* From the source. */
#define LIVE_HELLO   LIVE_TYPE('H', 'E', 'L', 'O')
#define LIVE_PING    LIVE_TYPE('P', 'I', 'N', 'G')
#define LIVE_MEMORY  LIVE_TYPE('M', 'E', 'M', 'O')
#define LIVE_TABLE   LIVE_TYPE('H', 'T', 'A', 'B')
#define LIVE_ORDER   LIVE_TYPE('O', 'R', 'D', 'R')
#define LIVE_SYNC    LIVE_TYPE('S', 'Y', 'N', 'C')
#define LIVE_VCPU    LIVE_TYPE('V', 'C', 'P', 'U')
#define LIVE_XICS    LIVE_TYPE('X', 'I', 'C', 'S')
#define LIVE_DEVICES LIVE_TYPE('D', 'E', 'V', 'S')
#define LIVE_END     LIVE_TYPE('E', 'N', 'D', ' ')
#define LIVE_GO	     LIVE_TYPE('G', 'O', ' ', ' ')
/* From the destination. */
#define LIVE_ANSWER  LIVE_TYPE('A', 'N', 'S', 'W')
#define LIVE_PONG    LIVE_TYPE('P', 'O', 'N', 'G')
#define LIVE_ACK     LIVE_TYPE('A', 'C', 'K', ' ')
#define LIVE_READY   LIVE_TYPE('R', 'E', 'D', 'Y')
#define LIVE_RUNNING LIVE_TYPE('R', 'U', 'N', 'S')
#define LIVE_REFUSED LIVE_TYPE('F', 'A', 'I', 'L')

/* Flags of a record. */
#define LIVE_ZSTD 1u

/* ---- Records ---- */

struct live_record {
	u32 type;
	u8 *data; /* decoded; until the next record is read */
	size_t bytes;
};

struct live_stream;

/* NULL: there is no memory for it. @ch stays the caller's. */
struct live_stream *live_stream_new(struct channel *ch, struct error *err);
void live_stream_free(struct live_stream *s);
/* Compresses the payload if @zstd and if that makes it smaller. */
int live_send(struct live_stream *s, u32 type, const void *data, size_t bytes, bool zstd,
	      struct error *err);
/* The same from a packed buffer, which is freed. */
int live_send_state(struct live_stream *s, u32 type, struct state_out *out, struct error *err);
int live_receive(struct live_stream *s, struct live_record *rec, struct error *err);

/* How compression did since the stream began. */
struct live_zstd {
	u64 raw, stored, ns;
};
const struct live_zstd *live_zstd(const struct live_stream *s);

/* ---- What is in them ---- */

/* Capabilities: what a side can do. What the source needs and the destination lacks is refused. */
#define LIVE_CAP_ZSTD	     1u
#define LIVE_CAP_TABLE_ORDER 2u /* knows both byte orders of the table's headers */
#define LIVE_CAPS	     (LIVE_CAP_ZSTD | LIVE_CAP_TABLE_ORDER)

#define LIVE_HELLO_ONE_WAY 1u /* nobody can answer */
#define LIVE_DEVICES_MAX   32

struct live_hello {
	u32 version, flags;
	u64 capabilities;
	u32 timeout_ms;
	struct saved_machine machine;
	u32 core_stride; /* vcpu ids from one core to the next */
	u32 n_devices;
	struct {
		char name[32];
		u32 version;
	} devices[LIVE_DEVICES_MAX];
};

void live_hello_pack(const struct live_hello *h, struct state_out *out);
int live_hello_unpack(struct live_hello *h, const struct live_record *rec, struct error *err);

/*
 * Memory: how many pages, then an address for each with bit 0 set if the page is all zero, then the
 * contents of those that aren't.
 */
#define LIVE_PAGE_ZERO 1ull
typedef int (*live_page_fn)(void *opaque, u64 gpa, const u8 *page, struct error *err);
/* @page is NULL for a zero page. */
int live_memory_walk(const struct live_record *rec, u64 mem_bytes, live_page_fn fn, void *opaque,
		     struct error *err);

/* Table: records of the descriptor's stream, in the byte order that comes first. */
typedef int (*live_table_fn)(void *opaque, const u8 *records, size_t bytes, struct error *err);
/*
 * Gives all of them at once, when each is known to be whole and of such a table: in place, with
 * headers in the host's byte order.
 */
int live_table_take(const struct live_record *rec, u64 entries, live_table_fn fn, void *opaque,
		    struct error *err);

#define LIVE_END_GO	1u /* start when this is applied, without READY and GO */
#define LIVE_END_PAUSED 2u /* the guest was not running: it shall not there either */
#define LIVE_END_CLOCK	4u /* host_timebase is known */

struct live_end {
	u32 flags;
	u32 n_vcpus;
	u64 timebase;	   /* the guest's, at the stop */
	u64 host_timebase; /* the destination's clock when the guest's timebase was 0 */
	s64 rtc_offset;
};

void live_end_pack(const struct live_end *e, struct state_out *out);
int live_end_unpack(struct live_end *e, const struct live_record *rec, struct error *err);

/* ANSWER and REFUSED: an empty sentence says yes. */
void live_text_pack(const char *text, struct state_out *out);
int live_text_unpack(char text[256], const struct live_record *rec, struct error *err);

/* PING, PONG, SYNC, ACK, RUNNING, ORDER: one number. */
int live_number_unpack(u64 *n, const struct live_record *rec, struct error *err);
int live_send_number(struct live_stream *s, u32 type, u64 n, struct error *err);

/* Makes @err say what @rec is instead of the wanted record; -1. */
int live_unexpected(const struct live_record *rec, struct error *err);

#endif
