/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/mmu/jumps.h"
#include "cpu/engine/block.h"
#include "cpu/mmu/returns.h"
#include "cpu/mmu/tlb.h"

void jumps_select(struct cpu *cpu)
{
	const struct jumps *j = &cpu->tlbs->jumps;

	cpu->jump_key = (cpu->mode & MODE_PR ? j->user_gen : j->gen) << MODE_BITS | cpu->mode;
	returns_select(cpu);
}

void jumps_forget(struct cpu *cpu)
{
	struct jumps *j = &cpu->tlbs->jumps;

	cpu->counts.flushes_jumps++;
	j->gen++;
	j->user_gen++;
	j->supervisor_low = false;
	for (; j->unit_words; j->unit_words &= j->unit_words - 1)
		j->units[__builtin_ctzll(j->unit_words)] = 0;
	cpu->link_from = NULL;
	jumps_select(cpu);
}

void jumps_forget_low(struct cpu *cpu)
{
	struct jumps *j = &cpu->tlbs->jumps;

	if (j->supervisor_low) {
		jumps_forget(cpu);
		return;
	}
	j->user_gen++;
	cpu->link_from = NULL;
	jumps_select(cpu);
}

_Static_assert(JUMP_UNIT_BITS / 64 == 64, "unit_words has a bit for each word");

/* A page of the usual size is one unit, and few hold code: most that go take no jump along. */
#define UNIT_SHIFT 16

static unsigned unit_bit(u64 ea)
{
	return (ea >> UNIT_SHIFT) * 0x9e3779b97f4a7c15ull >> 52;
}

/* Does the supervisor, now, have at @ea what is a program's? */
static bool is_programs(const struct cpu *cpu, u64 ea)
{
	if (cpu_is_booke(cpu))
		return !(cpu->mode & MODE_PR) && cpu->tlbs->low_fetches;
	return (cpu->mode & (MODE_PR | MODE_IR)) == MODE_IR && address_is_low(ea);
}

void jumps_add(struct cpu *cpu, u64 ea, const struct op *ops, const u8 *code)
{
	struct jumps *j = &cpu->tlbs->jumps;
	unsigned bit = unit_bit(ea);

	j->units[bit / 64] |= 1ull << bit % 64;
	j->unit_words |= 1ull << bit / 64;
	if (is_programs(cpu, ea))
		j->supervisor_low = true;
	*jump_slot(cpu, ea) = (struct jump){ea, cpu->jump_key, ops, code};
}

void jumps_forget_range(struct cpu *cpu, u64 ea, u64 bytes, bool real)
{
	for (u64 at = 0; at < bytes; at += 1ull << UNIT_SHIFT) {
		unsigned bit = unit_bit(ea + at);

		if (cpu->tlbs->jumps.units[bit / 64] >> bit % 64 & 1) {
			if (address_is_low(ea) && !real)
				jumps_forget_low(cpu);
			else
				jumps_forget(cpu);
			return;
		}
	}
}

void jumps_erase(struct cpu *cpu)
{
	memset(cpu->jump, 0, sizeof(cpu->jump));
	jumps_forget(cpu);
}

void jumps_forget_ops(struct cpu *cpu, const void *at, u64 bytes)
{
	for (unsigned i = 0; i < JUMP_ENTRIES; i++)
		if ((uintptr_t)cpu->jump[i].ops - (uintptr_t)at < bytes)
			cpu->jump[i] = (struct jump){0};
}
