/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What reading the dirty log costs, KVM_GET_DIRTY_LOG, against memcpy of a bitmap of its size; and
 * what the guest pays for it afterwards: a vcpu that reads pages, with and without the log having
 * been read before, and one that also stores to one of them.
 *
 *     bench_dirty [--json] [--rounds N] [--mib N] [--check]
 *
 * Everything is run in turn in each round, so that a slow moment of the machine hits all alike; the
 * median and the spread (first to last quartile) are printed. --check: exit 1 if a ratio misses its
 * goal.
 */
#include <fcntl.h>
#include <papyr/kvm.h>
#include <papyr/papyr.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/bits.h"
#include "rounds.h"

#define MIB	   0x100000ull
#define PAGE	   4096ull
#define CODE	   0x3000ull
#define AREA	   (16 * MIB)
#define AREA_PAGES 512
#define H_OURS	   0xf123 /* nobody's but the client's */
#define REPEAT	   10	  /* calls a round, of which the mean counts */

/* Reads a word of each page from r7 up to r6, then makes hypercall r3; for ever. */
static const u32 reads_pages[] = {
    0x7ce43b78, /* 1: mr    r4, r7 */
    0xe8a40000, /* 2: ld    r5, 0(r4) */
    0x7c844214, /*    add   r4, r4, r8 */
    0x7c243040, /*    cmpld r4, r6 */
    0x4180fff4, /*    blt   2b */
    0x44000022, /*    sc    1 */
    0x4bffffe8, /*    b     1b */
};

#define STORES_TOO 0x100 /* from CODE: the same, with a store to the first page */
static const u32 stores_too[] = {
    0xf8a70008, /* 1: std   r5, 8(r7) */
    0x7ce43b78, /*    mr    r4, r7 */
    0xe8a40000, /* 2: ld    r5, 0(r4) */
    0x7c844214, /*    add   r4, r4, r8 */
    0x7c243040, /*    cmpld r4, r6 */
    0x4180fff4, /*    blt   2b */
    0x44000022, /*    sc    1 */
    0x4bffffe4, /*    b     1b */
};

enum what {
	COPY,
	LOG_NOTHING,
	LOG_PAGE,
	GUEST_ALONE,
	GUEST_AFTER,
	STORING_ALONE,
	STORING_AFTER,
	N_WHAT
};

static struct bench_row rows[N_WHAT] = {
    [COPY] = {"memcpy of the bitmap", "memcpy", COPY, 0},
    [LOG_NOTHING] = {"log, nothing changed", "log_nothing", COPY, 6},
    [LOG_PAGE] = {"log, a page changed", "log_page", COPY, 0},
    [GUEST_ALONE] = {"guest, log not read", "guest_alone", GUEST_ALONE, 0},
    [GUEST_AFTER] = {"guest, after log, nothing", "guest_after", GUEST_ALONE, 1.1},
    [STORING_ALONE] = {"guest stores, log not read", "storing_alone", STORING_ALONE, 0},
    [STORING_AFTER] = {"guest stores, after log", "storing_after", STORING_ALONE, 2.5},
};

static int kvm, vm, vcpu;
static struct kvm_run *run;
static u8 *memory;

static void must(bool good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(1);
}

static void new_guest(u64 bytes)
{
	struct kvm_enable_cap papr = {.cap = KVM_CAP_PPC_PAPR};
	struct kvm_userspace_memory_region slot = {.memory_size = bytes};

	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	must(memory != MAP_FAILED, "guest memory");
	for (unsigned i = 0; i < ARRAY_SIZE(reads_pages); i++)
		store_be32(memory + CODE + 4 * i, reads_pages[i]);
	for (unsigned i = 0; i < ARRAY_SIZE(stores_too); i++)
		store_be32(memory + CODE + STORES_TOO + 4 * i, stores_too[i]);
	kvm = papyr_open("/dev/kvm", O_RDWR);
	vm = papyr_ioctl(kvm, KVM_CREATE_VM, 0);
	slot.userspace_addr = (uintptr_t)memory;
	slot.flags = KVM_MEM_LOG_DIRTY_PAGES;
	must(!papyr_ioctl(vm, KVM_SET_USER_MEMORY_REGION, &slot), "KVM_SET_USER_MEMORY_REGION");
	vcpu = papyr_ioctl(vm, KVM_CREATE_VCPU, 0);
	must(vcpu >= 0, "KVM_CREATE_VCPU");
	run = papyr_mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	must(run != MAP_FAILED, "papyr_mmap");
	must(!papyr_ioctl(vcpu, KVM_ENABLE_CAP, &papr), "KVM_CAP_PPC_PAPR");
}

