/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest for the boards of BookE processors, linked to run from address 0: compiled with -DE500
 * for ppce500, without for bamboo. It prints what it found, and then answers keys:
 *
 *   t  how often the timer, which reloads itself, rang in the meantime: at least 20 times
 *   m  touches pages that aren't mapped: its handler of TLB misses maps them, more than there are
 *	entries, in two processes; each must hold what was written to it
 *   s  the same again and again, each time with other contents, until the next key: how often
 *   n  how many keys there were
 *   a  sets the timebase on, further from the alternate one, where there is one: by how much in all
 *   f  what a floating-point register holds, where there are any, and one that isn't of any use
 *   b  is busy until the next key: rounds of sums over memory that misses of the TLB find, over
 *	registers and with numbers that another took in between, each of which must come to the same
 *   r  starts again
 *   w  has the watchdog start it again
 *   p  powers off, where there is a way
 *
 * Keys come by the UART's interrupt, through the interrupt controller.
 */
typedef unsigned int u32;

#define STR(x)	#x
#define XSTR(x) STR(x)

#define mfspr(n)                                                                                   \
	({                                                                                         \
		u32 v_;                                                                            \
		asm volatile("mfspr %0," XSTR(n) : "=r"(v_)::"memory");                            \
		v_;                                                                                \
	})
#define mtspr(n, v) asm volatile("mtspr " XSTR(n) ",%0; isync" ::"r"(v) : "memory")

#define DEAR	  61
#define IVPR	  63
#define PID	  48
#define DECAR	  54
#define DEC	  22
#define TSR	  336
#define TCR	  340
#define PVR	  287
#define TSR_DIS	  0x08000000
#define TCR_DIE	  0x04000000
#define TCR_ARE	  0x00400000
#define TCR_RESET 0x20000000
#define MSR_EE	  0x8000
#define EXTERNAL  4
#define TIMER	  10
#define DATA_MISS 13

#define PAGE   0x1000u
#define PAGES  700u	   /* more than either TLB has entries */
#define WINDOW 0x40000000u /* where they are touched */
#define BACKED 0x01000000u /* where they are */

/* ---- The two boards ---- */

#ifdef E500
#define MAS0 624
#define MAS1 625
#define MAS2 626
#define MAS3 627
#define MAS4 628
#define MAS7 944

#define KEPT	 1009		       /* HID1 */
#define WATCH	 (2u << 30 | 10 << 17) /* 2^21 ticks */
#define DEVICES	 0xe0000000u
#define UART	 (DEVICES + 0x4500)
#define MPIC	 (DEVICES + 0x40000)
#define RSTCR	 (DEVICES + 0xe00b0)
#define TBU	 285
#define ATBU	 527
#define SOURCE	 42
#define GPIO	 (DEVICES + 0xff000)
#define POWEROFF 0x80000000u /* pin 0 */

static void store(u32 at, u32 val)
{
	*(volatile u32 *)at = val;
}

static u32 load(u32 at)
{
	return *(volatile u32 *)at;
}

static void map_devices(void)
{
	mtspr(MAS0, 0x10000000 | 1 << 16);
	mtspr(MAS1, 0xc0000000 | 5 << 8); /* 1 MiB */
	mtspr(MAS2, DEVICES | 0xa);	  /* not cached, guarded */
	mtspr(MAS3, 0xe0000000 | 5);
	mtspr(MAS7, 0xf);
	asm volatile("isync; tlbwe; isync" ::: "memory");
	/* Of a miss: TLB0, 4 KiB, by PID0. */
	mtspr(MAS4, 1 << 8);
}

/* The processor says which entry, and whose. */
static void map_page(u32 ea, u32 pa)
{
	mtspr(MAS3, pa | 5);
	mtspr(MAS7, 0);
	asm volatile("isync; tlbwe; isync" ::: "memory");
}

static void forget_pages(void)
{
	asm volatile("mtspr 1012,%0; isync" ::"r"(4) : "memory"); /* all of TLB0 */
}

static void open_interrupt(void)
{
	store(MPIC + 0x10000 + SOURCE * 0x20, 8 << 16 | 77);
	store(MPIC + 0x10010 + SOURCE * 0x20, 1);
	store(MPIC + 0x20080, 0);
}

