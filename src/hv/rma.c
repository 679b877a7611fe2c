/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real-mode areas: the pool, and VMs that use one.
 *
 * As on Linux a mapping of an area keeps it, though its descriptor is closed. Nobody tells of
 * munmap(), so areas that nothing else keeps are looked up among the process's mappings when
 * somebody wants one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sysmacros.h>
#include "base/lock.h"
#include "hv/rma.h"
#include "hv/vm.h"
#include "hv/vrma.h"

#define DEFAULT_BYTES (256ull << 20)
#define DEFAULT_COUNT 4
#define MAX_COUNT     1024

#define HID4_RMLS_MAX 7 /* the PPC970 has three bits for the limit's code */

struct hv_rma {
	unsigned refs; /* under @lock, as all that follows; 0: only mappings are left */
	bool mapped;   /* collect()'s */
	u64 bytes;
	dev_t dev;
	ino_t ino; /* 0: not known yet */
	struct hv_rma *next;
};

static struct lock lock = LOCK_STATIC(RMA);
static u64 area_bytes = DEFAULT_BYTES;
static unsigned area_count = DEFAULT_COUNT;
static unsigned in_use;
static struct hv_rma *areas;

/* --- the process's mappings --- */

struct mapping {
	unsigned long long start, end, offset, ino;
	dev_t dev;
	bool shared;
};

static bool parse_mapping(const char *line, struct mapping *m)
{
	unsigned major_nr, minor_nr;
	char shared;

	if (sscanf(line, "%llx-%llx %*c%*c%*c%c %llx %x:%x %llu", &m->start, &m->end, &shared,
		   &m->offset, &major_nr, &minor_nr, &m->ino) != 7)
		return false;
	m->dev = makedev(major_nr, minor_nr);
	m->shared = shared == 's';
	return true;
}

/* Calls @see of each until it returns true. */
static void each_mapping(bool (*see)(const struct mapping *m, void *arg), void *arg)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	struct mapping m;
	char *line = NULL;
	size_t room = 0;

	while (maps && getline(&line, &room, maps) > 0)
		if (parse_mapping(line, &m) && see(&m, arg))
			break;
	free(line);
	if (maps)
		fclose(maps);
}

/* Under @lock. */
static struct hv_rma *area_of(const struct mapping *m)
{
	struct hv_rma *rma = areas;

	while (rma && (rma->ino != m->ino || rma->dev != m->dev))
		rma = rma->next;
	return rma;
}

static bool note_mapped(const struct mapping *m, void *arg)
{
	struct hv_rma *rma = area_of(m);

	if (rma)
		rma->mapped = true;
	return false;
}

/* Under @lock: areas that nothing keeps go back to the pool. */
static void collect(void)
{
	bool any = false;

	for (struct hv_rma *rma = areas; rma; rma = rma->next) {
		rma->mapped = false;
		any |= !rma->refs;
	}
	if (any)
		each_mapping(note_mapped, NULL);
	for (struct hv_rma **p = &areas, *rma; (rma = *p);) {
		if (rma->refs || rma->mapped) {
			p = &rma->next;
			continue;
		}
		*p = rma->next;
		in_use--;
		free(rma);
	}
}

/* --- the pool --- */

int hv_rma_set_pool(u64 bytes, u64 count)
{
	int ret = 0;

	if (cpu_real_mode_limit_code(bytes) < 0 || count > MAX_COUNT)
		return -EINVAL;
	lock_acquire(&lock);
	collect();
	if (in_use) {
		ret = -EBUSY;
	} else {
		area_bytes = bytes;
		area_count = count;
	}
	lock_release(&lock);
	return ret;
}

unsigned hv_rma_free_count(void)
{
	unsigned n;

	lock_acquire(&lock);
	collect();
	n = area_count - in_use;
	lock_release(&lock);
	return n;
}

unsigned hv_rma_need(const struct hv_vm *vm)
{
	unsigned count;

	if (!vm->model->has_rma)
		return 0;
	if (!vm->model->has_vrma)
		return 2;
	lock_acquire(&lock);
	count = area_count;
	lock_release(&lock);
	return count ? 1 : 0;
}

/* Under @lock. */
static int take(struct hv_rma *rma)
{
	if (!area_count)
		return -EINVAL;
	collect();
	if (in_use == area_count)
		return -ENOMEM;
	in_use++;
	rma->refs = 1;
	rma->bytes = area_bytes;
	rma->next = areas;
	areas = rma;
	return 0;
}

int hv_rma_take(struct hv_vm *vm, struct hv_rma **out)
{
	struct hv_rma *rma;
	int ret;

	if (!vm->model->has_rma)
		return -ENOTTY;
	rma = calloc(1, sizeof(*rma));
	if (!rma)
		return -ENOMEM;
	lock_acquire(&lock);
	ret = take(rma);
	lock_release(&lock);
	if (ret)
		free(rma);
	else
		*out = rma;
	return ret;
}

u64 hv_rma_bytes(const struct hv_rma *rma)
{
	return rma->bytes;
}

void hv_rma_is_file(struct hv_rma *rma, const struct stat *st)
{
	lock_acquire(&lock);
	rma->dev = st->st_dev;
	rma->ino = st->st_ino;
	lock_release(&lock);
}

void hv_rma_put(struct hv_rma *rma)
{
	lock_acquire(&lock);
	rma->refs--;
	lock_release(&lock);
}

/* --- a VM's real mode --- */

struct rma_search {
	uintptr_t host;
	struct hv_rma *found;
};

static bool look_for(const struct mapping *m, void *arg)
{
	struct rma_search *s = arg;

	if (s->host < m->start || s->host >= m->end)
		return false;
	if (m->shared && m->offset + (s->host - m->start) == 0)
		s->found = area_of(m);
	return true;
}

/* With a reference. NULL: no area begins at @host. */
static struct hv_rma *area_at(const void *host)
{
	struct rma_search s = {.host = (uintptr_t)host};

	lock_acquire(&lock);
	if (areas)
		each_mapping(look_for, &s);
	if (s.found)
		s.found->refs++;
	lock_release(&lock);
	return s.found;
}

int hv_rma_use(struct hv_vm *vm, const void *host, u64 bytes)
{
	struct hv_rma *old = vm->rma, *rma;
	int code;

	rma = vm->model->has_rma ? area_at(host) : NULL;
	if (!rma)
		return 0;
	code = cpu_real_mode_limit_code(rma->bytes < bytes ? rma->bytes : bytes);
	if (code < 0 || (code > HID4_RMLS_MAX && !vm->model->has_vrma)) {
		hv_rma_put(rma);
		return -EINVAL;
	}
	vm->rma = rma;
	if (old)
		hv_rma_put(old);
	hv_set_lpcr(vm, (u64)code << LPCR_RMLS_SHIFT, LPCR_VPM0 | LPCR_VRMASD | LPCR_RMLS);
	return 1;
}
