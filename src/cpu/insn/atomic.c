/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reservations, and quadword accesses.
 *
 * A reservation is the guest real address, the length and the value that was read; the conditional
 * store is the host's compare-and-swap against that value. A location that was changed and changed
 * back in between is not noticed, which no program of load-and-reserve and store-conditional that
 * works on values can tell.
 */
#include "base/racy.h"
#include "cpu/insn/op.h"
#include "cpu/insn/forms.h"
#include "cpu/mmu/mem.h"

#define NO_RESERVATION (~0ull)

#define OUT_OF_ORDER(v) (v)
#define LOAD_RESERVE(name, bits, swap_fn)                                                          \
	OP(name)                                                                                   \
	{                                                                                          \
		u64 ea = EA_X();                                                                   \
                                                                                                   \
		if (unlikely(ea & (bits / 8 - 1)))                                                 \
			return cpu_raise_alignment(cpu, op, ea);                                   \
		{                                                                                  \
			u64 gpa;                                                                   \
			const u##bits *p = mem_atomic_ptr(cpu, op, ea, bits / 8, false, &gpa);     \
			u##bits v;                                                                 \
                                                                                                   \
			if (unlikely(!p))                                                          \
				STOP;                                                              \
			v = __atomic_load_n(p, __ATOMIC_ACQUIRE);                                  \
			cpu->reserve_gpa = gpa;                                                    \
			cpu->reserve_size = bits / 8;                                              \
			cpu->reserve_value[0] = v;                                                 \
			cpu->gpr[op->t] = cpu->swap ? swap_fn(v) : v;                              \
		}                                                                                  \
		NEXT;                                                                              \
	}

LOAD_RESERVE(lbarx, 8, OUT_OF_ORDER)
LOAD_RESERVE(lharx, 16, __builtin_bswap16)
LOAD_RESERVE(lwarx, 32, __builtin_bswap32)
LOAD_RESERVE(ldarx, 64, __builtin_bswap64)

/* Takes the reservation, if it is that of these bytes; there is none afterwards. */
static inline bool take_reservation(struct cpu *cpu, u64 gpa, unsigned size)
{
	bool held = cpu->reserve_gpa == gpa && cpu->reserve_size == size;

	cpu->reserve_gpa = NO_RESERVATION;
	return held;
}

#define STORE_CONDITIONAL(name, bits, swap_fn)                                                     \
	OP(name)                                                                                   \
	{                                                                                          \
		u64 ea = EA_X();                                                                   \
                                                                                                   \
		if (unlikely(ea & (bits / 8 - 1)))                                                 \
			return cpu_raise_alignment(cpu, op, ea);                                   \
		if (cpu->reserve_gpa == NO_RESERVATION) {                                          \
			cpu->cr[0] = cpu->so;                                                      \
			NEXT;                                                                      \
		}                                                                                  \
		{                                                                                  \
			u64 gpa;                                                                   \
			u##bits *p = mem_atomic_ptr(cpu, op, ea, bits / 8, true, &gpa);            \
			u##bits expected = (u##bits)cpu->reserve_value[0];                         \
			u##bits v = (u##bits)RS;                                                   \
			bool done;                                                                 \
                                                                                                   \
			if (unlikely(!p))                                                          \
				STOP;                                                              \
			if (cpu->swap)                                                             \
				v = swap_fn(v);                                                    \
			done = take_reservation(cpu, gpa, bits / 8) &&                             \
			       __atomic_compare_exchange_n(p, &expected, v, false,                 \
							   __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);    \
			cpu->cr[0] = (done ? 2 : 0) | cpu->so;                                     \
		}                                                                                  \
		NEXT;                                                                              \
	}

STORE_CONDITIONAL(stbcx, 8, OUT_OF_ORDER)
STORE_CONDITIONAL(sthcx, 16, __builtin_bswap16)
STORE_CONDITIONAL(stwcx, 32, __builtin_bswap32)
STORE_CONDITIONAL(stdcx, 64, __builtin_bswap64)

/* Quadwords: 16 bytes at one time, when they are aligned. */
union quad {
	u128 q;
	u64 half[2]; /* in address order */
};

#if defined(__x86_64__)
#define QUAD_FN __attribute__((target("cx16")))
#elif defined(__GCC_HAVE_SYNC_COMPARE_AND_SWAP_16)
#define QUAD_FN
#else
#define QUAD_BY_LOCK 1
#define QUAD_FN
#endif

#ifdef QUAD_BY_LOCK
static bool quad_lock;

static bool quad_swap(union quad *p, union quad expected, union quad v)
{
	bool same;

	while (__atomic_test_and_set(&quad_lock, __ATOMIC_ACQUIRE))
		;
	same = p->half[0] == expected.half[0] && p->half[1] == expected.half[1];
	if (same)
		*p = v;
	__atomic_clear(&quad_lock, __ATOMIC_RELEASE);
	return same;
}
#else
static QUAD_FN bool quad_swap(union quad *p, union quad expected, union quad v)
{
	return __sync_bool_compare_and_swap(&p->q, expected.q, v.q);
}
#endif

static void quad_store(union quad *p, union quad v)
{
	union quad old;

	do {
		old.half[0] = __atomic_load_n(&p->half[0], __ATOMIC_RELAXED);
		old.half[1] = __atomic_load_n(&p->half[1], __ATOMIC_RELAXED);
	} while (!quad_swap(p, old, v));
}

#if defined(__x86_64__)
/*
 * Aligned vector loads are atomic on every processor that has AVX, and on the others that matter.
 */
RACY_FN union quad quad_load(const union quad *p)
{
	typedef u64 pair __attribute__((vector_size(16)));
	pair both = *(const volatile pair *)p;

	return (union quad){.half = {both[0], both[1]}};
}
#else
/* Nothing changed the first half while the second was read. */
static union quad quad_load(const union quad *p)
{
	union quad v;
	u64 again = __atomic_load_n(&p->half[0], __ATOMIC_ACQUIRE);

