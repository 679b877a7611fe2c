/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Executes test vectors on whatever processor runs this program (qemu-user, or a real POWER8):
 * reads batches from standard input, writes results to standard output (vector.h). Static, built
 * for both byte orders.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "vector.h"

extern const char runner_stub[], runner_stub_end[];

#define AT(address) ((void *)(unsigned long)(address))
#define TRAP_WORD   0x7fe00008u
/* Where a signal's frame has the program counter. */
#ifdef __powerpc64__
#define FRAME_NIP(uc) ((uc)->uc_mcontext.gp_regs[32])
#else
#define FRAME_NIP(uc) ((uc)->uc_mcontext.uc_regs->gregs[32])
#endif

static volatile uint64_t fault_signal, fault_nip;
static struct isa_batch batch;
static struct isa_state vectors[VECTORS_MAX];
static struct isa_result results[VECTORS_MAX];
static uint64_t alternate_stack[8192];

static void die(const char *what)
{
	perror(what);
	exit(2);
}

/* Makes the interrupted code leave by the stub, registers as they are. Uses nothing of libc: r13
 * isn't the runner's. */
static void on_signal(int nr, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	fault_signal = nr;
	fault_nip = FRAME_NIP(uc);
	FRAME_NIP(uc) = STUB_BASE + STUB_EXIT;
}

static void catch_signals(void)
{
	static const int signals[] = {SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV};
	stack_t stack = {.ss_sp = alternate_stack, .ss_size = sizeof(alternate_stack)};
	struct sigaction sa = {.sa_sigaction = on_signal,
			       .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};

	if (sigaltstack(&stack, NULL))
		die("runner: sigaltstack");
	for (unsigned i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (sigaction(signals[i], &sa, NULL))
			die("runner: sigaction");
}

/* A second thread makes QEMU translate atomic instructions as for a parallel program; the other way
 * has errors. */
static void *idle(void *unused)
{
	for (;;)
		pause();
	return NULL;
}

static void go_parallel(void)
{
	pthread_t thread;

	errno = pthread_create(&thread, NULL, idle, NULL);
	if (errno)
		die("runner: thread");
}

static void map(unsigned long address, size_t size, int prot)
{
	if (mmap(AT(address), size, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) !=
	    AT(address))
		die("runner: mmap");
}

static void set_up(void)
{
	uint32_t *code = AT(TRAPS_FROM);

	map(AREA_BASE, AREA_END - AREA_BASE, PROT_READ | PROT_WRITE | PROT_EXEC);
	map(DATA_BASE, DATA_END - DATA_BASE, PROT_READ | PROT_WRITE);
	for (unsigned i = 0; i < (TRAPS_TO - TRAPS_FROM) / 4; i++)
		code[i] = TRAP_WORD;
	memcpy(AT(STUB_BASE), runner_stub, runner_stub_end - runner_stub);
	catch_signals();
	go_parallel();
}

static uint64_t *window_word(unsigned i)
{
	if (i < WINDOW0_SIZE / 8)
		return (uint64_t *)AT(WINDOW0) + i;
	return (uint64_t *)AT(WINDOW1) + (i - WINDOW0_SIZE / 8);
}

static void place_batch(void)
{
	uint32_t *code = AT(TEST_CODE);

	for (unsigned i = 0; i < CODE_MAX; i++)
		code[i] = i < batch.code_words ? batch.code[i] : TRAP_WORD;
	if (batch.fall_through)
		code[batch.code_words] =
		    0x48000000u | (STUB_BASE + STUB_EXIT - TEST_CODE - 4 * batch.code_words);
	__builtin___clear_cache((char *)code, (char *)(code + CODE_MAX));
	for (unsigned i = 0; i < WINDOW_WORDS; i++)
		*window_word(i) = batch.mem[i];
}

static __attribute__((noinline)) void call_stub(void)
{
	register unsigned long target __asm__("r12") = STUB_BASE;

	__asm__ volatile("mtctr %0\n\tbctrl"
			 : "+r"(target)
			 :
			 : "r0", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "lr",
			   "ctr", "memory", "cr0", "cr1", "cr5", "cr6", "cr7");
}

/* Words outside the windows: a program may have got there. */
static void clear_rest(void)
{
	volatile uint64_t *words = AT(DATA_BASE);
	unsigned window0 = (WINDOW0 - DATA_BASE) / 8, window1 = (WINDOW1 - DATA_BASE) / 8;

	for (unsigned i = 0; i < DATA_WORDS; i++)
		if (i - window0 >= WINDOW0_SIZE / 8 && i - window1 >= WINDOW1_SIZE / 8)
			words[i] = 0;
}

static void run(const struct isa_state *in, struct isa_result *result)
{
	memcpy(AT(STATE_PAGE), in, sizeof(*in));
	if (batch.whole_pages)
		clear_rest();
	fault_signal = 0;
	fault_nip = TEST_CODE + 4 * batch.code_words;
	call_stub();
	memcpy(&result->state, AT(STATE_PAGE + STATE_OUT), sizeof(result->state));
	result->signal = fault_signal;
	result->nip = fault_nip;
	if (batch.whole_pages)
		result->digest = isa_digest(AT(DATA_BASE), DATA_WORDS);
	for (unsigned i = 0; i < WINDOW_WORDS; i++) {
		uint64_t *word = window_word(i);

		if (*word == batch.mem[i])
			continue;
		if (result->changes < CHANGES_MAX) {
			result->change[result->changes].address = (uintptr_t)word;
			result->change[result->changes].value = *word;
		}
		result->changes++;
		*word = batch.mem[i];
	}
}

static void transfer(ssize_t (*step)(void *p, size_t size), void *p, size_t size)
{
	while (size) {
		ssize_t n = step(p, size);

		if (n == 0)
			exit(0);
		if (n < 0)
			die("runner: transfer");
		p = (char *)p + n;
		size -= n;
	}
}

static ssize_t read_step(void *p, size_t size)
{
	return read(STDIN_FILENO, p, size);
}

static ssize_t write_step(void *p, size_t size)
{
	return write(STDOUT_FILENO, p, size);
}

/*
 * memset() would do, but for QEMU's user mode as a PPC970: the library clears by dcbz, which clears
 * 32 bytes there as in Apple's machines, not 128.
 */
static void clear_results(void)
{
	volatile uint64_t *words = (uint64_t *)results;
	size_t size = batch.vectors * sizeof(*results);

	for (size_t i = 0; i < size / sizeof(*words); i++)
		words[i] = 0;
}

int main(void)
{
	set_up();
	for (;;) {
		transfer(read_step, &batch, sizeof(batch));
		if (!batch.vectors)
			return 0;
		if (batch.vectors > VECTORS_MAX) {
			errno = E2BIG;
			die("runner: vectors");
		}
		transfer(read_step, vectors, batch.vectors * sizeof(*vectors));
		clear_results();
		place_batch();
		for (uint64_t i = 0; i < batch.vectors; i++)
			run(&vectors[i], &results[i]);
		transfer(write_step, results, batch.vectors * sizeof(*results));
	}
}
