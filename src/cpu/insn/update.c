/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/insn/op.h"

bool cpu_update_form(const struct cpu *cpu, u32 insn, unsigned *ra, u64 *ea)
{
	const struct insn_row *row = isa_lookup(insn, cpu->model->level);
	struct isa_operands f;

	if (!row || !(row->flags & F_UPD))
		return false;
	f = isa_operands(row, insn);
	*ra = f.a;
	*ea = row->format == FMT_X ? EA_X_OF(cpu, &f) : EA_D_OF(cpu, &f);
	return true;
}
