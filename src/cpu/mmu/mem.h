/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How instructions reach memory.
 *
 * mem_read_N() and mem_write_N() take an effective address that is already masked to the mode
 * (EA_D(), EA_X()), any alignment, and the guest's byte order; values are in host order. They
 * return false when an interrupt was raised or the instruction has to be left: the handler then
 * returns NULL (STOP) at once, having changed no register. An instruction that makes several stores
 * checks the last byte's page first by mem_probe_write(), so that it is not half done.
 */
#ifndef PAPYR_CPU_MEM_H
#define PAPYR_CPU_MEM_H

#include "base/racy.h"
#include "cpu/cpu.h"

#define CPU_PAGE_SHIFT 12
#define CPU_PAGE_SIZE  (1ull << CPU_PAGE_SHIFT)
#define CPU_PAGE_MASK  (~(CPU_PAGE_SIZE - 1))
#define CACHE_LINE     128u

/*
 * What an entry of the first cache is of: CPU_UNIT_BYTES, so that few entries say all of a
 * program's memory. The guest's pages must be as large. Where they aren't, the processor goes over
 * to units of 4 KiB (tlb_tick()).
 */
static inline u64 tlb_unit_bytes(const struct cpu *cpu)
{
	return 1ull << cpu->unit_shift;
}

static inline unsigned tlb_slot(const struct cpu *cpu, u64 ea)
{
	return ea >> cpu->unit_shift & (TLB_ENTRIES - 1);
}

/* Below the middle of all effective addresses: a program's, where systems keep the other half. */
static inline bool address_is_low(u64 ea)
{
	return !(ea >> 63);
}

/* Where the host has @size bytes at @ea, if they lie in one unit that may be read, or written,
 * without asking; else NULL. */
static inline void *tlb_find(const struct cpu *cpu, u64 ea, unsigned size, bool store)
{
	const struct tlb_entry *e = &cpu->dtlb->e[tlb_slot(cpu, ea)];
	u64 unit = (ea + size - 1) >> cpu->unit_shift;
	void *host = (void *)(uintptr_t)(ea + e->addend);

	if (unlikely((store ? e->write : e->read) != unit))
		return NULL;
	if (!host)
		__builtin_unreachable(); /* so that who asks whether it is NULL asks just once */
	return host;
}

/*
 * The slow ways (access.c): translate, cross pages, call the owner, raise interrupts. @data: bytes
 * in address order.
 */
bool mem_read_slow(struct cpu *cpu, const struct op *op, u64 ea, void *data, unsigned size);
bool mem_write_slow(struct cpu *cpu, const struct op *op, u64 ea, const void *data, unsigned size);

#define MEM_ACCESS(bits, swap_fn)                                                                  \
	static inline bool mem_read_##bits(struct cpu *cpu, const struct op *op, u64 ea,           \
					   u##bits *v)                                             \
	{                                                                                          \
		const void *host = tlb_find(cpu, ea, bits / 8, false);                             \
                                                                                                   \
		if (likely(host))                                                                  \
			racy_copy_bytes(v, host, bits / 8);                                        \
		else if (unlikely(!mem_read_slow(cpu, op, ea, v, bits / 8)))                       \
			return false;                                                              \
		if (cpu->swap)                                                                     \
			*v = swap_fn(*v);                                                          \
		return true;                                                                       \
	}                                                                                          \
	static inline bool mem_write_##bits(struct cpu *cpu, const struct op *op, u64 ea,          \
					    u##bits v)                                             \
	{                                                                                          \
		void *host = tlb_find(cpu, ea, bits / 8, true);                                    \
                                                                                                   \
		if (cpu->swap)                                                                     \
			v = swap_fn(v);                                                            \
		if (likely(host)) {                                                                \
			racy_copy_bytes(host, &v, bits / 8);                                       \
			return true;                                                               \
		}                                                                                  \
		return mem_write_slow(cpu, op, ea, &v, bits / 8);                                  \
	}

#define MEM_NO_SWAP(v) (v)
MEM_ACCESS(8, MEM_NO_SWAP)
MEM_ACCESS(16, __builtin_bswap16)
MEM_ACCESS(32, __builtin_bswap32)
MEM_ACCESS(64, __builtin_bswap64)
#undef MEM_ACCESS

/*
 * 16 bytes as VMX and lxvd2x-like instructions see them, without any swapping: @bytes in address
 * order. The vector forms put them in order themselves, since each wants another one.
 */
bool mem_read_bytes(struct cpu *cpu, const struct op *op, u64 ea, void *bytes, unsigned size);
bool mem_write_bytes(struct cpu *cpu, const struct op *op, u64 ea, const void *bytes,
		     unsigned size);

/*
 * Would a store of @size bytes at @ea succeed? If not, the interrupt has been raised: return STOP.
 */
bool mem_probe_write(struct cpu *cpu, const struct op *op, u64 ea, unsigned size);
/*
 * What an instruction that does something to the cache line at @ea, but nothing to memory, may be
 * refused: it wants the right to @kind, and a data address compare of BookE takes it for @watched.
 */
bool mem_probe_line(struct cpu *cpu, const struct op *op, u64 ea, enum cpu_access_kind kind,
		    enum cpu_access_kind watched);

/*
 * Where @size bytes at @ea live in host memory, within a page and up to a cache line. Marks the
 * page changed when @store. NULL: an interrupt was raised; or there is no memory, then *no_ram is
 * set and no interrupt raised. @gpa gets the guest real address.
 */
void *mem_ptr(struct cpu *cpu, const struct op *op, u64 ea, unsigned size, bool store, u64 *gpa,
	      bool *no_ram);

/*
 * Clears a cache line of @size bytes; where there is no memory there is nothing to clear. False: an
 * interrupt was raised.
 */
bool mem_zero(struct cpu *cpu, const struct op *op, u64 ea, unsigned size);

/*
 * The same as mem_ptr() for instructions that are atomic (reservations, quadwords), of naturally
 * aligned bytes: where there is no memory, a data storage interrupt is raised.
 */
void *mem_atomic_ptr(struct cpu *cpu, const struct op *op, u64 ea, unsigned size, bool store,
		     u64 *gpa);

#endif
