/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupts and translation as the Power ISA 2.07, Book III-S, chapters 5 and 6 have them. */
#include "cpu_fixture.h"

#define CODE_GPA  0x100000ull
#define DATA_GPA  0x200000ull
#define CODE_EA	  0x10000000ull
#define DATA_EA	  0x20000000ull
#define CODE_VSID 0x111ull
#define DATA_VSID 0x222ull
#define MEMORY	  0x10ull /* WIMG = M */

#define INSN_LWZ   0x80640000u /* lwz r3, 0(r4) */
#define INSN_STW   0x90640000u /* stw r3, 0(r4) */
#define INSN_LWARX 0x7c602028u /* lwarx r3, 0, r4 */
#define INSN_NOP   0x60000000u
#define INSN_TRAP  0x7fe00008u
#define INSN_MFMSR 0x7c6000a6u
#define INSN_FADD  0xfc22182au
#define INSN_VADD  0x10221880u
#define INSN_XXLOR 0xf0221c97u
#define INSN_SC	   0x44000002u
#define INSN_HCALL 0x44000022u
#define INSN_RFID  0x4c000024u
#define INSN_MTTAR 0x7c6fcba6u /* mtspr 815, r3 */

#define KERNEL (MSR_SF | MSR_ME | MSR_IR | MSR_DR | MSR_RI)

static struct fixture *mapped(u64 data_attr)
{
	struct fixture *f = fixture_new();

	map_segment(f, 0, CODE_EA >> 28, CODE_VSID, 0);
	map_segment(f, 1, DATA_EA >> 28, DATA_VSID, SLB_VSID_KP);
	map_page(f, CODE_VSID, CODE_EA, CODE_GPA, MEMORY | 2);
	if (data_attr != ~0ull)
		map_page(f, DATA_VSID, DATA_EA, DATA_GPA, MEMORY | data_attr);
	cpu_set_msr(&f->cpu, KERNEL);
	f->cpu.gpr[4] = DATA_EA;
	return f;
}

static void run_one(struct fixture *f, u32 insn)
{
	step_insn(f, CODE_EA, CODE_GPA, insn);
}

static void assert_interrupt(struct fixture *f, u64 vector, u64 srr0, u64 srr1)
{
	assert_int_equal(f->cpu.nip, vector);
	assert_int_equal(f->cpu.srr0, srr0);
	assert_int_equal(f->cpu.srr1, srr1);
	assert_int_equal(f->cpu.msr, MSR_SF | MSR_ME);
}

static void load_finds_its_page_and_sets_r(void **state)
{
	struct fixture *f = mapped(2);
	struct hpt_hit hit;

	store_be32(f->ram + DATA_GPA, 0x12345678);
	run_one(f, INSN_LWZ);
	assert_int_equal(f->cpu.gpr[3], 0x12345678);
	assert_int_equal(f->cpu.nip, CODE_EA + 4);
	assert_true(hpt_search(f->hpt, DATA_VSID << 12, DATA_EA, &hit));
	assert_int_equal(hit.r & (HPT_R_R | HPT_R_C), HPT_R_R);
	run_one(f, INSN_STW);
	assert_true(hpt_search(f->hpt, DATA_VSID << 12, DATA_EA, &hit));
	assert_int_equal(hit.r & (HPT_R_R | HPT_R_C), HPT_R_R | HPT_R_C);
	fixture_free(f);
}

static void no_entry_is_a_storage_interrupt(void **state)
{
	struct fixture *f = mapped(~0ull);

	run_one(f, INSN_LWZ);
	assert_interrupt(f, VEC_DSI, CODE_EA, KERNEL);
	assert_int_equal(f->cpu.dar, DATA_EA);
	assert_int_equal(f->cpu.dsisr, 0x40000000);
	cpu_set_msr(&f->cpu, KERNEL);
	run_one(f, INSN_STW);
	assert_int_equal(f->cpu.dsisr, 0x42000000);
	fixture_free(f);
}

