/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads and stores of one register. Each kind is written once, and has the forms that its rows name: D0 (displacement), DU
 * (displacement with update), X0 (indexed), XU (indexed with update).
 *
 * The value that memory is read into lives in a scope of its own, so that the compiler may still make NEXT a jump.
 */
#include "cpu/ops.h"
#include "cpu/insn_forms.h"
#include "cpu/mem.h"

#define ILLEGAL cpu_raise_program(cpu, op, SRR1_PROG_ILLEGAL)

#define LOAD(name, bits, convert, ea)                                                                                 \
	OP(name)                                                                                                       \
	{                                                                                                              \
		{                                                                                                      \
			u##bits v;                                                                                     \
                                                                                                                       \
			if (unlikely(!mem_read_##bits(cpu, op, ea, &v)))                                               \
				STOP;                                                                                  \
			cpu->gpr[op->t] = convert(v);                                                                  \
		}                                                                                                      \
		NEXT;                                                                                                  \
	}

#define LOAD_UPDATE(name, bits, convert, ea_expr)                                                                     \
	OP(name)                                                                                                       \
	{                                                                                                              \
		u64 ea = (ea_expr);                                                                                    \
                                                                                                                       \
		if (unlikely(op->a == 0 || op->a == op->t))                                                            \
			return ILLEGAL;                                                                                \
		{                                                                                                      \
			u##bits v;                                                                                     \
                                                                                                                       \
			if (unlikely(!mem_read_##bits(cpu, op, ea, &v)))                                               \
				STOP;                                                                                  \
			cpu->gpr[op->t] = convert(v);                                                                  \
		}                                                                                                      \
		cpu->gpr[op->a] = ea;                                                                                  \
		NEXT;                                                                                                  \
	}

#define STORE(name, bits, convert, ea)                                                                                \
	OP(name)                                                                                                       \
	{                                                                                                              \
		if (unlikely(!mem_write_##bits(cpu, op, ea, convert((u##bits)RS))))                                    \
			STOP;                                                                                          \
		NEXT;                                                                                                  \
	}

#define STORE_UPDATE(name, bits, ea_expr)                                                                             \
	OP(name)                                                                                                       \
	{                                                                                                              \
		u64 ea = (ea_expr);                                                                                    \
                                                                                                                       \
		if (unlikely(op->a == 0))                                                                              \
			return ILLEGAL;                                                                                \
		if (unlikely(!mem_write_##bits(cpu, op, ea, (u##bits)RS)))                                             \
			STOP;                                                                                          \
		cpu->gpr[op->a] = ea;                                                                                  \
		NEXT;                                                                                                  \
	}

#define AS_IS(v) (v)
#define FROM_S16(v) ((u64)(s64)(s16)(v))
#define FROM_S32(v) ((u64)(s64)(s32)(v))

#define LOAD_FORMS(name, bits, convert)                                                                               \
	LOAD(name, bits, convert, EA_D())                                                                              \
	LOAD_UPDATE(name##u, bits, convert, EA_D())                                                                    \
	LOAD(name##x, bits, convert, EA_X())                                                                           \
	LOAD_UPDATE(name##ux, bits, convert, EA_X())

#define STORE_FORMS(name, bits)                                                                                       \
	STORE(name, bits, AS_IS, EA_D())                                                                               \
	STORE_UPDATE(name##u, bits, EA_D())                                                                            \
	STORE(name##x, bits, AS_IS, EA_X())                                                                            \
	STORE_UPDATE(name##ux, bits, EA_X())

LOAD_FORMS(lbz, 8, AS_IS)
LOAD_FORMS(lhz, 16, AS_IS)
LOAD_FORMS(lha, 16, FROM_S16)
LOAD_FORMS(lwz, 32, AS_IS)
LOAD(lwa, 32, FROM_S32, EA_D())
LOAD(lwax, 32, FROM_S32, EA_X())
LOAD_UPDATE(lwaux, 32, FROM_S32, EA_X())
LOAD_FORMS(ld, 64, AS_IS)
STORE_FORMS(stb, 8)
STORE_FORMS(sth, 16)
STORE_FORMS(stw, 32)
STORE_FORMS(std, 64)

LOAD(lhbrx, 16, __builtin_bswap16, EA_X())
LOAD(lwbrx, 32, __builtin_bswap32, EA_X())
LOAD(ldbrx, 64, __builtin_bswap64, EA_X())
STORE(sthbrx, 16, __builtin_bswap16, EA_X())
STORE(stwbrx, 32, __builtin_bswap32, EA_X())
STORE(stdbrx, 64, __builtin_bswap64, EA_X())
