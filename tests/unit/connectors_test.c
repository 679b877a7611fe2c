/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What comes and goes: the connectors' state machine, and a machine's connectors as a guest's RTAS
 * calls find them, in order, out of order, and by chance.
 */
#include <libfdt.h>
#include <papyr/papr.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fake_machine.h"
#include "platform/device.h"
#include "platform/exits.h"
#include "platform/fdt.h"
#include "platform/hotplug.h"
#include "platform/rtas.h"
#include "platform/xics.h"

#define MIB (1ull << 20)

/* ---- One connector ---- */

struct thing {
	bool there, busy, refuse;
	unsigned taken, released;
};

static int take(struct drc *d, void *opaque)
{
	struct thing *t = opaque;

	if (t->refuse)
		return -1;
	assert_false(t->there);
	t->there = true;
	t->taken++;
	return 0;
}

static void release(struct drc *d, void *opaque)
{
	struct thing *t = opaque;

	assert_true(t->there);
	t->there = false;
	t->released++;
}

static bool in_use(struct drc *d, void *opaque)
{
	return ((struct thing *)opaque)->busy;
}

static const struct drc_ops ops = {.take = take, .release = release, .in_use = in_use};

enum call { RELEASE, ALLOCATE, ISOLATE, UNISOLATE, CALLS };

static s32 do_call(struct drc *d, enum call c, struct thing *t)
{
	return c <= ALLOCATE ? drc_set_allocation(d, c == ALLOCATE, &ops, t)
			     : drc_set_isolation(d, c == UNISOLATE, &ops, t);
}

/* Every call in every state of a connector that is offered. */
static void each_call_in_each_state(void **state)
{
	static const struct {
		s32 status;
		enum drc_state after;
	} expected[DRC_CONFIGURED + 1][CALLS] = {
	    [DRC_UNUSABLE] = {{0, DRC_UNUSABLE},
			      {0, DRC_ISOLATED},
			      {-3, DRC_UNUSABLE},
			      {-3, DRC_UNUSABLE}},
	    [DRC_ISOLATED] = {{0, DRC_UNUSABLE},
			      {0, DRC_ISOLATED},
			      {0, DRC_ISOLATED},
			      {0, DRC_UNISOLATED}},
	    [DRC_UNISOLATED] = {{-3, DRC_UNISOLATED},
				{0, DRC_UNISOLATED},
				{0, DRC_ISOLATED},
				{0, DRC_UNISOLATED}},
	    [DRC_CONFIGURED] = {{-3, DRC_CONFIGURED},
				{0, DRC_CONFIGURED},
				{0, DRC_ISOLATED},
				{0, DRC_CONFIGURED}},
	};

	for (enum drc_state s = 0; s <= DRC_CONFIGURED; s++)
		for (enum call c = 0; c < CALLS; c++) {
			struct drc d = {.offered = true, .state = s};
			struct thing t = {.there = s != DRC_UNUSABLE};

			assert_int_equal(do_call(&d, c, &t), expected[s][c].status);
			assert_int_equal(d.state, expected[s][c].after);
			assert_int_equal(t.there, d.state != DRC_UNUSABLE);
			assert_int_equal(drc_sense(&d), d.state == DRC_UNUSABLE ? 2 : 1);
		}
}

static void refused(void **state)
{
	struct drc d = {0};
	struct thing t = {0};

	/* Nothing is offered. */
	assert_int_equal(do_call(&d, ALLOCATE, &t), -3);
	drc_offer(&d);
	assert_int_equal(d.event, DRC_ADD);
	assert_true(drc_is_pending(&d));
	t.refuse = true;
	assert_int_equal(do_call(&d, ALLOCATE, &t), -1);
	t.refuse = false;
	assert_int_equal(do_call(&d, ALLOCATE, &t), 0);
	assert_false(drc_may_configure(&d));
	assert_false(drc_withdraw(&d));
	assert_int_equal(do_call(&d, UNISOLATE, &t), 0);
	assert_true(drc_may_configure(&d));
	t.busy = true;
	assert_int_equal(do_call(&d, ISOLATE, &t), -9001);
	/* States that there aren't. */
	assert_int_equal(drc_set_isolation(&d, 2, &ops, &t), -3);
	assert_int_equal(drc_set_allocation(&d, ~0u, &ops, &t), -3);
}

