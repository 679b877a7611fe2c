/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runner without libc, for processors without floating-point registers: the start-up code of
 * Debian's library uses them. Of each function that runner.c calls there is here, by system calls
 * of 32-bit Linux, what it needs of it. The compiler must not make calls of memcpy() and memset()
 * of their own loops: tests/isa/meson.build.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

__asm__("	.globl	_start\n"
	"_start:\n"
	"	stwu	1, -16(1)\n"
	"	bl	main\n"
	"	bl	exit\n");

static int error;

int *__errno_location(void)
{
	return &error;
}

static long call(long number, long a, long b, long c, long d, long e, long f)
{
	register long r0 __asm__("r0") = number;
	register long r3 __asm__("r3") = a;
	register long r4 __asm__("r4") = b;
	register long r5 __asm__("r5") = c;
	register long r6 __asm__("r6") = d;
	register long r7 __asm__("r7") = e;
	register long r8 __asm__("r8") = f;

	/* CR0[SO]: it failed, and r3 is the error's number. */
	__asm__ volatile("sc\n\tbns	1f\n\tneg	3, 3\n1:"
			 : "+r"(r0), "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r6), "+r"(r7), "+r"(r8)
			 :
			 : "r9", "r10", "r11", "r12", "ctr", "cr0", "memory");
	if ((unsigned long)r3 < -4095ul)
		return r3;
	errno = -r3;
	return -1;
}

void exit(int status)
{
	for (;;)
		call(SYS_exit_group, status, 0, 0, 0, 0, 0);
}

ssize_t read(int fd, void *p, size_t size)
{
	return call(SYS_read, fd, (long)p, size, 0, 0, 0);
}

ssize_t write(int fd, const void *p, size_t size)
{
	return call(SYS_write, fd, (long)p, size, 0, 0, 0);
}

void *mmap(void *at, size_t size, int prot, int flags, int fd, off_t offset)
{
	return (void *)call(SYS_mmap, (long)at, size, prot, flags, fd, offset);
}

int pause(void)
{
	return call(SYS_pause, 0, 0, 0, 0, 0, 0);
}

int sigaltstack(const stack_t *stack, stack_t *before)
{
	return call(SYS_sigaltstack, (long)stack, (long)before, 0, 0, 0, 0);
}

/* Blocks no other signals meanwhile and says nothing of the handler before. */
int sigaction(int nr, const struct sigaction *wanted, struct sigaction *before)
{
	struct {
		void (*handler)(int, siginfo_t *, void *);
		unsigned long flags;
		void (*restorer)(void);
		uint64_t mask;
	} action = {.handler = wanted->sa_sigaction, .flags = wanted->sa_flags};

	return call(SYS_rt_sigaction, nr, (long)&action, 0, sizeof(action.mask), 0, 0);
}

/* One thread, which never returns. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *),
		   void *argument)
{
	static char stack[4096] __attribute__((aligned(16)));
	register long r0 __asm__("r0") = SYS_clone;
	register long r3 __asm__("r3") =
	    CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
	register char *r4 __asm__("r4") = &stack[sizeof(stack) - 64];

	__asm__ volatile("sc\n\tbso	1f\n\tcmpwi	3, 0\n\tli	0, 0\n\tbne	2f\n\t"
			 "mtctr	%3\n\tmr	3, %4\n\tbctrl\n\ttrap\n"
			 "1:	mr	0, 3\n2:"
			 : "+r"(r0), "+r"(r3), "+r"(r4)
			 : "r"(start), "r"(argument)
			 : "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "ctr", "cr0",
			   "memory");
	return r0;
}

void *memcpy(void *to, const void *from, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((char *)to)[i] = ((const char *)from)[i];
	return to;
}

void *memset(void *to, int byte, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((char *)to)[i] = byte;
	return to;
}

void perror(const char *what)
{
	int number = errno;
	char text[] = ": error     \n";

	for (size_t i = sizeof(text) - 3; number; number /= 10)
		text[i--] = '0' + number % 10;
	for (size_t size = 0; what[size]; size++)
		write(STDERR_FILENO, &what[size], 1);
	write(STDERR_FILENO, text, sizeof(text) - 1);
}
