/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_kvm.h"

#include <errno.h>
#include <papyr/papyr.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Descriptors are numbers that say what they are. */
#define FD_KVM	  10000
#define FD_VM	  10001
#define FD_XICS	  10002
#define FD_HTAB	  10010
#define FD_VCPU	  11000
#define VCPUS_MAX 64
#define REGS_MAX  256
#define IRQS_MAX  16
#define IRQ_BASE  0x1000

struct fake_vcpu {
	struct kvm_run *run;
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	struct kvm_guest_debug debug;
	u64 n_breakpoints, breakpoints[FAKE_BREAKPOINTS];
	u32 irq; /* what KVM_INTERRUPT said last */
	struct papyr_map map;
	bool pending; /* a hypercall's results are to be taken */
	unsigned n_regs;
	struct {
		u64 id;
		u8 val[16];
	} one_regs[REGS_MAX];
};

static struct {
	pthread_mutex_t lock;
	fake_guest_fn guest;
	void *opaque;
	struct kvm_ppc_cpu_char cpu_char;
	long resize; /* what KVM_PPC_RESIZE_HPT_* answer: -errno, or milliseconds */
	struct fake_vcpu *vcpus[VCPUS_MAX * FAKE_SMT];
	u64 sources[IRQS_MAX];
	unsigned irq_count[IRQS_MAX];
	u32 pvr;
	unsigned order;
	u64 *htab;
	u64 cursor;
	unsigned breakpoints;
} fake = {.lock = PTHREAD_MUTEX_INITIALIZER};

void fake_reset(fake_guest_fn guest, void *opaque)
{
	for (unsigned i = 0; i < ARRAY_SIZE(fake.vcpus); i++) {
		free(fake.vcpus[i]);
		fake.vcpus[i] = NULL;
	}
	free(fake.htab);
	fake.htab = NULL;
	fake.order = 0;
	memset(fake.sources, 0, sizeof(fake.sources));
	memset(fake.irq_count, 0, sizeof(fake.irq_count));
	memset(&fake.cpu_char, 0, sizeof(fake.cpu_char));
	fake.resize = 0;
	fake.breakpoints = 0;
	fake.guest = guest;
	fake.opaque = opaque;
}

void fake_set_resize(long answer)
{
	fake.resize = answer;
}

void fake_set_cpu_char(const struct kvm_ppc_cpu_char *c)
{
	fake.cpu_char = *c;
}

void fake_set_guest(fake_guest_fn guest, void *opaque)
{
	fake.guest = guest;
	fake.opaque = opaque;
}

unsigned fake_irq_count(unsigned irq)
{
	return __atomic_load_n(&fake.irq_count[irq - IRQ_BASE], __ATOMIC_SEQ_CST);
}

u64 *fake_htab(u64 *entries)
{
	*entries = fake.order ? 1ull << (fake.order - 4) : 0;
	return fake.htab;
}

static int error(int e)
{
	errno = e;
	return -1;
}

/* ---- Vcpus ---- */

static struct fake_vcpu *vcpu_of(int fd)
{
	return fake.vcpus[fd - FD_VCPU];
}

static int create_vcpu(unsigned id)
{
	if (id >= ARRAY_SIZE(fake.vcpus))
		return error(EINVAL);
	if (fake.vcpus[id])
		return error(EEXIST);
	fake.vcpus[id] = calloc(1, sizeof(struct fake_vcpu));
	fake.vcpus[id]->sregs.pvr = fake.pvr;
	return FD_VCPU + id;
}

static int one_reg(struct fake_vcpu *v, const struct kvm_one_reg *reg, bool set)
{
	unsigned bytes = 1u << ((reg->id & KVM_REG_SIZE_MASK) >> KVM_REG_SIZE_SHIFT), i;
	void *p = (void *)(uintptr_t)reg->addr;

	for (i = 0; i < v->n_regs && v->one_regs[i].id != reg->id; i++)
		;
	if (i == v->n_regs) {
		if (i == REGS_MAX)
			return error(EINVAL);
		memset(&v->one_regs[i], 0, sizeof(v->one_regs[i]));
		v->one_regs[v->n_regs++].id = reg->id;
	}
	if (set)
		memcpy(v->one_regs[i].val, p, bytes);
	else
		memcpy(p, v->one_regs[i].val, bytes);
	return 0;
}

static int run(int fd)
{
	struct fake_vcpu *v = vcpu_of(fd);

	if (v->pending) {
		v->regs.gpr[3] = v->run->papr_hcall.ret;
		for (int i = 0; i < 9; i++)
			v->regs.gpr[4 + i] = v->run->papr_hcall.args[i];
		v->pending = false;
	}
	for (;;) {
		if (__atomic_load_n(&v->run->immediate_exit, __ATOMIC_RELAXED))
			return error(EINTR);
		if (fake.guest && fake.guest(fake.opaque, fd - FD_VCPU, v->run)) {
			v->pending = v->run->exit_reason == KVM_EXIT_PAPR_HCALL;
			return 0;
		}
		usleep(500);
	}
}

