/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which system calls the fence refuses, for tests: a call of Papyr's own that isn't on the list
 * fails with EPERM, and what it was for may look as if it had worked. With PAPYR_FENCE_LOG=FILE in
 * the environment the kernel hands them to a handler of SIGSYS instead, which adds a line to the
 * file and fails them all the same: nothing that is refused is carried out.
 */
#include "sandbox/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

/* What sanitizers ask for beyond the list is no fault of Papyr's. */
#ifdef PAPYR_SANITIZED
#define AUDITED false
#else
#define AUDITED true
#endif
#define CALLS_MAX  512
#define LINE_BYTES 64
#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1 /* si_code: it is of a filter */
#endif

static int log_fd = -1;
static char *names[CALLS_MAX]; /* made ahead: a handler may not ask for them */

/* The call that was interrupted fails. */
#if defined(__x86_64__)
#define CAN_AUDIT true
static void fail(ucontext_t *u, int error)
{
	u->uc_mcontext.gregs[REG_RAX] = -error;
}
#elif defined(__aarch64__)
#define CAN_AUDIT true
static void fail(ucontext_t *u, int error)
{
	u->uc_mcontext.regs[0] = -error;
}
#else
#define CAN_AUDIT false
static void fail(ucontext_t *u, int error)
{
}
#endif

static size_t append(char *line, size_t at, const char *text)
{
	while (*text && at < LINE_BYTES - 1)
		line[at++] = *text++;
	return at;
}

static size_t append_number(char *line, size_t at, unsigned n)
{
	char digits[12];
	size_t i = sizeof(digits);

	digits[--i] = 0;
	do
		digits[--i] = '0' + n % 10;
	while (n /= 10);
	return append(line, at, digits + i);
}

/* One write, so that lines of several processes stay whole. */
static void refused(int sig, siginfo_t *info, void *context)
{
	unsigned call = info->si_syscall;
	int kept = errno;
	char line[LINE_BYTES];
	size_t n = 0;

	if (info->si_code != SYS_SECCOMP)
		return;
	if (call < CALLS_MAX && names[call])
		n = append(line, n, names[call]);
	else
		n = append_number(line, n, call);
	n = append(line, n, " of process ");
	n = append_number(line, n, getpid());
	line[n++] = '\n';
	/* A disk that is full is no reason to end. */
	if (write(log_fd, line, n) < 0)
		errno = kept;
	errno = kept;
	fail(context, EPERM);
}

int sandbox_audit(bool *on, struct error *err)
{
	const char *path = getenv("PAPYR_FENCE_LOG");
	struct sigaction action = {.sa_sigaction = refused, .sa_flags = SA_SIGINFO | SA_RESTART};

	*on = path && *path && AUDITED;
	if (!*on)
		return 0;
	if (!CAN_AUDIT)
		return error_set(err, "PAPYR_FENCE_LOG doesn't work on this processor");
	log_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (log_fd < 0 || sigaction(SIGSYS, &action, NULL))
		return error_errno(err, "PAPYR_FENCE_LOG=%s", path);
	for (int i = 0; i < CALLS_MAX; i++)
		names[i] = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, i);
	return 0;
}
