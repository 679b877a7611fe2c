/* SPDX-License-Identifier: Apache-2.0 */
/* papyr image: root file systems by name, for papyr exec --image, and what exec keeps. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd/cache.h"
#include "cmd/cmd.h"
#include "cmd/rootfs_build.h"
#include "cmd/rootfs_make.h"

static const char help[] =
    "Usage: papyr image build [--include PACKAGES] [--size SIZE] debian[:SUITE] NAME\n"
    "       papyr image import [--size SIZE] FILE|DIR|oci:LAYOUT[:TAG] NAME\n"
    "       papyr image list [--json]\n"
    "       papyr image info NAME [--json]\n"
    "       papyr image remove NAME...\n"
    "       papyr image cache [--clear] [--json]\n"
    "Root file systems by name, for papyr exec --image NAME.\n\n"
    "  build    makes one of Debian's packages: what is essential, and apt\n"
    "  import   makes one out of a folder, a tar archive (compressed or not), a disk with an ext4\n"
    "           file system, or an image of an OCI layout; owners, modes, attributes are kept\n"
    "  list     the images that there are; info: all that is known of one\n"
    "  remove   removes them; guests that use one go on\n"
    "  cache    what papyr exec keeps so that guests start sooner; --clear removes it\n\n"
    "      --include PACKAGES\n"
    "                       others beside these, with commas between, and what they need\n"
    "      --size SIZE      of the image's disk, most of it holes (default 16G)\n"
    "      --clear          remove all of it: the next guests boot\n"
    "      --json           one line of JSON\n"
    "  -h, --help\n";

struct image_options {
	bool json, clear;
	u64 bytes;
	const char *packages;
	char **words;
	int n;
};

#define wrong(...) cmd_usage("image", __VA_ARGS__)

static int print_json(json_t *j)
{
	char *text = json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS);
	int status = text ? STATUS_OK : cmd_error("there is no memory");

	if (text)
		puts(text);
	free(text);
	json_decref(j);
	return status;
}

/* Made plain where it is, which is no part of any image. */
static const char *plain(const json_t *string)
{
	char *value = (char *)json_string_value(string);

	return value ? cmd_make_plain(value) : "";
}

static const char *text(const json_t *j, const char *key)
{
	return plain(json_object_get(j, key));
}

static u64 bytes_of(const json_t *j)
{
	return (u64)json_integer_value(json_object_get(j, "bytes"));
}

/* ---- The verbs ---- */

static int build(const struct image_options *o)
{
	struct error err;

	if (o->n != 2)
		return wrong("image build wants debian[:SUITE] and a NAME");
	if (rootfs_build(o->words[1], o->words[0], o->packages, o->bytes, &err))
		return cmd_error("image %s: %s", o->words[1], err.text);
	return STATUS_OK;
}

static int import(const struct image_options *o)
{
	struct error err;

	if (o->n != 2)
		return wrong("image import wants what to import, and a NAME");
	if (rootfs_import(o->words[1], o->words[0], o->bytes, &err))
		return cmd_error("image %s: %s", o->words[1], err.text);
	return STATUS_OK;
}

static int list(const struct image_options *o)
{
	struct error err;
	json_t *all, *one;
	char size[32];
	size_t i;

	if (o->n)
		return wrong("image list takes no names; image info does");
	all = rootfs_list(&err);
	if (!all)
		return cmd_error("%s", err.text);
	if (o->json)
		return print_json(all);
	json_array_foreach(all, i, one)
		printf("%-20s %10s  %.10s  %s\n", text(one, "name"),
		       format_size(bytes_of(one), size, sizeof(size)), text(one, "made"),
		       text(one, "source"));
	if (!json_array_size(all))
		fputs("There are no images. 'papyr image import' makes one.\n", stderr);
	json_decref(all);
	return STATUS_OK;
}

static void print_words(const char *what, const json_t *words)
{
	const json_t *word;
	size_t i;

	json_array_foreach(words, i, word)
		printf("%-12s %s\n", i ? "" : what, plain(word));
}

