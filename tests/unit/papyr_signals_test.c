/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PAPYR_CAP_SIGNALS_BLOCKED: KVM_RUN leaves the thread's mask alone, and ends all the same when it
 * must.
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
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include <papyr/kvm.h>
#include <papyr/papyr.h>
#include "base/bits.h"

#define MEMORY	0x1000000ull
#define CODE	0x3000
#define COUNTER 0x4000
#define H_CEDE	0xe0
#define H_OURS	0xf123

static int kvm, vm, vcpu;
static struct kvm_run *run;
static u8 *memory;

/* Counts for ever. */
static const u32 computes[] = {
    0x38a50001, /* 1: addi r5, r5, 1 */
    0xf8a40000, /*    std  r5, 0(r4) */
    0x4bfffff8, /*    b    1b */
};

/* Makes hypercall r3. */
static const u32 calls[] = {
    0x44000022, /* sc 1 */
    0x48000000, /* b . */
};

static int setup(void **state)
{
	struct kvm_enable_cap papr = {.cap = KVM_CAP_PPC_PAPR};
	struct kvm_userspace_memory_region slot = {.memory_size = MEMORY};

	memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(memory != MAP_FAILED);
	kvm = papyr_open("/dev/kvm", O_RDWR);
	vm = papyr_ioctl(kvm, KVM_CREATE_VM, 0);
	slot.userspace_addr = (uintptr_t)memory;
	assert_int_equal(papyr_ioctl(vm, KVM_SET_USER_MEMORY_REGION, &slot), 0);
	vcpu = papyr_ioctl(vm, KVM_CREATE_VCPU, 0);
	run = papyr_mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	assert_true(run != MAP_FAILED);
	assert_int_equal(papyr_ioctl(vcpu, KVM_ENABLE_CAP, &papr), 0);
	return 0;
}

static int teardown(void **state)
{
	munmap(run, getpagesize());
	papyr_close(vcpu);
	papyr_close(vm);
	papyr_close(kvm);
	munmap(memory, MEMORY);
	return 0;
}

static int promise(u64 blocked)
{
	struct kvm_enable_cap cap = {.cap = PAPYR_CAP_SIGNALS_BLOCKED, .args = {blocked}};

	return papyr_ioctl(vcpu, KVM_ENABLE_CAP, &cap);
}

/* All but @sig are blocked in KVM_RUN too. */
static void let_through(int sig)
{
	u32 mask[3] = {8};
	u64 set = ~(1ull << (sig - 1));

	memcpy(&mask[1], &set, sizeof(set));
	assert_int_equal(papyr_ioctl(vcpu, KVM_SET_SIGNAL_MASK, mask), 0);
}

static void load(const u32 *code, unsigned words, u64 r3)
{
	struct kvm_regs regs = {.pc = CODE, .msr = 1ull << 63};

	for (unsigned i = 0; i < words; i++)
		store_be32(memory + CODE + 4 * i, code[i]);
	regs.gpr[3] = r3;
	regs.gpr[4] = COUNTER;
	assert_int_equal(papyr_ioctl(vcpu, KVM_SET_REGS, &regs), 0);
}

static void block_all(sigset_t *old)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, old);
}

static void *run_main(void *error)
{
	*(int *)error = papyr_ioctl(vcpu, KVM_RUN, 0) ? errno : 0;
	return NULL;
}

/* A thread that has all blocked from its first instruction. */
static pthread_t start_blocked(int *error)
{
	pthread_t thread;
	sigset_t old;

	block_all(&old);
	assert_int_equal(pthread_create(&thread, NULL, run_main, error), 0);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return thread;
}

static u64 counted(void)
{
	return __atomic_load_n((u64 *)(memory + COUNTER), __ATOMIC_RELAXED);
}

static void wait_a_moment(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

/* KVM_RUN of @thread ends by @sig, whose default action would end the process. */
static void ends_by(pthread_t thread, int sig, int *error)
{
	pthread_kill(thread, sig);
	pthread_join(thread, NULL);
	assert_int_equal(*error, EINTR);
	assert_int_equal(run->exit_reason, KVM_EXIT_INTR);
}

static void computing(void **state)
{
	pthread_t thread;
	int error = 0;

	assert_int_equal(promise(1), 0);
	let_through(SIGUSR1);
	load(computes, ARRAY_SIZE(computes), 0);
	thread = start_blocked(&error);
	while (!counted())
		wait_a_moment();
	/* Not let through. */
	pthread_kill(thread, SIGUSR2);
	for (u64 from = counted(), moments = 0; moments < 20 || counted() == from; moments++)
		wait_a_moment();
	ends_by(thread, SIGUSR1, &error);
}

static void sleeping(void **state)
{
	pthread_t thread;
	int error = 0;

	assert_int_equal(promise(1), 0);
	let_through(SIGRTMAX);
	load(calls, ARRAY_SIZE(calls), H_CEDE);
	thread = start_blocked(&error);
	ends_by(thread, SIGRTMAX, &error);
}

/* No signal at all ends it; immediate_exit does. */
static void without_a_mask(void **state)
{
	pthread_t thread;
	int error = 0;

	assert_int_equal(promise(1), 0);
	load(computes, ARRAY_SIZE(computes), 0);
	memset(memory + COUNTER, 0, 8);
	thread = start_blocked(&error);
	while (!counted())
		wait_a_moment();
	pthread_kill(thread, SIGUSR1);
	for (u64 from = counted(), moments = 0; moments < 20 || counted() == from; moments++)
		wait_a_moment();
	*(volatile u8 *)&run->immediate_exit = 1;
	pthread_join(thread, NULL);
	assert_int_equal(error, EINTR);
	run->immediate_exit = 0;
}

static void pending_before(void **state)
{
	sigset_t old, pending, set;

	assert_int_equal(promise(1), 0);
	let_through(SIGUSR1);
	load(computes, ARRAY_SIZE(computes), 0);
	block_all(&old);
	pthread_kill(pthread_self(), SIGUSR1);
	assert_int_equal(papyr_ioctl(vcpu, KVM_RUN, 0), -1);
	assert_int_equal(errno, EINTR);
	sigpending(&pending);
	assert_true(sigismember(&pending, SIGUSR1));
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigwaitinfo(&set, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static int handled_in;

static void on_signal(int sig)
{
	handled_in = run->exit_reason;
}

/* Taken back: a handler runs after KVM_RUN, which its signal ends. */
static void taken_back(void **state)
{
	assert_int_equal(promise(2), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(promise(1), 0);
	assert_int_equal(promise(0), 0);
	load(calls, ARRAY_SIZE(calls), H_OURS);
	assert_int_equal(papyr_ioctl(vcpu, KVM_RUN, 0), 0);
	assert_int_equal(run->exit_reason, KVM_EXIT_PAPR_HCALL);
	sigaction(SIGALRM, &(struct sigaction){.sa_handler = on_signal}, NULL);
	alarm(1);
	assert_int_equal(papyr_ioctl(vcpu, KVM_RUN, 0), -1);
	assert_int_equal(errno, EINTR);
	assert_int_equal(handled_in, KVM_EXIT_INTR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(computing, setup, teardown),
	    cmocka_unit_test_setup_teardown(sleeping, setup, teardown),
	    cmocka_unit_test_setup_teardown(without_a_mask, setup, teardown),
	    cmocka_unit_test_setup_teardown(pending_before, setup, teardown),
	    cmocka_unit_test_setup_teardown(taken_back, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
