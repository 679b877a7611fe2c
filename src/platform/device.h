/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices that a user chooses for a machine, disks for one: what the machine asks of them. They are
 * added before the machine boots, or is filled by a restore, and stay until it is freed.
 */
#ifndef PAPYR_PLATFORM_DEVICE_H
#define PAPYR_PLATFORM_DEVICE_H

#include <stdbool.h>

#include "platform/error.h"
#include "platform/state.h"

struct dt_tree;
struct machine;
struct machine_device;
struct vcpu;

struct device_ops {
	/* Of its saved state; the number of the device is added to it. */
	const char *name;
	u32 version;
	/* Its node below /vdevice, and what it has below the root; or NULL. */
	void (*describe)(struct machine_device *d, struct dt_tree *t);
	void (*describe_root)(struct machine_device *d, struct dt_tree *t);
	/*
	 * A hypercall that the machine doesn't know: true if it is for this device, with the code
	 * in *@ret. On the vcpu's thread, without m->lock. Or NULL.
	 */
	bool (*hcall)(struct machine_device *d, u64 number, u64 *args, s64 *ret);
	/* Back to what a guest finds when it starts. The vcpus are parked, nothing is in flight. */
	void (*reset)(struct machine_device *d);
	/* Its state, of a guest that stands still; and into a device made as it was there. */
	void (*save)(struct machine_device *d, struct state_out *out);
	int (*load)(struct machine_device *d, struct state_in *in);
	void (*free)(struct machine_device *d);
	/* The machine begins to run: threads that write to its memory are started. Or NULL. */
	int (*start)(struct machine_device *d, struct error *err);
	/*
	 * What of the host's only one process may have, locks of files for one: the guest goes
	 * elsewhere, or may, and gives it up; it is here, and about to run, and takes it. Each may
	 * be called twice. The guest stands still, with m->lock held. Or NULL.
	 */
	void (*leave)(struct machine_device *d);
	void (*come)(struct machine_device *d);
};

struct machine_device {
	const struct device_ops *ops;
	struct machine *m;
	struct machine_device *next;
	unsigned index; /* among the machine's devices */
	u32 irq;	/* its interrupt source */
	bool level;	/* ... is a line (xics_set_line()), not edges; said before it is added */
};

#define DEVICES_MAX 32

/* Takes @d over, also where it fails: there are DEVICES_MAX, or the source can't be made. */
int machine_add_device(struct machine *m, struct machine_device *d, struct error *err);
/* The last one first. */
void machine_free_devices(struct machine *m);
void machine_reset_devices(struct machine *m);
int machine_start_devices(struct machine *m, struct error *err);
/* Each device's leave() and come(), with m->lock held. */
void machine_leave_devices(struct machine *m);
void machine_come_devices(struct machine *m);
/* machine_device's hcall() of whoever knows it. */
bool machine_device_hcall(struct machine *m, u64 number, u64 *args, s64 *ret);

/*
 * Work of a device that goes on without a vcpu, and may write to the guest's memory: nobody finds
 * the machine standing still before its end. Any thread, without m->lock.
 */
void machine_io_begin(struct machine *m);
/*
 * The same for what no vcpu asked for: waits until the machine may run. False: it never will again.
 * In between, nothing is waited for that may take long.
 */
bool machine_io_enter(struct machine *m);
void machine_io_end(struct machine *m);

#endif
