/* SPDX-License-Identifier: Apache-2.0 */
/* The PAPR machine's own hypercalls, on a KVM that runs nothing. */
#include <papyr/papr.h>
#include <poll.h>
#include <unistd.h>

#include "platform/console.h"
#include "platform/htab.h"
#include "platform/trace.h"
#include "platform_fixture.h"

static s64 hcall(struct machine *m, u64 nr, u64 a, u64 b, u64 c, u64 d)
{
	struct kvm_run *run = m->vcpus[0].run;

	run->papr_hcall.nr = nr;
	run->papr_hcall.args[0] = a;
	run->papr_hcall.args[1] = b;
	run->papr_hcall.args[2] = c;
	run->papr_hcall.args[3] = d;
	hcall_handle(&m->vcpus[0]);
	return run->papr_hcall.ret;
}

/* Both are the client's: KVM has neither. */
static void hcall_sprg0_and_random(void **state)
{
	struct fixture *f = *state;
	const __u64 *args = f->m->vcpus[0].run->papr_hcall.args;
	struct kvm_regs regs;
	u64 first;

	assert_int_equal(hcall(f->m, H_SET_SPRG0, 0x123456789abcdef0, 0, 0, 0), H_SUCCESS);
	fake_accel.ioctl(f->m->vcpus[0].fd, KVM_GET_REGS, &regs);
	assert_int_equal(regs.sprg0, 0x123456789abcdef0);
	assert_int_equal(hcall(f->m, H_RANDOM, 0, 0, 0, 0), H_SUCCESS);
	first = args[0];
	assert_int_equal(hcall(f->m, H_RANDOM, 0, 0, 0, 0), H_SUCCESS);
	assert_int_not_equal(args[0], first);
}

static void hcall_cpu_characteristics(void **state)
{
	const u64 not_needed = 7ull << 54, security = KVM_PPC_CPU_BEHAV_FAVOUR_SECURITY;
	struct fixture *f = *state;
	const __u64 *args = f->m->vcpus[0].run->papr_hcall.args;
	struct kvm_ppc_cpu_char c = {.character = KVM_PPC_CPU_CHAR_SPEC_BAR_ORI31 | 1,
				     .character_mask = KVM_PPC_CPU_CHAR_SPEC_BAR_ORI31,
				     .behaviour_mask = KVM_PPC_CPU_BEHAV_L1D_FLUSH_PR |
						       KVM_PPC_CPU_BEHAV_BNDS_CHK_SPEC_BAR};

	assert_int_equal(hcall(f->m, H_GET_CPU_CHARACTERISTICS, 0, 0, 0, 0), H_FUNCTION);
	/* Known, and not needed. */
	fake_set_cpu_char(&c);
	assert_int_equal(hcall(f->m, H_GET_CPU_CHARACTERISTICS, 0, 0, 0, 0), H_SUCCESS);
	assert_int_equal(args[0], KVM_PPC_CPU_CHAR_SPEC_BAR_ORI31);
	assert_int_equal(args[1], security | not_needed);
	/* Needed. */
	c.behaviour = KVM_PPC_CPU_BEHAV_L1D_FLUSH_PR;
	fake_set_cpu_char(&c);
	assert_int_equal(hcall(f->m, H_GET_CPU_CHARACTERISTICS, 0, 0, 0, 0), H_SUCCESS);
	assert_int_equal(args[1], security | KVM_PPC_CPU_BEHAV_L1D_FLUSH_PR);
	/* Not known. */
	c.behaviour_mask = KVM_PPC_CPU_BEHAV_L1D_FLUSH_PR;
	c.behaviour = 0;
	fake_set_cpu_char(&c);
	assert_int_equal(hcall(f->m, H_GET_CPU_CHARACTERISTICS, 0, 0, 0, 0), H_SUCCESS);
	assert_int_equal(args[1], security | KVM_PPC_CPU_BEHAV_BNDS_CHK_SPEC_BAR);
}

static void hcall_terminal(void **state)
{
	struct fixture *f = *state;
	char buf[32];

	assert_int_equal(
	    hcall(f->m, H_PUT_TERM_CHAR, VTY_UNIT, 10, 0x68656c6c6f2c2077, 0x6f72000000000000), 0);
	assert_true(console_drain(f->m->console, 1000));
	assert_int_equal(read(f->out[0], buf, sizeof(buf)), 10);
	assert_memory_equal(buf, "hello, wor", 10);
	assert_int_equal(hcall(f->m, H_PUT_TERM_CHAR, VTY_UNIT, 17, 0, 0), H_PARAMETER);
	assert_int_equal(hcall(f->m, H_PUT_TERM_CHAR, VTY_UNIT, ~0ull, 0, 0), H_PARAMETER);
	assert_int_equal(hcall(f->m, H_PUT_TERM_CHAR, VTY_UNIT + 1, 1, 0, 0), H_PARAMETER);
	assert_int_equal(hcall(f->m, H_GET_TERM_CHAR, VTY_UNIT, 0, 0, 0), 0);
	assert_int_equal(f->m->vcpus[0].run->papr_hcall.args[0], 0);
	assert_int_equal(hcall(f->m, H_GET_TERM_CHAR, VTY_UNIT + 1, 0, 0, 0), H_PARAMETER);
}

