/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which pages of its memory a guest has written.
 */
#ifndef PAPYR_PLATFORM_DIRTYLOG_H
#define PAPYR_PLATFORM_DIRTYLOG_H

#include "base/bits.h"
#include "platform/error.h"

struct machine;

/*
 * Does the record hold all that is written? Linux on a POWER8 loses pages whose entries the guest
 * removes (tests/kvm/differences.md), so that there nobody should have it kept while the guest
 * runs.
 */
bool machine_log_is_whole(const struct machine *m);
/* Has KVM and the client keep a record of written pages, or not. */
int machine_log_writes(struct machine *m, bool on, struct error *err);
/*
 * How many bytes of pages the guest has written since the last call, for who wants to know no more;
 * it begins with a first call that returns 0. -1: not now, the record is kept for another, who
 * mustn't lose any of it.
 */
s64 machine_count_writes(struct machine *m);
void machine_count_no_writes(struct machine *m);
/*
 * Adds what was written since the last time to @bitmap, a bit for each 4 KiB, the first page in the
 * lowest bit of the first word.
 */
int machine_get_writes(struct machine *m, u64 *bitmap, struct error *err);
/* Any thread: the client wrote to the guest's memory, which the guest doesn't know yet. */
void machine_wrote(struct machine *m, u64 gpa, u64 len);
/* No vcpu runs, and all of its memory may have been written; no record is kept of that. */
void machine_wrote_all(struct machine *m);

#endif
