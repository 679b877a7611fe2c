/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Table words to stream words: big-endian, as guests see them (hpt_guest_v).
 */
#ifndef PAPYR_HPT_CONVERT_H
#define PAPYR_HPT_CONVERT_H

#include "hpt/internal.h"

/*
 * Converts @n entries to @to (no alignment). True if each of them is used and none is locked; the
 * words at @to mean something only then, or if the caller knows that already.
 */
bool hpt_convert(u8 *to, const struct hpt_entry *from, unsigned n);

/* The portable way; also what the others are tested against. */
bool hpt_convert_portable(u8 *to, const struct hpt_entry *from, unsigned n);

#if defined(__x86_64__)
/* 32 bytes at a time; only on processors with AVX2. */
bool hpt_convert_x86_64(u8 *to, const struct hpt_entry *from, unsigned n);
#endif

#endif
