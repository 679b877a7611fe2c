/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/fdt.h"

#include <libfdt.h>
#include <papyr/papyr.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "platform/console.h"
#include "platform/device.h"
#include "platform/dt_tree.h"
#include "platform/exits.h"
#include "platform/htab.h"
#include "platform/models.h"
#include "platform/vcpu.h"
#include "platform/xics.h"

#define CLOCK_HZ      4000000000u
#define PHANDLE_XICS  FDT_PHANDLE_XICS
#define PHANDLE_VTY   2
#define CACHE_BYTES_D 0x10000
#define CACHE_BYTES_I 0x8000
#define CACHE_LINE    128

#define HI(v) ((u32)((u64)(v) >> 32))
#define LO(v) ((u32)(v))

static void build_chosen(struct dt_tree *t, const struct machine *m,
			 const struct fdt_places *places)
{
	/* Option vector 5: nothing beyond what the vector's absence means. */
	static const u8 vec5[] = {0, 0};
	u8 seed[32];

	dt_begin(t, "chosen");
	dt_string(t, "bootargs", m->cfg.cmdline ? m->cfg.cmdline : "");
	dt_string(t, "stdout-path", "/vdevice/vty@71000000");
	dt_string(t, "linux,stdout-path", "/vdevice/vty@71000000");
	dt_prop(t, "ibm,architecture-vec-5", vec5, sizeof(vec5));
	if (getrandom(seed, sizeof(seed), 0) == sizeof(seed))
		dt_prop(t, "rng-seed", seed, sizeof(seed));
	if (places->initrd_bytes) {
		u64 initrd_end = places->initrd + places->initrd_bytes;

		dt_cells(t, "linux,initrd-start", HI(places->initrd), LO(places->initrd));
		dt_cells(t, "linux,initrd-end", HI(initrd_end), LO(initrd_end));
	}
	dt_end(t);
}

static void build_rtas(struct dt_tree *t, const struct machine *m, const struct fdt_places *places)
{
	/*
	 * What is done, no more: the guest takes each at its word. The last is left out where KVM
	 * can't do it.
	 */
	static const char functions[] = "hcall-pft\0hcall-term\0hcall-dabr\0hcall-interrupt\0"
					"hcall-splpar\0hcall-bulk\0hcall-set-mode\0hcall-sprg0\0"
					"hcall-random\0hcall-tce\0hcall-multi-tce\0hcall-vio\0"
					"hcall-crq\0hcall-lLAN\0hcall-hpt-resize";
	size_t bytes = sizeof(functions);
	const char *name;
	u32 token;

	if (!machine_resizes_htab(m))
		bytes -= sizeof("hcall-hpt-resize");
	dt_begin(t, "rtas");
	dt_prop(t, "ibm,hypertas-functions", functions, bytes);
	dt_cells(t, "rtas-size", places->rtas_bytes);
	dt_cells(t, "linux,rtas-base", LO(places->rtas));
	dt_cells(t, "linux,rtas-entry", LO(places->rtas));
	dt_cells(t, "rtas-error-log-max", 2048);
	dt_cells(t, "rtas-event-scan-rate", 1);
	dt_empty(t, "ibm,extended-os-term");
	/* One domain: the last of four levels is where processors and memory lie. */
	dt_cells(t, "ibm,associativity-reference-points", 4, 4);
	dt_cells(t, "ibm,max-associativity-domains", 4, 0, 0, 0, 1);
	if (m->hotplug)
		dt_cells(t, "ibm,lrdr-capacity", HI(m->mem.bytes), LO(m->mem.bytes),
			 HI(GUEST_BLOCK), LO(GUEST_BLOCK), hotplug_cores(m));
	for (unsigned i = 0; (name = rtas_name(i, &token)); i++)
		if (rtas_is_told(m, i))
			dt_cells(t, name, token);
	dt_end(t);
}

