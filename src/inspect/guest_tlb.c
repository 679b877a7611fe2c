/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect/guest_tlb.h"

#include <papyr/kvm.h>
#include <stdlib.h>
#include <string.h>

#include "migration/image/image.h"
#include "migration/state/saved.h"

/* An e500v2's on a board, which leaves them at the chip's own numbers. */
#define TLB0_ENTRIES 512u
#define TLB0_WAYS    4u
#define TLB1_ENTRIES 16u

static const struct {
	u32 cpu;
	const char *name;
	u32 entries;
} cpus[] = {
    {KVM_CPU_440, "440", 64},
    {KVM_CPU_E500V2, "e500v2", TLB0_ENTRIES + TLB1_ENTRIES},
};

u32 guest_tlb_entries(u32 cpu)
{
	for (size_t i = 0; i < ARRAY_SIZE(cpus); i++)
		if (cpus[i].cpu == cpu)
			return cpus[i].entries;
	return 0;
}

const char *guest_tlb_cpu_name(u32 cpu)
{
	for (size_t i = 0; i < ARRAY_SIZE(cpus); i++)
		if (cpus[i].cpu == cpu)
			return cpus[i].name;
	return NULL;
}

u32 guest_tlb_cpu(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(cpus); i++)
		if (!strcmp(cpus[i].name, name))
			return cpus[i].cpu;
	return 0;
}

int guest_tlb_init(struct guest_tlb *t, u32 cpu, bool shadow, u32 n, struct error *err)
{
	*t = (struct guest_tlb){.cpu = cpu, .shadow = shadow, .n = n};
	if (!shadow && n != guest_tlb_entries(cpu))
		return error_set(err, "a TLB of %u entries, where a %s has %u", n,
				 guest_tlb_cpu_name(cpu), guest_tlb_entries(cpu));
	if (n > GUEST_TLB_SHADOW_MAX)
		return error_set(err, "a shadow TLB of %u entries, more than any", n);
	t->e = calloc(n ? n : 1, sizeof(*t->e));
	return t->e ? 0 : error_nomem(err, "the TLB's entries");
}

void guest_tlb_free(struct guest_tlb *t)
{
	free(t->e);
	t->e = NULL;
}

/* ---- Out of an image ---- */

bool guest_tlb_in_image(const void *data, size_t len)
{
	return len >= 8 && !memcmp(data, IMAGE_MAGIC, 8);
}

static int take_saved(struct guest_tlb *t, const struct saved_booke *b, struct error *err)
{
	if (guest_tlb_init(t, b->cpu, false, b->n_entries, err))
		return -1;
	t->source = "Papyr image";
	for (u32 i = 0; i < t->n; i++) {
		const struct papyr_tlb_440 *of_440 = &b->entries.of_440[i];
		const struct kvm_book3e_206_tlb_entry *of_e500 = &b->entries.of_e500[i];

		t->e[i] = b->cpu == KVM_CPU_440
			      ? (struct guest_tlb_entry){{of_440->tid, of_440->word[0],
							  of_440->word[1], of_440->word[2]}}
			      : (struct guest_tlb_entry){
				    {of_e500->mas8, of_e500->mas1, of_e500->mas2, of_e500->mas7_3}};
	}
	return 0;
}

static int read_vcpu(struct image *img, struct saved_vcpu *v, struct error *err)
{
	const struct image_section *s = image_find(img, IMAGE_VCPU, 0);
	size_t bytes;
	u8 *data;
	int r;

	if (!s)
		return error_set(err, "the image has no processor in it");
	data = section_load(img, s, SAVED_SECTION_MAX, &bytes, err);
	if (!data)
		return -1;
	r = saved_vcpu_unpack(v, &(struct state_in){.data = data, .len = bytes}, err);
	free(data);
	return r;
}

