/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classic filters at random, which the kernel translates: on sockets, attached and taken off again,
 * and on system calls of processes that end; by four threads at the same time. What each lets
 * through is compared with what an interpreter of it says.
 *
 *     filters [SECONDS [sockets|calls]]
 */
#include "together.h"
#include <arpa/inet.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define INSNS	 60
#define CELLS	 4 /* of its memory, all set at first */
#define PACKET	 96
#define FILTERS	 60 /* a round */
#define PACKETS	 10 /* for each */
#define CHILDREN 12
#define CALLS	 30
#define NEVER	 9999 /* a system call that there is not */

struct maker {
	struct sock_filter insn[INSNS];
	int n;
	bool calls; /* a filter of system calls: what it may do is less */
	u64 seed;
};

static u32 any(struct maker *m, u32 n)
{
	return (next_random(&m->seed) >> 20) % n;
}

static int emit(struct maker *m, u16 code, u32 k)
{
	m->insn[m->n] = (struct sock_filter){.code = code, .k = k};
	return m->n++;
}

/* From the packet, sometimes beyond its end; from the call's number and arguments. */
static void make_load(struct maker *m)
{
	static const u16 sizes[] = {BPF_W, BPF_H, BPF_B};

	if (m->calls) {
		emit(m, BPF_LD | BPF_W | BPF_ABS,
		     any(m, 8) ? offsetof(struct seccomp_data, args) + 4 * any(m, 12) : 0);
		return;
	}
	switch (any(m, 4)) {
	case 0:
		emit(m, BPF_ALU | BPF_AND | BPF_K, 63);
		emit(m, BPF_MISC | BPF_TAX, 0);
		emit(m, BPF_LD | sizes[any(m, 3)] | BPF_IND, any(m, 30));
		break;
	case 1:
		emit(m, BPF_LDX | BPF_B | BPF_MSH, any(m, PACKET));
		break;
	default:
		emit(m, BPF_LD | sizes[any(m, 3)] | BPF_ABS,
		     any(m, any(m, 20) ? PACKET - 4 : PACKET + 4));
	}
}

static void make_arithmetic(struct maker *m)
{
	static const u16 kinds[] = {BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_OR,
				    BPF_AND, BPF_XOR, BPF_LSH, BPF_RSH, BPF_NEG};
	u16 op = kinds[any(m, sizeof(kinds) / sizeof(kinds[0]))];

	if (op == BPF_LSH || op == BPF_RSH)
		emit(m, BPF_ALU | op | BPF_K, any(m, 32));
	else if (op == BPF_NEG)
		emit(m, BPF_ALU | op, 0);
	else if (any(m, 2) && op != BPF_DIV)
		emit(m, BPF_ALU | op | BPF_X, 0);
	else
		emit(m, BPF_ALU | op | BPF_K, (next_random(&m->seed) >> any(m, 32)) | 1);
	/* By zero nothing is let through, and a process would be ended. */
	if (!m->calls && !any(m, 12))
		emit(m, BPF_ALU | BPF_DIV | BPF_X, 0);
}

static void make_some(struct maker *m, int n);

static void make_branch(struct maker *m)
{
	static const u16 kinds[] = {BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET};
	int at = emit(m, BPF_JMP | kinds[any(m, 4)] | (any(m, 2) ? BPF_X : BPF_K),
		      next_random(&m->seed) >> any(m, 32));
	int by;

	make_some(m, 2);
	by = m->n - at - 1;
	if (any(m, 2))
		m->insn[at].jt = by;
	else
		m->insn[at].jf = by;
}

static void make_some(struct maker *m, int n)
{
	while (n-- && m->n < INSNS - 16) {
		switch (any(m, 9)) {
		case 0:
		case 1:
			make_load(m);
			break;
		case 2:
			make_branch(m);
			break;
		case 3:
			emit(m, any(m, 2) ? BPF_ST : BPF_STX, any(m, CELLS));
			break;
		case 4:
			emit(m, (any(m, 2) ? BPF_LD : BPF_LDX) | BPF_MEM, any(m, CELLS));
			break;
		case 5:
			emit(m, BPF_MISC | (any(m, 2) ? BPF_TAX : BPF_TXA), 0);
			break;
		case 6:
			emit(m, any(m, 2) ? BPF_LD | BPF_W | BPF_LEN : BPF_LDX | BPF_IMM,
			     any(m, 100));
			break;
		default:
			make_arithmetic(m);
		}
	}
}

