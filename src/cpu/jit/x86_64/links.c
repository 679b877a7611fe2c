/* SPDX-License-Identifier: Apache-2.0 */
/* What joins translations to each other, and parts them. */
#include "cpu/jit/jit.h"

#if defined(__x86_64__) && !defined(__ILP32__)

#include "cpu/engine/code.h"
#include "cpu/mmu/jumps.h"
#include "cpu/jit/x86_64/jit.h"

struct site *jit_new_site(struct tr *t)
{
	return memset(jit_take(t, sizeof(struct site)), 0, sizeof(struct site));
}

const u8 *jit_code(const struct jit *jit, const struct block *b)
{
	if (!jit)
		return NULL;
	return b->code ? b->code : jit_run_view(jit, jit->thunks.cold);
}

static void detach(struct site *site)
{
	if (!site->from)
		return;
	*site->from = site->next;
	if (site->next)
		site->next->from = site->from;
	site->from = NULL;
}

static void attach(struct site *site, struct block *b)
{
	detach(site);
	site->next = b->sites;
	if (site->next)
		site->next->from = &site->next;
	site->from = &b->sites;
	b->sites = site;
}

struct site *jit_new_guard(struct tr *t, struct block *b, u64 ea)
{
	struct site *site = jit_new_site(t);

	attach(site, b);
	site->guards = true;
	site->to = b;
	site->key = t->cpu->jump_key;
	site->ea = ea;
	return site;
}

void jit_drop(struct jit *jit, struct block *b)
{
	struct x86 x;

	if (b->code) {
		x.at = jit_write_view(jit, b->code);
		x86_jmp_to(&x, jit->thunks.stop);
		b->code = NULL;
	}
	while (b->sites) {
		b->sites->key = 0;
		b->sites->to = NULL;
		detach(b->sites);
	}
}

/* Code that has run is dear to change: the same way is often found again with another key. */
static void lead_to(struct jit *jit, struct site *site, struct block *b)
{
	if (site->to == b)
		return;
	attach(site, b);
	site->to = b;
	x86_aim(jit->write + site->jump, jit_write_view(jit, b->code));
}

/* What is at nip now: its first op, NULL: not known. @b: its block if that has a translation. */
static const struct op *way_on(struct cpu *cpu, struct block **b)
{
	const struct jump *j = jump_find(cpu, cpu->nip);

	cpu->counts.exits_unlinked++;
	*b = j ? container_of(j->ops, struct block, ops) : NULL;
	if (*b && !(*b)->code) {
		cpu->counts.exits_cold++;
		*b = NULL;
	}
	return j ? j->ops : NULL;
}

const struct op *jit_leave(struct cpu *cpu, struct site *seen)
{
	struct site *site = (struct site *)jit_write_view(cpu->jit, seen);
	struct block *b;
	const struct op *ops = way_on(cpu, &b);

	if (!b || (site->guards && site->to != b))
		return ops;
	site->key = cpu->jump_key;
	site->ea = cpu->nip;
	lead_to(cpu->jit, site, b);
	return ops;
}

/* On from the call that ends at @returns: a jump or a call of what is there takes its place. */
static const struct op *join(struct cpu *cpu, const u8 *returns, bool calls)
{
	struct block *b;
	const struct op *ops = way_on(cpu, &b);
	struct x86 x;

	if (!b)
		return ops;
	x.at = jit_write_view(cpu->jit, returns) - X86_CALL_BYTES;
	x86_aim(calls ? x86_call(&x) : x86_jmp(&x), jit_write_view(cpu->jit, b->code));
	return ops;
}

const struct op *jit_join(struct cpu *cpu, const u8 *returns)
{
	return join(cpu, returns, false);
}

const struct op *jit_call(struct cpu *cpu, const u8 *returns)
{
	return join(cpu, returns, true);
}

const struct op *jit_cold(struct cpu *cpu, struct jump *jump)
{
	cpu->counts.exits_cold++;
	jump->code = jit_code(cpu->jit, container_of(jump->ops, struct block, ops));
	return jump->ops;
}

#endif
