/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What threads share, by locks and without: mutexes, conditions, queues, stacks, sequence locks,
 * and reservations of all five sizes.
 *
 *     threads [SECONDS [EXPERIMENT]]
 */
#include "together.h"
#include <sched.h>

/* ---- Mutexes, conditions, locks for readers and writers ---- */

#define LOCKED_ROUNDS 3000
#define PIECES	      1500
#define ROOM	      8

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t has_room = PTHREAD_COND_INITIALIZER, has_piece = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t shared_lock = PTHREAD_RWLOCK_INITIALIZER;
static u64 plain, plain_squares, pair[2];
static u64 room[ROOM];
static unsigned filled, first_piece;
static _Atomic u64 sum_in, sum_out;

static void prepare_locks(void)
{
	plain = plain_squares = pair[0] = pair[1] = 0;
	filled = first_piece = 0;
	sum_in = sum_out = 0;
}

static void put_piece(u64 piece)
{
	pthread_mutex_lock(&mutex);
	while (filled == ROOM)
		pthread_cond_wait(&has_room, &mutex);
	room[(first_piece + filled++) % ROOM] = piece;
	pthread_cond_signal(&has_piece);
	pthread_mutex_unlock(&mutex);
	sum_in += piece;
}

static void take_piece(void)
{
	u64 piece;

	pthread_mutex_lock(&mutex);
	while (!filled)
		pthread_cond_wait(&has_piece, &mutex);
	piece = room[first_piece];
	first_piece = (first_piece + 1) % ROOM;
	filled--;
	pthread_cond_signal(&has_room);
	pthread_mutex_unlock(&mutex);
	sum_out += piece;
}

static void work_with_locks(int me)
{
	for (u64 i = 0; i < LOCKED_ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		plain++;
		plain_squares += i * i;
		pthread_mutex_unlock(&mutex);
		if (i % 4 == (u64)me) {
			pthread_rwlock_wrlock(&shared_lock);
			pair[0]++;
			pair[1] = ~pair[0];
		} else {
			pthread_rwlock_rdlock(&shared_lock);
			if (pair[1] && pair[1] != ~pair[0])
				wrong("a pair under a lock is %llx and %llx",
				      (unsigned long long)pair[0], (unsigned long long)pair[1]);
		}
		pthread_rwlock_unlock(&shared_lock);
	}
	meet();
	for (u64 i = 0; i < PIECES; i++) {
		if (me % 2)
			put_piece(i * 7919 + me);
		else
			take_piece();
	}
}

static void judge_locks(void)
{
	const u64 n = LOCKED_ROUNDS;

	same("the count under a mutex", plain, THREADS * n);
	same("the squares under a mutex", plain_squares, THREADS * ((n - 1) * n * (2 * n - 1) / 6));
	same("the count under a writers' lock", pair[0], n);
	same("what is left in the buffer", filled, 0);
	same("what came out of the buffer", sum_out, sum_in);
}

/* ---- A ticket lock of two halfwords, by lharx on one of them ---- */

#define TICKETS 8000

static struct {
	u16 next, serving;
} tickets APART;
static u64 ticketed APART, ticketed_last;

static u16 draw_ticket(void)
{
	u32 mine, more;

	__asm__ volatile("1: lharx %0,0,%2\n\taddi %1,%0,1\n\tsthcx. %1,0,%2\n\tbne- 1b\n\tisync"
			 : "=&r"(mine), "=&b"(more)
			 : "r"(&tickets.next)
			 : "cr0", "memory");
	return mine;
}

static void prepare_tickets(void)
{
	tickets.next = tickets.serving = 65000; /* they go round */
	ticketed = ticketed_last = 0;
}

static void work_with_tickets(int me)
{
	for (int i = 0; i < TICKETS; i++) {
		u16 mine = draw_ticket();

		for (int n = 0; __atomic_load_n(&tickets.serving, __ATOMIC_ACQUIRE) != mine; n++) {
			wait_a_bit();
			if (n % 64 == 63)
				sched_yield();
		}
		ticketed++;
		ticketed_last = ticketed * (me + 1);
		if (ticketed_last != ticketed * (me + 1))
			wrong("somebody else is in the lock");
		__atomic_store_n(&tickets.serving, mine + 1, __ATOMIC_RELEASE);
	}
}

