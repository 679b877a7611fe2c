/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual machines: made, counted, and taken apart. */
#include <errno.h>
#include <stdlib.h>
#include "hv/codepage.h"
#include "hv/hcall/hcall.h"
#include "hv/ioeventfd.h"
#include "hv/irqfd.h"
#include "hv/memslot.h"
#include "hv/resize.h"
#include "hv/rma.h"
#include "hv/trace.h"
#include "hv/vcpu.h"
#include "hv/vm.h"
#include "hv/xics/rtas.h"
#include "hv/xics/xics.h"

/*
 * LPCR as every vcpu starts: virtualized partition memory for both translation states, default
 * prefetch depth 4, wake-up events enabled, online, hypervisor decrementer on.
 */
#define LPCR_DPFD_4 (4ull << 52)
#define LPCR_PECEDP 0x10000ull /* privileged doorbells wake */
#define LPCR_PECEDH 0x08000ull /* hypervisor doorbells wake */
#define LPCR_FIRST                                                                                 \
	(LPCR_VPM0 | LPCR_VPM1 | LPCR_DPFD_4 | LPCR_ONL | LPCR_PECEDH | LPCR_PECE | LPCR_HDICE)

static void set_model(struct hv_vm *vm, const struct cpu_model *model)
{
	vm->model = model;
	vm->lpcr = model->has_vrma ? LPCR_FIRST : LPCR_HDICE;
	vm->smt = model->threads;
}

int hv_vm_create(struct hv_vm **out)
{
	struct hv_vm *vm = calloc(1, sizeof(*vm));
	struct hv_memslots *slots = calloc(1, sizeof(*slots));

	if (!vm || !slots) {
		free(vm);
		free(slots);
		return -ENOMEM;
	}
	lock_init(&vm->lock, LOCK_VM);
	lock_init(&vm->shootdown.lock, LOCK_SHOOTDOWN);
	lock_init(&vm->rtas_lock, LOCK_RTAS);
	lock_init(&vm->connect_lock, LOCK_XICS_CONNECT);
	lock_init(&vm->irqfd_lock, LOCK_IRQFD);
	lock_init(&vm->time_lock, LOCK_TIME);
	vm->time.alive = host_timebase();
	hv_alarms_init(&vm->alarms);
	hv_trace_init(vm);
	vm->slots = slots;
	vm->refs = 1;
	set_model(vm, &cpu_model_power8);
	vm->pvr = vm->model->pvr;
	hcall_enable_defaults(vm);
	*out = vm;
	return 0;
}

void hv_vm_get(struct hv_vm *vm)
{
	atomic_fetch_add(&vm->refs, 1);
}

static void destroy(struct hv_vm *vm)
{
	struct hv_memslots *slots = vm->slots;

	hv_irqfd_end(vm);
	for (unsigned i = 0; i < vm->nr_vcpus; i++)
		hv_vcpu_destroy(vm->vcpus[i]);
	for (unsigned i = 0; i < ARRAY_SIZE(vm->cores); i++)
		free(vm->cores[i]);
	hv_xics_free(vm);
	hv_rtas_free(vm);
	hv_ioeventfd_free(vm);
	hv_resize_end(vm);
	hpt_destroy(vm->hpt);
	if (vm->rma)
		hv_rma_put(vm->rma);
	for (unsigned i = 0; i < slots->nr; i++) {
		code_marks_free(slots->slot[i]->code);
		free(slots->slot[i]->dirty);
		free(slots->slot[i]);
	}
	free(slots);
	free(vm->slot_by_id);
	hv_trace_fini(vm);
	lock_destroy(&vm->irqfd_lock);
	lock_destroy(&vm->time_lock);
	lock_destroy(&vm->connect_lock);
	lock_destroy(&vm->rtas_lock);
	lock_destroy(&vm->shootdown.lock);
	lock_destroy(&vm->lock);
	free(vm);
}

void hv_vm_put(struct hv_vm *vm)
{
	if (atomic_fetch_sub(&vm->refs, 1) == 1)
		destroy(vm);
}

unsigned hv_vm_smt(const struct hv_vm *vm)
{
	return vm->smt;
}

unsigned hv_vm_smt_possible(const struct hv_vm *vm)
{
	return 2 * vm->model->threads - 1;
}

int hv_vm_set_pvr(struct hv_vm *vm, u64 pvr)
{
	const struct cpu_model *model = cpu_model_by_pvr(pvr);
	int ret = 0;

	if (pvr >> 32 || !model)
		return -EINVAL;
	lock_acquire(&vm->lock);
	if (vm->nr_vcpus) {
		ret = -EBUSY;
	} else {
		set_model(vm, model);
		vm->pvr = pvr;
	}
	lock_release(&vm->lock);
	return ret;
}

int hv_vm_set_smt(struct hv_vm *vm, u64 threads, u64 flags)
{
	int ret = 0;

	if (flags || !threads || (threads & (threads - 1)))
		return -EINVAL;
	lock_acquire(&vm->lock);
	if (threads > vm->model->threads)
		ret = -EINVAL;
	else if (vm->nr_vcpus)
		ret = -EBUSY;
	else
		vm->smt = threads;
	lock_release(&vm->lock);
	return ret;
}
