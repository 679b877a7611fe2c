/* SPDX-License-Identifier: Apache-2.0 */
#include "gdb/guest.h"

#include <papyr/papyr.h>
#include <stdlib.h>

#include "platform/debug.h"

#define MSR_LE 1ull

/* ---- Registers ---- */

struct transfer {
	const struct gdb_register *reg;
	struct gdb_value value;
};

/* Of KVM's 16 bytes, as the host has a number of so many. */
static u64 *half(u64 wide[2], bool high)
{
	return &wide[high == BASE_HOST_LE];
}

static int get(struct vcpu *vcpu, void *arg)
{
	struct transfer *t = arg;
	struct kvm_regs regs;
	u64 wide[2] = {0};
	u32 word = 0;

	t->value = (struct gdb_value){0};
	if (t->reg->source == GDB_IN_REGS) {
		if (vcpu->m->accel->ioctl(vcpu->fd, KVM_GET_REGS, &regs) < 0)
			return -1;
		memcpy(&t->value.low, (u8 *)&regs + t->reg->where, sizeof(u64));
		return 0;
	}
	if (t->reg->source == GDB_ONE_REG && t->reg->bits == 32) {
		if (vcpu_get_reg(vcpu, t->reg->where, &word) < 0)
			return -1;
		t->value.low = word;
		return 0;
	}
	if (t->reg->source == GDB_ONE_REG && t->reg->bits == 64)
		return vcpu_get_reg(vcpu, t->reg->where, &t->value.low) < 0 ? -1 : 0;
	if (vcpu_get_reg(vcpu, t->reg->where, wide) < 0)
		return -1;
	t->value.low = *half(wide, false);
	if (t->reg->bits == 128)
		t->value.high = *half(wide, true);
	return 0;
}

static int set(struct vcpu *vcpu, void *arg)
{
	struct transfer *t = arg;
	struct kvm_regs regs;
	u64 wide[2] = {0};

	if (t->reg->source == GDB_IN_REGS) {
		if (vcpu->m->accel->ioctl(vcpu->fd, KVM_GET_REGS, &regs) < 0)
			return -1;
		memcpy((u8 *)&regs + t->reg->where, &t->value.low, sizeof(u64));
		return vcpu->m->accel->ioctl(vcpu->fd, KVM_SET_REGS, &regs) < 0 ? -1 : 0;
	}
	if (t->reg->source == GDB_ONE_REG && t->reg->bits == 32)
		return vcpu_set_reg(vcpu, t->reg->where, &(u32){t->value.low}) < 0 ? -1 : 0;
	if (t->reg->source == GDB_ONE_REG && t->reg->bits == 64)
		return vcpu_set_reg(vcpu, t->reg->where, &t->value.low) < 0 ? -1 : 0;
	if (t->reg->source == GDB_VSR_LOW && vcpu_get_reg(vcpu, t->reg->where, wide) < 0)
		return -1;
	*half(wide, false) = t->value.low;
	if (t->reg->source == GDB_ONE_REG)
		*half(wide, true) = t->value.high;
	return vcpu_set_reg(vcpu, t->reg->where, wide) < 0 ? -1 : 0;
}

static int read_register(void *opaque, unsigned thread, unsigned reg, struct gdb_value *value)
{
	struct gdb_guest *g = opaque;
	struct transfer t = {.reg = &gdb_registers[reg]};

	if (machine_debug_access(&g->m->vcpus[thread], false, get, &t))
		return -1;
	*value = t.value;
	return 0;
}

u64 guest_register(struct gdb_guest *g, unsigned thread, const char *name)
{
	struct gdb_value value = {0};

	for (unsigned i = 0; i < gdb_n_registers; i++)
		if (!strcmp(gdb_registers[i].name, name))
			read_register(g, thread, i, &value);
	return value.low;
}

static int write_register(void *opaque, unsigned thread, unsigned reg, struct gdb_value value)
{
	struct gdb_guest *g = opaque;
	struct transfer t = {&gdb_registers[reg], value};

	/* It stands elsewhere from now on. */
	if (!strcmp(t.reg->name, "pc"))
		machine_debug_forget_stop(&g->m->vcpus[thread]);
	return machine_debug_access(&g->m->vcpus[thread], true, set, &t);
}

/* ---- Byte order ---- */

struct order {
	const struct machine *m;
	bool little;
};

/*
 * It runs little-endian, or takes interrupts so: then it is only in firmware's hands that it is
 * big-endian for a moment. And before a kernel's first instruction nothing but its file says it.
 */
static int look_at_order(struct vcpu *vcpu, void *arg)
{
	const struct boot_entry *boot = &vcpu->m->booted;
	struct order *order = arg;
	struct kvm_regs regs;
	u64 lpcr = 0;

	if (!vcpu->online || vcpu->m->accel->ioctl(vcpu->fd, KVM_GET_REGS, &regs) < 0)
		return -1;
	vcpu_get_reg(vcpu, KVM_REG_PPC_LPCR_64, &lpcr);
	order->little |= (regs.msr & MSR_LE) || (lpcr & LPCR_ILE) ||
			 (boot->little_endian && regs.pc == boot->pc);
	return 0;
}

static bool is_little(struct machine *m)
{
	struct order order = {m, false};

	for (unsigned i = 0; i < m->n_vcpus; i++)
		machine_debug_access(&m->vcpus[i], false, look_at_order, &order);
	return order.little;
}

/* ---- Running ---- */

