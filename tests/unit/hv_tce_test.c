/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCE tables: ranges that begin in the window and end beyond it, of which Linux's KVM can't be
 * asked, and tables that come and go while a vcpu uses them.
 */
#include <pthread.h>
#include "hv/hcall/hcall.h"
#include "hv/memslot.h"
#include "hv/shootdown.h"
#include "hv/tce.h"
#include "hv_common.h"

#define LIOBN  0x71000000ull
#define OFFSET 16ull
#define COUNT  8ull
#define LIST   0x10000ull
#define ROUNDS 2000

struct setup {
	struct hv_vm *vm;
	struct hv_vcpu *vcpu;
	struct hv_tce_table *table;
	u8 *memory;
	u64 entries[COUNT + 2]; /* [0] and the last are nobody's */
};

static const struct kvm_create_spapr_tce_64 window = {
    .liobn = LIOBN, .page_shift = 12, .offset = OFFSET, .size = COUNT};

static void add(struct setup *s)
{
	assert_int_equal(hv_tce_add(s->vm, &window, s->entries + 1, &s->table), 0);
}

static int prepare(void **state)
{
	struct setup *s = calloc(1, sizeof(*s));
	struct kvm_userspace_memory_region r = {0, 0, 0, MIB, 0};

	*state = s;
	s->vm = new_vm();
	s->memory = pages(MIB);
	r.userspace_addr = (uintptr_t)s->memory;
	assert_int_equal(hv_set_memory_region(s->vm, &r), 0);
	s->vcpu = new_vcpu(s->vm, 0);
	add(s);
	return 0;
}

static int finish(void **state)
{
	struct setup *s = *state;

	hv_tce_remove(s->vm, s->table);
	hv_vm_put(s->vm);
	free(s);
	return 0;
}

static long call(struct setup *s, hcall_fn *fn, u64 a, u64 b, u64 c, u64 d)
{
	u64 gpr[32] = {[4] = a, [5] = b, [6] = c, [7] = d};

	return fn(s->vcpu, gpr);
}

/* H_STUFF_TCE of @count from page @first of the window, a negative one too. */
static long stuff(struct setup *s, s64 first, u64 count)
{
	return call(s, h_stuff_tce, LIOBN, (OFFSET + first) << 12, 0x5550, count);
}

static void nothing_beyond_the_window(void **state)
{
	struct setup *s = *state;

	assert_int_equal(stuff(s, 0, COUNT + 1), H_PARAMETER);
	assert_int_equal(stuff(s, 7, 2), H_PARAMETER);
	assert_int_equal(stuff(s, -1, 2), H_PARAMETER);
	assert_int_equal(stuff(s, -1, COUNT + 2), H_PARAMETER);
	assert_int_equal(stuff(s, 1, ~0ull), H_PARAMETER);
	assert_int_equal(stuff(s, 1, 1ull << 61), H_PARAMETER);
	assert_int_equal(stuff(s, COUNT, 0), H_PARAMETER);
	assert_int_equal(call(s, h_put_tce_indirect, LIOBN, (OFFSET + 7) << 12, LIST, 2),
			 H_PARAMETER);
	for (unsigned i = 0; i < COUNT + 2; i++)
		assert_int_equal(s->entries[i], 0);
	assert_int_equal(stuff(s, 0, COUNT), H_SUCCESS);
	assert_int_equal(s->entries[0] | s->entries[COUNT + 1], 0);
	assert_int_equal(s->entries[1] & s->entries[COUNT], 0x5550);
}

/* The client's answer, and nothing done before it is asked. */
static void all_of_a_list_or_nothing(void **state)
{
	struct setup *s = *state;
	u64 *list = (u64 *)(s->memory + LIST);

	for (unsigned i = 0; i < 4; i++)
		list[i] = be64((i << 12) | TCE_READ);
	list[3] = be64(2 * MIB | TCE_WRITE);
	assert_int_equal(call(s, h_put_tce_indirect, LIOBN, OFFSET << 12, LIST, 4), H_TOO_HARD);
	assert_int_equal(s->entries[1], 0);
	list[3] = be64(2 * MIB);
	assert_int_equal(call(s, h_put_tce_indirect, LIOBN, OFFSET << 12, LIST, 4), H_SUCCESS);
	assert_int_equal(s->entries[2], 0x1001);
	assert_int_equal(s->entries[4], 2 * MIB);
}

static void what_cannot_be(void **state)
{
	struct kvm_create_spapr_tce_64 args = window;
	size_t bytes;

	assert_int_equal(hv_tce_bytes(&args, &bytes), 0);
	assert_int_equal(bytes, COUNT * 8);
	args.offset = ~0ull;
	assert_int_equal(hv_tce_bytes(&args, &bytes), -EINVAL);
	args.offset = (1ull << 52) - COUNT;
	assert_int_equal(hv_tce_bytes(&args, &bytes), -EINVAL);
	args.offset--;
	assert_int_equal(hv_tce_bytes(&args, &bytes), 0);
}

static void *use(void *arg)
{
	struct setup *s = arg;

	hv_guest_enter(s->vcpu);
	for (unsigned i = 0; i < 50 * ROUNDS; i++) {
		long ret = call(s, h_put_tce, LIOBN, OFFSET << 12, TCE_READ, 0);

		assert_true(ret == H_SUCCESS || ret == H_TOO_HARD);
		if (__atomic_load_n(&s->vcpu->cpu.request, __ATOMIC_RELAXED))
			hv_catch_up(&s->vcpu->cpu);
	}
	hv_guest_leave(s->vcpu);
	return NULL;
}

static void come_and_go(void **state)
{
	struct setup *s = *state;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, use, s), 0);
	for (unsigned i = 0; i < ROUNDS; i++) {
		hv_tce_remove(s->vm, s->table);
		s->entries[1] = 0; /* it is ours again */
		add(s);
	}
	pthread_join(thread, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(nothing_beyond_the_window, prepare, finish),
	    cmocka_unit_test_setup_teardown(all_of_a_list_or_nothing, prepare, finish),
	    cmocka_unit_test(what_cannot_be),
	    cmocka_unit_test_setup_teardown(come_and_go, prepare, finish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
