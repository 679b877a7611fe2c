/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hash table's descriptor: first and later passes, start index, bolted entries only, runs
 * longer than a record counts, buffers of every awkward size, several readers, writing with every
 * error, and the real-mode area that a written table brings with it.
 */
#include "machine.h"
#include "papr.h"
#include <pthread.h>
#include <signal.h>

#define ORDER	18
#define ENTRIES ((1ull << ORDER) / 16)
#define MEMORY	MIB
#define E0	0x100 /* the entries that these tests use */
#define V4K	(AVPN_256M(0x111, 0) | V_VALID)
#define RPN	0x40000ull
#define PTEL	(RPN | R_M | 2)

/* Nothing is mapped there; volatile, so that the compiler doesn't know. */
static void *volatile bad_pointer = (void *)16;

static struct machine m;
static struct vcpu v;

static int open_htab(int vm, u64 flags, u64 start)
{
	struct kvm_get_htab_fd get = {.flags = flags, .start_index = start};
	int fd = client_ioctl(vm, KVM_PPC_GET_HTAB_FD, &get);

	if (fd < 0)
		die("KVM_PPC_GET_HTAB_FD");
	return fd;
}

/* Bits of first doublewords that are the hypervisor's own, seen since they were last told. */
static u64 software_bits;

static void say_records(const u8 *buffer, ssize_t bytes)
{
	struct kvm_get_htab_header h;

	for (ssize_t at = 0; at < bytes;) {
		memcpy(&h, buffer + at, sizeof(h));
		at += sizeof(h);
		say("    %x: %u valid, %u invalid", h.index, h.n_valid, h.n_invalid);
		for (u32 i = 0; i < h.n_valid; i++, at += 16) {
			/* Linux shows its lock bit, 0x40, of entries that it made itself. */
			software_bits |= load64(buffer + at) & 0x60;
			say("        %016llx %016llx", load64(buffer + at) & ~0x60ull,
			    load64(buffer + at + 8));
		}
	}
}

/* One read of @count bytes, all told. Returns what read() did. */
static ssize_t tell(const char *text, int fd, size_t count)
{
	u8 *buffer = malloc(count + 1);
	ssize_t got;

	got = client_read(fd, buffer, count);
	say_result(text, got);
	if (got > 0)
		say_records(buffer, got);
	free(buffer);
	return got;
}

/* Reads to the end of a pass without telling. */
static void skip_pass(int fd)
{
	u8 buffer[65536];

	while (client_read(fd, buffer, sizeof(buffer)) > 0)
		;
}

static void make(u64 ptex, u64 pteh, u64 ptel)
{
	struct hcall h;

	if (HCALL(&v, &h, H_ENTER, H_EXACT, ptex, pteh, ptel))
		die("H_ENTER at %llx: %s", ptex, h_name(h.r[3]));
}

static void drop(u64 ptex)
{
	struct hcall h;

	HCALL(&v, &h, H_REMOVE, 0, ptex, 0);
}

/* ---- Reading ---- */

static void empty_tables(void)
{
	u32 order = 21;
	int vm = client_ioctl(m.kvm, KVM_CREATE_VM, 0ul), fd;

	topic("Reading an empty table of 2^14 entries");
	fd = open_htab(m.vm, 0, 0);
	tell("first", fd, 65536);
	tell("second", fd, 65536);
	client_close(fd);
	topic("Reading an empty table of 2^17 entries: runs of 65,535");
	if (client_ioctl(vm, KVM_PPC_ALLOCATE_HTAB, &order))
		die("a table of 2^21 bytes");
	fd = open_htab(vm, 0, 0);
	tell("first", fd, 65536);
	tell("second", fd, 65536);
	client_close(fd);
	topic("The same in buffers of 25 bytes");
	fd = open_htab(vm, 0, 5);
	for (int i = 0; i < 4; i++)
		tell("read", fd, 25);
	client_close(fd);
	client_close(vm);
}

static void real_mode_area(void)
{
	struct hcall h;
	int fd;

	topic("After the first KVM_RUN: the real-mode area");
	HCALL(&v, &h, H_READ, 0, 0);
	fd = open_htab(m.vm, 0, 0);
	tell("first", fd, 65536);
	tell("second", fd, 65536);
	client_close(fd);
	say("software bits shown: %llx", software_bits);
}

