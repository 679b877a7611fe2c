/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Eventfds that raise interrupts, and those that stores tell, without a guest: descriptors that are
 * closed, copied and given out again; many at a time; the thread that watches.
 */
#include "hv_common.h"
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include "base/bits.h"
#include "hv/hcall/hcall.h"
#include "hv/ioeventfd.h"
#include "hv/irqfd.h"
#include "hv/xics/xics.h"

#define EDGE	 0x1000u
#define LEVEL	 0x1100u
#define PRIORITY 5ull
#define DEVICE	 0x40000000ull

static struct hv_vm *vm;
static struct hv_vcpu *vcpu;

static u64 source(u64 flags)
{
	return PRIORITY << KVM_XICS_PRIORITY_SHIFT | flags;
}

static void cppr(u8 value)
{
	u64 gpr[13] = {[4] = value};

	assert_int_equal(h_cppr(vcpu, gpr), H_SUCCESS);
}

static int setup(void **state)
{
	vm = new_vm();
	assert_int_equal(hv_xics_create(vm), 0);
	vcpu = new_vcpu(vm, 0);
	assert_int_equal(hv_xics_connect(vcpu, 0), 0);
	for (u32 i = 0; i < 16; i++) {
		assert_int_equal(hv_xics_set_source(vm, EDGE + i, source(0)), 0);
		assert_int_equal(
		    hv_xics_set_source(vm, LEVEL + i, source(KVM_XICS_LEVEL_SENSITIVE)), 0);
	}
	cppr(0xff);
	return 0;
}

static int teardown(void **state)
{
	if (vm)
		hv_vm_put(vm);
	vm = NULL;
	return 0;
}

static int new_eventfd(void)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static int irqfd(int fd, u32 irq, u32 flags, int resample)
{
	struct kvm_irqfd args = {.fd = fd, .gsi = irq, .flags = flags, .resamplefd = resample};

	return hv_irqfd(vm, &args);
}

static int assign(int fd, u32 irq)
{
	return irqfd(fd, irq, 0, 0);
}

static int deassign(int fd, u32 irq)
{
	return irqfd(fd, irq, KVM_IRQFD_FLAG_DEASSIGN, 0);
}

static u32 xirr(void)
{
	u64 gpr[13] = {0};

	assert_int_equal(h_xirr(vcpu, gpr), H_SUCCESS);
	return gpr[4] & 0xffffff;
}

static void eoi(u32 irq)
{
	u64 gpr[13] = {[4] = 0xff000000 | irq};

	assert_int_equal(h_eoi(vcpu, gpr), H_SUCCESS);
}

/* Takes and ends the next interrupt. */
static u32 serve(void)
{
	u32 irq = 0;

	for (int looks = 0; !irq && looks < 20000; looks++) {
		irq = xirr();
		if (!irq)
			usleep(500);
	}
	if (irq)
		eoi(irq);
	return irq;
}

static u64 count_of(int fd)
{
	u64 count;

	return read(fd, &count, sizeof(count)) < 0 ? 0 : count;
}

static unsigned entries(const char *path)
{
	DIR *dir = opendir(path);
	unsigned n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void raises(void **state)
{
	int fd = new_eventfd();

	assert_int_equal(assign(fd, EDGE), 0);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(eventfd_write(fd, 1), 0);
		assert_int_equal(serve(), EDGE);
	}
	assert_int_equal(deassign(fd, EDGE), 0);
	assert_int_equal(count_of(fd), 0);
	assert_int_equal(eventfd_write(fd, 1), 0);
	usleep(20000);
	assert_int_equal(xirr(), 0);
	close(fd);
}

