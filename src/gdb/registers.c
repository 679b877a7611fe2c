/* SPDX-License-Identifier: Apache-2.0 */
#include "gdb/registers.h"

#include <papyr/kvm.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#define CORE	"org.gnu.gdb.power.core"
#define FPU	"org.gnu.gdb.power.fpu"
#define ALTIVEC "org.gnu.gdb.power.altivec"
#define VSX	"org.gnu.gdb.power.vsx"
#define PMU	"org.gnu.gdb.power.pmu"
#define EBB	"org.gnu.gdb.power.ebb"
#define SYSTEM	"org.papyr.system" /* gdb shows these, and knows nothing of them */

/* clang-format off */
#define TIMES_8(R, n) R(n##0) R(n##1) R(n##2) R(n##3) R(n##4) R(n##5) R(n##6) R(n##7)
#define TIMES_32(R)                                                                                \
	R(0) R(1) R(2) R(3) R(4) R(5) R(6) R(7) R(8) R(9) TIMES_8(R, 1) R(18) R(19)                \
	TIMES_8(R, 2) R(28) R(29) R(30) R(31)

#define IN_REGS(name, field, type, bits, feature, group)                                           \
	{name, feature, type, group, bits, GDB_IN_REGS, offsetof(struct kvm_regs, field)},
