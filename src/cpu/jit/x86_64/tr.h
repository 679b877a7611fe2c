/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A translation for x86-64 in the making.
 *
 * In translated code r15 is the cpu (CPU_BIAS into it, so that its first fields are near), r14
 * is nip: the effective address of the block's first instruction. rax, rcx and rdx are scratch. The
 * others hold guest registers, as struct state says; nothing is in them where a translation begins
 * and ends.
 */
#ifndef PAPYR_CPU_JIT_X86_64_TR_H
#define PAPYR_CPU_JIT_X86_64_TR_H

#include "cpu/jit/builder.h"
#include "cpu/jit/x86_64/asm.h"

#define R_CPU R15
#define R_NIP R14

/* Of those that hold guest registers, what a call of C changes. An even number of them. */
#define CALLS_CHANGE RSI, RDI, R8, R9, R10, R11

#define CPU_BIAS      128
#define CPU_AT(field) X86_AT(R_CPU, (s32)offsetof(struct cpu, field) - CPU_BIAS)
#define CPU_OFFSET(o) X86_AT(R_CPU, (s32)(o)-CPU_BIAS)

/* Where a guest register's value is: a host register, or */
#define IN_MEMORY	(-1)
#define IN_CONSTANTS(i) (-2 - (i)) /* t->constants[i] */

/*
 * A field of CR that was not made yet: of a comparison, or of 16 bits that say which bytes of a
 * mask are ones, in a's register.
 */
struct compared {
	bool pending, wide, is_signed, is_mask;
	bool is_fp; /* of doubles in struct cpu: a.k and b.k are their offsets */
	u8 isnt;    /* LT 8, GT 4, EQ 2: what it isn't, as branches found; of numbers alone */
	val a, b;
};

/* What the FPSCR waits for (fp/fpscr.h), and where in struct cpu the operands are. */
struct status {
	u8 last[FPSCR_KINDS];
	bool compares; /* a field of CR waits for the comparison's operands, too */
	u8 field;
	u16 at[FPSCR_OPERANDS];
};

/* What is to be stored for struct cpu to be the guest's, at a place in the translation. */
struct state {
	s16 at[GUESTS];
	u64 dirty; /* of GUESTS: memory is old */
	struct compared cr[8];
	struct status status;
	s32 cfar; /* distance from the block's start of the branch, NO_CFAR */
};
#define NO_CFAR INT32_MIN

struct host_reg {
	u64 guests; /* whose value it is */
	u8 pins;    /* comparisons that wait for it */
	u32 used;
};

/*
 * What accesses by one general register share (b_place): [lo, hi) behind it lies on one page, whose
 * bytes are where host register s.at[GUEST_WINDOWS + i] says, which has the register's own as it
 * was at first. Gone when the host register is wanted for something else, or the general register
 * is set otherwise than by adding a constant. What is loaded and then stored, or the reverse, is
 * asked for both at once.
 */
#define WINDOWS (GUESTS - GUEST_WINDOWS)
struct page_window {
	u8 base;
	bool loads, stores; /* it was asked for */
	s32 lo, hi;
	s32 moved;   /* by what the general register has grown since */
	bool passes; /* it goes through memory in a loop's rounds, and so from page to page */
};

/* What an xmm register holds: of which vector-scalar registers all bits, or doubleword 0. */
struct xmm_reg {
	u64 whole, scalar;
	u8 constant; /* or one of enum vector_constant */
	u32 used;
};

struct vregs {
	struct xmm_reg x[16];
	s8 whole[64], scalar[64]; /* where it is; -1: in memory only */
	u32 busy, changes;
	u128 constants_seen;
	u64 dirty; /* of those known as a whole: memory is old */
	bool may_wait;
};

enum exit_kind {
	EXIT_BRANCH,   /* to an instruction at a distance */
	EXIT_BEHIND,   /* the same, but that no branch was taken */
	EXIT_REGISTER, /* to where a register says */
	EXIT_RETURN,   /* the same, back from a call */
	EXIT_FUNCTION, /* the instruction's own function goes on */
	EXIT_WINDOW,   /* the same, and perhaps for a window lies in two units */
	EXIT_GUARD,    /* to a distance, by a site that says what must be there to be followed */
};

