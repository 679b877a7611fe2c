/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The faster tier on x86-64.
 *
 * In generated code rdi is the cpu and rsi the run's first op, as they come; rax, rcx, rdx are
 * scratch, and r8 .. r11 hold copies of guest registers that were read or written lately. Every
 * result is stored at once, so there is nothing to save when the code leaves, and it may leave
 * anywhere: by a jump to an instruction's own function, with rsi at its op.
 */
#include "cpu/jit/jit.h"

#if defined(__x86_64__) && !defined(__ILP32__)

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/prefault.h"
#include "cpu/engine/code.h"
#include "cpu/isa/branch.h"
#include "cpu/isa/ops.h"
#include "cpu/engine/pseudo.h"
#include "cpu/mmu/tlb.h"
#include "cpu/jit/x86_64/asm.h"

#define CODE_FIRST ((size_t)512 << 10) /* what a guest needs soon */
/* Runs after which a block's compilation, some microseconds, is worth it. */
#define THRESHOLD 200u

struct jit {
	u8 *write, *run; /* two views of the same memory: one to write, one to execute */
	size_t bytes, used;
	unsigned threshold;
};

#define CPU(field) ((s32)offsetof(struct cpu, field))
#define GPR(n)	   ((s32)(offsetof(struct cpu, gpr) + (n) * sizeof(u64)))
#define CR(n)	   ((s32)(offsetof(struct cpu, cr) + (n)))

/* --- one run being written --- */

#define CACHED	  4		/* r8 .. r11 */
#define OPS_MAX	  80		/* of a block, with the two pseudo ops */
#define EXITS_MAX (2 * OPS_MAX) /* of a kind; an op has at most two */

struct slow_exit {
	u8 *from; /* a jump's distance */
	unsigned op;
	bool undo_ctr;
};

struct run {
	struct x86 x;
	struct block *b;
	unsigned first; /* index of the op that rsi points to */
	unsigned op;	/* of the current one */
	bool swap;
	int cached[CACHED]; /* guest register, -1: none */
	unsigned pinned;    /* bits of those in use by the current instruction */
	unsigned next;	    /* victim */
	struct slow_exit slow[EXITS_MAX];
	unsigned slows;
	u8 *stop[EXITS_MAX]; /* jumps' distances */
	unsigned stops;
	struct {
		unsigned op; /* the compare was at this index; 0: none */
		unsigned field;
		bool wide, is_signed, with_imm;
		int a, b;
		s32 imm;
	} cmp;
};

static const struct op *current(const struct run *r)
{
	return &r->b->ops[r->op];
}

static s32 op_offset(const struct run *r, unsigned op)
{
	return (s32)((op - r->first) * sizeof(struct op));
}

/* Offset of op @op's instruction from the block's start. */
static s32 insn_offset(unsigned op)
{
	return (s32)(op - 1) * 4;
}

static int slot_of(struct run *r, int guest)
{
	for (int i = 0; i < CACHED; i++)
		if (r->cached[i] == guest)
			return i;
	return -1;
}

static int take_slot(struct run *r, int guest)
{
	while (r->pinned >> r->next & 1)
		r->next = (r->next + 1) % CACHED;
	r->cached[r->next] = guest;
	r->pinned |= 1u << r->next;
	guest = (int)r->next;
	r->next = (r->next + 1) % CACHED;
	return guest;
}

/* The host register with guest register @guest's value; it may not be changed. */
static int get(struct run *r, int guest)
{
	int slot = slot_of(r, guest);

	if (slot < 0) {
		slot = take_slot(r, guest);
		x86_rm(&r->x, true, X_LOAD, R8 + slot, RDI, GPR(guest));
	}
	r->pinned |= 1u << slot;
	return R8 + slot;
}

/* Guest register @guest becomes rax. */
static void put(struct run *r, int guest)
{
	int slot = slot_of(r, guest);

	if (slot < 0)
		slot = take_slot(r, guest);
	x86_rm(&r->x, true, X_STORE, RAX, RDI, GPR(guest));
	x86_rr(&r->x, true, X_LOAD, R8 + slot, RAX);
}

static void forget_all(struct run *r)
{
	for (int i = 0; i < CACHED; i++)
		r->cached[i] = -1;
}

/* At the jump whose distance is at @from, the current instruction is left to its function. */
static void slow(struct run *r, u8 *from, bool undo_ctr)
{
	assert(r->slows < EXITS_MAX);
	r->slow[r->slows++] = (struct slow_exit){from, r->op, undo_ctr};
}

/* At the jump whose distance is at @from, the dispatcher goes on, at cpu->nip. */
static void stop(struct run *r, u8 *from)
{
	assert(r->stops < EXITS_MAX);
	r->stop[r->stops++] = from;
}

/* --- condition register --- */

/* After a host comparison: the field from its flags. */
static void set_field(struct run *r, unsigned field, bool is_signed)
{
	struct x86 *x = &r->x;

	x86_mov32(x, RAX, 2);
	x86_mov32(x, RCX, 4);
	x86_cmov(x, is_signed ? CC_G : CC_A, RAX, RCX);
	x86_mov32(x, RCX, 8);
	x86_cmov(x, is_signed ? CC_L : CC_B, RAX, RCX);
	x86_rm(x, false, 0x0a, RAX, RDI, CPU(so)); /* or al, so */
	x86_rm(x, false, X_STORE8, RAX, RDI, CR(field));
}

