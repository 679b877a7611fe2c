/* SPDX-License-Identifier: Apache-2.0 */
/* Hosts without a translator. */
#include "cpu/jit/jit.h"
#include "cpu/jit/orders.h"

#if !defined(__x86_64__) || defined(__ILP32__)

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

enum jit_result jit_compile(struct cpu *cpu, struct block *block)
{
	return JIT_NOTHING;
}

void jit_drop(struct jit *jit, struct block *block)
{
}

void jit_sample(struct cpu *cpu, struct block *block)
{
}

const u8 *jit_code(const struct jit *jit, const struct block *block)
{
	return NULL;
}

bool jit_has_rule(op_fn *fn)
{
	return false;
}

void jit_reset(struct jit *jit)
{
}

struct orders *jit_orders(const struct jit *jit)
{
	return NULL;
}

void jit_leads_to(struct jit *jit, struct block *block, const u8 *code)
{
}

void jit_compile_order(struct jit *jit, struct jit_order *order)
{
	order->result = JIT_NOTHING;
}

#endif
