/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "cpu/cpu.h"
#include "cpu/jit/jit.h"
#include "cpu/mmu/tlb.h"
#include "hpt/hpt.h"
#include "machine.h"

#define PAGE	  0x1000u
#define RAM_BYTES (TRAPS_TO + PAGE)
#define LOW_BYTES 0x8000u /* what a program may change, but for its own code */
#define VSID	  0x10ull
#define MMCR0_FC  0x80000000u
#define LIMIT	  2000000u /* instructions of a program */

/* The handlers' memory, which real mode reaches by displacements from zero. */
#define COMMON	  0x2000 /* their common code */
#define SAVE	  0x3000 /* registers; where the next note goes; how many there were */
#define NOTED	  (SAVE + 32)
#define NOTES	  0x3800
#define NOTES_END 0x4000
#define NOTE	  64 /* bytes */

struct machine {
	struct cpu cpu; /* first */
	struct hpt *hpt;
	u8 *ram;
	u8 code_page[RAM_BYTES / PAGE];
	const char *name;
	bool little_endian;
	bool disturbed;
	bool too_long;
	bool ends; /* at an interrupt: there is no memory where the handlers were */
	u64 begin; /* instructions */
	struct rng rng;
};

static struct machine *machine_of(struct cpu *cpu)
{
	return container_of(cpu, struct machine, cpu);
}

/* --- what the processor asks of its owner --- */

static struct cpu_ram ram(struct cpu *cpu, u64 gpa, enum cpu_ram_use use)
{
	if (gpa >= RAM_BYTES || (machine_of(cpu)->ends && gpa < COMMON))
		return (struct cpu_ram){0};
	return (struct cpu_ram){.host = machine_of(cpu)->ram + gpa, .writable = true};
}

/* A program's end, and an interrupt for which there is no way on (put_handlers()). */
static bool hcall(struct cpu *cpu)
{
	return false;
}

static enum cpu_fault_verdict fault(struct cpu *cpu, struct cpu_access *access)
{
	return machine_of(cpu)->ends && access->kind == CPU_FETCH && !(cpu->msr & MSR_PR)
		   ? CPU_FAULT_LEAVE
		   : CPU_FAULT_REFLECT;
}

static void nothing(struct cpu *cpu)
{
}

static void doorbell(struct cpu *cpu, unsigned thread)
{
}

static u64 doorbells(struct cpu *cpu)
{
	return 0;
}

static bool code_read(struct cpu *cpu, u64 gpa, unsigned size)
{
	struct machine *m = machine_of(cpu);

	if (!m->code_page[gpa / PAGE]) {
		m->code_page[gpa / PAGE] = 1;
		cpu_protect_page(cpu, gpa);
	}
	return true;
}

static void code_write(struct cpu *cpu, u64 gpa, unsigned size)
{
	machine_of(cpu)->code_page[gpa / PAGE] = 0;
	cpu_flush_code(cpu, gpa);
}

static bool is_code(struct cpu *cpu, u64 gpa, u64 bytes)
{
	return gpa < RAM_BYTES && machine_of(cpu)->code_page[gpa / PAGE];
}

static void disturb(struct machine *m)
{
	s32 budget = 50 + (s32)rng_below(&m->rng, 400);

	switch (rng_below(&m->rng, 40)) {
	case 0:
		cpu_slb_changed(&m->cpu);
		break;
	case 1:
		cpu_flush_all(&m->cpu);
		break;
	case 2:
		cpu_protect_all(&m->cpu);
		break;
	case 3:
		cpu_code_recheck(&m->cpu);
		break;
	case 4:
		cpu_flush_code(&m->cpu, TEST_CODE + rng_below(&m->rng, 2) * PAGE);
		break;
	case 5:
		if (rng_below(&m->rng, 10) == 0)
			cpu_flush_all_code(&m->cpu);
	}
	/* As if that had been all between two looks at the clock. */
	m->cpu.insns -= (u64)(s64)(m->cpu.budget - budget);
	m->cpu.budget = budget;
}

static bool tick(struct cpu *cpu)
{
	struct machine *m = machine_of(cpu);

	if (m->disturbed)
		disturb(m);
	m->too_long = cpu_insns(cpu) - m->begin > LIMIT;
	return m->too_long;
}

static const struct cpu_host host = {
    .ram = ram,
    .hcall = hcall,
    .fault = fault,
    .catch_up = nothing,
    .code_read = code_read,
    .doorbell = doorbell,
    .doorbells = doorbells,
    .tick = tick,
    .spins = nothing,
    .code_write = code_write,
    .is_code = is_code,
};