static void judge_tickets(void)
{
	same("the count under tickets", ticketed, THREADS * TICKETS);
	same("the tickets", tickets.next, (u16)(65000 + THREADS * TICKETS));
}

/* ---- A queue of many producers and many consumers, without locks ---- */

#define CELLS	   64
#define PER_THREAD 12000
#define PRODUCERS  (THREADS / 2)

/* A cell's turn tells who may have it: the producer of its number, or one later its consumer. */
static struct {
	_Atomic u64 turn;
	u64 value;
} cell[CELLS] APART;
static _Atomic u64 queue_in APART, queue_out APART;
static u8 seen[PRODUCERS][PER_THREAD];

static void prepare_queue(void)
{
	for (u64 i = 0; i < CELLS; i++)
		cell[i].turn = i;
	queue_in = queue_out = 0;
	memset(seen, 0, sizeof(seen));
}

/* Returns false if there is no room now. */
static bool enqueue(u64 value)
{
	u64 at = atomic_load_explicit(&queue_in, memory_order_relaxed);

	for (;;) {
		u64 turn = atomic_load_explicit(&cell[at % CELLS].turn, memory_order_acquire);

		if (turn < at)
			return false;
		if (turn == at && atomic_compare_exchange_weak_explicit(&queue_in, &at, at + 1,
									memory_order_relaxed,
									memory_order_relaxed))
			break;
		if (turn != at)
			at = atomic_load_explicit(&queue_in, memory_order_relaxed);
	}
	cell[at % CELLS].value = value;
	atomic_store_explicit(&cell[at % CELLS].turn, at + 1, memory_order_release);
	return true;
}

static bool dequeue(u64 *value)
{
	u64 at = atomic_load_explicit(&queue_out, memory_order_relaxed);

	for (;;) {
		u64 turn = atomic_load_explicit(&cell[at % CELLS].turn, memory_order_acquire);

		if (turn < at + 1)
			return false;
		if (turn == at + 1 && atomic_compare_exchange_weak_explicit(&queue_out, &at, at + 1,
									    memory_order_relaxed,
									    memory_order_relaxed))
			break;
		if (turn != at + 1)
			at = atomic_load_explicit(&queue_out, memory_order_relaxed);
	}
	*value = cell[at % CELLS].value;
	atomic_store_explicit(&cell[at % CELLS].turn, at + CELLS, memory_order_release);
	return true;
}

/* Each consumer gets what one producer put in that producer's order. */
static void consume(void)
{
	u64 last[PRODUCERS] = {0}, value = 0;

	for (u64 i = 0; i < PER_THREAD; i++) {
		u64 who, what;

		while (!dequeue(&value))
			sched_yield();
		who = value >> 32;
		what = value & 0xffffffff;
		if (who >= PRODUCERS || !what || what > PER_THREAD) {
			wrong("%llx came out", (unsigned long long)value);
			continue;
		}
		if (what <= last[who])
			wrong("%llu came out after %llu", (unsigned long long)what,
			      (unsigned long long)last[who]);
		last[who] = what;
		seen[who][what - 1]++;
	}
}

static void work_with_queue(int me)
{
	if (me % 2) {
		consume();
		return;
	}
	for (u64 i = 1; i <= PER_THREAD; i++)
		while (!enqueue((u64)(me / 2) << 32 | i))
			sched_yield();
}

static void judge_queue(void)
{
	u64 once = 0;

	for (int who = 0; who < PRODUCERS; who++)
		for (int i = 0; i < PER_THREAD; i++)
			once += seen[who][i] == 1;
	same("what came out once", once, PRODUCERS * PER_THREAD);
}

/* ---- A stack with tags: in one doubleword, and in a quadword ---- */

#define NODES	     64
#define STACK_ROUNDS 15000

struct node {
	_Atomic u32 next; /* index + 1; 0: the end */
	_Atomic u32 owners;
};

static struct node node[NODES];
static _Atomic u64 top APART; /* tag, index + 1 */
static __int128 wide_top APART;