static void no_segment_is_a_segment_interrupt(void **state)
{
	struct fixture *f = mapped(~0ull);

	f->cpu.gpr[4] = 0x30000000;
	run_one(f, INSN_LWZ);
	assert_interrupt(f, VEC_DSEGI, CODE_EA, KERNEL);
	assert_int_equal(f->cpu.dar, 0x30000000);
	cpu_set_msr(&f->cpu, KERNEL);
	f->cpu.nip = 0x50000000;
	cpu_step(&f->cpu);
	assert_interrupt(f, VEC_ISEGI, 0x50000000, KERNEL);
	fixture_free(f);
}

static void protection_follows_pp_and_key(void **state)
{
	struct fixture *f = mapped(3); /* read only for both keys */

	run_one(f, INSN_STW);
	assert_interrupt(f, VEC_DSI, CODE_EA, KERNEL);
	assert_int_equal(f->cpu.dsisr, 0x0a000000);
	fixture_free(f);

	f = mapped(1); /* key 0: write, key 1: read; Kp is 1 */
	cpu_set_msr(&f->cpu, KERNEL);
	run_one(f, INSN_STW);
	assert_int_equal(f->cpu.nip, CODE_EA + 4);
	cpu_set_msr(&f->cpu, KERNEL | MSR_PR);
	run_one(f, INSN_LWZ);
	assert_int_equal(f->cpu.nip, CODE_EA + 4);
	run_one(f, INSN_STW);
	assert_int_equal(f->cpu.dsisr, 0x0a000000);
	fixture_free(f);
}

static void class_key_is_looked_up_in_amr(void **state)
{
	struct fixture *f = fixture_new();

	fixture_free(f);
	f = mapped(2 | 3ull << 9);	   /* key 3 */
	f->cpu.amr = 1ull << (62 - 2 * 3); /* no reading */
	run_one(f, INSN_LWZ);
	assert_interrupt(f, VEC_DSI, CODE_EA, KERNEL);
	assert_int_equal(f->cpu.dsisr, 0x00200000);
	fixture_free(f);
}

static void fetch_faults_tell_in_srr1(void **state)
{
	struct fixture *f = mapped(2 | HPT_R_N);

	f->cpu.nip = DATA_EA;
	cpu_step(&f->cpu);
	assert_interrupt(f, VEC_ISI, DATA_EA, KERNEL | 0x10000000);
	cpu_set_msr(&f->cpu, KERNEL);
	f->cpu.nip = DATA_EA + 0x1000;
	cpu_step(&f->cpu);
	assert_interrupt(f, VEC_ISI, DATA_EA + 0x1000, KERNEL | 0x40000000);
	fixture_free(f);
}

static void removed_page_is_gone_after_its_flush(void **state)
{
	struct fixture *f = mapped(2);
	struct hpt_hit hit;

	run_one(f, INSN_STW);
	assert_true(hpt_search(f->hpt, DATA_VSID << 12, DATA_EA, &hit));
	assert_int_equal(hpt_remove(f->hpt, hit.index, 1 << HPT_ALWAYS, 0, NULL, NULL), 0);
	cpu_flush_page(&f->cpu, DATA_VSID << 28 | (DATA_EA & 0xfffffff), 12);
	run_one(f, INSN_LWZ);
	assert_int_equal(f->cpu.nip, VEC_DSI);
	fixture_free(f);
}

static void invalidated_segment_is_gone(void **state)
{
	struct fixture *f = mapped(2);

	run_one(f, INSN_LWZ);
	f->cpu.gpr[5] = DATA_EA;
	run_one(f, 0x7c002b64); /* slbie r5 */
	assert_int_equal(f->cpu.nip, CODE_EA + 4);
	run_one(f, INSN_LWZ);
	assert_int_equal(f->cpu.nip, VEC_DSEGI);
	fixture_free(f);
}