/* --- the table --- */

static void map_page(struct machine *m, u64 vsid, u64 ea, u64 gpa, u64 protection)
{
	struct hpt_va va = hpt_va_of_ea(vsid << 12, ea);
	u64 slot, group = hpt_hash(va, 12) & hpt_pteg_mask(m->hpt);

	if (hpt_enter(m->hpt, group << 3, 0, hpt_avpn(va, 12), gpa | 0x10 | protection, &slot))
		exit(2);
}

/* Where the data at @ea is: the page behind isn't where an access over the end would be without
 * asking. */
static u64 data_at(u64 ea)
{
	return ea ^ PAGE;
}
_Static_assert((DATA_BASE & PAGE) == 0 && DATA_END == DATA_BASE + 2 * PAGE, "data_at()");

#define SUPERVISORS 0
#define ALL	    2
#define READ_ONLY   3

static void map_pages(struct machine *m)
{
	for (u64 at = 0; at < DATA_BASE; at += PAGE)
		map_page(m, VSID, at, at, SUPERVISORS);
	for (u64 at = DATA_BASE; at < DATA_END; at += PAGE) {
		map_page(m, VSID, at, data_at(at), ALL);
		map_page(m, VSID_ALIAS, ALIAS_EA + at, at, ALL);
	}
	map_page(m, VSID, READ_ONLY_EA, data_at(DATA_BASE + PAGE), READ_ONLY);
	for (u64 at = TEST_CODE; at < TEST_CODE + 2 * PAGE; at += PAGE)
		map_page(m, VSID, at, at, ALL);
}

struct machine *machine_new(const struct machine_options *o)
{
	struct machine *m = aligned_alloc(64, (sizeof(*m) + 63) & ~(size_t)63);

	if (!m)
		exit(2);
	setenv("PAPYR_ENGINE", o->engine, 1);
	setenv("PAPYR_HOST", o->host ? o->host : "", 1);
	memset(m, 0, sizeof(*m));
	m->name = o->name;
	m->disturbed = o->disturbed;
	m->ram = calloc(1, RAM_BYTES);
	if (!m->ram || hpt_create(&m->hpt, 18) ||
	    cpu_init(&m->cpu, &cpu_model_power8, &host, true)) {
		fprintf(stderr, "no memory for a machine\n");
		exit(2);
	}
	if (o->code_bytes) {
		jit_free(m->cpu.jit);
		m->cpu.jit = jit_new(o->code_bytes);
	}
	m->cpu.hpt = m->hpt;
	m->cpu.amor = ~0ull;
	m->cpu.tlbs->small_pages = true;
	tlb_choose_units(&m->cpu);
	map_pages(m);
	return m;
}

void machine_free(struct machine *m)
{
	cpu_fini(&m->cpu);
	hpt_destroy(m->hpt);
	free(m->ram);
	free(m);
}

const char *machine_name(const struct machine *m)
{
	return m->name;
}

/* --- memory --- */

static void put_word(struct machine *m, u64 gpa, u32 word)
{
	if (m->little_endian)
		memcpy(m->ram + gpa, &word, 4);
	else
		store_be32(m->ram + gpa, word);
}

static void put_doubleword(struct machine *m, u64 gpa, u64 v)
{
	if (m->little_endian)
		memcpy(m->ram + gpa, &v, 8);
	else
		store_be64(m->ram + gpa, v);
}

static u64 get_doubleword(const struct machine *m, u64 gpa)
{
	u64 v;

	memcpy(&v, m->ram + gpa, 8);
	return m->little_endian == BASE_HOST_LE ? v : __builtin_bswap64(v);
}

#define STD(t, at)	(62u << 26 | (t) << 21 | (at))
#define LD(t, at)	(58u << 26 | (t) << 21 | (at))
#define STD_AT(t, a, d) (62u << 26 | (t) << 21 | (a) << 16 | (d))
#define ADDI(t, a, i)	(14u << 26 | (t) << 21 | (a) << 16 | ((i)&0xffff))
#define ORI(t, i)	(24u << 26 | (t) << 21 | (t) << 16 | (i))
#define XORI(t, i)	(26u << 26 | (t) << 21 | (t) << 16 | (i))
#define MFSPR(t, n)	(0x7c0002a6u | (t) << 21 | ((n)&31) << 16 | (n) >> 5 << 11)
#define MTSPR(n, t)	(0x7c0003a6u | (t) << 21 | ((n)&31) << 16 | (n) >> 5 << 11)
#define KEEP_LOW(t)	(21u << 26 | (t) << 21 | (t) << 16 | 21u << 6 | 31u << 1) /* 11 bits */
#define BA(to)		(18u << 26 | (to) | 2)
#define SC_1		0x44000022u
#define RFID		0x4c000024u
#define SPR_DSISR	18
#define SPR_DAR		19
#define SPR_SRR0	26
#define SPR_SRR1	27

