/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Run in a Debian guest: what programs there rely on beyond what the differential tests show.
 * Prints a line for each that is wrong, and "silicon: N checks, M failed".
 */
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <linux/perf_event.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <asm/ptrace.h>

static unsigned checks, failed;

static void check(int good, const char *what)
{
	checks++;
	if (good)
		return;
	failed++;
	printf("wrong: %s\n", what);
}

static uint64_t bits(double d)
{
	uint64_t u;

	memcpy(&u, &d, sizeof(u));
	return u;
}

/* glibc chooses code that sets the rounding mode by an instruction of ISA 3.0, mffs to a POWER8. */
static void library_functions_run(void)
{
	volatile double one = 1;

	check(bits(sin(one)) == 0x3feaed548f090cee, "sin(1)");
	check(bits(cos(one)) == 0x3fe14a280fb5068c, "cos(1)");
	check(bits(tan(one)) == 0x3ff8eb245cbee3a6, "tan(1)");
}

static uint64_t priority(void)
{
	uint64_t ppr;

	__asm__ volatile("mfspr %0, 896" : "=r"(ppr));
	return ppr >> 50 & 7;
}

#define TIMEBASE_HZ 512000000ull

static uint64_t timebase(void)
{
	uint64_t tb;

	__asm__ volatile("mfspr %0, 268" : "=r"(tb));
	return tb;
}

static void priority_is_the_thread_s_own(void)
{
	check(priority() == 3, "a fresh process has medium low priority");
	__asm__ volatile("or 1,1,1");
	check(priority() == 2, "or 1,1,1 makes it low");
	for (uint64_t end = timebase() + TIMEBASE_HZ / 20; timebase() < end;)
		; /* the clock interrupts meanwhile */
	check(priority() == 2, "an interrupt keeps it");
	__asm__ volatile("or 2,2,2");
	check(priority() == 4, "or 2,2,2 makes it medium");
}

static volatile uint64_t watched[2] __attribute__((aligned(16)));

static void child(void)
{
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	kill(getpid(), SIGSTOP); /* for the watchpoint to be set */
	(void)watched[1];
	watched[0] = 1;
	*((volatile uint8_t *)&watched[1] + 3) = 7;
	_exit(watched[1] ? 0 : 1);
}

/* A debugger's hardware watchpoint for writes: not on the load, not on the neighbour, then once. */
static void watchpoints_stop_stores(void)
{
	struct ppc_hw_breakpoint hw = {
	    .version = 1,
	    .trigger_type = PPC_BREAKPOINT_TRIGGER_WRITE,
	    .addr_mode = PPC_BREAKPOINT_MODE_EXACT,
	    .condition_mode = PPC_BREAKPOINT_CONDITION_NONE,
	    .addr = (uintptr_t)&watched[1],
	};
	pid_t pid = fork();
	int status;
	long handle;

	if (!pid)
		child();
	waitpid(pid, &status, 0);
	handle = ptrace(PPC_PTRACE_SETHWDEBUG, pid, NULL, &hw);
	check(handle > 0, "a watchpoint can be set");
	ptrace(PTRACE_CONT, pid, NULL, NULL);
	waitpid(pid, &status, 0);
	check(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP, "the store stops");
	check(ptrace(PTRACE_PEEKDATA, pid, &watched[0], NULL) == 1, "what is before it has run");
	check(ptrace(PTRACE_PEEKDATA, pid, &watched[1], NULL) == 0, "the store itself hasn't");
	ptrace(PPC_PTRACE_DELHWDEBUG, pid, NULL, (void *)handle);
	ptrace(PTRACE_CONT, pid, NULL, NULL);
	waitpid(pid, &status, 0);
	check(WIFEXITED(status) && !WEXITSTATUS(status), "it goes on when it is deleted");
}

static int open_counter(uint64_t config, uint64_t period)
{
	struct perf_event_attr attr = {
	    .type = PERF_TYPE_HARDWARE,
	    .size = sizeof(attr),
	    .config = config,
	    .sample_period = period,
	    .sample_type = PERF_SAMPLE_IP,
	    .exclude_kernel = 1,
	    .exclude_hv = 1,
	};

	return syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

#define ROUNDS 20000000ull

/* Two instructions a round: 40 million. */
__attribute__((noinline)) static void count_down(void)
{
	__asm__ volatile("mtctr %0\n"
			 "1: nop\n"
			 "bdnz 1b"
			 :
			 : "r"(ROUNDS)
			 : "ctr");
}

static void counters_count(void)
{
	int insns = open_counter(PERF_COUNT_HW_INSTRUCTIONS, 0);
	int cycles = open_counter(PERF_COUNT_HW_CPU_CYCLES, 0);
	uint64_t before[2] = {0}, after[2] = {0}, n;

	check(insns >= 0 && cycles >= 0, "counters of instructions and cycles can be had");
	check(read(insns, &before[0], 8) == 8 && read(cycles, &before[1], 8) == 8, "and read");
	count_down();
	check(read(insns, &after[0], 8) == 8 && read(cycles, &after[1], 8) == 8, "and read again");
	n = after[0] - before[0];
	check(n >= 2 * ROUNDS && n < 2 * ROUNDS + ROUNDS / 10,
	      "instructions are those of the loop");
	check(after[1] > before[1], "cycles pass");
	close(insns);
	close(cycles);
}

/* Samples every million instructions, most of them in the loop. */
static void counters_sample(void)
{
	int fd = open_counter(PERF_COUNT_HW_INSTRUCTIONS, 1000000);
	size_t page = sysconf(_SC_PAGESIZE);
	struct perf_event_mmap_page *head =
	    mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	const uint64_t loop = (uintptr_t)count_down;
	unsigned samples = 0, inside = 0;

	check(head != MAP_FAILED, "samples can be mapped");
	if (head == MAP_FAILED)
		return;
	count_down();
	for (uint64_t at = 0; at < head->data_head;) {
		const char *p = (const char *)head + head->data_offset + at % head->data_size;
		const struct perf_event_header *h = (const struct perf_event_header *)p;
		uint64_t ip;

		memcpy(&ip, p + sizeof(*h), 8);
		if (h->type == PERF_RECORD_SAMPLE) {
			samples++;
			inside += ip >= loop && ip < loop + 64;
		}
		at += h->size;
	}
	check(samples >= 20 && samples <= 60, "about forty samples are taken");
	check(inside * 10 >= samples * 8, "they are of the loop");
	if (failed)
		printf("%u samples, %u in the loop\n", samples, inside);
	close(fd);
}

int main(void)
{
	library_functions_run();
	priority_is_the_thread_s_own();
	watchpoints_stop_stores();
	counters_count();
	counters_sample();
	printf("silicon: %u checks, %u failed\n", checks, failed);
	return failed != 0;
}
