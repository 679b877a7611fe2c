/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine into a file, and back.
 */
#ifndef PAPYR_MIGRATION_MIGRATION_H
#define PAPYR_MIGRATION_MIGRATION_H

#include <stdio.h>

#include "migration/image/image.h"
#include "migration/state/saved.h"
#include "platform/machine.h"

/*
 * Writes @m, which machine_pause() has stopped, to @path. Main thread. The guest can go on after
 * it, whether it worked or not.
 */
int migration_save(struct machine *m, const char *path, progress_fn progress, void *opaque,
		   struct error *err);

/*
 * Writes one whole first pass of the table's stream to @fd, and says of which order it is. Any
 * thread; the guest may be running. If it resizes its table meanwhile, that is an error.
 */
int migration_stream_htab(struct machine *m, int fd, unsigned *order, struct error *err);

/*
 * A saved guest, in three steps: open and check the file, make a machine as it says, fill it.
 *
 *	saved = migration_open(path, progress, opaque, &err);
 *	migration_config(saved, &cfg);                         accel, in_fd, out_fd: the caller's
 *	m = machine_new(&cfg, &err);
 *	migration_restore(m, saved, progress, opaque, &err);   instead of machine_boot()
 *	machine_run(m);
 *	machine_free(m);
 *	migration_close(saved);                                cfg's strings live until here
 *
 * When the third step fails, the machine is to be freed: it is half filled and must not run.
 */
struct migration_image;

struct migration_image *migration_open(const char *path, progress_fn progress, void *opaque,
				       struct error *err);
void migration_close(struct migration_image *saved);
/* What the file says of its machine. Lives as long as @saved. */
const struct saved_machine *migration_machine(const struct migration_image *saved);
struct image *migration_file(const struct migration_image *saved);
/* The guest's part of a config; a name that is set already is left. -1: a model we don't have. */
int migration_config(const struct migration_image *saved, struct machine_config *cfg,
		     struct error *err);
int migration_restore(struct machine *m, struct migration_image *saved, progress_fn progress,
		      void *opaque, struct error *err);

/*
 * Writes the stream in the file to @fd, as it was read from the descriptor: in the byte order that
 * migration_machine() tells.
 */
int migration_copy_htab(struct migration_image *saved, int fd, struct error *err);

#endif
