/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command x-tlb: a board's TLB, the guest's own or the shadow TLB.
 */
#include <errno.h>
#include <stdlib.h>

#include "monitor/qmp.h"
#include "platform/booke/board.h"
#include "platform/kind.h"
#include "platform/models.h"
#include "platform/vcpu.h"

struct tlb_sight {
	struct papyr_tlb tlb; /* what there is */
	void *entries;	      /* to be freed; NULL: it couldn't be had, for this reason */
	int error;
};

static size_t entry_bytes(const struct papyr_tlb *tlb)
{
	if (tlb->which == PAPYR_TLB_SHADOW)
		return sizeof(struct papyr_tlb_shadow);
	return tlb->cpu == KVM_CPU_440 ? sizeof(struct papyr_tlb_440)
				       : sizeof(struct kvm_book3e_206_tlb_entry);
}

/* On the vcpu's own thread: from one question to the next nothing changes. */
static void look_at_tlb(struct vcpu *vcpu, void *arg)
{
	struct tlb_sight *s = arg;

	if (board_get_tlb(vcpu, s->tlb.which, &s->tlb, NULL, 0) < 0 && errno != E2BIG) {
		s->error = errno;
		return;
	}
	s->entries = calloc(s->tlb.n ? s->tlb.n : 1, entry_bytes(&s->tlb));
	s->error = ENOMEM;
	if (!s->entries || board_get_tlb(vcpu, s->tlb.which, &s->tlb, s->entries, s->tlb.n) >= 0)
		return;
	s->error = errno;
	free(s->entries);
	s->entries = NULL;
}

/* An entry's numbers, in the order of the struct's members. */
static json_t *entry_numbers(const struct tlb_sight *s, u32 i)
{
	const struct papyr_tlb_shadow *shadow = s->entries;
	const struct kvm_book3e_206_tlb_entry *e500 = s->entries;
	const struct papyr_tlb_440 *of_440 = s->entries;

	if (s->tlb.which == PAPYR_TLB_SHADOW)
		return json_pack("[I,I,I,I]", (json_int_t)shadow[i].ea, (json_int_t)shadow[i].gpa,
				 (json_int_t)shadow[i].bytes, (json_int_t)shadow[i].flags);
	if (s->tlb.cpu == KVM_CPU_440)
		return json_pack("[I,I,I,I]", (json_int_t)of_440[i].tid,
				 (json_int_t)of_440[i].word[0], (json_int_t)of_440[i].word[1],
				 (json_int_t)of_440[i].word[2]);
	return json_pack("[I,I,I,I]", (json_int_t)e500[i].mas8, (json_int_t)e500[i].mas1,
			 (json_int_t)e500[i].mas2, (json_int_t)e500[i].mas7_3);
}

/*
 * x-tlb {shadow}: the entries of the first vcpu's TLB, valid or not, or with shadow of what
 * hypervisor and processor made of them. The vcpu is stopped for a moment.
 */
void qmp_x_tlb(struct qmp_client *c, json_t *args, struct qmp_result *result)
{
	bool shadow = json_is_true(json_object_get(args, "shadow"));
	struct machine *m = qmp_machine(c);
	struct tlb_sight s = {.tlb.which = shadow ? PAPYR_TLB_SHADOW : PAPYR_TLB_GUEST};
	json_t *entries;

	if (m->cfg.kind->papr) {
		error_set(&result->error, "a PAPR partition's processors have no TLB that a guest "
					  "fills: 'papyr htab' shows its hash table");
		qmp_fail(result);
		return;
	}
	vcpu_run_on(&m->vcpus[0], look_at_tlb, &s);
	if (!s.entries) {
		errno = s.error;
		error_errno(&result->error, "cannot read the TLB");
		qmp_fail(result);
		return;
	}
	entries = json_array();
	for (u32 i = 0; i < s.tlb.n; i++)
		json_array_append_new(entries, entry_numbers(&s, i));
	result->value = json_pack("{s:s,s:b,s:o}", "cpu", m->cfg.model->name, "shadow", shadow,
				  "entries", entries);
	free(s.entries);
}
