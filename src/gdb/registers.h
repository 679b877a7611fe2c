/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registers that gdb is told of: which there are, in which of gdb's features, and what KVM
 * calls them. Their number in the protocol is their place in the table.
 */
#ifndef PAPYR_GDB_REGISTERS_H
#define PAPYR_GDB_REGISTERS_H

#include "base/bits.h"
#include "gdb/packet.h"

enum gdb_source {
	GDB_IN_REGS, /* in struct kvm_regs, at @where */
	GDB_ONE_REG, /* KVM_GET_ONE_REG's, of the id @where */
	GDB_VSR_LOW, /* the second half of this VSR(n) */
};

struct gdb_register {
	const char *name;
	const char *feature;
	const char *type;
	const char *group; /* or NULL */
	unsigned bits;
	enum gdb_source source;
	u64 where;
};

extern const struct gdb_register gdb_registers[];
extern const unsigned gdb_n_registers;

/* A register of up to 128 bits, as a number. */
struct gdb_value {
	u64 high, low;
};

/* To and from the bytes that the protocol has, in the order of the target. */
void gdb_value_pack(const struct gdb_register *reg, struct gdb_value v, bool little, u8 *bytes);
struct gdb_value gdb_value_unpack(const struct gdb_register *reg, bool little, const u8 *bytes);

/*
 * The target's description, in XML: of it @len bytes from @offset on, or what there is, go to @out.
 * False: there is nothing at @offset.
 */
bool gdb_describe(struct gdb_out *out, u64 offset, u64 len);

#endif