static void compare(struct run *r)
{
	if (r->cmp.with_imm)
		x86_group1(&r->x, r->cmp.wide, G_CMP, r->cmp.a, r->cmp.imm);
	else
		x86_rr(&r->x, r->cmp.wide, X_CMP, r->cmp.a, r->cmp.b);
}

/* Record forms: rax against 0. */
static void record(struct run *r)
{
	x86_group1(&r->x, true, G_CMP, RAX, 0);
	set_field(r, 0, true);
}

/* --- instructions --- */

/*
 * How the instructions of one function are generated. emit() writes the code of one, at r->x, and
 * returns true; or it returns false, which leaves the instruction to its function, and then it has
 * written nothing and noted no exit: it decides before its first get(), which may write a load.
 */
struct rule {
	op_fn *fn;
	bool (*emit)(struct run *r, const struct op *op, const struct rule *rule);
	u32 x; /* opcode, size: the emitter's */
	u32 flags;
};

#define R_RC   0x01u /* record form */
#define R_NOT  0x02u /* the second operand, or the result, inverted */
#define R_IMM  0x04u
#define R_X    0x08u /* indexed */
#define R_UPD  0x10u
#define R_SIGN 0x20u
#define R_WIDE 0x40u
#define R_LINK 0x80u

static bool emit_addi(struct run *r, const struct op *op, const struct rule *rule)
{
	if (op->imm != (s32)op->imm)
		return false;
	if (op->a == 32)
		x86_rr(&r->x, false, X_XOR, RAX, RAX);
	if (op->a == 32)
		x86_group1(&r->x, true, G_ADD, RAX, (s32)op->imm);
	else
		x86_rm(&r->x, true, X_LEA, RAX, get(r, op->a), (s32)op->imm);
	put(r, op->t);
	return true;
}

/* RT = RA op RB; subf takes RA from RB. */
static bool emit_add(struct run *r, const struct op *op, const struct rule *rule)
{
	int a = get(r, op->a), b = get(r, op->b);

	if (rule->x == X_SUB) {
		x86_rr(&r->x, true, X_LOAD, RAX, b);
		x86_rr(&r->x, true, X_SUB, RAX, a);
	} else {
		x86_rr(&r->x, true, X_LOAD, RAX, a);
		x86_rr(&r->x, true, rule->x, RAX, b);
	}
	put(r, op->t);
	if (rule->flags & R_RC)
		record(r);
	return true;
}

static bool emit_neg(struct run *r, const struct op *op, const struct rule *rule)
{
	x86_rr(&r->x, true, X_LOAD, RAX, get(r, op->a));
	x86_neg(&r->x, RAX);
	put(r, op->t);
	return true;
}

static bool emit_mulli(struct run *r, const struct op *op, const struct rule *rule)
{
	x86_rr(&r->x, true, 0x69, RAX, get(r, op->a));
	x86_imm32(&r->x, (u32)(s32)op->imm);
	put(r, op->t);
	return true;
}

static bool emit_mullw(struct run *r, const struct op *op, const struct rule *rule)
{
	int a = get(r, op->a), b = get(r, op->b);

	x86_rr(&r->x, true, X_MOVSXD, RAX, a);
	x86_rr(&r->x, true, X_MOVSXD, RCX, b);
	x86_rr(&r->x, true, X_IMUL, RAX, RCX);
	put(r, op->t);
	return true;
}

/* RA = RS op RB, or with one of them inverted. */
static bool emit_logic(struct run *r, const struct op *op, const struct rule *rule)
{
	int s = get(r, op->t), b = get(r, op->b);

	x86_rr(&r->x, true, X_LOAD, RAX, b);
	if ((rule->flags & R_NOT) && rule->x != X_XOR)
		x86_not(&r->x, RAX);
	if (s != b || rule->x == X_XOR || (rule->flags & R_NOT))
		x86_rr(&r->x, true, rule->x, RAX, s);
	if ((rule->flags & R_NOT) && rule->x == X_XOR)
		x86_not(&r->x, RAX);
	put(r, op->a);
	if (rule->flags & R_RC)
		record(r);
	return true;
}

static bool emit_nor(struct run *r, const struct op *op, const struct rule *rule)
{
	int s = get(r, op->t), b = get(r, op->b);

	x86_rr(&r->x, true, X_LOAD, RAX, b);
	x86_rr(&r->x, true, X_OR, RAX, s);
	x86_not(&r->x, RAX);
	put(r, op->a);
	return true;
}

/* ori, xori and shifted: the immediate has 32 bits, unsigned. */
static bool emit_logic_imm(struct run *r, const struct op *op, const struct rule *rule)
{
	u32 imm = (u32)op->imm;

	if (!imm && op->t == op->a && !(rule->flags & R_RC))
		return true; /* nop */
	x86_mov32(&r->x, RAX, imm);
	x86_rr(&r->x, true, rule->x, RAX, get(r, op->t));
	put(r, op->a);
	if (rule->flags & R_RC)
		record(r);
	return true;
}

