/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/booke/mpic.h"

/* Registers of all, in each processor's private view, and of sources. */
#define BLOCK_REVISION 0x0000
#define FEATURES       0x1000
#define CONFIG	       0x1020
#define IPI_VECTOR     0x10a0 /* 4 of them */
#define SPURIOUS       0x10e0
#define SOURCES	       0x10000
#define SOURCE_BYTES   0x20 /* the vector's register, and the destination's at 0x10 */
#define CPUS	       0x20000
#define CPU_SHIFT      12
#define REG_STEP       0x10

#define CPU_IPI	   0x40 /* 4 of them */
#define CPU_TASK   0x80
#define CPU_WHOAMI 0x90
#define CPU_ACK	   0xa0
#define CPU_EOI	   0xb0

#define REVISION	  0x00400200u /* block 0x40, version 2.0 */
#define OPENPIC_1_2	  2
#define CONFIG_RESET	  0x80000000u
#define CONFIG_MODE	  0x60000000u
#define VECTOR_MASKED	  0x80000000u
#define VECTOR_ACTIVE	  0x40000000u /* read only */
#define VECTOR_LEVEL	  0x00400000u /* of external sources; internal ones always are */
#define VECTOR_WRITABLE	  0x80cfffffu
#define VECTOR_NUMBER	  0x0000ffffu
#define PRIORITY_MAX	  15u
#define SPURIOUS_AT_RESET 0xffffu
#define NO_SOURCE	  UINT32_MAX

static unsigned priority_of(const struct mpic_source *s)
{
	return s->vector >> 16 & PRIORITY_MAX;
}

static bool is_ipi(const struct mpic *p, const struct mpic_source *s)
{
	return s >= p->sources + MPIC_SOURCES;
}

static bool is_level(const struct mpic *p, const struct mpic_source *s)
{
	return !is_ipi(p, s) && (s >= p->sources + MPIC_EXTERNAL || (s->vector & VECTOR_LEVEL));
}

static u32 cpu_mask(const struct mpic *p)
{
	return p->n_cpus == MPIC_CPUS_MAX ? ~0u : (1u << p->n_cpus) - 1;
}

/* Who has yet to take it. */
static u32 waiting(const struct mpic *p, const struct mpic_source *s)
{
	return is_level(p, s) && s->line ? s->dest & -s->dest : s->edge;
}

/* The source with the highest priority that @cpu waits to take, or is serving. */
static u32 first(const struct mpic *p, unsigned cpu, bool served)
{
	u32 best = NO_SOURCE;

	for (u32 i = 0; i < ARRAY_SIZE(p->sources); i++) {
		const struct mpic_source *s = &p->sources[i];
		u32 cpus = served ? s->served : waiting(p, s);

		if (!(cpus >> cpu & 1) || (!served && (s->vector & VECTOR_MASKED)))
			continue;
		if (best == NO_SOURCE || priority_of(s) > priority_of(&p->sources[best]))
			best = i;
	}
	return best;
}

/* The source that @cpu is to take now. */
static u32 deliverable(const struct mpic *p, unsigned cpu)
{
	u32 i = first(p, cpu, false), served = first(p, cpu, true);
	unsigned priority;

	if (i == NO_SOURCE)
		return NO_SOURCE;
	priority = priority_of(&p->sources[i]);
	if (priority <= p->cpus[cpu].priority)
		return NO_SOURCE;
	return served != NO_SOURCE && priority <= priority_of(&p->sources[served]) ? NO_SOURCE : i;
}

static void tell_outputs(struct mpic *p)
{
	for (unsigned cpu = 0; cpu < p->n_cpus; cpu++) {
		bool high = deliverable(p, cpu) != NO_SOURCE;

		if (high == p->cpus[cpu].high)
			continue;
		p->cpus[cpu].high = high;
		p->output(p->opaque, cpu, high);
	}
}

void mpic_reset(struct mpic *p)
{
	p->config = 0;
	p->spurious = SPURIOUS_AT_RESET;
	for (unsigned i = 0; i < ARRAY_SIZE(p->sources); i++) {
		bool line = p->sources[i].line;

		p->sources[i] =
		    (struct mpic_source){.vector = VECTOR_MASKED, .dest = 1, .line = line};
	}
	for (unsigned i = 0; i < p->n_cpus; i++)
		p->cpus[i].priority = PRIORITY_MAX;
	tell_outputs(p);
}

void mpic_set_line(struct mpic *p, unsigned source, bool active)
{
	struct mpic_source *s = &p->sources[source];

	if (active && !s->line && !is_level(p, s))
		s->edge |= s->dest & -s->dest;
	s->line = active;
	tell_outputs(p);
}

/* ---- Registers ---- */

static u32 acknowledge(struct mpic *p, unsigned cpu)
{
	u32 i = deliverable(p, cpu);
	struct mpic_source *s;

	if (i == NO_SOURCE)
		return p->spurious;
	s = &p->sources[i];
	s->edge &= ~(1u << cpu);
	s->served |= 1u << cpu;
	tell_outputs(p);
	return s->vector & VECTOR_NUMBER;
}

static void end_of_interrupt(struct mpic *p, unsigned cpu)
{
	u32 i = first(p, cpu, true);

	if (i != NO_SOURCE)
		p->sources[i].served &= ~(1u << cpu);
}

