/* SPDX-License-Identifier: Apache-2.0 */
/* The XICS, by its hypercalls and as a device, without a guest. */
#include "hv_common.h"
#include "hv/hcall/hcall.h"
#include "hv/xics/xics.h"

#define VCPUS 2
#define EDGE  0x1000u
#define LEVEL 0x1001u
#define ALL   0xffffu /* the global server */

static struct hv_vm *vm;
static struct hv_vcpu *vcpu[VCPUS];

static u64 source(u32 server, u8 priority, u64 flags)
{
	return server | (u64)priority << KVM_XICS_PRIORITY_SHIFT | flags;
}

static int setup(void **state)
{
	vm = new_vm();
	assert_int_equal(hv_xics_create(vm), 0);
	assert_int_equal(hv_xics_create(vm), -EEXIST);
	for (unsigned i = 0; i < VCPUS; i++) {
		vcpu[i] = new_vcpu(vm, i);
		vcpu[i]->cpu.pending = 0;
		assert_int_equal(hv_xics_connect(vcpu[i], i), 0);
	}
	return 0;
}

static int teardown(void **state)
{
	hv_vm_put(vm);
	return 0;
}

static bool line(unsigned i)
{
	return __atomic_load_n(&vcpu[i]->cpu.pending, __ATOMIC_SEQ_CST) & CPU_IRQ_EXTERNAL;
}

static u32 xirr(unsigned i)
{
	u64 gpr[13] = {0};

	assert_int_equal(h_xirr(vcpu[i], gpr), H_SUCCESS);
	return gpr[4];
}

static void eoi(unsigned i, u32 value)
{
	u64 gpr[13] = {[4] = value};

	assert_int_equal(h_eoi(vcpu[i], gpr), H_SUCCESS);
}

static void cppr(unsigned i, u8 value)
{
	u64 gpr[13] = {[4] = value};

	assert_int_equal(h_cppr(vcpu[i], gpr), H_SUCCESS);
}

static long ipi(unsigned i, u64 server, u8 priority)
{
	u64 gpr[13] = {[4] = server, [5] = priority};

	return h_ipi(vcpu[i], gpr);
}

static void connecting(void **state)
{
	struct hv_vcpu *other = new_vcpu(vm, 9);

	assert_int_equal(hv_xics_connect(vcpu[0], 5), -EBUSY);
	assert_int_equal(hv_xics_connect(other, 1), -EEXIST);
	assert_int_equal(hv_xics_connect(other, 77), 0);
	assert_int_equal(ipi(0, 77, 3), H_SUCCESS);
	assert_int_equal(ipi(0, 9, 3), H_PARAMETER);
}

static void edge(void **state)
{
	u64 value;

	assert_int_equal(hv_xics_set_irq(vm, EDGE, 1), -EINVAL);
	assert_int_equal(hv_xics_get_source(vm, EDGE, &value), -ENOENT);
	assert_int_equal(hv_xics_set_source(vm, EDGE, source(9, 5, 0)), -EINVAL);
	assert_int_equal(hv_xics_set_source(vm, 15, source(0, 5, 0)), -ENOENT);
	assert_int_equal(hv_xics_set_source(vm, EDGE, source(0, 5, 0)), 0);
	cppr(0, 0xff);
	assert_false(line(0));
	assert_int_equal(hv_xics_set_irq(vm, EDGE, 1), 0);
	assert_true(line(0));
	assert_int_equal(xirr(0), 0xff000000 | EDGE);
	assert_false(line(0));
	/* Comes twice while it is worked on: once more afterwards. */
	hv_xics_set_irq(vm, EDGE, 1);
	hv_xics_set_irq(vm, EDGE, 1);
	hv_xics_get_source(vm, EDGE, &value);
	assert_int_equal(value, source(0, 5, KVM_XICS_PRESENTED | KVM_XICS_QUEUED));
	assert_false(line(0));
	eoi(0, 0xff000000 | EDGE);
	assert_true(line(0));
	assert_int_equal(xirr(0), 0xff000000 | EDGE);
	eoi(0, 0xff000000 | EDGE);
	assert_false(line(0));
	assert_int_equal(xirr(0), 0xff000000);
}

static void level(void **state)
{
	hv_xics_set_source(vm, LEVEL, source(0, 5, KVM_XICS_LEVEL_SENSITIVE));
	cppr(0, 0xff);
	hv_xics_set_irq(vm, LEVEL, 1);
	hv_xics_set_irq(vm, LEVEL, 1);
	assert_int_equal(xirr(0), 0xff000000 | LEVEL);
	/* Still up: comes again. */
	eoi(0, 0xff000000 | LEVEL);
	assert_true(line(0));
	assert_int_equal(xirr(0), 0xff000000 | LEVEL);
	hv_xics_set_irq(vm, LEVEL, 0);
	eoi(0, 0xff000000 | LEVEL);
	assert_false(line(0));
}

