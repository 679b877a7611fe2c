/* SPDX-License-Identifier: Apache-2.0 */
/* The slow ways to memory: what the first level doesn't have. */
#include "base/racy.h"
#include "cpu/engine/block.h"
#include "cpu/mmu/booke.h"
#include "cpu/mmu/translate.h"
#include "cpu/mmu/watch.h"
#include "cpu/raise.h"

static bool data_fails(struct cpu *cpu, const struct op *op, u64 ea, const struct translation *t)
{
	cpu_raise_data(cpu, op, t->vector, ea, t->why);
	return false;
}

static bool is_wide(const struct cpu *cpu)
{
	return cpu->unit_shift == CPU_UNIT_SHIFT;
}

static bool is_code_page(struct cpu *cpu, u64 gpa)
{
	return cpu->host->is_code(cpu, gpa & CPU_PAGE_MASK, CPU_PAGE_SIZE);
}

/* May stores to the unit at @gpa go there without asking? */
static bool is_writable(struct cpu *cpu, u64 gpa, const struct translation *t)
{
	u64 bytes = tlb_unit_bytes(cpu);

	if (!t->writable)
		return false;
	if (!cpu->host->is_code(cpu, gpa, bytes))
		return true;
	cpu->tlbs->narrow += is_wide(cpu) && !is_code_page(cpu, t->gpa);
	return false;
}

/* Remembers a unit of memory in the first level, as far as its accesses need no look. */
static void tlb_fill(struct cpu *cpu, u64 ea, const struct translation *t,
		     const struct cpu_ram *ram, bool store)
{
	unsigned slot = tlb_slot(cpu, ea);
	struct tlb_entry *e = &cpu->dtlb->e[slot];
	u64 unit = ea >> cpu->unit_shift, in_unit = tlb_unit_bytes(cpu) - 1;
	u64 gpa = t->gpa & ~in_unit;

	if (watchpoint_armed(cpu) || t->small)
		return;
	if (is_wide(cpu) && !(t->wide && ram->whole)) {
		cpu->tlbs->narrow++;
		return;
	}
	if (t->program && cpu->dtlb == &cpu->tlb[TLB_KERNEL])
		cpu->tlbs->low[slot / 64] |= 1ull << slot % 64;
	cpu->dtlb->used[slot / 64] |= 1ull << slot % 64;
	if (e->read != unit || e->gpa != gpa)
		e->write = tlb_empty(slot);
	e->read = unit;
	e->addend = (uintptr_t)ram->host - (ea & CPU_PAGE_MASK);
	e->gpa = gpa;
	if (store && is_writable(cpu, gpa, t)) {
		e->write = unit;
		writers_add(&cpu->tlbs->writers, gpa >> cpu->unit_shift);
	}
}

/* How many bytes a fixed-point store of one register stores; 0: another instruction. */
static unsigned plain_store_bytes(u32 insn)
{
	switch (insn >> 26) {
	case 36: /* stw, stwu */
	case 37:
		return 4;
	case 38: /* stb, stbu */
	case 39:
		return 1;
	case 44: /* sth, sthu */
	case 45:
		return 2;
	case 62: /* std, stdu; stq */
		return insn & 2 ? 0 : 8;
	case 31:
		break;
	default:
		return 0;
	}
	switch (insn >> 1 & 0x3ff) {
	case 215: /* stbx, stbux */
	case 247:
		return 1;
	case 407: /* sthx, sthux, sthbrx */
	case 439:
	case 918:
		return 2;
	case 151: /* stwx, stwux, stwbrx */
	case 183:
	case 662:
		return 4;
	case 149: /* stdx, stdux, stdbrx */
	case 181:
	case 660:
		return 8;
	default:
		return 0;
	}
}

/* What is about to be loaded, or NULL where there is no memory. */
static const u8 *loaded(struct cpu *cpu, const struct translation *t)
{
	struct cpu_ram ram = {0};

	if (!t->absent)
		ram = cpu->host->ram(cpu, t->gpa & CPU_PAGE_MASK, CPU_RAM_LOAD);
	return ram.host ? ram.host + (t->gpa & ~CPU_PAGE_MASK) : NULL;
}