static bool emit_extend(struct run *r, const struct op *op, const struct rule *rule)
{
	x86_rr(&r->x, true, rule->x, RAX, get(r, op->t));
	put(r, op->a);
	if (rule->flags & R_RC)
		record(r);
	return true;
}

static bool emit_rlwinm(struct run *r, const struct op *op, const struct rule *rule)
{
	u64 mask = (u64)op->imm;

	if (mask >> 32)
		return false;
	x86_rr(&r->x, false, X_LOAD, RAX, get(r, op->t));
	if (op->b)
		x86_shift(&r->x, false, SH_ROL, RAX, op->b);
	if (mask != 0xffffffffu)
		x86_group1(&r->x, false, G_AND, RAX, (s32)mask);
	put(r, op->a);
	if (rule->flags & R_RC)
		record(r);
	return true;
}

/* rldicl: rotate, clear left. */
static bool emit_rldicl(struct run *r, const struct op *op, const struct rule *rule)
{
	unsigned sh = op->c, mb = (unsigned)op->imm;

	x86_rr(&r->x, true, X_LOAD, RAX, get(r, op->t));
	if (sh && sh + mb == 64) {
		x86_shift(&r->x, true, SH_SHR, RAX, mb);
	} else {
		if (sh)
			x86_shift(&r->x, true, SH_ROL, RAX, sh);
		if (mb == 32) {
			x86_rr(&r->x, false, X_LOAD, RAX, RAX);
		} else if (mb) {
			x86_shift(&r->x, true, SH_SHL, RAX, mb);
			x86_shift(&r->x, true, SH_SHR, RAX, mb);
		}
	}
	put(r, op->a);
	if (rule->flags & R_RC)
		record(r);
	return true;
}

/* rldicr: rotate, clear right. */
static bool emit_rldicr(struct run *r, const struct op *op, const struct rule *rule)
{
	unsigned sh = op->c, right = 63 - (unsigned)op->imm;

	x86_rr(&r->x, true, X_LOAD, RAX, get(r, op->t));
	if (sh == right) {
		if (sh)
			x86_shift(&r->x, true, SH_SHL, RAX, sh);
	} else {
		if (sh)
			x86_shift(&r->x, true, SH_ROL, RAX, sh);
		if (right) {
			x86_shift(&r->x, true, SH_SHR, RAX, right);
			x86_shift(&r->x, true, SH_SHL, RAX, right);
		}
	}
	put(r, op->a);
	if (rule->flags & R_RC)
		record(r);
	return true;
}

static bool emit_cmp(struct run *r, const struct op *op, const struct rule *rule)
{
	r->cmp.op = r->op;
	r->cmp.field = op->t;
	r->cmp.wide = rule->flags & R_WIDE;
	r->cmp.is_signed = rule->flags & R_SIGN;
	r->cmp.with_imm = rule->flags & R_IMM;
	r->cmp.imm = (s32)op->imm;
	r->cmp.a = get(r, op->a);
	r->cmp.b = r->cmp.with_imm ? X86_NO_REG : get(r, op->b);
	compare(r);
	set_field(r, op->t, r->cmp.is_signed);
	return true;
}

static bool emit_move_from(struct run *r, const struct op *op, const struct rule *rule)
{
	x86_rm(&r->x, true, X_LOAD, RAX, RDI, (s32)rule->x);
	put(r, op->t);
	return true;
}

static bool emit_move_to(struct run *r, const struct op *op, const struct rule *rule)
{
	x86_rm(&r->x, true, X_STORE, get(r, op->t), RDI, (s32)rule->x);
	return true;
}

/* --- storage --- */

/* rax = the effective address. */
static void address(struct run *r, const struct op *op, const struct rule *rule)
{
	if (rule->flags & R_X) {
		int b = get(r, op->b);

		if (op->a == 32)
			x86_rr(&r->x, true, X_LOAD, RAX, b);
		else
			x86_rmx(&r->x, true, X_LEA, RAX, get(r, op->a), b, 0);
	} else if (op->a == 32) {
		x86_rr(&r->x, false, X_XOR, RAX, RAX);
		x86_group1(&r->x, true, G_ADD, RAX, (s32)op->imm);
	} else {
		x86_rm(&r->x, true, X_LEA, RAX, get(r, op->a), (s32)op->imm);
	}
}

_Static_assert(sizeof(struct tlb_entry) == 32, "look_up() shifts by it");

/* rcx = host address - effective address, which is in rax; or the instruction's function does it
 * all. */
static void look_up(struct run *r, unsigned bytes, bool store)
{
	struct x86 *x = &r->x;

	x86_rr(x, true, X_LOAD, RCX, RAX);
	x86_shift(x, true, SH_SHR, RCX, CPU_PAGE_SHIFT - 5);
	x86_group1(x, false, G_AND, RCX, (TLB_ENTRIES - 1) << 5);
	x86_rm(x, true, X_ADD, RCX, RDI, CPU(dtlb));
	x86_rm(x, true, X_LEA, RDX, RAX, (s32)bytes - 1);
	x86_group1(x, true, G_AND, RDX, (s32)CPU_PAGE_MASK);
	x86_rm(x, true, X_OR, RDX, RDI, CPU(tlb_gen));
	x86_rm(x, true, X_CMP, RDX, RCX,
	       store ? offsetof(struct tlb_entry, tag_write)
		     : offsetof(struct tlb_entry, tag_read));
	slow(r, x86_jcc(x, CC_NE), false);
	x86_rm(x, true, X_LOAD, RCX, RCX, offsetof(struct tlb_entry, addend));
}