/* slbie names the segment's size; one of another size stays. */
static void invalidated_large_segment_is_gone(void **state)
{
	struct fixture *f = mapped(~0ull);
	u64 ea = 0x7f1234567000ull; /* bit 38 is 0 */

	f->cpu.slb[2] =
	    (struct slb_entry){(ea >> 40 << 40) | SLB_ESID_V, SLB_VSID_B_1T | 0x333ull << 24};
	cpu_slb_changed(&f->cpu);
	f->cpu.gpr[4] = ea;
	run_one(f, INSN_LWZ);
	assert_int_equal(f->cpu.nip, VEC_DSI);
	cpu_set_msr(&f->cpu, KERNEL);
	f->cpu.gpr[5] = ea >> 28 << 28;
	run_one(f, 0x7c002b64); /* slbie r5, B = 0: 256 MB */
	run_one(f, INSN_LWZ);
	assert_int_equal(f->cpu.nip, VEC_DSI);
	cpu_set_msr(&f->cpu, KERNEL);
	f->cpu.gpr[5] = (ea >> 40 << 40) | 1ull << 25;
	run_one(f, 0x7c002b64);
	run_one(f, INSN_LWZ);
	assert_int_equal(f->cpu.nip, VEC_DSEGI);
	fixture_free(f);
}

static void unaligned_reservation_is_an_alignment_interrupt(void **state)
{
	struct fixture *f = mapped(2);

	f->cpu.gpr[4] = DATA_EA + 2;
	run_one(f, INSN_LWARX);
	assert_interrupt(f, VEC_ALIGNMENT, CODE_EA, KERNEL);
	assert_int_equal(f->cpu.dar, DATA_EA + 2);
	fixture_free(f);
}

static void program_interrupts_say_why(void **state)
{
	struct fixture *f = mapped(2);

	run_one(f, INSN_TRAP);
	assert_interrupt(f, VEC_PROGRAM, CODE_EA, KERNEL | SRR1_PROG_TRAP);
	cpu_set_msr(&f->cpu, KERNEL);
	run_one(f, 0);
	assert_interrupt(f, VEC_PROGRAM, CODE_EA, KERNEL | SRR1_PROG_ILLEGAL);
	cpu_set_msr(&f->cpu, KERNEL | MSR_PR);
	run_one(f, INSN_MFMSR);
	assert_interrupt(f, VEC_PROGRAM, CODE_EA, KERNEL | MSR_PR | SRR1_PROG_PRIV);
	fixture_free(f);
}

static void facilities_are_asked_for(void **state)
{
	struct fixture *f = mapped(2);

	run_one(f, INSN_FADD);
	assert_interrupt(f, VEC_FP_UNAVAILABLE, CODE_EA, KERNEL);
	cpu_set_msr(&f->cpu, KERNEL);
	run_one(f, INSN_VADD);
	assert_interrupt(f, VEC_VMX_UNAVAILABLE, CODE_EA, KERNEL);
	cpu_set_msr(&f->cpu, KERNEL);
	run_one(f, INSN_XXLOR);
	assert_interrupt(f, VEC_VSX_UNAVAILABLE, CODE_EA, KERNEL);
	cpu_set_msr(&f->cpu, KERNEL | MSR_PR | MSR_EE);
	run_one(f, INSN_MTTAR);
	assert_interrupt(f, VEC_FACILITY_UNAVAILABLE, CODE_EA, KERNEL | MSR_PR | MSR_EE);
	assert_int_equal(f->cpu.fscr >> 56, 8);
	fixture_free(f);
}

static void system_call_and_return(void **state)
{
	struct fixture *f = mapped(2);

	cpu_set_msr(&f->cpu, KERNEL | MSR_PR | MSR_EE);
	run_one(f, INSN_SC);
	assert_interrupt(f, VEC_SYSCALL, CODE_EA + 4, KERNEL | MSR_PR | MSR_EE);
	step_insn(f, VEC_SYSCALL, VEC_SYSCALL, INSN_RFID);
	assert_int_equal(f->cpu.nip, CODE_EA + 4);
	assert_int_equal(f->cpu.msr, KERNEL | MSR_PR | MSR_EE);
	/* A hypercall from problem state is a system call. */
	run_one(f, INSN_HCALL);
	assert_int_equal(f->cpu.nip, VEC_SYSCALL);
	assert_int_equal(f->hcalls, 0);
	cpu_set_msr(&f->cpu, KERNEL);
	run_one(f, INSN_HCALL);
	assert_int_equal(f->hcalls, 1);
	assert_int_equal(f->cpu.nip, CODE_EA + 4);
	fixture_free(f);
}