/*
 * A way out of a translation. Many are never gone, so a translation has of each but a jump, a byte
 * that it leads to, and a record (records.c). Who comes there first has the way's code made.
 */
struct exit_point {
	enum exit_kind kind;
	u32 from;	   /* the jump's distance: where, from the translation's start */
	unsigned part, n;  /* the instruction: op @n of block @part */
	s32 distance;	   /* EXIT_BRANCH, EXIT_BEHIND, EXIT_GUARD: from that block's start */
	int to;		   /* EXIT_REGISTER, EXIT_RETURN; EXIT_WINDOW: the window's base */
	s32 lo, hi;	   /* EXIT_WINDOW */
	struct site *site; /* EXIT_GUARD */
};

/* The state that a record tells, by what is to be stored; each says what changed (records.c). */
struct record_state {
	u32 from; /* of its exit */
	s32 cfar;
	u64 dirty; /* of guests, when writing */
	val guests[GUESTS];
	struct compared cr[8];
	struct status status;
};

/* An instruction whose function is called only if it must be: side.c. */
struct side {
	u8 *calls[4], *zero; /* jumps' distances */
	unsigned n_calls;
	struct op op; /* the instruction's, @n of its block */
	unsigned n;
	u8 *accept, *done;
	/* xmm registers. A zero may be right, or those of a vector: @spare are there to tell. */
	int result, factors[2], spare[2];
	bool lanes, singles;
	u8 aside;	/* of FPSCR_OPERANDS: kept, for the call changes where they are */
	struct state s; /* before the instruction */
	struct vregs v; /* after it */
};

#define TR_INSNS     128u /* of all that a translation follows */
#define TR_PARTS     8u
#define TR_EXITS     (TR_INSNS * 5)
#define TR_CONSTANTS (TR_INSNS * 4)
/* The largest: all guest registers and comparisons, of constants. */
#define RECORD_BYTES_MAX     800u
#define TR_RECORDS_BYTES_MAX ((size_t)TR_EXITS * RECORD_BYTES_MAX)

/* More than a translation needs, and more than the way out by an exit. */
#define TR_BYTES_MAX   ((size_t)96 << 10)
#define EXIT_BYTES_MAX ((size_t)2048)

/* Memory that is being filled, by its distance from struct jit.write. */
struct room {
	size_t at, end;
};

struct tr {
	struct x86 x;
	struct jit *jit;
	/* Where it goes: what runs often, what seldom does, and what is no code. */
	struct room often, seldom, data;
	enum isa_level level;
	struct cpu *cpu; /* NULL: another thread runs it meanwhile */
	/* Blocks that it follows, the last being b. The same may be there several times. */
	struct block *parts[TR_PARTS];
	unsigned n_parts;
	unsigned insns; /* of the blocks before b */
	struct block *b;
	const struct op *ops; /* of b, in ops_room if it has them no more */
	struct op ops_room[BLOCK_MAX + 2];
	u64 ea;		       /* of b, here and now; TR_NOWHERE: not known */
	u64 returns[TR_PARTS]; /* where calls that are followed come back to */
	unsigned n_returns;
	bool returns_surely;			/* LR is the last of them */
	const struct rule *rules[BLOCK_MAX + 2]; /* of ops */
	unsigned n; /* of the current op: 1 is the block's first instruction */
	struct state s;
	struct page_window windows[WINDOWS];
	unsigned next_window;
	/* The current instruction adds @moves_by to general register @moving, GUESTS: to none. */
	u32 moving;
	s32 moves_by;
	struct b_place ea_of; /* its effective address was made already */
	bool plain;	      /* no windows */
	bool carry_inverted;  /* while x holds the flags: carry is the opposite of CA */
	struct host_reg h[16];
	struct vregs v;
	u32 busy;      /* host registers that the current instruction uses */
	u32 free_over; /* guest register that the instruction sets without reading it twice; its
			  host register may be overwritten. GUESTS: none */
	u32 clock;
	u8 waits[GUESTS]; /* uses_wait() */
	u32 waits_at;	  /* the clock then */
	u64 constants[TR_CONSTANTS];
	unsigned n_constants;
	u8 *code;	     /* where it begins */
	u32 exits[TR_EXITS]; /* their jumps' distances, from there */
	unsigned n_exits;
	u8 records[TR_RECORDS_BYTES_MAX]; /* of the exits */
	size_t records_used;
	struct record_state recorded; /* by the last one */
	struct side sides[TR_INSNS];
	unsigned n_sides;
	u8 *late; /* the jump where the budget is spent */
	bool swap;
};