static void passes(void)
{
	int fd;
	struct hcall h;

	topic("Changes between passes");
	make(E0, V4K, PTEL);
	make(E0 + 1, V4K + 0x80, PTEL | R_REF);
	make(E0 + 3, V4K + 0x100, PTEL | R_REF | R_CHANGED);
	make(E0 + 4, V4K + 0x180, 0x40000000 | R_I | R_G | 2);
	make(E0 + 9, V4K + 0x200, PTEL);
	fd = open_htab(m.vm, 0, 0);
	skip_pass(fd);
	tell("nothing changed", fd, 65536);
	HCALL(&v, &h, H_PROTECT, 1, E0 + 1, 0);
	tell("one protected", fd, 65536);
	tell("nothing changed", fd, 65536);
	HCALL(&v, &h, H_PROTECT, 1, E0 + 1, 0);
	tell("protected the same", fd, 65536);
	drop(E0);
	tell("one removed", fd, 65536);
	make(E0, V4K, PTEL);
	drop(E0);
	tell("one entered and removed", fd, 65536);
	make(E0, V4K, PTEL);
	drop(E0 + 9);
	tell("one entered, one removed", fd, 65536);
	drop(E0 + 1);
	drop(E0 + 3);
	make(E0 + 5, V4K + 0x280, PTEL);
	tell("a valid run, an invalid run", fd, 65536);
	make(E0 + 1, V4K, PTEL);
	drop(E0);
	tell("an invalid before a valid one", fd, 65536);
	HCALL(&v, &h, H_CLEAR_REF, 0, E0 + 1);
	tell("R cleared that was not set", fd, 65536);
	make(E0 + 2, V4K, PTEL | R_REF | R_CHANGED);
	skip_pass(fd);
	HCALL(&v, &h, H_CLEAR_REF, 0, E0 + 2);
	tell("R cleared", fd, 65536);
	HCALL(&v, &h, H_CLEAR_MOD, 0, E0 + 2);
	tell("C cleared", fd, 65536);
	HCALL(&v, &h, H_READ, 0, E0 + 2);
	tell("only read", fd, 65536);
	hcall(
	    &v, &h, H_BULK_REMOVE,
	    (const u64[]){1ull << 62 | (E0 + 2), 0, 1ull << 62 | (E0 + 3), 0, 3ull << 62, 0, 0, 0},
	    8);
	tell("one of two removed in bulk", fd, 65536);
	HCALL(&v, &h, H_ENTER, H_EXACT, E0 + 1, V4K, PTEL);
	tell("entering refused", fd, 65536);
	client_close(fd);
	fd = open_htab(m.vm, 0, 0);
	tell("all, another descriptor", fd, 65536);
	client_close(fd);
	drop(E0 + 1);
	drop(E0 + 4);
	drop(E0 + 5);
}

static void start_index(void)
{
	int fd;

	topic("start_index");
	make(E0, V4K, PTEL);
	make(E0 + 8, V4K, PTEL);
	fd = open_htab(m.vm, 0, E0 + 8);
	tell("first pass from the second entry", fd, 600);
	skip_pass(fd);
	drop(E0 + 8);
	drop(E0);
	tell("both removed", fd, 65536);
	client_close(fd);
	fd = open_htab(m.vm, 0, ENTRIES - 1);
	tell("from the last", fd, 65536);
	tell("again", fd, 65536);
	client_close(fd);
	fd = open_htab(m.vm, 0, ENTRIES);
	tell("from beyond the last", fd, 64);
	client_close(fd);
}

static void bolted_only(void)
{
	int fd;

	topic("Bolted entries only");
	make(E0, V4K, PTEL);
	make(E0 + 1, V4K | V_BOLTED, PTEL);
	make(E0 + 2, V4K | V_BOLTED, PTEL);
	make(E0 + 3, V4K, PTEL);
	fd = open_htab(m.vm, KVM_GET_HTAB_BOLTED_ONLY, 0);
	tell("first", fd, 100);
	skip_pass(fd);
	drop(E0);
	tell("another removed", fd, 65536);
	drop(E0 + 1);
	tell("a bolted one removed", fd, 65536);
	make(E0, V4K, PTEL);
	tell("another entered", fd, 65536);
	make(E0 + 1, V4K | V_BOLTED, PTEL);
	tell("a bolted one entered", fd, 65536);
	client_close(fd);
	for (int i = 0; i < 4; i++)
		drop(E0 + i);
}

