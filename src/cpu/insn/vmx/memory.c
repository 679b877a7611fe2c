/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vector loads and stores, and the vector status and control register.
 *
 * A vector in memory is one number of 16 bytes in the guest's byte order. Addresses are cut down to
 * a multiple of the access's size, so that nothing crosses a page.
 */
#include "base/racy.h"
#include "cpu/insn/vmx/vmx.h"

static inline u128 swap128(u128 v)
{
	return (u128)__builtin_bswap64((u64)v) << 64 | __builtin_bswap64((u64)(v >> 64));
}

/* The way round the translation cache, kept apart so that the common case needs no stack. */
#define SLOW static __attribute__((noinline, cold)) const struct op *

SLOW load_vector_slow(struct cpu *cpu, const struct op *op, u64 ea)
{
	u128 v;

	if (!mem_read_slow(cpu, op, ea, &v, sizeof(v)))
		STOP;
	VR(op->t).q = cpu->swap ? swap128(v) : v;
	NEXT;
}

SLOW store_vector_slow(struct cpu *cpu, const struct op *op, u64 ea)
{
	u128 v = cpu->swap ? swap128(VR(op->t).q) : VR(op->t).q;

	if (!mem_write_slow(cpu, op, ea, &v, sizeof(v)))
		STOP;
	NEXT;
}

static inline const struct op *load_vector(struct cpu *cpu, const struct op *op)
{
	u64 ea = EA_X() & ~15ull;
	const void *host = tlb_find(cpu, ea, sizeof(u128), false);
	u128 v;

	if (unlikely(!host))
		return load_vector_slow(cpu, op, ea);
	racy_copy_bytes(&v, host, sizeof(v));
	VR(op->t).q = cpu->swap ? swap128(v) : v;
	NEXT;
}

static inline const struct op *store_vector(struct cpu *cpu, const struct op *op)
{
	u64 ea = EA_X() & ~15ull;
	void *host = tlb_find(cpu, ea, sizeof(u128), true);
	u128 v = VR(op->t).q;

	if (unlikely(!host))
		return store_vector_slow(cpu, op, ea);
	if (cpu->swap)
		v = swap128(v);
	racy_copy_bytes(host, &v, sizeof(v));
	NEXT;
}

/* The last use of a cache line is a hint. */
OP(lvx)
{
	return load_vector(cpu, op);
}

OP(lvxl)
{
	return load_vector(cpu, op);
}

OP(stvx)
{
	return store_vector(cpu, op);
}

OP(stvxl)
{
	return store_vector(cpu, op);
}

/*
 * One element, the one that a load or store of the whole vector would have at that address. The
 * architecture leaves the others undefined after a load; here they stay.
 */
#define ELEMENT_ACCESS(load, store, bits, count, E)                                                \
	static inline unsigned element_##bits(const struct cpu *cpu, u64 ea)                       \
	{                                                                                          \
		unsigned element = (unsigned)(ea & 15) / (bits / 8);                               \
                                                                                                   \
		return cpu->big ? element : (count)-1 - element;                                   \
	}                                                                                          \
	OP(load)                                                                                   \
	{                                                                                          \
		u64 ea = EA_X() & ~(bits / 8 - 1ull);                                              \
		u##bits v;                                                                         \
                                                                                                   \
		if (unlikely(!mem_read_##bits(cpu, op, ea, &v)))                                   \
			STOP;                                                                      \
		E(VR(op->t), element_##bits(cpu, ea)) = v;                                         \
		NEXT;                                                                              \
	}                                                                                          \
	OP(store)                                                                                  \
	{                                                                                          \
		u64 ea = EA_X() & ~(bits / 8 - 1ull);                                              \
                                                                                                   \
		if (unlikely(                                                                      \
			!mem_write_##bits(cpu, op, ea, E(VR(op->t), element_##bits(cpu, ea)))))    \
			STOP;                                                                      \
		NEXT;                                                                              \
	}

ELEMENT_ACCESS(lvebx, stvebx, 8, 16, VSR_B)
ELEMENT_ACCESS(lvehx, stvehx, 16, 8, VSR_H)
ELEMENT_ACCESS(lvewx, stvewx, 32, 4, VSR_W)

/* Permutation masks for unaligned vectors: sixteen numbers, the first from the address. */
static inline u128 consecutive(unsigned first)
{
	const u128 numbers = (u128)0x0001020304050607ull << 64 | 0x08090a0b0c0d0e0full;
	const u128 ones = (u128)0x0101010101010101ull << 64 | 0x0101010101010101ull;

	return numbers + ones * first;
}

OP(lvsl)
{
	VR(op->t).q = consecutive((unsigned)EA_X() & 15);
	NEXT;
}

OP(lvsr)
{
	VR(op->t).q = consecutive(16 - ((unsigned)EA_X() & 15));
	NEXT;
}

/* Data streams: hints that nobody follows any more. Without a base register: invalid. */
static const struct op *start_stream(struct cpu *cpu, const struct op *op)
{
	if (!field(op->insn, 11, 15))
		return cpu_raise_program(cpu, op, SRR1_PROG_ILLEGAL);
	NEXT;
}

OP(dst)
{
	return start_stream(cpu, op);
}

OP(dstst)
{
	return start_stream(cpu, op);
}

OP(dss)
{
	NEXT;
}

/* VSCR is in the last word. Its reserved bits keep what is written, as they may. */
OP(mfvscr)
{
	VR(op->t).q = cpu->vscr;
	NEXT;
}

OP(mtvscr)
{
	cpu->vscr = VSR_W(VR(op->b), 3);
	NEXT;
}