/* What was asked back and given is gone; a guest says that it won't by unisolating. */
static void asked_back(void **state)
{
	struct drc d = {.offered = true, .state = DRC_CONFIGURED};
	struct thing t = {.there = true};

	drc_ask_back(&d);
	assert_int_equal(do_call(&d, UNISOLATE, &t), 0);
	assert_true(d.leaving); /* it wasn't told yet */
	d.event = DRC_NO_EVENT;
	assert_int_equal(do_call(&d, UNISOLATE, &t), 0);
	assert_true(!d.leaving && d.declined && !drc_is_pending(&d));
	drc_ask_back(&d);
	assert_true(drc_is_pending(&d));
	assert_int_equal(do_call(&d, ISOLATE, &t), 0);
	assert_int_equal(do_call(&d, RELEASE, &t), 0);
	assert_true(!d.offered && !drc_is_pending(&d) && t.released == 1);
	assert_int_equal(do_call(&d, ALLOCATE, &t), -3);
	/* What it wasn't asked for it can have back. */
	d = (struct drc){.offered = true, .state = DRC_ISOLATED};
	t.there = true;
	assert_int_equal(do_call(&d, RELEASE, &t), 0);
	assert_true(d.offered && d.declined && !drc_is_pending(&d));
	assert_int_equal(do_call(&d, ALLOCATE, &t), 0);
}

static void starts_again(void **state)
{
	struct drc told = {.offered = true, .event = DRC_ADD};
	struct drc gone = {.offered = true, .leaving = true, .state = DRC_CONFIGURED};

	drc_reset(&told);
	assert_true(told.state == DRC_CONFIGURED && told.event == DRC_NO_EVENT);
	drc_reset(&gone);
	assert_true(gone.state == DRC_UNUSABLE && !gone.offered && !gone.leaving);
}

/* ---- A machine's ---- */

#define ARGS	 0x100000
#define AREA	 0x110000
#define CPU_1	 0x10000008u /* vcpus 8 and 9 */
#define MEMORY_1 0x80000002u /* at 512 MiB */

struct fixture {
	struct machine *m;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct machine_config cfg = fake_config(2);

	cfg.threads = 2;
	cfg.max_vcpus = 6;
	cfg.mem_bytes = 256 * MIB;
	cfg.max_mem_bytes = 1024 * MIB;
	f->m = fake_machine_new(&cfg, NULL, NULL);
	fake_machine_boot(f->m);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	machine_free(f->m);
	free(f);
	return 0;
}

static s32 call(struct fixture *f, const char *name, u32 n_in, u32 n_out, ...)
{
	va_list ap;
	s32 status;

	va_start(ap, n_out);
	assert_int_equal(fake_rtas_call(f->m, ARGS, token_of(name), n_in, n_out, ap, &status),
			 H_SUCCESS);
	va_end(ap);
	return status;
}

static s32 set(struct fixture *f, u32 indicator, u32 index, u32 state)
{
	return call(f, "set-indicator", 3, 1, indicator, index, state);
}

static u32 sense(struct fixture *f, u32 index)
{
	assert_int_equal(call(f, "get-sensor-state", 2, 2, 9003, index), 0);
	return load_be32(f->m->mem.host + ARGS + 12 + 4 * 3);
}

static void want(struct fixture *f, enum hotplug_kind kind, u64 amount)
{
	struct error err = {""};

	if (hotplug_want(f->m, kind, amount, &err))
		fail_msg("%s", err.text);
}