static void small_buffers(void)
{
	static const size_t sizes[] = {0, 1, 7, 8, 23, 24, 25, 39, 40, 41, 56, 57};
	int fd;

	for (int i = 0; i < 3; i++)
		make(E0 + i, V4K + (i << 7), PTEL);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		char text[80];

		snprintf(text, sizeof(text),
			 "Buffers of %zu bytes, three valid entries from the start", sizes[i]);
		topic(text);
		fd = open_htab(m.vm, 0, E0);
		tell("    first", fd, sizes[i]);
		tell("    next", fd, sizes[i]);
		client_close(fd);
	}
	topic("Small buffers, changes");
	fd = open_htab(m.vm, 0, 0);
	skip_pass(fd);
	for (int i = 0; i < 3; i++)
		drop(E0 + i);
	make(E0 + 1, V4K, PTEL);
	make(E0 + 2, V4K, PTEL);
	tell("25 bytes", fd, 25);
	tell("25 bytes", fd, 25);
	tell("25 bytes", fd, 25);
	tell("25 bytes", fd, 25);
	tell("25 bytes", fd, 25);
	client_close(fd);
	drop(E0 + 1);
	drop(E0 + 2);
	fd = open_htab(m.vm, 0, 0);
	say("read into 16 = %s", client_read(fd, bad_pointer, 4096) < 0 ? errno_name(errno) : "ok");
	client_close(fd);
}

static void two_readers(void)
{
	int a = open_htab(m.vm, 0, 0), b = open_htab(m.vm, 0, 0);

	topic("Two readers");
	skip_pass(a);
	skip_pass(b);
	make(E0, V4K, PTEL);
	tell("a", a, 65536);
	tell("b", b, 65536);
	drop(E0);
	tell("b", b, 65536);
	tell("a", a, 65536);
	client_close(a);
	client_close(b);
}

static void by_processor(void)
{
	struct kvm_regs r;
	struct hcall h;
	int fd;

	topic("R and C set by the processor");
	map_low_memory(&v);
	/* Page 0x40000 of segment 0 gets an entry without R and C. */
	make(((LOW_VSID ^ 0x40) & 0x3ff) * 8, LOW_VSID << 12 | V_VALID, PTEL);
	fd = open_htab(m.vm, 0, 0);
	skip_pass(fd);
	v.msr |= MSR_DR;
	get_regs(&v, &r);
	r.gpr[4] = 0x40000;
	set_regs(&v, &r);
	store32(m.memory + GUEST_INSN_AT, 0xe8a40000); /* ld r5,0(r4) */
	say("load: vector %d", guest_run(&v, GUEST_INSN));
	finish_exit(&v);
	tell("after a load", fd, 65536);
	store32(m.memory + GUEST_INSN_AT, 0xe8a40000);
	say("load: vector %d", guest_run(&v, GUEST_INSN));
	finish_exit(&v);
	tell("after another load", fd, 65536);
	store32(m.memory + GUEST_INSN_AT, 0xf8a40008); /* std r5,8(r4) */
	say("store: vector %d", guest_run(&v, GUEST_INSN));
	finish_exit(&v);
	tell("after a store", fd, 65536);
	v.msr = GUEST_MSR;
	HCALL(&v, &h, H_READ, 0, ((LOW_VSID ^ 0x40) & 0x3ff) * 8);
	say_hcall("H_READ", &h, 2);
	client_close(fd);
	drop(((LOW_VSID ^ 0x40) & 0x3ff) * 8);
	for (u64 page = 0; page < GUEST_SIZE / 4096; page++)
		drop(((LOW_VSID ^ page) & 0x3ff) * 8);
}

static void slot_changes(void)
{
	u8 *memory = slot_memory(4 * HOST_PAGE);
	int fd;

	topic("A memory slot comes and goes");
	set_slot(m.vm, 1, 0, 0x10000000, 4 * HOST_PAGE, memory);
	make(E0, V4K, 0x10000000 | R_M | 2);
	fd = open_htab(m.vm, 0, 0);
	skip_pass(fd);
	set_slot(m.vm, 1, 0, 0x10000000, 0, NULL);
	tell("deleted", fd, 65536);
	set_slot(m.vm, 1, 0, 0x10000000, 4 * HOST_PAGE, memory);
	tell("added", fd, 65536);
	set_slot(m.vm, 1, 0, 0x10000000, 0, NULL);
	client_close(fd);
	drop(E0);
	slot_memory_free(memory, 4 * HOST_PAGE);
}