static bool booke_takes(struct cpu *cpu, const struct op *op, const struct cpu_access *access,
			unsigned size, const struct translation *t)
{
	bool store = access->kind == CPU_STORE;
	const u8 *bytes = NULL;

	if (booke_compares_values(cpu))
		bytes = store ? access->data : loaded(cpu, t);
	return booke_debug_data(cpu, op, access->ea, size, store, bytes);
}

/* True: the access, to @size bytes, met a watchpoint and isn't carried out. */
static bool watchpoint_takes(struct cpu *cpu, const struct op *op, const struct cpu_access *access,
			     unsigned size, const struct translation *t)
{
	bool store = access->kind == CPU_STORE;
	u64 ea = access->ea;
	const struct cpu_watch *w = watchpoint_of_debugger(cpu, ea, size, store);

	if (w)
		cpu_stop(cpu, op, store ? CPU_STOP_WRITE : CPU_STOP_READ, w->ea);
	else if (cpu_is_booke(cpu))
		return booke_takes(cpu, op, access, size, t);
	else if (watchpoint_hits(cpu, ea, size, store))
		cpu_raise_data(cpu, op, VEC_DSI, ea, DSISR_DABR | (store ? DSISR_STORE : 0));
	else
		return false;
	return true;
}

/* BookE has little-endian pages. An access to one takes its bytes the other way round. */
static bool is_little(const struct cpu *cpu, u64 ea)
{
	return cpu_is_booke(cpu) && booke_little(cpu, ea);
}

/* What isn't one access of a register's bytes is refused there. */
static bool order_fails(struct cpu *cpu, const struct op *op, u64 ea, bool store)
{
	if (likely(!is_little(cpu, ea)))
		return false;
	cpu_raise_data(cpu, op, VEC_DSI, ea, DSISR_BADATTR | (store ? DSISR_STORE : 0));
	return true;
}

static enum cpu_ram_use ram_use(const struct cpu *cpu, const struct translation *t, bool store)
{
	if (!store)
		return CPU_RAM_LOAD;
	return is_wide(cpu) && t->wide ? CPU_RAM_STORE_UNIT : CPU_RAM_STORE;
}

/*
 * Host memory of @size bytes at @ea, which lie on one page. NULL: an interrupt was raised, the
 * owner did the access (*done), or there is no memory and @data is NULL, which asks for memory
 * only: no interrupt has been raised then.
 */
static u8 *data_ptr(struct cpu *cpu, const struct op *op, u64 ea, unsigned size, bool store,
		    void *data, u64 *gpa, bool *done)
{
	struct cpu_access access = {
	    .kind = store ? CPU_STORE : CPU_LOAD,
	    .ea = ea,
	    .size = data && size > 8 ? 8 : size, /* the owner takes at most 8 bytes a time */
	    .data = data};
	struct translation t;
	struct cpu_ram ram;

	*done = false;
	for (;;) {
		if (!translate(cpu, ea, access.kind, &t)) {
			data_fails(cpu, op, ea, &t);
			return NULL;
		}
		if (unlikely(watchpoint_armed(cpu)) && watchpoint_takes(cpu, op, &access, size, &t))
			return NULL;
		if (store)
			cpu_touch_writable(cpu, t.gpa);
		ram = t.absent
			  ? (struct cpu_ram){0}
			  : cpu->host->ram(cpu, t.gpa & CPU_PAGE_MASK, ram_use(cpu, &t, store));
		if (ram.host && (!store || ram.writable))
			break;
		if (t.small && order_fails(cpu, op, ea, store))
			return NULL;
		access.gpa = t.gpa;
		access.hpte_index = t.hpte_index;
		access.absent = t.absent;
		access.sole = store && data && plain_store_bytes(op->insn) == size;
		switch (cpu->host->fault(cpu, &access)) {
		case CPU_FAULT_RETRY:
			continue;
		case CPU_FAULT_DONE:
			*done = true;
			return NULL;
		case CPU_FAULT_LEAVE:
			cpu->nip = CIA();
			cpu->left_insn = op->insn;
			cpu->leave = true;
			return NULL;
		case CPU_FAULT_REFLECT:
			cpu_raise_data(cpu, op, VEC_DSI, ea,
				       DSISR_NOHPTE | (store ? DSISR_STORE : 0));
			return NULL;
		case CPU_FAULT_BROKEN:
			cpu->dar = ea;
			cpu->dsisr = DSISR_MC_UE;
			cpu_machine_check(cpu, CIA() & cpu->ea_mask, SRR1_MC_LOAD_STORE);
			return NULL;
		}
	}
	tlb_fill(cpu, ea, &t, &ram, store);
	*gpa = t.gpa;
	return ram.host + (t.gpa & ~CPU_PAGE_MASK);
}