static int take_interrupt(void)
{
	return load(MPIC + 0x200a0) == 77;
}

static void end_interrupt(void)
{
	store(MPIC + 0x200b0, 0);
}

static void start_again(void)
{
	store(RSTCR, 2);
}

/* The pin is an output first: high it means something only then. */
static void power_off(void)
{
	store(GPIO + 8, 0);
	store(GPIO, POWEROFF);
	store(GPIO + 8, POWEROFF);
}

/* Upper words: the lower ones of both are the same. */
static u32 go_ahead(void)
{
	u32 before, alternate;

	mtspr(TBU, mfspr(269) + 0x100);
	do {
		before = mfspr(269);
		alternate = mfspr(ATBU);
	} while (before != mfspr(269));
	return before - alternate;
}

static void set_float(void)
{
}

static u32 get_float(void)
{
	return 0x40091eb8;
}
#else
#define MMUCR	946
#define DBCR0	308
#define WATCH	0   /* 2^21 ticks */
#define KEPT	880 /* INV0, which the guest has no use for */
#define UART	0xef600300u
#define DEVICES 0xef600000u
#define FIRST	2u /* the entry behind those of kernel and devices */

static u32 next = FIRST;

static void write_entry(u32 entry, u32 word0, u32 word1, u32 word2)
{
	asm volatile("tlbwe %1,%0,0; tlbwe %2,%0,1; tlbwe %3,%0,2; isync" ::"r"(entry), "r"(word0),
		     "r"(word1), "r"(word2)
		     : "memory");
}

static void map_devices(void)
{
	mtspr(MMUCR, 0);
	/* The kernel's own again: of what there was at first, no more than that. */
	write_entry(0, 0x200 | 9 << 4, 0, 7);
	write_entry(1, DEVICES | 0x200 | 5 << 4, DEVICES, 0x500 | 3); /* 1 MiB */
}

static void map_page(u32 ea, u32 pa)
{
	mtspr(MMUCR, mfspr(PID));
	write_entry(next, (ea & -PAGE) | 0x200 | 1 << 4, pa, 3);
	next = next == 63 ? FIRST : next + 1;
}

static void forget_pages(void)
{
	for (u32 i = FIRST; i < 64; i++)
		write_entry(i, 0, 0, 0);
}

static void open_interrupt(void)
{
	asm volatile("mtdcr 0xc2,%0" ::"r"(0x80000000) : "memory");
}

static int take_interrupt(void)
{
	u32 pending;

	asm volatile("mfdcr %0,0xc6" : "=r"(pending)::"memory");
	return pending == 0x80000000;
}

static void end_interrupt(void)
{
	asm volatile("mtdcr 0xc0,%0" ::"r"(0x80000000) : "memory");
}

static void start_again(void)
{
	mtspr(DBCR0, 0x30000000); /* the system */
}

static void power_off(void)
{
}

static u32 go_ahead(void)
{
	return 0;
}

static void set_float(void)
{
	static const double number = 3.14;

	asm volatile("mfmsr 0; ori 0,0,0x2000; mtmsr 0; isync; lfd 17,0(%0)" ::"b"(&number)
		     : "r0", "memory");
}

static u32 get_float(void)
{
	u32 words[2] __attribute__((aligned(8)));

	asm volatile("stfd 17,0(%0)" ::"b"(words) : "memory");
	return words[0];
}
#endif

/* ---- Both ---- */

static volatile u32 misses, rings, keys, lost, last_key;

/*
 * What nobody changes while the guest is busy: SPRG0 to SPRG7, USPRG0, CSRR0, CSRR1, IAC1, IAC2,
 * DAC1 and DAC2.
 */
/* clang-format off */
#define MARKS(_)                                                                                   \
	_(272) _(273) _(274) _(275) _(276) _(277) _(278) _(279) _(256) _(58) _(59) _(312) _(313)  \
	_(316) _(317)
/* clang-format on */

static void set_marks(void)
{
#define SET_MARK(n) mtspr(n, 0x10000000 + n * 4);
	MARKS(SET_MARK)
#undef SET_MARK
}

