/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/boot_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int boot_file_map(const char *path, struct boot_file *f, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int r = 0;

	if (fd < 0)
		return error_errno(err, "cannot open %s", path);
	if (fstat(fd, &st) < 0) {
		r = error_errno(err, "cannot read %s", path);
	} else if (!S_ISREG(st.st_mode) || !st.st_size) {
		r = error_set(err, "%s: is no file, or an empty one", path);
	} else {
		f->bytes = st.st_size;
		f->data = mmap(NULL, f->bytes, PROT_READ, MAP_PRIVATE, fd, 0);
		if (f->data == MAP_FAILED)
			r = error_errno(err, "cannot read %s", path);
	}
	close(fd);
	return r;
}

void boot_file_unmap(struct boot_file *f)
{
	munmap(f->data, f->bytes);
}
