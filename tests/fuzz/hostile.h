/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hostile guests: VMs full of random instructions, of code that changes, or making random
 * hypercalls, driven through libpapyr as any client would. Whatever they do may hurt nobody but
 * themselves.
 *
 * All that goes into a guest follows from the case's seed.
 */
#ifndef TESTS_FUZZ_HOSTILE_H
#define TESTS_FUZZ_HOSTILE_H

#include <errno.h>
#include <fcntl.h>
#include <papyr/kvm.h>
#include <papyr/papyr.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* ---- Random numbers: splitmix64 ---- */

struct rng {
	u64 state;
};

u64 rnd(struct rng *r);
static inline u64 below(struct rng *r, u64 n)
{
	return rnd(r) % n;
}

static inline bool chance(struct rng *r, unsigned percent)
{
	return below(r, 100) < percent;
}

/* A value from where mistakes live: small, huge, one bit, next to one bit, all ones below a bit. */
u64 edge(struct rng *r);

/* ---- What parent and child share ---- */

struct progress {
	_Atomic u64 seed;  /* of the case that runs */
	_Atomic u64 cases; /* done */
	_Atomic u64 beats; /* anything that moved on */
	_Atomic u64 exits[64];
	_Atomic u64 interrupted;	  /* KVM_RUN ended by the timer */
	_Atomic u64 instructions, hcalls; /* made up, respectively begun */
};

extern struct progress *progress;

/* Says what is wrong and ends the child: the parent tells the seed. */
void broken(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* ---- The VM ---- */

#define RAM_BYTES  0x800000ull	 /* slot 0, from 0 */
#define HIGH_GPA   0x10000000ull /* slot 1 */
#define HIGH_BYTES 0x100000ull
#define CODE_AT	   0x10000ull /* where vcpus run, 64 KiB */
#define CODE_BYTES 0x10000ull
/* Where `twice` has another mapping of the memory from CODE_AT on, and another slot with the same
 * memory. */
#define ALIAS_AT   0x1400000ull
#define ALIAS_GPA  0x20000000ull
#define HTAB_ORDER 18
#define ENTRIES	   (1ull << (HTAB_ORDER - 4))
#define VCPUS_MAX  2

#define MSR_SF	(1ull << 63)
#define MSR_VEC (1ull << 25)
#define MSR_VSX (1ull << 23)
#define MSR_EE	(1ull << 15)
#define MSR_PR	(1ull << 14)
#define MSR_FP	(1ull << 13)
#define MSR_ME	(1ull << 12)
#define MSR_IR	(1ull << 5)
#define MSR_DR	(1ull << 4)
#define MSR_RI	(1ull << 1)
#define MSR_LE	(1ull << 0)

struct vm;

struct vcpu {
	struct vm *vm;
	unsigned index;
	int fd;
	struct kvm_run *run;
	size_t run_bytes;
	struct rng rng;
	pthread_t thread;
	timer_t timer;
	volatile sig_atomic_t expired;
};

struct vm {
	int kvm, fd, xics;
	u8 *ram, *high;
	bool power7, le; /* le: interrupts are taken in little-endian */
	unsigned n_vcpus;
	struct vcpu vcpu[VCPUS_MAX];
	struct rng rng;
};

void vm_new(struct vm *vm, u64 seed, unsigned n_vcpus, bool power7);
void vm_free(struct vm *vm);
int set_slot(struct vm *vm, unsigned slot, u32 flags, u64 gpa, u64 bytes, void *memory);

/* Interrupt handlers that step over what faulted, so that a program goes on. */
void write_vectors(struct vm *vm);
void put_insn(struct vm *vm, bool le, u64 gpa, u32 insn);
void put_u64(struct vm *vm, bool le, u64 gpa, u64 val);

/* Table entries for segment 0 = VSID, pages of low memory; most of them good. */
#define VSID 0x123ull
void write_htab(struct vm *vm);
/* A good entry: the page at @ea of segment 0 is that at @gpa. */
void map_page(struct vm *vm, u64 ea, u64 gpa);
/* Reads the whole table through a descriptor and checks that the records make sense. */
void check_htab(struct vm *vm);

/* Runs @fn for each vcpu, each on a thread of its own with a timer ready. */
void on_all_vcpus(struct vm *vm, void (*fn)(struct vcpu *vcpu));

/*
 * Runs the vcpu for @us microseconds, or until @max exits, or until @done says so. Exits are
 * answered at random.
 */
void run_for(struct vcpu *vcpu, unsigned us, unsigned max, bool (*done)(struct vcpu *vcpu));

void get_regs(struct vcpu *vcpu, struct kvm_regs *regs);
void set_regs(struct vcpu *vcpu, const struct kvm_regs *regs);
/* Not every value is taken: the result doesn't matter. */
void try_set_one(struct vcpu *vcpu, u64 id, u64 val);

/* ---- The cases ---- */

void insn_case(u64 seed, bool power7);
/* Instructions that store into each other; @twice: through other pages, too. */
void changing_insn_case(u64 seed, bool power7, bool twice);
void change_case(u64 seed, bool power7);
void twice_case(u64 seed, bool power7);
void hcall_case(u64 seed, bool power7);

#endif
