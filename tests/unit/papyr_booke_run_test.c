/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Book E vcpus that run: the watchdog's end, the shared array when KVM_RUN returns, watchpoints
 * among their registers, an e500v2's alternate timebase, and what is wrong with addresses that a
 * request has in it.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include "papyr_booke.h"

#define RAM_BYTES  (1u << 20)
#define CODE	   0x1000
#define NO_MEMORY  0xe0000000u
#define ALL_ACCESS (PAPYR_MAP_READ | PAPYR_MAP_WRITE | PAPYR_MAP_EXECUTE)

#define BRANCH_HERE 0x48000000u
#define TLBWE	    0x7c0007a4u
#define LWZ_R3_R4   0x80640000u
#define LWZ_R3_R5   0x80650000u
#define BRANCH_BACK 0x4bfffff8u /* by two */

#define WATCHDOG_RESETS 0x10000000u /* TCR[WRC]: the core */
/* TCR: a timeout each 2^17 ticks of the timebase, or as few as the 440 has. */
#define PERIOD_440  0
#define PERIOD_E500 (2u << 30 | 11u << 17)

static struct kvm_run *run;
static u8 *ram;

/* Memory with code in it, and who runs it. */
static void give_guest(const u32 *code, unsigned words)
{
	struct kvm_userspace_memory_region slot = {.memory_size = RAM_BYTES};
	struct kvm_regs regs = {.pc = CODE, .gpr[4] = NO_MEMORY};

	ram = mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(ram != MAP_FAILED);
	for (unsigned i = 0; i < words; i++)
		store_be32(ram + CODE + 4 * i, code[i]);
	slot.userspace_addr = (uintptr_t)ram;
	assert_int_equal(papyr_ioctl(vm, KVM_SET_USER_MEMORY_REGION, &slot), 0);
	run = papyr_mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	assert_true(run != MAP_FAILED);
	assert_true(map_this(0, 0, RAM_BYTES, ALL_ACCESS, 0) >= 0);
	assert_true(map_this(NO_MEMORY, NO_MEMORY, 4096, PAPYR_MAP_READ, 0) >= 0);
	assert_int_equal(ask(KVM_SET_REGS, &regs), 0);
}

static int end_guest(void **state)
{
	munmap(run, getpagesize());
	run = NULL;
	return end(state) || munmap(ram, RAM_BYTES);
}

/* --- the watchdog --- */

static void stop_running(int sig)
{
	run->immediate_exit = 1;
}

/* Runs it for some time if nothing ends that before. */
static int run_for(unsigned ms)
{
	struct sigaction act = {.sa_handler = stop_running};
	struct itimerval alarm = {.it_value.tv_usec = ms * 1000}, none = {0};
	int ret;

	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &alarm, NULL);
	ret = ask(KVM_RUN, NULL);
	setitimer(ITIMER_REAL, &none, NULL);
	run->immediate_exit = 0;
	return ret;
}

static void start_watchdog(void)
{
	bool e500 = extension(PAPYR_CAP_TLB) == KVM_CPU_E500V2;
	const u32 code[] = {BRANCH_HERE};

	give_guest(code, ARRAY_SIZE(code));
	assert_int_equal(
	    set_reg(KVM_REG_PPC_TCR, WATCHDOG_RESETS | (e500 ? PERIOD_E500 : PERIOD_440)), 0);
}

static u64 watchdog_did(void)
{
	u64 tsr;

	assert_int_equal(get_reg(KVM_REG_PPC_TSR, &tsr), 0);
	return tsr & 0x30000000;
}

