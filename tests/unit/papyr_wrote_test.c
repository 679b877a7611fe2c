/* SPDX-License-Identifier: Apache-2.0 */
/* PAPYR_CAP_TELLS_WRITES: instructions that a client changes, and says so or not. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include "papyr_guest.h"

#define FUNCTION 0x4000 /* li r4, N; blr */
#define SAID	 0x5000
#define LAST	 0x7fff
#define ROUNDS	 2000

static const u32 program[] = {
    0x48001001, /* 1: bl FUNCTION */
    0xf8850000, /*    std r4, 0(r5) */
    0x2c260000, /*    cmpdi r6, 0: tell each */
    0x4082000c, /*    bne 2f */
    0x2c247fff, /*    cmpdi r4, LAST */
    0x4082ffec, /*    bne 1b */
    0x44000022, /* 2: sc 1 */
    0x4bffffe4, /*    b 1b */
};

static void change(const struct guest *g, u32 n)
{
	__atomic_store_n((u32 *)(g->memory + FUNCTION), be32(0x38800000 | n), __ATOMIC_RELAXED);
}

static int promise(const struct guest *g, u64 on)
{
	struct kvm_enable_cap cap = {.cap = PAPYR_CAP_TELLS_WRITES, .args = {on}};

	return papyr_ioctl(g->vm, KVM_ENABLE_CAP, &cap) ? errno : 0;
}

static void make(struct guest *g, u32 tell_each)
{
	struct kvm_regs regs = {.pc = GUEST_CODE, .msr = 1ull << 63};

	guest_new(g, program, ARRAY_SIZE(program));
	store_be32(g->memory + FUNCTION + 4, 0x4e800020);
	change(g, 0);
	regs.gpr[3] = GUEST_TELLS;
	regs.gpr[5] = SAID;
	regs.gpr[6] = tell_each;
	guest_set_regs(g, &regs);
}

static void unpromised(void **state)
{
	struct guest g;

	make(&g, 1);
	assert_int_equal(papyr_ioctl(g.vm, KVM_CHECK_EXTENSION, PAPYR_CAP_TELLS_WRITES), 1);
	for (unsigned n = 0; n < 10; n++) {
		change(&g, n);
		assert_int_equal(guest_told(&g), n);
	}
	guest_free(&g);
}

static void promised(void **state)
{
	struct guest g;

	make(&g, 1);
	assert_int_equal(guest_told(&g), 0);
	/* What was written before the promise. */
	change(&g, 1);
	assert_int_equal(promise(&g, 1), 0);
	assert_int_equal(guest_told(&g), 1);
	for (unsigned n = 2; n < 10; n++) {
		change(&g, n);
		assert_int_equal(papyr_wrote(g.vm, FUNCTION, 4), 0);
		assert_int_equal(guest_told(&g), n);
	}
	/* The last byte of what was told, over pages that hold nothing, and far too much. */
	change(&g, 10);
	papyr_wrote(g.vm, FUNCTION - 3 * 4096, 3 * 4096 + 1);
	assert_int_equal(guest_told(&g), 10);
	change(&g, 11);
	papyr_wrote(g.vm, 0, UINT64_MAX);
	assert_int_equal(guest_told(&g), 11);
	/* No memory, no bytes. */
	assert_int_equal(papyr_wrote(g.vm, GUEST_MEMORY, 3 * 4096), 0);
	assert_int_equal(papyr_wrote(g.vm, FUNCTION, 0), 0);
	/* It isn't looked for any more, which is what all this is about. */
	change(&g, 12);
	assert_int_equal(guest_told(&g), 11);
	assert_int_equal(promise(&g, 0), 0);
	assert_int_equal(guest_told(&g), 12);
	change(&g, 13);
	assert_int_equal(guest_told(&g), 13);
	guest_free(&g);
}

/* A page's blocks know nothing of those that were at its address before. */
static void slots_that_move(void **state)
{
	struct kvm_userspace_memory_region slot = {.slot = 0};
	struct guest g;

	make(&g, 1);
	assert_int_equal(promise(&g, 1), 0);
	assert_int_equal(guest_told(&g), 0);
	assert_int_equal(papyr_ioctl(g.vm, KVM_SET_USER_MEMORY_REGION, &slot), 0);
	slot.memory_size = GUEST_MEMORY;
	slot.userspace_addr = (uintptr_t)g.memory;
	assert_int_equal(papyr_ioctl(g.vm, KVM_SET_USER_MEMORY_REGION, &slot), 0);
	assert_int_equal(guest_told(&g), 0);
	change(&g, 1);
	papyr_wrote(g.vm, FUNCTION, 4);
	assert_int_equal(guest_told(&g), 1);
	guest_free(&g);
}

static void wrong_ones(void **state)
{
	struct guest g;

	make(&g, 1);
	assert_int_equal(promise(&g, 2), EINVAL);
	assert_int_equal(papyr_wrote(g.kvm, 0, 1), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(papyr_wrote(g.vcpu, 0, 1), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(papyr_wrote(-1, 0, 1), -1);
	assert_int_equal(errno, EBADF);
	guest_free(&g);
}

static void *run(void *arg)
{
	while (papyr_ioctl(((struct guest *)arg)->vcpu, KVM_RUN, 0))
		;
	return NULL;
}

static void while_it_runs(const char *engine)
{
	struct guest g;
	pthread_t thread;

	setenv("PAPYR_ENGINE", engine, 1);
	make(&g, 0);
	assert_int_equal(promise(&g, 1), 0);
	assert_int_equal(pthread_create(&thread, NULL, run, &g), 0);
	for (u32 n = 1; n <= ROUNDS; n++) {
		change(&g, n < ROUNDS ? n : LAST);
		papyr_wrote(g.vm, FUNCTION, 4);
		/* For ever, if the guest didn't notice. */
		while (n < ROUNDS &&
		       __atomic_load_n((u64 *)(g.memory + SAID), __ATOMIC_RELAXED) != be64(n))
			sched_yield();
	}
	pthread_join(thread, NULL);
	assert_int_equal(g.run->exit_reason, KVM_EXIT_PAPR_HCALL);
	assert_int_equal(g.run->papr_hcall.args[0], LAST);
	guest_free(&g);
	unsetenv("PAPYR_ENGINE");
}

static void while_functions_run(void **state)
{
	while_it_runs("portable");
}

static void while_compiled_code_runs(void **state)
{
	while_it_runs("eager");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(unpromised),
	    cmocka_unit_test(promised),
	    cmocka_unit_test(slots_that_move),
	    cmocka_unit_test(wrong_ones),
	    cmocka_unit_test(while_functions_run),
	    cmocka_unit_test(while_compiled_code_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
