/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Warm starts: the first guest of a kind is saved when its agent waits for a command, and later
 * ones are restored from that. Whatever goes wrong with it, a guest boots instead.
 */
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cache.h"
#include "cmd/cmd.h"
#include "cmd/exec.h"
#include "monitor/client.h"

/* A file, so that another of the same name differs. */
static void put_file(FILE *f, const char *path)
{
	struct stat st;

	if (!stat(path, &st))
		fprintf(f, "%s %llu %llu %lld.%09ld\n", path, (unsigned long long)st.st_ino,
			(unsigned long long)st.st_size, (long long)st.st_mtim.tv_sec,
			st.st_mtim.tv_nsec);
}

/* The program and its libraries. */
static int put_object(struct dl_phdr_info *info, size_t bytes, void *f)
{
	put_file(f, *info->dlpi_name ? info->dlpi_name : "/proc/self/exe");
	return 0;
}

/* The guest has seen of its disk only what it is: the driver comes with the command. */
static void put_disk(FILE *f, const struct exec_options *o)
{
	char path[PATH_MAX];
	struct stat st;

	if (!o->disk)
		return;
	snprintf(path, sizeof(path), "%.*s", (int)strcspn(o->disk, ","), o->disk);
	if (!stat(path, &st))
		fprintf(f, "disk %llu kept %d\n", (unsigned long long)st.st_size, o->keep);
	fprintf(f, "%s\n", o->disk + strlen(path));
}

/* All that is the same in every guest of the kind, in one text. */
static char *describe(const struct exec_options *o, const struct exec_parts *p)
{
	size_t bytes;
	char *text = NULL;
	FILE *f = open_memstream(&text, &bytes);

	if (!f)
		return NULL;
	dl_iterate_phdr(put_object, f);
	put_file(f, p->kernel);
	/* The cache's own has its parts' sum in its name, and the time of its last use. */
	if (o->initrd)
		put_file(f, p->initrd);
	fprintf(f, "%s\n%s\ncpus %s memory %s root %d folders %u cards %u sessions %d accel %s\n",
		p->initrd, p->arguments, o->cpus, o->memory, !!o->root, o->n_folders, o->n_cards,
		!!o->sessions, o->accel ? o->accel : "usual");
	put_disk(f, o);
	/* An address that the user chose is in the image. */
	for (unsigned i = 0; i < o->n_cards; i++)
		if (strstr(o->cards[i].net, ",mac="))
			fprintf(f, "%u%.22s\n", i, strstr(o->cards[i].net, ",mac="));
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

static void note(const struct exec_options *o, const char *what, const struct error *err)
{
	if (o->verbose)
		cmd_note("exec: %s%s%s", what, *err->text ? ": " : "", err->text);
}

static int save(const char *guest, const char *path, struct error *err)
{
	struct control *c = control_open(guest, err);
	json_t *value;

	if (!c)
		return -1;
	value = control_execute(c, "x-save", json_pack("{s:s,s:b}", "path", path, "quit", 0), err);
	control_close(c);
	if (!value)
		return -1;
	json_decref(value);
	return 0;
}

/* The agent waits for RUN: what is saved now is what any command may go on from. */
static void keep(struct exec_guest *g, const struct exec_options *o)
{
	struct error err = {0};
	char name[32];
	int held = cache_hold();

	exec_guest_name(name, getpid());
	if (held < 0 || save(name, g->image, &err))
		note(o, "the guest was not saved", &err);
	if (held >= 0)
		close(held);
	cache_trim();
}

void exec_warm_find(struct exec_guest *g, const struct exec_options *o, const struct exec_parts *p)
{
	struct error err = {0};
	char key[CACHE_KEY_MAX], *text;

	if (!o->initrd)
		cache_used(p->initrd);
	if (o->cold || !cache_bound())
		return;
	text = describe(o, p);
	if (!text)
		return;
	cache_key(text, key);
	free(text);
	if (cache_path(CACHE_GUEST, key, g->image, &err)) {
		*g->image = 0;
		return note(o, "the guest will not be saved", &err);
	}
	g->warm = !access(g->image, R_OK);
	if (g->warm)
		cache_used(g->image);
	else
		g->ready = keep;
}

void exec_warm_drop(struct exec_guest *g, const struct exec_options *o)
{
	const struct error none = {0};

	note(o, "the guest that was saved was of no use, and is removed", &none);
	unlink(g->image);
}