	do {
		v.half[0] = again;
		v.half[1] = __atomic_load_n(&p->half[1], __ATOMIC_ACQUIRE);
		again = __atomic_load_n(&p->half[0], __ATOMIC_ACQUIRE);
	} while (again != v.half[0]);
	return v;
}
#endif

/* Registers RTp (the high half) and RTp + 1, and the quadword's bytes: a change of byte order
 * changes the halves as well. */
static inline void quad_to_gprs(struct cpu *cpu, const struct op *op, union quad v)
{
	cpu->gpr[op->t] = cpu->big	 ? be64(v.half[0])
			  : BASE_HOST_LE ? v.half[1]
					 : __builtin_bswap64(v.half[1]);
	cpu->gpr[op->t + 1] = cpu->big	     ? be64(v.half[1])
			      : BASE_HOST_LE ? v.half[0]
					     : __builtin_bswap64(v.half[0]);
}

static inline union quad quad_from_gprs(struct cpu *cpu, const struct op *op)
{
	u64 high = cpu->gpr[op->t], low = cpu->gpr[op->t + 1];

	if (cpu->swap) {
		high = __builtin_bswap64(high);
		low = __builtin_bswap64(low);
	}
	return cpu->big ? (union quad){.half = {high, low}} : (union quad){.half = {low, high}};
}

/* A quadword's registers are an even one and the next. */
static inline bool pair_ok(const struct op *op)
{
	return !(op->t & 1);
}

/* Loading a quadword over RA is no valid form, not even when RA is 0 and means no register. */
static inline bool loads_over_base(const struct op *op)
{
	return op->t == field(op->insn, 11, 15);
}

static inline const struct op *quad_denied(struct cpu *cpu, const struct op *op, u64 ea)
{
	if (cpu->msr & MSR_PR)
		return cpu_raise_program(cpu, op, SRR1_PROG_PRIV);
	return cpu_raise_alignment(cpu, op, ea);
}

/* Before ISA 2.07 these are for supervisors in big-endian mode. */
static inline bool quad_allowed(const struct cpu *cpu)
{
	return cpu->model->level >= ISA_207 || (!(cpu->msr & MSR_PR) && cpu->big);
}

OP(lq)
{
	u64 ea = (cpu->gpr[op->a] + (u64)(s64)(op->imm & ~15)) & cpu->ea_mask;

	if (unlikely(!quad_allowed(cpu)))
		return quad_denied(cpu, op, ea);
	if (unlikely(!pair_ok(op) || loads_over_base(op)))
		return cpu_raise_program(cpu, op, SRR1_PROG_ILLEGAL);
	{
		union quad v;

		if (ea & 15) {
			if (!mem_read_bytes(cpu, op, ea, &v, sizeof(v)))
				STOP;
		} else {
			u64 gpa;
			const union quad *p = mem_atomic_ptr(cpu, op, ea, sizeof(v), false, &gpa);

			if (!p)
				STOP;
			v = quad_load(p);
		}
		quad_to_gprs(cpu, op, v);
	}
	NEXT;
}

OP(stq)
{
	u64 ea = EA_D();

	if (unlikely(!quad_allowed(cpu)))
		return quad_denied(cpu, op, ea);
	if (unlikely(!pair_ok(op)))
		return cpu_raise_program(cpu, op, SRR1_PROG_ILLEGAL);
	{
		union quad v = quad_from_gprs(cpu, op);

		if (ea & 15) {
			if (!mem_write_bytes(cpu, op, ea, &v, sizeof(v)))
				STOP;
		} else {
			u64 gpa;
			union quad *p = mem_atomic_ptr(cpu, op, ea, sizeof(v), true, &gpa);

			if (!p)
				STOP;
			quad_store(p, v);
		}
	}
	NEXT;
}

OP(lqarx)
{
	u64 ea = EA_X();

	if (unlikely(!pair_ok(op) || loads_over_base(op) || op->b == op->t))
		return cpu_raise_program(cpu, op, SRR1_PROG_ILLEGAL);
	if (unlikely(ea & 15))
		return cpu_raise_alignment(cpu, op, ea);
	{
		u64 gpa;
		const union quad *p = mem_atomic_ptr(cpu, op, ea, sizeof(*p), false, &gpa);
		union quad v;

		if (!p)
			STOP;
		v = quad_load(p);
		cpu->reserve_gpa = gpa;
		cpu->reserve_size = sizeof(v);
		cpu->reserve_value[0] = v.half[0];
		cpu->reserve_value[1] = v.half[1];
		quad_to_gprs(cpu, op, v);
	}
	NEXT;
}

OP(stqcx)
{
	u64 ea = EA_X();

	if (unlikely(!pair_ok(op)))
		return cpu_raise_program(cpu, op, SRR1_PROG_ILLEGAL);
	if (unlikely(ea & 15))
		return cpu_raise_alignment(cpu, op, ea);
	if (cpu->reserve_gpa == NO_RESERVATION) {
		cpu->cr[0] = cpu->so;
		NEXT;
	}
	{
		u64 gpa;
		union quad *p = mem_atomic_ptr(cpu, op, ea, sizeof(*p), true, &gpa);
		union quad expected = {.half = {cpu->reserve_value[0], cpu->reserve_value[1]}};
		bool done;

		if (!p)
			STOP;
		done = take_reservation(cpu, gpa, sizeof(*p)) &&
		       quad_swap(p, expected, quad_from_gprs(cpu, op));
		cpu->cr[0] = (done ? 2 : 0) | cpu->so;
	}
	NEXT;
}
