/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/vio/vio.h"

#include <papyr/papr.h>
#include <stdio.h>
#include <string.h>

#include "platform/machine.h"

#define FIRST_UNIT   0x71000010u
#define WINDOW_BYTES (256u << 20)

/* ---- Making ---- */

int vio_init(struct vio_device *v, struct machine *m, const struct vio_ops *ops,
	     const struct device_ops *device_ops, struct error *err)
{
	v->dev.ops = device_ops;
	v->ops = ops;
	tce_window_init(&v->window, m);
	lock_init(&v->lock, LOCK_VIO);
	pthread_cond_init(&v->idle, NULL);
	if (machine_add_device(m, &v->dev, err))
		return -1;
	v->unit = FIRST_UNIT + v->dev.index;
	return tce_window_make(&v->window, v->unit, WINDOW_BYTES, err);
}

void vio_fini(struct vio_device *v)
{
	tce_window_free(&v->window);
	pthread_cond_destroy(&v->idle);
	lock_destroy(&v->lock);
}

void vio_reset(struct vio_device *v)
{
	lock_acquire(&v->lock);
	v->crq_bytes = 0;
	v->signal = false;
	lock_release(&v->lock);
	tce_window_clear(&v->window);
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

/* ---- Saved state: the queue and the window ---- */

void vio_save(struct vio_device *v, struct state_out *out)
{
	put_u8(out, v->signal);
	put_u64(out, v->crq_address);
	put_u64(out, v->crq_bytes);
	put_u64(out, v->crq_next);
	tce_window_save(&v->window, out);
}

int vio_load(struct vio_device *v, struct state_in *in)
{
	u64 address, bytes, next;
	bool signal = get_u8(in);

	address = get_u64(in);
	bytes = get_u64(in);
	next = get_u64(in);
	if (in->bad || tce_window_load(&v->window, in))
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

/* r4 is a unit, or of TCE hypercalls the window, whose number is the unit's. */
bool vio_hcall(struct machine_device *d, u64 number, u64 *args, s64 *ret)
{
	struct vio_device *v = container_of(d, struct vio_device, dev);

	if (args[0] != v->unit)
		return false;
	if (tce_window_hcall(number, ret))
		return true;
	if (number == H_VIO_SIGNAL) {
		*ret = crq_signal(v, args[1]);
		return true;
	}
	return v->ops->receive && crq_hcall(v, number, args, ret);
}