static void interrupts_take_mode_and_place_from_lpcr(void **state)
{
	struct fixture *f = mapped(2);

	f->cpu.lpcr = LPCR_ILE | LPCR_AIL_3;
	run_one(f, INSN_SC);
	assert_int_equal(f->cpu.nip, 0xc000000000004c00);
	assert_int_equal(f->cpu.msr, MSR_SF | MSR_ME | MSR_IR | MSR_DR | MSR_LE);
	fixture_free(f);
}

static void pending_interrupts_wait_for_ee(void **state)
{
	struct fixture *f = mapped(2);

	f->cpu.nip = CODE_EA;
	cpu_irq_set(&f->cpu, CPU_IRQ_EXTERNAL);
	cpu_set_dec(&f->cpu, -1);
	assert_false(cpu_take_pending(&f->cpu));
	cpu_set_msr(&f->cpu, KERNEL | MSR_EE);
	assert_true(cpu_take_pending(&f->cpu));
	assert_interrupt(f, VEC_EXTERNAL, CODE_EA, KERNEL | MSR_EE);
	cpu_irq_clear(&f->cpu, CPU_IRQ_EXTERNAL);
	cpu_set_msr(&f->cpu, KERNEL | MSR_EE);
	assert_true(cpu_has_pending(&f->cpu));
	assert_true(cpu_take_pending(&f->cpu));
	assert_int_equal(f->cpu.nip, VEC_DECREMENTER);
	/* Level triggered: only a new value takes it back. */
	assert_true(cpu_has_pending(&f->cpu));
	cpu_set_dec(&f->cpu, 1000000);
	assert_false(cpu_has_pending(&f->cpu));
	fixture_free(f);
}

#define MTMSRD_L 0x7c610164u /* mtmsrd r3, 1 */
#define MFSRR0	 0x7cda02a6u /* mfspr r6, 26 */

/* The dispatcher looked at what waits before, and nobody tells it to look again. */
static void mtmsrd_lets_a_waiting_interrupt_through(void **state)
{
	struct fixture *f;

	setenv("PAPYR_ENGINE", "eager", 1);
	f = mapped(2);
	put_insn(f, 0x500, MFSRR0);
	put_insn(f, 0x504, INSN_HCALL);
	put_insn(f, CODE_GPA, INSN_NOP);
	put_insn(f, CODE_GPA + 4, MTMSRD_L);
	put_insn(f, CODE_GPA + 8, INSN_NOP);
	put_insn(f, CODE_GPA + 12, INSN_HCALL);
	cpu_irq_set(&f->cpu, CPU_IRQ_EXTERNAL);
	f->cpu.nip = CODE_EA;
	f->cpu.gpr[3] = MSR_RI;
	cpu_run(&f->cpu);
	assert_int_equal(f->cpu.nip, CODE_EA + 16);
	assert_int_equal(f->cpu.msr, KERNEL);
	f->cpu.nip = CODE_EA;
	f->cpu.gpr[3] = MSR_EE;
	cpu_run(&f->cpu);
	assert_int_equal(f->cpu.nip, 0x508);
	assert_int_equal(f->cpu.gpr[6], CODE_EA + 8);
	fixture_free(f);
	unsetenv("PAPYR_ENGINE");
}

