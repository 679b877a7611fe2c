/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small PAPR guest that tells what each hypercall takes, by its own timebase.
 *
 * Runs in real mode on any monitor that starts a kernel as kexec does, and on QEMU's VOF. For each
 * hypercall one line "hcall NAME PICOSECONDS" (or "hcall NAME none" where there is no such
 * hypercall), the median of some batches; then "done", and it powers off.
 */
#include <papyr/papr.h>

typedef unsigned long u64;
typedef unsigned int u32;
typedef unsigned char u8;

#define BULK_REQUEST    (1ul << 62)
#define BULK_BY_AVPN    (2ul << 56)
#define BULK_END        (3ul << 62)
#define BULK_DONE       2 /* bits 63:62 of an entry that was dealt with */

#define VTY             0x71000000ul
#define LIOBN           0x71000010ul /* of the disks' bus, which the bench puts there */
#define TCE_RW          3ul
/* Its RTAS token, which we can't look up without a client interface. */
#define QEMU_POWER_OFF  0x2003

#define BATCH           1024   /* entries, one in each group: the smallest table has 2048 groups */
#define BATCHES         15
#define GROUP           8
#define PAGE            4096ul
#define PAGES_AT        0x2000000ul /* scratch memory, above us */
#define HPTE_V          1ul
#define HPTE_M          0x10ul
#define PP_RW           2ul
#define PP_RO           3ul
#define TB_PS_NUM       15625ul /* picoseconds a tick of 512 MHz: 15625 / 8 */
#define TB_PS_DEN       8ul

void guest_main(const u8 *fdt);
void *memcpy(void *to, const void *from, u64 n);
void *memset(void *to, int c, u64 n);

static u32 token_power_off = QEMU_POWER_OFF;
static u64 ticks[BATCHES];

void *memcpy(void *to, const void *from, u64 n)
{
	for (u64 i = 0; i < n; i++)
		((volatile u8 *)to)[i] = ((const u8 *)from)[i];
	return to;
}

void *memset(void *to, int c, u64 n)
{
	for (u64 i = 0; i < n; i++)
		((volatile u8 *)to)[i] = c;
	return to;
}

static inline u64 timebase(void)
{
	u64 tb;

	asm volatile("mftb %0" : "=r"(tb) : : "memory");
	return tb;
}

static inline long hcall(u64 nr, u64 a, u64 b, u64 c, u64 d)
{
	register u64 r3 asm("r3") = nr;
	register u64 r4 asm("r4") = a;
	register u64 r5 asm("r5") = b;
	register u64 r6 asm("r6") = c;
	register u64 r7 asm("r7") = d;

	asm volatile("sc 1"
		     : "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r6), "+r"(r7)
		     :
		     : "r0", "r8", "r9", "r10", "r11", "r12", "lr", "ctr", "xer", "cr0", "cr1",
		       "cr5", "cr6", "cr7", "memory");
	return r3;
}

/* ---- Console ---- */

static void print(const char *s)
{
	while (*s) {
		u64 n = 0, w[2] = { 0, 0 };

		for (; n < 16 && s[n]; n++)
			((volatile u8 *)w)[n] = s[n];
		while (hcall(H_PUT_TERM_CHAR, VTY, n, w[0], w[1]) == H_BUSY)
			;
		s += n;
	}
}

static void print_number(u64 v)
{
	char buf[24];
	int i = sizeof(buf) - 1;

	buf[i] = 0;
	do {
		buf[--i] = '0' + v % 10;
		v /= 10;
	} while (v);
	print(buf + i);
}

/* ---- Device tree: only the number of power-off is wanted ---- */