static void build_event(struct dt_tree *t, const char *name, u32 irq)
{
	dt_begin(t, name);
	dt_cells(t, "interrupts", irq, 0);
	dt_end(t);
}

static void build_events(struct dt_tree *t, const struct machine *m)
{
	u32 hotplug = hotplug_irq(m);

	dt_begin(t, "event-sources");
	dt_empty(t, "interrupt-controller");
	dt_cells(t, "#interrupt-cells", 2);
	if (hotplug)
		dt_cells(t, "interrupt-ranges", IRQ_EPOW, 1, hotplug, 1);
	else
		dt_cells(t, "interrupt-ranges", IRQ_EPOW, 1);
	dt_cells(t, "interrupt-parent", PHANDLE_XICS);
	build_event(t, "epow-events", IRQ_EPOW);
	if (hotplug)
		build_event(t, "hot-plug-events", hotplug);
	dt_end(t);
}

/*
 * What a guest makes of a hypervisor that is Linux's KVM: it doesn't take a vcpu for dead that its
 * host doesn't let run, and takes each vcpu to run by itself, not with all of its core.
 */
static void build_hypervisor(struct dt_tree *t)
{
	dt_begin(t, "hypervisor");
	dt_string(t, "compatible", "linux,kvm");
	dt_end(t);
}

/* Cells of the longest property: all segment sizes with all their page sizes. */
#define CELLS_MAX (KVM_PPC_PAGE_SIZES_MAX_SZ * (3 + 2 * KVM_PPC_PAGE_SIZES_MAX_SZ))

/* Page sizes above @largest_shift are not told: the host's own MMU needs as large host pages. */
static void build_page_sizes(struct dt_tree *t, const struct machine *m, u32 largest_shift)
{
	u32 cells[CELLS_MAX], n = 0;

	for (unsigned s = 0; s < KVM_PPC_PAGE_SIZES_MAX_SZ; s++) {
		const struct kvm_ppc_one_seg_page_size *sps = &m->smmu.sps[s];
		u32 *head = &cells[n];

		if (!sps->page_shift || sps->page_shift > largest_shift)
			continue;
		head[0] = sps->page_shift;
		head[1] = sps->slb_enc;
		head[2] = 0;
		n += 3;
		for (unsigned e = 0; e < KVM_PPC_PAGE_SIZES_MAX_SZ; e++) {
			if (!sps->enc[e].page_shift || sps->enc[e].page_shift > largest_shift)
				continue;
			cells[n++] = sps->enc[e].page_shift;
			cells[n++] = sps->enc[e].pte_enc;
			head[2]++;
		}
	}
	dt_cells_n(t, "ibm,segment-page-sizes", cells, n);
}

/* Whom interrupts can be sent to: each of the core's threads, which are vcpus from @first on. */
static void build_servers(struct dt_tree *t, const struct machine *m, unsigned first)
{
	unsigned n = m->n_vcpus - first;
	u32 servers[8], gservers[16];

	if (n > m->cfg.threads)
		n = m->cfg.threads;
	for (unsigned i = 0; i < n; i++) {
		servers[i] = m->vcpus[first + i].id;
		gservers[2 * i] = servers[i];
		gservers[2 * i + 1] = m->cfg.global_irqs ? m->xics_global : 0;
	}
	dt_cells_n(t, "ibm,ppc-interrupt-server#s", servers, n);
	dt_cells_n(t, "ibm,ppc-interrupt-gserver#s", gservers, 2 * n);
}

static void build_caches(struct dt_tree *t)
{
	dt_cells(t, "d-cache-size", CACHE_BYTES_D);
	dt_cells(t, "d-cache-line-size", CACHE_LINE);
	dt_cells(t, "d-cache-block-size", CACHE_LINE);
	dt_cells(t, "i-cache-size", CACHE_BYTES_I);
	dt_cells(t, "i-cache-line-size", CACHE_LINE);
	dt_cells(t, "i-cache-block-size", CACHE_LINE);
}

