/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control socket's commands for live migration, with QEMU's names and fields.
 */
#ifndef PAPYR_MONITOR_MIGRATE_H
#define PAPYR_MONITOR_MIGRATE_H

#include "monitor/qmp.h"

void migrate_start(struct qmp_client *c, json_t *args, struct qmp_result *result);
void migrate_incoming(struct qmp_client *c, json_t *args, struct qmp_result *result);
void migrate_cancel(struct qmp_client *c, json_t *args, struct qmp_result *result);
void migrate_query(struct qmp_client *c, json_t *args, struct qmp_result *result);
void migrate_set_parameters(struct qmp_client *c, json_t *args, struct qmp_result *result);
void migrate_query_parameters(struct qmp_client *c, json_t *args, struct qmp_result *result);

/* Has every client told of the migration's states: the event MIGRATION. */
void migrate_watch(struct qmp *qmp, struct machine *m);

/*
 * May the guest be started or reset here? Not while it is being handed over, or when it runs
 * elsewhere.
 */
bool migrate_guest_is_here(struct machine *m, bool person_decides, struct qmp_result *result);

#endif
