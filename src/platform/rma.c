/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/rma.h"

#include <papyr/papyr.h>
#include <sys/mman.h>

#include "platform/models.h"

#define MIB	    (1ull << 20)
#define LARGEST_OWN (256 * MIB) /* of an area that nobody asked for */

static const u64 sizes[] = {64 * MIB, 128 * MIB, 256 * MIB, 1024 * MIB, 16384 * MIB};

bool rma_size_is_good(u64 bytes)
{
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		if (sizes[i] == bytes)
			return true;
	return false;
}

static u64 size_for(u64 mem_bytes)
{
	u64 best = sizes[0];

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		if (sizes[i] <= mem_bytes && sizes[i] <= LARGEST_OWN)
			best = sizes[i];
	return best;
}

/* The pool of a real host is what it is. */
static int ask_for_pool(struct machine *m, struct error *err)
{
	struct kvm_enable_cap cap = {.cap = PAPYR_CAP_RMA,
				     .args = {m->cfg.rma_bytes, m->cfg.rma_count}};
	const struct accel *a = m->accel;

	if (accel_ioctl_val(a, m->vm_fd, KVM_CHECK_EXTENSION, PAPYR_CAP_RMA) > 0 &&
	    a->ioctl(m->vm_fd, KVM_ENABLE_CAP, &cap) < 0)
		return error_errno(err, "cannot have %u real-mode areas (--rma-count)",
				   m->cfg.rma_count);
	return 0;
}

static int map_area(struct machine *m, struct error *err)
{
	struct kvm_allocate_rma rma;
	void *at;

	m->rma_fd = accel_ioctl_val(m->accel, m->vm_fd, KVM_ALLOCATE_RMA, (unsigned long)&rma);
	if (m->rma_fd < 0)
		return error_errno(err, "cannot get a real-mode area (--rma-size, --rma-count)");
	if (rma.rma_size < m->cfg.rma_bytes)
		return error_set(err, "the host's real-mode areas have %llu MiB: take --rma-size",
				 (unsigned long long)(rma.rma_size >> 20));
	/* The number is a real one, with either KVM. */
	at = mmap(m->mem.host, m->cfg.rma_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
		  m->rma_fd, 0);
	if (at == MAP_FAILED)
		return error_errno(err, "cannot map the real-mode area");
	guest_mem_has_area(&m->mem, m->cfg.rma_bytes);
	return 0;
}

int rma_new(struct machine *m, struct error *err)
{
	int need = accel_ioctl_val(m->accel, m->vm_fd, KVM_CHECK_EXTENSION, KVM_CAP_PPC_RMA);

	if (!m->cfg.rma_bytes && need < 2)
		return 0;
	if (need < 1)
		return error_set(err, "a %s guest can have no real-mode area here (--rma-size)",
				 m->cfg.model->name);
	if (!m->cfg.rma_bytes)
		m->cfg.rma_bytes = size_for(m->cfg.mem_bytes);
	if (m->cfg.rma_bytes > m->cfg.mem_bytes)
		return error_set(err, "the guest has less memory (-m) than its real-mode area "
				      "(--rma-size)");
	return ask_for_pool(m, err) || map_area(m, err) ? -1 : 0;
}
