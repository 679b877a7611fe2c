/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Power machine in a program: a guest of eight instructions says something by a hypercall.
 *
 *	cc embed.c $(pkg-config --cflags --libs papyr) -o embed && ./embed
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <papyr/kvm.h>
#include <papyr/papr.h>
#include <papyr/papyr.h>

#define MEMORY (16u << 20)
#define CODE   0x1000
#define TEXT   0x2000

/* Big-endian, in real mode: H_PUT_TERM_CHAR(0, 14, the text's two doublewords), then for ever. */
static const unsigned char code[] = {
    0x38, 0x60, 0x00, 0x58, /* li r3, H_PUT_TERM_CHAR */
    0x38, 0x80, 0x00, 0x00, /* li r4, 0 */
    0x38, 0xa0, 0x00, 0x0e, /* li r5, 14 */
    0xe8, 0xc0, 0x20, 0x00, /* ld r6, TEXT(0) */
    0xe8, 0xe0, 0x20, 0x08, /* ld r7, TEXT + 8(0) */
    0x44, 0x00, 0x00, 0x22, /* sc 1 */
    0x48, 0x00, 0x00, 0x00, /* b . */
};

static int check(int result, const char *what)
{
	if (result >= 0)
		return result;
	perror(what);
	exit(1);
}

int main(void)
{
	int kvm = check(papyr_open("/dev/kvm", O_RDWR | O_CLOEXEC), "papyr_open");
	int vm = check(papyr_ioctl(kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
	char *ram = (char *)mmap(NULL, MEMORY, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct kvm_userspace_memory_region slot;
	struct kvm_enable_cap papr;
	struct kvm_regs regs;
	struct kvm_run *run;
	int vcpu;

	memset(&slot, 0, sizeof(slot));
	slot.memory_size = MEMORY;
	slot.userspace_addr = (unsigned long)ram;
	check(papyr_ioctl(vm, KVM_SET_USER_MEMORY_REGION, &slot), "KVM_SET_USER_MEMORY_REGION");
	memcpy(ram + CODE, code, sizeof(code));
	memcpy(ram + TEXT, "Hello, Power!\n\0", 16);

	/* Book3S guests are PAPR partitions: without this KVM_RUN gives EINVAL. */
	vcpu = check(papyr_ioctl(vm, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU");
	memset(&papr, 0, sizeof(papr));
	papr.cap = KVM_CAP_PPC_PAPR;
	check(papyr_ioctl(vcpu, KVM_ENABLE_CAP, &papr), "KVM_CAP_PPC_PAPR");
	run = (struct kvm_run *)papyr_mmap(NULL, papyr_ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0),
					   PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	check(papyr_ioctl(vcpu, KVM_GET_REGS, &regs), "KVM_GET_REGS");
	regs.pc = CODE;
	regs.msr = 0x8000000000001000; /* 64-bit, machine checks enabled */
	check(papyr_ioctl(vcpu, KVM_SET_REGS, &regs), "KVM_SET_REGS");

	check(papyr_ioctl(vcpu, KVM_RUN, 0), "KVM_RUN");
	if (run->exit_reason != KVM_EXIT_PAPR_HCALL || run->papr_hcall.nr != H_PUT_TERM_CHAR)
		return 1;
	/* The answer to the hypercall, which the next KVM_RUN would hand over. */
	run->papr_hcall.ret = H_SUCCESS;
	for (unsigned i = 0; i < run->papr_hcall.args[1]; i++)
		putchar((char)(run->papr_hcall.args[2 + i / 8] >> (56 - i % 8 * 8)));
	papyr_close(vcpu);
	papyr_close(vm);
	papyr_close(kvm);
	return 0;
}
