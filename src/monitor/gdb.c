/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where gdb is waited for: papyr run --gdb, and x-gdb.
 */
#include <stdio.h>
#include <string.h>

#include "gdb/server.h"
#include "monitor/paths.h"
#include "monitor/qmp.h"

/* In a folder that only its owner can enter. */
static int usual_place(struct qmp *qmp, char *where, size_t size, struct error *err)
{
	char path[CONTROL_PATH_MAX];

	if (control_gdb_path(qmp_machine_of(qmp)->cfg.name, path, sizeof(path), err))
		return -1;
	snprintf(where, size, "unix:%s", path);
	return 0;
}

const char *qmp_wait_for_gdb(struct qmp *qmp, const char *where, struct error *err)
{
	char usual[CONTROL_PATH_MAX + 8];
	struct gdb_server **s = qmp_gdb_server(qmp);
	bool none = where && !strcmp(where, "none");

	if (!where && usual_place(qmp, usual, sizeof(usual), err))
		return NULL;
	if (!none && gdb_check_where(where ? where : usual, err))
		return NULL;
	gdb_server_free(*s);
	*s = none ? NULL : gdb_server_new(qmp_machine_of(qmp), where ? where : usual, err);
	return *s ? gdb_server_address(*s) : NULL;
}

/* x-gdb {where}: the answer's address is what gdb's "target remote" takes, null with "none". */
void qmp_x_gdb(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	const char *where = json_string_value(json_object_get(args, "where"));
	const char *address;

	error_set(&result->error, "%s", "");
	address = qmp_wait_for_gdb(qmp_of(c), where, &result->error);
	if (result->error.text[0])
		qmp_fail(result);
	else
		result->value =
		    json_pack("{s:o}", "address", address ? json_string(address) : json_null());
}