/* Returns whether *p was @old and is now @new; *old is then what it was. */
static bool quad_exchange(__int128 *p, u64 old[2], const u64 new[2])
{
	register u64 high __asm__("r8"), low __asm__("r9");
	register u64 new_high __asm__("r10") = new[0], new_low __asm__("r11") = new[1];
	u64 done = 0;

	__asm__ volatile("lwsync\n"
			 "1: lqarx 8,0,%3\n"
			 "\tcmpd 8,%4\n\tbne- 2f\n\tcmpd 9,%5\n\tbne- 2f\n"
			 "\tstqcx. 10,0,%3\n\tbne- 1b\n\tli %2,1\n"
			 "2: isync"
			 : "=&r"(high), "=&r"(low), "+&r"(done)
			 : "b"(p), "r"(old[0]), "r"(old[1]), "r"(new_high), "r"(new_low)
			 : "cr0", "memory");
	old[0] = high;
	old[1] = low;
	return done;
}

static void push(u32 n)
{
	u64 old = top, new;

	do {
		atomic_store_explicit(&node[n].next, (u32)old, memory_order_relaxed);
		new = ((old >> 32) + 1) << 32 | (n + 1);
	} while (!atomic_compare_exchange_weak(&top, &old, new));
}

static int pop(void)
{
	u64 old = top, new;

	do {
		if (!(u32)old)
			return -1;
		new = ((old >> 32) + 1) << 32 | node[(u32)old - 1].next;
	} while (!atomic_compare_exchange_weak(&top, &old, new));
	return (u32)old - 1;
}

static void quad_load(__int128 *p, u64 value[2])
{
	register u64 high __asm__("r8"), low __asm__("r9");

	__asm__ volatile("lq 8,0(%2)\n\tlwsync" : "=&r"(high), "=&r"(low) : "b"(p) : "memory");
	value[0] = high;
	value[1] = low;
}

static void wide_push(u32 n)
{
	u64 old[2], new[2];

	quad_load(&wide_top, old);
	do {
		atomic_store_explicit(&node[n].next, (u32)old[1], memory_order_relaxed);
		new[0] = old[0] + 1;
		new[1] = n + 1;
	} while (!quad_exchange(&wide_top, old, new));
}

static int wide_pop(void)
{
	u64 old[2], new[2];

	quad_load(&wide_top, old);
	do {
		if (!old[1])
			return -1;
		new[0] = old[0] + 1;
		new[1] = node[old[1] - 1].next;
	} while (!quad_exchange(&wide_top, old, new));
	return old[1] - 1;
}

static void prepare_stack(void)
{
	memset(node, 0, sizeof(node));
	top = 0;
	for (u32 n = 0; n < NODES; n++)
		push(n);
}

static void prepare_wide_stack(void)
{
	memset(node, 0, sizeof(node));
	wide_top = 0;
	for (u32 n = 0; n < NODES; n++)
		wide_push(n);
}

/* Who has a node has it alone. */
static void work_with(void (*put)(u32), int (*take)(void), int me)
{
	u64 seed = 88172645463325252ull + me;
	int held[NODES / THREADS], n = 0;

	for (int i = 0; i < STACK_ROUNDS; i++) {
		if (n < NODES / THREADS && (!n || next_random(&seed) % 2)) {
			int got = take();

			if (got < 0 || got >= NODES) {
				wrong("popped %d, though there are nodes left", got);
				return;
			}
			if (node[got].owners++)
				wrong("node %d has two owners", got);
			held[n++] = got;
		} else {
			node[held[--n]].owners--;
			put(held[n]);
		}
	}
	while (n) {
		node[held[--n]].owners--;
		put(held[n]);
	}
}

static void work_with_stack(int me)
{
	work_with(push, pop, me);
}

static void work_with_wide_stack(int me)
{
	work_with(wide_push, wide_pop, me);
}

/* All nodes are there, once. */
static void judge_chain(u32 at)
{
	u64 found = 0, n = 0;

	for (; at && at <= NODES && n <= NODES; at = node[at - 1].next, n++)
		found |= 1ull << (at - 1);
	same("the nodes on the stack", n, NODES);
	same("the set of nodes on the stack", found, ~0ull);
}

static void judge_stack(void)
{
	judge_chain((u32)top);
}

