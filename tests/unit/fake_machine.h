/* SPDX-License-Identifier: Apache-2.0 */
/* A machine on the KVM that runs nothing (fake_kvm.h), for tests that want one to do things to. */
#ifndef PAPYR_TESTS_FAKE_MACHINE_H
#define PAPYR_TESTS_FAKE_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_kvm.h"
#include "platform/exits.h"
#include "platform/machine.h"
#include "platform/models.h"
#include "platform/vcpu.h"

/* One that has a kernel of one instruction and no console; to be changed as a test needs it. */
static inline struct machine_config fake_config(unsigned vcpus)
{
	static const u8 kernel[] = {0x60, 0, 0, 0};

	return (struct machine_config){
	    .accel = &fake_accel,
	    .model = machine_model_find("POWER8"),
	    .name = "test",
	    .builtin = kernel,
	    .builtin_bytes = sizeof(kernel),
	    .mem_bytes = 64 << 20,
	    .n_vcpus = vcpus,
	    .threads = 1,
	    .in_fd = -1,
	    .out_fd = -1,
	};
}

/* The first machine of a test: what the KVM knew of others is forgotten. */
static inline struct machine *fake_machine_new(const struct machine_config *cfg,
					       fake_guest_fn guest, void *opaque)
{
	struct error err = {""};
	struct machine *m;

	fake_reset(guest, opaque);
	m = machine_new(cfg, &err);
	if (!m)
		fail_msg("%s", err.text);
	return m;
}

static inline void fake_machine_boot(struct machine *m)
{
	struct error err = {""};

	if (machine_boot(m, &err))
		fail_msg("%s", err.text);
}

/* Its vcpus run from here on, all of them. */
static inline void fake_machine_start(struct machine *m)
{
	struct error err = {""};

	for (unsigned i = 0; i < m->n_vcpus; i++) {
		m->vcpus[i].online = true;
		if (vcpu_start_thread(&m->vcpus[i], &err))
			fail_msg("%s", err.text);
	}
}

/* A guest that makes hypercalls that there aren't, and counts them in the unsigned at @opaque. */
static inline bool fake_guest_counts(void *opaque, unsigned id, struct kvm_run *run)
{
	__atomic_add_fetch((unsigned *)opaque, 1, __ATOMIC_SEQ_CST);
	run->exit_reason = KVM_EXIT_PAPR_HCALL;
	run->papr_hcall.nr = 0x9999;
	run->papr_hcall.args[0] = 0;
	return true;
}

/* Of an RTAS call that there must be. */
static inline u32 token_of(const char *name)
{
	const char *have;
	u32 token;

	for (unsigned i = 0; (have = rtas_name(i, &token)); i++)
		if (!strcmp(have, name))
			return token;
	fail_msg("no RTAS call %s", name);
	return 0;
}

/*
 * Calls RTAS with the @n_in words of @in, by a block at @at of the guest's memory. The hypercall's
 * code, and in *@status the first word of what comes back.
 */
static inline s64 fake_rtas_call(struct machine *m, u64 at, u32 token, u32 n_in, u32 n_out,
				 va_list in, s32 *status)
{
	u8 *p = m->mem.host + at;
	s64 r;

	store_be32(p, token);
	store_be32(p + 4, n_in);
	store_be32(p + 8, n_out);
	for (u32 i = 0; i < n_in; i++)
		store_be32(p + 12 + 4 * i, va_arg(in, u32));
	r = rtas_call(&m->vcpus[0], at);
	*status = (s32)load_be32(p + 12 + 4 * n_in);
	return r;
}

#endif
