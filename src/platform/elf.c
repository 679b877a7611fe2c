/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/elf.h"

#include <gelf.h>
#include <libelf.h>

#include "platform/uimage.h"

/* Linked to run anywhere: only the offset within this much of their address counts. */
const struct kernel_kind kernel_papr = {
    .what = "64-bit Power",
    .base = KERNEL_BASE,
    .mask = 0x0fffffff,
    .limit = "real mode reaches",
    .remedy = "give the guest more (-m) or a larger table (--htab-order)",
};

/* Linked to run from the start of memory. */
const struct kernel_kind kernel_booke = {
    .what = "32-bit Power, big-endian",
    .bits32 = true,
    .mask = 0xffffffff,
    .limit = "there is room up to",
    .remedy = "give the guest more memory (-m)",
};

static u64 place(const struct kernel_kind *kind, u64 paddr)
{
	return kind->base + (paddr & kind->mask);
}

static bool is_for(const struct kernel_kind *kind, const GElf_Ehdr *eh)
{
	if (kind->bits32)
		return eh->e_ident[EI_CLASS] == ELFCLASS32 && eh->e_machine == EM_PPC &&
		       eh->e_ident[EI_DATA] == ELFDATA2MSB;
	return eh->e_ident[EI_CLASS] == ELFCLASS64 && eh->e_machine == EM_PPC64;
}

static int check_header(Elf *elf, GElf_Ehdr *eh, const struct kernel_kind *kind, const char *name,
			struct error *err)
{
	if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, eh))
		return error_set(err, "%s: damaged ELF file: %s", name, elf_errmsg(-1));
	if (!is_for(kind, eh))
		return error_set(
		    err, "%s: not a kernel for %s (ELF class %u, byte order %u, machine %u)", name,
		    kind->what, eh->e_ident[EI_CLASS], eh->e_ident[EI_DATA], eh->e_machine);
	if (eh->e_type != ET_EXEC && eh->e_type != ET_DYN)
		return error_set(
		    err, "%s: not an executable (give vmlinux, not a module or object)", name);
	return 0;
}

static int load_segment(const struct guest_mem *mem, const struct kernel_kind *kind, u64 limit,
			const u8 *data, size_t bytes, const GElf_Phdr *ph, const char *name,
			struct error *err)
{
	u64 at = place(kind, ph->p_paddr);
	u8 *to;

	if (ph->p_offset > bytes || ph->p_filesz > bytes - ph->p_offset ||
	    ph->p_filesz > ph->p_memsz)
		return error_set(err, "%s: cut off: a segment ends beyond the file", name);
	to = at < limit && ph->p_memsz <= limit - at ? guest_ptr(mem, at, ph->p_memsz) : NULL;
	if (!to)
		return error_set(err, "%s: needs memory up to %llu MiB, %s %llu MiB: %s", name,
				 (unsigned long long)((at + ph->p_memsz) >> 20) + 1, kind->limit,
				 (unsigned long long)(limit >> 20), kind->remedy);
	memcpy(to, data + ph->p_offset, ph->p_filesz);
	memset(to + ph->p_filesz, 0, ph->p_memsz - ph->p_filesz);
	return 0;
}

/* The entry is a virtual address: its segment says where that is. */
static u64 find_entry(Elf *elf, const GElf_Ehdr *eh, size_t n, const struct kernel_kind *kind)
{
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr ph;

		if (gelf_getphdr(elf, i, &ph) && ph.p_type == PT_LOAD &&
		    eh->e_entry >= ph.p_vaddr && eh->e_entry - ph.p_vaddr < ph.p_memsz)
			return place(kind, ph.p_paddr + (eh->e_entry - ph.p_vaddr));
	}
	return place(kind, eh->e_entry);
}

static int load_elf(const struct guest_mem *mem, const struct kernel_kind *kind, u64 limit,
		    const void *data, size_t bytes, const char *name, struct kernel_image *image,
		    struct error *err)
{
	Elf *elf;
	GElf_Ehdr eh;
	size_t n;
	int r = -1;

