/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCE tables: the hypercalls that fill and read them, with good and bad arguments; what the client
 * sees in the mapping, and what happens to a bus number that has no table or lost it.
 *
 * What begins in the window and ends beyond it is not asked here: Linux 6.1 looks at the first page
 * alone, and dies of it.
 */
#include "machine.h"
#include "papr.h"

#define LIOBN	0x80000000ull
#define LIOBN64 0x80000001ull
#define NONE	0x80000009ull
#define READ	1ull /* the device may read */
#define WRITE	2ull
#define PAGES	16u
#define LIST	0x40000ull /* in the guest */
#define NOWHERE 0x40000000ull

static struct machine m;
static struct vcpu v;

static void put(const char *text, u64 liobn, u64 address, u64 tce)
{
	struct hcall h;

	HCALL(&v, &h, H_PUT_TCE, liobn, address, tce);
	say_hcall(text, &h, 0);
}

static void get(const char *text, u64 liobn, u64 address)
{
	struct hcall h;

	HCALL(&v, &h, H_GET_TCE, liobn, address, 0x1234);
	say_hcall(text, &h, h.r[3] ? 0 : 1);
}

static void stuff(const char *text, u64 liobn, u64 address, u64 tce, u64 count)
{
	struct hcall h;

	HCALL(&v, &h, H_STUFF_TCE, liobn, address, tce, count);
	say_hcall(text, &h, 0);
}

static void indirect(const char *text, u64 liobn, u64 address, u64 list, u64 count)
{
	struct hcall h;

	HCALL(&v, &h, H_PUT_TCE_INDIRECT, liobn, address, list, count);
	say_hcall(text, &h, 0);
}

/* What the client reads: numbers of its own byte order. */
static void show(const u64 *table, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (table[i])
			say("    [%u] %llx", i, table[i]);
	}
}

static u64 *map(int fd, size_t bytes, int prot)
{
	u64 *table = client_mmap(NULL, bytes, prot, MAP_SHARED, fd, 0);

	if (table == MAP_FAILED)
		die("mmap of a TCE table");
	return table;
}

static void puts_and_gets(u64 *table)
{
	topic("H_PUT_TCE, H_GET_TCE");
	get("an empty one", LIOBN, 0);
	put("the first", LIOBN, 0, 0x10000 | READ | WRITE);
	put("reading only", LIOBN, 0x1000, 0x11000 | READ);
	put("writing only", LIOBN, 0x2000, 0x12000 | WRITE);
	put("no access, an address", LIOBN, 0x3000, 0x13000);
	put("no access, no memory", LIOBN, 0x4000, NOWHERE);
	put("no access, not aligned", LIOBN, 0x5000, 0x13008);
	put("the last", LIOBN, 0xf000, 0x1f000 | READ);
	put("beyond", LIOBN, 0x10000, 0x1f000 | READ);
	put("far beyond", LIOBN, ~0ull << 12, 0x1f000 | READ);
	put("within a page", LIOBN, 0x6010, 0x16000 | READ);
	put("other bits set", LIOBN, 0x6000, 0x16000 | READ | 0x4);
	put("high other bits", LIOBN, 0x6000, 0x16800 | READ);
	put("no memory there", LIOBN, 0x6000, NOWHERE | READ);
	put("no memory, far up", LIOBN, 0x6000, (1ull << 60) | READ);
	get("the first", LIOBN, 0);
	get("the second", LIOBN, 0x1000);
	get("within a page", LIOBN, 0x1008);
	get("one without access", LIOBN, 0x3000);
	get("one that was refused", LIOBN, 0x6000);
	get("the last", LIOBN, 0xf000);
	get("beyond", LIOBN, 0x10000);
	show(table, PAGES);
	table[1] = 0x77;
	get("what the client wrote", LIOBN, 0x1000);
	put("back to nothing", LIOBN, 0, 0);
	get("the first", LIOBN, 0);
}