static void expect(struct fixture *f, enum hotplug_kind kind, u64 now, u64 pending)
{
	struct hotplug_look look;

	hotplug_look(f->m, kind, &look);
	assert_int_equal(look.now, now);
	assert_int_equal(look.pending, pending);
}

/* The next hot-plug log: resource, action, kind of id, id. */
static bool next_log(struct fixture *f, u8 what[3], u32 *id)
{
	const u8 *log = f->m->mem.host + AREA, *hp = log + 8 + 16 + 48 + 24;

	if (call(f, "check-exception", 6, 1, 0x500, 0x1002, 0x10000000, 0, AREA, 2048))
		return false;
	assert_int_equal(log[3], 0xe5);
	assert_memory_equal(hp, "HP", 2);
	memcpy(what, hp + 8, 3);
	*id = load_be32(hp + 12);
	return true;
}

static void expect_log(struct fixture *f, u8 resource, u8 action, u8 kind, u32 id)
{
	u8 what[3];
	u32 have;

	assert_true(next_log(f, what, &have));
	assert_int_equal(what[0], resource);
	assert_int_equal(what[1], action);
	assert_int_equal(what[2], kind);
	assert_int_equal(have, id);
}

static void expect_no_log(struct fixture *f)
{
	u8 what[3];
	u32 id;

	assert_false(next_log(f, what, &id));
}

/* All of a connector's tree: its node's name, and how many properties it has. */
static s32 configure(struct fixture *f, u32 index, char *name, unsigned *n)
{
	u8 *area = f->m->mem.host + AREA;
	s32 r;

	memset(area, 0, 4096);
	store_be32(area, index);
	for (*n = 0;; ++*n) {
		r = call(f, "ibm,configure-connector", 2, 1, AREA, 0);
		if (r == 2)
			strcpy(name, (char *)area + load_be32(area + 8));
		else if (r == 3)
			assert_true(load_be32(area + 12) + load_be32(area + 16) <= 4096);
		else
			return r;
	}
}

static void a_core_comes_and_goes(void **state)
{
	struct fixture *f = *state;
	struct machine *m = f->m;
	unsigned irqs = fake_irq_count(0x1002), n;
	char name[64];

	expect(f, HOTPLUG_CPUS, 2, 0);
	assert_int_equal(sense(f, CPU_1), 2);
	assert_int_equal(call(f, "start-cpu", 3, 1, 8, 0x4000, 0), -3);
	assert_int_equal(set(f, 9003, CPU_1, 1), -3);
	want(f, HOTPLUG_CPUS, 4);
	assert_true(fake_irq_count(0x1002) > irqs);
	expect(f, HOTPLUG_CPUS, 2, 2);
	expect_log(f, 1, 1, 2, CPU_1);
	expect_no_log(f);
	assert_int_equal(configure(f, CPU_1, name, &n), -9003);
	assert_int_equal(set(f, 9003, CPU_1, 1), 0);
	assert_int_equal(set(f, 9001, CPU_1, 1), 0);
	assert_int_equal(sense(f, CPU_1), 1);
	assert_int_equal(configure(f, CPU_1, name, &n), 0);
	assert_string_equal(name, "PowerPC,POWER8@8");
	assert_in_range(n, 20, 60);
	/* It has it when all of it runs. */
	expect(f, HOTPLUG_CPUS, 4, 2);
	assert_int_equal(call(f, "start-cpu", 3, 1, 9, 0x4000, 0), 0);
	expect(f, HOTPLUG_CPUS, 4, 2);
	assert_int_equal(call(f, "start-cpu", 3, 1, 8, 0x4000, 0), 0);
	expect(f, HOTPLUG_CPUS, 4, 0);
	m->vcpus[2].online = false; /* what it stops later is its own affair */
	expect(f, HOTPLUG_CPUS, 4, 0);
	want(f, HOTPLUG_CPUS, 2);
	expect_log(f, 1, 2, 2, CPU_1);
	assert_int_equal(set(f, 9001, CPU_1, 0), -9001);
	m->vcpus[3].online = false;
	assert_int_equal(set(f, 9001, CPU_1, 0), 0);
	assert_int_equal(call(f, "start-cpu", 3, 1, 9, 0x4000, 0), -3);
	assert_int_equal(set(f, 9003, CPU_1, 0), 0);
	expect(f, HOTPLUG_CPUS, 2, 0);
	expect_no_log(f);
}

