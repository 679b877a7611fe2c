/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs at random for the kernel's BPF translator, loaded, run and forgotten by four threads at
 * the same time; what each leaves is compared with what an interpreter of the same instructions
 * leaves.
 *
 *     bpf [SECONDS]
 *
 * A program begins with nine values of its map's in r0 to r8, and ends with storing all of them
 * there. In between is arithmetic, memory (its stack and its map), atomics, a loop, branches
 * forwards and calls of a second function.
 *
 * Linux's verifier drops what it takes for dead, and errs in one program of some ten thousand. So
 * where results differ the kernel's interpreter is asked too, which gets what the translator got:
 * if it agrees with the translator, the program was changed before.
 */
#include "together.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#define INSNS	  900
#define VALUES	  9 /* r0 to r8 */
#define AREA	  (VALUES * 8)
#define AREA_SIZE 64
#define RESULTS	  (AREA + AREA_SIZE)
#define MAP_BYTES (RESULTS + VALUES * 8)
#define STACK	  64
#define PROGRAMS  40 /* a round */
#define RUNS	  12 /* of each */

struct maker {
	struct bpf_insn insn[INSNS];
	int n;
	int registers; /* those that it computes with: r0 up to this */
	int keep;      /* one that stays as it is: -1 */
	int branches;  /* how many may still come */
	int calls[32], n_calls;
	u64 seed;
};

static u32 any(struct maker *m, u32 n)
{
	return (next_random(&m->seed) >> 20) % n;
}

static int emit(struct maker *m, u8 code, int dst, int src, int off, int imm)
{
	m->insn[m->n] =
	    (struct bpf_insn){.code = code, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm};
	return m->n++;
}

static int any_register(struct maker *m)
{
	return any(m, m->registers);
}

/* One that may be written. */
static int any_target(struct maker *m)
{
	int r;

	do
		r = any_register(m);
	while (r == m->keep);
	return r;
}

static int any_number(struct maker *m)
{
	static const int some[] = {0,	1,     -1,     2,     7,	  255,
				   256, 32767, -32768, 65535, 0x7fffffff, INT32_MIN};

	return any(m, 2) ? some[any(m, sizeof(some) / sizeof(some[0]))]
			 : (int)next_random(&m->seed);
}

static void make_constant(struct maker *m)
{
	u64 v = next_random(&m->seed);

	emit(m, BPF_LD | BPF_IMM | BPF_DW, any_target(m), 0, 0, (int)v);
	emit(m, 0, 0, 0, 0, (int)(v >> 32));
}

/* An amount in a register is made small enough before, for what more would do isn't said. */
static void make_shift(struct maker *m, u8 class)
{
	static const u8 kinds[] = {BPF_LSH, BPF_RSH, BPF_ARSH};
	int mask = class == BPF_ALU ? 31 : 63;
	u8 op = kinds[any(m, 3)];

	if (any(m, 2)) {
		emit(m, class | op | BPF_K, any_target(m), 0, 0, any(m, mask + 1));
	} else {
		int by = any_target(m);

		emit(m, BPF_ALU64 | BPF_AND | BPF_K, by, 0, 0, mask);
		emit(m, class | op | BPF_X, any_target(m), by, 0, 0);
	}
}

static void make_arithmetic(struct maker *m)
{
	static const u8 kinds[] = {BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_MOD, BPF_OR,
				   BPF_AND, BPF_XOR, BPF_MOV, BPF_NEG, BPF_END, BPF_LSH};
	u8 op = kinds[any(m, sizeof(kinds))], class = any(m, 2) ? BPF_ALU : BPF_ALU64;
	int number = any_number(m);

	if (op == BPF_LSH)
		make_shift(m, class);
	else if (op == BPF_NEG)
		emit(m, class | BPF_NEG, any_target(m), 0, 0, 0);
	else if (op == BPF_END)
		emit(m, BPF_ALU | BPF_END | (any(m, 3) ? BPF_TO_BE : BPF_TO_LE), any_target(m), 0,
		     0, 16 << any(m, 3));
	else if (any(m, 2))
		emit(m, class | op | BPF_X, any_target(m), any_register(m), 0, 0);
	else if (number || (op != BPF_DIV && op != BPF_MOD))
		emit(m, class | op | BPF_K, any_target(m), 0, 0, number);
}

