/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A VM for hostile guests: its memory lies between pages that nobody may touch, its vcpus are
 * interrupted by timers, and its exits are answered at random.
 */
#include "hostile.h"

#define GUARD_BYTES (64ull << 20)

u64 rnd(struct rng *r)
{
	u64 z = r->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

u64 edge(struct rng *r)
{
	u64 bit = 1ull << below(r, 64);

	switch (below(r, 8)) {
	case 0:
		return below(r, 32);
	case 1:
		return bit;
	case 2:
		return bit - 1;
	case 3:
		return -bit;
	case 4:
		return bit + below(r, 32) - 16;
	case 5:
		return below(r, RAM_BYTES) & -(bit & 0xffff ? bit & 0xffff : 1);
	case 6:
		return RAM_BYTES - below(r, 64);
	default:
		return rnd(r);
	}
}

/* ---- Memory ---- */

static u8 *guarded(u64 bytes)
{
	u8 *p = mmap(NULL, bytes + 2 * GUARD_BYTES, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED || mprotect(p + GUARD_BYTES, bytes, PROT_READ | PROT_WRITE))
		broken("no memory for a guest: %s", strerror(errno));
	return p + GUARD_BYTES;
}

static void unguard(u8 *p, u64 bytes)
{
	munmap(p - GUARD_BYTES, bytes + 2 * GUARD_BYTES);
}

int set_slot(struct vm *vm, unsigned slot, u32 flags, u64 gpa, u64 bytes, void *memory)
{
	struct kvm_userspace_memory_region region = {
	    .slot = slot,
	    .flags = flags,
	    .guest_phys_addr = gpa,
	    .memory_size = bytes,
	    .userspace_addr = (u64)memory,
	};

	return papyr_ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region);
}

/* The processor turns words and doublewords as a whole in little-endian mode. */
void put_insn(struct vm *vm, bool le, u64 gpa, u32 insn)
{
	u32 w = le ? insn : __builtin_bswap32(insn);

	memcpy(vm->ram + gpa, &w, sizeof(w));
}

void put_u64(struct vm *vm, bool le, u64 gpa, u64 val)
{
	u64 v = le ? val : __builtin_bswap64(val);

	memcpy(vm->ram + gpa, &v, sizeof(v));
}

/* ---- Interrupt handlers ---- */

#define MTSPRG2_R3  0x7c7243a6u
#define MFSPRG2_R3  0x7c7242a6u
#define MFSRR0_R3   0x7c7a02a6u
#define MTSRR0_R3   0x7c7a03a6u
#define MFSRR1_R3   0x7c7b02a6u
#define MTSRR1_R3   0x7c7b03a6u
#define MFTB_R3	    0x7c6c42a6u
#define MTDEC_R3    0x7c7603a6u
#define ADDI_R3_4   0x38630004u
#define LIS_R3_1    0x3c600001u
#define ORIS_R3_1   0x64630001u
#define RFID	    0x4c000024u
#define KEEP_3FFC   0x546304bau /* rlwinm r3,r3,0,18,29 */
#define ROT48_CLEAR 0x78638042u /* rldicl r3,r3,48,1: MSR[EE] is rotated to the top and cleared */
#define ROT16	    0x78638000u

static const u32 skip[] = {MTSPRG2_R3, MFSRR0_R3, ADDI_R3_4, MTSRR0_R3, MFSPRG2_R3, RFID};
/* Whoever ran away is put back to somewhere in the code. */
static const u32 restart[] = {MTSPRG2_R3, MFTB_R3,    KEEP_3FFC, ORIS_R3_1,
			      MTSRR0_R3,  MFSPRG2_R3, RFID};
static const u32 next_tick[] = {MTSPRG2_R3, LIS_R3_1, MTDEC_R3, MFSPRG2_R3, RFID};
static const u32 disable[] = {MTSPRG2_R3, MFSRR1_R3,  ROT48_CLEAR, ROT16,
			      MTSRR1_R3,  MFSPRG2_R3, RFID};

static void write_vector(struct vm *vm, u64 vector, const u32 *code, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put_insn(vm, vm->le, vector + 4 * i, code[i]);
}

#define VECTOR(vm, at, code) write_vector(vm, at, code, ARRAY_SIZE(code))

void write_vectors(struct vm *vm)
{
	for (u64 at = 0x100; at < 0x2000; at += at < 0xf00 ? 0x80 : 0x20)
		VECTOR(vm, at, skip);
	VECTOR(vm, 0x400, restart);
	VECTOR(vm, 0x480, restart);
	VECTOR(vm, 0x500, disable);
	VECTOR(vm, 0x900, next_tick);
}

