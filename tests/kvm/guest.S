/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest of the conformance programs: a few instructions in real mode, big-endian, loaded at 0.
 *
 * Whatever happens ends in the hypercall GUEST_EXIT, which KVM doesn't know and hands to the
 * client: r20 = r3 before that, r21 = what happened: 0 for the end of a snippet, else the
 * interrupt vector, with r16 = SRR0 and r17 = SRR1 of the interrupt (sc itself overwrites those
 * registers).
 */
#include "guest.h"

	.machine power8
	.abiversion 2

	.macro vector address
	.org \address
	li	21, \address
	b	vectored
	.endm

	.text
	.globl _start
_start:
	vector 0x100
	vector 0x200
	vector 0x300
	vector 0x380
	vector 0x400
	vector 0x480
	vector 0x500
	vector 0x600
	vector 0x700
	vector 0x800
	vector 0x900
	vector 0x980
	vector 0xa00
	vector 0xb00
	vector 0xc00
	vector 0xd00
	vector 0xe00
	vector 0xe20
	vector 0xe40
	vector 0xe60
	vector 0xe80
	vector 0xea0
	vector 0xf00
	vector 0xf20
	vector 0xf40
	vector 0xf60
	vector 0xf80

/* One hypercall, its arguments in r3..r12; the client starts it anew for each. */
	.org GUEST_HCALL
	sc	1
	li	21, 0
	b	leave

/* One instruction that the client has put at GUEST_INSN_AT. */
	.org GUEST_INSN
	li	21, 0
	sync
	.org GUEST_INSN_AT
	nop
	b	leave

/* For ever, setting the word at GUEST_MARK. */
	.org GUEST_SPIN
	li	23, 1
1:	stw	23, GUEST_MARK(0)
	b	1b

/* Store r6 to r5, r4 times, r7 apart. */
	.org GUEST_STORE
	mtctr	4
1:	std	6, 0(5)
	add	5, 5, 7
	bdnz	1b
	li	21, 0
	b	leave

/*
 * r4 rounds of change: each enters r26, r27 at one of the entries r25 .. r25 + r28 (a mask) and
 * removes another; which, changes from round to round. A hypercall may change CTR: it can't
 * count.
 */
	.org GUEST_CHURN
	mr	24, 4
	li	23, 0
1:	addi	23, 23, 1
	li	3, 0x08
	li	4, 1
	sldi	4, 4, 39
	mulli	5, 23, 5
	and	5, 5, 28
	add	5, 5, 25
	mr	6, 26
	rldimi	6, 23, 7, 53
	mr	7, 27
	sc	1
	li	3, 0x04
	li	4, 0
	mulli	5, 23, 3
	and	5, 5, 28
	add	5, 5, 25
	sc	1
	addic.	24, 24, -1
	bne	1b
	li	21, 0
	b	leave

/* r4 times: load from r8; if it is r9, leave with r21 = 1. */
	.org GUEST_WATCH
	mtctr	4
1:	ld	5, 0(8)
	cmpd	5, 9
	beq	2f
	bdnz	1b
	li	21, 0
	b	leave
2:	li	21, 1
	b	leave

	.org GUEST_LEAVE
vectored:
	mfsrr0	16
	mfsrr1	17
leave:
	mr	20, 3
	lis	3, GUEST_EXIT >> 16
	ori	3, 3, GUEST_EXIT & 0xffff
	sc	1
	b	.

/*
 * Rows of instructions that the MMIO program runs one after another: text and code. The client
 * reads the rows, the guest never comes here.
 */
	.macro row insn:vararg
1:	.asciz "\insn"
	.org	1b + ROW_TEXT
	\insn
	.endm

	.org GUEST_ROWS
	row	lbz 5,0(4)
	row	lbzu 5,1(4)
	row	lbzx 5,4,6
	row	lbzux 5,4,6
	row	lhz 5,2(4)
	row	lhzu 5,2(4)
	row	lhzx 5,4,6
	row	lhzux 5,4,6
	row	lha 5,2(4)
	row	lhau 5,2(4)
	row	lhax 5,4,6
	row	lhaux 5,4,6
	row	lwz 5,4(4)
	row	lwzu 5,4(4)
	row	lwzx 5,4,6
	row	lwzux 5,4,6
	row	lwa 5,4(4)
	row	lwax 5,4,6
	row	lwaux 5,4,6
	row	ld 5,8(4)
	row	ldu 5,8(4)
	row	ldx 5,4,6
	row	ldux 5,4,6
	row	lhbrx 5,4,6
	row	lwbrx 5,4,6
	row	ldbrx 5,4,6
	row	lbzcix 5,4,6
	row	lhzcix 5,4,6
	row	lwzcix 5,4,6
	row	ldcix 5,4,6
	row	stb 7,1(4)
	row	stbu 7,1(4)
	row	stbx 7,4,6
	row	stbux 7,4,6
	row	sth 7,2(4)
	row	sthu 7,2(4)
	row	sthx 7,4,6
	row	sthux 7,4,6
	row	stw 7,4(4)
	row	stwu 7,4(4)
	row	stwx 7,4,6
	row	stwux 7,4,6
	row	std 7,8(4)
	row	stdu 7,8(4)
	row	stdx 7,4,6
	row	stdux 7,4,6
	row	sthbrx 7,4,6
	row	stwbrx 7,4,6
	row	stdbrx 7,4,6
	row	stbcix 7,4,6
	row	sthcix 7,4,6
	row	stwcix 7,4,6
	row	stdcix 7,4,6
	row	lfs 2,4(4)
	row	lfsu 2,4(4)
	row	lfsx 2,4,6
	row	lfsux 2,4,6
	row	lfd 2,8(4)
	row	lfdu 2,8(4)
	row	lfdx 2,4,6
	row	lfdux 2,4,6
	row	lfiwax 2,4,6
	row	lfiwzx 2,4,6
	row	stfs 3,4(4)
	row	stfsu 3,4(4)
	row	stfsx 3,4,6
	row	stfsux 3,4,6
	row	stfd 3,8(4)
	row	stfdu 3,8(4)
	row	stfdx 3,4,6
	row	stfdux 3,4,6
	row	stfiwx 3,4,6
	row	lvx 2,4,6
	row	lvxl 2,4,6
	row	lvebx 2,4,6
	row	lvehx 2,4,6
	row	lvewx 2,4,6
	row	stvx 3,4,6
	row	stvxl 3,4,6
	row	stvebx 3,4,6
	row	stvehx 3,4,6
	row	stvewx 3,4,6
	row	lxsdx 2,4,6
	row	lxsspx 2,4,6
	row	lxsiwax 2,4,6
	row	lxsiwzx 2,4,6
	row	lxvd2x 2,4,6
	row	lxvw4x 2,4,6
	row	lxvdsx 2,4,6
	row	stxsdx 3,4,6
	row	stxsspx 3,4,6
	row	stxsiwx 3,4,6
	row	stxvd2x 3,4,6
	row	stxvw4x 3,4,6
	row	lwarx 5,4,6
	row	ldarx 5,4,6
	row	stwcx. 7,4,6
	row	stdcx. 7,4,6
	row	lmw 30,8(4)
	row	stmw 30,8(4)
	row	lswi 5,4,8
	row	stswi 7,4,8
	row	dcbz 4,6
	row	dcbt 4,6
	row	dcbf 4,6
	row	icbi 4,6
	row	lwz 5,5(4)
	row	std 7,12(4)
	row	lq 8,16(4)
	row	stq 8,16(4)
	.long	0
	.org GUEST_SIZE - 4
	.long	0