/* Notes vector, SRR0, SRR1, DAR and DSISR, and goes on behind the instruction. r3 is saved and has
 * the vector. */
static const u32 common[] = {
    STD(4, SAVE + 8),
    STD(5, SAVE + 16),
    LD(4, SAVE + 24),
    STD_AT(3, 4, 0),
    MFSPR(5, SPR_SRR1),
    STD_AT(5, 4, 8),
    MFSPR(5, SPR_DAR),
    STD_AT(5, 4, 16),
    MFSPR(5, SPR_DSISR),
    STD_AT(5, 4, 24),
    MFSPR(5, SPR_SRR0),
    STD_AT(5, 4, 32),
    ADDI(5, 5, 4),
    MTSPR(SPR_SRR0, 5),
    ADDI(4, 4, NOTE),
    KEEP_LOW(4),
    ORI(4, NOTES),
    STD(4, SAVE + 24),
    LD(5, NOTED),
    ADDI(5, 5, 1),
    STD(5, NOTED),
    LD(5, SAVE + 16),
    LD(4, SAVE + 8),
    LD(3, SAVE),
    RFID,
};
_Static_assert(NOTES_END - NOTES == 1 << 11, "KEEP_LOW");

/* Changes a bit of the interrupted state. */
static void put_toggle(struct machine *m, u64 vector, u32 bit)
{
	const u32 code[] = {STD(3, SAVE),	MFSPR(3, SPR_SRR1), XORI(3, bit),
			    MTSPR(SPR_SRR1, 3), LD(3, SAVE),	    RFID};

	for (unsigned i = 0; i < ARRAY_SIZE(code); i++)
		put_word(m, vector + 4 * i, code[i]);
}

static void put_handler(struct machine *m, u64 vector)
{
	put_word(m, vector, STD(3, SAVE));
	put_word(m, vector + 4, ADDI(3, 0, (u32)vector));
	put_word(m, vector + 8, BA(COMMON));
}

static void put_handlers(struct machine *m)
{
#define VECTOR(offset, name) offset,
	static const u16 vectors[] = {CPU_VECTORS(VECTOR)};
#undef VECTOR

	for (unsigned i = 0; i < ARRAY_SIZE(vectors); i++) {
		if (vectors[i] == VEC_ISI || vectors[i] == VEC_ISEGI)
			put_word(m, vectors[i], SC_1);
		else if (vectors[i] == VEC_SYSCALL)
			put_toggle(m, vectors[i], MSR_PR);
		else if (vectors[i] == VEC_TRACE)
			put_toggle(m, vectors[i], MSR_SE);
		else
			put_handler(m, vectors[i]);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(common); i++)
		put_word(m, COMMON + 4 * i, common[i]);
	put_doubleword(m, SAVE + 24, NOTES);
}

/* The place of doubleword @i of the windows. */
static u64 window_place(unsigned i)
{
	return data_at(i < WINDOW0_SIZE / 8 ? WINDOW0 + 8 * i : WINDOW1 + 8 * i - WINDOW0_SIZE);
}

static void put_program(struct machine *m, const struct program *p,
			const struct program_state *state)
{
	u64 at = TEST_CODE + p->origin, end = at + 4 * p->n;

	m->little_endian = p->kind.little_endian;
	m->ends = p->kind.peer;
	memset(m->ram, 0, LOW_BYTES);
	memset(m->ram + TEST_CODE, 0, 2 * PAGE);
	put_handlers(m);
	for (unsigned i = 0; i < p->n; i++)
		put_word(m, at + 4 * i, p->code[i]);
	/* In problem state the first is an sc like any other. */
	put_word(m, end, SC_1);
	put_word(m, end + 4, SC_1);
	for (unsigned i = 0; i < WINDOW_WORDS; i++)
		put_doubleword(m, window_place(i), state->mem[i]);
	if (rng_below(&m->rng, 2))
		cpu_flush_all_code(&m->cpu);
	else
		cpu_code_recheck(&m->cpu);
}

