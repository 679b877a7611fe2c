/* SPDX-License-Identifier: Apache-2.0 */
/* See machine.h. */
#include "machine.h"
#include "papr.h"
#include <stdarg.h>
#include <unistd.h>

extern const unsigned char guest_image[GUEST_SIZE];

/* ---- Printing ---- */

void say(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

void die(const char *format, ...)
{
	va_list ap;

	printf("FAILED: ");
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	printf(" (%s)\n", errno_name(errno));
	fflush(stdout);
	exit(1);
}

void topic(const char *text)
{
	say("# %s", text);
}

const char *errno_name(int error)
{
	static char number[16];
	static const struct {
		int error;
		const char *name;
	} names[] = {
	    {EPERM, "EPERM"},		{ENOENT, "ENOENT"}, {EINTR, "EINTR"},	{EIO, "EIO"},
	    {ENXIO, "ENXIO"},		{E2BIG, "E2BIG"},   {EBADF, "EBADF"},	{EAGAIN, "EAGAIN"},
	    {ENOMEM, "ENOMEM"},		{EACCES, "EACCES"}, {EFAULT, "EFAULT"}, {EBUSY, "EBUSY"},
	    {EEXIST, "EEXIST"},		{ENODEV, "ENODEV"}, {EINVAL, "EINVAL"}, {EMFILE, "EMFILE"},
	    {ENOTTY, "ENOTTY"},		{ENOSPC, "ENOSPC"}, {ESPIPE, "ESPIPE"}, {ERANGE, "ERANGE"},
	    {EOPNOTSUPP, "EOPNOTSUPP"}, {ENOSYS, "ENOSYS"}, {0, "0"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].error == error)
			return names[i].name;
	snprintf(number, sizeof(number), "errno %d", error);
	return number;
}

void say_result(const char *text, long result)
{
	if (result == -1)
		say("%s = %s", text, errno_name(errno));
	else
		say("%s = %ld", text, result);
}

long try_ioctl(const char *text, int fd, unsigned long request, unsigned long argument)
{
	long result = client_ioctl(fd, request, argument);

	say_result(text, result);
	return result;
}

int try_fd(const char *text, int fd, unsigned long request, unsigned long argument)
{
	int result = client_ioctl(fd, request, argument);

	say("%s = %s", text, result >= 0 ? "fd" : errno_name(errno));
	return result;
}

void say_bytes(const char *text, const void *bytes, size_t count)
{
	const u8 *b = bytes;

	printf("%s =", text);
	for (size_t i = 0; i < count; i++)
		printf("%s%02x", i % 8 ? "" : " ", b[i]);
	printf("\n");
	fflush(stdout);
}

/* ---- A VM ---- */

void *slot_memory(size_t bytes)
{
	/*
	 * On a boundary, cut out of a larger mapping. What is as large as a huge page gets huge
	 * pages: the kernel refuses table entries for larger pages than its own.
	 */
	size_t align = bytes >= 16 * MIB ? 16 * MIB : MIB;
	u8 *p =
	    mmap(NULL, bytes + align, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	u8 *start;

	if (p == MAP_FAILED)
		die("mmap of %zu bytes", bytes);
	start = (u8 *)(((uintptr_t)p + align - 1) & ~(uintptr_t)(align - 1));
	if (start > p)
		munmap(p, start - p);
	if (p + align > start)
		munmap(start + bytes, p + align - start);
	madvise(start, bytes, bytes >= 16 * MIB ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	/* Touched, so that the kernel has pages for it: a hash table entry is checked against
	 * those. */
	memset(start, 0, bytes);
	return start;
}

void slot_memory_free(void *memory, size_t bytes)
{
	munmap(memory, bytes);
}

int set_slot(int vm, u32 slot, u32 flags, u64 gpa, u64 bytes, void *memory)
{
	struct kvm_userspace_memory_region region = {
	    .slot = slot,
	    .flags = flags,
	    .guest_phys_addr = gpa,
	    .memory_size = bytes,
	    .userspace_addr = (uintptr_t)memory,
	};

	return client_ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region);
}

void guest_load(struct machine *m)
{
	memcpy(m->memory, guest_image, GUEST_SIZE);
}

void machine_new(struct machine *m, size_t bytes, u32 htab_order)
{
	m->kvm = client_open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (m->kvm < 0)
		die("/dev/kvm");
	m->vm = client_ioctl(m->kvm, KVM_CREATE_VM, (unsigned long)0);
	if (m->vm < 0)
		die("KVM_CREATE_VM");
	m->bytes = bytes;
	m->memory = slot_memory(bytes);
	if (set_slot(m->vm, 0, 0, 0, bytes, m->memory) < 0)
		die("memory slot 0");
	guest_load(m);
	if (htab_order && client_ioctl(m->vm, KVM_PPC_ALLOCATE_HTAB, &htab_order) < 0)
		die("KVM_PPC_ALLOCATE_HTAB");
}

void machine_free(struct machine *m)
{
	client_close(m->vm);
	client_close(m->kvm);
	slot_memory_free(m->memory, m->bytes);
}

void vcpu_new(struct vcpu *v, struct machine *m, unsigned long id)
{
	struct kvm_enable_cap papr = {.cap = KVM_CAP_PPC_PAPR};

	v->machine = m;
	v->msr = GUEST_MSR;
	v->fd = client_ioctl(m->vm, KVM_CREATE_VCPU, id);
	if (v->fd < 0)
		die("KVM_CREATE_VCPU %lu", id);
	v->run_bytes = client_ioctl(m->kvm, KVM_GET_VCPU_MMAP_SIZE, (unsigned long)0);
	v->run = client_mmap(NULL, v->run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd, 0);
	if (v->run == MAP_FAILED)
		die("mmap of a vcpu");
	if (client_ioctl(v->fd, KVM_ENABLE_CAP, &papr) < 0)
		die("KVM_CAP_PPC_PAPR");
}

void vcpu_free(struct vcpu *v)
{
	munmap(v->run, v->run_bytes);
	client_close(v->fd);
}

int xics_new(struct machine *m)
{
	struct kvm_create_device device = {.type = KVM_DEV_TYPE_XICS};

	if (client_ioctl(m->vm, KVM_CREATE_DEVICE, &device))
		die("KVM_CREATE_DEVICE");
	return device.fd;
}

void xics_connect(int xics, struct vcpu *v, u64 server)
{
	struct kvm_enable_cap cap = {.cap = KVM_CAP_IRQ_XICS, .args = {xics, server}};

	if (client_ioctl(v->fd, KVM_ENABLE_CAP, &cap))
		die("KVM_CAP_IRQ_XICS of server %llu", server);
}

void enable_hcall(struct machine *m, u64 nr, bool on)
{
	struct kvm_enable_cap cap = {.cap = KVM_CAP_PPC_ENABLE_HCALL, .args = {nr, on}};

	if (client_ioctl(m->vm, KVM_ENABLE_CAP, &cap))
		die("KVM_CAP_PPC_ENABLE_HCALL 0x%llx", nr);
}

void get_regs(struct vcpu *v, struct kvm_regs *regs)
{
	if (client_ioctl(v->fd, KVM_GET_REGS, regs) < 0)
		die("KVM_GET_REGS");
}

void set_regs(struct vcpu *v, const struct kvm_regs *regs)
{
	if (client_ioctl(v->fd, KVM_SET_REGS, regs) < 0)
		die("KVM_SET_REGS");
}

static size_t reg_bytes(u64 id)
{
	return (size_t)1 << ((id & KVM_REG_SIZE_MASK) >> KVM_REG_SIZE_SHIFT);
}

u64 get_one(struct vcpu *v, u64 id)
{
	union {
		u32 w;
		u64 d[2];
	} value = {.d = {0}};
	struct kvm_one_reg reg = {.id = id, .addr = (uintptr_t)&value};

	if (client_ioctl(v->fd, KVM_GET_ONE_REG, &reg) < 0)
		die("KVM_GET_ONE_REG %llx", id);
	return reg_bytes(id) == 4 ? value.w : value.d[0];
}

void set_one(struct vcpu *v, u64 id, u64 content)
{
	union {
		u32 w;
		u64 d[2];
	} value = {.d = {0}};
	struct kvm_one_reg reg = {.id = id, .addr = (uintptr_t)&value};

	if (reg_bytes(id) == 4)
		value.w = content;
	else
		value.d[0] = content;
	if (client_ioctl(v->fd, KVM_SET_ONE_REG, &reg) < 0)
		die("KVM_SET_ONE_REG %llx", id);
}

/* ---- Running the guest ---- */

void finish_exit(struct vcpu *v)
{
	int result;

	v->run->immediate_exit = 1;
	result = client_ioctl(v->fd, KVM_RUN, (unsigned long)0);
	v->run->immediate_exit = 0;
	if (result != -1 || errno != EINTR)
		die("KVM_RUN with immediate_exit: %d", result);
}

int guest_run(struct vcpu *v, u64 pc)
{
	struct kvm_regs regs;

	get_regs(v, &regs);
	regs.pc = pc;
	regs.msr = v->msr;
	set_regs(v, &regs);
	if (client_ioctl(v->fd, KVM_RUN, (unsigned long)0) < 0) {
		say("KVM_RUN = %s", errno_name(errno));
		return -2;
	}
	if (v->run->exit_reason != KVM_EXIT_PAPR_HCALL || v->run->papr_hcall.nr != GUEST_EXIT) {
		if (v->run->exit_reason == KVM_EXIT_PAPR_HCALL)
			say("exit to the client: hypercall 0x%llx", v->run->papr_hcall.nr);
		else
			say("exit to the client: reason %u", v->run->exit_reason);
		return -1;
	}
	get_regs(v, &regs);
	return regs.gpr[21];
}

void quiet_decrementer(struct vcpu *v)
{
	struct kvm_regs regs;

	get_regs(v, &regs);
	regs.gpr[4] = 0x7fffffff;
	set_regs(v, &regs);
	store32(v->machine->memory + GUEST_INSN_AT, 0x7c9603a6); /* mtdec r4 */
	if (guest_run(v, GUEST_INSN))
		die("setting the decrementer");
	finish_exit(v);
}

void map_low_memory(struct vcpu *v)
{
	struct kvm_sregs sregs;
	struct hcall h;

	if (client_ioctl(v->fd, KVM_GET_SREGS, &sregs))
		die("KVM_GET_SREGS");
	memset(&sregs.u, 0, sizeof(sregs.u));
	sregs.u.s.ppc64.slb[0].slbe = SLBE_VALID;
	sregs.u.s.ppc64.slb[0].slbv = LOW_VSID << 12;
	if (client_ioctl(v->fd, KVM_SET_SREGS, &sregs))
		die("KVM_SET_SREGS");
	for (u64 page = 0; page < GUEST_SIZE / 4096; page++)
		if (HCALL(v, &h, H_ENTER, 0, ((LOW_VSID ^ page) & 0x3ff) * 8,
			  LOW_VSID << 12 | V_VALID, page << 12 | R_REF | R_CHANGED | R_M | 2))
			die("mapping low memory: %s", h_name(h.r[3]));
}

u64 hcall(struct vcpu *v, struct hcall *out, u64 nr, const u64 *arg, unsigned count)
{
	struct kvm_regs regs;
	int vector;

	get_regs(v, &regs);
	regs.gpr[3] = nr;
	for (unsigned i = 0; i < 9; i++)
		regs.gpr[4 + i] = i < count ? arg[i] : 0xbad0bad0bad00000ull + i;
	set_regs(v, &regs);
	memset(out, 0, sizeof(*out));
	vector = guest_run(v, GUEST_HCALL);
	if (vector == -1 && v->run->exit_reason == KVM_EXIT_PAPR_HCALL) {
		/* The client's answer. */
		v->run->papr_hcall.ret = H_FUNCTION;
		finish_exit(v);
		return out->r[3] = H_FUNCTION;
	}
	if (vector < 0)
		exit(1);
	get_regs(v, &regs);
	for (unsigned i = 4; i < 13; i++)
		out->r[i] = regs.gpr[i];
	out->r[3] = regs.gpr[20];
	if (vector)
		say("vector 0x%x, srr0 0x%llx, srr1 0x%llx", vector, regs.gpr[16], regs.gpr[17]);
	finish_exit(v);
	return out->r[3];
}

const char *h_name(u64 code)
{
	static char number[24];
	const char *name = papr_code_name(code);

	if (name)
		return name;
	snprintf(number, sizeof(number), "0x%llx", code);
	return number;
}

void say_hcall(const char *text, const struct hcall *h, unsigned results)
{
	printf("%s = %s", text, h_name(h->r[3]));
	for (unsigned i = 0; i < results; i++)
		printf(" %016llx", h->r[4 + i]);
	printf("\n");
	fflush(stdout);
}

/* ---- The hash table ---- */

bool htab_entry(struct machine *m, u64 index, struct htab_entry *entry)
{
	struct kvm_get_htab_fd get = {.start_index = index};
	struct {
		struct kvm_get_htab_header header;
		u64 hpte[2];
	} record;
	int fd = client_ioctl(m->vm, KVM_PPC_GET_HTAB_FD, &get);
	ssize_t got;

	if (fd < 0)
		die("KVM_PPC_GET_HTAB_FD");
	/* Linux leaves a buffer unused that just fits one record: 8 more. */
	u8 buffer[sizeof(record) + 8];
	got = client_read(fd, buffer, sizeof(buffer));
	client_close(fd);
	if (got < 0)
		die("reading the hash table");
	if ((size_t)got < sizeof(record))
		return false;
	memcpy(&record, buffer, sizeof(record));
	if (record.header.index != index || !record.header.n_valid)
		return false;
	entry->v = load64(&record.hpte[0]);
	entry->r = load64(&record.hpte[1]);
	return true;
}

u64 load64(const void *p)
{
	const u8 *b = p;
	u64 value = 0;

	for (int i = 0; i < 8; i++)
		value = value << 8 | b[i];
	return value;
}

void store64(void *p, u64 value)
{
	u8 *b = p;

	for (int i = 7; i >= 0; i--, value >>= 8)
		b[i] = value;
}

void store32(void *p, u32 value)
{
	u8 *b = p;

	for (int i = 3; i >= 0; i--, value >>= 8)
		b[i] = value;
}

/* ---- A vcpu that runs in a thread of its own ---- */

#define LOOKS 10000 /* a millisecond apart: what hasn't come by then doesn't come */

static void *run_once(void *arg)
{
	struct runner *s = arg;

	s->id = gettid();
	s->result = client_ioctl(s->vcpu->fd, KVM_RUN, 0ul);
	s->error = errno;
	s->ended = true;
	return NULL;
}

void runner_start(struct runner *s, struct vcpu *v)
{
	s->vcpu = v;
	s->id = 0;
	s->ended = false;
	if (pthread_create(&s->thread, NULL, run_once, s))
		die("pthread_create");
}

/* The kernel's letter for what the thread does: R runs, S sleeps. */
static char thread_state(pid_t id)
{
	char path[64], state = '?';
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", id);
	f = fopen(path, "r");
	if (f) {
		if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
			state = '?';
		fclose(f);
	}
	return state;
}

void runner_asleep(struct runner *s)
{
	/* Once may be a lock on its way in: a vcpu that sleeps does so at each look. */
	for (int looks = 0, asleep = 0; looks < LOOKS && !s->ended; looks++) {
		asleep = s->id && thread_state(s->id) == 'S' ? asleep + 1 : 0;
		if (asleep == 20)
			return;
		usleep(1000);
	}
	if (!s->ended)
		die("a vcpu that should sleep does not");
}

void runner_start_spinning(struct runner *s, struct machine *m, struct vcpu *v)
{
	volatile u32 *mark = (void *)(m->memory + GUEST_MARK);
	struct kvm_regs r;

	*mark = 0;
	get_regs(v, &r);
	r.pc = GUEST_SPIN;
	r.msr = GUEST_MSR;
	set_regs(v, &r);
	runner_start(s, v);
	for (int looks = 0; !*mark && looks < LOOKS; looks++)
		usleep(1000);
	if (!*mark)
		die("a vcpu that should compute does not");
}

static void *watch(void *arg)
{
	struct watch *w = arg;
	struct kvm_regs r;

	while (!w->stop) {
		int end;

		get_regs(&w->vcpu, &r);
		r.gpr[4] = 10000;
		r.gpr[8] = w->ea;
		r.gpr[9] = w->poison;
		set_regs(&w->vcpu, &r);
		end = guest_run(&w->vcpu, GUEST_WATCH);
		if (end == 1)
			w->stale++;
		else if (end && end != 0x300)
			die("the watching vcpu ended with 0x%x", end);
		finish_exit(&w->vcpu);
	}
	return NULL;
}

void watch_start(struct watch *w)
{
	w->stop = false;
	w->stale = 0;
	if (pthread_create(&w->thread, NULL, watch, w))
		die("no thread");
}

void watch_stop(struct watch *w)
{
	w->stop = true;
	pthread_join(w->thread, NULL);
}
