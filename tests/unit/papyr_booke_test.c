/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Book E vcpus as their clients see them: TLBs by Papyr's requests and by Linux's, registers; with
 * everything that can be wrong about an argument.
 */
#include <sys/mman.h>
#include "papyr_booke.h"

/* --- which there is --- */

static void a_440_says_what_it_is(void **state)
{
	assert_int_equal(extension(PAPYR_CAP_TLB), KVM_CPU_440);
	assert_int_equal(extension(KVM_CAP_PPC_BOOKE_SREGS), 1);
	assert_int_equal(extension(KVM_CAP_SW_TLB), 0);
}

static void an_e500_says_what_it_is(void **state)
{
	assert_int_equal(extension(PAPYR_CAP_TLB), KVM_CPU_E500V2);
	assert_int_equal(extension(KVM_CAP_PPC_BOOKE_SREGS), 1);
	assert_int_equal(extension(KVM_CAP_SW_TLB), 1);
}

static void book3s_has_none_of_it(void **state)
{
	struct kvm_enable_cap papr = {.cap = KVM_CAP_PPC_PAPR}, sw = {.cap = KVM_CAP_SW_TLB};
	struct kvm_book3e_206_tlb_entry e[N_E500];
	struct kvm_dirty_tlb dirty = {0};

	assert_int_equal(extension(PAPYR_CAP_TLB), 0);
	assert_int_equal(extension(KVM_CAP_SW_TLB), 0);
	assert_int_equal(ask(KVM_ENABLE_CAP, &papr), 0);
	assert_int_equal(tlb(PAPYR_GET_TLB, 0, PAPYR_TLB_GUEST, N_E500, e), -EINVAL);
	assert_int_equal(tlb(PAPYR_GET_TLB, KVM_CPU_440, PAPYR_TLB_GUEST, N_E500, e), -EINVAL);
	assert_int_equal(tlb(PAPYR_SET_TLB, KVM_CPU_3S_64, PAPYR_TLB_GUEST, 0, e), -EINVAL);
	assert_int_equal(map_this(0, 0, 4096, PAPYR_MAP_READ, 0), -EINVAL);
	assert_int_equal(ask(KVM_ENABLE_CAP, &sw), -EINVAL);
	assert_int_equal(ask(KVM_DIRTY_TLB, &dirty), -EINVAL);
}

/* --- Papyr's own requests --- */

static void bad_requests(u32 cpu, u32 other, u32 n, void *entries)
{
	struct papyr_tlb t = {.cpu = cpu, .n = n, .flags = 1, .entries = (uintptr_t)entries};

	assert_int_equal(ask(PAPYR_GET_TLB, NULL), -EFAULT);
	assert_int_equal(ask(PAPYR_SET_TLB, NULL), -EFAULT);
	assert_int_equal(ask(PAPYR_MAP, NULL), -EFAULT);
	assert_int_equal(ask(PAPYR_GET_TLB, &t), -EINVAL);
	assert_int_equal(ask(PAPYR_SET_TLB, &t), -EINVAL);
	assert_int_equal(tlb(PAPYR_GET_TLB, other, PAPYR_TLB_GUEST, n, entries), -EINVAL);
	assert_int_equal(tlb(PAPYR_SET_TLB, other, PAPYR_TLB_GUEST, n, entries), -EINVAL);
	assert_int_equal(tlb(PAPYR_GET_TLB, cpu, 2, n, entries), -EINVAL);
	assert_int_equal(tlb(PAPYR_SET_TLB, cpu, 2, n, entries), -EINVAL);
	assert_int_equal(tlb(PAPYR_SET_TLB, cpu, PAPYR_TLB_SHADOW, n, entries), -EINVAL);
	assert_int_equal(tlb(PAPYR_SET_TLB, cpu, PAPYR_TLB_SHADOW, 0, entries), -EINVAL);
	assert_int_equal(tlb(PAPYR_SET_TLB, cpu, PAPYR_TLB_GUEST, n - 1, entries), -EINVAL);
	assert_int_equal(tlb(PAPYR_SET_TLB, cpu, PAPYR_TLB_GUEST, n + 1, entries), -EINVAL);
	assert_int_equal(tlb(PAPYR_SET_TLB, cpu, PAPYR_TLB_GUEST, ~0u, entries), -EINVAL);
	assert_int_equal(tlb(PAPYR_SET_TLB, cpu, PAPYR_TLB_GUEST, n, NULL), -EFAULT);
	assert_int_equal(tlb(PAPYR_GET_TLB, cpu, PAPYR_TLB_GUEST, n, NULL), -EFAULT);
	/* Too little room: it says how much is wanted. */
	t = (struct papyr_tlb){.cpu = cpu, .n = 3, .entries = (uintptr_t)entries};
	assert_int_equal(ask(PAPYR_GET_TLB, &t), -E2BIG);
	assert_int_equal(t.n, n);
	t.n = ~0u;
	assert_int_equal(ask(PAPYR_GET_TLB, &t), 0);
	assert_int_equal(t.n, n);
}

