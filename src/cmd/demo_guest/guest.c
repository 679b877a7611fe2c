/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small PAPR guest: enters, reads, protects and removes entries of its hashed page table, touches
 * memory through them, and reports on the console. Big-endian, so that it runs on POWER7 too.
 *
 * Kernel arguments: "rounds=N" that many rounds (default 4), "storm" rounds without end, each of
 * which changes checksummed memory through ever new translations.
 */
#include <papyr/papr.h>

typedef unsigned long u64;
typedef unsigned int u32;
typedef unsigned char u8;

long hcall(u64 nr, u64 a, u64 b, u64 c, u64 d, u64 *out);
void rtas_enter(u32 *args, u64 entry);
u64 load_virtual(u64 ea);
void store_virtual(u64 ea, u64 val);
extern u8 secondary_start[], dsi_handler[], dsi_handler_end[], bad_handler[], bad_handler_end[];
extern u8 bad_entry[];

void guest_main(const u8 *fdt);
void guest_secondary(u64 index);
void guest_bad_interrupt(u64 vector, u64 pc, u64 msr);
void *memcpy(void *to, const void *from, u64 n);
void *memset(void *to, int c, u64 n);

#define VTY		0x71000000

#define PAGE	 4096ul
#define PAGES	 256	      /* of each processor */
#define POOL	 0x1000000ul  /* their memory: PAGES pages from here, one processor after another */
#define EA_BASE	 0x10000000ul /* where they are mapped: segment 1 */
#define CPUS_MAX 32
#define HPTE_V	 0x1ul
#define HPTE_M	 0x10ul /* coherent */
#define HPTE_R	 0x100ul
#define HPTE_C	 0x80ul
#define PP_RW	 2ul
#define PP_RO	 3ul

struct cpu {
	u64 faults; /* SPRG1 points here; dsi_handler knows this and the next */
	u64 scratch;
	u64 index, server;
	u64 seed;
	u64 sum[PAGES]; /* what the page's words add up to */
	u64 slot[PAGES];
	u64 checks, failures;
	u64 ticks[4]; /* of enter, touch, protect, remove */
	u64 rounds;   /* done, written by the owner */
};

static struct cpu cpus[CPUS_MAX];
static u64 n_cpus, group_mask, rtas_entry, rounds = 4;
static u32 token_start_cpu, token_stop_self, token_power_off, token_os_term;
static int storm;

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

static u64 timebase(void)
{
	u64 tb;

	asm volatile("mftb %0" : "=r"(tb));
	return tb;
}

/* ---- Console ---- */

static void put(const char *s, u64 len)
{
	while (len) {
		u64 n = len < 16 ? len : 16, w[2] = {0, 0};

		memcpy(w, s, n);
		while (hcall(H_PUT_TERM_CHAR, VTY, n, w[0], w[1], 0) == H_BUSY)
			;
		s += n;
		len -= n;
	}
}

static void print(const char *s)
{
	u64 n = 0;

	while (s[n])
		n++;
	put(s, n);
}

