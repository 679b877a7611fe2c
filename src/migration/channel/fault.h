/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults on demand, for tests: PAPYR_FAULT=STEP:ACTION in the environment makes the process meet
 * one when a migration comes to the step of that name. docs/migration.md says what the actions do.
 *
 * A table of steps: the constant FAULT_..., and the name. Those of the destination come second.
 */
#ifndef PAPYR_MIGRATION_FAULT_H
#define PAPYR_MIGRATION_FAULT_H

#include "platform/error.h"

#define FAULT_STEPS(STEP)					\
	STEP(SOURCE_CONNECTED, "source-connected")		\
	STEP(SOURCE_HELLO, "source-hello")			\
	STEP(SOURCE_ANSWER, "source-answer")			\
	STEP(SOURCE_FIRST_PASS, "source-first-pass")		\
	STEP(SOURCE_PASS, "source-pass")			\
	STEP(SOURCE_STOPPED, "source-stopped")			\
	STEP(SOURCE_FINAL_MEMORY, "source-final-memory")	\
	STEP(SOURCE_FINAL_TABLE, "source-final-table")		\
	STEP(SOURCE_FINAL_STATE, "source-final-state")		\
	STEP(SOURCE_END, "source-end")				\
	STEP(SOURCE_READY, "source-ready")			\
	STEP(SOURCE_GO, "source-go")				\
	STEP(SOURCE_RUNNING, "source-running")			\
	STEP(DEST_CONNECTED, "dest-connected")			\
	STEP(DEST_HELLO, "dest-hello")				\
	STEP(DEST_ANSWER, "dest-answer")			\
	STEP(DEST_RECORD, "dest-record")			\
	STEP(DEST_SYNC, "dest-sync")				\
	STEP(DEST_FINAL, "dest-final")				\
	STEP(DEST_END, "dest-end")				\
	STEP(DEST_APPLIED, "dest-applied")			\
	STEP(DEST_READY, "dest-ready")				\
	STEP(DEST_GO, "dest-go")				\
	STEP(DEST_STARTED, "dest-started")			\
	STEP(DEST_RUNNING, "dest-running")

#define FAULT_STEP_CONSTANT(name, text) FAULT_##name,
enum fault_step { FAULT_NONE, FAULT_STEPS(FAULT_STEP_CONSTANT) FAULT_STEPS_END };
#undef FAULT_STEP_CONSTANT

struct channel;

/* Before threads are there: takes the order for a fault, in the form above. NULL: none. */
int fault_order(const char *order, struct error *err);
/* A migration over @ch comes to @step. */
void fault_point(struct channel *ch, enum fault_step step);

#endif
