/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands that look at a running guest from outside: x-htab, x-trace and x-stats.
 */
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "migration/file/file.h"
#include "monitor/htab_watch.h"
#include "monitor/migrate.h"
#include "monitor/qmp.h"
#include "platform/dirtylog.h"
#include "platform/kind.h"
#include "platform/kvm_stats.h"
#include "platform/trace.h"
#include "platform/vcpu.h"

/* ---- x-htab ---- */

/* The connection's own watch, made when it is first wanted. */
static struct htab_watch *watch(struct qmp_client *c, enum qmp_watch which, struct error *err)
{
	struct htab_watch **w = qmp_client_watch(c, which);

	if (!*w)
		*w = htab_watch_new(qmp_machine(c), err);
	return *w;
}

static int follow(struct qmp_client *c, int fd, unsigned *order, struct error *err)
{
	struct htab_watch *w = watch(c, QMP_WATCH_HTAB, err);
	int r = w ? htab_watch_pass(w, htab_to_fd, &fd, err) : -1;

	if (!r)
		*order = htab_watch_order(w);
	return r == HTAB_RESIZED ? error_set(err, "the guest resized its hash table meanwhile: "
						  "ask again")
				 : r;
}

/*
 * On such a KVM a change that one reader of the table took is lost to the others: a migration must
 * be the only one.
 */
static bool table_is_taken(struct qmp_client *c)
{
	return qmp_machine(c)->accel->one_reader && migrate_under_way(qmp_live(c));
}

/*
 * The process's one main thread writes: it mustn't wait for somebody to read, as with a pipe.
 * Files in memory are regular ones too.
 */
static int check_target(int fd, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return error_set(err, "'fdname' must name a regular file or one in memory (memfd)");
	return 0;
}

/* @order: of the table that was told of. */
static int export(struct qmp_client *c, int fd, bool changes, unsigned *order, struct error *err)
{
	struct machine *m = qmp_machine(c);

	if (machine_is_papr(m, "hashed page table", err) || check_target(fd, err))
		return -1;
	if (table_is_taken(c))
		return error_set(err, "this KVM tells changes of the hash table to one reader, and "
				      "that is the migration which is under way");
	return changes ? follow(c, fd, order, err) : migration_stream_htab(m, fd, order, err);
}

/*
 * x-htab {fdname, follow}: writes the hash table's stream to the file that getfd brought: one whole
 * first pass; with follow, from the second time of this connection on, what has changed since the
 * time before. The guest may be running.
 */
void qmp_x_htab(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	struct machine *m = qmp_machine(c);
	const char *name = json_string_value(json_object_get(args, "fdname"));
	bool changes = json_is_true(json_object_get(args, "follow"));
	int fd = qmp_take_fd(c, name);
	unsigned order;

	if (fd < 0) {
		error_set(&result->error, "'fdname' must name a descriptor that getfd brought");
		qmp_fail(result);
		return;
	}
	if (export(c, fd, changes, &order, &result->error))
		qmp_fail(result);
	else
		result->value = json_pack("{s:i,s:I}", "order", order, "memory",
					  (json_int_t)m->mem.bytes);
	close(fd);
}

/* ---- x-trace ---- */

/* x-trace {events, fdname}: machine_trace(); ends when nobody reads the descriptor any more. */
void qmp_x_trace(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	const char *events = json_string_value(json_object_get(args, "events"));
	int fd = qmp_take_fd(c, json_string_value(json_object_get(args, "fdname")));
	struct trace_request request;
	char why[TRACE_WHY];
	int r = -1;

	if (fd < 0)
		error_set(&result->error, "'fdname' must name a descriptor that getfd brought");
	else if (!trace_parse(events, &request, why))
		error_set(&result->error, "'events': %s", why);
	else if (request.file)
		error_set(&result->error, "'events' takes no file: the lines go to 'fdname'");
	else if (!trace_fd_is_good(fd))
		error_set(&result->error, "the descriptor must be a file's or have O_NONBLOCK");
	else
		r = machine_trace(qmp_machine(c), request.events, fd, &result->error);
	if (r)
		qmp_fail(result);
	if (fd >= 0)
		close(fd);
}

/* ---- x-stats ---- */

struct change_count {
	u64 entries, bytes;
};

static int count_records(void *opaque, const u8 *data, size_t bytes, struct error *err)
{
	struct htab_cursor c = {data, bytes, htab_host_order()};
	struct change_count *count = opaque;
	struct htab_record rec;

	count->bytes += bytes;
	while (htab_next(&c, &rec, NULL))
		count->entries += rec.n_valid + rec.n_invalid;
	return 0;
}

static json_t *known(bool is_known, s64 n)
{
	return is_known ? json_integer(n) : json_null();
}

/*
 * What changed since this connection last asked: entries of the table, bytes of memory. Null the
 * first time, when all would count, and for what a migration keeps the record of.
 */
