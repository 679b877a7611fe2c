/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The descriptor of statistics, KVM_GET_STATS_FD. It is a real file in memory whose values the
 * hypervisor counts in place, so that read() and pread() of it are the host's own. Each descriptor
 * is an opening of its own, with its own place to read.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "hv/vcpu.h"
#include "hv/vm.h"
#include "kvm/files.h"

#define NAME_BYTES 48
#define DESC_BYTES (sizeof(struct kvm_stats_desc) + NAME_BYTES)

struct stat_row {
	const char *name;
	u32 flags;
	s16 exponent;
	u16 size;
};

#define COUNT_ROW(name) {#name, KVM_STATS_TYPE_CUMULATIVE | KVM_STATS_UNIT_NONE, 0, 1},
#define NS_ROW(name)	{#name, KVM_STATS_TYPE_CUMULATIVE | KVM_STATS_UNIT_SECONDS, -9, 1},
#define HIST_ROW(name)                                                                             \
	{#name, KVM_STATS_TYPE_LOG_HIST | KVM_STATS_UNIT_SECONDS, -9, HV_STATS_BUCKETS},
#define FLAG_ROW(name) {#name, KVM_STATS_TYPE_INSTANT | KVM_STATS_UNIT_BOOLEAN, 0, 1},

static const struct stat_row vcpu_rows[] = {HV_VCPU_STATS(COUNT_ROW, NS_ROW, HIST_ROW, FLAG_ROW)};

/* None of it happens here. */
static const struct stat_row vm_rows[] = {
    COUNT_ROW(remote_tlb_flush) COUNT_ROW(remote_tlb_flush_requests){
	"num_2M_pages", KVM_STATS_TYPE_INSTANT | KVM_STATS_UNIT_NONE, 0, 1},
    {"num_1G_pages", KVM_STATS_TYPE_INSTANT | KVM_STATS_UNIT_NONE, 0, 1},
};

static struct kvm_stats_header header(unsigned n_rows)
{
	return (struct kvm_stats_header){
	    .name_size = NAME_BYTES,
	    .num_desc = n_rows,
	    .id_offset = sizeof(struct kvm_stats_header),
	    .desc_offset = sizeof(struct kvm_stats_header) + NAME_BYTES,
	    .data_offset = sizeof(struct kvm_stats_header) + NAME_BYTES + n_rows * DESC_BYTES,
	};
}

/* Writes all but the values; returns the bytes of these. */
static size_t describe(u8 *at, const struct stat_row *rows, unsigned n_rows, const char *id)
{
	struct kvm_stats_header h = header(n_rows);
	size_t offset = 0;

	if (at) {
		memcpy(at, &h, sizeof(h));
		snprintf((char *)at + h.id_offset, NAME_BYTES, "%s", id);
	}
	for (unsigned i = 0; i < n_rows; i++) {
		struct kvm_stats_desc desc = {
		    .flags = rows[i].flags,
		    .exponent = rows[i].exponent,
		    .size = rows[i].size,
		    .offset = offset,
		};

		if (at) {
			memcpy(at + h.desc_offset + i * DESC_BYTES, &desc, sizeof(desc));
			snprintf((char *)at + h.desc_offset + i * DESC_BYTES + sizeof(desc),
				 NAME_BYTES, "%s", rows[i].name);
		}
		offset += rows[i].size * sizeof(u64);
	}
	return offset;
}

/* Makes the file. 0 or -errno. */
static int make(struct hv_stats_file *file, const struct stat_row *rows, unsigned n_rows,
		const char *id)
{
	size_t bytes = header(n_rows).data_offset + describe(NULL, rows, n_rows, id);
	struct stat st;
	int fd = memfd_new("kvm-stats", bytes, true);
	void *map;

	if (fd < 0)
		return fd;
	map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED || fstat(fd, &st)) {
		close(fd);
		return -ENOMEM;
	}
	describe(map, rows, n_rows, id);
	*file = (struct hv_stats_file){.map = map, .bytes = bytes, .fd = fd, .inode = st.st_ino};
	return 0;
}

/* --- descriptors --- */

static long stats_ioctl(struct file *file, unsigned long request, unsigned long arg)
{
	return -ENOTTY;
}

static void stats_release(struct file *file)
{
	hv_vm_put(file->data);
}

static const struct file_ops stats_ops = {
    .name = "kvm-stats",
    .ioctl = stats_ioctl,
    .release = stats_release,
    .plain = true,
};

/* Another opening of the file, for reading only. */
static int open_again(const struct hv_stats_file *file, struct hv_vm *vm)
{
	char path[32];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", file->fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || st.st_ino != file->inode) {
		close(fd); /* somebody closed ours */
		return -EBADF;
	}
	hv_vm_get(vm);
	fd = file_install(&stats_ops, vm, fd);
	if (fd < 0)
		hv_vm_put(vm);
	return fd;
}

int stats_file_of_vm(struct hv_vm *vm)
{
	struct hv_stats_file file;
	char id[NAME_BYTES];
	int fd;

	snprintf(id, sizeof(id), "kvm-%d", getpid());
	fd = make(&file, vm_rows, ARRAY_SIZE(vm_rows), id);
	if (fd)
		return fd;
	fd = open_again(&file, vm);
	hv_stats_file_free(&file);
	return fd;
}

/* With the vcpu locked: it isn't running, what it has counted can move into the file. */
int stats_file_of_vcpu(struct hv_vcpu *vcpu)
{
	char id[NAME_BYTES];

	snprintf(id, sizeof(id), "kvm-%d/vcpu-%u", getpid(), vcpu->id);
	if (!hv_vcpu_stats_file(vcpu)->map) {
		struct hv_stats_file file;
		int ret = make(&file, vcpu_rows, ARRAY_SIZE(vcpu_rows), id);

		if (ret)
			return ret;
		hv_vcpu_publish_stats(vcpu, file, header(ARRAY_SIZE(vcpu_rows)).data_offset);
	}
	return open_again(hv_vcpu_stats_file(vcpu), vcpu->vm);
}