/* What a vcpu stopped for and was not told; false: nothing, or nothing that is still wanted. */
static bool take_stop(struct gdb_guest *g, unsigned thread, struct gdb_stop *stop)
{
	struct debug_stop met = machine_debug_stop_of(&g->m->vcpus[thread]);

	*stop = (struct gdb_stop){.thread = thread, .why = GDB_TRAPPED};
	if (!g->ran[thread] || met.why == DEBUG_NOTHING)
		return false;
	machine_debug_forget_stop(&g->m->vcpus[thread]);
	if (met.why == DEBUG_STEP)
		return true;
	stop->why = GDB_MET;
	return guest_point_met(g, &met, &stop->kind, &stop->address);
}

static bool next_stop(void *opaque, struct gdb_stop *stop)
{
	struct gdb_guest *g = opaque;

	if (!machine_debug_holds(g->m))
		return false;
	for (unsigned n = 1; n <= g->m->n_vcpus; n++) {
		unsigned thread = (g->last + n) % g->m->n_vcpus;

		if (!take_stop(g, thread, stop))
			continue;
		g->last = thread;
		return true;
	}
	return false;
}

static void interrupt(void *opaque)
{
	struct gdb_guest *g = opaque;

	machine_debug_halt(g->m);
}

static int set_debug(struct gdb_guest *g, const unsigned char *runs)
{
	struct debug_wish points = {0};

	guest_fill_points(g, &points);
	for (unsigned i = 0; i < g->m->n_vcpus; i++) {
		struct debug_wish wish = points;

		if (runs[i] == GDB_STEP)
			wish.kvm.control |= KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP;
		if (machine_debug_set(&g->m->vcpus[i], &wish))
			return -1;
	}
	return 0;
}

/*
 * Does one of those that shall run stand at something that wasn't told? Then it is told, instead.
 * Steps that ended beside another's stop are forgotten: gdb sees where the vcpu is.
 */
static bool stopped_before(struct gdb_guest *g, const unsigned char *runs)
{
	for (unsigned i = 0; i < g->m->n_vcpus; i++) {
		struct vcpu *vcpu = &g->m->vcpus[i];
		struct debug_stop stop = machine_debug_stop_of(vcpu);
		enum gdb_point kind;
		u64 address;

		if (runs[i] == GDB_STAY || stop.why == DEBUG_NOTHING)
			continue;
		if (stop.why != DEBUG_STEP && guest_point_met(g, &stop, &kind, &address))
			return true;
		machine_debug_forget_stop(vcpu);
	}
	return false;
}

static int run(void *opaque, const unsigned char *runs)
{
	struct gdb_guest *g = opaque;

	for (unsigned i = 0; i < g->m->n_vcpus; i++)
		if (runs[i] == GDB_STEP && !g->can_step)
			return -1;
	memcpy(g->ran, runs, g->m->n_vcpus);
	if (stopped_before(g, runs))
		return 0;
	if (set_debug(g, runs))
		return -1;
	machine_debug_go(g->m, runs);
	return 0;
}

static void describe_thread(void *opaque, unsigned thread, struct gdb_out *out)
{
	struct gdb_guest *g = opaque;

	guest_describe_vcpu(&g->m->vcpus[thread], out);
}

static void end(void *opaque)
{
	struct gdb_guest *g = opaque;

	machine_request(g->m, REQUEST_QUIT);
}

/* ---- Coming and going ---- */

static unsigned ask(struct machine *m, int cap)
{
	int n = accel_ioctl_val(m->accel, m->kvm_fd, KVM_CHECK_EXTENSION, cap);

	return n > 0 ? n : 0;
}

int gdb_guest_attach(struct gdb_guest *g, struct machine *m, struct error *err)
{
	unsigned watches = ask(m, KVM_CAP_GUEST_DEBUG_HW_WPS);

	*g = (struct gdb_guest){.m = m, .ran = calloc(m->n_vcpus, 1)};
	if (!g->ran)
		return error_nomem(err, "a debugger");
	if (machine_debug_attach(m, err)) {
		free(g->ran);
		return -1;
	}
	g->can_step = ask(m, KVM_CAP_PPC_GUEST_DEBUG_SSTEP);
	g->n_max = ask(m, KVM_CAP_GUEST_DEBUG_HW_BPS);
	if (watches < g->n_max)
		g->n_max = watches;
	g->n_breaks_max = ask(m, PAPYR_CAP_BREAKPOINTS);
	if (g->n_breaks_max > DEBUG_BREAKS)
		g->n_breaks_max = DEBUG_BREAKS;
	g->target = (struct gdb_target){
	    .opaque = g,
	    .n_threads = m->n_vcpus,
	    .little = is_little(m),
	    .read_register = read_register,
	    .write_register = write_register,
	    .read_memory = guest_read_memory,
	    .write_memory = guest_write_memory,
	    .set_point = guest_set_point,
	    .clear_point = guest_clear_point,
	    .run = run,
	    .interrupt = interrupt,
	    .next_stop = next_stop,
	    .describe_thread = describe_thread,
	    .command = guest_command,
	    .kill = end,
	};
	return 0;
}

void gdb_guest_was_reset(struct gdb_guest *g)
{
	for (unsigned i = 0; i < g->m->n_vcpus; i++)
		machine_debug_forget_stop(&g->m->vcpus[i]);
}

void gdb_guest_detach(struct gdb_guest *g)
{
	machine_debug_detach(g->m);
	free(g->ran);
}