static int info(const struct image_options *o)
{
	struct error err;
	char size[32];
	json_t *j;

	if (o->n != 1)
		return wrong("image info wants a NAME");
	j = rootfs_info(o->words[0], &err);
	if (!j)
		return cmd_error("%s", err.text);
	if (o->json)
		return print_json(j);
	printf("name:        %s\n", text(j, "name"));
	printf("source:      %s\n", text(j, "source"));
	printf("made:        %s\n", text(j, "made"));
	printf("on the disk: %s\n", format_size(bytes_of(j), size, sizeof(size)));
	print_words("packages:", json_object_get(j, "packages"));
	print_words("command:", json_object_get(j, "command"));
	print_words("environment:", json_object_get(j, "environment"));
	if (*text(j, "directory"))
		printf("directory:   %s\n", text(j, "directory"));
	if (*text(j, "user"))
		printf("user:        %s\n", text(j, "user"));
	json_decref(j);
	return STATUS_OK;
}

static int remove_all(const struct image_options *o)
{
	int status = STATUS_OK;
	struct error err;

	if (!o->n)
		return wrong("image remove wants a NAME");
	for (int i = 0; i < o->n; i++)
		if (rootfs_remove(o->words[i], &err))
			status = cmd_error("%s", err.text);
	return status;
}

static json_t *entry_json(const struct cache_entry *e)
{
	char date[32];
	struct tm tm;

	gmtime_r(&e->last_use.tv_sec, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return json_pack("{s:s,s:s,s:I,s:s}", "kind", cache_kind_name(e->kind), "key", e->key,
			 "bytes", (json_int_t)e->bytes, "used", date);
}

static int clear(const struct cache_entry *e, size_t n)
{
	int status = STATUS_OK;
	struct error err;

	for (size_t i = 0; i < n; i++)
		if (cache_remove(&e[i], &err))
			status = cmd_error("%s", err.text);
	return status;
}

static void print_entries(const json_t *all)
{
	const json_t *one;
	char size[32];
	size_t i;

	json_array_foreach(all, i, one)
		printf("%-8s %10s  last used %s  %s\n", text(one, "kind"),
		       format_size(bytes_of(one), size, sizeof(size)), text(one, "used"),
		       text(one, "key"));
}

static int cache(const struct image_options *o)
{
	struct cache_entry *e;
	struct error err = {0};
	int status = STATUS_OK;
	json_t *all;
	size_t n;

	if (o->n)
		return wrong("image cache takes no names");
	e = cache_list(&n, &err);
	if (*err.text)
		return cmd_error("%s", err.text);
	all = json_array();
	for (size_t i = 0; i < n && !o->clear; i++)
		json_array_append_new(all, entry_json(&e[i]));
	if (o->clear)
		status = clear(e, n);
	free(e);
	if (o->json && !status)
		return print_json(all);
	print_entries(all);
	json_decref(all);
	return status;
}

static const struct image_verb {
	const char *name;
	int (*run)(const struct image_options *o);
} image_verbs[] = {
    {"build", build}, {"import", import},     {"list", list},
    {"info", info},   {"remove", remove_all}, {"cache", cache},
};

enum { OPT_INCLUDE = 256, OPT_SIZE, OPT_CLEAR, OPT_JSON };

static const struct option options[] = {
    {"include", required_argument, NULL, OPT_INCLUDE},
    {"size", required_argument, NULL, OPT_SIZE},
    {"clear", no_argument, NULL, OPT_CLEAR},
    {"json", no_argument, NULL, OPT_JSON},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static struct parsed parse(int argc, char **argv, struct image_options *o)
{
	int opt;

	while ((opt = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (opt) {
		case OPT_INCLUDE:
			o->packages = optarg;
			break;
		case OPT_SIZE:
			if (!parse_size(optarg, &o->bytes) || o->bytes < 64u << 20)
				return parsed_done(
				    wrong("--size %s: not a size of 64M or more", optarg));
			break;
		case OPT_CLEAR:
			o->clear = true;
			break;
		case OPT_JSON:
			o->json = true;
			break;
		case 'h':
			fputs(help, stdout);
			return parsed_done(STATUS_OK);
		default:
			fprintf(stderr, "Try 'papyr image --help'.\n");
			return parsed_done(STATUS_ERROR);
		}
	}
	o->words = argv + optind + 1;
	o->n = argc - optind - 1;
	return (struct parsed){0};
}

int cmd_image(int argc, char **argv)
{
	struct image_options o = {.bytes = IMAGE_BYTES, .packages = ""};
	struct parsed p = parse(argc, argv, &o);

	if (p.done)
		return p.status;
	for (size_t i = 0; o.n >= 0 && i < ARRAY_SIZE(image_verbs); i++)
		if (!strcmp(o.words[-1], image_verbs[i].name))
			return image_verbs[i].run(&o);
	return o.n < 0 ? wrong("image wants a verb") : wrong("image has no verb '%s'", o.words[-1]);
}