static void swap_bytes(struct run *r, unsigned bytes, int reg)
{
	if (!r->swap || bytes == 1)
		return;
	x86_bswap(&r->x, bytes == 8, reg);
	if (bytes == 2)
		x86_shift(&r->x, false, SH_SHR, reg, 16);
}

static unsigned load_opcode(unsigned bytes, bool is_signed, bool swap)
{
	switch (bytes) {
	case 1:
		return X_MOVZX8;
	case 2:
		return is_signed && !swap ? X_MOVSX16 : X_MOVZX16;
	case 4:
		return is_signed && !swap ? X_MOVSXD : X_LOAD;
	default:
		return X_LOAD;
	}
}

static bool emit_load(struct run *r, const struct op *op, const struct rule *rule)
{
	unsigned bytes = rule->x;
	bool is_signed = rule->flags & R_SIGN;
	unsigned opcode = load_opcode(bytes, is_signed, r->swap);

	if ((rule->flags & R_UPD) && (op->a == 0 || op->a == op->t))
		return false;
	address(r, op, rule);
	look_up(r, bytes, false);
	x86_rmx(&r->x, bytes == 8 || (is_signed && !r->swap), opcode, RDX, RCX, RAX, 0);
	swap_bytes(r, bytes, RDX);
	if (is_signed && r->swap)
		x86_rr(&r->x, true, bytes == 2 ? X_MOVSX16 : X_MOVSXD, RDX, RDX);
	if (rule->flags & R_UPD)
		put(r, op->a);
	x86_rr(&r->x, true, X_LOAD, RAX, RDX);
	put(r, op->t);
	return true;
}

static bool emit_store(struct run *r, const struct op *op, const struct rule *rule)
{
	unsigned bytes = rule->x;
	int s;

	if ((rule->flags & R_UPD) && op->a == 0)
		return false;
	s = get(r, op->t);
	address(r, op, rule);
	look_up(r, bytes, true);
	if (r->swap && bytes > 1) {
		x86_rr(&r->x, true, X_LOAD, RDX, s);
		swap_bytes(r, bytes, RDX);
		s = RDX;
	}
	if (bytes == 2)
		x86_byte(&r->x, 0x66);
	x86_rmx(&r->x, bytes == 8, bytes == 1 ? X_STORE8 : X_STORE, s, RCX, RAX, 0);
	if (rule->flags & R_UPD)
		put(r, op->a);
	return true;
}

/* Floating-point registers are doubleword 0 of VSR 0..31; a load clears doubleword 1. */
#define FPR(n)	    ((s32)(offsetof(struct cpu, vsr) + (n) * sizeof(union vsr) + 8))
#define FPR_REST(n) (FPR(n) - 8)

static bool emit_lfd(struct run *r, const struct op *op, const struct rule *rule)
{
	if ((rule->flags & R_UPD) && op->a == 0)
		return false;
	address(r, op, rule);
	look_up(r, 8, false);
	x86_rmx(&r->x, true, X_LOAD, RDX, RCX, RAX, 0);
	swap_bytes(r, 8, RDX);
	x86_rm(&r->x, true, X_STORE, RDX, RDI, FPR(op->t));
	x86_group1_m(&r->x, true, G_AND, RDI, FPR_REST(op->t), 0);
	if (rule->flags & R_UPD)
		put(r, op->a);
	return true;
}

static bool emit_stfd(struct run *r, const struct op *op, const struct rule *rule)
{
	if ((rule->flags & R_UPD) && op->a == 0)
		return false;
	address(r, op, rule);
	look_up(r, 8, true);
	x86_rm(&r->x, true, X_LOAD, RDX, RDI, FPR(op->t));
	swap_bytes(r, 8, RDX);
	x86_rmx(&r->x, true, X_STORE, RDX, RCX, RAX, 0);
	if (rule->flags & R_UPD)
		put(r, op->a);
	return true;
}

/* --- branches --- */

static void leave_to_op(struct run *r, unsigned op)
{
	if (op != r->first)
		x86_rm(&r->x, true, X_LEA, RSI, RSI, op_offset(r, op));
	x86_jmp_m(&r->x, RSI, offsetof(struct op, fn));
}

/* Stores where the current op is, while nip still says where its block begins. */
static void note_cfar(struct run *r)
{
	struct x86 *x = &r->x;

	x86_rm(x, true, X_LOAD, RDX, RDI, CPU(nip));
	x86_group1(x, true, G_ADD, RDX, insn_offset(r->op));
	x86_rm(x, true, X_STORE, RDX, RDI, CPU(cfar));
}

/* LR = NIA */
static void note_link(struct run *r)
{
	struct x86 *x = &r->x;

	x86_rm(x, true, X_LOAD, RCX, RDI, CPU(nip));
	x86_group1(x, true, G_ADD, RCX, insn_offset(r->op) + 4);
	x86_rm(x, true, X_STORE, RCX, RDI, CPU(lr));
}