/* ---- Writing ---- */

struct stream {
	u8 bytes[4096];
	size_t used;
};

static void put_header(struct stream *s, u32 index, u16 n_valid, u16 n_invalid)
{
	struct kvm_get_htab_header h = {index, n_valid, n_invalid};

	memcpy(s->bytes + s->used, &h, sizeof(h));
	s->used += sizeof(h);
}

static void put_entry(struct stream *s, u64 pteh, u64 ptel)
{
	store64(s->bytes + s->used, pteh);
	store64(s->bytes + s->used + 8, ptel);
	s->used += 16;
}

/* Entries E0 .. E0 + 7 as they stand, in one line each that is valid. */
static void say_group(void)
{
	struct htab_entry e;

	for (u64 i = 0; i < 8; i++)
		if (htab_entry(&m, E0 + i, &e))
			say("    %llx: %016llx %016llx", (unsigned long long)(E0 + i),
			    e.v & ~0x60ull, e.r);
}

static void clear_group(void)
{
	for (u64 i = 0; i < 8; i++)
		drop(E0 + i);
}

static void put(const char *text, const struct stream *s, size_t bytes)
{
	int fd = open_htab(m.vm, KVM_GET_HTAB_WRITE, 0);
	ssize_t took = client_write(fd, s->bytes, bytes);

	say("%s: %zu bytes = %s", text, bytes,
	    took < 0		     ? errno_name(errno)
	    : took == (ssize_t)bytes ? "all"
				     : "part");
	if (took >= 0 && took != (ssize_t)bytes)
		say("    %zd taken", took);
	if (took > 0 && took < (ssize_t)bytes) {
		ssize_t more = client_write(fd, s->bytes + took, bytes - took);

		say("    the rest = %s", more < 0 ? errno_name(errno) : more ? "taken" : "0");
	}
	say_group();
	client_close(fd);
}

