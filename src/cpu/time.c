/* SPDX-License-Identifier: Apache-2.0 */
/* The timebase, 512 MHz of the host's monotonic clock, and the decrementer made of it. */
#include <time.h>
#include "cpu/cpu.h"

static u64 ticks_of(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (u64)ts.tv_sec * TIMEBASE_HZ + (u64)ts.tv_nsec * (TIMEBASE_HZ / 1000000) / 1000;
}

u64 host_timebase(void)
{
	return ticks_of(CLOCK_MONOTONIC);
}

u64 host_thread_time(void)
{
	return ticks_of(CLOCK_THREAD_CPUTIME_ID);
}

/*
 * Time never goes back: nobody reads it later than CPU_TIME_SURE after a moment at which it was
 * seen to go on, so what the owner takes off begins there. Who read the clock before that was taken
 * off, and looks at alive after, sees by lag that it has changed.
 */
u64 cpu_guest_time(struct cpu *cpu)
{
	struct cpu_time *time = cpu->time;

	for (;;) {
		u64 lag = __atomic_load_n(&time->lag, __ATOMIC_ACQUIRE), now = host_timebase();

		if (unlikely((s64)(now - __atomic_load_n(&time->alive, __ATOMIC_ACQUIRE)) >
			     (s64)CPU_TIME_SURE))
			cpu->host->was_alive(cpu);
		else if (likely(lag == __atomic_load_n(&time->lag, __ATOMIC_RELAXED)))
			return now - lag;
	}
}

u64 cpu_timebase(struct cpu *cpu)
{
	return cpu_guest_time(cpu) + cpu->tb_offset;
}

s64 cpu_get_dec(struct cpu *cpu)
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