static void traced_instructions_interrupt(void **state)
{
	struct fixture *f = mapped(2);

	put_insn(f, CODE_GPA, INSN_NOP);
	put_insn(f, VEC_TRACE, INSN_HCALL); /* leaves cpu_run() */
	cpu_set_msr(&f->cpu, KERNEL | MSR_SE);
	f->cpu.nip = CODE_EA;
	assert_int_equal(cpu_run(&f->cpu), CPU_EXIT_HOST);
	assert_int_equal(f->cpu.nip, VEC_TRACE + 4);
	assert_int_equal(f->cpu.srr1, MSR_SF | MSR_ME); /* of the hypercall */
	fixture_free(f);
}

static void watchpoint_stops_the_access(void **state)
{
	struct fixture *f = mapped(2);

	run_one(f, INSN_STW);
	f->cpu.dawr = DATA_EA;
	f->cpu.dawrx = 0x40 | 0x08 | 2; /* stores, any translation, supervisor */
	cpu_slb_changed(&f->cpu);
	run_one(f, INSN_LWZ);
	assert_int_equal(f->cpu.nip, CODE_EA + 4);
	run_one(f, INSN_STW);
	assert_interrupt(f, VEC_DSI, CODE_EA, KERNEL);
	assert_int_equal(f->cpu.dsisr, 0x02400000);
	assert_int_equal(f->cpu.dar, DATA_EA);
	fixture_free(f);
}

/* Does @insn, at @ea (in r4; r5 is 0) in state @msr, meet the watchpoint? */
static bool watched(struct fixture *f, u64 msr, u32 insn, u64 ea)
{
	cpu_set_msr(&f->cpu, msr);
	f->cpu.gpr[4] = ea;
	f->cpu.gpr[5] = 0;
	run_one(f, insn);
	if (f->cpu.nip == CODE_EA + 4)
		return false;
	assert_int_equal(f->cpu.nip, VEC_DSI);
	assert_int_equal(f->cpu.dsisr & 0x00400000, 0x00400000);
	return true;
}

#define INSN_STB     0x98640000u /* stb r3, 0(r4) */
#define INSN_DCBZ    0x7c0027ecu /* dcbz 0, r4 */
#define INSN_STXVD2X 0x7c042f98u /* stxvd2x vs0, r4, r5 */
#define INSN_STQ     0xf8c40002u /* stq r6, 0(r4) */
#define INSN_LXVD2X  0x7c042e98u /* lxvd2x vs0, r4, r5 */
#define INSN_STVX    0x7c2429ceu /* stvx v1, r4, r5 */

static void every_access_to_a_watched_doubleword_is_seen(void **state)
{
	struct fixture *f = mapped(2);
	const u64 kernel = KERNEL | MSR_VSX | MSR_VEC | MSR_FP, at = DATA_EA + 0x100;

	f->cpu.dawr = at + 8;
	f->cpu.dawrx = 0x40 | 0x08 | 2; /* DW, any translation, supervisor */
	cpu_slb_changed(&f->cpu);
	for (unsigned byte = 0; byte < 8; byte++)
		assert_true(watched(f, kernel, INSN_STB, at + 8 + byte));
	assert_false(watched(f, kernel, INSN_STB, at + 7));
	assert_false(watched(f, kernel, INSN_STB, at + 16));
	assert_true(watched(f, kernel, INSN_STW, at + 5));
	assert_true(watched(f, kernel, INSN_DCBZ, DATA_EA + 0x140));
	assert_true(watched(f, kernel, INSN_STXVD2X, at));
	assert_true(watched(f, kernel, INSN_STQ, at));
	assert_true(watched(f, kernel, INSN_STVX, at));
	assert_false(watched(f, kernel, INSN_LXVD2X, at));
	assert_false(watched(f, kernel | MSR_PR | MSR_EE, INSN_STB, at + 8));
	/* 64 bytes by MRD, loads too, in problem state only. */
	f->cpu.dawr = at;
	f->cpu.dawrx = 7 << 10 | 0x40 | 0x20 | 0x08 | 1;
	cpu_slb_changed(&f->cpu);
	assert_true(watched(f, kernel | MSR_PR | MSR_EE, INSN_LWZ, at));
	assert_true(watched(f, kernel | MSR_PR | MSR_EE, INSN_STB, at + 63));
	assert_false(watched(f, kernel | MSR_PR | MSR_EE, INSN_STB, at + 64));
	assert_false(watched(f, kernel, INSN_STB, at + 63));
	/* WT without WTI: only what is translated, as this is. */
	f->cpu.dawrx = 0x40 | 0x10 | 2;
	cpu_slb_changed(&f->cpu);
	assert_true(watched(f, kernel, INSN_STB, at));
	f->cpu.dawrx = 0x40 | 2;
	cpu_slb_changed(&f->cpu);
	assert_false(watched(f, kernel, INSN_STB, at));
	fixture_free(f);
}