static void writing(void)
{
	struct stream s;
	int fd;

	topic("Writing");
	s.used = 0;
	put_header(&s, E0, 2, 1);
	put_entry(&s, V4K, PTEL);
	put_entry(&s, (V4K + 0x80) | V_BOLTED | 0x08,
		  R_PP0 | R_KEY_HI | R_KEY_LO | PTEL | R_REF | R_CHANGED | R_N);
	make(E0 + 2, V4K, PTEL);
	make(E0 + 3, V4K, PTEL);
	put("two valid, one invalid", &s, s.used);
	put("the same again", &s, s.used);
	s.used = 0;
	put_header(&s, E0, 1, 0);
	put_entry(&s, V4K + 0x100, PTEL | 1);
	put("another in the first one's place", &s, s.used);
	s.used = 0;
	put_header(&s, E0, 0, 8);
	put("eight invalid", &s, s.used);
	put("nothing", &s, 0);
	s.used = 0;
	put_header(&s, E0, 0, 0);
	put("an empty record", &s, s.used);
	s.used = 0;
	put_header(&s, E0, 1, 0);
	put_entry(&s, V4K, 0x40000000 | R_I | R_G | 2);
	put_header(&s, E0 + 1, 1, 0);
	put_entry(&s, V4K | 0x60, PTEL);
	put("no memory; software bits", &s, s.used);
	clear_group();

	topic("Writing: what is cut off");
	s.used = 0;
	put_header(&s, E0, 2, 0);
	put_entry(&s, V4K, PTEL);
	put_entry(&s, V4K + 0x80, PTEL);
	static const size_t cuts[] = {1, 4, 7, 8, 9, 23, 24, 39};
	for (size_t i = 0; i < ARRAY_SIZE(cuts); i++) {
		put("cut", &s, cuts[i]);
		clear_group();
	}
	put_header(&s, E0 + 4, 1, 0);
	put_entry(&s, V4K, PTEL);
	put("the second record's header cut", &s, 44);
	clear_group();
	put("the second record's entry cut", &s, 60);
	clear_group();
	put("four bytes after a record", &s, s.used);
	clear_group();

	topic("Writing: errors");
	s.used = 0;
	put_header(&s, ENTRIES, 0, 0);
	put("index = entries, empty", &s, s.used);
	s.used = 0;
	put_header(&s, ENTRIES, 0, 1);
	put("index = entries, one invalid", &s, s.used);
	s.used = 0;
	put_header(&s, ENTRIES - 1, 0, 2);
	put("last and one more, invalid", &s, s.used);
	s.used = 0;
	put_header(&s, ENTRIES - 1, 2, 0);
	put_entry(&s, V4K, PTEL);
	put_entry(&s, V4K, PTEL);
	put("last and one more, valid", &s, s.used);
	s.used = 0;
	put_header(&s, 0xffffffff, 1, 1);
	put_entry(&s, V4K, PTEL);
	put("index 2^32 - 1", &s, s.used);
	s.used = 0;
	put_header(&s, E0, 2, 0);
	put_entry(&s, V4K, PTEL);
	put_entry(&s, V4K & ~V_VALID, PTEL);
	put("the second not valid", &s, s.used);
	clear_group();
	s.used = 0;
	put_header(&s, E0, 2, 0);
	put_entry(&s, V4K, PTEL);
	put_entry(&s, V4K | 2ull << 62, PTEL);
	put("the second refused by H_ENTER", &s, s.used);
	clear_group();
	s.used = 0;
	put_header(&s, E0, 1, 0);
	put_entry(&s, V4K, PTEL);
	put_header(&s, E0 + 1, 1, 0);
	put_entry(&s, V4K & ~V_VALID, PTEL);
	put("the second record bad", &s, s.used);
	clear_group();
	s.used = 0;
	put_header(&s, E0, 1, 0);
	put_entry(&s, V4K | V_LARGE, RPN | 0x2000 | R_M | 2);
	put("unknown page size", &s, s.used);
	clear_group();

	fd = open_htab(m.vm, 0, 0);
	s.used = 0;
	put_header(&s, E0, 0, 1);
	say_result("write to a reader", client_write(fd, s.bytes, s.used));
	client_close(fd);
	fd = open_htab(m.vm, KVM_GET_HTAB_WRITE, 0);
	say_result("read from a writer", client_read(fd, s.bytes, sizeof(s.bytes)));
	say_result("write from 16", client_write(fd, bad_pointer, 24));
	client_close(fd);
	fd = open_htab(m.vm, KVM_GET_HTAB_WRITE, 12345);
	s.used = 0;
	put_header(&s, E0, 1, 0);
	put_entry(&s, V4K, PTEL);
	say_result("write with a start_index", client_write(fd, s.bytes, s.used));
	say_group();
	client_close(fd);
	clear_group();
}

static void write_is_told(void)
{
	struct stream s = {.used = 0};
	int reader = open_htab(m.vm, 0, 0), writer = open_htab(m.vm, KVM_GET_HTAB_WRITE, 0);

	topic("What is written is told to readers");
	make(E0 + 1, V4K, PTEL);
	skip_pass(reader);
	put_header(&s, E0, 1, 3);
	put_entry(&s, V4K, PTEL);
	say_result("write", client_write(writer, s.bytes, s.used));
	tell("read", reader, 65536);
	client_close(reader);
	client_close(writer);
	clear_group();
}

static void *run_for_ever(void *arg)
{
	long result = client_ioctl(v.fd, KVM_RUN, 0ul);

	(void)arg;
	return (void *)(result < 0 ? (long)errno : 0);
}

static void on_signal(int signal)
{
	(void)signal;
}

static void busy(void)
{
	struct stream s = {.used = 0};
	struct runner runner;
	int fd = open_htab(m.vm, KVM_GET_HTAB_WRITE, 0), took;
	u32 order = ORDER;

	topic("While a vcpu runs");
	sigaction(SIGUSR1, &(struct sigaction){.sa_handler = on_signal}, NULL);
	runner_start_spinning(&runner, &m, &v);
	put_header(&s, E0, 1, 0);
	put_entry(&s, V4K, PTEL);
	took = client_write(fd, s.bytes, s.used);
	say_result("write", took);
	say_group();
	say_result("KVM_PPC_ALLOCATE_HTAB", client_ioctl(m.vm, KVM_PPC_ALLOCATE_HTAB, &order));
	pthread_kill(runner.thread, SIGUSR1);
	pthread_join(runner.thread, NULL);
	say("KVM_RUN ended with %s, reason %u", errno_name(runner.result ? runner.error : 0),
	    v.run->exit_reason);
	say_result("write after it", client_write(fd, s.bytes, s.used));
	say_group();
	client_close(fd);
	clear_group();
}

