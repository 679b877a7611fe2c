/* SPDX-License-Identifier: Apache-2.0 */
/* The ways between compiled C and translations. */
#include "cpu/jit/x86_64/jit.h"

/* What C wants to find again. An even number of them and the return address: rsp is 8 short. */
static const u8 saved[] = {RBX, RBP, R12, R13, R14, R15};

static void restore(struct x86 *x)
{
	x86_group1(x, X_W, G_ADD, RSP, 8);
	for (unsigned i = ARRAY_SIZE(saved); i--;)
		x86_pop(x, saved[i]);
}

void stack_to_c(struct x86 *x)
{
	x86_rm(x, X_STORE | X_W, RSP, CPU_AT(return_stack));
	x86_rm(x, X_LOAD | X_W, RSP, CPU_AT(host_stack));
}

void stack_from_c(struct x86 *x)
{
	x86_rm(x, X_LOAD | X_W, RSP, CPU_AT(return_stack));
}

static void emit_enter(struct x86 *x)
{
	s32 code = (s32)offsetof(struct block, code) - (s32)offsetof(struct block, ops);

	for (unsigned i = 0; i < ARRAY_SIZE(saved); i++)
		x86_push(x, saved[i]);
	x86_group1(x, X_W, G_SUB, RSP, 8);
	x86_rm(x, X_LEA, R_CPU, X86_AT(RDI, CPU_BIAS));
	x86_rm(x, X_STORE | X_W, RSP, CPU_AT(host_stack));
	stack_from_c(x);
	x86_rm(x, X_LOAD | X_W, R_NIP, CPU_AT(nip));
	x86_jmp_m(x, X86_AT(RSI, code));
}

static void leave(struct x86 *x)
{
	x86_rm(x, X_STORE | X_W, R_NIP, CPU_AT(nip));
	x86_rm(x, X_LEA, RDI, X86_AT(R_CPU, -CPU_BIAS));
	stack_to_c(x);
	restore(x);
}

static void jump_to_c(struct x86 *x, const void *fn)
{
	x86_constant(x, RAX, (uintptr_t)fn);
	x86_jmp_reg(x, RAX);
}

static void return_null(struct x86 *x)
{
	x86_rr(x, X_XOR, RAX, RAX);
	x86_ret(x);
}

static const u8 held[] = {CALLS_CHANGE};

void held_push(struct x86 *x)
{
	for (unsigned i = 0; i < ARRAY_SIZE(held); i++)
		x86_push(x, held[i]);
}

void held_pop(struct x86 *x)
{
	for (unsigned i = ARRAY_SIZE(held); i--;)
		x86_pop(x, held[i]);
}

static void emit_make_exit(struct x86 *x)
{
	x86_mov(x, RDX, RSP);
	x86_rm(x, X_LOAD | X_W, RSP, CPU_AT(host_stack));
	held_push(x);
	x86_rm(x, X_LEA, RDI, X86_AT(R_CPU, -CPU_BIAS));
	x86_mov(x, RSI, RAX);
	x86_constant(x, RAX, (uintptr_t)jit_make_exit);
	x86_call_reg(x, RAX);
	held_pop(x);
	stack_from_c(x);
	x86_jmp_reg(x, RAX);
}

static void emit_return_behind(struct x86 *x, s32 bytes)
{
	x86_group1(x, X_W, G_ADD, RSP, bytes);
	x86_ret(x);
}

static const u8 *here(const struct x86 *x)
{
	return x->at;
}

void thunks_emit(struct jit *jit, struct x86 *x)
{
	struct thunks *k = &jit->thunks;

	k->enter = here(x);
	emit_enter(x);
	k->leave = here(x);
	leave(x);
	jump_to_c(x, (const void *)(uintptr_t)jit_leave);
	k->join = here(x);
	x86_pop(x, RSI);
	leave(x);
	jump_to_c(x, (const void *)(uintptr_t)jit_join);
	k->call = here(x);
	x86_rm(x, X_LOAD | X_W, RSI, X86_AT(RSP, 0));
	leave(x);
	jump_to_c(x, (const void *)(uintptr_t)jit_call);
	k->cold = here(x);
	x86_rm(x, X_LEA, RSI, jump_field(0));
	leave(x);
	jump_to_c(x, (const void *)(uintptr_t)jit_cold);
	k->function = here(x);
	x86_rm(x, 0xff | X_W, 0, CPU_AT(counts.exits_function)); /* inc */
	x86_rm(x, X_STORE | X_W, RDX, CPU_AT(ops));
	leave(x);
	x86_jmp_m(x, X86_AT(RSI, offsetof(struct op, fn)));
	k->crossed = here(x);
	leave(x);
	jump_to_c(x, (const void *)(uintptr_t)jit_crossed);
	k->late = here(x);
	x86_byte(x, 0xf0); /* lock */
	x86_group1_m(x, 0, G_OR, CPU_AT(request), CPU_REQ_TIMER);
	k->stop = here(x);
	leave(x);
	return_null(x);
	k->make_exit = here(x);
	emit_make_exit(x);
	for (unsigned i = 0; i < ARRAY_SIZE(k->return_behind); i++) {
		k->return_behind[i] = here(x);
		emit_return_behind(x, (s32)(i + 1) * RETURN_FRAME_BYTES);
	}
	k->stopped = here(x);
	restore(x);
	return_null(x);
}
