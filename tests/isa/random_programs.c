/* SPDX-License-Identifier: Apache-2.0 */
/*
 * random-programs [-s SEED] [-n PROGRAMS] [-t SECONDS] [-k KIND] [-x] [-e le|be -- PEER COMMAND]
 *
 * Long random programs on all engines: portable, everything translated at once, and what is hot
 * translated at length while caches are emptied; on hosts with fewer instructions, and with room
 * for few translations, too. Registers and memory must be the same in the end. With a peer, a
 * runner under another implementation, every second program is one for problem state in 64-bit
 * mode, and is compared with that as well.
 *
 * Each program follows from its seed, the next has the next: a failed one is made smaller, and
 * printed with how to have it again. KIND is letters of what all programs shall be: s supervisor, p
 * problem state, n 32-bit mode, w 64-bit mode, l little-endian, b big-endian. -x prints the program
 * of each seed.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#ifdef HAVE_CAPSTONE
#include <capstone/capstone.h>
#endif

#include "machine.h"
#include "side.h"

#define STATES 2 /* that a program begins with */

static struct {
	u64 seed, programs;
	time_t seconds;
	const char *kind;
	bool show, has_peer, little_endian;
	char **peer;
} options = {.seed = 1, .programs = ~0ull, .kind = ""};

static struct {
	unsigned long programs, runs, with_peer, endless;
} totals;

static const struct machine_options machines[] = {
    {.name = "eager", .engine = "eager"},
    {.name = "inline", .engine = "inline", .disturbed = true},
    {.name = "eager with little room", .engine = "eager", .code_bytes = 16384},
    {.name = "eager without AVX", .engine = "eager", .host = "sse"},
    {.name = "eager without AVX2", .engine = "eager", .host = "avx"},
    {.name = "inline with little room", .engine = "inline", .disturbed = true, .code_bytes = 65536},
    {.name = "native", .engine = "native", .disturbed = true},
    {.name = "native with little room", .engine = "native", .disturbed = true, .code_bytes = 65536},
};
#define ALWAYS 2u /* used for each program; of the others one */

static struct machine *portable, *engines[ARRAY_SIZE(machines)];

/* --- printing --- */

static void print_instruction(u32 insn)
{
	const struct insn_row *row = isa_lookup(insn, ISA_207);
#ifdef HAVE_CAPSTONE
	csh handle;
	cs_insn *decoded;
	u8 bytes[4];

	store_be32(bytes, insn);
	if (cs_open(CS_ARCH_PPC, CS_MODE_64 | CS_MODE_BIG_ENDIAN, &handle) == CS_ERR_OK) {
		size_t n = cs_disasm(handle, bytes, 4, 0, 1, &decoded);

		printf("  %08x  %-10s %s\n", insn, row ? row->mnemonic : "?",
		       n ? decoded->op_str : "");
		if (n)
			cs_free(decoded, n);
		cs_close(&handle);
		return;
	}
#endif
	printf("  %08x  %s\n", insn, row ? row->mnemonic : "?");
}

static void print_program(const struct program *p, const struct program_state *state)
{
	printf("  %s-endian, %s-bit mode, MSR %016llx, FPSCR %llx, %llu rounds from %08x on:\n",
	       p->kind.little_endian ? "little" : "big", p->kind.narrow ? "32" : "64",
	       (unsigned long long)state->msr, (unsigned long long)state->user.fpscr,
	       (unsigned long long)state->user.gpr[R_ROUNDS], TEST_CODE + p->origin);
	for (unsigned i = 0; i < p->n; i++) {
		if (p->code[i] == NOP)
			continue;
		printf("  %4x", 4 * i);
		print_instruction(p->code[i]);
	}
}

/* --- one comparison --- */

struct check {
	struct machine *m; /* that is compared; NULL: the peer */
	bool steps;
	u64 seed;
	const struct program_state *state;
};

