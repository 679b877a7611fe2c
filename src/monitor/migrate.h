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

/* ---- migrate_params.c ---- */

/* As for qmp_check_args(). */
#define MIGRATE_PARAMETERS                                                                         \
	"downtime-limit:int? x-downtime-ms:num? max-bandwidth:int? max-cpu-throttle:int? "         \
	"cpu-throttle-initial:int? cpu-throttle-increment:int? tls-creds:str? tls-authz:str? "     \
	"tls-hostname:str? x-timeout:num? x-compress:bool? x-tls-psk:str? x-tls-x509:str?"

void migrate_set_parameters(struct qmp_client *c, json_t *args, struct qmp_result *result);
void migrate_query_parameters(struct qmp_client *c, json_t *args, struct qmp_result *result);
void migrate_set_capabilities(struct qmp_client *c, json_t *args, struct qmp_result *result);
void migrate_query_capabilities(struct qmp_client *c, json_t *args, struct qmp_result *result);

/* ---- The guest's place ---- */

/* Has clients told of the migration's states by the event MIGRATION, if they asked for it. */
void migrate_watch(struct qmp *qmp, struct live *live);

/* machine_claim(), with an error that says what to do if the guest isn't here. */
bool migrate_claim_guest(struct machine *m, enum machine_move how, struct qmp_result *result);
/* Is a migration of this guest to elsewhere under way? */
bool migrate_under_way(struct live *live);

#endif
