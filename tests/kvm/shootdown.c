/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When H_REMOVE (H_BULK_REMOVE, H_PROTECT) has returned, no other vcpu may still use the old
 * translation.
 *
 * One vcpu watches a page: it loads from it again and again. Another removes the page's entry; then
 * the client poisons the memory that was behind it, which nobody may see there any more, and enters
 * the page anew with other memory behind it. For a second; how often, depends on the machine.
 */
#include "machine.h"
#include "papr.h"
#include <time.h>

#define EA     0x80000ull
#define PAGE_A 0x90000ull
#define PAGE_B 0xa0000ull
#define GOOD   0x600dull
#define POISON 0xbadull
#define PTEX   (((LOW_VSID ^ (EA >> 12)) & 0x3ff) * 8)
#define PTEH   (LOW_VSID << 12 | V_VALID)

static struct machine m;
static struct vcpu remover;
static struct watch watch = {.ea = EA, .poison = POISON};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void remove_plain(void)
{
	struct hcall h;

	if (HCALL(&remover, &h, H_REMOVE, 0, PTEX, 0))
		die("H_REMOVE: %s", h_name(h.r[3]));
}

static void remove_bulk(void)
{
	const u64 args[] = {1ull << 62 | PTEX, 0, 3ull << 62, 0, 0, 0, 0, 0};
	struct hcall h;

	if (hcall(&remover, &h, H_BULK_REMOVE, args, ARRAY_SIZE(args)))
		die("H_BULK_REMOVE: %s", h_name(h.r[3]));
}

/* No access for anybody, then the entry goes: what counts is that H_PROTECT alone is enough. */
static void protect_first(void)
{
	struct hcall h;

	if (HCALL(&remover, &h, H_PROTECT, 0, PTEX, 0))
		die("H_PROTECT: %s", h_name(h.r[3]));
}

static void exchange(const char *text, void (*take_away)(void))
{
	u64 page = PAGE_A, other = PAGE_B, swap;
	double end;
	struct hcall h;
	unsigned rounds = 0;

	topic(text);
	store64(m.memory + page, GOOD);
	if (HCALL(&remover, &h, H_ENTER, H_EXACT, PTEX, PTEH, page | R_REF | R_CHANGED | R_M | 2))
		die("H_ENTER: %s", h_name(h.r[3]));
	watch_start(&watch);
	for (end = now() + 1; now() < end || rounds < 3; rounds++) {
		take_away();
		store64(m.memory + page, POISON);
		if (take_away == protect_first)
			remove_plain();
		store64(m.memory + other, GOOD);
		if (HCALL(&remover, &h, H_ENTER, H_EXACT, PTEX, PTEH,
			  other | R_REF | R_CHANGED | R_M | 2))
			die("H_ENTER: %s", h_name(h.r[3]));
		swap = page;
		page = other;
		other = swap;
	}
	watch_stop(&watch);
	remove_plain();
	say("loads of what was taken away: %lu", watch.stale);
}

/* With Ks set, pp 0 is no access for the supervisor, pp 2 is all. */
static void obey_protection(struct vcpu *v)
{
	struct kvm_sregs sregs;

	if (client_ioctl(v->fd, KVM_GET_SREGS, &sregs))
		die("KVM_GET_SREGS");
	sregs.u.s.ppc64.slb[0].slbv |= SLBV_KS;
	if (client_ioctl(v->fd, KVM_SET_SREGS, &sregs))
		die("KVM_SET_SREGS");
}

int main(void)
{
	machine_new(&m, MIB, 18);
	vcpu_new(&remover, &m, 0);
	vcpu_new(&watch.vcpu, &m, 8);
	map_low_memory(&watch.vcpu);
	obey_protection(&watch.vcpu);
	watch.vcpu.msr |= MSR_DR;
	exchange("H_REMOVE", remove_plain);
	exchange("H_BULK_REMOVE", remove_bulk);
	exchange("H_PROTECT", protect_first);
	vcpu_free(&remover);
	vcpu_free(&watch.vcpu);
	machine_free(&m);
	return 0;
}
