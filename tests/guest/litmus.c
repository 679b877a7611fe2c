/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What threads may see of each other's stores: litmus tests, whose barriers forbid an outcome, and
 * code that one thread changes while others run it.
 *
 *     litmus [SECONDS [EXPERIMENT]]
 *
 * Each test is done on many places, one after the other, by threads that begin at the same time.
 * Where no barrier stands, the outcome may be seen; how often it was is told at the end, for it
 * shows whether this could see anything.
 */
#include "together.h"
#include <sys/mman.h>

#define PLACES	4096
#define BATCHES 6

/* Two variables in lines of their own, and what each role has read. */
struct place {
	volatile u32 x APART;
	volatile u32 y APART;
	u32 got[THREADS][2] APART;
};

static struct place place[PLACES];
static _Atomic u32 started APART;
static u64 relaxed; /* outcomes of "sb" */

#define sync()	 __asm__ volatile("sync" ::: "memory")
#define lwsync() __asm__ volatile("lwsync" ::: "memory")
#define isync()	 __asm__ volatile("isync" ::: "memory")

/* Adds nothing to a place, by a value: what comes after depends on that. */
static inline struct place *depending(struct place *p, u32 value)
{
	u64 nothing;

	__asm__ volatile("xor %0,%1,%1" : "=r"(nothing) : "r"((u64)value));
	return (struct place *)((char *)p + nothing);
}

static inline u32 depending_value(u32 value, u32 on)
{
	u32 nothing;

	__asm__ volatile("xor %0,%1,%1" : "=r"(nothing) : "r"(on));
	return value + nothing;
}

/* A branch that depends on a value, and leads to what comes next either way. */
static inline void branch_on(u32 value)
{
	__asm__ volatile("cmpw %0,%0\n\tbne- 1f\n1:" ::"r"(value) : "cr0", "memory");
}

/* ---- The tests: what each role does at a place, and what may not have come out ---- */

typedef void role(struct place *p, u32 *got);

/* Each stores one and loads the other's: not both before. */
static void sb_x(struct place *p, u32 *got)
{
	p->x = 1;
	got[0] = p->y;
}

static void sb_y(struct place *p, u32 *got)
{
	p->y = 1;
	got[0] = p->x;
}

static void sb_sync_x(struct place *p, u32 *got)
{
	p->x = 1;
	sync();
	got[0] = p->y;
}

static void sb_sync_y(struct place *p, u32 *got)
{
	p->y = 1;
	sync();
	got[0] = p->x;
}

static bool both_before(const struct place *p)
{
	return !p->got[0][0] && !p->got[1][0];
}

/* A conditional store between two syncs, as in the kernel's atomics. */
static void sb_atomic_x(struct place *p, u32 *got)
{
	u32 old;

	__asm__ volatile("sync\n1:\tlwarx %0,0,%1\n\tstwcx. %2,0,%1\n\tbne- 1b\n\tsync"
			 : "=&r"(old)
			 : "r"(&p->x), "r"(1)
			 : "cr0", "memory");
	got[0] = p->y;
}

/* A message, and that it is there. */
static void mp_write(struct place *p, u32 *got)
{
	p->x = 1;
	lwsync();
	p->y = 1;
}

static void mp_write_atomic(struct place *p, u32 *got)
{
	u32 old;

	p->x = 1;
	__asm__ volatile("lwsync\n1:\tlwarx %0,0,%1\n\tstwcx. %2,0,%1\n\tbne- 1b"
			 : "=&r"(old)
			 : "r"(&p->y), "r"(1)
			 : "cr0", "memory");
}

static void mp_read(struct place *p, u32 *got)
{
	got[0] = p->y;
	lwsync();
	got[1] = p->x;
}

static void mp_read_address(struct place *p, u32 *got)
{
	got[0] = p->y;
	got[1] = depending(p, got[0])->x;
}

static void mp_read_branch(struct place *p, u32 *got)
{
	got[0] = p->y;
	branch_on(got[0]);
	isync();
	got[1] = p->x;
}

static bool no_message(const struct place *p)
{
	return p->got[1][0] && !p->got[1][1];
}

/* Each loads, and what it stores depends on it: nobody sees the future. */
static void lb_x(struct place *p, u32 *got)
{
	got[0] = p->x;
	p->y = depending_value(1, got[0]);
}

static void lb_y(struct place *p, u32 *got)
{
	got[0] = p->y;
	p->x = depending_value(1, got[0]);
}

