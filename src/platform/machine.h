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
#include "platform/accel.h"
#include "platform/error.h"
#include "platform/guestmem.h"
#include "platform/loop.h"

struct console;
struct machine;
struct vcpu;

/* Processor models a guest can be given. */
struct cpu_model {
	const char *name;    /* as for --cpu */
	const char *dt_name; /* "PowerPC,POWER8" */
	u32 pvr;
	u32 logical_pvr; /* what to confine another processor to, for real KVM */
	bool has_modes;	 /* H_SET_MODE: ILE and AIL */
	const u8 *pa_features;
	unsigned n_pa_features;
};

const struct cpu_model *cpu_model_find(const char *name);

/* What the user asked for. Strings belong to the caller and outlive the machine. */
struct machine_config {
	const struct accel *accel;
	const struct cpu_model *model;
	const char *name;
	const char *kernel;  /* file; NULL: @builtin */
	const char *initrd;  /* file or NULL */
	const char *cmdline; /* or NULL */
	const void *builtin; /* ELF image */
	size_t builtin_bytes;
	u64 mem_bytes;
	unsigned n_vcpus;
	unsigned threads;    /* vcpus in a core */
	unsigned core_ids;   /* vcpu ids in a core; 0: as many as the host's cores have threads */
	unsigned htab_order; /* 0: from mem_bytes */
	int in_fd, out_fd;   /* console */
};

/* A function to be run on a vcpu's own thread, by vcpu_run_on(). */
struct vcpu_work {
	void (*fn)(struct vcpu *vcpu, void *arg);
	void *arg;
	bool done;
};

/* Why vcpus come back from KVM_RUN, as far as it is counted. */
enum vcpu_exit { VCPU_EXIT_HCALL, VCPU_EXIT_MMIO, VCPU_EXIT_SIGNAL, VCPU_EXIT_OTHER, VCPU_EXITS };

struct vcpu {
	struct machine *m;
	unsigned index;
	unsigned id; /* KVM's vcpu id, interrupt server number and what the device tree calls it */
	int fd;
	struct kvm_run *run;
	pthread_t thread;
	bool has_thread;
	int tid; /* what the host calls the thread */

	bool online;		  /* (L) running by RTAS: not stopped by stop-self */
	bool parked;		  /* (L) */
	bool in_guest;		  /* (L) */
	bool unsettled;		  /* own thread only: the last exit wants completing */
	u64 exits;		  /* own thread writes; others may look */
	int stats_fd;		  /* kvm_stats.c: 0 until somebody asks */
	u64 exits_by[VCPU_EXITS]; /* the same; a signal's are not in @exits */

	struct vcpu_work *work; /* (L) what another thread wants done here */
};

/* Why the guest stands still for good, or will start again. */
enum machine_request {
	REQUEST_NONE,
	REQUEST_POWEROFF, /* the guest powered off */
	REQUEST_RESET,	  /* the guest, or the user, wants to start again */
	REQUEST_PANIC,	  /* ibm,os-term */
	REQUEST_ERROR,	  /* the hypervisor can't go on; m->failure says why */
	REQUEST_QUIT,	  /* the user wants no more of it */
};

enum machine_event { EVENT_STOP, EVENT_RESUME, EVENT_RESET, EVENT_SHUTDOWN, EVENT_POWERDOWN };

/* A live migration takes a guest from one process to another. */
enum machine_place {
	PLACE_HERE,
	PLACE_COMING,	 /* not here yet: it must not run */
	PLACE_LEAVING,	 /* it stands still to be handed over */
	PLACE_UNCERTAIN, /* the other side may have started it; a person decides */
	PLACE_GONE,	 /* the other side runs it: here again only if a person insists */
};

#define NVRAM_BYTES 0x10000
/* Interrupt sources of the machine. */
#define IRQ_FIRST 0x1000
#define IRQ_EPOW  0x1000
#define IRQ_VTY	  0x1001
#define IRQ_COUNT 2

