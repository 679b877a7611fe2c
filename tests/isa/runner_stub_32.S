/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way into and out of the code under test, as in runner_stub.S, for 32-bit big-endian processors without
 * vectors: of what the state page holds in doublewords, the second words. Without a floating-point unit either,
 * its part of the state page stays as it was, zero.
 */
#include "vector.h"

	.text
	.balign 8
	.globl runner_stub
	.globl runner_stub_end
runner_stub:
	lis	4, STATE_PAGE >> 16
	.irp n, 1,2,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	stw	\n, STATE_SAVE + 8 * \n(4)
	.endr
	mflr	5
	stw	5, STATE_SAVE(4)
	mfcr	5
	stw	5, STATE_SAVE + 24(4)
#ifndef _SOFT_FLOAT
	addi	6, 4, STATE_SAVE + 0x200
	.irp n, 14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	stfd	\n, 8 * \n(6)
	.endr

	lfd	0, STATE_FPSCR(4)
	mtfsf	255, 0
	addi	6, 4, STATE_VSR
	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	lfd	\n, 16 * \n(6)
	.endr
#endif
	lwz	5, STATE_CR + 4(4)
	mtcrf	255, 5
	lwz	5, STATE_XER + 4(4)
	mtxer	5
	lwz	5, STATE_LR + 4(4)
	mtlr	5
	lwz	5, STATE_CTR + 4(4)
	mtctr	5
	.irp n, 0,1,2,3,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	lwz	\n, 8 * \n + 4(4)
	.endr
	lwz	4, 8 * 4 + 4(4)
	.set from, . - runner_stub
	.long	0x48000000 | ((TEST_CODE - STUB_BASE - from) & 0x3fffffc) /* b TEST_CODE */

	.org	runner_stub + STUB_EXIT
	mtspr	256, 31 /* USPRG0, which nothing here uses */
	lis	31, STATE_PAGE >> 16
	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
	stw	\n, STATE_OUT + 8 * \n + 4(31)
	.endr
	mfspr	5, 256
	stw	5, STATE_OUT + 8 * 31 + 4(31)
	mfcr	5
	stw	5, STATE_OUT + STATE_CR + 4(31)
	mfxer	5
	stw	5, STATE_OUT + STATE_XER + 4(31)
	mflr	5
	stw	5, STATE_OUT + STATE_LR + 4(31)
	mfctr	5
	stw	5, STATE_OUT + STATE_CTR + 4(31)
#ifndef _SOFT_FLOAT
	addi	6, 31, STATE_OUT + STATE_VSR
	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	stfd	\n, 16 * \n(6)
	.endr
	/* Its first word is what an emulator has there: nothing. */
	mffs	0
	stfd	0, STATE_OUT + STATE_FPSCR(31)
	li	5, 0
	stw	5, STATE_OUT + STATE_FPSCR(31)
#endif

	li	5, STATE_RESERVE
	stwcx.	5, 5, 31
#ifndef _SOFT_FLOAT
	li	5, 0
	stw	5, STATE_RESERVE(31)
	stw	5, STATE_RESERVE + 4(31)
	lfd	0, STATE_RESERVE(31)
	mtfsf	255, 0
	addi	6, 31, STATE_SAVE + 0x200
	.irp n, 14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	lfd	\n, 8 * \n(6)
	.endr
#endif
	lwz	5, STATE_SAVE + 24(31)
	mtcrf	255, 5
	lwz	5, STATE_SAVE(31)
	mtlr	5
	.irp n, 1,2,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	lwz	\n, STATE_SAVE + 8 * \n(31)
	.endr
	blr
runner_stub_end:
	.section .note.GNU-stack, "", @progbits