/* A copy that is one access for sizes that the architecture makes one access of. */
static void copy_once(void *to, const void *from, unsigned size)
{
	switch (size) {
	case 1:
		racy_copy_bytes(to, from, 1);
		break;
	case 2:
		racy_copy_bytes(to, from, 2);
		break;
	case 4:
		racy_copy_bytes(to, from, 4);
		break;
	case 8:
		racy_copy_bytes(to, from, 8);
		break;
	default:
		racy_copy_bytes(to, from, size);
	}
}

/* The smallest pages there are: a 440's. */
static u64 page_least(const struct cpu *cpu)
{
	return cpu_is_booke(cpu) ? 1024 : CPU_PAGE_SIZE;
}

/* The bytes from @ea to the end of its page, at most @size; pieces for memory without RAM are at
 * most 8. */
static unsigned piece(const struct cpu *cpu, u64 ea, unsigned size)
{
	u64 page = page_least(cpu), left = page - (ea & (page - 1));

	return size < left ? size : left;
}

static bool read_on_page(struct cpu *cpu, const struct op *op, u64 ea, u8 *data, unsigned size)
{
	bool done;
	u64 gpa;

	for (unsigned n; size; ea += n, data += n, size -= n) {
		const u8 *host = data_ptr(cpu, op, ea, size, false, data, &gpa, &done);

		if (host) {
			copy_once(data, host, size);
			return true;
		}
		if (!done)
			return false;
		n = size > 8 ? 8 : size;
	}
	return true;
}

static bool write_on_page(struct cpu *cpu, const struct op *op, u64 ea, const u8 *data,
			  unsigned size)
{
	bool done;
	u64 gpa;

	for (unsigned n; size; ea += n, data += n, size -= n) {
		u8 *host = data_ptr(cpu, op, ea, size, true, (void *)data, &gpa, &done);

		if (host) {
			if (is_code_page(cpu, gpa))
				cpu->host->code_write(cpu, gpa, size);
			copy_once(host, data, size);
			return true;
		}
		if (!done)
			return false;
		n = size > 8 ? 8 : size;
	}
	return true;
}

static void copy_reversed(u8 *to, const u8 *from, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		to[i] = from[size - 1 - i];
}

static bool read_slow(struct cpu *cpu, const struct op *op, u64 ea, void *data, unsigned size)
{
	unsigned first = piece(cpu, ea, size);
	u8 buffer[128];

	if (first == size)
		return read_on_page(cpu, op, ea, data, size);
	if (!read_on_page(cpu, op, ea, buffer, first) ||
	    !read_on_page(cpu, op, (ea + first) & cpu->ea_mask, buffer + first, size - first))
		return false;
	memcpy(data, buffer, size);
	return true;
}

bool mem_read_slow(struct cpu *cpu, const struct op *op, u64 ea, void *data, unsigned size)
{
	u8 buffer[8];

	if (!read_slow(cpu, op, ea, data, size))
		return false;
	if (unlikely(is_little(cpu, ea)) && size <= sizeof(buffer)) {
		memcpy(buffer, data, size);
		copy_reversed(data, buffer, size);
	}
	return true;
}

bool mem_write_slow(struct cpu *cpu, const struct op *op, u64 ea, const void *data, unsigned size)
{
	unsigned first = piece(cpu, ea, size);
	u8 buffer[8];

	if (unlikely(is_little(cpu, ea)) && size <= sizeof(buffer)) {
		copy_reversed(buffer, data, size);
		data = buffer;
	}
	if (first == size)
		return write_on_page(cpu, op, ea, data, size);
	/* Nothing of it is stored when the second page faults. */
	if (!mem_probe_write(cpu, op, (ea + first) & cpu->ea_mask, size - first))
		return false;
	return write_on_page(cpu, op, ea, data, first) &&
	       write_on_page(cpu, op, (ea + first) & cpu->ea_mask, (const u8 *)data + first,
			     size - first);
}