/* Nobody reads: what is accepted waits, then the guest is told to wait. */
static void hcall_terminal_full(void **state)
{
	struct fixture *f = *state;
	unsigned long accepted = 0, got = 0;
	char buf[4096];
	ssize_t n;

	while (hcall(f->m, H_PUT_TERM_CHAR, VTY_UNIT, 16, 0x3031323334353637, 0x3839616263646566) ==
	       0)
		accepted += 16;
	assert_true(accepted >= 65536);
	fcntl(f->out[0], F_SETFL, O_NONBLOCK);
	while (got < accepted) {
		assert_int_equal(poll(&(struct pollfd){f->out[0], POLLIN, 0}, 1, 30000), 1);
		n = read(f->out[0], buf, sizeof(buf));
		assert_true(n > 0);
		got += n;
	}
	assert_true(console_drain(f->m->console, 1000));
	assert_int_equal(got, accepted);
	assert_int_equal(read(f->out[0], buf, 1), -1);
}

static void hcall_resize(void **state)
{
	static const struct {
		long answer;
		s64 code;
	} answers[] = {
	    {1, H_LONG_BUSY_ORDER_1_MSEC},
	    {9, H_LONG_BUSY_ORDER_1_MSEC},
	    {10, H_LONG_BUSY_ORDER_10_MSEC},
	    {100, H_LONG_BUSY_ORDER_100_MSEC},
	    {999, H_LONG_BUSY_ORDER_100_MSEC},
	    {1000, H_LONG_BUSY_ORDER_1_SEC},
	    {10000, H_LONG_BUSY_ORDER_10_SEC},
	    {100000, H_LONG_BUSY_ORDER_100_SEC},
	    {-EINVAL, H_PARAMETER},
	    {-ENXIO, H_CLOSED},
	    {-ENOSPC, H_PTEG_FULL},
	    {-EBUSY, H_BUSY},
	    {-ENOMEM, H_NO_MEM},
	    {-EIO, H_HARDWARE},
	};
	struct fixture *f = *state;
	struct htab_seen before = machine_htab(f->m);

	for (unsigned i = 0; i < ARRAY_SIZE(answers); i++) {
		fake_set_resize(answers[i].answer);
		assert_int_equal(hcall(f->m, H_RESIZE_HPT_PREPARE, 0, 19, 0, 0), answers[i].code);
		if (answers[i].answer < 0)
			assert_int_equal(hcall(f->m, H_RESIZE_HPT_COMMIT, 0, 19, 0, 0),
					 answers[i].code);
	}
	fake_set_resize(0);
	assert_int_equal(hcall(f->m, H_RESIZE_HPT_PREPARE, 1, 19, 0, 0), H_PARAMETER);
	assert_int_equal(hcall(f->m, H_RESIZE_HPT_PREPARE, 0, (1ull << 32) + 19, 0, 0),
			 H_PARAMETER);
	assert_int_equal(hcall(f->m, H_RESIZE_HPT_COMMIT, 1, 19, 0, 0), H_PARAMETER);
	assert_int_equal(hcall(f->m, H_RESIZE_HPT_PREPARE, 0, 46, 0, 0), H_RESOURCE);
	assert_int_equal(machine_htab(f->m).number, before.number);
	assert_int_equal(hcall(f->m, H_RESIZE_HPT_PREPARE, 0, 19, 0, 0), H_SUCCESS);
	assert_int_equal(hcall(f->m, H_RESIZE_HPT_COMMIT, 0, 19, 0, 0), H_SUCCESS);
	assert_int_equal(machine_htab(f->m).order, 19);
	assert_int_not_equal(machine_htab(f->m).number, before.number);
}