/* On the stack accesses are aligned, in the map they needn't be. */
static void make_access(struct maker *m)
{
	static const u8 sizes[] = {BPF_B, BPF_H, BPF_W, BPF_DW};
	int log = any(m, 4), bytes = 1 << log, base, off;

	if (any(m, 2)) {
		base = BPF_REG_10;
		off = -STACK + (int)any(m, STACK / bytes) * bytes;
	} else {
		base = BPF_REG_9;
		off = AREA + any(m, AREA_SIZE - bytes + 1);
	}
	switch (any(m, 3)) {
	case 0:
		emit(m, BPF_LDX | BPF_MEM | sizes[log], any_target(m), base, off, 0);
		break;
	case 1:
		emit(m, BPF_STX | BPF_MEM | sizes[log], base, any_register(m), off, 0);
		break;
	default:
		emit(m, BPF_ST | BPF_MEM | sizes[log], base, 0, off, any_number(m));
	}
}

static void make_atomic(struct maker *m)
{
	static const int kinds[] = {BPF_ADD,
				    BPF_OR,
				    BPF_AND,
				    BPF_XOR,
				    BPF_ADD | BPF_FETCH,
				    BPF_OR | BPF_FETCH,
				    BPF_AND | BPF_FETCH,
				    BPF_XOR | BPF_FETCH,
				    BPF_XCHG,
				    BPF_CMPXCHG};
	int kind = kinds[any(m, 10)], bytes = any(m, 2) ? 8 : 4;
	int off = AREA + any(m, AREA_SIZE / bytes) * bytes;

	if (kind == BPF_CMPXCHG && m->keep == BPF_REG_0)
		return;
	emit(m, BPF_STX | BPF_ATOMIC | (bytes == 8 ? BPF_DW : BPF_W), BPF_REG_9, any_target(m), off,
	     kind);
}

static void make_call(struct maker *m)
{
	if (m->n_calls == 32)
		return;
	m->calls[m->n_calls++] = emit(m, BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, 0);
	/* The arguments are gone after it. */
	for (int r = 1; r <= 5; r++)
		emit(m, BPF_ALU64 | BPF_MOV | BPF_X, r, r % 2 ? 0 : 6, 0, 0);
}

static void make_some(struct maker *m, int n);

static void make_branch(struct maker *m)
{
	static const u8 kinds[] = {BPF_JEQ,  BPF_JNE,  BPF_JGT,	 BPF_JGE,  BPF_JLT, BPF_JLE,
				   BPF_JSGT, BPF_JSGE, BPF_JSLT, BPF_JSLE, BPF_JSET};
	u8 class = any(m, 2) ? BPF_JMP : BPF_JMP32, op = kinds[any(m, sizeof(kinds))];
	int at;

	if (!m->branches)
		return;
	m->branches--;
	if (any(m, 2))
		at = emit(m, class | op | BPF_X, any_register(m), any_register(m), 0, 0);
	else
		at = emit(m, class | op | BPF_K, any_register(m), 0, 0, any_number(m));
	make_some(m, 1 + any(m, 5));
	m->insn[at].off = m->n - at - 1;
}

static void make_some(struct maker *m, int n)
{
	bool memory = m->registers == VALUES;

	while (n--) {
		switch (any(m, 16)) {
		case 0:
			make_constant(m);
			break;
		case 1:
		case 2:
			make_branch(m);
			break;
		case 3:
		case 4:
		case 5:
			if (memory)
				make_access(m);
			break;
		case 6:
			if (memory)
				make_atomic(m);
			break;
		case 7:
			if (memory && m->keep < 0 && !any(m, 4))
				make_call(m);
			break;
		default:
			make_arithmetic(m);
		}
	}
}

