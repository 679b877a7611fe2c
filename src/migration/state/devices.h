/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The devices' section: a count, then for each device its name, the version of what follows, its
 * length, and what its own functions wrote. A new device, or a new version of one, is a new row of
 * the table. Those that a user chose (platform/device.h) follow it, as NAME/NUMBER.
 */
#ifndef PAPYR_MIGRATION_DEVICES_H
#define PAPYR_MIGRATION_DEVICES_H

#include "platform/machine.h"
#include "platform/state.h"

/*
 * What every partition has, or else every board, for a destination to compare: a name, the version
 * of what is saved.
 */
unsigned devices_count(bool papr);
const char *devices_name(bool papr, unsigned i, u32 *version);

void devices_save(struct machine *m, struct state_out *out);
/*
 * Of a partition, or else of a board. With @m NULL the section is only taken apart, as far as that
 * goes without.
 */
int devices_load(struct machine *m, bool papr, struct state_in *in, struct error *err);

#endif
