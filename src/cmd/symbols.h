/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest kernel's symbols: of an ELF file with a symbol table, as vmlinux is, or of a System.map.
 */
#ifndef PAPYR_CMD_SYMBOLS_H
#define PAPYR_CMD_SYMBOLS_H

#include "base/bits.h"
#include "platform/error.h"

struct symbols;

/* NULL: the file can't be read or has none, @err says so. */
struct symbols *symbols_open(const char *path, struct error *err);
void symbols_close(struct symbols *s);
/* The function that @address lies in; NULL: none. Lives as long as @s. @s may be NULL. */
const char *symbols_find(const struct symbols *s, u64 address);

#endif