static void bad_maps(u32 protect)
{
	assert_int_equal(map_this(0, 0, 4096, 0, 0), -EINVAL);
	assert_int_equal(map_this(0, 0, 4096, PAPYR_MAP_USER, 0), -EINVAL);
	assert_int_equal(map_this(0, 0, 4096, PAPYR_MAP_READ | 0x800, 0), -EINVAL);
	assert_int_equal(map_this(0, 0, 4096, PAPYR_MAP_READ, 256), -EINVAL);
	assert_int_equal(map_this(0, 0, 8192, PAPYR_MAP_READ, 0), -EINVAL);
	assert_int_equal(map_this(0x400, 0, 4096, PAPYR_MAP_READ, 0), -EINVAL);
	assert_int_equal(map_this(0, 0x400, 4096, PAPYR_MAP_READ, 0), -EINVAL);
	assert_int_equal(map_this(~0xfffull, 0, 4096, PAPYR_MAP_READ, 0), -EINVAL);
	assert_int_equal(map_this(0, ~0xfffull, 4096, PAPYR_MAP_READ, 0), -EINVAL);
	if (!protect)
		assert_int_equal(map_this(0, 0, 4096, PAPYR_MAP_READ | PAPYR_MAP_PROTECT, 0),
				 -EINVAL);
}

static void a_440s_tlb(void **state)
{
	struct papyr_tlb_440 e[N_440], back[N_440];

	bad_requests(KVM_CPU_440, KVM_CPU_E500V2, N_440, e);
	bad_maps(0);
	for (unsigned i = 0; i < N_440; i++)
		e[i] = (struct papyr_tlb_440){
		    i, {0xc0000210 + (i << 16), i << 16 | 3, 0xfbf & ~i << 6}};
	assert_int_equal(tlb(PAPYR_SET_TLB, KVM_CPU_440, PAPYR_TLB_GUEST, N_440, e), 0);
	assert_int_equal(tlb(PAPYR_GET_TLB, KVM_CPU_440, PAPYR_TLB_GUEST, N_440, back), 0);
	assert_memory_equal(e, back, sizeof(e));
	/* Bits without a place. */
	memset(e, 0xff, sizeof(e));
	assert_int_equal(tlb(PAPYR_SET_TLB, KVM_CPU_440, PAPYR_TLB_GUEST, N_440, e), 0);
	assert_int_equal(tlb(PAPYR_GET_TLB, KVM_CPU_440, PAPYR_TLB_GUEST, N_440, back), 0);
	assert_int_equal(back[63].tid, 0xff);
	assert_int_equal(back[63].word[1], 0xfffffc0f);
}

