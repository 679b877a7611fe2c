/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLBs for papyr tlb, from wherever they are: a guest's process, a saved guest, what dump --json
 * printed.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/tlb.h"
#include "monitor/client.h"

/* ---- JSON ---- */

static int take_words(struct guest_tlb_entry *e, json_t *words, struct error *err)
{
	if (json_array_size(words) != GUEST_TLB_WORDS)
		return error_set(err, "an entry isn't of %d numbers", GUEST_TLB_WORDS);
	for (unsigned k = 0; k < GUEST_TLB_WORDS; k++) {
		json_t *n = json_array_get(words, k);

		if (!json_is_integer(n) || json_integer_value(n) < 0)
			return error_set(err, "an entry's number is none");
		e->word[k] = json_integer_value(n);
	}
	return 0;
}

/* An entry of a dump has its place with it. */
static int take_entry(struct guest_tlb *t, json_t *entry, struct error *err)
{
	json_t *index = json_object_get(entry, "index");

	if (!json_is_integer(index) || json_integer_value(index) < 0 ||
	    json_integer_value(index) >= t->n)
		return error_set(err, "an entry has a place that isn't there");
	return take_words(&t->e[json_integer_value(index)], json_object_get(entry, "words"), err);
}

/* @full: all entries in their order, as x-tlb answers; else those that a dump tells of. */
static int take_json(struct guest_tlb *t, json_t *all, bool full, struct error *err)
{
	const char *name = json_string_value(json_object_get(all, "cpu"));
	bool shadow = json_is_true(json_object_get(all, "shadow"));
	json_t *entries = json_object_get(all, "entries"), *e;
	u32 cpu = name ? guest_tlb_cpu(name) : 0;
	size_t i, n = json_array_size(entries);
	int r = 0;

	if (!cpu || !json_is_array(entries))
		return error_set(err, "doesn't tell of a TLB");
	if (guest_tlb_init(t, cpu, shadow, full || shadow ? n : guest_tlb_entries(cpu), err))
		return -1;
	json_array_foreach(entries, i, e) {
		r = full ? take_words(&t->e[i], e, err) : take_entry(t, e, err);
		if (r)
			break;
	}
	if (r)
		guest_tlb_free(t);
	else if (shadow)
		guest_tlb_sort(t);
	return r;
}

/* ---- Where from ---- */

static int from_guest(const char *name, bool shadow, struct guest_tlb *t, struct error *err)
{
	struct control *c = control_open(name, err);
	json_t *value =
	    c ? control_execute(c, "x-tlb", json_pack("{s:b}", "shadow", shadow), err) : NULL;
	int r = value ? take_json(t, value, true, err) : -1;

	if (!r)
		t->source = "running guest";
	json_decref(value);
	control_close(c);
	return r;
}

static int from_dump(const char *data, size_t len, struct guest_tlb *t, struct error *err)
{
	json_t *all = json_loadb(data, len, 0, NULL);
	int r;

	if (!all)
		return error_set(
		    err,
		    "is neither a guest that papyr save wrote nor what 'papyr tlb dump --json' "
		    "prints");
	r = take_json(t, all, false, err);
	if (!r)
		t->source = "dump";
	json_decref(all);
	return r;
}

/* Takes over @fd. */
static int from_open_file(int fd, size_t len, struct guest_tlb *t, struct error *err)
{
	char *data = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
	int r;

	if (data == MAP_FAILED) {
		r = error_errno(err, "cannot be read");
		close(fd);
	} else if (guest_tlb_in_image(data, len)) {
		munmap(data, len);
		r = guest_tlb_load(t, fd, err);
	} else {
		r = from_dump(data, len, t, err);
		munmap(data, len);
		close(fd);
	}
	return r;
}

static int from_file(const char *path, struct guest_tlb *t, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0)
		return error_errno(err, "cannot be opened");
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size)
		return from_open_file(fd, st.st_size, t, err);
	r = error_set(err, "%s", S_ISREG(st.st_mode) ? "is empty" : "is no regular file");
	close(fd);
	return r;
}

int cmd_tlb_get(const char *what, bool shadow, struct guest_tlb *t)
{
	struct error err;
	int r = names_file(what) ? from_file(what, t, &err) : from_guest(what, shadow, t, &err);

	if (!r && t->shadow != shadow) {
		guest_tlb_free(t);
		r = error_set(&err, shadow
					? "has no shadow TLB in it: a running guest has one, and "
					  "a dump of it"
					: "is of a shadow TLB (--shadow)");
	}
	if (r)
		cmd_error("%s: %s", what, err.text);
	return r;
}
