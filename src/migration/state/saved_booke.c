/* SPDX-License-Identifier: Apache-2.0 */
/* What a BookE vcpu has beside the registers that all have: its part of a vcpu's section. */
#include <stddef.h>

#include "migration/state/saved.h"

/* Of struct kvm_sregs, all that can be set, in the order in which it is saved. */
#define E(member, count)                                                                           \
	{                                                                                          \
		.at = offsetof(struct kvm_sregs, u.e.member),                                      \
		.bytes = sizeof(((struct kvm_sregs *)NULL)->u.e.member) / (count), .n = (count)    \
	}
/* clang-format off */
static const struct {
	u16 at;
	u8 bytes, n;
} fields[] = {
	E(impl.fsl.features, 1), E(impl.fsl.svr, 1), E(impl.fsl.mcar, 1), E(impl.fsl.hid0, 1),
	E(impl.fsl.pid1, 1), E(impl.fsl.pid2, 1), E(features, 1), E(impl_id, 1),
	E(csrr0, 1), E(csrr1, 1), E(mcsrr0, 1), E(mcsrr1, 1), E(mcsr, 1), E(esr, 1), E(dear, 1),
	E(ivpr, 1), E(tsr, 1), E(tcr, 1), E(decar, 1), E(dec, 1),
	E(dbsr, 1), E(dbcr, 3), E(iac, 4), E(dac, 2), E(dvc, 2), E(vrsave, 1),
	E(mas0, 1), E(mas1, 1), E(mas2, 1), E(mas7_3, 1), E(mas4, 1), E(mas6, 1),
	E(ivor_low, 16), E(ivor_high, 18),
};
/* clang-format on */
#undef E

#define N_FIELDS ARRAY_SIZE(fields)

/* A number of 4 bytes or of 8. */
static u64 get_field(const void *at, unsigned bytes)
{
	u64 wide;
	u32 word;

	if (bytes == sizeof(wide)) {
		memcpy(&wide, at, sizeof(wide));
		return wide;
	}
	memcpy(&word, at, sizeof(word));
	return word;
}

static bool set_field(void *at, unsigned bytes, u64 val)
{
	u32 word = val;

	if (bytes == sizeof(val))
		memcpy(at, &val, sizeof(val));
	else
		memcpy(at, &word, sizeof(word));
	return bytes == sizeof(val) || word == val;
}

static void pack_entry(const struct saved_booke *b, u32 i, struct state_out *out)
{
	const struct kvm_book3e_206_tlb_entry *e = &b->entries.of_e500[i];

	if (b->cpu == KVM_CPU_440) {
		put_u32(out, b->entries.of_440[i].tid);
		for (unsigned k = 0; k < 3; k++)
			put_u32(out, b->entries.of_440[i].word[k]);
		return;
	}
	put_u32(out, e->mas8);
	put_u32(out, e->mas1);
	put_u64(out, e->mas2);
	put_u64(out, e->mas7_3);
}

static void unpack_entry(struct saved_booke *b, u32 i, struct state_in *in)
{
	struct kvm_book3e_206_tlb_entry *e = &b->entries.of_e500[i];

	if (b->cpu == KVM_CPU_440) {
		b->entries.of_440[i].tid = get_u32(in);
		for (unsigned k = 0; k < 3; k++)
			b->entries.of_440[i].word[k] = get_u32(in);
		return;
	}
	e->mas8 = get_u32(in);
	e->mas1 = get_u32(in);
	e->mas2 = get_u64(in);
	e->mas7_3 = get_u64(in);
}

void saved_booke_pack(const struct saved_booke *b, struct state_out *out)
{
	const u8 *sregs = (const u8 *)&b->sregs;

	put_u32(out, b->sregs.pvr);
	for (size_t i = 0; i < N_FIELDS; i++)
		for (unsigned k = 0; k < fields[i].n; k++)
			put_u64(out, get_field(sregs + fields[i].at + k * fields[i].bytes,
					       fields[i].bytes));
	put_u32(out, b->cpu);
	put_u32(out, b->n_entries);
	for (u32 i = 0; i < b->n_entries; i++)
		pack_entry(b, i, out);
}

int saved_booke_unpack(struct saved_booke *b, struct state_in *in, struct error *err)
{
	u8 *sregs = (u8 *)&b->sregs;

	b->sregs.pvr = get_u32(in);
	for (size_t i = 0; i < N_FIELDS; i++)
		for (unsigned k = 0; k < fields[i].n; k++)
			in->bad |= !set_field(sregs + fields[i].at + k * fields[i].bytes,
					      fields[i].bytes, get_u64(in));
	b->cpu = get_u32(in);
	b->n_entries = get_u32(in);
	if (b->cpu != KVM_CPU_440 && b->cpu != KVM_CPU_E500V2)
		return error_set(err, "a vcpu has a TLB of an unknown kind, %u", b->cpu);
	if (b->n_entries > SAVED_TLB_MAX)
		return error_set(err, "a vcpu has %u TLB entries, more than any papyr writes",
				 b->n_entries);
	for (u32 i = 0; i < b->n_entries; i++)
		unpack_entry(b, i, in);
	return 0;
}