static void an_e500s_tlb(void **state)
{
	struct kvm_book3e_206_tlb_entry e[N_E500], back[N_E500];

	bad_requests(KVM_CPU_E500V2, KVM_CPU_440, N_E500, e);
	bad_maps(PAPYR_MAP_PROTECT);
	memset(e, 0, sizeof(e));
	/* Set 5, way 2; TLB1's last. */
	e[22].mas1 = 0x80070100;
	e[22].mas2 = 0x10005004;
	e[22].mas7_3 = 0x300003015;
	e[N_E500 - 1].mas1 = 0xc0001a00;
	e[N_E500 - 1].mas2 = 0x40000000;
	assert_int_equal(tlb(PAPYR_SET_TLB, KVM_CPU_E500V2, PAPYR_TLB_GUEST, N_E500, e), 0);
	assert_int_equal(tlb(PAPYR_GET_TLB, KVM_CPU_E500V2, PAPYR_TLB_GUEST, N_E500, back), 0);
	assert_memory_equal(e, back, sizeof(e));
	/* In the wrong set it could never be found. */
	e[22].mas2 = 0x10006004;
	assert_int_equal(tlb(PAPYR_SET_TLB, KVM_CPU_E500V2, PAPYR_TLB_GUEST, N_E500, e), 0);
	assert_int_equal(tlb(PAPYR_GET_TLB, KVM_CPU_E500V2, PAPYR_TLB_GUEST, N_E500, back), 0);
	assert_int_equal(back[22].mas1, 0);
}

static void map_this_and_translate(void **state)
{
	bool e500 = extension(PAPYR_CAP_TLB) == KVM_CPU_E500V2;
	u32 flags = PAPYR_MAP_READ | PAPYR_MAP_WRITE | PAPYR_MAP_EXECUTE;
	int first = e500 ? TLB1 : 0;

	assert_false(translate(0x1000).valid);
	assert_int_equal(map_this(0, 0x100000000ull, 1 << 24, flags, 0), first);
	assert_int_equal(map_this(0xff000, 0, 4096, flags, 0), -EEXIST);
	assert_int_equal(map_this(0xf0000000, 0x20000000, 4096, flags | PAPYR_MAP_AS1, 9),
			 first + 1);
	assert_true(translate(0x123456).valid);
	assert_true(translate(0x123456).physical_address == 0x100123456ull);
	assert_true(translate(0x7700123456).valid);
	assert_false(translate(0x10000123456).valid);
	assert_false(translate(0x1000000).valid);
	assert_true(translate(0x109f0000ffcull).physical_address == 0x20000ffc);
	assert_false(translate(0x009f0000ffcull).valid);
	assert_false(translate(0x108f0000ffcull).valid);
}

/* A guest that loads, stores and then stops at an access without memory. */
static void the_shadow_is_what_was_used(void **state)
{
	const u32 code[] = {
	    be32(0x80602000), /* lwz r3, 0x2000(0) */
	    be32(0x90603000), /* stw r3, 0x3000(0) */
	    be32(0x3c80e000), /* lis r4, 0xe000 */
	    be32(0x80640000), /* lwz r3, 0(r4) */
	};
	bool e500 = extension(PAPYR_CAP_TLB) == KVM_CPU_E500V2;
	u32 cpu = e500 ? KVM_CPU_E500V2 : KVM_CPU_440, flags[4] = {0};
	struct papyr_tlb t = {.cpu = cpu, .which = PAPYR_TLB_SHADOW};
	struct kvm_userspace_memory_region slot = {.memory_size = 1 << 20};
	struct papyr_tlb_shadow shadow[64];
	struct kvm_regs regs = {.pc = 0x1000};
	void *ram = aligned_alloc(65536, 1 << 20);

	memset(ram, 0, 1 << 20);
	memcpy((char *)ram + 0x1000, code, sizeof(code));
	slot.userspace_addr = (uintptr_t)ram;
	assert_int_equal(papyr_ioctl(vm, KVM_SET_USER_MEMORY_REGION, &slot), 0);
	assert_true(
	    map_this(0, 0, 1 << 20, PAPYR_MAP_READ | PAPYR_MAP_WRITE | PAPYR_MAP_EXECUTE, 0) >= 0);
	assert_true(map_this(0xe0000000, 0xe0000000, 4096, PAPYR_MAP_READ, 0) >= 0);
	assert_int_equal(ask(PAPYR_GET_TLB, &t), 0);
	assert_int_equal(t.n, 0);
	assert_int_equal(ask(KVM_SET_REGS, &regs), 0);
	assert_int_equal(ask(KVM_RUN, NULL), 0);
	assert_int_equal(ask(PAPYR_GET_TLB, &t), -E2BIG);
	t.n = ARRAY_SIZE(shadow);
	t.entries = (uintptr_t)shadow;
	assert_int_equal(ask(PAPYR_GET_TLB, &t), 0);
	for (u32 i = 0; i < t.n; i++) {
		assert_true(shadow[i].ea == shadow[i].gpa && shadow[i].ea < 0x4000);
		assert_int_equal(shadow[i].bytes, 4096);
		flags[shadow[i].ea >> 12] |= shadow[i].flags;
	}
	assert_int_equal(flags[0], 0);
	assert_int_equal(flags[1], PAPYR_MAP_EXECUTE);
	assert_true(flags[2] & PAPYR_MAP_READ);
	assert_true(flags[3] & PAPYR_MAP_WRITE);
	slot.memory_size = 0;
	assert_int_equal(papyr_ioctl(vm, KVM_SET_USER_MEMORY_REGION, &slot), 0);
	free(ram);
}