static void judge_wide_stack(void)
{
	u64 old[2];

	quad_load(&wide_top, old);
	judge_chain(old[1]);
}

/* ---- A sequence lock ---- */

#define VERSIONS 20000

static struct {
	_Atomic u32 turn;
	u64 word[6];
	_Atomic u32 writers_left;
} sequence APART;
static pthread_mutex_t writers = PTHREAD_MUTEX_INITIALIZER;

static void prepare_sequence(void)
{
	memset(&sequence, 0, sizeof(sequence));
	sequence.writers_left = 2;
}

static void write_versions(void)
{
	for (int i = 0; i < VERSIONS; i++) {
		u64 value;

		pthread_mutex_lock(&writers);
		value = sequence.word[0] + 1;
		atomic_store_explicit(&sequence.turn, sequence.turn + 1, memory_order_relaxed);
		atomic_thread_fence(memory_order_release);
		for (int w = 0; w < 6; w++)
			__atomic_store_n(&sequence.word[w], value * (w + 1), __ATOMIC_RELAXED);
		atomic_store_explicit(&sequence.turn, sequence.turn + 1, memory_order_release);
		pthread_mutex_unlock(&writers);
	}
	sequence.writers_left--;
}

static void read_versions(void)
{
	u64 last = 0;

	while (sequence.writers_left) {
		u32 turn = atomic_load_explicit(&sequence.turn, memory_order_acquire);
		u64 word[6];

		for (int w = 0; w < 6; w++)
			word[w] = __atomic_load_n(&sequence.word[w], __ATOMIC_RELAXED);
		atomic_thread_fence(memory_order_acquire);
		if (turn % 2 || atomic_load_explicit(&sequence.turn, memory_order_relaxed) != turn)
			continue;
		for (u64 w = 1; w < 6; w++)
			if (word[w] != word[0] * (w + 1))
				wrong("words of versions %llu and %llu",
				      (unsigned long long)word[0],
				      (unsigned long long)(word[w] / (w + 1)));
		if (word[0] < last || word[0] != turn / 2)
			wrong("version %llu after %llu at turn %u", (unsigned long long)word[0],
			      (unsigned long long)last, turn);
		last = word[0];
	}
}

static void work_with_sequence(int me)
{
	if (me % 2)
		write_versions();
	else
		read_versions();
}

static void judge_sequence(void)
{
	same("the last version", sequence.word[5], 2ull * VERSIONS * 6);
	same("the turn", sequence.turn, 4ull * VERSIONS);
}

/* ---- Reservations of all sizes, of neighbours ---- */

#define ADDED 10000

static struct {
	u8 bytes[16];
	u16 halves[8];
	u32 words[4];
	u64 doubles[2];
	u64 quad[2];
} sizes APART;

#define ADD(name, type, load, store)                                                               \
	static void name(type *p, u64 n)                                                           \
	{                                                                                          \
		u64 v;                                                                             \
                                                                                                   \
		__asm__ volatile("1: " load " %0,0,%1\n\tadd %0,%0,%2\n\t" store                   \
				 " %0,0,%1\n\tbne- 1b"                                             \
				 : "=&r"(v)                                                        \
				 : "r"(p), "r"(n)                                                  \
				 : "cr0", "memory");                                               \
	}
ADD(add_byte, u8, "lbarx", "stbcx.")
ADD(add_half, u16, "lharx", "sthcx.")
ADD(add_word, u32, "lwarx", "stwcx.")
ADD(add_double, u64, "ldarx", "stdcx.")

/* To both halves alike. */
static void add_quad(u64 *p, u64 n)
{
	__asm__ volatile("1: lqarx 8,0,%0\n\tadd 8,8,%1\n\tadd 9,9,%1\n\tstqcx. 8,0,%0\n\tbne- 1b"
			 :
			 : "b"(p), "r"(n)
			 : "r8", "r9", "cr0", "memory");
}

static void prepare_sizes(void)
{
	memset(&sizes, 0, sizeof(sizes));
}

