/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the conformance programs share: printing answers, making a small VM, running the guest.
 *
 * Programs print text that must be the same wherever they run: no descriptor numbers, no addresses
 * of their own, no times. What can't be made fails the program: die() says what and exits with 1.
 */
#ifndef TESTS_KVM_MACHINE_H
#define TESTS_KVM_MACHINE_H

#include "client.h"
#include "guest.h"
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef unsigned long long u64; /* so that %llx prints it everywhere */

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define KIB	      1024ull
#define MIB	      (1024 * KIB)

/* Guest real addresses and sizes are multiples of the largest page size that a Power host has. */
#define HOST_PAGE (64 * KIB)

#define MSR_SF	  (1ull << 63)
#define MSR_HV	  (1ull << 60)
#define MSR_VEC	  (1ull << 25)
#define MSR_VSX	  (1ull << 23)
#define MSR_EE	  (1ull << 15)
#define MSR_PR	  (1ull << 14)
#define MSR_FP	  (1ull << 13)
#define MSR_ME	  (1ull << 12)
#define MSR_IR	  (1ull << 5)
#define MSR_DR	  (1ull << 4)
#define MSR_RI	  (1ull << 1)
#define MSR_LE	  (1ull << 0)
#define GUEST_MSR (MSR_SF | MSR_ME | MSR_RI)

/* ---- Printing ---- */

void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* Says what the next lines are about. */
void topic(const char *text);

/* "EINVAL" and so on; the number for an errno that KVM doesn't use. */
const char *errno_name(int error);

/* Makes a request, prints "name = value" or "name = EXXX", returns what it returned. */
#define TRY(fd, request, arg)	       try_ioctl(#request, fd, request, (unsigned long)(arg))
#define TRY_AS(text, fd, request, arg) try_ioctl(text, fd, request, (unsigned long)(arg))
long try_ioctl(const char *text, int fd, unsigned long request, unsigned long arg);

/* The same for requests that return a descriptor: prints "fd", not its number. */
int try_fd(const char *text, int fd, unsigned long request, unsigned long argument);

/* Prints "text = value" or the errno of a call that has been made. */
void say_result(const char *text, long result);

/* Bytes in hex. */
void say_bytes(const char *text, const void *bytes, size_t count);

/* ---- A VM ---- */

struct machine {
	int kvm, vm;
	u8 *memory; /* slot 0, from guest real address 0 */
	size_t bytes;
};

struct vcpu {
	struct machine *machine;
	int fd;
	struct kvm_run *run;
	size_t run_bytes;
	u64 msr; /* for hcall() and guest_run() */
};

/* A VM with @bytes of memory in slot 0, the guest loaded, and a hash table of 2^@htab_order bytes
 * (0: none yet). */
void machine_new(struct machine *m, size_t bytes, u32 htab_order);
/* Puts the guest into memory that has come otherwise. */
void guest_load(struct machine *m);
void machine_free(struct machine *m);

/* Zeroed memory on a boundary of HOST_PAGE, as slot memory. */
void *slot_memory(size_t bytes);
void slot_memory_free(void *memory, size_t bytes);
int set_slot(int vm, u32 slot, u32 flags, u64 gpa, u64 bytes, void *memory);

/* The vcpu with that id, PAPR enabled, in real mode. */
void vcpu_new(struct vcpu *v, struct machine *m, unsigned long id);
void vcpu_free(struct vcpu *v);

/* An interrupt controller, by its descriptor; and @v made its server @server. */
int xics_new(struct machine *m);
void xics_connect(int xics, struct vcpu *v, u64 server);

/* Whether KVM handles hypercall @nr or hands it to the client. */
void enable_hcall(struct machine *m, u64 nr, bool on);

void get_regs(struct vcpu *v, struct kvm_regs *regs);
void set_regs(struct vcpu *v, const struct kvm_regs *regs);
u64 get_one(struct vcpu *v, u64 id); /* up to 64 bits */
void set_one(struct vcpu *v, u64 id, u64 value);

/* ---- Running the guest ---- */

/* Completes what the last exit left open (its results go to the registers). */
void finish_exit(struct vcpu *v);

/*
 * Runs @v from @pc with the registers that it has until it leaves with GUEST_EXIT, and returns r21:
 * 0 or a vector. Another exit is printed and gives -1, a failing KVM_RUN -2.
 */
int guest_run(struct vcpu *v, u64 pc);

/*
 * Makes a hypercall: r3 = @nr, r4..r12 = arg[0..8]. out: r3..r12 after it in r[3..12]. Returns r3.
 */
struct hcall {
	u64 r[13];
};
u64 hcall(struct vcpu *v, struct hcall *out, u64 nr, const u64 *arg, unsigned count);
#define HCALL(v, out, nr, ...)                                                                     \
	hcall(v, out, nr, (const u64[]){0, ##__VA_ARGS__} + 1,                                     \
	      ARRAY_SIZE(((u64[]){0, ##__VA_ARGS__})) - 1)

/* Sets the decrementer as far away as it goes: four seconds. For guests with MSR[EE]. */
void quiet_decrementer(struct vcpu *v);

/*
 * Translation on for low memory: the SLB gets segment 0 (LOW_VSID, pages of 4K) and the table
 * entries for the guest's own pages, readable and writable by all.
 */
#define LOW_VSID   0x155ull
#define SLBE_VALID 0x08000000ull
#define SLBV_KP	   0x400ull
#define SLBV_KS	   0x800ull
void map_low_memory(struct vcpu *v);

/* Name of a hypercall's return value ("H_SUCCESS"), or its number. */
const char *h_name(u64 code);

/* Prints "text = H_XXX", and r4 .. r(3 + @results). */
void say_hcall(const char *text, const struct hcall *h, unsigned results);

/* ---- A vcpu that runs in a thread of its own ---- */

struct runner {
	struct vcpu *vcpu;
	pthread_t thread;
	_Atomic pid_t id; /* of the thread; 0: not yet known */
	_Atomic bool ended;
	int result, error; /* of KVM_RUN, when it has ended */
};

/* Calls KVM_RUN once; end it by joining ->thread. */
void runner_start(struct runner *s, struct vcpu *v);

/* Waits until the vcpu sleeps, which its thread then does as well; or until KVM_RUN has ended. */
void runner_asleep(struct runner *s);

/* Has @v compute for ever, in @m's guest, and waits until it does. */
void runner_start_spinning(struct runner *s, struct machine *m, struct vcpu *v);

/* ---- A vcpu that watches a page ---- */

/*
 * Loads from @ea until told to stop; a storage interrupt is a page that isn't there at the moment.
 */
struct watch {
	struct vcpu vcpu;
	u64 ea, poison;
	pthread_t thread;
	_Atomic bool stop;
	unsigned long stale; /* loads that found @poison */
};

void watch_start(struct watch *w);
/* Returns when its thread has ended. */
void watch_stop(struct watch *w);

/* ---- The hash table, as a client sees it ---- */

struct htab_entry {
	u64 v, r; /* host order */
};

/* Reads entry @index through a fresh descriptor. False: it is invalid. */
bool htab_entry(struct machine *m, u64 index, struct htab_entry *entry);

/* Big-endian 64 bits in the client's or the guest's memory. */
u64 load64(const void *p);
void store64(void *p, u64 value);
void store32(void *p, u32 value);

#endif