/* --- registers --- */

static void load_user(struct cpu *cpu, const struct isa_state *in)
{
	memcpy(cpu->gpr, in->gpr, sizeof(in->gpr));
	cpu_set_cr(cpu, (u32)in->cr);
	cpu_set_xer(cpu, in->xer);
	cpu->lr = in->lr;
	cpu->ctr = in->ctr;
	cpu->tar = in->tar;
	fpscr_set(&cpu->fpscr, in->fpscr);
	cpu->vscr = (u32)in->vscr;
	for (unsigned i = 0; i < 64; i++) {
		VSR_D(cpu->vsr[i], 0) = in->vsr[i][0];
		VSR_D(cpu->vsr[i], 1) = in->vsr[i][1];
	}
}

/* Those of the supervisor that programs see. */
static const struct {
	const char *name;
	size_t at;
} kept[] = {
#define KEPT(field)                                                                                \
	{                                                                                          \
#field, offsetof(struct cpu, field)                                                \
	}
    KEPT(lr),	       KEPT(ctr),	  KEPT(tar),	     KEPT(cfar),    KEPT(srr0),
    KEPT(srr1),	       KEPT(dar),	  KEPT(dsisr),	     KEPT(sprg[0]), KEPT(sprg[1]),
    KEPT(sprg[2]),     KEPT(sprg[3]),	  KEPT(vrsave),	     KEPT(dscr),    KEPT(udscr),
    KEPT(ppr),	       KEPT(fscr),	  KEPT(pid),	     KEPT(bescr),   KEPT(ebbhr),
    KEPT(mmcra),       KEPT(ctrl),	  KEPT(msr),	     KEPT(nip),	    KEPT(slb[0].esid),
    KEPT(slb[0].vsid), KEPT(slb[1].esid), KEPT(slb[1].vsid),
#undef KEPT
};

static u64 *kept_field(struct machine *m, unsigned i)
{
	return (u64 *)((u8 *)&m->cpu + kept[i].at);
}

static void load_state(struct machine *m, const struct program *p,
		       const struct program_state *state)
{
	struct cpu *cpu = &m->cpu;

	for (unsigned i = 0; i < ARRAY_SIZE(kept); i++)
		*kept_field(m, i) = 0;
	load_user(cpu, &state->user);
	cpu->fscr = ~0ull;
	cpu->lpcr = p->kind.little_endian ? LPCR_ILE : 0;
	cpu->reserve_gpa = ~0ull;
	cpu->reserve_size = 0;
	cpu->reserve_value[0] = cpu->reserve_value[1] = 0;
	cpu->dec_expires = cpu->hdec_expires = ~0ull >> 1; /* no interrupt comes by itself */
	memset(cpu->slb, 0, sizeof(cpu->slb));
	cpu->slb[0] = (struct slb_entry){SLB_ESID_V, VSID << 12 | SLB_VSID_KP};
	cpu->slb[1] = (struct slb_entry){ALIAS_EA | SLB_ESID_V, VSID_ALIAS << 12 | SLB_VSID_KP};
	cpu_set_msr(cpu, state->msr);
	cpu_slb_changed(cpu);
	cpu->nip = TEST_CODE + p->origin;
	cpu->mmcr[0] = state->counts ? 0 : MMCR0_FC;
	memset(cpu->pmc, 0, sizeof(cpu->pmc));
	cpu_pmu_start(cpu);
}

enum machine_end machine_run(struct machine *m, const struct program *p,
			     const struct program_state *state, u64 seed, bool steps)
{
	struct cpu *cpu = &m->cpu;

	rng_seed(&m->rng, seed, m->name);
	put_program(m, p, state);
	load_state(m, p, state);
	m->begin = cpu_insns(cpu);
	m->too_long = false;
	cpu->leave = false;
	if (!steps) {
		cpu_run(cpu);
		cpu_pmu_stop(cpu);
		return m->too_long ? ENDLESS : ENDED;
	}
	for (unsigned i = 0; i < LIMIT && !cpu->leave; i++)
		cpu_step(cpu);
	fpscr_leave(&cpu->fpscr);
	cpu_pmu_stop(cpu);
	return cpu->leave ? ENDED : ENDLESS;
}

/* --- comparing --- */

struct comparison {
	const struct machine *a, *b;
	unsigned differences;
	bool print;
};