static u32 read_cpu(struct mpic *p, unsigned cpu, u32 reg)
{
	switch (reg) {
	case CPU_TASK:
		return p->cpus[cpu].priority;
	case CPU_WHOAMI:
		return cpu;
	case CPU_ACK:
		return acknowledge(p, cpu);
	default:
		return 0;
	}
}

static void write_cpu(struct mpic *p, unsigned cpu, u32 reg, u32 val)
{
	switch (reg) {
	case CPU_IPI ... CPU_IPI + (MPIC_IPIS - 1) * REG_STEP:
		if (reg % REG_STEP == 0)
			p->sources[MPIC_SOURCES + (reg - CPU_IPI) / REG_STEP].edge |=
			    val & cpu_mask(p);
		break;
	case CPU_TASK:
		p->cpus[cpu].priority = val & PRIORITY_MAX;
		break;
	case CPU_EOI:
		end_of_interrupt(p, cpu);
		break;
	default:
		break;
	}
}

static u32 read_vector(const struct mpic *p, const struct mpic_source *s)
{
	return s->vector | (s->served || waiting(p, s) ? VECTOR_ACTIVE : 0);
}

/* The source whose registers are at @offset, or NULL. */
static struct mpic_source *source_at(struct mpic *p, u32 offset)
{
	if (offset >= IPI_VECTOR && offset < IPI_VECTOR + MPIC_IPIS * REG_STEP)
		return offset % REG_STEP
			   ? NULL
			   : &p->sources[MPIC_SOURCES + (offset - IPI_VECTOR) / REG_STEP];
	if (offset < SOURCES || offset >= SOURCES + MPIC_SOURCES * SOURCE_BYTES ||
	    offset % REG_STEP)
		return NULL;
	return &p->sources[(offset - SOURCES) / SOURCE_BYTES];
}

static bool is_dest(u32 offset)
{
	return offset >= SOURCES && offset % SOURCE_BYTES;
}

/* True: @offset is one of a processor's registers, which are found in two places. */
static bool cpu_at(const struct mpic *p, u32 offset, unsigned *cpu, u32 *reg)
{
	*reg = offset & ((1u << CPU_SHIFT) - 1);
	if (offset >= CPUS)
		*cpu = (offset - CPUS) >> CPU_SHIFT;
	return *cpu < p->n_cpus && (offset >= CPUS || (offset >= CPU_IPI && offset <= CPU_EOI));
}

u32 mpic_read(struct mpic *p, unsigned cpu, u32 offset)
{
	struct mpic_source *s = source_at(p, offset);
	u32 reg;

	if (s)
		return is_dest(offset) ? s->dest : read_vector(p, s);
	if (cpu_at(p, offset, &cpu, &reg))
		return read_cpu(p, cpu, reg);
	switch (offset) {
	case BLOCK_REVISION:
		return REVISION;
	case FEATURES:
		return (MPIC_SOURCES - 1) << 16 | (p->n_cpus - 1) << 8 | OPENPIC_1_2;
	case CONFIG:
		return p->config;
	case SPURIOUS:
		return p->spurious;
	default:
		return 0;
	}
}

void mpic_write(struct mpic *p, unsigned cpu, u32 offset, u32 val)
{
	struct mpic_source *s = source_at(p, offset);
	u32 reg;

	if (s && is_dest(offset))
		s->dest = val & cpu_mask(p);
	else if (s)
		s->vector = val & VECTOR_WRITABLE;
	else if (cpu_at(p, offset, &cpu, &reg))
		write_cpu(p, cpu, reg, val);
	else if (offset == CONFIG && (val & CONFIG_RESET))
		mpic_reset(p);
	else if (offset == CONFIG)
		p->config = val & CONFIG_MODE;
	else if (offset == SPURIOUS)
		p->spurious = val & VECTOR_NUMBER;
	tell_outputs(p);
}

/* ---- State ---- */

void mpic_save(const struct mpic *p, struct state_out *out)
{
	put_u32(out, p->config);
	put_u32(out, p->spurious);
	for (unsigned i = 0; i < ARRAY_SIZE(p->sources); i++) {
		put_u32(out, p->sources[i].vector);
		put_u32(out, p->sources[i].dest);
		put_u32(out, p->sources[i].edge);
		put_u32(out, p->sources[i].served);
		put_u8(out, p->sources[i].line);
	}
	for (unsigned i = 0; i < p->n_cpus; i++)
		put_u32(out, p->cpus[i].priority);
}

void mpic_load(struct mpic *p, struct state_in *in)
{
	u32 cpus = cpu_mask(p);

	p->config = get_u32(in) & CONFIG_MODE;
	p->spurious = get_u32(in) & VECTOR_NUMBER;
	for (unsigned i = 0; i < ARRAY_SIZE(p->sources); i++) {
		p->sources[i].vector = get_u32(in) & VECTOR_WRITABLE;
		p->sources[i].dest = get_u32(in) & cpus;
		p->sources[i].edge = get_u32(in) & cpus;
		p->sources[i].served = get_u32(in) & cpus;
		p->sources[i].line = get_u8(in);
	}
	for (unsigned i = 0; i < p->n_cpus; i++)
		p->cpus[i].priority = get_u32(in) & PRIORITY_MAX;
	tell_outputs(p);
}
