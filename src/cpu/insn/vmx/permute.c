/* SPDX-License-Identifier: Apache-2.0 */
/* Vector permutation: select, merge, splat, pack and unpack. */
#include "cpu/insn/vmx/vmx.h"

VECTOR_ABC(vsel, q, VECTOR_SELECT(c.q, b.q, a.q))

/* Each byte of the result is the byte of VRA || VRB that the byte of VRC names. */
OP(vperm)
{
	const union vsr_pair ab = vsr_pair(VR(op->a), VR(op->b));
	const union vsr c = VR(op->c);
	union vsr r;

	for (unsigned i = 0; i < 16; i++)
		r.b[i] = PAIR_B(ab, c.b[i] & 31);
	VR(op->t) = r;
	NEXT;
}

/* Exclusive or of the byte of VRA and the byte of VRB that the two halves of VRC's byte name. */
VECTOR_EACH_ABC(vpermxor, 16, r.b[i] = VSR_B(a, c.b[i] >> 4) ^ VSR_B(b, c.b[i] & 15))

/* Sixteen bytes of VRA || VRB from byte SHB on. */
OP(vsldoi)
{
	const u128 a = VR(op->a).q, b = VR(op->b).q;
	unsigned shift = 8 * (op->c & 15);

	VR(op->t).q = shift ? a << shift | b >> (128 - shift) : a;
	NEXT;
}

/* Elements of both operands in turn, starting with element @first of each, @step elements apart. */
#define MERGE(name, count, E, first, step)                                                         \
	OP(name)                                                                                   \
	{                                                                                          \
		const union vsr a = VR(op->a), b = VR(op->b);                                      \
		union vsr r;                                                                       \
                                                                                                   \
		for (unsigned i = 0; i < (count) / 2; i++) {                                       \
			E(r, 2 * i) = E(a, (first) + i * (step));                                  \
			E(r, 2 * i + 1) = E(b, (first) + i * (step));                              \
		}                                                                                  \
		VR(op->t) = r;                                                                     \
		NEXT;                                                                              \
	}

MERGE(vmrghb, 16, VSR_B, 0, 1)
MERGE(vmrghh, 8, VSR_H, 0, 1)
MERGE(vmrghw, 4, VSR_W, 0, 1)
MERGE(vmrglb, 16, VSR_B, 8, 1)
MERGE(vmrglh, 8, VSR_H, 4, 1)
MERGE(vmrglw, 4, VSR_W, 2, 1)
MERGE(vmrgew, 4, VSR_W, 0, 2)
MERGE(vmrgow, 4, VSR_W, 1, 2)

/* One element (by the A field, modulo their number), or a small number, everywhere. */
VECTOR_EACH_B(vspltb, 16, r.b[i] = VSR_B(b, op->a & 15))
VECTOR_EACH_B(vsplth, 8, r.h[i] = VSR_H(b, op->a & 7))
VECTOR_EACH_B(vspltw, 4, r.w[i] = VSR_W(b, op->a & 3))

#define SPLAT_IMMEDIATE(name, count, field)                                                        \
	OP(name)                                                                                   \
	{                                                                                          \
		union vsr r;                                                                       \
                                                                                                   \
		for (unsigned i = 0; i < (count); i++)                                             \
			r.field[i] = (__typeof__(r.field[0]))op->imm;                              \
		VR(op->t) = r;                                                                     \
		NEXT;                                                                              \
	}

SPLAT_IMMEDIATE(vspltisb, 16, sb)
SPLAT_IMMEDIATE(vspltish, 8, sh)
SPLAT_IMMEDIATE(vspltisw, 4, sw)

/*
 * Packing: the elements of VRA, then those of VRB, each made half as wide; @narrow makes element @v
 * fit. FROM names the wide elements, of which a register holds @count.
 */
#define PACK(name, count, TO, FROM, narrow)                                                        \
	OP(name)                                                                                   \
	{                                                                                          \
		const union vsr a = VR(op->a), b = VR(op->b);                                      \
		union vsr r;                                                                       \
                                                                                                   \
		for (unsigned i = 0; i < 2 * (count); i++) {                                       \
			const __typeof__(FROM(a, 0)) v =                                           \
			    i < (count) ? FROM(a, i) : FROM(b, i - (count));                       \
                                                                                                   \
			TO(r, i) = (__typeof__(TO(r, 0)))(narrow);                                 \
		}                                                                                  \
		VR(op->t) = r;                                                                     \
		NEXT;                                                                              \
	}

/* Modulo. */
PACK(vpkuhum, 8, VSR_B, VSR_H, v)
PACK(vpkuwum, 4, VSR_H, VSR_W, v)
PACK(vpkudum, 2, VSR_W, VSR_D, v)

/* Saturating: from unsigned to unsigned, from signed to unsigned, from signed to signed. */
static inline u64 narrow_unsigned(struct cpu *cpu, u64 v, unsigned bits)
{
	u64 max = (1ull << bits) - 1;

	if (likely(v <= max))
		return v;
	cpu->vscr |= VSCR_SAT;
	return max;
}

PACK(vpkuhus, 8, VSR_B, VSR_H, narrow_unsigned(cpu, v, 8))
PACK(vpkuwus, 4, VSR_H, VSR_W, narrow_unsigned(cpu, v, 16))
PACK(vpkudus, 2, VSR_W, VSR_D, narrow_unsigned(cpu, v, 32))
PACK(vpkshus, 8, VSR_B, VSR_SH, saturate_unsigned(cpu, v, 8))
PACK(vpkswus, 4, VSR_H, VSR_SW, saturate_unsigned(cpu, v, 16))
PACK(vpksdus, 2, VSR_W, VSR_SD, saturate_unsigned(cpu, v, 32))
PACK(vpkshss, 8, VSR_SB, VSR_SH, saturate_signed(cpu, v, 8))
PACK(vpkswss, 4, VSR_SH, VSR_SW, saturate_signed(cpu, v, 16))
PACK(vpksdss, 2, VSR_SW, VSR_SD, saturate_signed(cpu, v, 32))

/* A pixel of 8 + 8 + 8 + 8 bits to 1 + 5 + 5 + 5: the last bit, and thrice the first ones. */
static inline u32 pack_pixel(u32 v)
{
	return (v >> 9 & 0xfc00) | (v >> 6 & 0x03e0) | (v >> 3 & 0x001f);
}

PACK(vpkpx, 4, VSR_H, VSR_W, pack_pixel(v))

/* Unpacking: the high (low) half's elements, sign-extended. */
#define UNPACK(high, low, count, TO, FROM)                                                         \
	VECTOR_EACH_B(high, count, TO(r, i) = FROM(b, i))                                          \
	VECTOR_EACH_B(low, count, TO(r, i) = FROM(b, (count) + i))

UNPACK(vupkhsb, vupklsb, 8, VSR_SH, VSR_SB)
UNPACK(vupkhsh, vupklsh, 4, VSR_SW, VSR_SH)
UNPACK(vupkhsw, vupklsw, 2, VSR_SD, VSR_SW)

/* A pixel back: its first bit fills a byte, each colour's five bits are the low ones of theirs. */
static inline u32 unpack_pixel(u32 v)
{
	return (v >> 15 ? 0xff000000 : 0) | (v & 0x7c00) << 6 | (v & 0x03e0) << 3 | (v & 0x001f);
}

VECTOR_EACH_B(vupkhpx, 4, VSR_W(r, i) = unpack_pixel(VSR_H(b, i)))
VECTOR_EACH_B(vupklpx, 4, VSR_W(r, i) = unpack_pixel(VSR_H(b, 4 + i)))
