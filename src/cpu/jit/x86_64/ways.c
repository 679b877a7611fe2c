/* SPDX-License-Identifier: Apache-2.0 */
/* From one translation to the next: jumps, calls, returns. */
#include "cpu/mmu/jumps.h"
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

/* LR, as the current instruction has set it: what a frame of mmu/returns.h begins with. */
static void push_lr(struct tr *t)
{
	if (t->s.at[GUEST_LR] >= 0)
		x86_push(&t->x, t->s.at[GUEST_LR]);
	else
		x86_push_m(&t->x, CPU_AT(lr));
}

/*
 * What is at r14, on another page, depends on the translations: the site tells for which address,
 * and as long as which key stands for them.
 */
static void off_page(struct tr *t, bool calls)
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
	if (calls)
		push_lr(t);
	jump = calls ? x86_call(x) : x86_jmp(x);
	x86_aim(jump, miss);
	site->jump = (u32)(jump - t->jit->write);
}

/*
 * To r14, which is at @distance from the block's start; all was stored. On the block's page, what
 * is there when this block is valid is always the same.
 */
static void go(struct tr *t, s32 distance, bool calls)
{
	if (!trace_on_page(t, distance)) {
		off_page(t, calls);
	} else if (calls) {
		push_lr(t);
		x86_call_to(&t->x, t->jit->thunks.call);
	} else {
		x86_call_to(&t->x, t->jit->thunks.join);
	}
}

void way_at(struct tr *t, s32 distance)
{
	load_address(t, R_NIP, distance);
	go(t, distance, false);
}

void way_by_dispatcher(struct tr *t, s32 distance)
{
	load_address(t, R_NIP, distance);
	x86_jmp_to(&t->x, t->jit->thunks.stop);
}

/* Here the call comes back, to r14. */
static void come_back(struct tr *t)
{
	x86_pop(&t->x, RCX);
	go(t, trace_here(t) + 4, false);
}

/* What is at r14, by the jump cache, as jump_find() finds it: where its code's address is. */
static struct x86_mem in_cache(const struct jit *jit, struct x86 *x)
{
	const u8 *stop = jit->thunks.stop;

	x86_rr(x, X_LOAD, RCX, R_NIP);
	x86_group1(x, 0, G_AND, RCX, (JUMP_ENTRIES - 1) << 2);
	x86_rm(x, X_LOAD | X_W, RAX, CPU_AT(jump_key));
	x86_rm(x, X_CMP | X_W, R_NIP, jump_field(offsetof(struct jump, ea)));
	x86_aim(x86_jcc(x, CC_NE), stop);
	x86_rm(x, X_CMP | X_W, RAX, jump_field(offsetof(struct jump, key)));
	x86_aim(x86_jcc(x, CC_NE), stop);
	return jump_field(offsetof(struct jump, code));
}

/* Back to r14, which the frame on top isn't of. */
static const u8 *other_return(struct tr *t)
{
	struct x86 x = {t->jit->write + t->seldom.at};
	const u8 *at = x.at;

	for (s32 i = 0; i < RETURN_FRAMES_MORE; i++) {
		x86_rm(&x, X_CMP | X_W, R_NIP, X86_AT(RSP, (i + 1) * RETURN_FRAME_BYTES + 8));
		x86_aim(x86_jcc(&x, CC_E), t->jit->thunks.return_behind[i]);
	}
	x86_jmp_m(&x, in_cache(t->jit, &x));
	t->seldom.at += (size_t)(x.at - at);
	return at;
}

void way_to(struct tr *t, int to, enum b_way way)
{
	struct x86 *x = &t->x;
	struct x86_mem code;

	x86_mov(x, R_NIP, to);
	x86_group1(x, X_W, G_AND, R_NIP, ~3);
	if (way == B_RETURNS) {
		x86_rm(x, X_CMP | X_W, R_NIP, X86_AT(RSP, 8));
		x86_aim(x86_jcc(x, CC_NE), other_return(t));
		x86_ret(x);
		return;
	}
	code = in_cache(t->jit, x);
	if (way == B_CALLS) {
		push_lr(t);
		x86_call_m(x, code);
	} else {
		x86_jmp_m(x, code);
	}
}

void b_leave(struct tr *t, s32 distance)
{
	state_store(t, &t->s);
	way_at(t, trace_here(t) + distance);
}

void b_leave_calling(struct tr *t, s32 distance)
{
	state_store(t, &t->s);
	load_address(t, R_NIP, trace_here(t) + distance);
	go(t, trace_here(t) + distance, true);
	come_back(t);
}

void b_leave_to(struct tr *t, val target, enum b_way way)
{
	int to = regs_value(t, target);

	state_store(t, &t->s);
	way_to(t, to, way);
	if (way == B_CALLS)
		come_back(t);
}