static void enable_vcpu_cap(struct fake_vcpu *v, const struct kvm_enable_cap *cap)
{
	if (cap->cap != PAPYR_CAP_BREAKPOINTS)
		return;
	v->n_breakpoints = cap->args[1];
	memcpy(v->breakpoints, (void *)(uintptr_t)cap->args[0],
	       v->n_breakpoints * sizeof(v->breakpoints[0]));
}

static int vcpu_ioctl(int fd, unsigned long request, void *arg)
{
	struct fake_vcpu *v = vcpu_of(fd);

	switch (request) {
	case KVM_RUN:
		return run(fd);
	case KVM_GET_REGS:
		*(struct kvm_regs *)arg = v->regs;
		return 0;
	case KVM_SET_REGS:
		v->regs = *(struct kvm_regs *)arg;
		return 0;
	case KVM_GET_SREGS:
		*(struct kvm_sregs *)arg = v->sregs;
		return 0;
	case KVM_SET_SREGS:
		if (((struct kvm_sregs *)arg)->pvr != v->sregs.pvr)
			return error(EINVAL);
		v->sregs = *(struct kvm_sregs *)arg;
		return 0;
	case KVM_GET_ONE_REG:
	case KVM_SET_ONE_REG:
		return one_reg(v, arg, request == KVM_SET_ONE_REG);
	case KVM_SET_GUEST_DEBUG:
		v->debug = *(struct kvm_guest_debug *)arg;
		return 0;
	case KVM_ENABLE_CAP:
		enable_vcpu_cap(v, arg);
		return 0;
	case KVM_SET_SIGNAL_MASK:
		return 0;
	case KVM_INTERRUPT:
		v->irq = ((struct kvm_interrupt *)arg)->irq;
		return 0;
	case PAPYR_GET_TLB:
		((struct papyr_tlb *)arg)->n = 64;
		return 0;
	case PAPYR_SET_TLB:
		memset(&v->map, 0, sizeof(v->map));
		return 0;
	case PAPYR_MAP:
		v->map = *(struct papyr_map *)arg;
		return 0;
	default:
		return error(EINVAL);
	}
}

const u64 *fake_breakpoints(unsigned id, u64 *n)
{
	*n = fake.vcpus[id]->n_breakpoints;
	return fake.vcpus[id]->breakpoints;
}

void fake_has_breakpoints(void)
{
	fake.breakpoints = FAKE_BREAKPOINTS;
}

u32 fake_interrupt(unsigned id)
{
	return fake.vcpus[id]->irq;
}

const struct papyr_map *fake_map(unsigned id)
{
	return &fake.vcpus[id]->map;
}

const struct kvm_guest_debug *fake_guest_debug(unsigned id)
{
	return &fake.vcpus[id]->debug;
}

/* ---- The VM ---- */

static int check_extension(unsigned long cap)
{
	switch (cap) {
	case KVM_CAP_PPC_SMT:
		return FAKE_SMT;
	case PAPYR_CAP_BREAKPOINTS:
		return fake.breakpoints;
	case KVM_CAP_GUEST_DEBUG_HW_BPS:
	case KVM_CAP_GUEST_DEBUG_HW_WPS:
		return FAKE_POINTS;
	default:
		return 1;
	}
}

static int smmu_info(struct kvm_ppc_smmu_info *info)
{
	*info = (struct kvm_ppc_smmu_info){
	    .flags = KVM_PPC_1T_SEGMENTS,
	    .slb_size = 32,
	    .sps =
		{
		    {12, 0, {{12, 0}, {16, 7}}},
		    {16, 0x110, {{16, 1}}},
		    {24, 0x100, {{24, 0}}},
		},
	};
	return 0;
}

static int source_attr(struct kvm_device_attr *attr, bool set)
{
	u64 *val = (u64 *)(uintptr_t)attr->addr;

	if (attr->group != KVM_DEV_XICS_GRP_SOURCES || attr->attr - IRQ_BASE >= IRQS_MAX)
		return error(ENXIO);
	if (set)
		fake.sources[attr->attr - IRQ_BASE] = *val;
	else
		*val = fake.sources[attr->attr - IRQ_BASE];
	return 0;
}

static void enable_cap(const struct kvm_enable_cap *cap)
{
	if (cap->cap == PAPYR_CAP_PVR)
		fake.pvr = cap->args[0];
}

static int alloc_htab(u32 order)
{
	free(fake.htab);
	fake.order = order;
	fake.htab = calloc(1ull << order, 1);
	return 0;
}

