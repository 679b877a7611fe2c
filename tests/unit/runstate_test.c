/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a guest is and whether it may run: every move from every place, every state that keeps
 * vcpus from running, and all of it by several threads at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_machine.h"
#include "platform/events.h"
#include "platform/internal.h"

#define VCPUS	2
#define THREADS 4
#define ROUNDS	400

#define SECOND_NS 1000000000ull

static struct fixture {
	struct machine *m;
	unsigned count; /* what the guest did */
	int elsewhere;	/* another process may run it at this moment */
	int twice;	/* it ran here meanwhile */
} f;

static bool guest(void *opaque, unsigned id, struct kvm_run *run)
{
	if (__atomic_load_n(&f.elsewhere, __ATOMIC_SEQ_CST))
		__atomic_store_n(&f.twice, 1, __ATOMIC_SEQ_CST);
	return fake_guest_counts(&f.count, id, run);
}

/* Its vcpus have no threads yet. */
static int setup_still(void **state)
{
	struct machine_config cfg = fake_config(VCPUS);

	memset(&f, 0, sizeof(f));
	f.m = fake_machine_new(&cfg, guest, NULL);
	fake_machine_boot(f.m);
	return 0;
}

static int setup(void **state)
{
	setup_still(state);
	fake_machine_start(f.m);
	return 0;
}

static int teardown(void **state)
{
	machine_free(f.m);
	return 0;
}

static unsigned count(void)
{
	return __atomic_load_n(&f.count, __ATOMIC_SEQ_CST);
}

static u64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * SECOND_NS + t.tv_nsec;
}

/* Does what @how names; false if it was refused. */
static bool make(enum machine_move how)
{
	enum machine_place before = machine_where(f.m), after;
	struct error err;
	bool flag = false;

	switch (how) {
	case MOVE_USE:
	case MOVE_CLAIM:
	case MOVE_FORCE:
		after = machine_claim(f.m, how);
		assert_int_equal(after, machine_where(f.m));
		assert_true(after == PLACE_HERE || after == before);
		return after == PLACE_HERE;
	case MOVE_EXPECT:
		return machine_expect(f.m);
	case MOVE_HAND_OVER:
		return !machine_hand_over(f.m, &flag, &err);
	case MOVE_ARRIVE:
		return machine_arrive(f.m, &flag);
	case MOVE_TAKE_BACK:
		return machine_take_back(f.m);
	case MOVE_DOUBT:
		return machine_doubt(f.m, 0);
	case MOVE_LET_GO:
		return machine_let_go(f.m);
	case MOVES:
		break;
	}
	return false;
}

/* From HERE to @place, by the ways there are. */
static void go_to(enum machine_place place)
{
	assert_int_equal(machine_where(f.m), PLACE_HERE);
	if (place == PLACE_COMING)
		assert_true(make(MOVE_EXPECT));
	if (place >= PLACE_LEAVING)
		assert_true(make(MOVE_HAND_OVER));
	if (place == PLACE_UNCERTAIN)
		assert_true(make(MOVE_DOUBT));
	if (place == PLACE_GONE)
		assert_true(make(MOVE_LET_GO));
	assert_int_equal(machine_where(f.m), place);
}

static void go_home(void)
{
	switch (machine_where(f.m)) {
	case PLACE_COMING:
		assert_true(make(MOVE_ARRIVE));
		break;
	case PLACE_LEAVING:
		assert_true(make(MOVE_TAKE_BACK));
		break;
	default:
		assert_true(make(MOVE_FORCE));
	}
	assert_int_equal(machine_where(f.m), PLACE_HERE);
}

static void runs(void)
{
	unsigned seen = count();

	while (count() == seen)
		usleep(100);
}

static bool all_parked(void)
{
	bool parked = true;

	lock_acquire(&f.m->lock);
	for (unsigned i = 0; i < VCPUS; i++)
		parked &= f.m->vcpus[i].parked;
	lock_release(&f.m->lock);
	return parked;
}

/* Not even if something wakes the vcpus. */
static void stands_still(void)
{
	unsigned seen;

	while (!all_parked())
		usleep(100);
	seen = count();
	lock_acquire(&f.m->lock);
	pthread_cond_broadcast(&f.m->changed);
	lock_release(&f.m->lock);
	usleep(200);
	assert_true(all_parked());
	assert_int_equal(count(), seen);
}

/* What the table says, written a second time. */
static const enum machine_place nowhere = PLACES;