static void the_watchdog_ends_a_run(void **state)
{
	struct kvm_enable_cap cap = {.cap = KVM_CAP_PPC_BOOKE_WATCHDOG};

	assert_int_equal(extension(KVM_CAP_PPC_BOOKE_WATCHDOG), 1);
	assert_int_equal(ask(KVM_ENABLE_CAP, &cap), 0);
	for (unsigned times = 0; times < 2; times++) {
		if (times)
			assert_int_equal(set_reg(KVM_REG_PPC_TSR, 0), 0);
		else
			start_watchdog();
		assert_int_equal(ask(KVM_RUN, NULL), 0);
		assert_int_equal(run->exit_reason, KVM_EXIT_WATCHDOG);
		assert_int_equal(watchdog_did(), WATCHDOG_RESETS);
		/* Who knows isn't told again before the timers are set. */
		assert_int_equal(run_for(20), -EINTR);
	}
}

/* Nobody asked: it only says what it would have done. */
static void the_watchdog_is_told_to_who_asked(void **state)
{
	start_watchdog();
	for (unsigned i = 0; i < 1000 && !watchdog_did(); i++)
		assert_int_equal(run_for(10), -EINTR);
	assert_int_equal(watchdog_did(), WATCHDOG_RESETS);
	assert_int_equal(run_for(10), -EINTR);
}

/* --- the shared array --- */

#define ARRAY_BYTES (N_E500 * sizeof(struct kvm_book3e_206_tlb_entry))
#define MAPPED	    0x5000 /* in set 5 of TLB0, by the guest */

