/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine that a guest wants which was saved, or which comes.
 */
#ifndef PAPYR_MIGRATION_CONFIG_H
#define PAPYR_MIGRATION_CONFIG_H

#include "migration/state/saved.h"
#include "platform/machine.h"

/*
 * The guest's part of a config, which points into @c. @core_ids: vcpu ids in a core, where there
 * are several cores. -1: a model that we don't have.
 */
int config_from_saved(struct machine_config *cfg, const struct saved_machine *c, unsigned core_ids,
		      struct error *err);

/* What of two machines is compared. */
#define CONFIG_MEMORY 1u
#define CONFIG_CPUS   2u
#define CONFIG_MODEL  4u
#define CONFIG_ORDER  8u
#define CONFIG_RMA    16u
#define CONFIG_KIND   32u
#define CONFIG_ALL    63u

/* Can the guest's machine be the one here? -1: @err says where they differ. */
int config_agrees(const struct machine_config *guest, const struct machine_config *here,
		  unsigned what, struct error *err);

#endif
