/* SPDX-License-Identifier: Apache-2.0 */
/* Vcpus: made with their VM, and gone only with it. */
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <fcntl.h>
#include <unistd.h>
#include "hv/codepage.h"
#include "hv/core.h"
#include "hv/fault.h"
#include "hv/idle.h"
#include "hv/run.h"
#include "hv/vcpu.h"
#include "hv/vm.h"
#include "hv/xics/xics.h"

#define MMCR0_FC 0x80000000ull /* counters are frozen */

int hv_fd_hide(int fd)
{
	int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 800);

	if (high < 0)
		return fd;
	close(fd);
	return high;
}

/* Zeroes that are touched as they are used: most of it are caches. */
static struct hv_vcpu *alloc(void)
{
	size_t align = _Alignof(struct hv_vcpu);
	void *memory = calloc(1, sizeof(struct hv_vcpu) + align - 1);
	struct hv_vcpu *vcpu;

	if (!memory)
		return NULL;
	vcpu = (struct hv_vcpu *)(((uintptr_t)memory + align - 1) & ~(align - 1));
	vcpu->memory = memory;
	return vcpu;
}

/* The state that a new vcpu of KVM HV has: all zero, but for these. */
static int init(struct hv_vcpu *vcpu, struct hv_vm *vm, unsigned id)
{
	int ret = cpu_init(&vcpu->cpu, vm->model, &hv_cpu_host, !vm->nr_vcpus);

	if (ret)
		return ret;
	ret = hv_mmio_init(vcpu);
	if (ret)
		goto no_mmio;
	vcpu->core = hv_core_of_new(vm, id);
	if (!vcpu->core) {
		ret = -ENOMEM;
		goto no_wake;
	}
	vcpu->wake_fd = hv_fd_hide(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	if (vcpu->wake_fd < 0) {
		ret = -errno;
		goto no_wake;
	}
	vcpu->vm = vm;
	vcpu->id = id;
	vcpu->signal_fd = -1;
	vcpu->stats = &vcpu->own_stats;
	lock_init(&vcpu->mutex, LOCK_VCPU);
	lock_init(&vcpu->vpa_lock, LOCK_VPA);
	cpu_set_msr(&vcpu->cpu, MSR_ME);
	vcpu->cpu.mmcr[0] = MMCR0_FC;
	vcpu->cpu.amor = ~0ull; /* the hypervisor keeps no storage key to itself */
	vcpu->cpu.pir = id;
	vcpu->cpu.tir = id % vm->smt;
	vcpu->cpu.pvr = vm->pvr;
	vcpu->cpu.lpcr = vm->lpcr;
	vcpu->cpu.time = &vm->time;
	vcpu->cpu.tb_offset = vm->tb_offset;
	vcpu->cpu.dec_expires = 0;
	vcpu->cpu.hpt = vm->hpt;
	vcpu->seen = vm->shootdown.tail;
	return 0;

no_wake:
	hv_mmio_fini(vcpu);
no_mmio:
	cpu_fini(&vcpu->cpu);
	return ret;
}

static void fini(struct hv_vcpu *vcpu)
{
	close(vcpu->wake_fd);
	if (vcpu->signal_fd >= 0)
		close(vcpu->signal_fd);
	lock_destroy(&vcpu->vpa_lock);
	lock_destroy(&vcpu->mutex);
	hv_mmio_fini(vcpu);
	cpu_fini(&vcpu->cpu);
}

/* Under vm->lock, so that nobody's change of slots, table or LPCR passes the newcomer by. */
static int create(struct hv_vm *vm, unsigned id, struct hv_vcpu **out)
{
	struct hv_vcpu *vcpu;
	int ret;

	if (vm->nr_vcpus == HV_MAX_VCPUS || id / vm->smt >= HV_MAX_VCPUS)
		return -EINVAL;
	if (vm->by_id[id])
		return -EEXIST;
	vcpu = alloc();
	if (!vcpu)
		return -ENOMEM;
	ret = init(vcpu, vm, id);
	if (ret) {
		free(vcpu->memory);
		return ret;
	}
	*out = vcpu;
	return 0;
}

int hv_vcpu_create(struct hv_vm *vm, unsigned id, struct kvm_run *run, size_t run_bytes,
		   struct hv_vcpu **out)
{
	struct hv_vcpu *vcpu;
	int ret;

	lock_acquire(&vm->lock);
	ret = create(vm, id, &vcpu);
	if (!ret) {
		vcpu->run = run;
		vcpu->run_bytes = run_bytes;
		vcpu->cpu.traced = vm->traced;
		vm->by_id[id] = vcpu;
		vcpu->core->thread[id % vm->smt] = vcpu;
		vm->vcpus[vm->nr_vcpus] = vcpu;
		vm->nr_vcpus++;
		*out = vcpu;
	}
	lock_release(&vm->lock);
	return ret;
}

void hv_vcpu_lock(struct hv_vcpu *vcpu)
{
	lock_acquire(&vcpu->mutex);
}

void hv_vcpu_unlock(struct hv_vcpu *vcpu)
{
	lock_release(&vcpu->mutex);
}

void hv_vcpu_enable_papr(struct hv_vcpu *vcpu)
{
	vcpu->papr = true;
}

bool hv_vcpu_has_papr(const struct hv_vcpu *vcpu)
{
	return vcpu->papr;
}

const struct hv_stats_file *hv_vcpu_stats_file(const struct hv_vcpu *vcpu)
{
	return &vcpu->stats_file;
}

void hv_vcpu_publish_stats(struct hv_vcpu *vcpu, struct hv_stats_file file, size_t offset)
{
	struct hv_vcpu_stats *values = (void *)((u8 *)file.map + offset);

	vcpu->stats_file = file;
	*values = *vcpu->stats;
	vcpu->stats = values;
}

void hv_stats_file_free(struct hv_stats_file *file)
{
	if (!file->map)
		return;
	munmap(file->map, file->bytes);
	close(file->fd);
}

void hv_vcpu_destroy(struct hv_vcpu *vcpu)
{
	munmap(vcpu->run, vcpu->run_bytes);
	hv_stats_file_free(&vcpu->stats_file);
	hv_xics_free_icp(vcpu);
	fini(vcpu);
	free(vcpu->memory);
}

void hv_vcpu_interrupt(struct hv_vcpu *vcpu, u32 irq)
{
	if (irq == KVM_INTERRUPT_UNSET) {
		cpu_irq_clear(&vcpu->cpu, CPU_IRQ_EXTERNAL);
		return;
	}
	hv_client_wrote(vcpu->vm);
	vcpu->cpu.external_edge = irq == KVM_INTERRUPT_SET;
	cpu_irq_set(&vcpu->cpu, CPU_IRQ_EXTERNAL);
	hv_vcpu_wake(vcpu);
}