static void build_core(struct dt_tree *t, const struct machine *m, unsigned core)
{
	const struct machine_model *model = m->cfg.model;
	unsigned first = core * m->cfg.threads;
	u32 id = m->vcpus[first].id;
	char name[40];

	snprintf(name, sizeof(name), "%s@%x", model->dt_name, id);
	dt_begin(t, name);
	dt_string(t, "device_type", "cpu");
	dt_cells(t, "reg", id);
	dt_string(t, "status", "okay");
	/* The level that the partition keeps to, as client-architecture-support leaves it. */
	dt_cells(t, "cpu-version", model->logical_pvr);
	dt_empty(t, "64-bit");
	dt_cells(t, "timebase-frequency", PAPYR_TIMEBASE_HZ);
	dt_cells(t, "clock-frequency", CLOCK_HZ);
	build_caches(t);
	build_servers(t, m, first);
	dt_cells(t, "ibm,pft-size", 0, m->htab_order);
	dt_cells(t, "ibm,slb-size", m->smmu.slb_size);
	dt_cells(t, "slb-size", m->smmu.slb_size);
	if (m->smmu.flags & KVM_PPC_1T_SEGMENTS)
		dt_cells(t, "ibm,processor-segment-sizes", 28, 40, 0xffffffff, 0xffffffff);
	build_page_sizes(
	    t, m,
	    m->smmu.flags & KVM_PPC_PAGE_SIZES_REAL ? __builtin_ctzl(sysconf(_SC_PAGESIZE)) : 63);
	dt_cells(t, "ibm,vmx", model->vmx);
	if (model->has_dfp)
		dt_cells(t, "ibm,dfp", 1); /* decimal floating point */
	if (model->has_purr) {
		dt_cells(t, "ibm,purr", 1);
		dt_cells(t, "ibm,spurr", 1);
	}
	dt_prop(t, "ibm,pa-features", model->pa_features, model->n_pa_features);
	dt_cells(t, "ibm,chip-id", 0);
	dt_cells(t, "ibm,associativity", 5, 0, 0, 0, 0, id);
	if (m->hotplug)
		dt_cells(t, "ibm,my-drc-index", hotplug_core(m, core)->index);
	dt_end(t);
}

/* Lists of the cores' connectors, each with how many there are ahead. */
static void build_core_connectors(struct dt_tree *t, const struct machine *m)
{
	unsigned n = hotplug_cores(m), names = 4, types = 4;
	static const char type[] = "CPU";
	u8 *list = calloc(n + 1, 16);

	if (!list) {
		t->error = -FDT_ERR_NOSPACE;
		return;
	}
	store_be32(list, n);
	for (unsigned i = 0; i < n; i++)
		store_be32(list + 4 * (i + 1), hotplug_core(m, i)->index);
	dt_prop(t, "ibm,drc-indexes", list, 4 * (n + 1));
	for (unsigned i = 0; i < n; i++)
		store_be32(list + 4 * (i + 1), ~0u); /* none has power of its own */
	dt_prop(t, "ibm,drc-power-domains", list, 4 * (n + 1));
	for (unsigned i = 0; i < n; i++)
		names +=
		    sprintf((char *)list + names, "CPU %u", m->vcpus[i * m->cfg.threads].id) + 1;
	dt_prop(t, "ibm,drc-names", list, names);
	for (unsigned i = 0; i < n; i++, types += sizeof(type))
		memcpy(list + types, type, sizeof(type));
	dt_prop(t, "ibm,drc-types", list, types);
	free(list);
}

static void build_cpus(struct dt_tree *t, const struct machine *m)
{
	dt_begin(t, "cpus");
	dt_cells(t, "#address-cells", 1);
	dt_cells(t, "#size-cells", 0);
	if (m->hotplug)
		build_core_connectors(t, m);
	for (unsigned core = 0; core * m->cfg.threads < m->n_vcpus; core++)
		if (hotplug_has_vcpu(m, &m->vcpus[core * m->cfg.threads]))
			build_core(t, m, core);
	dt_end(t);
}