/* A more favoured one takes the place of what is offered, which comes back. */
static void priorities(void **state)
{
	hv_xics_set_source(vm, 0x1010, source(0, 7, 0));
	hv_xics_set_source(vm, 0x1011, source(0, 3, 0));
	cppr(0, 0xff);
	hv_xics_set_irq(vm, 0x1010, 1);
	hv_xics_set_irq(vm, 0x1011, 1);
	assert_int_equal(xirr(0), 0xff001011);
	assert_false(line(0));
	assert_int_equal(xirr(0), 0x03000000);
	eoi(0, 0xff001011);
	assert_true(line(0));
	assert_int_equal(xirr(0), 0xff001010);
	/* Interrupted by the better one, not by its like. */
	hv_xics_set_irq(vm, 0x1011, 1);
	assert_true(line(0));
	assert_int_equal(xirr(0), 0x07001011);
	eoi(0, 0x07001011);
	eoi(0, 0xff001010);
	assert_false(line(0));
	/* A raised CPPR keeps what was offered for later. */
	hv_xics_set_irq(vm, 0x1010, 1);
	cppr(0, 5);
	assert_false(line(0));
	assert_int_equal(xirr(0), 0x05000000);
	cppr(0, 0xff);
	assert_true(line(0));
	assert_int_equal(xirr(0), 0xff001010);
}

static void inter_processor(void **state)
{
	u64 gpr[13] = {[4] = 1};

	cppr(1, 0xff);
	assert_int_equal(ipi(0, 1, 4), H_SUCCESS);
	assert_true(line(1));
	assert_int_equal(h_ipoll(vcpu[0], gpr), H_SUCCESS);
	assert_int_equal(gpr[4], 0xff000000 | XICS_IPI);
	assert_int_equal(gpr[5], 4);
	assert_int_equal(xirr(1), 0xff000000 | XICS_IPI);
	assert_int_equal(ipi(1, 1, 0xff), H_SUCCESS);
	eoi(1, 0xff000000 | XICS_IPI);
	assert_false(line(1));
	/* Not taken back: it comes again. */
	ipi(0, 1, 4);
	xirr(1);
	eoi(1, 0xff000000 | XICS_IPI);
	assert_true(line(1));
	assert_int_equal(ipi(0, 5, 4), H_PARAMETER);
	/* It pushes a source aside at equal priority, and gives way to a better one. */
	ipi(1, 1, 0xff);
	xirr(1);
	eoi(1, 0xff000000 | XICS_IPI);
	hv_xics_set_source(vm, 0x1010, source(1, 4, 0));
	hv_xics_set_irq(vm, 0x1010, 1);
	ipi(0, 1, 4);
	assert_int_equal(xirr(1), 0xff000000 | XICS_IPI);
	ipi(1, 1, 0xff);
	eoi(1, 0xff000000 | XICS_IPI);
	assert_int_equal(xirr(1), 0xff001010);
}

static void masking(void **state)
{
	u32 server, priority;
	u64 value;

	hv_xics_set_source(vm, EDGE, source(0, 5, 0));
	cppr(0, 0xff);
	cppr(1, 0xff);
	assert_int_equal(hv_xics_int_off(vm, EDGE), 0);
	hv_xics_set_irq(vm, EDGE, 1);
	assert_false(line(0));
	hv_xics_get_source(vm, EDGE, &value);
	assert_int_equal(value,
			 source(0, 5, KVM_XICS_MASKED | KVM_XICS_PENDING | KVM_XICS_PRESENTED));
	assert_int_equal(hv_xics_set_xive(vm, EDGE, 1, 6), 0);
	assert_false(line(0));
	assert_true(line(1));
	assert_int_equal(hv_xics_get_xive(vm, EDGE, &server, &priority), 0);
	assert_int_equal(server, 1);
	assert_int_equal(priority, 6);
	assert_int_equal(hv_xics_set_xive(vm, EDGE, 7, 6), -EINVAL);
	assert_int_equal(hv_xics_set_xive(vm, 0x90000, 0, 6), -EINVAL);
	hv_xics_int_off(vm, EDGE);
	hv_xics_int_on(vm, EDGE);
	hv_xics_get_xive(vm, EDGE, &server, &priority);
	assert_int_equal(priority, 6);
}

static u64 icp(u8 c, u32 x, u8 m, u8 p)
{
	return (u64)c << KVM_REG_PPC_ICP_CPPR_SHIFT | (u64)x << KVM_REG_PPC_ICP_XISR_SHIFT |
	       (u64)m << KVM_REG_PPC_ICP_MFRR_SHIFT | (u64)p << KVM_REG_PPC_ICP_PPRI_SHIFT;
}