/* The number by which one was assigned names another by now, which is assigned too. */
static void number_given_out_again(void **state)
{
	int fd = new_eventfd(), twin = dup(fd), other;

	assert_int_equal(assign(fd, EDGE), 0);
	close(fd);
	other = new_eventfd();
	assert_int_equal(other, fd);
	assert_int_equal(assign(other, EDGE + 1), 0);
	assert_int_equal(eventfd_write(twin, 1), 0);
	assert_int_equal(serve(), EDGE);
	assert_int_equal(deassign(twin, EDGE), 0);
	assert_int_equal(eventfd_write(other, 1), 0);
	assert_int_equal(serve(), EDGE + 1);
	assert_int_equal(eventfd_write(twin, 1), 0);
	usleep(20000);
	assert_int_equal(xirr(), 0);
	close(other);
	close(twin);
}

/* Deassigned by another number; then the first one is its name again. */
static void number_comes_back(void **state)
{
	int fd = new_eventfd(), twin = dup(fd);

	assert_int_equal(assign(fd, EDGE), 0);
	close(fd);
	assert_int_equal(deassign(twin, EDGE), 0);
	assert_int_equal(dup2(twin, fd), fd);
	assert_int_equal(assign(fd, EDGE + 1), 0);
	assert_int_equal(eventfd_write(twin, 1), 0);
	assert_int_equal(serve(), EDGE + 1);
	close(fd);
	close(twin);
}

/* The kernel gives a closed eventfd's identity to the next one. */
static void closed_and_made_anew(void **state)
{
	for (int i = 0; i < 50; i++) {
		int fd = new_eventfd();

		assert_int_equal(assign(fd, EDGE + i % 16), 0);
		assert_int_equal(assign(fd, EDGE), -EBUSY);
		assert_int_equal(eventfd_write(fd, 1), 0);
		assert_int_equal(serve(), EDGE + i % 16);
		close(fd);
	}
}

static void resampled(void **state)
{
	int fd = new_eventfd(), other = new_eventfd(), again = new_eventfd();

	assert_int_equal(irqfd(fd, LEVEL, KVM_IRQFD_FLAG_RESAMPLE, again), 0);
	assert_int_equal(irqfd(other, LEVEL + 1, KVM_IRQFD_FLAG_RESAMPLE, again), 0);
	assert_int_equal(eventfd_write(fd, 1), 0);
	assert_int_equal(serve(), LEVEL);
	assert_int_equal(count_of(again), 1);
	/* It was up when the guest ended it. */
	assert_int_equal(serve(), LEVEL);
	assert_int_equal(xirr(), 0);
	assert_int_equal(count_of(again), 1);
	/* Closed while its line is up. */
	assert_int_equal(eventfd_write(fd, 1), 0);
	while (!xirr())
		usleep(500);
	close(fd);
	eoi(LEVEL);
	assert_int_equal(count_of(again), 0);
	assert_int_equal(serve(), LEVEL);
	assert_int_equal(xirr(), 0);
	/* The other one lives. */
	assert_int_equal(eventfd_write(other, 1), 0);
	assert_int_equal(serve(), LEVEL + 1);
	assert_int_equal(count_of(again), 1);
	close(other);
	close(again);
}

static bool served_at_last(u32 irq)
{
	for (int i = 0; i < 100; i++) {
		if (serve() == irq)
			return true;
	}
	return false;
}

static void *write_often(void *arg)
{
	for (int i = 0; i < 2000; i++)
		eventfd_write(*(int *)arg, 1);
	return NULL;
}

/* Others come and go while some fire; after each write there is an interrupt. */
static void many_at_once(void **state)
{
	int fd[2] = {new_eventfd(), new_eventfd()};
	pthread_t thread[2];

	for (int i = 0; i < 2; i++) {
		assert_int_equal(assign(fd[i], EDGE + i), 0);
		pthread_create(&thread[i], NULL, write_often, &fd[i]);
	}
	for (int round = 0; round < 200; round++) {
		int other = new_eventfd(), again = new_eventfd();
		u32 irq = xirr();

		assert_int_equal(irqfd(other, LEVEL + 3, KVM_IRQFD_FLAG_RESAMPLE, again), 0);
		eventfd_write(other, 1);
		if (irq)
			eoi(irq);
		if (round % 2)
			assert_int_equal(deassign(other, LEVEL + 3), 0);
		close(other);
		close(again);
	}
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	for (int i = 0; i < 2; i++) {
		eventfd_write(fd[i], 1);
		assert_true(served_at_last(EDGE + i));
	}
	close(fd[0]);
	close(fd[1]);
}

