/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program for two processors, each of which writes a function and calls the other's, over and
 * over. r5 counts the rounds to r9; r10 is where it writes "li r3, N" (r8 is that with N 0), r11
 * the function that it calls. What it wrote last it says at r12; the other one says so at r13, and
 * is waited for when it is behind by more than AHEAD. r7 counts the calls that found something
 * older. It ends by a hypercall of r14.
 */
#ifndef PAPYR_TESTS_CHANGING_CODE_H
#define PAPYR_TESTS_CHANGING_CODE_H

#include "base/bits.h"

#define AHEAD 32

static const u32 changing_code[] = {
    0x38a50001,		/* addi r5, r5, 1 */
    0x7d062b78,		/* or r6, r8, r5: li r3, N */
    0x90ca0000,		/* stw r6, 0(r10) */
    0x7c00506c,		/* dcbst 0, r10 */
    0x7c0004ac,		/* sync */
    0x7c0057ac,		/* icbi 0, r10 */
    0x7c0004ac,		/* sync */
    0x4c00012c,		/* isync */
    0xf8ac0000,		/* std r5, 0(r12) */
    0xe8cd0000,		/* ld r6, 0(r13) */
    0x7c0004ac,		/* sync */
    0x4c00012c,		/* isync */
    0x7d6903a6,		/* mtctr r11 */
    0x4e800421,		/* bctrl */
    0x7c233000,		/* cmpd r3, r6 */
    0x40800008,		/* bge over one */
    0x38e70001,		/* addi r7, r7, 1 */
    0xe8cd0000,		/* ld r6, 0(r13): the other one is waited for, if far behind */
    0x7cc62850,		/* subf r6, r6, r5 */
    0x2c260000 | AHEAD, /* cmpdi r6, AHEAD */
    0x4181fff4,		/* bgt to the load */
    0x7c254800,		/* cmpd r5, r9 */
    0x4082ffa8,		/* bne to the beginning */
    0x7dc37378,		/* mr r3, r14 */
    0x44000022,		/* sc 1 */
};

#endif
