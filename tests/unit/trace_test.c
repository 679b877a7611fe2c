/* SPDX-License-Identifier: Apache-2.0 */
/* Traces: what is asked for, what lines say, and that nobody waits for their reader. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/trace_words.h"

/* ---- LIST[:FILE] ---- */

static unsigned events_of(const char *arg)
{
	struct trace_request r;
	char why[TRACE_WHY];

	return trace_parse(arg, &r, why) ? r.events : 0;
}

static void lists(void **state)
{
	struct trace_request r;
	char why[TRACE_WHY];

	assert_int_equal(events_of("hcall"), PAPYR_TRACE_HCALL);
	assert_int_equal(events_of("mmu,irq"), PAPYR_TRACE_MMU | PAPYR_TRACE_IRQ);
	assert_int_equal(events_of("all"), PAPYR_TRACE_ALL);
	assert_true(trace_parse("rtas,exit:/a:b", &r, why));
	assert_int_equal(r.events, PAPYR_TRACE_RTAS | PAPYR_TRACE_EXIT);
	assert_string_equal(r.file, "/a:b");
	assert_true(trace_parse("trap", &r, why));
	assert_null(r.file);
	assert_int_equal(events_of(""), 0);
	assert_int_equal(events_of("hcall,"), 0);
	assert_int_equal(events_of(",hcall"), 0);
	assert_int_equal(events_of("hcalls"), 0);
	assert_int_equal(events_of("hcal"), 0);
	assert_int_equal(events_of("hcall:"), 0);
	assert_false(trace_parse("hcall,flow", &r, why));
	assert_non_null(strstr(why, "'flow'"));
	assert_non_null(strstr(why, "mmu"));
}

/* ---- Lines ---- */

static const char *said(struct trace_line *l)
{
	l->text[l->len] = 0;
	return l->text;
}

static void hypercalls(void **state)
{
	struct traced_hcall call = {.number = H_READ, .args = {0, 0x3f8}};
	const u64 results[TRACE_ARGS] = {1, 0x192};
	struct trace_line l = {.len = 0};

	trace_hcall(&l, &call, H_SUCCESS, results);
	assert_string_equal(said(&l), "H_READ(0x0, 0x3f8) = H_SUCCESS 0x1, 0x192");
	l.len = 0;
	trace_hcall(&l, &call, H_NOT_FOUND, results);
	assert_string_equal(said(&l), "H_READ(0x0, 0x3f8) = H_NOT_FOUND");
	l.len = 0;
	call.number = H_CEDE;
	trace_hcall(&l, &call, H_UNSUPPORTED_FLAG - 3, results);
	assert_string_equal(said(&l), "H_CEDE() = H_UNSUPPORTED_FLAG");
	l.len = 0;
	call.number = 0x1234;
	trace_hcall(&l, &call, -1000, results);
	assert_string_equal(said(&l), "0x1234(0x0, 0x3f8, 0x0, 0x0) = -1000");
}

static void rtas(void **state)
{
	static const u8 block[] = {0, 0, 0, 7, 0xff, 0xff, 0xff, 0xfd, 0, 0, 0, 9};
	struct trace_line l = {.len = 0};

	trace_rtas(&l, "nvram-fetch", 0x2000, block, 1, block + 4, 2);
	assert_string_equal(said(&l), "nvram-fetch(0x7) = -3 0x9");
	l.len = 0;
	trace_rtas(&l, NULL, 0x2abc, block, 0, block, 1);
	assert_string_equal(said(&l), "token 0x2abc() = 7");
}

static void exits(void **state)
{
	struct kvm_run run = {.exit_reason = KVM_EXIT_MMIO};
	struct trace_line l = {.len = 0};

	run.mmio.phys_addr = 1ull << 40;
	run.mmio.len = 2;
	run.mmio.is_write = 1;
	run.mmio.data[0] = 0xab;
	trace_exit(&l, &run, 0);
	assert_string_equal(said(&l), "MMIO store of 2 bytes at 0x10000000000: ab00");
	l.len = 0;
	trace_exit(&l, &run, EINTR);
	assert_string_equal(said(&l), "INTR");
	l.len = 0;
	run.exit_reason = 77;
	trace_exit(&l, &run, 0);
	assert_string_equal(said(&l), "reason 77");
}