/* ---- The hash table ---- */

static int htab_fd(struct vm *vm, u64 flags)
{
	struct kvm_get_htab_fd arg = {.flags = flags};
	int fd = papyr_ioctl(vm->fd, KVM_PPC_GET_HTAB_FD, &arg);

	if (fd < 0)
		broken("KVM_PPC_GET_HTAB_FD: %s", strerror(errno));
	return fd;
}

static void write_entry(int fd, u32 index, u64 v, u64 r)
{
	struct {
		struct kvm_get_htab_header header;
		u64 v, r;
	} rec = {{index, 1, 0}, __builtin_bswap64(v), __builtin_bswap64(r)};

	/* What isn't an entry is refused, which is all right. */
	if (papyr_write(fd, &rec, sizeof(rec)) < 0 && errno != EINVAL && errno != EIO)
		broken("writing the table: %s", strerror(errno));
}

void write_htab(struct vm *vm)
{
	struct rng *r = &vm->rng;
	int fd = htab_fd(vm, KVM_GET_HTAB_WRITE);

	for (u64 page = 0; page < 512; page++) {
		u64 group = (VSID ^ page) & (ENTRIES / 8 - 1), va = VSID << 28 | page << 12;
		u64 v = (va >> 23) << 7 | 1, second = page << 12 | 0x190 | 2;

		if (chance(r, 12))
			second ^= edge(r) & 0x3fff;
		if (chance(r, 3))
			second = edge(r);
		if (chance(r, 3))
			v ^= 1ull << below(r, 64);
		write_entry(fd, group * 8 + below(r, 7), v | 1, second);
	}
	for (int i = 0; i < 64; i++)
		write_entry(fd, below(r, ENTRIES), edge(r) | 1, edge(r));
	papyr_close(fd);
}

void map_page(struct vm *vm, u64 ea, u64 gpa)
{
	u64 group = (VSID ^ ea >> 12) & (ENTRIES / 8 - 1), va = VSID << 28 | ea;
	int fd = htab_fd(vm, KVM_GET_HTAB_WRITE);

	write_entry(fd, group * 8, (va >> 23) << 7 | 1, gpa | 0x190 | 2);
	papyr_close(fd);
}

void check_htab(struct vm *vm)
{
	static u8 buf[65536];
	u64 next = 0;
	int fd = htab_fd(vm, 0);
	ssize_t n;

	while (next < ENTRIES && (n = papyr_read(fd, buf, sizeof(buf))) > 0) {
		for (ssize_t at = 0; at < n;) {
			struct kvm_get_htab_header h;

			memcpy(&h, buf + at, sizeof(h));
			at += sizeof(h) + 16l * h.n_valid;
			if (h.index < next || at > n || !(h.n_valid + h.n_invalid) ||
			    h.index + (u64)h.n_valid + h.n_invalid > ENTRIES)
				broken("the table's stream makes no sense at entry %u", h.index);
			next = h.index + (u64)h.n_valid + h.n_invalid;
		}
	}
	if (next != ENTRIES)
		broken("the table's first pass ends at entry %llu", (unsigned long long)next);
	papyr_close(fd);
}

/* ---- Making it ---- */

static void need(long r, const char *what)
{
	if (r < 0)
		broken("%s: %s", what, strerror(errno));
}

static void enable(int fd, u32 cap, u64 arg0, u64 arg1, const char *what)
{
	struct kvm_enable_cap enable = {.cap = cap, .args = {arg0, arg1}};

	need(papyr_ioctl(fd, KVM_ENABLE_CAP, &enable), what);
}