	elf_version(EV_CURRENT);
	/* libelf's parameter isn't const, but it only reads. */
	elf = elf_memory((char *)(uintptr_t)data, bytes);
	if (!elf)
		return error_set(err, "%s: damaged ELF file: %s", name, elf_errmsg(-1));
	if (check_header(elf, &eh, kind, name, err))
		goto out;
	if (elf_getphdrnum(elf, &n) || !n) {
		error_set(err, "%s: has nothing to load", name);
		goto out;
	}
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr ph;

		if (!gelf_getphdr(elf, i, &ph)) {
			error_set(err, "%s: damaged ELF file: %s", name, elf_errmsg(-1));
			goto out;
		}
		if (ph.p_type != PT_LOAD || !ph.p_memsz)
			continue;
		if (load_segment(mem, kind, limit, data, bytes, &ph, name, err))
			goto out;
		if (place(kind, ph.p_paddr) + ph.p_memsz > image->end)
			image->end = place(kind, ph.p_paddr) + ph.p_memsz;
	}
	image->entry = find_entry(elf, &eh, n, kind);
	image->little_endian = eh.e_ident[EI_DATA] == ELFDATA2LSB;
	r = image->end ? 0 : error_set(err, "%s: has nothing to load", name);
out:
	elf_end(elf);
	return r;
}

/* What files begin with that people take for kernels. */
static const struct {
	const char *bytes;
	unsigned n;
	const char *what;
} others[] = {
    {"\x1f\x8b", 2, "compressed by gzip: unpack it first"},
    {"\xfd"
     "7zXZ",
     5, "compressed by xz: unpack it first"},
    {"\x28\xb5\x2f\xfd", 4, "compressed by zstd: unpack it first"},
    {"07070", 5, "a cpio archive: give an initrd with -i"},
    {"MZ", 2, "a kernel for another processor"},
};

static bool is_text(const u8 *data, size_t bytes)
{
	for (size_t i = 0; i < bytes && i < 256; i++)
		if (data[i] < '\t' || (data[i] > '\r' && data[i] < ' ') || data[i] == 0x7f)
			return false;
	return true;
}

/* A big-endian image's first instruction is a branch, or one that sets a register up. */
static bool is_code(const u8 *data, size_t bytes)
{
	unsigned opcode = bytes < 4 ? 0 : load_be32(data) >> 26;

	return opcode == 18 || opcode == 14 || opcode == 15 || opcode == 24 || opcode == 31;
}

static int check_raw(const u8 *data, size_t bytes, const char *name, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (bytes >= others[i].n && !memcmp(data, others[i].bytes, others[i].n))
			return error_set(err, "%s: is %s", name, others[i].what);
	if (is_text(data, bytes) || !is_code(data, bytes))
		return error_set(err,
				 "%s: looks like no kernel: give vmlinux, or --raw to start it all "
				 "the same",
				 name);
	return 0;
}

static int load_raw(const struct guest_mem *mem, const struct kernel_kind *kind, u64 limit,
		    const void *data, size_t bytes, const char *name, struct kernel_image *image,
		    struct error *err)
{
	void *to = kind->base < limit && bytes <= limit - kind->base
		       ? guest_ptr(mem, kind->base, bytes)
		       : NULL;

	if (!to)
		return error_set(err, "%s: too large for the guest's memory (-m)", name);
	memcpy(to, data, bytes);
	image->entry = kind->base;
	image->end = kind->base + bytes;
	return 0;
}

int kernel_load(const struct guest_mem *mem, const struct kernel_kind *kind, u64 limit,
		const void *data, size_t bytes, const char *name, bool raw,
		struct kernel_image *image, struct error *err)
{
	memset(image, 0, sizeof(*image));
	if (!bytes)
		return error_set(err, "%s: is empty", name);
	if (bytes >= SELFMAG && !memcmp(data, ELFMAG, SELFMAG))
		return load_elf(mem, kind, limit, data, bytes, name, image, err);
	if (kind->bits32 && is_uimage(data, bytes))
		return uimage_load(mem, limit, data, bytes, name, image, err);
	if (!raw && check_raw(data, bytes, name, err))
		return -1;
	return load_raw(mem, kind, limit, data, bytes, name, image, err);
}
