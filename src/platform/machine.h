/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine: a VM of the KVM interface made into a PAPR partition.
 *
 * Threads. The main thread makes the machine, runs the event loop and does everything that touches
 * the whole machine: reset, pause, save. Each vcpu has a thread that calls KVM_RUN and answers what
 * leaves it. m->lock guards the fields marked (L); nobody holds it while waiting in KVM_RUN or
 * writing to a descriptor that can block.
 *
 * A vcpu thread is in one of three places: in the guest (KVM_RUN), handling an exit, or parked.
 * Only while it is parked are its registers and the guest's memory still; before it parks it
 * completes what its last exit left open.
 */
#ifndef PAPYR_PLATFORM_MACHINE_H
#define PAPYR_PLATFORM_MACHINE_H

#include <papyr/kvm.h>
#include <pthread.h>

#include "base/bits.h"
#include "base/lock.h"
#include "base/trace.h"
#include "platform/accel.h"
#include "platform/boot.h"
#include "platform/debug.h"
#include "platform/error.h"
#include "platform/guestmem.h"
#include "platform/loop.h"
#include "platform/runstate.h"
#include "platform/xics.h"

struct board;
struct console;
struct hotplug;
struct machine_balloon;
struct machine_device;
struct machine_kind;
struct machine_model;
struct machine_observer;
struct machine_pci;
struct runstate;
struct vcpu;

/* What the user asked for. Strings belong to the caller and outlive the machine. */
struct machine_config {
	const struct accel *accel;
	const struct machine_kind *kind; /* kind.h; NULL: a PAPR partition */
	const struct machine_model *model;
	const char *name;
	const char *kernel;  /* file; NULL: @builtin */
	bool raw;	     /* @kernel is started though it looks like none */
	const char *initrd;  /* file or NULL */
	const char *cmdline; /* or NULL */
	const void *builtin; /* ELF image */
	size_t builtin_bytes;
	u64 mem_bytes;
	u64 max_mem_bytes; /* what it may get; 0: no more */
	unsigned n_vcpus;
	unsigned max_vcpus;  /* the same */
	unsigned threads;    /* vcpus in a core */
	unsigned core_ids;   /* vcpu ids in a core; 0: as many as the host's cores have threads */
	unsigned htab_order; /* that the guest starts with; 0: from mem_bytes */
	unsigned htab_now;   /* of one that comes, and resized it since; 0: it didn't */
	u64 rma_bytes;	     /* of a real-mode area; 0: none, unless the processor needs one */
	unsigned rma_count;  /* areas in the pool */
	bool global_irqs;    /* the guest is told of the interrupt controller's global server */
	int in_fd, out_fd;   /* console */
};

#define NVRAM_BYTES 0x10000

/* fwnmi.h: what the guest registered, and who has the log of a machine check. */
struct fwnmi {
	u64 rtas; /* where RTAS is; 0: of a guest that began before there was this */
	bool registered;
	u64 reset_pc, check_pc;
	bool held;
	u32 holder; /* vcpu id */
};

struct machine {
	struct machine_config cfg;
	const struct accel *accel;
	int kvm_fd, vm_fd, xics_fd;
	u32 xics_global; /* server that stands for all vcpus; 0: KVM's XICS has none */
	int rma_fd; /* -1: none */
	u64 run_bytes;
	struct guest_mem mem;
	struct kvm_ppc_smmu_info smmu;
	unsigned smt; /* vcpu ids in a core */
	bool tells_writes; /* KVM wants to be told: dirtylog.c */
	_Atomic unsigned htab_order; /* (L) for who writes it: htab.h */
	u32 htab_number;	     /* (L) */
	unsigned htab_made;	     /* the guest's first one's, and after each reset */
	unsigned htab_order_max;     /* what the guest may have */
	u64 rma_bytes;		     /* what real mode reaches */
	u32 host_pvr;  /* what vcpus have */
	u8 uuid[16];

	struct vcpu *vcpus; /* those that may come too */
	unsigned n_vcpus;
	struct hotplug *hotplug; /* hotplug.h; NULL: nothing comes or goes */
	struct boot_entry booted; /* of a guest that began here; else all 0 */

	struct loop *loop;
	int wake_fd; /* eventfd: a vcpu left a request */
	struct console *console;
	u8 nvram[NVRAM_BYTES]; /* (L) */
	s64 rtc_offset;	       /* (L) seconds that the guest's clock is ahead of the host's */
	struct board *board;   /* booke/board.h; NULL: a PAPR partition */
	bool powerdown_asked;  /* (L) an EPOW event waits to be fetched by the guest */
	struct fwnmi fwnmi;    /* (L) */

	struct machine_device *devices; /* device.h; none comes after machine_boot() */
	struct machine_pci *pci;	/* pci.h; NULL: no such bus */
	struct machine_balloon *balloon; /* balloon.h; NULL: none */
	unsigned n_irqs;		/* interrupt sources: IRQ_FIRST and those behind it */
	bool irq_is_line[XICS_SOURCES_MAX];	/* of each of them */
	unsigned io_pending;		/* (L) what devices do by themselves */

	struct lock lock;
	pthread_cond_t changed;	   /* any (L) field of any vcpu, or of these */
	struct runstate *runstate; /* runstate.c's: may the guest run, and where is it? */
	struct machine_debug debug; /* (L) debug.h */
	bool quit;		   /* (L) vcpu threads end */

	/*
	 * A bit for each 4 KiB of guest memory that the client itself wrote, which KVM's dirty log
	 * doesn't tell. NULL: nobody wants to know. Changed only while every vcpu is parked.
	 */
	u64 *written;
	struct lock log_lock; /* who has KVM's record of written pages; outside of @lock */
	bool log_kept;	      /* machine_log_writes() */
	bool log_counted;     /* machine_count_writes() */

	/* Main thread. */
	struct machine_observer *observers; /* events.h */
	int exit_status;

	struct trace_sink trace; /* trace.h */
	unsigned traced;	 /* PAPYR_TRACE_* that the machine tells of; atomic */
	enum machine_request ended_by;
};

/*
 * Makes the VM, its memory, table, interrupt controller and vcpus, but starts nothing. After it
 * either machine_boot() or a restore fills the guest.
 */
struct machine *machine_new(const struct machine_config *cfg, struct error *err);
void machine_free(struct machine *m);

/*
 * Clears the machine, loads kernel, initrd and device tree, and sets the first vcpu to start there.
 */
int machine_boot(struct machine *m, struct error *err);

/*
 * Starts the vcpu threads and runs the event loop until the guest or the user ends it. Returns
 * the exit status of the command: 0, 1 or 3.
 */
int machine_run(struct machine *m);

/* Asks the guest to power off, if there is a way to. */
int machine_powerdown(struct machine *m, struct error *err);

/* Guest memory, bounds checked. */
static inline void *machine_ptr(struct machine *m, u64 gpa, u64 len)
{
	return guest_ptr(&m->mem, gpa, len);
}

#endif
