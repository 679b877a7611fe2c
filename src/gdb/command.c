/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What gdb's command "monitor" can be asked, and what is said of a thread.
 */
#include <stdio.h>
#include <string.h>

#include "gdb/guest.h"
#include "gdb/translate.h"
#include "platform/debug.h"
#include "platform/htab.h"
#include "platform/kind.h"
#include "platform/models.h"

/* ---- monitor info ---- */

void guest_describe_vcpu(struct vcpu *vcpu, struct gdb_out *out)
{
	struct vcpu_look look;

	vcpu_look(vcpu, &look);
	gdb_put_text(out, "vcpu %u%s", vcpu->id, look.online ? "" : ", not started");
}

static void info(struct gdb_guest *g, unsigned thread, const char *args, struct gdb_out *out)
{
	struct machine *m = g->m;
	u64 mib = guest_mem_present(&m->mem) >> 20;

	gdb_put_text(out,
		     "%s: %s, %u vcpus, %llu MiB", m->cfg.name, m->cfg.model->name, m->n_vcpus,
		     (unsigned long long)mib);
	if (m->cfg.kind->papr)
		gdb_put_text(out, ", hash table of 2^%u bytes, real mode to 0x%llx",
			     machine_htab(m).order, (unsigned long long)m->rma_bytes);
	gdb_put_text(out, "\n");
	gdb_put_text(out, "status %s; registers %s-endian; addresses are %s; %u of %u points taken",
		     machine_status(m), g->target.little ? "little" : "big",
		     g->physical ? "guest real ones" : "effective", guest_points_taken(g, false),
		     g->n_max);
	if (g->n_breaks_max)
		gdb_put_text(out, ", %u of %u breakpoints", guest_points_taken(g, true),
			     g->n_breaks_max);
	gdb_put_text(out, "\n");
	for (unsigned i = 0; i < m->n_vcpus; i++) {
		gdb_put_text(out, "%c %u  ", i == thread ? '*' : ' ', i + 1);
		guest_describe_vcpu(&m->vcpus[i], out);
		gdb_put_text(out, "  pc 0x%llx  msr 0x%llx\n",
			     (unsigned long long)guest_register(g, i, "pc"),
			     (unsigned long long)guest_register(g, i, "msr"));
	}
}

/* ---- monitor registers ---- */

#define COLUMNS 3

/* All that KVM tells of a vcpu in a number, but the vectors. */
static int all_registers(struct vcpu *vcpu, void *arg)
{
	const struct machine_kind *kind = vcpu->m->cfg.kind;
	struct gdb_out *out = arg;
	unsigned n = 0;

	for (unsigned i = 0; i < *kind->n_regs; i++) {
		const struct vcpu_reg *reg = &kind->regs[i];
		unsigned bytes = vcpu_reg_bytes(reg->id);
		u64 val = 0;
		u32 word = 0;

		if (bytes > sizeof(val) ||
		    vcpu_get_reg(vcpu, reg->id, bytes == 4 ? (void *)&word : &val) < 0)
			continue;
		gdb_put_text(out, "%-13s 0x%0*llx%s", reg->name, 2 * (int)bytes,
			     (unsigned long long)(bytes == 4 ? word : val),
			     ++n % COLUMNS ? (bytes == 4 ? "          " : "  ") : "\n");
	}
	if (n % COLUMNS)
		gdb_put_text(out, "\n");
	return 0;
}

static int slb(struct vcpu *vcpu, void *arg)
{
	struct gdb_out *out = arg;
	struct kvm_sregs sregs;

	if (vcpu->m->accel->ioctl(vcpu->fd, KVM_GET_SREGS, &sregs) < 0)
		return -1;
	gdb_put_text(out, "PVR           0x%08x\n", sregs.pvr);
	for (unsigned i = 0; i < ARRAY_SIZE(sregs.u.s.ppc64.slb); i++) {
		u64 e = sregs.u.s.ppc64.slb[i].slbe, v = sregs.u.s.ppc64.slb[i].slbv;

		if (e || v)
			gdb_put_text(out,
				     "SLB %-2u        ESID word 0x%016llx  VSID word 0x%016llx\n",
				     i, (unsigned long long)e, (unsigned long long)v);
	}
	return 0;
}

static void registers(struct gdb_guest *g, unsigned thread, const char *args, struct gdb_out *out)
{
	struct vcpu *vcpu = &g->m->vcpus[thread];

	machine_debug_access(vcpu, false, all_registers, out);
	machine_debug_access(vcpu, false, slb, out);
}