static void hcall_modes(void **state)
{
	struct fixture *f = *state;
	u64 lpcr;

	assert_int_equal(hcall(f->m, H_SET_MODE, 1, H_SET_MODE_ILE, 0, 0), 0);
	for (unsigned i = 0; i < f->m->n_vcpus; i++) {
		vcpu_get_reg(&f->m->vcpus[i], KVM_REG_PPC_LPCR_64, &lpcr);
		assert_int_equal(lpcr, 0x02000000);
	}
	assert_int_equal(hcall(f->m, H_SET_MODE, 3, H_SET_MODE_AIL, 0, 0), 0);
	vcpu_get_reg(&f->m->vcpus[2], KVM_REG_PPC_LPCR_64, &lpcr);
	assert_int_equal(lpcr, 0x03800000);
	assert_int_equal(hcall(f->m, H_SET_MODE, 0, H_SET_MODE_ILE, 0, 0), 0);
	vcpu_get_reg(&f->m->vcpus[2], KVM_REG_PPC_LPCR_64, &lpcr);
	assert_int_equal(lpcr, 0x01800000);
	assert_int_equal(hcall(f->m, H_SET_MODE, 2, H_SET_MODE_ILE, 0, 0), H_UNSUPPORTED_FLAG);
	assert_int_equal(hcall(f->m, H_SET_MODE, 1, H_SET_MODE_AIL, 0, 0), H_UNSUPPORTED_FLAG);
	assert_int_equal(hcall(f->m, H_SET_MODE, 1, H_SET_MODE_ILE, 1, 0), H_P3);
	assert_int_equal(hcall(f->m, H_SET_MODE, 1, H_SET_MODE_ILE, 0, 1), H_P4);
	assert_int_equal(hcall(f->m, H_SET_MODE, 1, 7, 0, 0), H_P2);
}

static void hcall_others(void **state)
{
	struct fixture *f = *state;
	struct machine *m = f->m;

	assert_int_equal(hcall(m, H_LOGICAL_CI_STORE, 4, DATA, 0x11223344, 0), 0);
	assert_int_equal(load_be32(m->mem.host + DATA), 0x11223344);
	assert_int_equal(hcall(m, H_LOGICAL_CI_LOAD, 2, DATA + 2, 0, 0), 0);
	assert_int_equal(m->vcpus[0].run->papr_hcall.args[0], 0x3344);
	assert_int_equal(hcall(m, H_LOGICAL_CI_LOAD, 3, DATA, 0, 0), H_PARAMETER);
	assert_int_equal(hcall(m, H_LOGICAL_CI_LOAD, 4, DATA + 2, 0, 0), H_PARAMETER);
	assert_int_equal(hcall(m, H_LOGICAL_CI_LOAD, 8, m->mem.bytes, 0, 0), H_PARAMETER);
	assert_int_equal(hcall(m, H_LOGICAL_CI_STORE, 8, ~7ull, 0, 0), H_PARAMETER);
	assert_int_equal(hcall(m, H_RTAS, ~0ull, 0, 0, 0), H_PARAMETER);
	assert_int_equal(hcall(m, 0x1234, 0, 0, 0, 0), H_FUNCTION);
	assert_int_equal(hcall(m, ~0ull, 0, 0, 0, 0), H_FUNCTION);
}

/* A KVM that tells nothing of what it does: the machine tells what it sees itself. */
static void hcall_traced(void **state)
{
	struct fixture *f = *state;
	struct machine *m = f->m;
	struct error err = {""};
	char text[1024];
	ssize_t n;
	int fd[2];

	assert_int_equal(pipe2(fd, O_NONBLOCK), 0);
	assert_int_equal(machine_trace(m, PAPYR_TRACE_IRQ, fd[1], &err), -1);
	assert_non_null(strstr(err.text, "hcall, exit and rtas"));
	assert_int_equal(machine_trace(m, PAPYR_TRACE_HCALL | PAPYR_TRACE_RTAS, fd[1], &err), 0);
	hcall(m, H_SET_MODE, 1, H_SET_MODE_ILE, 0, 0);
	call(f, token_of("query-cpu-stopped-state"), 1, 2, 9);
	call(f, 0x2abc, 0, 1);
	assert_int_equal(machine_trace(m, 0, -1, &err), 0);
	hcall(m, H_SET_MODE, 0, H_SET_MODE_ILE, 0, 0);
	n = read(fd[0], text, sizeof(text) - 1);
	assert_true(n > 0);
	text[n] = 0;
	assert_non_null(strstr(text, " vcpu 0 hcall H_SET_MODE(0x1, 0x4, 0x0, 0x0) = H_SUCCESS\n"));
	assert_non_null(strstr(text, " vcpu 0 rtas query-cpu-stopped-state(0x9) = 0 0x0\n"));
	assert_non_null(strstr(text, " vcpu 0 rtas token 0x2abc() = -3\n"));
	assert_null(strstr(text, "H_SET_MODE(0x0"));
	close(fd[0]);
	close(fd[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(hcall_sprg0_and_random), T(hcall_cpu_characteristics),
	    T(hcall_terminal),	       T(hcall_terminal_full),
	    T(hcall_resize),	       T(hcall_modes),
	    T(hcall_others),	       T(hcall_traced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
