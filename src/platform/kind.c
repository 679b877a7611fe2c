/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/kind.h"

#include <string.h>

#include "platform/machine.h"
#include "platform/models.h"

static const struct machine_kind *const kinds[] = {
    &machine_pseries,
    &machine_bamboo,
    &machine_ppce500,
};

const struct machine_kind *machine_kind_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i]->name, name))
			return kinds[i];
	return NULL;
}

const struct machine_kind *machine_kind_of(const struct machine_model *model)
{
	return model->board ? machine_kind_find(model->board) : &machine_pseries;
}

int machine_is_papr(const struct machine *m, const char *what, struct error *err)
{
	if (m->cfg.kind->papr)
		return 0;
	return error_set(err, "a %s has no %s: PAPR partitions have (-M pseries)",
			 m->cfg.kind->name, what);
}