static void vcpu_new(struct vm *vm, unsigned index)
{
	struct vcpu *vcpu = &vm->vcpu[index];

	vcpu->vm = vm;
	vcpu->index = index;
	vcpu->rng.state = rnd(&vm->rng);
	vcpu->fd = papyr_ioctl(vm->fd, KVM_CREATE_VCPU, index * 8);
	need(vcpu->fd, "KVM_CREATE_VCPU");
	vcpu->run_bytes = papyr_ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	vcpu->run =
	    papyr_mmap(NULL, vcpu->run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
	if (vcpu->run == MAP_FAILED)
		need(-1, "mapping a vcpu");
	enable(vcpu->fd, KVM_CAP_PPC_PAPR, 0, 0, "KVM_CAP_PPC_PAPR");
	if (vm->xics >= 0)
		enable(vcpu->fd, KVM_CAP_IRQ_XICS, vm->xics, index * 8, "KVM_CAP_IRQ_XICS");
}

static void xics_new(struct vm *vm)
{
	struct kvm_create_device device = {.type = KVM_DEV_TYPE_XICS};

	need(papyr_ioctl(vm->fd, KVM_CREATE_DEVICE, &device), "KVM_CREATE_DEVICE");
	vm->xics = device.fd;
}

/* Sources point to vcpus, so these come first. */
static void xics_sources(struct vm *vm)
{
	static const char *const calls[] = {"ibm,set-xive", "ibm,get-xive", "ibm,int-off",
					    "ibm,int-on"};

	for (unsigned i = 0; i < 16; i++) {
		u64 state = i % vm->n_vcpus * 8 | below(&vm->rng, 256) << KVM_XICS_PRIORITY_SHIFT |
			    (i & 1 ? KVM_XICS_LEVEL_SENSITIVE : 0);
		struct kvm_device_attr attr = {
		    .group = KVM_DEV_XICS_GRP_SOURCES,
		    .attr = 0x1000 + i,
		    .addr = (u64)&state,
		};

		need(papyr_ioctl(vm->xics, KVM_SET_DEVICE_ATTR, &attr), "a source of the XICS");
	}
	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
		struct kvm_rtas_token_args args = {.token = i + 1};

		strcpy(args.name, calls[i]);
		need(papyr_ioctl(vm->fd, KVM_PPC_RTAS_DEFINE_TOKEN, &args),
		     "KVM_PPC_RTAS_DEFINE_TOKEN");
	}
}

void vm_new(struct vm *vm, u64 seed, unsigned n_vcpus, bool power7)
{
	u32 order = HTAB_ORDER;

	*vm = (struct vm){.rng = {seed}, .n_vcpus = n_vcpus, .power7 = power7, .xics = -1};
	vm->kvm = papyr_open("/dev/kvm", O_RDWR | O_CLOEXEC);
	need(vm->kvm, "/dev/kvm");
	vm->fd = papyr_ioctl(vm->kvm, KVM_CREATE_VM, 0);
	need(vm->fd, "KVM_CREATE_VM");
	if (power7)
		enable(vm->fd, PAPYR_CAP_PVR, 0x003f0203, 0, "PAPYR_CAP_PVR");
	vm->ram = guarded(RAM_BYTES);
	vm->high = guarded(HIGH_BYTES);
	need(set_slot(vm, 0, KVM_MEM_LOG_DIRTY_PAGES, 0, RAM_BYTES, vm->ram), "slot 0");
	need(set_slot(vm, 1, 0, HIGH_GPA, HIGH_BYTES, vm->high), "slot 1");
	need(papyr_ioctl(vm->fd, KVM_PPC_ALLOCATE_HTAB, &order), "KVM_PPC_ALLOCATE_HTAB");
	for (u64 nr = 0; nr < 0x500; nr += 4) {
		struct kvm_enable_cap cap = {.cap = KVM_CAP_PPC_ENABLE_HCALL, .args = {nr, 1}};

		papyr_ioctl(vm->fd, KVM_ENABLE_CAP, &cap); /* those that there are */
	}
	if (chance(&vm->rng, 70))
		xics_new(vm);
	for (unsigned i = 0; i < n_vcpus; i++)
		vcpu_new(vm, i);
	if (vm->xics >= 0)
		xics_sources(vm);
}

void vm_free(struct vm *vm)
{
	for (unsigned i = 0; i < vm->n_vcpus; i++) {
		munmap(vm->vcpu[i].run, vm->vcpu[i].run_bytes);
		papyr_close(vm->vcpu[i].fd);
	}
	if (vm->xics >= 0)
		papyr_close(vm->xics);
	papyr_close(vm->fd);
	papyr_close(vm->kvm);
	unguard(vm->ram, RAM_BYTES);
	unguard(vm->high, HIGH_BYTES);
}

/* ---- Registers ---- */

void get_regs(struct vcpu *vcpu, struct kvm_regs *regs)
{
	need(papyr_ioctl(vcpu->fd, KVM_GET_REGS, regs), "KVM_GET_REGS");
}

void set_regs(struct vcpu *vcpu, const struct kvm_regs *regs)
{
	need(papyr_ioctl(vcpu->fd, KVM_SET_REGS, regs), "KVM_SET_REGS");
}

