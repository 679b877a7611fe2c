/* SPDX-License-Identifier: Apache-2.0 */
#include "migration/state/saved.h"

/* ---- The machine ---- */

void saved_machine_pack(const struct saved_machine *c, struct state_out *out)
{
	put_string(out, c->writer);
	put_string(out, c->name);
	put_string(out, c->model);
	put_u64(out, c->mem_bytes);
	put_u32(out, c->n_vcpus);
	put_u32(out, c->threads);
	put_u32(out, c->htab_order);
	put_u32(out, c->htab_byte_order);
	put_bytes(out, c->uuid, sizeof(c->uuid));
	put_u64(out, c->timebase);
	put_u64(out, c->saved_at);
	put_u64(out, c->rtc_offset);
	put_string(out, c->kernel);
	put_string(out, c->initrd);
	put_string(out, c->cmdline);
	if (!c->boot_vcpus && !c->rma_bytes && !c->boot_htab_order)
		return;
	put_u32(out, c->boot_vcpus);
	put_u32(out, c->now_vcpus);
	put_u64(out, c->max_mem_bytes);
	put_u64(out, c->now_mem_bytes);
	if (c->rma_bytes || c->boot_htab_order)
		put_u64(out, c->rma_bytes);
	if (c->boot_htab_order)
		put_u32(out, c->boot_htab_order);
}

/* Can the guest have got from one to the other? */
static bool sensible_growth(const struct saved_machine *c)
{
	if (!c->boot_vcpus) /* it doesn't grow; something else follows */
		return (c->rma_bytes || c->boot_htab_order) && !c->now_vcpus && !c->max_mem_bytes &&
		       !c->now_mem_bytes;
	if (c->now_vcpus < 1 || c->now_vcpus > c->n_vcpus || c->boot_vcpus > c->n_vcpus)
		return false;
	return c->max_mem_bytes <= 1ull << 46 && c->now_mem_bytes >= c->mem_bytes &&
	       c->now_mem_bytes <= c->max_mem_bytes;
}

static bool order_makes_sense(u32 order)
{
	return order >= 18 && order <= 46;
}

/* A board has no table, nothing that may come, and no real-mode area. */
static bool sensible_board(const struct saved_machine *c)
{
	return !c->boot_vcpus && !c->rma_bytes && !c->boot_htab_order;
}

static bool sensible(const struct saved_machine *c)
{
	if (!c->mem_bytes || (c->mem_bytes & 0xfffff) || c->mem_bytes > 1ull << 46)
		return false;
	if (!c->n_vcpus || c->n_vcpus > SAVED_VCPUS_MAX)
		return false;
	if (!c->threads || c->threads > 8 || (c->threads & (c->threads - 1)))
		return false;
	if (!c->htab_order)
		return sensible_board(c);
	return order_makes_sense(c->htab_order) && c->htab_byte_order <= HTAB_BIG &&
	       (!c->boot_htab_order || order_makes_sense(c->boot_htab_order));
}

int saved_machine_unpack(struct saved_machine *c, struct state_in *in, struct error *err)
{
	get_string(in, c->writer, sizeof(c->writer));
	get_string(in, c->name, sizeof(c->name));
	get_string(in, c->model, sizeof(c->model));
	c->mem_bytes = get_u64(in);
	c->n_vcpus = get_u32(in);
	c->threads = get_u32(in);
	c->htab_order = get_u32(in);
	c->htab_byte_order = get_u32(in);
	get_bytes(in, c->uuid, sizeof(c->uuid));
	c->timebase = get_u64(in);
	c->saved_at = get_u64(in);
	c->rtc_offset = get_u64(in);
	get_string(in, c->kernel, sizeof(c->kernel));
	get_string(in, c->initrd, sizeof(c->initrd));
	get_string(in, c->cmdline, sizeof(c->cmdline));
	c->boot_vcpus = c->now_vcpus = c->max_mem_bytes = c->now_mem_bytes = c->rma_bytes = 0;
	c->boot_htab_order = 0;
	if (state_left(in)) {
		c->boot_vcpus = get_u32(in);
		c->now_vcpus = get_u32(in);
		c->max_mem_bytes = get_u64(in);
		c->now_mem_bytes = get_u64(in);
		if (state_left(in))
			c->rma_bytes = get_u64(in);
		if (state_left(in))
			c->boot_htab_order = get_u32(in);
		if (!in->bad && (!sensible_growth(c) || c->rma_bytes > c->mem_bytes))
			return error_set(err, "what the machine may get makes no sense");
	}
	if (!state_ok(in))
		return error_set(err, "the description of the machine is cut off or too long");
	if (!sensible(c))
		return error_set(err, "the description of the machine makes no sense");
	return 0;
}

