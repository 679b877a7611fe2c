/* SPDX-License-Identifier: Apache-2.0 */
/*
 * papyr tlb: what its verbs share.
 */
#ifndef PAPYR_CMD_TLB_H
#define PAPYR_CMD_TLB_H

#include <jansson.h>

#include "cmd/cmd.h"
#include "inspect/guest_tlb.h"

struct tlb_options {
	bool json, shadow;
	bool all; /* entries that aren't valid too */
};

/* The TLB of a running guest or out of a file, to be freed. -1: why not was said. */
int cmd_tlb_get(const char *what, bool shadow, struct guest_tlb *t);

/* The verbs. Each returns the exit status. */
int cmd_tlb_dump(const struct guest_tlb *t, const struct tlb_options *o);
int cmd_tlb_diff(const struct guest_tlb *a, const struct guest_tlb *b, const struct tlb_options *o);

/* ---- One entry (tlb_dump.c) ---- */

/* Names of the columns, behind @margin. */
void tlb_print_head(const struct guest_tlb *t, const char *margin);
/* Without the line's end. */
void tlb_print_entry(const struct guest_tlb *t, u32 i);
/* What it says, and in "words" its four numbers, by which it is known again. */
json_t *tlb_entry_json(const struct guest_tlb *t, u32 i);

#endif
