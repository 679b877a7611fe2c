/* SPDX-License-Identifier: Apache-2.0 */
/*
 * papyr tlb diff.
 */
#include "cmd/tlb.h"

struct tlb_diff_job {
	const struct guest_tlb *a, *b;
	json_t *list; /* NULL: as text */
};

static void print_difference(void *opaque, s64 i, s64 j, unsigned what)
{
	const struct tlb_diff_job *job = opaque;

	if (i >= 0) {
		fputs("- ", stdout);
		tlb_print_entry(job->a, i);
		putchar('\n');
	}
	if (j < 0)
		return;
	fputs("+ ", stdout);
	tlb_print_entry(job->b, j);
	for (unsigned k = 0, some = 0; k < TLB_DIFF_BITS; k++)
		if (what >> k & 1)
			printf("%s%s", some++ ? ", " : "  changed: ", tlb_diff_name(k));
	putchar('\n');
}

static void keep_difference(void *opaque, s64 i, s64 j, unsigned what)
{
	const struct tlb_diff_job *job = opaque;
	json_t *one = json_pack("{s:s}", "kind", i < 0 ? "added" : j < 0 ? "removed" : "changed");
	json_t *list = json_array();

	if (i >= 0)
		json_object_set_new(one, "from", tlb_entry_json(job->a, i));
	if (j >= 0)
		json_object_set_new(one, "to", tlb_entry_json(job->b, j));
	for (unsigned k = 0; k < TLB_DIFF_BITS; k++)
		if (what >> k & 1)
			json_array_append_new(list, json_string(tlb_diff_name(k)));
	json_object_set_new(one, "what", list);
	json_array_append_new(job->list, one);
}

static void diff_json(struct tlb_diff_job *job, struct tlb_diff *d)
{
	json_t *all;

	job->list = json_array();
	guest_tlb_compare(job->a, job->b, keep_difference, job, d);
	all = json_pack("{s:s,s:b,s:i,s:i,s:i,s:i,s:o}", "cpu", guest_tlb_cpu_name(job->a->cpu),
			"shadow", job->a->shadow, "same", d->same, "added", d->added, "removed",
			d->removed, "changed", d->changed, "entries", job->list);
	json_dumpf(all, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(all);
}

static void diff_text(struct tlb_diff_job *job, struct tlb_diff *d)
{
	guest_tlb_compare(job->a, job->b, print_difference, job, d);
	printf("%u same, %u added, %u removed, %u changed\n", d->same, d->added, d->removed,
	       d->changed);
}

int cmd_tlb_diff(const struct guest_tlb *a, const struct guest_tlb *b, const struct tlb_options *o)
{
	struct tlb_diff_job job = {a, b, NULL};
	struct tlb_diff d;

	if (o->json)
		diff_json(&job, &d);
	else
		diff_text(&job, &d);
	return d.added || d.removed || d.changed ? STATUS_DIFFERS : STATUS_OK;
}
