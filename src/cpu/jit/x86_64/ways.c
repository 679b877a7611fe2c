/* SPDX-License-Identifier: Apache-2.0 */
/* From one translation to the next. */
#include "cpu/mmu/jumps.h"
#include "cpu/mmu/mem.h"
#include "cpu/jit/x86_64/jit.h"

/* @reg = the address at @distance from the block's start, which in 32-bit mode may be beyond the
 * last one. */
static void load_address(struct tr *t, int reg, s32 distance)
{
	x86_rm(&t->x, tr_is_narrow(t) ? X_LEA & ~X_W : X_LEA, reg, X86_AT(R_NIP, distance));
}

val b_cia(struct tr *t, s32 distance)
{
	int r = regs_take(t);

	load_address(t, r, trace_here(t) + distance);
	return (val){(s8)r, 0};
}

/* Where a site's jump leads at first, and misses: rsi = the site, to thunk leave. Seldom gone. */
static const u8 *stub(struct tr *t, const struct site *site)
{
	struct x86 x = {t->jit->write + t->seldom.at};
	const u8 *at = x.at;

	x86_rip(&x, X_LEA, RSI, (const u8 *)site);
	x86_jmp_to(&x, t->jit->thunks.leave);
	t->seldom.at += (size_t)(x.at - at);
	return at;
}

/*
 * What is at r14, on another page, depends on the translations: the site tells for which address,
 * and as long as which key stands for them.
 */
static void go_off_page(struct tr *t)
{
	struct site *site = jit_new_site(t);
	const u8 *miss = stub(t, site);
	struct x86 *x = &t->x;
	u8 *jump;

	x86_rm(x, X_LOAD | X_W, RAX, CPU_AT(jump_key));
	x86_rip(x, X_CMP | X_W, RAX, (const u8 *)&site->key);
	x86_aim(x86_jcc(x, CC_NE), miss);
	x86_rip(x, X_CMP | X_W, R_NIP, (const u8 *)&site->ea);
	x86_aim(x86_jcc(x, CC_NE), miss);
	jump = x86_jmp(x);
	x86_aim(jump, miss);
	site->jump = (u32)(jump - t->jit->write);
}

/* On the block's page, what is there when this block is valid is always the same. */
void way_at(struct tr *t, s32 distance)
{
	u64 to = t->b->gpa + (u64)(s64)distance;

	load_address(t, R_NIP, distance);
	if ((t->b->gpa ^ to) & CPU_PAGE_MASK)
		go_off_page(t);
	else
		x86_call_to(&t->x, t->jit->thunks.join);
}

void way_by_dispatcher(struct tr *t, s32 distance)
{
	load_address(t, R_NIP, distance);
	x86_jmp_to(&t->x, t->jit->thunks.stop);
}

void b_leave(struct tr *t, s32 distance)
{
	state_store(t, &t->s);
	way_at(t, trace_here(t) + distance);
}

/* By the jump cache: what jump_find() does. */
void way_to(struct tr *t, int to)
{
	const u8 *stop = t->jit->thunks.stop;
	struct x86 *x = &t->x;

	x86_mov(x, R_NIP, to);
	x86_group1(x, X_W, G_AND, R_NIP, ~3);
	x86_rr(x, X_LOAD, RCX, R_NIP);
	x86_group1(x, 0, G_AND, RCX, (JUMP_ENTRIES - 1) << 2);
	x86_rm(x, X_LOAD | X_W, RAX, CPU_AT(jump_key));
	x86_rm(x, X_CMP | X_W, R_NIP, jump_field(offsetof(struct jump, ea)));
	x86_aim(x86_jcc(x, CC_NE), stop);
	x86_rm(x, X_CMP | X_W, RAX, jump_field(offsetof(struct jump, key)));
	x86_aim(x86_jcc(x, CC_NE), stop);
	x86_jmp_m(x, jump_field(offsetof(struct jump, code)));
}

void b_leave_to(struct tr *t, val target)
{
	int to = regs_value(t, target);

	state_store(t, &t->s);
	way_to(t, to);
}
