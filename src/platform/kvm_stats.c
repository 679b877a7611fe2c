/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/kvm_stats.h"

#include <stdlib.h>
#include <unistd.h>

#include "platform/vcpu.h"

#define FILE_MAX (1u << 20)

void kvm_stats_open(struct vcpu *vcpu)
{
	if (vcpu->stats_fd <= 0)
		vcpu->stats_fd = accel_ioctl_val(vcpu->m->accel, vcpu->fd, KVM_GET_STATS_FD, 0);
}

void kvm_stats_close(struct vcpu *vcpu)
{
	if (vcpu->stats_fd > 0)
		vcpu->m->accel->close(vcpu->stats_fd);
	vcpu->stats_fd = 0;
}

/* The whole file, to be freed; it is as long as its header and descriptions say. */
static u8 *fetch(int fd, size_t *bytes)
{
	u8 *file = malloc(FILE_MAX);
	ssize_t got;

	if (!file)
		return NULL;
	got = pread(fd, file, FILE_MAX, 0);
	if (got < (ssize_t)sizeof(struct kvm_stats_header)) {
		free(file);
		return NULL;
	}
	*bytes = got;
	return file;
}

/* Description @i and its value, if the file has them. */
static bool take(const u8 *file, size_t bytes, u32 i, const char **name, u64 *value)
{
	const size_t head = sizeof(struct kvm_stats_desc);
	struct kvm_stats_header h;
	struct kvm_stats_desc d;
	u64 at, from;

	memcpy(&h, file, sizeof(h));
	at = h.desc_offset + i * (u64)(head + h.name_size);
	if (!h.name_size || at + head + h.name_size > bytes || file[at + head + h.name_size - 1])
		return false;
	memcpy(&d, file + at, head);
	from = (u64)h.data_offset + d.offset;
	if (d.size != 1 || from + sizeof(*value) > bytes)
		return false;
	*name = (const char *)file + at + head;
	memcpy(value, file + from, sizeof(*value));
	return true;
}

void kvm_stats_each(const struct vcpu *vcpu, void (*fn)(void *opaque, const char *name, u64 value),
		    void *opaque)
{
	struct kvm_stats_header h;
	const char *name;
	size_t bytes;
	u64 value;
	u8 *file = vcpu->stats_fd > 0 ? fetch(vcpu->stats_fd, &bytes) : NULL;

	if (!file)
		return;
	memcpy(&h, file, sizeof(h));
	for (u32 i = 0; i < h.num_desc && i < bytes; i++)
		if (take(file, bytes, i, &name, &value))
			fn(opaque, name, value);
	free(file);
}