static struct kvm_book3e_206_tlb_entry *share_array(void)
{
	struct kvm_book3e_206_tlb_params params = {.tlb_sizes = {512, 16}, .tlb_ways = {4, 16}};
	struct kvm_book3e_206_tlb_entry *array =
	    mmap(NULL, ARRAY_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct kvm_config_tlb c = {(uintptr_t)&params, (uintptr_t)array, KVM_MMU_FSL_BOOKE_NOHV,
				   ARRAY_BYTES};

	assert_true(array != MAP_FAILED);
	assert_int_equal(config(&c), 0);
	return array;
}

/* A guest that writes an entry, and stops. */
static void give_writer(void)
{
	const u32 code[] = {TLBWE, LWZ_R3_R4};

	give_guest(code, ARRAY_SIZE(code));
	assert_int_equal(set_reg(KVM_REG_PPC_MAS0, 1 << 16), 0);
	assert_int_equal(set_reg(KVM_REG_PPC_MAS1, 0xc0051100), 0);
	assert_int_equal(set_reg(KVM_REG_PPC_MAS2, MAPPED | 4), 0);
	assert_int_equal(set_reg(KVM_REG_PPC_MAS7_3, 0x27000003f), 0);
}

static void the_array_is_written_when_it_returns(void **state)
{
	struct kvm_book3e_206_tlb_entry *array = share_array(), all[N_E500];

	give_writer();
	assert_int_equal(array[512].mas1 & 0x80000000, 0x80000000);
	assert_int_equal(array[5 * 4 + 1].mas1, 0);
	/* What the client changes and doesn't say is the guest's to overwrite. */
	array[7].mas1 = 0x80000100;
	assert_int_equal(ask(KVM_RUN, NULL), 0);
	assert_int_equal(run->exit_reason, KVM_EXIT_MMIO);
	/* TLB0 knows neither IPROT nor another size. */
	assert_int_equal(array[5 * 4 + 1].mas1, 0x80051100);
	assert_true(array[5 * 4 + 1].mas2 == (MAPPED | 4));
	assert_true(array[5 * 4 + 1].mas7_3 == 0x27000003f);
	assert_int_equal(tlb(PAPYR_GET_TLB, KVM_CPU_E500V2, PAPYR_TLB_GUEST, N_E500, all), 0);
	assert_memory_equal(all, array, ARRAY_BYTES);
	munmap(array, ARRAY_BYTES);
}

static void an_array_that_has_gone(void **state)
{
	struct kvm_book3e_206_tlb_entry *array = share_array();
	struct kvm_dirty_tlb dirty = {0};

	give_writer();
	munmap(array, ARRAY_BYTES);
	assert_int_equal(ask(KVM_RUN, NULL), -EFAULT);
	assert_int_equal(ask(KVM_DIRTY_TLB, &dirty), -EFAULT);
	/* The guest has its TLB all the same. */
	assert_true(translate((u64)5 << 32 | 1ull << 40 | MAPPED).physical_address == 0x270000000);
	assert_int_equal(map_this(0x40000000, 0, 4096, PAPYR_MAP_READ, 0), -EFAULT);
}

/* --- addresses and numbers that are wrong --- */

static void requests_of_nowhere(void **state)
{
	struct kvm_enable_cap cap = {.cap = KVM_CAP_PPC_BOOKE_WATCHDOG, .flags = 1};
	bool e500 = extension(PAPYR_CAP_TLB) == KVM_CPU_E500V2;
	struct kvm_one_reg reg = {.id = KVM_REG_PPC_PAPYR_SPR(e500 ? 1009 : 947)};
	u64 value;

	assert_int_equal(ask(KVM_TRANSLATE, NULL), -EFAULT);
	assert_int_equal(ask(KVM_GET_REGS, NULL), -EFAULT);
	assert_int_equal(ask(KVM_SET_REGS, NULL), -EFAULT);
	assert_int_equal(ask(KVM_GET_SREGS, NULL), -EFAULT);
	assert_int_equal(ask(KVM_SET_SREGS, NULL), -EFAULT);
	assert_int_equal(ask(KVM_INTERRUPT, NULL), -EFAULT);
	assert_int_equal(ask(KVM_GET_ONE_REG, NULL), -EFAULT);
	assert_int_equal(ask(KVM_SET_ONE_REG, NULL), -EFAULT);
	assert_int_equal(get_reg(reg.id, &value), 0);
	assert_int_equal(ask(KVM_GET_ONE_REG, &reg), -EFAULT);
	assert_int_equal(ask(KVM_SET_ONE_REG, &reg), -EFAULT);
	assert_int_equal(ask(KVM_ENABLE_CAP, NULL), -EFAULT);
	assert_int_equal(ask(KVM_ENABLE_CAP, &cap), -EINVAL);
	/* One that no processor has, one that can't be written. */
	assert_int_equal(get_reg(KVM_REG_PPC_PAPYR_SPR(1023), &value), -EINVAL);
	assert_int_equal(set_reg(KVM_REG_PPC_PAPYR_SPR(1023), 0), -EINVAL);
	assert_int_equal(set_reg(KVM_REG_PPC_PAPYR_SPR(287), 0), -EINVAL);
}

/* Half of what would be set isn't there: nothing is. */
static void half_a_tlb(void **state)
{
	bool e500 = extension(PAPYR_CAP_TLB) == KVM_CPU_E500V2;
	u32 cpu = e500 ? KVM_CPU_E500V2 : KVM_CPU_440, n = e500 ? N_E500 : N_440;
	size_t bytes =
	    n * (e500 ? sizeof(struct kvm_book3e_206_tlb_entry) : sizeof(struct papyr_tlb_440));
	size_t page = getpagesize();
	u8 *two = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	u8 *half = two + page - bytes / 2 / 8 * 8 % page;

	assert_true(two != MAP_FAILED);
	assert_int_equal(munmap(two + page, page), 0);
	memset(two, 0xff, page);
	assert_true(map_this(0, 0x300000, 4096, PAPYR_MAP_READ, 0) >= 0);
	assert_int_equal(tlb(PAPYR_SET_TLB, cpu, PAPYR_TLB_GUEST, n, half), -EFAULT);
	assert_int_equal(tlb(PAPYR_GET_TLB, cpu, PAPYR_TLB_GUEST, n, half), -EFAULT);
	assert_true(translate(0x10).physical_address == 0x300010);
	assert_false(translate(0xfffff000).valid);
	munmap(two, page);
}

static void a_full_tlb(void **state)
{
	bool e500 = extension(PAPYR_CAP_TLB) == KVM_CPU_E500V2;
	unsigned n = e500 ? 16 : 64;

	for (unsigned i = 0; i < n; i++)
		assert_int_equal(map_this(i << 12, 0, 4096, PAPYR_MAP_READ, 0),
				 (e500 ? TLB1 : 0) + i);
	assert_int_equal(map_this(n << 12, 0, 4096, PAPYR_MAP_READ, 0), -ENOSPC);
	assert_int_equal(map_this(0, 0, 4096, PAPYR_MAP_READ, 0), -EEXIST);
}

/* --- a watchpoint that the client sets in the guest's registers --- */

#define IVPR	0
#define IVOR15	0x2000u
#define WATCHED 0x5000u
#define MSR_DE	0x200u
#define IDM	0x40000000u
#define DAC2R	0x00020000u

/* The guest loads from where it has loaded before, then leaves by a device. */
static void dac_that_is_set(void **state)
{
	const u32 code[] = {LWZ_R3_R5, LWZ_R3_R4, BRANCH_BACK};
	struct kvm_sregs sregs;
	struct kvm_regs regs;

	give_guest(code, ARRAY_SIZE(code));
	store_be32(ram + IVOR15, LWZ_R3_R4 | 4);
	assert_int_equal(ask(KVM_GET_REGS, &regs), 0);
	regs.gpr[5] = WATCHED;
	regs.msr = MSR_DE;
	assert_int_equal(ask(KVM_SET_REGS, &regs), 0);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(ask(KVM_RUN, NULL), 0);
		assert_int_equal(run->exit_reason, KVM_EXIT_MMIO);
		assert_int_equal(run->mmio.phys_addr, NO_MEMORY);
	}
	assert_int_equal(ask(KVM_GET_SREGS, &sregs), 0);
	sregs.u.e.ivpr = IVPR;
	sregs.u.e.ivor_low[15] = IVOR15;
	sregs.u.e.dbcr[0] = IDM | DAC2R;
	assert_int_equal(ask(KVM_SET_SREGS, &sregs), 0);
	assert_int_equal(set_reg(KVM_REG_PPC_DAC2, WATCHED), 0);
	assert_int_equal(ask(KVM_RUN, NULL), 0);
	assert_int_equal(run->exit_reason, KVM_EXIT_MMIO);
	assert_int_equal(run->mmio.phys_addr, NO_MEMORY + 4);
	assert_int_equal(ask(KVM_GET_SREGS, &sregs), 0);
	assert_int_equal(sregs.u.e.dac[1], WATCHED);
	assert_int_equal(sregs.u.e.dbsr, DAC2R);
	assert_int_equal(sregs.u.e.csrr0, CODE);
	assert_int_equal(sregs.u.e.csrr1 & MSR_DE, MSR_DE);
}

