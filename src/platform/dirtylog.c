/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which pages of its memory a guest has written: what KVM's record says, and what the client wrote
 * itself.
 *
 * KVM is told of the latter too, where it wants to be (PAPYR_CAP_TELLS_WRITES): it looks for
 * changed instructions nowhere else. These write to a guest's memory, and nobody but them:
 *
 *	while it runs, each by machine_wrote():
 *	devices      devices/vio/dma.c: copies (dma_write()), and what disks and networks wrote
 *		     where dma_map() had said (dma_wrote()); messages, devices/vio/crq.c
 *		     devices/virtio/queue.c the same; balloon.c, what the guest gave up
 *	hypercalls   hcall.c (H_LOGICAL_CI_STORE); areas are written by the hypervisor itself
 *	RTAS	     rtas.c: answers, and the buffer that a call names
 *	fwnmi.c	     registers and the log of a machine check or a system reset
 *	gdb	     gdb/memory.c: what a debugger writes, breakpoints too
 *
 *	while no vcpu runs, all together by machine_wrote_all():
 *	boot.c	     kernel, initrd, device tree, RTAS, in memory that was cleared
 *	an image     migration/file/restore.c
 *	a migration  migration/live/apply.c
 *	hotplug.c    a block that comes or goes is cleared; it has no slot then
 *
 * The vcpus write their registered areas (VPA, dispatch log) by themselves and tell nobody: they
 * hold no instructions.
 */
#include "platform/dirtylog.h"

#include <errno.h>
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
	if (machine_set_slots(m, true, on ? KVM_MEM_LOG_DIRTY_PAGES : 0) < 0) {
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

/*
 * KVM's record of each slot that is there, one after the other: @kvm has a bit for each of @pages
 * pages of the host from @gpa on. -1: errno.
 */
static int each_record(struct machine *m,
		       void (*fn)(void *opaque, const u64 *kvm, u64 gpa, u64 pages), void *opaque)
{
	u64 page = sysconf(_SC_PAGESIZE), most = m->mem.boot_bytes, gpa, bytes;
	u64 *kvm;
	int r = 0;

	if (most < GUEST_BLOCK)
		most = GUEST_BLOCK;
	kvm = malloc((most / page / 64 + 1) * sizeof(u64));
	if (!kvm)
		return -1;
	for (u32 i = 0; machine_slot(m, i, &gpa, &bytes) && r >= 0; i++) {
		struct kvm_dirty_log log = {.slot = i, .dirty_bitmap = kvm};

		if (guest_is_absent(&m->mem, gpa))
			continue;
		memset(kvm, 0, (bytes / page / 64 + 1) * sizeof(u64));
		r = m->accel->ioctl(m->vm_fd, KVM_GET_DIRTY_LOG, &log);
		if (r >= 0)
			fn(opaque, kvm, gpa, bytes / page);
	}
	free(kvm);
	return r < 0 ? -1 : 0;
}

static void count_bits(void *opaque, const u64 *kvm, u64 gpa, u64 pages)
{
	u64 *n = opaque;

	for (u64 i = 0; i <= pages / 64; i++)
		*n += __builtin_popcountll(kvm[i]);
}

/* Bytes of the pages that KVM's record names; -1: it has none, or there is no memory for it. */
static s64 count_writes(struct machine *m)
{
	u64 n = 0;

	return each_record(m, count_bits, &n) ? -1 : (s64)(n * sysconf(_SC_PAGESIZE));
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
	} else if (machine_set_slots(m, true, KVM_MEM_LOG_DIRTY_PAGES) >= 0) {
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
		machine_set_slots(m, true, 0);
	m->log_counted = false;
	lock_release(&m->log_lock);
}

void machine_wrote_all(struct machine *m)
{
	if (m->tells_writes)
		m->accel->wrote(m->vm_fd, 0, ~0ull);
}

void machine_wrote(struct machine *m, u64 gpa, u64 len)
{
	if (m->tells_writes)
		m->accel->wrote(m->vm_fd, gpa, len);
	if (!m->written || !len || gpa >= m->mem.bytes || len > m->mem.bytes - gpa)
		return;
	for (u64 page = gpa >> GUEST_PAGE_SHIFT; page <= (gpa + len - 1) >> GUEST_PAGE_SHIFT;
	     page++)
		__atomic_fetch_or(&m->written[page / 64], 1ull << (page % 64), __ATOMIC_RELEASE);
}

/*
 * KVM's bit stands for a page of the host, and bit 0 is the lowest of the first byte on every host.
 */
static void add_kvm_bits(void *opaque, const u64 *kvm, u64 gpa, u64 host_pages)
{
	unsigned shift = __builtin_ctzl(sysconf(_SC_PAGESIZE)) - GUEST_PAGE_SHIFT;
	u64 *bitmap = opaque, base = gpa >> GUEST_PAGE_SHIFT;

	for (u64 i = 0; i <= (host_pages - 1) / 64; i++)
		for (u64 left = le64(kvm[i]); left; left &= left - 1) {
			u64 first = base + ((i * 64 + __builtin_ctzll(left)) << shift);

			for (u64 page = first; page < first + (1ull << shift); page++)
				bitmap[page / 64] |= 1ull << (page % 64);
		}
}

int machine_get_writes(struct machine *m, u64 *bitmap, struct error *err)
{
	u64 pages = m->mem.bytes >> GUEST_PAGE_SHIFT;
	int r = each_record(m, add_kvm_bits, bitmap);

	if (r && errno == ENOMEM)
		error_nomem(err, "the record of written pages");
	else if (r)
		error_errno(err, "cannot learn which pages were written");
	for (u64 i = 0; i <= pages / 64 && m->written; i++)
		if (__atomic_load_n(&m->written[i], __ATOMIC_RELAXED))
			bitmap[i] |= __atomic_exchange_n(&m->written[i], 0, __ATOMIC_ACQUIRE);
	return r;
}
