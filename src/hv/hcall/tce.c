/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hypercalls on TCE tables. A bus without a table is the client's (H_TOO_HARD), and so is an entry
 * that leads to no memory or not to a whole page: the client can do more than we, who know memory
 * slots only. Nothing is half done: what is refused or passed on has changed no entry.
 *
 * @ioba is a device's address; a page of it has an entry if it is in the table's window.
 */
#include "base/racy.h"
#include "hv/hcall/hcall.h"
#include "hv/memslot.h"
#include "hv/tce.h"
#include "hv/vcpu.h"
#include "hv/vm.h"

#define LIST_MAX 512u /* H_PUT_TCE_INDIRECT: the entries of a 4K page */

/* The entries of @count pages from @ioba, or NULL: not pages of the window. */
static u64 *entries_at(const struct hv_tce_table *t, u64 ioba, u64 count)
{
	u64 first = (ioba >> t->page_shift) - t->offset;

	if (ioba & ((1ull << t->page_shift) - 1) || first >= t->size || count > t->size - first)
		return NULL;
	return &t->entries[first];
}

/* Client and vcpus use a table at the same time: an entry is one access. */
static void set(u64 *entry, u64 tce)
{
	__atomic_store_n(entry, tce, __ATOMIC_RELAXED);
}

/* Does it give no access, or access to memory that is all there? */
static bool leads_to_memory(struct hv_vm *vm, const struct hv_tce_table *t, u64 tce)
{
	u64 gpa = tce & ~(TCE_READ | TCE_WRITE);

	if (tce == gpa)
		return true;
	return !(gpa & ((1ull << t->page_shift) - 1)) &&
	       hv_gpa_is_ram(vm, gpa, 1ull << t->page_shift);
}

/*
 * H_PUT_TCE - set an entry.
 *
 * r4 liobn
 * r5 ioba
 * r6 tce:  guest real address, TCE_READ, TCE_WRITE
 *
 * Returns H_SUCCESS; H_PARAMETER: no page of the window. PAPR 14.5.4.2.2.
 */
long h_put_tce(struct hv_vcpu *vcpu, u64 *gpr)
{
	struct hv_tce_table *t = hv_tce_find(vcpu->vm, gpr[4]);
	u64 *entry;

	if (!t)
		return H_TOO_HARD;
	entry = entries_at(t, gpr[5], 1);
	if (!entry)
		return H_PARAMETER;
	if (!leads_to_memory(vcpu->vm, t, gpr[6]))
		return H_TOO_HARD;
	set(entry, gpr[6]);
	return H_SUCCESS;
}

/*
 * H_GET_TCE - read an entry.
 *
 * r4 liobn
 * r5 ioba
 *
 * Returns H_SUCCESS, r4 = the entry; H_PARAMETER: no page of the window. PAPR 14.5.4.2.1.
 */
long h_get_tce(struct hv_vcpu *vcpu, u64 *gpr)
{
	struct hv_tce_table *t = hv_tce_find(vcpu->vm, gpr[4]);
	const u64 *entry;

	if (!t)
		return H_TOO_HARD;
	entry = entries_at(t, gpr[5], 1);
	if (!entry)
		return H_PARAMETER;
	gpr[4] = __atomic_load_n(entry, __ATOMIC_RELAXED);
	return H_SUCCESS;
}

/*
 * H_STUFF_TCE - set entries to one value that gives no access.
 *
 * r4 liobn
 * r5 ioba:  of the first
 * r6 value: without TCE_READ and TCE_WRITE
 * r7 count: 0 too
 *
 * Returns H_SUCCESS; H_PARAMETER: not all are pages of the window, or the value gives access. PAPR
 * 14.5.4.2.3.
 */
long h_stuff_tce(struct hv_vcpu *vcpu, u64 *gpr)
{
	struct hv_tce_table *t = hv_tce_find(vcpu->vm, gpr[4]);
	u64 *entry;

	if (!t)
		return H_TOO_HARD;
	entry = entries_at(t, gpr[5], gpr[7]);
	if (!entry || gpr[6] & (TCE_READ | TCE_WRITE))
		return H_PARAMETER;
	for (u64 i = 0; i < gpr[7]; i++)
		set(&entry[i], gpr[6]);
	return H_SUCCESS;
}

/*
 * H_PUT_TCE_INDIRECT - set entries from a list.
 *
 * r4 liobn
 * r5 ioba:  of the first
 * r6 list:  guest real address, on a boundary of 4K, of big-endian doublewords
 * r7 count: up to 512, 0 too
 *
 * Returns H_SUCCESS; H_PARAMETER: not all are pages of the window, the list is not aligned, or
 * there are too many. PAPR 14.5.4.2.4.
 */
long h_put_tce_indirect(struct hv_vcpu *vcpu, u64 *gpr)
{
	struct hv_tce_table *t = hv_tce_find(vcpu->vm, gpr[4]);
	u64 tces[LIST_MAX], count = gpr[7], *entry;
	const void *list;

	if (!t)
		return H_TOO_HARD;
	entry = entries_at(t, gpr[5], count);
	if (!entry || count > LIST_MAX || gpr[6] % HV_PAGE_SIZE)
		return H_PARAMETER;
	list = hv_guest_ptr(vcpu->vm, gpr[6], HV_PAGE_SIZE, false);
	if (!list)
		return H_TOO_HARD;
	/* Another vcpu may be writing the list: what was looked at is what is set. */
	racy_copy_bytes(tces, list, count * sizeof(tces[0]));
	for (u64 i = 0; i < count; i++) {
		tces[i] = be64(tces[i]);
		if (!leads_to_memory(vcpu->vm, t, tces[i]))
			return H_TOO_HARD;
	}
	for (u64 i = 0; i < count; i++)
		set(&entry[i], tces[i]);
	return H_SUCCESS;
}