static bool out_of_thin_air(const struct place *p)
{
	return p->got[0][0] && p->got[1][0];
}

/* Two write, two others agree on who was first. */
static void only_x(struct place *p, u32 *got)
{
	p->x = 1;
}

static void only_y(struct place *p, u32 *got)
{
	p->y = 1;
}

static void read_xy(struct place *p, u32 *got)
{
	got[0] = p->x;
	sync();
	got[1] = p->y;
}

static void read_yx(struct place *p, u32 *got)
{
	got[0] = p->y;
	sync();
	got[1] = p->x;
}

static bool disagree(const struct place *p)
{
	return p->got[2][0] && !p->got[2][1] && p->got[3][0] && !p->got[3][1];
}

/* A second thread passes on what it has seen. */
static void pass_on(struct place *p, u32 *got)
{
	got[0] = p->x;
	lwsync();
	p->y = got[0];
}

static bool not_passed_on(const struct place *p)
{
	return p->got[2][0] && !p->got[2][1];
}

static void read_passed(struct place *p, u32 *got)
{
	mp_read_address(p, got);
}

/* Two writes each, in opposite orders: not both first ones last. */
static void write_x2_y1(struct place *p, u32 *got)
{
	p->x = 2;
	lwsync();
	p->y = 1;
}

static void write_y2_x1(struct place *p, u32 *got)
{
	p->y = 2;
	lwsync();
	p->x = 1;
}

static bool first_ones_last(const struct place *p)
{
	return p->x == 2 && p->y == 2;
}

/* A write before another's, and a load after that. */
static void write_y2_read_x(struct place *p, u32 *got)
{
	p->y = 2;
	sync();
	got[0] = p->x;
}

static void write_x_y_sync(struct place *p, u32 *got)
{
	p->x = 1;
	sync();
	p->y = 1;
}

static bool later_but_before(const struct place *p)
{
	return p->y == 2 && !p->got[1][0];
}

/* One place never goes back. */
static void read_twice(struct place *p, u32 *got)
{
	got[0] = p->x;
	got[1] = p->x;
}

static void count_up(struct place *p, u32 *got)
{
	p->x = 1;
	p->x = 2;
}

static bool went_back(const struct place *p)
{
	return p->got[1][0] > p->got[1][1] || p->got[2][0] > p->got[2][1] ||
	       p->got[3][0] > p->got[3][1];
}

static const struct litmus {
	const char *name;
	/* Those of threads 2 and 3 are missing: they do the first ones' on the other half. */
	role *role[THREADS];
	bool (*forbidden)(const struct place *p);
	bool allowed; /* then it's only counted */
} litmus[] = {
    {"sb", {sb_x, sb_y}, both_before, true},
    {"sb, syncs", {sb_sync_x, sb_sync_y}, both_before, false},
    {"sb, an atomic", {sb_atomic_x, sb_sync_y}, both_before, false},
    {"mp, lwsyncs", {mp_write, mp_read}, no_message, false},
    {"mp, address", {mp_write, mp_read_address}, no_message, false},
    {"mp, branch", {mp_write, mp_read_branch}, no_message, false},
    {"mp, an atomic", {mp_write_atomic, mp_read}, no_message, false},
    {"lb, values", {lb_x, lb_y}, out_of_thin_air, false},
    {"iriw, syncs", {only_x, only_y, read_xy, read_yx}, disagree, false},
    {"wrc, lwsync", {only_x, pass_on, read_passed, read_passed}, not_passed_on, false},
    {"2+2w, lwsyncs", {write_x2_y1, write_y2_x1}, first_ones_last, false},
    {"r, syncs", {write_x_y_sync, write_y2_read_x}, later_but_before, false},
    {"coherence", {count_up, read_twice, read_twice, read_twice}, went_back, false},
};

/* ---- Running them ---- */

static const struct litmus *test;

/* All begin at the same time, as nearly as can be. */
static void begin(int batch)
{
	atomic_fetch_add(&started, 1);
	while (atomic_load_explicit(&started, memory_order_acquire) < (u32)(batch + 1) * THREADS)
		wait_a_bit();
}

static void clear_places(int me)
{
	for (int i = me; i < PLACES; i += THREADS)
		memset(&place[i], 0, sizeof(place[i]));
}