static void run_guest(void)
{
	must(!papyr_ioctl(vcpu, KVM_RUN, 0) && run->exit_reason == KVM_EXIT_PAPR_HCALL, "KVM_RUN");
	run->papr_hcall.ret = H_OURS;
}

/* The guest's next pass is that of the program at @pc; one has been made, so that all is warm. */
static void begin_guest(u64 pc)
{
	struct kvm_regs regs = {.pc = pc, .msr = 1ull << 63};

	regs.gpr[3] = H_OURS;
	regs.gpr[7] = AREA;
	regs.gpr[6] = AREA + AREA_PAGES * PAGE;
	regs.gpr[8] = PAGE;
	must(!papyr_ioctl(vcpu, KVM_SET_REGS, &regs), "KVM_SET_REGS");
	run_guest();
}

static void read_log(void *bitmap)
{
	struct kvm_dirty_log log = {.slot = 0, .dirty_bitmap = bitmap};

	must(!papyr_ioctl(vm, KVM_GET_DIRTY_LOG, &log), "KVM_GET_DIRTY_LOG");
}

static void one_round(unsigned round, void *bitmap, void *from, size_t bytes)
{
#define MEASURE(what, before, statement)                                                           \
	do {                                                                                       \
		double sum = 0;                                                                    \
		for (unsigned i_ = 0; i_ < REPEAT; i_++) {                                         \
			double begin_;                                                             \
			before;                                                                    \
			begin_ = now_us();                                                         \
			statement;                                                                 \
			sum += now_us() - begin_;                                                  \
		}                                                                                  \
		rows[what].us[round] = sum / REPEAT;                                              \
	} while (0)

	MEASURE(COPY, , memcpy(bitmap, from, bytes));
	read_log(bitmap);
	MEASURE(LOG_NOTHING, , read_log(bitmap));
	begin_guest(CODE);
	MEASURE(GUEST_ALONE, , run_guest());
	MEASURE(GUEST_AFTER, read_log(bitmap), run_guest());
	begin_guest(CODE + STORES_TOO);
	MEASURE(LOG_PAGE, run_guest(), read_log(bitmap));
	run_guest();
	MEASURE(STORING_ALONE, , run_guest());
	MEASURE(STORING_AFTER, read_log(bitmap), run_guest());
#undef MEASURE
}

int main(int argc, char **argv)
{
	bool json = false, check = false;
	unsigned rounds = 21;
	u64 mib = 4096;
	size_t bytes;
	void *bitmap, *from;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--json")) {
			json = true;
		} else if (!strcmp(argv[i], "--check")) {
			check = true;
		} else if (!strcmp(argv[i], "--rounds") && i + 1 < argc) {
			rounds = (unsigned)atoi(argv[++i]);
		} else if (!strcmp(argv[i], "--mib") && i + 1 < argc) {
			mib = (u64)atoll(argv[++i]);
		} else {
			fprintf(stderr, "usage: %s [--json] [--check] [--rounds N] [--mib N]\n",
				argv[0]);
			return 1;
		}
	}
	if (rounds < 1 || rounds > ROUNDS_MAX || mib < 32 || mib > 1u << 20) {
		fprintf(stderr, "rounds must be 1 .. %d, MiB 32 .. 1048576\n", ROUNDS_MAX);
		return 1;
	}
	bytes = mib * MIB / PAGE / 8;
	bitmap = calloc(1, bytes);
	from = malloc(bytes);
	if (!bitmap || !from)
		return 1;
	memset(from, 1, bytes);
	new_guest(mib * MIB);
	for (unsigned round = 0; round < rounds; round++)
		one_round(round, bitmap, from, bytes);
	return bench_report(rows, N_WHAT, rounds, json) && check;
}
