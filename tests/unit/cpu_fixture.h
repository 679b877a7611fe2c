/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One processor with memory, a small hash table and no hypervisor: programs are written as
 * instruction words, run a step at a time, and looked at.
 */
#ifndef PAPYR_TESTS_CPU_FIXTURE_H
#define PAPYR_TESTS_CPU_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#include "cpu/cpu.h"
#include "cpu/mmu/tlb.h"
#include "hpt/hpt.h"

#define RAM_BYTES (64u << 20)

struct fixture {
	struct cpu cpu; /* first */
	struct hpt *hpt;
	u8 *ram;
	u8 code_page[RAM_BYTES >> 12];
	unsigned code_writes;
	unsigned hcalls;
	unsigned spins;
	u64 doorbells; /* DPDES */
};

static inline struct fixture *fixture_of(struct cpu *cpu)
{
	return container_of(cpu, struct fixture, cpu);
}

static inline struct cpu_ram fixture_ram(struct cpu *cpu, u64 gpa, enum cpu_ram_use use)
{
	return gpa < RAM_BYTES ? (struct cpu_ram){fixture_of(cpu)->ram + gpa, true, true}
			       : (struct cpu_ram){0};
}

static inline bool fixture_hcall(struct cpu *cpu)
{
	fixture_of(cpu)->hcalls++;
	return false;
}

static inline enum cpu_fault_verdict fixture_fault(struct cpu *cpu, struct cpu_access *access)
{
	return CPU_FAULT_LEAVE;
}

static inline bool fixture_code_read(struct cpu *cpu, u64 gpa, unsigned size)
{
	if (!fixture_of(cpu)->code_page[gpa >> 12]) {
		fixture_of(cpu)->code_page[gpa >> 12] = 1;
		cpu_protect_page(cpu, gpa);
	}
	return true;
}

static inline void fixture_code_write(struct cpu *cpu, u64 gpa, unsigned size)
{
	fixture_of(cpu)->code_writes++;
	fixture_of(cpu)->code_page[gpa >> 12] = 0;
	cpu_flush_code(cpu, gpa);
}

static inline bool fixture_is_code(struct cpu *cpu, u64 gpa, u64 bytes)
{
	for (u64 at = gpa; at < gpa + bytes && at < RAM_BYTES; at += CPU_PAGE_SIZE)
		if (fixture_of(cpu)->code_page[at >> 12])
			return true;
	return false;
}

static inline bool fixture_tick(struct cpu *cpu)
{
	return false;
}

static inline void fixture_nothing(struct cpu *cpu)
{
}

static inline void fixture_spins(struct cpu *cpu)
{
	fixture_of(cpu)->spins++;
}

static inline void fixture_doorbell(struct cpu *cpu, unsigned thread)
{
}

static inline u64 fixture_doorbells(struct cpu *cpu)
{
	return fixture_of(cpu)->doorbells;
}

static inline struct fixture *fixture_of_model(const struct cpu_model *model)
{
	static const struct cpu_host host = {
	    .ram = fixture_ram,
	    .hcall = fixture_hcall,
	    .fault = fixture_fault,
	    .doorbell = fixture_doorbell,
	    .doorbells = fixture_doorbells,
	    .tick = fixture_tick,
	    .spins = fixture_spins,
	    .catch_up = fixture_nothing,
	    .code_read = fixture_code_read,
	    .code_write = fixture_code_write,
	    .is_code = fixture_is_code,
	};
	struct fixture *f = aligned_alloc(64, (sizeof(*f) + 63) & ~(size_t)63);

	memset(f, 0, sizeof(*f));
	f->ram = calloc(1, RAM_BYTES);
	assert_int_equal(hpt_create(&f->hpt, 18), 0);
	assert_int_equal(cpu_init(&f->cpu, model, &host, true), 0);
	f->cpu.hpt = f->hpt;
	f->cpu.amor = ~0ull;
	f->cpu.tlbs->small_pages = true;
	tlb_choose_units(&f->cpu);
	return f;
}

static inline struct fixture *fixture_new(void)
{
	return fixture_of_model(&cpu_model_power8);
}

/* Whose translation caches are of units of 64 KiB. */
static inline struct fixture *fixture_new_wide(void)
{
	struct fixture *f = fixture_new();

	f->cpu.tlbs->small_pages = false;
	tlb_choose_units(&f->cpu);
	return f;
}

static inline void fixture_free(struct fixture *f)
{
	cpu_fini(&f->cpu);
	hpt_destroy(f->hpt);
	free(f->ram);
	free(f);
}

/* A 256 MB segment at @esid (ea >> 28), number @vsid, flags of the SLB's VSID word (Ks, Kp, L...),
 * in SLB slot @slot. */
static inline void map_segment(struct fixture *f, unsigned slot, u64 esid, u64 vsid, u64 flags)
{
	f->cpu.slb[slot] = (struct slb_entry){esid << 28 | SLB_ESID_V, vsid << 12 | flags};
	cpu_slb_changed(&f->cpu);
}

/* Enters the page of @ea -> @gpa with the low bits @attr (WIMG, N, pp). Returns its index. */
static inline u64 map_page(struct fixture *f, u64 vsid, u64 ea, u64 gpa, u64 attr)
{
	struct hpt_va va = hpt_va_of_ea(vsid << 12, ea);
	u64 slot, group = hpt_hash(va, 12) & hpt_pteg_mask(f->hpt);

	assert_int_equal(hpt_enter(f->hpt, group << 3, 0, hpt_avpn(va, 12), gpa | attr, &slot), 0);
	return slot;
}

static inline void put_insn(struct fixture *f, u64 gpa, u32 insn)
{
	store_be32(f->ram + gpa, insn);
}

/* The instruction @insn at guest real address @gpa, run by one step from effective address @ea. */
static inline void step_insn(struct fixture *f, u64 ea, u64 gpa, u32 insn)
{
	put_insn(f, gpa, insn);
	f->cpu.nip = ea;
	cpu_step(&f->cpu);
}

#endif