static void too_long(void **state)
{
	struct trace_line l = {.len = 0};

	for (int i = 0; i < 1000; i++)
		trace_add(&l, "%d,", i);
	assert_true(l.len < sizeof(l.text));
}

/* ---- Where they go ---- */

static void put(struct trace_sink *s, bool *open)
{
	struct trace_line l;

	trace_begin_vcpu(&l, 3, "irq");
	trace_add(&l, "DECREMENTER");
	*open = trace_write(s, &l);
}

static unsigned drain(int fd, char *last, size_t size)
{
	unsigned lines = 0;
	char buf[4096];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf) - 1)) > 0) {
		buf[n] = 0;
		for (ssize_t i = 0; i < n; i++)
			lines += buf[i] == '\n';
		snprintf(last, size, "%s", buf);
	}
	return lines;
}

/* Whoever doesn't read loses lines, and is told how many. */
static void full_pipe(void **state)
{
	struct trace_sink s;
	char text[4096];
	bool open = true;
	unsigned got;
	int fd[2];

	assert_int_equal(pipe2(fd, O_NONBLOCK), 0);
	trace_sink_init(&s);
	trace_sink_set(&s, fd[1]);
	for (int i = 0; i < 5000; i++)
		put(&s, &open);
	assert_true(open);
	got = drain(fd[0], text, sizeof(text));
	assert_true(got > 500 && got < 5000);
	put(&s, &open);
	assert_int_equal(drain(fd[0], text, sizeof(text)), 2);
	assert_int_equal(strtoul(strstr(text, "trace ") + 6, NULL, 10), 5000 - got);
	assert_non_null(strstr(text, " lines lost\n"));
	assert_non_null(strstr(text, " vcpu 3 irq DECREMENTER\n"));
	close(fd[0]);
	trace_sink_fini(&s);
}

static void no_reader(void **state)
{
	sigset_t pipe_signal, pending;
	struct trace_sink s;
	bool open = true;
	int fd[2];

	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe_signal, NULL);
	assert_int_equal(pipe2(fd, O_NONBLOCK), 0);
	trace_sink_init(&s);
	trace_sink_set(&s, fd[1]);
	close(fd[0]);
	put(&s, &open);
	assert_false(open);
	sigpending(&pending);
	assert_false(sigismember(&pending, SIGPIPE));
	trace_sink_fini(&s);
	pthread_sigmask(SIG_UNBLOCK, &pipe_signal, NULL);
}

/* ---- The library's call ---- */

static void library(void **state)
{
	int kvm = papyr_open("/dev/kvm", O_RDWR), vm = papyr_ioctl(kvm, KVM_CREATE_VM, 0), fd[2];

	assert_true(vm >= 0);
	assert_int_equal(pipe(fd), 0);
	assert_int_equal(papyr_trace(vm, PAPYR_TRACE_IRQ, fd[1]), -1);
	assert_int_equal(errno, EINVAL); /* it could wait */
	fcntl(fd[1], F_SETFL, O_NONBLOCK);
	assert_int_equal(papyr_trace(vm, PAPYR_TRACE_IRQ, fd[1]), 0);
	assert_int_equal(papyr_trace(vm, PAPYR_TRACE_ALL + 1, fd[1]), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(papyr_trace(kvm, PAPYR_TRACE_IRQ, fd[1]), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(papyr_trace(fd[1], PAPYR_TRACE_IRQ, fd[1]), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(papyr_trace(vm, PAPYR_TRACE_IRQ, 12345), -1);
	assert_int_equal(errno, EBADF);
	/* Kept by a duplicate, until it ends. */
	close(fd[1]);
	fcntl(fd[0], F_SETFL, O_NONBLOCK);
	assert_int_equal(read(fd[0], &kvm, 1), -1);
	assert_int_equal(papyr_trace(vm, 0, -1), 0);
	assert_int_equal(read(fd[0], &kvm, 1), 0);
	close(fd[0]);
	papyr_close(vm);
	papyr_close(kvm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lists),	 cmocka_unit_test(hypercalls), cmocka_unit_test(rtas),
	    cmocka_unit_test(exits),	 cmocka_unit_test(too_long),   cmocka_unit_test(full_pipe),
	    cmocka_unit_test(no_reader), cmocka_unit_test(library),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
