/* SPDX-License-Identifier: Apache-2.0 */
/* Memory slots and the dirty log. */
#include "hv/memslot.h"
#include "hv/table.h"
#include "hv_common.h"

static u8 *memory;

static int setup(void **state)
{
	*state = new_vm();
	if (!memory)
		memory = pages(4 * MIB);
	return 0;
}

static int teardown(void **state)
{
	hv_vm_put(*state);
	return 0;
}

static int set(struct hv_vm *vm, u32 id, u32 flags, u64 gpa, u64 size, const u8 *host)
{
	struct kvm_userspace_memory_region r = {id, flags, gpa, size, (uintptr_t)host};

	return hv_set_memory_region(vm, &r);
}

static void arguments(void **state)
{
	struct hv_vm *vm = *state;

	assert_int_equal(set(vm, 0, 4, 0, MIB, memory), -EINVAL);
	assert_int_equal(set(vm, 0, 0, 512, MIB, memory), -EINVAL);
	assert_int_equal(set(vm, 0, 0, 0, MIB + 1, memory), -EINVAL);
	assert_int_equal(set(vm, 0, 0, 0, MIB, memory + 1), -EINVAL);
	assert_int_equal(set(vm, 0, 0, 0, MIB, (u8 *)0xf000000000000000), -EINVAL);
	assert_int_equal(set(vm, HV_MAX_MEMSLOTS, 0, 0, MIB, memory), -EINVAL);
	assert_int_equal(set(vm, 1 << 16, 0, 0, MIB, memory), -EINVAL);
	assert_int_equal(set(vm, 0, 0, -MIB, 2 * MIB, memory), -EINVAL);
	assert_int_equal(set(vm, 0, 0, 0, 0, memory), -EINVAL);
	assert_int_equal(vm->slots->nr, 0);
}

static void overlapping(void **state)
{
	struct hv_vm *vm = *state;

	assert_int_equal(set(vm, 3, 0, 4 * MIB, MIB, memory), 0);
	assert_int_equal(set(vm, 1, 0, 3 * MIB, MIB + PAGE, memory), -EEXIST);
	assert_int_equal(set(vm, 1, 0, 5 * MIB - PAGE, MIB, memory), -EEXIST);
	assert_int_equal(set(vm, 1, 0, 4 * MIB + PAGE, PAGE, memory), -EEXIST);
	assert_int_equal(set(vm, 1, 0, 0, 16 * MIB, memory), -EEXIST);
	assert_int_equal(set(vm, 1, 0, 3 * MIB, MIB, memory), 0);
	assert_int_equal(set(vm, 2, 0, 5 * MIB, MIB, memory), 0);
	/* A move onto another one fails, and nothing has moved. */
	assert_int_equal(set(vm, 2, 0, 4 * MIB, MIB, memory), -EEXIST);
	assert_int_equal(hv_memslot_find(vm, 5 * MIB)->id, 2);
	assert_int_equal(hv_memslot_find(vm, 4 * MIB)->id, 3);
	assert_int_equal(hv_memslot_find(vm, 3 * MIB)->id, 1);
	assert_null(hv_memslot_find(vm, 3 * MIB - 1));
	assert_null(hv_memslot_find(vm, 6 * MIB));
}

static void changing(void **state)
{
	struct hv_vm *vm = *state;

	assert_int_equal(set(vm, 0, 0, 0, MIB, memory), 0);
	assert_int_equal(set(vm, 0, 0, 0, MIB, memory), 0);
	assert_int_equal(set(vm, 0, 0, 0, 2 * MIB, memory), -EINVAL);
	assert_int_equal(set(vm, 0, 0, 0, MIB, memory + MIB), -EINVAL);
	assert_int_equal(set(vm, 0, KVM_MEM_READONLY, 0, MIB, memory), -EINVAL);
	assert_int_equal(set(vm, 0, 0, MIB / 2, MIB, memory), 0); /* overlaps where it was itself */
	assert_null(hv_memslot_find(vm, 0));
	assert_ptr_equal(hv_guest_ptr(vm, MIB, 8, true), memory + MIB / 2);
	assert_int_equal(set(vm, 0, 0, 0, 0, NULL), 0);
	assert_null(hv_memslot_find(vm, MIB));
	assert_int_equal(set(vm, 0, 0, 0, 0, NULL), -EINVAL);
}

#define MANY  4096u
#define OF(i) (((i) * 2731 % MANY) * 2 * PAGE) /* pages with a page between them, in no order */

