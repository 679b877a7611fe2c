/* SPDX-License-Identifier: Apache-2.0 */
/* RTAS of the PAPR machine, on a KVM that runs nothing: each call, and guests that mean ill. */
#include <papyr/papr.h>
#include <time.h>

#include "platform/fwnmi.h"
#include "platform/rtas.h"
#include "platform_fixture.h"

static void rtas_clock(void **state)
{
	struct fixture *f = *state;
	time_t now = time(NULL);
	struct tm tm;

	assert_int_equal(call(f, token_of("get-time-of-day"), 0, 8), 0);
	gmtime_r(&now, &tm);
	assert_in_range(result(f, 0, 1), tm.tm_year + 1900, tm.tm_year + 1901);
	assert_int_equal(call(f, token_of("set-time-of-day"), 7, 1, 2001, 2, 3, 4, 5, 6, 0), 0);
	assert_int_equal(call(f, token_of("get-time-of-day"), 0, 8), 0);
	assert_int_equal(result(f, 0, 1), 2001);
	assert_int_equal(result(f, 0, 2), 2);
	assert_int_equal(result(f, 0, 3), 3);
	assert_int_equal(result(f, 0, 4), 4);
	assert_int_equal(result(f, 0, 5), 5);
	assert_int_equal(call(f, token_of("set-time-of-day"), 7, 1, 2001, 0, 3, 4, 5, 6, 0), -3);
	assert_int_equal(call(f, token_of("set-time-of-day"), 7, 1, 2001, 13, 3, 4, 5, 6, 0), -3);
	assert_int_equal(call(f, token_of("set-time-of-day"), 7, 1, 0xffffffff, 1, 1, 0, 0, 0, 0),
			 -3);
}

static void rtas_nvram(void **state)
{
	struct fixture *f = *state;
	u8 *data = f->m->mem.host + DATA;

	/* As new: two partitions. */
	assert_int_equal(call(f, token_of("nvram-fetch"), 3, 2, 0, DATA, 16), 0);
	assert_int_equal(data[0], 0x70);
	assert_memory_equal(data + 4, "common", 7);
	memset(data, 0x5a, 64);
	assert_int_equal(call(f, token_of("nvram-store"), 3, 2, NVRAM_BYTES - 64, DATA, 64), 0);
	assert_int_equal(result(f, 3, 1), 64);
	memset(data, 0, 64);
	assert_int_equal(call(f, token_of("nvram-fetch"), 3, 2, NVRAM_BYTES - 64, DATA, 64), 0);
	assert_int_equal(data[63], 0x5a);
	assert_int_equal(call(f, token_of("nvram-store"), 3, 2, NVRAM_BYTES - 63, DATA, 64), -3);
	assert_int_equal(call(f, token_of("nvram-store"), 3, 2, 0xffffffff, DATA, 2), -3);
	assert_int_equal(call(f, token_of("nvram-fetch"), 3, 2, 0, 0xfffffff0, 64), -3);
	assert_int_equal(call(f, token_of("nvram-fetch"), 3, 2, 0, DATA, 0xffffffff), -3);
}

static void rtas_parameters(void **state)
{
	struct fixture *f = *state;
	u8 *data = f->m->mem.host + DATA;
	u32 get = token_of("ibm,get-system-parameter");

	assert_int_equal(call(f, get, 3, 1, 20, DATA, 256), 0);
	assert_non_null(strstr((char *)data + 2, "DesMem=256,DesProcs=4"));
	assert_int_equal(call(f, get, 3, 1, 48, DATA, 256), 0);
	assert_int_equal(data[1], 16);
	assert_memory_equal(data + 2, f->m->uuid, 16);
	/* A short buffer gets what fits, and the whole length. */
	memset(data, 0xee, 16);
	assert_int_equal(call(f, get, 3, 1, 48, DATA, 6), 0);
	assert_int_equal(data[1], 16);
	assert_int_equal(data[6], 0xee);
	assert_int_equal(call(f, get, 3, 1, 48, DATA, 1), -9999);
	assert_int_equal(call(f, get, 3, 1, 48, 0xffffff00, 256), -9999);
	assert_int_equal(call(f, get, 3, 1, 1234, DATA, 256), -3);
	assert_int_equal(call(f, token_of("ibm,set-system-parameter"), 2, 1, 48, DATA), -9002);
	assert_int_equal(call(f, token_of("ibm,set-system-parameter"), 2, 1, 1234, DATA), -3);
}

static void rtas_cpus(void **state)
{
	struct fixture *f = *state;
	u32 query = token_of("query-cpu-stopped-state");
	struct kvm_regs regs;

	assert_int_equal(call(f, query, 1, 2, 9), 0);
	assert_int_equal(result(f, 1, 1), 0);
	assert_int_equal(call(f, token_of("start-cpu"), 3, 1, 9, 0x1234, 0x77), 0);
	assert_int_equal(call(f, query, 1, 2, 9), 0);
	assert_int_equal(result(f, 1, 1), 2);
	fake_accel.ioctl(f->m->vcpus[3].fd, KVM_GET_REGS, &regs);
	assert_int_equal(regs.pc, 0x1234);
	assert_int_equal(regs.gpr[3], 0x77);
	assert_true(regs.msr == (PPC_BIT(0) | PPC_BIT(51)));
	assert_int_equal(call(f, token_of("start-cpu"), 3, 1, 9, 0, 0), -1);
	assert_int_equal(call(f, token_of("start-cpu"), 3, 1, 5, 0, 0), -3);
	assert_int_equal(call(f, query, 1, 2, 0xffffffff), -3);
	assert_int_equal(call(f, token_of("stop-self"), 0, 1), 0);
	assert_false(f->m->vcpus[0].online);
}

