/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the conformance programs reach KVM: with CLIENT_PAPYR or where the processor is none of
 * Power's, libpapyr; else whatever answers the system calls: the kernel, or (with CLIENT_PLAIN)
 * libpapyr-preload.so. The programs themselves can't tell.
 */
#ifndef TESTS_KVM_CLIENT_H
#define TESTS_KVM_CLIENT_H

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__powerpc64__) && !defined(CLIENT_PAPYR)
#include <linux/kvm.h>
#ifndef CLIENT_PLAIN
#define CLIENT_PLAIN
#endif
#else
#include <papyr/kvm.h>
#endif

#ifdef CLIENT_PLAIN
#define client_open(path, flags) open(path, flags)
#define client_ioctl(...)	 ioctl(__VA_ARGS__)
#define client_read		 read
#define client_write		 write
#define client_mmap		 mmap
#define client_close		 close
#else
#include <papyr/papyr.h>
#define client_open  papyr_open
#define client_ioctl papyr_ioctl
#define client_read  papyr_read
#define client_write papyr_write
#define client_mmap  papyr_mmap
#define client_close papyr_close
#endif

#endif