static void every_pair(void **state)
{
	const enum machine_place no = nowhere, here = PLACE_HERE;
	const enum machine_place expected[PLACES][MOVES] = {
	    /* USE, CLAIM, FORCE, EXPECT, HAND_OVER, ARRIVE, TAKE_BACK, DOUBT, LET_GO */
	    [PLACE_HERE] = {here, here, here, PLACE_COMING, PLACE_LEAVING, no, no, no, no},
	    [PLACE_COMING] = {no, no, no, no, no, here, no, no, no},
	    [PLACE_LEAVING] = {no, no, no, no, no, no, here, PLACE_UNCERTAIN, PLACE_GONE},
	    [PLACE_UNCERTAIN] = {no, here, here, no, no, no, no, no, no},
	    [PLACE_GONE] = {no, no, here, no, no, no, no, no, no},
	};

	for (enum machine_place place = 0; place < PLACES; place++)
		for (enum machine_move move = 0; move < MOVES; move++) {
			enum machine_place want = expected[place][move], after = nowhere;

			assert_int_equal(machine_place_after(place, move, &after), want != no);
			assert_int_equal(after, want);

			go_to(place);
			assert_int_equal(make(move), want != no);
			assert_int_equal(machine_where(f.m), want == no ? place : want);
			if (machine_where(f.m) != PLACE_HERE) {
				/* Whoever wants it to run: it isn't here. */
				assert_false(machine_resume(f.m));
				stands_still();
				go_home();
			}
			assert_true(machine_resume(f.m));
			runs();
		}
}

static const char *status_of(enum machine_place place, bool paused, bool requested)
{
	static const char *const elsewhere[] = {"", "inmigrate", "finish-migrate", "postmigrate",
						"postmigrate"};

	if (requested)
		return "shutdown";
	if (place != PLACE_HERE)
		return elsewhere[place];
	return paused ? "paused" : "running";
}

/* Of all states there is just one in which it runs. */
static void every_state(void **state)
{
	for (unsigned n = 0; n < PLACES * 8; n++) {
		bool paused = n & 1, held = n & 2, requested = n & 4;
		enum machine_place place = n / 8;

		go_to(place);
		if (held)
			machine_hold(f.m);
		if (paused)
			machine_pause(f.m);
		if (requested)
			machine_request(f.m, REQUEST_POWEROFF);
		assert_string_equal(machine_status(f.m), status_of(place, paused, requested));
		if (place == PLACE_HERE && !paused && !held && !requested)
			runs();
		else
			stands_still();
		if (requested) {
			assert_int_equal(machine_take_request(f.m), REQUEST_POWEROFF);
			machine_end_request(f.m);
		}
		if (held)
			machine_unhold(f.m);
		if (place != PLACE_HERE)
			go_home();
		/* Who left and came back is paused, whoever resumed it meanwhile. */
		if (place >= PLACE_UNCERTAIN)
			assert_true(machine_is_paused(f.m));
		assert_true(machine_resume(f.m));
		runs();
	}
}

/* A guest that ends, or starts anew, isn't handed over. */
static void request_first(void **state)
{
	struct error err = {""};
	bool flag;

	machine_request(f.m, REQUEST_RESET);
	assert_int_equal(machine_hand_over(f.m, &flag, &err), -1);
	assert_non_null(strstr(err.text, "starts anew"));
	assert_int_equal(machine_where(f.m), PLACE_HERE);
	machine_fail(f.m, "comes second");
	assert_int_equal(machine_take_request(f.m), REQUEST_RESET);
	assert_string_equal(machine_failure(f.m)->text, "");
	machine_end_request(f.m);
	runs();
}

/* As long as the other side may still start it, only who insists has it here. */
static void doubt_lasts(void **state)
{
	u64 until;

	assert_int_equal(machine_claim_seconds(f.m), 0);
	assert_true(make(MOVE_HAND_OVER));
	assert_int_equal(machine_claim_seconds(f.m), 0);
	assert_true(machine_doubt(f.m, now_ns() + 15 * SECOND_NS));
	assert_in_range(machine_claim_seconds(f.m), 5, 15);
	assert_false(make(MOVE_CLAIM));
	assert_false(make(MOVE_USE));
	assert_false(machine_resume(f.m));
	stands_still();
	assert_true(make(MOVE_FORCE));
	assert_int_equal(machine_claim_seconds(f.m), 0);
	assert_true(make(MOVE_CLAIM));
	assert_true(machine_resume(f.m));
	runs();

	/* The next doubt has a time of its own, and is over then. */
	assert_true(make(MOVE_HAND_OVER));
	until = now_ns() + SECOND_NS / 20;
	assert_true(machine_doubt(f.m, until));
	while (!make(MOVE_CLAIM))
		usleep(1000);
	assert_true(now_ns() >= until);
	assert_true(machine_resume(f.m));
	runs();
}

/* What isn't quite a second counts as one: who waits for so long isn't refused. */
static void doubt_rounds_up(void **state)
{
	assert_true(make(MOVE_HAND_OVER));
	assert_true(machine_doubt(f.m, now_ns() + SECOND_NS / 2));
	while (machine_claim_seconds(f.m) == 1)
		usleep(1000);
	assert_int_equal(machine_claim_seconds(f.m), 0);
	assert_true(make(MOVE_CLAIM));
}

