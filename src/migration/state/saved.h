/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is in an image's small sections, as plain structs: packed and unpacked here, where it can be
 * tested and fuzzed without a machine. Unpacking checks all that can be known without one.
 */
#ifndef PAPYR_MIGRATION_SAVED_H
#define PAPYR_MIGRATION_SAVED_H

#include <papyr/kvm.h>

#include "base/htab_record.h"
#include "platform/error.h"
#include "platform/state.h"
#include "platform/xics.h"

#define SAVED_NAME_MAX	  64
#define SAVED_PATH_MAX	  4096
#define SAVED_CMDLINE_MAX 4096
#define SAVED_VCPUS_MAX	  1024
#define SAVED_REGS_MAX	  256
#define SAVED_SLB_MAX	  64
#define SAVED_TLB_MAX	  576 /* an e500v2 has 528 entries */
#define SAVED_SOURCES_MAX XICS_SOURCES_MAX
/* No small section is longer than this. */
#define SAVED_SECTION_MAX (1u << 20)

struct saved_machine {
	char writer[SAVED_NAME_MAX]; /* "papyr 0.1.0", for people */
	char name[SAVED_NAME_MAX];
	char model[32];
	u64 mem_bytes;
	u32 n_vcpus; /* with those that may come */
	u32 threads;
	u32 htab_order; /* of the table that it has; 0: a board, which has none */
	u32 htab_byte_order; /* enum htab_order, of the table's record headers */
	u8 uuid[16];
	u64 timebase;	/* the guest's, when it was stopped */
	u64 saved_at;	/* seconds since 1970 on the host's clock */
	s64 rtc_offset; /* seconds that the guest's clock is ahead of the host's */
	/* For a reboot after the restore. Empty: none, or the built-in guest. */
	char kernel[SAVED_PATH_MAX], initrd[SAVED_PATH_MAX], cmdline[SAVED_CMDLINE_MAX];
	/*
	 * Of a guest that may get more than it started with, which mem_bytes is: with how many
	 * vcpus, how much memory it may get, and what it has. 0: it is no such guest.
	 */
	u32 boot_vcpus, now_vcpus;
	u64 max_mem_bytes, now_mem_bytes;
	u64 rma_bytes; /* of the real-mode area that memory begins with; 0: none */
	u32 boot_htab_order; /* of the table that a start gives it; 0: the same */
};

void saved_machine_pack(const struct saved_machine *c, struct state_out *out);
int saved_machine_unpack(struct saved_machine *c, struct state_in *in, struct error *err);

struct saved_reg {
	u64 id;
	u64 val[2]; /* as many bytes as the id says, as KVM gives them */
};

/* Of a BookE vcpu: what it has in place of segments. */
struct saved_booke {
	struct kvm_sregs sregs;
	u32 cpu; /* KVM_CPU_* */
	u32 n_entries;
	union {
		struct papyr_tlb_440 of_440[SAVED_TLB_MAX];
		struct kvm_book3e_206_tlb_entry of_e500[SAVED_TLB_MAX];
	} entries;
};

void saved_booke_pack(const struct saved_booke *b, struct state_out *out);
/* The caller looks whether the reader is still good. */
int saved_booke_unpack(struct saved_booke *b, struct state_in *in, struct error *err);

struct saved_vcpu {
	u32 id;
	bool online;
	struct kvm_regs regs;
	u32 pvr, n_slb, n_regs;
	struct {
		u64 slbe, slbv;
	} slb[SAVED_SLB_MAX];
	struct saved_reg one_regs[SAVED_REGS_MAX];
	bool is_booke;
	struct saved_booke booke; /* if so */
};

void saved_vcpu_pack(const struct saved_vcpu *v, struct state_out *out);
int saved_vcpu_unpack(struct saved_vcpu *v, struct state_in *in, struct error *err);

struct saved_xics {
	u32 n;
	struct {
		u32 irq;
		u64 state; /* as KVM_DEV_XICS_GRP_SOURCES gives it */
	} sources[SAVED_SOURCES_MAX];
};

void saved_xics_pack(const struct saved_xics *x, struct state_out *out);
int saved_xics_unpack(struct saved_xics *x, struct state_in *in, struct error *err);

#endif
