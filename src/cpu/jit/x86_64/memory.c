/* SPDX-License-Identifier: Apache-2.0 */
/* Storage, by the first translation cache. What it lacks is left to the instruction's function. */
#include "cpu/jit/x86_64/tr.h"
#include "cpu/mmu/mem.h"

_Static_assert(sizeof(struct tlb_entry) == 32, "look_up() shifts by it");

/* rcx = host address - effective address, which is in @ea. */
static void look_up(struct tr *t, int ea, unsigned bytes, bool store)
{
	struct x86 *x = &t->x;

	x86_mov(x, RCX, ea);
	x86_shift(x, X_W, SH_SHR, RCX, CPU_PAGE_SHIFT - 5);
	x86_group1(x, 0, G_AND, RCX, (TLB_ENTRIES - 1) << 5);
	x86_rm(x, X_ADD | X_W, RCX, CPU_AT(dtlb));
	if (bytes > 1)
		x86_rm(x, X_LEA, RDX, X86_AT(ea, (s32)bytes - 1));
	else
		x86_mov(x, RDX, ea);
	x86_group1(x, X_W, G_AND, RDX, (s32)CPU_PAGE_MASK);
	x86_rm(x, X_OR | X_W, RDX, CPU_AT(tlb_gen));
	x86_rm(x, X_CMP | X_W, RDX,
	       X86_AT(RCX, store ? offsetof(struct tlb_entry, tag_write)
				 : offsetof(struct tlb_entry, tag_read)));
	exit_function_if(t, CC_NE);
	x86_rm(x, X_LOAD | X_W, RCX, X86_AT(RCX, offsetof(struct tlb_entry, addend)));
}

static void swap_bytes(struct tr *t, int reg, unsigned bytes)
{
	if (bytes == 2)
		x86_shift(&t->x, X_P66, SH_ROL, reg, 8);
	else if (bytes > 2)
		x86_bswap(&t->x, bytes == 8 ? X_W : 0, reg);
}

static void load(struct tr *t, int reg, struct x86_mem m, struct b_access access)
{
	bool swap = t->swap != access.reversed && access.bytes > 1;
	bool sign = access.is_signed && !swap;
	struct x86 *x = &t->x;

	switch (access.bytes) {
	case 1:
		x86_rm(x, X_MOVZX8, reg, m);
		break;
	case 2:
		x86_rm(x, sign ? X_MOVSX16 | X_W : X_MOVZX16, reg, m);
		break;
	case 4:
		x86_rm(x, sign ? X_MOVSXD : X_LOAD, reg, m);
		break;
	default:
		x86_rm(x, X_LOAD | X_W, reg, m);
	}
	if (!swap)
		return;
	swap_bytes(t, reg, access.bytes);
	if (access.is_signed)
		x86_rr(x, access.bytes == 2 ? X_MOVSX16 | X_W : X_MOVSXD, reg, reg);
}

val b_load(struct tr *t, val ea, struct b_access access)
{
	int r = regs_take(t), e = regs_value(t, ea);

	look_up(t, e, access.bytes, false);
	load(t, r, X86_INDEX(RCX, e), access);
	return (val){(s8)r, 0};
}

static void store(struct tr *t, int reg, struct x86_mem m, unsigned bytes)
{
	static const u32 op[] = {
	    [1] = X_STORE8, [2] = X_STORE16, [4] = X_STORE, [8] = X_STORE | X_W};

	x86_rm(&t->x, op[bytes], reg, m);
}

void b_store(struct tr *t, val ea, val v, struct b_access access)
{
	int r = regs_value(t, v), e = regs_value(t, ea);

	look_up(t, e, access.bytes, true);
	if (t->swap != access.reversed && access.bytes > 1) {
		x86_mov(&t->x, RDX, r);
		swap_bytes(t, RDX, access.bytes);
		r = RDX;
	}
	store(t, r, X86_INDEX(RCX, e), access.bytes);
}

/* Power's doubleword @i of a vector-scalar register. */
static struct x86_mem vsr_half(unsigned vsr, unsigned i)
{
	return CPU_OFFSET(offsetof(struct cpu, vsr) + vsr * sizeof(union vsr) + (1 - i) * 8);
}

static void move_half(struct tr *t, struct x86_mem to, struct x86_mem from)
{
	x86_rm(&t->x, X_LOAD | X_W, RDX, from);
	if (t->swap)
		x86_bswap(&t->x, X_W, RDX);
	x86_rm(&t->x, X_STORE | X_W, RDX, to);
}

#define X_MOVUPS_LD 0x0f10u
#define X_MOVUPS_ST 0x0f11u
#define X_PSHUFD    (0x0f70u | X_P66)

/* Two halves in memory's order, which are one number's the other way round. */
static void swap_halves(struct tr *t)
{
	x86_rr(&t->x, X_PSHUFD, 0, 0);
	x86_byte(&t->x, 0x4e);
}

void b_load_vsr(struct tr *t, val ea, unsigned vsr, enum b_vsr kind)
{
	int e = regs_value(t, ea);
	struct x86_mem m = X86_INDEX(RCX, e), rest = m;

	look_up(t, e, kind >= B_VSR_PAIR ? 16 : 8, false);
	if (kind >= B_VSR_PAIR && !t->swap) {
		x86_rm(&t->x, X_MOVUPS_LD, 0, m);
		if (kind == B_VSR_PAIR)
			swap_halves(t);
		x86_rm(&t->x, X_MOVUPS_ST, 0, vsr_half(vsr, 1));
		return;
	}
	move_half(t, vsr_half(vsr, 0), m);
	rest.disp = 8;
	if (kind >= B_VSR_PAIR)
		move_half(t, vsr_half(vsr, 1), rest);
	else if (kind == B_VSR_FPR)
		x86_group1_m(&t->x, X_W, G_AND, vsr_half(vsr, 1), 0);
}

void b_store_vsr(struct tr *t, val ea, unsigned vsr, enum b_vsr kind)
{
	int e = regs_value(t, ea);
	struct x86_mem m = X86_INDEX(RCX, e), rest = m;

	look_up(t, e, kind >= B_VSR_PAIR ? 16 : 8, true);
	if (kind >= B_VSR_PAIR && !t->swap) {
		x86_rm(&t->x, X_MOVUPS_LD, 0, vsr_half(vsr, 1));
		if (kind == B_VSR_PAIR)
			swap_halves(t);
		x86_rm(&t->x, X_MOVUPS_ST, 0, m);
		return;
	}
	move_half(t, m, vsr_half(vsr, 0));
	rest.disp = 8;
	if (kind >= B_VSR_PAIR)
		move_half(t, rest, vsr_half(vsr, 1));
}

val b_vsr_doubleword(struct tr *t, unsigned vsr)
{
	int r = regs_take(t);

	x86_rm(&t->x, X_LOAD | X_W, r, vsr_half(vsr, 0));
	return (val){(s8)r, 0};
}

void b_set_vsr_doubleword(struct tr *t, unsigned vsr, val v)
{
	x86_rm(&t->x, X_STORE | X_W, regs_value(t, v), vsr_half(vsr, 0));
}

/* The host keeps all in order but loads after earlier stores. */
void b_fence(struct tr *t, enum b_fence fence)
{
	static const u8 locked[] = {0xf0, 0x83, 0x0c, 0x24, 0x00}; /* lock or dword [rsp], 0 */

	for (unsigned i = 0; fence == B_FENCE_FULL && i < sizeof(locked); i++)
		x86_byte(&t->x, locked[i]);
}
