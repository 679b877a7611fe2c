/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Run in a big-endian guest.
 *
 * big_endian check 970|POWER7: looks at the processor. A line for each thing that is wrong, and
 *   "big_endian: N checks, M failed".
 * big_endian work: holds values in registers for ever, and says "beat N" or "wrong: ...".
 */
#include <altivec.h>
#include <linux/perf_event.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HWCAP_ALTIVEC 0x10000000ul
#define HWCAP_VSX     0x00000080ul

static unsigned checks, failed;

static void check(int good, const char *what)
{
	checks++;
	if (good)
		return;
	failed++;
	printf("wrong: %s\n", what);
}

/* ---- what there is ---- */

static void numbers(void)
{
	volatile uint16_t word = 0x0102;
	volatile double three = 3;
	vector unsigned int v = vec_splat_u32(7);
	double third = 1 / three;
	uint64_t bits;

	memcpy(&bits, &third, sizeof(bits));
	check(*(volatile uint8_t *)&word == 1, "the high byte comes first");
	check(bits == 0x3fd5555555555555, "1 / 3");
	check(vec_all_eq(vec_add(v, v), vec_splat_u32(14)), "a vector of 7 + 7");
}

static sigjmp_buf beyond;

static void on_illegal(int nr)
{
	siglongjmp(beyond, 1);
}

static int is_illegal(void (*insn)(void))
{
	if (sigsetjmp(beyond, 1))
		return 1;
	insn();
	return 0;
}

static void popcntd(void)
{
	__asm__ volatile(".long 0x7c6303f4" : : : "r3");
}

static void xxlor(void)
{
	__asm__ volatile(".long 0xf0000497"); /* vs32 with itself */
}

/* Others are emulated by the kernel. */
static void later_instructions(int is_970)
{
	unsigned long caps = getauxval(AT_HWCAP);

	signal(SIGILL, on_illegal);
	check((caps & (HWCAP_ALTIVEC | HWCAP_VSX)) == HWCAP_ALTIVEC + (is_970 ? 0 : HWCAP_VSX),
	      "what the kernel tells");
	check(is_illegal(popcntd) == is_970, "popcntd");
	check(is_illegal(xxlor) == is_970, "xxlor");
}

/* ---- counters ---- */

#define ROUNDS 5000000ull

/* Two instructions a round: 10 million. */
static __attribute__((noinline)) void count_down(void)
{
	__asm__ volatile("mtctr %0\n1: nop\n\tbdnz 1b" : : "r"(ROUNDS) : "ctr");
}

static int open_counter(uint64_t config)
{
	struct perf_event_attr attr = {
	    .type = PERF_TYPE_HARDWARE,
	    .size = sizeof(attr),
	    .config = config,
	    .exclude_kernel = 1,
	    .exclude_hv = 1,
	};

	return syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

static uint64_t counted(int fd)
{
	uint64_t n = 0;

	check(read(fd, &n, sizeof(n)) == sizeof(n), "a counter can be read");
	return n;
}

static void counters(void)
{
	int insns = open_counter(PERF_COUNT_HW_INSTRUCTIONS);
	int cycles = open_counter(PERF_COUNT_HW_CPU_CYCLES);
	uint64_t n, c;

	check(insns >= 0 && cycles >= 0, "counters can be had");
	n = counted(insns);
	c = counted(cycles);
	count_down();
	n = counted(insns) - n;
	c = counted(cycles) - c;
	check(n >= 2 * ROUNDS && n < 2 * ROUNDS + ROUNDS / 10, "the instructions of a loop");
	check(c > ROUNDS / 100, "its cycles");
	if (failed)
		printf("%llu instructions, %llu cycles\n", (unsigned long long)n,
		       (unsigned long long)c);
}

/* ---- work ---- */

struct held {
	uint64_t fpr, vr[2] __attribute__((aligned(16)));
};

/* @in in registers for a while, and then in @out. */
static void hold(const struct held *in, struct held *out)
{
	__asm__ volatile("lfd 20, 0(%0)\n\t"
			 "lvx 21, 0, %1\n\t"
			 "mtctr %4\n"
			 "1: nop\n\tbdnz 1b\n\t"
			 "stfd 20, 0(%2)\n\t"
			 "stvx 21, 0, %3"
			 :
			 : "b"(&in->fpr), "b"(in->vr), "b"(&out->fpr), "b"(out->vr), "r"(ROUNDS)
			 : "ctr", "memory", "fr20", "v21");
}

static _Noreturn void work(void)
{
	struct held in, out;

	for (uint64_t n = 1;; n++) {
		in = (struct held){n * 0x9e3779b97f4a7c15, {n * 0xbf58476d1ce4e5b9, ~n}};
		hold(&in, &out);
		if (in.fpr != out.fpr || memcmp(in.vr, out.vr, sizeof(in.vr)))
			printf("wrong: registers of beat %llu\n", (unsigned long long)n);
		printf("beat %llu\n", (unsigned long long)n);
		fflush(stdout);
	}
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "work"))
		work();
	if (argc != 3 || strcmp(argv[1], "check"))
		return 2;
	numbers();
	later_instructions(!strcmp(argv[2], "970"));
	counters();
	printf("big_endian: %u checks, %u failed\n", checks, failed);
	return failed != 0;
}