static void build_memory_node(struct dt_tree *t, u64 base, u64 bytes)
{
	char name[32];

	snprintf(name, sizeof(name), "memory@%llx", (unsigned long long)base);
	dt_begin(t, name);
	dt_string(t, "device_type", "memory");
	dt_cells(t, "reg", HI(base), LO(base), HI(bytes), LO(bytes));
	dt_cells(t, "ibm,associativity", 4, 0, 0, 0, 0);
	dt_end(t);
}

/*
 * The first node's end is what Linux takes for the end of real mode's reach. It makes its memory
 * blocks as large as the second one, which has to be a power of two; so what is behind the first
 * comes in naturally aligned ones.
 */
static void build_memory(struct dt_tree *t, const struct machine *m)
{
	u64 base = m->rma_bytes, piece;

	build_memory_node(t, 0, base);
	for (; base < m->mem.boot_bytes; base += piece) {
		piece = m->mem.boot_bytes - base;
		while (piece & (piece - 1))
			piece &= piece - 1; /* down to the highest bit */
		if (piece > (base & -base))
			piece = base & -base;
		build_memory_node(t, base, piece);
	}
}

#define LMB_CELLS    6
#define LMB_ASSIGNED 0x8

/* Memory that comes and goes, there or not: a list of blocks, with how many there are ahead. */
static void build_hotplug_memory(struct dt_tree *t, const struct machine *m)
{
	unsigned n = hotplug_blocks(m);
	u8 *list = n ? malloc(4 + n * LMB_CELLS * 4) : NULL, *p = list;

	if (!list)
		return;
	store_be32(p, n);
	p += 4;
	for (unsigned i = 0; i < n; i++, p += LMB_CELLS * 4) {
		const struct drc *d = hotplug_block(m, i);

		store_be64(p, m->mem.boot_bytes + i * GUEST_BLOCK);
		store_be32(p + 8, d->index);
		store_be32(p + 12, 0);
		store_be32(p + 16, 0); /* of the lookup arrays */
		store_be32(p + 20, drc_may_configure(d) ? LMB_ASSIGNED : 0);
	}
	dt_begin(t, "ibm,dynamic-reconfiguration-memory");
	dt_cells(t, "ibm,lmb-size", HI(GUEST_BLOCK), LO(GUEST_BLOCK));
	dt_cells(t, "ibm,memory-flags-mask", 0xff);
	dt_cells(t, "ibm,memory-preservation-time", 0);
	dt_prop(t, "ibm,dynamic-memory", list, p - list);
	dt_cells(t, "ibm,associativity-lookup-arrays", 1, 4, 0, 0, 0, 0);
	dt_end(t);
	free(list);
}

static void build_vdevice(struct dt_tree *t, const struct machine *m)
{
	dt_begin(t, "vdevice");
	dt_string(t, "device_type", "vdevice");
	dt_string(t, "compatible", "IBM,vdevice");
	dt_cells(t, "#address-cells", 1);
	dt_cells(t, "#size-cells", 0);
	dt_cells(t, "#interrupt-cells", 2);
	dt_empty(t, "interrupt-controller");
	dt_cells(t, "interrupt-parent", PHANDLE_XICS);

	dt_begin(t, "vty@71000000");
	dt_string(t, "device_type", "serial");
	dt_string(t, "compatible", "hvterm1");
	dt_cells(t, "reg", VTY_UNIT);
	dt_cells(t, "interrupts", IRQ_VTY, 0);
	dt_cells(t, "phandle", PHANDLE_VTY);
	dt_end(t);

	dt_begin(t, "nvram@71000001");
	dt_string(t, "device_type", "nvram");
	dt_string(t, "compatible", "papyr,nvram");
	dt_cells(t, "reg", VTY_UNIT + 1);
	dt_cells(t, "#bytes", NVRAM_BYTES);
	dt_end(t);

	for (struct machine_device *d = m->devices; d; d = d->next)
		if (d->ops->describe)
			d->ops->describe(d, t);
	dt_end(t);
}