static void rtas_events(void **state)
{
	struct fixture *f = *state;
	u8 *log = f->m->mem.host + DATA;
	u32 check = token_of("check-exception");
	struct error err;

	assert_int_equal(call(f, check, 6, 1, 0x500, 1, 0x40000000, 0, DATA, 2048), 1);
	assert_int_equal(machine_powerdown(f->m, &err), 0);
	assert_int_equal(fake_irq_count(IRQ_EPOW), 1);
	assert_int_equal(call(f, check, 6, 1, 0x500, 1, 0x80000000, 0, DATA, 2048), 1);
	assert_int_equal(call(f, check, 6, 1, 0x500, 1, 0x40000000, 0, DATA, 2048), 0);
	assert_int_equal(log[0], 6);
	assert_int_equal(log[3], 64);
	assert_memory_equal(log + 8 + 12, "IBM", 4);
	assert_int_equal(call(f, token_of("event-scan"), 4, 1, ~0u, 0, DATA, 2048), 1);
	/* A buffer outside memory; one too short for the log. */
	assert_int_equal(machine_powerdown(f->m, &err), 0);
	assert_int_equal(call(f, check, 6, 1, 0x500, 1, ~0u, 0, 0xfffff000, 2048), -3);
	memset(log, 0xee, 64);
	assert_int_equal(call(f, token_of("event-scan"), 4, 1, ~0u, 0, DATA, 10), 0);
	assert_int_equal(log[10], 0xee);
}

#define NOT_RECOVERED KVM_RUN_PPC_NMI_DISP_NOT_RECOV
#define HANDLER_RESET 0x4000
#define HANDLER_CHECK 0x4200

/* A vcpu leaves the guest by a machine check, as KVM has it do. */
static void machine_check(struct fixture *f, unsigned index, u64 srr1, u32 dsisr, u64 dar)
{
	struct vcpu *vcpu = &f->m->vcpus[index];
	struct kvm_regs regs = {.pc = 0x5000, .srr0 = 0x5000, .srr1 = srr1, .gpr[3] = 0x333};

	fake_accel.ioctl(vcpu->fd, KVM_SET_REGS, &regs);
	vcpu_set_reg(vcpu, KVM_REG_PPC_DAR, &dar);
	vcpu_set_reg(vcpu, KVM_REG_PPC_DSISR, &dsisr);
	vcpu->run->flags = NOT_RECOVERED;
	fwnmi_machine_check(vcpu);
}

static u64 pc_of(struct fixture *f, unsigned index)
{
	struct kvm_regs regs;

	fake_accel.ioctl(f->m->vcpus[index].fd, KVM_GET_REGS, &regs);
	return regs.pc;
}

static void rtas_handlers_are_registered(void **state)
{
	struct fixture *f = *state;
	u32 token = token_of("ibm,nmi-register");

	assert_int_equal(call(f, token_of("ibm,nmi-interlock"), 0, 1), -3);
	assert_int_equal(call(f, token, 2, 1, 32 << 20, HANDLER_CHECK), -3);
	assert_int_equal(call(f, token, 2, 1, HANDLER_RESET, 0xfffffffc), -3);
	assert_int_equal(call(f, token, 2, 1, HANDLER_RESET + 2, HANDLER_CHECK), -3);
	machine_check(f, 0, 0, 0, 0);
	assert_int_equal(pc_of(f, 0), 0x200);
	assert_int_equal(machine_nmi(f->m, NULL), 0);
	assert_int_equal(pc_of(f, 0), 0x100);
	assert_int_equal(call(f, token, 2, 1, HANDLER_RESET, HANDLER_CHECK), 0);
	assert_int_equal(machine_nmi(f->m, NULL), 0);
	assert_int_equal(pc_of(f, 0), HANDLER_RESET);
	/* Stopped processors stay so. */
	assert_int_equal(pc_of(f, 3), 0);
}