static void many(void **state)
{
	struct hv_vm *vm = *state;

	for (u32 i = 0; i < MANY; i++)
		assert_int_equal(set(vm, 7 * i, 0, OF(i), PAGE, memory), 0);
	assert_int_equal(vm->slots->nr, MANY);
	for (u32 i = 0; i < MANY; i++) {
		assert_int_equal(hv_memslot_find(vm, OF(i) + PAGE - 1)->id, 7 * i);
		assert_null(hv_memslot_find(vm, OF(i) + PAGE));
		assert_int_equal(set(vm, 7 * i + 1, 0, OF(i), PAGE, memory), -EEXIST);
	}
	assert_int_equal(set(vm, 1, 0, PAGE, (2 * MANY - 1) * PAGE, memory), -EEXIST);
	/* Each to the place of another that has gone. */
	assert_int_equal(set(vm, 0, 0, OF(0), 0, NULL), 0);
	for (u32 i = 1; i < MANY; i++)
		assert_int_equal(set(vm, 7 * i, 0, OF(i - 1), PAGE, memory), 0);
	for (u32 i = 1; i < MANY; i++)
		assert_int_equal(hv_memslot_find(vm, OF(i - 1))->id, 7 * i);
	for (u32 i = 1; i < MANY; i++)
		assert_int_equal(set(vm, 7 * i, 0, 0, 0, NULL), 0);
	assert_int_equal(vm->slots->nr, 0);
}

static void pointers(void **state)
{
	struct hv_vm *vm = *state;

	assert_int_equal(set(vm, 0, 0, MIB, MIB, memory), 0);
	assert_int_equal(set(vm, 1, KVM_MEM_READONLY, 2 * MIB, MIB, memory + MIB), 0);
	assert_ptr_equal(hv_guest_ptr(vm, 2 * MIB - 8, 8, true), memory + MIB - 8);
	assert_null(hv_guest_ptr(vm, 2 * MIB - 8, 9, true)); /* not of one slot */
	assert_null(hv_guest_ptr(vm, 2 * MIB - 8, ~0ull, true));
	assert_null(hv_guest_ptr(vm, MIB - 1, 8, false));
	assert_ptr_equal(hv_guest_ptr(vm, 2 * MIB, 8, false), memory + MIB);
	assert_null(hv_guest_ptr(vm, 2 * MIB, 8, true));
	assert_true(hv_gpa_is_ram(vm, 2 * MIB - 8, 16));
	assert_false(hv_gpa_is_ram(vm, 3 * MIB - 8, 16));
	assert_int_equal(hv_classify(vm, 0, PAGE), HPT_MMIO);
	assert_int_equal(hv_classify(vm, 2 * MIB - 0x8000, 0x10000), HPT_RAM);
	assert_int_equal(hv_classify(vm, 3 * MIB - 0x8000, 0x10000), HPT_REFUSED);
}

/* What the processor's translation asks for. */
static void processor_side(void **state)
{
	struct hv_vm *vm = *state;
	struct hv_vcpu *vcpu = new_vcpu(vm, 0);
	struct cpu_ram ram;

	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(set(vm, i, i == 5 ? KVM_MEM_READONLY : 0, 2 * i * MIB, MIB / 2,
				     memory + i * PAGE),
				 0);
	for (unsigned i = 8; i-- > 0;) {
		ram = hv_cpu_ram(&vcpu->cpu, 2 * i * MIB + PAGE, CPU_RAM_STORE);
		assert_ptr_equal(ram.host, memory + (i + 1) * PAGE);
		assert_int_equal(ram.writable, i != 5);
		assert_null(hv_cpu_ram(&vcpu->cpu, (2 * i + 1) * MIB, CPU_RAM_LOAD).host);
	}
	/* The place of the last hit may be gone. */
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(set(vm, i, 0, 0, 0, NULL), 0);
	assert_null(hv_cpu_ram(&vcpu->cpu, 0, CPU_RAM_LOAD).host);
}

static void expect_dirty(struct hv_vm *vm, u32 slot, const u64 *words, size_t n)
{
	size_t bytes;
	u64 bits[2];

	assert_int_equal(hv_dirty_log_bytes(vm, slot, &bytes), 0);
	assert_int_equal(bytes, n * sizeof(u64));
	memset(bits, 0xaa, sizeof(bits));
	assert_int_equal(hv_get_dirty_log(vm, slot, bits, bytes), 0);
	assert_memory_equal(bits, words, bytes);
}