/* r8 counts; what is between has no branches. */
static void make_loop(struct maker *m)
{
	int begin;

	emit(m, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_8, 0, 0, 2 + any(m, 14));
	begin = m->n;
	m->keep = BPF_REG_8;
	make_some(m, 8);
	m->keep = -1;
	emit(m, BPF_ALU64 | BPF_SUB | BPF_K, BPF_REG_8, 0, 0, 1);
	emit(m, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_8, 0, begin - m->n - 1, 0);
}

static void make_beginning(struct maker *m, int map)
{
	emit(m, BPF_ST | BPF_MEM | BPF_W, BPF_REG_10, 0, -4, 0);
	emit(m, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_2, BPF_REG_10, 0, 0);
	emit(m, BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_2, 0, 0, -4);
	emit(m, BPF_LD | BPF_IMM | BPF_DW, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, map);
	emit(m, 0, 0, 0, 0, 0);
	emit(m, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem);
	emit(m, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_0, 0, 1, 0);
	emit(m, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	emit(m, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_9, BPF_REG_0, 0, 0);
	for (int r = 0; r < VALUES; r++)
		emit(m, BPF_LDX | BPF_MEM | BPF_DW, r, BPF_REG_9, r * 8, 0);
	for (int at = 8; at <= STACK; at += 8)
		emit(m, BPF_STX | BPF_MEM | BPF_DW, BPF_REG_10, at / 8, -at, 0);
}

static void make_program(struct maker *m, int map, u64 seed)
{
	*m = (struct maker){.registers = VALUES, .keep = -1, .seed = seed | 1};
	make_beginning(m, map);
	make_loop(m);
	m->branches = 10;
	make_some(m, 20 + any(m, 60));
	for (int r = 0; r < VALUES; r++)
		emit(m, BPF_STX | BPF_MEM | BPF_DW, BPF_REG_9, r, RESULTS + r * 8, 0);
	emit(m, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	if (!m->n_calls)
		return;
	for (int i = 0; i < m->n_calls; i++)
		m->insn[m->calls[i]].imm = m->n - m->calls[i] - 1;
	emit(m, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_0, BPF_REG_1, 0, 0);
	m->registers = 6;
	m->branches = 2;
	make_some(m, 12);
	emit(m, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* ---- The interpreter ---- */

static u64 shifted(u8 op, u64 a, u64 b, bool narrow)
{
	if (narrow)
		return op == BPF_LSH   ? a << b
		       : op == BPF_RSH ? (u32)a >> b
				       : (u64)((int32_t)a >> b);
	return op == BPF_LSH ? a << b : op == BPF_RSH ? a >> b : (u64)((int64_t)a >> b);
}

static u64 computed(u8 op, u64 a, u64 b, bool narrow)
{
	switch (op) {
	case BPF_ADD:
		return a + b;
	case BPF_SUB:
		return a - b;
	case BPF_MUL:
		return a * b;
	case BPF_DIV:
		return b ? a / b : 0;
	case BPF_MOD:
		return b ? a % b : a;
	case BPF_OR:
		return a | b;
	case BPF_AND:
		return a & b;
	case BPF_XOR:
		return a ^ b;
	case BPF_MOV:
		return b;
	case BPF_NEG:
		return -a;
	default:
		return shifted(op, a, b, narrow);
	}
}

static u64 turned(u64 v, int bits, bool swap)
{
	switch (bits) {
	case 16:
		return swap ? __builtin_bswap16(v) : (u16)v;
	case 32:
		return swap ? __builtin_bswap32(v) : (u32)v;
	default:
		return swap ? __builtin_bswap64(v) : v;
	}
}

static void step_arithmetic(const struct bpf_insn *i, u64 *r)
{
	bool narrow = BPF_CLASS(i->code) == BPF_ALU;
	u64 a = r[i->dst_reg], b = BPF_SRC(i->code) == BPF_X ? r[i->src_reg] : (u64)(int64_t)i->imm;

	if (BPF_OP(i->code) == BPF_END) {
		r[i->dst_reg] = turned(a, i->imm, BPF_SRC(i->code) == BPF_TO_BE);
		return;
	}
	if (narrow) {
		a = (u32)a;
		b = (u32)b;
	}
	a = computed(BPF_OP(i->code), a, b, narrow);
	r[i->dst_reg] = narrow ? (u32)a : a;
}

static bool holds(u8 op, u64 a, u64 b, int64_t sa, int64_t sb)
{
	switch (op) {
	case BPF_JEQ:
		return a == b;
	case BPF_JNE:
		return a != b;
	case BPF_JGT:
		return a > b;
	case BPF_JGE:
		return a >= b;
	case BPF_JLT:
		return a < b;
	case BPF_JLE:
		return a <= b;
	case BPF_JSGT:
		return sa > sb;
	case BPF_JSGE:
		return sa >= sb;
	case BPF_JSLT:
		return sa < sb;
	case BPF_JSLE:
		return sa <= sb;
	default:
		return a & b;
	}
}

static bool branches(const struct bpf_insn *i, const u64 *r)
{
	u64 a = r[i->dst_reg], b = BPF_SRC(i->code) == BPF_X ? r[i->src_reg] : (u64)(int64_t)i->imm;

	if (BPF_CLASS(i->code) == BPF_JMP32)
		return holds(BPF_OP(i->code), (u32)a, (u32)b, (int32_t)a, (int32_t)b);
	return holds(BPF_OP(i->code), a, b, a, b);
}

static int size_of(u8 code)
{
	switch (BPF_SIZE(code)) {
	case BPF_B:
		return 1;
	case BPF_H:
		return 2;
	case BPF_W:
		return 4;
	default:
		return 8;
	}
}

static void step_atomic(const struct bpf_insn *i, u64 *r)
{
	int bytes = size_of(i->code);
	void *p = (void *)(r[i->dst_reg] + i->off);
	u64 old = 0, v = r[i->src_reg];

	memcpy(&old, p, bytes);
	if (i->imm == BPF_CMPXCHG) {
		u64 expected = bytes == 4 ? (u32)r[0] : r[0];

		if (old == expected)
			memcpy(p, &v, bytes);
		r[0] = old;
		return;
	}
	v = i->imm == BPF_XCHG ? v : computed(i->imm & ~BPF_FETCH, old, v, false);
	memcpy(p, &v, bytes);
	if (i->imm & BPF_FETCH)
		r[i->src_reg] = old;
}

static void step_access(const struct bpf_insn *i, u64 *r)
{
	int bytes = size_of(i->code);
	u64 v = BPF_CLASS(i->code) == BPF_STX ? r[i->src_reg] : (u64)(int64_t)i->imm;

	if (BPF_CLASS(i->code) == BPF_LDX) {
		v = 0;
		memcpy(&v, (void *)(r[i->src_reg] + i->off), bytes);
		r[i->dst_reg] = v;
	} else if (BPF_MODE(i->code) == BPF_ATOMIC) {
		step_atomic(i, r);
	} else {
		memcpy((void *)(r[i->dst_reg] + i->off), &v, bytes);
	}
}

/* One function, from @at on; @r: its arguments, and its result in r0. */
static void interpret(const struct bpf_insn *insn, int at, u64 *r, void *map)
{
	u8 stack[STACK] __attribute__((aligned(8)));

	r[10] = (u64)(stack + STACK);
	for (;; at++) {
		const struct bpf_insn *i = &insn[at];
		u8 class = BPF_CLASS(i->code);

		if (i->code == (BPF_JMP | BPF_EXIT)) {
			return;
		} else if (i->code == (BPF_JMP | BPF_CALL) && i->src_reg == BPF_PSEUDO_CALL) {
			u64 own[11];

			memcpy(own, r, sizeof(own));
			interpret(insn, at + i->imm + 1, own, map);
			r[0] = own[0];
		} else if (i->code == (BPF_JMP | BPF_CALL)) {
			r[0] = (u64)map;
		} else if (class == BPF_JMP || class == BPF_JMP32) {
			at += branches(i, r) ? i->off : 0;
		} else if (class == BPF_LD) {
			r[i->dst_reg] = (u32)i->imm | (u64)(u32)insn[at + 1].imm << 32;
			at++;
		} else if (class == BPF_ALU || class == BPF_ALU64) {
			step_arithmetic(i, r);
		} else {
			step_access(i, r);
		}
	}
}

/* ---- The kernel's side ---- */

static _Atomic u64 loaded, refused, translated, failed, changed;
/* Held by who loads; alone by who turns the translator off meanwhile. */
static pthread_rwlock_t translator = PTHREAD_RWLOCK_INITIALIZER;

static int bpf(int command, union bpf_attr *attr)
{
	return syscall(__NR_bpf, command, attr, sizeof(*attr));
}

/* An array of one value. */
static int make_map(void)
{
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_ARRAY,
			       .key_size = 4,
			       .value_size = MAP_BYTES,
			       .max_entries = 1};

	return bpf(BPF_MAP_CREATE, &attr);
}

static int load(const struct maker *m, char *log, size_t log_size)
{
	union bpf_attr attr = {.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
			       .insns = (u64)m->insn,
			       .insn_cnt = m->n,
			       .license = (u64) "GPL",
			       .log_buf = (u64)log,
			       .log_size = log_size,
			       .log_level = log ? 1 : 0};

	return bpf(BPF_PROG_LOAD, &attr);
}

static bool is_translated(int program)
{
	struct bpf_prog_info info = {0};
	union bpf_attr attr = {
	    .info = {.bpf_fd = program, .info_len = sizeof(info), .info = (u64)&info}};

	return !bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) && info.jited_prog_len;
}

static bool put_value(int map, const void *value)
{
	u32 key = 0;
	union bpf_attr attr = {.map_fd = map, .key = (u64)&key, .value = (u64)value};

	return !bpf(BPF_MAP_UPDATE_ELEM, &attr);
}

static bool get_value(int map, void *value)
{
	u32 key = 0;
	union bpf_attr attr = {.map_fd = map, .key = (u64)&key, .value = (u64)value};

	return !bpf(BPF_MAP_LOOKUP_ELEM, &attr);
}

static bool run_in_kernel(int program, int repeat, u32 *result)
{
	static u8 packet[64];
	union bpf_attr attr = {.test = {.prog_fd = program,
					.data_in = (u64)packet,
					.data_size_in = sizeof(packet),
					.repeat = repeat}};

	if (bpf(BPF_PROG_TEST_RUN, &attr))
		return false;
	*result = attr.test.retval;
	return true;
}

static void show(const struct maker *m)
{
	for (int i = 0; i < m->n; i++)
		printf("%3d: %02x r%d r%d %d %d\n", i, m->insn[i].code, m->insn[i].dst_reg,
		       m->insn[i].src_reg, m->insn[i].off, m->insn[i].imm);
}

static void set(const char *file, int value)
{
	int fd = open(file, O_WRONLY);

	if (fd < 0 || dprintf(fd, "%d\n", value) < 2)
		wrong("%s can't be set", file);
	close(fd);
}

/* Runs it; what it returned, and its map's value before and after. */
static bool run(int program, int map, int repeat, u64 *value, u32 *result)
{
	return put_value(map, value) && run_in_kernel(program, repeat, result) &&
	       get_value(map, value);
}

/* Does the kernel's interpreter get @result and @value from @before, too? */
static bool is_interpreted_so(const struct maker *m, int map, int repeat, const u64 *before,
			      const u64 *value, u32 result)
{
	u64 other[MAP_BYTES / 8];
	u32 returned;
	int program;
	bool ran;

	pthread_rwlock_wrlock(&translator);
	set("/proc/sys/net/core/bpf_jit_enable", 0);
	program = load(m, NULL, 0);
	set("/proc/sys/net/core/bpf_jit_enable", 1);
	pthread_rwlock_unlock(&translator);
	memcpy(other, before, sizeof(other));
	ran =
	    program >= 0 && !is_translated(program) && run(program, map, repeat, other, &returned);
	close(program);
	return ran && returned == result && !memcmp(other, value, sizeof(other));
}

static void compare(struct maker *m, int program, int map)
{
	u64 value[MAP_BYTES / 8], before[MAP_BYTES / 8], right[MAP_BYTES / 8], r[11] = {0};
	int repeat = any(m, 4) ? 1 : 3;
	u32 result;

	for (size_t i = 0; i < MAP_BYTES / 8; i++)
		value[i] = any(m, 3) ? next_random(&m->seed) : (u64)(int64_t)any_number(m);
	memcpy(before, value, sizeof(before));
	memcpy(right, value, sizeof(right));
	for (int i = 0; i < repeat; i++)
		interpret(m->insn, 0, r, right);
	if (!run(program, map, repeat, value, &result)) {
		wrong("a program that was loaded can't be run: %s", strerror(errno));
		return;
	}
	if ((result != (u32)r[0] || memcmp(value, right, sizeof(value))) &&
	    is_interpreted_so(m, map, repeat, before, value, result)) {
		changed++;
		return;
	}
	same("what it returned", result, (u32)r[0]);
	for (size_t i = 0; i < MAP_BYTES / 8; i++)
		same("a doubleword of its map", value[i], right[i]);
	if (wrongs && !atomic_exchange(&failed, 1))
		show(m);
}

/* Why, of the first one. */
static void refuse(const struct maker *m)
{
	static char log[1 << 20];
	size_t n;

	if (atomic_fetch_add(&refused, 1))
		return;
	load(m, log, sizeof(log));
	n = strlen(log);
	printf("refused: %s\n", n > 400 ? log + n - 400 : log);
}

static void work_with_programs(int me)
{
	static _Atomic u64 seeds;
	static _Thread_local struct maker maker;
	int map = make_map();

	if (map < 0) {
		wrong("no map: %s", strerror(errno));
		return;
	}
	for (int i = 0; i < PROGRAMS && !wrongs; i++) {
		int program;

		/* 2: constants are hidden by others, which makes other code. */
		if (!me)
			set("/proc/sys/net/core/bpf_jit_harden", i % 4 == 3 ? 2 : 0);
		make_program(&maker, map,
			     (atomic_fetch_add(&seeds, 1) + 1) * 0x9e3779b97f4a7c15ull);
		pthread_rwlock_rdlock(&translator);
		program = load(&maker, NULL, 0);
		pthread_rwlock_unlock(&translator);
		if (program < 0) {
			refuse(&maker);
			continue;
		}
		loaded++;
		translated += is_translated(program);
		for (int n = 0; n < RUNS; n++)
			compare(&maker, program, map);
		close(program);
	}
	close(map);
}

static void judge_programs(void)
{
	same("programs that were translated", translated, loaded);
	if (refused * 10 > loaded)
		wrong("%llu programs were loaded and %llu refused", (unsigned long long)loaded,
		      (unsigned long long)refused);
	/* Twelve runs of each. */
	if (changed > RUNS * (2 + loaded / 1000))
		wrong("of %llu programs' runs %llu are the verifier's fault",
		      (unsigned long long)loaded, (unsigned long long)changed);
}

static const struct experiment experiment[] = {
    {"programs", NULL, work_with_programs, judge_programs},
};

int main(int argc, char **argv)
{
	int status = run_experiments(argc, argv, experiment, 1);

	printf("%llu programs, %llu refused; %llu runs that the verifier changed\n",
	       (unsigned long long)loaded, (unsigned long long)refused,
	       (unsigned long long)changed);
	return status;
}
