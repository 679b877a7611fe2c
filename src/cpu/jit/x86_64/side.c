/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls on the side: an instruction that is nearly always carried out in line, and by its function
 * where a test says so. The call lies elsewhere, and comes back to behind the instruction, where
 * all registers of the host have to hold what they would without it.
 */
#include "cpu/jit/x86_64/vector.h"

static struct side *current(struct tr *t)
{
	return &t->sides[t->n_sides];
}

void side_begin(struct tr *t)
{
	struct side *s = current(t);

	s->n_calls = 0;
	s->zero = NULL;
	s->aside = 0;
	s->op = t->ops[t->n];
	s->n = t->n;
	s->s = t->s;
}

void side_call_if(struct tr *t, enum x86_cc cc)
{
	struct side *s = current(t);

	s->calls[s->n_calls++] = x86_jcc(&t->x, cc);
}

void side_zero_if(struct tr *t, enum x86_cc cc, int result, int factor, int other)
{
	struct side *s = current(t);

	s->zero = x86_jcc(&t->x, cc);
	s->lanes = false;
	s->result = result;
	s->factors[0] = factor;
	s->factors[1] = other;
}

void side_zeros_if(struct tr *t, enum x86_cc cc, int result, const int *factors, int bad,
		   bool singles)
{
	struct side *s = current(t);

	side_zero_if(t, cc, result, factors[0], factors[1]);
	s->lanes = true;
	s->singles = singles;
	s->spare[0] = bad;
	s->spare[1] = vregs_take(t);
}

void side_accept(struct tr *t)
{
	current(t)->accept = x86_label(&t->x);
}

void side_done(struct tr *t)
{
	struct side *s = current(t);

	s->done = x86_label(&t->x);
	s->v = t->v;
	t->n_sides++;
}

/* Flags: is it zero? */
static void test_zero(struct x86 *x, int xmm)
{
	x86_rr(x, X_MOVQ_FROM | X_W, xmm, RAX);
	x86_rr(x, X_ADD | X_W, RAX, RAX);
}

/* Goes on behind it where the call is to be made. */
static void accept_zero(struct x86 *x, const struct side *s)
{
	u8 *call;

	x86_land(x, s->zero);
	test_zero(x, s->result);
	if (s->factors[0] < 0) {
		x86_aim(x86_jcc(x, CC_E), s->accept);
		return;
	}
	call = x86_jcc(x, CC_NE);
	for (unsigned i = 0; i < ARRAY_SIZE(s->factors) && s->factors[i] >= 0; i++) {
		test_zero(x, s->factors[i]);
		x86_aim(x86_jcc(x, CC_E), s->accept);
	}
	x86_land(x, call);
}

#define V_MOVMSKPD V_0F(0x50)
#define V_MOVMSKPS V_OP(0, 1, 0x50)
#define V_CMPPD	   V_0F(0xc2)
#define V_CMPPS	   V_OP(0, 1, 0xc2)
#define V_ANDNPS   V_OP(0, 1, 0x55)

/* bad = bad where @xmm isn't zero */
static void unless_zero(struct x86 *x, const struct side *s, int bad, int xmm)
{
	int zero = s->spare[1];

	vex_rrr(x, V_XORPS, zero, zero, zero);
	vex_rrr(x, s->singles ? V_CMPPS : V_CMPPD, zero, xmm, zero);
	x86_byte(x, 0); /* equal */
	vex_rrr(x, V_ANDNPS, bad, zero, bad);
}

static void test_lanes(struct x86 *x, const struct side *s, int bad)
{
	vex_rrr(x, s->singles ? V_MOVMSKPS : V_MOVMSKPD, RAX, 0, bad);
	x86_rr(x, X_TEST, RAX, RAX);
}

/* Lanes beyond that aren't zero are bad whatever the factors are; others if none of these is. */
static void accept_zeros(struct x86 *x, const struct side *s)
{
	int bad = s->spare[0], zero = s->spare[1];
	u8 *call;

	x86_land(x, s->zero);
	vex_rrr(x, V_XORPS, zero, zero, zero);
	vex_rrr(x, s->singles ? V_CMPPS : V_CMPPD, zero, s->result, zero);
	x86_byte(x, 0);
	vex_rrr(x, V_ANDNPS, zero, zero, bad);
	test_lanes(x, s, zero);
	call = x86_jcc(x, CC_NE);
	for (unsigned i = 0; i < ARRAY_SIZE(s->factors) && s->factors[i] >= 0; i++)
		unless_zero(x, s, bad, s->factors[i]);
	if (s->factors[0] >= 0)
		test_lanes(x, s, bad);
	x86_aim(x86_jcc(x, CC_E), s->accept);
	x86_land(x, call);
}

static struct x86_mem aside(unsigned i)
{
	return CPU_OFFSET(offsetof(struct cpu, fpscr.aside) + i * sizeof(u64));
}

static void copy(struct x86 *x, struct x86_mem to, struct x86_mem from)
{
	x86_rm(x, X_LOAD | X_W, RAX, from);
	x86_rm(x, X_STORE | X_W, RAX, to);
}