/* ---- A vcpu ---- */

/* struct kvm_regs is so many 64-bit numbers and nothing else. */
#define N_REGS (sizeof(struct kvm_regs) / 8)

static unsigned reg_bytes(u64 id)
{
	return 1u << ((id & KVM_REG_SIZE_MASK) >> KVM_REG_SIZE_SHIFT);
}

static void pack_reg(const struct saved_reg *r, struct state_out *out)
{
	u32 word;

	put_u64(out, r->id);
	switch (reg_bytes(r->id)) {
	case 4:
		memcpy(&word, r->val, 4);
		put_u32(out, word);
		break;
	case 16:
		put_u64(out, r->val[0]);
		put_u64(out, r->val[1]);
		break;
	default:
		put_u64(out, r->val[0]);
	}
}

static void unpack_reg(struct saved_reg *r, struct state_in *in)
{
	u32 word;

	r->id = get_u64(in);
	switch (reg_bytes(r->id)) {
	case 4:
		word = get_u32(in);
		memcpy(r->val, &word, 4);
		break;
	case 8:
		r->val[0] = get_u64(in);
		break;
	case 16:
		r->val[0] = get_u64(in);
		r->val[1] = get_u64(in);
		break;
	default:
		in->bad = true;
	}
}

void saved_vcpu_pack(const struct saved_vcpu *v, struct state_out *out)
{
	u64 regs[N_REGS];

	memcpy(regs, &v->regs, sizeof(regs));
	put_u32(out, v->id);
	put_u8(out, v->online);
	for (unsigned i = 0; i < N_REGS; i++)
		put_u64(out, regs[i]);
	put_u32(out, v->pvr);
	put_u32(out, v->n_slb);
	for (unsigned i = 0; i < v->n_slb; i++) {
		put_u64(out, v->slb[i].slbe);
		put_u64(out, v->slb[i].slbv);
	}
	put_u32(out, v->n_regs);
	for (unsigned i = 0; i < v->n_regs; i++)
		pack_reg(&v->one_regs[i], out);
	if (v->is_booke)
		saved_booke_pack(&v->booke, out);
}

int saved_vcpu_unpack(struct saved_vcpu *v, struct state_in *in, struct error *err)
{
	u64 regs[N_REGS];
	u8 online;

	memset(v, 0, sizeof(*v));
	v->id = get_u32(in);
	online = get_u8(in);
	v->online = online;
	for (unsigned i = 0; i < N_REGS; i++)
		regs[i] = get_u64(in);
	memcpy(&v->regs, regs, sizeof(regs));
	v->pvr = get_u32(in);
	v->n_slb = get_u32(in);
	if (v->n_slb > SAVED_SLB_MAX)
		return error_set(err, "a vcpu has %u SLB entries, more than any processor",
				 v->n_slb);
	for (unsigned i = 0; i < v->n_slb; i++) {
		v->slb[i].slbe = get_u64(in);
		v->slb[i].slbv = get_u64(in);
	}
	v->n_regs = get_u32(in);
	if (v->n_regs > SAVED_REGS_MAX)
		return error_set(err, "a vcpu has %u registers, more than any papyr writes",
				 v->n_regs);
	for (unsigned i = 0; i < v->n_regs; i++)
		unpack_reg(&v->one_regs[i], in);
	v->is_booke = state_left(in);
	if (v->is_booke && saved_booke_unpack(&v->booke, in, err))
		return -1;
	if (!state_ok(in) || online > 1)
		return error_set(err, "the state of a vcpu makes no sense");
	return 0;
}

/* ---- Interrupt sources ---- */

void saved_xics_pack(const struct saved_xics *x, struct state_out *out)
{
	put_u32(out, x->n);
	for (unsigned i = 0; i < x->n; i++) {
		put_u32(out, x->sources[i].irq);
		put_u64(out, x->sources[i].state);
	}
}

int saved_xics_unpack(struct saved_xics *x, struct state_in *in, struct error *err)
{
	memset(x, 0, sizeof(*x));
	x->n = get_u32(in);
	if (x->n > SAVED_SOURCES_MAX)
		return error_set(err, "there are %u interrupt sources, more than any papyr has",
				 x->n);
	for (unsigned i = 0; i < x->n; i++) {
		x->sources[i].irq = get_u32(in);
		x->sources[i].state = get_u64(in);
	}
	if (!state_ok(in))
		return error_set(err, "the state of the interrupt sources makes no sense");
	return 0;
}
