/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect/load.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inspect/qcow2.h"
#include "inspect/stream.h"
#include "migration/image/image.h"

static int read_machine(struct image *img, struct saved_machine *m, struct error *err)
{
	const struct image_section *s = image_find(img, IMAGE_MACHINE, 0);
	size_t bytes;
	u8 *data;
	int r;

	if (!s)
		return error_set(err, "the image does not say of which machine it is");
	data = section_load(img, s, SAVED_SECTION_MAX, &bytes, err);
	if (!data)
		return -1;
	r = saved_machine_unpack(m, &(struct state_in){.data = data, .len = bytes}, err);
	free(data);
	return r;
}

static int take_records(void *opaque, const u8 *data, size_t bytes, struct error *err)
{
	return stream_apply(opaque, data, bytes, HTAB_BIG, err);
}

static int read_table(struct table *t, struct image *img, const struct saved_machine *m,
		      struct error *err)
{
	const struct image_section *s = image_find(img, IMAGE_HTAB, 0);
	struct section_reader *reader;
	int r;

	if (!s || !m->htab_order)
		return error_set(err, "the image has no hash table in it");
	if (table_init(t, m->htab_order, err))
		return -1;
	t->source = "Papyr image";
	t->mem_bytes = m->max_mem_bytes ? m->max_mem_bytes : m->mem_bytes;
	reader = section_open(img, s, err);
	r = reader ? htab_walk(reader, table_entries(t), m->htab_byte_order, HTAB_BIG,
			       take_records, t, err)
		   : -1;
	if (reader)
		section_close(reader);
	if (r)
		table_free(t);
	return r;
}

int load_image(struct table *t, int fd, struct error *err)
{
	struct image *img = image_open_fd(fd, err);
	struct saved_machine m;
	int r;

	if (!img)
		return -1;
	r = read_machine(img, &m, err);
	if (!r)
		r = read_table(t, img, &m, err);
	image_close(img);
	return r;
}

static int load_savevm(struct table *t, const u8 *data, size_t len, struct error *err)
{
	size_t state_len;
	u8 *state = qcow2_vm_state(data, len, &state_len, err);
	int r;

	if (!state)
		return -1;
	if (looks_like_qemu(state, state_len))
		r = load_qemu(t, state, state_len, err);
	else
		r = error_set(err, "what savevm kept is no machine's state");
	free(state);
	return r;
}

int load_bytes(struct table *t, const u8 *data, size_t len, unsigned order, struct error *err)
{
	if (looks_like_qemu(data, len))
		return load_qemu(t, data, len, err);
	if (looks_like_qcow2(data, len))
		return load_savevm(t, data, len, err);
	return stream_load(t, data, len, order, err);
}

static bool is_image(const u8 *data, size_t len)
{
	return len >= 8 && !memcmp(data, IMAGE_MAGIC, 8);
}

int load_file(struct table *t, const char *path, unsigned order, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), r;
	struct stat st;
	u8 *data;

	if (fd < 0 || fstat(fd, &st) < 0) {
		r = error_errno(err, "cannot be opened");
		goto out;
	}
	if (!S_ISREG(st.st_mode) || !st.st_size) {
		r = error_set(err, "%s", S_ISREG(st.st_mode) ? "is empty" : "is no regular file");
		goto out;
	}
	data = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED) {
		r = error_errno(err, "cannot be read");
		goto out;
	}
	if (is_image(data, st.st_size)) {
		r = load_image(t, fd, err);
		fd = -1;
	} else {
		r = load_bytes(t, data, st.st_size, order, err);
	}
	munmap(data, st.st_size);
out:
	if (fd >= 0)
		close(fd);
	return r;
}