/* Goes to the current op's link: nip moves by @distance from the block's start. Without a link its
 * function does it. */
static void go_to_link(struct run *r, s64 distance, bool branch, bool undo_ctr)
{
	struct x86 *x = &r->x;

	x86_rm(x, true, X_LOAD, RAX, RSI, op_offset(r, r->op) + (s32)offsetof(struct op, link));
	x86_rr(x, true, 0x85, RAX, RAX); /* test */
	slow(r, x86_jcc(x, CC_E), undo_ctr);
	x86_rm(x, true, X_LOAD, RCX, RDI, CPU(nip));
	if (branch) {
		x86_rm(x, true, X_LEA, RDX, RCX, insn_offset(r->op));
		x86_rm(x, true, X_STORE, RDX, RDI, CPU(cfar));
	}
	x86_group1(x, true, G_ADD, RCX, (s32)distance);
	x86_rm(x, true, X_STORE, RCX, RDI, CPU(nip));
	x86_rm(x, true, X_LEA, RSI, RAX, offsetof(struct block, ops));
	x86_jmp_m(x, RSI, offsetof(struct op, fn));
}

_Static_assert(sizeof(struct jump) == 3 << 3, "go_to_rax() multiplies by it");

/* What cpu_goto() does, for the address in rax. */
static void go_to_rax(struct run *r)
{
	struct x86 *x = &r->x;

	x86_rm(x, true, X_STORE, RAX, RDI, CPU(nip));
	/* jump_slot() */
	x86_rr(x, true, X_LOAD, RCX, RAX);
	x86_rr(x, true, X_LOAD, RDX, RAX);
	x86_shift(x, true, SH_SHR, RCX, 2);
	x86_shift(x, true, SH_SHR, RDX, 15);
	x86_rr(x, false, X_XOR, RCX, RDX);
	x86_group1(x, false, G_AND, RCX, JUMP_ENTRIES - 1);
	x86_rm(x, true, X_LOAD, RDX, RDI, CPU(jumps));
	x86_lea_scaled(x, RCX, RCX, RCX, 1);
	x86_lea_scaled(x, RCX, RDX, RCX, 3);
	x86_rm(x, true, X_CMP, RAX, RCX, offsetof(struct jump, ea));
	stop(r, x86_jcc(x, CC_NE));
	x86_rm(x, true, X_LOAD, RDX, RDI, CPU(jump_key));
	x86_rm(x, true, X_CMP, RDX, RCX, offsetof(struct jump, key));
	stop(r, x86_jcc(x, CC_NE));
	x86_rm(x, true, X_LOAD, RSI, RCX, offsetof(struct jump, ops));
	x86_jmp_m(x, RSI, offsetof(struct op, fn));
}

/* Goes @distance from the block's start: by the link, which only targets on the block's own page
 * may have, else by the jump cache. */
static void go_near(struct run *r, s64 distance, bool branch, bool undo_ctr)
{
	u64 from = r->b->gpa, to = from + (u64)distance;

	if (!((from ^ to) & CPU_PAGE_MASK)) {
		go_to_link(r, distance, branch, undo_ctr);
		return;
	}
	if (branch)
		note_cfar(r);
	x86_rm(&r->x, true, X_LOAD, RAX, RDI, CPU(nip));
	x86_group1(&r->x, true, G_ADD, RAX, (s32)distance);
	go_to_rax(r);
}

static bool emit_leave(struct run *r, const struct op *op, const struct rule *rule)
{
	go_near(r, op->imm, false, false);
	return true;
}

/* The host's condition for bit @bit of a field, after a comparison. */
static int condition(u8 bit, bool is_signed)
{
	switch (bit) {
	case 8:
		return is_signed ? CC_L : CC_B;
	case 4:
		return is_signed ? CC_G : CC_A;
	case 2:
		return CC_E;
	}
	return -1;
}

/* The host's condition for CR[@bi] = 1, after what this emits. */
static enum x86_cc test_cr(struct run *r, unsigned bi)
{
	unsigned field = bi >> 2;
	u8 bit = 8 >> (bi & 3);
	bool fused = r->cmp.op && r->cmp.op + 1 == r->op && r->cmp.field == field;
	int cc = fused ? condition(bit, r->cmp.is_signed) : -1;

	if (cc >= 0) {
		compare(r);
		return cc;
	}
	x86_test8_m(&r->x, RDI, CR(field), bit);
	return CC_NE;
}

static bool always_taken(const struct op *op)
{
	return (op->t & BO_ANY_CR) && (op->t & BO_NO_CTR);
}

/*
 * What BO and BI ask for: jumps away if the branch is not taken. Their distances go to @over;
 * returns how many. Changes no scratch register. Conditions and their opposites differ in the low
 * bit.
 */
