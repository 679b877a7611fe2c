/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the guest's processors begin, its interrupt handlers, and the few things C can't say.
 * Big-endian, real mode, interrupts off.
 */
	.section .head, "ax"
	.globl	_start
_start:
	/* r3: device tree */
	li	%r4,0
	b	1f
	.globl	secondary_start
secondary_start:
	/* r3: our index, as start-cpu was told */
	mr	%r4,%r3
1:	bcl	20,31,2f
2:	mflr	%r2
	addis	%r5,%r2,(stacks - 2b)@ha
	addi	%r5,%r5,(stacks - 2b)@l
	addis	%r2,%r2,(.TOC. - 2b)@ha
	addi	%r2,%r2,(.TOC. - 2b)@l
	addi	%r6,%r4,1
	sldi	%r6,%r6,14		/* 16 KiB each */
	add	%r1,%r5,%r6
	addi	%r1,%r1,-128
	li	%r0,0
	std	%r0,0(%r1)
	cmpdi	%r4,0
	bne	3f
	bl	guest_main
	nop
	b	.
3:	bl	guest_secondary
	nop
	b	.

/*
 * Data storage interrupt: count it in the word that SPRG1 points to, skip the instruction.
 * Copied to its vector.
 */
	.globl	dsi_handler, dsi_handler_end
dsi_handler:
	mtsprg	2,%r3
	mfsprg	%r3,1
	std	%r4,8(%r3)
	ld	%r4,0(%r3)
	addi	%r4,%r4,1
	std	%r4,0(%r3)
	mfsrr0	%r4
	addi	%r4,%r4,4
	mtsrr0	%r4
	ld	%r4,8(%r3)
	mfsprg	%r3,2
	rfid
dsi_handler_end:

/* Any other interrupt has no business here: tell which and from where. Its li is patched to say the vector. */
	.globl	bad_handler, bad_handler_end
bad_handler:
	li	%r3,0
	mfsrr0	%r4
	mfsrr1	%r5
	mfsprg	%r6,3
	mtctr	%r6
	bctr
bad_handler_end:

	.globl	bad_entry
bad_entry:
	bcl	20,31,4f
4:	mflr	%r2
	addis	%r2,%r2,(.TOC. - 4b)@ha
	addi	%r2,%r2,(.TOC. - 4b)@l
	bl	guest_bad_interrupt
	nop
	b	.

	.text
/* long hcall(nr, a, b, c, d, long *out): out gets r4..r7 */
	.globl	hcall
hcall:
	std	%r8,-8(%r1)
	sc	1
	ld	%r8,-8(%r1)
	cmpdi	%r8,0
	beqlr
	std	%r4,0(%r8)
	std	%r5,8(%r8)
	std	%r6,16(%r8)
	std	%r7,24(%r8)
	blr

/* void rtas_enter(args, entry): in 32-bit mode, as firmware expects */
	.globl	rtas_enter
rtas_enter:
	mflr	%r0
	std	%r0,16(%r1)
	stdu	%r1,-112(%r1)
	std	%r2,96(%r1)
	mtctr	%r4
	bctrl
	ld	%r2,96(%r1)
	addi	%r1,%r1,112
	ld	%r0,16(%r1)
	mtlr	%r0
	blr

/* u64 load_virtual(ea), void store_virtual(ea, val): with data translation on for just that */
	.globl	load_virtual
load_virtual:
	mfmsr	%r5
	ori	%r6,%r5,0x10
	li	%r4,-1
	mtmsrd	%r6
	isync
	ld	%r4,0(%r3)
	mtmsrd	%r5
	isync
	mr	%r3,%r4
	blr

	.globl	store_virtual
store_virtual:
	mfmsr	%r5
	ori	%r6,%r5,0x10
	mtmsrd	%r6
	isync
	std	%r4,0(%r3)
	mtmsrd	%r5
	isync
	blr

	.section .bss
	.balign	16384
	.globl	stacks
stacks:
	.space	64 * 16384