static void keep_operands(struct tr *t, const struct side *s, unsigned target)
{
	for (unsigned i = 0; i < FPSCR_OPERANDS; i++)
		if (s->aside >> i & 1)
			copy(&t->x, aside(i), vsr_half(target, 0));
}

static void put_operands_back(struct tr *t, const struct side *s)
{
	for (unsigned i = 0; i < FPSCR_OPERANDS; i++)
		if (s->aside >> i & 1)
			copy(&t->x, status_operand(i), aside(i));
}

static void load_vectors(struct tr *t, const struct vregs *v)
{
	for (int reg = 0; reg < 16; reg++) {
		const struct xmm_reg *held = &v->x[reg];

		if (held->whole)
			x86_rm(&t->x, X_MOVUPS_LD, reg,
			       vsr_half((unsigned)__builtin_ctzll(held->whole), 1));
		else if (held->scalar)
			x86_rm(&t->x, X_MOVQ_LD, reg,
			       vsr_half((unsigned)__builtin_ctzll(held->scalar), 0));
		else if (held->constant)
			x86_rip(&t->x, X_MOVUPS_LD, reg,
				vector_constant(t, (enum vector_constant)held->constant));
	}
}

static void side_emit(struct tr *t, const struct side *s)
{
	const struct op *op = &s->op;
	struct x86 *x = &t->x;

	if (s->zero && s->lanes)
		accept_zeros(x, s);
	else if (s->zero)
		accept_zero(x, s);
	for (unsigned i = 0; i < s->n_calls; i++)
		x86_land(x, s->calls[i]);
	state_store(t, &s->s);
	keep_operands(t, s, op->t);
	x86_rip(x, X_LEA, RCX, (const u8 *)jit_new_call(t, op));
	x86_rm(x, X_LEA, RAX, X86_AT(RCX, -(s32)((s->n - 1) * sizeof(struct op))));
	x86_call_to(x, t->jit->thunks.side);
	put_operands_back(t, s);
	load_vectors(t, &s->v);
	x86_jmp_to(x, s->done);
}

void sides_emit(struct tr *t)
{
	for (unsigned i = 0; i < t->n_sides; i++)
		side_emit(t, &t->sides[i]);
}

#define ALIGNED 8 /* with what is held, an even number, and the return address */

#define X_MXCSR	      0x0faeu /* these in the place of a register: */
#define GROUP_LDMXCSR 2
#define GROUP_STMXCSR 3
#define MXCSR_INEXACT 0x20

/* If only XX is missing, the host keeps that from now on. */
static void look_whether_quiet(struct x86 *x)
{
	const struct x86_mem exact = CPU_AT(fpscr.exact);
	u8 *loud, *quiet;

	x86_rm(x, X_LOAD, RAX, CPU_AT(fpscr.bits));
	x86_group1(x, 0, G_AND, RAX, (s32)FPSCR_QUIET_MASK);
	x86_group1(x, 0, G_CMP, RAX, (s32)FPSCR_XX);
	x86_rm(x, X_SETCC(CC_E), 0, CPU_AT(fpscr.quiet));
	quiet = x86_jcc(x, CC_E);
	x86_rr(x, X_TEST, RAX, RAX);
	loud = x86_jcc(x, CC_NE);
	x86_rm(x, X_MXCSR, GROUP_STMXCSR, exact);
	x86_group1_m(x, 0, G_AND, exact, ~MXCSR_INEXACT);
	x86_rm(x, X_MXCSR, GROUP_LDMXCSR, exact);
	x86_constant(x, RAX, 1);
	x86_rm(x, X_STORE, RAX, exact);
	x86_rm(x, X_STORE8, RAX, CPU_AT(fpscr.quiet));
	x86_land(x, quiet);
	x86_land(x, loud);
}

const u8 *side_thunk_emit(struct jit *jit, struct x86 *x)
{
	const u8 *entry = x->at;
	u8 *stopped;

	x86_pop(x, RDX);
	stack_to_c(x);
	x86_push(x, RDX);
	held_push(x);
	x86_group1(x, X_W, G_SUB, RSP, ALIGNED);
	x86_rm(x, X_STORE | X_W, R_NIP, CPU_AT(nip));
	x86_rm(x, X_STORE | X_W, RAX, CPU_AT(ops));
	x86_mov(x, RSI, RCX);
	x86_rm(x, X_LEA, RDI, X86_AT(R_CPU, -CPU_BIAS));
	x86_call_m(x, X86_AT(RSI, offsetof(struct op, fn)));
	x86_rr(x, X_TEST | X_W, RAX, RAX);
	stopped = x86_jcc(x, CC_E);
	look_whether_quiet(x);
	x86_group1(x, X_W, G_ADD, RSP, ALIGNED);
	held_pop(x);
	x86_pop(x, RDX);
	stack_from_c(x);
	x86_push(x, RDX);
	x86_ret(x);
	x86_land(x, stopped);
	x86_rm(x, X_LOAD | X_W, RSP, CPU_AT(host_stack));
	x86_jmp_to(x, jit->thunks.stopped);
	return entry;
}