/* ---- monitor translate ---- */

struct question {
	u64 ea;
	struct gdb_place place;
};

static int ask(struct vcpu *vcpu, void *arg)
{
	struct question *q = arg;

	gdb_translate(vcpu, q->ea, &q->place);
	return 0;
}

static void say_place(const struct question *q, struct gdb_out *out)
{
	const struct gdb_place *p = &q->place;

	if (p->real)
		gdb_put_text(out, "real mode; ");
	if (p->missing != GDB_NO_SEGMENT && p->missing != GDB_NO_ANSWER)
		gdb_put_text(out, "VSID word 0x%llx; ", (unsigned long long)p->slb_vsid);
	if (p->v)
		gdb_put_text(out, "entry 0x%llx: 0x%016llx 0x%016llx; ",
			     (unsigned long long)p->index, (unsigned long long)p->v,
			     (unsigned long long)p->r);
	switch (p->missing) {
	case GDB_FOUND:
		gdb_put_text(out, "guest real 0x%llx\n", (unsigned long long)p->gpa);
		break;
	case GDB_NO_SEGMENT:
		gdb_put_text(out, "the SLB has no segment for it\n");
		break;
	case GDB_NO_ENTRY:
		gdb_put_text(out, "the hash table has no entry for it\n");
		break;
	case GDB_NO_ANSWER:
		gdb_put_text(
		    out,
		    "KVM doesn't tell (on a POWER host, not while a migration is under way)\n");
		break;
	}
}

static void translate(struct gdb_guest *g, unsigned thread, const char *args, struct gdb_out *out)
{
	struct gdb_cursor c = {args, args + strlen(args)};
	struct question q;

	gdb_take(&c, "0x");
	if (!gdb_take_number(&c, &q.ea) || gdb_left(&c)) {
		gdb_put_text(out, "monitor translate wants an address, in hexadecimal digits\n");
		return;
	}
	machine_debug_access(&g->m->vcpus[thread], false, ask, &q);
	gdb_put_text(out, "0x%llx: ", (unsigned long long)q.ea);
	say_place(&q, out);
}

/* ---- monitor physical, monitor byte-order ---- */

/* True: it is one of the two words, and *@second tells which; or nothing, and it is as it was. */
static bool choose(const char *args, const char *first_word, const char *second_word, bool *second)
{
	if (!strcmp(args, first_word))
		*second = false;
	else if (!strcmp(args, second_word))
		*second = true;
	else
		return !*args;
	return true;
}

static void physical(struct gdb_guest *g, unsigned thread, const char *args, struct gdb_out *out)
{
	if (choose(args, "off", "on", &g->physical))
		gdb_put_text(out, "addresses are %s now\n",
			     g->physical ? "guest real ones" : "effective");
	else
		gdb_put_text(out, "monitor physical takes on or off\n");
}

static void byte_order(struct gdb_guest *g, unsigned thread, const char *args, struct gdb_out *out)
{
	if (choose(args, "big", "little", &g->target.little))
		gdb_put_text(out, "registers are %s-endian now\n",
			     g->target.little ? "little" : "big");
	else
		gdb_put_text(out, "monitor byte-order takes big or little\n");
}

/* ---- All of them ---- */

static void help(struct gdb_guest *g, unsigned thread, const char *args, struct gdb_out *out);

static const struct {
	const char *name, *about;
	void (*fn)(struct gdb_guest *g, unsigned thread, const char *args, struct gdb_out *out);
} commands[] = {
    {"info", "the guest and where each of its vcpus is", info},
    {"registers", "what KVM knows of this vcpu besides gdb's registers, and its SLB", registers},
    {"translate", "ADDRESS: where this vcpu's loads from there go", translate},
    {"physical", "on|off: addresses are guest real ones, for x, print and set", physical},
    {"byte-order", "big|little: that of registers, where the guess at the connection was wrong",
     byte_order},
    {"help", "this", help},
};

static void help(struct gdb_guest *g, unsigned thread, const char *args, struct gdb_out *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		gdb_put_text(out, "monitor %-10s  %s\n", commands[i].name, commands[i].about);
}

void guest_command(void *opaque, unsigned thread, const char *text, struct gdb_out *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		size_t len = strlen(commands[i].name);

		if (strncmp(text, commands[i].name, len) || (text[len] && text[len] != ' '))
			continue;
		text += len;
		commands[i].fn(opaque, thread, text + strspn(text, " "), out);
		return;
	}
	gdb_put_text(out, "there is no 'monitor %s'; 'monitor help' lists what there is\n", text);
}
