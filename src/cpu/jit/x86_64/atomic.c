/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reservations, as insn/atomic.c keeps them: guest real address, length, and the value as it was in
 * memory; the conditional store is the host's compare-and-swap against that value. The functions
 * find the same in struct cpu, so one of a pair may be translated and the other called.
 *
 * A load: aligned, and the page may be read by the first translation cache, or the function does
 * it. One load, which is atomic and which no later access passes; address, length and value are
 * stored.
 *
 * A store: aligned, and the page may be written without asking (no code on it, marked in the dirty
 * log), or the function does it. Address and length are the reservation's, or nothing is stored;
 * lock cmpxchg; there is no reservation afterwards, whatever came of it.
 *
 * What another thread says of the page in between (its entry goes, it is to be logged again) waits
 * for the end of the block, as with all other stores.
 */
#include "cpu/jit/x86_64/tr.h"
#include "cpu/mmu/mem.h"

/* The host's forms by size. */
static u32 sized(u32 byte, u32 other, unsigned bytes)
{
	switch (bytes) {
	case 1:
		return byte | X_BYTE;
	case 2:
		return other | X_P66;
	case 4:
		return other;
	default:
		return other | X_W;
	}
}

/* Of @bytes at @e; rdx = its guest real address, rcx = host address - effective address. */
static void find(struct tr *t, int e, unsigned bytes, bool store)
{
	struct x86 *x = &t->x;

	if (bytes > 1) {
		x86_test_imm(x, e, bytes - 1);
		exit_function_if(t, CC_NE);
	}
	look_up_slot(t, e, bytes, store);
	x86_rr(x, X_LOAD, RDX, e);
	x86_group1(x, 0, G_AND, RDX, (1 << unit_shift(t)) - 1);
	x86_rm(x, X_OR | X_W, RDX, tlb_field(t, offsetof(struct tlb_entry, gpa)));
	x86_rm(x, X_LOAD | X_W, RCX, tlb_field(t, offsetof(struct tlb_entry, addend)));
}

static void store_constant(struct x86 *x, u32 wide, struct x86_mem m, s32 k)
{
	x86_rm(x, 0xc7 | wide, 0, m);
	x86_imm32(x, (u32)k);
}

val b_load_reserve(struct tr *t, val ea, unsigned bytes)
{
	int r = regs_take(t), e = regs_value(t, ea);
	struct x86 *x = &t->x;

	find(t, e, bytes, false);
	x86_rm(x,
	       bytes > 2    ? sized(0, X_LOAD, bytes)
	       : bytes == 2 ? X_MOVZX16
			    : X_MOVZX8,
	       r, X86_INDEX(RCX, e));
	x86_rm(x, X_STORE | X_W, RDX, CPU_AT(reserve_gpa));
	store_constant(x, 0, CPU_AT(reserve_size), (s32)bytes);
	x86_rm(x, X_STORE | X_W, r, CPU_AT(reserve_value));
	if (t->swap)
		swap_bytes(t, r, bytes);
	return (val){(s8)r, 0};
}

#define LOCK_PREFIX 0xf0

/* CR0 is EQ if the host's flags are, and SO. */
static void set_cr0(struct tr *t)
{
	struct x86 *x = &t->x;

	x86_rr(x, X_SETCC(CC_E), 0, RAX);
	x86_rr(x, X_ADD, RAX, RAX);
	x86_rm(x, 0x0a | X_BYTE, RAX, CPU_AT(so)); /* or al, so */
	x86_rm(x, X_STORE8, RAX, CPU_AT(cr));
	state_drop_cr(t, 0);
}

void b_store_conditional(struct tr *t, val ea, val v, unsigned bytes)
{
	int r = regs_value(t, v), e = regs_value(t, ea);
	struct x86 *x = &t->x;
	u8 *other[2];

	find(t, e, bytes, true);
	x86_rm(x, X_CMP | X_W, RDX, CPU_AT(reserve_gpa));
	other[0] = x86_jcc(x, CC_NE);
	x86_group1_m(x, 0, G_CMP, CPU_AT(reserve_size), (s32)bytes);
	other[1] = x86_jcc(x, CC_NE);
	x86_rm(x, X_LOAD | X_W, RAX, CPU_AT(reserve_value));
	x86_mov(x, RDX, r);
	if (t->swap)
		swap_bytes(t, RDX, bytes);
	x86_byte(x, LOCK_PREFIX);
	x86_rm(x, sized(0x0fb0, 0x0fb1, bytes), RDX, X86_INDEX(RCX, e)); /* cmpxchg */
	x86_land(x, other[0]);
	x86_land(x, other[1]);
	store_constant(x, X_W, CPU_AT(reserve_gpa), -1);
	set_cr0(t);
}
