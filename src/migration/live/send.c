/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory and table into the stream.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "base/racy.h"
#include "migration/live/source.h"
#include "migration/state/htab.h"
#include "platform/dirtylog.h"
#include "platform/kind.h"

/* Sent at full speed before a pause, where the user set a limit. */
#define LIMIT_BURST	 (512u << 10)
#define TABLE_READ_BYTES (256u << 10)
/* The first pass begins with so much as it is, and sees by it how fast the link is. */
#define PROBE_BYTES (8u << 20)
/* What the link's speed is told by when the first pass doesn't show it. */
#define MEASURE_PAGES 256u
/* A read that leaves more than this has come to the pass's end. */
#define TABLE_TAIL_BYTES 64

int source_collect(struct source *s, struct error *err)
{
	u64 now = live_now_ns(), before = s->n_dirty, elapsed = now - s->collected_ns;

	if (machine_get_writes(s->m, s->dirty, err))
		return -1;
	s->n_dirty = 0;
	for (u64 i = 0; i < s->words; i++)
		s->n_dirty += __builtin_popcountll(s->dirty[i]);
	if (elapsed)
		s->page_rate = (s->n_dirty - before) * 1e9 / elapsed;
	s->collected_ns = now;
	return 0;
}

/*
 * Compression pays when it is faster than the link, and makes the data smaller. Both are measured:
 * one chunk in 16 is compressed come what may.
 */
static bool use_zstd(struct source *s)
{
	const struct live_zstd *z = live_zstd(s->stream);

	if (!s->p.compress)
		return false;
	if (s->chunk++ % 16 == 0 || z->raw < 1 << 20 || !s->bandwidth)
		return true;
	return z->raw * 1e9 / z->ns > s->bandwidth && z->stored < z->raw - z->raw / 8;
}

int source_keep_limit(struct source *s, u64 burst, struct error *err)
{
	u64 bytes = channel_written(s->ch) - s->burst_from, now;

	if (!s->p.max_bandwidth || bytes < burst)
		return 0;
	/* What is on its way yet would go while we sleep, and the link seem faster than it is. */
	if (source_sync(s, err))
		return -1;
	if (s->due_ns < s->burst_ns)
		s->due_ns = s->burst_ns;
	s->due_ns += bytes * 1e9 / s->p.max_bandwidth;
	now = live_now_ns();
	if (s->due_ns > now + 1000000) {
		struct pollfd p = {.fd = s->l->cancel_fd, .events = POLLIN};

		poll(&p, 1, (s->due_ns - now) / 1000000);
	}
	s->burst_from = channel_written(s->ch);
	s->burst_ns = live_now_ns();
	s->waited_ns += s->burst_ns - now;
	return 0;
}

struct memory_chunk {
	bool as_it_is;
	u64 probe_bytes, probe_ns;
	u32 n, n_zero;
	u64 n_left_out; /* zero too */
	u64 words[LIVE_CHUNK_PAGES];
	u8 buf[4 + LIVE_CHUNK_PAGES * (8 + GUEST_PAGE)];
};

/* Returns the record's bytes. */
static size_t pack_chunk(const struct source *s, struct memory_chunk *c)
{
	u8 *p = c->buf + 4;

	put_le(c->buf, c->n, 4);
	for (u32 i = 0; i < c->n; i++, p += 8)
		put_le(p, c->words[i], 8);
	for (u32 i = 0; i < c->n; i++)
		if (!(c->words[i] & LIVE_PAGE_ZERO)) {
			racy_copy_bytes(p, s->m->mem.host + c->words[i], GUEST_PAGE);
			p += GUEST_PAGE;
		}
	return p - c->buf;
}