static void memory_comes_and_goes(void **state)
{
	struct fixture *f = *state;
	struct machine *m = f->m;
	char name[64];
	unsigned n;

	want(f, HOTPLUG_MEMORY, 768 * MIB);
	expect_log(f, 2, 1, 2, MEMORY_1 - 1);
	expect_log(f, 2, 1, 2, MEMORY_1);
	assert_null(machine_ptr(m, 512 * MIB, 1));
	/* What was written there while it wasn't there is not found. */
	m->mem.host[512 * MIB] = 1;
	assert_int_equal(set(f, 9003, MEMORY_1, 1), 0);
	assert_int_equal(*(u8 *)machine_ptr(m, 512 * MIB, 1), 0);
	assert_null(machine_ptr(m, 512 * MIB - 1, 2));
	assert_null(machine_ptr(m, 768 * MIB - 1, 2));
	assert_non_null(machine_ptr(m, 512 * MIB, 256 * MIB));
	assert_int_equal(set(f, 9001, MEMORY_1, 1), 0);
	assert_int_equal(configure(f, MEMORY_1, name, &n), 0);
	assert_string_equal(name, "memory@20000000");
	/* The guest takes one, and is to give one: any. */
	want(f, HOTPLUG_MEMORY, 768 * MIB);
	assert_int_equal(set(f, 9003, MEMORY_1 - 1, 1), 0);
	assert_int_equal(set(f, 9001, MEMORY_1 - 1, 1), 0);
	assert_int_equal(configure(f, MEMORY_1 - 1, name, &n), 0);
	expect(f, HOTPLUG_MEMORY, 768 * MIB, 0);
	want(f, HOTPLUG_MEMORY, 512 * MIB);
	expect_log(f, 2, 2, 3, 1);
	m->log_kept = true;
	assert_int_equal(set(f, 9001, MEMORY_1 - 1, 0), 0);
	assert_int_equal(set(f, 9003, MEMORY_1 - 1, 0), 9902);
	m->log_kept = false;
	assert_int_equal(set(f, 9003, MEMORY_1 - 1, 0), 0);
	assert_null(machine_ptr(m, 256 * MIB, 1));
	assert_non_null(machine_ptr(m, 512 * MIB, 1));
	expect(f, HOTPLUG_MEMORY, 512 * MIB, 0);
	assert_int_equal(guest_mem_present(&m->mem), 512 * MIB);
}

/* An offer that wasn't taken up is taken back; a wish too. */
static void changed_its_mind(void **state)
{
	struct fixture *f = *state;
	struct error err;

	want(f, HOTPLUG_CPUS, 6);
	want(f, HOTPLUG_CPUS, 2);
	expect(f, HOTPLUG_CPUS, 2, 0);
	expect_no_log(f);
	assert_int_equal(set(f, 9003, CPU_1, 1), -3);
	want(f, HOTPLUG_MEMORY, 1024 * MIB);
	want(f, HOTPLUG_MEMORY, 512 * MIB);
	expect(f, HOTPLUG_MEMORY, 256 * MIB, 256 * MIB);
	expect_log(f, 2, 1, 2, MEMORY_1 - 1);
	expect_no_log(f);
	assert_int_equal(hotplug_want(f->m, HOTPLUG_CPUS, 0, &err), -1);
	assert_int_equal(hotplug_want(f->m, HOTPLUG_CPUS, 3, &err), -1);
	assert_int_equal(hotplug_want(f->m, HOTPLUG_CPUS, 8, &err), -1);
	assert_int_equal(hotplug_want(f->m, HOTPLUG_MEMORY, 300 * MIB, &err), -1);
	assert_int_equal(hotplug_want(f->m, HOTPLUG_MEMORY, 0, &err), -1);
	assert_int_equal(hotplug_want(f->m, HOTPLUG_MEMORY, ~0ull, &err), -1);
}

