/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/tce/window.h"

#include <papyr/kvm.h>
#include <papyr/papr.h>
#include <sys/mman.h>

#include "platform/machine.h"

void tce_window_init(struct tce_window *w, struct machine *m)
{
	*w = (struct tce_window){.m = m, .fd = -1};
}

int tce_window_make(struct tce_window *w, u32 liobn, u64 bytes, struct error *err)
{
	struct kvm_create_spapr_tce args = {.liobn = liobn, .window_size = bytes};
	const struct accel *a = w->m->accel;
	void *p;

	w->bytes = bytes / TCE_PAGE * sizeof(u64);
	w->fd = accel_ioctl_val(a, w->m->vm_fd, KVM_CREATE_SPAPR_TCE, (uintptr_t)&args);
	if (w->fd < 0)
		return error_errno(err, "the host's KVM cannot make a device's window of memory");
	p = a->mmap(w->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, w->fd);
	if (p == MAP_FAILED)
		return error_errno(err, "cannot map a device's window of memory");
	w->tces = p;
	return 0;
}

void tce_window_free(struct tce_window *w)
{
	if (w->tces)
		w->m->accel->munmap(w->tces, w->bytes);
	if (w->fd >= 0)
		w->m->accel->close(w->fd);
}

void tce_window_clear(struct tce_window *w)
{
	for (size_t i = 0; i < w->bytes / sizeof(u64); i++)
		__atomic_store_n(&w->tces[i], 0, __ATOMIC_RELAXED);
}

u64 tce_window_size(const struct tce_window *w)
{
	return w->bytes / sizeof(u64) * TCE_PAGE;
}

bool tce_window_hcall(u64 number, s64 *ret)
{
	switch (number) {
	case H_PUT_TCE:
	case H_GET_TCE:
	case H_STUFF_TCE:
	case H_PUT_TCE_INDIRECT:
		*ret = H_PARAMETER;
		return true;
	}
	return false;
}

/* ---- Saved state: the TCEs that aren't 0, in runs ---- */

void tce_window_save(const struct tce_window *w, struct state_out *out)
{
	u32 n = w->bytes / sizeof(u64), end;

	for (u32 i = 0; i < n; i = end) {
		for (end = i; end < n && w->tces[end]; end++)
			;
		if (end == i) {
			end++;
			continue;
		}
		put_u32(out, i);
		put_u32(out, end - i);
		for (; i < end; i++)
			put_u64(out, w->tces[i]);
	}
	put_u32(out, 0);
	put_u32(out, 0);
}

int tce_window_load(struct tce_window *w, struct state_in *in)
{
	u32 n = w->bytes / sizeof(u64);

	for (;;) {
		u32 first = get_u32(in), count = get_u32(in);

		if (in->bad || !count)
			return in->bad ? -1 : 0;
		if (first >= n || count > n - first)
			return -1;
		for (u32 i = 0; i < count; i++)
			w->tces[first + i] = get_u64(in);
	}
}