/* For 32-bit mode: addresses, CTR, and what CR0 and CA tell are of the low word. */
static inline bool tr_is_narrow(const struct tr *t)
{
	return !(t->b->mode & MODE_SF);
}

#define TR_NOWHERE 1ull

static inline u64 guest_bit(unsigned g)
{
	return 1ull << g;
}

struct x86_mem guest_memory(unsigned g);
/* Of GUEST_CA only the lowest byte counts. */
void guest_store(struct tr *t, unsigned g, int reg);

/* --- regs.c --- */
void regs_begin(struct tr *t);
/* A new instruction: values of the last one may go. */
void regs_next(struct tr *t);
/* A host register for a new value. */
int regs_take(struct tr *t);
/* The same, of which the value was @a: @a's own if nobody else wants it, else a copy. */
int regs_over(struct tr *t, val a);
/* Is the register of @a one that regs_over() gives as it is? */
bool regs_may_change(const struct tr *t, val a);
/* One for a new value of @g alone: that of the old one, if it is nobody else's. */
int regs_for(struct tr *t, unsigned g);
/* @v in a host register. */
int regs_value(struct tr *t, val v);
void regs_pin(struct tr *t, val v);
void regs_unpin(struct tr *t, val v);
/* The host register is window @i's from here on. */
void regs_give(struct tr *t, int reg, unsigned window);
/* The host register of window @i, NO_REG if it is gone. */
int regs_window(struct tr *t, unsigned i);
/* General register @base gets another value: its windows move along, or go. */
void regs_move_windows(struct tr *t, unsigned base);
/* Forgets what host registers that a call changes hold, or all; everything was stored. */
void regs_forget(struct tr *t, bool all);

/* --- memory.c --- */
/* rcx = host address - effective address, which is in @ea; else the instruction is left. */
void look_up(struct tr *t, int ea, unsigned bytes, bool store);
/* The same for @place: where the host has it. Of the scratch registers it may use rcx. */
struct x86_mem look_up_place(struct tr *t, struct b_place place, unsigned bytes, bool store);
/* The same, but rcx is as tlb_field() wants it. */
void look_up_slot(struct tr *t, int ea, unsigned bytes, bool store);
/* Log 2 of the bytes that an entry of the first cache is of. */
unsigned unit_shift(const struct tr *t);
/* A field, by its offset, of the cache's entry that rcx, four times its slot's number, tells. */
struct x86_mem tlb_field(const struct tr *t, size_t field);
void swap_bytes(struct tr *t, int reg, unsigned bytes);

/* --- state.c --- */
/* Stores what @s says; changes the scratch registers and flags only. */
void state_store(struct tr *t, const struct state *s);
/* The same at the current place; memory is right from here on. */
void state_flush(struct tr *t);
/* CR[field] is made now, if it waits. */
void state_make_cr(struct tr *t, unsigned field);
void state_drop_cr(struct tr *t, unsigned field);
/* Flags of the comparison. */
void compare_emit(struct tr *t, const struct compared *c);