#define ONE_REG(name, id, type, feature, group)                                                    \
	{name, feature, type, group, KVM_BITS(KVM_REG_PPC_##id), GDB_ONE_REG, KVM_REG_PPC_##id},
#define KVM_BITS(id) (8u << (((id) & KVM_REG_SIZE_MASK) >> KVM_REG_SIZE_SHIFT))

#define GPR(n)	   IN_REGS("r" #n, gpr[n], "uint64", 64, CORE, "general")
#define FPR(n)	   ONE_REG("f" #n, FPR(n), "ieee_double", FPU, "float")
#define VR(n)	   ONE_REG("vr" #n, VR(n), "vec128", ALTIVEC, "vector")
#define VSH(n)	   {"vs" #n "h", VSX, "uint64", "float", 64, GDB_VSR_LOW, KVM_REG_PPC_VSR(n)},
#define SYS_TYPE(id) (KVM_BITS(KVM_REG_PPC_##id) == 64 ? "uint64" : "uint32")
#define SYS(n, id) ONE_REG(n, id, SYS_TYPE(id), SYSTEM, "system")
#define SYS_REGS(n) IN_REGS(#n, n, "uint64", 64, SYSTEM, "system")

const struct gdb_register gdb_registers[] = {
	TIMES_32(GPR)
	IN_REGS("pc", pc, "code_ptr", 64, CORE, NULL)
	IN_REGS("msr", msr, "uint64", 64, CORE, NULL)
	IN_REGS("cr", cr, "uint32", 32, CORE, NULL)
	IN_REGS("lr", lr, "code_ptr", 64, CORE, NULL)
	IN_REGS("ctr", ctr, "uint64", 64, CORE, NULL)
	IN_REGS("xer", xer, "uint32", 32, CORE, NULL)
	TIMES_32(FPR)
	ONE_REG("fpscr", FPSCR, "uint64", FPU, "float")
	TIMES_32(VR)
	ONE_REG("vscr", VSCR, "uint32", ALTIVEC, "vector")
	ONE_REG("vrsave", VRSAVE, "uint32", ALTIVEC, "vector")
	TIMES_32(VSH)
	ONE_REG("ppr", PPR, "uint64", "org.gnu.gdb.power.ppr", NULL)
	ONE_REG("dscr", DSCR, "uint64", "org.gnu.gdb.power.dscr", NULL)
	ONE_REG("tar", TAR, "uint64", "org.gnu.gdb.power.tar", NULL)
	ONE_REG("bescr", BESCR, "uint64", EBB, NULL)
	ONE_REG("ebbhr", EBBHR, "uint64", EBB, NULL)
	ONE_REG("ebbrr", EBBRR, "uint64", EBB, NULL)
	ONE_REG("mmcr0", MMCR0, "uint64", PMU, NULL)
	ONE_REG("mmcr2", MMCR2, "uint64", PMU, NULL)
	ONE_REG("siar", SIAR, "uint64", PMU, NULL)
	ONE_REG("sdar", SDAR, "uint64", PMU, NULL)
	ONE_REG("sier", SIER, "uint64", PMU, NULL)
	SYS_REGS(srr0) SYS_REGS(srr1)
	SYS_REGS(sprg0) SYS_REGS(sprg1) SYS_REGS(sprg2) SYS_REGS(sprg3)
	SYS("dar", DAR) SYS("dsisr", DSISR) SYS("pid", PID) SYS("lpcr", LPCR_64)
	SYS("amr", AMR) SYS("iamr", IAMR) SYS("uamor", UAMOR) SYS("fscr", FSCR)
	SYS("dawr", DAWR) SYS("dawrx", DAWRX) SYS("ciabr", CIABR) SYS("vtb", VTB)
};
/* clang-format on */
const unsigned gdb_n_registers = ARRAY_SIZE(gdb_registers);

/* ---- Values ---- */

static void reverse(u8 *bytes, unsigned n)
{
	for (unsigned i = 0; i < n / 2; i++) {
		u8 b = bytes[i];

		bytes[i] = bytes[n - 1 - i];
		bytes[n - 1 - i] = b;
	}
}

void gdb_value_pack(const struct gdb_register *reg, struct gdb_value v, bool little, u8 *bytes)
{
	unsigned n = reg->bits / 8;
	u8 wide[16];

	store_be64(wide, v.high);
	store_be64(wide + 8, v.low);
	memcpy(bytes, wide + sizeof(wide) - n, n);
	if (little)
		reverse(bytes, n);
}

struct gdb_value gdb_value_unpack(const struct gdb_register *reg, bool little, const u8 *bytes)
{
	unsigned n = reg->bits / 8;
	u8 wide[16] = {0}, *p = wide + sizeof(wide) - n;

	memcpy(p, bytes, n);
	if (little)
		reverse(p, n);
	return (struct gdb_value){load_be64(wide), load_be64(wide + 8)};
}

/* ---- The description ---- */

/* Text passes by, and what of it lies in the window is kept. */
struct window {
	struct gdb_out *out;
	u64 skip, room;
};

static void pass(struct window *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void pass(struct window *w, const char *fmt, ...)
{
	char text[512], *from = text;
	va_list ap;
	u64 n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (w->skip >= n) {
		w->skip -= n;
		return;
	}
	from += w->skip;
	n -= w->skip;
	w->skip = 0;
	if (n > w->room)
		n = w->room;
	gdb_put(w->out, from, n);
	w->room -= n;
}

/* What the type vec128 of the vector registers is. */
static void pass_vector_types(struct window *w)
{
	static const struct {
		const char *id, *type, *field;
		unsigned count;
	} vectors[] = {
	    {"v4f", "ieee_single", "v4_float", 4},
	    {"v4i32", "int32", "v4_int32", 4},
	    {"v8i16", "int16", "v8_int16", 8},
	    {"v16i8", "int8", "v16_int8", 16},
	};

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++)
		pass(w, "<vector id=\"%s\" type=\"%s\" count=\"%u\"/>\n", vectors[i].id,
		     vectors[i].type, vectors[i].count);
	pass(w, "<union id=\"vec128\">\n<field name=\"uint128\" type=\"uint128\"/>\n");
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++)
		pass(w, "<field name=\"%s\" type=\"%s\"/>\n", vectors[i].field, vectors[i].id);
	pass(w, "</union>\n");
}

static void pass_register(struct window *w, unsigned n)
{
	const struct gdb_register *r = &gdb_registers[n];

	pass(w, "<reg name=\"%s\" bitsize=\"%u\" regnum=\"%u\" type=\"%s\"", r->name, r->bits, n,
	     r->type);
	if (r->group)
		pass(w, " group=\"%s\"", r->group);
	pass(w, "/>\n");
}

bool gdb_describe(struct gdb_out *out, u64 offset, u64 len)
{
	struct window w = {out, offset, len};
	const char *feature = NULL;

	pass(&w, "<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n"
		 "<target version=\"1.0\">\n<architecture>powerpc:common64</architecture>\n"
		 "<osabi>none</osabi>\n");
	for (unsigned i = 0; i < gdb_n_registers; i++) {
		if (!feature || strcmp(gdb_registers[i].feature, feature)) {
			if (feature)
				pass(&w, "</feature>\n");
			feature = gdb_registers[i].feature;
			pass(&w, "<feature name=\"%s\">\n", feature);
			if (!strcmp(feature, ALTIVEC))
				pass_vector_types(&w);
		}
		pass_register(&w, i);
	}
	pass(&w, "</feature>\n</target>\n");
	return w.room < len;
}
