/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/elf.h"

#include <gelf.h>
#include <libelf.h>

/* Kernels are linked to run anywhere; only the offset within this much of their address counts. */
#define ADDRESS_MASK 0x0fffffffull

static u64 place(u64 paddr)
{
	return KERNEL_BASE + (paddr & ADDRESS_MASK);
}

static int check_header(Elf *elf, GElf_Ehdr *eh, const char *name, struct error *err)
{
	if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, eh))
		return error_set(err, "%s: damaged ELF file: %s", name, elf_errmsg(-1));
	if (eh->e_ident[EI_CLASS] != ELFCLASS64 || eh->e_machine != EM_PPC64)
		return error_set(err,
				 "%s: not a kernel for 64-bit Power (ELF class %u, machine %u)",
				 name, eh->e_ident[EI_CLASS], eh->e_machine);
	if (eh->e_type != ET_EXEC && eh->e_type != ET_DYN)
		return error_set(
		    err, "%s: not an executable (give vmlinux, not a module or object)", name);
	return 0;
}

static int load_segment(const struct guest_mem *mem, u64 limit, const u8 *data, size_t bytes,
			const GElf_Phdr *ph, const char *name, struct error *err)
{
	u64 at = place(ph->p_paddr);
	u8 *to;

	if (ph->p_offset > bytes || ph->p_filesz > bytes - ph->p_offset ||
	    ph->p_filesz > ph->p_memsz)
		return error_set(err, "%s: cut off: a segment ends beyond the file", name);
	to = at < limit && ph->p_memsz <= limit - at ? guest_ptr(mem, at, ph->p_memsz) : NULL;
	if (!to)
		return error_set(
		    err,
		    "%s: needs memory up to %llu MiB, real mode reaches %llu MiB: give "
		    "the guest more (-m) or a larger table (--htab-order)",
		    name, (unsigned long long)((at + ph->p_memsz) >> 20) + 1,
		    (unsigned long long)(limit >> 20));
	memcpy(to, data + ph->p_offset, ph->p_filesz);
	memset(to + ph->p_filesz, 0, ph->p_memsz - ph->p_filesz);
	return 0;
}

/* The entry is a virtual address: its segment says where that is. */
static u64 find_entry(Elf *elf, const GElf_Ehdr *eh, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr ph;

		if (gelf_getphdr(elf, i, &ph) && ph.p_type == PT_LOAD &&
		    eh->e_entry >= ph.p_vaddr && eh->e_entry - ph.p_vaddr < ph.p_memsz)
			return place(ph.p_paddr + (eh->e_entry - ph.p_vaddr));
	}
	return place(eh->e_entry);
}

static int load_elf(const struct guest_mem *mem, u64 limit, const void *data, size_t bytes,
		    const char *name, struct kernel_image *image, struct error *err)
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
	if (check_header(elf, &eh, name, err))
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
		if (load_segment(mem, limit, data, bytes, &ph, name, err))
			goto out;
		if (place(ph.p_paddr) + ph.p_memsz > image->end)
			image->end = place(ph.p_paddr) + ph.p_memsz;
	}
	image->entry = find_entry(elf, &eh, n);
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
    {"\xfd" "7zXZ", 5, "compressed by xz: unpack it first"},
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

static int load_raw(const struct guest_mem *mem, u64 limit, const void *data, size_t bytes,
		    const char *name, struct kernel_image *image, struct error *err)
{
	void *to = KERNEL_BASE < limit && bytes <= limit - KERNEL_BASE
		       ? guest_ptr(mem, KERNEL_BASE, bytes)
		       : NULL;

	if (!to)
		return error_set(err, "%s: too large for the guest's memory (-m)", name);
	memcpy(to, data, bytes);
	image->entry = KERNEL_BASE;
	image->end = KERNEL_BASE + bytes;
	return 0;
}

int kernel_load(const struct guest_mem *mem, u64 limit, const void *data, size_t bytes,
		const char *name, bool raw, struct kernel_image *image, struct error *err)
{
	memset(image, 0, sizeof(*image));
	if (!bytes)
		return error_set(err, "%s: is empty", name);
	if (bytes >= SELFMAG && !memcmp(data, ELFMAG, SELFMAG))
		return load_elf(mem, limit, data, bytes, name, image, err);
	if (!raw && check_raw(data, bytes, name, err))
		return -1;
	return load_raw(mem, limit, data, bytes, name, image, err);
}