static bool same_result(const struct isa_result *a, const struct isa_result *b, bool print)
{
	const u64 *x = (const u64 *)&a->state, *y = (const u64 *)&b->state;
	bool same = a->signal == b->signal && a->nip == b->nip && a->digest == b->digest;

	if (print && !same)
		printf("    ends: papyr signal %llu at %llx, memory %llx; peer signal %llu at "
		       "%llx, memory %llx\n",
		       (unsigned long long)a->signal, (unsigned long long)a->nip,
		       (unsigned long long)a->digest, (unsigned long long)b->signal,
		       (unsigned long long)b->nip, (unsigned long long)b->digest);
	for (size_t i = 0; i < sizeof(a->state) / 8; i++) {
		/* TAR is used on the peer's way out, and FR isn't known to it. */
		if (x[i] == y[i] || i == STATE_TAR / 8 || i == STATE_FPSCR / 8)
			continue;
		if (print)
			printf("    state + %zu: papyr %016llx  peer %016llx\n", 8 * i,
			       (unsigned long long)x[i], (unsigned long long)y[i]);
		same = false;
	}
	return same;
}

/* The peer dies of alignment interrupts. */
static bool same_as_peer(const struct program *p, const struct program_state *state, bool print)
{
	static struct isa_batch batch;
	static struct isa_result ours, theirs;

	machine_result(portable, p, &ours);
	if (ours.signal == SIGBUS)
		return true;
	batch.vectors = batch.fall_through = batch.whole_pages = 1;
	batch.code_words = p->n;
	memcpy(batch.code, p->code, sizeof(p->code));
	memcpy(batch.mem, state->mem, sizeof(batch.mem));
	peer_run(&batch, &state->user, &theirs);
	totals.with_peer++;
	return same_result(&ours, &theirs, print);
}

/* Is what comes out not what the portable engine, which ran it before, has? */
static bool differs(const struct check *c, const struct program *p, bool print)
{
	totals.runs++;
	if (!c->m)
		return !same_as_peer(p, c->state, print);
	if (machine_run(c->m, p, c->state, c->seed, c->steps) == ENDED)
		return !machine_same(portable, c->m, print);
	if (print)
		printf("    it doesn't end on %s\n", machine_name(c->m));
	return true;
}

static bool fails(const struct check *c, const struct program *p, bool print)
{
	return machine_run(portable, p, c->state, c->seed, false) == ENDED && differs(c, p, print);
}

/* Puts nothing in the place of @size instructions after the other, where it still fails. */
static bool leave_out(const struct check *c, struct program *p, unsigned size)
{
	bool smaller = false;

	for (unsigned at = 0; at < p->n; at += size) {
		struct program less = *p;

		for (unsigned i = at; i < at + size && i < p->n; i++)
			less.code[i] = NOP;
		if (!memcmp(less.code, p->code, sizeof(p->code)) || !fails(c, &less, false))
			continue;
		*p = less;
		smaller = true;
	}
	return smaller;
}

static void make_smaller(const struct check *c, struct program *p)
{
	for (unsigned size = p->n / 2; size; size /= 2)
		while (leave_out(c, p, size))
			;
}

static bool check(const struct check *c, struct program *p)
{
	struct program small = *p;

	if (!differs(c, p, false))
		return true;
	printf("seed %llu fails on %s%s:\n", (unsigned long long)c->seed,
	       c->m ? machine_name(c->m) : "the peer",
	       c->steps ? ", an instruction at a time" : "");
	fails(c, p, true);
	make_smaller(c, &small);
	printf("what is left of the program when it is made smaller:\n");
	fails(c, &small, true);
	print_program(&small, c->state);
	printf("again: random-programs -s %llu -n 1%s%s%s\n", (unsigned long long)c->seed,
	       *options.kind ? " -k " : "", options.kind,
	       options.has_peer ? ", and the same peer" : "");
	return false;
}

/* --- one seed --- */

static bool choose(struct rng *rng, char yes, char no)
{
	bool chosen = rng_below(rng, 2);

	return strchr(options.kind, yes) || (chosen && !strchr(options.kind, no));
}

static struct program_kind random_kind(struct rng *rng, u64 seed)
{
	struct program_kind kind;