void try_set_one(struct vcpu *vcpu, u64 id, u64 val)
{
	u64 buf[2] = {val, val};
	struct kvm_one_reg reg = {.id = id, .addr = (u64)buf};

	papyr_ioctl(vcpu->fd, KVM_SET_ONE_REG, &reg);
}

/* ---- Running ---- */

static _Thread_local struct vcpu *current;

/* The way of clients: whether the signal comes before KVM_RUN or within it, it ends. */
static void on_timer(int sig)
{
	if (!current)
		return;
	current->expired = 1;
	current->run->immediate_exit = 1;
}

static void set_timer(struct vcpu *vcpu, unsigned us)
{
	struct itimerspec when = {
	    .it_value.tv_nsec = us * 1000l,
	    .it_interval.tv_nsec = us ? 5000000 : 0,
	};

	timer_settime(vcpu->timer, 0, &when, NULL);
}

struct start {
	struct vcpu *vcpu;
	void (*fn)(struct vcpu *vcpu);
};

static void *vcpu_thread(void *arg)
{
	struct start *start = arg;
	struct vcpu *vcpu = start->vcpu;
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};

	event._sigev_un._tid = gettid();
	need(timer_create(CLOCK_MONOTONIC, &event, &vcpu->timer), "timer_create");
	current = vcpu;
	start->fn(vcpu);
	current = NULL;
	timer_delete(vcpu->timer);
	return NULL;
}

void on_all_vcpus(struct vm *vm, void (*fn)(struct vcpu *vcpu))
{
	struct start start[VCPUS_MAX];
	struct sigaction act = {.sa_handler = on_timer};

	sigaction(SIGUSR1, &act, NULL);
	for (unsigned i = 0; i < vm->n_vcpus; i++) {
		start[i] = (struct start){&vm->vcpu[i], fn};
		if (pthread_create(&vm->vcpu[i].thread, NULL, vcpu_thread, &start[i]))
			broken("no thread");
	}
	for (unsigned i = 0; i < vm->n_vcpus; i++)
		pthread_join(vm->vcpu[i].thread, NULL);
}

static void answer_hcall(struct vcpu *vcpu)
{
	struct rng *r = &vcpu->rng;

	vcpu->run->papr_hcall.ret = chance(r, 50) ? 0 : edge(r);
	for (int i = 0; i < 9; i++)
		if (chance(r, 20))
			vcpu->run->papr_hcall.args[i] = edge(r);
}

static bool inside(u64 gpa, u64 len, u64 base, u64 bytes)
{
	return gpa >= base && gpa - base <= bytes - len;
}

static void answer_mmio(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;
	u64 gpa = run->mmio.phys_addr, len = run->mmio.len;

	if (!len || len > 8)
		broken("MMIO of %llu bytes", (unsigned long long)len);
	/* Slot 1 may have been away for a moment; slot 0 never is. */
	if (inside(gpa, len, 0, RAM_BYTES))
		broken("MMIO to memory, 0x%llx", (unsigned long long)gpa);
	if (!run->mmio.is_write) {
		u64 data = rnd(&vcpu->rng);

		memcpy(run->mmio.data, &data, len);
	}
}

static void answer(struct vcpu *vcpu)
{
	u32 reason = vcpu->run->exit_reason;

	if (reason >= ARRAY_SIZE(progress->exits))
		broken("exit reason %u", reason);
	progress->exits[reason]++;
	if (reason == KVM_EXIT_PAPR_HCALL)
		answer_hcall(vcpu);
	else if (reason == KVM_EXIT_MMIO)
		answer_mmio(vcpu);
}

void run_for(struct vcpu *vcpu, unsigned us, unsigned max, bool (*done)(struct vcpu *vcpu))
{
	vcpu->expired = 0;
	vcpu->run->immediate_exit = 0;
	set_timer(vcpu, us);
	while (max-- && !vcpu->expired) {
		if (papyr_ioctl(vcpu->fd, KVM_RUN, 0) < 0) {
			if (errno != EINTR && errno != EAGAIN && errno != EBUSY)
				broken("KVM_RUN: %s", strerror(errno));
			continue;
		}
		if (done && done(vcpu))
			break;
		answer(vcpu);
	}
	set_timer(vcpu, 0);
	/* What the last exit left open is finished before anybody sets registers. */
	vcpu->run->immediate_exit = 1;
	if (papyr_ioctl(vcpu->fd, KVM_RUN, 0) == 0)
		answer(vcpu); /* an access in parts */
	else if (errno != EINTR)
		broken("KVM_RUN to finish an exit: %s", strerror(errno));
	progress->interrupted += !!vcpu->expired;
	progress->beats++;
}
