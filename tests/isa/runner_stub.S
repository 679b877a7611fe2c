/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way into and out of the code under test, copied to STUB_BASE: loads every register from the state page, jumps to the
 * code; the code (or the signal handler) jumps to STUB_EXIT, which stores every register behind the input and
 * goes back to the caller. No stack is used.
 */
#include "vector.h"

/* A PPC970 has no VSX, no upper half of the FPSCR and no TAR. */
#ifdef __VSX__
#define SET_FPSCR mtfsf 255, 0, 1, 0
#else
#define SET_FPSCR mtfsf 255, 0
#endif

	.text
	.balign 8
	.globl runner_stub
	.globl runner_stub_end
runner_stub:
	lis	4, STATE_PAGE >> 16
	.irp n, 1,2,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	std	\n, STATE_SAVE + 8 * \n(4)
	.endr
	mflr	5
	std	5, STATE_SAVE(4)
	mfcr	5
	std	5, STATE_SAVE + 24(4)
	addi	6, 4, STATE_SAVE + 0x200
	.irp n, 14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	stfd	\n, 8 * \n(6)
	.endr
	addi	6, 4, STATE_SAVE + 0x400
	.irp n, 20,21,22,23,24,25,26,27,28,29,30,31
	li	5, 16 * \n
	stvx	\n, 5, 6
	.endr

	lfd	0, STATE_FPSCR(4)
	SET_FPSCR
	ld	5, STATE_VSCR(4)
#ifdef __VSX__
	mtvsrd	32, 5
	xxpermdi 32, 32, 32, 2
#else
	std	5, STATE_VSCR_PAIR + 8(4)
	li	5, STATE_VSCR_PAIR
	lvx	0, 5, 4
#endif
	mtvscr	0
	addi	6, 4, STATE_VSR
	.altmacro
#ifdef __VSX__
	.macro load_vsr n
	li	5, 16 * \n
	lxvd2x	\n, 5, 6
	.endm
	.set i, 0
	.rept 64
	load_vsr %i
	.set i, i + 1
	.endr
#else
	.macro load_fpr_and_vr n
	lfd	\n, 16 * \n(6)
	li	5, 16 * \n + 512
	lvx	\n, 5, 6
	.endm
	.set i, 0
	.rept 32
	load_fpr_and_vr %i
	.set i, i + 1
	.endr
#endif
	ld	5, STATE_CR(4)
	mtcrf	255, 5
	ld	5, STATE_XER(4)
	mtxer	5
	ld	5, STATE_LR(4)
	mtlr	5
	ld	5, STATE_CTR(4)
	mtctr	5
#ifdef __VSX__
	ld	5, STATE_TAR(4)
	mtspr	815, 5
#endif
	.irp n, 0,1,2,3,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	ld	\n, 8 * \n(4)
	.endr
	ld	4, 8 * 4(4)
	.set from, . - runner_stub
	.long	0x48000000 | ((TEST_CODE - STUB_BASE - from) & 0x3fffffc) /* b TEST_CODE */

	.org	runner_stub + STUB_EXIT
#ifdef __VSX__
	mtspr	815, 31
#else
	mtspr	256, 31 /* VRSAVE, which nothing here uses */
#endif
	lis	31, STATE_PAGE >> 16
	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
	std	\n, STATE_OUT + 8 * \n(31)
	.endr
#ifdef __VSX__
	mfspr	5, 815
#else
	mfspr	5, 256
#endif
	std	5, STATE_OUT + 8 * 31(31)
	mfcr	5
	std	5, STATE_OUT + STATE_CR(31)
	mfxer	5
	std	5, STATE_OUT + STATE_XER(31)
	mflr	5
	std	5, STATE_OUT + STATE_LR(31)
	mfctr	5
	std	5, STATE_OUT + STATE_CTR(31)
	addi	6, 31, STATE_OUT + STATE_VSR
#ifdef __VSX__
	.macro store_vsr n
	li	5, 16 * \n
	stxvd2x	\n, 5, 6
	.endm
	.set i, 0
	.rept 64
	store_vsr %i
	.set i, i + 1
	.endr
#else
	.macro store_fpr_and_vr n
	stfd	\n, 16 * \n(6)
	li	5, 16 * \n + 512
	stvx	\n, 5, 6
	.endm
	.set i, 0
	.rept 32
	store_fpr_and_vr %i
	.set i, i + 1
	.endr
#endif
	mffs	0
	stfd	0, STATE_OUT + STATE_FPSCR(31)
	mfvscr	0
#ifdef __VSX__
	xxpermdi 0, 32, 32, 2
	mfvsrd	5, 0
#else
	li	5, STATE_VSCR_PAIR
	stvx	0, 5, 31
	ld	5, STATE_VSCR_PAIR + 8(31)
#endif
	std	5, STATE_OUT + STATE_VSCR(31)

	li	5, STATE_RESERVE
	stdcx.	5, 5, 31
#ifdef __VSX__
	xxlxor	0, 0, 0
#else
	li	5, 0
	std	5, STATE_RESERVE(31)
	lfd	0, STATE_RESERVE(31)
#endif
	SET_FPSCR
	addi	6, 31, STATE_SAVE + 0x200
	.irp n, 14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	lfd	\n, 8 * \n(6)
	.endr
	addi	6, 31, STATE_SAVE + 0x400
	.irp n, 20,21,22,23,24,25,26,27,28,29,30,31
	li	5, 16 * \n
	lvx	\n, 5, 6
	.endr
	ld	5, STATE_SAVE + 24(31)
	mtcrf	255, 5
	ld	5, STATE_SAVE(31)
	mtlr	5
	.irp n, 1,2,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	ld	\n, STATE_SAVE + 8 * \n(31)
	.endr
	blr
runner_stub_end:
	.section .note.GNU-stack, "", @progbits
