/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/vio/vio.h"

#include <papyr/kvm.h>
#include <papyr/papr.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "platform/machine.h"

#define FIRST_UNIT   0x71000010u
#define WINDOW_BYTES (256u << 20)
#define TCE_PAGE     4096u

/* ---- Making ---- */

/* The bus number of its window is the unit's. */
static int make_window(struct vio_device *v, struct error *err)
{
	struct kvm_create_spapr_tce args = {.liobn = v->unit, .window_size = WINDOW_BYTES};
	const struct accel *a = v->dev.m->accel;
	void *p;

	v->tce_bytes = WINDOW_BYTES / TCE_PAGE * sizeof(u64);
	v->tce_fd = accel_ioctl_val(a, v->dev.m->vm_fd, KVM_CREATE_SPAPR_TCE, (uintptr_t)&args);
	if (v->tce_fd < 0)
		return error_errno(err, "the host's KVM cannot make a device's window of memory");
	p = a->mmap(v->tce_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, v->tce_fd);
	if (p == MAP_FAILED)
		return error_errno(err, "cannot map a device's window of memory");
	v->tces = p;
	return 0;
}

int vio_init(struct vio_device *v, struct machine *m, const struct vio_ops *ops,
	     const struct device_ops *device_ops, struct error *err)
{
	v->dev.ops = device_ops;
	v->ops = ops;
	v->tce_fd = -1;
	lock_init(&v->lock, LOCK_VIO);
	pthread_cond_init(&v->idle, NULL);
	if (machine_add_device(m, &v->dev, err))
		return -1;
	v->unit = FIRST_UNIT + v->dev.index;
	return make_window(v, err);
}

void vio_fini(struct vio_device *v)
{
	const struct accel *a = v->dev.m->accel;

	if (v->tces)
		a->munmap(v->tces, v->tce_bytes);
	if (v->tce_fd >= 0)
		a->close(v->tce_fd);
	pthread_cond_destroy(&v->idle);
	lock_destroy(&v->lock);
}

void vio_reset(struct vio_device *v)
{
	lock_acquire(&v->lock);
	v->crq_bytes = 0;
	v->signal = false;
	lock_release(&v->lock);
	for (size_t i = 0; i < v->tce_bytes / sizeof(u64); i++)
		__atomic_store_n(&v->tces[i], 0, __ATOMIC_RELAXED);
}

/* Below /vdevice. PAPR C.6.9 (nodes of the bus), B.6.9.1 (the window). */
void vio_describe(struct machine_device *d, struct dt_tree *t)
{
	struct vio_device *v = container_of(d, struct vio_device, dev);
	char name[48];

	snprintf(name, sizeof(name), "%s@%x", v->ops->node, v->unit);
	dt_begin(t, name);
	dt_string(t, "device_type", v->ops->type);
	dt_string(t, "compatible", v->ops->compatible);
	dt_cells(t, "reg", v->unit);
	dt_cells(t, "interrupts", d->irq, 0);
	dt_cells(t, "ibm,#dma-address-cells", 2);
	dt_cells(t, "ibm,#dma-size-cells", 2);
	dt_cells(t, "ibm,my-dma-window", v->unit, 0, 0, 0, WINDOW_BYTES);
	if (v->ops->describe)
		v->ops->describe(v, t);
	dt_end(t);
}

/* ---- In flight ---- */

void vio_begin(struct vio_device *v)
{
	machine_io_begin(v->dev.m);
	lock_acquire(&v->lock);
	v->in_flight++;
	lock_release(&v->lock);
}

void vio_end(struct vio_device *v)
{
	lock_acquire(&v->lock);
	if (!--v->in_flight)
		pthread_cond_broadcast(&v->idle);
	lock_release(&v->lock);
	machine_io_end(v->dev.m);
}

void vio_wait_idle(struct vio_device *v)
{
	lock_acquire(&v->lock);
	while (v->in_flight)
		lock_wait(&v->lock, &v->idle);
	lock_release(&v->lock);
}

/* ---- Saved state: the queue, and the TCEs that aren't 0, in runs ---- */

void vio_save(struct vio_device *v, struct state_out *out)
{
	u32 n = v->tce_bytes / sizeof(u64), end;

	put_u8(out, v->signal);
	put_u64(out, v->crq_address);
	put_u64(out, v->crq_bytes);
	put_u64(out, v->crq_next);
	for (u32 i = 0; i < n; i = end) {
		for (end = i; end < n && v->tces[end]; end++)
			;
		if (end == i) {
			end++;
			continue;
		}
		put_u32(out, i);
		put_u32(out, end - i);
		for (; i < end; i++)
			put_u64(out, v->tces[i]);
	}
	put_u32(out, 0);
	put_u32(out, 0);
}

static int load_tces(struct vio_device *v, struct state_in *in)
{
	u32 n = v->tce_bytes / sizeof(u64);

	for (;;) {
		u32 first = get_u32(in), count = get_u32(in);

		if (in->bad || !count)
			return in->bad ? -1 : 0;
		if (first >= n || count > n - first)
			return -1;
		for (u32 i = 0; i < count; i++)
			v->tces[first + i] = get_u64(in);
	}
}

int vio_load(struct vio_device *v, struct state_in *in)
{
	u64 address, bytes, next;
	bool signal = get_u8(in);

	address = get_u64(in);
	bytes = get_u64(in);
	next = get_u64(in);
	if (in->bad || load_tces(v, in))
		return -1;
	v->signal = signal;
	if (!bytes)
		return 0;
	if (!v->ops->receive || next >= bytes || next % CRQ_BYTES || v->crq_bytes)
		return -1;
	if (crq_register(v, address, bytes) != H_SUCCESS)
		return -1;
	v->crq_next = next;
	v->signal = signal;
	return 0;
}

/* ---- Hypercalls ---- */

static bool crq_hcall(struct vio_device *v, u64 number, const u64 *args, s64 *ret)
{
	switch (number) {
	case H_REG_CRQ:
		*ret = crq_register(v, args[1], args[2]);
		return true;
	case H_FREE_CRQ:
		*ret = crq_free(v);
		return true;
	case H_SEND_CRQ:
		*ret = crq_receive(v, args[1], args[2]);
		return true;
	case H_ENABLE_CRQ:
		*ret = H_SUCCESS; /* it always is */
		return true;
	}
	return false;
}

/*
 * r4 is a unit, or of TCE hypercalls the number of its bus. Those are the hypervisor's, which hands
 * on what leads to no memory.
 */
bool vio_hcall(struct machine_device *d, u64 number, u64 *args, s64 *ret)
{
	struct vio_device *v = container_of(d, struct vio_device, dev);

	if (args[0] != v->unit)
		return false;
	switch (number) {
	case H_PUT_TCE:
	case H_GET_TCE:
	case H_STUFF_TCE:
	case H_PUT_TCE_INDIRECT:
		*ret = H_PARAMETER;
		return true;
	case H_VIO_SIGNAL:
		*ret = crq_signal(v, args[1]);
		return true;
	}
	return v->ops->receive && crq_hcall(v, number, args, ret);
}