static void make_filter(struct maker *m, bool calls)
{
	m->n = 0;
	m->calls = calls;
	if (calls) {
		emit(m, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
		m->insn[emit(m, BPF_JMP | BPF_JEQ | BPF_K, NEVER)].jt = 1;
		emit(m, BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	}
	emit(m, BPF_LDX | BPF_IMM, any(m, 100));
	for (int i = 0; i < CELLS; i++)
		emit(m, i % 2 ? BPF_STX : BPF_ST, i);
	make_some(m, 6 + any(m, 24));
	emit(m, BPF_ALU | BPF_AND | BPF_K, calls ? 63 : 127);
	if (calls) {
		emit(m, BPF_ALU | BPF_ADD | BPF_K, 1);
		emit(m, BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO);
	}
	emit(m, BPF_RET | BPF_A, 0);
}

/* ---- The interpreter ---- */

struct state {
	u32 a, x, cell[CELLS];
	const u8 *data;
	u32 bytes;
	bool native; /* a call's data, in the processor's byte order */
};

/* Returns false where the data ends before it. */
static bool fetched(const struct state *s, u32 at, u16 size, u32 *value)
{
	u32 bytes = size == BPF_W ? 4 : size == BPF_H ? 2 : 1, v = 0;

	if (at + bytes > s->bytes)
		return false;
	if (s->native) {
		memcpy(&v, s->data + at, 4);
	} else {
		for (u32 i = 0; i < bytes; i++)
			v = v << 8 | s->data[at + i];
	}
	*value = v;
	return true;
}

static bool step_load(struct state *s, const struct sock_filter *i)
{
	u32 v = i->k;

	switch (BPF_MODE(i->code)) {
	case BPF_ABS:
		if (!fetched(s, i->k, BPF_SIZE(i->code), &v))
			return false;
		break;
	case BPF_IND:
		if (!fetched(s, s->x + i->k, BPF_SIZE(i->code), &v))
			return false;
		break;
	case BPF_MSH:
		if (!fetched(s, i->k, BPF_B, &v))
			return false;
		v = (v & 15) * 4;
		break;
	case BPF_LEN:
		v = s->bytes;
		break;
	case BPF_MEM:
		v = s->cell[i->k];
		break;
	}
	if (BPF_CLASS(i->code) == BPF_LD)
		s->a = v;
	else
		s->x = v;
	return true;
}

static bool step_arithmetic(struct state *s, const struct sock_filter *i)
{
	u32 b = BPF_SRC(i->code) == BPF_X ? s->x : i->k;

	switch (BPF_OP(i->code)) {
	case BPF_ADD:
		s->a += b;
		break;
	case BPF_SUB:
		s->a -= b;
		break;
	case BPF_MUL:
		s->a *= b;
		break;
	case BPF_DIV:
		if (!b)
			return false;
		s->a /= b;
		break;
	case BPF_OR:
		s->a |= b;
		break;
	case BPF_AND:
		s->a &= b;
		break;
	case BPF_XOR:
		s->a ^= b;
		break;
	case BPF_LSH:
		s->a <<= b;
		break;
	case BPF_RSH:
		s->a >>= b;
		break;
	case BPF_NEG:
		s->a = -s->a;
		break;
	}
	return true;
}

static u32 way(const struct state *s, const struct sock_filter *i)
{
	u32 b = BPF_SRC(i->code) == BPF_X ? s->x : i->k;
	bool yes = false;

	switch (BPF_OP(i->code)) {
	case BPF_JEQ:
		yes = s->a == b;
		break;
	case BPF_JGT:
		yes = s->a > b;
		break;
	case BPF_JGE:
		yes = s->a >= b;
		break;
	case BPF_JSET:
		yes = s->a & b;
		break;
	}
	return yes ? i->jt : i->jf;
}

static u32 interpret(const struct maker *m, const void *data, u32 bytes, bool native)
{
	struct state s = {.data = data, .bytes = bytes, .native = native};

	for (const struct sock_filter *i = m->insn;; i++) {
		switch (BPF_CLASS(i->code)) {
		case BPF_RET:
			return BPF_RVAL(i->code) == BPF_A ? s.a : i->k;
		case BPF_LD:
		case BPF_LDX:
			if (!step_load(&s, i))
				return 0;
			break;
		case BPF_ST:
			s.cell[i->k] = s.a;
			break;
		case BPF_STX:
			s.cell[i->k] = s.x;
			break;
		case BPF_ALU:
			if (!step_arithmetic(&s, i))
				return 0;
			break;
		case BPF_JMP:
			i += way(&s, i);
			break;
		default:
			if (BPF_MISCOP(i->code) == BPF_TAX)
				s.x = s.a;
			else
				s.a = s.x;
		}
	}
}

static u64 new_seed(void)
{
	static _Atomic u64 seeds;

	return (atomic_fetch_add(&seeds, 1) + 1) * 0x9e3779b97f4a7c15ull | 1;
}

/* ---- Sockets ---- */

static void send_packets(struct maker *m, const int *ends)
{
	for (int i = 0; i < PACKETS; i++) {
		u8 packet[PACKET], got[PACKET + 1];
		u32 right;
		ssize_t n;

		for (int b = 0; b < PACKET; b++)
			packet[b] = any(m, 3) ? any(m, 256) : 0;
		right = interpret(m, packet, PACKET, false);
		if (send(ends[0], packet, PACKET, 0) != PACKET)
			wrong("a packet can't be sent: %s", strerror(errno));
		n = recv(ends[1], got, sizeof(got), MSG_DONTWAIT);
		same("bytes that came through", n < 0 ? 0 : n, right > PACKET ? PACKET : right);
		if (n > 0 && memcmp(packet, got, n))
			wrong("other bytes came through");
	}
}

static void work_with_sockets(int me)
{
	struct maker m = {.seed = new_seed()};
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends)) {
		wrong("no sockets: %s", strerror(errno));
		return;
	}
	for (int i = 0; i < FILTERS && !wrongs; i++) {
		struct sock_fprog program;

		make_filter(&m, false);
		program = (struct sock_fprog){.len = m.n, .filter = m.insn};
		if (setsockopt(ends[1], SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)))
			wrong("a filter can't be attached: %s", strerror(errno));
		send_packets(&m, ends);
		/* Every other one is replaced instead. */
		if (i % 2 &&
		    setsockopt(ends[1], SOL_SOCKET, SO_DETACH_FILTER, &program, sizeof(int)))
			wrong("a filter can't be taken off: %s", strerror(errno));
	}
	close(ends[0]);
	close(ends[1]);
}