static void dirty_log(void **state)
{
	struct hv_vm *vm = *state;
	struct hv_vcpu *vcpu = new_vcpu(vm, 0);
	u64 none[2] = {0}, some[2] = {0x21, 0x8}, moved[2] = {0x3f, 0x8};
	size_t bytes;

	assert_int_equal(hv_dirty_log_bytes(vm, 0, &bytes), -ENOENT);
	assert_int_equal(hv_dirty_log_bytes(vm, HV_MAX_MEMSLOTS, &bytes), -EINVAL);
	assert_int_equal(set(vm, 0, 0, MIB, 70 * PAGE, memory), 0);
	assert_int_equal(hv_dirty_log_bytes(vm, 0, &bytes), -ENOENT);
	hv_cpu_ram(&vcpu->cpu, MIB, CPU_RAM_STORE);
	assert_int_equal(set(vm, 0, KVM_MEM_LOG_DIRTY_PAGES, MIB, 70 * PAGE, memory), 0);
	expect_dirty(vm, 0, none, 2);
	hv_cpu_ram(&vcpu->cpu, MIB, CPU_RAM_STORE);
	hv_cpu_ram(&vcpu->cpu, MIB + PAGE, CPU_RAM_LOAD);
	hv_guest_ptr(vm, MIB + 5 * PAGE + 8, 8, true);
	hv_guest_ptr(vm, MIB + 6 * PAGE + 8, 8, false);
	hv_guest_ptr(vm, MIB + 67 * PAGE, PAGE, true);
	expect_dirty(vm, 0, some, 2);
	expect_dirty(vm, 0, none, 2);
	/* Who has no room for it leaves it there; a move does, too. */
	hv_guest_ptr(vm, MIB, 6 * PAGE, true);
	hv_guest_ptr(vm, MIB + 67 * PAGE, PAGE, true);
	assert_int_equal(hv_get_dirty_log(vm, 0, none, 8), -EAGAIN);
	assert_int_equal(set(vm, 0, KVM_MEM_LOG_DIRTY_PAGES, 2 * MIB, 70 * PAGE, memory), 0);
	expect_dirty(vm, 0, moved, 2);
	assert_int_equal(set(vm, 0, 0, 2 * MIB, 70 * PAGE, memory), 0);
	assert_int_equal(hv_dirty_log_bytes(vm, 0, &bytes), -ENOENT);
}

/*
 * An entry for a slot that goes stays the guest's, without memory; it comes alive with the next
 * one.
 */
static void entries_of_a_slot(void **state)
{
	struct hv_vm *vm = *state;
	u64 v = 0x0123456789abcd80ull | HPT_V_VALID, index;
	u32 order = 18;

	assert_int_equal(hv_vm_allocate_htab(vm, &order), 0);
	assert_int_equal(set(vm, 0, 0, 16 * MIB, MIB, memory), 0);
	assert_int_equal(hpt_enter(vm->hpt, 8, 0, v, 16 * MIB | HPT_R_M, &index), 0);
	assert_int_equal(hpt_rmap_make_absent(vm->hpt, 0, MIB), 0);
	assert_int_equal(set(vm, 0, 0, 32 * MIB, MIB, memory), 0);
	assert_int_equal(hpt_rmap_make_absent(vm->hpt, 16 * MIB, MIB), 0); /* it has been done */
	assert_false(hpt_make_live(vm->hpt, index, (v & ~HPT_V_VALID) | HPT_V_ABSENT));
	assert_int_equal(set(vm, 1, 0, 16 * MIB, MIB, memory), 0);
	assert_true(hpt_make_live(vm->hpt, index, (v & ~HPT_V_VALID) | HPT_V_ABSENT));
	assert_int_equal(set(vm, 1, 0, 0, 0, memory), 0);
	assert_false(hpt_make_live(vm->hpt, index, (v & ~HPT_V_VALID) | HPT_V_ABSENT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(arguments, setup, teardown),
	    cmocka_unit_test_setup_teardown(overlapping, setup, teardown),
	    cmocka_unit_test_setup_teardown(changing, setup, teardown),
	    cmocka_unit_test_setup_teardown(many, setup, teardown),
	    cmocka_unit_test_setup_teardown(many, setup, teardown),
	    cmocka_unit_test_setup_teardown(pointers, setup, teardown),
	    cmocka_unit_test_setup_teardown(processor_side, setup, teardown),
	    cmocka_unit_test_setup_teardown(dirty_log, setup, teardown),
	    cmocka_unit_test_setup_teardown(entries_of_a_slot, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
