/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/symbols.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Beyond the last symbol below an address there is something else. */
#define FUNCTION_MOST (1u << 20)

struct symbol {
	u64 address;
	char *name;
};

struct symbols {
	struct symbol *list; /* by address */
	size_t n, room;
};

static bool add(struct symbols *s, u64 address, const char *name)
{
	if (s->n == s->room) {
		size_t room = s->room ? 2 * s->room : 1024;
		struct symbol *list = realloc(s->list, room * sizeof(*list));

		if (!list)
			return false;
		s->list = list;
		s->room = room;
	}
	s->list[s->n] = (struct symbol){address, strdup(name)};
	return s->list[s->n].name && ++s->n;
}

/* ---- ELF ---- */

static bool add_section(struct symbols *s, Elf *elf, Elf_Scn *section, const GElf_Shdr *header)
{
	Elf_Data *data = elf_getdata(section, NULL);
	GElf_Sym sym;

	for (int i = 0; data && gelf_getsym(data, i, &sym); i++) {
		const char *name = elf_strptr(elf, header->sh_link, sym.st_name);
		unsigned type = GELF_ST_TYPE(sym.st_info);

		/* Assembler functions often have no type. */
		if ((type != STT_FUNC && type != STT_NOTYPE) || sym.st_shndx == SHN_UNDEF ||
		    sym.st_shndx == SHN_ABS || !name || !*name)
			continue;
		if (!add(s, sym.st_value, name))
			return false;
	}
	return true;
}

static bool add_elf(struct symbols *s, Elf *elf)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while ((section = elf_nextscn(elf, section))) {
		if (gelf_getshdr(section, &header) && header.sh_type == SHT_SYMTAB &&
		    !add_section(s, elf, section, &header))
			return false;
	}
	return true;
}

/* ---- System.map ---- */

static bool add_map(struct symbols *s, int fd)
{
	FILE *f = fdopen(dup(fd), "r");
	char line[512], name[384], type;
	unsigned long long address;
	bool good = f;

	while (good && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%llx %c %383s", &address, &type, name) == 3 &&
		    strchr("tTwW", type))
			good = add(s, address, name);
	}
	if (f)
		fclose(f);
	return good;
}

/* ---- Both ---- */

static int by_address(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

static bool read_file(struct symbols *s, int fd)
{
	bool good;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (elf && elf_kind(elf) == ELF_K_ELF)
		good = add_elf(s, elf);
	else
		good = lseek(fd, 0, SEEK_SET) == 0 && add_map(s, fd);
	elf_end(elf);
	return good;
}

struct symbols *symbols_open(const char *path, struct error *err)
{
	struct symbols *s = calloc(1, sizeof(*s));
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (!s || fd < 0) {
		error_set(err, "cannot open %s: %s", path, strerror(errno));
	} else if (!read_file(s, fd)) {
		error_set(err, "%s: %s", path, strerror(errno));
	} else if (!s->n) {
		error_set(err,
			  "%s has no symbols: it is neither an ELF file with a symbol table nor a "
			  "System.map",
			  path);
	} else {
		close(fd);
		qsort(s->list, s->n, sizeof(*s->list), by_address);
		return s;
	}
	if (fd >= 0)
		close(fd);
	symbols_close(s);
	return NULL;
}

void symbols_close(struct symbols *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		free(s->list[i].name);
	free(s->list);
	free(s);
}

const char *symbols_find(const struct symbols *s, u64 address)
{
	size_t low = 0, high = s ? s->n : 0;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (s->list[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address - s->list[low - 1].address > FUNCTION_MOST)
		return NULL;
	return s->list[low - 1].name;
}
