/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dirty log of a running guest: what live migration stands on. Two vcpus store all the time,
 * this thread copies what the log tells; when they stand still the copy must be the memory. And
 * slots that change under them: a store goes to the old memory or to the new, or is told as MMIO,
 * but is not lost.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
#include <papyr/kvm.h>
#include <papyr/papyr.h>
#include "base/bits.h"

#define MIB	0x100000ull
#define MEMORY	(4 * MIB)
#define VCPUS	2
#define CODE	0x3000
#define PAGES	128
#define AREA(i) (MIB * ((i) + 1))

static int kvm, vm, fd[VCPUS];
static struct kvm_run *run[VCPUS];
static pthread_t thread[VCPUS];
static u8 *memory;
static u64 mmio_stores;

/* r4: where, r5: what, r6: end, r7: begin, r8: step */
static const u32 stores[] = {
    0x38a50001, /* 1: addi  r5, r5, 1 */
    0xf8a40000, /*    std   r5, 0(r4) */
    0x7c844214, /*    add   r4, r4, r8 */
    0x7c243040, /*    cmpld r4, r6 */
    0x4180fff0, /*    blt   1b */
    0x7ce43b78, /*    mr    r4, r7 */
    0x4bffffe8, /*    b     1b */
};

static void stop_signal(int sig)
{
}

static void set_slot(u32 slot, u32 flags, u64 gpa, u64 size, void *host)
{
	struct kvm_userspace_memory_region r = {slot, flags, gpa, size, (uintptr_t)host};

	assert_int_equal(papyr_ioctl(vm, KVM_SET_USER_MEMORY_REGION, &r), 0);
}

static void *pages(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(p != MAP_FAILED);
	return p;
}

static void new_vcpu(unsigned i, u64 step)
{
	struct kvm_enable_cap papr = {.cap = KVM_CAP_PPC_PAPR};
	struct kvm_regs regs = {.pc = CODE, .msr = 1ull << 63};

	fd[i] = papyr_ioctl(vm, KVM_CREATE_VCPU, 8ul * i);
	assert_true(fd[i] >= 0);
	run[i] = papyr_mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE, MAP_SHARED, fd[i], 0);
	assert_true(run[i] != MAP_FAILED);
	assert_int_equal(papyr_ioctl(fd[i], KVM_ENABLE_CAP, &papr), 0);
	regs.gpr[4] = regs.gpr[7] = AREA(i);
	regs.gpr[6] = AREA(i) + PAGES * 4096;
	regs.gpr[8] = step;
	assert_int_equal(papyr_ioctl(fd[i], KVM_SET_REGS, &regs), 0);
}

static int setup(void **state)
{
	struct sigaction act = {.sa_handler = stop_signal};
	u32 order = 18;

	sigaction(SIGUSR1, &act, NULL);
	memory = pages(MEMORY);
	for (unsigned i = 0; i < ARRAY_SIZE(stores); i++)
		store_be32(memory + CODE + 4 * i, stores[i]);
	kvm = papyr_open("/dev/kvm", O_RDWR);
	vm = papyr_ioctl(kvm, KVM_CREATE_VM, 0ul);
	assert_true(vm >= 0);
	assert_int_equal(papyr_ioctl(vm, KVM_PPC_ALLOCATE_HTAB, &order), 0);
	mmio_stores = 0;
	return 0;
}

static int teardown(void **state)
{
	for (unsigned i = 0; i < VCPUS; i++) {
		munmap(run[i], getpagesize());
		papyr_close(fd[i]);
	}
	papyr_close(vm);
	papyr_close(kvm);
	munmap(memory, MEMORY);
	return 0;
}

static void *vcpu_thread(void *arg)
{
	unsigned i = (uintptr_t)arg;

	for (;;) {
		if (papyr_ioctl(fd[i], KVM_RUN, 0ul))
			return errno == EINTR ? NULL : "KVM_RUN failed";
		if (run[i]->exit_reason != KVM_EXIT_MMIO || !run[i]->mmio.is_write)
			return "another exit than of a store";
		mmio_stores++;
	}
}

static void start(void)
{
	for (uintptr_t i = 0; i < VCPUS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, vcpu_thread, (void *)i), 0);
}

static void stop(void)
{
	void *fault;

	for (unsigned i = 0; i < VCPUS; i++) {
		__atomic_store_n(&run[i]->immediate_exit, 1, __ATOMIC_SEQ_CST);
		pthread_kill(thread[i], SIGUSR1);
	}
	for (unsigned i = 0; i < VCPUS; i++) {
		pthread_join(thread[i], &fault);
		if (fault)
			fail_msg("%s", (char *)fault);
		run[i]->immediate_exit = 0;
	}
}

