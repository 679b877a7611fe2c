/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAPYR_KVM_PRELOAD_TRACE_H
#define PAPYR_KVM_PRELOAD_TRACE_H

/*
 * What PAPYR_TRACE asks for of each VM, to be called when @vm was made. If that can't be, the user
 * is told on standard error and the program goes on without. Leaves errno alone.
 */
void preload_trace(int vm);

#endif