static void judge_places(int me)
{
	u64 found = 0;

	for (int i = me; i < PLACES; i += THREADS)
		found += test->forbidden(&place[i]);
	atomic_fetch_add_explicit(&checks, PLACES / THREADS, memory_order_relaxed);
	if (test->allowed)
		__atomic_fetch_add(&relaxed, found, __ATOMIC_RELAXED);
	else if (found)
		wrong("%s: what is forbidden came out %llu times", test->name,
		      (unsigned long long)found);
}

/* Two threads that have no role of their own are a second pair, on the other half of the places. */
static void play(int me)
{
	bool pairs = !test->role[2];
	int as = pairs ? me % 2 : me, from = pairs && me >= 2 ? PLACES / 2 : 0;
	int to = pairs && me < 2 ? PLACES / 2 : PLACES;
	role *mine = test->role[as];

	for (int i = from; i < to; i++)
		mine(&place[i], place[i].got[as]);
}

/* Each test, in batches. Which of them is all threads' to know before they begin. */
static void work_with_places(int me)
{
	for (size_t n = 0; n < sizeof(litmus) / sizeof(litmus[0]); n++) {
		for (int batch = 0; batch < BATCHES; batch++) {
			meet();
			if (!me) {
				test = &litmus[n];
				started = 0;
			}
			clear_places(me);
			meet();
			begin(0);
			play(me);
			meet();
			judge_places(me);
		}
	}
}

/* ---- Code that changes ---- */

#define EDITIONS 2000

static u32 *code; /* adds: li 3,edition; then a branch over one of two, and returns */
static _Atomic u32 published APART;
static _Atomic u32 readers_ready APART;

typedef u64 function(void);

#define LI(r, n)   (0x38000000u | (r) << 21 | ((n)&0xffff))
#define B(words)   (0x48000000u | ((words)*4 & 0x3fffffc))
#define NOP	   0x60000000u
#define BLR	   0x4e800020u
#define ADDI3(n)   (0x38630000u | ((n)&0xffff))
#define CODE_BYTES 65536

/* As compilers at run time do it: one word is stored, and run by all that begin later. */
static void edit(u32 *at, u32 word)
{
	__atomic_store_n(at, word, __ATOMIC_RELAXED);
	__asm__ volatile("dcbst 0,%0\n\tsync\n\ticbi 0,%0\n\tsync\n\tisync" ::"r"(at) : "memory");
}

static void prepare_code(void)
{
	if (!code) {
		code = mmap(NULL, CODE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (code == MAP_FAILED) {
			printf("WRONG: no memory for code\n");
			exit(2);
		}
	}
	published = 0;
	readers_ready = 0;
	edit(&code[4], BLR);
	edit(&code[3], BLR);
	edit(&code[2], ADDI3(0x1000));
	edit(&code[1], NOP);
	edit(&code[0], LI(3, 0));
}

/* Odd editions are branched over the addition, even ones run into it. */
static void publish_editions(void)
{
	while (readers_ready != THREADS - 1)
		wait_a_bit();
	for (u32 n = 1; n <= EDITIONS; n++) {
		edit(&code[1], n % 2 ? B(2) : NOP);
		edit(&code[0], LI(3, n));
		atomic_store_explicit(&published, n, memory_order_release);
	}
}

/* What is run is no older than what was published before, and no newer than one more than after. */
static void run_editions(int me)
{
	function *run = (function *)code;
	u32 before, after, got;

	readers_ready++;
	do {
		before = atomic_load_explicit(&published, memory_order_acquire);
		isync();
		got = run() & 0xfff;
		atomic_thread_fence(memory_order_seq_cst);
		after = atomic_load_explicit(&published, memory_order_acquire);
		if (got < before || got > after + 1)
			wrong("thread %d ran edition %u, when %u to %u was published", me, got,
			      before, after);
		atomic_fetch_add_explicit(&checks, 1, memory_order_relaxed);
	} while (before < EDITIONS && !wrongs);
	/* The last one is even. */
	isync();
	same("what the last edition gives", run(), EDITIONS + 0x1000);
}

static void work_with_code(int me)
{
	if (me)
		run_editions(me);
	else
		publish_editions();
}

static const struct experiment experiment[] = {
    {"places", NULL, work_with_places, NULL},
    {"code", prepare_code, work_with_code, NULL},
};

int main(int argc, char **argv)
{
	int status =
	    run_experiments(argc, argv, experiment, sizeof(experiment) / sizeof(experiment[0]));

	printf("without barriers: %llu outcomes that these forbid\n", (unsigned long long)relaxed);
	return status;
}
