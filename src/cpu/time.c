/* SPDX-License-Identifier: Apache-2.0 */
/* The timebase, 512 MHz of the host's monotonic clock, and the decrementer made of it. */
#include <time.h>
#include "cpu/cpu.h"

u64 host_timebase(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * TIMEBASE_HZ + (u64)ts.tv_nsec * (TIMEBASE_HZ / 1000000) / 1000;
}

u64 cpu_timebase(const struct cpu *cpu)
{
	return host_timebase() + cpu->tb_offset;
}

s64 cpu_get_dec(const struct cpu *cpu)
{
	return (s32)(cpu->dec_expires - cpu_timebase(cpu));
}

void cpu_set_dec(struct cpu *cpu, s64 dec)
{
	cpu->dec_looked = cpu_timebase(cpu);
	cpu->dec_expires = cpu->dec_looked + (u64)dec;
	/* Level triggered: a positive value takes the interrupt back. */
	if (dec >= 0)
		cpu_irq_clear(cpu, CPU_IRQ_DECR);
	cpu_request(cpu, CPU_REQ_TIMER);
}