static int send_chunk(struct source *s, struct memory_chunk *c, struct error *err)
{
	int r = 0;

	if (c->n)
		r = live_send(s->stream, LIVE_MEMORY, c->buf, pack_chunk(s, c),
			      !c->as_it_is && use_zstd(s), err);
	lock_acquire(&s->l->lock);
	s->l->status.pages_sent += c->n - c->n_zero;
	s->l->status.pages_zero += c->n_zero + c->n_left_out;
	s->l->status.transferred = channel_written(s->ch);
	s->l->status.remaining = s->n_dirty * GUEST_PAGE;
	lock_release(&s->l->lock);
	c->n = c->n_zero = c->n_left_out = 0;
	return r;
}

/*
 * On the first pass a page that is zero is left out: the other side's memory is so from the
 * beginning.
 */
static void add_page(struct source *s, struct memory_chunk *c, u64 page, bool first)
{
	u64 gpa = page << GUEST_PAGE_SHIFT;
	bool zero = guest_page_is_zero(s->m->mem.host + gpa);

	s->n_dirty--;
	if (zero && first) {
		c->n_left_out++;
		s->n_left_out++;
		return;
	}
	c->words[c->n++] = gpa | (zero ? LIVE_PAGE_ZERO : 0);
	c->n_zero += zero;
}

/*
 * Compressed, the first pass would be no faster than zstd, whatever the link is. So its beginning
 * goes as it is, and is waited for: the link's speed is known then.
 */
static int send_probe(struct source *s, struct memory_chunk *c, struct error *err)
{
	u64 begin_ns = live_now_ns(), before = channel_written(s->ch);

	if (send_chunk(s, c, err))
		return -1;
	c->probe_bytes += channel_written(s->ch) - before;
	if (c->probe_bytes >= PROBE_BYTES) {
		c->as_it_is = false;
		if (source_sync(s, err))
			return -1;
	}
	/* Looking for pages that aren't zero takes time too, but none of the link's. */
	c->probe_ns += live_now_ns() - begin_ns;
	if (!c->as_it_is)
		s->bandwidth = c->probe_bytes * 1e9 / c->probe_ns;
	return 0;
}

static int begin_probe(struct source *s, struct memory_chunk *c, struct error *err)
{
	c->as_it_is = true;
	/* The destination may be busy with the table yet. */
	return source_sync(s, err);
}

int source_send_memory(struct source *s, bool final, struct error *err)
{
	u64 before = channel_written(s->ch), found = s->n_dirty;
	bool first = !s->first_done_ns && !final;
	struct memory_chunk *c = calloc(1, sizeof(*c));
	int r = 0;

	if (!c)
		return error_nomem(err, "pages to be sent");
	if (first && s->p.compress && !s->one_way && !s->p.max_bandwidth)
		r = begin_probe(s, c, err);
	for (u64 i = 0; i < s->words && !r; i++)
		while (s->dirty[i] && !r) {
			unsigned bit = __builtin_ctzll(s->dirty[i]);

			s->dirty[i] &= s->dirty[i] - 1;
			add_page(s, c, i * 64 + bit, first);
			if (c->n < LIVE_CHUNK_PAGES)
				continue;
			r = c->as_it_is ? send_probe(s, c, err) : send_chunk(s, c, err);
			if (!r && !final)
				r = source_keep_limit(s, LIMIT_BURST, err);
		}
	if (!r)
		r = send_chunk(s, c, err);
	free(c);
	if (!r && found >= 16 && !first) {
		double per_page = (double)(channel_written(s->ch) - before) / found;

		s->bytes_per_page += 0.5 * (per_page - s->bytes_per_page);
	}
	return r;
}

int source_measure_link(struct source *s, struct error *err)
{
	struct memory_chunk *c = calloc(1, sizeof(*c));
	u64 begin_ns, before;
	int r;

	if (!c)
		return error_nomem(err, "pages to be sent");
	c->as_it_is = true;
	r = source_sync(s, err);
	begin_ns = live_now_ns();
	before = channel_written(s->ch);
	for (u64 page = 0; page < MEASURE_PAGES && page < s->pages && !r; page++) {
		c->words[c->n++] = page << GUEST_PAGE_SHIFT;
		if (c->n == LIVE_CHUNK_PAGES)
			r = send_chunk(s, c, err);
	}
	if (!r)
		r = send_chunk(s, c, err);
	if (!r)
		r = source_sync(s, err);
	if (!r)
		s->bandwidth =
		    (channel_written(s->ch) - before) * 1e9 / (live_now_ns() - begin_ns + 1);
	free(c);
	return r ? r : source_keep_limit(s, 1, err);
}

