/* SPDX-License-Identifier: Apache-2.0 */
#include "hv/signals.h"

#include <errno.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "hv/vcpu.h"

#define BIT(signal) (1ull << ((signal)-1))

/* The program's own faults, and the two signals by which libc's threads talk (32, 33). */
#define NEVER_BLOCKED                                                                              \
	(BIT(SIGSEGV) | BIT(SIGBUS) | BIT(SIGILL) | BIT(SIGFPE) | BIT(SIGTRAP) | BIT(SIGABRT) |    \
	 BIT(SIGSYS) | BIT(SIGPROF) | BIT(32) | BIT(33))

sigset_t hv_sigset(u64 signals)
{
	sigset_t set;

	sigemptyset(&set);
	memcpy(&set, &signals, sizeof(signals));
	return set;
}

/* Straight to the kernel: libc's sets are larger, and looked through at each call. */
static void change_mask(int how, u64 set, u64 *old)
{
	syscall(SYS_rt_sigprocmask, how, &set, old, sizeof(set));
}

void hv_signals_block(struct hv_vcpu *vcpu)
{
	if (!vcpu->signals_blocked)
		change_mask(SIG_BLOCK, ~NEVER_BLOCKED, &vcpu->client_mask);
}

void hv_signals_restore(struct hv_vcpu *vcpu)
{
	if (!vcpu->signals_blocked)
		change_mask(SIG_SETMASK, vcpu->client_mask, NULL);
}

void hv_signals_promised(struct hv_vcpu *vcpu, bool blocked)
{
	vcpu->signals_blocked = blocked;
	vcpu->client_mask = ~NEVER_BLOCKED;
}

int hv_thread_start(pthread_t *thread, const char *name, void *(*fn)(void *), void *arg)
{
	u64 old;
	int ret;

	/* The new thread has the mask of who makes it. */
	change_mask(SIG_SETMASK, ~NEVER_BLOCKED, &old);
	ret = -pthread_create(thread, NULL, fn, arg);
	change_mask(SIG_SETMASK, old, NULL);
	if (!ret)
		pthread_setname_np(*thread, name);
	return ret;
}

bool hv_vcpu_signalled(const struct hv_vcpu *vcpu)
{
	u64 pending = 0;

	syscall(SYS_rt_sigpending, &pending, sizeof(pending));
	return pending & ~(vcpu->sigmask_set ? vcpu->sigmask : vcpu->client_mask);
}

int hv_vcpu_set_sigmask(struct hv_vcpu *vcpu, const u64 *mask)
{
	int fd = -1;

	if (mask) {
		sigset_t wanted = hv_sigset(~*mask);

		fd = hv_fd_hide(signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
		if (fd < 0)
			return -errno;
		vcpu->sigmask = *mask;
	}
	vcpu->sigmask_set = mask;
	if (vcpu->signal_fd >= 0)
		close(vcpu->signal_fd);
	vcpu->signal_fd = fd;
	return 0;
}
