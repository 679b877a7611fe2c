/* SPDX-License-Identifier: Apache-2.0 */
/*
 * To be preloaded: who is about to send a signal to a process stops before, as if somebody else had
 * the processors, until it is told to go on.
 */
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/syscall.h>
#include <unistd.h>

int kill(pid_t pid, int number)
{
	raise(SIGSTOP);
	return (int)syscall(SYS_kill, pid, number);
}

int pidfd_send_signal(int fd, int number, siginfo_t *info, unsigned flags)
{
	raise(SIGSTOP);
	return (int)syscall(SYS_pidfd_send_signal, fd, number, info, flags);
}