/* A table written into a VM that has never run: its real-mode entries say which page size they
 * have. */
static void restore(void)
{
	struct machine old = m, fresh;
	struct vcpu w;
	struct hcall h;
	u8 *stream = malloc(1 << 20);
	ssize_t bytes;
	int fd;

	topic("A table moved to a new VM");
	make(E0, V4K, PTEL);
	fd = open_htab(old.vm, 0, 0);
	bytes = client_read(fd, stream, 1 << 20);
	client_close(fd);
	machine_new(&fresh, MEMORY, ORDER);
	vcpu_new(&w, &fresh, 0);
	say("LPCR before %016llx", get_one(&w, KVM_REG_PPC_LPCR_64));
	/*
	 * One record a write, as QEMU does it: Linux loses its place in the buffer after the first.
	 */
	fd = open_htab(fresh.vm, KVM_GET_HTAB_WRITE, 0);
	for (ssize_t at = 0; at < bytes;) {
		struct kvm_get_htab_header header;
		ssize_t record;

		memcpy(&header, stream + at, sizeof(header));
		record = sizeof(header) + header.n_valid * 16;
		if (client_write(fd, stream + at, record) != record)
			die("writing entry %x", header.index);
		at += record;
	}
	client_close(fd);
	say("LPCR after  %016llx", get_one(&w, KVM_REG_PPC_LPCR_64));
	HCALL(&w, &h, H_READ, 0, E0);
	say_hcall("H_READ there", &h, 2);
	fd = open_htab(fresh.vm, 0, 0);
	tell("read again", fd, 1 << 20);
	client_close(fd);
	vcpu_free(&w);
	machine_free(&fresh);
	free(stream);
	drop(E0);
}

/* The first entry of a real-mode area, as another host could have made it. */
static void real_mode_page_sizes(void)
{
	static const struct {
		const char *text;
		u64 v, r;
	} rows[] = {
	    {"4K", V_1TB | VRMA_VSID << 24 | V_BOLTED | V_VALID, R_REF | R_CHANGED | R_M},
	    {"64K", V_1TB | VRMA_VSID << 24 | V_LARGE | V_BOLTED | V_VALID,
	     R_64K | R_REF | R_CHANGED | R_M},
	    {"256M segment", VRMA_VSID << 12 | V_LARGE | V_BOLTED | V_VALID,
	     R_64K | R_REF | R_CHANGED | R_M},
	    {"another segment", V_1TB | 0x123ull << 24 | V_BOLTED | V_VALID,
	     R_REF | R_CHANGED | R_M},
	};

	topic("The page size of the real-mode area");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct machine fresh;
		struct stream s = {.used = 0};
		struct vcpu w;
		int fd;

		machine_new(&fresh, MEMORY, ORDER);
		vcpu_new(&w, &fresh, 0);
		put_header(&s, ENTRIES - 1, 1, 0);
		put_entry(&s, rows[i].v, rows[i].r);
		fd = open_htab(fresh.vm, KVM_GET_HTAB_WRITE, 0);
		say_result(rows[i].text, client_write(fd, s.bytes, s.used));
		say("    LPCR %016llx", get_one(&w, KVM_REG_PPC_LPCR_64));
		client_close(fd);
		vcpu_free(&w);
		machine_free(&fresh);
	}
}

/* A copy of the table kept by what a descriptor tells. */
struct copy {
	struct htab_entry e[ENTRIES];
};

static void apply(struct copy *c, const u8 *buffer, ssize_t bytes)
{
	struct kvm_get_htab_header h;

	for (ssize_t at = 0; at < bytes;) {
		memcpy(&h, buffer + at, sizeof(h));
		at += sizeof(h);
		if (h.index + h.n_valid + h.n_invalid > ENTRIES || at + h.n_valid * 16 > bytes)
			die("a record beyond the table or the buffer");
		for (u32 i = 0; i < h.n_valid; i++, at += 16) {
			c->e[h.index + i].v = load64(buffer + at) & ~0x60ull;
			c->e[h.index + i].r = load64(buffer + at + 8);
		}
		memset(&c->e[h.index + h.n_valid], 0, h.n_invalid * sizeof(c->e[0]));
	}
}

