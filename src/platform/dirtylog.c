/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which pages of its memory a guest has written: what KVM's record says, and what the client wrote
 * itself.
 */
#include "platform/dirtylog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "platform/internal.h"
#include "platform/machine.h"

#ifdef __powerpc64__
#define LINUX_KVM "kvm"
#else
#define LINUX_KVM "" /* whatever answers here as that, it isn't Linux */
#endif
#define PVR_VERSION_POWER9 0x4e

/*
 * Up to POWER8 Linux answers H_REMOVE and others in real mode. Since 5.18, and in older series that
 * got the change too, 5.10 the oldest, its record lies where real mode can't reach it.
 */
bool machine_log_is_whole(const struct machine *m)
{
	unsigned major = 0, minor = 0;
	struct utsname host;

	if (strcmp(m->accel->name, LINUX_KVM) || m->host_pvr >> 16 >= PVR_VERSION_POWER9)
		return true;
	if (uname(&host) || sscanf(host.release, "%u.%u", &major, &minor) != 2)
		return false;
	return major < 5 || (major == 5 && minor < 10);
}

static int log_writes(struct machine *m, bool on, struct error *err)
{
	u64 *written = NULL;

	if (on) {
		written = calloc((m->mem.bytes >> GUEST_PAGE_SHIFT) / 64 + 1, sizeof(u64));
		if (!written)
			return error_nomem(err, "a record of written pages");
	}
	if (machine_set_slot(m, m->mem.bytes, on ? KVM_MEM_LOG_DIRTY_PAGES : 0) < 0) {
		free(written);
		return error_errno(err, "the host's KVM cannot keep a record of written pages");
	}
	machine_hold(m);
	free(m->written);
	m->written = written;
	machine_unhold(m);
	m->log_kept = on;
	m->log_counted = false;
	return 0;
}

int machine_log_writes(struct machine *m, bool on, struct error *err)
{
	int r;

	lock_acquire(&m->log_lock);
	r = log_writes(m, on, err);
	lock_release(&m->log_lock);
	return r;
}

/* Bytes of the pages that KVM's record names; -1: it has none, or there is no memory for it. */
static s64 count_writes(struct machine *m)
{
	u64 page = sysconf(_SC_PAGESIZE), words = m->mem.bytes / page / 64 + 1;
	u64 *kvm = calloc(words, sizeof(u64)), n = 0;
	struct kvm_dirty_log log = {.slot = 0, .dirty_bitmap = kvm};
	int r;

	if (!kvm)
		return -1;
	r = m->accel->ioctl(m->vm_fd, KVM_GET_DIRTY_LOG, &log);
	for (u64 i = 0; i < words; i++)
		n += __builtin_popcountll(kvm[i]);
	free(kvm);
	return r < 0 ? -1 : (s64)(n * page);
}

s64 machine_count_writes(struct machine *m)
{
	s64 bytes = -1;

	if (!lock_try(&m->log_lock))
		return -1;
	if (m->log_kept || !machine_log_is_whole(m)) {
		bytes = -1;
	} else if (m->log_counted) {
		bytes = count_writes(m);
	} else if (machine_set_slot(m, m->mem.bytes, KVM_MEM_LOG_DIRTY_PAGES) >= 0) {
		m->log_counted = true;
		bytes = 0;
	}
	lock_release(&m->log_lock);
	return bytes;
}

void machine_count_no_writes(struct machine *m)
{
	lock_acquire(&m->log_lock);
	if (m->log_counted)
		machine_set_slot(m, m->mem.bytes, 0);
	m->log_counted = false;
	lock_release(&m->log_lock);
}

void machine_wrote(struct machine *m, u64 gpa, u64 len)
{
	if (!m->written || !len || gpa >= m->mem.bytes || len > m->mem.bytes - gpa)
		return;
	for (u64 page = gpa >> GUEST_PAGE_SHIFT; page <= (gpa + len - 1) >> GUEST_PAGE_SHIFT;
	     page++)
		__atomic_fetch_or(&m->written[page / 64], 1ull << (page % 64), __ATOMIC_RELEASE);
}

/*
 * KVM's bit stands for a page of the host, and bit 0 is the lowest of the first byte on every host.
 */
static void add_kvm_bits(const u64 *kvm, unsigned shift, u64 pages, u64 *bitmap)
{
	u64 words = ((pages - 1) >> shift) / 64 + 1;

	for (u64 i = 0; i < words; i++)
		for (u64 left = le64(kvm[i]); left; left &= left - 1) {
			u64 first = (i * 64 + __builtin_ctzll(left)) << shift;

			for (u64 page = first; page < pages && page < first + (1ull << shift);
			     page++)
				bitmap[page / 64] |= 1ull << (page % 64);
		}
}

int machine_get_writes(struct machine *m, u64 *bitmap, struct error *err)
{
	u64 pages = m->mem.bytes >> GUEST_PAGE_SHIFT;
	unsigned shift = __builtin_ctzl(sysconf(_SC_PAGESIZE)) - GUEST_PAGE_SHIFT;
	u64 *kvm = calloc((pages >> shift) / 64 + 1, sizeof(u64));
	struct kvm_dirty_log log = {.slot = 0, .dirty_bitmap = kvm};
	int r;

	if (!kvm)
		return error_nomem(err, "the record of written pages");
	r = m->accel->ioctl(m->vm_fd, KVM_GET_DIRTY_LOG, &log);
	if (r < 0)
		error_errno(err, "cannot learn which pages were written");
	else
		add_kvm_bits(kvm, shift, pages, bitmap);
	for (u64 i = 0; i <= pages / 64 && m->written; i++)
		if (m->written[i])
			bitmap[i] |= __atomic_exchange_n(&m->written[i], 0, __ATOMIC_ACQUIRE);
	free(kvm);
	return r < 0 ? -1 : 0;
}