int guest_tlb_load(struct guest_tlb *t, int fd, struct error *err)
{
	struct image *img = image_open_fd(fd, err);
	struct saved_vcpu *v = img ? malloc(sizeof(*v)) : NULL;
	int r = -1;

	if (img && !v)
		error_nomem(err, "a vcpu's registers");
	if (v)
		r = read_vcpu(img, v, err);
	if (!r && !v->is_booke)
		r = error_set(err, "a PAPR partition's processors have no TLB that a guest fills: "
				   "'papyr htab' shows its hash table");
	if (!r)
		r = take_saved(t, &v->booke, err);
	free(v);
	if (img)
		image_close(img);
	return r;
}

/* ---- What entries say ---- */

/* Sizes are powers of four. */
static u64 size_of(unsigned code)
{
	return 1024ull << 2 * (code > 11 ? 11 : code);
}

static struct tlb_told tell_440(const struct guest_tlb_entry *e)
{
	u32 w0 = e->word[1], w1 = e->word[2], w2 = e->word[3];
	u64 bytes = size_of(w0 >> 4 & 15);

	return (struct tlb_told){
	    .valid = w0 & 0x200,
	    .ea = w0 & 0xfffffc00u & ~(bytes - 1),
	    .bytes = bytes,
	    .real = ((u64)(w1 & 15) << 32 | (w1 & 0xfffffc00u)) & ~(bytes - 1),
	    .tid = e->word[0],
	    .space = w0 & 0x100,
	    .user = w2 >> 3 & 7,
	    .supervisor = w2 & 7,
	    .wimge = w2 >> 7 & 31,
	    .user_bits = w2 >> 12 & 15,
	};
}

/* Users' rights and the supervisor's by turns. */
static unsigned every_second(u32 v)
{
	return (v & 1 ? TLB_READ : 0) | (v & 4 ? TLB_WRITE : 0) | (v & 16 ? TLB_EXECUTE : 0);
}

static struct tlb_told tell_e500(const struct guest_tlb_entry *e, u32 i)
{
	u32 mas1 = e->word[1], mas2 = e->word[2];
	u64 mas7_3 = e->word[3];
	u64 bytes = i < TLB0_ENTRIES ? 4096 : size_of(mas1 >> 8 & 15);

	return (struct tlb_told){
	    .valid = mas1 & 0x80000000u,
	    .ea = mas2 & 0xfffff000u & ~(bytes - 1),
	    .bytes = bytes,
	    .real = mas7_3 & 0xffffff000ull & ~(bytes - 1),
	    .tid = mas1 >> 16 & 255,
	    .space = mas1 & 0x1000,
	    .user = every_second((u32)mas7_3 >> 1),
	    .supervisor = every_second((u32)mas7_3),
	    .wimge = mas2 & 31,
	    .user_bits = (u32)mas7_3 >> 6 & 15,
	    .protect = mas1 & 0x40000000u,
	};
}

static struct tlb_told tell_shadow(const struct guest_tlb_entry *e)
{
	u32 flags = e->word[3];
	unsigned access = flags & (PAPYR_MAP_READ | PAPYR_MAP_WRITE | PAPYR_MAP_EXECUTE);
	bool user = flags & PAPYR_MAP_USER;

	return (struct tlb_told){
	    .valid = true,
	    .ea = e->word[0],
	    .bytes = e->word[2],
	    .real = e->word[1],
	    .space = flags & PAPYR_MAP_AS1,
	    .user = user ? access : 0,
	    .supervisor = user ? 0 : access,
	};
}

struct tlb_told guest_tlb_tell(const struct guest_tlb *t, u32 i)
{
	if (t->shadow)
		return tell_shadow(&t->e[i]);
	return t->cpu == KVM_CPU_440 ? tell_440(&t->e[i]) : tell_e500(&t->e[i], i);
}

struct tlb_place guest_tlb_place(const struct guest_tlb *t, u32 i)
{
	if (t->cpu == KVM_CPU_E500V2 && i >= TLB0_ENTRIES)
		return (struct tlb_place){.tlb = 1, .way = i - TLB0_ENTRIES};
	if (t->cpu == KVM_CPU_E500V2)
		return (struct tlb_place){.set = i / TLB0_WAYS, .way = i % TLB0_WAYS};
	return (struct tlb_place){.way = i};
}

/* ---- Shadow TLBs ---- */

/* Whose: all but the rights, which come from several caches. */
#define SHADOW_WHOSE (PAPYR_MAP_USER | PAPYR_MAP_AS1)