	kind.supervisor = choose(rng, 's', 'p');
	kind.narrow = rng_below(rng, 3) == 0;
	kind.narrow = strchr(options.kind, 'n') || (kind.narrow && !strchr(options.kind, 'w'));
	kind.little_endian = choose(rng, 'l', 'b');
	kind.peer = false;
	if (options.has_peer && seed % 2)
		kind = (struct program_kind){.little_endian = options.little_endian, .peer = true};
	return kind;
}

static bool check_state(struct program *p, const struct program_state *state, u64 seed)
{
	struct check c = {.seed = seed, .state = state};

	if (machine_run(portable, p, state, seed, false) == ENDLESS) {
		totals.endless++;
		return true;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(engines); i++) {
		c.m = engines[i];
		if ((i < ALWAYS || seed % (ARRAY_SIZE(engines) - ALWAYS) == i - ALWAYS) &&
		    !check(&c, p))
			return false;
	}
	c.m = engines[0];
	c.steps = true;
	if (!p->kind.supervisor && seed % 8 == 0 && !check(&c, p))
		return false;
	c.m = NULL;
	return !p->kind.peer || check(&c, p);
}

static bool check_seed(u64 seed)
{
	static struct program p;
	static struct program_state state;
	struct program_kind kind;
	struct rng rng;

	rng_seed(&rng, seed, "program");
	kind = random_kind(&rng, seed);
	program_generate(&rng, &kind, &p);
	totals.programs++;
	for (unsigned i = 0; i < STATES; i++) {
		program_generate_state(&rng, &p, &state);
		if (options.show)
			print_program(&p, &state);
		if (!check_state(&p, &state, seed))
			return false;
	}
	return true;
}

/* --- all --- */

static void usage(void)
{
	fprintf(stderr,
		"usage: random-programs [-s SEED] [-n PROGRAMS] [-t SECONDS] [-k KIND] [-x] "
		"[-e le|be -- PEER [ARGUMENT]...]\n");
	exit(2);
}

static void parse(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "+s:n:t:k:e:x")) != -1) {
		if (c == 's')
			options.seed =
			    *optarg == 'c' ? (u64)time(NULL) * 100000 : strtoull(optarg, NULL, 0);
		else if (c == 'n')
			options.programs = strtoull(optarg, NULL, 0);
		else if (c == 't')
			options.seconds = strtol(optarg, NULL, 0);
		else if (c == 'k')
			options.kind = optarg;
		else if (c == 'x')
			options.show = true;
		else if (c == 'e' && (!strcmp(optarg, "le") || !strcmp(optarg, "be")))
			options.little_endian = !strcmp(optarg, "le");
		else
			usage();
	}
	options.has_peer = optind < argc;
	options.peer = argv + optind;
	if (options.programs == ~0ull && !options.seconds)
		usage();
}

static void make_machines(void)
{
	portable = machine_new(&(struct machine_options){.name = "portable", .engine = "portable"});
	for (unsigned i = 0; i < ARRAY_SIZE(engines); i++)
		engines[i] = machine_new(&machines[i]);
}

static void free_machines(void)
{
	machine_free(portable);
	for (unsigned i = 0; i < ARRAY_SIZE(engines); i++)
		machine_free(engines[i]);
}

static bool run_all(void)
{
	time_t end = time(NULL) + options.seconds;
	u64 seed = options.seed;

	for (; totals.programs < options.programs && (!options.seconds || time(NULL) < end); seed++)
		if (!check_seed(seed))
			return false;
	return true;
}

int main(int argc, char **argv)
{
	bool good;

	parse(argc, argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	make_machines();
	if (options.has_peer)
		peer_start(options.peer, options.little_endian);
	printf("from seed %llu on\n", (unsigned long long)options.seed);
	good = run_all();
	if (options.has_peer)
		peer_stop();
	free_machines();
	printf("%lu programs, %lu runs compared with the portable engine, %lu of them the peer's; "
	       "%lu were endless\n",
	       totals.programs, totals.runs, totals.with_peer, totals.endless);
	return !good;
}
