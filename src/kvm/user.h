/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's memory. Its pointers are checked by the kernel as it checks a system call's: a bad
 * one gives -EFAULT, not a dead process.
 */
#ifndef PAPYR_KVM_USER_H
#define PAPYR_KVM_USER_H

#include <stddef.h>

/* 0 or -EFAULT; after -EFAULT part of it may have been copied. */
int user_read(void *to, unsigned long from, size_t bytes);
int user_write(unsigned long to, const void *from, size_t bytes);

/*
 * Brings in every page of the range, so that it can be written without another check. 0 or -EFAULT.
 */
int user_populate(unsigned long addr, size_t bytes);

#endif