static void stuffing(u64 *table)
{
	topic("H_STUFF_TCE");
	stuff("while not enabled", LIOBN, 0, 0, 4);
	enable_hcall(&m, H_STUFF_TCE, true);
	stuff("all", LIOBN, 0, 0, PAGES);
	show(table, PAGES);
	stuff("two, a value without access", LIOBN, 0x3000, 0x5550, 2);
	show(table, PAGES);
	stuff("with access", LIOBN, 0x3000, 0x15000 | READ, 2);
	stuff("none", LIOBN, 0x3000, 0, 0);
	stuff("up to the end", LIOBN, 0xf000, 0x2220, 1);
	stuff("none at the end", LIOBN, 0x10000, 0, 0);
	stuff("not aligned", LIOBN, 0x3008, 0, 1);
	show(table, PAGES);
	stuff("all away", LIOBN, 0, 0, PAGES);
}

static void indirectly(u64 *table)
{
	topic("H_PUT_TCE_INDIRECT");
	indirect("while not enabled", LIOBN, 0, LIST, 4);
	enable_hcall(&m, H_PUT_TCE_INDIRECT, true);
	for (u64 i = 0; i < 512; i++)
		store64(m.memory + LIST + 8 * i, (0x20000 + (i << 12)) | READ);
	indirect("four", LIOBN, 0x2000, LIST, 4);
	show(table, PAGES);
	indirect("none", LIOBN, 0, LIST, 0);
	indirect("513", LIOBN, 0, LIST, 513);
	indirect("2^64 - 1", LIOBN, 0, LIST, ~0ull);
	indirect("a list not aligned", LIOBN, 0, LIST + 8, 1);
	indirect("a list where no memory is", LIOBN, 0, NOWHERE, 1);
	indirect("513 where no memory is", LIOBN, 0, NOWHERE, 513);
	indirect("not aligned", LIOBN, 0x3008, LIST, 1);
	store64(m.memory + LIST + 16, NOWHERE | READ);
	indirect("the third leads nowhere", LIOBN, 0x8000, LIST, 4);
	show(table, PAGES);
	store64(m.memory + LIST + 16, 0x22008 | READ);
	indirect("the third is not aligned", LIOBN, 0x8000, LIST, 4);
	store64(m.memory + LIST + 16, NOWHERE);
	indirect("the third has no access", LIOBN, 0x8000, LIST, 4);
	show(table, PAGES);
}

static void no_table(void)
{
	topic("Bus numbers without a table leave to the client (GUEST_EXIT comes later)");
	get("H_GET_TCE", NONE, 0);
	stuff("H_STUFF_TCE", NONE, 0, 0, 1);
	indirect("H_PUT_TCE_INDIRECT", NONE, 0, LIST, 1);
	indirect("bad arguments", NONE, 1, LIST + 1, 1000);
	put("H_PUT_TCE, a number of 33 bits", LIOBN | 1ull << 32, 0, 0);
}

/* 64K pages, a window that begins at page 4. */
static void window(void)
{
	struct kvm_create_spapr_tce_64 args = {
	    .liobn = LIOBN64, .page_shift = 16, .offset = 4, .size = 8};
	int fd;

	topic("KVM_CREATE_SPAPR_TCE_64: 8 pages of 64K from page 4");
	fd = try_fd("table", m.vm, KVM_CREATE_SPAPR_TCE_64, (uintptr_t)&args);
	put("below", LIOBN64, 0x30000, 0x10000 | READ);
	put("first", LIOBN64, 0x40000, 0x10000 | READ);
	put("4K in", LIOBN64, 0x41000, 0x20000 | READ);
	put("a 4K page", LIOBN64, 0x50000, 0x21000 | READ);
	put("last", LIOBN64, 0xb0000, 0x20000 | WRITE);
	put("beyond", LIOBN64, 0xc0000, 0x20000 | WRITE);
	get("first", LIOBN64, 0x40000);
	get("below", LIOBN64, 0x30000);
	get("last", LIOBN64, 0xb0000);
	stuff("all", LIOBN64, 0x40000, 0, 8);
	stuff("from one below", LIOBN64, 0x30000, 0, 8);
	get("first", LIOBN64, 0x40000);
	if (fd >= 0)
		client_close(fd);
	put("after it is closed", LIOBN64, 0x40000, 0x10000 | READ);
}

