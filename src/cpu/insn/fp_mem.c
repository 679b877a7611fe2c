/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Floating-point loads and stores: ISA 2.07 Book I 4.6.2 to 4.6.4. As in mem.c an access that
 * the translation cache has needs no stack, and all others are kept out of its way.
 */
#include "base/racy.h"
#include "cpu/insn/fp.h"
#include "cpu/insn/access.h"

/* What an update form does before and after its access. */
#define NO_CHECK
#define NO_UPDATE
#define CHECK                                                                                      \
	if (unlikely(op->a == 0))                                                                  \
		return cpu_raise_program(cpu, op, SRR1_PROG_ILLEGAL);
#define UPDATE cpu->gpr[op->a] = ea;

#define FP_LOAD(name, bits, convert, ea_expr, check, update)                                       \
	SLOW name##_slow(struct cpu *cpu, const struct op *op, u64 ea)                             \
	{                                                                                          \
		{                                                                                  \
			u##bits v;                                                                 \
                                                                                                   \
			if (!mem_read_slow(cpu, op, ea, &v, bits / 8))                             \
				STOP;                                                              \
			if (cpu->swap)                                                             \
				v = SWAP_##bits(v);                                                \
			set_fpr(cpu, op->t, convert(v));                                           \
			update                                                                     \
		}                                                                                  \
		NEXT;                                                                              \
	}                                                                                          \
	OP(name)                                                                                   \
	{                                                                                          \
		u64 ea = (ea_expr);                                                                \
		const void *host = tlb_find(cpu, ea, bits / 8, false);                             \
		u##bits v;                                                                         \
                                                                                                   \
		check if (unlikely(!host)) return name##_slow(cpu, op, ea);                        \
		racy_copy_bytes(&v, host, bits / 8);                                               \
		if (cpu->swap)                                                                     \
			v = SWAP_##bits(v);                                                        \
		set_fpr(cpu, op->t, convert(v));                                                   \
		update NEXT;                                                                       \
	}

#define FP_STORE(name, bits, convert, ea_expr, check, update)                                      \
	SLOW name##_slow(struct cpu *cpu, const struct op *op, u64 ea)                             \
	{                                                                                          \
		{                                                                                  \
			u##bits v = convert(FRS);                                                  \
                                                                                                   \
			if (cpu->swap)                                                             \
				v = SWAP_##bits(v);                                                \
			if (!mem_write_slow(cpu, op, ea, &v, bits / 8))                            \
				STOP;                                                              \
			update                                                                     \
		}                                                                                  \
		NEXT;                                                                              \
	}                                                                                          \
	OP(name)                                                                                   \
	{                                                                                          \
		u64 ea = (ea_expr);                                                                \
		void *host = tlb_find(cpu, ea, bits / 8, true);                                    \
		u##bits v = convert(FRS);                                                          \
                                                                                                   \
		check if (unlikely(!host)) return name##_slow(cpu, op, ea);                        \
		if (cpu->swap)                                                                     \
			v = SWAP_##bits(v);                                                        \
		racy_copy_bytes(host, &v, bits / 8);                                               \
		update NEXT;                                                                       \
	}

#define LOW_WORD(v) ((u32)(v))

/* Displacement and indexed, both with and without update. */
#define FP_FORMS(kind, name, bits, convert)                                                        \
	kind(name, bits, convert, EA_D(), NO_CHECK, NO_UPDATE)                                     \
	    kind(name##u, bits, convert, EA_D(), CHECK, UPDATE)                                    \
		kind(name##x, bits, convert, EA_X(), NO_CHECK, NO_UPDATE)                          \
		    kind(name##ux, bits, convert, EA_X(), CHECK, UPDATE)

FP_FORMS(FP_LOAD, lfs, 32, fpu_load_single)
FP_FORMS(FP_LOAD, lfd, 64, AS_IS)
FP_FORMS(FP_STORE, stfs, 32, fpu_store_single)
FP_FORMS(FP_STORE, stfd, 64, AS_IS)
FP_LOAD(lfiwax, 32, FROM_S32, EA_X(), NO_CHECK, NO_UPDATE)
FP_LOAD(lfiwzx, 32, AS_IS, EA_X(), NO_CHECK, NO_UPDATE)
FP_STORE(stfiwx, 32, LOW_WORD, EA_X(), NO_CHECK, NO_UPDATE)

/* Pairs: the even register's doubleword has the lower address in both byte orders. */
static const struct op *load_pair(struct cpu *cpu, const struct op *op, u64 ea)
{
	u64 first, second;

	if (!mem_read_64(cpu, op, ea, &first) ||
	    !mem_read_64(cpu, op, (ea + 8) & cpu->ea_mask, &second))
		STOP;
	set_fpr(cpu, op->t, first);
	set_fpr(cpu, op->t + 1u, second);
	NEXT;
}

static const struct op *store_pair(struct cpu *cpu, const struct op *op, u64 ea)
{
	u64 second = (ea + 8) & cpu->ea_mask;

	if (!mem_probe_write(cpu, op, second, 8) || !mem_write_64(cpu, op, ea, FRS) ||
	    !mem_write_64(cpu, op, second, VSR_D(cpu->vsr[op->t + 1], 0)))
		STOP;
	NEXT;
}

OP(lfdp)
{
	return load_pair(cpu, op, EA_D());
}

OP(lfdpx)
{
	return load_pair(cpu, op, EA_X());
}

OP(stfdp)
{
	return store_pair(cpu, op, EA_D());
}

OP(stfdpx)
{
	return store_pair(cpu, op, EA_X());
}
