/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where calls that translations made come back to: a stack in the host's memory, on which rsp is
 * while they run. A frame is where the translation that called goes on, as the host's own call
 * pushes it, and the guest's address of that. A return compares the address with the one on top,
 * and is the host's return then, whose place the host has guessed long before.
 *
 * Frames are good as long as the jump cache's entries of the same key are. Real mode, supervisor
 * and problem state have a stack each, so that what an interrupt does in between costs none.
 */
#ifndef PAPYR_CPU_RETURNS_H
#define PAPYR_CPU_RETURNS_H

#include "cpu/cpu.h"

/*
 * So many frames behind the one on top are looked at too: calls of what has no translation, and
 * jumps out of functions, leave some that nobody comes back to.
 */
#define RETURN_FRAMES_MORE 2

/* 0 or -ENOMEM. */
int returns_init(struct cpu *cpu);
void returns_fini(struct cpu *cpu);
/* cpu->mode or jump_key changed. */
void returns_select(struct cpu *cpu);
/* The budget was spent: forgets all if much was pushed that never came back. */
void returns_tick(struct cpu *cpu);

#endif
