/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is in memory when the first vcpu starts: kernel, initrd, RTAS, device tree.
 *
 *   0x400000            kernel, its .bss behind it
 *   then                initrd, on a 64 KiB boundary
 *   end of real mode    device tree and RTAS, below 768 MiB
 *   behind them         an initrd that has no room below; the kernel reads it when all memory is
 *                       mapped
 */
#include "platform/boot.h"

#include <papyr/papr.h>

#include "platform/boot_file.h"
#include "platform/dirtylog.h"
#include "platform/elf.h"
#include "platform/fdt.h"
#include "platform/machine.h"
#include "platform/models.h"

#define FIRMWARE_LIMIT (768ull << 20) /* RTAS runs in 32-bit mode, and well below its end */
#define RTAS_BYTES     0x10000
#define ALIGNMENT      0x10000

/*
 * RTAS in the guest is one hypercall: r3 = the argument block becomes r4, r3 the number; back by
 * blr.
 */
static const u32 rtas_code[] = {
    0x7c641b78,		 /* mr  r4,r3 */
    0x38600000,		 /* li  r3,0 */
    0x60630000 | H_RTAS, /* ori r3,r3,H_RTAS */
    0x44000022,		 /* sc  1 */
    0x4e800020,		 /* blr */
};

static int load_kernel(struct machine *m, u64 limit, struct kernel_image *image, struct error *err)
{
	const struct machine_config *cfg = &m->cfg;
	struct boot_file f;
	int r;

	if (!cfg->kernel)
		return kernel_load(&m->mem, &kernel_papr, limit, cfg->builtin, cfg->builtin_bytes,
				   "built-in guest", false, image, err);
	if (boot_file_map(cfg->kernel, &f, err))
		return -1;
	r = kernel_load(&m->mem, &kernel_papr, limit, f.data, f.bytes, cfg->kernel, cfg->raw,
			image, err);
	boot_file_unmap(&f);
	if (!r && image->little_endian && !cfg->model->has_modes)
		return error_set(err,
				 "%s: is little-endian, which a %s cannot run: take --cpu POWER8, "
				 "or a big-endian kernel",
				 cfg->kernel, cfg->model->name);
	return r;
}

static u64 align_up(u64 v)
{
	return (v + ALIGNMENT - 1) & ~(u64)(ALIGNMENT - 1);
}

static bool fits(u64 at, u64 bytes, u64 limit)
{
	return at <= limit && bytes <= limit - at;
}

/* Between @from and @limit, or behind @top. */
static int load_initrd(struct machine *m, u64 from, u64 limit, u64 top, struct fdt_places *places,
		       struct error *err)
{
	struct boot_file f;
	int r = 0;

	if (!m->cfg.initrd)
		return 0;
	if (boot_file_map(m->cfg.initrd, &f, err))
		return -1;
	places->initrd = fits(align_up(from), f.bytes, limit) ? align_up(from) : align_up(top);
	places->initrd_bytes = f.bytes;
	if (places->initrd != align_up(from) && !fits(places->initrd, f.bytes, m->mem.boot_bytes))
		r = error_set(err, "%s: no room for it: give the guest more memory (-m)",
			      m->cfg.initrd);
	else
		memcpy(m->mem.host + places->initrd, f.data, f.bytes);
	boot_file_unmap(&f);
	return r;
}

int boot_load(struct machine *m, struct boot_entry *entry, struct error *err)
{
	u64 top = m->rma_bytes < FIRMWARE_LIMIT ? m->rma_bytes : FIRMWARE_LIMIT;
	struct kernel_image image;
	struct fdt_places places = {.rtas_bytes = RTAS_BYTES};
	u64 limit;

	if (top < KERNEL_BASE + fdt_room(m) + RTAS_BYTES)
		return error_set(err, "the guest needs more memory (-m)");
	places.rtas = (top - RTAS_BYTES) & ~(u64)(ALIGNMENT - 1);
	entry->fdt = (places.rtas - fdt_room(m)) & ~(u64)(ALIGNMENT - 1);
	limit = entry->fdt;
	if (load_kernel(m, limit, &image, err) ||
	    load_initrd(m, image.end, limit, top, &places, err))
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(rtas_code); i++)
		store_be32(m->mem.host + places.rtas + 4 * i, rtas_code[i]);
	entry->pc = image.entry;
	entry->little_endian = image.little_endian;
	entry->rtas = places.rtas;
	if (fdt_build(m, &places, m->mem.host + entry->fdt, err))
		return -1;
	machine_wrote_all(m);
	return 0;
}
