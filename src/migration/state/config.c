/* SPDX-License-Identifier: Apache-2.0 */
#include "migration/state/config.h"

#include "platform/kind.h"
#include "platform/models.h"

static const char *or_null(const char *s)
{
	return s[0] ? s : NULL;
}

int config_from_saved(struct machine_config *cfg, const struct saved_machine *c, unsigned core_ids,
		      struct error *err)
{
	const struct machine_model *model = machine_model_find(c->model);

	if (!model)
		return error_set(err,
				 "the guest's processor is a '%s', which this papyr doesn't have",
				 c->model);
	cfg->model = model;
	cfg->kind = machine_kind_of(model);
	if (cfg->kind->papr != (c->htab_order != 0))
		return error_set(err, "a machine with a %s and %s hash table makes no sense",
				 model->name, c->htab_order ? "a" : "no");
	cfg->mem_bytes = c->mem_bytes;
	cfg->max_mem_bytes = c->max_mem_bytes;
	cfg->n_vcpus = c->boot_vcpus ? c->boot_vcpus : c->n_vcpus;
	cfg->max_vcpus = c->n_vcpus;
	cfg->threads = c->threads;
	cfg->rma_bytes = c->rma_bytes;
	cfg->core_ids = c->n_vcpus > c->threads ? core_ids : 0;
	cfg->htab_order = c->boot_htab_order ? c->boot_htab_order : c->htab_order;
	cfg->htab_now = c->boot_htab_order ? c->htab_order : 0;
	cfg->kernel = or_null(c->kernel);
	cfg->initrd = or_null(c->initrd);
	cfg->cmdline = or_null(c->cmdline);
	return 0;
}

static u64 max_memory(const struct machine_config *c)
{
	return c->max_mem_bytes ? c->max_mem_bytes : c->mem_bytes;
}

static unsigned max_vcpus(const struct machine_config *c)
{
	return c->max_vcpus ? c->max_vcpus : c->n_vcpus;
}

/* What both start with is the same. */
static int maxima_agree(const struct machine_config *guest, const struct machine_config *here,
			unsigned what, struct error *err)
{
	if ((what & CONFIG_MEMORY) && max_memory(guest) != max_memory(here))
		return error_set(err,
				 "the guest can have %llu MiB of memory, here %llu (-m SIZE,max=)",
				 (unsigned long long)(max_memory(guest) >> 20),
				 (unsigned long long)(max_memory(here) >> 20));
	if ((what & CONFIG_CPUS) && max_vcpus(guest) != max_vcpus(here))
		return error_set(err, "the guest can have %u vcpus, here %u (-c N,max=)",
				 max_vcpus(guest), max_vcpus(here));
	return 0;
}

int config_agrees(const struct machine_config *guest, const struct machine_config *here,
		  unsigned what, struct error *err)
{
	if ((what & CONFIG_KIND) && guest->kind != here->kind)
		return error_set(err, "the guest's machine is a %s, here is a %s",
				 guest->kind->name, here->kind->name);
	if ((what & CONFIG_MODEL) && guest->model != here->model)
		return error_set(err, "the guest's processor is a %s, here is a %s",
				 guest->model->name, here->model->name);
	if ((what & CONFIG_MEMORY) && guest->mem_bytes != here->mem_bytes)
		return error_set(err, "the guest has %llu MiB of memory, here are %llu",
				 (unsigned long long)(guest->mem_bytes >> 20),
				 (unsigned long long)(here->mem_bytes >> 20));
	if ((what & CONFIG_CPUS) &&
	    (guest->n_vcpus != here->n_vcpus || guest->threads != here->threads))
		return error_set(err,
				 "the guest has %u vcpus, %u in a core; here are %u, %u in a core",
				 guest->n_vcpus, guest->threads, here->n_vcpus, here->threads);
	if ((what & CONFIG_ORDER) && guest->htab_order != here->htab_order)
		return error_set(err,
				 "the guest started with a hash table of 2^%u bytes, here are 2^%u",
				 guest->htab_order, here->htab_order);
	if ((what & CONFIG_RMA) && guest->rma_bytes != here->rma_bytes)
		return error_set(err,
				 "the guest's real-mode area has %llu MiB, here %llu (--rma-size)",
				 (unsigned long long)(guest->rma_bytes >> 20),
				 (unsigned long long)(here->rma_bytes >> 20));
	return maxima_agree(guest, here, what, err);
}