struct machine {
	struct machine_config cfg;
	const struct accel *accel;
	int kvm_fd, vm_fd, xics_fd;
	u64 run_bytes;
	struct guest_mem mem;
	struct kvm_ppc_smmu_info smmu;
	unsigned smt; /* vcpu ids in a core */
	unsigned htab_order;
	u64 rma_bytes; /* what real mode reaches */
	bool confined; /* the host's PVR stays, the model is but a level to keep to */
	u32 host_pvr;  /* what a new vcpu's was */
	u8 uuid[16];

	struct vcpu *vcpus;
	unsigned n_vcpus;

	struct loop *loop;
	int wake_fd; /* eventfd: a vcpu left a request */
	struct console *console;
	u8 nvram[NVRAM_BYTES]; /* (L) */
	s64 rtc_offset;	       /* (L) seconds that the guest's clock is ahead of the host's */
	bool powerdown_asked;  /* (L) an EPOW event waits to be fetched by the guest */

	pthread_mutex_t lock;
	pthread_cond_t changed; /* any (L) field of any vcpu, or of these */
	bool paused;		/* (L) by the user */
	unsigned holds;		/* (L) others that want the vcpus parked: machine_hold() */
	/*
	 * (L) Where the guest lives, for all that this process knows. No vcpu runs but of a guest
	 * that is here.
	 */
	enum machine_place place;
	bool quit;		      /* (L) vcpu threads end */
	enum machine_request request; /* (L) the first one counts until the main thread took it */
	struct error failure;	      /* (L) with REQUEST_ERROR */

	/*
	 * A bit for each 4 KiB of guest memory that the client itself wrote, which KVM's dirty log
	 * doesn't tell. NULL: nobody wants to know. Changed only while every vcpu is parked.
	 */
	u64 *written;
	pthread_mutex_t log_lock; /* who has KVM's record of written pages; outside of @lock */
	bool log_kept;		  /* machine_log_writes() */
	bool log_counted;	  /* machine_count_writes() */

	/* A live migration of this machine, either end (migration/live/live.h). Main thread. */
	struct live *live;
	/* Main thread: called before the guest is started anew or ended. */
	void (*on_upheaval)(struct machine *m, const char *what);

	/* Main thread: told of what happens, for the control socket. */
	void (*on_event)(struct machine *m, enum machine_event event, void *opaque);
	void *on_event_opaque;
	int exit_status;
	enum machine_request ended_by;
};

/*
 * Makes the VM, its memory, table, interrupt controller and vcpus, but starts nothing. After it
 * either machine_boot() or a restore fills the guest.
 */
struct machine *machine_new(const struct machine_config *cfg, struct error *err);
void machine_free(struct machine *m);

/* Clears the machine, loads kernel, initrd and device tree, and sets the first vcpu to start there.
 */
int machine_boot(struct machine *m, struct error *err);

/*
 * Starts the vcpu threads and runs the event loop until the guest or the user ends it. Returns
 * the exit status of the command: 0, 1 or 3.
 */
int machine_run(struct machine *m);

/* Main thread only: returns with every vcpu parked; idempotent. */
void machine_pause(struct machine *m);
/* False: the guest isn't here (m->place), and nothing changes. */
bool machine_resume(struct machine *m);

/*
 * The vcpus parked for a while, without anybody being told: any thread but a vcpu's. Holds add up;
 * the guest runs when there is none and it isn't paused.
 */
void machine_hold(struct machine *m);
void machine_unhold(struct machine *m);
/* Ends a hold with the guest paused instead, and says where it is. */
void machine_unhold_at(struct machine *m, enum machine_place place);
void machine_set_place(struct machine *m, enum machine_place place);

/*
 * Does the record hold all that is written? Linux on a POWER8 loses pages whose entries the guest
 * removes (tests/kvm/differences.md), so that there nobody should have it kept while the guest runs.
 */
bool machine_log_is_whole(const struct machine *m);
/* Has KVM and the client keep a record of written pages, or not. */
int machine_log_writes(struct machine *m, bool on, struct error *err);
/*
 * How many bytes of pages the guest has written since the last call, for who wants to know no more;
 * it begins with a first call that returns 0. -1: not now, the record is kept for another, who
 * mustn't lose any of it.
 */
