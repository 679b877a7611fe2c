/* SPDX-License-Identifier: Apache-2.0 */
/*
 * VSX loads and stores. All are indexed, take any alignment, and keep the order of elements in
 * either byte order: element 0 is at the lowest address, and only the bytes within an element
 * follow the guest's byte order.
 */
#include "cpu/insn/vsx/vsx.h"
#include "cpu/mmu/mem.h"

/*
 * Scalars go to doubleword 0. Doubleword 1 is undefined by ISA 2.07, and left as it is (as by
 * QEMU's POWER8).
 */
#define LOAD_SCALAR(name, bits, result)                                                            \
	OP(name)                                                                                   \
	{                                                                                          \
		u##bits v;                                                                         \
                                                                                                   \
		if (unlikely(!mem_read_##bits(cpu, op, EA_X(), &v)))                               \
			STOP;                                                                      \
		SD(t) = result;                                                                    \
		NEXT;                                                                              \
	}

LOAD_SCALAR(lxsdx, 64, v)
LOAD_SCALAR(lxsspx, 32, fpu_load_single(v))
LOAD_SCALAR(lxsiwax, 32, (u64)(s32)v)
LOAD_SCALAR(lxsiwzx, 32, v)

#define STORE_SCALAR(name, bits, value)                                                            \
	OP(name)                                                                                   \
	{                                                                                          \
		if (unlikely(!mem_write_##bits(cpu, op, EA_X(), value)))                           \
			STOP;                                                                      \
		NEXT;                                                                              \
	}

STORE_SCALAR(stxsdx, 64, SD(t))
STORE_SCALAR(stxsspx, 32, fpu_store_single(SD(t)))
STORE_SCALAR(stxsiwx, 32, LO32(SD(t)))

/* Two doublewords at @ea. */
static inline bool read_pair(struct cpu *cpu, const struct op *op, u64 ea, u64 *d0, u64 *d1)
{
	return likely(mem_read_64(cpu, op, ea, d0)) &&
	       likely(mem_read_64(cpu, op, (ea + 8) & cpu->ea_mask, d1));
}

/* Where the second doubleword lies on another page than the first, it is asked for before anything
 * is written. */
static inline bool write_pair(struct cpu *cpu, const struct op *op, u64 ea, u64 d0, u64 d1)
{
	u64 second = (ea + 8) & cpu->ea_mask;

	if (unlikely((ea ^ (second + 7)) & CPU_PAGE_MASK) && !mem_probe_write(cpu, op, second, 8))
		return false;
	return likely(mem_write_64(cpu, op, ea, d0)) && likely(mem_write_64(cpu, op, second, d1));
}

OP(lxvd2x)
{
	u64 d0, d1;

	if (unlikely(!read_pair(cpu, op, EA_X(), &d0, &d1)))
		STOP;
	VSR_D(cpu->vsr[op->t], 0) = d0;
	VSR_D(cpu->vsr[op->t], 1) = d1;
	NEXT;
}

/* Word by word: the order of bytes is the guest's within each, and so are accesses to devices. */
OP(lxvw4x)
{
	u64 ea = EA_X();
	u32 w[4];

	for (unsigned i = 0; i < 4; i++)
		if (unlikely(!mem_read_32(cpu, op, (ea + 4 * i) & cpu->ea_mask, &w[i])))
			STOP;
	for (unsigned i = 0; i < 4; i++)
		VSR_W(cpu->vsr[op->t], i) = w[i];
	NEXT;
}

/* One doubleword, to both. */
OP(lxvdsx)
{
	u64 v;

	if (unlikely(!mem_read_64(cpu, op, EA_X(), &v)))
		STOP;
	VSR_D(cpu->vsr[op->t], 0) = v;
	VSR_D(cpu->vsr[op->t], 1) = v;
	NEXT;
}

OP(stxvd2x)
{
	const union vsr *s = &cpu->vsr[op->t];

	if (unlikely(!write_pair(cpu, op, EA_X(), VSR_D(*s, 0), VSR_D(*s, 1))))
		STOP;
	NEXT;
}

OP(stxvw4x)
{
	u64 ea = EA_X();

	if (unlikely((ea ^ (ea + 15)) & CPU_PAGE_MASK) &&
	    !mem_probe_write(cpu, op, (ea + 15) & cpu->ea_mask, 1))
		STOP;
	for (unsigned i = 0; i < 4; i++)
		if (unlikely(!mem_write_32(cpu, op, (ea + 4 * i) & cpu->ea_mask,
					   VSR_W(cpu->vsr[op->t], i))))
			STOP;
	NEXT;
}
