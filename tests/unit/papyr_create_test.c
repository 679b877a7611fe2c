/* SPDX-License-Identifier: Apache-2.0 */
/*
 * KVM_CREATE_VCPU is cheap, and what it leaves to the first KVM_RUN doesn't end the process when
 * there is no memory for it.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include "papyr_guest.h"

#define VCPUS 32

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#define SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define SANITIZED 0
#endif

static u64 cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

/* Of the host's processor: others may want it too. */
static void takes_less_than_a_millisecond(void **state)
{
	int kvm = papyr_open("/dev/kvm", O_RDWR), vm = papyr_ioctl(kvm, KVM_CREATE_VM, 0);
	int vcpu[VCPUS];
	u64 ns[VCPUS];

	for (unsigned i = 0; i < VCPUS; i++) {
		u64 start = cpu_ns();

		vcpu[i] = papyr_ioctl(vm, KVM_CREATE_VCPU, i);
		ns[i] = cpu_ns() - start;
		assert_true(vcpu[i] >= 0);
	}
	qsort(ns, VCPUS, sizeof(ns[0]), compare);
	print_message("median %llu us, slowest %llu us\n", (unsigned long long)ns[VCPUS / 2] / 1000,
		      (unsigned long long)ns[VCPUS - 1] / 1000);
	if (!SANITIZED)
		assert_in_range(ns[VCPUS / 2], 0, 999999);
	for (unsigned i = 0; i < VCPUS; i++)
		papyr_close(vcpu[i]);
	papyr_close(vm);
	papyr_close(kvm);
}

static const u32 tells[] = {
    0x38800007, /* 1: li r4, 7 */
    0x44000022, /*    sc 1 */
    0x4bfffff8, /*    b 1b */
};

/* No more memory is mapped from here on, or as much as before. Sanitizers couldn't do without. */
static void starve(bool on)
{
	static struct rlimit before;
	struct rlimit limit;

	if (on)
		assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	limit = before;
	if (on)
		limit.rlim_cur = 1 << 20;
	assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
}

static void nothing_is_wanted_after_it(void **state)
{
	u32 order = 18;
	struct guest g;

	if (SANITIZED)
		skip();
	guest_new(&g, tells, ARRAY_SIZE(tells));
	assert_int_equal(papyr_ioctl(g.vm, KVM_PPC_ALLOCATE_HTAB, &order), 0);
	starve(true);
	assert_int_equal(guest_told(&g), 7);
	starve(false);
	guest_free(&g);
}

static void want_of_memory_is_told(void **state)
{
	struct guest g;
	int r, why;

	if (SANITIZED)
		skip();
	guest_new(&g, tells, ARRAY_SIZE(tells));
	starve(true);
	r = papyr_ioctl(g.vm, KVM_CREATE_VCPU, 1);
	why = errno;
	starve(false);
	assert_int_equal(r, -1);
	assert_int_equal(why, ENOMEM);
	/* The first one makes the hash table that nobody asked for. */
	starve(true);
	r = papyr_ioctl(g.vcpu, KVM_RUN, 0);
	why = errno;
	starve(false);
	assert_int_equal(r, -1);
	assert_int_equal(why, ENOMEM);
	assert_int_equal(guest_told(&g), 7);
	guest_free(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(takes_less_than_a_millisecond),
	    cmocka_unit_test(nothing_is_wanted_after_it),
	    cmocka_unit_test(want_of_memory_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