static void work_with_sizes(int me)
{
	for (u64 i = 0; i < ADDED; i++) {
		add_byte(&sizes.bytes[(me + i) % 16], 1);
		add_half(&sizes.halves[(me + i) % 8], 3);
		add_word(&sizes.words[(me + i) % 4], 70001);
		add_double(&sizes.doubles[(me + i) % 2], 0x100000001);
		add_quad(sizes.quad, 5);
	}
}

static void judge_sizes(void)
{
	const u64 n = THREADS * ADDED;

	for (int i = 0; i < 16; i++)
		same("a byte", sizes.bytes[i], (u8)(n / 16));
	for (int i = 0; i < 8; i++)
		same("a halfword", sizes.halves[i], (u16)(n / 8 * 3));
	for (int i = 0; i < 4; i++)
		same("a word", sizes.words[i], (u32)(n / 4 * 70001));
	for (int i = 0; i < 2; i++)
		same("a doubleword", sizes.doubles[i], n / 2 * 0x100000001);
	for (int i = 0; i < 2; i++)
		same("half of a quadword", sizes.quad[i], n * 5);
}

/* ---- Plain stores into what others have reserved ---- */

#define STORES 40000

static union {
	u8 bytes[16];
	u64 doubles[2];
} mixed APART;

/* Threads 0 and 1 have bytes 0 and 1 of doubleword 0; the others add above them. */
static void own_byte(int me)
{
	volatile u8 *mine = &mixed.bytes[me];

	for (int i = 0; i < STORES; i++) {
		*mine = i;
		for (int n = 0; n < 3; n++)
			if (*mine != (u8)i) {
				wrong(
				    "byte %d is %u and not %u: a conditional store gave back what "
				    "it had read",
				    me, *mine, (u8)i);
				return;
			}
	}
}

static void prepare_mixed(void)
{
	memset(&mixed, 0, sizeof(mixed));
}

/* By three of the sizes. */
static void work_with_mixed(int me)
{
	if (me < 2) {
		own_byte(me);
		return;
	}
	for (int i = 0; i < STORES / 4; i++) {
		add_double(&mixed.doubles[0], 0x10000);
		add_quad(mixed.doubles, 0x10000);
		add_word((u32 *)&mixed.bytes[4], 1);
	}
}

static void judge_mixed(void)
{
	const u64 n = 2 * (STORES / 4);

	same("byte 0", mixed.bytes[0], (u8)(STORES - 1));
	same("byte 1", mixed.bytes[1], (u8)(STORES - 1));
	same("what was added above them", mixed.doubles[0] >> 16,
	     (n * 2 * 0x10000 + (n << 32)) >> 16);
	same("what was added to their neighbour", mixed.doubles[1], n * 0x10000);
}

/* ---- All processors' time ---- */

#define LOOKS 20000

static _Atomic u64 latest APART;

static void prepare_time(void)
{
	latest = 0;
}

/* Nobody looks at a time that is before one that somebody has seen. */
static void work_with_time(int me)
{
	for (int i = 0; i < LOOKS; i++) {
		u64 others = atomic_load(&latest), mine;

		__asm__ volatile("sync\n\tisync\n\tmfspr %0,268" : "=r"(mine)::"memory");
		if (mine < others)
			wrong("thread %d's time is %llu ticks behind", me,
			      (unsigned long long)(others - mine));
		while (others < mine && !atomic_compare_exchange_weak(&latest, &others, mine))
			;
	}
	atomic_fetch_add(&checks, LOOKS);
}

static const struct experiment experiment[] = {
    {"locks", prepare_locks, work_with_locks, judge_locks},
    {"tickets", prepare_tickets, work_with_tickets, judge_tickets},
    {"queue", prepare_queue, work_with_queue, judge_queue},
    {"stack", prepare_stack, work_with_stack, judge_stack},
    {"wide stack", prepare_wide_stack, work_with_wide_stack, judge_wide_stack},
    {"sequence", prepare_sequence, work_with_sequence, judge_sequence},
    {"sizes", prepare_sizes, work_with_sizes, judge_sizes},
    {"mixed", prepare_mixed, work_with_mixed, judge_mixed},
    {"time", prepare_time, work_with_time, NULL},
};

int main(int argc, char **argv)
{
	return run_experiments(argc, argv, experiment, sizeof(experiment) / sizeof(experiment[0]));
}
