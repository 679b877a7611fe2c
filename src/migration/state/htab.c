/* SPDX-License-Identifier: Apache-2.0 */
#include "migration/state/htab.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define READ_BYTES (1u << 20)

int htab_to_fd(void *opaque, const u8 *data, size_t bytes, struct error *err)
{
	int fd = *(const int *)opaque;

	while (bytes) {
		ssize_t n = write(fd, data, bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, "cannot write the hash table's stream");
		data += n;
		bytes -= n;
	}
	return 0;
}

/* What was read is whole records: @end becomes the number of the first entry not told of. */
static int follow(const u8 *data, size_t bytes, u64 entries, u64 *end, struct error *err)
{
	struct htab_cursor c = {data, bytes, htab_host_order()};
	struct htab_record rec;

	while (htab_next(&c, &rec, NULL)) {
		if (rec.index != *end || htab_record_end(rec) > entries)
			return error_set(err,
					 "the hash table's descriptor gave a stream with gaps");
		*end = htab_record_end(rec);
	}
	if (c.left)
		return error_set(err, "the hash table's descriptor gave half a record");
	return 0;
}

int htab_read(const struct accel *accel, int vm_fd, u64 entries, htab_sink sink, void *opaque,
	      struct error *err)
{
	struct kvm_get_htab_fd args = {0};
	int fd = accel->ioctl(vm_fd, KVM_PPC_GET_HTAB_FD, &args), r = 0;
	u8 *buf = malloc(READ_BYTES);
	u64 end = 0;

	if (fd < 0)
		r = error_errno(err, "cannot get the hash table's descriptor");
	else if (!buf)
		r = error_nomem(err, "the hash table's stream");
	/* The first pass tells of every entry; behind it would come the changes since, for ever. */
	while (!r && end < entries) {
		ssize_t n = accel->read(fd, buf, READ_BYTES);

		if (n < 0)
			r = error_errno(err, "cannot read the hash table");
		else if (!n)
			r = error_set(err,
				      "the hash table's stream ended after %llu of %llu entries",
				      (unsigned long long)end, (unsigned long long)entries);
		else if (follow(buf, n, entries, &end, err) || sink(opaque, buf, n, err))
			r = -1;
	}
	if (fd >= 0)
		accel->close(fd);
	free(buf);
	return r;
}

int htab_walk(struct section_reader *r, u64 entries, enum htab_order from, enum htab_order to,
	      htab_sink sink, void *opaque, struct error *err)
{
	u8 *buf = malloc(HTAB_RECORD_MAX);
	int ret = 0;
	u64 end = 0;

	if (!buf)
		return error_nomem(err, "the hash table's stream");
	while (!ret && section_left(r)) {
		struct htab_record rec;
		size_t len;

		ret = section_read(r, buf, HTAB_RECORD_HEADER, err);
		if (ret)
			break;
		rec = htab_record_decode(buf, from);
		len = (size_t)rec.n_valid * HTAB_ENTRY_BYTES;
		if (rec.index != end || htab_record_end(rec) > entries ||
		    htab_record_end(rec) == end) {
			ret = error_set(
			    err, "the hash table's stream has gaps, or is not of this table");
			break;
		}
		end = htab_record_end(rec);
		ret = section_read(r, buf + HTAB_RECORD_HEADER, len, err);
		htab_record_encode(buf, rec, to);
		if (!ret)
			ret = sink(opaque, buf, HTAB_RECORD_HEADER + len, err);
	}
	free(buf);
	if (!ret && end != entries)
		ret = error_set(err, "the hash table's stream ends after %llu of %llu entries",
				(unsigned long long)end, (unsigned long long)entries);
	return ret ? ret : section_finish(r, err);
}

struct table_writer {
	const struct accel *accel;
	int fd;
	u64 done, total;
	progress_fn progress;
	void *opaque;
};

static int write_record(void *opaque, const u8 *data, size_t bytes, struct error *err)
{
	struct table_writer *t = opaque;
	ssize_t n = t->accel->write(t->fd, data, bytes);

	if (n < 0)
		return error_errno(err, "the hash table refuses what was saved");
	if ((size_t)n != bytes)
		return error_set(err, "the hash table took %zd of a record's %zu bytes", n, bytes);
	t->done += bytes;
	if (t->progress)
		t->progress(t->opaque, t->done, t->total);
	return 0;
}

int htab_write(const struct accel *accel, int vm_fd, u64 entries, struct section_reader *r,
	       enum htab_order from, progress_fn progress, void *opaque, struct error *err)
{
	struct kvm_get_htab_fd args = {.flags = KVM_GET_HTAB_WRITE};
	struct table_writer t = {
	    .accel = accel,
	    .fd = accel->ioctl(vm_fd, KVM_PPC_GET_HTAB_FD, &args),
	    .total = section_left(r),
	    .progress = progress,
	    .opaque = opaque,
	};
	int ret;

	if (t.fd < 0)
		return error_errno(err, "cannot get the hash table's descriptor");
	ret = htab_walk(r, entries, from, htab_host_order(), write_record, &t, err);
	if (accel->close(t.fd) < 0 && !ret)
		ret = error_errno(err, "cannot write the hash table");
	return ret;
}
