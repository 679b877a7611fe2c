/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words every room speaks: fixed-width names, byte order, bit numbering, likelihood.
 * Header only, needs libc alone; every room may include it.
 */
#ifndef PAPYR_BASE_BITS_H
#define PAPYR_BASE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;
typedef unsigned __int128 u128;
typedef __int128 s128;

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

/*
 * The Power ISA counts bits from the most significant: PPC_BIT(0) is the top bit of a doubleword.
 */
#define PPC_BIT(n)   (1ull << (63 - (n)))
#define PPC_BIT32(n) (1u << (31 - (n)))

#define BASE_HOST_LE (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)

static inline u16 be16(u16 v)
{
	return BASE_HOST_LE ? __builtin_bswap16(v) : v;
}

static inline u32 be32(u32 v)
{
	return BASE_HOST_LE ? __builtin_bswap32(v) : v;
}

static inline u64 be64(u64 v)
{
	return BASE_HOST_LE ? __builtin_bswap64(v) : v;
}

static inline u64 le64(u64 v)
{
	return BASE_HOST_LE ? v : __builtin_bswap64(v);
}

/* Unaligned big-endian access, for structures that guests and streams lay out. */
static inline u32 load_be32(const void *p)
{
	u32 v;
	memcpy(&v, p, sizeof(v));
	return be32(v);
}

static inline u64 load_be64(const void *p)
{
	u64 v;
	memcpy(&v, p, sizeof(v));
	return be64(v);
}

static inline void store_be32(void *p, u32 v)
{
	v = be32(v);
	memcpy(p, &v, sizeof(v));
}

static inline void store_be64(void *p, u64 v)
{
	v = be64(v);
	memcpy(p, &v, sizeof(v));
}

/* Numbers of any length, little-endian: what our own files and streams are made of. */
static inline void put_le(u8 *p, u64 v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		p[i] = v >> (8 * i);
}

static inline u64 get_le(const u8 *p, unsigned bytes)
{
	u64 v = 0;

	for (unsigned i = 0; i < bytes; i++)
		v |= (u64)p[i] << (8 * i);
	return v;
}

static inline u64 rotl64(u64 v, unsigned n)
{
	return (v << (n & 63)) | (v >> (-n & 63));
}

static inline u32 rotl32(u32 v, unsigned n)
{
	return (v << (n & 31)) | (v >> (-n & 31));
}

#endif