/* Signals of the thread: those that it has blocked, as /proc tells. */
static u64 blocked_by_the_watcher(void)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *entry;
	u64 blocked = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		char path[300], line[256], name[64] = "";
		FILE *f;

		snprintf(path, sizeof(path), "/proc/self/task/%s/status", entry->d_name);
		f = fopen(path, "r");
		while (f && fgets(line, sizeof(line), f)) {
			sscanf(line, "Name: %63s", name);
			if (!strcmp(name, "kvm-irqfd"))
				sscanf(line, "SigBlk: %llx", (unsigned long long *)&blocked);
		}
		if (f)
			fclose(f);
	}
	closedir(dir);
	return blocked;
}

static void thread_and_descriptors(void **state)
{
	unsigned fds = entries("/proc/self/fd"), threads = entries("/proc/self/task");
	int fd = new_eventfd(), again = new_eventfd();
	struct kvm_ioeventfd bell = {.fd = fd, .len = 4};
	u32 bytes = 0;

	assert_int_equal(irqfd(fd, LEVEL, KVM_IRQFD_FLAG_RESAMPLE, again), 0);
	assert_int_equal(entries("/proc/self/task"), threads + 1);
	/* The set, what ends the thread, the resample eventfd. */
	assert_int_equal(entries("/proc/self/fd"), fds + 2 + 3);
	/* libc starts a thread with all of them blocked. */
	for (int i = 0; i < 10000 && blocked_by_the_watcher() & 1ull << (SIGSEGV - 1); i++)
		usleep(1000);
	assert_true(blocked_by_the_watcher() & 1ull << (SIGUSR1 - 1));
	assert_true(blocked_by_the_watcher() & 1ull << (SIGTERM - 1));
	assert_false(blocked_by_the_watcher() & 1ull << (SIGSEGV - 1));
	/* One descriptor for all places of an eventfd. */
	for (u64 i = 0; i < 10; i++) {
		bell.addr = DEVICE + 16 * (9 - i);
		assert_int_equal(hv_ioeventfd(vm, &bell), 0);
	}
	assert_int_equal(entries("/proc/self/fd"), fds + 2 + 4);
	for (u64 i = 0; i < 10; i++) {
		assert_true(hv_ioeventfd_store(vm, DEVICE + 16 * i, 4, &bytes));
		assert_false(hv_ioeventfd_store(vm, DEVICE + 16 * i + 4, 4, &bytes));
		assert_false(hv_ioeventfd_store(vm, DEVICE + 16 * i, 8, &bytes));
	}
	assert_int_equal(count_of(fd), 10);
	hv_vm_put(vm);
	vm = NULL;
	/* Joined, but the kernel may be a moment behind. */
	for (int i = 0; i < 1000 && entries("/proc/self/task") > threads; i++)
		usleep(1000);
	assert_int_equal(entries("/proc/self/task"), threads);
	close(fd);
	close(again);
	assert_true(entries("/proc/self/fd") < fds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(raises, setup, teardown),
	    cmocka_unit_test_setup_teardown(number_given_out_again, setup, teardown),
	    cmocka_unit_test_setup_teardown(number_comes_back, setup, teardown),
	    cmocka_unit_test_setup_teardown(closed_and_made_anew, setup, teardown),
	    cmocka_unit_test_setup_teardown(resampled, setup, teardown),
	    cmocka_unit_test_setup_teardown(many_at_once, setup, teardown),
	    cmocka_unit_test_setup_teardown(thread_and_descriptors, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
