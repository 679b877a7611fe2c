/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RTAS calls of the interrupt controller. The guest's argument block, all big-endian words:
 *	 0  token
 *	 4  number of arguments
 *	 8  number of results
 *	12  arguments, then results; 16 of both together
 *
 * The first result is the call's status.
 */
#include "hv/xics/rtas.h"

#include <errno.h>
#include <stdlib.h>
#include "base/racy.h"
#include "hv/codepage.h"
#include "hv/hcall/hcall.h"
#include "hv/memslot.h"
#include "hv/trace.h"
#include "hv/vcpu.h"
#include "hv/vm.h"
#include "hv/xics/xics.h"

#define RTAS_WORDS	16u
#define RTAS_BAD_PARAMS (-3)
#define RTAS_HEADER	3u

struct rtas_args {
	u32 token, nargs, nret;
	u32 args[RTAS_WORDS];
	u32 *rets; /* in args */
};

static void set_xive(struct hv_vm *vm, struct rtas_args *a)
{
	int ret = RTAS_BAD_PARAMS;

	if (a->nargs == 3 && a->nret == 1 &&
	    !hv_xics_set_xive(vm, a->args[0], a->args[1], a->args[2]))
		ret = 0;
	a->rets[0] = ret;
}

static void get_xive(struct hv_vm *vm, struct rtas_args *a)
{
	u32 server, priority;

	if (a->nargs != 1 || a->nret != 3 || hv_xics_get_xive(vm, a->args[0], &server, &priority)) {
		a->rets[0] = RTAS_BAD_PARAMS;
		return;
	}
	a->rets[0] = 0;
	a->rets[1] = server;
	a->rets[2] = priority;
}

static void int_off(struct hv_vm *vm, struct rtas_args *a)
{
	bool good = a->nargs == 1 && a->nret == 1 && !hv_xics_int_off(vm, a->args[0]);

	a->rets[0] = good ? 0 : RTAS_BAD_PARAMS;
}

static void int_on(struct hv_vm *vm, struct rtas_args *a)
{
	bool good = a->nargs == 1 && a->nret == 1 && !hv_xics_int_on(vm, a->args[0]);

	a->rets[0] = good ? 0 : RTAS_BAD_PARAMS;
}

static const struct xics_call {
	const char *name;
	void (*fn)(struct hv_vm *vm, struct rtas_args *args);
} calls[] = {
    {"ibm,set-xive", set_xive},
    {"ibm,get-xive", get_xive},
    {"ibm,int-off", int_off},
    {"ibm,int-on", int_on},
};

struct hv_rtas_token {
	u64 token;
	const struct xics_call *call;
	struct hv_rtas_token *next;
};

/* --- the client's side, under vm->rtas_lock --- */

static struct hv_rtas_token *find_token(struct hv_vm *vm, u64 token)
{
	struct hv_rtas_token *t;

	for (t = vm->rtas_tokens; t; t = t->next) {
		if (t->token == token)
			return t;
	}
	return NULL;
}

static bool same_name(const char *name, size_t size, const char *known)
{
	size_t len = strlen(known);

	return size > len && !memcmp(name, known, len + 1);
}

/*
 * Forgets one token of the call named so; a call without any, or an unknown one, is none the worse.
 */
static void undefine(struct hv_vm *vm, const char *name, size_t size)
{
	for (struct hv_rtas_token **p = &vm->rtas_tokens; *p; p = &(*p)->next) {
		struct hv_rtas_token *t = *p;

		if (same_name(name, size, t->call->name)) {
			*p = t->next;
			free(t);
			return;
		}
	}
}

static int define(struct hv_vm *vm, const char *name, size_t size, u64 token)
{
	struct hv_rtas_token *t;
	unsigned i;

	if (find_token(vm, token))
		return -EEXIST;
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		if (same_name(name, size, calls[i].name))
			break;
	}
	if (i == ARRAY_SIZE(calls))
		return -ENOENT;
	t = malloc(sizeof(*t));
	if (!t)
		return -ENOMEM;
	*t = (struct hv_rtas_token){token, &calls[i], vm->rtas_tokens};
	vm->rtas_tokens = t;
	return 0;
}

int hv_rtas_define_token(struct hv_vm *vm, const char *name, size_t size, u64 token)
{
	int ret = 0;

	lock_acquire(&vm->rtas_lock);
	if (token)
		ret = define(vm, name, size, token);
	else
		undefine(vm, name, size);
	lock_release(&vm->rtas_lock);
	return ret;
}

void hv_rtas_free(struct hv_vm *vm)
{
	while (vm->rtas_tokens) {
		struct hv_rtas_token *t = vm->rtas_tokens;

		vm->rtas_tokens = t->next;
		free(t);
	}
}

/* --- the guest's side --- */

static const struct xics_call *call_of_token(struct hv_vm *vm, u32 token)
{
	const struct hv_rtas_token *t;

	lock_acquire(&vm->rtas_lock);
	t = find_token(vm, token);
	lock_release(&vm->rtas_lock);
	return t ? t->call : NULL;
}

static bool load_args(const u8 *block, struct rtas_args *a)
{
	a->token = load_be32(block);
	a->nargs = load_be32(block + 4);
	a->nret = load_be32(block + 8);
	if (a->nargs >= RTAS_WORDS || a->nret > RTAS_WORDS - a->nargs)
		return false;
	for (unsigned i = 0; i < RTAS_WORDS; i++)
		a->args[i] = load_be32(block + 4 * (RTAS_HEADER + i));
	a->rets = &a->args[a->nargs];
	return true;
}

/*
 * H_RTAS - an RTAS call, made by the stub that the client put into guest memory.
 *
 * @gpr[4]: guest real address of the argument block
 *
 * Returns H_SUCCESS (what became of the call is in the block), H_TOO_HARD: the call is not ours, or
 * its block is not in memory, or makes no sense. The client deals with all that.
 */
long h_rtas(struct hv_vcpu *vcpu, u64 *gpr)
{
	u8 words[4 * (RTAS_HEADER + RTAS_WORDS)], *rets;
	const struct xics_call *call;
	struct rtas_args args;
	u64 gpa = gpr[4] & ~(15ull << 60);
	u8 *block;

	if (!vcpu->vm->rtas_tokens)
		return H_TOO_HARD;
	block = hv_guest_ptr(vcpu->vm, gpa, sizeof(words), false);
	if (!block)
		return H_TOO_HARD;
	racy_copy_bytes(words, block, sizeof(words));
	if (!load_args(words, &args))
		return H_TOO_HARD;
	call = call_of_token(vcpu->vm, args.token);
	/* Every call has at least a status to give back. */
	if (!call || !args.nret || args.nargs + args.nret > RTAS_WORDS)
		return H_TOO_HARD;
	call->fn(vcpu->vm, &args);
	block = hv_guest_ptr(vcpu->vm, gpa, sizeof(words), true);
	if (!block)
		return H_TOO_HARD;
	rets = words + 4 * (RTAS_HEADER + args.nargs);
	for (unsigned i = 0; i < args.nret; i++)
		store_be32(rets + 4 * i, args.rets[i]);
	racy_copy_bytes(block + (rets - words), rets, 4 * args.nret);
	hv_code_wrote(vcpu, gpa, sizeof(words));
	if (cpu_traces(&vcpu->cpu, PAPYR_TRACE_RTAS))
		hv_trace_rtas(vcpu, call->name, words + 4 * RTAS_HEADER, args.nargs, rets,
			      args.nret);
	return H_SUCCESS;
}