#define TBU	      285
#define ATBL	      526
#define ATBU	      527
#define LIS_R6(v)     (0x3cc00000u | (v))
#define MFSPR_R6(n)   (0x7cc002a6u | ((n)&31u) << 16 | ((n) >> 5) << 11)
#define MTSPR_R6(n)   (0x7cc003a6u | ((n)&31u) << 16 | ((n) >> 5) << 11)
#define STW_R6(at)    (0x90c00000u | (at))
#define ATB_READ      0x6000u
#define TIMEBASE_SEEN 0x6008u
#define SRR0_SEEN     0x6010u
#define SECONDS(n)    ((u64)(n)*PAPYR_TIMEBASE_HZ)
#define IVOR6	      0x600u

static u64 pair_at(u32 at)
{
	return (u64)load_be32(ram + at) << 32 | load_be32(ram + at + 4);
}

/*
 * The guest sets its timebase on and reads both. The alternate one is what the timebase was, it
 * goes on as the other does, for a client too, and can't be written.
 */
static void the_alternate_timebase(void **state)
{
	const u32 code[] = {
	    LIS_R6(0x1234), MTSPR_R6(TBU),
	    MFSPR_R6(ATBU), STW_R6(ATB_READ),
	    MFSPR_R6(ATBL), STW_R6(ATB_READ + 4),
	    MFSPR_R6(269),  STW_R6(TIMEBASE_SEEN),
	    MFSPR_R6(268),  STW_R6(TIMEBASE_SEEN + 4),
	    LWZ_R3_R4,	    MTSPR_R6(ATBL),
	};
	const u32 on_illegal[] = {MFSPR_R6(26), STW_R6(SRR0_SEEN), LWZ_R3_R4 | 4};
	struct kvm_sregs sregs;
	u64 ahead, offset, first;

	give_guest(code, ARRAY_SIZE(code));
	for (unsigned i = 0; i < ARRAY_SIZE(on_illegal); i++)
		store_be32(ram + IVOR6 + 4 * i, on_illegal[i]);
	assert_int_equal(ask(KVM_GET_SREGS, &sregs), 0);
	first = sregs.u.e.tb;
	sregs.u.e.ivpr = 0;
	sregs.u.e.ivor_low[6] = IVOR6;
	assert_int_equal(ask(KVM_SET_SREGS, &sregs), 0);
	assert_int_equal(get_reg(KVM_REG_PPC_PAPYR_ATB_AHEAD, &ahead), 0);
	assert_int_equal(ahead, 0);

	assert_int_equal(ask(KVM_RUN, NULL), 0);
	assert_int_equal(run->mmio.phys_addr, NO_MEMORY);
	assert_true(pair_at(TIMEBASE_SEEN) >> 32 == 0x12340000);
	assert_true(pair_at(ATB_READ) > first && pair_at(ATB_READ) - first < SECONDS(60));
	assert_int_equal(get_reg(KVM_REG_PPC_PAPYR_ATB_AHEAD, &ahead), 0);
	assert_int_equal((u32)ahead, 0);
	assert_true(pair_at(TIMEBASE_SEEN) + ahead - pair_at(ATB_READ) < SECONDS(60));

	/* As one who restores a guest sets them. */
	assert_int_equal(get_reg(KVM_REG_PPC_PAPYR_TB_OFFSET, &offset), 0);
	assert_int_equal(set_reg(KVM_REG_PPC_PAPYR_TB_OFFSET, offset + SECONDS(3600)), 0);
	assert_int_equal(set_reg(KVM_REG_PPC_PAPYR_ATB_AHEAD, SECONDS(5)), 0);
	assert_int_equal(get_reg(KVM_REG_PPC_PAPYR_ATB_AHEAD, &ahead), 0);
	assert_true(ahead == SECONDS(5));

	assert_int_equal(ask(KVM_RUN, NULL), 0);
	assert_int_equal(run->mmio.phys_addr, NO_MEMORY + 4);
	assert_int_equal(load_be32(ram + SRR0_SEEN), CODE + 4 * (ARRAY_SIZE(code) - 1));
}

#define RUNS(test, start) cmocka_unit_test_setup_teardown(test, start, end_guest)
#define ASKS(test, start) cmocka_unit_test_setup_teardown(test, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    RUNS(the_watchdog_ends_a_run, start_440),
	    RUNS(the_watchdog_ends_a_run, start_e500),
	    RUNS(the_watchdog_is_told_to_who_asked, start_440),
	    RUNS(the_watchdog_is_told_to_who_asked, start_e500),
	    RUNS(the_array_is_written_when_it_returns, start_e500),
	    RUNS(an_array_that_has_gone, start_e500),
	    RUNS(dac_that_is_set, start_440),
	    RUNS(dac_that_is_set, start_e500),
	    RUNS(the_alternate_timebase, start_e500),
	    ASKS(requests_of_nowhere, start_440),
	    ASKS(requests_of_nowhere, start_e500),
	    ASKS(half_a_tlb, start_440),
	    ASKS(half_a_tlb, start_e500),
	    ASKS(a_full_tlb, start_440),
	    ASKS(a_full_tlb, start_e500),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
