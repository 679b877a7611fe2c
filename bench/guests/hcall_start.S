/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the guest that measures hypercalls begins: r3 = device tree, r5 = 0 as kexec leaves it, or
 * r5 = an Open Firmware that we don't need. 32-bit or 64-bit mode, big-endian, no translation.
 */
	.section .head, "ax"
	.globl	_start
_start:
	mfmsr	%r9
	li	%r10,1
	sldi	%r10,%r10,63
	or	%r9,%r9,%r10
	mtmsrd	%r9
	isync
	bcl	20,31,1f
1:	mflr	%r2
	addis	%r1,%r2,(stack_top - 1b)@ha
	addi	%r1,%r1,(stack_top - 1b)@l
	addi	%r1,%r1,-128
	addis	%r2,%r2,(.TOC. - 1b)@ha
	addi	%r2,%r2,(.TOC. - 1b)@l
	li	%r0,0
	std	%r0,0(%r1)
	cmpdi	%r5,0
	beq	2f
	li	%r3,0			/* no device tree */
2:	bl	guest_main
	nop
	b	.

	.section .bss
	.balign	4096
	.space	16384
	.globl	stack_top
stack_top:
