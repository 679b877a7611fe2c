/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a hostile client asks of a Book E vcpu's TLBs: getters and setters of Papyr and of Linux, a
 * shared array that changes under way, registers, and short runs of code that is as random, between
 * them. The input is a list of requests. Buffers end where no memory is.
 *
 * Beside that nothing breaks: what was set is got again, what was mapped translates, after a run
 * the shared array is the guest's TLB, and the processor has no page at hand that no entry is of.
 */
#include <errno.h>
#include <fcntl.h>
#include <papyr/kvm.h>
#include <papyr/papyr.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/bits.h"

#define PVR_440	     0x42220000u
#define PVR_E500V2   0x80210030u
#define MEMORY_BYTES (1u << 20)
#define BUFFER_BYTES (1u << 18)
#define RUN_NS	     500000
#define RUNS_MAX     8 /* of one request */
#define REQUESTS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- The input ---- */

struct input {
	const u8 *data;
	size_t left;
};

static u64 take(struct input *in, unsigned bytes)
{
	u64 val = 0;

	for (; bytes && in->left; bytes--, in->left--)
		val = val << 8 | *in->data++;
	return val;
}

static void take_bytes(struct input *in, void *to, size_t bytes)
{
	size_t n = bytes < in->left ? bytes : in->left;

	memcpy(to, in->data, n);
	in->data += n;
	in->left -= n;
}

/* ---- The VM ---- */

struct tlb_vm {
	int vm, vcpu;
	u32 kind;
	u32 entries;	 /* of the guest's TLB now */
	bool shared;	 /* in array */
	size_t array_at; /* in its buffer */
};

static struct kvm_run *run;
static u8 *memory, *buffer, *array; /* each is followed by a page that isn't there */
static timer_t timer;

static void fail(const char *why)
{
	fprintf(stderr, "fuzz_tlb: %s (errno %d)\n", why, errno);
	abort();
}

static u8 *guarded(size_t bytes)
{
	u8 *p =
	    mmap(NULL, bytes + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p + bytes, 4096, PROT_NONE))
		fail("no memory");
	return p;
}

static void stop_running(int sig)
{
	if (run)
		run->immediate_exit = 1;
}

static void set_up(void)
{
	struct sigaction act = {.sa_handler = stop_running};
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN};

	if (memory)
		return;
	memory = guarded(MEMORY_BYTES);
	buffer = guarded(BUFFER_BYTES);
	array = guarded(BUFFER_BYTES);
	sigaction(SIGRTMIN, &act, NULL);
	event._sigev_un._tid = (int)syscall(SYS_gettid);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer))
		fail("no timer");
}

static int ask(const struct tlb_vm *v, unsigned long request, void *arg)
{
	return papyr_ioctl(v->vcpu, request, arg);
}

static void make_vm(struct tlb_vm *v, bool e500)
{
	struct kvm_enable_cap pvr = {.cap = PAPYR_CAP_PVR, .args = {e500 ? PVR_E500V2 : PVR_440}};
	struct kvm_userspace_memory_region slot = {.memory_size = MEMORY_BYTES,
						   .userspace_addr = (uintptr_t)memory};
	int kvm = papyr_open("/dev/kvm", O_RDWR);

	*v = (struct tlb_vm){.kind = e500 ? KVM_CPU_E500V2 : KVM_CPU_440,
			     .entries = e500 ? 528 : 64};
	v->vm = papyr_ioctl(kvm, KVM_CREATE_VM, 0);
	papyr_close(kvm);
	if (v->vm < 0 || papyr_ioctl(v->vm, KVM_ENABLE_CAP, &pvr) ||
	    papyr_ioctl(v->vm, KVM_SET_USER_MEMORY_REGION, &slot))
		fail("no VM");
	v->vcpu = papyr_ioctl(v->vm, KVM_CREATE_VCPU, 0);
	if (v->vcpu < 0)
		fail("no vcpu");
	run = papyr_mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE, MAP_SHARED, v->vcpu, 0);
	if (run == MAP_FAILED)
		fail("no struct kvm_run");
	/* What a first run finds its memory with would take all of a short one. */
	run->immediate_exit = 1;
	ask(v, KVM_RUN, NULL);
	run->immediate_exit = 0;
}

static void free_vm(struct tlb_vm *v)
{
	munmap(run, getpagesize());
	run = NULL;
	papyr_close(v->vcpu);
	papyr_close(v->vm);
}

/* ---- TLBs ---- */

static size_t entry_bytes(const struct tlb_vm *v)
{
	return v->kind == KVM_CPU_440 ? sizeof(struct papyr_tlb_440)
				      : sizeof(struct kvm_book3e_206_tlb_entry);
}

/* The last @bytes of a buffer. */
static u8 *end_of(u8 *p, size_t bytes)
{
	return p + BUFFER_BYTES - bytes;
}

static u8 *get_all(const struct tlb_vm *v)
{
	u8 *entries = end_of(buffer, v->entries * entry_bytes(v));
	struct papyr_tlb tlb = {.cpu = v->kind, .n = v->entries, .entries = (uintptr_t)entries};

	if (ask(v, PAPYR_GET_TLB, &tlb) || tlb.n != v->entries)
		fail("the TLB can't be got");
	return entries;
}

/* Does it ask for anything: right kinds, or any at all? */
static struct papyr_tlb any_request(const struct tlb_vm *v, struct input *in)
{
	unsigned how = take(in, 1);
	struct papyr_tlb tlb = {
	    .cpu = how & 1 ? take(in, 4) : v->kind,
	    .which = how & 2 ? take(in, 4) : how >> 2 & 1,
	    .n = how & 8 ? take(in, 4) : v->entries,
	    .flags = how & 16 ? take(in, 4) : 0,
	};
	size_t room = (size_t)tlb.n * sizeof(struct papyr_tlb_shadow);

	tlb.entries =
	    how & 32 ? take(in, 8) : (uintptr_t)end_of(buffer, room < BUFFER_BYTES ? room : 0);
	return tlb;
}

static void get_tlb(struct tlb_vm *v, struct input *in)
{
	struct papyr_tlb tlb = any_request(v, in);
	u8 *p = (u8 *)(uintptr_t)tlb.entries;

	/* Only what is a buffer of ours may be written to. */
	if (p < buffer || p > buffer + BUFFER_BYTES)
		tlb.entries = 0;
	ask(v, PAPYR_GET_TLB, &tlb);
}

static void set_tlb(struct tlb_vm *v, struct input *in)
{
	struct papyr_tlb tlb = any_request(v, in);
	size_t bytes = v->entries * entry_bytes(v);
	u8 *entries = end_of(buffer, bytes), *copy;

	memset(entries, 0, bytes);
	take_bytes(in, entries, take(in, 2) % (bytes + 1));
	if (tlb.n == v->entries && tlb.cpu == v->kind && !tlb.flags && !tlb.which)
		tlb.entries = (uintptr_t)entries;
	if (ask(v, PAPYR_SET_TLB, &tlb))
		return;
	/* Bits without a place are dropped once, and what is got can be set. */
	copy = malloc(bytes);
	memcpy(copy, get_all(v), bytes);
	if (ask(v, PAPYR_SET_TLB, &tlb) || memcmp(copy, get_all(v), bytes))
		fail("what was got and set is another");
	free(copy);
}

static void map_this(struct tlb_vm *v, struct input *in)
{
	unsigned how = take(in, 1);
	struct papyr_map map = {
	    .bytes = how & 1 ? take(in, 8) : 1024ull << (how >> 1 & 15) * 2,
	    .flags = take(in, 2),
	    .pid = take(in, 1),
	};
	struct kvm_translation tr;
	int i;

	map.ea = take(in, 4) & (how & 32 ? ~0ull : -map.bytes);
	map.gpa = take(in, 5) & (how & 64 ? ~0ull : -map.bytes);
	i = ask(v, PAPYR_MAP, &map);
	if (i < 0)
		return;
	tr = (struct kvm_translation){.linear_address =
					  map.ea | (u64)map.pid << 32 |
					  (map.flags & PAPYR_MAP_AS1 ? 1ull << 40 : 0)};
	if (ask(v, KVM_TRANSLATE, &tr) || !tr.valid || tr.physical_address != map.gpa)
		fail("what was mapped doesn't translate");
}

static void translate(struct tlb_vm *v, struct input *in)
{
	struct kvm_translation tr = {.linear_address = take(in, 8)};

	ask(v, KVM_TRANSLATE, &tr);
}

/* ---- The shared array ---- */

static u32 some_size(struct input *in)
{
	unsigned how = take(in, 1);

	return how & 0x80 ? take(in, 4) : how & 0x40 ? how & 63 : 1u << how % 13;
}

static void share(struct tlb_vm *v, struct input *in)
{
	struct kvm_book3e_206_tlb_params p = {0};
	struct kvm_config_tlb config = {.params = (uintptr_t)&p};
	struct kvm_enable_cap cap = {.cap = KVM_CAP_SW_TLB, .args = {(uintptr_t)&config}};
	unsigned how = take(in, 1);
	size_t bytes;

	for (unsigned i = 0; i < 2; i++) {
		p.tlb_sizes[i] = some_size(in);
		p.tlb_ways[i] = i && !(how & 1) ? p.tlb_sizes[i] : some_size(in);
	}
	if (how & 2)
		p.tlb_sizes[2] = take(in, 1);
	config.mmu_type = how & 4 ? take(in, 4) : KVM_MMU_FSL_BOOKE_NOHV;
	bytes = ((u64)p.tlb_sizes[0] + p.tlb_sizes[1]) * sizeof(struct kvm_book3e_206_tlb_entry);
	if (bytes > BUFFER_BYTES)
		bytes = BUFFER_BYTES;
	config.array = how & 8 ? take(in, 8) & 0xfff : (uintptr_t)end_of(array, bytes);
	config.array_len = how & 16 ? take(in, 4) : bytes;
	if (ask(v, KVM_ENABLE_CAP, &cap))
		return;
	v->entries = p.tlb_sizes[0] + p.tlb_sizes[1];
	v->array_at = BUFFER_BYTES - bytes;
	v->shared = true;
}

static void change_array(struct tlb_vm *v, struct input *in)
{
	size_t bytes = v->shared ? BUFFER_BYTES - v->array_at : 0;
	size_t at = take(in, 2), n = take(in, 1);

	if (at + n <= bytes)
		take_bytes(in, array + v->array_at + at, n);
}

static void say_dirty(struct tlb_vm *v, struct input *in)
{
	struct kvm_dirty_tlb dirty = {.bitmap = take(in, 8), .num_dirty = take(in, 4)};

	ask(v, KVM_DIRTY_TLB, take(in, 1) & 1 ? NULL : &dirty);
}

/* ---- Registers ---- */

static void set_sregs(struct tlb_vm *v, struct input *in)
{
	struct kvm_sregs sregs;
	size_t at = take(in, 2), n = take(in, 1);

	if (ask(v, KVM_GET_SREGS, &sregs))
		fail("registers can't be got");
	if (at + n <= sizeof(sregs))
		take_bytes(in, (u8 *)&sregs + at, n);
	ask(v, KVM_SET_SREGS, &sregs);
}

static void set_spr(struct tlb_vm *v, struct input *in)
{
	u64 val = take(in, 8);
	struct kvm_one_reg reg = {.id = KVM_REG_PPC_PAPYR_SPR(take(in, 2) & 1023),
				  .addr = (uintptr_t)&val};

	ask(v, KVM_SET_ONE_REG, &reg);
	ask(v, KVM_GET_ONE_REG, &reg);
}

static void set_regs(struct tlb_vm *v, struct input *in)
{
	struct kvm_regs regs = {.pc = take(in, 4), .msr = take(in, 4)};

	for (unsigned i = 0; i < 8; i++)
		regs.gpr[i] = take(in, 4);
	ask(v, KVM_SET_REGS, &regs);
}

static void set_memory(struct tlb_vm *v, struct input *in)
{
	size_t at = take(in, 3) % (MEMORY_BYTES - 256);

	take_bytes(in, memory + at, take(in, 1));
}

static void interrupt(struct tlb_vm *v, struct input *in)
{
	struct kvm_interrupt irq = {take(in, 1) & 1 ? KVM_INTERRUPT_SET_LEVEL
						    : KVM_INTERRUPT_UNSET};

	ask(v, KVM_INTERRUPT, &irq);
}

/* ---- Running ---- */

static u64 page_bytes(unsigned code)
{
	return 1024ull << 2 * (code > 11 ? 11 : code);
}

/* Is the shadow TLB's page of entry @i? */
static bool is_of(const struct tlb_vm *v, const u8 *entries, u32 i, u32 tlb0,
		  const struct papyr_tlb_shadow *page)
{
	bool space = page->flags & PAPYR_MAP_AS1;
	u64 ea, real, bytes;

	if (v->kind == KVM_CPU_440) {
		const struct papyr_tlb_440 *e = (const void *)(entries + i * sizeof(*e));

		bytes = page_bytes(e->word[0] >> 4 & 15);
		ea = e->word[0] & 0xfffffc00u;
		real = (u64)(e->word[1] & 15) << 32 | (e->word[1] & 0xfffffc00u);
		if (!(e->word[0] & 0x200) || !(e->word[0] & 0x100) == space)
			return false;
	} else {
		const struct kvm_book3e_206_tlb_entry *e = (const void *)(entries + i * sizeof(*e));

		bytes = i < tlb0 ? 4096 : page_bytes(e->mas1 >> 8 & 15);
		ea = e->mas2 & 0xfffff000u;
		real = e->mas7_3 & 0xffffff000ull;
		if (!(e->mas1 & 0x80000000u) || !(e->mas1 & 0x1000) == space)
			return false;
	}
	ea &= -bytes;
	real &= -bytes;
	return page->ea - ea < bytes && page->gpa - real == page->ea - ea;
}

static u32 tlb0_entries(const struct tlb_vm *v)
{
	u64 val = 0;
	struct kvm_one_reg reg = {.id = KVM_REG_PPC_TLB0CFG, .addr = (uintptr_t)&val};

	return v->kind == KVM_CPU_E500V2 && !ask(v, KVM_GET_ONE_REG, &reg) ? val & 0xfff : 0;
}

static void check_shadow(const struct tlb_vm *v)
{
	static struct papyr_tlb_shadow pages[8192];
	struct papyr_tlb tlb = {.cpu = v->kind,
				.which = PAPYR_TLB_SHADOW,
				.n = ARRAY_SIZE(pages),
				.entries = (uintptr_t)pages};
	const u8 *entries = get_all(v);
	u32 tlb0 = tlb0_entries(v), i;

	if (ask(v, PAPYR_GET_TLB, &tlb))
		fail("the shadow TLB can't be got");
	if (!tlb0 && v->kind == KVM_CPU_E500V2) /* 4096, which the field hasn't room for */
		return;
	for (u32 k = 0; k < tlb.n; k++) {
		for (i = 0; i < v->entries && !is_of(v, entries, i, tlb0, &pages[k]); i++)
			;
		if (i == v->entries)
			fail("the processor has a page that no entry is of");
	}
}

static void check_array(const struct tlb_vm *v)
{
	size_t bytes = v->entries * sizeof(struct kvm_book3e_206_tlb_entry);

	if (v->shared && memcmp(get_all(v), array + v->array_at, bytes))
		fail("after a run the shared array is another than the TLB");
}

static void run_it(struct tlb_vm *v, struct input *in)
{
	struct itimerspec soon = {.it_value.tv_nsec = RUN_NS};
	bool told = false;

	/* What was changed in the array counts only when it is said. */
	if (v->shared) {
		struct kvm_dirty_tlb dirty = {0};

		told = !ask(v, KVM_DIRTY_TLB, &dirty);
	}
	timer_settime(timer, 0, &soon, NULL);
	for (unsigned i = 0; i < RUNS_MAX && !run->immediate_exit; i++)
		if (ask(v, KVM_RUN, NULL) && errno != EINTR)
			break;
	soon.it_value.tv_nsec = 0;
	timer_settime(timer, 0, &soon, NULL);
	run->immediate_exit = 0;
	check_shadow(v);
	if (told)
		check_array(v);
}

static void (*const requests[])(struct tlb_vm *v, struct input *in) = {
    get_tlb, set_tlb,  map_this,   translate, share,  change_array, say_dirty, set_sregs,
    set_spr, set_regs, set_memory, interrupt, run_it, map_this,	    set_regs,  run_it,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	struct tlb_vm v;

	set_up();
	memset(memory, 0, MEMORY_BYTES);
	memset(array, 0, BUFFER_BYTES);
	make_vm(&v, take(&in, 1) & 1);
	for (unsigned n = 0; n < REQUESTS_MAX && in.left; n++)
		requests[take(&in, 1) % ARRAY_SIZE(requests)](&v, &in);
	free_vm(&v);
	return 0;
}

#ifndef LIBFUZZER
/* Without libFuzzer, which comes with clang: inputs out of nothing but a seed. */
static u64 next(u64 *state)
{
	u64 z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

int main(int argc, char **argv)
{
	u64 seed = argc > 1 ? strtoull(argv[1], NULL, 0) : (u64)time(NULL), n = 0;
	time_t end = time(NULL) + SECONDS;

	for (; time(NULL) < end; n++) {
		static u8 data[2048];
		u64 state = seed + n;

		printf("seed %llu\r", (unsigned long long)(seed + n));
		for (size_t i = 0; i < sizeof(data); i += 8) {
			u64 word = next(&state);

			memcpy(data + i, &word, 8);
		}
		LLVMFuzzerTestOneInput(data, sizeof(data));
	}
	printf("%llu inputs from seed %llu on\n", (unsigned long long)n, (unsigned long long)seed);
	return 0;
}
#endif