/* With translation off a closed key stops nothing: the handlers of its own faults run there. */
static void class_keys_leave_real_mode_alone(void **state)
{
	const u64 vrma = SLB_VSID_B_1T | HPT_VRMA_VSID << HPT_SLB_VSID_SHIFT_1T;
	struct hpt_va va = hpt_va_of_ea(vrma, CODE_GPA);
	struct fixture *f = fixture_new();
	u64 slot, group = hpt_hash(va, 12) & hpt_pteg_mask(f->hpt);

	assert_int_equal(hpt_enter(f->hpt, group << 3, 0, hpt_avpn(va, 12), CODE_GPA | MEMORY | 2,
				   &slot),
			 0);
	f->cpu.lpcr |= LPCR_VPM0;
	cpu_slb_changed(&f->cpu);
	f->cpu.amr = 0xc000000000000000; /* key 0: neither loads nor stores */
	f->cpu.iamr = 0x4000000000000000;
	put_insn(f, CODE_GPA, INSN_LWZ);
	f->cpu.gpr[4] = CODE_GPA;
	f->cpu.nip = CODE_GPA;
	cpu_step(&f->cpu);
	assert_int_equal(f->cpu.nip, CODE_GPA + 4);
	assert_int_equal(f->cpu.gpr[3], INSN_LWZ);
	fixture_free(f);
}

/* By offset and limit: what is beyond gives a storage interrupt. */
static void real_mode_ends_at_its_limit(void **state)
{
	static const struct {
		u64 bytes;
		int code;
	} sizes[] = {{32ull << 20, 8}, {64ull << 20, 3}, {128ull << 20, 7},  {256ull << 20, 4},
		     {1ull << 30, 2},  {16ull << 30, 1}, {256ull << 30, 0}, {96ull << 20, -1},
		     {0, -1}};
	struct fixture *f = fixture_new();
	u64 limit = 32ull << 20;

	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++)
		assert_int_equal(cpu_real_mode_limit_code(sizes[i].bytes), sizes[i].code);
	f->cpu.lpcr = 8ull << LPCR_RMLS_SHIFT;
	f->cpu.rmor = 0x100000;
	cpu_slb_changed(&f->cpu);
	cpu_set_msr(&f->cpu, KERNEL & ~(MSR_IR | MSR_DR));
	put_insn(f, CODE_GPA + f->cpu.rmor, INSN_LWZ);
	put_insn(f, CODE_GPA + 4 + f->cpu.rmor, INSN_STW);
	put_insn(f, limit - 4 + f->cpu.rmor, 0x11223344);
	f->cpu.gpr[4] = limit - 4;
	f->cpu.nip = CODE_GPA;
	cpu_step(&f->cpu);
	assert_int_equal(f->cpu.nip, CODE_GPA + 4);
	assert_int_equal(f->cpu.gpr[3], 0x11223344);
	f->cpu.gpr[4] = limit;
	cpu_step(&f->cpu);
	assert_interrupt(f, VEC_DSI, CODE_GPA + 4, KERNEL & ~(MSR_IR | MSR_DR));
	assert_int_equal(f->cpu.dar, limit);
	assert_int_equal(f->cpu.dsisr, DSISR_PROT | DSISR_STORE);
	f->cpu.nip = limit;
	cpu_step(&f->cpu);
	assert_interrupt(f, VEC_ISI, limit, (f->cpu.srr1 & ~DSISR_PROT) | DSISR_PROT);
	fixture_free(f);
}

