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

#define LOAD(name, bits, convert, ea_expr, check, update)                                          \
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
		const struct tlb_entry *e = tlb_find(cpu, ea, bits / 8, false);                    \
		u##bits v;                                                                         \
                                                                                                   \
		check;                                                                             \
		if (unlikely(!e))                                                                  \
			return name##_slow(cpu, op, ea);                                           \
		racy_copy_bytes(&v, (const void *)(uintptr_t)(ea + e->addend), bits / 8);          \
		if (cpu->swap)                                                                     \
			v = SWAP_##bits(v);                                                        \
		cpu->gpr[op->t] = convert(v);                                                      \
		update;                                                                            \
		NEXT;                                                                              \
	}

#define STORE(name, bits, convert, ea_expr, check, update)                                         \
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
		const struct tlb_entry *e = tlb_find(cpu, ea, bits / 8, true);                     \
		u##bits v = convert((u##bits)RS);                                                  \
                                                                                                   \
		check;                                                                             \
		if (unlikely(!e))                                                                  \
			return name##_slow(cpu, op, ea);                                           \
		if (cpu->swap)                                                                     \
			v = SWAP_##bits(v);                                                        \
		racy_copy_bytes((void *)(uintptr_t)(ea + e->addend), &v, bits / 8);                \
		update;                                                                            \
		NEXT;                                                                              \
	}

#define LOAD_FORMS(name, bits, convert)                                                            \
	LOAD(name, bits, convert, EA_D(), NO_CHECK, NO_UPDATE)                                     \
	LOAD(name##u, bits, convert, EA_D(), CHECK_LOAD, UPDATE)                                   \
	LOAD(name##x, bits, convert, EA_X(), NO_CHECK, NO_UPDATE)                                  \
	LOAD(name##ux, bits, convert, EA_X(), CHECK_LOAD, UPDATE)

#define STORE_FORMS(name, bits)                                                                    \
	STORE(name, bits, AS_IS, EA_D(), NO_CHECK, NO_UPDATE)                                      \
	STORE(name##u, bits, AS_IS, EA_D(), CHECK_STORE, UPDATE)                                   \
	STORE(name##x, bits, AS_IS, EA_X(), NO_CHECK, NO_UPDATE)                                   \
	STORE(name##ux, bits, AS_IS, EA_X(), CHECK_STORE, UPDATE)

LOAD_FORMS(lbz, 8, AS_IS)
LOAD_FORMS(lhz, 16, AS_IS)
LOAD_FORMS(lha, 16, FROM_S16)
LOAD_FORMS(lwz, 32, AS_IS)
LOAD(lwa, 32, FROM_S32, EA_D(), NO_CHECK, NO_UPDATE)
LOAD(lwax, 32, FROM_S32, EA_X(), NO_CHECK, NO_UPDATE)
LOAD(lwaux, 32, FROM_S32, EA_X(), CHECK_LOAD, UPDATE)
LOAD_FORMS(ld, 64, AS_IS)
STORE_FORMS(stb, 8)
STORE_FORMS(sth, 16)
STORE_FORMS(stw, 32)
STORE_FORMS(std, 64)

#define BYTE_REVERSED(size, bits)                                                                  \
	LOAD(l##size##brx, bits, SWAP_##bits, EA_X(), NO_CHECK, NO_UPDATE)                         \
	STORE(st##size##brx, bits, SWAP_##bits, EA_X(), NO_CHECK, NO_UPDATE)

BYTE_REVERSED(h, 16)
BYTE_REVERSED(w, 32)
BYTE_REVERSED(d, 64)