static unsigned unless_taken(struct run *r, const struct op *op, u8 *over[2])
{
	struct x86 *x = &r->x;
	unsigned n = 0;

	if (!(op->t & BO_NO_CTR)) {
		x86_group1_m(x, true, G_SUB, RDI, CPU(ctr), 1);
		over[n++] = x86_jcc(x, op->t & BO_CTR_ZERO ? CC_NE : CC_E);
	}
	if (!(op->t & BO_ANY_CR)) {
		enum x86_cc cc = test_cr(r, op->a);

		over[n++] = x86_jcc(x, op->t & BO_CR_SET ? cc ^ 1 : cc);
	}
	return n;
}

static void land_all(struct run *r, u8 *const *over, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		x86_land(&r->x, over[i]);
}

static s64 branch_distance(const struct run *r)
{
	return insn_offset(r->op) + current(r)->imm;
}

static bool emit_b(struct run *r, const struct op *op, const struct rule *rule)
{
	if (rule->flags & R_LINK)
		note_link(r);
	go_near(r, branch_distance(r), true, false);
	return true;
}

/* If its function has to do it, it finds CTR as it was; LR it writes once more. */
static bool emit_bc(struct run *r, const struct op *op, const struct rule *rule)
{
	u8 *over[2];
	unsigned n;

	if (rule->flags & R_LINK)
		note_link(r);
	n = unless_taken(r, op, over);
	go_near(r, branch_distance(r), true, !(op->t & BO_NO_CTR));
	land_all(r, over, n);
	return true;
}

/* To LR or CTR. */
static bool emit_bclr(struct run *r, const struct op *op, const struct rule *rule)
{
	struct x86 *x = &r->x;
	u8 *over[2];
	unsigned n;

	if (rule->x == CPU(ctr) && !(op->t & BO_NO_CTR))
		return false; /* counts its own target down */
	x86_rm(x, true, X_LOAD, RAX, RDI, (s32)rule->x);
	x86_group1(x, true, G_AND, RAX, ~3);
	if (rule->flags & R_LINK)
		note_link(r);
	n = unless_taken(r, op, over);
	note_cfar(r);
	go_to_rax(r);
	land_all(r, over, n);
	return true;
}

/* --- the rules --- */

