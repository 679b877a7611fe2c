/* SPDX-License-Identifier: Apache-2.0 */
/* A PAPR machine of two cores that has been started, on the KVM that runs nothing. */
#ifndef PAPYR_TESTS_PLATFORM_FIXTURE_H
#define PAPYR_TESTS_PLATFORM_FIXTURE_H

#include <stdlib.h>
#include <unistd.h>

#include "fake_machine.h"

#define MIB (1ull << 20)

struct fixture {
	struct machine *m;
	int out[2]; /* the console's output: read from out[0] */
};

static inline struct machine *make(unsigned vcpus, unsigned threads, u64 mem, int out_fd)
{
	struct machine_config cfg = fake_config(vcpus);
	struct machine *m;

	cfg.cmdline = "quiet";
	cfg.mem_bytes = mem;
	cfg.threads = threads;
	cfg.out_fd = out_fd;
	m = fake_machine_new(&cfg, NULL, NULL);
	fake_machine_boot(m);
	return m;
}

static inline int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_int_equal(pipe(f->out), 0);
	f->m = make(4, 2, 256 * MIB, f->out[1]);
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	machine_free(f->m);
	close(f->out[0]);
	close(f->out[1]);
	free(f);
	return 0;
}

/* A test that has such a machine. */
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

/* ---- RTAS ---- */

/* Of guest memory: a call's block, and what it leads to. */
#define ARGS 0x100000
#define DATA 0x110000

/*
 * Calls RTAS by token with the @n_in words that follow; the status, or the hypercall's code if that
 * isn't 0.
 */
static inline s32 call(struct fixture *f, u32 token, u32 n_in, u32 n_out, ...)
{
	va_list ap;
	s32 status;
	s64 r;

	va_start(ap, n_out);
	r = fake_rtas_call(f->m, ARGS, token, n_in, n_out, ap, &status);
	va_end(ap);
	return r ? r : status;
}

static inline u32 result(struct fixture *f, u32 n_in, u32 i)
{
	return load_be32(f->m->mem.host + ARGS + 12 + 4 * (n_in + i));
}

#endif
