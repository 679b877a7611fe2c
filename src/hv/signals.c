/* SPDX-License-Identifier: Apache-2.0 */
#include "hv/signals.h"

#include <errno.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/own_thread.h"
#include "hv/vcpu.h"

sigset_t hv_sigset(u64 signals)
{
	sigset_t set;

	sigemptyset(&set);
	memcpy(&set, &signals, sizeof(signals));
	return set;
}

void hv_signals_block(struct hv_vcpu *vcpu)
{
	if (!vcpu->signals_blocked)
		signals_change_mask(SIG_BLOCK, ~SIGNALS_NEVER_BLOCKED, &vcpu->client_mask);
}

void hv_signals_restore(struct hv_vcpu *vcpu)
{
	if (!vcpu->signals_blocked)
		signals_change_mask(SIG_SETMASK, vcpu->client_mask, NULL);
}

void hv_signals_promised(struct hv_vcpu *vcpu, bool blocked)
{
	vcpu->signals_blocked = blocked;
	vcpu->client_mask = ~SIGNALS_NEVER_BLOCKED;
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