bool mem_read_bytes(struct cpu *cpu, const struct op *op, u64 ea, void *bytes, unsigned size)
{
	const void *host = tlb_find(cpu, ea, size, false);

	if (unlikely(!host))
		return !order_fails(cpu, op, ea, false) && read_slow(cpu, op, ea, bytes, size);
	racy_copy_bytes(bytes, host, size);
	return true;
}

bool mem_write_bytes(struct cpu *cpu, const struct op *op, u64 ea, const void *bytes, unsigned size)
{
	void *host = tlb_find(cpu, ea, size, true);

	if (unlikely(!host))
		return !order_fails(cpu, op, ea, true) && mem_write_slow(cpu, op, ea, bytes, size);
	racy_copy_bytes(host, bytes, size);
	return true;
}

/*
 * A probe translates and takes the interrupts; for memory that the owner emulates it lets the
 * access itself decide.
 */
static bool probe_page(struct cpu *cpu, const struct op *op, u64 ea, bool store)
{
	struct translation t;

	if (tlb_find(cpu, ea, 1, store))
		return true;
	if (translate(cpu, ea, store ? CPU_STORE : CPU_LOAD, &t))
		return true;
	return data_fails(cpu, op, ea, &t);
}

bool mem_probe_write(struct cpu *cpu, const struct op *op, u64 ea, unsigned size)
{
	u64 last = (ea + size - 1) & cpu->ea_mask, mask = ~(page_least(cpu) - 1);

	return probe_page(cpu, op, ea, true) &&
	       (!((ea ^ last) & mask) || probe_page(cpu, op, last & mask, true));
}

bool mem_probe_line(struct cpu *cpu, const struct op *op, u64 ea, enum cpu_access_kind kind,
		    enum cpu_access_kind watched)
{
	return probe_page(cpu, op, ea, kind == CPU_STORE) &&
	       !(unlikely(booke_watches(cpu)) &&
		 booke_debug_data(cpu, op, ea, 1, watched == CPU_STORE, NULL));
}

void *mem_ptr(struct cpu *cpu, const struct op *op, u64 ea, unsigned size, bool store, u64 *gpa,
	      bool *no_ram)
{
	u8 *host = tlb_find(cpu, ea, size, store);

	*no_ram = false;
	if (likely(host)) {
		*gpa = cpu->dtlb->e[tlb_slot(cpu, ea)].gpa | (ea & (tlb_unit_bytes(cpu) - 1));
		return host;
	}
	host = data_ptr(cpu, op, ea, size, store, NULL, gpa, no_ram);
	if (host && store && is_code_page(cpu, *gpa))
		cpu->host->code_write(cpu, *gpa, size);
	return host;
}

bool mem_zero(struct cpu *cpu, const struct op *op, u64 ea, unsigned size)
{
	bool no_ram;
	u64 gpa;
	void *host = mem_ptr(cpu, op, ea, size, true, &gpa, &no_ram);

	if (host)
		racy_zero_bytes(host, size);
	return host || no_ram;
}

void *mem_atomic_ptr(struct cpu *cpu, const struct op *op, u64 ea, unsigned size, bool store,
		     u64 *gpa)
{
	bool no_ram;
	void *host = mem_ptr(cpu, op, ea, size, store, gpa, &no_ram);

	/* Reservations and quadwords where there is no memory: the architecture's answer is a
	 * storage interrupt. So it is here on little-endian pages. */
	if (no_ram || (host && unlikely(is_little(cpu, ea)))) {
		host = NULL;
		cpu_raise_data(cpu, op, VEC_DSI, ea, DSISR_BADATTR | (store ? DSISR_STORE : 0));
	}
	return host;
}

bool cpu_peek(const struct cpu *cpu, u64 ea, u64 *value)
{
	const void *host = tlb_find(cpu, ea, sizeof(*value), false);

	if (!host)
		return false;
	racy_copy_bytes(value, host, sizeof(*value));
	if (cpu->swap)
		*value = __builtin_bswap64(*value);
	return true;
}