/* --- Linux's --- */

static struct kvm_book3e_206_tlb_entry array[4096 + 64];

static int try(u32 n0, u32 ways0, u32 n1, u32 ways1)
{
	struct kvm_book3e_206_tlb_params params = {.tlb_sizes = {n0, n1},
						   .tlb_ways = {ways0, ways1}};
	struct kvm_config_tlb c = {(uintptr_t)&params, (uintptr_t)array, KVM_MMU_FSL_BOOKE_NOHV,
				   sizeof(array)};

	return config(&c);
}

static void config_with_bad_arguments(void **state)
{
	struct kvm_book3e_206_tlb_params params = {.tlb_sizes = {512, 16}, .tlb_ways = {4, 16}};
	struct kvm_config_tlb c = {(uintptr_t)&params, (uintptr_t)array, KVM_MMU_FSL_BOOKE_NOHV,
				   sizeof(array)};

	assert_int_equal(config(NULL), -EFAULT);
	c.mmu_type = KVM_MMU_FSL_BOOKE_HV;
	assert_int_equal(config(&c), -EINVAL);
	c.mmu_type = KVM_MMU_FSL_BOOKE_NOHV;
	c.params = 0;
	assert_int_equal(config(&c), -EFAULT);
	c.params = (uintptr_t)&params;
	c.array_len = 528 * sizeof(array[0]) - 1;
	assert_int_equal(config(&c), -EINVAL);
	c.array_len = 528 * sizeof(array[0]);
	c.array = 0;
	assert_int_equal(config(&c), -EFAULT);
	c.array = (uintptr_t)array;
	params.tlb_sizes[2] = 4;
	assert_int_equal(config(&c), -EINVAL);
	params.tlb_sizes[2] = 0;
	params.tlb_ways[3] = 4;
	assert_int_equal(config(&c), -EINVAL);
	params.tlb_ways[3] = 0;
	assert_int_equal(config(&c), 0);
	assert_int_equal(try(512, 4, 65, 65), -EINVAL);
	assert_int_equal(try(512, 4, 16, 8), -EINVAL);
	assert_int_equal(try(512, 3, 16, 16), -EINVAL);
	assert_int_equal(try(512, 0, 16, 16), -EINVAL);
	assert_int_equal(try(0, 1, 16, 16), -EINVAL);
	assert_int_equal(try(513, 513, 16, 16), -EINVAL);
	assert_int_equal(try(512, 1024, 16, 16), -EINVAL);
	assert_int_equal(try(8192, 4, 16, 16), -EINVAL);
	assert_int_equal(try(0x80000000, 4, 16, 16), -EINVAL);
	assert_int_equal(try(~0u, ~0u, ~0u, ~0u), -EINVAL);
	assert_int_equal(try(4096, 64, 64, 64), 0);
	assert_int_equal(try(1, 1, 1, 1), 0);
}

static void the_array_is_shared(void **state)
{
	struct kvm_dirty_tlb dirty = {0};
	u64 value;

	assert_int_equal(ask(KVM_DIRTY_TLB, NULL), -EFAULT);
	assert_int_equal(ask(KVM_DIRTY_TLB, &dirty), 0);
	memset(array, 0, sizeof(array));
	array[128].mas1 = 0x80000a00;
	array[128].mas2 = 0x40000000;
	array[128].mas7_3 = 0x8000003f;
	assert_int_equal(try(128, 2, 32, 32), 0);
	/* What is there counts at once, what comes later when it is said. */
	assert_true(translate(0x40000123).physical_address == 0x80000123);
	array[5].mas1 = 0x80000100;
	array[5].mas2 = 0x90002000;
	array[5].mas7_3 = 0x7000003f;
	assert_false(translate(0x90002004).valid);
	assert_int_equal(ask(KVM_DIRTY_TLB, &dirty), 0);
	assert_true(translate(0x90002004).physical_address == 0x70000004);
	/* And the other way round. */
	assert_int_equal(map_this(0, 0, 4096, PAPYR_MAP_READ, 0), 129);
	assert_int_equal(array[129].mas1, 0x80000100);
	assert_int_equal(get_reg(KVM_REG_PPC_TLB0CFG, &value), 0);
	assert_int_equal(value & 0xff000fff, 2 << 24 | 128);
	assert_int_equal(get_reg(KVM_REG_PPC_TLB1CFG, &value), 0);
	assert_int_equal(value & 0xff000fff, 32 << 24 | 32);
}

static void a_440_has_no_array(void **state)
{
	struct kvm_dirty_tlb dirty = {0};

	assert_int_equal(try(512, 4, 16, 16), -EINVAL);
	assert_int_equal(ask(KVM_DIRTY_TLB, &dirty), -EINVAL);
}

/* --- registers --- */

static void sregs_come_back(void **state)
{
	struct kvm_sregs s, back;
	bool e500 = extension(PAPYR_CAP_TLB) == KVM_CPU_E500V2;

	assert_int_equal(ask(KVM_GET_SREGS, &s), 0);
	assert_int_equal(!!(s.u.e.features & KVM_SREGS_E_ARCH206_MMU), e500);
	assert_int_equal(s.u.e.impl_id, e500 ? KVM_SREGS_E_IMPL_FSL : KVM_SREGS_E_IMPL_NONE);
	assert_int_equal(s.u.e.update_special, 0);
	s.u.e.csrr0 = 0x11111110;
	s.u.e.esr = 0x800000;
	s.u.e.dear = 0xdea5;
	s.u.e.tcr = 0x00400000;
	s.u.e.decar = 77;
	s.u.e.ivpr = 0xc0000000;
	s.u.e.ivor_low[15] = 0x1f0;
	s.u.e.dbcr[1] = 3;
	assert_int_equal(s.u.e.num_iac, e500 ? 2 : 4);
	assert_int_equal(s.u.e.num_dvc, e500 ? 0 : 2);
	s.u.e.iac[s.u.e.num_iac - 1] = 0x1000;
	s.u.e.tsr = 0x08000000;
	if (e500) {
		s.u.e.mas4 = 0x100;
		s.u.e.mas7_3 = 0x300001000;
		s.u.e.ivor_high[2] = 0x2f0;
		s.u.e.impl.fsl.pid2 = 5;
	}
	assert_int_equal(ask(KVM_SET_SREGS, &s), 0);
	assert_int_equal(ask(KVM_GET_SREGS, &back), 0);
	/* What moves by itself only when asked for. */
	assert_int_equal(back.u.e.tsr & 0x08000000, 0);
	s.u.e.update_special = KVM_SREGS_E_UPDATE_TSR;
	assert_int_equal(ask(KVM_SET_SREGS, &s), 0);
	assert_int_equal(ask(KVM_GET_SREGS, &back), 0);
	assert_int_equal(back.u.e.tsr & 0x08000000, 0x08000000);
	s.u.e.tb = back.u.e.tb;
	s.u.e.dec = back.u.e.dec;
	s.u.e.tsr = back.u.e.tsr;
	s.u.e.update_special = 0;
	assert_memory_equal(&s, &back, sizeof(s));
}

