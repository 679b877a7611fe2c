/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/samples.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>

#define MSR_PR 0x4000ull
#define MSR_IR 0x20ull

#define FRAMES_MOST 32
#define NAME_BYTES  400
#define STACK_BYTES (FRAMES_MOST * 96)

/* Where Linux has itself, and in real mode reaches itself without the upper bits. */
#define KERNEL_BASE 0xc000000000000000ull

/* User programs have no symbols here: what lies so near is told together. */
#define USER_PIECE 1024ull

const char *const sample_state_names[SAMPLE_STATES] = {"kernel", "user", "real"};

struct sample {
	enum sample_state state;
	u64 nip, lr, caller[FRAMES_MOST];
	unsigned n;
};

/* ---- A line: SECONDS vcpu N sample NIP, msr MSR, lr LR, stack CALLER CALLER ... ---- */

static bool parse(const char *line, struct sample *sample)
{
	unsigned long long nip, msr, lr, caller;
	int at = 0, more;

	if (sscanf(line, "%*s vcpu %*u sample %llx, msr %llx, lr %llx, stack%n", &nip, &msr, &lr,
		   &at) != 3 ||
	    !at)
		return false;
	sample->state = msr & MSR_PR ? SAMPLE_USER : msr & MSR_IR ? SAMPLE_KERNEL : SAMPLE_REAL;
	sample->nip = nip;
	sample->lr = lr;
	sample->n = 0;
	while (sample->n < FRAMES_MOST && sscanf(line + at, " %llx%n", &caller, &more) == 1) {
		sample->caller[sample->n++] = caller;
		at += more;
	}
	return true;
}

/* ---- Names ---- */

static const char *function_of(const struct samples *s, enum sample_state state, u64 address)
{
	return state == SAMPLE_USER ? NULL : symbols_find(s->symbols, address | KERNEL_BASE);
}

static const char *name(const struct samples *s, enum sample_state state, u64 address,
			char buf[NAME_BYTES])
{
	const char *function = function_of(s, state, address);

	if (function)
		snprintf(buf, NAME_BYTES, "%s", function);
	else
		snprintf(buf, NAME_BYTES, "0x%llx", (unsigned long long)(address & -USER_PIECE));
	return buf;
}

/* Whoever called a function that has no frame stands in LR, which else points into the function. */
static bool lr_is_caller(const struct samples *s, const struct sample *sample)
{
	const char *here = function_of(s, sample->state, sample->nip);
	const char *there = function_of(s, sample->state, sample->lr);

	return here && there && here != there && (!sample->n || sample->lr != sample->caller[0]);
}

static size_t append(const struct samples *s, const struct sample *sample, u64 address, char *to,
		     size_t len)
{
	char buf[NAME_BYTES];
	int n = snprintf(to + len, STACK_BYTES - len, "%s%s", len ? ";" : "",
			 name(s, sample->state, address, buf));

	return n < 0 || len + n >= STACK_BYTES ? STACK_BYTES - 1 : len + n;
}

static void write_stack(const struct samples *s, const struct sample *sample, char *to)
{
	size_t len = snprintf(to, STACK_BYTES, "%s", sample_state_names[sample->state]);

	for (unsigned i = sample->n; i--;)
		len = append(s, sample, sample->caller[i], to, len);
	if (lr_is_caller(s, sample))
		len = append(s, sample, sample->lr, to, len);
	append(s, sample, sample->nip, to, len);
}

/* ---- Counting ---- */

static int compare(const void *a, const void *b)
{
	const struct tally *x = a, *y = b;

	return x->state != y->state ? (int)x->state - (int)y->state : strcmp(x->text, y->text);
}

static bool count(void **tree, const char *text, enum sample_state state)
{
	struct tally wanted = {.text = text, .state = state}, *new, **found;

	found = tfind(&wanted, tree, compare);
	if (found) {
		(*found)->count++;
		return true;
	}
	new = malloc(sizeof(*new) + strlen(text) + 1);
	if (!new)
		return false;
	*new = (struct tally){strcpy((char *)(new + 1), text), state, 1};
	if (tsearch(new, tree, compare))
		return true;
	free(new);
	return false;
}

bool samples_add(struct samples *s, const char *line)
{
	char buf[NAME_BYTES], stack[STACK_BYTES];
	unsigned long long lost;
	struct sample sample;

	if (sscanf(line, "%*s trace %llu line", &lost) == 1)
		s->lost += lost;
	if (!parse(line, &sample))
		return true;
	s->n++;
	s->by_state[sample.state]++;
	write_stack(s, &sample, stack);
	return count(&s->functions, name(s, sample.state, sample.nip, buf), sample.state) &&
	       count(&s->stacks, stack, sample.state);
}

/* ---- In order ---- */

struct gathered {
	struct tally **list;
	size_t n;
};

static void gather(const void *node, VISIT which, void *opaque)
{
	struct gathered *g = opaque;

	if (which == postorder || which == leaf)
		g->list[g->n++] = *(struct tally *const *)node;
}

static void number(const void *node, VISIT which, void *opaque)
{
	*(size_t *)opaque += which == postorder || which == leaf;
}

static int by_count(const void *a, const void *b)
{
	const struct tally *x = *(struct tally *const *)a, *y = *(struct tally *const *)b;

	return x->count != y->count ? (x->count < y->count ? 1 : -1) : compare(x, y);
}

static struct tally **in_order(const void *tree, size_t *n)
{
	struct gathered g = {0};
	size_t all = 0;

	twalk_r(tree, number, &all);
	g.list = calloc(all + 1, sizeof(struct tally *));
	if (g.list) {
		twalk_r(tree, gather, &g);
		qsort(g.list, g.n, sizeof(struct tally *), by_count);
	}
	*n = g.n;
	return g.list;
}

struct tally **samples_functions(const struct samples *s, size_t *n)
{
	return in_order(s->functions, n);
}

struct tally **samples_stacks(const struct samples *s, size_t *n)
{
	return in_order(s->stacks, n);
}

void samples_free(struct samples *s)
{
	tdestroy(s->functions, free);
	tdestroy(s->stacks, free);
	s->functions = s->stacks = NULL;
}