#define LOADS(name, bytes, flags)                                                                  \
	{op_##name, emit_load, bytes, flags}, {op_##name##x, emit_load, bytes, (flags) | R_X},     \
	    {op_##name##u, emit_load, bytes, (flags) | R_UPD},                                     \
	{                                                                                          \
		op_##name##ux, emit_load, bytes, (flags) | R_UPD | R_X                             \
	}
#define STORES(name, bytes)                                                                        \
	{op_##name, emit_store, bytes, 0}, {op_##name##x, emit_store, bytes, R_X},                 \
	    {op_##name##u, emit_store, bytes, R_UPD},                                              \
	{                                                                                          \
		op_##name##ux, emit_store, bytes, R_UPD | R_X                                      \
	}
#define FORMS(name, emit)                                                                          \
	{op_##name, emit, 0, 0}, {op_##name##x, emit, 0, R_X}, {op_##name##u, emit, 0, R_UPD},     \
	{                                                                                          \
		op_##name##ux, emit, 0, R_UPD | R_X                                                \
	}
#define WITH_RC(name, emit, x, flags)                                                              \
	{op_##name, emit, x, flags},                                                               \
	{                                                                                          \
		op_##name##_rc, emit, x, (flags) | R_RC                                            \
	}

static const struct rule rules[] = {
    {op_addi, emit_addi, 0, 0},
    {op_addis, emit_addi, 0, 0},
    WITH_RC(add, emit_add, X_ADD, 0),
    WITH_RC(subf, emit_add, X_SUB, 0),
    WITH_RC(mulld, emit_add, X_IMUL, 0),
    {op_mullw, emit_mullw, 0, 0},
    {op_mulli, emit_mulli, 0, 0},
    {op_neg, emit_neg, 0, 0},
    WITH_RC(and, emit_logic, X_AND, 0),
    WITH_RC(or, emit_logic, X_OR, 0),
    WITH_RC(xor, emit_logic, X_XOR, 0),
    WITH_RC(andc, emit_logic, X_AND, R_NOT),
    {op_orc, emit_logic, X_OR, R_NOT},
    {op_eqv, emit_logic, X_XOR, R_NOT},
    {op_nor, emit_nor, 0, 0},
    {op_ori, emit_logic_imm, X_OR, 0},
    {op_oris, emit_logic_imm, X_OR, 0},
    {op_xori, emit_logic_imm, X_XOR, 0},
    {op_xoris, emit_logic_imm, X_XOR, 0},
    {op_andi_rc, emit_logic_imm, X_AND, R_RC},
    {op_andis_rc, emit_logic_imm, X_AND, R_RC},
    WITH_RC(extsb, emit_extend, X_MOVSX8, 0),
    WITH_RC(extsh, emit_extend, X_MOVSX16, 0),
    WITH_RC(extsw, emit_extend, X_MOVSXD, 0),
    WITH_RC(rlwinm, emit_rlwinm, 0, 0),
    WITH_RC(rldicl, emit_rldicl, 0, 0),
    WITH_RC(rldicr, emit_rldicr, 0, 0),
    {op_cmpw, emit_cmp, 0, R_SIGN},
    {op_cmpd, emit_cmp, 0, R_SIGN | R_WIDE},
    {op_cmplw, emit_cmp, 0, 0},
    {op_cmpld, emit_cmp, 0, R_WIDE},
    {op_cmpwi, emit_cmp, 0, R_SIGN | R_IMM},
    {op_cmpdi, emit_cmp, 0, R_SIGN | R_WIDE | R_IMM},
    {op_cmplwi, emit_cmp, 0, R_IMM},
    {op_cmpldi, emit_cmp, 0, R_WIDE | R_IMM},
    {op_mflr, emit_move_from, CPU(lr), 0},
    {op_mfctr, emit_move_from, CPU(ctr), 0},
    {op_mtlr, emit_move_to, CPU(lr), 0},
    {op_mtctr, emit_move_to, CPU(ctr), 0},
    LOADS(lbz, 1, 0),
    LOADS(lhz, 2, 0),
    LOADS(lha, 2, R_SIGN),
    LOADS(lwz, 4, 0),
    LOADS(ld, 8, 0),
    {op_lwa, emit_load, 4, R_SIGN},
    {op_lwax, emit_load, 4, R_SIGN | R_X},
    STORES(stb, 1),
    STORES(sth, 2),
    STORES(stw, 4),
    STORES(std, 8),
    FORMS(lfd, emit_lfd),
    FORMS(stfd, emit_stfd),
    {op_b, emit_b, 0, 0},
    {op_bl, emit_b, 0, R_LINK},
    {op_bc, emit_bc, 0, 0},
    {op_bcl, emit_bc, 0, R_LINK},
    {op_bt, emit_bc, 0, 0},
    {op_bf, emit_bc, 0, 0},
    {op_bdnz, emit_bc, 0, 0},
    {op_bdz, emit_bc, 0, 0},
    {op_blr, emit_bclr, CPU(lr), 0},
    {op_bclr, emit_bclr, CPU(lr), 0},
    {op_bclr_rc, emit_bclr, CPU(lr), R_LINK},
    {op_bctr, emit_bclr, CPU(ctr), 0},
    {op_bctrl, emit_bclr, CPU(ctr), R_LINK},
    {op_bcctr, emit_bclr, CPU(ctr), 0},
    {op_bcctr_rc, emit_bclr, CPU(ctr), R_LINK},
    {pseudo_leave, emit_leave, 0, 0},
};

/* Rules by function, hashed; made once. */
#define RULE_SLOTS 512u

static const struct rule *rule_slot[RULE_SLOTS];

static unsigned rule_hash(op_fn *fn)
{
	return ((uintptr_t)fn >> 4 ^ (uintptr_t)fn >> 13) & (RULE_SLOTS - 1);
}

static void index_rules(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(rules); i++) {
		unsigned at = rule_hash(rules[i].fn);

		while (rule_slot[at])
			at = (at + 1) & (RULE_SLOTS - 1);
		rule_slot[at] = &rules[i];
	}
}

static void rules_prepare(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, index_rules);
}

static const struct rule *rule_for(op_fn *fn)
{
	for (unsigned at = rule_hash(fn); rule_slot[at]; at = (at + 1) & (RULE_SLOTS - 1))
		if (rule_slot[at]->fn == fn)
			return rule_slot[at];
	return NULL;
}

static const struct rule *rule_of(const struct op *op)
{
	return rule_for(op->fn);
}

bool jit_has_rule(op_fn *fn)
{
	rules_prepare();
	return rule_for(fn);
}

/* Nothing comes after these: the code does not reach the next op. */
static bool ends_run(const struct rule *rule, const struct op *op)
{
	if (rule->emit == emit_bc || rule->emit == emit_bclr)
		return always_taken(op);
	return rule->emit == emit_b || rule->emit == emit_leave;
}

/* --- runs --- */

/* What pseudo_enter does; rsi is at op 0. */
static void emit_enter(struct run *r)
{
	struct x86 *x = &r->x;

	x86_group1_m(x, false, G_CMP, RDI, CPU(budget), 0);
	stop(r, x86_jcc(x, CC_L));
	x86_group1_m(x, false, G_CMP, RDI, CPU(request), 0);
	stop(r, x86_jcc(x, CC_NE));
	x86_group1_m(x, false, G_SUB, RDI, CPU(budget), (s32)r->b->count);
	x86_rm(x, true, X_LEA, RAX, RSI, sizeof(struct op));
	x86_rm(x, true, X_STORE, RAX, RDI, CPU(ops));
}

/* STOP: where emit_enter() found a request, or the budget spent, and jumps that the cache lacks. */
static void emit_stop(struct run *r)
{
	if (!r->stops)
		return;
	land_all(r, r->stop, r->stops);
	x86_rr(&r->x, false, X_XOR, RAX, RAX);
	x86_ret(&r->x);
}

static void emit_slow_exits(struct run *r, op_fn *const *fn)
{
	struct x86 *x = &r->x;

	for (unsigned i = 0; i < r->slows; i++) {
		const struct slow_exit *s = &r->slow[i];

		x86_land(x, s->from);
		if (s->undo_ctr)
			x86_group1_m(x, true, G_ADD, RDI, CPU(ctr), 1);
		if (s->op != r->first)
			x86_rm(x, true, X_LEA, RSI, RSI, op_offset(r, s->op));
		x86_mov64(x, RAX, (uintptr_t)fn[s->op]);
		x86_jmp_reg(x, RAX);
	}
}

/* The current op's code; false: there is none. */
static bool emit_op(struct run *r)
{
	const struct rule *rule = rule_of(current(r));
	const u8 *at __attribute__((unused)) = r->x.at;
	unsigned exits __attribute__((unused)) = r->slows + r->stops;

	r->pinned = 0;
	if (rule && rule->emit(r, current(r), rule))
		return true;
	assert(r->x.at == at && r->slows + r->stops == exits);
	return false;
}

/* Writes the run that begins at op @first; returns the op after it. */
static unsigned emit_run(struct run *r, unsigned first, op_fn *const *fn)
{
	unsigned last = r->b->count + 1;
	bool ended = false;

	r->first = r->op = first;
	r->slows = r->stops = 0;
	r->cmp.op = 0;
	forget_all(r);
	if (first == 0) {
		emit_enter(r);
		r->op = 1;
	}
	while (!ended && r->op <= last) {
		if (!emit_op(r))
			break;
		ended = ends_run(rule_of(current(r)), current(r));
		r->op++;
	}
	if (!ended)
		leave_to_op(r, r->op);
	emit_slow_exits(r, fn);
	emit_stop(r);
	return r->op;
}

static bool worth_a_run(const struct block *b, unsigned first)
{
	return first <= b->count && rule_of(&b->ops[first]) && rule_of(&b->ops[first + 1]);
}

enum jit_result jit_compile(struct jit *jit, struct block *b)
{
	op_fn *fn[OPS_MAX];
	struct run r = {.b = b};
	enum jit_result result = JIT_NOTHING;
	bool empty = !jit->used; /* a block too long for all there is must not be tried for ever */

	b->ops[0].fn = pseudo_enter;
	if (!(b->mode & MODE_SF) || b->count + 2 > OPS_MAX)
		return JIT_NOTHING;
	r.swap = !(b->mode & MODE_LE); /* the host is little-endian */
	for (unsigned i = 0; i < b->count + 2; i++)
		fn[i] = b->ops[i].fn;
	for (unsigned first = 0; first <= b->count + 1;) {
		u8 *code = jit->write + jit->used;
		unsigned next;

		if (first && !worth_a_run(b, first)) {
			first++;
			continue;
		}
		r.x = (struct x86){code, jit->write + jit->bytes};
		next = emit_run(&r, first, fn);
		if (x86_full(&r.x))
			return empty ? result : JIT_FULL;
		if (next == first) {
			first++; /* operands that no rule takes */
			continue;
		}
		b->ops[first].fn = (op_fn *)(uintptr_t)(jit->run + jit->used);
		jit->used = (size_t)(r.x.at - jit->write + 15) & ~(size_t)15;
		result = JIT_COMPILED;
		first = next;
	}
	return result;
}

void jit_reset(struct jit *jit)
{
	if (jit)
		jit->used = 0;
}

unsigned jit_threshold(const struct jit *jit)
{
	return jit->threshold;
}

static bool map_both(struct jit *jit, int fd)
{
	if (fd < 0 || ftruncate(fd, jit->bytes))
		return false;
	jit->write = mmap(NULL, jit->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (jit->write == MAP_FAILED)
		return false;
	jit->run = mmap(NULL, jit->bytes, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	if (jit->run != MAP_FAILED)
		return true;
	munmap(jit->write, jit->bytes);
	return false;
}

void jit_warm_up(struct jit *jit)
{
	size_t first;

	if (!jit)
		return;
	first = jit->bytes < CODE_FIRST ? jit->bytes : CODE_FIRST;
	prefault_write(jit->write, first);
	prefault_read(jit->run, first);
}

struct jit *jit_new(size_t bytes)
{
	const char *engine = getenv("PAPYR_ENGINE");
	struct jit *jit;
	bool mapped;
	int fd;

	if (engine && !strcmp(engine, "portable"))
		return NULL;
	jit = calloc(1, sizeof(*jit));
	if (!jit)
		return NULL;
	rules_prepare();
	jit->bytes = bytes;
	jit->threshold = engine && !strcmp(engine, "eager") ? 1 : THRESHOLD;
	fd = memfd_create("papyr code", MFD_CLOEXEC);
	mapped = map_both(jit, fd);
	if (fd >= 0)
		close(fd);
	if (!mapped) {
		free(jit);
		return NULL;
	}
	return jit;
}

void jit_free(struct jit *jit)
{
	if (!jit)
		return;
	munmap(jit->write, jit->bytes);
	munmap(jit->run, jit->bytes);
	free(jit);
}

#else

struct jit *jit_new(size_t bytes)
{
	return NULL;
}

void jit_free(struct jit *jit)
{
}

void jit_warm_up(struct jit *jit)
{
}

unsigned jit_threshold(const struct jit *jit)
{
	return 0;
}

enum jit_result jit_compile(struct jit *jit, struct block *block)
{
	return JIT_NOTHING;
}

bool jit_has_rule(op_fn *fn)
{
	return false;
}

void jit_reset(struct jit *jit)
{
}

#endif