static void saved_state(void **state)
{
	u64 value;

	assert_int_equal(hv_xics_get_icp(vcpu[0], &value), 0);
	assert_int_equal(value, icp(0, 0, 0xff, 0xff));
	hv_xics_set_source(vm, EDGE, source(0, 5, 0));
	assert_int_equal(hv_xics_set_icp(vcpu[0], icp(0xff, 0, 0xff, 4)), -EINVAL);
	assert_int_equal(hv_xics_set_icp(vcpu[0], icp(0xff, 2, 4, 5)), -EINVAL);
	assert_int_equal(hv_xics_set_icp(vcpu[0], icp(4, 2, 4, 4)), -EINVAL);
	assert_int_equal(hv_xics_set_icp(vcpu[0], icp(0xff, 0x90000, 0xff, 4)), -EINVAL);
	assert_int_equal(hv_xics_set_icp(vcpu[0], icp(0xff, EDGE, 0xff, 5)), 0);
	assert_true(line(0));
	assert_int_equal(hv_xics_set_icp(vcpu[0], icp(5, 0, 0xff, 0xff)), 0);
	assert_false(line(0));
	/* A source restored before its server gets through as soon as that is there. */
	assert_int_equal(hv_xics_set_icp(vcpu[0], icp(0, 0, 0xff, 0xff)), 0);
	hv_xics_set_source(vm, EDGE, source(0, 5, KVM_XICS_PENDING));
	assert_false(line(0));
	assert_int_equal(hv_xics_set_icp(vcpu[0], icp(0xff, 0, 0xff, 0xff)), 0);
	assert_true(line(0));
}

static void dropped(void **state)
{
	u64 gpr[13] = {0}, value;

	hv_xics_destroy(vm);
	assert_int_equal(hv_xics_set_irq(vm, EDGE, 1), -ENXIO);
	assert_int_equal(h_xirr(vcpu[0], gpr), H_TOO_HARD);
	assert_int_equal(hv_xics_get_icp(vcpu[0], &value), -ENXIO);
	assert_int_equal(hv_xics_create(vm), 0);
	assert_int_equal(hv_xics_connect(vcpu[0], 0), 0);
}

/* PAPYR_CAP_XICS_GLOBAL */
static void global_number(void **state)
{
	u32 server, priority;
	u64 value;

	assert_int_equal(hv_xics_set_source(vm, EDGE, source(ALL, 5, 0)), -EINVAL);
	assert_int_equal(hv_xics_set_global(vm, 0), -EINVAL);
	assert_int_equal(hv_xics_set_global(vm, 1ull << 32), -EINVAL);
	assert_int_equal(hv_xics_set_global(vm, 1), -EEXIST);
	assert_int_equal(hv_xics_set_global(vm, ALL), 0);
	assert_int_equal(hv_xics_connect(new_vcpu(vm, 9), ALL), -EEXIST);
	assert_int_equal(hv_xics_set_source(vm, EDGE, source(0, 5, KVM_XICS_MASKED)), 0);
	assert_int_equal(hv_xics_set_xive(vm, EDGE, ALL + 1, 5), -EINVAL);
	assert_int_equal(hv_xics_set_xive(vm, EDGE, ALL, 5), 0);
	assert_int_equal(hv_xics_get_xive(vm, EDGE, &server, &priority), 0);
	assert_int_equal(server, ALL);
	assert_int_equal(hv_xics_int_off(vm, EDGE), 0);
	assert_int_equal(hv_xics_int_on(vm, EDGE), 0);
	assert_int_equal(hv_xics_get_source(vm, EDGE, &value), 0);
	assert_int_equal(value, source(ALL, 5, 0));
	assert_int_equal(ipi(0, ALL, 3), H_PARAMETER);
}

/* By the thread of vcpu @i. */
static void raise_by(unsigned i)
{
	hv_xics_runs_here(vcpu[i]);
	assert_int_equal(hv_xics_set_irq(vm, EDGE, 1), 0);
}

static void take(unsigned i)
{
	u32 x;

	assert_true(line(i));
	assert_false(line(1 - i));
	x = xirr(i);
	assert_int_equal(x & 0xffffff, EDGE);
	eoi(i, x);
}

static void all_open(void)
{
	assert_int_equal(hv_xics_set_global(vm, ALL), 0);
	assert_int_equal(hv_xics_set_source(vm, EDGE, source(ALL, 5, 0)), 0);
	cppr(0, 0xff);
	cppr(1, 0xff);
}

static void who_asks_is_told(void **state)
{
	all_open();
	raise_by(1);
	take(1);
	raise_by(0);
	take(0);
}

