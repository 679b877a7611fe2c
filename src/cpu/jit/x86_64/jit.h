/* SPDX-License-Identifier: Apache-2.0 */
/* The memory that translations lie in, and the ways into and out of them. */
#ifndef PAPYR_CPU_JIT_X86_64_JIT_H
#define PAPYR_CPU_JIT_X86_64_JIT_H

#include "base/lock.h"
#include "cpu/jit/jit.h"
#include "cpu/mmu/returns.h"
#include "cpu/jit/x86_64/host.h"
#include "cpu/jit/x86_64/tr.h"

/*
 * A way out of a translation, off its block's page, that may come to lead into another. It is good
 * as long as jump_key is @key, for the address @ea. Ways on the page are good as long as the block
 * is, and need none: a call of thunk join becomes a jump.
 */
struct site {
	struct block *to; /* where it leads; NULL: to thunk leave */
	u32 jump;	  /* where the jump's distance is, from struct jit.write */
	bool guards;	  /* it leads on in its own translation, to what is like @to, or nowhere */
	u64 key, ea;
	struct site *next, **from; /* of those that lead to the same translation */
};

/*
 * What is kept of a translation for the exits that have no code yet. Their jumps lead into a row of
 * pushes of rsp, a byte each, before what goes to thunk make_exit: so many as are left of the row
 * tell which exit it is. None: the budget is spent.
 */
struct translated {
	u32 code; /* from struct jit.write */
	u16 n_exits, n_parts;
	struct block *parts[]; /* what it follows; then the records */
};

/* Code that all translations share. */
struct thunks {
	const u8 *enter; /* an op_fn: from the dispatcher, or the interpreter, into a translation */
	const u8 *leave; /* by the site in rsi, to r14 */
	const u8 *join;	 /* called, on the page, to r14: the call may become a jump */
	const u8 *call;	 /* the same by a call, which may come to lead there itself */
	const u8 *function;  /* the function of the op in rsi goes on; rdx: its block's first */
	const u8 *crossed;   /* the same, and a window lies in two units; rcx: whose translation */
	const u8 *stopped;   /* a called function said STOP */
	const u8 *stop;	     /* to the dispatcher, at r14 */
	const u8 *late;	     /* the same, and it is time to look at the clock */
	const u8 *make_exit; /* rax: the translation; behind pushes of rsp that tell which exit */
	/* To what a frame behind that on top tells. */
	const u8 *return_behind[RETURN_FRAMES_MORE];
	const u8 *side;	     /* called: see side_thunk_emit() */
	const u8 *cold;	     /* rcx: as jump_field() wants it; to a block without a translation */
};

/* Who translates: the processor's own thread, and who works off its orders (orders.h). */
enum { OWN, BY_ORDER };

struct jit {
	/* Two views of the same memory: one to write, one to execute. All addresses here, in
	 * thunks, sites and struct tr are of the first. */
	u8 *write, *run;
	size_t bytes;
	size_t first, seldom_first; /* behind the thunks; the second part */
	/*
	 * Two parts: code, and that which seldom runs, with sites, ops of calls and struct
	 * translated. Translations run through the first: what lies close together suits the host's
	 * caches of code and of its pages. Behind it, at @aside, there is room for an exit that
	 * isn't kept. Of both those who translate take some for themselves, with the lock.
	 */
	struct lock lock;
	struct room often, seldom;
	size_t aside;
	struct op *once; /* of jit_new_function(); where code reaches it, as all that it names */
	unsigned threshold;
	int dump;      /* a file that gets all translations, -1 */
	u32 host;      /* enum host_feature */
	u8 *constants; /* of vectors */
	struct thunks thunks;
	struct orders *orders; /* NULL: the processor's own thread translates all */
	unsigned translators;
	struct tr tr[]; /* by OWN and, if there are orders, BY_ORDER */
};

/* More than any translation needs of what is no code, but for its records. */
#define DATA_BYTES_MAX                                                                             \
	(sizeof(struct translated) + (TR_PARTS + 1) * sizeof(struct site) +                        \
	 TR_PARTS * sizeof(struct block *) + TR_INSNS * 2 * sizeof(struct op))

static inline const u8 *jit_run_view(const struct jit *jit, const u8 *at)
{
	return jit->run + (at - jit->write);
}

/* Of what translated code knows by the address at which it runs. */
static inline u8 *jit_write_view(const struct jit *jit, const void *at)
{
	return jit->write + ((const u8 *)at - jit->run);
}

_Static_assert(sizeof(struct jump) == 4 * 8, "jump_field() scales an instruction's address by 8");

/* Of the jump cache's entry for the address whose bits that choose it are in rcx. */
static inline struct x86_mem jump_field(size_t field)
{
	return (struct x86_mem){R_CPU, RCX, 3,
				(s32)(offsetof(struct cpu, jump) + field) - CPU_BIAS};
}

/* --- area.c --- */
/* Memory for @bytes of code and the longest translations; false: there is none. */
bool area_init(struct jit *jit, size_t bytes);
void area_fini(struct jit *jit);
/* The thunks end at @at. */
void area_begins(struct jit *jit, const u8 *at);
/* All is free again. */
void area_reset(struct jit *jit);
/* Is there room for any translation but its records? For these? For an exit? */
bool area_has_translation(struct tr *t);
bool area_has_data(struct tr *t, size_t bytes);
bool area_has_exit(struct tr *t);
/* Memory for what isn't code; a translation begins only where there is enough. */
void *jit_take(struct tr *t, size_t bytes);
/* A copy of @op to be called, behind which its function finds a return. */
struct op *jit_new_call(struct tr *t, const struct op *op);
/*
 * A copy of @op, number @n of the current block, by whose function the translation is left; behind
 * it that finds what goes on with the block's next instruction, as with a block of its own. @once:
 * it is good until the next one that is.
 */
struct op *jit_new_function(struct tr *t, unsigned n, const struct op *op, bool once);

/* --- links.c --- */
struct site *jit_new_site(struct tr *t);
/* One that guards the way on to @b, which is at @ea now. */
struct site *jit_new_guard(struct tr *t, struct block *b, u64 ea);

/* --- dump.c --- */
int dump_open(void);
void dump_close(int fd);
void dump_translation(int fd, const struct block *b, const struct op *ops, const u8 *code,
		      const u8 *end, const void *runs);

void thunks_emit(struct jit *jit, struct x86 *x);
/* C runs on its thread's stack, translations where calls come back to (mmu/returns.h). */
void stack_to_c(struct x86 *x);
void stack_from_c(struct x86 *x);
/* Around a call of C: CALLS_CHANGE on the host's stack. */
void held_push(struct x86 *x);
void held_pop(struct x86 *x);

/* Called by thunks: the way on from nip, an op to go on with or NULL. */
const struct op *jit_leave(struct cpu *cpu, struct site *seen);
const struct op *jit_join(struct cpu *cpu, const u8 *returns);
const struct op *jit_call(struct cpu *cpu, const u8 *returns);
const struct op *jit_cold(struct cpu *cpu, struct jump *jump);
const struct op *jit_crossed(struct cpu *cpu, const struct op *op, const struct op *first,
			     struct block *head);
/* Called by a thunk: the code of the exit that pushed rsp down to @stack. */
const u8 *jit_make_exit(struct cpu *cpu, const struct translated *seen, u64 *stack);

#endif
