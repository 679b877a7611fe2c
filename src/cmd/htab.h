/* SPDX-License-Identifier: Apache-2.0 */
/*
 * papyr htab: what its verbs share.
 */
#ifndef PAPYR_CMD_HTAB_H
#define PAPYR_CMD_HTAB_H

#include <stdio.h>

#include "cmd/cmd.h"
#include "inspect/table.h"

enum htab_form { FORM_TEXT, FORM_JSON, FORM_CSV };

struct htab_options {
	enum htab_form form;
	unsigned order;	    /* of a raw stream's table; 0: not given */
	u64 mem_bytes;	    /* the guest's memory; 0: not given */
	u64 seconds;	    /* to watch changes; 0: not at all */
	const char *out[2]; /* for pictures */
	unsigned n_out;
};

/* The table of a running guest or of a file, to be freed. -1: why not was said. */
int htab_get(const char *what, const struct htab_options *o, struct table *t);

/* The verbs. Each returns the exit status. */
int htab_stat(const struct table *t, const struct htab_options *o);
int htab_dump(const struct table *t, const struct htab_options *o);
int htab_verify(const struct table *t, const struct htab_options *o);
int htab_diff(const struct table *a, const struct table *b, const struct htab_options *o);
int htab_plot(const char *what, const struct htab_options *o);

#endif