/* One that rings while the registers are being set goes on all the same. */
static void a_decrementer_that_rings_at_once(void **state)
{
	struct kvm_sregs s, back;

	assert_int_equal(ask(KVM_GET_SREGS, &s), 0);
	s.u.e.tcr = 0x04400000; /* DIE, ARE */
	s.u.e.decar = 0x40000000;
	s.u.e.dec = 1;
	s.u.e.tsr = 0;
	s.u.e.update_special = ~0u;
	assert_int_equal(ask(KVM_SET_SREGS, &s), 0);
	assert_int_equal(ask(KVM_GET_SREGS, &back), 0);
	assert_int_equal(back.u.e.tsr & 0x08000000, 0x08000000);
	assert_true(back.u.e.dec > 0x30000000 && back.u.e.dec <= 0x40000000);
}

static void sregs_of_others_are_refused(void **state)
{
	struct kvm_sregs s, back;

	assert_int_equal(ask(KVM_GET_SREGS, &s), 0);
	s.u.e.esr = 1;
	s.pvr++;
	assert_int_equal(ask(KVM_SET_SREGS, &s), -EINVAL);
	s.pvr--;
	s.u.e.pir = 1;
	assert_int_equal(ask(KVM_SET_SREGS, &s), -EINVAL);
	assert_int_equal(ask(KVM_GET_SREGS, &back), 0);
	assert_int_equal(back.u.e.esr, 0);
	/* Groups that aren't named stay. */
	s.u.e.features = 0;
	assert_int_equal(ask(KVM_SET_SREGS, &s), 0);
	assert_int_equal(ask(KVM_GET_SREGS, &back), 0);
	assert_int_equal(back.u.e.esr, 0);
}

static void timers_by_number(void **state)
{
	u64 value;

	assert_int_equal(set_reg(KVM_REG_PPC_TCR, 0x04000000), 0);
	assert_int_equal(get_reg(KVM_REG_PPC_TCR, &value), 0);
	assert_int_equal(value, 0x04000000);
	assert_int_equal(set_reg(KVM_REG_PPC_TSR, 0x08000000), 0);
	assert_int_equal(set_reg(KVM_REG_PPC_OR_TSR, 0x40000000), 0);
	assert_int_equal(set_reg(KVM_REG_PPC_CLEAR_TSR, 0x08000000), 0);
	assert_int_equal(get_reg(KVM_REG_PPC_TSR, &value), 0);
	assert_int_equal(value & 0x48000000, 0x40000000);
	assert_int_equal(get_reg(KVM_REG_PPC_OR_TSR, &value), -EINVAL);
	assert_int_equal(get_reg(KVM_REG_PPC_LPCR, &value), -EINVAL);
	assert_int_equal(get_reg(KVM_REG_PPC_VR0, &value), -EINVAL);
	assert_int_equal(set_reg(KVM_REG_PPC_DEC_EXPIRY, 0), -EINVAL);
	assert_int_equal(set_reg(KVM_REG_PPC_DAC2, 0x1234), 0);
	assert_int_equal(get_reg(KVM_REG_PPC_DAC2, &value), 0);
	assert_int_equal(value, 0x1234);
}