static u64 bits[MEMORY / 4096 / 64];

static bool is_told(size_t page)
{
	return bits[page / 64] >> page % 64 & 1;
}

static void take_log(void)
{
	struct kvm_dirty_log log = {.dirty_bitmap = bits};

	assert_int_equal(papyr_ioctl(vm, KVM_GET_DIRTY_LOG, &log), 0);
}

static unsigned copy_dirty(u8 *copy)
{
	size_t page = getpagesize();
	unsigned count = 0;

	take_log();
	for (size_t i = 0; i < MEMORY / page; i++) {
		if (is_told(i)) {
			memcpy(copy + i * page, memory + i * page, page);
			count++;
		}
	}
	return count;
}

static void copying(void **state)
{
	u8 *copy = pages(MEMORY);
	unsigned told = 0;

	set_slot(0, KVM_MEM_LOG_DIRTY_PAGES, 0, MEMORY, memory);
	new_vcpu(0, 4096);
	new_vcpu(1, 4096 + 8);
	memcpy(copy, memory, MEMORY);
	start();
	for (unsigned i = 0; i < 150; i++) {
		told += copy_dirty(copy);
		if (i % 8 == 0)
			usleep(500);
	}
	stop();
	copy_dirty(copy);
	assert_memory_equal(copy, memory, MEMORY);
	assert_true(told > 150);
	/* They stand: nothing more. */
	assert_int_equal(copy_dirty(copy), 0);
	munmap(copy, MEMORY);
}

/* The log turned on and off under them. */
static void switching(void **state)
{
	u8 *copy = pages(MEMORY);

	set_slot(0, 0, 0, MEMORY, memory);
	new_vcpu(0, 4096);
	new_vcpu(1, 4096 + 8);
	start();
	for (unsigned i = 0; i < 20; i++) {
		set_slot(0, KVM_MEM_LOG_DIRTY_PAGES, 0, MEMORY, memory);
		memcpy(copy, memory, MEMORY);
		for (unsigned j = 0; j < 3; j++)
			copy_dirty(copy);
		if (i < 19)
			set_slot(0, 0, 0, MEMORY, memory);
	}
	stop();
	copy_dirty(copy);
	assert_memory_equal(copy, memory, MEMORY);
	munmap(copy, MEMORY);
}

/* A page between two that are stored to isn't told, though all were one unit before the log. */
static void what_did_not_change(void **state)
{
	unsigned told = 0;

	set_slot(0, 0, 0, MEMORY, memory);
	for (unsigned i = 0; i < VCPUS; i++)
		new_vcpu(i, 2 * 4096);
	start();
	usleep(5000);
	set_slot(0, KVM_MEM_LOG_DIRTY_PAGES, 0, MEMORY, memory);
	usleep(20000);
	take_log(); /* what was under way may be told of by units */
	for (unsigned i = 0; i < 20; i++) {
		usleep(1000);
		take_log();
		for (size_t page = 0; page < PAGES; page++) {
			told += is_told(AREA(0) / 4096 + page);
			assert_false(page % 2 && is_told(AREA(0) / 4096 + page));
		}
	}
	stop();
	assert_true(told >= PAGES / 2);
}

/*
 * The slot that they store to goes, another one comes, moves. When it is gone nobody may touch its
 * memory any more: that is checked by taking it away.
 */
static void slots_under_them(void **state)
{
	set_slot(0, 0, 0, MIB, memory);
	for (unsigned i = 0; i < VCPUS; i++)
		new_vcpu(i, 4096);
	start();
	for (unsigned i = 0; i < 60; i++) {
		void *area = pages(2 * MIB);

		set_slot(1, i % 2 ? KVM_MEM_LOG_DIRTY_PAGES : 0, MIB, 2 * MIB, area);
		if (i % 4 == 0)
			usleep(300);
		if (i % 3 == 0)
			set_slot(1, i % 2 ? KVM_MEM_LOG_DIRTY_PAGES : 0, 16 * MIB, 2 * MIB, area);
		set_slot(1, 0, 0, 0, NULL);
		assert_int_equal(mprotect(area, 2 * MIB, PROT_NONE), 0);
		munmap(area, 2 * MIB);
	}
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(copying, setup, teardown),
	    cmocka_unit_test_setup_teardown(switching, setup, teardown),
	    cmocka_unit_test_setup_teardown(what_did_not_change, setup, teardown),
	    cmocka_unit_test_setup_teardown(slots_under_them, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
