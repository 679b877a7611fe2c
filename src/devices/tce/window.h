/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A window onto the guest's memory, which the guest opens page by page: by H_PUT_TCE and its like,
 * which the hypervisor answers by itself. Its entries (TCEs) are in a table that both have.
 */
#ifndef PAPYR_DEVICES_TCE_WINDOW_H
#define PAPYR_DEVICES_TCE_WINDOW_H

#include "platform/error.h"
#include "platform/state.h"

#define TCE_PAGE 4096u

struct machine;

struct tce_window {
	struct machine *m;
	int fd; /* -1: none */
	u64 *tces;
	size_t bytes; /* of the table */
};

/* Before all else: what tce_window_free() may be called with. */
void tce_window_init(struct tce_window *w, struct machine *m);
/* From a device's address 0, @bytes long; @liobn is what hypercalls call it. */
int tce_window_make(struct tce_window *w, u32 liobn, u64 bytes, struct error *err);
void tce_window_free(struct tce_window *w);
/* Closes all of it. */
void tce_window_clear(struct tce_window *w);
/* How much there is to be opened. */
u64 tce_window_size(const struct tce_window *w);
/* The hypercall is about TCEs, of which those are left that lead to no memory: H_PARAMETER. */
bool tce_window_hcall(u64 number, s64 *ret);

void tce_window_save(const struct tce_window *w, struct state_out *out);
int tce_window_load(struct tce_window *w, struct state_in *in);

#endif