static u32 cell(const u8 *p)
{
	return (u32)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

static int equal(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

static void find_power_off(const u8 *fdt)
{
	const u8 *p = fdt + cell(fdt + 8);
	const char *strings = (const char *)fdt + cell(fdt + 12);

	for (;;) {
		u32 tag = cell(p);

		p += 4;
		if (tag == 1) { /* a node's name */
			while (*p++)
				;
			p = (const u8 *)(((u64)p + 3) & ~3ul);
		} else if (tag == 3) { /* a property */
			if (equal(strings + cell(p + 4), "power-off"))
				token_power_off = cell(p + 8);
			p = (const u8 *)(((u64)p + 8 + cell(p) + 3) & ~3ul);
		} else if (tag != 2 && tag != 4) {
			return;
		}
	}
}

static void power_off(void)
{
	static u32 args[6] __attribute__((aligned(8)));

	args[0] = token_power_off;
	args[1] = 2;
	args[2] = 1;
	args[3] = args[4] = ~0u;
	hcall(H_RTAS, (u64)args, 0, 0, 0);
	for (;;)
		;
}

/* ---- What is measured: each makes BATCH calls (or deals with BATCH entries) ---- */

static long worst;

static inline void expect(long got)
{
	if (got != H_SUCCESS)
		worst = got;
}

static u64 ptex(u64 i)
{
	return i * GROUP;
}

/* Any page number does: nobody translates by these entries. */
static u64 avpn(u64 i)
{
	return (0x123456ul + i) << 7;
}

static u64 second(u64 i)
{
	return (PAGES_AT + (i & 255) * PAGE) | HPTE_M | PP_RW;
}

static void enter(void)
{
	for (u64 i = 0; i < BATCH; i++)
		expect(hcall(H_ENTER, H_EXACT, ptex(i), avpn(i) | HPTE_V, second(i)));
}

static void read(void)
{
	for (u64 i = 0; i < BATCH; i++)
		expect(hcall(H_READ, 0, ptex(i), 0, 0));
}

static void protect(void)
{
	for (u64 i = 0; i < BATCH; i++)
		expect(hcall(H_PROTECT, H_AVPN | PP_RO, ptex(i), avpn(i), 0));
}

static void clear_ref(void)
{
	for (u64 i = 0; i < BATCH; i++)
		expect(hcall(H_CLEAR_REF, 0, ptex(i), 0, 0));
}

static void clear_mod(void)
{
	for (u64 i = 0; i < BATCH; i++)
		expect(hcall(H_CLEAR_MOD, 0, ptex(i), 0, 0));
}

static void remove(void)
{
	for (u64 i = 0; i < BATCH; i++)
		expect(hcall(H_REMOVE, H_AVPN, ptex(i), avpn(i), 0));
}

static u64 bulk_request(u64 i)
{
	return BULK_REQUEST | BULK_BY_AVPN | ptex(i);
}

static inline long bulk_remove_4(u64 i)
{
	register u64 r3 asm("r3") = H_BULK_REMOVE;
	register u64 r4 asm("r4") = bulk_request(i);
	register u64 r5 asm("r5") = avpn(i);
	register u64 r6 asm("r6") = bulk_request(i + 1);
	register u64 r7 asm("r7") = avpn(i + 1);
	register u64 r8 asm("r8") = bulk_request(i + 2);
	register u64 r9 asm("r9") = avpn(i + 2);
	register u64 r10 asm("r10") = bulk_request(i + 3);
	register u64 r11 asm("r11") = avpn(i + 3);

	asm volatile("sc 1"
		     : "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r6), "+r"(r7), "+r"(r8), "+r"(r9),
		       "+r"(r10), "+r"(r11)
		     :
		     : "r0", "r12", "lr", "ctr", "xer", "cr0", "cr1", "cr5", "cr6", "cr7",
		       "memory");
	if ((r4 & r6 & r8 & r10) >> 62 != BULK_DONE)
		return -1;
	return r3;
}

static void bulk_remove(void)
{
	for (u64 i = 0; i < BATCH; i += 4)
		expect(bulk_remove_4(i));
}

static void page_zero(void)
{
	for (u64 i = 0; i < BATCH; i++)
		expect(hcall(H_PAGE_INIT, H_ZERO_PAGE, PAGES_AT + (i & 255) * PAGE, 0, 0));
}

static void page_copy(void)
{
	for (u64 i = 0; i < BATCH; i++)
		expect(hcall(H_PAGE_INIT, H_COPY_PAGE, PAGES_AT + (i & 255) * PAGE,
			     PAGES_AT + (256 + (i & 255)) * PAGE, 0));
}

static void put_nothing(void)
{
	for (u64 i = 0; i < BATCH; i++)
		expect(hcall(H_PUT_TERM_CHAR, VTY, 0, 0, 0));
}

static void put_tce(void)
{
	for (u64 i = 0; i < BATCH; i++)
		expect(hcall(H_PUT_TCE, LIOBN, i * PAGE, (PAGES_AT + (i & 255) * PAGE) | TCE_RW,
			     0));
}

static long take_interrupt(void)
{
	register u64 r3 asm("r3") = H_XIRR;
	register u64 r4 asm("r4");

	asm volatile("sc 1"
		     : "+r"(r3), "=r"(r4)
		     :
		     : "r0", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "ctr", "xer",
		       "cr0", "cr1", "cr5", "cr6", "cr7", "memory");
	expect(r3);
	return r4;
}

/* To oneself: sent, taken and ended, as a kernel does. */
static void ipi(void)
{
	hcall(H_CPPR, 0xff, 0, 0, 0);
	for (u64 i = 0; i < BATCH; i++) {
		expect(hcall(H_IPI, 0, 4, 0, 0));
		u64 xirr = take_interrupt();
		expect(hcall(H_IPI, 0, 0xff, 0, 0));
		expect(hcall(H_EOI, xirr, 0, 0, 0));
	}
}

static void put_entries(void)
{
	worst = 0;
	enter();
}

static void clear_entries(void)
{
	for (u64 i = 0; i < BATCH; i++)
		hcall(H_REMOVE, 0, ptex(i), 0, 0);
}

struct test {
	const char *name;
	void (*before)(void);
	void (*run)(void);
	void (*after)(void);
};

static void nothing(void)
{
}

static const struct test tests[] = {
	{ "H_ENTER", nothing, enter, clear_entries },
	{ "H_READ", put_entries, read, clear_entries },
	{ "H_PROTECT", put_entries, protect, clear_entries },
	{ "H_REMOVE", put_entries, remove, nothing },
	{ "H_BULK_REMOVE/entry", put_entries, bulk_remove, nothing },
	{ "H_CLEAR_REF", put_entries, clear_ref, clear_entries },
	{ "H_CLEAR_MOD", put_entries, clear_mod, clear_entries },
	{ "H_PAGE_INIT/zero", nothing, page_zero, nothing },
	{ "H_PAGE_INIT/copy", nothing, page_copy, nothing },
	{ "H_PUT_TCE", nothing, put_tce, nothing },
	{ "H_IPI+H_XIRR+H_IPI+H_EOI", nothing, ipi, nothing },
	{ "H_PUT_TERM_CHAR/empty", nothing, put_nothing, nothing },
};

static u64 median(void)
{
	for (int i = 1; i < BATCHES; i++)
		for (int j = i; j && ticks[j - 1] > ticks[j]; j--) {
			u64 t = ticks[j];

			ticks[j] = ticks[j - 1];
			ticks[j - 1] = t;
		}
	return ticks[BATCHES / 2];
}

static void measure(const struct test *t)
{
	for (int b = -1; b < BATCHES; b++) { /* batch -1 warms up */
		u64 from;

		t->before();
		worst = 0;
		from = timebase();
		t->run();
		from = timebase() - from;
		if (b >= 0)
			ticks[b] = from;
		if (worst)
			break;
		t->after();
	}
	print("hcall ");
	print(t->name);
	print(" ");
	if (worst) {
		t->after();
		print("none");
	} else {
		print_number(median() * TB_PS_NUM / TB_PS_DEN / BATCH);
	}
	print("\r\n");
}

void guest_main(const u8 *fdt)
{
	if (fdt)
		find_power_off(fdt);
	clear_entries();
	for (u64 i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		measure(&tests[i]);
	print("done\r\n");
	power_off();
}