/* Entries told of in whole records of the host's byte order. */
static u64 count_entries(const u8 *p, size_t bytes)
{
	struct htab_cursor c = {p, bytes, htab_host_order()};
	struct htab_record rec;
	u64 n = 0;

	while (htab_next(&c, &rec, NULL))
		n += rec.n_valid + rec.n_invalid;
	return n;
}

bool source_table_is_new(const struct source *s)
{
	return machine_htab(s->m).number != s->htab.number;
}

int source_open_table(struct source *s, struct error *err)
{
	struct kvm_get_htab_fd args = {0};

	if (s->htab_fd >= 0)
		s->m->accel->close(s->htab_fd);
	s->htab = machine_htab(s->m);
	if (!s->m->cfg.kind->papr) /* a board has none */
		return 0;
	s->htab_fd = s->m->accel->ioctl(s->m->vm_fd, KVM_PPC_GET_HTAB_FD, &args);
	if (s->htab_fd < 0)
		return error_errno(err, "cannot get the hash table's descriptor");
	s->table_told = false;
	if (s->htab.order == s->told_order)
		return 0;
	s->told_order = s->htab.order;
	return live_send_number(s->stream, LIVE_ORDER, s->told_order, err);
}

/*
 * What the guest had before a resize is of no use to the destination; what was read in the middle
 * of one is of the one table or the other.
 */
static ssize_t read_table(struct source *s, u64 *entries, struct error *err)
{
	for (;;) {
		ssize_t n = s->m->accel->read(s->htab_fd, s->table_buf + 4, TABLE_READ_BYTES);

		if (n < 0)
			return error_errno(err, "cannot read the hash table");
		if (!source_table_is_new(s))
			return n;
		if (source_open_table(s, err))
			return -1;
		*entries = 0;
	}
}

int source_send_table(struct source *s, bool final, u64 *entries, struct error *err)
{
	u64 begin_ns = live_now_ns(), before = channel_written(s->ch), bytes;
	u8 *buf = s->table_buf;

	*entries = 0;
	if (s->htab_fd < 0)
		return 0;
	put_le(buf, htab_host_order(), 4);
	for (;;) {
		ssize_t n = read_table(s, entries, err);

		if (n < 0)
			return -1;
		if (!n)
			break;
		*entries += count_entries(buf + 4, n);
		if (live_send(s->stream, LIVE_TABLE, buf, n + 4, use_zstd(s), err))
			return -1;
		/*
		 * Behind a pass's end the next would begin: of a guest that stands still there is
		 * nothing.
		 */
		if (n < (ssize_t)(TABLE_READ_BYTES - TABLE_TAIL_BYTES))
			break;
	}
	bytes = channel_written(s->ch) - before;
	if (s->table_told && !final && begin_ns > s->table_ns)
		s->table_rate += 0.5 * (bytes * 1e9 / (begin_ns - s->table_ns) - s->table_rate);
	s->table_told = true;
	s->table_ns = begin_ns;
	lock_acquire(&s->l->lock);
	s->l->status.table_bytes += bytes;
	s->l->status.table_entries = *entries;
	lock_release(&s->l->lock);
	return 0;
}

int source_sync(struct source *s, struct error *err)
{
	static const char *what = "the destination confirms another pass than this one";
	struct live_record rec;
	u64 n, pass = s->l->status.pass;

	if (s->one_way)
		return 0;
	if (live_send_number(s->stream, LIVE_SYNC, pass, err) || live_receive(s->stream, &rec, err))
		return -1;
	if (rec.type != LIVE_ACK)
		return live_unexpected(&rec, err);
	if (live_number_unpack(&n, &rec, err))
		return -1;
	return n == pass ? 0 : error_set(err, "%s", what);
}