s64 machine_count_writes(struct machine *m);
void machine_count_no_writes(struct machine *m);
/*
 * Adds what was written since the last time to @bitmap, a bit for each 4 KiB, the first page in the
 * lowest bit of the first word.
 */
int machine_get_writes(struct machine *m, u64 *bitmap, struct error *err);
/* Vcpu threads: the client wrote to the guest's memory. */
void machine_wrote(struct machine *m, u64 gpa, u64 len);

/* Any thread. The main thread acts on it; a calling vcpu parks after its exit is handled. */
void machine_request(struct machine *m, enum machine_request request);
void machine_fail(struct machine *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Asks the guest to power off by an EPOW interrupt. */
void machine_powerdown(struct machine *m);

const char *machine_status(struct machine *m); /* "running", "paused", "shutdown": QMP's words */

/* Guest memory, bounds checked. */
static inline void *machine_ptr(struct machine *m, u64 gpa, u64 len)
{
	return guest_ptr(&m->mem, gpa, len);
}

/* ---- vcpu.c ---- */

int vcpu_new(struct machine *m, struct vcpu *vcpu, unsigned index, struct error *err);
void vcpu_free(struct vcpu *vcpu);
int vcpu_start_thread(struct vcpu *vcpu, struct error *err);
void vcpu_kick_all(struct machine *m); /* with m->lock held */
/*
 * Runs @fn on the vcpu's own thread (or here, while there are no threads) and waits for it.
 * @fn is called with m->lock held.
 */
void vcpu_run_on(struct vcpu *vcpu, void (*fn)(struct vcpu *vcpu, void *arg), void *arg);
struct vcpu *vcpu_by_id(struct machine *m, u64 id);

/* ---- vcpu_regs.c ---- */

/* Registers as at power-on: big-endian real mode, nothing registered, no SLB. */
int vcpu_reset(struct vcpu *vcpu, struct error *err);
/* Where a fresh vcpu starts, and with what in r3. */
int vcpu_set_entry(struct vcpu *vcpu, u64 pc, u64 r3, struct error *err);
int vcpu_get_reg(struct vcpu *vcpu, u64 id, void *val);
int vcpu_set_reg(struct vcpu *vcpu, u64 id, const void *val);

/* The registers that make up a vcpu's state, in the order in which they must be set. */
struct vcpu_reg {
	u64 id;
	const char *name;
	u64 reset; /* value at power-on */
	u8 flags;
};
#define VCPU_REG_NO_RESET 1 /* not touched by a reset */
extern const struct vcpu_reg vcpu_regs[];
extern const unsigned n_vcpu_regs;

static inline unsigned vcpu_reg_bytes(u64 id)
{
	return 1u << ((id & KVM_REG_SIZE_MASK) >> KVM_REG_SIZE_SHIFT);
}

/* ---- xics.c ---- */

int xics_new(struct machine *m, struct error *err);
int xics_reset(struct machine *m, struct error *err);
int xics_connect(struct vcpu *vcpu, struct error *err);
/* An edge of source @irq. */
void xics_pulse(struct machine *m, unsigned irq);

/* ---- exits: hcall.c, rtas.c ---- */

/* Handles KVM_EXIT_PAPR_HCALL in vcpu->run. */
void hcall_handle(struct vcpu *vcpu);
/* H_RTAS: @args_gpa is the guest's argument block. Returns the hypercall's code. */
s64 rtas_call(struct vcpu *vcpu, u64 args_gpa);
/* Tells KVM which calls it shall answer itself. */
int rtas_define_tokens(struct machine *m, struct error *err);

struct rtas_entry {
	const char *name;
	u32 token;
};
/* The calls by number, for the device tree; NULL behind the last. */
const char *rtas_name(unsigned i, u32 *token);

void nvram_format(u8 *nvram);

/* ---- boot.c ---- */

/* Puts kernel, initrd, RTAS and device tree into memory. */
struct boot_entry {
	u64 pc, fdt;
};
int boot_load(struct machine *m, struct boot_entry *entry, struct error *err);

#endif