static int order(u64 a, u64 b)
{
	return a < b ? -1 : a > b;
}

/* By space and user, then by address. */
static int by_page(const struct guest_tlb_entry *a, const struct guest_tlb_entry *b)
{
	int r = order(a->word[3] & SHADOW_WHOSE, b->word[3] & SHADOW_WHOSE);

	return r ? r : order(a->word[0], b->word[0]);
}

static int by_page_and_place(const void *a, const void *b)
{
	const struct guest_tlb_entry *x = a, *y = b;
	int r = by_page(x, y);

	return r ? r : order(x->word[1], y->word[1]);
}

void guest_tlb_sort(struct guest_tlb *t)
{
	u32 n = 0;

	qsort(t->e, t->n, sizeof(*t->e), by_page_and_place);
	for (u32 i = 0; i < t->n; i++) {
		struct guest_tlb_entry *last = n ? &t->e[n - 1] : NULL;

		if (last && !by_page_and_place(last, &t->e[i]) && last->word[2] == t->e[i].word[2])
			last->word[3] |= t->e[i].word[3];
		else
			t->e[n++] = t->e[i];
	}
	t->n = n;
}

/* ---- Differences ---- */

const char *tlb_diff_name(unsigned bit)
{
	static const char *const names[TLB_DIFF_BITS] = {"ea",	   "size",  "real", "process",
							 "access", "wimge", "other"};

	return names[bit];
}

static unsigned differences(const struct tlb_told *a, const struct tlb_told *b)
{
	unsigned what = 0;

	if (a->ea != b->ea)
		what |= TLB_DIFF_EA;
	if (a->bytes != b->bytes)
		what |= TLB_DIFF_SIZE;
	if (a->real != b->real)
		what |= TLB_DIFF_REAL;
	if (a->tid != b->tid || a->space != b->space)
		what |= TLB_DIFF_PROCESS;
	if (a->user != b->user || a->supervisor != b->supervisor)
		what |= TLB_DIFF_ACCESS;
	if (a->wimge != b->wimge)
		what |= TLB_DIFF_WIMGE;
	if (a->user_bits != b->user_bits || a->protect != b->protect)
		what |= TLB_DIFF_OTHER;
	return what;
}

struct comparison {
	const struct guest_tlb *a, *b;
	tlb_difference_fn *fn;
	void *opaque;
	struct tlb_diff *d;
};

/* One place or page; what isn't there is -1. */
static void compare_entries(const struct comparison *c, s64 i, s64 j)
{
	struct tlb_told a = {0}, b = {0};
	unsigned what;

	if (i >= 0)
		a = guest_tlb_tell(c->a, i);
	if (j >= 0)
		b = guest_tlb_tell(c->b, j);
	if (!a.valid && !b.valid)
		return;
	what = a.valid && b.valid ? differences(&a, &b) : 0;
	if (a.valid && b.valid && !what) {
		c->d->same++;
		return;
	}
	if (!a.valid)
		c->d->added++;
	else if (!b.valid)
		c->d->removed++;
	else
		c->d->changed++;
	c->fn(c->opaque, a.valid ? i : -1, b.valid ? j : -1, what);
}

static void compare_shadows(const struct comparison *c)
{
	u32 i = 0, j = 0;

	while (i < c->a->n || j < c->b->n) {
		int r = i == c->a->n ? 1 : j == c->b->n ? -1 : by_page(&c->a->e[i], &c->b->e[j]);

		compare_entries(c, r <= 0 ? i : -1ll, r >= 0 ? j : -1ll);
		i += r <= 0;
		j += r >= 0;
	}
}

void guest_tlb_compare(const struct guest_tlb *a, const struct guest_tlb *b, tlb_difference_fn *fn,
		       void *opaque, struct tlb_diff *d)
{
	const struct comparison c = {a, b, fn, opaque, d};

	*d = (struct tlb_diff){0};
	if (a->shadow) {
		compare_shadows(&c);
		return;
	}
	for (u32 i = 0; i < a->n && i < b->n; i++)
		compare_entries(&c, i, i);
}
