/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where things are in the conformance programs' guest (guest.S), for the guest and for the
 * programs. Guest real addresses.
 */
#ifndef TESTS_KVM_GUEST_H
#define TESTS_KVM_GUEST_H

#define GUEST_HCALL   0x1000
#define GUEST_INSN    0x1100
#define GUEST_INSN_AT 0x1108
#define GUEST_SPIN    0x1300
#define GUEST_MARK    0x1380 /* a word, set by GUEST_SPIN */
#define GUEST_STORE   0x1400
#define GUEST_CHURN   0x1500
#define GUEST_WATCH   0x1600
#define GUEST_LEAVE   0x1f00
#define GUEST_ROWS    0x2000
#define GUEST_SIZE    0x4000

/* A row of GUEST_ROWS: the instruction's text, zero padded, and its code. */
#define ROW_TEXT 28
#define ROW_SIZE 32

/* Not a hypercall that KVM or PAPR knows. */
#define GUEST_EXIT 0xf0f0

#endif