static void an_e500s_registers_by_number(void **state)
{
	u64 value;

	assert_int_equal(set_reg(KVM_REG_PPC_MAS7_3, 0x900000015), 0);
	assert_int_equal(get_reg(KVM_REG_PPC_MAS7_3, &value), 0);
	assert_true(value == 0x900000015);
	assert_int_equal(get_reg(KVM_REG_PPC_MMUCFG, &value), 0);
	assert_int_equal(set_reg(KVM_REG_PPC_MMUCFG, value), 0);
	assert_int_equal(set_reg(KVM_REG_PPC_MMUCFG, value + 1), -EINVAL);
	assert_int_equal(get_reg(KVM_REG_PPC_TLB1CFG, &value), 0);
	assert_int_equal(set_reg(KVM_REG_PPC_TLB1CFG, value), 0);
	assert_int_equal(set_reg(KVM_REG_PPC_TLB1CFG, value ^ 1), -EINVAL);
	assert_int_equal(get_reg(KVM_REG_PPC_TLB3PS, &value), 0);
	assert_int_equal(value, 0);
	assert_int_equal(set_reg(KVM_REG_PPC_TLB3PS, 4), -EINVAL);
	assert_int_equal(set_reg(KVM_REG_PPC_IAC2, 0x1000), 0);
	assert_int_equal(set_reg(KVM_REG_PPC_IAC3, 0x1000), -EINVAL);
	assert_int_equal(get_reg(KVM_REG_PPC_IAC4, &value), -EINVAL);
	/* One of four ways. */
	assert_int_equal(set_reg(KVM_REG_PPC_PAPYR_TLB0_NEXT, 7), 0);
	assert_int_equal(get_reg(KVM_REG_PPC_PAPYR_TLB0_NEXT, &value), 0);
	assert_int_equal(value, 3);
}

static void a_440_has_no_mas(void **state)
{
	u64 value;

	assert_int_equal(get_reg(KVM_REG_PPC_MAS0, &value), -EINVAL);
	assert_int_equal(set_reg(KVM_REG_PPC_MAS7_3, 0), -EINVAL);
	assert_int_equal(get_reg(KVM_REG_PPC_MMUCFG, &value), -EINVAL);
	assert_int_equal(get_reg(KVM_REG_PPC_PAPYR_TLB0_NEXT, &value), -EINVAL);
	assert_int_equal(set_reg(KVM_REG_PPC_PAPYR_TLB0_NEXT, 1), -EINVAL);
	assert_int_equal(get_reg(KVM_REG_PPC_PAPYR_ATB_AHEAD, &value), -EINVAL);
	assert_int_equal(set_reg(KVM_REG_PPC_PAPYR_ATB_AHEAD, 1), -EINVAL);
	assert_int_equal(set_reg(KVM_REG_PPC_IAC4, 0x1000), 0);
}

static void regs_have_32_bits(void **state)
{
	struct kvm_regs r, back;

	assert_int_equal(ask(KVM_GET_REGS, &r), 0);
	r.gpr[31] = 0x1234567890abcdefull;
	r.pc = 0xffffffff00001000ull;
	r.sprg7 = 7;
	r.pid = 9;
	assert_int_equal(ask(KVM_SET_REGS, &r), 0);
	assert_int_equal(ask(KVM_GET_REGS, &back), 0);
	assert_true(back.gpr[31] == 0x90abcdef);
	assert_true(back.pc == 0x1000);
	assert_int_equal(back.sprg7, 7);
	assert_int_equal(back.pid, 9);
}

/* --- a guest that goes round in a circle --- */

#define TCR_WRC_SYSTEM 0x30000000u
#define TCR_SOON_E500  0xc0140000u /* WP and WPEXT: bit 43; a 440's shortest time has zeros */
#define TSR_WATCHDOG   0xc0000000u /* ENW and WIS: the next timeout is the last */
#define MEMORY	       (1u << 20)

static struct kvm_run *start_circle(u8 **ram)
{
	struct kvm_userspace_memory_region slot = {.memory_size = MEMORY};
	struct kvm_regs regs = {.pc = 0};
	struct kvm_run *run;

