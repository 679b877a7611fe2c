/* SPDX-License-Identifier: Apache-2.0 */
/* Storage, by the first translation cache. What it lacks is left to the instruction's function. */
#include "cpu/jit/x86_64/tr.h"
#include "cpu/mmu/mem.h"

_Static_assert(sizeof(struct tlb_entry) == 32, "look_up() shifts by it");

void look_up_entry(struct tr *t, int ea, unsigned bytes, bool store)
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
}

void look_up(struct tr *t, int ea, unsigned bytes, bool store)
{
	look_up_entry(t, ea, bytes, store);
	x86_rm(&t->x, X_LOAD | X_W, RCX, X86_AT(RCX, offsetof(struct tlb_entry, addend)));
}

void swap_bytes(struct tr *t, int reg, unsigned bytes)
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

/* The host keeps all in order but loads after earlier stores. */
void b_fence(struct tr *t, enum b_fence fence)
{
	static const u8 locked[] = {0xf0, 0x83, 0x0c, 0x24, 0x00}; /* lock or dword [rsp], 0 */

	for (unsigned i = 0; fence == B_FENCE_FULL && i < sizeof(locked); i++)
		x86_byte(&t->x, locked[i]);
}