static void supervisor_invalidates_its_own_translations(void **state)
{
	struct fixture *f = mapped(2);

	run_one(f, 0x7c005224); /* tlbiel r10 */
	assert_int_equal(f->cpu.nip, CODE_EA + 4);
	cpu_set_msr(&f->cpu, KERNEL | MSR_PR | MSR_EE);
	run_one(f, 0x7c005224);
	assert_interrupt(f, VEC_PROGRAM, CODE_EA, KERNEL | MSR_PR | MSR_EE | SRR1_PROG_PRIV);
	fixture_free(f);
}

static void stores_to_code_are_seen(void **state)
{
	struct fixture *f = mapped(2);
	u64 at = CODE_GPA;

	/* stw r3, 0(r4); isync; <changed>; hcall, all in one block's reach; the store writes the
	 * third word. */
	map_page(f, DATA_VSID, DATA_EA + 0x1000, CODE_GPA, MEMORY | 2);
	put_insn(f, at, INSN_STW);
	put_insn(f, at + 4, 0x4c00012c); /* isync */
	put_insn(f, at + 8, 0x38a00001); /* li r5, 1 */
	put_insn(f, at + 12, INSN_HCALL);
	f->cpu.gpr[3] = 0x38a00002; /* li r5, 2 */
	f->cpu.gpr[4] = DATA_EA + 0x2000;
	map_page(f, DATA_VSID, DATA_EA + 0x2000, DATA_GPA, MEMORY | 2);
	f->cpu.nip = CODE_EA;
	cpu_run(&f->cpu);
	assert_int_equal(f->cpu.gpr[5], 1);
	f->cpu.gpr[4] = DATA_EA + 0x1008;
	f->cpu.nip = CODE_EA;
	cpu_run(&f->cpu);
	assert_int_equal(f->cpu.gpr[5], 2);
	assert_int_equal(f->code_writes, 1);
	/* From outside: seen after a recheck. */
	put_insn(f, at + 8, 0x38a00003);
	f->cpu.gpr[4] = DATA_EA + 0x2000;
	cpu_code_recheck(&f->cpu);
	f->cpu.nip = CODE_EA;
	cpu_run(&f->cpu);
	assert_int_equal(f->cpu.gpr[5], 3);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(load_finds_its_page_and_sets_r),
	    cmocka_unit_test(no_entry_is_a_storage_interrupt),
	    cmocka_unit_test(no_segment_is_a_segment_interrupt),
	    cmocka_unit_test(protection_follows_pp_and_key),
	    cmocka_unit_test(class_key_is_looked_up_in_amr),
	    cmocka_unit_test(fetch_faults_tell_in_srr1),
	    cmocka_unit_test(removed_page_is_gone_after_its_flush),
	    cmocka_unit_test(invalidated_segment_is_gone),
	    cmocka_unit_test(invalidated_large_segment_is_gone),
	    cmocka_unit_test(unaligned_reservation_is_an_alignment_interrupt),
	    cmocka_unit_test(program_interrupts_say_why),
	    cmocka_unit_test(facilities_are_asked_for),
	    cmocka_unit_test(system_call_and_return),
	    cmocka_unit_test(interrupts_take_mode_and_place_from_lpcr),
	    cmocka_unit_test(pending_interrupts_wait_for_ee),
	    cmocka_unit_test(mtmsrd_lets_a_waiting_interrupt_through),
	    cmocka_unit_test(traced_instructions_interrupt),
	    cmocka_unit_test(watchpoint_stops_the_access),
	    cmocka_unit_test(every_access_to_a_watched_doubleword_is_seen),
	    cmocka_unit_test(class_keys_leave_real_mode_alone),
	    cmocka_unit_test(real_mode_ends_at_its_limit),
	    cmocka_unit_test(supervisor_invalidates_its_own_translations),
	    cmocka_unit_test(stores_to_code_are_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