/* A guest comes as it was at its source, unless it was paused here. */
static void comes_paused(void **state)
{
	for (unsigned n = 0; n < 4; n++) {
		bool there = n & 1, here = n & 2, paused = there;

		assert_true(machine_expect(f.m));
		if (here)
			machine_pause(f.m);
		assert_true(machine_arrive(f.m, &paused));
		assert_int_equal(paused, there || here);
		assert_int_equal(machine_is_paused(f.m), paused);
		machine_resume(f.m);
		runs();
	}
}

/* ---- Who is told ---- */

static void note(struct machine *m, enum machine_event event, void *opaque)
{
	unsigned *told = opaque;

	told[event]++;
}

/* Each observer is told of everything, once, until it is off. */
static void observers(void **state)
{
	unsigned told[3][EVENT_POWERDOWN + 1] = {0};
	struct machine_observer o[3];

	for (unsigned i = 0; i < 3; i++) {
		o[i] = (struct machine_observer){.fn = note, .opaque = told[i]};
		machine_on(f.m, &o[i]);
	}
	machine_pause(f.m);
	machine_pause(f.m);
	machine_off(f.m, &o[1]);
	machine_off(f.m, &o[1]);
	machine_resume(f.m);
	machine_resume(f.m);
	machine_request(f.m, REQUEST_QUIT);
	assert_int_equal(machine_run(f.m), 0);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(told[i][EVENT_STOP], 1);
		assert_int_equal(told[i][EVENT_RESUME], i != 1);
		assert_int_equal(told[i][EVENT_RESET_OR_END], i != 1);
		assert_int_equal(told[i][EVENT_SHUTDOWN], i != 1);
		assert_int_equal(told[i][EVENT_RESET], 0);
	}
	for (unsigned i = 0; i < 3; i++)
		machine_off(f.m, &o[i]);
}

/* ---- By several threads ---- */

static unsigned owners, handed_over;

/* One of them has it at a time, and nobody but who may takes it from there. */
static void hand_over(unsigned *seed)
{
	unsigned seen, how = rand_r(seed) % 4;
	struct error err;
	bool was_running;

	machine_hold(f.m);
	if (machine_hand_over(f.m, &was_running, &err)) {
		machine_unhold(f.m);
		return;
	}
	assert_int_equal(__atomic_add_fetch(&owners, 1, __ATOMIC_SEQ_CST), 1);
	__atomic_store_n(&f.elsewhere, 1, __ATOMIC_SEQ_CST);
	seen = count();
	if (how == 0) {
		machine_let_go(f.m);
		machine_unhold(f.m);
		usleep(50);
		assert_int_equal(machine_where(f.m), PLACE_GONE);
	}
	if (how == 3) {
		/* It may start there for a long time, whoever claims it here. */
		machine_doubt(f.m, now_ns() + 3600 * SECOND_NS);
		machine_unhold(f.m);
		usleep(50);
		assert_int_equal(machine_where(f.m), PLACE_UNCERTAIN);
	}
	assert_int_equal(count(), seen);
	/* It ended there. */
	__atomic_store_n(&f.elsewhere, 0, __ATOMIC_SEQ_CST);
	__atomic_sub_fetch(&owners, 1, __ATOMIC_SEQ_CST);
	handed_over++;
	if (how == 0 || how == 3) {
		assert_int_equal(machine_claim(f.m, MOVE_FORCE), PLACE_HERE);
		return;
	}
	assert_true(how == 1 ? machine_doubt(f.m, 0) : machine_take_back(f.m));
	machine_unhold(f.m);
}

static void *meddle(void *opaque)
{
	unsigned seed = (uintptr_t)opaque;

	for (unsigned round = 0; round < ROUNDS; round++)
		switch (rand_r(&seed) % 5) {
		case 0:
			hand_over(&seed);
			break;
		case 1:
			machine_hold(f.m);
			machine_unhold(f.m);
			break;
		case 2:
			machine_claim(f.m, MOVE_CLAIM);
			break;
		case 3:
			machine_claim(f.m, MOVE_USE);
			break;
		default:
			usleep(20);
		}
	return NULL;
}

static void many_threads(void **state)
{
	pthread_t threads[THREADS];
	unsigned seed = THREADS;

	owners = handed_over = 0;
	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, meddle, (void *)i), 0);
	/* The main thread is a person who pauses and resumes. */
	for (unsigned round = 0; round < ROUNDS; round++) {
		if (rand_r(&seed) % 4)
			machine_resume(f.m);
		else
			machine_pause(f.m);
		usleep(20);
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_false(f.twice);
	assert_true(handed_over > 0);
	assert_int_equal(machine_claim(f.m, MOVE_CLAIM), PLACE_HERE);
	assert_true(machine_resume(f.m));
	runs();
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(every_pair),
	    T(every_state),
	    T(doubt_lasts),
	    T(doubt_rounds_up),
	    T(request_first),
	    T(comes_paused),
	    cmocka_unit_test_setup_teardown(observers, setup_still, teardown),
	    T(many_threads),
	};

	return cmocka_run_group_tests_name("runstate", tests, NULL, NULL);
}