static void print_number(u64 v, u64 base)
{
	char buf[24];
	int i = sizeof(buf);

	do {
		buf[--i] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	put(buf + i, sizeof(buf) - i);
}

/* ---- RTAS ---- */

static u32 rtas(u32 token, u32 n_in, u32 n_out, u32 a, u32 b, u32 c)
{
	u32 args[16] = {token, n_in, n_out};

	if (n_in > 0)
		args[3] = a;
	if (n_in > 1)
		args[4] = b;
	if (n_in > 2)
		args[5] = c;
	rtas_enter(args, rtas_entry);
	return args[3 + n_in];
}

static void give_up(void)
{
	rtas(token_os_term, 1, 1, 0, 0, 0);
	for (;;)
		;
}

void guest_bad_interrupt(u64 vector, u64 pc, u64 msr)
{
	print("unexpected interrupt 0x");
	print_number(vector, 16);
	print(" at 0x");
	print_number(pc, 16);
	print(", msr 0x");
	print_number(msr, 16);
	print("\r\n");
	give_up();
}

/* ---- Device tree ---- */

static int equal(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

static int begins(const char *s, const char *start)
{
	while (*start && *s == *start)
		s++, start++;
	return !*start;
}

static u32 cell(const u8 *p)
{
	return (u32)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

static void parse_arguments(const char *s)
{
	for (; *s; s++) {
		if (begins(s, "storm"))
			storm = 1;
		if (begins(s, "rounds=")) {
			rounds = 0;
			for (s += 7; *s >= '0' && *s <= '9'; s++)
				rounds = rounds * 10 + *s - '0';
			s--;
		}
	}
}

static void see_property(const char *name, const u8 *val, u32 len)
{
	if (equal(name, "bootargs"))
		parse_arguments((const char *)val);
	else if (equal(name, "linux,rtas-entry"))
		rtas_entry = cell(val);
	else if (equal(name, "start-cpu"))
		token_start_cpu = cell(val);
	else if (equal(name, "stop-self"))
		token_stop_self = cell(val);
	else if (equal(name, "power-off"))
		token_power_off = cell(val);
	else if (equal(name, "ibm,os-term"))
		token_os_term = cell(val);
	else if (equal(name, "ibm,pft-size"))
		group_mask = (1ul << (cell(val + 4) - 7)) - 1;
	else if (equal(name, "ibm,ppc-interrupt-server#s"))
		for (u32 i = 0; i < len && n_cpus < CPUS_MAX; i += 4)
			cpus[n_cpus++].server = cell(val + i);
}

static void read_tree(const u8 *fdt)
{
	const u8 *p = fdt + cell(fdt + 8);
	const char *strings = (const char *)fdt + cell(fdt + 12);

	for (;;) {
		u32 tag = cell(p);

		p += 4;
		if (tag == 1) { /* node begins: its name */
			while (*p++)
				;
			p = (const u8 *)(((u64)p + 3) & ~3ul);
		} else if (tag == 3) { /* property */
			see_property(strings + cell(p + 4), p + 8, cell(p));
			p = (const u8 *)(((u64)p + 8 + cell(p) + 3) & ~3ul);
		} else if (tag != 2 && tag != 4) {
			return;
		}
	}
}

/* ---- Translation ---- */

/* A VSID for each processor and round, so that each round's entries lie elsewhere. */
static u64 vsid_of(const struct cpu *cpu)
{
	return 0x100000 + cpu->rounds * 64 * 0x1003 + cpu->index;
}

static void set_segment(u64 vsid)
{
	u64 rb = EA_BASE | 0x08000000, rs = vsid << 12;

	asm volatile("isync; slbie %0; slbia; slbmte %2,%1; isync"
		     :
		     : "r"(EA_BASE), "r"(rb), "r"(rs)
		     : "memory");
}

static u64 hpte_v(u64 vsid, u64 ea)
{
	return ((vsid << 28 | (ea & 0xfffffff)) >> 23) << 7;
}

static u64 group_of(u64 vsid, u64 ea)
{
	return ((vsid ^ ((ea >> 12) & 0xffff)) & group_mask) * 8;
}

static u64 page_ea(u64 page)
{
	return EA_BASE + page * PAGE;
}

static u64 page_ra(const struct cpu *cpu, u64 page)
{
	return POOL + (cpu->index * PAGES + page) * PAGE;
}

static void check(struct cpu *cpu, int good, const char *what, u64 page)
{
	cpu->checks++;
	if (good)
		return;
	if (cpu->failures++ < 4) {
		print("wrong: ");
		print(what);
		print(", processor ");
		print_number(cpu->index, 10);
		print(", page ");
		print_number(page, 10);
		print("\r\n");
	}
}

static u64 next_random(struct cpu *cpu)
{
	cpu->seed ^= cpu->seed << 13;
	cpu->seed ^= cpu->seed >> 7;
	cpu->seed ^= cpu->seed << 17;
	return cpu->seed;
}

static void enter_all(struct cpu *cpu, u64 vsid)
{
	for (u64 i = 0; i < PAGES; i++) {
		u64 ea = page_ea(i), out[4];
		u64 r = page_ra(cpu, i) | HPTE_M | PP_RW;
		long e = hcall(H_ENTER, 0, group_of(vsid, ea), hpte_v(vsid, ea) | HPTE_V, r, out);

		cpu->slot[i] = e ? ~0ul : out[0];
		check(cpu, e == 0 || e == H_PTEG_FULL, "H_ENTER", i);
	}
}

static u64 sum_page(u64 ea)
{
	u64 sum = 0;

	for (u64 i = 0; i < PAGE; i += 64)
		sum += load_virtual(ea + i);
	return sum;
}

/* Every page still holds what it held; some words of it become others. */
static void touch_all(struct cpu *cpu)
{
	for (u64 i = 0; i < PAGES; i++) {
		u64 ea = page_ea(i);

		if (cpu->slot[i] == ~0ul)
			continue;
		check(cpu, sum_page(ea) == cpu->sum[i], "memory", i);
		for (int w = 0; w < 4; w++) {
			u64 at = ea + next_random(cpu) % (PAGE / 64) * 64, val = next_random(cpu);

			cpu->sum[i] += val - load_virtual(at);
			store_virtual(at, val);
		}
	}
}

static void protect_all(struct cpu *cpu, u64 vsid)
{
	for (u64 i = 0; i < PAGES; i++) {
		u64 ea = page_ea(i), out[4], faults;
		long e;

		if (cpu->slot[i] == ~0ul)
			continue;
		e = hcall(H_READ, 0, cpu->slot[i], 0, 0, out);
		check(cpu, e == 0 && (out[1] & (HPTE_R | HPTE_C)) == (HPTE_R | HPTE_C), "R and C",
		      i);
		e = hcall(H_PROTECT, H_AVPN | PP_RO, cpu->slot[i], hpte_v(vsid, ea), 0, 0);
		check(cpu, e == 0, "H_PROTECT", i);
		faults = cpu->faults;
		store_virtual(ea, 0);
		check(cpu, cpu->faults == faults + 1, "protection", i);
	}
}

static void remove_all(struct cpu *cpu, u64 vsid)
{
	for (u64 i = 0; i < PAGES; i++) {
		u64 ea = page_ea(i), out[4], faults = cpu->faults;
		long e;

		if (cpu->slot[i] == ~0ul)
			continue;
		e = hcall(H_REMOVE, H_AVPN, cpu->slot[i], hpte_v(vsid, ea), 0, out);
		check(cpu, e == 0 && (out[1] & HPTE_C), "H_REMOVE", i);
		load_virtual(ea);
		check(cpu, cpu->faults == faults + 1, "removal", i);
	}
}

static void one_round(struct cpu *cpu)
{
	u64 vsid = vsid_of(cpu), t[5];

	set_segment(vsid);
	t[0] = timebase();
	enter_all(cpu, vsid);
	t[1] = timebase();
	touch_all(cpu);
	t[2] = timebase();
	protect_all(cpu, vsid);
	t[3] = timebase();
	remove_all(cpu, vsid);
	t[4] = timebase();
	for (int i = 0; i < 4; i++)
		cpu->ticks[i] += t[i + 1] - t[i];
	__atomic_store_n(&cpu->rounds, cpu->rounds + 1, __ATOMIC_RELEASE);
}

/* ---- Processors ---- */

static void prepare(struct cpu *cpu)
{
	asm volatile("mtsprg 1,%0; mtsprg 3,%1" : : "r"(cpu), "r"(bad_entry));
	cpu->seed = 88172645463325252ul + cpu->index;
	memset((void *)page_ra(cpu, 0), 0, PAGES * PAGE);
}

static void work(struct cpu *cpu)
{
	prepare(cpu);
	while (storm || cpu->rounds < rounds) {
		one_round(cpu);
		if (storm && cpu->index == 0 && cpu->rounds % 16 == 0) {
			u64 failures = 0;

			for (u64 i = 0; i < n_cpus; i++)
				failures += cpus[i].failures;
			print("round ");
			print_number(cpu->rounds, 10);
			print(failures ? ": FAILED\r\n" : ": memory as it should be\r\n");
			if (failures)
				give_up();
		}
	}
}

void guest_secondary(u64 index)
{
	work(&cpus[index]);
	rtas(token_stop_self, 0, 1, 0, 0, 0);
	for (;;)
		;
}

static void copy_code(u64 to, const u8 *from, const u8 *end)
{
	memcpy((void *)to, from, end - from);
	for (u64 p = to; p < to + (end - from) + 128; p += 128)
		asm volatile("dcbst 0,%0; sync; icbi 0,%0; sync; isync" : : "r"(p) : "memory");
}

static void install_vectors(void)
{
	static const u32 bad[] = {0x100, 0x200, 0x380, 0x400, 0x480, 0x500, 0x600, 0x700,
				  0x800, 0x900, 0xc00, 0xd00, 0xf00, 0xf20, 0xf40, 0xf60};

	copy_code(0x300, dsi_handler, dsi_handler_end);
	for (u64 i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memcpy((void *)(u64)bad[i], bad_handler, bad_handler_end - bad_handler);
		*(volatile u32 *)(u64)bad[i] |= bad[i]; /* li r3,vector */
		copy_code(bad[i], (const u8 *)(u64)bad[i], (const u8 *)(u64)bad[i]);
	}
}

static void report_time(const char *what, u64 ticks, u64 count)
{
	print("  ");
	print(what);
	print_number(count ? ticks * 125 / 64 / count : 0, 10);
	print(" ns each\r\n");
}

static void report(void)
{
	u64 checks = 0, failures = 0, pages = 0, ticks[4] = {0};

	for (u64 i = 0; i < n_cpus; i++) {
		checks += cpus[i].checks;
		failures += cpus[i].failures;
		pages += cpus[i].rounds * PAGES;
		for (int t = 0; t < 4; t++)
			ticks[t] += cpus[i].ticks[t];
	}
	print_number(pages, 10);
	print(" pages mapped, used, protected and removed:\r\n");
	report_time("H_ENTER                         ", ticks[0], pages);
	report_time("68 loads and 4 stores a page    ", ticks[1], pages);
	report_time("H_READ, H_PROTECT, store faults ", ticks[2], pages);
	report_time("H_REMOVE, load faults           ", ticks[3], pages);
	print_number(checks, 10);
	print(" checks, ");
	print_number(failures, 10);
	print(failures ? " FAILED\r\n" : " failed\r\n");
	if (failures)
		give_up();
}

void guest_main(const u8 *fdt)
{
	u32 pvr;

	read_tree(fdt);
	install_vectors();
	asm volatile("mfpvr %0" : "=r"(pvr));
	print("Papyr's own guest: ");
	print_number(n_cpus, 10);
	print(n_cpus == 1 ? " processor" : " processors");
	print(", PVR 0x");
	print_number(pvr, 16);
	print(", hashed page table of ");
	print_number((group_mask + 1) * 8, 10);
	print(" entries\r\n");
	for (u64 i = 1; i < n_cpus; i++) {
		cpus[i].index = i;
		if (rtas(token_start_cpu, 3, 1, cpus[i].server, (u64)secondary_start, i)) {
			print("start-cpu failed\r\n");
			give_up();
		}
	}
	work(&cpus[0]);
	for (u64 i = 1; i < n_cpus; i++)
		while (__atomic_load_n(&cpus[i].rounds, __ATOMIC_ACQUIRE) < rounds)
			asm volatile("or 31,31,31" : : : "memory");
	report();
	print("Give it a kernel: papyr run -k vmlinux -i initrd; or try papyr run --help.\r\n");
	rtas(token_power_off, 2, 1, 0xffffffff, 0xffffffff, 0);
	for (;;)
		;
}
