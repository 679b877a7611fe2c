/* SPDX-License-Identifier: Apache-2.0 */
/*
 * papyr tlb dump.
 */
#include <papyr/kvm.h>

#include "cmd/tlb.h"

typedef unsigned long long ull;

/* Pages' sizes are whole numbers of them. */
static const char *size_name(u64 bytes, char buf[24])
{
	static const char letters[] = "KMG";
	unsigned i = 0;

	bytes >>= 10;
	for (; bytes >= 1024 && i < 2; i++)
		bytes >>= 10;
	snprintf(buf, 24, "%llu%c", (ull)bytes, letters[i]);
	return buf;
}

static const char *access_name(unsigned access, char buf[4])
{
	buf[0] = access & TLB_READ ? 'r' : '-';
	buf[1] = access & TLB_WRITE ? 'w' : '-';
	buf[2] = access & TLB_EXECUTE ? 'x' : '-';
	buf[3] = 0;
	return buf;
}

static const char *wimge_name(unsigned wimge, char buf[6])
{
	for (unsigned k = 0; k < 5; k++)
		buf[k] = wimge >> (4 - k) & 1 ? "WIMGE"[k] : '-';
	buf[5] = 0;
	return buf;
}

/* "12" of a 440; "0:127.3", "1:5" of an e500. */
static const char *place_name(const struct guest_tlb *t, u32 i, char buf[24])
{
	struct tlb_place p = guest_tlb_place(t, i);

	if (t->shadow)
		snprintf(buf, 24, "-");
	else if (t->cpu == KVM_CPU_440)
		snprintf(buf, 24, "%u", p.way);
	else if (p.tlb)
		snprintf(buf, 24, "1:%u", p.way);
	else
		snprintf(buf, 24, "0:%u.%u", p.set, p.way);
	return buf;
}

void tlb_print_head(const struct guest_tlb *t, const char *margin)
{
	printf("%s%-7s %-8s %5s    %-9s %3s %2s %-4s super%s\n", margin, "entry", "ea", "size",
	       "real", "tid", "as", "user", t->shadow ? "" : " wimge");
}

void tlb_print_entry(const struct guest_tlb *t, u32 i)
{
	struct tlb_told e = guest_tlb_tell(t, i);
	char place[24], size[24], user[4], super[4], wimge[6];

	printf("%-7s %08llx %5s -> %09llx %3u %2u %-4s %-5s", place_name(t, i, place), (ull)e.ea,
	       size_name(e.bytes, size), (ull)e.real, e.tid, e.space, access_name(e.user, user),
	       access_name(e.supervisor, super));
	if (t->shadow)
		return;
	printf(" %s", wimge_name(e.wimge, wimge));
	if (e.user_bits)
		printf(" U%x", e.user_bits);
	if (e.protect)
		printf(" protected");
	if (!e.valid)
		printf(" invalid");
}

static void add_place(const struct guest_tlb *t, u32 i, json_t *o)
{
	struct tlb_place p = guest_tlb_place(t, i);

	json_object_set_new(o, "index", json_integer(i));
	if (t->shadow || t->cpu == KVM_CPU_440)
		return;
	json_object_set_new(o, "tlb", json_integer(p.tlb));
	if (!p.tlb)
		json_object_set_new(o, "set", json_integer(p.set));
	json_object_set_new(o, p.tlb ? "entry" : "way", json_integer(p.way));
}

json_t *tlb_entry_json(const struct guest_tlb *t, u32 i)
{
	struct tlb_told e = guest_tlb_tell(t, i);
	char user[4], super[4], wimge[6];
	json_t *o = json_object(), *words = json_array();

	add_place(t, i, o);
	json_object_update_new(o, json_pack("{s:b,s:I,s:I,s:I,s:b,s:s,s:s}", "valid", e.valid, "ea",
					    (json_int_t)e.ea, "bytes", (json_int_t)e.bytes, "real",
					    (json_int_t)e.real, "space1", e.space, "user",
					    access_name(e.user, user), "supervisor",
					    access_name(e.supervisor, super)));
	if (!t->shadow)
		json_object_update_new(o, json_pack("{s:i,s:s,s:i,s:b}", "tid", e.tid, "wimge",
						    wimge_name(e.wimge, wimge), "user-bits",
						    e.user_bits, "protected", e.protect));
	for (unsigned k = 0; k < GUEST_TLB_WORDS; k++)
		json_array_append_new(words, json_integer(t->e[i].word[k]));
	json_object_set_new(o, "words", words);
	return o;
}

static u32 count_valid(const struct guest_tlb *t)
{
	u32 n = 0;

	for (u32 i = 0; i < t->n; i++)
		n += guest_tlb_tell(t, i).valid;
	return n;
}

static bool is_shown(const struct guest_tlb *t, u32 i, const struct tlb_options *o)
{
	return o->all || guest_tlb_tell(t, i).valid;
}

static void dump_text(const struct guest_tlb *t, const struct tlb_options *o)
{
	printf("source: %s, %s", t->source, guest_tlb_cpu_name(t->cpu));
	if (t->shadow)
		printf(", shadow TLB of %u pages\n", t->n);
	else
		printf(", %u of %u entries valid\n", count_valid(t), t->n);
	tlb_print_head(t, "");
	for (u32 i = 0; i < t->n; i++) {
		if (!is_shown(t, i, o))
			continue;
		tlb_print_entry(t, i);
		putchar('\n');
	}
}

static void dump_json(const struct guest_tlb *t, const struct tlb_options *o)
{
	json_t *entries = json_array(), *all;

	for (u32 i = 0; i < t->n; i++)
		if (is_shown(t, i, o))
			json_array_append_new(entries, tlb_entry_json(t, i));
	all = json_pack("{s:s,s:s,s:b,s:i,s:i,s:o}", "source", t->source, "cpu",
			guest_tlb_cpu_name(t->cpu), "shadow", t->shadow, "size", t->n, "valid",
			count_valid(t), "entries", entries);
	json_dumpf(all, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(all);
}

int cmd_tlb_dump(const struct guest_tlb *t, const struct tlb_options *o)
{
	if (o->json)
		dump_json(t, o);
	else
		dump_text(t, o);
	return STATUS_OK;
}
