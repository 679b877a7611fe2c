/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The descriptor of statistics (KVM_GET_STATS_FD): what a VM and a vcpu count, and that they do.
 */
#include "machine.h"
#include "papr.h"

#define MEMORY MIB

static struct machine m;
static struct vcpu v;

/* All of the file as it is now. */
static size_t fetch(int fd, u8 *buffer, size_t size)
{
	ssize_t got = pread(fd, buffer, size, 0);

	if (got < (ssize_t)sizeof(struct kvm_stats_header))
		die("the statistics are %zd bytes", got);
	return got;
}

static const struct kvm_stats_desc *desc(const u8 *file, unsigned i)
{
	const struct kvm_stats_header *h = (const void *)file;

	return (const void *)(file + h->desc_offset +
			      i * (sizeof(struct kvm_stats_desc) + h->name_size));
}

/* The first value called @name; it must be there. */
static u64 value(int fd, const char *name)
{
	static u8 file[65536] __attribute__((aligned(8)));
	const struct kvm_stats_header *h = (const void *)file;
	u64 v;

	fetch(fd, file, sizeof(file));
	for (unsigned i = 0; i < h->num_desc; i++)
		if (!strcmp(desc(file, i)->name, name)) {
			memcpy(&v, file + h->data_offset + desc(file, i)->offset, sizeof(v));
			return v;
		}
	die("there is no %s", name);
}

static void tell(int fd)
{
	static u8 file[65536] __attribute__((aligned(8)));
	const struct kvm_stats_header *h = (const void *)file;
	size_t bytes = fetch(fd, file, sizeof(file));
	u64 end = 0;

	say("flags %x, names of %u bytes, first at %u", h->flags, h->name_size, h->id_offset);
	for (unsigned i = 0; i < h->num_desc; i++) {
		const struct kvm_stats_desc *d = desc(file, i);

		say("    %s: flags %x, exponent %d, %u values, buckets of %u", d->name, d->flags,
		    d->exponent, d->size, d->bucket_size);
		if (d->offset + d->size * 8ull > end)
			end = d->offset + d->size * 8ull;
	}
	say("all values are in the file: %d", h->data_offset + end <= bytes);
	say("it begins with kvm-: %d", !strncmp((char *)file + h->id_offset, "kvm-", 4));
}

static void descriptors(void)
{
	u8 byte;
	int fd;

	topic("The descriptor");
	TRY_AS("KVM_GET_STATS_FD of /dev/kvm", m.kvm, KVM_GET_STATS_FD, 0);
	fd = try_fd("KVM_GET_STATS_FD of a VM", m.vm, KVM_GET_STATS_FD, 0);
	say("write = %s", write(fd, &byte, 1) < 0 ? errno_name(errno) : "ok");
	say("first byte, read twice: %zd, %zd", read(fd, &byte, 1), read(fd, &byte, 1));
	say("behind the end: %zd", pread(fd, &byte, 1, 1 << 20));
	close(fd);
}

static void counts(void)
{
	int fd = client_ioctl(v.fd, KVM_GET_STATS_FD, 0ul);
	u64 before = value(fd, "sum_exits");
	struct hcall h;

	topic("Counting");
	for (unsigned i = 0; i < 10; i++)
		HCALL(&v, &h, H_PUT_TERM_CHAR, 0, 0, 0, 0);
	say("ten hypercalls that exit are at least ten exits: %d",
	    value(fd, "sum_exits") >= before + 10);
	say("blocking: %llu", value(fd, "blocking"));
	close(fd);
}

int main(void)
{
	int fd;

	machine_new(&m, MEMORY, 18);
	vcpu_new(&v, &m, 0);
	descriptors();
	topic("A VM's statistics");
	fd = client_ioctl(m.vm, KVM_GET_STATS_FD, 0ul);
	tell(fd);
	close(fd);
	topic("A vcpu's statistics");
	fd = client_ioctl(v.fd, KVM_GET_STATS_FD, 0ul);
	tell(fd);
	close(fd);
	counts();
	vcpu_free(&v);
	machine_free(&m);
	return 0;
}