static int count_changes(struct qmp_client *c, json_t *stats, struct error *err)
{
	struct machine *m = qmp_machine(c);
	struct htab_watch *w = watch(c, QMP_WATCH_STATS, err);
	struct change_count count = {0};
	bool first = w && !htab_watch_passes(w), taken = table_is_taken(c), told;
	int pass = w && !taken ? htab_watch_pass(w, count_records, &count, err) : 0;
	s64 written;

	if (!w || pass < 0)
		return -1;
	told = !taken && pass != HTAB_RESIZED && htab_watch_passes(w) > 1;
	written = machine_count_writes(m);
	json_object_set_new(stats, "htab-changed", known(told, count.entries));
	json_object_set_new(stats, "htab-bytes", known(told, count.bytes));
	json_object_set_new(stats, "dirty-bytes", known(!first && written >= 0, written));
	return 0;
}

/* Of a machine that has no table. */
static void count_writes(struct machine *m, json_t *stats)
{
	s64 written = machine_count_writes(m);

	json_object_set_new(stats, "htab-changed", json_null());
	json_object_set_new(stats, "htab-bytes", json_null());
	json_object_set_new(stats, "dirty-bytes", known(written >= 0, written));
}

static u64 ns_of(clockid_t clock)
{
	struct timespec t;

	return clock_gettime(clock, &t) ? 0 : t.tv_sec * 1000000000ull + t.tv_nsec;
}

struct sight {
	struct kvm_regs regs;
	bool seen;
};

/* On the vcpu's own thread. */
static void take_regs(struct vcpu *vcpu, void *arg)
{
	struct sight *sight = arg;

	kvm_stats_open(vcpu);
	sight->seen = vcpu->m->accel->ioctl(vcpu->fd, KVM_GET_REGS, &sight->regs) >= 0;
}

static json_t *exits_by_reason(const u64 by[VCPU_EXITS])
{
	return json_pack("{s:I,s:I,s:I,s:I}", "hcall", (json_int_t)by[VCPU_EXIT_HCALL], "mmio",
			 (json_int_t)by[VCPU_EXIT_MMIO], "signal", (json_int_t)by[VCPU_EXIT_SIGNAL],
			 "other", (json_int_t)by[VCPU_EXIT_OTHER]);
}

/* JSON's integers have a sign. */
static void set_hex(json_t *o, const char *key, u64 val)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%016llx", (unsigned long long)val);
	json_object_set_new(o, key, json_string(text));
}

static void add_count(void *opaque, const char *name, u64 value)
{
	json_object_set_new(opaque, name, json_integer(value));
}

static json_t *vcpu_stats(struct vcpu *vcpu, bool registers)
{
	const struct machine *m = vcpu->m;
	struct sight sight = {.seen = false};
	struct vcpu_look look;
	clockid_t clock;
	u64 ns = 0;
	json_t *s;

	if (registers)
		vcpu_run_on(vcpu, take_regs, &sight);
	if (vcpu->has_thread && !pthread_getcpuclockid(vcpu->thread, &clock))
		ns = ns_of(clock);
	vcpu_look(vcpu, &look);
	s = json_pack("{s:i,s:i,s:b,s:b,s:I,s:I,s:o}", "id", vcpu->id, "core",
		      (int)(vcpu->id / m->smt), "online", look.online, "parked", look.parked,
		      "cpu-ns", (json_int_t)ns, "exits", (json_int_t)look.exits, "exits-by",
		      exits_by_reason(look.exits_by));
	json_object_set_new(s, "kvm", json_object());
	kvm_stats_each(vcpu, add_count, json_object_get(s, "kvm"));
	if (sight.seen) {
		set_hex(s, "nip", sight.regs.pc);
		set_hex(s, "msr", sight.regs.msr);
	}
	return s;
}

/*
 * x-stats {registers}: counters of the vcpus and the table, all but the table's changes since the
 * guest began. With registers each vcpu is stopped for a moment to see where it is.
 */
void qmp_x_stats(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	bool registers = json_is_true(json_object_get(args, "registers"));
	struct machine *m = qmp_machine(c);
	json_t *vcpus = json_array();
	int r = 0;

	for (unsigned i = 0; i < m->n_vcpus; i++) {
		struct vcpu_look look;

		vcpu_look(&m->vcpus[i], &look);
		if (look.present)
			json_array_append_new(vcpus, vcpu_stats(&m->vcpus[i], registers));
	}
	result->value =
	    json_pack("{s:s,s:s,s:I,s:i,s:I,s:o}", "name", m->cfg.name, "status", machine_status(m),
		      "ns", (json_int_t)ns_of(CLOCK_MONOTONIC), "htab-order", m->htab_order,
		      "memory", (json_int_t)guest_mem_present(&m->mem), "vcpus", vcpus);
	if (m->cfg.kind->papr)
		r = count_changes(c, result->value, &result->error);
	else
		count_writes(m, result->value);
	if (r)
		qmp_fail(result);
}