static void making(void)
{
	static const struct {
		const char *text;
		u64 liobn, offset, size;
		u32 page_shift, flags;
	} rows[] = {
	    {"a number of 64 bits", 1ull << 40, 0, 1, 12, 0},
	    {"number 0", 0, 0, 1, 12, 0},
	    {"pages of 16M", 2, 0, 1, 24, 0},
	    {"pages of 16G", 3, 0, 1, 34, 0},
	    {"pages of 32G", 4, 0, 1, 35, 0},
	    {"pages of 2K", 4, 0, 1, 11, 0},
	    {"no pages", 4, 0, 0, 12, 0},
	    {"up to 2^64", 5, (1ull << 52) - 2, 1, 12, 0},
	    {"up to 2^64, all", 5, (1ull << 52) - 2, 2, 12, 0},
	    {"beyond 2^64", 6, (1ull << 52) - 1, 2, 12, 0},
	    {"offset and size wrap", 6, ~0ull, 2, 12, 0},
	    {"flags", 6, 0, 1, 12, 1},
	};

	topic("KVM_CREATE_SPAPR_TCE_64: arguments");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct kvm_create_spapr_tce_64 args = {.liobn = rows[i].liobn,
						       .page_shift = rows[i].page_shift,
						       .flags = rows[i].flags,
						       .offset = rows[i].offset,
						       .size = rows[i].size};

		try_fd(rows[i].text, m.vm, KVM_CREATE_SPAPR_TCE_64, (uintptr_t)&args);
	}
	TRY_AS("at NULL", m.vm, KVM_CREATE_SPAPR_TCE_64, 0);
	TRY_AS("KVM_CREATE_SPAPR_TCE at NULL", m.vm, KVM_CREATE_SPAPR_TCE, 0);
}

/* The descriptor by itself. */
static void descriptor(int fd)
{
	u64 word = 0;
	void *p;

	topic("The descriptor");
	say_result("read", client_read(fd, &word, sizeof(word)));
	say_result("write", client_write(fd, &word, sizeof(word)));
	TRY(fd, KVM_RUN, 0);
	p = client_mmap(NULL, HOST_PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	say("private mapping = %s", p == MAP_FAILED ? errno_name(errno) : "ok");
	if (p != MAP_FAILED)
		munmap(p, HOST_PAGE);
}

int main(void)
{
	struct kvm_create_spapr_tce args = {.liobn = LIOBN, .window_size = PAGES << 12};
	u64 *table;
	int fd;

	machine_new(&m, 2 * MIB, 18);
	vcpu_new(&v, &m, 0);
	topic("A table of 16 pages");
	put("before there is one", LIOBN, 0, 0x10000 | READ);
	fd = try_fd("KVM_CREATE_SPAPR_TCE", m.vm, KVM_CREATE_SPAPR_TCE, (uintptr_t)&args);
	if (fd < 0)
		die("no table");
	table = map(fd, HOST_PAGE, PROT_READ | PROT_WRITE);
	puts_and_gets(table);
	stuffing(table);
	indirectly(table);
	no_table();
	window();
	making();
	descriptor(fd);
	topic("After its descriptor is closed, and after its mapping is gone");
	client_close(fd);
	put("H_PUT_TCE", LIOBN, 0, 0x10000 | READ);
	fd = try_fd("the number again", m.vm, KVM_CREATE_SPAPR_TCE, (uintptr_t)&args);
	get("its first", LIOBN, 0);
	say("the old mapping has [2] %llx", table[2]);
	munmap(table, HOST_PAGE);
	client_close(fd);
	vcpu_free(&v);
	machine_free(&m);
	return 0;
}