/* --- status.c --- */
/* The operation @op on doublewords 0 of @vsr, which sets @target's, or (64) none, is the last. */
void status_record(struct tr *t, enum fpscr_kind kind, u8 op, const u8 *vsr, unsigned target);
/* CR[field] will be made of the comparison that was just recorded. */
void status_compares(struct tr *t, unsigned field);
/* Doubleword 0 of @vsr is about to change: operands that are there are kept elsewhere. */
void status_vsr_changes(struct tr *t, unsigned vsr);
/* Makes struct fpscr what @s says. */
void status_store(struct tr *t, const struct state *s);
unsigned status_operands(u8 op);
struct x86_mem status_operand(unsigned i);
/* Flags of a comparison of doubles; what xmm registers hold is kept, or no more needed. */
void status_compare_emit(struct tr *t, const struct compared *c, bool keep);

/* --- side.c --- */
/* The current instruction has such a call; nothing of it was done yet. */
void side_begin(struct tr *t);
void side_call_if(struct tr *t, enum x86_cc cc);
/*
 * The result, a double, is beyond what is taken as it is: it is accepted all the same if it is zero
 * and so is one of the two others (-1: none is asked).
 */
void side_zero_if(struct tr *t, enum x86_cc cc, int result, int factor, int other);
/* The same of a vector's lanes, of 32 or 64 bits; @bad has ones where a lane is beyond. */
void side_zeros_if(struct tr *t, enum x86_cc cc, int result, const int *factors, int bad,
		   bool singles);
void side_accept(struct tr *t);
void side_done(struct tr *t);
void sides_emit(struct tr *t);
/* rcx: a copy of the op, rax: of its block's first. Calls its function. */
const u8 *side_thunk_emit(struct jit *jit, struct x86 *x);

/* --- uses.c --- */
#define USES_FAR 16
/*
 * How many instructions it is until guest register or window @g is wanted; USES_FAR: not soon. Only
 * what is hot is worth looking.
 */
unsigned uses_wait(struct tr *t, unsigned g);

/* --- trace.c --- */
/* @b, which is at @ea, comes next; its ops. */
void trace_add(struct tr *t, struct block *b, const struct op *ops, u64 ea);
/* It is worth more time than others. */
bool trace_is_hot(const struct tr *t);
/* Does op @n, a branch, lead to the current block's start? */
bool trace_leads_back(const struct tr *t, unsigned n);
/* How often the first @insns instructions of the current block will come again after these. */
unsigned trace_rounds_left(const struct tr *t, unsigned insns);
/* Is the instruction at @distance from the current block's start on its page? */
bool trace_on_page(const struct tr *t, s64 distance);
/* Does @op, of rule @r, add a constant to a general register? */
bool trace_moves(const struct op *op, const struct rule *r, unsigned *reg, s32 *by);

/* --- exits.c --- */
/* Of the current instruction, from the block's start. */
s32 trace_here(const struct tr *t);
/* Unless @cc: the instruction is left to its function. */
void exit_function_if(struct tr *t, enum x86_cc cc);
/* To @distance from the block's start, by @site. */
void exit_guard_if(struct tr *t, enum x86_cc cc, s32 distance, struct site *site);
/* Unless @cc, to where host register @to says; it comes back from a call. */
void exit_register_if(struct tr *t, enum x86_cc cc, int to);
void exit_return_if(struct tr *t, enum x86_cc cc, int to);
void exit_window_if(struct tr *t, enum x86_cc cc, int base, s32 lo, s32 hi);
/* The code of @exit, at t->s. @once: it runs now and is overwritten then. */
void exit_emit(struct tr *t, const struct exit_point *exit, bool once);

/* --- ways.c --- */
/* To @distance from the block's start; all was stored. */
void way_at(struct tr *t, s32 distance);
/* The same, through the dispatcher. */
void way_by_dispatcher(struct tr *t, s32 distance);
/* To the address in @to. */
void way_to(struct tr *t, int to, enum b_way way);

/* --- records.c --- */
/* Before the first record of a translation is written or read. */
void records_begin(struct record_state *r);
/* @exit, at t->s, behind the others in t->records. */
void record_write(struct tr *t, const struct exit_point *exit);
/* The record at @at, behind those that made @r; returns where the next begins. */
const u8 *record_read(struct record_state *r, const u8 *at, struct exit_point *exit);
/* t->s is what @r says. */
void record_state(struct tr *t, const struct record_state *r);

#endif