static u32 wrong_marks(void)
{
	u32 wrong = 0;

#define LOOK_AT_MARK(n) wrong += mfspr(n) != 0x10000000 + n * 4;
	MARKS(LOOK_AT_MARK)
#undef LOOK_AT_MARK
	return wrong;
}

static void put(char c)
{
	volatile unsigned char *u = (void *)UART;

	while (!(u[5] & 0x20))
		;
	u[0] = c;
}

static void print(const char *s)
{
	while (*s)
		put(*s++);
}

static void print_hex(u32 v)
{
	for (int i = 28; i >= 0; i -= 4)
		put("0123456789abcdef"[v >> i & 15]);
}

static void say(const char *what, u32 v)
{
	print(what);
	put(' ');
	print_hex(v);
	print("\r\n");
}

/* By the vectors, below. */
void trap(u32 which)
{
	volatile unsigned char *u = (void *)UART;

	if (which == DATA_MISS) {
		u32 ea = mfspr(DEAR);

		misses++;
		map_page(ea, BACKED + (mfspr(PID) - 1) * PAGES * PAGE + ((ea - WINDOW) & -PAGE));
	} else if (which == TIMER) {
		rings++;
		mtspr(TSR, TSR_DIS);
	} else {
		if (!take_interrupt())
			lost++;
		while (u[5] & 1) {
			last_key = u[0];
			keys++;
		}
		end_interrupt();
	}
}

/* Returns how many pages didn't hold what was written to them. */
static u32 write_and_read(u32 salt)
{
	u32 wrong = 0;

	for (u32 round = 0; round < 2; round++)
		for (u32 process = 1; process <= 2; process++) {
			mtspr(PID, process);
			for (u32 i = 0; i < PAGES; i++) {
				volatile u32 *p = (void *)(WINDOW + i * PAGE + i % 64 * 16);

				if (!round)
					*p = salt ^ (i << 8 | process);
				else
					wrong += *p != (salt ^ (i << 8 | process));
			}
		}
	mtspr(PID, 0);
	return wrong;
}

static void storm(void)
{
	u32 wrong = 0, rounds = 0, before = keys;

	while (keys == before)
		wrong += write_and_read(++rounds << 20);
	if (wrong)
		say("wrong", wrong);
	say("storm", rounds);
}

static void touch(void)
{
	u32 wrong;

	forget_pages();
	misses = 0;
	wrong = write_and_read(0);
	if (wrong)
		say("wrong", wrong);
	print(misses >= 4 * PAGES - 1200 && misses <= 4 * PAGES ? "misses ok\r\n" : "misses?\r\n");
}

/* A carry that goes from step to step, and one that another took, in a register each. */
static u32 add_up(u32 sum, u32 steps)
{
	static u32 count;
	u32 other = 0x9e3779b9, old;

	count = 0;
	asm volatile("	mtctr %[steps]\n"
		     "	addic %[old],%[sum],-1\n"
		     "1:	rotlwi %[sum],%[sum],5\n"
		     "	adde %[sum],%[sum],%[other]\n"
		     "	addze %[other],%[other]\n"
		     "2:	lwarx %[old],0,%[count]\n"
		     "	addi %[old],%[old],3\n"
		     "	stwcx. %[old],0,%[count]\n"
		     "	bne- 2b\n"
		     "	xor %[other],%[other],%[old]\n"
		     "	bdnz 1b\n"
		     : [sum] "+r"(sum), [other] "+r"(other), [old] "=&r"(old)
		     : [steps] "r"(steps), [count] "b"(&count)
		     : "ctr", "cr0", "memory", "xer");
	return sum ^ other ^ count;
}

#define BUSY_PAGES 100u

static u32 one_round(void)
{
	u32 sum = 1;

	for (u32 process = 1; process <= 2; process++) {
		mtspr(PID, process);
		for (u32 i = 0; i < BUSY_PAGES; i++)
			*(volatile u32 *)(WINDOW + i * PAGE) = i * process;
	}
	for (u32 process = 1; process <= 2; process++) {
		mtspr(PID, process);
		for (u32 i = 0; i < BUSY_PAGES; i++)
			sum = add_up(sum + *(volatile u32 *)(WINDOW + i * PAGE), 1000);
	}
	mtspr(PID, 0);
	return sum ^ get_float();
}