static void rtas_machine_check_has_a_log(void **state)
{
	static const struct {
		u64 srr1;
		u32 dsisr;
		u8 type, subtype, initiator;
	} rows[] = {
	    {0x200000, 0x8000, 0, 0x43, 0x40}, /* memory, by a load */
	    {0x200000, 0x4000, 0, 0x44, 0x40}, /* ... by the walk of its translation */
	    {0x040000, 0x8000, 0, 0x01, 0x40}, /* ... by a fetch */
	    {0x180000, 0, 0, 0x02, 0x40},
	    {0x200000, 0x0080, 1, 0x81, 0x10}, /* SLB, two entries */
	    {0x080000, 0, 1, 0x00, 0x10},      /* SLB, parity */
	    {0x200000, 0x0800, 2, 0x81, 0x10}, /* ERAT */
	    {0x140000, 0, 4, 0x01, 0x10},      /* TLB */
	    {0, 0, 0, 0x00, 0x40},	       /* not told */
	};
	struct fixture *f = *state;
	struct kvm_regs regs;

	call(f, token_of("ibm,nmi-register"), 2, 1, HANDLER_RESET, HANDLER_CHECK);
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		const u8 *save, *mc;

		machine_check(f, 0, rows[i].srr1, rows[i].dsisr, 0x123456789);
		fake_accel.ioctl(f->m->vcpus[0].fd, KVM_GET_REGS, &regs);
		assert_int_equal(regs.pc, HANDLER_CHECK);
		assert_int_equal(regs.srr0, 0x5000);
		assert_int_equal(regs.srr1, rows[i].srr1);
		assert_true(regs.msr == (PPC_BIT(0) | PPC_BIT(51)));
		assert_true(regs.gpr[3] >= f->m->fwnmi.rtas);
		save = f->m->mem.host + regs.gpr[3];
		assert_int_equal(load_be64(save), 0x333);
		assert_int_equal(save[8], 6);
		assert_int_equal(save[9], 3 << 5 | 2 << 3 | 1 << 2);
		assert_int_equal(save[10], rows[i].initiator);
		assert_int_equal(load_be32(save + 12), 16 + 48 + 24 + 40);
		mc = save + 8 + 8 + 16 + 48 + 24;
		assert_memory_equal(mc, "MC", 2);
		assert_int_equal(mc[3], 40);
		assert_int_equal(mc[16], rows[i].type);
		assert_int_equal(mc[17], rows[i].subtype);
		assert_int_equal(load_be64(mc + 24), mc[17] & 0xc0 ? 0x123456789 : 0);
		assert_int_equal(call(f, token_of("ibm,nmi-interlock"), 0, 1), 0);
		assert_int_equal(call(f, token_of("ibm,nmi-interlock"), 0, 1), -3);
	}
}

/* Another waits at its instruction; the same can't be helped. */
static void rtas_one_machine_check_at_a_time(void **state)
{
	struct fixture *f = *state;

	call(f, token_of("ibm,nmi-register"), 2, 1, HANDLER_RESET, HANDLER_CHECK);
	machine_check(f, 1, 0x200000, 0x8000, 0);
	assert_int_equal(pc_of(f, 1), HANDLER_CHECK);
	assert_int_equal(call(f, token_of("ibm,nmi-interlock"), 0, 1), -3);
	f->m->quit = true; /* nobody waits long then */
	machine_check(f, 0, 0x200000, 0x8000, 0);
	assert_int_equal(pc_of(f, 0), 0x5000);
	assert_string_equal(machine_status(f->m), "running");
	machine_check(f, 1, 0x200000, 0x8000, 0);
	assert_string_equal(machine_status(f->m), "guest-panicked");
}

/* Whatever a block says, only the guest's memory is touched. */
static void rtas_hostile(void **state)
{
	struct fixture *f = *state;
	struct machine *m = f->m;
	u8 *p = m->mem.host + ARGS;
	u64 end = m->mem.bytes;
	u32 token;

	assert_int_equal(rtas_call(&m->vcpus[0], ~0ull), H_PARAMETER);
	assert_int_equal(rtas_call(&m->vcpus[0], end), H_PARAMETER);
	assert_int_equal(rtas_call(&m->vcpus[0], end - 8), H_PARAMETER);
	assert_int_equal(call(f, 0, 0, 1), H_PARAMETER);
	assert_int_equal(call(f, 0xffffffff, 0, 1), H_PARAMETER);
	/* A block whose words run out of memory. */
	store_be32(m->mem.host + end - 12, token_of("get-time-of-day"));
	store_be32(m->mem.host + end - 8, 0);
	store_be32(m->mem.host + end - 4, 8);
	assert_int_equal(rtas_call(&m->vcpus[0], end - 12), H_PARAMETER);
	for (unsigned i = 0; rtas_name(i, &token); i++)
		for (u32 n_in = 0; n_in < 20; n_in++)
			for (u32 n_out = 0; n_out < 20; n_out++) {
				for (int w = 0; w < 40; w++)
					store_be32(p + 4 * w, 0xfffffff0);
				store_be32(p, token);
				store_be32(p + 4, n_in);
				store_be32(p + 8, n_out);
				rtas_call(&m->vcpus[0], ARGS);
			}
	store_be32(p + 4, 0xffffffff);
	store_be32(p + 8, 1);
	assert_int_equal(rtas_call(&m->vcpus[0], ARGS), H_PARAMETER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(rtas_clock),
	    T(rtas_nvram),
	    T(rtas_parameters),
	    T(rtas_cpus),
	    T(rtas_events),
	    T(rtas_handlers_are_registered),
	    T(rtas_machine_check_has_a_log),
	    T(rtas_one_machine_check_at_a_time),
	    T(rtas_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
