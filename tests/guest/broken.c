/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Run in a Debian guest: has two pages, tells where they are, and reads one after the other, each
 * when it is sent a line. What comes of it is printed, be it a value or a signal.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static sigjmp_buf back;

static void on_sigbus(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	siglongjmp(back, info->si_code == BUS_MCEERR_AR ? 1 : 2);
}

static uint64_t real_address(const void *page, size_t bytes)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry = 0;

	if (fd < 0 || pread(fd, &entry, 8, (uintptr_t)page / bytes * 8) != 8)
		perror("/proc/self/pagemap");
	close(fd);
	return (entry & ((1ull << 55) - 1)) * bytes;
}

int main(void)
{
	size_t bytes = sysconf(_SC_PAGESIZE);
	struct sigaction action = {.sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO};
	char line[16];

	sigaction(SIGBUS, &action, NULL);
	for (int i = 0; i < 2; i++) {
		volatile uint8_t *page = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
					      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		memset((void *)page, 0x5a, bytes);
		printf("page %d at 0x%llx\n", i,
		       (unsigned long long)real_address((void *)page, bytes));
		fflush(stdout);
		if (!fgets(line, sizeof(line), stdin))
			return 1;
		switch (sigsetjmp(back, 1)) {
		case 0:
			printf("page %d holds 0x%x\n", i, page[8]);
			break;
		case 1:
			printf("page %d is broken: SIGBUS, BUS_MCEERR_AR\n", i);
			break;
		default:
			printf("page %d: another SIGBUS\n", i);
		}
		fflush(stdout);
	}
	return 0;
}
