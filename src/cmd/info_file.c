/* SPDX-License-Identifier: Apache-2.0 */
/*
 * papyr info of a saved guest: what its file says of it, and whether the file is whole.
 */
#include <jansson.h>
#include <stdio.h>
#include <time.h>

#include "cmd/cmd.h"
#include "cmd/progress.h"
#include "migration/file/file.h"

static void format_time(u64 seconds, char *buf, size_t size)
{
	time_t t = seconds;
	struct tm tm;

	if (!localtime_r(&t, &tm) || !strftime(buf, size, "%Y-%m-%d %H:%M:%S", &tm))
		snprintf(buf, size, "at %llu s", (unsigned long long)seconds);
}

/* The file's words go to a terminal, and into JSON: only letters that do nothing there. */
static const char *harmless(const char *s, char *buf, size_t size)
{
	size_t i;

	for (i = 0; s[i] && i < size - 1; i++)
		buf[i] = s[i] >= ' ' && s[i] < 0x7f ? s[i] : '?';
	buf[i] = 0;
	return buf;
}

static unsigned now_vcpus(const struct saved_machine *c)
{
	return c->boot_vcpus ? c->now_vcpus : c->n_vcpus;
}

static u64 now_memory(const struct saved_machine *c)
{
	return c->boot_vcpus ? c->now_mem_bytes : c->mem_bytes;
}

static void print_text(const char *path, struct migration_image *saved)
{
	const struct saved_machine *c = migration_machine(saved);
	struct image *img = migration_file(saved);
	char a[32], b[32], when[64], name[20], word[SAVED_PATH_MAX];

	format_time(c->saved_at, when, sizeof(when));
	printf("file:        %s, %s, format version %u, complete and unaltered\n", path,
	       format_size(image_file_bytes(img), a, sizeof(a)), image_version(img));
	printf("name:        %s\n", harmless(c->name, word, sizeof(word)));
	printf("saved:       %s by %s\n", when, harmless(c->writer, word, sizeof(word)));
	printf("processors:  %u x %s, %u in a core", now_vcpus(c),
	       harmless(c->model, word, sizeof(word)), c->threads);
	if (c->boot_vcpus)
		printf(", %u at most", c->n_vcpus);
	printf("\nmemory:      %s", format_size(now_memory(c), a, sizeof(a)));
	if (c->boot_vcpus)
		printf(", %s at most", format_size(c->max_mem_bytes, a, sizeof(a)));
	putchar('\n');
	if (c->htab_order)
		printf("hash table:  2^%u bytes (%s), %llu entries\n", c->htab_order,
		       format_size(1ull << c->htab_order, a, sizeof(a)),
		       1ull << (c->htab_order - 4));
	printf("kernel:      %s\n",
	       c->kernel[0] ? harmless(c->kernel, word, sizeof(word)) : "the built-in guest");
	if (c->initrd[0])
		printf("initrd:      %s\n", harmless(c->initrd, word, sizeof(word)));
	if (c->cmdline[0])
		printf("arguments:   %s\n", harmless(c->cmdline, word, sizeof(word)));
	for (unsigned i = 0; i < image_n_sections(img); i++) {
		const struct image_section *s = image_section(img, i);

		printf("section %-10s %s, stored in %s\n", image_section_name(s, name),
		       format_size(s->raw_bytes, a, sizeof(a)),
		       format_size(s->stored_bytes, b, sizeof(b)));
	}
}

static void set_word(json_t *all, const char *key, const char *value)
{
	char word[SAVED_PATH_MAX];

	json_object_set_new(all, key, json_string(harmless(value, word, sizeof(word))));
}

static void print_json(struct migration_image *saved)
{
	const struct saved_machine *c = migration_machine(saved);
	struct image *img = migration_file(saved);
	json_t *sections = json_array(), *all;
	char name[20];

	for (unsigned i = 0; i < image_n_sections(img); i++) {
		const struct image_section *s = image_section(img, i);

		json_array_append_new(sections, json_pack("{s:s,s:I,s:I}", "name",
							  image_section_name(s, name), "bytes",
							  (json_int_t)s->raw_bytes, "stored-bytes",
							  (json_int_t)s->stored_bytes));
	}
	all = json_pack("{s:i,s:I,s:I,s:i,s:i,s:I,s:i,s:o}", "format-version", image_version(img),
			"file-bytes", (json_int_t)image_file_bytes(img), "saved-at",
			(json_int_t)c->saved_at, "vcpus", now_vcpus(c), "threads", c->threads,
			"memory", (json_int_t)now_memory(c), "htab-order", c->htab_order,
			"sections", sections);
	json_object_set_new(all, "max-vcpus", json_integer(c->n_vcpus));
	json_object_set_new(all, "max-memory",
			    json_integer(c->boot_vcpus ? c->max_mem_bytes : c->mem_bytes));
	set_word(all, "name", c->name);
	set_word(all, "writer", c->writer);
	set_word(all, "cpu", c->model);
	set_word(all, "kernel", c->kernel);
	set_word(all, "initrd", c->initrd);
	set_word(all, "arguments", c->cmdline);
	json_dumpf(all, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(all);
}

int info_file(const char *path, bool json)
{
	struct migration_image *saved;
	struct progress bar;
	struct error err;

	progress_begin(&bar, "Checking");
	saved = migration_open(path, progress_show, &bar, &err);
	progress_end(&bar);
	if (!saved)
		return cmd_error("%s", err.text);
	if (json)
		print_json(saved);
	else
		print_text(path, saved);
	migration_close(saved);
	return STATUS_OK;
}
