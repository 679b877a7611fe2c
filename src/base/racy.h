/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads that race on purpose: of what another thread may be writing at this moment, by code that
 * finds out afterwards and reads again, or that is content with either.
 *
 * Where one word is read, a relaxed __atomic_load_n() says so and costs nothing. These are for
 * loops over many words, which compilers only make vector code of when the loads are plain ones.
 * For the thread sanitizer they are atomic, so that it says nothing about them and still sees the
 * others.
 */
#ifndef PAPYR_BASE_RACY_H
#define PAPYR_BASE_RACY_H

#include "base/bits.h"

#if defined(__SANITIZE_THREAD__)
#define BASE_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define BASE_THREAD_SANITIZER 1
#endif
#endif
#ifndef BASE_THREAD_SANITIZER
#define BASE_THREAD_SANITIZER 0
#endif

static inline u64 racy_read(const u64 *from)
{
	return BASE_THREAD_SANITIZER ? __atomic_load_n(from, __ATOMIC_RELAXED) : *from;
}

/* Clears words in which others may be setting bits. */
static inline void racy_clear(u64 *words, size_t n)
{
	if (!BASE_THREAD_SANITIZER) {
		memset(words, 0, n * sizeof(*words));
		return;
	}
	for (size_t i = 0; i < n; i++)
		__atomic_store_n(&words[i], 0, __ATOMIC_RELAXED);
}

/* @words doublewords; each is copied as a whole. */
static inline void racy_copy(u64 *to, const u64 *from, size_t words)
{
	if (!BASE_THREAD_SANITIZER) {
		memcpy(to, from, words * sizeof(*to));
		return;
	}
	for (size_t i = 0; i < words; i++)
		to[i] = racy_read(&from[i]);
}

/*
 * Guest memory. What its vcpus do there at the same time is between them, as on hardware, and so is
 * what a client that copies a running guest's memory gets. A number of 1, 2, 4 or 8 bytes is one
 * access. A RACY_FN does what these can't.
 */
#if BASE_THREAD_SANITIZER

#define RACY_FN __attribute__((no_sanitize("thread"), noinline, unused)) static

RACY_FN void racy_copy_bytes(void *to, const void *from, size_t n)
{
	struct __attribute__((packed)) {
		u16 v;
	} *to2 = to, *from2 = (void *)from;
	struct __attribute__((packed)) {
		u32 v;
	} *to4 = to, *from4 = (void *)from;
	struct __attribute__((packed)) {
		u64 v;
	} *to8 = to, *from8 = (void *)from;

	if (n == 2) {
		to2->v = from2->v;
	} else if (n == 4) {
		to4->v = from4->v;
	} else if (n % 8 == 0) {
		for (size_t i = 0; i < n / 8; i++)
			*(volatile u64 *)&to8[i].v = from8[i].v;
	} else {
		for (size_t i = 0; i < n; i++)
			((volatile u8 *)to)[i] = ((const u8 *)from)[i];
	}
}

RACY_FN void racy_zero_bytes(void *to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((volatile u8 *)to)[i] = 0;
}

RACY_FN bool racy_same_bytes(const void *a, const void *b, size_t n)
{
	size_t i = 0;

	while (i < n && ((const volatile u8 *)a)[i] == ((const volatile u8 *)b)[i])
		i++;
	return i == n;
}

#else

#define RACY_FN static inline

#define racy_copy_bytes(to, from, n) __builtin_memcpy(to, from, n)
#define racy_zero_bytes(to, n)	     __builtin_memset(to, 0, n)
#define racy_same_bytes(a, b, n)     (!__builtin_memcmp(a, b, n))

#endif

#endif