static void be_busy(void)
{
	set_marks();
	for (u32 before = keys; keys == before;) {
		say("sum", one_round());
		if (wrong_marks())
			say("wrong", wrong_marks());
	}
}

static void answer(u32 key)
{
	u32 before = rings;

	switch (key) {
	case 't':
		while (rings < before + 20)
			;
		print("timer ok\r\n");
		break;
	case 'm':
		touch();
		break;
	case 's':
		storm();
		break;
	case 'b':
		be_busy();
		break;
	case 'n':
		say("keys", keys);
		break;
	case 'a':
		say("ahead", go_ahead());
		break;
	case 'f':
		say("registers", get_float() ^ mfspr(KEPT));
		break;
	case 'w':
		mtspr(TCR, mfspr(TCR) | WATCH | TCR_RESET);
		break;
	case 'p':
		power_off();
		print("still here\r\n");
		break;
	case 'r':
		start_again();
		break;
	}
}

void begin(u32 tree, u32 magic, u32 mapped)
{
	volatile unsigned char *u = (void *)UART;
	extern char vectors[];

	misses = rings = keys = lost = 0; /* it may have started again */
	map_devices();
	say("processor", mfspr(PVR));
	say("tree", *(u32 *)tree);
	say("magic", magic);
	mtspr(IVPR, (u32)vectors & 0xffff0000);
	mtspr(404, (u32)vectors & 0xffff); /* IVOR4: external */
	mtspr(410, ((u32)vectors & 0xffff) + 0x100);
	mtspr(413, ((u32)vectors & 0xffff) + 0x200);
	mtspr(DECAR, 400000);
	mtspr(DEC, 400000);
	mtspr(TCR, TCR_DIE | TCR_ARE);
	u[2] = 1; /* queues */
	u[1] = 1; /* something came */
	open_interrupt();
	asm volatile("wrteei 1" ::: "memory");
	set_float();
	mtspr(KEPT, 0x5a5a5a5a);
	print("ready\r\n");
	for (u32 seen = 0;;) {
		if (keys == seen)
			continue;
		seen = keys;
		answer(last_key);
		if (lost)
			say("lost", lost);
	}
}

/* clang-format off */
#define VECTOR(which)                                                                      \
	" .balign 0x100\n"                                                                 \
	" stwu 1,-160(1)\n"                                                                \
	" stmw 3,16(1)\n"                                                                  \
	" stw 0,8(1)\n"                                                                    \
	" mflr 3\n"                                                                        \
	" mfctr 4\n"                                                                       \
	" mfcr 5\n"                                                                        \
	" mfxer 6\n"                                                                       \
	" stw 3,136(1)\n"                                                                  \
	" stw 4,140(1)\n"                                                                  \
	" stw 5,144(1)\n"                                                                  \
	" stw 6,148(1)\n"                                                                  \
	" li 3," XSTR(which) "\n"                                                          \
	" b call_trap\n"
/* clang-format on */

asm(".section .start,\"ax\"\n"
    ".globl _start\n"
    "_start:\n"
    "	lis	1,stack_top@ha\n"
    "	addi	1,1,stack_top@l\n"
    "	mr	4,6\n"
    "	mr	5,7\n"
    "	b	begin\n"
    "	.balign	0x1000\n"
    ".globl vectors\n"
    "vectors:\n" VECTOR(EXTERNAL) VECTOR(TIMER) VECTOR(DATA_MISS) "call_trap:\n"
								  "	bl	trap\n"
								  "	lwz	3,136(1)\n"
								  "	lwz	4,140(1)\n"
								  "	lwz	5,144(1)\n"
								  "	lwz	6,148(1)\n"
								  "	mtlr	3\n"
								  "	mtctr	4\n"
								  "	mtcrf	0xff,5\n"
								  "	mtxer	6\n"
								  "	lwz	0,8(1)\n"
								  "	lmw	3,16(1)\n"
								  "	addi	1,1,160\n"
								  "	rfi\n"
								  "	.bss\n"
								  "	.balign	16\n"
								  "	.space	0x4000\n"
								  "stack_top:\n"
								  "	.space	16\n"
								  "	.text\n");
