/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PowerPC 440, or an e500v2 ("./booke e500v2"), in a program: its first mapping is made without
 * knowing its TLB, and its guest says something to a device.
 *
 *	cc booke.c $(pkg-config --cflags --libs papyr) -o booke && ./booke
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <papyr/kvm.h>
#include <papyr/papyr.h>

#define PVR_440	   0x42220000
#define PVR_E500V2 0x80210000

#define MEMORY (16u << 20)
#define CODE   0x1000
#define TEXT   0x2000
#define DEVICE 0xe0000000ull /* no memory is there: accesses are ours to answer */

/* Says the text, letter by letter, to the device's address. */
static const unsigned code[] = {
    0x3c60e000, /* lis r3, DEVICE */
    0x38802000, /* li r4, TEXT */
    0x88a40000, /* 1: lbz r5, 0(r4) */
    0x98a30000, /* stb r5, 0(r3) */
    0x38840001, /* addi r4, r4, 1 */
    0x28050000, /* cmplwi r5, 0 */
    0x4082fff0, /* bne 1b */
    0x48000000, /* b . */
};

static int check(int result, const char *what)
{
	if (result >= 0)
		return result;
	perror(what);
	exit(1);
}

/* Instructions are big-endian, whatever the host. */
static void put(unsigned char *to, unsigned word)
{
	for (int i = 0; i < 4; i++)
		to[i] = word >> (24 - 8 * i);
}

static void map_this(int vcpu, unsigned long long at, unsigned long long bytes, unsigned flags)
{
	struct papyr_map map;

	memset(&map, 0, sizeof(map));
	map.ea = map.gpa = at;
	map.bytes = bytes;
	map.flags = PAPYR_MAP_READ | PAPYR_MAP_WRITE | flags;
	check(papyr_ioctl(vcpu, PAPYR_MAP, &map), "PAPYR_MAP");
}

int main(int argc, char **argv)
{
	int kvm = check(papyr_open("/dev/kvm", O_RDWR | O_CLOEXEC), "papyr_open");
	int vm = check(papyr_ioctl(kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
	unsigned char *ram =
	    mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct kvm_userspace_memory_region slot = {.memory_size = MEMORY};
	struct kvm_enable_cap pvr = {.cap = PAPYR_CAP_PVR};
	struct kvm_run *run;
	struct kvm_regs regs;
	int vcpu;

	pvr.args[0] = argc > 1 && !strcmp(argv[1], "e500v2") ? PVR_E500V2 : PVR_440;
	check(papyr_ioctl(vm, KVM_ENABLE_CAP, &pvr), "PAPYR_CAP_PVR");
	slot.userspace_addr = (unsigned long)ram;
	check(papyr_ioctl(vm, KVM_SET_USER_MEMORY_REGION, &slot), "KVM_SET_USER_MEMORY_REGION");
	for (unsigned i = 0; i < sizeof(code) / sizeof(code[0]); i++)
		put(ram + CODE + 4 * i, code[i]);
	strcpy((char *)ram + TEXT, "Hello, Book E!\n");

	/* There is no real mode: without a mapping the first fetch would find nothing. */
	vcpu = check(papyr_ioctl(vm, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU");
	map_this(vcpu, 0, MEMORY, PAPYR_MAP_EXECUTE);
	map_this(vcpu, DEVICE, 4096, PAPYR_MAP_UNCACHED | PAPYR_MAP_GUARDED);
	memset(&regs, 0, sizeof(regs));
	regs.pc = CODE;
	regs.gpr[1] = MEMORY - 8;
	check(papyr_ioctl(vcpu, KVM_SET_REGS, &regs), "KVM_SET_REGS");

	run = papyr_mmap(NULL, check(papyr_ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), "mmap size"),
			 PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	do {
		check(papyr_ioctl(vcpu, KVM_RUN, 0), "KVM_RUN");
		if (run->exit_reason != KVM_EXIT_MMIO || run->mmio.phys_addr != DEVICE) {
			fprintf(stderr, "unexpected exit %u\n", run->exit_reason);
			return 1;
		}
		if (run->mmio.data[0])
			putchar(run->mmio.data[0]);
	} while (run->mmio.data[0]);
	return 0;
}