static void same(struct comparison *c, const char *name, unsigned number, u64 a, u64 b)
{
	if (a == b)
		return;
	if (c->print && c->differences < 16)
		printf("    %s %-3u %s %016llx  %s %016llx\n", name, number, c->a->name,
		       (unsigned long long)a, c->b->name, (unsigned long long)b);
	c->differences++;
}

static void compare_registers(struct comparison *c, struct machine *a, struct machine *b)
{
	for (unsigned i = 0; i < 32; i++)
		same(c, "gpr", i, a->cpu.gpr[i], b->cpu.gpr[i]);
	same(c, "cr", 0, cpu_get_cr(&a->cpu), cpu_get_cr(&b->cpu));
	same(c, "xer", 0, cpu_get_xer(&a->cpu), cpu_get_xer(&b->cpu));
	same(c, "fpscr", 0, fpscr_get(&a->cpu.fpscr), fpscr_get(&b->cpu.fpscr));
	same(c, "vscr", 0, a->cpu.vscr, b->cpu.vscr);
	for (unsigned i = 0; i < ARRAY_SIZE(kept); i++)
		same(c, kept[i].name, 0, *kept_field(a, i), *kept_field(b, i));
	for (unsigned i = 0; i < 64; i++) {
		same(c, "vsr, high", i, VSR_D(a->cpu.vsr[i], 0), VSR_D(b->cpu.vsr[i], 0));
		same(c, "vsr, low", i, VSR_D(a->cpu.vsr[i], 1), VSR_D(b->cpu.vsr[i], 1));
	}
	/* Of a block that an interrupt ends it counts all. */
	if (!get_doubleword(a, NOTED))
		same(c, "instructions", 0, a->cpu.pmc[4], b->cpu.pmc[4]);
	same(c, "reserved", 0, a->cpu.reserve_gpa, b->cpu.reserve_gpa);
	same(c, "reserved bytes", 0, a->cpu.reserve_size, b->cpu.reserve_size);
}

static void compare_memory(struct comparison *c, u64 from, u64 bytes)
{
	if (!memcmp(c->a->ram + from, c->b->ram + from, bytes))
		return;
	for (u64 at = from; at < from + bytes; at += 8)
		same(c, "at", (unsigned)at, get_doubleword(c->a, at), get_doubleword(c->b, at));
}

bool machine_same(struct machine *a, struct machine *b, bool print)
{
	struct comparison c = {.a = a, .b = b, .print = print};

	compare_registers(&c, a, b);
	compare_memory(&c, 0, LOW_BYTES);
	compare_memory(&c, TEST_CODE, 2 * PAGE);
	return c.differences == 0;
}

/* --- as the peer has it --- */

static u64 signal_of(u64 vector, u64 srr1)
{
	switch (vector) {
	case VEC_SYSCALL:
		return 0;
	case VEC_DSI:
	case VEC_DSEGI:
	case VEC_ISI:
	case VEC_ISEGI:
		return SIGSEGV;
	case VEC_ALIGNMENT:
		return SIGBUS;
	case VEC_PROGRAM:
		return srr1 & SRR1_PROG_TRAP ? SIGTRAP : srr1 & SRR1_PROG_FP ? SIGFPE : SIGILL;
	default:
		return SIGILL;
	}
}

void machine_result(struct machine *m, const struct program *p, struct isa_result *out)
{
	const struct cpu *cpu = &m->cpu;
	u64 words[DATA_WORDS];

	memset(out, 0, sizeof(*out));
	memcpy(out->state.gpr, cpu->gpr, sizeof(out->state.gpr));
	out->state.cr = cpu_get_cr(cpu);
	out->state.xer = cpu_get_xer(cpu);
	out->state.lr = cpu->lr;
	out->state.ctr = cpu->ctr;
	out->state.vscr = cpu->vscr;
	for (unsigned i = 0; i < 64; i++) {
		out->state.vsr[i][0] = VSR_D(cpu->vsr[i], 0);
		out->state.vsr[i][1] = VSR_D(cpu->vsr[i], 1);
	}
	out->signal = signal_of(cpu->nip, cpu->srr1);
	out->nip = out->signal ? cpu->srr0 : TEST_CODE + 4 * p->n;
	for (unsigned i = 0; i < DATA_WORDS; i++)
		words[i] = get_doubleword(m, data_at(DATA_BASE + 8 * i));
	out->digest = isa_digest(words, DATA_WORDS);
}