static void who_is_closed_is_spared(void **state)
{
	all_open();
	cppr(1, 0);
	raise_by(1);
	take(0);
	/* What was offered before goes over to the other. */
	cppr(1, 0xff);
	raise_by(1);
	cppr(1, 0);
	take(0);
	/* It waits where all are closed, for the first that opens. */
	cppr(0, 0);
	raise_by(0);
	assert_false(line(0) || line(1));
	cppr(1, 0xff);
	take(1);
	raise_by(0);
	take(1);
}

/*
 * Two vcpus work on what two others raise, at random priorities that change. Each source counts
 * what was raised and what was seen; in the end nothing that was raised after the last time it was
 * seen may be missing.
 */
#define SOURCES 24u
#define ROUNDS	40000u

static _Atomic u64 raised[SOURCES], seen_at[SOURCES], clock_now;
static atomic_int raisers;

static void *raise_all(void *arg)
{
	unsigned seed = (uintptr_t)arg;

	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned n = rand_r(&seed) % SOURCES;

		switch (rand_r(&seed) % 8) {
		case 0:
			hv_xics_set_xive(vm, EDGE + n, rand_r(&seed) % VCPUS,
					 rand_r(&seed) % 7 + 1);
			break;
		case 2:
			hv_xics_runs_here(vcpu[rand_r(&seed) % VCPUS]);
			hv_xics_set_xive(vm, EDGE + n, ALL, rand_r(&seed) % 7 + 1);
			break;
		case 1:
			hv_xics_int_off(vm, EDGE + n);
			hv_xics_set_xive(vm, EDGE + n, rand_r(&seed) % VCPUS, 5);
			break;
		default:
			raised[n] = ++clock_now;
			hv_xics_set_irq(vm, EDGE + n, 1);
		}
	}
	raisers--;
	return NULL;
}

static bool serve(unsigned i, unsigned *seed)
{
	u32 x = line(i) ? xirr(i) : 0, irq = x & 0xffffff;

	if (!irq) {
		cppr(i, (u8[]){0xff, 0xff, 4, 0}[rand_r(seed) % 4]);
		cppr(i, 0xff);
		return line(i);
	}
	if (irq == XICS_IPI)
		ipi(i, i, 0xff);
	else
		seen_at[irq - EDGE] = ++clock_now;
	if (rand_r(seed) % 3 == 0)
		ipi(i, rand_r(seed) % VCPUS, rand_r(seed) % 7 + 1);
	eoi(i, 0xff000000 | irq);
	return true;
}

static void *serve_one(void *arg)
{
	unsigned i = (uintptr_t)arg, seed = i + 100;

	hv_xics_runs_here(vcpu[i]);
	while (raisers)
		serve(i, &seed);
	return NULL;
}

static void nothing_is_lost(void **state)
{
	pthread_t thread[2 * VCPUS];
	unsigned seed = 7;

	assert_int_equal(hv_xics_set_global(vm, ALL), 0);
	for (unsigned n = 0; n < SOURCES; n++)
		hv_xics_set_source(vm, EDGE + n, source(n % VCPUS, n % 7 + 1, 0));
	raisers = 2;
	for (uintptr_t i = 0; i < VCPUS; i++) {
		cppr(i, 0xff);
		pthread_create(&thread[i], NULL, serve_one, (void *)i);
		pthread_create(&thread[VCPUS + i], NULL, raise_all, (void *)(i + 1));
	}
	for (unsigned i = 0; i < 2 * VCPUS; i++)
		pthread_join(thread[i], NULL);
	for (unsigned quiet = 0; quiet < 1000; quiet++) {
		for (unsigned i = 0; i < VCPUS; i++)
			if (serve(i, &seed))
				quiet = 0;
	}
	for (unsigned n = 0; n < SOURCES; n++) {
		u64 value;

		hv_xics_get_source(vm, EDGE + n, &value);
		assert_false(value & (KVM_XICS_PENDING | KVM_XICS_PRESENTED | KVM_XICS_QUEUED));
		assert_true(seen_at[n] > raised[n]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(connecting, setup, teardown),
	    cmocka_unit_test_setup_teardown(edge, setup, teardown),
	    cmocka_unit_test_setup_teardown(level, setup, teardown),
	    cmocka_unit_test_setup_teardown(priorities, setup, teardown),
	    cmocka_unit_test_setup_teardown(inter_processor, setup, teardown),
	    cmocka_unit_test_setup_teardown(masking, setup, teardown),
	    cmocka_unit_test_setup_teardown(saved_state, setup, teardown),
	    cmocka_unit_test_setup_teardown(dropped, setup, teardown),
	    cmocka_unit_test_setup_teardown(global_number, setup, teardown),
	    cmocka_unit_test_setup_teardown(who_asks_is_told, setup, teardown),
	    cmocka_unit_test_setup_teardown(who_is_closed_is_spared, setup, teardown),
	    cmocka_unit_test_setup_teardown(nothing_is_lost, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
