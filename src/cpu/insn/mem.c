/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads and stores of one register. Each kind is written once, and has the forms that its rows
 * name: displacement and indexed, both with and without update.
 *
 * These are the instructions that run most, so each is in two parts: one for an address that the
 * translation cache has, which needs no stack, and one for all others, which is kept out of its
 * way.
 */
#include "base/racy.h"
#include "cpu/insn/op.h"
#include "cpu/insn/forms.h"
#include "cpu/insn/access.h"

/* What an update form does before and after its access. */
#define NO_CHECK  ((void)0)
#define NO_UPDATE ((void)0)
#define CHECK(invalid)                                                                             \
	do {                                                                                       \
		if (unlikely(invalid))                                                             \
			return cpu_raise_program(cpu, op, SRR1_PROG_ILLEGAL);                      \
	} while (0)
#define CHECK_LOAD  CHECK(op->a == 0 || op->a == op->t)
#define CHECK_STORE CHECK(op->a == 0)
#define UPDATE	    (cpu->gpr[op->a] = ea)

#define LOAD_IN(name, bits, convert, ea_expr, check, update)                                       \
	SLOW name##_slow(struct cpu *cpu, const struct op *op, u64 ea)                             \
	{                                                                                          \
		{                                                                                  \
			u##bits v;                                                                 \
                                                                                                   \
			if (!mem_read_slow(cpu, op, ea, &v, bits / 8))                             \
				STOP;                                                              \
			if (cpu->swap)                                                             \
				v = SWAP_##bits(v);                                                \
			cpu->gpr[op->t] = convert(v);                                              \
			update;                                                                    \
		}                                                                                  \
		NEXT;                                                                              \
	}                                                                                          \
	OP(name)                                                                                   \
	{                                                                                          \
		u64 ea = (ea_expr);                                                                \
		const void *host = tlb_find(cpu, ea, bits / 8, false);                             \
		u##bits v;                                                                         \
                                                                                                   \
		check;                                                                             \
		if (unlikely(!host))                                                               \
			return name##_slow(cpu, op, ea);                                           \
		racy_copy_bytes(&v, host, bits / 8);                                               \
		if (cpu->swap)                                                                     \
			v = SWAP_##bits(v);                                                        \
		cpu->gpr[op->t] = convert(v);                                                      \
		update;                                                                            \
		NEXT;                                                                              \
	}

#define STORE_IN(name, bits, convert, ea_expr, check, update)                                      \
	SLOW name##_slow(struct cpu *cpu, const struct op *op, u64 ea)                             \
	{                                                                                          \
		{                                                                                  \
			u##bits v = convert((u##bits)RS);                                          \
                                                                                                   \
			if (cpu->swap)                                                             \
				v = SWAP_##bits(v);                                                \
			if (!mem_write_slow(cpu, op, ea, &v, bits / 8))                            \
				STOP;                                                              \
			update;                                                                    \
		}                                                                                  \
		NEXT;                                                                              \
	}                                                                                          \
	OP(name)                                                                                   \
	{                                                                                          \
		u64 ea = (ea_expr);                                                                \
		void *host = tlb_find(cpu, ea, bits / 8, true);                                    \
		u##bits v = convert((u##bits)RS);                                                  \
                                                                                                   \
		check;                                                                             \
		if (unlikely(!host))                                                               \
			return name##_slow(cpu, op, ea);                                           \
		if (cpu->swap)                                                                     \
			v = SWAP_##bits(v);                                                        \
		racy_copy_bytes(host, &v, bits / 8);                                               \
		update;                                                                            \
		NEXT;                                                                              \
	}

/* What is in memory, in the guest's order or reversed, and what comes before it. */
#define VALUE_ZEROS(bits, v)	(v)
#define VALUE_SIGN(bits, v)	FROM_S##bits(v)
#define ORDER_AS_IS(bits, v)	(v)
#define ORDER_REVERSED(bits, v) SWAP_##bits(v)

#define FORM_D(kind, CHECKS, ...)  kind(__VA_ARGS__, EA_D(), NO_CHECK, NO_UPDATE)
#define FORM_X(kind, CHECKS, ...)  kind(__VA_ARGS__, EA_X(), NO_CHECK, NO_UPDATE)
#define FORM_DU(kind, CHECKS, ...) kind(__VA_ARGS__, EA_D(), CHECKS, UPDATE)
#define FORM_XU(kind, CHECKS, ...) kind(__VA_ARGS__, EA_X(), CHECKS, UPDATE)

#define LOAD(name, bits, sign, order, form)                                                        \
	static inline u64 loaded_by_##name(u##bits v)                                              \
	{                                                                                          \
		return VALUE_##sign(bits, ORDER_##order(bits, v));                                 \
	}                                                                                          \
	FORM_##form(LOAD_IN, CHECK_LOAD, name, bits, loaded_by_##name)
#define STORE(name, bits, order, form)                                                             \
	static inline u##bits stored_by_##name(u##bits v)                                          \
	{                                                                                          \
		return ORDER_##order(bits, v);                                                     \
	}                                                                                          \
	FORM_##form(STORE_IN, CHECK_STORE, name, bits, stored_by_##name)

#include "cpu/insn/mem.sem"