/* A guest that nothing comes to has what it has, and who wants another number is told. */
static void nothing_comes(void **state)
{
	struct machine_config cfg = fake_config(2);
	struct machine *m = fake_machine_new(&cfg, NULL, NULL);
	struct error err = {""};

	assert_int_equal(hotplug_want(m, HOTPLUG_CPUS, 2, &err), 0);
	assert_int_equal(hotplug_want(m, HOTPLUG_MEMORY, cfg.mem_bytes, &err), 0);
	for (u64 n = 0; n < 4; n++)
		if (n != 2)
			assert_int_equal(hotplug_want(m, HOTPLUG_CPUS, n, &err), -1);
	assert_non_null(strstr(err.text, "its 2 vcpus from start to end"));
	assert_int_equal(hotplug_want(m, HOTPLUG_MEMORY, cfg.mem_bytes / 2, &err), -1);
	assert_non_null(strstr(err.text, "its 64 MiB from start to end"));
	machine_free(m);
}

static int tree_has(struct fixture *f, const char *path)
{
	struct fdt_places places = {.rtas = 0x2000000, .rtas_bytes = 0x10000};
	void *fdt = malloc(fdt_room(f->m));
	struct error err;
	int node;

	assert_int_equal(fdt_build(f->m, &places, fdt, &err), 0);
	node = fdt_path_offset(fdt, path);
	free(fdt);
	return node >= 0;
}

/* The next start's device tree has what was offered. */
static void lasts_over_a_start(void **state)
{
	struct fixture *f = *state;

	assert_true(tree_has(f, "/event-sources/hot-plug-events"));
	assert_true(tree_has(f, "/ibm,dynamic-reconfiguration-memory"));
	assert_false(tree_has(f, "/cpus/PowerPC,POWER8@8"));
	want(f, HOTPLUG_CPUS, 4);
	want(f, HOTPLUG_MEMORY, 512 * MIB);
	assert_false(tree_has(f, "/cpus/PowerPC,POWER8@8"));
	fake_machine_boot(f->m);
	assert_true(tree_has(f, "/cpus/PowerPC,POWER8@8"));
	expect(f, HOTPLUG_CPUS, 4, 0);
	expect(f, HOTPLUG_MEMORY, 512 * MIB, 0);
	expect_no_log(f);
	want(f, HOTPLUG_CPUS, 2);
	want(f, HOTPLUG_MEMORY, 256 * MIB);
	expect(f, HOTPLUG_CPUS, 4, 2);
	fake_machine_boot(f->m);
	expect(f, HOTPLUG_CPUS, 2, 0);
	expect(f, HOTPLUG_MEMORY, 256 * MIB, 0);
	assert_null(machine_ptr(f->m, 256 * MIB, 1));
}

static int load(struct fixture *f, const u8 *data, size_t len)
{
	struct machine_device *d = f->m->devices;
	struct state_in in = {.data = data, .len = len};

	return d->ops->load(d, &in) || !state_ok(&in) ? -1 : 0;
}