static void build_xics(struct dt_tree *t, const struct machine *m)
{
	dt_begin(t, "interrupt-controller");
	dt_string(t, "device_type", "PowerPC-External-Interrupt-Presentation");
	dt_string(t, "compatible", "IBM,ppc-xicp");
	dt_empty(t, "interrupt-controller");
	dt_cells(t, "ibm,interrupt-server-ranges", 0, m->vcpus[m->n_vcpus - 1].id + 1);
	dt_cells(t, "#interrupt-cells", 2);
	dt_cells(t, "phandle", PHANDLE_XICS);
	dt_cells(t, "linux,phandle", PHANDLE_XICS);
	dt_end(t);
}

static void build_root(struct dt_tree *t, const struct machine *m, const struct fdt_places *places)
{
	char uuid[37];
	unsigned n = 0;

	for (unsigned i = 0; i < sizeof(m->uuid); i++)
		n += snprintf(uuid + n, sizeof(uuid) - n, "%s%02x",
			      i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", m->uuid[i]);
	dt_begin(t, "");
	dt_string(t, "device_type", "chrp");
	dt_string(t, "model", "IBM pSeries (papyr)");
	/* Start-up code of other makers knows the second name only. */
	dt_prop(t, "compatible", "papyr,pseries\0qemu,pseries",
		sizeof("papyr,pseries\0qemu,pseries"));
	dt_string(t, "system-id", uuid);
	dt_string(t, "vm,uuid", uuid);
	dt_string(t, "ibm,partition-name", m->cfg.name ? m->cfg.name : "papyr");
	dt_cells(t, "#address-cells", 2);
	dt_cells(t, "#size-cells", 2);
	build_chosen(t, m, places);
	build_rtas(t, m, places);
	build_events(t, m);
	build_hypervisor(t);
	build_cpus(t, m);
	build_memory(t, m);
	build_hotplug_memory(t, m);
	build_vdevice(t, m);
	build_xics(t, m);
	for (struct machine_device *d = m->devices; d; d = d->next)
		if (d->ops->describe_root)
			d->ops->describe_root(d, t);
	dt_end(t);
}

#define ROOM_COMMON   0x10000
#define ROOM_FOR_CORE 0x800

u64 fdt_room(const struct machine *m)
{
	return ROOM_COMMON + (u64)m->n_vcpus * ROOM_FOR_CORE +
	       (u64)hotplug_blocks(m) * LMB_CELLS * 4;
}

int fdt_build(const struct machine *m, const struct fdt_places *places, void *buf,
	      struct error *err)
{
	struct dt_tree t = {.fdt = buf};

	t.error = fdt_create(buf, fdt_room(m));
	/* The guest must leave RTAS alone; the tree it keeps by itself, or not. */
	if (!t.error)
		t.error = fdt_add_reservemap_entry(buf, places->rtas, places->rtas_bytes);
	if (!t.error)
		t.error = fdt_finish_reservemap(buf);
	build_root(&t, m, places);
	if (!t.error)
		t.error = fdt_finish(buf);
	if (t.error)
		return error_set(err, "cannot make the device tree: %s", fdt_strerror(t.error));
	return 0;
}

int fdt_build_branch(const struct machine *m, enum hotplug_kind kind, unsigned number, void *buf,
		     size_t bytes)
{
	struct dt_tree t = {.fdt = buf};

	t.error = fdt_create(buf, bytes);
	if (!t.error)
		t.error = fdt_finish_reservemap(buf);
	dt_begin(&t, "");
	if (kind == HOTPLUG_CPUS)
		build_core(&t, m, number);
	else
		build_memory_node(&t, m->mem.boot_bytes + number * GUEST_BLOCK, GUEST_BLOCK);
	dt_end(&t);
	if (!t.error)
		t.error = fdt_finish(buf);
	return t.error ? -1 : 0;
}