/* Reads until a pass finds nothing; returns whether it ended soon. */
static bool drain(struct copy *c, int fd, size_t bytes)
{
	u8 buffer[65536];

	for (int i = 0; i < 100000; i++) {
		ssize_t got = client_read(fd, buffer, bytes);

		if (got < 0)
			die("read");
		if (!got)
			return true;
		apply(c, buffer, got);
	}
	return false;
}

static void reading_while_running(void)
{
	static struct copy kept, now;
	struct kvm_regs r;
	pthread_t thread;
	u8 buffer[4096];
	ssize_t got;
	int fd = open_htab(m.vm, 0, 0), reads = 0;

	topic("Reading while a vcpu changes the table");
	memset(&kept, 0, sizeof(kept));
	memset(&now, 0, sizeof(now));
	get_regs(&v, &r);
	r.pc = GUEST_CHURN;
	r.msr = GUEST_MSR;
	r.gpr[4] = 20000;
	r.gpr[25] = 0x800;
	r.gpr[26] = V4K;
	r.gpr[27] = PTEL;
	r.gpr[28] = 0x3ff;
	set_regs(&v, &r);
	v.run->exit_reason = 0;
	pthread_create(&thread, NULL, run_for_ever, NULL);
	while (!*(volatile u32 *)&v.run->exit_reason) {
		got = client_read(fd, buffer, ++reads % 2 ? sizeof(buffer) : 333);
		if (got < 0)
			die("read");
		apply(&kept, buffer, got);
		/* With a single processor the guest wants some of it too. */
		usleep(1000);
	}
	pthread_join(thread, NULL);
	get_regs(&v, &r);
	say("the guest ended with %llx", r.gpr[21]);
	finish_exit(&v);
	say("the reads end: %d", drain(&kept, fd, 4096));
	client_close(fd);
	fd = open_htab(m.vm, 0, 0);
	drain(&now, fd, 65536);
	client_close(fd);
	say("what was told is what is there: %d", !memcmp(&kept, &now, sizeof(now)));
	for (u64 i = 0; i < 0x400; i++)
		drop(0x800 + i);
}

static void after_allocate(void)
{
	u32 order = ORDER;
	struct hcall h;
	int fd = open_htab(m.vm, 0, 0);

	topic("The table cleared by KVM_PPC_ALLOCATE_HTAB");
	make(E0, V4K, PTEL);
	skip_pass(fd);
	say_result("the same order", client_ioctl(m.vm, KVM_PPC_ALLOCATE_HTAB, &order));
	client_close(fd);
	fd = open_htab(m.vm, 0, 0);
	tell("a new descriptor", fd, 65536);
	client_close(fd);
	HCALL(&v, &h, H_READ, 0, E0);
	say_hcall("H_READ", &h, 1);
	fd = open_htab(m.vm, 0, 0);
	tell("after running again", fd, 65536);
	client_close(fd);
	order = ORDER + 1;
	say_result("another order", client_ioctl(m.vm, KVM_PPC_ALLOCATE_HTAB, &order));
	HCALL(&v, &h, H_READ, 0, 0x7ff8);
	say_hcall("H_READ of the last group", &h, 1);
	fd = open_htab(m.vm, 0, 0);
	tell("read", fd, 65536);
	client_close(fd);
}

int main(void)
{
	machine_new(&m, MEMORY, ORDER);
	vcpu_new(&v, &m, 0);
	enable_hcall(&m, H_CLEAR_REF, true);
	enable_hcall(&m, H_CLEAR_MOD, true);
	empty_tables();
	real_mode_area();
	passes();
	start_index();
	bolted_only();
	small_buffers();
	two_readers();
	by_processor();
	slot_changes();
	writing();
	write_is_told();
	busy();
	restore();
	real_mode_page_sizes();
	reading_while_running();
	after_allocate();
	vcpu_free(&v);
	machine_free(&m);
	return 0;
}
