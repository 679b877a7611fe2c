/* SPDX-License-Identifier: Apache-2.0 */
/*
 * papyr htab dump. A table has millions of entries: JSON is one object a line, so that no reader
 * need hold them all.
 */
#include "cmd/htab.h"

typedef unsigned long long ull;

/* An entry and what it says. */
struct told {
	u64 index, v, r;
	bool known; /* its page size exists: the rest is meaningful */
	unsigned base, actual;
	struct entry_va va;
	u64 gpa;
	char flags[8];
};

static struct told tell(u64 index, const struct table_word_pair *e)
{
	struct told d = {.index = index, .v = e->v, .r = e->r};

	entry_flags(e->r, d.flags);
	d.known = entry_page_shifts(e->v, e->r, &d.base, &d.actual);
	if (d.known) {
		d.va = entry_va(index, e->v, d.base);
		d.gpa = entry_gpa(e->r, d.actual);
	}
	return d;
}

static const char *segment_name(u64 v)
{
	return v & ENTRY_V_B ? "1T" : "256M";
}

static void print_text(const struct told *d)
{
	printf("%08llx %016llx %016llx  ", (ull)d->index, (ull)d->v, (ull)d->r);
	if (d->known)
		printf("%-4s vsid %013llx +%010llx %-3s -> %012llx", segment_name(d->v),
		       (ull)d->va.vsid, (ull)d->va.offset, entry_size_name(d->actual), (ull)d->gpa);
	else
		printf("page size code that doesn't exist");
	printf(" pp%u key%-2u %s%s%s\n", entry_pp(d->r), entry_key(d->r), d->flags,
	       d->v & ENTRY_V_BOLTED ? " bolted" : "",
	       d->v & ENTRY_V_SECONDARY ? " secondary" : "");
}

static void print_json(const struct told *d)
{
	printf("{\"index\":%llu,\"v\":\"0x%016llx\",\"r\":\"0x%016llx\",\"segment\":\"%s\"",
	       (ull)d->index, (ull)d->v, (ull)d->r, segment_name(d->v));
	if (d->known)
		printf(
		    ",\"vsid\":%llu,\"offset\":%llu,\"base\":\"%s\",\"size\":\"%s\",\"gpa\":%llu",
		    (ull)d->va.vsid, (ull)d->va.offset, entry_size_name(d->base),
		    entry_size_name(d->actual), (ull)d->gpa);
	printf(",\"pp\":%u,\"key\":%u,\"flags\":\"%s\",\"bolted\":%s,\"secondary\":%s}\n",
	       entry_pp(d->r), entry_key(d->r), d->flags, d->v & ENTRY_V_BOLTED ? "true" : "false",
	       d->v & ENTRY_V_SECONDARY ? "true" : "false");
}

static void print_csv(const struct told *d)
{
	printf("%llu,0x%016llx,0x%016llx,%s,", (ull)d->index, (ull)d->v, (ull)d->r,
	       segment_name(d->v));
	if (d->known)
		printf("0x%llx,0x%llx,%s,%s,0x%llx,", (ull)d->va.vsid, (ull)d->va.offset,
		       entry_size_name(d->base), entry_size_name(d->actual), (ull)d->gpa);
	else
		printf(",,,,,");
	printf("%u,%u,%s,%u,%u\n", entry_pp(d->r), entry_key(d->r), d->flags,
	       !!(d->v & ENTRY_V_BOLTED), !!(d->v & ENTRY_V_SECONDARY));
}

int htab_dump(const struct table *t, const struct htab_options *o)
{
	const struct table_word_pair *e;

	if (o->form == FORM_CSV)
		puts("index,v,r,segment,vsid,offset,base,size,gpa,pp,key,flags,bolted,secondary");
	for (u64 i = 0; (e = table_next(t, &i)); i++) {
		struct told d = tell(i, e);

		if (o->form == FORM_JSON)
			print_json(&d);
		else if (o->form == FORM_CSV)
			print_csv(&d);
		else
			print_text(&d);
	}
	return STATUS_OK;
}