static int fake_ioctl(int fd, unsigned long request, void *arg)
{
	int r = 0;

	if (fd >= FD_VCPU)
		return vcpu_ioctl(fd, request, arg);
	pthread_mutex_lock(&fake.lock);
	switch (request) {
	case KVM_GET_API_VERSION:
		r = KVM_API_VERSION;
		break;
	case KVM_CREATE_VM:
		r = FD_VM;
		break;
	case KVM_GET_VCPU_MMAP_SIZE:
		r = 4096;
		break;
	case KVM_CHECK_EXTENSION:
		r = check_extension((unsigned long)arg);
		break;
	case KVM_CREATE_VCPU:
		r = create_vcpu((unsigned long)arg);
		break;
	case KVM_CREATE_DEVICE:
		((struct kvm_create_device *)arg)->fd = FD_XICS;
		break;
	case KVM_PPC_GET_SMMU_INFO:
		r = smmu_info(arg);
		break;
	case KVM_PPC_GET_CPU_CHAR:
		*(struct kvm_ppc_cpu_char *)arg = fake.cpu_char;
		r = fake.cpu_char.behaviour_mask ? 0 : error(ENOTTY);
		break;
	case KVM_PPC_ALLOCATE_HTAB:
		r = alloc_htab(*(u32 *)arg);
		break;
	case KVM_PPC_RESIZE_HPT_PREPARE:
	case KVM_PPC_RESIZE_HPT_COMMIT:
		r = fake.resize < 0 ? error(-fake.resize) : fake.resize;
		break;
	case KVM_PPC_GET_HTAB_FD:
		fake.cursor = ((struct kvm_get_htab_fd *)arg)->start_index;
		r = FD_HTAB;
		break;
	case KVM_IRQ_LINE:
		fake.irq_count[((struct kvm_irq_level *)arg)->irq - IRQ_BASE]++;
		break;
	case KVM_SET_DEVICE_ATTR:
	case KVM_GET_DEVICE_ATTR:
		r = source_attr(arg, request == KVM_SET_DEVICE_ATTR);
		break;
	case KVM_ENABLE_CAP:
		enable_cap(arg);
		break;
	case KVM_SET_USER_MEMORY_REGION:
	case KVM_PPC_RTAS_DEFINE_TOKEN:
		break;
	default:
		r = error(ENOTTY);
	}
	pthread_mutex_unlock(&fake.lock);
	return r;
}

/* One record for each run of valid entries and the invalid ones behind it. */
static ssize_t fake_read(int fd, void *buf, size_t bytes)
{
	u64 entries = 1ull << (fake.order - 4);
	u8 *p = buf, *end = p + bytes;

	while (fake.cursor < entries &&
	       (size_t)(end - p) >= sizeof(struct kvm_get_htab_header) + 16) {
		struct kvm_get_htab_header head = {.index = fake.cursor};
		u8 *out = p + sizeof(head);

		while (fake.cursor < entries && (fake.htab[2 * fake.cursor] & 1) &&
		       end - out >= 16 && head.n_valid < 0xffff) {
			store_be64(out, fake.htab[2 * fake.cursor]);
			store_be64(out + 8, fake.htab[2 * fake.cursor + 1]);
			out += 16;
			head.n_valid++;
			fake.cursor++;
		}
		while (fake.cursor < entries && !(fake.htab[2 * fake.cursor] & 1) &&
		       head.n_invalid < 0xffff) {
			head.n_invalid++;
			fake.cursor++;
		}
		memcpy(p, &head, sizeof(head));
		p = out;
	}
	return p - (u8 *)buf;
}

static ssize_t fake_write(int fd, const void *buf, size_t bytes)
{
	const u8 *p = buf, *end = p + bytes;

	while ((size_t)(end - p) >= sizeof(struct kvm_get_htab_header)) {
		struct kvm_get_htab_header head;

		memcpy(&head, p, sizeof(head));
		if ((size_t)(end - p) < sizeof(head) + head.n_valid * 16u)
			break;
		p += sizeof(head);
		for (unsigned i = 0; i < head.n_valid; i++, p += 16) {
			fake.htab[2 * (head.index + i)] = load_be64(p);
			fake.htab[2 * (head.index + i) + 1] = load_be64(p + 8);
		}
		memset(&fake.htab[2 * (head.index + head.n_valid)], 0, head.n_invalid * 16u);
	}
	return p - (const u8 *)buf;
}

static int fake_open(void)
{
	return FD_KVM;
}

static void *fake_mmap(size_t bytes, int prot, int flags, int fd)
{
	void *p = mmap(NULL, bytes, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p != MAP_FAILED)
		vcpu_of(fd)->run = p;
	return p;
}

static int fake_close(int fd)
{
	return 0;
}

const struct accel fake_accel = {
    .name = "fake",
    .open = fake_open,
    .ioctl = fake_ioctl,
    .read = fake_read,
    .write = fake_write,
    .mmap = fake_mmap,
    .munmap = munmap,
    .close = fake_close,
    .timebase = papyr_timebase,
};