/* What was saved is found again, with what is in the memory; what makes no sense is refused. */
static void saved_and_loaded(void **state)
{
	struct fixture *f = *state;
	struct machine_device *d = f->m->devices;
	struct state_out out = {0};
	unsigned good = 0;

	want(f, HOTPLUG_MEMORY, 512 * MIB);
	want(f, HOTPLUG_CPUS, 6);
	assert_int_equal(set(f, 9003, MEMORY_1 - 1, 1), 0);
	expect_log(f, 1, 1, 2, CPU_1);
	d->ops->save(d, &out);
	want(f, HOTPLUG_CPUS, 2);
	assert_int_equal(set(f, 9003, MEMORY_1 - 1, 0), 0);
	f->m->mem.host[256 * MIB] = 7;
	assert_int_equal(load(f, out.data, out.len), 0);
	expect(f, HOTPLUG_CPUS, 2, 4);
	expect(f, HOTPLUG_MEMORY, 512 * MIB, 256 * MIB);
	assert_int_equal(*(u8 *)machine_ptr(f->m, 256 * MIB, 1), 7);
	expect_log(f, 1, 1, 2, CPU_1 + 8);
	expect_log(f, 2, 1, 2, MEMORY_1 - 1);
	assert_int_equal(load(f, out.data, out.len - 1), -1);
	for (size_t i = 0; i < out.len; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			out.data[i] ^= 1 << bit;
			good += !load(f, out.data, out.len);
			out.data[i] ^= 1 << bit;
		}
	assert_true(good < out.len * 8 / 2);
	state_free(&out);
}

/* Calls by chance, with what the monitor does between: nothing breaks, and the books are right. */
static void hostile(void **state)
{
	static const u32 indicators[] = {9001, 9001, 9001, 9003, 9003, 9003, 9002, 9, 0, ~0u};
	static const u32 indexes[] = {0x10000000, CPU_1, 0x10000010, 0x80000001, MEMORY_1,
				      0x80000003, 0,	 0x10000001, ~0u};
	struct fixture *f = *state;
	struct machine *m = f->m;
	u8 *area = m->mem.host + AREA;
	struct error err;
	u8 what[3];
	u32 id;

	srand(1);
	for (unsigned i = 0; i < 200000; i++) {
		u32 index = indexes[rand() % ARRAY_SIZE(indexes)];

		switch (rand() % 8) {
		case 0:
			hotplug_want(m, HOTPLUG_CPUS, rand() % 8, &err);
			break;
		case 1:
			hotplug_want(m, HOTPLUG_MEMORY, rand() % 6 * 256 * MIB, &err);
			break;
		case 2:
			next_log(f, what, &id);
			break;
		case 3:
			store_be32(area, index);
			store_be32(area + 4, rand() % 8 ? (u32)rand() % 64 : ~0u);
			call(f, "ibm,configure-connector", 2, 1, rand() % 16 ? AREA : ~0u, 0);
			break;
		case 4:
			call(f, "get-sensor-state", 2, 2, 9003, index);
			break;
		default:
			set(f, indicators[rand() % ARRAY_SIZE(indicators)], index, rand() % 3);
		}
	}
	for (unsigned i = 0; i < hotplug_blocks(m); i++)
		assert_int_equal(guest_is_absent(&m->mem, (i + 1) * GUEST_BLOCK),
				 hotplug_block(m, i)->state == DRC_UNUSABLE);
	assert_non_null(machine_ptr(m, 0, 256 * MIB));
	fake_machine_boot(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_call_in_each_state),
	    cmocka_unit_test(refused),
	    cmocka_unit_test(asked_back),
	    cmocka_unit_test(starts_again),
	    cmocka_unit_test(nothing_comes),
	    cmocka_unit_test_setup_teardown(a_core_comes_and_goes, setup, teardown),
	    cmocka_unit_test_setup_teardown(memory_comes_and_goes, setup, teardown),
	    cmocka_unit_test_setup_teardown(changed_its_mind, setup, teardown),
	    cmocka_unit_test_setup_teardown(lasts_over_a_start, setup, teardown),
	    cmocka_unit_test_setup_teardown(saved_and_loaded, setup, teardown),
	    cmocka_unit_test_setup_teardown(hostile, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