	*ram = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(*ram != MAP_FAILED);
	slot.userspace_addr = (uintptr_t)*ram;
	assert_int_equal(papyr_ioctl(vm, KVM_SET_USER_MEMORY_REGION, &slot), 0);
	store_be32(*ram, 0x48000000); /* b . */
	assert_true(map_this(0, 0, MEMORY, PAPYR_MAP_READ | PAPYR_MAP_EXECUTE, 0) >= 0);
	assert_int_equal(ask(KVM_SET_REGS, &regs), 0);
	run = papyr_mmap(NULL, sizeof(*run), PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	assert_true(run != MAP_FAILED);
	return run;
}

/* Nobody has to wait for a window in which it may be interrupted, so none is ever told of. */
static void the_watchdog_tells_the_client(void **state)
{
	struct kvm_enable_cap cap = {.cap = KVM_CAP_PPC_BOOKE_WATCHDOG};
	u8 *ram;
	struct kvm_run *run = start_circle(&ram);
	bool e500 = extension(PAPYR_CAP_TLB) == KVM_CPU_E500V2;
	u64 tsr;

	run->request_interrupt_window = 1;
	assert_int_equal(ask(KVM_ENABLE_CAP, &cap), 0);
	assert_int_equal(set_reg(KVM_REG_PPC_TSR, TSR_WATCHDOG), 0);
	assert_int_equal(set_reg(KVM_REG_PPC_TCR, TCR_WRC_SYSTEM | (e500 ? TCR_SOON_E500 : 0)), 0);
	assert_int_equal(ask(KVM_RUN, NULL), 0);
	assert_int_equal(run->exit_reason, KVM_EXIT_WATCHDOG);
	assert_int_equal(run->ready_for_interrupt_injection, 1);
	/* TSR says what it wanted. */
	assert_int_equal(get_reg(KVM_REG_PPC_TSR, &tsr), 0);
	assert_int_equal(tsr & TCR_WRC_SYSTEM, TCR_WRC_SYSTEM);
	munmap(run, sizeof(*run));
	munmap(ram, MEMORY);
}

static void papr_is_for_others(void **state)
{
	struct kvm_enable_cap papr = {.cap = KVM_CAP_PPC_PAPR};

	assert_int_equal(ask(KVM_ENABLE_CAP, &papr), -EINVAL);
}

#define OF_440(test)	cmocka_unit_test_setup_teardown(test, start_440, end)
#define OF_E500(test)	cmocka_unit_test_setup_teardown(test, start_e500, end)
#define OF_BOOK3S(test) cmocka_unit_test_setup_teardown(test, start_book3s, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    OF_440(a_440_says_what_it_is),
	    OF_E500(an_e500_says_what_it_is),
	    OF_BOOK3S(book3s_has_none_of_it),
	    OF_440(a_440s_tlb),
	    OF_E500(an_e500s_tlb),
	    OF_440(map_this_and_translate),
	    OF_E500(map_this_and_translate),
	    OF_440(the_shadow_is_what_was_used),
	    OF_E500(the_shadow_is_what_was_used),
	    OF_E500(config_with_bad_arguments),
	    OF_E500(the_array_is_shared),
	    OF_440(a_440_has_no_array),
	    OF_440(sregs_come_back),
	    OF_E500(sregs_come_back),
	    OF_440(a_decrementer_that_rings_at_once),
	    OF_E500(a_decrementer_that_rings_at_once),
	    OF_440(sregs_of_others_are_refused),
	    OF_E500(sregs_of_others_are_refused),
	    OF_440(timers_by_number),
	    OF_E500(timers_by_number),
	    OF_E500(an_e500s_registers_by_number),
	    OF_440(a_440_has_no_mas),
	    OF_440(regs_have_32_bits),
	    OF_440(the_watchdog_tells_the_client),
	    OF_E500(the_watchdog_tells_the_client),
	    OF_440(papr_is_for_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
