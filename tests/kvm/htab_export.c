/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fills a guest's hash table by H_ENTER, each page where its hash leads, and prints the stream of
 * the descriptor in hex, for papyr htab to read.
 */
#include "machine.h"
#include "papr.h"

#define ORDER  18
#define GROUPS (1ull << (ORDER - 7))
#define MEMORY (4 * MIB)
#define PAGES  300 /* of each kind */

static struct machine m;
static struct vcpu v;

/* A page of 4K or 64K at @ea of segment @vsid. */
static void enter(u64 vsid, bool is_1t, bool is_64k, bool secondary, u64 ea, u64 gpa, u64 flags)
{
	unsigned shift = is_64k ? 16 : 12;
	u64 hash = (is_1t ? vsid ^ vsid << 25 : vsid) ^ ea >> shift, pteh, ptel;
	struct hcall h;

	pteh = is_1t ? V_1TB | vsid << 24 | (ea >> 23) << 7 : vsid << 12 | (ea >> 23) << 7;
	pteh |= V_VALID | (is_64k ? V_LARGE : 0) | (secondary ? V_SECONDARY : 0) | flags;
	if (secondary)
		hash = ~hash;
	ptel = gpa | (is_64k ? R_64K : 0) | R_M | 2;
	if (HCALL(&v, &h, H_ENTER, 0, (hash & (GROUPS - 1)) * 8, pteh, ptel))
		die("H_ENTER of page %llx in %llx: %lld", ea, vsid, (long long)h.r[3]);
}

static void fill(void)
{
	for (u64 i = 0; i < PAGES; i++) {
		u64 page = i * 4096 % MEMORY, large = i * 65536 % MEMORY;

		enter(0x100 + i % 3, false, false, false, i << 12, page, 0);
		enter(0x200 + i % 5, false, false, true, i << 12, page, 0);
		enter(0x300, false, true, false, i << 16, large, i & 1 ? V_BOLTED : 0);
		enter(0x40000 + i % 2, true, true, false, i << 30 | i << 16, large, V_BOLTED);
		enter(0x50000 + i % 2, true, false, true, i % 16 << 36 | i << 12, page | R_REF, 0);
	}
}

static void print_hex(const u8 *data, ssize_t bytes)
{
	for (ssize_t i = 0; i < bytes; i++)
		printf("%02x%s", data[i], i % 32 == 31 || i == bytes - 1 ? "\n" : "");
}

int main(void)
{
	struct kvm_get_htab_fd get = {0};
	static u8 buffer[1 << 20];
	struct hcall h;
	ssize_t got;
	int fd;

	machine_new(&m, MEMORY, ORDER);
	vcpu_new(&v, &m, 0);
	HCALL(&v, &h, H_READ, 0, 0); /* the real-mode area is there behind it */
	fill();
	fd = client_ioctl(m.vm, KVM_PPC_GET_HTAB_FD, &get);
	if (fd < 0)
		die("KVM_PPC_GET_HTAB_FD");
	/* The first pass only, to the table's end. */
	got = client_read(fd, buffer, sizeof(buffer));
	if (got <= 0)
		die("no stream");
	print_hex(buffer, got);
	client_close(fd);
	vcpu_free(&v);
	machine_free(&m);
	return 0;
}
