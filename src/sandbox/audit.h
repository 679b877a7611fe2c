/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAPYR_SANDBOX_AUDIT_H
#define PAPYR_SANDBOX_AUDIT_H

#include <stdbool.h>

#include "platform/error.h"

/* @on: calls that are refused are to be trapped (SECCOMP_RET_TRAP), since somebody wants a list. */
int sandbox_audit(bool *on, struct error *err);

#endif
