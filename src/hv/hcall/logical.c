/* SPDX-License-Identifier: Apache-2.0 */
/* Accesses of firmware in real mode, where loads and stores don't reach devices (PAPR 14.5.4.4). */
#include "hv/hcall/hcall.h"
#include "hv/ioeventfd.h"
#include "hv/vcpu.h"

/*
 * H_LOGICAL_CI_STORE - a cache-inhibited store.
 *
 * @gpr[4]: bytes: 1, 2, 4 or 8
 * @gpr[5]: guest real address
 * @gpr[6]: value, stored big-endian
 *
 * Returns H_SUCCESS: an eventfd was told of it. H_TOO_HARD: none waits for such a store, which is
 * the client's then.
 */
long h_logical_ci_store(struct hv_vcpu *vcpu, u64 *gpr)
{
	u64 size = gpr[4];
	u8 bytes[8];

	if (size != 1 && size != 2 && size != 4 && size != 8)
		return H_TOO_HARD;
	store_be64(bytes, gpr[6]);
	return hv_ioeventfd_store(vcpu->vm, gpr[5], size, bytes + 8 - size) ? H_SUCCESS
									    : H_TOO_HARD;
}