/* ---- System calls ---- */

/* Exit status 0: each call gave the error that the filter wants. */
static void child(struct maker *m)
{
	struct sock_fprog program = {.len = m->n, .filter = m->insn};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program))
		_exit(2);
	for (int i = 0; i < CALLS; i++) {
		struct seccomp_data data = {.nr = NEVER, .arch = AUDIT_ARCH_PPC64LE};
		u32 right;

		for (int a = 0; a < 6; a++)
			data.args[a] = next_random(&m->seed) >> any(m, 64);
		right = interpret(m, &data, sizeof(data), true);
		if (syscall(NEVER, data.args[0], data.args[1], data.args[2], data.args[3],
			    data.args[4], data.args[5]) != -1 ||
		    errno != (int)(right & SECCOMP_RET_DATA))
			_exit(1);
	}
	_exit(0);
}

static void work_with_calls(int me)
{
	struct maker m = {.seed = new_seed()};

	for (int i = 0; i < CHILDREN && !wrongs; i++) {
		int status = -1;
		pid_t pid;

		make_filter(&m, true);
		pid = fork();
		if (pid < 0)
			wrong("no process: %s", strerror(errno));
		if (!pid)
			child(&m);
		if (waitpid(pid, &status, 0) != pid)
			wrong("a process is lost");
		same("a filtered process's exit status", status, 0);
	}
}

static const struct experiment experiment[] = {
    {"sockets", NULL, work_with_sockets, NULL},
    {"calls", NULL, work_with_calls, NULL},
};

int main(int argc, char **argv)
{
	return run_experiments(argc, argv, experiment, sizeof(experiment) / sizeof(experiment[0]));
}
