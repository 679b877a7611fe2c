/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Book E vcpu's TLBs, by Papyr's own requests and in an array that the client shares.
 *
 * That array is the client's memory: it is read and written as a whole, at requests and when
 * KVM_RUN returns, and never what the processor looks into.
 */
#include <errno.h>
#include <stdlib.h>
#include "hv/booke.h"
#include "hv/vcpu.h"
#include "kvm/tlb.h"
#include "kvm/user.h"

/* --- entries, to and from the client --- */

static long write_entries(const struct hv_vcpu *vcpu, u64 to)
{
	size_t bytes = hv_tlb_entries(vcpu) * hv_tlb_entry_bytes(vcpu);
	void *entries = malloc(bytes);
	long ret;

	if (!entries)
		return -ENOMEM;
	hv_tlb_get(vcpu, entries);
	ret = user_write(to, entries, bytes);
	free(entries);
	return ret;
}

static long read_entries(struct hv_vcpu *vcpu, u64 from)
{
	size_t bytes = hv_tlb_entries(vcpu) * hv_tlb_entry_bytes(vcpu);
	void *entries = malloc(bytes);
	long ret;

	if (!entries)
		return -ENOMEM;
	ret = user_read(entries, from, bytes);
	if (!ret)
		hv_tlb_set(vcpu, entries);
	free(entries);
	return ret;
}

/* --- Papyr's own requests --- */

static long read_request(const struct hv_vcpu *vcpu, unsigned long arg, struct papyr_tlb *tlb)
{
	if (user_read(tlb, arg, sizeof(*tlb)))
		return -EFAULT;
	if (!hv_is_booke(vcpu) || tlb->cpu != hv_tlb_kind(vcpu) || tlb->flags ||
	    tlb->which > PAPYR_TLB_SHADOW)
		return -EINVAL;
	return 0;
}

static long get_shadow(const struct hv_vcpu *vcpu, const struct papyr_tlb *tlb, u32 n)
{
	struct papyr_tlb_shadow *entries = calloc(n ? n : 1, sizeof(*entries));
	long ret;

	if (!entries)
		return -ENOMEM;
	hv_tlb_shadow(vcpu, entries, n);
	ret = user_write(tlb->entries, entries, n * sizeof(*entries));
	free(entries);
	return ret;
}

long tlb_get(struct hv_vcpu *vcpu, unsigned long arg)
{
	struct papyr_tlb tlb;
	long ret = read_request(vcpu, arg, &tlb);
	u32 room = tlb.n;

	if (ret)
		return ret;
	tlb.n = tlb.which == PAPYR_TLB_SHADOW ? hv_tlb_shadow(vcpu, NULL, 0) : hv_tlb_entries(vcpu);
	if (user_write(arg, &tlb, sizeof(tlb)))
		return -EFAULT;
	if (room < tlb.n)
		return -E2BIG;
	return tlb.which == PAPYR_TLB_SHADOW ? get_shadow(vcpu, &tlb, tlb.n)
					     : write_entries(vcpu, tlb.entries);
}

/* What the client shares follows at once. */
static long changed(struct hv_vcpu *vcpu, long ret)
{
	long shared = ret < 0 ? 0 : tlb_share(vcpu);

	return shared ? shared : ret;
}

long tlb_set(struct hv_vcpu *vcpu, unsigned long arg)
{
	struct papyr_tlb tlb;
	long ret = read_request(vcpu, arg, &tlb);

	if (ret)
		return ret;
	if (tlb.which != PAPYR_TLB_GUEST || tlb.n != hv_tlb_entries(vcpu))
		return -EINVAL;
	return changed(vcpu, read_entries(vcpu, tlb.entries));
}

long tlb_map(struct hv_vcpu *vcpu, unsigned long arg)
{
	struct papyr_map map;

	if (user_read(&map, arg, sizeof(map)))
		return -EFAULT;
	return hv_is_booke(vcpu) ? changed(vcpu, hv_tlb_map(vcpu, &map)) : -EINVAL;
}

/* --- Linux's --- */

long tlb_translate(struct hv_vcpu *vcpu, unsigned long arg)
{
	struct kvm_translation tr;

	if (user_read(&tr, arg, sizeof(tr)))
		return -EFAULT;
	hv_tlb_translate(vcpu, &tr);
	return user_write(arg, &tr, sizeof(tr));
}

long tlb_config(struct hv_vcpu *vcpu, unsigned long arg)
{
	struct kvm_book3e_206_tlb_params params;
	struct kvm_config_tlb config;
	u64 entries;
	long ret;

	if (hv_tlb_kind(vcpu) != KVM_CPU_E500V2)
		return -EINVAL;
	if (user_read(&config, arg, sizeof(config)))
		return -EFAULT;
	if (config.mmu_type != KVM_MMU_FSL_BOOKE_NOHV)
		return -EINVAL;
	if (user_read(&params, config.params, sizeof(params)))
		return -EFAULT;
	entries = (u64)params.tlb_sizes[0] + params.tlb_sizes[1];
	if (config.array_len < entries * sizeof(struct kvm_book3e_206_tlb_entry))
		return -EINVAL;
	ret = hv_tlb_can_configure(vcpu, &params);
	if (!ret && user_populate(config.array, entries * sizeof(struct kvm_book3e_206_tlb_entry)))
		ret = -EFAULT;
	if (!ret)
		ret = hv_tlb_configure(vcpu, &params);
	if (ret)
		return ret;
	hv_tlb_set_array(vcpu, config.array);
	return read_entries(vcpu, config.array);
}

long tlb_dirty(struct hv_vcpu *vcpu, unsigned long arg)
{
	struct kvm_dirty_tlb dirty;

	if (user_read(&dirty, arg, sizeof(dirty)))
		return -EFAULT;
	if (hv_tlb_kind(vcpu) != KVM_CPU_E500V2)
		return -EINVAL;
	return hv_tlb_array(vcpu) ? read_entries(vcpu, hv_tlb_array(vcpu)) : 0;
}

long tlb_share(struct hv_vcpu *vcpu)
{
	u64 array = hv_is_booke(vcpu) ? hv_tlb_array(vcpu) : 0;

	return array && hv_tlb_changed(vcpu) ? write_entries(vcpu, array) : 0;
}
